"""Row 12 of the attack catalogue: a signed message that somebody on the way has altered.

Each attack begins with a message that would be accepted, knows everything but the private key, and wants another lead
created in the name of the caller. Source: M. Jensen et al., Analysis of Signature Wrapping Attacks and Countermeasures
(2009), and the attacks of WS-Attacker.
"""

import copy
from collections.abc import Callable

import pytest
from lxml import etree
from signxml.verifier import XMLVerifier

from leadbridge.authentication.certificates import fingerprint_of, remove_certificate
from leadbridge.soap.versions import SOAP_11, SOAP_12, SoapVersion
from leadbridge.store.database import Database
from tests.support.certificates import Identity, identity
from tests.support.door import LEAD, NOW, WSSE, Door, Reply
from tests.support.signing import (
    DS,
    ID,
    body_of,
    by_certificate,
    by_reference,
    message,
    pin,
    resign,
    security_of,
    sign,
    token,
    written,
)
from tests.support.wss import guarded_door

EVIL = "Current account for a thief"


@pytest.fixture
def acme() -> Identity:
    return identity()


@pytest.fixture
def door(sqlite: Database, acme: Identity) -> Door:
    one = guarded_door(sqlite)
    pin(sqlite, acme)
    return one


@pytest.fixture(params=[SOAP_11, SOAP_12], ids=lambda version: version.name)
def version(request: pytest.FixtureRequest) -> SoapVersion:
    """Each attack is tried in both versions."""
    one: SoapVersion = request.param
    return one


@pytest.fixture
def signed(acme: Identity, version: SoapVersion) -> etree._Element:
    return sign(message(version=version), acme)


def evil_body(root: etree._Element, identifier: str | None = None) -> etree._Element:
    """Another Body, which asks for what nobody has signed."""
    body = copy.deepcopy(body_of(root))
    del body.attrib[ID]
    if identifier is not None:
        body.set(ID, identifier)
    name = body.find(f".//{{{LEAD}}}Name")
    assert name is not None
    name.text = EVIL
    return body


def refused(door: Door, root: etree._Element, version: SoapVersion) -> Reply:
    """The refusal, in the words of WS-Security or of the envelope's rules; nothing was done."""
    reply = door.post(written(root), version=version, authorization=None)
    fault = reply.fault
    assert fault.kind in ("Unauthenticated", "MalformedMessage")
    assert not door.recorder.calls
    return reply


def code(reply: Reply) -> str:
    return (reply.fault.code, *reply.fault.subcodes)[-1].partition("}")[2]


def test_row_12_the_message_that_is_attacked_would_be_accepted(
    door: Door, signed: etree._Element, version: SoapVersion
) -> None:
    assert door.post(written(signed), version=version, authorization=None).status == 200


# -------------------------------------------------------------------------------- the signed Body is put somewhere else


def _into_header(root: etree._Element, body: etree._Element) -> None:
    root[0].append(body)


def _into_wrapper_in_header(root: etree._Element, body: etree._Element) -> None:
    etree.SubElement(root[0], "{urn:x}Wrapper").append(body)


def _into_wrapper_in_security(root: etree._Element, body: etree._Element) -> None:
    etree.SubElement(security_of(root), f"{{{WSSE}}}Wrapper").append(body)


def _into_security(root: etree._Element, body: etree._Element) -> None:
    security_of(root).append(body)


def _into_object_of_the_signature(root: etree._Element, body: etree._Element) -> None:
    etree.SubElement(security_of(root)[-1], f"{{{DS}}}Object").append(body)


def _into_key_info(root: etree._Element, body: etree._Element) -> None:
    security_of(root)[-1][2].append(body)


def _into_timestamp(root: etree._Element, body: etree._Element) -> None:
    security_of(root)[0].append(body)


def _in_front_of_the_body(root: etree._Element, body: etree._Element) -> None:
    root.insert(1, body)


def _after_the_body(root: etree._Element, body: etree._Element) -> None:
    root.append(body)


def _into_the_evil_body(root: etree._Element, body: etree._Element) -> None:
    body_of(root).append(body)


