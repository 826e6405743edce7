"""The behaviour qualifiers: development tasks, incidents and contacts of a plan, each numbered in its plan by its kind.

What was sent is kept as it was; what it means, and how a record is moved, is said in `words`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from leadbridge.bian.answers import BianAnswer, Refused, read_each, wanted
from leadbridge.bian.moments import moment_at_beginning
from leadbridge.bian.relationship.asking import (
    Record,
    check_contact,
    content,
    kept,
    merged,
    next_state,
    not_allowed,
    on_plans,
    plan_of,
    reason_of,
    record_of,
    tell,
)
from leadbridge.bian.relationship.words import (
    CONTROL,
    CONTROLS,
    DATES,
    DOMAIN,
    ENDED,
    EXCHANGE,
    EXCHANGES,
    LEAD_REFERENCE,
    PLAN_MOVES,
    QUALIFIER_MOVES,
    WORKED_ON,
    Action,
    Qualifier,
    State,
    allowed,
    brings_result,
    party,
    text_at,
)
from leadbridge.bian.words import DOMAIN as LEADS
from leadbridge.bian.words import raised
from leadbridge.operations.call import Answer, Call, Policy, zoned
from leadbridge.store import relationship
from leadbridge.store.database import Transaction
from leadbridge.store.inserts import Row

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
        check_worked_on(plan, qualifier, "Create")
        state = ENDED[qualifier] if brings_result(qualifier, sent) else State.OPEN
        row = add(tx, call, plan, qualifier, sent, state=state, operation=f"{qualifier}/Create")
        return BianAnswer(shown(row), location=f"/{DOMAIN}/{plan['id']}/{qualifier}/{row['number']}")

    return on_plans(tx, calls, operation=f"{qualifier}/Create", do=do)


def update(
    tx: Transaction, calls: Sequence[Call], _policy: Policy, *, qualifier: Qualifier
) -> list[Answer | Exception]:
    """Give records new values of the fields that were sent; a result ends one."""

    def do(call: Call) -> BianAnswer:
        action = Action.RESULT if brings_result(qualifier, call.message.record) else Action.UPDATE
        plan, row = record_of(tx, call, qualifier)
        return BianAnswer(shown(changed(tx, call, plan, row, action, f"{qualifier}/Update")))

    return on_plans(tx, calls, operation=f"{qualifier}/Update", do=do)


def control_incident(tx: Transaction, calls: Sequence[Call], policy: Policy) -> list[Answer | Exception]:
    """Raise an incident's priority, suspend it or resume it."""
    qualifier = Qualifier.INCIDENT

    def do(call: Call) -> BianAnswer:
        plan, row = record_of(tx, call, qualifier)
        action, reason = wanted(call, CONTROL, CONTROLS[qualifier]), reason_of(call, policy)
        columns: Row = {}
        if action is Action.RAISE_PRIORITY:
            next_state(QUALIFIER_MOVES[qualifier], row, action, qualifier)
            higher = raised(row["priority_code"])
            if higher is None:
                text = "The incident's priority is 1 immediate: not raise priority; there is no higher one."
                raise Refused(400, "ActionNotAllowed", text)
            columns["priority_code"] = higher
        return BianAnswer(shown(changed(tx, call, plan, row, action, f"{qualifier}/Control", reason=reason, **columns)))

    return on_plans(tx, calls, operation=f"{qualifier}/Control", do=do)


def exchange(
    tx: Transaction, calls: Sequence[Call], policy: Policy, *, qualifier: Qualifier
) -> list[Answer | Exception]:
    """Accept or reject a task or an incident; verify the one's result, confirm the other's resolution."""

    def do(call: Call) -> BianAnswer:
        plan, row = record_of(tx, call, qualifier)
        action, reason = wanted(call, EXCHANGE, EXCHANGES[qualifier]), reason_of(call, policy)
        return BianAnswer(shown(changed(tx, call, plan, row, action, f"{qualifier}/Exchange", reason=reason)))

    return on_plans(tx, calls, operation=f"{qualifier}/Exchange", do=do)


