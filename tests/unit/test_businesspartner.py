"""When two business partners are the same, what then happens, and how a name is written."""

from itertools import permutations

import pytest

from leadbridge.businesspartner import (
    EMAIL_NAME_THRESHOLD,
    PHONE_NAME_THRESHOLD,
    DuplicateCheck,
    Match,
    Proceeding,
    Rule,
    Verdict,
    formatted_name,
    match,
    merged_columns,
    merged_list,
    verdict,
)
from leadbridge.matching import name_score, normalise_name

EMAIL, PHONE = EMAIL_NAME_THRESHOLD, PHONE_NAME_THRESHOLD


@pytest.mark.parametrize(
    ("same_category", "identification", "email", "phone", "score", "rule", "surely"),
    [
        (True, True, False, False, 0, Rule.IDENTIFICATION, 100),
        (False, True, False, False, 0, Rule.IDENTIFICATION, 100),
        (True, True, True, True, 100, Rule.IDENTIFICATION, 100),
        (True, False, True, False, EMAIL, Rule.EMAIL_AND_NAME, EMAIL),
        (True, False, True, False, EMAIL - 1, None, 0),
        (True, False, False, True, PHONE, Rule.PHONE_AND_NAME, PHONE),
        (True, False, False, True, PHONE - 1, None, 0),
        (True, False, True, True, 100, Rule.EMAIL_AND_NAME, 100),
        (True, False, False, False, 100, None, 0),
        (False, False, True, True, 100, None, 0),
    ],
)
def test_a_candidate_is_judged_by_the_strongest_rule(
    *,
    same_category: bool,
    identification: bool,
    email: bool,
    phone: bool,
    score: int,
    rule: Rule | None,
    surely: int,
) -> None:
    found = match(
        internal_id="0000000001",
        same_category=same_category,
        identification_equal=identification,
        email_equal=email,
        phone_equal=phone,
        name_score=score,
    )
    assert found == (Match("0000000001", rule, surely) if rule else None)


def test_rules_go_by_their_documented_names() -> None:
    assert [rule.value for rule in Rule] == ["IDENTIFICATION", "EMAIL_AND_NAME", "PHONE_AND_NAME"]


@pytest.mark.parametrize(
    ("one", "other", "by_email", "by_phone"),
    [
        ("Anna Schmidt", "anna  SCHMIDT", True, True),
        ("Anna Schmidt", "Schmidt, Anna", True, True),
        ("Jürgen Müller", "Juergen Mueller", True, True),
        ("Anna Schmidt", "Anna Maria Schmidt", True, True),
        ("Hans-Peter Meier", "Hanspeter Meier", True, True),
        ("Seán O'Brien", "Sean OBrien", True, True),
        ("Jon Smith", "John Smith", True, False),
        ("Anna Mustermann", "Anja Mustermann", False, False),
        ("Anna Schmidt", "Peter Schmidt", False, False),
        ("Max Mustermann-Leutheusser", "Maria Mustermann-Leutheusser", False, False),
        ("Mario Rossi", "Maria Rossi", False, False),
        ("Acme GmbH", "Acme AG", False, False),
    ],
)
def test_families_that_share_an_address_stay_apart_and_spellings_come_together(
    one: str, other: str, by_email: bool, by_phone: bool
) -> None:
    score = name_score(normalise_name(one), normalise_name(other))
    assert (score >= EMAIL_NAME_THRESHOLD, score >= PHONE_NAME_THRESHOLD) == (by_email, by_phone)


WEAK = Match("0000000001", Rule.PHONE_AND_NAME, 91)
OLD = Match("0000000002", Rule.EMAIL_AND_NAME, 96)
YOUNG = Match("0000000003", Rule.PHONE_AND_NAME, 96)


