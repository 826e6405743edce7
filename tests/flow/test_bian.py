"""BIAN's control record: Initiate, Update, Retrieve, Control and Exchange on the leads that SOAP has."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from leadbridge.bian.words import TRIGGERS
from leadbridge.operations.call import Policy
from leadbridge.quotas import QuotaPolicy, Quotas
from leadbridge.rest.jsonbody import BodyLimits
from leadbridge.rulefiles.assignments import read_assignment_rules
from leadbridge.store import outbox
from leadbridge.store.database import Database
from tests.support.bian import BETA, DOMAIN, OPERATOR, Bian
from tests.support.calls import ACME, BANK, Answered, Calls, gateway, row_counts
from tests.support.feed import known
from tests.support.messages_by_hand import (
    Xml,
    change_lead,
    create_business_partner,
    create_lead,
    item,
    lead_fields,
    merge_business_partner,
    new_prospect,
    person,
    read_lead,
)

STATE, PROCEDURE = "LeadandOpportunityState", "LeadandOpportunityProcedure"
LATER = datetime.now(UTC) + timedelta(days=1)


@pytest.fixture
def bian(calls: Calls) -> Bian:
    return Bian(calls)


@pytest.fixture
def embedded(sqlite: Database) -> Iterator[Bian]:
    """On SQLite alone: for what lies before the store."""
    with gateway(sqlite) as calls:
        yield Bian(calls)


def customer(bian: Bian, **more: Any) -> str:
    """The InternalID of a new customer."""
    return bian.calls.done(create_business_partner(person(**more))).one("BusinessPartner/InternalID")


def id_of(lead: str) -> str:
    return lead.rpartition("/")[2]


def captured(bian: Bian, **more: Any) -> str:
    return bian.initiate({"CustomerReference": customer(bian), "LeadandOpportunityDescription": "A loan"}, **more)


def control(bian: Bian, lead: str, action: str, **more: Any) -> dict[str, Any]:
    said = bian.done("PUT", f"{lead}/Control", {"ControlActionRequest": action}, **more)
    state: dict[str, Any] = said[STATE]
    return state


def exchange(bian: Bian, lead: str, action: str, **more: Any) -> dict[str, Any]:
    said = bian.done("PUT", f"{lead}/Exchange", {"ExchangeActionRequest": action}, **more)
    state: dict[str, Any] = said[STATE]
    return state


def state(bian: Bian, lead: str) -> dict[str, Any]:
    said: dict[str, Any] = bian.done("GET", f"{lead}/Retrieve")[STATE]
    return said


def soap(bian: Bian, lead: str, *, extension: str = "2") -> Answered:
    (found,) = bian.calls.done(read_lead(id_of(lead), extension=extension)).parts("Lead")
    return found


def due(bian: Bian, *, worker: str = "w") -> list[str]:
    """The leads of which a relay would tell the core CRM now; what it takes it gives up at once."""
    with bian.calls.database.write() as tx:
        rows = outbox.claim(tx, worker=worker, now=LATER, lease=timedelta(seconds=-1), limit=100)
    return [row["lead_id"] for row in rows]


# ----------------------------------------------------------------------------------------------- the record, both doors


def test_a_lead_is_captured_updated_and_retrieved_and_soap_has_the_same(bian: Bian) -> None:
    internal_id = customer(bian)
    fields = {
        "CustomerReference": internal_id,
        "CustomerCampaignReference": "SPRING-1",
        "CustomerCampaignType": " cross-sell\r\n",
        "ProductandServiceType": "LOAN",
        "EmployeeBusinessUnitReference": "RM-1",
        "LeadandOpportunityDescription": "Wants to build a house \U0001f3e0\nand soon",
        "DateTimeLocation": "2026-03-01T10:00:00Z Branch 7",
        "TriggeredBy": "SessionDialogue",
        "BranchNumber": "",
    }
    lead = bian.initiate(fields)
    assert bian.done("GET", f"{lead}/Retrieve")[PROCEDURE] == fields
    found = soap(bian, lead, extension="1")
    assert found.one("Name") == "Wants to build a house \U0001f3e0"
    assert (found.one("CampaignID"), found.one("OriginTypeCode")) == ("SPRING-1", "SES")
    assert (found.one("SalesResponsibleParty/PartyID"), found.one("Item/ProductID")) == ("RM-1", "LOAN")
    assert found.one("Note") == fields["LeadandOpportunityDescription"]
    kept = f"Extension/{PROCEDURE}"
    assert found.one(f"{kept}/CustomerCampaignType") == " cross-sell\r\n"

    other = customer(bian, given="Bert", family="Anders")
    changes = {
        "CustomerReference": other,
        "ProductandServiceType": "MORTGAGE",
        "LeadandOpportunityDescription": "A house",
        "CustomerCampaignType": "up-sell",
        "ProductInstanceReference": "A-17",
    }
    expected = {**fields, **changes}
    assert bian.done("PUT", f"{lead}/Update", changes) == expected
    assert bian.done("GET", f"{lead}/Retrieve")[PROCEDURE] == expected
    found = soap(bian, lead)
    assert (found.one("Name"), found.all("Note"), found.all("Item/ProductID")) == ("A house", [], ["MORTGAGE"])
    assert found.one("ProspectParty/BusinessPartnerInternalID") == other


def test_a_lead_of_soap_is_retrieved_changed_and_advanced_and_soap_sees_it(bian: Bian) -> None:
    theirs = Xml('<p:Kept xmlns:p="urn:partner" level="1">theirs</p:Kept>')
    fields = lead_fields(prospect=new_prospect(person()), items=[item("A"), item("B")], priority="7", extension=theirs)
    created = bian.calls.done(create_lead(fields))
    lead = f"{DOMAIN}/{created.one('Lead/ID')}"
    said = bian.done("GET", f"{DOMAIN}/{created.one('Lead/UUID').upper()}/Retrieve")
    assert said[PROCEDURE]["LeadandOpportunityDescription"] == "Loan for a flat"
    assert said[PROCEDURE]["ProductandServiceType"] == "A"
    assert said[STATE]["PriorityCode"] == "7"
    bian.done("PUT", f"{lead}/Update", {"ProductandServiceType": "C", "CustomerCampaignType": "retention"})
    found = soap(bian, lead, extension="1")
    assert found.all("Item/ProductID") == ["C", "B"]
    assert found.one("Extension/Kept") == "theirs"
    assert found.one(f"Extension/{PROCEDURE}/CustomerCampaignType") == "retention"
    assert exchange(bian, lead, "accept")["LifeCycleStatusCode"] == "2"
    assert soap(bian, lead).one("LifeCycleStatusCode") == "2"
    bian.calls.done(change_lead(id_of(lead), lead_fields(name="By SOAP", status="3")))
    said = bian.done("GET", f"{lead}/Retrieve")
    assert (said[PROCEDURE]["LeadandOpportunityDescription"], said[STATE]["LifeCycleStatusCode"]) == ("By SOAP", "3")


def test_an_old_description_does_not_outlive_a_name_that_soap_gave(embedded: Bian) -> None:
    lead = embedded.initiate({"CustomerReference": customer(embedded), "LeadandOpportunityDescription": "One\ntwo"})
    embedded.calls.done(change_lead(id_of(lead), lead_fields(name="Three")))
    said = embedded.done("GET", f"{lead}/Retrieve")[PROCEDURE]
    assert said["LeadandOpportunityDescription"] == "Three"


def test_initiate_goes_by_the_rules_of_create_lead(embedded: Bian) -> None:
    fields = {"CustomerReference": customer(embedded), "LeadandOpportunityDescription": "A loan"}
    lead = embedded.initiate(fields)
    status, said = embedded.refused("POST", f"{DOMAIN}/Initiate", fields)
    assert status == 400
    assert said.startswith("LEAD.DUPLICATE: ")
    assert id_of(lead) in said


def test_a_lead_that_names_nobody_is_assigned_by_the_site_s_rules(sqlite: Database, tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text('[[rules]]\nname = "loans"\nowner = "RM-17"\n[rules.when]\norigins = ["POS"]\n')
    with gateway(sqlite, Policy(assignment_rules=read_assignment_rules(file))) as calls:
        bian = Bian(calls)
        fields = {"CustomerReference": customer(bian), "TriggeredBy": "PointofService"}
        lead = bian.initiate({**fields, "ProductandServiceType": "LOAN"})
        assert bian.done("GET", f"{lead}/Retrieve")[PROCEDURE]["EmployeeBusinessUnitReference"] == "RM-17"


def test_a_customer_that_was_merged_is_its_master(embedded: Bian) -> None:
    master, other = customer(embedded), customer(embedded, given="Bert", family="Anders")
    lead = embedded.initiate({"CustomerReference": other, "ProductandServiceType": "LOAN"})
    embedded.calls.done(merge_business_partner(master, other))
    assert embedded.done("GET", f"{lead}/Retrieve")[PROCEDURE]["CustomerReference"] == master
    later = embedded.initiate({"CustomerReference": other, "ProductandServiceType": "CARD"})
    assert embedded.done("GET", f"{later}/Retrieve")[PROCEDURE]["CustomerReference"] == master


_REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"CustomerReference": None}, "CustomerReference", "WrongType"),
    ({"CustomerReference": 17}, "CustomerReference", "WrongType"),
    ({"CustomerReference": ""}, "CustomerReference", "WrongFormat"),
    ({"CustomerReference": "Anna"}, "CustomerReference", "WrongFormat"),
    ({"CustomerReference": "/x"}, "CustomerReference", "TooShort"),
    ({"CustomerReference": "x/" + "y" * 101}, "CustomerReference", "TooLong"),
    ({"CustomerReference": "0000009999"}, "CustomerReference", "BUSINESSPARTNER.UNKNOWN"),
    ({"CustomerReference": "CRM/9"}, "CustomerReference", "BUSINESSPARTNER.UNKNOWN"),
    ({"CustomerCampaignReference": "x" * 41}, "CustomerCampaignReference", "TooLong"),
    ({"ProductandServiceType": "x" * 41}, "ProductandServiceType", "TooLong"),
    ({"EmployeeBusinessUnitReference": ""}, "EmployeeBusinessUnitReference", "TooShort"),
    ({"EmployeeBusinessUnitReference": "x" * 21}, "EmployeeBusinessUnitReference", "TooLong"),
    ({"LeadandOpportunityDescription": " \n "}, "LeadandOpportunityDescription", "TooShort"),
    ({"LeadandOpportunityDescription": "x" * 4001}, "LeadandOpportunityDescription", "TooLong"),
    ({"LeadandOpportunityDescription": "a\u0000b"}, "LeadandOpportunityDescription", "WrongCharacter"),
    ({"CustomerCampaignType": {"a": "b"}}, "CustomerCampaignType", "WrongType"),
    ({"CustomerCampaignType": "x" * 16_385}, "CustomerCampaignType", "TooLong"),
    ({f"Own{number}": "" for number in range(31)}, "Own30", "TooLong"),
    ({"TriggeredBy": "Somebody"}, "TriggeredBy", "NotInList"),
    ({"no name": "x"}, "#", "UnknownField"),
]


def test_what_cannot_be_held_is_refused_with_its_field(embedded: Bian) -> None:
    fields = {"CustomerReference": customer(embedded), "LeadandOpportunityDescription": "A loan"}
    lead = embedded.initiate({**fields, "LeadandOpportunityDescription": "Another"})
    before = row_counts(embedded.calls.database)
    for change, field, code in _REFUSED:
        for method, path, body in (
            ("POST", f"{DOMAIN}/Initiate", {**fields, **change}),
            ("PUT", f"{lead}/Update", change),
        ):
            status, said = embedded.refused(method, path, body)
            assert (status, said.startswith(f"{code}: {field}: ")) == (400, True), said
    assert row_counts(embedded.calls.database) == before


def test_a_lead_needs_somebody_and_something_it_is_about(embedded: Bian) -> None:
    for fields, field in (({}, "CustomerReference"), ({"CustomerReference": customer(embedded)}, "Description")):
        status, said = embedded.refused("POST", f"{DOMAIN}/Initiate", fields)
        assert status == 400
        assert said.startswith("MissingField: ")
        assert field in said
    lead = embedded.initiate({"CustomerReference": customer(embedded), "ProductandServiceType": "LOAN"})
    assert soap(embedded, lead).one("Name") == "LOAN"


def test_a_customer_is_named_by_number_uuid_or_key(embedded: Bian) -> None:
    made = embedded.calls.done(create_business_partner(person(key=("CRM", "4/711")))).parts("BusinessPartner")[0]
    for place, reference in enumerate((made.one("InternalID"), made.one("UUID"), "CRM/4/711")):
        lead = embedded.initiate({"CustomerReference": reference, "ProductandServiceType": f"P{place}"})
        shown = embedded.done("GET", f"{lead}/Retrieve")[PROCEDURE]["CustomerReference"]
        assert shown == made.one("InternalID")


def test_every_trigger_is_an_origin_code_and_a_site_lists_those_it_takes(sqlite: Database) -> None:
    assert all(len(code) == 3 and code.isupper() for code in TRIGGERS.values())
    assert len(set(TRIGGERS.values())) == len(TRIGGERS)
    with gateway(sqlite, Policy(origin_type_codes=frozenset({"POS"}))) as calls:
        bian = Bian(calls)
        fields = {"CustomerReference": customer(bian), "ProductandServiceType": "LOAN"}
        assert soap(bian, bian.initiate({**fields, "TriggeredBy": "PointofService"})).one("OriginTypeCode") == "POS"
        _, said = bian.refused("POST", f"{DOMAIN}/Initiate", {**fields, "TriggeredBy": "CustomerOffer"})
        assert said.startswith("LEAD.CODE_UNKNOWN: TriggeredBy: ")


# --------------------------------------------------------------------------------------------------- control, exchange


def test_priority_is_raised_step_by_step_up_to_immediate(embedded: Bian) -> None:
    fields = lead_fields(prospect=new_prospect(person()), priority="7")
    lead = f"{DOMAIN}/{embedded.calls.done(create_lead(fields)).one('Lead/ID')}"
    assert [control(embedded, lead, "raise priority")["PriorityCode"] for _ in range(3)] == ["3", "2", "1"]
    status, said = embedded.refused("PUT", f"{lead}/Control", {"ControlActionRequest": "raise priority"})
    assert status == 400
    assert "1 open" in said
    assert "allowed: suspend, terminate, accept, reject" in said


def test_a_suspended_lead_is_not_forwarded_until_it_is_resumed(bian: Bian) -> None:
    lead = captured(bian)
    bian.calls.done(change_lead(id_of(lead), lead_fields(name=None, status="3")))
    assert control(bian, lead, "suspend")["Suspended"] is True
    assert due(bian) == []
    assert control(bian, lead, "resume")["Suspended"] is False
    assert due(bian) == [id_of(lead)]


def test_what_is_qualified_while_suspended_waits_too(bian: Bian) -> None:
    lead = captured(bian)
    control(bian, lead, "suspend")
    bian.calls.done(change_lead(id_of(lead), lead_fields(name=None, status="3")))
    assert due(bian) == []
    control(bian, lead, "resume")
    assert due(bian) == [id_of(lead)]


@pytest.mark.parametrize("first", ["suspend", "settle"])
def test_what_is_being_sent_when_its_lead_is_suspended_is_not_sent_again(bian: Bian, first: str) -> None:
    lead = captured(bian)
    bian.calls.done(change_lead(id_of(lead), lead_fields(name=None, status="3")))
    with bian.calls.database.write() as tx:
        (row,) = outbox.claim(tx, worker="w", now=LATER, lease=timedelta(days=1), limit=1)
    outcome = dict.fromkeys(("outcome", "outcome_code", "outcome_text"))
    if first == "suspend":
        control(bian, lead, "suspend")
    with bian.calls.database.write() as tx:
        outbox.settle(tx, [{**row, **outcome, "state": "waiting", "due_at": LATER}], now=LATER)
    if first == "settle":
        control(bian, lead, "suspend")
    assert due(bian) == []
    with bian.calls.database.write() as tx:
        outbox.settle(tx, [{**row, **outcome, "state": "parked", "due_at": LATER}], now=LATER)
    control(bian, lead, "resume")
    assert due(bian) == [id_of(lead)]


def test_an_operator_s_retry_does_not_send_a_suspended_lead(bian: Bian) -> None:
    lead = captured(bian)
    bian.calls.done(change_lead(id_of(lead), lead_fields(name=None, status="3")))
    with bian.calls.database.write() as tx:
        (row,) = outbox.claim(tx, worker="w", now=LATER, lease=timedelta(days=1), limit=1)
        outcome = dict.fromkeys(("outcome", "outcome_code", "outcome_text"))
        outbox.settle(tx, [{**row, **outcome, "state": "parked", "due_at": None}], now=LATER)
    control(bian, lead, "suspend")
    with bian.calls.database.write() as tx:
        assert outbox.retry(tx, row["id"], LATER)
    assert due(bian) == []


def test_a_terminated_lead_is_closed_lost_and_suspended_no_more(embedded: Bian) -> None:
    lead = captured(embedded)
    control(embedded, lead, "suspend")
    body = {"ControlActionRequest": "terminate", "ReasonCode": "005"}
    said = embedded.done("PUT", f"{lead}/Control", body)[STATE]
    assert (said["LifeCycleStatusCode"], said["Suspended"], said["AllowedActions"]) == ("7", False, [])
    assert soap(embedded, lead).one("ReasonCode") == "005"
    status, said = embedded.refused("PUT", f"{lead}/Update", {"CustomerCampaignType": "x"})
    assert (status, said.partition(":")[0]) == (400, "LEAD.FINAL")


def test_a_closed_lead_is_not_controlled_and_the_answer_names_its_state(embedded: Bian) -> None:
    lead = captured(embedded)
    control(embedded, lead, "terminate")
    for action in ("suspend", "resume", "terminate", "raise priority"):
        said = embedded.refused("PUT", f"{lead}/Control", {"ControlActionRequest": action})
        assert said == (400, f"ActionNotAllowed: The lead is 7 closed lost: not {action}; allowed: nothing.")


def test_a_partner_accepts_and_rejects_what_it_was_given(embedded: Bian) -> None:
    known(embedded.calls.database, ACME, BETA)
    ids = []
    for _ in range(2):
        fields = lead_fields(prospect=new_prospect(person()), given_to="ACME")
        ids.append(embedded.calls.done(create_lead(fields)).one("Lead/ID"))
    first, second = (f"{DOMAIN}/{one}" for one in ids)
    control(embedded, first, "suspend")
    status, said = embedded.refused("PUT", f"{first}/Exchange", {"ExchangeActionRequest": "accept"}, caller=ACME)
    assert (status, "suspended" in said) == (400, True)
    answer = embedded.calls.send(change_lead(ids[0], Xml(), decision="ACCEPT"), caller=ACME)
    assert answer.log == ["LEAD.CHANGE_STATE_MISSING", "LEAD.SUSPENDED"]
    control(embedded, first, "resume")
    exchange(embedded, first, "accept", caller=ACME)
    assert soap(embedded, first).one("PartnerDecisionCode") == "ACCEPT"
    exchange(embedded, second, "reject", caller=ACME)
    assert soap(embedded, second).all("SalesPartnerParty/PartyID") == []
    assert embedded.refused("GET", f"{second}/Retrieve", caller=ACME)[0] == 404
    status, _ = embedded.refused("PUT", f"{first}/Control", {"ControlActionRequest": "suspend"}, caller=ACME)
    assert status == 403


def test_a_suspended_lead_is_given_to_no_partner(embedded: Bian) -> None:
    lead = captured(embedded)
    control(embedded, lead, "suspend")
    answer = embedded.calls.send(change_lead(id_of(lead), lead_fields(name=None, given_to="ACME")))
    assert "LEAD.SUSPENDED" in answer.log


def test_a_partner_s_time_to_decide_stands_still_while_a_lead_is_suspended(database: Database) -> None:
    with gateway(database, Policy(partner_decision_time=timedelta(hours=48))) as calls:
        bian = Bian(calls)
        fields = lead_fields(prospect=new_prospect(person()), given_to="ACME")
        lead = f"{DOMAIN}/{calls.done(create_lead(fields)).one('Lead/ID')}"
        before = soap(bian, lead).one("PartnerDecisionDueDateTime")
        control(bian, lead, "suspend")
        assert soap(bian, lead).all("PartnerDecisionDueDateTime") == []
        control(bian, lead, "resume")
        assert soap(bian, lead).one("PartnerDecisionDueDateTime") > before


def test_the_house_accepts_and_rejects_by_the_life_cycle(embedded: Bian) -> None:
    lead = captured(embedded)
    assert exchange(embedded, lead, "accept")["LifeCycleStatusCode"] == "2"
    status, said = embedded.refused("PUT", f"{lead}/Exchange", {"ExchangeActionRequest": "accept"})
    assert (status, "2 in process" in said) == (400, True)
    body = {"ExchangeActionRequest": "reject", "ReasonCode": "007"}
    assert embedded.done("PUT", f"{lead}/Exchange", body)[STATE]["LifeCycleStatusCode"] == "5"
    assert soap(embedded, lead).one("ReasonCode") == "007"
    assert embedded.refused("PUT", f"{lead}/Exchange", {"ExchangeActionRequest": "reject"})[0] == 400


def test_an_action_is_one_of_those_there_are(embedded: Bian) -> None:
    lead = captured(embedded)
    table: list[tuple[str, object, str]] = [
        ("Control", {}, "MissingField: ControlActionRequest: "),
        ("Control", {"ControlActionRequest": "Suspend"}, "NotInList: ControlActionRequest: "),
        ("Control", {"ControlActionRequest": "suspend", "Why": "x"}, "UnknownField: Why: "),
        ("Control", {"ControlActionRequest": "suspend", "ReasonCode": "005"}, "UnknownField: ReasonCode: "),
        ("Control", {"ControlActionRequest": "terminate", "ReasonCode": "x"}, "WrongFormat: ReasonCode: "),
        ("Exchange", {"ExchangeActionRequest": "suspend"}, "NotInList: ExchangeActionRequest: "),
        ("Exchange", [], "WrongType: "),
    ]
    for path, body, said in table:
        status, message = embedded.refused("PUT", f"{lead}/{path}", body)
        assert (status, message.startswith(said)) == (400, True), message


# ---------------------------------------------------------------------------------------------------------- the door


def test_a_repeated_request_is_answered_as_before_and_done_once(bian: Bian) -> None:
    fields = {"CustomerReference": customer(bian), "LeadandOpportunityDescription": "A loan"}
    first = bian.send("POST", f"{DOMAIN}/Initiate", fields, key="order-1")
    turned = dict(reversed(fields.items()))
    again = bian.send("POST", f"{DOMAIN}/Initiate", turned, key="order-1")
    assert (again.status, again.body) == (200, first.body)
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["idempotent-replayed"] == "true"
    status, said = bian.refused("POST", f"{DOMAIN}/Initiate", {**fields, "Own": "x"}, key="order-1")
    assert (status, said.partition(":")[0]) == (400, "IdempotencyConflict")
    assert row_counts(bian.calls.database)["lead"] == 1


def test_the_same_key_at_another_record_is_a_conflict(embedded: Bian) -> None:
    body = {"ControlActionRequest": "raise priority"}
    first, second = captured(embedded), captured(embedded)
    for _ in range(2):  # the second is the first again
        assert embedded.done("PUT", f"{first}/Control", body, key="k")[STATE]["PriorityCode"] == "2"
    assert state(embedded, first)["PriorityCode"] == "2"
    assert embedded.refused("PUT", f"{second}/Control", body, key="k")[0] == 400


def test_a_partner_sees_its_own_leads_and_those_it_was_given(bian: Bian) -> None:
    fields = lead_fields(prospect=new_prospect(person()))
    lead = f"{DOMAIN}/{bian.calls.done(create_lead(fields), caller=ACME).one('Lead/ID')}"
    bian.done("GET", f"{lead}/Retrieve", caller=ACME)
    requests: list[tuple[str, str, object]] = [
        ("GET", f"{lead}/Retrieve", None),
        ("PUT", f"{lead}/Update", {"CustomerCampaignType": "x"}),
        ("PUT", f"{lead}/Control", {"ControlActionRequest": "suspend"}),
        ("PUT", f"{lead}/Exchange", {"ExchangeActionRequest": "accept"}),
        ("POST", f"{lead}/Development/Initiate", {}),
        ("GET", f"{lead}/Development/1/Retrieve", None),
        ("GET", f"{DOMAIN}/nonsense/Retrieve", None),
        ("GET", f"{DOMAIN}/0000099999/Retrieve", None),
    ]
    before = row_counts(bian.calls.database)
    for method, path, body in requests:
        assert bian.refused(method, path, body, caller=BETA) == (404, "LEAD.UNKNOWN: There is no such lead.")
    assert row_counts(bian.calls.database) == before


def test_roles_credentials_quotas_and_bodies_are_those_of_the_other_doors(sqlite: Database) -> None:
    with gateway(sqlite) as calls:
        bian = Bian(calls, limits=BodyLimits(largest_bytes=100))
        path = f"{DOMAIN}/0000000001/Retrieve"
        for caller in (BANK, OPERATOR):
            assert bian.refused("GET", path, caller=caller)[0] == 403
        assert bian.refused("GET", path, authorization=b"Basic eDp5")[0] == 401
        assert "basic" in bian.send("GET", path, authorization=b"Basic eDp5").headers["www-authenticate"].lower()
        post = f"{DOMAIN}/Initiate"
        for options, code in (
            ({"data": b"{"}, "NotJson"),
            ({"data": b"\xff"}, "NotUtf8"),
            ({"data": b'{"a":"","a":""}'}, "DuplicateField"),
            ({"data": b" " * 101}, "MessageTooLarge"),
            ({"media_type": "text/xml"}, "UnsupportedMediaType"),
            ({"key": "\u0007"}, "WrongIdempotencyKey"),
        ):
            status, said = bian.refused("POST", post, {}, **options)
            assert (status, said.partition(":")[0]) == (400, code)
        assert bian.send("PUT", post, {}).status == 405
        assert bian.refused("GET", f"{DOMAIN}/elsewhere")[0] == 404
        quotas = Quotas(sqlite, QuotaPolicy(calls_per_second=1))
        hurried = Bian(calls, quotas=quotas)
        assert 429 in {hurried.send("GET", path).status for _ in range(5)}


def test_nothing_that_was_sent_is_said_again_in_a_refusal(embedded: Bian) -> None:
    marked = "Marked-4711"
    for fields in ({"CustomerReference": marked}, {"TriggeredBy": marked}, {f"{marked} x": "y"}):
        body = {"LeadandOpportunityDescription": marked, "CustomerReference": "0000000001", **fields}
        reply = embedded.send("POST", f"{DOMAIN}/Initiate", body)
        assert reply.status == 400
        assert marked not in json.dumps(json.loads(reply.body))
