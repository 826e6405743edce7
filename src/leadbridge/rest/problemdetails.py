"""Problem details (RFC 9457) of the doors for JSON: every kind of error with its code, status and title, in one table.

`type` is a URN made of the code, stable like it; nothing is to be fetched there. A document is about its first error
and lists all of them, each with a JSON pointer to the field meant (RFC 6901, as a fragment). Texts are ours: no value
that was sent is repeated, and of names of fields only those that are words.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pydantic import BaseModel, Field

from leadbridge.messages import FaultTypeId
from leadbridge.operations.logitems import LogItemType

MEDIA_TYPE = "application/problem+json"

_SAYABLE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,39}")


class BodyError(StrEnum):
    """What may be wrong with a JSON body. Stable: a code may be added, none changes its meaning."""

    NOT_UTF8 = "NotUtf8"
    NOT_JSON = "NotJson"
    TOO_DEEP = "TooDeep"
    DUPLICATE_FIELD = "DuplicateField"
    MISSING_FIELD = "MissingField"
    UNKNOWN_FIELD = "UnknownField"
    EXCESS_FIELD = "ExcessField"
    WRONG_TYPE = "WrongType"
    TOO_SHORT = "TooShort"
    TOO_LONG = "TooLong"
    WRONG_FORMAT = "WrongFormat"
    WRONG_CHARACTER = "WrongCharacter"
    NOT_IN_LIST = "NotInList"
    UNKNOWN_STATUS_NAME = "UnknownStatusName"
    WRONG_IDEMPOTENCY_KEY = "WrongIdempotencyKey"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of error. `detail` is what the document says of one where nothing better is known, and the example."""

    status: int
    title: str
    detail: str
    pointer: str | None = None


KINDS: Mapping[str, Kind] = {
    BodyError.NOT_UTF8: Kind(400, "The body is not UTF-8.", "Send the body in UTF-8 (RFC 8259, section 8.1)."),
    BodyError.NOT_JSON: Kind(400, "The body is not JSON.", "Line 1, column 2: this is not JSON."),
    BodyError.TOO_DEEP: Kind(400, "The body is nested too deeply.", "The body may nest 32 deep at most."),
    BodyError.DUPLICATE_FIELD: Kind(
        400, "A field comes twice.", "Name each field once: which one counts would be a guess.", "#/customerId"
    ),
    BodyError.WRONG_IDEMPOTENCY_KEY: Kind(
        400, "The Idempotency-Key cannot be used.", "Send a UUID, or 1 to 255 visible characters of ASCII."
    ),
    BodyError.MISSING_FIELD: Kind(422, "A field is missing.", "This field is needed.", "#/ownerId"),
    BodyError.UNKNOWN_FIELD: Kind(
        422, "There is no such field.", "The request has no such field; it has customerType, customerId.", "#/owner"
    ),
    BodyError.EXCESS_FIELD: Kind(
        422,
        "A field is one too many.",
        "leadId names the record already: send one of the two.",
        "#/opportunityId",
    ),
    BodyError.WRONG_TYPE: Kind(422, "A value has the wrong type.", "Expected a string.", "#/customerId"),
    BodyError.TOO_SHORT: Kind(422, "A value is too short.", "Expected at least 1 character.", "#/customerId"),
    BodyError.TOO_LONG: Kind(422, "A value is too long.", "Expected at most 60 characters.", "#/customerId"),
    BodyError.WRONG_FORMAT: Kind(422, "A value has the wrong form.", "Expected a UUID.", "#/sourceLeadUuid"),
    BodyError.WRONG_CHARACTER: Kind(
        422, "A value has a character that is no text.", "Expected text without control characters.", "#/customerName"
    ),
    BodyError.NOT_IN_LIST: Kind(422, "A value is not in its list.", "Expected 'NTB' or 'ETB'.", "#/customerType"),
    BodyError.UNKNOWN_STATUS_NAME: Kind(
        422,
        "There is no such status.",
        "Expected New Lead, New Opportunity, Close Won or Close Lost, in any case.",
        "#/status",
    ),
    FaultTypeId.MALFORMED_MESSAGE.value: Kind(
        400, "The request is not as it must be.", "The request has two headers authorization."
    ),
    FaultTypeId.UNAUTHENTICATED.value: Kind(
        401, "Who is calling is not known.", "These are not the credentials of a caller."
    ),
    FaultTypeId.UNAUTHORIZED.value: Kind(
        403, "This caller may not do this.", "This caller may not do this: it takes the role sales, crm or admin."
    ),
    FaultTypeId.UNKNOWN_OPERATION.value: Kind(
        404,
        "There is nothing at this address.",
        "There is nothing at this address: /docs lists what there is, spelt exactly so, without a slash at the end.",
    ),
    LogItemType.CRM_RECORD_UNKNOWN.value: Kind(404, "There is no such record.", "There is no such record.", "#/leadId"),
    LogItemType.CRM_RECORD_FINAL.value: Kind(
        409,
        "The record is closed.",
        "The record is Close Won or Close Lost already; its status changes no more.",
        "#/leadId",
    ),
    LogItemType.CRM_WRONG_RECORD_TYPE.value: Kind(
        409,
        "The record is of the other type.",
        "The record is of the other type: a lead where the call is about an opportunity, or the reverse.",
        "#/leadId",
    ),
    LogItemType.CRM_STAGE_HELD.value: Kind(
        409,
        "A required step holds the stage.",
        'Stage "Analysis" is held by its required step "Analyse needs": do it (STEP_DONE).',
        "#/step",
    ),
    LogItemType.CRM_STEP_SETTLED.value: Kind(
        409,
        "The step is done or skipped already.",
        'Step "Analyse needs" is done already; GO_BACK to its stage to do it anew.',
        "#/step",
    ),
    LogItemType.CRM_STEP_NOT_SKIPPABLE.value: Kind(
        409,
        "The step may not be skipped.",
        'Step "Analyse needs" may not be skipped: do it (STEP_DONE).',
        "#/step",
    ),
    LogItemType.CRM_MOVE_NOT_ALLOWED.value: Kind(
        409, "The record cannot be moved so.", "The record is open; there is nothing to reopen.", "#/move"
    ),
    LogItemType.CRM_OTHER_RECORD_OPEN.value: Kind(
        409,
        "The customer has another open record.",
        "The customer has the open opportunity 0000000021: close it first, or go on with it.",
    ),
    FaultTypeId.IDEMPOTENCY_CONFLICT.value: Kind(
        409,
        "The Idempotency-Key was used for another request.",
        "The same key came with another body or to another address. Send a new key with a new request.",
    ),
    FaultTypeId.MESSAGE_TOO_LARGE.value: Kind(413, "The body is too large.", "The body may have 65,536 bytes at most."),
    FaultTypeId.UNSUPPORTED_MEDIA_TYPE.value: Kind(
        415, "The body is of another media type.", "Send application/json in UTF-8, without a Content-Encoding."
    ),
    LogItemType.CRM_OWNER_UNKNOWN.value: Kind(
        422, "There is no such owner.", "The owner is not in this site's list.", "#/ownerId"
    ),
    LogItemType.CRM_STATUS_NAME_NOT_ALLOWED.value: Kind(
        422, "This call does not set this status.", "This operation sets Close Won and nothing else.", "#/status"
    ),
    LogItemType.CRM_REASON_CODE_UNKNOWN.value: Kind(
        422, "There is no such reason.", "The code is not in this site's list.", "#/reasonCode"
    ),
    LogItemType.CRM_STAGE_UNKNOWN.value: Kind(
        422,
        "There is no such stage.",
        'The record\'s case type has no such stage: "Qualification", "Needs Analysis", "Offer", "Decision", "Closed".',
        "#/stage",
    ),
    LogItemType.CRM_STEP_UNKNOWN.value: Kind(
        422,
        "There is no such step.",
        'Stage "Offer" has no such step; it has "Make offer".',
        "#/step",
    ),
    LogItemType.CRM_REASON_MISSING.value: Kind(
        422,
        "A reason is missing.",
        "STEP_SKIPPED needs a reason: a code, a description, or both.",
        "#/reason",
    ),
    FaultTypeId.BUSY.value: Kind(
        503, "Not now.", "Too many calls wait. Send the same again after the time in Retry-After."
    ),
    FaultTypeId.INTERNAL_ERROR.value: Kind(
        500, "An unforeseen error.", "An unforeseen error. It is logged as 7f3c1d2e9a4b."
    ),
}
"""Every code, with the status it usually has: `Busy` also comes with 429 where a caller asks too often, and
`MalformedMessage` with 405 for a method and 408 for a body that comes too slowly."""


