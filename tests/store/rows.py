"""Rows as the use cases would write them, with what a test does not care about filled in."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

from leadbridge.caller import Caller, Role, Visibility
from leadbridge.store import businesspartners, leads
from leadbridge.store.database import Database
from leadbridge.store.inserts import Row

NOW = datetime(2025, 3, 4, 5, 6, 7, 890123, tzinfo=UTC)

EVERYTHING = Caller(id="admin", name="Admin", roles=frozenset({Role.ADMIN}), visibility=Visibility.ALL, party_id="")


def partner_caller(id: str, *, party_id: str = "", visibility: Visibility = Visibility.GIVEN) -> Caller:  # noqa: A002 - named like the field
    return Caller(id=id, name=id, roles=frozenset({Role.PARTNER}), visibility=visibility, party_id=party_id)


def a_partner(number: int | str, **columns: object) -> Row:
    return {
        "internal_id": f"{number:0>10}",
        "uuid": str(uuid4()),
        "created_by": "p1",
        "created_at": NOW,
        "changed_at": NOW,
        "category_code": "1",
        "role_codes": "PROSPECT",
        "given_name": "Anna",
        "family_name": "Meier",
        "match_name": "anna meier",
        **columns,
    }


def a_lead(number: int | str, prospect: int | str = 1, **columns: object) -> Row:
    return {
        "id": f"{number:0>10}",
        "uuid": str(uuid4()),
        "created_by": "p1",
        "created_at": NOW,
        "changed_at": NOW,
        "name": f"Lead {number}",
        "life_cycle_status_code": "1",
        "prospect_internal_id": f"{prospect:0>10}",
        **columns,
    }


def a_communication(number: int | str, position: int, kind: str, normalised: str | None) -> Row:
    return {
        "internal_id": f"{number:0>10}",
        "position": position,
        "kind": kind,
        "value": normalised or "as sent",
        "normalised": normalised,
    }


def store_leads(database: Database, *rows: Row) -> None:
    """Store leads, and a business partner for each prospect that is not there yet."""
    with database.write() as tx:
        prospects = sorted({row["prospect_internal_id"] for row in rows})
        there = {row["internal_id"] for row in businesspartners.load(tx, EVERYTHING, prospects)}
        businesspartners.insert(tx, partners=[a_partner(number) for number in prospects if number not in there])
        leads.insert(tx, leads=rows)
