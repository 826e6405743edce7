"""One round trip to PostgreSQL: what comes back, what an error leaves, and what the loop does with the socket."""

from __future__ import annotations

import asyncio

import psycopg
import pytest
from sqlalchemy import Integer, make_url, text

from leadbridge.store import cooperative
from leadbridge.store.connections import PostgresqlConnection
from leadbridge.store.database import Database

NUMBER = b"SELECT $1::int4"
_PLANS = text(
    "SELECT generic_plans AS generic, custom_plans AS custom FROM pg_prepared_statements WHERE statement LIKE 'SELECT%'"
).columns(generic=Integer(), custom=Integer())


def connect(url: str) -> PostgresqlConnection:
    return PostgresqlConnection.connect(make_url(url).set(drivername="postgresql").render_as_string(False))


def numbers(connection: PostgresqlConnection, *values: bytes) -> list[int]:
    results = connection.exchange([(NUMBER, [value]) for value in values])
    return [row[0] for result in results for row in connection.rows(result)]


def test_each_statement_has_its_result_and_a_transaction_is_open(postgresql_url: str) -> None:
    with connect(postgresql_url) as connection:
        assert numbers(connection, b"1", b"2") == [1, 2]
        assert connection.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS
        assert numbers(connection, b"3") == [3]


def test_the_first_error_is_raised_and_the_connection_can_be_used_again(postgresql_url: str) -> None:
    with connect(postgresql_url) as connection:
        with pytest.raises(psycopg.errors.DivisionByZero):
            connection.exchange([(b"SELECT 1 / $1::int4", [b"0"]), (NUMBER, [b"1"])])
        connection.rollback()
        assert numbers(connection, b"1") == [1]


def test_a_server_that_goes_away_says_so_and_the_connection_is_closed(postgresql_url: str) -> None:
    with connect(postgresql_url) as connection:
        with pytest.raises(psycopg.errors.AdminShutdown):
            connection.exchange([(b"SELECT pg_terminate_backend(pg_backend_pid())", []), (NUMBER, [b"1"])])
        assert connection.closed


def test_in_a_loop_as_well_also_when_the_server_ends_while_nobody_waits(postgresql_url: str) -> None:
    async def use() -> list[int]:
        connection, other = connect(postgresql_url), connect(postgresql_url)
        with connection, other:
            found = [*await cooperative.run(lambda: numbers(connection, b"1", b"2"))]
            other.execute("SELECT pg_terminate_backend(%s)", [connection.info.backend_pid])
            await asyncio.sleep(0.1)
            assert not asyncio.get_running_loop().remove_reader(connection.fileno())  # the loop looks no longer
            with pytest.raises(psycopg.OperationalError):
                await cooperative.run(lambda: numbers(connection, b"3"))
            assert connection.closed
            return [*found, *await cooperative.run(lambda: numbers(other, b"4"))]

    assert asyncio.run(use()) == [1, 2, 4]


def test_a_server_remembers_only_so_many_statements(postgresql_url: str) -> None:
    with connect(postgresql_url) as connection:
        for number in range(500):
            connection.exchange([(b"SELECT $1::int4 AS n%d" % number, [b"1"]), (NUMBER, [b"2"])])
            connection.rollback()
        (kept,) = connection.execute("SELECT count(*) FROM pg_prepared_statements").fetchall()
        assert 0 < kept[0] <= 202  # the last exchange may bring two new ones
        assert numbers(connection, b"3") == [3]


def test_what_is_asked_by_keys_is_planned_once_and_searches_are_planned_for_their_values(postgresql_url: str) -> None:
    database = Database(postgresql_url)
    with database.read() as tx:
        tx.lock(["one key"])
        assert len(tx.ask(_PLANS, {})) == 2
        plans = tx.ask(_PLANS, {})  # the lock has run, and the first of these
        assert [(row["generic"] > 0, row["custom"]) for row in plans] == [(True, 0)] * 2
        assert tx.connection.execute(text("SHOW plan_cache_mode")).scalar_one() == "auto"
    database.dispose()
