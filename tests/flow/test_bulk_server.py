"""A real `leadbridge serve` takes in what is sent in bulk, by HTTP and by SOAP, also when it is killed over it."""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from leadbridge.store.database import Database
from tests.support.bulk import counts, lead_count, lead_names, read_job
from tests.support.bulk_by_hand import file_of, small_lead
from tests.support.bulk_messages_by_hand import submit_lead_bulk
from tests.support.messages_by_hand import create_lead
from tests.support.server import Server

SECONDS = 60
UUID = "5f6b1c1e-8a35-4a2b-9d0e-3c2f7d1b4a01"
SOAP = b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>%s</e:Body></e:Envelope>'


@pytest.fixture
def server(database_url: str, tmp_path: Path) -> Iterator[Server]:
    made = Server(
        database_url,
        tmp_path,
        environment={
            "LEADBRIDGE_BULK__CHUNK_RECORDS": "5",
            "LEADBRIDGE_BULK__LEASE_SECONDS": "1.5",
            "LEADBRIDGE_BULK__POLL_SECONDS": "0.1",
            "LEADBRIDGE_BULK__NICENESS": "0",
        },
    )
    made.add_caller("acme", "partner")
    try:
        yield made.start()
    finally:
        made.kill()


def submitted(server: Server, data: bytes) -> dict[str, Any]:
    done = requests.post(
        f"{server.url}/bulk/leads",
        data=gzip.compress(data),
        headers={"Content-Type": "text/xml", "Content-Encoding": "gzip"},
        auth=("acme", "correct horse battery"),
        timeout=30,
    )
    assert done.status_code == 202, done.text
    job: dict[str, Any] = done.json()
    return job


def asked(server: Server, path: str) -> requests.Response:
    return requests.get(server.url + path, auth=("acme", "correct horse battery"), timeout=30)


def ended(server: Server, job_id: str) -> dict[str, Any]:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        job: dict[str, Any] = asked(server, f"/bulk/leads/{job_id}").json()
        if job["endedAt"]:
            return job
        time.sleep(0.05)
    raise AssertionError(f"the job did not end: {server.output()}")


def soap(server: Server, service: str, message: bytes) -> bytes:
    done = requests.post(
        f"{server.url}/soap/{service}",
        data=SOAP % message,
        headers={"Content-Type": "text/xml; charset=utf-8"},
        auth=("acme", "correct horse battery"),
        timeout=30,
    )
    assert done.status_code == 200, done.text
    return done.content


def test_files_and_messages_are_taken_in_while_single_calls_are_answered(server: Server, database: Database) -> None:
    leads = [small_lead(number) for number in range(1, 61)] + [small_lead(99, name="x" * 99)]
    job = submitted(server, file_of(leads, uuid=UUID))
    soap(server, "LeadService", create_lead())
    done = ended(server, job["id"])
    assert (done["state"], done["received"], done["accepted"], done["rejected"]) == ("finished", 61, 60, 1)
    rejections = asked(server, f"/bulk/leads/{job['id']}/rejections")
    assert rejections.content.count(b"<lbb:Lead") == 2  # the root and the lead
    soap(server, "LeadBulkService", submit_lead_bulk())
    assert ended(server, "0000000002")["accepted"] == 1
    assert lead_count(database) == 62


@pytest.mark.parametrize(
    "database_url", ["postgresql"], indirect=True
)  # what a kill leaves in SQLite: test_bulk_running
def test_a_server_that_is_killed_goes_on_with_its_jobs(server: Server, database: Database) -> None:
    job = submitted(server, file_of([small_lead(number) for number in range(1, 301)], uuid=UUID))
    for least in (5, 100):
        deadline = time.monotonic() + SECONDS
        while read_job(database, job["id"])["received"] < least:
            assert time.monotonic() < deadline, server.output()
            time.sleep(0.01)
        server.kill()
        server.start()
    done = ended(server, job["id"])
    assert (done["state"], done["accepted"]) == ("finished", 300)
    assert lead_names(database) == sorted(f"Lead {number}" for number in range(1, 301))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_server_that_is_stopped_leaves_its_job_for_the_next(server: Server, database: Database) -> None:
    job = submitted(server, file_of([small_lead(number) for number in range(1, 301)], uuid=UUID))
    deadline = time.monotonic() + SECONDS
    while read_job(database, job["id"])["received"] < 5:
        assert time.monotonic() < deadline, server.output()
        time.sleep(0.01)
    server.stop()
    assert "bulk worker died" not in server.output()
    server.start()
    assert ended(server, job["id"])["accepted"] == 300
    assert counts(read_job(database, job["id"])) == {"accepted": 300}
