"""The benchmarks run; what they measure is told by `make bench` and never asserted here."""

import gc
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from leadbridge.soap.asgi import SoapApp
from tests.benchmarks import codec, gate, stack
from tests.benchmarks.processes import ROOT


@pytest.fixture(autouse=True)
def _left_as_it_was() -> Iterator[None]:
    """A benchmark sets its process up as a server does; the tests after it shall not notice."""
    thresholds, log = gc.get_threshold(), logging.getLogger("leadbridge")
    level = log.level
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)
    log.setLevel(level)


def test_the_door_is_measured_against_plain_spyne() -> None:
    result = stack.measure(rounds=1, calls=3)
    assert result.ours > 0
    assert result.plain_spyne > 0


def test_the_gate_is_measured_against_none() -> None:
    result = gate.measure(rounds=1, calls=3)
    assert result.with_gate > 0
    assert result.without > 0
    assert gate._WithoutGate._call is not SoapApp._call  # else both sides would be the same


def test_the_codec_is_measured_against_its_oracle() -> None:
    assert all(microseconds > 0 for microseconds in codec.measurements().values())


def measured(*arguments: str, folder: Path) -> dict[str, Any]:
    """What a quick run of `make bench` wrote."""
    command = [sys.executable, "-m", "tests.benchmarks", *arguments, "--quick", "--output", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Goals" in done.stdout
    results: dict[str, Any] = json.loads((folder / "results.json").read_text())
    return results


def test_single_calls_are_measured_against_plain_spyne_over_http(tmp_path: Path) -> None:
    subjects = ("--subject", "leadbridge", "--subject", "plain Spyne")
    results = measured("single", "--database", "sqlite", *subjects, folder=tmp_path)
    assert [(one["subject"], one["database"], one["note"]) for one in results["single"]] == [
        ("leadbridge", "sqlite", ""),
        ("plain Spyne", "sqlite", ""),
        ("leadbridge", None, ""),
        ("plain Spyne", None, ""),
    ]
    assert all(one["acknowledged"] and not one["failed"] for one in results["single"])
    found = {goal["name"]: goal["value"] for goal in results["goals"]}
    assert found["durable CreateLead, sqlite: calls/s, ours / plain Spyne"] > 0


def test_searches_are_measured_with_their_plans(tmp_path: Path) -> None:
    results = measured("find", "--database", "sqlite", "--leads", "300", folder=tmp_path)
    *searches, check = results["find"]
    assert {one["operation"] for one in searches} == {
        "FindCrmRecord",
        "/crm/opportunities",
        "FindLead",
        "FindBusinessPartner",
    }
    assert all(one["first_page_ms"] > 0 and one["last_page_ms"] > 0 and one["plans"] for one in searches)
    assert check["first_page_ms"] > 0


def test_bulk_and_the_ledger_are_measured(tmp_path: Path) -> None:
    results = measured("bulk", "ledger", "--database", "postgresql", folder=tmp_path)
    (imported,) = results["bulk"]
    assert imported["leads_per_second"] > 0
    assert results["ledger"]
    for ledger in results["ledger"]:
        assert ledger["acknowledged"] == ledger["leads"] == ledger["calls"] > 0
        assert not ledger["doubled"]
        assert not ledger["unknown"]
