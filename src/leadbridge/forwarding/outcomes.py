"""Every foreseen outcome of a call to the core CRM, and the one function that decides what follows from it.

Pure: no clock, no transaction, no network. Source: the outcome table in the design's section "The two flows".
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from leadbridge.store.outbox import MessageState

_MOST_TEXT = 200


def printable(text: str | None) -> str | None:
    """Text of another system as we store it: one line, at most 200 characters, nothing unprintable.

    None and text without a visible character are None.
    """
    if text is None:
        return None
    kept = "".join(character if character.isprintable() else " " for character in text[: _MOST_TEXT * 5])
    line = " ".join(kept.split())
    return (line if len(line) <= _MOST_TEXT else line[: _MOST_TEXT - 3] + "...") or None


STATE_MEANINGS: Mapping[MessageState, str] = {
    MessageState.WAITING: "The message is sent when it is due and the earlier ones of its lead are settled.",
    MessageState.CLAIMED: "A relay is sending the message; when its lease runs out, another one takes over.",
    MessageState.DELIVERED: "The core CRM has confirmed the message.",
    MessageState.PARKED: "The message waits until an operator mends the cause and retries it, or cancels it.",
    MessageState.CANCELLED: "The message is not sent any more, by an operator or a later change of the lead.",
}
"""The sentence that people are shown for each state."""


class OutcomeName(StrEnum):
    """What came of the last attempt, as stored with the message. ``meaning`` is what an operator reads."""

    DELIVERED = "delivered"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"
    UNCLEAR = "unclear"
    EXHAUSTED = "exhausted"
    CONFIGURATION = "configuration"
    DEFECT = "defect"

    @property
    def meaning(self) -> str:
        """One sentence that says what happened and what can be done."""
        return _OUTCOME_MEANINGS[self]


_OUTCOME_MEANINGS: Mapping[OutcomeName, str] = {
    OutcomeName.DELIVERED: "The core CRM has confirmed the message.",
    OutcomeName.REFUSED: "The core CRM has refused the message; sending it again as it is changes nothing.",
    OutcomeName.UNAVAILABLE: "The core CRM did not take the message; it is sent again.",
    OutcomeName.UNCLEAR: "The core CRM may have acted, nobody knows; it is asked again with the same key.",
    OutcomeName.EXHAUSTED: "All attempts are used up; see the core CRM's health, then retry.",
    OutcomeName.CONFIGURATION: "The way to the core CRM is wrongly set up: user, certificate, address, WSDL.",
    OutcomeName.DEFECT: "Something unforeseen happened; the log has its place under the reference.",
}


@dataclass(frozen=True, slots=True)
class Delivered:
    """A confirmation; also one of a message that the core CRM had seen before (``replayed``)."""

    record_type: str | None  # LEAD or OPPORTUNITY
    record_id: str
    status_name: str | None
    replayed: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """A business refusal or a Client/Sender fault: the message itself is what the core CRM does not take.

    ``declined`` only where the core CRM said that it does not want the lead.
    """

    code: str
    text: str | None
    declined: bool


@dataclass(frozen=True, slots=True)
class Unavailable:
    """The core CRM has certainly not acted: refused connection, 503, Busy."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unclear:
    """The core CRM may or may not have acted: no answer after sending, or none that can be believed."""

    reason: str


@dataclass(frozen=True, slots=True)
class Misconfigured:
    """Every message would fail alike until somebody mends the configuration, here or there."""

    reason: str


@dataclass(frozen=True, slots=True)
class Defect:
    """Unforeseen. ``reference`` finds the traceback in the log."""

    reference: str


Outcome = Delivered | Refused | Unavailable | Unclear | Misconfigured | Defect


@dataclass(frozen=True, slots=True)
class ForwardingPolicy:
    """What a site decides about forwarding; built from the settings of the same names, with their reasons."""

    batch: int = 20  # messages claimed and called at once, each of another lane in a thread of its own
    lease: timedelta = timedelta(seconds=60)
    first_delay: timedelta = timedelta(seconds=1)
    longest_delay: timedelta = timedelta(seconds=300)
    most_attempts: int = 12
    hold_parked: bool = True  # a parked message holds back the later ones of its lane
    poll: timedelta = timedelta(seconds=0.5)
    breaker_failures: int = 5
    breaker_pause: timedelta = timedelta(seconds=5)
    own_core_crm: bool = False  # whether the core CRM is the one that is built in, whose records are beside the leads


@dataclass(frozen=True, slots=True)
class Decision:
    """What is written to the message. ``due_at`` matters where the state is waiting; it is now elsewhere."""

    state: MessageState
    due_at: datetime
    outcome: OutcomeName
    code: str | None = None
    text: str | None = None


def decide(
    outcome: Outcome,
    *,
    attempts: int,
    now: datetime,
    policy: ForwardingPolicy,
    random: Callable[[], float],
) -> Decision:
    """Decide what follows from an outcome.

    ``attempts`` counts this one, ``random`` gives numbers from 0 to below 1. Unavailable and Unclear are
    tried again, with the same key, until the attempts are used up: then the message is parked, because a
    message that is asked again for ever would hide an outage.
    """
    match outcome:
        case Delivered():
            return Decision(MessageState.DELIVERED, now, OutcomeName.DELIVERED)
        case Refused(code=code, text=text):
            return Decision(MessageState.PARKED, now, OutcomeName.REFUSED, code, text)
        case Misconfigured(reason=reason):
            return Decision(MessageState.PARKED, now, OutcomeName.CONFIGURATION, text=reason)
        case Defect(reference=reference):
            return Decision(MessageState.PARKED, now, OutcomeName.DEFECT, code=reference)
        case Unavailable(reason=reason) | Unclear(reason=reason) if attempts >= policy.most_attempts:
            return Decision(MessageState.PARKED, now, OutcomeName.EXHAUSTED, text=reason)
        case Unavailable(reason=reason) | Unclear(reason=reason):
            name = OutcomeName.UNCLEAR if isinstance(outcome, Unclear) else OutcomeName.UNAVAILABLE
            due_at = now + delay(attempts=attempts, policy=policy, random=random)
            return Decision(MessageState.WAITING, due_at, name, text=reason)


class Delays(Protocol):
    """How long is waited after failures."""

    @property
    def first_delay(self) -> timedelta:
        """After the first one."""

    @property
    def longest_delay(self) -> timedelta:
        """After however many."""


def delay(*, attempts: int, policy: Delays, random: Callable[[], float]) -> timedelta:
    """The wait after so many failures: doubled with each up to the longest, of that a half to all.

    The jitter spreads what an outage has lined up, and half stays certain, so that a wait is never next to
    none.
    """
    doublings = min(attempts - 1, 24)  # by then any delay is past the longest; more would overflow
    whole: timedelta = min(policy.first_delay * float(2**doublings), policy.longest_delay)
    return whole * (0.5 + 0.5 * random())
