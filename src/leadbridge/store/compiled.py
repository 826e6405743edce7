"""Statements as the drivers take them: SQLAlchemy builds each once, and is not there when it runs.

It would run one at a time and wait for each, where PostgreSQL takes several in one round trip; and it costs more than
SQLite does for a row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, TypeAlias

from sqlalchemy.engine.interfaces import Dialect as Driver
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.compiler import SQLCompiler

from leadbridge.store.inserts import Row

# A statement that is made once, and the parameters of one execution.
Question: TypeAlias = tuple[Executable, Mapping[str, Any]]


_PARAMETERS = {"postgresql": "numeric_dollar", "sqlite": "qmark"}


class Compiled:
    """A statement as its driver takes it: its text, how parameters are bound, and how the values of rows are read."""

    def __init__(self, statement: Executable, driver: Driver) -> None:
        style = _PARAMETERS[driver.name]
        positional = type(driver)(paramstyle=style)  # type: ignore[call-arg]  # every dialect takes it
        compiled = statement.compile(dialect=positional)  # type: ignore[attr-defined]  # every statement of ours has it
        assert isinstance(compiled, SQLCompiler)
        self.text = str(compiled)
        self._compiled = compiled
        self._names = compiled.positiontup or ()
        self._binders: Mapping[str, Any] = compiled._bind_processors  # noqa: SLF001 - SQLAlchemy has no public name
        columns = statement.selected_columns  # type: ignore[attr-defined]  # every question of ours has it
        self._columns = tuple(columns.keys())
        self._readers: list[tuple[str, Callable[[Any], Any]]] = []
        if driver.name == "sqlite":  # psycopg knows the types of what it reads
            for name, column in columns.items():
                reader = column.type.dialect_impl(driver).result_processor(driver, None)
                if reader is not None:
                    self._readers.append((name, reader))

    def bound(self, parameters: Mapping[str, Any]) -> list[Any]:
        """The parameters of one execution, in their order."""
        whole, binders = self._compiled.construct_params(parameters), self._binders
        return [binders[name](whole[name]) if name in binders else whole[name] for name in self._names]

    def rows(self, values: Iterable[Sequence[Any]]) -> list[Row]:
        """Rows out of what the driver gives."""
        rows = [dict(zip(self._columns, each, strict=True)) for each in values]
        for name, reader in self._readers:
            for row in rows:
                row[name] = reader(row[name])
        return rows


@cache
def compiled(statement: Executable, driver: Driver) -> Compiled:
    """The compiled form of a statement, remembered with it."""
    return Compiled(statement, driver)
