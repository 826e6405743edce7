"""Real gateways on each kind of database, and the callers that tests add to them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
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


class Gateways:
    """The gateways of a test run, each started when it is first asked for and ended with the run.

    Test modules that ask for the same settings share one, for it takes three seconds to start.
    """

    def __init__(self, folders: pytest.TempPathFactory) -> None:
        self._folders = folders
        self._running: dict[tuple[str, str | None], Gateway] = {}
        self._ends = ExitStack()

    def gateway(self, kind: str, module: object, new_url: Callable[[Path], str]) -> Gateway:
        """The one for a test module on a kind of database; `new_url` makes the database.

        A module may say how long its server remembers a verified credential, CREDENTIAL_CACHE_SECONDS, and have a
        function `more_environment` that gives it further settings, with a folder for files that they name; then it has
        a gateway of its own.
        """
        own = hasattr(module, "CREDENTIAL_CACHE_SECONDS") or hasattr(module, "more_environment")
        key = kind, getattr(module, "__name__", None) if own else None
        if key not in self._running:
            folder = self._folders.mktemp("gateway")
            self._running[key] = self._ends.enter_context(_running(new_url(folder), folder, module))
        return self._running[key]

    def end(self) -> None:
        """End all of them."""
        self._ends.close()


@contextmanager
def _running(database_url: str, folder: Path, module: object) -> Iterator[Gateway]:
    database = Database(database_url)
    try:
        migrate(database)
        remembered = getattr(module, "CREDENTIAL_CACHE_SECONDS", 60)
        environment = {
            "LEADBRIDGE_CALLERS__CREDENTIAL_CACHE_SECONDS": str(remembered),
            "LEADBRIDGE_FORWARDING__POLL_SECONDS": "0.25",  # several of them run side by side, mostly idle
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


@pytest.fixture(scope="package")
def gateways(tmp_path_factory: pytest.TempPathFactory, postgresql_server: PostgresqlServer) -> Iterator[Gateways]:
    """The gateways of this folder's tests."""
    made = Gateways(tmp_path_factory)
    yield made
    made.end()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def gateway(request: pytest.FixtureRequest, gateways: Gateways, postgresql_server: PostgresqlServer) -> Gateway:
    """A gateway once on each kind of database."""
    if request.param == "sqlite":
        return gateways.gateway("sqlite", request.module, _file)
    return gateways.gateway("postgresql", request.module, lambda _: postgresql_server.migrated_database())


@pytest.fixture(scope="module")
def sqlite_gateway(request: pytest.FixtureRequest, gateways: Gateways) -> Gateway:
    """The same on SQLite alone, for what the database has no part in."""
    return gateways.gateway("sqlite", request.module, _file)


def _file(folder: Path) -> str:
    return f"sqlite:///{folder / 'leadbridge.db'}"
