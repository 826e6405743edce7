"""The write lane: calls share commits, and each gets its own outcome whatever the others do."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial

import psycopg
import pytest
from sqlalchemy.exc import OperationalError

from leadbridge.store import callers, cooperative
from leadbridge.store.database import Database, Transaction
from leadbridge.store.errors import CommitUnknown, DatabaseUnreachable, LaneFull, LaneStopped
from tests.store.rows import NOW
from tests.support.loops import LaneForThreads, loop_thread


class Refusal(Exception):
    """An outcome that is an exception: the call is refused, nothing is broken."""


class Acts:
    """Acts that store one caller per call, and what they were called with."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []
        self.failures = 0

    def store(self, tx: Transaction, names: Sequence[str]) -> list[str | Exception]:
        """`poison…` breaks the transaction, `refuse…` is refused, anything else is stored."""
        self.groups.append(list(names))
        outcomes: list[str | Exception] = []
        for name in names:
            if name.startswith("refuse"):
                outcomes.append(Refusal(name))
                continue
            callers.add(tx, _row(name))
            outcomes.append(f"stored {name}")
        for name in names:
            if name.startswith("poison"):
                raise RuntimeError(name)
        return outcomes

    def store_too(self, tx: Transaction, names: Sequence[str]) -> list[str | Exception]:
        return self.store(tx, names)

    def forgetful(self, tx: Transaction, names: Sequence[str]) -> list[str]:
        return [f"only {names[0]}"][: len(names) - 1]

    def meets_a_deadlock(self, tx: Transaction, names: Sequence[str]) -> list[str | Exception]:
        self.failures += 1
        if self.failures <= int(names[0]):
            raise OperationalError("statement", None, psycopg.errors.DeadlockDetected())
        return self.store(tx, names)

    def finds_nobody(self, tx: Transaction, names: Sequence[str]) -> list[str]:
        self.failures += 1
        raise DatabaseUnreachable("gone")


def _row(name: str) -> dict[str, object]:
    return {
        "id": name,
        "name": name,
        "roles": "",
        "visibility": "all",
        "party_id": "",
        "password_hash": "",
        "created_at": NOW,
        "changed_at": NOW,
    }


def stored(database: Database) -> list[str]:
    with database.read() as tx:
        return [row["id"] for row in callers.all(tx)]


@pytest.fixture
def acts() -> Acts:
    return Acts()


@pytest.fixture
def lane(database: Database) -> Iterator[LaneForThreads]:
    """Not started yet: what is submitted before `start` is one group."""
    with loop_thread() as loop:
        made = LaneForThreads(loop, database, largest_group=5, most_waiting=12)
        yield made
        made.stop(10)


def outcomes(futures: Sequence[Future[str]]) -> list[str]:
    wait(futures, timeout=20)
    return [str(future.exception() or future.result()) for future in futures]


def test_what_waits_is_written_together_in_the_order_it_came(lane: LaneForThreads, acts: Acts) -> None:
    futures = [lane.submit(acts.store, f"c{n}") for n in range(7)]
    assert lane.waiting == 7
    lane.start()
    assert outcomes(futures) == [f"stored c{n}" for n in range(7)]
    assert acts.groups == [["c0", "c1", "c2", "c3", "c4"], ["c5", "c6"]]


def test_a_future_is_resolved_after_the_commit(database: Database, lane: LaneForThreads, acts: Acts) -> None:
    lane.start()
    assert lane.submit(acts.store, "c").result(10) == "stored c"
    assert stored(database) == ["c"]


def test_calls_of_several_acts_share_a_group_each_act_called_once(lane: LaneForThreads, acts: Acts) -> None:
    # A bound method is a new object each time it is asked for; calls are grouped by what it is bound to.
    futures = [
        lane.submit(act, name) for act, name in ((acts.store_too, "a"), (acts.store, "b"), (acts.store_too, "c"))
    ]
    lane.start()
    assert outcomes(futures) == ["stored a", "stored b", "stored c"]
    assert acts.groups == [["a", "c"], ["b"]]


def test_an_outcome_that_is_an_exception_fails_its_call_alone_and_the_rest_is_kept(
    database: Database, lane: LaneForThreads, acts: Acts
) -> None:
    futures = [lane.submit(acts.store, name) for name in ("a", "refuse b", "c")]
    lane.start()
    assert outcomes(futures) == ["stored a", "refuse b", "stored c"]
    assert isinstance(futures[1].exception(), Refusal)
    assert acts.groups == [["a", "refuse b", "c"]]
    assert stored(database) == ["a", "c"]


def test_a_poisoned_call_does_not_spoil_the_others(database: Database, lane: LaneForThreads, acts: Acts) -> None:
    futures = [lane.submit(acts.store, name) for name in ("a", "poison b", "c", "refuse d")]
    lane.start()
    assert outcomes(futures) == ["stored a", "poison b", "stored c", "refuse d"]
    assert isinstance(futures[1].exception(), RuntimeError)
    assert acts.groups == [["a", "poison b", "c", "refuse d"], ["a"], ["poison b"], ["c"], ["refuse d"]]
    assert stored(database) == ["a", "c"]


def test_a_lone_call_that_fails_is_not_tried_again(lane: LaneForThreads, acts: Acts) -> None:
    future = lane.submit(acts.store, "poison")
    lane.start()
    assert outcomes([future]) == ["poison"]
    assert acts.groups == [["poison"]]


