"""Conditions that a value is one of many, which SQLite and PostgreSQL write differently."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Self

from sqlalchemy import Boolean, ColumnElement, Text, bindparam
from sqlalchemy.engine.interfaces import Dialect as Driver
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

from leadbridge.store.arrays import text_array


class _TextList(TypeDecorator[Any]):
    """A parameter that holds a list of texts, as text: an array on PostgreSQL, JSON on SQLite.

    The driver would make an array of a list, too, value by value and at twenty times the price.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Iterable[str] | None, dialect: Driver) -> str:
        listed = list(value or ())
        return text_array(listed) if dialect.name == "postgresql" else json.dumps(listed, ensure_ascii=False)


class _TupleList(TypeDecorator[Any]):
    """A parameter that holds a list of equally long tuples of texts, as JSON."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Iterable[Sequence[str]] | None, dialect: Driver) -> str:  # noqa: ARG002 - SQLAlchemy calls it with both
        return json.dumps([list(each) for each in value or ()], ensure_ascii=False)


class Membership(FunctionElement[bool]):
    """A condition over columns and a list parameter, which comes last."""

    type = Boolean()
    inherit_cache = True

    def self_group(self, against: object = None) -> Self:  # noqa: ARG002 - SQLAlchemy names it
        """Stand as it is. SQLAlchemy would write `(...) = 1` on SQLite, and no index could serve that."""
        return self


class _OneOf(Membership):
    """The column holds one of the texts of the list."""

    inherit_cache = True


class _TupleOneOf(Membership):
    """The columns together hold one of the tuples of the list."""

    inherit_cache = True


def one_of(column: ColumnElement[Any], parameter: str) -> ColumnElement[bool]:
    """Say that a column holds one of the texts bound to `parameter` at execution.

    The statement's text is the same for one value and for thousands: it is compiled and prepared once, and
    SQLite's limit on variables does not apply.
    """
    return _OneOf(column, bindparam(parameter, type_=_TextList()))


def tuple_one_of(columns: Sequence[ColumnElement[Any]], parameter: str) -> ColumnElement[bool]:
    """Say that some columns together hold one of the tuples of texts bound to `parameter`."""
    return _TupleOneOf(*columns, bindparam(parameter, type_=_TupleList()))


@compiles(_OneOf, "postgresql")
def _one_of_postgresql(element: _OneOf, compiler: SQLCompiler, **kw: Any) -> str:
    column, values = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"({column} = ANY (CAST({values} AS text[])))"


@compiles(_OneOf, "sqlite")
def _one_of_sqlite(element: _OneOf, compiler: SQLCompiler, **kw: Any) -> str:
    column, values = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"({column} IN (SELECT value FROM json_each({values})))"  # noqa: S608 - compiled, not pasted


@compiles(_TupleOneOf, "postgresql")
def _tuple_one_of_postgresql(element: _TupleOneOf, compiler: SQLCompiler, **kw: Any) -> str:
    *columns, values = (compiler.process(clause, **kw) for clause in element.clauses)
    picks = [f"each_one.value ->> {place}" for place in range(len(columns))]
    source = f"jsonb_array_elements(CAST({values} AS jsonb)) AS each_one(value)"
    # The last line alone would do. But a plan made while the table is small walks through all of it, and is kept when
    # it has grown; what the lines before say can only be answered with an index.
    each = [
        f"{column} = ANY (ARRAY(SELECT {pick} FROM {source}))"  # noqa: S608 - compiled, not pasted
        for column, pick in zip(columns, picks, strict=True)
    ]
    together = f"({', '.join(columns)}) IN (SELECT {', '.join(picks)} FROM {source})"  # noqa: S608 - as above
    return f"({' AND '.join([*each, together])})"


@compiles(_TupleOneOf, "sqlite")
def _tuple_one_of_sqlite(element: _TupleOneOf, compiler: SQLCompiler, **kw: Any) -> str:
    *columns, values = (compiler.process(clause, **kw) for clause in element.clauses)
    picks = ", ".join(f"json_extract(value, '$[{place}]')" for place in range(len(columns)))
    return f"(({', '.join(columns)}) IN (SELECT {picks} FROM json_each({values})))"  # noqa: S608 - as above
