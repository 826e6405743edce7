"""Requests to the core CRM's service, written by hand like those in `messages_by_hand`."""

from collections.abc import Mapping, Sequence

from tests.support.messages_by_hand import Parts, conditions, element, header, message, optional, selections


def combo_create(
    *,
    customer: str = "C-1",
    owner: str = "RM-1",
    customer_type: str = "NTB",
    selling_mode: str = "B2C",
    product: str | None = None,
    customer_name: str = "Anna Beispiel",
    email: str | None = None,
    phone: str | None = None,
    source_lead: str | None = None,
    revenue: str | None = None,
    notes: Sequence[str] = (),
    uuid: str | None = None,
) -> bytes:
    """ComboCreateLeadOpportunityRequest_sync."""
    return message(
        "lbr:ComboCreateLeadOpportunityRequest_sync",
        header("lbr", uuid),
        element("lbr:CustomerTypeCode", customer_type),
        element("lbr:CustomerID", customer),
        element("lbr:OwnerID", owner),
        element("lbr:SellingModeCode", selling_mode),
        optional("lbr:ProductID", product),
        element("lbr:CustomerName", customer_name),
        optional("lbr:EmailURI", email),
        optional("lbr:PhoneNumber", phone),
        optional("lbr:SourceLeadUUID", source_lead),
        optional("lbr:ExpectedRevenueAmount", revenue, currencyCode="EUR"),
        *(element("lbr:Note", text, languageCode="en") for text in notes),
    )


def combo_update(
    record_id: str, *, status: str | None = None, reason: str | None = None, uuid: str | None = None
) -> bytes:
    """ComboUpdateLeadOpportunityRequest_sync."""
    return _status_update("ComboUpdateLeadOpportunityRequest_sync", record_id, status, reason, uuid)


def update_opportunity(
    record_id: str, *, status: str | None = None, reason: str | None = None, uuid: str | None = None
) -> bytes:
    """OpportunityStatusUpdateRequest_sync."""
    return _status_update("OpportunityStatusUpdateRequest_sync", record_id, status, reason, uuid)


def update_lead(
    record_id: str, *, status: str | None = None, reason: str | None = None, uuid: str | None = None
) -> bytes:
    """LeadStatusUpdateRequest_sync."""
    return _status_update("LeadStatusUpdateRequest_sync", record_id, status, reason, uuid)


def _status_update(name: str, record_id: str, status: str | None, reason: str | None, uuid: str | None) -> bytes:
    return message(
        f"lbr:{name}",
        header("lbr", uuid),
        element("lbr:RecordID", record_id),
        optional("lbr:StatusName", status),
        optional("lbr:ReasonCode", reason),
    )


def read_crm_record(*record_ids: str, source_leads: Sequence[str] = ()) -> bytes:
    """CrmRecordByIDQuery_sync."""
    named = [
        *(element("lbr:RecordID", one) for one in record_ids),
        *(element("lbr:SourceLeadUUID", one) for one in source_leads),
    ]
    return message(
        "lbr:CrmRecordByIDQuery_sync",
        header("lbr", None),
        *(element("lbr:CrmRecordSelectionByID", one) for one in named),
    )


_CRM_SELECTIONS = (
    *("RecordID", "RecordTypeCode", "StatusName", "CustomerID", "OwnerID", "SourceLeadUUID", "LastChangeDateTime"),
)


def find_crm_record(asked: Mapping[str, Parts], *, most: int | None = None, after: str | None = None) -> bytes:
    """CrmRecordByElementsQuery_sync; selections as in `find_lead`."""
    return message(
        "lbr:CrmRecordByElementsQuery_sync",
        header("lbr", None),
        element("lbr:CrmRecordSelectionByElements", selections("lbr", _CRM_SELECTIONS, asked)),
        conditions("lbr", most, after),
    )


def advance(
    record_id: str,
    move: str = "ADVANCE",
    *,
    stage: str | None = None,
    step: str | None = None,
    reason: str | None = None,
    why: str | None = None,
    expected: str | None = None,
    uuid: str | None = None,
) -> bytes:
    """OpportunityStageAdvanceRequest_sync."""
    return message(
        "lbr:OpportunityStageAdvanceRequest_sync",
        header("lbr", uuid),
        element("lbr:RecordID", record_id),
        element("lbr:StageMoveCode", move),
        optional("lbr:StageName", stage),
        optional("lbr:StepName", step),
        optional("lbr:ReasonCode", reason),
        optional("lbr:ReasonDescription", why),
        optional("lbr:ExpectedClosingDate", expected),
    )
