"""Find among many: milliseconds to the first page and to the last, and the plan by which the database got there.

Each is measured warm, in process: a transaction, all statements of the search, the rows of a page of 100. The last page
is asked for as a caller would: with the LastReturnedObjectID of the page before it.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, TypeAlias

from sqlalchemy import event, func, select
from sqlalchemy.engine import Connection

from leadbridge.caller import Caller, Role, Visibility
from leadbridge.crm.casetypes import Whereabouts
from leadbridge.crm.combo import RecordType
from leadbridge.operations.opportunities import places_of
from leadbridge.rulefiles.casetypes import default_case_types
from leadbridge.selection import Boundary, Interval
from leadbridge.store import businesspartners, casetypes, crmrecords, leads
from leadbridge.store.database import Database, Transaction
from leadbridge.store.finding import Search
from tests.benchmarks import find_rows
from tests.benchmarks.databases import DatabaseKind, Databases, Place
from tests.benchmarks.subjects import prepare

PAGE = 100
# A measurement that takes longer is not repeated as often.
_PATIENCE_SECONDS = 2.0

Selections: TypeAlias = Mapping[str, Sequence[Interval]]
Page: TypeAlias = Callable[[Transaction, str | None], Sequence[object]]


@dataclass(frozen=True)
class Found:
    """One search among many rows, or the duplicate check, whose only page is the first."""

    database: DatabaseKind
    operation: str
    selection: str
    caller: str
    hits: int | None = None
    first_page_ms: float | None = None
    last_page_ms: float | None = None
    plans: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class _Question:
    operation: str
    selection: str
    caller: Caller
    search: Callable[[Transaction], Search]
    page: Page


def _caller(name: str, party: str, visibility: Visibility) -> Caller:
    return Caller(id=name, name=name, roles=frozenset({Role.PARTNER}), visibility=visibility, party_id=party)


ALL = _caller("agent", "", Visibility.ALL)
GIVEN = _caller(*find_rows.LARGE_PARTNER, Visibility.GIVEN)
OWN = _caller("web", "", Visibility.OWN)
SMALL = _caller(*find_rows.SMALL_PARTNER, Visibility.GIVEN)
CALLERS = {"all": ALL, "given": GIVEN, "own": OWN, "given, few": SMALL}


def _is(*values: str) -> list[Interval]:
    return [Interval(False, Boundary.EQUAL, value) for value in values]


def _not(*values: str) -> list[Interval]:
    return [Interval(True, Boundary.EQUAL, value) for value in values]


def _between(lower: Any, upper: Any) -> list[Interval]:
    return [Interval(False, Boundary.BETWEEN, lower, upper)]


def _from(lower: Any) -> list[Interval]:
    return [Interval(False, Boundary.GREATER_OR_EQUAL, lower)]


def _below(upper: Any) -> list[Interval]:
    return [Interval(False, Boundary.LESS, upper)]


def _ago(**span: float) -> datetime:
    return find_rows.END - timedelta(**span)


def _day(**span: float) -> date:
    return _ago(**span).date()


def lead_selections(count: int, partners: int) -> dict[str, Selections]:
    """What leads are searched for, by a name for people; `count` leads there are, with so many prospects."""
    middle = f"{count // 2:010d}"
    return {
        "everything": {},
        "ID: equal, 3": {"id": _is(middle, f"{count // 3:010d}", f"{count:010d}")},
        "ID: prefix": {"id": _is(middle[:6] + "*")},
        "ID: range of half": {"id": _from(middle)},
        "ID: all but 2": {"id": _not(middle, f"{count:010d}")},
        "Name: equal": {"name": _is("Mortgage 77")},
        "Name: equal, many": {"name": _is("newsletter")},
        "Name: prefix, few": {"name": _is("card 77*")},
        "Name: prefix, many": {"name": _is("mort*")},
        "Name: prefix, 2 %": {"name": _is("leasing 4*", "insurance 4*")},
        "Name: range": {"name": _between("c", "k")},
        "Name: all but prefix": {"name": [Interval(True, Boundary.EQUAL, "mort*")]},
        "Name: within, many": {"name": _is("*gage 1*")},
        "Name: within, few": {"name": _is("*gage 77*")},
        "Name: within, none": {"name": _is("*yacht*")},
        "Name: ends with, few": {"name": _is("*age 4711")},
        "Name: ends with, none": {"name": _is("*yacht")},
        "Status: 1": {"life_cycle_status_code": _is("1")},
        "Status: 1, 2 or 3": {"life_cycle_status_code": _is("1", "2", "3")},
        "Status: up to 3": {"life_cycle_status_code": [Interval(False, Boundary.LESS_OR_EQUAL, "3")]},
        "Status: not 5, 6, 7": {"life_cycle_status_code": _not("5", "6", "7")},
        "QualificationLevel: 03": {"qualification_level_code": _is("03")},
        "QualificationLevel: 02 to 03": {"qualification_level_code": _between("02", "03")},
        "OriginType: 001": {"origin_type_code": _is("001")},
        "OriginType: rare": {"origin_type_code": _is("007")},
        "OriginType: prefix": {"origin_type_code": _is("00*")},
        "Priority: 1": {"priority_code": _is("1")},
        "Priority: not 3": {"priority_code": _not("3")},
        "Campaign: equal": {"campaign_id": _is("SPRING300")},
        "Campaign: all the time": {"campaign_id": _is("ALWAYS")},
        "Campaign: prefix, many": {"campaign_id": _is("SPRING1*")},
        "Campaign: range": {"campaign_id": _between("SPRING200", "SPRING250")},
        "ProspectParty: equal": {"prospect_party_id": _is(f"{partners // 2:010d}")},
        "ProspectParty: range of a tenth": {
            "prospect_party_id": _between(f"{partners // 2:010d}", f"{partners * 6 // 10:010d}")
        },
        "SalesResponsible: one": {"sales_responsible_party_id": _is("RM0")},
        "SalesResponsible: few": {"sales_responsible_party_id": _is("RM299")},
        "SalesResponsible: prefix": {"sales_responsible_party_id": _is("RM2*")},
        "SalesPartner: large": {"sales_partner_party_id": _is("PARTNER0")},
        "SalesPartner: small": {"sales_partner_party_id": _is("PARTNER199")},
        "SalesPartner: any": {"sales_partner_party_id": _is("PART*")},
        "StartDate: a day": {"start_date": _between(_day(days=400), _day(days=400))},
        "StartDate: a month, old": {"start_date": _between(_day(days=600), _day(days=570))},
        "StartDate: first half": {"start_date": _below(_day(days=365))},
        "StartDate: last half": {"start_date": _from(_day(days=365))},
        "LastChange: last hour": {"last_change_date_time": _from(_ago(hours=1))},
        "LastChange: last day": {"last_change_date_time": _from(_ago(days=1))},
        "LastChange: last month": {"last_change_date_time": _from(_ago(days=30))},
        "LastChange: first half": {"last_change_date_time": _below(_ago(days=365))},
        "LastChange: last half": {"last_change_date_time": _from(_ago(days=365))},
        "LastChange: a week, old": {"last_change_date_time": _between(_ago(days=500), _ago(days=493))},
        "EmailURI: equal": {"email_uri": _is("family77.*")},
        "EmailURI: prefix, many": {"email_uri": _is("family1*")},
        "EmailURI: prefix, 1 %": {"email_uri": _is("family12*")},
        "EmailURI: all but prefix": {"email_uri": [Interval(True, Boundary.EQUAL, "family1*")]},
        "EmailURI: ends with, many": {"email_uri": _is("*@mail7.example")},
        "EmailURI: ends with, none": {"email_uri": _is("*@nowhere.example")},
        "EmailURI: within, none": {"email_uri": _is("*yacht*")},
        "PhoneNumber: ends with": {"phone_number": _is("*4711")},
        "PhoneNumber: within, none": {"phone_number": _is("*00000000*")},
        "PhoneNumber: equal": {"phone_number": _is("+4930*")},
        "PhoneNumber: prefix, many": {"phone_number": _is("+493*")},
        "PhoneNumber: range": {"phone_number": _between("+4940", "+4942")},
        "open and hot": {"life_cycle_status_code": _is("1", "2"), "qualification_level_code": _is("03")},
        "open of a campaign": {"life_cycle_status_code": _is("1", "2"), "campaign_id": _is("SPRING300")},
        "open, not touched for a year": {
            "life_cycle_status_code": _is("1", "2"),
            "last_change_date_time": _below(_ago(days=365)),
        },
        "qualified last week": {
            "life_cycle_status_code": _is("3", "4"),
            "last_change_date_time": _from(_ago(days=7)),
        },
        "open of an owner": {"life_cycle_status_code": _is("1", "2"), "sales_responsible_party_id": _is("RM0")},
        "name and origin": {"name": _is("mort*"), "origin_type_code": _is("001")},
        "name and month": {
            "name": _is("card 1*"),
            "start_date": _between(_day(days=600), _day(days=570)),
        },
        "origin, priority, month": {
            "origin_type_code": _is("002"),
            "priority_code": _is("2"),
            "start_date": _between(_day(days=600), _day(days=570)),
        },
        "given away, open": {"sales_partner_party_id": _is("PARTNER0"), "life_cycle_status_code": _is("1", "2")},
    }


_RESTRICTED = (
    *("Name: within, none", "Name: ends with, none", "EmailURI: within, none", "EmailURI: ends with, many"),
    *("everything", "Name: prefix, many", "Name: prefix, few", "Name: equal, many", "Status: 1", "Status: 1, 2 or 3"),
    *("Campaign: equal", "Campaign: prefix, many", "SalesPartner: large", "StartDate: a month, old"),
    *("LastChange: last day", "LastChange: last half", "LastChange: first half", "EmailURI: equal"),
    *("EmailURI: prefix, many", "EmailURI: prefix, 1 %", "open and hot", "open, not touched for a year"),
)


def partner_selections(count: int) -> dict[str, dict[str, Any]]:
    """What business partners are searched for: the arguments of the store's `find` behind `selections`."""
    return {
        "everything": {"selections": {}},
        "Name: equal, last": {"selections": {"name": _is("Family77")}},
        "Name: equal, whole": {"selections": {"name": _is("given7 family77")}},
        "Name: prefix, few": {"selections": {"name": _is("family77*")}},
        "Name: prefix, many": {"selections": {"name": _is("family*")}},
        "Name: prefix, 2 %": {"selections": {"name": _is("family49*")}},
        "Name: range": {"selections": {"name": _between("a", "d")}},
        "Name: all but prefix": {"selections": {"name": [Interval(True, Boundary.EQUAL, "family*")]}},
        "Name: within, none": {"selections": {"name": _is("*yacht*")}},
        "Name: ends with, none": {"selections": {"name": _is("*yacht")}},
        "EmailURI: prefix, few": {"selections": {"email_uri": _is("family77.*")}},
        "EmailURI: prefix, many": {"selections": {"email_uri": _is("family1*")}},
        "EmailURI: prefix, 1 %": {"selections": {"email_uri": _is("family12*")}},
        "EmailURI: ends with, many": {"selections": {"email_uri": _is("*@mail7.example")}},
        "EmailURI: ends with, none": {"selections": {"email_uri": _is("*@nowhere.example")}},
        "EmailURI: within, none": {"selections": {"email_uri": _is("*yacht*")}},
        "PhoneNumber: prefix, many": {"selections": {"phone_number": _is("+493*")}},
        "PhoneNumber: range": {"selections": {"phone_number": _between("+4940", "+4942")}},
        "Identification": {"selections": {}, "identifications": [("TAX", f"T{count // 9 * 3}")]},
        "ExternalKey": {"selections": {}, "external_keys": [("CRM", f"K{count // 4 * 2}")]},
        "name and phone": {"selections": {"name": _is("family1*"), "phone_number": _is("+493*")}},
    }


