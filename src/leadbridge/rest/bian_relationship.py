"""The door of BIAN's service domain Customer Relationship Management, and a customer's history.

Addresses, bodies and answers are those of the official release 12 contract: success is 200, POST answers have
`Location`, errors are `HTTPError` (`httperror`). Below `/bian`.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from leadbridge.authentication.access import Access
from leadbridge.bian.answers import BASE
from leadbridge.bian.relationship.asking import Asked
from leadbridge.bian.relationship.words import CUSTOMER, DOMAIN
from leadbridge.operations.dispatcher import Dispatcher
from leadbridge.quotas import Quotas
from leadbridge.rest.bian import Door, add_official, page_of_events
from leadbridge.rest.bian_openapi import EVENTS_MEDIA_TYPE, Activity, History, described
from leadbridge.rest.jsonbody import BodyLimits
from leadbridge.rest.relationship_bodies import FORMS, ActivityWanted, HistoryWanted, relationship_body
from leadbridge.room import Room

_PLAN = f"{BASE}/{DOMAIN}/{{customerrelationshipmanagementid}}"
_DEVELOPMENT = f"{_PLAN}/Development/{{developmentid}}"
_INCIDENT = f"{_PLAN}/Incident/{{incidentid}}"
_CONTACT = f"{_PLAN}/Contact/{{contactid}}"

OPERATIONS: tuple[tuple[str, str, str], ...] = (
    ("POST", f"{BASE}/{DOMAIN}/Create", "Create"),
    ("PUT", f"{_PLAN}/Update", "Update"),
    ("PUT", f"{_PLAN}/Control", "Control"),
    ("PUT", f"{_PLAN}/Exchange", "Exchange"),
    ("PUT", f"{_PLAN}/Request", "Request"),
    ("PUT", f"{_PLAN}/Grant", "Grant"),
    ("GET", f"{_PLAN}/Retrieve", "Retrieve"),
    ("POST", f"{_PLAN}/Development/Create", "CreateDevelopment"),
    ("PUT", f"{_DEVELOPMENT}/Update", "UpdateDevelopment"),
    ("PUT", f"{_DEVELOPMENT}/Exchange", "ExchangeDevelopment"),
    ("PUT", f"{_DEVELOPMENT}/Request", "RequestDevelopment"),
    ("GET", f"{_DEVELOPMENT}/Retrieve", "RetrieveDevelopment"),
    ("POST", f"{_PLAN}/Incident/Create", "CreateIncident"),
    ("PUT", f"{_INCIDENT}/Update", "UpdateIncident"),
    ("PUT", f"{_INCIDENT}/Control", "ControlIncident"),
    ("PUT", f"{_INCIDENT}/Exchange", "ExchangeIncident"),
    ("PUT", f"{_INCIDENT}/Capture", "CaptureIncident"),
    ("GET", f"{_INCIDENT}/Retrieve", "RetrieveIncident"),
    ("POST", f"{_PLAN}/Contact/Create", "CreateContact"),
    ("PUT", f"{_CONTACT}/Update", "UpdateContact"),
    ("PUT", f"{_CONTACT}/Request", "RequestContact"),
    ("GET", f"{_CONTACT}/Retrieve", "RetrieveContact"),
)
HISTORY, ACTIVITY = f"{BASE}/history", f"{BASE}/activity"
_UNKNOWN = "BUSINESSPARTNER.UNKNOWN: customer: There is no such business partner."


def relationship_router(
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
        ask=_asked,
        parameters={CUSTOMER: "customer"},
    )
    for method, path, operation in OPERATIONS:
        add_official(router, door, method, path, operation)

    @router.get(
        HISTORY,
        **described(
            "Read a customer's history",
            *(History, HistoryWanted),
            unknown=_UNKNOWN,
            media_type=EVENTS_MEDIA_TYPE,
            pages=True,
        ),
    )
    async def history(request: Request) -> Response:
        """What the journal says about a customer, behind a cursor."""
        return page_of_events(HISTORY, await door.read_events(request, "History", HistoryWanted))

    @router.get(ACTIVITY, **described("Read how active a customer is", Activity, ActivityWanted, unknown=_UNKNOWN))
    async def activity(request: Request) -> Response:
        """How active a customer is, and was before."""
        return JSONResponse((await door.read(request, "Activity", ActivityWanted)).answer.message)

    return router


def _heard(request: Request, operation: str, data: bytes, key: str | None) -> tuple[Asked, str]:
    """The message, and what tells it from another under the same key, however its fields are ordered."""
    body = relationship_body(data, FORMS[operation])
    asked = replace(_asked(request, body.more), record=body.record, lead=body.lead, key=key)
    said = {"domain": DOMAIN, "record": body.record, "more": body.more, "lead": body.lead}
    return asked, json.dumps(said, sort_keys=True)


def _asked(request: Request, more: Mapping[str, str]) -> Asked:
    path = dict(request.path_params)
    plan_id = path.pop("customerrelationshipmanagementid", "")
    return Asked(plan_id=plan_id, number=next(iter(path.values()), ""), more=more)
