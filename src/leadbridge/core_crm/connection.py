"""The wire to the core CRM: one HTTP connection with explicit limits, and what each way of failing means.

The standard library's client, because its phases are apart: what fails before the request is sent certainly
did nothing over there, what fails afterwards may have. And nothing is decided by the environment: no proxy,
no netrc, no cookies, no redirects, so that a message and the password go where our settings say.
"""

import select
import socket
import ssl
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection, InvalidURL
from pathlib import Path
from time import monotonic
from urllib.parse import SplitResult, urlsplit

from leadbridge.deadline import answer_by
from leadbridge.forwarding import Misconfigured, Outcome, Unavailable, Unclear

LARGEST_ANSWER = 4_000_000
"""Bytes. A confirmation with a full Log of 1,000 items stays below 2 MB; a larger answer is none of ours."""

_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
_NO_URL = Misconfigured("the core CRM's address is not a URL that can be called")


class CallError(Exception):
    """A call ended before there was an answer to judge; ``outcome`` says how."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(type(outcome).__name__)
        self.outcome = outcome


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """An HTTP answer as it came."""

    status: int
    body: bytes


class Connection:
    """HTTP with Basic authentication and verified TLS; the connection is kept open between calls.

    Timeouts are in seconds: ``connect_timeout`` to connect, ``read_timeout`` to send and then for the whole
    answer, however many pieces it comes in. ``ca_file`` is a PEM file of the authorities trusted instead of
    the system's. ``own_certificate`` is the PEM file of our own gateway's, which may be of no authority and is not made
    out to the address by which this machine reaches it: the other side must show the very same one, and no other is
    trusted. Not for several threads at once.
    """

    def __init__(
        self,
        *,
        username: str | None,
        password: str | None,
        connect_timeout: float,
        read_timeout: float,
        ca_file: str | None,
        own_certificate: str | None = None,
    ) -> None:
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._ca_file = ca_file
        self._own_certificate = own_certificate
        self._headers = {"User-Agent": "leadbridge"}
        if username is not None and password is not None:
            self._headers["Authorization"] = "Basic " + b64encode(f"{username}:{password}".encode()).decode()
        self._open: tuple[tuple[str, str], HTTPConnection] | None = None

    def get(self, url: str) -> RawAnswer:
        """Read a document. Raises CallError; nothing can have happened over there, so never as Unclear."""
        try:
            return self._send("GET", url, body=None, headers={})
        except CallError as error:
            if isinstance(error.outcome, Unclear):
                raise CallError(Unavailable(f"reading the WSDL: {error.outcome.reason}")) from error
            raise

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> RawAnswer:
        """Send a message. Raises CallError."""
        return self._send("POST", url, body=body, headers=headers)

    def close(self) -> None:
        """Close the connection; a later request opens a new one."""
        if self._open is not None:
            self._open[1].close()
            self._open = None

    def _send(self, method: str, url: str, *, body: bytes | None, headers: Mapping[str, str]) -> RawAnswer:
        parts = urlsplit(url)
        connection = self._connected(parts)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            connection.request(method, target, body=body, headers={**headers, **self._headers})
            with answer_by(connection, monotonic() + self._read_timeout) as response:
                answer = RawAnswer(response.status, _content(response))
                if response.will_close:
                    self.close()
                return answer
        except InvalidURL as error:
            self.close()
            raise CallError(_NO_URL) from error
        except TimeoutError as error:
            self.close()
            raise CallError(Unclear("no answer in time")) from error
        except (OSError, HTTPException) as error:
            self.close()
            raise CallError(Unclear("the connection was lost before the answer")) from error
        except BaseException:
            self.close()
            raise

    # ------------------------------------------------------------------------------------------------ connect

    def _connected(self, parts: SplitResult) -> HTTPConnection:
        """An open connection to the host of a URL: the one there is, or a new one. Raises CallError."""
        origin = (parts.scheme, parts.netloc)
        if self._open is not None:
            kept_origin, kept = self._open
            if kept_origin == origin and _is_fresh(kept):
                return kept
            self.close()
        connection = self._new(parts)
        try:
            connection.connect()
        except ssl.SSLCertVerificationError as error:
            connection.close()
            raise CallError(Misconfigured("the core CRM's certificate is not trusted")) from error
        except ssl.SSLError as error:
            connection.close()
            raise CallError(Unavailable("no TLS connection")) from error
        except TimeoutError as error:
            connection.close()
            raise CallError(Unavailable("no connection in time")) from error
        except OSError as error:
            connection.close()
            raise CallError(Unavailable("no connection: refused, unreachable or no such host")) from error
        except (UnicodeError, HTTPException) as error:  # a host that no name can be
            connection.close()
            raise CallError(_NO_URL) from error
        if self._own_certificate is not None and not _shows(connection.sock, self._own_certificate):
            connection.close()
            raise CallError(Misconfigured("the gateway does not show the certificate in tls.certificate_file"))
        connection.sock.settimeout(self._read_timeout)
        self._open = origin, connection
        return connection

    def _new(self, parts: SplitResult) -> HTTPConnection:
        try:
            host, port = parts.hostname, parts.port
            if not host or parts.username is not None:
                raise CallError(_NO_URL)
            if parts.scheme == "https":
                context = self._tls_context()
                return HTTPSConnection(host, port, timeout=self._connect_timeout, context=context)
            if parts.scheme == "http":
                return HTTPConnection(host, port, timeout=self._connect_timeout)
        except (ValueError, InvalidURL) as error:
            raise CallError(_NO_URL) from error
        raise CallError(_NO_URL)

    def _tls_context(self) -> ssl.SSLContext:
        if self._own_certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # `_shows` looks at it instead
            return context
        try:
            return ssl.create_default_context(cafile=self._ca_file)
        except OSError as error:
            raise CallError(Misconfigured("the file of trusted authorities cannot be read")) from error


def _shows(sock: socket.socket, certificate_file: str) -> bool:
    """Whether the other side has shown the first certificate of the file, and so has its key."""
    try:
        text = Path(certificate_file).read_text(encoding="latin-1")
        first = text[: text.index(_END) + len(_END)][text.index(_BEGIN) :]
        return isinstance(sock, ssl.SSLSocket) and sock.getpeercert(True) == ssl.PEM_cert_to_DER_cert(first)
    except (OSError, ValueError):
        return False


def _is_fresh(connection: HTTPConnection) -> bool:
    """Whether a kept connection can be used: the other side has neither closed it nor said more than it
    should.
    """
    sock = connection.sock
    if sock is None:
        return False
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return not poll.poll(0)


def _content(response: HTTPResponse) -> bytes:
    """The body, where it is plain, whole and not too large. Raises CallError."""
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise CallError(Unclear("the answer is compressed, which was not asked for"))
    content = response.read(LARGEST_ANSWER + 1)
    if len(content) > LARGEST_ANSWER:
        raise CallError(Unclear(f"the answer is larger than {LARGEST_ANSWER} bytes"))
    if response.length:
        raise CallError(Unclear("the answer is cut off"))
    return content
