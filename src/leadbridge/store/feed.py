"""The status feed: what became of leads, told to each caller that it concerns, once and for good.

Whoever changes a lead's status or its SalesPartnerParty calls `tell` in the same transaction. It writes a row for each
caller that is told, without a position; the caller's next reading gives positions to the rows it sees, in the order of
their ids, while it has the feed to itself (`lock_key`).

Why no row is lost, and those of one lead come in order: positions are given in ascending order to what is visible at
that moment, so a row that is committed late gets a later position and never one behind what was acknowledged already.
Of one lead, each row is inserted while the transaction holds the lead's row lock, or is the one that creates it, and
the id is drawn at the insert. The next change of the lead locks it only after that transaction has ended, so it draws
a larger id, and whoever sees its row sees the earlier one too: either both are numbered together, by their ids, or the
earlier one was numbered before. SQLite has one writer at a time, and nothing to prove.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Integer, Select, and_, bindparam, delete, func, select

from leadbridge.caller import Caller, Visibility
from leadbridge.lead import LifeCycleStatus, StatusChangeType, status_changes
from leadbridge.store import tables
from leadbridge.store.columntypes import UtcDateTime, text_type
from leadbridge.store.database import Asked, Transaction
from leadbridge.store.inserts import Row
from leadbridge.store.membership import one_of
from leadbridge.store.statements import insert_many, update_many
from leadbridge.store.visibility import may_see_lead, rule_of, who

_change = tables.lead_status_change
_feed = tables.lead_feed
_caller = tables.caller
_lead = tables.lead

_READER: ColumnElement[str] = bindparam("reader_id", type_=text_type())
_LIMIT = bindparam("limit", type_=Integer())


# ---------------------------------------------------------------------------------------------------- telling


@dataclass(frozen=True, slots=True)
class HeadChange:
    """A lead's head row before and after a change; before its creation there is none.

    `reason_code` is the reason given with this change, and not the one that the lead has kept from an earlier one.
    """

    old: Row | None
    new: Row
    reason_code: str | None = None

    @property
    def old_party_id(self) -> str | None:
        """Who had the lead before."""
        return self.old["sales_partner_party_id"] if self.old else None

    @property
    def new_party_id(self) -> str | None:
        """Who has it now."""
        party_id: str | None = self.new["sales_partner_party_id"]
        return party_id

    @property
    def old_status(self) -> LifeCycleStatus | None:
        """Where the lead stood before."""
        return LifeCycleStatus(self.old["life_cycle_status_code"]) if self.old else None

    @property
    def new_status(self) -> LifeCycleStatus:
        """Where it stands now."""
        return LifeCycleStatus(self.new["life_cycle_status_code"])

    def types(self) -> list[StatusChangeType]:
        """What is told of this change, if anything."""
        return status_changes(
            self.old_status, self.new_status, old_party_id=self.old_party_id, new_party_id=self.new_party_id
        )


def tell(tx: Transaction, changes: Iterable[HeadChange]) -> None:
    """Write into the feeds what callers are told of these changes; several of one lead in the order they were made.

    Told are the lead's creator and every enabled caller of the SalesPartnerParty before or after, each once, whoever
    of them made the change; a creator is not told that it created the lead. A caller that sees its own leads alone
    (`own`) is told of no others. The leads must be locked, or new. Without a change to tell it costs nothing.
    """
    told = [(change, types) for change in changes if (types := change.types())]
    if not told:
        return
    members = _members(tx, {party for one, _ in told for party in (one.old_party_id, one.new_party_id) if party})
    rows = [
        _row(change, kind, caller_id, knows_party=knows_party)
        for change, types in told
        for kind in types
        for caller_id, knows_party in _audience(change, members).items()
    ]
    insert_many(tx, (_change, rows))


_MEMBERS = (
    select(_caller.c.id, _caller.c.party_id, _caller.c.visibility)
    .where(
        one_of(_caller.c.party_id, "party_ids"),
        _caller.c.disabled_at.is_(None),
        _caller.c.visibility != Visibility.OWN.value,
    )
    .order_by(_caller.c.id)
)


def _members(tx: Transaction, party_ids: Collection[str]) -> dict[str, list[Row]]:
    """The callers that are told what concerns each party."""
    members: dict[str, list[Row]] = {party_id: [] for party_id in party_ids}
    for row in tx.ask(_MEMBERS, {"party_ids": sorted(party_ids)}) if party_ids else ():
        members[row["party_id"]].append(row)
    return members


def _audience(change: HeadChange, members: dict[str, list[Row]]) -> dict[str, bool]:
    """Who is told, and whether it may know who has the lead now: whoever lost sight of the lead may not."""
    audience: dict[str, bool] = {}
    if change.old_party_id is not None:
        audience |= {row["id"]: row["visibility"] == Visibility.ALL for row in members[change.old_party_id]}
    if change.new_party_id is not None:
        audience |= {row["id"]: True for row in members[change.new_party_id]}
    if change.old is not None:
        audience[change.new["created_by"]] = True
    return audience


def _row(change: HeadChange, kind: StatusChangeType, caller_id: str, *, knows_party: bool) -> Row:
    new = change.new
    return {
        "caller_id": caller_id,
        "lead_id": new["id"],
        "lead_uuid": new["uuid"],
        "status_change_type_code": kind.value,
        "old_status": change.old_status.value if change.old_status not in (None, change.new_status) else None,
        "new_status": change.new_status.value,
        "reason_code": change.reason_code,
        "partner_decision_code": new["partner_decision_code"],
        "sales_partner_party_id": change.new_party_id if knows_party else None,
        "core_lead_id": new["core_lead_id"],
        "core_opportunity_id": new["core_opportunity_id"],
        "changed_at": new["changed_at"],
    }


# ---------------------------------------------------------------------------------------------------- reading


@dataclass(slots=True)
class Feed:
    """How far a caller's feed is numbered, and acknowledged; `stored` when it has a row already."""

    caller_id: str
    last_position: int = 0
    acknowledged_position: int = 0
    stored: bool = False

    def number(self, rows: Iterable[Row]) -> None:
        """Give the next positions to rows."""
        for row in rows:
            self.last_position += 1
            row["position"] = self.last_position


