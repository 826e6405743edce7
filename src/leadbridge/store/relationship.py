"""What BIAN's Customer Relationship Management keeps: plans, and their development tasks, incidents and contacts.

A plan is about a business partner, after a merge the master. It exists for whoever sees everything, and for whoever
made it as long as that one may read the business partner. Whoever changes a plan or a record of it locks the plan
first, and writes to the journal afterwards: of one plan a later change has a larger number there, as `store.bian` needs
it of leads.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Integer,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    func,
    literal,
    or_,
    select,
    tuple_,
    union_all,
    update,
)

from leadbridge.businesspartner import CONTACT_FORBIDDEN
from leadbridge.caller import Caller, Visibility
from leadbridge.store import tables
from leadbridge.store.columntypes import UtcDateTime, text_type
from leadbridge.store.database import Transaction
from leadbridge.store.inserts import Row
from leadbridge.store.membership import one_of
from leadbridge.store.statements import fetch, insert_many
from leadbridge.store.visibility import may_read_partner, may_see_lead, may_see_plan, rule_of, who

_plan = tables.relationship_plan
_record = tables.relationship_record
_journal = tables.journal
_lead = tables.lead
_partner = tables.business_partner
_named = _partner.alias("named")

PLAN, RECORD = "relationship_plan", "relationship_record"
"""In the journal: under the plan's ID; under that, the qualifier and the number, with slashes between them."""
_ID_LENGTH: Final = 10

# The master of a plan's business partner is `business_partner`, as the conditions of visibility need it.
_MASTER = _partner.c.internal_id == func.coalesce(_named.c.merged_into_internal_id, _named.c.internal_id)
_OF_CUSTOMER = _plan.join(_named, _named.c.internal_id == _plan.c.customer_internal_id).join(_partner, _MASTER)
_CUSTOMER_ID = _partner.c.internal_id.label("customer_id")

# ------------------------------------------------------------------------------------------------------------ plans


@cache
def _visible_plan(rule: Visibility) -> Select[Any]:
    return (
        select(_plan, _CUSTOMER_ID, _partner.c.contact_allowed_code)
        .select_from(_OF_CUSTOMER)
        .where(_plan.c.id == bindparam("plan_id"), may_see_plan(rule), may_read_partner(rule))
    )


def plan(tx: Transaction, caller: Caller, plan_id: str) -> Row | None:
    """A plan that the caller may see, with its customer's `customer_id` of today and its `contact_allowed_code`."""
    found = fetch(tx, _visible_plan(rule_of(caller)), {**who(caller), "plan_id": plan_id})
    return found[0] if found else None


_LOCKED = (
    select(_plan.c.id, _plan.c.test_data).where(one_of(_plan.c.id, "plan_ids")).order_by(_plan.c.id).with_for_update()
)


def lock(tx: Transaction, plan_ids: Collection[str]) -> set[str]:
    """Keep other writers off these plans and their records until the transaction ends; those that are test data."""
    rows = fetch(tx, _LOCKED, {"plan_ids": plan_ids}) if plan_ids else []
    return {row["id"] for row in rows if row["test_data"]}


def insert_plan(tx: Transaction, row: Row) -> None:
    """Add a plan, whose business partner must be held."""
    insert_many(tx, (_plan, [row]))


def update_plan(tx: Transaction, plan_id: str, **columns: object) -> None:
    """Change a plan, which must be locked."""
    tx.connection.execute(update(_plan).where(_plan.c.id == plan_id).values(**columns))


# ---------------------------------------------------------------------------------------------------------- records

_RECORD = select(_record).where(
    _record.c.plan_id == bindparam("plan_id"),
    _record.c.qualifier == bindparam("qualifier"),
    _record.c.number == bindparam("number", type_=Integer()),
)
_LAST = select(func.coalesce(func.max(_record.c.number), 0).label("number")).where(
    _record.c.plan_id == bindparam("plan_id"), _record.c.qualifier == bindparam("qualifier")
)


def record(tx: Transaction, plan_id: str, qualifier: str, number: int) -> Row | None:
    """One record of a plan."""
    found = fetch(tx, _RECORD, {"plan_id": plan_id, "qualifier": qualifier, "number": number})
    return found[0] if found else None


def last_number(tx: Transaction, plan_id: str, qualifier: str) -> int:
    """The number of a plan's newest record of a kind; 0 before the first."""
    number: int = fetch(tx, _LAST, {"plan_id": plan_id, "qualifier": qualifier})[0]["number"]
    return number


def insert_record(tx: Transaction, row: Row) -> None:
    """Add a record, whose plan must be locked: its number is the next one."""
    insert_many(tx, (_record, [row]))


def update_record(tx: Transaction, row: Row, **columns: object) -> None:
    """Change a record, whose plan must be locked."""
    key = and_(*(column == row[column.name] for column in _record.primary_key.columns))
    tx.connection.execute(update(_record).where(key).values(**columns))


PLAN_LETTER: Final = "P"
"""What a plan's ID begins with on the desk's list, where leads stand beside plans."""


