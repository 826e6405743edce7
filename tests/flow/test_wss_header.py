"""The Security header on the wire: Timestamps, what may stand in it, whose it is, and who must understand it."""

import pytest

from leadbridge.soap.versions import SOAP_11, SOAP_12, SoapVersion
from tests.support.door import PARTNER, PASSWORD, TEXT, WSSE, WSU, Door, Reply, basic, envelope
from tests.support.wss import instant, security, timestamp, token

both_versions = pytest.mark.parametrize("version", [SOAP_11, SOAP_12], ids=lambda version: version.name)

BY_PASSWORD = token(PASSWORD, kind=TEXT, nonce=None, created=None)


@pytest.fixture(scope="module")
def one_door() -> Door:
    """Made once for all tests: it takes longer than most of them."""
    return Door()


@pytest.fixture
def door(one_door: Door) -> Door:
    """A door that nothing has come through."""
    one_door.recorder.calls.clear()
    return one_door


def post(door: Door, header: str, *, version: SoapVersion, authorization: bytes | None = None) -> Reply:
    return door.post(envelope(version=version, header=header), version=version, authorization=authorization)


def code_of(reply: Reply) -> tuple[str, str]:
    """The faultTypeID, and the local name of the code of WS-Security."""
    fault = reply.fault
    namespace, _, name = (fault.code, *fault.subcodes)[-1][1:].partition("}")
    assert namespace == (WSU if name == "MessageExpired" else WSSE)
    return fault.kind, name


INVALID = ("Unauthenticated", "InvalidSecurity")
EXPIRED = ("MessageExpired", "MessageExpired")


# ---------------------------------------------------------------------------------------------------------- Timestamps


@both_versions
@pytest.mark.parametrize(
    "made",
    [
        timestamp(instant()),
        timestamp(instant(), instant(300)),
        timestamp(instant(-300)),  # as old as the window
        timestamp(instant(60)),  # as far ahead as the skew
        timestamp(instant(60), instant(61)),
        timestamp(instant(-86_400), instant(1)),  # its own Expires goes before the window
        timestamp("2026-03-01T13:00:00.123456789+01:00"),
        timestamp("2026-02-28T22:00:00-14:00"),
        timestamp(f" \n{instant()}\t"),
        timestamp(instant()).replace("<u:Timestamp>", '<u:Timestamp u:Id="T-1">'),
    ],
)
def test_row_18_a_timestamp_that_is_good_is_accepted(door: Door, version: SoapVersion, made: str) -> None:
    for header in (security(made, BY_PASSWORD), security(BY_PASSWORD, made)):
        assert post(door, header, version=version).answer is not None
    assert post(door, security(made), version=version, authorization=basic()).answer is not None


@both_versions
@pytest.mark.parametrize(
    "made",
    [
        timestamp(instant(-301)),
        timestamp(instant(-300, zone=".001Z").replace("11:55:00", "11:54:59")),
        timestamp(instant(-10), instant(0)),  # what is over now is over
        timestamp(instant(-10), instant(-1)),
        timestamp("0001-01-01T00:00:00+14:00"),
        timestamp("0001-01-01T00:00:00Z", "0001-01-01T00:00:01Z"),
    ],
)
def test_row_18_a_timestamp_that_has_run_out_is_refused(door: Door, version: SoapVersion, made: str) -> None:
    reply = post(door, security(made, BY_PASSWORD), version=version)

    assert code_of(reply) == EXPIRED
    assert reply.status == (500 if version is SOAP_11 else 400)
    assert code_of(post(door, security(made), version=version, authorization=basic())) == EXPIRED
    assert not door.recorder.calls


@both_versions
@pytest.mark.parametrize(
    "made",
    [
        timestamp(instant(61)),
        timestamp(instant(61), instant(300)),
        timestamp("9999-12-31T23:59:59-14:00"),
        timestamp(instant(), instant()),
        timestamp(instant(), instant(-1)),
        timestamp(instant(zone="")),
        timestamp(instant(), instant(300, zone="")),
        timestamp("2026-03-01T12:00Z"),
        timestamp("2026-03-01T12:00:00,5Z"),
        timestamp("20260301T120000Z"),
        timestamp("2026-W09-7T12:00:00Z"),
        timestamp("2026-13-01T12:00:00Z"),
        timestamp("2026-03-01T12:00:60Z"),
        timestamp("2026-03-01T12:00:00+15:00"),
        timestamp("2026-03-01T12:00:00+01"),
        timestamp("-2026-03-01T12:00:00Z"),
        timestamp("now"),
        timestamp(""),
        timestamp(),
        timestamp(None, instant(300)),
        timestamp(instant(), instant(300)).replace(
            "</u:Timestamp>", f"<u:Expires>{instant(300)}</u:Expires></u:Timestamp>"
        ),
        timestamp(instant()).replace("</u:Timestamp>", f"<u:Created>{instant()}</u:Created></u:Timestamp>"),
        f"<u:Timestamp><u:Expires>{instant(300)}</u:Expires><u:Created>{instant()}</u:Created></u:Timestamp>",
        timestamp(instant()).replace("</u:Timestamp>", '<x:More xmlns:x="urn:x"/></u:Timestamp>'),
        timestamp(instant()).replace("u:Created", "s:Created"),
        timestamp(instant()) + timestamp(instant()),
    ],
)
def test_row_18_a_timestamp_that_is_none_or_lies_ahead_is_refused(door: Door, version: SoapVersion, made: str) -> None:
    reply = post(door, security(made, BY_PASSWORD), version=version)

    assert code_of(reply) == INVALID
    assert reply.status == 401
    assert not door.recorder.calls


