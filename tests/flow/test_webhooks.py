"""Webhooks: events pushed in order, at least once, signed, and to each caller only what it may see."""

from __future__ import annotations

import base64
import hashlib
import hmac
import multiprocessing
import os
import re
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from leadbridge.authentication.callers import disable_caller
from leadbridge.store.database import Database
from leadbridge.webhooks.managing import list_webhooks, remove_webhook, rotate_secret
from leadbridge.webhooks.outcomes import WebhookPolicy
from leadbridge.webhooks.signing import new_secret
from tests.store.rows import a_lead, store_leads
from tests.support.calls import SECONDS, until
from tests.support.forwarding import START, Clock
from tests.support.receiver import Handler, Receiver, receiving
from tests.support.webhooks import (
    KEY,
    LEAD,
    POLICY,
    a_pusher,
    box,
    callers_with_leads,
    happen,
    hook,
    push_for_ever,
    row_of,
)

README = Path(__file__).resolve().parents[2] / "src" / "leadbridge" / "rest" / "README.md"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def site(database: Database) -> Database:
    callers_with_leads(database)
    return database


def subjects(receiver: Receiver) -> list[int]:
    return [int(one["subject"]) for one in receiver.events]


def test_events_come_in_their_order_in_batches_and_then_no_more(site: Database, receiver: Receiver) -> None:
    added = hook(site, receiver.url)
    pusher = a_pusher(site)
    assert pusher.run_once() == 0
    order = [1, 2, 3, 1, 1, 2, 3]
    happen(site, *order)
    assert list_webhooks(site)[0].behind == 7
    assert pusher.run_once() == 1
    assert [len(request.events) for request in receiver.requests] == [3, 3, 1]
    assert subjects(receiver) == order
    numbers = [one["sequence"] for one in receiver.events]
    assert numbers == sorted(numbers)
    request = receiver.requests[0]
    assert request.headers["content-type"] == "application/cloudevents-batch+json"
    assert (request.events[0]["type"], request.events[0]["specversion"]) == (f"{LEAD}.Updated", "1.0")
    row = row_of(site, added)
    assert (row["position"], row["outcome"], row["attempts"], row["claimed_by"]) == (7, "delivered", 0, None)
    assert row["delivered_at"] == START
    assert pusher.run_once() == 0
    happen(site, 2)
    assert pusher.run_once() == 1
    assert subjects(receiver) == [*order, 2]
    assert len(receiver.requests) == 4
    assert list_webhooks(site)[0].behind == 0


def test_a_partner_is_told_of_its_own_leads_alone(site: Database, receiver: Receiver) -> None:
    hook(site, f"{receiver.url}?of=acme", "acme")
    hook(site, f"{receiver.url}?of=beta", "beta")
    with receiving() as other:
        desk = hook(site, other.url, types=[f"{LEAD}.Cre", "org.bian.CustomerOffer"])
        happen(site, 1, 3, 2)
        happen(site, 3, event="created")
        assert a_pusher(site).run_once() == 3
        told = {request.path: [one["subject"] for one in request.events] for request in receiver.requests}
        assert told == {"/hooks?of=acme": ["0000000001", "0000000002"], "/hooks?of=beta": ["0000000003"] * 2}
        # Types are chosen by their beginnings; what was left out is behind it, too.
        assert [one["type"] for one in other.events] == [f"{LEAD}.Created"]
        assert row_of(site, desk)["position"] == 4
    assert [one.behind for one in list_webhooks(site)] == [0, 0, 0]


def test_of_test_data_nothing_is_told(site: Database, receiver: Receiver) -> None:
    store_leads(site, a_lead(4, created_by="acme", test_data=True))
    added = hook(site, receiver.url)
    happen(site, 4, 1, 4)
    a_pusher(site).run_once()
    assert (subjects(receiver), row_of(site, added)["position"]) == ([1], 3)


def test_without_a_place_to_begin_at_only_what_comes_from_now_on_is_told(site: Database, receiver: Receiver) -> None:
    happen(site, 1, 2)
    hook(site, receiver.url, after=None)
    assert a_pusher(site).run_once() == 0
    happen(site, 3)
    a_pusher(site).run_once()
    assert subjects(receiver) == [3]


