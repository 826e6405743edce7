"""`/bulk/leads`: a bulk file streamed in becomes a job; how far it is, what was not taken, and an end to it.

The body is inflated, looked at and stored while it arrives, beside the event loop and in flat memory. Leads are taken
in afterwards, by the runner; the answer is the job.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeAlias, TypeVar
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import ClientDisconnect

from leadbridge.authentication.access import Access
from leadbridge.bulk.jobs import Media, find_job
from leadbridge.bulk.rejections import rejections_file
from leadbridge.bulk.running import RENEWALS_PER_LEASE
from leadbridge.bulk.sources import BLOCK, SourceLimits
from leadbridge.bulk.uploading import Upload
from leadbridge.caller import Caller, OperationGroup
from leadbridge.log import get_logger
from leadbridge.messages import FaultTypeId
from leadbridge.operations.lead_bulk import cancel_job
from leadbridge.operations.logitems import LogItemType
from leadbridge.quotas import OverQuota, Quotas
from leadbridge.rest.access import caller_of
from leadbridge.rest.headers import no_header_twice
from leadbridge.rest.problems import ErrorDocument, Problem, busy
from leadbridge.store import bulk
from leadbridge.store.bulk import COUNTS
from leadbridge.store.database import Database, Transaction
from leadbridge.store.inserts import Row

log = get_logger(__name__)

Result = TypeVar("Result")

PATH = "/bulk/leads"

_MEDIA: dict[str, Media | None] = {
    "text/xml": "xml",
    "application/xml": "xml",
    "text/csv": "csv",
    "application/gzip": None,  # what it is, the bytes say
    "application/x-gzip": None,
}
_CHARSETS = {"xml": {"utf-8", "us-ascii", "utf-16"}, "csv": {"utf-8", "us-ascii"}, None: {"utf-8"}}
_XML = "application/xml"


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadPolicy:
    """What the site decides about files that are sent in."""

    limits: SourceLimits
    chunk_records: int
    lease: timedelta
    idle_seconds: float
    least_bytes_per_second: int
    pace_seconds: float
    most_uploads: int


class Places:
    """Who is sending files. A caller has half of the places at most: the others are for the others."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._most_each = max(1, most // 2)
        self._taken: Counter[str] = Counter()

    @contextmanager
    def one(self, caller: Caller) -> Iterator[None]:
        """Hold a place for a file of this caller. Raises Problem where there is none."""
        if self._taken.total() >= self._most:
            raise busy(f"{self._most} files arrive already. Send it again after the time in Retry-After.")
        if self._taken[caller.id] >= self._most_each:
            raise busy(f"{self._most_each} files of this caller arrive already. Send it when one of them is here.")
        self._taken[caller.id] += 1
        try:
            yield
        finally:
            self._taken[caller.id] -= 1


class TooSlow(Exception):
    """A sender that keeps its place without using it. The text says how."""


class Aside:
    """Threads of these addresses' own, for what blocks: files that arrive must not take those of single calls."""

    def __init__(self, threads: int) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="bulk-upload")

    async def __call__(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """Run a function while the event loop goes on."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)


class Job(BaseModel):
    """A job as its sender sees it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "7",
                    "uuid": "5f6b1c1e-8a35-4a2b-9d0e-3c2f7d1b4a01",
                    "state": "finished",
                    **dict(zip(COUNTS, (3, 2, 0, 0, 1), strict=True)),
                    "submittedAt": "2026-03-01T09:30:00Z",
                    "startedAt": "2026-03-01T09:30:01Z",
                    "endedAt": "2026-03-01T09:30:02Z",
                    "breakDescription": None,
                }
            ]
        }
    )

    id: str = Field(description="The job's number: its path.")
    uuid: str = Field(description="What the file is known by, should it come again.")
    state: str = Field(description="receiving, waiting, running; then finished, broken or cancelled.")
    received: int = Field(description="Leads that were read so far.")
    accepted: int = Field(description="Leads that were taken.")
    replayed: int = Field(description="Leads that were taken before.")
    duplicate: int = Field(description="Leads that are there already, or seem to be.")
    rejected: int = Field(description="Leads that cannot be taken: see the rejections.")
    submittedAt: datetime = Field(description="When the file came.")  # noqa: N815  # the names in JSON
    startedAt: datetime | None = Field(description="When work on it began.")  # noqa: N815  # as above
    endedAt: datetime | None = Field(description="When it ended.")  # noqa: N815  # as above
    breakDescription: str | None = Field(  # noqa: N815  # as above
        description="Where the file broke off, and why."
    )


