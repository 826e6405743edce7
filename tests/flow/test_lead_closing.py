"""What becomes of a lead when its record in the built-in core CRM is closed, whichever door that comes through."""

from __future__ import annotations

import pytest

from leadbridge.operations.call import Policy
from leadbridge.store import leads, outbox
from leadbridge.store.database import Database
from tests.support.bank import CHANNELS, Channel
from tests.support.calls import ACME, BANK, Answered, Calls, at_once, gateway
from tests.support.crm_messages_by_hand import advance, combo_create
from tests.support.feed import feed_of, known
from tests.support.messages_by_hand import change_lead, create_lead, lead_fields, new_prospect, person, read_lead

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
    for move, name in (
        ("ADVANCE", None),
        ("STEP_DONE", "Make first contact"),
        ("ADVANCE", None),
        ("STEP_DONE", "Confirm interest"),
        ("ADVANCE", None),
        ("STEP_DONE", "Confirm need and budget"),
    ):
        calls.done(advance(record, move, step=name), caller=BANK)
    opportunity = calls.done(advance(record), caller=BANK).one("RecordID")
    assert (status(calls, lead_id), lead(calls, lead_id).one("CoreOpportunityID")) == ("4", opportunity)
    assert opportunity != record
    calls.done(advance(opportunity, "CLOSE_LOST", reason="005"), caller=BANK)
    assert (status(calls, lead_id), lead(calls, lead_id).one("ReasonCode")) == ("7", "005")
    calls.done(advance(opportunity, "REOPEN", why="came back"), caller=BANK)
    assert status(calls, lead_id) == "7"  # final: what comes of it now is another lead


@both_doors
def test_a_lead_is_lost_where_the_customer_goes_to_another_manager(calls: Calls, door: str) -> None:
    lead_id, _, customer = accepted(calls, "OPPORTUNITY")
    CHANNELS[door](calls).create(customer, "ETB", OTHER)
    assert status(calls, lead_id) == "7"


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
