"""What a sender of BIAN's service domains easily gets wrong in a body, and what it is told of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from leadbridge.store.database import Database
from tests.support.bian import DOMAIN, Bian
from tests.support.calls import gateway
from tests.support.relationship import create, customer, plan_for

STATE, PROCEDURE = "LeadandOpportunityState", "LeadandOpportunityProcedure"


@pytest.fixture
def bian(sqlite: Database) -> Iterator[Bian]:
    with gateway(sqlite) as calls:
        yield Bian(calls)


def test_an_answer_is_sent_back_without_the_name_around_its_fields(bian: Bian) -> None:
    lead = bian.initiate({"CustomerReference": customer(bian), "ProductandServiceType": "LOAN"})
    said = bian.done("GET", f"{lead}/Retrieve")
    way_out = f"Send its fields without this name: the body has the fields of {PROCEDURE}, and is not wrapped."
    wrapped = (400, f"WrongType: {PROCEDURE}: {way_out}")
    assert bian.refused("PUT", f"{lead}/Update", said) == wrapped
    assert bian.refused("POST", f"{DOMAIN}/Initiate", {PROCEDURE: said[PROCEDURE]}) == wrapped
    assert bian.done("PUT", f"{lead}/Update", {**said[PROCEDURE], STATE: said[STATE]}) == said[PROCEDURE]
    task = bian.task(lead)
    said = bian.done("GET", f"{task}/Retrieve")
    _, text = bian.refused("PUT", f"{task}/Update", said)
    assert f"{PROCEDURE}: Leave this record out" in text
    assert "Development: Send its fields without this name" in text
    assert bian.done("PUT", f"{task}/Update", {"DevelopmentState": said["DevelopmentState"]}) == {}


def test_a_field_that_is_misspelt_by_case_alone_is_refused_and_any_other_kept(bian: Bian) -> None:
    about = customer(bian)
    fields = {"CustomerReference": about, "ProductandServiceType": "LOAN"}
    lead = bian.initiate({**fields, "BranchNumber": "7"})
    assert bian.done("GET", f"{lead}/Retrieve")[PROCEDURE]["BranchNumber"] == "7"
    task = bian.task(lead)
    plan = plan_for(bian, about)
    record = create(bian, f"{plan}/Development")
    table: list[tuple[str, str, object, str, str]] = [
        ("POST", f"{DOMAIN}/Initiate", {**fields, "triggeredBy": "PointofService"}, "triggeredBy", "TriggeredBy"),
        ("PUT", f"{lead}/Update", {"ProductAndServiceType": "X"}, "ProductAndServiceType", "ProductandServiceType"),
        (
            *("POST", f"{lead}/Development/Initiate", {PROCEDURE: {"dateTimeLocation": "x"}}),
            *(f"{PROCEDURE}/dateTimeLocation", "DateTimeLocation"),
        ),
        (
            *("PUT", f"{task}/Update", {"leadDevelopmentTaskResult": "x"}),
            *("leadDevelopmentTaskResult", "LeadDevelopmentTaskResult"),
        ),
        (
            *("PUT", f"{plan}/Update", {"CustomerSalesPlan": {"planGoal": {}}}),
            *("CustomerSalesPlan/planGoal", "PlanGoal"),
        ),
        (
            *("PUT", f"{plan}/Exchange", {"exchangeActionRequest": "accept"}),
            *("exchangeActionRequest", "ExchangeActionRequest"),
        ),
        (
            *("PUT", f"{record}/Request", {PROCEDURE: {"customerReference": about}}),
            *(f"{PROCEDURE}/customerReference", "CustomerReference"),
        ),
        ("PUT", f"{record}/Request", {PROCEDURE.lower(): {}}, PROCEDURE.lower(), PROCEDURE),
    ]
    for method, path, body, field, meant in table:
        said = bian.refused(method, path, body)
        assert said == (400, f"UnknownField: {field}: This field is written {meant}.")


def test_a_lead_that_exists_is_refused_answered_filled_or_made_again_as_asked(bian: Bian) -> None:
    fields = {"CustomerReference": customer(bian), "LeadandOpportunityDescription": "A loan"}
    lead = bian.initiate(fields)
    for again in (fields, {**fields, "DuplicateCheckCode": "REJECT"}):
        status, said = bian.refused("POST", f"{DOMAIN}/Initiate", again)
        assert (status, said.partition(":")[0]) == (400, "LEAD.DUPLICATE")
    assert bian.initiate({**fields, "DuplicateCheckCode": "LINK"}) == lead
    more = {**fields, "EmployeeBusinessUnitReference": "RM-1"}
    assert bian.initiate({**more, "DuplicateCheckCode": "LINK"}) == lead
    assert "EmployeeBusinessUnitReference" not in bian.done("GET", f"{lead}/Retrieve")[PROCEDURE]
    reply = bian.send("POST", f"{DOMAIN}/Initiate", {**more, "DuplicateCheckCode": "MERGE"}, key="k")
    assert reply.headers["location"] == f"{lead}/Retrieve"
    shown = bian.done("GET", f"{lead}/Retrieve")[PROCEDURE]
    assert shown["EmployeeBusinessUnitReference"] == "RM-1"
    assert "DuplicateCheckCode" not in shown
    assert bian.initiate({**fields, "DuplicateCheckCode": "CREATE"}) != lead
    for method, path, code, word in (
        ("POST", f"{DOMAIN}/Initiate", "link", "NotInList"),
        ("PUT", f"{lead}/Update", "LINK", "UnknownField"),
    ):
        status, said = bian.refused(method, path, {**fields, "DuplicateCheckCode": code})
        assert (status, said.startswith(f"{word}: DuplicateCheckCode: ")) == (400, True)


def test_who_names_an_unknown_customer_is_told_how_to_make_one(bian: Bian) -> None:
    body = {"CustomerReference": "0000009999", "ProductandServiceType": "LOAN"}
    status, said = bian.refused("POST", f"{DOMAIN}/Initiate", body)
    assert (status, said.startswith("BUSINESSPARTNER.UNKNOWN: CustomerReference: ")) == (400, True)
    assert "CreateBusinessPartner" in said
