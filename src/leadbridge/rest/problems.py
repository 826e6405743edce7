"""Every error these doors answer with: one way from an exception to what is said, and three documents that say it.

Files of leads get the ErrorDocument that they have always had, BIAN's service domains HTTPError, everything else
problem details.

`code` is a word of the contract: a faultTypeID, or the TypeID of a Log item where a business rule refuses. Texts are
ours; nothing of what was sent is repeated, but for names of columns, which are the sender's own to mend.
"""

from collections.abc import Iterable, Mapping, Sequence

from fastapi import Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.routing import Match, Route

from leadbridge.auditjournal import AuditEntry, AuditJournal
from leadbridge.authentication.proxies import address_of
from leadbridge.bulk.heading import Unusable
from leadbridge.bulk.running import Lost
from leadbridge.bulk.sources import TooMuch
from leadbridge.log import get_logger
from leadbridge.messages import FaultTypeId
from leadbridge.operations.call import IdempotencyConflict
from leadbridge.operations.dispatcher import Busy
from leadbridge.operations.logitems import LogItemType
from leadbridge.quotas import OverQuota
from leadbridge.rest.httperror import http_error
from leadbridge.rest.problemdetails import KINDS, MEDIA_TYPE, FieldError, as_json, problem_details
from leadbridge.store.errors import CommitUnknown, DatabaseUnreachable, LaneFull, LaneStopped

log = get_logger(__name__)

# RFC 7617 and RFC 6750 section 3.
_CHALLENGE = 'Basic realm="leadbridge", charset="UTF-8", Bearer realm="leadbridge"'
_RETRY_SECONDS = 5
HANG_UP = {"Connection": "close"}  # for a body that was not read to its end

# Which door an address belongs to, as the audit journal names it.
DOORS = {
    "/bulk": "bulk",
    "/integration-service": "bank",
    "/crm": "crm",
    "/bian": "bian",
    "/openapi.json": "docs",
    "/docs": "docs",
}
_BELOW = tuple(f"{prefix}/" for prefix in DOORS)


class ErrorDocument(BaseModel):
    """What is answered in place of a result, to senders of files."""

    status: int
    code: str
    text: str
    correlationId: str  # noqa: N815  # the name in JSON


class Problem(Exception):
    """A request that is not done. `code`, `text` and `errors` are those of the document, whose text goes on with
    `more`, which may differ from one request to the next; `journaled` says whether it goes into the audit journal.
    """

    def __init__(
        self,
        status: int,
        code: FaultTypeId | str,
        text: str,
        headers: Mapping[str, str] | None = None,
        *,
        more: str = "",
        journaled: bool = True,
        errors: Sequence[FieldError] = (),
    ) -> None:
        super().__init__(text)
        self.status = status
        self.code = code.value if isinstance(code, FaultTypeId) else str(code)
        self.text = text
        self.more = more
        self.headers = dict(headers or {})
        self.journaled = journaled
        self.errors = errors


FORESEEN: tuple[type[Exception], ...] = (
    Problem,
    OverQuota,
    IdempotencyConflict,
    Busy,
    LaneFull,
    LaneStopped,
    CommitUnknown,
    Unusable,
    TooMuch,
    Lost,
    DatabaseUnreachable,
    HTTPException,
)
"""What has a row of its own below; anything else is a defect."""


def unauthenticated(text: str, *, invalid_token: bool = False, journaled: bool = True) -> Problem:
    """No credentials, or wrong ones: one text for an unknown caller and a wrong password."""
    challenge = _CHALLENGE + (', error="invalid_token"' if invalid_token else "")
    headers = {"WWW-Authenticate": challenge}
    return Problem(401, FaultTypeId.UNAUTHENTICATED, text, headers, journaled=journaled)


def too_many(text: str, retry_after_seconds: int) -> Problem:
    """The caller asks more often than it may (RFC 6585 section 4)."""
    text = f"{text} Try again after the time in Retry-After."
    return Problem(429, FaultTypeId.BUSY, text, {"Retry-After": str(retry_after_seconds)})


def busy(text: str) -> Problem:
    """Not now; the same request may succeed later."""
    return Problem(503, FaultTypeId.BUSY, text, {"Retry-After": str(_RETRY_SECONDS)})


