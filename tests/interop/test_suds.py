"""Every operation, called by suds as a partner's developer would who knows nothing but the WSDL."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from leadbridge.contract.operations import operations
from tests.interop.gateway import Gateway
from tests.interop.people import phone, word
from tests.interop.suds_caller import SudsCaller


@pytest.fixture(scope="module")
def suds(sqlite_gateway: Gateway) -> Iterator[SudsCaller]:
    with SudsCaller(sqlite_gateway, sqlite_gateway.caller("callcentre")) as caller:
        yield caller


@pytest.fixture(scope="module")
def channel(sqlite_gateway: Gateway) -> Iterator[SudsCaller]:
    """The bank's channel to the core CRM."""
    with SudsCaller(sqlite_gateway, sqlite_gateway.caller("crm")) as caller:
        yield caller


def test_suds_sees_every_operation_with_its_parameters(suds: SudsCaller) -> None:
    for one in operations():
        assert hasattr(suds.client(one.service).service, one.name)


def partner(suds: SudsCaller, operation: str, family_name: str) -> Any:
    """A person, made by the factory of the service that the operation belongs to."""
    return suds.make(
        operation,
        "lbc:BusinessPartner",
        ObjectNodeSenderTechnicalID="BP-1",
        ExternalKey=suds.make(
            operation, "lbc:ExternalKey", CommunicationSystemID="SUDS", RemoteObjectID=f"key of {family_name}"
        ),
        CategoryCode="1",
        RoleCode=["PROSPECT", "CONTACT"],
        Person=suds.make(operation, "lbc:Person", GivenName="Zoë", FamilyName=family_name, BirthDate=date(1984, 2, 29)),
        Address=[suds.make(operation, "lbc:Address", CountryCode="DE", CityName="Köln", HouseID="7 <b>")],
        Communication=suds.make(
            operation, "lbc:Communication", EmailURI=[f"{family_name}@example.org"], PhoneNumber=[phone()]
        ),
        ContactAllowedCode="1",
    )


def including(suds: SudsCaller, operation: str, lower: Any, *, of: str = "Text", **more: Any) -> Any:
    return suds.make(
        operation,
        f"lbc:SelectionBy{of}",
        **{"InclusionExclusionCode": "I", "IntervalBoundaryTypeCode": "1", "LowerBoundary": lower, **more},
    )


# ----------------------------------------------------------------------------------------------- business partners


def test_a_business_partner_is_created_read_and_found(suds: SudsCaller) -> None:
    family_name = word()
    sent = partner(suds, "CreateBusinessPartner", family_name)
    confirmed = suds.done("CreateBusinessPartner", BusinessPartner=sent).BusinessPartner
    assert confirmed.ReferenceObjectNodeSenderTechnicalID == "BP-1"

    by_id = suds.make("ReadBusinessPartner", "lbp:BusinessPartnerSelectionByID", InternalID=confirmed.InternalID)
    (shown,) = suds.done("ReadBusinessPartner", BusinessPartnerSelectionByID=[by_id]).BusinessPartner
    assert shown.UUID == confirmed.UUID
    assert shown.ExternalKey.RemoteObjectID == f"key of {family_name}"
    assert list(shown.RoleCode) == ["PROSPECT", "CONTACT"]
    assert (shown.Person.GivenName, shown.Person.FamilyName) == ("Zoë", family_name)
    assert shown.Person.BirthDate == "1984-02-29"  # suds shows dates as text where a type restricts them
    assert (shown.Address[0].CityName, shown.Address[0].HouseID) == ("Köln", "7 <b>")
    assert list(shown.Communication.EmailURI) == list(sent.Communication.EmailURI)

    selection = suds.make(
        "FindBusinessPartner",
        "lbp:BusinessPartnerSelectionByElements",
        SelectionByName=[including(suds, "FindBusinessPartner", f"{family_name[:-1]}*")],
        SelectionByEmailURI=[including(suds, "FindBusinessPartner", f"{family_name}@EXAMPLE.org")],
    )
    answer = suds.done("FindBusinessPartner", BusinessPartnerSelectionByElements=selection)
    (hit,) = answer.BusinessPartner
    assert (hit.InternalID, hit.OpenLeadNumberValue) == (confirmed.InternalID, 0)
    assert answer.ProcessingConditions.MoreHitsAvailableIndicator is False


