"""From a file to a job: what a file is, which job it has already, and its content once it is stored."""

import hashlib
import os
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, TypeAlias
from uuid import NAMESPACE_OID

from leadbridge.bulk.columns import ColumnMapping
from leadbridge.bulk.csvfile import check_columns, split_csv
from leadbridge.bulk.heading import (
    LONGEST_HEADING,
    Heading,
    Unusable,
    heading_of,
    require_contract,
    require_one_encoding,
)
from leadbridge.bulk.sources import BLOCK, SourceBroken, SourceLimits, blocks_of_file, plain
from leadbridge.bulk.splitting import Chunk, split
from leadbridge.caller import Caller
from leadbridge.operations.call import named_uuid
from leadbridge.operations.lead_bulk import job_entry, uuid_of_content
from leadbridge.store import bulk, journal
from leadbridge.store.bulk import FILE, JobState
from leadbridge.store.database import Database, Transaction
from leadbridge.store.inserts import Row

Media: TypeAlias = Literal["xml", "csv"]

NO_MAPPING = ColumnMapping()

_LONGEST_BEGINNING = 2 * LONGEST_HEADING  # bytes; UTF-16 takes two for each
_MARKS = (b"\xff\xfe", b"\xfe\xff")
_UTF_8_MARK = b"\xef\xbb\xbf"
_NUMBER = re.compile("[0-9]{1,10}")


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What a whole file is. The hash is of its plain bytes, and of the mapping that says what its columns mean."""

    media: Media
    uuid: str
    test_data: bool
    content_hash: bytes
    size_bytes: int


class Examiner:
    """Looks at a file's plain bytes as they pass. `uuid` is given from outside, for a file that has none itself, and so
    may be the `charset` that its encoding must agree with.
    """

    def __init__(
        self,
        media: Media | None = None,
        *,
        uuid: str | None = None,
        charset: str | None = None,
        mapping: ColumnMapping = NO_MAPPING,
    ) -> None:
        self.media = media
        self.heading: Heading | None = None
        self.usable = False  # it is settled that there is a lead to be had
        self._uuid = uuid
        self._charset = charset
        self._mapping = mapping
        self._hash = hashlib.blake2b(repr(mapping).encode() if mapping != NO_MAPPING else b"", digest_size=32)
        self._size = 0
        self._begin = b""
        self._look_at = 4_096  # from so many bytes on a look is worth while; twice as many for each further one

    @property
    def uuid(self) -> str | None:
        """The UUID that is known before the end."""
        return self._uuid or (self.heading.uuid if self.heading else None)

    def feed(self, block: bytes) -> None:
        """Look at the next bytes. Raises Unusable."""
        self._hash.update(block)
        self._size += len(block)
        if not self.usable:
            self._begin += block
            if len(self._begin) >= self._look_at:
                self._look_at *= 2
                self._settle(last=len(self._begin) >= _LONGEST_BEGINNING)

    def finish(self, broken: str | None = None) -> FileFacts:
        """Take the end of the file; `broken` says why there is no more of it, where it breaks off. Raises Unusable."""
        if not self._size:
            raise Unusable(broken or "the file is empty")
        if not self.usable:
            self._settle(last=True)
        assert self.media is not None  # settled
        content_hash = self._hash.digest()
        return FileFacts(
            media=self.media,
            uuid=self.uuid or uuid_of_content(content_hash),
            test_data=self.heading.test_data if self.heading else False,
            content_hash=content_hash,
            size_bytes=self._size,
        )

    def _settle(self, *, last: bool) -> None:
        self.media = self.media or _media_of(self._begin)
        if self.media == "csv":
            if last or b"\n" in self._begin or b"\r" in self._begin:
                check_columns(self._begin, self._mapping)
                self.usable = True
        elif (heading := heading_of(self._begin)) is not None:
            require_one_encoding(self._begin, self._charset)
            require_contract(heading)
            if heading.uuid and self._uuid and heading.uuid != self._uuid:
                raise Unusable("the file's header has another UUID than the one that was given")
            self.heading, self.usable = heading, True
        elif last:
            raise Unusable("the file breaks off before its first lead")
        if self.usable:
            self._begin = b""


def _media_of(begin: bytes) -> Media:
    text = begin.removeprefix(_UTF_8_MARK).lstrip()
    return "xml" if text.startswith(b"<") or begin.startswith(_MARKS) else "csv"


def examine_file(path: Path, examiner: Examiner, limits: SourceLimits) -> Iterator[int]:
    """Have a file on disk examined; gives how many bytes each step read. Raises Unusable, OSError.

    A file that breaks off is one all the same, as far as it goes; where it does not go anywhere, it is Unusable.
    """
    read = 0
    begun = False

    def raw() -> Iterator[bytes]:
        nonlocal read
        for block in blocks_of_file(path):
            read += len(block)
            yield block

    try:
        for block in plain(raw(), limits):
            examiner.feed(block)
            begun = True
            yield read
            read = 0
    except SourceBroken as error:
        if not begun:
            raise Unusable(str(error)) from None
        # said again when the file is cut, with the place


class FileChanged(Exception):
    """A file is not any more what it was when it was examined."""


def same_blocks(path: Path, seen: os.stat_result) -> Iterator[bytes]:
    """The bytes of a file that was examined when it was as `seen` says. Raises FileChanged, OSError."""
    for block in blocks_of_file(path):
        _require_same(path, seen)
        yield block
    _require_same(path, seen)


def _require_same(path: Path, seen: os.stat_result) -> None:
    now = path.stat()
    if (now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns) != (
        seen.st_dev,
        seen.st_ino,
        seen.st_size,
        seen.st_mtime_ns,
    ):
        raise FileChanged


def standing_job(tx: Transaction, caller: Caller, facts: FileFacts) -> Row | None:
    """The job that stands for this very file, with its counts; nobody adds another one until `tx` ends.

    One that was cancelled does not, nor one whose file broke off: given again, it is begun anew, and the leads that
    were taken are known by their keys.
    """
    tx.lock([f"bulk_file/{caller.id}/{facts.uuid}"])
    same = bulk.find_same(tx, caller.id, facts.uuid, facts.content_hash)
    return None if same is None or same["state"] in (JobState.CANCELLED, JobState.BROKEN) else same


def find_job(tx: Transaction, caller: Caller, number: str) -> Row | None:
    """The job of this number that the caller may see, with its counts; leading zeros may be left out."""
    if not _NUMBER.fullmatch(number):
        return None
    found = bulk.resolve(tx, caller, ids=[number.zfill(10)])
    return found[0] if found else None


def job_of_file(
    database: Database,
    facts: FileFacts,
    *,
    path: Path,
    caller: Caller,
    chunk_records: int,
    now: datetime,
    correlation_id: str,
) -> Row:
    """The job of this very file, with its counts: the one that stands for it, else a new one."""
    with database.write() as tx:
        same = standing_job(tx, caller, facts)
        if same is not None:
            return same
        (job_id,) = tx.next_numbers("bulk_job", 1)
        job = {
            "id": job_id,
            "uuid": facts.uuid,
            "caller_id": caller.id,
            "state": JobState.WAITING.value,
            "source": FILE,
            "media": facts.media,
            "path": str(path.absolute()),
            "content_hash": facts.content_hash,
            "size_bytes": facts.size_bytes,
            "chunk_records": chunk_records,
            "test_data": facts.test_data,
            "submitted_at": now,
            "correlation_id": correlation_id,
        }
        bulk.add_job(tx, job)
        journal.append(tx, [created_entry(job)])
        (added,) = bulk.resolve(tx, caller, ids=[job_id])
    return added


def uuid_while_it_arrives(job_id: str) -> str:
    """The UUID of a job whose file has none of its own, until all of the content is there to make one from."""
    return named_uuid(NAMESPACE_OID.hex, f"receiving/{job_id}")


def own_uuid(job: Row) -> str | None:
    """The UUID of the job's file that its sender gave it; None where it was made here."""
    content_hash = job["content_hash"]
    made = uuid_while_it_arrives(job["id"]) if content_hash is None else uuid_of_content(content_hash)
    return None if job["uuid"] == made else str(job["uuid"])


