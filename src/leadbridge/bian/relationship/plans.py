"""The control record: Create, Update, Control, Exchange, Request, Grant and Retrieve of a plan for a customer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from leadbridge.bian.answers import BianAnswer, Refused, done_once, read_each, tried, wanted, wrong
from leadbridge.bian.relationship.asking import (
    content,
    customer_of,
    hold_customers,
    kept,
    merged,
    on_plans,
    plan_of,
    reason_of,
    reference_of,
    tell,
)
from leadbridge.bian.relationship.permitting import plan_actions, plan_after
from leadbridge.bian.relationship.records import add
from leadbridge.bian.relationship.words import (
    CONTACT_REFERENCE,
    CUSTOMER,
    DOMAIN,
    MOMENT,
    PLAN_STATE,
    REFERENCE_PATH,
    Action,
    Qualifier,
    State,
)
from leadbridge.caller import Caller
from leadbridge.operations.call import Answer, Call, Policy
from leadbridge.store import relationship
from leadbridge.store.database import Transaction
from leadbridge.store.inserts import Row

_EVENTS: Mapping[Action, str] = {
    Action.ACCEPT: "accepted",
    Action.VERIFY: "verified",
    Action.REJECT: "rejected",
    Action.SUSPEND: "suspended",
    Action.RESUME: "resumed",
    Action.TERMINATE: "terminated",
    Action.REQUEST: "requested",
    Action.AUTHORIZE: "authorized",
    Action.WITHDRAW: "withdrawn",
}


def create(tx: Transaction, calls: Sequence[Call], _policy: Policy) -> list[Answer | Exception]:
    """Make initial plans, each for the business partner that its CustomerReference names."""

    def do(call: Call) -> BianAnswer:
        reference = reference_of(call.message.record)
        if reference is None:
            text = f"A plan is for somebody: an InternalID, a UUID or system/object at {'/'.join(REFERENCE_PATH)}."
            raise wrong(CUSTOMER, text, "MissingField")
        customer = customer_of(tx, call.caller, reference)
        row: Row = {
            "customer_internal_id": customer["internal_id"],
            "state": State.PROPOSED.value,
            "content": kept(call.message.record),
            "test_data": customer["test_data"],
            "created_by": call.caller.id,
            "created_at": call.received_at,
            "changed_at": call.received_at,
        }
        (row["id"],) = tx.next_numbers("relationship_plan", 1)
        relationship.insert_plan(tx, row)
        tell(tx, call, row, "created", operation="Create", old=None)
        of_customer = {"customer_id": customer["internal_id"], "contact_allowed_code": customer["contact_allowed_code"]}
        answer = BianAnswer(_shown(call.caller, {**row, **of_customer}), location=f"/{DOMAIN}/{row['id']}")
        answer.test_data = row["test_data"]
        return answer

    def act(fresh: Sequence[Call]) -> list[BianAnswer | Refused]:
        hold_customers(tx, {one for call in fresh if (one := reference_of(call.message.record)) is not None})
        return [tried(tx, do, call) for call in fresh]

    return done_once(tx, calls, operation=f"{DOMAIN}/Create", act=act)


def update(tx: Transaction, calls: Sequence[Call], _policy: Policy) -> list[Answer | Exception]:
    """Give plans new values of the fields that were sent."""

    def do(call: Call) -> BianAnswer:
        return BianAnswer(_shown(call.caller, _changed(tx, call, plan_of(tx, call), Action.UPDATE, "Update")))

    return on_plans(tx, calls, operation="Update", do=do)


def move(
    tx: Transaction, calls: Sequence[Call], policy: Policy, *, operation: str, field: str, actions: Sequence[Action]
) -> list[Answer | Exception]:
    """Do to plans what a field of the body names, one of these actions: Control, Exchange or Grant."""

    def do(call: Call) -> BianAnswer:
        plan = plan_of(tx, call)
        action, reason = wanted(call, field, actions), reason_of(call, policy)
        return BianAnswer(_shown(call.caller, _changed(tx, call, plan, action, operation, reason)))

    return on_plans(tx, calls, operation=operation, do=do)


def request(tx: Transaction, calls: Sequence[Call], _policy: Policy) -> list[Answer | Exception]:
    """Arrange a meeting with customers: a contact is scheduled, and stands on the desk's list."""

    def do(call: Call) -> BianAnswer:
        plan = plan_of(tx, call)
        changed = _changed(tx, call, plan, Action.REQUEST, "Request")
        moment = call.message.more.get(MOMENT)
        said = {} if moment is None else {"CustomerRelationshipContactDate": {"DateContent": moment}}
        made = add(tx, call, changed, Qualifier.CONTACT, said, state=State.REQUESTED, operation="Request")
        reference = f"{DOMAIN}/{plan['id']}/{Qualifier.CONTACT}/{made['number']}"
        return BianAnswer({**_shown(call.caller, changed), CONTACT_REFERENCE: reference})

    return on_plans(tx, calls, operation="Request", do=do)


def retrieve(tx: Transaction, calls: Sequence[Call], _policy: Policy) -> list[Answer | Exception]:
    """Read plans, each with its state."""
    return read_each(calls, lambda call: BianAnswer(_shown(call.caller, plan_of(tx, call))))


def _changed(tx: Transaction, call: Call, plan: Row, action: Action, operation: str, reason: str | None = None) -> Row:
    """Write what an action, and the fields that came with it, make of a plan, and tell of it; the plan as it then is.
    An update that changes nothing is no event."""
    state = plan_after(call.caller, plan, action)
    _check_customer(tx, call, plan)
    said = kept(merged(content(plan), call.message.record))
    if action is Action.UPDATE and said == plan["content"] and state == plan["state"]:
        return plan
    columns: Row = {"state": state.value, "content": said, "changed_at": call.received_at}
    relationship.update_plan(tx, plan["id"], **columns)
    new = {**plan, **columns}
    tell(tx, call, new, _EVENTS.get(action, "changed"), operation=operation, old=plan["state"], reason=reason)
    return new


def _check_customer(tx: Transaction, call: Call, plan: Row) -> None:
    """Refuse to give a plan to another customer; the same may be named otherwise. Raises Refused."""
    reference = reference_of(call.message.record)
    if reference is None or reference == reference_of(content(plan)):
        return
    if customer_of(tx, call.caller, reference)["internal_id"] != plan["customer_id"]:
        raise wrong(CUSTOMER, "A plan stays with its customer; create another plan for another one.", "NotThePlans")


def _shown(caller: Caller, plan: Row) -> dict[str, Any]:
    """A plan as it was sent, where it stands, and what the caller may do to it."""
    state = {
        "PlanID": plan["id"],
        "State": plan["state"],
        "CustomerInternalID": plan["customer_id"],
        "AllowedActions": plan_actions(caller, plan),
    }
    return {**content(plan), PLAN_STATE: state}
