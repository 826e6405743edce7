"""What a lead is by its record in the core CRM that is built in: won or lost with it, and about the opportunity that
the record was converted into.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leadbridge.crm.combo import StatusName
from leadbridge.lead import LifeCycleStatus

_Row = Mapping[str, Any]

_ENDS: Mapping[str | None, LifeCycleStatus] = {
    StatusName.CLOSE_WON.value: LifeCycleStatus.CLOSED_WON,
    StatusName.CLOSE_LOST.value: LifeCycleStatus.CLOSED_LOST,
}


def lead_columns(row: _Row, records: Mapping[str, _Row]) -> dict[str, Any]:
    """What a lead in 4 accepted is by its record; nothing where that is open.

    `records` has the opportunity that the record was converted into, where the lead follows it there.
    """
    opportunity = records.get(row["converted_to_record_id"] or "")
    columns: dict[str, Any] = {} if opportunity is None else {"core_opportunity_id": opportunity["record_id"]}
    record = row if opportunity is None else opportunity
    end = _ENDS.get(record["status_name"])
    if end is not None:
        columns["life_cycle_status_code"] = end.value
        columns["reason_code"] = record["reason_code"]  # a reason of before is not why it ended
    return columns


def lead_columns_since(row: _Row, records: Mapping[str, _Row], *, answered_status: str | None) -> dict[str, Any]:
    """The same for a lead whose record was answered in this status: only what became of the record since then counts.

    The bank's rules answer a new request with a lead that is Close Won already; that was another request's success.
    """
    if answered_status not in _ENDS:
        return lead_columns(row, records)
    return {} if row["status_name"] == answered_status else lead_columns(row, {})
