"""Who sees plans, and what becomes of them beside others: visibility, merges, test data, races, hostile bodies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from leadbridge.caller import Caller, OperationGroup, may_call
from leadbridge.rest.bian_relationship import OPERATIONS
from leadbridge.store import testdata
from leadbridge.store.database import Database
from tests.support.bian import BETA, OPERATOR, RELATIONSHIP, Bian
from tests.support.calls import ACME, BANK, DESK, Calls, at_once, column, gateway, row_counts
from tests.support.messages_by_hand import (
    create_business_partner,
    create_lead,
    known_prospect,
    lead_fields,
    merge_business_partner,
    new_prospect,
    person,
)
from tests.support.relationship import (
    authorized,
    controlled,
    create,
    customer,
    exchanged,
    granted,
    party,
    plan_for,
    state_of,
)


@pytest.fixture
def bian(calls: Calls) -> Bian:
    return Bian(calls)


@pytest.fixture
def embedded(sqlite: Database) -> Iterator[Bian]:
    """On SQLite alone: for what lies before the store."""
    with gateway(sqlite) as calls:
        yield Bian(calls)


def given(bian: Bian, internal_id: str, to: str) -> str:
    """A lead about a business partner that is given to a partner."""
    fields = lead_fields(name=f"For {to}", prospect=known_prospect(internal_id), given_to=to)
    return bian.calls.done(create_lead(fields)).one("Lead/ID")


def path_of(template: str, plan: str, number: str = "1") -> str:
    known = {"{customerrelationshipmanagementid}": plan.rpartition("/")[2]}
    return "/".join(known.get(one, number if one.startswith("{") else one) for one in template.split("/"))


# --------------------------------------------------------------------------------------------------------- visibility


@pytest.mark.parametrize("owner", [DESK, ACME], ids=["of the bank", "of the partner"])
def test_what_a_caller_may_not_see_is_answered_as_what_is_not_there(bian: Bian, owner: Caller) -> None:
    """Plans are the bank's own, also those for business partners that the caller may read."""
    internal_id = customer(bian, caller=owner)
    plan = authorized(bian, internal_id, CustomerProfitability={"CustomerProfitability": "low"})
    for kind in ("Development", "Incident", "Contact"):
        create(bian, f"{plan}/{kind}")
    bian.done("PUT", f"{plan}/Contact/1/Request", {})
    before = row_counts(bian.calls.database)
    bodies = {
        "Control": {"ControlActionRequest": "suspend"},
        "Exchange": {"ExchangeActionRequest": "reject"},
        "Grant": {"GrantActionRequest": "withdraw"},
        "RequestDevelopment": {"RequestActionRequest": "initiate lead"},
        "ControlIncident": {"ControlActionRequest": "suspend"},
        "ExchangeIncident": {"ExchangeActionRequest": "accept"},
        "ExchangeDevelopment": {"ExchangeActionRequest": "accept"},
    }
    for method, template, operation in OPERATIONS:
        body: dict[str, Any] = bodies.get(operation, {})
        if operation == "Create":
            if owner is ACME:
                continue
            hidden = bian.refused(method, template, {"CustomerReference": party(internal_id)}, caller=ACME)
            unknown = bian.refused(method, template, {"CustomerReference": party("9999999999")}, caller=ACME)
        else:
            hidden = bian.refused(method, path_of(template, plan), body, caller=ACME)
            unknown = bian.refused(method, path_of(template, f"{RELATIONSHIP}/9999999999"), body, caller=ACME)
        assert hidden == unknown
        assert hidden[0] == 404, operation
    for address in ("history", "activity"):
        path = f"/bian/{address}?customer={internal_id}"
        if owner is not ACME:
            unknown = bian.refused("GET", f"/bian/{address}?customer=9999999999", caller=ACME)
            assert bian.refused("GET", path, caller=ACME) == unknown
        elif address == "history":
            assert json.loads(bian.send("GET", path, caller=ACME).body) == []
        else:
            recent = bian.done("GET", path, caller=ACME)["Recent"]
            assert [recent[name] for name in ("Leads", "Contacts", "Incidents")] == [0, 0, 0]
    assert [len(bian.done("GET", "/bian/contacts", caller=one)["Contacts"]) for one in (DESK, ACME)] == [1, 0]
    assert bian.events(caller=ACME) == []
    assert row_counts(bian.calls.database) == before


