"""The core CRM's operations, called by Zeep, against the bank's table."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from tests.interop.gateway import Gateway
from tests.interop.people import word
from tests.interop.zeep_caller import ZeepCaller, both_versions, header, including, plain, types


@pytest.fixture(scope="module")
def callers(gateway: Gateway) -> Iterator[dict[str, ZeepCaller]]:
    """The bank's channel on each SOAP version."""
    with both_versions(gateway, "crm") as callers:
        yield callers


@pytest.fixture(params=["1.1", "1.2"])
def zeep(request: pytest.FixtureRequest, callers: dict[str, ZeepCaller]) -> ZeepCaller:
    return callers[request.param]


class Customer:
    """One customer and the records that calls about it have made."""

    def __init__(self, zeep: ZeepCaller) -> None:
        self.zeep = zeep
        self.id = f"C-{word()}"

    def comes(self, customer_type: str, owner: str, **more: Any) -> Any:
        """The confirmation of a combo create."""
        return self.zeep.done(
            "ComboCreateLeadOpportunity",
            CustomerTypeCode=customer_type,
            CustomerID=self.id,
            OwnerID=owner,
            SellingModeCode="B2C",
            CustomerName="Ada Lovelace",
            **more,
        )

    def wins(self, record_id: str) -> Any:
        return self.zeep.done("ComboUpdateLeadOpportunity", RecordID=record_id, StatusName="Close Won")

    def loses(self, record_id: str) -> Any:
        operation = "UpdateLeadStatus" if self.status(record_id)[0] == "LEAD" else "UpdateOpportunityStatus"
        return self.zeep.done(operation, RecordID=record_id, StatusName="Close Lost", ReasonCode="007")

    def record(self, record_id: str) -> dict[str, Any]:
        answer = self.zeep.done("ReadCrmRecord", CrmRecordSelectionByID=[{"RecordID": record_id}])
        result: dict[str, Any] = plain(answer.CrmRecord[0])
        return result

    def status(self, record_id: str) -> tuple[str, str]:
        shown = self.record(record_id)
        return shown["RecordTypeCode"], shown["StatusName"]

    def number_of_records(self) -> int:
        selection = {"SelectionByCustomerID": [including(self.id)]}
        return len(self.zeep.done("FindCrmRecord", CrmRecordSelectionByElements=selection).CrmRecord)


@pytest.fixture
def customer(zeep: ZeepCaller) -> Customer:
    return Customer(zeep)


# What was before, each in turn: (customer type, RM, what became of the record then). Who comes now. What comes of it:
# the type of the record answered, and whether it is the last one there was, a new one, or a new one that closes the
# last one.
ETB_OPEN = [("ETB", "RM1", None)]
NTB_OPEN = [("NTB", "RM1", None)]
BANKS_TABLE = [
    pytest.param(ETB_OPEN, "ETB", "RM1", "OPPORTUNITY", "same", id="ETB, open opportunity of the same RM"),
    pytest.param(ETB_OPEN, "NTB", "RM1", "OPPORTUNITY", "same", id="NTB, open opportunity of the same RM"),
    pytest.param(ETB_OPEN, "ETB", "RM2", "OPPORTUNITY", "closes", id="ETB, open opportunity of another RM"),
    pytest.param(ETB_OPEN, "NTB", "RM2", "OPPORTUNITY", "closes", id="NTB, open opportunity of another RM"),
    pytest.param([], "ETB", "RM1", "OPPORTUNITY", "new", id="ETB, nothing"),
    pytest.param([("ETB", "RM1", "won")], "ETB", "RM1", "OPPORTUNITY", "new", id="ETB, opportunity won"),
    pytest.param([("ETB", "RM1", "lost")], "ETB", "RM1", "OPPORTUNITY", "new", id="ETB, opportunity lost"),
    pytest.param(NTB_OPEN, "ETB", "RM1", "OPPORTUNITY", "new", id="ETB, open lead"),
    pytest.param(NTB_OPEN, "NTB", "RM1", "LEAD", "same", id="NTB, open lead of the same RM"),
    pytest.param(NTB_OPEN, "NTB", "RM2", "LEAD", "closes", id="NTB, open lead of another RM"),
    pytest.param([], "NTB", "RM1", "LEAD", "new", id="NTB, nothing"),
    pytest.param([("NTB", "RM1", "lost")], "NTB", "RM1", "LEAD", "new", id="NTB, lead lost"),
    pytest.param([("ETB", "RM1", "lost")], "NTB", "RM1", "LEAD", "new", id="NTB, opportunity lost"),
    pytest.param([("ETB", "RM1", "lost"), *NTB_OPEN], "NTB", "RM1", "LEAD", "same", id="NTB, both, the lead open"),
]


