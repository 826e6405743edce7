"""WS-Addressing on the wire: what an answer and a fault carry, which headers are refused, and what costs nothing."""

import re
from uuid import UUID

import pytest
from lxml import etree

from leadbridge.contract.operations import operations
from leadbridge.contract.parsing import parse
from leadbridge.soap.addressing import LONGEST_MESSAGE_ID, answer_action
from leadbridge.soap.versions import SOAP_11, SOAP_12, SoapVersion
from tests.support.door import CREATE_LEAD, Door, Reply, basic, envelope, username_token

both_versions = pytest.mark.parametrize("version", [SOAP_11, SOAP_12], ids=lambda version: version.name)

WSA = "http://www.w3.org/2005/08/addressing"
ACTION = "urn:leadbridge:lead:1:CreateLead"
ANSWER_ACTION = "urn:leadbridge:lead:1:LeadService:CreateLeadResponse"
ID = "urn:uuid:6b29fc40-ca47-1067-b31d-00dd010662da"


@pytest.fixture(scope="module")
def one_door() -> Door:
    """Made once for all tests: it takes longer than most of them."""
    return Door()


@pytest.fixture
def door(one_door: Door) -> Door:
    """A door that nothing has come through."""
    one_door.recorder.calls.clear()
    return one_door


def wsa(name: str, content: str, attributes: str = "") -> str:
    """A header block."""
    return f'<a:{name} xmlns:a="{WSA}" {attributes}>{content}</a:{name}>'


def send(door: Door, *blocks: str, version: SoapVersion, payload: str = CREATE_LEAD, user: str = "partner") -> Reply:
    message = envelope(payload, version=version, header="".join(blocks))
    return door.post(message, version=version, authorization=basic(user))


def said(reply: Reply) -> dict[str, str]:
    """What the Header of an answer or a fault says, by the names of WS-Addressing; its MessageID is a new one."""
    root = parse(reply.body)
    version = SOAP_11 if root.tag == SOAP_11.envelope_tag else SOAP_12
    header = root.find(version.header_tag)
    if header is None:
        return {}
    blocks = [block for block in header if etree.QName(block).namespace == WSA]
    found = {etree.QName(block).localname: block.text or "" for block in blocks}
    assert len(found) == len(blocks)
    if found:
        identifier = found.pop("MessageID")
        assert UUID(identifier.removeprefix("urn:uuid:")).version == 4
        assert identifier != ID
    return found


def last_code(reply: Reply) -> str:
    fault = reply.fault
    return (fault.code, *fault.subcodes)[-1].removeprefix(f"{{{WSA}}}")


# ------------------------------------------------------------------------------------------------------------- answers


@both_versions
def test_an_answer_says_its_action_and_what_it_relates_to(door: Door, version: SoapVersion) -> None:
    reply = send(door, wsa("Action", ACTION), wsa("MessageID", f"\n {ID} "), wsa("To", "http://x/"), version=version)

    assert reply.answer is not None
    assert said(reply) == {"Action": ANSWER_ACTION, "RelatesTo": ID}


@both_versions
@pytest.mark.parametrize("block", [wsa("Action", ACTION), wsa("To", "http://x/"), wsa("MessageID", "")])
def test_an_answer_relates_to_nothing_where_the_message_has_no_identifier(
    door: Door, version: SoapVersion, block: str
) -> None:
    assert said(send(door, block, version=version)) == {"Action": ANSWER_ACTION}


@both_versions
def test_every_answer_has_an_identifier_of_its_own(door: Door, version: SoapVersion) -> None:
    bodies = {send(door, wsa("MessageID", ID), version=version).body for _ in range(3)}

    assert len(bodies) == 3
    assert len({re.sub(rb"urn:uuid:[-0-9a-f]{36}", b"", body) for body in bodies}) == 1


@both_versions
@pytest.mark.parametrize("header", ["", username_token(), '<x:Trace xmlns:x="urn:x">1</x:Trace>'])
def test_without_the_headers_nothing_of_it_is_in_the_answer(door: Door, version: SoapVersion, header: str) -> None:
    plain = door.post(version=version).body

    assert b"<soap:Header" not in plain
    assert b"<env:Header" not in plain
    assert send(door, header, version=version).body == plain


@both_versions
def test_headers_for_another_node_are_none_of_ours(door: Door, version: SoapVersion) -> None:
    attribute = "actor" if version is SOAP_11 else "role"

    reply = send(door, wsa("MessageID", ID, f'e:{attribute}="urn:another"'), version=version)

    assert reply.body == door.post(version=version).body


