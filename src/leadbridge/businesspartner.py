"""The rules of a business partner: when two are the same, what then happens, what several become, how a name reads.

To find duplicates takes two steps, both pure. ``match`` judges one candidate the store found by an equal e-mail
address, phone number or identification; ``verdict`` decides from all matches what becomes of the new partner. Comparing
names is the work of ``leadbridge.matching``; only its score arrives here.

Source: the contract's section "BusinessPartnerService" (DuplicateCheckCode).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

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


# What a business partner can show of each list: the contract's maxima.
MOST_IDENTIFICATIONS = 10
MOST_ADDRESSES = 5
MOST_OF_A_KIND = 3  # e-mail addresses, phone numbers, mobile numbers

CONTACT_FORBIDDEN = "2"
_NAMES = (
    "given_name",
    "family_name",
    "first_line_name",
    "second_line_name",
    "match_name",
    "name_folded",
    "last_name_folded",
)
_BLANKS = (
    "academic_title_code",
    "gender_code",
    "birth_date",
    "correspondence_language_code",
    "contact_allowed_code",
    "extension",
)


def merged_columns(master: Mapping[str, Any], others: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What of a master's own columns changes when others become part of it; both as stored.

    It stays what it is; what it lacks is taken from the others, in their order. Names go together: a first name of the
    one and a last name of the other would be nobody. Roles are united. Who may not be contacted under one record may
    not be contacted under any.
    """
    new = {name: master[name] for name in (*_NAMES, *_BLANKS)}
    for other in others:
        if not any(new[name] for name in _NAMES[:4]):
            new.update({name: other[name] for name in _NAMES})
        new.update({name: other[name] for name in _BLANKS if new[name] is None})
    everybody = (master, *others)
    new["role_codes"] = " ".join(dict.fromkeys(role for one in everybody for role in one["role_codes"].split()))
    if any(one["contact_allowed_code"] == CONTACT_FORBIDDEN for one in everybody):
        new["contact_allowed_code"] = CONTACT_FORBIDDEN
    return {name: value for name, value in new.items() if value != master[name]}


def merged_list(
    master: Sequence[Mapping[str, Any]], others: Iterable[Mapping[str, Any]], identity: Sequence[str]
) -> list[dict[str, Any]]:
    """The parts a master gets from others: those it does not have yet, numbered on behind its own.

    Two are the same that agree in the columns of ``identity``; a value that could not be normalised counts as sent.
    """

    def known_by(part: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(part["value"] if name == "normalised" and not part[name] else part[name] for name in identity)

    known = {known_by(part) for part in master}
    position = max((part["position"] for part in master), default=-1)
    added = []
    for part in others:
        if known_by(part) not in known:
            known.add(known_by(part))
            position += 1
            added.append({**part, "position": position})
    return added


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
