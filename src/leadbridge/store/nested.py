"""Queries inside conditions, for Find: what SQLite and PostgreSQL write differently when one list gives another."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    CompoundSelect,
    Date,
    Select,
    Text,
    bindparam,
    literal_column,
    select,
)
from sqlalchemy import column as named_column
from sqlalchemy.engine.interfaces import Dialect as Driver
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

from leadbridge.store.membership import Membership


class _ValueList(TypeDecorator[Any]):
    """A parameter that holds a list of texts or dates: an array on PostgreSQL, a JSON text on SQLite."""

    impl = Text
    cache_ok = True

    def __init__(self, of: TypeEngine[Any]) -> None:
        super().__init__()
        self.of = Date() if isinstance(of, Date) else Text()

    def load_dialect_impl(self, dialect: Driver) -> TypeEngine[Any]:
        return dialect.type_descriptor(ARRAY(self.of) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Iterable[Any] | None, dialect: Driver) -> Any:
        listed = list(value or ())
        return listed if dialect.name == "postgresql" else json.dumps(listed, ensure_ascii=False, default=str)


class _OneOfThose(Membership):
    """The column holds one of the texts that a query gives."""

    inherit_cache = True


def one_of_those(column: ColumnElement[Any], query: Select[Any] | CompoundSelect[Any]) -> ColumnElement[bool]:
    """Say that a column holds one of the texts of a query, which is run first: each is then looked up."""
    return _OneOfThose(column, query.scalar_subquery())


@compiles(_OneOfThose, "postgresql")
def _one_of_those_postgresql(element: _OneOfThose, compiler: SQLCompiler, **kw: Any) -> str:
    column, query = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"({column} = ANY (ARRAY {query}))"


@compiles(_OneOfThose, "sqlite")
def _one_of_those_sqlite(element: _OneOfThose, compiler: SQLCompiler, **kw: Any) -> str:
    column, query = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"({column} IN {query})"


class _FirstOfEach(FunctionElement[str]):
    """The texts of a query, whose column has the name `_TEXT`, for each value of a list: a table of one column."""

    inherit_cache = True


_TEXT = "one_text"
_EACH: ColumnElement[Any] = literal_column("each_value.value")


def first_of_each(
    column: ColumnElement[Any], values: Sequence[Any], query: Callable[[ColumnElement[Any]], Select[Any]]
) -> Select[Any]:
    """Run a query that selects one text once for each of a column's values; it is given what stands for the value."""
    listed = bindparam(None, values, type_=_ValueList(column.type), unique=True)
    texts = query(_EACH)
    (text,) = texts.selected_columns
    one = texts.with_only_columns(text.label(_TEXT)).correlate(None).scalar_subquery()
    rows = _FirstOfEach(listed, one).table_valued(named_column("value", Text()), name="firsts")
    return select(rows.c.value)


@compiles(_FirstOfEach, "postgresql")
def _first_of_each_postgresql(element: _FirstOfEach, compiler: SQLCompiler, **kw: Any) -> str:
    values, query = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"(SELECT one.* FROM unnest({values}) AS each_value(value) CROSS JOIN LATERAL {query} AS one(value))"  # noqa: S608 - as above


@compiles(_FirstOfEach, "sqlite")
def _first_of_each_sqlite(element: _FirstOfEach, compiler: SQLCompiler, **kw: Any) -> str:
    values, query = (compiler.process(clause, **kw) for clause in element.clauses)
    # SQLite has no LATERAL, but json_each may be given what stands before it.
    listed = f"(SELECT json_group_array({_TEXT}) FROM {query})"  # noqa: S608 - as above
    return f"(SELECT one.value FROM json_each({values}) AS each_value, json_each({listed}) AS one)"  # noqa: S608 - as above
