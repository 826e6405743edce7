"""What one record of a bundle does, on both databases: created, changed, saved or deleted, after those before it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event

from leadbridge.lead import change_state_id
from leadbridge.store import journal
from tests.support.bundle_by_hand import CHANGE, CREATE, DELETE, SAVE, key, maintain, new, record, refusals, verdicts
from tests.support.calls import ACME, DESK, Answered, Calls, column, row_counts
from tests.support.messages_by_hand import (
    Xml,
    change_lead,
    contact,
    create_lead,
    item,
    known_prospect,
    lead_fields,
    new_prospect,
    new_uuid,
    note,
    person,
    read_lead,
)

ROOT = "/lbl:LeadBundleMaintainRequest_sync/lbl:Lead"


def read(calls: Calls, lead_id: str) -> Answered:
    (lead,) = calls.done(read_lead(lead_id, history="1")).parts("Lead")
    return lead


def errors(answered: Answered) -> list[tuple[str, str]]:
    """TypeID and path, from below the record, of all errors about a bundle's only record."""
    ((*found,),) = refusals(answered).values()
    return [(type_id, path.removeprefix(f"{ROOT}[1]")) for type_id, path in found]


# ----------------------------------------------------------------------------------------------------------- order


def test_each_record_starts_from_the_state_the_ones_before_it_left(calls: Calls) -> None:
    records = [
        record(SAVE, lead_fields(technical_id="A", key=key(1), prospect=new_prospect(person()), items=[item("LOAN")])),
        record(CHANGE, lead_fields(technical_id="B", name="Second", status="2"), named=key(1)),
        record(SAVE, lead_fields(technical_id="C", key=key(1), name="Third", items=[item("CARD", action="01")])),
        record(CHANGE, lead_fields(technical_id="D", key=key(2), name=None), named=key(1)),
        record(CHANGE, lead_fields(technical_id="E", name="Gone"), named=key(1)),
        record(CREATE, lead_fields(technical_id="F", key=key(1), prospect=new_prospect(person()))),
        record(DELETE, lead_fields(technical_id="G", name=None), named=key(2)),
        record(CHANGE, lead_fields(technical_id="H"), named=key(2)),
        record(SAVE, lead_fields(technical_id="I", key=key(2), prospect=new_prospect(person()))),
    ]

    answered = calls.send(maintain(*records, uuid=new_uuid()))

    assert verdicts(answered) == "333353353"
    assert refusals(answered) == {
        "E": [("LEAD.UNKNOWN", f"{ROOT}[5]/lbl:LeadIdentification")],
        "H": [("LEAD.UNKNOWN", f"{ROOT}[8]/lbl:LeadIdentification")],
    }
    first, *_ = uuids = answered.all("Lead/UUID")
    assert [first == one for one in uuids] == [True, True, True, True, False, True, False]
    states = answered.all("Lead/ChangeStateID")[:4]
    assert states == [change_state_id(first, number) for number in (1, 2, 3, 4)]
    assert answered.all("Lead/LifeCycleStatusCode")[:4] == ["1", "2", "2", "2"]
    assert sorted(column(calls.database, "lead", "remote_object_id")) == ["L-1", "L-2"]  # type: ignore[type-var]  # texts


def test_a_record_may_name_the_business_partner_that_one_before_it_brings(calls: Calls) -> None:
    calls.done(maintain(new(7)))
    anna, bob = person(key=("CRM", "1")), person(key=("CRM", "2"))
    records = [
        record(CREATE, lead_fields(technical_id="A", prospect=known_prospect(key=("CRM", "1")))),
        record(CREATE, lead_fields(technical_id="B", prospect=new_prospect(anna))),
        record(CREATE, lead_fields(technical_id="C", name="Third", prospect=known_prospect(key=("CRM", "1")))),
        record(CHANGE, lead_fields(technical_id="D", name=None, prospect=new_prospect(bob)), named=key(7)),
        record(CREATE, lead_fields(technical_id="E", prospect=new_prospect(bob))),
        record(CREATE, lead_fields(technical_id="F", name="Sixth", prospect=known_prospect(key=("CRM", "2")))),
    ]

    answered = calls.send(maintain(*records))

    assert refusals(answered) == {"A": [("BUSINESSPARTNER.UNKNOWN", f"{ROOT}[1]/lbl:ProspectParty")]}
    of_b, of_c, of_d, of_e, of_f = answered.all("Lead/ProspectPartyInternalID")
    assert of_b == of_c
    assert of_d == of_e == of_f != of_b


