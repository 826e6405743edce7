"""The circuit breaker of one core CRM endpoint: in an outage messages wait instead of using up attempts."""

from datetime import datetime, timedelta

from leadbridge.forwarding.outcomes import Defect, Misconfigured, Outcome, Unavailable, Unclear


class Breaker:
    """Counts failures in a row; after ``failures`` of them calls pause, then one at a time is let through.

    Misconfigured counts as well: it is the endpoint that fails then, not the message, and a password that ran
    out parks a handful of messages instead of the whole outbox. A Defect is ours and says nothing about the
    endpoint. Not for several threads: the relay's own thread asks and tells.
    """

    def __init__(self, *, failures: int, pause: timedelta) -> None:
        self._most_failures = failures
        self._pause = pause
        self._failures = 0
        self._paused_at: datetime | None = None

    def room(self, *, now: datetime, free: int, under_way: int) -> int:
        """How many messages may be claimed now; ``free`` threads are idle and ``under_way`` calls run."""
        if self._paused_at is None:
            return free
        # The clock may have been set back: a pause that has not begun yet is over.
        if self._paused_at <= now < self._paused_at + self._pause:
            return 0
        return 1 if under_way == 0 else 0

    def record(self, outcome: Outcome, *, now: datetime) -> None:
        """Take note of what a call came to."""
        match outcome:
            case Unavailable() | Unclear() | Misconfigured():
                self._failures += 1
                if self._failures >= self._most_failures:
                    self._paused_at = now
            case Defect():
                pass
            case _:
                self._failures = 0
                self._paused_at = None

    @property
    def is_closed(self) -> bool:
        """Whether calls go through freely."""
        return self._paused_at is None
