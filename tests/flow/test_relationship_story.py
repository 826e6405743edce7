"""What plans lead to: leads from their development tasks, events, a customer's history, the domain's example of use."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leadbridge.operations.call import Policy
from leadbridge.store.database import Database
from tests.support.bian import DOMAIN, RELATIONSHIP, Bian
from tests.support.calls import Calls, gateway
from tests.support.messages_by_hand import create_lead, known_prospect, lead_fields, read_lead
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

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
CRM = "org.bian.CustomerRelationshipManagement"
INITIATE = {"RequestActionRequest": "initiate lead"}
TASK = {
    "CustomerDevelopmentTaskDescription": {"Text": "Offer a lower rate\nand a second card"},
    "EmployeeBusinessUnitReference": party("RM-1"),
}


class Clock:
    """What the gateway goes by."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def bian(calls: Calls, clock: Clock) -> Bian:
    return Bian(calls, clock=clock)


@pytest.fixture
def embedded(sqlite: Database, clock: Clock) -> Iterator[Bian]:
    """On SQLite alone: for what lies before the store."""
    with gateway(sqlite) as calls:
        yield Bian(calls, clock=clock)


def history(bian: Bian, reference: str, query: str = "") -> list[dict[str, Any]]:
    reply = bian.send("GET", f"/bian/history?customer={reference}{query}")
    assert reply.status == 200, reply.body
    found: list[dict[str, Any]] = json.loads(reply.body)
    return found


# -------------------------------------------------------------------------------------------------------------- leads


def test_a_development_task_initiates_a_lead_that_says_where_it_comes_from(bian: Bian) -> None:
    internal_id = customer(bian)
    task = create(bian, f"{authorized(bian, internal_id)}/Development", TASK)
    assert "initiate lead" in state_of(bian, task)["AllowedActions"]
    said = bian.done("PUT", f"{task}/Request", INITIATE)
    lead_id = said["DevelopmentState"]["LeadID"]
    assert said["LeadandOpportunityReference"] == f"LeadandOpportunityManagement/{lead_id}"
    assert said["DevelopmentState"]["State"] == "accepted"
    assert "initiate lead" not in said["DevelopmentState"]["AllowedActions"]
    assert bian.done("GET", f"{task}/Retrieve") == said
    lead = bian.done("GET", f"{DOMAIN}/{lead_id}/Retrieve")["LeadandOpportunityProcedure"]
    assert {name: value for name, value in lead.items() if name != "DateTimeLocation"} == {
        "CustomerReference": internal_id,
        "EmployeeBusinessUnitReference": "RM-1",
        "LeadandOpportunityDescription": TASK["CustomerDevelopmentTaskDescription"]["Text"],
        "TriggeredBy": "CustomerRelationshipManagement",
        "TriggeredByReference": task.removeprefix("/bian/"),
    }
    (found,) = bian.calls.done(read_lead(lead_id)).parts("Lead")
    assert (found.one("Name"), found.one("OriginTypeCode")) == ("Offer a lower rate", "CRM")


def test_the_lead_may_be_described_in_the_words_of_its_own_service_domain(bian: Bian) -> None:
    task = create(bian, f"{authorized(bian, customer(bian))}/Development")
    fields = {
        "ProductandServiceType": "LOAN",
        "CustomerCampaignReference": "SPRING-1",
        "TriggeredBy": "CustomerRelationshipManagement",
    }
    said = bian.done("PUT", f"{task}/Request", {**INITIATE, "LeadandOpportunityProcedure": fields, "Remark": "x"})
    assert said["Remark"] == "x"
    assert "LeadandOpportunityProcedure" not in said
    lead = bian.done("GET", f"{DOMAIN}/{said['DevelopmentState']['LeadID']}/Retrieve")["LeadandOpportunityProcedure"]
    assert fields.items() <= lead.items()


def test_a_task_initiates_one_lead_however_often_it_is_asked(bian: Bian) -> None:
    task = create(bian, f"{authorized(bian, customer(bian))}/Development", TASK)
    first = bian.send("PUT", f"{task}/Request", INITIATE, key="lead-1")
    again = bian.send("PUT", f"{task}/Request", INITIATE, key="lead-1")
    assert (again.body, again.headers["idempotent-replayed"]) == (first.body, "true")
    status, message = bian.refused("PUT", f"{task}/Request", INITIATE)
    assert (status, "has initiated a lead already" in message) == (400, True)


