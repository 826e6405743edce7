"""Runs use cases: writes through the lane, where concurrent calls share a commit; reads in a small pool.

Reads never wait behind writes. Both queues are bounded: a call that finds its queue full is told Busy at once,
so that memory stays flat and the caller learns soon that it should come back.
"""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from threading import BoundedSemaphore
from typing import TypeVar

from leadbridge.caller import OperationGroup
from leadbridge.operations.call import Answer, Call
from leadbridge.operations.table import UseCase
from leadbridge.store.database import Database, Transaction
from leadbridge.store.errors import LaneFull, LaneStopped
from leadbridge.store.lane import WriteLane

Result = TypeVar("Result")


class Busy(Exception):
    """Too many calls wait. `retry_after_seconds` is when to come back."""

    def __init__(self, retry_after_seconds: int = 1) -> None:
        super().__init__(f"too many calls wait; try again in {retry_after_seconds} s")
        self.retry_after_seconds = retry_after_seconds


class Dispatcher:
    """See the module. The lane is started and stopped by whoever made it; `stop` ends the readers."""

    def __init__(
        self,
        database: Database,
        use_cases: Mapping[str, UseCase],
        *,
        lane: WriteLane,
        readers: int = 4,
        most_waiting_reads: int = 1_000,
    ) -> None:
        self._database = database
        self._use_cases = use_cases
        self._lane = lane
        self._readers = ThreadPoolExecutor(readers, thread_name_prefix="reader")
        self._places = BoundedSemaphore(most_waiting_reads)

    def group(self, name: str) -> OperationGroup:
        """The group of operations this one belongs to. Raises KeyError for an unknown name."""
        return self._use_cases[name].group

    def writes(self, name: str) -> bool:
        """Whether the operation changes anything. Raises KeyError for an unknown name."""
        return self._use_cases[name].writes

    def submit(self, name: str, call: Call) -> Future[Answer] | asyncio.Future[Answer]:
        """Run one call; the future gives its answer or raises what forbids one. Raises Busy at once.

        To be called in the lane's event loop, whose own the future of a write is.
        """
        use_case = self._use_cases[name]
        if use_case.writes:
            try:
                return self._lane.submit(use_case.act, call)
            except (LaneFull, LaneStopped) as error:
                raise Busy from error
        return self._in_pool(partial(self._read, use_case, call))

    def _read(self, use_case: UseCase, call: Call) -> Answer:
        with self._database.read() as tx:
            (outcome,) = use_case.act(tx, [call])
        if isinstance(outcome, Exception):
            raise outcome
        outcome.encoded  # noqa: B018  # encoded here, in the pool, and not by the event loop
        return outcome

    def ask(self, question: Callable[[Transaction], Result]) -> Future[Result]:
        """Answer a question that is no operation of a service, in the pool of the reads. Raises Busy at once."""
        return self._in_pool(partial(self._ask, question))

    def _ask(self, question: Callable[[Transaction], Result]) -> Result:
        with self._database.read() as tx:
            return question(tx)

    def _in_pool(self, work: Callable[[], Result]) -> Future[Result]:
        if not self._places.acquire(blocking=False):
            raise Busy
        try:
            future = self._readers.submit(work)
        except BaseException:
            self._places.release()
            raise
        future.add_done_callback(lambda _: self._places.release())
        return future

    def stop(self) -> None:
        """Finish the reads that run and end the pool."""
        self._readers.shutdown()


async def outcome_of(future: Future[Result] | asyncio.Future[Result]) -> Result:
    """What comes of a call, in an event loop; raises what forbids it."""
    if future.done():
        return future.result()
    return await (future if isinstance(future, asyncio.Future) else asyncio.wrap_future(future))
