"""A receiver of webhooks: a real HTTP server on loopback that records what it is sent and answers as it is told.

It verifies signatures by itself, as the Standard Webhooks specification says and README shows.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.support.certificates import Identity


@dataclass(frozen=True)
class Request:
    """What came in. `path` has the query."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    at: float = field(default_factory=time.monotonic)

    @property
    def events(self) -> list[dict[str, Any]]:
        """The CloudEvents of the batch."""
        found: list[dict[str, Any]] = json.loads(self.body)
        return found

    def signed_with(self, secret: str) -> list[bool]:
        """Of each signature, whether it was made with the secret."""
        key = base64.b64decode(secret.removeprefix("whsec_"))
        signed = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode() + self.body
        right = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
        return [one == f"v1,{right}" for one in self.headers["webhook-signature"].split(" ")]


Answer = int | Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Records, and does what the script says next; at its end it confirms."""

    protocol_version = "HTTP/1.1"
    receiver: Receiver

    def do_POST(self) -> None:
        """One request."""
        body = self.rfile.read(int(self.headers["content-length"]))
        receiver = self.receiver
        with receiver.lock:
            named = {name.lower(): value for name, value in self.headers.items()}
            receiver.requests.append(Request(self.path, named, body))
            answer = receiver.script.pop(0) if receiver.script else receiver.usual
            receiver.under_way += 1
            receiver.most_under_way = max(receiver.most_under_way, receiver.under_way)
        try:
            if callable(answer):
                answer(self)
            else:
                self.answer(answer)
        finally:
            with receiver.lock:
                receiver.under_way -= 1

    def answer(self, status: int, **headers: str) -> None:
        """An answer without a body."""
        self.send_response(status)
        for name, value in {"content-length": "0", **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""


@dataclass
class Receiver:
    """See the module. `usual` is what follows the script."""

    url: str
    script: list[Answer] = field(default_factory=list)
    usual: Answer = 204
    requests: list[Request] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    under_way: int = 0
    most_under_way: int = 0

    @property
    def events(self) -> list[dict[str, Any]]:
        """All events, in the order in which they came."""
        return [event for request in self.requests for event in request.events]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Who hangs up does so for the test's sake."""


@contextmanager
def receiving(identity: Identity | None = None, folder: Path | None = None) -> Iterator[Receiver]:
    """A receiver, with TLS where it has an identity, whose files go into the folder."""
    server = _Server(("127.0.0.1", 0), Handler)
    scheme = "http"
    if identity is not None and folder is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        key, certificate = identity.written_to(folder, "receiver")
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme = "https"
    receiver = Receiver(f"{scheme}://127.0.0.1:{server.server_port}/hooks")
    server.RequestHandlerClass = type("Bound", (Handler,), {"receiver": receiver})
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def drip(handler: Handler) -> None:
    """Answer a byte at a time, for ever: each comes soon, the last never."""
    try:
        for byte in b"HTTP/1.1 200 OK\r\nX: " + b"x" * 10_000:
            handler.wfile.write(bytes([byte]))
            time.sleep(0.02)
    except OSError:
        handler.close_connection = True


def silence(handler: Handler) -> None:
    """No answer, for longer than a test's patience."""
    time.sleep(0.8)
    handler.close_connection = True


def redirect(handler: Handler) -> None:
    """To where it would be confirmed."""
    handler.answer(307, location="/elsewhere")