def _into_an_extension(root: etree._Element, body: etree._Element) -> None:
    lead = body_of(root).find(f".//{{{LEAD}}}Lead")
    assert lead is not None
    etree.SubElement(lead, f"{{{LEAD}}}Extension").append(body)


def _into_a_second_security_header(root: etree._Element, body: etree._Element) -> None:
    security = etree.Element(f"{{{WSSE}}}Security")
    actor = "role" if "2003" in str(root.tag) else "actor"
    security.set(f"{{{etree.QName(root).namespace}}}{actor}", "urn:somebody:else")
    security.append(body)
    root[0].insert(0, security)


PLACES = [
    _into_header,
    _into_wrapper_in_header,
    _into_wrapper_in_security,
    _into_security,
    _into_object_of_the_signature,
    _into_key_info,
    _into_timestamp,
    _in_front_of_the_body,
    _after_the_body,
    _into_the_evil_body,
    _into_an_extension,
    _into_a_second_security_header,
]


@pytest.mark.parametrize("put", PLACES)
def test_row_12_a_body_that_was_moved(
    door: Door, signed: etree._Element, version: SoapVersion, put: Callable[[etree._Element, etree._Element], None]
) -> None:
    """The one in its place has no identifier, the same, or another."""
    for identifier in (None, "body", "other"):
        root = copy.deepcopy(signed)
        moved = body_of(root)
        root.replace(moved, evil_body(root, identifier))
        put(root, moved)
        refused(door, root, version)


@pytest.mark.parametrize("attribute", ["Id", "ID", "{http://www.w3.org/XML/1998/namespace}id", "{urn:x}Id"])
def test_row_12_an_identifier_on_another_attribute(
    door: Door, signed: etree._Element, version: SoapVersion, attribute: str
) -> None:
    moved = body_of(signed)
    evil = evil_body(signed)
    evil.set(attribute, "body")
    signed.replace(moved, evil)
    assert code(refused(door, signed, version)) in ("FailedCheck", "InvalidSecurity")  # the signed one is gone
    signed[0].append(moved)
    assert code(refused(door, signed, version)) == "InvalidSecurity"  # and here are both


def test_row_12_a_child_of_the_body_that_was_moved(door: Door, acme: Identity, version: SoapVersion) -> None:
    """The payload is signed, not the Body: it could stand anywhere."""
    root = message(version=version)
    body_of(root)[0].set(ID, "payload")
    sign(root, acme, cover=["payload", "time"])
    assert code(refused(door, root, version)) == "FailedCheck"


def test_row_12_a_timestamp_that_was_moved(door: Door, signed: etree._Element, version: SoapVersion) -> None:
    old = security_of(signed)[0]
    fresh = copy.deepcopy(old)
    for identifier in (None, "time", "other"):
        root = copy.deepcopy(signed)
        security = security_of(root)
        new = copy.deepcopy(fresh)
        del new.attrib[ID]
        if identifier is not None:
            new.set(ID, identifier)
        root[0].append(security[0])
        security.insert(0, new)
        refused(door, root, version)


# --------------------------------------------------------------------------------------------- less, or more, is signed


def test_row_12_only_the_timestamp_is_signed(door: Door, acme: Identity, version: SoapVersion) -> None:
    assert code(refused(door, sign(message(version=version), acme, cover=["time"]), version)) == "FailedCheck"


def test_row_12_only_the_body_is_signed(door: Door, acme: Identity, version: SoapVersion) -> None:
    """Its Timestamp could be renewed by anybody, and the message be sent for ever."""
    assert code(refused(door, sign(message(version=version), acme, cover=["body"]), version)) == "FailedCheck"


def test_row_12_two_signatures(door: Door, signed: etree._Element, acme: Identity, version: SoapVersion) -> None:
    security = security_of(signed)
    security.append(copy.deepcopy(security[-1]))
    assert code(refused(door, signed, version)) == "InvalidSecurity"
    other = sign(message(version=version), acme)
    security_of(other)[-1].addnext(sign(message(version=version), identity("thief"), key_info=by_reference())[0][0][-1])
    assert code(refused(door, other, version)) == "InvalidSecurity"