def test_a_lead_about_a_business_partner_shows_no_plan_of_it(bian: Bian) -> None:
    """A partner's lead may turn out to be about a business partner of the bank's, whose plan is not the partner's."""
    internal_id = customer(bian)
    plan = plan_for(bian, internal_id)
    lead = create_lead(lead_fields(prospect=new_prospect(person("Berta"))))
    own = bian.calls.done(lead, caller=ACME).one("Lead/ProspectPartyInternalID")
    bian.calls.done(merge_business_partner(internal_id, own))
    assert bian.refused("GET", f"{plan}/Retrieve", caller=ACME)[0] == 404


def test_a_partner_works_on_the_plans_that_it_made_alone(bian: Bian) -> None:
    own = customer(bian, caller=ACME)
    plan = create(bian, RELATIONSHIP, {"CustomerReference": party(own)}, caller=ACME)
    exchanged(bian, plan, "accept", caller=ACME)
    controlled(bian, plan, "suspend", caller=ACME)
    controlled(bian, plan, "resume", caller=ACME)
    assert bian.refused("PUT", f"{plan}/Grant", {"GrantActionRequest": "authorize"}, caller=ACME)[0] == 403
    granted(bian, plan, "authorize")
    given(bian, own, "BETA")
    assert bian.refused("PUT", f"{plan}/Update", {"Segment": "x"}, caller=BETA)[0] == 404
    mine = create(bian, RELATIONSHIP, {"CustomerReference": party(own)}, caller=BETA)
    controlled(bian, mine, "terminate", caller=BETA)
    for caller, seen in ((ACME, plan), (BETA, mine)):
        told = [one["subject"] for one in bian.events(caller=caller) if "Plan." in one["type"]]
        assert set(told) == {seen.rpartition("/")[2]}


def test_callers_need_a_role_that_opens_the_service_of_leads(embedded: Bian) -> None:
    plan = plan_for(embedded, customer(embedded))
    for caller in (BANK, OPERATOR):
        assert not may_call(caller, OperationGroup.LEAD)
        assert embedded.refused("GET", f"{plan}/Retrieve", caller=caller)[0] == 403
        assert embedded.refused("GET", "/bian/history?customer=0000000001", caller=caller)[0] == 403
    assert embedded.refused("GET", f"{plan}/Retrieve", authorization=b"Basic eDp5")[0] == 401


def test_a_key_names_a_business_partner_of_the_callers_own(bian: Bian) -> None:
    def keyed(caller: Caller) -> str:
        message = create_business_partner(person(key=("BOOKS", "C-1")))
        return bian.calls.done(message, caller=caller).one("BusinessPartner/InternalID")

    fields = {"CustomerReference": party("BOOKS/C-1")}
    theirs = keyed(BETA)
    assert bian.refused("POST", f"{RELATIONSHIP}/Create", fields, caller=ACME)[0] == 404
    plan = create(bian, RELATIONSHIP, fields)  # the desk sees all, and there is one
    assert state_of(bian, plan)["CustomerInternalID"] == theirs
    own = keyed(ACME)
    plan = create(bian, RELATIONSHIP, fields, caller=ACME)
    assert state_of(bian, plan)["CustomerInternalID"] == own
    status, message = bian.refused("POST", f"{RELATIONSHIP}/Create", fields)
    assert (status, message.partition(":")[0]) == (400, "AmbiguousReference")


# ------------------------------------------------------------------------------------------------ merges and test data


def test_after_a_merge_a_plan_is_the_masters(bian: Bian) -> None:
    master, other = customer(bian, caller=ACME), customer(bian, caller=BETA)
    plan = create(bian, RELATIONSHIP, {"CustomerReference": party(other)}, caller=BETA)
    create(bian, f"{plan}/Contact", caller=BETA)
    bian.calls.done(merge_business_partner(master, other))
    # Who may read the master has not made the plan; who has made it may not read the master, until a lead is given.
    assert [bian.refused("GET", f"{plan}/Retrieve", caller=caller)[0] for caller in (ACME, BETA)] == [404, 404]
    assert not [one for caller in (ACME, BETA) for one in bian.events(caller=caller) if "Plan" in one["data"]]
    given(bian, master, "BETA")
    for caller in (BETA, DESK):
        said = bian.done("GET", f"{plan}/Retrieve", caller=caller)
        assert said["CustomerReference"] == party(other)  # as it was sent
        assert said["CustomerRelationshipManagementState"]["CustomerInternalID"] == master
    bian.done("PUT", f"{plan}/Update", {"CustomerReference": party(master)}, caller=BETA)
    assert bian.refused("GET", f"{plan}/Retrieve", caller=ACME)[0] == 404
    told = [one["subject"] for one in json.loads(bian.send("GET", f"/bian/history?customer={other}").body)]
    assert f"{plan.rpartition('/')[2]}/Contact/1" in told


