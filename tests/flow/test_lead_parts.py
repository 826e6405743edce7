"""The parts of a lead: what is asked for is given back as it was sent; consent; what follows from a change is said."""

import base64
import random
from collections.abc import Sequence
from typing import Any

import pytest

from leadbridge.operations.call import Policy
from leadbridge.store import businesspartners
from leadbridge.store.database import Database
from tests.store.rows import EVERYTHING
from tests.support.calls import ACME, DESK, Calls, column, gateway
from tests.support.messages_by_hand import (
    Xml,
    change_lead,
    contact,
    create_business_partner,
    create_lead,
    element,
    item,
    known_prospect,
    lead_fields,
    new_prospect,
    note,
    person,
    read_lead,
)

FORBIDDEN = "LEAD.CONTACT_FORBIDDEN"


def made(calls: Calls, partner: Xml, *, test: bool = False) -> str:
    """The InternalID of a new business partner."""
    return calls.done(create_business_partner(partner, test=test)).one("BusinessPartner/InternalID")


def lead_of(calls: Calls, fields: Xml, *, test: bool = False) -> str:
    """The ID of a new lead."""
    return calls.done(create_lead(fields, test=test)).one("Lead/ID")


def folder(contents: Sequence[bytes]) -> Xml:
    documents = [
        element(
            "lbl:Document",
            element("lbl:Name", "n" * 255),
            element("lbl:MIMECode", "application/octet-stream"),
            element("lbl:FileContentBinaryObject", base64.b64encode(one).decode()),
        )
        for one in contents
    ]
    return element("lbl:AttachmentFolder", *documents)


def with_folder(fields: Xml, attached: Xml) -> Xml:
    """A lead's fields with an AttachmentFolder, which stands last."""
    return Xml(fields + attached)


# ---------------------------------------------------------------------------------------------------- given back


def test_each_part_is_given_back_only_as_requested_elements_says(calls: Calls) -> None:
    fields = lead_fields(
        prospect=new_prospect(person()), items=[item("LOAN")], notes=[note("Bitte", kind="10", language="de")]
    )
    lead = lead_of(calls, with_folder(fields, folder([b"content"])))
    usual = {"item": True, "note": True, "history": False, "attachment": False}
    names = {"item": "Item", "note": "Note", "history": "StatusHistory", "attachment": "AttachmentFolder"}
    for code, expected in ((None, None), ("1", True), ("2", False)):
        for part, name in names.items():
            asked: dict[str, Any] = {part: code} if code else {}
            (found,) = calls.done(read_lead(lead, **asked)).parts("Lead")
            assert bool(found.parts(name)) is (usual[part] if expected is None else expected), (part, code)
    (found,) = calls.done(read_lead(lead)).parts("Lead")
    (kept,) = found.parts("Note")
    assert (kept.element.text, dict(kept.element.items())) == ("Bitte", {"languageCode": "de", "typeCode": "10"})


def test_five_documents_of_a_mebibyte_are_given_back_byte_for_byte(calls: Calls) -> None:
    contents = [random.Random(seed).randbytes(1_048_576) for seed in range(4)] + [b""]
    lead = lead_of(calls, with_folder(lead_fields(prospect=new_prospect(person())), folder(contents)))
    (found,) = calls.done(read_lead(lead, attachment="1")).parts("Lead")
    path = "AttachmentFolder/Document"
    assert [base64.b64decode(one) for one in found.all(f"{path}/FileContentBinaryObject")] == contents
    assert found.all(f"{path}/Name") == ["n" * 255] * 5


def test_row_31_attachments_too_large_for_one_answer_are_left_out_with_a_warning(database: Database) -> None:
    with gateway(database, Policy(largest_answer_document_bytes=5_000)) as calls:
        fields = lead_fields(prospect=new_prospect(person()))
        first = lead_of(calls, with_folder(fields, folder([b"a" * 2_000, b"b" * 1_000])))
        fields = lead_fields(prospect=new_prospect(person("Berta")))
        exact, over = [lead_of(calls, with_folder(fields, folder([b"c" * size]))) for size in (2_000, 2_001)]
        for second, documents, said in ((exact, 3, []), (over, 0, ["LEAD.ATTACHMENTS_LEFT_OUT"])):
            answer = calls.done(read_lead(first, second, attachment="1"))
            assert len(answer.parts("Lead")) == 2
            assert len(answer.parts("Lead/AttachmentFolder/Document")) == documents
            assert answer.all("Log/Item/TypeID") == said
            assert answer.all("Log/Item/SeverityCode") == ["2"] * len(said)
            assert calls.done(read_lead(first, second)).all("Log/Item/TypeID") == []  # nobody asked for them
        assert calls.send(read_lead("9999999999", attachment="1")).all("Log/Item/TypeID") == ["LEAD.UNKNOWN"]


def test_the_history_says_who_moved_a_lead_when_and_why(calls: Calls) -> None:
    lead = lead_of(calls, lead_fields(prospect=new_prospect(person())))
    calls.done(change_lead(lead, lead_fields(name=None, status="5"), reason="R01"))
    calls.done(change_lead(lead, lead_fields(name="Another name")))  # no move
    calls.done(change_lead(lead, lead_fields(name=None, status="1")))
    (found,) = calls.done(read_lead(lead, history="1")).parts("Lead/StatusHistory")
    assert found.all("Item/LifeCycleStatusCode") == ["1", "5", "1"]
    assert [one.all("OldLifeCycleStatusCode") for one in found.parts("Item")] == [[], ["1"], ["5"]]
    assert [one.all("ReasonCode") for one in found.parts("Item")] == [[], ["R01"], []]
    assert set(found.all("Item/ChangePartyID")) == {DESK.id}
    assert found.all("Item/ChangeDateTime") == sorted(found.all("Item/ChangeDateTime"))


