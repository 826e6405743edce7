"""ReadLead and FindLead. What a caller may not see is answered as if it did not exist."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from leadbridge import matching
from leadbridge.businesspartner import formatted_name
from leadbridge.caller import CORE_CRM
from leadbridge.lead import change_state_id
from leadbridge.messages import (
    Amount,
    AttachmentFolder,
    ContactParty,
    Document,
    ForwardingStatusCode,
    LeadByElementsResponseSync,
    LeadByIdresponseSync,
    LeadDetails,
    LeadHit,
    LeadIdentification,
    LeadItem,
    LeadLifeCycleStatusCode,
    Note,
    PartnerDecisionCode,
    PriorityCode,
    ProspectPartyDetails,
    QualificationLevelCode,
    Quantity,
    QuestionnaireAnswer,
    RequestedElements,
    SalesPartnerParty,
    SalesResponsibleParty,
    StatusHistory,
    StatusHistoryItem,
    TransmissionRequestCode,
)
from leadbridge.operations import lead_scoring
from leadbridge.operations.businesspartner import administrative_data, extension_of, external_key
from leadbridge.operations.call import Answer, Call, Policy, answer_header, zoned
from leadbridge.operations.identifying import by_key, external_keys, key_of, uuids
from leadbridge.operations.logitems import LogBuilder, LogItemType
from leadbridge.operations.selecting import Hits, intervals, response_conditions
from leadbridge.selection import Boundary, Interval
from leadbridge.store import businesspartners, leads, outbox
from leadbridge.store.database import Transaction
from leadbridge.store.inserts import Row
from leadbridge.store.leads import LeadParts

_ALL, _NONE = TransmissionRequestCode.VALUE_1, TransmissionRequestCode.VALUE_2
_FIND = "/lbl:LeadByElementsQuery_sync/lbl:LeadSelectionByElements"


def read_leads(tx: Transaction, calls: Sequence[Call], policy: Policy) -> list[Answer | Exception]:
    """Read leads in full, in the order of the selection, with the parts that RequestedElements asks for."""
    return [_read(tx, call, policy) for call in calls]


def _read(tx: Transaction, call: Call, policy: Policy) -> Answer:
    message = call.message
    log = LogBuilder()
    heads = _selected(tx, call, message.lead_selection_by_id, log)
    wanted = message.requested_elements or RequestedElements()
    ids = [head["id"] for head in heads]
    documents = wanted.attachment_transmission_request_code is _ALL
    if documents and leads.document_bytes(tx, ids) > policy.largest_answer_document_bytes:
        documents = False
        log.warning(
            LogItemType.LEAD_ATTACHMENTS_LEFT_OUT,
            "The attachments of these leads are too large for one answer and left out. Ask for fewer leads at a time.",
            "/lbl:LeadByIDQuery_sync/lbl:RequestedElements",
        )
    parts = leads.parts(
        tx,
        ids,
        items=wanted.item_transmission_request_code is not _NONE,
        notes=wanted.note_transmission_request_code is not _NONE,
        history=wanted.history_transmission_request_code is _ALL,
        documents=documents,
        contacts=True,
        answers=True,
    )
    prospect_ids = {head["prospect_internal_id"] for head in heads}
    prospects = {  # by the number read with the lead: it may have been merged since
        row["named_internal_id"]: row for row in businesspartners.resolve(tx, CORE_CRM, internal_ids=prospect_ids)
    }
    masters = {row["internal_id"] for row in prospects.values()}
    readable = {row["internal_id"] for row in businesspartners.load(tx, call.caller, masters)}
    forwarding = outbox.forwarding_states(tx, ids)
    details = [
        _details(
            head,
            parts[head["id"]],
            _prospect(prospects[head["prospect_internal_id"]], readable),
            forwarding.get(head["id"]),
            wanted,
        )
        for head in heads
    ]
    return Answer(
        LeadByIdresponseSync(
            basic_message_header=answer_header(message.basic_message_header, call.received_at),
            lead=details,
            log=log.log(partly=bool(details)),
        )
    )


def _selected(tx: Transaction, call: Call, selection: Sequence[LeadIdentification], log: LogBuilder) -> list[Row]:
    """The leads named, each once, in order; what is not found is named in the Log."""
    rows = leads.resolve(
        tx,
        call.caller,
        ids={one.id for one in selection if one.id is not None},
        uuids=uuids(selection),
        external_keys=external_keys(selection),
    )
    found = by_key(rows, "id")
    heads: dict[str, Row] = {}
    for position, one in enumerate(selection, 1):
        meant = found.get(key_of(one.id, one), ())
        heads.update((row["id"], row) for row in meant)
        if not meant:
            log.error(
                LogItemType.LEAD_UNKNOWN,
                "There is no such lead.",
                f"/lbl:LeadByIDQuery_sync/lbl:LeadSelectionByID[{position}]",
            )
    return list(heads.values())


def _prospect(row: Row, readable_ids: Collection[str]) -> ProspectPartyDetails:
    """Whoever may not read the business partner learns its number, which a linked create has answered anyway."""
    readable = row["internal_id"] in readable_ids
    return ProspectPartyDetails(
        business_partner_internal_id=row["internal_id"],
        business_partner_uuid=row["uuid"],
        external_key=external_key(row) if readable else None,
        formatted_name=(
            formatted_name(
                given_name=row["given_name"],
                family_name=row["family_name"],
                first_line_name=row["first_line_name"],
                second_line_name=row["second_line_name"],
            )
            or None
            if readable
            else None
        ),
    )


def _head_fields(head: Row) -> dict[str, Any]:
    """What LeadDetails and LeadHit share."""
    level, priority = head["qualification_level_code"], head["priority_code"]
    responsible, partner = head["sales_responsible_party_id"], head["sales_partner_party_id"]
    return {
        "id": head["id"],
        "uuid": head["uuid"],
        "change_state_id": change_state_id(head["uuid"], head["change_number"]),
        "external_key": external_key(head),
        "name": head["name"],
        "life_cycle_status_code": LeadLifeCycleStatusCode(head["life_cycle_status_code"]),
        "qualification_level_code": QualificationLevelCode(level) if level else None,
        "qualification_score_value": head["qualification_score"],
        "origin_type_code": head["origin_type_code"],
        "group_code": head["group_code"],
        "priority_code": PriorityCode(priority) if priority else None,
        "campaign_id": head["campaign_id"],
        "start_date": head["start_date"].isoformat() if head["start_date"] else None,
        "end_date": head["end_date"].isoformat() if head["end_date"] else None,
        "sales_responsible_party": SalesResponsibleParty(party_id=responsible) if responsible else None,
        "sales_partner_party": SalesPartnerParty(party_id=partner) if partner else None,
        "expected_revenue_amount": revenue(head),
        "system_administrative_data": administrative_data(head),
    }


def revenue(row: Row) -> Amount | None:
    """The expected revenue of a lead or a core CRM record."""
    if row["expected_revenue_amount"] is None:
        return None
    return Amount(value=row["expected_revenue_amount"], currency_code=row["expected_revenue_currency_code"])


def _details(
    head: Row,
    parts: LeadParts,
    prospect: ProspectPartyDetails,
    forwarding: str | None,
    wanted: RequestedElements,
) -> LeadDetails:
    decision, computed = head["partner_decision_code"], head["computed_qualification_level_code"]
    return LeadDetails(
        **_head_fields(head),
        object_node_sender_technical_id=head["sender_technical_id"],
        qualification_level_manual_indicator=lead_scoring.is_manual(head) if head["qualification_level_code"] else None,
        computed_qualification_level_code=QualificationLevelCode(computed) if computed else None,
        questionnaire_id=head["questionnaire_id"],
        reason_code=head["reason_code"],
        prospect_party=prospect,
        contact_party=[
            ContactParty(business_partner_internal_id=row["internal_id"], main_indicator=row["main_indicator"])
            for row in parts.contacts
        ],
        partner_decision_code=PartnerDecisionCode(decision) if decision else None,
        partner_decision_due_date_time=(
            zoned(head["partner_decision_due_at"]) if head["partner_decision_due_at"] else None
        ),
        item=[_item(row) for row in parts.items],
        questionnaire_answer=[
            QuestionnaireAnswer(question_id=row["question_id"], answer_code=row["answer_code"]) for row in parts.answers
        ],
        note=[
            Note(value=row["text"], language_code=row["language_code"], type_code=row["type_code"])
            for row in parts.notes
        ],
        attachment_folder=(
            AttachmentFolder(
                document=[
                    Document(name=row["name"], mimecode=row["mime_code"], file_content_binary_object=row["content"])
                    for row in parts.documents
                ]
            )
            if parts.documents
            else None
        ),
        core_lead_id=head["core_lead_id"],
        core_opportunity_id=head["core_opportunity_id"],
        forwarding_status_code=ForwardingStatusCode(forwarding) if forwarding else None,
        status_history=_history(parts.history) if wanted.history_transmission_request_code is _ALL else None,
        extension=extension_of(head["extension"]) if wanted.extension_transmission_request_code is _ALL else None,
    )


def _item(row: Row) -> LeadItem:
    return LeadItem(
        object_node_sender_technical_id=row["sender_technical_id"],
        id=row["item_id"],
        product_id=row["product_id"],
        description=row["description"],
        quantity=(Quantity(value=row["quantity"], unit_code=row["unit_code"]) if row["quantity"] is not None else None),
    )


def _history(rows: Sequence[Row]) -> StatusHistory:
    return StatusHistory(
        item=[
            StatusHistoryItem(
                old_life_cycle_status_code=LeadLifeCycleStatusCode(row["old_status"]) if row["old_status"] else None,
                life_cycle_status_code=LeadLifeCycleStatusCode(row["new_status"]),
                reason_code=row["reason_code"],
                change_date_time=zoned(row["recorded_at"]),
                change_party_id=row["caller_id"],
            )
            for row in rows[-1000:]  # StatusHistory.Item, maxOccurs
        ]
    )


def find_leads(tx: Transaction, calls: Sequence[Call], policy: Policy) -> list[Answer | Exception]:
    """Find leads by their fields, ordered by ID, page by page."""
    return [_find(tx, call, policy) for call in calls]


# The elements whose values the store compares as they are.
_PLAIN: Mapping[str, str] = {
    "id": "ID",
    "name": "Name",
    "life_cycle_status_code": "LifeCycleStatusCode",
    "qualification_level_code": "QualificationLevelCode",
    "origin_type_code": "OriginTypeCode",
    "priority_code": "PriorityCode",
    "campaign_id": "CampaignID",
    "prospect_party_id": "ProspectPartyID",
    "sales_responsible_party_id": "SalesResponsiblePartyID",
    "sales_partner_party_id": "SalesPartnerPartyID",
    "start_date": "StartDate",
    "last_change_date_time": "LastChangeDateTime",
}


def _of_masters(tx: Transaction, prospects: Sequence[Interval]) -> list[Interval]:
    """The same selection, in which each business partner that was merged is called by its master's number."""
    merged = businesspartners.masters(tx, {str(one.lower) for one in prospects if one.boundary is Boundary.EQUAL})
    return [
        replace(one, lower=merged.get(str(one.lower), one.lower)) if one.boundary is Boundary.EQUAL else one
        for one in prospects
    ]


