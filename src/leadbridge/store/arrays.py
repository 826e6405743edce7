"""Rows as PostgreSQL takes them: those of many tables go with one statement, those of a lone call each with its own.

A group of calls writes few rows to each of many tables. COPY takes three round trips a table, and a statement a row
costs the driver more than the row itself; so each column goes as one array literal, and `unnest` makes rows of them.
For the thousands of rows of a bulk file's chunk that is as quick as COPY. The ten rows of a lone call are written
sooner by ten statements of one row, which all go in the same round trip.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache, lru_cache
from itertools import count
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import BigInteger, Boolean, Date, Integer, LargeBinary
from sqlalchemy.types import TypeEngine

from leadbridge.store.columntypes import ExactDecimal, UtcDateTime
from leadbridge.store.exchange import Request
from leadbridge.store.inserts import Insert, Prepared

_Values: TypeAlias = Sequence[Any]


_FEW_ROWS = 16


def inserts(batch: Sequence[Prepared]) -> list[Request]:
    """The statements that write all rows of a batch, for one exchange. Rows keep their order within a table."""
    if sum(len(columns[0]) for _, columns in batch) > _FEW_ROWS:
        return [_one_insert(batch)]
    requests: list[Request] = []
    for insert, columns in batch:
        statement, writers = _single_row(insert)
        requests += [
            (statement, [None if value is None else write(value) for write, value in zip(writers, row, strict=True)])
            for row in zip(*columns, strict=True)
        ]
    return requests


@cache
def _single_row(insert: Insert) -> tuple[bytes, list[Callable[[Any], bytes]]]:
    """The statement for one row of a table, and how each of its values is written. It names all columns: there is one
    for each table."""
    names = ", ".join(f'"{name}"' for name in insert.names)
    places = ", ".join(f"${place}::{_kind(column.type).name}" for place, column in enumerate(insert.columns, start=1))
    text = f'INSERT INTO "{insert.table}" ({names}) VALUES ({places})'  # noqa: S608 - names of our own tables
    return text.encode(), [_kind(column.type).one for column in insert.columns]


def _one_insert(batch: Sequence[Prepared]) -> Request:
    """The statement that writes all rows of a batch, and its parameters. Rows keep their order within a table."""
    tables: dict[Insert, list[_Values]] = {}
    for insert, columns in batch:
        if insert in tables:
            tables[insert] = [[*before, *more] for before, more in zip(tables[insert], columns, strict=True)]
        else:
            tables[insert] = columns
    shape: list[tuple[Insert, tuple[int, ...]]] = []
    parameters: list[bytes] = []
    for insert, columns in tables.items():
        # A column that is null in every row is left out: half of the columns of a lead usually are.
        filled = tuple(place for place, column in enumerate(columns) if column.count(None) < len(column))
        shape.append((insert, filled))
        parameters += [_kind(insert.columns[place].type).many(columns[place]).encode() for place in filled]
    return _statement(tuple(shape)), parameters


@lru_cache(maxsize=1_024)
def _statement(tables: tuple[tuple[Insert, tuple[int, ...]], ...]) -> bytes:
    """The text; it is the same for groups that fill the same columns, so that the server keeps its plan."""
    parts = []
    numbers = count(1)
    for insert, filled in tables:
        columns = [insert.columns[place] for place in filled]
        names = ", ".join(f'"{column.name}"' for column in columns)
        arrays = ", ".join(f"${next(numbers)}::{_kind(column.type).name}[]" for column in columns)
        parts.append(f'INSERT INTO "{insert.table}" ({names}) SELECT * FROM unnest({arrays})')  # noqa: S608 - names of our own tables
    *others, last = parts
    named = ", ".join(f"part{place} AS ({part})" for place, part in enumerate(others))
    # Foreign keys are checked at the end of a statement: parents and children may come in one.
    return (f"WITH {named} {last}" if named else last).encode()


def text_array(values: _Values) -> str:
    """Texts and nulls as an array."""
    try:
        quoted = '","'.join(values)
    except TypeError:  # a null among them
        return _array([None if value is None else _quoted(value) for value in values])
    if "\\" in quoted or quoted.count('"') != 2 * (len(values) - 1):
        return _array([_quoted(value) for value in values])
    return f'{{"{quoted}"}}'  # the usual case, at the speed of C


def _quoted(value: str) -> str:
    if "\\" not in value and '"' not in value:
        return f'"{value}"'
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _each(convert: Callable[[Any], str], values: _Values) -> str:
    if None in values:
        return _array([None if value is None else convert(value) for value in values])
    return f"{{{','.join(map(convert, values))}}}"


def _array(values: _Values) -> str:
    return f"{{{','.join(['NULL' if value is None else value for value in values])}}}"


def _moments(values: _Values) -> str:
    return _each(_quoted_moment, values)


def _quoted_moment(value: datetime) -> str:
    return f'"{_moment(value)}"'


@lru_cache(maxsize=4_096)  # the rows of one call share its moment, in some ten columns
def _moment(value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError("a moment needs a zone")
    return value.isoformat(" ")


def _decimals(values: _Values) -> str:
    return _array([None if value is None else _decimal(value) for value in values])


def _decimal(value: Decimal) -> str:
    if not value.is_finite():
        raise ValueError("a decimal must be finite")
    return format(value, "f")


def plain_array(values: _Values) -> str:
    """Numbers, truth values, days and nulls as an array."""
    return _each(str, values)


def _bytes(values: _Values) -> str:
    return _array([None if value is None else f'"\\\\x{value.hex()}"' for value in values])


class _Kind(NamedTuple):
    """A type of PostgreSQL, and how its values are written: many as an array, and one alone."""

    name: str
    many: Callable[[_Values], str]
    one: Callable[[Any], bytes]


def _plain(name: str) -> _Kind:
    return _Kind(name, plain_array, lambda value: str(value).encode())


_TEXT = _Kind("text", text_array, str.encode)
_KINDS: dict[type[TypeEngine[Any]], _Kind] = {
    UtcDateTime: _Kind("timestamptz", _moments, lambda value: _moment(value).encode()),
    ExactDecimal: _Kind("numeric", _decimals, lambda value: _decimal(value).encode()),
    Boolean: _plain("bool"),
    Integer: _plain("int4"),
    BigInteger: _plain("int8"),
    Date: _plain("date"),
    LargeBinary: _Kind("bytea", _bytes, lambda value: b"\\x" + value.hex().encode()),
}


def _kind(kind: TypeEngine[Any]) -> _Kind:
    return _KINDS.get(type(kind), _TEXT)
