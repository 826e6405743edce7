"""The contract's files are found, in a source tree and in an installed package, by their exact names."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from leadbridge.contract import files
from leadbridge.contract.files import AUTHORED, NAMESPACES, PREFIXES, SERVICES, UnknownFile
from leadbridge.contract.rules import OWN_PREFIXES


def test_services_are_the_wsdl_files() -> None:
    assert SERVICES == ("BusinessPartnerService", "CrmService", "LeadBulkService", "LeadService")


def test_each_namespace_has_the_prefix_that_the_contract_gives_it() -> None:
    assert {namespace: OWN_PREFIXES[namespace] for namespace in PREFIXES} == PREFIXES
    assert {PREFIXES[namespace]: namespace for namespace in PREFIXES} == NAMESPACES


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "LeadService.wsdl", "leadservice", "../wsdl/LeadService", "/etc/passwd", "LeadService\x00"],
)
def test_only_exact_names_are_known(name: str) -> None:
    with pytest.raises(UnknownFile):
        AUTHORED.wsdl(name)
    with pytest.raises(UnknownFile):
        AUTHORED.xsd(name)


def test_an_installed_package_uses_the_files_inside_it(tmp_path: Path) -> None:
    package = tmp_path / "leadbridge"
    source = Path(files.__file__).parents[1]
    shutil.copytree(source, package, ignore=shutil.ignore_patterns("__pycache__", "_contract"))
    for kind in ("wsdl", "xsd"):
        shutil.copytree(AUTHORED.root / kind, package / "_contract" / kind)
    program = "from leadbridge.contract.files import AUTHORED, SERVICES; print(AUTHORED.root, *SERVICES)"
    told = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.split() == [str(package / "_contract"), *SERVICES]
