"""A stand-in for the remote core CRM's failures: a real HTTP server on loopback that misbehaves as told.

It serves the published WSDL of CrmService and answers each call by the next behaviour of its script; without
one it confirms. It acts on a message once per header UUID, as the contract asks, and answers replays as such,
so that a test can count what was done over there. It is no core CRM: it knows none of the bank's rules.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

from lxml import etree

from leadbridge.contract import published

PATH = "/soap/CrmService"
COMMON, CRM = "urn:leadbridge:common:1", "urn:leadbridge:crm:1"
SOAP11, SOAP12 = "http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"
OTHER_UUID = "00000000-0000-4000-8000-000000000000"
CONFIRMATIONS = {
    "ComboCreateLeadOpportunityRequest_sync": "ComboCreateLeadOpportunityConfirmation_sync",
    "ComboUpdateLeadOpportunityRequest_sync": "ComboUpdateLeadOpportunityConfirmation_sync",
    "OpportunityStatusUpdateRequest_sync": "OpportunityStatusUpdateConfirmation_sync",
    "LeadStatusUpdateRequest_sync": "LeadStatusUpdateConfirmation_sync",
}


class Behaviour(Enum):
    """What the stand-in does with one call. Those of the second group act on the message first."""

    BUSY_503 = auto()
    PLAIN_503 = auto()
    TOO_MANY = auto()
    BUSY_FAULT = auto()
    UNAUTHENTICATED = auto()
    FORBIDDEN = auto()
    UNAUTHORIZED_FAULT = auto()
    SECURITY_FAULT = auto()
    UNKNOWN_OPERATION = auto()
    NOT_FOUND = auto()
    REDIRECT = auto()
    CLIENT_FAULT = auto()
    SENDER_FAULT = auto()
    REFUSED = auto()
    DECLINED = auto()
    HANGS_UP = auto()

    CONFIRMS = auto()
    CONFIRMS_PARTLY = auto()
    ONLY_RECEIVED = auto()
    WITHOUT_RECORD = auto()
    INTERNAL_ERROR = auto()
    SERVER_FAULT = auto()
    GARBAGE_500 = auto()
    GARBAGE_200 = auto()
    EMPTY_200 = auto()
    ENTITIES = auto()
    COMPRESSED = auto()
    HUGE = auto()
    SILENT = auto()
    LATE = auto()
    DRIPS = auto()
    CLOSES = auto()
    HALF = auto()
    TWICE = auto()
    WRONG_MESSAGE = auto()
    OTHERS_ANSWER = auto()
    INVALID = auto()


KEEP_WAITING = frozenset({Behaviour.SILENT, Behaviour.LATE, Behaviour.DRIPS})
"""Behaviours that end only when the caller's patience does."""

WITHOUT_ACTING = frozenset(behaviour for behaviour in Behaviour if behaviour.value < Behaviour.CONFIRMS.value)


@dataclass(frozen=True)
class Received:
    """One call as it arrived."""

    operation: str  # local name of the request's element
    uuid: str
    message: etree._Element
    headers: dict[str, str]


