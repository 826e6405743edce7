"""Who is calling the SOAP door: what a message proves, and the faults for what `authentication` refuses."""

from collections.abc import Sequence

from lxml import etree

from leadbridge.authentication.access import Access, CallersDiffer, NoEvidence, NotAdmitted, NotGranted
from leadbridge.authentication.evidence import Evidence
from leadbridge.caller import Caller
from leadbridge.messages import FaultTypeId
from leadbridge.soap import security
from leadbridge.soap.faults import QName, Refusal


async def caller_of(
    access: Access, *, authorization: bytes | None, security_header: etree._Element | None = None
) -> Caller:
    """The caller that a request shows. Raises Refusal: Unauthenticated, in the words of WS-Security where its header
    was used.
    """
    basic = security.from_authorization(authorization)
    tokens: Sequence[Evidence] = security.from_security_header(security_header)
    try:
        return await access.identify([*basic, *tokens] if tokens else basic)
    except NotAdmitted as error:
        raise refusal_of(error, security.FAILED_AUTHENTICATION if tokens else None) from None


def refusal_of(error: NotAdmitted, code: QName | None = None) -> Refusal:
    """The fault for what was not admitted. `code` is that of WS-Security, where its header said who calls."""
    match error:
        case NoEvidence():
            return security.unauthenticated()
        case CallersDiffer():
            return security.unauthenticated("HTTP Basic and the Security header name different callers.", code)
        case NotGranted():
            return Refusal(FaultTypeId.UNAUTHORIZED)
        case _:
            return security.unauthenticated(security.WRONG_CREDENTIALS, code)
