"""Assignment rules: who gets a lead that names nobody, and why.

A site's rules are tried in order, once for the owner of a lead and once for the partner it is given to. The first whose
conditions the lead meets, and which has a candidate with room on a working day, decides. Of several candidates the one
with the least load for its weight is chosen, the first of equals: always the same for the same numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias


class Outcome(StrEnum):
    """What a rule decides about a lead; the value is the element that says so."""

    OWNER = "SalesResponsibleParty"
    PARTNER = "SalesPartnerParty"


class Day(StrEnum):
    """A day of the week, Monday first."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


@dataclass(frozen=True)
class Range:
    """Numbers from `lowest` to `highest`, both included; None is no end."""

    lowest: Decimal | None = None
    highest: Decimal | None = None

    def includes(self, number: Decimal | int) -> bool:
        """Whether a number lies in the range."""
        return (self.lowest is None or number >= self.lowest) and (self.highest is None or number <= self.highest)


@dataclass(frozen=True)
class Conditions:
    """What a lead must have for a rule; one that is None asks nothing. Of a list any entry will do.

    `products` and `campaigns` may end in `*`. A region is a country, or a country and a region of it: DE, US-CA. A
    language is met by its variants too: de by de-AT.
    """

    origins: frozenset[str] | None = None
    groups: frozenset[str] | None = None
    campaigns: tuple[str, ...] | None = None
    products: tuple[str, ...] | None = None
    regions: frozenset[str] | None = None
    languages: frozenset[str] | None = None
    score: Range | None = None
    amount: Range | None = None
    currency: str | None = None  # of the amount


@dataclass(frozen=True)
class Candidate:
    """Somebody who may get leads. `capacity` is the load up to which it is, None for any."""

    party: str
    weight: int = 1
    capacity: int | None = None
    days: frozenset[Day] = frozenset(Day)


@dataclass(frozen=True)
class AssignmentRule:
    """One rule. What it has no candidates for it leaves to others."""

    name: str
    conditions: Conditions
    candidates: Mapping[Outcome, tuple[Candidate, ...]]

    def counts(self, outcome: Outcome) -> bool:
        """Whether its decision depends on how much its candidates have to do."""
        candidates = self.candidates.get(outcome, ())
        return len(candidates) > 1 or any(one.capacity is not None for one in candidates)


@dataclass(frozen=True)
class AssignmentRules:
    """A site's rules in order, and the zone in which its days begin."""

    rules: tuple[AssignmentRule, ...] = ()
    zone: tzinfo = UTC

    def day(self, moment: datetime) -> Day:
        """The day of the week there."""
        return list(Day)[moment.astimezone(self.zone).weekday()]


@dataclass(frozen=True)
class ProspectFacts:
    """What rules ask of the prospect: `regions` as in the conditions, and the correspondence language."""

    regions: frozenset[str] = frozenset()
    language: str | None = None


@dataclass(frozen=True)
class LeadFacts:
    """What rules ask of a lead. `prospect` is None, and `scored` false, while that is still to be found out."""

    origin: str | None = None
    group: str | None = None
    campaign: str | None = None
    products: frozenset[str] = frozenset()
    amount: Decimal | None = None
    currency: str | None = None
    scored: bool = True
    score: int | None = None
    prospect: ProspectFacts | None = ProspectFacts()


# The load of a party as owner or partner: its leads in status 1, 2 or 3, which are still to be worked on here, test
# data aside. A party that is not there has none.
Loads: TypeAlias = Mapping[tuple[Outcome, str], int]


# ---------------------------------------------------------------------------------------------------- conditions


def conditions(rule: AssignmentRule, facts: LeadFacts) -> Iterator[tuple[str, bool | None]]:
    """Each condition of the rule by name, and whether the lead meets it; None where that cannot be told yet."""
    asked, prospect = rule.conditions, facts.prospect
    if asked.origins is not None:
        yield "origins", facts.origin in asked.origins
    if asked.groups is not None:
        yield "groups", facts.group in asked.groups
    if asked.campaigns is not None:
        yield "campaigns", facts.campaign is not None and _any_like(asked.campaigns, [facts.campaign])
    if asked.products is not None:
        yield "products", _any_like(asked.products, facts.products)
    if asked.amount is not None:
        same = facts.currency == asked.currency
        yield "amount", same and facts.amount is not None and asked.amount.includes(facts.amount)
    if asked.score is not None:
        known = facts.score is not None and asked.score.includes(facts.score)
        yield "score", known if facts.scored else None
    if asked.regions is not None:
        yield "regions", None if prospect is None else not asked.regions.isdisjoint(prospect.regions)
    if asked.languages is not None:
        yield "languages", None if prospect is None else _speaks(prospect.language, asked.languages)


def applies(rule: AssignmentRule, facts: LeadFacts) -> bool:
    """Whether the lead meets every condition."""
    return all(holds for _, holds in conditions(rule, facts))


