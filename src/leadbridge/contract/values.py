"""Judges one value against its simple type and says which rule it breaks, without repeating it."""

from collections.abc import Callable
from typing import TypeAlias

from lxml import etree
from xmlschema import XMLSchemaValidationError
from xmlschema.validators import (
    XsdEnumerationFacets,
    XsdLengthFacet,
    XsdMaxLengthFacet,
    XsdMinLengthFacet,
    XsdPatternFacets,
    XsdSimpleType,
)
from xmlschema.validators.facets import XsdFacet

XSD = "http://www.w3.org/2001/XMLSchema"

ValueRule: TypeAlias = Callable[[str], tuple[str, str] | None]
"""From a value to the rule it breaks and what was expected, None where the value is right."""

_LONGEST_LITERAL = 1_000
"""No number, date or truth value has more characters; longer ones are refused unread and at once."""

_LITERALS = {
    "boolean": "true, false, 1 or 0",
    "date": "a date such as 2026-03-31",
    "dateTime": "a date and time with zone such as 2026-03-31T09:30:00Z",
    "int": "a whole number from -2147483648 to 2147483647",
    "decimal": "a decimal number such as 1250.50",
    "base64Binary": "base64 text",
}

_FACETS = {
    "totalDigits": "at most {} digits",
    "fractionDigits": "at most {} digits after the point",
    "minInclusive": "at least {}",
    "maxInclusive": "at most {}",
    "minExclusive": "more than {}",
    "maxExclusive": "less than {}",
}

_ORDER = (XsdEnumerationFacets, XsdMaxLengthFacet, XsdMinLengthFacet, XsdLengthFacet, XsdPatternFacets)
"""One value gives one violation: the plainest of the rules it breaks."""


def value_rule(xsd_type: XsdSimpleType) -> ValueRule:
    """The rule of `xsd_type`.

    Texts are judged by their facets alone, which is much cheaper than a full validation.
    """
    primitive = str(xsd_type.root_type.local_name)
    facets = [facet for kind in _ORDER for facet in xsd_type.facets.values() if isinstance(facet, kind)]

    def text_rule(value: str) -> tuple[str, str] | None:
        for facet in facets:
            try:
                facet(value)
            except XMLSchemaValidationError:
                return _rule(facet), _expected(facet)
        return None

    literal = _LITERALS.get(_builtin(xsd_type), f"a value of type xs:{primitive}")

    def literal_rule(value: str) -> tuple[str, str] | None:
        if primitive != "base64Binary" and len(value) > _LONGEST_LITERAL:
            return "type", literal
        broken = [error.validator for error in xsd_type.iter_errors(value)]
        if not broken:
            return None
        facet = next((validator for validator in broken if isinstance(validator, XsdFacet)), None)
        if facet is None or len(broken) > 1:
            return "type", literal
        return _rule(facet), literal if isinstance(facet, XsdPatternFacets) else _expected(facet)

    return text_rule if primitive == "string" else literal_rule


def _builtin(xsd_type: XsdSimpleType) -> str:
    """The local name of the built-in type that `xsd_type` restricts or is."""
    while xsd_type.target_namespace != XSD and isinstance(xsd_type.base_type, XsdSimpleType):
        xsd_type = xsd_type.base_type
    return str(xsd_type.local_name)


def _rule(facet: XsdFacet) -> str:
    """The facet's own name, such as maxLength."""
    if isinstance(facet, XsdEnumerationFacets):
        return "enumeration"
    if isinstance(facet, XsdPatternFacets):
        return "pattern"
    return etree.QName(facet.elem.tag).localname


def _expected(facet: XsdFacet) -> str:
    """What a facet asks for, in words."""
    if isinstance(facet, XsdEnumerationFacets):
        return f"one of {', '.join(str(value) for value in facet.enumeration)}"
    if isinstance(facet, XsdPatternFacets):
        return f"text that matches {' or '.join(str(pattern) for pattern in facet.regexps)}"
    if isinstance(facet, XsdMaxLengthFacet):
        return f"at most {_characters(facet.value)}"
    if isinstance(facet, XsdMinLengthFacet):
        return f"at least {_characters(facet.value)}"
    if isinstance(facet, XsdLengthFacet):
        return f"exactly {_characters(facet.value)}"
    return _FACETS.get(_rule(facet), "{}").format(facet.value)


def _characters(number: int | None) -> str:
    return "1 character" if number == 1 else f"{number} characters"
