"""Bodies of Customer Relationship Management: a record as the official contract has it, and what we ask beside it; and
the parameters of what is read about a customer.

A field that the contract names holds what its shape says. Any other is kept too: a text, or a record of texts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from leadbridge.bian.relationship.shapes import CODES, SHAPES, TEXT
from leadbridge.bian.relationship.words import (
    CONTROL,
    EXCHANGE,
    GRANT,
    LEAD,
    MOMENT,
    OURS,
    PLAN,
    REASON,
    REQUEST,
    Qualifier,
)
from leadbridge.bian.words import KNOWN, PROCEDURE
from leadbridge.contract.escaping import FORBIDDEN
from leadbridge.rest.bian_bodies import NAME, WRONG_NAME, EventsWanted, misspelt, texts_of
from leadbridge.rest.jsonbody import MOST_ERRORS, parsed, refusal, unlike
from leadbridge.rest.problemdetails import BodyError, FieldError, pointer_to

_ACTIONS = frozenset({CONTROL, EXCHANGE, GRANT, REQUEST})


@dataclass(frozen=True, slots=True)
class Form:
    """What a body may have: the fields of a record of this shape, texts beside them, a lead's fields under its name."""

    shape: str
    beside: tuple[str, ...] = ()
    lead: bool = False


_DEVELOPMENT, _INCIDENT, _CONTACT = Qualifier.DEVELOPMENT.value, Qualifier.INCIDENT.value, Qualifier.CONTACT.value

FORMS: Mapping[str, Form] = {
    "Create": Form(PLAN),
    "Update": Form(PLAN),
    "Control": Form(PLAN, (CONTROL, REASON)),
    "Exchange": Form(PLAN, (EXCHANGE, REASON)),
    "Request": Form(PLAN, (MOMENT,)),
    "Grant": Form(PLAN, (GRANT, REASON)),
    "CreateDevelopment": Form(_DEVELOPMENT),
    "UpdateDevelopment": Form(_DEVELOPMENT),
    "ExchangeDevelopment": Form(_DEVELOPMENT, (EXCHANGE, REASON)),
    "RequestDevelopment": Form(_DEVELOPMENT, (REQUEST,), lead=True),
    "CreateIncident": Form(_INCIDENT),
    "UpdateIncident": Form(_INCIDENT),
    "ControlIncident": Form(_INCIDENT, (CONTROL, REASON)),
    "ExchangeIncident": Form(_INCIDENT, (EXCHANGE, REASON)),
    "CaptureIncident": Form(_INCIDENT),
    "CreateContact": Form(_CONTACT),
    "UpdateContact": Form(_CONTACT),
    "RequestContact": Form(_CONTACT),
}


@dataclass(frozen=True, slots=True)
class RelationshipBody:
    """The fields of a body: of the record, beside it, and of the lead to be initiated."""

    record: Mapping[str, Any]
    more: Mapping[str, str]
    lead: Mapping[str, str]


def relationship_body(data: bytes, form: Form) -> RelationshipBody:
    """The body as this form has it. Raises Problem with every violation."""
    body, errors = parsed(data), list[FieldError]()
    if not isinstance(body, dict):
        raise refusal(400, [FieldError(code=BodyError.WRONG_TYPE, pointer="#", detail="Expected an object.")])
    record = {name: value for name, value in body.items() if name not in OURS}
    more = {name: record.pop(name) for name in form.beside if name in record}
    lead = record.pop(LEAD, {}) if form.lead else {}
    for name in _ACTIONS & record.keys():
        known = ", ".join(form.beside) or "none"
        text = f"This operation has no such action; it has {known}."
        errors.append(FieldError(code=BodyError.UNKNOWN_FIELD, pointer=pointer_to(name), detail=text))
    beside = dict.fromkeys((*form.beside, LEAD) if form.lead else form.beside, TEXT)  # by another spelling they are not
    _check_record(record, {**SHAPES[form.shape], **beside}, "#", errors)
    texts_of(more, "", errors)
    texts_of(lead, LEAD, errors, known=KNOWN[PROCEDURE])
    if errors:
        raise refusal(400, errors[:MOST_ERRORS])
    return RelationshipBody(record, more, lead)


def _check_record(record: Mapping[str, Any], shape: Mapping[str, str], place: str, errors: list[FieldError]) -> None:
    """Hold a record against its shape; what is wrong with it is added to the errors."""
    for name, value in record.items():
        if len(errors) >= MOST_ERRORS:
            return
        if not NAME.fullmatch(name):
            errors.append(FieldError(code=BodyError.UNKNOWN_FIELD, pointer=place, detail=WRONG_NAME))
            continue
        if name not in shape and (meant := misspelt(name, shape)):
            errors.append(FieldError(code=BodyError.UNKNOWN_FIELD, pointer=f"{place}/{name}", detail=meant))
            continue
        _check_value(value, shape.get(name), f"{place}/{name}", errors)


def _check_value(value: object, refers: str | None, place: str, errors: list[FieldError]) -> None:
    """Hold a value against what its field refers to; None of a field that the contract does not name."""
    code, text = "", ""
    if isinstance(value, dict):
        if refers is None or refers in SHAPES:
            _check_record(value, SHAPES[refers] if refers else {}, place, errors)
        else:
            code, text = BodyError.WRONG_TYPE, "Expected a string."
    elif refers is not None and refers in SHAPES:
        code, text = BodyError.WRONG_TYPE, f"Expected an object with {' or '.join(list(SHAPES[refers])[:3])}."
    elif not isinstance(value, str):
        what = "a string or an object of strings" if refers is None else "a string"
        code, text = BodyError.WRONG_TYPE, f"Expected {what}."
    elif FORBIDDEN.search(value):
        code, text = BodyError.WRONG_CHARACTER, "Expected text without control characters."
    elif (codes := CODES.get(refers or TEXT)) is not None and value not in codes:
        code, text = BodyError.NOT_IN_LIST, f"Expected one of {', '.join(codes)}."
    if code:
        errors.append(FieldError(code=code, pointer=place, detail=text))


# ------------------------------------------------------------------------------------------------------- parameters

_MOST_DAYS = 3_650
_DAYS = "[1-9][0-9]{0,2}|[12][0-9]{3}|3[0-5][0-9]{2}|36[0-4][0-9]|3650"  # 1 to _MOST_DAYS
_LONGEST_REFERENCE = 200


def _reference(text: str) -> str:
    if not 0 < len(text) <= _LONGEST_REFERENCE or not text.isprintable():
        raise unlike("an InternalID, a UUID, or system/object of an ExternalKey")
    return text


def _days(text: str) -> str:
    if re.fullmatch(_DAYS, text) is None:
        raise unlike(f"a number from 1 to {_MOST_DAYS:,}")
    return text


_Customer = Annotated[
    str,
    AfterValidator(_reference),
    Field(
        description="The customer: InternalID or UUID of a business partner, or system/object of its ExternalKey.",
        examples=["0000000001"],
    ),
]


class HistoryWanted(EventsWanted):
    """Which events of a customer are read: those behind `after`, so many at most."""

    customer: _Customer


class ActivityWanted(BaseModel):
    """Whose activity is compared: of the last `days` days, and of as many before."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    customer: _Customer
    days: Annotated[str, AfterValidator(_days)] = Field(
        default="30",
        description=f"How many days, 1 to {_MOST_DAYS:,}; 30 where nothing is said.",
        json_schema_extra={"pattern": f"^({_DAYS})$"},
    )
