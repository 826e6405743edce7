"""Messages that were received and what they were answered: the memory behind idempotent replay."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import delete, select

from leadbridge.store import tables
from leadbridge.store.database import Transaction
from leadbridge.store.inserts import Row
from leadbridge.store.membership import tuple_one_of
from leadbridge.store.statements import insert_many

_received = tables.received
_FIND = select(_received).where(tuple_one_of((_received.c.caller_id, _received.c.message_uuid), "keys"))


def find(tx: Transaction, keys: Collection[tuple[str, str]]) -> Sequence[Row]:
    """What is remembered of the messages (caller_id, message_uuid); a new one is not in the answer.

    The rows are fetched when they are looked at.
    """
    return tx.ask(_FIND, {"keys": keys}) if keys else ()


def remember(tx: Transaction, rows: Sequence[Row]) -> None:
    """Keep the messages with their answers. A key that is already there is an IntegrityError.

    Whoever locks the keys and looks with `find` before is spared that.
    """
    insert_many(tx, (_received, rows))


def forget_before(tx: Transaction, moment: datetime) -> int:
    """Delete what was received before a moment; how many rows that were."""
    return tx.connection.execute(delete(_received).where(_received.c.received_at < moment)).rowcount
