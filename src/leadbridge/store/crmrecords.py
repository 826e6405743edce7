"""The core CRM's own records, leads and opportunities, which are another thing than the leads of partners."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select

from leadbridge.selection import Interval
from leadbridge.store import finding, tables
from leadbridge.store.columntypes import DayOf
from leadbridge.store.database import Transaction
from leadbridge.store.finding import Block, Search
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


def lock_key(customer_id: str) -> str:
    """What a transaction locks (`Transaction.lock`) to decide about a customer: whoever writes its records has it."""
    return f"customer/{customer_id}"


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


def held(tx: Transaction, record_ids: Collection[str]) -> dict[str, Row]:
    """These records and the opportunities they were converted into, by id, as they stay until the transaction ends.

    Locks their customers: nothing else may be locked before.
    """
    seen = resolve(tx, record_ids=record_ids)
    tx.lock([lock_key(customer_id) for customer_id in sorted({row["customer_id"] for row in seen})])
    rows = resolve(tx, record_ids=[row["record_id"] for row in seen])
    opportunities = {row["converted_to_record_id"] for row in rows if row["converted_to_record_id"]}
    return {row["record_id"]: row for row in (*rows, *resolve(tx, record_ids=opportunities))}


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


_FEW_VALUES: Mapping[str, ColumnElement[Any]] = {
    "record_type_code": _record.c.record_type_code,
    "status_name": _record.c.status_name,
    "owner_id": _record.c.owner_id,
}
_MANY_VALUES: Mapping[str, ColumnElement[Any]] = {
    "record_id": _record.c.record_id,
    "customer_id": _record.c.customer_id,
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
    return finding.page(tx, search(tx, selections), limit=limit, after=after)


def search(tx: Transaction, selections: Mapping[str, Sequence[Interval]], more: Sequence[Block] = ()) -> Search:
    """What `find` looks for, and the ways to it; `more` are conditions beside the selections."""
    blocks = [_block(tx, key, block) for key, block in selections.items()]
    return Search(_record, _record.c.record_id, {}, [*blocks, *more])


def _block(tx: Transaction, key: str, block: Sequence[Interval]) -> Block:
    if key in _FEW_VALUES:
        column = _FEW_VALUES[key]
        return Block(selected([column], block), finding.by_value(tx, column, block, ids=_record.c.record_id))
    column = _MANY_VALUES[key]
    if key == "last_change_date_time":
        return Block(selected([column], block), finding.by_day(tx, DayOf(column), block))
    return Block(selected([column], block), finding.by_interval(tx, [column], block, ids=_record.c.record_id))
