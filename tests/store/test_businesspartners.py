"""Business partners: stored whole, found as duplicates, shown to those who may read them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from leadbridge.caller import Caller, Visibility
from leadbridge.selection import Boundary, Interval
from leadbridge.store import businesspartners, leads
from leadbridge.store.database import Database, Transaction
from leadbridge.store.inserts import Row
from tests.store.rows import EVERYTHING, NOW, a_communication, a_lead, a_partner, partner_caller

OWNER = partner_caller("p1")
GIVEN_TO = partner_caller("p3", party_id="PARTY-3")


def ids(rows: Sequence[Row]) -> list[int]:
    return [int(row["internal_id"]) for row in rows]


def an_identification(number: int, position: int, kind: str, value: str) -> Row:
    return {
        "internal_id": f"{number:010}",
        "position": position,
        "party_identifier_type_code": kind,
        "business_partner_id": value,
    }


def equal(value: str) -> list[Interval]:
    return [Interval(False, Boundary.EQUAL, value)]


# ------------------------------------------------------------------------------------------------------ reading


@pytest.mark.parametrize("count", [1, 30])  # PostgreSQL writes few rows and many in different ways
def test_a_partner_comes_back_whole(database: Database, count: int) -> None:
    rows = [a_partner(n, birth_date=date(1980, 2, 29), extension=b"<x/>") for n in range(1, count + 1)]
    with database.write() as tx:
        businesspartners.insert(
            tx,
            partners=rows,
            identifications=[an_identification(n, p, "TAX", f"{n}-{p}") for n in range(1, count + 1) for p in (1, 0)],
            addresses=[
                {"internal_id": f"{n:010}", "position": 0, "country_code": "DE", "city_name": "Köln"}
                for n in range(1, count + 1)
            ],
            communications=[a_communication(n, 0, "phone", None) for n in range(1, count + 1)],
        )
        loaded = businesspartners.load(tx, EVERYTHING, [row["internal_id"] for row in rows])
        assert businesspartners.load(tx, EVERYTHING, []) == []
    assert len(loaded) == count
    for row, found in zip(rows, loaded, strict=True):
        assert {name: found[name] for name in row} == row
        assert [part["business_partner_id"][-1] for part in found["identifications"]] == ["0", "1"]
        assert [part["city_name"] for part in found["addresses"]] == ["Köln"]
        assert [(part["value"], part["normalised"]) for part in found["communications"]] == [("as sent", None)]


@pytest.fixture
def world(database: Database) -> Database:
    """Partners 1 to 6, all of p9 but the first, which is p1's.

    Lead 1 of p1 has prospect 2 (linked) and contact 3. Lead 2 of p9, given to p3's party, has prospect 4 and
    contact 5. Nobody else has anything to do with 6.
    """
    with database.write() as tx:
        key = {"communication_system_id": "SYS", "remote_object_id": "A"}
        businesspartners.insert(
            tx,
            partners=[
                a_partner(1, **key),
                a_partner(2, created_by="p9", **key),
                *(a_partner(n, created_by="p9") for n in (3, 4, 5, 6)),
            ],
        )
        leads.insert(
            tx,
            leads=[
                a_lead(1, prospect=2),
                a_lead(2, prospect=4, created_by="p9", sales_partner_party_id="PARTY-3"),
            ],
            contacts=[
                {"lead_id": "0000000001", "internal_id": "0000000003", "position": 0},
                {"lead_id": "0000000002", "internal_id": "0000000005", "position": 0},
            ],
        )
    return database


@pytest.mark.parametrize(
    ("caller", "readable", "nameable"),
    [
        (EVERYTHING, [1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6]),
        (OWNER, [1], [1, 2]),
        (GIVEN_TO, [4, 5], [4]),
        (partner_caller("p3", party_id="PARTY-3", visibility=Visibility.OWN), [], []),
        (partner_caller("p9", visibility=Visibility.OWN), [2, 3, 4, 5, 6], [2, 3, 4, 5, 6]),
        (partner_caller("p4"), [], []),
    ],
)
def test_reading_and_naming_a_partner_are_two_rights(
    world: Database, caller: Caller, readable: list[int], nameable: list[int]
) -> None:
    everything = [f"{n:010}" for n in range(1, 8)]
    with world.read() as tx:
        assert ids(businesspartners.load(tx, caller, everything)) == readable
        assert ids(businesspartners.find(tx, caller, {}, limit=None, after=None)[0]) == readable
        assert ids(businesspartners.resolve(tx, caller, internal_ids=everything)) == nameable
        uuids = [row["uuid"] for row in businesspartners.load(tx, EVERYTHING, everything)]
        assert ids(businesspartners.resolve(tx, caller, uuids=uuids)) == nameable


@pytest.mark.parametrize(
    ("caller", "found"), [(EVERYTHING, [1, 2]), (OWNER, [1]), (partner_caller("p9"), [2]), (GIVEN_TO, [])]
)
def test_an_external_key_means_the_callers_own_partner(world: Database, caller: Caller, found: list[int]) -> None:
    key = [("SYS", "A")]
    with world.read() as tx:
        assert ids(businesspartners.resolve(tx, caller, external_keys=key)) == found
        assert ids(businesspartners.find(tx, caller, {}, external_keys=key, limit=9, after=None)[0]) == found
        mixed = businesspartners.resolve(tx, caller, external_keys=key, internal_ids=["0000000001"], uuids=["x"])
        assert set(ids(mixed)) >= set(found)
        assert list(businesspartners.resolve(tx, caller)) == []


# ---------------------------------------------------------------------------------------------------- duplicates


def test_candidates_come_oldest_first_with_what_matched(database: Database) -> None:
    with database.write() as tx:
        businesspartners.insert(
            tx,
            partners=[
                a_partner(1, created_at=NOW + timedelta(days=1)),
                a_partner(2, created_by="p9", match_name="other"),
                a_partner(3),
            ],
            communications=[
                a_communication(1, 0, "email", "a@example.org"),
                a_communication(2, 0, "mobile", "+4930"),
                a_communication(3, 0, "email", "A@example.org"),
            ],
            identifications=[an_identification(1, 0, "TAX", "77"), an_identification(3, 0, "VAT", "77")],
        )
        found = businesspartners.candidates(
            tx, normalised=["a@example.org", "+4930"], identifications=[("TAX", "77"), ("TAX", "78")]
        )
        assert list(businesspartners.candidates(tx, normalised=[], identifications=[])) == []
        assert ids(businesspartners.candidates(tx, normalised=["+4930"], identifications=[])) == [2]
        assert ids(businesspartners.candidates(tx, normalised=[], identifications=[("VAT", "77")])) == [3]
    assert ids(found) == [2, 1, 1]
    assert (found[0]["normalised"], found[0]["kind"], found[0]["match_name"]) == ("+4930", "mobile", "other")
    by_email, by_identification = sorted(found[1:], key=lambda row: row["normalised"] is None)
    assert (by_email["normalised"], by_email["kind"], by_email["business_partner_id"]) == (
        "a@example.org",
        "email",
        None,
    )
    assert (by_identification["party_identifier_type_code"], by_identification["business_partner_id"]) == (
        "TAX",
        "77",
    )
    assert (by_identification["normalised"], by_identification["kind"]) == (None, None)


# ---------------------------------------------------------------------------------------------------------- find


def test_a_name_is_found_whole_or_by_its_last_part_in_any_case(database: Database) -> None:
    organisation = {"given_name": None, "family_name": None, "category_code": "2"}
    with database.write() as tx:
        businesspartners.insert(
            tx,
            partners=[
                a_partner(1, given_name="Änne", family_name="GROẞMANN"),
                a_partner(2, first_line_name="Müller AG", second_line_name="Werk Süd", **organisation),
            ],
        )

        def found(*intervals: Interval) -> list[int]:
            rows, _ = businesspartners.find(tx, EVERYTHING, {"name": intervals}, limit=None, after=None)
            return ids(rows)

        assert found(*equal("änne großmann")) == [1]
        assert found(*equal("Grossmann")) == [1]
        assert found(*equal("Änne")) == []
        assert found(*equal("*MANN")) == [1]
        assert found(*equal("müller ag")) == [2]
        assert found(*equal("MÜLLER AG WERK*")) == [2]
        assert found(Interval(True, Boundary.EQUAL, "müller*")) == [1]
        assert found(Interval(False, Boundary.BETWEEN, "g", "h"), *equal("nobody")) == [1]


def test_identifications_and_paging_narrow_a_find(database: Database) -> None:
    with database.write() as tx:
        businesspartners.insert(
            tx,
            partners=[a_partner(n) for n in range(1, 8)],
            identifications=[an_identification(n, 0, "TAX", "77") for n in range(1, 6)],
        )

        def page(tx: Transaction, after: str | None) -> tuple[list[int], bool]:
            rows, more = businesspartners.find(
                tx,
                EVERYTHING,
                {"name": equal("meier")},
                identifications=[("TAX", "77"), ("TAX", "0")],
                limit=3,
                after=after,
            )
            return ids(rows), more

        assert page(tx, None) == ([1, 2, 3], True)
        assert page(tx, "0000000003") == ([4, 5], False)


# ---------------------------------------------------------------------------------------------------- open leads


def test_open_leads_are_counted_and_the_newest_shown(database: Database) -> None:
    with database.write() as tx:
        businesspartners.insert(tx, partners=[a_partner(n) for n in (1, 2, 3)])
        leads.insert(
            tx,
            leads=[
                *(a_lead(n, prospect=1, life_cycle_status_code=str(n)) for n in range(1, 8)),
                a_lead(8, prospect=2, created_by="p2"),
                a_lead(9, prospect=1, created_by="p2"),
            ],
        )
        asked = ["0000000001", "0000000002", "0000000003"]
        counts, shown = businesspartners.open_leads(tx, EVERYTHING, asked, per_partner=2)
        assert counts == {"0000000001": 5, "0000000002": 1, "0000000003": 0}
        assert {partner: [int(row["id"]) for row in rows] for partner, rows in shown.items()} == {
            "0000000001": [9, 4],
            "0000000002": [8],
            "0000000003": [],
        }
        assert set(shown["0000000001"][0]) == {"id", "name", "life_cycle_status_code"}
        counts, shown = businesspartners.open_leads(tx, OWNER, asked, per_partner=0)
        assert counts == {"0000000001": 4, "0000000002": 0, "0000000003": 0}
        assert shown == {partner: [] for partner in asked}
        assert businesspartners.open_leads(tx, OWNER, [], per_partner=2) == ({}, {})
