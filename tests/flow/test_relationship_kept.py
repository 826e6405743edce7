"""Whatever fits the official contract is kept, and answered as it was sent: records that hypothesis makes up."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadbridge.bian.relationship.shapes import CODES, SHAPES
from leadbridge.store.database import Database, migrate
from tests.support.bian import Bian
from tests.support.calls import gateway
from tests.support.relationship import create, customer, plan_for

TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff")
    | st.sampled_from("\t\n\r"),
    max_size=40,
)
DEEPEST = 4


@cache
def records(shape: str, depth: int = 0) -> st.SearchStrategy[dict[str, Any]]:
    """Records of a shape, with any of its fields, and some that it does not name."""
    named: dict[str, st.SearchStrategy[Any]] = {}
    for field, refers in SHAPES[shape].items():
        if field == "CustomerReference":
            continue  # names somebody
        if refers in CODES:
            named[field] = st.sampled_from(CODES[refers])
        elif not refers:
            named[field] = TEXTS
        elif depth < DEEPEST:
            named[field] = records(refers, depth + 1)
    return st.fixed_dictionaries({}, optional={**named, "Own": TEXTS, "Own.Record-1": st.just({"A": {"B": "c"}})})


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bian]:
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('kept') / 'kept.db'}")
    migrate(database)
    with gateway(database) as calls:
        yield Bian(calls)
    database.dispose()


@pytest.mark.parametrize("kind", ["CustomerRelationshipManagementPlan", "Development", "Incident", "Contact"])
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_a_record_is_answered_as_it_was_sent(door: Bian, kind: str, data: st.DataObject) -> None:
    first, then = data.draw(records(kind)), data.draw(records(kind))
    plan = plan_for(door, customer(door), **(first if kind.endswith("Plan") else {}))
    path = plan if kind.endswith("Plan") else create(door, f"{plan}/{kind}", first)

    def shown() -> dict[str, Any]:
        said = door.done("GET", f"{path}/Retrieve")
        ours = {"CustomerReference", "CustomerRelationshipManagementState", f"{kind}State"}
        return {name: value for name, value in said.items() if name not in ours}

    assert shown() == first
    door.done("PUT", f"{path}/Update", then)
    assert shown() == united(first, then)


def united(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """What is absent stays, at every depth."""
    both = {
        name: united(old[name], new[name]) if isinstance(new[name], dict) else new[name] for name in old.keys() & new
    }
    return {**old, **new, **both}
