"""Cutting bulk files in XML: every lead comes out once and as it was sent, whatever the file looks like."""

from __future__ import annotations

import re
import tracemalloc
from collections.abc import Iterable, Iterator

import pytest
from lxml import etree

from leadbridge.bulk import splitting
from leadbridge.bulk.heading import LONGEST_HEADING, Unusable, read_heading
from leadbridge.bulk.sources import SourceBroken
from leadbridge.bulk.splitting import BrokenOff, Chunk, split
from tests.support.bulk_by_hand import END, file_of, full_lead, head, small_lead

LEAD = "{urn:leadbridge:leadbulk:1}Lead"


def blocks(data: bytes, size: int = 1_000) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def cut(data: bytes, *, size: int = 1_000, chunk_records: int = 3) -> tuple[list[Chunk], BrokenOff | None]:
    """The chunks of a file, and how it broke off."""
    chunks: list[Chunk] = []
    try:
        chunks.extend(split(blocks(data, size), chunk_records=chunk_records))  # keeps what came before an error
    except BrokenOff as broken:
        return chunks, broken
    return chunks, None


def records(chunks: Iterable[Chunk]) -> list[bytes]:
    """The records of some chunks, each in canonical form."""
    roots = [etree.fromstring(chunk.document, etree.XMLParser(remove_comments=True)) for chunk in chunks]
    for chunk, root in zip(chunks, roots, strict=True):
        assert len(root) == chunk.records + 1
    return [canonical(one) for root in roots for one in list(root)[1:]]


def canonical(element: etree._Element) -> bytes:
    return etree.tostring(element, method="c14n", exclusive=True, with_comments=False).strip()


def expected(data: bytes) -> list[bytes]:
    """The records of a whole file, as an XML parser finds them."""
    return [canonical(one) for one in etree.fromstring(data).iterchildren("{*}Lead")]


@pytest.mark.parametrize("size", [1, 7, 100, 5_000, 1_000_000])
def test_every_lead_comes_out_once_in_order_however_the_bytes_arrive(size: int) -> None:
    data = file_of([full_lead(number) for number in range(1, 8)])
    chunks, broken = cut(data, size=size)
    assert broken is None
    assert [(chunk.number, chunk.first, chunk.records) for chunk in chunks] == [(0, 1, 3), (1, 4, 3), (2, 7, 1)]
    assert records(chunks) == expected(data)


def test_each_chunk_has_the_header_and_the_namespaces_of_the_file() -> None:
    chunks, _ = cut(file_of([small_lead(1)], uuid="0F8FAD5B-D9CB-469F-A165-70867728950E", test=True))
    (chunk,) = chunks
    heading = read_heading(chunk.document)
    assert heading is not None
    assert (heading.uuid, heading.test_data) == ("0f8fad5b-d9cb-469f-a165-70867728950e", True)


TRICKY = {
    "comment with an end tag": "<!-- </lbb:Lead> --><lbl:Note>a</lbl:Note>",
    "comment with tags and quotes": "<!-- <lbb:Lead> ' \" > <![CDATA[ --><lbl:Note>a</lbl:Note>",
    "CDATA with an end tag": "<lbl:Note><![CDATA[</lbb:Lead> ]] > <!-- ]]></lbl:Note>",
    "exclamation mark": "<lbl:Note>Call at once!</lbl:Note>",
    "end tag in an attribute": "<lbl:Extension><x a='&lt;/lbb:Lead>' b=\"/>\"/></lbl:Extension>",
    "lead in an Extension": "<lbl:Extension><lbb:Lead><lbb:Lead/></lbb:Lead></lbl:Extension>",
    "empty lead in an Extension": "<lbl:Extension><lbb:Lead a='>' /></lbl:Extension>",
    "lead of another namespace": "<lbl:Extension><lbb:Lead xmlns:lbb='urn:x'>a</lbb:Lead></lbl:Extension>",
    "longer names": "<lbl:Extension><lbb:Leads>a</lbb:Leads><lbb:Lead.x/></lbl:Extension>",
    "end tags with white space": "<lbl:Extension><lbb:Lead>a</lbb:Lead \n></lbl:Extension>",
}