_CSV = (
    "Name,RoleCode,CategoryCode,GivenName,FamilyName,EmailURI,ProductID\r\n"
    "Loan for a flat,PROSPECT,1,Anna,Beispiel,anna@example.org,LOAN\r\n"
)
_FILE = {
    "parameters": [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "description": "The UUID of the file, where it has none itself.",
            "schema": {"type": "string", "format": "uuid"},
        }
    ],
    "requestBody": {
        "required": True,
        "content": {
            _XML: {"schema": {"type": "string", "description": "A LeadBulk of leadbulk.xsd."}},
            "text/csv": {"schema": {"type": "string"}, "examples": {"leads": {"value": _CSV}}},
            "application/gzip": {"schema": {"type": "string", "format": "binary", "description": "Either, packed."}},
        },
    },
}
_SUBMIT: dict[str, Any] = {
    "status_code": 202,
    "response_model": Job,
    "responses": {200: {"model": Job}},
    "summary": "Send a file of leads in",
    "openapi_extra": _FILE,
}
_REJECTIONS: dict[str, Any] = {
    "response_class": StreamingResponse,
    "responses": {200: {"content": {_XML: {}}}, 204: {"description": "None."}},
    "summary": "Read the leads that were not taken",
}


def _shown(row: Row) -> Job:
    return Job(
        id=row["id"],
        uuid=row["uuid"],
        state=row["state"],
        **{name: row[name] for name in COUNTS},
        submittedAt=row["submitted_at"],
        startedAt=row["started_at"],
        endedAt=row["ended_at"],
        breakDescription=row["break_description"],
    )


def bulk_router(
    database: Database,
    access: Access,
    policy: UploadPolicy,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    quotas: Quotas | None = None,
) -> APIRouter:
    """The router of these addresses. Without `quotas` nobody has any."""
    quotas = quotas or Quotas()
    router = APIRouter(prefix=PATH, tags=["bulk"], responses={"4XX": {"model": ErrorDocument}})
    places = Places(policy.most_uploads)
    aside = Aside(policy.most_uploads)

    @router.post("", **_SUBMIT)
    async def submit(request: Request) -> Response:
        """Send a bulk file in: LeadBulk as XML, or CSV with column names; gzip or not.

        202 and the job; the very same file again: 200 and the job that it has. `Idempotency-Key` is the UUID of a file
        that has none itself.
        """
        media, charset = _media_of(request)
        uuid = _uuid_of(request)
        caller = await caller_of(request, access, quotas, OperationGroup.LEAD)
        with places.one(caller):
            upload = Upload(
                database,
                caller,
                media=media,
                uuid=uuid,
                charset=charset,
                limits=policy.limits,
                chunk_records=policy.chunk_records,
                lease=policy.lease,
                correlation_id=request.state.correlation_id,
                clock=clock,
            )
            job, new = await _receive(request, upload, policy, aside, await _paying(request, quotas, caller))
        log.info("bulk file received", job_id=job["id"], caller=caller.id, new=new)
        headers = {"Location": f"{PATH}/{job['id']}"}
        return JSONResponse(_shown(job).model_dump(mode="json"), 202 if new else 200, headers)

    @router.get("/{job_id}", response_model=Job, summary="Read how far a job is")
    async def read(job_id: str, request: Request) -> Job:
        """How far a job is."""
        caller = await caller_of(request, access, quotas, OperationGroup.LEAD)
        return _shown(await aside(_job, database, caller, job_id))

    @router.get("/{job_id}/rejections", **_REJECTIONS)
    async def rejections(job_id: str, request: Request) -> Response:
        """The leads that were not taken as a bulk file, each with the reasons; 204 where there is none."""
        caller = await caller_of(request, access, quotas, OperationGroup.LEAD)
        job = await aside(_job, database, caller, job_id)
        pieces = rejections_file(database, job, now=clock())
        first = await aside(next, pieces, None)
        if first is None:
            return Response(status_code=204)
        return StreamingResponse(_from(first, pieces), media_type=_XML)

    @router.delete("/{job_id}", response_model=Job, summary="Cancel a job")
    async def cancel(job_id: str, request: Request) -> Job:
        """Stop a job before its end; leads taken until then stay."""
        caller = await caller_of(request, access, quotas, OperationGroup.LEAD)
        return _shown(await aside(_cancelled, database, caller, job_id, clock(), request.state.correlation_id))

    return router


