"""The service domain of a running server: schemathesis with the official contract."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.support.bian import DOMAIN, OFFICIAL
from tests.support.calls import Wire
from tests.support.messages_by_hand import create_lead, item, lead_fields, new_prospect, person
from tests.support.server import Server

CHECKS = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance")


@pytest.mark.skipif(
    not OFFICIAL.exists(), reason="BIAN's contract lies at ../shared/bian where it is to be tested with"
)
def test_every_answer_is_as_the_official_contract_says(tmp_path: Path) -> None:
    environment = {"LEADBRIDGE_FORWARDING__ENABLED": "false"}
    with Server(f"sqlite:///{tmp_path / 'bian.db'}", tmp_path, environment=environment) as server:
        credentials = ("admin", server.admin_password())
        fields = lead_fields(prospect=new_prospect(person()), items=[item("LOAN")])
        lead_id = Wire(server.url, credentials).done(create_lead(fields)).one("Lead/ID")
        lead = f"{server.url}{DOMAIN}/{lead_id}"
        assigned = requests.post(f"{lead}/Development/Initiate", json={}, auth=credentials, timeout=30)
        assert assigned.headers["location"] == f"{DOMAIN}/{lead_id}/Development/1/Retrieve"
        config = tmp_path / "schemathesis.toml"
        names = {"path.leadandopportunitymanagementid": lead_id, "path.developmentid": "1"}
        config.write_text(
            "[parameters]\n" + "".join(f"{json.dumps(name)} = {json.dumps(to)}\n" for name, to in names.items())
        )
        done = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run", str(OFFICIAL)),
                *("--url", f"{server.url}/bian", "--checks", ",".join(CHECKS), "--no-color"),
                *(
                    "--phases",
                    "coverage,fuzzing",
                    "--max-examples",
                    "2",
                    "--workers",
                    "2",
                    "--generation-deterministic",
                ),
                *("--auth", ":".join(credentials)),
            ],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            cwd=tmp_path,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        counted = re.search(r"(\d+) generated", done.stdout)
        assert counted is not None, done.stdout
        assert int(counted[1]) > 200
        assert "Traceback" not in server.output()
        shown = requests.get(f"{lead}/Retrieve", auth=credentials, timeout=30).json()
        assert "LeadandOpportunityDescription" in shown["LeadandOpportunityProcedure"]