@dataclass
class FakeCrm:
    """The stand-in. ``records`` is what it did, by header UUID; ``received`` every call, in order."""

    password: str = "secret"
    script: deque[Behaviour] = field(default_factory=deque)
    always: Behaviour = Behaviour.CONFIRMS
    received: list[Received] = field(default_factory=list)
    records: dict[str, tuple[str, str]] = field(default_factory=dict)
    alters: Callable[[bytes], bytes] = lambda answer: answer  # what becomes of an answer on its way
    documents_read: list[str] = field(default_factory=list)
    wsdl_replacements: list[tuple[bytes, bytes]] = field(default_factory=list)
    tls: ssl.SSLContext | None = None
    connections: int = 0
    released: threading.Event = field(default_factory=threading.Event)
    port: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _server: _Server | None = None

    @property
    def root(self) -> str:
        """Scheme, host and port."""
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def address(self) -> str:
        """Where the service is."""
        return f"{self.root}{PATH}"

    @property
    def wsdl(self) -> str:
        """Where its WSDL is."""
        return f"{self.address}?wsdl"

    def up(self) -> None:
        """Listen, on the same port as before."""
        self._server = _Server(("127.0.0.1", self.port), self)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def down(self) -> None:
        """Refuse connections, and cut those there are."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server.cut()
            self._server = None

    def document(self, query: dict[str, list[str]]) -> bytes | None:
        """The WSDL or one of its schemas as the query names it."""
        if "xsd" in query:
            if query["xsd"][0] not in published.schemas_of("CrmService"):
                return None
            return published.xsd(query["xsd"][0], service="CrmService", public_url=self.root)
        if query.get("wsdl") == ["flat"]:
            data = published.flat_wsdl("CrmService", public_url=self.root)
        elif "wsdl" in query:
            data = published.wsdl("CrmService", public_url=self.root)
        else:
            return None
        for old, new in self.wsdl_replacements:
            assert old in data
            data = data.replace(old, new)
        return data

    def next_behaviour(self, received: Received) -> tuple[Behaviour, tuple[str, str] | None, bool]:
        """Take note of a call and act on it: what to do, the record, and whether it was there before."""
        with self._lock:
            self.received.append(received)
            behaviour = self.script.popleft() if self.script else self.always
            if behaviour in WITHOUT_ACTING:
                return behaviour, None, False
            replayed = received.uuid in self.records
            if not replayed:
                new_customer = received.message.findtext(f"{{{CRM}}}CustomerTypeCode") != "ETB"
                record_id = received.message.findtext(f"{{{CRM}}}RecordID") or f"{len(self.records) + 1:010d}"
                self.records[received.uuid] = ("LEAD" if new_customer else "OPPORTUNITY", record_id)
            return behaviour, self.records[received.uuid], replayed


@contextmanager
def running(crm: FakeCrm | None = None) -> Iterator[FakeCrm]:
    """A stand-in that listens for the time of the block."""
    crm = crm or FakeCrm()
    crm.up()
    try:
        yield crm
    finally:
        crm.released.set()
        crm.down()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128  # with the library's 5, relays that connect together wait a second for nothing

    def __init__(self, address: tuple[str, int], crm: FakeCrm) -> None:
        self.crm = crm
        self._connections: list[socket.socket] = []
        super().__init__(address, _Handler)
        if crm.tls is not None:
            # The handshake is the handler's: in the listening thread one slow client would hold up all.
            self.socket = crm.tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def process_request(self, request: socket.socket | tuple[bytes, socket.socket], client: object) -> None:
        assert isinstance(request, socket.socket)
        self._connections.append(request)
        self.crm.connections += 1
        super().process_request(request, client)

    def cut(self) -> None:
        for connection in self._connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # closed already
        self._connections.clear()

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that are gone are part of the game."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the name is the library's
        """Silence."""

    def do_GET(self) -> None:
        crm = self.server.crm
        crm.documents_read.append(self.path)
        data = crm.document(parse_qs(urlsplit(self.path).query, keep_blank_values=True))
        if data is None:
            self._send(404, b"", "text/plain")
        else:
            self._send(200, data)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        (message,) = next(
            child for child in etree.fromstring(body) if child.tag in (f"{{{SOAP11}}}Body", f"{{{SOAP12}}}Body")
        )
        received = Received(
            operation=etree.QName(message).localname,
            uuid=message.findtext(f"{{{CRM}}}BasicMessageHeader/{{{COMMON}}}UUID") or "",
            message=message,
            headers={name.lower(): value for name, value in self.headers.items()},
        )
        behaviour, record, replayed = self.server.crm.next_behaviour(received)
        if record is None:
            self._without_acting(behaviour, received)
        else:
            self._after_acting(behaviour, received, record, replayed=replayed)

    # -------------------------------------------------------------------------------------------- behaviours

    def _without_acting(self, behaviour: Behaviour, received: Received) -> None:
        faults = {
            Behaviour.BUSY_503: (503, "Server", "Busy"),
            Behaviour.BUSY_FAULT: (500, "Server", "Busy"),
            Behaviour.UNAUTHENTICATED: (401, "Client", "Unauthenticated"),
            Behaviour.UNAUTHORIZED_FAULT: (500, "Client", "Unauthorized"),
            Behaviour.UNKNOWN_OPERATION: (500, "Client", "UnknownOperation"),
            Behaviour.CLIENT_FAULT: (500, "Client", "ContractViolation"),
        }
        match behaviour:
            case Behaviour.PLAIN_503:
                self._send(503, b"down for maintenance", "text/plain")
            case Behaviour.TOO_MANY:
                self._send(429, b"slow down", "text/plain")
            case Behaviour.FORBIDDEN:
                self._send(403, b"<html>no</html>", "text/html")
            case Behaviour.NOT_FOUND:
                self._send(404, b"<html>where?</html>", "text/html")
            case Behaviour.REDIRECT:
                self._send(307, b"", headers={"Location": "http://127.0.0.1:9/elsewhere"})
            case Behaviour.SECURITY_FAULT:
                self._send(500, fault11("wsse:FailedAuthentication", None))
            case Behaviour.SENDER_FAULT:
                self._send(400, fault12("Sender", "ContractViolation"), "application/soap+xml")
            case Behaviour.HANGS_UP:
                self.close_connection = True
            case Behaviour.REFUSED | Behaviour.DECLINED:
                declined = behaviour is Behaviour.DECLINED
                type_id = "CRM.DECLINED.007" if declined else "CRM.RECORD_FINAL"
                self._send(200, refusal(received, type_id=type_id, note="a note\nfor \u202e people"))
            case _:
                status, code, type_id = faults[behaviour]
                self._send(status, fault11(f"soap:{code}", type_id))

    def _after_acting(
        self, behaviour: Behaviour, received: Received, record: tuple[str, str], *, replayed: bool
    ) -> None:
        answer = confirmation(received, record, replayed=replayed)
        match behaviour:
            case Behaviour.CONFIRMS:
                self._send(200, answer)
            case Behaviour.TWICE:
                self._send(200, answer)
                self._send(200, answer)
            case Behaviour.CLOSES:
                self.close_connection = True
            case Behaviour.HALF:
                self._send(200, answer, length=len(answer) * 2)
                self.close_connection = True
            case Behaviour.SILENT:
                self.server.crm.released.wait(5)
                self.close_connection = True
            case Behaviour.LATE:
                self.server.crm.released.wait(5)
                self._send(200, answer)
            case Behaviour.DRIPS:
                self._drip()
            case Behaviour.COMPRESSED:
                self._send(200, answer, headers={"Content-Encoding": "gzip"})
            case _:
                self._send(*unbelievable(behaviour, received, record, answer))

    def _drip(self) -> None:
        """One byte at a time, each in time, and never an end."""
        self.send_response(200)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        while not self.server.crm.released.wait(0.05):
            self.wfile.write(b" ")
        self.close_connection = True

    def _send(
        self,
        status: int,
        body: bytes,
        media_type: str = "text/xml",
        *,
        length: int | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        if media_type != "text/plain" and self.command == "POST":
            body = self.server.crm.alters(body)
        self.send_response(status)
        self.send_header("Content-Type", f"{media_type}; charset=utf-8")
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


# ------------------------------------------------------------------------------------------------------ bytes


def envelope(content: str) -> bytes:
    """A SOAP 1.1 envelope around a Body's content."""
    return f'<soap:Envelope xmlns:soap="{SOAP11}"><soap:Body>{content}</soap:Body></soap:Envelope>'.encode()


