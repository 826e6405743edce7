"""`/bulk/leads`: files streamed in become jobs, whole or not; errors are one document."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

import pytest
from lxml import etree
from sqlalchemy import func, select

from leadbridge.authentication.access import Access
from leadbridge.authentication.callers import add_caller
from leadbridge.authentication.passwords import Authenticator
from leadbridge.bulk.jobs import chunks_of, stored_blocks
from leadbridge.bulk.sources import SourceLimits
from leadbridge.bulk.splitting import BrokenOff, Chunk
from leadbridge.caller import Role
from leadbridge.rest.app import RestApp
from leadbridge.rest.bulk import UploadPolicy, bulk_router
from leadbridge.store import bulk, tables
from leadbridge.store.database import Database
from tests.support.bulk import LIMITS, PARTNER, intake, read_job
from tests.support.bulk_by_hand import END, file_of, full_lead, small_lead

UUID = "5f6b1c1e-8a35-4a2b-9d0e-3c2f7d1b4a01"
SMALL = file_of([small_lead(number) for number in range(1, 4)], uuid=UUID)
LARGE = file_of(full_lead(number) for number in range(1, 6_001))  # three parts
PASSWORD = "correct horse battery"
ROLES = {"acme": Role.PARTNER, "other": Role.PARTNER, "bank": Role.CRM, "desk": Role.CALLCENTRE}
POLICY = UploadPolicy(
    limits=SourceLimits(largest_file_bytes=50_000_000, largest_ratio=200),
    chunk_records=500,
    lease=timedelta(seconds=30),
    idle_seconds=0.5,
    least_bytes_per_second=0,
    pace_seconds=60,
    most_uploads=2,
)
PAUSE, HANG_UP, BREATHE = "pause", "hang up", "breathe"


@dataclass(frozen=True)
class Answer:
    """What the application said."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


class Door:
    """The application, asked in this process. A body is pieces; PAUSE sends nothing more, HANG_UP breaks off,
    BREATHE sends a space after a while."""

    def __init__(self, database: Database, policy: UploadPolicy = POLICY) -> None:
        self.database = database
        self._admitted: set[str] = set()
        authenticator = Authenticator(database, cache_seconds=60)
        self.app = RestApp(bulk_router(database, Access(authenticator), policy))

    def _admit(self, name: str) -> None:
        """Add a caller the first time it asks: hashing a password takes a tenth of a second, by design."""
        if name in ROLES and name not in self._admitted:
            self._admitted.add(name)
            add_caller(
                self.database, caller_id=name, name=name, roles=[ROLES[name]], password=PASSWORD, now=datetime.now(UTC)
            )

    def ask(
        self, method: str, path: str, body: Iterable[bytes | str] = (), *, caller: str | None = "acme", **headers: str
    ) -> Answer:
        return asyncio.run(self.asked(method, path, body, caller=caller, **headers))

    async def asked(
        self, method: str, path: str, body: Iterable[bytes | str] = (), *, caller: str | None = "acme", **headers: str
    ) -> Answer:
        if caller:
            self._admit(caller)
            headers["authorization"] = f"Basic {base64.b64encode(f'{caller}:{PASSWORD}'.encode()).decode()}"
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": b"",
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
        }
        pieces: Iterator[bytes | str | None] = chain(body, [None])
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            piece = next(pieces, PAUSE)
            if piece == PAUSE:
                await asyncio.sleep(60)
            if piece == BREATHE:
                await asyncio.sleep(0.2)
                piece = b" "
            if piece == HANG_UP:
                return {"type": "http.disconnect"}
            if piece is None:
                return {"type": "http.request", "body": b"", "more_body": False}
            return {"type": "http.request", "body": piece, "more_body": True}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        answered = b"".join(message.get("body", b"") for message in sent[1:])
        given = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        assert given["x-correlation-id"]
        return Answer(sent[0]["status"], given, answered)

    def submit(
        self, *body: bytes | str, media: str = "text/xml", caller: str | None = "acme", **headers: str
    ) -> Answer:
        return self.ask("POST", "/bulk/leads", body, caller=caller, content_type=media, **headers)


