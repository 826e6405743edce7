"""How far the journal is complete: a reader who goes on by its numbers passes nothing over, and waits for nobody.

The journal's numbers are its order. One that is drawn early may be committed late, so a reader must not go past it.

Why nothing is lost: PostgreSQL locks a table for a statement before the statement draws a number for it, and until its
transaction ends. A look reads the newest entry that is visible, and after that who holds such a lock. Whatever is still
missing up to that entry was drawn before it was read, by a writer that then either held the lock when the holders were
asked for, or had ended by then. When none of the holders of that look is among those of a later one, all of them have
ended: what they drew is there for every statement that begins from then on, or will never be. So the journal is
complete up to the entry of a look once its writers are gone; looks are remembered, and the next one finds that out.

A writer that goes on for long holds back what came after the last look before it began, and nothing before. SQLite has
one writer at a time, and nothing to wait for: what is there is complete.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock

from sqlalchemy import func, select

from leadbridge.store import tables
from leadbridge.store.database import Transaction

_journal = tables.journal
_NEWEST = select(func.coalesce(func.max(_journal.c.id), 0))


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look has seen: the journal is complete up to `upto`; the newest entry is `newest`."""

    upto: int
    newest: int

    @property
    def is_complete(self) -> bool:
        """Whether nothing up to the newest entry can be missing."""
        return self.upto >= self.newest


@dataclass(slots=True)
class _Look:
    newest: int
    writers: set[str]


class Horizon:
    """How far one database's journal is complete, as one process knows it. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._upto = 0
        # Two are enough: the first is kept until its writers have ended, the other is the latest.
        self._looks: list[_Look] = []

    def look(self, tx: Transaction) -> Seen:
        """Look again: two short statements. What is read in a later statement is complete up to `upto`."""
        # One look at a time: a look may end an earlier one only with what it asked after that was over.
        with self._lock:
            newest = self.newest(tx)
            question = tx.dialect.writers(_journal.name)
            writers = {row["writer"] for row in tx.ask(*question)} if question is not None else set()
            for one in self._looks:
                one.writers &= writers
            looks = [*self._looks, _Look(newest, writers)]
            self._upto = max(self._upto, *(one.newest for one in looks if not one.writers), 0)
            under_way = [one for one in looks if one.writers]
            self._looks = [*under_way[:1], *under_way[1:][-1:]]
            # A transaction that sees one moment, as SQLite's do, may not see yet what others found complete.
            return Seen(min(self._upto, newest), newest)

    @staticmethod
    def newest(tx: Transaction) -> int:
        """The number of the newest entry that is visible; 0 in an empty journal."""
        newest: int = tx.connection.execute(_NEWEST).scalar_one()
        return newest
