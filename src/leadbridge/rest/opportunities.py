"""`/crm/opportunities`: the core CRM's records on their way through stages and steps, as JSON.

A move is a call of CrmService's AdvanceOpportunityStage and goes the same way as one. Leads are here, too, by the same
addresses: they become opportunities. Errors and credentials are as at the bank CRM API.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from inspect import cleandoc
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from leadbridge.authentication.access import Access
from leadbridge.contract.escaping import FORBIDDEN
from leadbridge.crm.casetypes import CaseTypes
from leadbridge.crm.combo import RecordType
from leadbridge.messages import BasicMessageHeader, OpportunityStageAdvanceRequestSync, StageMoveCode
from leadbridge.operations import opportunities
from leadbridge.operations.call import zoned
from leadbridge.operations.dispatcher import Dispatcher
from leadbridge.operations.logitems import LogItemType
from leadbridge.operations.opportunities import Expected, Found
from leadbridge.quotas import Quotas
from leadbridge.rest.crm_door import CrmDoor, Heard, refuse_errors
from leadbridge.rest.jsonbody import BodyLimits, parse_body, parse_query, refusal
from leadbridge.rest.openapi import described, described_reading, path_parameter
from leadbridge.rest.opportunity_bodies import (
    Filter,
    ForecastAnswer,
    ForecastFilter,
    MoveMade,
    MoveWanted,
    Opportunity,
    OpportunityPage,
    StageHistory,
)
from leadbridge.rest.problemdetails import KINDS, BodyError, FieldError
from leadbridge.rest.problems import Problem
from leadbridge.room import Room
from leadbridge.store.inserts import Row

PATH = "/crm/opportunities"
_LONGEST_ID = 20
_ID = path_parameter("id", "The opportunity, or the lead.", "0000000018", longest=_LONGEST_ID)


def opportunity_router(
    dispatcher: Dispatcher,
    access: Access,
    case_types: CaseTypes,
    limits: BodyLimits = BodyLimits(),  # noqa: B008 - immutable
    *,
    quotas: Quotas | None = None,
    room: Room | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> APIRouter:
    """The router of these addresses. Without `quotas` nobody has any; `room` is for all bodies under way."""
    door = CrmDoor(dispatcher, access, limits, quotas or Quotas(), room or Room(256_000_000), clock)
    at = _Endpoints(door, case_types)
    router = APIRouter(tags=["opportunities"])

    def add(path: str, endpoint: Callable[[Request], Awaitable[Response]], name: str, **said: Any) -> None:
        summary, model, method = _SUMMARIES[name]
        router.add_api_route(
            PATH + path,
            endpoint,
            methods=[method],
            operation_id=name,
            summary=summary,
            description=cleandoc(model.__doc__ or ""),
            response_class=JSONResponse,
            **said,
        )

    unknown_record = (LogItemType.CRM_RECORD_UNKNOWN.value,)
    filter_codes = (LogItemType.CRM_STAGE_UNKNOWN.value, BodyError.NOT_IN_LIST, BodyError.UNKNOWN_STATUS_NAME)
    add("", at.listed, "ListOpportunities", **described_reading(OpportunityPage, filter_codes, query=Filter))
    add("/forecast", at.forecast, "ForecastOpportunities", **described_reading(ForecastAnswer, query=ForecastFilter))
    add("/{id}", at.read, "ReadOpportunity", **described_reading(Opportunity, unknown_record, path=[_ID]))
    add("/{id}/history", at.history, "ReadStageHistory", **described_reading(StageHistory, unknown_record, path=[_ID]))
    add("/{id}/moves", at.moves, "AdvanceOpportunityStage", **described(MoveWanted, MoveMade, _MOVE_CODES, path=[_ID]))
    return router


@dataclass(frozen=True, slots=True)
class _Endpoints:
    """What is done at each address."""

    door: CrmDoor
    case_types: CaseTypes

    async def listed(self, request: Request) -> Response:
        """A page of records."""
        await self.door.admit(request)
        wanted = parse_query(request, Filter)
        record_type = RecordType(wanted.record_type)
        equals = {
            "record_type_code": record_type.value,
            "owner_id": wanted.owner_id,
            "customer_id": wanted.customer_id,
            "status_name": wanted.status,
            "selling_mode_code": wanted.selling_mode,
        }
        places = None
        if wanted.stage is not None:
            places = opportunities.places_of(self.case_types, record_type, wanted.stage)
            if not places:
                raise _unknown_stage(self.case_types, record_type)
        found, more = await self.door.asked(
            lambda tx: opportunities.find(
                tx,
                self.case_types,
                equals={name: value for name, value in equals.items() if value is not None},
                places=places,
                limit=int(wanted.limit),
                after=wanted.cursor,
            )
        )
        next_cursor = found[-1].row["record_id"] if more else None
        return _answer({"opportunities": [_listed(one) for one in found], "nextCursor": next_cursor})

    async def forecast(self, request: Request) -> Response:
        """What is to be expected of the open opportunities."""
        await self.door.admit(request)
        owner_id = parse_query(request, ForecastFilter).owner_id
        found = await self.door.asked(lambda tx: opportunities.forecast(tx, self.case_types, owner_id=owner_id))
        rows = [
            {"month": month, "stage": stage, "ownerId": owner, **_sum(currency, one)}
            for (month, stage, owner, currency), one in found.sums.items()
        ]
        totals = [_sum(currency, one) for currency, one in found.totals.items()]
        return _answer({"forecast": rows, "totals": totals, "withoutAmount": found.without_amount})

    async def read(self, request: Request) -> Response:
        """A record with its steps."""
        await self.door.admit(request)
        record_id = _record_id(request)
        found = await self.door.asked(lambda tx: opportunities.read(tx, self.case_types, record_id))
        if found is None:
            raise _unknown_record()
        standing = found.standing
        steps = [
            {
                "name": step.name,
                "required": step.required,
                "skippable": step.skippable,
                "state": standing.state(standing.stage, step),
            }
            for step in standing.stage.steps
        ]
        return _answer({**_listed(found), "steps": steps, "stages": [one.name for one in standing.case_type.stages]})

    async def history(self, request: Request) -> Response:
        """What happened to a record."""
        await self.door.admit(request)
        record_id = _record_id(request)
        found = await self.door.asked(lambda tx: opportunities.history(tx, record_id))
        if found is None:
            raise _unknown_record()
        return _answer(
            {
                "moves": [_move(row) for row in found.moves],
                "statuses": [_status(row) for row in found.statuses],
            }
        )

    async def moves(self, request: Request) -> Response:
        """One move."""
        message, _ = await self.door.done(
            request, "AdvanceOpportunityStage", lambda data, uuid: _move_heard(request, data, uuid)
        )
        return _moved(message)


_SUMMARIES: dict[str, tuple[str, type[BaseModel], str]] = {
    "ListOpportunities": ("List opportunities, or leads", OpportunityPage, "GET"),
    "ForecastOpportunities": ("What is to be expected of the open opportunities", ForecastAnswer, "GET"),
    "ReadOpportunity": ("Read an opportunity, or a lead", Opportunity, "GET"),
    "ReadStageHistory": ("Read who moved a record, when, from where to where, and why", StageHistory, "GET"),
    "AdvanceOpportunityStage": ("Move an opportunity, or a lead, through its stages and steps", MoveWanted, "POST"),
}
_MOVE_CODES = (
    *(LogItemType.CRM_RECORD_UNKNOWN.value, LogItemType.CRM_RECORD_FINAL.value),
    *(LogItemType.CRM_STAGE_HELD.value, LogItemType.CRM_STAGE_UNKNOWN.value),
    *(LogItemType.CRM_STEP_UNKNOWN.value, LogItemType.CRM_STEP_SETTLED.value),
    *(LogItemType.CRM_STEP_NOT_SKIPPABLE.value, LogItemType.CRM_REASON_MISSING.value),
    *(LogItemType.CRM_REASON_CODE_UNKNOWN.value, LogItemType.CRM_MOVE_NOT_ALLOWED.value),
    *(LogItemType.CRM_OTHER_RECORD_OPEN.value, BodyError.NOT_IN_LIST),
)


# ---------------------------------------------------------------------------------------------------- from JSON


def _record_id(request: Request) -> str:
    """The ID in the path. Raises Problem for one that no record can have."""
    record_id: str = request.path_params["id"]
    if len(record_id) > _LONGEST_ID or FORBIDDEN.search(record_id):
        raise _unknown_record()
    return record_id


def _unknown_record() -> Problem:
    kind = KINDS[LogItemType.CRM_RECORD_UNKNOWN.value]
    return Problem(kind.status, LogItemType.CRM_RECORD_UNKNOWN, kind.detail)


def _unknown_stage(case_types: CaseTypes, record_type: RecordType) -> Problem:
    known = dict.fromkeys(
        stage.name for one in case_types.case_types if one.record_type is record_type for stage in one.stages
    )
    detail = f"Records of the type {record_type} have no such stage; they have {', '.join(known)}."
    error = FieldError(code=LogItemType.CRM_STAGE_UNKNOWN, parameter="stage", detail=detail)
    return refusal(KINDS[error.code].status, [error])


def _move_heard(request: Request, data: bytes, uuid: str | None) -> Heard:
    body = parse_body(data, MoveWanted)
    message = OpportunityStageAdvanceRequestSync(
        basic_message_header=BasicMessageHeader(uuid=uuid),
        record_id=_record_id(request),
        stage_move_code=StageMoveCode(body.move),
        stage_name=body.stage,
        step_name=body.step,
        reason_code=body.reason_code,
        reason_description=body.reason,
        expected_closing_date=body.expected_closing_date,
    )
    return Heard(message, amount=body.expected_revenue())


# ------------------------------------------------------------------------------------------------------ to JSON

_FIELDS = {
    "StageMoveCode": "move",
    "StageName": "stage",
    "StepName": "step",
    "ReasonCode": "reasonCode",
    "ReasonDescription": "reason",
}


def _answer(shown: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    return JSONResponse(_filled(shown), headers=headers)


def _filled(shown: dict[str, Any]) -> dict[str, Any]:
    """Without members that have nothing to say."""
    return {name: value for name, value in shown.items() if value is not None}


def _moved(message: Any) -> Response:
    refuse_errors(message, _FIELDS, of_others=None)
    shown = {
        "recordType": message.record_type_code.value,
        "id": message.record_id,
        "status": message.status_name,
        "stage": message.stage_name,
        "probability": message.probability_percent,
        "expectedClosingDate": message.expected_closing_date,
        "steps": [
            {"name": one.step_name, "required": one.required_indicator, "state": one.step_state_code.value}
            for one in message.step
        ],
        "convertedLeadId": message.converted_record_id,
    }
    return _answer(shown, {"Idempotent-Replayed": "true"} if message.replayed_indicator else {})


def _listed(found: Found) -> dict[str, Any]:
    row, standing = found.row, found.standing
    amount, expected = row["expected_revenue_amount"], row["expected_closing_date"]
    currency = row["expected_revenue_currency_code"]
    return _filled(
        {
            "recordType": row["record_type_code"],
            "id": row["record_id"],
            "status": row["status_name"],
            "stage": standing.stage.name,
            "probability": standing.probability,
            "expectedClosingDate": expected.isoformat() if expected else None,
            "caseType": standing.case_type.name,
            "customerType": row["customer_type_code"],
            "customerId": row["customer_id"],
            "customerName": row["customer_name"],
            "ownerId": row["owner_id"],
            "sellingMode": row["selling_mode_code"],
            "productId": row["product_id"],
            "amount": None if amount is None else {"value": _decimal(amount), "currency": currency},
            "reasonCode": row["reason_code"],
            "convertedLeadId": row["converted_from_record_id"],
            "opportunityId": row["converted_to_record_id"],
            "sourceLeadUuid": row["source_lead_uuid"],
            "createdAt": zoned(row["created_at"]),
            "changedAt": zoned(row["changed_at"]),
        }
    )


def _move(row: Row) -> dict[str, Any]:
    return _filled(
        {
            "move": row["move_code"],
            "fromStage": row["from_stage_name"],
            "toStage": row["to_stage_name"],
            "step": row["step_name"],
            "reasonCode": row["reason_code"],
            "reason": row["reason_description"],
            "callerId": row["caller_id"],
            "at": zoned(row["recorded_at"]),
        }
    )


def _status(row: Row) -> dict[str, Any]:
    return _filled(
        {
            "fromStatus": row["old_status"],
            "toStatus": row["new_status"],
            "reasonCode": row["reason_code"],
            "callerId": row["caller_id"],
            "at": zoned(row["recorded_at"]),
        }
    )


def _sum(currency: str, one: Expected) -> dict[str, Any]:
    return {
        "currency": currency,
        "opportunities": one.opportunities,
        "amount": _decimal(one.amount),
        "weighted": _decimal(one.weighted),
    }


def _decimal(value: Decimal) -> str:
    return format(value, "f")
