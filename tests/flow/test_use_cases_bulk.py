"""SubmitLeadBulk, ReadLeadBulk, ReadLeadBulkRejections, CancelLeadBulk: what is stored, and what a caller is told."""

import zlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from lxml import etree

from leadbridge.contract.codec import decode, decode_part
from leadbridge.contract.files import NAMESPACES
from leadbridge.contract.parsing import parse
from leadbridge.contract.schema import validate
from leadbridge.messages import LeadBulkRecord, LogItem, LogItemSeverityCode
from leadbridge.operations.call import Policy
from leadbridge.operations.lead_bulk import PART_BYTES
from leadbridge.operations.rejections import log_items, log_items_text
from leadbridge.store import bulk
from leadbridge.store.bulk import JobState
from leadbridge.store.database import Database
from leadbridge.store.inserts import Row
from tests.support.bulk_messages_by_hand import cancel_lead_bulk, read_lead_bulk, read_rejections, submit_lead_bulk
from tests.support.calls import ACME, DESK, Answered, Calls, column, gateway
from tests.support.messages_by_hand import lead_fields, new_prospect, new_uuid, note, person

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LBB, LBL = NAMESPACES["lbb"], NAMESPACES["lbl"]
REFUSED = LogItem(
    type_id="LEAD.CODE_UNKNOWN",
    severity_code=LogItemSeverityCode.VALUE_3,
    reference_message_element_name="/lbb:Lead/lbl:GroupCode",
    note="Die Gruppe „0007“ gibt es nicht.",
)


def submitted(calls: Calls, *, uuid: str | None = None) -> str:
    """The ID of a job that waits."""
    return calls.done(submit_lead_bulk(uuid=uuid)).one("LeadBulkJob/ID")


def jobs(database: Database) -> list[Row]:
    with database.read() as tx:
        return bulk.listed(tx, limit=100)


def content(database: Database, job_id: str) -> list[bytes]:
    with database.read() as tx:
        return [zlib.decompress(row["content"]) for row in bulk.parts(tx, job_id, after=None, limit=100)]


def run(calls: Calls, job_id: str, *rejections: Row, number: int = 0, **counts: int) -> None:
    """Do what a runner does with a chunk."""
    with calls.database.write() as tx:
        bulk.claim(tx, worker="w1", now=NOW + timedelta(minutes=1), lease=timedelta(minutes=1))
        assert bulk.begin_chunk(tx, job_id, number)
        bulk.finish_chunk(tx, job_id, number, {"rejected": len(rejections), **counts}, rejections, NOW)


def end(calls: Calls, job_id: str, state: JobState, why: str | None = None) -> None:
    with calls.database.write() as tx:
        assert bulk.end_job(tx, job_id, state=state, now=NOW + timedelta(minutes=2), break_description=why)


def rejection(record: int, lead: str = "<lbl:Name>A</lbl:Name>", items: Sequence[LogItem] = (REFUSED,)) -> Row:
    whole = f'<b:Lead xmlns:b="{LBB}" xmlns:lbl="{LBL}">{lead}</b:Lead>'
    return {"record": record, "verdict": "rejected", "lead": whole.encode(), "log_items": log_items_text(items)}


# -------------------------------------------------------------------------------------------------------- submit


def test_leads_that_are_submitted_wait_as_a_bulk_file(calls: Calls) -> None:
    uuid = new_uuid()
    leads = [lead_fields(name=name, prospect=new_prospect(person()), notes=[note("ä <b>")]) for name in ("A", "B")]
    answered = calls.send(submit_lead_bulk(*leads, uuid=uuid.upper(), test=True), now=NOW)
    assert (answered.result, answered.log, answered.replayed) == ("1", [], False)
    job_id = answered.one("LeadBulkJob/ID")
    assert answered.one("LeadBulkJob/UUID") == uuid
    assert answered.one("LeadBulkJob/ProcessingStatusCode") == "2"
    (job,) = jobs(calls.database)
    assert (job["id"], job["uuid"], job["caller_id"], job["state"]) == (job_id, uuid, "desk", "waiting")
    assert (job["source"], job["media"], job["chunk_records"], job["test_data"]) == ("stored", "xml", 250, True)
    assert (job["submitted_at"], job["correlation_id"]) == (NOW, "test")
    (data,) = content(calls.database, job_id)
    assert job["size_bytes"] == len(data)
    file = parse(data)
    validate(file)
    assert file.tag == f"{{{LBB}}}LeadBulk"
    assert [lead.name for lead in decode(file).lead] == ["A", "B"]
    assert column(calls.database, "journal", "object_type") == ["bulk_job"]
    assert column(calls.database, "lead", "id") == []


