"""Row 31, floods: a caller has its quota, at every door and by all processes together, and the others have theirs."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from leadbridge.bulk.jobs import stored_blocks
from leadbridge.bulk.sources import SourceBroken
from leadbridge.caller import Caller, OperationGroup, Role, Visibility
from leadbridge.quotas import QuotaPolicy, Quotas
from leadbridge.soap.versions import SOAP_11, SOAP_12, SoapVersion
from leadbridge.store import quotas, tables
from leadbridge.store.database import Database
from tests.support.bulk import read_job
from tests.support.bulk_by_hand import file_of, full_lead, small_lead
from tests.support.door import FIND_LEAD, Reply, basic, envelope
from tests.support.doors import PASSWORD, NewDoors, add_callers

both_versions = pytest.mark.parametrize("version", [SOAP_11, SOAP_12], ids=lambda version: version.name)

OTHER = basic("other", PASSWORD)
SLOWLY = QuotaPolicy(calls_per_second=0.1, burst_seconds=50)  # five calls at once, then one in ten seconds


@pytest.fixture(autouse=True)
def callers(database: Database) -> None:
    add_callers(database, acme=Role.PARTNER, other=Role.PARTNER, bank=Role.CRM, desk=Role.ADMIN)


def assert_over(reply: Reply, most: int) -> None:
    """Busy on the SOAP door, 429 on the bulk door, both with the time to wait."""
    assert 1 <= int(reply.headers["retry-after"]) <= most
    if reply.status == 429:
        assert b'"code":"Busy"' in reply.body
    else:
        assert (reply.status, reply.fault.kind) == (503, "Busy")
        assert "quota" in reply.fault.text


@both_versions
def test_row_31_beyond_its_quota_a_caller_is_told_to_come_back(new_doors: NewDoors, version: SoapVersion) -> None:
    doors = new_doors(quota=SLOWLY)

    async def scene() -> None:
        for _ in range(3):
            assert (await doors.soap(version=version)).status == 200
        find = envelope(FIND_LEAD, version=version)
        assert (await doors.soap(find, version=version)).status == 200  # reads and writes alike
        assert (await doors.bulk()).status == 404  # and the bulk door's, too
        assert_over(await doors.soap(version=version), 10)
        assert_over(await doors.bulk(), 10)
        assert (await doors.soap(version=version, authorization=OTHER)).status == 200  # each has its own

    asyncio.run(scene())
    assert len(doors.recorder.calls) == 5


def test_row_31_each_group_of_operations_has_its_own(new_doors: NewDoors) -> None:
    doors = new_doors(quota=SLOWLY)
    unknown = envelope("<x/>")

    async def scene() -> None:
        desk = basic("desk", PASSWORD)
        for _ in range(5):
            assert (await doors.soap(authorization=desk)).status == 200
        assert_over(await doors.soap(authorization=desk), 10)
        reply = await doors.soap(unknown, service="CrmService", authorization=desk)
        assert reply.fault.kind == "UnknownOperation"

    asyncio.run(scene())


def test_row_31_a_caller_may_have_a_quota_of_its_own_or_none(new_doors: NewDoors) -> None:
    policy = QuotaPolicy(calls_per_second=0.1, burst_seconds=10, callers={"acme": 0.2, "other": 0})
    doors = new_doors(quota=policy)

    async def scene() -> None:
        for _ in range(2):
            assert (await doors.soap()).status == 200
        assert_over(await doors.soap(), 5)
        for _ in range(20):
            assert (await doors.soap(authorization=OTHER)).status == 200

    asyncio.run(scene())


@pytest.mark.parametrize("ahead", [timedelta(0), timedelta(hours=1)])
def test_row_31_a_clock_that_was_set_back_shuts_nobody_out(database: Database, ahead: timedelta) -> None:
    """What was leased before it was set back lies in the future then; the caller begins with nothing, and gets on."""
    each, burst = timedelta(milliseconds=20), timedelta(seconds=1)

    def lease(most: int) -> tuple[int, timedelta]:
        with database.write() as tx:
            return quotas.lease_calls(tx, "acme", "lead", most=most, each=each, burst=burst)

    assert lease(50) == (50, each)
    with database.write() as tx:
        tx.connection.execute(tables.quota.update().values(due_at=tx.clock() + burst + ahead))
    count, wait = lease(50)
    assert count < 50
    assert wait <= each
    time.sleep(0.1)
    assert lease(50)[0] >= 5


def test_row_31_clocks_that_differ_leave_each_process_its_share(database: Database) -> None:
    policy = QuotaPolicy(calls_per_second=2_000, burst_seconds=2)
    acme = Caller("acme", "acme", frozenset({Role.PARTNER}), Visibility.GIVEN, "acme")
    ahead = Quotas(database, policy, now=lambda: datetime.now(UTC) + timedelta(seconds=5))
    behind = Quotas(database, policy)

    async def scene() -> None:
        for _ in range(10):
            for process in (ahead, behind):
                for _ in range(60):
                    await process.take_call(acme, OperationGroup.LEAD)
            await asyncio.sleep(0.01)

    try:
        asyncio.run(scene())
    finally:
        ahead.stop()
        behind.stop()


async def for_a_while(seconds: float, ask: Callable[[], Awaitable[Reply]]) -> Counter[int]:
    """How a caller that asks again and again is answered."""
    statuses: Counter[int] = Counter()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        statuses[(await ask()).status] += 1
        await asyncio.sleep(0)  # each request is a task of its own
    return statuses


def test_row_31_two_processes_together_exceed_it_by_a_slice_each_at_most(new_doors: NewDoors) -> None:
    rate, burst, seconds = 200, 200, 0.8
    slice_ = 100  # half a second's
    policy = QuotaPolicy(calls_per_second=rate, burst_seconds=1)
    processes = [new_doors(quota=policy), new_doors(quota=policy)]

    async def scene() -> None:
        began = time.monotonic()
        asking = [for_a_while(seconds, one.soap) for one in processes for _ in range(2)]
        statuses: Counter[int] = sum(await asyncio.gather(*asking), Counter())
        took = time.monotonic() - began
        assert set(statuses) == {200, 503}
        assert statuses[200] <= burst + rate * took + slice_ * len(processes)
        assert statuses[200] >= burst + rate * seconds * 0.4  # and it does get what is its own

    asyncio.run(scene())


def test_row_31_the_hot_path_asks_the_database_seldom(new_doors: NewDoors, monkeypatch: pytest.MonkeyPatch) -> None:
    leases: list[int] = []
    real = quotas.lease_calls

    def counted(*arguments: object, **more: object) -> object:
        leases.append(1)
        return real(*arguments, **more)  # type: ignore[arg-type]  # hands on what it was given

    monkeypatch.setattr(quotas, "lease_calls", counted)
    doors = new_doors(quota=QuotaPolicy(calls_per_second=2_000, burst_seconds=2))

    async def scene() -> None:
        for _ in range(600):
            assert (await doors.soap()).status == 200

    asyncio.run(scene())
    assert 1 <= len(leases) <= 3


def test_row_31_while_one_floods_the_other_is_answered(new_doors: NewDoors) -> None:
    doors = new_doors(quota=QuotaPolicy(calls_per_second=50, burst_seconds=1, callers={"other": 1_000}))
    over = 0.5

    async def other() -> list[float]:
        took = []
        end = time.monotonic() + over
        while time.monotonic() < end:
            began = time.monotonic()
            assert (await doors.soap(authorization=OTHER)).status == 200
            took.append(time.monotonic() - began)
            await asyncio.sleep(0.01)
        return took

    async def scene() -> None:
        asking = [for_a_while(over, doors.soap) for _ in range(8)] + [for_a_while(over, doors.bulk) for _ in range(4)]
        flood = asyncio.gather(*asking)
        took = sorted(await other())
        statuses: Counter[int] = sum(await flood, Counter())
        assert statuses[503] + statuses[429] > statuses[200] + statuses[404]
        assert len(took) > 8
        assert took[int(len(took) * 0.9)] < 0.5

    asyncio.run(scene())


# ------------------------------------------------------------------------------------------------ bytes of bulk files


FILE = file_of([small_lead(number) for number in range(1, 4)], uuid="5f6b1c1e-8a35-4a2b-9d0e-3c2f7d1b4a01")
XML = {"content-type": "text/xml"}


def bulk_message(version: SoapVersion) -> bytes:
    """A SubmitLeadBulk."""
    payload = '<b:LeadBulkSubmitRequest_async xmlns:b="urn:leadbridge:leadbulk:1"/>'
    return envelope(payload, version=version)


def used(database: Database) -> int:
    with database.read() as tx:
        of_bytes = select(tables.quota.c.used).where(tables.quota.c.kind == "bulk_bytes")
        return tx.connection.execute(of_bytes).scalar() or 0


@pytest.mark.parametrize("declared", [True, False])
def test_row_31_bytes_of_files_are_counted_to_the_last(new_doors: NewDoors, declared: bool) -> None:
    doors = new_doors(quota=QuotaPolicy(bulk_bytes_per_day=len(FILE) * 2))
    headers = {**XML, "content-length": str(len(FILE))} if declared else XML

    async def scene() -> None:
        for expected in (202, 200):  # the very same file is sent again, and counts again
            assert (await doors.bulk("POST", "/bulk/leads", [FILE], headers=headers)).status == expected
        reply = await doors.bulk("POST", "/bulk/leads", [FILE], headers=headers)
        assert_over(reply, 86_400)
        other = await doors.bulk("POST", "/bulk/leads", [FILE], headers=headers, authorization=OTHER)
        assert other.status == 202

    asyncio.run(scene())


def test_row_31_what_came_before_the_quota_was_used_up_is_kept(new_doors: NewDoors, database: Database) -> None:
    large = file_of(full_lead(number) for number in range(1, 1_001))
    doors = new_doors(quota=QuotaPolicy(bulk_bytes_per_day=len(large) - 1))
    pieces = [large[at : at + 65_536] for at in range(0, len(large), 65_536)]

    async def scene() -> None:
        assert_over(await doors.bulk("POST", "/bulk/leads", pieces, headers=XML), 86_400)

    asyncio.run(scene())
    job = read_job(database, "0000000001")
    assert "quota" in job["break_description"]
    kept = bytearray()
    with contextlib.suppress(SourceBroken):  # said where it ends
        for block in stored_blocks(database, job):
            kept += block
    assert 0 < len(kept) < len(large)
    assert large.startswith(kept)


def test_row_31_a_file_counts_as_it_is_sent(new_doors: NewDoors, database: Database) -> None:
    packed = gzip.compress(FILE)
    doors = new_doors(quota=QuotaPolicy(bulk_bytes_per_day=len(packed)))
    headers = {"content-type": "application/gzip"}

    async def scene() -> None:
        assert (await doors.bulk("POST", "/bulk/leads", [packed], headers=headers)).status == 202

    asyncio.run(scene())
    assert used(database) == len(packed) < len(FILE)


@both_versions
def test_row_31_submit_lead_bulk_takes_from_the_same_bytes(
    new_doors: NewDoors, database: Database, version: SoapVersion
) -> None:
    message = bulk_message(version)
    policy = QuotaPolicy(bulk_bytes_per_day=10 * len(message), callers_bulk_bytes_per_day={"acme": len(message)})
    doors = new_doors(quota=policy)

    async def scene() -> None:
        first = await doors.soap(message, version=version, service="LeadBulkService")
        assert first.fault.kind == "ContractViolation"
        assert_over(await doors.soap(message, version=version, service="LeadBulkService"), 86_400)
        headers = {**XML, "content-length": "1"}
        assert_over(await doors.bulk("POST", "/bulk/leads", [b"<"], headers=headers), 86_400)
        find = await doors.soap(envelope(FIND_LEAD, version=version), version=version)
        assert find.status == 200  # other calls have nothing to do with it

    asyncio.run(scene())
    assert used(database) == len(message)
