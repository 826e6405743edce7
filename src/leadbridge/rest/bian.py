"""The door of BIAN's service domain Lead and Opportunity Management, and its events.

Addresses, bodies and answers are those of the official release 12 contract, with Control and Exchange of release 13:
success is 200, POST answers have `Location`, errors are `HTTPError` (`httperror`). Below `/bian`.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from leadbridge.authentication.access import Access
from leadbridge.bian.answers import BASE, Asked, BianAnswer, Refused, address
from leadbridge.bian.words import DEVELOPMENT, DOMAIN, PROCEDURE
from leadbridge.caller import OperationGroup
from leadbridge.contract.hashing import content_hash
from leadbridge.operations.call import Call
from leadbridge.operations.dispatcher import Dispatcher, outcome_of
from leadbridge.quotas import Quotas
from leadbridge.rest.bian_bodies import FORMS, BianBody, ContactsWanted, EventsWanted, TriggersWanted, bian_body
from leadbridge.rest.bian_openapi import EVENTS_MEDIA_TYPE, Contacts, Events, Triggers, described
from leadbridge.rest.json_door import JsonDoor
from leadbridge.rest.jsonbody import BodyLimits, parse_query
from leadbridge.rest.problemdetails import FieldError, pointer_to
from leadbridge.rest.problems import Problem
from leadbridge.room import Room

_LEAD = f"{BASE}/{DOMAIN}/{{leadandopportunitymanagementid}}"
_TASK = f"{_LEAD}/Development/{{developmentid}}"

OPERATIONS: tuple[tuple[str, str, str], ...] = (
    ("POST", f"{BASE}/{DOMAIN}/Initiate", "Initiate"),
    ("PUT", f"{_LEAD}/Update", "Update"),
    ("GET", f"{_LEAD}/Retrieve", "Retrieve"),
    ("PUT", f"{_LEAD}/Control", "Control"),
    ("PUT", f"{_LEAD}/Exchange", "Exchange"),
    ("POST", f"{_LEAD}/Development/Initiate", "InitiateDevelopment"),
    ("PUT", f"{_TASK}/Update", "UpdateDevelopment"),
    ("PUT", f"{_TASK}/Execute", "ExecuteDevelopment"),
    ("PUT", f"{_TASK}/Request", "RequestDevelopment"),
    ("GET", f"{_TASK}/Retrieve", "RetrieveDevelopment"),
)
EVENTS, CONTACTS, TRIGGERS = f"{BASE}/events", f"{BASE}/contacts", f"{BASE}/triggers"
_PAUSES = (0.005, 0.01, 0.02, 0.03, 0.035)  # seconds


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read, by which call, and the parameters as they are in force."""

    answer: BianAnswer
    call: Call
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Door(JsonDoor):
    """What stands before the use cases of a service domain.

    `hear` gives the message of a body, and what tells it from another under the same key; `ask` that of a query.
    `parameters` are the names that fields have in a query.
    """

    domain: str
    hear: Callable[[Request, str, bytes, str | None], tuple[Any, str]]
    ask: Callable[[Request, Mapping[str, str]], Any]
    parameters: Mapping[str, str] = field(default_factory=dict)

    group = OperationGroup.LEAD

    async def changed(self, request: Request, operation: str) -> BianAnswer:
        """A call with a body."""
        call, data, key = await self.with_body(request)
        call.message, canonical = self.hear(request, operation, data, key)
        path = request.path_params
        call.content_hash = content_hash((operation, *(path[name] for name in sorted(path)), canonical))
        return await self._answered(operation, call)

    async def read(self, request: Request, operation: str, query: type[BaseModel] | None = None) -> Reading:
        """A call without a body; `query` is what its parameters must be."""
        call = await self.without_body(request)
        more = parse_query(request, query).model_dump(exclude_none=True) if query is not None else {}
        call.message = self.ask(request, more)
        return Reading(await self._answered(operation, call), call, more)

    async def read_events(self, request: Request, operation: str, query: type[BaseModel]) -> Reading:
        """A page of events; where there are none until a writer ends, that is said a little later, with what came."""
        reading = await self.read(request, operation, query)
        # Writers seldom need longer than this; meanwhile nobody's turn to read is taken.
        for pause in _PAUSES:
            if reading.answer.message["events"] or not reading.answer.message["waits"]:
                break
            await asyncio.sleep(pause)
            reading = replace(reading, answer=await self._answered(operation, reading.call))
        return reading

    async def _answered(self, operation: str, call: Call) -> BianAnswer:
        try:
            answer = await outcome_of(self.dispatcher.submit(f"{self.domain}/{operation}", call))
        except Refused as refused:
            errors = [self._meant(call, refused, refused.field)] if refused.field else []
            raise Problem(refused.status, refused.code, refused.text, errors=errors) from None
        assert isinstance(answer, BianAnswer)  # what these use cases answer with
        return answer

    def _meant(self, call: Call, refused: Refused, name: str) -> FieldError:
        """What a refusal says of a field, or of the parameter that stands for it."""
        if not call.content_hash:  # a question, which has no body
            return FieldError(code=refused.code, parameter=self.parameters.get(name, name), detail=refused.text)
        return FieldError(code=refused.code, pointer=pointer_to(name), detail=refused.text)


