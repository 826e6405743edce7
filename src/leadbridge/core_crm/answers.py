"""Judges what the core CRM sent back: from the bytes of an HTTP answer to one outcome.

Nothing is believed that the contract does not confirm: an answer is a Delivered only as the confirmation of
the operation called, valid by our own schemas, about the very message sent, with a record. Every other answer
to a request that arrived is Unclear, because the core CRM may have acted all the same.

Where the core CRM's certificate is known, only what it has signed is looked at, faults too. What is not signed is
Unclear and nothing worse: the message is asked about again with the same key, so whoever forges an answer can neither
lose nor double it, nor stop others by what looks like a wrong configuration. That an answer belongs to its request is
not the signature's matter: a confirmation names it. A fault does not, and so one that was signed a while ago might be
played back; it holds a message up, no more.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from lxml import etree

from leadbridge.contract import codec
from leadbridge.contract.operations import ContractOperation
from leadbridge.contract.parsing import MalformedXml, children_of, parse
from leadbridge.contract.schema import ContractViolation, UnknownMessage, validate
from leadbridge.core_crm.connection import RawAnswer
from leadbridge.forwarding import (
    Delivered,
    Misconfigured,
    Outcome,
    Refused,
    Unavailable,
    Unclear,
    printable,
)
from leadbridge.messages import (
    FaultTypeId,
    Log,
    LogItem,
    LogItemSeverityCode,
    ProcessingResultCode,
    RecordTypeCode,
)
from leadbridge.signatures.names import SECURITY, Reason, SignatureRefused
from leadbridge.signatures.reading import read
from leadbridge.signatures.verifying import verify

_SOAP11 = "{http://schemas.xmlsoap.org/soap/envelope/}"
_SOAP12 = "{http://www.w3.org/2003/05/soap-envelope}"

_DONE = (ProcessingResultCode.VALUE_3, ProcessingResultCode.VALUE_4)
_FAILED = ProcessingResultCode.VALUE_5
_CREATES = "ComboCreateLeadOpportunity"

_DECLINED = "CRM.DECLINED"
"""TypeID by which the core CRM says that it does not want the lead, alone or followed by a dot and the
reason.

