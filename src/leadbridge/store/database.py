"""Opening a database, its transactions, and the state of its schema."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeAlias, overload

from sqlalchemy import Table, inspect, make_url, text
from sqlalchemy.engine import Connection, RootTransaction
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.sql.base import Executable

from leadbridge.store import dialects
from leadbridge.store.dialects import Dialect
from leadbridge.store.errors import CommitUnknown, DatabaseUnreachable, SchemaBehind
from leadbridge.store.inserts import Prepared, Row

NumberName: TypeAlias = Literal["lead", "business_partner", "crm_record", "bulk_job", "relationship_plan"]

_MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATION_LOCK = "leadbridge schema"


class Asked(Sequence[Row]):
    """The rows of a statement, fetched when they are first looked at, together with all that was asked by then."""

    __slots__ = ("_rows", "_tx", "parameters", "statement")

    def __init__(self, tx: Transaction, statement: Executable, parameters: Mapping[str, Any]) -> None:
        self._tx = tx
        self._rows: list[Row] | None = None
        self.statement = statement
        self.parameters = parameters

    def answer(self, rows: list[Row]) -> None:
        """Set the rows: the transaction does, when it fetched them."""
        self._rows = rows

    def _looked_at(self) -> list[Row]:
        if self._rows is None:
            self._tx.flush()
        assert self._rows is not None
        return self._rows

    def __iter__(self) -> Iterator[Row]:
        return iter(self._looked_at())

    def __len__(self) -> int:
        return len(self._looked_at())

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Row]: ...
    def __getitem__(self, place: int | slice) -> Row | Sequence[Row]:
        return self._looked_at()[place]


class Trial:
    """A part of a transaction that may be taken back: see `Transaction.trial`."""

    __slots__ = ("undone",)

    def __init__(self) -> None:
        self.undone = False

    def undo(self) -> None:
        """Take the part back when it ends."""
        self.undone = True


_PROVISIONAL = "~"


def is_provisional(number: str) -> bool:
    """Whether an identifier was drawn in a trial that uses no numbers: it names nothing outside of that."""
    return number.startswith(_PROVISIONAL)


class Transaction:
    """One transaction that is open: what every function of the store takes as its first argument.

    What is asked (`ask`, `lock`, `foresee_numbers`) and what is inserted is kept back until an answer is looked at,
    something else is done on the connection, or the commit: on PostgreSQL all of it then goes in one round trip.
    Nobody can tell, because the order stays, but for an error, which may come that much later.
    """

    __slots__ = ("_asked", "_connection", "_inserts", "_numbers", "_provisional", "dialect")

    def __init__(self, connection: Connection, dialect: Dialect) -> None:
        self._connection = connection
        self._asked: list[Asked] = []
        self._inserts: list[Prepared] = []
        self._numbers: dict[str, Asked] = {}
        self._provisional: Iterator[int] | None = None
        self.dialect = dialect

    @property
    def connection(self) -> Connection:
        """The connection, on which everything asked and inserted so far is there."""
        self.flush()
        return self._connection

    def ask(self, statement: Executable, parameters: Mapping[str, Any]) -> Asked:
        """Ask for rows that are needed soon.

        `statement` must be made once and kept, a constant or the result of a cached function: its compiled form is
        remembered with it.
        """
        if self._inserts:
            self.flush()  # a question sees what was inserted before it
        asked = Asked(self, statement, parameters)
        self._asked.append(asked)
        return asked

    def insert(self, table: Table, rows: Sequence[Row]) -> None:
        """Insert rows, after those inserted before. Raises ValueError at once for a column that does not exist."""
        if rows:
            self._inserts.append(self.dialect.prepared(table, rows))

    def flush(self, *, last: bool = False) -> None:
        """Fetch what was asked and write the rows that were kept back.

        After the `last` time comes nothing but the commit, which may go along with the rows.
        """
        if self._asked:
            asked, self._asked = self._asked, []
            answers = self.dialect.fetch_all(self._connection, [(one.statement, one.parameters) for one in asked])
            for one, rows in zip(asked, answers, strict=True):
                one.answer(rows)
        if self._inserts:
            inserts, self._inserts = self._inserts, []
            insert = self.dialect.insert_last if last else self.dialect.insert_many
            insert(self._connection, inserts)

    @contextmanager
    def trial(self, *, numbers: bool = True) -> Iterator[Trial]:
        """A part of the transaction after which it can be as if nothing of the part had been done.

        Without `numbers` none of a counter's are used: those drawn are provisional, good for rows that are not to stay.
        What is locked in a part that is taken back is free again; lock before it what must stay locked.
        """
        self.flush()
        trial, provisional = Trial(), self._provisional
        if not numbers and provisional is None:
            self._provisional = itertools.count(1)
        try:
            with self._connection.begin_nested() as savepoint:
                yield trial
                if trial.undone:
                    self._asked, self._inserts, self._numbers = [], [], {}
                    savepoint.rollback()
                else:
                    self.flush()
        finally:
            self._provisional = provisional

    def lock(self, keys: Iterable[str], *, shared: bool = False) -> None:
        """Let no other transaction that names one of these keys go on until this one ends.

        Holders of `shared` locks keep only the others out, not each other. What is read after the call is
        what the transactions before it left. Name all keys in one call: they are taken in one order, so that
        two transactions cannot wait for each other; a second call loses that.
        """
        question = self.dialect.lock(keys, shared=shared)
        if question is not None:
            self.ask(*question)

    def clock(self) -> datetime:
        """The time of day by the one clock that all processes of the database go by: the database's own."""
        question = self.dialect.clock()
        now: datetime = self.ask(*question)[0]["now"] if question is not None else datetime.now(UTC)
        return now

    def foresee_numbers(self, name: NumberName, most: int) -> None:
        """Say that up to `most` numbers will be drawn, so that they come along with what is asked.

        On PostgreSQL those not needed are lost; SQLite, which has no round trips to save, draws none before its time.
        """
        question = self.dialect.numbers_ahead(name, most) if most and self._provisional is None else None
        if question is not None:
            self._numbers[name] = self.ask(*question)

    def next_numbers(self, name: NumberName, count: int) -> list[str]:
        """Draw `count` identifiers of ten digits, ascending. Numbers may be missing, never used twice."""
        if count < 1:
            return []
        if self._provisional is not None:
            return [f"{_PROVISIONAL}{number:09d}" for number in itertools.islice(self._provisional, count)]
        foreseen = self._numbers.pop(name, None)
        numbers = [row["number"] for row in foreseen or ()]
        if len(numbers) < count:
            numbers += self.dialect.next_numbers(self.connection, name, count - len(numbers))
        return [f"{number:010d}" for number in numbers[:count]]


