"""Hostile HTTP requests: right and wrong messages under right and wrong headers, for every operation and address."""

from __future__ import annotations

import base64
import csv
import gzip
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote
from uuid import UUID, uuid4

from hypothesis import strategies as st
from lxml import etree

from leadbridge.contract.operations import ContractOperation, by_name
from leadbridge.contract.samples import sample_files
from leadbridge.rest.opportunities import PATH
from leadbridge.soap.versions import SOAP_11, SOAP_12, SoapVersion
from tests.support.bank import COMBO_CREATE, COMBO_UPDATE, UPDATE_LEAD, UPDATE_OPPORTUNITY, request
from tests.support.fuzz_bytes import cut_up, mutilated
from tests.support.fuzz_messages import CALLER, OPERATIONS, PASSWORD, bulk_files, envelopes, payload_of, versions
from tests.support.fuzz_values import ANYTHING

Headers = tuple[tuple[bytes, bytes], ...]

BASIC = b"Basic " + base64.b64encode(f"{CALLER}:{PASSWORD}".encode())


@dataclass(frozen=True)
class Request:
    """What a server would hand on. `hangs_up`: the sender goes away instead of ending its body."""

    method: str
    target: str
    headers: Headers
    pieces: tuple[bytes, ...]
    hangs_up: bool = False


@st.composite
def calls(draw: st.DrawFn) -> Request:
    """A POST to a service."""
    operation, version = draw(st.sampled_from(OPERATIONS)), draw(versions())
    body = draw(st.one_of(envelopes(operation, version), _mutilated_envelopes(operation, version)))
    service = operation.service
    headers = _usual(operation, version, body)
    if draw(st.integers(0, 4)) == 0:
        headers = draw(_strange_headers(headers, operation))
        service = draw(st.sampled_from((service, service, service, "LeadService", "x")))
    hangs_up = draw(st.integers(0, 40)) == 40
    return Request("POST", f"/soap/{service}", headers, draw(cut_up(body)), hangs_up)


@st.composite
def _mutilated_envelopes(draw: st.DrawFn, operation: ContractOperation, version: SoapVersion) -> bytes:
    return draw(mutilated(draw(envelopes(operation, version, most=1))))


def _usual(operation: ContractOperation, version: SoapVersion, body: bytes) -> Headers:
    action = operation.soap_action
    if version is SOAP_12:
        media = f'application/soap+xml; charset=utf-8; action="{action}"'
        return ((b"content-type", media.encode()), (b"content-length", b"%d" % len(body)), (b"authorization", BASIC))
    return (
        (b"content-type", b"text/xml; charset=utf-8"),
        (b"soapaction", f'"{action}"'.encode()),
        (b"content-length", b"%d" % len(body)),
        (b"authorization", BASIC),
    )


@st.composite
def _strange_headers(draw: st.DrawFn, headers: Headers, operation: ContractOperation) -> Headers:
    """The headers after a few changes."""
    made = list(headers)
    for _ in range(draw(st.integers(1, 3))):
        what = draw(st.sampled_from(("drop", "twice", "replace", "replace", "replace", "add", "mutilate")))
        at = draw(st.integers(0, len(made) - 1)) if made else 0
        if what == "add" or not made:
            name = draw(st.sampled_from([*_STRANGE]))
            made.append((name, draw(_values(name, operation))))
        elif what == "drop":
            del made[at]
        elif what == "twice":
            made.append(made[at])
        elif what == "replace":
            made[at] = (made[at][0], draw(_values(made[at][0], operation)))
        elif made[at][0] != b"authorization":  # other credentials would cost a tenth of a second, by design
            made[at] = (made[at][0], draw(mutilated(made[at][1], most=1)).translate(None, b"\r\n\0"))
    return tuple(made)


