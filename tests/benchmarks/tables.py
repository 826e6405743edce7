"""The results for people: tables on the terminal, and a plot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.benchmarks.bulk import Imported
from tests.benchmarks.find import Found
from tests.benchmarks.flood import Served
from tests.benchmarks.forward import Forwarded
from tests.benchmarks.ledger import Ledger
from tests.benchmarks.results import Results
from tests.benchmarks.single import Figures
from tests.benchmarks.subjects import OURS

_COLOURS = {True: "green", False: "red", None: "yellow"}
_VERDICTS = {True: "met", False: "missed", None: "not measured"}


def show(results: Results, console: Console) -> None:
    """Print everything that was measured."""
    console.print()
    for name in ("date", "commit", "cpu", "cores", "load_before", "python", "disk", "generator"):
        console.print(f"{name:12} {results.machine[name]}", highlight=False)
    measured = (_single(results.single), _in_process(results), _bulk(results.bulk), _forward(results.forward))
    for table in (*measured, _find(results.find), _flood(results.flood)):
        if table.row_count:
            console.print(table)
    if results.ledger:
        console.print(_ledger(results.ledger))
    console.print(_goals(results))


def line(result: Figures | Imported | Forwarded | Found | Ledger) -> str:
    """One result in one line, as soon as it is there."""
    match result:
        case Figures():
            where = result.database or "no database"
            what = f"{result.subject}, {where}, {_processes(result.workers)}, {result.connections} connections"
            found = f"{_number(result.calls_per_second)} calls/s, CPU {_number(result.server_cpu_ms)} ms"
        case Imported():
            what = f"bulk, {result.database}, {result.leads:,} leads"
            found = f"{_number(result.seconds)} s, {_number(result.peak_mb)} MB"
        case Forwarded():
            what = f"forwarding, {result.database}, {result.messages:,} messages"
            found = f"{_number(result.per_second)} messages/s"
        case Found():
            what = f"{result.operation}, {result.database}, {result.selection}, caller {result.caller}"
            found = f"first page {_number(result.first_page_ms)} ms, last {_number(result.last_page_ms)} ms"
        case _:
            what = f"ledger, {result.database}, disturbed by {result.disturbance}"
            found = f"{result.acknowledged} acknowledged, {result.leads} leads, {result.doubled} doubled"
    return f"{what}: {found}" + (f" ({result.note})" if result.note else "")


def _processes(count: int) -> str:
    return "1 process" if count == 1 else f"{count} processes"


def _number(value: float | None) -> str:
    """As many digits as mean something."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 2), title_style="bold")
    for column in columns:
        table.add_column(
            column,
            justify="left" if column in ("subject", "note", "database", "goal", "selection", "caller") else "right",
        )
    return table


def _single(found: Sequence[Figures]) -> Table:
    table = _table(
        "\nSingle calls over HTTP (CPU in ms for each call: of the server's processes, of the database's)",
        *("subject", "database", "processes", "conn.", "calls/s", "p50 ms", "p99 ms", "CPU", "db CPU", "MB", "note"),
    )
    for one in sorted(found, key=lambda one: (not one.durable, one.database or "", one.connections)):
        figures = (one.calls_per_second, one.p50_ms, one.p99_ms, one.server_cpu_ms, one.database_cpu_ms, one.peak_mb)
        table.add_row(
            one.subject,
            one.database or "none",
            str(one.workers),
            str(one.connections),
            *map(_number, figures),
            one.note,
            style="bold" if one.subject == OURS else None,
        )
    return table


def _in_process(results: Results) -> Table:
    table = _table("\nIn process, microseconds", "subject", "us")
    for name, value in [*results.stack_us.items(), *results.gate_us.items(), *results.codec_us.items()]:
        table.add_row(name, _number(value))
    return table


def _bulk(found: Iterable[Imported]) -> Table:
    table = _table(
        "\nBulk import (CPU in ms for each lead)",
        *("database", "leads", "seconds", "leads/s", "CPU", "db CPU", "MB", "file MB", "note"),
    )
    for one in found:
        figures = (one.seconds, one.leads_per_second, one.import_cpu_ms, one.database_cpu_ms, one.peak_mb, one.file_mb)
        table.add_row(one.database, f"{one.leads:,}", *map(_number, figures), one.note)
    return table


def _forward(found: Iterable[Forwarded]) -> Table:
    table = _table(
        "\nForwarding to the built-in core CRM (CPU in ms for each message)",
        *("database", "messages", "messages/s", "relay", "gateway", "db", "note"),
    )
    for one in found:
        figures = (one.per_second, one.relay_cpu_ms, one.gateway_cpu_ms, one.database_cpu_ms)
        table.add_row(one.database, f"{one.messages:,}", *map(_number, figures), one.note)
    return table


