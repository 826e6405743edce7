"""Who is calling these doors, and may it: what the request proves, and the answers to what `authentication` refuses."""

from fastapi import Request

from leadbridge.authentication.access import Access, NoEvidence, NotAdmitted, NotGranted, admit
from leadbridge.authentication.evidence import CredentialsUnreadable, Evidence, basic_credentials
from leadbridge.caller import Caller, OperationGroup
from leadbridge.messages import FaultTypeId
from leadbridge.rest.problems import Problem, unauthenticated


async def caller_of(request: Request, access: Access, group: OperationGroup) -> Caller:
    """The caller, whose roles open this group of operations. Raises Problem."""
    try:
        caller = await access.identify(_evidence(request))
        admit(caller, group)
    except NotAdmitted as error:
        raise _problem(error) from None
    return caller


def _evidence(request: Request) -> list[Evidence]:
    header = request.headers.get("authorization")
    if header is None:
        return []
    try:
        return [basic_credentials(header.encode("latin-1"))]
    except CredentialsUnreadable:
        raise unauthenticated("Send the credentials of a caller by HTTP Basic.") from None


def _problem(error: NotAdmitted) -> Problem:
    match error:
        case NoEvidence():
            return unauthenticated("Send the credentials of a caller by HTTP Basic.")
        case NotGranted():
            return Problem(403, FaultTypeId.UNAUTHORIZED, "This caller may not do this.")
        case _:
            return unauthenticated("These are not the credentials of a caller.")
