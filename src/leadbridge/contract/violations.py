"""Says what is wrong with a message that libxml2 has refused: every violation, in document order.

xmlschema knows the components of the schema and judges the values. The content of a type is compared here,
because xmlschema reports one structural error for each parent and then stops looking: the contract allows
nothing but a sequence of elements, choices of elements and a wildcard, so all deviations can be told apart.

Nothing that a caller sent is repeated: no value, and no name that is not the contract's own.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from graphlib import TopologicalSorter
from itertools import islice
from typing import TypeAlias, cast

import xmlschema
from lxml import etree
from xmlschema.validators import XsdAnyElement, XsdComplexType, XsdElement, XsdGroup, XsdSimpleType

from leadbridge.contract.files import ContractFolder
from leadbridge.contract.parsing import attributes_of, children_of, line_of, parse, text_of
from leadbridge.contract.schema import LIMIT, Violation
from leadbridge.contract.values import XSD, ValueRule, value_rule

_LONGEST_PATH = 1_000
"""`lbc:ElementPath` holds no more characters."""

_MOST_ELEMENTS = 20_000
"""Where the search ends in a message whose violations lie far apart; it bounds the time to about a second."""

XSI = "http://www.w3.org/2001/XMLSchema-instance"
_HINTS = frozenset({f"{{{XSI}}}schemaLocation", f"{{{XSI}}}noNamespaceSchemaLocation"})


_XsdType: TypeAlias = XsdSimpleType | XsdComplexType


@dataclass(frozen=True, slots=True)
class _Slot:
    """One place in a sequence: an element, a choice of elements, or a wildcard."""

    elements: Mapping[str, XsdElement]
    minimum: int
    maximum: int | None
    wildcard: XsdAnyElement | None = None


@dataclass(frozen=True, slots=True)
class _Shape:
    """What a type allows: attributes, and either a value or a sequence of slots."""

    attributes: Mapping[str, tuple[bool, ValueRule]]
    value: ValueRule | None
    slots: tuple[_Slot, ...]
    places: Mapping[str, int]


class Explainer:
    """Explains refused messages. Built once for a contract; safe to use from several threads."""

    def __init__(self, folder: ContractFolder) -> None:
        """Builds the schemas of `folder`: a third of a second."""
        self.schema = build_schema(folder)
        self._prefixes = {**folder.prefixes, XSI: "xsi"}
        self.shape = lru_cache(maxsize=None)(_shape)

    def explain(self, element: etree._Element) -> list[Violation]:
        """The first `LIMIT` violations of the message `element`, whose name the contract must know."""
        declaration = self.schema.maps.elements[element.tag]
        found = _Search(self).element(element, declaration.type, f"/{self.name(element.tag)}")
        return [_fitting(one) for one in islice(found, LIMIT)]

    def knows(self, tag: str) -> bool:
        """Whether `tag`, a name in Clark notation, is an element that the contract declares."""
        return tag in self.schema.maps.elements

    def name(self, tag: str) -> str:
        """A name of the contract with its prefix."""
        qname = etree.QName(tag)
        prefix = self._prefixes.get(qname.namespace or "")
        return f"{prefix}:{qname.localname}" if prefix else qname.localname

    def named_type(self, element: etree._Element, value: str) -> _XsdType | None:
        """The type that the xsi:type attribute `value` of `element` names, None where there is none."""
        prefix, _, local = value.strip().rpartition(":")
        namespace = element.nsmap.get(prefix or None)
        if prefix and namespace is None:
            return None
        found: _XsdType | None = self.schema.maps.types.get(f"{{{namespace}}}{local}" if namespace else local)
        return found


class _Search:
    """The search through one message."""

    def __init__(self, contract: Explainer) -> None:
        self._contract = contract
        self._name = contract.name
        self._elements_left = _MOST_ELEMENTS

    def element(self, element: etree._Element, xsd_type: _XsdType, path: str) -> Iterator[Violation]:
        """Violations of one element and everything in it."""
        if not self._elements_left:
            return
        self._elements_left -= 1
        line = line_of(element)
        if f"{{{XSI}}}nil" in element.attrib:
            expected = "no xsi:nil: an element without a value is left out"
            yield Violation(f"{path}/@xsi:nil", "nil", expected, line)
        named = element.get(f"{{{XSI}}}type")
        if named is not None:
            substitute = self._contract.named_type(element, named)
            if substitute is None or not substitute.is_derived(xsd_type):
                expected = f"type {self._name(xsd_type.name or '')}, or no xsi:type"
                yield Violation(f"{path}/@xsi:type", "type", expected, line)
            else:
                xsd_type = substitute
        shape = self._contract.shape(xsd_type)
        yield from self._attributes(element, shape, path)
        if shape.value is None:
            yield from self._content(element, shape, path)
            return
        if children_of(element):
            yield Violation(f"{path}/*[1]", "unexpected", "text only", line)
        elif broken := shape.value(text_of(element)):
            yield Violation(path, *broken, line)

    def _attributes(self, element: etree._Element, shape: _Shape, path: str) -> Iterator[Violation]:
        line = line_of(element)
        for name, value in attributes_of(element):
            if name in shape.attributes:
                if broken := shape.attributes[name][1](value):
                    yield Violation(f"{path}/@{name}", *broken, line)
            elif not name.startswith(f"{{{XSI}}}"):
                allowed = ", ".join(shape.attributes)
                expected = f"no attribute other than {allowed}" if allowed else "no attribute"
                yield Violation(f"{path}/@*", "unexpected", expected, line)
            elif name not in _HINTS and name not in (f"{{{XSI}}}nil", f"{{{XSI}}}type"):
                yield Violation(f"{path}/@*", "unexpected", "no xsi attribute of this name", line)
        for name, (required, _) in shape.attributes.items():
            if required and name not in element.attrib:
                yield Violation(path, "missing", f"attribute {name}", line)

    def _content(self, element: etree._Element, shape: _Shape, path: str) -> Iterator[Violation]:
        """Violations of the children of an element that has a sequence."""
        texts = [element.text, *(child.tail for child in element)]
        if any(text and text.strip(" \t\r\n") for text in texts):
            yield Violation(path, "text", "elements only, no text between them", line_of(element))
        children = children_of(element)
        places = [self._place(child, shape) for child in children]
        in_order = _longest_ascent(places)
        missing = self._missing(shape, places, in_order)
        repeated = Counter(child.tag for child in children)
        seen: Counter[int] = Counter()
        numbers: Counter[str] = Counter()
        for position, (child, place) in enumerate(zip(children, places, strict=True)):
            for expected in missing.pop(position, ()):
                yield Violation(path, "missing", expected, line_of(element))
            numbers[child.tag] += 1
            if place is None:
                yield self._unknown(child, shape, f"{path}/*[{position + 1}]")
                continue
            slot = shape.slots[place]
            seen[place] += 1
            known = slot.wildcard is None or self._contract.knows(child.tag)
            step = self._name(child.tag) if known else f"*[{position + 1}]"
            number = f"[{numbers[child.tag]}]" if known and repeated[child.tag] > 1 else ""
            below = f"{path}/{step}{number}"
            if slot.maximum is not None and seen[place] == slot.maximum + 1:
                yield Violation(below, *self._surplus(slot), line_of(child))
            elif position not in in_order:
                expected = self._neighbours(shape, place, [places[other] for other in sorted(in_order)])
                yield Violation(below, "order", expected, line_of(child))
            if slot.wildcard is None:
                yield from self.element(child, slot.elements[child.tag].type, below)
            elif slot.wildcard.process_contents != "skip":
                yield from self._lax(child, below)
        for expected in missing.pop(len(children), ()):
            yield Violation(path, "missing", expected, line_of(element))

    def _lax(self, element: etree._Element, path: str) -> Iterator[Violation]:
        """Violations of an element of the sender's own: what names something of the contract is judged."""
        declaration = self._contract.schema.maps.elements.get(element.tag)
        named = element.get(f"{{{XSI}}}type")
        xsd_type = self._contract.named_type(element, named) if named is not None else None
        if declaration is not None:
            yield from self.element(element, declaration.type, path)
        elif xsd_type is not None:
            yield from self.element(element, xsd_type, path)
        else:
            if named is not None:
                expected = "a type that the contract names"
                yield Violation(f"{path}/@xsi:type", "type", expected, line_of(element))
            for position, child in enumerate(children_of(element), 1):
                yield from self._lax(child, f"{path}/*[{position}]")

    def _place(self, child: etree._Element, shape: _Shape) -> int | None:
        """Index of the slot that `child` belongs into, None where the type has none for it."""
        if (place := shape.places.get(child.tag)) is not None:
            return place
        for place, slot in enumerate(shape.slots):
            if slot.wildcard is not None and slot.wildcard.is_matching(child.tag):
                return place
        return None

    def _missing(self, shape: _Shape, places: list[int | None], in_order: set[int]) -> dict[int, list[str]]:
        """What is missing, by the index of the child before which it should stand."""
        missing: dict[int, list[str]] = {}
        present = set(places)
        for place, slot in enumerate(shape.slots):
            if slot.minimum and place not in present:
                later = (index for index in sorted(in_order) if (places[index] or 0) > place)
                missing.setdefault(next(later, len(places)), []).append(self._wanted(slot))
        return missing

    def _wanted(self, slot: _Slot) -> str:
        names = [self._name(tag) for tag in slot.elements]
        return f"element {names[0]}" if len(names) == 1 else f"one of the elements {', '.join(names)}"

    def _surplus(self, slot: _Slot) -> tuple[str, str]:
        if len(slot.elements) > 1:
            return "choice", f"only {self._wanted(slot)}"
        what = self._wanted(slot) if slot.elements else "element of another namespace"
        return "occurs", f"{what} at most {'once' if slot.maximum == 1 else f'{slot.maximum} times'}"

    def _unknown(self, child: etree._Element, shape: _Shape, path: str) -> Violation:
        """An element that the type has no place for; mostly the right name in a wrong namespace."""
        local = etree.QName(child).localname
        for tag in shape.places:
            wanted = etree.QName(tag)
            if wanted.localname == local:
                expected = f"element {self._name(tag)} of the namespace {wanted.namespace}"
                return Violation(path, "namespace", expected, line_of(child))
        open_to_others = any(slot.wildcard is not None for slot in shape.slots)
        expected = "an element of another namespace" if open_to_others else "only elements the contract names here"
        return Violation(path, "unexpected", expected, line_of(child))

    def _neighbours(self, shape: _Shape, place: int, in_order: list[int | None]) -> str:
        """Where an element that is out of order belongs."""
        wanted = self._wanted(shape.slots[place])
        after = next((other for other in in_order if other is not None and other > place), None)
        if after is not None:
            return f"{wanted} before {self._wanted(shape.slots[after])}"
        before = [other for other in in_order if other is not None and other < place]
        return f"{wanted} after {self._wanted(shape.slots[before[-1]])}" if before else wanted