def test_a_lead_wants_leave_something_to_say_and_its_own_customer(bian: Bian) -> None:
    internal_id = customer(bian)
    plan = plan_for(bian, internal_id)
    task = create(bian, f"{plan}/Development")
    exchanged(bian, plan, "accept")
    before = bian.events()

    def refused(**fields: str) -> str:
        body = {**INITIATE, **({"LeadandOpportunityProcedure": fields} if fields else {})}
        status, message = bian.refused("PUT", f"{task}/Request", body)
        assert status in (400, 404)
        return message

    assert "until a Grant has authorized it; allowed:" in refused(ProductandServiceType="LOAN")
    granted(bian, plan, "authorize")
    assert refused().startswith("MissingField: LeadandOpportunityDescription")
    assert refused(CustomerReference=customer(bian)).startswith("NotThePlans: CustomerReference")
    assert refused(TriggeredBy="SessionDialogue").startswith("NotThePlans: TriggeredBy")
    assert "EmployeeBusinessUnitReference" in refused(ProductandServiceType="X", EmployeeBusinessUnitReference="x" * 21)
    for body, code in (
        ({"RequestActionRequest": "x"}, "NotInList"),
        ({"LeadandOpportunityProcedure": {"ProductandServiceType": "LOAN"}}, "UnknownField"),
        ({**INITIATE, "LeadandOpportunityProcedure": "x"}, "WrongType"),
        ({**INITIATE, "LeadandOpportunityProcedure": {"ProductandServiceType": {}}}, "WrongType"),
    ):
        status, message = bian.refused("PUT", f"{task}/Request", body)
        assert (status, message.partition(":")[0]) == (400, code)
    assert state_of(bian, task)["State"] == "open"
    assert len(bian.events()) == len(before) + 1  # the grant's
    controlled(bian, plan, "suspend")
    assert bian.refused("PUT", f"{task}/Request", INITIATE)[0] == 400


def test_a_site_whose_list_of_origins_has_none_for_plans_takes_no_leads_of_them(sqlite: Database) -> None:
    with gateway(sqlite, Policy(origin_type_codes=frozenset({"WEB"}), reason_codes=frozenset({"LOST"}))) as calls:
        bian = Bian(calls)
        plan = authorized(bian, customer(bian))
        task = create(bian, f"{plan}/Development", TASK)
        status, message = bian.refused("PUT", f"{task}/Request", INITIATE)
        assert (status, "TriggeredBy" in message) == (400, True)
        body = {"ControlActionRequest": "terminate", "ReasonCode": "GONE"}
        assert bian.refused("PUT", f"{plan}/Control", body)[0] == 400
        bian.done("PUT", f"{plan}/Control", {**body, "ReasonCode": "LOST"})


# ------------------------------------------------------------------------------------------------- events and history


def test_every_move_is_an_event_in_order(bian: Bian) -> None:
    internal_id = customer(bian)
    plan = authorized(bian, internal_id)
    plan_id = plan.rpartition("/")[2]
    bian.done("PUT", f"{plan}/Update", {"CustomerInsightType": {"Text": "Anna"}, "Segment": "Beispiel"})
    bian.done("PUT", f"{plan}/Update", {"Segment": "Beispiel"})  # nothing changes
    task = create(bian, f"{plan}/Development", TASK)
    incident = create(bian, f"{plan}/Incident")
    controlled(bian, incident, "raise priority")
    bian.done("PUT", f"{plan}/Request", {})
    lead_id = bian.done("PUT", f"{task}/Request", INITIATE)["DevelopmentState"]["LeadID"]
    bian.done("PUT", f"{plan}/Control", {"ControlActionRequest": "terminate", "ReasonCode": "LOST"})
    found = bian.events()
    told = [(one["type"].removeprefix(f"{CRM}."), one["subject"], one["data"]["Event"]) for one in found]
    assert told == [
        ("CustomerRelationshipManagementPlan.Created", plan_id, "created"),
        ("CustomerRelationshipManagementPlan.Updated", plan_id, "accepted"),
        ("CustomerRelationshipManagementPlan.Updated", plan_id, "authorized"),
        ("CustomerRelationshipManagementPlan.Updated", plan_id, "changed"),
        ("Development.Created", f"{plan_id}/Development/1", "created"),
        ("Incident.Created", f"{plan_id}/Incident/1", "created"),
        ("Incident.Updated", f"{plan_id}/Incident/1", "raised"),
        ("CustomerRelationshipManagementPlan.Updated", plan_id, "requested"),
        ("Contact.Created", f"{plan_id}/Contact/1", "created"),
        ("org.bian.LeadandOpportunityManagement.LeadandOpportunityProcedure.Created", lead_id, "created"),
        ("Development.Updated", f"{plan_id}/Development/1", "lead_initiated"),
        ("CustomerRelationshipManagementPlan.Updated", plan_id, "terminated"),
    ]
    assert found[3]["data"]["ChangedElements"] == ["CustomerInsightType"]
    assert found[3]["source"] == RELATIONSHIP
    assert found[-1]["data"] == {
        "PlanID": plan_id,
        "Event": "terminated",
        "Operation": "CustomerRelationshipManagement/Control",
        "OldStatus": "authorized",
        "NewStatus": "terminated",
        "ReasonCode": "LOST",
    }
    assert "Beispiel" not in json.dumps(found)
    assert history(bian, internal_id) == found
    pages, after = [], "0"
    while page := history(bian, internal_id, f"&after={after}&limit=5"):
        pages += page
        after = page[-1]["sequence"]
    assert pages == found


