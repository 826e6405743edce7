"""What is published is what was authored, but for the addresses; and clients can read it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import suds.client
from zeep import Settings
from zeep.transports import Transport
from zeep.wsdl import Document

from leadbridge.contract.files import AUTHORED, SERVICES, UnknownFile
from leadbridge.contract.operations import SOAP, SOAP12, of_service
from leadbridge.contract.parsing import attributes_of, parse
from leadbridge.contract.published import address, flat_wsdl, schemas_of, wsdl, wsdl_for_files, xsd

URL = "https://bridge.example.com:8443/base"
XS = "{http://www.w3.org/2001/XMLSchema}"


def changed_lines(authored: bytes, published: bytes) -> list[tuple[str, str]]:
    """Pairs of lines that differ; a line too many or too few would be an empty one."""
    before, after = authored.decode().splitlines(keepends=True), published.decode().splitlines(keepends=True)
    assert len(before) == len(after)
    return [(old, new) for old, new in zip(before, after, strict=True) if old != new]


@pytest.mark.parametrize("service", SERVICES)
def test_a_wsdl_differs_in_addresses_and_import_locations_alone(service: str) -> None:
    changes = changed_lines(AUTHORED.wsdl(service), wsdl(service, public_url=URL))
    assert len(changes) == 2 + len(schemas_of(service))
    for old, new in changes:
        addressed = old.replace('location="http://127.0.0.1:8000/', f'location="{URL}/')
        located = addressed.replace('schemaLocation="../xsd/', f'schemaLocation="{URL}/soap/{service}?xsd=')
        assert new == located


@pytest.mark.parametrize("service", SERVICES)
def test_a_schema_differs_in_import_locations_alone(service: str) -> None:
    for name in schemas_of(service):
        authored = AUTHORED.xsd(name)
        changes = changed_lines(authored, xsd(name, service=service, public_url=URL))
        assert len(changes) == authored.count(b"<xs:import ")
        for old, new in changes:
            assert new == old.replace('schemaLocation="', f'schemaLocation="{URL}/soap/{service}?xsd=')


@pytest.mark.parametrize("service", SERVICES)
def test_both_ports_have_the_public_address(service: str) -> None:
    for published in (
        wsdl(service, public_url=URL + "/"),
        flat_wsdl(service, public_url=URL),
        wsdl_for_files(service, public_url=URL),
    ):
        root = parse(published)
        (first,) = root.iter(f"{{{SOAP}}}address")
        (second,) = root.iter(f"{{{SOAP12}}}address")
        assert first.get("location") == second.get("location") == address(service, public_url=URL)


def test_an_address_cannot_break_out_of_its_attribute() -> None:
    published = wsdl("LeadService", public_url='http://h/?a=1&b="<x>')
    (place,) = parse(published).iter(f"{{{SOAP}}}address")
    assert place.get("location") == 'http://h/?a=1&b="<x>/soap/LeadService'


@pytest.mark.parametrize("service", SERVICES)
def test_the_flat_form_inlines_each_schema_once_and_locates_nothing(service: str) -> None:
    root = parse(flat_wsdl(service, public_url=URL))
    inlined = list(root.iter(f"{XS}schema"))
    namespaces = [one.get("targetNamespace") for one in inlined]
    assert namespaces == [parse(AUTHORED.xsd(name)).get("targetNamespace") for name in schemas_of(service)]
    assert namespaces[0] == "urn:leadbridge:common:1"
    for one in inlined:
        for used in one.iter(f"{XS}import"):
            assert [name for name, _ in attributes_of(used)] == ["namespace"]
    flat = flat_wsdl(service, public_url=URL)
    for name in schemas_of(service):
        (text,) = re.findall(rb"<xs:schema.*</xs:schema>", AUTHORED.xsd(name), re.DOTALL)
        assert flat.count(re.sub(rb' schemaLocation="\w+\.xsd"', b"", text)) == 1


@pytest.mark.parametrize("service", SERVICES)
def test_the_flat_form_differs_in_its_types_alone(service: str) -> None:
    def without_types(data: bytes) -> bytes:
        return data[: data.index(b"<wsdl:types>")] + data[data.index(b"</wsdl:types>") :]

    flat, whole = flat_wsdl(service, public_url=URL), wsdl(service, public_url=URL)
    assert without_types(flat) == without_types(whole)


@pytest.mark.parametrize(
    ("name", "service"),
    [
        ("nothing.xsd", "LeadService"),
        ("crm.xsd", "LeadService"),
        ("../wsdl/LeadService.wsdl", "LeadService"),
        ("../../../../etc/passwd", "LeadService"),
        ("common.xsd\x00", "LeadService"),
        ("", "LeadService"),
        ("common.xsd", "NoService"),
    ],
)
def test_only_the_schemas_of_a_service_are_given_out(name: str, service: str) -> None:
    with pytest.raises(UnknownFile):
        xsd(name, service=service, public_url=URL)


def test_an_unknown_service_has_no_wsdl() -> None:
    for form in (wsdl, flat_wsdl, wsdl_for_files):
        with pytest.raises(UnknownFile):
            form("NoService", public_url=URL)


@pytest.mark.parametrize("service", SERVICES)
def test_zeep_reads_the_flat_form_from_a_file(service: str, tmp_path: Path) -> None:
    path = tmp_path / "flat.wsdl"
    path.write_bytes(flat_wsdl(service, public_url=URL))
    settings = Settings(strict=True, forbid_external=True, forbid_dtd=True)
    document = Document(str(path), Transport(), settings=settings)
    ports = document.services[service].ports
    assert list(ports) == [f"{service}Soap11", f"{service}Soap12"]
    for port in ports.values():
        assert list(port.binding._operations) == [one.name for one in of_service(service)]


@pytest.mark.parametrize("service", SERVICES)
def test_suds_reads_the_flat_form_from_a_file(service: str, tmp_path: Path) -> None:
    path = tmp_path / "flat.wsdl"
    path.write_bytes(flat_wsdl(service, public_url=URL))
    client = suds.client.Client(path.as_uri(), cache=None)
    (definition,) = client.sd
    methods = [name for name, _ in definition.ports[0][1]]
    assert sorted(methods) == sorted(one.name for one in of_service(service))
