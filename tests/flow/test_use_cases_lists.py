"""A lead's lists in ChangeLead: items, notes, contacts and questionnaire answers, part by part or as a whole.

actionCode: 01 create, 02 update, 03 delete, 04 save; a list sent as complete transmission takes the old one's place.
"""

import pytest

from tests.support.calls import Answered, Calls, row_counts
from tests.support.messages_by_hand import (
    Xml,
    change_lead,
    contact,
    create_business_partner,
    create_lead,
    item,
    lead_fields,
    new_prospect,
    note,
    person,
    questionnaire_answer,
    read_lead,
)


@pytest.fixture
def lead_id(calls: Calls) -> str:
    """A lead with two items, three notes, one answer and no contact."""
    fields = lead_fields(
        prospect=new_prospect(person()),
        items=[
            item("LOAN", technical_id="A", description="Ten years", quantity="1", unit="EA"),
            item("CARD", technical_id="B"),
        ],
        answers=[questionnaire_answer("Q1", "YES")],
        notes=[note("plain"), note("typed", kind="1001", language="en"), note("anders", kind="1001", language="de")],
    )
    return calls.done(create_lead(fields)).one("Lead/ID")


def lead(calls: Calls, lead_id: str) -> Answered:
    (found,) = calls.done(read_lead(lead_id)).parts("Lead")
    return found


def items(calls: Calls, lead_id: str) -> list[tuple[str, str]]:
    """ID and product of each item."""
    return [(one.one("ID"), one.one("ProductID")) for one in lead(calls, lead_id).parts("Item")]


def change(calls: Calls, lead_id: str, **fields: list[Xml]) -> Answered:
    """Change parts of lists."""
    return calls.send(_request(lead_id, (), fields))


def replace(calls: Calls, lead_id: str, complete: str, **fields: list[Xml]) -> Answered:
    """Send a list as complete transmission; `complete` is the beginning of the attribute's name."""
    return calls.send(_request(lead_id, (complete,), fields))


def _request(lead_id: str, complete: tuple[str, ...], fields: dict[str, list[Xml]]) -> bytes:
    parts = lead_fields(
        name=None,
        items=fields.get("items", ()),
        notes=fields.get("notes", ()),
        contacts=fields.get("contacts", ()),
        answers=fields.get("answers", ()),
    )
    return change_lead(lead_id, parts, complete=complete)


def refused(calls: Calls, lead_id: str, answer: Answered, type_id: str, path: str) -> None:
    """The change is refused for this reason at this element, and the lead is what it was."""
    assert answer.result == "5"
    (found,) = answer.log_items(type_id)
    assert found.one("SeverityCode") == "3"
    assert found.one("ReferenceMessageElementName") == f"/lbl:LeadChangeRequest_sync/lbl:Lead/{path}"
    assert items(calls, lead_id) == [("10", "LOAN"), ("20", "CARD")]
    assert lead(calls, lead_id).all("Note") == ["plain", "typed", "anders"]


# ------------------------------------------------------------------------------------------------------------- items


def test_items_without_an_id_get_the_next_multiple_of_ten(calls: Calls) -> None:
    fields = lead_fields(prospect=new_prospect(person()), items=[item("A"), item("B", item_id="15"), item("C")])
    lead_id = calls.done(create_lead(fields)).one("Lead/ID")
    assert items(calls, lead_id) == [("20", "A"), ("15", "B"), ("30", "C")]
    assert change(calls, lead_id, items=[item("D", action="01")]).result == "3"
    assert items(calls, lead_id)[-1] == ("40", "D")


def test_an_item_is_created_by_01_and_by_04_and_without_a_code(calls: Calls, lead_id: str) -> None:
    answer = change(calls, lead_id, items=[item("X", action="01"), item("Y", action="04"), item("Z")])
    assert answer.result == "3"
    assert items(calls, lead_id) == [("10", "LOAN"), ("20", "CARD"), ("30", "X"), ("40", "Y"), ("50", "Z")]


@pytest.mark.parametrize("action", ["02", "04", None])
@pytest.mark.parametrize("named", [{"item_id": "10"}, {"technical_id": "A"}], ids=["by ID", "by technical ID"])
def test_an_item_is_updated_and_keeps_what_is_not_sent(
    calls: Calls, lead_id: str, action: str | None, named: dict[str, str]
) -> None:
    assert change(calls, lead_id, items=[item(None, quantity="3", action=action, **named)]).result == "3"
    first = lead(calls, lead_id).parts("Item")[0]
    assert (first.one("ID"), first.one("ProductID"), first.one("Description")) == ("10", "LOAN", "Ten years")
    assert float(first.one("Quantity")) == 3
    assert items(calls, lead_id) == [("10", "LOAN"), ("20", "CARD")]


