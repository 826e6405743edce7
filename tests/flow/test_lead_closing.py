"""What becomes of a lead when its record in the built-in core CRM is closed, whichever door that comes through."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from time import sleep

import pytest

from leadbridge.forwarding import Delivered, Refused
from leadbridge.messages import BasicMessageHeader, OpportunityStatusUpdateRequestSync
from leadbridge.operations.call import Call, Policy
from leadbridge.operations.crm import update_opportunity_status
from leadbridge.store import leads, outbox
from leadbridge.store.database import Database
from tests.support.bank import CHANNELS, Channel
from tests.support.calls import ACME, BANK, DESK, SECONDS, Answered, Calls, at_once, column, gateway
from tests.support.crm_messages_by_hand import advance, combo_create
from tests.support.feed import feed_of, known
from tests.support.forwarding import POLICY, Door, a_relay, states
from tests.support.messages_by_hand import (
    change_lead,
    create_business_partner,
    create_lead,
    known_prospect,
    lead_fields,
    merge_business_partner,
    new_prospect,
    person,
    read_lead,
)

both_doors = pytest.mark.parametrize("door", CHANNELS)
OWNER, OTHER = "RM-1", "RM-2"


def accepted(calls: Calls, kind: str, *, email: str = "a@example.org", source: bool = True) -> tuple[str, str, str]:
    """A lead of ACME's in 4 accepted, as the relay leaves it: its ID, its record's, its customer's."""
    prospect = new_prospect(person(emails=[email], roles=["CUSTOMER" if kind == "OPPORTUNITY" else "PROSPECT"]))
    fields = lead_fields(prospect=prospect, status="3", responsible=OWNER)
    made = calls.done(create_lead(fields), caller=ACME)
    lead_id, customer = made.one("Lead/ID"), made.one("Lead/ProspectPartyInternalID")
    record = calls.done(
        combo_create(
            customer=customer,
            customer_type="ETB" if kind == "OPPORTUNITY" else "NTB",
            owner=OWNER,
            source_lead=made.one("Lead/UUID") if source else None,
        ),
        caller=BANK,
    ).one("RecordID")
    column = "core_opportunity_id" if kind == "OPPORTUNITY" else "core_lead_id"
    with calls.database.write() as tx:
        leads.update(tx, [{"id": lead_id, "life_cycle_status_code": "4", column: record}])
    return lead_id, record, customer


def converting(calls: Calls, record: str) -> None:
    """Work on a record until the next advance converts it."""
    for move, name in (
        ("ADVANCE", None),
        ("STEP_DONE", "Make first contact"),
        ("ADVANCE", None),
        ("STEP_DONE", "Confirm interest"),
        ("ADVANCE", None),
        ("STEP_DONE", "Confirm need and budget"),
    ):
        calls.done(advance(record, move, step=name), caller=BANK)


def lead(calls: Calls, lead_id: str) -> Answered:
    (found,) = calls.done(read_lead(lead_id, history="1"), caller=ACME).parts("Lead")
    return found


def status(calls: Calls, lead_id: str) -> str:
    return lead(calls, lead_id).one("LifeCycleStatusCode")


@both_doors
@pytest.mark.parametrize("source", [True, False], ids=["its own record", "an open one that was answered"])
def test_a_lead_is_won_or_lost_with_its_record_and_its_partner_is_told(calls: Calls, door: str, source: bool) -> None:
    known(calls.database, ACME)
    channel: Channel = CHANNELS[door](calls)
    won, opportunity, _ = accepted(calls, "OPPORTUNITY", email="a@example.org", source=source)
    lost, record, _ = accepted(calls, "LEAD", email="b@example.org", source=source)
    before = lead(calls, won).one("ChangeStateID")
    assert channel.win("OPPORTUNITY", opportunity).status == "Close Won"
    assert channel.lose_lead(record).status == "Close Lost"
    assert [status(calls, one) for one in (won, lost)] == ["6", "7"]
    assert lead(calls, won).one("ChangeStateID") != before
    assert lead(calls, won).all("StatusHistory/Item/ChangePartyID")[-1] == "core-crm"
    assert [(one.lead_id, one.kind) for one in feed_of(calls, ACME)] == [(won, "WON"), (lost, "LOST")]
    moments = column(calls.database, "lead_status_change", "changed_at")
    assert moments == column(calls.database, "lead", "changed_at")
    # The core CRM knows it already: beside the two leads that were qualified nothing is to be sent.
    with calls.database.read() as tx:
        assert [row["event"] for row in outbox.listed(tx, state=None, limit=10, after=None)] == ["create", "create"]


