"""What a server forgets by itself when its time is over."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

from sqlalchemy import Table, func, insert, select

from leadbridge.settings import Settings
from leadbridge.settings.doors import AuditSettings
from leadbridge.store import tables
from leadbridge.store.database import Database
from leadbridge.store.inserts import Row
from leadbridge.wiring import background
from tests.support.calls import until


def test_refusals_quotas_and_failed_logins_are_forgotten(database: Database, database_url: str) -> None:
    now = datetime.now(UTC)
    day, minute = timedelta(days=1), timedelta(minutes=1)
    refused = {"door": "soap", "reason_code": "Busy", "text": "Too many.", "correlation_id": "x", "times": 1}
    failed = {"failures": 1, "locked_until": None}
    rows: dict[Table, list[Row]] = {
        tables.refusal: [{**refused, "recorded_at": now - 2 * day + one} for one in (minute, -minute)],
        tables.quota: [
            {"caller_id": kind, "kind": kind, "used": 1, "due_at": at}
            for kind, at in (("lead", now - day + minute), ("crm", now - day - minute))
        ],
        tables.failed_login: [
            {**failed, "key": b"1", "last_at": now - day + minute, "succeeded_at": None},
            {**failed, "key": b"2", "last_at": now - day - minute, "succeeded_at": None},
            {**failed, "key": b"3", "last_at": now - 2 * day, "succeeded_at": now - 2 * day},
        ],
    }
    with database.write() as tx:
        for table, of_table in rows.items():
            tx.connection.execute(insert(table), of_table)
    stop = threading.Event()
    settings = Settings(database_url=database_url, audit=AuditSettings(keep_days=2))
    thread = threading.Thread(target=background.keep_tidy, args=(settings, database, stop))
    thread.start()

    def left() -> list[int]:
        with database.read() as tx:
            return [tx.connection.execute(select(func.count()).select_from(table)).scalar_one() for table in rows]

    try:
        until(lambda: left() == [1, 1, 2], what="what is over to be forgotten")
    finally:
        stop.set()
        thread.join(10)
