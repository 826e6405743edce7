"""`make bench`, or `python -m tests.benchmarks`: measures ours beside its peers, in one run on one machine.

What counts are the ratios within one run. Absolute numbers belong to a machine and to what else it does: run it on a
quiet one, and let nothing else run beside it.
"""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from tests.benchmarks import bulk, codec, find, flood, forward, gate, ledger, single, stack, tables
from tests.benchmarks.databases import DatabaseKind, Databases
from tests.benchmarks.processes import ROOT
from tests.benchmarks.results import Results, machine, record
from tests.benchmarks.subjects import OURS, SPYNE, SUBJECTS

Part = Literal["codec", "stack", "gate", "single", "bulk", "forward", "find", "flood", "ledger"]
PARTS: tuple[Part, ...] = ("codec", "stack", "gate", "single", "bulk", "forward", "find", "flood", "ledger")
BOTH: tuple[DatabaseKind, ...] = ("sqlite", "postgresql")


@dataclass(frozen=True)
class Sizes:
    """How much is done of everything."""

    connections: tuple[int, ...] = (1, 16, 64)
    seconds: float = 10
    warm_up_seconds: float = 3
    bulk_leads: tuple[int, ...] = (10_000, 100_000, 1_000_000)
    messages: int = 5_000
    find_leads: int = 1_000_000
    find_rounds: int = 7
    calls: int = 100_000
    beside_leads: int = 1_000_000
    disturbances: tuple[ledger.Disturbance, ...] = ledger.DISTURBANCES
    stack_rounds: int = stack.ROUNDS


QUICK = Sizes(
    connections=(4,),
    seconds=1,
    warm_up_seconds=0,
    bulk_leads=(200,),
    messages=40,
    find_leads=2_000,
    find_rounds=1,
    calls=200,
    beside_leads=2_000,
    disturbances=("kill",),
    stack_rounds=1,
)

_EPILOGUE = """
codec, stack and gate measure in process. single calls ours and its peers over HTTP with wrk. bulk imports files.
forward empties an outbox. find searches among many leads (--leads), on PostgreSQL unless --database says otherwise.
flood serves a good client among hostile ones.
ledger compares what was acknowledged with the database, also with a killed worker, and beside an
import. Everything takes about fifty minutes.

Without wrk (Debian: wrk) our own client makes the load, and takes more of the machine. node-soap needs nodejs and npm,
and fetches its packages once; gSOAP needs gsoap, libgsoap-dev and g++. What is missing is told in its row.

Example: python -m tests.benchmarks single --subject leadbridge --subject "plain Spyne" --connections 64 --seconds 5
"""

app = App(
    name="python -m tests.benchmarks",
    help=__doc__,
    help_epilogue=_EPILOGUE,
    version_flags=(),
    default_parameter=Parameter(negative="", show_default=False),
)


@app.default
def main(
    parts: Annotated[tuple[Part, ...], Parameter(name="PARTS", help="What to measure; everything if none.")] = PARTS,
    /,
    *,
    database: Annotated[tuple[DatabaseKind, ...], Parameter(help="Only on this database; may be repeated.")] = BOTH,
    subject: Annotated[tuple[str, ...], Parameter(help="Only this subject of single calls; may be repeated.")] = (),
    connections: Annotated[tuple[int, ...], Parameter(help="Connections of single calls (1, 16, 64).")] = (),
    seconds: Annotated[float | None, Parameter(help="Seconds of each measurement of single calls (10).")] = None,
    bulk_leads: Annotated[tuple[int, ...], Parameter(help="Leads of the bulk files (10k, 100k, 1M).")] = (),
    messages: Annotated[int | None, Parameter(help="Messages to forward (5,000).")] = None,
    leads: Annotated[int | None, Parameter(help="Leads to find among, with 3/10 as many partners (1M).")] = None,
    calls: Annotated[int | None, Parameter(help="Calls of each ledger (100,000).")] = None,
    quick: Annotated[bool, Parameter(help="Everything tiny, Python only: shows that it runs.")] = False,
    record_run: Annotated[
        bool, Parameter(name="--record", help="Append a line to tests/benchmarks/history.csv.")
    ] = False,
    output: Annotated[Path, Parameter(help="Folder for JSON and plot (var/bench).")] = ROOT / "var" / "bench",
) -> None:
    """Measure, and write tables, JSON and a plot."""
    usual = QUICK if quick else Sizes()
    sizes = replace(
        usual,
        connections=connections or usual.connections,
        seconds=seconds or usual.seconds,
        bulk_leads=bulk_leads or usual.bulk_leads,
        messages=messages or usual.messages,
        find_leads=leads or usual.find_leads,
        calls=calls or usual.calls,
    )
    names = subject or ((OURS, SPYNE, "soapbar") if quick else tuple(one.name for one in SUBJECTS))
    chosen = [one for one in SUBJECTS if one.name in names and not (quick and one.workers > 1)]
    plan = single.Plan(chosen, database, sizes.connections, sizes.seconds, sizes.warm_up_seconds)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended
    console = Console(width=None if sys.stdout.isatty() else 180)
    output = output.resolve()  # commands run in other folders
    output.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack_of:
        databases = stack_of.enter_context(Databases())
        folder = Path(tempfile.mkdtemp(prefix="run-", dir=output))
        stack_of.callback(shutil.rmtree, folder, ignore_errors=True)
        results = Results(machine(databases.disk()))
        run = _Run(plan, sizes, database, databases, folder, results, console)
        run.measure([part for part in PARTS if part in parts], output / "results.json")
    tables.show(results, console)
    _say_where(results, output, console)
    if record_run:
        record(results)


