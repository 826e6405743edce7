"""Webhooks take turns: no slow receiver, and none that is told nothing, keeps the others waiting."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from leadbridge.store.database import Database
from leadbridge.webhooks.pusher import Pusher
from tests.support.forwarding import Clock
from tests.support.receiver import Answer, Handler, Receiver, receiving
from tests.support.webhooks import POLICY, a_pusher, callers_with_leads, happen, hook, row_of

BACKLOG = 12  # four batches


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def site(database: Database) -> Database:
    callers_with_leads(database)
    happen(database, *[1] * BACKLOG)
    return database


def one_thread(database: Database, clock: Clock) -> Pusher:
    return a_pusher(database, clock, policy=replace(POLICY, receivers=1))


def slow(clock: Clock, seconds: float) -> Answer:
    def answer(handler: Handler) -> None:
        clock.advance(seconds)
        handler.answer(204)

    return answer


@pytest.mark.parametrize(("seconds", "batches"), [(14, 1), (5, 1), (4.999, 2), (2.5, 2), (1.6, 4)])
def test_a_slow_receiver_lets_others_have_their_turn(
    site: Database, receiver: Receiver, seconds: float, batches: int
) -> None:
    clock = Clock()
    receiver.usual = slow(clock, seconds)
    slow_hook = hook(site, receiver.url)
    clock.advance(0.001)
    with receiving() as other:
        hook(site, other.url, now=clock())
        pusher = one_thread(site, clock)
        assert pusher.run_once() == 1
        assert (len(receiver.requests), len(other.requests)) == (batches, 0)
        assert row_of(site, slow_hook)["position"] == 3 * batches
        assert pusher.run_once() == 1
        assert (len(receiver.requests), len(other.events)) == (batches, BACKLOG)
        while pusher.run_once():  # and by turns everything is told
            pass
        assert [event["sequence"] for event in receiver.events] == [event["sequence"] for event in other.events]


def test_where_nobody_waits_it_goes_on(site: Database, receiver: Receiver) -> None:
    clock = Clock()
    receiver.usual = slow(clock, 14)
    added = hook(site, receiver.url)
    one_thread(site, clock).run_once()
    assert (len(receiver.events), row_of(site, added)["claimed_by"]) == (BACKLOG, None)


def test_one_that_is_told_nothing_does_not_come_first_each_time(site: Database, receiver: Receiver) -> None:
    clock = Clock()
    hook(site, f"{receiver.url}?none", types=["org.bian.CustomerOffer"])
    clock.advance(1)
    hook(site, receiver.url, now=clock())
    pusher = one_thread(site, clock)
    for _ in range(2):
        clock.advance(1)
        happen(site, 2)  # there is something to look through each time
        assert pusher.run_once() == 1
    assert len(receiver.events) == BACKLOG + 2
    assert {request.path for request in receiver.requests} == {"/hooks"}
