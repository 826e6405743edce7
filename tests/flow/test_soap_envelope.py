"""The rules of the envelope on the wire: order, headers, encodings, actions, addressing."""

import re
from pathlib import Path

import pytest

from leadbridge.soap.versions import SOAP_11, SOAP_12, SoapVersion
from tests.support.door import COMMON, CREATE_LEAD, FIND_LEAD, LEAD, Door, Reply, envelope, username_token

both_versions = pytest.mark.parametrize("version", [SOAP_11, SOAP_12], ids=lambda version: version.name)

WSA = "http://www.w3.org/2005/08/addressing"
ACTION = "urn:leadbridge:lead:1:CreateLead"
OTHER_ACTION = "urn:leadbridge:lead:1:FindLead"


@pytest.fixture
def door() -> Door:
    return Door()


def sender(version: SoapVersion) -> str:
    return f"{{{version.namespace}}}" + ("Client" if version is SOAP_11 else "Sender")


def assert_malformed(reply: Reply, version: SoapVersion) -> None:
    assert reply.fault.kind == "MalformedMessage"
    assert reply.fault.code == sender(version)
    assert reply.status == (500 if version is SOAP_11 else 400)


# ---------------------------------------------------------------------------------- row 9 and 17: literal messages only

_ENCODINGS = {SOAP_11: "http://schemas.xmlsoap.org/soap/encoding/", SOAP_12: "http://www.w3.org/2003/05/soap-encoding"}


@both_versions
@pytest.mark.parametrize("where", ["Envelope", "Body", "payload", "inside"])
def test_row_09_an_encoding_style_is_refused(door: Door, version: SoapVersion, where: str) -> None:
    style = f' e:encodingStyle="{_ENCODINGS[version]}"'
    message = envelope(version=version).decode()
    target = {"Envelope": "<e:Envelope", "Body": "<e:Body", "payload": "<l:LeadCreateRequest_sync", "inside": "<l:Name"}
    message = message.replace(target[where], target[where] + style, 1)

    reply = door.post(message.encode(), version=version)

    expected = "Client" if version is SOAP_11 else "DataEncodingUnknown"
    assert reply.fault.code == f"{{{version.namespace}}}{expected}"
    assert reply.status == 500
    assert not door.recorder.calls


@both_versions
@pytest.mark.parametrize("encoding", _ENCODINGS.values())
def test_row_09_an_encoded_array_is_refused(door: Door, version: SoapVersion, encoding: str) -> None:
    array = f'<l:Lead xmlns:enc="{encoding}" enc:arrayType="l:Lead[1000000]"'
    message = envelope(CREATE_LEAD.replace("<l:Lead>", array + ">"), version=version)

    assert door.post(message, version=version).fault.kind == "MalformedMessage"


@both_versions
def test_row_09_a_disguised_encoding_is_a_violation(door: Door, version: SoapVersion) -> None:
    array = '<l:Lead xmlns:enc="http://schemas.xmlsoap.org/soap&#47;encoding/" enc:arrayType="l:Lead[1000000]"'
    message = envelope(CREATE_LEAD.replace("<l:Lead>", array + ">"), version=version)

    assert door.post(message, version=version).fault.kind == "ContractViolation"


@both_versions
def test_row_17_identifiers_and_references_are_violations(door: Door, version: SoapVersion) -> None:
    cycle = CREATE_LEAD.replace("<l:Lead>", '<l:Lead id="a" href="#a">')
    missing = CREATE_LEAD.replace("<l:Lead>", '<l:Lead href="#nowhere">')

    for payload in (cycle, missing):
        reply = door.post(envelope(payload, version=version), version=version)
        assert reply.fault.kind == "ContractViolation"
    assert not door.recorder.calls


# ------------------------------------------------------------------------------------------------------ row 10: actions


@both_versions
@pytest.mark.parametrize("written", [f'"{ACTION}"', ACTION, '""', "", f' "{ACTION}" '])
def test_row_10_an_action_that_agrees_or_says_nothing_passes(door: Door, version: SoapVersion, written: str) -> None:
    reply = door.post(version=version, more_headers=[(b"soapaction", written.encode())])

    assert reply.answer is not None