def test_a_new_webhook_waits_for_changes_that_are_being_written(postgresql: Database, receiver: Receiver) -> None:
    """Else one that is committed after it was added, with an earlier number, would never be told."""
    callers_with_leads(postgresql)
    with ThreadPoolExecutor(1) as adding:
        with postgresql.write() as early:
            early.connection.exec_driver_sql("SELECT nextval('journal_id_seq')")
            early.connection.exec_driver_sql("LOCK TABLE journal IN ROW EXCLUSIVE MODE")
            happen(postgresql, 1)
            added = adding.submit(hook, postgresql, receiver.url, after=None)
            with pytest.raises(TimeoutError):
                added.result(0.3)
        assert row_of(postgresql, added.result(SECONDS))["position"] == 2


def test_every_request_is_signed_and_known_by_its_id(site: Database, receiver: Receiver) -> None:
    added = hook(site, receiver.url)
    happen(site, 1)
    receiver.script = [500]
    clock = Clock()
    pusher = a_pusher(site, clock)
    pusher.run_once()
    clock.advance(2)
    pusher.run_once()
    first, again = receiver.requests
    # Standard Webhooks: HMAC-SHA256 with the key in the secret, over id, timestamp and body.
    key = base64.b64decode(added.secret.removeprefix("whsec_"))
    assert len(key) == 32
    signed = b".".join([first.headers["webhook-id"].encode(), str(int(START.timestamp())).encode(), first.body])
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert first.headers["webhook-timestamp"] == str(int(START.timestamp()))
    assert first.headers["webhook-signature"] == f"v1,{expected}"
    # The same events come again with the same id, at another time, with another signature.
    assert (again.body, again.headers["webhook-id"]) == (first.body, first.headers["webhook-id"])
    assert int(again.headers["webhook-timestamp"]) == int(START.timestamp()) + 2
    assert again.signed_with(added.secret) == [True]
    assert again.headers["webhook-signature"] != first.headers["webhook-signature"]


