"""Deleting leads: those that nobody outside ever heard of. Any other one is closed instead."""

from collections.abc import Sequence
from dataclasses import dataclass

from leadbridge.caller import Visibility
from leadbridge.lead import LifeCycleStatus, may_delete
from leadbridge.operations import referring
from leadbridge.operations.businesspartner import created_row
from leadbridge.operations.call import Call
from leadbridge.operations.change_batch import check_state
from leadbridge.operations.logitems import LogBuilder, LogItemType
from leadbridge.store import feed, journal, leads
from leadbridge.store.database import Transaction
from leadbridge.store.feed import HeadChange
from leadbridge.store.inserts import Row

_LEAD = "/lbl:LeadChangeRequest_sync/lbl:Lead/lbl:LeadIdentification"


@dataclass(frozen=True, slots=True)
class Deletion:
    """One call's deletion of a lead that it may see, and that is locked; `change_state_id` is what was sent."""

    call: Call
    head: Row
    change_state_id: str | None
    log: LogBuilder


def delete_leads(tx: Transaction, deletions: Sequence[Deletion], operation: str) -> None:
    """Delete each lead once that may be deleted; of the others the Log says why not.

    A partner that had one is told that it has lost it.
    """
    for one in deletions:
        _check(one)
    real = [one for one in deletions if not one.log.failed]
    leads.remove(tx, [one.head["id"] for one in real])
    journal.append(tx, [_journal_row(one, operation) for one in real])
    feed.tell(tx, [HeadChange(one.head, _gone(one)) for one in real])
    for one in real:
        one.log.information(LogItemType.LEAD_DELETED, f"Lead {one.head['id']} was deleted.")


def _check(one: Deletion) -> None:
    head, caller = one.head, one.call.caller
    check_state(head, one.change_state_id, one.log)
    referring.check_message(one.call, test_data=head["test_data"], path=_LEAD, log=one.log)
    if caller.visibility is not Visibility.ALL and head["created_by"] != caller.id:
        note = "Only who created a lead, or sees all, may delete it; PartnerDecisionCode DECLINE gives it back."
        one.log.error(LogItemType.LEAD_DELETE_NOT_ALLOWED, note)
    elif not may_delete(LifeCycleStatus(head["life_cycle_status_code"]), forwarded=head["forwarding_sequence"] > 0):
        note = "Only a lead in status 1, 2 or 5 that was never qualified may be deleted; close it (status 7) instead."
        one.log.error(LogItemType.LEAD_DELETE_NOT_ALLOWED, note)


def _gone(one: Deletion) -> Row:
    """The head of a lead that is deleted: nobody has it any more."""
    nobody = {"sales_partner_party_id": None, "partner_decision_code": None}
    return {**one.head, **nobody, "changed_at": one.call.received_at}


def _journal_row(one: Deletion, operation: str) -> Row:
    return {
        **created_row(one.call, operation, one.head["id"]),
        "object_type": "lead",
        "event": journal.WIPED if one.head["test_data"] else "deleted",
        "old_status": one.head["life_cycle_status_code"],
    }
