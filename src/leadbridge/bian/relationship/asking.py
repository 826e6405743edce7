"""What the service domain is asked, and what all its operations have in common: how a plan is found, how a record takes
what was sent, how a move is told."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from leadbridge.bian.answers import BianAnswer, Fields, Refused, done_once, tried, wrong
from leadbridge.bian.relationship.shapes import SHAPES
from leadbridge.bian.relationship.words import (
    CUSTOMER,
    DOMAIN,
    PLAN,
    REASON,
    REFERENCE_PATH,
    Action,
    Qualifier,
    text_at,
)
from leadbridge.bian.translation import prospect, reason_code
from leadbridge.caller import CORE_CRM, Caller
from leadbridge.operations.businesspartner import created_row
from leadbridge.operations.call import Answer, Call, Policy
from leadbridge.operations.identifying import pair
from leadbridge.operations.logitems import LogItemType
from leadbridge.store import businesspartners, journal, leads, relationship
from leadbridge.store.database import Transaction
from leadbridge.store.inserts import Row

Record: TypeAlias = Mapping[str, Any]
"""Texts and records of texts, by the names of fields."""

_MOST_BYTES = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request, checked as far as its form goes: the message of a `Call`.

    `record` are the fields of the plan, or of the record of it that `number` names; `more` what stands beside them;
    `lead` the fields of a lead to be initiated. `key` is the UUID that the request is known by again.
    """

    plan_id: str = ""
    number: str = ""
    record: Record = field(default_factory=dict)
    more: Fields = field(default_factory=dict)
    lead: Fields = field(default_factory=dict)
    key: str | None = None


# -------------------------------------------------------------------------------------------------------- who and what


def reference_of(record: Record) -> str | None:
    """The identifier in a CustomerReference."""
    return text_at(record, (CUSTOMER, *REFERENCE_PATH))


def customer_of(tx: Transaction, caller: Caller, reference: str) -> Row:
    """The business partner that a reference names, if the caller may read it. Raises Refused: one that it may not read
    is answered as one that does not exist."""
    party = prospect(reference)
    by_key = party.external_key is not None
    found = businesspartners.resolve(
        tx,
        caller if by_key else CORE_CRM,  # of a caller's keys, its own
        internal_ids={party.business_partner_internal_id} if party.business_partner_internal_id else (),
        uuids={party.business_partner_uuid.lower()} if party.business_partner_uuid else (),
        external_keys={pair(party.external_key)} if party.external_key is not None else (),
    )
    readable = businesspartners.load(tx, caller, {row["internal_id"] for row in found})
    if not readable:
        raise Refused(404, LogItemType.BUSINESS_PARTNER_UNKNOWN, "There is no such business partner.", CUSTOMER)
    if len(readable) > 1:
        text = "Several business partners have this key, of different callers; name the one by its InternalID."
        raise wrong(CUSTOMER, text, "AmbiguousReference")
    return readable[0]


def hold_customers(tx: Transaction, references: Collection[str]) -> None:
    """Keep merges, and the wiping of test data, off the business partners that these references mean."""
    parties = []
    for reference in references:
        try:
            parties.append(prospect(reference))
        except Refused:
            continue  # as it will be again
    businesspartners.hold(
        tx,
        internal_ids={one.business_partner_internal_id for one in parties if one.business_partner_internal_id},
        uuids={one.business_partner_uuid.lower() for one in parties if one.business_partner_uuid},
        external_keys={pair(one.external_key) for one in parties if one.external_key is not None},
    )


def plan_of(tx: Transaction, call: Call) -> Row:
    """The plan that the call's path names. Raises Refused where the caller sees none."""
    plan_id = call.message.plan_id
    found = relationship.plan(tx, call.caller, plan_id) if _is_number(plan_id, 10) else None
    if found is None:
        raise Refused(404, "PlanUnknown", "There is no such plan.")
    return found


def record_of(tx: Transaction, call: Call, qualifier: Qualifier) -> tuple[Row, Row]:
    """The plan, and the record of it, that the call's path names. Raises Refused.

    The record's `sees_lead` says whether the caller sees the lead that it has initiated, if any.
    """
    plan, number = plan_of(tx, call), call.message.number
    # 01 is no other name of 1
    is_one = _is_number(number) and len(number) <= 9 and not number.startswith("0")
    found = relationship.record(tx, plan["id"], qualifier, int(number)) if is_one else None
    if found is None:
        raise Refused(404, f"{qualifier}Unknown", f"The plan has no such {qualifier}.")
    lead_id = found["lead_id"]
    return plan, {**found, "sees_lead": bool(lead_id and leads.resolve(tx, call.caller, ids={lead_id}))}


