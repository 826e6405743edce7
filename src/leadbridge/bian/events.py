"""Events: what became of leads and plans, and what other service domains are asked, as CloudEvents.

They are read from the journal, in its order: see `store.horizon`. Source: CloudEvents 1.0.2, its JSON event format and
the extension `sequence`; BIAN's Created and Updated for every control record and qualifier.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from leadbridge.bian.answers import BianAnswer, read_each
from leadbridge.bian.leads import DOMAIN
from leadbridge.bian.relationship import words as relationship
from leadbridge.bian.words import CORRESPONDENCE_DOMAIN, DEVELOPMENT, OFFER_DOMAIN, PROCEDURE
from leadbridge.caller import Caller
from leadbridge.operations.call import Answer, Call, zoned
from leadbridge.store import bian
from leadbridge.store import relationship as stored
from leadbridge.store.database import Transaction
from leadbridge.store.horizon import Horizon
from leadbridge.store.inserts import Row

_PREFIX = "org.bian"
_ENDS = {"created": "Created", "deleted": "Deleted"}  # any other event updates
TYPES: Final = tuple(
    f"{_PREFIX}.{kind}"
    for kind in (
        *(f"{DOMAIN}.{PROCEDURE}.{end}" for end in ("Created", "Updated", "Deleted")),
        *(f"{DOMAIN}.{DEVELOPMENT}.{end}" for end in ("Created", "Updated")),
        *(
            f"{relationship.DOMAIN}.{kind}.{end}"
            for kind in (relationship.PLAN, *relationship.Qualifier)
            for end in ("Created", "Updated")
        ),
        *(f"{domain}.Initiate" for domain in (CORRESPONDENCE_DOMAIN, OFFER_DOMAIN)),
    )
)
"""Every type that an event may have."""


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
    page looks through so many entries, whoever may see them.
    """

    def do(call: Call) -> BianAnswer:
        return behind(
            tx, call, horizon, lambda after, upto, limit: page(tx, call.caller, after=after, upto=upto, limit=limit)
        )

    return read_each(calls, do)


def behind(tx: Transaction, call: Call, horizon: Horizon, find: Callable[[int, int, int], Page]) -> BianAnswer:
    """The events behind the call's cursor, as far as the journal is complete, and where to read on.

    `find` gives those behind a place, up to another one, so many at most. `waits` says that what comes next is there
    only when some writer has ended.
    """
    seen = horizon.look(tx)
    found = find(int(call.message.more["after"]), seen.upto, int(call.message.more["limit"]))
    waits = not seen.is_complete and found.reached >= seen.upto
    return BianAnswer({"events": found.events, "next": _sequence(found.reached), "waits": waits})


def event(row: Row) -> dict[str, Any]:
    """One entry of the journal as a CloudEvent."""
    owner, _, rest = row["object_id"].partition("/")
    end = _ENDS.get(row["event"], "Updated")
    domain, about, subject, event_id = DOMAIN, "LeadID", owner, f"journal-{row['id']}"
    match row["object_type"]:
        case bian.EVENT:
            event_id, kind = rest, row["event_type"]
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
        "sequence": _sequence(row["id"]),
        "datacontenttype": "application/json",
        "data": _asked(row) if row["object_type"] == bian.EVENT else _told(row, about, owner),
    }


def _asked(row: Row) -> Mapping[str, Any]:
    data: Mapping[str, Any] = json.loads(row["data"])
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


def _sequence(number: int) -> str:
    """The place of an event among all, as CloudEvents' extension has it: a text, in order as numbers are."""
    return f"{number:019d}"
