"""The core CRM store's operations: the bank's combo calls, status updates, reading and finding records.

One decision per customer at a time: every write locks its customer first. Source: seeds/002 and the design's
table "The bank's rules"; the decisions themselves are `leadbridge.crm.combo`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from leadbridge.crm.combo import (
    ConvertLead,
    CustomerType,
    Record,
    RecordType,
    Refusal,
    RefusalCode,
    SetStatus,
    StatusName,
    decide_create,
    decide_lost,
    decide_won,
    status_when_created,
)
from leadbridge.messages import (
    ComboCreateLeadOpportunityConfirmationSync,
    ComboUpdateLeadOpportunityConfirmationSync,
    LeadStatusUpdateConfirmationSync,
    OpportunityStatusUpdateConfirmationSync,
    RecordTypeCode,
)
from leadbridge.operations import lead_closing
from leadbridge.operations.businesspartner import created_row
from leadbridge.operations.call import Answer, Call, Policy, answer_header
from leadbridge.operations.logitems import LogBuilder, LogItemType
from leadbridge.operations.replay import ANSWERS, header_keys, once
from leadbridge.store import crmrecords, journal
from leadbridge.store.database import Transaction
from leadbridge.store.inserts import Row

_MOST_CLOSED = 10  # ClosedRecordID, maxOccurs


def combo_create(tx: Transaction, calls: Sequence[Call], policy: Policy) -> list[Answer | Exception]:
    """Register customers' requests: answer the open record, or create a lead or an opportunity."""

    asked: list[Sequence[Row]] = []

    def ask() -> None:
        asked.append(crmrecords.of_customers(tx, {call.message.customer_id for call in calls}))
        tx.foresee_numbers("crm_record", len(calls))

    def act(fresh: Sequence[Call]) -> list[Answer]:
        of_customer: dict[str, list[Row]] = {}
        for row in asked[0]:
            of_customer.setdefault(row["customer_id"], []).append(row)
        numbers = iter(tx.next_numbers("crm_record", len(fresh)))
        writing = Writing({})
        answers = [
            _combo_create(call, of_customer.setdefault(call.message.customer_id, []), numbers, writing, policy)
            for call in fresh
        ]
        writing.write(tx, policy)
        return answers

    lock_keys = [customer_lock(call.message.customer_id) for call in calls]
    return once(
        tx,
        calls,
        keys=header_keys(calls),
        operation="ComboCreateLeadOpportunity",
        lock_keys=lock_keys,
        ask=ask,
        act=act,
        memory=ANSWERS,
    )


def customer_lock(customer_id: str) -> str:
    """What is locked where something is decided about a customer."""
    return f"customer/{customer_id}"


class Writing:
    """What a batch writes in the end: new records, changed records, journal rows."""

    def __init__(self, notes_of: Mapping[str, Sequence[Row]]) -> None:
        self.notes_of = notes_of  # the notes of the records that may be converted
        self.new: dict[str, Row] = {}
        self._notes: list[Row] = []
        self._changed: dict[str, Row] = {}
        self._closed: list[tuple[Call, str, Row]] = []
        self._journal: list[Row] = []

    def create(self, call: Call, operation: str, record: Row, notes: Sequence[Row] = ()) -> None:
        """A new record; later calls of the batch may change it before it is written."""
        self.new[record["record_id"]] = record
        self._notes += notes
        self._note(call, operation, record, None)

    def set_status(self, call: Call, operation: str, row: Row, status: StatusName, **columns: object) -> None:
        """A record's new status, and what else changes with it."""
        old = row["status_name"]
        changed = {"status_name": status.value, "changed_at": call.received_at, **columns}
        row.update(changed)
        if row["record_id"] not in self.new:
            self._changed.setdefault(row["record_id"], {"record_id": row["record_id"]}).update(changed)
        if record_of(row).is_final:
            self._closed.append((call, operation, row))
        self._note(call, operation, row, old)

    def touch(self, call: Call, row: Row, **columns: object) -> None:
        """A record of which something else changed than its status."""
        changed = {"changed_at": call.received_at, **columns}
        row.update(changed)
        if row["record_id"] not in self.new:
            self._changed.setdefault(row["record_id"], {"record_id": row["record_id"]}).update(changed)

    def _note(self, call: Call, operation: str, row: Row, old: str | None) -> None:
        self._journal.append(
            {
                **created_row(call, operation, row["record_id"]),
                "object_type": "crm_record",
                "event": "created" if old is None else "changed",
                "old_status": old,
                "new_status": row["status_name"],
                "reason_code": row["reason_code"],
            }
        )

    def write(self, tx: Transaction, policy: Policy) -> None:
        """Write everything, one statement a table; then leads follow their records, where these are the site's."""
        crmrecords.insert(tx, records=list(self.new.values()), notes=self._notes)
        crmrecords.update(tx, list(self._changed.values()))
        journal.append(tx, self._journal)
        if self._closed and policy.own_core_crm:
            lead_closing.follow(tx, self._closed, self.new)