@both_doors
def test_a_lead_whose_record_is_converted_and_won_at_once_names_the_opportunity(calls: Calls, door: str) -> None:
    lead_id, record, _ = accepted(calls, "LEAD")
    outcome = CHANNELS[door](calls).win("LEAD", record)
    assert (status(calls, lead_id), lead(calls, lead_id).one("CoreOpportunityID")) == ("6", outcome.record_id)


def test_a_lead_follows_the_opportunity_that_its_record_was_converted_into(calls: Calls) -> None:
    lead_id, record, _ = accepted(calls, "LEAD")
    converting(calls, record)
    opportunity = calls.done(advance(record), caller=BANK).one("RecordID")
    assert (status(calls, lead_id), lead(calls, lead_id).one("CoreOpportunityID")) == ("4", opportunity)
    assert opportunity != record
    calls.done(advance(opportunity, "CLOSE_LOST", reason="005"), caller=BANK)
    assert (status(calls, lead_id), lead(calls, lead_id).one("ReasonCode")) == ("7", "005")
    calls.done(advance(opportunity, "REOPEN", why="came back"), caller=BANK)
    assert status(calls, lead_id) == "7"  # final: what comes of it now is another lead


def test_a_reason_of_before_is_not_why_a_lead_was_closed(calls: Calls) -> None:
    lead_id, record, _ = accepted(calls, "OPPORTUNITY")
    with calls.database.write() as tx:
        leads.update(tx, [{"id": lead_id, "reason_code": "005"}])
    CHANNELS["SOAP"](calls).win("OPPORTUNITY", record)
    assert (status(calls, lead_id), lead(calls, lead_id).all("ReasonCode")) == ("6", [])


@both_doors
def test_a_lead_is_lost_where_the_customer_goes_to_another_manager(calls: Calls, door: str) -> None:
    lead_id, _, customer = accepted(calls, "OPPORTUNITY")
    CHANNELS[door](calls).create(customer, "ETB", OTHER)
    assert status(calls, lead_id) == "7"


@pytest.mark.parametrize("merged", [True, False], ids=["merged", "changed"])
def test_two_leads_of_one_record_follow_it_whoever_their_prospect_is_by_now(calls: Calls, merged: bool) -> None:
    first, customer = qualified(calls, "LEAD")
    record = relayed(calls, customer, "LEAD").record_id
    second, _ = qualified(calls, "LEAD", prospect=customer)
    assert relayed(calls, customer, "LEAD").record_id == record
    request = create_business_partner(person(), duplicates="CREATE")
    other = calls.done(request, caller=DESK).one("BusinessPartner/InternalID")
    if merged:
        calls.done(merge_business_partner(other, customer), caller=DESK)
    else:
        calls.done(change_lead(second, lead_fields(name=None, prospect=known_prospect(other))), caller=DESK)
    CHANNELS["SOAP"](calls).lose_lead(record)
    assert [status(calls, one) for one in (first, second)] == ["7", "7"]


def test_leads_that_are_not_in_4_or_have_another_record_stay_as_they_are(calls: Calls) -> None:
    channel = CHANNELS["SOAP"](calls)
    declined, record, _ = accepted(calls, "OPPORTUNITY")
    other, opportunity, _ = accepted(calls, "OPPORTUNITY", email="b@example.org")
    with calls.database.write() as tx:
        leads.update(tx, [{"id": declined, "life_cycle_status_code": "3"}])
        leads.update(tx, [{"id": other, "core_opportunity_id": "elsewhere"}])
    channel.win("OPPORTUNITY", record)
    channel.win("OPPORTUNITY", opportunity)
    assert [status(calls, one) for one in (declined, other)] == ["3", "4"]


def test_where_another_core_crm_is_in_use_no_lead_follows_the_records_that_are_here(sqlite: Database) -> None:
    with gateway(sqlite, Policy(own_core_crm=False)) as calls:
        lead_id, record, _ = accepted(calls, "OPPORTUNITY")
        CHANNELS["SOAP"](calls).win("OPPORTUNITY", record)
        assert status(calls, lead_id) == "4"


