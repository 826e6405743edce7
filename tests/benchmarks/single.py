"""Single calls over HTTP on loopback: ours and its peers, durable on both databases and without a database.

Each subject is measured at several numbers of connections by a generator in a process of its own. What the database
holds afterwards is compared with what was acknowledged: a fast server that loses or refuses calls proves nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import load
from tests.benchmarks.databases import DatabaseKind, Databases, Place
from tests.benchmarks.processes import CannotRun, Watched
from tests.benchmarks.subjects import FIRST_OF_ALL, Running, Subject

_PERSONS_EACH = 5_000_000  # room for the persons of one measurement
_SETTLING_SECONDS = 0.5  # for the calls that were under way when the generator stopped


@dataclass(frozen=True)
class Figures:
    """One subject at one number of connections. Without figures, `note` says why."""

    subject: str
    durable: bool
    database: DatabaseKind | None
    workers: int
    connections: int
    calls_per_second: float | None = None
    p50_ms: float | None = None
    p99_ms: float | None = None
    server_cpu_ms: float | None = None
    database_cpu_ms: float | None = None
    generator_cpu_ms: float | None = None
    peak_mb: float | None = None
    database_peak_mb: float | None = None
    acknowledged: int = 0
    failed: int = 0
    late: int = 0
    note: str = ""


@dataclass(frozen=True)
class Plan:
    """What is to be measured, and for how long each."""

    subjects: Sequence[Subject]
    databases: Sequence[DatabaseKind]
    connections: Sequence[int]
    seconds: float
    warm_up_seconds: float

    def places(self, subject: Subject) -> Sequence[DatabaseKind | None]:
        """The databases a subject is measured on; None is without one."""
        return self.databases if subject.durable else (None,)

    def count(self) -> int:
        """How many measurements that makes."""
        return sum(len(self.places(subject)) for subject in self.subjects) * len(self.connections)


def measure(plan: Plan, databases: Databases, folder: Path, report: Callable[[Figures], None]) -> list[Figures]:
    """Measure everything; each result is also reported as soon as it is there."""
    found = []
    for subject in plan.subjects:
        for kind in plan.places(subject):
            for figures in _of_one(plan, subject, kind, databases, folder):
                report(figures)
                found.append(figures)
    return found


def _of_one(
    plan: Plan, subject: Subject, kind: DatabaseKind | None, databases: Databases, folder: Path
) -> Iterator[Figures]:
    """The measurements of one subject on one database, one for each number of connections, whatever happens."""
    left = list(plan.connections)
    try:
        with _place(databases, kind) as place, subject.running(place, folder) as running:
            if plan.warm_up_seconds:  # statements are prepared, pages are in memory, the password is known
                load.run(
                    running.url,
                    template=subject.template,
                    connections=min(16, max(plan.connections)),
                    seconds=plan.warm_up_seconds,
                    first=FIRST_OF_ALL + 1,
                )
            while left:
                first = (1 + len(plan.connections) - len(left)) * _PERSONS_EACH
                figures = _figures(plan, subject, place, running, connections=left[0], first=first)
                del left[0]
                yield figures
    except CannotRun as missing:
        for connections in left:
            yield Figures(subject.name, subject.durable, kind, subject.workers, connections, note=str(missing))


@contextmanager
def _place(databases: Databases, kind: DatabaseKind | None) -> Iterator[Place | None]:
    if kind is None:
        yield None
    else:
        with databases.fresh(kind) as place:
            yield place


def _figures(
    plan: Plan, subject: Subject, place: Place | None, running: Running, *, connections: int, first: int
) -> Figures:
    time.sleep(_SETTLING_SECONDS)
    if place is not None:
        place.rest()
    before = place.count("lead") if place else 0
    with Watched(server=running.pid, database=place.pid if place else None) as watched:
        seen = load.run(
            running.url, template=subject.template, connections=connections, seconds=plan.seconds, first=first
        )
    time.sleep(_SETTLING_SECONDS)
    stored = place.count("lead") - before if place else seen.acknowledged
    calls = max(1, seen.acknowledged)
    return Figures(
        subject=subject.name,
        durable=subject.durable,
        database=place.kind if place else None,
        workers=subject.workers,
        connections=connections,
        calls_per_second=seen.calls_per_second,
        p50_ms=seen.p50_ms,
        p99_ms=seen.p99_ms,
        server_cpu_ms=watched.cpu["server"] / calls * 1e3,
        database_cpu_ms=watched.cpu["database"] / calls * 1e3 if "database" in watched.cpu else None,
        generator_cpu_ms=seen.cpu_seconds / calls * 1e3,
        peak_mb=watched.peak_bytes["server"] / 1e6,
        database_peak_mb=watched.peak_bytes["database"] / 1e6 if "database" in watched.cpu else None,
        acknowledged=seen.acknowledged,
        failed=seen.failed,
        late=seen.late,
        note=_doubt(seen, stored, connections),
    )


def _doubt(seen: load.Load, stored: int, connections: int) -> str:
    """What speaks against a measurement. Calls that the generator cut off at the end may have been stored, too."""
    if seen.failed:
        return f"{seen.failed} calls failed, the first with: {seen.example}"
    if not seen.acknowledged <= stored <= seen.acknowledged + connections:
        return f"{seen.acknowledged} calls were acknowledged, {stored} leads stored"
    return ""