def record_of(row: Row) -> Record:
    """A record as the decisions take it."""
    return Record(
        record_id=row["record_id"],
        record_type=RecordType(row["record_type_code"]),
        status=StatusName(row["status_name"]),
        owner_id=row["owner_id"],
    )


def _combo_create(call: Call, rows: list[Row], numbers: Any, writing: Writing, policy: Policy) -> Answer:
    message, operation = call.message, "ComboCreateLeadOpportunity"
    log = LogBuilder()
    if policy.owner_ids and message.owner_id not in (*policy.owner_ids, policy.default_owner_id):
        element = f"/lbr:{message.Meta.name}/lbr:OwnerID"
        log.error(LogItemType.CRM_OWNER_UNKNOWN, "The owner is not in this site's list.", element)
        return _create_answer(call, log)
    decision = decide_create(
        customer_type=CustomerType(message.customer_type_code.value),
        owner_id=message.owner_id,
        records=[record_of(row) for row in rows],
        ntb_closed_opportunity=policy.ntb_closed_opportunity,
    )
    by_id = {row["record_id"]: row for row in rows}
    closed = [record.record_id for record in decision.close]
    for record_id in closed:
        writing.set_status(call, operation, by_id[record_id], StatusName.CLOSE_LOST)
        log.information(
            LogItemType.CRM_RECORD_CLOSED,
            f"Record {record_id} of another owner became {StatusName.CLOSE_LOST.value}.",
        )
    if decision.existing is not None:
        row = by_id[decision.existing.record_id]
        log.information(
            LogItemType.CRM_RECORD_EXISTS,
            f"Record {row['record_id']} of this owner is open; nothing was written.",
        )
    else:
        assert decision.create is not None  # the decision has one of the two
        row = _new_record(call, next(numbers), decision.create)
        writing.create(call, operation, row, _notes(message, row["record_id"]))
        rows.append(row)
        log.information(LogItemType.CRM_RECORD_CREATED, f"Record {row['record_id']} was created.")
    return _create_answer(
        call,
        log,
        record_type_code=RecordTypeCode(row["record_type_code"]),
        record_id=row["record_id"],
        status_name=row["status_name"],
        created_indicator=decision.existing is None,
        closed_record_id=closed[:_MOST_CLOSED],
    )


def _create_answer(call: Call, log: LogBuilder, **fields: Any) -> Answer:
    return Answer(
        ComboCreateLeadOpportunityConfirmationSync(
            basic_message_header=answer_header(call.message.basic_message_header, call.received_at),
            replayed_indicator=False,
            log=log.log(),
            **fields,
        )
    )


