"""Business partners and leads, called by Zeep as a partner's program would, and what the answers mean."""

import time
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests
from lxml import etree
from zeep.exceptions import Fault

from leadbridge.contract.operations import operations
from tests.interop.gateway import Gateway
from tests.interop.people import full_lead, full_person, lead, person, word
from tests.interop.zeep_caller import ZeepCaller, both_versions, header, including, plain, types

EVERYTHING = {f"{part}TransmissionRequestCode": "1" for part in ("item", "note", "history", "attachment", "extension")}


@pytest.fixture(scope="module")
def callers(gateway: Gateway) -> Iterator[dict[str, ZeepCaller]]:
    """A call centre on each SOAP version."""
    with both_versions(gateway, "callcentre") as callers:
        yield callers


@pytest.fixture(params=["1.1", "1.2"])
def zeep(request: pytest.FixtureRequest, callers: dict[str, ZeepCaller]) -> ZeepCaller:
    return callers[request.param]


def created(zeep: ZeepCaller, **more: Any) -> Any:
    """What a CreateLead that must succeed confirms."""
    return zeep.done("CreateLead", Lead=lead(**more)).Lead


def read(zeep: ZeepCaller, lead_id: str, **requested: str) -> dict[str, Any]:
    """A lead as it is read, as plain values."""
    message = {"LeadSelectionByID": [{"ID": lead_id}]}
    if requested:
        message["RequestedElements"] = requested  # type: ignore[assignment]  # a dict of another shape
    (found,) = zeep.done("ReadLead", **message).Lead
    result: dict[str, Any] = plain(found)
    return result


def found(zeep: ZeepCaller, **selections: Any) -> list[str]:
    """IDs of the leads that a FindLead gives."""
    return [hit.ID for hit in zeep.done("FindLead", LeadSelectionByElements=selections).Lead]


# ------------------------------------------------------------------------------------------ ways to the operations


def test_the_published_wsdl_has_every_operation_in_both_versions(gateway: Gateway) -> None:
    for version in ("1.1", "1.2"):
        with ZeepCaller(gateway, gateway.caller("admin"), version=version) as caller:
            for service in ("BusinessPartnerService", "LeadService", "CrmService"):
                offered = set(dir(caller.client(service).service))
                assert {one.name for one in operations() if one.service == service} <= offered


def test_a_caller_may_send_a_username_token_in_place_of_http_basic(gateway: Gateway) -> None:
    credentials = gateway.caller("callcentre")
    for version in ("1.1", "1.2"):
        with ZeepCaller(gateway, credentials, version=version, username_token=True) as caller:
            confirmed = created(caller)
            assert read(caller, confirmed.ID)["SystemAdministrativeData"]["CreationPartyID"] == "callcentre"


def test_a_wsdl_kept_as_one_flat_file_is_all_a_client_needs(gateway: Gateway, tmp_path: Path) -> None:
    wsdls = {}
    for service in ("BusinessPartnerService", "LeadService", "CrmService"):
        document = requests.get(gateway.wsdl(service, flat=True), timeout=10)
        assert document.status_code == 200
        assert b"schemaLocation" not in document.content
        kept = tmp_path / f"{service}.wsdl"
        kept.write_bytes(document.content)
        wsdls[service] = str(kept)
    with ZeepCaller(gateway, gateway.caller("admin"), wsdls=wsdls) as caller:
        partner = caller.done("CreateBusinessPartner", BusinessPartner=person()).BusinessPartner
        confirmed = caller.done(
            "CreateLead",
            Lead={"Name": "From a file", "ProspectParty": {"BusinessPartnerInternalID": partner.InternalID}},
        ).Lead
        assert confirmed.ProspectPartyInternalID == partner.InternalID
        assert caller.refused("UpdateLeadStatus", RecordID="L999") == ["CRM.RECORD_UNKNOWN"]


# ----------------------------------------------------------------------------------------------- business partners