def test_the_receiver_in_readme_verifies_it(sqlite: Database, receiver: Receiver) -> None:
    callers_with_leads(sqlite)
    added, now = hook(sqlite, receiver.url), datetime.now(UTC)
    happen(sqlite, 1, 2)
    a_pusher(sqlite, lambda: now).run_once()
    (request,) = receiver.requests
    (code,) = re.findall(r"```python\n(import base64, .*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    verify = names["verify"]
    verify(added.secret, request.headers, request.body)
    old = {**request.headers, "webhook-timestamp": str(int(now.timestamp()) - 1)}
    other = {**request.headers, "webhook-id": "msg_1"}
    for headers, body in ((request.headers, request.body + b" "), (old, request.body), (other, request.body)):
        with pytest.raises(ValueError, match="not signed"):
            verify(added.secret, headers, body)
    with pytest.raises(ValueError, match="not signed"):
        verify(new_secret(), request.headers, request.body)
    happen(sqlite, 3)
    a_pusher(sqlite, lambda: now - timedelta(seconds=310)).run_once()
    with pytest.raises(ValueError, match="too old"):
        verify(added.secret, receiver.requests[-1].headers, receiver.requests[-1].body)


def test_while_a_secret_is_changed_both_sign(site: Database, receiver: Receiver) -> None:
    added, clock = hook(site, receiver.url), Clock()
    pusher = a_pusher(site, clock)
    clock.advance(1)
    new = rotate_secret(site, box(), webhook_id=added.webhook_id, now=clock(), overlap=timedelta(hours=1))
    for seconds, expected in ((0, [False, True]), (3599, [False, True]), (1, [False])):
        clock.advance(seconds)
        happen(site, 1)
        pusher.run_once()
        assert receiver.requests[-1].signed_with(added.secret) == expected
        assert receiver.requests[-1].signed_with(new)[0]
    newest = rotate_secret(site, box(), webhook_id=added.webhook_id, now=clock(), overlap=timedelta(0))
    happen(site, 1)
    pusher.run_once()
    assert receiver.requests[-1].signed_with(newest) == [True]


def test_webhooks_with_much_to_tell_take_turns(site: Database, receiver: Receiver) -> None:
    for number in range(3):
        hook(site, f"{receiver.url}?{number}")
    happen(site, *[1] * 4)
    clock = Clock()
    with patch("leadbridge.webhooks.pusher._BATCHES", 1):
        one_at_a_time = a_pusher(site, clock, policy=replace(POLICY, receivers=1, batch=2))
        for _ in range(6):
            clock.advance(1)
            one_at_a_time.run_once()
    paths = [request.path for request in receiver.requests]
    assert len(paths) == 6
    assert set(paths[:3]) == set(paths[3:])
    assert len(set(paths[:3])) == 3


def test_a_disabled_caller_is_told_nothing_more(site: Database, receiver: Receiver) -> None:
    added = hook(site, receiver.url)
    disable_caller(site, caller_id="desk", now=START)
    happen(site, 1)
    a_pusher(site).run_once()
    assert receiver.requests == []
    row = row_of(site, added)
    assert (row["state"], row["outcome"], row["position"]) == ("parked", "caller", 0)


def test_one_pusher_at_a_time_pushes_a_webhook(site: Database, database_url: str, receiver: Receiver) -> None:
    """Four of them, with connections of their own, and events that come meanwhile: each is told once, in order."""
    hook(site, receiver.url)

    def take_a_while(handler: Handler) -> None:
        time.sleep(0.005)
        handler.answer(200)

    receiver.usual = take_a_while
    stop, count = threading.Event(), 60
    databases = [Database(database_url) for _ in range(4)]
    pushers = [
        a_pusher(
            one,
            lambda: datetime.now(UTC),
            worker=str(number),
            policy=WebhookPolicy(batch=3, poll=timedelta(milliseconds=5)),
        )
        for number, one in enumerate(databases)
    ]
    threads = [threading.Thread(target=pusher.run, args=(stop,)) for pusher in pushers]
    for thread in threads:
        thread.start()
    for number in range(count):
        happen(site, number % 3 + 1)
    try:
        until(lambda: len(receiver.events) >= count, what="all events to be told")
    finally:
        stop.set()
        for thread in threads:
            thread.join(SECONDS)
        for one in databases:
            one.dispose()
    assert subjects(receiver) == [number % 3 + 1 for number in range(count)]
    assert receiver.most_under_way == 1


def test_who_is_killed_before_the_position_was_moved_has_it_told_again(
    site: Database, database_url: str, receiver: Receiver
) -> None:
    added = hook(site, receiver.url)
    happen(site, 1, 2, 3, 1, 2)
    spawned = multiprocessing.get_context("spawn").Process(target=push_for_ever, args=(database_url, KEY, 1.0))

    def kill(handler: Handler) -> None:
        assert spawned.pid is not None
        os.kill(spawned.pid, signal.SIGKILL)
        spawned.join(SECONDS)
        handler.close_connection = True

    receiver.script = [204, kill]  # the second batch has come, and nobody hears that it was confirmed
    spawned.start()
    try:
        until(lambda: not spawned.is_alive(), what="the pusher to be killed")
    finally:
        spawned.kill()
        spawned.join(SECONDS)
    assert subjects(receiver) == [1, 2, 3, 1, 2]
    row = row_of(site, added)
    assert (row["position"], row["attempts"]) == (3, 0)
    clock = Clock()
    clock.now = row["lease_until"] - timedelta(microseconds=1)
    assert a_pusher(site, clock).run_once() == 0
    clock.now = row["lease_until"]
    assert a_pusher(site, clock).run_once() == 1
    assert subjects(receiver) == [1, 2, 3, 1, 2, 1, 2]
    assert row_of(site, added)["position"] == 5


def test_a_lost_lease_moves_nothing(site: Database, receiver: Receiver) -> None:
    """A pusher that was too slow, and the webhook was taken over: what the other one has written stands."""
    added, clock = hook(site, receiver.url), Clock()
    happen(site, 1, 2, 3, 1)
    late: list[int] = []

    def take_over(handler: Handler) -> None:
        late.append(a_pusher(site, lambda: clock.now + timedelta(seconds=61), worker="two").run_once())
        handler.answer(500)

    receiver.script = [take_over]
    a_pusher(site, clock).run_once()
    assert late == [1]
    row = row_of(site, added)
    assert (row["position"], row["outcome"], row["attempts"]) == (4, "delivered", 0)
    assert subjects(receiver) == [1, 2, 3, 1, 2, 3, 1]


def test_a_removed_webhook_is_told_nothing(site: Database, receiver: Receiver) -> None:
    added = hook(site, receiver.url)
    happen(site, *[1] * 9)

    def remove(handler: Handler) -> None:
        remove_webhook(site, webhook_id=added.webhook_id)
        handler.answer(200)

    receiver.script = [remove]
    a_pusher(site).run_once()
    assert len(receiver.requests) == 1
    assert list_webhooks(site) == []