def test_a_long_file_is_kept_in_parts(calls: Calls) -> None:
    leads = [
        lead_fields(name=f"{number}", prospect=new_prospect(person()), notes=[note("long " * 790)] * 20)
        for number in range(60)
    ]
    job_id = calls.done(submit_lead_bulk(*leads)).one("LeadBulkJob/ID")
    parts = content(calls.database, job_id)
    assert [len(part) for part in parts[:-1]] == [PART_BYTES] * (len(parts) - 1)
    assert len(parts) == 2
    assert len(parse(b"".join(parts)).findall(f"{{{LBB}}}Lead")) == 60


def test_a_file_without_a_uuid_has_the_one_of_its_content(calls: Calls) -> None:
    submitted(calls)
    submitted(calls)
    calls.done(submit_lead_bulk(lead_fields(name="Another", prospect=new_prospect(person()))))
    uuids = [job["uuid"] for job in jobs(calls.database)]
    assert (len(uuids), len(set(uuids))) == (3, 2)


def test_the_site_says_how_many_leads_a_chunk_has(database: Database) -> None:
    with gateway(database, Policy(bulk_chunk_records=7)) as calls:
        submitted(calls)
    assert jobs(database)[0]["chunk_records"] == 7


# ---------------------------------------------------------------------------------------------------------- read


def test_a_job_is_read_while_it_waits_runs_and_when_it_has_ended(calls: Calls) -> None:
    uuid = new_uuid()
    job_id = calls.send(submit_lead_bulk(uuid=uuid), now=NOW).one("LeadBulkJob/ID")

    def shown() -> dict[str, str]:
        (job,) = calls.done(read_lead_bulk(job_id)).parts("LeadBulkJob")
        return {str(etree.QName(child).localname): child.text or "" for child in job.element}

    waiting = {
        "ID": job_id,
        "UUID": uuid,
        "ProcessingStatusCode": "2",
        "ReceivedNumberValue": "0",
        "AcceptedNumberValue": "0",
        "ReplayedNumberValue": "0",
        "DuplicateNumberValue": "0",
        "RejectedNumberValue": "0",
        "SubmissionDateTime": "2026-03-01T12:00:00Z",
    }
    assert shown() == waiting
    run(calls, job_id, accepted=4, duplicate=1)
    run(calls, job_id, rejection(8), number=1, replayed=2)
    running = {
        **waiting,
        "ProcessingStatusCode": "3",
        "ReceivedNumberValue": "8",
        "AcceptedNumberValue": "4",
        "ReplayedNumberValue": "2",
        "DuplicateNumberValue": "1",
        "RejectedNumberValue": "1",
        "StartDateTime": "2026-03-01T12:01:00Z",
    }
    assert shown() == running
    end(calls, job_id, JobState.BROKEN, "It breaks off in line 7.")
    assert shown() == {
        **running,
        "ProcessingStatusCode": "5",
        "EndDateTime": "2026-03-01T12:02:00Z",
        "BreakDescription": "It breaks off in line 7.",
    }


@pytest.mark.parametrize(
    ("state", "code"), [("receiving", "1"), ("finished", "4"), ("broken", "5"), ("cancelled", "6")]
)
def test_every_state_has_its_code(calls: Calls, state: str, code: str) -> None:
    with calls.database.write() as tx:
        job = {"id": "0000000007", "uuid": new_uuid(), "caller_id": "desk", "state": state, "source": "stored"}
        bulk.add_job(tx, {**job, "media": "xml", "chunk_records": 1, "submitted_at": NOW})
    assert calls.done(read_lead_bulk("0000000007")).one("LeadBulkJob/ProcessingStatusCode") == code


def test_jobs_come_in_the_order_of_the_selection_and_what_is_unknown_is_named(calls: Calls) -> None:
    uuid = new_uuid()
    first, second = submitted(calls, uuid=uuid), submitted(calls)
    answered = calls.send(read_lead_bulk(second, "9999999999", first, second, uuids=[uuid.upper(), new_uuid()]))
    assert answered.result == "4"
    assert answered.all("LeadBulkJob/ID") == [second, first]
    assert answered.log == ["BULK.UNKNOWN", "BULK.UNKNOWN"]
    paths = answered.all("Log/Item/ReferenceMessageElementName")
    assert paths == [f"/lbb:LeadBulkByIDQuery_sync/lbb:LeadBulkSelectionByID[{place}]" for place in (2, 6)]


