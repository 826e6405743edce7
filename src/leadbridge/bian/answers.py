"""What the service domain's operations are asked and answer, and how a repeated request is known again."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar, cast

from leadbridge.bian.words import ELEMENTS
from leadbridge.caller import CORE_CRM
from leadbridge.messages import LogItemSeverityCode
from leadbridge.operations.call import Answer, Call
from leadbridge.operations.logitems import LogBuilder, LogItemType
from leadbridge.operations.replay import Key, Memory, once
from leadbridge.store import leads
from leadbridge.store.database import Transaction
from leadbridge.store.inserts import Row

Fields = Mapping[str, str]
Wish = TypeVar("Wish", bound=StrEnum)

BASE = "/bian"
"""Below which the service domains are."""

UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_LEAD_ID_LENGTH = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request, checked as far as its form goes: the message of a `Call`.

    `procedure` and `development` are the fields of those two records, `more` what stands beside them. `number` is the
    development task's. `key` is the UUID that the request is known by again.
    """

    lead_id: str = ""
    number: str = ""
    procedure: Fields
    development: Fields
    more: Fields
    key: str | None = None


class BianAnswer(Answer):
    """An answer of this door: JSON, and where the new record is found, as a path below `BASE`.

    `test_data` says that it is about such: as it is remembered, it is wiped with that.
    """

    __slots__ = ("location", "replayed", "test_data")

    def __init__(self, message: Mapping[str, Any], *, location: str | None = None, replayed: bool = False) -> None:
        super().__init__(message)
        self.location = location
        self.replayed = replayed
        self.test_data = False

    @property
    def encoded(self) -> bytes:
        """The answer as it is remembered."""
        return json.dumps({"body": self.message, "location": self.location}, ensure_ascii=False).encode()


def address(location: str) -> str:
    """Where a record is read that is found at this path below `BASE`."""
    return f"{BASE}{location}/Retrieve"


