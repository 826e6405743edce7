"""The service domain's words: which field means something to us, and which action is allowed where.

Every name below is BIAN's, of the release 12 contract, but for the fields that name the action wanted, as in Lead and
Opportunity Management, and the records that say where something stands: BIAN has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

DOMAIN: Final = "CustomerRelationshipManagement"

# --------------------------------------------------------------------------------------------------------- fields

PLAN: Final = "CustomerRelationshipManagementPlan"
CUSTOMER: Final = "CustomerReference"

CONTROL, EXCHANGE, GRANT, REQUEST, REASON, MOMENT, LEAD = (
    *("ControlActionRequest", "ExchangeActionRequest", "GrantActionRequest", "RequestActionRequest", "ReasonCode"),
    *("DateTimeLocation", "LeadandOpportunityProcedure"),
)
"""What may stand in a body beside a record's fields: an action, its reason, its moment, the lead to be initiated."""

PLAN_STATE, CONTACT_REFERENCE, LEAD_REFERENCE = (
    "CustomerRelationshipManagementState",
    "CustomerContactRecordReference",
    "LeadandOpportunityReference",
)


class Qualifier(StrEnum):
    """A behaviour qualifier: what a plan's records are."""

    DEVELOPMENT = "Development"
    INCIDENT = "Incident"
    CONTACT = "Contact"

    @property
    def state(self) -> str:
        """The record in an answer that says where one stands."""
        return f"{self.value}State"


OURS: Final = frozenset({PLAN_STATE, CONTACT_REFERENCE, LEAD_REFERENCE, *(one.state for one in Qualifier)})
"""What only an answer says: in a request, such as an answer that is sent back changed, it is left aside."""

REFERENCE_PATH = ("PartyReference", "PartyIdentification", "PartyIdentification", "IdentifierValue", "Value")
"""Where an involved party has its identifier: of the customer an InternalID, a UUID or system/object."""
_NAME_PATH = ("PartyReference", "PartyName", "Name")

_RESULTS: Mapping[Qualifier, tuple[tuple[str, ...], ...]] = {
    Qualifier.DEVELOPMENT: (
        ("CustomerDevelopmentTaskResult", "Task"),
        ("RelationshipDevelopmentTask", "CustomerRelationshipDevelopmentTaskResult", "Text"),
    ),
    Qualifier.INCIDENT: (
        ("CustomerIncidentResolution", "CustomerCaseResolution"),
        ("RelationshipIncidentRecord", "CustomerIncidentResolution"),
    ),
    Qualifier.CONTACT: (
        ("CustomerRelationshipContactResult", "Text"),
        ("CustomerRelationshipContactRecord", "ContactResult", "Text"),
    ),
}
DATES: Final = (
    ("CustomerRelationshipContactDate", "DateContent"),
    ("CustomerRelationshipContactRecord", "ContactDateTime", "DateTimeContent"),
)
"""Where a contact says when it is."""
DESCRIPTIONS: Final = (
    ("CustomerDevelopmentTaskDescription", "Text"),
    ("RelationshipDevelopmentTask", "CustomerRelationshipDevelopmentTaskDescription", "Text"),
)
"""Where a development task says what it is about; the lead that it initiates says the same."""


def text_at(record: Mapping[str, Any], *paths: tuple[str, ...]) -> str | None:
    """The first text that is not blank at one of these paths of a record."""
    for path in paths:
        found: Any = record
        for name in path:
            found = found.get(name) if isinstance(found, Mapping) else None
        if isinstance(found, str) and found.strip():
            return found
    return None


def party(record: Mapping[str, Any], field: str) -> str | None:
    """Whom an involved party is: its identifier, or its name."""
    return text_at(record, (field, *REFERENCE_PATH), (field, *_NAME_PATH))


def brings_result(qualifier: Qualifier, record: Mapping[str, Any]) -> bool:
    """Whether these fields say what came of a task, an incident or a contact."""
    return text_at(record, *_RESULTS[qualifier]) is not None


# --------------------------------------------------------------------------------------------------------- states


class State(StrEnum):
    """Where a plan stands, or one of its records."""

    PROPOSED = "proposed"  # a plan that nobody has accepted yet
    ACTIVE = "active"  # a plan that is accepted
    AUTHORIZED = "authorized"  # an active plan whose development tasks may initiate leads
    SUSPENDED = "suspended"  # nothing is done about the plan, or the incident, until it is resumed
    REJECTED = "rejected"  # not as it is: a plan until it is updated, a task until it is requested again
    TERMINATED = "terminated"  # a plan that is over; nothing changes any more

    OPEN = "open"  # there is a record; nothing was done yet
    REQUESTED = "requested"  # somebody is to do it; a contact is on the desk's list
    ACCEPTED = "accepted"  # somebody has taken it up
    CAPTURED = "captured"  # the incident's details were taken down
    DONE = "done"  # it has a result
    RESOLVED = "resolved"  # the incident has a resolution
    VERIFIED = "verified"  # the task's result is as it should be; nothing changes any more
    CONFIRMED = "confirmed"  # the customer agrees with the resolution; nothing changes any more