def answer(request: Request, error: Exception, *, journal: AuditJournal) -> JSONResponse:
    """The document that answers `error`, which is noted. One that nobody foresaw is logged, with its traceback."""
    reference: str = request.state.correlation_id
    problem = _problem_of(error, reference, request)
    journal.note(_entry(request, problem, reference), status=problem.status, journaled=problem.journaled)
    text = problem.text + problem.more
    if _door(request) == "bulk":
        document = ErrorDocument(status=problem.status, code=problem.code, text=text, correlationId=reference)
        return JSONResponse(document.model_dump(), problem.status, problem.headers)
    if _door(request) == "bian":
        return http_error(problem.status, problem.code, text, problem.errors, problem.headers)
    details = problem_details(
        problem.code,
        status=problem.status,
        detail=text,
        correlation_id=reference,
        errors=problem.errors,
    )
    return JSONResponse(as_json(details), problem.status, problem.headers, media_type=MEDIA_TYPE)


def is_here(path: str) -> bool:
    """Whether an address belongs to one of these doors."""
    return path.startswith(_BELOW) or path in DOORS


def _door(request: Request) -> str:
    path = request.url.path
    return next((door for prefix, door in DOORS.items() if path == prefix or path.startswith(f"{prefix}/")), "docs")


def _entry(request: Request, problem: Problem, reference: str) -> AuditEntry:
    route = request.scope.get("route")
    operation = None
    if route is not None:  # the template and a method of ours: what was sent in their place is not kept
        operation = f"{request.method} {route.path}" if request.method in route.methods else route.path
    return AuditEntry(
        door=_door(request),
        reason_code=problem.code,
        text=problem.text,
        correlation_id=reference,
        caller_id=getattr(request.state, "caller_id", None),
        operation=operation,
        address=address_of(request.scope) or None,
    )


def _of_http(error: HTTPException, request: Request) -> Problem:
    """What HTTP itself knows of: an address or a method that there is not."""
    if error.status_code == 404:
        return Problem(404, FaultTypeId.UNKNOWN_OPERATION, KINDS[FaultTypeId.UNKNOWN_OPERATION.value].detail)
    if error.status_code == 405:
        methods = ", ".join(_methods(request))
        text = f"This address takes {methods}; /docs says what for."
        return Problem(405, FaultTypeId.MALFORMED_MESSAGE, text, {"Allow": methods})
    return Problem(error.status_code, FaultTypeId.MALFORMED_MESSAGE, f"{error.detail}.", error.headers)


def _methods(request: Request) -> list[str]:
    """What is allowed at the address of a request: a route has one method, an address may have several."""
    routes: Iterable[Route] = request.app.state.routes
    matching = (one for one in routes if one.matches(request.scope)[0] is not Match.NONE)
    return sorted({method for one in matching for method in one.methods or ()})


def _problem_of(error: Exception, reference: str, request: Request) -> Problem:
    match error:
        case Problem():
            return error
        case OverQuota():
            return too_many("The quota of this caller is used up.", error.retry_after_seconds)
        case Unusable():
            return Problem(400, FaultTypeId.MALFORMED_MESSAGE, "The file cannot be used", more=f": {error}.")
        case TooMuch():
            return Problem(413, FaultTypeId.MESSAGE_TOO_LARGE, f"The file is refused: {error}.", HANG_UP)
        case Lost():
            return Problem(409, LogItemType.BULK_ENDED, "The job was cancelled while its file arrived.")
        case IdempotencyConflict():
            return Problem(409, FaultTypeId.IDEMPOTENCY_CONFLICT, KINDS[FaultTypeId.IDEMPOTENCY_CONFLICT.value].detail)
        case Busy() | LaneFull() | LaneStopped():
            return busy(KINDS[FaultTypeId.BUSY.value].detail)
        case CommitUnknown():
            log.error("commit unknown", correlation_id=reference)
            return busy(
                "The store went away; whether the request was done is not known. Send it again after the time in "
                "Retry-After: with the same Idempotency-Key it is done once."
            )
        case DatabaseUnreachable():
            log.warning("request turned away", correlation_id=reference)
            return busy("The store does not answer. Send the same again after the time in Retry-After.")
        case HTTPException():
            return _of_http(error, request)
    log.error("request failed unforeseen", correlation_id=reference, exc_info=error)
    return Problem(500, FaultTypeId.INTERNAL_ERROR, "An unforeseen error.", more=f" It is logged as {reference}.")
