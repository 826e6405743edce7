"""A partner's program that speaks with Zeep, and what is checked of every answer it gets."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import requests
from lxml import etree
from zeep import Client, Settings
from zeep.helpers import serialize_object
from zeep.transports import Transport
from zeep.wsse.username import UsernameToken

from leadbridge.contract import operations
from leadbridge.contract.parsing import parse
from leadbridge.contract.schema import validate
from tests.interop.gateway import Credentials, Gateway

SOAP_NAMESPACES = {
    "1.1": "http://schemas.xmlsoap.org/soap/envelope/",
    "1.2": "http://www.w3.org/2003/05/soap-envelope",
}


def header(**more: Any) -> dict[str, Any]:
    """A message header as partners send it: a new UUID each time."""
    return {"UUID": str(uuid4()), **more}


class ZeepCaller:
    """Zeep on one SOAP version with one caller's credentials. Use it as a context manager.

    `wsdls` has other places for the WSDLs of some services. With `username_token` the credentials go in a
    WS-Security header and not in HTTP Basic; with `wsse`, plug-ins of Zeep's, what those make goes there.
    """

    def __init__(
        self,
        gateway: Gateway,
        credentials: Credentials,
        *,
        version: str = "1.1",
        wsdls: Mapping[str, str] | None = None,
        username_token: bool = False,
        wsse: Any = None,
    ) -> None:
        self.version = version
        self._gateway = gateway
        self._wsdls = wsdls or {}
        self._session = requests.Session()
        self._wsse = UsernameToken(*credentials) if username_token else wsse
        if self._wsse is None:
            self._session.auth = credentials
        self._session.hooks["response"].append(self._keep)
        self._answer = b""
        self._clients: dict[str, Client] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._session.close()

    def client(self, service: str) -> Client:
        """The Zeep client of a service, made from its WSDL once."""
        if service not in self._clients:
            self._clients[service] = Client(
                self._wsdls.get(service) or self._gateway.wsdl(service),
                service_name=service,
                port_name=f"{service}Soap{self.version.replace('.', '')}",
                transport=Transport(session=self._session, timeout=10, operation_timeout=30),
                settings=Settings(strict=True),
                wsse=self._wsse,
            )
        return self._clients[service]

    def call(self, operation: str, /, **message: Any) -> Any:
        """The answer of one call as Zeep shows it. It is valid, in the right version, and refers to the request.

        The header is made where none is given.
        """
        message.setdefault("BasicMessageHeader", header())
        answer = self.client(operations.by_name()[operation].service).service[operation](**message)
        element = self.received()
        assert element.tag == operations.by_name()[operation].answer
        validate(element)
        sent = message["BasicMessageHeader"]
        assert answer.BasicMessageHeader.ReferenceUUID == sent.get("UUID")
        assert answer.BasicMessageHeader.ReferenceID == sent.get("ID")
        assert answer.BasicMessageHeader.UUID not in (None, sent.get("UUID"))
        return answer

    def done(self, operation: str, /, **message: Any) -> Any:
        """The answer of a call that must succeed."""
        answer = self.call(operation, **message)
        assert answer.Log.BusinessDocumentProcessingResultCode == "3", types(answer)
        return answer

    def refused(self, operation: str, /, **message: Any) -> list[str]:
        """The TypeIDs of the Log of a call that must be refused, which is no exception."""
        answer = self.call(operation, **message)
        assert answer.Log.BusinessDocumentProcessingResultCode == "5"
        assert answer.Log.MaximumLogItemSeverityCode == "3"
        return types(answer)

    def received(self) -> etree._Element:
        """What came in the Body of the last answer, from its bytes and not as Zeep shows it."""
        envelope = parse(self._answer)
        namespace = SOAP_NAMESPACES[self.version]
        assert envelope.tag == f"{{{namespace}}}Envelope"
        (element,) = envelope.findall(f"{{{namespace}}}Body/*")
        return element

    def _keep(self, response: requests.Response, *_: object, **__: object) -> None:
        self._answer = response.content


def types(answer: Any) -> list[str]:
    """The TypeIDs of an answer's Log, in order."""
    return [item.TypeID for item in answer.Log.Item]


def plain(value: Any) -> Any:
    """What Zeep shows as plain dicts and lists, without the elements that were not sent."""
    return _pruned(serialize_object(value, dict))


def _pruned(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _pruned(one) for key, one in value.items() if one is not None and one != []}
    if isinstance(value, list):
        return [_pruned(one) for one in value]
    return value


def including(lower: Any, boundary: str = "1", upper: Any = None, *, exclude: bool = False) -> dict[str, Any]:
    """One interval of a selection."""
    return {
        "InclusionExclusionCode": "E" if exclude else "I",
        "IntervalBoundaryTypeCode": boundary,
        "LowerBoundary": lower,
        "UpperBoundary": upper,
    }


@contextmanager
def both_versions(gateway: Gateway, caller_id: str) -> Iterator[dict[str, ZeepCaller]]:
    """One caller on each SOAP version, by version."""
    credentials = gateway.caller(caller_id)
    with (
        ZeepCaller(gateway, credentials, version="1.1") as older,
        ZeepCaller(gateway, credentials, version="1.2") as newer,
    ):
        yield {"1.1": older, "1.2": newer}