def record_selections(count: int) -> dict[str, Selections]:
    """What records of the core CRM are searched for; `count` there are."""
    return {
        "everything": {},
        "Customer: equal": {"customer_id": _is(f"C{count // 2}")},
        "Customer: prefix": {"customer_id": _is("C1*")},
        "Owner: one": {"owner_id": _is("RM0")},
        "Owner: few": {"owner_id": _is("RM299")},
        "SourceLeadUUID": {"source_lead_uuid": _is(f"00000000-0000-4000-8000-00{count // 2:010d}")},
        "Type: opportunity": {"record_type_code": _is("OPPORTUNITY")},
        "Status: open": {"status_name": _is("New Lead", "New Opportunity")},
        "Status: none": {"status_name": _is("New")},
        "Status and owner": {"status_name": _is("New Opportunity"), "owner_id": _is("RM7")},
        "LastChange: last day": {"last_change_date_time": _from(_ago(days=1))},
        "LastChange: first half": {"last_change_date_time": _below(_ago(days=365))},
    }


_STAGES = ("Qualification", "Negotiation", "Closed")


def _record_questions(count: int) -> Iterator[_Question]:
    for name, wanted in record_selections(count).items():
        yield _Question(
            *("FindCrmRecord", name, ALL),
            partial(crmrecords.search, selections=wanted),
            partial(_record_page, wanted),
        )
    case_types = default_case_types()
    for stage in _STAGES:
        places = places_of(case_types, RecordType.OPPORTUNITY, stage)
        equals = {"record_type_code": "OPPORTUNITY"}
        yield _Question(
            *("/crm/opportunities", f"stage: {stage}", ALL),
            partial(casetypes.search, equals=equals, places=places),
            partial(_staged_page, equals, places),
        )


