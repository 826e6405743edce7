"""What a Find operation's selections mean.

A Find carries blocks such as ``SelectionByName``: up to 20 intervals over one field. This module is the
reference for their meaning; the store says the same in SQL and is tested against it.

Values of one block and its boundaries have one type: text, date, or datetime with a zone (an order between a
date and a datetime, or a naive and a zoned one, raises TypeError, as in Python). Text is compared by code
point, case matters; whoever wants it otherwise folds value and boundaries first. Source: the contract's code
list IntervalBoundaryTypeCode and FindLead.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeAlias

Value: TypeAlias = str | date | datetime

WILDCARD = "*"


class Boundary(StrEnum):
    """IntervalBoundaryTypeCode: how a value is compared with an interval's boundaries."""

    EQUAL = "1"  # the only one for which `*` in lower stands for any run of characters, also none
    BETWEEN_EXCLUDING_UPPER = "2"
    BETWEEN = "3"
    BETWEEN_EXCLUDING_BOTH = "4"
    BETWEEN_EXCLUDING_LOWER = "5"
    LESS = "6"  # 6 to 9 compare with lower
    LESS_OR_EQUAL = "7"
    GREATER = "8"
    GREATER_OR_EQUAL = "9"

    @property
    def needs_upper(self) -> bool:
        """Whether an interval of this kind is meaningless without an upper boundary."""
        return self in _NEED_UPPER


_NEED_UPPER = frozenset(
    {
        Boundary.BETWEEN_EXCLUDING_UPPER,
        Boundary.BETWEEN,
        Boundary.BETWEEN_EXCLUDING_BOTH,
        Boundary.BETWEEN_EXCLUDING_LOWER,
    }
)


@dataclass(frozen=True, slots=True)
class Interval:
    """One condition of a block. ``exclude`` is InclusionExclusionCode E; an upper not needed is ignored.

    Raises ValueError when the boundary type needs an upper boundary and there is none. A caller's message is
    checked for that before (``Boundary.needs_upper``), so that the refusal names the element.
    """

    exclude: bool
    boundary: Boundary
    lower: Value
    upper: Value | None = None

    def __post_init__(self) -> None:
        if self.boundary.needs_upper and self.upper is None:
            raise ValueError(f"boundary type {self.boundary.value} needs an upper boundary")


def matches(value: Value | None, interval: Interval) -> bool:
    """Whether the value lies in the interval, be it included or excluded. No value (None) lies in none."""
    if value is None:
        return False
    # The three value types are ordered among themselves only, which the type system cannot say of a union.
    here: Any = value
    lower: Any = interval.lower
    upper: Any = interval.upper
    match interval.boundary:
        case Boundary.EQUAL:
            if isinstance(value, str) and isinstance(interval.lower, str):
                return _matches_pattern(value, interval.lower)
            return bool(here == lower)
        case Boundary.BETWEEN_EXCLUDING_UPPER:
            return bool(lower <= here < upper)
        case Boundary.BETWEEN:
            return bool(lower <= here <= upper)
        case Boundary.BETWEEN_EXCLUDING_BOTH:
            return bool(lower < here < upper)
        case Boundary.BETWEEN_EXCLUDING_LOWER:
            return bool(lower < here <= upper)
        case Boundary.LESS:
            return bool(here < lower)
        case Boundary.LESS_OR_EQUAL:
            return bool(here <= lower)
        case Boundary.GREATER:
            return bool(here > lower)
        case Boundary.GREATER_OR_EQUAL:
            return bool(here >= lower)


def selects(value: Value | None, intervals: Iterable[Interval]) -> bool:
    """Whether one block of intervals lets the value through.

    Inclusions are OR; a block that only excludes starts from everything, and so does an empty one; each
    exclusion then takes away. No value (None) matches no inclusion and survives every exclusion.
    """
    any_inclusion = included = False
    for interval in intervals:
        if interval.exclude:
            if matches(value, interval):
                return False
        else:
            any_inclusion = True
            included = included or matches(value, interval)
    return included or not any_inclusion


def _matches_pattern(text: str, pattern: str) -> bool:
    """Compare with a pattern in which `*` alone is special, in linear time whatever the pattern.

    The pieces between the wildcards must occur in order; taking each at its first place is always safe.
    """
    first, *rest = pattern.split(WILDCARD)
    if not rest:
        return text == pattern
    *middle, last = rest
    if len(text) < len(first) + len(last) or not text.startswith(first) or not text.endswith(last):
        return False
    position, end = len(first), len(text) - len(last)
    for piece in middle:
        found = text.find(piece, position, end)
        if found < 0:
            return False
        position = found + len(piece)
    return True