def _new_record(call: Call, record_id: str, record_type: RecordType) -> Row:
    message, now, amount = call.message, call.received_at, call.message.expected_revenue_amount
    return {
        "record_id": record_id,
        "record_type_code": record_type.value,
        "status_name": status_when_created(record_type).value,
        "customer_type_code": message.customer_type_code.value,
        "customer_id": message.customer_id,
        "owner_id": message.owner_id,
        "selling_mode_code": message.selling_mode_code.value,
        "product_id": message.product_id,
        "customer_name": message.customer_name,
        "email_uri": message.email_uri,
        "phone_number": message.phone_number,
        "source_lead_uuid": message.source_lead_uuid.lower() if message.source_lead_uuid else None,
        "expected_revenue_amount": amount.value if amount else None,
        "expected_revenue_currency_code": amount.currency_code if amount else None,
        "reason_code": None,
        "converted_from_record_id": None,
        "converted_to_record_id": None,
        "created_by": call.caller.id,
        "created_at": now,
        "changed_at": now,
    }


def _notes(message: Any, record_id: str) -> list[Row]:
    return [
        {
            "record_id": record_id,
            "position": position,
            "text": note.value,
            "language_code": note.language_code,
            "type_code": note.type_code,
        }
        for position, note in enumerate(message.note)
    ]


def combo_update(tx: Transaction, calls: Sequence[Call], policy: Policy) -> list[Answer | Exception]:
    """Set records to Close Won; a lead is converted into an opportunity that is Close Won at once."""
    return _update(
        tx,
        calls,
        policy,
        operation="ComboUpdateLeadOpportunity",
        answer=ComboUpdateLeadOpportunityConfirmationSync,
        wanted=StatusName.CLOSE_WON,
        decide=lambda record, named: decide_won(record, expected=named),
    )


def update_opportunity_status(tx: Transaction, calls: Sequence[Call], policy: Policy) -> list[Answer | Exception]:
    """Set opportunities to Close Lost."""
    return _update(
        tx,
        calls,
        policy,
        operation="UpdateOpportunityStatus",
        answer=OpportunityStatusUpdateConfirmationSync,
        wanted=StatusName.CLOSE_LOST,
        decide=lambda record, _named: decide_lost(record, expected=RecordType.OPPORTUNITY),
    )


def update_lead_status(tx: Transaction, calls: Sequence[Call], policy: Policy) -> list[Answer | Exception]:
    """Set leads of the core CRM to Close Lost."""
    return _update(
        tx,
        calls,
        policy,
        operation="UpdateLeadStatus",
        answer=LeadStatusUpdateConfirmationSync,
        wanted=StatusName.CLOSE_LOST,
        decide=lambda record, _named: decide_lost(record, expected=RecordType.LEAD),
    )


_Decide = Callable[[Record, RecordType | None], SetStatus | ConvertLead | Refusal]


def _update(
    tx: Transaction,
    calls: Sequence[Call],
    policy: Policy,
    *,
    operation: str,
    answer: type[Any],
    wanted: StatusName,
    decide: _Decide,
) -> list[Answer | Exception]:
    """What the three updates of a status share."""
    # The customer is known only from the record, so the records are looked at before the customers are locked,
    # and read again after.
    seen = crmrecords.resolve(tx, record_ids={call.message.record_id for call in calls})
    lock_keys = [customer_lock(row["customer_id"]) for row in seen]

    def act(fresh: Sequence[Call]) -> list[Answer]:
        rows = crmrecords.resolve(tx, record_ids={call.message.record_id for call in fresh}, lock=True)
        by_id = {row["record_id"]: row for row in rows}
        converts = wanted is StatusName.CLOSE_WON
        numbers = iter(tx.next_numbers("crm_record", len(fresh) if converts else 0))
        writing = Writing(crmrecords.notes(tx, list(by_id)) if converts else {})
        answers = []
        for call in fresh:
            log = LogBuilder()
            changed = _change_status(
                call,
                by_id.get(call.message.record_id),
                numbers,
                writing,
                policy,
                log,
                operation,
                wanted,
                decide,
            )
            answers.append(_status_answer(call, answer, changed, log))
        writing.write(tx, policy)
        return answers

    return once(
        tx,
        calls,
        keys=header_keys(calls),
        operation=operation,
        lock_keys=lock_keys,
        act=act,
        memory=ANSWERS,
    )


