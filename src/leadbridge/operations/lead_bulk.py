"""SubmitLeadBulk, ReadLeadBulk, ReadLeadBulkRejections and CancelLeadBulk: the jobs of a caller.

Submitting stores the leads as a bulk file and answers; what takes the leads of a file is no concern of these.
"""

import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from types import MappingProxyType
from uuid import NAMESPACE_OID, uuid5

from leadbridge.contract import codec
from leadbridge.contract.foreign import read_foreign
from leadbridge.messages import (
    BasicMessageHeader,
    LeadBulk,
    LeadBulkByIdresponseSync,
    LeadBulkCancelConfirmationSync,
    LeadBulkConfirmation,
    LeadBulkDetails,
    LeadBulkProcessingStatusCode,
    LeadBulkRejections,
    LeadBulkRejectionsResponseSync,
    LeadBulkSelectionById,
    LeadBulkSubmitConfirmationAsync,
)
from leadbridge.operations.call import Answer, Call, Policy, answer_header, named_uuid, zoned
from leadbridge.operations.logitems import LogBuilder, LogItemType
from leadbridge.operations.rejections import returned_lead
from leadbridge.operations.replay import ANSWERS, header_keys, once
from leadbridge.operations.selecting import Hits, response_conditions
from leadbridge.store import bulk, journal
from leadbridge.store.bulk import JobState
from leadbridge.store.database import Transaction
from leadbridge.store.inserts import Row

STATUS_CODES: Mapping[str, LeadBulkProcessingStatusCode] = MappingProxyType(
    {
        JobState.RECEIVING: LeadBulkProcessingStatusCode.VALUE_1,
        JobState.WAITING: LeadBulkProcessingStatusCode.VALUE_2,
        JobState.RUNNING: LeadBulkProcessingStatusCode.VALUE_3,
        JobState.FINISHED: LeadBulkProcessingStatusCode.VALUE_4,
        JobState.BROKEN: LeadBulkProcessingStatusCode.VALUE_5,
        JobState.CANCELLED: LeadBulkProcessingStatusCode.VALUE_6,
    }
)
"""The contract's code of each state."""

PART_BYTES = 4 * 1024 * 1024
"""A part of a stored file before it is deflated: what whoever reads it back holds in memory."""

_LARGEST_PAGE_BYTES = 8_000_000
"""Rejected leads in one answer, all together, unless one alone is larger: what one CreateLead may have."""


def uuid_of_content(content_hash: bytes) -> str:
    """The UUID of a file whose header has none: the same for the same content."""
    return str(uuid5(NAMESPACE_OID, content_hash.hex()))


# -------------------------------------------------------------------------------------------------------- submit


def submit_lead_bulks(tx: Transaction, calls: Sequence[Call], policy: Policy) -> list[Answer | Exception]:
    """Store leads as a bulk file that waits to be taken."""
    return once(
        tx,
        calls,
        keys=header_keys(calls),
        operation="SubmitLeadBulk",
        lock_keys=(),
        act=partial(_submit, tx, policy),
        memory=ANSWERS,
    )


def _submit(tx: Transaction, policy: Policy, calls: Sequence[Call]) -> list[Answer]:
    return [
        _submitted(tx, call, job_id, policy)
        for call, job_id in zip(calls, tx.next_numbers("bulk_job", len(calls)), strict=True)
    ]


def _submitted(tx: Transaction, call: Call, job_id: str, policy: Policy) -> Answer:
    header: BasicMessageHeader = call.message.basic_message_header
    content = codec.encode_bytes(LeadBulk(basic_message_header=header, lead=call.message.lead))
    job: Row = {
        "id": job_id,
        "uuid": header.uuid.lower() if header.uuid else uuid_of_content(call.content_hash),
        "caller_id": call.caller.id,
        "state": JobState.WAITING.value,
        "source": bulk.STORED,
        "media": "xml",
        "content_hash": call.content_hash,
        "size_bytes": len(content),
        "chunk_records": policy.bulk_chunk_records,
        "test_data": bool(header.test_data_indicator),
        "submitted_at": call.received_at,
        "correlation_id": call.correlation_id,
    }
    bulk.add_job(tx, job)
    for position, start in enumerate(range(0, len(content), PART_BYTES)):
        # Level 1: half the size of higher ones is won in a tenth of their time.
        bulk.append_part(tx, job_id, position, zlib.compress(content[start : start + PART_BYTES], 1))
    entry = job_entry(
        job, "SubmitLeadBulk", by=call.caller.id, at=call.received_at, correlation_id=call.correlation_id, old=None
    )
    journal.append(tx, [entry])
    return Answer(
        LeadBulkSubmitConfirmationAsync(
            basic_message_header=answer_header(header, call.received_at),
            lead_bulk_job=_confirmation(job),
            replayed_indicator=False,
            log=LogBuilder().log(received=True),
        )
    )


