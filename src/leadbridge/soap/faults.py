"""Every fault this door answers with: one table, one way from an exception to a row of it, one writer.

The table says, for each `faultTypeID` of the contract, its SOAP code, its HTTP status and its constant
text. A refusal may carry another code where a standard names one (VersionMismatch, MustUnderstand, the
codes of WS-Security and WS-Addressing), but it always has a row. Texts are ours and constant: nothing of a
refused message is repeated in them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple
from xml.sax.saxutils import escape

from leadbridge.caller import Caller
from leadbridge.contract import codec
from leadbridge.contract.hashing import RelativeNamespace
from leadbridge.contract.schema import ContractViolation
from leadbridge.log import get_logger
from leadbridge.messages import (
    ExchangeFaultData,
    ExchangeLogData,
    FaultTypeId,
    LogItemSeverityCode,
    StandardMessageFault,
)
from leadbridge.operations.call import IdempotencyConflict
from leadbridge.operations.dispatcher import Busy
from leadbridge.quotas import OverQuota
from leadbridge.soap.addressing import ADDRESSING_FAULT, SOAP_FAULT, WSA, Addressing
from leadbridge.soap.versions import SOAP_11, SoapVersion
from leadbridge.store.errors import CommitUnknown, DatabaseUnreachable, LaneFull, LaneStopped

log = get_logger(__name__)

COMMON = "urn:leadbridge:common:1"
UNAVAILABLE_SECONDS = 5  # when to come back while the store is away: a restart takes a few seconds
MOST_DETAILS = 100  # the contract's maximum of faultDetail
LONGEST_TEXT = 1000  # the contract's maximum of a fault's texts


class FaultCode(Enum):
    """The standards' own codes, as (SOAP 1.1, SOAP 1.2)."""

    CLIENT = ("Client", "Sender")
    SERVER = ("Server", "Receiver")
    VERSION_MISMATCH = ("VersionMismatch", "VersionMismatch")
    MUST_UNDERSTAND = ("MustUnderstand", "MustUnderstand")
    DATA_ENCODING_UNKNOWN = ("Client", "DataEncodingUnknown")


class QName(NamedTuple):
    """A code of another standard, or one of ours, as a qualified name with the prefix it is written with."""

    prefix: str
    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Kind:
    """A row of the table. `status_11` and `status_12` are the HTTP status under SOAP 1.1 and SOAP 1.2."""

    code: FaultCode
    status_11: int
    status_12: int
    text: str


def _sender(text: str, status: int | None = None) -> Kind:
    return Kind(FaultCode.CLIENT, status or 500, status or 400, text)


# SOAP 1.1 faults stay at 500 even where the sender is to blame: at 400 JAX-WS and suds lose the fault.
KINDS: dict[FaultTypeId, Kind] = {
    FaultTypeId.CONTRACT_VIOLATION: _sender("The message violates the contract."),
    FaultTypeId.MALFORMED_MESSAGE: _sender("The message is not a SOAP message as this service accepts it."),
    FaultTypeId.MESSAGE_TOO_LARGE: _sender("The message exceeds a limit.", 413),
    FaultTypeId.UNSUPPORTED_MEDIA_TYPE: _sender(
        "Send text/xml (SOAP 1.1) or application/soap+xml (SOAP 1.2) in UTF-8, or in UTF-16 with its mark.",
        415,
    ),
    FaultTypeId.UNKNOWN_OPERATION: _sender("The Body names no operation of this service."),
    FaultTypeId.ACTION_MISMATCH: _sender("SOAPAction, action or wsa:Action name another operation than the Body."),
    FaultTypeId.UNAUTHENTICATED: _sender(
        "Send the credentials of a caller: HTTP Basic, a UsernameToken or an X.509 signature; bearer tokens are for "
        "/bulk/leads.",
        401,
    ),
    FaultTypeId.UNAUTHORIZED: _sender("This caller may not call this operation."),
    FaultTypeId.MESSAGE_EXPIRED: _sender(
        "The Security header has run out: its Created is too old, or its Expires is over."
    ),
    FaultTypeId.MESSAGE_REPLAYED: _sender(
        "The Nonce or signature was used before: send the message again with a new one."
    ),
    FaultTypeId.IDEMPOTENCY_CONFLICT: _sender("The header UUID was used before with other content."),
    FaultTypeId.BUSY: Kind(FaultCode.SERVER, 503, 503, "Too many calls wait. Try again after the time in Retry-After."),
    FaultTypeId.INTERNAL_ERROR: Kind(
        FaultCode.SERVER, 500, 500, "An unforeseen error. It is logged with an identifier."
    ),
}