def test_a_duplicate_is_an_answer_and_no_exception(suds: SudsCaller) -> None:
    first = partner(suds, "CreateBusinessPartner", word())
    known = suds.done("CreateBusinessPartner", BusinessPartner=first).BusinessPartner
    first.ExternalKey = None

    refused = suds.call("CreateBusinessPartner", BusinessPartner=first)
    assert refused.Log.BusinessDocumentProcessingResultCode == "5"
    assert [item.TypeID for item in refused.Log.Item] == ["BUSINESSPARTNER.DUPLICATE"]

    linked = suds.done("CreateBusinessPartner", DuplicateCheckCode="LINK", BusinessPartner=first)
    assert linked.BusinessPartner.InternalID == known.InternalID


def test_business_partners_become_one(suds: SudsCaller) -> None:
    master, other = (
        suds.done(
            "CreateBusinessPartner", BusinessPartner=partner(suds, "CreateBusinessPartner", word())
        ).BusinessPartner.InternalID
        for _ in range(2)
    )
    named = {"MasterBusinessPartner": {"InternalID": master}, "MergedBusinessPartner": [{"InternalID": other}]}
    assert suds.done("MergeBusinessPartner", **named).MergedBusinessPartnerInternalID == [other]
    (shown,) = suds.done("ReadBusinessPartner", BusinessPartnerSelectionByID=[{"InternalID": other}]).BusinessPartner
    assert (shown.InternalID, shown.MergedBusinessPartner[0].InternalID) == (master, other)


# ------------------------------------------------------------------------------------------------------------ leads


def lead(suds: SudsCaller, operation: str, **more: Any) -> Any:
    """A lead about a new business partner, made by the factory."""
    prospect = suds.make(operation, "lbl:ProspectParty", NewBusinessPartner=partner(suds, operation, word()))
    return suds.make(operation, "lbl:Lead", Name=f"Loan {word()}", ProspectParty=prospect, **more)


def full_lead(suds: SudsCaller) -> Any:
    def make(name: str, **fields: Any) -> Any:
        return suds.make("CreateLead", name, **fields)

    return lead(
        suds,
        "CreateLead",
        ObjectNodeSenderTechnicalID="LEAD-1",
        QualificationLevelCode="02",
        CampaignID=word(),
        StartDate=date(2026, 2, 28),
        SalesPartnerParty=make("lbl:SalesPartnerParty", PartyID="acme"),
        ExpectedRevenueAmount=make("lbc:Amount", value=Decimal("1200.5"), _currencyCode="EUR"),
        Item=[
            make("lbl:LeadItem", ProductID="LOAN", Quantity=make("lbc:Quantity", value=Decimal(2), _unitCode="EA")),
            make("lbl:LeadItem", ID="A1", ProductID="INSURANCE", Description="Grüße & <so>"),
        ],
        QuestionnaireAnswer=[make("lbl:QuestionnaireAnswer", QuestionID="INCOME", AnswerCode="HIGH")],
        Note=[make("lbc:Note", value="Ruft zurück", _languageCode="de", _typeCode="CALL")],
    )


def identification(suds: SudsCaller, operation: str, lead_id: str) -> Any:
    return suds.make(operation, "lbl:LeadIdentification", ID=lead_id)


def read(suds: SudsCaller, lead_id: str) -> Any:
    (found,) = suds.done("ReadLead", LeadSelectionByID=[identification(suds, "ReadLead", lead_id)]).Lead
    return found