def test_a_broken_rule_of_the_database_is_its_calls_alone(database: Database, lane: LaneForThreads, acts: Acts) -> None:
    futures = [lane.submit(acts.store, name) for name in ("a", "same", "same", "b")]
    lane.start()
    first, second, third, fourth = outcomes(futures)
    assert (first, second, fourth) == ("stored a", "stored same", "stored b")
    assert "IntegrityError" in third or "UniqueViolation" in third
    assert stored(database) == ["a", "b", "same"]


def test_an_act_that_forgets_an_outcome_fails_its_calls(lane: LaneForThreads, acts: Acts) -> None:
    futures = [lane.submit(acts.forgetful, name) for name in ("a", "b")]
    lane.start()
    wait(futures, timeout=10)
    assert [type(future.exception()) for future in futures] == [ValueError, ValueError]


@pytest.mark.parametrize(("deadlocks", "written"), [(1, True), (5, True), (6, False)])
def test_a_lone_call_that_meets_a_deadlock_is_tried_again_but_not_for_ever(
    lane: LaneForThreads, acts: Acts, deadlocks: int, written: bool
) -> None:
    future = lane.submit(acts.meets_a_deadlock, str(deadlocks))
    lane.start()
    wait([future], timeout=10)
    assert (future.exception() is None) is written
    assert acts.failures == min(deadlocks + 1, 6)  # the group, then at most five times alone


def test_a_database_that_is_gone_fails_the_group_at_once(lane: LaneForThreads, acts: Acts) -> None:
    futures = [lane.submit(acts.finds_nobody, str(n)) for n in range(5)]
    lane.start()
    wait(futures, timeout=10)
    assert {type(future.exception()) for future in futures} == {DatabaseUnreachable}
    assert acts.failures == 2  # the group, then one call to be sure


def test_a_full_lane_says_so_at_once(lane: LaneForThreads, acts: Acts) -> None:
    futures = [lane.submit(acts.store, f"c{n:02}") for n in range(12)]
    with pytest.raises(LaneFull):
        lane.submit(acts.store, "one too many")
    lane.start()
    assert len(outcomes(futures)) == 12
    assert lane.submit(acts.store, "again").result(10) == "stored again"


def test_stopping_finishes_what_waits_and_takes_no_more(database: Database, lane: LaneForThreads, acts: Acts) -> None:
    futures = [lane.submit(acts.store, f"c{n:02}") for n in range(12)]
    lane.start()
    assert lane.stop(20) is True
    assert all(future.done() for future in futures)
    assert stored(database) == [f"c{n:02}" for n in range(12)]
    with pytest.raises(LaneStopped):
        lane.submit(acts.store, "late")
    assert lane.stop(1) is True


def test_stopping_out_of_time_finishes_the_group_and_tells_the_others(lane: LaneForThreads, acts: Acts) -> None:
    entered, release = threading.Event(), threading.Event()

    def slow(tx: Transaction, names: Sequence[str]) -> list[str]:
        entered.set()
        cooperative.aside(lambda: release.wait(10))
        return list(names)

    lane.start()
    under_way = lane.submit(slow, "a")
    entered.wait(10)
    waiting = lane.submit(acts.store, "b")
    assert lane.stop(0.05) is False
    assert isinstance(waiting.exception(1), LaneStopped)
    release.set()
    assert under_way.result(10) == "a"
    assert lane.stop(10) is True


def test_a_call_that_was_given_up_before_its_turn_is_not_written(
    database: Database, lane: LaneForThreads, acts: Acts
) -> None:
    first, given_up, last = (lane.submit(acts.store, name) for name in ("a", "b", "c"))
    assert given_up.cancel()
    lane.start()
    assert outcomes([first, last]) == ["stored a", "stored c"]
    assert stored(database) == ["a", "c"]


def test_calls_from_many_threads_each_get_their_own_outcome(database: Database, acts: Acts) -> None:
    count = 320

    def call(lane: LaneForThreads, number: int) -> str:
        name = f"{'refuse' if number % 40 == 0 else 'poison' if number % 40 == 1 else 'call'} {number:03}"
        future: Future[str] = lane.submit(acts.store, name)
        return str(future.exception(30) or future.result())

    with loop_thread() as loop, ThreadPoolExecutor(32) as pool:
        lane = LaneForThreads(loop, database)
        lane.start()
        answers = list(pool.map(partial(call, lane), range(count)))
        assert lane.stop(10)
    kinds = {0: "refuse", 1: "poison"}
    assert answers == [f"{kinds.get(n % 40, 'stored call')} {n:03}" for n in range(count)]
    assert len(stored(database)) == count - 16
    assert max(len(group) for group in acts.groups) > 1


def test_what_may_have_been_committed_is_not_written_again(postgresql: Database, acts: Acts) -> None:
    """The server goes away in the middle of a commit: a second try could store what has no key twice."""
    with postgresql.write() as tx:
        for statement in (
            (
                "CREATE FUNCTION go_away() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$"
            ),
            (
                "CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON caller DEFERRABLE INITIALLY DEFERRED "
                "FOR EACH ROW EXECUTE FUNCTION go_away()"
            ),
        ):
            tx.connection.exec_driver_sql(statement)
    with loop_thread() as loop:
        lane = LaneForThreads(loop, postgresql)
        futures = [lane.submit(acts.store, name) for name in ("a", "b")]
        lane.start()
        wait(futures, timeout=20)
        assert lane.stop(10)
    assert [type(future.exception()) for future in futures] == [CommitUnknown, CommitUnknown]
    assert acts.groups == [["a", "b"]]
