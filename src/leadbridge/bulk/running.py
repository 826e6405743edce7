"""Leads one job through: its file is cut here, its chunks go to worker processes, its lease is kept meanwhile.

No more than one chunk per worker waits, so memory is as flat for a million leads as for a thousand. Chunks that were
committed before are passed over unread. Whatever ends this process leaves the job where it was committed last.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from leadbridge.bulk.assignment import Assignment
from leadbridge.bulk.heading import Unusable
from leadbridge.bulk.splitting import BrokenOff, Chunk
from leadbridge.bulk.team import Progress, Team
from leadbridge.log import get_logger
from leadbridge.store import bulk
from leadbridge.store.bulk import COUNTS, JobState
from leadbridge.store.database import Database
from leadbridge.store.errors import StoreError
from leadbridge.store.inserts import Row

log = get_logger(__name__)

RENEWALS_PER_LEASE = 3  # two may be lost
_LONGEST_BREAK_DESCRIPTION = 200  # the contract's maxLength


class Lost(Exception):
    """The job is not ours any more: it was cancelled, has ended, or another process has taken it over."""


def progress_of(job: Row) -> Progress:
    """The progress with which a job's run begins."""
    return Progress({name: job[name] for name in COUNTS}, before=job["received"])


def run(
    database: Database,
    job: Row,
    chunks: Iterable[Chunk],
    *,
    team: Team,
    assignment: Assignment,
    worker: str,
    lease: timedelta,
    progress: Progress,
    stop: threading.Event,
    tick: Callable[[], None] = lambda: None,
) -> JobState | None:
    """Have the team take in what is left of a job that this process has claimed as `worker`; how it ended.

    None when it did not: `stop` was set, and whoever comes next may go on at once. `tick` is called now and then.

    Raises Lost, WorkFailed; the job may then go on when its lease has run out.
    """
    keeper = _Lease(database, job["id"], worker=worker, lease=lease)
    with database.read() as tx:
        committed = bulk.committed_chunks(tx, job["id"])
    broken: str | None = None
    team.begin(assignment, progress)

    def between() -> None:
        keeper.keep(at_once=team.take_doubt())
        tick()

    try:
        for chunk in chunks:
            if chunk.number not in committed:
                team.take(chunk, between)
            if stop.is_set():
                team.finish(between)
                keeper.give_back()
                return None
    except (BrokenOff, Unusable) as error:
        broken = str(error)[:_LONGEST_BREAK_DESCRIPTION]
    team.finish(between)
    state = JobState.FINISHED if broken is None else JobState.BROKEN
    with database.write() as tx:
        ended = bulk.end_job(tx, job["id"], state=state, now=datetime.now(UTC), break_description=broken)
    if not ended:
        raise Lost
    log.info("bulk job ended", job_id=job["id"], state=state.value, **progress.counts)
    return state


class _Lease:
    """Keeps a job, and notices when it is lost. A database that is away for a while loses nothing."""

    def __init__(self, database: Database, job_id: str, *, worker: str, lease: timedelta) -> None:
        self._database = database
        self._job_id = job_id
        self._worker = worker
        self._lease = lease
        self._next = time.monotonic()

    def keep(self, *, at_once: bool = False) -> None:
        """Renew the lease when it is time, or at once. Raises Lost."""
        now = time.monotonic()
        if now < self._next and not at_once:
            return
        self._next = now + self._lease.total_seconds() / RENEWALS_PER_LEASE
        if not self._renew(self._lease):
            raise Lost

    def give_back(self) -> None:
        """Let whoever comes next have the job at once."""
        self._renew(timedelta(0))

    def _renew(self, lease: timedelta) -> bool:
        try:
            with self._database.write() as tx:
                return bulk.renew(tx, self._job_id, worker=self._worker, now=datetime.now(UTC), lease=lease)
        except StoreError:
            log.warning("lease of a bulk job not renewed", job_id=self._job_id)
            return True
