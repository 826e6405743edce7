"""A partner's program that speaks with suds, and what is checked of every answer it gets."""

from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.request import BaseHandler
from uuid import uuid4

from lxml import etree
from suds.client import Client
from suds.plugin import MessagePlugin
from suds.transport.https import HttpAuthenticated

from leadbridge.contract import operations
from leadbridge.contract.files import AUTHORED
from leadbridge.contract.parsing import parse
from leadbridge.contract.schema import validate
from tests.interop.gateway import Credentials, Gateway

_BODY = "{http://schemas.xmlsoap.org/soap/envelope/}Body"


class _Received(MessagePlugin):  # type: ignore[misc]  # suds has no types
    """Keeps the bytes of the last answer."""

    def __init__(self) -> None:
        self.answer = b""

    def received(self, context: Any) -> None:
        self.answer = context.reply


class _ReadsRefusals(BaseHandler):
    """Reads a refusal to its end: suds leaves it, and with it a socket, to the garbage collector."""

    handler_order = 100  # before the one that answers with credentials

    def http_error_401(self, _request: object, response: Any, *_: object) -> None:
        response.read()


class _Transport(HttpAuthenticated):  # type: ignore[misc]  # suds has no types
    """The transport that suds takes by itself, but for the reading."""

    def u2handlers(self) -> list[BaseHandler]:
        return [*super().u2handlers(), _ReadsRefusals()]


class SudsCaller:
    """suds with one caller's credentials, on SOAP 1.1, which is all it speaks. Use it as a context manager.

    It sends each call without credentials first, and with them when it is asked for them.
    """

    def __init__(self, gateway: Gateway, credentials: Credentials) -> None:
        self._gateway = gateway
        self._credentials = credentials
        self._received = _Received()
        self._clients: dict[str, Client] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._clients.clear()

    def client(self, service: str) -> Client:
        """The suds client of a service, made from its WSDL once."""
        if service not in self._clients:
            username, password = self._credentials
            self._clients[service] = Client(
                self._gateway.wsdl(service),
                transport=_Transport(username=username, password=password),
                cache=None,  # else it keeps a WSDL of another test's server
                timeout=30,
                plugins=[self._received],
            )
        return self._clients[service]

    def make(self, operation: str, prefixed: str, /, **fields: Any) -> Any:
        """An object of one of the contract's types, such as `lbc:Person`, from suds' factory, with these fields."""
        prefix, _, name = prefixed.partition(":")
        (namespace,) = [uri for uri, known in AUTHORED.prefixes.items() if known == prefix]
        made = self.client(operations.by_name()[operation].service).factory.create(f"{{{namespace}}}{name}")
        for field, value in fields.items():
            setattr(made, field, value)
        return made

    def call(self, operation: str, /, **message: Any) -> Any:
        """The answer of one call as suds shows it. It is valid and refers to the request."""
        uuid = str(uuid4())
        message.setdefault("BasicMessageHeader", self.make(operation, "lbc:BasicMessageHeader", UUID=uuid))
        declared = operations.by_name()[operation]
        answer = getattr(self.client(declared.service).service, operation)(**message)
        element = self.received()
        assert element.tag == declared.answer
        validate(element)
        assert answer.BasicMessageHeader.ReferenceUUID == message["BasicMessageHeader"].UUID
        return answer

    def done(self, operation: str, /, **message: Any) -> Any:
        """The answer of a call that must succeed."""
        answer = self.call(operation, **message)
        assert answer.Log.BusinessDocumentProcessingResultCode == "3", answer.Log
        return answer

    def received(self) -> etree._Element:
        """What came in the Body of the last answer, from its bytes."""
        (element,) = parse(self._received.answer).findall(f"{_BODY}/*")
        return element


@dataclass
class Suds:
    """The part of ZeepCaller that tests of both need, on suds: messages are plain values."""

    caller: SudsCaller

    def call(self, operation: str, /, **message: Any) -> Any:
        """The answer of a call."""
        return self.caller.call(operation, **_attributes_marked(message))


def _attributes_marked(value: Any) -> Any:
    """Plain values as suds takes them: the names of attributes begin with an underscore."""
    if isinstance(value, list):
        return [_attributes_marked(one) for one in value]
    if isinstance(value, dict):
        return {f"_{name}" if name[0].islower() else name: _attributes_marked(one) for name, one in value.items()}
    return value
