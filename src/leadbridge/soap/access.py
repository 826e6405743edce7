"""Who is calling the SOAP door: what a message proves, and the faults for what `authentication` refuses."""

from collections.abc import Sequence

from leadbridge.authentication.access import (
    WRONG_CREDENTIALS,
    Access,
    CallersDiffer,
    NoEvidence,
    NotAdmitted,
    NotGranted,
    Replayed,
    TooManyFailures,
)
from leadbridge.authentication.evidence import CredentialsUnreadable, Evidence, basic_credentials
from leadbridge.caller import Caller
from leadbridge.messages import FaultTypeId
from leadbridge.soap.faults import QName, Refusal
from leadbridge.soap.security.codes import (
    FAILED_AUTHENTICATION,
    INVALID_SECURITY_TOKEN,
    unauthenticated,
)
from leadbridge.soap.security.header import SecurityHeader

_NO_HEADER = SecurityHeader()


async def caller_of(
    access: Access,
    *,
    authorization: bytes | None,
    security_header: SecurityHeader = _NO_HEADER,
    certificates: Sequence[Evidence] = (),
    address: str = "",
) -> Caller:
    """The caller that a request shows; `certificates` are those of mutual TLS, `address` is where it comes from.

    Raises Refusal: Unauthenticated, in the words of WS-Security where its header was used, MessageReplayed, or Busy
    after failed logins.
    """
    basic = from_authorization(authorization)
    tokens = security_header.evidence
    try:
        evidence = [*basic, *tokens, *certificates] if tokens or certificates else basic
        return await access.identify(evidence, once=security_header.once, address=address)
    except NotAdmitted as error:
        raise refusal_of(error, FAILED_AUTHENTICATION if tokens else None) from None


def from_authorization(header: bytes | None) -> Sequence[Evidence]:
    """What HTTP Basic (RFC 7617) shows; nothing without the header. Raises Refusal for another scheme and nonsense."""
    if header is None:
        return ()
    try:
        return (basic_credentials(header),)
    except CredentialsUnreadable:
        raise unauthenticated(WRONG_CREDENTIALS if header[:6].lower() == b"basic " else None) from None


def refusal_of(error: NotAdmitted, code: QName | None = None) -> Refusal:
    """The fault for what was not admitted. `code` is that of WS-Security, where its header said who calls."""
    match error:
        case NoEvidence():
            refusal = unauthenticated()
            refusal.journaled = False
            return refusal
        case TooManyFailures():
            text = "Too many logins failed. Try again after the time in Retry-After."
            return Refusal(FaultTypeId.BUSY, text, headers=[(b"retry-after", b"%d" % error.retry_after_seconds)])
        case CallersDiffer():
            return unauthenticated("The credentials of the message name different callers.", code)
        case Replayed():
            refusal = Refusal(FaultTypeId.MESSAGE_REPLAYED, subcodes=[INVALID_SECURITY_TOKEN])
            refusal.caller = error.caller
            return refusal
        case NotGranted():
            return Refusal(FaultTypeId.UNAUTHORIZED)
        case _:
            return unauthenticated(WRONG_CREDENTIALS, code)
