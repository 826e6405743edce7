"""ReadCrmRecord and FindCrmRecord."""

from collections.abc import Mapping, Sequence
from typing import Any

from leadbridge.crm.casetypes import Standing
from leadbridge.crm.combo import StatusName
from leadbridge.messages import (
    CrmRecord,
    CrmRecordByElementsResponseSync,
    CrmRecordByIdresponseSync,
    CrmRecordHit,
    CrmStatusHistory,
    CrmStatusHistoryItem,
    CustomerTypeCode,
    Note,
    RecordTypeCode,
    SellingModeCode,
)
from leadbridge.operations.businesspartner import administrative_data
from leadbridge.operations.call import Answer, Call, Policy, answer_header, zoned
from leadbridge.operations.lead_query import revenue
from leadbridge.operations.logitems import LogBuilder, LogItemType
from leadbridge.operations.selecting import Hits, intervals, response_conditions
from leadbridge.operations.standing import standing_of
from leadbridge.store import casetypes, crmrecords, journal
from leadbridge.store.database import Transaction
from leadbridge.store.inserts import Row

_MOST_RECORDS = 1000  # CrmRecordByIDResponse.CrmRecord, maxOccurs
_FIND = "/lbr:CrmRecordByElementsQuery_sync/lbr:CrmRecordSelectionByElements"


def read_records(tx: Transaction, calls: Sequence[Call], policy: Policy) -> list[Answer | Exception]:
    """Read records in full, in the order of the selection."""
    return [_read(tx, call, policy) for call in calls]


def _read(tx: Transaction, call: Call, policy: Policy) -> Answer:
    message = call.message
    selection = message.crm_record_selection_by_id
    log = LogBuilder()
    rows = crmrecords.resolve(
        tx,
        record_ids={one.record_id for one in selection if one.record_id},
        source_lead_uuids={one.source_lead_uuid.lower() for one in selection if one.source_lead_uuid},
    )
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["record_id"], []).append(row)
        if row["source_lead_uuid"]:
            found.setdefault(row["source_lead_uuid"], []).append(row)
    chosen: dict[str, Row] = {}
    for position, one in enumerate(selection, 1):
        key = one.record_id or one.source_lead_uuid.lower()
        chosen.update((row["record_id"], row) for row in found.get(key, ()))
        if key not in found:
            log.error(
                LogItemType.CRM_RECORD_UNKNOWN,
                "There is no such record.",
                f"/lbr:CrmRecordByIDQuery_sync/lbr:CrmRecordSelectionByID[{position}]",
            )
    records = list(chosen.values())[:_MOST_RECORDS]
    notes = crmrecords.notes(tx, [row["record_id"] for row in records])
    moves = journal.moves(tx, "crm_record", [row["record_id"] for row in records])
    stages = casetypes.stages(tx, [row["record_id"] for row in records])
    return Answer(
        CrmRecordByIdresponseSync(
            basic_message_header=answer_header(message.basic_message_header, call.received_at),
            crm_record=[
                _record(
                    row,
                    notes.get(row["record_id"], ()),
                    moves.get(row["record_id"], ()),
                    standing_of(row, casetypes.as_kept(stages.get(row["record_id"]), {}), policy.case_types),
                )
                for row in records
            ],
            log=log.log(partly=bool(records)),
        )
    )


def _head_fields(row: Row) -> dict[str, Any]:
    """What CrmRecord and CrmRecordHit share."""
    return {
        "record_type_code": RecordTypeCode(row["record_type_code"]),
        "record_id": row["record_id"],
        "status_name": row["status_name"],
        "customer_type_code": CustomerTypeCode(row["customer_type_code"]),
        "customer_id": row["customer_id"],
        "owner_id": row["owner_id"],
        "selling_mode_code": SellingModeCode(row["selling_mode_code"]),
        "product_id": row["product_id"],
        "customer_name": row["customer_name"],
        "source_lead_uuid": row["source_lead_uuid"],
        "expected_revenue_amount": revenue(row),
        "system_administrative_data": administrative_data(row),
    }


def _record(row: Row, notes: Sequence[Row], moves: Sequence[Row], standing: Standing) -> CrmRecord:
    return CrmRecord(
        **_head_fields(row),
        email_uri=row["email_uri"],
        phone_number=row["phone_number"],
        note=[
            Note(value=note["text"], language_code=note["language_code"], type_code=note["type_code"]) for note in notes
        ],
        reason_code=row["reason_code"],
        converted_from_record_id=row["converted_from_record_id"],
        converted_to_record_id=row["converted_to_record_id"],
        status_history=CrmStatusHistory(
            item=[
                CrmStatusHistoryItem(
                    old_status_name=move["old_status"],
                    status_name=move["new_status"],
                    reason_code=move["reason_code"],
                    change_date_time=zoned(move["recorded_at"]),
                    change_party_id=move["caller_id"],
                )
                for move in moves[-1000:]  # CrmStatusHistory.Item, maxOccurs
            ]
        ),
        stage_name=standing.stage.name,
        probability_percent=standing.probability,
    )


def find_records(tx: Transaction, calls: Sequence[Call], _policy: Policy) -> list[Answer | Exception]:
    """Find records by their fields, ordered by RecordID, page by page."""
    return [_find(tx, call) for call in calls]


_ELEMENTS: Mapping[str, str] = {
    "record_id": "RecordID",
    "record_type_code": "RecordTypeCode",
    "customer_id": "CustomerID",
    "owner_id": "OwnerID",
    "last_change_date_time": "LastChangeDateTime",
}


def _status_name(text: str) -> str:
    """A status name in any case is the bank's own; a pattern stays what it is."""
    try:
        return StatusName.read(text).value
    except ValueError:
        return text


def _find(tx: Transaction, call: Call) -> Answer:
    message = call.message
    wanted = message.crm_record_selection_by_elements
    log = LogBuilder()
    selections = {
        name: intervals(getattr(wanted, f"selection_by_{name}"), log, f"{_FIND}/lbr:SelectionBy{element}")
        for name, element in _ELEMENTS.items()
    }
    selections["status_name"] = intervals(
        wanted.selection_by_status_name, log, f"{_FIND}/lbr:SelectionByStatusName", fold=_status_name
    )
    selections["source_lead_uuid"] = intervals(
        wanted.selection_by_source_lead_uuid, log, f"{_FIND}/lbr:SelectionBySourceLeadUUID", fold=str.lower
    )
    hits = Hits.wanted(message.processing_conditions, log)
    rows: list[Row] = []
    more = False
    if not log.failed:
        asked = {name: block for name, block in selections.items() if block}
        rows, more = crmrecords.find(tx, asked, limit=hits.limit, after=hits.after)
    return Answer(
        CrmRecordByElementsResponseSync(
            basic_message_header=answer_header(message.basic_message_header, call.received_at),
            crm_record=[CrmRecordHit(**_head_fields(row)) for row in rows],
            processing_conditions=response_conditions([row["record_id"] for row in rows], more),
            log=log.log(),
        )
    )
