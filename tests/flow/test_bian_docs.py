"""What is documented beside BIAN's official operations, and that it is so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import jsonschema_rs
import pytest

from leadbridge.store.database import Database
from tests.support.bian import Bian
from tests.support.calls import gateway
from tests.support.relationship import create, customer, plan_for


@pytest.fixture
def bian(sqlite: Database) -> Iterator[Bian]:
    with gateway(sqlite) as calls:
        yield Bian(calls)


def described(bian: Bian) -> dict[str, Any]:
    """What the document says of each address of this door."""
    document = json.loads(bian.send("GET", "/openapi.json").body)
    return {path.removeprefix("/bian/"): said["get"] for path, said in document["paths"].items()}


def test_the_addresses_beside_the_official_operations_answer_as_is_documented(bian: Bian) -> None:
    internal_id = customer(bian)
    lead = bian.initiate(
        {"CustomerReference": internal_id, "ProductandServiceType": "LOAN", "TriggeredBy": "CustomerOffer"}
    )
    bian.done("PUT", f"{bian.task(lead)}/Request", {})
    create(bian, f"{plan_for(bian, internal_id)}/Incident")
    lead_id = lead.rpartition("/")[2]
    asked = {
        "events": ("", "?limit=0"),
        "contacts": ("", "?after=1"),
        "triggers": (f"?lead={lead_id}", "?lead=0000000099"),
        "history": (f"?customer={internal_id}", "?customer=0000000099"),
        "activity": (f"?customer={internal_id}&days=7", "?customer=0000000099"),
    }
    operations = described(bian)
    assert set(operations) == set(asked)
    for name, queries in asked.items():
        for query, allowed in zip(queries, ({200}, {400, 404}), strict=True):
            reply = bian.send("GET", f"/bian/{name}{query}")
            assert reply.status in allowed
            content = operations[name]["responses"][str(reply.status)]["content"]
            schema = content[reply.headers["content-type"]]["schema"]
            jsonschema_rs.validator_for(schema).validate(json.loads(reply.body))
            (example,) = content[reply.headers["content-type"]]["examples"].values()
            jsonschema_rs.validator_for(schema).validate(example["value"])


@pytest.mark.parametrize(
    ("name", "parameter", "taken", "refused"),
    [
        ("events", "limit", ["1", "99", "1000"], ["0", "007", "1001", "1e2", "-1"]),
        ("events", "after", ["0", "0000000000000000042", str(9 * 10**18 - 1)], ["-1", "x", str(10**19)]),
        ("activity", "days", ["1", "30", "999", "3599", "3650"], ["0", "030", "3651", "9999"]),
    ],
)
def test_what_the_schema_of_a_parameter_takes_the_door_takes(
    bian: Bian, name: str, parameter: str, taken: list[str], refused: list[str]
) -> None:
    (schema,) = (one["schema"] for one in described(bian)[name]["parameters"] if one["name"] == parameter)
    validator = jsonschema_rs.validator_for(schema)
    needed = {"customer": customer(bian)} if name == "activity" else {}
    for value in (*taken, *refused):
        reply = bian.send("GET", f"/bian/{name}?{urlencode({**needed, parameter: value})}")
        assert (reply.status == 200) is validator.is_valid(value) is (value in taken), value