def test_a_uuid_names_the_latest_job_of_its_file(calls: Calls) -> None:
    submitted(calls)
    latest = submitted(calls)
    (uuid,) = {job["uuid"] for job in jobs(calls.database)}
    assert calls.done(read_lead_bulk(uuids=[uuid])).all("LeadBulkJob/ID") == [latest]


def test_another_callers_job_does_not_exist(calls: Calls) -> None:
    uuid = new_uuid()
    job_id = submitted(calls, uuid=uuid)
    for request in (
        read_lead_bulk(job_id),
        read_lead_bulk(uuids=[uuid]),
        read_rejections(job_id),
        cancel_lead_bulk(job_id),
    ):
        answered = calls.send(request, caller=ACME)
        assert (answered.result, answered.log) == ("5", ["BULK.UNKNOWN"])
    own = calls.done(submit_lead_bulk(uuid=uuid), caller=ACME).one("LeadBulkJob/ID")
    assert calls.done(read_lead_bulk(uuids=[uuid]), caller=ACME).all("LeadBulkJob/ID") == [own]
    assert calls.done(read_lead_bulk(own), caller=DESK).all("LeadBulkJob/ID") == [own]  # sees all


# ---------------------------------------------------------------------------------------------------- rejections


def returned(answered: Answered) -> list[etree._Element]:
    return answered.element.findall(f"{{{LBB}}}LeadBulk/{{{LBB}}}Lead")


def test_rejections_come_back_as_a_bulk_file_with_their_reasons(calls: Calls) -> None:
    uuid = new_uuid()
    job_id = calls.done(submit_lead_bulk(uuid=uuid, test=True)).one("LeadBulkJob/ID")
    lead = lead_fields(name="Ä & Ö", prospect=new_prospect(person()), group="0007")
    declared = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())
    whole = f"<lbb:Lead {declared}>{lead}</lbb:Lead>".encode()
    run(calls, job_id, {**rejection(1), "lead": whole})
    answered = calls.done(read_rejections(job_id))
    assert answered.one("LeadBulk/BasicMessageHeader/ReferenceUUID") == uuid
    assert answered.one("LeadBulk/BasicMessageHeader/UUID") not in (uuid, answered.one("BasicMessageHeader/UUID"))
    again = calls.done(read_rejections(job_id)).one("LeadBulk/BasicMessageHeader/UUID")
    assert again == answered.one("LeadBulk/BasicMessageHeader/UUID")  # mended twice it is one lead
    assert answered.one("LeadBulk/BasicMessageHeader/TestDataIndicator") == "true"
    (file,) = answered.element.findall(f"{{{LBB}}}LeadBulk")
    validate(file)  # nothing in it breaks the contract but for the site's list of codes
    (record,) = decode(file).lead
    assert record.log_item == [REFUSED]
    assert replace(record, log_item=[]) == decode_part(parse(whole), LeadBulkRecord)


def test_a_lead_that_breaks_the_contract_comes_back_as_it_was_sent(calls: Calls) -> None:
    job_id = submitted(calls)
    kept = rejection(
        1, '<lbl:StartDate>soon</lbl:StartDate><lbl:Name/>text<x:y xmlns:x="urn:x" z="1"><lbl:Item/></x:y>'
    )
    kept["lead"] = kept["lead"].replace(b"<b:Lead ", b'<b:Lead actionCode="01" ')
    run(calls, job_id, kept)
    (lead,) = returned(calls.done(read_rejections(job_id)))
    assert lead[-1].tag == f"{{{LBB}}}LogItem"
    lead.remove(lead[-1])
    assert canonical(lead) == canonical(parse(kept["lead"]))


def canonical(element: etree._Element) -> str:
    return str(etree.canonicalize(etree.tostring(element, with_tail=False).decode(), rewrite_prefixes=True))