def test_an_item_is_deleted_by_03(calls: Calls, lead_id: str) -> None:
    assert change(calls, lead_id, items=[item(None, item_id="10", action="03")]).result == "3"
    assert items(calls, lead_id) == [("20", "CARD")]


def test_one_change_creates_updates_and_deletes(calls: Calls, lead_id: str) -> None:
    changes = [item(None, item_id="10", action="03"), item("GOLD", item_id="20", action="02"), item("X", action="01")]
    assert change(calls, lead_id, items=changes).result == "3"
    assert items(calls, lead_id) == [("20", "GOLD"), ("30", "X")]


@pytest.mark.parametrize(
    ("one", "type_id"),
    [
        (item("X", item_id="10", action="01"), "LEAD.ITEM_EXISTS"),
        (item("X", technical_id="A", action="01"), "LEAD.ITEM_EXISTS"),
        (item("X", item_id="99", action="02"), "LEAD.ITEM_UNKNOWN"),
        (item(None, item_id="99", action="03"), "LEAD.ITEM_UNKNOWN"),
        (item("X", technical_id="C", action="02"), "LEAD.ITEM_UNKNOWN"),
        (item(None, action="02"), "LEAD.ITEM_UNKNOWN"),
    ],
)
def test_an_action_that_does_not_fit_an_item_is_refused(calls: Calls, lead_id: str, one: Xml, type_id: str) -> None:
    answer = change(calls, lead_id, items=[item("FINE", action="01"), one])
    refused(calls, lead_id, answer, type_id, "lbl:Item[2]")


@pytest.mark.parametrize("action", ["01", "04", None])
def test_a_new_item_needs_a_product(calls: Calls, lead_id: str, action: str | None) -> None:
    answer = change(calls, lead_id, items=[item(None, description="Which?", action=action)])
    refused(calls, lead_id, answer, "LEAD.ITEM_PRODUCT_MISSING", "lbl:Item[1]/lbl:ProductID")


def test_an_item_named_twice_is_refused(calls: Calls, lead_id: str) -> None:
    twice = [item("X", item_id="10", action="02"), item("Y", technical_id="A", action="02")]
    refused(calls, lead_id, change(calls, lead_id, items=twice), "LEAD.ITEM_REPEATED", "lbl:Item[2]")


def test_a_complete_list_of_items_takes_the_place_of_the_old_one(calls: Calls, lead_id: str) -> None:
    answer = replace(calls, lead_id, "item", items=[item("X"), item(None, item_id="20", description="Gold")])
    assert answer.result == "3"
    assert items(calls, lead_id) == [("30", "X"), ("20", "CARD")]
    (card,) = [one for one in lead(calls, lead_id).parts("Item") if one.one("ID") == "20"]
    assert card.one("Description") == "Gold"


def test_an_empty_complete_list_of_items_takes_all_away(calls: Calls, lead_id: str) -> None:
    assert replace(calls, lead_id, "item").result == "3"
    assert items(calls, lead_id) == []
    assert lead(calls, lead_id).all("Note") == ["plain", "typed", "anders"]


def test_items_beyond_the_hundredth_are_refused(calls: Calls, lead_id: str) -> None:
    many = [item(f"P-{number}", action="01") for number in range(99)]
    refused(calls, lead_id, change(calls, lead_id, items=many), "LEAD.LIST_TOO_LONG", "lbl:Item")
    assert change(calls, lead_id, items=many[:98]).result == "3"
    assert len(items(calls, lead_id)) == 100


def test_two_items_with_one_id_are_refused_in_a_create(calls: Calls) -> None:
    fields = lead_fields(prospect=new_prospect(person()), items=[item("A", item_id="7"), item("B", item_id="7")])
    answer = calls.send(create_lead(fields))
    assert (answer.result, answer.log) == ("5", ["LEAD.ITEM_REPEATED"])


# ------------------------------------------------------------------------------------------------------------- notes


def test_a_note_is_added_by_01_even_when_there_is_one_of_its_kind(calls: Calls, lead_id: str) -> None:
    assert change(calls, lead_id, notes=[note("more", kind="1001", language="en", action="01")]).result == "3"
    assert lead(calls, lead_id).all("Note") == ["plain", "typed", "anders", "more"]


@pytest.mark.parametrize("action", ["02", "04", None])
def test_the_latest_note_of_a_type_and_language_is_replaced(calls: Calls, lead_id: str, action: str | None) -> None:
    assert change(calls, lead_id, notes=[note("neu", kind="1001", language="de", action=action)]).result == "3"
    assert lead(calls, lead_id).all("Note") == ["plain", "typed", "neu"]


