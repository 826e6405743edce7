"""Content hashes tell a message, or a record of a bundle, from another one, however it is written."""

from __future__ import annotations

import pytest

from leadbridge.contract.canonical import RelativeNamespace, content_hash, record_hashes
from leadbridge.contract.parsing import parse

LEAD = "urn:leadbridge:lead:1"
FIRST, SECOND = '<l:Lead actionCode="01"><l:Name>A</l:Name></l:Lead>', "<l:Lead><l:Name>B</l:Name></l:Lead>"


def bundle(*records: str, message: str = "LeadBundleMaintainRequest_sync", around: str = "") -> tuple[bytes, ...]:
    head = f'<l:{message} xmlns:l="{LEAD}" {around}><l:BasicMessageHeader/>'
    return record_hashes(parse(f"{head}{''.join(records)}</l:{message}>".encode()))


def test_each_record_of_a_bundle_has_a_hash_wherever_it_stands() -> None:
    first, second = hashes = bundle(FIRST, SECOND)

    assert first != second
    assert bundle(SECOND, FIRST, around='xmlns:x="urn:x" allOrNoneIndicator="true"') == (second, first)
    assert bundle(FIRST, SECOND, message="LeadBundleMaintainCheckQuery_sync") == hashes
    (alone,) = bundle(FIRST)
    assert alone == content_hash(parse(FIRST.replace("<l:Lead ", f"<l:Lead xmlns:l='{LEAD}' ").encode()))


@pytest.mark.parametrize(
    "other",
    [
        FIRST.replace("01", "04"),
        FIRST.replace("A<", "A <"),
        FIRST.replace("</l:Lead>", "<l:Extension/></l:Lead>"),
        FIRST.replace(' actionCode="01"', ""),
    ],
)
def test_another_record_has_another_hash(other: str) -> None:
    assert bundle(FIRST) != bundle(other)


def test_the_same_record_written_otherwise_has_the_same_hash() -> None:
    written = FIRST.replace('"01"', "'&#48;1'").replace("<l:Name>A", "<l:Name >&#65;")
    assert bundle(FIRST) == bundle(written)


def test_other_messages_have_no_records() -> None:
    assert bundle(FIRST, message="LeadCreateRequest_sync") == ()


def test_a_relative_namespace_in_a_record_has_no_hash() -> None:
    with pytest.raises(RelativeNamespace):
        bundle(FIRST.replace("<l:Name>", '<l:Name xmlns:r="relative" r:a="1">'))
