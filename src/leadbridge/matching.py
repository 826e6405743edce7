"""How e-mail addresses, phone numbers and names are made comparable.

The one home of phonenumbers and rapidfuzz.

The normalised forms are stored beside what a caller sent and are found by equality, so a change here means
that stored forms must be computed again. Normalising what is normalised changes nothing.

These functions run for every lead that comes in; ASCII text, nearly all there is, takes a short way through
each.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

import phonenumbers
from rapidfuzz import fuzz

_MAILTO = "mailto:"
_EMAIL_MAXIMUM_LENGTH = 254  # RFC 5321, section 4.5.3.1.3, less the angle brackets
_LOCAL_PART_MAXIMUM_LENGTH = 64  # RFC 5321, section 4.5.3.1.1
# RFC 5322 "atext" and dots, opened to every other script (RFC 6531); quoted local parts are not used by
# people.
_LOCAL_PART = re.compile(r'[^\s()<>\[\]:;@\\,"\x00-\x1f\x7f]+')
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")


def normalise_email(text: str) -> str | None:
    """The comparable form of an e-mail address, None when the text is not one.

    Trimmed, case-folded, composed (NFC), without a leading ``mailto:``; the domain in its ASCII form (IDNA).
    Strictly a mail server may tell ``Ann@`` from ``ann@``; none that matters does, and people do not.
    """
    address = _folded_address(text)
    local_part, _, domain = address.rpartition("@")
    if (
        len(address) > _EMAIL_MAXIMUM_LENGTH
        or len(local_part) > _LOCAL_PART_MAXIMUM_LENGTH
        or not _LOCAL_PART.fullmatch(local_part)
    ):
        return None
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode("ascii").lower()
        except UnicodeError:
            return None
    return f"{local_part}@{domain}" if _DOMAIN.fullmatch(domain) else None


def email_pattern(text: str) -> str:
    """The comparable form of an address or part of one in which a caller put ``*``, for a Find's selection.

    A whole address becomes what ``normalise_email`` makes of it; anything else is folded the same way as it
    stands.
    """
    return normalise_email(text) or _folded_address(text)


def _folded_address(text: str) -> str:
    address = text.strip()
    if address.isascii():
        address = address.lower()
    else:
        # Folding the decomposed text makes canonically equal spellings equal (Unicode, definition D145).
        address = unicodedata.normalize("NFC", unicodedata.normalize("NFD", address).casefold())
    return address.removeprefix(_MAILTO)


# Each reading drops one of the 17 digits phonenumbers takes at most; the bound only makes that certain.
_PHONE_MOST_READINGS = 20


@lru_cache(maxsize=16_384)
def normalise_phone(text: str, default_region: str) -> str | None:
    """The number in E.164 (``+4930123456``), None when it cannot be one.

    ``default_region`` (ISO 3166 alpha-2) is where a number without a country code is at home. An extension
    is left out: E.164 has none. Checked is whether the number is possible, not whether its range is in use,
    because the plans of numbers change faster than any table of them.

    Cached, because reading a number costs 15 to 40 microseconds and a retried message, or a bundle of one
    company's people, brings the same number.
    """
    # What was dialled with one zero too many leaves a zero in the E.164 form, of which the next reading
    # drops one (some countries: a stray 8 or 1). So the form is read again until it stands; a proper one
    # stands at once.
    for _ in range(_PHONE_MOST_READINGS):
        try:
            number = phonenumbers.parse(text, default_region)
        except phonenumbers.NumberParseException:
            return None
        if not phonenumbers.is_possible_number(number):
            return None
        form = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        if form == text or not _would_lose_a_prefix(number.country_code or 0, form):
            return form
        text = form
    return None


def _would_lose_a_prefix(country_code: int, form: str) -> bool:
    """Whether a number in E.164 would be read as another one: it begins with what its country dials before a number."""
    prefix = _national_prefix(country_code)
    return prefix is not None and prefix.match(form, 1 + len(str(country_code))) is not None


@cache
def _national_prefix(country_code: int) -> re.Pattern[str] | None:
    region = phonenumbers.region_code_for_country_code(country_code)
    metadata = phonenumbers.PhoneMetadata.metadata_for_region_or_calling_code(country_code, region)
    prefix = metadata.national_prefix_for_parsing if metadata else None
    return re.compile(prefix) if prefix else None


def phone_pattern(text: str, default_region: str) -> str:
    """The comparable form of a number or of the beginning of one followed by ``*``, for a Find's selection.

    A whole number becomes what ``normalise_phone`` makes of it. Of a beginning, the digits and the wildcards
    stay, the international prefix ``00`` or a national ``0`` becomes the country code: ``0171 12*`` is
    ``+4917112*`` in DE.
    """
    whole = None if "*" in text else normalise_phone(text, default_region)
    if whole is not None:
        return whole
    kept = re.sub(r"[^0-9+*]", "", text)
    if kept.startswith(("+", "*")):
        return kept
    if kept.startswith("00"):
        return "+" + kept[2:]
    country_code = phonenumbers.country_code_for_region(default_region)
    national_prefix = phonenumbers.ndd_prefix_for_region(default_region, True) or ""
    return f"+{country_code}{kept.removeprefix(national_prefix)}" if country_code else kept


# Letters that Unicode takes for letters of their own, not for one with an accent; case folding did sharp s.
_LETTERS = {
    "\N{LATIN SMALL LETTER O WITH STROKE}": "o",
    "\N{LATIN SMALL LETTER AE}": "ae",
    "\N{LATIN SMALL LIGATURE OE}": "oe",
    "\N{LATIN SMALL LETTER D WITH STROKE}": "d",
    "\N{LATIN SMALL LETTER ETH}": "d",
    "\N{LATIN SMALL LETTER THORN}": "th",
    "\N{LATIN SMALL LETTER L WITH STROKE}": "l",
    "\N{LATIN SMALL LETTER H WITH STROKE}": "h",
    "\N{LATIN SMALL LETTER T WITH STROKE}": "t",
    "\N{LATIN SMALL LETTER DOTLESS I}": "i",
    "\N{LATIN SMALL LETTER ENG}": "n",
}
# They join one word (O'Brien), where other punctuation parts two (Hans-Peter).
_APOSTROPHES = frozenset(
    {
        "'",
        "`",
        "\N{LEFT SINGLE QUOTATION MARK}",
        "\N{RIGHT SINGLE QUOTATION MARK}",
        "\N{MODIFIER LETTER APOSTROPHE}",
    }
)
# Combining classes of marks that are part of a letter in their script (nukta, kana voicing, virama), not
# accents on it; class 0 holds the vowel signs of Indian scripts.
_LETTER_MARK_CLASSES = frozenset({0, 7, 8, 9})
_REMEMBERED_CHARACTERS = 4_096


class _NameTable(dict[int, str]):
    """What each character of a decomposed name becomes; filled as characters are met, up to a bound."""

    def __missing__(self, code: int) -> str:
        folded = _fold_character(chr(code))
        if len(self) < _REMEMBERED_CHARACTERS:
            self[code] = folded
        return folded


def _fold_character(character: str) -> str:
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
    return "".join(map(_fold_decomposed, text))


def _fold_decomposed(character: str) -> str:
    if character in _LETTERS:
        return _LETTERS[character]
    if character in _APOSTROPHES:
        return ""
    if character.isalnum():
        return character
    if unicodedata.category(character).startswith("M"):
        return character if unicodedata.combining(character) in _LETTER_MARK_CLASSES else ""
    return " "


_NAME_TABLE = _NameTable()


def normalise_name(text: str) -> str:
    """The comparable form of a name: lower-case words, single spaces between them, "" when nothing is left.

    Accents go, special letters are written out (sharp s as ss, o with stroke as o, ae as two letters),
    apostrophes vanish, every other run of punctuation and spaces is one space. Letters of other scripts stay
    what they are.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text)
    return " ".join(text.translate(_NAME_TABLE).split())


