"""The journal: what happened to whom, by whom, when. It is only ever added to, and holds no personal data."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import ColumnElement, ScalarSelect, bindparam, select

from leadbridge.store import tables
from leadbridge.store.database import Transaction
from leadbridge.store.inserts import Row
from leadbridge.store.membership import one_of
from leadbridge.store.statements import fetch, insert_many

_journal = tables.journal
WIPED: Final = "wiped"
"""The event of test data that was deleted; of a real object it is `deleted`."""
_OF = (
    select(_journal)
    .where(_journal.c.object_type == bindparam("object_type"), _journal.c.object_id == bindparam("object_id"))
    .order_by(_journal.c.id)
)


def append(tx: Transaction, rows: Sequence[Row]) -> None:
    """Add entries; the database numbers them."""
    insert_many(tx, (_journal, rows))


def of(tx: Transaction, object_type: str, object_id: str) -> list[Row]:
    """Everything recorded about one lead, business partner or CRM record, oldest first."""
    return fetch(tx, _OF, {"object_type": object_type, "object_id": object_id})


def last_event(object_type: str, object_id: ColumnElement[str]) -> ScalarSelect[str]:
    """What happened last to the object that an entry is about, within a statement over the journal: of one that is gone
    it says whether it was real. One step in an index, whatever the planner thinks of it.
    """
    newest = _journal.alias("newest")
    return (
        select(newest.c.event)
        .where(newest.c.object_type == object_type, newest.c.object_id == object_id)
        .order_by(newest.c.id.desc())
        .limit(1)
        .correlate(_journal)
        .scalar_subquery()
    )


_MOVES = (
    select(_journal)
    .where(
        _journal.c.object_type == bindparam("object_type"),
        one_of(_journal.c.object_id, "object_ids"),
        _journal.c.new_status.is_not(None),
    )
    .order_by(_journal.c.id)
)


def moves(tx: Transaction, object_type: str, object_ids: Collection[str]) -> dict[str, list[Row]]:
    """The changes of status of several objects of one type, oldest first, by the object's ID."""
    result: dict[str, list[Row]] = {object_id: [] for object_id in object_ids}
    for row in fetch(tx, _MOVES, {"object_type": object_type, "object_ids": result}) if result else ():
        result[row["object_id"]].append(row)
    return result
