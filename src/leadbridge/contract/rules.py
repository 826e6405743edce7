"""What the rules of the contract's files have in common: findings, and how names and prefixes are used."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from lxml import etree

from leadbridge.contract.parsing import attributes_of, line_of

XS = "http://www.w3.org/2001/XMLSchema"

OWN_PREFIXES: Mapping[str, str] = MappingProxyType(
    {
        "urn:leadbridge:common:1": "lbc",
        "urn:leadbridge:businesspartner:1": "lbp",
        "urn:leadbridge:lead:1": "lbl",
        "urn:leadbridge:leadbulk:1": "lbb",
        "urn:leadbridge:crm:1": "lbr",
    }
)
"""One prefix for each namespace, the same in every file: fault paths and weak client tools rely on it."""

_NAMING_ATTRIBUTES = frozenset({"type", "base", "ref", "element", "message", "binding", "itemType"})
_TAKEN = frozenset(OWN_PREFIXES.values())


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that a file of the contract breaks. `line` counts from 1; `rule` is a short stable name."""

    file: str
    line: int | None
    rule: str
    text: str

    def __str__(self) -> str:
        """As compilers write it, so that editors find the place."""
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.text} [{self.rule}]"


class File:
    """One file under examination: its name, its root, and how findings about it are made."""

    def __init__(self, name: str, root: etree._Element) -> None:
        self.name = name
        self.root = root

    def finding(self, element: etree._Element | None, rule: str, text: str) -> Finding:
        """A finding at `element`, or about the file as a whole."""
        return Finding(self.name, None if element is None else line_of(element), rule, text)

    def each(self, *names: str, namespace: str = XS) -> Iterator[etree._Element]:
        """All elements of these local names, in document order."""
        return self.root.iter(*(f"{{{namespace}}}{name}" for name in names))


def is_text(element: etree._Element, attribute: str, expected: str) -> bool:
    """Whether an attribute has exactly this value."""
    return element.get(attribute) == expected


def resolve(element: etree._Element, prefixed: str) -> tuple[str | None, str]:
    """Namespace and local name of a prefixed name at `element`; no namespace where the prefix is not declared."""
    prefix, _, local = prefixed.rpartition(":")
    return element.nsmap.get(prefix or None), local


def prefix_findings(file: File) -> Iterator[Finding]:
    """Every own namespace has its one prefix, and every name that refers to something has a prefix."""
    seen: set[tuple[str | None, str]] = set()
    for element in file.root.iter(etree.Element):
        for prefix, namespace in element.nsmap.items():
            if (prefix, namespace) in seen:
                continue
            seen.add((prefix, namespace))
            expected = OWN_PREFIXES.get(namespace)
            if expected is not None and prefix != expected:
                yield file.finding(element, "prefix", f"{namespace} has the prefix {expected} in every file")
            if expected is None and prefix in _TAKEN:
                yield file.finding(element, "prefix", f"the prefix {prefix} belongs to another namespace")
        for name, value in attributes_of(element):
            if name in _NAMING_ATTRIBUTES and resolve(element, value)[0] is None:
                yield file.finding(element, "prefix", f"{name} needs a declared prefix")
            elif name in _NAMING_ATTRIBUTES and ":" not in value:
                yield file.finding(element, "prefix", f"{name} relies on the default namespace")


def form_findings(file: File, schema: etree._Element) -> Iterator[Finding]:
    """Elements are qualified and attributes are not, in every schema and also in the one that only imports."""
    if not is_text(schema, "elementFormDefault", "qualified"):
        yield file.finding(schema, "form", 'a schema says elementFormDefault="qualified"')
    if not is_text(schema, "attributeFormDefault", "unqualified"):
        yield file.finding(schema, "form", 'a schema says attributeFormDefault="unqualified"')
    for element in schema.iter(f"{{{XS}}}element", f"{{{XS}}}attribute"):
        if element.get("form") is not None:
            yield file.finding(element, "form", "the form is never chosen for a single element or attribute")
