"""One call through the SOAP door: the message that arrives at its use case, and the answer that comes back."""

import asyncio
from concurrent.futures import Future
from datetime import UTC, datetime

import httpx
import pytest
from lxml import etree

from leadbridge.contract.operations import operations
from leadbridge.messages import LeadCreateConfirmationSync
from leadbridge.operations.call import Answer, Call
from leadbridge.soap.versions import SOAP_11, SOAP_12, SoapVersion
from tests.support.door import (
    CREATE_LEAD,
    CRM,
    FIND_LEAD,
    LEAD,
    PARTNER,
    Door,
    KnownCallers,
    Recorder,
    Reply,
    answer_to,
    basic,
    envelope,
    exchange,
    username_token,
)

both_versions = pytest.mark.parametrize("version", [SOAP_11, SOAP_12], ids=lambda version: version.name)


@pytest.fixture
def door() -> Door:
    return Door()


@both_versions
def test_a_call_reaches_its_use_case_and_its_answer_comes_back(door: Door, version: SoapVersion) -> None:
    reply = door.post(version=version)

    ((name, call),) = door.recorder.calls
    assert name == "CreateLead"
    assert call.caller == PARTNER
    assert call.message.lead.name == "Current account for a bakery"
    assert call.received_at == datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    assert call.correlation_id == reply.headers["x-correlation-id"]
    assert reply.answer.tag == f"{{{LEAD}}}LeadCreateConfirmation_sync"
    assert reply.headers["content-length"] == str(len(reply.body))


@both_versions
def test_every_operation_of_the_contract_is_found_at_its_service(version: SoapVersion) -> None:
    door = Door(callers=KnownCallers(callers=(CRM, PARTNER)))
    for operation in operations():
        namespace, _, name = operation.request[1:].partition("}")
        reply = door.post(
            envelope(f'<q:{name} xmlns:q="{namespace}"/>', version=version),
            version=version,
            service=operation.service,
            authorization=basic("crm" if operation.service == "CrmService" else "partner"),
            more_headers=[(b"soapaction", operation.soap_action.encode())],
        )
        assert reply.fault.kind == "ContractViolation", operation.name  # found, permitted, and looked into


def test_a_service_has_its_own_operations_and_no_others(door: Door) -> None:
    assert door.post(envelope(FIND_LEAD)).answer is not None
    assert door.post(envelope(FIND_LEAD), service="BusinessPartnerService").fault.kind == "UnknownOperation"


def test_an_answer_may_come_later_from_another_thread(door: Door) -> None:
    future: Future[Answer] = Future()
    door.recorder.submit = lambda _name, _call: future  # type: ignore[method-assign, assignment]  # a use case that takes time

    async def call() -> Reply:
        loop = asyncio.get_running_loop()
        answer = Answer(answer_to("CreateLead"))
        loop.call_later(0.02, lambda: loop.run_in_executor(None, future.set_result, answer))
        headers = [(b"content-type", b"text/xml"), (b"authorization", basic())]
        return await exchange(door.app, "POST", "/soap/LeadService", headers=headers, chunks=[envelope()])

    assert asyncio.run(call()).answer is not None