def test_row_12_a_signature_in_another_place(door: Door, signed: etree._Element, version: SoapVersion) -> None:
    """It is found by its place and not by its name: in the Header, in the Body or in a wrapper it is none of ours."""
    for into in (signed[0], body_of(signed)[0]):
        root = copy.deepcopy(signed)
        place = root[0] if into is signed[0] else body_of(root)[0]
        place.append(security_of(root)[-1])
        refused(door, root, version)


def test_row_12_a_signature_in_the_security_header_of_somebody_else(
    door: Door, signed: etree._Element, version: SoapVersion
) -> None:
    actor = "actor" if version is SOAP_11 else "role"
    security_of(signed).set(f"{{{version.namespace}}}{actor}", "urn:somebody:else")
    assert refused(door, signed, version).fault.kind == "Unauthenticated"


def test_row_12_a_stripped_signature(door: Door, signed: etree._Element, version: SoapVersion) -> None:
    security = security_of(signed)
    security.remove(security[-1])
    assert code(refused(door, signed, version)) == "InvalidSecurity"  # a token alone shows nobody
    security.remove(security[-1])
    assert refused(door, signed, version).fault.kind == "Unauthenticated"


# ---------------------------------------------------------------------------------------------- the content was altered


def test_row_12_a_body_a_timestamp_and_a_signed_info_that_were_altered(
    door: Door, signed: etree._Element, version: SoapVersion
) -> None:
    def name(root: etree._Element) -> None:
        root.replace(body_of(root), evil_body(root, "body"))

    def white_space(root: etree._Element) -> None:
        body_of(root).text = "\n"

    def attribute(root: etree._Element) -> None:
        body_of(root)[0].set("{urn:x}a", "1")

    def created(root: etree._Element) -> None:
        security_of(root)[0][0].text = (NOW.replace(microsecond=0)).strftime("%Y-%m-%dT%H:%M:%S.1Z")

    def digest(root: etree._Element) -> None:
        references = list(security_of(root)[-1].iter(f"{{{DS}}}DigestValue"))
        references[0].text, references[1].text = references[1].text, references[0].text

    def reference(root: etree._Element) -> None:
        """The digest of the evil Body in place of the signed one's."""
        name(root)
        theirs = sign(copy.deepcopy(root), identity("thief"), key_info=by_reference())
        security_of(root)[-1][0][2] = security_of(theirs)[-1][0][2]

    def everything(root: etree._Element) -> None:
        """A thief's signature under the caller's certificate."""
        name(root)
        theirs = sign(copy.deepcopy(root), identity("thief"), key_info=by_reference())
        signed_info, value, _ = security_of(theirs)[-1]
        security_of(root)[-1][0], security_of(root)[-1][1] = signed_info, value

    for alter in (name, white_space, attribute, created, digest, reference, everything):
        root = copy.deepcopy(signed)
        alter(root)
        assert code(refused(door, root, version)) == "FailedCheck", alter.__name__


def test_row_12_comments_and_processing_instructions(door: Door, signed: etree._Element, version: SoapVersion) -> None:
    """Canonical XML leaves comments out, so that anybody may put some in. They cut no value in two."""
    text = written(signed).replace(b"Current account for a bakery", b"Current account <!-- no -->for a bakery")
    with_instruction = text.replace(b"<!-- no -->", b"<?no no?>")
    assert door.post(with_instruction, version=version, authorization=None).fault.kind == "MalformedMessage"
    assert door.post(text, version=version, authorization=None).status == 200
    ((_, call),) = door.recorder.calls
    assert call.message.lead.name == "Current account for a bakery"


def test_row_12_comments_in_identifiers_and_digests(door: Door, signed: etree._Element, version: SoapVersion) -> None:
    """What a comment hides from one reader and not from another is the same for both here."""
    signature = security_of(signed)[-1]
    value = signature[1].text or ""
    text = written(signed).replace(value.encode(), value[:20].encode() + b"<!-- x -->" + value[20:].encode())
    assert door.post(text, version=version, authorization=None).status == 200


# ------------------------------------------------------------------------------------------------------- another's key


