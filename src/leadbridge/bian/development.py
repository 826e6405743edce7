"""The behaviour qualifier Development: tasks on a lead, done by somebody, or by themselves.

A task is numbered in its lead. What was sent is kept as it was; what it means is said in `words`. Its moves are in the
journal, and so are the events about it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from leadbridge.bian.actions import EXECUTIONS, Execution, check_contact
from leadbridge.bian.answers import BianAnswer, Refused, head_of, on_leads, read_each, wrong
from leadbridge.bian.leads import DOMAIN, whole_lead
from leadbridge.bian.moments import moment_at_beginning
from leadbridge.bian.policy import BianPolicy
from leadbridge.bian.translation import check_kept, fitting, not_allowed, procedure
from leadbridge.bian.words import (
    CONTACT,
    DEVELOPMENT,
    DOCUMENT,
    EMPLOYEE,
    EXECUTE,
    MADE_HERE,
    MOMENT,
    PROCEDURE,
    RESULT,
    ExecuteAction,
    TaskAction,
    TaskState,
    task_state,
)
from leadbridge.lead import FINAL, LifeCycleStatus
from leadbridge.messages import SalesResponsibleParty
from leadbridge.operations.businesspartner import created_row
from leadbridge.operations.call import Answer, Call, Policy, zoned
from leadbridge.store import bian, journal
from leadbridge.store.database import Transaction
from leadbridge.store.inserts import Row

_MOST_TASKS = 100  # of one lead


def initiate(tx: Transaction, calls: Sequence[Call], _policy: Policy) -> list[Answer | Exception]:
    """Assign a development task."""

    def do(call: Call) -> BianAnswer:
        head = head_of(tx, call)
        _check_not_final(head, "a new task")
        assigned = _of_task(call.message.procedure, procedure(*whole_lead(tx, head["id"])))
        said = {**assigned, **call.message.development}
        for name in assigned:
            if said[name] != assigned[name]:
                raise wrong(name, "The two records say different things of the task.", "DuplicateField")
        if RESULT in said:
            raise wrong(RESULT, "A task begins without a result; Update brings it.", "UnknownField")
        _check_made_here(said, {})
        columns = _columns(said)
        number = len(bian.tasks(tx, head["id"])) + 1
        if number > _MOST_TASKS:
            raise Refused(400, "TooManyTasks", f"A lead has {_MOST_TASKS} development tasks at most.")
        row: Row = {
            "lead_id": head["id"],
            "number": number,
            "kind": "development",
            "state": TaskState.OPEN.value,
            **columns,
            "content": _content(said),
            "created_by": call.caller.id,
            "created_at": call.received_at,
            "changed_at": call.received_at,
        }
        bian.insert_task(tx, row)
        _record(tx, call, row, "Initiate", "created", None)
        return BianAnswer({DEVELOPMENT: _shown(row)}, location=f"/{DOMAIN}/{head['id']}/Development/{number}")

    return on_leads(tx, calls, operation=f"{DOMAIN}/Development/Initiate", do=do)


def update(tx: Transaction, calls: Sequence[Call], _policy: Policy) -> list[Answer | Exception]:
    """Give tasks new values; a result ends one."""

    def do(call: Call) -> BianAnswer:
        _, row = _task_of(tx, call)
        sent = call.message.development
        return BianAnswer(_shown(_changed(tx, call, row, TaskAction.UPDATE, sent, event="changed")))

    return on_leads(tx, calls, operation=f"{DOMAIN}/Development/Update", do=do)


def execute(tx: Transaction, calls: Sequence[Call], policy: BianPolicy) -> list[Answer | Exception]:
    """Do something that needs nobody: see `words.ExecuteAction`."""

    def do(call: Call) -> BianAnswer:
        head, row = _task_of(tx, call)
        action = _wanted(call)
        _check_not_final(head, action.value)
        _check_task(row, TaskAction.EXECUTE)
        if head["suspended_at"] is not None and action is not ExecuteAction.RECOMPUTE_SCORE:
            raise not_allowed(head, action.value, [ExecuteAction.RECOMPUTE_SCORE.value])
        done = EXECUTIONS[action](Execution(tx, call, head, row, policy))
        sent = {**_moment(call, row), **call.message.development, **done.fields}
        changed = _changed(tx, call, row, TaskAction.EXECUTE, sent, event="executed")
        return BianAnswer({DEVELOPMENT: _shown(changed), **done.more})

    return on_leads(tx, calls, operation=f"{DOMAIN}/Development/Execute", do=do)


def request(tx: Transaction, calls: Sequence[Call], _policy: Policy) -> list[Answer | Exception]:
    """Ask for a person: a contact is scheduled, and the task stands on the desk's list."""

    def do(call: Call) -> BianAnswer:
        head, row = _task_of(tx, call)
        _check_not_final(head, "a contact")
        if head["suspended_at"] is not None:
            raise not_allowed(head, "a contact", ["resume"])
        check_contact(tx, head)
        # What an action done by itself wrote of its moment is not when a person is to act.
        when = {} if row["due_at"] is not None else {MOMENT: zoned(call.received_at)}
        sent = {**when, **call.message.development}
        sent[CONTACT] = f"{DOMAIN}/{head['id']}/Development/{row['number']}"
        changed = _changed(tx, call, row, TaskAction.REQUEST, sent, event="requested", kind="contact")
        return BianAnswer({DEVELOPMENT: _shown(changed)})

    return on_leads(tx, calls, operation=f"{DOMAIN}/Development/Request", do=do)


