"""The bank CRM API: the four calls of a channel to the core CRM as JSON, which are those of CrmService.

A body becomes the message that CrmService would have got, and goes the same way from there: contract, use case, write
lane, remembered answer. Source: the bank's four use cases (seeds/002), whose addresses, spelt with and without `/int`,
are its own; field names as the contract's last section has them.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from inspect import cleandoc
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from leadbridge.authentication.access import Access
from leadbridge.crm.combo import RecordType
from leadbridge.messages import (
    BasicMessageHeader,
    ComboCreateLeadOpportunityRequestSync,
    ComboUpdateLeadOpportunityRequestSync,
    CustomerTypeCode,
    LeadStatusUpdateRequestSync,
    OpportunityStatusUpdateRequestSync,
    RecordTypeCode,
    SellingModeCode,
)
from leadbridge.operations.dispatcher import Dispatcher
from leadbridge.quotas import Quotas
from leadbridge.rest.crm_bodies import (
    ComboCreate,
    ComboCreated,
    ComboUpdate,
    ComboUpdated,
    LeadStatus,
    LeadUpdated,
    OpportunityStatus,
    OpportunityUpdated,
)
from leadbridge.rest.crm_door import CrmDoor, Heard, Read, refuse_errors
from leadbridge.rest.jsonbody import BodyLimits, parse_body
from leadbridge.rest.openapi import described
from leadbridge.room import Room

INTERNAL = "/integration-service/int/api/crm/v1"
EXTERNAL = "/integration-service/api/crm/v1"


def crm_router(
    dispatcher: Dispatcher,
    access: Access,
    limits: BodyLimits = BodyLimits(),  # noqa: B008 - immutable
    *,
    quotas: Quotas | None = None,
    room: Room | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> APIRouter:
    """The router of these addresses. Without `quotas` nobody has any; `room` is for all bodies under way."""
    door = CrmDoor(dispatcher, access, limits, quotas or Quotas(), room or Room(256_000_000), clock)
    router = APIRouter(tags=["bank CRM API"])

    async def done(request: Request, operation: str, read: Read) -> Response:
        message, heard = await door.done(request, operation, read)
        return _shown(message, body_field="leadId" if heard.record_type is RecordType.LEAD else "opportunityId")

    _add(router, INTERNAL, "combo-create-lead-opportunity", done, "ComboCreateLeadOpportunity")
    _add(router, INTERNAL, "combo-update-lead-opportunity", done, "ComboUpdateLeadOpportunity")
    _add(router, EXTERNAL, "update-opportunity-status", done, "UpdateOpportunityStatus")
    _add(router, EXTERNAL, "update-lead-status", done, "UpdateLeadStatus")
    return router


Done = Callable[[Request, str, Read], Awaitable[Response]]


def _add(router: APIRouter, prefix: str, name: str, done: Done, operation: str) -> None:
    """One address. What it takes, answers and refuses is described from its models and the table of errors."""
    take, body, answer, codes = _CALLS[operation]

    async def endpoint(request: Request) -> Response:
        return await done(request, operation, take)

    router.add_api_route(
        f"{prefix}/{name}",
        endpoint,
        methods=["POST"],
        operation_id=operation,
        summary=_SUMMARIES[operation],
        description=cleandoc(body.__doc__ or ""),
        response_class=JSONResponse,
        **described(body, answer, codes),
    )


# ---------------------------------------------------------------------------------------------------- from JSON


def _header(uuid: str | None) -> BasicMessageHeader:
    return BasicMessageHeader(uuid=uuid)


def _combo_create(data: bytes, uuid: str | None) -> Heard:
    body = parse_body(data, ComboCreate)
    message = ComboCreateLeadOpportunityRequestSync(
        basic_message_header=_header(uuid),
        customer_type_code=CustomerTypeCode(body.customer_type),
        customer_id=body.customer_id,
        owner_id=body.owner_id,
        selling_mode_code=SellingModeCode(body.selling_mode),
        product_id=body.product_id,
        customer_name=body.customer_name,
        email_uri=body.email,
        phone_number=body.phone,
        source_lead_uuid=body.source_lead_uuid,
    )
    return Heard(message)


def _update(body_type: type[BaseModel], message_type: type[Any]) -> Read:
    """How a body is read that sets a record's status and names it, as a lead or as an opportunity."""

    def read(data: bytes, uuid: str | None) -> Heard:
        said = parse_body(data, body_type).model_dump()
        lead_id = said.get("lead_id")  # the body has exactly one of them
        message = message_type(
            basic_message_header=_header(uuid),
            record_id=said["opportunity_id"] if lead_id is None else lead_id,
            status_name=said["status"],
            reason_code=said["reason_code"],
        )
        return Heard(message, RecordType.OPPORTUNITY if lead_id is None else RecordType.LEAD)

    return read


_UPDATE_CODES = (
    "CRM.RECORD_UNKNOWN",
    "CRM.RECORD_FINAL",
    "CRM.WRONG_RECORD_TYPE",
    "CRM.STATUS_NAME_NOT_ALLOWED",
    "CRM.REASON_CODE_UNKNOWN",
    "UnknownStatusName",
)
_CALLS: dict[str, tuple[Read, type[Any], type[Any], tuple[str, ...]]] = {
    "ComboCreateLeadOpportunity": (_combo_create, ComboCreate, ComboCreated, ("CRM.OWNER_UNKNOWN", "NotInList")),
    "ComboUpdateLeadOpportunity": (
        _update(ComboUpdate, ComboUpdateLeadOpportunityRequestSync),
        *(ComboUpdate, ComboUpdated, (*_UPDATE_CODES, "ExcessField")),
    ),
    "UpdateOpportunityStatus": (
        _update(OpportunityStatus, OpportunityStatusUpdateRequestSync),
        *(OpportunityStatus, OpportunityUpdated, _UPDATE_CODES),
    ),
    "UpdateLeadStatus": (
        _update(LeadStatus, LeadStatusUpdateRequestSync),
        *(LeadStatus, LeadUpdated, _UPDATE_CODES),
    ),
}
_SUMMARIES = {
    "ComboCreateLeadOpportunity": "Create a lead or an opportunity, or get the open one",
    "ComboUpdateLeadOpportunity": "Set a lead or an opportunity to Close Won",
    "UpdateOpportunityStatus": "Set an opportunity to Close Lost",
    "UpdateLeadStatus": "Set a lead to Close Lost",
}

# ------------------------------------------------------------------------------------------------------ to JSON

_FIELDS = {"OwnerID": "ownerId", "StatusName": "status", "ReasonCode": "reasonCode"}


def _shown(message: Any, *, body_field: str) -> Response:
    """The answer as JSON. Raises Problem where its Log has errors; `body_field` is how the body named its record."""
    refuse_errors(message, _FIELDS, of_others=body_field)
    is_lead = message.record_type_code is RecordTypeCode.LEAD
    shown: dict[str, object] = {
        "recordType": message.record_type_code.value,
        "leadId" if is_lead else "opportunityId": message.record_id,
        "status": message.status_name,
    }
    if getattr(message, "created_indicator", None) is not None:
        shown |= {"created": message.created_indicator, "closedIds": message.closed_record_id}
    if getattr(message, "converted_record_id", None) is not None:
        shown["convertedLeadId"] = message.converted_record_id
    headers = {"Idempotent-Replayed": "true"} if message.replayed_indicator else {}
    return JSONResponse(shown, headers=headers)
