"""What is left of the callers' quotas, shared by all processes."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, select, update

from leadbridge.store import tables
from leadbridge.store.database import Transaction
from leadbridge.store.inserts import Row
from leadbridge.store.statements import fetch, insert_many

_quota = tables.quota
_OF = (_quota.c.caller_id == bindparam("of_caller"), _quota.c.kind == bindparam("of_kind"))
_FIND = select(_quota).where(*_OF)
_PUT = update(_quota).where(*_OF).values(due_at=bindparam("new_due_at"), used=bindparam("new_used"))


def lease_calls(
    tx: Transaction, caller_id: str, kind: str, *, most: int, each: timedelta, burst: timedelta
) -> tuple[int, timedelta]:
    """Take up to `most` calls out of a caller's allowance: how many there were, and how long until the next one.

    GCRA (ITU-T I.371, annex A): each call moves the theoretical arrival time on by `each`; it may be `burst` ahead, and
    is further ahead only when the clock was set back since.
    """
    before = _locked(tx, caller_id, kind)
    now = tx.clock()
    arrival = min(max(before["due_at"], now), now + burst) if before is not None else now
    count = max(0, min(most, (now + burst - arrival) // each))
    arrival += count * each
    if before is None or arrival != before["due_at"]:
        _put(tx, before, {"caller_id": caller_id, "kind": kind, "due_at": arrival, "used": 0})
    return count, max(timedelta(0), arrival + each - burst - now)


def take_bytes(tx: Transaction, caller_id: str, kind: str, *, count: int, most: int, day_ends: datetime) -> bool:
    """Use bytes of the caller's day that ends then. False, and nothing is used, when so many are not left."""
    before = _locked(tx, caller_id, kind)
    used = count + (before["used"] if before is not None and before["due_at"] == day_ends else 0)
    if used > most:
        return False
    _put(tx, before, {"caller_id": caller_id, "kind": kind, "due_at": day_ends, "used": used})
    return True


def forget_before(tx: Transaction, moment: datetime) -> int:
    """Delete what has been whole again since a moment; how many rows that were."""
    return tx.connection.execute(delete(_quota).where(_quota.c.due_at < moment)).rowcount


def _locked(tx: Transaction, caller_id: str, kind: str) -> Row | None:
    tx.lock([f"quota/{kind}/{caller_id}"])
    found = fetch(tx, _FIND, {"of_caller": caller_id, "of_kind": kind})
    return found[0] if found else None


def _put(tx: Transaction, before: Row | None, row: Row) -> None:
    if before is None:
        insert_many(tx, (_quota, [row]))
    else:
        of = {"of_caller": row["caller_id"], "of_kind": row["kind"]}
        tx.connection.execute(_PUT, {**of, "new_due_at": row["due_at"], "new_used": row["used"]})
