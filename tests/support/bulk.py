"""Bulk jobs without a server: a file as a job, taken in by this process or by worker processes."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lxml import etree
from sqlalchemy import func, select

from leadbridge.bulk.assignment import Assignment, Job, LeadLimits
from leadbridge.bulk.intake import Intake
from leadbridge.bulk.jobs import NO_MAPPING, Examiner, chunks_of, examine_file, job_of_file, own_uuid
from leadbridge.bulk.rejections import rejections_file
from leadbridge.bulk.running import progress_of, run
from leadbridge.bulk.sources import SourceLimits, blocks_of_file
from leadbridge.bulk.team import Team
from leadbridge.caller import Caller, Role, Visibility
from leadbridge.operations.call import Policy
from leadbridge.store import bulk, tables
from leadbridge.store.bulk import COUNTS, JobState
from leadbridge.store.database import Database
from leadbridge.store.inserts import Row

PARTNER = Caller("acme", "Acme", frozenset({Role.PARTNER}), Visibility.GIVEN, "ACME")
LIMITS = SourceLimits(largest_file_bytes=1_000_000_000, largest_ratio=200)
LEAD_LIMITS = LeadLimits(
    deepest_element=32,
    most_elements=2_000,
    most_attributes_per_element=64,
    most_namespaces_per_element=32,
    longest_name=256,
    longest_attribute_value=4_096,
    longest_text=100_000,
)
LEASE = timedelta(seconds=30)


def new_job(
    database: Database,
    path: Path,
    content: bytes,
    *,
    caller: Caller = PARTNER,
    chunk_records: int = 3,
    uuid: str | None = None,
) -> Row:
    """A job of a file with this content, claimed by nobody in particular."""
    path.write_bytes(content)
    examiner = Examiner(uuid=uuid)
    for _ in examine_file(path, examiner, LIMITS):
        pass
    job = job_of_file(
        database,
        examiner.finish(),
        path=path,
        caller=caller,
        chunk_records=chunk_records,
        now=datetime.now(UTC),
        correlation_id="correlation",
    )
    if job["ended_at"] is None:
        take_over(database, job, "test")
    return job


def take_over(database: Database, job: Row, worker: str) -> Row:
    with database.write() as tx:
        taken = bulk.take_over(tx, job["id"], worker=worker, now=datetime.now(UTC), lease=LEASE)
    assert taken is not None
    return taken


def intake(database: Database, job: Row, *, caller: Caller = PARTNER, policy: Policy | None = None) -> Intake:
    """What takes the job's chunks in, in this process."""
    facts = Job(id=job["id"], caller=caller, file_uuid=own_uuid(job), correlation_id="correlation")
    return Intake(database, facts, policy=policy or Policy(), limits=LEAD_LIMITS, patience=10)


def take_in(database: Database, path: Path, content: bytes, **options: int | str) -> Row:
    """Take a whole file in, in this process; the job as it is then, still running."""
    job = new_job(database, path, content, **options)  # type: ignore[arg-type]  # chunk_records and uuid
    if job["ended_at"] is None:
        taking = intake(database, job)
        for chunk in chunks_of(job, blocks_of_file(path), limits=LIMITS, mapping=NO_MAPPING):
            taking.take(chunk)
    return read_job(database, job["id"])


def run_file(
    database: Database,
    url: str,
    job: Row,
    path: Path,
    *,
    worker: str = "test",
    workers: int = 2,
    stop: threading.Event | None = None,
) -> JobState | None:
    """Run a claimed job with real worker processes."""
    assignment = Assignment(
        job=Job(id=job["id"], caller=PARTNER, file_uuid=own_uuid(job), correlation_id="correlation"),
        database_url=url,
        policy=Policy(),
        limits=LEAD_LIMITS,
        patience=10,
        niceness=0,
        log_level="INFO",
        log_format="text",
    )
    with Team(workers) as team:
        return run(
            database,
            job,
            chunks_of(job, blocks_of_file(path), limits=LIMITS),
            team=team,
            assignment=assignment,
            worker=worker,
            lease=LEASE,
            progress=progress_of(read_job(database, job["id"])),
            stop=stop or threading.Event(),
        )


def read_job(database: Database, job_id: str) -> Row:
    with database.read() as tx:
        (job,) = [one for one in bulk.listed(tx, limit=1_000) if one["id"] == job_id]
    return job


def counts(job: Row) -> dict[str, int]:
    """The verdicts that some leads got."""
    assert job["received"] == sum(job[name] for name in COUNTS[1:])
    return {name: job[name] for name in COUNTS[1:] if job[name]}


def lead_names(database: Database) -> list[str]:
    """The names of all leads, sorted."""
    with database.read() as tx:
        return sorted(tx.connection.execute(select(tables.lead.c.name)).scalars())


def lead_count(database: Database) -> int:
    with database.read() as tx:
        return tx.connection.execute(select(func.count()).select_from(tables.lead)).scalar_one()


def rejected(database: Database, job: Row) -> list[tuple[int, str, list[tuple[str, str]]]]:
    """Record, verdict, and type and path of each Log item, of all that was not taken."""
    file = b"".join(rejections_file(database, job, now=datetime.now(UTC)))
    with database.read() as tx:
        rows = bulk.rejections(tx, job["id"], after=None, limit=1_000)
    if not rows:
        assert file == b""
        return []
    leads = list(etree.fromstring(file))[1:]
    return [
        (
            row["record"],
            row["verdict"],
            [(_text(one, "TypeID"), _text(one, "ReferenceMessageElementName")) for one in _items(lead)],
        )
        for row, lead in zip(rows, leads, strict=True)
    ]


def _items(lead: etree._Element) -> Iterable[etree._Element]:
    return lead.findall("{urn:leadbridge:leadbulk:1}LogItem")


def _text(item: etree._Element, name: str) -> str:
    return item.findtext(f"{{urn:leadbridge:common:1}}{name}") or ""
