"""Validation: libxml2 decides, and every violation is named with its path and rule, never with what was sent."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from lxml import etree

from leadbridge.contract.codec import encode
from leadbridge.contract.files import NAMESPACES, ContractFolder, UnknownFile
from leadbridge.contract.operations import operations
from leadbridge.contract.parsing import parse
from leadbridge.contract.samples import sample_envelope, samples
from leadbridge.contract.schema import (
    ContractViolation,
    UnknownMessage,
    Violation,
    compile_schema,
    explainer,
    validate,
)

PREFIXES = " ".join(f'xmlns:{prefix}="{namespace}"' for prefix, namespace in NAMESPACES.items())
PREFIXES += ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xs="http://www.w3.org/2001/XMLSchema"'


PROSPECT = (
    "<lbl:ProspectParty><lbl:BusinessPartnerInternalID>0000000001</lbl:BusinessPartnerInternalID></lbl:ProspectParty>"
)
LEAD = f"<lbl:Name>A lead</lbl:Name>{PROSPECT}"
ROOT = "/lbl:LeadCreateRequest_sync"


def create_lead(lead: str = LEAD, *, header: str = "<lbl:BasicMessageHeader/>", after: str = "", root: str = "") -> str:
    name = "lbl:LeadCreateRequest_sync"
    return f"<{name} {PREFIXES} {root}>{header}<lbl:Lead>{lead}</lbl:Lead>{after}</{name}>"


def find_lead(conditions: str) -> str:
    name = "lbl:LeadByElementsQuery_sync"
    return (
        f"<{name} {PREFIXES}><lbl:BasicMessageHeader/><lbl:LeadSelectionByElements/>"
        f"<lbl:ProcessingConditions>{conditions}</lbl:ProcessingConditions></{name}>"
    )


def violations(message: str) -> list[Violation]:
    with pytest.raises(ContractViolation) as caught:
        validate(parse(message.encode()))
    assert "secret" not in str(caught.value)
    assert "secret" not in str(caught.value.violations)
    return caught.value.violations


def told(message: str) -> list[tuple[str, str, str]]:
    """Path below the message, rule and expectation of each violation."""
    found = [(one.path, one.rule, one.expected) for one in violations(message)]
    assert all(path.startswith("/lbl:Lead") for path, _, _ in found)
    return [(path.removeprefix(ROOT), rule, expected) for path, rule, expected in found]


@pytest.mark.parametrize("operation", [one.name for one in operations()])
def test_the_samples_are_valid_alone_and_in_their_envelopes(operation: str) -> None:
    validate(encode(samples()[operation]))
    (body,) = parse(sample_envelope(operation))
    validate(body[0])


VALUES = [
    (f"<lbl:Name>{'secret' * 14}</lbl:Name>{PROSPECT}", "lbl:Name", "maxLength", "at most 80 characters"),
    (f"<lbl:Name></lbl:Name>{PROSPECT}", "lbl:Name", "minLength", "at least 1 character"),
    (
        f"<lbl:Name>A</lbl:Name><lbl:QualificationLevelCode>secret</lbl:QualificationLevelCode>{PROSPECT}",
        "lbl:QualificationLevelCode",
        "enumeration",
        "one of 01, 02, 03",
    ),
    (
        f"<lbl:Name>A</lbl:Name><lbl:OriginTypeCode>abc</lbl:OriginTypeCode>{PROSPECT}",
        "lbl:OriginTypeCode",
        "pattern",
        "text that matches [0-9A-Z]{3,4}",
    ),
    (
        f"<lbl:Name>A</lbl:Name><lbl:StartDate>2026-02-30</lbl:StartDate>{PROSPECT}",
        "lbl:StartDate",
        "type",
        "a date such as 2026-03-31",
    ),
    (
        f'{LEAD}<lbl:ExpectedRevenueAmount currencyCode="EUR">secret</lbl:ExpectedRevenueAmount>',
        "lbl:ExpectedRevenueAmount",
        "type",
        "a decimal number such as 1250.50",
    ),
    (
        f'{LEAD}<lbl:ExpectedRevenueAmount currencyCode="EUR">0.1234567</lbl:ExpectedRevenueAmount>',
        "lbl:ExpectedRevenueAmount",
        "fractionDigits",
        "at most 6 digits after the point",
    ),
    (
        f'{LEAD}<lbl:ExpectedRevenueAmount currencyCode="EUR">{"9" * 29}</lbl:ExpectedRevenueAmount>',
        "lbl:ExpectedRevenueAmount",
        "totalDigits",
        "at most 28 digits",
    ),
    (
        f'{LEAD}<lbl:ExpectedRevenueAmount currencyCode="secret">1</lbl:ExpectedRevenueAmount>',
        "lbl:ExpectedRevenueAmount/@currencyCode",
        "maxLength",
        "at most 3 characters",
    ),
    (
        f"{LEAD}<lbl:ExpectedRevenueAmount>1</lbl:ExpectedRevenueAmount>",
        "lbl:ExpectedRevenueAmount",
        "missing",
        "attribute currencyCode",
    ),
    (
        f'{LEAD}<lbl:ExpectedRevenueAmount currencyCode="EUR" secret="1">1</lbl:ExpectedRevenueAmount>',
        "lbl:ExpectedRevenueAmount/@*",
        "unexpected",
        "no attribute other than currencyCode",
    ),
    (
        f'{LEAD}<lbl:ExpectedRevenueAmount currencyCode="EUR">1<lbl:secret/></lbl:ExpectedRevenueAmount>',
        "lbl:ExpectedRevenueAmount/*[1]",
        "unexpected",
        "text only",
    ),
]


@pytest.mark.parametrize(("lead", "path", "rule", "expected"), VALUES)
def test_a_wrong_value_is_named_by_path_and_rule(lead: str, path: str, rule: str, expected: str) -> None:
    assert told(create_lead(lead)) == [(f"/lbl:Lead/{path}", rule, expected)]


@pytest.mark.parametrize(
    ("conditions", "rule", "expected"),
    [
        ("0", "minInclusive", "at least 1"),
        ("2147483648", "type", "a whole number from -2147483648 to 2147483647"),
        ("1" * 5000, "type", "a whole number from -2147483648 to 2147483647"),
        ("secret", "type", "a whole number from -2147483648 to 2147483647"),
    ],
)
def test_a_wrong_number_is_named(conditions: str, rule: str, expected: str) -> None:
    number = f"<lbc:QueryHitsMaximumNumberValue>{conditions}</lbc:QueryHitsMaximumNumberValue>"
    (only,) = told(find_lead(number))
    assert only[1:] == (rule, expected)


def test_a_wrong_truth_value_is_named() -> None:
    said = told(find_lead("<lbc:QueryHitsUnlimitedIndicator>yes</lbc:QueryHitsUnlimitedIndicator>"))
    assert [one[1:] for one in said] == [("type", "true, false, 1 or 0")]


STRUCTURES = [
    (PROSPECT, "", "missing", "element lbl:Name"),
    (LEAD + "<lbl:secret/>", "/*[3]", "unexpected", "only elements the contract names here"),
    (LEAD + "<secret/>", "/*[3]", "unexpected", "only elements the contract names here"),
    (
        LEAD + "<lbc:Item><lbl:ProductID>1</lbl:ProductID></lbc:Item>",
        "/*[3]",
        "namespace",
        "element lbl:Item of the namespace urn:leadbridge:lead:1",
    ),
    (
        PROSPECT + "<lbl:Name>A</lbl:Name>",
        "/lbl:ProspectParty",
        "order",
        "element lbl:ProspectParty after element lbl:Name",
    ),
    ("<lbl:Name>A</lbl:Name>" + LEAD, "/lbl:Name[2]", "occurs", "element lbl:Name at most once"),
    (LEAD + "secret", "", "text", "elements only, no text between them"),
    (
        LEAD + '<lbl:Item xsi:nil="true"><lbl:ProductID>1</lbl:ProductID></lbl:Item>',
        "/lbl:Item/@xsi:nil",
        "nil",
        "no xsi:nil: an element without a value is left out",
    ),
    (
        LEAD + '<lbl:Item xsi:type="lbl:Secret"><lbl:ProductID>1</lbl:ProductID></lbl:Item>',
        "/lbl:Item/@xsi:type",
        "type",
        "type lbl:LeadItem, or no xsi:type",
    ),
    (
        LEAD + '<lbl:Item xsi:type="lbl:ContactParty"><lbl:ProductID>1</lbl:ProductID></lbl:Item>',
        "/lbl:Item/@xsi:type",
        "type",
        "type lbl:LeadItem, or no xsi:type",
    ),
    (
        LEAD + '<lbl:Item xsi:secret="1"><lbl:ProductID>1</lbl:ProductID></lbl:Item>',
        "/lbl:Item/@*",
        "unexpected",
        "no xsi attribute of this name",
    ),
    (
        LEAD + '<lbl:Item id="secret" href="#secret"><lbl:ProductID>1</lbl:ProductID></lbl:Item>',
        "/lbl:Item/@*",
        "unexpected",
        "no attribute",
    ),
    (LEAD + "<lbl:Extension><lbc:Log/></lbl:Extension>", "/lbl:Extension/*[1]", "unexpected", None),
    (LEAD + "<lbl:Extension>secret</lbl:Extension>", "/lbl:Extension", "text", None),
    (
        LEAD + "<lbl:Extension>" + "<p:a xmlns:p='urn:p'/>" * 51 + "</lbl:Extension>",
        "/lbl:Extension/*[51]",
        "occurs",
        "element of another namespace at most 50 times",
    ),
]


@pytest.mark.parametrize(("lead", "path", "rule", "expected"), STRUCTURES)
def test_a_wrong_structure_is_named(lead: str, path: str, rule: str, expected: str | None) -> None:
    first = told(create_lead(lead))[0]
    assert first[:2] == (f"/lbl:Lead{path}", rule)
    assert expected in (None, first[2])


def test_a_choice_has_exactly_one_alternative() -> None:
    names = "lbl:BusinessPartnerInternalID, lbl:BusinessPartnerUUID, lbl:ExternalKey, lbl:NewBusinessPartner"
    none = told(create_lead("<lbl:Name>A</lbl:Name><lbl:ProspectParty/>"))
    assert none == [("/lbl:Lead/lbl:ProspectParty", "missing", f"one of the elements {names}")]
    two = PROSPECT.replace(
        "</lbl:ProspectParty>",
        "<lbl:BusinessPartnerUUID>5f6b1c1e-8a35-4a2b-9d0e-3c2f7d1b4a01</lbl:BusinessPartnerUUID></lbl:ProspectParty>",
    )
    assert told(create_lead("<lbl:Name>A</lbl:Name>" + two)) == [
        ("/lbl:Lead/lbl:ProspectParty/lbl:BusinessPartnerUUID", "choice", f"only one of the elements {names}")
    ]


def test_five_violations_are_five_in_document_order() -> None:
    message = create_lead(
        header="<lbl:BasicMessageHeader><lbc:UUID>secret</lbc:UUID></lbl:BasicMessageHeader>\n",
        lead="\n<lbl:PriorityCode>secret</lbl:PriorityCode>\n"
        + PROSPECT
        + "\n<lbl:Item><lbl:ProductID>1</lbl:ProductID></lbl:Item>"
        + "\n<lbl:Item><lbl:ProductID/><lbl:Quantity>secret</lbl:Quantity></lbl:Item>\n",
    )
    assert [(one.path.removeprefix(ROOT), one.rule, one.line) for one in violations(message)] == [
        ("/lbl:BasicMessageHeader/lbc:UUID", "minLength", 1),
        ("/lbl:Lead", "missing", 2),
        ("/lbl:Lead/lbl:PriorityCode", "enumeration", 3),
        ("/lbl:Lead/lbl:Item[2]/lbl:ProductID", "minLength", 6),
        ("/lbl:Lead/lbl:Item[2]/lbl:Quantity", "type", 6),
    ]


def test_several_structural_violations_in_one_parent_are_all_named() -> None:
    partner = "<lbl:NewBusinessPartner><lbl:secret/><lbc:ContactAllowedCode>1</lbc:ContactAllowedCode><lbc:secret/>"
    partner += "</lbl:NewBusinessPartner>"
    lead = f"<lbl:Name>A</lbl:Name><lbl:ProspectParty>{partner}</lbl:ProspectParty>"
    assert [(rule, expected) for _, rule, expected in told(create_lead(lead))] == [
        ("unexpected", "only elements the contract names here"),
        ("missing", "element lbc:CategoryCode"),
        ("missing", "element lbc:RoleCode"),
        ("missing", "one of the elements lbc:Person, lbc:Organisation"),
        ("unexpected", "only elements the contract names here"),
    ]


def test_one_element_out_of_order_is_one_violation() -> None:
    item = "<lbl:Item><lbl:ProductID>1</lbl:ProductID></lbl:Item>"
    lead = f"{item}<lbl:Name>A</lbl:Name><lbl:CampaignID>C</lbl:CampaignID>{PROSPECT}{item}"
    assert told(create_lead(lead)) == [
        ("/lbl:Lead/lbl:Item[1]", "order", "element lbl:Item after element lbl:ProspectParty")
    ]


def test_the_paths_use_the_prefixes_of_the_contract_whatever_the_request_used() -> None:
    message = (
        '<LeadCreateRequest_sync xmlns="urn:leadbridge:lead:1" xmlns:lbr="urn:leadbridge:common:1">'
        "<BasicMessageHeader><lbr:ID/></BasicMessageHeader></LeadCreateRequest_sync>"
    )
    assert told(message) == [
        ("/lbl:BasicMessageHeader/lbc:ID", "minLength", "at least 1 character"),
        ("", "missing", "element lbl:Lead"),
    ]


def test_every_path_finds_its_element() -> None:
    lead = PROSPECT + "<lbl:Item/><lbl:Item><lbl:ProductID/></lbl:Item><lbl:secret/><lbl:secret/>"
    message = create_lead(lead, after="<lbl:secret/>")
    tree = parse(message.encode()).getroottree()
    for one in violations(message):
        found = tree.xpath(one.path, namespaces=dict(NAMESPACES))
        assert isinstance(found, list)
        assert len(found) == 1


def test_not_more_than_a_hundred_are_listed() -> None:
    lead = LEAD + "<lbl:Item><lbl:ProductID/></lbl:Item>" * 5_000
    found = violations(create_lead(lead))
    assert len(found) == 100
    assert found[0].path == f"{ROOT}/lbl:Lead/lbl:Item[1]/lbl:ProductID"


def test_a_path_is_never_longer_than_a_fault_can_carry() -> None:
    inside = '<q xsi:type="xs:int">secret</q>'
    for _ in range(220):
        inside = f"<q>{inside}</q>"
    (only,) = violations(create_lead(f"{LEAD}<lbl:Extension><p:q xmlns:p='urn:p'>{inside}</p:q></lbl:Extension>"))
    assert len(only.path) <= 1_000
    assert only.path.endswith("/*[1]")


def test_an_unknown_message_is_no_violation_but_unknown() -> None:
    for name in ("lbl:Lead", "lbl:secret", "secret"):
        with pytest.raises(UnknownMessage) as caught:
            validate(parse(f"<{name} {PREFIXES}/>".encode()))
        assert "secret" not in str(caught.value)


def test_a_type_that_client_tools_add_is_harmless() -> None:
    validate(
        parse(
            create_lead(
                '<lbl:Name xsi:type="lbc:ShortText">A</lbl:Name><lbl:ProspectParty xsi:type="lbl:ProspectParty">'
                "<lbl:BusinessPartnerInternalID>0000000001</lbl:BusinessPartnerInternalID></lbl:ProspectParty>"
            ).encode()
        )
    )


def test_prefixes_may_be_declared_on_the_envelope_alone() -> None:
    message = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:k="urn:leadbridge:lead:1" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><e:Body>'
        '<LeadByIDQuery_sync xmlns="urn:leadbridge:lead:1"><BasicMessageHeader/>'
        '<LeadSelectionByID xsi:type="k:LeadIdentification"><ID>0000000001</ID></LeadSelectionByID>'
        "</LeadByIDQuery_sync></e:Body></e:Envelope>"
    )
    validate(parse(message.encode())[0][0])


def test_a_place_to_find_a_schema_is_never_looked_at(tmp_path: Path) -> None:
    """Neither by libxml2 nor by xmlschema: tests cannot reach the network, and the file would declare the name."""
    other = tmp_path / "other.xsd"
    other.write_text(
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:other">'
        '<xs:element name="a" type="xs:int"/></xs:schema>'
    )
    hint = f'xsi:schemaLocation="urn:other {other.as_uri()} urn:x http://198.51.100.1/x.xsd"'
    foreign = '<lbl:Extension><a xmlns="urn:other">no number</a></lbl:Extension>'
    validate(parse(create_lead(LEAD + foreign, root=hint).encode()))
    assert len(violations(create_lead(PROSPECT + foreign, root=hint))) == 1


def test_an_extension_may_hold_what_looks_like_ours_if_it_is_valid() -> None:
    holds = "<lbl:Extension><p:a xmlns:p='urn:p'>{}</p:a></lbl:Extension>"
    query = "<lbl:LeadByIDQuery_sync><lbl:BasicMessageHeader/>{}</lbl:LeadByIDQuery_sync>"
    selection = "<lbl:LeadSelectionByID><lbl:ID>0000000001</lbl:ID></lbl:LeadSelectionByID>"
    validate(parse(create_lead(LEAD + holds.format(query.format(selection))).encode()))
    said = told(create_lead(LEAD + holds.format(query.format(""))))
    assert [one[1:] for one in said] == [("missing", "element lbl:LeadSelectionByID")]
    said = told(create_lead(LEAD + holds.format('<q xsi:type="xs:int">secret</q>')))
    assert [one[1:] for one in said] == [("type", "a whole number from -2147483648 to 2147483647")]
    said = told(create_lead(LEAD + holds.format('<q xsi:type="xs:secret">1</q>')))
    assert [one[1:] for one in said] == [("type", "a type that the contract names")]


def test_where_nothing_is_found_the_refusal_still_has_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explainer(), "explain", lambda element: [])
    (only,) = violations(create_lead("\n\n<lbl:Name/>" + PROSPECT))
    assert (only.path, only.rule, only.line) == (ROOT, "schema", 3)


def test_nothing_but_our_schemas_is_ever_opened(tmp_path: Path) -> None:
    other = tmp_path / "other.xsd"
    other.write_text('<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:a"/>')
    importing = (
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:leadbridge:lead:1">'
        '<xs:import namespace="urn:a" schemaLocation="{}"/></xs:schema>'
    )
    (tmp_path / "xsd").mkdir()
    for location in (str(other), other.as_uri(), "../other.xsd", "http://198.51.100.1/a.xsd"):
        (tmp_path / "xsd" / "lead.xsd").write_text(importing.format(location))
        with pytest.raises((UnknownFile, etree.XMLSchemaParseError)):
            compile_schema(ContractFolder(tmp_path))
    (tmp_path / "xsd" / "lead.xsd").write_text(importing.format("other.xsd"))
    other.rename(tmp_path / "xsd" / "other.xsd")
    compile_schema(ContractFolder(tmp_path))


def test_threads_validate_side_by_side() -> None:
    good, bad = create_lead().encode(), create_lead(PROSPECT).encode()
    wrong: list[str] = []

    def work() -> None:
        for _ in range(100):
            validate(parse(good))
            try:
                validate(parse(bad))
            except ContractViolation as error:
                if [one.rule for one in error.violations] != ["missing"]:
                    wrong.append("violations")
            else:
                wrong.append("accepted")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_the_first_messages_of_a_process_may_come_at_once() -> None:
    program = f"""
import threading
from leadbridge.contract.parsing import parse
from leadbridge.contract.schema import ContractViolation, validate

together = threading.Barrier(8)
rules = []

def work():
    together.wait()
    validate(parse({create_lead().encode()!r}))
    try:
        validate(parse({create_lead(PROSPECT).encode()!r}))
    except ContractViolation as error:
        rules.append([one.rule for one in error.violations])

threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(rules)
"""
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stderr == ""
    assert told.stdout.strip() == str([["missing"]] * 8)
