"""Leads: what goes in comes out with its parts, changes say what they change, and nobody sees another's."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import select

from leadbridge.caller import Caller, Visibility
from leadbridge.store import businesspartners, journal, leads
from leadbridge.store.database import Database
from leadbridge.store.inserts import Row
from leadbridge.store.tables import lead as lead_table
from tests.store.rows import EVERYTHING, NOW, a_lead, a_partner, partner_caller, store_leads

OWNER = partner_caller("p1")
OTHER = partner_caller("p2")
GIVEN_TO = partner_caller("p3", party_id="PARTY-3")
BLIND_TO_GIVEN = partner_caller("p3", party_id="PARTY-3", visibility=Visibility.OWN)


def ids(rows: list[Row]) -> list[str]:
    return [row["id"] for row in rows]


@pytest.fixture
def three(database: Database) -> list[Row]:
    """1: of p1, external key (SYS, A). 2: of p2, the same external key, given to p3's party. 3: of p1."""
    key = {"communication_system_id": "SYS", "remote_object_id": "A"}
    rows = [
        a_lead(1, **key),
        a_lead(2, created_by="p2", sales_partner_party_id="PARTY-3", **key),
        a_lead(3, communication_system_id="SYS", remote_object_id="C"),
    ]
    store_leads(database, *rows)
    return rows


# ---------------------------------------------------------------------------------------------------- resolving


@pytest.mark.parametrize(
    ("caller", "seen"),
    [
        (EVERYTHING, ["0000000001", "0000000002", "0000000003"]),
        (OWNER, ["0000000001", "0000000003"]),
        (OTHER, ["0000000002"]),
        (GIVEN_TO, ["0000000002"]),
        (BLIND_TO_GIVEN, []),
        (partner_caller("p4", party_id=""), []),
    ],
)
def test_a_caller_sees_its_own_leads_and_those_it_was_given(
    database: Database, three: list[Row], caller: Caller, seen: list[str]
) -> None:
    everything = [row["id"] for row in three]
    with database.read() as tx:
        assert ids(leads.resolve(tx, caller, ids=everything)) == seen
        assert ids(leads.resolve(tx, caller, uuids=[row["uuid"] for row in three])) == seen
        assert ids(leads.resolve(tx, caller, ids=everything, lock=True)) == seen
        assert ids(leads.find(tx, caller, {}, limit=None, after=None)[0]) == seen
        own_condition = select(lead_table.c.id).where(leads.visible(caller)).order_by(lead_table.c.id)
        assert list(tx.connection.execute(own_condition).scalars()) == seen


@pytest.mark.parametrize(
    ("caller", "found"),
    [
        (EVERYTHING, ["0000000001", "0000000002"]),
        (OWNER, ["0000000001"]),
        (OTHER, ["0000000002"]),
        (GIVEN_TO, []),  # it sees the lead, but the key is its creator's
    ],
)
def test_an_external_key_belongs_to_whoever_created_the_lead(
    database: Database, three: list[Row], caller: Caller, found: list[str]
) -> None:
    with database.read() as tx:
        assert ids(leads.resolve(tx, caller, external_keys=[("SYS", "A")])) == found


def test_identifiers_of_all_kinds_may_be_mixed_and_a_lead_named_twice_comes_once(
    database: Database, three: list[Row]
) -> None:
    with database.write() as tx:
        for lock in (False, True):
            found = leads.resolve(
                tx,
                OWNER,
                ids=["0000000003", "0000000099", "0000000002"],
                uuids=[three[0]["uuid"], three[2]["uuid"]],
                external_keys=[("SYS", "C"), ("SYS", "nothing")],
                lock=lock,
            )
            assert ids(found) == ["0000000001", "0000000003"]
        assert leads.resolve(tx, OWNER) == []


def test_a_row_has_every_column(database: Database, three: list[Row]) -> None:
    with database.read() as tx:
        (row,) = leads.resolve(tx, EVERYTHING, ids=["0000000001"])
    assert set(row) == set(lead_table.c.keys())
    assert {name: row[name] for name in three[0]} == three[0]


def test_taken_external_keys_are_told_with_their_creator(database: Database, three: list[Row]) -> None:
    keys = {("p1", "SYS", "A"), ("p2", "SYS", "A"), ("p2", "SYS", "C"), ("p1", "SYS", "a")}
    with database.read() as tx:
        found = leads.external_keys_taken(tx, keys)
        assert {tuple(row.values()) for row in found} == {("p1", "SYS", "A"), ("p2", "SYS", "A")}
        assert list(leads.external_keys_taken(tx, [])) == []


# --------------------------------------------------------------------------------------------------------- parts