@cache
def _requested(rule: Visibility, *, goes_on: bool) -> Select[Any]:
    owner = literal(PLAN_LETTER, type_=text_type()).concat(_record.c.plan_id)
    last = tuple_(
        bindparam("due_at", type_=_record.c.due_at.type),
        bindparam("owner", type_=text_type()),
        bindparam("number", type_=Integer()),
    )
    return (
        select(_record, _CUSTOMER_ID)
        .select_from(_OF_CUSTOMER.join(_record, _record.c.plan_id == _plan.c.id))
        .where(
            _record.c.state == "requested",
            _record.c.qualifier == "Contact",
            _plan.c.state.in_(["proposed", "active", "authorized"]),
            ~_plan.c.test_data,
            func.coalesce(_partner.c.contact_allowed_code, "") != CONTACT_FORBIDDEN,
            may_see_plan(rule),
            may_read_partner(rule),
            *((tuple_(_record.c.due_at, owner, _record.c.number) > last,) if goes_on else ()),
        )
        .order_by(_record.c.due_at, _record.c.plan_id, _record.c.number)
        .limit(bindparam("limit", type_=Integer()))
    )


def requested(
    tx: Transaction, caller: Caller, *, limit: int, after: tuple[datetime, str, int] | None = None
) -> list[Row]:
    """Contacts that wait for a person, the earliest first, of plans that the caller may see, each with its
    `customer_id`.

    `after` is the place of the last one before on the desk's list: when it is due, its plan's ID behind PLAN_LETTER or
    its lead's, its number. Left out are test data, plans that are suspended or over, and customers that by now forbid
    to be contacted.
    """
    last = dict(zip(("due_at", "owner", "number"), after, strict=True)) if after is not None else {}
    return fetch(tx, _requested(rule_of(caller), goes_on=bool(last)), {**who(caller), **last, "limit": limit})


# ---------------------------------------------------------------------------------------------------------- journal


@cache
def entries(rule: Visibility) -> Select[Any]:
    """The journal's entries of plans and their records that a caller may see, between `after` and `upto`. Of test data
    there are none: not while it is there, and a plan that is gone was some."""
    found = (
        select(_journal)
        .join(_plan, _plan.c.id == func.substr(_journal.c.object_id, 1, _ID_LENGTH))
        .where(
            _journal.c.id > bindparam("after", type_=BigInteger()),
            _journal.c.id <= bindparam("upto", type_=BigInteger()),
            _journal.c.object_type.in_([PLAN, RECORD]),
            ~_plan.c.test_data,
        )
    )
    if rule is Visibility.ALL:
        return found
    return (
        found.join(_named, _named.c.internal_id == _plan.c.customer_internal_id)
        .join(_partner, _MASTER)
        .where(may_see_plan(rule), may_read_partner(rule))
    )


def _history_of(rule: Visibility) -> list[Select[Any]]:
    """The entries about one customer: of its leads, their tasks, its plans and the records of those."""
    me = bindparam("customer_id", type_=text_type())
    family = select(_named.c.internal_id).where(or_(_named.c.internal_id == me, _named.c.merged_into_internal_id == me))
    plans = and_(_plan.c.customer_internal_id.in_(family), may_see_plan(rule))
    leads = and_(_lead.c.prospect_internal_id.in_(family), may_see_lead(rule))
    task = tables.development_task
    slash = literal("/", type_=text_type())
    objects = {
        "lead": select(_lead.c.id).where(leads),
        "development_task": select(task.c.lead_id.concat(slash).concat(cast(task.c.number, Text)))
        .join(_lead, _lead.c.id == task.c.lead_id)
        .where(leads),
        PLAN: select(_plan.c.id).where(plans),
        RECORD: select(
            _record.c.plan_id.concat(slash)
            .concat(_record.c.qualifier)
            .concat(slash)
            .concat(cast(_record.c.number, Text))
        )
        .join(_plan, _plan.c.id == _record.c.plan_id)
        .where(plans),
    }
    return [
        select(_journal).where(_journal.c.object_type == name, _journal.c.object_id.in_(ids))
        for name, ids in objects.items()
    ]


@cache
def _history(rule: Visibility) -> Select[Any]:
    found = union_all(*_history_of(rule)).subquery()
    return (
        select(found)
        .where(found.c.id > bindparam("after", type_=BigInteger()), found.c.id <= bindparam("upto", type_=BigInteger()))
        .order_by(found.c.id)
        .limit(bindparam("limit", type_=Integer()))
    )


def history(tx: Transaction, caller: Caller, customer_id: str, *, after: int, upto: int, limit: int) -> list[Row]:
    """What the journal says about a customer that the caller may read, oldest first, between `after` and `upto`: of the
    leads and the plans that it may see, their tasks and records."""
    return fetch(
        tx,
        _history(rule_of(caller)),
        {**who(caller), "customer_id": customer_id, "after": after, "upto": upto, "limit": limit},
    )


@cache
def _recorded(rule: Visibility) -> Select[Any]:
    found = union_all(*_history_of(rule)).subquery()
    return select(found.c.object_type, found.c.object_id, found.c.recorded_at).where(
        found.c.event == "created",
        found.c.object_type.in_(["lead", RECORD]),
        found.c.recorded_at > bindparam("since", type_=UtcDateTime()),
        found.c.recorded_at <= bindparam("until", type_=UtcDateTime()),
    )


def recorded(tx: Transaction, caller: Caller, customer_id: str, *, since: datetime, until: datetime) -> list[Row]:
    """What was new about a customer that the caller may read: {object_type, object_id, recorded_at} of leads and of
    the records of plans, which it may see, that were created after `since` and not after `until`."""
    parameters = {**who(caller), "customer_id": customer_id, "since": since, "until": until}
    return fetch(tx, _recorded(rule_of(caller)), parameters)
