"""The SOAP door behind its real server and a real socket: what only bytes on a wire can show."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from granian.constants import Interfaces
from granian.server.embed import Server

from leadbridge.soap.versions import SOAP_11
from tests.support.door import LIMITS, Door, FaultSeen, Reply, basic, envelope

DEADLINE = 0.5


class Running:
    """A door that listens on a port of its own."""

    def __init__(self, port: int, door: Door) -> None:
        self.port = port
        self.door = door

    def connect(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    door = Door(limits=replace(LIMITS, body_deadline_seconds=DEADLINE))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    loop = asyncio.new_event_loop()
    server = Server(door.app, address="127.0.0.1", port=port, interface=Interfaces.ASGINL)
    thread = threading.Thread(target=_serve, args=(loop, server), daemon=True)
    thread.start()
    running = Running(port, door)
    for _ in range(200):
        with contextlib.suppress(OSError), running.connect():
            break
        time.sleep(0.02)
    yield running
    loop.call_soon_threadsafe(server.stop)
    thread.join(10)


def _serve(loop: asyncio.AbstractEventLoop, server: Server) -> None:
    asyncio.set_event_loop(loop)
    loop.run_until_complete(server.serve())
    loop.close()


def head(*, length: int | None, more: bytes = b"") -> bytes:
    """The head of a POST; without `length` the body is chunked."""
    framing = b"Transfer-Encoding: chunked" if length is None else b"Content-Length: %d" % length
    return (
        b"POST /soap/LeadService HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml; charset=utf-8\r\n"
        b"Authorization: %b\r\n%b\r\n%b\r\n" % (basic(), framing, more)
    )


def chunked(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def read_reply(connection: socket.socket) -> Reply:
    """One answer; the connection may stay open after it."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += _more(connection)
    start, _, body = received.partition(b"\r\n\r\n")
    status, *lines = start.decode().split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers["content-length"]):
        body += _more(connection)
    return Reply(int(status.split()[1]), headers, body)


def _more(connection: socket.socket) -> bytes:
    data = connection.recv(65_536)
    assert data, "the connection was closed in the middle of an answer"
    return data


def fault_of(connection: socket.socket) -> tuple[int, FaultSeen]:
    reply = read_reply(connection)
    return reply.status, reply.fault


def test_a_message_in_chunks_is_answered_and_the_connection_goes_on(running: Running) -> None:
    message = envelope()
    with running.connect() as connection:
        for size in (1, 100, len(message)):
            connection.sendall(head(length=None))
            pieces = [chunked(message[start : start + size]) for start in range(0, len(message), size)]
            connection.sendall(b"".join(pieces) + b"0\r\n\r\n")
            assert read_reply(connection).answer is not None


def test_a_message_that_arrives_in_pieces_is_answered(running: Running) -> None:
    message = envelope()
    with running.connect() as connection:
        connection.sendall(head(length=len(message)))
        for start in range(0, len(message), 500):
            connection.sendall(message[start : start + 500])
            time.sleep(0.01)
        assert read_reply(connection).answer is not None


def test_row_04_a_chunked_message_over_the_limit_is_refused_before_its_end(running: Running) -> None:
    filling = b"<!--" + b"x" * 9_993 + b"-->"
    with running.connect() as connection:
        connection.sendall(head(length=None))
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for _ in range(LIMITS.largest_message_bytes // len(filling) + 2):
                connection.sendall(chunked(filling))
        status, fault = fault_of(connection)
    assert (status, fault.kind) == (413, "MessageTooLarge")


def test_row_04_a_declared_length_over_the_limit_is_refused_before_the_body(running: Running) -> None:
    with running.connect() as connection:
        connection.sendall(head(length=LIMITS.largest_message_bytes + 1))
        status, fault = fault_of(connection)
    assert (status, fault.kind) == (413, "MessageTooLarge")


def test_row_03_a_message_too_deep_is_refused_before_its_end(running: Running) -> None:
    with running.connect() as connection:
        connection.sendall(head(length=None) + chunked(b"<a>" * 30_000))
        status, fault = fault_of(connection)
    assert (status, fault.kind) == (413, "MessageTooLarge")


def test_row_22_a_body_that_comes_too_slowly_is_refused_and_others_are_served_meanwhile(running: Running) -> None:
    message = envelope()
    with running.connect() as slow, running.connect() as good:
        slow.sendall(head(length=len(message)) + message[:100])
        good.sendall(head(length=len(message)) + message)
        assert read_reply(good).answer is not None
        reply = read_reply(slow)
    assert reply.status == 408
    assert reply.fault.kind == "MalformedMessage"
    assert reply.fault.code == f"{{{SOAP_11.namespace}}}Client"


def test_a_sender_that_goes_away_leaves_the_door_open(running: Running) -> None:
    for _ in range(20):
        with running.connect() as connection:
            connection.sendall(head(length=10_000) + b"<e:Envelope")
    with running.connect() as connection:
        message = envelope()
        connection.sendall(head(length=len(message)) + message)
        assert read_reply(connection).answer is not None
