"""The SOAP door without a network and without a database: bytes in, bytes out, and a dispatcher that records.

`Door` builds the real ASGI application and drives it as a server would. Its dispatcher answers every call at once
with a valid message and keeps what it was asked; its authenticator knows the callers given to it and counts.
"""

import asyncio
import base64
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from lxml import etree

from leadbridge.authentication.access import Access
from leadbridge.caller import Caller, OperationGroup, Role, Visibility
from leadbridge.contract.parsing import parse
from leadbridge.contract.schema import validate
from leadbridge.messages import (
    BasicMessageHeader,
    LeadByElementsResponseSync,
    LeadConfirmation,
    LeadCreateConfirmationSync,
    LeadLifeCycleStatusCode,
    Log,
    ProcessingResultCode,
    ResponseProcessingConditions,
)
from leadbridge.operations.call import Answer, Call
from leadbridge.quotas import Quotas
from leadbridge.room import Room
from leadbridge.soap.asgi import SoapApp, soap_app
from leadbridge.soap.limits import GateLimits
from leadbridge.soap.security.signature import Signing
from leadbridge.soap.versions import SOAP_11, SOAP_12, SoapVersion

LEAD = "urn:leadbridge:lead:1"
COMMON = "urn:leadbridge:common:1"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
TEXT = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText"

PASSWORD = "correct horse battery"
PARTNER = Caller("partner", "Partner", frozenset({Role.PARTNER}), Visibility.GIVEN, "P1")
CRM = Caller("crm", "Core CRM", frozenset({Role.CRM}), Visibility.ALL, "")

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

# Small numbers, so that a test can stand on both sides of each.
LIMITS = GateLimits(
    largest_message_bytes=400_000,
    deepest_element=32,
    most_elements=2_000,
    most_attributes_per_element=64,
    most_namespaces_per_element=32,
    longest_name=256,
    longest_attribute_value=4_096,
    longest_text=100_000,
    body_deadline_seconds=5,
    least_bytes_per_second=100_000,
    pace_seconds=0.3,
)

CREATE_LEAD = f"""<l:LeadCreateRequest_sync xmlns:l="{LEAD}" xmlns:c="{COMMON}">
  <l:BasicMessageHeader>
    <c:UUID>5b7d0a52-7c57-4bd5-8a5d-6d5d6b9ba001</c:UUID>
    <c:CreationDateTime>2026-03-01T09:30:00Z</c:CreationDateTime>
  </l:BasicMessageHeader>
  <l:Lead>
    <l:ObjectNodeSenderTechnicalID>1</l:ObjectNodeSenderTechnicalID>
    <l:Name>Current account for a bakery</l:Name>
    <l:QualificationLevelCode>02</l:QualificationLevelCode>
    <l:OriginTypeCode>002</l:OriginTypeCode>
    <l:PriorityCode>3</l:PriorityCode>
    <l:StartDate>2026-03-01</l:StartDate>
    <l:ProspectParty>
      <l:NewBusinessPartner>
        <c:CategoryCode>1</c:CategoryCode>
        <c:RoleCode>PROSPECT</c:RoleCode>
        <c:Person>
          <c:GivenName>Ada</c:GivenName>
          <c:FamilyName>Quendolin</c:FamilyName>
        </c:Person>
        <c:Address>
          <c:CountryCode>DE</c:CountryCode>
          <c:StreetPostalCode>10115</c:StreetPostalCode>
          <c:CityName>Berlin</c:CityName>
          <c:StreetName>Invalidenstr.</c:StreetName>
          <c:HouseID>7</c:HouseID>
        </c:Address>
        <c:Communication>
          <c:EmailURI>ada@example.org</c:EmailURI>
          <c:PhoneNumber>+49 30 1234567</c:PhoneNumber>
        </c:Communication>
      </l:NewBusinessPartner>
    </l:ProspectParty>
    <l:SalesResponsibleParty><l:PartyID>RM-7</l:PartyID></l:SalesResponsibleParty>
    <l:ExpectedRevenueAmount currencyCode="EUR">1200.50</l:ExpectedRevenueAmount>
    <l:Item>
      <l:ProductID>ACCOUNT-1</l:ProductID>
      <l:Description>Business account</l:Description>
      <l:Quantity unitCode="EA">1</l:Quantity>
    </l:Item>
    <l:Item>
      <l:ProductID>CARD-2</l:ProductID>
      <l:Quantity unitCode="EA">2</l:Quantity>
    </l:Item>
    <l:Note languageCode="en">Asked for a call back in the afternoon.</l:Note>
  </l:Lead>
</l:LeadCreateRequest_sync>"""

