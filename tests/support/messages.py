"""Arbitrary valid messages of the contract, for property tests and fuzzers.

The strategies follow the generated classes and their metadata; which fields exclude each other (`xs:choice`) is read
from the schemas, because the classes do not say.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import Field, fields, is_dataclass
from decimal import Decimal
from enum import Enum
from functools import cache
from sys import modules
from typing import Any, get_args, get_origin, get_type_hints

from hypothesis import strategies as st
from xsdata.formats.dataclass.models.generics import AnyElement

from leadbridge.contract.files import AUTHORED
from leadbridge.contract.parsing import parse

XS = "{http://www.w3.org/2001/XMLSchema}"
FOREIGN = ("urn:example:partner", "http://example.com/crm?v=1&x", "urn:example:other")

CHARACTERS = st.one_of(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"),
    st.sampled_from("<>&\"'\t\n\r ]{}:%*\\ÄßЖ漢😀"),
)
"""Everything XML 1.0 can carry, with a liking for what is easily mishandled."""

_LONGEST = 12
_MOST = 3
_NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,8}", fullmatch=True)


def texts(*, at_least: int = 0, at_most: int = _LONGEST) -> st.SearchStrategy[str]:
    """Text of any characters that XML can carry."""
    return st.text(CHARACTERS, min_size=at_least, max_size=max(at_least, min(at_most, _LONGEST)))


_BUILT: dict[type[Any], st.SearchStrategy[Any]] = {}


def messages(message: type[Any]) -> st.SearchStrategy[Any]:
    """Valid objects of a generated class: a message, or a part of one."""
    if message not in _BUILT:
        _BUILT[message] = _build(message)
    return _BUILT[message]


def _build(message: type[Any]) -> st.SearchStrategy[Any]:
    hints = get_type_hints(message)
    exclusive = choices().get(_schema_name(message), frozenset())
    always: dict[str, st.SearchStrategy[Any]] = {}
    alternatives: list[dict[str, st.SearchStrategy[Any]]] = []
    for field in fields(message):
        if field.metadata.get("name", field.name) in exclusive:
            alternatives.append({field.name: _one(field, _inner(hints[field.name]))})
        else:
            always[field.name] = _value(field, hints[field.name], _schema_name(message)[0])
    if not alternatives:
        return st.builds(message, **always)
    return st.one_of(*(st.builds(message, **always, **alternative) for alternative in alternatives))


@cache
def choices() -> dict[tuple[str, str], frozenset[str]]:
    """Element names that exclude each other, by namespace and name of their type."""
    found: dict[tuple[str, str], frozenset[str]] = {}
    for namespace, name in AUTHORED.schemas.items():
        for declared in parse(AUTHORED.xsd(name)).iterfind(f"{XS}complexType"):
            names = [one.get("name", "") for one in declared.iterfind(f".//{XS}choice/{XS}element")]
            found[namespace, declared.get("name", "")] = frozenset(names)
    return found


def foreign_elements(*, namespaces: Sequence[str] = FOREIGN, depth: int = 2) -> st.SearchStrategy[AnyElement]:
    """An element of somebody else's namespace, as it may stand in an Extension."""
    names = st.builds("{{{}}}{}".format, st.sampled_from(namespaces), _NAMES)
    return st.builds(_foreign, names, texts(), _attributes(), _foreign_children(depth), st.none())


def _foreign_children(depth: int) -> st.SearchStrategy[list[AnyElement]]:
    if depth == 0:
        return st.just([])
    names = st.one_of(_NAMES, st.builds("{{{}}}{}".format, st.sampled_from(FOREIGN), _NAMES))
    tails = st.one_of(st.none(), texts().filter(lambda text: bool(text.strip())))
    children = st.builds(_foreign, names, texts(), _attributes(), _foreign_children(depth - 1), tails)
    return st.lists(children, max_size=2)


def _foreign(
    name: str, text: str, attributes: dict[str, str], children: list[AnyElement], tail: str | None
) -> AnyElement:
    """White space between elements is not kept, so an element that has children has no such text."""
    kept = text if not children or text.strip() else ""
    return AnyElement(qname=name, text=kept, tail=tail, attributes=attributes, children=list(children))


def _attributes() -> st.SearchStrategy[dict[str, str]]:
    names = st.one_of(_NAMES, st.builds("{{{}}}{}".format, st.sampled_from(FOREIGN), _NAMES))
    return st.dictionaries(names, texts().filter(lambda text: not text.startswith("{")), max_size=2)


def _value(field: Field[Any], hint: Any, own_namespace: str) -> st.SearchStrategy[Any]:
    """A value of a field: a list, something that may be absent, or a value that must be there."""
    metadata = field.metadata
    if metadata.get("type") == "Wildcard":
        if metadata["namespace"] == "##other":
            return st.lists(foreign_elements(), max_size=_MOST)
        # Never empty, which the generated classes do not say.
        return st.lists(foreign_elements(namespaces=[own_namespace, *FOREIGN]), min_size=1, max_size=_MOST)
    if get_origin(hint) is list:
        least = metadata.get("min_occurs", 0)
        most = min(metadata.get("max_occurs", _MOST), max(least, _MOST))
        return st.lists(_one(field, get_args(hint)[0]), min_size=least, max_size=most)
    one = _one(field, _inner(hint))
    return st.one_of(st.none(), one) if type(None) in get_args(hint) else one


def _inner(hint: Any) -> Any:
    return next((choice for choice in get_args(hint) if choice is not type(None)), hint)


def _one(field: Field[Any], kind: Any) -> st.SearchStrategy[Any]:
    metadata = field.metadata
    if is_dataclass(kind):
        return messages(kind)  # type: ignore[arg-type] # a class, not an object
    if issubclass(kind, Enum):
        return st.sampled_from(kind)
    if kind is bool:
        return st.booleans()
    if kind is int:
        return st.integers(metadata.get("min_inclusive", -(2**31)), metadata.get("max_inclusive", 2**31 - 1))
    if kind is Decimal:
        return st.builds(
            lambda digits, places: Decimal(digits).scaleb(-places),
            st.integers(-(10**20), 10**20),
            st.integers(0, metadata["fraction_digits"]),
        )
    if kind is bytes:
        return st.binary(max_size=40)
    if pattern := metadata.get("pattern"):
        return _matching(pattern, metadata.get("min_length", 0), metadata.get("max_length"))
    return texts(at_least=metadata["min_length"], at_most=metadata["max_length"])


@cache
def _matching(pattern: str, least: int, most: int | None) -> st.SearchStrategy[str]:
    """Text that matches a pattern of the contract; those of dates and times leave the calendar to the type."""
    if most is None:
        days = st.dates().map(str)
        zones = st.sampled_from(["Z", "+02:00", "-11:30"])
        if re.fullmatch(pattern, "2026-03-31"):
            return st.builds("{}{}".format, days, st.one_of(st.just(""), zones))
        times = st.times().map(lambda time: time.isoformat())
        return st.builds("{}T{}{}".format, days, times, zones)
    alphabet = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff")
    matching = st.from_regex(pattern, fullmatch=True, alphabet=alphabet)
    return matching.filter(lambda text: least <= len(text) <= most)


def _schema_name(message: type[Any]) -> tuple[str, str]:
    """Namespace and name of the type that a class was generated from."""
    meta = vars(message).get("Meta")
    return str(vars(modules[message.__module__])["__NAMESPACE__"]), getattr(meta, "name", message.__name__)
