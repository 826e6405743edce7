"""The statements of the hot path look rows up; none walks through a table, however large it has become."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import event, text

from leadbridge.caller import Visibility
from leadbridge.selection import Boundary, Interval
from leadbridge.store import (
    assignment,
    bian,
    bulk,
    businesspartners,
    crmrecords,
    feed,
    leads,
    outbox,
    received,
    relationship,
)
from leadbridge.store.connections import SqliteConnection
from leadbridge.store.database import Database, Transaction
from leadbridge.store.feed import HeadChange
from leadbridge.store.tables import metadata
from tests.store.rows import EVERYTHING, NOW, partner_caller

GIVEN = partner_caller("p1", party_id="PARTY", visibility=Visibility.GIVEN)
EXACT = [Interval(False, Boundary.EQUAL, "a@example.org")]

PREFIX = [Interval(False, Boundary.EQUAL, "a*")]
SINCE = [Interval(False, Boundary.GREATER_OR_EQUAL, NOW)]
_PLAIN_KEYS = (
    *("id", "name", "life_cycle_status_code", "qualification_level_code", "origin_type_code", "priority_code"),
    *("campaign_id", "prospect_party_id", "sales_responsible_party_id", "sales_partner_party_id"),
)


def _leads_by(key: str, tx: Transaction) -> object:
    return leads.find(tx, EVERYTHING, {key: EXACT}, limit=100, after="1")


REASSIGNED = HeadChange(
    None,
    {
        "id": "1",
        "uuid": "1",
        "life_cycle_status_code": "1",
        "sales_partner_party_id": "PARTY",
        "changed_at": NOW,
        **dict.fromkeys(("partner_decision_code", "core_lead_id", "core_opportunity_id")),
    },
)

HOT: dict[str, Callable[[Transaction], object]] = {
    "leads by id": lambda tx: leads.resolve(tx, GIVEN, ids=["1"]),
    "leads by uuid": lambda tx: leads.resolve(tx, EVERYTHING, uuids=["1"]),
    "leads by key": lambda tx: leads.resolve(tx, EVERYTHING, external_keys=[("S", "1")]),
    "own leads by key": lambda tx: leads.resolve(tx, GIVEN, external_keys=[("S", "1")]),
    "leads by anything": lambda tx: leads.resolve(tx, GIVEN, ids=["1"], uuids=["1"], external_keys=[("S", "1")]),
    "taken lead keys": lambda tx: list(leads.external_keys_taken(tx, [("p1", "S", "1")])),
    "leads of CRM records": lambda tx: leads.of_records(tx, ["1"]),
    "parts": lambda tx: leads.parts(
        tx, ["1"], items=True, notes=True, history=True, documents=True, contacts=True, answers=True
    ),
    **{f"leads by {key}": partial(_leads_by, key) for key in _PLAIN_KEYS},
    "leads by name's beginning": lambda tx: leads.find(tx, EVERYTHING, {"name": PREFIX}, limit=100, after=None),
    "leads by day": lambda tx: leads.find(tx, EVERYTHING, {"last_change_date_time": SINCE}, limit=100, after=None),
    "leads by campaigns": lambda tx: leads.find(tx, GIVEN, {"campaign_id": PREFIX}, limit=100, after=None),
    "given leads": lambda tx: leads.find(tx, GIVEN, {}, limit=100, after="1"),
    "partners by address": lambda tx: businesspartners.find(tx, GIVEN, {"email_uri": PREFIX}, limit=100, after=None),
    "leads by address": lambda tx: leads.find(tx, GIVEN, {"email_uri": EXACT}, limit=100, after=None),
    "candidates by address": lambda tx: list(businesspartners.candidates(tx, normalised=["a"], identifications=[])),
    "candidates": lambda tx: list(businesspartners.candidates(tx, normalised=["a"], identifications=[("T", "1")])),
    "partners by anything": lambda tx: list(
        businesspartners.resolve(tx, GIVEN, internal_ids=["1"], uuids=["1"], external_keys=[("S", "1")])
    ),
    "partners in full": lambda tx: businesspartners.load(tx, GIVEN, ["1"]),
    "partners by name": lambda tx: businesspartners.find(tx, EVERYTHING, {"name": EXACT}, limit=100, after=None),
    "open leads": lambda tx: businesspartners.open_leads(tx, GIVEN, ["1"], per_partner=20),
    "overdue leads": lambda tx: leads.overdue(tx, now=NOW, limit=100),
    "callers of a party": lambda tx: feed.tell(tx, [REASSIGNED]),
    "feeds": lambda tx: feed.feeds(tx, ["p1"]),
    "told before": lambda tx: list(feed.numbered(tx, GIVEN, after=7, limit=100)),
    "not told yet": lambda tx: list(feed.unnumbered(tx, GIVEN, limit=100)),
    "acknowledged": lambda tx: feed.count(tx, "p1", after=7, upto=9),
    "loads": lambda tx: list(assignment.loads(tx, owners=["RM"], partners=["PARTY"])),
    "places of prospects": lambda tx: list(assignment.places(tx, ["1"])),
    "received": lambda tx: list(received.find(tx, [("p1", "u1")])),
    "claim": lambda tx: outbox.claim(tx, worker="w", now=NOW, lease=timedelta(seconds=60), limit=100),
    "forwarding states": lambda tx: outbox.forwarding_states(tx, ["1"]),
    "jobs": lambda tx: bulk.resolve(tx, GIVEN, ids=["1"], uuids=["1"]),
    "same file": lambda tx: bulk.find_same(tx, "p1", "1", b"hash"),
    "claim of a job": lambda tx: bulk.claim(tx, worker="w", now=NOW, lease=timedelta(seconds=60)),
    "chunk": lambda tx: bulk.begin_chunk(tx, "1", 0),
    "chunks": lambda tx: bulk.committed_chunks(tx, "1"),
    "parts of a file": lambda tx: bulk.parts(tx, "1", after=0, limit=1),
    "rejections": lambda tx: bulk.rejections(tx, "1", after=0, limit=1),
    "customers": lambda tx: list(crmrecords.of_customers(tx, ["C1"])),
    "CRM records": lambda tx: crmrecords.resolve(tx, record_ids=["1"]),
    "relationship plan": lambda tx: relationship.plan(tx, GIVEN, "1"),
    "relationship plans to change": lambda tx: relationship.lock(tx, ["1"]),
    "record of a relationship plan": lambda tx: relationship.record(tx, "1", "Contact", 1),
    "records of a relationship plan": lambda tx: relationship.last_number(tx, "1", "Contact"),
    "events": lambda tx: bian.events(tx, EVERYTHING, after=7, upto=9, limit=100),
    "events of a partner": lambda tx: bian.events(tx, GIVEN, after=7, upto=9, limit=100),
    "history": lambda tx: relationship.history(tx, GIVEN, "1", after=7, upto=9, limit=100),
    "activity": lambda tx: relationship.recorded(tx, GIVEN, "1", since=NOW, until=NOW),
    "CRM records by lead": lambda tx: crmrecords.resolve(tx, source_lead_uuids=["1"]),
}


@pytest.mark.parametrize("name", HOT)
def test_no_table_is_walked_through(sqlite: Database, name: str) -> None:
    statements: list[str] = []
    with sqlite.write() as tx:
        driver = tx.connection.connection.driver_connection
        assert isinstance(driver, SqliteConnection)
        driver.set_trace_callback(statements.append)
        HOT[name](tx)
        driver.set_trace_callback(None)
        plans = [
            (statement, [step[3] for step in driver.execute(f"EXPLAIN QUERY PLAN {statement}")])
            for statement in statements
        ]
    assert plans
    walked = [
        (step, statement)
        for statement, steps in plans
        for step in steps
        if step.startswith("SCAN ") and step.split()[1] in {*metadata.tables, "candidate", "other", "given_lead"}
    ]
    assert walked == []


@pytest.mark.parametrize("name", ["numbered", "unnumbered"])
def test_postgresql_reads_a_feed_in_the_order_of_an_index(postgresql: Database, name: str) -> None:
    """A feed of a million rows is not sorted to show a hundred, and those of others are not looked at."""
    statement = {"numbered": feed._numbered, "unnumbered": feed._unnumbered}[name](Visibility.GIVEN)
    given = {"reader_id": "p1", "caller_id": "p1", "caller_party_id": "PARTY", "after": 7, "limit": 100}
    needed = statement.compile().params.keys()
    with postgresql.read() as tx:
        bound = statement.params({one: given[one] for one in needed})
        written = bound.compile(tx.connection.engine, compile_kwargs={"literal_binds": True})
        plan = "\n".join(tx.connection.exec_driver_sql(f"EXPLAIN {written}").scalars())
    assert f"ix_lead_status_change_{name}" in plan, plan
    assert "Sort" not in plan, plan


@pytest.mark.parametrize(
    ("key", "pattern", "index"),
    [
        ("name", "*x", "ix_lead_name_reversed"),
        ("email_uri", "*x", "ix_business_partner_communication_reversed"),
        ("phone_number", "*1", "ix_business_partner_communication_reversed"),
    ],
)
def test_postgresql_finds_a_text_by_its_end(postgresql: Database, key: str, pattern: str, index: str) -> None:
    with postgresql.read() as tx, _plans(tx) as plans:
        leads.find(tx, EVERYTHING, {key: [Interval(False, Boundary.EQUAL, pattern)]}, limit=100, after=None)
    assert any(re.search(rf"{index} .*\n.*Index Cond: .*reverse\(", plan) for plan in plans), plans


def test_postgresql_finds_what_was_given_to_a_party_in_an_index_alone(postgresql: Database) -> None:
    with postgresql.read() as tx, _plans(tx) as plans:
        businesspartners.find(tx, GIVEN, {}, limit=100, after=None)
    assert any("Index Only Scan using ix_lead_by_sales_partner" in plan for plan in plans), plans


def test_postgresql_finds_the_leads_of_a_record_by_it(postgresql: Database) -> None:
    with postgresql.write() as tx, _plans(tx) as plans:
        leads.of_records(tx, ["1"])
    assert any("ix_lead_by_record" in plan for plan in plans), plans


@contextmanager
def _plans(tx: Transaction) -> Iterator[list[str]]:
    """What PostgreSQL says of its plan for each statement run inside."""
    plans: list[str] = []

    def keep(_connection: object, cursor: Any, statement: str, parameters: Any, *_: object) -> None:
        cursor.execute(f"EXPLAIN {statement}", parameters)
        plans.append("\n".join(step[0] for step in cursor.fetchall()))

    event.listen(tx.connection, "before_cursor_execute", keep)
    try:
        yield plans
    finally:
        event.remove(tx.connection, "before_cursor_execute", keep)


def test_a_plan_made_while_a_table_is_empty_uses_the_index(postgresql: Database) -> None:
    with postgresql.write() as tx:
        for _ in range(10):  # after five executions PostgreSQL may keep a plan
            list(received.find(tx, [("p1", "u1")]))
        statement = text("SELECT name FROM pg_prepared_statements WHERE statement LIKE '%FROM received%'")
        name = tx.connection.execute(statement).scalar_one()
        plan = "\n".join(tx.connection.execute(text(f"EXPLAIN EXECUTE {name}('[]')")).scalars())
    assert re.search(r"Index Cond: .*caller_id.*message_uuid", plan)
