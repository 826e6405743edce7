"""Takes the stored jobs in, one after the other: those that wait, and those that somebody left behind."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from leadbridge.bulk.assignment import Assignment
from leadbridge.bulk.jobs import chunks_of, stored_blocks
from leadbridge.bulk.running import Lost, progress_of, run
from leadbridge.bulk.sources import SourceLimits
from leadbridge.bulk.team import Team, WorkFailed
from leadbridge.log import correlated, get_logger
from leadbridge.store import bulk
from leadbridge.store.database import Database
from leadbridge.store.inserts import Row

log = get_logger(__name__)


class BulkRunner:
    """See the module. `worker` names it in the leases and must differ from every other one's name.

    Any number of runners may share a database; each is at one job at a time. `assign` says what worker processes are
    told of a job, `poll` is the rest between looks for one.
    """

    def __init__(
        self,
        database: Database,
        assign: Callable[[Row], Assignment],
        *,
        worker: str,
        workers: int,
        lease: timedelta,
        poll: timedelta,
        limits: SourceLimits,
    ) -> None:
        self._database = database
        self._assign = assign
        self._worker = worker
        self._workers = workers
        self._lease = lease
        self._poll = poll
        self._limits = limits
        self._claims = 0

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set; a job under way is left at its last chunk, for whoever comes next."""
        while not stop.is_set():
            try:
                busy = self.run_once(stop)
            except Exception:  # whatever ails the database or a job, the runner goes on; the job does after its lease
                log.exception("bulk job left behind", worker=self._worker)
                busy = False
            if not busy:
                stop.wait(self._poll.total_seconds())

    def run_once(self, stop: threading.Event) -> bool:
        """Take one job in; False where there is none. Raises what the store raises."""
        self._claims += 1
        worker = f"{self._worker}/{self._claims}"  # what an earlier claim still does must not pass for this one's
        with self._database.write() as tx:
            claimed = bulk.claim(tx, worker=worker, now=datetime.now(UTC), lease=self._lease)
        if claimed is None:
            return False
        with correlated(claimed["correlation_id"] or ""):
            log.info("bulk job claimed", job_id=claimed["id"], worker=worker)
            assignment = self._assign(claimed)
            with self._database.read() as tx:
                (job,) = bulk.resolve(tx, assignment.job.caller, ids=[claimed["id"]])
            blocks = stored_blocks(self._database, job)
            try:
                with Team(self._workers) as team:
                    run(
                        self._database,
                        job,
                        chunks_of(job, blocks, limits=self._limits),
                        team=team,
                        assignment=assignment,
                        worker=worker,
                        lease=self._lease,
                        progress=progress_of(job),
                        stop=stop,
                    )
            except Lost:
                log.info("bulk job lost", job_id=job["id"])
            except WorkFailed:
                log.error("bulk job failed", job_id=job["id"])
        return True
