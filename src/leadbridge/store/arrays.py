"""Rows as PostgreSQL arrays: the new rows of many tables go into the database with one statement.

A group of calls writes few rows to each of many tables. COPY takes three round trips a table, and a statement a row
costs the driver more than the row itself; so each column goes as one array literal, and `unnest` makes rows of them.
For the thousands of rows of a bulk file's chunk that is as quick as COPY.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import count
from typing import Any, TypeAlias

from sqlalchemy import BigInteger, Boolean, Date, Integer, LargeBinary
from sqlalchemy.types import TypeEngine

from leadbridge.store.columntypes import ExactDecimal, UtcDateTime
from leadbridge.store.inserts import Insert, Prepared

_Values: TypeAlias = Sequence[Any]


def one_insert(batch: Sequence[Prepared]) -> tuple[bytes, list[bytes]]:
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
        parameters += [_kind(insert.columns[place].type)[1](columns[place]).encode() for place in filled]
    return _statement(tuple(shape)), parameters


@lru_cache(maxsize=1_024)
def _statement(tables: tuple[tuple[Insert, tuple[int, ...]], ...]) -> bytes:
    """The text; it is the same for groups that fill the same columns, so that the server keeps its plan."""
    parts = []
    numbers = count(1)
    for insert, filled in tables:
        columns = [insert.columns[place] for place in filled]
        names = ", ".join(f'"{column.name}"' for column in columns)
        arrays = ", ".join(f"${next(numbers)}::{_kind(column.type)[0]}[]" for column in columns)
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
    return _each(_moment, values)


@lru_cache(maxsize=4_096)  # the rows of one call share its moment, in some ten columns
def _moment(value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError("a moment needs a zone")
    return f'"{value.isoformat(" ")}"'


def _decimals(values: _Values) -> str:
    if not all(value is None or value.is_finite() for value in values):
        raise ValueError("a decimal must be finite")
    return _array([None if value is None else format(value, "f") for value in values])


def plain_array(values: _Values) -> str:
    """Numbers, truth values, days and nulls as an array."""
    return _each(str, values)


def _bytes(values: _Values) -> str:
    return _array([None if value is None else f'"\\\\x{value.hex()}"' for value in values])


_KINDS: dict[type[TypeEngine[Any]], tuple[str, Callable[[_Values], str]]] = {
    UtcDateTime: ("timestamptz", _moments),
    ExactDecimal: ("numeric", _decimals),
    Boolean: ("bool", plain_array),
    Integer: ("int4", plain_array),
    BigInteger: ("int8", plain_array),
    Date: ("date", plain_array),
    LargeBinary: ("bytea", _bytes),
}


def _kind(kind: TypeEngine[Any]) -> tuple[str, Callable[[_Values], str]]:
    return _KINDS.get(type(kind), ("text", text_array))
