"""Normal forms of e-mail addresses, phone numbers and names, and the likeness of names."""

import random
import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from leadbridge.matching import (
    email_pattern,
    name_score,
    normalise_email,
    normalise_name,
    normalise_phone,
    phone_pattern,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("max@example.org", "max@example.org"),
        ("  Max.Mustermann+Tag@Example.ORG\n", "max.mustermann+tag@example.org"),
        ("mailto:Max@example.org", "max@example.org"),
        ("MAILTO:max@example.org", "max@example.org"),
        ("J\N{LATIN SMALL LETTER U WITH DIAERESIS}rgen@example.org", "j\xfcrgen@example.org"),
        ("Ju\N{COMBINING DIAERESIS}rgen@example.org", "j\xfcrgen@example.org"),
        ("max@B\xfccher.example", "max@xn--bcher-kva.example"),
        ("max@XN--Bcher-KVA.example", "max@xn--bcher-kva.example"),
        ("a@" + "b" * 63 + ".de", "a@" + "b" * 63 + ".de"),
        ("a" * 64 + "@b.de", "a" * 64 + "@b.de"),
        ("a" * 65 + "@b.de", None),
        ("a@" + "b" * 64 + ".de", None),
        ("a@" + "b.c" * 100 + ".de", None),
        ("", None),
        ("@", None),
        ("max", None),
        ("max@", None),
        ("@example.org", None),
        ("max@localhost", None),
        ("max@example..org", None),
        ("max@.example.org", None),
        ("max@example.org.", None),
        ("max@-example.org", None),
        ("max@exam_ple.org", None),
        ("max mustermann@example.org", None),
        ("max@mustermann@example.org", None),
        ("Max <max@example.org>", None),
        ("max@example.org, eva@example.org", None),
        ("max\x00@example.org", None),
        ("max@\xfc" + "\xfc" * 80 + ".example", None),
        ("max@\ud800.example", None),
    ],
)
def test_an_email_address_has_one_form_or_is_none(text: str, expected: str | None) -> None:
    assert normalise_email(text) == expected


@given(st.emails() | st.builds("{}@{}.{}".format, st.text(), st.text(), st.text()))
def test_normalising_an_email_address_twice_changes_nothing(text: str) -> None:
    once = normalise_email(text)
    assume(once is not None)
    assert once is not None
    assert normalise_email(once) == once
    assert normalise_email(unicodedata.normalize("NFD", once)) == once


@given(st.text())
def test_any_text_at_all_is_an_email_address_or_none(text: str) -> None:
    normalise_email(text)
    normalise_email(f"{text}@{text}.org")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Max@Example.org", "max@example.org"),
        ("Max*@Example.org", "max*@example.org"),
        (" Max* ", "max*"),
        ("*@Example.org", "*@example.org"),
        ("*", "*"),
    ],
)
def test_an_email_pattern_is_folded_as_addresses_are(text: str, expected: str) -> None:
    assert email_pattern(text) == expected


@pytest.mark.parametrize(
    ("text", "region", "expected"),
    [
        ("+49 30 123456", "DE", "+4930123456"),
        ("+49 (0)30 / 12 34-56", "VN", "+4930123456"),
        ("0049 30 123456", "DE", "+4930123456"),
        ("030 123456", "DE", "+4930123456"),
        ("tel:+49-30-123456", "DE", "+4930123456"),
        ("030 123456 ext. 12", "DE", "+4930123456"),
        ("0912 345 678", "VN", "+84912345678"),
        ("+39 06 1234 5678", "DE", "+390612345678"),
        ("003981437037", "TW", "+8863981437037"),
        ("+88603981437037", "TW", "+8863981437037"),
        ("000723881", "DE", "+49723881"),
        ("\uff0b\uff14\uff19 \uff13\uff10 123456", "DE", "+4930123456"),
        ("030 123456", "XX", None),
        ("+49 30 123456", "XX", "+4930123456"),
        ("", "DE", None),
        ("unknown", "DE", None),
        ("+999 123456", "DE", None),
        ("1", "DE", None),
        ("+84 912 345 678 901 234 567", "DE", None),
        ("0" * 300, "DE", None),
    ],
)
def test_a_phone_number_has_one_form_or_is_none(text: str, region: str, expected: str | None) -> None:
    assert normalise_phone(text, region) == expected


@given(st.from_regex(r"(\+|00|0)?[1-9][0-9]{3,13}", fullmatch=True), st.sampled_from(["DE", "VN", "GB", "US"]))
def test_normalising_a_phone_number_twice_changes_nothing(text: str, region: str) -> None:
    once = normalise_phone(text, region)
    assume(once is not None)
    assert once is not None
    assert normalise_phone(once, region) == once