_STRANGE: dict[bytes, tuple[bytes, ...]] = {
    b"content-type": (
        *(b"text/xml", b"application/soap+xml", b"text/xml; charset=utf-16", b"text/xml; charset=us-ascii", b""),
        *(b"text/xml;charset=UTF-8;", b"text/xml; charset=utf-7", b'text/xml; charset="utf-8"', b"application/json"),
        *(b"multipart/related; type=text/xml; boundary=b", b"application/xop+xml", b"text/xml; a=b; a=c", b"\xff\xfe"),
        *(b'application/soap+xml; action="urn:x"', b"application/soap+xml; action=", b"text/xml; " + b"x" * 1_001),
        *(b"text/csv", b"application/xml", b"application/gzip", b"text/csv; charset=latin-1", b"text/xml; boundary=x"),
    ),
    b"soapaction": (b'""', b"", b'"urn:x"', b"'", b'"', b"x" * 1_001, b"\xff", b'"urn:leadbridge:lead:1:FindLead"'),
    b"content-length": (b"0", b"1", b"-1", b"+5", b"1e3", b"99999999999999999999", b"8000001", b"", b"\xb2", b"5, 5"),
    b"content-encoding": (b"gzip", b"identity", b"", b"br", b"gzip, gzip", b"x", b"Identity"),
    b"authorization": (
        *(b"", b"Basic", b"Basic ", b"Basic =", b"Basic " + base64.b64encode(b"no colon"), b"Bearer x", b"Digest a=b"),
        *(BASIC.lower(), b"basic " + BASIC[6:], BASIC + b" ", b"Basic \xff", b"Negotiate x", b"Bearer " + b"x" * 9_000),
    ),
    b"idempotency-key": (b"17", b"", b"5f6b1c1e-8a35-4a2b-9d0e-3c2f7d1b4a01", b'"x"', b"\xff", b"0" * 32),
    b"transfer-encoding": (b"chunked", b"gzip, chunked"),
    b"expect": (b"100-continue", b"x"),
    b"host": (b"evil.example", b"", b"a b", b"[::1"),
    b"x-forwarded-for": (b"127.0.0.1", b"' OR 1=1", b"\xff"),
    b"x-forwarded-proto": (b"https", b"x"),
    b"x-correlation-id": (b"x", b"\xff"),
    b"accept": (b"application/json", b"x"),
    b"range": (b"bytes=0-1",),
    b"cookie": (b"a=b; c", b"\xff"),
}


def _values(name: bytes, operation: ContractOperation) -> st.SearchStrategy[bytes]:
    right = (operation.soap_action.encode(),) if name == b"soapaction" else ()
    return st.sampled_from((*_STRANGE.get(name, (b"x",)), *right))


# ---------------------------------------------------------------------------------------------------- other addresses


