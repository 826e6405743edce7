"""`leadbridge bulk …`: import a file, see how far jobs are, get their rejections, cancel them."""

import os
import secrets
import signal
import socket
import stat
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated
from uuid import UUID

from cyclopts import App, Parameter, validators
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from leadbridge.authentication.callers import caller_of
from leadbridge.bulk.columns import ColumnMapping, read_mapping
from leadbridge.bulk.heading import Unusable
from leadbridge.bulk.jobs import Examiner, FileChanged, chunks_of, examine_file, find_job, job_of_file, same_blocks
from leadbridge.bulk.rejections import rejections_file
from leadbridge.bulk.running import Lost, Team, WorkFailed, progress_of, run
from leadbridge.bulk.running import Progress as Counted
from leadbridge.caller import Caller, OperationGroup, Visibility, may_call
from leadbridge.cli.complaint import Complaint
from leadbridge.cli.shared import opened, out, table
from leadbridge.log import new_correlation_id
from leadbridge.opening import bulk_assignment, policy, source_limits
from leadbridge.operations.lead_bulk import cancel_job
from leadbridge.settings import Settings
from leadbridge.store import bulk
from leadbridge.store.bulk import FILE, STORED, JobState
from leadbridge.store.database import Database
from leadbridge.store.inserts import Row

bulk_app = App(name="bulk", help="Bulk files: import one, see how far jobs are, get their rejections, cancel them.")

_SECONDS_BETWEEN_LINES = 10  # where the progress does not go to a terminal
_OPERATOR = Caller(id="operator", name="", roles=frozenset(), visibility=Visibility.ALL, party_id="")


@bulk_app.command(name="import")
def bulk_import(
    file: Annotated[Path, Parameter(name="FILE", help="XML (LeadBulk) or CSV with column names; gzip or not.")],
    /,
    *,
    caller: Annotated[str, Parameter(help="The caller whose leads they are.")],
    mapping: Annotated[
        Path | None, Parameter(help="TOML file: [columns] column = place of a lead, [constants] place = value.")
    ] = None,
    uuid: Annotated[
        UUID | None, Parameter(help="The file's UUID; without it the header's, or one of its content.")
    ] = None,
) -> None:
    """Take the leads of a file in. Exit code 0: all taken, 1: not all, 2: the file cannot be used.

    `leadbridge contract export DIR` writes files to begin with: samples/LeadBulk.xml and samples/leads.csv.

    Run again after a kill or Ctrl-C it goes on where it was. The same file again takes nothing twice.
    """
    settings = Settings()
    try:
        columns = read_mapping(mapping) if mapping else ColumnMapping()
        seen = file.stat()
        if not stat.S_ISREG(seen.st_mode):
            raise Complaint(
                f"{file} is no regular file, and an import reads it more than once: save it to a file first, or "
                "POST it to /bulk/leads.",
                code=2,
            )
        with (
            Team(settings.bulk.workers) as team,
            opened(settings) as database,
            _display(seen.st_size) as display,
        ):
            who = caller_of(database, caller, enabled=True)
            if not may_call(who, OperationGroup.LEAD):
                raise Complaint(f"caller {caller} may not send leads; its roles are {', '.join(sorted(who.roles))}.")
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
            with _stopped_by_signals() as stop:
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
            _cancel(database, job["id"])
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
        (now,) = bulk.resolve(tx, _OPERATOR, ids=[job["id"]])
    return now


@contextmanager
def _stopped_by_signals() -> Iterator[threading.Event]:
    """Set by the first SIGTERM or Ctrl-C; a second one ends the process, which loses no more than a kill does."""
    stop = threading.Event()
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def ask(number: int, _frame: object) -> None:
        stop.set()
        signal.signal(number, signal.SIG_DFL)

    try:
        with suppress(ValueError):  # not the main thread, which alone hears signals
            for number in before:
                signal.signal(number, ask)
        yield stop
    finally:
        with suppress(ValueError):
            for number, handler in before.items():
                signal.signal(number, handler)


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


# --------------------------------------------------------------------------------------------------- other commands


