"""Cuts a bulk file in XML into chunks, as it streams by.

A chunk is a small LeadBulk of its own: the file's heading, some leads as they were sent, the end tag. Leads are found
by their tags in the bytes, which no parser rebuilds; that is exact, because expat looks at the same bytes before
and what is not well-formed never gets here: between the tags of an element only comments, CDATA and an element of
the same name can hold its end tag.

The same file gives the same chunks, always: after a restart a chunk is known by its number.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from leadbridge.bulk.heading import Checker, Heading, Place, Unusable, read_heading, utf_8
from leadbridge.bulk.sources import BLOCK, SourceBroken

CHUNK_BYTES = 4_194_304
"""A chunk ends with the lead that reaches this, however few they are: chunks of large leads must not fill memory.
Jobs that were begun count on it; it never changes."""

LARGEST_LEAD = 8_000_000
"""Bytes: the gate's limit on a message with one lead, for the same reason."""

_NAME = re.compile(rb"<([^\s/>!?]+)")
_SPACE = re.compile(rb"[ \t\r\n]*")
# Possessive, all of them: what is remembered for going back would be a hundred times as large as a hostile text.
_BETWEEN = re.compile(rb"(?:[ \t\r\n]++|<!--(?>.*?-->))*+", re.DOTALL)
_ATTRIBUTES = rb"""(?:[ \t\r\n](?:[^>"']++|"[^"]*+"|'[^']*+')*+)?+"""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some records of a file. `number` counts chunks from 0, `first` is the position of its first record, from 1.

    `damaged` says of records that are there in part, by their place in the chunk from 0, what is wrong with them.
    """

    number: int
    first: int
    records: int
    document: bytes
    damaged: dict[int, str] = field(default_factory=dict)


class BrokenOff(Exception):
    """The file is not to be read beyond a place; every whole lead before it has come out. The text says where."""

    def __init__(self, where: str, *, records: int) -> None:
        super().__init__(f"{where}; {records:,} whole leads before it")
        self.records = records


def split(blocks: Iterable[bytes], *, chunk_records: int) -> Iterator[Chunk]:
    """The chunks of the file whose plain bytes are `blocks`.

    Raises:
        Unusable: there is no LeadBulk, before any chunk.
        BrokenOff: after the chunks of what was whole.
    """
    cutter = _Cutter(chunk_records)
    broken: Place | None = None
    missing: str | None = None
    try:
        for piece in _well_formed(utf_8(blocks)):
            yield from cutter.feed(piece)
    except Place as place:
        broken = place
    except SourceBroken as error:
        missing = str(error)
    except UnicodeError:
        broken = cutter.place("the text is not UTF-16")
    try:
        yield from cutter.look()
    except Place as place:
        broken = place  # in front of the other one, which was met while this one was not looked for yet
    if missing is not None and not cutter.ended:  # what is missing of a file behind its last tag is nothing
        broken = cutter.place(missing)
    if cutter.heading is None:
        assert broken is not None  # a text without a root is not well-formed
        raise Unusable(f"line {broken.line}, column {broken.column}: {broken.reason}, before the first lead")
    yield from cutter.rest()
    if broken is not None:
        where = f"line {broken.line}, column {broken.column} (byte {broken.byte:,}): {broken.reason}"
        raise BrokenOff(where, records=cutter.records)


def _well_formed(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The blocks, up to where the text is not well-formed; then raises Place."""
    checker = Checker()
    passed = 0
    for block in blocks:
        try:
            checker.feed(block)
        except Place as place:
            yield block[: max(place.byte - passed, 0)]
            raise
        passed += len(block)
        yield block
    checker.feed(b"", last=True)


