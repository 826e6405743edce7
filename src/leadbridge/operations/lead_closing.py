"""What becomes of a lead when the core CRM that is built in closes its record: the same, in the same transaction.

The lead knows the record by CoreOpportunityID or, before there is an opportunity, CoreLeadID. One that does not know it
yet, because the relay has still to settle what the core CRM answered, follows when that is settled. Where another core
CRM is in use, its records are not here, and nothing follows from those that are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from leadbridge.crm.following import lead_columns
from leadbridge.operations.call import Call
from leadbridge.store import leads
from leadbridge.store.corecrm import CoreCrmChanges
from leadbridge.store.database import Transaction
from leadbridge.store.inserts import Row


def follow(tx: Transaction, closed: Sequence[tuple[Call, str, Row]], new: Mapping[str, Row]) -> None:
    """Let leads in 4 accepted follow their records; the core CRM, which did it, is told nothing.

    `closed` has each record that was closed or converted, with the call and its operation, `new` the records made
    meanwhile. A lead whose record was converted is about the opportunity from then on. What is opened again opens no
    lead: 6 and 7 are final. One that was closed and opened again by calls that came together changes nothing.
    """
    last = {row["record_id"]: (call, operation, row) for call, operation, row in closed}
    changes = CoreCrmChanges()
    for head in leads.of_records(tx, last):
        call, operation, row = last[head["core_opportunity_id"] or head["core_lead_id"]]
        columns = lead_columns(row, new)
        changes.change(
            head,
            columns,
            now=call.received_at,
            event="changed",
            operation=operation,
            correlation_id=call.correlation_id,
            reason=columns.get("reason_code"),
        )
    changes.write(tx)
