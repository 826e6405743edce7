"""Who is calling these doors, and may it: what the request proves, and the answers to what `authentication` refuses."""

from fastapi import Request

from leadbridge.authentication.access import (
    WRONG_CREDENTIALS,
    Access,
    NoEvidence,
    NotAdmitted,
    NotGranted,
    TooManyFailures,
    admit,
)
from leadbridge.authentication.evidence import CredentialsUnreadable, Evidence, Token, basic_credentials, bearer_token
from leadbridge.authentication.proxies import address_of, certificates_of
from leadbridge.caller import Caller, OperationGroup, roles_for
from leadbridge.messages import FaultTypeId
from leadbridge.quotas import Quotas
from leadbridge.rest.problems import Problem, too_many, unauthenticated

_WANTED = "Send the credentials of a caller by HTTP Basic, or a Bearer token."


async def caller_of(request: Request, access: Access, quotas: Quotas, group: OperationGroup) -> Caller:
    """The caller, whose roles open this group of operations and whose quota lasts. Raises Problem, OverQuota."""
    evidence = _evidence(request)
    try:
        caller = await access.identify(evidence, address=address_of(request.scope))
        request.state.caller_id = caller.id
        admit(caller, group)
    except NotAdmitted as error:
        raise _problem(error, group, by_token=any(isinstance(one, Token) for one in evidence)) from None
    await quotas.take_call(caller, group)
    return caller


def _evidence(request: Request) -> list[Evidence]:
    shown: list[Evidence] = [*certificates_of(request.scope)]
    headers = request.headers.getlist("authorization")
    if not headers:
        return shown
    header = headers[0].encode("latin-1")
    try:
        if len(headers) > 1:
            raise CredentialsUnreadable("which one counts would be a guess")
        return [bearer_token(header) or basic_credentials(header), *shown]
    except CredentialsUnreadable:
        raise unauthenticated(_WANTED) from None


def _problem(error: NotAdmitted, group: OperationGroup, *, by_token: bool) -> Problem:
    match error:
        case NoEvidence():
            return unauthenticated(_WANTED, journaled=False)
        case TooManyFailures():
            return too_many("Too many logins failed.", error.retry_after_seconds)
        case NotGranted():
            *others, last = roles_for(group)
            text = f"This caller may not do this: it takes the role {', '.join(others)} or {last}."
            return Problem(403, FaultTypeId.UNAUTHORIZED, text)
        case _:
            return unauthenticated(WRONG_CREDENTIALS, invalid_token=by_token)
