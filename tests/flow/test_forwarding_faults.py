"""Forwarding survives: relays that die, answers that come too late, several relays, a database that goes away."""

import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from leadbridge.forwarding import Delivered, Outcome, Refused
from leadbridge.lead import ForwardingEvent
from leadbridge.store import outbox
from leadbridge.store.database import Database, Transaction
from leadbridge.store.errors import DatabaseUnreachable
from tests.support.crm import Behaviour, running
from tests.support.forwarding import (
    POLICY,
    Clock,
    Door,
    a_relay,
    door_to,
    journal_of,
    lead_of,
    messages_of,
    qualify,
    set_status,
    states,
)

DELIVERED = Delivered("LEAD", "0000000001", "New Lead", replayed=False)
DECLINED = Refused("CRM.DECLINED", None, declined=True)


@pytest.fixture
def clock() -> Clock:
    return Clock()


# ------------------------------------------------------------------------------------------ leases, crashes


def test_a_relay_that_dies_between_call_and_settling_is_followed_by_another_one(
    database: Database, clock: Clock
) -> None:
    qualify(database, 1)
    with running() as crm:
        door = door_to(crm)
        with database.write() as tx:
            (claimed,) = outbox.claim(tx, worker="dies", now=clock.now, lease=POLICY.lease, limit=1, hold_parked=True)
        assert isinstance(door.call(claimed["operation"], claimed["payload"]), Delivered)
        other = a_relay(database, door, clock, worker="two")

        clock.advance(59)
        assert other.run_once() == 0
        clock.advance(1)
        assert other.run_once() == 1
        door.close()

    assert len(crm.received) == 2
    assert len(crm.records) == 1
    (message,) = messages_of(database)
    assert (message["state"], message["attempts"]) == ("delivered", 2)
    assert lead_of(database)["life_cycle_status_code"] == "4"


ROOT = Path(__file__).parents[2]
RELAY = """
    import sys
    from datetime import UTC, datetime
    from leadbridge.core_crm import CoreCrm
    from leadbridge.store.database import Database
    from tests.support.forwarding import a_relay
    url, wsdl = sys.argv[1:]
    door = CoreCrm(wsdl=wsdl, username=None, password=None, connect_timeout=5, read_timeout=30)
    a_relay(Database(url), door, lambda: datetime.now(UTC)).run_once()
"""


def test_a_relay_killed_after_the_core_crm_acted_leaves_one_record_and_an_accepted_lead(
    database: Database, database_url: str
) -> None:
    qualify(database, 1)
    with running() as crm:
        crm.script.append(Behaviour.SILENT)  # it acts, and keeps the relay waiting for the answer
        process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(RELAY), database_url, crm.wsdl], cwd=ROOT)
        try:
            wait_until(lambda: len(crm.records) == 1)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert states(database) == ["claimed"]

        door = door_to(crm)
        later = datetime.now(UTC) + POLICY.lease
        assert a_relay(database, door, lambda: later, worker="two").run_once() == 1
        door.close()

    assert len(crm.records) == 1
    assert [one.uuid for one in crm.received] == [crm.received[0].uuid] * 2
    assert states(database) == ["delivered"]
    assert lead_of(database)["life_cycle_status_code"] == "4"


@pytest.mark.parametrize("other", ["one", "two"])
def test_an_answer_that_comes_after_the_lease_writes_nothing(database: Database, clock: Clock, other: str) -> None:
    """Also where it is the same relay that has claimed the message again."""
    qualify(database, 1)
    second = a_relay(database, Door(DELIVERED), clock, worker=other)

    def slow() -> Outcome:
        clock.advance(61)
        assert second.run_once() == 1
        return DECLINED

    assert a_relay(database, Door(slow), clock, worker="one").run_once() == 1

    (message,) = messages_of(database)
    assert (message["state"], message["outcome"], message["attempts"]) == ("delivered", "delivered", 2)
    assert lead_of(database)["life_cycle_status_code"] == "4"
    assert len(journal_of(database)) == 1


def test_an_answer_that_comes_while_another_relay_is_asking_writes_nothing(database: Database, clock: Clock) -> None:
    qualify(database, 1)

    def slow() -> Outcome:
        clock.advance(61)
        with database.write() as tx:
            assert outbox.claim(tx, worker="two", now=clock.now, lease=POLICY.lease, limit=1, hold_parked=True)
        return DECLINED

    a_relay(database, Door(slow), clock).run_once()

    assert states(database) == ["claimed"]
    assert lead_of(database)["life_cycle_status_code"] == "3"
    assert journal_of(database) == []


def test_a_message_that_takes_down_every_relay_is_parked_without_another_call(database: Database, clock: Clock) -> None:
    qualify(database, 1)
    for number in range(POLICY.most_attempts):
        with database.write() as tx:
            assert outbox.claim(
                tx, worker=f"dies {number}", now=clock.now, lease=POLICY.lease, limit=1, hold_parked=True
            )
        clock.advance(60)
    door = Door()

    assert a_relay(database, door, clock).run_once() == 1

    (message,) = messages_of(database)
    assert (message["state"], message["outcome"]) == ("parked", "exhausted")
    assert door.calls == []


