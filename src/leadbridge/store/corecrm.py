"""What the core CRM makes of leads: their rows, the journal's entries and the partners' feed, which go together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from leadbridge.caller import CORE_CRM
from leadbridge.lead import FINAL, LifeCycleStatus
from leadbridge.store import feed, journal, leads
from leadbridge.store.database import Transaction
from leadbridge.store.feed import HeadChange
from leadbridge.store.inserts import Row

_ELEMENTS: Mapping[str, str] = {
    "core_lead_id": "CoreLeadID",
    "core_opportunity_id": "CoreOpportunityID",
    "life_cycle_status_code": "LifeCycleStatusCode",
    "reason_code": "ReasonCode",
}


@dataclass(slots=True)
class CoreCrmChanges:
    """Changes of leads that are locked, collected until they are written."""

    _rows: dict[str, Row] = field(default_factory=dict)
    _entries: list[Row] = field(default_factory=list)
    _told: list[HeadChange] = field(default_factory=list)

    def change(
        self,
        lead: Row,
        columns: Mapping[str, Any],
        *,
        now: datetime,
        event: str,
        operation: str,
        correlation_id: str,
        reason: str | None = None,
    ) -> None:
        """Give a lead's head row new values, if they are new; what comes after builds on them.

        `columns` are among those of `CoreLeadID`, `CoreOpportunityID`, `LifeCycleStatusCode` and `ReasonCode`; `reason`
        is what the partner is told.
        """
        changes = {name: value for name, value in columns.items() if lead[name] != value}
        if not changes:
            return
        before = dict(lead)
        old: str = lead["life_cycle_status_code"]
        new: str = changes.get("life_cycle_status_code") or old
        moved = new != old
        kept = {"change_number": lead["change_number"] + 1, "changed_at": now}
        if moved and LifeCycleStatus(new) in FINAL:
            kept["suspended_at"] = None
        lead.update(changes, **kept)
        self._rows.setdefault(lead["id"], {"id": lead["id"]}).update(changes, **kept)
        self._told.append(HeadChange(before, dict(lead), reason_code=reason))
        self._entries.append(
            {
                "recorded_at": now,
                "caller_id": CORE_CRM.id,
                "operation": operation,
                "correlation_id": correlation_id,
                "object_type": "lead",
                "object_id": lead["id"],
                "event": event,
                "old_status": old if moved else None,
                "new_status": new if moved else None,
                "reason_code": changes.get("reason_code"),
                "changed_elements": " ".join(sorted(_ELEMENTS[name] for name in changes)),
            }
        )

    def write(self, tx: Transaction) -> None:
        """Write everything."""
        leads.update(tx, list(self._rows.values()))
        journal.append(tx, self._entries)
        feed.tell(tx, self._told)
