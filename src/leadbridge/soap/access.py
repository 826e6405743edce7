"""Who is calling the SOAP door: what a message proves, and the faults for what `authentication` refuses."""

from collections.abc import Sequence

from lxml import etree

from leadbridge.authentication.access import (
    Access,
    CallersDiffer,
    NoEvidence,
    NotAdmitted,
    NotGranted,
    TooManyFailures,
)
from leadbridge.authentication.evidence import Evidence
from leadbridge.caller import Caller
from leadbridge.messages import FaultTypeId
from leadbridge.soap import security
from leadbridge.soap.faults import QName, Refusal


async def caller_of(
    access: Access,
    *,
    authorization: bytes | None,
    security_header: etree._Element | None = None,
    certificates: Sequence[Evidence] = (),
    address: str = "",
) -> Caller:
    """The caller that a request shows; `certificates` are those of mutual TLS, `address` is where it comes from.

    Raises Refusal: Unauthenticated, in the words of WS-Security where its header was used; Busy after failed logins.
    """
    basic = security.from_authorization(authorization)
    tokens: Sequence[Evidence] = security.from_security_header(security_header)
    try:
        return await access.identify([*basic, *tokens, *certificates], address=address)
    except NotAdmitted as error:
        raise refusal_of(error, security.FAILED_AUTHENTICATION if tokens else None) from None


def refusal_of(error: NotAdmitted, code: QName | None = None) -> Refusal:
    """The fault for what was not admitted. `code` is that of WS-Security, where its header said who calls."""
    match error:
        case NoEvidence():
            refusal = security.unauthenticated()
            refusal.journaled = False
            return refusal
        case TooManyFailures():
            text = "Too many logins failed. Try again after the time in Retry-After."
            return Refusal(FaultTypeId.BUSY, text, headers=[(b"retry-after", b"%d" % error.retry_after_seconds)])
        case CallersDiffer():
            return security.unauthenticated("HTTP Basic and the Security header name different callers.", code)
        case NotGranted():
            return Refusal(FaultTypeId.UNAUTHORIZED)
        case _:
            return security.unauthenticated(security.WRONG_CREDENTIALS, code)
