"""What SQLite and PostgreSQL do differently: open an engine, lock, count, write many rows, read an error.

What they only write differently is in `columntypes` (values), `membership` (one of many) and `nested` (searches).
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any, Final, TypeAlias

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import (
    BigInteger,
    Date,
    Engine,
    Table,
    Text,
    create_engine,
    event,
    text,
)
from sqlalchemy.engine import URL, Connection, ExceptionContext
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeEngine

from leadbridge.store import cooperative
from leadbridge.store.arrays import inserts, plain_array
from leadbridge.store.columntypes import ExactDecimal, UtcDateTime
from leadbridge.store.compiled import Question, compiled
from leadbridge.store.connections import PATIENCE_SECONDS, PostgresqlConnection, SqliteConnection, Turn
from leadbridge.store.exchange import Request
from leadbridge.store.inserts import Converter, Insert, Prepared, Row

# A connection that lay unused for longer is asked whether it still lives before it is used again. Asking each
# time would cost every transaction a round trip; a server that restarts is noticed by the first statement.
_IDLE_SECONDS: Final = 5.0


@lru_cache(maxsize=64)  # the rows of a transaction mostly have the same moment
def _moment_as_text(value: datetime) -> str:
    return _zoned(value).astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _zoned(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a moment needs a zone")
    return value


def _finite(value: Decimal) -> Decimal:
    if not value.is_finite():
        raise ValueError("a decimal must be finite")
    return value


# ----------------------------------------------------------------------------------------------------- SQLite


class SQLite:
    """The embedded database: one file, one writer at a time, readers that never wait."""

    name: Final = "sqlite"
    begin_write: Final = "BEGIN IMMEDIATE"  # takes the write lock at once: no upgrade that could fail later
    begin_read: Final = "BEGIN"

    def __init__(self, *, background: bool = False) -> None:
        self._background = background
        self._turn: Turn | None = None

    def engine(self, url: URL, *, pool_size: int) -> Engine:
        """Open the file, making its folder. Memory is refused: each connection would see another database."""
        if not url.database or ":memory:" in url.database or url.database.startswith("file:"):
            raise ValueError("SQLite needs the path of a file")
        path = Path(url.database).absolute()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._turn = turn = Turn(path.with_name(path.name + "-turn"), gives_way=self._background)
        engine = create_engine(
            url,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=PATIENCE_SECONDS,
            hide_parameters=True,
            connect_args={"check_same_thread": False, "factory": SqliteConnection},
        )
        event.listen(engine, "do_connect", lambda *_: _make_private(path))
        event.listen(engine, "connect", partial(_prepare_sqlite, synchronous="NORMAL" if self._background else "FULL"))
        event.listen(engine, "begin", _begin_sqlite)
        event.listen(engine, "engine_disposed", lambda _: turn.close())
        return engine

    def writing(self) -> AbstractContextManager[None]:
        """Wait for the turn to write, among all processes of ours."""
        assert self._turn is not None  # the engine exists
        return self._turn.mine()

    def lock(self, keys: Iterable[str], *, shared: bool = False) -> Question | None:
        """Nothing to do: a write transaction is alone."""

    def clock(self) -> Question | None:
        """Nothing to ask: all processes are on the one machine of the file, and have its clock."""

    def writers(self, table: str) -> Question | None:
        """Nothing to ask: with one writer at a time nothing is missing before what is there."""

    def fetch_all(self, connection: Connection, questions: Sequence[Question]) -> list[list[Row]]:
        """The rows of each question, in order."""
        answers = []
        with _driver_errors(connection):
            driver = _sqlite_driver(connection)
            for statement, parameters in questions:
                one = compiled(statement, connection.dialect)
                answers.append(one.rows(driver.execute(one.text, one.bound(parameters))))
        return answers

    def numbers_ahead(self, name: str, most: int) -> Question | None:
        """Nothing: a number that is not used would be a gap, and asking costs no round trip."""

    def next_numbers(self, connection: Connection, name: str, count: int) -> list[int]:
        """Count on in the table `number`; a rollback gives the numbers back."""
        with _driver_errors(connection):
            statement = "UPDATE number SET value = value + ? WHERE name = ? RETURNING value"
            ((last,),) = _sqlite_driver(connection).execute(statement, (count, name))
        return list(range(last - count + 1, last + 1))

    def prepared(self, table: Table, rows: Sequence[Row]) -> Prepared:
        """Rows as `insert_many` takes them. Raises ValueError for a column that does not exist."""
        insert = _sqlite_insert(table)
        return insert, insert.lists(rows)

    def insert_many(self, connection: Connection, batch: Sequence[Prepared]) -> None:
        """Write the rows, in the order given."""
        with _driver_errors(connection):
            driver = _sqlite_driver(connection)
            for insert, columns in batch:
                driver.executemany(_sqlite_text(insert), zip(*columns, strict=True))

    insert_last = insert_many  # the commit has no way to go, and comes by itself

    def is_open(self, connection: Connection) -> bool:
        """Whether a transaction is open, so that certainly nothing of it was committed."""
        return _sqlite_driver(connection).in_transaction


@cache
def _sqlite_insert(table: Table) -> Insert:
    converters: dict[type[TypeEngine[Any]], Converter] = {
        UtcDateTime: _moment_as_text,
        ExactDecimal: lambda value: format(_finite(value), "f"),
        Date: date.isoformat,
    }
    return Insert(table, converters)


@cache
def _sqlite_text(insert: Insert) -> str:
    names = ", ".join(f'"{name}"' for name in insert.names)
    return f'INSERT INTO "{insert.table}" ({names}) VALUES ({", ".join("?" * len(insert.names))})'  # noqa: S608 - names of our own tables


def _make_private(path: Path) -> None:
    """Make the file before SQLite does, which would let every user read it; those beside it get its mode.

    One that is there is not opened: a process that closes a file loses all the locks that SQLite holds on it there
    (POSIX advisory locks), and another process takes the database for closed and removes its log.
    """
    with suppress(OSError):  # it is there already; whatever else is wrong, SQLite says
        os.close(os.open(path, os.O_RDONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def _prepare_sqlite(connection: sqlite3.Connection, _record: object, *, synchronous: str) -> None:
    # The driver's own idea of when to begin is switched off: `_begin_sqlite` says it.
    connection.isolation_level = None
    for setting in (
        "journal_mode = WAL",  # readers do not wait for the writer, nor the writer for them
        f"synchronous = {synchronous}",  # FULL: a commit that was acknowledged survives a power cut
        "foreign_keys = ON",
        "case_sensitive_like = ON",
        "cache_size = -16384",  # 16 MB instead of 2: indexes of a million leads
        # 40 MB instead of 4: a page of an index that many leads change is written into the file once for all of them.
        "wal_autocheckpoint = 10000",
    ):
        connection.execute(f"PRAGMA {setting}")


def _sqlite_driver(connection: Connection) -> SqliteConnection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, SqliteConnection)
    return driver


def _begin_sqlite(connection: Connection) -> None:
    with _driver_errors(connection):
        _sqlite_driver(connection).begin(connection.get_execution_options().get("begin", SQLite.begin_read))


# ------------------------------------------------------------------------------------------------- PostgreSQL


class PostgreSQL:
    """The database for production: many writers, also from several machines."""

    name: Final = "postgresql"
    begin_write: Final = None  # the driver begins by itself with the first statement
    begin_read: Final = None

    def __init__(self, *, background: bool = False) -> None:
        self._background = background

    def engine(self, url: URL, *, pool_size: int) -> Engine:
        """Make the pool; nothing connects yet."""
        # Short statements: compiling one costs more than running it. And a plan made while a table is still empty, and
        # kept, must not walk through it when it holds a million rows: in the first minutes nobody has counted yet.
        options = "-c timezone=UTC -c jit=off -c enable_seqscan=off"
        if self._background:
            options += " -c synchronous_commit=off"
        arguments: dict[str, Any] = {
            "options": options,
            "connect_timeout": 10,
            "application_name": "leadbridge",
            # What is asked often is prepared by its exchange. The driver's own preparing would throw all of that away
            # whenever something is rolled back, and a search is better planned for its values each time.
            "prepare_threshold": None,
        }
        engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            isolation_level="READ COMMITTED",
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=PATIENCE_SECONDS,
            hide_parameters=True,
            connect_args={name: value for name, value in arguments.items() if name not in url.query},
        )
        event.listen(engine, "do_connect", _connect_aside)
        event.listen(engine, "handle_error", _hide_values)
        event.listen(engine, "checkin", _note_checkin)
        event.listen(engine, "checkout", _ask_if_idle)
        return engine

    def writing(self) -> AbstractContextManager[None]:
        """Writers do not queue: rows and keys are locked, not the database."""
        return nullcontext()

    def lock(self, keys: Iterable[str], *, shared: bool = False) -> Question | None:
        """Lock each key until the transaction ends, always in the same order: no two can wait in a ring."""
        numbers = sorted({_lock_number(key) for key in keys})
        return (_LOCK_SHARED if shared else _LOCK, {"keys": plain_array(numbers)}) if numbers else None

    def clock(self) -> Question | None:
        """The server's time of day now, not when the transaction began: it may have waited for a lock."""
        return _CLOCK, {}

    def writers(self, table: str) -> Question | None:
        """The transactions that have written to a table, or begin to, and have not ended: each holds a lock on it, from
        before it draws the number of its first row."""
        return _WRITING, {"table": table}

    def fetch_all(self, connection: Connection, questions: Sequence[Question]) -> list[list[Row]]:
        """The rows of each question, in order: all questions go in one round trip."""
        statements = [compiled(statement, connection.dialect) for statement, _ in questions]
        with _driver_errors(connection):
            driver = connection.connection.driver_connection
            assert isinstance(driver, PostgresqlConnection)
            requests = [
                (one.text.encode(), driver.as_text(one.bound(parameters)))
                for (_, parameters), one in zip(questions, statements, strict=True)
            ]
            results = driver.exchange([_PLAN_ONCE, *requests, _PLAN_AS_USUAL])[1:-1]
            return [one.rows(driver.rows(result)) for one, result in zip(statements, results, strict=True)]

    def numbers_ahead(self, name: str, most: int) -> Question | None:
        """What draws from a sequence: nobody waits for another's commit, and a rollback leaves a gap."""
        return _NUMBERS, {"name": f"{name}_number", "count": most}

    def next_numbers(self, connection: Connection, name: str, count: int) -> list[int]:
        """Draw from the sequence now."""
        (rows,) = self.fetch_all(connection, [(_NUMBERS, {"name": f"{name}_number", "count": count})])
        return [row["number"] for row in rows]

    def prepared(self, table: Table, rows: Sequence[Row]) -> Prepared:
        """Rows as `insert_many` takes them. Raises ValueError for a column that does not exist."""
        insert = _postgresql_insert(table)
        return insert, insert.lists(rows)

    def insert_many(self, connection: Connection, batch: Sequence[Prepared]) -> None:
        """Write the rows in the order given, in one round trip."""
        self._insert(connection, batch, commit=False)

    def insert_last(self, connection: Connection, batch: Sequence[Prepared]) -> None:
        """Write the last rows of a transaction and commit it, in one round trip; the driver's commit then has nothing
        left to do.
        """
        self._insert(connection, batch, commit=True)

    def _insert(self, connection: Connection, batch: Sequence[Prepared], *, commit: bool) -> None:
        with _driver_errors(connection):
            driver = connection.connection.driver_connection
            assert isinstance(driver, PostgresqlConnection)
            driver.exchange(inserts(batch), commit=commit)

    def is_open(self, connection: Connection) -> bool:
        """Whether a transaction is open, so that certainly nothing of it was committed."""
        if connection.invalidated:
            return False
        driver = connection.connection.driver_connection
        assert isinstance(driver, PostgresqlConnection)
        return driver.info.transaction_status in (TransactionStatus.INTRANS, TransactionStatus.INERROR)