def test_plans_of_test_data_go_with_it(bian: Bian) -> None:
    plan_for(bian, customer(bian))
    real = row_counts(bian.calls.database)
    message = create_business_partner(person("Test"), test=True)
    internal_id = bian.calls.done(message).one("BusinessPartner/InternalID")
    plan = authorized(bian, internal_id)
    bian.done("PUT", f"{plan}/Request", {})
    task = create(bian, f"{plan}/Development")
    said = bian.done(
        "PUT",
        f"{task}/Request",
        {
            "RequestActionRequest": "initiate lead",
            "LeadandOpportunityProcedure": {"LeadandOpportunityDescription": "A loan"},
        },
    )
    assert said["DevelopmentState"]["LeadID"]
    assert column(bian.calls.database, "lead", "test_data") == [True]
    assert bian.done("GET", "/bian/contacts")["Contacts"] == []
    *_, gone = testdata.wipe(bian.calls.database, now=datetime.now(UTC), caller_id="admin")
    assert (gone["leads"], gone["plans"], gone["business partners"]) == (1, 1, 1)
    assert {**row_counts(bian.calls.database), "journal": 0} == {**real, "journal": 0}
    assert bian.refused("GET", f"{plan}/Retrieve")[0] == 404


# -------------------------------------------------------------------------------------------------------------- races


def test_of_many_who_accept_a_plan_at_once_one_does(two_gateways: tuple[Calls, Calls]) -> None:
    doors = [Bian(calls) for calls in two_gateways]
    plan = plan_for(doors[0], customer(doors[0]))
    body = {"ExchangeActionRequest": "accept"}
    statuses = at_once(8, lambda number: doors[number % 2].send("PUT", f"{plan}/Exchange", body).status)
    assert sorted(statuses) == [200] + [400] * 7


def test_records_that_are_made_at_once_have_numbers_of_their_own(two_gateways: tuple[Calls, Calls]) -> None:
    doors = [Bian(calls) for calls in two_gateways]
    plan = plan_for(doors[0], customer(doors[0]))
    made = at_once(8, lambda number: create(doors[number % 2], f"{plan}/Contact", {"N": str(number)}))
    assert sorted(made) == [f"{plan}/Contact/{number}" for number in range(1, 9)]


def test_changes_that_come_at_once_lose_nothing(two_gateways: tuple[Calls, Calls]) -> None:
    doors = [Bian(calls) for calls in two_gateways]
    plan = plan_for(doors[0], customer(doors[0]))
    at_once(8, lambda number: doors[number % 2].done("PUT", f"{plan}/Update", {f"Field{number}": "x"}))
    said = doors[0].done("GET", f"{plan}/Retrieve")
    assert {f"Field{number}" for number in range(8)} <= said.keys()


def test_of_many_who_ask_a_task_for_its_lead_at_once_one_gets_it(two_gateways: tuple[Calls, Calls]) -> None:
    doors = [Bian(calls) for calls in two_gateways]
    task = create(doors[0], f"{authorized(doors[0], customer(doors[0]))}/Development")
    body = {
        "RequestActionRequest": "initiate lead",
        "LeadandOpportunityProcedure": {"LeadandOpportunityDescription": "A loan"},
    }
    statuses = at_once(6, lambda number: doors[number % 2].send("PUT", f"{task}/Request", body).status)
    assert sorted(statuses) == [200] + [400] * 5
    assert len(column(doors[0].calls.database, "lead", "id")) == 1


def test_leads_plans_and_merges_at_once_wait_for_each_other_and_all_end(two_gateways: tuple[Calls, Calls]) -> None:
    doors = [Bian(calls) for calls in two_gateways]
    customers = [customer(doors[0]) for _ in range(4)]
    tasks = [create(doors[0], f"{authorized(doors[0], one)}/Development") for one in customers]

    def act(number: int) -> int:
        door = doors[number % 2]
        if number == 0:
            door.calls.done(merge_business_partner(customers[0], customers[1]))
            return 200
        if number < 5:
            body = {
                "RequestActionRequest": "initiate lead",
                "LeadandOpportunityProcedure": {"LeadandOpportunityDescription": f"Loan {number}"},
            }
            return door.send("PUT", f"{tasks[number - 1]}/Request", body).status
        fields = {"CustomerReference": party(customers[number % 4])}
        return door.send("POST", f"{RELATIONSHIP}/Create", fields).status

    assert at_once(12, act) == [200] * 12
    shown = [state_of(doors[1], task) for task in tasks]
    assert len({one["LeadID"] for one in shown}) == 4


# ------------------------------------------------------------------------------------------------------------ hostile