def _fitting(violation: Violation) -> Violation:
    """The violation with a path that a fault has room for: that of an element further up where it is longer."""
    path = violation.path
    if len(path) <= _LONGEST_PATH:
        return violation
    return replace(violation, path=path[: path.rindex("/", 0, _LONGEST_PATH)])


def build_schema(folder: ContractFolder) -> xmlschema.XMLSchema10:
    """All schemas of `folder` as xmlschema sees them: from bytes alone, any file and the network denied.

    Raises:
        xmlschema.XMLSchemaException: a schema is wrong, or one of its imports is not among the files.
    """
    first, *others = _imported_first(folder)
    schema = xmlschema.XMLSchema10(first, allow="none", defuse="always", build=False)
    for source in others:
        schema.add_schema(source, build=False)
    schema.build()
    return schema


def _imported_first(folder: ContractFolder) -> list[bytes]:
    """The schemas in an order in which each import finds its namespace loaded: no file is looked for."""
    imports = {
        name: {folder.schemas[used.get("namespace", "")] for used in parse(data).iterfind(f"{{{XSD}}}import")}
        for name, data in folder.xsds.items()
    }
    return [folder.xsds[name] for name in TopologicalSorter(imports).static_order()]


def _shape(xsd_type: _XsdType) -> _Shape:
    if isinstance(xsd_type, XsdSimpleType):
        return _Shape({}, value_rule(xsd_type), (), {})
    attributes = {
        name: (attribute.use == "required", value_rule(cast("XsdSimpleType", attribute.type)))
        for name, attribute in xsd_type.attributes.items()
        if name is not None
    }
    content = xsd_type.content
    if isinstance(content, XsdSimpleType):
        return _Shape(attributes, value_rule(content), (), {})
    slots = tuple(_slot(particle) for particle in _particles(content))
    places = {name: place for place, slot in enumerate(slots) for name in slot.elements}
    return _Shape(attributes, None, slots, places)