@st.composite
def readings(draw: st.DrawFn) -> Request:
    """A request that sends no message: documents of the contract, jobs, addresses that are none."""
    method = draw(st.sampled_from(("GET", "GET", "GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "x")))
    path = draw(st.sampled_from(_PATHS) | st.text(max_size=20).map(lambda text: "/" + text))
    query = draw(st.sampled_from(_QUERIES) | st.binary(max_size=20).map(lambda data: data.decode("latin-1")))
    headers = draw(st.sampled_from((((b"authorization", BASIC),), ())))
    return Request(method, f"{path}?{query}" if query else path, headers, (b"",))


_PATHS = (
    *("/", "/soap/LeadService", "/soap/CrmService", "/soap/", "/soap/x", "/soap/LeadService/", "/x/soap/LeadService"),
    *("/bulk/leads", "/bulk/leads/1", "/bulk/leads/0000000001/rejections", "/bulk/leads/\0", "/bulk/", "/bulk"),
    *("/openapi.json", "/docs", "/livez", "/readyz", "/soap/../../etc/passwd", "/soap/LeadService;x", "/soap/%00"),
    *("/bulk/leads/" + "9" * 400, "/bulk/leads/\u0661", "/bulk/leads/1'--", "/bulk/leads/x/y/z", "/soap/\ud7ff"),
)
_QUERIES = (
    *("", "wsdl", "WSDL", "wsdl=flat", "xsd=lead.xsd", "xsd=../../etc/passwd", "xsd=", "xsd=lead.xsd&xsd=common.xsd"),
    *(
        "xsd=%2e%2e%2fetc%2fpasswd",
        "xsd=lead.xsd%00",
        "wsdl&wsdl",
        "singleWsdl",
        "x=y",
        "&&&",
        "=",
        "xsd=file:///etc/passwd",
    ),
)


# ---------------------------------------------------------------------------------------------------------- bulk files


_COLUMNS = ("Name", "Nome", "", "CategoryCode", "@currencyCode", "Item[2]/ProductID", "Item[99999]/ProductID", "a/b/c")


@st.composite
def _tables(draw: st.DrawFn) -> bytes:
    """A bulk file in CSV with other columns and values."""
    rows = list(csv.reader(io.StringIO(sample_files()["leads.csv"].decode())))
    for _ in range(draw(st.integers(0, 4))):
        row = draw(st.sampled_from(rows))
        if row:
            values = _COLUMNS if row is rows[0] else ANYTHING
            row[draw(st.integers(0, len(row) - 1))] = draw(st.sampled_from(values))
        if draw(st.integers(0, 5)) == 0:
            row.append("one more")
    made = io.StringIO()
    csv.writer(made, delimiter=draw(st.sampled_from(",,,;\t")), lineterminator="\n").writerows(rows)
    return made.getvalue().encode()


@st.composite
def uploads(draw: st.DrawFn) -> Request:
    """A POST of a bulk file."""
    media, files = draw(st.sampled_from(((b"text/xml", bulk_files()), (b"text/csv", _tables()))))
    data = draw(files)
    if draw(st.booleans()):
        data = draw(mutilated(data))
    headers: Headers = ((b"content-type", media), (b"authorization", BASIC))
    how = draw(st.sampled_from(("plain", "plain", "gzip", "coded")))
    if how != "plain":
        data = gzip.compress(data, 1, mtime=0)
        if draw(st.integers(0, 3)) == 0:
            data = draw(mutilated(data, most=2))
        headers = ((b"content-encoding", b"gzip"), *headers) if how == "coded" else headers
    if draw(st.integers(0, 3)) == 0:
        headers = draw(_strange_headers(headers, OPERATIONS[0]))
    return Request("POST", "/bulk/leads", headers, draw(cut_up(data)), draw(st.integers(0, 20)) == 20)


# ------------------------------------------------------------------------------------------------- the bank CRM API


_BANK = {
    COMBO_CREATE: request(email="a@b", phone="112", productId="P", sourceLeadUuid=str(UUID(int=1))),
    COMBO_UPDATE: {"leadId": "0000000001", "status": "Close won"},
    UPDATE_OPPORTUNITY: {"opportunityId": "0000000002", "status": "Close Lost", "reasonCode": "005"},
    UPDATE_LEAD: {"leadId": "0000000001"},
    f"{PATH}/0000000001/moves": {"move": "ADVANCE", "stage": "Assigned", "expectedClosingDate": "2026-09-30"},
    f"{PATH}/0000000002/moves": {
        "move": "STEP_SKIPPED",
        "step": "Confirm interest",
        "reason": "x",
        "reasonCode": "005",
    },
}
_QUESTIONS = (
    *(PATH, f"{PATH}/forecast", f"{PATH}/forecast?ownerId=RM-1", f"{PATH}/0000000001", f"{PATH}/0000000002/history"),
    f"{PATH}?stage=qualification&status=New%20Opportunity&ownerId=RM-1&sellingMode=B2C&limit=3&cursor=0000000001",
)
_JSON = st.recursive(
    st.sampled_from((*ANYTHING, None, True, 0, -1e300, 10**40, "NTB", "ETB", "0000000001", "Close Lost")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(ANYTHING), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def bank_calls(draw: st.DrawFn) -> Request:
    """A POST to the bank CRM API."""
    if draw(st.integers(0, 4)) == 0:
        return draw(_questions())
    path = draw(st.sampled_from([*_BANK]))
    return draw(_json_calls("POST", path, _BANK[path]))


_LEAD = "/bian/LeadandOpportunityManagement/0000000001"
_TASK = f"{_LEAD}/Development/1"
_SAID = {
    "DateTimeLocation": "2026-03-01 here",
    "Own": "x",
    "DocumentDirectoryEntryInstanceReference": "product-information",
}
_BIAN: dict[tuple[str, str], dict[str, object]] = {
    ("POST", "/bian/LeadandOpportunityManagement/Initiate"): {
        "CustomerReference": "0000000001",
        "ProductandServiceType": "LOAN",
        "LeadandOpportunityDescription": "A house",
        "TriggeredBy": "CustomerOffer",
    },
    ("PUT", f"{_LEAD}/Update"): {"LeadandOpportunityDescription": "A house\nsoon", "CustomerCampaignType": "x"},
    ("PUT", f"{_LEAD}/Control"): {"ControlActionRequest": "raise priority"},
    ("PUT", f"{_LEAD}/Exchange"): {"ExchangeActionRequest": "accept"},
    ("POST", f"{_LEAD}/Development/Initiate"): {"LeadandOpportunityProcedure": {}, "Development": _SAID},
    ("PUT", f"{_TASK}/Update"): {**_SAID},
    ("PUT", f"{_TASK}/Execute"): {"Development": _SAID},
    ("PUT", f"{_TASK}/Request"): {"Development": _SAID},
    ("GET", f"{_LEAD}/Retrieve"): {},
    ("GET", f"{_TASK}/Retrieve"): {},
    ("GET", "/bian/events?after=0&limit=1"): {},
    ("GET", "/bian/contacts"): {},
    ("GET", "/bian/triggers?lead=0000000001"): {},
}


@st.composite
def bian_calls(draw: st.DrawFn) -> Request:
    """A request to BIAN's service domain."""
    method, path = draw(st.sampled_from([*_BIAN]))
    return draw(_json_calls(method, path, _BIAN[method, path]))


@st.composite
def _json_calls(draw: st.DrawFn, method: str, path: str, usual: Mapping[str, object]) -> Request:
    """A request with a body that is not far from a usual one."""
    body: object = dict(usual)
    for _ in range(draw(st.integers(0, 2))):
        assert isinstance(body, dict)
        body[draw(st.sampled_from([*body, *ANYTHING]))] = draw(_JSON)
    if draw(st.integers(0, 9)) == 0:
        body = draw(_JSON)
    data = json.dumps(body, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")
    if draw(st.integers(0, 2)) == 0:
        data = draw(mutilated(data))
    headers: Headers = ((b"content-type", b"application/json"), (b"authorization", BASIC))
    if draw(st.integers(0, 3)) == 0:
        headers = draw(_strange_headers(headers, OPERATIONS[0]))
    return Request(method, path, headers, draw(cut_up(data)), draw(st.integers(0, 20)) == 20)


@st.composite
def _questions(draw: st.DrawFn) -> Request:
    """A GET of what is known of opportunities."""
    target = draw(st.sampled_from(_QUESTIONS))
    for _ in range(draw(st.integers(0, 2))):
        place = draw(st.integers(len(PATH), len(target)))
        strange = quote(draw(st.sampled_from(ANYTHING)).encode("utf-8", "surrogatepass"))
        target = target[:place] + draw(st.sampled_from((strange, "&", "?", "=", "%FF", "%00", "/"))) + target[place:]
    return Request("GET", target, ((b"authorization", BASIC),), (b"",))


def right_call(operation: ContractOperation, version: SoapVersion) -> Request:
    """The sample of an operation as it should be sent, with a UUID of its own."""
    message = etree.fromstring(payload_of(operation))
    for uuid in message[0].iterfind("{*}UUID"):
        uuid.text = str(uuid4())
    body = version.head + etree.tostring(message) + version.tail
    return Request("POST", f"/soap/{operation.service}", _usual(operation, version, body), (body,))


def as_call(body: bytes, version: SoapVersion = SOAP_11) -> Request:
    """Anything as a CreateLead, under the right headers."""
    return Request("POST", "/soap/LeadService", _usual(by_name()["CreateLead"], version, body), (body,))


def as_upload(body: bytes, media: bytes = b"text/xml") -> Request:
    """Anything as a bulk file, under the right headers."""
    return Request("POST", "/bulk/leads", ((b"content-type", media), (b"authorization", BASIC)), (body,))
