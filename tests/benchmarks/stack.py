"""What one CreateLead costs in process, without the database: this door against plain Spyne with typed
models.

Both get the same messages and give the same answer. Ours goes through gate, credentials, contract, Spyne,
codec, write lane and the real use case, over a transaction that finds nothing and discards what is written. Plain Spyne
is `Soap11(validator="lxml")` with models made from the same generated classes, called through its WSGI
application; its function answers at once.

Run it with `python -m tests.benchmarks.stack`. The ratio is what counts: both sides run in turns, in one
process.
"""

import asyncio
import io
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any, cast

import uvloop

from leadbridge.authentication.access import Access
from leadbridge.authentication.passwords import Authenticator
from leadbridge.operations.call import Policy
from leadbridge.operations.dispatcher import Dispatcher
from leadbridge.operations.table import UseCase, use_cases
from leadbridge.room import Room
from leadbridge.settings import GateSettings
from leadbridge.soap.asgi import SoapApp, soap_app
from leadbridge.soap.limits import GateLimits
from leadbridge.store.database import Database, Transaction
from leadbridge.store.lane import WriteLane
from leadbridge.wiring.gateway import spare_the_collector
from tests.benchmarks.message import OPEN, filled
from tests.benchmarks.peers.plain_spyne import wsgi_application
from tests.support.door import PARTNER, PASSWORD, basic

MESSAGE = filled(OPEN, 0).encode()
ROUNDS, CALLS = 30, 320
AT_ONCE = 32  # as many calls as are with one of two server processes at 64 connections


@dataclass(frozen=True, slots=True)
class Result:
    """Microseconds of one call, the best of several rounds."""

    ours: float
    plain_spyne: float

    @property
    def ratio(self) -> float:
        """Our part of plain Spyne's cost."""
        return self.ours / self.plain_spyne


# ------------------------------------------------------------------------------------------------------------- our side


class _Nothing:
    """A connection and its dialect: finds nothing, writes nothing, and still counts numbers."""

    rowcount = 0

    def __init__(self) -> None:
        self._numbers = count(1)

    def fetch_all(self, _connection: object, questions: Sequence[object]) -> list[list[Any]]:
        return [[] for _ in questions]

    def lock(self, *_keys: object, **_options: object) -> None:
        return None

    def numbers_ahead(self, *_name: object) -> None:
        return None

    def prepared(self, *_rows: object) -> tuple[()]:
        return ()  # making rows ready for a driver is the database's part

    def insert_many(self, *_rows: object) -> None:
        return None

    def next_numbers(self, _connection: object, _name: str, how_many: int) -> list[int]:
        return [next(self._numbers) for _ in range(how_many)]


class _NoDatabase:
    def __init__(self) -> None:
        self._nothing = cast("Any", _Nothing())

    def write(self) -> AbstractContextManager[Transaction]:
        return nullcontext(Transaction(self._nothing, self._nothing))


def no_database() -> Database:
    """In place of a database: transactions that find nothing and discard what is written."""
    return cast("Database", _NoDatabase())


def real_use_cases() -> Mapping[str, UseCase]:
    """The use cases of a site that has a list of codes."""
    return use_cases(Policy(origin_type_codes=frozenset({"002"})))


def our_app(database: Database | None = None, *, most_bytes_under_way: int = 256_000_000) -> SoapApp:
    """The door with the real use cases in a write lane, and with the credentials of one caller verified already."""
    database = database or no_database()
    lane = WriteLane(database)
    lane.start()
    authenticator = Authenticator(database, cache_seconds=3_600)
    authenticator._remembered.remember(authenticator._fingerprint(PARTNER.id, PASSWORD), PARTNER)
    limits = GateLimits(**GateSettings().model_dump())
    return soap_app(
        dispatcher=Dispatcher(database, real_use_cases(), lane=lane),
        access=Access(authenticator),
        limits=limits,
        public_url="http://localhost",
        room=Room(most_bytes_under_way, largest_message=limits.largest_message_bytes),
        clock=lambda: datetime.now(UTC),
    )


