"""Who may call and who may read the contract: credentials, their refusal, and what GET publishes."""

import base64

import pytest
from lxml import etree

from leadbridge.caller import Caller
from leadbridge.contract.files import AUTHORED, SERVICES
from leadbridge.soap.versions import SOAP_11, SOAP_12, SoapVersion
from tests.support.door import (
    CRM,
    PARTNER,
    PASSWORD,
    TEXT,
    WSSE,
    Door,
    KnownCallers,
    Reply,
    basic,
    envelope,
    username_token,
)

both_versions = pytest.mark.parametrize("version", [SOAP_11, SOAP_12], ids=lambda version: version.name)


@pytest.fixture
def door() -> Door:
    return Door()


def assert_unauthenticated(reply: Reply, version: SoapVersion, code: str | None = None) -> None:
    """A 401 with a challenge; `code` is the one of WS-Security, where that carried the credentials."""
    assert reply.status == 401
    assert reply.headers["www-authenticate"] == 'Basic realm="leadbridge", charset="UTF-8"'
    fault = reply.fault
    assert fault.kind == "Unauthenticated"
    security = f"{{{WSSE}}}{code}"
    if version is SOAP_11:
        assert fault.code == (security if code else f"{{{version.namespace}}}Client")
    else:
        assert fault.code == f"{{{version.namespace}}}Sender"
        assert fault.subcodes == (security if code else "{urn:leadbridge:common:1}Unauthenticated",)


# ---------------------------------------------------------------------------------------------------------- HTTP Basic


@both_versions
def test_a_call_without_credentials_is_challenged_and_no_failed_login(door: Door, version: SoapVersion) -> None:
    door.callers.remembered = False

    assert_unauthenticated(door.post(version=version, authorization=None), version)
    assert not door.callers.verified


@both_versions
def test_a_caller_is_known_by_http_basic(door: Door, version: SoapVersion) -> None:
    assert door.post(version=version).answer is not None
    assert door.recorder.calls[0][1].caller == PARTNER
    assert door.callers.verified == []


@both_versions
def test_a_credential_that_is_not_remembered_is_verified(version: SoapVersion) -> None:
    door = Door(callers=KnownCallers(remembered=False))

    assert door.post(version=version).answer is not None
    assert door.callers.verified == ["partner"]


@both_versions
@pytest.mark.parametrize(
    "header",
    [
        basic("partner", "wrong"),
        basic("nobody"),
        basic("", ""),
        b"Basic",
        b"Basic ",
        b"Basic !!!",
        b"Basic " + base64.b64encode(b"no colon"),
        b"Basic " + base64.b64encode(b"x" * 4_000),
        b"Bearer " + base64.b64encode(b"partner:" + PASSWORD.encode()),
        b"Digest username=partner",
        b"Negotiate x",
        b"\xff\xfe",
        b"",
    ],
)
def test_anything_else_in_the_header_is_refused_with_one_text(door: Door, version: SoapVersion, header: bytes) -> None:
    reply = door.post(version=version, authorization=None, more_headers=[(b"authorization", header)])

    assert_unauthenticated(reply, version)
    assert not door.recorder.calls


@both_versions
def test_row_30_an_unknown_caller_and_a_wrong_password_get_the_same_answer(door: Door, version: SoapVersion) -> None:
    wrong = door.post(version=version, authorization=basic("partner", "wrong"))
    unknown = door.post(version=version, authorization=basic("nobody", "wrong"))

    assert wrong.body == unknown.body


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_a_password_may_have_a_colon_and_letters_of_any_language(door: Door, encoding: str) -> None:
    asked: list[tuple[str, str]] = []

    def cached(caller_id: str, password: str) -> Caller:
        asked.append((caller_id, password))
        return PARTNER

    door.callers.cached = cached  # type: ignore[method-assign]  # only looks
    door.post(authorization=b"Basic " + base64.b64encode("partner:p\u00e4ss:w\u00f6rd".encode(encoding)))

    assert asked == [("partner", "p\u00e4ss:w\u00f6rd")]


# ------------------------------------------------------------------------------------------------ WS-Security tokens


def with_token(version: SoapVersion, header: str) -> bytes:
    return envelope(version=version, header=header)


