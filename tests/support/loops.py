"""An event loop in a thread, for tests that are threads themselves, and a write lane in it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, TypeVar

from leadbridge.store.database import Database
from leadbridge.store.lane import Act, WriteLane

Result = TypeVar("Result")
SECONDS = 30


class LoopThread:
    """A running event loop in a thread of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def call(self, function: Callable[[], Result]) -> Result:
        """The result of a function that is called in the loop."""

        async def called() -> Result:
            return function()

        return self.run(called())

    def run(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        """The result of a coroutine that is run in the loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(SECONDS)

    def future(self, function: Callable[[], asyncio.Future[Result] | Future[Result]]) -> Future[Result]:
        """What a function called in the loop answers with, as a future for threads; what it raises is raised here."""
        answered = self.call(function)
        if isinstance(answered, Future):
            return answered

        async def awaited() -> Result:
            return await answered

        return asyncio.run_coroutine_threadsafe(awaited(), self.loop)

    def stop(self) -> None:
        """End the loop and its thread."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(SECONDS)
        self.loop.close()


@contextmanager
def loop_thread() -> Iterator[LoopThread]:
    """A loop for the time of a block."""
    made = LoopThread()
    try:
        yield made
    finally:
        made.stop()


class LaneForThreads:
    """A write lane in a loop, to be used from threads. Not started yet."""

    def __init__(self, loop: LoopThread, database: Database, **limits: int) -> None:
        self._loop = loop
        self._lane = WriteLane(database, **limits)

    @property
    def waiting(self) -> int:
        """How many calls wait for their turn."""
        return self._lane.waiting

    def start(self) -> None:
        """Begin to work."""
        self._loop.call(self._lane.start)

    def submit(self, act: Act[Any, Result], call: Any) -> Future[Result]:
        """Queue a call."""
        return self._loop.future(lambda: self._lane.submit(act, call))

    def stop(self, within: float | None = None) -> bool:
        """Finish what waits."""
        return self._loop.run(self._lane.stop(within))
