"""Bodies of the service domain: objects of texts, as the official contract has them, and an action beside them; and the
parameters of what is read page by page.

Texts are those of BIAN's own fields and of any others: they are kept as they are sent, so they must be texts. What is
no object, no text, or no name is refused, with its field. What only an answer says, where something stands, is left
aside: an answer may be sent back changed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from leadbridge.bian.desk import place_of
from leadbridge.bian.words import CONTROL, DEVELOPMENT, EXCHANGE, EXECUTE, KNOWN, PROCEDURE, REASON, STATES
from leadbridge.contract.escaping import FORBIDDEN
from leadbridge.rest.jsonbody import MOST_ERRORS, parsed, refusal, unlike
from leadbridge.rest.problemdetails import BodyError, FieldError, pointer_to

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
WRONG_NAME = "A field is named by up to 64 letters, digits and _.-, the first a letter."


@dataclass(frozen=True, slots=True)
class Form:
    """What a body may have: records under their names, texts beside them; or it is itself one record."""

    records: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    is_record: str | None = None


FORMS: Mapping[str, Form] = {
    "Initiate": Form(is_record=PROCEDURE),
    "Update": Form(is_record=PROCEDURE),
    "Control": Form(texts=(CONTROL, REASON)),
    "Exchange": Form(texts=(EXCHANGE, REASON)),
    "InitiateDevelopment": Form(records=(PROCEDURE, DEVELOPMENT)),
    "UpdateDevelopment": Form(is_record=DEVELOPMENT),
    "ExecuteDevelopment": Form(records=(DEVELOPMENT,), texts=(EXECUTE,)),
    "RequestDevelopment": Form(records=(DEVELOPMENT,)),
}


@dataclass(frozen=True, slots=True)
class BianBody:
    """The fields of a body: of each record by its name, and those beside them."""

    records: Mapping[str, Mapping[str, str]]
    more: Mapping[str, str]


def bian_body(data: bytes, form: Form) -> BianBody:
    """The body as this form has it. Raises Problem with every violation."""
    body, errors = parsed(data), list[FieldError]()
    records: dict[str, dict[str, str]] = {PROCEDURE: {}, DEVELOPMENT: {}}
    more: dict[str, str] = {}
    if not isinstance(body, dict):
        raise refusal(400, [FieldError(code=BodyError.WRONG_TYPE, pointer="#", detail="Expected an object.")])
    others = {name: value for name, value in body.items() if name not in STATES}
    if form.is_record is not None:
        _unwrapped(others, form.is_record, errors)
        records[form.is_record] = texts_of(others, "", errors, known=KNOWN[form.is_record])
    else:
        for name in form.records:
            if name in others:
                records[name] = texts_of(others.pop(name), name, errors, known=KNOWN[name])
        for name in others.keys() - set(form.texts):
            known = ", ".join((*form.records, *form.texts))
            text = f"The request has no such field; it has {known}."
            errors.append(FieldError(code=BodyError.UNKNOWN_FIELD, pointer=pointer_to(name), detail=text))
        more = texts_of({name: others[name] for name in form.texts if name in others}, "", errors)
    if errors:
        raise refusal(400, errors[:MOST_ERRORS])
    return BianBody(records, more)


def _unwrapped(body: dict[str, Any], record: str, errors: list[FieldError]) -> None:
    """Take out records that stand under their names, as Retrieve answers them: this body is itself one."""
    for name in (PROCEDURE, DEVELOPMENT):
        if isinstance(body.get(name), dict):
            way_out = "Send its fields without this name" if name == record else "Leave this record out"
            text = f"{way_out}: the body has the fields of {record}, and is not wrapped."
            errors.append(FieldError(code=BodyError.WRONG_TYPE, pointer=pointer_to(name), detail=text))
            del body[name]


def texts_of(value: object, place: str, errors: list[FieldError], known: Collection[str] = ()) -> dict[str, str]:
    """The texts of a record; what is wrong with it is added to the errors. `known` are fields with a meaning."""
    if not isinstance(value, dict):
        errors.append(FieldError(code=BodyError.WRONG_TYPE, pointer=f"#/{place}", detail="Expected an object."))
        return {}
    for name, text in value.items():
        where = f"#/{place}".rstrip("/")
        if not NAME.fullmatch(name):
            errors.append(FieldError(code=BodyError.UNKNOWN_FIELD, pointer=where, detail=WRONG_NAME))
            continue
        where = f"{where}/{name}"
        if meant := misspelt(name, known):
            errors.append(FieldError(code=BodyError.UNKNOWN_FIELD, pointer=where, detail=meant))
        elif not isinstance(text, str):
            errors.append(FieldError(code=BodyError.WRONG_TYPE, pointer=where, detail="Expected a string."))
        elif FORBIDDEN.search(text):
            said = "Expected text without control characters."
            errors.append(FieldError(code=BodyError.WRONG_CHARACTER, pointer=where, detail=said))
    return value


def misspelt(name: str, known: Collection[str]) -> str | None:
    """What is said of a field that is one of the known ones but for upper and lower case; None of any other. Kept as a
    field of the sender's own it would be lost on both sides."""
    if name in known:
        return None
    meant = next((one for one in known if one.lower() == name.lower()), None)
    return meant and f"This field is written {meant}."


# ------------------------------------------------------------------------------------------------------- parameters

MOST_ON_A_PAGE = 1_000
_LIMIT = "[1-9][0-9]{0,2}|1000"  # 1 to MOST_ON_A_PAGE
_LARGEST_SEQUENCE = 19  # digits


def _limit(text: str) -> str:
    if re.fullmatch(_LIMIT, text) is None:
        raise unlike(f"a number from 1 to {MOST_ON_A_PAGE:,}")
    return text


def _sequence(text: str) -> str:
    if not _is_number(text, _LARGEST_SEQUENCE) or int(text) >= 2**63:
        raise unlike("a number, such as the sequence of an event")
    return str(int(text))


def _place(text: str) -> str:
    try:
        place_of(text)
    except ValueError:
        raise unlike("the cursor of the page before, as its Link has it") from None
    return text


def _is_number(text: str, longest: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= longest


Limit = Annotated[str, AfterValidator(_limit)]
_LIMITED = Field(
    default="100",
    description=f"How many at most, 1 to {MOST_ON_A_PAGE:,}; 100 where nothing is said.",
    json_schema_extra={"pattern": f"^({_LIMIT})$"},
)


class EventsWanted(BaseModel):
    """Which events are read: those behind `after`, so many at most."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    after: Annotated[str, AfterValidator(_sequence)] = Field(
        default="0",
        description="`sequence` of the last event that was read; from the first one on where nothing is said.",
        json_schema_extra={"pattern": "^([0-9]{1,18}|[0-8][0-9]{18})$"},
    )
    limit: Limit = _LIMITED


class ContactsWanted(BaseModel):
    """Which contacts are read: those behind `after`, so many at most."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    after: Annotated[str, AfterValidator(_place)] | None = Field(
        default=None,
        description="The cursor in `Link` of the page before; from the first contact on where nothing is said.",
        examples=["2026-03-01T09:30:00Z-0000000007-1"],
    )
    limit: Limit = _LIMITED


class TriggersWanted(BaseModel):
    """Whose triggers are listed: those of the lead with this ID or UUID."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    lead: str = Field(description="The lead, by its ID or its UUID.", examples=["0000000007"])