def test_row_12_a_swapped_certificate(door: Door, acme: Identity, version: SoapVersion) -> None:
    """Signed by somebody else, with their certificate, with ours, or with both in the message."""
    thief = identity("thief")
    theirs = sign(message(version=version), thief)
    assert code(refused(door, theirs, version)) == "FailedAuthentication"
    ours = sign(message(version=version, more=token(acme)), thief, key_info=by_reference())
    assert code(refused(door, ours, version)) == "FailedCheck"
    inline = sign(message(version=version), thief, key_info=by_certificate(acme))
    assert code(refused(door, inline, version)) == "FailedCheck"
    both = sign(message(version=version), thief, key_info=by_certificate(acme) + by_certificate(thief))
    assert code(refused(door, both, version)) == "UnsupportedSecurityToken"
    chain = by_certificate(acme).replace("</X509Data>", by_certificate(thief).partition(">")[2])
    assert code(refused(door, sign(message(version=version), thief, key_info=chain), version)) == "FailedCheck"


def test_row_12_a_certificate_that_only_says_it_is_the_callers(
    door: Door, acme: Identity, version: SoapVersion
) -> None:
    """The same name, issuer and serial number, another key."""
    twin = identity("acme", kind="p256", serial=acme.certificate.serial_number)
    assert twin.certificate.subject == acme.certificate.subject
    assert code(refused(door, sign(message(version=version), twin, method="ecdsa-sha256"), version)) == (
        "FailedAuthentication"
    )


def test_row_12_hmac_confusion(door: Door, acme: Identity, version: SoapVersion) -> None:
    """An HMAC whose secret is the caller's public key, which a verifier has at hand."""
    for key_info in (None, by_certificate(acme)):
        root = sign(message(version=version), acme, method="hmac", key_info=key_info)
        assert code(refused(door, root, version)) == "UnsupportedAlgorithm"
    root = sign(message(version=version), acme, method="hmac")
    security_of(root)[-1][0][1].set("Algorithm", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256")
    assert code(refused(door, root, version)) == "FailedCheck"


@pytest.mark.parametrize("algorithm", ["", "none", f"{DS}none", f"{DS}hmac-sha1", f"{DS}dsa-sha1", f"{DS}rsa-sha256"])
def test_row_12_no_algorithm_and_unknown_ones(
    door: Door, signed: etree._Element, acme: Identity, version: SoapVersion, algorithm: str
) -> None:
    signature = security_of(signed)[-1]
    signature[0][1].set("Algorithm", algorithm)
    resign(signature, acme)
    assert code(refused(door, signed, version)) == "UnsupportedAlgorithm"


def test_row_12_the_kind_of_key_decides_and_not_the_message(door: Door, sqlite: Database, version: SoapVersion) -> None:
    curve = identity("curve", kind="p256")
    pin(sqlite, curve)
    root = sign(message(version=version), curve, method="ecdsa-sha256")
    signature = security_of(root)[-1]
    signature[0][1].set("Algorithm", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256")
    resign(signature, curve, method="ecdsa-sha256")
    assert code(refused(door, root, version)) == "FailedCheck"


def test_row_12_a_certificate_that_was_removed(sqlite: Database, acme: Identity, version: SoapVersion) -> None:
    door = guarded_door(sqlite)
    pin(sqlite, acme)
    remove_certificate(sqlite, fingerprint=fingerprint_of(acme.der), now=NOW)
    assert code(refused(door, sign(message(version=version), acme), version)) == "FailedAuthentication"


# --------------------------------------------------------------------------------------------------- what it may cost


def test_row_12_whoever_has_no_key_costs_no_copy_of_the_message(
    door: Door, acme: Identity, version: SoapVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a pinned certificate nothing is verified at all; with one, SignedInfo goes before what it refers to."""
    copied: list[str] = []
    real: Callable[..., object] = XMLVerifier._verify_reference

    def counted(*arguments: object) -> object:
        copied.append("reference")
        return real(*arguments)

    monkeypatch.setattr(XMLVerifier, "_verify_reference", counted)
    refused(door, sign(message(version=version), identity("thief")), version)
    refused(door, sign(message(version=version, more=token(acme)), identity("thief"), key_info=by_reference()), version)
    assert not copied
    assert door.post(written(sign(message(version=version), acme)), version=version, authorization=None).status == 200
    assert copied == ["reference"] * 2