def _record_page(wanted: Selections, tx: Transaction, after: str | None) -> Sequence[object]:
    return crmrecords.find(tx, wanted, limit=PAGE, after=after)[0]


def _staged_page(
    equals: Mapping[str, str], places: Sequence[Whereabouts], tx: Transaction, after: str | None
) -> Sequence[object]:
    return casetypes.find(tx, equals=equals, places=places, limit=PAGE, after=after)[0]


def _questions(count: int, partners: int) -> Iterator[_Question]:
    yield from _record_questions(partners)
    selections = lead_selections(count, partners)
    for who, caller in CALLERS.items():
        for name in selections if who == "all" else _RESTRICTED:
            wanted = selections[name]
            yield _Question(
                "FindLead", name, caller, partial(_lead_search, caller, wanted), partial(_lead_page, caller, wanted)
            )
        for name, arguments in partner_selections(partners).items():
            yield _Question(
                *("FindBusinessPartner", name, caller),
                partial(_partner_search, caller, arguments),
                partial(_partner_page, caller, arguments),
            )


def _lead_search(caller: Caller, selections: Selections, tx: Transaction) -> Search:
    return leads.search(tx, caller, selections)


def _lead_page(caller: Caller, selections: Selections, tx: Transaction, after: str | None) -> Sequence[object]:
    return leads.find(tx, caller, selections, limit=PAGE, after=after)[0]


