"""Values at the edges of the contract's simple types, and what people put into fields to see what happens."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from hypothesis import strategies as st
from xmlschema.validators import XsdSimpleType, XsdType

_XS = "{http://www.w3.org/2001/XMLSchema}"

ANYTHING = (
    *("", " ", "\t\n", "\u00a0", "0", "-1", "true", "null", "None", "NaN", "'", '"', "<", "&", "]]>", "*", "%", "_"),
    *("' OR '1'='1", "'; DROP TABLE lead; --", "\\", "%s%n%x", "{0}", "{{7*7}}", "${jndi:ldap://127.0.0.1:9/x}"),
    *("../../../../etc/passwd", "file:///etc/passwd", "http://127.0.0.1:9/x", "=1+1", "@SUM(A1)", "<b>x</b>"),
    *("\u202eabc", "e\u0301", "\ufb01", "\U0001f40e", "\u0130", "\u00df", "a" * 5_000),
)  # fmt: skip

_NUMBERS = (
    "0",
    "-0",
    "+1",
    "00",
    "1",
    "-1",
    "2147483648",
    "9223372036854775808",
    "1" + "0" * 30,
    "1.5",
    "1e3",
    "\u0661",
)
_BY_PRIMITIVE = {
    "boolean": ("true", "false", "1", "0", "TRUE", "yes", "", " true "),
    "decimal": (*_NUMBERS, ".5", "5.", ".", "1,5", "INF", "9" * 400, "0." + "0" * 400 + "1", "1_000"),
    "date": (
        *("2026-02-29", "2024-02-29", "2026-02-28", "0000-01-01", "0001-01-01", "-0001-01-01", "9999-12-31"),
        *("10000-01-01", "2026-13-01", "2026-01-01Z", "2026-01-01+14:00", "2026-01-01-14:01", "26-01-01", "today"),
    ),
    "dateTime": (
        *("2026-01-01T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T24:00:01Z", "2026-06-30T23:59:60Z"),
        *("2026-01-01T00:00:00", "2026-01-01T00:00:00.123456789012Z", "0001-01-01T00:00:00+14:00", "2026-01-01"),
        *("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59-14:00", "-0001-01-01T00:00:00Z", "2026-01-01T00:00Z"),
        *("12026-01-01T00:00:00Z", "0000-01-01T00:00:00Z", "2026-01-01T00:00:00+14:01", "2026-01-01 00:00:00Z"),
    ),
    "base64Binary": ("", "QQ==", "QQ=", "Q", "Q Q = =", "QR==", "====", "A" * 4_000, "\u00e4"),
    "anyURI": ("", "urn:x", "http://[", "a b", "%zz", "http://127.0.0.1:9/", "\u00e4"),
}


def values_for(xsd_type: XsdType | None) -> st.SearchStrategy[str]:
    """Values for an element or attribute of this type: some keep it, some just fail to."""
    if not isinstance(xsd_type, XsdSimpleType):
        return st.sampled_from(ANYTHING)
    return st.sampled_from((*_edges(xsd_type), *ANYTHING[: len(ANYTHING) // 2])) | st.sampled_from(ANYTHING)


@cache
def _edges(xsd_type: XsdSimpleType) -> tuple[str, ...]:
    primitive = getattr(xsd_type, "primitive_type", None)
    name = (primitive.local_name or "") if primitive is not None else ""
    found = [*_BY_PRIMITIVE.get(name, ())]
    if name == "decimal":
        found += [*_NUMBERS]
    found += [*map(str, xsd_type.enumeration or ())][:20]
    found += [text for length in _lengths(xsd_type) for text in ("x" * length, "9" * length, "\u00e4" * length)]
    return tuple(found) or ANYTHING


def _lengths(xsd_type: XsdSimpleType) -> Iterable[int]:
    """The lengths at which a string begins or ends to be allowed, and their neighbours."""
    limits: Any = [xsd_type.min_length, xsd_type.max_length]
    lengths = {limit + step for limit in limits if limit is not None for step in (-1, 0, 1)}
    return sorted(length for length in lengths if 0 <= length <= 20_000)
