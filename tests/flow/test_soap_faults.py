"""Faults of the SOAP door: each as contract and standards say, and nothing that was sent in them or in a log."""

import logging
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import pytest

from leadbridge.contract.schema import ContractViolation
from leadbridge.log import LIBRARY_LEVELS, configure
from leadbridge.messages import FaultTypeId
from leadbridge.operations.call import Answer, Call, IdempotencyConflict
from leadbridge.operations.dispatcher import Busy
from leadbridge.settings import Settings
from leadbridge.soap import faults
from leadbridge.soap.faults import KINDS, Refusal
from leadbridge.soap.versions import SOAP_11, SOAP_12, SoapVersion
from leadbridge.store.errors import DatabaseUnreachable, LaneStopped
from tests.support.door import CREATE_LEAD, LEAD, Door, Recorder, Reply, basic, envelope, username_token
from tests.support.logs import log_plainly

both_versions = pytest.mark.parametrize("version", [SOAP_11, SOAP_12], ids=lambda version: version.name)


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.fixture
def logging_restored() -> Iterator[None]:
    """The process's logging as it was: it belongs to all tests."""
    root = logging.getLogger()
    handlers = list(root.handlers)
    levels = {name: logging.getLogger(name).level for name in ("root", "leadbridge", *LIBRARY_LEVELS)}
    yield
    root.handlers[:] = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    log_plainly()


needs_logging = pytest.mark.usefixtures("logging_restored")


def everything_written(capsys: pytest.CaptureFixture[str]) -> str:
    captured = capsys.readouterr()
    return captured.out + captured.err


def door_that_raises(error: Exception) -> Door:
    def answer(_name: str, _call: Call) -> Answer:
        raise error

    return Door(recorder=Recorder(answer=answer))


def seen(written: faults.Fault, version: SoapVersion) -> Reply:
    return Reply(written.status, {"content-type": version.content_type.decode()}, written.body)


# ----------------------------------------------------------------------------------------------------------- the table


@both_versions
@pytest.mark.parametrize("kind", FaultTypeId, ids=lambda kind: kind.value)
def test_every_kind_of_fault_is_written_as_the_contract_says(version: SoapVersion, kind: FaultTypeId) -> None:
    written = faults.write(Refusal(kind), version)

    fault = seen(written, version).fault
    server = kind in (FaultTypeId.BUSY, FaultTypeId.INTERNAL_ERROR)
    soap_11, soap_12 = ("Server", "Receiver") if server else ("Client", "Sender")
    assert fault.kind == kind.value
    assert fault.code == f"{{{version.namespace}}}{soap_11 if version is SOAP_11 else soap_12}"
    assert fault.subcodes == (() if version is SOAP_11 else (f"{{urn:leadbridge:common:1}}{kind.value}",))
    own_status = {
        FaultTypeId.UNAUTHENTICATED: 401,
        FaultTypeId.MESSAGE_TOO_LARGE: 413,
        FaultTypeId.UNSUPPORTED_MEDIA_TYPE: 415,
        FaultTypeId.BUSY: 503,
    }
    assert written.status == own_status.get(kind, 500 if version is SOAP_11 or server else 400)
    assert set(KINDS) == set(FaultTypeId)


@both_versions
def test_a_text_is_escaped_and_cut_to_what_the_contract_allows(version: SoapVersion) -> None:
    refusal = Refusal(FaultTypeId.MALFORMED_MESSAGE, "<&>" + "x" * 5_000)

    assert seen(faults.write(refusal, version), version).fault.text.startswith("<&>x")


