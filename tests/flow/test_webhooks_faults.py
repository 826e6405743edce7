"""Receivers that fail: what follows, what is not called at all, and what is never written down."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from structlog.testing import capture_logs

from leadbridge.secretbox import SecretBox, new_key
from leadbridge.settings import SettingsError
from leadbridge.store.database import Database
from leadbridge.webhooks.addresses import AddressPolicy, UrlNotAllowed
from leadbridge.webhooks.managing import list_webhooks, resume_webhook
from leadbridge.webhooks.sending import LARGEST_BODY, Sender, batch_of
from tests.support.certificates import identity
from tests.support.forwarding import Clock
from tests.support.receiver import Answer, Handler, Receiver, drip, receiving, redirect, silence
from tests.support.webhooks import POLICY, a_pusher, callers_with_leads, happen, hook, row_of


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def site(sqlite: Database) -> Database:
    callers_with_leads(sqlite)
    return sqlite


def hang_up(handler: Handler) -> None:
    handler.close_connection = True


def test_a_receiver_that_fails_is_told_the_same_again_each_time_later_and_then_parked(
    database: Database, receiver: Receiver
) -> None:
    callers_with_leads(database)
    fails_until_parked(database, receiver, 500, "refused", "500")


@pytest.mark.parametrize(
    ("answer", "outcome", "code"),
    [
        (404, "refused", "404"),
        (redirect, "refused", "307"),
        (drip, "unclear", None),
        (silence, "unclear", None),
        (hang_up, "unclear", None),
    ],
)
def test_so_is_one_that_fails_in_another_way(
    site: Database, receiver: Receiver, answer: Answer, outcome: str, code: str | None
) -> None:
    fails_until_parked(site, receiver, answer, outcome, code)


def fails_until_parked(database: Database, receiver: Receiver, answer: Answer, outcome: str, code: str | None) -> None:
    added, clock = hook(database, receiver.url), Clock()
    happen(database, 1, 2)
    receiver.usual = answer
    in_vain = answer in (drip, silence)
    pusher = a_pusher(database, clock, timeout=0.15 if in_vain else 10)
    for attempt, delay in enumerate((2, 4, 5), start=1):
        started = time.monotonic()
        assert pusher.run_once() == 1
        assert not in_vain or time.monotonic() - started < 0.7  # one deadline, however it drips
        row = row_of(database, added)
        said = {name: row[name] for name in ("state", "outcome", "outcome_code", "attempts", "position")}
        assert said == {"state": "active", "outcome": outcome, "outcome_code": code, "attempts": attempt, "position": 0}
        assert row["due_at"] == clock() + timedelta(seconds=delay)
        assert list_webhooks(database)[0].next_try == row["due_at"]
        clock.advance(delay - 0.001)
        assert pusher.run_once() == 0
        clock.advance(0.001)
    assert pusher.run_once() == 1
    assert row_of(database, added)["state"] == "parked"
    clock.advance(100_000)
    happen(database, 3)
    assert pusher.run_once() == 0
    assert len(receiver.requests) == POLICY.most_attempts
    assert len({request.body for request in receiver.requests}) == 1
    # Resumed, it goes on where it stood: nothing is missing.
    receiver.usual, receiver.requests = 200, []
    assert resume_webhook(database, webhook_id=added.webhook_id, now=clock())
    assert not resume_webhook(database, webhook_id=added.webhook_id, now=clock())
    assert a_pusher(database, clock).run_once() == 1
    assert [one["subject"][-1] for one in receiver.events] == ["1", "2", "3"]
    assert (row_of(database, added)["state"], row_of(database, added)["attempts"]) == ("active", 0)


def test_a_failure_after_some_batches_keeps_what_was_confirmed(site: Database, receiver: Receiver) -> None:
    added = hook(site, receiver.url)
    happen(site, 1, 2, 3, 1, 2, 3, 1)
    receiver.script = [200, 503]
    clock = Clock()
    a_pusher(site, clock).run_once()
    row = row_of(site, added)
    assert (row["position"], row["attempts"], row["outcome_code"]) == (3, 1, "503")
    clock.advance(2)
    a_pusher(site, clock).run_once()
    assert [len(request.events) for request in receiver.requests] == [3, 3, 3, 1]
    assert row_of(site, added)["attempts"] == 0


def hints_first(handler: Handler) -> None:
    for status in (b"100 Continue", b"103 Early Hints", b"102 Processing", b"199 Nobody Knows"):
        handler.wfile.write(b"HTTP/1.1 " + status + b"\r\nLink: </style.css>\r\nContent-Length: 7\r\n\r\n")
    handler.answer(204)


def test_answers_before_the_final_one_are_passed_over(site: Database, receiver: Receiver) -> None:
    added = hook(site, receiver.url)
    happen(site, 1)
    receiver.script = [hints_first]
    a_pusher(site).run_once()
    row = row_of(site, added)
    assert (row["outcome"], row["position"]) == ("delivered", 1)


def only_hints(handler: Handler) -> None:
    try:
        while True:
            handler.wfile.write(b"HTTP/1.1 103 Early Hints\r\n\r\n")
            time.sleep(0.01)
    except OSError:
        handler.close_connection = True


def test_one_that_never_comes_to_it_has_the_deadline_of_any_other(site: Database, receiver: Receiver) -> None:
    added = hook(site, receiver.url)
    happen(site, 1)
    receiver.script = [only_hints, lambda handler: handler.answer(101)]
    clock = Clock()
    pusher = a_pusher(site, clock, timeout=0.15)
    for outcome in ("unclear", "refused"):  # nobody asked for another protocol: 101 is final
        pusher.run_once()
        assert (row_of(site, added)["outcome"], row_of(site, added)["position"]) == (outcome, 0)
        clock.advance(60)


def test_gone_parks_at_once(site: Database, receiver: Receiver) -> None:
    added = hook(site, receiver.url)
    happen(site, 1)
    receiver.script = [410]
    with capture_logs() as logged:
        a_pusher(site).run_once()
    row = row_of(site, added)
    assert (row["state"], row["outcome"], row["attempts"]) == ("parked", "gone", 1)
    assert [(one["event"], one["log_level"]) for one in logged] == [("webhook parked", "error")]


def test_nobody_there_is_unavailable_and_one_receiver_holds_up_no_other(site: Database, receiver: Receiver) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        dead = hook(site, f"http://127.0.0.1:{closed.getsockname()[1]}/")
        nowhere = hook(site, "https://nowhere.invalid/")
        hook(site, receiver.url)
        happen(site, 1)
        a_pusher(site).run_once()
    assert row_of(site, dead)["outcome"] == row_of(site, nowhere)["outcome"] == "unavailable"
    assert len(receiver.events) == 1


def test_a_large_event_goes_alone(site: Database, receiver: Receiver) -> None:
    events = [{"id": str(number), "data": "x" * (LARGEST_BODY // 2 - 100)} for number in range(3)]
    assert batch_of(events)[1] == 2
    body, count = batch_of([{"data": "x" * LARGEST_BODY}, *events])
    assert (count, len(body) > LARGEST_BODY) == (1, True)
    # And a body as large as that arrives whole.
    sender = Sender(AddressPolicy(allow_loopback=True), timeout=10)
    assert sender.send(receiver.url, body, message_id="msg_1", signed_with=["whsec_" + "A" * 32]).code == "204"
    assert receiver.requests[0].body == body


def test_a_receiver_that_does_not_read_does_not_hold_us_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}/"
        sender = Sender(AddressPolicy(allow_loopback=True), timeout=0.3)
        started = time.monotonic()
        outcome = sender.send(url, b"x" * 20_000_000, message_id="msg_1", signed_with=["whsec_" + "A" * 32]).outcome
        assert (outcome, time.monotonic() - started < 1) == ("unclear", True)


def test_a_secret_that_cannot_be_opened_is_said_and_nothing_is_sent(site: Database, receiver: Receiver) -> None:
    added = hook(site, receiver.url)
    happen(site, 1)
    pusher = a_pusher(site)
    pusher._open_box = lambda: SecretBox([new_key()])
    pusher.run_once()
    assert (receiver.requests, row_of(site, added)["outcome"]) == ([], "secret")


def test_the_unforeseen_is_tried_again_and_has_its_place_in_the_log(site: Database, receiver: Receiver) -> None:
    added = hook(site, receiver.url)
    happen(site, 1)
    pusher = a_pusher(site)

    def broken() -> SecretBox:
        raise RuntimeError

    pusher._open_box = broken
    with capture_logs() as logged:
        pusher.run_once()
    row = row_of(site, added)
    assert (row["state"], row["outcome"]) == ("active", "defect")
    assert row["outcome_code"] == next(one["correlation_id"] for one in logged if "correlation_id" in one)


# ------------------------------------------------------------------------------------------------------------- TLS


def test_a_receiver_inside_with_an_authority_of_its_own(site: Database, tmp_path: Path) -> None:
    made = identity("receiver", kind="p256", address="127.0.0.1")
    inside = AddressPolicy(allowed_networks=[ip_network("127.0.0.0/8")])
    with receiving(made, tmp_path) as receiver:
        added = hook(site, receiver.url)
        happen(site, 1)
        clock = Clock()
        a_pusher(site, clock, addresses=inside).run_once()
        assert (row_of(site, added)["outcome"], receiver.requests) == ("certificate", [])
        clock.advance(2)
        a_pusher(site, clock, addresses=inside, ca_file=str(tmp_path / "receiver.pem")).run_once()
        assert row_of(site, added)["outcome"] == "delivered"
        # The certificate is for another host than the URL names.
        happen(site, 1)
        other = hook(site, receiver.url.replace("127.0.0.1", "localhost"))
        a_pusher(site, clock, addresses=inside, ca_file=str(tmp_path / "receiver.pem")).run_once()
        assert row_of(site, other)["outcome"] in ("certificate", "address")  # the latter where it is ::1 as well
    with pytest.raises(SettingsError, match=r"webhooks\.ca_file"):
        Sender(inside, timeout=1, ca_file=str(tmp_path / "none.pem"))


# ------------------------------------------------------------------------------------------------------- addresses


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """What a name stands for, as an attacker's own server would say it."""
    real = socket.getaddrinfo

    def stand_for(**addresses: str) -> None:
        def resolve(host: str, port: int, **options: object) -> object:
            return real(addresses.get(host.partition(".")[0], host), port, **options)  # type: ignore[arg-type]  # as given

        monkeypatch.setattr(socket, "getaddrinfo", resolve)

    return stand_for


