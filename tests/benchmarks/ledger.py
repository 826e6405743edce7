"""The ledger: every call that was acknowledged is one lead, and every lead was acknowledged, whatever happened.

A client sends every call until it is acknowledged and writes down the lead it was told. Then the database is asked.
Three times: undisturbed; with a gateway process killed by SIGKILL in the middle; and with a bulk import beside it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.benchmarks import bulk
from tests.benchmarks.databases import DatabaseKind, Databases, Place
from tests.benchmarks.message import write_bulk_file
from tests.benchmarks.processes import CannotRun, ended_within, family, started
from tests.benchmarks.subjects import Running, gateway, prepare

Disturbance = Literal["nothing", "kill", "bulk"]
DISTURBANCES: tuple[Disturbance, ...] = ("nothing", "kill", "bulk")

_CONNECTIONS = 32
_WORKERS = 2
_FIRST = 50_000_000  # far from the persons of the bulk file beside
_LONGEST_SECONDS = 3_600
_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Ledger:
    """What the client was told, and what the database says."""

    database: DatabaseKind
    disturbance: Disturbance
    calls: int
    acknowledged: int | None = None
    leads: int | None = None  # in the database, of these persons
    doubled: int | None = None  # persons with more than one lead, and leads that were acknowledged twice
    unknown: int | None = None  # acknowledged leads that the database does not have
    repeated: int | None = None  # calls that had to be sent again
    calls_per_second: float | None = None
    p50_ms: float | None = None
    p99_ms: float | None = None
    note: str = ""

    @property
    def balances(self) -> bool:
        """Whether acknowledgements and leads are the same, one to one."""
        return self.calls == self.acknowledged == self.leads and not self.doubled and not self.unknown


def measure(
    kinds: Sequence[DatabaseKind],
    disturbances: Sequence[Disturbance],
    calls: int,
    bulk_leads: int,
    databases: Databases,
    folder: Path,
    report: Callable[[Ledger], None],
) -> list[Ledger]:
    """Keep a ledger of so many calls with each of these disturbances on each database."""
    found = []
    for kind in kinds:
        for disturbance in disturbances:
            try:
                ledger = _kept(kind, disturbance, calls, bulk_leads, databases, folder)
            except CannotRun as missing:
                ledger = Ledger(kind, disturbance, calls, note=str(missing))
            report(ledger)
            found.append(ledger)
    return found


def _kept(
    kind: DatabaseKind, disturbance: Disturbance, calls: int, bulk_leads: int, databases: Databases, folder: Path
) -> Ledger:
    if disturbance == "bulk" and not bulk.is_there():
        raise CannotRun("this version has no `leadbridge bulk import`")
    with databases.fresh(kind) as place:
        prepare(place)
        with gateway(place, folder, workers=_WORKERS, forwarding=False) as running:
            beside = _bulk_beside(place, bulk_leads, folder) if disturbance == "bulk" else nullcontext()
            with beside as importing, _client(running.url, calls, folder) as finish:
                if disturbance == "kill":
                    _kill_a_worker(place, running, when=calls // 2)
                seen = finish()
                note = "the import ended before the calls did" if importing and importing.poll() is not None else ""
        return _compared(place, disturbance, calls, seen, _acknowledged(folder), note)


@contextmanager
def _client(url: str, calls: int, folder: Path) -> Iterator[Callable[[], dict[str, float]]]:
    """The client, running. What it gives waits for its end and returns what it printed."""
    output = folder / "client.log"
    output.unlink(missing_ok=True)
    command = [
        *(sys.executable, "-m", "tests.benchmarks.client", url, "--connections", str(_CONNECTIONS)),
        *("--first", str(_FIRST), "--calls", str(calls), "--acknowledged", str(folder / "acknowledged.txt")),
    ]
    with started(command, environment={}, log=output) as process:

        def finish() -> dict[str, float]:
            if not ended_within(process, _LONGEST_SECONDS) or process.wait() != 0:
                raise CannotRun(f"the client did not finish: {output.read_text(errors='replace')[-300:]}")
            seen: dict[str, float] = json.loads(output.read_text().splitlines()[-1])
            return seen

        yield finish


def _kill_a_worker(place: Place, running: Running, *, when: int) -> None:
    """SIGKILL for one of the processes that serve, when so many leads are there. Raises CannotRun if never."""
    deadline = time.monotonic() + _LONGEST_SECONDS
    while place.count("lead") < when:
        if time.monotonic() > deadline:
            raise CannotRun(f"there were never {when} leads")
        time.sleep(_POLL_SECONDS)
    workers = [pid for pid in family(running.pid)[1:] if _serves(pid)]
    os.kill(workers[0], signal.SIGKILL)


def _serves(pid: int) -> bool:
    """Whether a descendant of the server is a worker, and not the helper that multiprocessing keeps beside them."""
    command = Path(f"/proc/{pid}/cmdline").read_bytes()
    return b"spawn_main" in command and b"resource_tracker" not in command


@contextmanager
def _bulk_beside(place: Place, leads: int, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A bulk import that began before and is ended after."""
    path = folder / "beside.xml"
    write_bulk_file(path, leads)
    try:
        with bulk.importing(place, path, folder) as process:
            yield process
    finally:
        path.unlink()


def _acknowledged(folder: Path) -> list[tuple[str, int]]:
    """Lead ID and attempts of each acknowledged call."""
    lines = (folder / "acknowledged.txt").read_text().splitlines()
    return [(lead_id, int(attempts)) for _, lead_id, attempts in map(str.split, lines)]


def _compared(
    place: Place,
    disturbance: Disturbance,
    calls: int,
    seen: dict[str, float],
    acknowledged: list[tuple[str, int]],
    note: str,
) -> Ledger:
    persons = f"BETWEEN 'LEAD-{_FIRST:08d}' AND 'LEAD-{_FIRST + calls - 1:08d}'"
    rows = place.query(f"SELECT id, sender_technical_id FROM lead WHERE sender_technical_id {persons}")
    ids = [lead_id for lead_id, _ in acknowledged]
    doubled = len(rows) - len({person for _, person in rows}) + len(ids) - len(set(ids))
    return Ledger(
        database=place.kind,
        disturbance=disturbance,
        calls=calls,
        acknowledged=len(acknowledged),
        leads=len(rows),
        doubled=doubled,
        unknown=len(set(ids) - {lead_id for lead_id, _ in rows}),
        repeated=sum(attempts > 1 for _, attempts in acknowledged),
        calls_per_second=len(acknowledged) / seen["seconds"],
        p50_ms=seen["p50_ms"],
        p99_ms=seen["p99_ms"],
        note=note,
    )