class _Cutter:
    """Cuts well-formed text behind the end tag of the last record of each chunk."""

    def __init__(self, chunk_records: int) -> None:
        self.heading: Heading | None = None
        self.records = 0  # that have come out, or are in the chunk that grows
        self.ended = False  # the root's end tag was met
        self._chunk_records = chunk_records
        self._chunks = 0
        self._pending = bytearray()  # from where the growing chunk begins
        self._before = 0  # bytes of the text before that
        self._lines = 0  # line ends among them
        self._line_at = 0  # where the line began that it begins in
        self._in_chunk = 0  # records in the growing chunk
        self._at = 0  # how far they reach
        self._look_from = 0  # so much must be pending before it is worth while to look again

    def feed(self, data: bytes) -> Iterator[Chunk]:
        """The chunks that are complete with `data`. Raises Place."""
        if self.ended:
            return  # what stands behind the root is well-formed, and of no interest
        pending = self._pending
        pending += data
        if self.heading is None:
            self.heading = read_heading(pending)
            if self.heading is None:
                return
            self._forget(self.heading.length)
        if len(pending) >= self._look_from:
            yield from self.look()

    def rest(self) -> Iterator[Chunk]:
        """The last chunk, where records are left."""
        if self._in_chunk:
            yield self._chunk()

    def look(self) -> Iterator[Chunk]:
        """The chunks that are complete with what has come. Raises Place.

        A look at one that is not begins at its start. So the next one waits until twice as much of it has come: however
        long it is, each byte of it is looked at twice or so.
        """
        while self.heading is not None and not self.ended and (end := self._record_end()) is not None:
            self._in_chunk += 1
            self.records += 1
            self._at = end
            if self._in_chunk == self._chunk_records or end >= CHUNK_BYTES:
                yield self._chunk()
        unfinished = len(self._pending) - self._at
        self._look_from = self._at + min(2 * unfinished, LARGEST_LEAD + 1) if unfinished > BLOCK else 0

    def place(self, reason: str, at: int | None = None) -> Place:
        """A place in the text: `at` in what is pending, without one its end."""
        upto = len(self._pending) if at is None else at
        lines = self._pending.count(b"\n", 0, upto)
        line_at = self._before + self._pending.rfind(b"\n", 0, upto) + 1 if lines else self._line_at
        byte = self._before + upto
        return Place(reason, byte=byte, line=self._lines + lines + 1, column=byte - line_at + 1)

    def _chunk(self) -> Chunk:
        assert self.heading is not None
        document = b"".join((self.heading.opening, memoryview(self._pending)[: self._at], self.heading.closing))
        first = self.records - self._in_chunk + 1
        chunk = Chunk(number=self._chunks, first=first, records=self._in_chunk, document=document)
        self._chunks += 1
        self._in_chunk = 0
        self._forget(self._at)
        self._at = 0
        return chunk

    def _forget(self, length: int) -> None:
        """Let go of what is done, but for where it ended."""
        here = self.place("", length)
        self._lines, self._line_at, self._before = here.line - 1, here.byte - here.column + 1, here.byte
        del self._pending[:length]

    def _record_end(self) -> int | None:
        """Where the next record ends; None where it has not all come yet, or there is none. Raises Place."""
        pending, begin = self._pending, self._at
        start = _SPACE.match(pending, begin).end()  # type: ignore[union-attr]  # it matches nothing, too
        name = _NAME.match(pending, start)
        if name is None:
            start = _BETWEEN.match(pending, start).end()  # type: ignore[union-attr]  # as above
            name = _NAME.match(pending, start)
        if start - begin > LARGEST_LEAD:
            raise self.place(f"more than {LARGEST_LEAD:,} bytes between two leads", begin)
        if name is None or name.end() == len(pending):
            self._look_at_other(start)
            return None
        end = _Tags.of(name[1]).end_of(pending, start)
        if (len(pending) if end is None else end) - start > LARGEST_LEAD:
            raise self.place(f"a lead of more than {LARGEST_LEAD:,} bytes", start)
        return end

    def _look_at_other(self, at: int) -> None:
        """What stands at `at` is no start tag, or not a whole one."""
        found = bytes(self._pending[at : at + 2])
        if found == b"</":
            self.ended = True
        elif found[:1] not in (b"", b"<") or self._pending.startswith(b"<![CDATA[", at):
            raise self.place("text between the leads", at)
        elif len(self._pending) - at > LARGEST_LEAD:
            raise self.place(f"a comment of more than {LARGEST_LEAD:,} bytes", at)


class _Tags:
    """The tags of one element name, and how to find where such an element ends."""

    def __init__(self, name: bytes) -> None:
        quoted = re.escape(name)
        self._start = re.compile(rb"<" + quoted + _ATTRIBUTES + rb"/?>")
        self._begin = b"<" + name
        self._end = b"</" + name + b">"
        self._of_interest = re.compile(rb"<(?:!--|!\[CDATA\[|/?" + quoted + rb"(?=[ \t\r\n/>]))")

    @staticmethod
    @lru_cache(maxsize=8)  # honest files have one name; a hostile one must not fill memory
    def of(name: bytes) -> "_Tags":
        """The tags of `name`."""
        return _Tags(name)

    def end_of(self, text: bytearray, start: int) -> int | None:
        """Where the element ends whose start tag begins at `start`; None where its end tag has not come yet."""
        tag = self._start.match(text, start)
        if tag is None:
            return None
        inside = tag.end()
        if text[inside - 2] == _SLASH:
            return inside
        end = text.find(self._end, inside)
        # One byte is looked for in a tenth of the time of two; hardly a lead has an exclamation mark.
        if end < 0 or text.find(b"!", inside, end) >= 0 or text.find(self._begin, inside, end) >= 0:
            return self._end_the_long_way(text, inside)
        return end + len(self._end)

    def _end_the_long_way(self, text: bytearray, at: int) -> int | None:
        """The same from inside the element, past comments, CDATA, and elements of the same name within it."""
        depth = 1
        while found := self._of_interest.search(text, at):
            what = found[0]
            if what in _CLOSED_BY:
                closed = text.find(_CLOSED_BY[what], found.end())
                at = closed + 3
                if closed < 0:
                    return None
                continue
            closed = (
                text.find(b">", found.end()) + 1 if what.startswith(b"</") else self._start_end(text, found.start())
            )
            if closed <= 0:
                return None
            at = closed
            if what.startswith(b"</"):
                depth -= 1
            elif text[closed - 2] != _SLASH:
                depth += 1
            if depth == 0:
                return at
        return None

    def _start_end(self, text: bytearray, at: int) -> int:
        tag = self._start.match(text, at)
        return tag.end() if tag else 0


_SLASH = ord("/")
_CLOSED_BY = {b"<!--": b"-->", b"<![CDATA[": b"]]>"}
