"""Test data: it answers as usual, stays apart from real data, and is wiped without a trace in it."""

from datetime import UTC, datetime

import pytest

from leadbridge.store import testdata
from leadbridge.store.database import Database
from tests.flow.test_lead_parts import folder, lead_of, made, with_folder
from tests.support.calls import Calls, column, row_counts
from tests.support.commands import command
from tests.support.messages_by_hand import (
    Xml,
    change_lead,
    contact,
    create_business_partner,
    create_lead,
    find_business_partner,
    item,
    known_prospect,
    lead_fields,
    new_prospect,
    new_uuid,
    note,
    person,
    questionnaire_answer,
    selection,
)

MIXED = "LEAD.TEST_DATA_MIXED"
ANNA = person("Anna", emails=["anna@example.org"])


@pytest.mark.parametrize("test", [True, False])
def test_a_lead_and_a_business_partner_of_different_kind_do_not_go_together(calls: Calls, test: bool) -> None:
    partner = made(calls, person("Berta"), test=not test)
    lead = lead_of(calls, lead_fields(prospect=new_prospect(person())), test=test)
    named = lead_fields(prospect=known_prospect(partner))
    as_contact = lead_fields(prospect=new_prospect(person()), contacts=[contact(partner)])
    before = row_counts(calls.database)
    for request in (
        create_lead(named, test=test),
        create_lead(as_contact, test=test),
        change_lead(lead, lead_fields(name=None, prospect=known_prospect(partner))),
        change_lead(lead, lead_fields(name=None, contacts=[contact(partner)])),
    ):
        answered = calls.send(request)
        assert (answered.result, answered.log_items(MIXED) != []) == ("5", True), answered.log
    assert row_counts(calls.database) == before


def test_a_test_lead_takes_no_real_prospect_from_a_message_that_is_not_marked(calls: Calls) -> None:
    lead = lead_of(calls, lead_fields(prospect=new_prospect(person())), test=True)
    before = row_counts(calls.database)
    answered = calls.send(change_lead(lead, lead_fields(name=None, prospect=new_prospect(person("Berta")))))
    assert (answered.result, MIXED in answered.log) == ("5", True)
    assert row_counts(calls.database) == before


@pytest.mark.parametrize("test", [True, False])
def test_real_and_test_business_partners_are_no_duplicates(calls: Calls, test: bool) -> None:
    made(calls, ANNA, test=test)
    assert calls.send(create_business_partner(ANNA, test=test)).result == "5"
    assert calls.send(create_business_partner(ANNA, test=not test)).result == "3"
    lead = calls.done(create_lead(lead_fields(prospect=new_prospect(ANNA)), test=test))
    assert "BUSINESSPARTNER.LINKED" in lead.log
    assert column(calls.database, "business_partner", "test_data") == [test, not test]


def test_an_external_key_of_test_data_links_no_real_business_partner(calls: Calls) -> None:
    keyed = person("Berta", key=("SYSTEM", "1"))
    made(calls, keyed, test=True)
    answered = calls.send(create_business_partner(keyed, duplicates="LINK"))
    assert (answered.result, answered.log) == ("5", ["BUSINESSPARTNER.EXTERNAL_KEY_TAKEN"])


def test_test_leads_are_not_counted_and_not_forwarded(calls: Calls) -> None:
    lead_of(calls, lead_fields(prospect=new_prospect(ANNA), status="3"), test=True)
    (hit,) = calls.done(find_business_partner({"Name": [selection("anna*")]})).parts("BusinessPartner")
    assert (hit.one("OpenLeadNumberValue"), hit.all("OpenLead/ID")) == ("0", [])
    assert column(calls.database, "message", "state") == []


def full(prospect: Xml, contact_id: str) -> Xml:
    """A lead with rows in every table of its parts."""
    fields = lead_fields(
        prospect=prospect,
        contacts=[contact(contact_id)],
        items=[item()],
        answers=[questionnaire_answer("Q1", "A1")],
        notes=[note("Note")],
    )
    return with_folder(fields, folder([b"content"]))


@pytest.mark.parametrize("batch", [1, 1_000])
def test_wiping_leaves_what_was_there_without_test_data(calls: Calls, batch: int) -> None:
    lead_of(calls, full(new_prospect(person("Real")), made(calls, person("Contact"))))
    real = row_counts(calls.database)
    uuid = new_uuid()
    for _ in range(3):
        lead_of(calls, full(new_prospect(person("Test")), made(calls, person("Contact"), test=True)), test=True)
    calls.done(create_lead(lead_fields(prospect=new_prospect(ANNA)), uuid=uuid, test=True))
    with calls.database.read() as tx:
        counted = testdata.counts(tx)
    assert counted == {"leads": 4, "plans": 0, "business partners": 7, "bulk jobs": 0, "remembered answers": 1}
    *_, gone = testdata.wipe(calls.database, now=datetime.now(UTC), caller_id="admin", batch=batch)
    assert gone == counted
    after = row_counts(calls.database)
    wiped = column(calls.database, "journal", "event")[-11:]
    assert wiped == ["wiped"] * 11
    assert {**after, "journal": 0} == {**real, "journal": 0}
    assert list(testdata.wipe(calls.database, now=datetime.now(UTC), caller_id="admin")) == []
    again = calls.done(create_lead(lead_fields(prospect=new_prospect(ANNA)), uuid=uuid, test=True))
    assert not again.replayed


def test_the_command_says_what_would_go_and_does_it_when_told(sqlite: Database, sqlite_url: str) -> None:
    calls = Calls(sqlite)
    try:
        lead_of(calls, lead_fields(prospect=new_prospect(person())), test=True)
    finally:
        calls.stop()
    environment = {"LEADBRIDGE_DATABASE_URL": sqlite_url}
    counted = command("testdata", "count", environment=environment)
    assert "1 leads, 0 plans, 1 business partners" in counted.out
    refused = command("testdata", "wipe", environment=environment)
    assert (refused.code, "--yes" in refused.err) == (1, True)
    assert column(sqlite, "lead", "test_data") == [True]
    said = " ".join(
        command("testdata", "wipe", "--help", environment=environment).out.replace("│", " ").lower().split()
    )
    with sqlite.read() as tx:
        assert [kind for kind in testdata.counts(tx) if kind not in said] == []
    done = command("testdata", "wipe", "--yes", environment=environment)
    assert (done.code, column(sqlite, "lead", "id")) == (0, [])
    assert "There is no test data." in command("testdata", "wipe", environment=environment).out
