"""Leads with their parts: insert, resolve, read, change, find. What a caller may not see, it does not get."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Delete,
    ForeignKey,
    Integer,
    Select,
    Table,
    and_,
    bindparam,
    delete,
    func,
    select,
    union,
)

from leadbridge.caller import Caller, Visibility
from leadbridge.lead import LifeCycleStatus
from leadbridge.selection import Interval
from leadbridge.store import finding, tables
from leadbridge.store.columntypes import DayOf, UtcDateTime
from leadbridge.store.database import Transaction
from leadbridge.store.finding import Block, Search, Streams, Way
from leadbridge.store.inserts import Row
from leadbridge.store.membership import one_of, tuple_one_of
from leadbridge.store.statements import (
    fetch,
    fold,
    folded,
    insert_many,
    selected,
    selected_among,
    update_many,
)
from leadbridge.store.visibility import may_read_partner, may_see_lead, rule_of, visible, who

__all__ = [
    "LeadParts",
    "document_bytes",
    "external_keys_taken",
    "find",
    "insert",
    "of_records",
    "overdue",
    "parts",
    "remove",
    "replace_answers",
    "replace_contacts",
    "replace_documents",
    "replace_items",
    "replace_notes",
    "resolve",
    "search",
    "update",
    "visible",
]

_lead = tables.lead
_communication = tables.business_partner_communication


# ---------------------------------------------------------------------------------------------------- writing


def insert(
    tx: Transaction,
    *,
    leads: Sequence[Row],
    items: Sequence[Row] = (),
    contacts: Sequence[Row] = (),
    answers: Sequence[Row] = (),
    notes: Sequence[Row] = (),
    documents: Sequence[Row] = (),
) -> None:
    """Write new leads and their parts; the rows of any number of leads go together."""
    insert_many(
        tx,
        (_lead, [{**row, "name_folded": fold(row["name"])} for row in leads]),
        (tables.lead_item, items),
        (tables.lead_contact, contacts),
        (tables.lead_questionnaire_answer, answers),
        (tables.lead_note, notes),
        (tables.lead_document, documents),
    )


def update(tx: Transaction, rows: Sequence[Row]) -> None:
    """Change leads: each row has the `id` and the columns that get a new value, which may differ per row."""
    update_many(
        tx,
        _lead,
        [{**row, "name_folded": fold(row["name"])} if "name" in row else row for row in rows],
        key="id",
    )


def replace_items(tx: Transaction, lead_ids: Collection[str], rows: Sequence[Row]) -> None:
    """Put these items in the place of the ones the leads have."""
    _replace(tx, tables.lead_item, lead_ids, rows)


def replace_notes(tx: Transaction, lead_ids: Collection[str], rows: Sequence[Row]) -> None:
    """Put these notes in the place of the ones the leads have."""
    _replace(tx, tables.lead_note, lead_ids, rows)


def replace_contacts(tx: Transaction, lead_ids: Collection[str], rows: Sequence[Row]) -> None:
    """Put these contacts in the place of the ones the leads have."""
    _replace(tx, tables.lead_contact, lead_ids, rows)


def replace_answers(tx: Transaction, lead_ids: Collection[str], rows: Sequence[Row]) -> None:
    """Put these questionnaire answers in the place of the ones the leads have."""
    _replace(tx, tables.lead_questionnaire_answer, lead_ids, rows)


def replace_documents(tx: Transaction, lead_ids: Collection[str], rows: Sequence[Row]) -> None:
    """Put these documents in the place of the ones the leads have."""
    _replace(tx, tables.lead_document, lead_ids, rows)


def _replace(tx: Transaction, table: Table, lead_ids: Collection[str], rows: Sequence[Row]) -> None:
    if lead_ids:
        tx.connection.execute(_of_leads(table), {"lead_ids": lead_ids})
        insert_many(tx, (table, rows))


@cache
def _of_leads(table: Table) -> Delete:
    return delete(table).where(one_of(table.c.lead_id, "lead_ids"))


def remove(tx: Transaction, lead_ids: Collection[str]) -> None:
    """Delete leads with all that belongs to them; the journal keeps what happened."""
    for statement in _removals() if lead_ids else ():
        tx.connection.execute(statement, {"lead_ids": lead_ids})


@cache
def _removals() -> tuple[Delete, ...]:
    """What deletes leads and everything that refers to them: the parts first."""
    parts = [(key.parent.table, key.parent) for key in _references_to(_lead)]
    parts.append((tables.bian_event, tables.bian_event.c.lead_id))  # what it says names people
    return tuple(delete(table).where(one_of(column, "lead_ids")) for table, column in [*parts, (_lead, _lead.c.id)])


def _references_to(table: Table) -> list[ForeignKey]:
    return [key for other in tables.metadata.sorted_tables for key in other.foreign_keys if key.column.table is table]


# -------------------------------------------------------------------------------------------------- resolving

_KEY = (_lead.c.created_by, _lead.c.communication_system_id, _lead.c.remote_object_id)
_KEYS_TAKEN = select(*_KEY).where(tuple_one_of(_KEY, "keys"))


def external_keys_taken(tx: Transaction, keys: Collection[tuple[str, str, str]]) -> Sequence[Row]:
    """Those of the keys (created_by, communication system, remote object) under which a lead is stored.

    The rows {created_by, communication_system_id, remote_object_id} are fetched when they are looked at.
    """
    return tx.ask(_KEYS_TAKEN, {"keys": keys}) if keys else ()


def resolve(
    tx: Transaction,
    caller: Caller,
    *,
    ids: Collection[str] = (),
    uuids: Collection[str] = (),
    external_keys: Collection[tuple[str, str]] = (),
    lock: bool = False,
) -> list[Row]:
    """The head rows of the leads meant by identifiers of any kind, as far as the caller may see them, by id.

    An external key is (communication system, remote object). Keys belong to whoever created the lead: a
    caller that does not see everything finds its own leads by them, one that does finds anybody's, possibly
    several. `lock` keeps other writers off these leads until the transaction ends.
    """
    kinds = tuple(kind for kind, values in (("ids", ids), ("uuids", uuids), ("external_keys", external_keys)) if values)
    if not kinds:
        return []
    parameters = {"ids": ids, "uuids": uuids, "external_keys": external_keys}
    return fetch(
        tx,
        _resolve(rule_of(caller), kinds, lock),
        {**who(caller), **{kind: parameters[kind] for kind in kinds}},
    )


@cache
def _resolve(rule: Visibility, kinds: tuple[str, ...], lock: bool) -> Select[Any]:
    meant = [_meant(rule, kind) for kind in kinds]
    if len(meant) == 1:
        condition = meant[0]
    else:
        # A union and not an OR: each part uses its own index, whatever a planner makes of subqueries in OR.
        condition = _lead.c.id.in_(union(*(select(_lead.c.id).where(each) for each in meant)))
    statement = select(_lead).where(condition, may_see_lead(rule)).order_by(_lead.c.id)
    return statement.with_for_update() if lock else statement


def of_records(tx: Transaction, record_ids: Collection[str]) -> list[Row]:
    """The head rows, locked, of leads in 4 accepted whose record in the core CRM is one of these, by id."""
    found = fetch(tx, _OF_RECORDS, {"record_ids": record_ids})
    return [row for row in found if row["life_cycle_status_code"] == LifeCycleStatus.ACCEPTED]


# Without the status, whose index PostgreSQL would walk through before it knows how many leads are accepted.
_OF_RECORDS = (
    select(_lead)
    .where(one_of(func.coalesce(_lead.c.core_opportunity_id, _lead.c.core_lead_id), "record_ids"))
    .order_by(_lead.c.id)
    .with_for_update()
)


def _meant(rule: Visibility, kind: str) -> ColumnElement[bool]:
    if kind == "ids":
        return one_of(_lead.c.id, "ids")
    if kind == "uuids":
        return one_of(_lead.c.uuid, "uuids")
    key = tuple_one_of((_lead.c.communication_system_id, _lead.c.remote_object_id), "external_keys")
    return key if rule is Visibility.ALL else and_(key, _lead.c.created_by == bindparam("caller_id"))


_OVERDUE = (
    select(_lead)
    .where(_lead.c.partner_decision_due_at <= bindparam("now", type_=UtcDateTime()))
    .order_by(_lead.c.partner_decision_due_at)
    .limit(bindparam("limit", type_=Integer()))
    .with_for_update(skip_locked=True)
)


def overdue(tx: Transaction, *, now: datetime, limit: int) -> list[Row]:
    """Leads whose partner should have accepted or declined them by now, locked, the longest overdue first.

    Those that somebody is changing at this moment are left out.
    """
    return fetch(tx, _OVERDUE, {"now": now, "limit": limit})


# ------------------------------------------------------------------------------------------------------ parts


@dataclass(slots=True)
class LeadParts:
    """The parts of one lead, each list in the order sent; history is oldest first. Not asked for: empty."""

    items: list[Row] = field(default_factory=list)
    notes: list[Row] = field(default_factory=list)
    history: list[Row] = field(default_factory=list)
    documents: list[Row] = field(default_factory=list)
    contacts: list[Row] = field(default_factory=list)
    answers: list[Row] = field(default_factory=list)


def _by_lead(table: Table) -> Select[Any]:
    return select(table).where(one_of(table.c.lead_id, "lead_ids")).order_by(table.c.lead_id, table.c.position)


_PARTS: Mapping[str, Select[Any]] = {
    "items": _by_lead(tables.lead_item),
    "notes": _by_lead(tables.lead_note),
    "history": select(tables.journal, tables.journal.c.object_id.label("lead_id"))
    .where(
        tables.journal.c.object_type == "lead",
        one_of(tables.journal.c.object_id, "lead_ids"),
        tables.journal.c.new_status.is_not(None),
    )
    .order_by(tables.journal.c.id),
    "documents": _by_lead(tables.lead_document),
    "contacts": _by_lead(tables.lead_contact),
    "answers": _by_lead(tables.lead_questionnaire_answer),
}


_DOCUMENT_BYTES = select(func.coalesce(func.sum(func.length(tables.lead_document.c.content)), 0).label("bytes")).where(
    one_of(tables.lead_document.c.lead_id, "lead_ids")
)


def document_bytes(tx: Transaction, lead_ids: Collection[str]) -> int:
    """How many bytes the documents of these leads have together; none of them is read."""
    (row,) = fetch(tx, _DOCUMENT_BYTES, {"lead_ids": lead_ids})
    return int(row["bytes"])


def parts(
    tx: Transaction,
    lead_ids: Collection[str],
    *,
    items: bool = False,
    notes: bool = False,
    history: bool = False,
    documents: bool = False,
    contacts: bool = False,
    answers: bool = False,
) -> dict[str, LeadParts]:
    """The parts asked for, one statement per kind for all leads; history is the journal's changes of status.

    The leads must have been resolved for the caller: nothing is checked here again.
    """
    result = {lead_id: LeadParts() for lead_id in lead_ids}
    wanted = {
        "items": items,
        "notes": notes,
        "history": history,
        "documents": documents,
        "contacts": contacts,
        "answers": answers,
    }
    for kind in (kind for kind, asked in wanted.items() if asked and result):
        for row in fetch(tx, _PARTS[kind], {"lead_ids": result}):
            getattr(result[row["lead_id"]], kind).append(row)
    return result


# ------------------------------------------------------------------------------------------------------- find

# Columns that have few different values among all leads, and an index for each with the id behind it.
_FEW_VALUES: Mapping[str, ColumnElement[Any]] = {
    "life_cycle_status_code": _lead.c.life_cycle_status_code,
    "qualification_level_code": _lead.c.qualification_level_code,
    "origin_type_code": _lead.c.origin_type_code,
    "priority_code": _lead.c.priority_code,
    "campaign_id": _lead.c.campaign_id,
    "sales_responsible_party_id": _lead.c.sales_responsible_party_id,
    "sales_partner_party_id": _lead.c.sales_partner_party_id,
    "start_date": _lead.c.start_date,
}
_MANY_VALUES: Mapping[str, ColumnElement[Any]] = {
    "id": _lead.c.id,
    "name": _lead.c.name_folded,
    "prospect_party_id": _lead.c.prospect_internal_id,
    "last_change_date_time": _lead.c.changed_at,
}
_COMMUNICATION_KINDS = {"email_uri": ("email",), "phone_number": ("phone", "mobile")}


def find(
    tx: Transaction,
    caller: Caller,
    selections: Mapping[str, Sequence[Interval]],
    *,
    limit: int | None,
    after: str | None,
) -> tuple[list[Row], bool]:
    """The visible leads that every block of intervals lets through, by id, and whether there are more.

    Keys of `selections` are the contract's words in snake_case; KeyError for any other. `name` ignores case.
    `email_uri` and `phone_number` look at the prospect's communications in their normalised form, the
    boundaries must be normalised too. They look only at prospects the caller may read: else a caller could
    feel its way to the address of a partner that its lead was merely linked to.
    `after` is the id the page before ended with, not a count of rows: leads that are added meanwhile neither
    push a row onto the next page nor pull one off it.
    """
    return finding.page(tx, search(tx, caller, selections), limit=limit, after=after)


def search(tx: Transaction, caller: Caller, selections: Mapping[str, Sequence[Interval]]) -> Search:
    """What `find` looks for, and the ways to it."""
    rule = rule_of(caller)
    blocks = [Block(may_see_lead(rule), _ways_to_visible(rule, caller))]
    blocks += [_block(tx, rule, key, block) for key, block in selections.items()]
    return Search(_lead, _lead.c.id, who(caller), blocks)


def _ways_to_visible(rule: Visibility, caller: Caller) -> list[Way]:
    match rule:
        case Visibility.ALL:
            return []
        case Visibility.OWN:
            return [Streams([(_lead.c.created_by, [caller.id])])]
        case Visibility.GIVEN:
            given = (_lead.c.sales_partner_party_id, [caller.party_id])
            return [Streams([(_lead.c.created_by, [caller.id]), given])]


def _block(tx: Transaction, rule: Visibility, key: str, block: Sequence[Interval]) -> Block:
    if key in _COMMUNICATION_KINDS:
        return _reached(tx, rule, _COMMUNICATION_KINDS[key], block)
    if key in _FEW_VALUES:
        column = _FEW_VALUES[key]
        return Block(selected([column], block), finding.by_value(tx, column, block, ids=_lead.c.id))
    column = _MANY_VALUES[key]
    if key == "name":
        block = folded(block)
    if key == "last_change_date_time":
        return Block(selected([column], block), finding.by_day(tx, DayOf(column), block))
    share = _PROSPECTS if key == "prospect_party_id" else 1
    return Block(
        selected([column], block),
        finding.by_interval(tx, [column], block, ids=_lead.c.id, share=share, reversible=key == "name"),
        sought=finding.by_search([column], block, keys=select(_lead.c.id), way=_SOUGHT) if key == "name" else None,
    )


# How many times as much is collected of prospects' leads, because one index has them all, and of communications,
# because the leads of each are looked up.
_PROSPECTS, _COMMUNICATIONS = 7.5, 0.15
_SOUGHT = select(_lead.c.id).where(one_of(_lead.c.id, finding.SOUGHT))


def _reached(tx: Transaction, rule: Visibility, kinds: Sequence[str], block: Sequence[Interval]) -> Block:
    """A block over the communications of the prospect."""
    partner, prospect, values = tables.business_partner, _lead.c.prospect_internal_id, _communication.c.normalised
    reached = select(_communication.c.internal_id).where(_communication.c.kind.in_(kinds))
    readable = reached.select_from(_communication.join(partner)).where(may_read_partner(rule))
    seen = select(_lead.c.id).join(_communication, _communication.c.internal_id == prospect).where(may_see_lead(rule))
    listed = finding.by_list(tx, prospect, reached, values, block)
    if listed is not None and rule is not Visibility.ALL:
        # OFFSET 0 as in `selected_among`.
        own = select(1).where(partner.c.internal_id == prospect, may_read_partner(rule)).correlate(_lead)
        listed = and_(listed, own.offset(0).exists())
    return Block(
        selected_among(prospect, values, readable, block),
        finding.by_interval(
            tx,
            [values],
            block,
            ids=seen.where(_communication.c.kind.in_(kinds)),
            share=_COMMUNICATIONS,
            counted=reached,
            reversible=True,
        ),
        listed,
        finding.by_search(
            [values],
            block,
            keys=reached,
            way=select(_lead.c.id).where(one_of(prospect, finding.SOUGHT), may_see_lead(rule)),
        ),
    )
