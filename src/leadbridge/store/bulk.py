"""Bulk jobs: one file of one caller each, what is stored of it, and how far it is.

A file is taken in chunks, each in one transaction that also writes the chunk's row. That row is the progress of
the job and the guard that a chunk is taken once: chunks are committed in any order, one that is there is left out,
and two processes at one job harm nobody. The counts of a job are the sums over its chunks.

A job is handed out under a lease, so that one that died is replaced; the lease spares double work and protects
nothing, that the chunks do.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import accumulate
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, delete, func, literal, or_, select, update

from leadbridge.caller import Caller, Visibility
from leadbridge.store import tables
from leadbridge.store.columntypes import UtcDateTime
from leadbridge.store.database import Transaction
from leadbridge.store.inserts import Row
from leadbridge.store.membership import one_of
from leadbridge.store.statements import fetch, insert_many

_job, _part, _chunk, _rejection = tables.bulk_job, tables.bulk_part, tables.bulk_chunk, tables.bulk_rejection


class JobState(StrEnum):
    """How far a job is."""

    RECEIVING = "receiving"  # its file is still arriving
    WAITING = "waiting"  # the file is complete, nobody has begun with it
    RUNNING = "running"  # its leads are being taken, chunk by chunk
    FINISHED = "finished"  # every lead of the file was looked at
    BROKEN = "broken"  # the file broke off; the whole leads before the break were looked at
    CANCELLED = "cancelled"  # stopped before its end; what was taken until then stays


_UNENDED = (JobState.RECEIVING.value, JobState.WAITING.value, JobState.RUNNING.value)

COUNTS = ("received", "accepted", "replayed", "duplicate", "rejected")
"""What is counted of a job's leads; the first is the sum of the others."""

STORED, FILE = "stored", "file"
"""Where the content of a job is: in its parts, or in a file that is read in place."""


# ------------------------------------------------------------------------------------------------- a job's file


def add_job(tx: Transaction, row: Row) -> None:
    """Add a job: all that has no default, and the id, which is drawn as a number of `bulk_job`.

    What receives a file gives `claimed_by` and `lease_until` with it and renews them: should it die, the job is
    handed out when the lease runs out, and what has arrived until then is taken.
    """
    insert_many(tx, (_job, [row]))


def append_part(tx: Transaction, job_id: str, position: int, content: bytes) -> None:
    """Keep one more part of the file, deflated; positions count from 0."""
    insert_many(tx, (_part, [{"job_id": job_id, "position": position, "content": content}]))


def file_arrived(
    tx: Transaction,
    job_id: str,
    *,
    uuid: str,
    content_hash: bytes,
    size_bytes: int,
    break_description: str | None = None,
) -> bool:
    """Let a job wait whose file has arrived, as far as it will. False where it is no longer receiving.

    `break_description` says why there is no more of it, where it did not arrive whole.
    """
    statement = (
        update(_job)
        .where(_job.c.id == job_id, _job.c.state == JobState.RECEIVING.value)
        .values(
            state=JobState.WAITING.value,
            uuid=uuid,
            content_hash=content_hash,
            size_bytes=size_bytes,
            break_description=break_description,
            claimed_by=None,
            lease_until=None,
        )
    )
    return tx.connection.execute(statement).rowcount == 1


def drop_receiving(tx: Transaction, job_id: str) -> None:
    """Forget a job whose file turns out to be none while it arrives, or to be here already."""
    receiving = select(_job.c.id).where(_job.c.id == job_id, _job.c.state == JobState.RECEIVING.value)
    tx.connection.execute(delete(_part).where(_part.c.job_id.in_(receiving)))
    tx.connection.execute(delete(_job).where(_job.c.id.in_(receiving)))


def parts(tx: Transaction, job_id: str, *, after: int | None, limit: int) -> list[Row]:
    """Parts of the file in their order, from the one behind the position `after` on."""
    return _page(tx, _part, _part.c.position, job_id, after=after, limit=limit)


def drop_parts(tx: Transaction, job_id: str) -> None:
    """Delete what is stored of the file."""
    tx.connection.execute(delete(_part).where(_part.c.job_id == job_id))


# ---------------------------------------------------------------------------------------------------- looking up


def resolve(tx: Transaction, caller: Caller, *, ids: Collection[str] = (), uuids: Collection[str] = ()) -> list[Row]:
    """The jobs named that the caller may see, its own or all, by id, with their counts."""
    if not ids and not uuids:
        return []
    named = or_(one_of(_job.c.id, "ids"), one_of(_job.c.uuid, "uuids"))
    statement = select(_job).where(named).order_by(_job.c.id)
    if caller.visibility is not Visibility.ALL:
        statement = statement.where(_job.c.caller_id == caller.id)
    return _counted(tx, statement, {"ids": ids, "uuids": uuids})


