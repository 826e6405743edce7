"""A JSON body: read within a limit and a deadline, parsed strictly, checked against a model with every violation named.

Strict means RFC 8259 and I-JSON (RFC 7493): UTF-8, no name twice, no NaN, and nesting that is counted before it is
parsed, so that no parser runs out of stack.
"""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError
from starlette.requests import ClientDisconnect

from leadbridge.authentication.proxies import address_of
from leadbridge.messages import FaultTypeId
from leadbridge.rest.headers import json_length
from leadbridge.rest.problemdetails import BodyError, FieldError, pointer_to
from leadbridge.rest.problems import HANG_UP, Problem
from leadbridge.room import Room, Share

Model = TypeVar("Model", bound=BaseModel)

DEEPEST = 32  # as at the gate
MOST_ERRORS = 100  # as many as a fault lists
# A string without an end goes on to that of the body, so that the text is looked at once, whatever it is.
_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[\[{]|[\]}]', re.DOTALL)
_BOM = "\ufeff"


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyLimits:
    """Limits on one body; each is the last value that passes. Built from the settings' table `json_body`."""

    largest_bytes: int = 65_536
    deadline_seconds: float = 30


def check_length(request: Request, limits: BodyLimits) -> None:
    """Refuse what is said not to be JSON, or to be too large, before anything of it is read. Raises Problem."""
    declared = json_length(request)
    if declared is not None and declared > limits.largest_bytes:
        raise _too_large(limits)


async def read_body(request: Request, limits: BodyLimits, room: Room) -> bytes:
    """The body, which takes room while it arrives. Raises Problem, Busy."""
    share, gathered = Share(room, address_of(request.scope)), bytearray()
    try:
        async with asyncio.timeout(limits.deadline_seconds):
            async for piece in request.stream():
                if len(gathered) + len(piece) > limits.largest_bytes:
                    raise _too_large(limits)
                share.grow(len(piece))
                gathered += piece
    except TimeoutError:
        text = f"The body did not arrive within {limits.deadline_seconds:g} seconds."
        raise Problem(408, FaultTypeId.MALFORMED_MESSAGE, text, HANG_UP) from None
    except ClientDisconnect:
        raise Problem(400, FaultTypeId.MALFORMED_MESSAGE, "The connection broke.") from None  # nobody will read it
    finally:
        share.end()
    return bytes(gathered)


def _too_large(limits: BodyLimits) -> Problem:
    text = f"The body may have {limits.largest_bytes:,} bytes at most."
    return Problem(413, FaultTypeId.MESSAGE_TOO_LARGE, text, HANG_UP)


def parse_body(data: bytes, model: type[Model]) -> Model:
    """The body as this model says it is. Raises Problem with every violation."""
    try:
        return model.model_validate(parsed(data), strict=True)
    except ValidationError as error:
        raise refusal(422, _field_errors(error, model)) from None


def parse_query(request: Request, model: type[Model]) -> Model:
    """The parameters of the address as this model says they are. Raises Problem with every violation."""
    pairs = request.query_params.multi_items()
    twice = [name for name, times in Counter(name for name, _ in pairs).items() if times > 1]
    if twice:
        text = "Name each parameter once: which one counts would be a guess."
        raise refusal(400, [_of_parameter(_twice(name, text)) for name in twice[:MOST_ERRORS]])
    try:
        return model.model_validate(dict(pairs), strict=True)
    except ValidationError as error:
        raise refusal(422, [_of_parameter(one) for one in _field_errors(error, model, "parameter")]) from None


def unlike(expected: str) -> PydanticCustomError:
    """What a model of ours raises for a text of another form than this one."""
    return PydanticCustomError(BodyError.WRONG_FORMAT.value, "Expected {expected}.", {"expected": expected})


def _of_parameter(error: FieldError) -> FieldError:
    name = (error.pointer or "").removeprefix("#").removeprefix("/")
    return FieldError(code=error.code, parameter=name or None, detail=error.detail)


def _field_errors(error: ValidationError, model: type[BaseModel], what: str = "field") -> list[FieldError]:
    """What is wrong, in our words; `what` says what the model's fields are to who sends them."""
    details = error.errors(include_url=False, include_input=False)[:MOST_ERRORS]
    known = {"what": what, "names": ", ".join(one.alias or name for name, one in model.model_fields.items())}
    return [_field_error(one, known) for one in details]


