"""Callers, the authenticated principals: an external partner's system, a call centre, the core CRM."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, func, select, update

from leadbridge.store import tables
from leadbridge.store.database import Transaction
from leadbridge.store.inserts import Row
from leadbridge.store.statements import fetch, insert_many

_caller = tables.caller
_BY_ID = select(_caller).where(_caller.c.id == bindparam("caller_id"))


def add(tx: Transaction, row: Row) -> None:
    """Store a new caller. An id that is taken is an IntegrityError."""
    insert_many(tx, (_caller, [row]))


def by_id(tx: Transaction, id: str) -> Row | None:  # noqa: A002 - named like the column
    """The caller, also a disabled one, or None."""
    found = fetch(tx, _BY_ID, {"caller_id": id})
    return found[0] if found else None


def all(tx: Transaction) -> list[Row]:  # noqa: A001 - read as callers.all
    """Every caller, disabled ones too, by id."""
    return fetch(tx, select(_caller).order_by(_caller.c.id))


def disable(tx: Transaction, id: str, now: datetime) -> bool:  # noqa: A002 - named like the column
    """Keep a caller out from now on. False when there is none of this id or it is disabled already."""
    statement = (
        update(_caller)
        .where(_caller.c.id == id, _caller.c.disabled_at.is_(None))
        .values(disabled_at=now, changed_at=now)
    )
    return tx.connection.execute(statement).rowcount == 1


def set_password(tx: Transaction, id: str, password_hash: str, now: datetime) -> bool:  # noqa: A002 - as above
    """Give a caller another password, by its hash. False when there is no caller of this id."""
    statement = update(_caller).where(_caller.c.id == id).values(password_hash=password_hash, changed_at=now)
    return tx.connection.execute(statement).rowcount == 1


def count(tx: Transaction) -> int:
    """How many callers there are, disabled ones too."""
    return tx.connection.execute(select(func.count()).select_from(_caller)).scalar_one()
