"""Jobs led through by real worker processes, stopped, killed, cancelled and taken over: each lead is there once."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from leadbridge.authentication.callers import add_caller
from leadbridge.bulk.running import Lost
from leadbridge.caller import Role
from leadbridge.store import bulk
from leadbridge.store.bulk import JobState
from leadbridge.store.database import Database
from tests.support.bulk import counts, lead_count, lead_names, new_job, read_job, run_file, take_over
from tests.support.bulk_by_hand import file_of, small_lead
from tests.support.commands import command

LEADS = [small_lead(number) for number in range(1, 401)]
NAMES = sorted(f"Lead {number}" for number in range(1, 401))
CONTENT = file_of(LEADS)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "file.xml"


def children(pid: int) -> list[int]:
    """The processes that this one has started."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(child) for child in (task / "children").read_text().split()]
    return found


def is_alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


# ------------------------------------------------------------------------------------------------- in this process


def test_workers_take_a_file_in_and_end(database: Database, database_url: str, path: Path) -> None:
    job = new_job(database, path, CONTENT, chunk_records=30)
    before = set(children(os.getpid()))
    assert run_file(database, database_url, job, path) is JobState.FINISHED
    done = read_job(database, job["id"])
    assert (done["state"], counts(done)) == ("finished", {"accepted": 400})
    assert lead_names(database) == NAMES
    assert set(children(os.getpid())) <= before


def test_workers_are_heard_by_a_process_that_has_many_files_open(sqlite: Database, sqlite_url: str, path: Path) -> None:
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most < 2_000:
        pytest.skip(f"this machine lets a process open only {most} files")
    with ExitStack() as files:
        for _ in range(1_100):
            files.enter_context(Path(os.devnull).open())
        job = new_job(sqlite, path, CONTENT, chunk_records=100)
        assert run_file(sqlite, sqlite_url, job, path) is JobState.FINISHED
    assert lead_names(sqlite) == NAMES


def test_a_file_that_breaks_off_ends_broken_with_what_was_whole(
    database: Database, database_url: str, path: Path
) -> None:
    job = new_job(database, path, CONTENT[: CONTENT.index(b"Lead 300<")], chunk_records=30)
    assert run_file(database, database_url, job, path) is JobState.BROKEN
    done = read_job(database, job["id"])
    assert counts(done) == {"accepted": 299}
    assert done["break_description"].endswith("299 whole leads before it")


def test_a_job_that_was_stopped_goes_on_where_it_was(database: Database, database_url: str, path: Path) -> None:
    job = new_job(database, path, CONTENT, chunk_records=10)
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run_file, database, database_url, job, path, stop=stop)
        until(lambda: read_job(database, job["id"])["received"] > 0)
        stop.set()
        assert running.result(30) is None
    taken = read_job(database, job["id"])["received"]
    assert 0 < taken < 400
    assert run_file(database, database_url, take_over(database, job, "next"), path, worker="next") is JobState.FINISHED
    assert counts(read_job(database, job["id"])) == {"accepted": 400}
    assert lead_names(database) == NAMES


def test_a_job_that_is_cancelled_stops_at_the_next_chunk(database: Database, database_url: str, path: Path) -> None:
    job = new_job(database, path, CONTENT, chunk_records=5)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run_file, database, database_url, job, path)
        until(lambda: read_job(database, job["id"])["received"] > 0)
        with database.write() as tx:
            assert bulk.cancel(tx, job["id"], datetime.now(UTC))
        with pytest.raises(Lost):
            running.result(30)
    done = read_job(database, job["id"])
    assert done["state"] == "cancelled"
    assert counts(done) == {"accepted": lead_count(database)}
    assert lead_count(database) < 400


def test_two_processes_at_one_job_harm_nobody(database: Database, database_url: str, path: Path) -> None:
    job = new_job(database, path, CONTENT, chunk_records=10)
    other = take_over(database, job, "other")

    def end(worker: str) -> JobState | str | None:
        try:
            return run_file(database, database_url, other, path, worker=worker, workers=1)
        except Lost:
            return "lost"

    with ThreadPoolExecutor(2) as pool:
        ends = list(pool.map(end, ["test", "other"]))
    assert JobState.FINISHED in ends
    assert counts(read_job(database, job["id"])) == {"accepted": 400}
    assert lead_names(database) == NAMES


def test_a_worker_that_is_killed_is_replaced(database: Database, database_url: str, path: Path) -> None:
    job = new_job(database, path, CONTENT, chunk_records=10)
    before = set(children(os.getpid()))
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run_file, database, database_url, job, path)
        for received in (10, 200):  # a third death over one chunk would be the chunk's own fault
            until(lambda: read_job(database, job["id"])["received"] >= received)  # noqa: B023  # it is over within the round
            for worker in set(children(os.getpid())) - before:
                os.kill(worker, signal.SIGKILL)
                break
        assert running.result(60) is JobState.FINISHED
    assert counts(read_job(database, job["id"])) == {"accepted": 400}
    assert lead_names(database) == NAMES


# ------------------------------------------------------------------------------------------- the command, killed


@pytest.fixture
def environment(database: Database, database_url: str) -> dict[str, str]:
    add_caller(
        database, caller_id="acme", name="Acme", roles=[Role.PARTNER], password="correct horse", now=datetime.now(UTC)
    )
    return {
        "LEADBRIDGE_DATABASE_URL": database_url,
        "LEADBRIDGE_BULK__CHUNK_RECORDS": "5",
        "LEADBRIDGE_BULK__NICENESS": "0",
    }


def started(path: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    arguments = [sys.executable, "-m", "leadbridge", "bulk", "import", str(path), "--caller", "acme"]
    return subprocess.Popen(
        arguments, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def test_killed_at_any_moment_an_import_goes_on_and_no_lead_is_lost_or_doubled(
    database: Database, environment: dict[str, str], path: Path
) -> None:
    path.write_bytes(CONTENT)

    def received() -> int:
        with database.read() as tx:
            jobs = bulk.listed(tx, limit=10)
        return int(sum(job["received"] for job in jobs))

    for more in (1, 31, 60, 99):
        least = received() + more
        process = started(path, environment)
        until(lambda: received() >= least)  # noqa: B023  # it is over within the round
        workers = children(process.pid)
        process.kill()
        process.wait()
        assert len(workers) == 2
        until(lambda: not any(is_alive(worker) for worker in workers))  # noqa: B023  # as above
    done = command("bulk", "import", str(path), "--caller", "acme", environment=environment)
    assert (done.code, done.out) == (
        0,
        "Job 0000000001 is finished: 400 received = 400 accepted + 0 replayed + 0 duplicate + 0 rejected.\n",
    )
    assert lead_names(database) == NAMES


def test_an_import_that_is_interrupted_says_how_to_go_on(
    database: Database, environment: dict[str, str], path: Path
) -> None:
    path.write_bytes(CONTENT)
    arguments = [sys.executable, "-m", "leadbridge", "bulk", "import", str(path), "--caller", "acme"]
    process = subprocess.Popen(arguments, env={**os.environ, **environment}, stderr=subprocess.PIPE, text=True)
    until(lambda: lead_count(database) > 0)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "job 0000000001 was interrupted. The same command goes on from there." in said
    assert 0 < lead_count(database) < 400
    done = command("bulk", "import", str(path), "--caller", "acme", environment=environment)
    assert done.code == 0
    assert lead_names(database) == NAMES
