"""Customer Relationship Management of a running server: schemathesis with the official contract."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import requests

from leadbridge.rest.bian_relationship import OPERATIONS
from tests.support.bian import OFFICIAL_RELATIONSHIP, RELATIONSHIP, official
from tests.support.calls import Wire
from tests.support.conformance import conforming, followed, generated, in_paths
from tests.support.messages_by_hand import create_business_partner, person
from tests.support.relationship import party
from tests.support.server import Server

STATES = {
    "customerrelationshipmanagementid": "CustomerRelationshipManagementState/PlanID",
    "developmentid": "DevelopmentState/DevelopmentID",
    "incidentid": "IncidentState/IncidentID",
    "contactid": "ContactState/ContactID",
}
ACTIONS = {
    name: [{field: value} for value in values]
    for name, field, *values in (
        ("Control", "ControlActionRequest", "suspend", "resume"),
        ("Exchange", "ExchangeActionRequest", "accept", "reject", "verify"),
        ("Grant", "GrantActionRequest", "authorize", "withdraw"),
        ("ControlIncident", "ControlActionRequest", "raise priority", "suspend", "resume"),
        ("ExchangeIncident", "ExchangeActionRequest", "accept", "reject", "confirm"),
        ("ExchangeDevelopment", "ExchangeActionRequest", "accept", "reject", "verify"),
    )
}
ANY = [{}, {"Remark": "x"}, {"Remark": "y", "Branch": {"Number": "7"}}]


def linked(document: Mapping[str, Any], customer: str) -> dict[str, Any]:
    """The official contract with what it leaves open: how an answer leads to the next request, and what a body must say
    so that something is done. What else bodies may have is tried without sequences."""
    made = copy.deepcopy(dict(document))
    responses = made["components"]["responses"]
    for path, methods in made["paths"].items():
        for operation in methods.values():
            name = operation["operationId"]
            kind = next((one for one in ("Development", "Incident", "Contact") if f"/{one}/" in path), None)
            bodies = [{"CustomerReference": party(customer)}] if name == "Create" else ACTIONS.get(name, ANY)
            if "requestBody" in operation:
                schema = {"enum": bodies}
                operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
            if name.startswith("Create"):
                reference = operation["responses"]["200"]["$ref"].rpartition("/")[2]
                operation["responses"]["200"] = {**responses[reference], "links": _links(made["paths"], kind)}
    return made


def _links(paths: Mapping[str, Any], kind: str | None) -> dict[str, Any]:
    """From a new plan to all that is done to it, from a new record to all that is done to that."""
    wanted = ["customerrelationshipmanagementid", *([f"{kind.lower()}id"] if kind else [])]
    found = {}
    for path, methods in paths.items():
        names = [one[1:-1] for one in path.split("/") if one.startswith("{")]
        if names != wanted or (kind is not None and f"/{kind}/" not in path):
            continue
        for operation in methods.values():
            values = {name: f"$response.body#/{STATES[name]}" for name in names}
            if kind is not None:
                values["customerrelationshipmanagementid"] = f"$response.body#/{kind}State/PlanID"
            found[operation["operationId"]] = {"operationId": operation["operationId"], "parameters": values}
    return found


@pytest.mark.skipif(
    not OFFICIAL_RELATIONSHIP.exists(), reason="BIAN's contract lies at ../shared/bian where it is to be tested with"
)
def test_every_answer_is_as_the_official_contract_says(tmp_path: Path) -> None:
    environment = {"LEADBRIDGE_FORWARDING__ENABLED": "false"}
    with Server(f"sqlite:///{tmp_path / 'bian.db'}", tmp_path, environment=environment) as server:
        credentials = ("admin", server.admin_password())
        created = Wire(server.url, credentials).done(create_business_partner(person()))
        customer = created.one("BusinessPartner/InternalID")

        def made(path: str, body: Mapping[str, Any]) -> str:
            answered = requests.post(f"{server.url}{path}/Create", json=body, auth=credentials, timeout=30)
            location: str = answered.headers["location"]
            return location.removesuffix("/Retrieve")

        plan = made(RELATIONSHIP, {"CustomerReference": party(customer)})
        names = {"customerrelationshipmanagementid": plan.rpartition("/")[2]}
        for kind in ("Development", "Incident", "Contact"):
            names[f"{kind.lower()}id"] = made(f"{plan}/{kind}", {}).rpartition("/")[2]
        url = f"{server.url}/bian"
        phases = ("--phases", "fuzzing", "--max-examples", "1", "--workers", "2")
        said = conforming(server, OFFICIAL_RELATIONSHIP, tmp_path, *phases, config=in_paths(names))
        assert generated(said) >= len(OPERATIONS)
        contract = tmp_path / "linked.json"
        contract.write_text(json.dumps(linked(official(OFFICIAL_RELATIONSHIP) or {}, customer)))
        stateful = ("--phases", "stateful", "--max-examples", "12", "--workers", "2", "--mode", "positive")
        said = conforming(server, contract, tmp_path, *stateful)
        assert followed(said) >= 8, said  # from a new plan, and from new records of it
        shown = requests.get(f"{server.url}{plan}/Retrieve", auth=credentials, timeout=30).json()
        assert shown["CustomerReference"] == party(customer)
        told = requests.get(f"{url}/events?limit=1000", auth=credentials, timeout=30).json()
        moves = {(one["type"].split(".")[-2], one["data"]["Event"]) for one in told}
        # Sequences went beyond Create.
        assert {("CustomerRelationshipManagementPlan", "accepted"), ("Development", "created")} < moves
        assert sum(one["type"].endswith("Plan.Created") for one in told) > 1
