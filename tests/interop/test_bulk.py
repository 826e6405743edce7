"""Leads in bulk, sent and followed by Zeep in both SOAP versions and by suds, on both databases.

Jobs whose progress a test looks at read a file in place, as far as the store knows: no runner takes them.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from lxml import etree

from leadbridge.contract.files import NAMESPACES
from leadbridge.contract.schema import validate
from leadbridge.messages import LogItem, LogItemSeverityCode
from leadbridge.operations.rejections import log_items_text
from leadbridge.store import bulk
from tests.interop.gateway import Gateway
from tests.interop.people import full_lead, full_person, lead, person
from tests.interop.suds_caller import SudsCaller
from tests.interop.zeep_caller import ZeepCaller, both_versions, header, plain, types

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LBB, LBL = NAMESPACES["lbb"], NAMESPACES["lbl"]
WHY = LogItem(type_id="LEAD.CODE_UNKNOWN", severity_code=LogItemSeverityCode.VALUE_3, note="Die Gruppe gibt es nicht.")
WRONG = f'<b:Lead xmlns:b="{LBB}" xmlns="{LBL}"><StartDate>bald</StartDate><Name>Ä &amp; Ö</Name></b:Lead>'.encode()


@pytest.fixture(scope="module")
def callers(gateway: Gateway) -> Iterator[dict[str, ZeepCaller]]:
    with both_versions(gateway, "callcentre") as callers:
        yield callers


@pytest.fixture(params=["1.1", "1.2"])
def zeep(request: pytest.FixtureRequest, callers: dict[str, ZeepCaller]) -> ZeepCaller:
    return callers[request.param]


@pytest.fixture(scope="module")
def suds(gateway: Gateway) -> Iterator[SudsCaller]:
    with SudsCaller(gateway, gateway.caller("callcentre")) as caller:
        yield caller


@pytest.fixture
def running(gateway: Gateway) -> str:
    """The ID of a job that runs, with 7 leads accepted and two rejected."""
    with gateway.database.write() as tx:
        (job_id,) = tx.next_numbers("bulk_job", 1)
        job = {"id": job_id, "uuid": str(uuid4()), "caller_id": "callcentre", "state": "running", "source": "file"}
        bulk.add_job(tx, {**job, "media": "xml", "chunk_records": 9, "submitted_at": NOW, "started_at": NOW})
        assert bulk.begin_chunk(tx, job_id, 0)
        rejected = [
            {"record": record, "verdict": "rejected", "lead": WRONG, "log_items": log_items_text([WHY])}
            for record in (4, 8)
        ]
        bulk.finish_chunk(tx, job_id, 0, {"accepted": 7, "rejected": 2}, rejected, NOW)
    return job_id


# ---------------------------------------------------------------------------------------------------------- Zeep


def test_zeep_submits_leads_and_reads_the_job(zeep: ZeepCaller) -> None:
    sent = header()
    leads = [
        lead(),
        {**full_lead(contacts=[], sales_partner="acme"), "ProspectParty": {"NewBusinessPartner": person()}},
    ]
    first, second = (
        zeep.call("SubmitLeadBulk", BasicMessageHeader=sent, Lead=leads),
        zeep.call("SubmitLeadBulk", BasicMessageHeader=sent, Lead=leads),
    )
    assert (first.Log.BusinessDocumentProcessingResultCode, first.Log.Item) == ("1", [])
    assert (first.LeadBulkJob.UUID, first.LeadBulkJob.ProcessingStatusCode) == (sent["UUID"], "2")
    assert (first.ReplayedIndicator, second.ReplayedIndicator) == (False, True)
    assert second.LeadBulkJob.ID == first.LeadBulkJob.ID
    selection = [{"UUID": sent["UUID"]}, {"ID": first.LeadBulkJob.ID}]
    (job,) = zeep.done("ReadLeadBulk", LeadBulkSelectionByID=selection).LeadBulkJob
    assert (job.ID, job.UUID, job.BreakDescription) == (first.LeadBulkJob.ID, sent["UUID"], None)


def test_zeep_submits_a_thousand_leads_with_everything_filled(zeep: ZeepCaller) -> None:
    one = full_lead(contacts=["0000000001"] * 2, sales_partner="acme")
    del one["AttachmentFolder"], one["ExternalKey"]
    one["ProspectParty"] = {"NewBusinessPartner": full_person()}
    answer = zeep.call("SubmitLeadBulk", Lead=[one] * 1_000)
    assert answer.Log.BusinessDocumentProcessingResultCode == "1"
    zeep.call("CancelLeadBulk", LeadBulkID=answer.LeadBulkJob.ID)  # nobody needs so many


def test_zeep_follows_a_job(zeep: ZeepCaller, running: str) -> None:
    (job,) = zeep.done("ReadLeadBulk", LeadBulkSelectionByID=[{"ID": running}]).LeadBulkJob
    shown = plain(job)
    counts = {
        name: shown[f"{name}NumberValue"] for name in ("Received", "Accepted", "Replayed", "Duplicate", "Rejected")
    }
    assert counts == {"Received": 9, "Accepted": 7, "Replayed": 0, "Duplicate": 0, "Rejected": 2}
    assert (shown["ProcessingStatusCode"], shown["SubmissionDateTime"], shown["StartDateTime"]) == ("3", NOW, NOW)
    assert "EndDateTime" not in shown


def test_zeep_gets_the_rejections_of_a_job_page_by_page(zeep: ZeepCaller, running: str) -> None:
    wanted: dict[str, Any] = {"QueryHitsMaximumNumberValue": 1}
    leads = []
    for page in range(2):
        answer = zeep.done("ReadLeadBulkRejections", LeadBulkID=running, ProcessingConditions=wanted)
        assert answer.ProcessingConditions.MoreHitsAvailableIndicator is (page == 0)
        wanted["LastReturnedObjectID"] = answer.ProcessingConditions.LastReturnedObjectID
        leads += answer.LeadBulk._value_1
    assert wanted["LastReturnedObjectID"] == "0000000008"
    for one in leads:
        assert isinstance(one, etree._Element)  # whole, ready to be mended
        assert one.tag == f"{{{LBB}}}Lead"
        assert [child.findtext("{*}Note") or child.text for child in one] == ["bald", "Ä & Ö", WHY.note]


def test_rejections_are_a_bulk_file_once_they_are_mended(zeep: ZeepCaller, running: str) -> None:
    zeep.done("ReadLeadBulkRejections", LeadBulkID=running)
    (file,) = zeep.received().findall(f"{{{LBB}}}LeadBulk")
    for one in file.findall(f"{{{LBB}}}Lead"):
        one.remove(one[0])
        prospect = etree.Element(f"{{{LBL}}}ProspectParty")
        etree.SubElement(prospect, f"{{{LBL}}}BusinessPartnerInternalID").text = "0000000001"
        one.insert(1, prospect)
    validate(file)


def test_zeep_cancels_a_job_once(zeep: ZeepCaller, running: str) -> None:
    sent = header()
    answer = zeep.done("CancelLeadBulk", BasicMessageHeader=sent, LeadBulkID=running)
    assert (answer.LeadBulkJob.ID, answer.LeadBulkJob.ProcessingStatusCode) == (running, "6")
    assert zeep.done("CancelLeadBulk", BasicMessageHeader=sent, LeadBulkID=running).ReplayedIndicator is True
    assert zeep.refused("CancelLeadBulk", LeadBulkID=running) == ["BULK.ENDED"]


def test_a_partner_knows_only_its_own_jobs(gateway: Gateway, running: str) -> None:
    with both_versions(gateway, "partner") as partners:
        for zeep in partners.values():
            assert zeep.refused("ReadLeadBulk", LeadBulkSelectionByID=[{"ID": running}]) == ["BULK.UNKNOWN"]
            assert zeep.refused("ReadLeadBulkRejections", LeadBulkID=running) == ["BULK.UNKNOWN"]
            assert zeep.refused("CancelLeadBulk", LeadBulkID=running) == ["BULK.UNKNOWN"]
            own = zeep.call("SubmitLeadBulk", Lead=[lead()]).LeadBulkJob
            answer = zeep.call("ReadLeadBulk", LeadBulkSelectionByID=[{"ID": own.ID}, {"ID": running}])
            assert [job.ID for job in answer.LeadBulkJob] == [own.ID]
            assert types(answer) == ["BULK.UNKNOWN"]


# ---------------------------------------------------------------------------------------------------------- suds


def test_suds_submits_leads_and_reads_the_job(suds: SudsCaller) -> None:
    def make(name: str, **fields: Any) -> Any:
        return suds.make("SubmitLeadBulk", name, **fields)

    known = make("lbl:ProspectParty", BusinessPartnerInternalID="0000000001")
    items = [make("lbl:LeadItem", ProductID="LOAN")]
    leads = [make("lbb:LeadBulkRecord", Name=name, ProspectParty=known, Item=items) for name in ("Ä", "B & C")]
    job = suds.call("SubmitLeadBulk", Lead=leads).LeadBulkJob
    assert job.ProcessingStatusCode == "2"
    by_id = suds.make("ReadLeadBulk", "lbb:LeadBulkSelectionByID", ID=job.ID)
    (shown,) = suds.done("ReadLeadBulk", LeadBulkSelectionByID=[by_id]).LeadBulkJob
    assert shown.UUID == job.UUID


def test_suds_follows_a_job_gets_its_rejections_and_cancels_it(suds: SudsCaller, running: str) -> None:
    by_id = suds.make("ReadLeadBulk", "lbb:LeadBulkSelectionByID", ID=running)
    (job,) = suds.done("ReadLeadBulk", LeadBulkSelectionByID=[by_id]).LeadBulkJob
    assert (job.ReceivedNumberValue, job.AcceptedNumberValue, job.RejectedNumberValue) == (9, 7, 2)
    answer = suds.done("ReadLeadBulkRejections", LeadBulkID=running)
    first, second = answer.LeadBulk.Lead
    # What stands for a wildcard is a list to suds, because the WSDL does not say how often it comes.
    assert (first.Name, first.StartDate) == (["Ä & Ö"], ["bald"])
    assert [(one.TypeID, one.Note) for one in second.LogItem] == [(["LEAD.CODE_UNKNOWN"], [WHY.note])]
    assert suds.done("CancelLeadBulk", LeadBulkID=running).LeadBulkJob.ProcessingStatusCode == "6"