def test_a_business_partner_is_read_as_it_was_created(zeep: ZeepCaller) -> None:
    sent = full_person()
    confirmed = zeep.done("CreateBusinessPartner", BusinessPartner=sent).BusinessPartner
    assert confirmed.ReferenceObjectNodeSenderTechnicalID == "BP-1"

    selections = [
        {"InternalID": confirmed.InternalID},
        {"UUID": confirmed.UUID.upper()},
        {"ExternalKey": sent["ExternalKey"]},
    ]
    for selection in selections:
        (found,) = zeep.done("ReadBusinessPartner", BusinessPartnerSelectionByID=[selection]).BusinessPartner
        shown = plain(found)
        assert {name: shown.get(name) for name in sent} == sent
        assert shown["InternalID"] == confirmed.InternalID
        assert shown["ChangeStateID"] == confirmed.ChangeStateID
        assert shown["SystemAdministrativeData"]["CreationPartyID"] == "callcentre"
        assert "Extension" not in shown


def test_an_organisation_is_read_as_it_was_created(zeep: ZeepCaller) -> None:
    organisation = {"FirstLineName": f"Bäckerei {word()}", "SecondLineName": "GmbH & Co. KG"}
    sent = {"CategoryCode": "2", "RoleCode": ["CUSTOMER"], "Organisation": organisation}
    confirmed = zeep.done("CreateBusinessPartner", BusinessPartner=sent).BusinessPartner

    answer = zeep.done("ReadBusinessPartner", BusinessPartnerSelectionByID=[{"InternalID": confirmed.InternalID}])

    (found,) = answer.BusinessPartner
    assert {name: plain(found).get(name) for name in sent} == sent


def test_what_cannot_be_read_is_named_and_the_rest_is_answered(zeep: ZeepCaller) -> None:
    confirmed = zeep.done("CreateBusinessPartner", BusinessPartner=person()).BusinessPartner

    answer = zeep.call(
        "ReadBusinessPartner",
        BusinessPartnerSelectionByID=[{"InternalID": "9999999999"}, {"InternalID": confirmed.InternalID}],
    )

    assert answer.Log.BusinessDocumentProcessingResultCode == "4"
    assert [one.InternalID for one in answer.BusinessPartner] == [confirmed.InternalID]
    (item,) = answer.Log.Item
    assert item.TypeID == "BUSINESSPARTNER.UNKNOWN"
    assert item.ReferenceMessageElementName.endswith("BusinessPartnerSelectionByID[1]")


def test_a_duplicate_is_refused_linked_or_created_as_its_sender_decides(zeep: ZeepCaller) -> None:
    first = person()
    known = zeep.done("CreateBusinessPartner", BusinessPartner=first).BusinessPartner
    again = person(first["Person"]["FamilyName"])
    again["Communication"] = {"EmailURI": [first["Communication"]["EmailURI"][0].upper()]}

    refused = zeep.call("CreateBusinessPartner", BusinessPartner=again)
    assert refused.BusinessPartner is None
    assert types(refused) == ["BUSINESSPARTNER.DUPLICATE"]
    assert known.InternalID in refused.Log.Item[0].Note
    assert "rule EMAIL_AND_NAME, score 100" in refused.Log.Item[0].Note

    linked = zeep.done("CreateBusinessPartner", DuplicateCheckCode="LINK", BusinessPartner=again)
    assert linked.BusinessPartner.InternalID == known.InternalID
    assert linked.BusinessPartner.UUID == known.UUID

    another = zeep.done("CreateBusinessPartner", DuplicateCheckCode="CREATE", BusinessPartner=again)
    assert another.BusinessPartner.InternalID != known.InternalID
    assert types(another) == ["BUSINESSPARTNER.DUPLICATE", "BUSINESSPARTNER.CREATED"]


def test_the_same_telephone_number_in_another_form_is_a_duplicate_too(zeep: ZeepCaller) -> None:
    first = person()
    zeep.done("CreateBusinessPartner", BusinessPartner=first)
    again = person(first["Person"]["FamilyName"])
    number = first["Communication"]["PhoneNumber"][0].replace(" ", "")
    again["Communication"] = {"MobileNumber": [f"+49 {number[1:]}"]}

    refused = zeep.call("CreateBusinessPartner", BusinessPartner=again)

    assert types(refused) == ["BUSINESSPARTNER.DUPLICATE"]
    assert "rule PHONE_AND_NAME" in refused.Log.Item[0].Note


# ----------------------------------------------------------------------------------------------- create, check, read