def bian_router(
    dispatcher: Dispatcher,
    access: Access,
    limits: BodyLimits = BodyLimits(),  # noqa: B008 - immutable
    *,
    quotas: Quotas | None = None,
    room: Room | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> APIRouter:
    """The router of these addresses, whose use cases the dispatcher knows (`bian_use_cases`)."""
    router = APIRouter(tags=["BIAN"])
    door = Door(
        *(dispatcher, access, limits, quotas or Quotas(), room or Room(256_000_000), clock),
        domain=DOMAIN,
        hear=_heard,
        ask=lambda request, query: _asked(request, BianBody({PROCEDURE: {}, DEVELOPMENT: {}}, query), None),
    )
    for method, path, operation in OPERATIONS:
        add_official(router, door, method, path, operation)

    @router.get(
        EVENTS,
        **described("Read events", Events, EventsWanted, media_type=EVENTS_MEDIA_TYPE, pages=True),
    )
    async def events(request: Request) -> Response:
        """What became of leads and tasks, behind a cursor."""
        return page_of_events(EVENTS, await door.read_events(request, "Events", EventsWanted))

    @router.get(CONTACTS, **described("Read the desk's list of contacts", Contacts, ContactsWanted, pages=True))
    async def contacts(request: Request) -> Response:
        """The desk's list of contacts that wait for a person."""
        reading = await door.read(request, "Contacts", ContactsWanted)
        said = reading.answer.message
        headers = _next(CONTACTS, said["next"], reading) if said["next"] else None
        return JSONResponse({"Contacts": said["Contacts"]}, headers=headers)

    @router.get(
        TRIGGERS,
        **described(
            "Read what triggered a lead, and what it triggered",
            *(Triggers, TriggersWanted),
            unknown="LEAD.UNKNOWN: lead: There is no such lead.",
        ),
    )
    async def triggers(request: Request) -> Response:
        """What triggered a lead, and what it triggered."""
        return JSONResponse((await door.read(request, "Triggers", TriggersWanted)).answer.message)

    return router


def add_official(router: APIRouter, door: Door, method: str, path: str, operation: str) -> None:
    """Add an operation of BIAN's, which the official document describes."""
    answer = endpoint(door, method, operation)
    router.add_api_route(path, answer, methods=[method], operation_id=operation, include_in_schema=False)


def endpoint(door: Door, method: str, operation: str) -> Callable[[Request], Any]:
    """What answers at the address of an operation."""

    async def answered(request: Request) -> Response:
        if method == "GET":
            return JSONResponse((await door.read(request, operation)).answer.message)
        answer = await door.changed(request, operation)
        headers = {"Location": address(answer.location)} if answer.location else {}
        if answer.replayed:
            headers["Idempotent-Replayed"] = "true"
        return JSONResponse(answer.message, headers=headers)

    return answered


def _heard(request: Request, operation: str, data: bytes, key: str | None) -> tuple[Asked, str]:
    body = bian_body(data, FORMS[operation])
    return _asked(request, body, key), _canonical(body)


def _asked(request: Request, body: BianBody, key: str | None) -> Asked:
    path = request.path_params
    return Asked(
        lead_id=path.get("leadandopportunitymanagementid", ""),
        number=path.get("developmentid", ""),
        procedure=body.records[PROCEDURE],
        development=body.records[DEVELOPMENT],
        more=body.more,
        key=key,
    )


def _canonical(body: BianBody) -> str:
    """The body, however its fields were ordered."""
    return json.dumps({"records": body.records, "more": body.more}, sort_keys=True)


def page_of_events(path: str, reading: Reading) -> Response:
    """A page of events, and where to read on."""
    said = reading.answer.message
    body = json.dumps(said["events"], ensure_ascii=False).encode()
    return Response(body, media_type=EVENTS_MEDIA_TYPE, headers=_next(path, said["next"], reading))


def _next(path: str, cursor: str, reading: Reading) -> dict[str, str]:
    """The header that says where the next page is (RFC 8288)."""
    others = {name: value for name, value in reading.parameters.items() if name not in ("after", "limit")}
    wanted = {**others, "after": cursor, "limit": reading.parameters["limit"]}
    query = urlencode(wanted, safe=":", quote_via=quote)
    return {"Link": f'<{path}?{query}>; rel="next"'}
