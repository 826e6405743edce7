"""The bank CRM API of a running server: schemathesis against its own OpenAPI document."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.support.bank import COMBO_CREATE, request
from tests.support.server import Server

CHECKS = (
    *("not_a_server_error", "status_code_conformance", "content_type_conformance"),
    *("response_schema_conformance", "response_headers_conformance"),
)


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


def conforming(server: Server, credentials: tuple[str, str], folder: Path, paths: str, phases: str) -> str:
    """What schemathesis says of these addresses, which finds nothing wrong."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(folder / "schemathesis.toml")),
            *("run", f"{server.url}/openapi.json"),
            *("--include-path-regex", paths, "--checks", ",".join(CHECKS), "--no-color"),
            *("--phases", phases, "--max-examples", "6", "--generation-deterministic"),
            *("--auth", ":".join(credentials)),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=folder,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in server.output()
    return done.stdout


def test_every_answer_is_as_the_openapi_document_says(server: Server, tmp_path: Path) -> None:
    credentials = ("admin", server.admin_password())
    with requests.Session() as session:
        for number in range(1, 19):  # so that there are the lead and the opportunity of the document's examples
            body = request(f"C-{number}", "ETB" if number == 18 else "NTB")
            made = session.post(f"{server.url}{COMBO_CREATE}", json=body, auth=credentials, timeout=30).json()
            assert made.get("leadId", made.get("opportunityId")) == f"{number:010d}"
    config = tmp_path / "schemathesis.toml"
    config.write_text(
        '[phases.stateful]\nmax-steps = 6\n[phases.stateful.generation]\nmode = "positive"\nmax-examples = 40\n'
    )
    said = conforming(
        server, credentials, tmp_path, "^/(integration-service|crm)/", "examples,coverage,fuzzing,stateful"
    )
    counted = re.search(r"(\d+) generated", said)
    assert counted is not None, said
    assert int(counted[1]) > 200
    followed = re.search(r"API Links: +(\d+) covered", said)  # one call about what the one before has made
    assert followed is not None, said
    assert int(followed[1]) >= 5, said


def test_what_is_beside_bian_s_operations_is_as_the_document_says(server: Server, tmp_path: Path) -> None:
    (tmp_path / "schemathesis.toml").touch()
    conforming(server, ("admin", server.admin_password()), tmp_path, "^/bian/", "examples,coverage,fuzzing")