class Database:
    """A pool of connections to one database. Safe to share between threads; not between processes.

    `url` is `sqlite:///path` or `postgresql://user:password@host/name`; ValueError for anything else. With `background`
    its writers are in no hurry: where one at a time can write, others come first; and a commit need not have reached
    the disk when it returns. It does with the next commit of anybody else, and everything before it.
    """

    def __init__(self, url: str, *, pool_size: int = 8, background: bool = False) -> None:
        address = make_url(url)
        self._dialect = dialects.for_url(address, background=background)
        self._engine = self._dialect.engine(address, pool_size=pool_size)

    @property
    def dialect_name(self) -> str:
        """sqlite or postgresql."""
        return self._dialect.name

    def write(self) -> AbstractContextManager[Transaction]:
        """Open a transaction that may write: committed on leaving, rolled back when an error leaves.

        Raises DatabaseUnreachable for a database that cannot be reached. On SQLite it waits for the writer
        before it; on PostgreSQL it sees what others commit meanwhile (READ COMMITTED).
        """
        return self._writing()

    def read(self) -> AbstractContextManager[Transaction]:
        """Open a transaction for reading. On SQLite it sees one moment and waits for nobody."""
        return self._transaction(self._dialect.begin_read)

    def dispose(self) -> None:
        """Close the connections that nobody uses. The database may be used again afterwards."""
        self._engine.dispose()

    @contextmanager
    def _writing(self) -> Iterator[Transaction]:
        with self._dialect.writing(), self._transaction(self._dialect.begin_write) as transaction:
            yield transaction

    @contextmanager
    def _transaction(self, begin: str | None) -> Iterator[Transaction]:
        committing = False
        try:
            with self._engine.connect() as connection:
                if begin:
                    connection.execution_options(begin=begin)
                with self._begin(connection):
                    transaction = Transaction(connection, self._dialect)
                    yield transaction
                    committing = True
                    try:
                        transaction.flush(last=True)
                    except DBAPIError:
                        committing = not self._dialect.is_open(connection)
                        raise
        except NoConnectionFree as error:
            raise DatabaseUnreachable("no connection of the pool came free in time") from error
        except DBAPIError as error:
            if not dialects.is_unreachable(error):
                raise
            if committing:
                raise CommitUnknown("the database went away during a commit") from error
            raise DatabaseUnreachable("the database cannot be reached") from error

    def _begin(self, connection: Connection) -> RootTransaction:
        try:
            return connection.begin()
        except DBAPIError as error:
            # SQLite waited for the other writers as long as it is allowed to. Trying again at once would keep
            # everybody behind this transaction waiting as long once more.
            if dialects.is_transient(error):
                raise DatabaseUnreachable("the database stayed locked by other writers") from error
            raise


@dataclass(frozen=True, slots=True)
class SchemaState:
    """Which revision a database's schema has, None before the first, and which one this version needs."""

    current: str | None
    head: str

    @property
    def is_current(self) -> bool:
        """Whether nothing needs to be migrated."""
        return self.current == self.head


def schema_state(database: Database) -> SchemaState:
    """Compare a database's schema with the one this version needs.

    Alembic would tell the same, but every command asks, and loading it takes half a second and 12 MB.
    """
    head = max(path.name[1:5] for path in _MIGRATIONS.glob("versions/r[0-9]*.py"))  # named by their revisions
    with database.read() as tx:
        known = inspect(tx.connection).has_table("alembic_version")
        current = tx.connection.execute(text("SELECT version_num FROM alembic_version")).scalar() if known else None
    return SchemaState(current=current, head=head)


def require_current_schema(database: Database) -> None:
    """Raise SchemaBehind, naming both revisions, unless the schema is the one this version needs."""
    state = schema_state(database)
    if not state.is_current:
        raise SchemaBehind(
            f"the database's schema is {state.current or 'empty'}, this version needs {state.head}: "
            "run `leadbridge migrate`"
        )


def migrate(database: Database) -> None:
    """Bring the schema to the head revision in one transaction; a second migrator waits and finds it done."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    with database.write() as tx:
        tx.lock([_MIGRATION_LOCK])
        config.attributes["connection"] = tx.connection
        command.upgrade(config, "head")


def open_database(url: str) -> Database:
    """The store, ready: an embedded SQLite is brought up to date, a PostgreSQL must be.

    Raises SchemaBehind, which says what to run, and DatabaseUnreachable.
    """
    database = Database(url)
    try:
        if database.dialect_name != "sqlite":
            require_current_schema(database)
        elif not schema_state(database).is_current:
            migrate(database)
    except BaseException:
        database.dispose()
        raise
    return database
