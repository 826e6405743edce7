"""What may be used once, such as the nonce of a digest: remembered by hashes, for all processes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, delete, select, text

from leadbridge.store import tables
from leadbridge.store.columntypes import UtcDateTime
from leadbridge.store.database import Transaction

_used_once = tables.used_once

# Who comes second waits for the first one's end, on both databases, and then inserts nothing.
_USE = text(
    "INSERT INTO used_once (key, expires_at) VALUES (:key, :expires_at) ON CONFLICT (key) DO NOTHING"
).bindparams(bindparam("expires_at", type_=UtcDateTime()))


def use(tx: Transaction, key: bytes, expires_at: datetime) -> bool:
    """Use what `key` stands for. False when it was used before and is still remembered.

    It is remembered until `expires_at`, and then until it is forgotten.
    """
    return tx.connection.execute(_USE, {"key": key, "expires_at": expires_at}).rowcount == 1


def forget(tx: Transaction, *, before: datetime, limit: int) -> int:
    """Delete up to `limit` keys that ran out before a moment; how many rows that were."""
    over = select(_used_once.c.key).where(_used_once.c.expires_at < before).limit(limit)
    return tx.connection.execute(delete(_used_once).where(_used_once.c.key.in_(over))).rowcount
