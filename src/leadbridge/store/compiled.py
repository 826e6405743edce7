"""Statements as psycopg takes them, so that several can go to PostgreSQL in one round trip.

SQLAlchemy builds them and knows their parameters; but it runs one at a time, and waits for each.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeAlias

import psycopg
from sqlalchemy.engine.interfaces import Dialect as Driver
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.compiler import SQLCompiler

from leadbridge.store.inserts import Row

# A statement that is made once, and the parameters of one execution.
Question: TypeAlias = tuple[Executable, Mapping[str, Any]]


class Compiled:
    """A statement as the driver takes it: its text, how parameters are bound, and how its rows are read."""

    def __init__(self, statement: Executable, driver: Driver) -> None:
        compiled = statement.compile(dialect=driver)  # type: ignore[attr-defined]  # every statement of ours has it
        assert isinstance(compiled, SQLCompiler)
        self.text = str(compiled).encode()
        self._compiled = compiled
        self._binders: Mapping[str, Any] = compiled._bind_processors  # noqa: SLF001 - SQLAlchemy has no public name

    def bound(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters of one execution."""
        whole = self._compiled.construct_params(parameters)
        return {name: self._binders[name](value) if name in self._binders else value for name, value in whole.items()}

    def read(self, cursor: psycopg.Cursor[Any]) -> list[Row]:
        """The rows that came."""
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor]


@cache
def compiled(statement: Executable, driver: Driver) -> Compiled:
    """The compiled form of a statement, remembered with it."""
    return Compiled(statement, driver)