@pytest.mark.parametrize(("before", "customer_type", "owner", "record_type", "outcome"), BANKS_TABLE)
def test_a_combo_create_follows_the_banks_table(
    customer: Customer,
    before: list[tuple[str, str, str | None]],
    customer_type: str,
    owner: str,
    record_type: str,
    outcome: str,
) -> None:
    last = None
    for earlier_type, earlier_owner, became in before:
        last = customer.comes(earlier_type, earlier_owner).RecordID
        if became == "won":
            customer.wins(last)
        elif became == "lost":
            customer.loses(last)
    records = customer.number_of_records()

    answer = customer.comes(customer_type, owner)

    assert answer.RecordTypeCode == record_type
    assert answer.StatusName == ("New Lead" if record_type == "LEAD" else "New Opportunity")
    assert answer.CreatedIndicator is (outcome != "same")
    assert answer.ClosedRecordID == ([last] if outcome == "closes" else [])
    assert (answer.RecordID == last) is (outcome == "same")
    assert customer.number_of_records() == records + (outcome != "same")
    assert customer.record(answer.RecordID)["OwnerID"] == owner
    if outcome == "closes" and last:
        assert customer.status(last) == (record_type, "Close Lost")


def test_a_record_is_read_as_it_was_created(customer: Customer) -> None:
    sent = {
        "ProductID": "LOAN-10Y",
        "EmailURI": "ada@example.org",
        "PhoneNumber": "+49 30 23125 000",
        "SourceLeadUUID": str(uuid4()),
        "ExpectedRevenueAmount": {"_value_1": Decimal("1200.5"), "currencyCode": "EUR"},
        "Note": [{"_value_1": "Grüße & <so>", "languageCode": "de", "typeCode": "CALL"}, {"_value_1": "Second"}],
    }
    confirmed = customer.comes("NTB", "RM1", **sent)

    shown = customer.record(confirmed.RecordID)
    assert {name: shown.get(name) for name in sent} == sent
    named = ("CustomerTypeCode", "CustomerID", "OwnerID", "SellingModeCode", "CustomerName")
    assert tuple(shown[name] for name in named) == ("NTB", customer.id, "RM1", "B2C", "Ada Lovelace")
    (step,) = shown["StatusHistory"]["Item"]
    assert (step["StatusName"], step["ChangePartyID"]) == ("New Lead", "crm")
    selection = [{"SourceLeadUUID": sent["SourceLeadUUID"].upper()}]  # type: ignore[attr-defined]  # it is a str
    (again,) = customer.zeep.done("ReadCrmRecord", CrmRecordSelectionByID=selection).CrmRecord
    assert plain(again) == shown


def test_a_won_lead_is_converted_into_a_won_opportunity_linked_both_ways(customer: Customer) -> None:
    lead = customer.comes("NTB", "RM1", ProductID="LOAN-10Y", Note=[{"_value_1": "Keep me"}]).RecordID

    answer = customer.zeep.done("ComboUpdateLeadOpportunity", RecordID=lead, StatusName="close WON")

    assert (answer.RecordTypeCode, answer.StatusName) == ("OPPORTUNITY", "Close Won")
    assert answer.ConvertedRecordID == lead
    opportunity, before = customer.record(answer.RecordID), customer.record(lead)
    assert (opportunity["StatusName"], opportunity["ConvertedFromRecordID"]) == ("Close Won", lead)
    assert (before["StatusName"], before["ConvertedToRecordID"]) == ("Close Won", answer.RecordID)
    for name in ("CustomerID", "OwnerID", "ProductID", "CustomerName", "SellingModeCode", "Note"):
        assert opportunity[name] == before[name]


