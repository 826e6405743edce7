"""A customer's history, which is what the journal says about the customer, and how active the customer is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from leadbridge.bian.answers import BianAnswer, read_each
from leadbridge.bian.events import Page, behind, event
from leadbridge.bian.relationship.asking import customer_of, kind_of
from leadbridge.bian.relationship.words import Qualifier, trend
from leadbridge.operations.call import Answer, Call, Policy, zoned
from leadbridge.store import relationship
from leadbridge.store.database import Transaction
from leadbridge.store.horizon import Horizon

_COUNTED = {"lead": "Leads", Qualifier.CONTACT: "Contacts", Qualifier.INCIDENT: "Incidents"}


def history(tx: Transaction, calls: Sequence[Call], horizon: Horizon) -> list[Answer | Exception]:
    """The events about a customer behind a cursor, oldest first: of leads and plans, and of what belongs to them."""

    def do(call: Call) -> BianAnswer:
        customer = customer_of(tx, call.caller, call.message.more["customer"])["internal_id"]

        def find(after: int, upto: int, limit: int) -> Page:
            rows = relationship.history(tx, call.caller, customer, after=after, upto=upto, limit=limit)
            return Page([event(row) for row in rows], rows[-1]["id"] if len(rows) == limit else max(after, upto))

        return behind(tx, call, horizon, find)

    return read_each(calls, do)


def activity(tx: Transaction, calls: Sequence[Call], _policy: Policy) -> list[Answer | Exception]:
    """How many leads, contacts and incidents of a customer were recorded of late, how many in as many days before that,
    and how the two compare. What the bank only plans, such as a development task, is no activity of the customer."""

    def do(call: Call) -> BianAnswer:
        days = timedelta(days=int(call.message.more["days"]))
        customer = customer_of(tx, call.caller, call.message.more["customer"])
        now = call.received_at
        middle, since = now - days, now - 2 * days
        rows = relationship.recorded(tx, call.caller, customer["internal_id"], since=since, until=now)
        recent, before = Counter[str](), Counter[str]()
        for row in rows:
            kind = "lead" if row["object_type"] == "lead" else kind_of(row["object_id"])
            (recent if row["recorded_at"] > middle else before)[kind] += 1
        counts = [{name: counted[kind] for kind, name in _COUNTED.items()} for counted in (recent, before)]
        return BianAnswer(
            {
                "CustomerInternalID": customer["internal_id"],
                "Recent": _span(middle, now, counts[0]),
                "Before": _span(since, middle, counts[1]),
                "Trend": trend(recent=sum(counts[0].values()), before=sum(counts[1].values())).value,
            }
        )

    return read_each(calls, do)


def _span(since: Any, until: Any, counts: dict[str, int]) -> dict[str, Any]:
    return {"FromDateTime": zoned(since), "ToDateTime": zoned(until), **counts}