def lock_key(caller_id: str) -> str:
    """What a transaction locks (`Transaction.lock`) to have a caller's feed to itself."""
    return f"feed/{caller_id}"


_FEEDS = select(_feed).where(one_of(_feed.c.caller_id, "caller_ids"))


def feeds(tx: Transaction, caller_ids: Collection[str]) -> dict[str, Feed]:
    """The feeds of some callers, which must be locked."""
    found = {caller_id: Feed(caller_id) for caller_id in caller_ids}
    for row in tx.ask(_FEEDS, {"caller_ids": sorted(found)}) if found else ():
        found[row["caller_id"]] = Feed(**row, stored=True)
    return found


def keep(tx: Transaction, changed: Iterable[Feed]) -> None:
    """Write feeds back."""
    rows = {True: list[Row](), False: list[Row]()}
    for feed in changed:
        rows[feed.stored].append(
            {
                "caller_id": feed.caller_id,
                "last_position": feed.last_position,
                "acknowledged_position": feed.acknowledged_position,
            }
        )
        feed.stored = True
    update_many(tx, _feed, rows[True], key="caller_id")
    insert_many(tx, (_feed, rows[False]))


def numbered(tx: Transaction, caller: Caller, *, after: int, limit: int) -> Asked:
    """What follows a position of the caller's feed, in its order; fetched when it is looked at.

    `sender_technical_id`, `communication_system_id` and `remote_object_id` are the lead's, where it still exists for
    the caller.
    """
    return tx.ask(_numbered(rule_of(caller)), {**_of(caller), "after": after, "limit": limit})


def unnumbered(tx: Transaction, caller: Caller, *, limit: int) -> Asked:
    """What the caller is told and has never read, in the order it gets positions in. Rows as of `numbered`."""
    return tx.ask(_unnumbered(rule_of(caller)), {**_of(caller), "limit": limit})


def write_positions(tx: Transaction, rows: Iterable[Row]) -> None:
    """Write the positions that rows got (`Feed.number`); their feeds are written by `keep`."""
    update_many(tx, _change, [{"id": row["id"], "position": row["position"]} for row in rows], key="id")


def count(tx: Transaction, caller_id: str, *, after: int, upto: int) -> int:
    """How many changes of a feed have positions beyond `after`, up to and with `upto`."""
    found: int = tx.connection.execute(_COUNT, {"reader_id": caller_id, "after": after, "upto": upto}).scalar_one()
    return found


def _of(caller: Caller) -> dict[str, Any]:
    return {**who(caller), "reader_id": caller.id}


def _told(rule: Visibility) -> Select[Any]:
    """Changes with what the lead's sender calls it, for whom the lead exists."""
    seen = and_(_lead.c.id == _change.c.lead_id, may_see_lead(rule))
    return (
        select(_change, _lead.c.sender_technical_id, _lead.c.communication_system_id, _lead.c.remote_object_id)
        .select_from(_change.outerjoin(_lead, seen))
        .where(_change.c.caller_id == _READER)
        .limit(_LIMIT)
    )


@cache
def _numbered(rule: Visibility) -> Select[Any]:
    after = bindparam("after", type_=BigInteger())
    return _told(rule).where(_change.c.position > after).order_by(_change.c.position)


@cache
def _unnumbered(rule: Visibility) -> Select[Any]:
    return _told(rule).where(_change.c.position.is_(None)).order_by(_change.c.id)


_COUNT = (
    select(func.count())
    .select_from(_change)
    .where(
        _change.c.caller_id == _READER,
        _change.c.position > bindparam("after", type_=BigInteger()),
        _change.c.position <= bindparam("upto", type_=BigInteger()),
    )
)


# --------------------------------------------------------------------------------------------------- tidying

_ACKNOWLEDGED = (
    select(_change.c.id)
    .select_from(_feed.join(_change, _change.c.caller_id == _feed.c.caller_id))
    .where(_change.c.position <= _feed.c.acknowledged_position)
    .limit(_LIMIT)
)
_BEFORE = bindparam("before", type_=UtcDateTime())
_OLDEST = select(_change.c.id, _change.c.changed_at).order_by(_change.c.id).limit(_LIMIT).subquery()
_FORGET = (
    delete(_change).where(_change.c.id.in_(_ACKNOWLEDGED)),
    # Ids grow with time: what is too old stands at the beginning.
    delete(_change).where(_change.c.id.in_(select(_OLDEST.c.id).where(_OLDEST.c.changed_at < _BEFORE))),
)


def forget(tx: Transaction, *, before: datetime, limit: int) -> int:
    """Delete what was acknowledged, which the journal knows as well, and what was told before a moment and never
    acknowledged; up to `limit` rows of each kind. How many rows that were.
    """
    given = {"limit": limit, "before": before}
    return sum(tx.connection.execute(one, given).rowcount for one in _FORGET)