def test_a_won_opportunity_is_won_itself(customer: Customer) -> None:
    opportunity = customer.comes("ETB", "RM1").RecordID

    answer = customer.zeep.done("ComboUpdateLeadOpportunity", RecordID=opportunity)

    assert (answer.RecordID, answer.StatusName, answer.ConvertedRecordID) == (opportunity, "Close Won", None)
    assert customer.status(opportunity) == ("OPPORTUNITY", "Close Won")


def test_a_status_goes_to_close_lost_with_its_reason(customer: Customer) -> None:
    lead, opportunity = customer.comes("NTB", "RM1").RecordID, customer.comes("ETB", "RM1").RecordID

    for operation, record_id in (("UpdateLeadStatus", lead), ("UpdateOpportunityStatus", opportunity)):
        answer = customer.zeep.done(operation, RecordID=record_id, StatusName="Close lost", ReasonCode="007")
        assert (answer.RecordID, answer.StatusName) == (record_id, "Close Lost")
        shown = customer.record(record_id)
        assert (shown["StatusName"], shown["ReasonCode"]) == ("Close Lost", "007")
        assert shown["StatusHistory"]["Item"][-1]["ReasonCode"] == "007"


def test_an_update_that_does_not_fit_is_refused(customer: Customer) -> None:
    zeep = customer.zeep
    lead, opportunity = customer.comes("NTB", "RM1").RecordID, customer.comes("ETB", "RM1").RecordID

    assert zeep.refused("UpdateLeadStatus", RecordID=opportunity) == ["CRM.WRONG_RECORD_TYPE"]
    assert zeep.refused("UpdateOpportunityStatus", RecordID=lead) == ["CRM.WRONG_RECORD_TYPE"]
    refused = zeep.refused("UpdateLeadStatus", RecordID=lead, StatusName="Close Won")
    assert refused == ["CRM.STATUS_NAME_NOT_ALLOWED"]
    assert zeep.refused("ComboUpdateLeadOpportunity", RecordID="L0") == ["CRM.RECORD_UNKNOWN"]
    customer.loses(lead)
    for operation in ("UpdateLeadStatus", "ComboUpdateLeadOpportunity"):
        assert zeep.refused(operation, RecordID=lead) == ["CRM.RECORD_FINAL"]
    assert customer.status(lead) == ("LEAD", "Close Lost")
    assert customer.status(opportunity) == ("OPPORTUNITY", "New Opportunity")


def test_a_combo_message_sent_again_is_answered_again(customer: Customer) -> None:
    sent = header(ID="C-1")
    first = customer.comes("NTB", "RM1", BasicMessageHeader=sent)
    second = customer.comes("NTB", "RM1", BasicMessageHeader=sent)

    assert (first.ReplayedIndicator, second.ReplayedIndicator) == (False, True)
    assert (second.RecordID, second.CreatedIndicator) == (first.RecordID, True)
    assert customer.number_of_records() == 1


