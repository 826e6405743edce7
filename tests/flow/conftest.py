"""Tests of the use cases run on both databases: they ask for `calls`, `two_gateways` or `database`."""

from collections.abc import Iterator

import pytest

from leadbridge.store.database import Database
from tests.support.calls import calls, two_gateways
from tests.support.databases import (
    PostgresqlServer,
    database,
    database_url,
    empty,
    postgresql,
    postgresql_server,
    sqlite,
    sqlite_url,
)
from tests.support.doors import new_doors

__all__ = [
    "calls",
    "database",
    "database_url",
    "new_doors",
    "postgresql",
    "postgresql_server",
    "postgresql_url",
    "sqlite",
    "sqlite_url",
    "two_gateways",
]


@pytest.fixture(scope="session")
def kept_url(postgresql_server: PostgresqlServer) -> str:
    """The URL of one PostgreSQL database with the schema, for all tests of this folder."""
    return postgresql_server.migrated_database()


@pytest.fixture(scope="session")
def kept(kept_url: str) -> Iterator[Database]:
    """The same, to be emptied."""
    opened = Database(kept_url)
    yield opened
    opened.dispose()


@pytest.fixture
def postgresql_url(kept_url: str, kept: Database) -> Iterator[str]:
    """The URL of a PostgreSQL database that is as good as new."""
    yield kept_url
    empty(kept)
