"""Bulk files as CSV: columns named like elements, and the same chunks as from XML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from leadbridge.bulk.columns import ColumnMapping, column_names, read_mapping
from leadbridge.bulk.csvfile import split_csv
from leadbridge.bulk.heading import Unusable
from leadbridge.bulk.splitting import LARGEST_LEAD, BrokenOff, Chunk
from leadbridge.contract.schema import validate

NO_MAPPING = ColumnMapping()
PERSON = "Name,CategoryCode,RoleCode,GivenName,FamilyName"


def cut(
    text: str | bytes, mapping: ColumnMapping = NO_MAPPING, *, size: int = 1_000, chunk_records: int = 100
) -> list[Chunk]:
    data = text.encode() if isinstance(text, str) else text
    blocks: Iterator[bytes] = (data[at : at + size] for at in range(0, len(data), size))
    return list(split_csv(blocks, mapping=mapping, chunk_records=chunk_records))


def leads(text: str | bytes, mapping: ColumnMapping = NO_MAPPING, **options: int) -> list[str]:
    """The leads that come out, without the contract's namespaces."""
    found = []
    for chunk in cut(text, mapping, **options):
        root = etree.fromstring(chunk.document)
        for lead in root.iterchildren("{*}Lead"):
            written = etree.tostring(lead, encoding="unicode", with_tail=False)
            found.append(re.sub(r' xmlns:\w+="[^"]*"|(?<=<)lb\w:|(?<=</)lb\w:', "", written))
    return found


def test_a_row_is_a_lead_that_keeps_the_contract() -> None:
    (chunk,) = cut(f"{PERSON}\nMortgage,1,PROSPECT,Anna,Beispiel\n")
    validate(etree.fromstring(chunk.document))
    assert (chunk.number, chunk.first, chunk.records, chunk.damaged) == (0, 1, 1, {})


def test_elements_come_in_the_order_of_the_contract_whatever_that_of_the_columns() -> None:
    assert leads("FamilyName;EmailURI[2];Name;EmailURI;GivenName\nB;two@x;M;one@x;A\n") == [
        (
            "<Lead><Name>M</Name><ProspectParty><NewBusinessPartner><Person><GivenName>A</GivenName>"
            "<FamilyName>B</FamilyName></Person><Communication><EmailURI>one@x</EmailURI><EmailURI>two@x</EmailURI>"
            "</Communication></NewBusinessPartner></ProspectParty></Lead>"
        )
    ]


def test_an_empty_cell_is_no_element_and_a_part_without_any_is_not_there() -> None:
    assert leads("Name,GivenName,Item/ProductID,Item[2]/ProductID\nM,,,  \nN,,P,\nO,,,Q\n") == [
        "<Lead><Name>M</Name></Lead>",
        "<Lead><Name>N</Name><Item><ProductID>P</ProductID></Item></Lead>",
        "<Lead><Name>O</Name><Item><ProductID>Q</ProductID></Item></Lead>",
    ]


def test_attributes_belong_to_their_value() -> None:
    header = "Name,ExpectedRevenueAmount,@currencyCode,Note,Note/@languageCode"
    assert leads(f"{header}\nM,1.50,EUR,Hi,en\nN,,EUR,,\n") == [
        (
            '<Lead><Name>M</Name><ExpectedRevenueAmount currencyCode="EUR">1.50</ExpectedRevenueAmount>'
            '<Note languageCode="en">Hi</Note></Lead>'
        ),
        "<Lead><Name>N</Name></Lead>",
    ]


def test_text_is_escaped_and_quoted_cells_hold_anything() -> None:
    text = 'Name,Note\r\n"a<b>&""c""","two\nlines, with ]]> and </lbb:Lead>"\r\n'
    assert leads(text) == [
        '<Lead><Name>a&lt;b&gt;&amp;"c"</Name><Note>two\nlines, with ]]&gt; and &lt;/lbb:Lead&gt;</Note></Lead>'
    ]


@pytest.mark.parametrize("size", [1, 2, 7, 100_000])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_delimiters_line_ends_and_marks(size: int, delimiter: str, ending: str) -> None:
    rows = [["Name", "GivenName"], ["Straße\u2028x", "Ж"], [], ["b", "c"], ["", ""]]
    text = "\ufeff" + "".join(delimiter.join(row) + ending for row in rows)
    assert len(leads(text, size=size)) == 2


def test_chunks_are_numbered_as_those_of_xml() -> None:
    text = "Name\n" + "".join(f"{number}\n" for number in range(1, 8))
    assert [(one.number, one.first, one.records) for one in cut(text, chunk_records=3)] == [
        (0, 1, 3),
        (1, 4, 3),
        (2, 7, 1),
    ]