def test_reasons_of_an_earlier_time_are_left_out(calls: Calls) -> None:
    job_id = submitted(calls)
    run(calls, job_id, rejection(1, f'<LogItem xmlns="{LBB}"><TypeID>OLD</TypeID></LogItem>', [REFUSED, REFUSED]))
    (lead,) = returned(calls.done(read_rejections(job_id)))
    assert [child.findtext("{*}TypeID") for child in lead] == ["LEAD.CODE_UNKNOWN"] * 2


def test_rejections_are_read_page_by_page(calls: Calls) -> None:
    job_id = submitted(calls)
    run(calls, job_id, *(rejection(record, f"<lbl:Name>{record}</lbl:Name>") for record in (2, 30, 400, 5_000)))
    names: list[str] = []
    after, more, pages = None, "true", 0
    while more == "true":
        answered = calls.done(read_rejections(job_id, most=3, after=after))
        names += [lead.findtext("{*}Name") or "" for lead in returned(answered)]
        more = answered.one("ProcessingConditions/MoreHitsAvailableIndicator")
        after = answered.one("ProcessingConditions/LastReturnedObjectID")
        pages += 1
    assert (names, pages, after) == (["2", "30", "400", "5000"], 2, "0000005000")
    nothing = calls.done(read_rejections(job_id, after=after, unlimited=True))
    assert nothing.one("ProcessingConditions/ReturnedQueryHitsNumberValue") == "0"
    assert nothing.parts("LeadBulk") == []


def test_a_page_of_large_leads_ends_early_and_says_that_there_are_more(calls: Calls) -> None:
    job_id = submitted(calls)
    large = f"<lbl:Name>{'x' * 3_000_000}</lbl:Name>"
    run(calls, job_id, *(rejection(record, large) for record in range(1, 4)), rejection(4, large * 3))
    sizes = []
    more: list[str] = []
    after: str | None = None
    for _ in range(3):
        answered = calls.done(read_rejections(job_id, after=after))
        sizes.append(len(returned(answered)))
        after = answered.one("ProcessingConditions/LastReturnedObjectID")
        more.append(answered.one("ProcessingConditions/MoreHitsAvailableIndicator"))
    assert (sizes, more) == ([2, 1, 1], ["true", "true", "false"])


def test_log_items_are_kept_as_they_were() -> None:
    whole = LogItem(
        type_id="A.B",
        category_code="C",
        severity_code=LogItemSeverityCode.VALUE_2,
        reference_object_node_sender_technical_id="L-1",
        reference_message_element_name="/lbb:Lead",
        note='"ä"\n',
        web_uri="https://example.org/?a=1&b=2",
    )
    assert log_items(log_items_text([whole, REFUSED])) == [whole, REFUSED]
    assert log_items(log_items_text([])) == []


# -------------------------------------------------------------------------------------------------------- cancel


def test_a_job_that_waits_is_cancelled_and_its_file_dropped(calls: Calls) -> None:
    job_id = submitted(calls)
    answered = calls.done(cancel_lead_bulk(job_id))
    assert answered.one("LeadBulkJob/ProcessingStatusCode") == "6"
    assert calls.done(read_lead_bulk(job_id)).one("LeadBulkJob/ProcessingStatusCode") == "6"
    assert content(calls.database, job_id) == []
    assert column(calls.database, "journal", "new_status") == ["waiting", "cancelled"]


def test_a_job_that_runs_is_cancelled_and_keeps_what_it_has_taken(calls: Calls) -> None:
    job_id = submitted(calls)
    run(calls, job_id, rejection(1), accepted=3)
    calls.done(cancel_lead_bulk(job_id))
    assert calls.done(read_lead_bulk(job_id)).one("LeadBulkJob/AcceptedNumberValue") == "3"
    assert len(returned(calls.done(read_rejections(job_id)))) == 1


@pytest.mark.parametrize("state", [JobState.FINISHED, JobState.BROKEN, JobState.CANCELLED])
def test_a_job_that_has_ended_cannot_be_cancelled(calls: Calls, state: JobState) -> None:
    job_id = submitted(calls)
    end(calls, job_id, state)
    answered = calls.send(cancel_lead_bulk(job_id))
    assert (answered.result, answered.log, answered.parts("LeadBulkJob")) == ("5", ["BULK.ENDED"], [])
    assert answered.one("Log/Item/ReferenceMessageElementName") == "/lbb:LeadBulkCancelRequest_sync/lbb:LeadBulkID"
    assert calls.done(read_lead_bulk(job_id)).one("LeadBulkJob/EndDateTime") == "2026-03-01T12:02:00Z"