@both_versions
@pytest.mark.parametrize(
    ("error", "kind", "status"),
    [
        (IdempotencyConflict(), "IdempotencyConflict", None),
        (Busy(7), "Busy", 503),
        (DatabaseUnreachable("x"), "Busy", 503),
        (LaneStopped("x"), "Busy", 503),
        (ValueError("marked-value"), "InternalError", 500),
        (KeyError("marked-value"), "InternalError", 500),
        (ContractViolation([]), "ContractViolation", None),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
@pytest.mark.parametrize("at_once", [True, False], ids=["on submitting", "later"])
def test_what_a_use_case_raises_becomes_the_fault_of_the_table(
    version: SoapVersion, error: Exception, kind: str, status: int | None, at_once: bool
) -> None:
    door = door_that_raises(error)
    if at_once:

        def submit(_name: str, _call: Call) -> Future[Answer]:
            raise error

        door.recorder.submit = submit  # type: ignore[method-assign, assignment]  # a dispatcher that does not even begin

    reply = door.post(version=version)

    assert reply.fault.kind == kind
    assert reply.status == (status or (500 if version is SOAP_11 else 400))
    assert ("retry-after" in reply.headers) == (status == 503)
    assert b"marked-value" not in reply.body


def test_busy_says_when_to_come_back() -> None:
    assert door_that_raises(Busy(7)).post().headers["retry-after"] == "7"
    assert door_that_raises(Busy(0)).post().headers["retry-after"] == "1"


# ---------------------------------------------------------------------------------------------------------- violations


@both_versions
def test_a_violation_lists_every_path_and_rule_and_no_value(door: Door, version: SoapVersion) -> None:
    payload = CREATE_LEAD
    for right, wrong in (
        ("PROSPECT", "Marked-1"),
        ("<c:CountryCode>DE", "<c:CountryCode>Marked-2"),
        (">2026-03-01<", ">Marked-3<"),
        ('currencyCode="EUR"', 'currencyCode="Marked-4"'),
        ("<l:ProductID>CARD-2</l:ProductID>", "<l:Marked-5/>"),
    ):
        assert right in payload
        payload = payload.replace(right, wrong)

    reply = door.post(envelope(payload, version=version), version=version)

    details = reply.fault.details
    assert len(details) >= 5
    assert "/lbl:LeadCreateRequest_sync/lbl:Lead/lbl:StartDate" in [detail["path"] for detail in details]
    assert all(detail["id"] and detail["text"] and detail["line"] for detail in details)
    assert b"Marked" not in reply.body


@both_versions
def test_more_violations_than_fit_are_cut_to_a_hundred(door: Door, version: SoapVersion) -> None:
    item = "<l:Item><l:ProductID/><l:Quantity unitCode='EA'>x</l:Quantity></l:Item>"
    payload = CREATE_LEAD.replace("<l:Note", item * 90 + "<l:Note")

    assert len(door.post(envelope(payload, version=version), version=version).fault.details) == 100


# ------------------------------------------------------------------------------------------------------------- defects


@needs_logging
def test_a_defect_is_answered_with_an_identifier_that_the_log_has(capsys: pytest.CaptureFixture[str]) -> None:
    configure(Settings())
    reply = door_that_raises(RuntimeError("Quendolin was here")).post()

    correlation_id = reply.headers["x-correlation-id"]
    assert correlation_id in reply.fault.text
    assert reply.fault.details[0]["id"] == correlation_id
    log = everything_written(capsys)
    assert correlation_id in log
    assert "RuntimeError" in log
    assert "Quendolin" not in log


@both_versions
def test_a_defect_before_the_use_case_is_answered_alike(door: Door, version: SoapVersion) -> None:
    def broken(*_anything: object) -> Any:
        raise RuntimeError("marked-value")

    door.recorder.group = broken  # type: ignore[method-assign, assignment]  # a neighbour that fails
    assert door.post(version=version).fault.kind == "InternalError"
    door.callers.cached = broken  # type: ignore[method-assign, assignment]  # and one that fails before it
    reply = door.post(version=version)
    assert reply.fault.kind == "InternalError"
    assert b"marked-value" not in reply.body


@needs_logging
def test_a_refused_call_is_one_line_with_identifiers(door: Door, capsys: pytest.CaptureFixture[str]) -> None:
    configure(Settings())
    reply = door.post(envelope(CREATE_LEAD.replace("PROSPECT", "x")))

    (line,) = [line for line in everything_written(capsys).splitlines() if "leadbridge.auditjournal" in line]
    for part in ("call refused", "ContractViolation", "CreateLead", "partner", reply.headers["x-correlation-id"]):
        assert part in line


# ------------------------------------------------------------------------------------------ row 24: what must not leak

_MARK = "Marked-Quendolin-4711"
_SECRET = "marked-secret-4711"


def leaky_messages(version: SoapVersion) -> dict[str, bytes]:
    """Messages that are refused, each for a reason of its own, with the marked name and the marked secret in them."""
    marked = CREATE_LEAD.replace("Quendolin", _MARK)
    message = envelope(marked, version=version, header=username_token("partner", _SECRET))
    elsewhere = (
        f'<a:ReplyTo xmlns:a="http://www.w3.org/2005/08/addressing"><a:Address>http://{_MARK}/</a:Address></a:ReplyTo>'
    )

    def enveloped(payload: str, header: str = "") -> bytes:
        return envelope(payload, version=version, header=header)

    return {
        "wrong password": message,
        "not well-formed": message.replace(b"</l:Lead>", b""),
        "an attribute twice": message.replace(b"<l:Lead>", f'<l:Lead a="{_MARK}" a="{_MARK}">'.encode()),
        "an unknown entity": message.replace(_MARK.encode(), f"&{_MARK};".encode()),
        "an unknown prefix": message.replace(b"<l:Lead>", f"<{_MARK}:Lead>".encode()),
        "a violation": enveloped(marked.replace("PROSPECT", _MARK)),
        "an unknown element": enveloped(marked.replace("<l:Lead>", f"<l:Lead><l:{_MARK}/>")),
        "an unknown attribute": enveloped(marked.replace("<l:Lead>", f'<l:Lead {_MARK}="{_MARK}">')),
        "an unknown operation": enveloped(f'<l:{_MARK} xmlns:l="{LEAD}">{_MARK}</l:{_MARK}>'),
        "a document type": f"<!DOCTYPE {_MARK}>".encode() + message,
        "an instruction": f"<?{_MARK} {_MARK}?>".encode() + message,
        "two children": enveloped(marked + marked),
        "too deep": enveloped(f"<{_MARK}>" * 40 + f"</{_MARK}>" * 40),
        "too long a name": enveloped(f'<l:{_MARK * 20} xmlns:l="{LEAD}"/>'),
        "the other version": envelope(marked, version=SOAP_11 if version is SOAP_12 else SOAP_12),
        "an address elsewhere": enveloped(marked, header=elsewhere),
        "a digest": enveloped(marked, header=username_token("partner", _SECRET, kind=_MARK)),
        "an unknown caller": enveloped(marked, header=username_token(_MARK, _SECRET)),
    }


@both_versions
@needs_logging
def test_row_24_nothing_of_a_refused_message_is_in_a_fault_or_a_log(
    version: SoapVersion, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(Settings(log_level="DEBUG"))
    logging.getLogger().setLevel(logging.DEBUG)  # whatever a library may have to say
    door = Door()
    for reason, message in leaky_messages(version).items():
        reply = door.post(message, version=version, authorization=None if b"UsernameToken" in message else b"")
        assert reply.fault.kind != "InternalError", reason
        for mark in (_MARK, _SECRET):
            assert mark.encode() not in reply.body, reason
            assert mark not in str(reply.headers), reason
    reply = door.post(authorization=basic(_MARK, _SECRET), version=version)
    assert reply.fault.kind == "Unauthenticated"
    broken = door_that_raises(RuntimeError(f"{_MARK} {_SECRET}"))
    broken.post(envelope(CREATE_LEAD.replace("Quendolin", _MARK), version=version), version=version)

    log = everything_written(capsys)
    assert log.count("call refused") == len(leaky_messages(version)) + 2
    assert _MARK not in log
    assert _SECRET not in log


@both_versions
def test_row_24_no_stack_trace_and_no_parser_s_text_is_in_a_fault(door: Door, version: SoapVersion) -> None:
    inner = (b"Traceback", b"lxml", b"libxml", b"expat", b"column", b".py", b"pyne", b"mismatched", b"invalid token")
    for message in leaky_messages(version).values():
        body = door.post(message, version=version).body
        assert not [word for word in inner if word in body]
