"""How far the core CRM's records are on the way that their case type says: read, written, and searched."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Delete, Select, Table, and_, bindparam, delete, func, or_, select

from leadbridge.crm.casetypes import Kept, StepState, Whereabouts
from leadbridge.store import tables
from leadbridge.store.database import Transaction
from leadbridge.store.inserts import Row
from leadbridge.store.membership import one_of
from leadbridge.store.statements import fetch, insert_many

_record, _stage, _step, _move = (
    tables.crm_record,
    tables.crm_record_stage,
    tables.crm_record_step,
    tables.crm_record_move,
)


@cache
def _of_records(table: Table) -> Select[Any]:
    return select(table).where(one_of(table.c.record_id, "record_ids"))


@cache
def _removal(table: Table) -> Delete:
    return delete(table).where(one_of(table.c.record_id, "record_ids"))


def stages(tx: Transaction, record_ids: Collection[str]) -> dict[str, Row]:
    """What is stored of the stage of each record, by its ID; nothing of those that nobody has moved."""
    rows = fetch(tx, _of_records(_stage), {"record_ids": record_ids}) if record_ids else ()
    return {row["record_id"]: row for row in rows}


def steps(tx: Transaction, record_ids: Collection[str]) -> dict[str, dict[tuple[str, str], StepState]]:
    """The states of the steps of each record, by stage and step; every ID asked for is a key."""
    found: dict[str, dict[tuple[str, str], StepState]] = {record_id: {} for record_id in record_ids}
    for row in fetch(tx, _of_records(_step), {"record_ids": record_ids}) if record_ids else ():
        found[row["record_id"]][row["stage_name"], row["step_name"]] = StepState(row["state"])
    return found


def as_kept(stage: Row | None, states: dict[tuple[str, str], StepState]) -> Kept:
    """A row of `stages` and what `steps` has, as the rules take it."""
    if stage is None or stage["stage_name"] is None:
        return Kept(steps=states)
    return Kept(stage["stage_name"], stage["position"], states)


def write(tx: Transaction, *, stages: Sequence[Row], steps: Sequence[Row], moves: Sequence[Row]) -> None:
    """Put these stages and steps in the place of what is stored of their records, and add these moves.

    Every record with a stage has all its steps here.
    """
    if stages:
        for table in (_step, _stage):
            tx.connection.execute(_removal(table), {"record_ids": [row["record_id"] for row in stages]})
    insert_many(tx, (_stage, stages), (_step, steps), (_move, moves))


_MOVES = select(_move).where(_move.c.record_id == bindparam("record_id")).order_by(_move.c.id)


def moves(tx: Transaction, record_id: str) -> list[Row]:
    """The moves of a record, oldest first."""
    return fetch(tx, _MOVES, {"record_id": record_id})


# ------------------------------------------------------------------------------------------------------------- search

_WITH_STAGE = (
    select(_record, _stage.c.stage_name, _stage.c.position, _stage.c.expected_closing_date)
    .outerjoin_from(_record, _stage, _stage.c.record_id == _record.c.record_id)
    .order_by(_record.c.record_id)
)


def find(
    tx: Transaction,
    *,
    record_type: str,
    equals: dict[str, str],
    places: Sequence[Whereabouts] | None,
    limit: int,
    after: str | None,
) -> tuple[list[Row], bool]:
    """Records of a type with what is stored of their stage, by record ID, and whether there are more.

    `equals` are columns of the record and what they hold; `places` the whereabouts, any of them, None for everywhere;
    `after` is the ID that the page before ended with.
    """
    conditions = [_record.c.record_type_code == record_type]
    conditions += [_record.c[name] == value for name, value in equals.items()]
    if places is not None:
        conditions.append(or_(*(_is_at(one) for one in places)))
    if after is not None:
        conditions.append(_record.c.record_id > after)
    rows = fetch(tx, _WITH_STAGE.where(*conditions).limit(limit + 1))
    return rows[:limit], len(rows) > limit


def one(tx: Transaction, record_id: str) -> Row | None:
    """A record with what is stored of its stage."""
    return next(iter(fetch(tx, _WITH_STAGE.where(_record.c.record_id == record_id))), None)


def _is_at(place: Whereabouts) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = [
        _record.c.record_type_code == place.case_type.record_type.value,
        _record.c.selling_mode_code.in_(place.case_type.selling_modes),
        _record.c.status_name.in_([one.value for one in place.statuses]),
    ]
    if not place.anywhere:
        gone = [_stage.c.stage_name.not_in(place.names), _stage.c.position >= place.lowest]
        if place.highest is not None:
            gone.append(_stage.c.position <= place.highest)
        here = [_stage.c.stage_name == place.stage_name, and_(*gone)]
        if place.first:
            here.append(_stage.c.record_id.is_(None))
        conditions.append(or_(*here))
    return and_(*conditions)


_FORECAST_BY = (
    *(_record.c.selling_mode_code, _record.c.owner_id, _stage.c.stage_name, _stage.c.position),
    *(_stage.c.expected_closing_date, _record.c.expected_revenue_amount, _record.c.expected_revenue_currency_code),
)


def open_amounts(tx: Transaction, *, final: Sequence[str], owner_id: str | None = None) -> list[Row]:
    """The amounts of opportunities that have none of the `final` statuses, each with where it is, whose, when it is
    expected, and how many (`number`) are alike. Amounts are added up by the caller: SQLite's own numbers are inexact.
    """
    conditions = [_record.c.record_type_code == "OPPORTUNITY", _record.c.status_name.not_in(final)]
    if owner_id is not None:
        conditions.append(_record.c.owner_id == owner_id)
    statement = (
        select(*_FORECAST_BY, func.count().label("number"))
        .outerjoin_from(_record, _stage, _stage.c.record_id == _record.c.record_id)
        .where(*conditions)
        .group_by(*_FORECAST_BY)
    )
    return fetch(tx, statement)