def test_a_name_is_looked_at_each_time_and_the_address_that_was_looked_at_is_called(
    site: Database, receiver: Receiver, names: Callable[..., None]
) -> None:
    port = urlsplit(receiver.url).port
    names(evil="93.184.215.14")
    public = AddressPolicy()
    public.check(f"https://evil.example:{port}/")
    added = hook(site, f"https://evil.example:{port}/")
    names(evil="127.0.0.1")
    with pytest.raises(UrlNotAllowed, match="not public"):
        public.check(f"https://evil.example:{port}/")
    happen(site, 1)
    a_pusher(site, addresses=public).run_once()
    row = row_of(site, added)
    assert (row["outcome"], row["state"], receiver.requests) == ("address", "active", [])
    # Without TLS no other machine is called, whatever the settings allow.
    names(evil="10.0.0.1")
    everywhere = AddressPolicy(allowed_networks=[ip_network("0.0.0.0/0")], allow_loopback=True)
    with pytest.raises(UrlNotAllowed):
        everywhere.check("http://evil.example/")
    everywhere.check("https://evil.example/")


def test_neither_secret_nor_url_nor_event_is_logged(site: Database, receiver: Receiver) -> None:
    added = hook(site, f"{receiver.url}?token=MARKED")
    happen(site, 1)
    receiver.script = [500]
    clock = Clock()
    with capture_logs() as logged:
        for _ in range(2):
            a_pusher(site, clock).run_once()
            clock.advance(10)
    said = repr(logged)
    assert [one["event"] for one in logged] == ["webhook not delivered", "webhook delivered"]
    for unsaid in (added.secret, added.secret.removeprefix("whsec_"), "MARKED", "127.0.0.1", "0000000001"):
        assert unsaid not in said
    assert {one["webhook_id"] for one in logged} == {added.webhook_id}
