"""The behaviour qualifiers: development tasks, incidents and contacts of a plan, each numbered in its plan by its kind.

What was sent is kept as it was; what it means, and how a record is moved, is said in `words`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from leadbridge.bian.answers import BianAnswer, Refused, read_each, wrong
from leadbridge.bian.leads import DOMAIN as LEADS
from leadbridge.bian.moments import moment_at_beginning
from leadbridge.bian.relationship.asking import (
    Record,
    content,
    kept,
    merged,
    on_plans,
    plan_of,
    reason_of,
    record_of,
    tell,
    wanted,
)
from leadbridge.bian.relationship.permitting import check_worked_on, record_actions, record_after
from leadbridge.bian.relationship.words import (
    CONTROL,
    CONTROLS,
    DATES,
    DOMAIN,
    ENDED,
    EXCHANGE,
    EXCHANGES,
    LEAD_REFERENCE,
    Action,
    Qualifier,
    State,
    brings_result,
    party,
    text_at,
)
from leadbridge.bian.words import raised
from leadbridge.caller import Caller
from leadbridge.operations.call import Answer, Call, Policy, zoned
from leadbridge.store import relationship
from leadbridge.store.database import Transaction
from leadbridge.store.inserts import Row

_LONGEST_ASSIGNEE = 200  # lists repeat it
_MOST_RECORDS = 1_000  # of one kind, of one plan
_EVENTS: Mapping[Action, str] = {
    Action.REQUEST: "requested",
    Action.CAPTURE: "captured",
    Action.ACCEPT: "accepted",
    Action.VERIFY: "verified",
    Action.CONFIRM: "confirmed",
    Action.REJECT: "rejected",
    Action.SUSPEND: "suspended",
    Action.RESUME: "resumed",
    Action.RAISE_PRIORITY: "raised",
    Action.INITIATE_LEAD: "lead_initiated",
}
_ASSIGNEES: Mapping[Qualifier, str] = {
    Qualifier.DEVELOPMENT: "EmployeeBusinessUnitReference",
    Qualifier.INCIDENT: "EmployeeBusinessUnitReference",
    Qualifier.CONTACT: "EmployeeReference",
}


def create(
    tx: Transaction, calls: Sequence[Call], _policy: Policy, *, qualifier: Qualifier
) -> list[Answer | Exception]:
    """Make records of plans; one that brings its result has come to its end."""

    def do(call: Call) -> BianAnswer:
        plan, sent = plan_of(tx, call), call.message.record
        check_worked_on(call.caller, plan, qualifier, "Create")
        state = ENDED[qualifier] if brings_result(qualifier, sent) else State.OPEN
        row = add(tx, call, plan, qualifier, sent, state=state, operation=f"{qualifier}/Create")
        location = f"/{DOMAIN}/{plan['id']}/{qualifier}/{row['number']}"
        return BianAnswer(_shown(call.caller, plan, row), location=location)

    return on_plans(tx, calls, operation=f"{qualifier}/Create", do=do)


def update(
    tx: Transaction, calls: Sequence[Call], _policy: Policy, *, qualifier: Qualifier
) -> list[Answer | Exception]:
    """Give records new values of the fields that were sent; a result ends one."""

    def do(call: Call) -> BianAnswer:
        action = Action.RESULT if brings_result(qualifier, call.message.record) else Action.UPDATE
        plan, row = record_of(tx, call, qualifier)
        return change(tx, call, plan, row, action, f"{qualifier}/Update")

    return on_plans(tx, calls, operation=f"{qualifier}/Update", do=do)


def control_incident(tx: Transaction, calls: Sequence[Call], policy: Policy) -> list[Answer | Exception]:
    """Raise an incident's priority, suspend it or resume it."""
    qualifier = Qualifier.INCIDENT

    def do(call: Call) -> BianAnswer:
        plan, row = record_of(tx, call, qualifier)
        action, reason = wanted(call, CONTROL, CONTROLS[qualifier]), reason_of(call, policy)
        columns: Row = {}
        if action is Action.RAISE_PRIORITY:
            columns["priority_code"] = raised(row["priority_code"])
        return change(tx, call, plan, row, action, f"{qualifier}/Control", reason=reason, **columns)

    return on_plans(tx, calls, operation=f"{qualifier}/Control", do=do)


def exchange(
    tx: Transaction, calls: Sequence[Call], policy: Policy, *, qualifier: Qualifier
) -> list[Answer | Exception]:
    """Accept or reject a task or an incident; verify the one's result, confirm the other's resolution."""

    def do(call: Call) -> BianAnswer:
        plan, row = record_of(tx, call, qualifier)
        action, reason = wanted(call, EXCHANGE, EXCHANGES[qualifier]), reason_of(call, policy)
        return change(tx, call, plan, row, action, f"{qualifier}/Exchange", reason=reason)

    return on_plans(tx, calls, operation=f"{qualifier}/Exchange", do=do)


def capture_incident(tx: Transaction, calls: Sequence[Call], _policy: Policy) -> list[Answer | Exception]:
    """Take down the details of incidents."""
    qualifier = Qualifier.INCIDENT

    def do(call: Call) -> BianAnswer:
        plan, row = record_of(tx, call, qualifier)
        return change(tx, call, plan, row, Action.CAPTURE, f"{qualifier}/Capture")

    return on_plans(tx, calls, operation=f"{qualifier}/Capture", do=do)


