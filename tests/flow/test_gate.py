"""The gate at the edge of its rows of the security catalogue: the last that passes, the first that does not."""

import asyncio
import time
from dataclasses import replace
from typing import Any

import pytest

from leadbridge.soap.glance import is_plain
from leadbridge.soap.guard import Guard
from leadbridge.soap.limits import GateLimits
from leadbridge.soap.versions import SOAP_11, SOAP_12, SoapVersion
from tests.support.door import (
    COMMON,
    CREATE_LEAD,
    LEAD,
    LIMITS,
    Door,
    Reply,
    assert_refused,
    basic,
    envelope,
    with_extension,
)

both_versions = pytest.mark.parametrize("version", [SOAP_11, SOAP_12], ids=lambda version: version.name)


@pytest.fixture
def door() -> Door:
    return Door()


def padded(size: int, *, version: SoapVersion = SOAP_11) -> bytes:
    """A valid message of this many bytes, in pieces that no limit but the size minds."""
    message = envelope(version=version)
    missing = size - len(message)
    comments, rest = divmod(missing, 1_007)
    filling = b"<!--%b-->" % (b"x" * 1_000)
    return message.replace(b"<e:Body>", b"<e:Body>" + filling * comments + b" " * rest)


# ------------------------------------------------------------------------------------- rows 1 and 2: no document types

_DOCUMENT_TYPES = {
    "file": '<!DOCTYPE e [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    "network": '<!DOCTYPE e [<!ENTITY x SYSTEM "http://127.0.0.1:9/x">]>',
    "parameter entity": '<!DOCTYPE e [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x.dtd"> %x;]>',
    "external subset": '<!DOCTYPE e SYSTEM "http://127.0.0.1:9/x.dtd">',
    "public id": '<!DOCTYPE e PUBLIC "-//W3C//DTD XHTML 1.0//EN" "http://127.0.0.1:9/x.dtd">',
    "empty": "<!DOCTYPE e>",
    "laughs": '<!DOCTYPE e [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>',
    "quadratic": f'<!DOCTYPE e [<!ENTITY a "{"a" * 50_000}">]>',
}


@both_versions
@pytest.mark.parametrize("declaration", _DOCUMENT_TYPES.values(), ids=_DOCUMENT_TYPES)
def test_row_01_and_02_any_document_type_is_refused(door: Door, version: SoapVersion, declaration: str) -> None:
    message = declaration.encode() + envelope(version=version)

    reply = door.post(message, version=version)

    assert_refused(reply, "MalformedMessage", version=version)
    assert "document type" in reply.fault.text
    assert not door.recorder.calls


@both_versions
def test_row_01_an_entity_used_without_a_declaration_is_refused(door: Door, version: SoapVersion) -> None:
    message = envelope(CREATE_LEAD.replace("Quendolin", "&xxe;"), version=version)

    assert_refused(door.post(message, version=version), "MalformedMessage", version=version)


@both_versions
def test_row_01_an_inclusion_is_data_and_nothing_is_fetched(door: Door, version: SoapVersion) -> None:
    inclusion = '<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/>'

    reply = door.post(envelope(with_extension(inclusion), version=version), version=version)

    assert reply.answer is not None
    (element,) = door.recorder.calls[0][1].message.lead.extension.other_element
    assert "root:" not in repr(element)


@both_versions
def test_row_01_a_document_type_in_a_comment_or_in_cdata_is_text(door: Door, version: SoapVersion) -> None:
    note = "<!-- <!DOCTYPE a> --><![CDATA[<!DOCTYPE a>]]>"
    message = envelope(CREATE_LEAD.replace("Asked for", note), version=version)

    assert door.post(message, version=version).answer is not None
    assert door.recorder.calls[0][1].message.lead.note[0].value.startswith("<!DOCTYPE a>")


@both_versions
@pytest.mark.parametrize("where", ["before", "inside", "after"])
def test_row_01_processing_instructions_are_refused(door: Door, version: SoapVersion, where: str) -> None:
    instruction = b'<?xml-stylesheet href="http://127.0.0.1:9/x.xsl"?>'
    message = envelope(version=version)
    if where == "before":
        message = instruction + message
    elif where == "inside":
        message = message.replace(b"<e:Body>", b"<e:Body>" + instruction)
    else:
        message += instruction

    assert_refused(door.post(message, version=version), "MalformedMessage", version=version)


# ------------------------------------------------------------------------------------------------------- row 3: depth


def nested(levels: int) -> str:
    """Elements in an Extension so that the deepest is at this level of the message; the Extension is at level 5."""
    inner = levels - 5
    return with_extension('<x:a xmlns:x="urn:x">' + "<x:a>" * (inner - 1) + "</x:a>" * inner)