# ------------------------------------------------------------------------ closed before the relay settles the answer


def qualified(calls: Calls, kind: str, *, prospect: str | None = None) -> tuple[str, str]:
    """A lead of ACME's in 3 qualified that the relay has still to forward: its ID, its customer's."""
    new = new_prospect(person(roles=["CUSTOMER" if kind == "OPPORTUNITY" else "PROSPECT"]))
    fields = lead_fields(prospect=known_prospect(prospect) if prospect else new, status="3", responsible=OWNER)
    made = calls.done(create_lead(fields, duplicates="CREATE"), caller=ACME)
    return made.one("Lead/ID"), made.one("Lead/ProspectPartyInternalID")


def relayed(calls: Calls, customer: str, kind: str, meanwhile: Callable[[str], object] = str) -> Delivered:
    """Let the relay hand over one lead; `meanwhile` happens when the core CRM has answered with this record."""
    answered: list[Delivered] = []

    def answer() -> Delivered:
        made = CHANNELS["JSON"](calls).create(customer, "ETB" if kind == "OPPORTUNITY" else "NTB", OWNER)
        answered.append(Delivered(made.kind, made.record_id or "", made.status, replayed=False))
        meanwhile(made.record_id or "")
        return answered[0]

    policy = replace(POLICY, own_core_crm=True)
    assert a_relay(calls.database, Door(answer), lambda: datetime.now(UTC), policy=policy).run_once() == 1
    return answered[0]


@pytest.mark.parametrize("kind", ["LEAD", "OPPORTUNITY"])
@pytest.mark.parametrize(("end", "told"), [("6", "WON"), ("7", "LOST")])
def test_a_lead_follows_a_record_that_was_closed_before_the_relay_settled(
    calls: Calls, kind: str, end: str, told: str
) -> None:
    known(calls.database, ACME)
    lead_id, customer = qualified(calls, kind)
    channel = CHANNELS["SOAP"](calls)
    lose = channel.lose_lead if kind == "LEAD" else channel.lose_opportunity
    won: list[str | None] = []

    def close(record: str) -> None:
        won.append(channel.win(kind, record).record_id if end == "6" else lose(record).record_id)

    answered = relayed(calls, customer, kind, close)
    found = lead(calls, lead_id)
    assert found.one("LifeCycleStatusCode") == end
    assert found.all("CoreLeadID") == ([answered.record_id] if kind == "LEAD" else [])
    assert found.all("CoreOpportunityID") == (won if kind == "OPPORTUNITY" or end == "6" else [])
    assert found.all("StatusHistory/Item/LifeCycleStatusCode") == ["3", "4", end]
    assert [one.kind for one in feed_of(calls, ACME)] == ["ACCEPTED", told]
    assert states(calls.database) == ["delivered"]


def test_a_lead_follows_the_opportunity_that_its_record_became_before_the_relay_settled(calls: Calls) -> None:
    lead_id, customer = qualified(calls, "LEAD")
    became: list[str] = []

    def convert(record: str) -> None:
        converting(calls, record)
        became.append(calls.done(advance(record), caller=BANK).one("RecordID"))

    relayed(calls, customer, "LEAD", convert)
    assert (status(calls, lead_id), lead(calls, lead_id).one("CoreOpportunityID")) == ("4", became[0])
    CHANNELS["SOAP"](calls).win("OPPORTUNITY", became[0])
    assert status(calls, lead_id) == "6"


def test_a_lead_answered_with_a_record_that_was_won_long_ago_is_not_won_by_it(calls: Calls) -> None:
    first, customer = qualified(calls, "LEAD")
    record = relayed(calls, customer, "LEAD").record_id
    CHANNELS["SOAP"](calls).win("LEAD", record)
    second, _ = qualified(calls, "LEAD", prospect=customer)
    assert relayed(calls, customer, "LEAD").record_id == record
    third, _ = qualified(calls, "LEAD", prospect=customer)
    other_manager = partial(CHANNELS["SOAP"](calls).create, customer, "NTB", OTHER)
    relayed(calls, customer, "LEAD", lambda _: other_manager())
    assert [status(calls, one) for one in (first, second, third)] == ["6", "7", "7"]