def capture_incident(tx: Transaction, calls: Sequence[Call], _policy: Policy) -> list[Answer | Exception]:
    """Take down the details of incidents."""
    qualifier = Qualifier.INCIDENT

    def do(call: Call) -> BianAnswer:
        plan, row = record_of(tx, call, qualifier)
        return BianAnswer(shown(changed(tx, call, plan, row, Action.CAPTURE, f"{qualifier}/Capture")))

    return on_plans(tx, calls, operation=f"{qualifier}/Capture", do=do)


def request_contact(tx: Transaction, calls: Sequence[Call], _policy: Policy) -> list[Answer | Exception]:
    """Ask for a person: the contact stands on the desk's list from now on."""
    qualifier = Qualifier.CONTACT

    def do(call: Call) -> BianAnswer:
        plan, row = record_of(tx, call, qualifier)
        check_contact(plan)
        return BianAnswer(shown(changed(tx, call, plan, row, Action.REQUEST, f"{qualifier}/Request")))

    return on_plans(tx, calls, operation=f"{qualifier}/Request", do=do)


def retrieve(
    tx: Transaction, calls: Sequence[Call], _policy: Policy, *, qualifier: Qualifier
) -> list[Answer | Exception]:
    """Read records of plans, each with its state."""
    return read_each(calls, lambda call: BianAnswer(shown(record_of(tx, call, qualifier)[1])))


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
        "assignee": party(said, _ASSIGNEES[qualifier]),
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


def changed(
    tx: Transaction,
    call: Call,
    plan: Row,
    row: Row,
    action: Action,
    operation: str,
    *,
    reason: str | None = None,
    **columns: object,
) -> Row:
    """Write what an action, and the fields that came with it, make of a record, and tell of it; its row as it then is.
    An update that changes nothing is no event. Raises Refused."""
    qualifier = Qualifier(row["qualifier"])
    check_worked_on(plan, qualifier, action.value)
    state = next_state(QUALIFIER_MOVES[qualifier], row, action, qualifier)
    said = merged(content(row), call.message.record)
    new: Row = {
        **row,
        "state": state.value,
        "assignee": party(said, _ASSIGNEES[qualifier]),
        "due_at": _due_at(call, qualifier, state, said) if state is State.REQUESTED else row["due_at"],
        "content": kept(said),
        **columns,
    }
    if action is Action.UPDATE and new == row:
        return row
    new["changed_at"] = call.received_at
    relationship.update_record(tx, row, **{name: value for name, value in new.items() if value != row[name]})
    event = _EVENTS.get(action, "changed")
    tell(tx, call, new, event, operation=operation, old=row["state"], qualifier=qualifier, reason=reason)
    return new


def check_worked_on(plan: Row, qualifier: Qualifier, what: str) -> None:
    """Refuse to make or move records of a plan that is not worked on. Raises Refused."""
    if State(plan["state"]) not in WORKED_ON[qualifier]:
        raise not_allowed(PLAN_MOVES, plan, f"{what} of its {qualifier}", "plan")


def _due_at(call: Call, qualifier: Qualifier, state: State, said: Record) -> Any:
    """When a contact that waits for a person is due: as it says, or now."""
    if qualifier is not Qualifier.CONTACT or state is not State.REQUESTED:
        return None
    date = text_at(said, *DATES)
    return call.received_at if date is None else moment_at_beginning(date, DATES[0][0])


def shown(row: Row) -> dict[str, Any]:
    """A record as it was sent, and where it stands."""
    qualifier = Qualifier(row["qualifier"])
    may = [action.value for action in allowed(QUALIFIER_MOVES[qualifier], State(row["state"]))]
    if row["lead_id"] and Action.INITIATE_LEAD in may:
        may.remove(Action.INITIATE_LEAD)  # a task initiates one
    state = {
        f"{qualifier}ID": str(row["number"]),
        "PlanID": row["plan_id"],
        "State": row["state"],
        **({"DueDateTime": zoned(row["due_at"])} if row["due_at"] else {}),
        **({"PriorityCode": row["priority_code"]} if row["priority_code"] else {}),
        **({"LeadID": row["lead_id"]} if row["lead_id"] else {}),
        "AllowedActions": may,
    }
    reference = {LEAD_REFERENCE: f"{LEADS}/{row['lead_id']}"} if row["lead_id"] else {}
    return {**content(row), **reference, qualifier.state: state}
