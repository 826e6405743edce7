"""The tables of Customer Relationship Management: moves, and shapes, which are those of the official contract."""

from __future__ import annotations

from typing import Any

import pytest

from leadbridge.bian.relationship.shapes import CODES, SHAPES
from leadbridge.bian.relationship.words import (
    CONTROLS,
    ENDED,
    EXCHANGES,
    GRANTS,
    OURS,
    PLAN,
    PLAN_MOVES,
    QUALIFIER_MOVES,
    WORKED_ON,
    Action,
    Moves,
    Qualifier,
    State,
    allowed,
    brings_result,
    moved,
    text_at,
    trend,
)
from tests.support.bian import OFFICIAL_RELATIONSHIP, official

U, R, Q, C, A, V, K, J, S, E, T, P, G, W, L = (
    *(Action.UPDATE, Action.RESULT, Action.REQUEST, Action.CAPTURE, Action.ACCEPT, Action.VERIFY, Action.CONFIRM),
    *(Action.REJECT, Action.SUSPEND, Action.RESUME, Action.TERMINATE, Action.RAISE_PRIORITY, Action.AUTHORIZE),
    *(Action.WITHDRAW, Action.INITIATE_LEAD),
)

# From, to, and the actions that lead from the one to the other. Whatever is not here is not allowed.
PLANS: list[tuple[str, str, set[Action]]] = [
    ("proposed", "proposed", {U, Q, V}),
    ("proposed", "active", {A}),
    ("proposed", "rejected", {J}),
    ("proposed", "terminated", {T}),
    ("active", "active", {U, Q, V}),
    ("active", "authorized", {G}),
    ("active", "rejected", {J}),
    ("active", "suspended", {S}),
    ("active", "terminated", {T}),
    ("authorized", "authorized", {U, Q, V}),
    ("authorized", "active", {W}),
    ("authorized", "rejected", {J}),
    ("authorized", "suspended", {S}),
    ("authorized", "terminated", {T}),
    ("suspended", "suspended", {U}),
    ("suspended", "active", {E}),
    ("suspended", "terminated", {T}),
    ("rejected", "proposed", {U}),
    ("rejected", "terminated", {T}),
]
DEVELOPMENTS: list[tuple[str, str, set[Action]]] = [
    ("open", "open", {U}),
    ("open", "requested", {Q}),
    ("open", "accepted", {A, L}),
    ("open", "rejected", {J}),
    ("open", "done", {R}),
    ("requested", "requested", {U, Q}),
    ("requested", "accepted", {A, L}),
    ("requested", "rejected", {J}),
    ("requested", "done", {R}),
    ("accepted", "accepted", {U, L}),
    ("accepted", "requested", {Q}),
    ("accepted", "rejected", {J}),
    ("accepted", "done", {R}),
    ("rejected", "rejected", {U}),
    ("rejected", "requested", {Q}),
    ("done", "done", {U, R}),
    ("done", "verified", {V}),
    ("done", "rejected", {J}),
]
INCIDENTS: list[tuple[str, str, set[Action]]] = [
    ("open", "open", {U, P}),
    ("open", "captured", {C}),
    ("open", "accepted", {A}),
    ("open", "rejected", {J}),
    ("open", "suspended", {S}),
    ("open", "resolved", {R}),
    ("captured", "captured", {U, C, P}),
    ("captured", "accepted", {A}),
    ("captured", "rejected", {J}),
    ("captured", "suspended", {S}),
    ("captured", "resolved", {R}),
    ("accepted", "accepted", {U, C, P}),
    ("accepted", "rejected", {J}),
    ("accepted", "suspended", {S}),
    ("accepted", "resolved", {R}),
    ("suspended", "suspended", {U, C, P}),
    ("suspended", "accepted", {E}),
    ("suspended", "resolved", {R}),
    ("resolved", "resolved", {U, R}),
    ("resolved", "confirmed", {K}),
    ("resolved", "accepted", {J}),
    ("rejected", "rejected", {U}),
    ("rejected", "accepted", {A}),
]
CONTACTS: list[tuple[str, str, set[Action]]] = [
    ("open", "open", {U}),
    ("open", "requested", {Q}),
    ("open", "done", {R}),
    ("requested", "requested", {U, Q}),
    ("requested", "done", {R}),
    ("done", "done", {U, R}),
]


