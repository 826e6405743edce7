"""The relay: claims due messages, calls the core CRM with no transaction open, settles what came of it.

Any number of relays may run on one database. A message is called by one of them at a time as long as its
lease lasts; after that another one asks again with the same key, and the core CRM answers what it answered
before.
"""

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime
from random import random as uniform_random
from threading import Event
from typing import Protocol

from leadbridge.forwarding.breaker import Breaker
from leadbridge.forwarding.outcomes import (
    Defect,
    Delivered,
    ForwardingPolicy,
    Misconfigured,
    Outcome,
    Refused,
    Unclear,
)
from leadbridge.forwarding.settling import Enqueue, Finished, Row, Settled, settle
from leadbridge.log import get_logger, new_correlation_id
from leadbridge.store import outbox
from leadbridge.store.database import Database
from leadbridge.store.errors import DatabaseUnreachable

log = get_logger(__name__)


class CoreCrmDoor(Protocol):
    """The way to the core CRM; called from several threads at once."""

    def call(self, operation: str, payload: bytes) -> Outcome:
        """Send the message element ``payload`` to an operation of CrmService."""


# When one call has ended, those that end within this time are settled with it and others claimed for all of them: one
# by one, the two transactions would cost more than the call.
_GATHER_SECONDS = 0.01


def _now() -> datetime:
    return datetime.now(UTC)


