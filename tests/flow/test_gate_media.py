"""The gate and what a message is written in: media types, encodings, content codings, attachments."""

import codecs

import pytest

from leadbridge.soap.versions import SOAP_11, SOAP_12, SoapVersion
from tests.support.door import CREATE_LEAD, Door, Reply, assert_refused, basic, envelope, with_extension

both_versions = pytest.mark.parametrize("version", [SOAP_11, SOAP_12], ids=lambda version: version.name)


@pytest.fixture
def door() -> Door:
    return Door()


# -------------------------------------------------------------------------------------------------- row 16: attachments


@both_versions
@pytest.mark.parametrize(
    "content_type",
    [
        b'multipart/related; type="application/xop+xml"; boundary=b; start="<a>"; start-info="text/xml"',
        b"multipart/related; type=text/xml; boundary=b",
        b"multipart/form-data; boundary=b",
        b"application/xop+xml",
        b"message/rfc822",
    ],
)
def test_row_16_attachments_are_not_accepted(door: Door, version: SoapVersion, content_type: bytes) -> None:
    part = b"--b\r\nContent-Type: text/xml\r\nContent-ID: <a>\r\n\r\n" + envelope(version=version) + b"\r\n--b--"

    assert_refused(door.post(part, content_type=content_type), "UnsupportedMediaType", status=415)


@both_versions
def test_row_16_an_inclusion_of_a_part_breaks_the_contract(door: Door, version: SoapVersion) -> None:
    include = '<x:Include xmlns:x="http://www.w3.org/2004/08/xop/include" href="cid:a"/>'
    message = envelope(CREATE_LEAD.replace("Asked for", include), version=version)

    assert_refused(door.post(message, version=version), "ContractViolation", version=version)


# ---------------------------------------------------------------------------------------------------- row 19: encodings

_UMLAUT = envelope(CREATE_LEAD.replace("Quendolin", "M\u00fcller \U0001f40e")).decode()


def assert_taken(door: Door, reply: Reply) -> None:
    """The message arrived with its letters."""
    assert reply.answer is not None
    party = door.recorder.calls[-1][1].message.lead.prospect_party.new_business_partner
    assert party.person.family_name == "M\u00fcller \U0001f40e"


def content_type_of(version: SoapVersion, charset: str) -> bytes:
    return f"{version.media_type}{f'; charset={charset}' if charset else ''}".encode()


@both_versions
@pytest.mark.parametrize("declaration", ["", '<?xml version="1.0"?>', "<?xml version='1.0' encoding='UTF-8'?>"])
@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
@pytest.mark.parametrize("charset", ["", "utf-8", "UTF-8", '"utf-8"'])
def test_row_19_utf_8_is_taken(door: Door, version: SoapVersion, declaration: str, mark: bytes, charset: str) -> None:
    message = _UMLAUT.replace(SOAP_11.namespace, version.namespace)

    reply = door.post(
        mark + (declaration + message).encode(), content_type=content_type_of(version, charset), version=version
    )

    assert_taken(door, reply)