def request_contact(tx: Transaction, calls: Sequence[Call], _policy: Policy) -> list[Answer | Exception]:
    """Ask for a person: the contact stands on the desk's list from now on."""
    qualifier = Qualifier.CONTACT

    def do(call: Call) -> BianAnswer:
        plan, row = record_of(tx, call, qualifier)
        return change(tx, call, plan, row, Action.REQUEST, f"{qualifier}/Request")

    return on_plans(tx, calls, operation=f"{qualifier}/Request", do=do)


def retrieve(
    tx: Transaction, calls: Sequence[Call], _policy: Policy, *, qualifier: Qualifier
) -> list[Answer | Exception]:
    """Read records of plans, each with its state."""
    return read_each(calls, lambda call: BianAnswer(_shown(call.caller, *record_of(tx, call, qualifier))))


# ---------------------------------------------------------------------------------------------------------- shared


def add(
    tx: Transaction,
    call: Call,
    plan: Row,
    qualifier: Qualifier,
    said: Record,
    *,
    state: State,
    operation: str,
) -> Row:
    """Add a record to a plan that is locked, and tell of it; its row. Raises Refused."""
    number = relationship.last_number(tx, plan["id"], qualifier) + 1
    if number > _MOST_RECORDS:
        raise Refused(400, "TooManyRecords", f"A plan has {_MOST_RECORDS:,} records of one kind at most.")
    row: Row = {
        "plan_id": plan["id"],
        "qualifier": qualifier.value,
        "number": number,
        "state": state.value,
        "assignee": _assignee(qualifier, said),
        "due_at": _due_at(call, qualifier, state, said),
        "priority_code": None,
        "lead_id": None,
        "content": kept(said),
        "created_by": call.caller.id,
        "created_at": call.received_at,
        "changed_at": call.received_at,
    }
    relationship.insert_record(tx, row)
    tell(tx, call, row, "created", operation=operation, old=None, qualifier=qualifier)
    return row


def change(
    tx: Transaction,
    call: Call,
    plan: Row,
    row: Row,
    action: Action,
    operation: str,
    *,
    reason: str | None = None,
    **columns: object,
) -> BianAnswer:
    """Write what an action, and the fields that came with it, make of a record, and tell of it; the record as it then
    is. An update that changes nothing is no event. Raises Refused."""
    qualifier = Qualifier(row["qualifier"])
    state = record_after(call.caller, plan, row, action)
    said = merged(content(row), call.message.record)
    new: Row = {
        **row,
        "state": state.value,
        "assignee": _assignee(qualifier, said),
        "due_at": _due_at(call, qualifier, state, said) if state is State.REQUESTED else row["due_at"],
        "content": kept(said),
        **columns,
    }
    if action is Action.UPDATE and new == row:
        return BianAnswer(_shown(call.caller, plan, row))
    new["changed_at"] = call.received_at
    relationship.update_record(tx, row, **{name: value for name, value in new.items() if value != row[name]})
    event = _EVENTS.get(action, "changed")
    tell(tx, call, new, event, operation=operation, old=row["state"], qualifier=qualifier, reason=reason)
    return BianAnswer(_shown(call.caller, plan, new))


def _assignee(qualifier: Qualifier, said: Record) -> str | None:
    """Whom a record is assigned to. Raises Refused for more than is kept of it."""
    found = party(said, _ASSIGNEES[qualifier])
    if found is not None and len(found) > _LONGEST_ASSIGNEE:
        text = f"Whom this is assigned to, an identifier or a name, has {_LONGEST_ASSIGNEE} characters at most."
        raise wrong(_ASSIGNEES[qualifier], text, "TooLong")
    return found


def _due_at(call: Call, qualifier: Qualifier, state: State, said: Record) -> Any:
    """When a contact that waits for a person is due: as it says, or now."""
    if qualifier is not Qualifier.CONTACT or state is not State.REQUESTED:
        return None
    date = text_at(said, *DATES)
    return call.received_at if date is None else moment_at_beginning(date, DATES[0][0])


def _shown(caller: Caller, plan: Row, row: Row) -> dict[str, Any]:
    """A record as it was sent, where it stands, and what the caller may do to it; a lead that it does not see is not
    there."""
    qualifier = Qualifier(row["qualifier"])
    lead_id = row["lead_id"] if row.get("sees_lead") else None
    state = {
        f"{qualifier}ID": str(row["number"]),
        "PlanID": row["plan_id"],
        "State": row["state"],
        **({"DueDateTime": zoned(row["due_at"])} if row["due_at"] else {}),
        **({"PriorityCode": row["priority_code"]} if row["priority_code"] else {}),
        **({"LeadID": lead_id} if lead_id else {}),
        "AllowedActions": record_actions(caller, plan, row),
    }
    reference = {LEAD_REFERENCE: f"{LEADS}/{lead_id}"} if lead_id else {}
    return {**content(row), **reference, qualifier.state: state}
