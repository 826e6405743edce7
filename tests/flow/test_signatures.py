"""Signed messages on the wire: the forms that are accepted, whom they show, and what is refused as it stands."""

import base64
import copy
import threading
from datetime import timedelta
from typing import Any

import pytest
from lxml import etree

from leadbridge.authentication.certificates import fingerprint_of, remove_certificate
from leadbridge.contract.parsing import parse
from leadbridge.messages import LeadCreateRequestSync
from leadbridge.quotas import QuotaPolicy, Quotas
from leadbridge.signatures import verifying
from leadbridge.soap.security.signature import Signing
from leadbridge.soap.versions import SOAP_11, SOAP_12, SoapVersion
from leadbridge.store import callers, tables
from leadbridge.store.database import Database
from tests.support.certificates import Identity, Kind, identity
from tests.support.door import (
    COMMON,
    CREATE_LEAD,
    CRM,
    LEAD,
    NOW,
    PARTNER,
    PASSWORD,
    TEXT,
    WSSE,
    WSU,
    Door,
    Reply,
    basic,
    with_extension,
)
from tests.support.signing import (
    DS,
    EXCLUSIVE,
    ID,
    INCLUSIVE,
    body_of,
    by_certificate,
    by_reference,
    by_serial,
    message,
    method_xml,
    pin,
    resign,
    security_of,
    sign,
    signer_of,
    token,
    written,
)
from tests.support.wss import guarded_door, instant
from tests.support.wss import token as username_token

both_versions = pytest.mark.parametrize("version", [SOAP_11, SOAP_12], ids=lambda version: version.name)


@pytest.fixture
def acme() -> Identity:
    return identity()


@pytest.fixture
def door(sqlite: Database, acme: Identity) -> Door:
    """A door where the certificate of acme shows PARTNER."""
    one = guarded_door(sqlite)
    pin(sqlite, acme)
    return one


def post(
    door: Door, root: etree._Element, *, version: SoapVersion = SOAP_11, authorization: bytes | None = None
) -> Reply:
    return door.post(written(root), version=version, authorization=authorization)


def code_of(reply: Reply) -> tuple[int, str, str]:
    """Status, faultTypeID, and the local name of the code of WS-Security."""
    fault = reply.fault
    namespace, _, name = (fault.code, *fault.subcodes)[-1][1:].partition("}")
    assert namespace in (WSSE, WSU)
    return reply.status, fault.kind, name


def refused(reason: str) -> tuple[int, str, str]:
    return 401, "Unauthenticated", reason


# -------------------------------------------------------------------------------------------------------------- right


@both_versions
@pytest.mark.parametrize(
    ("kind", "method", "digest"),
    [
        ("rsa", "rsa-sha256", "sha256"),
        ("rsa", "rsa-sha512", "sha512"),
        ("p256", "ecdsa-sha256", "sha256"),
        ("p384", "ecdsa-sha384", "sha384"),
        ("p521", "ecdsa-sha512", "sha512"),
    ],
)
def test_a_signature_over_body_and_timestamp_shows_the_caller(
    door: Door, sqlite: Database, version: SoapVersion, kind: Kind, method: str, digest: str
) -> None:
    who = identity(kind=kind)
    pin(sqlite, who)
    reply = post(door, sign(message(version=version), who, method=method, digest=digest), version=version)
    assert reply.answer.tag == f"{{{LEAD}}}LeadCreateConfirmation_sync"
    ((name, call),) = door.recorder.calls
    assert (name, call.caller.id) == ("CreateLead", PARTNER.id)
    assert isinstance(call.message, LeadCreateRequestSync)
    assert call.message.lead.name == "Current account for a bakery"


def test_the_certificate_may_be_named_in_each_usual_way(door: Door, acme: Identity) -> None:
    serial = acme.certificate.serial_number
    names = [
        by_serial(serial),
        by_serial(serial, issuer="C=DE, O=Somebody else's spelling of the same"),
        by_certificate(acme),
        f'<s:SecurityTokenReference xmlns:s="{WSSE}">{by_certificate(acme)}</s:SecurityTokenReference>',
    ]
    for number, name in enumerate(names):
        assert post(door, sign(message(created=instant(-number)), acme, key_info=name)).status == 200


