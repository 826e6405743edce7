"""The core CRM's own records, leads and opportunities, which are another thing than the leads of partners."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select

from leadbridge.selection import Interval
from leadbridge.store import tables
from leadbridge.store.database import Transaction
from leadbridge.store.inserts import Row
from leadbridge.store.membership import one_of
from leadbridge.store.statements import fetch, insert_many, selected, update_many

_record = tables.crm_record
_note = tables.crm_record_note

_OF_CUSTOMERS = (
    select(_record)
    .where(one_of(_record.c.customer_id, "customer_ids"))
    .order_by(_record.c.customer_id, _record.c.record_id)
)
_NOTES = select(_note).where(one_of(_note.c.record_id, "record_ids")).order_by(_note.c.record_id, _note.c.position)


def insert(tx: Transaction, records: Sequence[Row], notes: Sequence[Row] = ()) -> None:
    """Write new records and their notes."""
    insert_many(tx, (_record, records), (_note, notes))


def update(tx: Transaction, rows: Sequence[Row]) -> None:
    """Change records: each row has the `record_id` and the columns that get a new value."""
    update_many(tx, _record, rows, key="record_id")


def of_customers(tx: Transaction, customer_ids: Collection[str]) -> Sequence[Row]:
    """All records of some customers, per customer oldest first; fetched when they are looked at.

    Lock the customers before (`Transaction.lock`) where a decision follows.
    """
    return tx.ask(_OF_CUSTOMERS, {"customer_ids": customer_ids}) if customer_ids else ()


def resolve(
    tx: Transaction,
    *,
    record_ids: Collection[str] = (),
    source_lead_uuids: Collection[str] = (),
    lock: bool = False,
) -> list[Row]:
    """The records of these ids, and those made from these leads, by record id.

    `lock` keeps other writers off them until the transaction ends.
    """
    given = {"record_ids": record_ids, "source_lead_uuids": source_lead_uuids}
    kinds = tuple(kind for kind, values in given.items() if values)
    return fetch(tx, _resolve(kinds, lock), {kind: given[kind] for kind in kinds}) if kinds else []


@cache
def _resolve(kinds: tuple[str, ...], lock: bool) -> Select[Any]:
    columns = {"record_ids": _record.c.record_id, "source_lead_uuids": _record.c.source_lead_uuid}
    condition = or_(*(one_of(columns[kind], kind) for kind in kinds))
    statement = select(_record).where(condition).order_by(_record.c.record_id)
    return statement.with_for_update() if lock else statement


def notes(tx: Transaction, record_ids: Collection[str]) -> dict[str, list[Row]]:
    """The notes of each record, in their order; every id asked for is a key."""
    result: dict[str, list[Row]] = {record_id: [] for record_id in record_ids}
    for row in fetch(tx, _NOTES, {"record_ids": result}) if result else ():
        result[row["record_id"]].append(row)
    return result


_FIND_COLUMNS: Mapping[str, ColumnElement[Any]] = {
    "record_id": _record.c.record_id,
    "record_type_code": _record.c.record_type_code,
    "status_name": _record.c.status_name,
    "customer_id": _record.c.customer_id,
    "owner_id": _record.c.owner_id,
    "source_lead_uuid": _record.c.source_lead_uuid,
    "last_change_date_time": _record.c.changed_at,
}


def find(
    tx: Transaction, selections: Mapping[str, Sequence[Interval]], *, limit: int | None, after: str | None
) -> tuple[list[Row], bool]:
    """The records that every block of intervals lets through, by record id, and whether there are more.

    Keys of `selections` are the contract's words in snake_case; KeyError for any other. `after` is the id the
    page before ended with.
    """
    conditions = [selected([_FIND_COLUMNS[key]], block) for key, block in selections.items()]
    if after is not None:
        conditions.append(_record.c.record_id > after)
    statement = select(_record).where(*conditions).order_by(_record.c.record_id)
    if limit is not None:
        statement = statement.limit(limit + 1)
    rows = fetch(tx, statement)
    return (rows, False) if limit is None else (rows[:limit], len(rows) > limit)
