"""The work of `leadbridge bulk import`, and how far it is."""

import os
import secrets
import socket
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from leadbridge.authentication.callers import caller_of
from leadbridge.bulk.columns import ColumnMapping, read_mapping
from leadbridge.bulk.heading import Unusable
from leadbridge.bulk.jobs import Examiner, FileChanged, chunks_of, examine_file, job_of_file, same_blocks
from leadbridge.bulk.running import Lost, progress_of, run
from leadbridge.bulk.team import Progress as Counted
from leadbridge.bulk.team import Team, WorkFailed
from leadbridge.caller import Caller, OperationGroup, may_call
from leadbridge.cli.bulk_jobs import OPERATOR, cancelled, stopped_by_signals
from leadbridge.cli.complaint import Complaint
from leadbridge.cli.shared import opened
from leadbridge.log import new_correlation_id
from leadbridge.opening import bulk_assignment, policy, source_limits
from leadbridge.settings import Settings
from leadbridge.store import bulk
from leadbridge.store.bulk import FILE, JobState
from leadbridge.store.database import Database
from leadbridge.store.inserts import Row

_SECONDS_BETWEEN_LINES = 10  # where the progress does not go to a terminal


def import_file(
    settings: Settings, file: Path, *, caller_id: str, mapping: Path | None, uuid: UUID | None, team: Team
) -> None:
    """Take the leads of a file in, with a team that is there already. Raises Complaint; exits with 1 if not all went
    in.
    """
    try:
        columns = read_mapping(mapping) if mapping else ColumnMapping()
        seen = file.stat()
        if not stat.S_ISREG(seen.st_mode):
            raise Complaint(
                f"{file} is no regular file, and an import reads it more than once: save it to a file first, or "
                "POST it to /bulk/leads.",
                code=2,
            )
        with opened(settings) as database, _display(seen.st_size) as display:
            who = caller_of(database, caller_id, enabled=True)
            if not may_call(who, OperationGroup.LEAD):
                raise Complaint(f"caller {caller_id} may not send leads; its roles are {', '.join(sorted(who.roles))}.")
            examiner = Examiner(uuid=str(uuid) if uuid else None, mapping=columns)
            for read in examine_file(file, examiner, source_limits(settings)):
                display.looked_at(read)
            job = job_of_file(
                database,
                examiner.finish(),
                path=file,
                caller=who,
                chunk_records=settings.bulk.chunk_records,
                now=datetime.now(UTC),
                correlation_id=new_correlation_id(),
            )
            blocks = display.counting(same_blocks(file, seen))
            job = _taken_in(settings, database, job, who, blocks, columns, team, display)
    except Unusable as error:
        raise Complaint(f"{file} cannot be used: {error}.", code=2) from None
    except OSError as error:
        raise Complaint(f"{error.filename or file} cannot be read ({error.strerror}).", code=2) from None
    _summarise(job)
    if job["state"] != JobState.FINISHED or job["duplicate"] or job["rejected"]:
        sys.exit(1)


def _taken_in(
    settings: Settings,
    database: Database,
    job: Row,
    caller: Caller,
    blocks: Iterator[bytes],
    columns: ColumnMapping,
    team: Team,
    display: "_Display",
) -> Row:
    """Take in what is left of a job's file; the job as it is then."""
    if job["ended_at"] is None:
        if job["source"] != FILE:
            raise Complaint(f"this very file is job {job['id']} already, which the server takes in.")
        worker = f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(4)}"
        lease = timedelta(seconds=settings.bulk.lease_seconds)
        with database.write() as tx:
            taken = bulk.take_over(tx, job["id"], worker=worker, now=datetime.now(UTC), lease=lease)
        if taken is None:
            raise Complaint(f"job {job['id']} was ended by somebody just now; run the command again.")
        progress = progress_of(job)
        display.begin(job["id"], progress)
        try:
            with stopped_by_signals() as stop:
                state = run(
                    database,
                    taken,
                    chunks_of(taken, blocks, limits=source_limits(settings), mapping=columns),
                    team=team,
                    assignment=bulk_assignment(settings, taken, caller, policy(settings)),
                    worker=worker,
                    lease=lease,
                    progress=progress,
                    stop=stop,
                    tick=display.show,
                )
        except FileChanged:
            cancelled(database, job["id"])
            raise Complaint(
                f"the file was changed while it was taken in: job {job['id']} is cancelled, and what it took stays. "
                "Import the file when nobody writes it any more.",
                code=2,
            ) from None
        except Lost:
            raise Complaint(f"job {job['id']} was cancelled, or another process has taken it over.") from None
        except WorkFailed as error:
            raise Complaint(f"job {job['id']} stopped: {error}. The same command goes on from there.") from None
        if state is None:
            raise Complaint(f"job {job['id']} was interrupted. The same command goes on from there.")
    with database.read() as tx:
        (now,) = bulk.resolve(tx, OPERATOR, ids=[job["id"]])
    return now


def _summarise(job: Row) -> None:
    sums = " + ".join(f"{job[name]:,} {name}" for name in bulk.COUNTS[1:])
    print(f"Job {job['id']} is {job['state']}: {job['received']:,} received = {sums}.")
    if job["break_description"]:
        print(f"It broke off at {job['break_description']}.")
    if job["duplicate"] or job["rejected"]:
        print(f"`leadbridge bulk rejections {job['id']} -o FILE` gives the others back, each with the reasons.")


# ------------------------------------------------------------------------------------------------------- progress


class _Display:
    """How far an import is: a bar on a terminal, elsewhere a line now and then. All of it on stderr."""

    def __init__(self, size: int, bar: Progress | None) -> None:
        self._size = size
        self._bar = bar
        self._task = bar.add_task("looking at the file", total=size or 1, counts="") if bar else None
        self._read = 0
        self._counted: Counted | None = None
        self._job_id = ""
        self._began = self._said = time.monotonic()

    def looked_at(self, read: int) -> None:
        """So many more bytes were examined."""
        if self._bar is not None and self._task is not None:
            self._bar.advance(self._task, read)

    def begin(self, job_id: str, counted: Counted) -> None:
        """From now on leads are taken in."""
        self._job_id, self._counted = job_id, counted
        self._began = self._said = time.monotonic()
        if self._bar is not None and self._task is not None:
            self._bar.reset(self._task, description=f"job {job_id}", total=self._size or 1, counts="")

    def counting(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """The blocks, as they are; what has passed is the progress."""
        for block in blocks:
            self._read += len(block)
            yield block

    def show(self) -> None:
        """Show how far it is."""
        assert self._counted is not None  # begun
        counts = self._counted.counts
        now = time.monotonic()
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=self._read, counts=self._line(counts, now))
        elif now - self._said >= _SECONDS_BETWEEN_LINES:
            self._said = now
            percent = 100 * self._read // (self._size or 1)
            print(f"job {self._job_id}: {percent} % read, {self._line(counts, now)}", file=sys.stderr, flush=True)

    def _line(self, counts: dict[str, int], now: float) -> str:
        assert self._counted is not None  # begun
        rate = (counts["received"] - self._counted.before) / max(now - self._began, 0.001)
        others = ", ".join(f"{counts[name]:,} {name}" for name in bulk.COUNTS[2:] if counts[name])
        return f"{counts['received']:,} leads, {rate:,.0f}/s" + (f" ({others})" if others else "")


@contextmanager
def _display(size: int) -> Iterator[_Display]:
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _Display(size, None)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[counts]}"),
    )
    with Progress(*columns, console=console) as bar:
        yield _Display(size, bar)
