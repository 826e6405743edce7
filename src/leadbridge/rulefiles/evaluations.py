"""A site's rules about the evaluation of leads, read from their TOML file."""

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from leadbridge.evaluation import Conditions, EvaluationRule, Question, Verdict, mistakes
from leadbridge.rulefiles.reading import Table, Text, read, wrong

DEFAULT_EVALUATION = Path(__file__).with_name("evaluation.toml")

_Name = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z._-]{1,40}$")]
_Pattern = Annotated[str, StringConstraints(pattern=r"^[^*]{1,40}$|^[^*]{0,39}\*$")]
_Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]


class _Score(Table):
    lowest: int = Field(alias="from")


class _Amount(Table):
    lowest: int | Decimal | None = Field(default=None, alias="from")
    highest: int | Decimal | None = Field(default=None, alias="to")
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class _When(Table):
    levels: list[Literal["01", "02", "03"]] | None = Field(default=None, min_length=1)
    statuses: list[Literal["1", "2", "3", "4", "5"]] | None = Field(default=None, min_length=1)
    products: list[_Pattern] | None = Field(default=None, min_length=1)
    customers: list[Literal["new", "existing"]] | None = Field(default=None, min_length=1)
    categories: list[Literal["person", "organisation"]] | None = Field(default=None, min_length=1)
    contact: list[Literal["allowed", "forbidden", "unknown"]] | None = Field(default=None, min_length=1)
    countries: list[_Country] | None = Field(default=None, min_length=1)
    score: _Score | None = None
    amount: _Amount | None = None


class _Rule(Table):
    name: _Name
    about: Literal["interest", "suitability", "eligibility"]
    verdict: Literal["confirmed", "refused"]
    reason: Text
    when: _When = _When()


class _Rules(Table):
    rules: list[_Rule] = Field(default=[])


def read_evaluation(path: Path) -> tuple[EvaluationRule, ...]:
    """The rules in this file. Raises SettingsError with every problem of it."""
    rules = tuple(_rule(one) for one in read(path, _Rules).rules)
    found = mistakes(rules)
    if found:
        raise wrong(path, found)
    return rules


def _rule(rule: _Rule) -> EvaluationRule:
    when, amount = rule.when, rule.when.amount
    return EvaluationRule(
        name=rule.name,
        question=Question(rule.about),
        verdict=Verdict(rule.verdict),
        reason=rule.reason,
        conditions=Conditions(
            levels=_any_of(when.levels),
            statuses=_any_of(when.statuses),
            products=tuple(when.products) if when.products else None,
            customers=_any_of(when.customers),
            categories=_any_of(when.categories),
            contact=_any_of(when.contact),
            countries=_any_of(when.countries),
            lowest_score=when.score.lowest if when.score else None,
            lowest_amount=_number(amount.lowest) if amount else None,
            highest_amount=_number(amount.highest) if amount else None,
            currency=amount.currency if amount else None,
        ),
    )


def _any_of(values: Iterable[str] | None) -> frozenset[str] | None:
    return None if values is None else frozenset(values)


def _number(value: int | Decimal | None) -> Decimal | None:
    return None if value is None else Decimal(value)
