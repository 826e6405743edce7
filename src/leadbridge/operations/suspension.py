"""Suspended leads: neither forwarded to the core CRM nor offered to a partner until they are resumed.

Their messages to the core CRM are held in the outbox, and no partner gets or decides them (`partner_loop`). Source:
BIAN's Control of a lead, which `leadbridge.bian` offers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from leadbridge.lead import FINAL, LifeCycleStatus
from leadbridge.store import outbox
from leadbridge.store.database import Transaction

if TYPE_CHECKING:
    from leadbridge.operations.change_batch import Change


def end(tx: Transaction, changes: Sequence[Change]) -> None:
    """Suspend leads no longer that are closed by these changes: the core CRM hears of it, where it knows of them."""
    ended = [
        change
        for change in changes
        if change.head["suspended_at"] and LifeCycleStatus(change.value("life_cycle_status_code")) in FINAL
    ]
    for change in ended:
        change.set(suspended_at=None)
    if ended:
        outbox.release(tx, [change.head["id"] for change in ended], ended[0].call.received_at)
