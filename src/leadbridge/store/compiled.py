"""Statements as PostgreSQL takes them, so that several can go to PostgreSQL in one round trip.

SQLAlchemy builds them and knows their parameters; but it runs one at a time, and waits for each.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeAlias

from sqlalchemy.engine.interfaces import Dialect as Driver
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.compiler import SQLCompiler

# A statement that is made once, and the parameters of one execution.
Question: TypeAlias = tuple[Executable, Mapping[str, Any]]


class Compiled:
    """A statement as an exchange takes it: its text, and how its parameters are bound."""

    def __init__(self, statement: Executable, driver: Driver) -> None:
        numbered = type(driver)(paramstyle="numeric_dollar")  # type: ignore[call-arg]  # every dialect takes it
        compiled = statement.compile(dialect=numbered)  # type: ignore[attr-defined]  # every statement of ours has it
        assert isinstance(compiled, SQLCompiler)
        self.text = str(compiled).encode()
        self._compiled = compiled
        self._names = compiled.positiontup or ()
        self._binders: Mapping[str, Any] = compiled._bind_processors  # noqa: SLF001 - SQLAlchemy has no public name

    def bound(self, parameters: Mapping[str, Any]) -> list[Any]:
        """The parameters of one execution, in their order."""
        whole, binders = self._compiled.construct_params(parameters), self._binders
        return [binders[name](whole[name]) if name in binders else whole[name] for name in self._names]


@cache
def compiled(statement: Executable, driver: Driver) -> Compiled:
    """The compiled form of a statement, remembered with it."""
    return Compiled(statement, driver)
