"""What the other modules of the store share: reading rows, writing many, and conditions made of intervals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Select,
    Table,
    Update,
    and_,
    bindparam,
    false,
    func,
    not_,
    or_,
    true,
    update,
)
from sqlalchemy.engine import Result
from sqlalchemy.sql.base import Executable

from leadbridge.selection import WILDCARD, Boundary, Interval
from leadbridge.store.database import Transaction
from leadbridge.store.inserts import Row

_ESCAPE = "!"
_LAST_CHARACTER = chr(0x10FFFF)


# ------------------------------------------------------------------------------------------- reading, writing


def fetch(tx: Transaction, statement: Executable, parameters: Mapping[str, Any] | None = None) -> list[Row]:
    """Run a statement and give its rows as dicts."""
    return as_rows(tx.connection.execute(statement, parameters))


def as_rows(result: Result[Any]) -> list[Row]:
    """The rows of a result as plain dicts, which may be changed and kept."""
    names = tuple(result.keys())
    return [dict(zip(names, row, strict=True)) for row in result]


def insert_many(tx: Transaction, *batch: tuple[Table, Sequence[Row]]) -> None:
    """Insert rows, table by table in the order given, in as few round trips as the database allows."""
    for table, rows in batch:
        if rows:
            tx.insert(table, rows)


def update_many(tx: Transaction, table: Table, rows: Sequence[Row], *, key: str) -> None:
    """Set, for each row, the columns it names beside the key. Rows that name the same columns go together.

    Raises ValueError for a column that does not exist.
    """
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        changed = tuple(sorted(row.keys() - {key}))
        if changed:
            groups.setdefault(changed, []).append({f"new_{name}": row[name] for name in changed} | {"key": row[key]})
    for changed, parameters in groups.items():
        tx.connection.execute(_update(table, key, changed), parameters)


@lru_cache(maxsize=512)
def _update(table: Table, key: str, changed: tuple[str, ...]) -> Update:
    unknown = [name for name in changed if name not in table.c]
    if unknown:
        raise ValueError(f"{table.name} has no column {unknown}")
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in changed}
    return update(table).where(table.c[key] == bindparam("key")).values(values)


# -------------------------------------------------------------------------------------------------- intervals


def fold(text: str) -> str:
    """Take upper and lower case out of a text, the same way on every database: done here, and stored."""
    return text.casefold()


def folded(intervals: Iterable[Interval]) -> list[Interval]:
    """The same intervals over folded text."""
    return [
        Interval(
            exclude=each.exclude,
            boundary=each.boundary,
            lower=fold(each.lower) if isinstance(each.lower, str) else each.lower,
            upper=fold(each.upper) if isinstance(each.upper, str) else each.upper,
        )
        for each in intervals
    ]


def selected(columns: Sequence[ColumnElement[Any]], intervals: Sequence[Interval]) -> ColumnElement[bool]:
    """One block of intervals over the values of some columns, as `leadbridge.selection.selects` means it.

    With several columns the block asks for any of them: an inclusion needs one that lies in the interval, an
    exclusion takes the row away when one does.
    """

    def lies_in(interval: Interval) -> ColumnElement[bool]:
        return or_(*(matching(column, interval) for column in columns))

    return _block(intervals, lies_in)


def begins_known(interval: Interval) -> bool:
    """Whether an index can give the rows of an interval: no wildcard stands at its beginning."""
    return interval.boundary is not Boundary.EQUAL or not str(interval.lower).startswith(WILDCARD)


def end_as_beginning(interval: Interval) -> Interval | None:
    """For a text whose end is known, though its beginning is not: the beginning of the reversed one."""
    end = str(interval.lower).rpartition(WILDCARD)[2]
    if begins_known(interval) or not end:
        return None
    return Interval(interval.exclude, Boundary.EQUAL, end[::-1] + WILDCARD)


def selected_among(
    owner: Column[Any], values: ColumnElement[Any], rows: Select[Any], intervals: Sequence[Interval]
) -> ColumnElement[bool]:
    """One block of intervals over the values that a row has in another table.

    `rows` selects one column, the one that `owner` refers to; each interval asks whether the row has one there
    whose column `values` lies in it.
    """
    (key,) = rows.selected_columns

    def lies_in(interval: Interval) -> ColumnElement[bool]:
        among = rows.where(matching(values, interval), key == owner).correlate(owner.table)
        if not interval.exclude and not begins_known(interval):
            return among.exists()
        # OFFSET 0 keeps PostgreSQL from making the list of all such rows beforehand: it is asked of few owners.
        return among.offset(0).exists()

    return _block(intervals, lies_in)


def _block(intervals: Sequence[Interval], lies_in: Any) -> ColumnElement[bool]:
    included = [lies_in(each) for each in intervals if not each.exclude]
    # A row without a value makes the comparison null, and null is not excluded.
    excluded = [not_(func.coalesce(lies_in(each), false())) for each in intervals if each.exclude]
    return and_(or_(*included) if included else true(), *excluded)


def matching(column: ColumnElement[Any], interval: Interval) -> ColumnElement[bool]:
    """Say that a column's value lies in one interval, be it included or excluded."""
    lower, upper = interval.lower, interval.upper
    match interval.boundary:
        case Boundary.EQUAL:
            return _equals(column, lower)
        case Boundary.BETWEEN_EXCLUDING_UPPER:
            return and_(column >= lower, column < upper)
        case Boundary.BETWEEN:
            return and_(column >= lower, column <= upper)
        case Boundary.BETWEEN_EXCLUDING_BOTH:
            return and_(column > lower, column < upper)
        case Boundary.BETWEEN_EXCLUDING_LOWER:
            return and_(column > lower, column <= upper)
        case Boundary.LESS:
            return column < lower
        case Boundary.LESS_OR_EQUAL:
            return column <= lower
        case Boundary.GREATER:
            return column > lower
        case Boundary.GREATER_OR_EQUAL:
            return column >= lower


def _equals(column: ColumnElement[Any], value: Any) -> ColumnElement[bool]:
    """Equality, in which `*` alone stands for any run of characters.

    A pattern whose only wildcard ends it becomes a range: it needs no escaping and can use any index. LIKE is
    left for the others.
    """
    if not isinstance(value, str) or WILDCARD not in value:
        return column == value
    start, _, rest = value.partition(WILDCARD)
    if not rest.strip(WILDCARD):
        return and_(column >= start, _below_every_longer(column, start)) if start else column.is_not(None)
    pattern = "%".join(_escaped(piece) for piece in value.split(WILDCARD))
    like = column.like(pattern, escape=_ESCAPE)
    return and_(column >= start, _below_every_longer(column, start), like) if start else like


def _below_every_longer(column: ColumnElement[Any], start: str) -> ColumnElement[bool]:
    """Say that a text not below `start` begins with it: it is below the next text of the same length."""
    kept = start.rstrip(_LAST_CHARACTER)
    if not kept:
        return true()
    following = ord(kept[-1]) + 1
    # Surrogates are no characters; UTF-8 leaves them out, and so does the order of code points.
    following = 0xE000 if following == 0xD800 else following
    return column < kept[:-1] + chr(following)


def _escaped(text: str) -> str:
    for special in (_ESCAPE, "%", "_"):
        text = text.replace(special, _ESCAPE + special)
    return text
