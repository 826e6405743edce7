"""The use cases without a network: request XML in, validated answer XML out, on a real database.

`Calls` is what one gateway process has behind its door: the contract, the codec, a dispatcher and a write lane of its
own. Two of them over one database are two processes as far as the database can tell. `calls` and `two_gateways` are
fixtures; a conftest takes them in by importing their names. `Wire` sends the same requests to a real server.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

import pytest
import requests
from lxml import etree
from sqlalchemy import func, select, text

from leadbridge.authentication.callers import add_caller
from leadbridge.bian.policy import BianPolicy
from leadbridge.bian.table import bian_use_cases
from leadbridge.caller import Caller, Role, Visibility
from leadbridge.contract import codec
from leadbridge.contract.operations import by_request
from leadbridge.contract.parsing import parse
from leadbridge.contract.schema import validate
from leadbridge.operations.call import Answer, Call, Policy
from leadbridge.operations.dispatcher import Dispatcher
from leadbridge.operations.table import use_cases
from leadbridge.store import tables
from leadbridge.store.database import Database, migrate
from leadbridge.store.lane import WriteLane
from tests.support.loops import LoopThread
from tests.support.messages_by_hand import read_lead

SECONDS = 30  # until a call that does not come back fails its test

DESK = Caller("desk", "Call centre", frozenset({Role.CALLCENTRE}), Visibility.ALL, "DESK")
ACME = Caller("acme", "Acme", frozenset({Role.PARTNER}), Visibility.GIVEN, "ACME")
BANK = Caller("bank", "Core CRM", frozenset({Role.CRM}), Visibility.ALL, "")

Result = TypeVar("Result")


@dataclass(frozen=True)
class Answered:
    """A valid answer. Paths are local names with slashes, from below the message element."""

    element: etree._Element

    def all(self, path: str) -> list[str]:
        """The texts of every element at this path, in document order."""
        return [found.text or "" for found in self.element.iterfind(_wild(path))]

    def one(self, path: str) -> str:
        """The text of the only element at this path."""
        (text,) = self.all(path)
        return text

    def parts(self, path: str) -> list[Answered]:
        """The elements at this path, to be read on their own."""
        return [Answered(found) for found in self.element.iterfind(_wild(path))]

    @property
    def result(self) -> str:
        """The Log's BusinessDocumentProcessingResultCode: 1 received, 3 successful, 4 partially, 5 failed."""
        return self.one("Log/BusinessDocumentProcessingResultCode")

    @property
    def log(self) -> list[str]:
        """The TypeIDs of the Log."""
        return self.all("Log/Item/TypeID")

    def log_items(self, type_id: str) -> list[Answered]:
        """The Log's items of one TypeID."""
        return [item for item in self.parts("Log/Item") if item.one("TypeID") == type_id]

    @property
    def replayed(self) -> bool:
        """The ReplayedIndicator."""
        return self.one("ReplayedIndicator") == "true"

    @property
    def apart_from_replayed(self) -> bytes:
        """The whole answer, the header's own UUID included, but for the ReplayedIndicator."""
        canonical = etree.tostring(self.element, method="c14n")
        return re.sub(rb"(ReplayedIndicator>)(true|false)<", rb"\1<", canonical)


def _wild(path: str) -> str:
    return "/".join(f"{{*}}{name}" for name in path.split("/"))


class Calls:
    """See the module. `send` is a call and its answer; `submit` does not wait for it."""

    def __init__(self, database: Database, policy: Policy | None = None) -> None:
        self.database = database
        self._loop = LoopThread()
        self._lane = WriteLane(database)
        rules = policy or Policy()
        known = {**use_cases(rules), **bian_use_cases(BianPolicy(leads=rules))}
        self._dispatcher = Dispatcher(database, known, lane=self._lane)
        self._loop.call(self._lane.start)

    def stop(self) -> None:
        """Finish what is under way."""
        self._loop.run(self._lane.stop())
        self._dispatcher.stop()
        self._loop.stop()

    def submit(self, request: bytes, *, caller: Caller = DESK, now: datetime | None = None) -> Future[Answer]:
        """Do with a request what the SOAP door does behind its gate."""
        payload = parse(request)
        validate(payload)
        message, content_hash = codec.decode_hashed(payload)
        call = Call(
            caller=caller,
            message=message,
            content_hash=content_hash,
            received_at=now or datetime.now(UTC),
            correlation_id="test",
            record_hashes=codec.record_hashes(payload),
        )
        return self._loop.future(lambda: self._dispatcher.submit(by_request()[str(payload.tag)].name, call))

    def send(self, request: bytes, *, caller: Caller = DESK, now: datetime | None = None) -> Answered:
        """The answer to a request, validated; raises what the use case raises, such as IdempotencyConflict."""
        return read(self.submit(request, caller=caller, now=now).result(SECONDS))

    def done(self, request: bytes, *, caller: Caller = DESK) -> Answered:
        """The answer to a request that must succeed without an error in its Log."""
        answered = self.send(request, caller=caller)
        assert answered.result in ("1", "3"), answered.all("Log/Item/Note")  # received, or successful
        return answered


def read(answer: Answer) -> Answered:
    """The bytes of an answer, parsed and held against the contract."""
    element = parse(answer.encoded)
    validate(element)
    return Answered(element)


@contextmanager
def gateway(database: Database, policy: Policy | None = None) -> Iterator[Calls]:
    """One process's view of a database, for the time of the block."""
    made = Calls(database, policy)
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture
def calls(database: Database) -> Iterator[Calls]:
    """A gateway over a fresh database, once on each kind."""
    with gateway(database) as made:
        yield made


