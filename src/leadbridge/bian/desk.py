"""The desk's list: the contacts that wait for a person, with prospects about a lead and with customers of a plan."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from leadbridge.bian.answers import BianAnswer, address, read_each
from leadbridge.bian.relationship import words as relationship
from leadbridge.bian.words import DEVELOPMENT, DOMAIN, EMPLOYEE
from leadbridge.operations.call import Answer, Call, Policy, zoned
from leadbridge.store import bian
from leadbridge.store import relationship as stored
from leadbridge.store.database import Transaction
from leadbridge.store.inserts import Row

_CURSOR = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{6})?Z-P?\d{10}-\d{1,4}", re.ASCII)

_Place = tuple[datetime, str, int]


def contacts(tx: Transaction, calls: Sequence[Call], _policy: Policy) -> list[Answer | Exception]:
    """The list, the earliest first. `next` is the cursor of the last one, where there may be more."""

    def do(call: Call) -> BianAnswer:
        limit, cursor = int(call.message.more["limit"]), call.message.more.get("after")
        after = place_of(cursor) if cursor else None
        found = [(_of_lead(row), row) for row in bian.requested(tx, call.caller, limit=limit, after=after)]
        found += [(_of_plan(row), row) for row in stored.requested(tx, call.caller, limit=limit, after=after)]
        found = sorted(found, key=lambda one: one[0])[:limit]
        following = None
        if len(found) == limit:
            due_at, owner, number = found[-1][0]
            following = f"{zoned(due_at)}-{owner}-{number}"
        return BianAnswer({"Contacts": [_shown(row) for _, row in found], "next": following})

    return read_each(calls, do)


def place_of(cursor: str) -> _Place:
    """The place on the list that a cursor means. Raises ValueError for what is none."""
    moment, owner, number = cursor.rsplit("-", 2)
    if not _CURSOR.fullmatch(cursor):
        raise ValueError("not a cursor")
    return datetime.fromisoformat(moment), owner, int(number)


def _of_lead(row: Row) -> _Place:
    return row["due_at"], row["lead_id"], row["number"]


def _of_plan(row: Row) -> _Place:
    """A plan and a lead of one number are two: the letter tells them apart, and puts plans behind leads."""
    return row["due_at"], f"{stored.PLAN_LETTER}{row['plan_id']}", row["number"]


def _shown(row: Row) -> dict[str, Any]:
    if "plan_id" in row:
        domain, qualifier = relationship.DOMAIN, relationship.Qualifier.CONTACT.value
        owner, about = row["plan_id"], {"PlanID": row["plan_id"], "CustomerInternalID": row["customer_id"]}
    else:
        domain, qualifier, owner, about = DOMAIN, DEVELOPMENT, row["lead_id"], {"LeadID": row["lead_id"]}
    return {
        **about,
        "Location": address(f"/{domain}/{owner}/{qualifier}/{row['number']}"),
        "DueDateTime": zoned(row["due_at"]),
        **({EMPLOYEE: row["assignee"]} if row["assignee"] else {}),
    }
