"""What tests of the status feed and of the partner's loop share: callers in the store, requests, and feeds as read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from leadbridge.caller import Caller, Role, Visibility
from leadbridge.store import callers
from leadbridge.store.database import Database
from tests.support.calls import DESK, Answered, Calls
from tests.support.messages_by_hand import conditions, create_lead, element, header, lead_fields, message, person
from tests.support.messages_by_hand import new_prospect as prospect


def partner(caller_id: str, *, party: str | None = None, visibility: Visibility = Visibility.GIVEN) -> Caller:
    """An external partner's caller; its party is its ID in capitals."""
    party_id = caller_id.upper() if party is None else party
    return Caller(caller_id, caller_id, frozenset({Role.PARTNER}), visibility, party_id)


def known(database: Database, *members: Caller, disabled: bool = False) -> None:
    """Store callers, so that feeds find them by their parties. None of them can log in."""
    now = datetime.now(UTC)
    with database.write() as tx:
        for one in members:
            row = {
                "id": one.id,
                "name": one.name,
                "roles": ",".join(one.roles),
                "visibility": one.visibility.value,
                "party_id": one.party_id,
                "password_hash": "none",
                "created_at": now,
                "changed_at": now,
                "disabled_at": now if disabled else None,
            }
            callers.add(tx, row)


def read_changes(*, most: int | None = None, after: str | None = None, unlimited: bool = False) -> bytes:
    """LeadStatusChangesQuery_sync."""
    return message(
        "lbl:LeadStatusChangesQuery_sync", header("lbl", None), conditions("lbl", most, after, unlimited=unlimited)
    )


def acknowledge(position: str, *, uuid: str | None = None) -> bytes:
    """LeadStatusChangesAcknowledgeRequest_sync."""
    return message(
        "lbl:LeadStatusChangesAcknowledgeRequest_sync",
        header("lbl", uuid),
        element("lbl:FeedPositionID", position),
    )


@dataclass(frozen=True)
class Told:
    """A LeadStatusChange as it was read, in short; what is absent is an empty text."""

    position: str
    kind: str
    lead_id: str
    status: str  # such as 1>5; only the new one where it stayed
    reason: str = ""
    decision: str = ""
    party: str = ""


def told(answer: Answered) -> list[Told]:
    """The changes of an answer of ReadLeadStatusChanges."""
    return [_told(one) for one in answer.parts("LeadStatusChange")]


def _told(one: Answered) -> Told:
    def text(path: str) -> str:
        return "".join(one.all(path))

    old = text("OldLifeCycleStatusCode")
    return Told(
        position=one.one("FeedPositionID"),
        kind=one.one("StatusChangeTypeCode"),
        lead_id=one.one("ID"),
        status=f"{old}>{one.one('LifeCycleStatusCode')}" if old else one.one("LifeCycleStatusCode"),
        reason=text("ReasonCode"),
        decision=text("PartnerDecisionCode"),
        party=text("SalesPartnerParty/PartyID"),
    )


def feed_of(calls: Calls, caller: Caller) -> list[Told]:
    """What a caller's feed has for it now."""
    return told(calls.done(read_changes(most=1000), caller=caller))


def in_short(changes: Sequence[Told]) -> list[tuple[str, str]]:
    """Only what became of the leads."""
    return [(one.kind, one.status) for one in changes]


def a_lead(calls: Calls, *, caller: Caller = DESK, given_to: str | None = None, status: str | None = None) -> str:
    """The ID of a new lead."""
    fields = lead_fields(prospect=prospect(person()), given_to=given_to, status=status)
    return calls.done(create_lead(fields), caller=caller).one("Lead/ID")
