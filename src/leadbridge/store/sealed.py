"""Every sealed secret in the database, whatever it is for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Table, select, update

from leadbridge.store import tables
from leadbridge.store.database import Database

_AT_ONCE = 100


@dataclass(frozen=True)
class _Sealed:
    table: Table
    key: Column[str]
    column: Column[bytes]
    set_at: Column[datetime]


_DIGEST = tables.caller_digest_secret
_WEBHOOK = tables.webhook_secret
_ALL = (
    _Sealed(_DIGEST, _DIGEST.c.caller_id, _DIGEST.c.sealed, _DIGEST.c.set_at),
    _Sealed(_WEBHOOK, _WEBHOOK.c.id, _WEBHOOK.c.sealed, _WEBHOOK.c.set_at),
)


def latest(database: Database) -> bytes | None:
    """The sealed secret that was set last; None where there is none."""
    with database.read() as tx:
        found = [
            tx.connection.execute(select(sealed.set_at, sealed.column).order_by(sealed.set_at.desc()).limit(1)).first()
            for sealed in _ALL
        ]
    row = max((row for row in found if row is not None), key=lambda row: row[0], default=None)
    return bytes(row[1]) if row is not None else None


def reseal(database: Database, change: Callable[[bytes], bytes | None]) -> tuple[int, int]:
    """Put what `change` gives in place of each sealed secret; None leaves it. How many were changed, and how many not.

    In short transactions, each of which leaves every secret whole; a secret that is set meanwhile is not lost.
    """
    changed = unchanged = 0
    for sealed in _ALL:
        last = ""
        while True:
            following = select(sealed.key, sealed.column).where(sealed.key > last).order_by(sealed.key).limit(_AT_ONCE)
            with database.write() as tx:
                rows = tx.connection.execute(following).all()
                for key, before in rows:
                    after = change(bytes(before))
                    if after is None:
                        unchanged += 1
                        continue
                    statement = update(sealed.table).where(sealed.key == key, sealed.column == before)
                    changed += tx.connection.execute(statement.values({sealed.column: after})).rowcount
            if not rows:
                break
            last = rows[-1][0]
    return changed, unchanged