def test_of_certificates_with_one_serial_number_the_one_that_has_signed_is_found(door: Door, sqlite: Database) -> None:
    first, second = identity("first", serial=1), identity("second", serial=1)
    pin(sqlite, first)
    pin(sqlite, second, CRM.id)
    for who, caller in ((second, CRM), (first, PARTNER)):
        assert post(door, sign(message(), who, key_info=by_serial(1))).status in (200, 400, 500)
        assert [call.caller.id for _, call in door.recorder.calls] == ([PARTNER.id] if caller is PARTNER else [])


@both_versions
def test_headers_and_tokens_may_be_signed_along(door: Door, acme: Identity, version: SoapVersion) -> None:
    header = '<a:MessageID xmlns:a="http://www.w3.org/2005/08/addressing" u:Id="message">urn:uuid:1</a:MessageID>'
    root = message(version=version, header=header, more=token(acme))
    signed = sign(root, acme, cover=["message", "body", "token", "time"], key_info=by_reference())
    assert post(door, signed, version=version).status == 200


@pytest.mark.parametrize("kept", [False, True])
def test_a_prefix_that_stands_only_in_values_is_known_where_it_was_signed(
    door: Door, acme: Identity, kept: bool
) -> None:
    xsi = "http://www.w3.org/2001/XMLSchema-instance"
    typed = CREATE_LEAD.replace("<l:Name>", f'<l:Name xmlns:xsi="{xsi}" xsi:type="q:ShortText">')
    root = message(payload=typed, attributes=f'xmlns:q="{COMMON}"')
    reply = post(door, sign(root, acme, prefixes="q e #default" if kept else ""))
    assert reply.status == 200 if kept else reply.fault.kind == "ContractViolation"


def test_what_a_schema_hint_says_is_signed_and_then_ignored(door: Door, acme: Identity) -> None:
    xsi = "http://www.w3.org/2001/XMLSchema-instance"
    payload = CREATE_LEAD.replace(
        "<l:Lead>", f'<l:Lead xmlns:xsi="{xsi}" xsi:schemaLocation="urn:x http://127.0.0.1:9/">'
    )
    assert post(door, sign(message(payload=payload), acme)).status == 200


def test_lines_of_violations_are_those_of_the_message(door: Door, acme: Identity) -> None:
    root = message(payload=CREATE_LEAD.replace("<l:Name>Current account for a bakery</l:Name>", "<l:Name/>"))
    body_of(root)[0].text = "\n\n\n"
    signed = written(sign(root, acme))
    line = 1 + signed[: signed.index(b"<l:Name/>")].count(b"\n")
    (violation,) = door.post(signed, authorization=None).fault.details
    assert int(violation["line"]) == line


@both_versions
def test_the_same_caller_may_be_shown_twice_and_two_callers_never(
    door: Door, acme: Identity, version: SoapVersion
) -> None:
    def signed_with(caller_id: str, seconds: int) -> etree._Element:
        more = username_token(PASSWORD, kind=TEXT, caller_id=caller_id, nonce=None, created=None)
        more = more.replace("<s:", "<s:").replace("<s:UsernameToken>", f'<s:UsernameToken xmlns:s="{WSSE}">')
        return sign(message(version=version, more=more, created=instant(-seconds)), acme)

    assert post(door, signed_with("partner", 0), version=version).status == 200
    assert (
        post(
            door, sign(message(version=version, created=instant(-1)), acme), version=version, authorization=basic()
        ).status
        == 200
    )
    assert code_of(post(door, signed_with("crm", 2), version=version)) == refused("FailedAuthentication")
    assert code_of(
        post(
            door, sign(message(version=version, created=instant(-3)), acme), version=version, authorization=basic("crm")
        )
    ) == refused("FailedAuthentication")
    assert len(door.recorder.calls) == 2


