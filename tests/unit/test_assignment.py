"""Assignment rules: each condition at its edges, who is chosen of several, what decides when, and what is a mistake."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadbridge.assignment import (
    AssignmentRule,
    AssignmentRules,
    Candidate,
    Conditions,
    Day,
    Decision,
    LeadFacts,
    Outcome,
    ProspectFacts,
    Range,
    applies,
    decide,
    may_apply,
    mistakes,
    region_codes,
    wording,
)

OWNER, PARTNER = Outcome
LEAD = LeadFacts(
    origin="005",
    group="0001",
    campaign="SPRING-24",
    products=frozenset({"CARD", "MORTGAGE-10"}),
    amount=Decimal("500.50"),
    currency="EUR",
    score=30,
    prospect=ProspectFacts(frozenset({"DE", "DE-BE"}), "de-AT"),
)
NOTHING = LeadFacts()


def rule(
    name: str = "r", asked: Conditions | None = None, *partners: Candidate, owner: str | None = None
) -> AssignmentRule:
    found = {PARTNER: partners, OWNER: (Candidate(owner),) if owner else ()}
    return AssignmentRule(name, asked or Conditions(), {key: value for key, value in found.items() if value})


# -------------------------------------------------------------------------------------------------------- conditions


@pytest.mark.parametrize(
    ("asked", "met"),
    [
        (Conditions(), True),
        (Conditions(origins=frozenset({"004", "005"})), True),
        (Conditions(origins=frozenset({"004"})), False),
        (Conditions(groups=frozenset({"0001"})), True),
        (Conditions(groups=frozenset({"0002"})), False),
        (Conditions(campaigns=("SPRING*",)), True),
        (Conditions(campaigns=("SPRING",)), False),  # without * the whole
        (Conditions(campaigns=("AUTUMN", "SPRING-24")), True),
        (Conditions(products=("MORTGAGE*",)), True),  # of any item
        (Conditions(products=("MORTGAGE",)), False),
        (Conditions(products=("*",)), True),
        (Conditions(products=("mortgage*",)), False),
        (Conditions(regions=frozenset({"AT", "DE"})), True),
        (Conditions(regions=frozenset({"DE-BE"})), True),
        (Conditions(regions=frozenset({"DE-BY"})), False),
        (Conditions(languages=frozenset({"DE"})), True),  # de-AT is a variant of it
        (Conditions(languages=frozenset({"de-AT"})), True),
        (Conditions(languages=frozenset({"de-CH"})), False),
        (Conditions(languages=frozenset({"d"})), False),
        (Conditions(score=Range(Decimal(30), Decimal(30))), True),
        (Conditions(score=Range(Decimal(31))), False),
        (Conditions(score=Range(None, Decimal(29))), False),
        (Conditions(amount=Range(Decimal("500.50")), currency="EUR"), True),
        (Conditions(amount=Range(Decimal("500.51")), currency="EUR"), False),
        (Conditions(amount=Range(None, Decimal("500.49")), currency="EUR"), False),
        (Conditions(amount=Range(), currency="EUR"), True),
        (Conditions(amount=Range(), currency="USD"), False),
        (Conditions(origins=frozenset({"005"}), groups=frozenset({"0002"})), False),  # all must be met
    ],
)
def test_a_rule_applies_when_every_condition_is_met(asked: Conditions, met: bool) -> None:
    assert applies(rule("r", asked), LEAD) is met
    assert not applies(rule("r", asked), NOTHING) or asked == Conditions()  # what a lead lacks meets nothing


def test_what_is_not_known_yet_may_still_apply() -> None:
    unsettled = replace(LEAD, scored=False, score=None, prospect=None)
    late = Conditions(score=Range(Decimal(99)), regions=frozenset({"XX"}), languages=frozenset({"xx"}))
    assert may_apply(rule("r", late), unsettled)
    assert not applies(rule("r", late), unsettled)
    assert not may_apply(rule("r", replace(late, origins=frozenset({"004"}))), unsettled)


def test_an_address_lies_in_its_country_and_in_its_region() -> None:
    assert list(region_codes("US", "CA")) == ["US", "US-CA"]
    assert list(region_codes("US", None)) == ["US"]


def test_conditions_are_worded_by_their_names() -> None:
    asked = Conditions(products=("B", "A*"), score=Range(Decimal(5)), amount=Range(None, Decimal(9)), currency="EUR")
    assert wording(asked) == {"products": "A* or B", "score": "from 5", "amount": "to 9 EUR"}


# --------------------------------------------------------------------------------------------------------- decisions

A, B, C = (Candidate(party) for party in "ABC")


@pytest.mark.parametrize(
    ("candidates", "loads", "chosen"),
    [
        ((A,), {"A": 1000}, "A"),
        ((A, B, C), {}, "A"),  # the first of equals
        ((A, B, C), {"A": 1, "C": 1}, "B"),
        ((A, B, C), {"A": 2, "B": 2, "C": 1}, "C"),
        ((replace(A, weight=2), B), {"A": 1, "B": 1}, "A"),
        ((replace(A, weight=2), B), {"A": 2, "B": 1}, "A"),
        ((replace(A, weight=2), B), {"A": 3, "B": 1}, "B"),
        ((replace(A, capacity=2), B), {"A": 1, "B": 9}, "A"),
        ((replace(A, capacity=2), B), {"A": 2, "B": 9}, "B"),  # full
        ((replace(A, capacity=2), replace(B, capacity=9)), {"A": 3, "B": 9}, None),
        ((replace(A, days=frozenset({Day.TUE})), B), {"B": 9}, "B"),  # it is Monday
        ((replace(A, days=frozenset({Day.MON})), B), {"B": 9}, "A"),
        ((replace(A, days=frozenset({Day.SUN})),), {}, None),
    ],
)
def test_the_least_load_for_its_weight_is_next(
    candidates: tuple[Candidate, ...], loads: dict[str, int], chosen: str | None
) -> None:
    rules = AssignmentRules((rule("r", None, *candidates),))
    found = decide(rules, PARTNER, LEAD, Day.MON, {(PARTNER, party): load for party, load in loads.items()})
    assert (found.party if isinstance(found, Decision) else None) == chosen
    assert isinstance(found, Decision) or found == "r"


def test_the_first_rule_that_applies_and_has_room_decides_for_each_outcome_apart() -> None:
    rules = AssignmentRules(
        (
            rule("other", Conditions(origins=frozenset({"999"})), Candidate("X"), owner="X"),
            rule("full", None, Candidate("FULL", capacity=1)),
            rule("owner", None, owner="RM"),
            rule("late", None, Candidate("LATE"), owner="LATE"),
        )
    )
    loads = {(PARTNER, "FULL"): 1, (OWNER, "FULL"): 9}
    assert decide(rules, PARTNER, LEAD, Day.MON, loads) == Decision(PARTNER, "LATE", "late", 1)
    assert decide(rules, OWNER, LEAD, Day.MON, loads) == Decision(OWNER, "RM", "owner", 1)
    assert decide(AssignmentRules(rules.rules[:1]), OWNER, LEAD, Day.MON, loads) is None
    assert decide(AssignmentRules(rules.rules[:2]), PARTNER, LEAD, Day.MON, loads) == "full"


@pytest.mark.parametrize(
    ("zone", "moment", "day"),
    [
        ("Europe/Berlin", datetime(2026, 3, 1, 22, 59, tzinfo=UTC), Day.SUN),
        ("Europe/Berlin", datetime(2026, 3, 1, 23, 0, tzinfo=UTC), Day.MON),
        ("America/New_York", datetime(2026, 3, 2, 4, 59, tzinfo=UTC), Day.SUN),
    ],
)
def test_a_day_begins_at_midnight_of_the_zone(zone: str, moment: datetime, day: Day) -> None:
    assert AssignmentRules((), ZoneInfo(zone)).day(moment) is day
    assert AssignmentRules().day(datetime(2026, 3, 2, tzinfo=UTC)) is Day.MON


@given(
    st.lists(st.tuples(st.integers(1, 9), st.none() | st.integers(1, 20)), min_size=1, max_size=5), st.integers(0, 80)
)
def test_leads_are_spread_by_weight_and_no_capacity_is_exceeded(
    drawn: list[tuple[int, int | None]], count: int
) -> None:
    candidates = tuple(Candidate(str(n), weight, capacity) for n, (weight, capacity) in enumerate(drawn))
    rules = AssignmentRules((rule("r", None, *candidates),))
    loads: dict[tuple[Outcome, str], int] = {}
    given_out = 0
    for _ in range(count):
        decision = decide(rules, PARTNER, LEAD, Day.MON, loads)
        if isinstance(decision, Decision):
            loads[PARTNER, decision.party] = loads.get((PARTNER, decision.party), 0) + 1
            given_out += 1
    room = [one.capacity for one in candidates]
    assert given_out == (count if None in room else min(count, sum(one or 0 for one in room)))
    for one in candidates:
        mine = loads.get((PARTNER, one.party), 0)
        assert one.capacity is None or mine <= one.capacity
        for other in candidates:
            theirs = loads.get((PARTNER, other.party), 0)
            # The last lead it got was its turn: nobody with room was further behind for its weight.
            if mine and (other.capacity is None or theirs < other.capacity):
                assert (mine - 1) * other.weight <= theirs * one.weight


# ---------------------------------------------------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ([], []),
        ([rule("a", None, A), rule("b", None, A)], []),
        (
            [rule("a", None, A), rule("a", None, A)],
            ["rules[1].name: stands there twice", "rules[2].name: stands there twice"],
        ),
        ([rule("a")], ["rules[1]: decides nothing; it needs owner, owners, partner or partners"]),
        (
            [rule("a", None, A, B, A)],
            ["rules[1].partners[1].party: stands there twice", "rules[1].partners[3].party: stands there twice"],
        ),
        (
            [rule("a", Conditions(score=Range(Decimal(2), Decimal(1))), A)],
            ["rules[1].when.score: from is greater than to"],
        ),
        ([rule("a", Conditions(amount=Range(Decimal(1), Decimal(1))), A)], []),
    ],
)
def test_a_mistake_is_told_with_its_place(rules: list[AssignmentRule], said: list[str]) -> None:
    assert mistakes(AssignmentRules(tuple(rules))) == said
