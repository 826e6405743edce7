"""Processes that are killed at the worst moments: afterwards every lead is there once, and in the core CRM once.

The server is a real one, killed with SIGKILL by its process group. Where the moment matters, a proxy between its relay
and the core CRM, which is a second server, kills it at exactly that moment.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from uuid import uuid4

import pytest
import requests
from sqlalchemy import select

from leadbridge.caller import Role
from leadbridge.store import tables
from leadbridge.store.database import Database
from tests.support.calls import (
    IMPATIENT,
    PASSWORD,
    SECONDS,
    Answered,
    Unanswered,
    Wire,
    admit,
    at_once,
    column,
    forwarded,
    row_counts,
    until,
)
from tests.support.crm_messages_by_hand import find_crm_record, read_crm_record
from tests.support.databases import PostgresqlServer
from tests.support.messages_by_hand import (
    change_lead,
    create_lead,
    lead_fields,
    new_prospect,
    new_uuid,
    person,
    selection,
)
from tests.support.server import Server

SENDER, CHANNEL = ("sender", PASSWORD), ("channel", PASSWORD)


# ------------------------------------------------------------------------------------------------------- the proxy

Moment = Callable[[], None]


def _nothing() -> None:
    pass


@dataclass
class Proxy:
    """Passes HTTP on to the core CRM. Of each call, `before` and `after` are run around its way there.

    A moment that raises ConnectionError ends the connection without an answer. `passed` counts the calls that the
    core CRM has answered.
    """

    before: Moment = _nothing
    after: Moment = _nothing
    passed: int = 0
    target: int = 0
    port: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def pass_on(self, handler: BaseHTTPRequestHandler, body: bytes | None) -> tuple[int, bytes, str]:
        """Ask the core CRM: status, body, media type."""
        connection = HTTPConnection("127.0.0.1", self.target, timeout=SECONDS)
        skipped = {"host", "connection", "content-length"}
        headers = {name: value for name, value in handler.headers.items() if name.lower() not in skipped}
        try:
            connection.request(handler.command, handler.path, body, headers)
            response = connection.getresponse()
            answer = response.status, response.read(), response.getheader("Content-Type", "")
        finally:
            connection.close()
        if body is not None:
            with self._lock:
                self.passed += 1
        return answer


def _handler(proxy: Proxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the name is the library's
            """Silence."""

        def do_GET(self) -> None:
            self._answer(*proxy.pass_on(self, None))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            try:
                proxy.before()
                answer = proxy.pass_on(self, body)
                proxy.after()
            except ConnectionError:
                self.close_connection = True
                return
            self._answer(*answer)

        def _answer(self, status: int, body: bytes, media_type: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that are killed are part of the game."""


@dataclass(frozen=True)
class CoreCrm:
    """The core CRM of these tests: a server of its own, reached through a proxy."""

    proxy: Proxy
    wire: Wire

    def records_of(self, lead_uuid: str) -> list[str]:
        """The IDs of the records made from one lead."""
        return self.wire.send(read_crm_record(source_leads=[lead_uuid])).all("CrmRecord/RecordID")

    def records_owned_by(self, owner: str) -> list[str]:
        """The IDs of one owner's records."""
        return self.wire.done(find_crm_record({"OwnerID": [selection(owner)]})).all("CrmRecord/RecordID")


@pytest.fixture(scope="module")
def crm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CoreCrm]:
    folder = tmp_path_factory.mktemp("crm")
    database_url = f"sqlite:///{folder / 'crm.db'}"
    admit(database_url, CHANNEL, Role.CRM)
    proxy = Proxy()
    listener = _QuietServer(("127.0.0.1", 0), _handler(proxy))
    proxy.port = listener.server_address[1]
    threading.Thread(target=listener.serve_forever, args=(0.01,), daemon=True).start()
    # It publishes the proxy's address, so that whoever reads its WSDL calls it through the proxy.
    server = Server(database_url, folder, environment={"LEADBRIDGE_PUBLIC_URL": proxy.url})
    proxy.target = server.port
    with server:
        yield CoreCrm(proxy, Wire(server.url, CHANNEL))
    listener.shutdown()
    listener.server_close()


