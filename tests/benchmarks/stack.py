"""What one CreateLead costs in process, without the database: this door against plain Spyne with typed
models.

Both get the same message and give the same answer. Ours goes through gate, credentials, contract, Spyne,
codec and the real use case, over a transaction that finds nothing and discards what is written. Plain Spyne
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
from concurrent.futures import Future
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any, cast

from leadbridge.authentication import Authenticator
from leadbridge.caller import OperationGroup
from leadbridge.operations.call import Answer, Call, Policy
from leadbridge.operations.table import UseCase, use_cases
from leadbridge.settings import GateSettings
from leadbridge.soap.asgi import SoapApp, soap_app
from leadbridge.soap.limits import GateLimits
from leadbridge.soap.transport import RunsUseCases
from leadbridge.store.database import Database, Transaction
from leadbridge.wiring import spare_the_collector
from tests.benchmarks.peers.plain_spyne import wsgi_application
from tests.support.door import PARTNER, PASSWORD, basic, envelope

MESSAGE = envelope()
ROUNDS, CALLS = 30, 100


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

    def insert_of(self, _table: object) -> "_Nothing":
        return self

    def tuples(self, _rows: object) -> list[Any]:
        return []  # making rows ready for a driver is the database's part

    def insert_many(self, *_rows: object) -> None:
        return None

    def next_numbers(self, _connection: object, _name: str, how_many: int) -> list[int]:
        return [next(self._numbers) for _ in range(how_many)]


class _Inline:
    """Runs the real use case at once, where the dispatcher would hand it to the write lane."""

    def __init__(self) -> None:
        self._database = no_database()
        self._use_cases = real_use_cases()

    def group(self, name: str) -> OperationGroup:
        return self._use_cases[name].group

    def submit(self, name: str, call: Call) -> "Future[Answer]":
        with self._database.write() as tx:
            (outcome,) = self._use_cases[name].act(tx, [call])
        future: Future[Answer] = Future()
        assert isinstance(outcome, Answer), outcome
        future.set_result(outcome)
        return future


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


def our_app(dispatcher: RunsUseCases | None = None, *, most_bytes_under_way: int = 256_000_000) -> SoapApp:
    """The door with the real use cases, and with the credentials of one caller verified already."""
    authenticator = Authenticator(no_database(), cache_seconds=3_600)
    authenticator._remember(authenticator._fingerprint(PARTNER.id, PASSWORD), PARTNER)
    return soap_app(
        dispatcher=dispatcher or _Inline(),
        authenticator=authenticator,
        limits=GateLimits(**GateSettings().model_dump()),
        public_url="http://localhost",
        most_bytes_under_way=most_bytes_under_way,
        clock=lambda: datetime.now(UTC),
    )


def our_scope() -> dict[str, Any]:
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
            (b"content-length", b"%d" % len(MESSAGE)),
        ],
    }


async def _our_calls(app: SoapApp, calls: int) -> float:
    event = {"type": "http.request", "body": MESSAGE, "more_body": False}
    answered = 0

    async def receive() -> dict[str, Any]:
        return event

    async def send(what: Any) -> None:
        nonlocal answered
        answered += what.get("status") == 200

    scope = our_scope()
    began = time.process_time()
    for number in range(calls):
        await app(scope, receive, send)
        if number % 20 == 19:
            await asyncio.sleep(0)  # the loop sweeps up the deadlines that were not needed
    took = time.process_time() - began
    assert answered == calls
    return took


# --------------------------------------------------------------------------------------------------------- plain Spyne


def plain_spyne() -> Callable[[], bytes]:
    """One call of CreateLead through plain Spyne's WSGI application."""
    wsgi = wsgi_application()

    def call() -> bytes:
        environ = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/",
            "QUERY_STRING": "",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "wsgi.url_scheme": "http",
            "CONTENT_TYPE": "text/xml; charset=utf-8",
            "CONTENT_LENGTH": str(len(MESSAGE)),
            "HTTP_SOAPACTION": '"urn:leadbridge:lead:1:CreateLead"',
            "wsgi.input": io.BytesIO(MESSAGE),
        }
        return b"".join(wsgi(environ, lambda *_: None))

    assert b"0000000001" in call(), call()
    return call


def _spyne_calls(call: Callable[[], bytes], calls: int) -> float:
    began = time.process_time()
    for _ in range(calls):
        call()
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
    for _ in range(rounds):
        ours.append(asyncio.run(_our_calls(app, calls)))
        plain.append(_spyne_calls(call, calls))
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
