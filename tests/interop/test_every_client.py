"""Every operation about leads and business partners, and what answers say beside the fields that were sent, by Zeep in
both SOAP versions and by suds, on both databases. Each answer is held against the schema by the callers themselves.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest
from lxml import etree

from leadbridge.contract.operations import operations
from tests.interop.gateway import Gateway
from tests.interop.people import lead, person, word
from tests.interop.suds_caller import Suds, SudsCaller
from tests.interop.zeep_caller import ZeepCaller, both_versions, including, types

CONTENT = bytes(range(256))


@pytest.fixture(scope="module")
def callers(gateway: Gateway) -> Iterator[dict[str, ZeepCaller | Suds]]:
    with both_versions(gateway, "callcentre") as zeeps, SudsCaller(gateway, gateway.caller("callcentre")) as suds:
        yield {**zeeps, "suds": Suds(suds)}


@pytest.fixture(params=["1.1", "1.2", "suds"])
def client(request: pytest.FixtureRequest, callers: dict[str, ZeepCaller | Suds]) -> ZeepCaller | Suds:
    return callers[request.param]


def done(client: ZeepCaller | Suds, operation: str, **message: Any) -> Any:
    """The answer of a call that must succeed."""
    answer = client.call(operation, **message)
    assert answer.Log.BusinessDocumentProcessingResultCode == "3", answer.Log
    return answer


def read(client: ZeepCaller | Suds, lead_id: str, *parts: str) -> Any:
    """A lead, with these parts requested."""
    requested = {"RequestedElements": {f"{part}TransmissionRequestCode": "1" for part in parts}} if parts else {}
    if isinstance(client, Suds):  # these elements begin with a small letter, as attributes do elsewhere
        made = client.caller.make("ReadLead", "lbl:RequestedElements", **requested.get("RequestedElements", {}))
        requested = {"RequestedElements": made} if parts else {}
    (found,) = done(client, "ReadLead", LeadSelectionByID=[{"ID": lead_id}], **requested).Lead
    return found


def test_every_operation_is_called_by_every_client(client: ZeepCaller | Suds) -> None:
    called: set[str] = set()

    def calls(operation: str, **message: Any) -> Any:
        called.add(operation)
        return done(client, operation, **message)

    first, second = (calls("CreateBusinessPartner", BusinessPartner=person()).BusinessPartner for _ in range(2))
    (shown,) = calls("ReadBusinessPartner", BusinessPartnerSelectionByID=[{"UUID": second.UUID}]).BusinessPartner
    name = {"SelectionByName": [plain_including(shown.Person.FamilyName)]}
    (hit,) = calls("FindBusinessPartner", BusinessPartnerSelectionByElements=name).BusinessPartner
    assert hit.InternalID == shown.InternalID == second.InternalID

    about = lead(ProspectParty={"BusinessPartnerInternalID": second.InternalID})
    assert types(calls("CheckLead", Lead=about)) == ["LEAD.WOULD_BE_CREATED"]
    created = calls("CreateLead", Lead=about).Lead
    named = {"SelectionByName": [plain_including(about["Name"])]}
    assert [one.ID for one in calls("FindLead", LeadSelectionByElements=named).Lead] == [created.ID]

    merged = {"InternalID": first.InternalID}, [{"InternalID": second.InternalID}]
    answer = calls("MergeBusinessPartner", MasterBusinessPartner=merged[0], MergedBusinessPartner=merged[1])
    assert answer.MovedLeadNumberValue == 1
    identified = {"LeadIdentification": {"ID": created.ID}}
    declined = calls("ChangeLead", Lead={**identified, "LifeCycleStatusCode": "5"}, ReasonCode="005").Lead
    assert (declined.LifeCycleStatusCode, declined.ProspectPartyInternalID) == ("5", first.InternalID)

    changes = calls("ReadLeadStatusChanges").LeadStatusChange
    assert [(one.ID, one.StatusChangeTypeCode) for one in changes][-1] == (created.ID, "DECLINED")
    position = changes[-1].FeedPositionID
    assert calls("AcknowledgeLeadStatusChanges", FeedPositionID=position).AcknowledgedNumberValue == len(changes)

    record = {"actionCode": "03", **identified}
    assert types(calls("CheckMaintainLeadBundle", Lead=[record]))[-1] == "LEAD.WOULD_BE_DELETED"
    assert types(calls("MaintainLeadBundle", Lead=[record]))[-1] == "LEAD.DELETED"
    assert types(client.call("ReadLead", LeadSelectionByID=[{"ID": created.ID}])) == ["LEAD.UNKNOWN"]
    services = {"LeadService", "BusinessPartnerService"}
    assert called | {"ReadLead"} == {one.name for one in operations() if one.service in services}


def plain_including(text: str) -> dict[str, Any]:
    """An interval without the boundary that it does not have: suds sends what is None as an empty element."""
    return {name: value for name, value in including(text).items() if value is not None}


def test_a_duplicate_of_a_lead_is_what_the_caller_decides(client: ZeepCaller | Suds) -> None:
    partner = done(client, "CreateBusinessPartner", BusinessPartner=person()).BusinessPartner
    about = lead(ProspectParty={"BusinessPartnerInternalID": partner.InternalID})
    first = done(client, "CreateLead", Lead=about).Lead

    for refusing in ({}, {"DuplicateCheckCode": "REJECT"}):
        refused = client.call("CreateLead", Lead=about, **refusing)
        assert (refused.Log.BusinessDocumentProcessingResultCode, types(refused)) == ("5", ["LEAD.DUPLICATE"])
        note = refused.Log.Item[0].Note
        assert "rule NAME" in note
        assert "score" in note
        assert first.ID in note
    linked = done(client, "CreateLead", DuplicateCheckCode="LINK", Lead=about)
    assert (linked.Lead.ID, types(linked)) == (first.ID, ["LEAD.LINKED"])
    merged = done(client, "CreateLead", DuplicateCheckCode="MERGE", Lead={**about, "CampaignID": "SPRING"})
    assert (merged.Lead.ID, read(client, first.ID).CampaignID) == (first.ID, "SPRING")
    another = done(client, "CreateLead", DuplicateCheckCode="CREATE", Lead=about)
    assert another.Lead.ID != first.ID
    assert types(another) == ["LEAD.DUPLICATE", "LEAD.CREATED"]


def test_scores_are_in_confirmations_and_readings(client: ZeepCaller | Suds) -> None:
    sure, soon = ({"QuestionID": "NEED", "AnswerCode": "SURE"}, {"QuestionID": "TIMING", "AnswerCode": "NOW"})
    answer = done(client, "CreateLead", Lead=lead(QuestionnaireAnswer=[sure]))
    confirmed = answer.Lead
    assert "LEAD.LEVEL_COMPUTED" in types(answer)
    shown = read(client, confirmed.ID)
    assert confirmed.QualificationScoreValue == shown.QualificationScoreValue == 30
    assert confirmed.QualificationLevelCode == shown.QualificationLevelCode
    assert shown.QualificationLevelManualIndicator is False
    assert shown.QuestionnaireID.startswith("DEFAULT")

    change = {"LeadIdentification": {"ID": confirmed.ID}, "QualificationLevelCode": "01", "QuestionnaireAnswer": [soon]}
    changed = done(client, "ChangeLead", Lead=change).Lead
    shown = read(client, confirmed.ID)
    assert changed.QualificationScoreValue == shown.QualificationScoreValue == 60
    assert (shown.QualificationLevelCode, shown.QualificationLevelManualIndicator) == ("01", True)


def test_documents_extension_and_history_are_given_back_on_request(
    client: ZeepCaller | Suds, callers: dict[str, ZeepCaller]
) -> None:
    of_zeep = isinstance(client, ZeepCaller)
    content = CONTENT if of_zeep else b64encode(CONTENT).decode()  # suds sends and shows the text
    document = {"Name": "offer.pdf", "MIMECode": "application/pdf", "FileContentBinaryObject": content}
    extension = etree.fromstring(f'<x:Car xmlns:x="urn:example:car">{word()}</x:Car>')
    lead_id = done(client, "CreateLead", Lead=lead(AttachmentFolder={"Document": [document]})).Lead.ID
    change = {"LeadIdentification": {"ID": lead_id}, "LifeCycleStatusCode": "2"}
    sender = client if of_zeep else callers["1.1"]  # suds sends no foreign elements
    done(sender, "ChangeLead", Lead={**change, "Extension": {"_value_1": [extension]}})

    plainly = read(client, lead_id)
    for part in ("AttachmentFolder", "Extension", "StatusHistory"):
        assert getattr(plainly, part, None) is None
    shown = read(client, lead_id, "attachment", "extension", "history")
    (kept,) = shown.AttachmentFolder.Document
    assert (kept.Name, kept.MIMECode, kept.FileContentBinaryObject) == ("offer.pdf", "application/pdf", content)
    assert [step.LifeCycleStatusCode for step in shown.StatusHistory.Item] == ["1", "2"]
    if of_zeep:
        (car,) = shown.Extension._value_1
        assert (car.tag, car.text) == (extension.tag, extension.text)
    else:
        assert shown.Extension.Car == [extension.text]
