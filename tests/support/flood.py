"""A flood: clients that only disturb, many at once, for as long as a block lasts."""

from __future__ import annotations

import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import cycle
from types import TracebackType
from typing import Self

from tests.support.door import basic
from tests.support.hostile import PIECE, SHAPES

_SECONDS = 5  # a socket's patience
_START = b"POST /soap/LeadService HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\n"


class Flood:
    """Clients against 127.0.0.1:`port`. `counted` says how often each kind has begun anew."""

    def __init__(self, port: int, *, slow: int = 40, idle: int = 200) -> None:
        self._port = port
        self._slow, self._idle = slow, idle
        self._over = threading.Event()
        self.counted: Counter[str] = Counter()
        kinds: tuple[Callable[[], None], ...] = (
            *(self._slow_headers, self._slow_bodies, self._idle_connections, self._slow_readers),
            *(self._garbage, self._oversize, self._strangers),
        )
        self._threads = [threading.Thread(target=self._again, args=(kind,), daemon=True) for kind in kinds]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(2 * _SECONDS)

    def _again(self, disturb: Callable[[], None]) -> None:
        while not self._over.is_set():
            with suppress(OSError):  # whatever the server does about it
                disturb()
            self.counted[disturb.__name__.strip("_")] += 1

    def _connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self._port), _SECONDS)

    def _drip(self, how_many: int, first: bytes, drop: Iterator[bytes]) -> None:
        """Hold connections and send each a few bytes now and then."""
        held: list[socket.socket] = []
        try:
            for _ in range(how_many):
                held.append(self._connect())
                held[-1].sendall(first)
            while not self._over.wait(0.1):
                for one in held:
                    one.sendall(next(drop))
        finally:
            for one in held:
                one.close()

    def _slow_headers(self) -> None:
        self._drip(self._slow, _START, (b"X-%d: a\r\n" % number for number in cycle(range(90))))

    def _slow_bodies(self) -> None:
        begin = _START + b"Authorization: %b\r\nContent-Length: 100000\r\n\r\n<a>" % basic()
        self._drip(self._slow, begin, cycle((b"<b/>",)))

    def _idle_connections(self) -> None:
        self._drip(self._idle, b"", cycle((b"",)))

    def _slow_readers(self) -> None:
        """Ask for a large document again and again, and read nothing."""
        with self._connect() as connection:
            connection.settimeout(0.5)
            for _ in range(200):
                connection.sendall(b"GET /soap/LeadService?wsdl=flat HTTP/1.1\r\nHost: x\r\n\r\n")
            self._over.wait(0.5)

    def _garbage(self) -> None:
        with self._connect() as connection:
            connection.sendall(random.randbytes(random.randrange(1, PIECE)) + b"\r\n\r\n")
            connection.recv(PIECE)

    def _oversize(self) -> None:
        pieces = random.choice(list(SHAPES.values()))(20_000_000)
        with self._connect() as connection:
            connection.sendall(_START + b"Transfer-Encoding: chunked\r\n\r\n")
            for piece in pieces:
                if self._over.is_set():
                    return
                connection.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))

    def _strangers(self) -> None:
        """Calls of nobody."""
        with self._connect() as connection:
            for _ in range(50):
                connection.sendall(_START + b"Content-Length: 4\r\n\r\n<a/>")
                connection.recv(PIECE)
                time.sleep(0.002)
