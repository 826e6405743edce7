"""What a good client notices of a flood: how long its calls take beside hostile clients, and without them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from leadbridge.store.database import Database, migrate
from tests.support.calls import Unanswered, Wire
from tests.support.door import PASSWORD
from tests.support.flood import Flood
from tests.support.messages_by_hand import create_lead, read_lead
from tests.support.server import Server

_PATIENCE = 10  # seconds after which a call has failed


@dataclass(frozen=True)
class Served:
    """One good client's calls, one after the other."""

    flooded: bool
    calls: int
    failed: int
    p50_ms: float
    p99_ms: float


def measure(seconds: float, folder: Path) -> list[Served]:
    """A client for so long without a flood, and for as long in one; on SQLite, one process, default limits."""
    with _server(folder) as server:
        wire = Wire(server.url, ("partner", PASSWORD))
        wire.send(read_lead("0000000001"))  # the password is verified, once
        alone = _calls(wire, seconds, flooded=False)
        with Flood(server.port, slow=200, idle=1_500):
            time.sleep(min(1, seconds))  # until all of them are there
            flooded = _calls(wire, seconds, flooded=True)
    return [alone, flooded]


@contextmanager
def _server(folder: Path) -> Iterator[Server]:
    path = folder / "flood.db"
    database = Database(f"sqlite:///{path}")
    migrate(database)
    database.dispose()
    server = Server(f"sqlite:///{path}", folder, environment={"LEADBRIDGE_FORWARDING__ENABLED": "false"})
    server.add_caller("partner", "partner", PASSWORD)
    try:
        yield server.start()
    finally:
        server.stop()


def _calls(wire: Wire, seconds: float, *, flooded: bool) -> Served:
    took: list[float] = []
    failed = 0
    ends = time.monotonic() + seconds
    while time.monotonic() < ends or not took:
        began = time.monotonic()
        try:
            wire.send(create_lead(), timeout=_PATIENCE)
        except (Unanswered, requests.RequestException):
            failed += 1
        took.append((time.monotonic() - began) * 1_000)
    cuts = statistics.quantiles(took, n=100) if len(took) > 1 else [took[0]] * 99
    return Served(flooded, len(took), failed, cuts[49], cuts[98])
