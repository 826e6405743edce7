"""What the JSON doors say to who has the wrong address, method or role, or a parameter that is none: the way out."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from leadbridge.rest.opportunities import PATH
from leadbridge.rest.problems import is_here
from leadbridge.store.database import Database
from tests.support.bank import COMBO_CREATE, COMBO_UPDATE, Json, request
from tests.support.bian import DOMAIN, Bian
from tests.support.calls import ACME, BANK, gateway


@pytest.fixture
def door(sqlite: Database) -> Iterator[Json]:
    with gateway(sqlite) as calls:
        yield Json(calls)


@pytest.fixture
def bian(sqlite: Database) -> Iterator[Bian]:
    with gateway(sqlite) as calls:
        yield Bian(calls)


def test_prefixes_belong_to_these_doors_with_and_without_more_and_nothing_beside() -> None:
    for prefix in ("/bulk", "/integration-service", "/crm", "/bian", "/docs", "/openapi.json"):
        assert is_here(prefix)
        assert is_here(f"{prefix}/")
        assert is_here(f"{prefix}/x")
        assert not is_here(f"{prefix}x")
    assert not is_here("/")
    assert not is_here("/soap/LeadService")


@pytest.mark.parametrize("path", ["/crm", "/crm/", "/crm/opportunities/", "/integration-service"])
def test_an_address_that_is_none_says_where_those_are_that_are(door: Json, path: str) -> None:
    said = door.refused(path, method="GET")
    assert (said["status"], said["code"]) == (404, "UnknownOperation")
    assert "/docs" in said["detail"]


@pytest.mark.parametrize("path", ["/bian", "/bian/", f"{DOMAIN}", f"{DOMAIN}/Initiate/"])
def test_bian_s_door_says_it_in_its_own_document(bian: Bian, path: str) -> None:
    status, said = bian.refused("POST", path, {})
    assert (status, said.startswith("UnknownOperation: ")) == (404, True)
    assert "/docs" in said


def test_a_method_that_is_none_names_those_that_are(door: Json, bian: Bian) -> None:
    said = door.refused(COMBO_CREATE, method="GET")
    assert (said["status"], said["detail"]) == (405, "This address takes POST; /docs says what for.")
    reply = bian.send("PUT", f"{DOMAIN}/Initiate", {})
    assert (reply.status, reply.headers["allow"]) == (405, "POST")
    assert "takes POST" in json.loads(reply.body)["message"]


def test_a_role_that_is_wrong_is_told_the_right_ones(door: Json, bian: Bian) -> None:
    said = door.refused(COMBO_CREATE, request(), caller=ACME)
    assert said["status"] == 403
    assert said["detail"] == "This caller may not do this: it takes the role sales, crm or admin."
    status, text = bian.refused("GET", f"{DOMAIN}/0000000001/Retrieve", caller=BANK)
    assert status == 403
    assert text.endswith("it takes the role partner, callcentre, sales or admin.")


def test_an_error_names_its_field_and_what_is_possible(door: Json) -> None:
    table: list[tuple[str, object, str, str]] = [
        (COMBO_CREATE, request() | {"sourceLeadUuid": "nope"}, "#/sourceLeadUuid", "Expected a UUID."),
        (COMBO_CREATE, request() | {"owner": "RM-1"}, "#/owner", "it has customerType, customerId, ownerId,"),
        (COMBO_UPDATE, {}, "#/leadId", "leadId or opportunityId"),
        (COMBO_UPDATE, {"leadId": "1", "opportunityId": "2"}, "#/opportunityId", "send one of the two"),
        (COMBO_UPDATE, {"leadId": "1", "reasonCode": "x"}, "#/reasonCode", "three or four digits"),
    ]
    for path, body, pointer, text in table:
        (error,) = door.refused(path, body)["errors"]
        assert error["pointer"] == pointer
        assert text in error["detail"]


def test_an_error_names_its_parameter_and_what_is_possible(door: Json, bian: Bian) -> None:
    table = {
        "stage=nowhere": ("stage", "Qualification, Analysis, Proposal Development, Decision, Negotiation, Closed, "),
        "stage=nowhere&recordType=LEAD": ("stage", "Creation, Assigned,"),
        "status=Won": ("status", "New Lead, New Opportunity, Close Won or Close Lost"),
        "cursor=xyz": ("cursor", "nextCursor"),
        "owner=RM-1": ("owner", "no such parameter; it has ownerId, customerId,"),
    }
    for query, (parameter, text) in table.items():
        (error,) = door.refused(f"{PATH}?{query}", method="GET")["errors"]
        assert error["parameter"] == parameter
        assert text in error["detail"]
    for address, text in {
        "history?customer=0000000099": "BUSINESSPARTNER.UNKNOWN: customer: ",
        "activity?customer=Anna": "WrongFormat: customer: ",
        "history": "MissingField: customer: This parameter is needed.",
        "triggers?lead=0000000099": "LEAD.UNKNOWN: lead: ",
    }.items():
        assert bian.refused("GET", f"/bian/{address}")[1].startswith(text)
