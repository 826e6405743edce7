"""Find says in SQL what `leadbridge.selection.selects` says in Python, for arbitrary intervals."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadbridge.caller import Visibility
from leadbridge.selection import Boundary, Interval, selects
from leadbridge.store import businesspartners, crmrecords, finding, leads
from leadbridge.store.database import Database
from leadbridge.store.inserts import Row
from tests.store.rows import (
    EVERYTHING,
    NOW,
    a_communication,
    a_lead,
    a_partner,
    partner_caller,
    store_leads,
)

TEXTS = [
    *("", "a", "A", "ab", "aB", "b", "abab", "a%b", "a_b", "a!b", "a\\b", "a*b"),
    *("ä", "Ä", "ß", "ss", "\ud7ff", "\U0010ffff", "a\U0010ffff", None),
]
NAMES = [text if text is not None else "Zoë" for text in TEXTS]
PIECES = st.sampled_from(["", "a", "A", "b", "ab", "%", "_", "!", "\\", "Ä", "ß", "\ud7ff", "\U0010ffff"])
PATTERNS = st.lists(PIECES, min_size=1, max_size=4).flatmap(
    lambda pieces: st.sampled_from(["*".join(pieces), "".join(pieces)])
)
DATES = [date(2025, 1, 1), date(2025, 1, 2), date(2025, 12, 31), None]
MOMENTS = [NOW + timedelta(microseconds=step) for step in range(3)]

QUICK = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def blocks(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Interval]]:
    interval = st.builds(
        Interval, exclude=st.booleans(), boundary=st.sampled_from(Boundary), lower=values, upper=values
    )
    return st.lists(interval, max_size=4)


def numbers(rows: list[Row], key: str = "id") -> list[int]:
    return [int(row[key]) for row in rows]


# -------------------------------------------------------------------------------------------------------- leads


# How the ids are come by: collected, merged from streams written out or given as a list, or walked; and how the rest is
# asked of them: by lists, or by looks.
WAYS = {
    "collected": {},
    "streams": {"FEW": 0},
    "listed streams": {"FEW": 0, "_WRITTEN_OUT": 0},
    "looks": {"FEW": 0, "_MOST_LISTED": 0, "_MOST_SOUGHT": 0},
}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    for name, value in WAYS[request.param].items():
        monkeypatch.setattr(finding, name, value)
    return str(request.param)


@pytest.fixture
def stored(database: Database, way: str) -> Database:
    """One lead per text: its name, campaign and prospect's e-mail address; every third one has two addresses."""
    count = len(TEXTS)
    with database.write() as tx:
        businesspartners.insert(
            tx,
            partners=[a_partner(n) for n in range(count)],
            communications=[
                *(a_communication(n, 0, "email", TEXTS[n]) for n in range(count)),
                *(a_communication(n, 1, "email", TEXTS[-n - 1]) for n in range(0, count, 3)),
                *(a_communication(n, 2, "phone", "a") for n in range(count)),
            ],
        )
        leads.insert(
            tx,
            leads=[
                a_lead(
                    n,
                    prospect=n,
                    name=NAMES[n],
                    campaign_id=TEXTS[n],
                    start_date=DATES[n % len(DATES)],
                    changed_at=MOMENTS[n % len(MOMENTS)],
                )
                for n in range(count)
            ],
        )
    return database


@pytest.mark.parametrize("visibility", Visibility)
def test_a_restricted_caller_finds_its_leads_once_whatever_the_way(
    database: Database, way: str, visibility: Visibility
) -> None:
    caller = partner_caller("p2", party_id="PARTY", visibility=visibility)
    owners = [{}, {"created_by": "p2"}, {"sales_partner_party_id": "PARTY"}]
    owners.append({"created_by": "p2", "sales_partner_party_id": "PARTY"})
    status = ["1", "2", "3"]
    store_leads(
        database,
        *(a_lead(n, life_cycle_status_code=status[n % 3], **owners[n % 4], changed_at=NOW) for n in range(1, 49)),
    )
    seen = {Visibility.ALL: {0, 1, 2, 3}, Visibility.OWN: {1, 3}, Visibility.GIVEN: {1, 2, 3}}[visibility]
    selections = {
        "life_cycle_status_code": [Interval(False, Boundary.EQUAL, "1"), Interval(False, Boundary.EQUAL, "3")],
        "last_change_date_time": [Interval(False, Boundary.GREATER_OR_EQUAL, NOW)],
    }
    wanted = [n for n in range(1, 49) if n % 4 in seen and status[n % 3] in ("1", "3")]
    found: list[int] = []
    more = True
    with database.read() as tx:
        while more:
            after = f"{found[-1]:010d}" if found else None
            page, more = leads.find(tx, caller, selections, limit=5, after=after)
            found += numbers(page)
    assert found == wanted, way


