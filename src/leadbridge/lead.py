"""The rules of a lead: its life cycle, what of it the core CRM is told, its items' numbers, its change state.

Source: the contract's section "Code lists" (life cycle) and the design's section "The two flows".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from hashlib import blake2b
from itertools import count


class LifeCycleStatus(StrEnum):
    """LeadLifeCycleStatusCode: where a lead stands. ``meaning`` is the sentence people are shown."""

    OPEN = "1"
    IN_PROCESS = "2"
    QUALIFIED = "3"
    ACCEPTED = "4"
    DECLINED = "5"
    CLOSED_WON = "6"
    CLOSED_LOST = "7"

    @property
    def meaning(self) -> str:
        """One sentence that says what this status means for the people who work on the lead."""
        return _MEANINGS[self]


_MEANINGS: Mapping[LifeCycleStatus, str] = {
    LifeCycleStatus.OPEN: "The lead is recorded and nobody works on it yet.",
    LifeCycleStatus.IN_PROCESS: "Somebody is qualifying the lead.",
    LifeCycleStatus.QUALIFIED: "The lead is worth selling to and is handed to the core CRM.",
    LifeCycleStatus.ACCEPTED: "The core CRM has the lead; sales works on it there.",
    LifeCycleStatus.DECLINED: "The lead was turned down; it may be opened again.",
    LifeCycleStatus.CLOSED_WON: "The lead ended in a sale; nothing changes any more.",
    LifeCycleStatus.CLOSED_LOST: "The lead ended without a sale; nothing changes any more.",
}

TRANSITIONS: Mapping[LifeCycleStatus, frozenset[LifeCycleStatus]] = {
    LifeCycleStatus.OPEN: frozenset(
        {
            LifeCycleStatus.IN_PROCESS,
            LifeCycleStatus.QUALIFIED,
            LifeCycleStatus.DECLINED,
            LifeCycleStatus.CLOSED_LOST,
        }
    ),
    LifeCycleStatus.IN_PROCESS: frozenset(
        {
            LifeCycleStatus.OPEN,
            LifeCycleStatus.QUALIFIED,
            LifeCycleStatus.DECLINED,
            LifeCycleStatus.CLOSED_LOST,
        }
    ),
    LifeCycleStatus.QUALIFIED: frozenset(
        {
            LifeCycleStatus.IN_PROCESS,
            LifeCycleStatus.ACCEPTED,
            LifeCycleStatus.DECLINED,
            LifeCycleStatus.CLOSED_LOST,
        }
    ),
    LifeCycleStatus.ACCEPTED: frozenset({LifeCycleStatus.CLOSED_WON, LifeCycleStatus.CLOSED_LOST}),
    LifeCycleStatus.DECLINED: frozenset({LifeCycleStatus.OPEN}),
    LifeCycleStatus.CLOSED_WON: frozenset(),
    LifeCycleStatus.CLOSED_LOST: frozenset(),
}

FINAL = frozenset(status for status, following in TRANSITIONS.items() if not following)

INITIAL = frozenset({LifeCycleStatus.OPEN, LifeCycleStatus.IN_PROCESS, LifeCycleStatus.QUALIFIED})


DELETABLE = frozenset({LifeCycleStatus.OPEN, LifeCycleStatus.IN_PROCESS, LifeCycleStatus.DECLINED})


class ForwardingEvent(StrEnum):
    """What the core CRM is told about a lead."""

    CREATE = "create"  # the lead is qualified: it is handed over
    WON = "won"  # a lead the core CRM has accepted is closed won here
    LOST = "lost"  # a lead the core CRM has accepted is closed lost here


def may_move(old: LifeCycleStatus, new: LifeCycleStatus) -> bool:
    """Whether the life cycle leads from old to new. Staying is no move: a status sent again is no change."""
    return new in TRANSITIONS[old]


def caller_may_move(old: LifeCycleStatus, new: LifeCycleStatus) -> bool:
    """Whether a caller's message may make this move: any but to 4, which only the core CRM's answer sets."""
    return new is not LifeCycleStatus.ACCEPTED and may_move(old, new)


def may_start(status: LifeCycleStatus) -> bool:
    """Whether a lead may be created in this status."""
    return status in INITIAL


def may_delete(status: LifeCycleStatus, *, forwarded: bool) -> bool:
    """Whether a lead may be deleted: one that ended, or that the core CRM was ever to hear of, stays on record."""
    return status in DELETABLE and not forwarded


def forwarding_event(
    old: LifeCycleStatus | None, new: LifeCycleStatus, *, in_core: bool = False
) -> ForwardingEvent | None:
    """What the core CRM must be told when a lead moves from old (None: is created) to new; None for nothing.

    Reaching 3 qualified is what forwards a lead, however it got there. 6 and 7 concern the core CRM after 4:
    before that it has never heard of the lead, unless it was handed over while somebody withdrew it
    (``in_core``: the lead has a core ID). A qualification level never forwards anything by itself.
    """
    match old, new:
        case LifeCycleStatus.QUALIFIED, LifeCycleStatus.QUALIFIED:
            return None
        case _, LifeCycleStatus.QUALIFIED:
            return ForwardingEvent.CREATE
        case LifeCycleStatus.ACCEPTED, LifeCycleStatus.CLOSED_WON:
            return ForwardingEvent.WON
        case LifeCycleStatus.ACCEPTED, LifeCycleStatus.CLOSED_LOST:
            return ForwardingEvent.LOST
    if in_core and new is LifeCycleStatus.CLOSED_LOST and old is not new:
        return ForwardingEvent.LOST
    return None


def awaits_partner_decision(status: LifeCycleStatus, *, party_id: str | None, decision: str | None) -> bool:
    """Whether the external partner a lead is given to has still to accept or decline it: it has not said so, and
    nobody has brought the lead any further meanwhile."""
    return party_id is not None and decision is None and status in (LifeCycleStatus.OPEN, LifeCycleStatus.IN_PROCESS)


class StatusChangeType(StrEnum):
    """StatusChangeTypeCode: what became of a lead, in the word that the status feed has for it."""

    ACCEPTED = "ACCEPTED"  # the core CRM has taken it
    DECLINED = "DECLINED"  # it was turned down
    WON = "WON"  # it ended in a sale
    LOST = "LOST"  # it ended without one
    REASSIGNED = "REASSIGNED"  # it was given to an external partner, or came back


_BECAME: Mapping[LifeCycleStatus, StatusChangeType] = {
    LifeCycleStatus.ACCEPTED: StatusChangeType.ACCEPTED,
    LifeCycleStatus.DECLINED: StatusChangeType.DECLINED,
    LifeCycleStatus.CLOSED_WON: StatusChangeType.WON,
    LifeCycleStatus.CLOSED_LOST: StatusChangeType.LOST,
}


def status_changes(
    old: LifeCycleStatus | None, new: LifeCycleStatus, *, old_party_id: str | None, new_party_id: str | None
) -> list[StatusChangeType]:
    """What the status feed tells of a lead that moved from old (None: was created) to new and from one
    SalesPartnerParty to another, in this order."""
    moved = [_BECAME[new]] if new is not old and new in _BECAME else []
    return [*moved, *([StatusChangeType.REASSIGNED] if new_party_id != old_party_id else [])]


_ITEM_ID_LENGTH = 10
_ITEM_ID_STEP = 10


def next_item_id(existing: Iterable[str]) -> str:
    """The ID of an item that came without one: the next multiple of ten after the largest number in use.

    Steps of ten leave room to put an item between two others. IDs that are no numbers are the caller's own
    and do not count. Where the largest number leaves no room within ten digits, the first free multiple of
    ten is taken.
    """
    taken = {int(text) for text in existing if text.isascii() and text.isdigit()}
    following = (max(taken, default=0) // _ITEM_ID_STEP + 1) * _ITEM_ID_STEP
    if len(str(following)) > _ITEM_ID_LENGTH:
        following = next(number for number in count(_ITEM_ID_STEP, _ITEM_ID_STEP) if number not in taken)
    return str(following)


def change_state_id(uuid: str, change_number: int) -> str:
    """The ChangeStateID of a lead or business partner after its change_number-th change: 32 hex digits.

    Opaque on purpose: a caller can only give it back, not read an order or a time from it, and a tool cannot
    take it for a timestamp and round it. It guards against lost updates, it is no secret. Upper and lower
    case UUIDs are one.
    """
    return blake2b(f"{uuid.lower()}/{change_number}".encode(), digest_size=16).hexdigest()
