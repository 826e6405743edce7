"""Tests by other people's clients: they ask for `gateway`, or for `sqlite_gateway` where one database is enough."""

from tests.interop.gateway import gateway, gateways, sqlite_gateway
from tests.support.databases import postgresql_server

__all__ = ["gateway", "gateways", "postgresql_server", "sqlite_gateway"]
