"""How old a message may be: moments as WS-Security writes them, against our clock.

Sources: SOAP Message Security 1.1 section 10, XML Schema Part 2 section 3.2.7 (xs:dateTime).
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from leadbridge.messages import FaultTypeId
from leadbridge.signatures.names import WSU
from leadbridge.soap.faults import QName, Refusal
from leadbridge.soap.security.codes import INVALID_SECURITY, unauthenticated

MESSAGE_EXPIRED = QName("wsu", WSU, "MessageExpired")

WHITE_SPACE = " \t\r\n"  # of XML
_DATE_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,20})?"
    r"(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)"
)


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old a message may be (`window`), and by how much two clocks may differ (`skew`)."""

    window: timedelta = timedelta(seconds=300)
    skew: timedelta = timedelta(seconds=60)

    def check(self, created: datetime, *, now: datetime) -> None:
        """Refuse what was created longer ago than the window, or later than now by more than the skew."""
        if now - created > self.window:
            raise expired()
        self.refuse_future(created, now=now)

    def refuse_future(self, created: datetime, *, now: datetime) -> None:
        """Refuse what was created later than now by more than the skew."""
        if created - now > self.skew:
            text = "The Created in the Security header lies in the future; set the clock that it comes from."
            raise unauthenticated(text, INVALID_SECURITY)

    def remembered_until(self, created: datetime) -> datetime:
        """How long to remember what came with it, so that every machine finds it too old afterwards, also one whose
        clock is behind. `created` was checked.
        """
        return created.astimezone(UTC) + self.window + self.skew


def expired() -> Refusal:
    """The refusal of a message that is too old."""
    return Refusal(FaultTypeId.MESSAGE_EXPIRED, subcodes=[MESSAGE_EXPIRED])


def moment(text: str | None) -> datetime:
    """An xs:dateTime with a zone. Raises Refusal.

    A year has four digits, and midnight is 00:00:00: nothing that is sent now needs the other forms.
    """
    written = (text or "").strip(WHITE_SPACE)
    if _DATE_TIME.fullmatch(written):
        try:
            return datetime.fromisoformat(written)
        except ValueError:
            pass
    text = "Created and Expires in a Security header must be an xs:dateTime with Z or another zone."
    raise unauthenticated(text, INVALID_SECURITY)