@both_versions
def test_a_caller_is_known_by_a_username_token(door: Door, version: SoapVersion) -> None:
    more = (
        "<u:Timestamp><u:Created>2026-03-01T12:00:00Z</u:Created></u:Timestamp>",
        "",
    )
    for beside in more:
        message = with_token(version, username_token(more=beside))
        assert door.post(message, version=version, authorization=None).answer is not None
    no_type = username_token().replace(f' Type="{TEXT}"', "")
    assert door.post(with_token(version, no_type), version=version, authorization=None).answer is not None
    assert {call.caller for _, call in door.recorder.calls} == {PARTNER}


@both_versions
@pytest.mark.parametrize(
    ("header", "code"),
    [
        (username_token("partner", "wrong"), "FailedAuthentication"),
        (username_token("nobody"), "FailedAuthentication"),
        (username_token("", ""), "FailedAuthentication"),
        (username_token(kind="urn:x"), "UnsupportedSecurityToken"),
        (username_token().replace("<s:Username>partner</s:Username>", ""), "InvalidSecurity"),
        (username_token().replace("</s:Username>", "</s:Username><s:Username>crm</s:Username>"), "InvalidSecurity"),
        (
            username_token().replace("<s:Password", "<s:Passwort").replace("</s:Password", "</s:Passwort"),
            "UnsupportedSecurityToken",
        ),
        (username_token().replace("</s:Username>", "</s:Username><s:Salt/>"), "UnsupportedSecurityToken"),
        (username_token().replace(f'<s:Password Type="{TEXT}">{PASSWORD}</s:Password>', ""), "InvalidSecurity"),
        (username_token().replace(PASSWORD, "<s:Password/>"), "InvalidSecurity"),
        (username_token(more="<s:UsernameToken/>"), "InvalidSecurity"),
        (username_token(more="<s:EncryptedHeader/>"), "UnsupportedSecurityToken"),
        (username_token(more="<s:BinarySecurityToken/>"), "InvalidSecurity"),
        (
            username_token(more='<x:Signature xmlns:x="http://www.w3.org/2000/09/xmldsig#"/>'),
            "InvalidSecurity",
        ),
    ],
)
def test_a_token_that_does_not_do_is_refused_in_the_words_of_ws_security(
    door: Door, version: SoapVersion, header: str, code: str
) -> None:
    reply = door.post(with_token(version, header), version=version, authorization=None)

    assert_unauthenticated(reply, version, code)
    assert not door.recorder.calls


def test_another_kind_of_password_is_told_what_to_send_instead(door: Door) -> None:
    text = door.post(with_token(SOAP_11, username_token(kind="urn:x")), authorization=None).fault.text

    assert "PasswordDigest" in text
    assert "HTTP Basic" in text


@both_versions
def test_a_security_header_without_a_token_is_no_credential(door: Door, version: SoapVersion) -> None:
    empty = f'<s:Security xmlns:s="{WSSE}"/>'

    assert_unauthenticated(door.post(with_token(version, empty), version=version, authorization=None), version)
    assert door.post(with_token(version, empty), version=version).answer is not None


@both_versions
def test_two_security_headers_for_us_are_refused(door: Door, version: SoapVersion) -> None:
    header = username_token() + username_token("crm")

    reply = door.post(with_token(version, header), version=version, authorization=None)

    assert reply.fault.kind == "MalformedMessage"
    assert (reply.fault.code, *reply.fault.subcodes)[-1] == f"{{{WSSE}}}InvalidSecurity"


@both_versions
def test_a_security_header_for_another_node_is_no_credential(door: Door, version: SoapVersion) -> None:
    attribute = "actor" if version is SOAP_11 else "role"
    header = username_token().replace("<s:Security ", f'<s:Security e:{attribute}="urn:another" ')

    assert_unauthenticated(door.post(with_token(version, header), version=version, authorization=None), version)