@pytest.mark.parametrize(
    ("text", "region", "expected"),
    [
        ("0171 1234567", "DE", "+491711234567"),
        ("0171 12*", "DE", "+4917112*"),
        ("+49 (171) 12*", "VN", "+4917112*"),
        ("0049 171*", "DE", "+49171*"),
        ("912*", "VN", "+84912*"),
        ("(212) 5*", "US", "+12125*"),
        ("0171*", "XX", "0171*"),
        ("*", "DE", "*"),
        ("*4567", "DE", "*4567"),
    ],
)
def test_the_beginning_of_a_phone_number_is_written_as_numbers_are_stored(
    text: str, region: str, expected: str
) -> None:
    assert phone_pattern(text, region) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Max Mustermann", "max mustermann"),
        ("  MUSTERMANN,\tMax ", "mustermann max"),
        ("J\xfcrgen Gro\xdf-M\xfcller", "jurgen gross muller"),
        ("S\xf8ren \xc6r\xf8", "soren aero"),
        ("\xc5ngstr\xf6m", "angstrom"),
        ("\u0141ukasz \u0110or\u0111e", "lukasz dorde"),
        ("Nguy\u1ec5n V\u0103n \u0110\u1ee9c", "nguyen van duc"),
        ("\u0130stanbul \u0131\u015f\u0131k", "istanbul isik"),
        ("Se\xe1n O'Brien", "sean obrien"),
        ("Se\xe1n O\u2019Brien", "sean obrien"),
        ("\xdeor \xd0i\u0153", "thor dioe"),
        ("\ufb01rma \u2122", "firma tm"),
        ("Meyer & S\xf6hne GmbH & Co. KG", "meyer sohne gmbh co kg"),
        ("1. FC 08", "1 fc 08"),
        ("under_score", "under score"),
        ("--- ", ""),
        ("", ""),
        ("\u0939\u093f\u0928\u094d\u0926\u0940", "\u0939\u093f\u0928\u094d\u0926\u0940"),
    ],
)
def test_a_name_is_folded_to_plain_words(text: str, expected: str) -> None:
    assert normalise_name(text) == expected


def test_composed_and_decomposed_names_are_one() -> None:
    korean = "\uae40\ucca0\uc218"
    assert normalise_name(korean) == normalise_name(unicodedata.normalize("NFD", korean)) != ""


names = st.text() | st.text("abcdeABCDE \xe4\xf6\xfc\xdf\xf8\xe6'-.", max_size=30)


@given(names)
def test_normalising_a_name_twice_changes_nothing(text: str) -> None:
    once = normalise_name(text)
    assert normalise_name(once) == once
    assert once == " ".join(once.split())


@given(names)
def test_the_case_and_the_composition_of_a_name_do_not_matter(text: str) -> None:
    once = normalise_name(text)
    for form in ("NFC", "NFD"):
        assert normalise_name(unicodedata.normalize(form, text)) == once
    assert normalise_name(text.casefold()) == once


@pytest.mark.parametrize(
    ("a", "b", "score"),
    [
        ("max mustermann", "max mustermann", 100),
        ("max mustermann", "mustermann max", 100),
        ("", "", 0),
        ("", "max", 0),
        ("anna schmidt", "anna maria schmidt", 95),
        ("hans peter meier", "meier hanspeter", 95),
        ("jon smith", "john smith", 86),
        ("anna mustermann", "anja mustermann", 75),
        ("max mustermann", "maria mustermann", 50),
        ("xyz", "abc", 0),
    ],
)
def test_names_are_scored_by_their_worst_pair_of_words(a: str, b: str, score: int) -> None:
    assert name_score(a, b) == score


def test_one_word_of_a_name_is_not_the_name() -> None:
    assert name_score("schmidt", "anna schmidt") < 85


words = st.lists(st.text("abcde", min_size=1, max_size=5), min_size=1, max_size=5)


@given(words, words, st.randoms())
def test_a_score_is_symmetric_in_range_and_blind_to_the_order_of_words(
    a: list[str], b: list[str], randoms: random.Random
) -> None:
    score = name_score(" ".join(a), " ".join(b))
    assert 0 <= score <= 100
    assert name_score(" ".join(b), " ".join(a)) == score
    randoms.shuffle(a)
    assert name_score(" ".join(a), " ".join(b)) == score


@given(words, st.randoms())
def test_the_same_words_score_a_hundred(a: list[str], randoms: random.Random) -> None:
    shuffled = list(a)
    randoms.shuffle(shuffled)
    assert name_score(" ".join(a), " ".join(shuffled)) == 100