def created_entry(job: Row) -> Row:
    """The journal's entry of a job that came in by another way than SOAP."""
    return job_entry(
        job,
        "SubmitLeadBulk",
        by=job["caller_id"],
        at=job["submitted_at"],
        correlation_id=job["correlation_id"],
        old=None,
    )


def chunks_of(
    job: Row, blocks: Iterator[bytes], *, limits: SourceLimits, mapping: ColumnMapping = NO_MAPPING
) -> Iterator[Chunk]:
    """The chunks of a job's file, whose bytes are `blocks`; raises what cutting raises."""
    text = plain(blocks, limits)
    if job["media"] == "csv":
        return split_csv(text, mapping=mapping, chunk_records=job["chunk_records"])
    return split(text, chunk_records=job["chunk_records"])


def stored_blocks(database: Database, job: Row) -> Iterator[bytes]:
    """The plain bytes of a job whose file is stored. Raises SourceBroken where it did not arrive whole, StoreError."""
    after: int | None = None
    while True:
        with database.read() as tx:
            found = bulk.parts(tx, job["id"], after=after, limit=1)
        if not found:
            break
        after = found[0]["position"]
        content = memoryview(zlib.decompress(found[0]["content"]))
        for start in range(0, len(content), BLOCK):
            yield bytes(content[start : start + BLOCK])
    if job["break_description"]:
        raise SourceBroken(job["break_description"])
    if job["content_hash"] is None:  # whatever received it died
        raise SourceBroken("the file did not arrive to its end")
