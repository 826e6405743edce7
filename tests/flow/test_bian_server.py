"""The service domain of a running server: schemathesis with the official contract, call by call and in sequences."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from tests.support.bian import DOMAIN, OFFICIAL
from tests.support.calls import Wire
from tests.support.conformance import conforming, followed, generated, in_paths, sequences
from tests.support.messages_by_hand import create_lead, item, lead_fields, new_prospect, person
from tests.support.server import Server

TASK = "InitiateDevelopment"
# Without a body that schemathesis makes up, which says of a moment what is none.
EMPTY = {"requestBody": {"Development": {}}, "x-schemathesis": {"merge_body": False}}

pytestmark = pytest.mark.skipif(
    not OFFICIAL.exists(), reason="BIAN's contract lies at ../shared/bian where it is to be tested with"
)


@dataclass(frozen=True)
class Domain:
    """A server with a lead and a development task, and its administrator's credentials."""

    server: Server
    credentials: tuple[str, str]
    lead_id: str
    customer_id: str


@pytest.fixture(scope="module")
def domain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Domain]:
    folder = tmp_path_factory.mktemp("bian")
    # The leads of a sequence are all about one customer, and alike.
    environment = {"LEADBRIDGE_FORWARDING__ENABLED": "false", "LEADBRIDGE_LEAD_DUPLICATES__DEFAULT": "CREATE"}
    with Server(f"sqlite:///{folder / 'bian.db'}", folder, environment=environment) as server:
        credentials = ("admin", server.admin_password())
        fields = lead_fields(prospect=new_prospect(person()), items=[item("LOAN")])
        made = Wire(server.url, credentials).done(create_lead(fields))
        lead_id = made.one("Lead/ID")
        lead = f"{server.url}{DOMAIN}/{lead_id}"
        assigned = requests.post(f"{lead}/Development/Initiate", json={}, auth=credentials, timeout=30)
        assert assigned.headers["location"] == f"{DOMAIN}/{lead_id}/Development/1/Retrieve"
        yield Domain(server, credentials, lead_id, made.one("Lead/ProspectPartyInternalID"))


def test_every_answer_is_as_the_official_contract_says(domain: Domain, tmp_path: Path) -> None:
    config = in_paths({"leadandopportunitymanagementid": domain.lead_id, "developmentid": "1"})
    phases = ("--phases", "coverage,fuzzing", "--max-examples", "2", "--workers", "2")
    said = conforming(domain.server, OFFICIAL, tmp_path, *phases, config=config)
    assert generated(said) > 200
    lead = f"{domain.server.url}{DOMAIN}/{domain.lead_id}"
    shown = requests.get(f"{lead}/Retrieve", auth=domain.credentials, timeout=30).json()
    assert "LeadandOpportunityDescription" in shown["LeadandOpportunityProcedure"]


def linked(customer_id: str) -> dict[str, Any]:
    """The official contract, where leads are about this customer and a Location leads to what may be asked next."""
    document: dict[str, Any] = yaml.safe_load(OFFICIAL.read_text(encoding="utf-8"))
    procedure = document["components"]["schemas"]["LeadandOpportunityProcedure"]
    procedure["required"] = ["CustomerReference", "ProductandServiceType"]
    procedure["properties"]["CustomerReference"] = {"type": "string", "enum": [customer_id]}
    procedure["properties"]["ProductandServiceType"] = {"type": "string", "enum": ["LOAN", "CARD"]}
    lead = {"leadandopportunitymanagementid": r"$response.header.Location#regex:Management/(\d+)/"}
    task = {**lead, "developmentid": r"$response.header.Location#regex:Development/(\d+)/"}
    following = {
        "Initiate": {"Update": lead, "Retrieve": lead, TASK: lead},
        TASK: {
            **dict.fromkeys(("UpdateDevelopment", "ExecuteDevelopment", "RequestDevelopment"), task),
            "RetrieveDevelopment": task,
        },
    }
    for methods in document["paths"].values():
        for operation in methods.values():
            links = following.get(operation["operationId"])
            if links is not None:
                name = operation["responses"]["200"]["$ref"].rpartition("/")[2]
                answer = deepcopy(document["components"]["responses"][name])
                answer["links"] = {
                    to: {"operationId": to, "parameters": by, **(EMPTY if to == TASK else {})}
                    for to, by in links.items()
                }
                operation["responses"]["200"] = answer
    return document


def test_every_answer_in_a_sequence_of_calls_is_so_too(domain: Domain, tmp_path: Path) -> None:
    document = tmp_path / "linked.yaml"
    document.write_text(yaml.safe_dump(linked(domain.customer_id)))
    said = conforming(domain.server, document, tmp_path, "--phases", "stateful", config=sequences(20))
    assert followed(said) >= 4, said  # a lead updated, read, given a task, and that gone on with