def _find(found: Iterable[Found]) -> Table:
    table = _table(
        "\nFind among many, in process, warm (plans: results.json)",
        *("database", "subject", "selection", "caller", "hits", "first page ms", "last page ms"),
    )
    for one in found:
        hits = "-" if one.hits is None else f"{one.hits:,}"
        pages = map(_number, (one.first_page_ms, one.last_page_ms))
        table.add_row(one.database, one.operation, one.selection, one.caller, hits, *pages)
    return table


def _flood(found: Iterable[Served]) -> Table:
    table = _table("\nA good client, alone and among hostile ones", "subject", "calls", "failed", "p50 ms", "p99 ms")
    for one in found:
        name = "in a flood" if one.flooded else "alone"
        table.add_row(name, f"{one.calls:,}", str(one.failed), _number(one.p50_ms), _number(one.p99_ms))
    return table


def _ledger(found: Iterable[Ledger]) -> Table:
    table = _table(
        "\nLedger: single calls, each sent until it was acknowledged",
        *("database", "disturbed by", "calls", "acknowledged", "leads", "doubled", "unknown", "sent again"),
        *("calls/s", "p50 ms", "p99 ms", "note"),
    )
    for one in found:
        counts = (one.calls, one.acknowledged, one.leads, one.doubled, one.unknown, one.repeated)
        figures = map(_number, (one.calls_per_second, one.p50_ms, one.p99_ms))
        shown = ("-" if count is None else f"{count:,}" for count in counts)
        table.add_row(one.database, one.disturbance, *shown, *figures, one.note)
    return table


def _goals(results: Results) -> Table:
    table = _table("\nGoals", "goal", "value", "bound", "")
    for goal in results.goals():
        verdict = f"[{_COLOURS[goal.met]}]{_VERDICTS[goal.met]}[/]"
        table.add_row(goal.name, _number(goal.value), goal.bound, verdict)
    return table


def plot(results: Results, path: Path) -> bool:
    """Draw the single calls and the bulk imports; False where matplotlib is not installed."""
    try:
        import matplotlib
    except ImportError:
        return False
    matplotlib.use("agg")
    from matplotlib import pyplot

    panels = [*_bars(results)]
    if not panels:
        return True
    rows = (len(panels) + 1) // 2
    figure, axes = pyplot.subplots(rows, 2, figsize=(14, 1 + 2.8 * rows), squeeze=False)
    for axis in axes.flat[len(panels) :]:
        axis.set_visible(False)
    for axis, (title, bars) in zip(axes.flat, panels, strict=False):
        names = list(bars)[::-1]
        colours = ["tab:orange" if name.startswith(OURS) else "tab:gray" for name in names]
        drawn = axis.barh(names, [bars[name] for name in names], color=colours)
        axis.bar_label(drawn, fmt=_number, padding=3)
        axis.margins(x=0.12)
        axis.set_title(title, loc="left", fontsize=10)
        axis.spines[["top", "right"]].set_visible(False)
    figure.text(0.01, 0.005, f"{results.machine['cpu']}, {results.machine['date']}", fontsize=7)
    figure.tight_layout(rect=(0, 0.02, 1, 1))
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
    return True


def _bars(results: Results) -> Iterable[tuple[str, dict[str, float]]]:
    """Title and bars of each panel that has any."""
    most = max((one.connections for one in results.single), default=0)
    found = [one for one in results.single if one.connections == most and not one.note]
    for kind, title in (("postgresql", "durable on PostgreSQL"), ("sqlite", "durable on SQLite"), (None, "stack only")):
        these = [one for one in found if one.database == kind]
        if these:
            yield f"calls/s, {title}, {most} connections", _named(these, [one.calls_per_second or 0 for one in these])
            yield f"CPU of the server for a call, ms, {title}", _named(these, [one.server_cpu_ms or 0 for one in these])
    searched = [one for one in results.find if one.database == "postgresql"]
    if searched:
        slowest = sorted(searched, key=lambda one: -max(one.first_page_ms or 0, one.last_page_ms or 0))[:12]
        yield (
            "find, ms to the slower of first and last page, the twelve slowest",
            {
                f"{one.operation}, {one.selection}, {one.caller}": max(one.first_page_ms or 0, one.last_page_ms or 0)
                for one in slowest
            },
        )
    imported = [one for one in results.bulk if one.leads_per_second]
    if imported:
        yield (
            "bulk import, leads/s",
            {f"{OURS}, {one.database}, {one.leads:,}": one.leads_per_second or 0 for one in imported},
        )


def _named(found: Iterable[Figures], values: Iterable[float]) -> dict[str, float]:
    return {f"{one.subject}, {_processes(one.workers)}": value for one, value in zip(found, values, strict=True)}
