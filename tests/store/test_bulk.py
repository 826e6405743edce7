"""Bulk jobs: each chunk is taken once, whoever is at the job, and what is counted of it adds up."""

from __future__ import annotations

import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from leadbridge.store import bulk
from leadbridge.store.bulk import JobState
from leadbridge.store.database import Database
from leadbridge.store.inserts import Row
from tests.store.rows import EVERYTHING, NOW, partner_caller

LEASE = timedelta(seconds=60)
UUID = "5f6b1c1e-8a35-4a2b-9d0e-3c2f7d1b4a01"
ENDS = [JobState.FINISHED, JobState.BROKEN, JobState.CANCELLED]


def add(database: Database, **columns: object) -> str:
    with database.write() as tx:
        (job_id,) = tx.next_numbers("bulk_job", 1)
        row = {
            "id": job_id,
            "uuid": UUID,
            "caller_id": "p1",
            "state": "waiting",
            "source": "stored",
            "media": "xml",
            "content_hash": b"hash",
            "size_bytes": 7,
            "chunk_records": 500,
            "submitted_at": NOW,
        }
        bulk.add_job(tx, {**row, **columns})
    return job_id


def job(database: Database, job_id: str) -> Row:
    with database.read() as tx:
        (found,) = bulk.resolve(tx, EVERYTHING, ids=[job_id])
    return found


def claim(database: Database, worker: str = "w1", *, seconds: float = 0) -> str | None:
    with database.write() as tx:
        taken = bulk.claim(tx, worker=worker, now=NOW + timedelta(seconds=seconds), lease=LEASE)
    return taken["id"] if taken else None


def renew(database: Database, job_id: str, worker: str, *, seconds: float = 0) -> bool:
    with database.write() as tx:
        return bulk.renew(tx, job_id, worker=worker, now=NOW + timedelta(seconds=seconds), lease=LEASE)


def end(database: Database, job_id: str, state: JobState = JobState.FINISHED, *, seconds: float = 0) -> bool:
    with database.write() as tx:
        return bulk.end_job(tx, job_id, state=state, now=NOW + timedelta(seconds=seconds))


def do_chunk(database: Database, job_id: str, number: int, *rejections: Row, **counts: int) -> bool:
    with database.write() as tx:
        if not bulk.begin_chunk(tx, job_id, number):
            return False
        bulk.finish_chunk(tx, job_id, number, counts or {"accepted": 500}, rejections, NOW)
        return True


def a_rejection(record: int) -> Row:
    return {"record": record, "verdict": "rejected", "lead": b"<Lead/>", "log_items": "[]"}


# -------------------------------------------------------------------------------------------------- a job's file


def test_a_job_comes_back_as_it_was_added(database: Database) -> None:
    row = job(database, add(database, correlation_id="c1", test_data=True))
    assert (row["id"], row["uuid"], row["caller_id"], row["state"]) == ("0000000001", UUID, "p1", "waiting")
    assert (row["submitted_at"], row["started_at"], row["ended_at"]) == (NOW, None, None)
    assert (row["content_hash"], row["size_bytes"], row["test_data"]) == (b"hash", 7, True)
    assert {name: row[name] for name in bulk.COUNTS} == dict.fromkeys(bulk.COUNTS, 0)


def test_parts_are_given_in_their_order_page_by_page(database: Database) -> None:
    job_id, other = add(database), add(database)
    contents = [zlib.compress(bytes([n]) * 1_000, 1) for n in range(5)]
    with database.write() as tx:
        bulk.append_part(tx, other, 0, b"other")
        for position in (1, 0, 4, 3, 2):
            bulk.append_part(tx, job_id, position, contents[position])
    with database.read() as tx:
        first = bulk.parts(tx, job_id, after=None, limit=3)
        second = bulk.parts(tx, job_id, after=first[-1]["position"], limit=3)
    assert [row["content"] for row in first + second] == contents


def test_a_file_that_has_arrived_lets_its_job_wait(database: Database) -> None:
    job_id = add(database, state="receiving", content_hash=None, size_bytes=None, claimed_by="door", lease_until=NOW)
    with database.write() as tx:
        assert bulk.file_arrived(tx, job_id, uuid=UUID[::-1], content_hash=b"whole", size_bytes=9)
    row = job(database, job_id)
    assert (row["state"], row["uuid"], row["content_hash"], row["size_bytes"]) == ("waiting", UUID[::-1], b"whole", 9)
    assert (row["claimed_by"], row["lease_until"]) == (None, None)
    with database.write() as tx:
        assert not bulk.file_arrived(tx, job_id, uuid=UUID, content_hash=b"again", size_bytes=1)


# --------------------------------------------------------------------------------------------------- looking up