@dataclass(frozen=True)
class House:
    """A server, whoever sends to it, and a look into its database from outside."""

    server: Server
    wire: Wire
    database: Database

    def forwarded(self, lead_id: str, status: str) -> Answered:
        """The lead as soon as it has this status and its latest message is delivered."""
        return forwarded(self.wire, lead_id, status)

    def message(self, lead_id: str) -> tuple[str, int]:
        """State and attempts of the latest message about a lead."""
        message = tables.message
        latest = select(message.c.state, message.c.attempts).where(message.c.lead_id == lead_id)
        with self.database.read() as tx:
            state, attempts = tx.connection.execute(latest.order_by(message.c.sequence.desc())).first() or ("", 0)
        return state, attempts


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, crm: CoreCrm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A server whose relay calls that core CRM, started; one for all tests on one kind of database."""
    folder = tmp_path_factory.mktemp("house")
    database_url = f"sqlite:///{folder / 'house.db'}"
    if request.param == "postgresql":
        postgresql: PostgresqlServer = request.getfixturevalue("postgresql_server")
        database_url = postgresql.migrated_database()
    admit(database_url, SENDER, Role.CALLCENTRE)
    server = Server(
        database_url,
        folder,
        environment={
            **IMPATIENT,
            "LEADBRIDGE_CRM_WSDL": f"{crm.proxy.url}/soap/CrmService?wsdl",
            "LEADBRIDGE_CRM_USERNAME": CHANNEL[0],
            "LEADBRIDGE_CRM_PASSWORD": CHANNEL[1],
        },
    )
    database = Database(database_url)
    try:
        yield House(server.start(), Wire(server.url, SENDER), database)
    finally:
        server.kill()
        database.dispose()


class Kill:
    """A moment that kills a server, once; whoever comes later is let through."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._lock = threading.Lock()
        self.done = threading.Event()

    def __call__(self) -> None:
        with self._lock:
            if self.done.is_set():
                return
            self._server.kill()
            self.done.set()
        raise ConnectionResetError


def qualified(owner: str) -> bytes:
    """A qualified lead of one owner, about a person of its own."""
    prospect = new_prospect(person(emails=[f"{uuid4().hex}@example.org"]))
    return create_lead(lead_fields(status="3", prospect=prospect, responsible=owner), uuid=new_uuid())


# -------------------------------------------------------------------------------------------- the kill points of a call


@dataclass(frozen=True)
class KillPoint:
    """Where the server is killed while it hands a lead over, and how often the core CRM then hears of the lead."""

    place: Callable[[Proxy, Moment], None]
    heard: int


def _before(proxy: Proxy, moment: Moment) -> None:
    proxy.before = moment


def _after(proxy: Proxy, moment: Moment) -> None:
    proxy.after = moment


KILL_POINTS = {
    "between the lead's commit and the forward": KillPoint(_before, heard=1),
    "between the core CRM's commit and the settle": KillPoint(_after, heard=2),
}


@pytest.fixture(params=KILL_POINTS.values(), ids=list(KILL_POINTS))
def point(request: pytest.FixtureRequest, crm: CoreCrm) -> Iterator[KillPoint]:
    """Each kill point; afterwards the proxy lets everything through again."""
    yield request.param
    crm.proxy.before = crm.proxy.after = _nothing


def test_a_lead_whose_server_is_killed_is_handed_over_once(house: House, crm: CoreCrm, point: KillPoint) -> None:
    kill = Kill(house.server)
    point.place(crm.proxy, kill)
    passed, owner = crm.proxy.passed, f"RM-{uuid4().hex[:8]}"
    request = qualified(owner)
    rows = row_counts(house.database)
    created = house.wire.done(request)  # acknowledged: from here on the lead must not be lost
    lead_id, lead_uuid = created.one("Lead/ID"), created.one("Lead/UUID")
    assert kill.done.wait(SECONDS)
    assert house.message(lead_id) == ("claimed", 1)
    assert row_counts(house.database)["lead"] == rows["lead"] + 1
    assert len(crm.records_of(lead_uuid)) == point.heard - 1

    house.server.start()
    lead = house.forwarded(lead_id, "4")
    (record_id,) = crm.records_of(lead_uuid)
    assert crm.records_owned_by(owner) == [record_id]
    assert crm.proxy.passed - passed == point.heard
    state, attempts = house.message(lead_id)
    assert (state, attempts >= 2) == ("delivered", True)  # on a busy machine the second may come too late as well
    assert lead.one("CoreLeadID") == record_id
    assert lead.all("StatusHistory/Item/LifeCycleStatusCode") == ["3", "4"]
    again = house.wire.done(request)
    assert (again.replayed, again.one("Lead/ID")) == (True, lead_id)
    assert row_counts(house.database)["lead"] == rows["lead"] + 1