@both_versions
@pytest.mark.parametrize(
    "written", [f'"{OTHER_ACTION}"', OTHER_ACTION, '"CreateLead"', f'"{ACTION} "', f'"{ACTION.lower()}"']
)
def test_row_10_a_soap_action_that_differs_is_refused(door: Door, version: SoapVersion, written: str) -> None:
    reply = door.post(version=version, more_headers=[(b"soapaction", written.encode())])

    assert reply.fault.kind == "ActionMismatch"
    assert reply.fault.code == sender(version)
    assert not door.recorder.calls


@both_versions
def test_row_10_an_action_without_end_is_refused(door: Door, version: SoapVersion) -> None:
    reply = door.post(version=version, more_headers=[(b"soapaction", b"x" * 1_001)])

    assert_malformed(reply, version)


@pytest.mark.parametrize("header", [b"", f'"{ACTION}"'.encode()])
@pytest.mark.parametrize(("action", "passes"), [(ACTION, True), ("", True), (OTHER_ACTION, False), ("x", False)])
def test_row_10_the_action_of_soap_12_and_a_header_beside_it_must_agree(
    door: Door, header: bytes, action: str, passes: bool
) -> None:
    content_type = f'application/soap+xml; charset=utf-8; action="{action}"'.encode()

    reply = door.post(version=SOAP_12, content_type=content_type, more_headers=[(b"soapaction", header)])

    assert (reply.status == 200) == passes
    assert passes or reply.fault.kind == "ActionMismatch"


def test_row_10_a_header_that_differs_is_refused_even_where_the_action_agrees(door: Door) -> None:
    content_type = f"application/soap+xml; action={ACTION}".encode()
    header = [(b"soapaction", OTHER_ACTION.encode())]

    assert door.post(version=SOAP_12, content_type=content_type).answer is not None
    assert door.post(version=SOAP_12, content_type=content_type, more_headers=header).fault.kind == "ActionMismatch"


@both_versions
@pytest.mark.parametrize(
    ("action", "passes"), [(ACTION, True), (f"\n {ACTION} ", True), (OTHER_ACTION, False), ("", False)]
)
def test_row_10_the_action_of_ws_addressing_must_agree(
    door: Door, version: SoapVersion, action: str, passes: bool
) -> None:
    header = f'<a:Action xmlns:a="{WSA}" e:mustUnderstand="1">{action}</a:Action>'

    reply = door.post(envelope(version=version, header=header), version=version)

    assert (reply.status == 200) == passes
    assert passes or reply.fault.kind == "ActionMismatch"


@both_versions
def test_row_10_authorisation_is_on_the_operation_in_the_body(door: Door, version: SoapVersion) -> None:
    crm = '<r:CrmRecordByIDQuery_sync xmlns:r="urn:leadbridge:crm:1"/>'
    permitted = [(b"soapaction", ACTION.encode())]

    reply = door.post(envelope(crm, version=version), version=version, service="CrmService")
    assert reply.fault.kind == "Unauthorized"
    assert reply.status == (500 if version is SOAP_11 else 400)
    reply = door.post(envelope(crm, version=version), version=version, service="CrmService", more_headers=permitted)
    assert reply.fault.kind == "ActionMismatch"
    assert not door.recorder.calls


@both_versions
@pytest.mark.parametrize(
    "payload",
    [
        f'<l:DeleteEverything xmlns:l="{LEAD}"/>',
        "<LeadCreateRequest_sync/>",
        '<l:LeadCreateRequest_sync xmlns:l="urn:leadbridge:lead:2"/>',
        f'<l:LeadCreateConfirmation_sync xmlns:l="{LEAD}"/>',
        f'<c:StandardMessageFault xmlns:c="{COMMON}"/>',
        '<r:CrmRecordByIDQuery_sync xmlns:r="urn:leadbridge:crm:1"/>',
        "<e:Fault/>",
        "<e:Envelope><e:Body/></e:Envelope>",
    ],
)
def test_an_unknown_operation_is_told_which_there_are(door: Door, version: SoapVersion, payload: str) -> None:
    reply = door.post(envelope(payload, version=version), version=version)

    assert reply.fault.kind == "UnknownOperation"
    assert "LeadCreateRequest_sync" in reply.fault.text
    assert "LeadByElementsQuery_sync" in reply.fault.text
    assert "DeleteEverything" not in reply.fault.text


# -------------------------------------------------------------------------------------------------- row 11: addressing


