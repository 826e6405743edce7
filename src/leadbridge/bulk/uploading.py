"""Stores a file while it arrives, for the runner to take in: deflated parts, and the job that they belong to.

Memory holds one part. A file that fits into one is written in a single transaction; for a longer one the job is there
from the first part on, receiving, under a lease like any other: should this process die, what came is taken in. The
lease is renewed by time, however slowly the file comes: whoever feeds it does so often enough, with nothing if need be.
"""

import secrets
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from leadbridge.bulk.heading import Unusable
from leadbridge.bulk.jobs import Examiner, FileFacts, Media, created_entry, standing_job, uuid_while_it_arrives
from leadbridge.bulk.running import RENEWALS_PER_LEASE, Lost
from leadbridge.bulk.sources import Inflater, SourceBroken, SourceLimits, TooMuch
from leadbridge.caller import Caller
from leadbridge.log import get_logger
from leadbridge.operations.lead_bulk import PART_BYTES
from leadbridge.store import bulk, journal
from leadbridge.store.bulk import STORED, JobState
from leadbridge.store.database import Database, Transaction
from leadbridge.store.errors import StoreError
from leadbridge.store.inserts import Row

log = get_logger(__name__)

_LEVEL = 1  # half the size of higher ones is won in a tenth of their time


class Upload:
    """One file on its way in. `feed` it the bytes in order, then `finish`, or `break_off` where no more will come.

    `media` is None for whatever the bytes say. `uuid` is the file's, where its sender named one outside it, and
    `charset` likewise.
    """

    def __init__(
        self,
        database: Database,
        caller: Caller,
        *,
        media: Media | None,
        uuid: str | None,
        charset: str | None = None,
        limits: SourceLimits,
        chunk_records: int,
        lease: timedelta,
        correlation_id: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._caller = caller
        self._examiner = Examiner(media, uuid=uuid, charset=charset)
        self._inflater = Inflater(limits)
        self._chunk_records = chunk_records
        self._lease = lease
        self._renew_at = clock()
        self._correlation_id = correlation_id
        self._clock = clock
        self._worker = f"upload/{secrets.token_hex(8)}"
        self._part = bytearray()
        self._parts = 0  # stored
        self._job_id: str | None = None
        self._broken: str | None = None

    def feed(self, data: bytes) -> None:
        """Take the next bytes; none at all renews the lease where it is time.

        Raises Unusable, TooMuch, Lost where the job was cancelled meanwhile, StoreError; nothing is kept then.
        """
        self._keep()
        if self._broken is not None:
            return  # what lies behind damaged gzip data is lost
        try:
            for block in self._inflater.feed(data):
                self._take(block)
        except (Unusable, TooMuch):
            self._drop()
            raise
        except SourceBroken as error:
            self._broken = str(error)

    def finish(self) -> tuple[Row, bool]:
        """Take the end of the file: its job with its counts, and whether that is new.

        The very same file again is the job that it was, while that stands for it. Raises as `feed` does.
        """
        try:
            if self._broken is None:
                self._end_of_source()
            facts = self._examiner.finish(self._broken)
        except Unusable:
            self._drop()
            raise
        with self._database.write() as tx:
            same = standing_job(tx, self._caller, facts)
            if same is not None:
                if self._job_id is not None:
                    bulk.drop_receiving(tx, self._job_id)
                return same, False
            job_id = self._arrived(tx, facts)
            (job,) = bulk.resolve(tx, self._caller, ids=[job_id])
        return job, True

    def break_off(self, why: str) -> Row | None:
        """No more will come: what came is kept, and its job returned; None where there is no lead in it.

        Raises Lost, StoreError.
        """
        self._broken = self._broken or why
        try:
            return self.finish()[0]
        except Unusable:
            return None

    # ------------------------------------------------------------------------------------------------------------

    def _keep(self) -> None:
        """Renew the lease when it is time. Raises Lost; a database that is away for a while loses nothing."""
        if self._job_id is None or self._clock() < self._renew_at:
            return
        try:
            with self._database.write() as tx:
                self._renew(tx, self._job_id)
        except StoreError:
            log.warning("lease of a bulk job not renewed", job_id=self._job_id)

    def _renew(self, tx: Transaction, job_id: str) -> None:
        now = self._clock()
        if not bulk.renew(tx, job_id, worker=self._worker, now=now, lease=self._lease):
            raise Lost
        self._renew_at = now + self._lease / RENEWALS_PER_LEASE

    def _end_of_source(self) -> None:
        try:
            self._take(self._inflater.finish())
        except SourceBroken as error:
            self._broken = str(error)

    def _take(self, block: bytes) -> None:
        self._examiner.feed(block)
        self._part += block
        if len(self._part) >= PART_BYTES:
            with self._database.write() as tx:
                if self._job_id is None:
                    self._job_id = self._add_job(tx, JobState.RECEIVING, None)
                else:
                    self._renew(tx, self._job_id)
                self._store_part(tx, self._job_id)

    def _store_part(self, tx: Transaction, job_id: str) -> None:
        bulk.append_part(tx, job_id, self._parts, zlib.compress(self._part, _LEVEL))
        self._parts += 1
        self._part = bytearray()

    def _arrived(self, tx: Transaction, facts: FileFacts) -> str:
        """Store the last part, and let the job wait for its turn."""
        if self._job_id is None:
            job_id = self._add_job(tx, JobState.WAITING, facts)
            self._store_part(tx, job_id)
            return job_id
        if self._part:
            self._store_part(tx, self._job_id)
        waits = bulk.file_arrived(
            tx,
            self._job_id,
            uuid=facts.uuid,
            content_hash=facts.content_hash,
            size_bytes=facts.size_bytes,
            break_description=self._broken,
        )
        if not waits:
            raise Lost
        return self._job_id

    def _add_job(self, tx: Transaction, state: JobState, facts: FileFacts | None) -> str:
        """Add the job, receiving under a lease, or complete where there are facts. Its id."""
        (job_id,) = tx.next_numbers("bulk_job", 1)
        now = self._clock()
        self._renew_at = now + self._lease / RENEWALS_PER_LEASE
        heading = self._examiner.heading
        job = {
            "id": job_id,
            "uuid": facts.uuid if facts else self._examiner.uuid or uuid_while_it_arrives(job_id),
            "caller_id": self._caller.id,
            "state": state.value,
            "source": STORED,
            "media": self._examiner.media,
            "content_hash": facts.content_hash if facts else None,
            "size_bytes": facts.size_bytes if facts else None,
            "chunk_records": self._chunk_records,
            "test_data": heading.test_data if heading else False,
            "submitted_at": now,
            "claimed_by": None if facts else self._worker,
            "lease_until": None if facts else now + self._lease,
            "break_description": self._broken,
            "correlation_id": self._correlation_id,
        }
        bulk.add_job(tx, job)
        journal.append(tx, [created_entry(job)])
        return job_id

    def _drop(self) -> None:
        if self._job_id is not None:
            with self._database.write() as tx:
                bulk.drop_receiving(tx, self._job_id)
