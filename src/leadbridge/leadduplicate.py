"""The rules by which a new lead is one that exists already, and what then happens.

``match`` judges one candidate, a lead about the same business partner; ``verdict`` decides from all matches. Comparing
names is the work of ``leadbridge.matching``; only its score arrives here.

Source: the contract's section "LeadService" (DuplicateCheckCode).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

# A wrong match keeps a lead out, a missed one shows an agent the same lead twice. So what differs plainly is never the
# same: a name in which a word is another one, no product in common, another campaign. 85 lets a slip of the pen pass.
NAME_THRESHOLD = 85

# What the parts weigh that both leads have; what one of them lacks says nothing. The name and the products are what a
# lead is about, the others are circumstances.
_NAME_WEIGHT = 60
_PRODUCT_WEIGHT = 20
_CAMPAIGN_WEIGHT = 10
_ORIGIN_WEIGHT = 5
_GROUP_WEIGHT = 5
_START_WEIGHT = 10
# Start dates this near are the same occasion; this far apart they are two.
NEAR_DAYS = 14
FAR_DAYS = 180


class DuplicateCheck(StrEnum):
    """DuplicateCheckCode of a lead: what a caller wants done when the lead seems to exist."""

    REJECT = "REJECT"  # refuse, and name the existing one
    LINK = "LINK"  # answer the existing one
    CREATE = "CREATE"  # create another one, with a warning
    MERGE = "MERGE"  # answer the existing one, with its blanks filled


class Rule(StrEnum):
    """Why a candidate is taken for the same lead, strongest first. The name is always alike, nothing contradicts."""

    PRODUCT_CAMPAIGN_AND_NAME = "PRODUCT_CAMPAIGN_AND_NAME"
    PRODUCT_AND_NAME = "PRODUCT_AND_NAME"
    CAMPAIGN_AND_NAME = "CAMPAIGN_AND_NAME"
    NAME = "NAME"  # neither products nor a campaign could be compared


class Past(StrEnum):
    """Kinds of leads that only count as existing where the site says so."""

    DECLINED = "declined"
    WON = "won"
    LOST = "lost"
    CONVERTED = "converted"  # an opportunity of the core CRM


_PAST = {"5": Past.DECLINED, "6": Past.WON, "7": Past.LOST}


@dataclass(frozen=True, slots=True)
class DuplicatePolicy:
    """What a site decides: what happens unless a call says otherwise, and from which score (0..100) on.

    ``callers`` has what happens for single callers, by their ids. With ``masked`` a restricted caller is also told of
    leads that it may not see, without their numbers.
    """

    default: DuplicateCheck = DuplicateCheck.REJECT
    callers: Mapping[str, DuplicateCheck] = field(default_factory=dict)
    threshold: int = 85
    bulk_threshold: int = 95
    counted: frozenset[Past] = frozenset()
    masked: bool = False

    def code(self, caller_id: str, asked: str | None) -> DuplicateCheck:
        """What happens to a duplicate of this caller: what the call asks for, the caller's default, the site's."""
        return DuplicateCheck(asked) if asked else self.callers.get(caller_id, self.default)

    def counts(self, life_cycle_status_code: str, *, converted: bool) -> bool:
        """Whether a lead in this status counts as existing: 1 to 4 always, what is past as the site says."""
        past = _PAST.get(life_cycle_status_code, Past.CONVERTED if converted else None)
        return past is None or past in self.counted


@dataclass(frozen=True, slots=True)
class Traits:
    """What of a lead is compared, beside its name."""

    products: frozenset[str]
    campaign_id: str | None
    origin_type_code: str | None
    group_code: str | None
    start_date: date | None


def match(new: Traits, old: Traits, *, name_score: int) -> tuple[Rule, int] | None:
    """Judge one candidate: by which rule and how surely (0..100) it is the same lead; None when it is another one.

    ``name_score`` is 0..100 of the normalised names.
    """
    products = bool(new.products and old.products)
    campaigns = bool(new.campaign_id and old.campaign_id)
    if (
        name_score < NAME_THRESHOLD
        or (products and not new.products & old.products)
        or (campaigns and new.campaign_id != old.campaign_id)
    ):
        return None
    weighed = [(_NAME_WEIGHT, name_score / 100)]
    if products:
        weighed.append((_PRODUCT_WEIGHT, len(new.products & old.products) / len(new.products | old.products)))
    if campaigns:
        weighed.append((_CAMPAIGN_WEIGHT, 1.0))
    for weight, mine, theirs in (
        (_ORIGIN_WEIGHT, new.origin_type_code, old.origin_type_code),
        (_GROUP_WEIGHT, new.group_code, old.group_code),
    ):
        if mine and theirs:
            weighed.append((weight, float(mine == theirs)))
    if new.start_date and old.start_date:
        weighed.append((_START_WEIGHT, _nearness(abs((new.start_date - old.start_date).days))))
    score = round(100 * sum(weight * alike for weight, alike in weighed) / sum(weight for weight, _ in weighed))
    if products:
        return (Rule.PRODUCT_CAMPAIGN_AND_NAME if campaigns else Rule.PRODUCT_AND_NAME), score
    return (Rule.CAMPAIGN_AND_NAME if campaigns else Rule.NAME), score


def _nearness(days: int) -> float:
    """1 for the same occasion, 0 for two, in between the more days the less."""
    return min(1.0, max(0.0, (FAR_DAYS - days) / (FAR_DAYS - NEAR_DAYS)))


@dataclass(frozen=True, slots=True)
class Match:
    """A lead that is the same as a new one: its place among the candidates, by which rule, how surely."""

    place: int
    rule: Rule
    score: int


def best(matches: Iterable[Match], *, threshold: int) -> Match | None:
    """The surest of those that reach the threshold, the first among equals."""
    return min(
        (one for one in matches if one.score >= threshold), key=lambda one: (-one.score, one.place), default=None
    )


def masked(lead_id: str) -> str:
    """A lead's number as told to whom it is not for."""
    return "*" * (len(lead_id) - 4) + lead_id[-4:]
