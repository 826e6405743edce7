"""The drivers' connections, made so that an event loop goes on while they wait: see `cooperative`."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import waiting

from leadbridge.store import cooperative

# How long a writer waits for the others of its database before it gives up.
PATIENCE_SECONDS: Final = 30
# How often a turn is looked for that another process has; and how often by those who give way to others.
_LOOK_SECONDS: Final = 0.001
_LOOK_SECONDS_GIVING_WAY: Final = 0.004


class PostgresqlConnection(psycopg.Connection[Any]):
    """A connection whose every wait for the server is the event loop's, where there is one."""

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Run an exchange with the server to its end."""
        if not cooperative.is_guest():
            return super().wait(gen, interval, timeout)
        return cooperative.wait_for(waiting.wait_async(gen, self.pgconn.socket, interval, timeout))


class SqliteConnection(sqlite3.Connection):
    """A connection that waits for the lock and for the disk aside; what is between is quick, and done in place."""

    def begin(self, how: str) -> None:
        """Begin a transaction. Raises OperationalError when others keep the database locked for too long."""
        if not cooperative.is_guest():
            self._begin(how, PATIENCE_SECONDS)
            return
        try:
            self._begin(how, 0)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            cooperative.aside(lambda: self._begin(how, PATIENCE_SECONDS))

    def _begin(self, how: str, patience: float) -> None:
        self.execute(f"PRAGMA busy_timeout = {patience * 1_000:.0f}")
        self.execute(how)

    def commit(self) -> None:
        """Commit; the disk may take its time."""
        cooperative.aside(super().commit)


class Turn:
    """Whose turn it is to write to a SQLite file: one thread of one process, by a lock on a file beside it.

    SQLite lets a second writer poll for its lock with pauses that grow to a tenth of a second, in which others
    overtake it. Here writers of all processes follow each other within a millisecond. A process that dies gives its
    turn back. `path` is the file. Who gives way looks so seldom that anybody else comes first.
    """

    def __init__(self, path: Path, *, gives_way: bool = False) -> None:
        self._path = path
        self._look_seconds = _LOOK_SECONDS_GIVING_WAY if gives_way else _LOOK_SECONDS
        self._among_threads = threading.Lock()
        self._file: int | None = None

    @contextmanager
    def mine(self) -> Iterator[None]:
        """Wait for the turn and keep it. Out of patience, SQLite is left to say that it is locked."""
        has_it = self._try() or cooperative.aside(lambda: self._wait(PATIENCE_SECONDS))
        try:
            yield
        finally:
            if has_it:
                self._give_back()

    def _try(self) -> bool:
        if not self._among_threads.acquire(blocking=False):
            return False
        if self._lock_file():
            return True
        self._among_threads.release()
        return False

    def _wait(self, patience: float) -> bool:
        deadline = time.monotonic() + patience
        if not self._among_threads.acquire(timeout=patience):
            return False
        while not self._lock_file():
            if time.monotonic() > deadline:
                self._among_threads.release()
                return False
            time.sleep(self._look_seconds)
        return True

    def _lock_file(self) -> bool:
        if self._file is None:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _give_back(self) -> None:
        assert self._file is not None
        fcntl.flock(self._file, fcntl.LOCK_UN)
        self._among_threads.release()