@both_versions
def test_an_identifier_is_repeated_as_text_up_to_its_longest(door: Door, version: SoapVersion) -> None:
    sent = "urn:x?<&amp;]]&gt;\"'".replace("<", "&lt;")
    assert said(send(door, wsa("MessageID", sent), version=version))["RelatesTo"] == "urn:x?<&]]>\"'"
    longest = "u" * LONGEST_MESSAGE_ID
    assert said(send(door, wsa("MessageID", longest), version=version))["RelatesTo"] == longest

    longer = send(door, wsa("MessageID", longest + "u"), version=version)

    assert longer.fault.kind == "MalformedMessage"
    assert last_code(longer) == "InvalidAddressingHeader"
    assert said(longer) == {"Action": f"{WSA}/fault"}
    assert len(door.recorder.calls) == 2


def test_the_action_of_an_answer_is_the_default_of_its_wsdl() -> None:
    """The WSDLs give no action and no name to an output; clients then make one by the standard's pattern."""
    actions = {one.name: answer_action(one) for one in operations()}

    assert actions["CreateLead"] == ANSWER_ACTION
    assert actions["FindCrmRecord"] == "urn:leadbridge:crm:1:CrmService:FindCrmRecordResponse"
    assert len(set(actions.values())) == len(actions)


# -------------------------------------------------------------------------------------------------------------- faults


@both_versions
def test_a_fault_says_that_it_is_one_and_what_it_relates_to(door: Door, version: SoapVersion) -> None:
    related = wsa("MessageID", ID)
    strange = '<x:Routing xmlns:x="urn:x" e:mustUnderstand="1"/>'
    security = username_token(password="wrong")
    faults = {
        "Unauthorized": send(door, related, version=version, user="crm"),
        "Unauthenticated": send(door, related, security, version=version),
        "UnknownOperation": send(door, related, version=version, payload="<nothing/>"),
        "ContractViolation": send(
            door, related, version=version, payload=CREATE_LEAD.replace("l:OriginTypeCode", "l:Origin")
        ),
        "ActionMismatch": send(door, related, wsa("Action", ACTION + "s"), version=version),
        "MalformedMessage": send(door, related, strange, version=version),
    }

    for kind, reply in faults.items():
        assert reply.fault.kind == kind
        assert said(reply) == {"Action": f"{WSA}/soap/fault", "RelatesTo": ID}
    assert (b"NotUnderstood" in faults["MalformedMessage"].body) == (version is SOAP_12)
    assert b"wsa:" not in send(door, version=version, user="crm").body
    assert not door.recorder.calls


@both_versions
@pytest.mark.parametrize("name", ["Action", "MessageID", "To", "From", "ReplyTo", "FaultTo"])
def test_row_11_a_header_that_stands_twice_is_refused(door: Door, version: SoapVersion, name: str) -> None:
    content = ACTION if name == "Action" else f"<a:Address>{WSA}/anonymous</a:Address>"
    block = wsa(name, content)
    attribute = "actor" if version is SOAP_11 else "role"
    for_another = wsa(name, content, f'e:{attribute}="urn:another"')

    assert send(door, block, for_another, version=version).answer is not None
    reply = send(door, block, block, version=version)

    assert reply.fault.kind == "MalformedMessage"
    assert last_code(reply) == "InvalidCardinality"
    assert said(reply)["Action"] == f"{WSA}/fault"
    assert len(door.recorder.calls) == 1


@both_versions
def test_several_relations_are_no_duplicates(door: Door, version: SoapVersion) -> None:
    assert send(door, *[wsa("RelatesTo", ID)] * 2, version=version).answer is not None


@both_versions
@pytest.mark.parametrize("name", ["ReplyTo", "FaultTo"])
def test_row_11_one_address_here_does_not_hide_one_elsewhere(door: Door, version: SoapVersion, name: str) -> None:
    here = f"<a:Address>{WSA}/anonymous</a:Address>"

    reply = send(door, wsa(name, here + "<a:Address>http://127.0.0.1:9/</a:Address>"), version=version)

    assert last_code(reply) == "OnlyAnonymousAddressSupported"
    assert not door.recorder.calls


@both_versions
def test_row_11_an_answer_that_nobody_wants_is_given_all_the_same(door: Door, version: SoapVersion) -> None:
    nowhere = wsa("ReplyTo", f"<a:Address>{WSA}/none</a:Address>")

    assert said(send(door, nowhere, wsa("MessageID", ID), version=version))["RelatesTo"] == ID
    assert len(door.recorder.calls) == 1


@both_versions
def test_row_10_an_action_of_another_operation_is_refused_and_that_of_the_body_decides(
    door: Door, version: SoapVersion
) -> None:
    assert send(door, wsa("Action", f" {ACTION}\n"), version=version).answer is not None

    for other in ("urn:leadbridge:lead:1:FindLead", ACTION.lower(), "", ANSWER_ACTION):
        reply = send(door, wsa("Action", other), version=version)
        assert reply.fault.kind == "ActionMismatch"
    assert len(door.recorder.calls) == 1
