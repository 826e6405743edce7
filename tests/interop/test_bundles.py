"""Bundles of leads, sent by Zeep in both SOAP versions and by suds, on both databases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from zeep.exceptions import Fault

from tests.interop.gateway import Gateway
from tests.interop.people import full_lead, full_person, lead, word
from tests.interop.suds_caller import Suds, SudsCaller
from tests.interop.zeep_caller import ZeepCaller, both_versions, header, plain, types
from tests.support.bundle_by_hand import maintain, record
from tests.support.calls import Wire
from tests.support.messages_by_hand import item, lead_fields, new_prospect, note, questionnaire_answer
from tests.support.messages_by_hand import person as by_hand

MAINTAIN = "MaintainLeadBundle"
ROOT = "/lbl:LeadBundleMaintainRequest_sync/lbl:Lead"


@pytest.fixture(scope="module")
def callers(gateway: Gateway) -> Iterator[dict[str, ZeepCaller | Suds]]:
    with both_versions(gateway, "callcentre") as zeeps, SudsCaller(gateway, gateway.caller("callcentre")) as suds:
        yield {**zeeps, "suds": Suds(suds)}


@pytest.fixture(params=["1.1", "1.2", "suds"])
def client(request: pytest.FixtureRequest, callers: dict[str, ZeepCaller | Suds]) -> ZeepCaller | Suds:
    return callers[request.param]


@pytest.fixture(params=["1.1", "1.2"])
def zeep(request: pytest.FixtureRequest, callers: dict[str, ZeepCaller]) -> ZeepCaller:
    return callers[request.param]


def new(key: str, **more: Any) -> dict[str, Any]:
    """A record that creates a lead."""
    external_key = {"CommunicationSystemID": "BUNDLE", "RemoteObjectID": key}
    return {"actionCode": "01", "ObjectNodeSenderTechnicalID": f"R-{key}", "ExternalKey": external_key, **lead(**more)}


def change(confirmed: Any, key: str) -> dict[str, Any]:
    identification = {"LeadIdentification": {"ID": confirmed.ID}, "ChangeStateID": confirmed.ChangeStateID}
    return {"actionCode": "02", **identification, "ObjectNodeSenderTechnicalID": key, "Name": "Changed"}


def explained(answer: Any) -> dict[str, tuple[str, str]]:
    """TypeID and path of each error by its record's key."""
    errors = [item for item in answer.Log.Item if item.SeverityCode == "3"]
    by_key = {
        item.ReferenceObjectNodeSenderTechnicalID: (item.TypeID, item.ReferenceMessageElementName) for item in errors
    }
    assert len(by_key) == len(errors)
    return by_key


def test_a_bundle_of_500_is_done_but_for_30_sent_again_and_all_or_none(client: ZeepCaller | Suds) -> None:
    mark = word()
    old = client.call(MAINTAIN, Lead=[new(f"{mark}-old-{number}") for number in range(30)]).Lead
    client.call(MAINTAIN, Lead=[{**change(one, f"M-{number}"), "Name": "M"} for number, one in enumerate(old[:10])])
    records = [new(f"{mark}-{number}") for number in range(450)]
    records += [change(one, f"C-{number}") for number, one in enumerate(old[10:])]
    reasons = {}
    unknown = {"ProspectParty": {"BusinessPartnerInternalID": "0000999999"}}
    for number in range(10):
        taken = f"{mark}-old-{number}" if number < 5 else f"{mark}-{number}"
        for one, reason, element in (
            (new(f"{mark}-bad-{number}", **unknown), "BUSINESSPARTNER.UNKNOWN", "/lbl:ProspectParty"),
            (
                new(taken),
                *(("LEAD.EXTERNAL_KEY_TAKEN", "/lbl:ExternalKey") if number < 5 else ("BUNDLE.KEY_REPEATED", "")),
            ),
            (change(old[number], f"S-{number}"), "LEAD.CHANGE_STATE_CONFLICT", "/lbl:ChangeStateID"),
        ):
            records.append(one)
            reasons[one["ObjectNodeSenderTechnicalID"]] = (reason, f"{ROOT}[{len(records)}]{element}")
    message: dict[str, Any] = {"BasicMessageHeader": header(), "Lead": records}
    if isinstance(client, Suds):
        message["BasicMessageHeader"] = client.caller.make(MAINTAIN, "lbc:BasicMessageHeader", **header())

    if isinstance(client, ZeepCaller):  # suds sends no attribute of a message itself
        none = client.call(MAINTAIN, Lead=records, allOrNoneIndicator=True)
        assert none.Log.BusinessDocumentProcessingResultCode == "5"
        assert Counter(types(none))["BUNDLE.OTHER_RECORD_REFUSED"] == 470
    first, again = client.call(MAINTAIN, **message), client.call(MAINTAIN, **message)

    for answer, replayed in ((first, False), (again, True)):
        assert answer.Log.BusinessDocumentProcessingResultCode == "4"
        verdicts = Counter((one.BusinessDocumentProcessingResultCode, one.ReplayedIndicator) for one in answer.Lead)
        assert verdicts == {("3", replayed): 470, ("5", False): 30}
        assert explained(answer) == reasons
    assert [one.ID for one in again.Lead if hasattr(one, "ID")] == [one.ID for one in first.Lead if hasattr(one, "ID")]