def test_a_long_message_is_verified_beside_the_event_loop_and_a_short_one_is_not(
    door: Door, acme: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[str] = []
    real = verifying.verify

    def noted(*arguments: Any, **options: Any) -> etree._Element:
        threads.append(threading.current_thread().name.partition("_")[0])
        return real(*arguments, **options)

    monkeypatch.setattr("leadbridge.soap.security.signature.verify", noted)
    assert post(door, sign(message(), acme)).status == 200
    long = with_extension(f'<x:a xmlns:x="urn:x">{"a" * 70_000}</x:a>' * 2)
    assert post(door, sign(message(payload=long), acme)).status == 200
    assert threads == [threading.current_thread().name, "signature"]


# ------------------------------------------------------------------------------------------------- when, and how often


@both_versions
def test_row_12_a_signed_message_is_good_once_also_for_another_process(
    sqlite: Database, door: Door, acme: Identity, version: SoapVersion
) -> None:
    root = sign(message(version=version), acme)
    assert post(door, root, version=version).status == 200
    for one in (door, guarded_door(sqlite)):
        reply = post(one, root, version=version)
        assert (reply.fault.kind, reply.status) == ("MessageReplayed", 500 if version is SOAP_11 else 400)
    assert len(door.recorder.calls) == 1


def test_row_12_another_value_for_the_same_signature_is_no_other_message(door: Door, sqlite: Database) -> None:
    who = identity(kind="p256")
    pin(sqlite, who)
    root = sign(message(), who, method="ecdsa-sha256")
    assert post(door, root).status == 200
    signature = security_of(root)[-1]
    before = signature[1].text
    resign(signature, who, method="ecdsa-sha256")
    assert signature[1].text != before  # ECDSA gives another one each time, and anybody can make one from another
    assert post(door, root).fault.kind == "MessageReplayed"


def test_the_time_of_a_signed_message_is_that_of_its_timestamp_however_late_that_expires(
    door: Door, acme: Identity
) -> None:
    def sent(seconds: float, expires: float | None = None) -> Reply:
        until = instant(expires) if expires is not None else None
        return post(door, sign(message(created=instant(seconds), expires=until), acme))

    assert sent(-300).status == 200
    assert sent(-301).fault.kind == "MessageExpired"
    assert sent(-299, expires=3_600).status == 200
    assert sent(-301, expires=3_600).fault.kind == "MessageExpired"
    assert sent(-10, expires=0).fault.kind == "MessageExpired"
    assert sent(-10, expires=1).status == 200
    assert sent(60).status == 200
    assert code_of(sent(61)) == refused("InvalidSecurity")


# ---------------------------------------------------------------------------------------------- whose certificate it is


def test_row_12_only_a_pinned_certificate_in_force_shows_a_caller(sqlite: Database, acme: Identity) -> None:
    door = guarded_door(sqlite, certificate_seconds=0)
    assert code_of(post(door, sign(message(), acme))) == refused("FailedAuthentication")
    pin(sqlite, acme)
    assert post(door, sign(message(), acme)).status == 200
    remove_certificate(sqlite, fingerprint=fingerprint_of(acme.der), now=NOW)
    assert code_of(post(door, sign(message(created=instant(-1)), acme))) == refused("FailedAuthentication")
    pin(sqlite, acme)
    assert post(door, sign(message(created=instant(-2)), acme)).status == 200
    with sqlite.write() as tx:
        callers.disable(tx, PARTNER.id, NOW)
    assert code_of(post(door, sign(message(created=instant(-3)), acme))) == refused("FailedAuthentication")


def test_row_12_a_certificate_shows_its_caller_from_its_first_to_its_last_second(sqlite: Database, door: Door) -> None:
    second = timedelta(seconds=1)
    past, future = NOW - 100 * second, NOW + 100 * second
    for number, (since, until, good) in enumerate(
        [(past, NOW, True), (NOW, future, True), (NOW + second, future, False), (past, NOW - second, False)]
    ):
        who = identity(f"validity {number}", kind="p256", since=since, until=until)
        with sqlite.write() as tx:  # one that has run out cannot be added any more
            row = {"fingerprint": fingerprint_of(who.der), "caller_id": PARTNER.id, "der": who.der}
            times = {"added_at": NOW, "removed_at": None}
            tx.connection.execute(tables.caller_certificate.insert(), row | {"serial": "1"} | times)
        reply = post(door, sign(message(created=instant(-number)), who, method="ecdsa-sha256"))
        assert reply.status == (200 if good else 401)


# -------------------------------------------------------------------------------------------------- one shape, no other


ALGORITHM = "UnsupportedAlgorithm"
XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
XSLT = "http://www.w3.org/TR/1999/REC-xslt-19991116"
STR_TRANSFORM = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#STR-Transform"


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"method": "rsa-sha1"}, ALGORITHM),
        ({"method": "rsa-md5"}, ALGORITHM),
        ({"method": "hmac"}, ALGORITHM),
        ({"digest": "sha1"}, ALGORITHM),
        ({"digest": "md5"}, ALGORITHM),
        ({"c14n": INCLUSIVE}, ALGORITHM),
        ({"c14n": EXCLUSIVE + "WithComments"}, ALGORITHM),
        ({"transforms": method_xml("Transform", INCLUSIVE)}, ALGORITHM),
        ({"transforms": method_xml("Transform", EXCLUSIVE + "WithComments")}, ALGORITHM),
        ({"transforms": method_xml("Transform", DS + "enveloped-signature")}, ALGORITHM),
        ({"transforms": method_xml("Transform", DS + "base64")}, ALGORITHM),
        ({"transforms": method_xml("Transform", XPATH)}, ALGORITHM),
        ({"transforms": method_xml("Transform", XSLT)}, ALGORITHM),
        ({"transforms": method_xml("Transform", STR_TRANSFORM)}, ALGORITHM),
        ({"transforms": method_xml("Transform", EXCLUSIVE) * 2}, "InvalidSecurity"),
        ({"uri": "{}".format}, "InvalidSecurity"),
        ({"uri": "".format}, "InvalidSecurity"),
        ({"uri": "#xpointer(id('{}'))".format}, "InvalidSecurity"),
        ({"uri": "http://127.0.0.1:9/#{}".format}, "InvalidSecurity"),
        ({"uri": "##{}".format}, "InvalidSecurity"),
        ({"cover": ["body"]}, "FailedCheck"),
        ({"cover": ["time"]}, "FailedCheck"),
        ({"cover": ["body", "time", "body"]}, "FailedCheck"),
        ({"key_info": by_reference("elsewhere")}, "SecurityTokenUnavailable"),
        ({"key_info": by_serial(1).replace(">1<", ">one<")}, "InvalidSecurityToken"),
        (
            {"key_info": f'<X509Data xmlns="{DS}"><X509Certificate>%</X509Certificate></X509Data>'},
            "InvalidSecurityToken",
        ),
        ({"key_info": "<KeyName>acme</KeyName>"}, "UnsupportedSecurityToken"),
        ({"key_info": "<KeyValue/>" + by_reference()}, "UnsupportedSecurityToken"),
        ({"key_info": f"<X509Data>{'<X509SubjectName>CN=acme</X509SubjectName>' * 12}</X509Data>"}, "InvalidSecurity"),
    ],
)
def test_row_12_every_other_algorithm_reference_and_key_is_refused(
    door: Door, acme: Identity, how: dict[str, object], code: str
) -> None:
    for version in (SOAP_11, SOAP_12):
        root = sign(message(version=version), acme, **how)  # type: ignore[arg-type] # of any parameter
        assert code_of(post(door, root, version=version)) == refused(code)
    assert not door.recorder.calls