@QUICK
@given(
    campaign=blocks(PATTERNS),
    start=blocks(st.sampled_from([date(2025, 1, 1), date(2025, 1, 2), date(2025, 6, 1)])),
    changed=blocks(st.sampled_from(MOMENTS)),
)
def test_text_dates_and_moments_are_selected_as_the_rule_says(
    stored: Database, campaign: list[Interval], start: list[Interval], changed: list[Interval]
) -> None:
    def expected(use_campaign: bool, use_rest: bool) -> list[int]:
        return [
            n
            for n in range(len(TEXTS))
            if (not use_campaign or selects(TEXTS[n], campaign))
            and (not use_rest or selects(DATES[n % len(DATES)], start))
            and (not use_rest or selects(MOMENTS[n % len(MOMENTS)], changed))
        ]

    rest = {"start_date": start, "last_change_date_time": changed}
    with stored.read() as tx:
        for selections, wanted in (
            ({"campaign_id": campaign}, expected(True, False)),
            (rest, expected(False, True)),
            ({"campaign_id": campaign, **rest}, expected(True, True)),
        ):
            found, more = leads.find(tx, EVERYTHING, selections, limit=None, after=None)
            assert numbers(found) == wanted
            assert more is False
            page, more = leads.find(tx, EVERYTHING, selections, limit=3, after="0000000004")
            assert numbers(page) == [n for n in wanted if n > 4][:3]
            assert more is (len([n for n in wanted if n > 4]) > 3)


@QUICK
@given(block=blocks(PATTERNS))
def test_names_are_selected_without_regard_to_case(stored: Database, block: list[Interval]) -> None:
    folded = [
        Interval(each.exclude, each.boundary, str(each.lower).casefold(), str(each.upper).casefold()) for each in block
    ]
    with stored.read() as tx:
        found, _ = leads.find(tx, EVERYTHING, {"name": block}, limit=None, after=None)
    assert numbers(found) == [n for n, name in enumerate(NAMES) if selects(name.casefold(), folded)]


@QUICK
@given(block=blocks(PATTERNS))
def test_an_address_is_included_by_any_and_excluded_by_any(stored: Database, block: list[Interval]) -> None:
    included = [[each] for each in block if not each.exclude] or [[]]
    excluded = [each for each in block if each.exclude]

    def addresses(n: int) -> list[str | None]:
        return [TEXTS[n], TEXTS[-n - 1]] if n % 3 == 0 else [TEXTS[n]]

    expected = [
        n
        for n in range(len(TEXTS))
        if any(selects(address, one) for one in included for address in addresses(n))
        and all(selects(address, excluded) for address in addresses(n))
    ]
    with stored.read() as tx:
        found, _ = leads.find(tx, EVERYTHING, {"email_uri": block}, limit=None, after=None)
        partners, _ = businesspartners.find(tx, EVERYTHING, {"email_uri": block}, limit=None, after=None)
    assert numbers(found) == expected
    assert numbers(partners, "internal_id") == expected