def _partner_search(caller: Caller, arguments: Mapping[str, Any], tx: Transaction) -> Search:
    return businesspartners.search(tx, caller, **arguments)


def _partner_page(caller: Caller, arguments: Mapping[str, Any], tx: Transaction, after: str | None) -> Sequence[object]:
    rows, _ = businesspartners.find(tx, caller, **arguments, limit=PAGE, after=after)
    businesspartners.open_leads(tx, caller, [row["internal_id"] for row in rows], per_partner=20)
    return rows


# ---------------------------------------------------------------------------------------------------- measuring


def measure(
    kinds: Sequence[DatabaseKind], count: int, rounds: int, databases: Databases, report: Callable[[Found], None]
) -> list[Found]:
    """Fill a database of each kind with so many leads, and three tenths as many business partners, and search."""
    found = []
    for kind in kinds:
        with databases.fresh(kind) as place:
            prepare(place)
            find_rows.make(place, leads=count, partners=max(count * 3 // 10, 10))
            for one in searched(place, count, rounds):
                report(one)
                found.append(one)
    return found


def searched(place: Place, count: int, rounds: int) -> Iterator[Found]:
    """Every search in a database that is filled."""
    database = Database(place.url)
    partners = max(count * 3 // 10, 10)
    try:
        for question in _questions(count, partners):
            yield _searched(database, place.kind, question, rounds)
        yield _duplicate_check(database, place.kind, partners, rounds)
    finally:
        database.dispose()


def count_of_questions() -> int:
    """How many searches are measured in each database, the duplicate check included."""
    return sum(1 for _ in _questions(100, 30)) + 1


def _searched(database: Database, kind: DatabaseKind, question: _Question, rounds: int) -> Found:
    hits, before_last = _extent(database, question)
    with database.read() as tx, _plans(tx.connection, kind) as plans:
        question.page(tx, None)
    name = next(name for name, caller in CALLERS.items() if caller is question.caller)
    return Found(
        database=kind,
        operation=question.operation,
        selection=question.selection,
        caller=name,
        hits=hits,
        first_page_ms=_median_ms(database, lambda tx: question.page(tx, None), rounds),
        last_page_ms=_median_ms(database, lambda tx: question.page(tx, before_last), rounds),
        plans=tuple(plans),
    )


def _extent(database: Database, question: _Question) -> tuple[int, str | None]:
    """How many hits there are, and the id before the last page; none where the first page is the last."""
    with database.read() as tx:
        search = question.search(tx)
        ids = search.ids.subquery()
        hits: int = tx.connection.execute(select(func.count()).select_from(ids), search.parameters).scalar_one()
        on_last = hits % PAGE or PAGE
        if hits <= PAGE:
            return hits, None
        last = search.ids.order_by(search.id.desc()).offset(on_last).limit(1)
        return hits, tx.connection.execute(last, search.parameters).scalar_one()


def _median_ms(database: Database, act: Callable[[Transaction], object], rounds: int) -> float:
    times: list[float] = []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        with database.read() as tx:
            act(tx)
        times.append(time.perf_counter() - began)
        if sum(times) > _PATIENCE_SECONDS and len(times) > 1:
            break
    return statistics.median(times[1:]) * 1e3  # the first one warmed up


def _duplicate_check(database: Database, kind: DatabaseKind, partners: int, rounds: int) -> Found:
    """What CreateLead asks about one new business partner: two addresses and an identification."""
    number = partners // 2
    with database.read() as tx:
        (partner,) = businesspartners.load(tx, ALL, [f"{number:010d}"])
    known = [one["normalised"] for one in partner["communications"]]
    wanted: dict[str, Any] = {"normalised": [*known, "nobody@example.org"], "identifications": [("TAX", f"T{number}")]}

    def check(tx: Transaction) -> list[object]:
        return list(businesspartners.candidates(tx, **wanted))

    with database.read() as tx:
        assert check(tx)
    return Found(kind, "CreateLead", "duplicate check", "all", first_page_ms=_median_ms(database, check, rounds))


@contextmanager
def _plans(connection: Connection, kind: DatabaseKind) -> Iterator[list[str]]:
    """What the database says of its plan for each statement run inside."""
    plans: list[str] = []
    explain = "EXPLAIN (ANALYZE, BUFFERS)" if kind == "postgresql" else "EXPLAIN QUERY PLAN"

    def keep(_connection: object, cursor: Any, statement: str, parameters: Any, *_: object) -> None:
        cursor.execute(f"{explain} {statement}", parameters)
        steps = cursor.fetchall()
        plans.append("\n".join(str(step[0] if kind == "postgresql" else step[3]) for step in steps))

    event.listen(connection, "before_cursor_execute", keep)
    try:
        yield plans
    finally:
        event.remove(connection, "before_cursor_execute", keep)
