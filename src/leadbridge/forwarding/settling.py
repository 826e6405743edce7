"""The second transaction of forwarding: what an outcome does to the message and its lead, all or nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from re import fullmatch
from typing import Any, Protocol

from leadbridge.caller import CORE_CRM
from leadbridge.forwarding.outcomes import (
    Decision,
    Delivered,
    ForwardingPolicy,
    Outcome,
    Refused,
    decide,
)
from leadbridge.lead import ForwardingEvent, LifeCycleStatus
from leadbridge.store import feed, journal, leads, outbox
from leadbridge.store.database import Transaction
from leadbridge.store.feed import HeadChange

Row = Mapping[str, Any]

_OPERATION = "forward"


class Enqueue(Protocol):
    """Writes a message about a lead into the outbox, in the open transaction: the use cases' own function."""

    def __call__(self, tx: Transaction, lead_row: Row, event: ForwardingEvent, *, now: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class Finished:
    """A message that was called, and what came of it."""

    message: Row
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Settled:
    """What was written about a message; no decision where the lease was lost and nothing was written."""

    message: Row
    outcome: Outcome
    decision: Decision | None


def settle(
    tx: Transaction,
    finished: Sequence[Finished],
    *,
    now: datetime,
    policy: ForwardingPolicy,
    random: Callable[[], float],
    enqueue: Enqueue,
) -> list[Settled]:
    """Write what came of each message, and what follows for its lead.

    A message whose lease another relay holds by now is left alone, and so is its lead: that relay asks again
    with the same key and settles. Leads are locked before their messages, in the order of their IDs, as the
    use cases do.
    """
    concerned = sorted({one.message["lead_id"] for one in finished if _changes_lead(one)})
    found = leads.resolve(tx, CORE_CRM, ids=concerned, lock=True) if concerned else []
    by_id = {row["id"]: row for row in found}
    decisions = [
        decide(one.outcome, attempts=one.message["attempts"], now=now, policy=policy, random=random) for one in finished
    ]
    held = outbox.settle(tx, [_row(one, decision) for one, decision in zip(finished, decisions, strict=True)], now=now)
    lead_changes: list[dict[str, Any]] = []
    entries: list[dict[str, Any]] = []
    follow_ups: list[Row] = []
    told: list[HeadChange] = []
    for one in finished:
        lead = by_id.get(one.message["lead_id"])
        if one.message["id"] in held and lead is not None and _changes_lead(one):
            before = dict(lead)
            _settle_lead(lead, one, now=now, changed=lead_changes, entries=entries, follow_ups=follow_ups)
            told.append(HeadChange(before, dict(lead), reason_code=_reason(one.outcome)))
    leads.update(tx, lead_changes)
    journal.append(tx, entries)
    feed.tell(tx, told)
    for closed in follow_ups:
        # Closed lost here while the core CRM was being told of it: now that it has a record, it must hear the
        # rest.
        enqueue(tx, closed, ForwardingEvent.LOST, now=now)
    return [
        Settled(one.message, one.outcome, decision if one.message["id"] in held else None)
        for one, decision in zip(finished, decisions, strict=True)
    ]


def _row(one: Finished, decision: Decision) -> dict[str, Any]:
    return {
        "id": one.message["id"],
        "claimed_by": one.message["claimed_by"],
        "state": decision.state.value,
        "due_at": decision.due_at,
        "outcome": decision.outcome.value,
        "outcome_code": decision.code,
        "outcome_text": decision.text,
    }


def _changes_lead(one: Finished) -> bool:
    """Only handing a lead over changes it here: won and lost are what the core CRM is told afterwards."""
    if one.message["event"] != ForwardingEvent.CREATE:
        return False
    return isinstance(one.outcome, Delivered) or (isinstance(one.outcome, Refused) and one.outcome.declined)


def _settle_lead(
    lead: dict[str, Any],
    one: Finished,
    *,
    now: datetime,
    changed: list[dict[str, Any]],
    entries: list[dict[str, Any]],
    follow_ups: list[Row],
) -> None:
    """What an outcome changes of its lead, the journal's entry about it, and whether a message follows."""
    old = LifeCycleStatus(lead["life_cycle_status_code"])
    changes = _changes(lead, old, one.outcome)
    if not changes:
        return
    new = LifeCycleStatus(changes.get("life_cycle_status_code", old))
    kept = {"change_number": lead["change_number"] + 1, "changed_at": now}
    changed.append({"id": lead["id"], **changes, **kept})
    moved = new is not old
    entries.append(
        {
            "recorded_at": now,
            "caller_id": CORE_CRM.id,
            "operation": _OPERATION,
            "correlation_id": f"message-{one.message['id']}",
            "object_type": "lead",
            "object_id": lead["id"],
            "event": "declined" if isinstance(one.outcome, Refused) else "accepted",
            "old_status": old.value if moved else None,
            "new_status": new.value if moved else None,
            "reason_code": changes.get("reason_code"),
            "changed_elements": " ".join(sorted(_ELEMENTS[name] for name in changes)),
        }
    )
    lead.update(changes, **kept)  # a second message about the same lead builds on it
    if isinstance(one.outcome, Delivered) and new is LifeCycleStatus.CLOSED_LOST:
        follow_ups.append(lead)


_ELEMENTS: Mapping[str, str] = {
    "core_lead_id": "CoreLeadID",
    "core_opportunity_id": "CoreOpportunityID",
    "life_cycle_status_code": "LifeCycleStatusCode",
    "reason_code": "ReasonCode",
}


def _changes(lead: Row, old: LifeCycleStatus, outcome: Outcome) -> dict[str, Any]:
    """The columns of the lead that differ now. The status moves only from 3 qualified: whatever a caller has
    made of the lead since then stays."""
    qualified = old is LifeCycleStatus.QUALIFIED
    changes: dict[str, Any] = {}
    match outcome:
        case Delivered(record_type=record_type, record_id=record_id):
            column = "core_lead_id" if record_type == "LEAD" else "core_opportunity_id"
            changes[column] = record_id
            if qualified:
                changes["life_cycle_status_code"] = LifeCycleStatus.ACCEPTED.value
        case Refused(code=code) if qualified:
            changes["life_cycle_status_code"] = LifeCycleStatus.DECLINED.value
            reason = reason_code(code)
            if reason is not None:
                changes["reason_code"] = reason
    return {name: value for name, value in changes.items() if lead[name] != value}


def _reason(outcome: Outcome) -> str | None:
    return reason_code(outcome.code) if isinstance(outcome, Refused) else None


def reason_code(code: str) -> str | None:
    """The ReasonCode at the end of a declining TypeID, such as 007 of CRM.DECLINED.007; None without one.

    The TypeID as a whole stays with the message.
    """
    found = fullmatch(r"CRM\.DECLINED\.([0-9A-Z]{3,4})", code)
    return found.group(1) if found else None