def may_apply(rule: AssignmentRule, facts: LeadFacts) -> bool:
    """Whether it may, as far as can be told yet."""
    return all(holds is not False for _, holds in conditions(rule, facts))


def asks_for_prospect(rule: AssignmentRule) -> bool:
    """Whether a condition of the rule is about the prospect."""
    return rule.conditions.regions is not None or rule.conditions.languages is not None


def wording(asked: Conditions) -> dict[str, str]:
    """What each condition asks for, in words for people, by its name."""
    lists = {
        "origins": asked.origins,
        "groups": asked.groups,
        "campaigns": asked.campaigns,
        "products": asked.products,
        "regions": asked.regions,
        "languages": asked.languages,
    }
    said = {name: " or ".join(sorted(found)) for name, found in lists.items() if found is not None}
    if asked.score is not None:
        said["score"] = _words(asked.score)
    if asked.amount is not None:
        said["amount"] = f"{_words(asked.amount)} {asked.currency}"
    return said


def _words(numbers: Range) -> str:
    ends = (("from", numbers.lowest), ("to", numbers.highest))
    return " ".join(f"{word} {number:f}" for word, number in ends if number is not None) or "any"


def region_codes(country: str, region: str | None) -> Iterator[str]:
    """An address as regions of conditions: its country, and its region there."""
    yield country
    if region:
        yield f"{country}-{region}"


def _any_like(patterns: Sequence[str], texts: Iterable[str]) -> bool:
    return any(text.startswith(one[:-1]) if one.endswith("*") else text == one for text in texts for one in patterns)


def _speaks(language: str | None, wanted: Iterable[str]) -> bool:
    """Whether a language (RFC 5646) is one of those wanted or a variant of one; upper and lower case are the same."""
    spoken = (language or "").lower()
    return any(spoken == one.lower() or spoken.startswith(f"{one.lower()}-") for one in wanted)


# ---------------------------------------------------------------------------------------------------- decisions


@dataclass(frozen=True)
class Considered:
    """A candidate as it stands on a day."""

    candidate: Candidate
    load: int
    works: bool

    @property
    def full(self) -> bool:
        """Whether its load is all that it may be given."""
        capacity = self.candidate.capacity
        return capacity is not None and self.load >= capacity

    @property
    def burden(self) -> float:
        """The load for its weight: who has the least is next."""
        return self.load / self.candidate.weight


@dataclass(frozen=True)
class Decision:
    """Who gets a lead, by which rule; `among` counts the candidates that had room."""

    outcome: Outcome
    party: str
    rule: str
    among: int


def consider(rule: AssignmentRule, outcome: Outcome, day: Day, loads: Loads) -> list[Considered]:
    """The candidates of a rule in its order, as they stand on this day."""
    return [
        Considered(one, loads.get((outcome, one.party), 0), day in one.days) for one in rule.candidates.get(outcome, ())
    ]


def choose(rule: AssignmentRule, outcome: Outcome, considered: Iterable[Considered]) -> Decision | None:
    """The candidate who works, has room, and has the least load for its weight; the first of equals."""
    free = [one for one in considered if one.works and not one.full]
    if not free:
        return None
    chosen = min(free, key=lambda one: one.burden)
    return Decision(outcome, chosen.candidate.party, rule.name, len(free))


def decide(rules: AssignmentRules, outcome: Outcome, facts: LeadFacts, day: Day, loads: Loads) -> Decision | str | None:
    """Who gets the lead. Without anybody: the name of the first rule that applies but has nobody with room on this day,
    or None where no rule applies.
    """
    exhausted = None
    for rule in rules.rules:
        if rule.candidates.get(outcome) and applies(rule, facts):
            decision = choose(rule, outcome, consider(rule, outcome, day, loads))
            if decision is not None:
                return decision
            exhausted = exhausted or rule.name
    return exhausted


# ----------------------------------------------------------------------------------------------------- mistakes


def mistakes(rules: AssignmentRules) -> list[str]:
    """Why rules cannot be used; each as `place: reason`, places counted from 1: `rules[2].name`."""
    names = Counter(one.name for one in rules.rules)
    found = []
    for number, rule in enumerate(rules.rules, 1):
        place = f"rules[{number}]"
        if names[rule.name] > 1:
            found.append(f"{place}.name: stands there twice")
        if not any(rule.candidates.values()):
            found.append(f"{place}: decides nothing; it needs owner, owners, partner or partners")
        asked = rule.conditions
        for name, one in (("score", asked.score), ("amount", asked.amount)):
            if one and one.lowest is not None and one.highest is not None and one.lowest > one.highest:
                found.append(f"{place}.when.{name}: from is greater than to")
        for outcome, candidates in rule.candidates.items():
            parties = Counter(one.party for one in candidates)
            twice = [position for position, one in enumerate(candidates, 1) if parties[one.party] > 1]
            key = "owners" if outcome is Outcome.OWNER else "partners"
            found.extend(f"{place}.{key}[{position}].party: stands there twice" for position in twice)
    return found
