"""Tests of the use cases run on both databases: they ask for `calls`, `two_gateways` or `database`."""

from tests.support.calls import calls, two_gateways
from tests.support.databases import database, database_url, postgresql_server, postgresql_url, sqlite_url

__all__ = [
    "calls",
    "database",
    "database_url",
    "postgresql_server",
    "postgresql_url",
    "sqlite_url",
    "two_gateways",
]