def test_a_caller_sees_its_own_jobs_and_who_sees_all_sees_all(database: Database) -> None:
    mine, theirs = add(database), add(database, caller_id="p2", uuid=UUID.upper())
    caller = partner_caller("p1")
    with database.read() as tx:
        assert [row["id"] for row in bulk.resolve(tx, caller, ids=[mine, theirs])] == [mine]
        assert [row["id"] for row in bulk.resolve(tx, EVERYTHING, ids=[theirs], uuids=[UUID])] == [mine, theirs]
        assert bulk.resolve(tx, caller, uuids=[UUID.upper()]) == []
        assert bulk.resolve(tx, EVERYTHING) == []


def test_the_latest_job_of_the_very_same_file_is_found(database: Database) -> None:
    add(database)
    latest = add(database)
    add(database, content_hash=b"other")
    add(database, caller_id="p2")
    with database.read() as tx:
        found = bulk.find_same(tx, "p1", UUID, b"hash")
        assert bulk.find_same(tx, "p1", UUID, b"new") is None
    assert found is not None
    assert (found["id"], found["received"]) == (latest, 0)


def test_jobs_are_listed_newest_first_with_their_counts(database: Database) -> None:
    ids = [add(database) for _ in range(3)]
    assert claim(database) == ids[0]
    do_chunk(database, ids[0], 0, accepted=3, rejected=1)
    do_chunk(database, ids[0], 1, replayed=2, duplicate=1)
    with database.read() as tx:
        newest = bulk.listed(tx, limit=2)
        every = bulk.listed(tx, limit=9)
    assert [row["id"] for row in newest] == [ids[2], ids[1]]
    assert [every[-1][name] for name in bulk.COUNTS] == [7, 3, 2, 1, 1]


# ------------------------------------------------------------------------------------------------------- leases


def test_the_oldest_waiting_job_is_claimed_first_and_by_one_alone(database: Database) -> None:
    first, second = add(database), add(database)
    add(database, source="file", path="leads.xml")
    add(database, state="receiving")
    assert [claim(database, worker) for worker in ("w1", "w2", "w3")] == [first, second, None]
    row = job(database, first)
    assert (row["state"], row["claimed_by"], row["started_at"]) == ("running", "w1", NOW)
    assert row["lease_until"] == NOW + LEASE


def test_a_job_whose_lease_ran_out_is_claimed_again(database: Database) -> None:
    running = add(database)
    receiving = add(database, state="receiving", claimed_by="door", lease_until=NOW + LEASE)
    claim(database)
    assert renew(database, running, "w1", seconds=30)
    assert renew(database, receiving, "door")
    assert claim(database, "w2", seconds=59) is None
    assert claim(database, "w2", seconds=60) == receiving
    assert claim(database, "w2", seconds=89) is None
    assert claim(database, "w2", seconds=90) == running
    assert not renew(database, running, "w1")
    assert not renew(database, receiving, "door")
    assert job(database, running)["started_at"] == NOW


def test_claims_at_once_take_different_jobs(database: Database) -> None:
    ids = [add(database) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda worker: claim(database, f"w{worker}"), range(8)))
    # Who meets a row that another is taking passes it over, and may find the last ones taken meanwhile.
    found = [one for one in taken if one is not None]
    assert len(found) == len(set(found))
    assert set(found) <= set(ids)


def test_a_file_read_in_place_is_taken_over_whoever_has_it(database: Database) -> None:
    job_id, stored = add(database, source="file", path="leads.xml"), add(database)
    with database.write() as tx:
        assert bulk.take_over(tx, stored, worker="w1", now=NOW, lease=LEASE) is None
        taken = bulk.take_over(tx, job_id, worker="w1", now=NOW, lease=LEASE)
        assert taken is not None
        assert (taken["state"], taken["path"]) == ("running", "leads.xml")
        assert bulk.take_over(tx, job_id, worker="w2", now=NOW, lease=LEASE) is not None
    assert not renew(database, job_id, "w1")
    end(database, job_id)
    with database.write() as tx:
        assert bulk.take_over(tx, job_id, worker="w3", now=NOW, lease=LEASE) is None


# --------------------------------------------------------------------------------------------------------- ends


@pytest.mark.parametrize("state", ENDS)
def test_a_job_ends_once_and_its_parts_go(database: Database, state: JobState) -> None:
    job_id = add(database)
    claim(database)
    with database.write() as tx:
        bulk.append_part(tx, job_id, 0, b"part")
        assert bulk.end_job(tx, job_id, state=state, now=NOW, break_description="line 7")
        assert bulk.parts(tx, job_id, after=None, limit=1) == []
        assert not bulk.end_job(tx, job_id, state=JobState.FINISHED, now=NOW)
        assert not bulk.cancel(tx, job_id, NOW)
    row = job(database, job_id)
    assert (row["state"], row["ended_at"], row["break_description"]) == (state.value, NOW, "line 7")
    assert (row["claimed_by"], row["lease_until"]) == (None, None)
    assert not renew(database, job_id, "w1")
    assert claim(database, seconds=3_600) is None
    assert not do_chunk(database, job_id, 0)


