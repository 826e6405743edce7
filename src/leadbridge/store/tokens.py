"""Bearer tokens of callers, by their hashes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, select, update

from leadbridge.store import tables
from leadbridge.store.database import Transaction
from leadbridge.store.inserts import Row
from leadbridge.store.statements import fetch, insert_many

_token = tables.caller_token
_BY_HASH = select(_token).where(_token.c.token_hash == bindparam("token_hash"))
_BY_ID = select(_token).where(_token.c.id == bindparam("token_id"))


def add(tx: Transaction, row: Row) -> None:
    """Store a new token."""
    insert_many(tx, (_token, [row]))


def by_hash(tx: Transaction, token_hash: bytes) -> Row | None:
    """The token with this hash, also a removed one, or None."""
    found = fetch(tx, _BY_HASH, {"token_hash": token_hash})
    return found[0] if found else None


def by_id(tx: Transaction, token_id: str) -> Row | None:
    """The token, also a removed one, or None."""
    found = fetch(tx, _BY_ID, {"token_id": token_id})
    return found[0] if found else None


def listed(tx: Transaction, caller_id: str | None) -> list[Row]:
    """The tokens of a caller, or of all, oldest first."""
    statement = select(_token).order_by(_token.c.added_at, _token.c.id)
    return fetch(tx, statement if caller_id is None else statement.where(_token.c.caller_id == caller_id))


def remove(tx: Transaction, token_id: str, now: datetime) -> bool:
    """Take a token back. False when there is none of this id or it was removed already."""
    statement = update(_token).where(_token.c.id == token_id, _token.c.removed_at.is_(None)).values(removed_at=now)
    return tx.connection.execute(statement).rowcount == 1
