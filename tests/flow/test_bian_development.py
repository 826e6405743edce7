"""BIAN's Development: tasks on a lead, automated actions, contacts for a person, evaluation, the start of an offer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leadbridge.bian.policy import BianPolicy
from leadbridge.opening import questionnaire
from leadbridge.operations.call import Policy
from leadbridge.settings import Settings
from leadbridge.store import journal
from leadbridge.store.database import Database
from tests.support.bian import DOMAIN, Bian
from tests.support.bundle_by_hand import DELETE, maintain, record
from tests.support.calls import ACME, Calls, at_once, gateway, row_counts
from tests.support.messages_by_hand import (
    change_lead,
    create_lead,
    item,
    lead_fields,
    new_prospect,
    person,
    questionnaire_answer,
    read_lead,
)

DEVELOPMENT = "Development"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DOCUMENT = "DocumentDirectoryEntryInstanceReference"


@pytest.fixture
def bian(calls: Calls) -> Bian:
    return Bian(calls)


@pytest.fixture
def embedded(sqlite: Database) -> Iterator[Bian]:
    with gateway(sqlite) as calls:
        yield Bian(calls)


def made(bian: Bian, *, caller: Any = None, **fields: Any) -> str:
    """The address of a lead that SOAP made."""
    who = {"caller": caller} if caller else {}
    contact = fields.pop("contact_allowed", None)
    message = create_lead(lead_fields(prospect=new_prospect(person(contact_allowed=contact)), **fields))
    return f"{DOMAIN}/{bian.calls.done(message, **who).one('Lead/ID')}"


def executed(bian: Bian, task: str, action: str, **fields: str) -> dict[str, Any]:
    return bian.done("PUT", f"{task}/Execute", {"ExecuteActionRequest": action, DEVELOPMENT: fields})


def state_of(bian: Bian, task: str) -> dict[str, Any]:
    said: dict[str, Any] = bian.done("GET", f"{task}/Retrieve")["DevelopmentState"]
    return said


def test_a_task_is_assigned_worked_on_and_ended_with_a_result(bian: Bian) -> None:
    lead = made(bian, responsible="RM-1")
    body = {
        "LeadandOpportunityProcedure": {
            "EmployeeBusinessUnitReference": "RM-9",
            "DateTimeLocation": "2026-05-01T09:30+02:00 Branch 7",
            "LeadandOpportunityDescription": "Loan for a flat",
        },
        DEVELOPMENT: {DOCUMENT: "folder/7", "Own": " as sent\r\n"},
    }
    task = bian.task(lead, body)
    assert task == f"{lead}/Development/1"
    kept = {
        "EmployeeBusinessUnitReference": "RM-9",
        "DateTimeLocation": "2026-05-01T09:30+02:00 Branch 7",
        **body[DEVELOPMENT],
    }
    said = bian.done("GET", f"{task}/Retrieve")
    assert said[DEVELOPMENT] == kept
    assert said["LeadandOpportunityProcedure"]["EmployeeBusinessUnitReference"] == "RM-1"
    assert said["DevelopmentState"] == {
        "TaskState": "open",
        "TaskKind": "development",
        "DueDateTime": "2026-05-01T07:30:00Z",
    }
    assert bian.done("PUT", f"{task}/Update", {"DocumentContent": "x"}) == {**kept, "DocumentContent": "x"}
    assert state_of(bian, task)["TaskState"] == "open"
    ended = {**kept, "DocumentContent": "x", "LeadDevelopmentTaskResult": "sold"}
    assert bian.done("PUT", f"{task}/Update", {"LeadDevelopmentTaskResult": "sold"}) == ended
    assert state_of(bian, task)["TaskState"] == "done"
    for action, more in (("Update", {}), ("Execute", {"ExecuteActionRequest": "evaluate"}), ("Request", {})):
        status, message = bian.refused("PUT", f"{task}/{action}", more)
        assert (status, message.startswith(f"ActionNotAllowed: The task is done: not {action}")) == (400, True)
    assert bian.task(lead) == f"{lead}/Development/2"
    with bian.calls.database.read() as tx:
        rows = journal.of(tx, "development_task", f"{lead.rpartition('/')[2]}/1")
    assert [(row["event"], row["old_status"], row["new_status"]) for row in rows] == [
        ("created", None, "open"),
        ("changed", None, None),
        ("changed", "open", "done"),
    ]


def test_a_message_is_asked_of_the_domain_that_sends_it(embedded: Bian) -> None:
    lead = made(embedded, items=[item("LOAN")])
    task = embedded.task(lead)
    said = embedded.done("PUT", f"{task}/Execute", {DEVELOPMENT: {DOCUMENT: "product-information"}})[DEVELOPMENT]
    text = f"keep the number {lead.rpartition('/')[2]}."
    assert said["CorrespondenceContent"].startswith("You asked for more about LOAN.")
    assert said["CorrespondenceContent"].endswith(text)
    (event,) = [one for one in embedded.events() if one["type"] == "org.bian.Correspondence.Initiate"]
    assert event["id"] == said["CorrespondenceInstanceReference"]
    assert event["data"]["CorrespondenceContent"] == said["CorrespondenceContent"]
    assert (event["data"]["Template"], event["data"]["Subject"]) == ("product-information", "About LOAN")
    assert state_of(embedded, task)["TaskState"] == "in_process"


def test_nobody_is_contacted_who_forbids_it(embedded: Bian) -> None:
    task = embedded.task(made(embedded, contact_allowed="2"))
    before = row_counts(embedded.calls.database)
    for action, body in (("Execute", {DEVELOPMENT: {DOCUMENT: "contact-invitation"}}), ("Request", {})):
        status, said = embedded.refused("PUT", f"{task}/{action}", body)
        assert (status, said.partition(":")[0]) == (400, "LEAD.CONTACT_FORBIDDEN")
    assert row_counts(embedded.calls.database) == before


def test_a_lead_is_forwarded_now(embedded: Bian) -> None:
    lead = made(embedded)
    task = embedded.task(lead)
    executed(embedded, task, "forward")
    (found,) = embedded.calls.done(read_lead(lead.rpartition("/")[2])).parts("Lead")
    assert (found.one("LifeCycleStatusCode"), found.one("ForwardingStatusCode")) == ("3", "waiting")
    status, said = embedded.refused("PUT", f"{task}/Execute", {"ExecuteActionRequest": "forward"})
    assert (status, "3 qualified" in said) == (400, True)


def test_the_score_is_computed_again_by_the_questionnaire_in_force(database: Database) -> None:
    asked = questionnaire(Settings())
    question = asked.questions[0]
    best = max(question.answers, key=lambda one: one.weight)
    with gateway(database) as calls:  # a site without a questionnaire
        lead = made(Bian(calls), answers=[questionnaire_answer(question.id, best.code)])
        task = Bian(calls).task(lead)
        status, said = Bian(calls).refused("PUT", f"{task}/Execute", {"ExecuteActionRequest": "recompute score"})
        assert (status, said.partition(":")[0]) == (400, "NothingToScore")
    with gateway(database, Policy(questionnaire=asked)) as calls:
        bian = Bian(calls)
        (before,) = calls.done(read_lead(lead.rpartition("/")[2])).parts("Lead")
        assert before.all("QualificationScoreValue") == []
        said_now = executed(bian, task, "recompute score")[DEVELOPMENT]["LeadDevelopmentWorkProducts"]
        (after,) = calls.done(read_lead(lead.rpartition("/")[2])).parts("Lead")
        assert after.one("QualificationScoreValue") in said_now
        assert after.one("QuestionnaireID") == asked.key
        assert after.one("ChangeStateID") != before.one("ChangeStateID")
        executed(bian, task, "recompute score")
        (again,) = calls.done(read_lead(lead.rpartition("/")[2])).parts("Lead")
        assert again.one("ChangeStateID") == after.one("ChangeStateID")


def test_an_offer_is_started_when_interest_suitability_and_eligibility_are_confirmed(bian: Bian) -> None:
    lead = made(bian, revenue="250000.50")
    task = bian.task(lead)
    answers = executed(bian, task, "evaluate")["Evaluation"]
    assert [(one["Question"], one["Verdict"]) for one in answers] == [
        ("interest", "open"),
        ("suitability", "open"),
        ("eligibility", "confirmed"),
    ]
    assert all(one["Reason"] for one in answers)
    status, said = bian.refused("PUT", f"{task}/Execute", {"ExecuteActionRequest": "start offer"})
    assert (status, "1 open" in said) == (400, True)
    bian.calls.done(change_lead(lead.rpartition("/")[2], lead_fields(name=None, status="3")))
    before = row_counts(bian.calls.database)
    status, said = bian.refused("PUT", f"{task}/Execute", {"ExecuteActionRequest": "start offer"})
    assert (status, said.partition(":")[0]) == (400, "NotConfirmed")
    assert "suitability open: Nothing says yet that the product suits." in said
    assert row_counts(bian.calls.database) == before
    bian.calls.done(change_lead(lead.rpartition("/")[2], lead_fields(name=None, items=[item("LOAN")])))
    done = executed(bian, task, "start offer")
    (event,) = [one for one in bian.events() if one["type"] == "org.bian.CustomerOffer.Initiate"]
    assert event["id"] == done[DEVELOPMENT]["CustomerOfferReference"]
    data = event["data"]
    shown = bian.done("GET", f"{lead}/Retrieve")["LeadandOpportunityProcedure"]
    assert {name: data[name] for name in shown} == shown
    assert (data["Products"], data["ExpectedRevenueAmount"]) == (["LOAN"], "250000.50")
    assert [one["Verdict"] for one in data["Evaluation"]] == ["confirmed"] * 3


def test_a_caller_s_own_fields_say_nothing_to_whoever_makes_the_offer(embedded: Bian) -> None:
    names = ("LeadID", "DevelopmentID", "CoreLeadID", "CoreOpportunityID", "Evaluation", "Products", "Own")
    forged = dict.fromkeys((*names, "ExpectedRevenueAmount", "ExpectedRevenueCurrencyCode"), "forged")
    customer = embedded.calls.done(create_lead(lead_fields(prospect=new_prospect(person()))))
    told = {"CustomerReference": customer.one("Lead/ProspectPartyInternalID"), "ProductandServiceType": "LOAN"}
    lead = embedded.initiate({**told, **forged, "CustomerCampaignType": "spring"})
    embedded.calls.done(change_lead(lead.rpartition("/")[2], lead_fields(name=None, status="3")))
    executed(embedded, embedded.task(lead), "start offer")
    (event,) = [one for one in embedded.events() if one["type"] == "org.bian.CustomerOffer.Initiate"]
    assert "forged" not in json.dumps(event)
    assert event["data"].items() >= {**told, "CustomerCampaignType": "spring", "Products": ["LOAN"]}.items()
    assert (event["data"]["LeadID"], event["data"]["DevelopmentID"]) == (lead.rpartition("/")[2], "1")


def test_an_offer_is_started_once_until_its_lead_is_declined(bian: Bian) -> None:
    def started(task: str) -> str:
        reference: str = executed(bian, task, "start offer")[DEVELOPMENT]["CustomerOfferReference"]
        return reference

    lead = made(bian, items=[item("LOAN")], status="3")
    tasks = [bian.task(lead) for _ in range(2)]
    first = started(tasks[0])
    assert [started(tasks[place % 2]) for place in range(1, 4)] == [first] * 3
    at_once(4, lambda number: started(tasks[number % 2]))
    assert len([one for one in bian.events() if one["type"] == "org.bian.CustomerOffer.Initiate"]) == 1
    for status in ("5", "1", "3"):
        bian.calls.done(change_lead(lead.rpartition("/")[2], lead_fields(name=None, status=status)))
    second = started(tasks[1])
    assert second != first
    assert started(tasks[0]) == second


def test_a_decline_that_came_in_first_and_was_written_last_ends_the_offer(calls: Calls) -> None:
    bian, earlier = Bian(calls, clock=lambda: NOON), Bian(calls, clock=lambda: NOON - timedelta(seconds=1))
    lead = made(bian, items=[item("LOAN")], status="3")
    task = bian.task(lead)
    first = executed(bian, task, "start offer")[DEVELOPMENT]["CustomerOfferReference"]
    earlier.done("PUT", f"{lead}/Exchange", {"ExchangeActionRequest": "reject"})
    for status in ("1", "3"):
        calls.done(change_lead(lead.rpartition("/")[2], lead_fields(name=None, status=status)))
    second = executed(bian, task, "start offer")[DEVELOPMENT]["CustomerOfferReference"]
    assert second != first
    assert executed(earlier, task, "start offer")[DEVELOPMENT]["CustomerOfferReference"] == second


def test_references_that_are_made_here_are_nobody_else_s(embedded: Bian) -> None:
    lead = made(embedded, items=[item("LOAN")], status="3")
    task = embedded.task(lead)
    made_here = ("CustomerContactRecordReference", "CorrespondenceInstanceReference", "CustomerOfferReference")
    for name in made_here:
        fields = {name: "of my own"}
        for method, address, body in (
            ("POST", f"{lead}/Development/Initiate", {DEVELOPMENT: fields}),
            ("PUT", f"{task}/Update", fields),
            ("PUT", f"{task}/Execute", {"ExecuteActionRequest": "evaluate", DEVELOPMENT: fields}),
            ("PUT", f"{task}/Request", {DEVELOPMENT: fields}),
        ):
            status, said = embedded.refused(method, address, body)
            assert (status, said.startswith(f"ReadOnlyField: {name}: ")) == (400, True)
    executed(embedded, task, "start offer")
    executed(embedded, task, "send message", **{DOCUMENT: "product-information"})
    answered = embedded.done("PUT", f"{task}/Request", {})[DEVELOPMENT]
    assert set(made_here) <= answered.keys()
    assert embedded.done("PUT", f"{task}/Update", answered) == answered


def test_a_contact_stands_on_the_desk_s_list_until_it_has_a_result(bian: Bian) -> None:
    def listed(**options: Any) -> list[str]:
        found = [one["Location"] for one in bian.done("GET", "/bian/contacts", **options)["Contacts"]]
        assert all(bian.send("GET", one).status == 200 for one in found)
        return [one.removesuffix("/Retrieve") for one in found]

    first, second = made(bian), made(bian, caller=ACME)
    tasks = [bian.task(first), bian.task(second)]
    for task, moment in zip(tasks, ("2026-06-02T10:00:00Z", "2026-06-01 at home"), strict=True):
        said = bian.done("PUT", f"{task}/Request", {DEVELOPMENT: {"DateTimeLocation": moment}})[DEVELOPMENT]
        assert said["DateTimeLocation"] == moment
        assert f"/bian/{said['CustomerContactRecordReference']}" == task
    assert state_of(bian, tasks[0])["TaskKind"] == "contact"
    assert listed() == [tasks[1], tasks[0]]
    assert listed(caller=ACME) == [tasks[1]]
    bian.done("PUT", f"{first}/Control", {"ControlActionRequest": "suspend"})
    assert listed() == [tasks[1]]
    assert bian.refused("PUT", f"{tasks[0]}/Request", {})[0] == 400
    status, said = bian.refused("PUT", f"{tasks[0]}/Execute", {"ExecuteActionRequest": "forward"})
    assert (status, "suspended" in said) == (400, True)
    bian.done("PUT", f"{first}/Control", {"ControlActionRequest": "resume"})
    assert len(listed()) == 2
    bian.done("PUT", f"{tasks[1]}/Update", {"LeadDevelopmentTaskResult": "not at home"})
    assert listed() == [tasks[0]]
    bian.done("PUT", f"{first}/Control", {"ControlActionRequest": "terminate"})
    assert listed() == []


def test_the_desk_s_list_is_read_page_by_page(bian: Bian) -> None:
    lead, other = made(bian), made(bian)
    moments = ["2026-06-02", "2026-06-01T10:00:00Z", "2026-06-01T10:00:00Z", "2026-06-01T10:00:00Z", ""]
    for number, moment in enumerate(moments):
        task = bian.task(other if number == 1 else lead)
        bian.done("PUT", f"{task}/Request", {DEVELOPMENT: {"DateTimeLocation": moment}} if moment else {})
    whole = bian.done("GET", "/bian/contacts")["Contacts"]
    assert len(whole) == len(moments)
    address, read = "/bian/contacts?limit=2", []
    while address:
        reply = bian.send("GET", address)
        read.append(json.loads(reply.body)["Contacts"])
        address = reply.headers.get("link", "").partition("<")[2].partition(">")[0]
    assert [len(page) for page in read] == [2, 2, 1]
    assert [one for page in read for one in page] == whole


def test_a_prospect_that_comes_to_forbid_contact_is_taken_from_the_desk_s_list(bian: Bian) -> None:
    lead, other = made(bian), made(bian, contact_allowed="2")
    bian.done("PUT", f"{bian.task(lead)}/Request", {})
    assert len(bian.done("GET", "/bian/contacts")["Contacts"]) == 1
    forbidding = bian.done("GET", f"{other}/Retrieve")["LeadandOpportunityProcedure"]["CustomerReference"]
    bian.done("PUT", f"{lead}/Update", {"CustomerReference": forbidding})
    assert bian.done("GET", "/bian/contacts")["Contacts"] == []


def test_what_a_task_says_of_when_and_where_stays_unless_another_is_sent(bian: Bian) -> None:
    moment = "2027-05-05T10:00:00Z branch"
    task = bian.task(made(bian), {"LeadandOpportunityProcedure": {"DateTimeLocation": moment}})
    assert executed(bian, task, "evaluate")[DEVELOPMENT]["DateTimeLocation"] == moment
    assert bian.done("PUT", f"{task}/Request", {})[DEVELOPMENT]["DateTimeLocation"] == moment
    assert state_of(bian, task)["DueDateTime"] == "2027-05-05T10:00:00Z"


def test_a_contact_asked_for_after_an_automated_action_is_due_now(bian: Bian) -> None:
    task, other = (bian.task(made(bian)) for _ in range(2))
    executed(bian, task, "evaluate")
    executed(bian, other, "evaluate", DateTimeLocation="2028-02-02 at the branch")
    for one in (task, other):
        said = bian.done("PUT", f"{one}/Request", {})[DEVELOPMENT]
        assert said["DateTimeLocation"][:19] == state_of(bian, one)["DueDateTime"][:19]
    listed = bian.done("GET", "/bian/contacts")["Contacts"]
    assert [one["Location"] for one in listed] == [f"{task}/Retrieve", f"{other}/Retrieve"]


def test_an_automated_action_that_names_a_moment_moves_the_contact_there(bian: Bian) -> None:
    task = bian.task(made(bian))
    bian.done("PUT", f"{task}/Request", {DEVELOPMENT: {"DateTimeLocation": "2027-01-01"}})
    executed(bian, task, "evaluate", DateTimeLocation="2028-02-02 at the branch")
    assert state_of(bian, task)["DueDateTime"] == "2028-02-02T00:00:00Z"
    body = {"ExecuteActionRequest": "evaluate", DEVELOPMENT: {"DateTimeLocation": "sometime"}}
    assert bian.refused("PUT", f"{task}/Execute", body)[1].startswith("WrongFormat: DateTimeLocation: ")


def test_what_a_task_cannot_hold_is_refused_with_its_field(embedded: Bian) -> None:
    lead = made(embedded)
    task = embedded.task(lead)
    before = row_counts(embedded.calls.database)
    procedure = "LeadandOpportunityProcedure"
    table: list[tuple[str, str, dict[str, Any], str]] = [
        ("POST", "", {procedure: {"CustomerReference": "0"}}, "NotTheLeads: CustomerReference: "),
        ("POST", "", {procedure: []}, f"WrongType: {procedure}: "),
        ("POST", "", {DEVELOPMENT: {"A": 1}}, "WrongType: Development/A: "),
        ("POST", "", {"A": "x"}, "UnknownField: A: "),
        ("POST", "", {DEVELOPMENT: {"LeadDevelopmentTaskResult": "x"}}, "UnknownField: LeadDevelopmentTaskResult: "),
        ("POST", "", {DEVELOPMENT: {"DateTimeLocation": "soon"}}, "WrongFormat: DateTimeLocation: "),
        ("POST", "", {DEVELOPMENT: {"DateTimeLocation": "2026-02-30"}}, "WrongFormat: DateTimeLocation: "),
        ("POST", "", {DEVELOPMENT: {"DateTimeLocation": "0001-01-01T00:00+14:00"}}, "WrongFormat: DateTimeLocation: "),
        ("POST", "", {DEVELOPMENT: {"DateTimeLocation": "2026-01-01T10:00:000"}}, "WrongFormat: DateTimeLocation: "),
        ("POST", "", {DEVELOPMENT: {"DateTimeLocation": "2026-01-01 1:00"}}, "WrongFormat: DateTimeLocation: "),
        (
            *("POST", ""),
            {procedure: {"DateTimeLocation": "2026-01-01"}, DEVELOPMENT: {"DateTimeLocation": "2026-01-02"}},
            "DuplicateField: DateTimeLocation: ",
        ),
        ("PUT", "Update", {"EmployeeBusinessUnitReference": "x" * 21}, "TooLong: EmployeeBusinessUnitReference: "),
        ("PUT", "Update", {"LeadDevelopmentTaskResult": " "}, "TooShort: LeadDevelopmentTaskResult: "),
        ("PUT", "Update", {"DocumentContent": "x" * 16_384}, "TooLong: DocumentContent: "),
        ("PUT", "Execute", {}, "MissingField: ExecuteActionRequest: "),
        ("PUT", "Execute", {"ExecuteActionRequest": "x"}, "NotInList: ExecuteActionRequest: "),
        ("PUT", "Execute", {"ExecuteActionRequest": "send message"}, f"NotInList: {DOCUMENT}: "),
        ("PUT", "Execute", {DEVELOPMENT: {DOCUMENT: "x"}}, f"NotInList: {DOCUMENT}: "),
        (
            *("PUT", "Execute"),
            {DEVELOPMENT: {DOCUMENT: "contact-invitation", "A": "x" * 16_300}},
            "TooLong: ",
        ),
        ("PUT", "Request", {DEVELOPMENT: {"DateTimeLocation": "x"}}, "WrongFormat: DateTimeLocation: "),
    ]
    for method, action, body, said in table:
        path = f"{task}/{action}" if action else f"{lead}/Development/Initiate"
        status, message = embedded.refused(method, path, body)
        assert (status, message.startswith(said)) == (400, True), message
    assert row_counts(embedded.calls.database) == before
    for number in ("2", "01", "x", "1%00"):
        assert embedded.refused("GET", f"{lead}/Development/{number}/Retrieve")[0] == 404


def test_what_was_asked_about_a_lead_is_no_event_any_more_when_the_lead_is_deleted(bian: Bian) -> None:
    lead = made(bian)
    task = bian.task(lead)
    bian.done("PUT", f"{task}/Execute", {DEVELOPMENT: {DOCUMENT: "contact-invitation"}})
    before = [one["type"] for one in bian.events()]
    assert "org.bian.Correspondence.Initiate" in before
    bian.calls.done(maintain(record(DELETE, lead_id=lead.rpartition("/")[2])))
    rows = row_counts(bian.calls.database)
    assert (rows["development_task"], rows["bian_event"]) == (0, 0)
    after = [one["type"].removeprefix("org.bian.LeadandOpportunityManagement.") for one in bian.events()]
    procedure, development = "LeadandOpportunityProcedure", "Development"
    assert after == [f"{procedure}.Created", f"{development}.Created", f"{development}.Updated", f"{procedure}.Deleted"]


def test_about_test_data_nobody_is_asked_for_anything(embedded: Bian) -> None:
    fields = lead_fields(prospect=new_prospect(person()), items=[item("LOAN")], status="3")
    task = embedded.task(f"{DOMAIN}/{embedded.calls.done(create_lead(fields, test=True)).one('Lead/ID')}")
    for body in ({DEVELOPMENT: {DOCUMENT: "contact-invitation"}}, {"ExecuteActionRequest": "start offer"}):
        status, said = embedded.refused("PUT", f"{task}/Execute", body)
        assert (status, said.partition(":")[0]) == (400, "LEAD.TEST_DATA_MIXED")
    embedded.done("PUT", f"{task}/Request", {})
    assert embedded.done("GET", "/bian/contacts")["Contacts"] == []


def test_a_closed_lead_gets_no_task_and_its_tasks_do_nothing(embedded: Bian) -> None:
    lead = made(embedded)
    task = embedded.task(lead)
    embedded.done("PUT", f"{lead}/Control", {"ControlActionRequest": "terminate"})
    for method, path, body in (
        ("POST", f"{lead}/Development/Initiate", {}),
        ("PUT", f"{task}/Execute", {"ExecuteActionRequest": "evaluate"}),
        ("PUT", f"{task}/Request", {}),
    ):
        status, said = embedded.refused(method, path, body)
        assert (status, "7 closed lost" in said) == (400, True)
    embedded.done("PUT", f"{task}/Update", {"LeadDevelopmentTaskResult": "too late"})


def test_a_repeated_task_is_one_and_a_repeated_message_is_sent_once(embedded: Bian) -> None:
    lead = made(embedded)
    first = embedded.send("POST", f"{lead}/Development/Initiate", {}, key="t")
    again = embedded.send("POST", f"{lead}/Development/Initiate", {}, key="t")
    assert (again.body, again.headers["location"]) == (first.body, first.headers["location"])
    body = {DEVELOPMENT: {DOCUMENT: "contact-invitation"}}
    sent = {embedded.send("PUT", f"{lead}/Development/1/Execute", body, key="m").body for _ in range(2)}
    assert len(sent) == 1
    counted = row_counts(embedded.calls.database)
    assert (counted["development_task"], counted["bian_event"]) == (1, 1)


def test_tasks_that_are_assigned_at_once_have_numbers_of_their_own(two_gateways: tuple[Calls, Calls]) -> None:
    doors = [Bian(calls) for calls in two_gateways]
    lead = made(doors[0])
    assigned = at_once(8, lambda number: doors[number % 2].task(lead))
    assert sorted(assigned) == [f"{lead}/Development/{number}" for number in range(1, 9)]


def test_the_built_in_rules_and_templates_can_be_read() -> None:
    policy = BianPolicy()
    assert set(policy.templates) == {"contact-invitation", "product-information"}
    assert len(policy.evaluation) == 6
    assert json.dumps(sorted(policy.templates))
