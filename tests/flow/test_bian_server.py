"""The service domain of a running server: schemathesis with the official contract."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests

from tests.support.bian import DOMAIN, OFFICIAL
from tests.support.calls import Wire
from tests.support.conformance import requests_made
from tests.support.messages_by_hand import create_lead, item, lead_fields, new_prospect, person
from tests.support.server import Server


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
        names = {"leadandopportunitymanagementid": lead_id, "developmentid": "1"}
        made = requests_made(
            OFFICIAL, f"{server.url}/bian", credentials, tmp_path, names=names, phases="coverage,fuzzing"
        )
        assert made > 200
        assert "Traceback" not in server.output()
        shown = requests.get(f"{lead}/Retrieve", auth=credentials, timeout=30).json()
        assert "LeadandOpportunityDescription" in shown["LeadandOpportunityProcedure"]
