"""More than the gateway can take: callers are told so at once, and what was taken is not lost."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests

from leadbridge.messages import LogItem, LogItemSeverityCode
from leadbridge.operations.call import Answer, Call
from leadbridge.operations.dispatcher import Busy
from leadbridge.room import LONG_MESSAGE, Room, Share
from tests.benchmarks.stack import our_app, our_scope
from tests.support.calls import Wire
from tests.support.door import CREATE_LEAD, FIND_LEAD, LIMITS, Door, Recorder, answer_to, basic, envelope
from tests.support.messages_by_hand import read_lead
from tests.support.server import Server


def test_room_is_given_back_as_it_was_taken() -> None:
    room = Room(100, largest_message=100)
    first, second = Share(room, "192.0.2.1"), Share(room, "198.51.100.1")
    first.grow(60)
    second.grow(40)
    with pytest.raises(Busy):
        second.grow(1)
    first.end()
    first.end()  # twice gives nothing back twice
    second.grow(60)
    with pytest.raises(Busy):
        first.grow(1)


MEGA = 1_000_000


def test_row_31_one_address_holds_a_quarter_of_the_room_until_its_sender_is_known() -> None:
    room = Room(256 * MEGA, largest_message=20 * MEGA)
    same = ["2001:db8:0:1::1", "2001:db8:0:1::2", "2001:db8:0:1:ffff::3"]  # one /64
    held = [Share(room, address) for address in same]
    for share, count in zip(held, (20, 20, 16), strict=True):
        share.grow(count * MEGA)  # 56 of its 64 MB are for long messages
    with pytest.raises(Busy):
        held[2].grow(1)
    short = [Share(room, same[0]) for _ in range(62)]
    for share in short[:61]:
        share.grow(LONG_MESSAGE)
    with pytest.raises(Busy):
        short[61].grow(LONG_MESSAGE)
    Share(room, "2001:db8:0:2::1").grow(20 * MEGA)  # a neighbour is somebody else

    for share in short:
        share.end()

    held[0].vouch()  # and then it is held in the room alone
    held[0].vouch()
    held[2].grow(20 * MEGA)
    with pytest.raises(Busy):
        held[2].grow(1)
    for share in held:
        share.end()
    Share(room, same[0]).grow(56 * MEGA)


def test_row_31_an_eighth_of_the_room_is_kept_for_short_messages() -> None:
    room = Room(256 * MEGA, largest_message=20 * MEGA)
    for number in range(4):
        Share(room, f"192.0.2.{number}").grow(56 * MEGA)
    long, short = Share(room, "198.51.100.1"), Share(room, "198.51.100.1")
    long.grow(LONG_MESSAGE)
    with pytest.raises(Busy):
        long.grow(1)
    short.grow(LONG_MESSAGE)


def test_row_31_the_largest_message_fits_whatever_the_room() -> None:
    room = Room(32 * MEGA, largest_message=20 * MEGA)
    Share(room, "192.0.2.1").grow(20 * MEGA)
    with pytest.raises(Busy):
        Share(room, "192.0.2.1").grow(2 * MEGA)


@dataclass
class _Sender:
    """Sends a message in pieces, each after so many seconds."""

    pieces: Sequence[tuple[float, bytes]]
    address: str = "192.0.2.1"
    authorization: bytes | None = None
    status: int | None = None
    text: bytes = b""
    reads: bool = True  # or stops after the first 100 kB of the answer
    whole: bool = False

    async def send_to(self, door: Door) -> None:
        arriving = iter(self.pieces)
        left = len(self.pieces)

        async def receive() -> dict[str, Any]:
            nonlocal left
            seconds, piece = next(arriving)
            await asyncio.sleep(seconds)
            left -= 1
            return {"type": "http.request", "body": piece, "more_body": left > 0}

        async def send(what: Any) -> None:
            self.status = what.get("status", self.status)
            self.text += what.get("body", b"")
            self.whole = what["type"] == "http.response.body" and not what.get("more_body")
            if not self.reads and len(self.text) > 100_000:
                await asyncio.sleep(3_600)

        headers = [(b"content-type", b"text/xml; charset=utf-8")]
        if self.authorization:
            headers.append((b"authorization", self.authorization))
        scope = {"type": "http", "method": "POST", "path": "/soap/LeadService", "headers": headers, "query_string": b""}
        await door.app({**scope, "client": (self.address, 1)}, receive, send)


def _padded(count: int) -> tuple[bytes, bytes]:
    """The beginning of a message that comes to so many bytes by comments, and the rest."""
    beginning, rest = envelope().split(b"<l:Note", 1)
    comments, spaces = divmod(count - len(beginning), 10_000)
    return beginning + (b"<!--" + b" " * 9_993 + b"-->") * comments + b" " * spaces, b"<l:Note" + rest


def test_row_31_senders_that_stop_without_credentials_do_not_shut_out_the_others() -> None:
    """From one address they hold its part; from many addresses a long message must keep its pace."""
    limits = replace(LIMITS, largest_message_bytes=2 * MEGA, pace_seconds=0.5)
    door = Door(limits=limits, most_bytes_under_way=8 * MEGA)
    beginning, rest = _padded(1_500_000)

    def silent(address: str) -> _Sender:
        return _Sender([(0, beginning), (3_600, rest)], address)

    def good(address: str) -> _Sender:
        return _Sender([(0, envelope())], address, basic())

    async def scene() -> None:
        one = [silent("192.0.2.1") for _ in range(4)]
        tasks = [asyncio.create_task(sender.send_to(door)) for sender in one]
        await asyncio.sleep(0.1)
        assert [sender.status for sender in one] == [None, 503, 503, 503]
        many = [silent(f"198.51.100.{number}") for number in range(6)]
        tasks += [asyncio.create_task(sender.send_to(door)) for sender in many]
        await asyncio.sleep(0.1)
        assert sorted(sender.status or 0 for sender in many) == [0, 0, 0, 503, 503, 503]
        for address in ("192.0.2.1", "198.51.100.1", "203.0.113.1"):
            short = good(address)
            await short.send_to(door)
            assert short.status == 200, short.text
        await asyncio.gather(*tasks)
        assert {sender.status for sender in (one[0], *many)} == {408, 503}
        long = _Sender([(0, beginning), (0, rest)], "192.0.2.1", basic())
        await long.send_to(door)
        assert long.status == 200, long.text  # all room was given back

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("first", "then", "seconds", "status"),
    [
        (1_000_000, 20_000, 0.1, 200),  # 200 kB a second
        (1_000_000, 20_000, 0.4, 408),  # 50 kB a second
        (1_000_000, 50_000, 0.24, 200),
        (999_000, 200, 0.4, 200),  # not long yet
    ],
)
def test_row_22_a_long_message_must_keep_its_pace(first: int, then: int, seconds: float, status: int) -> None:
    """100 kB a second over stretches of 0.3 s, from the first million bytes on."""
    door = Door(limits=replace(LIMITS, largest_message_bytes=2 * MEGA))
    beginning, rest = _padded(first + 4 * then)
    steps = [(seconds, beginning[first + step * then : first + (step + 1) * then]) for step in range(4)]
    sender = _Sender([(0, beginning[:first]), *steps, (0, rest)], authorization=basic())
    asyncio.run(sender.send_to(door))
    assert sender.status == status, sender.text


def test_row_31_long_answers_take_room_until_they_are_read() -> None:
    """At 2 MB of room one address has 437,500 bytes for what is long; each answer has some 250,000."""
    items = [LogItem(type_id="X", severity_code=LogItemSeverityCode.VALUE_1, note="n" * 200) for _ in range(800)]

    def long_answer(name: str, _call: Call) -> Answer:
        answer = answer_to(name)
        answer.log.item = items
        return Answer(answer)

    door = Door(recorder=Recorder(long_answer), most_bytes_under_way=2 * MEGA, validate_answers=False)

    def caller(payload: str, address: str = "192.0.2.1", *, reads: bool = True) -> _Sender:
        return _Sender([(0, envelope(payload))], address, basic(), reads=reads)

    async def scene() -> None:
        slow = caller(FIND_LEAD, reads=False)
        task = asyncio.create_task(slow.send_to(door))
        await asyncio.sleep(0.1)
        assert slow.status == 200
        second, elsewhere, write = caller(FIND_LEAD), caller(FIND_LEAD, "198.51.100.1"), caller(CREATE_LEAD)
        for one in (second, elsewhere, write):
            await one.send_to(door)
        assert second.status == 503
        assert b"Busy" in second.text
        assert (elsewhere.status, elsewhere.whole) == (200, True)
        assert (write.status, write.whole) == (200, True)  # what has been done must be told
        assert len(write.text) > LONG_MESSAGE
        await asyncio.wait_for(task, 2)  # whoever does not read is given up
        assert not slow.whole
        again = caller(FIND_LEAD)
        await again.send_to(door)
        assert again.status == 200

    asyncio.run(scene())


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
