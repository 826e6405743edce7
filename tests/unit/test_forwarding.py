"""What follows from each outcome, when calls pause, and what is kept of other systems' text."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from leadbridge.forwarding import (
    STATE_MEANINGS,
    Breaker,
    Defect,
    Delivered,
    ForwardingPolicy,
    MessageState,
    Misconfigured,
    Outcome,
    OutcomeName,
    Refused,
    Unavailable,
    Unclear,
    decide,
    printable,
)
from leadbridge.forwarding.settling import reason_code

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
POLICY = ForwardingPolicy(
    first_delay=timedelta(seconds=2),
    longest_delay=timedelta(seconds=60),
    most_attempts=8,
    breaker_failures=3,
    breaker_pause=timedelta(seconds=10),
)

DELIVERED = Delivered(record_type="LEAD", record_id="0000000007", status_name="New Lead", replayed=False)


@pytest.mark.parametrize(
    ("outcome", "attempts", "state", "wait", "name", "code", "text"),
    [
        (DELIVERED, 1, "delivered", 0, "delivered", None, None),
        (replace(DELIVERED, replayed=True), 3, "delivered", 0, "delivered", None, None),
        (
            Refused("CRM.RECORD_FINAL", "closed", declined=False),
            1,
            "parked",
            0,
            "refused",
            "CRM.RECORD_FINAL",
            "closed",
        ),
        (
            Refused("CRM.DECLINED.007", None, declined=True),
            1,
            "parked",
            0,
            "refused",
            "CRM.DECLINED.007",
            None,
        ),
        (Unavailable("Busy"), 1, "waiting", 2, "unavailable", None, "Busy"),
        (Unavailable("Busy"), 2, "waiting", 4, "unavailable", None, "Busy"),
        (Unavailable("Busy"), 5, "waiting", 32, "unavailable", None, "Busy"),
        (Unavailable("Busy"), 6, "waiting", 60, "unavailable", None, "Busy"),
        (Unavailable("Busy"), 7, "waiting", 60, "unavailable", None, "Busy"),
        (Unavailable("Busy"), 8, "parked", 0, "exhausted", None, "Busy"),
        (Unavailable("Busy"), 9, "parked", 0, "exhausted", None, "Busy"),
        (Unclear("no answer"), 1, "waiting", 2, "unclear", None, "no answer"),
        (Unclear("no answer"), 3, "waiting", 8, "unclear", None, "no answer"),
        (Unclear("no answer"), 8, "parked", 0, "exhausted", None, "no answer"),
        (Misconfigured("HTTP 401"), 1, "parked", 0, "configuration", None, "HTTP 401"),
        (Defect("abc"), 1, "parked", 0, "defect", "abc", None),
    ],
)
def test_each_outcome_has_one_consequence(
    outcome: Outcome, attempts: int, state: str, wait: int, name: str, code: str | None, text: str | None
) -> None:
    decision = decide(outcome, attempts=attempts, now=NOW, policy=POLICY, random=lambda: 1.0)

    assert decision.state == state
    assert decision.due_at == NOW + timedelta(seconds=wait)
    assert decision.outcome == name
    assert (decision.code, decision.text) == (code, text)


def test_jitter_takes_away_half_of_a_wait_at_most() -> None:
    shortest = decide(Unavailable("Busy"), attempts=3, now=NOW, policy=POLICY, random=lambda: 0.0)
    longest = decide(Unavailable("Busy"), attempts=3, now=NOW, policy=POLICY, random=lambda: 0.999)

    assert shortest.due_at == NOW + timedelta(seconds=4)
    assert timedelta(seconds=7.9) < longest.due_at - NOW < timedelta(seconds=8)


def test_a_wait_never_overflows() -> None:
    patient = replace(POLICY, most_attempts=1_000_000, first_delay=timedelta(days=1), longest_delay=timedelta(days=1))

    decision = decide(Unavailable("Busy"), attempts=999_999, now=NOW, policy=patient, random=lambda: 1.0)

    assert decision.due_at == NOW + timedelta(days=1)


def test_every_state_and_every_outcome_is_explained_in_a_sentence() -> None:
    sentences = [*(STATE_MEANINGS[state] for state in MessageState), *(name.meaning for name in OutcomeName)]

    assert all(sentence.endswith(".") and len(sentence) > 20 for sentence in sentences)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (None, None),
        ("", None),
        (" \t\n\x00", None),
        ("plain", "plain"),
        ("two\nlines\x1b[31m and\ttabs", "two lines [31m and tabs"),
        ("\u202eright to left", "right to left"),
        ("x" * 200, "x" * 200),
        ("x" * 201, "x" * 197 + "..."),
        ("x" * 10_000_000, "x" * 197 + "..."),
        ("\U0001f600 grüße", "\U0001f600 grüße"),
    ],
)
def test_text_of_others_is_kept_short_and_printable(text: str | None, kept: str | None) -> None:
    assert printable(text) == kept


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("CRM.DECLINED.007", "007"),
        ("CRM.DECLINED.A1B2", "A1B2"),
        ("CRM.DECLINED", None),
        ("CRM.DECLINED.", None),
        ("CRM.DECLINED.no_interest", None),
        ("CRM.RECORD_FINAL", None),
    ],
)
def test_a_decline_may_carry_a_reason_code(code: str, reason: str | None) -> None:
    assert reason_code(code) == reason


# ------------------------------------------------------------------------------------------ the breaker

FAILURES: list[Outcome] = [Unavailable("Busy"), Unclear("no answer"), Misconfigured("HTTP 401")]


def breaker() -> Breaker:
    return Breaker(failures=POLICY.breaker_failures, pause=POLICY.breaker_pause)


def tripped(outcome: Outcome) -> Breaker:
    one = breaker()
    for _ in range(POLICY.breaker_failures):
        one.record(outcome, now=NOW)
    return one


def test_calls_go_through_freely_until_failures_come_in_a_row() -> None:
    one = breaker()
    outcomes: list[Outcome] = [Unavailable("Busy"), Unclear("no answer"), DELIVERED]
    for outcome in outcomes * 5:
        one.record(outcome, now=NOW)
        assert one.room(now=NOW, free=4, under_way=2) == 4


@pytest.mark.parametrize("outcome", FAILURES)
def test_calls_pause_after_failures_in_a_row(outcome: Outcome) -> None:
    one = tripped(outcome)

    assert one.room(now=NOW, free=4, under_way=0) == 0
    assert one.room(now=NOW + timedelta(seconds=9.9), free=4, under_way=0) == 0


def test_one_message_is_let_through_after_the_pause() -> None:
    one = tripped(Unavailable("Busy"))
    later = NOW + timedelta(seconds=10)

    assert one.room(now=later, free=4, under_way=0) == 1
    assert one.room(now=later, free=3, under_way=1) == 0


def test_a_failed_trial_pauses_calls_again() -> None:
    one = tripped(Unavailable("Busy"))
    later = NOW + timedelta(seconds=10)
    one.record(Unavailable("Busy"), now=later)

    assert one.room(now=later + timedelta(seconds=9), free=4, under_way=0) == 0
    assert one.room(now=later + timedelta(seconds=10), free=4, under_way=0) == 1


@pytest.mark.parametrize("outcome", [DELIVERED, Refused("CRM.RECORD_FINAL", None, declined=False)])
def test_an_answer_lets_calls_through_again(outcome: Outcome) -> None:
    one = tripped(Unavailable("Busy"))
    one.record(outcome, now=NOW)

    assert one.room(now=NOW, free=4, under_way=0) == 4


def test_a_defect_of_ours_says_nothing_about_the_core_crm() -> None:
    paused, free = tripped(Unavailable("Busy")), breaker()
    for _ in range(10):
        paused.record(Defect("abc"), now=NOW)
        free.record(Defect("abc"), now=NOW)

    assert paused.room(now=NOW, free=4, under_way=0) == 0
    assert free.room(now=NOW, free=4, under_way=0) == 4


def test_a_clock_set_back_does_not_prolong_a_pause() -> None:
    one = tripped(Unavailable("Busy"))

    assert one.room(now=NOW - timedelta(days=1), free=4, under_way=0) == 1
