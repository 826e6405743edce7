"""Rows of the security catalogue that need the whole gateway: nobody is called, nothing leaks, nothing is injected."""

from __future__ import annotations

import gzip
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from xml.sax.saxutils import escape

import pytest
from lxml import etree

from leadbridge.contract.operations import by_name
from leadbridge.log import LIBRARY_LEVELS, configure
from leadbridge.settings import Settings
from leadbridge.soap.versions import SOAP_11, SOAP_12, SoapVersion
from tests.support.bulk_by_hand import file_of, small_lead
from tests.support.calls import DESK, Calls
from tests.support.door import COMMON, CREATE_LEAD, LEAD, Reply, basic, envelope, username_token, with_extension
from tests.support.fuzz_gateway import InProcess, in_process
from tests.support.fuzz_messages import OPERATIONS, payload_of
from tests.support.fuzz_requests import Request, as_call, as_upload, right_call
from tests.support.logs import log_plainly

both_versions = pytest.mark.parametrize("version", [SOAP_11, SOAP_12], ids=lambda version: version.name)

MARK, SECRET = "Marked-Quendolin-4711", "marked-secret-4711"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcess]:
    with in_process(tmp_path_factory.mktemp("rows")) as made:
        yield made


# ------------------------------------------------------------------------------------------- nobody is called from here


@both_versions
def test_row_01_and_11_and_14_and_25_nobody_is_called(gateway: InProcess, version: SoapVersion) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        nobody.settimeout(0.05)
        where = f"http://127.0.0.1:{nobody.getsockname()[1]}/x"
        wsa = "http://www.w3.org/2005/08/addressing"
        hint = f'xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:schemaLocation="urn:x {where} {LEAD} {where}"'
        for message in (
            f'<!DOCTYPE e SYSTEM "{where}">'.encode() + envelope(version=version),
            f'<!DOCTYPE e [<!ENTITY x SYSTEM "{where}">]>'.encode() + envelope(version=version),
            envelope(version=version, attributes=hint),
            envelope(with_extension(f'<x:a xmlns:x="urn:x" {hint}/>'), version=version),
            envelope(CREATE_LEAD.replace("Asked for", where), version=version),
            envelope(
                version=version,
                header=f'<a:ReplyTo xmlns:a="{wsa}"><a:Address>{where}</a:Address></a:ReplyTo>',
            ),
            envelope(
                with_extension(f'<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="{where}"/>'),
                version=version,
            ),
        ):
            gateway.judge(as_call(message, version))
        with pytest.raises(TimeoutError):
            nobody.accept()


# ------------------------------------------------------------------------------------------------- row 24: what leaks


