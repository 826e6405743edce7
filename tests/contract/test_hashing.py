"""Content hashes tell a message, or a record of a bundle, from another one, however it is written."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from leadbridge.contract.codec import decode_hashed, record_hashes
from leadbridge.contract.files import NAMESPACES
from leadbridge.contract.hashing import RelativeNamespace
from leadbridge.contract.parsing import parse
from leadbridge.contract.schema import validate

NAME = "<l:Name>A</l:Name>"
AMOUNT = '<l:ExpectedRevenueAmount currencyCode="EUR">1.0</l:ExpectedRevenueAmount>'
ITEM = "<l:Item><l:ProductID>P</l:ProductID></l:Item>"
NOTES = '<l:Note languageCode="en" typeCode="001">One</l:Note><l:Note>Two</l:Note>'
EXTENSION = '<l:Extension><x:one xmlns:x="urn:x" b="2" a="1">text<x:two/></x:one></l:Extension>'
PROSPECT = "<l:ProspectParty><l:BusinessPartnerInternalID>0000000001</l:BusinessPartnerInternalID></l:ProspectParty>"
LEAD = NAME + PROSPECT + AMOUNT + ITEM + NOTES + EXTENSION
DECLARED = {"l": NAMESPACES["lbl"], "c": NAMESPACES["lbc"]}


def document(lead: str, *, prefixes: Mapping[str, str] = DECLARED, around: str = "") -> bytes:
    declared = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in prefixes.items())
    head = f"<l:LeadCreateRequest_sync {declared} {around}><l:BasicMessageHeader/><l:Lead>"
    return f"{head}{lead}</l:Lead></l:LeadCreateRequest_sync>".encode()


def hash_of(data: bytes) -> bytes:
    payload = parse(data)
    validate(payload)
    found: bytes = decode_hashed(payload)[1]
    return found


ORIGINAL = hash_of(document(LEAD))


@pytest.mark.parametrize(
    "written",
    [
        document(LEAD).replace(b"<l:", b"<ns0:").replace(b"</l:", b"</ns0:").replace(b"xmlns:l", b"xmlns:ns0"),
        document(LEAD, around='xmlns:more="urn:more"'),
        document(LEAD).replace(b"><l:", b">\n  <l:"),
        document(LEAD.replace('languageCode="en" typeCode="001"', "typeCode='001'  languageCode = \"&#101;n\"")),
        document(LEAD.replace("<l:Name>A", "<l:Name >&#65;")),
        document(LEAD.replace("<l:Name>A", "<l:Name><![CDATA[A]]>")),
        document(LEAD.replace("<l:Name>A", "<l:Name><!-- not said -->A")),
        document(LEAD.replace('b="2" a="1"', 'a="1"   b="2"').replace("<x:two/>", "<x:two></x:two>")),
        document(LEAD).decode().encode("utf-16"),
    ],
)
def test_the_same_message_written_otherwise_has_the_same_hash(written: bytes) -> None:
    assert hash_of(written) == ORIGINAL


@pytest.mark.parametrize(
    "other",
    [
        LEAD.replace("<l:Name>A", "<l:Name>B"),
        LEAD.replace("<l:Name>A", "<l:Name>A "),
        LEAD.replace(">1.0<", ">1.00<"),
        LEAD.replace("EUR", "USD"),
        LEAD.replace(' typeCode="001"', ""),
        LEAD.replace(NOTES, '<l:Note typeCode="001">One</l:Note><l:Note languageCode="en">Two</l:Note>'),
        LEAD.replace("One</l:Note><l:Note>Two", "OneTwo"),
        LEAD.replace(NOTES, ""),
        LEAD.replace(ITEM, ITEM + ITEM),
        LEAD.replace("<l:ProductID>P</l:ProductID>", "<l:ProductID>P</l:ProductID><l:Description>D</l:Description>"),
        LEAD.replace("<x:two/>", "<x:three/>"),
        LEAD.replace("urn:x", "urn:y"),
        LEAD.replace(">text<", ">Text<"),
        LEAD.replace(EXTENSION, "<l:Extension/>"),
        LEAD.replace(EXTENSION, ""),
    ],
)  # fmt: skip
def test_another_message_has_another_hash(other: str) -> None:
    assert other != LEAD
    assert hash_of(document(other)) != ORIGINAL


def test_what_stands_in_the_header_counts() -> None:
    header = b"<l:BasicMessageHeader><c:ID>1</c:ID></l:BasicMessageHeader>"
    assert hash_of(document(LEAD).replace(b"<l:BasicMessageHeader/>", header)) != ORIGINAL


def test_no_value_can_pretend_to_be_two() -> None:
    splits = [("ab", "c"), ("a", "bc"), ("abc", "")]
    notes = ["".join(f"<l:Note>{text}</l:Note>" for text in texts if text) for texts in splits]
    assert len({hash_of(document(LEAD.replace(NOTES, each))) for each in notes}) == len(splits)


def test_a_relative_namespace_in_an_extension_has_no_hash() -> None:
    with pytest.raises(RelativeNamespace):
        hash_of(document(LEAD.replace("urn:x", "relative")))


# ------------------------------------------------------------------------------------------------------------ bundles

FIRST = f'<l:Lead actionCode="01">{LEAD}</l:Lead>'
SECOND = f'<l:Lead actionCode="01">{LEAD.replace(NAME, "<l:Name>B</l:Name>")}</l:Lead>'


def bundle(*records: str, message: str = "LeadBundleMaintainRequest_sync", around: str = "") -> tuple[bytes, ...]:
    declared = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in DECLARED.items())
    head = f"<l:{message} {declared} {around}><l:BasicMessageHeader/>"
    payload = parse(f"{head}{''.join(records)}</l:{message}>".encode())
    validate(payload)
    return record_hashes(payload)


def test_each_record_of_a_bundle_has_a_hash_wherever_it_stands() -> None:
    first, second = hashes = bundle(FIRST, SECOND)

    assert first != second
    assert bundle(SECOND, FIRST, around='xmlns:x="urn:x" allOrNoneIndicator="true"') == (second, first)
    assert bundle(FIRST, SECOND, message="LeadBundleMaintainCheckQuery_sync") == hashes
    assert bundle(re.sub("><l:", "> <l:", FIRST)) == (first,)
    assert bundle(FIRST.replace('"01"', '"04"')) != (first,)


def test_other_messages_have_no_records() -> None:
    assert record_hashes(parse(document(LEAD))) == ()