@both_versions
@pytest.mark.parametrize("length", ["short", "long"])
def test_row_03_the_deepest_level_passes_and_the_next_is_refused(door: Door, version: SoapVersion, length: str) -> None:
    more = f"<!--{'x' * 40_000}-->" if length == "long" else ""

    last = door.post(envelope(nested(32) + more, version=version), version=version)
    first = door.post(envelope(nested(33) + more, version=version), version=version)

    assert last.answer is not None
    assert_refused(first, "MessageTooLarge", status=413, version=version)
    assert "32 levels" in first.fault.text


@both_versions
@pytest.mark.parametrize("levels", [34, 250, 260, 1_500, 30_000])
@pytest.mark.parametrize("closed", [True, False])
def test_row_03_coercive_parsing_is_refused(door: Door, version: SoapVersion, levels: int, closed: bool) -> None:
    payload = "<a>" * levels + ("</a>" * levels if closed else "")

    reply = door.post(envelope(payload, version=version), version=version)

    assert reply.fault.kind in ("MessageTooLarge", "MalformedMessage")
    assert reply.fault.kind == "MessageTooLarge" or not closed
    assert not door.recorder.calls


# -------------------------------------------------------------------------------------------------------- row 4: size


@both_versions
def test_row_04_the_largest_message_passes_and_one_byte_more_is_refused(door: Door, version: SoapVersion) -> None:
    limit = LIMITS.largest_message_bytes

    last = door.post(padded(limit, version=version), version=version)
    first = door.post(padded(limit + 1, version=version), version=version)

    assert last.answer is not None
    assert_refused(first, "MessageTooLarge", status=413, version=version)
    assert first.headers["connection"] == "close"


@both_versions
def test_row_04_the_same_without_a_declared_length(door: Door, version: SoapVersion) -> None:
    limit = LIMITS.largest_message_bytes

    def sent_in_chunks(message: bytes) -> Reply:
        chunks = [message[start : start + 7_000] for start in range(0, len(message), 7_000)]
        return door.post(chunks=chunks, version=version, declare_length=False)

    assert sent_in_chunks(padded(limit, version=version)).answer is not None
    assert_refused(sent_in_chunks(padded(limit + 1, version=version)), "MessageTooLarge", status=413, version=version)


def test_row_04_a_declared_length_over_the_limit_is_refused_without_reading(door: Door) -> None:
    async def receive() -> dict[str, Any]:
        raise AssertionError("the body must not be read")

    headers = [
        (b"content-type", b"text/xml"),
        (b"content-length", b"%d" % (LIMITS.largest_message_bytes + 1)),
        (b"authorization", basic()),
    ]
    sent = asyncio.run(_exchange_with(door, headers, receive))

    assert sent[0]["status"] == 413


def test_row_04_reading_stops_at_the_limit_and_memory_stays_flat(door: Door) -> None:
    delivered = 0

    async def receive() -> dict[str, Any]:
        nonlocal delivered
        delivered += 1
        return {"type": "http.request", "body": b"<!--" + b"x" * 9_990 + b"-->", "more_body": True}

    sent = asyncio.run(_exchange_with(door, [(b"content-type", b"text/xml"), (b"authorization", basic())], receive))

    assert sent[0]["status"] == 413
    assert delivered <= LIMITS.largest_message_bytes // 9_997 + 1


@both_versions
def test_row_04_a_lying_length_is_refused(door: Door, version: SoapVersion) -> None:
    message = envelope(version=version)
    lie = [(b"content-length", b"%d" % (len(message) - 1))]

    reply = door.post(message, version=version, declare_length=False, more_headers=lie)

    assert_refused(reply, "MalformedMessage", version=version)


@both_versions
@pytest.mark.parametrize("length", [b"-1", b"1e3", b"0x10", b"", b"1" * 30, "\u0663".encode()])
def test_row_04_a_length_that_is_no_number_is_refused(door: Door, version: SoapVersion, length: bytes) -> None:
    reply = door.post(version=version, declare_length=False, more_headers=[(b"content-length", length)])

    assert_refused(reply, "MalformedMessage", version=version)


@both_versions
def test_row_04_an_empty_body_is_a_fault(door: Door, version: SoapVersion) -> None:
    assert_refused(door.post(b"", version=version), "MalformedMessage", version=version)
    assert_refused(door.post(b"", version=version, declare_length=False), "MalformedMessage", version=version)
    assert_refused(door.post(b" \n", version=version), "MalformedMessage", version=version)


