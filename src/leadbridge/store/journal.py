"""The journal: what happened to whom, by whom, when. It is only ever added to, and holds no personal data."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, select

from leadbridge.store import tables
from leadbridge.store.database import Transaction
from leadbridge.store.inserts import Row
from leadbridge.store.statements import fetch, insert_many

_journal = tables.journal
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
