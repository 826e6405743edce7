"""Leads that development tasks of plans initiate, several in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from leadbridge.assignment import AssignmentRule, AssignmentRules, Candidate, Conditions, Outcome
from leadbridge.bian.answers import BianAnswer
from leadbridge.bian.relationship import initiating, records
from leadbridge.bian.relationship.asking import Asked
from leadbridge.bian.relationship.words import Qualifier
from leadbridge.operations.call import Call, Policy
from leadbridge.store.database import Database
from tests.support.bian import BETA, DOMAIN, RELATIONSHIP, Bian
from tests.support.calls import DESK, SECONDS, column, gateway
from tests.support.messages_by_hand import change_lead, element
from tests.support.relationship import authorized, create, customer, exchanged, granted, party, state_of

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
RULE = AssignmentRule("all", Conditions(regions=None), {Outcome.PARTNER: (Candidate("ACME", capacity=2),)})
INITIATE = {"RequestActionRequest": "initiate lead"}
POLICY = Policy(assignment_rules=AssignmentRules((RULE,)))


@pytest.fixture
def bian(database: Database) -> Iterator[Bian]:
    with gateway(database, POLICY) as calls:
        yield Bian(calls, clock=lambda: NOW)


def about(text: str) -> dict[str, Any]:
    return {"CustomerDevelopmentTaskDescription": {"Text": text}}


def a_call(task: str, **fields: Any) -> Call:
    """A call about a task."""
    plan_id, _, number = task.split("/")[-3:]
    return Call(DESK, Asked(plan_id=plan_id, number=number, **fields), b"hash", NOW, correlation_id="test")


def test_leads_initiated_together_keep_to_a_capacity(bian: Bian, database: Database) -> None:
    plan = authorized(bian, customer(bian))
    tasks = [create(bian, f"{plan}/Development", about(text)) for text in ("Car loan", "Ski trip", "Solar roof")]
    with database.write() as tx:
        answers = initiating.request(tx, [a_call(one, more=INITIATE) for one in tasks], POLICY)
    assert all(isinstance(one, BianAnswer) for one in answers), answers
    assert Counter(column(database, "lead", "sales_partner_party_id")) == {"ACME": 2, None: 1}


def test_a_lead_says_what_its_task_says_when_the_plan_is_locked(postgresql: Database) -> None:
    with gateway(postgresql) as calls, ThreadPoolExecutor(1) as asking:
        bian = Bian(calls)
        task = create(bian, f"{authorized(bian, customer(bian))}/Development", about("Old"))
        with postgresql.write() as tx:
            fields = {**about("New"), "EmployeeBusinessUnitReference": party("RM-2")}
            records.update(tx, [a_call(task, record=fields)], POLICY, qualifier=Qualifier.DEVELOPMENT)
            initiated = asking.submit(bian.done, "PUT", f"{task}/Request", INITIATE)
            with pytest.raises(TimeoutError):  # it waits for the update
                initiated.result(0.3)
        lead_id = initiated.result(SECONDS)["DevelopmentState"]["LeadID"]
        lead = bian.done("GET", f"{DOMAIN}/{lead_id}/Retrieve")["LeadandOpportunityProcedure"]
        assert (lead["LeadandOpportunityDescription"], lead["EmployeeBusinessUnitReference"]) == ("New", "RM-2")


def test_a_lead_that_a_caller_does_not_see_is_not_in_its_plan_either(bian: Bian) -> None:
    internal_id = customer(bian, caller=BETA)
    plan = create(bian, RELATIONSHIP, {"CustomerReference": party(internal_id)}, caller=BETA)
    exchanged(bian, plan, "accept", caller=BETA)
    granted(bian, plan, "authorize")
    task = create(bian, f"{plan}/Development", about("Second card"), caller=BETA)
    said = bian.done("PUT", f"{task}/Request", INITIATE)
    lead_id = said["DevelopmentState"]["LeadID"]
    assert said["LeadandOpportunityReference"] == f"{DOMAIN.rpartition('/')[2]}/{lead_id}"
    hidden = bian.refused("GET", f"{DOMAIN}/{lead_id}/Retrieve", caller=BETA)
    assert hidden == bian.refused("GET", f"{DOMAIN}/9999999999/Retrieve", caller=BETA)
    for reply in (
        bian.send("GET", f"{task}/Retrieve", caller=BETA),
        bian.send("PUT", f"{task}/Update", {"Note": "mine"}, caller=BETA),
        bian.send("PUT", f"{task}/Request", {}, caller=BETA),
        bian.send("PUT", f"{task}/Exchange", {"ExchangeActionRequest": "accept"}, caller=BETA),
        bian.send("GET", f"{task}/Retrieve", caller=BETA),
    ):
        assert reply.status == 200
        assert b"LeadID" not in reply.body
        assert b"LeadandOpportunityReference" not in reply.body
        assert b"initiate lead" not in reply.body
    refused = bian.refused("PUT", f"{task}/Request", INITIATE, caller=BETA)
    assert refused == (
        400,
        "ActionNotAllowed: The task has initiated a lead already: create another task for another lead.",
    )
    assert state_of(bian, task)["LeadID"] == lead_id
    # Given to it, it is there.
    bian.calls.done(change_lead(lead_id, element("lbl:SalesPartnerParty", element("lbl:PartyID", "BETA"))))
    assert bian.done("GET", f"{task}/Retrieve", caller=BETA)["DevelopmentState"]["LeadID"] == lead_id