def test_row_04_a_body_that_does_not_arrive_in_time_is_refused() -> None:
    limits = {name: getattr(LIMITS, name) for name in LIMITS.__slots__} | {"body_deadline_seconds": 0.05}
    slow = Door(limits=GateLimits(**limits))
    message = envelope()
    sent_once = iter([{"type": "http.request", "body": message[:100], "more_body": True}])

    async def receive() -> dict[str, Any]:
        event = next(sent_once, None)
        if event is None:
            await asyncio.sleep(3_600)
        assert event is not None
        return event

    headers = [(b"content-type", b"text/xml"), (b"content-length", b"%d" % len(message))]
    sent = asyncio.run(_exchange_with(slow, headers, receive))

    assert sent[0]["status"] == 408
    assert dict(sent[0]["headers"])[b"connection"] == b"close"


def test_row_04_a_sender_that_goes_away_gets_no_answer(door: Door) -> None:
    begun: dict[str, Any] = {"type": "http.request", "body": b"<e", "more_body": True}
    events = iter([begun, {"type": "http.disconnect"}])

    async def receive() -> dict[str, Any]:
        return next(events)

    assert asyncio.run(_exchange_with(door, [(b"content-type", b"text/xml")], receive)) == []


async def _exchange_with(door: Door, headers: list[tuple[bytes, bytes]], receive: Any) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    async def send(event: Any) -> None:
        sent.append(event)

    scope = {"type": "http", "method": "POST", "path": "/soap/LeadService", "query_string": b"", "headers": headers}
    await door.app(scope, receive, send)
    return sent


# ----------------------------------------------------------------------------------------- rows 5 to 8: counts, lengths


def elements(total: int) -> str:
    """A payload that brings the message to this many elements."""
    base = envelope(with_extension("")).count(b"<") - envelope(with_extension("")).count(b"</")
    return with_extension('<x:g xmlns:x="urn:x">' + "<x:a/>" * (total - base - 1) + "</x:g>")


@both_versions
@pytest.mark.parametrize("most", [150, 2_000])
def test_row_05_the_last_element_passes_and_the_next_is_refused(version: SoapVersion, most: int) -> None:
    limits = {name: getattr(LIMITS, name) for name in LIMITS.__slots__} | {"most_elements": most}
    door = Door(limits=GateLimits(**limits))

    last = door.post(envelope(elements(most), version=version), version=version)
    first = door.post(envelope(elements(most + 1), version=version), version=version)

    assert last.answer is not None
    assert_refused(first, "MessageTooLarge", status=413, version=version)


@both_versions
def test_row_05_a_service_may_have_limits_of_its_own(version: SoapVersion) -> None:
    door = Door(service_limits={"LeadService": replace(LIMITS, most_elements=3_000)})
    message = envelope(elements(2_500), version=version)

    assert door.post(message, version=version).answer is not None
    refused = door.post(message, version=version, service="BusinessPartnerService")
    assert_refused(refused, "MessageTooLarge", status=413, version=version)


@both_versions
@pytest.mark.parametrize("count", [25_000, 200_000])
def test_row_05_siblings_without_end_are_refused_while_streaming(version: SoapVersion, count: int) -> None:
    limits = {name: getattr(LIMITS, name) for name in LIMITS.__slots__} | {"largest_message_bytes": 8_000_000}
    door = Door(limits=GateLimits(**limits))
    message = envelope("<a>" + "<b/>" * count + "</a>", version=version)

    reply = door.post(chunks=[message[i : i + 50_000] for i in range(0, len(message), 50_000)], version=version)

    assert_refused(reply, "MessageTooLarge", status=413, version=version)
    assert reply.headers["connection"] == "close"


def attributes(count: int, *, colliding: bool = False) -> str:
    """An element with so many attributes in an Extension."""
    names = (f"{'A' * 8}{number:05d}" if colliding else f"a{number}" for number in range(count))
    return with_extension('<x:a xmlns:x="urn:x" ' + " ".join(f'{name}="1"' for name in names) + "/>")


@both_versions
def test_row_06_the_last_attribute_passes_and_the_next_is_refused(door: Door, version: SoapVersion) -> None:
    assert door.post(envelope(attributes(64), version=version), version=version).answer is not None
    first = door.post(envelope(attributes(65), version=version), version=version)

    assert_refused(first, "MessageTooLarge", status=413, version=version)


@both_versions
def test_row_06_the_last_namespace_passes_and_the_next_is_refused(door: Door, version: SoapVersion) -> None:
    def namespaces(count: int) -> bytes:
        declarations = " ".join(f'xmlns:n{number}="urn:{number}"' for number in range(count - 1))
        return envelope(version=version, attributes=declarations)

    assert door.post(namespaces(32), version=version).answer is not None
    assert_refused(door.post(namespaces(33), version=version), "MessageTooLarge", status=413, version=version)


@both_versions
def test_row_06_thousands_on_one_element_are_refused(door: Door, version: SoapVersion) -> None:
    declarations = " ".join(f'xmlns:n{number}="urn:{number}"' for number in range(10_000))

    for message in (
        envelope(attributes(25_000)[:390_000] + '"/>', version=version),
        envelope(attributes(20_000), version=version),
        envelope(version=version, attributes=declarations),
    ):
        reply = door.post(message, version=version)
        assert reply.fault.kind in ("MessageTooLarge", "MalformedMessage")


