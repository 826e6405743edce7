"""Test data: counted, and wiped with everything that belongs to it. Nothing real can refer to it, nor it to it.

What the journal says of it stays, as of everything: it holds no personal data. That it was wiped is added.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Column, Select, Table, delete, func, select

from leadbridge.store import journal, tables
from leadbridge.store.database import Database, Transaction
from leadbridge.store.membership import one_of
from leadbridge.store.relationship import PLAN
from leadbridge.store.statements import fetch

_ENDED_JOBS: Final = ("finished", "broken", "cancelled")


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of test data: its rows, and the columns by which rows of other tables belong to one."""

    name: str
    rows: Select[Any]
    key: Column[Any]
    parts: tuple[Column[Any], ...]
    object_type: str | None = None  # in the journal


def _test_rows(table: Table, key: Column[Any]) -> Select[Any]:
    return select(key.label("key")).where(table.c.test_data).order_by(key)


_lead, _partner, _job, _received = tables.lead, tables.business_partner, tables.bulk_job, tables.received
_plan = tables.relationship_plan
_prospect_of = select(1).where(_lead.c.prospect_internal_id == _partner.c.internal_id).exists()
_contact_of = select(1).where(tables.lead_contact.c.internal_id == _partner.c.internal_id).exists()
_customer_of = select(1).where(_plan.c.customer_internal_id == _partner.c.internal_id).exists()

# In the order in which they can go: the business partner of a lead or a plan goes after it.
_KINDS: Final = (
    _Kind(
        "leads",
        _test_rows(_lead, _lead.c.id),
        _lead.c.id,
        (
            tables.lead_item.c.lead_id,
            tables.lead_contact.c.lead_id,
            tables.lead_questionnaire_answer.c.lead_id,
            tables.lead_note.c.lead_id,
            tables.lead_document.c.lead_id,
            tables.lead_status_change.c.lead_id,
            tables.message.c.lead_id,
            tables.development_task.c.lead_id,
            tables.bian_event.c.lead_id,
        ),
        "lead",
    ),
    _Kind("plans", _test_rows(_plan, _plan.c.id), _plan.c.id, (tables.relationship_record.c.plan_id,), PLAN),
    _Kind(
        "business partners",
        # One that a lead or a plan named since they were wiped stays until the next time.
        _test_rows(_partner, _partner.c.internal_id).where(~_prospect_of, ~_contact_of, ~_customer_of),
        _partner.c.internal_id,
        (
            tables.business_partner_identification.c.internal_id,
            tables.business_partner_address.c.internal_id,
            tables.business_partner_communication.c.internal_id,
        ),
        "business_partner",
    ),
    _Kind(
        "bulk jobs",
        _test_rows(_job, _job.c.id).where(_job.c.state.in_(_ENDED_JOBS)),
        _job.c.id,
        (tables.bulk_part.c.job_id, tables.bulk_chunk.c.job_id, tables.bulk_rejection.c.job_id),
        "bulk_job",
    ),
    _Kind("remembered answers", _test_rows(_received, _received.c.message_uuid), _received.c.message_uuid, ()),
)


def counts(tx: Transaction) -> dict[str, int]:
    """How many there are of each kind: all leads, plans and business partners, and those bulk jobs that have ended."""
    whole = {"leads": _lead, "plans": _plan, "business partners": _partner, "remembered answers": _received}
    found = {
        name: int(tx.connection.execute(select(func.count()).select_from(table).where(table.c.test_data)).scalar_one())
        for name, table in whole.items()
    }
    jobs = select(func.count()).select_from(_job).where(_job.c.test_data, _job.c.state.in_(_ENDED_JOBS))
    found["bulk jobs"] = int(tx.connection.execute(jobs).scalar_one())
    return {kind.name: found[kind.name] for kind in _KINDS}


def wipe(database: Database, *, now: datetime, caller_id: str, batch: int = 1_000) -> Iterator[Mapping[str, int]]:
    """Delete all test data, `batch` objects in a transaction; after each it gives how many went of each kind so far.

    It can be broken off and begun again. `caller_id` stands in the journal for whoever ordered it.
    """
    gone = dict.fromkeys((kind.name for kind in _KINDS), 0)
    for kind in _KINDS:
        after = ""
        while True:
            with database.write() as tx:
                keys = _next(tx, kind, after, batch)
                _delete(tx, kind, keys)
                _tell(tx, kind, keys, now, caller_id)
            if not keys:
                break
            gone[kind.name] += len(keys)
            after = keys[-1]
            yield dict(gone)


def _next(tx: Transaction, kind: _Kind, after: str, batch: int) -> list[str]:
    # Locked, so that no part is added to one while it goes: whoever adds one waits, and finds nothing.
    rows = fetch(tx, kind.rows.where(kind.key > after).limit(batch).with_for_update())
    return [row["key"] for row in rows]


def _delete(tx: Transaction, kind: _Kind, keys: list[str]) -> None:
    if not keys:
        return
    for column in kind.parts:
        tx.connection.execute(delete(column.table).where(one_of(column, "keys")), {"keys": keys})
    rows = delete(kind.key.table).where(one_of(kind.key, "keys"))
    if kind.key.table is _received:
        rows = rows.where(_received.c.test_data)
    tx.connection.execute(rows, {"keys": keys})


def _tell(tx: Transaction, kind: _Kind, keys: list[str], now: datetime, caller_id: str) -> None:
    if kind.object_type is not None:
        journal.append(
            tx,
            [
                {
                    "recorded_at": now,
                    "caller_id": caller_id,
                    "operation": "testdata wipe",
                    "object_type": kind.object_type,
                    "object_id": key,
                    "event": journal.WIPED,
                }
                for key in keys
            ],
        )
