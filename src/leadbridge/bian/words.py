"""The service domain's words and ours: which field is which element, which action is allowed where.

Every name below is BIAN's, of the release 12 contract, but for `ControlActionRequest`, `ExchangeActionRequest` and
`ExecuteActionRequest`, which name the action wanted as earlier releases do, `ReasonCode`, `TriggeredBy`,
`TriggeredByReference` and `CustomerOfferReference`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from leadbridge.lead import LifeCycleStatus

# --------------------------------------------------------------------------------------------------------- fields

PROCEDURE, DEVELOPMENT, STATE = "LeadandOpportunityProcedure", "Development", "LeadandOpportunityState"

CUSTOMER = "CustomerReference"
CAMPAIGN = "CustomerCampaignReference"
PRODUCT = "ProductandServiceType"
EMPLOYEE = "EmployeeBusinessUnitReference"
DESCRIPTION = "LeadandOpportunityDescription"
MOMENT = "DateTimeLocation"
TRIGGERED_BY = "TriggeredBy"
TRIGGERED_BY_REFERENCE = "TriggeredByReference"  # kept as any other field: the record of that domain

LEAD_FIELDS: Mapping[str, str] = {
    CUSTOMER: "ProspectParty: InternalID, UUID, or system/object of an ExternalKey; answered as InternalID",
    CAMPAIGN: "CampaignID",
    PRODUCT: "ProductID of the first Item",
    EMPLOYEE: "SalesResponsibleParty",
    DESCRIPTION: "Name: the first line, up to 80 characters; what is longer is the Note of type BIAN too",
    TRIGGERED_BY: "OriginTypeCode, by the service domain that the lead comes from; the domain is kept",
}
"""Fields of LeadandOpportunityProcedure that are elements of a lead. All others are kept as they were sent, in the
lead's Extension, `DateTimeLocation` too; without one it is answered as when the lead was created."""

RESULT = "LeadDevelopmentTaskResult"
CONTACT = "CustomerContactRecordReference"
CORRESPONDENCE = "CorrespondenceInstanceReference"
CORRESPONDENCE_CONTENT = "CorrespondenceContent"
WORK_PRODUCTS = "LeadDevelopmentWorkProducts"
OFFER = "CustomerOfferReference"
DOCUMENT = "DocumentDirectoryEntryInstanceReference"

TASK_FIELDS: Mapping[str, str] = {
    EMPLOYEE: "whom the task is assigned to",
    MOMENT: "when it is due: a date or a moment (RFC 3339) at its beginning",
    RESULT: "what came of it, which ends the task",
    DOCUMENT: "the template of a message, where one is to be sent",
    CORRESPONDENCE: "the event that asks for a message to be sent",
    CORRESPONDENCE_CONTENT: "the text of that message",
    CONTACT: "the contact that was scheduled: the task itself, on the desk's list",
    OFFER: "the event that asks for an offer",
    WORK_PRODUCTS: "what an automated action found",
}
"""Fields of Development that mean something to us. All are kept and answered as they were sent or made."""

MADE_HERE = (CONTACT, CORRESPONDENCE, OFFER)
"""Fields of Development that only we fill: they name what we have made."""

REASON, CONTROL, EXCHANGE, EXECUTE = (
    "ReasonCode",
    "ControlActionRequest",
    "ExchangeActionRequest",
    "ExecuteActionRequest",
)

OFFICIAL_PROCEDURE = (
    *(CUSTOMER, CAMPAIGN, "CustomerCampaignType", "CustomerCampaignVersionNumber", PRODUCT),
    *("ProductInstanceReference", EMPLOYEE, DESCRIPTION, MOMENT),
)
OFFICIAL_DEVELOPMENT = (
    *(EMPLOYEE, CONTACT, CORRESPONDENCE, CORRESPONDENCE_CONTENT, DOCUMENT, "DocumentContent"),
    *(WORK_PRODUCTS, RESULT, MOMENT),
)

ELEMENTS: Mapping[str, str] = {
    "ProspectParty": CUSTOMER,
    "BusinessPartnerInternalID": CUSTOMER,
    "CampaignID": CAMPAIGN,
    "Item": PRODUCT,
    "ProductID": PRODUCT,
    "SalesResponsibleParty": EMPLOYEE,
    "Name": DESCRIPTION,
    "Note": DESCRIPTION,
    "OriginTypeCode": TRIGGERED_BY,
    "ReasonCode": REASON,
    "PartnerDecisionCode": EXCHANGE,
}
"""Which field a lead's element is, where a rule of leads refuses it."""

# ------------------------------------------------------------------------------------------------- where from, where to

CAMPAIGN_DOMAIN = "CustomerCampaignExecution"
CORRESPONDENCE_DOMAIN, OFFER_DOMAIN = "Correspondence", "CustomerOffer"
"""The service domains that are asked for something about a lead: to send a message, to make an offer."""
TRIGGERS: Mapping[str, str] = {
    "CustomerRelationshipManagement": "CRM",
    "PartyRoutingProfile": "PRP",
    OFFER_DOMAIN: "OFF",
    CAMPAIGN_DOMAIN: "CCE",
    "PointofService": "POS",
    "ConsumerAdvisoryServices": "ADV",
    "SessionDialogue": "SES",
    "ServicingOrder": "SRV",
}
"""Service domains that trigger a lead, as OriginTypeCode; a site with a list of its own lists those it takes.

They are all that Lead and Opportunity Management is "triggered by", and Servicing Order, for the servicing interactions
in which its example finds a lead.
"""