def test_what_is_refused_is_no_event(embedded: Bian) -> None:
    plan = plan_for(embedded, customer(embedded))
    before = embedded.events()
    embedded.refused("PUT", f"{plan}/Control", {"ControlActionRequest": "resume"})
    embedded.refused("PUT", f"{plan}/Request", {"DateTimeLocation": "soon"})
    assert embedded.events() == before


def test_a_history_is_the_customers_own(bian: Bian) -> None:
    """A plan and a lead have numbers of one form, and there may be one of each."""
    first, second = customer(bian), customer(bian)
    lead_id = bian.calls.done(create_lead(lead_fields(prospect=known_prospect(second)))).one("Lead/ID")
    task = bian.task(f"{DOMAIN}/{lead_id}")
    plan = plan_for(bian, first)
    assert plan.rpartition("/")[2] == lead_id
    assert [one["subject"] for one in history(bian, first)] == [lead_id]
    assert [one["subject"] for one in history(bian, second)] == [lead_id, f"{lead_id}/Development/1"]
    assert [one["source"] for one in history(bian, first)] == [RELATIONSHIP]
    assert task.endswith(history(bian, second)[-1]["subject"])
    reply = bian.send("GET", f"/bian/history?customer={second}&limit=1")
    after = json.loads(reply.body)[0]["sequence"]
    assert reply.headers["link"] == f'</bian/history?customer={second}&after={after}&limit=1>; rel="next"'


def test_contacts_of_plans_stand_on_the_desks_list_beside_those_of_leads(bian: Bian) -> None:
    internal_id = customer(bian)
    plan = plan_for(bian, internal_id)
    lead = bian.initiate({"CustomerReference": internal_id, "LeadandOpportunityDescription": "A loan"})
    for day in (1, 2, 3):
        moment = {"DateTimeLocation": f"2026-04-0{day}T10:00:00Z"}
        bian.done("PUT", f"{plan}/Request", moment)
        bian.done("PUT", f"{bian.task(lead)}/Request", {"Development": moment})
    whole = bian.done("GET", "/bian/contacts")["Contacts"]
    assert [one["Location"] for one in whole] == [
        f"{of}/{number}/Retrieve" for number in (1, 2, 3) for of in (f"{lead}/Development", f"{plan}/Contact")
    ]
    assert whole[1] == {
        "PlanID": plan.rpartition("/")[2],
        "CustomerInternalID": internal_id,
        "Location": f"{plan}/Contact/1/Retrieve",
        "DueDateTime": "2026-04-01T10:00:00Z",
    }
    for limit in (1, 2, 4):
        address, read = f"/bian/contacts?limit={limit}", []
        while address:
            reply = bian.send("GET", address)
            read += json.loads(reply.body)["Contacts"]
            address = reply.headers.get("link", "").partition(">")[0].removeprefix("<")
        assert read == whole
    exchanged(bian, plan, "reject")
    assert len(bian.done("GET", "/bian/contacts")["Contacts"]) == 3


# ------------------------------------------------------------------------------------------------------------ example