def _is_number(text: str, length: int | None = None) -> bool:
    return text.isascii() and text.isdigit() and (length is None or len(text) == length)


def on_plans(
    tx: Transaction,
    calls: Sequence[Call],
    *,
    operation: str,
    do: Callable[[Call], BianAnswer],
    lock_keys: Sequence[str] = (),
    ask: Callable[[], None] = lambda: None,
) -> list[Answer | Exception]:
    """Do something to the plan that each call names, one after the other; all of them are locked, in order."""

    def act(fresh: Sequence[Call]) -> list[BianAnswer | Refused]:
        tests = relationship.lock(tx, {one for call in fresh if _is_number(one := call.message.plan_id, 10)})
        return [tried(tx, do, call, test_data=call.message.plan_id in tests) for call in fresh]

    return done_once(tx, calls, operation=f"{DOMAIN}/{operation}", act=act, lock_keys=lock_keys, ask=ask)


# ------------------------------------------------------------------------------------------------------------ actions


def wanted(call: Call, name: str, actions: Sequence[Action]) -> Action:
    """The action that the body names. Raises Refused."""
    named = call.message.more.get(name)
    found = next((action for action in actions if action.value == named), None)
    if found is None:
        code = "MissingField" if named is None else "NotInList"
        raise wrong(name, f"Expected one of {', '.join(action.value for action in actions)}.", code)
    return found


def reason_of(call: Call, policy: Policy) -> str | None:
    """The ReasonCode beside an action. Raises Refused for one that the site does not have."""
    reason = reason_code(call.message.more)
    if reason is not None and policy.reason_codes and reason not in policy.reason_codes:
        raise wrong(REASON, "The site's list has no such reason.", "NotInList")
    return reason


# ------------------------------------------------------------------------------------------------------------ content


def content(row: Row) -> dict[str, Any]:
    """The fields of a plan or a record, as they were sent."""
    said: dict[str, Any] = json.loads(row["content"])
    return said


def merged(old: Record, sent: Record) -> dict[str, Any]:
    """A record with what was sent: a field that is absent stays, in a record within a record too."""
    new = dict(old)
    for name, value in sent.items():
        before = new.get(name)
        new[name] = merged(before, value) if isinstance(value, Mapping) and isinstance(before, Mapping) else value
    return new


def kept(record: Record) -> str:
    """A record as it is stored. Raises Refused for more than is kept."""
    said = json.dumps(record, ensure_ascii=False)
    if len(said.encode()) > _MOST_BYTES:
        raise Refused(400, "TooLong", f"The fields of a plan, and of each record of it, have {_MOST_BYTES:,} bytes.")
    return said


# ------------------------------------------------------------------------------------------------------------ journal


def tell(
    tx: Transaction,
    call: Call,
    row: Row,
    event: str,
    *,
    operation: str,
    old: str | None,
    qualifier: Qualifier | None = None,
    reason: str | None = None,
) -> None:
    """Write to the journal what happened to a plan, or to a record of it; `old` is the state before."""
    object_id = row["id"] if qualifier is None else f"{row['plan_id']}/{qualifier}/{row['number']}"
    is_move = old != row["state"]
    # Names of BIAN's alone: any other may be somebody's.
    changed = [name for name in call.message.record if name in SHAPES[qualifier or PLAN]] if old is not None else []
    entry = {
        **created_row(call, f"{DOMAIN}/{operation}", object_id),
        "object_type": relationship.PLAN if qualifier is None else relationship.RECORD,
        "event": event,
        "old_status": old if is_move else None,
        "new_status": row["state"] if is_move else None,
        "reason_code": reason,
        "changed_elements": " ".join(changed) or None,
    }
    journal.append(tx, [entry])


def kind_of(object_id: str) -> str:
    """What an entry of the journal is about, by its object's ID: the plan, or a qualifier."""
    _, _, rest = object_id.partition("/")
    return rest.partition("/")[0] or PLAN
