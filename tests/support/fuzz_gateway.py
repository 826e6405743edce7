"""The whole gateway in this process, over SQLite, and the judge of what it answers.

Right is an answer that keeps the schema, a Fault that does, or the error document of the JSON doors. Everything else
is a failure: another body, InternalError, silence, an exception, and an ERROR or a traceback in the log.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from leadbridge.authentication.callers import add_caller, caller_of
from leadbridge.bulk.heading import Unusable
from leadbridge.bulk.jobs import chunks_of, stored_blocks
from leadbridge.bulk.rejections import rejections_file
from leadbridge.bulk.splitting import BrokenOff
from leadbridge.caller import Role
from leadbridge.contract.operations import operations
from leadbridge.contract.parsing import parse
from leadbridge.messages import FaultTypeId
from leadbridge.operations.logitems import LogItemType
from leadbridge.rest.bulk import Job
from leadbridge.rest.problemdetails import BodyError, ProblemDetails
from leadbridge.rest.problems import ErrorDocument, is_here
from leadbridge.settings import Settings
from leadbridge.soap.versions import SOAP_11, SOAP_12
from leadbridge.store import bulk
from leadbridge.store.database import open_database
from leadbridge.store.inserts import Row
from leadbridge.wiring.gateway import Gateway
from tests.support.bulk import LIMITS, counts, intake, read_job
from tests.support.door import Reply
from tests.support.fuzz_messages import CALLER, OPERATIONS, PASSWORD
from tests.support.fuzz_requests import Request, right_call
from tests.support.logs import log_plainly

SECONDS = 60

_ANSWERS = {operation.answer for operation in operations()}
_CODES = {code.value for code in (*FaultTypeId, *LogItemType, *BodyError)}
_STATUSES = {400, 401, 404, 405, 408, 413, 415, 500, 503}


@dataclass
class Alarms:
    """What was logged and should not have been."""

    found: list[str] = field(default_factory=list)

    def listen(self, _logger: object, method: str, event: structlog.typing.EventDict) -> Mapping[str, Any]:
        """A processor of structlog: keeps what is an error or has a traceback, and prints nothing."""
        if method in ("error", "critical", "exception") or event.get("exc_info"):
            self.found.append(f"{event} {_said(event.get('exc_info'))}")
        raise structlog.DropEvent

    def take(self) -> list[str]:
        """What was found since the last time."""
        taken, self.found = self.found, []
        return taken


def _said(exc_info: object) -> str:
    import traceback

    if exc_info is True:
        return traceback.format_exc()
    return "".join(traceback.format_exception(exc_info)) if isinstance(exc_info, BaseException) else ""


class _Handler(logging.Handler):
    """What libraries log goes to the alarms, too."""

    def __init__(self, alarms: Alarms) -> None:
        super().__init__(logging.ERROR)
        self._alarms = alarms

    def emit(self, record: logging.LogRecord) -> None:
        self._alarms.found.append(f"{record.name}: {record.getMessage()} {_said(record.exc_info)}")


class InProcess:
    """The gateway with one caller that may call everything. `send` is what a server would do."""

    def __init__(self, settings: Settings, alarms: Alarms) -> None:
        self._database = open_database(settings.database_url)
        add_caller(
            self._database, caller_id=CALLER, name="Fuzz", roles=[Role.ADMIN], password=PASSWORD, now=datetime.now(UTC)
        )
        self.alarms = alarms
        self.rejections = b""  # of the job that was taken in last
        self._runner = asyncio.Runner()
        self._gateway = Gateway(settings)
        self._life: asyncio.Queue[dict[str, str]] = asyncio.Queue()
        self._lives = self._runner.run(self._begin())

    async def _begin(self) -> asyncio.Task[None]:
        started = asyncio.Event()

        async def send(_what: object) -> None:
            started.set()

        await self._life.put({"type": "lifespan.startup"})
        lives = asyncio.get_running_loop().create_task(self._gateway({"type": "lifespan"}, self._life.get, send))
        await started.wait()
        return lives

    def stop(self) -> None:
        """Finish what is under way."""

        async def end() -> None:
            await self._life.put({"type": "lifespan.shutdown"})
            await self._lives

        self._runner.run(end())
        self._runner.close()
        self._database.dispose()

    def run(self, coroutine: Coroutine[Any, Any, Reply | None]) -> Reply | None:
        """What comes of a coroutine in the gateway's loop, in time."""
        return self._runner.run(asyncio.wait_for(coroutine, SECONDS))

    def send(self, request: Request) -> Reply | None:
        """What comes back; None where nothing does."""
        return self.run(self._exchange(request))

    async def _exchange(self, request: Request) -> Reply | None:
        path, _, query = request.target.partition("?")
        scope: dict[str, Any] = {
            "type": "http",
            "http_version": "1.1",
            "method": request.method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode("utf-8", "replace"),
            "query_string": query.encode("utf-8", "replace"),
            "root_path": "",
            "headers": list(request.headers),
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 8000),
        }
        pieces = list(request.pieces)
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            if not pieces:
                return {"type": "http.disconnect"}
            return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces) or request.hangs_up}

        async def send(event: Any) -> None:
            sent.append(dict(event))

        await self._gateway(scope, receive, send)
        if not sent:
            return None
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in sent[0]["headers"]}
        return Reply(sent[0]["status"], headers, b"".join(event.get("body", b"") for event in sent[1:]))

    def judge(self, request: Request) -> Reply | None:
        """Send a request and look at what comes back; raises AssertionError where it is not right."""
        reply = self.send(request)
        alarms = self.alarms.take()
        assert not alarms, alarms
        if reply is None:
            assert request.hangs_up, "no answer"
            return None
        path = request.target.partition("?")[0]
        if path in ("/livez", "/readyz"):
            assert reply.status == 200
        elif is_here(path):
            _judge_json(request, reply)
        else:
            _judge_soap(request, reply)
        return reply

    def take_in(self) -> int:
        """Take in every job that waits, as worker processes would; how many leads were accepted.

        Raises AssertionError where that is not right.
        """
        accepted = 0
        while (job := self._claimed()) is not None:
            taking = intake(self._database, job, caller=caller_of(self._database, CALLER))
            with suppress(BrokenOff, Unusable):
                for chunk in chunks_of(job, stored_blocks(self._database, job), limits=LIMITS):
                    taking.take(chunk)
            alarms = self.alarms.take()
            assert not alarms, alarms
            accepted += counts(read_job(self._database, job["id"])).get("accepted", 0)  # and they balance
            self.rejections = b"".join(rejections_file(self._database, job, now=datetime.now(UTC)))
            assert not self.rejections or parse(self.rejections).tag == "{urn:leadbridge:leadbulk:1}LeadBulk"
        return accepted

    def _claimed(self) -> Row | None:
        with self._database.write() as tx:
            return bulk.claim(tx, worker="fuzz", now=datetime.now(UTC), lease=timedelta(hours=1))

    def still_serves(self) -> None:
        """Every operation is answered as before."""
        for operation in OPERATIONS:
            for version in (SOAP_11, SOAP_12):
                reply = self.judge(right_call(operation, version))
                assert reply is not None
                assert reply.status == 200, (operation.name, reply.body)