def refusal(status: int, errors: list[FieldError]) -> Problem:
    """The problem that is about the first of these errors and lists all of them."""
    return Problem(status, errors[0].code, errors[0].detail, errors=errors)


def parsed(data: bytes) -> object:
    """The JSON of a body, all of whose numbers are nought: no field is one. Raises Problem."""
    try:
        text = data.decode().removeprefix(_BOM)
    except UnicodeDecodeError:
        raise Problem(400, BodyError.NOT_UTF8, "Send the body in UTF-8 (RFC 8259, section 8.1).") from None
    _check_depth(text)
    try:
        return json.loads(
            text,
            object_pairs_hook=_object,
            # No field is a number, and one of ten thousand digits would be refused by Python in words of its own.
            parse_int=lambda _: 0,
            parse_float=lambda _: 0.0,
            parse_constant=_no_constant,
        )
    except json.JSONDecodeError as error:
        raise _not_json(f"Line {error.lineno}, column {error.colno}: this is not JSON.") from None


def _check_depth(text: str) -> None:
    depth = 0
    for found in _BRACKETS.finditer(text):
        if found[0] in "[{":
            depth += 1
            if depth > DEEPEST:
                raise Problem(400, BodyError.TOO_DEEP, f"The body may nest {DEEPEST} deep at most.")
        elif found[0] in "]}":
            depth -= 1


def _object(pairs: list[tuple[str, Any]]) -> Mapping[str, Any]:
    made: dict[str, Any] = {}
    twice: list[str] = []
    for name, value in pairs:
        if name in made and name not in twice:
            twice.append(name)
        made[name] = value
    if twice:
        text = "Name each field once: which one counts would be a guess."
        raise refusal(400, [_twice(name, text) for name in twice[:MOST_ERRORS]])
    return made


def _twice(name: str, text: str) -> FieldError:
    return FieldError(code=BodyError.DUPLICATE_FIELD, pointer=pointer_to(name), detail=text)


def _no_constant(_name: str) -> object:
    raise _not_json("NaN and Infinity are not JSON.")


def _not_json(text: str) -> Problem:
    return Problem(400, BodyError.NOT_JSON, text)


def _field_error(error: ErrorDetails, known: Mapping[str, str]) -> FieldError:
    """What pydantic found, in our words. What a model of ours found may name its field itself."""
    context = error.get("ctx", {})
    code, text = _WORDS.get(error["type"], (BodyError.WRONG_TYPE, "Expected another type."))
    if error["type"] in _OURS:
        text = error["msg"]
    place = error["loc"][0] if error["loc"] else context.get("field", "")
    text = text.format(**known, **context, **_plural(context))
    return FieldError(code=code, pointer=pointer_to(str(place)), detail=text)


def _plural(context: Mapping[str, Any]) -> dict[str, str]:
    length = context.get("max_length", context.get("min_length"))
    return {"characters": "character" if length == 1 else "characters"}


# Raised by models of ours, in their words.
_OURS = (BodyError.WRONG_FORMAT, BodyError.MISSING_FIELD, BodyError.EXCESS_FIELD)
_WORDS: Mapping[str, tuple[BodyError, str]] = {
    "missing": (BodyError.MISSING_FIELD, "This {what} is needed."),
    "extra_forbidden": (BodyError.UNKNOWN_FIELD, "The request has no such {what}; it has {names}."),
    "string_type": (BodyError.WRONG_TYPE, "Expected a string."),
    "model_type": (BodyError.WRONG_TYPE, "Expected an object."),
    "string_too_short": (BodyError.TOO_SHORT, "Expected at least {min_length} {characters}."),
    "string_too_long": (BodyError.TOO_LONG, "Expected at most {max_length} {characters}."),
    "string_unicode": (BodyError.WRONG_CHARACTER, "Expected text without control characters."),
    "literal_error": (BodyError.NOT_IN_LIST, "Expected {expected}."),
    BodyError.WRONG_CHARACTER: (BodyError.WRONG_CHARACTER, "Expected text without control characters."),
    **{code: (code, "") for code in _OURS},
    BodyError.UNKNOWN_STATUS_NAME: (
        BodyError.UNKNOWN_STATUS_NAME,
        "Expected New Lead, New Opportunity, Close Won or Close Lost, in any case.",
    ),
}
