"""Files of leads through `leadbridge bulk import`: seconds, memory of all its processes together, leads a second."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.benchmarks.databases import DatabaseKind, Databases, Place
from tests.benchmarks.message import write_bulk_file
from tests.benchmarks.processes import ROOT, Watched, ended_within, started
from tests.benchmarks.subjects import prepare
from tests.support.door import PARTNER

_LONGEST_SECONDS = 3_600


@dataclass(frozen=True)
class Imported:
    """One file, imported into an empty database."""

    database: DatabaseKind
    leads: int
    seconds: float | None = None
    leads_per_second: float | None = None
    import_cpu_ms: float | None = None  # for each lead, as below
    database_cpu_ms: float | None = None
    peak_mb: float | None = None
    database_peak_mb: float | None = None
    file_mb: float | None = None
    note: str = ""


@cache
def is_there() -> bool:
    """Whether this version has `leadbridge bulk import`."""
    command = [sys.executable, "-m", "leadbridge", "bulk", "import", "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=60, check=False)
    return done.returncode == 0


def measure(
    kinds: Sequence[DatabaseKind],
    sizes: Sequence[int],
    databases: Databases,
    folder: Path,
    report: Callable[[Imported], None],
) -> list[Imported]:
    """Import a file of each size into each database."""
    found = []
    there = is_there()
    for leads in sizes:
        path = folder / f"leads-{leads}.xml"
        if there:
            write_bulk_file(path, leads)
        for kind in kinds:
            if there:
                imported = _measured(kind, leads, path, databases, folder)
            else:
                imported = Imported(kind, leads, note="this version has no `leadbridge bulk import`")
            report(imported)
            found.append(imported)
        path.unlink(missing_ok=True)
    return found


def _measured(kind: DatabaseKind, leads: int, path: Path, databases: Databases, folder: Path) -> Imported:
    with databases.fresh(kind) as place:
        prepare(place)
        place.rest()
        began = time.monotonic()
        with importing(place, path, folder) as process:
            with Watched(ours=process.pid, database=place.pid) as watched:
                ended = ended_within(process, _LONGEST_SECONDS)
                seconds = time.monotonic() - began
            if not ended:
                return Imported(kind, leads, note=f"not finished after {_LONGEST_SECONDS} s")
            code = process.wait()
        stored = place.count("lead")
        note = "" if code == 0 and stored == leads else f"exit code {code}, {stored} of {leads} leads stored"
        database_cpu = watched.cpu.get("database")
        return Imported(
            database=kind,
            leads=leads,
            seconds=seconds,
            leads_per_second=leads / seconds,
            import_cpu_ms=watched.cpu["ours"] / leads * 1e3,
            database_cpu_ms=None if database_cpu is None else database_cpu / leads * 1e3,
            peak_mb=watched.peak_bytes["ours"] / 1e6,
            database_peak_mb=watched.peak_bytes.get("database", 0) / 1e6 or None,
            file_mb=path.stat().st_size / 1e6,
            note=note,
        )


@contextmanager
def importing(place: Place, path: Path, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`leadbridge bulk import` of a file, running; the file's persons are 0, 1, 2 and so on."""
    command = [sys.executable, "-m", "leadbridge", "bulk", "import", str(path), "--caller", PARTNER.id]
    environment = {"LEADBRIDGE_DATABASE_URL": place.url}
    with started(command, environment=environment, log=folder / "import.log") as process:
        yield process