def test_records_are_found_by_customer_type_status_owner_and_source(customer: Customer) -> None:
    source = str(uuid4())
    lead = customer.comes("NTB", "RM1", SourceLeadUUID=source).RecordID
    opportunity = customer.comes("ETB", "RM2").RecordID
    customer.loses(opportunity)

    def found(**selections: Any) -> list[str]:
        selections = {"SelectionByCustomerID": [including(customer.id)], **selections}
        answer = customer.zeep.done("FindCrmRecord", CrmRecordSelectionByElements=selections)
        return [hit.RecordID for hit in answer.CrmRecord]

    assert sorted(found()) == sorted([lead, opportunity])
    assert found(SelectionByRecordTypeCode=[including("LEAD")]) == [lead]
    assert found(SelectionByStatusName=[including("New*")]) == [lead]
    assert found(SelectionByStatusName=[including("close lost")]) == [opportunity]
    assert found(SelectionByStatusName=[including("Close Lost", exclude=True)]) == [lead]
    assert found(SelectionByOwnerID=[including("RM2")]) == [opportunity]
    assert found(SelectionByOwnerID=[including("RM1", "2", "RM2")]) == [lead]
    assert found(SelectionBySourceLeadUUID=[including(source.upper())]) == [lead]
    assert found(SelectionByRecordID=[including("*")], SelectionByOwnerID=[including("RM3")]) == []


def test_a_page_of_records_can_be_gone_on_from(customer: Customer) -> None:
    records = [customer.comes("NTB", f"RM{number}").RecordID for number in range(3)]
    selection = {"SelectionByCustomerID": [including(customer.id)]}
    conditions: dict[str, Any] = {"QueryHitsMaximumNumberValue": 2}

    first = customer.zeep.done("FindCrmRecord", CrmRecordSelectionByElements=selection, ProcessingConditions=conditions)
    assert [hit.RecordID for hit in first.CrmRecord] == records[:2]
    assert first.ProcessingConditions.MoreHitsAvailableIndicator is True
    conditions["LastReturnedObjectID"] = first.ProcessingConditions.LastReturnedObjectID
    rest = customer.zeep.done("FindCrmRecord", CrmRecordSelectionByElements=selection, ProcessingConditions=conditions)
    assert [hit.RecordID for hit in rest.CrmRecord] == records[2:]
    assert rest.ProcessingConditions.MoreHitsAvailableIndicator is False


def test_records_that_are_not_there_are_named(zeep: ZeepCaller) -> None:
    answer = zeep.call("ReadCrmRecord", CrmRecordSelectionByID=[{"RecordID": "L0"}, {"SourceLeadUUID": str(uuid4())}])
    assert answer.CrmRecord == []
    assert answer.Log.BusinessDocumentProcessingResultCode == "5"
    assert types(answer) == ["CRM.RECORD_UNKNOWN", "CRM.RECORD_UNKNOWN"]


def test_a_lead_goes_through_its_stages_and_on_as_an_opportunity(customer: Customer) -> None:
    lead = customer.comes("NTB", "RM1").RecordID

    def moves(record_id: str, move: str, **more: Any) -> Any:
        return customer.zeep.done("AdvanceOpportunityStage", RecordID=record_id, StageMoveCode=move, **more)

    assert moves(lead, "ADVANCE").StageName == "Assigned"
    moves(lead, "STEP_SKIPPED", StepName="Make first contact", ReasonDescription="She came to us.")
    moves(lead, "ADVANCE")
    moves(lead, "STEP_DONE", StepName="Confirm interest")
    moves(lead, "ADVANCE")
    shown = moves(lead, "STEP_DONE", StepName="Confirm need and budget", ExpectedClosingDate="2026-12-24")
    assert [(step.StepName, step.RequiredIndicator, step.StepStateCode) for step in shown.Step] == [
        ("Confirm need and budget", True, "DONE")
    ]
    converted = moves(lead, "ADVANCE")
    assert (converted.ConvertedRecordID, converted.StatusName) == (lead, "New Opportunity")
    assert (converted.StageName, converted.ProbabilityPercent) == ("Qualification", 20)
    assert str(converted.ExpectedClosingDate) == "2026-12-24"
    assert customer.record(lead)["StageName"] == "Converted"
    refused = customer.zeep.call(
        "AdvanceOpportunityStage", RecordID=converted.RecordID, StageMoveCode="ADVANCE", StageName="Offer"
    )
    assert types(refused) == ["CRM.STAGE_HELD", "CRM.STAGE_HELD"]
