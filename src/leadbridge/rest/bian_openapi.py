"""How the addresses beside BIAN's official operations are documented: what they answer, take and refuse.

The official operations are not: their documents are BIAN's.
"""

from http import HTTPStatus
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

from leadbridge.bian.words import DEVELOPMENT, EMPLOYEE
from leadbridge.caller import OperationGroup, roles_for
from leadbridge.rest.openapi import HEADERS, content_of, query_parameters

EVENTS_MEDIA_TYPE = "application/cloudevents-batch+json"
_LEAD = "LeadandOpportunityManagement"
_MOMENT = "2026-03-01T09:30:00Z"
_TASK = f"/bian/{_LEAD}/0000000007/{DEVELOPMENT}/1/Retrieve"


def _shown(*examples: Any) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": list(examples)})


class CloudEvent(BaseModel):
    """An event (CloudEvents 1.0.2)."""

    specversion: Literal["1.0"] = Field(description="Of CloudEvents.")
    id: str = Field(description="The same whenever the event comes again.")
    source: str = Field(description="The service domain that tells it.")
    type: str = Field(description="org.bian., the record, and what became of it.")
    subject: str = Field(description="The record, within its service domain.")
    time: str = Field(description="When it was recorded.")
    sequence: str = Field(description="Its place among all events; `after` takes it.")
    datacontenttype: Literal["application/json"] = Field(description="Of `data`.")
    data: dict[str, Any] = Field(description="What has changed, in names and codes, without the values.")


class Events(RootModel[list[CloudEvent]]):
    """Events behind a cursor, oldest first. The header `Link` says where to read on; an empty page may have more behind
    it. A caller reads of the leads that it sees now, and of the customers that it may read.
    """

    model_config = _shown(
        [
            {
                "specversion": "1.0",
                "id": "journal-42",
                "source": f"/bian/{_LEAD}",
                "type": f"org.bian.{_LEAD}.LeadandOpportunityProcedure.Created",
                "subject": "0000000007",
                "time": _MOMENT,
                "sequence": "0000000000000000042",
                "datacontenttype": "application/json",
                "data": {"LeadID": "0000000007", "Event": "created", "Operation": "CreateLead", "NewStatus": "1"},
            }
        ]
    )


class History(Events):
    """The events about one customer, oldest first: contacts, incidents, tasks and plans, and the leads that the caller
    sees. The header `Link` says where to read on.
    """

    model_config = Events.model_config


class Contact(BaseModel):
    """A contact that waits for a person: about a lead, or with the customer of a plan."""

    LeadID: str = Field(default="", description="The lead, where it is about one.")
    PlanID: str = Field(default="", description="The plan, where it is of one.")
    CustomerInternalID: str = Field(default="", description="The customer of the plan.")
    Location: str = Field(description="Where it is read.")
    DueDateTime: str = Field(description="When it is due.")
    EmployeeBusinessUnitReference: str = Field(default="", description="Whom it is assigned to.")


class Contacts(BaseModel):
    """The desk's list: contacts that wait for a person, the earliest first. The header `Link` says where the next page
    is, where there may be one.
    """

    model_config = _shown(
        {"Contacts": [{"LeadID": "0000000007", "Location": _TASK, "DueDateTime": _MOMENT, EMPLOYEE: "RM-7"}]}
    )

    Contacts: list[Contact] = Field(description="The earliest first.")


class TriggeredBy(BaseModel):
    """Where a lead comes from."""

    OriginTypeCode: str = Field(default="", description="As LeadService has it.")
    ServiceDomain: str = Field(default="", description="The service domain that the code, or the sender, named.")
    Reference: str = Field(default="", description="The record there.")
    ExternalKey: str = Field(default="", description="system/object of the sender.")
    CreationPartyID: str = Field(description="The caller that created the lead.")


class Triggered(BaseModel):
    """Something that a lead has triggered."""

    ServiceDomain: str = Field(default="", description="The service domain that it was asked of.")
    System: str = Field(default="", description="CoreCRM, for a message to it.")
    Action: str = Field(description="What was asked.")
    Reference: str = Field(description="The address of a task, else the event or the message.")
    State: str = Field(default="", description="Where the task or the message stands.")
    Outcome: str = Field(default="", description="What came of the message.")
    EmployeeBusinessUnitReference: str = Field(default="", description="Whom a task is assigned to.")
    DateTime: str = Field(description="When.")