class Relay:
    """One relay. ``worker`` names it in the leases and must differ from every other relay's name.

    ``enqueue`` writes the message that follows when a lead was closed lost during its hand-over.
    """

    def __init__(
        self,
        database: Database,
        core_crm: CoreCrmDoor,
        *,
        policy: ForwardingPolicy,
        enqueue: Enqueue,
        worker: str,
        clock: Callable[[], datetime] = _now,
        random: Callable[[], float] = uniform_random,
    ) -> None:
        self._database = database
        self._core_crm = core_crm
        self._policy = policy
        self._enqueue = enqueue
        self._worker = worker
        self._clock = clock
        self._random = random
        self._breaker = Breaker(failures=policy.breaker_failures, pause=policy.breaker_pause)
        self._claims = 0
        self._under_way: dict[Future[Outcome], Row] = {}
        self._finished: list[Finished] = []

    def run(self, stop: Event) -> None:
        """Forward until ``stop`` is set, then let the calls under way end and settle them.

        The database may go away and come back: what is finished is kept and settled when it is back, as long
        as the lease lasts.
        """
        with self._threads() as threads:
            while not stop.is_set():
                if not self._turn(threads):
                    stop.wait(self._policy.poll.total_seconds())
            self._collect(wait(self._under_way).done)
            self._settle_or_keep()

    def run_once(self) -> int:
        """Forward the messages that are due now, at most one batch, and return how many were called.

        Raises what the store raises.
        """
        with self._threads() as threads:
            claimed = self._claim(threads)
            self._collect(wait(self._under_way).done)
        self._settle()
        return claimed

    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._policy.batch, thread_name_prefix="relay")

    def _turn(self, threads: ThreadPoolExecutor) -> bool:
        """One round of the loop: claim for the threads that are free, settle what has ended. False when there
        was nothing to do, so that the loop rests.

        Settling does not wait for a whole batch: one slow answer holds up its own lead and no other.
        """
        try:
            self._claim(threads)
        except Exception:  # whatever ails the database, the relay goes on when it is well again
            log.warning("messages not claimed", worker=self._worker, exc_info=True)
            return False
        if not self._under_way and not self._finished:
            return False
        timeout = self._policy.poll.total_seconds()
        ended = wait(self._under_way, timeout=timeout, return_when=FIRST_COMPLETED).done
        if ended and len(ended) < len(self._under_way):
            ended |= wait(self._under_way, timeout=_GATHER_SECONDS).done
        self._collect(ended)
        return self._settle_or_keep()

    # ----------------------------------------------------------------------------------------- claim and call

    def _claim(self, threads: ThreadPoolExecutor) -> int:
        now = self._clock()
        under_way = len(self._under_way)
        room = self._breaker.room(now=now, free=self._policy.batch - under_way, under_way=under_way)
        if room <= 0:
            return 0
        # A name of its own for each claim: an answer that comes after the lease cannot settle a later claim,
        # not even one of this relay.
        self._claims += 1
        with self._database.write() as tx:
            messages = outbox.claim(
                tx,
                worker=f"{self._worker}/{self._claims}",
                now=now,
                lease=self._policy.lease,
                limit=room,
                hold_parked=self._policy.hold_parked,
            )
        for message in messages:
            self._under_way[threads.submit(self._call, message)] = message
        return len(messages)

    def _call(self, message: Row) -> Outcome:
        if message["attempts"] > self._policy.most_attempts:
            # Claimed again and again and never settled: a message that takes its relay down must not do so
            # for ever.
            return Unclear("every attempt ended without being settled")
        try:
            return self._core_crm.call(message["operation"], message["payload"])
        except Exception:  # the unforeseen is an outcome of its own: parked, its traceback in the log
            reference = new_correlation_id()
            log.exception("message failed", message_id=message["id"], correlation_id=reference)
            return Defect(reference)

    def _collect(self, ended: set[Future[Outcome]]) -> None:
        for future in ended:
            message = self._under_way.pop(future)
            outcome = future.result()
            self._breaker_hears(outcome)
            self._finished.append(Finished(message, outcome))

    def _breaker_hears(self, outcome: Outcome) -> None:
        was_closed = self._breaker.is_closed
        self._breaker.record(outcome, now=self._clock())
        if was_closed is not self._breaker.is_closed:
            event = "forwarding paused" if was_closed else "forwarding resumed"
            log.warning(event, worker=self._worker, outcome=type(outcome).__name__)

    # ------------------------------------------------------------------------------------------------- settle

    def _settle_or_keep(self) -> bool:
        """Settle; what cannot be settled, because the database is away, is kept until its lease is over."""
        try:
            self._settle()
        except Exception:  # as above: the relay outlives its database's troubles
            log.warning("outcomes not settled", worker=self._worker, exc_info=True)
            now = self._clock()
            self._finished = [one for one in self._finished if one.message["lease_until"] > now]
            return False
        return True

    def _settle(self) -> None:
        """Settle all that is finished in one transaction; when it fails, each alone: one spoils none."""
        group, self._finished = self._finished, []
        if not group:
            return
        try:
            self._write(group)
        except Exception:  # noqa: BLE001 - each is tried again alone, and then raises or is reported
            for index, one in enumerate(group):
                try:
                    self._write_or_park(one)
                except Exception:
                    self._finished = group[index:]
                    raise

    def _write_or_park(self, one: Finished) -> None:
        """Settle one message; where its outcome cannot be written, park it as a defect.

        Otherwise it would be asked again for ever. Where the database itself is the trouble, parking fails as
        well: this raises, and the outcome is not forgotten.
        """
        try:
            self._write([one])
        except DatabaseUnreachable:
            raise
        except Exception:  # the unforeseen, parked with its traceback in the log
            reference = new_correlation_id()
            self._write([Finished(one.message, Defect(reference))])
            log.exception("outcome not settled", message_id=one.message["id"], correlation_id=reference)

    def _write(self, finished: list[Finished]) -> None:
        with self._database.write() as tx:
            settled = settle(
                tx,
                finished,
                now=self._clock(),
                policy=self._policy,
                random=self._random,
                enqueue=self._enqueue,
            )
        for one in settled:
            _report(one)


def _report(one: Settled) -> None:
    """One line per settled message, after the commit: identifiers only, never what the core CRM wrote."""
    fields = {
        "message_id": one.message["id"],
        "lead_id": one.message["lead_id"],
        "attempts": one.message["attempts"],
    }
    if one.decision is None:
        log.warning("message not settled, lease lost", **fields)
        return
    fields["outcome"] = one.decision.outcome.value
    match one.outcome:
        case Delivered(replayed=replayed):
            log.info("message delivered", replayed=replayed, **fields)
        case Refused(declined=declined):
            log.warning("message refused", declined=declined, **fields)
        case Misconfigured():
            log.error("message parked", **fields)
        case _:
            log.warning("message not delivered", state=one.decision.state.value, **fields)