@pytest.mark.parametrize(
    ("key", "column", "value"),
    [
        ("id", "id", "0000000002"),
        ("life_cycle_status_code", "life_cycle_status_code", "3"),
        ("qualification_level_code", "qualification_level_code", "02"),
        ("origin_type_code", "origin_type_code", "001"),
        ("priority_code", "priority_code", "1"),
        ("campaign_id", "campaign_id", "SPRING"),
        ("prospect_party_id", "prospect_internal_id", "0000000002"),
        ("sales_responsible_party_id", "sales_responsible_party_id", "RM1"),
        ("sales_partner_party_id", "sales_partner_party_id", "PARTY"),
    ],
)
def test_every_key_looks_at_its_own_column(database: Database, key: str, column: str, value: str) -> None:
    store_leads(database, a_lead(1, prospect=1), a_lead(2, prospect=2), a_lead(3, prospect=1))
    if column not in ("id", "prospect_internal_id"):
        with database.write() as tx:
            leads.update(tx, [{"id": "0000000002", column: value}])
    with database.read() as tx:
        block = [Interval(False, Boundary.EQUAL, value)]
        assert numbers(leads.find(tx, EVERYTHING, {key: block}, limit=None, after=None)[0]) == [2]


def test_a_key_that_is_no_selection_is_an_error(database: Database) -> None:
    with database.read() as tx:
        for find in (leads.find, businesspartners.find):
            with pytest.raises(KeyError):
                find(tx, EVERYTHING, {"created_by": []}, limit=1, after=None)


def test_phone_numbers_are_those_of_phones_and_mobiles(database: Database) -> None:
    with database.write() as tx:
        businesspartners.insert(
            tx,
            partners=[a_partner(n) for n in (1, 2, 3)],
            communications=[
                a_communication(1, 0, "phone", "+4930"),
                a_communication(2, 0, "mobile", "+4931"),
                a_communication(3, 0, "email", "+4930"),
            ],
        )
        leads.insert(tx, leads=[a_lead(n, prospect=n) for n in (1, 2, 3)])
        block = [Interval(False, Boundary.EQUAL, "+49*")]
        assert numbers(leads.find(tx, EVERYTHING, {"phone_number": block}, limit=None, after=None)[0]) == [1, 2]


def test_an_address_cannot_be_felt_out_through_a_lead_that_was_linked_to_a_foreign_partner(
    database: Database, way: str
) -> None:
    caller = partner_caller("p2", party_id="PARTY-2")
    with database.write() as tx:
        businesspartners.insert(
            tx, partners=[a_partner(1)], communications=[a_communication(1, 0, "email", "a@example.org")]
        )
        leads.insert(tx, leads=[a_lead(1, created_by="p2")])

        def hits(*, exclude: bool) -> list[int]:
            block = [Interval(exclude, Boundary.EQUAL, "a*")]
            return numbers(leads.find(tx, caller, {"email_uri": block}, limit=None, after=None)[0])

        assert (hits(exclude=False), hits(exclude=True)) == ([], [1])
        leads.update(tx, [{"id": "0000000001", "sales_partner_party_id": "PARTY-2"}])  # by itself, for all we know
        assert (hits(exclude=False), hits(exclude=True)) == ([], [1])
        leads.insert(tx, leads=[a_lead(2, sales_partner_party_id="PARTY-2")])
        assert (hits(exclude=False), hits(exclude=True)) == ([1, 2], []), way


@pytest.mark.parametrize(
    ("pattern", "found"),
    [("*yacht", [2]), ("*club ag", [2]), ("*meier", [1]), ("*na m*", [1]), ("*c*", [2]), ("*a*r", [1]), ("*b*x", [])],
)
def test_a_business_partner_is_found_by_the_end_and_by_the_middle_of_its_names(
    database: Database, way: str, pattern: str, found: list[int]
) -> None:
    company = {"first_line_name": "Yacht", "second_line_name": "Club AG", "family_name": None, "given_name": None}
    with database.write() as tx:
        businesspartners.insert(tx, partners=[a_partner(1), a_partner(2, **company)])
        block = [Interval(False, Boundary.EQUAL, pattern)]
        rows, _ = businesspartners.find(tx, EVERYTHING, {"name": block}, limit=None, after=None)
    assert numbers(rows, "internal_id") == found, way


def test_many_texts_with_an_end_are_found_page_by_page(database: Database, way: str) -> None:
    store_leads(database, *(a_lead(n, name=f"lead {n} of {n % 3}") for n in range(1, 31)))
    found: list[int] = []
    more = True
    with database.read() as tx:
        while more:
            after = f"{found[-1]:010d}" if found else None
            block = [Interval(False, Boundary.EQUAL, "*of 2")]
            page, more = leads.find(tx, EVERYTHING, {"name": block}, limit=4, after=after)
            found += numbers(page)
    assert found == list(range(2, 31, 3)), way