@bulk_app.command(name="status")
def bulk_status(
    job: Annotated[str | None, Parameter(name="JOB", help="Its number; without it the latest ones are listed.")] = None,
    /,
    *,
    limit: Annotated[
        int, Parameter(help="List at most so many.", validator=validators.Number(gte=1, lte=100_000))
    ] = 20,
) -> None:
    """Show how far a job is, or list the latest jobs, newest first."""
    with opened(Settings()) as database:
        if job is not None:
            found = _found(database, job)
            for name in ("id", "uuid", "caller_id", "state", "media", "path", "size_bytes", *bulk.COUNTS):
                if found[name] is not None:
                    print(f"{name:18} {found[name]}")
            for name in ("submitted_at", "started_at", "ended_at", "break_description"):
                if found[name] is not None:
                    print(f"{name:18} {found[name]}")
            if note := _left(found):
                print(f"{'note':18} {note}")
            return
        with database.read() as tx:
            jobs = bulk.listed(tx, limit=limit)
    shown = table("job", "caller", "state", *bulk.COUNTS, wrapped=("submitted", "note"))
    for one in jobs:
        counts = [str(one[name]) for name in bulk.COUNTS]
        submitted = one["submitted_at"].isoformat(timespec="seconds")
        shown.add_row(
            one["id"], one["caller_id"], one["state"], *counts, submitted, one["break_description"] or _left(one)
        )
    out.print(shown)


def _left(job: Row) -> str:
    """That nobody is at a job which was begun, and what becomes of it; empty where somebody is, or it has ended."""
    if job["lease_until"] is None or job["lease_until"] > datetime.now(UTC):
        return ""
    if job["source"] == STORED:
        return "nobody is at it; `leadbridge serve` or `leadbridge bulk run` goes on"
    return f"nobody is at it; the same `leadbridge bulk import` goes on, `leadbridge bulk cancel {job['id']}` ends it"


@bulk_app.command(name="rejections")
def bulk_rejections(
    job: Annotated[str, Parameter(name="JOB", help="Its number.")],
    /,
    *,
    output: Annotated[Path, Parameter(name=("--output", "-o"), help="File to write; it must not exist.")],
) -> None:
    """Write the leads of a job that were not taken as a bulk file, each with the reasons (personal data!)."""
    with opened(Settings()) as database:
        pieces = rejections_file(database, _found(database, job), now=datetime.now(UTC))
        first = next(pieces, None)
        if first is None:
            print(f"Every lead of job {job} that was looked at was taken; there is nothing to write.")
            return
        try:
            with output.open("xb") as written:
                written.write(first)
                for piece in pieces:
                    written.write(piece)
        except OSError as error:
            raise Complaint(f"{output} cannot be written ({error.strerror}); name another file.") from None
    print(f"The leads that were not taken are in {output}. Mend them and import it: LogItems are ignored then.")


@bulk_app.command(name="cancel")
def bulk_cancel(job: Annotated[str, Parameter(name="JOB", help="Its number.")], /) -> None:
    """Stop a job before its end; leads taken until then stay."""
    with opened(Settings()) as database:
        found = _found(database, job)
        done = _cancel(database, found["id"])
    if not done:
        raise Complaint(f"job {found['id']} has ended: it is {found['state']}.")
    print(f"Job {found['id']} is cancelled.")


def _cancel(database: Database, job_id: str) -> bool:
    with database.write() as tx:
        tx.lock([bulk.lock_key(job_id)])
        (job,) = bulk.resolve(tx, _OPERATOR, ids=[job_id])
        return cancel_job(tx, job, by=_OPERATOR.id, at=datetime.now(UTC), correlation_id=new_correlation_id())


@bulk_app.command(name="run")
def bulk_run() -> None:
    """Take in files that were sent to a server, until SIGTERM or Ctrl-C. `leadbridge serve` does so by itself.

    Any number of these may share a PostgreSQL, on any number of machines.
    """
    from leadbridge import wiring  # loads the doors, which an import does without

    settings = Settings()
    with opened(settings) as database, _stopped_by_signals() as stop:
        print("leadbridge takes bulk files in; Ctrl-C ends it.", flush=True)
        wiring.bulk_runner(settings, database).run(stop)


def _found(database: Database, job: str) -> Row:
    with database.read() as tx:
        found = find_job(tx, _OPERATOR, job)
    if found is None:
        raise Complaint(f"there is no job {job}; `leadbridge bulk status` lists those there are.")
    return found
