"""One request to a receiver: events as CloudEvents, signed, to an address that was checked, within one deadline.

The form is CloudEvents' batched JSON (HTTP Protocol Binding 1.0.2, section 3.3), whether it is one event or many. Any
2xx confirms; nothing else of the answer is read. Nothing is decided by the environment: no proxy, no redirects.
"""

import hashlib
import json
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection, InvalidURL
from time import monotonic
from typing import Any
from urllib.parse import SplitResult, urlsplit

from leadbridge.deadline import answer_by
from leadbridge.settings import SettingsError
from leadbridge.webhooks import signing
from leadbridge.webhooks.addresses import AddressNotAllowed, AddressPolicy, Place
from leadbridge.webhooks.outcomes import Outcome, Result

MEDIA_TYPE = "application/cloudevents-batch+json"
LARGEST_BODY = 1_000_000
"""Bytes, where there is more than one event in it."""
_PIECE = 16_384  # bytes: what TLS sends at once


class Sender:
    """Sends to receivers. Safe to share between threads.

    ``timeout`` is in seconds, for everything but the resolver's own patience: connecting, sending, the answer.
    ``ca_file`` is a PEM file of the authorities trusted instead of the system's; SettingsError for one of no use.
    """

    def __init__(
        self,
        addresses: AddressPolicy,
        *,
        timeout: float,
        ca_file: str | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._addresses = addresses
        self._timeout = timeout
        self._clock = clock
        try:
            self._tls = ssl.create_default_context(cafile=ca_file)
        except OSError:
            raise SettingsError([f"webhooks.ca_file: {ca_file} must be a PEM file that can be read."]) from None

    def send(self, url: str, body: bytes, *, message_id: str, signed_with: Sequence[str]) -> Result:
        """Send a body and say what came of it; what is foreseen is not raised."""
        deadline = monotonic() + self._timeout
        parts = urlsplit(url)
        connection: HTTPConnection | None = None
        try:
            connection = self._connected(parts, deadline)
            now = self._clock()  # of this attempt, as the specification wants it
            signature = signing.headers(message_id=message_id, body=body, now=now, signed_with=signed_with)
            try:
                return _exchange(connection, parts, body, signature, deadline)
            except (OSError, HTTPException):
                return Result(Outcome.UNCLEAR)
        except AddressNotAllowed:
            return Result(Outcome.ADDRESS)
        except ssl.SSLCertVerificationError:
            return Result(Outcome.CERTIFICATE)
        except (OSError, InvalidURL):
            return Result(Outcome.UNAVAILABLE)
        finally:
            if connection is not None:
                connection.close()

    def _connected(self, parts: SplitResult, deadline: float) -> HTTPConnection:
        """A connection to one of the addresses that the host stands for, and to none that was not checked."""
        host = parts.hostname or ""
        sock = _connected_to(self._addresses.places(parts), deadline)
        try:
            if parts.scheme == "http":
                connection = HTTPConnection(host, parts.port)
            else:
                sock.settimeout(_left(deadline))
                sock = self._tls.wrap_socket(sock, server_hostname=host)
                connection = HTTPSConnection(host, parts.port, context=self._tls)
        except BaseException:
            sock.close()
            raise
        connection.sock = sock
        return connection


def _connected_to(places: Sequence[Place], deadline: float) -> socket.socket:
    """A socket that is connected to the first of the addresses that can be. Raises OSError."""
    failed: OSError = OSError("no such host")
    for place in places:
        sock = socket.socket(place.family, socket.SOCK_STREAM)
        try:
            sock.settimeout(_left(deadline))
            sock.connect(place.address)
            return sock
        except OSError as error:
            sock.close()
            failed = error
    raise failed


def _exchange(
    connection: HTTPConnection, parts: SplitResult, body: bytes, signature: Mapping[str, str], deadline: float
) -> Result:
    connection.putrequest("POST", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
    for name, value in {
        "Content-Type": MEDIA_TYPE,
        "Content-Length": str(len(body)),
        "User-Agent": "leadbridge",
        "Connection": "close",
        **signature,
    }.items():
        connection.putheader(name, value)
    connection.endheaders()
    # Piece by piece, each within what is left: a timeout of the socket's own would begin again with each.
    for start in range(0, len(body), _PIECE):
        connection.sock.settimeout(_left(deadline))
        connection.send(body[start : start + _PIECE])
    with answer_by(connection, deadline) as answer:
        if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            return Result(Outcome.DELIVERED, str(answer.status))
        return Result(Outcome.GONE if answer.status == HTTPStatus.GONE else Outcome.REFUSED, str(answer.status))


def _left(deadline: float) -> float:
    left = deadline - monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def batch_of(events: Sequence[Mapping[str, Any]]) -> tuple[bytes, int]:
    """As many of the events, from the first on, as a body has room for: the body, and how many they are. There is
    always one.
    """
    pieces: list[bytes] = []
    size = 0
    for one in events:
        piece = json.dumps(one, ensure_ascii=False, separators=(",", ":")).encode()
        size += len(piece) + 1
        if pieces and size >= LARGEST_BODY:
            break
        pieces.append(piece)
    return b"[" + b",".join(pieces) + b"]", len(pieces)


def message_id_of(webhook_id: str, body: bytes) -> str:
    """What identifies a request: the same for the same events, so that a receiver knows it again."""
    return "msg_" + hashlib.sha256(webhook_id.encode() + b"." + body).hexdigest()[:32]
