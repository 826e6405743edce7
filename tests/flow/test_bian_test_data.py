"""Test data over BIAN: what is remembered of it is wiped with it, and nobody is told that it went elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from leadbridge.store import testdata
from tests.support.bian import DOMAIN, RELATIONSHIP, Bian
from tests.support.calls import Calls, column
from tests.support.messages_by_hand import create_business_partner, create_lead, lead_fields, new_prospect, person
from tests.support.relationship import party


@pytest.fixture
def bian(calls: Calls) -> Bian:
    return Bian(calls)


def lead(bian: Bian, *, test: bool) -> str:
    """The address of a lead."""
    message = create_lead(lead_fields(prospect=new_prospect(person())), test=test)
    return f"{DOMAIN}/{bian.calls.done(message).one('Lead/ID')}"


def all_remembered(bian: Bian, address: str, customer: str, begin: str) -> list[tuple[str, str, dict[str, Any], str]]:
    """Requests of every kind about a lead and a new plan, each sent once under a key of its own."""
    uuid = bian.done("GET", f"{address}/Retrieve")["LeadandOpportunityState"]["LeadUUID"]
    about: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", f"{address}/Development/Initiate", {}),
        ("PUT", f"{DOMAIN}/{uuid.upper()}/Control", {"ControlActionRequest": "raise priority"}),
        ("PUT", f"{address}/Update", {"Note": "x"}),
        ("POST", f"{RELATIONSHIP}/Create", {"CustomerReference": party(customer)}),
    ]
    sent = [(method, path, body, f"{begin}{number}") for number, (method, path, body) in enumerate(about)]
    replies = [bian.send(method, path, body, key=key) for method, path, body, key in sent]
    assert [one.status for one in replies] == [200] * len(sent), replies
    plan = replies[-1].headers["location"].removesuffix("/Retrieve")
    for action, body in (("Exchange", {"ExchangeActionRequest": "accept"}), ("Update", {"Note": "x"})):
        sent.append(("PUT", f"{plan}/{action}", body, f"{begin}{action}"))
    sent.append(("POST", f"{plan}/Contact/Create", {}, f"{begin}Contact"))
    for method, path, body, key in sent[-3:]:
        bian.done(method, path, body, key=key)
    return sent


def test_what_is_remembered_of_test_data_is_wiped_with_it(bian: Bian) -> None:
    kinds: dict[bool, list[tuple[str, str, dict[str, Any], str]]] = {}
    for test in (True, False):
        made = bian.calls.done(create_business_partner(person("Berta"), test=test))
        customer = made.one("BusinessPartner/InternalID")
        kinds[test] = all_remembered(bian, lead(bian, test=test), customer, f"{test}")
    *_, _gone = testdata.wipe(bian.calls.database, now=datetime.now(UTC), caller_id="admin")
    assert set(column(bian.calls.database, "received", "test_data")) == {None}
    for method, path, body, key in kinds[True]:
        assert bian.send(method, path, body, key=key).status == 404, path
    before = column(bian.calls.database, "journal", "id")
    for method, path, body, key in kinds[False]:  # what is real is known again
        bian.done(method, path, body, key=key)
    assert column(bian.calls.database, "journal", "id") == before


@pytest.mark.parametrize(
    ("test", "said"),
    [
        (False, "The lead is qualified; the core CRM is told."),
        (True, "The lead is qualified; it is test data, of which the core CRM is never told."),
    ],
)
def test_forward_says_whether_the_core_crm_is_told(bian: Bian, test: bool, said: str) -> None:
    task = bian.task(lead(bian, test=test))
    answer = bian.done("PUT", f"{task}/Execute", {"ExecuteActionRequest": "forward"})
    assert answer["Development"]["LeadDevelopmentWorkProducts"] == said
    assert len(column(bian.calls.database, "message", "id")) == (0 if test else 1)
