"""Row 13 of the attack catalogue: replies to our Zeep client that somebody has forged, where replies must be signed.

The stand-in for the core CRM has done what it was asked in each case; what is tried is what its answer is taken for.
"""

import copy
from collections.abc import Callable, Iterator

import pytest
from lxml import etree
from zeep.wsse.signature import _make_verify_key, _verify_envelope_with_key

from leadbridge.core_crm import CoreCrm
from leadbridge.core_crm.security import Authentication
from leadbridge.forwarding import Delivered, Misconfigured, Outcome, Refused, Unavailable, Unclear
from tests.flow.test_core_crm import combo_create
from tests.support.certificates import Identity, identity
from tests.support.crm import CRM, Behaviour, FakeCrm, running
from tests.support.door import WSSE
from tests.support.signing import (
    DS,
    ID,
    body_of,
    by_reference,
    security_of,
    sign,
    signable,
    signer_of,
    token,
    written,
)

CREATE = "ComboCreateLeadOpportunity"


@pytest.fixture
def crm() -> Iterator[FakeCrm]:
    with running() as one:
        yield one


@pytest.fixture
def theirs() -> Identity:
    """The core CRM's own."""
    return identity("core crm")


@pytest.fixture
def ours() -> Identity:
    return identity("bridge")


@pytest.fixture
def door(crm: FakeCrm, theirs: Identity, ours: Identity) -> Iterator[CoreCrm]:
    one = opened(crm, signer=ours, signed_by=theirs)
    yield one
    one.close()


def opened(
    crm: FakeCrm, *, signer: Identity, signed_by: Identity | None, authentication: Authentication = "basic"
) -> CoreCrm:
    return CoreCrm(
        wsdl=crm.wsdl,
        username="bridge",
        password="password",
        connect_timeout=10,
        read_timeout=30,
        authentication=authentication,
        signer=signer_of(signer),
        signed_by=signed_by.certificate if signed_by else None,
    )


def altered(alter: Callable[[etree._Element], object], who: Identity) -> Callable[[bytes], bytes]:
    """What signs an answer as the core CRM does, and then lets somebody alter it."""

    def on_the_way(answer: bytes) -> bytes:
        root = sign(signable(answer), who)
        alter(root)
        return written(root)

    return on_the_way


def unbelievable(outcome: Outcome) -> bool:
    return isinstance(outcome, Unclear) and outcome.reason.startswith(
        "the answer is not signed as crm.certificate_file"
    )


def test_an_answer_that_is_signed_is_believed(crm: FakeCrm, door: CoreCrm, theirs: Identity) -> None:
    crm.alters = altered(lambda _root: None, theirs)
    assert door.call(CREATE, combo_create()) == Delivered("LEAD", "0000000001", "New Lead", replayed=False)
    crm.script.append(Behaviour.REFUSED)
    assert isinstance(door.call(CREATE, combo_create()), Refused)
    for behaviour in (Behaviour.CLIENT_FAULT, Behaviour.SENDER_FAULT):
        crm.script.append(behaviour)
        assert door.call(CREATE, combo_create()) == Refused("ContractViolation", "what went wrong", declined=False)


def test_row_13_an_answer_that_is_not_signed_is_not_believed_and_no_fault_either(crm: FakeCrm, door: CoreCrm) -> None:
    believed_otherwise = [Behaviour.CONFIRMS, Behaviour.REFUSED, Behaviour.DECLINED, Behaviour.CLIENT_FAULT]
    for behaviour in [*believed_otherwise, Behaviour.SENDER_FAULT, Behaviour.SECURITY_FAULT, Behaviour.BUSY_FAULT]:
        crm.script.append(behaviour)
        assert unbelievable(door.call(CREATE, combo_create())), behaviour


def test_the_status_of_http_says_what_it_always_said(crm: FakeCrm, door: CoreCrm) -> None:
    """It cannot be signed, and nothing is taken as done because of it."""
    crm.script.extend([Behaviour.BUSY_503, Behaviour.UNAUTHENTICATED])
    assert isinstance(door.call(CREATE, combo_create()), Unavailable)
    assert isinstance(door.call(CREATE, combo_create()), Misconfigured)


