"""What BIAN's Lead and Opportunity Management keeps beside the leads: development tasks, and the order of events.

Events are read from the journal, which every change of a lead is written into anyway, whichever door it came through,
and in its transaction; so is every change of a plan (`store.relationship`). Its numbers are the order; how far a reader
may go by them says `horizon`. Of one lead, and of one plan, each change locks it before it writes to the journal, so a
later change has a larger number.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    and_,
    bindparam,
    func,
    null,
    or_,
    select,
    tuple_,
    union_all,
    update,
)

from leadbridge.businesspartner import CONTACT_FORBIDDEN
from leadbridge.caller import Caller, Visibility
from leadbridge.lead import FINAL
from leadbridge.store import journal, relationship, tables
from leadbridge.store.database import Transaction
from leadbridge.store.inserts import Row
from leadbridge.store.statements import fetch, insert_many
from leadbridge.store.visibility import may_see_lead, rule_of, who

_task = tables.development_task
_event = tables.bian_event
_journal = tables.journal
_lead = tables.lead
_partner = tables.business_partner

TASK, EVENT = "development_task", "bian_event"  # in the journal, each under the ID of its lead, a slash, and its own
_LEAD_ID_LENGTH = 10
# So many entries are looked through for one page, however few of them a caller may see.
WINDOW = 20_000


# ------------------------------------------------------------------------------------------------ development tasks

_OF_LEAD = select(_task).where(_task.c.lead_id == bindparam("lead_id")).order_by(_task.c.number)


def tasks(tx: Transaction, lead_id: str) -> list[Row]:
    """The development tasks of a lead, in their order."""
    return fetch(tx, _OF_LEAD, {"lead_id": lead_id})


def insert_task(tx: Transaction, row: Row) -> None:
    """Add a task. Its lead must be locked: its number is the next one."""
    insert_many(tx, (_task, [row]))


def update_task(tx: Transaction, row: Row, **columns: object) -> None:
    """Change a task, whose lead must be locked."""
    meant = and_(_task.c.lead_id == row["lead_id"], _task.c.number == row["number"])
    tx.connection.execute(update(_task).where(meant).values(**columns))


@cache
def _requested(rule: Visibility, *, goes_on: bool) -> Select[Any]:
    place = tuple_(_task.c.due_at, _task.c.lead_id, _task.c.number)
    last = tuple_(
        bindparam("due_at", type_=_task.c.due_at.type),
        bindparam("lead_id", type_=_task.c.lead_id.type),
        bindparam("number", type_=Integer()),
    )
    return (
        select(_task)
        .join(_lead, _lead.c.id == _task.c.lead_id)
        .outerjoin(_partner, _partner.c.internal_id == _lead.c.prospect_internal_id)
        .where(
            _task.c.state == "requested",
            _lead.c.suspended_at.is_(None),
            ~_lead.c.test_data,
            _lead.c.life_cycle_status_code.not_in([status.value for status in FINAL]),
            func.coalesce(_partner.c.contact_allowed_code, "") != CONTACT_FORBIDDEN,
            may_see_lead(rule),
            *((place > last,) if goes_on else ()),
        )
        .order_by(_task.c.due_at, _task.c.lead_id, _task.c.number)
        .limit(bindparam("limit", type_=Integer()))
    )


def requested(
    tx: Transaction, caller: Caller, *, limit: int, after: tuple[datetime, str, int] | None = None
) -> list[Row]:
    """The desk's list: tasks that wait for a person, the earliest first, of leads that the caller may see.

    `after` is the place of the last one before: when it is due, its lead's ID, its number. Not on the list are test
    data, suspended and closed leads, and prospects that by now forbid to be contacted.
    """
    last = dict(zip(("due_at", "lead_id", "number"), after, strict=True)) if after is not None else {}
    return fetch(tx, _requested(rule_of(caller), goes_on=bool(last)), {**who(caller), **last, "limit": limit})


# ----------------------------------------------------------------------------------------------------------- events

_ASKED = select(_event).where(_event.c.lead_id == bindparam("lead_id")).order_by(_event.c.recorded_at, _event.c.id)


def asked(tx: Transaction, lead_id: str) -> list[Row]:
    """What other service domains were asked about a lead, oldest first."""
    return fetch(tx, _ASKED, {"lead_id": lead_id})


def add_events(tx: Transaction, rows: Sequence[Row]) -> None:
    """Write what other service domains are asked; its place among all events is the journal's."""
    insert_many(tx, (_event, rows))


def _is_real(lead_id: ColumnElement[str], rule: Visibility) -> ColumnElement[bool]:
    """Condition on a lead, which is not there where it was deleted: it is no test data, and was none."""
    if rule is not Visibility.ALL:
        return ~_lead.c.test_data
    return or_(~_lead.c.test_data, and_(_lead.c.id.is_(None), journal.last_event("lead", lead_id) != journal.WIPED))


@cache
def _events(rule: Visibility) -> Select[Any]:
    lead_of_entry = func.substr(_journal.c.object_id, 1, _LEAD_ID_LENGTH)
    id_of_event = func.substr(_journal.c.object_id, _LEAD_ID_LENGTH + 2)
    of_leads = (
        select(_journal, _event.c.type.label("event_type"), _event.c.data)
        # Who sees everything also sees that a lead was deleted.
        .join(_lead, _lead.c.id == lead_of_entry, isouter=rule is Visibility.ALL)
        .outerjoin(_event, and_(_journal.c.object_type == EVENT, _event.c.id == id_of_event))
        .where(
            _journal.c.id > bindparam("after", type_=BigInteger()),
            _journal.c.id <= bindparam("upto", type_=BigInteger()),
            _journal.c.object_type.in_(["lead", TASK, EVENT]),
            # What was asked about a lead goes with it: nobody is to do it any more.
            or_(_journal.c.object_type != EVENT, _event.c.id.is_not(None)),
            may_see_lead(rule),
            _is_real(lead_of_entry, rule),
        )
    )
    of_plans = relationship.entries(rule).add_columns(null().label("event_type"), null().label("data"))
    limit = bindparam("limit", type_=Integer())
    # Each has a limit of its own, so that no more is read of it than is needed.
    firsts = (select(one.order_by(_journal.c.id).limit(limit).subquery()) for one in (of_leads, of_plans))
    both = union_all(*firsts).subquery()
    return select(both).order_by(both.c.id).limit(limit)


def events(tx: Transaction, caller: Caller, *, after: int, upto: int, limit: int) -> list[Row]:
    """Entries of the journal about leads and plans that the caller may see, in order; with the event's type and data
    if it is one for another service domain. Of test data there are none."""
    return fetch(tx, _events(rule_of(caller)), {**who(caller), "after": after, "upto": upto, "limit": limit})
