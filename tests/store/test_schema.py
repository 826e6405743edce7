"""The migrations make what the tables say, on both databases, whoever else migrates at the same moment."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from leadbridge.crm.casetypes import Kept
from leadbridge.store import bian, casetypes, migrations
from leadbridge.store.database import Database, Transaction, migrate, require_current_schema, schema_state
from leadbridge.store.errors import SchemaBehind
from leadbridge.store.inserts import Row
from leadbridge.store.tables import metadata
from tests.store.rows import NOW, a_lead, store_leads
from tests.support.databases import PostgresqlServer


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'new' / 'leadbridge.db'}"
        return
    server: PostgresqlServer = request.getfixturevalue("postgresql_server")
    url = server.empty_database()
    yield url
    server.drop(url)


# SQLite's reflection leaves an index over an expression out, and says so; the plans of Find need it, and are tested.
@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index")
def test_the_migrated_schema_is_the_one_the_tables_say(database: Database) -> None:
    with database.read() as tx:
        context = MigrationContext.configure(tx.connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_constraints_have_the_names_of_the_convention(database: Database) -> None:
    with database.read() as tx:
        inspector = inspect(tx.connection)
        for table in metadata.sorted_tables:
            # SQLite declares a counted key within its column, where it has no name.
            assert inspector.get_pk_constraint(table.name)["name"] in (None, f"pk_{table.name}")
            for foreign in inspector.get_foreign_keys(table.name):
                column = foreign["constrained_columns"][0]
                assert foreign["name"] == f"fk_{table.name}_{foreign['referred_table']}_{column}"


def test_the_head_is_what_alembic_says(sqlite: Database) -> None:
    folder = Path(migrations.__file__).parent
    assert schema_state(sqlite).head == ScriptDirectory(str(folder)).get_current_head()


def test_an_empty_database_is_behind_and_migrating_makes_it_current(empty: str) -> None:
    opened = Database(empty)
    before = schema_state(opened)
    assert (before.current, before.is_current) == (None, False)
    with pytest.raises(SchemaBehind, match="leadbridge migrate"):
        require_current_schema(opened)
    migrate(opened)
    after = schema_state(opened)
    assert (after.current, after.is_current) == (before.head, True)
    require_current_schema(opened)
    opened.dispose()


def test_two_migrators_at_once_are_safe(empty: str) -> None:
    def one(_: int) -> bool:
        opened = Database(empty)
        migrate(opened)
        current = schema_state(opened).is_current
        opened.dispose()
        return current

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(one, range(3))) == [True, True, True]


def test_migrating_twice_changes_nothing(database: Database) -> None:
    with database.write() as tx:
        assert tx.next_numbers("lead", 3) == ["0000000001", "0000000002", "0000000003"]
    migrate(database)
    with database.write() as tx:
        assert tx.next_numbers("lead", 1) == ["0000000004"]


def test_text_is_ordered_by_code_point(database: Database) -> None:
    words = ["a", "B", "ä", "Z", "_", "\U0001f600", "\ue000"]
    with database.write() as tx:
        for word in words:
            tx.connection.execute(text("INSERT INTO number (name, value) VALUES (:name, 0)"), {"name": f"x{word}"})
        found = tx.connection.execute(text("SELECT name FROM number WHERE name LIKE 'x%' ORDER BY name"))
        assert [name[1:] for name in found.scalars()] == sorted(words)


def config_of(tx: Transaction) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.attributes["connection"] = tx.connection
    return config


def test_requested_tasks_without_a_moment_get_one(database: Database) -> None:
    store_leads(database, a_lead(1, 1))
    task: Row = {"lead_id": f"{1:010d}", "kind": "development", "content": "{}", "created_by": "c", "created_at": NOW}
    with database.write() as tx:
        for number, state in enumerate(("open", "requested")):
            bian.insert_task(tx, {**task, "number": number, "state": state, "changed_at": NOW + timedelta(days=1)})
        command.downgrade(config_of(tx), "0010")
    migrate(database)
    with database.read() as tx:
        assert [row["due_at"] for row in bian.tasks(tx, task["lead_id"])] == [None, NOW + timedelta(days=1)]


def test_records_from_before_case_types_are_kept_and_have_no_rows_about_stages(empty: str) -> None:
    opened = Database(empty)
    columns = (
        "record_id, record_type_code, status_name, customer_type_code, customer_id, owner_id, selling_mode_code,"
        " customer_name, created_by, created_at, changed_at"
    )
    with opened.write() as tx:
        command.upgrade(config_of(tx), "0004")
        values = "'0000000001', 'LEAD', 'New Lead', 'NTB', 'C-1', 'RM-1', 'B2C', 'Anna', 'crm'"
        now = "'2026-03-01 09:30:00'"
        tx.connection.execute(text(f"INSERT INTO crm_record ({columns}) VALUES ({values}, {now}, {now})"))
    migrate(opened)
    with opened.read() as tx:
        found = casetypes.one(tx, "0000000001")
    assert found is not None
    assert casetypes.as_kept(found, {}) == Kept()
    opened.dispose()