@pytest.mark.parametrize("count", [1, 30])  # PostgreSQL writes few rows and many in different ways
def test_parts_come_back_in_the_order_sent(database: Database, count: int) -> None:
    numbers = [f"{n:010}" for n in range(1, count + 1)]
    with database.write() as tx:
        businesspartners.insert(tx, partners=[a_partner(1), a_partner(2)])
        leads.insert(
            tx,
            leads=[a_lead(number) for number in numbers],
            items=[
                {"lead_id": n, "item_id": i, "position": p, "product_id": "P", "quantity": Decimal("1.50")}
                for n in numbers
                for p, i in enumerate(["20", "10"])
            ],
            contacts=[{"lead_id": n, "internal_id": "0000000002", "position": 0} for n in numbers],
            answers=[
                {"lead_id": n, "question_id": q, "position": p, "answer_code": "Y"}
                for n in numbers
                for p, q in enumerate("BA")
            ],
            notes=[
                {"lead_id": n, "position": p, "text": f"note {p} of {n}", "created_at": NOW}
                for n in numbers
                for p in range(2)
            ],
            documents=[
                {"lead_id": n, "position": 0, "name": "f", "mime_code": "text/plain", "content": b"\0\xff"}
                for n in numbers
            ],
        )
        journal.append(tx, [_entry(n, new_status=s) for n in numbers for s in ("1", None, "3")])
    with database.read() as tx:
        everything = leads.parts(
            tx, numbers, items=True, notes=True, history=True, documents=True, contacts=True, answers=True
        )
        nothing = leads.parts(tx, [numbers[0], "0000009999"])
    for number in numbers:
        parts = everything[number]
        assert [(row["item_id"], row["quantity"]) for row in parts.items] == [
            ("20", Decimal("1.50")),
            ("10", Decimal("1.50")),
        ]
        assert [row["text"] for row in parts.notes] == [f"note 0 of {number}", f"note 1 of {number}"]
        assert [row["new_status"] for row in parts.history] == ["1", "3"]
        assert [row["content"] for row in parts.documents] == [b"\0\xff"]
        assert [row["main_indicator"] for row in parts.contacts] == [None]
        assert [row["question_id"] for row in parts.answers] == ["B", "A"]
    assert nothing == {numbers[0]: leads.LeadParts(), "0000009999": leads.LeadParts()}


def _entry(lead_id: str, **columns: object) -> Row:
    return {
        "recorded_at": NOW,
        "caller_id": "p1",
        "operation": "ChangeLead",
        "object_type": "lead",
        "object_id": lead_id,
        "event": "changed",
        **columns,
    }


def test_a_list_is_replaced_for_its_lead_alone(database: Database) -> None:
    store_leads(database, a_lead(1), a_lead(2))

    def item(lead_id: str, item_id: str) -> Row:
        return {"lead_id": lead_id, "item_id": item_id, "position": 0, "product_id": "P"}

    with database.write() as tx:
        leads.replace_items(tx, ["0000000001"], [item("0000000001", "10")])
        leads.replace_items(tx, ["0000000002"], [item("0000000002", "10")])
        leads.replace_items(tx, ["0000000001"], [item("0000000001", "10"), item("0000000001", "20")])
        leads.replace_notes(
            tx,
            ["0000000001"],
            [{"lead_id": "0000000001", "position": 0, "text": "t", "created_at": NOW}],
        )
        leads.replace_notes(tx, ["0000000001"], [])
        leads.replace_contacts(tx, ["0000000001"], [])
        leads.replace_answers(tx, ["0000000001"], [])
        leads.replace_documents(tx, ["0000000001"], [])
        found = leads.parts(tx, ["0000000001", "0000000002"], items=True, notes=True)
    assert sorted(row["item_id"] for row in found["0000000001"].items) == ["10", "20"]
    assert [row["item_id"] for row in found["0000000002"].items] == ["10"]
    assert found["0000000001"].notes == []


# -------------------------------------------------------------------------------------------------------- update


def test_each_row_changes_what_it_names_and_nothing_else(database: Database) -> None:
    store_leads(database, *(a_lead(n, campaign_id="C") for n in (1, 2, 3)))
    with database.write() as tx:
        leads.update(
            tx,
            [
                {"id": "0000000001", "campaign_id": None, "expected_revenue_amount": Decimal("1.10")},
                {"id": "0000000002", "name": "RENAMED", "change_number": 2},
                {"id": "0000000003"},
            ],
        )
        leads.update(tx, [])
        first, second, third = leads.find(tx, EVERYTHING, {}, limit=None, after=None)[0]
    assert (first["campaign_id"], first["name"], first["expected_revenue_amount"]) == (
        None,
        "Lead 1",
        Decimal("1.10"),
    )
    assert (second["campaign_id"], second["name"], second["name_folded"]) == ("C", "RENAMED", "renamed")
    assert (third["campaign_id"], third["change_number"]) == ("C", 1)