def test_mapping_names_columns_leaves_some_out_and_adds_constants(tmp_path: Path) -> None:
    path = tmp_path / "mapping.toml"
    path.write_text(
        '[columns]\n"E-Mail" = "EmailURI"\nintern = ""\nVorname = "GivenName"\n'
        '[constants]\nRoleCode = "PROSPECT"\nCategoryCode = "1"\nCampaignID = "S<26"\n',
        encoding="utf-8",
    )
    assert leads("E-Mail,intern,Vorname\na@x,secret,A\n,secret,\n", read_mapping(path)) == [
        (
            "<Lead><CampaignID>S&lt;26</CampaignID><ProspectParty><NewBusinessPartner><CategoryCode>1</CategoryCode>"
            "<RoleCode>PROSPECT</RoleCode><Person><GivenName>A</GivenName></Person>"
            "<Communication><EmailURI>a@x</EmailURI></Communication></NewBusinessPartner></ProspectParty></Lead>"
        ),
        "<Lead/>",
    ]


def test_every_place_of_a_lead_has_a_clear_name() -> None:
    names = column_names()
    assert len(names) == len(set(names)) > 50
    assert {"Name", "EmailURI", "SalesPartnerParty/PartyID", "Document/Name", "@currencyCode"} <= set(names)
    cut(",".join(names) + "\n" + ",".join(["x"] * len(names)))


# ------------------------------------------------------------------------------------------------- what is refused

REFUSED = {
    "unknown": ("Name,Emial\n", 'column 2 "Emial" is unknown; nearest: EmailURI'),
    "unclear": ("Name,PartyID\n", "may be one of SalesResponsibleParty/PartyID, SalesPartnerParty/PartyID"),
    "twice": ("Name,Name\n", "Name would be filled twice"),
    "twice by another name": ("EmailURI,Communication/EmailURI[1]\n", "would be filled twice"),
    "attribute alone": ("Name,@currencyCode\n", "belongs to ExpectedRevenueAmount, which nothing fills"),
    "a part": ("Name,Person\n", "is unknown"),
    "nonsense": ("Name,a[b]\n", "is unknown"),
    "a row of data": ("Anna,Beispiel\n", "is unknown"),
    "empty": ("", "no column of the file is taken over"),
    "blank": ("\n\n", "no column of the file is taken over"),
    "only a header": ("Name\n", "has no lead"),
}


@pytest.mark.parametrize(("text", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_taken_is_refused_before_a_row_is_read(text: str, reason: str) -> None:
    with pytest.raises(Unusable) as refused:
        cut(text)
    assert reason in str(refused.value)


def test_a_header_that_is_not_utf_8_is_refused() -> None:
    with pytest.raises(Unusable, match="UTF-8"):
        cut("Näme\n".encode("latin-1"))


BAD_MAPPINGS = {
    "not TOML": "columns",
    "another table": "[column]\na='Name'\n",
    "a number": "[constants]\nCategoryCode = 1\n",
    "unknown place": "[constants]\nNome = '1'\n",
    "column that is not there": "[columns]\nMail = 'EmailURI'\n",
    "twice": "[constants]\nName = '1'\n",
}


@pytest.mark.parametrize("toml", BAD_MAPPINGS.values(), ids=BAD_MAPPINGS)
def test_a_mapping_that_cannot_be_meant_is_refused(toml: str, tmp_path: Path) -> None:
    path = tmp_path / "mapping.toml"
    path.write_text(toml, encoding="utf-8")
    with pytest.raises(Unusable):
        cut("Name\nx\n", read_mapping(path))


def test_rows_that_are_not_whole_are_damaged_and_do_not_stop_the_file() -> None:
    (chunk,) = cut(b"Name,GivenName\na,A\nb\nc,C,x\nd,D\x01\ne,E\nf,\xff\n")
    assert chunk.records == 6
    assert chunk.damaged == {
        1: "Line 3: The row has 1 cells, and the file 2 columns.",
        2: "Line 4: The row has 3 cells, and the file 2 columns.",
        3: "Line 5: A cell has a character that is not UTF-8, or that XML cannot carry.",
        5: "Line 7: A cell has a character that is not UTF-8, or that XML cannot carry.",
    }
    assert len(etree.fromstring(chunk.document)) == 1 + 6


def test_text_behind_a_quoted_cell_damages_its_row_alone() -> None:
    (chunk,) = cut(b'Name,GivenName\na,A\n"b"y,"B\n"c",C\n"d\ne"z,D\nf,F\n')
    note = "There is text between the end of a quoted cell and the next one."
    assert chunk.damaged == {1: f"Line 3: {note}", 3: f"Line 6: {note}"}
    root = etree.fromstring(chunk.document)
    names = [lead.findtext("{*}Name") for lead in list(root)[1:]]
    assert names == ["a", "by", "c", "d\nez", "f"]


@pytest.mark.parametrize(
    ("rest", "reason"),
    [
        (b'"c', "line 4: a quoted cell does not end; 2 whole leads before it"),
        (b"c" * (LARGEST_LEAD + 1) + b",C\nd,D\n", "line 4: a cell of more than 8,000,000 characters"),
    ],
)
def test_a_file_that_breaks_off_keeps_what_was_whole(rest: bytes, reason: str) -> None:
    data = b"Name,GivenName\na,A\nb,B\n" + rest
    out: list[Chunk] = []
    with pytest.raises(BrokenOff) as broken:
        out.extend(split_csv([data[:23], data[23:]], mapping=NO_MAPPING, chunk_records=10))
    assert reason in str(broken.value)
    assert "; 2 whole leads before it" in str(broken.value)
    assert [chunk.records for chunk in out] == [2]
