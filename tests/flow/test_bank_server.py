"""The bank CRM API of a running server: schemathesis against its own OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.support.bank import COMBO_CREATE, request
from tests.support.conformance import conforming, followed, generated, sequences
from tests.support.server import Server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("bank")
    made = Server(f"sqlite:///{folder / 'bank.db'}", folder, environment={"LEADBRIDGE_FORWARDING__ENABLED": "false"})
    with made:
        yield made


def test_prefixes_alone_are_answered_in_json_and_soap_s_in_xml(server: Server) -> None:
    media_types = {
        **dict.fromkeys(("/bulk", "/bian"), "application/json"),
        **dict.fromkeys(("/crm", "/integration-service"), "application/problem+json"),
        "/soap": "text/xml; charset=utf-8",
    }
    for path, media_type in media_types.items():
        reply = requests.get(f"{server.url}{path}", timeout=30)
        assert (reply.status_code, reply.headers["content-type"]) == (404, media_type), path


def test_every_answer_is_as_the_openapi_document_says(server: Server, tmp_path: Path) -> None:
    credentials = ("admin", server.admin_password())
    with requests.Session() as session:
        for number in range(1, 19):  # so that there are the lead and the opportunity of the document's examples
            body = request(f"C-{number}", "ETB" if number == 18 else "NTB")
            made = session.post(f"{server.url}{COMBO_CREATE}", json=body, auth=credentials, timeout=30).json()
            assert made.get("leadId", made.get("opportunityId")) == f"{number:010d}"
    phases = ("--phases", "examples,coverage,fuzzing,stateful", "--max-examples", "6")
    paths = ("--include-path-regex", "^/(integration-service|crm)/")
    said = conforming(server, f"{server.url}/openapi.json", tmp_path, *paths, *phases, config=sequences(40))
    assert generated(said) > 200
    assert followed(said) >= 5, said  # one call about what the one before has made


def test_what_is_beside_bian_s_operations_is_as_the_document_says(server: Server, tmp_path: Path) -> None:
    phases = ("--phases", "examples,coverage,fuzzing", "--max-examples", "6")
    said = conforming(server, f"{server.url}/openapi.json", tmp_path, "--include-path-regex", "^/bian/", *phases)
    assert generated(said) > 20
