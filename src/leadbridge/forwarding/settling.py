"""The second transaction of forwarding: what an outcome does to the message and its lead, all or nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from re import fullmatch
from typing import Any, Protocol

from leadbridge.caller import CORE_CRM
from leadbridge.crm.following import lead_columns, lead_columns_since
from leadbridge.forwarding.outcomes import (
    Decision,
    Delivered,
    ForwardingPolicy,
    Outcome,
    Refused,
    decide,
)
from leadbridge.lead import ForwardingEvent, LifeCycleStatus
from leadbridge.store import crmrecords, leads, outbox
from leadbridge.store.corecrm import CoreCrmChanges
from leadbridge.store.database import Transaction

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
    with the same key and settles. Leads are locked before their messages, in the order of their IDs, and customers
    of the core CRM that is built in before their leads, as the use cases do.
    """
    records: Mapping[str, Row] = {}
    if policy.own_core_crm:
        ended = _ended(tx, finished)
        records = _records(tx, finished, ended)
        finished = [_confirmed(one, ended.get(one.message["lead_id"]), records) for one in finished]
    concerned = sorted({one.message["lead_id"] for one in finished if _changes_lead(one)})
    found = leads.resolve(tx, CORE_CRM, ids=concerned, lock=True) if concerned else []
    by_id = {row["id"]: row for row in found}
    decisions = [
        decide(one.outcome, attempts=one.message["attempts"], now=now, policy=policy, random=random) for one in finished
    ]
    held = outbox.settle(tx, [_row(one, decision) for one, decision in zip(finished, decisions, strict=True)], now=now)
    changes, follow_ups = CoreCrmChanges(), []
    for one in finished:
        lead = by_id.get(one.message["lead_id"])
        if one.message["id"] not in held or lead is None or not _changes_lead(one):
            continue
        if _settle_lead(lead, one, records, changes, now):
            follow_ups.append(lead)
    changes.write(tx)
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


_ENDS: Mapping[str, LifeCycleStatus] = {
    ForwardingEvent.WON.value: LifeCycleStatus.CLOSED_WON,
    ForwardingEvent.LOST.value: LifeCycleStatus.CLOSED_LOST,
}
_RECORD_FINAL = "CRM.RECORD_FINAL"  # TypeID by which the core CRM says that the record is closed already


def _ended(tx: Transaction, finished: Sequence[Finished]) -> dict[str, Row]:
    """The leads whose end the core CRM did not take, because their record has one, by ID."""
    refused = {
        one.message["lead_id"]
        for one in finished
        if one.message["event"] in _ENDS and isinstance(one.outcome, Refused) and one.outcome.code == _RECORD_FINAL
    }
    return {row["id"]: row for row in leads.resolve(tx, CORE_CRM, ids=refused)} if refused else {}


def _records(tx: Transaction, finished: Sequence[Finished], ended: Mapping[str, Row]) -> Mapping[str, Row]:
    """The records that leads were handed over to, and those of leads that ended, held: one that was closed since the
    core CRM answered closed no lead, because no lead knew it, and one that is closed from now on finds its lead.
    """
    delivered = (one.outcome for one in finished if _changes_lead(one))
    record_ids = {outcome.record_id for outcome in delivered if isinstance(outcome, Delivered)}
    record_ids.update(record_id for head in ended.values() if (record_id := _record_id(head)))
    return crmrecords.held(tx, sorted(record_ids)) if record_ids else {}


def _record_id(head: Row) -> str:
    record_id: str = head["core_opportunity_id"] or head["core_lead_id"] or ""
    return record_id


def _confirmed(one: Finished, ended: Row | None, records: Mapping[str, Row]) -> Finished:
    """A refusal as the confirmation that it is, where the record has the very end that the core CRM was told of."""
    record, end = records.get(_record_id(ended)) if ended is not None else None, _ENDS.get(one.message["event"])
    if record is None or end is None or not isinstance(one.outcome, Refused) or one.outcome.code != _RECORD_FINAL:
        return one
    if lead_columns(record, records).get("life_cycle_status_code") != end:
        return one
    known = Delivered(record["record_type_code"], record["record_id"], record["status_name"], replayed=True)
    return Finished(one.message, known)


def _settle_lead(
    lead: dict[str, Any], one: Finished, records: Mapping[str, Row], changes: CoreCrmChanges, now: datetime
) -> bool:
    """What an outcome changes of its lead, and what became of its record meanwhile; whether the core CRM must hear
    that the lead was closed lost here while it was being told of it.
    """
    outcome, old, change_number = one.outcome, LifeCycleStatus(lead["life_cycle_status_code"]), lead["change_number"]
    change = partial(changes.change, lead, now=now, operation=_OPERATION, correlation_id=f"message-{one.message['id']}")
    event = "declined" if isinstance(outcome, Refused) else "accepted"
    change(_changes(old, outcome), event=event, reason=_reason(outcome))
    if not isinstance(outcome, Delivered):
        return False
    record = records.get(outcome.record_id)
    if record is not None:
        columns = lead_columns_since(record, records, answered_status=outcome.status_name)
        if lead["life_cycle_status_code"] != LifeCycleStatus.ACCEPTED:
            columns = {name: value for name, value in columns.items() if name == "core_opportunity_id"}
        change(columns, event="changed", reason=columns.get("reason_code"))
    return old is LifeCycleStatus.CLOSED_LOST and lead["change_number"] != change_number


def _changes(old: LifeCycleStatus, outcome: Outcome) -> dict[str, Any]:
    """The lead's columns by an outcome. The status moves only from 3 qualified: whatever a caller has made of the
    lead since then stays."""
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
    return changes


def _reason(outcome: Outcome) -> str | None:
    return reason_code(outcome.code) if isinstance(outcome, Refused) else None


def reason_code(code: str) -> str | None:
    """The ReasonCode at the end of a declining TypeID, such as 007 of CRM.DECLINED.007; None without one.

    The TypeID as a whole stays with the message.
    """
    found = fullmatch(r"CRM\.DECLINED\.([0-9A-Z]{3,4})", code)
    return found.group(1) if found else None
