"""What a caller may do now to a plan, or to a record of one: decided here before it is done, and told as
AllowedActions.

The tables in `words` say what each state allows. The rest depends on the caller, the plan, its customer, the record.
"""

from __future__ import annotations

from leadbridge.bian.answers import Refused
from leadbridge.bian.relationship.words import (
    GRANTS,
    PLAN_MOVES,
    QUALIFIER_MOVES,
    WORKED_ON,
    Action,
    Qualifier,
    State,
    allowed,
    moved,
)
from leadbridge.bian.words import raised
from leadbridge.businesspartner import CONTACT_FORBIDDEN
from leadbridge.caller import Caller, Visibility
from leadbridge.operations.logitems import LogItemType
from leadbridge.store.inserts import Row

# -------------------------------------------------------------------------------------------------------------- plans


def plan_actions(caller: Caller, plan: Row) -> list[str]:
    """What a caller who sees a plan may do to it now."""
    return [
        one.value for one in allowed(PLAN_MOVES, State(plan["state"])) if _plan_hindrance(caller, plan, one) is None
    ]


def plan_after(caller: Caller, plan: Row, action: Action) -> State:
    """The state of a plan after an action. Raises Refused, which says what is allowed."""
    if action in GRANTS and caller.visibility is not Visibility.ALL:
        raise _no_grant()
    new = moved(PLAN_MOVES, State(plan["state"]), action)
    if new is None:
        raise not_of_plan(caller, plan, action.value)
    if (hindrance := _plan_hindrance(caller, plan, action)) is not None:
        raise hindrance
    return new


def not_of_plan(caller: Caller, plan: Row, action: str) -> Refused:
    """An action that is not allowed in the state that a plan is in."""
    return _not_allowed("plan", plan, action, plan_actions(caller, plan))


def _plan_hindrance(caller: Caller, plan: Row, action: Action) -> Refused | None:
    """What hinders an action that the plan's state allows."""
    if action in GRANTS and caller.visibility is not Visibility.ALL:
        return _no_grant()
    return _no_contact() if action is Action.REQUEST and plan["contact_allowed_code"] == CONTACT_FORBIDDEN else None


# ------------------------------------------------------------------------------------------------------------ records


def record_actions(caller: Caller, plan: Row, record: Row) -> list[str]:
    """What a caller who sees a plan may do now to a record of it."""
    qualifier = Qualifier(record["qualifier"])
    if not _is_worked_on(plan, qualifier):
        return []
    return [
        one.value
        for one in allowed(QUALIFIER_MOVES[qualifier], State(record["state"]))
        # The operation that brings a result is Update, which is there, too.
        if one is not Action.RESULT and _record_hindrance(caller, plan, record, one) is None
    ]


def record_after(caller: Caller, plan: Row, record: Row, action: Action) -> State:
    """The state of a record after an action. Raises Refused, which says what is allowed."""
    qualifier = Qualifier(record["qualifier"])
    check_worked_on(caller, plan, qualifier, action.value)
    new = moved(QUALIFIER_MOVES[qualifier], State(record["state"]), action)
    if new is None:
        raise _not_allowed(qualifier, record, action.value, record_actions(caller, plan, record))
    if (hindrance := _record_hindrance(caller, plan, record, action)) is not None:
        raise hindrance
    return new


def check_worked_on(caller: Caller, plan: Row, qualifier: Qualifier, what: str) -> None:
    """Refuse to make or move records of a plan that is not worked on. Raises Refused."""
    if not _is_worked_on(plan, qualifier):
        raise not_of_plan(caller, plan, f"{what} of its {qualifier}")


def _is_worked_on(plan: Row, qualifier: Qualifier) -> bool:
    return State(plan["state"]) in WORKED_ON[qualifier]


def _record_hindrance(caller: Caller, plan: Row, record: Row, action: Action) -> Refused | None:
    """What hinders an action that the record's state allows, in a plan that is worked on."""
    is_contact = record["qualifier"] == Qualifier.CONTACT
    if action is Action.REQUEST and is_contact and plan["contact_allowed_code"] == CONTACT_FORBIDDEN:
        return _no_contact()
    if action is Action.RAISE_PRIORITY and raised(record["priority_code"]) is None:
        text = "The incident's priority is 1 immediate: not raise priority; there is no higher one."
        return Refused(400, "ActionNotAllowed", text)
    if action is Action.INITIATE_LEAD and record["lead_id"]:
        text = "The task has initiated a lead already: create another task for another lead."
        return Refused(400, "ActionNotAllowed", text)
    if action is Action.INITIATE_LEAD and State(plan["state"]) is not State.AUTHORIZED:
        return not_of_plan(caller, plan, f"{action.value} until a Grant has authorized it")
    return None


# ----------------------------------------------------------------------------------------------------------- refusals


def _not_allowed(what: str, row: Row, action: str, actions: list[str]) -> Refused:
    may = ", ".join(actions) or "nothing but Retrieve"
    return Refused(400, "ActionNotAllowed", f"The {what} is {row['state']}: not {action}; allowed: {may}.")


def _no_grant() -> Refused:
    return Refused(403, "Unauthorized", "Only who sees all grants anything.")


def _no_contact() -> Refused:
    text = "The customer forbids contact (ContactAllowedCode 2): no contact is scheduled."
    return Refused(400, LogItemType.LEAD_CONTACT_FORBIDDEN, text)
