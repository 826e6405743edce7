"""The pusher: claims webhooks that have something to tell, tells it batch by batch, moves their positions.

Any number of pushers may run on one database. A webhook is pushed by one of them at a time as long as its lease lasts,
which every batch renews and which outlasts a request. Whoever ends between a receiver's confirmation and the moving of
the position has the same told again.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import random as uniform_random
from threading import Event
from typing import Any

from leadbridge.authentication.callers import caller_from
from leadbridge.bian.events import page
from leadbridge.caller import OperationGroup, may_call
from leadbridge.log import get_logger, new_correlation_id
from leadbridge.secretbox import SecretBox, SecretKeyError
from leadbridge.store import callers, webhooks
from leadbridge.store.database import Database
from leadbridge.store.errors import StoreError
from leadbridge.store.horizon import Horizon
from leadbridge.store.inserts import Row
from leadbridge.store.webhooks import WebhookState
from leadbridge.webhooks.outcomes import Outcome, Result, WebhookPolicy, decide
from leadbridge.webhooks.sending import Sender, batch_of, message_id_of

log = get_logger(__name__)

_BATCHES = 50  # of one claim; then others have their turn
_TURN = timedelta(seconds=5)  # of one claim, where others wait: a slow receiver must not hold the threads of all


@dataclass(frozen=True, slots=True)
class _Batch:
    """What is told next, and the position behind it."""

    events: Sequence[dict[str, Any]]
    reached: int
    sealed: Sequence[bytes]


class Pusher:
    """One pusher. ``worker`` names it in the leases and must differ from every other pusher's name.

    ``open_box`` gives the box that secrets are sealed in, and may raise SecretKeyError.
    """

    def __init__(
        self,
        database: Database,
        sender: Sender,
        open_box: Callable[[], SecretBox],
        *,
        policy: WebhookPolicy,
        worker: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        random: Callable[[], float] = uniform_random,
    ) -> None:
        self._database = database
        self._sender = sender
        self._open_box = open_box
        self._policy = policy
        self._worker = worker
        self._clock = clock
        self._random = random
        self._horizon = Horizon()
        self._claims = 0
        self._stopping = Event()

    def run(self, stop: Event) -> None:
        """Push until ``stop`` is set, then let the requests under way end. The database may go away and come back."""
        under_way: set[Future[None]] = set()
        with self._threads() as threads:
            while not stop.wait(self._policy.poll.total_seconds()):
                under_way = {one for one in under_way if not one.done()}
                try:
                    under_way |= self._claim(threads, free=self._policy.receivers - len(under_way))
                except Exception:  # whatever ails the database, it goes on when it is well again
                    log.warning("webhooks not claimed", worker=self._worker, exc_info=True)
            self._stopping.set()

    def run_once(self) -> int:
        """Push what is due now, and return how many webhooks were claimed. Raises what the store raises."""
        with self._threads() as threads:
            claimed = self._claim(threads, free=self._policy.receivers)
            for one in wait(claimed).done:
                one.result()
        return len(claimed)

    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._policy.receivers, thread_name_prefix="webhook")

    def _claim(self, threads: ThreadPoolExecutor, *, free: int) -> set[Future[None]]:
        now = self._clock()
        if free <= 0:
            return set()
        with self._database.read() as tx:
            if not webhooks.any_due(tx, now):
                return set()
        # A name of its own for each claim: what comes after the lease cannot move the position of a later one.
        self._claims += 1
        worker = f"{self._worker}/{self._claims}"
        with self._database.write() as tx:
            claimed = webhooks.claim(tx, worker=worker, now=now, lease=self._policy.lease, limit=free)
        return {threads.submit(self._push, one) for one in claimed}

    # ------------------------------------------------------------------------------------------------ one webhook

    def _push(self, claimed: Row) -> None:
        hook = dict(claimed)
        try:
            try:
                self._push_batches(hook)
            except StoreError:
                raise
            except Exception:  # the unforeseen is an outcome of its own, its traceback in the log
                reference = new_correlation_id()
                log.exception("webhook failed", webhook_id=hook["id"], correlation_id=reference)
                self._settle(hook, Result(Outcome.DEFECT, reference))
        except Exception:  # whatever ails the database
            # The lease runs out, and whoever claims it then tells what was not marked as told.
            log.warning("webhook not settled", webhook_id=hook["id"], exc_info=True)

    def _push_batches(self, hook: Row) -> None:
        """Tell batch after batch, as long as there is something to tell, the claim is ours, and it is our turn."""
        ends_at = self._clock() + _TURN
        for _ in range(_BATCHES):
            now = self._clock()
            if self._stopping.is_set() or now >= hook["lease_until"] or (now >= ends_at and self._others_wait(now)):
                break
            batch = self._next(hook)
            if batch is None:
                self._settle(hook, Result(Outcome.CALLER))
                return
            if batch.reached <= hook["position"]:
                break
            if not batch.events:
                hook["position"] = batch.reached  # written at the end, or with what comes behind
                continue
            result, count = self._tell(hook, batch)
            if result.outcome is not Outcome.DELIVERED:
                self._settle(hook, result)
                return
            log.info("webhook delivered", webhook_id=hook["id"], events=count, status=result.code)
            whole = count == len(batch.events)
            hook["position"] = batch.reached if whole else int(batch.events[count - 1]["sequence"])
            hook["attempts"] = 0
            now = self._clock()
            hook["lease_until"] = now + self._policy.lease
            with self._database.write() as tx:
                ours = webhooks.advance(tx, hook, now=now)
            if not ours:
                log.warning("webhook not settled, lease lost", webhook_id=hook["id"])
                return
        with self._database.write() as tx:
            webhooks.release(tx, hook, now=self._clock())

    def _others_wait(self, now: datetime) -> bool:
        with self._database.read() as tx:
            return webhooks.any_due(tx, now)

    def _next(self, hook: Row) -> _Batch | None:
        """What comes behind the position, as the caller may see it now; None where it may see nothing any more."""
        with self._database.read() as tx:
            row = callers.by_id(tx, hook["caller_id"])
            if row is None or row["disabled_at"] is not None:
                return None
            caller = caller_from(row)
            if not may_call(caller, OperationGroup.LEAD):
                return None
            seen = self._horizon.look(tx)
            found = page(tx, caller, after=hook["position"], upto=seen.upto, limit=self._policy.batch)
            sealed = webhooks.sealed_secrets(tx, hook["id"], self._clock())
        return _Batch(of_types(found.events, hook["types"]), found.reached, sealed)

    def _tell(self, hook: Row, batch: _Batch) -> tuple[Result, int]:
        body, count = batch_of(batch.events)
        try:
            box = self._open_box()
            secrets = [box.open(one) for one in batch.sealed]
        except SecretKeyError:
            return Result(Outcome.SECRET), 0
        message_id = message_id_of(hook["id"], body)
        return self._sender.send(hook["url"], body, message_id=message_id, signed_with=secrets), count

    def _settle(self, hook: Row, result: Result) -> None:
        now, attempts = self._clock(), hook["attempts"] + 1
        state, due_at = decide(result, attempts=attempts, now=now, policy=self._policy, random=self._random)
        with self._database.write() as tx:
            ours = webhooks.settle(
                tx,
                hook,
                state=state,
                attempts=attempts,
                due_at=due_at,
                outcome=result.outcome.value,
                code=result.code,
                now=now,
            )
        fields = {"webhook_id": hook["id"], "outcome": result.outcome.value, "code": result.code, "attempts": attempts}
        if not ours:
            log.warning("webhook not settled, lease lost", webhook_id=hook["id"])
        elif state is WebhookState.PARKED:
            log.error("webhook parked", **fields)
        else:
            log.warning("webhook not delivered", **fields)


def of_types(events: Sequence[dict[str, Any]], types: str) -> list[dict[str, Any]]:
    """The events whose types begin with one of these, separated by commas; all where there are none."""
    if not types:
        return list(events)
    beginnings = tuple(types.split(","))
    return [one for one in events if one["type"].startswith(beginnings)]