@pytest.mark.parametrize(
    ("code", "proceeding"),
    [
        (DuplicateCheck.REJECT, Proceeding.REJECT),
        (DuplicateCheck.LINK, Proceeding.LINK),
        (DuplicateCheck.CREATE, Proceeding.CREATE),
    ],
)
def test_the_best_match_decides_whatever_order_candidates_come_in(code: DuplicateCheck, proceeding: Proceeding) -> None:
    for matches in permutations([WEAK, OLD, YOUNG]):
        assert verdict(code, matches) == Verdict(proceeding, OLD)


@pytest.mark.parametrize("code", DuplicateCheck)
def test_a_partner_nobody_matches_is_created(code: DuplicateCheck) -> None:
    assert verdict(code, []) == Verdict(Proceeding.CREATE, None)


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        ({"given_name": "Anna", "family_name": "Schmidt"}, "Anna Schmidt"),
        ({"given_name": "", "family_name": " Schmidt "}, "Schmidt"),
        ({"first_line_name": "Acme GmbH", "second_line_name": None}, "Acme GmbH"),
        ({"first_line_name": "Acme", "second_line_name": "Berlin branch"}, "Acme Berlin branch"),
        ({}, ""),
    ],
)
def test_a_name_is_written_without_gaps(parts: dict[str, str], name: str) -> None:
    assert formatted_name(**parts) == name


# ------------------------------------------------------------------------------------------------------- merged


def stored(**columns: object) -> dict[str, object]:
    """A business partner's columns that a merge looks at."""
    names = ("given_name", "family_name", "first_line_name", "second_line_name", "match_name", "name_folded")
    blanks = ("last_name_folded", "academic_title_code", "gender_code", "birth_date", "correspondence_language_code")
    others = {"contact_allowed_code": None, "extension": None, "role_codes": "PROSPECT"}
    return {**dict.fromkeys((*names, *blanks)), **others, **columns}


def test_a_master_keeps_what_it_has_and_takes_what_it_lacks_from_the_first_that_has_it() -> None:
    master = stored(family_name="Meier", gender_code="1")
    first = stored(given_name="Anna", family_name="Maier", gender_code="2", birth_date="a day")
    second = stored(birth_date="another day", extension=b"<e/>")
    assert merged_columns(master, [first, second]) == {"birth_date": "a day", "extension": b"<e/>"}


def test_names_are_taken_together_and_only_where_there_is_none() -> None:
    other = stored(given_name="Anna", family_name="Meier", match_name="anna meier")
    taken = {"given_name": "Anna", "family_name": "Meier", "match_name": "anna meier"}
    assert merged_columns(stored(), [other, stored(given_name="Berta")]) == taken
    assert merged_columns(stored(first_line_name="Meier"), [stored(first_line_name="M", second_line_name="GmbH")]) == {}


def test_roles_are_united_and_forbidden_wins() -> None:
    master, other = stored(role_codes="PROSPECT CONTACT"), stored(role_codes="CUSTOMER PROSPECT")
    assert merged_columns(master, [other]) == {"role_codes": "PROSPECT CONTACT CUSTOMER"}
    for mine, theirs, new in (("1", "2", "2"), ("2", "1", "2"), (None, "2", "2"), (None, "1", "1"), ("3", "1", "3")):
        changed = merged_columns(stored(contact_allowed_code=mine), [stored(contact_allowed_code=theirs)])
        assert changed.get("contact_allowed_code", mine) == new


def test_parts_that_are_the_same_come_once_and_are_numbered_on() -> None:
    def reach(position: int, value: str, normalised: str | None) -> dict[str, object]:
        return {"position": position, "kind": "email", "value": value, "normalised": normalised}

    master = [reach(0, "A@x", "a@x"), reach(4, "unreadable", None)]
    others = [reach(0, "a@X", "a@x"), reach(1, "unreadable", None), reach(0, "b@x", "b@x"), reach(0, "B@x", "b@x")]
    added = merged_list(master, others, ("kind", "normalised"))
    assert added == [reach(5, "b@x", "b@x")]
    assert merged_list([], [reach(7, "b@x", "b@x")], ("kind", "normalised")) == [reach(0, "b@x", "b@x")]