# What is asked by keys has one good plan. Left alone, the server would make another for each lone call, because one key
# is cheaper to look for than the ten it expects, and spend more time on that than on looking.
_PLAN_ONCE: Final[Request] = b"SET LOCAL plan_cache_mode = force_generic_plan", ()
_PLAN_AS_USUAL: Final[Request] = b"SET LOCAL plan_cache_mode = auto", ()  # searches need one for their values
_NUMBERS = text(
    "SELECT nextval(CAST(:name AS regclass)) AS number FROM generate_series(1, CAST(:count AS integer))"
).columns(number=BigInteger())
_LOCK, _LOCK_SHARED = (
    text(f"SELECT pg_advisory_xact_lock{kind}(key) FROM unnest(CAST(:keys AS bigint[])) AS key").columns(nothing=Text())  # noqa: S608 - constants
    for kind in ("", "_shared")
)
_CLOCK = text("SELECT clock_timestamp() AS now").columns(now=UtcDateTime())
_WRITING = text(
    "SELECT virtualtransaction AS writer FROM pg_locks WHERE locktype = 'relation' AND mode = 'RowExclusiveLock' "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
    "AND relation = CAST(:table AS regclass)"
).columns(writer=Text())


def _lock_number(key: str) -> int:
    """The key as the 64-bit number PostgreSQL locks. Two keys with one number wait for each other."""
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "big", signed=True)


