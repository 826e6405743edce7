"""When a new lead is one that exists already, and what then happens."""

from datetime import date, timedelta

import pytest

from leadbridge.leadduplicate import (
    FAR_DAYS,
    NAME_THRESHOLD,
    NEAR_DAYS,
    DuplicateCheck,
    DuplicatePolicy,
    Match,
    Past,
    Rule,
    Traits,
    best,
    masked,
    match,
)

DAY = date(2026, 3, 1)


def traits(
    *products: str,
    campaign: str | None = None,
    origin: str | None = None,
    group: str | None = None,
    start: date | None = None,
) -> Traits:
    return Traits(frozenset(products), campaign, origin, group, start)


@pytest.mark.parametrize(
    ("new", "old", "name_score", "rule", "score"),
    [
        (traits(), traits(), 100, Rule.NAME, 100),
        (traits(), traits(), NAME_THRESHOLD, Rule.NAME, NAME_THRESHOLD),
        (traits("A"), traits("A"), 100, Rule.PRODUCT_AND_NAME, 100),
        (traits("A"), traits(), 90, Rule.NAME, 90),
        (traits("A", "B"), traits("A"), 100, Rule.PRODUCT_AND_NAME, 88),
        (traits("A"), traits("A"), 85, Rule.PRODUCT_AND_NAME, 89),
        (traits(campaign="C"), traits(campaign="C"), 100, Rule.CAMPAIGN_AND_NAME, 100),
        (traits(campaign="C"), traits(), 100, Rule.NAME, 100),
        (traits("A", campaign="C"), traits("A", campaign="C"), 100, Rule.PRODUCT_CAMPAIGN_AND_NAME, 100),
        (traits(origin="1", group="1"), traits(origin="1", group="2"), 100, Rule.NAME, 93),
        (traits(origin="1"), traits(group="2"), 100, Rule.NAME, 100),
        (traits(start=DAY), traits(start=DAY + timedelta(NEAR_DAYS)), 100, Rule.NAME, 100),
        (traits(start=DAY), traits(start=DAY - timedelta(FAR_DAYS)), 100, Rule.NAME, 86),
        (traits(start=DAY), traits(start=DAY + timedelta(FAR_DAYS * 9)), 100, Rule.NAME, 86),
    ],
)
def test_what_agrees_makes_the_rule_and_the_score(
    new: Traits, old: Traits, name_score: int, rule: Rule, score: int
) -> None:
    assert match(new, old, name_score=name_score) == (rule, score)
    assert match(old, new, name_score=name_score) == (rule, score)


@pytest.mark.parametrize(
    ("new", "old", "name_score"),
    [
        (traits("A", campaign="C"), traits("A", campaign="C"), NAME_THRESHOLD - 1),
        (traits("A"), traits("B"), 100),
        (traits("A", campaign="C"), traits("A", campaign="D"), 100),
    ],
    ids=["another name", "another product", "another campaign"],
)
def test_what_differs_plainly_is_never_the_same(new: Traits, old: Traits, name_score: int) -> None:
    assert match(new, old, name_score=name_score) is None


def test_the_surest_and_then_the_first_is_taken_from_the_threshold_on() -> None:
    matches = [Match(0, Rule.NAME, 89), Match(1, Rule.NAME, 95), Match(2, Rule.PRODUCT_AND_NAME, 95)]
    assert best(matches, threshold=95) == matches[1]
    assert best(matches, threshold=96) is None
    assert best([], threshold=0) is None


def test_a_call_goes_before_its_callers_default_and_that_before_the_sites() -> None:
    policy = DuplicatePolicy(default=DuplicateCheck.LINK, callers={"acme": DuplicateCheck.CREATE})
    assert policy.code("acme", "MERGE") is DuplicateCheck.MERGE
    assert policy.code("acme", None) is DuplicateCheck.CREATE
    assert policy.code("other", None) is DuplicateCheck.LINK
    assert DuplicatePolicy().code("other", None) is DuplicateCheck.REJECT


def test_what_is_past_counts_as_the_site_says() -> None:
    statuses = [*((status, False) for status in "1234567"), ("4", True), ("6", True)]
    counted = [DuplicatePolicy().counts(status, converted=converted) for status, converted in statuses]
    assert counted == [True] * 4 + [False] * 5
    for past, statuses_of in ((Past.DECLINED, "5"), (Past.WON, "6"), (Past.LOST, "7")):
        policy = DuplicatePolicy(counted=frozenset([past]))
        assert [status for status in "567" if policy.counts(status, converted=False)] == [statuses_of]
    converted = DuplicatePolicy(counted=frozenset([Past.CONVERTED]))
    assert [converted.counts(status, converted=True) for status in "46"] == [True, False]


def test_a_number_is_masked_but_for_its_last_digits() -> None:
    assert masked("0000001234") == "******1234"
