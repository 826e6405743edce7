"""Errors as BIAN's documents have them: `HTTPError` {status_code, status, message}, and no other status than theirs."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from fastapi.responses import JSONResponse

from leadbridge.rest.problemdetails import FieldError

# What the official documents know is 400, 401, 403, 404, 429 and 500; 405 is HTTP's own.
_STATUSES = {408: 400, 409: 400, 413: 400, 415: 400, 422: 400, 503: 429}


def http_error(
    status: int, code: str, text: str, errors: Sequence[FieldError], headers: Mapping[str, str]
) -> JSONResponse:
    """The answer to an error. The message begins with its code, and names every field that is meant."""
    said = [f"{one.parameter or (one.pointer or '#').removeprefix('#/') or '#'}: {one.detail}" for one in errors]
    status = _STATUSES.get(status, status)
    body = {
        "status_code": str(status),
        "status": HTTPStatus(status).phrase,
        "message": f"{code}: {' '.join(said) or text}",
    }
    return JSONResponse(body, status, headers)