@cache
def _postgresql_insert(table: Table) -> Insert:
    return Insert(table, {})


def _connect_aside(_dialect: object, _record: object, arguments: Any, options: Any) -> PostgresqlConnection:
    """Connect without holding up an event loop: a server that is down may take seconds to say so."""
    return cooperative.aside(partial(PostgresqlConnection.connect, *arguments, **options))


def _note_checkin(_connection: object, record: ConnectionPoolEntry) -> None:
    record.info["idle_since"] = time.monotonic()


def _ask_if_idle(connection: psycopg.Connection[Any], record: ConnectionPoolEntry, _proxy: object) -> None:
    """Notice a connection that died while it lay in the pool; the pool then takes or opens another."""
    if time.monotonic() - record.info.get("idle_since", time.monotonic()) <= _IDLE_SECONDS:
        return
    try:
        connection.execute("SELECT 1")
        connection.rollback()
    except psycopg.Error as error:
        raise DisconnectionError("the connection died in the pool") from error


@contextmanager
def _driver_errors(connection: Connection) -> Iterator[None]:
    """Let an error of the bare driver look like one that came through SQLAlchemy."""
    try:
        yield
    except (psycopg.Error, sqlite3.Error) as error:
        gone = False
        if isinstance(error, psycopg.Error):
            _strip(error)
            driver = connection.connection.driver_connection
            gone = isinstance(driver, psycopg.Connection) and driver.closed
        if gone:
            connection.invalidate(error)
        base = psycopg.Error if isinstance(error, psycopg.Error) else sqlite3.Error
        raise DBAPIError.instance(
            "many rows", None, error, base, hide_parameters=True, connection_invalidated=gone
        ) from error