@dataclass
class _Run:
    plan: single.Plan
    sizes: Sizes
    kinds: tuple[DatabaseKind, ...]
    databases: Databases
    folder: Path
    results: Results
    console: Console

    def measure(self, parts: Iterable[Part], path: Path) -> None:
        """Measure part after part; what is there is written after each, so that a run that breaks off is not lost."""
        steps: dict[Part, tuple[int, Callable[[Callable[[object], None]], None]]] = {
            "codec": (1, self._codec),
            "stack": (1, self._stack),
            "gate": (1, self._gate),
            "single": (self.plan.count(), self._single),
            "bulk": (len(self.kinds) * len(self.sizes.bulk_leads), self._bulk),
            "forward": (len(self.kinds), self._forward),
            "find": (len(self._find_kinds()) * find.count_of_questions(), self._find),
            "flood": (1, self._flood),
            "ledger": (len(self.kinds) * len(self.sizes.disturbances), self._ledger),
        }
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, TimeElapsedColumn(), console=self.console, transient=True) as progress:
            chosen = list(parts)
            task = progress.add_task("", total=sum(steps[part][0] for part in chosen))

            def report(what: object) -> None:
                progress.console.print(what, highlight=False, markup=False)
                progress.advance(task)

            for part in chosen:
                progress.update(task, description=part)
                steps[part][1](report)
                self.results.write(path)

    def _codec(self, report: Callable[[object], None]) -> None:
        self.results.codec_us = codec.measurements()
        report("codec: measured")

    def _stack(self, report: Callable[[object], None]) -> None:
        result = stack.measure(rounds=self.sizes.stack_rounds)
        self.results.stack_us = {"ours": result.ours, "plain Spyne": result.plain_spyne}
        report(f"stack, in process: {result.ours:.0f} us, plain Spyne {result.plain_spyne:.0f} us")

    def _gate(self, report: Callable[[object], None]) -> None:
        result = gate.measure(rounds=self.sizes.stack_rounds)
        self.results.gate_us = {"with the gate": result.with_gate, "without it": result.without}
        self.results.gate_part = result.part
        report(
            f"gate, in process: {result.with_gate:.0f} us with it, {result.without:.0f} us without: {result.part:.1%}"
        )

    def _single(self, report: Callable[[object], None]) -> None:
        self.results.single = single.measure(
            self.plan, self.databases, self.folder, lambda one: report(tables.line(one))
        )

    def _bulk(self, report: Callable[[object], None]) -> None:
        self.results.bulk = bulk.measure(
            self.kinds, self.sizes.bulk_leads, self.databases, self.folder, lambda one: report(tables.line(one))
        )

    def _forward(self, report: Callable[[object], None]) -> None:
        self.results.forward = forward.measure(
            self.kinds, self.sizes.messages, self.databases, self.folder, lambda one: report(tables.line(one))
        )

    def _find_kinds(self) -> tuple[DatabaseKind, ...]:
        """SQLite is for one machine and fewer leads: it is searched only when it is asked for by name."""
        return tuple(kind for kind in self.kinds if kind == "postgresql" or len(self.kinds) == 1)

    def _find(self, report: Callable[[object], None]) -> None:
        self.results.find = find.measure(
            self._find_kinds(),
            self.sizes.find_leads,
            self.sizes.find_rounds,
            self.databases,
            lambda one: report(tables.line(one)),
        )

    def _flood(self, report: Callable[[object], None]) -> None:
        self.results.flood = flood.measure(self.plan.seconds, self.folder)
        alone, flooded = self.results.flood
        report(f"flood: p99 of a good client {alone.p99_ms:.1f} ms alone, {flooded.p99_ms:.1f} ms in it")

    def _ledger(self, report: Callable[[object], None]) -> None:
        self.results.ledger = ledger.measure(
            self.kinds,
            self.sizes.disturbances,
            self.sizes.calls,
            self.sizes.beside_leads,
            self.databases,
            self.folder,
            lambda one: report(tables.line(one)),
        )


def _say_where(results: Results, output: Path, console: Console) -> None:
    results.write(output / "results.json")
    drawn = tables.plot(results, output / "results.png")
    console.print(f"\nWritten: {output / 'results.json'}" + (f", {output / 'results.png'}" if drawn else ""))
    if not drawn:
        console.print("There is no plot: matplotlib is not installed (the extra bench of pyproject.toml).")


if __name__ == "__main__":
    app()