@both_versions
def test_both_ways_at_once_must_name_the_same_caller(version: SoapVersion) -> None:
    door = Door(callers=KnownCallers(callers=(PARTNER, CRM), remembered=False))
    token = with_token(version, username_token())

    assert door.post(token, version=version, authorization=basic()).answer is not None
    assert door.callers.verified == ["partner"]  # once, for what is one credential
    assert_unauthenticated(
        door.post(token, version=version, authorization=basic("crm")), version, "FailedAuthentication"
    )
    assert_unauthenticated(
        door.post(token, version=version, authorization=basic("partner", "wrong")), version, "FailedAuthentication"
    )
    wrong_token = with_token(version, username_token("partner", "wrong"))
    assert_unauthenticated(
        door.post(wrong_token, version=version, authorization=basic()), version, "FailedAuthentication"
    )
    assert len(door.recorder.calls) == 1


@both_versions
def test_row_28_what_a_caller_may_not_call_is_refused_whatever_its_message_says(
    door: Door, version: SoapVersion
) -> None:
    for payload in ('<r:CrmRecordByIDQuery_sync xmlns:r="urn:leadbridge:crm:1"/>',):
        reply = door.post(envelope(payload, version=version), version=version, service="CrmService")
        assert reply.fault.kind == "Unauthorized"  # not ContractViolation: the message was not looked into
    reply = door.post(version=version, authorization=basic("crm"))
    assert reply.fault.kind == "Unauthorized"
    assert not door.recorder.calls


@both_versions
def test_order_nothing_is_said_of_operations_before_the_caller_is_known(door: Door, version: SoapVersion) -> None:
    for payload in ("<nothing/>", '<r:CrmRecordByIDQuery_sync xmlns:r="urn:leadbridge:crm:1"/>'):
        reply = door.post(envelope(payload, version=version), version=version, authorization=None)
        assert reply.fault.kind == "Unauthenticated"


# ------------------------------------------------------------------------------------------------ row 15: what is read


@pytest.mark.parametrize("service", SERVICES)
def test_the_published_wsdl_is_the_authored_one_but_for_its_addresses(door: Door, service: str) -> None:
    reply = door.reply("GET", f"/soap/{service}?wsdl")

    assert reply.status == 200
    assert reply.headers["content-type"] == "text/xml; charset=utf-8"
    address = f"https://leads.example.org/base/soap/{service}"
    published, authored = reply.body.splitlines(), AUTHORED.wsdl(service).splitlines()
    changed = [line for line, before in zip(published, authored, strict=True) if line != before]
    assert changed
    assert all(address.encode() in line for line in changed)


@pytest.mark.parametrize("query", ["wsdl", "WSDL", "Wsdl", "wsdl=", "wsdl=flat"])
def test_the_wsdl_can_be_asked_for_as_toolkits_do(door: Door, query: str) -> None:
    reply = door.reply("GET", f"/soap/LeadService?{query}")

    assert etree.QName(etree.fromstring(reply.body)).localname == "definitions"
    assert (b'schemaLocation="' in reply.body) == (query != "wsdl=flat")


def test_a_schema_is_published_where_the_wsdl_says(door: Door) -> None:
    wsdl = etree.fromstring(door.reply("GET", "/soap/LeadService?wsdl").body)
    locations = [one.get("schemaLocation", "") for one in wsdl.iter("{http://www.w3.org/2001/XMLSchema}import")]

    assert locations
    for location in locations:
        assert location.startswith("https://leads.example.org/base/soap/LeadService?xsd=")
        path = location.removeprefix("https://leads.example.org/base")
        reply = door.reply("GET", path)
        assert reply.status == 200
        assert etree.QName(etree.fromstring(reply.body)).localname == "schema"


@pytest.mark.parametrize(
    "path",
    ["/public/soap", "//soap", "/x/../soap", "/base/base/soap", "/base//soap", "/basesoap", "", "/SOAP"],
)
def test_row_15_below_any_other_path_there_is_nothing(door: Door, path: str) -> None:
    """A rule of a proxy for /soap/ alone must hold for all there is."""
    for good in ("/soap", "/base/soap"):  # a proxy may take the path of our public address off, or leave it on
        assert door.reply("GET", f"{good}/LeadService?wsdl").status == 200
    for method, query in (("GET", "?wsdl"), ("POST", "")):
        reply = door.reply(method, f"{path}/LeadService{query}")
        assert reply.status == 404
        assert reply.fault.kind == "UnknownOperation"
    assert door.reply("GET", "/base/soap/LeadService/?wsdl").status == 404
    headers = [(b"content-type", b"text/xml"), (b"authorization", basic())]
    assert door.reply("POST", "/base/soap/LeadService", headers=headers, chunks=[envelope()]).answer is not None


