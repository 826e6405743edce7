"""What the tables' definitions are made of: the names of constraints, and columns that occur often."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, MetaData, text

from leadbridge.store.columntypes import UtcDateTime, text_type

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

# SQLite gives numbers by itself only to a column declared INTEGER.
COUNTED = BigInteger().with_variant(Integer(), "sqlite")


def text_column(name: str, length: int | None = None, *, key: bool = False, needed: bool = False) -> Column[Any]:
    """A column of text; `needed` means never null."""
    return Column(name, text_type(length), primary_key=key, nullable=not (needed or key))


def moment(name: str, *, needed: bool = True) -> Column[Any]:
    """A column that holds a moment: aware and UTC on this side."""
    return Column(name, UtcDateTime(), nullable=not needed)


def position_column() -> Column[Any]:
    """The place of a row in its parent's list, from 0, as sent."""
    return Column("position", Integer, primary_key=True, autoincrement=False)


def parent(name: str, target: str, *, length: int = 10) -> Column[Any]:
    """The first part of a child's key: the parent it belongs to."""
    return Column(name, text_type(length), ForeignKey(target), primary_key=True)


def index_where_filled(table: str, column: str, *following: str) -> Index:
    """An index of the rows that have a value in the column; the others cost nothing when they are written."""
    filled = text(f"{column} IS NOT NULL")
    name = "_".join(("ix", table, column, *following))
    return Index(name, column, *following, postgresql_where=filled, sqlite_where=filled)