def test_a_violation_of_the_contract_is_a_fault_for_the_whole_bundle(zeep: ZeepCaller) -> None:
    key = word()
    with pytest.raises(Fault) as raised:
        zeep.call(MAINTAIN, Lead=[new(key), new(f"{key}-2", QualificationLevelCode="99")])

    path = raised.value.detail.findtext(".//{*}path")
    assert path is not None
    assert path.startswith(f"{ROOT}[2]/lbl:QualificationLevelCode")
    assert types(zeep.call(MAINTAIN, Lead=[new(key)]))[0] == "LEAD.CREATED"


def test_a_check_answers_like_the_bundle_and_what_was_checked_can_be_done(client: ZeepCaller | Suds) -> None:
    records = [new(word()), new(word(), ProspectParty={"BusinessPartnerInternalID": "0000999999"})]

    checked = client.call("CheckMaintainLeadBundle", Lead=records)

    assert [one.BusinessDocumentProcessingResultCode for one in checked.Lead] == ["3", "5"]
    assert types(checked) == ["LEAD.WOULD_BE_CREATED", "BUSINESSPARTNER.UNKNOWN"]
    done = client.call(MAINTAIN, Lead=records)
    assert [one.BusinessDocumentProcessingResultCode for one in done.Lead] == ["3", "5"]


def test_a_lead_is_saved_with_everything_read_and_deleted(zeep: ZeepCaller) -> None:
    full = {**full_lead(contacts=[], sales_partner="acme"), "ProspectParty": {"NewBusinessPartner": full_person()}}
    saved = zeep.done(MAINTAIN, Lead=[full])
    single = zeep.done("CreateLead", DuplicateCheckCode="CREATE", Lead={**full, "ExternalKey": None}).Lead
    requested = {"attachmentTransmissionRequestCode": "1"}
    both = [{"ID": saved.Lead[0].ID}, {"ID": single.ID}]

    one, other = plain(zeep.done("ReadLead", LeadSelectionByID=both, RequestedElements=requested).Lead)

    for shown in (one, other):
        for name in ("ID", "UUID", "ChangeStateID", "SystemAdministrativeData", "ExternalKey"):
            shown.pop(name, None)
    assert one == other
    gone = zeep.done(MAINTAIN, Lead=[{"actionCode": "03", "LeadIdentification": both[0]}])
    assert (gone.Lead[0].ID, gone.Lead[0].ChangeStateID) == (both[0]["ID"], None)
    assert types(gone) == ["LEAD.CHANGE_STATE_MISSING", "LEAD.DELETED"]
    assert zeep.refused("ReadLead", LeadSelectionByID=both[:1]) == ["LEAD.UNKNOWN"]


def test_a_thousand_leads_with_everything_filled_fit_into_a_bundle(gateway: Gateway) -> None:
    items = [item(f"P-{place}", description="Ten years, fixed", quantity="1.5", unit="EA") for place in range(10)]
    notes = [note("Ruft abends zurück, " * 20, language="de") for _ in range(20)]
    answers = [questionnaire_answer(f"Q-{place}", "HIGH") for place in range(10)]
    full = [
        record(None, lead_fields(key=("BUNDLE", word()), prospect=prospect, items=items, notes=notes, answers=answers))
        for prospect in (new_prospect(by_hand(emails=[f"{word()}@example.org"])) for _ in range(1_000))
    ]
    message = maintain(*full, uuid=str(uuid4()))
    assert len(message) > 10_000_000

    answer = Wire(gateway.url, gateway.caller("callcentre")).done(message)

    assert len(set(answer.all("Lead/ID"))) == 1_000
    assert len(answer.log) == 1_000
    assert answer.log[-1] == "BUNDLE.LOG_ITEMS_LEFT_OUT"