def test_the_refusal_of_a_weak_algorithm_says_which_to_choose(door: Door, acme: Identity) -> None:
    assert "rsa-sha256" in post(door, sign(message(), acme, method="rsa-sha1")).fault.text
    assert "sha256" in post(door, sign(message(), acme, digest="sha1")).fault.text


@pytest.mark.parametrize(("number", "good"), [(10, True), (11, False)])
def test_row_12_the_number_of_references_is_limited(door: Door, acme: Identity, number: int, good: bool) -> None:
    names = [f"h{one}" for one in range(number - 2)]
    header = "".join(f'<x:H xmlns:x="urn:x" u:Id="{name}"/>' for name in names)
    reply = post(door, sign(message(header=header), acme, cover=["body", "time", *names]))
    assert reply.status == 200 if good else code_of(reply) == refused("InvalidSecurity")


def test_a_token_without_a_signature_shows_nobody(door: Door, acme: Identity) -> None:
    assert code_of(post(door, message(more=token(acme)), authorization=basic())) == refused("InvalidSecurity")


def test_a_message_without_a_timestamp_is_not_taken_as_signed(door: Door, acme: Identity) -> None:
    root = message()
    security_of(root).remove(security_of(root)[0])
    assert code_of(post(door, sign(root, acme, cover=["body"]))) == refused("InvalidSecurity")


