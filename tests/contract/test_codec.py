"""The codec is held equal to xsdata, which generated the classes it is compiled from."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from xsdata.formats.dataclass.context import XmlContext
from xsdata.formats.dataclass.models.generics import AnyElement
from xsdata.formats.dataclass.parsers import XmlParser
from xsdata.formats.dataclass.parsers.handlers import LxmlEventHandler
from xsdata.formats.dataclass.serializers.tree import TreeSerializer

from leadbridge import messages as m
from leadbridge.contract.codec import class_of, decode, decode_part, encode, encode_bytes, encode_part, name_of
from leadbridge.contract.files import NAMESPACES
from leadbridge.contract.foreign import read_foreign
from leadbridge.contract.operations import operations
from leadbridge.contract.parsing import parse
from leadbridge.contract.samples import samples
from leadbridge.contract.schema import validate
from tests.support.messages import messages

CONTEXT = XmlContext()
ORACLE_PARSER = XmlParser(context=CONTEXT, handler=LxmlEventHandler)
ORACLE_SERIALIZER = TreeSerializer(context=CONTEXT)

MESSAGES = [one for operation in operations() for one in (operation.request_class, operation.answer_class)]
MESSAGES += [m.StandardMessageFault, m.LeadBulk]

PREFIXES = " ".join(f'xmlns:{prefix}="{namespace}"' for prefix, namespace in NAMESPACES.items())


def canonical(element: etree._Element) -> str:
    """The tree without the prefixes that its writer chose."""
    return str(etree.canonicalize(etree.tostring(element).decode(), rewrite_prefixes=True))


def oracle_reads(data: bytes, message: type[Any]) -> Any:
    return ORACLE_PARSER.from_bytes(data, message)


def oracle_writes(message: object) -> etree._Element:
    tree = cast("etree._ElementTree", ORACLE_SERIALIZER.render(message))
    return tree.getroot()


def read_lead(inside: str) -> Any:
    """The message of a lead with `inside` as its content after the prospect."""
    text = (
        f"<lbl:LeadCreateRequest_sync {PREFIXES}><lbl:BasicMessageHeader/><lbl:Lead><lbl:Name>x</lbl:Name>"
        "<lbl:ProspectParty><lbl:BusinessPartnerInternalID>0000000001</lbl:BusinessPartnerInternalID>"
        f"</lbl:ProspectParty>{inside}</lbl:Lead></lbl:LeadCreateRequest_sync>"
    )
    element = parse(text.encode())
    validate(element)
    message = decode(element)
    assert message == oracle_reads(text.encode(), m.LeadCreateRequestSync)
    return message


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.__name__)
@settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_valid_message_is_read_and_written_as_xsdata_does(message: type[Any], data: st.DataObject) -> None:
    value = data.draw(messages(message))
    written = encode_bytes(value)
    element = parse(written)
    validate(element)
    assert canonical(element) == canonical(oracle_writes(value))
    assert decode(element) == value
    assert oracle_reads(written, message) == value


@pytest.mark.parametrize("name", samples())
def test_a_sample_is_the_same_after_both_ways(name: str) -> None:
    sample = samples()[name]
    assert decode(encode(sample)) == sample
    assert canonical(encode(sample)) == canonical(oracle_writes(sample))


def test_white_space_around_values_that_are_not_text_means_nothing() -> None:
    message = read_lead(
        "<lbl:ContactParty><lbl:BusinessPartnerInternalID>0000000002</lbl:BusinessPartnerInternalID>"
        "<lbl:MainIndicator> 1\n</lbl:MainIndicator></lbl:ContactParty>"
        '<lbl:ExpectedRevenueAmount currencyCode="EUR">\t+12.50 </lbl:ExpectedRevenueAmount>'
        "<lbl:AttachmentFolder><lbl:Document><lbl:Name>a.txt</lbl:Name><lbl:MIMECode>text/plain</lbl:MIMECode>"
        "<lbl:FileContentBinaryObject>\n  aGVs\n  bG8=\n</lbl:FileContentBinaryObject></lbl:Document>"
        "</lbl:AttachmentFolder>"
    )
    assert message.lead.contact_party[0].main_indicator is True
    assert message.lead.expected_revenue_amount == m.Amount(value=Decimal("12.50"), currency_code="EUR")
    assert message.lead.attachment_folder.document[0].file_content_binary_object == b"hello"


def test_white_space_around_a_point_in_time_is_no_part_of_it() -> None:
    """xsdata keeps it, because it makes a str of a patterned dateTime; the schema says that it collapses."""
    text = (
        f"<lbl:LeadByIDQuery_sync {PREFIXES}><lbl:BasicMessageHeader><lbc:CreationDateTime>\n"
        " 2026-03-31T09:30:00Z </lbc:CreationDateTime></lbl:BasicMessageHeader><lbl:LeadSelectionByID>"
        "<lbl:ID>0000000001</lbl:ID></lbl:LeadSelectionByID></lbl:LeadByIDQuery_sync>"
    )
    element = parse(text.encode())
    validate(element)
    assert decode(element).basic_message_header.creation_date_time == "2026-03-31T09:30:00Z"


def test_white_space_in_a_text_is_kept() -> None:
    message = read_lead('<lbl:Note languageCode="en">  two\n lines&#13; </lbl:Note>')
    assert message.lead.note == [m.Note(value="  two\n lines\r ", language_code="en")]
    assert decode(encode(message)) == message


def test_comments_and_processing_instructions_disturb_nothing() -> None:
    text = (
        f"<!-- a --><lbl:LeadByIDQuery_sync {PREFIXES}><?a b?><lbl:BasicMessageHeader><!-- b --><lbc:ID>MSG"
        "<!-- c -->-1</lbc:ID></lbl:BasicMessageHeader><lbl:LeadSelectionByID><lbl:ID>00000<?c d?>00001</lbl:ID>"
        "</lbl:LeadSelectionByID><lbl:RequestedElements><lbl:itemTransmissionRequestCode><!-- e -->1"
        "</lbl:itemTransmissionRequestCode></lbl:RequestedElements></lbl:LeadByIDQuery_sync>"
    ).encode()
    expected = m.LeadByIdquerySync(
        basic_message_header=m.BasicMessageHeader(id="MSG-1"),
        lead_selection_by_id=[m.LeadIdentification(id="0000000001")],
        requested_elements=m.RequestedElements(item_transmission_request_code=m.TransmissionRequestCode.VALUE_1),
    )
    assert decode(parse(text)) == expected


def test_hints_of_client_tools_disturb_nothing() -> None:
    message = read_lead(
        '<lbl:Item xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="lbl:LeadItem" '
        'xsi:schemaLocation="urn:leadbridge:lead:1 http://198.51.100.1/lead.xsd">'
        "<lbl:ProductID>P1</lbl:ProductID></lbl:Item>"
    )
    assert message.lead.item == [m.LeadItem(product_id="P1")]


def test_an_extension_is_read_with_everything_in_it() -> None:
    message = read_lead(
        '<lbl:Extension><p:Score xmlns:p="urn:example:p" p:scale="ten" about="p:lead">\n 7<p:Why>good</p:Why> tail'
        '<plain xmlns=""/>\n</p:Score><q:Empty xmlns:q="urn:example:q"/></lbl:Extension>'
    )
    assert message.lead.extension.other_element == [
        AnyElement(
            qname="{urn:example:p}Score",
            text="\n 7",
            attributes={"{urn:example:p}scale": "ten", "about": "{urn:example:p}lead"},
            children=[
                AnyElement(qname="{urn:example:p}Why", text="good", tail=" tail"),
                AnyElement(qname="plain", text=""),
            ],
        ),
        AnyElement(qname="{urn:example:q}Empty", text=""),
    ]


def test_a_qualified_name_in_an_attribute_of_an_extension_keeps_its_meaning() -> None:
    """xsdata would write the name in Clark notation, which nobody reads."""
    message = read_lead('<lbl:Extension><p:Score xmlns:p="urn:example:p" about="p:lead"/></lbl:Extension>')
    (score,) = encode(message).iter("{urn:example:p}Score")
    prefix, _, name = str(score.get("about")).partition(":")
    assert (score.nsmap[prefix], name) == ("urn:example:p", "lead")


@pytest.mark.parametrize(
    "value",
    ["p: some text", "p:two words", "{urn:example:p} text", "{ }a", "{}", "{a", "p:", ":p", "http://p:lead", "p:1"],
)
def test_an_attribute_that_only_looks_like_a_qualified_name_is_given_back_as_it_came(value: str) -> None:
    score = parse(f'<p:Score xmlns:p="urn:example:p" about="{value}"/>'.encode())
    extension = m.Extension(other_element=[read_foreign(score)])
    (again,) = parse(encode_part(extension, f"{{{NAMESPACES['lbl']}}}Extension"))
    assert again.get("about") == value


def test_an_extension_keeps_elements_that_only_look_like_ours() -> None:
    """xsdata would make objects of these, and lose what does not fit."""
    inside = (
        '<lbl:Extension><lbl:Lead other="1">free text</lbl:Lead><p:When xmlns:p="urn:example:p" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xs="http://www.w3.org/2001/XMLSchema" '
        'xsi:type="xs:int">7</p:When></lbl:Extension>'
    )
    text = (
        f"<lbl:LeadChangeRequest_sync {PREFIXES}><lbl:BasicMessageHeader/><lbl:Lead><lbl:LeadIdentification>"
        f"<lbl:ID>0000000001</lbl:ID></lbl:LeadIdentification>{inside}</lbl:Lead></lbl:LeadChangeRequest_sync>"
    )
    element = parse(text.encode())
    validate(element)
    message = decode(element)
    lead, when = message.lead.extension.other_element
    assert lead == AnyElement(qname="{urn:leadbridge:lead:1}Lead", text="free text", attributes={"other": "1"})
    assert when.text == "7"
    again = encode(message)
    validate(again)
    assert decode(again) == message


def test_a_part_alone_is_written_and_read() -> None:
    extension = m.Extension(other_element=[AnyElement(qname="{urn:example:p}Score", text="7")])
    written = encode_part(extension, f"{{{NAMESPACES['lbl']}}}Extension")
    assert decode_part(parse(written), m.Extension) == extension


def test_prefixes_are_those_of_the_contract_and_declared_at_the_root() -> None:
    written = encode_bytes(samples()["CreateLead"])
    assert written.startswith(
        b'<lbl:LeadCreateRequest_sync xmlns:lbc="urn:leadbridge:common:1" xmlns:lbl="urn:leadbridge:lead:1">'
    )
    assert written.count(b"xmlns") == 2


@pytest.mark.parametrize("character", [chr(n) for n in (0, 0x0B, 0x1F, 0xD800, 0xDFFF, 0xFFFE, 0xFFFF)])
def test_a_character_that_xml_cannot_carry_is_refused(character: str) -> None:
    note = m.Note(value=f"a{character}b")
    with pytest.raises(ValueError, match="cannot carry"):
        encode_part(note, f"{{{NAMESPACES['lbl']}}}Note")


def test_markup_in_a_name_of_an_extension_is_refused() -> None:
    extension = m.Extension(other_element=[AnyElement(qname="a><b", text="x")])
    with pytest.raises(ValueError, match="Invalid"):
        encode_part(extension, f"{{{NAMESPACES['lbl']}}}Extension")


def test_a_refused_lead_is_given_back_as_it_came_however_wrong_it_is() -> None:
    lead = (
        f'<lbb:Lead {PREFIXES} other="1">text<lbl:StartDate>soon</lbl:StartDate><lbl:StartDate/>'
        "<p:Name xmlns:p='urn:example:p'/></lbb:Lead>"
    )
    rejections = m.LeadBulkRejections(
        basic_message_header=m.BasicMessageHeader(), any_element=[read_foreign(parse(lead.encode()))]
    )
    answer = m.LeadBulkRejectionsResponseSync(
        basic_message_header=m.BasicMessageHeader(),
        lead_bulk=rejections,
        processing_conditions=m.ResponseProcessingConditions(
            returned_query_hits_number_value=1, more_hits_available_indicator=False
        ),
        log=m.Log(business_document_processing_result_code=m.ProcessingResultCode.VALUE_3),
    )
    element = encode(answer)
    validate(element)
    (again,) = element.iter(f"{{{NAMESPACES['lbb']}}}Lead")
    assert canonical(again) == canonical(parse(lead.encode()))
    assert again.prefix == "lbb"
    assert decode(element) == answer


def test_only_foreign_elements_are_written_into_an_extension() -> None:
    extension = m.Extension(other_element=["text"])
    with pytest.raises(TypeError):
        encode_part(extension, f"{{{NAMESPACES['lbl']}}}Extension")


def test_names_and_classes_belong_together() -> None:
    for message in MESSAGES:
        assert class_of(name_of(message)) is message
    with pytest.raises(LookupError):
        class_of("{urn:leadbridge:lead:1}Lead")
    with pytest.raises(LookupError):
        name_of(m.Lead)