def test_two_relays_never_send_one_message_at_the_same_time(database: Database, clock: Clock) -> None:
    qualify(database, *range(1, 41))
    with running() as crm:
        door = door_to(crm)
        called = {"one": 0, "two": 0}
        together = threading.Barrier(2)

        def forward(worker: str) -> None:
            relay = a_relay(database, door, clock, worker=worker, policy=replace(POLICY, batch=4))
            together.wait()
            while one := relay.run_once():
                called[worker] += one

        threads = [threading.Thread(target=forward, args=(worker,)) for worker in called]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        # Where a relay found the other one holding all that was due, it has stopped early.
        while a_relay(database, door, clock, worker="three").run_once():
            pass
        door.close()

    assert len(crm.received) == len(crm.records) == 40
    assert set(states(database)) == {"delivered"}
    assert {row["attempts"] for row in messages_of(database)} == {1}


# --------------------------------------------------------------------------------------------------- settling


def test_what_cannot_be_settled_is_parked_alone_and_spoils_no_other(database: Database, clock: Clock) -> None:
    """Lead 2 was closed lost meanwhile, and its follow-up cannot be written."""
    qualify(database, 1, 2, 3)

    def fails(tx: Transaction, lead_row: Any, event: ForwardingEvent, *, now: datetime) -> None:
        raise RuntimeError("no follow-up")

    def meanwhile() -> Outcome:
        set_status(database, 2, "7")
        return DELIVERED

    a_relay(database, Door(meanwhile), clock, enqueue=fails).run_once()

    assert [(row["state"], row["outcome"]) for row in messages_of(database)] == [
        ("delivered", "delivered"),
        ("parked", "defect"),
        ("delivered", "delivered"),
    ]
    assert [lead_of(database, number)["life_cycle_status_code"] for number in (1, 2, 3)] == ["4", "7", "4"]
    assert lead_of(database, 2)["core_lead_id"] is None


class _Faltering:
    """A database that cannot be reached while ``away`` is set."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.away = threading.Event()
        self.refused = 0

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        if self.away.is_set():
            self.refused += 1
            raise DatabaseUnreachable
        with self._database.write() as tx:
            yield tx


def test_outcomes_are_kept_while_the_database_is_away(database: Database) -> None:
    faltering = _Faltering(database)
    qualify(database, 1, now=datetime.now(UTC) - timedelta(seconds=1))

    def goes_away() -> Outcome:
        faltering.away.set()
        return DELIVERED

    door = Door(goes_away)
    with relay_running(faltering, door):
        wait_until(lambda: faltering.refused > 6)
        assert states(database) == ["claimed"]
        faltering.away.clear()
        wait_until(lambda: states(database) == ["delivered"])

    assert len(door.calls) == 1
    assert lead_of(database)["life_cycle_status_code"] == "4"


# ----------------------------------------------------------------------------------------------------- the loop


def test_the_loop_forwards_what_comes_and_ends_when_told(database: Database) -> None:
    with running() as crm:
        door = door_to(crm)
        with relay_running(database, door):
            for number in range(1, 6):
                qualify(database, number, now=datetime.now(UTC))
                wait_until(lambda: set(states(database)) == {"delivered"})
        door.close()

    assert len(crm.records) == 5


def test_a_slow_answer_holds_up_its_own_lead_and_no_other(database: Database) -> None:
    qualify(database, *range(1, 11), now=datetime.now(UTC) - timedelta(seconds=1))
    released = threading.Event()

    def slow() -> Outcome:
        assert released.wait(10)
        return DELIVERED

    with relay_running(database, Door(slow)):
        wait_until(lambda: sorted(states(database)) == ["claimed", *["delivered"] * 9])
        released.set()
        wait_until(lambda: set(states(database)) == {"delivered"})


def test_calls_under_way_are_settled_when_the_loop_is_told_to_end(database: Database) -> None:
    qualify(database, 1, now=datetime.now(UTC) - timedelta(seconds=1))
    called, released = threading.Event(), threading.Event()

    def slow() -> Outcome:
        called.set()
        assert released.wait(10)
        return DELIVERED

    with relay_running(database, Door(slow)) as stop:
        assert called.wait(10)
        stop.set()
        released.set()

    assert states(database) == ["delivered"]


def test_the_loop_rides_out_an_outage_of_the_core_crm(database: Database) -> None:
    qualify(database, *range(1, 11), now=datetime.now(UTC) - timedelta(seconds=1))
    policy = replace(
        POLICY,
        most_attempts=100,
        first_delay=timedelta(seconds=0.05),
        longest_delay=timedelta(seconds=0.05),
        breaker_failures=5,
        breaker_pause=timedelta(seconds=0.05),
    )
    with running() as crm:
        door = door_to(crm)
        crm.down()
        with relay_running(database, door, policy=policy):
            wait_until(lambda: all(row["attempts"] for row in messages_of(database)[:5]))
            crm.up()
            wait_until(lambda: set(states(database)) == {"delivered"})
        door.close()

    assert len(crm.records) == 10


@contextmanager
def relay_running(database: Any, door: Any, **options: Any) -> Iterator[threading.Event]:
    """A relay in a thread, by the real clock; told to end and waited for at the end of the block."""
    stop = threading.Event()
    relay = a_relay(database, door, lambda: datetime.now(UTC), **options)
    thread = threading.Thread(target=relay.run, args=(stop,))
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join()


def wait_until(happened: Callable[[], bool]) -> None:
    """Wait for something another thread or process does; fails when it has not come after a long time."""
    deadline = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)