class FieldError(BaseModel):
    """One error, and the field that it is about."""

    code: str = Field(description="A stable word for programs.")
    pointer: str | None = Field(default=None, description="JSON pointer to the field, as a fragment (RFC 6901).")
    parameter: str | None = Field(default=None, description="The parameter of the address, where it is about one.")
    detail: str = Field(description="What was expected, for people.")


class ProblemDetails(BaseModel):
    """What is answered in place of a result (RFC 9457)."""

    type: str = Field(description="A URN made of the code; nothing is to be fetched there.")
    title: str
    status: int
    detail: str
    code: str = Field(description="A stable word for programs: that of the first error.")
    correlationId: str = Field(description="The identifier that the log has.")  # noqa: N815  # the name in JSON
    errors: list[FieldError] = Field(default_factory=list, description="Every error found in the fields, in order.")


def type_of(code: str) -> str:
    """The URI of a kind of error."""
    return f"urn:leadbridge:problem:{code}"


def problem_details(
    code: str, *, status: int, detail: str, correlation_id: str, errors: Sequence[FieldError] = ()
) -> ProblemDetails:
    """The document about an error; `errors` are those of fields, the first of which it is about."""
    return ProblemDetails(
        type=type_of(code),
        title=KINDS[code].title if code in KINDS else "The request is not done.",
        status=status,
        detail=detail,
        code=code,
        correlationId=correlation_id,
        errors=list(errors),
    )


def as_json(document: ProblemDetails) -> dict[str, object]:
    """The document as it is sent: without members that have nothing to say."""
    return document.model_dump(mode="json", exclude_none=True)


def example(code: str, *, pointing: bool = True) -> dict[str, object]:
    """A document of this kind, for the documentation; `pointing` says whether what it is about is in the body."""
    kind = KINDS[code]
    errors = [FieldError(code=code, pointer=kind.pointer, detail=kind.detail)] if kind.pointer and pointing else []
    document = problem_details(
        code, status=kind.status, detail=kind.detail, correlation_id="7f3c1d2e9a4b", errors=errors
    )
    return as_json(document)


def pointer_to(field: str) -> str:
    """The pointer to a field of the body; to the body where the name is no word that could be repeated."""
    return f"#/{field}" if _SAYABLE.fullmatch(field) else "#"
