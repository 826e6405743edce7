"""Moments in fields that BIAN leaves free: what is meant stands at the beginning, and anything may follow."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, date, datetime, time

from leadbridge.bian.answers import wrong

_MOMENT = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[Tt ](\d{2}:\d{2}(?::\d{2})?)(?:\.\d+)?(Z|z|[+-]\d{2}:\d{2})?)?"
    r"(?=\Z|[\s,;](?!\s*\d{1,2}:))",  # a time that is none does not make it a day
    re.ASCII,
)


def moment_at_beginning(text: str, field: str) -> datetime:
    """The moment (RFC 3339) at the beginning of a field; a day is its beginning, in UTC. Raises Refused."""
    found = _MOMENT.match(text)
    with suppress(ValueError, OverflowError):  # no such day, or none in UTC
        if found is not None:
            day = date.fromisoformat(found[1])
            clock = time.fromisoformat(found[2]) if found[2] else time()
            zone = (found[3] or "Z").upper().replace("Z", "+00:00")
            return datetime.fromisoformat(f"{day}T{clock.isoformat()}{zone}").astimezone(UTC)
    raise wrong(field, "Expected a date, or a moment as 2026-03-01T10:00:00Z, at its beginning; a place may follow.")
