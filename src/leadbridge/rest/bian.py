"""The door of BIAN's service domain Lead and Opportunity Management, and its events.

Addresses, bodies and answers are those of the official release 12 contract, with Control and Exchange of release 13:
success is 200, POST answers have `Location`, errors are `HTTPError` (`httperror`). Below `/bian`.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from leadbridge.authentication.access import Access
from leadbridge.bian.answers import Asked, BianAnswer, Refused
from leadbridge.bian.leads import DOMAIN
from leadbridge.bian.words import DEVELOPMENT, PROCEDURE
from leadbridge.caller import OperationGroup
from leadbridge.contract.hashing import content_hash
from leadbridge.operations.call import Call
from leadbridge.operations.dispatcher import Dispatcher, outcome_of
from leadbridge.quotas import Quotas
from leadbridge.rest.bian_bodies import FORMS, BianBody, TriggersWanted, bian_body
from leadbridge.rest.json_door import JsonDoor
from leadbridge.rest.jsonbody import BodyLimits, parse_query
from leadbridge.rest.problemdetails import BodyError, FieldError, pointer_to
from leadbridge.rest.problems import Problem
from leadbridge.room import Room

BASE = "/bian"
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
_EVENTS_MEDIA_TYPE = "application/cloudevents-batch+json"
_MOST, _USUAL = 1_000, 100
_LARGEST_CURSOR = 19  # digits


class _Door(JsonDoor):
    """What stands before the use cases."""

    __slots__ = ()
    group = OperationGroup.LEAD

    async def changed(self, request: Request, operation: str) -> BianAnswer:
        """A call with a body."""
        call, data, key = await self.with_body(request)
        body = bian_body(data, FORMS[operation])
        call.message = _asked(request, body, key)
        path = request.path_params
        call.content_hash = content_hash((operation, *(path[name] for name in sorted(path)), _canonical(body)))
        return await self._answered(operation, call)

    async def read(
        self, request: Request, operation: str, query: Callable[[Request], Mapping[str, str]] = lambda _: {}
    ) -> BianAnswer:
        """A call without a body; `query` is what its query says."""
        call = await self.without_body(request)
        call.message = _asked(request, BianBody({PROCEDURE: {}, DEVELOPMENT: {}}, query(request)), None)
        return await self._answered(operation, call)

    async def _answered(self, operation: str, call: Call) -> BianAnswer:
        try:
            answer = await outcome_of(self.dispatcher.submit(f"{DOMAIN}/{operation}", call))
        except Refused as refused:
            pointer = pointer_to(refused.field) if refused.field else None
            errors = [FieldError(code=refused.code, pointer=pointer, detail=refused.text)] if pointer else []
            raise Problem(refused.status, refused.code, refused.text, errors=errors) from None
        assert isinstance(answer, BianAnswer)  # what these use cases answer with
        return answer


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
    router = APIRouter(tags=["BIAN"], include_in_schema=False)  # the official document describes them
    door = _Door(dispatcher, access, limits, quotas or Quotas(), room or Room(256_000_000), clock)
    for method, path, operation in OPERATIONS:
        router.add_api_route(path, _endpoint(door, method, operation), methods=[method], operation_id=operation)

    @router.get(EVENTS)
    async def events(request: Request) -> Response:
        """What became of leads and tasks, behind a cursor."""
        answer = await door.read(request, "Events", _page)
        following = f'<{EVENTS}?after={answer.message["next"]}&limit={_limit(request)["limit"]}>; rel="next"'
        body = json.dumps(answer.message["events"], ensure_ascii=False).encode()
        return Response(body, media_type=_EVENTS_MEDIA_TYPE, headers={"Link": following})

    @router.get(CONTACTS)
    async def contacts(request: Request) -> Response:
        """The desk's list of contacts that wait for a person."""
        return JSONResponse((await door.read(request, "Contacts", _limit)).message)

    @router.get(TRIGGERS)
    async def triggers(request: Request) -> Response:
        """What triggered a lead, and what it triggered."""
        return JSONResponse((await door.read(request, "Triggers", _lead)).message)

    return router


def _endpoint(door: _Door, method: str, operation: str) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        if method == "GET":
            return JSONResponse((await door.read(request, operation)).message)
        answer = await door.changed(request, operation)
        headers = {"Location": f"{BASE}{answer.location}/Retrieve"} if answer.location else {}
        if answer.replayed:
            headers["Idempotent-Replayed"] = "true"
        return JSONResponse(answer.message, headers=headers)

    return endpoint


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


def _lead(request: Request) -> Mapping[str, str]:
    return parse_query(request, TriggersWanted).model_dump()


def _page(request: Request) -> Mapping[str, str]:
    return {"after": _number(request, "after", 0), **_limit(request)}


def _limit(request: Request) -> Mapping[str, str]:
    return {"limit": _number(request, "limit", _USUAL, most=_MOST)}


def _number(request: Request, name: str, usual: int, *, most: int | None = None) -> str:
    """A number of the query. Raises Problem."""
    sent = request.query_params.get(name)
    if sent is None:
        return str(usual)
    fits = sent.isascii() and sent.isdigit() and len(sent) <= _LARGEST_CURSOR and int(sent) < 2**63
    if not fits or (most is not None and not 1 <= int(sent) <= most):
        text = f"Expected a number{f' from 1 to {most:,}' if most else ', such as the sequence of an event'}."
        error = FieldError(code=BodyError.WRONG_FORMAT, pointer=pointer_to(name), detail=text)
        raise Problem(400, BodyError.WRONG_FORMAT, text, errors=[error])
    return str(int(sent))
