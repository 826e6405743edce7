"""Secrets that callers make digests with (UsernameToken Profile 1.1), as they are kept: sealed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, delete, select

from leadbridge.store import tables
from leadbridge.store.database import Transaction
from leadbridge.store.inserts import Row
from leadbridge.store.statements import fetch, insert_many

_caller = tables.caller
_secret = tables.caller_digest_secret
_WITH_CALLER = (
    select(_caller, _secret.c.sealed).join_from(_caller, _secret).where(_caller.c.id == bindparam("caller_id"))
)


def with_caller(tx: Transaction, caller_id: str) -> Row | None:
    """A caller, also a disabled one, with its secret as `sealed`; None without the one or the other."""
    found = fetch(tx, _WITH_CALLER, {"caller_id": caller_id})
    return found[0] if found else None


def set_at(tx: Transaction) -> dict[str, datetime]:
    """When the secret of each caller that has one was set."""
    return {row["caller_id"]: row["set_at"] for row in fetch(tx, select(_secret.c.caller_id, _secret.c.set_at))}


def put(tx: Transaction, caller_id: str, sealed: bytes, now: datetime) -> None:
    """Give a caller this secret, in place of the one it had. Lock the caller before."""
    remove(tx, caller_id)
    insert_many(tx, (_secret, [{"caller_id": caller_id, "sealed": sealed, "set_at": now}]))


def remove(tx: Transaction, caller_id: str) -> bool:
    """Forget a caller's secret. False when it had none."""
    return tx.connection.execute(delete(_secret).where(_secret.c.caller_id == caller_id)).rowcount == 1
