"""More than the gateway can take: callers are told so at once, and what was taken is not lost."""

from __future__ import annotations

import asyncio
import gc
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests

from leadbridge.operations.dispatcher import Busy
from leadbridge.operations.room import Room, Share
from tests.benchmarks.stack import our_app, our_scope
from tests.support.calls import Wire
from tests.support.door import CREATE_LEAD, envelope
from tests.support.messages_by_hand import read_lead
from tests.support.server import Server


def test_room_is_given_back_as_it_was_taken() -> None:
    room = Room(100)
    first, second = Share(room), Share(room)
    first.grow(60)
    second.grow(40)
    with pytest.raises(Busy):
        second.grow(1)
    first.end()
    first.end()  # twice gives nothing back twice
    second.grow(60)
    with pytest.raises(Busy):
        first.grow(1)


def test_row_31_messages_beyond_the_room_are_told_busy_while_the_others_are_served() -> None:
    """Ten senders stop in the middle of their messages; the room holds six of them and one more message."""
    app = our_app(most_bytes_under_way=6 * 1_000 + 4_000)
    message = envelope()
    slow = envelope(CREATE_LEAD + "<!--" + " " * 20_000 + "-->")

    async def sender(data: bytes, first: int, rest: asyncio.Event | None) -> tuple[int, dict[bytes, bytes], bytes]:
        pieces = [data[:first], data[first:]] if rest else [data]
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            if rest and len(pieces) == 1:
                await rest.wait()
            return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

        async def send(what: Any) -> None:
            sent.append(what)

        scope = our_scope()
        scope["headers"] = [one for one in scope["headers"] if one[0] != b"content-length"]
        await app(scope, receive, send)
        return sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"]

    async def scene() -> None:
        rest = asyncio.Event()
        held = [asyncio.create_task(sender(slow, 1_000, rest)) for _ in range(6)]
        await asyncio.sleep(0.05)
        status, _, _ = await sender(message, 0, None)
        assert status == 200  # there is room for one message more
        refused = [await sender(slow, 5_000, rest) for _ in range(3)]
        for status, headers, body in refused:
            assert status == 503
            assert headers[b"retry-after"] == b"1"
            assert b"Busy" in body
        rest.set()
        await asyncio.gather(*held)
        status, _, _ = await sender(message, 0, None)
        assert status == 200  # all room was given back

    asyncio.run(scene())


def test_a_call_leaves_nothing_behind_for_the_garbage_collector() -> None:
    """Cycles would keep each message in memory until a collection, which stops everybody."""
    app, message = our_app(), envelope()

    async def calls(count: int) -> None:
        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": message, "more_body": False}

        async def send(_what: Any) -> None:
            return None

        for _ in range(count):
            await app(our_scope(), receive, send)

    asyncio.run(calls(20))
    gc.collect()
    gc.disable()
    try:
        asyncio.run(calls(100))
        assert gc.collect() < 100  # the event loop itself leaves a few
    finally:
        gc.enable()


def test_a_database_that_keeps_everybody_waiting_does_not_stop_the_event_loop(
    postgresql_url: str, tmp_path: Path
) -> None:
    """All connections wait for a lock, and a write comes on top: the process lives, and says that it is not ready."""
    server = Server(postgresql_url, tmp_path, environment={"LEADBRIDGE_FORWARDING__ENABLED": "false"})
    credentials = server.add_caller("desk", "callcentre")
    with server, ThreadPoolExecutor(20) as threads:
        wire = Wire(server.url, credentials)
        wire.send(read_lead("0000000001"))  # verifies the password, once
        with psycopg.connect(postgresql_url) as locker:
            locker.execute("LOCK TABLE lead, bulk_job, alembic_version IN ACCESS EXCLUSIVE MODE")
            calls = [threads.submit(wire.send, read_lead("0000000001")) for _ in range(10)]
            job = f"{server.url}/bulk/leads/0000000001"
            jobs = [threads.submit(requests.get, job, auth=credentials, timeout=40) for _ in range(5)]
            time.sleep(0.5)
            calls.append(threads.submit(wire.send, CREATE_LEAD.encode()))
            time.sleep(0.5)
            for _ in range(3):
                assert requests.get(f"{server.url}/livez", timeout=2).status_code == requests.codes.ok
                ready = requests.get(f"{server.url}/readyz", timeout=5)
                assert ready.status_code == requests.codes.service_unavailable
        assert all(call.result(40) is not None for call in calls)
        assert {job.result(40).status_code for job in jobs} == {requests.codes.not_found}
