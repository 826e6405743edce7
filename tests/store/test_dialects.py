"""Where the databases differ: values go in and out alike, errors are read alike, and nobody's data is in them."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from leadbridge.store import businesspartners, leads, received
from leadbridge.store.database import Database, migrate
from leadbridge.store.dialects import is_transient, is_unreachable
from leadbridge.store.errors import DatabaseUnreachable
from leadbridge.store.tables import lead
from tests.store.rows import EVERYTHING, a_lead, a_partner, store_leads
from tests.support.databases import PostgresqlServer

MARKED = "Xaver-Qqmarked"


def head(database: Database, number: int = 1) -> dict[str, object]:
    with database.read() as tx:
        (row,) = leads.resolve(tx, EVERYTHING, ids=[f"{number:010}"])
    return row


# ------------------------------------------------------------------------------------------------------- values


@pytest.mark.parametrize("amount", ["100.00", "0.10", "-7", "123456789012345678901234567890.123456789", "1E+3"])
@pytest.mark.parametrize("rows", [1, 50])  # PostgreSQL writes few rows and many in different ways
def test_a_decimal_keeps_every_digit(database: Database, amount: str, rows: int) -> None:
    store_leads(database, *(a_lead(n, expected_revenue_amount=Decimal(amount)) for n in range(1, rows + 1)))
    stored = head(database, rows)["expected_revenue_amount"]
    assert isinstance(stored, Decimal)
    assert format(stored, "f") == format(Decimal(amount), "f")


@pytest.mark.parametrize("rows", [1, 50])
def test_a_moment_comes_back_in_utc_to_the_microsecond(database: Database, rows: int) -> None:
    moment = datetime(2025, 7, 1, 12, 0, 0, 1, tzinfo=timezone(timedelta(hours=2)))
    store_leads(database, *(a_lead(n, changed_at=moment) for n in range(1, rows + 1)))
    stored = head(database, rows)["changed_at"]
    assert isinstance(stored, datetime)
    assert stored == moment
    assert stored.tzinfo is UTC


@pytest.mark.parametrize("rows", [1, 50])
def test_a_date_is_never_shifted(database: Database, rows: int) -> None:
    days: dict[str, Any] = {"start_date": date(2025, 12, 31), "end_date": date(1, 1, 1)}
    store_leads(database, *(a_lead(n, **days) for n in range(1, rows + 1)))
    row = head(database, rows)
    assert (row["start_date"], row["end_date"]) == (date(2025, 12, 31), date(1, 1, 1))


@pytest.mark.parametrize("name", ["tab\there", "line\nbreak\r", "back\\slash \\N", "'\"%s%%:x?", "\U0001f600", ""])
@pytest.mark.parametrize("rows", [1, 1_001])
def test_text_and_bytes_come_back_as_they_were(database: Database, name: str, rows: int) -> None:
    extension = bytes(range(256))
    store_leads(database, *(a_lead(n, name=name, extension=extension) for n in range(1, rows + 1)))
    row = head(database, rows)
    assert (row["name"], row["extension"]) == (name, extension)
    assert (row["campaign_id"], row["test_data"], row["forwarding_sequence"]) == (None, False, 0)


@pytest.mark.parametrize("rows", [1, 1_001])
@pytest.mark.parametrize(
    ("column", "value"),
    [("changed_at", datetime(2025, 1, 1)), ("expected_revenue_amount", Decimal("NaN"))],  # noqa: DTZ001 - refused
)
def test_a_naive_moment_and_what_is_no_number_are_refused(
    database: Database, column: str, value: object, rows: int
) -> None:
    store_leads(database, a_lead(1))
    with pytest.raises(ValueError, match=r"zone|finite"), database.write() as tx:
        leads.insert(tx, leads=[{**a_lead(n), column: value} for n in range(2, rows + 2)])
    with pytest.raises(Exception, match=r"zone|finite"), database.write() as tx:
        leads.update(tx, [{"id": "0000000001", column: value}])


def test_a_misspelt_column_is_refused_not_dropped(database: Database) -> None:
    with pytest.raises(ValueError, match="lifecycle"), database.write() as tx:
        leads.insert(tx, leads=[a_lead(1, lifecycle="1")])
    with pytest.raises(ValueError, match="lifecycle"), database.write() as tx:
        leads.update(tx, [{"id": "0000000001", "lifecycle": "1"}])


def test_thousands_of_values_fit_one_statement(database: Database) -> None:
    count = 40_000  # beyond SQLite's limit on variables and PostgreSQL's on parameters
    store_leads(database, *(a_lead(n) for n in range(1, 51)))
    with database.read() as tx:
        found = leads.resolve(tx, EVERYTHING, ids=[f"{n:010}" for n in range(1, count)])
        assert len(found) == 50
        keys = [("p1", str(n)) for n in range(count)]
        assert list(received.find(tx, keys)) == []


# ------------------------------------------------------------------------------------------------------- errors


@pytest.mark.parametrize("rows", [1, 1_001])
def test_an_error_says_what_was_broken_but_never_the_values(database: Database, rows: int) -> None:
    nameless = [{**a_partner(n, given_name=MARKED), "role_codes": None} for n in range(rows)]
    with pytest.raises(IntegrityError) as caught, database.write() as tx:
        businesspartners.insert(tx, partners=nameless)
    chain: BaseException | None = caught.value
    while chain is not None:
        assert MARKED not in str(chain)
        assert MARKED not in repr(chain)
        chain = chain.__cause__ or chain.__context__
    assert "role_codes" in str(caught.value)


def test_an_error_through_sqlalchemy_hides_the_values_too(database: Database) -> None:
    with pytest.raises(IntegrityError) as caught, database.write() as tx:
        tx.connection.execute(lead.insert(), [{"id": "1", "name": MARKED}])
    assert MARKED not in str(caught.value)
    assert MARKED not in repr(caught.value.orig)


@pytest.mark.parametrize("rows", [1, 1_001])
def test_a_key_that_is_taken_is_an_integrity_error_and_not_transient(database: Database, rows: int) -> None:
    batch = [a_partner(n) for n in range(rows)]
    with database.write() as tx:
        businesspartners.insert(tx, partners=batch)
    with pytest.raises(IntegrityError) as caught, database.write() as tx:
        businesspartners.insert(tx, partners=batch)
    assert not is_transient(caught.value)
    assert not is_unreachable(caught.value)


def test_a_child_without_its_parent_is_refused(database: Database) -> None:
    with pytest.raises(IntegrityError), database.write() as tx:
        leads.insert(tx, leads=[a_lead(1, prospect=99)])


def test_a_locked_database_is_transient(tmp_path: Path) -> None:
    path = tmp_path / "locked.db"
    holder, other = (sqlite3.connect(path, isolation_level=None, timeout=0) for _ in range(2))
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError) as caught:
        other.execute("BEGIN IMMEDIATE")
    wrapped = DBAPIError.instance("begin", None, caught.value, sqlite3.Error)
    assert is_transient(caught.value)
    assert is_transient(wrapped)
    assert not is_unreachable(wrapped)
    holder.close()
    other.close()


@pytest.mark.parametrize(
    ("error", "transient", "unreachable"),
    [
        (psycopg.errors.DeadlockDetected(), True, False),
        (psycopg.errors.SerializationFailure(), True, False),
        (psycopg.errors.LockNotAvailable(), True, False),
        (psycopg.errors.OutOfMemory(), True, False),
        (psycopg.errors.AdminShutdown(), False, True),
        (psycopg.errors.CannotConnectNow(), False, True),
        (psycopg.errors.TooManyConnections(), False, True),
        (psycopg.errors.DiskFull(), False, True),
        (psycopg.errors.ConnectionFailure(), False, True),
        (psycopg.OperationalError("connection refused"), False, True),
        (psycopg.errors.UniqueViolation(), False, False),
        (psycopg.errors.UndefinedTable(), False, False),
        (ValueError(), False, False),
    ],
)
def test_driver_errors_are_told_apart(error: Exception, transient: bool, unreachable: bool) -> None:
    assert (is_transient(error), is_unreachable(error)) == (transient, unreachable)


# -------------------------------------------------------------------------------------------------- connections


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///:memory:", "sqlite:///file:x?mode=memory&uri=true", "mysql://host/name"]
)
def test_other_databases_and_memory_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"path of a file|sqlite or postgresql"):
        Database(url)


def test_a_server_that_is_not_there_is_unreachable() -> None:
    database = Database("postgresql://nobody:secret@127.0.0.1:1/none?connect_timeout=2")
    with pytest.raises(DatabaseUnreachable) as caught, database.read() as tx:
        tx.connection.execute(text("SELECT 1"))
    assert "secret" not in str(caught.value)


def test_a_file_that_cannot_be_opened_is_unreachable(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}")  # a folder
    with pytest.raises(DatabaseUnreachable), database.read() as tx:
        tx.connection.execute(text("SELECT 1"))


@pytest.fixture
def served(postgresql_server: PostgresqlServer) -> Iterator[Database]:
    url = postgresql_server.empty_database()
    opened = Database(url)
    migrate(opened)
    yield opened
    opened.dispose()
    postgresql_server.drop(url)


_END_OTHERS = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


def _insert_on_a_dying_connection(served: Database, other: Database, rows: int) -> None:
    with served.write() as tx:
        tx.connection.execute(text("SELECT 1"))
        with other.write() as killer:
            killer.connection.execute(_END_OTHERS)
        businesspartners.insert(tx, partners=[a_partner(n) for n in range(rows)])


def test_a_connection_that_dies_in_use_is_unreachable_and_the_next_one_is_fresh(
    served: Database,
) -> None:
    other = Database(served._engine.url.render_as_string(hide_password=False))
    for rows in (1, 20):
        with pytest.raises(DatabaseUnreachable):
            _insert_on_a_dying_connection(served, other, rows)
        with served.read() as tx:
            assert businesspartners.load(tx, EVERYTHING, ["0000000000"]) == []
    other.dispose()


def test_a_connection_that_died_while_idle_is_replaced_unnoticed(
    served: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leadbridge.store.dialects._IDLE_SECONDS", 0)
    other = Database(served._engine.url.render_as_string(hide_password=False))
    with served.read() as tx:
        tx.connection.execute(text("SELECT 1"))
    with other.write() as tx:
        tx.connection.execute(_END_OTHERS)
    with served.read() as tx:
        assert tx.connection.execute(text("SELECT 1")).scalar() == 1
    other.dispose()


def test_sqlite_is_as_durable_and_strict_as_promised(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'deep' / 'down' / 'x.db'}")
    expected = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}
    with database.read() as tx:
        found = {name: tx.connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in expected}
    assert found == expected
    database.dispose()


def test_a_sqlite_file_is_its_owners_alone_and_so_is_what_lies_beside_it(tmp_path: Path) -> None:
    before = os.umask(0o022)  # what most machines have
    try:
        database = Database(f"sqlite:///{tmp_path / 'leads.db'}")
        migrate(database)
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
        database.dispose()
    finally:
        os.umask(before)
    assert modes == {f"leads.db{more}": 0o600 for more in ("", "-wal", "-shm", "-turn")}


def test_a_database_that_was_closed_leaves_no_file_open_and_can_be_used_again(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'leads.db'}")
    for statement in ("CREATE TABLE written (here)", "INSERT INTO written VALUES (1)"):
        with database.write() as tx:
            tx.connection.exec_driver_sql(statement)
        database.dispose()
        assert not [file for file in psutil.Process().open_files() if Path(file.path).parent == tmp_path]


def test_a_database_opened_again_is_not_taken_for_closed_by_another_process(tmp_path: Path) -> None:
    path, wal = tmp_path / "leads.db", tmp_path / "leads.db-wal"
    first = Database(f"sqlite:///{path}")
    with first.write() as tx:
        tx.connection.exec_driver_sql("CREATE TABLE written (here)")
    second = Database(f"sqlite:///{path}")
    with second.read() as tx:
        tx.connection.exec_driver_sql("SELECT * FROM written")
    other = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('SELECT * FROM written').connection.close()"
    subprocess.run([sys.executable, "-c", other, str(path)], check=True)
    assert wal.exists()  # whoever closes a database last empties and removes its log, into which others would write on
    first.dispose()
    second.dispose()