def find_same(tx: Transaction, caller_id: str, uuid: str, content_hash: bytes) -> Row | None:
    """The latest job of this very file, with its counts."""
    statement = (
        select(_job)
        .where(_job.c.uuid == uuid, _job.c.caller_id == caller_id, _job.c.content_hash == content_hash)
        .order_by(_job.c.id.desc())
        .limit(1)
    )
    found = _counted(tx, statement)
    return found[0] if found else None


def listed(tx: Transaction, *, limit: int) -> list[Row]:
    """The latest jobs, newest first, with their counts."""
    return _counted(tx, select(_job).order_by(_job.c.id.desc()).limit(limit))


def _counted(tx: Transaction, statement: Select[Any], parameters: Mapping[str, Any] | None = None) -> list[Row]:
    jobs = fetch(tx, statement, parameters)
    if not jobs:
        return []
    sums = {row.pop("job_id"): row for row in fetch(tx, _SUMS, {"job_ids": [job["id"] for job in jobs]})}
    nothing = dict.fromkeys(COUNTS, 0)
    return [{**job, **sums.get(job["id"], nothing)} for job in jobs]


_SUMS = (
    select(_chunk.c.job_id, *(func.sum(_chunk.c[name]).label(name) for name in COUNTS))
    .where(one_of(_chunk.c.job_id, "job_ids"))
    .group_by(_chunk.c.job_id)
)


# -------------------------------------------------------------------------------------------------- lease and end


def claim(tx: Transaction, *, worker: str, now: datetime, lease: timedelta) -> Row | None:
    """Take the oldest stored job that nobody is at, until `now + lease`: it is running then.

    Such a job waits, or its lease has run out. `worker` must be unique among everything that claims.
    """
    nobody_is_at = or_(
        _job.c.state == JobState.WAITING.value,
        and_(_job.c.state == JobState.RUNNING.value, _job.c.lease_until <= now),
        and_(_job.c.state == JobState.RECEIVING.value, _job.c.lease_until <= now),
    )
    oldest = (
        select(_job.c.id)
        .where(nobody_is_at, _job.c.source == STORED)
        .order_by(_job.c.id)
        .limit(1)
        # Weak enough not to pass over a job whose chunks, which refer to it, are being written.
        .with_for_update(skip_locked=True, key_share=True)
        .scalar_subquery()
    )
    return _take(tx, _job.c.id == oldest, worker=worker, now=now, lease=lease)


def take_over(tx: Transaction, job_id: str, *, worker: str, now: datetime, lease: timedelta) -> Row | None:
    """Take a job that reads its file in place, whoever is at it. None where it has ended."""
    open_file = and_(_job.c.id == job_id, _job.c.source == FILE, _job.c.state.in_(_UNENDED))
    return _take(tx, open_file, worker=worker, now=now, lease=lease)


def _take(
    tx: Transaction, condition: ColumnElement[bool], *, worker: str, now: datetime, lease: timedelta
) -> Row | None:
    statement = (
        update(_job)
        .where(condition)
        .values(
            state=JobState.RUNNING.value,
            started_at=func.coalesce(_job.c.started_at, literal(now, UtcDateTime())),
            claimed_by=worker,
            lease_until=now + lease,
        )
        .returning(_job)
    )
    taken = fetch(tx, statement)
    return taken[0] if taken else None


def renew(tx: Transaction, job_id: str, *, worker: str, now: datetime, lease: timedelta) -> bool:
    """Prolong the lease of a job that this worker runs or receives. False when another has it, or it ended."""
    held = (JobState.RECEIVING.value, JobState.RUNNING.value)
    statement = (
        update(_job)
        .where(_job.c.id == job_id, _job.c.claimed_by == worker, _job.c.state.in_(held))
        .values(lease_until=now + lease)
    )
    return tx.connection.execute(statement).rowcount == 1


def end_job(
    tx: Transaction, job_id: str, *, state: JobState, now: datetime, break_description: str | None = None
) -> bool:
    """End a job, whoever is at it, and drop what is stored of its file. False where it has ended already.

    Waits for the chunks that are being written: what is counted afterwards stays.
    """
    tx.lock([lock_key(job_id)])
    statement = (
        update(_job)
        .where(_job.c.id == job_id, _job.c.state.in_(_UNENDED))
        .values(
            state=state.value,
            ended_at=now,
            claimed_by=None,
            lease_until=None,
            break_description=break_description,
        )
    )
    ended = tx.connection.execute(statement).rowcount == 1
    if ended:
        drop_parts(tx, job_id)
    return ended


