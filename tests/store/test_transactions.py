"""Transactions: what is committed, what waits for whom, what a lock and a number promise."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import timedelta

import pytest
from sqlalchemy import literal, select
from sqlalchemy.exc import IntegrityError

from leadbridge.store import callers, leads
from leadbridge.store.database import Database, Transaction, is_provisional
from leadbridge.store.errors import DatabaseUnreachable
from tests.store.rows import EVERYTHING, NOW, a_lead, store_leads


def a_caller(name: str) -> dict[str, object]:
    return {
        "id": name,
        "name": name,
        "roles": "partner",
        "visibility": "given",
        "party_id": "",
        "password_hash": "hash",
        "created_at": NOW,
        "changed_at": NOW,
    }


def test_what_was_written_is_there_afterwards(database: Database) -> None:
    with database.write() as tx:
        callers.add(tx, a_caller("a"))
    with database.read() as tx:
        assert callers.count(tx) == 1


def test_an_error_that_leaves_rolls_everything_back(database: Database) -> None:
    def fail(tx: Transaction) -> None:
        callers.add(tx, a_caller("a"))
        raise RuntimeError("on the way")

    with pytest.raises(RuntimeError, match="on the way"), database.write() as tx:
        fail(tx)
    with database.read() as tx:
        assert callers.count(tx) == 0


def test_a_part_that_is_undone_leaves_nothing_and_the_rest_of_its_transaction_stays(database: Database) -> None:
    with database.write() as tx:
        callers.add(tx, a_caller("a"))
        with tx.trial() as trial:
            callers.add(tx, a_caller("b"))
            assert callers.count(tx) == 2
            callers.add(tx, a_caller("e"))  # may be kept back until the part ends
            trial.undo()
        with tx.trial():
            callers.add(tx, a_caller("c"))
        callers.add(tx, a_caller("d"))
    with database.read() as tx:
        assert [row["id"] for row in callers.all(tx)] == ["a", "c", "d"]


def test_an_error_leaves_a_part_and_its_transaction_without_anything(database: Database) -> None:
    def fail(tx: Transaction) -> None:
        with tx.trial():
            callers.add(tx, a_caller("a"))
            raise RuntimeError("on the way")

    with pytest.raises(RuntimeError, match="on the way"), database.write() as tx:
        fail(tx)
    assert _count(database) == 0


def test_last_rows_that_are_refused_leave_nothing_of_their_transaction(database: Database) -> None:
    def refused(tx: Transaction) -> None:
        callers.add(tx, a_caller("a"))
        tx.flush()
        callers.add(tx, a_caller("b"))
        callers.add(tx, a_caller("a"))

    with pytest.raises(IntegrityError), database.write() as tx:
        refused(tx)
    assert _count(database) == 0


def test_the_last_rows_are_committed_with_them_where_that_saves_a_round_trip(postgresql: Database) -> None:
    with postgresql.write() as tx:
        callers.add(tx, a_caller("a"))
        tx.flush(last=True)
        assert _count(postgresql) == 1


@pytest.mark.parametrize("fails", [False, True])
def test_after_a_rollback_what_the_driver_threw_away_is_prepared_again(database: Database, fails: bool) -> None:
    def take_back(tx: Transaction) -> None:
        for _ in range(10):  # often enough that the driver prepares it
            tx.connection.execute(select(literal(1)))
        tx.next_numbers("lead", 1)
        with tx.trial() as trial:
            trial.undo()
            if fails:
                raise RuntimeError("on the way")

    with pytest.raises(RuntimeError) if fails else nullcontext(), database.write() as tx:
        take_back(tx)
    with database.write() as tx:
        tx.connection.execute(select(literal(2)))  # the driver does what it has put off
        assert tx.next_numbers("lead", 1) >= ["0000000001"]


def test_a_part_without_numbers_has_provisional_ones_that_no_counter_gave(database: Database) -> None:
    with database.write() as tx:
        with tx.trial(numbers=False) as trial:
            tx.foresee_numbers("lead", 5)
            with tx.trial():
                drawn = [*tx.next_numbers("lead", 2), *tx.next_numbers("business_partner", 1)]
            trial.undo()
        assert len(set(drawn)) == 3
        assert all(is_provisional(number) and len(number) == 10 for number in drawn)
        assert tx.next_numbers("lead", 1) == ["0000000001"]
    assert not is_provisional("0000000001")


def test_a_read_does_not_wait_behind_a_write_and_does_not_see_it(database: Database) -> None:
    with database.write() as writing:
        callers.add(writing, a_caller("a"))
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(_count, database).result(timeout=5) == 0
    assert _count(database) == 1


def _count(database: Database) -> int:
    with database.read() as tx:
        return callers.count(tx)


def test_a_database_that_stays_locked_is_unreachable_in_the_end(
    sqlite: Database, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leadbridge.store.connections.PATIENCE_SECONDS", 0.05)
    other_process = Database(sqlite_url)
    with sqlite.write(), pytest.raises(DatabaseUnreachable), other_process.write():
        pass
    with other_process.write() as tx:
        callers.add(tx, a_caller("afterwards"))
    other_process.dispose()


def test_a_pool_without_a_free_connection_is_unreachable(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leadbridge.store.dialects.PATIENCE_SECONDS", 0.05)
    small = Database(database_url, pool_size=1)
    with small.read(), pytest.raises(DatabaseUnreachable), small.read():
        pass
    small.dispose()


def test_many_writers_at_once_all_get_their_turn(database: Database) -> None:
    def write(number: int) -> None:
        with database.write() as tx:
            callers.add(tx, a_caller(f"c{number}"))

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(write, range(64)))
    assert _count(database) == 64


def test_numbers_have_ten_digits_ascend_and_start_at_one(database: Database) -> None:
    with database.write() as tx:
        assert tx.next_numbers("lead", 2) == ["0000000001", "0000000002"]
        assert tx.next_numbers("business_partner", 1) == ["0000000001"]
        assert tx.next_numbers("crm_record", 1) == ["0000000001"]
        assert tx.next_numbers("lead", 1) == ["0000000003"]
        assert tx.next_numbers("lead", 0) == []


def test_no_two_threads_draw_one_number(database: Database) -> None:
    def draw(_: int) -> list[str]:
        with database.write() as tx:
            return tx.next_numbers("lead", 7)

    with ThreadPoolExecutor(8) as pool:
        drawn = [number for numbers in pool.map(draw, range(24)) for number in numbers]
    assert len(set(drawn)) == 24 * 7


def test_transactions_that_name_one_key_follow_each_other(database: Database) -> None:
    """Without the lock both would count before either adds, and the counts would repeat."""

    def add(number: int) -> int:
        with database.write() as tx:
            tx.lock([f"own {number}", "shared key"])
            before = callers.count(tx)
            callers.add(tx, a_caller(f"c{number}"))
            return before

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(add, range(16))) == list(range(16))


def test_keys_named_in_any_order_do_not_deadlock(database: Database) -> None:
    keys = [f"key {number}" for number in range(40)]

    def lock(turn: int) -> None:
        with database.write() as tx:
            tx.lock(keys if turn % 2 else reversed(keys))
            tx.lock([])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lock, range(40)))


def test_another_key_does_not_wait(postgresql: Database) -> None:
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with postgresql.write() as tx:
            tx.lock(["one"])
            held.set()
            release.wait(10)

    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(hold)
        held.wait(10)
        with postgresql.write() as tx:
            tx.lock(["another"])
        assert not holding.done()
        release.set()


def test_a_read_on_sqlite_sees_one_moment(sqlite: Database) -> None:
    with sqlite.read() as reading:
        assert callers.count(reading) == 0
        with sqlite.write() as tx:
            callers.add(tx, a_caller("a"))
        assert callers.count(reading) == 0
    assert _count(sqlite) == 1


def test_resolving_with_a_lock_keeps_other_writers_off(database: Database) -> None:
    store_leads(database, a_lead(1, change_number=0))
    began = threading.Barrier(4)

    def count_up(_: int) -> None:
        began.wait(10)
        for _turn in range(5):
            with database.write() as tx:
                (row,) = leads.resolve(tx, EVERYTHING, ids=["0000000001"], lock=True)
                time.sleep(0.001)
                leads.update(tx, [{"id": row["id"], "change_number": row["change_number"] + 1}])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count_up, range(4)))
    with database.read() as tx:
        (row,) = leads.resolve(tx, EVERYTHING, ids=["0000000001"])
    assert row["change_number"] == 20
    assert row["changed_at"] - NOW == timedelta(0)