# SOAP 1.2 Part 2, table 20: every code but Sender goes out as 500. SOAP 1.1 knows no other status.
_STANDARD_CODES = (FaultCode.VERSION_MISMATCH, FaultCode.MUST_UNDERSTAND, FaultCode.DATA_ENCODING_UNKNOWN)

_CHALLENGE = (b"www-authenticate", b'Basic realm="leadbridge", charset="UTF-8"')


class Refusal(Exception):
    """A call that gets a fault. What is not given comes from the row of `fault_type`.

    `subcodes` are codes of another standard, general before special. `status` is the HTTP status in both
    versions. `header` is the content of a SOAP 1.2 Header that the standard wants beside the fault, as XML.
    `hang_up` closes the connection after the fault, for a message that was not read to its end. `journaled` says
    whether it goes into the audit journal: all do but the challenge of a call that came without credentials.
    """

    def __init__(
        self,
        fault_type: FaultTypeId,
        text: str | None = None,
        *,
        details: Sequence[ExchangeLogData] = (),
        code: FaultCode | None = None,
        subcodes: Sequence[QName] = (),
        status: int | None = None,
        headers: Sequence[tuple[bytes, bytes]] = (),
        header: bytes = b"",
        hang_up: bool = False,
    ) -> None:
        kind = KINDS[fault_type]
        self.fault_type = fault_type
        self.text = text or kind.text
        super().__init__(fault_type.value, self.text)
        self.details = tuple(details)
        self.code = code or kind.code
        self.subcodes = tuple(subcodes)
        self.status = status
        self.headers = tuple(headers)
        self.header = header
        self.hang_up = hang_up
        self.journaled = True
        self.caller: Caller | None = None  # where one was proved nevertheless
        self.addressing: Addressing | None = None  # of the message that is refused, where it was read so far


def malformed(text: str, *, line: int | None = None, code: FaultCode | None = None, header: bytes = b"") -> Refusal:
    """A MalformedMessage; `line` is where in the message, counted from 1."""
    details = [_detail(text=text, line=line)] if line else []
    return Refusal(FaultTypeId.MALFORMED_MESSAGE, text, details=details, code=code, header=header)


def refusal_of(error: Exception, *, correlation_id: str) -> Refusal:
    """The refusal that answers `error`. One that nobody foresaw is logged, with its traceback, and answered
    blandly.
    """
    if isinstance(error, Refusal):
        return error
    if isinstance(error, ContractViolation):
        return _contract_violation(error)
    if isinstance(error, RelativeNamespace):
        return malformed("A namespace in the message is a relative address. Use an absolute one, such as urn:name.")
    if isinstance(error, IdempotencyConflict):
        return Refusal(FaultTypeId.IDEMPOTENCY_CONFLICT)
    if isinstance(error, Busy):
        return _come_back(error.retry_after_seconds)
    if isinstance(error, OverQuota):
        text = "The quota of this caller is used up. Try again after the time in Retry-After."
        return Refusal(FaultTypeId.BUSY, text, headers=[(b"retry-after", b"%d" % error.retry_after_seconds)])
    if isinstance(error, CommitUnknown):
        log.error("commit unknown", correlation_id=correlation_id)
        text = (
            "The store went away; whether the message was taken is not known. Send it again after the time in "
            "Retry-After: with the same UUID it is taken once. Without a UUID look whether it is there."
        )
        return Refusal(FaultTypeId.BUSY, text, headers=[(b"retry-after", b"%d" % UNAVAILABLE_SECONDS)])
    if isinstance(error, (DatabaseUnreachable, LaneFull, LaneStopped)):
        log.warning("call turned away", correlation_id=correlation_id, reason=type(error).__name__)
        return _come_back(UNAVAILABLE_SECONDS)
    log.error("call failed unforeseen", correlation_id=correlation_id, exc_info=error)
    text = f"An unforeseen error. It is logged as {correlation_id}."
    return Refusal(FaultTypeId.INTERNAL_ERROR, text, details=[_detail(text=text, identifier=correlation_id)])


def _come_back(seconds: int) -> Refusal:
    return Refusal(FaultTypeId.BUSY, headers=[(b"retry-after", b"%d" % max(1, seconds))])