def _hide_values(context: ExceptionContext) -> None:
    error, shown = context.original_exception, context.sqlalchemy_exception
    if isinstance(error, psycopg.Error) and shown is not None:
        _strip(error)
        shown.args = (f"({type(error).__name__}) {error}",)


def _strip(error: psycopg.Error) -> None:
    """Keep the first line of a server's message. Its DETAIL and CONTEXT quote rows: personal data."""
    if error.diag.message_primary:
        error.args = (error.diag.message_primary,)


# ----------------------------------------------------------------------------------------------------- errors

Dialect: TypeAlias = SQLite | PostgreSQL

# Serialization failure, deadlock, lock not available, and a lock table that is full for the moment.
_TRANSIENT_STATES = frozenset({"40001", "40P01", "55P03", "53200"})
# Connection exceptions, insufficient resources, shutdown and start-up of the server.
_UNREACHABLE_STATES = ("08", "53", "57P01", "57P02", "57P03")
_SQLITE_UNREACHABLE = frozenset(
    {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_NOTADB}
)
_SQLITE_TRANSIENT = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})


def for_url(url: URL, *, background: bool = False) -> Dialect:
    """The dialect an address asks for. Raises ValueError for any other database."""
    match url.get_backend_name():
        case "sqlite":
            return SQLite(background=background)
        case "postgresql" | "postgres":
            return PostgreSQL(background=background)
        case other:
            raise ValueError(f"{other} is no database leadbridge can use: sqlite or postgresql")


def is_transient(error: BaseException) -> bool:
    """Whether the same transaction, tried again, may well succeed: it only met another one."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        return _sqlite_code(cause) in _SQLITE_TRANSIENT
    return isinstance(cause, psycopg.Error) and cause.sqlstate in _TRANSIENT_STATES


def is_unreachable(error: BaseException) -> bool:
    """Whether the database could not be reached, went away, or has no room: the statement is not to blame."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if is_transient(error):
        return False
    if isinstance(cause, sqlite3.Error):
        return _sqlite_code(cause) in _SQLITE_UNREACHABLE
    if isinstance(cause, psycopg.Error):
        # An OperationalError without a state did not come from the server: there was no server to send it.
        state = cause.sqlstate
        return state.startswith(_UNREACHABLE_STATES) if state else isinstance(cause, psycopg.OperationalError)
    return isinstance(error, DBAPIError) and error.connection_invalidated


def _sqlite_code(error: sqlite3.Error) -> int:
    """The primary result code: the low byte of the extended one."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