def test_falling_activity_leads_to_a_contact_a_development_task_and_a_lead(bian: Bian, clock: Clock) -> None:
    """The service domain's example of use: a relationship manager reviews recent activity, which trends lower; what was
    going on within the bank is reviewed; a meeting is scheduled; products that help come out as a lead."""
    internal_id = customer(bian)
    clock.now = NOW - timedelta(days=50)
    plan = plan_for(
        bian,
        internal_id,
        CustomerSalesPlan={"PlanGoal": {"GoalDefinition": "keep the turnover"}},
        CustomerBudget={"CustomerRelationshipBudget": "1000 EUR"},
    )
    exchanged(bian, plan, "accept")
    granted(bian, plan, "authorize")

    # Seven weeks ago there was much going on: contacts, an incident, a lead that was taken by the call centre.
    for day in (49, 45, 40):
        clock.now = NOW - timedelta(days=day)
        create(bian, f"{plan}/Contact", {"CustomerRelationshipContactResult": {"Text": "Payments, as usual"}})
    incident = create(bian, f"{plan}/Incident", {"CustomerIncidentDescription": {"Text": "A transfer came late"}})
    bian.done("PUT", f"{incident}/Capture", {"RelationshipIncidentRecord": {"CustomerIncidentSource": "branch"}})
    bian.calls.send(create_lead(lead_fields(prospect=known_prospect(internal_id))), now=NOW - timedelta(days=35))
    # Since then there was one call.
    clock.now = NOW - timedelta(days=10)
    create(bian, f"{plan}/Contact", {"CustomerRelationshipContactResult": {"Text": "Asked for the balance"}})

    # The falling activity is noticed, and what was going on is looked through.
    clock.now = NOW
    activity = bian.done("GET", f"/bian/activity?customer={internal_id}&days=30")
    assert activity == {
        "CustomerInternalID": internal_id,
        "Recent": {
            "FromDateTime": "2026-01-31T12:00:00Z",
            "ToDateTime": "2026-03-02T12:00:00Z",
            "Leads": 0,
            "Contacts": 1,
            "Incidents": 0,
        },
        "Before": {
            "FromDateTime": "2026-01-01T12:00:00Z",
            "ToDateTime": "2026-01-31T12:00:00Z",
            "Leads": 1,
            "Contacts": 3,
            "Incidents": 1,
        },
        "Trend": "falling",
    }
    plan_id = plan.rpartition("/")[2]
    assert f"{plan_id}/Incident/1" in [one["subject"] for one in history(bian, internal_id)]
    assert state_of(bian, incident)["State"] == "captured"
    usage = {"ProductUsageVolume": {"Text": "falling: 1 after 5"}, "ProductUsageIndicator": {"Yesnoindicator": "true"}}
    bian.done("PUT", f"{plan}/Update", {"CustomerProductUsage": usage})

    # A meeting is scheduled, and stands on the desk's list.
    said = bian.done("PUT", f"{plan}/Request", {"DateTimeLocation": "2026-03-04T10:00:00Z Branch 7"})
    contact = f"/bian/{said['CustomerContactRecordReference']}"
    (waiting,) = bian.done("GET", "/bian/contacts")["Contacts"]
    assert (waiting["Location"], waiting["CustomerInternalID"]) == (f"{contact}/Retrieve", internal_id)
    clock.now = NOW + timedelta(days=2)
    outcome = {"CustomerRelationshipContactResult": {"Text": "Another bank is cheaper"}}
    assert bian.done("PUT", f"{contact}/Update", outcome)["ContactState"]["State"] == "done"
    assert bian.done("GET", "/bian/contacts")["Contacts"] == []

    # A development task is opened, and a lead comes out.
    task = create(bian, f"{plan}/Development", TASK)
    made = bian.done(
        "PUT",
        f"{task}/Request",
        {**INITIATE, "LeadandOpportunityProcedure": {"ProductandServiceType": "CREDIT_FACILITY"}},
    )
    lead_id = made["DevelopmentState"]["LeadID"]
    (lead,) = bian.calls.done(read_lead(lead_id, extension="1")).parts("Lead")
    assert lead.one("ProspectParty/BusinessPartnerInternalID") == internal_id
    assert lead.one("OriginTypeCode") == "CRM"
    assert lead.one("Item/ProductID") == "CREDIT_FACILITY"
    kept = lead.one("Extension/LeadandOpportunityProcedure/TriggeredByReference")
    assert kept == f"CustomerRelationshipManagement/{plan_id}/Development/1"
    shown = bian.done("GET", f"{DOMAIN}/{lead_id}/Retrieve")["LeadandOpportunityProcedure"]
    assert shown["TriggeredByReference"] == kept
    bian.done("PUT", f"{task}/Update", {"CustomerDevelopmentTaskResult": {"Task": f"Lead {lead_id}"}})
    assert exchanged(bian, task, "verify")["DevelopmentState"]["State"] == "verified"
    assert [one["subject"] for one in history(bian, internal_id)][-5:] == [
        f"{plan_id}/Development/1",
        lead_id,
        *[f"{plan_id}/Development/1"] * 3,
    ]