FIND_LEAD = (
    f'<l:LeadByElementsQuery_sync xmlns:l="{LEAD}"><l:BasicMessageHeader/>'
    "<l:LeadSelectionByElements/></l:LeadByElementsQuery_sync>"
)


def envelope(
    payload: str = CREATE_LEAD, *, version: SoapVersion = SOAP_11, header: str = "", attributes: str = ""
) -> bytes:
    """A message with this payload; `header` is the content of its Header, `attributes` go to the Envelope."""
    block = f"<e:Header>{header}</e:Header>" if header else ""
    return (
        f'<e:Envelope xmlns:e="{version.namespace}" {attributes}>{block}<e:Body>{payload}</e:Body></e:Envelope>'
    ).encode()


def with_extension(content: str) -> str:
    """A CreateLead whose Extension holds this, so that the contract has nothing against it."""
    return CREATE_LEAD.replace("</l:Lead>", f"<l:Extension>{content}</l:Extension></l:Lead>")


def username_token(caller_id: str = "partner", password: str = PASSWORD, *, kind: str = TEXT, more: str = "") -> str:
    """A WS-Security header with a UsernameToken; `more` stands beside the token."""
    return (
        f'<s:Security xmlns:s="{WSSE}" xmlns:u="{WSU}">{more}<s:UsernameToken><s:Username>{caller_id}</s:Username>'
        f'<s:Password Type="{kind}">{password}</s:Password></s:UsernameToken></s:Security>'
    )


def basic(caller_id: str = "partner", password: str = PASSWORD) -> bytes:
    """The value of an Authorization header."""
    return b"Basic " + base64.b64encode(f"{caller_id}:{password}".encode())


@dataclass
class Recorder:
    """A dispatcher: every call is answered at once by `answer`, which may also raise, and kept in `calls`."""

    answer: Callable[[str, Call], Answer] = lambda name, _call: Answer(answer_to(name))
    calls: list[tuple[str, Call]] = field(default_factory=list)

    def group(self, name: str) -> OperationGroup:
        """As the use cases have them."""
        if "Crm" in name or "Opportunity" in name or name == "UpdateLeadStatus":
            return OperationGroup.CRM
        return OperationGroup.BUSINESS_PARTNER if "BusinessPartner" in name else OperationGroup.LEAD

    def writes(self, name: str) -> bool:
        """As the use cases have it."""
        return not name.startswith(("Read", "Find"))

    def submit(self, name: str, call: Call) -> "Future[Answer]":
        """Answer at once."""
        self.calls.append((name, call))
        future: Future[Answer] = Future()
        try:
            future.set_result(self.answer(name, call))
        except Exception as error:  # noqa: BLE001 whatever a test wants a use case to raise
            future.set_exception(error)
        return future


@dataclass
class KnownCallers:
    """An authenticator that knows its callers by id, all with one password, and counts how it is asked."""

    callers: Sequence[Caller] = (PARTNER, CRM)
    remembered: bool = True
    verified: list[str] = field(default_factory=list)

    def cached(self, caller_id: str, password: str) -> Caller | None:
        """The caller, where `remembered` is set."""
        return self._find(caller_id, password) if self.remembered else None

    def was_right(self, caller_id: str, password: str) -> bool:
        """Nothing is renewed here."""
        return False

    def renew(self, caller_id: str, password: str) -> Caller | None:
        """Not asked."""
        raise AssertionError((caller_id, password))

    def verify(self, caller_id: str, password: str) -> Caller | None:
        """The caller."""
        self.verified.append(caller_id)
        return self._find(caller_id, password)

    def _find(self, caller_id: str, password: str) -> Caller | None:
        found = [caller for caller in self.callers if caller.id == caller_id and password == PASSWORD]
        return found[0] if found else None