def _particles(content: XsdGroup) -> Iterator[XsdElement | XsdAnyElement | XsdGroup]:
    """What stands in a sequence; a type that extends another has that one's sequence as the first part of its own."""
    for particle in content:
        if isinstance(particle, XsdGroup) and particle.model == "sequence":
            yield from _particles(particle)
        else:
            yield particle


def _slot(particle: XsdElement | XsdAnyElement | XsdGroup) -> _Slot:
    if isinstance(particle, XsdAnyElement):
        return _Slot({}, particle.min_occurs, particle.max_occurs, particle)
    elements = cast("list[XsdElement]", [particle] if isinstance(particle, XsdElement) else list(particle))
    named = {str(element.name): element for element in elements}
    return _Slot(named, particle.min_occurs, particle.max_occurs)


def _longest_ascent(places: list[int | None]) -> set[int]:
    """Indices of the most children that stand in order; equal places may follow each other."""
    tails: list[int] = []
    ends: list[int] = []
    previous: dict[int, int | None] = {}
    for index, place in enumerate(places):
        if place is None:
            continue
        length = bisect_right(tails, place)
        previous[index] = ends[length - 1] if length else None
        tails[length:] = [place, *tails[length + 1 :]]
        ends[length:] = [index, *ends[length + 1 :]]
    chosen: set[int] = set()
    last = ends[-1] if ends else None
    while last is not None:
        chosen.add(last)
        last = previous[last]
    return chosen