@pytest.mark.parametrize(
    ("moves", "rows"),
    [
        (PLAN_MOVES, PLANS),
        (QUALIFIER_MOVES[Qualifier.DEVELOPMENT], DEVELOPMENTS),
        (QUALIFIER_MOVES[Qualifier.INCIDENT], INCIDENTS),
        (QUALIFIER_MOVES[Qualifier.CONTACT], CONTACTS),
    ],
    ids=["plan", "development", "incident", "contact"],
)
def test_what_each_action_makes_of_each_state(moves: Moves, rows: list[tuple[str, str, set[Action]]]) -> None:
    expected = {(State(old), action): State(new) for old, new, actions in rows for action in actions}
    for state in moves:
        assert {action for action in Action if moved(moves, state, action)} == set(allowed(moves, state))
    found = {(state, action): new for state in moves for action in Action if (new := moved(moves, state, action))}
    assert found == expected
    assert {State(new) for _, new, _ in rows} <= moves.keys()  # no move leads to nowhere


def test_actions_that_a_body_names_are_moves_of_some_state() -> None:
    tables: dict[str, Moves] = {PLAN: PLAN_MOVES, **{one.value: moves for one, moves in QUALIFIER_MOVES.items()}}
    for actions in (CONTROLS, EXCHANGES):
        for name, named in actions.items():
            assert set(named) <= {action for state in tables[name] for action in allowed(tables[name], state)}
    assert {state for state in PLAN_MOVES if set(GRANTS) & set(allowed(PLAN_MOVES, state))} == {
        State.ACTIVE,
        State.AUTHORIZED,
    }
    for qualifier in Qualifier:
        assert WORKED_ON[qualifier] < PLAN_MOVES.keys()
        assert {State.OPEN, ENDED[qualifier]} <= QUALIFIER_MOVES[qualifier].keys()


def test_a_result_is_text_that_says_something() -> None:
    nothing: list[dict[str, Any]] = [{}, *({"CustomerDevelopmentTaskResult": one} for one in ({}, {"Task": " \n"}))]
    for said in nothing:
        assert not brings_result(Qualifier.DEVELOPMENT, said)
    assert brings_result(Qualifier.DEVELOPMENT, {"CustomerDevelopmentTaskResult": {"Task": "x"}})
    assert not brings_result(Qualifier.CONTACT, {"CustomerDevelopmentTaskResult": {"Task": "x"}})
    assert text_at({"A": "x"}, ("A", "B"), ("A",)) == "x"


def test_a_trend_is_of_two_numbers() -> None:
    assert [trend(recent=one, before=2) for one in (1, 2, 3)] == ["falling", "steady", "rising"]


def test_shapes_refer_to_what_there_is() -> None:
    assert {refers for shape in SHAPES.values() for refers in shape.values()} - {""} <= SHAPES.keys() | CODES.keys()
    assert not SHAPES.keys() & CODES.keys()
    assert not OURS & {name for shape in SHAPES.values() for name in shape}


@pytest.mark.skipif(
    not OFFICIAL_RELATIONSHIP.exists(), reason="BIAN's contract lies at ../shared/bian where it is to be tested with"
)
def test_shapes_are_those_of_the_official_contract() -> None:
    document: dict[str, Any] = official(OFFICIAL_RELATIONSHIP) or {}
    described = {name: one for name, one in document["components"]["schemas"].items() if name != "HTTPError"}
    assert {name: tuple(one["enum"]) for name, one in described.items() if "enum" in one} == CODES
    assert {
        name: {field: rule.get("$ref", "").rpartition("/")[2] for field, rule in one["properties"].items()}
        for name, one in described.items()
        if "properties" in one
    } == SHAPES