@pytest.mark.parametrize("size", [1, 13, 100_000])
@pytest.mark.parametrize("content", TRICKY.values(), ids=TRICKY)
def test_what_looks_like_the_end_of_a_lead_and_is_none(content: str, size: int) -> None:
    data = file_of([small_lead(1), small_lead(2, content=content), small_lead(3), small_lead(4, content=content)])
    chunks, broken = cut(data, size=size)
    assert broken is None
    assert records(chunks) == expected(data)


@pytest.mark.parametrize("size", [1, 13, 100_000])
def test_prefixes_and_default_namespaces_may_change_from_lead_to_lead(size: int) -> None:
    data = file_of(
        [
            "<Lead xmlns='urn:leadbridge:leadbulk:1'><Name>1</Name></Lead>",
            "<x:Lead xmlns:x='urn:leadbridge:leadbulk:1' a=\">\">2</x:Lead>",
            "<!-- between <lbb:Lead> -->\n",
            "<lbb:Lead/><lbb:Lead a='1' />",
            "<lbb:Lead >5</lbb:Lead ><lbb:Lead\n>6</lbb:Lead\n>",
        ]
    )
    chunks, broken = cut(data, size=size)
    assert broken is None
    assert [chunk.records for chunk in chunks] == [3, 3]
    assert records(chunks) == expected(data)


def test_a_file_with_a_default_namespace() -> None:
    leads = "<Lead><lbl:Name>a</lbl:Name></Lead><Lead><lbl:Name>b</lbl:Name></Lead>"
    data = (
        f"<LeadBulk xmlns='urn:leadbridge:leadbulk:1' xmlns:lbl='urn:leadbridge:lead:1'><BasicMessageHeader/>{leads}"
        "</LeadBulk>"
    ).encode()
    chunks, broken = cut(data)
    assert broken is None
    assert records(chunks) == expected(data)


def test_any_element_among_the_leads_is_a_record_and_judged_later() -> None:
    data = file_of([small_lead(1), "<lbb:Other><x/></lbb:Other>", small_lead(2)])
    chunks, broken = cut(data, chunk_records=10)
    assert broken is None
    assert [chunk.records for chunk in chunks] == [3]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("size", [1, 2, 3, 1_000])
def test_utf_16_with_its_mark_becomes_utf_8(encoding: str, size: int) -> None:
    plain = file_of([full_lead(number) for number in range(1, 5)])
    text = "\ufeff" + plain.decode().replace('encoding="UTF-8"', 'encoding="UTF-16"')
    chunks, broken = cut(text.encode(encoding), size=size)
    assert broken is None
    assert records(chunks) == expected(plain)


def test_utf_8_with_its_mark() -> None:
    plain = file_of([full_lead(1)])
    chunks, _ = cut(b"\xef\xbb\xbf" + plain, size=1)
    assert records(chunks) == expected(plain)


# ------------------------------------------------------------------------------------------------- broken files


def test_truncated_at_every_byte_it_keeps_what_was_whole_and_says_where_it_broke() -> None:
    data = file_of([small_lead(number) + "\n" for number in range(1, 4)])
    ends = [match.end() for match in re.finditer(b"</lbb:Lead>", data)]
    opening = data.index(b"<lbb:Lead>")
    for length in range(len(data)):
        part = data[:length]
        whole = sum(end <= length for end in ends)
        if length <= opening + len("<lbb:Lead"):  # until then there may be no lead
            with pytest.raises(Unusable):
                cut(part, chunk_records=2)
            continue
        chunks, broken = cut(part, chunk_records=2)
        assert len(records(chunks)) == whole
        assert broken is not None
        assert broken.records == whole
        line = part.count(b"\n") + 1
        assert re.match(rf"line {line}, column \d+ \(byte [\d,]+\): .+; {whole} whole leads before it", str(broken))


