"""The outbox: each message is sent by one relay at a time, in the order of its lane, and never forgotten."""

from __future__ import annotations

import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from leadbridge.store import outbox
from leadbridge.store.database import Database
from leadbridge.store.inserts import Row
from tests.store.rows import NOW

LEASE = timedelta(seconds=60)


def a_message(lane: int, sequence: int = 1, **columns: object) -> Row:
    return {
        "lane": f"{lane:010}",
        "sequence": sequence,
        "event": "CREATE",
        "operation": "ComboCreateLeadOpportunity",
        "lead_id": f"{lane:010}",
        "payload": b"<request/>",
        "created_at": NOW,
        **columns,
    }


def enqueue(database: Database, *rows: Row) -> None:
    with database.write() as tx:
        outbox.enqueue(tx, rows)


def claim(database: Database, worker: str = "w1", *, seconds: float = 0, limit: int = 100, **more: Any) -> list[Row]:
    with database.write() as tx:
        return outbox.claim(tx, worker=worker, now=NOW + timedelta(seconds=seconds), lease=LEASE, limit=limit, **more)


def settle(database: Database, message: Row, worker: str = "w1", state: str = "delivered", **more: Any) -> bool:
    values = {"due_at": None, "outcome": "Delivered", "outcome_code": None, "outcome_text": None, **more}
    now = values.pop("now", NOW)
    with database.write() as tx:
        row = {"id": message["id"], "claimed_by": worker, "state": state, **values}
        return outbox.settle(tx, [row], now=now) == {message["id"]}


def read(database: Database, message: Row) -> Row:
    with database.read() as tx:
        found = outbox.one(tx, message["id"])
    assert found is not None
    return found


def names(rows: list[Row]) -> list[tuple[int, int]]:
    return [(int(row["lane"]), row["sequence"]) for row in rows]


# ------------------------------------------------------------------------------------------------ one at a time


def test_a_claimed_message_is_marked_and_not_claimed_again(database: Database) -> None:
    enqueue(database, a_message(1))
    (message,) = claim(database)
    assert (message["state"], message["claimed_by"], message["attempts"]) == ("claimed", "w1", 1)
    assert message["lease_until"] == NOW + LEASE
    assert message["payload"] == b"<request/>"
    assert claim(database, "w2") == []


def test_only_what_is_due_is_claimed_earliest_first_and_up_to_the_limit(database: Database) -> None:
    enqueue(
        database,
        a_message(1, due_at=NOW + timedelta(seconds=1)),
        a_message(2, due_at=NOW - timedelta(seconds=1)),
        a_message(3, due_at=NOW - timedelta(seconds=2)),
        a_message(4),
    )
    assert names(claim(database, limit=2)) == [(3, 1), (2, 1)]
    assert names(claim(database)) == [(4, 1)]
    assert names(claim(database, seconds=1)) == [(1, 1)]


def test_a_lane_gives_one_message_at_a_time_in_its_order(database: Database) -> None:
    enqueue(database, a_message(1, 2, due_at=NOW - timedelta(days=1)), a_message(1, 1), a_message(2, 1))
    first, other = claim(database)
    assert names([first, other]) == [(1, 1), (2, 1)]
    assert claim(database) == []
    assert settle(database, first)
    assert names(claim(database)) == [(1, 2)]


def test_a_message_put_back_is_due_when_it_says_and_still_holds_its_lane(database: Database) -> None:
    enqueue(database, a_message(1, 1), a_message(1, 2))
    (first,) = claim(database)
    later = NOW + timedelta(seconds=30)
    assert settle(database, first, state="waiting", due_at=later, outcome="Unavailable")
    assert claim(database, seconds=29) == []
    (again,) = claim(database, seconds=30)
    assert (names([again]), again["attempts"], again["outcome"]) == ([(1, 1)], 2, "Unavailable")
    assert again["settled_at"] is None


def test_a_parked_message_holds_its_lane_unless_it_is_skipped(database: Database) -> None:
    enqueue(database, a_message(1, 1), a_message(1, 2), a_message(2, 1))
    first, _other = claim(database)
    assert settle(database, first, state="parked", outcome="Refused", outcome_code="C1", outcome_text="no")
    assert claim(database) == []
    assert names(claim(database, hold_parked=False)) == [(1, 2)]
    parked = read(database, first)
    assert (parked["state"], parked["outcome_code"], parked["outcome_text"]) == ("parked", "C1", "no")
    assert parked["settled_at"] == NOW


def test_a_retried_message_waits_for_the_later_one_that_is_being_sent(database: Database) -> None:
    enqueue(database, a_message(1, 1), a_message(1, 2))
    (first,) = claim(database)
    settle(database, first, state="parked")
    (second,) = claim(database, hold_parked=False)
    with database.write() as tx:
        assert outbox.retry(tx, first["id"], NOW)
    assert claim(database, hold_parked=False) == []
    settle(database, second)
    assert names(claim(database, hold_parked=False)) == [(1, 1)]