@both_versions
def test_a_timestamp_is_no_credential(door: Door, version: SoapVersion) -> None:
    reply = post(door, security(timestamp(instant())), version=version)

    assert (reply.status, reply.fault.kind) == (401, "Unauthenticated")


# ------------------------------------------------------------------------------------------- row 23: whose header it is


@both_versions
@pytest.mark.parametrize(
    "strange",
    [
        '<x:Token xmlns:x="urn:x"/>',
        "<s:SecurityTokenReference/>",
        "<s:Username/>",
        '<x:EncryptedKey xmlns:x="http://www.w3.org/2001/04/xmlenc#"/>',
        '<x:EncryptedData xmlns:x="http://www.w3.org/2001/04/xmlenc#"/>',
        '<x:Assertion xmlns:x="urn:oasis:names:tc:SAML:2.0:assertion"/>',
        '<x:SignatureConfirmation xmlns:x="http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd"/>',
        "<Timestamp/>",
        "<u:UsernameToken/>",
    ],
)
def test_row_23_whatever_else_stands_in_a_security_header_is_refused(
    door: Door, version: SoapVersion, strange: str
) -> None:
    for header in (security(strange, BY_PASSWORD), security(BY_PASSWORD, strange)):
        assert code_of(post(door, header, version=version)) == ("Unauthenticated", "UnsupportedSecurityToken")
    assert not door.recorder.calls


@both_versions
@pytest.mark.parametrize("demand", ["1", "true", "0", "false"])
def test_row_23_a_security_header_that_must_be_understood_is(door: Door, version: SoapVersion, demand: str) -> None:
    header = security(timestamp(instant()), BY_PASSWORD, attributes=f'e:mustUnderstand="{demand}"')

    assert post(door, header, version=version).answer is not None
    assert door.recorder.calls[0][1].caller == PARTNER


@both_versions
def test_row_23_a_security_header_for_another_node_is_not_looked_into(door: Door, version: SoapVersion) -> None:
    attribute = "actor" if version is SOAP_11 else "role"
    stale = timestamp(instant(-86_400))
    theirs = security(stale, "<s:UsernameToken/>", attributes=f'e:{attribute}="urn:x" e:mustUnderstand="1"')

    assert post(door, theirs, version=version, authorization=basic()).answer is not None
    assert post(door, theirs + security(BY_PASSWORD), version=version).answer is not None
    assert post(door, theirs, version=version).status == 401
    assert code_of(post(door, theirs.replace("urn:x", ""), version=version, authorization=basic())) == EXPIRED


@both_versions
def test_row_23_a_security_header_for_the_next_node_is_ours(door: Door, version: SoapVersion) -> None:
    attribute, (following,) = (
        ("actor", ["http://schemas.xmlsoap.org/soap/actor/next"])
        if version is SOAP_11
        else ("role", ["http://www.w3.org/2003/05/soap-envelope/role/next"])
    )
    addressed = f'e:{attribute}="{following}"'

    assert post(door, security(BY_PASSWORD, attributes=addressed), version=version).answer is not None
    two = security(BY_PASSWORD, attributes=addressed) + security(BY_PASSWORD)
    assert code_of(post(door, two, version=version)) == ("MalformedMessage", "InvalidSecurity")


@both_versions
def test_row_23_an_unknown_security_namespace_must_not_be_understood(door: Door, version: SoapVersion) -> None:
    """The Security of the drafts before 2004, or of anybody else, is none that we know."""
    draft = security(BY_PASSWORD).replace(WSSE, "http://schemas.xmlsoap.org/ws/2002/12/secext")

    assert post(door, draft, version=version).status == 401
    demanded = draft.replace("<s:Security ", '<s:Security e:mustUnderstand="1" ')
    reply = post(door, demanded, version=version, authorization=basic())
    assert reply.fault.code == f"{{{version.namespace}}}MustUnderstand"
    assert not door.recorder.calls