def test_a_lead_is_created_and_read_as_it_was_sent(suds: SudsCaller) -> None:
    sent = full_lead(suds)
    confirmed = suds.done("CreateLead", Lead=sent).Lead
    assert confirmed.ReferenceObjectNodeSenderTechnicalID == "LEAD-1"

    shown = read(suds, confirmed.ID)
    assert (shown.Name, shown.CampaignID, shown.StartDate) == (sent.Name, sent.CampaignID, "2026-02-28")
    assert (shown.LifeCycleStatusCode, shown.QualificationLevelCode) == ("1", "02")
    assert shown.SalesPartnerParty.PartyID == "acme"
    amount = shown.ExpectedRevenueAmount
    assert (Decimal(amount.value), amount._currencyCode) == (Decimal("1200.5"), "EUR")
    first, second = shown.Item
    assert (first.ID, first.ProductID) == ("10", "LOAN")
    assert (Decimal(first.Quantity.value), first.Quantity._unitCode) == (Decimal(2), "EA")
    assert (second.ID, second.ProductID, second.Description) == ("A1", "INSURANCE", "Grüße & <so>")
    assert [(one.QuestionID, one.AnswerCode) for one in shown.QuestionnaireAnswer] == [("INCOME", "HIGH")]
    assert [(one.value, one._languageCode, one._typeCode) for one in shown.Note] == [("Ruft zurück", "de", "CALL")]
    assert shown.ProspectParty.BusinessPartnerInternalID == confirmed.ProspectPartyInternalID


def test_a_check_creates_nothing(suds: SudsCaller) -> None:
    sent = lead(suds, "CheckLead")

    answer = suds.done("CheckLead", Lead=sent)

    assert [item.TypeID for item in answer.Log.Item] == ["LEAD.WOULD_BE_CREATED"]
    assert found(suds, SelectionByName=[including(suds, "FindLead", sent.Name)]) == []


def found(suds: SudsCaller, **selections: Any) -> list[str]:
    """IDs of the leads that a FindLead gives."""
    wanted = suds.make("FindLead", "lbl:LeadSelectionByElements", **selections)
    answer = suds.done("FindLead", LeadSelectionByElements=wanted)
    return [hit.ID for hit in getattr(answer, "Lead", [])]


def test_leads_are_found_by_interval_wildcard_and_exclusion(suds: SudsCaller) -> None:
    sent = full_lead(suds)
    lead_id = suds.done("CreateLead", Lead=sent).Lead.ID
    campaign = [including(suds, "FindLead", f"*{sent.CampaignID[3:]}")]

    def on(boundary: str, lower: date, **more: Any) -> dict[str, Any]:
        selection = including(suds, "FindLead", lower, of="Date", IntervalBoundaryTypeCode=boundary, **more)
        return {"SelectionByCampaignID": campaign, "SelectionByStartDate": [selection]}

    day, next_day = date(2026, 2, 28), date(2026, 3, 1)
    assert found(suds, SelectionByCampaignID=campaign) == [lead_id]
    assert found(suds, **on("1", day)) == [lead_id]
    assert found(suds, **on("3", day, UpperBoundary=next_day)) == [lead_id]
    assert found(suds, **on("4", day, UpperBoundary=next_day)) == []
    assert found(suds, **on("8", day)) == []
    assert found(suds, **on("9", day)) == [lead_id]
    assert found(suds, **on("1", day, InclusionExclusionCode="E")) == []


def test_a_lead_is_changed_by_action_codes_and_by_complete_transmission(suds: SudsCaller) -> None:
    confirmed = suds.done("CreateLead", Lead=full_lead(suds)).Lead

    def change(**fields: Any) -> Any:
        wanted = identification(suds, "ChangeLead", confirmed.ID)
        return suds.make("ChangeLead", "lbl:LeadChange", LeadIdentification=wanted, **fields)

    def item(**fields: Any) -> Any:
        return suds.make("ChangeLead", "lbl:LeadItemChange", **fields)

    items = [item(_actionCode="03", ID="10"), item(_actionCode="01", ProductID="CARD")]
    answer = suds.done("ChangeLead", Lead=change(ChangeStateID=confirmed.ChangeStateID, Name="Other", Item=items))
    assert answer.Lead.ChangeStateID != confirmed.ChangeStateID
    shown = read(suds, confirmed.ID)
    assert shown.Name == "Other"
    assert [(one.ID, one.ProductID) for one in shown.Item] == [("A1", "INSURANCE"), ("20", "CARD")]

    complete = change(_itemListCompleteTransmissionIndicator="true", Item=[item(ProductID="ONLY")])
    suds.done("ChangeLead", Lead=complete, ReasonCode="007")
    assert [one.ProductID for one in read(suds, confirmed.ID).Item] == ["ONLY"]

    refused = suds.call("ChangeLead", Lead=change(ChangeStateID=confirmed.ChangeStateID, Name="Late"))
    assert [one.TypeID for one in refused.Log.Item] == ["LEAD.CHANGE_STATE_CONFLICT"]