def cancel(tx: Transaction, job_id: str, now: datetime) -> bool:
    """Stop a job; what it has taken stays. False where it has ended already."""
    return end_job(tx, job_id, state=JobState.CANCELLED, now=now)


def lock_key(job_id: str) -> str:
    """What `end_job` locks, for those who must name all their locks at once."""
    return f"bulk_job/{job_id}"


# -------------------------------------------------------------------------------------------------------- chunks


def committed_chunks(tx: Transaction, job_id: str) -> set[int]:
    """Numbers of the chunks that need not be looked at again."""
    return set(tx.connection.execute(select(_chunk.c.number).where(_chunk.c.job_id == job_id)).scalars())


def begin_chunk(tx: Transaction, job_id: str, number: int) -> bool:
    """Have a chunk to oneself until the transaction ends. False where it is there already, or the job not running.

    The first thing its transaction does: locks that others want too are taken after it. The job is kept from
    ending by a lock beside its row, because on the row a lease could never be renewed: chunk follows upon chunk,
    and PostgreSQL lets those who share a row pass by whoever waits to change it.
    """
    tx.lock([lock_key(job_id)], shared=True)
    tx.lock([f"bulk_chunk/{job_id}/{number}"])
    return any(row["is_new"] for row in tx.ask(_IS_NEW, {"job_id": job_id, "number": number}))


_THERE = select(1).where(_chunk.c.job_id == bindparam("job_id"), _chunk.c.number == bindparam("number")).exists()
_IS_NEW = select((~_THERE).label("is_new")).where(
    _job.c.id == bindparam("job_id"), _job.c.state == JobState.RUNNING.value
)


def finish_chunk(
    tx: Transaction, job_id: str, number: int, counts: Mapping[str, int], rejections: Sequence[Row], now: datetime
) -> None:
    """Write that a chunk is done: `counts` are those named in COUNTS, `received` may be left out.

    `rejections` are rows of record, verdict, lead and log_items. Needs a `begin_chunk` that said True in the same
    transaction. Raises ValueError where the counts do not add up.
    """
    taken = sum(counts.get(name, 0) for name in COUNTS[1:])
    whole = {**dict.fromkeys(COUNTS, 0), "received": taken, **counts}
    if whole["received"] != taken:
        raise ValueError("each lead received has one verdict")
    chunk = {"job_id": job_id, "number": number, **whole, "committed_at": now}
    insert_many(tx, (_chunk, [chunk]), (_rejection, [{"job_id": job_id, **row} for row in rejections]))


def rejections(
    tx: Transaction, job_id: str, *, after: int | None, limit: int, most_bytes: int | None = None
) -> list[Row]:
    """Leads that were not taken, in the order of the file, from the one behind the record `after` on.

    With `most_bytes` no more of them than come to that many bytes, but always one.
    """
    if most_bytes is not None:
        limit = _as_many_as_fit(tx, job_id, after=after, limit=limit, most_bytes=most_bytes)
    return _page(tx, _rejection, _rejection.c.record, job_id, after=after, limit=limit)


def has_rejections_after(tx: Transaction, job_id: str, record: int) -> bool:
    """Whether a page that ends with this record was not the last one."""
    behind = _rejection.c.job_id == job_id, _rejection.c.record > record
    return tx.connection.execute(select(1).where(*behind).limit(1)).first() is not None


def _as_many_as_fit(tx: Transaction, job_id: str, *, after: int | None, limit: int, most_bytes: int) -> int:
    size = func.length(_rejection.c.lead)
    statement = select(size).where(_rejection.c.job_id == job_id, _rejection.c.record > (after or 0))
    sizes = tx.connection.execute(statement.order_by(_rejection.c.record).limit(limit)).scalars()
    return max(1, sum(1 for total in accumulate(sizes) if total <= most_bytes))


def _page(
    tx: Transaction, table: Any, place: ColumnElement[int], job_id: str, *, after: int | None, limit: int
) -> list[Row]:
    statement = select(table).where(table.c.job_id == job_id).order_by(place).limit(limit)
    return fetch(tx, statement if after is None else statement.where(place > after))


# ----------------------------------------------------------------------------------------------------- retention


def forget_before(tx: Transaction, moment: datetime) -> int:
    """Delete the jobs that ended before a moment, with all that belongs to them; how many jobs that were."""
    old = select(_job.c.id).where(_job.c.ended_at < moment)
    for table in (_rejection, _chunk, _part):
        tx.connection.execute(delete(table).where(table.c.job_id.in_(old)))
    return tx.connection.execute(delete(_job).where(_job.c.ended_at < moment)).rowcount
