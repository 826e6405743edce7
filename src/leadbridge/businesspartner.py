"""The rules of a business partner: when two are the same, what then happens, and how a name is written.

Two steps, both pure. ``match`` judges one candidate the store found by an equal e-mail address, phone number
or identification; ``verdict`` decides from all matches what becomes of the new partner. Comparing names is
the work of ``leadbridge.matching``; only its score arrives here.

Source: the contract's section "BusinessPartnerService" (DuplicateCheckCode).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

# A wrong match is worse than a missed one: it shows one person's data to another, or sends a lead to the
# wrong door, while two records of one person can be merged later. Hence both thresholds ask for every word
# of the name.
#
# Families share an e-mail address, so the given name must agree as well: 85 lets one slip of the pen in a
# short name pass (Jon and John 86, Muller and Mueller 92) and refuses another given name (Anna and Anja 75,
# Mario and Maria 80).
EMAIL_NAME_THRESHOLD = 85
# A phone number says less than an address: a household shares its line, a company its switchboard, and
# numbers are given to others later. So only spellings of one name pass (Muller and Mueller, a second given
# name), not Jon and John.
PHONE_NAME_THRESHOLD = 90

IDENTIFICATION_SCORE = 100


class Category(StrEnum):
    """CategoryCode of a business partner."""

    PERSON = "1"
    ORGANISATION = "2"


class DuplicateCheck(StrEnum):
    """DuplicateCheckCode: what a caller wants done when the partner is already known."""

    REJECT = "REJECT"  # the default: refuse, and name the existing one
    LINK = "LINK"  # answer the existing one
    CREATE = "CREATE"  # create another one


class Rule(StrEnum):
    """Why a candidate is taken for the same partner, strongest first."""

    IDENTIFICATION = "IDENTIFICATION"  # equal type and number of an identification; the name does not count
    EMAIL_AND_NAME = "EMAIL_AND_NAME"  # equal normalised e-mail address and a like name
    PHONE_AND_NAME = "PHONE_AND_NAME"  # equal E.164 number and a like name


@dataclass(frozen=True, slots=True)
class Match:
    """An existing partner that is the same as a new one: who, by which rule, how surely (score 0..100)."""

    internal_id: str
    rule: Rule
    score: int


class Proceeding(StrEnum):
    """What becomes of a new partner."""

    CREATE = "create"
    LINK = "link"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision, and the best match behind it.

    LINK and REJECT always have a match. CREATE has one where the caller insisted on a second record, so that
    the answer can still warn of the first.
    """

    proceeding: Proceeding
    match: Match | None


def match(
    *,
    internal_id: str,
    same_category: bool,
    identification_equal: bool,
    email_equal: bool,
    phone_equal: bool,
    name_score: int,
) -> Match | None:
    """Judge one candidate; None when it is somebody else.

    ``same_category`` says whether both are persons or both organisations: a person and an organisation are
    never the same because of a shared address and a like name, only by an equal identification.
    ``name_score`` is 0..100 of the normalised names. The strongest rule that holds is the one named.
    """
    if identification_equal:
        return Match(internal_id, Rule.IDENTIFICATION, IDENTIFICATION_SCORE)
    if not same_category:
        return None
    if email_equal and name_score >= EMAIL_NAME_THRESHOLD:
        return Match(internal_id, Rule.EMAIL_AND_NAME, name_score)
    if phone_equal and name_score >= PHONE_NAME_THRESHOLD:
        return Match(internal_id, Rule.PHONE_AND_NAME, name_score)
    return None


def verdict(code: DuplicateCheck, matches: Iterable[Match]) -> Verdict:
    """Decide from all matches.

    The best match has the highest score and, among equals, the lowest internal ID: the oldest record.
    """
    best = min(matches, key=lambda one: (-one.score, one.internal_id), default=None)
    if best is None or code is DuplicateCheck.CREATE:
        return Verdict(Proceeding.CREATE, best)
    return Verdict(Proceeding.LINK if code is DuplicateCheck.LINK else Proceeding.REJECT, best)


def formatted_name(
    *,
    given_name: str | None = None,
    family_name: str | None = None,
    first_line_name: str | None = None,
    second_line_name: str | None = None,
) -> str:
    """The name as people read it: given and family name of a person, both lines of an organisation.

    Parts that are missing or blank leave no gap. This is also the text whose normalised form is compared
    when looking for duplicates. A partner has the parts of one kind only; where both are given, the person's
    come first.
    """
    parts = (given_name, family_name, first_line_name, second_line_name)
    return " ".join(part.strip() for part in parts if part and part.strip())