def _record(root: etree._Element) -> None:
    record = root.find(f".//{{{CRM}}}RecordID")
    assert record is not None
    record.text = "9999999999"


def _moved(root: etree._Element) -> None:
    signed = body_of(root)
    forged = copy.deepcopy(signed)
    root.replace(signed, forged)
    _record(root)
    etree.SubElement(root[0], "{urn:x}Wrapper").append(signed)


def _moved_and_renamed(root: etree._Element) -> None:
    signed = body_of(root)
    forged = copy.deepcopy(signed)
    forged.set(ID, "other")
    root.replace(signed, forged)
    _record(root)
    security_of(root).append(signed)


def _second_body(root: etree._Element) -> None:
    forged = copy.deepcopy(body_of(root))
    del forged.attrib[ID]
    root.append(forged)


def _second_security(root: etree._Element) -> None:
    root[0].append(etree.Element(f"{{{WSSE}}}Security"))


def _stripped(root: etree._Element) -> None:
    root.remove(root[0])


def _value(root: etree._Element) -> None:
    value = root.find(f".//{{{DS}}}SignatureValue")
    assert value is not None
    value.text = "A" * 344


@pytest.mark.parametrize(
    "alter", [_record, _moved, _moved_and_renamed, _second_body, _second_security, _stripped, _value]
)
def test_row_13_a_signed_answer_that_was_altered(
    crm: FakeCrm, door: CoreCrm, theirs: Identity, alter: Callable[[etree._Element], object]
) -> None:
    crm.alters = altered(alter, theirs)
    assert unbelievable(door.call(CREATE, combo_create()))


def test_row_13_an_answer_signed_by_another_or_in_a_weak_way(crm: FakeCrm, door: CoreCrm, theirs: Identity) -> None:
    thief = identity("thief")

    def with_their_certificate(answer: bytes) -> etree._Element:
        root = signable(answer)
        security_of(root).append(etree.fromstring(token(theirs)))
        return sign(root, thief, key_info=by_reference())

    forgeries: list[Callable[[bytes], etree._Element]] = [
        lambda answer: sign(signable(answer), thief),
        with_their_certificate,
        lambda answer: sign(signable(answer), theirs, method="rsa-sha1"),
        lambda answer: sign(signable(answer), theirs, method="hmac"),
        lambda answer: sign(signable(answer), theirs, digest="sha1"),
        lambda answer: sign(signable(answer), theirs, cover=["time"]),
        lambda answer: sign(signable(answer), theirs, cover=["body"]),
    ]
    for forge in forgeries:
        crm.alters = lambda answer, forge=forge: written(forge(answer))  # type: ignore[misc] # bound now
        assert unbelievable(door.call(CREATE, combo_create()))


def test_row_13_a_signed_answer_to_another_message_is_not_believed(
    crm: FakeCrm, door: CoreCrm, theirs: Identity
) -> None:
    kept: list[bytes] = []

    def once(answer: bytes) -> bytes:
        if not kept:
            kept.append(written(sign(signable(answer), theirs)))
        return kept[0]

    crm.alters = once
    assert isinstance(door.call(CREATE, combo_create()), Delivered)
    assert door.call(CREATE, combo_create()) == Unclear("the answer belongs to another message")


@pytest.mark.parametrize("authentication", ["basic", "username_token", "digest"])
def test_what_goes_out_is_signed_with_all_that_stands_in_the_header(
    crm: FakeCrm, ours: Identity, authentication: Authentication
) -> None:
    door = opened(crm, signer=ours, signed_by=None, authentication=authentication)
    assert isinstance(door.call(CREATE, combo_create()), Delivered)
    door.close()
    (received,) = crm.received
    root = received.message.getroottree().getroot()
    _verify_envelope_with_key(root, _make_verify_key(ours.pem))
    signed = {str(reference.get("URI"))[1:] for reference in root.iter(f"{{{DS}}}Reference")}
    names = ["Timestamp", "UsernameToken"] if authentication != "basic" else ["Timestamp"]
    security = security_of(root)
    assert [etree.QName(block).localname for block in security] == [*names, "BinarySecurityToken", "Signature"]
    assert signed == {body_of(root).get(ID), *(block.get(ID) for block in list(security)[:-2])}