# --------------------------------------------------------------------------------------------------------- actions


class Action(StrEnum):
    """What is asked of a lead."""

    RAISE_PRIORITY = "raise priority"
    SUSPEND = "suspend"
    RESUME = "resume"
    TERMINATE = "terminate"
    ACCEPT = "accept"
    REJECT = "reject"


CONTROL_ACTIONS = (Action.RAISE_PRIORITY, Action.SUSPEND, Action.RESUME, Action.TERMINATE)
EXCHANGE_ACTIONS = (Action.ACCEPT, Action.REJECT)

_ALLOWED: Mapping[LifeCycleStatus, tuple[Action, ...]] = {
    LifeCycleStatus.OPEN: (*CONTROL_ACTIONS, *EXCHANGE_ACTIONS),
    LifeCycleStatus.IN_PROCESS: (*CONTROL_ACTIONS, *EXCHANGE_ACTIONS),
    LifeCycleStatus.QUALIFIED: (*CONTROL_ACTIONS, Action.REJECT),
    LifeCycleStatus.ACCEPTED: (Action.RAISE_PRIORITY, Action.RESUME, Action.TERMINATE),
    LifeCycleStatus.DECLINED: (Action.RAISE_PRIORITY, Action.RESUME),
    LifeCycleStatus.CLOSED_WON: (),
    LifeCycleStatus.CLOSED_LOST: (),
}
_WHILE_SUSPENDED = frozenset({Action.RAISE_PRIORITY, Action.RESUME, Action.TERMINATE})


def allowed(status: LifeCycleStatus, *, suspended: bool) -> tuple[Action, ...]:
    """What may be done to a lead in this state.

    | action         | from          | what it does                                                                |
    |----------------|---------------|-----------------------------------------------------------------------------|
    | raise priority | 1 2 3 4 5     | PriorityCode one step up: 7, 3 or none, 2, 1                                  |
    | suspend        | 1 2 3         | neither forwarded nor offered from now on                                     |
    | resume         | suspended     | forwarded and offered again                                                   |
    | terminate      | 1 2 3 4       | 7 closed lost, with ReasonCode                                                |
    | accept         | 1 2           | by the partner that has it: ACCEPT; by others: 2 in process                    |
    | reject         | 1 2 3         | by the partner that has it: DECLINE, it comes back; by others: 5 declined      |

    A suspended lead may be raised, resumed and terminated; nothing is done to one in 6 or 7.
    """
    rows = _ALLOWED[status]
    if suspended:
        return tuple(action for action in rows if action in _WHILE_SUSPENDED)
    return tuple(action for action in rows if action is not Action.RESUME)


_HIGHER: Mapping[str | None, str] = {"7": "3", "3": "2", None: "2", "2": "1"}


def raised(priority: str | None) -> str | None:
    """The PriorityCode one step up; None where there is no higher one. None sent is normal."""
    return _HIGHER.get(priority)


# ----------------------------------------------------------------------------------------------------- development


class TaskState(StrEnum):
    """Where a development task stands."""

    OPEN = "open"  # assigned; nothing was done yet
    IN_PROCESS = "in_process"  # an automated action was executed
    REQUESTED = "requested"  # a person is to contact the prospect: it is on the desk's list
    DONE = "done"  # it has a result; nothing changes any more


class TaskAction(StrEnum):
    """What is asked of a development task."""

    UPDATE = "Update"
    EXECUTE = "Execute"
    REQUEST = "Request"


def task_state(state: TaskState, action: TaskAction, *, has_result: bool = False) -> TaskState | None:
    """The state of a task after an action; None where the action is not allowed.

    | action  | from                         | to                                                     |
    |---------|------------------------------|--------------------------------------------------------|
    | Update  | open, in_process, requested  | done, where it brings a result; else as it was           |
    | Execute | open, in_process, requested  | in_process; one that waits for a person goes on waiting  |
    | Request | open, in_process, requested  | requested                                              |
    """
    if state is TaskState.DONE:
        return None
    if action is TaskAction.UPDATE:
        return TaskState.DONE if has_result else state
    if action is TaskAction.REQUEST:
        return TaskState.REQUESTED
    return TaskState.IN_PROCESS if state is TaskState.OPEN else state


class ExecuteAction(StrEnum):
    """What is done by itself about a lead."""

    SEND_MESSAGE = "send message"  # from a template: an event asks for it
    RECOMPUTE_SCORE = "recompute score"  # by the questionnaire in force
    FORWARD = "forward"  # qualify: the core CRM is told now
    EVALUATE = "evaluate"  # interest, suitability, eligibility, each with its reasons
    START_OFFER = "start offer"  # an event for the service domain Customer Offer