def test_broken_in_the_middle_everything_before_is_kept_and_nothing_after() -> None:
    good = [small_lead(number) + "\n" for number in range(1, 6)]
    data = file_of([*good, "<lbb:Lead><lbl:Name></lbb:Lead>", *good])
    for size in (1, 100, 100_000):
        chunks, broken = cut(data, size=size, chunk_records=2)
        assert len(records(chunks)) == 5
        assert str(broken).startswith("line 9, column ")
        assert str(broken).endswith(": mismatched tag; 5 whole leads before it")


BROKEN = {
    "document type": ("<!DOCTYPE x>", "not well-formed"),
    "entity": ("<lbb:Lead>&file;</lbb:Lead>", "undefined entity"),
    "processing instruction": ("<?php echo 1 ?>", "a processing instruction"),
    "processing instruction in a lead": ("<lbb:Lead><?x?></lbb:Lead>", "a processing instruction"),
    "text": ("and", "text between the leads"),
    "CDATA": ("<![CDATA[and]]>", "text between the leads"),
    "no UTF-8": ("\udcff", "not well-formed"),
    "control character": ("<lbb:Lead>\x01</lbb:Lead>", "not well-formed"),
    "unbound prefix": ("<lbb:Lead><zzz:Name/></lbb:Lead>", "unbound prefix"),
    "two roots": (END + head()[39:], "junk after document element"),
}


@pytest.mark.parametrize(("content", "reason"), BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("size", [1, 100_000])
def test_what_breaks_a_file(content: str, reason: str, size: int) -> None:
    text = head() + small_lead(1) + content + small_lead(2) + END
    chunks, broken = cut(text.encode(errors="surrogateescape"), size=size)
    assert len(records(chunks)) == 1
    assert reason in str(broken)
    assert len(str(broken)) <= 200


def test_the_place_of_text_between_the_leads() -> None:
    data = file_of([small_lead(number) + "\n" for number in range(1, 6)] + ["  and"])
    for size in (1, 50, 100_000):
        _, broken = cut(data, size=size, chunk_records=2)
        assert (
            str(broken)
            == f"line 9, column 3 (byte {data.index(b'and'):,}): text between the leads; 5 whole leads before it"
        )


def test_half_a_character_of_utf_16_at_the_end() -> None:
    text = "\ufeff" + head().replace("UTF-8", "UTF-16") + small_lead(1)
    chunks, broken = cut(text.encode("utf-16-le") + b"\x20")
    assert len(records(chunks)) == 1
    assert "not UTF-16" in str(broken)


def test_a_source_that_breaks_off_keeps_what_came_before() -> None:
    def source() -> Iterator[bytes]:
        yield file_of([small_lead(1), small_lead(2)])[: -len(END)]
        raise SourceBroken("the gzip data is damaged")

    stream = split(source(), chunk_records=10)
    assert next(stream).records == 2
    with pytest.raises(BrokenOff, match="the gzip data is damaged; 2 whole leads before it"):
        next(stream)


UNUSABLE = {
    "empty": b"",
    "no XML": b"hello",
    "another root": b"<a/>",
    "root of no namespace": b"<LeadBulk><BasicMessageHeader/></LeadBulk>",
    "document type": b"<!DOCTYPE LeadBulk [<!ENTITY a 'b'>]>" + file_of([small_lead(1)])[39:],
    "no header": (head()[: head().index("<lbb:Basic")] + small_lead(1) + END).encode(),
    "no lead": (head() + END).encode(),
    "only a heading": head().encode(),
    "UTF-32": file_of([small_lead(1)]).decode().encode("utf-32"),
    "UTF-16 without its mark": file_of([small_lead(1)]).decode().encode("utf-16-le"),
    "another encoding": file_of([small_lead(1)]).replace(b"UTF-8", b"ISO-8859-1"),
    "XML 1.1": file_of([small_lead(1)]).replace(b'"1.0"', b'"1.1"'),
    "endless heading": head().encode() + b" " * LONGEST_HEADING,
}


@pytest.mark.parametrize("data", UNUSABLE.values(), ids=UNUSABLE)
@pytest.mark.parametrize("size", [1, 100_000])
def test_what_is_no_bulk_file_is_refused_before_anything_comes_out(data: bytes, size: int) -> None:
    with pytest.raises(Unusable) as refused:
        list(split(blocks(data, size), chunk_records=10))
    assert len(str(refused.value)) <= 200


# ----------------------------------------------------------------------------------------------- large and many


def test_row_04_a_huge_lead_breaks_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splitting, "LARGEST_LEAD", 5_000)
    note = "<lbl:Note>{}</lbl:Note>"
    data = file_of([small_lead(1, content=note.format("x" * 4_000)), small_lead(2, content=note.format("x" * 6_000))])
    chunks, broken = cut(data)
    assert len(records(chunks)) == 1
    assert "a lead of more than 5,000 bytes" in str(broken)