def our_scope(length: int = len(MESSAGE)) -> dict[str, Any]:
    """A request as a client's toolkit sends it."""
    return {
        "type": "http",
        "method": "POST",
        "path": "/soap/LeadService",
        "query_string": b"",
        "headers": [
            (b"host", b"localhost"),
            (b"user-agent", b"benchmark"),
            (b"content-type", b"text/xml; charset=utf-8"),
            (b"soapaction", b'"urn:leadbridge:lead:1:CreateLead"'),
            (b"authorization", basic()),
            (b"content-length", b"%d" % length),
        ],
    }


async def our_calls(app: SoapApp, calls: Sequence[bytes]) -> float:
    """Seconds of CPU for these messages, sent by `AT_ONCE` callers, each of which waits for its answers."""
    answered = 0

    async def send(what: Any) -> None:
        nonlocal answered
        answered += what.get("status") == 200

    async def caller(messages: Sequence[bytes]) -> None:
        for message in messages:

            async def receive(message: bytes = message) -> dict[str, Any]:
                return {"type": "http.request", "body": message, "more_body": False}

            await app(our_scope(len(message)), receive, send)

    began = time.process_time()
    await asyncio.gather(*(caller(calls[place::AT_ONCE]) for place in range(AT_ONCE)))
    took = time.process_time() - began
    await asyncio.sleep(0.05)  # the lane rests after a group of many, and must not be cut off with the loop
    assert answered == len(calls)
    return took


# --------------------------------------------------------------------------------------------------------- plain Spyne


def plain_spyne() -> Callable[[bytes], bytes]:
    """One call of CreateLead through plain Spyne's WSGI application."""
    wsgi = wsgi_application()

    def call(message: bytes) -> bytes:
        environ = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/",
            "QUERY_STRING": "",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "wsgi.url_scheme": "http",
            "CONTENT_TYPE": "text/xml; charset=utf-8",
            "CONTENT_LENGTH": str(len(message)),
            "HTTP_SOAPACTION": '"urn:leadbridge:lead:1:CreateLead"',
            "wsgi.input": io.BytesIO(message),
        }
        return b"".join(wsgi(environ, lambda *_: None))

    assert b"0000000001" in call(MESSAGE), call(MESSAGE)
    return call


def _spyne_calls(call: Callable[[bytes], bytes], messages: Sequence[bytes]) -> float:
    began = time.process_time()
    for message in messages:
        call(message)
    return time.process_time() - began


# ------------------------------------------------------------------------------------------------------------- measure


def measure(*, rounds: int = ROUNDS, calls: int = CALLS) -> Result:
    """Both sides in turns; the best round of each, so that a busy machine disturbs neither more than the
    other.
    """
    logging.getLogger("leadbridge").setLevel(logging.ERROR)
    app, call = our_app(), plain_spyne()
    ours, plain = [], []
    spare_the_collector()  # as each worker of `leadbridge serve` does; both sides profit
    for number in range(rounds):
        messages = [filled(OPEN, number * calls + place).encode() for place in range(calls)]
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # granian takes it, too
            ours.append(runner.run(our_calls(app, messages)))
        plain.append(_spyne_calls(call, messages))
    return Result(ours=min(ours) / calls * 1e6, plain_spyne=min(plain) / calls * 1e6)


def main() -> None:
    """Print what both sides cost."""
    result = measure()
    print(f"one CreateLead of {len(MESSAGE):,} bytes, in process, without the database (best of {ROUNDS} x {CALLS})")
    print(f"  gate, credentials, contract, Spyne, codec, use case   {result.ours:7.0f} us")
    print(f"  plain Spyne with typed models                         {result.plain_spyne:7.0f} us")
    print(f"  ratio                                                 {result.ratio:7.2f}")


if __name__ == "__main__":
    main()