def test_a_won_lead_whose_server_is_killed_is_reported_once(house: House, crm: CoreCrm) -> None:
    """The same for a later message of the lead: the core CRM converts its record once."""
    owner = f"RM-{uuid4().hex[:8]}"
    created = house.wire.done(qualified(owner))
    lead_id = created.one("Lead/ID")
    house.forwarded(lead_id, "4")
    crm.proxy.after = kill = Kill(house.server)
    house.wire.done(change_lead(lead_id, lead_fields(name=None, status="6")))
    assert kill.done.wait(SECONDS)

    house.server.start()
    lead = house.forwarded(lead_id, "6")
    crm.proxy.after = _nothing
    state, attempts = house.message(lead_id)
    assert (state, attempts >= 2) == ("delivered", True)  # on a busy machine the second may come too late as well
    converted, opportunity = crm.records_of(created.one("Lead/UUID"))  # the lead, and the opportunity it became
    assert crm.records_owned_by(owner) == [converted, opportunity]
    assert lead.one("CoreLeadID") == converted
    statuses = crm.wire.done(read_crm_record(converted, opportunity)).all("CrmRecord/StatusName")
    assert statuses == ["Close Won", "Close Won"]


# ----------------------------------------------------------------------------------------------- kills under load


def test_every_lead_acknowledged_around_a_kill_exists_once_and_reaches_the_built_in_core_crm_once(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    """16 senders, each with leads that it sends again until they are acknowledged, and a server killed among them."""
    admit(database_url, SENDER, Role.CALLCENTRE)
    server = Server(database_url, tmp_path, environment=IMPATIENT)
    wire = Wire(server.url, SENDER)
    acknowledged = threading.Semaphore(0)
    to_send = [[qualified(f"RM-{sender}") for _ in range(4)] for sender in range(16)]

    def deliver(request: bytes) -> str:
        def sent() -> str | None:
            try:
                return wire.done(request).one("Lead/ID")
            except (requests.ConnectionError, requests.Timeout, Unanswered):
                return None  # killed, or not up again yet; a sender cannot know whether it was heard

        lead_id = until(sent, what="an acknowledgement")
        acknowledged.release()
        return lead_id

    def kill_and_start_again() -> None:
        for _ in range(20):
            assert acknowledged.acquire(timeout=SECONDS)
        server.kill()
        server.start()

    try:
        server.start()
        with ThreadPoolExecutor(1) as killer:
            killed = killer.submit(kill_and_start_again)
            answers = at_once(16, lambda sender: [deliver(request) for request in to_send[sender]])
            killed.result(SECONDS)
        told = [lead_id for lead_ids in answers for lead_id in lead_ids]
        assert column(database, "lead", "id") == sorted(told)
        assert row_counts(database)["business_partner"] == len(told) == 64
        until(
            lambda: set(column(database, "lead", "life_cycle_status_code")) == {"4"}, what="every lead to be accepted"
        )
        sources = column(database, "crm_record", "source_lead_uuid")
        assert sorted(sources, key=str) == sorted(column(database, "lead", "uuid"), key=str)
        again = [wire.done(request) for request in to_send[0]]
        assert [(one.replayed, one.one("Lead/ID")) for one in again] == [(True, lead_id) for lead_id in answers[0]]
    finally:
        server.kill()


def test_no_process_of_a_killed_parent_is_left_behind_with_the_port(sqlite_url: str, tmp_path: Path) -> None:
    """Only the parent is killed: its workers notice, end, and let the next server have the port."""
    admit(sqlite_url, SENDER, Role.CALLCENTRE)
    server = Server(sqlite_url, tmp_path, environment=IMPATIENT)
    try:
        server.start()
        parent, *others = processes(tmp_path)
        assert others
        os.kill(parent, signal.SIGKILL)
        until(lambda: not processes(tmp_path), what="the workers to end")
        server.kill()  # what is left to be taken note of: the parent
        server.start()
        assert Wire(server.url, SENDER).done(qualified("RM-1")).one("Lead/LifeCycleStatusCode") == "3"
    finally:
        server.kill()


def processes(folder: Path) -> list[int]:
    """The processes whose settings name a database in this folder, oldest first."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                environment = (entry / "environ").read_bytes()
            except OSError:
                continue  # gone, or not ours
            if f"LEADBRIDGE_DATABASE_URL=sqlite:///{folder}/".encode() in environment:
                found.append(int(entry.name))
    return sorted(found)
