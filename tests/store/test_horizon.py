"""How far the journal is complete: nothing is passed over, whoever writes and however long."""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress

from sqlalchemy import select

from leadbridge.store import journal, tables
from leadbridge.store.database import Database
from leadbridge.store.horizon import Horizon, Seen
from tests.store.rows import NOW

SECONDS = 30


def entry(object_id: str = "0000000001") -> dict[str, object]:
    kept = {"recorded_at": NOW, "caller_id": "x", "operation": "x", "event": "changed"}
    return {**kept, "object_type": "lead", "object_id": object_id}


def look(database: Database, horizon: Horizon) -> Seen:
    with database.read() as tx:
        return horizon.look(tx)


def test_an_empty_journal_is_complete_and_so_is_one_that_nobody_writes(database: Database) -> None:
    horizon = Horizon()
    assert look(database, horizon) == Seen(0, 0)
    with database.write() as tx:
        journal.append(tx, [entry()] * 3)
    assert look(database, horizon) == Seen(3, 3)
    assert look(database, Horizon()) == Seen(3, 3)


def test_a_writer_holds_back_what_came_after_it_began(postgresql: Database) -> None:
    horizon = Horizon()
    with postgresql.write() as tx:
        journal.append(tx, [entry()])
    look(postgresql, horizon)
    with postgresql.write() as early:
        journal.append(early, [entry()])
        early.flush()
        for newest in (3, 4):
            with postgresql.write() as late:
                journal.append(late, [entry()])
            assert look(postgresql, horizon) == Seen(1, newest)
    assert look(postgresql, horizon) == Seen(4, 4)


def test_one_that_is_rolled_back_holds_back_nothing_more(postgresql: Database) -> None:
    horizon = Horizon()
    with suppress(RuntimeError), postgresql.write() as early:
        journal.append(early, [entry()])
        early.flush()
        with postgresql.write() as late:
            journal.append(late, [entry()])
        assert look(postgresql, horizon) == Seen(0, 2)
        raise RuntimeError
    assert look(postgresql, horizon) == Seen(2, 2)


def test_a_reader_goes_on_while_one_writer_follows_another(postgresql: Database) -> None:
    """There is always a writer under way, and each ends: what the ones before it wrote is told."""
    horizon, seen = Horizon(), list[Seen]()
    under_way = ExitStack()
    for _ in range(6):
        following = ExitStack()
        tx = following.enter_context(postgresql.write())
        journal.append(tx, [entry()])
        tx.flush()
        under_way.close()  # the one before ends after this one has begun
        under_way = following
        seen.append(look(postgresql, horizon))
    under_way.close()
    assert [one.is_complete for one in seen[1:]] == [False] * 5
    uptos = [one.upto for one in seen]
    assert uptos == sorted(uptos)
    assert uptos[-1] == seen[-2].newest  # one look behind
    assert look(postgresql, horizon) == Seen(6, 6)


def test_who_sees_one_moment_is_told_of_nothing_that_it_does_not_see(sqlite: Database) -> None:
    horizon = Horizon()
    with sqlite.write() as tx:
        journal.append(tx, [entry()])
    with sqlite.read() as early:
        assert horizon.newest(early) == 1
        with sqlite.write() as tx:
            journal.append(tx, [entry()])
        assert look(sqlite, horizon) == Seen(2, 2)
        assert horizon.look(early) == Seen(1, 1)


def test_readers_who_share_it_pass_nothing_over(database: Database) -> None:
    """Writers that take different times between their numbers and their commits, and readers at once."""
    horizon, done, chance = Horizon(), threading.Event(), random.Random(7)
    pauses = [[chance.random() * 0.01 for _ in range(10)] for _ in range(4)]

    def write(waits: list[float]) -> None:
        for wait in waits:
            with database.write() as tx:
                journal.append(tx, [entry()])
                tx.flush()
                time.sleep(wait)

    def read() -> list[int]:
        read, after = list[int](), 0
        while True:
            ended = done.is_set()
            with database.read() as tx:
                upto = horizon.look(tx).upto
                between = tables.journal.c.id.between(after + 1, upto)
                found = tx.connection.execute(select(tables.journal.c.id).where(between)).scalars().all()
            read += sorted(found)
            after = max(after, upto)
            if ended and not found:
                return read

    with ThreadPoolExecutor(8) as threads:
        readers = [threads.submit(read) for _ in range(4)]
        for writer in [threads.submit(write, waits) for waits in pauses]:
            writer.result(SECONDS)
        done.set()
        with database.read() as tx:
            whole = list(tx.connection.execute(select(tables.journal.c.id).order_by(tables.journal.c.id)).scalars())
        assert len(whole) == 40
        assert [one.result(SECONDS) for one in readers] == [whole] * 4