@pytest.mark.parametrize("action", ["01", "04", None])
def test_an_untyped_note_is_added(calls: Calls, lead_id: str, action: str | None) -> None:
    assert change(calls, lead_id, notes=[note("another", action=action)]).result == "3"
    assert lead(calls, lead_id).all("Note") == ["plain", "typed", "anders", "another"]


def test_notes_of_a_type_and_language_are_deleted_and_untyped_ones_by_their_text(calls: Calls, lead_id: str) -> None:
    changes = [note("any text", kind="1001", language="en", action="03"), note("plain", action="03")]
    assert change(calls, lead_id, notes=changes).result == "3"
    assert lead(calls, lead_id).all("Note") == ["anders"]


@pytest.mark.parametrize(
    "one",
    [
        note("x", kind="1002", action="02"),
        note("x", kind="1001", language="fr", action="02"),
        note("x", kind="1002", action="03"),
        note("not there", action="02"),
        note("not there", action="03"),
    ],
)
def test_a_note_that_is_not_there_is_neither_updated_nor_deleted(calls: Calls, lead_id: str, one: Xml) -> None:
    refused(calls, lead_id, change(calls, lead_id, notes=[one]), "LEAD.NOTE_UNKNOWN", "lbl:Note[1]")


def test_a_complete_list_of_notes_takes_the_place_of_the_old_one(calls: Calls, lead_id: str) -> None:
    answer = replace(calls, lead_id, "note", notes=[note("only"), note("only"), note("gone", action="03")])
    assert answer.result == "3"
    assert lead(calls, lead_id).all("Note") == ["only", "only"]
    assert replace(calls, lead_id, "note").result == "3"
    assert lead(calls, lead_id).all("Note") == []


def test_a_note_keeps_its_text_exactly(calls: Calls, lead_id: str) -> None:
    text = "  first line\n\tsecond <&> ]]> line\u00a0😀  "
    assert change(calls, lead_id, notes=[note(text, action="01")]).result == "3"
    assert lead(calls, lead_id).all("Note")[-1] == text


# ---------------------------------------------------------------------------------------------------------- contacts


@pytest.fixture
def people(calls: Calls) -> list[str]:
    """The InternalIDs of three business partners."""
    return [
        calls.done(create_business_partner(person(family=f"Contact {n}"))).one("BusinessPartner/InternalID")
        for n in range(3)
    ]


def contacts(calls: Calls, lead_id: str) -> list[tuple[str, list[str]]]:
    """InternalID and MainIndicator of each contact."""
    parts = lead(calls, lead_id).parts("ContactParty")
    return [(one.one("BusinessPartnerInternalID"), one.all("MainIndicator")) for one in parts]


def test_contacts_are_created_updated_saved_and_deleted(calls: Calls, lead_id: str, people: list[str]) -> None:
    first, second, third = people
    added = [contact(first, main=True, action="01"), contact(second, action="04"), contact(third)]
    assert change(calls, lead_id, contacts=added).result == "3"
    assert contacts(calls, lead_id) == [(first, ["true"]), (second, []), (third, [])]
    changed = [contact(first, main=False, action="02"), contact(second, main=True, action="04")]
    assert change(calls, lead_id, contacts=[*changed, contact(third, action="03")]).result == "3"
    assert contacts(calls, lead_id) == [(first, ["false"]), (second, ["true"])]
    assert change(calls, lead_id, contacts=[contact(first, action="02")]).log[-1] == "LEAD.UNCHANGED"


def test_an_action_that_does_not_fit_a_contact_is_refused(calls: Calls, lead_id: str, people: list[str]) -> None:
    first, second, _ = people
    assert change(calls, lead_id, contacts=[contact(first)]).result == "3"
    for one, type_id in (
        (contact(first, action="01"), "LEAD.CONTACT_EXISTS"),
        (contact(second, action="02"), "LEAD.CONTACT_UNKNOWN"),
        (contact(second, action="03"), "LEAD.CONTACT_UNKNOWN"),
    ):
        refused(calls, lead_id, change(calls, lead_id, contacts=[one]), type_id, "lbl:ContactParty[1]")
    twice = change(calls, lead_id, contacts=[contact(second), contact(second)])
    refused(calls, lead_id, twice, "LEAD.CONTACT_REPEATED", "lbl:ContactParty[2]")
    assert contacts(calls, lead_id) == [(first, [])]


def test_a_complete_list_of_contacts_takes_the_place_of_the_old_one(
    calls: Calls, lead_id: str, people: list[str]
) -> None:
    assert change(calls, lead_id, contacts=[contact(one) for one in people]).result == "3"
    assert replace(calls, lead_id, "contactParty", contacts=[contact(people[1], main=True)]).result == "3"
    assert contacts(calls, lead_id) == [(people[1], ["true"])]
    assert replace(calls, lead_id, "contactParty").result == "3"
    assert contacts(calls, lead_id) == []


