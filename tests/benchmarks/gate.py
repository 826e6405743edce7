"""What the gate costs: CPU of one CreateLead in process, stored in SQLite, with it, and of the same call without.

The gate is everything before the contract: headers, media type, guard, envelope rules, authentication, authorisation.
Without it the body is taken as it comes and parsed, and the caller is given; contract, Spyne, codec, write lane and
use case stay. Both run in turns, in one process.

Run it with `python -m tests.benchmarks.gate`.
"""

from __future__ import annotations

import asyncio
import logging
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvloop

from leadbridge.contract.parsing import parse
from leadbridge.room import Share
from leadbridge.soap.asgi import SoapApp
from leadbridge.soap.envelope import Envelope
from leadbridge.soap.gate import Receive, Scope
from leadbridge.soap.transport import Visit
from leadbridge.soap.versions import SOAP_11
from leadbridge.store.database import Database, migrate
from leadbridge.wiring.gateway import spare_the_collector
from tests.benchmarks.message import OPEN, filled
from tests.benchmarks.stack import our_app, our_calls
from tests.support.door import PARTNER

ROUNDS, CALLS = 30, 320


@dataclass(frozen=True, slots=True)
class Result:
    """Microseconds of one call. `part` is the gate's of the whole: the median of the rounds, each of which has both
    sides one after the other, so that a busy machine disturbs neither more than the other.
    """

    with_gate: float
    without: float
    part: float


class _WithoutGate(SoapApp):
    """The door with nothing before the contract."""

    async def _call(
        self,
        service: str,
        scope: Scope,
        receive: Receive,
        trail: Any,
        share: Share,
    ) -> tuple[int, Any, Any]:
        event = await receive()
        payload = parse(event["body"])[-1][0]
        visit = _Admitted(
            envelope=Envelope(payload, None, None),
            actions=(),
            caller=PARTNER,
            correlation_id=trail.correlation_id,
            received_at=self._clock(),
            dispatcher=self._dispatcher,
        )
        transport = self._transports[service, SOAP_11]
        pieces = await transport.answer(transport.take(visit))
        return 200, ((b"content-type", SOAP_11.content_type),), pieces


class _Admitted(Visit):
    """A call that may do what it wants."""

    __slots__ = ()

    def authorise(self, operation: Any) -> None:
        self.operation = operation


def _app_without_gate(database: Database) -> SoapApp:
    app = our_app(database)
    app.__class__ = _WithoutGate
    return app


def _cpu(app: SoapApp, messages: Sequence[bytes]) -> float:
    """Microseconds of CPU for each of these messages, on the event loop that the server has."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(our_calls(app, messages)) / len(messages) * 1e6


def measure(*, rounds: int = ROUNDS, calls: int = CALLS) -> Result:
    """Both sides in turns."""
    logging.getLogger("leadbridge").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        databases = [Database(f"sqlite:///{Path(folder) / name}.db") for name in ("with", "without")]
        for database in databases:
            migrate(database)
        sides = {"with": our_app(databases[0]), "without": _app_without_gate(databases[1])}
        took: dict[str, list[float]] = {name: [] for name in sides}
        spare_the_collector()
        for number in range(rounds):
            messages = [filled(OPEN, number * calls + place).encode() for place in range(calls)]
            for name, app in sides.items() if number % 2 else reversed(sides.items()):
                took[name].append(_cpu(app, messages))
        for database in databases:
            database.dispose()
    parts = [1 - without / whole for whole, without in zip(took["with"], took["without"], strict=True)]
    return Result(min(took["with"]), min(took["without"]), statistics.median(parts))


def main() -> None:
    """Print what the gate costs."""
    result = measure()
    print(f"one CreateLead in process, stored in SQLite (best of {ROUNDS} x {CALLS})")
    print(f"  with the gate     {result.with_gate:7.0f} us")
    print(f"  without           {result.without:7.0f} us")
    print(f"  the gate's part   {result.part:7.1%}")


if __name__ == "__main__":
    main()