def test_row_15_another_host_is_not_repeated(door: Door) -> None:
    headers = [(b"host", b"evil.example"), (b"x-forwarded-host", b"evil.example"), (b"forwarded", b"host=evil.example")]

    for query in ("wsdl", "wsdl=flat", "xsd=lead.xsd"):
        first = door.reply("GET", f"/soap/LeadService?{query}", headers=headers)
        assert first.status == 200
        assert b"evil" not in first.body
        assert door.reply("GET", f"/soap/LeadService?{query}").body == first.body


@pytest.mark.parametrize(
    "query",
    [
        "xsd=../../etc/passwd",
        "xsd=../xsd/lead.xsd",
        "xsd=/etc/passwd",
        "xsd=..%2fxsd%2flead.xsd",
        "xsd=file:///etc/passwd",
        "xsd=LEAD.XSD",
        "xsd=lead.xsd%00",
        "xsd=lead",
        "xsd=",
        "xsd",
        "xsd=crm.xsd",
        "wsdl=../LeadService",
        "wsdl=CrmService",
        "wsdl=flat&x",
    ],
)
def test_row_15_only_exact_names_are_published(door: Door, query: str) -> None:
    reply = door.reply("GET", f"/soap/LeadService?{query}")

    assert reply.status == 404
    assert reply.fault.kind == "UnknownOperation"
    assert b"passwd" not in reply.body


@pytest.mark.parametrize(
    "path",
    ["/soap/", "/soap/leadservice", "/soap/LeadService/", "/soap/Other", "/soap/../LeadService", "/x/LeadService", "/"],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_row_15_an_unknown_service_is_not_found(door: Door, path: str, method: str) -> None:
    reply = door.reply(method, f"{path}?wsdl")

    assert reply.status == 404
    assert reply.fault.kind == "UnknownOperation"


@pytest.mark.parametrize("query", ["wsdl", "wsdl=flat", "xsd=lead.xsd"])
def test_row_15_reading_can_be_for_callers_only(query: str) -> None:
    door = Door(wsdl_access="authenticated")
    target = f"/soap/LeadService?{query}"

    assert_unauthenticated(door.reply("GET", target), SOAP_11)
    assert_unauthenticated(door.reply("GET", target, headers=[(b"authorization", basic("nobody"))]), SOAP_11)
    assert door.reply("GET", target, headers=[(b"authorization", basic())]).status == 200


@pytest.mark.parametrize("query", ["wsdl", "wsdl=flat", "xsd=lead.xsd"])
def test_row_15_reading_can_be_switched_off(query: str) -> None:
    door = Door(wsdl_access="disabled")

    reply = door.reply("GET", f"/soap/LeadService?{query}", headers=[(b"authorization", basic())])

    assert reply.status == 404
    assert door.post().answer is not None


def test_head_has_the_headers_of_get_and_no_body(door: Door) -> None:
    got = door.reply("GET", "/soap/LeadService?wsdl")
    head = door.reply("HEAD", "/soap/LeadService?wsdl")

    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == got.headers["content-length"] == str(len(got.body))
    assert door.reply("HEAD", "/soap/Other?wsdl").body == b""


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"])
def test_another_method_is_refused_with_a_fault(door: Door, method: str) -> None:
    reply = door.reply(method, "/soap/LeadService", headers=[(b"content-type", b"text/xml")], chunks=[envelope()])

    assert reply.status == 405
    assert reply.headers["allow"] == "GET, HEAD, POST"
    assert reply.fault.kind == "MalformedMessage"
    assert not door.recorder.calls


@pytest.mark.parametrize("target", ["/soap/LeadService", "/soap/LeadService?x=y", "/soap/LeadService?wsdl2"])
def test_get_without_a_document_is_told_what_there_is(door: Door, target: str) -> None:
    reply = door.reply("GET", target)

    assert reply.status == 405
    assert "POST" in reply.headers["allow"]
    assert "?wsdl" in reply.fault.text