def test_large_leads_end_a_chunk_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splitting, "CHUNK_BYTES", 4_000)
    data = file_of([full_lead(number) for number in range(1, 8)])
    chunks, _ = cut(data, chunk_records=500)
    assert [(chunk.number, chunk.first, chunk.records) for chunk in chunks] == [(0, 1, 3), (1, 4, 3), (2, 7, 1)]
    assert records(chunks) == expected(data)


def test_the_same_file_gives_the_same_chunks_however_its_bytes_arrive() -> None:
    data = file_of([full_lead(number) for number in range(1, 30)])
    assert cut(data, size=37, chunk_records=4) == cut(data, size=10_000, chunk_records=4)


@pytest.mark.parametrize("filling", [" ", "<!-- -->"])
def test_row_04_what_stands_between_two_leads_may_not_grow_without_end(
    monkeypatch: pytest.MonkeyPatch, filling: str
) -> None:
    monkeypatch.setattr(splitting, "LARGEST_LEAD", 4_000)

    def between(length: int) -> bytes:
        filled = filling * (length // len(filling))
        return f"{head()}{small_lead(1)}{filled}{small_lead(2)}{END}".encode()

    last, whole = cut(between(4_000))
    first, broken = cut(between(4_008))
    assert (len(records(last)), whole) == (2, None)
    assert len(records(first)) == 1
    assert "more than 4,000 bytes between two leads" in str(broken)


def test_row_04_what_stands_behind_the_root_is_not_kept() -> None:
    cutter = splitting._Cutter(3)
    assert list(cutter.feed(file_of([small_lead(1)]))) == []
    kept = len(cutter._pending)
    assert list(cutter.feed(b"<!-- -->" * 100_000)) == []
    assert len(cutter._pending) == kept


_UNFINISHED = {
    "attributes": ("<lbb:Lead", " a=''"),
    "siblings": ("<lbb:Lead>", "<lbb:Lead/>"),
    "sections": ("<lbb:Lead>", "<![CDATA[]]>"),
    "comments": ("", "<!---->"),
}


@pytest.mark.parametrize(("begin", "filling"), _UNFINISHED.values(), ids=_UNFINISHED)
def test_row_06_a_lead_that_does_not_end_is_looked_at_seldom_and_in_little_memory(
    monkeypatch: pytest.MonkeyPatch, begin: str, filling: str
) -> None:
    """Each look begins at its start; one for every block would take minutes, and going back hundreds of megabytes."""
    looks = 0
    look = splitting._Cutter._record_end

    def counted(cutter: splitting._Cutter) -> int | None:
        nonlocal looks
        looks += 1
        return look(cutter)

    monkeypatch.setattr(splitting._Cutter, "_record_end", counted)
    monkeypatch.setattr(splitting, "BLOCK", 5_000)
    size = 500_000
    data = f"{head()}{small_lead(1)}{begin}{filling * (size // len(filling))}".encode()
    tracemalloc.start()
    chunks, broken = cut(data, size=5_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(records(chunks)) == 1
    assert broken is not None
    assert looks <= 12  # of a hundred blocks
    assert peak < 6 * size