def answer_to(operation: str) -> Any:
    """A valid answer; only what the tests call is here."""
    log = Log(business_document_processing_result_code=ProcessingResultCode.VALUE_3)
    if operation == "CreateLead":
        lead = LeadConfirmation(
            id="0000000001",
            uuid="0a9c4f0e-6f4e-4b62-9f0c-6fd0b8f4a001",
            change_state_id="1f",
            life_cycle_status_code=LeadLifeCycleStatusCode.VALUE_1,
            prospect_party_internal_id="0000000002",
        )
        return LeadCreateConfirmationSync(
            basic_message_header=BasicMessageHeader(), lead=lead, replayed_indicator=False, log=log
        )
    if operation == "FindLead":
        conditions = ResponseProcessingConditions(
            returned_query_hits_number_value=0, more_hits_available_indicator=False
        )
        return LeadByElementsResponseSync(
            basic_message_header=BasicMessageHeader(), processing_conditions=conditions, log=log
        )
    raise AssertionError(f"no answer is prepared for {operation}")


@dataclass(frozen=True)
class FaultSeen:
    """A fault as a client reads it, whatever the version. Codes are in Clark notation, general before special."""

    code: str
    subcodes: tuple[str, ...]
    text: str
    kind: str
    details: tuple[Mapping[str, str], ...]


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def payload(self) -> etree._Element:
        """The child of the Body of a valid answer; the envelope is checked on the way."""
        root = parse(self.body)
        version = self._version(root)
        bodies = [child for child in root if child.tag == version.body_tag]
        assert len(bodies) == 1
        assert len(bodies[0]) == 1
        return bodies[0][0]

    @property
    def answer(self) -> etree._Element:
        """The payload of an answer that is no fault, checked against the contract."""
        payload = self.payload
        assert self.status == 200, self.body
        validate(payload)
        return payload

    @property
    def fault(self) -> FaultSeen:
        """The fault, checked: its envelope, its shape, and its detail against the contract."""
        payload = self.payload
        namespace = etree.QName(payload).namespace
        assert etree.QName(payload).localname == "Fault", self.body
        codes: list[str]
        if namespace == SOAP_11.namespace:
            assert [str(child.tag) for child in payload] == ["faultcode", "faultstring", "detail"]
            code, text, detail = payload
            codes = [_clark(code)]
            assert "." not in (code.text or "")
        else:
            assert [etree.QName(child).localname for child in payload] == ["Code", "Reason", "Detail"]
            codes = [_clark(value) for value in payload[0].iter(f"{{{namespace}}}Value")]
            text, detail = payload[1][0], payload[2]
            assert text.get("{http://www.w3.org/XML/1998/namespace}lang") == "en"
        assert len(detail) == 1
        validate(detail[0])
        standard = detail[0][0]
        details = tuple(
            {etree.QName(child).localname: child.text or "" for child in one}
            for one in standard.findall(f"{{{COMMON}}}faultDetail")
        )
        kind = standard.findtext(f"{{{COMMON}}}faultTypeID") or ""
        return FaultSeen(codes[0], tuple(codes[1:]), text.text or "", kind, details)

    def _version(self, root: etree._Element) -> SoapVersion:
        version = SOAP_11 if root.tag == SOAP_11.envelope_tag else SOAP_12
        assert root.tag == version.envelope_tag, self.body
        assert self.headers["content-type"] == f"{version.media_type}; charset=utf-8"
        return version


def _clark(element: etree._Element) -> str:
    prefix, _, name = (element.text or "").partition(":")
    return f"{{{element.nsmap[prefix]}}}{name}"