def test_a_lead_is_read_as_it_was_created(zeep: ZeepCaller) -> None:
    contacts = [
        zeep.done("CreateBusinessPartner", BusinessPartner=person(RoleCode=["CONTACT"])).BusinessPartner.InternalID
        for _ in range(2)
    ]
    prospect = full_person()
    sent = full_lead(contacts=contacts, sales_partner="acme")
    extension = etree.fromstring('<x:Car xmlns:x="urn:example:car" x:doors="5"><x:Make>VW &amp; Co</x:Make></x:Car>')

    confirmed = zeep.done(
        "CreateLead",
        Lead={**sent, "ProspectParty": {"NewBusinessPartner": prospect}, "Extension": {"_value_1": [extension]}},
    ).Lead
    assert confirmed.ReferenceObjectNodeSenderTechnicalID == "LEAD-1"
    assert confirmed.LifeCycleStatusCode == "2"

    for selection in ({"ID": confirmed.ID}, {"UUID": confirmed.UUID.upper()}, {"ExternalKey": sent["ExternalKey"]}):
        (found,) = zeep.done("ReadLead", LeadSelectionByID=[selection], RequestedElements=EVERYTHING).Lead
        (kept,) = found.Extension._value_1
        assert tree(kept) == tree(extension)
        found.Extension = None
        shown = plain(found)
        assert {name: shown.get(name) for name in sent} == sent
        assert (shown["ID"], shown["UUID"]) == (confirmed.ID, confirmed.UUID)
        assert shown["ChangeStateID"] == confirmed.ChangeStateID
        assert shown["ProspectParty"]["BusinessPartnerInternalID"] == confirmed.ProspectPartyInternalID
        assert shown["ProspectParty"]["ExternalKey"] == prospect["ExternalKey"]
        assert shown["ProspectParty"]["FormattedName"] == f"Zoë {prospect['Person']['FamilyName']}"
        (step,) = shown["StatusHistory"]["Item"]
        assert step["LifeCycleStatusCode"] == "2"
        assert step["ChangePartyID"] == "callcentre"


def tree(element: etree._Element) -> tuple[object, ...]:
    """An element without its prefixes, which mean nothing."""
    return (element.tag, element.text, sorted(element.attrib.items()), [tree(child) for child in element])


def test_a_lead_is_read_with_the_parts_asked_for_and_no_others(zeep: ZeepCaller) -> None:
    more = full_lead(contacts=[], sales_partner="acme")
    extension = etree.fromstring('<x:Car xmlns:x="urn:example:car"/>')
    confirmed = created(zeep, **more, Extension={"_value_1": [extension]})
    parts = ["Item", "Note", "StatusHistory", "AttachmentFolder", "Extension"]
    codes = list(EVERYTHING)

    assert [part for part in parts if part in read(zeep, confirmed.ID)] == ["Item", "Note"]
    for part, code in zip(parts, codes, strict=True):
        requested = {one: "1" if one == code else "2" for one in codes}
        assert [one for one in parts if one in read(zeep, confirmed.ID, **requested)] == [part]


@pytest.mark.parametrize("way", ["BusinessPartnerInternalID", "BusinessPartnerUUID", "ExternalKey"])
def test_a_lead_names_its_prospect_in_any_way(zeep: ZeepCaller, way: str) -> None:
    partner = full_person()
    known = zeep.done("CreateBusinessPartner", BusinessPartner=partner).BusinessPartner
    names = {
        "BusinessPartnerInternalID": known.InternalID,
        "BusinessPartnerUUID": known.UUID,
        "ExternalKey": partner["ExternalKey"],
    }

    confirmed = created(zeep, ProspectParty={way: names[way]})

    assert confirmed.ProspectPartyInternalID == known.InternalID


def test_a_prospect_who_is_known_already_is_linked_to(zeep: ZeepCaller) -> None:
    known = person()
    first = created(zeep, ProspectParty={"NewBusinessPartner": known})

    answer = zeep.done("CreateLead", Lead=lead(ProspectParty={"NewBusinessPartner": known}))

    assert answer.Lead.ProspectPartyInternalID == first.ProspectPartyInternalID
    assert types(answer) == ["BUSINESSPARTNER.LINKED", "LEAD.CREATED"]


def test_a_refused_lead_is_an_answer_that_says_why_and_creates_nothing(zeep: ZeepCaller) -> None:
    prospect = person()
    message = lead(
        LifeCycleStatusCode="6",
        StartDate=date(2026, 5, 2),
        EndDate=date(2026, 5, 1),
        ProspectParty={"NewBusinessPartner": prospect},
    )

    assert zeep.refused("CreateLead", Lead=message) == ["LEAD.STATUS_NOT_ALLOWED", "LEAD.DATES_REVERSED"]
    assert zeep.refused("CheckLead", Lead=message) == ["LEAD.STATUS_NOT_ALLOWED", "LEAD.DATES_REVERSED"]
    by_name = {"SelectionByName": [including(prospect["Person"]["FamilyName"])]}
    assert zeep.done("FindBusinessPartner", BusinessPartnerSelectionByElements=by_name).BusinessPartner == []


