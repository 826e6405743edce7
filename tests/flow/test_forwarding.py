"""Out: claim, call, settle. What each outcome does to the message and to the lead, on both databases."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from leadbridge import log
from leadbridge.core_crm import CoreCrm
from leadbridge.forwarding import Delivered, Outcome, Refused, Unavailable
from leadbridge.lead import ForwardingEvent
from leadbridge.settings import Settings
from leadbridge.store import businesspartners, leads, outbox
from leadbridge.store.database import Database
from tests.store.rows import a_partner
from tests.support.crm import Behaviour, FakeCrm, running
from tests.support.forwarding import (
    POLICY,
    Clock,
    Door,
    a_relay,
    door_to,
    journal_of,
    lead_of,
    messages_of,
    patience_for,
    qualify,
    set_status,
    states,
    tell,
)

DELIVERED = Delivered("LEAD", "0000000001", "New Lead", replayed=False)


@pytest.fixture
def crm() -> Iterator[FakeCrm]:
    with running() as one:
        yield one


@pytest.fixture
def door(crm: FakeCrm, request: pytest.FixtureRequest) -> Iterator[CoreCrm]:
    one = door_to(crm, patience=patience_for(request))
    yield one
    one.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


# ---------------------------------------------------------------------------------------------------- outcomes


def test_a_qualified_lead_is_handed_over_and_becomes_accepted(
    database: Database, crm: FakeCrm, door: CoreCrm, clock: Clock
) -> None:
    qualify(database, 1)
    before = lead_of(database)
    clock.advance(3)

    assert a_relay(database, door, clock).run_once() == 1

    lead, (message,), (entry,) = lead_of(database), messages_of(database), journal_of(database)
    assert (lead["life_cycle_status_code"], lead["core_lead_id"], lead["core_opportunity_id"]) == (
        "4",
        "0000000001",
        None,
    )
    assert (lead["change_number"], lead["changed_at"]) == (before["change_number"] + 1, clock.now)
    assert (message["state"], message["outcome"], message["attempts"]) == ("delivered", "delivered", 1)
    assert (message["settled_at"], message["claimed_by"]) == (clock.now, None)
    assert (entry["caller_id"], entry["operation"], entry["event"]) == ("core-crm", "forward", "accepted")
    assert (entry["old_status"], entry["new_status"]) == ("3", "4")
    assert entry["changed_elements"] == "CoreLeadID LifeCycleStatusCode"
    assert [one.operation for one in crm.received] == ["ComboCreateLeadOpportunityRequest_sync"]


def test_a_customer_of_the_bank_gets_an_opportunity(
    database: Database, crm: FakeCrm, door: CoreCrm, clock: Clock
) -> None:
    with database.write() as tx:
        businesspartners.insert(tx, partners=[a_partner(5, role_codes="CUSTOMER")])
    qualify(database, 1, prospect=5)

    a_relay(database, door, clock).run_once()

    lead = lead_of(database)
    assert (lead["life_cycle_status_code"], lead["core_lead_id"]) == ("4", None)
    assert lead["core_opportunity_id"] == "0000000001"


@pytest.mark.parametrize(
    ("behaviour", "state", "outcome", "status"),
    [
        (Behaviour.CONFIRMS_PARTLY, "delivered", "delivered", "4"),
        (Behaviour.REFUSED, "parked", "refused", "3"),
        (Behaviour.DECLINED, "parked", "refused", "5"),
        (Behaviour.CLIENT_FAULT, "parked", "refused", "3"),
        (Behaviour.BUSY_503, "waiting", "unavailable", "3"),
        (Behaviour.BUSY_FAULT, "waiting", "unavailable", "3"),
        (Behaviour.SILENT, "waiting", "unclear", "3"),
        (Behaviour.CLOSES, "waiting", "unclear", "3"),
        (Behaviour.GARBAGE_500, "waiting", "unclear", "3"),
        (Behaviour.OTHERS_ANSWER, "waiting", "unclear", "3"),
        (Behaviour.UNAUTHENTICATED, "parked", "configuration", "3"),
        (Behaviour.FORBIDDEN, "parked", "configuration", "3"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_each_outcome_does_to_message_and_lead_what_the_table_says(
    database: Database,
    crm: FakeCrm,
    door: CoreCrm,
    clock: Clock,
    behaviour: Behaviour,
    state: str,
    outcome: str,
    status: str,
) -> None:
    qualify(database, 1)
    crm.script.append(behaviour)

    a_relay(database, door, clock).run_once()

    (message,) = messages_of(database)
    assert (message["state"], message["outcome"]) == (state, outcome)
    assert lead_of(database)["life_cycle_status_code"] == status
    assert len(journal_of(database)) == (0 if status == "3" else 1)
    assert message["due_at"] == clock.now + timedelta(seconds=2 if state == "waiting" else 0)


def test_a_core_crm_that_is_down_is_unavailable(database: Database, clock: Clock) -> None:
    qualify(database, 1)
    with running() as crm:
        door = door_to(crm)
    a_relay(database, door, clock).run_once()

    (message,) = messages_of(database)
    assert (message["state"], message["outcome"]) == ("waiting", "unavailable")
    assert message["outcome_text"]


def test_a_decline_is_written_with_its_reason(database: Database, crm: FakeCrm, door: CoreCrm, clock: Clock) -> None:
    qualify(database, 1)
    crm.script.append(Behaviour.DECLINED)

    a_relay(database, door, clock).run_once()

    lead, (message,), (entry,) = lead_of(database), messages_of(database), journal_of(database)
    assert (lead["life_cycle_status_code"], lead["reason_code"]) == ("5", "007")
    assert (message["outcome_code"], message["outcome_text"]) == ("CRM.DECLINED.007", "a note for people")
    assert (entry["event"], entry["old_status"], entry["new_status"]) == ("declined", "3", "5")
    assert entry["reason_code"] == "007"


def test_the_unforeseen_parks_the_message_and_is_logged_without_values(
    database: Database, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    log.configure(Settings())
    qualify(database, 1)

    def stumble() -> Outcome:
        raise RuntimeError("over Anna Meier")

    a_relay(database, Door(stumble), clock).run_once()

    (message,) = messages_of(database)
    logged = capsys.readouterr().err
    assert (message["state"], message["outcome"]) == ("parked", "defect")
    assert message["outcome_code"] in logged
    assert "test_forwarding" in logged
    assert "Meier" not in logged


# ------------------------------------------------------------------------------------------- asked again, waits


@pytest.mark.parametrize("behaviour", [Behaviour.SILENT, Behaviour.CLOSES, Behaviour.LATE])
def test_an_unclear_message_is_asked_again_with_the_same_key_and_done_once(
    database: Database, crm: FakeCrm, door: CoreCrm, clock: Clock, behaviour: Behaviour
) -> None:
    qualify(database, 1)
    crm.script.append(behaviour)
    relay = a_relay(database, door, clock)

    relay.run_once()
    clock.advance(2)
    relay.run_once()

    assert [one.uuid for one in crm.received] == [crm.received[0].uuid] * 2
    assert len(crm.records) == 1
    assert states(database) == ["delivered"]
    assert lead_of(database)["life_cycle_status_code"] == "4"


@pytest.mark.parametrize("behaviour", [Behaviour.BUSY_503, Behaviour.CLOSES])
def test_waits_grow_until_the_attempts_are_used_up(
    database: Database, crm: FakeCrm, door: CoreCrm, clock: Clock, behaviour: Behaviour
) -> None:
    qualify(database, 1)
    crm.always = behaviour
    relay = a_relay(database, door, clock)

    for wait in (2, 4, 8):
        assert relay.run_once() == 1
        assert messages_of(database)[0]["due_at"] == clock.now + timedelta(seconds=wait)
        clock.advance(wait - 0.001)
        assert relay.run_once() == 0
        clock.advance(0.001)
    assert relay.run_once() == 1

    (message,) = messages_of(database)
    assert (message["state"], message["outcome"], message["attempts"]) == ("parked", "exhausted", 4)
    clock.advance(1_000_000)
    assert relay.run_once() == 0


def test_a_parked_message_is_sent_again_when_an_operator_says_so(
    database: Database, crm: FakeCrm, door: CoreCrm, clock: Clock
) -> None:
    qualify(database, 1)
    crm.script.append(Behaviour.UNAUTHENTICATED)
    relay = a_relay(database, door, clock)
    relay.run_once()

    with database.write() as tx:
        assert outbox.retry(tx, messages_of(database)[0]["id"], clock.now)
    relay.run_once()

    assert states(database) == ["delivered"]
    assert lead_of(database)["life_cycle_status_code"] == "4"


# -------------------------------------------------------------------------------------------------------- lanes


def test_a_later_change_waits_for_the_earlier_one(database: Database, clock: Clock) -> None:
    qualify(database, 1, 2)
    set_core_id(database, 1)
    tell(database, 1, ForwardingEvent.WON)
    door = Door(Unavailable("Busy"))
    relay = a_relay(database, door, clock, policy=replace(POLICY, batch=1))

    while relay.run_once():
        pass
    assert door.calls == ["ComboCreateLeadOpportunity"] * 2  # that of lead 1 is busy, that of lead 2 is not
    assert states(database) == ["waiting", "delivered", "waiting"]

    clock.advance(2)
    while relay.run_once():
        pass
    assert door.calls[2:] == ["ComboCreateLeadOpportunity", "ComboUpdateLeadOpportunity"]
    assert states(database) == ["delivered"] * 3


@pytest.mark.parametrize(("hold", "calls"), [(True, 1), (False, 2)])
def test_a_parked_message_holds_its_lane_or_lets_later_ones_pass(
    database: Database, clock: Clock, hold: bool, calls: int
) -> None:
    qualify(database, 1)
    set_core_id(database, 1)
    tell(database, 1, ForwardingEvent.WON)
    door = Door(Refused("CRM.RECORD_FINAL", None, declined=False))
    relay = a_relay(database, door, clock, policy=replace(POLICY, hold_parked=hold))

    relay.run_once()
    relay.run_once()

    assert len(door.calls) == calls


def set_core_id(database: Database, number: int) -> None:
    with database.write() as tx:
        leads.update(tx, [{"id": f"{number:010d}", "core_lead_id": "0000000077"}])


# -------------------------------------------------------------------------- the lead has moved on meanwhile


def test_a_lead_closed_lost_during_its_hand_over_is_reported_lost_afterwards(
    database: Database, crm: FakeCrm, door: CoreCrm, clock: Clock
) -> None:
    qualify(database, 1)
    relay = a_relay(database, _Meanwhile(door, lambda: set_status(database, 1, "7")), clock)

    relay.run_once()
    lead = lead_of(database)
    assert (lead["life_cycle_status_code"], lead["core_lead_id"]) == ("7", "0000000001")
    assert [(row["event"], row["state"]) for row in messages_of(database)] == [
        ("create", "delivered"),
        ("lost", "waiting"),
    ]

    relay.run_once()
    assert states(database) == ["delivered", "delivered"]
    assert crm.received[1].operation == "LeadStatusUpdateRequest_sync"
    assert crm.received[1].message.findtext("{urn:leadbridge:crm:1}RecordID") == "0000000001"


@pytest.mark.parametrize("status", ["2", "5"])
def test_a_lead_taken_back_during_its_hand_over_keeps_its_status_and_learns_its_record(
    database: Database, door: CoreCrm, clock: Clock, status: str
) -> None:
    qualify(database, 1)
    relay = a_relay(database, _Meanwhile(door, lambda: set_status(database, 1, status)), clock)

    relay.run_once()

    lead, (entry,) = lead_of(database), journal_of(database)
    assert (lead["life_cycle_status_code"], lead["core_lead_id"]) == (status, "0000000001")
    assert (entry["old_status"], entry["new_status"], entry["changed_elements"]) == (None, None, "CoreLeadID")
    assert states(database) == ["delivered"]


def test_a_decline_does_not_touch_a_lead_that_is_no_longer_qualified(database: Database, clock: Clock) -> None:
    qualify(database, 1)
    declines = Door(Refused("CRM.DECLINED", None, declined=True))
    relay = a_relay(database, _Meanwhile(declines, lambda: set_status(database, 1, "2")), clock)

    relay.run_once()

    assert lead_of(database)["life_cycle_status_code"] == "2"
    assert journal_of(database) == []


def test_an_answer_that_changes_nothing_leaves_the_lead_untouched(database: Database, clock: Clock) -> None:
    qualify(database, 1)
    tell(database, 1, ForwardingEvent.CREATE)
    relay = a_relay(database, Door(), clock)
    relay.run_once()
    before = lead_of(database)

    clock.advance(5)
    relay.run_once()

    assert states(database) == ["delivered", "delivered"]
    assert lead_of(database) == before
    assert len(journal_of(database)) == 1


class _Meanwhile:
    """A door behind which something happens before the first answer is there."""

    def __init__(self, door: CoreCrm | Door, happens: object) -> None:
        self._door = door
        self._happens = happens

    def call(self, operation: str, payload: bytes) -> Outcome:
        happens, self._happens = self._happens, None
        if callable(happens):
            happens()
        return self._door.call(operation, payload)


# -------------------------------------------------------------------------------------------------- the breaker


def test_an_outage_pauses_claims_and_uses_up_few_attempts(
    database: Database, crm: FakeCrm, door: CoreCrm, clock: Clock
) -> None:
    qualify(database, *range(1, 21))
    policy = replace(POLICY, batch=4, breaker_failures=4)
    relay = a_relay(database, door, clock, policy=policy)
    crm.down()

    called = []
    for _ in range(30):
        called.append(relay.run_once())
        clock.advance(1)

    assert called[0] == 4
    assert sum(called) == 4 + 2  # then one after each pause of 10 s
    assert set(states(database)) == {"waiting"}

    crm.up()
    clock.advance(100)
    called = []
    while one := relay.run_once():
        called.append(one)
    assert called == [1, 4, 4, 4, 4, 3]
    assert set(states(database)) == {"delivered"}


def test_a_wrong_password_parks_a_handful_and_not_the_whole_outbox(
    database: Database, crm: FakeCrm, door: CoreCrm, clock: Clock
) -> None:
    qualify(database, *range(1, 21))
    crm.always = Behaviour.UNAUTHENTICATED
    relay = a_relay(database, door, clock, policy=replace(POLICY, batch=4, breaker_failures=4))

    for _ in range(5):
        relay.run_once()
        clock.advance(1)

    with database.read() as tx:
        counts = outbox.counts(tx)
    assert (counts["parked"], counts["waiting"]) == (4, 16)