class Door:
    """The application with its recording neighbours. `reply` is a server; `post` is what most tests need."""

    def __init__(
        self,
        *,
        limits: GateLimits = LIMITS,
        service_limits: Mapping[str, GateLimits] | None = None,
        wsdl_access: Literal["public", "authenticated", "disabled"] = "public",
        public_url: str = "https://leads.example.org/base",
        recorder: Recorder | None = None,
        callers: KnownCallers | None = None,
        access: Access | None = None,
        signing: Signing = Signing(),  # noqa: B008 - immutable
        validate_answers: bool = True,
        quotas: Quotas | None = None,
        most_bytes_under_way: int = 256_000_000,
    ) -> None:
        self.recorder = recorder or Recorder()
        self.callers = callers or KnownCallers()
        every_limit = (limits, *(service_limits or {}).values())
        largest_message = max(each.largest_message_bytes for each in every_limit)
        self.app: SoapApp = soap_app(
            dispatcher=self.recorder,
            access=access or Access(self.callers),
            signing=signing,
            limits=limits,
            service_limits=service_limits,
            public_url=public_url,
            wsdl_access=wsdl_access,
            validate_answers=validate_answers,
            clock=lambda: NOW,
            quotas=quotas,
            room=Room(most_bytes_under_way, largest_message=largest_message),
        )

    def reply(
        self,
        method: str,
        target: str,
        *,
        headers: Iterable[tuple[bytes, bytes]] = (),
        chunks: Sequence[bytes] = (b"",),
    ) -> Reply:
        """Send a request in pieces of `chunks` and return what comes back."""
        return asyncio.run(exchange(self.app, method, target, headers=headers, chunks=chunks))

    def post(
        self,
        body: bytes | None = None,
        *,
        version: SoapVersion = SOAP_11,
        content_type: bytes | None = b"",
        service: str = "LeadService",
        authorization: bytes | None = b"",
        more_headers: Iterable[tuple[bytes, bytes]] = (),
        chunks: Sequence[bytes] | None = None,
        declare_length: bool = True,
    ) -> Reply:
        """Send a message. Empty bytes stand for the usual header, None for none."""
        content = (envelope(version=version) if body is None else body) if chunks is None else b"".join(chunks)
        headers = list(more_headers)
        if content_type is not None:
            headers.append((b"content-type", content_type or f"{version.media_type}; charset=utf-8".encode()))
        if authorization is not None:
            headers.append((b"authorization", authorization or basic()))
        if declare_length:
            headers.append((b"content-length", b"%d" % len(content)))
        return self.reply("POST", f"/soap/{service}", headers=headers, chunks=chunks or (content,))


async def exchange(
    app: Callable[..., Awaitable[None]],
    method: str,
    target: str,
    *,
    headers: Iterable[tuple[bytes, bytes]],
    chunks: Sequence[bytes],
    client: str | None = None,
) -> Reply:
    """One request through an ASGI application; the body arrives in `chunks`, then the sender waits. `client` is the
    address that it comes from."""
    path, _, query = target.partition("?")
    scope: dict[str, Any] = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": list(headers),
    }
    if client is not None:
        scope["client"] = (client, 50_000)
    arriving = iter([*chunks])
    left = len(chunks)
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        nonlocal left
        chunk = next(arriving, None)
        if chunk is None:
            await asyncio.sleep(3_600)
        left -= 1
        return {"type": "http.request", "body": chunk, "more_body": left > 0}

    async def send(event: Any) -> None:
        sent.append(dict(event))

    await app(scope, receive, send)
    start, *rest = sent
    body = b"".join(event.get("body", b"") for event in rest)
    return Reply(start["status"], {name.decode(): value.decode() for name, value in start["headers"]}, body)


def assert_refused(reply: Reply, kind: str, *, status: int | None = None, version: SoapVersion = SOAP_11) -> None:
    """A fault of this type, blamed on the sender, with the status of its version."""
    fault = reply.fault
    assert fault.kind == kind, fault
    assert fault.code == f"{{{version.namespace}}}" + ("Client" if version is SOAP_11 else "Sender")
    assert reply.status == (status or (500 if version is SOAP_11 else 400))
