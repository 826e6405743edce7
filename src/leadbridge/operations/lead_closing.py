"""What becomes of a lead when the core CRM that is built in closes its record: the same, in the same transaction.

The lead knows the record by CoreOpportunityID or, before there is an opportunity, CoreLeadID. One that does not know it
yet, because the relay has still to settle what the core CRM answered, follows when that is settled. Where another core
CRM is in use, its records are not here, and nothing follows from those that are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from leadbridge.caller import CORE_CRM
from leadbridge.crm.following import lead_columns
from leadbridge.lead import LifeCycleStatus
from leadbridge.operations.call import Call
from leadbridge.store import feed, journal, leads
from leadbridge.store.database import Transaction
from leadbridge.store.feed import HeadChange
from leadbridge.store.inserts import Row

_ELEMENTS: Mapping[str, str] = {
    "core_opportunity_id": "CoreOpportunityID",
    "life_cycle_status_code": "LifeCycleStatusCode",
    "reason_code": "ReasonCode",
}


def follow(tx: Transaction, closed: Sequence[tuple[Call, str, Row]], new: Mapping[str, Row]) -> None:
    """Let leads in 4 accepted follow their records; the core CRM, which did it, is told nothing.

    `closed` has each record that was closed or converted, with the call and its operation, `new` the records made
    meanwhile. A lead whose record was converted is about the opportunity from then on. What is opened again opens no
    lead: 6 and 7 are final.
    """
    last = {row["record_id"]: (call, operation, row) for call, operation, row in closed}
    heads = leads.of_records(tx, last)
    changes: list[Row] = []
    entries: list[Row] = []
    told: list[HeadChange] = []
    for head in heads:
        call, operation, row = last[head["core_opportunity_id"] or head["core_lead_id"]]
        differing = {name: value for name, value in lead_columns(row, new).items() if head[name] != value}
        if not differing:  # closed and opened again by calls that came together
            continue
        kept = {"change_number": head["change_number"] + 1, "changed_at": call.received_at}
        if "life_cycle_status_code" in differing:
            kept["suspended_at"] = None
        changes.append({"id": head["id"], **differing, **kept})
        told.append(HeadChange(head, {**head, **differing}, differing.get("reason_code")))
        entries.append(_entry(head["id"], differing, call.received_at, operation, call.correlation_id))
    leads.update(tx, changes)
    journal.append(tx, entries)
    feed.tell(tx, told)


def _entry(lead_id: str, columns: Mapping[str, Any], now: datetime, operation: str, correlation_id: str) -> Row:
    status = columns.get("life_cycle_status_code")
    return {
        "recorded_at": now,
        "caller_id": CORE_CRM.id,
        "operation": operation,
        "correlation_id": correlation_id,
        "object_type": "lead",
        "object_id": lead_id,
        "event": "changed",
        "old_status": LifeCycleStatus.ACCEPTED.value if status else None,
        "new_status": status,
        "reason_code": columns.get("reason_code"),
        "changed_elements": " ".join(sorted(_ELEMENTS[name] for name in columns)),
    }