@both_versions
@pytest.mark.parametrize("declaration", ["", '<?xml version="1.0" encoding="utf-16"?>'])
@pytest.mark.parametrize(("mark", "codec"), [(codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")])
@pytest.mark.parametrize("charset", ["", "utf-16"])
@pytest.mark.parametrize("size", [1, 7, 1_000_000])
def test_row_19_utf_16_with_its_mark_is_taken(
    door: Door, version: SoapVersion, declaration: str, mark: bytes, codec: str, charset: str, size: int
) -> None:
    text = declaration + _UMLAUT.replace(SOAP_11.namespace, version.namespace)
    message = mark + text.encode(codec)

    reply = door.post(
        chunks=[message[start : start + size] for start in range(0, len(message), size)],
        content_type=content_type_of(version, charset),
        version=version,
    )

    assert_taken(door, reply)


@both_versions
def test_row_19_long_utf_16_is_taken_across_the_slices_of_the_guard(door: Door, version: SoapVersion) -> None:
    horses = "\U0001f40e" * 30_001
    content = f'<x:a xmlns:x="urn:x">{horses}</x:a>'
    message = codecs.BOM_UTF16_LE + envelope(with_extension(content), version=version).decode().encode("utf-16-le")

    assert door.post(b"" + message, content_type=content_type_of(version, "utf-16"), version=version).answer is not None


_UTF_16 = _UMLAUT.encode("utf-16-le")
_WRONG_ENCODINGS = {
    "UTF-16 without mark": ("", _UTF_16),
    "UTF-16 without mark, big end first": ("", _UMLAUT.encode("utf-16-be")),
    "UTF-16 without mark, announced": ("utf-16", _UTF_16),
    "header UTF-8, mark UTF-16": ("utf-8", codecs.BOM_UTF16_LE + _UTF_16),
    "header UTF-16, body UTF-8": ("utf-16", _UMLAUT.encode()),
    "header UTF-16, mark UTF-8": ("utf-16", codecs.BOM_UTF8 + _UMLAUT.encode()),
    "header UTF-8, declaration UTF-16": ("utf-8", b'<?xml version="1.0" encoding="utf-16"?>' + _UMLAUT.encode()),
    "mark UTF-16, declaration UTF-8": (
        "utf-16",
        codecs.BOM_UTF16_LE + ('<?xml version="1.0" encoding="utf-8"?>' + _UMLAUT).encode("utf-16-le"),
    ),
    "UTF-32": ("", _UMLAUT.encode("utf-32")),
    "UTF-32, big end first": ("", codecs.BOM_UTF32_BE + _UMLAUT.encode("utf-32-be")),
    "UTF-7": ("", _UMLAUT.encode("utf-7").replace(b"<", b"+ADw-")),
    "declaration UTF-7": ("", b'<?xml version="1.0" encoding="utf-7"?>' + envelope()),
    "declaration unicode_escape": ("", b'<?xml version="1.0" encoding="unicode_escape"?>' + envelope()),
    "declaration ISO-8859-1": ("utf-8", b'<?xml version="1.0" encoding="iso-8859-1"?>' + envelope()),
    "declaration EBCDIC": ("", b'<?xml version="1.0" encoding="cp037"?>' + envelope()),
    "Latin-1 bytes": ("utf-8", envelope(CREATE_LEAD.replace("Ada", "J\u00fcrgen")).decode().encode("latin-1")),
    "overlong": ("utf-8", envelope().replace(b"Ada", b"\xc0\xaf")),
    "lone surrogate": ("utf-8", envelope().replace(b"Ada", b"\xed\xa0\x80")),
    "lone surrogate in UTF-16": (
        "utf-16",
        codecs.BOM_UTF16_LE + envelope().decode().replace("Ada", "\ud800").encode("utf-16-le", "surrogatepass"),
    ),
    "half a character at the end": ("utf-16", codecs.BOM_UTF16_LE + envelope().decode().encode("utf-16-le") + b"\n"),
    "NUL": ("utf-8", envelope().replace(b"Ada", b"A\0da")),
    "NUL after the end": ("utf-8", envelope() + b"\0"),
    "reference to NUL": ("utf-8", envelope().replace(b"Ada", b"&#0;")),
    "reference to a surrogate": ("utf-8", envelope().replace(b"Ada", b"&#xD800;")),
    "control character": ("utf-8", envelope().replace(b"Ada", b"\x01")),
    "not a character": ("utf-8", envelope().replace(b"Ada", b"\xef\xbf\xbf")),
    "US-ASCII with other letters": ("us-ascii", _UMLAUT.encode()),
    "US-ASCII with a mark": ("us-ascii", codecs.BOM_UTF8 + envelope()),
    "XML 1.1": ("utf-8", b'<?xml version="1.1"?>' + envelope()),
}


@pytest.mark.parametrize(("charset", "message"), _WRONG_ENCODINGS.values(), ids=_WRONG_ENCODINGS)
@both_versions
def test_row_19_what_does_not_agree_or_is_no_text_is_malformed(
    door: Door, version: SoapVersion, charset: str, message: bytes
) -> None:
    reply = door.post(message, content_type=content_type_of(version, charset), version=version)

    assert_refused(reply, "MalformedMessage", version=version)
    assert not door.recorder.calls


@both_versions
@pytest.mark.parametrize(
    "charset", ["utf-7", "utf-32", "utf-16le", "utf-16be", "iso-8859-1", "unicode_escape", "raw_unicode_escape", "x"]
)
def test_row_19_a_charset_that_is_not_known_is_an_unsupported_media_type(
    door: Door, version: SoapVersion, charset: str
) -> None:
    reply = door.post(content_type=content_type_of(version, charset), version=version)

    assert_refused(reply, "UnsupportedMediaType", status=415, version=version)


@both_versions
def test_row_19_us_ascii_is_a_part_of_utf_8(door: Door, version: SoapVersion) -> None:
    declared = b'<?xml version="1.0" encoding="us-ascii"?>' + envelope(version=version)

    for message in (envelope(version=version), declared):
        reply = door.post(message, content_type=content_type_of(version, "us-ascii"), version=version)
        assert reply.answer is not None


# -------------------------------------------------------------------------------------- row 20: media type and version


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        b" ",
        b"text/plain",
        b"application/xml",
        b"application/json",
        b"application/x-www-form-urlencoded",
        b"text/xml, application/soap+xml",
        b"text/xml charset=utf-8",
        b"text/xml; charset=utf-8; charset=utf-8",
        b"text/xml; charset=utf-8\r\nx: y",
        b"text/xml; " + b"a=b; " * 300,
        b"text/xmlx",
        b"\xff\xfe",
    ],
)
def test_row_20_any_other_media_type_is_refused_with_a_fault(door: Door, content_type: bytes | None) -> None:
    reply = door.post(content_type=content_type)

    assert_refused(reply, "UnsupportedMediaType", status=415)
    assert not door.recorder.calls


@pytest.mark.parametrize(
    "content_type", [b"TEXT/XML", b"text/xml ; charset=utf-8 ", b"text/xml;charset=UTF-8;", b"text/xml; action=x"]
)
def test_row_20_a_media_type_may_be_written_in_many_ways(door: Door, content_type: bytes) -> None:
    assert door.post(content_type=content_type).answer is not None


@both_versions
def test_row_20_an_envelope_of_the_other_version_is_a_version_mismatch(door: Door, version: SoapVersion) -> None:
    other = SOAP_12 if version is SOAP_11 else SOAP_11

    reply = door.post(envelope(version=other), version=version)

    assert reply.status == 500
    assert reply.fault.code == f"{{{version.namespace}}}VersionMismatch"
    assert reply.fault.kind == "MalformedMessage"
    assert (b"SupportedEnvelope" in reply.body) == (version is SOAP_12)


@both_versions
@pytest.mark.parametrize("root", ["<a/>", '<e:Envelope xmlns:e="urn:other"><e:Body/></e:Envelope>', "<Envelope/>"])
def test_row_20_what_is_no_envelope_of_this_version_is_a_version_mismatch(
    door: Door, version: SoapVersion, root: str
) -> None:
    assert door.post(root.encode(), version=version).fault.code == f"{{{version.namespace}}}VersionMismatch"


@both_versions
@pytest.mark.parametrize("coding", [b"gzip", b"deflate", b"br", b"gzip, gzip", b"x"])
def test_row_21_a_content_coding_is_refused_until_there_is_one(door: Door, version: SoapVersion, coding: bytes) -> None:
    reply = door.post(version=version, more_headers=[(b"content-encoding", coding)])

    assert_refused(reply, "UnsupportedMediaType", status=415, version=version)
    assert door.post(version=version, more_headers=[(b"content-encoding", b"identity")]).answer is not None


@both_versions
@pytest.mark.parametrize("name", [b"authorization", b"content-length", b"soapaction", b"content-encoding"])
def test_row_20_a_header_that_decides_may_come_once(door: Door, version: SoapVersion, name: bytes) -> None:
    value = {b"authorization": basic(), b"content-length": b"5", b"content-encoding": b"identity"}.get(name, b"")

    reply = door.post(
        version=version, authorization=None, declare_length=False, more_headers=[(name, value), (name, value)]
    )

    assert_refused(reply, "MalformedMessage", version=version)
