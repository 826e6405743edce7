"""The drivers' connections, made so that an event loop goes on while they wait: see `cooperative`."""

from __future__ import annotations

import asyncio
import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import waiting
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq.abc import PGresult

from leadbridge.store import cooperative
from leadbridge.store.exchange import Exchanges, Request

# How long a writer waits for the others of its database before it gives up.
PATIENCE_SECONDS: Final = 30
# How often a turn is looked for that another process has; and how often by those who give way to others.
_LOOK_SECONDS: Final = 0.000_5
_LOOK_SECONDS_GIVING_WAY: Final = 0.002
# What takes less than this is not worth a thread of its own: to hand a commit over and back takes 0.1 to 0.3 ms, and a
# quick disk no longer than that for a single lead.
_QUICK_SECONDS: Final = 0.001


class PostgresqlConnection(psycopg.Connection[Any]):
    """A connection whose every wait for the server is the event loop's, where there is one."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._exchanges = Exchanges(self.pgconn)
        self._transformer = Transformer(self)
        self._watched: tuple[asyncio.AbstractEventLoop, int] | None = None
        self._coming: asyncio.Future[waiting.Ready] | None = None

    def exchange(self, requests: Sequence[Request], *, commit: bool = False) -> list[PGresult]:
        """Run statements in one round trip, and commit in the same. Raises the error of the first one that fails."""
        with self.lock:
            try:
                results: list[PGresult] = self.wait(self._exchanges.run(requests, commit=commit))
                return results
            except BaseException:
                if self.pgconn.pipeline_status:
                    self.close()  # nobody knows what is still on its way
                raise

    def as_text(self, values: Sequence[Any]) -> Sequence[Any]:
        """Values as an exchange takes them."""
        return self._transformer.dump_sequence(values, [PyFormat.TEXT] * len(values))

    def rows(self, result: PGresult) -> list[tuple[Any, ...]]:
        """The rows of a result."""
        self._transformer.set_pgresult(result)
        return self._transformer.load_rows(0, result.ntuples, tuple)

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Run an exchange with the server to its end."""
        if not cooperative.is_guest():
            return super().wait(gen, interval, timeout)
        try:
            state = next(gen)
            while state == waiting.Wait.R:
                state = gen.send(cooperative.wait_for(self._answer_coming()))
        except StopIteration as end:
            return end.value
        except BaseException:
            self._watch_no_longer()  # the driver has closed the socket, perhaps: its number is another's soon
            raise
        self._watch_no_longer()
        return cooperative.wait_for(waiting.wait_async(_rest(gen, state), self.pgconn.socket, interval, timeout))

    def _answer_coming(self) -> asyncio.Future[waiting.Ready]:
        """Done when the server has sent something.

        The socket stays with the loop: to give it away and take it back each time costs ten system calls a wait.
        """
        loop = asyncio.get_running_loop()
        if self._watched is None or self._watched[0] is not loop:
            loop.add_reader(self.pgconn.socket, self._note_coming)
            self._watched = loop, self.pgconn.socket
        self._coming = loop.create_future()
        return self._coming

    def _note_coming(self) -> None:
        if self._coming is not None and not self._coming.done():
            self._coming.set_result(waiting.Ready.R)
        elif not self.lock.locked():
            self._watch_no_longer()  # nobody is going to read what came, such as the end of the server

    def _watch_no_longer(self) -> None:
        if self._watched is not None:
            loop, socket = self._watched
            self._watched = None
            if not loop.is_closed():
                loop.remove_reader(socket)

    def close(self) -> None:
        """Close the connection."""
        self._watch_no_longer()
        super().close()


def _rest(gen: Any, state: waiting.Wait) -> Any:
    """What is left of an exchange that waits for `state`."""
    while True:
        ready = yield state
        try:
            state = gen.send(ready)
        except StopIteration as end:
            return end.value


class SqliteConnection(sqlite3.Connection):
    """A connection that waits for the lock and for the disk aside; what is between is quick, and done in place."""

    _patience: float | None = None  # what busy_timeout was last set to
    _commit_seconds = _QUICK_SECONDS  # how long the last commit took

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
        if patience != self._patience:
            self.execute(f"PRAGMA busy_timeout = {patience * 1_000:.0f}")
            self._patience = patience
        self.execute(how)

    def commit(self) -> None:
        """Commit; the loop goes on while the disk takes its time, unless it took hardly any the last time."""
        if self._commit_seconds < _QUICK_SECONDS:
            self._commit()
        else:
            cooperative.aside(self._commit)

    def _commit(self) -> None:
        began = time.monotonic()
        super().commit()
        self._commit_seconds = time.monotonic() - began


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

    def close(self) -> None:
        """Close the file, unless somebody has the turn; whoever takes it next opens it again."""
        if self._among_threads.acquire(blocking=False):
            if self._file is not None:
                os.close(self._file)
                self._file = None
            self._among_threads.release()

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