@both_versions
@pytest.mark.parametrize("name", ["ReplyTo", "FaultTo"])
@pytest.mark.parametrize("address", [f"{WSA}/anonymous", f"{WSA}/none"])
def test_row_11_replies_here_or_nowhere_are_accepted(door: Door, version: SoapVersion, name: str, address: str) -> None:
    header = (
        f'<a:MessageID xmlns:a="{WSA}">urn:uuid:1</a:MessageID><a:To xmlns:a="{WSA}">http://x/</a:To>'
        f'<a:{name} xmlns:a="{WSA}" e:mustUnderstand="1"><a:Address>{address}</a:Address></a:{name}>'
    )

    assert door.post(envelope(version=version, header=header), version=version).answer is not None


@both_versions
@pytest.mark.parametrize("name", ["ReplyTo", "FaultTo"])
@pytest.mark.parametrize("address", ["<a:Address>http://127.0.0.1:9/x</a:Address>", "<a:Address/>", ""])
def test_row_11_replies_elsewhere_are_refused(door: Door, version: SoapVersion, name: str, address: str) -> None:
    header = f'<a:{name} xmlns:a="{WSA}">{address}</a:{name}>'

    fault = door.post(envelope(version=version, header=header), version=version).fault

    codes = (fault.code, *fault.subcodes)
    assert codes[-1] == f"{{{WSA}}}OnlyAnonymousAddressSupported"
    assert version is SOAP_11 or codes[:2] == (sender(version), f"{{{WSA}}}InvalidAddressingHeader")
    assert "127.0.0.1" not in fault.text
    assert not door.recorder.calls


# ------------------------------------------------------------------------------------------- row 14: hints to schemas


@both_versions
@pytest.mark.parametrize("where", ["e:Envelope", "l:LeadCreateRequest_sync", "l:Lead"])
@pytest.mark.parametrize("location", ["http://127.0.0.1:9/x.xsd", "file:///etc/passwd", "/nonexistent.xsd"])
def test_row_14_hints_to_schemas_are_not_followed(door: Door, version: SoapVersion, where: str, location: str) -> None:
    hints = (
        ' xmlns:i="http://www.w3.org/2001/XMLSchema-instance"'
        f' i:schemaLocation="{LEAD} {location} urn:x {location}" i:noNamespaceSchemaLocation="{location}"'
    )
    message = re.sub(f"<{where}(?=[ >])", f"<{where}{hints}", envelope(version=version).decode(), count=1).encode()

    assert door.post(message, version=version).answer is not None


def test_row_14_a_schema_given_with_the_message_changes_nothing(door: Door, tmp_path: Path) -> None:
    poisoned = tmp_path / "x.xsd"
    poisoned.write_text(
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:x">'
        '<xs:element name="a" type="xs:int"/></xs:schema>'
    )
    hints = f'xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:schemaLocation="urn:x {poisoned}"'
    foreign = f'<l:Extension><x:a xmlns:x="urn:x" {hints}>no number</x:a></l:Extension></l:Lead>'

    assert door.post(envelope(CREATE_LEAD.replace("</l:Lead>", foreign))).answer is not None


# --------------------------------------------------------------------------------------- row 23: what stands where


def raw(version: SoapVersion, content: str) -> bytes:
    return f'<e:Envelope xmlns:e="{version.namespace}">{content}</e:Envelope>'.encode()


_BODY = f"<e:Body>{CREATE_LEAD}</e:Body>"

_WRONG_ORDER = {
    "nothing": "",
    "no Body": "<e:Header/>",
    "empty Body": "<e:Body/>",
    "blank Body": "<e:Body> \n </e:Body>",
    "text in the Body": "<e:Body>lead</e:Body>",
    "two children": f"<e:Body>{CREATE_LEAD}{FIND_LEAD}</e:Body>",
    "text before the child": f"<e:Body>x{CREATE_LEAD}</e:Body>",
    "text after the child": f"<e:Body>{CREATE_LEAD}x</e:Body>",
    "Header after Body": f"{_BODY}<e:Header/>",
    "two Headers": f"<e:Header/><e:Header/>{_BODY}",
    "two Bodies": _BODY + _BODY,
    "an element before": f'<x:a xmlns:x="urn:x"/>{_BODY}',
    "an element after": f'{_BODY}<x:a xmlns:x="urn:x"/>',
    "text between": f"<e:Header/>x{_BODY}",
    "text before": f"x{_BODY}",
    "text after": f"{_BODY}x",
    "a Body without namespace": f"<Body>{CREATE_LEAD}</Body>",
    "a Body of the other version": f'<o:Body xmlns:o="urn:other">{CREATE_LEAD}</o:Body>',
    "text in the Header": f"<e:Header>x</e:Header>{_BODY}",
    "a header without namespace": f"<e:Header><a/></e:Header>{_BODY}",
    "no-break space": f"<e:Header/>\u00a0{_BODY}",
}


