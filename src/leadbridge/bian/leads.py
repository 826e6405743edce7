"""The control record: Initiate, Update, Retrieve, Control and Exchange of a lead, by the use cases of leads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from leadbridge.bian.answers import (
    BianAnswer,
    Refused,
    done_once,
    head_of,
    on_leads,
    read_each,
    refuse_failed,
    wanted,
    wrong,
)
from leadbridge.bian.translation import (
    allowed_actions,
    change,
    change_message,
    create_message,
    has_it,
    may_control,
    not_allowed,
    procedure,
    prospect,
    reason_code,
    record,
)
from leadbridge.bian.words import (
    CONTROL,
    CONTROL_ACTIONS,
    CUSTOMER,
    DOMAIN,
    EXCHANGE,
    EXCHANGE_ACTIONS,
    Action,
    raised,
)
from leadbridge.caller import CORE_CRM, Caller
from leadbridge.lead import ForwardingEvent
from leadbridge.messages import (
    LeadChangeRequestSync,
    LeadLifeCycleStatusCode,
    PartnerDecisionCode,
    PriorityCode,
)
from leadbridge.operations import partner_loop, qualified
from leadbridge.operations.businesspartner import created_row
from leadbridge.operations.call import Answer, Call, Policy
from leadbridge.operations.change_batch import ChangeBatch
from leadbridge.operations.lead_batch import LeadBatch
from leadbridge.operations.partners import hold, references_of
from leadbridge.store import businesspartners, journal, leads, outbox
from leadbridge.store.database import Transaction
from leadbridge.store.inserts import Row


def initiate(tx: Transaction, calls: Sequence[Call], policy: Policy) -> list[Answer | Exception]:
    """Capture leads, as CreateLead does: duplicate check, assignment, scoring, forwarding of a qualified one."""
    refused: dict[int, Refused] = {}
    creating: dict[int, Call] = {}
    for call in calls:
        try:
            creating[id(call)] = replace(call, message=create_message(call.message.procedure))
        except Refused as error:
            refused[id(call)] = error
    batch = LeadBatch(list(creating.values()), policy, "/lbl:Lead", operation=f"{DOMAIN}/Initiate")

    def act(fresh: Sequence[Call]) -> list[BianAnswer | Refused]:
        whole = [call for call in fresh if id(call) in creating]
        drafted = batch.create([creating[id(call)] for call in whole])
        outcomes: dict[int, BianAnswer | Refused] = dict(refused)
        for call, (draft, log) in zip(whole, drafted, strict=True):
            try:
                refuse_failed(log)
            except Refused as error:
                outcomes[id(call)] = error
                continue
            assert draft is not None  # else the log has failed
            head, parts = whole_lead(tx, draft.head["id"])
            outcomes[id(call)] = BianAnswer(procedure(head, parts), location=f"/{DOMAIN}/{head['id']}")
        return [outcomes[id(call)] for call in fresh]

    return done_once(
        tx,
        calls,
        operation=f"{DOMAIN}/Initiate",
        act=act,
        lock_keys=batch.lock_keys(),
        ask=lambda: batch.ask(tx),
    )


def update(tx: Transaction, calls: Sequence[Call], policy: Policy) -> list[Answer | Exception]:
    """Give leads new values of the fields that were sent, as ChangeLead does."""

    def do(call: Call) -> BianAnswer:
        head = head_of(tx, call)
        parts = leads.parts(tx, [head["id"]], items=True, notes=True)[head["id"]]
        changed(tx, call, change_message(call.message.procedure, head, parts), policy, operation="Update")
        return BianAnswer(procedure(*whole_lead(tx, head["id"])))

    return on_leads(tx, calls, operation=f"{DOMAIN}/Update", do=do, before=lambda fresh: _hold_prospects(tx, fresh))


def _hold_prospects(tx: Transaction, calls: Sequence[Call]) -> None:
    """Keep merges off the business partners that leads are to be about, before any lead is locked, as a merge does."""
    naming = []
    for call in calls:
        if CUSTOMER in call.message.procedure:
            try:
                party = prospect(call.message.procedure[CUSTOMER])
            except Refused:
                continue  # as it will be again
            naming.append(replace(call, message=change({"id": ""}, prospect_party=party)))
    if naming:
        hold(tx, references_of(naming))


def retrieve(tx: Transaction, calls: Sequence[Call], _policy: Policy) -> list[Answer | Exception]:
    """Read leads as LeadandOpportunityProcedure, with their state."""
    return read_each(calls, lambda call: BianAnswer(record(*whole_lead(tx, head_of(tx, call)["id"]), call.caller)))


def control(tx: Transaction, calls: Sequence[Call], policy: Policy) -> list[Answer | Exception]:
    """Raise priority, suspend, resume or terminate: see `words.allowed`."""

    def do(call: Call) -> BianAnswer:
        head = head_of(tx, call)
        action = wanted(call, CONTROL, CONTROL_ACTIONS)
        if not may_control(head, call.caller):
            raise Refused(403, "Unauthorized", "Only who created a lead, or sees all, controls it.")
        _check_allowed(head, action, call.caller)
        reason = reason_code(call.message.more)
        if reason is not None and action is not Action.TERMINATE:
            raise wrong("ReasonCode", "Only terminate has a reason.", "UnknownField")
        _CONTROLS[action](tx, call, head, policy)
        return BianAnswer(record(*whole_lead(tx, head["id"]), call.caller))

    return on_leads(tx, calls, operation=f"{DOMAIN}/Control", do=do)


def exchange(tx: Transaction, calls: Sequence[Call], policy: Policy) -> list[Answer | Exception]:
    """Accept or reject a lead: see `words.allowed`."""

    def do(call: Call) -> BianAnswer:
        head = head_of(tx, call)
        action = wanted(call, EXCHANGE, EXCHANGE_ACTIONS)
        _check_allowed(head, action, call.caller)
        accepted = action is Action.ACCEPT
        reason = reason_code(call.message.more)
        if has_it(head, call.caller):
            decision = PartnerDecisionCode.ACCEPT if accepted else PartnerDecisionCode.DECLINE
            wish = change(head, decision=decision, reason=reason)
        else:
            status = LeadLifeCycleStatusCode.VALUE_2 if accepted else LeadLifeCycleStatusCode.VALUE_5
            wish = change(head, life_cycle_status_code=status, reason=reason)
        changed(tx, call, wish, policy, operation="Exchange")
        return BianAnswer(record(*whole_lead(tx, head["id"]), call.caller))

    return on_leads(tx, calls, operation=f"{DOMAIN}/Exchange", do=do)


# ----------------------------------------------------------------------------------------------------------- shared


def whole_lead(tx: Transaction, lead_id: str) -> tuple[Row, Any]:
    """A lead that the caller has been shown to see, as it now is: its head, under its prospect's number of today, with
    items and notes."""
    (head,) = leads.resolve(tx, CORE_CRM, ids={lead_id})
    parts = leads.parts(tx, [lead_id], items=True, notes=True)[lead_id]
    (prospect,) = businesspartners.resolve(tx, CORE_CRM, internal_ids={head["prospect_internal_id"]})
    return {**head, "prospect_internal_id": prospect["internal_id"]}, parts


def changed(tx: Transaction, call: Call, message: LeadChangeRequestSync, policy: Policy, *, operation: str) -> None:
    """Change a lead that is locked, by the rules of ChangeLead. Raises Refused."""
    changing = replace(call, message=message)
    ((_, log),) = ChangeBatch([changing], policy, operation=f"{DOMAIN}/{operation}").write(tx, [changing])
    refuse_failed(log)


def _check_allowed(head: Row, action: Action, caller: Caller) -> None:
    may = allowed_actions(head, caller)
    if action.value not in may:
        raise not_allowed(head, action.value, may)


# ---------------------------------------------------------------------------------------------------------- control


def _raise_priority(tx: Transaction, call: Call, head: Row, policy: Policy) -> None:
    higher = raised(head["priority_code"])
    assert higher is not None  # else it is not allowed
    changed(tx, call, change(head, priority_code=PriorityCode(higher)), policy, operation="Control")


def _suspend(tx: Transaction, call: Call, head: Row, _policy: Policy) -> None:
    _write(tx, call, head, "suspended", suspended_at=call.received_at, partner_decision_due_at=None)
    outbox.hold(tx, [head["id"]])


def _resume(tx: Transaction, call: Call, head: Row, policy: Policy) -> None:
    resumed = {**head, "suspended_at": None}
    due_at = partner_loop.due_at(resumed, head, policy, call.received_at)
    _write(tx, call, head, "resumed", suspended_at=None, partner_decision_due_at=due_at)
    if outbox.cancel_waiting(tx, [head["id"]], call.received_at):
        # The core CRM is told how the lead is now, not how it was when it was suspended.
        qualified.enqueue(tx, resumed, ForwardingEvent.CREATE, policy=policy, now=call.received_at)
    outbox.release(tx, [head["id"]], call.received_at)


def _terminate(tx: Transaction, call: Call, head: Row, policy: Policy) -> None:
    wish = change(head, life_cycle_status_code=LeadLifeCycleStatusCode.VALUE_7, reason=reason_code(call.message.more))
    changed(tx, call, wish, policy, operation="Control")


_CONTROLS: Mapping[Action, Callable[[Transaction, Call, Row, Policy], None]] = {
    Action.RAISE_PRIORITY: _raise_priority,
    Action.SUSPEND: _suspend,
    Action.RESUME: _resume,
    Action.TERMINATE: _terminate,
}


def _write(tx: Transaction, call: Call, head: Row, event: str, **columns: object) -> None:
    kept = {"change_number": head["change_number"] + 1, "changed_at": call.received_at}
    leads.update(tx, [{"id": head["id"], **columns, **kept}])
    row = created_row(call, f"{DOMAIN}/Control", head["id"])
    journal.append(tx, [{**row, "object_type": "lead", "event": event, "changed_elements": "suspended_at"}])