def _change_status(
    call: Call,
    row: Row | None,
    numbers: Any,
    writing: Writing,
    policy: Policy,
    log: LogBuilder,
    operation: str,
    wanted: StatusName,
    decide: _Decide,
) -> Row | None:
    """The record that is now Close Won or Close Lost; None when the call is refused, and the Log says why."""
    message = call.message
    root = f"/lbr:{message.Meta.name}"
    if message.status_name is not None and not _means(message.status_name, wanted):
        log.error(
            LogItemType.CRM_STATUS_NAME_NOT_ALLOWED,
            f"This operation sets {wanted.value} and nothing else.",
            f"{root}/lbr:StatusName",
        )
    if message.reason_code is not None and policy.reason_codes and message.reason_code not in policy.reason_codes:
        log.error(
            LogItemType.CRM_REASON_CODE_UNKNOWN,
            "The code is not in this site's list.",
            f"{root}/lbr:ReasonCode",
        )
    if row is None:
        log.error(LogItemType.CRM_RECORD_UNKNOWN, "There is no such record.", f"{root}/lbr:RecordID")
    if log.failed or row is None:
        return None
    decision = decide(record_of(row), call.record_type)
    if isinstance(decision, Refusal):
        type_id, note = _REFUSALS[decision.code]
        log.error(type_id, note, f"{root}/lbr:RecordID")
        return None
    if isinstance(decision, ConvertLead):
        return convert(call, row, next(numbers), decision, writing, log, operation)
    writing.set_status(call, operation, row, decision.status, reason_code=message.reason_code)
    return row


_REFUSALS: Mapping[RefusalCode, tuple[LogItemType, str]] = {
    RefusalCode.RECORD_FINAL: (
        LogItemType.CRM_RECORD_FINAL,
        "The record is Close Won or Close Lost already; its status changes no more.",
    ),
    RefusalCode.WRONG_RECORD_TYPE: (
        LogItemType.CRM_WRONG_RECORD_TYPE,
        "The record is of the other type: a lead where the call is about an opportunity, or the reverse.",
    ),
}


def _means(text: str, wanted: StatusName) -> bool:
    try:
        return StatusName.read(text) is wanted
    except ValueError:
        return False


def convert(
    call: Call,
    lead: Row,
    record_id: str,
    decision: ConvertLead,
    writing: Writing,
    log: LogBuilder,
    operation: str,
) -> Row:
    """The opportunity a lead becomes: its data, the status of the decision, linked both ways."""
    opportunity = {
        **lead,
        "record_id": record_id,
        "record_type_code": RecordType.OPPORTUNITY.value,
        "status_name": decision.opportunity_status.value,
        "reason_code": call.message.reason_code,
        "converted_from_record_id": lead["record_id"],
        "converted_to_record_id": None,
        "created_by": call.caller.id,
        "created_at": call.received_at,
        "changed_at": call.received_at,
    }
    notes = [{**note, "record_id": record_id} for note in writing.notes_of.get(lead["record_id"], ())]
    writing.create(call, operation, opportunity, notes)
    writing.set_status(
        call,
        operation,
        lead,
        decision.lead_status,
        reason_code=call.message.reason_code,
        converted_to_record_id=record_id,
    )
    log.information(
        LogItemType.CRM_LEAD_CONVERTED,
        f"Lead {lead['record_id']} was converted into opportunity {record_id}.",
    )
    return opportunity


def _status_answer(call: Call, answer: type[Any], row: Row | None, log: LogBuilder) -> Answer:
    fields: dict[str, Any] = {}
    if row is not None:
        fields = {
            "record_type_code": RecordTypeCode(row["record_type_code"]),
            "record_id": row["record_id"],
            "status_name": row["status_name"],
        }
        if answer is ComboUpdateLeadOpportunityConfirmationSync:
            fields["converted_record_id"] = row["converted_from_record_id"]
    return Answer(
        answer(
            basic_message_header=answer_header(call.message.basic_message_header, call.received_at),
            replayed_indicator=False,
            log=log.log(),
            **fields,
        )
    )