@pytest.mark.parametrize("content", _WRONG_ORDER.values(), ids=_WRONG_ORDER)
@both_versions
def test_row_23_what_stands_in_the_wrong_place_is_refused(door: Door, version: SoapVersion, content: str) -> None:
    assert_malformed(door.post(raw(version, content), version=version), version)
    assert not door.recorder.calls


@both_versions
@pytest.mark.parametrize(
    "content", [_BODY, f"<e:Header/>{_BODY}", f"\n<!-- a -->\t<e:Header>\n</e:Header> {_BODY}\r\n"]
)
def test_row_23_white_space_and_comments_may_stand_anywhere(door: Door, version: SoapVersion, content: str) -> None:
    assert door.post(raw(version, content), version=version).answer is not None


_NEXT = {
    SOAP_11: "http://schemas.xmlsoap.org/soap/actor/next",
    SOAP_12: "http://www.w3.org/2003/05/soap-envelope/role/next",
}
_ULTIMATE = "http://www.w3.org/2003/05/soap-envelope/role/ultimateReceiver"
_NONE = "http://www.w3.org/2003/05/soap-envelope/role/none"


def block(version: SoapVersion, *, demand: str = "1", role: str | None = None) -> str:
    attribute = "actor" if version is SOAP_11 else "role"
    addressed = "" if role is None else f' e:{attribute}="{role}"'
    return f'<x:Routing xmlns:x="urn:x" e:mustUnderstand="{demand}"{addressed}/>'


@both_versions
def test_row_23_a_header_that_must_be_understood_and_is_not_is_refused(door: Door, version: SoapVersion) -> None:
    roles = [None, "", _NEXT[version], *([_ULTIMATE] if version is SOAP_12 else [])]
    demands = ["1", *(["true"] if version is SOAP_12 else [])]

    for role in roles:
        for demand in demands:
            header = block(version, demand=demand, role=role)
            reply = door.post(envelope(version=version, header=header), version=version)
            assert reply.fault.code == f"{{{version.namespace}}}MustUnderstand"
            assert reply.status == 500
            assert (b'NotUnderstood qname="h:Routing" xmlns:h="urn:x"' in reply.body) == (version is SOAP_12)
    assert not door.recorder.calls


@both_versions
def test_row_23_a_header_for_another_node_is_passed_over(door: Door, version: SoapVersion) -> None:
    for role in ("urn:another", *([_NONE] if version is SOAP_12 else [])):
        header = block(version, role=role)
        assert door.post(envelope(version=version, header=header), version=version).answer is not None


@both_versions
def test_row_23_a_header_that_need_not_be_understood_is_passed_over(door: Door, version: SoapVersion) -> None:
    assert door.post(envelope(version=version, header=block(version, demand="0")), version=version).answer is not None
    assert_malformed(
        door.post(envelope(version=version, header=block(version, demand="perhaps")), version=version), version
    )


@both_versions
def test_row_23_security_that_must_be_understood_is(door: Door, version: SoapVersion) -> None:
    header = username_token().replace("<s:Security ", '<s:Security e:mustUnderstand="1" ')

    reply = door.post(envelope(version=version, header=header), version=version, authorization=None)

    assert reply.answer is not None


@both_versions
def test_row_25_text_that_is_a_path_or_an_address_is_data(door: Door, version: SoapVersion) -> None:
    for text in ("/etc/passwd", "file:///etc/passwd", "http://127.0.0.1:9/x.xsd"):
        message = envelope(CREATE_LEAD.replace("Current account for a bakery", text), version=version)
        assert door.post(message, version=version).answer is not None
        assert door.recorder.calls[-1][1].message.lead.name == text
        assert door.post(text.encode(), version=version).fault.kind == "MalformedMessage"


@both_versions
def test_a_relative_namespace_in_an_extension_is_explained(door: Door, version: SoapVersion) -> None:
    foreign = '<l:Extension><x xmlns="relative">1</x></l:Extension></l:Lead>'
    message = envelope(CREATE_LEAD.replace("</l:Lead>", foreign), version=version)

    reply = door.post(message, version=version)

    assert_malformed(reply, version)
    assert "urn:name" in reply.fault.text