@pytest.mark.parametrize("state", ["receiving", "waiting", "running"])
def test_a_job_that_has_not_ended_can_be_cancelled(database: Database, state: str) -> None:
    job_id = add(database, state=state)
    with database.write() as tx:
        assert bulk.cancel(tx, job_id, NOW)
    assert job(database, job_id)["state"] == "cancelled"


def test_a_job_ends_after_the_chunks_that_are_being_written(postgresql: Database) -> None:
    job_id = add(postgresql)
    claim(postgresql)
    begun, go_on = threading.Event(), threading.Event()

    def slow_chunk() -> None:
        with postgresql.write() as tx:
            assert bulk.begin_chunk(tx, job_id, 0)
            begun.set()
            assert go_on.wait(10)
            bulk.finish_chunk(tx, job_id, 0, {"accepted": 1}, [], NOW)

    with ThreadPoolExecutor(2) as pool:
        chunk = pool.submit(slow_chunk)
        assert begun.wait(10)
        assert renew(postgresql, job_id, "w1")  # a lease waits for no chunk
        ended = pool.submit(end, postgresql, job_id, JobState.CANCELLED)
        with pytest.raises(TimeoutError):
            ended.result(0.2)
        go_on.set()
        chunk.result(10)
        assert ended.result(10)
    assert job(postgresql, job_id)["accepted"] == 1


# ------------------------------------------------------------------------------------------------------- chunks


def test_a_chunk_is_taken_once(database: Database) -> None:
    job_id = add(database)
    assert not do_chunk(database, job_id, 0)  # nobody has begun with the job
    claim(database)
    assert [do_chunk(database, job_id, number) for number in (1, 0, 1)] == [True, True, False]
    with database.read() as tx:
        assert bulk.committed_chunks(tx, job_id) == {0, 1}
    assert job(database, job_id)["received"] == 1_000


def test_a_chunk_that_was_rolled_back_is_as_if_it_had_never_begun(database: Database) -> None:
    job_id = add(database)
    claim(database)
    with pytest.raises(IntegrityError):  # two leads at one place
        do_chunk(database, job_id, 0, a_rejection(1), a_rejection(1), rejected=2)
    assert do_chunk(database, job_id, 0, a_rejection(1), rejected=1)
    assert job(database, job_id)["received"] == 1


def test_one_chunk_that_many_begin_at_once_is_taken_by_one(database: Database) -> None:
    job_id = add(database)
    claim(database)
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda number: do_chunk(database, job_id, number // 4, accepted=1), range(16)))
    assert taken.count(True) == 4
    assert job(database, job_id)["received"] == 4


def test_counts_that_do_not_add_up_are_refused(database: Database) -> None:
    job_id = add(database)
    claim(database)
    with pytest.raises(ValueError, match="one verdict"):
        do_chunk(database, job_id, 0, received=3, accepted=1, replayed=1)
    assert do_chunk(database, job_id, 0, received=4, accepted=1, replayed=1, duplicate=1, rejected=1)


def test_rejections_are_given_in_the_order_of_the_file_page_by_page(database: Database) -> None:
    job_id = add(database)
    claim(database)
    do_chunk(database, job_id, 1, *(a_rejection(record) for record in range(501, 521)), rejected=20)
    do_chunk(database, job_id, 0, a_rejection(7), rejected=1)
    with database.read() as tx:
        first = bulk.rejections(tx, job_id, after=None, limit=2)
        rest = bulk.rejections(tx, job_id, after=501, limit=100)
    assert [row["record"] for row in first] == [7, 501]
    assert [row["record"] for row in rest] == list(range(502, 521))
    assert (first[0]["lead"], first[0]["log_items"], first[0]["verdict"]) == (b"<Lead/>", "[]", "rejected")


# ---------------------------------------------------------------------------------------------------- retention


def test_only_what_ended_long_ago_is_forgotten(database: Database) -> None:
    old, recent, running = add(database), add(database), add(database)
    for job_id in (old, recent, running):
        claim(database)
        do_chunk(database, job_id, 0, a_rejection(1), rejected=1)
    end(database, old)
    end(database, recent, seconds=1)
    with database.write() as tx:
        assert bulk.forget_before(tx, NOW + timedelta(seconds=1)) == 1
        assert [row["id"] for row in bulk.listed(tx, limit=9)] == [running, recent]
        assert bulk.rejections(tx, old, after=None, limit=9) == []
        assert len(bulk.rejections(tx, recent, after=None, limit=9)) == 1