def test_a_message_sent_again_is_answered_as_replayed(suds: SudsCaller) -> None:
    sent = lead(suds, "CreateLead")
    header = suds.make("CreateLead", "lbc:BasicMessageHeader", UUID="0e3e52f2-53b1-4b5e-8f0f-3f8f2a0c8f11")

    first = suds.done("CreateLead", BasicMessageHeader=header, Lead=sent)
    second = suds.done("CreateLead", BasicMessageHeader=header, Lead=sent)

    assert (first.ReplayedIndicator, second.ReplayedIndicator) == (False, True)
    assert second.Lead.ID == first.Lead.ID


# --------------------------------------------------------------------------------------------------------- core CRM


def combo_create(channel: SudsCaller, customer: str, customer_type: str, owner: str) -> Any:
    return channel.done(
        "ComboCreateLeadOpportunity",
        CustomerTypeCode=customer_type,
        CustomerID=customer,
        OwnerID=owner,
        SellingModeCode="B2B",
        CustomerName="Bäckerei & Co",
    )


def test_combo_creates_follow_the_banks_table(channel: SudsCaller) -> None:
    customer = word()
    first = combo_create(channel, customer, "NTB", "RM1")
    assert (first.RecordTypeCode, first.StatusName, first.CreatedIndicator) == ("LEAD", "New Lead", True)
    same = combo_create(channel, customer, "NTB", "RM1")
    assert (same.RecordID, same.CreatedIndicator) == (first.RecordID, False)
    other = combo_create(channel, customer, "NTB", "RM2")
    assert (other.RecordTypeCode, list(other.ClosedRecordID)) == ("LEAD", [first.RecordID])
    opportunity = combo_create(channel, customer, "ETB", "RM2")
    assert (opportunity.RecordTypeCode, opportunity.StatusName) == ("OPPORTUNITY", "New Opportunity")


def test_records_are_won_lost_read_and_found(channel: SudsCaller) -> None:
    customer = word()
    lead_id = combo_create(channel, customer, "NTB", "RM1").RecordID
    won = channel.done("ComboUpdateLeadOpportunity", RecordID=lead_id, StatusName="Close won")
    assert (won.RecordTypeCode, won.StatusName, won.ConvertedRecordID) == ("OPPORTUNITY", "Close Won", lead_id)
    opportunity = combo_create(channel, customer, "ETB", "RM1").RecordID
    lost = channel.done("UpdateOpportunityStatus", RecordID=opportunity, StatusName="Close Lost", ReasonCode="007")
    assert lost.StatusName == "Close Lost"
    other = combo_create(channel, word(), "NTB", "RM1").RecordID
    advanced = channel.done("AdvanceOpportunityStage", RecordID=other, StageMoveCode="ADVANCE")
    assert (advanced.StageName, [step.StepStateCode for step in advanced.Step]) == ("Assigned", ["OPEN", "OPEN"])
    assert channel.done("UpdateLeadStatus", RecordID=other, ReasonCode="007").StatusName == "Close Lost"
    refused = channel.call("UpdateLeadStatus", RecordID=other)
    assert [item.TypeID for item in refused.Log.Item] == ["CRM.RECORD_FINAL"]

    by_id = channel.make("ReadCrmRecord", "lbr:CrmRecordSelectionByID", RecordID=opportunity)
    (shown,) = channel.done("ReadCrmRecord", CrmRecordSelectionByID=[by_id]).CrmRecord
    assert (shown.CustomerID, shown.CustomerName, shown.ReasonCode) == (customer, "Bäckerei & Co", "007")
    assert [step.StatusName for step in shown.StatusHistory.Item] == ["New Opportunity", "Close Lost"]

    selection = channel.make(
        "FindCrmRecord",
        "lbr:CrmRecordSelectionByElements",
        SelectionByCustomerID=[including(channel, "FindCrmRecord", customer)],
        SelectionByStatusName=[including(channel, "FindCrmRecord", "Close W*")],
    )
    hits = channel.done("FindCrmRecord", CrmRecordSelectionByElements=selection).CrmRecord
    assert {hit.RecordID for hit in hits} == {lead_id, won.RecordID}
