"""A site's assignment rules, read from their TOML file."""

from collections.abc import Iterable
from datetime import UTC, tzinfo
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from leadbridge.assignment import AssignmentRule, AssignmentRules, Candidate, Conditions, Day, Outcome, Range, mistakes
from leadbridge.rulefiles.reading import Table, read, wrong

DEFAULT_ASSIGNMENT_RULES = Path(__file__).with_name("assignment.toml")

_Code = Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{3,4}$")]
_Pattern = Annotated[str, StringConstraints(pattern=r"^[^*]{1,40}$|^[^*]{0,39}\*$")]
_Region = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}(-\S{1,6})?$")]
_Language = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z]{2,8}(-[a-zA-Z0-9]{1,8})*$")]
_Party = Annotated[str, StringConstraints(pattern=r"^\S(.{0,18}\S)?$")]
_DayName = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def _number(value: object) -> Decimal:
    if isinstance(value, Decimal | int) and not isinstance(value, bool):
        return Decimal(value)
    raise ValueError("must be a number")


_Number = Annotated[Decimal, BeforeValidator(_number)]


class _Score(Table):
    lowest: int | None = Field(default=None, alias="from")
    highest: int | None = Field(default=None, alias="to")


class _Amount(Table):
    lowest: _Number | None = Field(default=None, alias="from")
    highest: _Number | None = Field(default=None, alias="to")
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class _When(Table):
    origins: list[_Code] | None = Field(default=None, min_length=1)
    groups: list[_Code] | None = Field(default=None, min_length=1)
    campaigns: list[_Pattern] | None = Field(default=None, min_length=1)
    products: list[_Pattern] | None = Field(default=None, min_length=1)
    regions: list[_Region] | None = Field(default=None, min_length=1)
    languages: list[_Language] | None = Field(default=None, min_length=1)
    score: _Score | None = None
    amount: _Amount | None = None


class _Candidate(Table):
    party: _Party
    weight: int = Field(default=1, ge=1, le=1_000)
    capacity: int | None = Field(default=None, ge=1, le=1_000_000)
    days: list[_DayName] | None = Field(default=None, min_length=1)


class _Rule(Table):
    name: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z._-]{1,40}$")]
    when: _When = _When()
    owner: _Party | None = None
    owners: list[_Candidate] | None = Field(default=None, min_length=1)
    partner: _Party | None = None
    partners: list[_Candidate] | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _one_or_several(self) -> "_Rule":
        for one, several in (("owner", "owners"), ("partner", "partners")):
            if getattr(self, one) is not None and getattr(self, several) is not None:
                raise ValueError(f"{one} and {several} exclude each other")
        return self


class _Rules(Table):
    time_zone: str = "UTC"
    rules: list[_Rule] = Field(default=[])


def read_assignment_rules(path: Path) -> AssignmentRules:
    """The assignment rules in this file. Raises SettingsError with every problem of it."""
    content = read(path, _Rules)
    zone = _zone(content.time_zone)
    rules = AssignmentRules(rules=tuple(_rule(one) for one in content.rules), zone=zone or UTC)
    found = mistakes(rules)
    if zone is None:
        found.insert(0, "time_zone: there is no such zone here; UTC, or a name such as Europe/Berlin")
    if found:
        raise wrong(path, found)
    return rules


def _zone(name: str) -> tzinfo | None:
    if name == "UTC":  # known also to a system without a list of zones
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _rule(rule: _Rule) -> AssignmentRule:
    when = rule.when
    candidates = {
        Outcome.OWNER: _candidates(rule.owner, rule.owners),
        Outcome.PARTNER: _candidates(rule.partner, rule.partners),
    }
    return AssignmentRule(
        name=rule.name,
        conditions=Conditions(
            origins=frozenset(when.origins) if when.origins else None,
            groups=frozenset(when.groups) if when.groups else None,
            campaigns=tuple(when.campaigns) if when.campaigns else None,
            products=tuple(when.products) if when.products else None,
            regions=frozenset(when.regions) if when.regions else None,
            languages=frozenset(when.languages) if when.languages else None,
            score=_range(when.score.lowest, when.score.highest) if when.score else None,
            amount=Range(when.amount.lowest, when.amount.highest) if when.amount else None,
            currency=when.amount.currency if when.amount else None,
        ),
        candidates={outcome: found for outcome, found in candidates.items() if found},
    )


def _range(lowest: int | None, highest: int | None) -> Range:
    return Range(None if lowest is None else Decimal(lowest), None if highest is None else Decimal(highest))


def _candidates(one: str | None, several: Iterable[_Candidate] | None) -> tuple[Candidate, ...]:
    """A party that is named alone is a candidate that always has room."""
    if one is not None:
        return (Candidate(one),)
    return tuple(
        Candidate(each.party, each.weight, each.capacity, frozenset(Day(name) for name in each.days or Day))
        for each in several or ()
    )
