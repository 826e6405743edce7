"""Clients that are not Python's: node-soap, where there is a node and npm can install it."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from leadbridge.contract.parsing import parse
from leadbridge.contract.schema import validate
from tests.interop.gateway import Gateway

PROGRAM = Path(__file__).with_name("partner.mjs")
NODE_SOAP = "soap@1.13.0"
OLDEST_NODE = 20  # what this node-soap wants


@pytest.fixture(scope="module")
def node_soap(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program in a folder with node-soap; skips, saying why, where that cannot be had."""
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            pytest.skip(f"there is no {tool}")
    version = run("node", "--version", seconds=20).stdout.strip()
    if int(version.removeprefix("v").split(".")[0]) < OLDEST_NODE:
        pytest.skip(f"node-soap needs node {OLDEST_NODE}, this is {version}")
    folder = tmp_path_factory.mktemp("node")
    quiet = ("--no-audit", "--no-fund", "--no-save", "--ignore-scripts", "--fetch-retries=0", "--fetch-timeout=20000")
    try:
        installed = run("npm", "install", *quiet, NODE_SOAP, cwd=folder, seconds=60)
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm did not install {NODE_SOAP} within a minute")
    if installed.returncode != 0:
        pytest.skip(f"npm cannot install {NODE_SOAP}: {installed.stderr.strip()[-200:]}")
    return Path(shutil.copy(PROGRAM, folder))


def run(*command: str, cwd: Path | None = None, seconds: float) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=seconds, check=False)


@pytest.mark.parametrize(("port", "status"), [("LeadServiceSoap11", 500), ("LeadServiceSoap12", 400)])
def test_node_soap_creates_a_lead_reads_it_and_shows_a_fault(
    node_soap: Path, sqlite_gateway: Gateway, port: str, status: int
) -> None:
    arguments = (sqlite_gateway.wsdl("LeadService"), *sqlite_gateway.caller("partner"), port)
    done = run("node", node_soap.name, *arguments, cwd=node_soap.parent, seconds=60)
    assert done.returncode == 0, done.stderr
    saw: dict[str, Any] = json.loads(done.stdout)

    for body in saw["bodies"][:2]:
        (message,) = parse(body.encode()).findall("{*}Body/*")
        validate(message)
    assert saw["created"]["Log"]["BusinessDocumentProcessingResultCode"] == "3"
    (lead,) = saw["read"]["Lead"]
    assert lead["ID"] == saw["created"]["Lead"]["ID"]
    assert lead["Name"] == saw["name"]
    assert lead["StartDate"].startswith("2026-02-28")
    assert lead["ProspectParty"]["FormattedName"] == f"Ines {saw['family']}"
    amount = lead["ExpectedRevenueAmount"]
    assert (float(amount["$value"]), amount["attributes"]["currencyCode"]) == (1200.5, "EUR")
    assert [item["ProductID"] for item in lead["Item"]] == ["LOAN", "CARD"]
    assert lead["Note"][0]["$value"] == "Ruft zurück"

    assert saw["fault"]["status"] == status
    assert "The message violates the contract." in saw["fault"]["message"]
    assert saw["bodies"][2].count("faultDetail>") == 2 * 2