def test_a_common_http_client_is_served(door: Door) -> None:
    async def call() -> httpx.Response:
        transport = httpx.ASGITransport(app=door.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://door") as client:
            return await client.post(
                "/soap/LeadService",
                content=envelope(),
                headers={"content-type": "text/xml; charset=utf-8"},
                auth=("partner", "correct horse battery"),
            )

    response = asyncio.run(call())

    assert response.status_code == 200
    assert b"LeadCreateConfirmation_sync" in response.content


@both_versions
def test_a_long_message_is_taken_in_a_thread_and_answered_alike(door: Door, version: SoapVersion) -> None:
    content = f"<l:FileContentBinaryObject>{'QUJD' * 20_000}</l:FileContentBinaryObject>"
    document = f"<l:Document><l:Name>a</l:Name><l:MIMECode>b/c</l:MIMECode>{content}</l:Document>"
    folder = f"<l:AttachmentFolder>{document * 3}</l:AttachmentFolder></l:Lead>"
    message = envelope(CREATE_LEAD.replace("</l:Lead>", folder), version=version)

    assert door.post(message, version=version).answer is not None
    assert len(door.recorder.calls[0][1].message.lead.attachment_folder.document) == 3
    assert door.post(message.replace(b"QUJD", b"Q*JD", 1), version=version).fault.kind == "ContractViolation"
    assert door.post(message.replace(b"</l:Lead>", b""), version=version).fault.kind == "MalformedMessage"


def test_an_answer_that_breaks_the_contract_is_our_defect_where_answers_are_checked() -> None:
    def answer(_name: str, _call: Call) -> Answer:
        message: LeadCreateConfirmationSync = answer_to("CreateLead")
        assert message.lead is not None
        message.lead.id = "1"
        return Answer(message)

    assert Door(recorder=Recorder(answer=answer)).post().fault.kind == "InternalError"
    assert Door(recorder=Recorder(answer=answer), validate_answers=False).post().status == 200


def test_an_answer_declares_nothing_of_spyne_s(door: Door) -> None:
    root = etree.fromstring(door.post().body)

    assert set(root.nsmap.values()) == {SOAP_11.namespace}


def test_spyne_s_own_listeners_hear_of_a_call(door: Door) -> None:
    heard: list[str] = []
    transport = door.app._transports["LeadService", SOAP_11]
    for event in ("method_call", "method_return_object", "method_exception_object", "method_context_closed"):
        transport.app.event_manager.add_listener(event, lambda _ctx, event=event: heard.append(event))

    door.post()
    assert heard == ["method_call", "method_return_object", "method_context_closed"]
    heard.clear()
    door.post(envelope(CREATE_LEAD.replace("PROSPECT", "x")))
    assert heard == ["method_exception_object", "method_context_closed"]


# -------------------------------------------------------------------------------------------------------- content hash


def hash_of(
    door: Door,
    message: bytes,
    *,
    version: SoapVersion = SOAP_11,
    authorization: bytes | None = b"",
    content_type: bytes = b"",
) -> bytes:
    """What the door takes of this message to tell it from others."""
    reply = door.post(message, version=version, authorization=authorization, content_type=content_type)
    assert reply.answer is not None
    return door.recorder.calls[-1][1].content_hash


def test_the_same_payload_has_the_same_hash_in_any_envelope(door: Door) -> None:
    plain = hash_of(door, envelope())
    payload = CREATE_LEAD.replace('xmlns:c="urn:leadbridge:common:1"', "")
    wrapped = f'<e:Body xmlns:c="urn:leadbridge:common:1" xmlns:unused="urn:y">\n {payload} </e:Body>'
    moved = f'<e:Envelope xmlns:e="{SOAP_11.namespace}">{wrapped}</e:Envelope>'.encode()
    header = username_token(more="<u:Timestamp><u:Created>2026-03-01T12:00:00Z</u:Created></u:Timestamp>")
    utf_16 = b"\xff\xfe" + envelope().decode().encode("utf-16-le")

    assert len(plain) == 32
    assert hash_of(door, envelope(version=SOAP_12), version=SOAP_12) == plain
    assert hash_of(door, moved) == plain
    assert hash_of(door, envelope(header=header), authorization=None) == plain
    assert hash_of(door, envelope(CREATE_LEAD.replace("bakery", "&#98;akery<!-- a -->"))) == plain
    assert hash_of(door, envelope(CREATE_LEAD.replace('currencyCode="EUR"', "currencyCode = 'EUR' "))) == plain
    assert hash_of(door, utf_16, content_type=b"text/xml") == plain


def test_another_payload_has_another_hash(door: Door) -> None:
    foreign = '<l:Extension><x:a xmlns:x="urn:x">{}</x:a></l:Extension></l:Lead>'
    messages = [
        CREATE_LEAD,
        CREATE_LEAD.replace("bakery", "Bakery"),
        CREATE_LEAD.replace("EUR", "USD"),
        CREATE_LEAD.replace('languageCode="en"', ""),
        CREATE_LEAD.replace("</l:Lead>", foreign.format(1)),
        CREATE_LEAD.replace("</l:Lead>", foreign.format(2)),
        CREATE_LEAD.replace("</l:Lead>", foreign.format("<x:b/>")),
    ]

    assert len({hash_of(door, envelope(message)) for message in messages}) == len(messages)