def _judge_soap(request: Request, reply: Reply) -> None:
    assert reply.headers["x-correlation-id"]
    assert reply.headers["x-content-type-options"] == "nosniff"
    if request.method == "HEAD":
        assert reply.body == b""
        return
    assert int(reply.headers["content-length"]) == len(reply.body)
    if request.method == "GET" and reply.status == 200:
        assert reply.headers["content-type"] == "text/xml; charset=utf-8"
        parse(reply.body)
        return
    announced = [value.lstrip().lower() for name, value in request.headers if name == b"content-type"]
    hints = (
        {value.startswith(SOAP_12.media_type.encode()) for value in announced} if request.method == "POST" else set()
    )
    expected = {SOAP_12 if hint else SOAP_11 for hint in hints or {False}}  # two headers: either will do
    assert parse(reply.body).tag in {version.envelope_tag for version in expected}
    if reply.status == 200:
        assert str(reply.answer.tag) in _ANSWERS
        return
    assert reply.status in _STATUSES
    fault = reply.fault
    assert fault.kind != "InternalError", fault
    assert (reply.status == 401) == ("www-authenticate" in reply.headers)
    assert (reply.status == 503) == ("retry-after" in reply.headers)


def _judge_json(request: Request, reply: Reply) -> None:
    assert reply.headers["x-correlation-id"]
    if reply.status == 204:
        assert reply.body == b""
    elif reply.status < 300:
        if reply.headers["content-type"] == "application/xml":
            parse(reply.body)
        elif request.target.startswith("/bulk/"):
            Job.model_validate_json(reply.body)
        elif request.target.startswith("/integration-service/"):
            assert json.loads(reply.body)["recordType"] in ("LEAD", "OPPORTUNITY")
        elif request.target.startswith("/crm/"):
            json.loads(reply.body)
        elif request.target.startswith("/bian/"):
            assert isinstance(json.loads(reply.body), dict | list)
    elif request.target.startswith("/bian/"):
        error = json.loads(reply.body)
        assert (set(error), error["status_code"]) == ({"status_code", "status", "message"}, str(reply.status))
        assert reply.status in (400, 401, 403, 404, 405, 429), error
    else:
        of_files = request.target.startswith("/bulk/")
        kind: type[ErrorDocument | ProblemDetails] = ErrorDocument if of_files else ProblemDetails
        document = kind.model_validate_json(reply.body)
        assert reply.headers["content-type"] == ("application/json" if of_files else "application/problem+json")
        assert document.status == reply.status
        assert document.code in _CODES
        assert document.code != "InternalError", document
        assert document.correlationId == reply.headers["x-correlation-id"]


@contextmanager
def in_process(folder: Path, **changed: Any) -> Iterator[InProcess]:
    """The gateway over a fresh SQLite database in `folder`, for the time of a block; `changed` are settings."""
    alarms, handler = Alarms(), None
    thresholds = gc.get_threshold()
    structlog.configure(processors=[alarms.listen])
    handler = _Handler(alarms)
    logging.getLogger().addHandler(handler)
    settings = Settings(database_url=f"sqlite:///{folder / 'fuzz.db'}", validate_answers=True, **changed)
    made = InProcess(settings, alarms)
    try:
        yield made
    finally:
        made.stop()
        logging.getLogger().removeHandler(handler)
        log_plainly()
        gc.unfreeze()  # a gateway sets its process up as a server does; what comes after shall not notice
        gc.set_threshold(*thresholds)