Any other refusal is about the message, and the lead is none the worse for it: only the message is parked.
"""

_ENDPOINT_FAULTS = {
    FaultTypeId.UNAUTHENTICATED.value: "the core CRM does not know our user or password",
    FaultTypeId.UNAUTHORIZED.value: "our user may not call this operation",
    FaultTypeId.UNKNOWN_OPERATION.value: "the core CRM does not have this operation",
    FaultTypeId.MESSAGE_EXPIRED.value: "the core CRM finds our Timestamp run out: compare the clocks",
}
"""Faults that are about the way to the core CRM, by faultTypeID; every message would get them."""

_SECURITY_FAULTS = {
    **dict.fromkeys(
        ("FailedAuthentication", "FailedCheck", "InvalidSecurity", "InvalidSecurityToken"),
        _ENDPOINT_FAULTS[FaultTypeId.UNAUTHENTICATED.value],
    ),
    "UnsupportedSecurityToken": "the core CRM does not take this kind of crm.authentication",
    "MessageExpired": _ENDPOINT_FAULTS[FaultTypeId.MESSAGE_EXPIRED.value],
}
"""The same in the words of WS-Security, by the local name of the code."""

_PROTOCOL_FAULTS = {"VersionMismatch", "MustUnderstand", "DataEncodingUnknown"}


def outcome_of(
    answer: RawAnswer,
    *,
    operation: ContractOperation,
    request_uuid: str | None,
    signed_by: x509.Certificate | None = None,
) -> Outcome:
    """The outcome that an answer to a message with this header UUID stands for. With `signed_by` it must be signed with
    the key of that certificate.
    """
    status = answer.status
    if status in (429, 503):
        return Unavailable(f"HTTP {status}")
    if status in (401, 403, 407):
        return Misconfigured(f"HTTP {status}: the core CRM does not accept our user")
    if 300 <= status < 400:
        return Misconfigured(f"HTTP {status}: redirects are not followed; set the address it leads to")
    try:
        child = _body_child(answer.body, signed_by)
    except SignatureRefused as refused:
        return Unclear(f"the answer is not signed as crm.certificate_file asks: {refused.text}")
    if child is not None and child.tag in (f"{_SOAP11}Fault", f"{_SOAP12}Fault"):
        return _of_fault(child)
    if 200 <= status < 300:
        return _of_message(child, operation=operation, request_uuid=request_uuid)
    if 400 <= status < 500 and status != 408:
        return Misconfigured(f"HTTP {status} without a fault: this is no address of the core CRM's service")
    return Unclear(f"HTTP {status} without a fault")


def _body_child(data: bytes, signed_by: x509.Certificate | None) -> etree._Element | None:
    """The one element in the Body of a SOAP envelope; None where the bytes are something else.

    With `signed_by` it is the one that was signed. Raises SignatureRefused.
    """
    try:
        root = parse(data)
    except MalformedXml:
        return None
    for namespace in (_SOAP11, _SOAP12):
        if root.tag == f"{namespace}Envelope":
            bodies = root.findall(f"{namespace}Body")
            if signed_by is not None:
                bodies = [_signed(root, root.findall(f"{namespace}Header/{SECURITY}"), bodies, signed_by)]
            children = [child for body in bodies for child in children_of(body)]
            return children[0] if len(children) == 1 else None
    return None


def _signed(
    root: etree._Element,
    securities: Sequence[etree._Element],
    bodies: Sequence[etree._Element],
    certificate: x509.Certificate,
) -> etree._Element:
    """The Body as the core CRM has signed it. Raises SignatureRefused."""
    if len(securities) != 1 or len(bodies) != 1:
        raise SignatureRefused(Reason.INVALID_SECURITY, "It must have one Security header and one Body.")
    claim = read(root=root, body=bodies[0], security=securities[0], timestamp_needed=False)
    return verify(claim, certificate, now=datetime.now(UTC))


# --------------------------------------------------------------------------------------------- a confirmation


def _of_message(element: etree._Element | None, *, operation: ContractOperation, request_uuid: str | None) -> Outcome:
    if element is None:
        return Unclear("the answer is no SOAP message")
    if element.tag != operation.answer:
        return Unclear("the answer is another message than the operation's confirmation")
    try:
        validate(element)
    except ContractViolation as error:
        first = error.violations[0].path if error.violations else ""
        return Unclear(printable(f"the answer breaks the contract at {first}") or "")
    except UnknownMessage:
        return Unclear("the answer is a message that the contract does not have")
    confirmation: Any = codec.decode(element)
    referenced = confirmation.basic_message_header.reference_uuid
    if (referenced or "").lower() != (request_uuid or "").lower():
        return Unclear("the answer belongs to another message")
    return _of_confirmation(confirmation, operation.name)


def _of_confirmation(confirmation: Any, operation: str) -> Outcome:
    """A record is always needed; its type only where one is made: an update named the record itself."""
    log: Log = confirmation.log
    result = log.business_document_processing_result_code
    if result is _FAILED:
        return _refusal(log)
    if result not in _DONE:
        return Unclear("the core CRM has received the message and not processed it")
    record_type: RecordTypeCode | None = confirmation.record_type_code
    if not confirmation.record_id or (record_type is None and operation == _CREATES):
        return Unclear("the confirmation names no record")
    return Delivered(
        record_type=record_type.value if record_type is not None else None,
        record_id=confirmation.record_id,
        status_name=printable(confirmation.status_name),
        replayed=confirmation.replayed_indicator,
    )


def _refusal(log: Log) -> Refused:
    item = _reason(log)
    if item is None:
        return Refused("UNSPECIFIED", None, declined=False)
    code = printable(item.type_id) or "UNSPECIFIED"
    declined = code == _DECLINED or code.startswith(f"{_DECLINED}.")
    return Refused(code, printable(item.note), declined=declined)


def _reason(log: Log) -> LogItem | None:
    """The Item that says why: the first error, else the first there is."""
    errors = (item for item in log.item if item.severity_code is LogItemSeverityCode.VALUE_3)
    return next(errors, log.item[0] if log.item else None)


# ---------------------------------------------------------------------------------------------------- a fault


def _of_fault(fault: etree._Element) -> Outcome:
    """The outcome that a fault of either SOAP version stands for.

    The faultTypeID in the detail decides where it is one of the contract's, else the fault's code. Client and
    Sender say that the message is wrong, so that sending it again changes nothing.
    """
    code, text = _code_and_text(fault)
    type_id = _fault_type_id(fault)
    if type_id == FaultTypeId.BUSY.value:
        return Unavailable("Busy")
    if type_id in _ENDPOINT_FAULTS:
        return Misconfigured(_ENDPOINT_FAULTS[type_id])
    if type_id == FaultTypeId.MESSAGE_REPLAYED.value:
        return Unclear("the core CRM has had this very message: something on the way sent it twice")
    if type_id == FaultTypeId.INTERNAL_ERROR.value:
        return Unclear("the core CRM reported a defect of its own")
    if code in _SECURITY_FAULTS:
        return Misconfigured(_SECURITY_FAULTS[code])
    if code in _PROTOCOL_FAULTS:
        return Misconfigured(f"the core CRM does not take our envelope: {code}")
    if code in ("Client", "Sender"):
        return Refused(type_id or code, printable(text), declined=False)
    return Unclear("the core CRM answered with a fault of its own")


def _code_and_text(fault: etree._Element) -> tuple[str, str | None]:
    """The local name of the fault's code, and the text for people. SOAP 1.2 keeps standards' codes in
    Subcode.
    """
    if fault.tag == f"{_SOAP11}Fault":
        code, text = fault.findtext("faultcode"), fault.findtext("faultstring")
        return _local(code), text
    text = fault.findtext(f"{_SOAP12}Reason/{_SOAP12}Text")
    subcode = _local(fault.findtext(f"{_SOAP12}Code/{_SOAP12}Subcode/{_SOAP12}Value"))
    if subcode in _SECURITY_FAULTS:
        return subcode, text
    return _local(fault.findtext(f"{_SOAP12}Code/{_SOAP12}Value")), text


def _local(qname: str | None) -> str:
    """Client of soap:Client, and of soap:Client.Authentication, as older stacks write it."""
    return (qname or "").strip().rpartition(":")[2].partition(".")[0]


def _fault_type_id(fault: etree._Element) -> str | None:
    """The contract's faultTypeID from the detail, or None; it is compared with the list, never copied."""
    known = {one.value for one in FaultTypeId}
    for element in fault.iter("{*}faultTypeID"):
        if element.text in known:
            return element.text
    return None
