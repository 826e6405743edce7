"""What tests of forwarding share: qualified leads with their messages, a clock that stands, a relay."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from leadbridge.caller import CORE_CRM
from leadbridge.core_crm import CoreCrm
from leadbridge.forwarding import CoreCrmDoor, Delivered, ForwardingPolicy, Outcome, Relay
from leadbridge.lead import ForwardingEvent
from leadbridge.operations import qualified
from leadbridge.operations.call import Policy
from leadbridge.store import journal, leads, outbox
from leadbridge.store.database import Database
from tests.store.rows import a_lead, store_leads
from tests.support.crm import KEEP_WAITING, Behaviour, FakeCrm

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
POLICY = ForwardingPolicy(
    batch=8,
    lease=timedelta(seconds=60),
    first_delay=timedelta(seconds=2),
    longest_delay=timedelta(seconds=60),
    most_attempts=4,
    poll=timedelta(seconds=0.02),
    breaker_failures=1000,
    breaker_pause=timedelta(seconds=10),
)
ENQUEUE = partial(qualified.enqueue, policy=Policy())


class Clock:
    """A clock that moves only when told."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


class Door:
    """A way to the core CRM that does what a test says; ``calls`` are the operations, in order."""

    def __init__(self, *behaviour: Outcome | Callable[[], Outcome]) -> None:
        self._behaviour = list(behaviour)
        self.calls: list[str] = []

    def call(self, operation: str, payload: bytes) -> Outcome:
        """Do the next thing told; at the end of the list, confirm."""
        self.calls.append(operation)
        if not self._behaviour:
            return Delivered("LEAD", "0000000001", "New Lead", replayed=False)
        one = self._behaviour.pop(0)
        return one() if callable(one) else one


def door_to(crm: FakeCrm, *, patience: float = 10) -> CoreCrm:
    """The real door, to a stand-in; ``patience`` in seconds is for tests that wait in vain."""
    return CoreCrm(wsdl=crm.wsdl, username="u", password="p", connect_timeout=10, read_timeout=patience)


def patience_for(request: pytest.FixtureRequest) -> float:
    """Seconds to wait for an answer: long, because machines are slow, unless the test is about waiting in vain."""
    callspec = getattr(request.node, "callspec", None)
    in_vain = callspec is not None and not KEEP_WAITING.isdisjoint(
        value for value in callspec.params.values() if isinstance(value, Behaviour)
    )
    return 0.5 if in_vain else 10


def a_relay(
    database: Database,
    door: CoreCrmDoor,
    clock: Callable[[], datetime],
    *,
    worker: str = "one",
    policy: ForwardingPolicy = POLICY,
    enqueue: Any = ENQUEUE,
) -> Relay:
    """A relay without chance in its waits: each is the whole of what it may be."""
    return Relay(database, door, policy=policy, enqueue=enqueue, worker=worker, clock=clock, random=lambda: 1.0)


def qualify(database: Database, *numbers: int, prospect: int = 1, now: datetime = START) -> None:
    """Store qualified leads, each with its CREATE message in the outbox."""
    rows = [a_lead(number, prospect, life_cycle_status_code="3") for number in numbers]
    store_leads(database, *rows)
    with database.write() as tx:
        for lead in leads.resolve(tx, CORE_CRM, ids=[row["id"] for row in rows]):
            ENQUEUE(tx, lead, ForwardingEvent.CREATE, now=now)


def tell(database: Database, number: int, event: ForwardingEvent, *, now: datetime = START) -> None:
    """Put a later message about a lead into the outbox."""
    with database.write() as tx:
        ENQUEUE(tx, the_lead(tx, number), event, now=now)


def set_status(database: Database, number: int, status: str) -> None:
    """Let a caller have moved a lead meanwhile."""
    with database.write() as tx:
        leads.update(tx, [{"id": f"{number:010d}", "life_cycle_status_code": status}])


def the_lead(tx: Any, number: int) -> Mapping[str, Any]:
    """A lead's head row, in a transaction."""
    (row,) = leads.resolve(tx, CORE_CRM, ids=[f"{number:010d}"])
    return row


def lead_of(database: Database, number: int = 1) -> Mapping[str, Any]:
    """A lead's head row."""
    with database.read() as tx:
        return the_lead(tx, number)


def journal_of(database: Database, number: int = 1) -> list[Mapping[str, Any]]:
    """What is recorded about a lead."""
    with database.read() as tx:
        return list(journal.of(tx, "lead", f"{number:010d}"))


def messages_of(database: Database) -> list[Mapping[str, Any]]:
    """The outbox, in order."""
    with database.read() as tx:
        return list(outbox.listed(tx, state=None, limit=1000, after=None))


def states(database: Database) -> list[str]:
    """The state of each message, in order."""
    return [row["state"] for row in messages_of(database)]
