"""Quotas: how many calls a second, and how many bytes of bulk files a day, each caller may bring.

All processes share a caller's allowance through the database, but no call waits for it in the ordinary case: each
process leases a slice of the allowance, beside the event loop and before the one it has is used up. A slice is what the
caller may call in half a second, and at most half of what it may call at once; so within any time a caller gets at most
one slice per process more than its quota: what the processes have over from before. Bytes of a day are counted
one message or piece of a file at a time, and are never exceeded.

While the database does not answer, calls are not held back here: they cannot be done then either.
"""

import asyncio
import math
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from leadbridge.caller import INTERNAL_CALLER, Caller, OperationGroup
from leadbridge.log import get_logger
from leadbridge.store import quotas
from leadbridge.store.database import Database
from leadbridge.store.errors import StoreError

log = get_logger(__name__)

BULK_BYTES = "bulk_bytes"
_SLICE_SECONDS = 0.5
_THREADS = 2


class OverQuota(Exception):
    """The caller has used up what it may. `retry_after_seconds` is when there is something again."""

    def __init__(self, retry_after_seconds: float) -> None:
        super().__init__("over quota")
        self.retry_after_seconds = max(1, math.ceil(retry_after_seconds))


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaPolicy:
    """What the site decides; 0 is no quota. `callers` have their own number in place of the one for all."""

    calls_per_second: float = 0
    burst_seconds: float = 1
    callers: Mapping[str, float] = field(default_factory=dict)
    bulk_bytes_per_day: int = 0
    callers_bulk_bytes_per_day: Mapping[str, int] = field(default_factory=dict)


class _Allowance:
    """What this process has leased of one caller's calls in one group."""

    __slots__ = ("burst", "each", "free_at", "lease", "left", "slice")

    def __init__(self, calls_per_second: float, burst_seconds: float) -> None:
        burst = max(1, int(calls_per_second * burst_seconds))
        self.each = timedelta(seconds=1 / calls_per_second)
        self.burst = burst * self.each
        self.slice = max(1, int(min(calls_per_second * _SLICE_SECONDS, burst / 2)))
        self.left = 0
        self.free_at = 0.0  # before this there is nothing to be had
        self.lease: asyncio.Task[None] | None = None


class Quotas:
    """The quotas of all callers, for one event loop at a time.

    `now` is the time of day (aware, in UTC), for the day that bytes are counted in; calls go by the database's clock,
    because those of several machines differ. `clock` only goes forward.
    """

    def __init__(
        self,
        database: Database | None = None,
        policy: QuotaPolicy = QuotaPolicy(),
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._policy = policy
        self._now = now
        self._clock = clock
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="quota")
        self._allowances: dict[tuple[str, OperationGroup], _Allowance | None] = {}

    async def take_call(self, caller: Caller, group: OperationGroup) -> None:
        """Let a caller make one call of this group. Raises OverQuota."""
        try:
            allowance = self._allowances[caller.id, group]
        except KeyError:
            allowance = self._allowances[caller.id, group] = self._allowance_of(caller)
        if allowance is None:
            return
        while True:
            if (
                allowance.left <= allowance.slice // 2
                and allowance.lease is None
                and self._clock() >= allowance.free_at
            ):
                allowance.lease = asyncio.create_task(self._lease(allowance, caller.id, group))
            if allowance.left > 0:
                allowance.left -= 1
                return
            if allowance.lease is None:
                raise OverQuota(allowance.free_at - self._clock())
            await asyncio.shield(allowance.lease)

    async def take_bytes(self, caller: Caller, count: int) -> None:
        """Let a caller send so many bytes of bulk files. Raises OverQuota."""
        policy = self._policy
        most = policy.callers_bulk_bytes_per_day.get(caller.id, policy.bulk_bytes_per_day)
        if most and count and self._database is not None:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._threads, self._take_bytes, self._database, caller.id, count, most)

    def stop(self) -> None:
        """Finish what is asked of the database."""
        self._threads.shutdown()

    def _allowance_of(self, caller: Caller) -> _Allowance | None:
        rate = self._policy.callers.get(caller.id, self._policy.calls_per_second)
        if not rate or self._database is None or caller == INTERNAL_CALLER:
            return None
        return _Allowance(rate, self._policy.burst_seconds)

    async def _lease(self, allowance: _Allowance, caller_id: str, group: OperationGroup) -> None:
        """Fill the slice of this process again, as far as there is something left for all."""
        loop = asyncio.get_running_loop()
        missing, wait = allowance.slice - allowance.left, 0.0
        count = missing
        try:
            count, wait = await loop.run_in_executor(self._threads, self._leased, allowance, caller_id, group, missing)
        except StoreError:
            log.warning("quota not leased", caller=caller_id, group=group.value)
        finally:
            allowance.lease = None
        allowance.left += count
        if count < missing:  # half a slice is worth the next question, not each call that comes free
            allowance.free_at = self._clock() + wait + allowance.slice // 2 * allowance.each.total_seconds()

    def _leased(self, allowance: _Allowance, caller_id: str, group: OperationGroup, missing: int) -> tuple[int, float]:
        assert self._database is not None
        with self._database.write() as tx:
            count, wait = quotas.lease_calls(
                tx, caller_id, group.value, most=missing, each=allowance.each, burst=allowance.burst
            )
        return count, wait.total_seconds()

    def _take_bytes(self, database: Database, caller_id: str, count: int, most: int) -> None:
        now = self._now()
        day_ends = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        with database.write() as tx:
            taken = quotas.take_bytes(tx, caller_id, BULK_BYTES, count=count, most=most, day_ends=day_ends)
        if not taken:
            raise OverQuota((day_ends - now).total_seconds())