def retrieve(tx: Transaction, calls: Sequence[Call], _policy: Policy) -> list[Answer | Exception]:
    """Read tasks, each with its lead."""

    def do(call: Call) -> BianAnswer:
        head, row = _task_of(tx, call)
        state = {"TaskState": row["state"], "TaskKind": row["kind"]}
        due = {"DueDateTime": zoned(row["due_at"])} if row["due_at"] else {}
        shown = {PROCEDURE: procedure(*whole_lead(tx, head["id"])), DEVELOPMENT: _shown(row)}
        return BianAnswer({**shown, "DevelopmentState": {**state, **due}})

    return read_each(calls, do)


# ----------------------------------------------------------------------------------------------------------- checks


def _task_of(tx: Transaction, call: Call) -> tuple[Row, Row]:
    head = head_of(tx, call)
    found = [row for row in bian.tasks(tx, head["id"]) if str(row["number"]) == call.message.number]
    if not found:
        raise Refused(404, "TaskUnknown", "The lead has no such development task.")
    _check_made_here(call.message.development, json.loads(found[0]["content"]))
    return head, found[0]


def _check_made_here(sent: Mapping[str, str], kept: Mapping[str, str]) -> None:
    """Refuse references that are made here, unless they are sent back as they were answered."""
    for name in MADE_HERE:
        if name in sent and sent[name] != kept.get(name):
            text = "This reference is made here, by Execute or Request: leave it out, or send it as it was answered."
            raise wrong(name, text, "ReadOnlyField")


def _check_not_final(head: Row, what: str) -> None:
    if LifeCycleStatus(head["life_cycle_status_code"]) in FINAL:
        raise not_allowed(head, what, [])


def _check_task(row: Row, action: TaskAction, *, has_result: bool = False) -> TaskState:
    new = task_state(TaskState(row["state"]), action, has_result=has_result)
    if new is None:
        text = f"The task is {row['state']}: not {action.value}; allowed: Retrieve, and another task."
        raise Refused(400, "ActionNotAllowed", text)
    return new


def _wanted(call: Call) -> ExecuteAction:
    """The action that the body names; a template alone means that its message is to be sent."""
    named = call.message.more.get(EXECUTE)
    if named is None and DOCUMENT in call.message.development:
        return ExecuteAction.SEND_MESSAGE
    found = next((action for action in ExecuteAction if action.value == named), None)
    if found is None:
        code = "MissingField" if named is None else "NotInList"
        raise wrong(EXECUTE, f"Expected one of {', '.join(action.value for action in ExecuteAction)}.", code)
    return found


def _of_task(sent: Mapping[str, str], lead: Mapping[str, str]) -> dict[str, str]:
    """The fields of LeadandOpportunityProcedure that are about a new task: whom it is assigned to, and when it is due,
    where that is not just the lead's own moment. The others are the lead's: they may be repeated here, and its own
    Update changes them."""
    for name, value in sent.items():
        if name not in (EMPLOYEE, MOMENT) and lead.get(name) != value:
            raise wrong(name, "This is not as the lead has it; Update of the lead changes it.", "NotTheLeads")
    return {
        name: sent[name] for name in (EMPLOYEE, MOMENT) if name in sent and (name, sent[name]) != (MOMENT, lead[MOMENT])
    }


# ------------------------------------------------------------------------------------------------------------- rows


def _columns(said: Mapping[str, str], *, schedules: bool = True) -> Row:
    """What the fields mean. `schedules` says whether their moment is when the task is due."""
    columns: Row = {}
    if EMPLOYEE in said:
        columns["assignee"] = fitting(EMPLOYEE, said[EMPLOYEE], SalesResponsibleParty, "party_id")
    if MOMENT in said and schedules:
        columns["due_at"] = moment_at_beginning(said[MOMENT], MOMENT)
    if RESULT in said:
        if not said[RESULT].strip():
            raise wrong(RESULT, "Expected some text: a result ends the task.", "TooShort")
        columns["result"] = said[RESULT]
    return columns


def _content(said: Mapping[str, str]) -> str:
    check_kept(said)
    return json.dumps(said, ensure_ascii=False)


def _moment(call: Call, row: Row) -> dict[str, str]:
    """When a task is done, where nothing says it: now."""
    return {} if MOMENT in json.loads(row["content"]) else {MOMENT: zoned(call.received_at)}


def _changed(
    tx: Transaction,
    call: Call,
    row: Row,
    action: TaskAction,
    sent: Mapping[str, str],
    *,
    event: str,
    kind: str | None = None,
) -> Row:
    """Write what an action makes of a task, and tell of it; the row as it then is."""
    state = _check_task(row, action, has_result=RESULT in sent)
    schedules = action is not TaskAction.EXECUTE or row["due_at"] is not None
    if RESULT in sent and action is not TaskAction.UPDATE:
        raise wrong(RESULT, "Update brings the result.", "UnknownField")
    said = {**json.loads(row["content"]), **sent}
    columns: Row = {
        "state": state.value,
        "kind": kind or row["kind"],
        **_columns(sent, schedules=schedules),
        "content": _content(said),
        "changed_at": call.received_at,
    }
    bian.update_task(tx, row, **columns)
    new = {**row, **columns}
    _record(tx, call, new, action.value, event, row["state"])
    return new


def _record(tx: Transaction, call: Call, row: Row, operation: str, event: str, old: str | None) -> None:
    journal.append(
        tx,
        [
            {
                **created_row(call, f"{DOMAIN}/Development/{operation}", f"{row['lead_id']}/{row['number']}"),
                "object_type": bian.TASK,
                "event": event,
                "old_status": old if old != row["state"] else None,
                "new_status": row["state"] if old != row["state"] else None,
            }
        ],
    )


def _shown(row: Row) -> dict[str, Any]:
    """A task as Development: everything as it was sent or made."""
    said: dict[str, Any] = json.loads(row["content"])
    return said