# ------------------------------------------------------------------------------------------------------- leases


def test_an_expired_lease_goes_to_another_and_the_first_worker_settles_nothing(database: Database) -> None:
    enqueue(database, a_message(1, 1), a_message(1, 2))
    (lost,) = claim(database, "w1")
    assert claim(database, "w2", seconds=59.999) == []
    (taken,) = claim(database, "w2", seconds=60)
    assert (taken["id"], taken["claimed_by"], taken["attempts"]) == (lost["id"], "w2", 2)
    assert settle(database, lost, "w1", state="parked", outcome="Late") is False
    row = read(database, lost)
    assert (row["state"], row["claimed_by"], row["outcome"]) == ("claimed", "w2", None)
    assert settle(database, taken, "w2") is True
    assert settle(database, taken, "w2") is False
    assert read(database, lost)["state"] == "delivered"


def test_a_lease_that_ran_out_unnoticed_still_settles(database: Database) -> None:
    enqueue(database, a_message(1))
    (message,) = claim(database)
    assert settle(database, message, now=NOW + 2 * LEASE) is True


def test_settling_ends_the_claim(database: Database) -> None:
    enqueue(database, a_message(1))
    (message,) = claim(database)
    settle(database, message)
    row = read(database, message)
    assert (row["claimed_by"], row["lease_until"], row["due_at"]) == (None, None, NOW)


# -------------------------------------------------------------------------------------------------------- races


class Relays:
    """Workers that race for messages, and what they have under way at each moment.

    Some messages are given back at once, some are forgotten: those stay under way until their lease runs out.
    """

    def __init__(self, database: Database, *, hold_parked: bool) -> None:
        self.database = database
        self.hold_parked = hold_parked
        self.guard = threading.Lock()
        self.under_way: dict[str, str] = {}  # lane -> who sends one of its messages
        self.delivered: dict[str, list[int]] = defaultdict(list)
        self.forgotten: list[Row] = []
        self.claims = 0
        self.troubles: list[str] = []

    def work(self, worker: str, seconds: float) -> None:
        """Claim and send until nothing is to be had."""
        idle = 0
        while idle < 3:
            messages = claim(self.database, worker, seconds=seconds, limit=5, hold_parked=self.hold_parked)
            idle = 0 if messages else idle + 1
            for message in messages:
                self.begin(worker, message)
            for message in messages:
                self.end(worker, message)

    def begin(self, worker: str, message: Row) -> None:
        lane = message["lane"]
        with self.guard:
            self.claims += 1
            if lane in self.under_way:
                self.troubles.append(f"{worker} got {lane} beside {self.under_way[lane]}")
            self.under_way[lane] = worker

    def end(self, worker: str, message: Row) -> None:
        lane, sequence = message["lane"], message["sequence"]
        fate = (int(lane) + 3 * sequence + message["attempts"]) % 7
        if fate == 0:
            self.forgotten.append(message)
            return
        with self.guard:
            # The lane is free from the settling on, so it leaves this book before.
            del self.under_way[lane]
            if fate > 1:
                self.delivered[lane].append(sequence)
        if not settle(self.database, message, worker, "waiting" if fate == 1 else "delivered"):
            self.troubles.append(f"{worker} lost {lane}/{sequence}")

    def let_leases_run_out(self) -> None:
        for message in self.forgotten:
            del self.under_way[message["lane"]]
        self.forgotten.clear()


@pytest.mark.parametrize("hold_parked", [True, False])
def test_racing_workers_never_hold_one_message_twice_nor_two_of_a_lane(database: Database, hold_parked: bool) -> None:
    lanes, per_lane, workers = 50, 4, 8
    enqueue(database, *(a_message(lane, n) for n in range(1, per_lane + 1) for lane in range(lanes)))
    relays = Relays(database, hold_parked=hold_parked)
    seconds = 0
    with ThreadPoolExecutor(workers) as pool:
        while sum(map(len, relays.delivered.values())) < lanes * per_lane and seconds < 61 * 20:
            for done in [pool.submit(relays.work, f"w{n}", seconds) for n in range(workers)]:
                done.result(timeout=30)
            relays.let_leases_run_out()
            seconds += 61
    assert relays.troubles == []
    assert dict(relays.delivered) == {f"{lane:010}": [1, 2, 3, 4] for lane in range(lanes)}
    with database.read() as tx:
        assert outbox.counts(tx)["delivered"] == lanes * per_lane
        listed = outbox.listed(tx, state=None, limit=500, after=None)
    assert sum(row["attempts"] for row in listed) == relays.claims > lanes * per_lane


