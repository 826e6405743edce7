"""Messages that are too much, sent to a real server, and what they cost it: CPU and memory of its processes."""

from __future__ import annotations

import gzip
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from tests.support.bulk_by_hand import head, small_lead
from tests.support.door import basic, envelope
from tests.support.server import Server

PIECE = 65_536
SECONDS = 60

_HEAD = envelope("").partition(b"</e:Body>")[0]


def _endless(begin: bytes, filling: bytes) -> Callable[[int], Iterator[bytes]]:
    def pieces(size: int) -> Iterator[bytes]:
        yield begin
        piece = filling * (PIECE // len(filling))
        for _ in range(size // len(piece) + 1):
            yield piece

    return pieces


SHAPES: dict[str, Callable[[int], Iterator[bytes]]] = {
    "one text": _endless(_HEAD + b"<a>", b"x" * 1_024),
    "siblings": _endless(_HEAD + b"<a>", b"<b/>"),
    "depth": _endless(_HEAD, b"<a>"),
    "attributes": _endless(_HEAD + b"<a ", b"a='1' "),
    "one attribute": _endless(_HEAD + b"<a b='", b"x" * 1_024),
    "a name": _endless(_HEAD + b"<", b"x" * 1_024),
    "comments": _endless(_HEAD, b"<!--" + b"x" * 1_017 + b"-->"),
    "one comment": _endless(_HEAD + b"<!--", b"x" * 1_024),
    "white space": _endless(_HEAD, b" " * 1_024),
    "CDATA": _endless(_HEAD + b"<a><![CDATA[", b"x" * 1_024),
    "namespaces": _endless(_HEAD + b"<a ", b"xmlns:a='urn:x' "),
    "zeros": _endless(b"", b"\0" * 1_024),
}
"""How a message can be endless."""


def bomb(size: int) -> Iterator[bytes]:
    """A bulk file in gzip that comes to so many bytes: a lead, and then nothing but space."""
    yield gzip.compress(f"{head()}{small_lead(1)}".encode() + b" " * size, 9)


@dataclass(frozen=True)
class Cost:
    """What came back, and what it cost: seconds of CPU until the answer and after it, bytes of memory beyond before."""

    status: int
    sent: int
    cpu_before: float
    cpu_after: float
    memory: int


class Watch:
    """CPU and memory of the processes of a server that listen, with all they have started."""

    def __init__(self, server: Server) -> None:
        self._processes = [server.process, *server.process.children(recursive=True)]

    def cpu(self) -> float:
        """Seconds of CPU that they have used."""
        return sum(sum(one.cpu_times()[:2]) for one in self._processes)

    def memory(self) -> int:
        """Bytes that they have in memory, each what it shares as well."""
        return sum(int(one.memory_info().rss) for one in self._processes)


def send(server: Server, path: str, pieces: Iterator[bytes], *, headers: str, declared: int | None = None) -> Cost:
    """Send a body, chunked unless a length is declared; go on after the answer, as long as anybody reads."""
    watch = Watch(server)
    peak = before = watch.memory()
    ended = threading.Event()

    def sample() -> None:
        nonlocal peak
        while not ended.wait(0.01):
            peak = max(peak, watch.memory())

    sampler = threading.Thread(target=sample)
    sampler.start()
    sent, answered_at, answer = 0, None, b""
    began = watch.cpu()
    framing = "Transfer-Encoding: chunked" if declared is None else f"Content-Length: {declared}"
    request = f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {basic().decode()}\r\n{headers}\r\n{framing}\r\n\r\n"
    try:
        with socket.create_connection(("127.0.0.1", server.port), SECONDS) as connection:
            connection.sendall(request.encode())
            with suppress(ConnectionError):
                for piece in pieces:
                    connection.sendall(b"%x\r\n%b\r\n" % (len(piece), piece) if declared is None else piece)
                    sent += len(piece)
                    if answered_at is None and select.select([connection], [], [], 0)[0]:
                        answered_at = watch.cpu()
                if declared is None:
                    connection.sendall(b"0\r\n\r\n")
            with suppress(ConnectionError):
                while data := connection.recv(PIECE):
                    answered_at = answered_at or watch.cpu()
                    answer += data
                    if b"</soap:Envelope>" in answer or answer.endswith(b"}"):
                        break
        time.sleep(0.05)  # what is still done for it shall be counted
        ends = watch.cpu()
    finally:
        ended.set()
        sampler.join()
    status = int(answer.split(b" ", 2)[1]) if answer else 0
    middle = answered_at if answered_at is not None else ends
    return Cost(status, sent, middle - began, ends - middle, max(peak, watch.memory()) - before)
