"""How far the core CRM's records are on the way that their case type says: read, written, and searched."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Delete, Select, Table, and_, bindparam, delete, func, or_, select

from leadbridge.crm.casetypes import Kept, StepState, Whereabouts
from leadbridge.selection import Boundary, Interval
from leadbridge.store import crmrecords, finding, tables
from leadbridge.store.database import Transaction
from leadbridge.store.finding import Block, Search, Streams
from leadbridge.store.inserts import Row
from leadbridge.store.membership import one_of
from leadbridge.store.statements import fetch, insert_many, selected

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

_WITH_STAGE = select(_record, _stage.c.stage_name, _stage.c.position, _stage.c.expected_closing_date).outerjoin_from(
    _record, _stage, _stage.c.record_id == _record.c.record_id
)
_STAGE_COLUMNS = ("stage_name", "position", "expected_closing_date")


def find(
    tx: Transaction,
    *,
    equals: Mapping[str, str],
    places: Sequence[Whereabouts] | None,
    limit: int,
    after: str | None,
) -> tuple[list[Row], bool]:
    """Records with what is stored of their stage, by record ID, and whether there are more.

    `equals` are columns of the record and what they hold; `places` the whereabouts, any of them, None for everywhere;
    `after` is the ID that the page before ended with.
    """
    rows, has_more = finding.page(tx, search(tx, equals=equals, places=places), limit=limit, after=after)
    stored = stages(tx, [row["record_id"] for row in rows])
    nothing: Row = dict.fromkeys(_STAGE_COLUMNS)
    return [
        row | {name: stored.get(row["record_id"], nothing)[name] for name in _STAGE_COLUMNS} for row in rows
    ], has_more


def search(tx: Transaction, *, equals: Mapping[str, str], places: Sequence[Whereabouts] | None) -> Search:
    """What `find` looks for, and the ways to it."""
    # From a value to the same: an asterisk in it means itself.
    selections = {name: [Interval(False, Boundary.BETWEEN, value, value)] for name, value in equals.items()}
    modes = selections.pop("selling_mode_code", [])
    more = [Block(selected([_record.c.selling_mode_code], modes))] if modes else []
    if places is not None:
        statuses = sorted({status.value for one in places for status in one.statuses})
        # Whoever is in some stage has one of a few statuses.
        ways = [Streams([(_record.c.status_name, statuses)], exact=False)]
        more.append(Block(or_(*(_is_at(one) for one in places)), ways))
    return crmrecords.search(tx, selections, more)


def one(tx: Transaction, record_id: str) -> Row | None:
    """A record with what is stored of its stage."""
    return next(iter(fetch(tx, _WITH_STAGE.where(_record.c.record_id == record_id))), None)


def _is_at(place: Whereabouts) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = [
        _record.c.record_type_code == place.case_type.record_type.value,
        _record.c.selling_mode_code.in_(place.case_type.selling_modes),
        _record.c.status_name.in_([one.value for one in place.statuses]),
    ]
    if place.converted is not None:
        link = _record.c.converted_to_record_id
        conditions.append(link.is_not(None) if place.converted else link.is_(None))
    if not place.anywhere:
        gone = [_stage.c.stage_name.not_in(place.names), _stage.c.position >= place.lowest]
        if place.highest is not None:
            gone.append(_stage.c.position <= place.highest)
        own = select(_stage.c.record_id).where(_stage.c.record_id == _record.c.record_id).correlate(_record)
        here: list[ColumnElement[bool]] = [
            own.where(or_(_stage.c.stage_name == place.stage_name, and_(*gone))).exists()
        ]
        if place.first:
            here.append(~own.exists())
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