@pytest.fixture
def door(database: Database) -> Door:
    return Door(database)


def pieces(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def content(database: Database, job_id: str) -> bytes:
    return b"".join(stored_blocks(database, read_job(database, job_id)))


def rows(database: Database) -> dict[str, int]:
    with database.read() as tx:
        return {
            table.name: tx.connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (tables.bulk_job, tables.bulk_part)
        }


def test_a_file_becomes_a_job_that_waits(door: Door, database: Database) -> None:
    done = door.submit(*pieces(SMALL, 100))
    assert done.status == 202
    assert done.headers["location"] == "/bulk/leads/0000000001"
    job = done.json
    assert (job["id"], job["uuid"], job["state"], job["received"]) == ("0000000001", UUID, "waiting", 0)
    assert content(database, job["id"]) == SMALL
    assert door.ask("GET", done.headers["location"]).json == job


def test_a_long_file_is_stored_in_parts_while_it_arrives(door: Door, database: Database) -> None:
    done = door.submit(*pieces(LARGE, 60_000))
    assert done.status == 202
    assert content(database, done.json["id"]) == LARGE
    assert rows(database) == {"bulk_job": 1, "bulk_part": 3}


@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
def test_the_very_same_file_again_is_the_job_that_it_has(door: Door, database: Database, data: bytes) -> None:
    first = door.submit(*pieces(data, 100_000))
    again = door.submit(*pieces(gzip.compress(data), 3_000), content_encoding="gzip")
    assert (first.status, again.status) == (202, 200)
    assert again.json == first.json
    assert again.headers["location"] == first.headers["location"]
    assert rows(database)["bulk_job"] == 1
    assert door.submit(data, caller="other").status == 202


def test_gzip_by_its_media_type_or_by_its_coding(door: Door, database: Database) -> None:
    zipped = gzip.compress(SMALL)
    for number, (media, headers) in enumerate(
        [("application/gzip", {}), ("text/xml", {"content_encoding": "gzip"}), ("application/xml", {})]
    ):
        done = door.submit(*pieces(zipped, 7), media=media, **headers)
        assert done.status == (200 if number else 202)


def test_csv_with_a_key_of_its_sender(door: Door, database: Database) -> None:
    data = b"Name,GivenName\na,b\n"
    done = door.submit(data, media="text/csv; charset=utf-8", idempotency_key=UUID.upper())
    assert (done.status, done.json["uuid"]) == (202, UUID)
    other = door.submit(data, media="text/csv")
    assert (other.status, other.json["uuid"] == UUID) == (202, False)
    assert door.submit(data, media="application/gzip").json["uuid"] == other.json["uuid"]


def test_utf_16(door: Door, database: Database) -> None:
    data = ("\ufeff" + SMALL.decode().replace("UTF-8", "UTF-16")).encode("utf-16-le")
    done = door.submit(*pieces(data, 333), media="text/xml; charset=utf-16")
    assert (done.status, done.json["uuid"]) == (202, UUID)


# ----------------------------------------------------------------------------------------------- broken uploads


@pytest.mark.parametrize("end", [PAUSE, HANG_UP])
@pytest.mark.parametrize("data", [SMALL[:-30], LARGE[:-30]], ids=["small", "large"])
def test_row_22_an_upload_that_breaks_off_is_kept_as_far_as_it_came(
    door: Door, database: Database, data: bytes, end: str
) -> None:
    done = door.submit(*pieces(data, 50_000), end)
    assert done.status == (408 if end == PAUSE else 400)
    job = read_job(database, "0000000001")
    assert job["state"] == "waiting"
    with pytest.raises(BrokenOff, match=r"its sender .*; [0-9,]+ whole leads before it"):
        list(chunks_of(job, stored_blocks(database, job), limits=LIMITS))


def test_a_csv_upload_that_breaks_off_does_not_pass_for_whole(door: Door, database: Database) -> None:
    door.submit(b"Name,GivenName\na,b\nc,d", HANG_UP, media="text/csv")
    job = read_job(database, "0000000001")
    chunks: list[Chunk] = []
    with pytest.raises(BrokenOff, match="line 3: the connection of its sender broke; 1 whole leads before it"):
        chunks.extend(chunks_of(job, stored_blocks(database, job), limits=LIMITS))
    assert [chunk.records for chunk in chunks] == [1]


def test_damaged_gzip_is_kept_as_far_as_it_goes(door: Door, database: Database) -> None:
    done = door.submit(gzip.compress(LARGE)[:-1_000], media="application/gzip")
    assert done.status == 202
    job = read_job(database, done.json["id"])
    with pytest.raises(BrokenOff, match="the gzip data ends before its end"):
        list(chunks_of(job, stored_blocks(database, job), limits=LIMITS))


def test_an_upload_that_goes_on_slowly_keeps_its_job(database: Database) -> None:
    slow = Door(database, replace(POLICY, lease=timedelta(seconds=0.6)))

    def body() -> Iterator[bytes | str]:
        yield LARGE
        for _ in range(6):
            yield BREATHE
            with database.write() as tx:
                assert bulk.claim(tx, worker="runner", now=datetime.now(UTC), lease=timedelta(seconds=30)) is None

    done = asyncio.run(slow.asked("POST", "/bulk/leads", body(), content_type="text/xml"))
    assert done.status == 202
    assert read_job(database, "0000000001")["state"] == "waiting"


def test_row_22_a_sender_that_only_keeps_its_place_is_given_up(database: Database) -> None:
    strict = Door(database, replace(POLICY, least_bytes_per_second=1_000, pace_seconds=0.5))
    done = strict.submit(SMALL[:-30], *[BREATHE] * 30)
    assert (done.status, "less than 1,000 bytes a second. What came is job 0000000001." in done.json["text"]) == (
        408,
        True,
    )


@pytest.mark.parametrize("end", [PAUSE, HANG_UP])
def test_an_upload_without_a_lead_leaves_nothing(door: Door, database: Database, end: str) -> None:
    door.submit(SMALL[:100], end)
    assert rows(database) == {"bulk_job": 0, "bulk_part": 0}


def test_a_job_that_is_cancelled_while_its_file_arrives(door: Door, database: Database) -> None:
    def body() -> Iterator[bytes]:
        """Cancels its job as soon as a part of it is stored."""
        for piece in pieces(LARGE, 1_000_000):
            yield piece
            if rows(database)["bulk_job"] and read_job(database, "0000000001")["state"] == "receiving":
                with database.write() as tx:
                    assert bulk.cancel(tx, "0000000001", datetime.now(UTC))

    done = asyncio.run(door.asked("POST", "/bulk/leads", body(), content_type="text/xml"))
    assert (done.status, done.json["code"]) == (409, "BULK.ENDED")
    assert read_job(database, "0000000001")["state"] == "cancelled"
    assert rows(database)["bulk_part"] == 0


# ------------------------------------------------------------------------------------------------------ refused

REFUSED: dict[str, tuple[list[bytes | str], dict[str, str], int, str]] = {
    "no XML": ([b"hello"], {}, 400, "MalformedMessage"),
    "empty": ([], {}, 400, "MalformedMessage"),
    "document type": ([b"<!DOCTYPE a>" + SMALL], {}, 400, "MalformedMessage"),
    "header against the contract": ([SMALL.replace(UUID.encode(), b"1")], {}, 400, "MalformedMessage"),
    "another UUID": ([SMALL], {"idempotency_key": UUID.replace("5", "6")}, 400, "MalformedMessage"),
    "no UUID": ([SMALL], {"idempotency_key": "17"}, 400, "MalformedMessage"),
    "unknown column": ([b"Nome\na"], {"media": "text/csv"}, 400, "MalformedMessage"),
    "media type": ([SMALL], {"media": "application/json"}, 415, "UnsupportedMediaType"),
    "charset": ([SMALL], {"media": "text/xml; charset=latin-1"}, 415, "UnsupportedMediaType"),
    "coding": ([SMALL], {"content_encoding": "br"}, 415, "UnsupportedMediaType"),
    "bomb": ([gzip.compress(SMALL[:400] + b" " * 40_000_000)], {}, 413, "MessageTooLarge"),
    "too large": ([*pieces(LARGE, 1_000_000)] * 5, {}, 413, "MessageTooLarge"),
}


@pytest.mark.parametrize(("body", "headers", "status", "code"), REFUSED.values(), ids=REFUSED)
def test_row_20_and_21_what_is_refused_leaves_nothing(
    door: Door, database: Database, body: list[bytes | str], headers: dict[str, str], status: int, code: str
) -> None:
    done = door.submit(*body, **headers)
    assert (done.status, done.json["status"], done.json["code"]) == (status, status, code)
    assert done.json["correlationId"] == done.headers["x-correlation-id"]
    assert rows(database) == {"bulk_job": 0, "bulk_part": 0}


def test_credentials_and_roles(door: Door) -> None:
    nobody = door.submit(SMALL, caller=None)
    assert (nobody.status, nobody.json["code"]) == (401, "Unauthenticated")
    assert nobody.headers["www-authenticate"].startswith("Basic ")
    wrong = door.ask("POST", "/bulk/leads", [SMALL], caller="nobody", content_type="text/xml")
    assert wrong.status == 401
    forbidden = door.submit(SMALL, caller="bank")
    assert (forbidden.status, forbidden.json["code"]) == (403, "Unauthorized")


def test_row_31_more_uploads_at_once_than_there_is_room_for(door: Door) -> None:
    async def many() -> list[tuple[int, str | None]]:
        async def send(caller: str, *body: bytes | str) -> tuple[int, str | None]:
            done = await door.asked("POST", "/bulk/leads", body, caller=caller, content_type="text/xml")
            return done.status, done.headers.get("retry-after")

        first = asyncio.create_task(send("acme", SMALL[:100], PAUSE))
        await asyncio.sleep(0.1)
        of_the_same = await send("acme", SMALL)  # has half of the places already
        second = asyncio.create_task(send("other", SMALL[:100], PAUSE))
        await asyncio.sleep(0.1)
        return [of_the_same, await send("desk", SMALL), await first, await second]

    for caller in ("acme", "other", "desk"):
        assert door.ask("GET", "/bulk/leads/1", caller=caller).status == 404  # the credential is known from now on
    assert asyncio.run(many()) == [(503, "5"), (503, "5"), (408, None), (408, None)]


# -------------------------------------------------------------------------------------------------- the job's own


def test_row_28_a_job_belongs_to_its_caller(door: Door) -> None:
    location = door.submit(SMALL).headers["location"]
    for method, path in (("GET", location), ("GET", f"{location}/rejections"), ("DELETE", location)):
        hidden = door.ask(method, path, caller="other")
        assert (hidden.status, hidden.json["code"]) == (404, "BULK.UNKNOWN")
    assert door.ask("GET", location, caller="desk").status == 200


@pytest.mark.parametrize("number", ["\0", "x", "-1", "00000000001", "\u0661", "7"])
def test_row_26_a_number_that_no_job_has(door: Door, number: str) -> None:
    door.submit(SMALL)
    assert door.ask("GET", "/bulk/leads/1").json["id"] == "0000000001"
    for method, path in (("GET", number), ("GET", f"{number}/rejections"), ("DELETE", number)):
        done = door.ask(method, f"/bulk/leads/{path}")
        assert (done.status, done.json["code"]) == (404, "BULK.UNKNOWN")


def test_cancelling(door: Door, database: Database) -> None:
    location = door.submit(SMALL).headers["location"]
    cancelled = door.ask("DELETE", location)
    assert (cancelled.status, cancelled.json["state"]) == (200, "cancelled")
    with database.read() as tx:
        entry = tx.connection.execute(select(tables.journal).order_by(tables.journal.c.id.desc())).first()
    assert entry is not None
    assert (entry.caller_id, entry.operation) == ("acme", "CancelLeadBulk")
    assert (entry.old_status, entry.new_status) == ("waiting", "cancelled")
    again = door.ask("DELETE", location)
    assert (again.status, again.json["code"]) == (409, "BULK.ENDED")
    assert door.submit(SMALL).status == 202  # what was cancelled may be sent again


def test_the_documented_csv_is_taken(door: Door, database: Database) -> None:
    described = door.ask("GET", "/openapi.json").json["paths"]["/bulk/leads"]["post"]["requestBody"]["content"]
    (example,) = described["text/csv"]["examples"].values()
    location = door.submit(example["value"].encode(), media="text/csv").headers["location"]
    with database.write() as tx:
        job = bulk.claim(tx, worker="test", now=datetime.now(UTC), lease=timedelta(seconds=30))
    assert job is not None
    taking = intake(database, job, caller=PARTNER)
    for chunk in chunks_of(job, stored_blocks(database, job), limits=LIMITS):
        taking.take(chunk)
    job = door.ask("GET", location).json
    assert (job["accepted"], job["rejected"]) == (1, 0)


def test_rejections(door: Door, database: Database) -> None:
    done = door.submit(file_of([small_lead(1), small_lead(2, name="x" * 99)], uuid=UUID))
    location = done.headers["location"]
    assert door.ask("GET", f"{location}/rejections").status == 204
    with database.write() as tx:
        job = bulk.claim(tx, worker="test", now=datetime.now(UTC), lease=timedelta(seconds=30))
    assert job is not None
    taking = intake(database, job, caller=PARTNER)
    for chunk in chunks_of(job, stored_blocks(database, job), limits=LIMITS):
        taking.take(chunk)
    given = door.ask("GET", f"{location}/rejections")
    assert (given.status, given.headers["content-type"]) == (200, "application/xml")
    assert [one.findtext("{*}Name") for one in etree.fromstring(given.body).iterchildren("{*}Lead")] == ["x" * 99]


def test_other_addresses_and_methods(door: Door) -> None:
    for method, path, status in (
        ("GET", "/bulk/nothing", 404),
        ("GET", "/bulk/leads", 405),
        ("PUT", "/bulk/leads/1", 405),
    ):
        done = door.ask(method, path)
        assert (done.status, done.json["status"]) == (status, status)
    assert door.ask("PUT", "/bulk/leads/1").headers["allow"] == "DELETE, GET"
    described = door.ask("GET", "/openapi.json").json
    assert set(described["paths"]) == {"/bulk/leads", "/bulk/leads/{job_id}", "/bulk/leads/{job_id}/rejections"}


def test_row_24_an_unforeseen_error_says_nothing_but_its_identifier(door: Door, database: Database) -> None:
    with database.write() as tx:
        tables.bulk_rejection.drop(tx.connection)
    try:
        location = door.submit(SMALL).headers["location"]
        done = door.ask("GET", f"{location}/rejections")
        assert (done.status, done.json["code"]) == (500, "InternalError")
        assert done.json["text"] == f"An unforeseen error. It is logged as {done.headers['x-correlation-id']}."
    finally:
        with database.write() as tx:
            tables.bulk_rejection.create(tx.connection)


def test_a_lead_behind_the_end_is_none(door: Door, database: Database) -> None:
    done = door.submit(SMALL + b"<!-- " + END.encode() + b" -->")
    assert done.status == 202