def job_entry(job: Row, operation: str, *, by: str, at: datetime, correlation_id: str, old: str | None) -> Row:
    """The journal's entry of a job that was created or came into another state, whichever door that was asked at."""
    return {
        "recorded_at": at,
        "caller_id": by,
        "operation": operation,
        "correlation_id": correlation_id,
        "object_type": "bulk_job",
        "object_id": job["id"],
        "event": "created" if old is None else "changed",
        "old_status": old,
        "new_status": job["state"],
        "reason_code": None,
        "changed_elements": None,
    }


def _confirmation(job: Row) -> LeadBulkConfirmation:
    return LeadBulkConfirmation(id=job["id"], uuid=job["uuid"], processing_status_code=STATUS_CODES[job["state"]])


# ---------------------------------------------------------------------------------------------------------- read


def read_lead_bulks(tx: Transaction, calls: Sequence[Call], _policy: Policy) -> list[Answer | Exception]:
    """Read how far jobs are, in the order of the selection; what may not be seen is unknown."""
    return [_read(tx, call) for call in calls]


def _read(tx: Transaction, call: Call) -> Answer:
    selection: Sequence[LeadBulkSelectionById] = call.message.lead_bulk_selection_by_id
    log = LogBuilder()
    rows = bulk.resolve(
        tx,
        call.caller,
        ids={one.id for one in selection if one.id is not None},
        uuids={one.uuid.lower() for one in selection if one.uuid is not None},
    )
    # By id, so that of several jobs of one file the latest stays.
    named = {row["uuid"]: row for row in rows} | {row["id"]: row for row in rows}
    jobs: dict[str, Row] = {}
    for position, one in enumerate(selection, 1):
        job = named.get(one.id or (one.uuid or "").lower())
        if job is not None:
            jobs[job["id"]] = job
        else:
            _unknown(log, f"/lbb:LeadBulkByIDQuery_sync/lbb:LeadBulkSelectionByID[{position}]")
    return Answer(
        LeadBulkByIdresponseSync(
            basic_message_header=answer_header(call.message.basic_message_header, call.received_at),
            lead_bulk_job=[_details(job) for job in jobs.values()],
            log=log.log(partly=bool(jobs)),
        )
    )


def _unknown(log: LogBuilder, element: str) -> None:
    log.error(LogItemType.BULK_UNKNOWN, "There is no such job.", element)


def _details(job: Row) -> LeadBulkDetails:
    return LeadBulkDetails(
        id=job["id"],
        uuid=job["uuid"],
        processing_status_code=STATUS_CODES[job["state"]],
        received_number_value=job["received"],
        accepted_number_value=job["accepted"],
        replayed_number_value=job["replayed"],
        duplicate_number_value=job["duplicate"],
        rejected_number_value=job["rejected"],
        submission_date_time=zoned(job["submitted_at"]),
        start_date_time=zoned(job["started_at"]) if job["started_at"] else None,
        end_date_time=zoned(job["ended_at"]) if job["ended_at"] else None,
        break_description=job["break_description"],
    )


# ---------------------------------------------------------------------------------------------------- rejections


def read_rejections(tx: Transaction, calls: Sequence[Call], _policy: Policy) -> list[Answer | Exception]:
    """Give back the leads of a job that were not taken, in the order of its file, page by page."""
    return [_rejections(tx, call) for call in calls]