# ------------------------------------------------------------------------------------------------------- receiving


def _media_of(request: Request) -> tuple[Media | None, str | None]:
    """What the headers say that the file is, and in which charset. Raises Problem."""
    no_header_twice(request)
    media_type, *parameters = request.headers.get("content-type", "").lower().split(";")
    name = media_type.strip()
    if name not in _MEDIA:
        raise _unsupported("Send text/xml, application/xml, text/csv or application/gzip.")
    media = _MEDIA[name]
    charset: str | None = None
    for parameter in parameters:
        key, _, value = parameter.strip().partition("=")
        if key != "charset":
            continue
        if charset is not None or value.strip('"') not in _CHARSETS[media]:
            raise _unsupported("Send the file in UTF-8, or XML in UTF-16 with its mark.")
        charset = value.strip('"')
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if coding not in ("identity", "gzip", "x-gzip", ""):
        raise _unsupported("Send the file as it is, or with Content-Encoding gzip.")
    return media, charset


def _unsupported(text: str) -> Problem:
    return Problem(415, FaultTypeId.UNSUPPORTED_MEDIA_TYPE, text)


def _uuid_of(request: Request) -> str | None:
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    try:
        return str(UUID(key.strip().strip('"')))
    except ValueError:
        raise Problem(400, FaultTypeId.MALFORMED_MESSAGE, "The Idempotency-Key must be a UUID.") from None


TakeBytes: TypeAlias = Callable[[int], Awaitable[None]]


async def _paying(request: Request, quotas: Quotas, caller: Caller) -> TakeBytes | None:
    """What takes pieces of the body from the caller's quota; None for one that says how long it is: it is paid for here
    and as a whole. Raises OverQuota.
    """
    declared = request.headers.get("content-length", "")
    if not declared.isdecimal():
        return partial(quotas.take_bytes, caller)
    await quotas.take_bytes(caller, int(declared))
    return None


async def _receive(
    request: Request,
    upload: Upload,
    policy: UploadPolicy,
    aside: Aside,
    take_bytes: TakeBytes | None,
) -> tuple[Row, bool]:
    """Store the body while it arrives. Where it stops, what came is kept. Raises Problem, OverQuota and what `Upload`
    raises.
    """
    try:
        async with aclosing(_pieces(request.stream(), policy)) as pieces:
            async for piece in pieces:
                if take_bytes is not None:
                    await take_bytes(len(piece))
                await aside(upload.feed, piece)
    except ClientDisconnect:
        await aside(upload.break_off, "the connection of its sender broke")
        raise Problem(400, FaultTypeId.MALFORMED_MESSAGE, "The connection broke.") from None  # nobody will read it
    except OverQuota:
        await aside(upload.break_off, "the quota of its sender was used up")
        raise
    except TooSlow as error:
        job = await aside(upload.break_off, f"its sender {error}")
        kept = f" What came is job {job['id']}." if job else ""
        text = f"The sender {error}.{kept}"
        raise Problem(408, FaultTypeId.MALFORMED_MESSAGE, text, {"Connection": "close"}) from None
    return await aside(upload.finish)


