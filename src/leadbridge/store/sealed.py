"""Every sealed secret in the database, whatever it is for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Column, Table, select, update

from leadbridge.store import tables
from leadbridge.store.database import Database

_AT_ONCE = 100


@dataclass(frozen=True)
class _Sealed:
    table: Table
    key: Column[str]
    column: Column[bytes]


_ALL = (
    _Sealed(tables.caller_digest_secret, tables.caller_digest_secret.c.caller_id, tables.caller_digest_secret.c.sealed),
)


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
