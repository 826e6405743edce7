"""The Zeep client of CrmService."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, is_dataclass
from enum import Enum
from time import monotonic
from typing import Any

import zeep
import zeep.exceptions
import zeep.wsdl
from cryptography import x509
from xsdata.models.datatype import XmlDate

from leadbridge.contract import codec
from leadbridge.contract.operations import by_name
from leadbridge.contract.parsing import parse
from leadbridge.core_crm.answers import outcome_of
from leadbridge.core_crm.connection import CallError, Connection, RawAnswer
from leadbridge.core_crm.documents import Documents, collect, is_remote, same_origin
from leadbridge.core_crm.security import Authentication, plug_ins
from leadbridge.forwarding import Misconfigured, Outcome
from leadbridge.signatures.signing import Signer

_SERVICE = "CrmService"


class CoreCrm:
    """The core CRM behind a WSDL; for several threads at once.

    ``wsdl`` is a URL or a file. Timeouts are in seconds. ``address`` replaces the WSDL's soap:address;
    without it a WSDL read over HTTP may only name an address of its own origin, because that is where the
    password goes. ``ca_file`` is a PEM file of the authorities trusted instead of the usual ones,
    ``own_certificate`` of the certificate that our own gateway must show.
    ``authentication`` is how user and password go: as HTTP Basic, or in a UsernameToken beside a Timestamp, as text or
    as a digest. The WSDL is then read without them. ``signer`` signs what goes out; answers are believed only where the
    certificate ``signed_by`` has signed them, if one is given.

    The WSDL is read when the first message is sent, so that a core CRM that is down when we start is no more
    than Unavailable. It is read again after a Misconfigured: what somebody mended over there needs no restart
    here.
    """

    def __init__(
        self,
        *,
        wsdl: str,
        username: str | None,
        password: str | None,
        connect_timeout: float,
        read_timeout: float,
        address: str | None = None,
        ca_file: str | None = None,
        own_certificate: str | None = None,
        authentication: Authentication = "basic",
        signer: Signer | None = None,
        signed_by: x509.Certificate | None = None,
    ) -> None:
        self._wsdl = wsdl
        self._address = address
        self._wsse = plug_ins(authentication, username=username, password=password, signer=signer)
        self._signed_by = signed_by
        self._connection_settings: dict[str, Any] = {
            "username": username if authentication == "basic" else None,
            "password": password if authentication == "basic" else None,
            "connect_timeout": connect_timeout,
            "read_timeout": read_timeout,
            "ca_file": ca_file,
            "own_certificate": own_certificate,
        }
        self._lock = threading.Lock()
        self._endpoint: _Endpoint | None = None
        self._failed_at = float("-inf")
        self._failure: Outcome | None = None

    def call(self, operation: str, payload: bytes) -> Outcome:
        """Send the message element ``payload`` (XML bytes) to an operation of CrmService, once.

        Raises only what nobody foresaw, such as a payload that is none of the contract's messages.
        """
        described = by_name()[operation]
        message: Any = codec.decode(parse(payload))
        endpoint = None
        try:
            endpoint = self._ready()
            answer = endpoint.send(operation, _arguments(message))
            outcome = outcome_of(
                answer,
                operation=described,
                request_uuid=message.basic_message_header.uuid,
                signed_by=self._signed_by,
            )
        except CallError as failed:
            outcome = failed.outcome
        if isinstance(outcome, Misconfigured) and endpoint is not None:
            self._forget(endpoint)
        return outcome

    def close(self) -> None:
        """Close the connections, those in use when their call is over. A later call begins anew."""
        with self._lock:
            endpoint, self._endpoint = self._endpoint, None
        if endpoint is not None:
            endpoint.close()

    def _ready(self) -> "_Endpoint":
        """The endpoint, read by the first who needs it. Raises CallError.

        Threads that waited for another one's attempt share its failure, instead of each waiting through the
        same timeout in turn.
        """
        asked_at = monotonic()
        with self._lock:
            if self._endpoint is None:
                if self._failure is not None and self._failed_at > asked_at:
                    raise CallError(self._failure)
                try:
                    self._endpoint = _read_endpoint(self._wsdl, self._address, self._connection_settings, self._wsse)
                except CallError as failed:
                    self._failure, self._failed_at = failed.outcome, monotonic()
                    raise
            return self._endpoint

    def _forget(self, endpoint: "_Endpoint") -> None:
        with self._lock:
            if self._endpoint is endpoint:
                self._endpoint = None
        endpoint.close()


class _Transport(zeep.Transport):  # type: ignore[misc] # Zeep has no type information, so its classes are Any
    """Zeep's way to the network: documents come from the collection alone, messages go through the
    connection.

    Zeep gets our RawAnswer as a raw response and hands it through unread.
    """

    def __init__(self, connection: Connection, documents: Documents) -> None:
        self.connection = connection
        self._documents = documents
        super().__init__(session=_NoSession())  # what else Zeep would send by itself fails on it

    def load(self, url: str) -> bytes:
        """A collected document; everything else is refused, whatever it was that asked for it."""
        try:
            return self._documents.contents[url]
        except KeyError:
            raise CallError(Misconfigured("the WSDL needs a document that it does not import")) from None

    def post(self, address: str, message: bytes, headers: Mapping[str, str]) -> RawAnswer:
        """Send a message. Zeep's own method would log it, personal data and all."""
        return self.connection.post(address, message, headers)


