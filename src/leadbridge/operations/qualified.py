"""What the core CRM is told about a lead: the request messages that go into the outbox with the lead.

Each message is made when the lead changes, in that transaction, and is sent byte for byte, however often. Its
header UUID follows from the lead and the message's place in the lead's lane, so the core CRM can tell a
repeated call from a new one. Test data is never forwarded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from leadbridge.businesspartner import Category, formatted_name
from leadbridge.caller import CORE_CRM
from leadbridge.contract import codec
from leadbridge.crm.combo import CustomerType, StatusName
from leadbridge.lead import ForwardingEvent
from leadbridge.messages import (
    Amount,
    BasicMessageHeader,
    ComboCreateLeadOpportunityRequestSync,
    ComboUpdateLeadOpportunityRequestSync,
    CustomerTypeCode,
    LeadStatusUpdateRequestSync,
    Note,
    OpportunityStatusUpdateRequestSync,
    RoleCode,
    SellingModeCode,
)
from leadbridge.operations.call import Policy, named_uuid
from leadbridge.store import businesspartners, leads, outbox
from leadbridge.store.database import Transaction
from leadbridge.store.inserts import Row

_MOST_NOTES = 20  # ComboCreateLeadOpportunityRequest.Note, maxOccurs


@dataclass(frozen=True, slots=True)
class Subject:
    """A lead as it stands when it is forwarded: head row, item rows and note rows, and the moment."""

    head: Row
    items: Sequence[Row]
    notes: Sequence[Row]
    now: datetime


def messages(
    tx: Transaction,
    subjects: Sequence[tuple[Subject, ForwardingEvent]],
    policy: Policy,
    *,
    known: Mapping[str, Row] = MappingProxyType({}),
) -> list[Row]:
    """The outbox rows for these events, in order; none for test data.

    Counts `forwarding_sequence` up in each head row; writing the heads and the rows is the caller's. `known` are
    business partners by InternalID that need not be read, because they were just written.
    """
    real = [(subject, event) for subject, event in subjects if not subject.head["test_data"]]
    wanted = {subject.head["prospect_internal_id"] for subject, event in real if event is ForwardingEvent.CREATE}
    missing = wanted - known.keys()
    prospects = {**known, **{row["internal_id"]: row for row in businesspartners.load(tx, CORE_CRM, missing)}}
    return [_row(subject, event, prospects, policy) for subject, event in real]


def enqueue(
    tx: Transaction, lead_row: Mapping[str, Any], event: ForwardingEvent, *, policy: Policy, now: datetime
) -> None:
    """Write the message of one event about a stored lead into the outbox, and the lead's sequence with it."""
    head = dict(lead_row)
    lists = leads.parts(tx, [head["id"]], items=True, notes=True)[head["id"]]
    rows = messages(tx, [(Subject(head, lists.items, lists.notes, now), event)], policy)
    leads.update(tx, [{"id": head["id"], "forwarding_sequence": head["forwarding_sequence"]}])
    outbox.enqueue(tx, rows)


def _row(subject: Subject, event: ForwardingEvent, prospects: Mapping[str, Row], policy: Policy) -> Row:
    head = subject.head
    head["forwarding_sequence"] += 1
    sequence = head["forwarding_sequence"]
    header = BasicMessageHeader(uuid=named_uuid(head["uuid"], f"forwarding/{sequence}"))
    operation, message = _message(subject, event, header, prospects, policy)
    return {
        "lane": head["id"],
        "sequence": sequence,
        "event": event.value,
        "operation": operation,
        "lead_id": head["id"],
        "payload": codec.encode_bytes(message),
        "state": "waiting",
        # Of a suspended lead the core CRM hears only that it is closed.
        "due_at": outbox.HELD if head.get("suspended_at") and event is ForwardingEvent.CREATE else subject.now,
        "attempts": 0,
        "created_at": subject.now,
    }


def _message(
    subject: Subject,
    event: ForwardingEvent,
    header: BasicMessageHeader,
    prospects: Mapping[str, Row],
    policy: Policy,
) -> tuple[str, object]:
    head = subject.head
    if event is ForwardingEvent.CREATE:
        return "ComboCreateLeadOpportunity", _combo_create(
            subject, header, prospects[head["prospect_internal_id"]], policy
        )
    record_id = head["core_opportunity_id"] or head["core_lead_id"]
    if event is ForwardingEvent.WON:
        return "ComboUpdateLeadOpportunity", ComboUpdateLeadOpportunityRequestSync(
            basic_message_header=header, record_id=record_id, status_name=StatusName.CLOSE_WON.value
        )
    if head["core_opportunity_id"]:
        return "UpdateOpportunityStatus", OpportunityStatusUpdateRequestSync(
            basic_message_header=header,
            record_id=record_id,
            status_name=StatusName.CLOSE_LOST.value,
            reason_code=head["reason_code"],
        )
    return "UpdateLeadStatus", LeadStatusUpdateRequestSync(
        basic_message_header=header,
        record_id=record_id,
        status_name=StatusName.CLOSE_LOST.value,
        reason_code=head["reason_code"],
    )


def _combo_create(
    subject: Subject, header: BasicMessageHeader, prospect: Row, policy: Policy
) -> ComboCreateLeadOpportunityRequestSync:
    """A customer of ours is ETB, anybody else NTB; an organisation is sold to as B2B, a person as B2C."""
    head = subject.head
    existing = RoleCode.CUSTOMER.value in prospect["role_codes"].split()
    reach = prospect["communications"]
    return ComboCreateLeadOpportunityRequestSync(
        basic_message_header=header,
        customer_type_code=CustomerTypeCode((CustomerType.ETB if existing else CustomerType.NTB).value),
        customer_id=prospect["internal_id"],
        owner_id=head["sales_responsible_party_id"] or policy.default_owner_id,
        selling_mode_code=(
            SellingModeCode.B2_B if prospect["category_code"] == Category.ORGANISATION else SellingModeCode.B2_C
        ),
        product_id=subject.items[0]["product_id"] if subject.items else None,
        customer_name=formatted_name(
            given_name=prospect["given_name"],
            family_name=prospect["family_name"],
            first_line_name=prospect["first_line_name"],
            second_line_name=prospect["second_line_name"],
        )
        or prospect["internal_id"],  # a name of nothing but spaces
        email_uri=next((one["value"] for one in reach if one["kind"] == "email"), None),
        phone_number=next((one["value"] for one in reach if one["kind"] in ("phone", "mobile")), None),
        source_lead_uuid=head["uuid"],
        expected_revenue_amount=(
            Amount(value=head["expected_revenue_amount"], currency_code=head["expected_revenue_currency_code"])
            if head["expected_revenue_amount"] is not None
            else None
        ),
        note=[
            Note(value=one["text"], language_code=one["language_code"], type_code=one["type_code"])
            for one in subject.notes[:_MOST_NOTES]
        ],
    )