def fault11(code: str, type_id: str | None) -> bytes:
    """A fault as our own services write it."""
    return envelope(
        f'<soap:Fault xmlns:wsse="urn:wsse"><faultcode>{code}</faultcode>'
        "<faultstring>what went wrong</faultstring>"
        f"{'' if type_id is None else f'<detail>{_detail(type_id)}</detail>'}</soap:Fault>"
    )


def fault12(code: str, type_id: str) -> bytes:
    """The same in SOAP 1.2."""
    return (
        f'<e:Envelope xmlns:e="{SOAP12}"><e:Body><e:Fault><e:Code><e:Value>e:{code}</e:Value></e:Code>'
        '<e:Reason><e:Text xml:lang="en">what went wrong</e:Text></e:Reason>'
        f"<e:Detail>{_detail(type_id)}</e:Detail></e:Fault></e:Body></e:Envelope>"
    ).encode()


def _detail(type_id: str) -> str:
    return (
        f'<lbc:StandardMessageFault xmlns:lbc="{COMMON}"><lbc:standard>'
        f"<lbc:faultTypeID>{type_id}</lbc:faultTypeID>"
        "<lbc:faultText>what went wrong</lbc:faultText></lbc:standard></lbc:StandardMessageFault>"
    )


def _answer(received: Received, fields: str, *, reference: str | None = None, name: str | None = None) -> bytes:
    element = name or CONFIRMATIONS[received.operation]
    return envelope(
        f'<lbr:{element} xmlns:lbr="{CRM}" xmlns:lbc="{COMMON}"><lbr:BasicMessageHeader>'
        f"<lbc:UUID>{uuid4()}</lbc:UUID><lbc:ReferenceUUID>{reference or received.uuid}</lbc:ReferenceUUID>"
        f"</lbr:BasicMessageHeader>{fields}</lbr:{element}>"
    )