def test_a_retry_that_races_claims_never_puts_two_of_a_lane_under_way(database: Database) -> None:
    lanes = 12
    enqueue(database, *(a_message(lane, n) for lane in range(lanes) for n in (1, 2)))
    first = claim(database)
    for message in first:
        settle(database, message, state="parked")
    start = threading.Barrier(3)

    def retry() -> None:
        start.wait(10)
        for message in first:
            with database.write() as tx:
                outbox.retry(tx, message["id"], NOW)

    def work(worker: str) -> list[Row]:
        start.wait(10)
        return [row for _ in range(lanes) for row in claim(database, worker, limit=2, hold_parked=False)]

    with ThreadPoolExecutor(3) as pool:
        retried = pool.submit(retry)
        claimed = [row for done in [pool.submit(work, w) for w in ("a", "b")] for row in done.result(30)]
        retried.result(30)
    assert len({row["lane"] for row in claimed}) == len(claimed)


def test_a_claim_does_not_wait_for_rows_that_another_claim_is_taking(postgresql: Database) -> None:
    enqueue(postgresql, *(a_message(lane) for lane in range(4)))
    with postgresql.write() as tx:
        first = outbox.claim(tx, worker="w1", now=NOW, lease=LEASE, limit=2)
        assert names(claim(postgresql, "w2", limit=2)) == [(2, 1), (3, 1)]
    assert names(first) == [(0, 1), (1, 1)]


# ------------------------------------------------------------------------------------------------- the operator


def test_messages_are_listed_by_state_and_page_without_their_payload(database: Database) -> None:
    enqueue(database, *(a_message(lane) for lane in range(5)))
    settle(database, claim(database, limit=1)[0], state="parked")
    with database.read() as tx:
        page = outbox.listed(tx, state="waiting", limit=3, after=None)
        rest = outbox.listed(tx, state="waiting", limit=3, after=page[-1]["id"])
        assert names(page + rest) == [(1, 1), (2, 1), (3, 1), (4, 1)]
        assert names(outbox.listed(tx, state=None, limit=9, after=None)) == [(n, 1) for n in range(5)]
        assert "payload" not in page[0]
        assert outbox.one(tx, 999) is None
        assert outbox.counts(tx) == {"waiting": 4, "claimed": 0, "delivered": 0, "parked": 1, "cancelled": 0}


def test_an_operator_retries_what_is_parked_and_nothing_else(database: Database) -> None:
    enqueue(database, a_message(1), a_message(2))
    parked, sent = claim(database)
    settle(database, parked, state="parked")
    with database.write() as tx:
        assert outbox.retry(tx, parked["id"], NOW) is True
        assert outbox.retry(tx, parked["id"], NOW) is False
        assert outbox.retry(tx, sent["id"], NOW) is False
    row = read(database, parked)
    assert (row["state"], row["attempts"], row["settled_at"]) == ("waiting", 0, None)


def test_an_operator_cancels_what_waits_or_is_parked_and_frees_the_lane(database: Database) -> None:
    enqueue(database, *(a_message(1, n) for n in (1, 2, 3)))
    (first,) = claim(database)
    with database.write() as tx:
        assert outbox.cancel(tx, first["id"], NOW) is False
    settle(database, first, state="parked")
    with database.write() as tx:
        assert outbox.cancel(tx, first["id"], NOW) is True
        assert outbox.cancel(tx, first["id"], NOW) is False
    (second,) = claim(database)
    assert second["sequence"] == 2
    with database.write() as tx:
        assert outbox.cancel_waiting(tx, ["0000000001"], NOW) == ["0000000001"]
        assert outbox.cancel_waiting(tx, ["0000000001"], NOW) == []
        assert outbox.counts(tx)["cancelled"] == 2
        assert outbox.counts(tx)["claimed"] == 1


def test_the_forwarding_state_of_a_lead_is_that_of_its_latest_message(database: Database) -> None:
    enqueue(database, a_message(1, 1), a_message(1, 2), a_message(2, 1))
    settle(database, claim(database)[0])
    with database.read() as tx:
        states = outbox.forwarding_states(tx, ["0000000001", "0000000002", "0000000003"])
        assert states == {"0000000001": "waiting", "0000000002": "claimed"}
        assert outbox.forwarding_states(tx, []) == {}


def test_a_sequence_is_used_once_in_a_lane(database: Database) -> None:
    enqueue(database, a_message(1, 1))
    with pytest.raises(IntegrityError):
        enqueue(database, a_message(1, 1))
    with database.read() as tx:
        ids = [row["id"] for row in outbox.listed(tx, state=None, limit=9, after=None)]
    assert all(first < second for first, second in pairwise(ids))
