"""Selections and processing conditions of the Find operations, from message to store and back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from leadbridge.messages import (
    QueryProcessingConditions,
    ResponseProcessingConditions,
    SelectionByDate,
    SelectionByDateTime,
    SelectionByText,
)
from leadbridge.operations.logitems import LogBuilder, LogItemType
from leadbridge.selection import Boundary, Interval

DEFAULT_HITS = 100
MOST_HITS = 1000


def intervals(
    blocks: Sequence[SelectionByText | SelectionByDate | SelectionByDateTime],
    log: LogBuilder,
    path: str,
    *,
    fold: Callable[[str], str] = str,
) -> list[Interval]:
    """One selection's blocks as intervals; `fold` gives texts the form in which the store compares them.

    A block whose boundaries make no interval is named in the Log.
    """
    found: list[Interval] = []
    for position, block in enumerate(blocks, 1):
        boundary = Boundary(block.interval_boundary_type_code.value)
        if boundary.needs_upper and block.upper_boundary is None:
            log.error(
                LogItemType.FIND_UPPER_BOUNDARY_MISSING,
                f"IntervalBoundaryTypeCode {boundary.value} needs an UpperBoundary.",
                f"{path}[{position}]",
            )
            continue
        try:
            lower = _value(block, block.lower_boundary, fold)
            upper = _value(block, block.upper_boundary, fold) if boundary.needs_upper else None
        except ValueError:
            log.error(
                LogItemType.FIND_BOUNDARY_NOT_A_MOMENT,
                "A boundary names no day or time between the years 1 and 9999.",
                f"{path}[{position}]",
            )
            continue
        exclude = block.inclusion_exclusion_code.value == "E"
        found.append(Interval(exclude=exclude, boundary=boundary, lower=lower, upper=upper))
    return found


def _value(block: object, boundary: Any, fold: Callable[[str], str]) -> str | date | datetime:
    if isinstance(block, SelectionByDate):
        return day(boundary)
    if isinstance(block, SelectionByDateTime):
        return moment(boundary)
    return fold(boundary)


def day(text: str) -> date:
    """An xs:date as a day; a zone behind it is not looked at, so that no day is ever shifted."""
    return date.fromisoformat(text.strip()[:10])


def moment(text: str) -> datetime:
    """An xs:dateTime with a zone as an aware datetime in UTC; digits after the microseconds are cut off.

    Raises ValueError for 24:00:00 and for moments whose year in UTC is not one of 1 to 9999.
    """
    try:
        return datetime.fromisoformat(text.strip()).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("out of range") from error


@dataclass(frozen=True, slots=True)
class Hits:
    """How many hits a query gets at most, and after which ID it goes on."""

    limit: int
    after: str | None

    @classmethod
    def wanted(cls, conditions: QueryProcessingConditions | None, log: LogBuilder) -> "Hits":
        """The default is 100; unlimited and anything larger than the cap is the cap, with a word in the Log."""
        if conditions is None:
            return cls(DEFAULT_HITS, None)
        asked = conditions.query_hits_maximum_number_value or DEFAULT_HITS
        if conditions.query_hits_unlimited_indicator:
            asked = MOST_HITS
        if asked > MOST_HITS:
            log.warning(
                LogItemType.FIND_HITS_CAPPED,
                f"One answer holds at most {MOST_HITS} hits; go on with LastReturnedObjectID.",
            )
        return cls(min(asked, MOST_HITS), conditions.last_returned_object_id)


def response_conditions(ids: Sequence[str], more: bool) -> ResponseProcessingConditions:
    """What the answer says of its page."""
    return ResponseProcessingConditions(
        returned_query_hits_number_value=len(ids),
        more_hits_available_indicator=more,
        last_returned_object_id=ids[-1] if ids else None,
    )