def test_a_contact_must_be_a_business_partner(calls: Calls, lead_id: str) -> None:
    answer = change(calls, lead_id, contacts=[contact("9999999999", action="01")])
    path = "lbl:ContactParty[1]/lbl:BusinessPartnerInternalID"
    refused(calls, lead_id, answer, "BUSINESSPARTNER.UNKNOWN", path)
    fields = lead_fields(prospect=new_prospect(person()), contacts=[contact("9999999999")])
    assert calls.send(create_lead(fields)).log == ["BUSINESSPARTNER.UNKNOWN"]


def test_a_create_names_each_contact_once(calls: Calls, people: list[str]) -> None:
    fields = lead_fields(prospect=new_prospect(person()), contacts=[contact(people[0]), contact(people[0])])
    assert calls.send(create_lead(fields)).log == ["LEAD.CONTACT_REPEATED"]


# --------------------------------------------------------------------------------------------------- questionnaire


def answers(calls: Calls, lead_id: str) -> dict[str, str]:
    """The answer to each question."""
    parts = lead(calls, lead_id).parts("QuestionnaireAnswer")
    return {one.one("QuestionID"): one.one("AnswerCode") for one in parts}


def test_an_answer_takes_the_place_of_the_one_before_and_leaves_the_others(calls: Calls, lead_id: str) -> None:
    assert change(calls, lead_id, answers=[questionnaire_answer("Q2", "A")]).result == "3"
    assert change(calls, lead_id, answers=[questionnaire_answer("Q1", "NO")]).result == "3"
    assert answers(calls, lead_id) == {"Q1": "NO", "Q2": "A"}


def test_a_complete_questionnaire_takes_the_place_of_the_old_one(calls: Calls, lead_id: str) -> None:
    answer = replace(calls, lead_id, "questionnaireAnswer", answers=[questionnaire_answer("Q2", "A")])
    assert answer.result == "3"
    assert answers(calls, lead_id) == {"Q2": "A"}
    assert replace(calls, lead_id, "questionnaireAnswer").result == "3"
    assert answers(calls, lead_id) == {}


def test_a_question_is_answered_once_in_a_message(calls: Calls, lead_id: str) -> None:
    twice = [questionnaire_answer("Q2", "A"), questionnaire_answer("Q2", "B")]
    refused(calls, lead_id, change(calls, lead_id, answers=twice), "LEAD.QUESTION_REPEATED", "lbl:QuestionnaireAnswer")
    assert answers(calls, lead_id) == {"Q1": "YES"}
    fields = lead_fields(prospect=new_prospect(person()), answers=twice)
    assert calls.send(create_lead(fields)).log == ["LEAD.QUESTION_REPEATED"]


# ------------------------------------------------------------------------------------------------------- all or nothing


def test_a_change_is_refused_as_a_whole_and_every_reason_is_named(calls: Calls, lead_id: str) -> None:
    rows = row_counts(calls.database)
    fields = lead_fields(
        name="Another",
        status="4",
        start="2026-02-02",
        end="2026-02-01",
        items=[item("X", item_id="99", action="02")],
        notes=[note("new", action="01"), note("x", kind="1002", action="02")],
        contacts=[contact("9999999999")],
        answers=[questionnaire_answer("Q1", "NO")],
    )
    answer = calls.send(change_lead(lead_id, fields, state="stale"))
    assert answer.result == "5"
    assert sorted(answer.log) == [
        "BUSINESSPARTNER.UNKNOWN",
        "LEAD.CHANGE_STATE_CONFLICT",
        "LEAD.DATES_REVERSED",
        "LEAD.ITEM_UNKNOWN",
        "LEAD.NOTE_UNKNOWN",
        "LEAD.STATUS_NOT_ALLOWED",
    ]
    assert lead(calls, lead_id).one("Name") == "Loan for a flat"
    assert answers(calls, lead_id) == {"Q1": "YES"}
    assert row_counts(calls.database) == rows


def test_reading_leaves_out_the_lists_that_are_not_wanted(calls: Calls, lead_id: str) -> None:
    (bare,) = calls.done(read_lead(lead_id, item="2", note="2")).parts("Lead")
    assert bare.all("Item/ID") == bare.all("Note") == []
    assert bare.all("StatusHistory/Item/LifeCycleStatusCode") == []
    (full,) = calls.done(read_lead(lead_id, item="1", note="1", history="1")).parts("Lead")
    assert full.all("Item/ID") == ["10", "20"]
    assert full.all("StatusHistory/Item/LifeCycleStatusCode") == ["1"]
