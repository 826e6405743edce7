"""The rows of the security catalogue at the bulk door: files streamed to /bulk/leads, in XML and CSV, and taken in."""

from __future__ import annotations

import codecs
import gzip
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import count

import pytest

from leadbridge.contract.parsing import parse
from tests.support.bulk import LEAD_LIMITS
from tests.support.bulk_by_hand import file_of, head, small_lead
from tests.support.door import Reply
from tests.support.fuzz_gateway import InProcess, in_process
from tests.support.fuzz_requests import BASIC, Request, as_upload

_numbers = count(1)
XSI = 'xmlns:i="http://www.w3.org/2001/XMLSchema-instance"'


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcess]:
    with in_process(tmp_path_factory.mktemp("rows")) as made:
        yield made


@pytest.fixture
def nobody() -> Iterator[socket.socket]:
    """A server that nobody may call."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.05)
        yield listening
        with pytest.raises(TimeoutError):
            listening.accept()


def one_lead(content: str = "", *, name: str | None = None) -> bytes:
    """A file with a lead that was never there before; `content` comes after its prospect."""
    return file_of([small_lead(next(_numbers), name=name, content=content)])


def extended(content: str) -> bytes:
    """A file whose lead has this in its Extension, where the contract has nothing against it."""
    return one_lead(f"<lbl:Extension>{content}</lbl:Extension>")


def sent(gateway: InProcess, data: bytes, media: bytes = b"text/xml") -> Reply:
    reply = gateway.judge(as_upload(data, media))
    assert reply is not None
    return reply


def taken(gateway: InProcess, data: bytes, media: bytes = b"text/xml") -> tuple[int, list[str]]:
    """How many leads of a file were accepted, and why others were not."""
    reply = sent(gateway, data, media)
    assert reply.status == 202, reply.body
    accepted = gateway.take_in()
    reasons = parse(gateway.rejections).findall(".//{*}LogItem/{*}TypeID") if gateway.rejections else []
    return accepted, [one.text or "" for one in reasons]


def test_row_01_and_02_a_document_type_is_refused_and_nobody_is_called(
    gateway: InProcess, nobody: socket.socket
) -> None:
    where = f"http://127.0.0.1:{nobody.getsockname()[1]}/x"
    for declaration in (
        f'<!DOCTYPE a [<!ENTITY x SYSTEM "{where}">]>',
        f'<!DOCTYPE a [<!ENTITY % x SYSTEM "{where}"> %x;]>',
        f'<!DOCTYPE a SYSTEM "{where}">',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
    ):
        file = one_lead().partition(b"?>\n")[2]
        reply = sent(gateway, declaration.encode() + file)
        assert reply.status == 400
        assert b"document type" in reply.body
        behind = one_lead() + declaration.encode()  # behind the root: the leads before it are whole
        assert taken(gateway, behind) == (1, [])


def test_row_01_an_entity_breaks_the_file_and_an_inclusion_is_data(gateway: InProcess) -> None:
    assert taken(gateway, one_lead(name="&x;")) == (0, [])
    inclusion = '<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/>'
    assert taken(gateway, extended(inclusion)) == (1, [])


def test_row_03_the_deepest_level_passes_and_the_next_is_refused(gateway: InProcess) -> None:
    def nested(levels: int) -> bytes:  # the lead is level 1, its Extension level 2
        inner = levels - 3
        return extended(f'<x:a xmlns:x="urn:x">{"<a>" * inner}{"</a>" * inner}</x:a>')

    deepest = LEAD_LIMITS.deepest_element
    assert taken(gateway, nested(deepest)) == (1, [])
    assert taken(gateway, nested(deepest + 1)) == (0, ["BULK.RECORD_TOO_LARGE"])
    assert taken(gateway, nested(1_500)) == (0, ["BULK.RECORD_DAMAGED"])


def test_row_05_the_last_element_passes_and_the_next_is_refused(gateway: InProcess) -> None:
    def elements(total: int) -> bytes:
        base = small_lead(1).count("<") - small_lead(1).count("</") + 2
        return extended(f'<x:a xmlns:x="urn:x">{"<a/>" * (total - base)}</x:a>')

    assert taken(gateway, elements(LEAD_LIMITS.most_elements)) == (1, [])
    assert taken(gateway, elements(LEAD_LIMITS.most_elements + 1)) == (0, ["BULK.RECORD_TOO_LARGE"])
    assert taken(gateway, elements(200_000)) == (0, ["BULK.RECORD_TOO_LARGE"])


def test_row_06_and_07_the_last_attribute_passes_and_the_next_is_refused(gateway: InProcess) -> None:
    def attributes(how_many: int) -> bytes:
        names = " ".join(f"{'A' * 8}{number:06d}=''" for number in range(how_many))
        return extended(f'<x:a xmlns:x="urn:x" {names}/>')

    most = LEAD_LIMITS.most_attributes_per_element
    assert taken(gateway, attributes(most)) == (1, [])
    assert taken(gateway, attributes(most + 1)) == (0, ["BULK.RECORD_TOO_LARGE"])
    assert taken(gateway, attributes(100_000)) == (0, ["BULK.RECORD_TOO_LARGE"])


def test_row_06_the_last_namespace_passes_and_the_next_is_refused(gateway: InProcess) -> None:
    def namespaces(how_many: int) -> bytes:
        declared = " ".join(f"xmlns:n{number}='urn:{number}'" for number in range(how_many - 1))
        return extended(f'<x:a xmlns:x="urn:x" {declared}/>')

    most = LEAD_LIMITS.most_namespaces_per_element
    assert taken(gateway, namespaces(most)) == (1, [])
    assert taken(gateway, namespaces(most + 1)) == (0, ["BULK.RECORD_TOO_LARGE"])
    assert taken(gateway, namespaces(100_000)) == (0, ["BULK.RECORD_TOO_LARGE"])


def test_row_06_a_crowd_that_the_contract_forbids_is_refused_without_counting_it_twice(gateway: InProcess) -> None:
    crowd = "<lbb:Lead " + " ".join(f"a{number}=''" for number in range(100_000)) + ">"
    leads = [small_lead(next(_numbers)), small_lead(next(_numbers)).replace("<lbb:Lead>", crowd)]
    began = time.process_time()
    assert taken(gateway, file_of(leads)) == (1, ["BULK.RECORD_TOO_LARGE"])
    assert time.process_time() - began < 10  # not a measurement: it took minutes, the square of their number


@pytest.mark.parametrize("what", ["text", "attribute", "name"])
def test_row_08_the_longest_passes_and_one_more_is_refused(gateway: InProcess, what: str) -> None:
    def made(length: int) -> bytes:
        if what == "text":
            return extended(f'<x:a xmlns:x="urn:x">{"n" * length}</x:a>')
        if what == "attribute":
            return extended(f'<x:a xmlns:x="urn:x" b="{"n" * (length - 1)}"/>')
        return extended(f'<x:{"n" * length} xmlns:x="urn:x"/>')

    longest = {
        "text": LEAD_LIMITS.longest_text,
        "attribute": LEAD_LIMITS.longest_attribute_value,
        "name": LEAD_LIMITS.longest_name,
    }[what]
    beyond = longest + 1 if what != "name" else 5_000  # a name is measured with its namespace
    assert taken(gateway, made(longest)) == (1, [])
    assert taken(gateway, made(beyond)) == (0, ["BULK.RECORD_TOO_LARGE"])
    assert taken(gateway, one_lead(name="n" * 81)) == (0, ["BULK.CONTRACT_VIOLATION"])


def test_row_09_and_17_encodings_and_references_are_violations(gateway: InProcess) -> None:
    for attribute in (
        'xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" e:encodingStyle="urn:x"',
        'xmlns:e="http://schemas.xmlsoap.org/soap/encoding/" e:arrayType="lbl:Lead[1000000]"',
        'id="a" href="#a"',
        'href="#nowhere"',
    ):
        file = one_lead().replace(b"<lbb:Lead>", b"<lbb:Lead " + attribute.encode() + b">")
        accepted, reasons = taken(gateway, file)
        assert accepted == 0
        assert set(reasons) == {"BULK.CONTRACT_VIOLATION"}


def test_row_14_hints_to_schemas_are_not_followed(gateway: InProcess, nobody: socket.socket) -> None:
    for location in (f"http://127.0.0.1:{nobody.getsockname()[1]}/x.xsd", "file:///etc/passwd", "/nonexistent.xsd"):
        hint = f'{XSI} i:schemaLocation="urn:x {location} urn:leadbridge:lead:1 {location}"'
        assert taken(gateway, extended(f'<x:a xmlns:x="urn:x" {hint}/>')) == (1, [])
        everywhere = one_lead().replace(b"<lbb:Lead>", f"<lbb:Lead {hint}>".encode())
        assert sent(gateway, everywhere).status == 202
        gateway.take_in()


@pytest.mark.parametrize(
    "media",
    [b"multipart/related; type=text/xml; boundary=b", b"multipart/form-data; boundary=b", b"application/xop+xml"],
)
def test_row_16_attachments_are_not_accepted(gateway: InProcess, media: bytes) -> None:
    assert sent(gateway, one_lead(), media).status == 415


_FILE = one_lead(name="M\u00fcller \U0001f40e")
_TEXT = _FILE.decode().replace('encoding="UTF-8"', 'encoding="utf-16"')
_LE = codecs.BOM_UTF16_LE + _TEXT.encode("utf-16-le")


@pytest.mark.parametrize(
    ("charset", "data"),
    [("", _LE), ("; charset=utf-16", _LE), ("; charset=utf-8", codecs.BOM_UTF8 + _FILE), ('; charset="UTF-8"', _FILE)],
)
def test_row_19_what_agrees_is_taken(gateway: InProcess, charset: str, data: bytes) -> None:
    assert sent(gateway, data, b"text/xml" + charset.encode()).status in (200, 202)
    gateway.take_in()


@pytest.mark.parametrize(
    ("charset", "data"),
    [
        ("; charset=utf-8", _LE),
        ("; charset=utf-16", _FILE),
        ("", _TEXT.encode()),
        ("", codecs.BOM_UTF16_LE + _FILE.decode().encode("utf-16-le")),
        ("", _TEXT.encode("utf-16-le")),
        ("", _FILE.decode().encode("utf-32")),
        ("", _FILE.decode().encode("utf-7").replace(b"<", b"+ADw-")),
        ("", _FILE.replace(b"UTF-8", b"iso-8859-1")),
        ("", b"\0" + _FILE),
        ("", _FILE.replace(b'version="1.0"', b'version="1.1"')),
    ],
)
def test_row_19_what_does_not_agree_is_refused(gateway: InProcess, charset: str, data: bytes) -> None:
    assert sent(gateway, data, b"text/xml" + charset.encode()).status == 400


@pytest.mark.parametrize("wrong", [b"\xc0\xaf", b"\xed\xa0\x80", b"\0", b"\x01", b"\xff", b"&#0;", b"&#xD800;"])
def test_row_19_a_lead_that_is_no_text_is_not_taken(gateway: InProcess, wrong: bytes) -> None:
    reply = sent(gateway, one_lead(name="NAME").replace(b"NAME", wrong))
    assert reply.status in (202, 400)  # in a short file it is met while the heading is looked for
    assert gateway.take_in() == 0
    table = f"Name,CategoryCode,RoleCode,GivenName,FamilyName\nNAME,1,PROSPECT,A,B{next(_numbers)}\n".encode()
    accepted, _ = taken(gateway, table.replace(b"NAME", wrong), b"text/csv")
    assert accepted == (1 if wrong.startswith(b"&") else 0)  # in CSV these are five letters


@pytest.mark.parametrize(
    ("media", "status"),
    [(b"", 415), (b"application/json", 415), (b"text/xml; charset=utf-7", 415), (b"text/csv; charset=utf-16", 415)],
)
def test_row_20_another_media_type_is_refused(gateway: InProcess, media: bytes, status: int) -> None:
    assert sent(gateway, one_lead(), media).status == status
    without = replace(as_upload(one_lead()), headers=((b"authorization", BASIC),))
    reply = gateway.judge(without)
    assert reply is not None
    assert reply.status == 415


@pytest.mark.parametrize("name", [b"content-type", b"content-encoding", b"authorization", b"idempotency-key"])
def test_row_20_a_header_that_decides_may_come_once(gateway: InProcess, name: bytes) -> None:
    request = as_upload(one_lead())
    values = {b"content-encoding": b"identity", b"idempotency-key": b"5f6b1c1e-8a35-4a2b-9d0e-3c2f7d1b4a01"}
    value = dict(request.headers).get(name) or values[name]
    others = tuple(header for header in request.headers if header[0] != name)
    reply = gateway.judge(replace(request, headers=(*others, (name, value), (name, value))))
    assert reply is not None
    assert reply.status == 400


@pytest.mark.parametrize("coding", [b"br", b"deflate", b"gzip, gzip", b"x"])
def test_row_21_codings_that_are_unknown_or_nested_are_refused(gateway: InProcess, coding: bytes) -> None:
    data = gzip.compress(gzip.compress(one_lead()))
    headers = ((b"content-type", b"text/xml"), (b"content-encoding", coding), (b"authorization", BASIC))
    reply = gateway.judge(Request("POST", "/bulk/leads", headers, (data,)))
    assert reply is not None
    assert reply.status == 415
    assert sent(gateway, data).status == 400  # what is inflated is gzip again, and no file


@pytest.mark.parametrize("cell", ["=1+1", "@SUM(A1)", "+1", "-1", "=cmd|' /C calc'!A0", "<script>x</script>"])
def test_row_27_what_is_given_back_is_xml_and_no_spreadsheet(gateway: InProcess, cell: str) -> None:
    """A cell that begins a formula is data. There is no export in CSV: what was not taken comes back as XML."""
    quoted = f'"{cell}"'
    table = f"Name,CategoryCode,RoleCode,GivenName,FamilyName\n{quoted},1,WRONG,A,B{next(_numbers)}\n"
    accepted, reasons = taken(gateway, table.encode(), b"text/csv")
    assert (accepted, reasons) == (0, ["BULK.CONTRACT_VIOLATION"])
    assert parse(gateway.rejections).findtext(".//{*}Lead/{*}Name") == cell
    assert b"<script" not in gateway.rejections


def test_row_25_text_that_is_a_path_or_an_address_is_data(gateway: InProcess, nobody: socket.socket) -> None:
    for text in ("/etc/passwd", "file:///etc/passwd", f"http://127.0.0.1:{nobody.getsockname()[1]}/x"):
        assert taken(gateway, one_lead(name=text)) == (1, [])
    assert sent(gateway, b"/etc/passwd").status == 400
    assert sent(gateway, head().encode()).status == 400