# -------------------------------------------------------------------------------------------------------- paging


def test_pages_neither_skip_nor_repeat_while_leads_are_added(database: Database) -> None:
    store_leads(database, *(a_lead(n) for n in range(1, 26)))
    seen: list[int] = []
    after, more, added = None, True, 100
    with_page_sizes = []
    while more:
        store_leads(database, a_lead(added))
        added += 1
        with database.read() as tx:
            page, more = leads.find(tx, EVERYTHING, {}, limit=10, after=after)
        with_page_sizes.append(len(page))
        seen += numbers(page)
        after = page[-1]["id"]
        if added > 110:
            break
    assert seen == [*range(1, 26), 100, 101, 102]
    assert with_page_sizes == [10, 10, 8]


def test_more_is_told_exactly(database: Database) -> None:
    store_leads(database, *(a_lead(n) for n in range(1, 4)))
    with database.read() as tx:
        for limit, found, more in ((2, 2, True), (3, 3, False), (4, 3, False), (None, 3, False), (0, 0, True)):
            rows, any_more = leads.find(tx, EVERYTHING, {}, limit=limit, after=None)
            assert (len(rows), any_more) == (found, more)
        assert leads.find(tx, EVERYTHING, {}, limit=5, after="0000000003") == ([], False)


def test_row_26_a_pattern_of_many_wildcards_is_no_trap(database: Database) -> None:
    store_leads(database, a_lead(1, name="a" * 80))
    trap = [Interval(False, Boundary.EQUAL, "a*" * 40 + "b")]
    with database.read() as tx:
        assert leads.find(tx, EVERYTHING, {"name": trap}, limit=None, after=None) == ([], False)


# -------------------------------------------------------------------------------------------------- CRM records


def test_crm_records_are_found_by_every_key(database: Database) -> None:
    record = {
        "record_type_code": "LEAD",
        "status_name": "New Lead",
        "customer_type_code": "NTB",
        "customer_id": "C1",
        "owner_id": "RM1",
        "selling_mode_code": "B2C",
        "customer_name": "Anna Meier",
        "created_by": "crm",
        "created_at": NOW,
        "changed_at": NOW,
    }
    other = {
        "record_id": "0000000002",
        "record_type_code": "OPPORTUNITY",
        "status_name": "Close Won",
        "customer_id": "C2",
        "owner_id": "RM2",
        "source_lead_uuid": "u2",
        "changed_at": datetime(2026, 1, 1, tzinfo=UTC),
    }
    with database.write() as tx:
        crmrecords.insert(tx, [{"record_id": "0000000001", **record}, {**record, **other}], [])
        for column, value in other.items():
            key = "last_change_date_time" if column == "changed_at" else column
            block = [Interval(False, Boundary.EQUAL, value)]  # type: ignore[arg-type]  # all are text but one
            rows, more = crmrecords.find(tx, {key: block}, limit=1, after=None)
            assert (numbers(rows, "record_id"), more) == ([2], False)
        rows, more = crmrecords.find(tx, {}, limit=1, after=None)
        assert (numbers(rows, "record_id"), more) == ([1], True)
        assert numbers(crmrecords.find(tx, {}, limit=1, after="0000000001")[0], "record_id") == [2]


def test_a_visibility_of_own_finds_no_partner_of_a_lead_that_was_given(database: Database) -> None:
    with database.write() as tx:
        businesspartners.insert(tx, partners=[a_partner(1, created_by="p9")])
        leads.insert(tx, leads=[a_lead(1, created_by="p9", sales_partner_party_id="PARTY")])
        for rule, found in ((Visibility.OWN, []), (Visibility.GIVEN, [1]), (Visibility.ALL, [1])):
            caller = partner_caller("p1", party_id="PARTY", visibility=rule)
            rows, _ = businesspartners.find(tx, caller, {}, limit=None, after=None)
            assert numbers(rows, "internal_id") == found
