"""Business partners that become part of another, their master: what a merge locks, moves and leaves behind.

The row of one that was merged stays, with its keys, its name and its parts: whatever names it means the master.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import bindparam, delete, select, union, update

from leadbridge.store import tables
from leadbridge.store.database import Transaction
from leadbridge.store.inserts import Row
from leadbridge.store.membership import one_of
from leadbridge.store.statements import as_rows, fetch, insert_many, update_many

_partner = tables.business_partner
_lead = tables.lead
_contact = tables.lead_contact

_FAMILY = (
    select(_partner)
    .where(
        _partner.c.internal_id.in_(
            union(
                select(_partner.c.internal_id).where(one_of(_partner.c.internal_id, "internal_ids")),
                select(_partner.c.internal_id).where(one_of(_partner.c.merged_into_internal_id, "internal_ids")),
            )
        )
    )
    .order_by(_partner.c.internal_id)
)


def family(tx: Transaction, internal_ids: Collection[str]) -> list[Row]:
    """The head rows of these partners and of those merged into them before, by id."""
    return fetch(tx, _FAMILY, {"internal_ids": internal_ids})


_AFFECTED = (
    select(_lead.c.id)
    .where(
        _lead.c.id.in_(
            union(
                select(_lead.c.id).where(one_of(_lead.c.prospect_internal_id, "merged_ids")),
                select(_contact.c.lead_id).where(one_of(_contact.c.internal_id, "merged_ids")),
            )
        )
    )
    .order_by(_lead.c.id)
    .with_for_update()
)
_MOVE_PROSPECT = (
    update(_lead)
    .where(one_of(_lead.c.prospect_internal_id, "merged_ids"))
    .values(prospect_internal_id=bindparam("master_id"))
    .returning(_lead.c.id)
)
_CONTACTS = (
    select(_contact).where(one_of(_contact.c.lead_id, "lead_ids")).order_by(_contact.c.lead_id, _contact.c.position)
)
_DELETE_CONTACTS = delete(_contact).where(one_of(_contact.c.lead_id, "lead_ids"))
_TOUCH = (
    update(_lead)
    .where(one_of(_lead.c.id, "lead_ids"))
    .values(change_number=_lead.c.change_number + 1, changed_at=bindparam("now"))
)


def move_leads(
    tx: Transaction, master_id: str, merged_ids: Collection[str], *, now: datetime
) -> tuple[set[str], set[str]]:
    """Give the leads of the merged ones to the master; the ids of those whose prospect, and whose contacts, changed.

    The partners must be held (`businesspartners.hold`): no new lead can point to them then. The leads are locked in the
    order of their ids, as everybody does. A lead that has several of them as contacts keeps the first.
    """
    affected = [row["id"] for row in fetch(tx, _AFFECTED, {"merged_ids": merged_ids})]
    if not affected:
        return set(), set()
    moved = as_rows(tx.connection.execute(_MOVE_PROSPECT, {"merged_ids": merged_ids, "master_id": master_id}))
    with_contacts = _move_contacts(tx, master_id, merged_ids, affected)
    tx.connection.execute(_TOUCH, {"lead_ids": affected, "now": now})
    return {row["id"] for row in moved}, with_contacts


def _move_contacts(tx: Transaction, master_id: str, merged_ids: Collection[str], lead_ids: Collection[str]) -> set[str]:
    contacts: dict[str, list[Row]] = {}
    for row in fetch(tx, _CONTACTS, {"lead_ids": lead_ids}):
        contacts.setdefault(row["lead_id"], []).append(row)
    changed = {
        lead_id: rows for lead_id, rows in contacts.items() if any(row["internal_id"] in merged_ids for row in rows)
    }
    if changed:
        tx.connection.execute(_DELETE_CONTACTS, {"lead_ids": changed})
        insert_many(tx, (_contact, [row for rows in changed.values() for row in _united(rows, master_id, merged_ids)]))
    return set(changed)


def _united(contacts: Sequence[Row], master_id: str, merged_ids: Collection[str]) -> list[Row]:
    """One lead's contacts with the master in the place of the merged ones, the main one if any of them was."""
    united: dict[str, Row] = {}
    for row in contacts:
        internal_id = master_id if row["internal_id"] in merged_ids else row["internal_id"]
        kept = united.setdefault(internal_id, {**row, "internal_id": internal_id, "position": len(united)})
        kept["main_indicator"] = kept["main_indicator"] or row["main_indicator"]
    return list(united.values())


_MERGED_NOW = (
    update(_partner)
    .where(one_of(_partner.c.internal_id, "merged_ids"))
    .values(
        merged_into_internal_id=bindparam("master_id"),
        merged_at=bindparam("now"),
        merged_by=bindparam("by"),
        change_number=_partner.c.change_number + 1,
        changed_at=bindparam("now"),
    )
)
_MERGED_BEFORE = (
    update(_partner)
    .where(one_of(_partner.c.merged_into_internal_id, "merged_ids"))
    .values(merged_into_internal_id=bindparam("master_id"))
)


def merge(
    tx: Transaction,
    master: Row,
    merged_ids: Collection[str],
    *,
    identifications: Sequence[Row],
    addresses: Sequence[Row],
    communications: Sequence[Row],
    now: datetime,
    by: str,
) -> None:
    """Write the master's new columns (with its `internal_id`) and the parts it gets; the merged ones point to it then.

    So do those that pointed to them: one hop always suffices.
    """
    values = {"master_id": master["internal_id"], "merged_ids": merged_ids}
    tx.connection.execute(_MERGED_BEFORE, values)
    tx.connection.execute(_MERGED_NOW, {**values, "now": now, "by": by})
    update_many(tx, _partner, [master], key="internal_id")
    insert_many(
        tx,
        (tables.business_partner_identification, identifications),
        (tables.business_partner_address, addresses),
        (tables.business_partner_communication, communications),
    )


_MERGED = (
    select(
        _partner.c.internal_id,
        _partner.c.uuid,
        _partner.c.merged_into_internal_id,
        _partner.c.merged_at,
        _partner.c.merged_by,
    )
    .where(_partner.c.merged_into_internal_id.is_not(None))
    .order_by(_partner.c.internal_id)
)
_MERGED_INTO = _MERGED.where(one_of(_partner.c.merged_into_internal_id, "internal_ids"))


def merged_into(tx: Transaction, internal_ids: Collection[str]) -> dict[str, list[Row]]:
    """Those that have become part of each master, by its id: {internal_id, uuid, merged_into_internal_id, merged_at,
    merged_by}.
    """
    found: dict[str, list[Row]] = {}
    for row in fetch(tx, _MERGED_INTO, {"internal_ids": internal_ids}) if internal_ids else ():
        found.setdefault(row["merged_into_internal_id"], []).append(row)
    return found


def listed(tx: Transaction, *, after: str, limit: int) -> list[Row]:
    """Everyone that was merged, by id, beginning after one: rows as `merged_into` gives them."""
    return fetch(tx, _MERGED.where(_partner.c.internal_id > after).limit(limit))