class Action(StrEnum):
    """What is asked: an operation, or what the body of one asks for."""

    UPDATE = "Update"
    RESULT = "Update with a result"
    REQUEST = "Request"
    CAPTURE = "Capture"
    ACCEPT = "accept"
    VERIFY = "verify"
    CONFIRM = "confirm"
    REJECT = "reject"
    SUSPEND = "suspend"
    RESUME = "resume"
    TERMINATE = "terminate"
    RAISE_PRIORITY = "raise priority"
    AUTHORIZE = "authorize"
    WITHDRAW = "withdraw"
    INITIATE_LEAD = "initiate lead"


Moves = Mapping[State, Mapping[Action, State]]


def _moves(table: str) -> Moves:
    """A table of moves. A line is a state, then the actions that are allowed in it, each with the state that it leads
    to; without one the state stays."""
    moves: dict[State, dict[Action, State]] = {}
    for line in table.strip().splitlines():
        name, _, actions = line.strip().partition(":")
        row = moves.setdefault(State(name), {})
        for one in filter(None, actions.strip().split(", ")):
            action, _, new = one.partition(" > ")
            row[Action(action)] = State(new or name)
    return moves


PLAN_MOVES: Moves = _moves(
    """
    proposed: Update, Request, verify, accept > active, reject > rejected, terminate > terminated
    active: Update, Request, verify, reject > rejected, suspend > suspended, terminate > terminated
    active: authorize > authorized
    authorized: Update, Request, verify, reject > rejected, suspend > suspended, terminate > terminated
    authorized: withdraw > active
    suspended: Update, resume > active, terminate > terminated
    rejected: Update > proposed, terminate > terminated
    terminated:
    """
)
"""Of a plan. What was authorized is so no more once the plan was suspended, rejected, or withdrawn."""

QUALIFIER_MOVES: Mapping[Qualifier, Moves] = {
    Qualifier.DEVELOPMENT: _moves(
        """
        open: Update, Update with a result > done, Request > requested, accept > accepted, reject > rejected
        open: initiate lead > accepted
        requested: Update, Update with a result > done, Request, accept > accepted, reject > rejected
        requested: initiate lead > accepted
        accepted: Update, Update with a result > done, Request > requested, reject > rejected, initiate lead
        rejected: Update, Request > requested
        done: Update, Update with a result, verify > verified, reject > rejected
        verified:
        """
    ),
    Qualifier.INCIDENT: _moves(
        """
        open: Update, Update with a result > resolved, Capture > captured, accept > accepted, reject > rejected
        open: raise priority, suspend > suspended
        captured: Update, Update with a result > resolved, Capture, accept > accepted, reject > rejected
        captured: raise priority, suspend > suspended
        accepted: Update, Update with a result > resolved, Capture, reject > rejected
        accepted: raise priority, suspend > suspended
        suspended: Update, Update with a result > resolved, Capture, raise priority, resume > accepted
        resolved: Update, Update with a result, confirm > confirmed, reject > accepted
        rejected: Update, accept > accepted
        confirmed:
        """
    ),
    Qualifier.CONTACT: _moves(
        """
        open: Update, Update with a result > done, Request > requested
        requested: Update, Update with a result > done, Request
        done: Update, Update with a result
        """
    ),
}

ENDED: Mapping[Qualifier, State] = {
    Qualifier.DEVELOPMENT: State.DONE,
    Qualifier.INCIDENT: State.RESOLVED,
    Qualifier.CONTACT: State.DONE,
}
"""The state of a record that is created with its result; of any other it is open."""

_AT_WORK = frozenset({State.PROPOSED, State.ACTIVE, State.AUTHORIZED})
WORKED_ON: Mapping[Qualifier, frozenset[State]] = {
    Qualifier.DEVELOPMENT: _AT_WORK,
    Qualifier.CONTACT: _AT_WORK,
    # What goes wrong does so whatever the plan is like.
    Qualifier.INCIDENT: _AT_WORK | {State.SUSPENDED, State.REJECTED},
}
"""The states of a plan in which its records are made and moved."""

CONTROLS: Mapping[str, tuple[Action, ...]] = {
    PLAN: (Action.SUSPEND, Action.RESUME, Action.TERMINATE),
    Qualifier.INCIDENT: (Action.RAISE_PRIORITY, Action.SUSPEND, Action.RESUME),
}
EXCHANGES: Mapping[str, tuple[Action, ...]] = {
    PLAN: (Action.ACCEPT, Action.VERIFY, Action.REJECT),
    Qualifier.DEVELOPMENT: (Action.ACCEPT, Action.VERIFY, Action.REJECT),
    Qualifier.INCIDENT: (Action.ACCEPT, Action.CONFIRM, Action.REJECT),
}
GRANTS: tuple[Action, ...] = (Action.AUTHORIZE, Action.WITHDRAW)


def moved(moves: Moves, state: State, action: Action) -> State | None:
    """The state after an action; None where the action is not allowed."""
    return moves[state].get(action)


def allowed(moves: Moves, state: State) -> tuple[Action, ...]:
    """What may be done in a state."""
    return tuple(moves[state])


class Trend(StrEnum):
    """How a customer's activity of late compares with that of the time before."""

    FALLING = "falling"
    STEADY = "steady"
    RISING = "rising"


def trend(*, recent: int, before: int) -> Trend:
    """Compare the entries of two spans of the same length."""
    if recent == before:
        return Trend.STEADY
    return Trend.FALLING if recent < before else Trend.RISING
