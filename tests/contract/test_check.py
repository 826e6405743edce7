"""Each rule about the contract's files is shown to bite, on a copy with one thing broken."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from leadbridge.contract.check import _rules, check, export
from leadbridge.contract.files import AUTHORED, SERVICES, ContractFolder
from leadbridge.contract.operations import operations
from leadbridge.contract.parsing import parse
from leadbridge.contract.published import schemas_of
from leadbridge.contract.samples import sample_envelope, samples

LEAD, COMMON, WSDL = "xsd/lead.xsd", "xsd/common.xsd", "wsdl/LeadService.wsdl"
BULK = "xsd/leadbulk.xsd"

NOTE = '<xs:annotation><xs:documentation xml:lang="en">Says what it is for.</xs:documentation></xs:annotation>'


def simple(name: str, content: str) -> tuple[str, str]:
    """Puts one more simple type into lead.xsd."""
    return '  <xs:simpleType name="ItemID">', (
        f'<xs:simpleType name="{name}">{NOTE}{content}</xs:simpleType><xs:simpleType name="ItemID">'
    )


def complex_(name: str, content: str) -> tuple[str, str]:
    """Puts one more complex type into lead.xsd."""
    return '  <xs:complexType name="ContactParty">', (
        f'<xs:complexType name="{name}">{NOTE}{content}</xs:complexType><xs:complexType name="ContactParty">'
    )


def element(attributes: str, content: str = "") -> tuple[str, str]:
    """Puts one more type with one element into lead.xsd."""
    return complex_("Probe", f"<xs:sequence><xs:element {attributes}>{content}</xs:element></xs:sequence>")


BROKEN = [
    # Schemas: forms, prefixes, names
    ("form", LEAD, ('elementFormDefault="qualified"', 'elementFormDefault="unqualified"')),
    ("form", LEAD, (' attributeFormDefault="unqualified"', "")),
    ("form", LEAD, element('name="A" type="lbc:UUID" form="unqualified"')),
    ("form", WSDL, ('<xs:schema elementFormDefault="qualified"', "<xs:schema")),
    ("prefix", LEAD, ('xmlns:lbl="urn:leadbridge:lead:1"', 'xmlns:lbl="urn:leadbridge:lead:1" xmlns:tns="urn:leadbridge:lead:1"')),
    ("prefix", LEAD, ('xmlns:lbl="urn:leadbridge:lead:1"', 'xmlns:lbl="urn:leadbridge:lead:1" xmlns="urn:leadbridge:lead:1"')),
    ("prefix", LEAD, ('xmlns:lbl="urn:leadbridge:lead:1"', 'xmlns:lbl="urn:leadbridge:lead:1" xmlns:lbp="urn:other"')),
    ("prefix", LEAD, ('type="lbl:ProspectParty"/>', 'type="ProspectParty"/>')),
    ("prefix", WSDL, ('xmlns:lbl="urn:leadbridge:lead:1"', 'xmlns:lbl="urn:leadbridge:lead:1" xmlns:tns="urn:leadbridge:lead:1"')),
    ("schema", LEAD, ('targetNamespace="urn:leadbridge:lead:1"', "")),
    ("named-type", LEAD, element('name="A"', "<xs:complexType><xs:sequence/></xs:complexType>")),
    ("named-type", LEAD, complex_("Probe", '<xs:sequence><xs:element ref="lbl:LeadCreateRequest_sync"/></xs:sequence>')),
    ("unique-type", LEAD, simple("UUID", '<xs:restriction base="xs:string"><xs:maxLength value="1"/></xs:restriction>')),
    # Schemas: constructs that client tools fail on
    ("forbidden", LEAD, ("  <xs:import", '  <xs:redefine schemaLocation="common.xsd"/>\n  <xs:import')),
    ("forbidden", LEAD, element('name="A" type="lbc:UUID" default="x"')),
    ("forbidden", LEAD, element('name="A" type="lbc:UUID" fixed="x"')),
    ("forbidden", LEAD, element('name="A" type="lbc:UUID" nillable="true"')),
    ("forbidden", LEAD, ('<xs:element name="LeadCreateRequest_sync"', '<xs:element substitutionGroup="lbl:LeadByIDQuery_sync" name="LeadCreateRequest_sync"')),
    ("forbidden", LEAD, complex_("Probe", '<xs:all><xs:element name="A" type="lbc:UUID"/></xs:all>')),
    ("content", LEAD, complex_("Probe", '<xs:sequence><xs:sequence><xs:element name="A" type="lbc:UUID"/></xs:sequence></xs:sequence>')),
    ("content", LEAD, complex_("Probe", '<xs:complexContent><xs:extension base="lbl:ContactParty"><xs:sequence/></xs:extension></xs:complexContent>')),
    ("content", BULK, ("xs:complexContent>", 'xs:complexContent><xs:restriction base="lbl:Lead"/></xs:complexContent><xs:complexContent>')),
    ("content", BULK, ('name="LeadBulkRecord"', 'name="LeadBulkLead"')),
    ("content", LEAD, complex_("Probe", '<xs:sequence minOccurs="0"><xs:element name="A" type="lbc:UUID"/></xs:sequence>')),
    ("choice", LEAD, complex_("Probe", '<xs:sequence><xs:choice><xs:element name="A" type="lbc:UUID"/></xs:choice></xs:sequence>')),
    ("max-occurs", LEAD, element('name="A" type="lbc:UUID" maxOccurs="unbounded"')),
    ("max-occurs", LEAD, element('name="Lead" type="lbc:UUID" minOccurs="0" maxOccurs="0"')),
    ("bounded", LEAD, element('name="A" type="xs:string"')),
    ("bounded", LEAD, element('name="A" type="xs:date"')),
    ("bounded", LEAD, simple("Probe", '<xs:restriction base="xs:string"><xs:minLength value="1"/></xs:restriction>')),
    ("bounded", LEAD, simple("Probe", '<xs:restriction base="xs:string"><xs:pattern value="[A-Z]+"/></xs:restriction>')),
    ("bounded", LEAD, simple("Probe", '<xs:restriction base="xs:dateTime"/>')),
    ("bounded", LEAD, ('<xs:maxLength value="1048576"/>', "")),
    ("extension", COMMON, ('namespace="##other"', 'namespace="##any"')),
    ("extension", COMMON, ('maxOccurs="50"', 'maxOccurs="51"')),
    ("extension", LEAD, complex_("Probe", '<xs:sequence><xs:any namespace="##other" processContents="lax" maxOccurs="50"/></xs:sequence>')),
    ("extension", LEAD, complex_("Probe", '<xs:sequence><xs:element name="Extension" type="lbc:Extension" minOccurs="0"/><xs:element name="A" type="lbc:UUID"/></xs:sequence>')),
    ("extension", BULK, ('processContents="skip"', 'processContents="lax"')),
    ("extension", BULK, ('name="LeadBulkRejections"', 'name="LeadBulkRefusals"')),
    ("attribute", LEAD, ('<xs:attribute name="actionCode"', '<xs:attribute name="priority"')),
    ("change-state", LEAD, ('name="ChangeStateID" type="lbc:ChangeStateID"', 'name="ChangeStateID" type="lbc:ZonedDateTime"')),
    ("change-state", COMMON, ('<xs:simpleType name="ChangeStateID">', f'<xs:simpleType name="ChangeStateID">{NOTE}<xs:restriction base="xs:dateTime"/></xs:simpleType><xs:simpleType name="Probe">')),
    ("documentation", LEAD, ("Number of an item within its lead.", " ")),
    ("documentation", LEAD, ("Request of CreateLead.", "")),
    ("documentation", COMMON, ("Cold.", "")),
    ("documentation", LEAD, ("Messages of LeadService.", "")),
    ("message", LEAD, ('<xs:element name="BasicMessageHeader" type="lbc:BasicMessageHeader"/>', '<xs:element name="BasicMessageHeader" type="lbc:BasicMessageHeader" minOccurs="0"/>')),
    ("message", LEAD, ('<xs:element name="Log" type="lbc:Log"/>', '<xs:element name="Log" type="lbc:Log" minOccurs="0"/>')),
    ("import", LEAD, ('schemaLocation="common.xsd"', 'schemaLocation="../xsd/common.xsd"')),
    ("import", LEAD, ('schemaLocation="common.xsd"', 'schemaLocation="http://198.51.100.1/common.xsd"')),
    ("import", LEAD, ('schemaLocation="common.xsd"', 'schemaLocation="crm.xsd"')),
    # WSDL files
    ("wsdl", WSDL, ('name="LeadService" target', 'name="Leads" target')),
    ("types", WSDL, ("    </xs:schema>", '<xs:element name="A" type="xs:int"/></xs:schema>')),
    ("import", WSDL, ("../xsd/lead.xsd", "lead.xsd")),
    ("import", WSDL, ("../xsd/lead.xsd", "../xsd/crm.xsd")),
    ("message", WSDL, ('<wsdl:part name="parameters"', '<wsdl:part name="body"')),
    ("message", WSDL, ('<wsdl:part name="fault"', '<wsdl:part name="parameters"')),
    ("message", WSDL, ('element="lbl:LeadCreateRequest_sync"', 'element="lbl:LeadByIDQuery_sync"')),
    ("port-type", WSDL, ('<wsdl:portType name="LeadService">', '<wsdl:portType name="LeadPort">')),
    ("documentation", WSDL, ("Says what CreateLead would answer. Pattern: query/response. Writes nothing and uses no number.", "")),
    ("fault", WSDL, ('<wsdl:fault name="StandardMessageFault" message="lbl:StandardMessageFault"/>', "")),
    ("fault", WSDL, ('<soap12:fault name="StandardMessageFault" use="literal"/>', '<soap12:fault name="StandardMessageFault" use="encoded"/>')),
    ("operation", WSDL, ('<wsdl:output message="lbl:LeadCreateConfirmation_sync"/>', "")),
    ("operation", WSDL, ('<wsdl:operation name="CreateLead">', '<wsdl:operation name="ReadCrmRecord">')),
    ("binding", WSDL, ('<wsdl:binding name="LeadServiceSoap12Binding"', '<wsdl:binding name="LeadServiceSoap2Binding"')),
    ("binding", WSDL, ('<soap:binding style="document"', '<soap:binding style="rpc"')),
    ("binding", WSDL, ('<soap12:binding style="document" transport="http://schemas', '<soap12:binding style="document" transport="urn:schemas')),
    ("soap-action", WSDL, ('soapAction="urn:leadbridge:lead:1:CreateLead"', 'soapAction="CreateLead"')),
    ("literal", WSDL, ('<soap:body use="literal"/>', '<soap:body use="encoded"/>')),
    ("literal", WSDL, ('CreateLead" style="document"/>', 'CreateLead" style="rpc"/>')),
    ("service", WSDL, ('<wsdl:service name="LeadService">', '<wsdl:service name="Leads">')),
    ("port", WSDL, ('<wsdl:port name="LeadServiceSoap12"', '<wsdl:port name="LeadServicePort"')),
    ("port", WSDL, ('<soap12:address location="http://127.0.0.1:8000/soap/LeadService"/>', '<soap12:address location="http://127.0.0.1:8000/soap12/LeadService"/>')),
    ("port", WSDL, ('binding="lbl:LeadServiceSoap12Binding"', 'binding="lbl:LeadServiceSoap11Binding"')),
    ("request-reuse", WSDL, ('<wsdl:input message="lbl:LeadCreateCheckQuery_sync"/>', '<wsdl:input message="lbl:LeadCreateRequest_sync"/>')),
    # What the compilers say
    ("well-formed", LEAD, ("</xs:schema>", "")),
    ("well-formed", WSDL, ("<wsdl:types>", "<!-- ")),
    ("libxml2", LEAD, ('type="lbl:ProspectParty"/>', 'type="lbl:Nobody"/>')),
    ("xmlschema", LEAD, ('type="lbl:ProspectParty"/>', 'type="lbl:Nobody"/>')),
    ("zeep", WSDL, ('<wsdl:input message="lbl:LeadCreateRequest_sync"/>', '<wsdl:input message="lbl:Nobody"/>')),
]  # fmt: skip


TOOLS = ("well-formed", "libxml2", "xmlschema", "zeep")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for kind in ("wsdl", "xsd"):
        shutil.copytree(AUTHORED.root / kind, tmp_path / kind)
    return tmp_path


def test_the_contract_keeps_all_rules() -> None:
    assert check() == []


def test_a_copy_of_the_contract_keeps_them_too(copy: Path) -> None:
    assert check(copy) == []


@pytest.mark.parametrize(("rule", "file", "change"), BROKEN, ids=lambda value: value if isinstance(value, str) else "")
def test_a_broken_rule_is_found(copy: Path, rule: str, file: str, change: tuple[str, str]) -> None:
    path = copy / file
    text = path.read_text()
    assert change[0] in text
    path.write_text(text.replace(change[0], change[1], 1))
    # The rules alone, where they are meant: loading everything with every tool takes a second.
    findings = check(copy) if rule in TOOLS else _rules(ContractFolder(copy))
    assert rule in {finding.rule for finding in findings}


def test_a_finding_says_where(copy: Path) -> None:
    path = copy / LEAD
    path.write_text(path.read_text().replace('maxOccurs="1000"', 'maxOccurs="unbounded"', 1))
    (finding,) = check(copy)
    line = (
        path.read_text().splitlines().index(next(line for line in path.read_text().splitlines() if "unbounded" in line))
    )
    assert str(finding) == f"lead.xsd:{line + 1}: a list has a finite maxOccurs of at least 1 [max-occurs]"


def test_a_folder_without_a_contract_is_a_finding(tmp_path: Path) -> None:
    assert [(finding.file, finding.rule) for finding in check(tmp_path)] == [("wsdl", "folder"), ("xsd", "folder")]


def test_what_is_exported_is_whole_and_keeps_the_rules(tmp_path: Path) -> None:
    url = "https://bridge.example.com"
    written = export(tmp_path / "out", public_url=url)
    names = {str(path.relative_to(tmp_path / "out")) for path in written}
    assert names == (
        {f"wsdl/{service}.wsdl" for service in SERVICES}
        | {f"flat/{service}.wsdl" for service in SERVICES}
        | {f"xsd/{name}" for service in SERVICES for name in schemas_of(service)}
        | {f"samples/{one.name}.xml" for one in operations()}
        | {"samples/LeadBulk.xml", "samples/leads.csv"}
    )
    assert check(tmp_path / "out") == []
    for path in written:
        if path.suffix != ".csv":
            parse(path.read_bytes())
    assert f'location="{url}/soap/LeadService"' in (tmp_path / "out" / "flat" / "LeadService.wsdl").read_text()


def test_every_operation_has_a_sample() -> None:
    assert set(samples()) == {one.name for one in operations()}
    for one in operations():
        assert type(samples()[one.name]) is one.request_class


@pytest.mark.parametrize("name", ["CreateLead", "ComboCreateLeadOpportunity"])
def test_a_sample_is_what_people_were_given_before(name: str) -> None:
    """Golden files: partners build on the samples, so a change to one is a decision."""
    golden = Path(__file__).parent / "golden" / f"{name}.xml"
    assert sample_envelope(name) == golden.read_bytes()
