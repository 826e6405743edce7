"""The store's tests run on both databases: they ask for `database`, or for one of them by its name."""

from tests.support.databases import (
    database,
    database_url,
    postgresql,
    postgresql_server,
    postgresql_url,
    sqlite,
    sqlite_url,
)

__all__ = [
    "database",
    "database_url",
    "postgresql",
    "postgresql_server",
    "postgresql_url",
    "sqlite",
    "sqlite_url",
]
