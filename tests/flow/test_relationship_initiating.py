"""Leads that development tasks of plans initiate, several in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from leadbridge.assignment import AssignmentRule, AssignmentRules, Candidate, Conditions, Outcome
from leadbridge.bian.answers import BianAnswer
from leadbridge.bian.relationship import initiating
from leadbridge.bian.relationship.asking import Asked
from leadbridge.operations.call import Call, Policy
from leadbridge.store.database import Database
from tests.support.bian import Bian
from tests.support.calls import DESK, column, gateway
from tests.support.relationship import authorized, create, customer

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
RULE = AssignmentRule("all", Conditions(regions=None), {Outcome.PARTNER: (Candidate("ACME", capacity=2),)})
POLICY = Policy(assignment_rules=AssignmentRules((RULE,)))


@pytest.fixture
def bian(database: Database) -> Iterator[Bian]:
    with gateway(database, POLICY) as calls:
        yield Bian(calls, clock=lambda: NOW)


def about(text: str) -> dict[str, Any]:
    return {"CustomerDevelopmentTaskDescription": {"Text": text}}


def initiate_lead(task: str) -> Call:
    """The call that has a task initiate a lead."""
    plan_id, _, number = task.split("/")[-3:]
    asked = Asked(plan_id=plan_id, number=number, more={"RequestActionRequest": "initiate lead"})
    return Call(DESK, asked, task.encode(), NOW, correlation_id="test")


def test_leads_initiated_together_keep_to_a_capacity(bian: Bian, database: Database) -> None:
    plan = authorized(bian, customer(bian))
    tasks = [create(bian, f"{plan}/Development", about(text)) for text in ("Car loan", "Ski trip", "Solar roof")]
    with database.write() as tx:
        answers = initiating.request(tx, [initiate_lead(one) for one in tasks], POLICY)
    assert all(isinstance(one, BianAnswer) for one in answers), answers
    assert Counter(column(database, "lead", "sales_partner_party_id")) == {"ACME": 2, None: 1}
