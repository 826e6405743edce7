"""Forwarding: how fast the relay of `leadbridge serve` hands qualified leads to the core CRM that is built in.

The leads are there before it starts. The relay is a thread of the server's parent process, the gateway with the core
CRM are its children; so what each costs can be told apart.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.databases import DatabaseKind, Databases, Place
from tests.benchmarks.processes import ROOT, CannotRun, cpu_seconds, family
from tests.benchmarks.subjects import gateway, prepare

_WORKERS: dict[DatabaseKind, int] = {"sqlite": 1, "postgresql": 2}  # as the settings recommend
_POLL_SECONDS = 0.05
_LONGEST_SECONDS = 900


@dataclass(frozen=True)
class Forwarded:
    """What the relay did. CPU in milliseconds for each message."""

    database: DatabaseKind
    messages: int
    per_second: float | None = None
    relay_cpu_ms: float | None = None
    gateway_cpu_ms: float | None = None
    database_cpu_ms: float | None = None
    note: str = ""


def measure(
    kinds: Sequence[DatabaseKind],
    messages: int,
    databases: Databases,
    folder: Path,
    report: Callable[[Forwarded], None],
) -> list[Forwarded]:
    """Forward so many messages on each database."""
    found = []
    for kind in kinds:
        try:
            with databases.fresh(kind) as place:
                forwarded = _measured(place, messages, folder)
        except CannotRun as missing:
            forwarded = Forwarded(kind, messages, note=str(missing))
        report(forwarded)
        found.append(forwarded)
    return found


def _measured(place: Place, messages: int, folder: Path) -> Forwarded:
    prepare(place)
    workers = _WORKERS[place.kind]
    with gateway(place, folder, workers=workers, forwarding=False) as running:
        create_leads(running.url, first=1, calls=messages)
    waiting = _waiting(place)
    place.rest()
    with gateway(place, folder, workers=workers, forwarding=True) as running:
        # Some are delivered before the gateway is known to be ready; what is counted begins here.
        start, left_at_start = time.monotonic(), _waiting(place)
        before = _costs(running.pid, place.pid)
        left = left_at_start
        while left and time.monotonic() < start + _LONGEST_SECONDS:
            time.sleep(_POLL_SECONDS)
            left = _waiting(place)
        seconds = time.monotonic() - start
        after = _costs(running.pid, place.pid)
    delivered = left_at_start - left
    if left or not delivered:
        return Forwarded(place.kind, waiting, note=f"{left} of {waiting} messages still wait, {delivered} measured")
    relay, gateways, database = (
        None if now is None or then is None else (now - then) / delivered * 1e3
        for then, now in zip(before, after, strict=True)
    )
    return Forwarded(place.kind, delivered, delivered / seconds, relay, gateways, database)


def create_leads(url: str, *, first: int, calls: int) -> None:
    """Create qualified leads, each acknowledged. Raises CannotRun when that does not succeed."""
    command = [
        *(sys.executable, "-m", "tests.benchmarks.client", url),
        *("--first", str(first), "--calls", str(calls), "--connections", "32"),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=_LONGEST_SECONDS, check=False)
    if done.returncode != 0:
        raise CannotRun(f"the leads could not be created: {done.stderr[-300:]}")


def _waiting(place: Place) -> int:
    return int(place.query("SELECT count(*) FROM message WHERE state IN ('waiting', 'claimed')")[0][0])


def _costs(server: int, database: int | None) -> tuple[float, float, float | None]:
    """CPU seconds so far of the relay, of the gateway's processes, and of the database's, if it has any."""
    _, *workers = family(server)
    return cpu_seconds([server]), cpu_seconds(workers), cpu_seconds(family(database)) if database else None