def test_a_lead_is_the_same_one_by_whatever_name(calls: Calls) -> None:
    (lead,) = calls.done(maintain(new(1))).parts("Lead")
    lead_id, uuid = lead.one("ID"), lead.one("UUID")
    records = [
        record(CHANGE, lead_fields(technical_id="A", name="By ID"), lead_id=lead_id),
        record(CHANGE, lead_fields(technical_id="B", name="By UUID"), lead_uuid=uuid.upper()),
        record(DELETE, lead_fields(technical_id="C", name=None), named=key(1)),
        record(CHANGE, lead_fields(technical_id="D", name="Too late"), lead_id=lead_id),
    ]

    assert verdicts(calls.send(maintain(*records))) == "3335"


def test_500_records_take_few_round_trips(calls: Calls) -> None:
    created = calls.done(maintain(*(new(number) for number in range(250))))
    changes = [
        record(CHANGE, lead_fields(name="New", status="3", items=[item()], notes=[note("Call")]), lead_id=one)
        for one in created.all("Lead/ID")
    ]
    mixed = [one for pair in zip(changes, map(new, range(1_000, 1_250)), strict=True) for one in pair]
    statements: list[str] = []

    def count(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    engine = calls.database._engine
    event.listen(engine, "before_cursor_execute", count)
    try:
        calls.done(maintain(*mixed, uuid=new_uuid()))
    finally:
        event.remove(engine, "before_cursor_execute", count)

    assert row_counts(calls.database)["lead"] == 500
    assert len(statements) < 250, statements[:30]  # without round trips, on SQLite, it needs 14 for 50 records


# ------------------------------------------------------------------------------------------------------------ save


@pytest.mark.parametrize("action", [SAVE, None])
def test_what_is_saved_is_created_where_there_is_none_of_its_external_key_else_changed(
    calls: Calls, action: str | None
) -> None:
    created = calls.done(maintain(new(1, action=action)))
    assert created.log == ["LEAD.CREATED", "BUSINESSPARTNER.CREATED"]

    changed = calls.done(maintain(new(1, action=action, name="Better"), uuid=new_uuid()))

    assert changed.log == ["LEAD.CHANGE_STATE_MISSING", "BUSINESSPARTNER.LINKED", "LEAD.CHANGED"]
    assert changed.all("Lead/ID") == created.all("Lead/ID")
    assert column(calls.database, "lead", "name") == ["Better"]


def test_what_is_saved_by_a_key_in_its_identification_is_created_with_that_key(calls: Calls) -> None:
    fields = lead_fields(prospect=new_prospect(person()))
    (created,) = calls.done(maintain(record(SAVE, fields, named=key(1)))).all("Lead/ID")
    (changed,) = calls.done(maintain(record(SAVE, lead_fields(name="Again"), named=key(1)))).all("Lead/ID")

    assert created == changed
    assert column(calls.database, "lead", "remote_object_id") == ["L-1"]


def test_a_lead_without_any_name_is_saved_as_a_new_one(calls: Calls) -> None:
    fields = lead_fields(prospect=new_prospect(person()))
    assert calls.done(maintain(record(SAVE, fields))).log == ["LEAD.CREATED", "BUSINESSPARTNER.CREATED"]


def test_what_has_a_number_or_a_state_but_is_not_there_is_not_created(calls: Calls) -> None:
    prospect = new_prospect(person())
    by_id = calls.send(maintain(record(SAVE, lead_fields(prospect=prospect), lead_id="0000000009")))
    assert errors(by_id) == [("LEAD.UNKNOWN", "/lbl:LeadIdentification")]
    by_key = lead_fields(key=key(1), prospect=prospect)
    assert errors(calls.send(maintain(record(SAVE, by_key, state="0" * 32)))) == [("LEAD.UNKNOWN", "/lbl:ExternalKey")]
    assert row_counts(calls.database)["lead"] == 0


def test_a_sender_saves_its_own_lead_beside_one_that_another_calls_the_same(calls: Calls) -> None:
    calls.send(maintain(new(1)), caller=ACME)
    assert "LEAD.CREATED" in calls.done(maintain(new(1, action=SAVE, name="Ours"))).log
    assert "LEAD.CHANGED" in calls.done(maintain(new(1, action=SAVE, name="Ours, better"))).log

    assert sorted(column(calls.database, "lead", "name")) == ["Loan", "Ours, better"]  # type: ignore[type-var]  # texts


# --------------------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (
            record(CREATE, lead_fields(name=None)),
            [("ELEMENT_MISSING", "/lbl:Name"), ("ELEMENT_MISSING", "/lbl:ProspectParty")],
        ),
        (new(2, name=None), [("ELEMENT_MISSING", "/lbl:Name")]),
        (record(SAVE, lead_fields()), [("ELEMENT_MISSING", "/lbl:ProspectParty")]),
        (
            record(CREATE, lead_fields(prospect=new_prospect(person())), lead_id="0000000001", state="0" * 32),
            [
                ("IDENTIFICATION_NOT_ALLOWED", "/lbl:LeadIdentification"),
                ("IDENTIFICATION_NOT_ALLOWED", "/lbl:ChangeStateID"),
            ],
        ),
        (record(CHANGE, lead_fields()), [("IDENTIFICATION_MISSING", "/lbl:LeadIdentification")]),
        (record(DELETE), [("IDENTIFICATION_MISSING", "/lbl:LeadIdentification")]),
        (record(CHANGE, lead_fields(key=key(9))), [("UNKNOWN", "/lbl:ExternalKey")]),
        (record(DELETE, lead_id="0000000009"), [("UNKNOWN", "/lbl:LeadIdentification")]),
        (
            record(CREATE, lead_fields(prospect=new_prospect(person())), decision="ACCEPT"),
            [("PARTNER_DECISION_NOT_ALLOWED", "/lbl:PartnerDecisionCode")],
        ),
        (
            record(
                CREATE,
                lead_fields(
                    prospect=new_prospect(person()),
                    contacts=[contact("0000000001", action="03")],
                    items=[item("A", action="01"), item("B", action="02"), item(None, action="04")],
                    notes=[note("a"), note("b", action="03")],
                ),
            ),
            [
                ("ITEM_UNKNOWN", "/lbl:Item[2]"),
                ("NOTE_UNKNOWN", "/lbl:Note[2]"),
                ("CONTACT_UNKNOWN", "/lbl:ContactParty[1]"),
                ("ITEM_PRODUCT_MISSING", "/lbl:Item[3]/lbl:ProductID"),
            ],
        ),
        (
            record(CHANGE, lead_fields(status="4", items=[item("B", item_id="90", action="02")]), named=key(1)),
            [("STATUS_NOT_ALLOWED", "/lbl:LifeCycleStatusCode"), ("ITEM_UNKNOWN", "/lbl:Item[1]")],
        ),
        (
            record(CHANGE, lead_fields(name=None), named=key(1), decision="ACCEPT"),
            [("PARTNER_DECISION_NOT_ALLOWED", "/lbl:PartnerDecisionCode")],
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_element(calls: Calls, one: Xml, expected: list[tuple[str, str]]) -> None:
    calls.done(maintain(new(1)))

    assert errors(calls.send(maintain(one))) == [(f"LEAD.{type_id}", path) for type_id, path in expected]
    assert row_counts(calls.database)["lead"] == 1


def test_a_reason_for_a_new_lead_is_not_kept_and_said_so(calls: Calls) -> None:
    answered = calls.done(maintain(record(CREATE, lead_fields(prospect=new_prospect(person())), reason="001")))

    (warning,) = answered.log_items("LEAD.REASON_NOT_KEPT")
    assert warning.one("ReferenceMessageElementName") == f"{ROOT}[1]/lbl:ReasonCode"
    closed = maintain(record(CHANGE, lead_fields(name=None, status="7"), lead_id=answered.one("Lead/ID"), reason="002"))
    calls.done(closed)
    assert column(calls.database, "lead", "reason_code") == ["002"]


def test_a_restricted_caller_changes_only_what_it_sees(calls: Calls) -> None:
    calls.done(maintain(new(1)))
    (lead_id,) = calls.done(maintain(new(2)), caller=ACME).all("Lead/ID")
    records = [
        record(CHANGE, lead_fields(technical_id="A"), lead_id="0000000001"),
        record(DELETE, lead_fields(technical_id="B", name=None), named=key(1)),
        record(CHANGE, lead_fields(technical_id="C"), lead_id=lead_id),
    ]

    assert verdicts(calls.send(maintain(*records), caller=ACME)) == "553"


# ---------------------------------------------------------------------------------------------------------- delete


@pytest.mark.parametrize("path", ["", "2", "5"])
def test_a_lead_that_was_never_qualified_is_deleted_and_the_journal_keeps_it(calls: Calls, path: str) -> None:
    prospect = new_prospect(person(emails=["a@example.org"]))
    full = lead_fields(key=key(1), prospect=prospect, items=[item()], notes=[note("Call")])
    (lead,) = calls.done(create_lead(full)).parts("Lead")
    lead_id = lead.one("ID")
    for status in path:
        calls.done(change_lead(lead_id, lead_fields(name=None, status=status)))

    uuid = new_uuid()
    deleted = calls.done(maintain(record(DELETE, lead_id=lead_id), uuid=uuid))

    assert deleted.log == ["LEAD.CHANGE_STATE_MISSING", "LEAD.DELETED"]
    assert (deleted.one("Lead/ID"), deleted.all("Lead/ChangeStateID")) == (lead_id, [])
    counts = row_counts(calls.database)
    assert {name: counts[name] for name in ("lead", "lead_item", "lead_note", "business_partner")} == {
        "lead": 0, "lead_item": 0, "lead_note": 0, "business_partner": 1
    }  # fmt: skip
    assert calls.send(read_lead(lead_id)).parts("Lead") == calls.send(read_lead(keys=[key(1)])).parts("Lead") == []
    with calls.database.read() as tx:
        entry = journal.of(tx, "lead", lead_id)[-1]
    assert (entry["event"], entry["operation"], entry["old_status"]) == ("deleted", "MaintainLeadBundle", path or "1")
    again = calls.done(maintain(record(DELETE, lead_id=lead_id), uuid=uuid))
    assert again.one("Lead/ReplayedIndicator") == "true"
    assert verdicts(calls.send(maintain(record(DELETE, lead_id=lead_id)))) == "5"


@pytest.mark.parametrize("path", ["3", "32", "7"])
def test_a_lead_that_was_qualified_or_ended_is_not_deleted(calls: Calls, path: str) -> None:
    (lead_id,) = calls.done(maintain(new(1))).all("Lead/ID")
    for status in path:
        calls.done(change_lead(lead_id, lead_fields(name=None, status=status)))

    refused = calls.send(maintain(record(DELETE, lead_id=lead_id)))

    assert errors(refused) == [("LEAD.DELETE_NOT_ALLOWED", "")]
    assert row_counts(calls.database)["lead"] == 1


def test_who_was_given_a_lead_does_not_delete_it_and_an_old_state_is_refused(calls: Calls) -> None:
    given = lead_fields(key=key(1), prospect=new_prospect(person()), given_to="ACME")
    (lead,) = calls.done(create_lead(given)).parts("Lead")
    lead_id, state = lead.one("ID"), lead.one("ChangeStateID")
    refused = calls.send(maintain(record(DELETE, lead_id=lead_id)), caller=ACME)
    assert errors(refused) == [("LEAD.DELETE_NOT_ALLOWED", "")]
    calls.done(change_lead(lead_id, lead_fields(name="Changed")))

    stale = calls.send(maintain(record(DELETE, lead_id=lead_id, state=state)), caller=DESK)

    assert errors(stale) == [("LEAD.CHANGE_STATE_CONFLICT", "/lbl:ChangeStateID")]
    now = read(calls, lead_id).one("ChangeStateID")
    assert calls.done(maintain(record(DELETE, lead_id=lead_id, state=now))).log == ["LEAD.DELETED"]


def test_a_test_deletes_no_real_lead(calls: Calls) -> None:
    (lead_id,) = calls.done(maintain(new(1))).all("Lead/ID")
    refused = calls.send(maintain(record(DELETE, lead_id=lead_id), test=True))
    assert errors(refused) == [("LEAD.TEST_DATA_MIXED", "/lbl:LeadIdentification")]
    assert row_counts(calls.database)["lead"] == 1
    (test_id,) = calls.done(maintain(new(2), test=True)).all("Lead/ID")
    assert verdicts(calls.send(maintain(record(DELETE, lead_id=test_id), test=True))) == "3"
