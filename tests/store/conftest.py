"""The store's tests run on both databases: they ask for `database`."""

from tests.support.databases import database, database_url, postgresql_server

__all__ = ["database", "database_url", "postgresql_server"]
