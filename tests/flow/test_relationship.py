"""BIAN's Customer Relationship Management: plans for customers, and their tasks, incidents and contacts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from leadbridge.store.database import Database
from tests.support.bian import RELATIONSHIP, Bian
from tests.support.calls import Calls, gateway
from tests.support.relationship import (
    PLAN_STATE,
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

RECORDS = ("Development", "Incident", "Contact")


@pytest.fixture
def bian(calls: Calls) -> Bian:
    return Bian(calls)


@pytest.fixture
def embedded(sqlite: Database) -> Iterator[Bian]:
    """On SQLite alone: for what lies before the store."""
    with gateway(sqlite) as calls:
        yield Bian(calls)


def without_state(said: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if not name.endswith("State")}


# ------------------------------------------------------------------------------------------------------- the records


def test_a_plan_is_created_updated_and_retrieved_as_it_was_sent(bian: Bian) -> None:
    fields = {
        "CustomerReference": party(customer(bian), "Anna Beispiel & \U0001f3e0"),
        "EmployeeBusinessUnitReference": party("RM-1"),
        "CustomerRelationshipRatingType": "Customercreditrating",
        "CustomerInsightDescription": {"Text": " Less and less\r\nactive "},
        "CustomerBudget": {"CustomerRelationshipBudget": ""},
        "CustomerSalesPlan": {
            "PlanGoal": {"GoalType": "growth", "GoalDefinition": "two more products"},
            "PlanBudget": {"BudgetAmount": {"AmountValue": {"Value": "1000.00"}, "AmountType": "Maximum"}},
        },
        "Branch": {"Number": "7", "Of": {"Region": "North"}},
        "Segment": "affluent",
    }
    plan = create(bian, RELATIONSHIP, fields)
    said = bian.done("GET", f"{plan}/Retrieve")
    assert without_state(said) == fields
    assert said[PLAN_STATE]["PlanID"] == plan.rpartition("/")[2]
    assert said[PLAN_STATE]["State"] == "proposed"
    changed = bian.done(
        "PUT",
        f"{plan}/Update",
        {**said, "CustomerSalesPlan": {"PlanGoal": {"GoalResult": "one sold"}}, "Segment": "private"},
    )
    expected: dict[str, Any] = json.loads(json.dumps({**fields, "Segment": "private"}))
    expected["CustomerSalesPlan"]["PlanGoal"]["GoalResult"] = "one sold"  # what is absent stays, at every depth
    assert without_state(changed) == expected
    assert bian.done("GET", f"{plan}/Retrieve") == changed


@pytest.mark.parametrize("kind", RECORDS)
def test_records_are_created_updated_and_retrieved_as_they_were_sent(embedded: Bian, kind: str) -> None:
    plan = plan_for(embedded, customer(embedded))
    of_kind: dict[str, dict[str, Any]] = {
        "Development": {
            "RelationshipDevelopmentTask": {"CustomerRelationshipDevelopmentTaskType": {"Text": "review"}},
            "CustomerDevelopmentWorkProduct": {"WorkProductType": "MeetingMinute", "WorkProductIdentifoication": "M1"},
        },
        "Incident": {
            "RelationshipIncidentRecord": {"CustomerIncidentSource": "branch"},
            "ProductandServiceActivityReference": {"TransactionType": "BookingTransaction"},
        },
        "Contact": {
            "CustomerRelationshipContactDate": {"DateContent": "some day in spring"},
            "CustomerRelationshipContactRecord": {
                "ContactLocation": {"LocationAddress": {"LocationReference": {"LocationName": {"Name": "Branch"}}}}
            },
        },
    }
    fields = of_kind[kind]
    record = create(embedded, f"{plan}/{kind}", fields)
    assert record == f"{plan}/{kind}/1"
    said = embedded.done("GET", f"{record}/Retrieve")
    assert without_state(said) == fields
    assert said[f"{kind}State"]["State"] == "open"
    changed = embedded.done("PUT", f"{record}/Update", {"Remark": "x"})
    assert without_state(changed) == {**fields, "Remark": "x"}
    assert embedded.done("GET", f"{record}/Retrieve") == changed
    assert create(embedded, f"{plan}/{kind}") == f"{plan}/{kind}/2"


def test_the_same_request_with_the_same_key_is_done_once(bian: Bian) -> None:
    internal_id = customer(bian)
    fields = {"CustomerReference": party(internal_id)}
    first = bian.send("POST", f"{RELATIONSHIP}/Create", fields, key="plan-1")
    again = bian.send("POST", f"{RELATIONSHIP}/Create", fields, key="plan-1")
    assert (again.status, again.body) == (200, first.body)
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["idempotent-replayed"] == "true"
    plan = first.headers["location"].removesuffix("/Retrieve")
    assert bian.refused("POST", f"{RELATIONSHIP}/Create", {**fields, "Segment": "x"}, key="plan-1")[0] == 400
    for _ in range(2):
        exchanged(bian, plan, "accept", key="accept-1")
    contact = [bian.send("POST", f"{plan}/Contact/Create", {}, key="contact-1").headers["location"] for _ in range(2)]
    assert contact[0] == contact[1]
    assert bian.refused("GET", f"{plan}/Contact/2/Retrieve")[0] == 404


def test_a_customer_is_named_by_number_uuid_or_key_and_a_plan_stays_with_it(bian: Bian) -> None:
    internal_id, other = customer(bian), customer(bian)
    plan = plan_for(bian, internal_id)
    assert state_of(bian, plan)["CustomerInternalID"] == internal_id
    status, message = bian.refused("PUT", f"{plan}/Update", {"CustomerReference": party(other)})
    assert status == 400
    assert "NotThePlans" in message
    nobody: tuple[dict[str, Any], ...] = ({}, party(" "), {"PartyReference": {}})
    for wrong in ({}, *({"CustomerReference": one} for one in nobody)):
        status, message = bian.refused("POST", f"{RELATIONSHIP}/Create", wrong)
        assert status == 400
        assert message.startswith("MissingField: CustomerReference")
    assert bian.refused("POST", f"{RELATIONSHIP}/Create", {"CustomerReference": party("12")})[0] == 400
    assert bian.refused("POST", f"{RELATIONSHIP}/Create", {"CustomerReference": party("9999999999")})[0] == 404


# ------------------------------------------------------------------------------------------------------------- states


def test_a_plan_is_moved_by_exchange_grant_and_control(bian: Bian) -> None:
    plan = plan_for(bian, customer(bian))
    assert exchanged(bian, plan, "verify")[PLAN_STATE]["State"] == "proposed"
    assert exchanged(bian, plan, "accept")[PLAN_STATE]["State"] == "active"
    assert granted(bian, plan, "authorize")[PLAN_STATE]["State"] == "authorized"
    assert controlled(bian, plan, "suspend")[PLAN_STATE]["State"] == "suspended"
    status, message = bian.refused("POST", f"{plan}/Contact/Create", {})
    assert (status, message) == (
        400,
        "ActionNotAllowed: The plan is suspended: not Create of its Contact; allowed: Update, resume, terminate.",
    )
    create(bian, f"{plan}/Incident")
    assert controlled(bian, plan, "resume")[PLAN_STATE]["State"] == "active"
    assert exchanged(bian, plan, "reject")[PLAN_STATE]["State"] == "rejected"
    revised = bian.done("PUT", f"{plan}/Update", {"CustomerInsightType": {"Text": "revised"}})
    assert revised[PLAN_STATE]["State"] == "proposed"
    ended = bian.done("PUT", f"{plan}/Control", {"ControlActionRequest": "terminate", "ReasonCode": "LOST"})
    assert ended[PLAN_STATE] == {
        "PlanID": plan.rpartition("/")[2],
        "State": "terminated",
        "CustomerInternalID": ended[PLAN_STATE]["CustomerInternalID"],
        "AllowedActions": [],
    }
    status, message = bian.refused("PUT", f"{plan}/Update", {"CustomerInsightType": {"Text": "x"}})
    assert (status, "allowed: nothing but Retrieve" in message) == (400, True)
    assert bian.refused("POST", f"{plan}/Incident/Create", {})[0] == 400


@pytest.mark.parametrize(
    ("operation", "field", "known"),
    [
        ("Control", "ControlActionRequest", "suspend, resume, terminate"),
        ("Exchange", "ExchangeActionRequest", "accept, verify, reject"),
        ("Grant", "GrantActionRequest", "authorize, withdraw"),
    ],
)
def test_an_action_is_named_by_its_field(embedded: Bian, operation: str, field: str, known: str) -> None:
    plan = plan_for(embedded, customer(embedded))
    for body, code in (({}, "MissingField"), ({field: "raise priority"}, "NotInList")):
        status, message = embedded.refused("PUT", f"{plan}/{operation}", body)
        assert (status, message) == (400, f"{code}: {field}: Expected one of {known}.")
    status, message = embedded.refused("PUT", f"{plan}/Update", {field: "accept"})
    assert (status, message.partition(":")[0]) == (400, "UnknownField")
    before = embedded.done("GET", f"{plan}/Retrieve")
    assert embedded.refused("PUT", f"{plan}/{operation}", {field: known.partition(",")[0], "ReasonCode": "x"})[0] == 400
    assert embedded.done("GET", f"{plan}/Retrieve") == before


def test_fields_that_come_with_an_action_are_kept_too(bian: Bian) -> None:
    plan = plan_for(bian, customer(bian))
    bian.done("PUT", f"{plan}/Exchange", {"ExchangeActionRequest": "accept", "CustomerInsightType": {"Text": "seen"}})
    said = bian.done("GET", f"{plan}/Retrieve")
    assert said["CustomerInsightType"] == {"Text": "seen"}
    assert "ExchangeActionRequest" not in said


def test_request_of_a_plan_schedules_a_contact(bian: Bian) -> None:
    plan = plan_for(bian, customer(bian))
    said = bian.done("PUT", f"{plan}/Request", {"DateTimeLocation": "2026-03-02T09:00:00+01:00 Branch 7"})
    assert said["CustomerContactRecordReference"] == f"{plan.removeprefix('/bian/')}/Contact/1"
    state = state_of(bian, f"{plan}/Contact/1")
    assert (state["State"], state["DueDateTime"]) == ("requested", "2026-03-02T08:00:00Z")
    status, message = bian.refused("PUT", f"{plan}/Request", {"DateTimeLocation": "tomorrow"})
    assert (status, message.partition(":")[0]) == (400, "WrongFormat")
    assert bian.refused("GET", f"{plan}/Contact/2/Retrieve")[0] == 404


def test_a_development_task_is_requested_accepted_done_and_verified(bian: Bian) -> None:
    task = create(bian, f"{plan_for(bian, customer(bian))}/Development")
    assert bian.done("PUT", f"{task}/Request", {})["DevelopmentState"]["State"] == "requested"
    assert exchanged(bian, task, "accept")["DevelopmentState"]["State"] == "accepted"
    assert exchanged(bian, task, "reject")["DevelopmentState"]["State"] == "rejected"
    assert bian.done("PUT", f"{task}/Request", {})["DevelopmentState"]["State"] == "requested"
    done = bian.done("PUT", f"{task}/Update", {"CustomerDevelopmentTaskResult": {"Task": "agreed"}})
    assert done["DevelopmentState"]["State"] == "done"
    status, message = bian.refused("PUT", f"{task}/Exchange", {"ExchangeActionRequest": "accept"})
    assert (status, "The Development is done: not accept; allowed: Update" in message) == (400, True)
    verified = exchanged(bian, task, "verify")["DevelopmentState"]
    assert (verified["State"], verified["AllowedActions"]) == ("verified", [])
    assert bian.refused("PUT", f"{task}/Update", {})[0] == 400


def test_an_incident_is_captured_raised_suspended_resolved_and_confirmed(bian: Bian) -> None:
    incident = create(bian, f"{plan_for(bian, customer(bian))}/Incident")
    captured = bian.done("PUT", f"{incident}/Capture", {"CustomerIncidentDescription": {"Text": "Card lost"}})
    assert captured["IncidentState"]["State"] == "captured"
    priorities = [controlled(bian, incident, "raise priority")["IncidentState"]["PriorityCode"] for _ in range(2)]
    assert priorities == ["2", "1"]
    status, message = bian.refused("PUT", f"{incident}/Control", {"ControlActionRequest": "raise priority"})
    assert (status, "there is no higher one" in message) == (400, True)
    assert controlled(bian, incident, "suspend")["IncidentState"]["State"] == "suspended"
    assert controlled(bian, incident, "resume")["IncidentState"]["State"] == "accepted"
    resolution = {"CustomerIncidentResolution": {"CustomerCaseResolution": "New card"}}
    assert bian.done("PUT", f"{incident}/Update", resolution)["IncidentState"]["State"] == "resolved"
    assert exchanged(bian, incident, "reject")["IncidentState"]["State"] == "accepted"
    assert bian.done("PUT", f"{incident}/Update", resolution)["IncidentState"]["State"] == "resolved"
    assert exchanged(bian, incident, "confirm")["IncidentState"]["State"] == "confirmed"
    assert bian.refused("PUT", f"{incident}/Capture", {})[0] == 400


def test_a_contact_is_requested_moved_and_done(bian: Bian) -> None:
    contact = create(bian, f"{plan_for(bian, customer(bian))}/Contact")
    at = {"CustomerRelationshipContactDate": {"DateContent": "2026-03-02"}}
    asked = bian.done("PUT", f"{contact}/Request", {**at, "EmployeeReference": party("RM-1")})["ContactState"]
    assert (asked["State"], asked["DueDateTime"]) == ("requested", "2026-03-02T00:00:00Z")
    later = {"CustomerRelationshipContactDate": {"DateContent": "2026-03-03T10:00:00Z by telephone"}}
    assert bian.done("PUT", f"{contact}/Update", later)["ContactState"]["DueDateTime"] == "2026-03-03T10:00:00Z"
    for unreadable in ("soon", "2026-02-30", "2026-03-03T25:00:00Z"):
        body = {"CustomerRelationshipContactDate": {"DateContent": unreadable}}
        assert bian.refused("PUT", f"{contact}/Update", body)[0] == 400
    done = bian.done("PUT", f"{contact}/Update", {"CustomerRelationshipContactResult": {"Text": "Wants a loan"}})
    assert done["ContactState"]["State"] == "done"
    assert bian.refused("PUT", f"{contact}/Request", {})[0] == 400


@pytest.mark.parametrize(
    ("kind", "fields", "state"),
    [
        ("Development", {"CustomerDevelopmentTaskResult": {"Task": "x"}}, "done"),
        ("Incident", {"RelationshipIncidentRecord": {"CustomerIncidentResolution": "x"}}, "resolved"),
        ("Contact", {"CustomerRelationshipContactRecord": {"ContactResult": {"Text": "x"}}}, "done"),
        ("Contact", {"CustomerRelationshipContactResult": {"Text": " "}}, "open"),
    ],
)
def test_a_record_with_its_result_has_come_to_its_end(
    embedded: Bian, kind: str, fields: dict[str, Any], state: str
) -> None:
    record = create(embedded, f"{plan_for(embedded, customer(embedded))}/{kind}", fields)
    assert state_of(embedded, record)["State"] == state


def test_nobody_is_contacted_who_forbids_it(embedded: Bian) -> None:
    plan = authorized(embedded, customer(embedded, contact_allowed="2"))
    contact = create(embedded, f"{plan}/Contact")
    for path in (plan, contact):
        status, message = embedded.refused("PUT", f"{path}/Request", {})
        assert (status, "LEAD.CONTACT_FORBIDDEN" in message) == (400, True)


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("Contact", "EmployeeReference"),
        ("Development", "EmployeeBusinessUnitReference"),
        ("Incident", "EmployeeBusinessUnitReference"),
    ],
)
def test_whom_a_record_is_assigned_to_has_200_characters(embedded: Bian, kind: str, field: str) -> None:
    plan = plan_for(embedded, customer(embedded))
    record = create(embedded, f"{plan}/{kind}", {field: party("ä" * 200)})
    named = {"PartyReference": {"PartyName": {"Name": "N" * 201}}}
    for method, path, who in (
        ("POST", f"{plan}/{kind}/Create", party("N" * 201)),
        ("POST", f"{plan}/{kind}/Create", named),
        ("PUT", f"{record}/Update", party("N" * 201)),
    ):
        status, text = embedded.refused(method, path, {field: who})
        assert (status, text.startswith(f"TooLong: {field}: ")) == (400, True), text