@pytest.fixture
def debugging(capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Everything is logged that anybody has to say."""
    root = logging.getLogger()
    handlers = list(root.handlers)
    levels = {name: logging.getLogger(name).level for name in ("root", "leadbridge", *LIBRARY_LEVELS)}
    configure(Settings(log_level="DEBUG"))
    root.setLevel(logging.DEBUG)
    yield
    root.handlers[:] = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    log_plainly()


def _marked(payload: bytes) -> Iterator[bytes]:
    """The message with the marked name in each of its texts in turn, and in attributes, names and namespaces."""
    root = etree.fromstring(payload)
    for element in list(root.iter(etree.Element)):
        if not len(element):
            kept, element.text = element.text, MARK
            yield etree.tostring(root)
            element.text = kept
    last = next(iter(list(root.iter(etree.Element))[::-1]))
    for change in (f"<{MARK}/>", f'<x xmlns="{MARK}"/>', f'<x {MARK}="{MARK}"/>', f"<!-- {MARK} --><?{MARK} ?>"):
        yield etree.tostring(root).replace(f"<{last.tag}".encode(), change.encode() + f"<{last.tag}".encode(), 1)
        yield etree.tostring(root).replace(b"</", change.encode() + b"</", 1)
    yield etree.tostring(root)[:-20] + MARK.encode()


def _leaky_requests() -> Iterator[Request]:
    for operation in OPERATIONS:
        for version in (SOAP_11, SOAP_12):
            right = right_call(operation, version)
            for payload in _marked(payload_of(operation)):
                yield replace(right, pieces=(version.head + payload + version.tail,))
    wrong = envelope(CREATE_LEAD.replace("Quendolin", MARK), header=username_token(MARK, SECRET))
    yield as_call(wrong)
    yield _with(as_call(wrong), b"authorization", basic("nobody", SECRET))
    yield _with(as_call(wrong), b"authorization", f"Bearer {SECRET}".encode())
    yield _with(as_call(envelope()), b"soapaction", MARK.encode())
    yield _with(as_call(envelope()), b"content-type", f"text/xml; charset={MARK}".encode())
    yield Request("GET", f"/soap/{MARK}?xsd={MARK}", ((b"authorization", basic(MARK, SECRET)),), (b"",))
    yield Request("GET", f"/bulk/leads/{MARK}", ((b"authorization", basic("nobody", SECRET)),), (b"",))
    for file in (
        file_of([small_lead(1, name=MARK * 9)]),
        file_of([small_lead(2, name=f"{MARK}&{MARK};")]),
        file_of([small_lead(3, content=f"<{MARK}/>")]),
        file_of([small_lead(4)]).replace(b"<lbb:BasicMessageHeader>", f"<{MARK}>".encode()),
        f"<!DOCTYPE {MARK}>".encode() + file_of([small_lead(5)]),
        MARK.encode(),
        gzip.compress(file_of([small_lead(6, name=MARK)]))[:-9],
    ):
        yield as_upload(file)
    yield as_upload(f'Name,CategoryCode\n{MARK},{MARK}\n"{MARK}'.encode(), b"text/csv")
    yield _with(as_upload(b"<a/>"), b"idempotency-key", MARK.encode())
    yield _with(as_upload(b"<a/>"), b"content-type", MARK.encode())


def _with(request: Request, name: bytes, value: bytes) -> Request:
    others = tuple(header for header in request.headers if header[0] != name)
    return replace(request, headers=(*others, (name, value)))


def _may_repeat(reply: Reply) -> bool:
    """An answer says what was stored, to whom may read it."""
    return reply.status in (200, 202) and b"Fault>" not in reply.body


def test_row_24_a_marked_name_and_a_marked_secret_are_in_no_log_fault_or_error(
    gateway: InProcess, debugging: None, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = 0
    for request in _leaky_requests():
        reply = gateway.send(request)
        assert reply is not None
        assert SECRET.encode() not in reply.body
        if not _may_repeat(reply):
            refused += 1
            assert MARK.encode() not in reply.body, reply.body
            assert MARK not in str(reply.headers)
    gateway.take_in()  # what is wrong with the leads of files is logged then, if anywhere
    captured = capsys.readouterr()
    written = captured.out + captured.err
    assert refused > 500
    assert "call refused" in written
    for mark in (MARK, SECRET, "correct horse battery"):
        assert mark not in written


def test_row_24_and_32_commands_and_settings_show_no_secret() -> None:
    environment = {
        "LEADBRIDGE_DATABASE_URL": f"postgresql://user:{SECRET}@127.0.0.1:9/db",
        "LEADBRIDGE_CRM_USERNAME": "user",
        "LEADBRIDGE_CRM_PASSWORD": SECRET,
        "LEADBRIDGE_SECRET_KEY": SECRET * 3,
        "LEADBRIDGE_LOG_LEVEL": "DEBUG",
    }
    for arguments, given in (
        (["settings"], ""),
        (["caller", "add", "x", "--name", MARK, "--role", "partner", "--password-stdin"], SECRET),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "leadbridge", *arguments],
            env={**os.environ, **environment},
            input=given,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode == 0) == (arguments == ["settings"]), done.stderr
        assert SECRET not in done.stdout + done.stderr
        assert MARK not in done.stdout + done.stderr


# --------------------------------------------------------------------------------------------- row 26: what is injected

_INJECTIONS = (
    *("' OR '1'='1", "'; DROP TABLE lead; --", '" OR ""="', "\\' OR 1=1 --", "%", "_", "%%", "\\%", "1) OR (1=1"),
    *(
        "${jndi:ldap://127.0.0.1:9/x}",
        "{{7*7}}",
        "' or count(/a)=1 or '",
        "] | //a | b[",
        "\u02bc OR 1=1",
        "$1",
        ":x",
        "?",
    ),
)


def test_row_26_what_looks_like_a_query_is_text_in_every_selection(calls: Calls) -> None:
    calls.done(payload_of(by_name()["CreateLead"]))
    for text in _INJECTIONS:
        for name in ("Name", "CampaignID", "SalesResponsiblePartyID", "SalesPartnerPartyID", "EmailURI", "PhoneNumber"):
            assert _found(calls, f"SelectionBy{name}", text) == [], (name, text)
    assert len(_found(calls, "SelectionByName", "*")) == 1  # and it is still there


def _found(calls: Calls, selection: str, text: str) -> list[str]:
    block = (
        "<c:InclusionExclusionCode>I</c:InclusionExclusionCode><c:IntervalBoundaryTypeCode>1</c:IntervalBoundaryTypeCode>"
        f"<c:LowerBoundary>{escape(text)}</c:LowerBoundary>"
    )
    query = (
        f'<l:LeadByElementsQuery_sync xmlns:l="{LEAD}" xmlns:c="{COMMON}"><l:BasicMessageHeader/>'
        f"<l:LeadSelectionByElements><l:{selection}>{block}</l:{selection}></l:LeadSelectionByElements>"
        "</l:LeadByElementsQuery_sync>"
    )
    return calls.send(query.encode(), caller=DESK).all("Lead/ID")
