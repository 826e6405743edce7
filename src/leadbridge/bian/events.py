"""Events: what became of leads and plans, and what other service domains are asked, as CloudEvents.

They are read from the journal, in its order: see `store.horizon`. Source: CloudEvents 1.0.2, its JSON event format and
the extension `sequence`; BIAN's Created and Updated for every control record and qualifier.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from leadbridge.bian.answers import BianAnswer, read_each
from leadbridge.bian.relationship import words as relationship
from leadbridge.bian.words import DEVELOPMENT, DOMAIN, PROCEDURE
from leadbridge.caller import Caller
from leadbridge.operations.call import Answer, Call, zoned
from leadbridge.store import bian
from leadbridge.store import relationship as stored
from leadbridge.store.database import Transaction
from leadbridge.store.horizon import Horizon
from leadbridge.store.inserts import Row

_PREFIX = "org.bian"
_ENDS = {"created": "Created", "deleted": "Deleted", "wiped": "Deleted"}  # any other event updates


@dataclass(frozen=True, slots=True)
class Page:
    """Events in their order, and the place behind all that was looked through for them."""

    events: list[dict[str, Any]]
    reached: int


def page(tx: Transaction, caller: Caller, *, after: int, upto: int, limit: int) -> Page:
    """What a caller may see of what comes behind `after`, up to `upto`, where the journal is complete."""
    upto = min(upto, after + bian.WINDOW)
    if upto <= after:
        return Page([], after)
    rows = bian.events(tx, caller, after=after, upto=upto, limit=limit)
    return Page([event(row) for row in rows], rows[-1]["id"] if len(rows) == limit else upto)


def read_events(tx: Transaction, calls: Sequence[Call], horizon: Horizon) -> list[Answer | Exception]:
    """The events behind a cursor, oldest first, and where to read on.

    The same cursor gives the same events again, and those that came since. There may be none and yet more behind: a
    page looks through so many entries, whoever may see them. `waits` says that what comes next is there only when some
    writer has ended.
    """

    def do(call: Call) -> BianAnswer:
        seen = horizon.look(tx)
        after, limit = int(call.message.more["after"]), int(call.message.more["limit"])
        found = page(tx, call.caller, after=after, upto=seen.upto, limit=limit)
        waits = not seen.is_complete and found.reached >= seen.upto
        return BianAnswer({"events": found.events, "next": sequence(found.reached), "waits": waits})

    return read_each(calls, do)


def event(row: Row) -> dict[str, Any]:
    """One entry of the journal as a CloudEvent."""
    owner, _, rest = row["object_id"].partition("/")
    end = _ENDS.get(row["event"], "Updated")
    domain, about, subject, event_id = DOMAIN, "LeadID", owner, f"journal-{row['id']}"
    match row["object_type"]:
        case bian.EVENT:
            event_id = rest
            kind = row["event_type"] or "Unknown.Initiate"  # of test data that was wiped
        case stored.PLAN | stored.RECORD:
            domain, about, subject = relationship.DOMAIN, "PlanID", row["object_id"]
            kind = f"{domain}.{rest.partition('/')[0] or relationship.PLAN}.{end}"
        case bian.TASK:
            subject, kind = f"{owner}/{DEVELOPMENT}/{rest}", f"{domain}.{DEVELOPMENT}.{end}"
        case _:
            kind = f"{domain}.{PROCEDURE}.{end}"
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": f"/bian/{domain}",
        "type": f"{_PREFIX}.{kind}",
        "subject": subject,
        "time": zoned(row["recorded_at"]),
        "sequence": sequence(row["id"]),
        "datacontenttype": "application/json",
        "data": _asked(row) if row["object_type"] == bian.EVENT else _told(row, about, owner),
    }


def _asked(row: Row) -> Mapping[str, Any]:
    data: Mapping[str, Any] = json.loads(row["data"] or "{}")
    return data


def _told(row: Row, about: str, owner: str) -> dict[str, Any]:
    """What happened, in names and codes: whoever wants the values reads the record."""
    said = {
        about: owner,
        "Event": row["event"],
        "Operation": row["operation"],
        "OldStatus": row["old_status"],
        "NewStatus": row["new_status"],
        "ReasonCode": row["reason_code"],
        "ChangedElements": row["changed_elements"].split(" ") if row["changed_elements"] else None,
    }
    return {name: value for name, value in said.items() if value is not None}


def sequence(number: int) -> str:
    """The place of an event among all, as CloudEvents' extension has it: a text, in order as numbers are."""
    return f"{number:019d}"