class _NoSession:
    """Stands where Zeep would open a session of its own, so that nothing can go past the connection."""

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}

    def mount(self, prefix: str, adapter: object) -> None:
        """Zeep mounts an adapter for file:// URLs; there is nothing to mount it on."""


@dataclass(slots=True)
class _Endpoint:
    """One parsed WSDL and the clients made from it; each client serves one thread at a time."""

    document: Any
    documents: Documents
    settings: Any
    binding_name: str
    address: str
    connection_settings: Mapping[str, Any]
    wsse: list[Any]
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _idle: list[Any] = field(default_factory=list)
    _closed: bool = False

    def send(self, operation: str, arguments: Mapping[str, Any]) -> RawAnswer:
        """Call an operation. Raises CallError."""
        with self._client() as client:
            service = client.create_service(self.binding_name, self.address)
            if operation not in dict(service):
                raise CallError(Misconfigured(f"the core CRM's WSDL has no operation {operation}"))
            try:
                answer: RawAnswer = service[operation](**arguments)
            except (zeep.exceptions.Error, TypeError, ValueError) as error:
                # Zeep raises these while it writes the request: what comes back it does not look at.
                kind = type(error).__name__
                raise CallError(
                    Misconfigured(f"the core CRM's WSDL has another {operation} than the contract ({kind})")
                ) from error
        return answer

    @contextmanager
    def _client(self) -> Iterator[Any]:
        """A client for one call: Zeep's client is not for two threads at once, its document is."""
        with self._lock:
            client = self._idle.pop() if self._idle else None
        if client is None:
            transport = _Transport(Connection(**self.connection_settings), self.documents)
            client = zeep.Client(self.document, transport=transport, settings=self.settings, wsse=self.wsse)
        try:
            yield client
        except BaseException:
            client.transport.connection.close()
            raise
        with self._lock:
            if not self._closed:
                self._idle.append(client)
                return
        client.transport.connection.close()

    def close(self) -> None:
        """Close the connections: of idle clients now, of the others when their call is over."""
        with self._lock:
            self._closed = True
            clients, self._idle = self._idle, []
        for client in clients:
            client.transport.connection.close()


def _read_endpoint(
    wsdl: str, address: str | None, connection_settings: Mapping[str, Any], wsse: list[Any]
) -> _Endpoint:
    """Read the WSDL and find the way to CrmService in it. Raises CallError."""
    connection = Connection(**connection_settings)
    try:
        documents = collect(wsdl, connection.get)
    finally:
        connection.close()
    settings = zeep.Settings(
        strict=True,
        raw_response=True,  # answers are judged by our own parser, schemas and codec
        forbid_dtd=True,
        forbid_entities=True,
        forbid_external=True,
    )
    try:
        document = zeep.wsdl.Document(documents.entry, _Transport(connection, documents), settings=settings)
    except CallError:
        raise
    except Exception as error:  # Zeep raises whatever it stumbles over in a foreign WSDL
        raise CallError(Misconfigured(f"the core CRM's WSDL cannot be used ({type(error).__name__})")) from error
    binding_name, published = _port(document)
    if address is None and is_remote(wsdl) and not same_origin(wsdl, published):
        raise CallError(Misconfigured("the WSDL names a service address of another origin than its own"))
    return _Endpoint(
        document=document,
        documents=documents,
        settings=settings,
        binding_name=binding_name,
        address=address or published,
        connection_settings=connection_settings,
        wsse=wsse,
    )


def _port(document: Any) -> tuple[str, str]:
    """Binding and address of CrmService: its SOAP 1.1 port, else its SOAP 1.2 port. Raises CallError."""
    service = document.services.get(_SERVICE)
    ports = list(service.ports.values()) if service is not None else []
    for kind in (zeep.wsdl.bindings.Soap11Binding, zeep.wsdl.bindings.Soap12Binding):
        for port in ports:
            address = (port.binding_options or {}).get("address")
            if type(port.binding) is kind and address:
                return port.binding.name.text, address
    raise CallError(Misconfigured(f"the WSDL has no SOAP port of {_SERVICE}"))


def _arguments(message: Any) -> dict[str, Any]:
    """A message as the keyword arguments Zeep takes: by the contract's names, absent fields left out.

    The text of an element that also has attributes is Zeep's ``_value_1``.
    """
    arguments: dict[str, Any] = {}
    for one in fields(message):
        value = getattr(message, one.name)
        if value is None or value == []:
            continue
        kind = one.metadata.get("type")
        if kind in ("Element", "Attribute"):
            arguments[one.metadata.get("name", one.name)] = _argument(value)
        elif kind in (None, "Text"):
            arguments["_value_1"] = _argument(value)
        else:
            # No message to the core CRM has an open place; were one added, leaving it out in silence would
            # lose data.
            raise TypeError(f"{type(message).__name__} has a {kind}, which cannot be forwarded")
    return arguments


def _argument(value: Any) -> Any:
    if isinstance(value, list):
        return [_argument(one) for one in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, XmlDate):
        return str(value)
    if is_dataclass(value):
        return _arguments(value)
    return value
