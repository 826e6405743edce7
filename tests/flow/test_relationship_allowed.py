"""AllowedActions of plans and of their records: each action that is listed is done, each that is not is refused."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from sqlalchemy import update

from leadbridge.bian.relationship.words import PLAN_MOVES, QUALIFIER_MOVES, Action, Qualifier, State
from leadbridge.caller import Caller
from leadbridge.store import relationship, tables
from leadbridge.store.database import Database
from tests.support.bian import RELATIONSHIP, Bian
from tests.support.calls import ACME, DESK, gateway
from tests.support.relationship import create, customer, party

OPERATIONS: dict[Action, str] = {
    Action.UPDATE: "Update",
    **dict.fromkeys((Action.REQUEST, Action.INITIATE_LEAD), "Request"),
    Action.CAPTURE: "Capture",
    **dict.fromkeys((Action.AUTHORIZE, Action.WITHDRAW), "Grant"),
    **dict.fromkeys((Action.ACCEPT, Action.VERIFY, Action.CONFIRM, Action.REJECT), "Exchange"),
    **dict.fromkeys((Action.SUSPEND, Action.RESUME, Action.TERMINATE, Action.RAISE_PRIORITY), "Control"),
}
VARIANTS: dict[Qualifier, list[dict[str, Any]]] = {
    Qualifier.DEVELOPMENT: [{}, {"lead_id": "0000000001"}],
    Qualifier.INCIDENT: [{}, {"priority_code": "1"}],
    Qualifier.CONTACT: [{}],
}
_NUMBERS = count(1)


@pytest.fixture
def bian(sqlite: Database) -> Iterator[Bian]:
    """On SQLite alone: the rules are before the store."""
    with gateway(sqlite) as calls:
        yield Bian(calls)


def plan_of(bian: Bian, caller: Caller, contact: str | None) -> str:
    """A plan for a customer that the caller may read, which allows contact or forbids it."""
    internal_id = customer(bian, caller=caller)
    partner = tables.business_partner
    with bian.calls.database.write() as tx:
        statement = update(partner).where(partner.c.internal_id == internal_id).values(contact_allowed_code=contact)
        tx.connection.execute(statement)
    return create(bian, RELATIONSHIP, {"CustomerReference": party(internal_id)}, caller=caller)


def body_of(action: Action) -> dict[str, Any]:
    if action is Action.INITIATE_LEAD:
        # Leads about different products are not the same lead.
        lead = {"ProductandServiceType": f"P-{next(_NUMBERS)}"}
        return {"RequestActionRequest": action.value, "LeadandOpportunityProcedure": lead}
    operation = OPERATIONS[action]
    return {f"{operation}ActionRequest": action.value} if operation in ("Control", "Exchange", "Grant") else {}


def check(bian: Bian, path: str, actions: list[Action], caller: Caller, set_state: Any) -> None:
    """Try every action in the state that `set_state` brings about."""
    set_state()
    said = bian.done("GET", f"{path}/Retrieve", caller=caller)
    ((name, state),) = ((name, value) for name, value in said.items() if name.endswith("State"))
    may = state["AllowedActions"]
    assert set(may) <= {one.value for one in OPERATIONS}
    for action in actions:
        reply = bian.send("PUT", f"{path}/{OPERATIONS[action]}", body_of(action), caller=caller)
        assert (reply.status == 200) == (action.value in may), (name, state, action, reply.body)
        assert reply.status in (200, 400, 403), reply.body
        if reply.status == 200:
            set_state()


def known(moves: Any) -> list[Action]:
    return sorted({action for row in moves.values() for action in row} & OPERATIONS.keys())


@pytest.mark.parametrize("contact", ["1", "2"], ids=["contact allowed", "contact forbidden"])
@pytest.mark.parametrize("caller", [DESK, ACME], ids=["sees all", "created it"])
def test_what_is_listed_of_a_plan_is_done_and_all_else_refused(bian: Bian, caller: Caller, contact: str) -> None:
    plan = plan_of(bian, caller, contact)
    for state in PLAN_MOVES:

        def set_state(state: State = state) -> None:
            with bian.calls.database.write() as tx:
                relationship.update_plan(tx, plan.rpartition("/")[2], state=state.value)

        check(bian, plan, known(PLAN_MOVES), caller, set_state)


@pytest.mark.parametrize("kind", Qualifier)
@pytest.mark.parametrize("contact", ["1", "2"], ids=["contact allowed", "contact forbidden"])
def test_what_is_listed_of_a_record_is_done_and_all_else_refused(bian: Bian, kind: Qualifier, contact: str) -> None:
    plan = plan_of(bian, ACME, contact)
    plan_id = plan.rpartition("/")[2]
    record = create(bian, f"{plan}/{kind}", caller=ACME)
    moves = QUALIFIER_MOVES[kind]
    # That a customer forbids contact is told in every state of the plan alike.
    plan_states = list(PLAN_MOVES) if contact == "1" else [State.ACTIVE]
    for plan_state in plan_states:
        for state in moves:
            for variant in VARIANTS[kind]:

                def set_state(plan_state: State = plan_state, state: State = state, more: Any = variant) -> None:
                    with bian.calls.database.write() as tx:
                        relationship.update_plan(tx, plan_id, state=plan_state.value)
                        row = relationship.record(tx, plan_id, kind, 1)
                        assert row is not None
                        empty = {"lead_id": None, "priority_code": None}
                        relationship.update_record(tx, row, **{**empty, **more, "state": state.value})

                check(bian, record, known(moves), ACME, set_state)


def test_what_brings_a_result_is_an_update(bian: Bian) -> None:
    task = create(bian, f"{plan_of(bian, DESK, None)}/Development")
    bian.done("PUT", f"{task}/Exchange", {"ExchangeActionRequest": "reject"})
    status, said = bian.refused("PUT", f"{task}/Update", {"CustomerDevelopmentTaskResult": {"Task": "x"}})
    assert (status, said) == (
        400,
        "ActionNotAllowed: The Development is rejected: not Update with a result; allowed: Update, Request.",
    )
