"""What a peer does to keep a lead: one transaction for each call, into a plain schema, through the plain driver.

No idempotency, no duplicates, no journal, no outbox: the least that a service must do before it may acknowledge.
Connections belong to threads, which is the fastest pool there is; statements are prepared once for each.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from contextlib import closing
from dataclasses import astuple, dataclass
from typing import Protocol

import psycopg
from sqlalchemy import make_url

_HEAD = (
    "uuid, name, life_cycle_status_code, given_name, family_name, street_postal_code, city_name, street_name, "
    "house_id, email, phone, party_id, amount, currency"
)
_SCHEMA = """
CREATE TABLE lead (
    id {number} PRIMARY KEY, uuid TEXT NOT NULL UNIQUE, name TEXT NOT NULL, life_cycle_status_code TEXT,
    given_name TEXT, family_name TEXT, street_postal_code TEXT, city_name TEXT, street_name TEXT, house_id TEXT,
    email TEXT, phone TEXT, party_id TEXT, amount NUMERIC, currency TEXT
);
CREATE TABLE lead_item (
    lead_id {reference} NOT NULL REFERENCES lead (id), position INTEGER NOT NULL, product_id TEXT NOT NULL,
    description TEXT, quantity NUMERIC, unit_code TEXT, PRIMARY KEY (lead_id, position)
);
CREATE TABLE lead_note (
    lead_id {reference} NOT NULL REFERENCES lead (id), position INTEGER NOT NULL, text TEXT NOT NULL,
    PRIMARY KEY (lead_id, position)
);
"""


@dataclass(frozen=True)
class PlainHead:
    """The fields of a lead and its prospect, in the order of the columns."""

    uuid: str
    name: str
    status: str | None
    given_name: str | None
    family_name: str | None
    postal_code: str | None
    city: str | None
    street: str | None
    house: str | None
    email: str | None
    phone: str | None
    party: str | None
    amount: str | None
    currency: str | None


@dataclass(frozen=True)
class PlainLead:
    """A lead as a peer stores it. An item is product, description, quantity and unit."""

    head: PlainHead
    items: Sequence[tuple[str, str | None, str | None, str | None]]
    notes: Sequence[str]


class Store(Protocol):
    """Where a peer keeps its leads."""

    def insert(self, lead: PlainLead) -> int:
        """Commit a lead and return its number."""


def make_schema(url: str) -> None:
    """Make the tables in an empty database."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        with closing(sqlite3.connect(str(address.database))) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(_SCHEMA.format(number="INTEGER", reference="INTEGER"))
    else:
        with psycopg.connect(url) as postgresql:
            schema = _SCHEMA.format(number="BIGINT GENERATED ALWAYS AS IDENTITY", reference="BIGINT")
            postgresql.execute(schema.encode())


def store_at(url: str) -> Store | None:
    """The store of a URL; none for an empty one: then the peer answers at once."""
    if not url:
        return None
    address = make_url(url)
    return _Sqlite(str(address.database)) if address.get_backend_name() == "sqlite" else _Postgresql(url)


def _children(number: int, lead: PlainLead) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    items: list[tuple[object, ...]] = [(number, position, *item) for position, item in enumerate(lead.items)]
    return items, [(number, position, note) for position, note in enumerate(lead.notes)]


class _Sqlite:
    def __init__(self, path: str) -> None:
        self._path = path
        self._mine = threading.local()
        # SQLite lets waiting writers sleep and try again; a lock within the process wakes the next one at once.
        self._writing = threading.Lock()

    def _connection(self) -> sqlite3.Connection:
        if not hasattr(self._mine, "connection"):
            connection = sqlite3.connect(self._path, timeout=60, isolation_level=None)
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            self._mine.connection = connection
        found: sqlite3.Connection = self._mine.connection
        return found

    def insert(self, lead: PlainLead) -> int:
        connection = self._connection()
        head = astuple(lead.head)
        with self._writing, connection:
            connection.execute("BEGIN IMMEDIATE")
            places = ", ".join("?" * len(head))
            number = connection.execute(f"INSERT INTO lead ({_HEAD}) VALUES ({places})", head).lastrowid or 0
            items, notes = _children(number, lead)
            connection.executemany("INSERT INTO lead_item VALUES (?, ?, ?, ?, ?, ?)", items)
            connection.executemany("INSERT INTO lead_note VALUES (?, ?, ?)", notes)
        return number


class _Postgresql:
    def __init__(self, url: str) -> None:
        self._url = url
        self._mine = threading.local()

    def _connection(self) -> psycopg.Connection:
        if not hasattr(self._mine, "connection"):
            self._mine.connection = psycopg.connect(self._url, prepare_threshold=0, autocommit=True)
        found: psycopg.Connection = self._mine.connection
        return found

    def insert(self, lead: PlainLead) -> int:
        head = astuple(lead.head)
        with self._connection().transaction() as transaction, transaction.connection.cursor() as cursor:
            places = ", ".join(["%s"] * len(head))
            cursor.execute(f"INSERT INTO lead ({_HEAD}) VALUES ({places}) RETURNING id".encode(), head)
            (number,) = cursor.fetchone() or (0,)
            items, notes = _children(number, lead)
            cursor.executemany("INSERT INTO lead_item VALUES (%s, %s, %s, %s, %s, %s)", items)
            cursor.executemany("INSERT INTO lead_note VALUES (%s, %s, %s)", notes)
        return int(number)