def _log(result: int, item: str = "") -> str:
    code = "BusinessDocumentProcessingResultCode"
    return f"<lbr:Log><lbc:{code}>{result}</lbc:{code}>{item}</lbr:Log>"


def _record(record: tuple[str, str]) -> str:
    record_type, record_id = record
    status = "New Lead" if record_type == "LEAD" else "New Opportunity"
    return (
        f"<lbr:RecordTypeCode>{record_type}</lbr:RecordTypeCode><lbr:RecordID>{record_id}</lbr:RecordID>"
        f"<lbr:StatusName>{status}</lbr:StatusName>"
    )


def confirmation(received: Received, record: tuple[str, str], *, replayed: bool) -> bytes:
    """A confirmation that holds."""
    return _confirmation(received, record, replayed=replayed)


def _confirmation(
    received: Received,
    record: tuple[str, str],
    *,
    replayed: bool = False,
    result: int = 3,
    with_record: bool = True,
    reference: str | None = None,
    name: str | None = None,
) -> bytes:
    fields = _record(record) if with_record else ""
    fields += f"<lbr:ReplayedIndicator>{str(replayed).lower()}</lbr:ReplayedIndicator>"
    return _answer(received, fields + _log(result), reference=reference, name=name)


def refusal(received: Received, *, type_id: str, note: str) -> bytes:
    """An answer whose Log says 5: a warning first, then the reason."""
    item = (
        "<lbc:Item><lbc:TypeID>CRM.SOMETHING</lbc:TypeID><lbc:SeverityCode>2</lbc:SeverityCode>"
        "<lbc:Note>a warning</lbc:Note></lbc:Item>"
        f"<lbc:Item><lbc:TypeID>{type_id}</lbc:TypeID><lbc:SeverityCode>3</lbc:SeverityCode>"
        f"<lbc:Note>{note}</lbc:Note></lbc:Item>"
    )
    severity = "<lbc:MaximumLogItemSeverityCode>3</lbc:MaximumLogItemSeverityCode>"
    fields = "<lbr:ReplayedIndicator>false</lbr:ReplayedIndicator>"
    return _answer(received, fields + _log(5, severity + item))


def unbelievable(behaviour: Behaviour, received: Received, record: tuple[str, str], answer: bytes) -> tuple[int, bytes]:
    """Status and body of an answer that says less than it should, or something else."""
    bodies: dict[Behaviour, Callable[[], bytes]] = {
        Behaviour.CONFIRMS_PARTLY: lambda: _confirmation(received, record, result=4),
        Behaviour.ONLY_RECEIVED: lambda: _confirmation(received, record, result=1),
        Behaviour.WITHOUT_RECORD: lambda: _confirmation(received, record, with_record=False),
        Behaviour.OTHERS_ANSWER: lambda: _confirmation(received, record, reference=OTHER_UUID),
        Behaviour.INVALID: lambda: answer.replace(b">3<", b">9<"),
        Behaviour.GARBAGE_200: lambda: b"<html><body>Welcome to the hotel's network</body></html>",
        Behaviour.EMPTY_200: lambda: b"",
        Behaviour.ENTITIES: lambda: b'<!DOCTYPE x [<!ENTITY a "a">]>' + answer,
        Behaviour.HUGE: lambda: answer.replace(b"<soap:Body>", b"<soap:Body>" + b" " * 5_000_000),
        Behaviour.WRONG_MESSAGE: lambda: _confirmation(received, record, name=_another(received)),
    }
    if behaviour in bodies:
        return 200, bodies[behaviour]()
    if behaviour is Behaviour.GARBAGE_500:
        return 500, b"Traceback (most recent call last): ..."
    return 500, fault11("soap:Server", "InternalError" if behaviour is Behaviour.INTERNAL_ERROR else None)


def _another(received: Received) -> str:
    return next(name for request, name in CONFIRMATIONS.items() if request != received.operation)
