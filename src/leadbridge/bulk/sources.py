"""The bytes of a bulk file as blocks, inflated where they are gzip, within limits: nothing is held but a block.

Sources: RFC 1952 (gzip: magic bytes, several members after one another), the attack catalogue's row on gzip bombs.
"""

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

BLOCK = 262_144
"""Bytes that are handed on at once: the cost per block is spread over a hundred leads, and memory stays flat."""

GZIP_MAGIC = b"\x1f\x8b"
_GZIP = zlib.MAX_WBITS | 16

# Below this size a high ratio is no bomb: white space and repeated names at the start of an export deflate well.
_UNSUSPICIOUS_BYTES = 4 * BLOCK


class SourceBroken(Exception):
    """The source ends before the file does. The text says why, and repeats nothing of the file."""


class TooMuch(SourceBroken):
    """The file goes beyond a limit."""


@dataclass(frozen=True, slots=True)
class SourceLimits:
    """What a file may come to: bytes after inflating, and how many times its size gzip may make of it."""

    largest_file_bytes: int
    largest_ratio: int


def blocks_of_file(path: Path) -> Iterator[bytes]:
    """The bytes of a file on disk, as they are. Raises OSError."""
    with path.open("rb", buffering=0) as file:
        while block := file.read(BLOCK):
            yield block


def plain(blocks: Iterable[bytes], limits: SourceLimits) -> Iterator[bytes]:
    """The blocks, inflated where the first bytes are those of gzip. Raises SourceBroken, after what came before it."""
    inflater = Inflater(limits)
    for block in blocks:
        yield from inflater.feed(block)
    yield inflater.finish()


class Inflater:
    """Takes a file's bytes as they come and gives plain ones, in blocks of at most `BLOCK` where it inflates.

    `feed` and `finish` raise SourceBroken. A gzip file may have several members.
    """

    __slots__ = ("_begin", "_gzip", "_in", "_limits", "_out")

    def __init__(self, limits: SourceLimits) -> None:
        self._limits = limits
        self._begin: bytes | None = b""  # bytes too few to tell gzip from plain; None when that is settled
        self._gzip: zlib._Decompress | None = None
        self._in = 0
        self._out = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The plain bytes that `data` stands for."""
        if self._begin is not None:
            data = self._begin + data
            if len(data) < len(GZIP_MAGIC):
                self._begin = data
                return
            self._begin = None
            if data.startswith(GZIP_MAGIC):
                self._gzip = zlib.decompressobj(_GZIP)
        self._in += len(data)
        if self._gzip is None:
            self._count(len(data))
            yield data
            return
        while data:
            if self._gzip.eof:
                if not (data := data.lstrip(b"\0")):  # some tools fill the last block of a tape or disk
                    return
                self._gzip = zlib.decompressobj(_GZIP)
            try:
                block = self._gzip.decompress(data, BLOCK)
            except zlib.error:
                raise SourceBroken("the gzip data is damaged") from None
            data = self._gzip.unused_data if self._gzip.eof else self._gzip.unconsumed_tail
            if block:
                self._count(len(block))
                yield block

    def finish(self) -> bytes:
        """Take the end of the file; what was held back until now, at most a byte."""
        if self._gzip is not None and not self._gzip.eof:
            raise SourceBroken("the gzip data ends before its end")
        rest, self._begin = self._begin or b"", None
        return rest

    def _count(self, size: int) -> None:
        self._out += size
        if self._out > self._limits.largest_file_bytes:
            raise TooMuch(f"the file has more than {self._limits.largest_file_bytes:,} bytes")
        if self._out > _UNSUSPICIOUS_BYTES and self._out > self._in * self._limits.largest_ratio:
            raise TooMuch(f"gzip makes more than {self._limits.largest_ratio:,} times its size of the file")