class Refused(Exception):
    """Nothing is done: `status` is 400, 403 or 404, `code` a stable word, `field` what is to be mended."""

    def __init__(self, status: int, code: str, text: str, field: str | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.text = text
        self.field = field


def wrong(field: str, text: str, code: str = "WrongFormat") -> Refused:
    """A field whose value we cannot hold."""
    return Refused(400, code, text, field)


def wanted(call: Call, field: str, actions: Iterable[Wish]) -> Wish:
    """The action that the body names in this field. Raises Refused."""
    named, known = call.message.more.get(field), list(actions)
    found = next((action for action in known if action.value == named), None)
    if found is None:
        code = "MissingField" if named is None else "NotInList"
        raise wrong(field, f"Expected one of {', '.join(action.value for action in known)}.", code)
    return found


def unknown_lead(field: str | None = None) -> Refused:
    """There is no such lead, or not for this caller; `field` names it, where the path does not."""
    return Refused(404, LogItemType.LEAD_UNKNOWN, "There is no such lead.", field)


# What a rule of leads says in words of CreateLead's own, as this door has it.
_WAYS_OUT: Mapping[str, str] = {
    LogItemType.BUSINESS_PARTNER_UNKNOWN: "There is no such business partner. CreateBusinessPartner, a SOAP operation, "
    "makes one; so does CreateLead with NewBusinessPartner, together with its lead.",
}


def refuse_failed(log: LogBuilder) -> None:
    """Raise what a rule of leads has said in its Log, if it refuses; the first error counts."""
    for item in log.log().item if log.failed else ():
        if item.severity_code is LogItemSeverityCode.VALUE_3:
            names = (
                one.partition("[")[0].rpartition(":")[2]
                for one in (item.reference_message_element_name or "").split("/")
            )
            field = next((ELEMENTS[name] for name in names if name in ELEMENTS), None)
            status = 404 if item.type_id == LogItemType.LEAD_UNKNOWN else 400
            text = _WAYS_OUT.get(item.type_id, item.note)
            raise Refused(status, item.type_id, text or "The request is not done.", field)


# --------------------------------------------------------------------------------------------------------- acting


def _recalled(encoded: bytes) -> BianAnswer | Refused:
    said = json.loads(encoded)
    return BianAnswer(said["body"], location=said["location"], replayed=True)


_MEMORY: Memory[BianAnswer | Refused] = Memory(
    keep=lambda outcome: outcome.encoded if isinstance(outcome, BianAnswer) else None, recall=_recalled
)


def done_once(
    tx: Transaction,
    calls: Sequence[Call],
    *,
    operation: str,
    act: Callable[[Sequence[Call]], list[BianAnswer | Refused]],
    lock_keys: Iterable[str] = (),
    ask: Callable[[], None] = lambda: None,
) -> list[Answer | Exception]:
    """Act on the calls that are new, answer the others from memory. What was refused is not remembered."""
    keys: list[Key | None] = [(call.caller.id, call.message.key) if call.message.key else None for call in calls]
    outcomes = once(
        tx,
        calls,
        keys=keys,
        operation=operation,
        lock_keys=lock_keys,
        ask=ask,
        act=act,
        memory=_MEMORY,
        is_test=lambda outcome: isinstance(outcome, BianAnswer) and outcome.test_data,
    )
    return cast("list[Answer | Exception]", outcomes)


def on_leads(
    tx: Transaction,
    calls: Sequence[Call],
    *,
    operation: str,
    do: Callable[[Call], BianAnswer],
    before: Callable[[Sequence[Call]], None] | None = None,
) -> list[Answer | Exception]:
    """Do something to the lead that each call names, one after the other; all of them are locked, in order, after what
    comes `before`."""

    def act(fresh: Sequence[Call]) -> list[BianAnswer | Refused]:
        if before is not None:
            before(fresh)
        named = [_named(call.message.lead_id) for call in fresh]
        heads = leads.resolve(
            tx,
            CORE_CRM,
            ids={one for kind, one in named if kind == "ids"},
            uuids={one for kind, one in named if kind == "uuids"},
            lock=True,
        )
        tests = {name for head in heads if head["test_data"] for name in (head["id"], head["uuid"])}
        return [tried(tx, do, call, test_data=call.message.lead_id.lower() in tests) for call in fresh]

    return done_once(tx, calls, operation=operation, act=act)


def tried(
    tx: Transaction, do: Callable[[Call], BianAnswer], call: Call, *, test_data: bool = False
) -> BianAnswer | Refused:
    """What comes of a call, which may be about test data; of one that is refused nothing stays written."""
    with tx.trial() as trial:
        outcome = _outcome(do, call)
        if isinstance(outcome, Refused):
            trial.undo()
        elif test_data:
            outcome.test_data = True
    return outcome


def _outcome(do: Callable[[Call], BianAnswer], call: Call) -> BianAnswer | Refused:
    try:
        return do(call)
    except Refused as refused:
        return refused


def read_each(calls: Sequence[Call], do: Callable[[Call], BianAnswer]) -> list[Answer | Exception]:
    """Read something for each call."""
    return [_outcome(do, call) for call in calls]


def _named(lead_id: str) -> tuple[str, str]:
    """How a path names a lead: by its ID or its UUID."""
    if len(lead_id) == _LEAD_ID_LENGTH and lead_id.isascii() and lead_id.isdigit():
        return "ids", lead_id
    if UUID.fullmatch(lead_id):
        return "uuids", lead_id.lower()
    return "none", ""


def head_of(tx: Transaction, call: Call, field: str | None = None) -> Row:
    """The lead that the call's path names, or this field. Raises Refused where the caller sees none."""
    kind, name = _named(call.message.lead_id)
    found = leads.resolve(tx, call.caller, **{kind: {name}}) if name else []  # type: ignore[arg-type]  # ids or uuids
    if not found:
        raise unknown_lead(field)
    return found[0]