# -------------------------------------------------------------------------------------------------------- consent


@pytest.mark.parametrize(("code", "allowed"), [("1", True), ("2", False), ("3", True), (None, True)])
def test_who_forbids_contact_is_on_no_call_list(calls: Calls, code: str | None, allowed: bool) -> None:
    partner = made(calls, person("Berta", contact_allowed=code))
    prospect = known_prospect(partner)
    somebody = new_prospect(person())
    wanted = [] if allowed else [FORBIDDEN]

    def refusals(request: bytes, caller: object = DESK) -> list[str]:
        answered = calls.send(request, caller=caller)  # type: ignore[arg-type]  # a Caller
        return [one for one in answered.log if one == FORBIDDEN]

    assert refusals(create_lead(lead_fields(prospect=somebody, contacts=[contact(partner)]))) == wanted
    assert refusals(create_lead(lead_fields(prospect=prospect, status="2"))) == wanted
    assert refusals(create_lead(lead_fields(prospect=prospect, status="3"))) == []  # what it asks for itself
    lead = lead_of(calls, lead_fields(name="Insurance", prospect=prospect))
    assert refusals(change_lead(lead, lead_fields(name=None, status="2"))) == wanted
    other = lead_of(calls, lead_fields(prospect=somebody, status="2"))
    assert refusals(change_lead(other, lead_fields(name=None, contacts=[contact(partner)]))) == wanted
    assert refusals(change_lead(other, lead_fields(name=None, prospect=prospect))) == wanted


def test_a_new_prospect_that_forbids_contact_is_taken_into_process_by_others_only(calls: Calls) -> None:
    fields = lead_fields(prospect=new_prospect(person("Berta", contact_allowed="2")), status="2")
    refused = calls.send(create_lead(fields))
    assert (refused.result, refused.log) == ("5", [FORBIDDEN])
    (said,) = refused.log_items(FORBIDDEN)
    assert said.one("ReferenceMessageElementName").endswith("/lbl:ProspectParty")
    with calls.database.read() as tx:
        assert businesspartners.find(tx, EVERYTHING, {}, limit=1, after=None) == ([], False)
    assert calls.done(create_lead(fields), caller=ACME).one("Lead/LifeCycleStatusCode") == "2"


# -------------------------------------------------------------------------------------------- what follows is said


def test_items_that_came_without_an_id_are_named(calls: Calls) -> None:
    fields = lead_fields(prospect=new_prospect(person()), items=[item("A"), item("B", item_id="20"), item("C")])
    answered = calls.done(create_lead(fields))
    (said,) = answered.log_items("LEAD.ITEM_NUMBERED")
    assert said.one("Note") == "Items without an ID were numbered 30, 40."
    lead = answered.one("Lead/ID")
    (said,) = calls.done(change_lead(lead, lead_fields(name=None, items=[item("D")]))).log_items("LEAD.ITEM_NUMBERED")
    assert said.one("ReferenceMessageElementName").endswith("/lbl:Item[1]")
    (found,) = calls.done(read_lead(lead)).parts("Lead")
    assert found.all("Item/ID") == ["30", "20", "40", "50"]


def test_a_lead_that_is_given_anew_or_back_says_what_becomes_of_the_decision(calls: Calls) -> None:
    lead = lead_of(calls, lead_fields(prospect=new_prospect(person()), given_to=ACME.party_id))
    calls.done(change_lead(lead, lead_fields(name=None), decision="ACCEPT"), caller=ACME)
    anew = calls.done(change_lead(lead, lead_fields(name=None, given_to="OTHER")))
    assert "LEAD.PARTNER_DECISION_RESET" in anew.log
    again = calls.done(change_lead(lead, lead_fields(name=None, given_to=ACME.party_id)))
    assert "LEAD.PARTNER_DECISION_RESET" not in again.log  # there was none
    back = calls.done(change_lead(lead, lead_fields(name=None), decision="DECLINE"), caller=ACME)
    assert "LEAD.SALES_PARTNER_REMOVED" in back.log


def test_a_withdrawn_qualification_says_that_its_message_is_cancelled(calls: Calls) -> None:
    lead = lead_of(calls, lead_fields(prospect=new_prospect(person()), status="3"))
    declined = calls.done(change_lead(lead, lead_fields(name=None, status="5"), reason="R01"))
    assert "LEAD.FORWARDING_CANCELLED" in declined.log
    assert column(calls.database, "message", "state") == ["cancelled"]
    opened = calls.done(change_lead(lead, lead_fields(name=None, status="1")))
    assert "LEAD.REASON_CLEARED" in opened.log
    assert "LEAD.FORWARDING_CANCELLED" not in opened.log


def test_of_a_refused_change_nothing_follows(calls: Calls) -> None:
    lead = lead_of(calls, lead_fields(prospect=new_prospect(person())))
    wrong = [item("A"), item(None, item_id="99", action="03")]
    for items in (wrong, wrong[::-1]):
        refused = calls.send(change_lead(lead, lead_fields(name=None, items=items)))
        assert (refused.result, "LEAD.ITEM_UNKNOWN" in refused.log) == ("5", True)
        assert "LEAD.ITEM_NUMBERED" not in refused.log