def test_a_lead_that_was_closed_here_meanwhile_stays_as_it_was_closed(calls: Calls) -> None:
    lead_id, customer = qualified(calls, "OPPORTUNITY")

    def close(record: str) -> None:
        calls.done(change_lead(lead_id, lead_fields(name=None, status="7")), caller=ACME)
        CHANNELS["SOAP"](calls).win("OPPORTUNITY", record)

    relayed(calls, customer, "OPPORTUNITY", close)
    assert status(calls, lead_id) == "7"
    assert states(calls.database) == ["delivered", "waiting"]  # the core CRM is told of the other end


@pytest.mark.parametrize("kind", ["LEAD", "OPPORTUNITY"])
@pytest.mark.parametrize(
    ("here", "there", "state"),
    [("7", "lost", "delivered"), ("6", "won", "delivered"), ("7", "won", "parked"), ("6", "lost", "parked")],
)
def test_an_end_that_the_record_has_already_is_no_reason_to_park_the_message(
    calls: Calls, kind: str, here: str, there: str, state: str
) -> None:
    channel = CHANNELS["SOAP"](calls)
    lose = channel.lose_lead if kind == "LEAD" else channel.lose_opportunity
    lead_id, customer = qualified(calls, kind)
    record = relayed(calls, customer, kind).record_id
    calls.done(change_lead(lead_id, lead_fields(name=None, status=here)), caller=ACME)
    assert not (channel.win(kind, record) if there == "won" else lose(record)).refusal

    def answer() -> Refused:
        again = channel.win(kind, record) if here == "6" else lose(record)
        return Refused(again.refusal or "", None, declined=False)

    policy = replace(POLICY, own_core_crm=True)
    assert a_relay(calls.database, Door(answer), lambda: datetime.now(UTC), policy=policy).run_once() == 1
    assert states(calls.database) == ["delivered", state]
    assert status(calls, lead_id) == here


def test_a_lead_follows_a_record_that_is_being_closed_while_the_relay_settles(calls: Calls) -> None:
    lead_id, customer = qualified(calls, "OPPORTUNITY")
    answered = CHANNELS["SOAP"](calls).create(customer, "ETB", OWNER)
    record = answered.record_id or ""
    relay = a_relay(
        calls.database,
        Door(Delivered(answered.kind, record, answered.status, replayed=False)),
        lambda: datetime.now(UTC),
        policy=replace(POLICY, own_core_crm=True),
    )
    message = OpportunityStatusUpdateRequestSync(basic_message_header=BasicMessageHeader(), record_id=record)
    closing = Call(BANK, message, b"", datetime.now(UTC), correlation_id="closing")
    with ThreadPoolExecutor(1) as thread:
        with calls.database.write() as tx:
            update_opportunity_status(tx, [closing], Policy())
            settling = thread.submit(relay.run_once)
            sleep(0.3)  # for the relay to come to the record, which is still open to all but this transaction
        assert settling.result(SECONDS) == 1
    assert status(calls, lead_id) == "7"


def test_a_record_closed_while_its_lead_is_changed_closes_it_once(two_gateways: tuple[Calls, Calls]) -> None:
    first = two_gateways[0]
    known(first.database, ACME)
    lead_id, record, customer = accepted(first, "OPPORTUNITY")
    doors = [CHANNELS["JSON"](calls) for calls in two_gateways]

    def act(number: int) -> str:
        calls = two_gateways[number % 2]
        if number % 4 == 0:
            return doors[number % 2].win("OPPORTUNITY", record).refusal or "won"
        if number % 4 == 1:
            return doors[number % 2].create(customer, "ETB", OWNER).refusal or "created"
        return calls.send(change_lead(lead_id, lead_fields(name=f"Name {number}")), caller=ACME).result

    outcomes = at_once(24, act)
    assert outcomes.count("won") == 1
    assert outcomes.count("CRM.RECORD_FINAL") == 5
    assert status(first, lead_id) == "6"
    assert [one.kind for one in feed_of(first, ACME)] == ["WON"]
    assert lead(first, lead_id).all("StatusHistory/Item/LifeCycleStatusCode") == ["3", "6"]