@both_versions
def test_row_07_colliding_attribute_names_are_refused(door: Door, version: SoapVersion) -> None:
    reply = door.post(envelope(attributes(15_000, colliding=True), version=version), version=version)

    assert_refused(reply, "MessageTooLarge", status=413, version=version)


@both_versions
@pytest.mark.parametrize("what", ["element", "attribute", "prefix"])
def test_row_08_the_longest_name_passes_and_one_more_is_refused(door: Door, version: SoapVersion, what: str) -> None:
    def named(length: int) -> bytes:
        if what == "element":
            element = f'<x:{"n" * (length - 2)} xmlns:x="urn:x"/>'
        elif what == "attribute":
            element = f'<x:a xmlns:x="urn:x" {"n" * length}="1"/>'
        else:
            prefix = "p" * (length - 6)
            element = f'<{prefix}:a xmlns:{prefix}="urn:x"/>'
        return envelope(with_extension(element), version=version)

    assert door.post(named(256), version=version).answer is not None
    assert_refused(door.post(named(257), version=version), "MessageTooLarge", status=413, version=version)
    assert_refused(door.post(named(100_000), version=version), "MessageTooLarge", status=413, version=version)


@both_versions
def test_row_08_the_longest_attribute_passes_and_one_more_is_refused(door: Door, version: SoapVersion) -> None:
    def valued(length: int) -> bytes:
        words = ("word " * length)[:length]
        return envelope(with_extension(f'<x:a xmlns:x="urn:x" v="{words}"/>'), version=version)

    assert door.post(valued(4_096), version=version).answer is not None
    assert_refused(door.post(valued(4_097), version=version), "MessageTooLarge", status=413, version=version)


@both_versions
@pytest.mark.parametrize("declared", [True, False])
def test_row_08_the_longest_text_passes_and_one_more_is_refused(
    door: Door, version: SoapVersion, declared: bool
) -> None:
    def worded(length: int) -> bytes:
        letters = "\u00e4" * length  # two bytes each
        return envelope(with_extension(f'<x:a xmlns:x="urn:x">{letters}</x:a>'), version=version)

    last = door.post(worded(100_000), version=version, declare_length=declared)
    first = door.post(worded(100_001), version=version, declare_length=declared)

    assert last.answer is not None
    assert_refused(first, "MessageTooLarge", status=413, version=version)


@both_versions
def test_row_08_markup_that_never_ends_is_refused_long_before_the_size_limit(version: SoapVersion) -> None:
    limits = {name: getattr(LIMITS, name) for name in LIMITS.__slots__} | {"largest_message_bytes": 100_000_000}
    door = Door(limits=GateLimits(**limits))
    delivered = 0

    async def receive() -> dict[str, Any]:
        nonlocal delivered
        delivered += 1
        return {
            "type": "http.request",
            "body": (b"<a b='" if delivered == 1 else b"") + b"x" * 1_000,
            "more_body": True,
        }

    began = time.process_time()
    sent = asyncio.run(_exchange_with(door, [(b"content-type", version.media_type.encode())], receive))

    assert sent[0]["status"] == 413
    assert delivered < 250
    assert time.process_time() - began < 5  # not a measurement: it would take hours if each piece were read again


@both_versions
def test_row_08_a_string_longer_than_the_contract_allows_is_a_violation(door: Door, version: SoapVersion) -> None:
    longest = CREATE_LEAD.replace("Current account for a bakery", "n" * 80)
    longer = CREATE_LEAD.replace("Current account for a bakery", "n" * 81)

    assert door.post(envelope(longest, version=version), version=version).answer is not None
    assert_refused(door.post(envelope(longer, version=version), version=version), "ContractViolation", version=version)


def test_what_the_glance_lets_pass_the_guard_would_too() -> None:
    """The two ways to look at a message may differ in effort, never in what they refuse."""
    samples = [envelope(), envelope(with_extension(f'<x:{COMMON[:3]} xmlns:x="{LEAD}"/>'))]
    samples += [envelope(nested(levels)) for levels in (10, 32)]
    samples += [envelope(elements(count)) for count in (50, 240, 260)]
    samples += [envelope(attributes(count)) for count in (5, 20, 40, 70)]
    samples += [b"<?xml version='1.0' encoding='utf-8' standalone=\"yes\" ?>" + envelope()]
    plain = [sample for sample in samples if is_plain(sample, LIMITS)]

    for sample in plain:
        guard = Guard(LIMITS, charset="us-ascii", most_bytes=len(sample))  # a charset that is never glanced at
        guard.feed(sample)
        assert guard.finish() == sample
    assert len(plain) == 9