NUL, CONTROL = "\u0000", "\u0007"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ([], "WrongType: #: Expected an object."),
        ("x", "WrongType: #: Expected an object."),
        ({"CustomerInsightType": "x"}, "WrongType: CustomerInsightType: Expected an object with Text."),
        ({"CustomerInsightType": {"Text": 1}}, "WrongType: CustomerInsightType/Text: Expected a string."),
        ({"CustomerInsightType": {"Text": None}}, "WrongType: CustomerInsightType/Text: Expected a string."),
        ({"CustomerInsightType": {"Text": {}}}, "WrongType: CustomerInsightType/Text: Expected a string."),
        ({"CustomerInsightType": [{}]}, "WrongType: CustomerInsightType: Expected an object with Text."),
        ({"CustomerInsightType": {"Text": NUL}}, "WrongCharacter: CustomerInsightType/Text"),
        ({"CustomerInsightType": {"Text": CONTROL}}, "WrongCharacter: CustomerInsightType/Text"),
        ({"Extra": {"Text": NUL}}, "WrongCharacter: Extra/Text"),
        ({"Extra": [1]}, "WrongType: Extra: Expected a string or an object of strings."),
        ({"Extra": True}, "WrongType: Extra: Expected a string or an object of strings."),
        ({"a/b": "x"}, "UnknownField"),
        ({"": "x"}, "UnknownField"),
        ({"CustomerRelationshipRatingType": "Good"}, "NotInList: CustomerRelationshipRatingType: Expected one of "),
        ({"CustomerRelationshipRatingType": {}}, "WrongType: CustomerRelationshipRatingType: Expected a string."),
    ],
)
def test_what_does_not_fit_is_refused_with_its_field(embedded: Bian, body: object, said: str) -> None:
    plan = plan_for(embedded, customer(embedded))
    before = embedded.done("GET", f"{plan}/Retrieve")
    status, message = embedded.refused("PUT", f"{plan}/Update", body)
    assert (status, message.startswith(said)) == (400, True), message
    assert embedded.done("GET", f"{plan}/Retrieve") == before


def test_bodies_that_are_no_json_or_too_much_are_refused(embedded: Bian) -> None:
    plan = plan_for(embedded, customer(embedded))
    deep = b'{"Extra":' * 40 + b'"x"' + b"}" * 40
    for data, code in (
        (b"", "NotJson"),
        (b"{", "NotJson"),
        (b'{"a": "\xff"}', "NotUtf8"),
        (b'{"a": "x", "a": "y"}', "DuplicateField"),
        (deep, "TooDeep"),
        (b'{"a": "' + b"x" * 70_000 + b'"}', "MessageTooLarge"),
        (b'{"a": "\\ud800"}', "WrongCharacter"),
    ):
        status, message = embedded.refused("PUT", f"{plan}/Update", data=data)
        assert (status, message.partition(":")[0]) == (400, code)
    assert embedded.refused("PUT", f"{plan}/Update", {}, media_type="text/xml")[0] == 400
    embedded.done("PUT", f"{plan}/Update", {"A": "x" * 40_000})
    status, message = embedded.refused("PUT", f"{plan}/Update", {"B": "x" * 40_000})
    assert (status, message.partition(":")[0]) == (400, "TooLong")


@pytest.mark.parametrize("name", ["\0", "1", "x" * 300, "00000000011", "-000000001", "\u0661" * 10, "%", "'"])
def test_a_path_that_names_nothing_is_not_there(embedded: Bian, name: str) -> None:
    plan = plan_for(embedded, customer(embedded))
    for path in (f"{RELATIONSHIP}/{name}", f"{plan}/Contact/{name}"):
        assert embedded.refused("GET", f"{path}/Retrieve")[0] == 404
        assert embedded.refused("PUT", f"{path}/Update", {})[0] == 404


@pytest.mark.parametrize(
    "query",
    ["", "customer=", "customer=x", f"customer={'1' * 201}", "customer=%00", "customer=1&customer=2"],
)
def test_a_history_is_of_one_customer(embedded: Bian, query: str) -> None:
    for address in ("history", "activity"):
        assert embedded.refused("GET", f"/bian/{address}?{query}")[0] == 400
    internal_id = customer(embedded)
    for more in ("after=-1", f"after={2**63}", "limit=0", "limit=1001", "other=1"):
        assert embedded.refused("GET", f"/bian/history?customer={internal_id}&{more}")[0] == 400
    for days in ("0", "3651", "x", "1.5"):
        assert embedded.refused("GET", f"/bian/activity?customer={internal_id}&days={days}")[0] == 400