async def _pieces(stream: AsyncIterator[bytes], policy: UploadPolicy) -> AsyncGenerator[bytes]:
    """What arrives, in pieces worth a thread's while; what came before a break comes out before it.

    Where little or nothing arrives, that comes out all the same, as often as a lease is to be renewed. Raises TooSlow,
    ClientDisconnect. Only time that is spent waiting for the sender counts against it.
    """
    gathered = bytearray()
    pace = _Pace(policy)
    beat = policy.lease.total_seconds() / RENEWALS_PER_LEASE
    yielded = time.monotonic()
    coming: asyncio.Future[bytes | None] | None = None
    ended: Exception | None = None
    more = True
    try:
        while more:
            coming = coming or asyncio.ensure_future(_next(stream))
            began = time.monotonic()
            await asyncio.wait({coming}, timeout=max(0, min(yielded + beat - began, pace.patience)))
            data: bytes | None = b""
            if coming.done():
                try:
                    data = coming.result()
                except ClientDisconnect as error:
                    ended, data = error, None
                coming = None
            if data is None:
                more = False
            else:
                gathered += data
                ended = pace.complaint(time.monotonic() - began, len(data))
                more = ended is None
            if len(gathered) >= BLOCK or (gathered and not more) or time.monotonic() >= yielded + beat:
                yield bytes(gathered)
                gathered.clear()
                yielded = time.monotonic()
    finally:
        if coming is not None:
            coming.cancel()
    if ended is not None:
        raise ended


async def _next(stream: AsyncIterator[bytes]) -> bytes | None:
    return await anext(stream, None)


class _Pace:
    """How a sender keeps up: it may not pause for long, nor send little over a longer time."""

    def __init__(self, policy: UploadPolicy) -> None:
        self._policy = policy
        self._idle = 0.0
        self._waited = 0.0  # in this stretch of time
        self._came = 0  # in it

    @property
    def patience(self) -> float:
        """How long it is waited for now."""
        return self._policy.idle_seconds - self._idle

    def complaint(self, waited: float, came: int) -> TooSlow | None:
        """Count so many bytes, waited for so long; what there is to complain of."""
        policy = self._policy
        self._idle = 0.0 if came else self._idle + waited
        self._waited += waited
        self._came += came
        if self._idle >= policy.idle_seconds:
            return TooSlow(f"paused for {policy.idle_seconds:g} seconds")
        if self._waited < policy.pace_seconds:
            return None
        if self._came < policy.least_bytes_per_second * self._waited:
            return TooSlow(f"sent less than {policy.least_bytes_per_second:,} bytes a second")
        self._waited, self._came = 0.0, 0
        return None


# ------------------------------------------------------------------------------------------------------ other steps


def _job(database: Database, caller: Caller, job_id: str) -> Row:
    with database.read() as tx:
        return _found(tx, caller, job_id)


def _found(tx: Transaction, caller: Caller, job_id: str) -> Row:
    found = find_job(tx, caller, job_id)
    if found is None:
        raise Problem(404, LogItemType.BULK_UNKNOWN, "There is no such job.")
    return found


def _cancelled(database: Database, caller: Caller, job_id: str, now: datetime, correlation_id: str) -> Row:
    job = _job(database, caller, job_id)
    with database.write() as tx:
        tx.lock([bulk.lock_key(job["id"])])
        job = _found(tx, caller, job_id)
        if not cancel_job(tx, job, by=caller.id, at=now, correlation_id=correlation_id):
            raise Problem(409, LogItemType.BULK_ENDED, "The job has ended already.")
    return _job(database, caller, job_id)


def _from(first: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from pieces