_EXTRA_WORD_PENALTY = 5


def name_score(a: str, b: str) -> int:
    """How alike two normalised names are: 0 (unlike, or one is empty) to 100 (the same words in any order).

    The score is that of the worst pair of words, each word paired with its best partner: of the likeness of
    whole names a long family name would make too much, and take Max and Maria Mustermann for one. Words the
    shorter name lacks (a second given name) cost 5 each, provided it has two words or more. A word written
    in two (Hanspeter, Hans Peter) costs the same. Symmetric.
    """
    if not a or not b:
        return 0
    if a == b:
        return 100
    words_a, words_b = a.split(), b.split()
    shorter, longer = sorted((words_a, words_b), key=len)
    only_shorter, only_longer = _without(shorter, longer), _without(longer, shorter)
    if len(only_shorter) == 1 and len(only_longer) == 2:
        first, second = only_longer
        if only_shorter[0] in (first + second, second + first):
            return 100 - _EXTRA_WORD_PENALTY
    extra = len(longer) - len(shorter)
    if extra and len(shorter) == 1:
        return round(fuzz.token_sort_ratio(a, b))
    return max(0, _worst_pair(only_shorter, only_longer) - extra * _EXTRA_WORD_PENALTY)


def _without(words: list[str], others: list[str]) -> list[str]:
    """The words left when each of the others has taken away one equal word."""
    left = list(words)
    for other in others:
        if other in left:
            left.remove(other)
    return left


def _worst_pair(words: list[str], others: list[str]) -> int:
    """Pair every word with one of the others, best pairs first; the lowest score (100 without words)."""
    pairs = sorted(
        # The two words in order as second key: equal scores are then taken alike whichever name comes first.
        (-fuzz.ratio(word, other), min(word, other), max(word, other), i, j)
        for i, word in enumerate(words)
        for j, other in enumerate(others)
    )
    worst = 100.0
    paired_words: set[int] = set()
    paired_others: set[int] = set()
    for negative_score, _, _, i, j in pairs:
        if i not in paired_words and j not in paired_others:
            paired_words.add(i)
            paired_others.add(j)
            worst = -negative_score
    return round(worst)