@pytest.mark.parametrize("value", ["", "%", "AA", "A" * 24_001, base64.b64encode(b"x" * 256).decode()])
def test_a_value_that_is_none_is_refused_without_a_trace(door: Door, acme: Identity, value: str) -> None:
    root = sign(message(), acme)
    security_of(root)[-1][1].text = value
    assert code_of(post(door, root))[2] in ("InvalidSecurity", "FailedCheck")
    root = sign(message(), acme)
    security_of(root)[-1][0][2][2].text = value
    assert code_of(post(door, root))[2] in ("InvalidSecurity", "FailedCheck")


def test_what_an_extension_holds_may_have_identifiers_once(door: Door, acme: Identity) -> None:
    once = with_extension('<x:a xmlns:x="urn:x" Id="1"/><x:b xmlns:x="urn:x" ID="2" id="1"/>')
    twice = with_extension('<x:a xmlns:x="urn:x" Id="1"/><x:b xmlns:x="urn:x" ID="1"/>')
    assert post(door, sign(message(payload=once), acme)).status == 200
    assert code_of(post(door, sign(message(payload=twice), acme))) == refused("InvalidSecurity")


# --------------------------------------------------------------------------------------- callers that must, our answers


@both_versions
def test_row_12_the_signature_cannot_be_taken_off_where_the_caller_must_sign(
    sqlite: Database, acme: Identity, version: SoapVersion
) -> None:
    door = guarded_door(sqlite, signing=Signing(must_sign=frozenset({PARTNER.id})))
    pin(sqlite, acme)
    root = sign(message(version=version), acme)
    stripped = copy.deepcopy(root)
    for block in list(security_of(stripped))[1:]:
        security_of(stripped).remove(block)
    assert code_of(post(door, stripped, version=version, authorization=basic())) == refused("InvalidSecurity")
    assert post(door, stripped, version=version).fault.kind == "Unauthenticated"
    assert post(door, root, version=version, authorization=basic()).status == 200
    assert len(door.recorder.calls) == 1


def _verified_answer(reply: Reply, who: Identity) -> etree._Element:
    """The payload of an answer after xmlsec, by way of Zeep, has verified it."""
    from zeep.wsse.signature import _make_verify_key, _verify_envelope_with_key

    root = parse(reply.body)
    _verify_envelope_with_key(root, _make_verify_key(who.pem))
    uris = {reference.get("URI", "")[1:] for reference in root.iter(f"{{{DS}}}Reference")}
    timestamp = security_of(root)[0]
    assert {body_of(root).get(ID), timestamp.get(ID)} == uris
    return body_of(root)[0]


@both_versions
@pytest.mark.parametrize("kind", ["rsa", "p256", "p384", "p521"])
def test_the_answer_to_a_signed_message_is_signed_and_so_is_a_fault(
    sqlite: Database, acme: Identity, version: SoapVersion, kind: Kind
) -> None:
    ours = identity("ours", kind=kind)
    door = guarded_door(sqlite, signing=Signing(signer=signer_of(ours)))
    pin(sqlite, acme)
    reply = post(door, sign(message(version=version), acme), version=version)
    assert _verified_answer(reply, ours).tag == reply.answer.tag
    wrong = message(version=version, payload=CREATE_LEAD.replace("<l:Name>Current account for a bakery</l:Name>", ""))
    fault = post(door, sign(wrong, acme), version=version)
    assert fault.fault.kind == "ContractViolation"
    assert _verified_answer(fault, ours).tag == f"{{{version.namespace}}}Fault"
    assert b"Signature" not in door.post(version=version).body  # nobody asked


@both_versions
def test_a_signed_caller_gets_signed_refusals_too(sqlite: Database, acme: Identity, version: SoapVersion) -> None:
    """Those of the checks behind the signature."""
    ours = identity("ours")
    quotas = Quotas(sqlite, QuotaPolicy(calls_per_second=0.001))
    door = guarded_door(sqlite, signing=Signing(signer=signer_of(ours)), quotas=quotas)
    pin(sqlite, acme)
    root = sign(message(version=version), acme)
    assert post(door, root, version=version).status == 200
    another = sign(message(version=version, created=instant(-1)), acme)
    for again, kind in ((root, "MessageReplayed"), (another, "Busy")):
        reply = post(door, again, version=version)
        assert reply.fault.kind == kind
        assert _verified_answer(reply, ours).tag == f"{{{version.namespace}}}Fault"
