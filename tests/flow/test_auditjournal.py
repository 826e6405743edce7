"""The audit journal: every refusal at every door with its reason and whence it came, and no value of what was sent."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import UTC, datetime, timedelta
from functools import partial
from ipaddress import ip_network

import pytest
from structlog.testing import capture_logs

from leadbridge import auditjournal as journal_module
from leadbridge.auditjournal import MOST_NOTED, AuditEntry, AuditJournal
from leadbridge.authentication.digest import set_digest_secret
from leadbridge.authentication.proxies import Proxies
from leadbridge.caller import Role
from leadbridge.quotas import QuotaPolicy
from leadbridge.soap.versions import SOAP_11, SOAP_12, SoapVersion
from leadbridge.store import refusals
from leadbridge.store.database import Database
from leadbridge.store.errors import DatabaseUnreachable
from leadbridge.store.inserts import Row
from tests.support.commands import command
from tests.support.door import CREATE_LEAD, NOW, basic, envelope
from tests.support.doors import PASSWORD, NewDoors, add_callers
from tests.support.wss import BOX, SECRET, digest_token, security

both_versions = pytest.mark.parametrize("version", [SOAP_11, SOAP_12], ids=lambda version: version.name)

MARK = "Xyzzy-Marked"
LOGGED = {
    "correlation_id": "correlation_id",
    "door": "door",
    "reason": "reason_code",
    "text": "text",
    "caller": "caller_id",
    "operation": "operation",
    "address": "address",
}
FLOOD = AuditEntry(
    door="soap", reason_code="Busy", text="Too many.", correlation_id="c", caller_id="acme", address="192.0.2.1"
)


@pytest.fixture(autouse=True)
def callers(database: Database) -> None:
    add_callers(database, acme=Role.PARTNER, other=Role.PARTNER, bank=Role.CRM)


def listed(database: Database, *, limit: int = 5_000) -> list[Row]:
    """The journal, oldest first."""
    with database.read() as tx:
        return refusals.listed(tx, caller_id=None, since=None, limit=limit)[::-1]


@both_versions
def test_every_refusal_is_noted_with_its_reason_and_nothing_that_was_sent(
    new_doors: NewDoors, database: Database, version: SoapVersion
) -> None:
    doors = new_doors(quota=QuotaPolicy(calls_per_second=0.1, burst_seconds=30, callers={"bank": 0, "other": 0}))
    doors.journal.start()
    soap = partial(doors.soap, version=version, address="192.0.2.7")
    bulk = partial(doors.bulk, address="192.0.2.8")
    unsound = CREATE_LEAD.replace("<l:Name>", f"<l:{MARK}>").replace("</l:Name>", f"</l:{MARK}>")

    csv = ("POST", "/bulk/leads", (f"{MARK}\nx".encode(),))

    async def scene() -> list[str]:
        replies = [
            await soap(authorization=basic(MARK, MARK)),
            await soap(authorization=basic("bank", PASSWORD)),
            await soap(envelope(unsound, version=version)),
            await soap(f"<{MARK}>".encode()),
            await soap(envelope(f"<{MARK}/>", version=version)),
            await soap(),
            await soap(),
            await bulk(authorization=basic(MARK, MARK)),
            await bulk(path=f"/bulk/leads/{MARK}", authorization=basic("other", PASSWORD)),
            await bulk(authorization=basic("bank", PASSWORD)),
            await bulk(),
            await bulk("GET", f"/bulk/{MARK}"),
            await bulk(*csv, authorization=basic("other", PASSWORD), headers={"content-type": "text/csv"}),
        ]
        for without in (await soap(authorization=b""), await bulk(authorization=b"")):
            assert without.status == 401  # a challenge, and no refusal
        return [reply.headers["x-correlation-id"] for reply in replies if reply.status != 200]

    with capture_logs() as lines:
        correlation_ids = asyncio.run(scene())
    doors.journal.stop()
    rows = listed(database)
    here, there = "192.0.2.7", "192.0.2.8"
    job = "GET /bulk/leads/{job_id}"
    assert [(row["door"], row["reason_code"], row["caller_id"], row["operation"], row["address"]) for row in rows] == [
        ("soap", "Unauthenticated", None, None, here),
        ("soap", "Unauthorized", "bank", "CreateLead", here),
        ("soap", "ContractViolation", "acme", "CreateLead", here),
        ("soap", "MalformedMessage", None, None, here),
        ("soap", "UnknownOperation", "acme", None, here),
        ("soap", "Busy", "acme", None, here),
        ("bulk", "Unauthenticated", None, job, there),
        ("bulk", "BULK.UNKNOWN", "other", job, there),
        ("bulk", "Unauthorized", "bank", job, there),
        ("bulk", "Busy", "acme", job, there),
        ("bulk", "UnknownOperation", None, None, there),
        ("bulk", "MalformedMessage", "other", "POST /bulk/leads", there),
    ]
    assert [row["text"].partition(":")[0] for row in rows] == [
        "These are not the credentials of a caller.",
        "This caller may not call this operation.",
        "The message violates the contract.",
        "The message is not well-formed XML with declared namespaces.",
        "The Body must contain a request of this service",
        "The quota of this caller is used up. Try again after the time in Retry-After.",
        "These are not the credentials of a caller.",
        "There is no such job.",
        "This caller may not do this",
        "The quota of this caller is used up. Try again after the time in Retry-After.",
        "There is nothing at this address",
        "The file cannot be used",
    ]
    assert [row["correlation_id"] for row in rows] == correlation_ids
    assert {row["times"] for row in rows} == {1}
    assert MARK not in str(rows)

    *logged, _, _ = [line for line in lines if line["event"] == "call refused"]
    soap_status = [401, 500, 500, 500, 500, 503] if version is SOAP_11 else [401, 400, 400, 400, 400, 503]
    assert [line["status"] for line in logged] == [*soap_status, 401, 404, 403, 429, 404, 400]
    for line, row in zip(logged, rows, strict=True):  # in the log they are in the same words, whatever the door
        for name, column in LOGGED.items():
            assert line[name] == row[column]
    assert MARK not in str(lines)


@both_versions
def test_a_replay_is_noted_with_the_caller_that_was_proved(
    new_doors: NewDoors, database: Database, version: SoapVersion
) -> None:
    set_digest_secret(database, BOX, caller_id="acme", secret=SECRET, now=NOW)
    doors = new_doors()
    doors.journal.start()
    message = envelope(version=version, header=security(digest_token(caller_id="acme")))

    async def scene() -> list[int]:
        return [(await doors.soap(message, version=version, authorization=b"")).status for _ in range(2)]

    assert asyncio.run(scene()) == [200, 500 if version is SOAP_11 else 400]
    doors.journal.stop()
    (row,) = listed(database)
    assert (row["reason_code"], row["caller_id"]) == ("MessageReplayed", "acme")
    assert row["text"] == "The Nonce or signature was used before: send the message again with a new one."


def test_row_24_neither_a_method_nor_anything_long_gets_into_the_journal(
    new_doors: NewDoors, database: Database
) -> None:
    doors = new_doors()
    doors.journal.start()

    async def scene() -> None:
        for method in ("GET", "get", "PUT", MARK * 1_000):
            assert (await doors.bulk(method)).status == (404 if method == "GET" else 405)

    asyncio.run(scene())
    for length in (journal_module._LONGEST, journal_module._LONGEST + 1):
        doors.journal.note(dataclasses.replace(FLOOD, operation="x" * length), status=405)
    doors.journal.stop()
    path = "/bulk/leads/{job_id}"
    kept = "x" * journal_module._LONGEST
    assert [row["operation"] for row in listed(database)] == [f"GET {path}", path, path, path, kept, None]


def test_the_address_is_the_one_that_a_trusted_proxy_names(new_doors: NewDoors, database: Database) -> None:
    doors = new_doors(proxies=Proxies([ip_network("10.0.0.0/8")]))
    doors.journal.start()

    async def scene() -> None:
        forged = [(b"x-forwarded-for", b"203.0.113.5, 192.0.2.9")]
        await doors.soap(authorization=basic("acme", "wrong"), address="10.0.0.1", headers=forged)
        await doors.soap(authorization=basic("acme", "wrong"), address="192.0.2.1", headers=forged)

    asyncio.run(scene())
    doors.journal.stop()
    assert [row["address"] for row in listed(database)] == ["192.0.2.9", "192.0.2.1"]


def test_in_a_flood_alike_refusals_are_counted_and_none_is_lost(database: Database) -> None:
    journal = AuditJournal(database)
    for number in range(MOST_NOTED):
        journal.note(dataclasses.replace(FLOOD, correlation_id=f"{number}"), status=503)
    for number in range(5_000):
        journal.note(dataclasses.replace(FLOOD, correlation_id=f"beyond {number}"), status=503)
    journal.note(dataclasses.replace(FLOOD, caller_id="other", correlation_id="last"), status=503)
    journal.start()
    journal.stop()
    rows = listed(database)
    assert len(rows) == MOST_NOTED + 2
    assert sum(row["times"] for row in rows) == MOST_NOTED + 5_001
    beyond = rows[MOST_NOTED:]
    assert [(row["caller_id"], row["times"], row["correlation_id"]) for row in beyond] == [
        ("acme", 5_000, "beyond 4999"),
        ("other", 1, "last"),
    ]


def test_a_flood_from_very_many_addresses_stays_bounded(database: Database) -> None:
    journal = AuditJournal(database)
    count = 2 * (MOST_NOTED + journal_module._MOST_ALIKE)
    for number in range(count):
        journal.note(dataclasses.replace(FLOOD, caller_id=None, address=f"2001:db8::{number:x}"), status=503)
    journal.start()
    journal.stop()
    rows = listed(database)
    assert len(rows) == MOST_NOTED + journal_module._MOST_ALIKE + 1
    assert sum(row["times"] for row in rows) == count
    assert (rows[-1]["address"], rows[-1]["reason_code"]) == (None, "Busy")


def test_what_could_not_be_written_is_written_later(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    failures = iter([True, True])
    real = refusals.add

    def add(tx: object, rows: object) -> None:
        if next(failures, False):
            raise DatabaseUnreachable
        real(tx, rows)  # type: ignore[arg-type]  # hands on what it was given

    monkeypatch.setattr(refusals, "add", add)
    journal = AuditJournal(database)
    for _ in range(MOST_NOTED + 3):
        journal.note(FLOOD, status=503)
    for _ in range(3):
        journal._write()
        journal.note(FLOOD, status=503)
    journal.start()
    journal.stop()
    assert sum(row["times"] for row in listed(database)) == MOST_NOTED + 6


def test_they_are_listed_by_caller_and_time_and_forgotten(database: Database, database_url: str) -> None:
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    for hours, caller_id in enumerate(("acme", "other", "acme")):
        moment = noon + timedelta(hours=hours)
        journal = AuditJournal(database, partial(datetime.fromtimestamp, moment.timestamp(), UTC))
        journal.note(dataclasses.replace(FLOOD, caller_id=caller_id), status=503)
        journal.start()
        journal.stop()

    def lines(*options: str) -> list[str]:
        done = command("refusals", "list", *options, environment={"LEADBRIDGE_DATABASE_URL": database_url})
        assert done.code == 0, done.err
        return [line.split()[0] for line in done.out.splitlines()[1:]]

    twelve, one, two = (f"2026-03-01T{hour}:00:00+00:00" for hour in (12, 13, 14))
    assert lines() == [two, one, twelve]
    assert lines("--limit", "1") == [two]
    assert lines("--caller", "acme") == [two, twelve]
    assert lines("--since", "2026-03-01T13:00:00") == [two, one]
    with database.write() as tx:
        assert refusals.forget(tx, before=noon + timedelta(hours=2), limit=1) == 1
        assert refusals.forget(tx, before=noon + timedelta(hours=2), limit=5) == 1
    assert lines() == [two]