def _contract_violation(error: ContractViolation) -> Refusal:
    details = [
        _detail(
            text=f"{violation.rule}: expected {violation.expected}",
            identifier=violation.rule,
            path=violation.path,
            line=violation.line,
        )
        for violation in error.violations[:MOST_DETAILS]
    ]
    return Refusal(FaultTypeId.CONTRACT_VIOLATION, details=details)


def _detail(
    *, text: str, identifier: str | None = None, path: str | None = None, line: int | None = None
) -> ExchangeLogData:
    return ExchangeLogData(
        severity=LogItemSeverityCode.VALUE_3,
        text=text[:LONGEST_TEXT],
        id=identifier[:40] if identifier else None,
        path=path[:LONGEST_TEXT] if path else None,
        line=line,
    )


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault ready for the wire. `text` is the one that all faults for the same reason have."""

    fault_type: FaultTypeId
    text: str
    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


def write(refusal: Refusal, version: SoapVersion) -> Fault:
    """The envelope, the HTTP status and the HTTP headers (beside the content's own) that answer with
    `refusal`.
    """
    headers = refusal.headers
    if refusal.fault_type is FaultTypeId.UNAUTHENTICATED:
        headers = (*headers, _CHALLENGE)
    if refusal.hang_up:
        headers = (*headers, (b"connection", b"close"))
    header = refusal.addressing.answer(_action(refusal)) if refusal.addressing is not None else b""
    if version is SOAP_11:
        body = version.opening(header=header) + _fault_11(refusal) + version.tail
    else:
        body = version.opening(header=header + refusal.header) + _fault_12(refusal) + version.tail
    # That of an unforeseen error names its place in the log.
    text = KINDS[refusal.fault_type].text if refusal.fault_type is FaultTypeId.INTERNAL_ERROR else refusal.text
    return Fault(refusal.fault_type, text, _status(refusal, version), headers, body)


def _action(refusal: Refusal) -> str:
    """WS-Addressing 1.0 SOAP Binding section 6: its own faults have one action, all others another."""
    return ADDRESSING_FAULT if any(code.namespace == WSA for code in refusal.subcodes) else SOAP_FAULT


def _status(refusal: Refusal, version: SoapVersion) -> int:
    if refusal.status is not None:
        return refusal.status
    if refusal.code in _STANDARD_CODES:
        return 500
    kind = KINDS[refusal.fault_type]
    return kind.status_11 if version is SOAP_11 else kind.status_12


def _fault_11(refusal: Refusal) -> bytes:
    """SOAP 1.1 section 4.4. The code is one name: the most special one of another standard, else the
    standard's own.
    """
    declaration, code = "", f"{SOAP_11.prefix}:{refusal.code.value[0]}"
    if refusal.subcodes:
        special = refusal.subcodes[-1]
        declaration, code = (
            f' xmlns:{special.prefix}="{special.namespace}"',
            f"{special.prefix}:{special.name}",
        )
    return (
        f"<soap:Fault{declaration}><faultcode>{code}</faultcode><faultstring>{escape(refusal.text)}</faultstring>"
        f"<detail>{_standard(refusal)}</detail></soap:Fault>"
    ).encode()


def _fault_12(refusal: Refusal) -> bytes:
    """SOAP 1.2 Part 1 section 5.4. Our faultTypeID is the subcode, unless another standard says which."""
    subcodes = refusal.subcodes or (QName("lbc", COMMON, refusal.fault_type.value),)
    declarations = "".join(
        f' xmlns:{prefix}="{namespace}"'
        for prefix, namespace in {name.prefix: name.namespace for name in subcodes}.items()
    )
    nested = ""
    for subcode in reversed(subcodes):
        nested = f"<env:Subcode><env:Value>{subcode.prefix}:{subcode.name}</env:Value>{nested}</env:Subcode>"
    return (
        f"<env:Fault{declarations}><env:Code><env:Value>env:{refusal.code.value[1]}</env:Value>{nested}</env:Code>"
        f'<env:Reason><env:Text xml:lang="en">{escape(refusal.text)}</env:Text></env:Reason>'
        f"<env:Detail>{_standard(refusal)}</env:Detail></env:Fault>"
    ).encode()


def _standard(refusal: Refusal) -> str:
    """The detail that every fault has, in both versions, as XML."""
    data = ExchangeFaultData(
        fault_type_id=refusal.fault_type,
        fault_text=refusal.text[:LONGEST_TEXT],
        fault_detail=list(refusal.details[:MOST_DETAILS]),
    )
    return codec.encode_bytes(StandardMessageFault(standard=data)).decode()
