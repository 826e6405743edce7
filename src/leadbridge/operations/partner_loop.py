"""The partner's loop: a lead is given to an external partner, who accepts or declines it, or lets the time pass.

Declined, or not decided in time, the lead comes back: nobody is its SalesPartnerParty any more, and the partner loses
sight of it. Source: the second use case of lead management, with the model's distributed, accepted, rejected and
falling back.
"""

from collections.abc import Sequence
from datetime import datetime

from leadbridge.caller import Caller, Visibility
from leadbridge.lead import LifeCycleStatus, awaits_partner_decision
from leadbridge.messages import ActionCode, PartnerDecisionCode, SalesPartnerPartyChange
from leadbridge.operations.call import Call, Policy
from leadbridge.operations.logitems import LogBuilder, LogItemType
from leadbridge.store import feed, journal, leads
from leadbridge.store.database import Transaction
from leadbridge.store.feed import HeadChange
from leadbridge.store.inserts import Row

_LEAD = "/lbl:LeadChangeRequest_sync/lbl:Lead"
_DECISION = "/lbl:LeadChangeRequest_sync/lbl:PartnerDecisionCode"
_CLOCK = "leadbridge"  # in the journal, where no caller acts but time
_OPERATION = "partner-decision"


def given(party: SalesPartnerPartyChange, caller: Caller, head: Row, log: LogBuilder) -> Row:
    """The columns of a lead that is given to a party, or taken away from it; what forbids it goes into the Log.

    Given to the one that has it already, the lead keeps its decision. Who was given a lead does not hand it on.
    """
    columns = _given(party, head, log)
    if columns.get("sales_partner_party_id"):
        _refuse_suspended(head, f"{_LEAD}/lbl:SalesPartnerParty", log)
    if columns and caller.visibility is not Visibility.ALL and head["created_by"] != caller.id:
        note = "Only who created a lead, or sees all, gives it to a partner; PartnerDecisionCode DECLINE gives it back."
        log.error(LogItemType.LEAD_SALES_PARTNER_NOT_ALLOWED, note, f"{_LEAD}/lbl:SalesPartnerParty")
    return columns


def _given(party: SalesPartnerPartyChange, head: Row, log: LogBuilder) -> Row:
    has_it = party.party_id == head["sales_partner_party_id"]
    if party.action_code is ActionCode.VALUE_03:
        if not has_it:
            note = "The lead is not given to this party; read it again."
            log.error(LogItemType.LEAD_SALES_PARTNER_UNKNOWN, note, f"{_LEAD}/lbl:SalesPartnerParty")
            return {}
        return {"sales_partner_party_id": None, "partner_decision_code": None}
    return {} if has_it else {"sales_partner_party_id": party.party_id, "partner_decision_code": None}


def decided(call: Call, head: Row, log: LogBuilder) -> Row:
    """The columns that a partner's decision changes, if the message has one; what forbids it goes into the Log.

    ACCEPT is kept with the lead; DECLINE gives it back, also after an ACCEPT: a partner that cannot go on need not keep
    the lead. Only the partner that the lead is given to decides, and not in the message that gives it to another.
    """
    decision = call.message.partner_decision_code
    if decision is None:
        return {}
    party_id = head["sales_partner_party_id"]
    if party_id is None or party_id != call.caller.party_id:
        note = "Only the partner a lead is given to (SalesPartnerParty) accepts or declines it."
        log.error(LogItemType.LEAD_PARTNER_DECISION_NOT_ALLOWED, note, _DECISION)
        return {}
    sent = call.message.lead.sales_partner_party
    if sent is not None and _given(sent, head, log):
        note = "Deciding, and giving the lead to another or taking it away, exclude each other; send one of the two."
        log.error(LogItemType.LEAD_PARTNER_DECISION_NOT_ALLOWED, note, _DECISION)
        return {}
    if _refuse_suspended(head, _DECISION, log):
        return {}
    declined = decision is PartnerDecisionCode.DECLINE
    if declined:
        note = "The lead is given back: it has no SalesPartnerParty any more."
        log.follows(LogItemType.LEAD_SALES_PARTNER_REMOVED, note, _DECISION)
    return {"partner_decision_code": decision.value, **({"sales_partner_party_id": None} if declined else {})}


def _refuse_suspended(head: Row, path: str, log: LogBuilder) -> bool:
    """Refuse to offer a suspended lead to a partner, and the partner's answer; whether it is suspended."""
    suspended = head["suspended_at"] is not None
    if suspended:
        log.error(LogItemType.LEAD_SUSPENDED, "The lead is suspended: no partner gets or decides it meanwhile.", path)
    return suspended


def due_at(new: Row, old: Row | None, policy: Policy, now: datetime) -> datetime | None:
    """Until when the partner that has the lead decides; None where nothing is to be decided, or there is no limit.

    The time runs from the moment from which the partner's decision is awaited, and a change in between leaves it.
    """
    if not _awaits(new):
        return None
    if old is not None and _awaits(old) and new["sales_partner_party_id"] == old["sales_partner_party_id"]:
        due: datetime | None = old["partner_decision_due_at"]
        return due
    return None if policy.partner_decision_time is None else now + policy.partner_decision_time


def _awaits(head: Row) -> bool:
    if head.get("suspended_at"):  # a new lead has no such column yet
        return False
    return awaits_partner_decision(
        LifeCycleStatus(head["life_cycle_status_code"]),
        party_id=head["sales_partner_party_id"],
        decision=head["partner_decision_code"],
    )


def take_back(tx: Transaction, *, now: datetime, limit: int) -> Sequence[str]:
    """Take back up to `limit` leads whose partners did not decide in time; their IDs.

    Any number of processes may do so at once: each takes leads that no other transaction holds.
    """
    overdue = leads.overdue(tx, now=now, limit=limit)
    changes = [
        HeadChange(
            head,
            {
                **head,
                "sales_partner_party_id": None,
                "partner_decision_due_at": None,
                "change_number": head["change_number"] + 1,
                "changed_at": now,
            },
        )
        for head in overdue
    ]
    changed = ("id", "sales_partner_party_id", "partner_decision_due_at", "change_number", "changed_at")
    leads.update(tx, [{name: change.new[name] for name in changed} for change in changes])
    journal.append(tx, [_journal_row(head, now) for head in overdue])
    feed.tell(tx, changes)
    return [head["id"] for head in overdue]


def _journal_row(head: Row, now: datetime) -> Row:
    return {
        "recorded_at": now,
        "caller_id": _CLOCK,
        "operation": _OPERATION,
        "object_type": "lead",
        "object_id": head["id"],
        "event": "taken_back",
        "changed_elements": "sales_partner_party_id",
    }
