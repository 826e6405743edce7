"""A real gateway per test module and kind of database, and the callers that tests add to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from leadbridge.authentication import callers
from leadbridge.store.database import Database, migrate
from tests.support.databases import PostgresqlServer
from tests.support.server import Server

PASSWORD = "correct horse battery"  # a test's password

Credentials = tuple[str, str]


class Gateway:
    """A `leadbridge serve`, and its database for what an operator would do with the command line.

    It has a caller `admin` before it starts, so that it makes none for itself.
    """

    def __init__(self, server: Server, database: Database) -> None:
        self.url = server.url
        self.server = server
        self.database = database
        self._callers: dict[str, Credentials] = {}
        self.caller("admin")

    def caller(self, caller_id: str, role: str | None = None) -> Credentials:
        """The credentials of a caller, which is added when it is first asked for; its role is its id by default.

        Leads are given to it by its id. Added in this process, because the command takes a second to start.
        """
        if caller_id not in self._callers:
            callers.add_caller(
                self.database,
                caller_id=caller_id,
                name=caller_id,
                roles=[role or caller_id],
                password=PASSWORD,
                now=datetime.now(UTC),
            )
            self._callers[caller_id] = (caller_id, PASSWORD)
        return self._callers[caller_id]

    def disable(self, caller_id: str) -> None:
        """Keep a caller out."""
        callers.disable_caller(self.database, caller_id=caller_id, now=datetime.now(UTC))

    def wsdl(self, service: str, *, flat: bool = False) -> str:
        """Where the WSDL of a service is published."""
        return f"{self.url}/soap/{service}?wsdl{'=flat' if flat else ''}"


@contextmanager
def _running(database_url: str, folder: Path, module: object) -> Iterator[Gateway]:
    """A test module may say how long its server remembers a verified credential, CREDENTIAL_CACHE_SECONDS, and have a
    function `more_environment` that gives it further settings, with a folder for files that they name.
    """
    database = Database(database_url)
    try:
        migrate(database)
        remembered = getattr(module, "CREDENTIAL_CACHE_SECONDS", 60)
        environment = {
            "LEADBRIDGE_CALLERS__CREDENTIAL_CACHE_SECONDS": str(remembered),
            # Every test here comes from one address, and many of them with wrong credentials.
            "LEADBRIDGE_LOGIN__FAILURES": "1000",
            "LEADBRIDGE_LOGIN__NAME_FAILURES": "1000",
            "LEADBRIDGE_LOGIN__ADDRESS_FAILURES": "1000",
        }
        more = getattr(module, "more_environment", None)
        environment |= more(folder) if more is not None else {}
        gateway = Gateway(Server(database_url, folder, environment=environment), database)
        with gateway.server:
            yield gateway
    finally:
        database.dispose()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def gateway(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """One server for all tests of a module, once on each kind of database."""
    folder = tmp_path_factory.mktemp("gateway")
    if request.param == "sqlite":
        with _running(f"sqlite:///{folder / 'leadbridge.db'}", folder, request.module) as one:
            yield one
        return
    postgresql: PostgresqlServer = request.getfixturevalue("postgresql_server")
    url = postgresql.migrated_database()
    with _running(url, folder, request.module) as one:
        yield one
    postgresql.drop(url)


@pytest.fixture(scope="module")
def sqlite_gateway(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """The same on SQLite alone, for what the database has no part in."""
    folder = tmp_path_factory.mktemp("gateway")
    with _running(f"sqlite:///{folder / 'leadbridge.db'}", folder, request.module) as one:
        yield one