class Triggers(BaseModel):
    """What triggered a lead, and what it has triggered: tasks and contacts, messages and offers asked for, messages to
    the core CRM.
    """

    model_config = _shown(
        {
            "LeadID": "0000000007",
            "TriggeredBy": {"OriginTypeCode": "SES", "ServiceDomain": "SessionDialogue", "CreationPartyID": "acme"},
            "Triggers": [
                {
                    "ServiceDomain": _LEAD,
                    "Action": f"{DEVELOPMENT}/Initiate",
                    "Reference": _TASK,
                    "State": "open",
                    "DateTime": _MOMENT,
                }
            ],
        }
    )

    LeadID: str = Field(description="The lead.")
    TriggeredBy: TriggeredBy
    Triggers: list[Triggered] = Field(description="Oldest first.")
    CoreLeadID: str = Field(default="", description="The core CRM's lead, where it has one.")
    CoreOpportunityID: str = Field(default="", description="The core CRM's opportunity, where it has one.")


class Span(BaseModel):
    """What was recorded in some days."""

    FromDateTime: str = Field(description="From when on.")
    ToDateTime: str = Field(description="Until when.")
    Leads: int = Field(description="Leads that were created.")
    Contacts: int = Field(description="Contacts that were recorded.")
    Incidents: int = Field(description="Incidents that were recorded.")


class Activity(BaseModel):
    """How active a customer was in the last days and in as many before, by the leads, contacts and incidents that were
    recorded.
    """

    model_config = _shown(
        {
            "CustomerInternalID": "0000000001",
            "Recent": {
                "FromDateTime": "2026-01-30T09:30:00Z",
                "ToDateTime": _MOMENT,
                "Leads": 0,
                "Contacts": 1,
                "Incidents": 0,
            },
            "Before": {
                "FromDateTime": "2025-12-31T09:30:00Z",
                "ToDateTime": "2026-01-30T09:30:00Z",
                "Leads": 1,
                "Contacts": 3,
                "Incidents": 1,
            },
            "Trend": "falling",
        }
    )

    CustomerInternalID: str = Field(description="The customer.")
    Recent: Span = Field(description="The last days.")
    Before: Span = Field(description="As many before.")
    Trend: Literal["falling", "steady", "rising"] = Field(description="How the two compare.")


class HttpError(BaseModel):
    """BIAN's own document of an error."""

    status_code: str = Field(description="The status, as text.")
    status: str = Field(description="Its words.")
    message: str = Field(description="A stable code, the field or parameter that is meant, and what was expected.")


*_OTHERS, _LAST = roles_for(OperationGroup.LEAD)
_REFUSALS = {
    400: "WrongFormat: limit: Expected a number from 1 to 1,000.",
    401: "Unauthenticated: These are not the credentials of a caller.",
    403: f"Unauthorized: This caller may not do this: it takes the role {', '.join(_OTHERS)} or {_LAST}.",
    429: "Busy: The quota of this caller is used up. Try again after the time in Retry-After.",
    500: "InternalError: An unforeseen error. It is logged as 7f3c1d2e9a4b.",
}
_LINK = {"Link": {"description": "Where to read on (RFC 8288).", "schema": {"type": "string"}}}


def described(
    summary: str,
    answer: type[BaseModel],
    query: type[BaseModel],
    *,
    unknown: str | None = None,
    media_type: str = "application/json",
    pages: bool = False,
) -> dict[str, Any]:
    """What a route is added with that reads something. `unknown` is the refusal where there is nothing to read of,
    `pages` says whether there is a header that says where to read on.
    """
    responses: dict[int, Any] = {200: content_of(answer, media_type, HTTPStatus.OK)}
    if pages:
        responses[200]["headers"] = _LINK
    for status, message in sorted({**_REFUSALS, **({404: unknown} if unknown else {})}.items()):
        phrase = HTTPStatus(status).phrase
        example = {"status_code": str(status), "status": phrase, "message": message}
        schema = HttpError.model_json_schema()
        said = {"schema": schema, "examples": {message.partition(":")[0]: {"value": example}}}
        responses[status] = {"description": phrase, "content": {"application/json": said}}
        if status in HEADERS:
            responses[status]["headers"] = HEADERS[status]
    return {
        "summary": summary,
        "description": " ".join((answer.__doc__ or "").split()),
        "responses": responses,
        "openapi_extra": {"parameters": query_parameters(query)},
    }
