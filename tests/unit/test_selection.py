"""The reference meaning of a Find's intervals: boundaries, wildcards, inclusions and exclusions."""

import random
import re
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadbridge.selection import Boundary, Interval, matches, selects


def include(boundary: str, lower: str, upper: str | None = None) -> Interval:
    return Interval(exclude=False, boundary=Boundary(boundary), lower=lower, upper=upper)


def exclude(boundary: str, lower: str, upper: str | None = None) -> Interval:
    return Interval(exclude=True, boundary=Boundary(boundary), lower=lower, upper=upper)


# Which of the values below, at, between, at and above the boundaries b and d lie in each kind of interval.
IN_INTERVAL_B_D = {
    Boundary.EQUAL: "b",
    Boundary.BETWEEN_EXCLUDING_UPPER: "bc",
    Boundary.BETWEEN: "bcd",
    Boundary.BETWEEN_EXCLUDING_BOTH: "c",
    Boundary.BETWEEN_EXCLUDING_LOWER: "cd",
    Boundary.LESS: "a",
    Boundary.LESS_OR_EQUAL: "ab",
    Boundary.GREATER: "cde",
    Boundary.GREATER_OR_EQUAL: "bcde",
}


@pytest.mark.parametrize(("boundary", "inside"), IN_INTERVAL_B_D.items())
def test_each_boundary_type_takes_its_edges_in_or_leaves_them_out(boundary: Boundary, inside: str) -> None:
    interval = Interval(exclude=False, boundary=boundary, lower="b", upper="d")
    assert "".join(value for value in "abcde" if matches(value, interval)) == inside


@pytest.mark.parametrize(("boundary", "inside"), IN_INTERVAL_B_D.items())
def test_dates_and_datetimes_compare_as_text_does(boundary: Boundary, inside: str) -> None:
    dates = {letter: date(2024, 2, 27) + timedelta(days=n) for n, letter in enumerate("abcde")}
    moments = {letter: datetime(2024, 2, 29, 12, n, tzinfo=UTC) for n, letter in enumerate("abcde")}
    by_date = Interval(exclude=False, boundary=boundary, lower=dates["b"], upper=dates["d"])
    by_moment = Interval(exclude=False, boundary=boundary, lower=moments["b"], upper=moments["d"])
    assert "".join(letter for letter in "abcde" if matches(dates[letter], by_date)) == inside
    assert "".join(letter for letter in "abcde" if matches(moments[letter], by_moment)) == inside


def test_one_moment_in_two_zones_is_equal() -> None:
    noon = datetime(2024, 7, 1, 12, tzinfo=UTC)
    same = datetime(2024, 7, 1, 14, tzinfo=timezone(timedelta(hours=2)))
    assert matches(noon, Interval(exclude=False, boundary=Boundary.EQUAL, lower=same))


def test_only_the_four_kinds_of_between_need_an_upper_boundary() -> None:
    assert [boundary.value for boundary in Boundary if boundary.needs_upper] == ["2", "3", "4", "5"]


@pytest.mark.parametrize("boundary", ["2", "3", "4", "5"])
def test_a_between_without_upper_boundary_cannot_be_made(boundary: str) -> None:
    with pytest.raises(ValueError, match="upper"):
        include(boundary, "a")


@pytest.mark.parametrize(
    ("pattern", "value", "expected"),
    [
        ("*", "", True),
        ("*", "anything\nat all", True),
        ("**", "", True),
        ("Mei*", "Meier", True),
        ("Mei*", "Mei", True),
        ("Mei*", "Obermeier", False),
        ("*meier", "Obermeier", True),
        ("*mei*", "Obermeier", True),
        ("a*a", "a", False),
        ("a*a", "aa", True),
        ("a*b*c", "a-c-b-c", True),
        ("a*b*c", "a-c-c", False),
        ("*ab*ab*", "xabx", False),
        ("*ab*ab*", "abab", True),
        ("a%", "ab", False),
        ("a_", "ab", False),
        ("a.", "ab", False),
        ("[ab]", "a", False),
        ("mei*", "Meier", False),
        ("", "", True),
        ("", "a", False),
    ],
)
def test_the_asterisk_alone_is_a_wildcard(pattern: str, value: str, expected: bool) -> None:
    assert matches(value, include("1", pattern)) is expected


@pytest.mark.parametrize("boundary", ["6", "7", "8", "9"])
def test_an_asterisk_is_an_ordinary_character_in_comparisons(boundary: str) -> None:
    assert matches("+", include(boundary, "*")) is (boundary in "89")  # "+" is the next character after "*"


@given(st.text("ab*\n%_.", max_size=8), st.text("ab\n%_.", max_size=8))
def test_wildcards_mean_what_the_regular_expression_means(pattern: str, value: str) -> None:
    expression = ".*".join(map(re.escape, pattern.split("*")))
    assert matches(value, include("1", pattern)) is bool(re.fullmatch(expression, value, re.DOTALL))


def test_many_wildcards_cost_no_more_than_few() -> None:
    assert not matches("a" * 5_000, include("1", "*a" * 2_000 + "*b"))


@pytest.mark.parametrize(
    ("block", "selected"),
    [
        ([], "abcde-"),
        ([include("1", "a"), include("1", "c")], "ac"),
        ([exclude("1", "a")], "bcde-"),
        ([exclude("1", "a"), exclude("8", "c")], "bc-"),
        ([include("3", "a", "d"), exclude("1", "b")], "acd"),
        ([exclude("1", "b"), include("3", "a", "d")], "acd"),
        ([include("1", "a"), exclude("1", "a")], ""),
        ([include("1", "*")], "abcde"),
        ([exclude("1", "*")], "-"),
    ],
)
def test_a_block_is_its_inclusions_less_each_exclusion(block: list[Interval], selected: str) -> None:
    values: list[str | None] = ["a", "b", "c", "d", "e", None]
    assert "".join(value or "-" for value in values if selects(value, block)) == selected


intervals = st.builds(
    Interval,
    exclude=st.booleans(),
    boundary=st.sampled_from(Boundary),
    lower=st.text("abc*", max_size=3),
    upper=st.text("abc", max_size=3),
)
values = st.none() | st.text("abc", max_size=3)


@given(values, st.lists(intervals, max_size=6))
def test_selecting_is_set_algebra_over_matching(value: str | None, block: list[Interval]) -> None:
    inclusions = [one for one in block if not one.exclude]
    exclusions = [one for one in block if one.exclude]
    inside = not inclusions or any(matches(value, one) for one in inclusions)
    assert selects(value, block) is (inside and not any(matches(value, one) for one in exclusions))


@given(values, st.lists(intervals, max_size=6), st.randoms())
def test_the_order_of_intervals_does_not_matter(
    value: str | None, block: list[Interval], randoms: random.Random
) -> None:
    shuffled = list(block)
    randoms.shuffle(shuffled)
    assert selects(value, shuffled) is selects(value, block)


@given(st.lists(intervals, max_size=6))
def test_no_value_is_selected_only_by_a_block_without_inclusions(block: list[Interval]) -> None:
    assert selects(None, block) is all(one.exclude for one in block)
