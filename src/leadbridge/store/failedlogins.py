"""Failed logins, by hashes of the name and the address they came from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, or_, select, update

from leadbridge.store import tables
from leadbridge.store.database import Transaction
from leadbridge.store.inserts import Row
from leadbridge.store.statements import fetch, insert_many

_failure = tables.failed_login


def find(tx: Transaction, keys: Sequence[bytes]) -> dict[bytes, Row]:
    """What is known of these keys."""
    rows = fetch(tx, select(_failure).where(_failure.c.key.in_(keys)))
    return {bytes(row["key"]): row for row in rows}


def lock(tx: Transaction, keys: Sequence[bytes]) -> None:
    """Let no other transaction change these keys until this one ends."""
    tx.lock([f"login/{key.hex()}" for key in keys])


def put(tx: Transaction, row: Row, *, new: bool) -> None:
    """Store a key that is new, or what is new of one that is known; whoever calls has it locked."""
    if new:
        insert_many(tx, (_failure, [row]))
    else:
        tx.connection.execute(update(_failure).where(_failure.c.key == row["key"]).values(row))


def delayed(tx: Transaction, now: datetime) -> dict[bytes, datetime]:
    """Until when names have to wait somewhere, by the hashes of the names."""
    until = func.max(_failure.c.locked_until)
    statement = select(_failure.c.name_key, until).where(
        _failure.c.locked_until > now, _failure.c.name_key.is_not(None)
    )
    return {bytes(key): moment for key, moment in tx.connection.execute(statement.group_by(_failure.c.name_key))}


def reset(tx: Transaction, name_key: bytes) -> bool:
    """Let the counts of a name begin anew, everywhere; False when there was nothing to do. Lock the name before."""
    statement = update(_failure).where(_failure.c.name_key == name_key, _failure.c.failures > 0)
    return tx.connection.execute(statement.values(failures=0, locked_until=None)).rowcount > 0


def forget(tx: Transaction, *, failed_before: datetime, succeeded_before: datetime, most: int) -> int:
    """Delete keys whose last failure and last success are so long ago, and beyond the `most` latest those that never
    succeeded; how many they were.
    """
    never = or_(_failure.c.succeeded_at.is_(None), _failure.c.succeeded_at < succeeded_before)
    over = delete(_failure).where(_failure.c.last_at < failed_before, never)
    latest = select(_failure.c.last_at).where(never).order_by(_failure.c.last_at.desc()).offset(most).limit(1)
    beyond = delete(_failure).where(never, _failure.c.last_at <= latest.scalar_subquery())
    return sum(tx.connection.execute(statement).rowcount for statement in (over, beyond))