@pytest.fixture
def two_gateways(database_url: str) -> Iterator[tuple[Calls, Calls]]:
    """Two gateways over one fresh database, each with connections and a lane of its own, as two processes have."""
    databases = Database(database_url), Database(database_url)
    with gateway(databases[0]) as first, gateway(databases[1]) as second:
        yield first, second
    for database in databases:
        database.dispose()


_ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"


class Unanswered(Exception):
    """A server answered with something else than an answer: `status`, and what it said."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(f"HTTP {status}: {said}")
        self.status = status


class Wire:
    """A partner's program: sends requests in SOAP 1.1 envelopes to a server, with HTTP Basic."""

    def __init__(self, url: str, credentials: tuple[str, str]) -> None:
        self._url = url
        self._credentials = credentials
        self._local = threading.local()

    def send(self, request: bytes, *, timeout: float = SECONDS) -> Answered:
        """The validated answer; raises Unanswered for a fault, and what requests raises when the server is gone."""
        operation = by_request()[str(parse(request).tag)]
        envelope = f'<e:Envelope xmlns:e="{_ENVELOPE}"><e:Body>'.encode() + request + b"</e:Body></e:Envelope>"
        response = self._session().post(
            f"{self._url}/soap/{operation.service}",
            data=envelope,
            auth=self._credentials,
            headers={"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{operation.soap_action}"'},
            timeout=timeout,
        )
        if response.status_code != requests.codes.ok:
            raise Unanswered(response.status_code, response.text)
        element = parse(response.content)[0][0]
        validate(element)
        return Answered(element)

    def done(self, request: bytes) -> Answered:
        """The answer to a request that must succeed."""
        answered = self.send(request)
        assert answered.result == "3", answered.all("Log/Item/Note")
        return answered

    def _session(self) -> requests.Session:
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
        session: requests.Session = self._local.session
        return session


def until(holds: Callable[[], Result | None], *, what: str) -> Result:
    """Ask again and again until the answer is something; fails the test, saying what was waited for, if it never is."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        found = holds()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"waited {SECONDS} s in vain for {what}")


PASSWORD = "correct horse battery"  # of every caller in tests

# Settings of a server that gives up waiting soon, so that what was being sent is soon sent again; the lease outlasts
# both of the core CRM's timeouts.
IMPATIENT = {
    "LEADBRIDGE_CRM__CONNECT_TIMEOUT_SECONDS": "0.5",
    "LEADBRIDGE_CRM__READ_TIMEOUT_SECONDS": "1",
    "LEADBRIDGE_FORWARDING__LEASE_SECONDS": "2",
    "LEADBRIDGE_FORWARDING__FIRST_DELAY_SECONDS": "0.05",
    "LEADBRIDGE_FORWARDING__LONGEST_DELAY_SECONDS": "0.2",
    "LEADBRIDGE_FORWARDING__MOST_ATTEMPTS": "200",
    "LEADBRIDGE_FORWARDING__BREAKER_PAUSE_SECONDS": "0.2",
}


def admit(database_url: str, credentials: tuple[str, str], role: Role) -> None:
    """Add a caller to a database, which is migrated if it is not yet."""
    database = Database(database_url)
    migrate(database)
    caller_id, password = credentials
    add_caller(database, caller_id=caller_id, name=caller_id, roles=[role], password=password, now=datetime.now(UTC))
    database.dispose()


def forwarded(wire: Wire, lead_id: str, status: str, *, state: str = "delivered") -> Answered:
    """The lead in full, as soon as it has this status and its latest message is in this state."""

    def holds() -> Answered | None:
        (lead,) = wire.done(read_lead(lead_id, history="1")).parts("Lead")
        is_so = (lead.one("LifeCycleStatusCode"), lead.all("ForwardingStatusCode")) == (status, [state])
        return lead if is_so else None

    return until(holds, what=f"lead {lead_id} to be in status {status} and its message {state}")


def at_once(count: int, act: Callable[[int], Result]) -> list[Result]:
    """Call `act` with 0, 1, 2, … in threads of their own that start together; the results in that order."""
    barrier = threading.Barrier(count)

    def start(number: int) -> Result:
        barrier.wait(SECONDS)
        return act(number)

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(start, range(count)))


# --------------------------------------------------------------------------------------------- what is in the store


def row_counts(database: Database) -> dict[str, int]:
    """How many rows each table has."""
    counts = [
        select(func.count()).select_from(table).scalar_subquery().label(table.name)
        for table in tables.metadata.sorted_tables
    ]
    with database.read() as tx:
        return dict(tx.connection.execute(select(*counts)).one()._mapping)


def numbers_used(database: Database) -> dict[str, object]:
    """Where the counters of identifiers stand; equal before and after means that no number was used."""
    names = ("lead", "business_partner", "crm_record")
    with database.read() as tx:
        if database.dialect_name == "sqlite":
            rows = tx.connection.execute(select(tables.number.c.name, tables.number.c.value)).all()
            found: dict[str, object] = {name: value for name, value in rows}  # noqa: C416 - rows are not pairs to mypy
            return {name: found.get(name) for name in names}
        return {
            name: tuple(tx.connection.execute(text(f"SELECT last_value, is_called FROM {name}_number")).one())
            for name in names
        }


def column(database: Database, table: str, name: str) -> Sequence[object]:
    """One column of a table, in the order of its key."""
    found = tables.metadata.tables[table]
    statement = select(found.c[name]).order_by(*found.primary_key.columns)
    with database.read() as tx:
        return tx.connection.execute(statement).scalars().all()
