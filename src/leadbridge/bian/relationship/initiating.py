"""Development's Request: somebody is to do the task, or the task initiates a lead, as Lead and Opportunity Management's
Initiate does, by the use case that creates leads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from leadbridge.bian.answers import BianAnswer, Refused, refuse_failed, wrong
from leadbridge.bian.relationship.asking import content, merged, on_plans, record_of, wanted
from leadbridge.bian.relationship.permitting import record_after
from leadbridge.bian.relationship.records import change
from leadbridge.bian.relationship.words import (
    DESCRIPTIONS,
    DOMAIN,
    LEAD,
    REQUEST,
    Action,
    Qualifier,
    party,
    text_at,
)
from leadbridge.bian.translation import create_message
from leadbridge.bian.words import CUSTOMER, DESCRIPTION, EMPLOYEE, TRIGGERED_BY, TRIGGERED_BY_REFERENCE
from leadbridge.messages import LeadCreateRequestSync, SalesResponsibleParty
from leadbridge.operations.call import Answer, Call, Policy
from leadbridge.operations.lead_batch import LeadBatch
from leadbridge.operations.partners import hold, references_of
from leadbridge.store.database import Transaction

_OPERATION = f"{Qualifier.DEVELOPMENT}/Request"
_LONGEST_PARTY = SalesResponsibleParty.__dataclass_fields__["party_id"].metadata["max_length"]


def request(tx: Transaction, calls: Sequence[Call], policy: Policy) -> list[Answer | Exception]:
    """Request development tasks. With `initiate lead` the task, whose plan must be authorized, becomes a lead."""
    refused: dict[int, Refused] = {}
    foreseen: list[Call] = []
    for call in calls:
        if call.message.more.get(REQUEST) == Action.INITIATE_LEAD:
            try:
                creating = replace(call, message=_message(tx, call))
            except Refused as error:
                refused[id(call)] = error
                continue
            if EMPLOYEE not in call.message.lead:  # by the time the plan is locked the task may name nobody
                creating.message.lead.sales_responsible_party = None
            foreseen.append(creating)

    def ask() -> None:
        # All business partners in one statement, before any plan is locked: each batch finds its own held.
        hold(tx, references_of(foreseen))

    def do(call: Call) -> BianAnswer:
        plan, row = record_of(tx, call, Qualifier.DEVELOPMENT)
        action = _action(call)
        if action is not Action.INITIATE_LEAD:
            return change(tx, call, plan, row, action, _OPERATION)
        if id(call) in refused:
            raise refused[id(call)]
        record_after(call.caller, plan, row, action)  # refused before anything of the lead is written
        # Only now: the task is as the lead will have it, and each lead counts for the next.
        creating = replace(call, message=_message(tx, call))
        batch = _batch([creating], policy)
        batch.ask(tx)
        ((draft, log),) = batch.create([creating])
        refuse_failed(log)
        assert draft is not None  # else the log has failed
        return change(tx, call, plan, {**row, "sees_lead": True}, action, _OPERATION, lead_id=draft.head["id"])

    lock_keys = _batch(foreseen, policy).lock_keys()
    return on_plans(tx, calls, operation=_OPERATION, do=do, lock_keys=lock_keys, ask=ask)


def _batch(calls: Sequence[Call], policy: Policy) -> LeadBatch:
    return LeadBatch(calls, policy, "/lbl:Lead", operation=f"{DOMAIN}/{_OPERATION}")


def _action(call: Call) -> Action:
    """What is requested; without a word, somebody to do the task."""
    if REQUEST in call.message.more:
        return wanted(call, REQUEST, [Action.INITIATE_LEAD])
    if call.message.lead:
        raise wrong(LEAD, f"Only a Request with {REQUEST} {Action.INITIATE_LEAD.value} has a lead.", "UnknownField")
    return Action.REQUEST


def _message(tx: Transaction, call: Call) -> LeadCreateRequestSync:
    """What CreateLead would be sent: the fields of the lead as they were sent; else as the plan and the task say."""
    plan, row = record_of(tx, call, Qualifier.DEVELOPMENT)
    sent, said = call.message.lead, merged(content(row), call.message.record)
    ours = {
        CUSTOMER: plan["customer_id"],
        TRIGGERED_BY: DOMAIN,
        TRIGGERED_BY_REFERENCE: f"{DOMAIN}/{plan['id']}/{Qualifier.DEVELOPMENT}/{row['number']}",
    }
    for name, value in ours.items():
        if sent.get(name, value) != value:
            raise wrong(name, "This is as the plan and the task have it; leave it out.", "NotThePlans")
    description, employee = text_at(said, *DESCRIPTIONS), party(said, "EmployeeBusinessUnitReference")
    message = create_message(
        {
            **({DESCRIPTION: description} if description else {}),
            **({EMPLOYEE: employee} if employee and len(employee) <= _LONGEST_PARTY else {}),
            **sent,
            **ours,
        }
    )
    message.basic_message_header.test_data_indicator = plan["test_data"] or None
    return message