def _find(tx: Transaction, call: Call, policy: Policy) -> Answer:
    message = call.message
    wanted = message.lead_selection_by_elements
    log = LogBuilder()
    region = policy.default_phone_region
    selections = {
        name: intervals(getattr(wanted, f"selection_by_{name}"), log, f"{_FIND}/lbl:SelectionBy{element}")
        for name, element in _PLAIN.items()
    }
    selections["prospect_party_id"] = _of_masters(tx, selections["prospect_party_id"])
    selections["email_uri"] = intervals(
        wanted.selection_by_email_uri, log, f"{_FIND}/lbl:SelectionByEmailURI", fold=matching.email_pattern
    )
    selections["phone_number"] = intervals(
        wanted.selection_by_phone_number,
        log,
        f"{_FIND}/lbl:SelectionByPhoneNumber",
        fold=lambda text: matching.phone_pattern(text, region),
    )
    hits = Hits.wanted(message.processing_conditions, log)
    rows: list[Row] = []
    more = False
    if not log.failed:
        asked = {name: block for name, block in selections.items() if block}
        rows, more = leads.find(tx, call.caller, asked, limit=hits.limit, after=hits.after)
    return Answer(
        LeadByElementsResponseSync(
            basic_message_header=answer_header(message.basic_message_header, call.received_at),
            lead=[LeadHit(**_head_fields(row), prospect_party_internal_id=row["prospect_internal_id"]) for row in rows],
            processing_conditions=response_conditions([row["id"] for row in rows], more),
            log=log.log(),
        )
    )
