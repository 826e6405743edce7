"""`leadbridge bulk status`, `rejections`, `cancel` and `run`."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter, validators

from leadbridge.bulk.jobs import find_job
from leadbridge.bulk.rejections import rejections_file
from leadbridge.caller import Caller, Visibility
from leadbridge.cli.complaint import Complaint
from leadbridge.cli.shared import opened, out, table
from leadbridge.log import new_correlation_id
from leadbridge.operations.lead_bulk import cancel_job
from leadbridge.settings import Settings
from leadbridge.store import bulk
from leadbridge.store.bulk import STORED
from leadbridge.store.database import Database
from leadbridge.store.inserts import Row

OPERATOR = Caller(id="operator", name="", roles=frozenset(), visibility=Visibility.ALL, party_id="")


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


def bulk_cancel(job: Annotated[str, Parameter(name="JOB", help="Its number.")], /) -> None:
    """Stop a job before its end; leads taken until then stay."""
    with opened(Settings()) as database:
        found = _found(database, job)
        done = cancelled(database, found["id"])
    if not done:
        raise Complaint(f"job {found['id']} has ended: it is {found['state']}.")
    print(f"Job {found['id']} is cancelled.")


def bulk_run() -> None:
    """Take in files that were sent to a server, until SIGTERM or Ctrl-C. `leadbridge serve` does so by itself.

    Any number of these may share a PostgreSQL, on any number of machines.
    """
    from leadbridge.wiring import background  # loads Zeep, which an import does without

    settings = Settings()
    with opened(settings) as database, stopped_by_signals() as stop:
        print("leadbridge takes bulk files in; Ctrl-C ends it.", flush=True)
        background.bulk_runner(settings, database).run(stop)


def _found(database: Database, job: str) -> Row:
    with database.read() as tx:
        found = find_job(tx, OPERATOR, job)
    if found is None:
        raise Complaint(f"there is no job {job}; `leadbridge bulk status` lists those there are.")
    return found


def cancelled(database: Database, job_id: str) -> bool:
    """Stop a job in the operator's name; False when it had ended."""
    with database.write() as tx:
        tx.lock([bulk.lock_key(job_id)])
        (job,) = bulk.resolve(tx, OPERATOR, ids=[job_id])
        return cancel_job(tx, job, by=OPERATOR.id, at=datetime.now(UTC), correlation_id=new_correlation_id())


@contextmanager
def stopped_by_signals() -> Iterator[threading.Event]:
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
