"""Opening a database, its transactions, and the state of its schema."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from sqlalchemy import Table, make_url
from sqlalchemy.engine import Connection, RootTransaction
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from leadbridge.store import dialects
from leadbridge.store.dialects import Dialect
from leadbridge.store.errors import DatabaseUnreachable, SchemaBehind
from leadbridge.store.inserts import Prepared, Row

NumberName: TypeAlias = Literal["lead", "business_partner", "crm_record", "bulk_job"]

_MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATION_LOCK = "leadbridge schema"


class Transaction:
    """One transaction that is open: what every function of the store takes as its first argument.

    New rows are kept back until somebody reads or changes something, or until the commit: on PostgreSQL the rows
    of all tables then go in one round trip. Nobody can tell, but for an error, which may come that much later.
    """

    __slots__ = ("_connection", "_inserts", "dialect")

    def __init__(self, connection: Connection, dialect: Dialect) -> None:
        self._connection = connection
        self._inserts: list[Prepared] = []
        self.dialect = dialect

    @property
    def connection(self) -> Connection:
        """The connection, on which everything inserted so far is there."""
        self.flush()
        return self._connection

    def insert(self, table: Table, rows: Sequence[Row]) -> None:
        """Insert rows, after those inserted before. Raises ValueError at once for a column that does not exist."""
        if rows:
            insert = self.dialect.insert_of(table)
            self._inserts.append((insert, insert.tuples(rows)))

    def flush(self) -> None:
        """Write the rows that were kept back."""
        if self._inserts:
            inserts, self._inserts = self._inserts, []
            self.dialect.insert_many(self._connection, inserts)

    def lock(self, keys: Iterable[str], *, shared: bool = False) -> None:
        """Let no other transaction that names one of these keys go on until this one ends.

        Holders of `shared` locks keep only the others out, not each other. What is read after the call is
        what the transactions before it left. Name all keys in one call: they are taken in one order, so that
        two transactions cannot wait for each other; a second call loses that.
        """
        self.dialect.lock(self._connection, keys, shared=shared)

    def next_numbers(self, name: NumberName, count: int) -> list[str]:
        """Draw `count` identifiers of ten digits, ascending. Numbers may be missing, never used twice."""
        if count < 1:
            return []
        return [f"{number:010d}" for number in self.dialect.next_numbers(self._connection, name, count)]


class Database:
    """A pool of connections to one database. Safe to share between threads; not between processes.

    `url` is `sqlite:///path` or `postgresql://user:password@host/name`; ValueError for anything else.
    """

    def __init__(self, url: str, *, pool_size: int = 8) -> None:
        address = make_url(url)
        self._dialect = dialects.for_url(address)
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
        try:
            with self._engine.connect() as connection:
                if begin:
                    connection.execution_options(begin=begin)
                with self._begin(connection):
                    transaction = Transaction(connection, self._dialect)
                    yield transaction
                    transaction.flush()
        except NoConnectionFree as error:
            raise DatabaseUnreachable("no connection of the pool came free in time") from error
        except DBAPIError as error:
            if dialects.is_unreachable(error):
                raise DatabaseUnreachable("the database cannot be reached") from error
            raise

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
    """Compare a database's schema with the one this version needs."""
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    head = ScriptDirectory(str(_MIGRATIONS)).get_current_head()
    assert head is not None
    with database.read() as tx:
        current = MigrationContext.configure(tx.connection).get_current_revision()
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