def test_a_check_says_what_a_create_would_and_uses_no_number(zeep: ZeepCaller) -> None:
    before = created(zeep)
    prospect = person()
    message = lead(LifeCycleStatusCode="3", ProspectParty={"NewBusinessPartner": prospect})

    for _ in range(3):
        answer = zeep.done("CheckLead", Lead=message)
        assert types(answer) == ["LEAD.WOULD_BE_CREATED"]
        assert answer.Lead.LifeCycleStatusCode == "3"
        assert answer.Lead.ProspectPartyInternalID is None
    known = {"BusinessPartnerInternalID": before.ProspectPartyInternalID}
    linked = zeep.done("CheckLead", Lead=lead(ProspectParty=known))
    assert linked.Lead.ProspectPartyInternalID == before.ProspectPartyInternalID

    after = created(zeep)
    assert int(after.ID) == int(before.ID) + 1
    assert int(after.ProspectPartyInternalID) == int(before.ProspectPartyInternalID) + 1
    by_name = {"SelectionByName": [including(prospect["Person"]["FamilyName"])]}
    assert zeep.done("FindBusinessPartner", BusinessPartnerSelectionByElements=by_name).BusinessPartner == []


def test_a_message_sent_again_gets_the_same_answer_and_creates_nothing(zeep: ZeepCaller) -> None:
    message = {"BasicMessageHeader": header(ID="MSG-1"), "Lead": lead()}

    first, second = zeep.done("CreateLead", **message), zeep.done("CreateLead", **message)

    assert (first.ReplayedIndicator, second.ReplayedIndicator) == (False, True)
    second.ReplayedIndicator = False
    assert plain(second) == plain(first)
    assert found(zeep, SelectionByName=[including(message["Lead"]["Name"])]) == [first.Lead.ID]


def test_the_uuid_of_another_message_is_a_conflict(zeep: ZeepCaller) -> None:
    used = header()
    zeep.done("CreateLead", BasicMessageHeader=used, Lead=lead())

    with pytest.raises(Fault, match="used before with other content"):
        zeep.call("CreateLead", BasicMessageHeader=used, Lead=lead())


def test_a_qualified_lead_is_accepted_by_the_core_crm(zeep: ZeepCaller, gateway: Gateway) -> None:
    more = {
        "LifeCycleStatusCode": "3",
        "SalesResponsibleParty": {"PartyID": "RM7"},
        "Item": [{"ProductID": "LOAN-10Y"}],
        "ExpectedRevenueAmount": {"_value_1": Decimal("99.5"), "currencyCode": "CHF"},
        "Note": [{"_value_1": "Call on Monday", "languageCode": "en"}],
    }
    confirmed = created(zeep, **more)

    deadline = time.monotonic() + 20
    while (shown := read(zeep, confirmed.ID, historyTransmissionRequestCode="1"))["LifeCycleStatusCode"] != "4":
        assert time.monotonic() < deadline, f"not accepted: {shown}\n{gateway.server.output()}"
        time.sleep(0.05)

    assert shown["ForwardingStatusCode"] == "delivered"
    assert [step["LifeCycleStatusCode"] for step in shown["StatusHistory"]["Item"]] == ["3", "4"]
    with ZeepCaller(gateway, gateway.caller("crm"), version=zeep.version) as crm:
        (record,) = crm.done("ReadCrmRecord", CrmRecordSelectionByID=[{"SourceLeadUUID": confirmed.UUID}]).CrmRecord
    assert record.RecordID == shown["CoreLeadID"]
    assert (record.RecordTypeCode, record.StatusName, record.CustomerTypeCode) == ("LEAD", "New Lead", "NTB")
    assert (record.OwnerID, record.ProductID) == ("RM7", "LOAN-10Y")
    assert record.CustomerID == confirmed.ProspectPartyInternalID
    assert plain(record.ExpectedRevenueAmount) == more["ExpectedRevenueAmount"]
    assert plain(record.Note) == more["Note"]
