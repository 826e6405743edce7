"""A database of many leads, business partners and records of the core CRM, made by SQL alone: within a minute for a
million of leads.

The numbers of a real one are skewed, and go with time: most old leads are closed, a campaign lasts some weeks, few
leads are changed long after they were created. Both databases get the same rows.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime

import psycopg
from sqlalchemy import make_url

from tests.benchmarks.databases import Place

# Rows are made over the two years before this moment.
END = datetime(2026, 6, 1, tzinfo=UTC)
_SECONDS = 2 * 365 * 86_400
_BEGIN = int(END.timestamp()) - _SECONDS

LARGE_PARTNER = ("partner-0", "PARTNER0")  # caller and party: thousands of leads
SMALL_PARTNER = ("partner-39", "PARTNER199")  # some hundred


def make(place: Place, *, leads: int, partners: int) -> None:
    """Fill a migrated database, and have its statistics and visibility map made."""
    sqlite = place.kind == "sqlite"
    statements = [
        *_partners(partners, sqlite=sqlite),
        *_leads(leads, partners, sqlite=sqlite),
        *_records(partners, sqlite=sqlite),
    ]
    if sqlite:
        with closing(sqlite3.connect(str(make_url(place.url).database), isolation_level=None)) as connection:
            for statement in ("PRAGMA cache_size = -262144", "BEGIN", *statements, "COMMIT"):
                connection.execute(statement)
        place.rest()
        return
    with psycopg.connect(place.url, autocommit=True) as postgresql:
        for statement in (*statements, "VACUUM ANALYZE"):
            postgresql.execute(statement.encode())
    place.rest()


def _chance(number: int, of: str = "i") -> str:
    """A number from 0 to 65535 that looks drawn by lot; one for each row and each `number`."""
    return f"((({of} + {number * 7_919}) * {2_654_435_761 - 2 * number * 104_729}) % 4294967296 / 65536)"


def _digits(number: str, *, sqlite: bool, width: int = 10) -> str:
    return f"printf('%0{width}d', {number})" if sqlite else f"lpad(({number})::text, {width}, '0')"


def _moment(epoch: str, *, sqlite: bool) -> str:
    return f"strftime('%Y-%m-%d %H:%M:%S.000000', {epoch}, 'unixepoch')" if sqlite else f"to_timestamp({epoch})"


def _day(epoch: str, *, sqlite: bool) -> str:
    if sqlite:
        return f"strftime('%Y-%m-%d', {epoch}, 'unixepoch')"
    return f"(to_timestamp({epoch}) AT TIME ZONE 'UTC')::date"


def _series(count: int, *, sqlite: bool) -> str:
    """The rows i from 1 to `count`, as the beginning of a statement."""
    if sqlite:
        return f"WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < {count})"
    return f"WITH s(i) AS (SELECT generate_series(1, {count}::bigint))"


def _one_of(values: Iterable[str], chance: str) -> str:
    """One of the values, the first most often: each comes half as often as the one before."""
    *several, last = values
    bounds = [65_536 - (65_536 >> place) for place in range(1, len(several) + 1)]
    cases = " ".join(f"WHEN {chance} < {bound} THEN '{value}'" for value, bound in zip(several, bounds, strict=True))
    return f"CASE {cases} ELSE '{last}' END"


_CREATED_BY = (
    f"CASE WHEN {_chance(1)} < 32768 THEN 'web' WHEN {_chance(1)} < 45000 THEN 'callcentre' "
    f"ELSE 'partner-' || ({_chance(2)} * {_chance(2)} / 65536 * 40 / 65536) END"
)


def _partners(count: int, *, sqlite: bool) -> Iterable[str]:
    number, born = _digits("i", sqlite=sqlite), f"{_BEGIN} + i * {_SECONDS} / {count}"
    moment = _moment(born, sqlite=sqlite)
    given, family = f"'given' || ({_chance(3)} % 200)", f"'family' || ({_chance(4)} * {_chance(4)} / 65536 % 5000)"
    organisation = f"{_chance(5)} < 6554"
    name = f"CASE WHEN {organisation} THEN 'company' || i ELSE {given} || ' ' || {family} END"
    yield f"""INSERT INTO business_partner (internal_id, uuid, change_number, created_by, created_at, changed_at,
        test_data, communication_system_id, remote_object_id, category_code, role_codes, given_name, family_name,
        first_line_name, match_name, name_folded, last_name_folded)
        {_series(count, sqlite=sqlite)}
        SELECT {number}, '00000000-0000-4000-8000-00' || {number}, 1, {_CREATED_BY}, {moment}, {moment}, false,
            CASE WHEN i % 2 = 0 THEN 'CRM' END, CASE WHEN i % 2 = 0 THEN 'K' || i END,
            CASE WHEN {organisation} THEN '2' ELSE '1' END, 'PROSPECT', CASE WHEN NOT {organisation} THEN {given} END,
            CASE WHEN NOT {organisation} THEN {family} END, CASE WHEN {organisation} THEN 'company' || i END,
            {name}, {name}, CASE WHEN {organisation} THEN 'company' || i ELSE {family} END FROM s"""
    email = f"{family} || '.' || i || '@mail' || ({_chance(6)} % 20) || '.example'"
    phone = f"'+49' || (30 + {_chance(7)} % 60) || {_digits('i', sqlite=sqlite, width=7)}"
    for place, kind, value in ((0, "email", email), (1, "phone", phone)):
        yield f"""INSERT INTO business_partner_communication (internal_id, position, kind, value, normalised)
            {_series(count, sqlite=sqlite)}
            SELECT {number}, {place}, '{kind}', {value}, {value} FROM s"""
    yield f"""INSERT INTO business_partner_identification
        (internal_id, position, party_identifier_type_code, business_partner_id)
        {_series(count, sqlite=sqlite)} SELECT {number}, 0, 'TAX', 'T' || i FROM s WHERE i % 3 = 0"""


def _leads(count: int, partners: int, *, sqlite: bool) -> Iterable[str]:
    number = _digits("i", sqlite=sqlite)
    created = f"({_BEGIN} + i * {_SECONDS} / {count})"
    left = f"({_BEGIN + _SECONDS} - {created})"
    # Four in ten never, five within a month, one whenever.
    later = f"""(CASE WHEN {_chance(8)} < 26214 THEN 0
        WHEN {_chance(8)} < 58982 THEN {_chance(9)} * {_chance(10)} / 65536 * 40
        ELSE {left} / 65536 * {_chance(9)} END)"""
    changed = f"({created} + CASE WHEN {later} < {left} THEN {later} ELSE {left} END)"
    old = f"i < {count} * 11 / 12"
    status = f"""CASE WHEN {old} THEN CASE WHEN {_chance(11)} < 26214 THEN '7' WHEN {_chance(11)} < 39321 THEN '5'
        WHEN {_chance(11)} < 49151 THEN '6' WHEN {_chance(11)} < 58982 THEN '4' WHEN {_chance(11)} < 61603 THEN '1'
        WHEN {_chance(11)} < 64225 THEN '2' ELSE '3' END
        ELSE CASE WHEN {_chance(11)} < 29491 THEN '1' WHEN {_chance(11)} < 45875 THEN '2'
        WHEN {_chance(11)} < 52428 THEN '3' WHEN {_chance(11)} < 58982 THEN '4' WHEN {_chance(11)} < 62259 THEN '5'
        WHEN {_chance(11)} < 63570 THEN '6' ELSE '7' END END"""
    product = _one_of(("mortgage", "loan", "savings", "insurance", "card", "leasing"), _chance(12))
    name = f"CASE WHEN {_chance(13)} < 1311 THEN 'newsletter' ELSE {product} || ' ' || ({_chance(14)} % 5000) END"
    prospect = f"""(1 + (CASE WHEN i % 5 < 3 THEN i * {partners} / {count}
        ELSE {_chance(15)} * i / 65536 * {partners} / {count} END) % {partners})"""
    campaign = f"""CASE WHEN {_chance(16)} < 19661 THEN NULL WHEN {_chance(16)} < 22938 THEN 'ALWAYS'
        ELSE 'SPRING' || (100 + i * 380 / {count} + {_chance(17)} % 20) END"""
    origin = _one_of(("001", "002", "003", "004", "005", "006", "007"), _chance(18))
    level = _one_of(("01", "02", "03"), _chance(19))
    owner, given = f"{_chance(21)} * {_chance(21)} / 65536", f"{_chance(23)} * {_chance(23)} / 65536"
    owner = f"CASE WHEN {_chance(20)} < 39321 THEN 'RM' || ({owner} * 300 / 65536) END"
    given = f"CASE WHEN {_chance(22)} < 16384 THEN 'PARTNER' || ({given} * 200 / 65536) END"
    start = _day(f"{created} + {_chance(25)} % 60 * 86400", sqlite=sqlite)
    start = f"CASE WHEN {_chance(24)} < 45875 THEN {start} END"
    yield f"""INSERT INTO lead (id, uuid, change_number, created_by, created_at, changed_at, test_data,
        communication_system_id, remote_object_id, name, name_folded, life_cycle_status_code,
        qualification_level_code, origin_type_code, priority_code, campaign_id, start_date, prospect_internal_id,
        sales_responsible_party_id, sales_partner_party_id, forwarding_sequence)
        {_series(count, sqlite=sqlite)}
        SELECT {number}, '00000000-0000-4000-8000-00' || {number}, 1, {_CREATED_BY},
            {_moment(created, sqlite=sqlite)}, {_moment(changed, sqlite=sqlite)}, false,
            CASE WHEN i % 2 = 0 THEN 'CRM' END, CASE WHEN i % 2 = 0 THEN 'K' || i END, {name}, {name}, {status},
            CASE WHEN {_chance(26)} < 39321 THEN {level} END, {origin},
            CASE WHEN {_chance(27)} < 52428 THEN {_one_of(("3", "2", "7", "1"), _chance(28))} END, {campaign}, {start},
            {_digits(prospect, sqlite=sqlite)}, {owner}, {given}, 0 FROM s"""


def _records(count: int, *, sqlite: bool) -> Iterable[str]:
    """As many records of the core CRM as there are business partners, each of a lead; one in three became an
    opportunity, of which one in five has moved."""
    number, changed = _digits("i", sqlite=sqlite), _moment(f"{_BEGIN} + i * {_SECONDS} / {count}", sqlite=sqlite)
    kind = f"CASE WHEN {_chance(30)} < 43690 THEN 'LEAD' ELSE 'OPPORTUNITY' END"
    closed = f"CASE WHEN {_chance(31)} < 40000 THEN 'Close Lost' ELSE 'Close Won' END"
    status = f"""CASE WHEN i < {count} * 11 / 12 THEN {closed}
        WHEN {_chance(30)} < 43690 THEN 'New Lead' ELSE 'New Opportunity' END"""
    owner = f"'RM' || ({_chance(32)} * {_chance(32)} / 65536 * 300 / 65536)"
    yield f"""INSERT INTO crm_record (record_id, record_type_code, status_name, customer_type_code, customer_id,
        owner_id, selling_mode_code, customer_name, source_lead_uuid, created_by, created_at, changed_at)
        {_series(count, sqlite=sqlite)}
        SELECT {number}, {kind}, {status}, 'NTB', 'C' || ({_chance(33)} * 65536 + {_chance(34)}) % {count}, {owner},
            CASE WHEN {_chance(35)} < 32768 THEN 'B2B' ELSE 'B2C' END, 'customer' || i,
            '00000000-0000-4000-8000-00' || {number}, 'relay', {changed}, {changed} FROM s"""
    stage = _one_of(("Qualification", "Analysis", "Offer", "Decision", "Negotiation"), _chance(36))
    yield f"""INSERT INTO crm_record_stage (record_id, stage_name, position, changed_at)
        {_series(count, sqlite=sqlite)}
        SELECT {number}, {stage}, 1, {changed} FROM s WHERE {_chance(30)} >= 43690 AND i % 5 = 0"""
