"""A real server among hostile clients: what is too much is cheap to refuse, and others are served meanwhile."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from leadbridge.settings import GateSettings
from tests.support.bulk_by_hand import head, small_lead
from tests.support.calls import Wire, until
from tests.support.databases import sqlite_template
from tests.support.door import PASSWORD
from tests.support.flood import Flood
from tests.support.hostile import SHAPES, Watch, bomb, send
from tests.support.messages_by_hand import create_lead, read_lead
from tests.support.server import Server

SIZE = 100_000_000
CPU_AFTER = 0.05  # seconds: what may still be done for a message beyond its limit
SLACK = 8_000_000  # bytes: what a process grows by on its own, and the copy of what came last
LIMIT = GateSettings().largest_message_bytes
CALLER = ("partner", PASSWORD)
HEADER_DEADLINE, CONNECTIONS = 1, 300


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("hostile")
    (folder / "leadbridge.db").write_bytes(sqlite_template())
    environment = {
        "LEADBRIDGE_FORWARDING__ENABLED": "false",
        "LEADBRIDGE_BULK__POLL_SECONDS": "0.1",
        "LEADBRIDGE_LOAD__HEADER_DEADLINE_SECONDS": str(HEADER_DEADLINE),
        "LEADBRIDGE_LOAD__MOST_CONNECTIONS": str(CONNECTIONS),
    }
    made = Server(f"sqlite:///{folder / 'leadbridge.db'}", folder, environment=environment)
    made.add_caller(CALLER[0], "partner")
    with made:
        Wire(made.url, CALLER).send(read_lead("0000000001"))  # the password is verified, once
        yield made


@pytest.mark.parametrize("shape", SHAPES)
def test_row_04_and_05_and_08_a_hundred_megabytes_of_any_shape_cost_nothing_beyond_the_limit(
    server: Server, shape: str
) -> None:
    cost = send(server, "/soap/BusinessPartnerService", SHAPES[shape](SIZE), headers="Content-Type: text/xml")

    assert cost.status == (413 if shape != "zeros" else 500)  # zeros are no text at all
    assert cost.sent < LIMIT + SLACK  # nobody reads on
    assert cost.cpu_after < CPU_AFTER
    assert cost.memory < LIMIT + SLACK


def test_row_04_a_hundred_megabytes_that_are_declared_are_not_read(server: Server) -> None:
    pieces = SHAPES["one text"](SIZE)

    cost = send(server, "/soap/LeadService", pieces, headers="Content-Type: text/xml", declared=SIZE)

    assert cost.status == 413
    assert cost.cpu_before + cost.cpu_after < CPU_AFTER
    assert cost.memory < SLACK


@pytest.mark.parametrize(
    "coding", ["Content-Type: application/gzip", "Content-Type: text/xml\r\nContent-Encoding: gzip"]
)
def test_row_21_a_bomb_for_the_bulk_door_is_not_inflated(server: Server, coding: str) -> None:
    cost = send(server, "/bulk/leads", bomb(SIZE), headers=coding)

    assert cost.status == 413
    assert cost.cpu_after < CPU_AFTER
    assert cost.memory < 2 * SLACK


def test_row_06_a_file_whose_lead_never_ends_is_broken_off_in_little_memory(server: Server) -> None:
    file = f"{head()}{small_lead(1)}<lbb:Lead".encode() + b" a=''" * 2_000_000
    watch = Watch(server)
    peak = before = watch.memory()
    job = requests.post(
        f"{server.url}/bulk/leads", data=file, auth=CALLER, headers={"Content-Type": "text/xml"}, timeout=30
    ).json()

    def ended() -> str | None:
        nonlocal peak
        peak = max(peak, watch.memory())
        found = requests.get(f"{server.url}/bulk/leads/{job['id']}", auth=CALLER, timeout=30).json()
        return found["state"] if found["endedAt"] else None

    assert until(ended, what="the end of the job") == "broken"
    assert peak - before < 150_000_000  # expat's and ours of some ten megabytes; it was a gigabyte


@pytest.mark.parametrize("begun", [b"", b"POST /soap/LeadService HTTP/1.1\r\nHost: x\r\n"], ids=["silent", "half"])
def test_row_22_headers_have_a_deadline_and_connections_that_wait_for_it_keep_nobody_out(
    server: Server, begun: bytes
) -> None:
    with ExitStack() as held:
        connections = [  # all places, and some that wait for one
            held.enter_context(socket.create_connection(("127.0.0.1", server.port), 10))
            for _ in range(CONNECTIONS + 20)
        ]
        for connection in connections:
            connection.sendall(begun)
        assert requests.get(f"{server.url}/livez", timeout=10).status_code == requests.codes.ok
        assert connections[-1].recv(1) == b""  # hung up on


def test_row_22_and_31_a_good_client_is_served_in_a_flood(server: Server) -> None:
    """How long its calls take is measured by `make bench`."""
    wire = Wire(server.url, CALLER)
    with Flood(server.port) as flood:
        ends = time.monotonic() + 2
        calls = 0
        while time.monotonic() < ends or calls < 20:
            wire.send(create_lead(), timeout=10)
            assert requests.get(f"{server.url}/livez", timeout=10).status_code == requests.codes.ok
            calls += 1
    assert min(flood.counted[kind] for kind in ("garbage", "oversize", "strangers", "slow_readers")) > 0
    assert "Traceback" not in server.output()
    assert " error " not in server.output()
