"""The audit journal of refusals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select

from leadbridge.store import tables
from leadbridge.store.database import Transaction
from leadbridge.store.inserts import Row
from leadbridge.store.statements import fetch, insert_many

_refusal = tables.refusal


def add(tx: Transaction, rows: Sequence[Row]) -> None:
    """Store refusals."""
    insert_many(tx, (_refusal, rows))


def listed(tx: Transaction, *, caller_id: str | None, since: datetime | None, limit: int) -> list[Row]:
    """The latest refusals, the latest first."""
    statement = select(_refusal).order_by(_refusal.c.id.desc()).limit(limit)
    if caller_id is not None:
        statement = statement.where(_refusal.c.caller_id == caller_id)
    if since is not None:
        statement = statement.where(_refusal.c.recorded_at >= since)
    return fetch(tx, statement)


def forget(tx: Transaction, *, before: datetime, limit: int) -> int:
    """Delete at most so many refusals that were recorded before a moment; how many they were."""
    oldest = select(_refusal.c.id).where(_refusal.c.recorded_at < before).order_by(_refusal.c.id).limit(limit)
    return tx.connection.execute(delete(_refusal).where(_refusal.c.id.in_(oldest))).rowcount
