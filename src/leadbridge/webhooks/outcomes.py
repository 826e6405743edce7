"""Every foreseen outcome of a request to a receiver, and the one function that decides what follows from it.

Pure: no clock, no transaction, no network.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from leadbridge.forwarding.outcomes import delay
from leadbridge.store.webhooks import WebhookState


class Outcome(StrEnum):
    """What came of the last attempt, as stored with the webhook. ``meaning`` is what an operator reads."""

    DELIVERED = "delivered"
    REFUSED = "refused"
    GONE = "gone"
    UNAVAILABLE = "unavailable"
    UNCLEAR = "unclear"
    ADDRESS = "address"
    CERTIFICATE = "certificate"
    SECRET = "secret"  # noqa: S105 - the name of an outcome
    CALLER = "caller"
    DEFECT = "defect"

    @property
    def meaning(self) -> str:
        """One sentence that says what happened and what can be done."""
        return _MEANINGS[self]


_MEANINGS = {
    Outcome.DELIVERED: "The receiver has confirmed.",
    Outcome.REFUSED: "The receiver answered with another status than 2xx, which is the code; no redirect is followed.",
    Outcome.GONE: "The receiver answered 410: it wants no more events. Remove the webhook, or ask and resume it.",
    Outcome.UNAVAILABLE: "No connection: refused, unreachable, no such host, or no TLS.",
    Outcome.UNCLEAR: "The connection broke, or there was no whole answer in time; the same events come again.",
    Outcome.ADDRESS: "The URL's host stands for an address that is not allowed (webhooks.allowed_networks).",
    Outcome.CERTIFICATE: "The receiver's certificate is not trusted; for an authority inside set webhooks.ca_file.",
    Outcome.SECRET: "The secret cannot be opened with the site's key: put that right, or rotate the secret.",
    Outcome.CALLER: "The caller is disabled, or no role of it may read leads.",
    Outcome.DEFECT: "Something unforeseen happened; the log has its place under the reference in the code.",
}

_PARKS_AT_ONCE = frozenset({Outcome.GONE, Outcome.CALLER})


@dataclass(frozen=True, slots=True)
class Result:
    """What came of an attempt. ``code`` is the status of an answer, or the reference of a defect."""

    outcome: Outcome
    code: str | None = None


@dataclass(frozen=True, slots=True)
class WebhookPolicy:
    """What a site decides about pushing; built from the settings of the same names, with their reasons."""

    receivers: int = 8
    batch: int = 100
    lease: timedelta = timedelta(seconds=60)
    first_delay: timedelta = timedelta(seconds=5)
    longest_delay: timedelta = timedelta(hours=1)
    most_attempts: int = 30
    poll: timedelta = timedelta(seconds=1)


def decide(
    result: Result, *, attempts: int, now: datetime, policy: WebhookPolicy, random: Callable[[], float]
) -> tuple[WebhookState, datetime]:
    """Decide what follows from an attempt that failed: the state, and when the next attempt is due.

    ``attempts`` counts this one, ``random`` gives numbers from 0 to below 1. Whatever may mend itself is tried again
    until the attempts are used up: then the webhook is parked, because one that is tried for ever would hide that
    nobody listens.
    """
    if result.outcome in _PARKS_AT_ONCE or attempts >= policy.most_attempts:
        return WebhookState.PARKED, now
    return WebhookState.ACTIVE, now + delay(attempts=attempts, policy=policy, random=random)
