"""The operations of the services, as the WSDL files declare them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from lxml import etree

from leadbridge.contract.codec import class_of
from leadbridge.contract.files import AUTHORED
from leadbridge.contract.parsing import parse

WSDL = "http://schemas.xmlsoap.org/wsdl/"
SOAP = "http://schemas.xmlsoap.org/wsdl/soap/"
SOAP12 = "http://schemas.xmlsoap.org/wsdl/soap12/"

_SHORT = {"wsdl": WSDL, "soap": SOAP, "soap12": SOAP12}


@dataclass(frozen=True, slots=True)
class ContractOperation:
    """One operation. `request` and `answer` are names in Clark notation, the classes their messages."""

    name: str
    service: str
    namespace: str
    soap_action: str
    request: str
    answer: str
    request_class: type[Any]
    answer_class: type[Any]
    documentation: str


@cache
def operations() -> tuple[ContractOperation, ...]:
    """All operations, by service and then in the order of the WSDL."""
    return tuple(one for service, wsdl in AUTHORED.wsdls.items() for one in _read(service, parse(wsdl)))


@cache
def by_request() -> Mapping[str, ContractOperation]:
    """The operation of each request element; no two operations share one."""
    return MappingProxyType({one.request: one for one in operations()})


@cache
def by_name() -> Mapping[str, ContractOperation]:
    """The operation of each name; names are unique over all services."""
    return MappingProxyType({one.name: one for one in operations()})


def of_service(service: str) -> tuple[ContractOperation, ...]:
    """The operations of one service, in the order of its WSDL; none where there is no such service."""
    return tuple(one for one in operations() if one.service == service)


def _read(service: str, wsdl: etree._Element) -> list[ContractOperation]:
    elements = {
        message.get("name"): _qname(part, part.get("element", ""))
        for message in wsdl.iterfind("wsdl:message", _SHORT)
        for part in message.iterfind("wsdl:part", _SHORT)
    }
    actions = {
        bound.get("name"): one.get("soapAction", "")
        for bound in wsdl.iterfind("wsdl:binding/wsdl:operation", _SHORT)
        for one in bound.iterfind("soap:operation", _SHORT)
    }
    found = []
    for declared in wsdl.iterfind("wsdl:portType/wsdl:operation", _SHORT):
        name = declared.get("name", "")
        request, answer = (elements[_message(declared, way)] for way in ("input", "output"))
        found.append(
            ContractOperation(
                name=name,
                service=service,
                namespace=wsdl.get("targetNamespace", ""),
                soap_action=actions[name],
                request=request,
                answer=answer,
                request_class=class_of(request),
                answer_class=class_of(answer),
                documentation=" ".join(declared.findtext("wsdl:documentation", "", _SHORT).split()),
            )
        )
    return found


def _message(operation: etree._Element, way: str) -> str:
    """Local name of the message that an operation takes (input) or gives (output)."""
    found = operation.find(f"wsdl:{way}", _SHORT)
    assert found is not None, "an operation of the authored contract has both"
    return found.get("message", "").rpartition(":")[2]


def _qname(element: etree._Element, prefixed: str) -> str:
    """A name with prefix in Clark notation."""
    prefix, _, local = prefixed.rpartition(":")
    return f"{{{element.nsmap[prefix or None]}}}{local}"
