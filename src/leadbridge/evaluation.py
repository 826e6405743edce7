"""Evaluating a lead: is the customer interested, does the product suit, is the customer eligible for an offer?

Rules answer each question apart: the first whose conditions are all met decides, and says why. Where none does, the
question is open. Source: BIAN's role definition of Lead and Opportunity Management ("clarify and confirm the customer's
interest and check that the product is suitable and the customer eligible prior to initiating the formal offer").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum


class Question(StrEnum):
    """What is to be known before an offer is started."""

    INTEREST = "interest"
    SUITABILITY = "suitability"
    ELIGIBILITY = "eligibility"


class Verdict(StrEnum):
    """What a rule says of its question; open is what no rule has decided."""

    CONFIRMED = "confirmed"
    REFUSED = "refused"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Conditions:
    """What must hold of a lead and its customer; what is None is not asked. Of a set any entry will do."""

    levels: frozenset[str] | None = None
    statuses: frozenset[str] | None = None
    products: tuple[str, ...] | None = None  # patterns that may end in *
    customers: frozenset[str] | None = None  # new, existing
    categories: frozenset[str] | None = None  # person, organisation
    contact: frozenset[str] | None = None  # allowed, forbidden, unknown
    countries: frozenset[str] | None = None
    lowest_score: int | None = None
    lowest_amount: Decimal | None = None
    highest_amount: Decimal | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class EvaluationRule:
    """One rule: `reason` is what people are told where it decides."""

    name: str
    question: Question
    verdict: Verdict
    reason: str
    conditions: Conditions = field(default_factory=Conditions)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules can ask of a lead."""

    level: str | None
    status: str
    score: int | None
    products: frozenset[str]
    customer: str
    category: str
    contact: str
    countries: frozenset[str]
    amount: Decimal | None
    currency: str | None


@dataclass(frozen=True, slots=True)
class Evaluated:
    """The answer to one question: by which rule, and why."""

    question: Question
    verdict: Verdict
    rule: str | None
    reason: str


def evaluate(rules: Sequence[EvaluationRule], facts: Facts) -> list[Evaluated]:
    """The answer to each question, in their order."""
    return [_answered(question, rules, facts) for question in Question]


def is_confirmed(answers: Sequence[Evaluated]) -> bool:
    """Whether an offer may be started."""
    return all(one.verdict is Verdict.CONFIRMED for one in answers)


def _answered(question: Question, rules: Sequence[EvaluationRule], facts: Facts) -> Evaluated:
    for rule in rules:
        if rule.question is question and applies(rule.conditions, facts):
            return Evaluated(question, rule.verdict, rule.name, rule.reason)
    return Evaluated(question, Verdict.OPEN, None, _OPEN[question])


_OPEN: Mapping[Question, str] = {
    Question.INTEREST: "Nothing says yet that the customer is interested.",
    Question.SUITABILITY: "Nothing says yet that the product suits.",
    Question.ELIGIBILITY: "Nothing says yet that the customer is eligible.",
}


def applies(conditions: Conditions, facts: Facts) -> bool:
    """Whether all conditions are met. An amount in another currency, or none, meets no condition about amounts."""
    chosen = (
        (conditions.levels, facts.level),
        (conditions.statuses, facts.status),
        (conditions.customers, facts.customer),
        (conditions.categories, facts.category),
        (conditions.contact, facts.contact),
    )
    return (
        all(among is None or value in among for among, value in chosen)
        and (conditions.countries is None or bool(conditions.countries & facts.countries))
        and (conditions.products is None or any(_is_like(one, conditions.products) for one in facts.products))
        and (conditions.lowest_score is None or (facts.score is not None and facts.score >= conditions.lowest_score))
        and _amount_lies(conditions, facts)
    )


def _is_like(product: str, patterns: Sequence[str]) -> bool:
    return any(
        product.startswith(pattern[:-1]) if pattern.endswith("*") else product == pattern for pattern in patterns
    )


def _amount_lies(conditions: Conditions, facts: Facts) -> bool:
    if conditions.currency is None:
        return True
    if facts.amount is None or facts.currency != conditions.currency:
        return False
    lowest, highest = conditions.lowest_amount, conditions.highest_amount
    return (lowest is None or facts.amount >= lowest) and (highest is None or facts.amount <= highest)


def mistakes(rules: Sequence[EvaluationRule]) -> list[str]:
    """What is wrong with rules that are each in good form, `place: reason`."""
    names = [rule.name for rule in rules]
    return [
        f"rules[{place}].name: another rule has this name"
        for place, name in enumerate(names, 1)
        if name in names[: place - 1]
    ]
