"""Column types that behave alike on SQLite and PostgreSQL. What else differs between the two is in `dialects`."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Date, DateTime, Numeric, String, Text
from sqlalchemy.engine.interfaces import Dialect as Driver
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine


def text_type(length: int | None = None) -> TypeEngine[str]:
    """Text that is compared and ordered by code point on both databases; `length` counts characters."""
    plain: TypeEngine[str] = String(length) if length else Text()
    ordered: TypeEngine[str] = String(length, collation="C") if length else Text(collation="C")
    return plain.with_variant(ordered, "postgresql")


class UtcDateTime(TypeDecorator[datetime]):
    """A moment, to the microsecond. Takes aware datetimes only and gives back UTC."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Driver) -> TypeEngine[Any]:
        """PostgreSQL knows zones; SQLite keeps text whose order is the order of time."""
        return dialect.type_descriptor(DateTime(timezone=dialect.name == "postgresql"))

    def process_bind_param(self, value: datetime | None, dialect: Driver) -> datetime | None:
        """Refuse a naive moment: it would be read as UTC by one and as local time by the other."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a zone")
        return value if dialect.name == "postgresql" else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Driver) -> datetime | None:
        """Give the moment its zone back."""
        if value is None:
            return None
        return value.astimezone(UTC) if dialect.name == "postgresql" else value.replace(tzinfo=UTC)


class ExactDecimal(TypeDecorator[Decimal]):
    """A decimal as it was given, with its trailing zeros. SQLite's own numbers would lose both."""

    impl = Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: Driver) -> TypeEngine[Any]:
        """NUMERIC without a scale keeps every digit; SQLite gets text."""
        return dialect.type_descriptor(Numeric() if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Decimal | None, dialect: Driver) -> Any:
        """Refuse what is no number: XML has no NaN for xs:decimal either."""
        if value is None:
            return None
        if not value.is_finite():
            raise ValueError("a decimal must be finite")
        return value if dialect.name == "postgresql" else format(value, "f")

    def process_result_value(self, value: Any, dialect: Driver) -> Decimal | None:
        """Read SQLite's text back."""
        return value if value is None or dialect.name == "postgresql" else Decimal(value)


class DayOf(FunctionElement[date]):
    """The day, in UTC, of a column that holds a moment: what the tables' index over it has."""

    type = Date()
    inherit_cache = True


@compiles(DayOf, "postgresql")
def _day_postgresql(element: DayOf, compiler: SQLCompiler, **kw: Any) -> str:
    return f"CAST(timezone('UTC', {compiler.process(element.clauses, **kw)}) AS DATE)"


@compiles(DayOf, "sqlite")
def _day_sqlite(element: DayOf, compiler: SQLCompiler, **kw: Any) -> str:
    return f"substr({compiler.process(element.clauses, **kw)}, 1, 10)"


class Reversed(FunctionElement[str]):
    """A column's text from its end to its beginning: what an index has that finds a text by its end.

    PostgreSQL alone has the function, and the indexes.
    """

    type = text_type()
    inherit_cache = True


@compiles(Reversed, "postgresql")
def _reversed_postgresql(element: Reversed, compiler: SQLCompiler, **kw: Any) -> str:
    return f"reverse({compiler.process(element.clauses, **kw)})"