def _rejections(tx: Transaction, call: Call) -> Answer:
    message = call.message
    log = LogBuilder()
    hits = Hits.wanted(message.processing_conditions, log)
    job = _job_of(tx, call, log, "/lbb:LeadBulkRejectionsQuery_sync/lbb:LeadBulkID")
    rows: list[Row] = []
    more = False
    if job is not None:
        after = None if hits.after is None else int(hits.after)
        rows = bulk.rejections(tx, job["id"], after=after, limit=hits.limit, most_bytes=_LARGEST_PAGE_BYTES)
        more = bool(rows) and bulk.has_rejections_after(tx, job["id"], rows[-1]["record"])
    header = answer_header(message.basic_message_header, call.received_at)
    return Answer(
        LeadBulkRejectionsResponseSync(
            basic_message_header=header,
            lead_bulk=_rejected_part(job, rows, header) if job is not None and rows else None,
            processing_conditions=response_conditions([f"{row['record']:010d}" for row in rows], more),
            log=log.log(),
        )
    )


def _rejected_part(job: Row, rows: Sequence[Row], header: BasicMessageHeader) -> LeadBulkRejections:
    """The leads as a file of their own: with the UUID of the first one, a mended lead would be a conflict.

    It is the same each time for a page that begins with the same record, so that what is mended twice is one lead.
    """
    return LeadBulkRejections(
        basic_message_header=BasicMessageHeader(
            uuid=named_uuid(job["uuid"], f"rejections/{job['id']}/{rows[0]['record']}"),
            reference_uuid=job["uuid"],
            creation_date_time=header.creation_date_time,
            test_data_indicator=job["test_data"] or None,
        ),
        any_element=[read_foreign(returned_lead(row)) for row in rows],
    )


def _job_of(tx: Transaction, call: Call, log: LogBuilder, element: str) -> Row | None:
    """The job that LeadBulkID names; where the caller knows none, that is said in the Log."""
    found = bulk.resolve(tx, call.caller, ids=[call.message.lead_bulk_id])
    if found:
        return found[0]
    _unknown(log, element)
    return None


# -------------------------------------------------------------------------------------------------------- cancel


def cancel_job(tx: Transaction, job: Row, *, by: str, at: datetime, correlation_id: str) -> bool:
    """Stop a job for whoever it is, `by` name, and write that down. False where it has ended already."""
    if not bulk.cancel(tx, job["id"], at):
        return False
    cancelled = {**job, "state": JobState.CANCELLED.value}
    entry = job_entry(cancelled, "CancelLeadBulk", by=by, at=at, correlation_id=correlation_id, old=job["state"])
    journal.append(tx, [entry])
    return True


def cancel_lead_bulks(tx: Transaction, calls: Sequence[Call], _policy: Policy) -> list[Answer | Exception]:
    """Stop jobs that have not ended; the leads taken until then stay."""
    return once(
        tx,
        calls,
        keys=header_keys(calls),
        operation="CancelLeadBulk",
        lock_keys=[bulk.lock_key(call.message.lead_bulk_id) for call in calls],
        act=partial(_cancel, tx),
        memory=ANSWERS,
    )


def _cancel(tx: Transaction, calls: Sequence[Call]) -> list[Answer]:
    return [_cancelled(tx, call) for call in calls]


def _cancelled(tx: Transaction, call: Call) -> Answer:
    log = LogBuilder()
    path = "/lbb:LeadBulkCancelRequest_sync/lbb:LeadBulkID"
    job = _job_of(tx, call, log, path)
    if job is not None and not cancel_job(
        tx, job, by=call.caller.id, at=call.received_at, correlation_id=call.correlation_id
    ):
        log.error(LogItemType.BULK_ENDED, f"The job has ended: it is {job['state']}.", path)
    confirmed = None
    if job is not None and not log.failed:
        confirmed = _confirmation({**job, "state": JobState.CANCELLED.value})
    return Answer(
        LeadBulkCancelConfirmationSync(
            basic_message_header=answer_header(call.message.basic_message_header, call.received_at),
            lead_bulk_job=confirmed,
            replayed_indicator=False,
            log=log.log(),
        )
    )
