"""Messages that were received and what they were answered: the memory behind idempotent replay."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import delete, select

from leadbridge.store import tables
from leadbridge.store.database import Transaction
from leadbridge.store.dialects import tuple_one_of
from leadbridge.store.inserts import Row
from leadbridge.store.statements import fetch, insert_many

_received = tables.received
_FIND = select(_received).where(tuple_one_of((_received.c.caller_id, _received.c.message_uuid), "keys"))


def find(tx: Transaction, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], Row]:
    """What is remembered of the messages (caller_id, message_uuid); a new one is not in the answer."""
    if not keys:
        return {}
    return {(row["caller_id"], row["message_uuid"]): row for row in fetch(tx, _FIND, {"keys": keys})}


def remember(tx: Transaction, rows: Sequence[Row]) -> None:
    """Keep the messages with their answers. A key that is already there is an IntegrityError.

    Whoever locks the keys and looks with `find` before is spared that.
    """
    insert_many(tx, (_received, rows))


def forget_before(tx: Transaction, moment: datetime) -> int:
    """Delete what was received before a moment; how many rows that were."""
    return tx.connection.execute(delete(_received).where(_received.c.received_at < moment)).rowcount
