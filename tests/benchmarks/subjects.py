"""What is measured by single calls: ours and its peers, each as a real server on loopback.

A subject says how it is started; what it cannot do without (npm, a compiler, a package) it says with CannotRun.
"""

from __future__ import annotations

import http.client
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from leadbridge.authentication.callers import add_caller
from leadbridge.store.database import Database, migrate
from tests.benchmarks.databases import Place
from tests.benchmarks.message import HEADERS, OPEN, QUALIFIED, SUCCESS, filled
from tests.benchmarks.peers import build
from tests.benchmarks.peers.plain_store import make_schema
from tests.benchmarks.processes import CannotRun, free_port, started, wait_until
from tests.support.door import PARTNER, PASSWORD

READY_SECONDS = 60
FIRST_OF_ALL = 0  # the person of the call that asks whether a server is ready


@dataclass(frozen=True)
class Running:
    """A server that answers: where, and the process that all its others descend from."""

    url: str
    pid: int


Start = Callable[["Subject", Place | None, Path], Iterator[Running]]


@dataclass(frozen=True)
class Subject:
    """One server in one form. Durable ones are measured on each database."""

    name: str
    durable: bool
    workers: int
    start: Start

    @property
    def template(self) -> str:
        """The message it gets."""
        return QUALIFIED if self.durable else OPEN

    @contextmanager
    def running(self, place: Place | None, folder: Path) -> Iterator[Running]:
        """The server, ready; ended on leaving. Raises CannotRun."""
        yield from self.start(self, place, folder)


def acknowledges(url: str, message: bytes) -> bool:
    """Whether a server acknowledges this CreateLead."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    try:
        connection.request("POST", parts.path, message, HEADERS)
        answer = connection.getresponse()
        return answer.status == 200 and re.search(SUCCESS.encode(), answer.read()) is not None
    except OSError:
        return False
    finally:
        connection.close()


@contextmanager
def served(
    command: Sequence[str], *, template: str, port: int, environment: Mapping[str, str], folder: Path
) -> Iterator[Running]:
    """A server started by a command, from when it acknowledges a message."""
    url, log = f"http://127.0.0.1:{port}/soap/LeadService", folder / f"server-{port}.log"
    with started(command, environment=environment, log=log) as process:
        wait_until(
            partial(acknowledges, url, filled(template, FIRST_OF_ALL).encode()),
            seconds=READY_SECONDS,
            what="acknowledge a call",
            process=process,
            log=log,
        )
        yield Running(url, process.pid)


# ---------------------------------------------------------------------------------------------------------------- ours


def prepare(place: Place) -> None:
    """Bring a database to our schema, with the caller of the benchmarks."""
    database = Database(place.url)
    try:
        migrate(database)
        add_caller(
            database,
            caller_id=PARTNER.id,
            name=PARTNER.name,
            roles=sorted(PARTNER.roles),
            password=PASSWORD,
            now=datetime.now(UTC),
        )
    finally:
        database.dispose()


@contextmanager
def gateway(place: Place, folder: Path, *, workers: int, forwarding: bool) -> Iterator[Running]:
    """`leadbridge serve` with its usual settings on a database that was prepared."""
    port = free_port()
    environment = {
        "LEADBRIDGE_DATABASE_URL": place.url,
        "LEADBRIDGE_PORT": str(port),
        "LEADBRIDGE_WORKERS": str(workers),
        "LEADBRIDGE_FORWARDING__ENABLED": str(forwarding).lower(),
    }
    command = [sys.executable, "-m", "leadbridge", "serve"]
    with served(command, template=QUALIFIED, port=port, environment=environment, folder=folder) as running:
        yield running


def _leadbridge(subject: Subject, place: Place | None, folder: Path) -> Iterator[Running]:
    assert place is not None
    prepare(place)
    with gateway(place, folder, workers=subject.workers, forwarding=False) as running:
        yield running


# --------------------------------------------------------------------------------------------------------------- peers


def _granian(application: str, *options: str, subject: Subject, place: Place | None, folder: Path) -> Iterator[Running]:
    """A peer on the same server software as ours."""
    if place is not None:
        make_schema(place.url)
    port = free_port()
    command = [
        *(sys.executable, "-m", "granian", "--factory", "--no-ws", "--log-level", "warning"),
        *("--host", "127.0.0.1", "--port", str(port), "--workers", str(subject.workers), *options, application),
    ]
    environment = {"BENCH_DATABASE_URL": place.url if place else ""}
    with served(command, template=subject.template, port=port, environment=environment, folder=folder) as running:
        yield running


def _threads(count: int) -> tuple[str, ...]:
    return "--interface", "wsgi", "--blocking-threads", str(count)


def _our_stack(subject: Subject, place: Place | None, folder: Path) -> Iterator[Running]:
    application = "tests.benchmarks.peers.our_stack:app"
    return _granian(application, "--interface", "asginl", subject=subject, place=place, folder=folder)


def _spyne(subject: Subject, place: Place | None, folder: Path) -> Iterator[Running]:
    # More threads only fight for the interpreter: 2 to 16 were tried, and each made it slower on both databases.
    threads = _threads(1)
    return _granian("tests.benchmarks.peers.plain_spyne:app", *threads, subject=subject, place=place, folder=folder)


def _soapbar(subject: Subject, place: Place | None, folder: Path) -> Iterator[Running]:
    if find_spec("soapbar") is None:
        raise CannotRun("soapbar is not installed (the extra bench of pyproject.toml)")
    threads = _threads(1 if place is None else 16)
    return _granian("tests.benchmarks.peers.plain_soapbar:app", *threads, subject=subject, place=place, folder=folder)


def _node(subject: Subject, _place: Place | None, folder: Path) -> Iterator[Running]:
    command = build.node_peer(folder.parent / "node")
    wsdl, schemas = build.contract(folder)
    port = free_port()
    arguments = [str(port), str(wsdl), str(schemas), str(subject.workers)]
    with served([*command, *arguments], template=subject.template, port=port, environment={}, folder=folder) as running:
        yield running


def _gsoap(subject: Subject, _place: Place | None, folder: Path) -> Iterator[Running]:
    command = build.gsoap_peer(folder.parent / "gsoap")
    port = free_port()
    with served([*command, str(port)], template=subject.template, port=port, environment={}, folder=folder) as running:
        yield running


OURS, SPYNE = "leadbridge", "plain Spyne"

# Ours and Spyne with one process and with two, so that each can be taken at its best.
SUBJECTS = (
    *(Subject(OURS, durable=True, workers=workers, start=_leadbridge) for workers in (1, 2)),
    *(Subject(SPYNE, durable=True, workers=workers, start=_spyne) for workers in (1, 2)),
    *(Subject("soapbar", durable=True, workers=workers, start=_soapbar) for workers in (1, 2)),
    *(Subject(OURS, durable=False, workers=workers, start=_our_stack) for workers in (1, 2)),
    *(Subject(SPYNE, durable=False, workers=workers, start=_spyne) for workers in (1, 2)),
    *(Subject("soapbar", durable=False, workers=workers, start=_soapbar) for workers in (1, 2)),
    *(Subject("node-soap", durable=False, workers=workers, start=_node) for workers in (1, 2)),
    Subject("gSOAP", durable=False, workers=1, start=_gsoap),
)
