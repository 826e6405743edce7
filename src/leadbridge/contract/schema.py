"""Validation of messages against the contract: libxml2 decides, and what it refuses is explained.

The compiled schema is shared by all threads: libxml2 validates with a context of its own for each call and
only reads the schema.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from threading import RLock
from typing import TYPE_CHECKING, Any, cast

from lxml import etree

from leadbridge.contract.files import AUTHORED, ContractFolder
from leadbridge.contract.parsing import line_of, parse

if TYPE_CHECKING:
    from leadbridge.contract.violations import Explainer

__all__ = [
    "LIMIT",
    "ContractViolation",
    "UnknownMessage",
    "Violation",
    "children_in_question",
    "compile_schema",
    "conforms",
    "explainer",
    "message_names",
    "validate",
]


LIMIT = 100
"""The most violations that are listed, as many as a fault has room for."""

_XSD = "http://www.w3.org/2001/XMLSchema"


@dataclass(frozen=True, slots=True)
class Violation:
    """One place where a message breaks the contract.

    `path` is an absolute XPath from the message's own element, with the contract's prefixes; `rule` a short
    stable word; `expected` what should have been there; `line` counts from 1 in the bytes that were parsed.
    """

    path: str
    rule: str
    expected: str
    line: int | None


class ContractViolation(ValueError):
    """A message breaks the published schema.

    `violations` says where and how: 1 to 100 of them, in document order.
    """

    def __init__(self, violations: list[Violation]) -> None:
        """The text of the exception is constant; it repeats nothing of the message."""
        super().__init__("the message breaks the published schema")
        self.violations = violations


class UnknownMessage(ValueError):
    """The contract declares no element of this name."""

    def __init__(self) -> None:
        """The text does not repeat the name, which may be anything."""
        super().__init__("the contract does not name this element")


def validate(element: etree._Element) -> None:
    """Check a message, which may be inside an envelope: only `element` itself is looked at.

    The tree must not be used by another thread meanwhile.

    Raises:
        UnknownMessage: the contract has no such element.
        ContractViolation: the message breaks the schema.
    """
    if element.tag not in message_names():
        raise UnknownMessage
    if not conforms(element):
        raise ContractViolation(explainer().explain(element) or [_unexplained(element)])


def conforms(element: etree._Element) -> bool:
    """Whether a message keeps the contract; what the contract does not name keeps nothing."""
    with _COMPILING:  # whoever comes first compiles, the others wait for it
        schema = _schema()
    return schema.validate(element)


def children_in_question(element: etree._Element) -> set[etree._Element]:
    """Children of a message that has just been found not to conform, in which libxml2 met a violation.

    Others may be wrong as well: behind a child that should not be there it stops looking. Only for processes of one
    thread, because others would write into the same log.
    """
    prefixes = {prefix: uri for prefix, uri in element.nsmap.items() if prefix}
    found: set[Any] = set()
    for entry in cast("Iterable[Any]", _schema().error_log):
        with suppress(etree.XPathError):  # a path with a prefix that is declared further in
            nodes: Any = element.xpath(entry.path, namespaces=prefixes)
            found.update(child for node in nodes if (child := _child_around(node, element)) is not None)
    return found


def _child_around(node: etree._Element, element: etree._Element) -> etree._Element | None:
    """The child of `element` that is `node` or has it somewhere within."""
    parent = node.getparent()
    while parent is not None and parent is not element:
        node, parent = parent, parent.getparent()
    return node if parent is element else None


@cache
def message_names() -> frozenset[str]:
    """Names of all elements that the contract declares, in Clark notation."""
    return _declared(AUTHORED)


# libxml2 must not compile schemas in two threads at once: what comes out may lack declarations, for good.
# xmlschema shares its schema of schemas between all that it builds, so it is not tried there either.
_COMPILING = RLock()
_EXPLAINING = RLock()


def explainer() -> "Explainer":
    """What explains refused messages. Loading and building it takes half a second, once; only it needs xmlschema."""
    with _EXPLAINING:  # whoever comes first builds it, the others wait for it
        return _explainer()


@cache
def _explainer() -> "Explainer":
    from leadbridge.contract.violations import Explainer

    return Explainer(AUTHORED)


@cache
def _schema() -> etree.XMLSchema:
    return compile_schema(AUTHORED)


def _unexplained(element: etree._Element) -> Violation:
    """The violation of a message that libxml2 refuses and the explainer finds nothing in.

    It carries no more than a line: libxml2's texts quote the message.
    """
    schema = compile_schema(AUTHORED)  # not the shared one: other threads write into its log
    schema.validate(element)
    log = cast("Iterable[Any]", schema.error_log)
    line = next((cast("int", entry.line) for entry in log), line_of(element))
    return Violation(f"/{explainer().name(element.tag)}", "schema", "what the published schema says", line)


class _OurFilesOnly(etree.Resolver):
    """Serves the contract's schemas by their exact names and refuses everything else."""

    def __init__(self, folder: ContractFolder) -> None:
        super().__init__()
        self._folder = folder

    def resolve(self, system_url: str, public_id: str, context: object) -> object:  # type: ignore[override]  # the stub lacks context
        """The bytes of a schema."""
        del public_id
        return self.resolve_string(self._folder.xsd(system_url), context)  # type: ignore[call-arg]  # base_url is optional


def compile_schema(folder: ContractFolder) -> etree.XMLSchema:
    """All schemas of `folder` as one libxml2 schema.

    Raises:
        etree.XMLSchemaParseError: a schema is wrong.
        UnknownFile: a schema asks for a file that the folder does not have.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    parser.resolvers.add(_OurFilesOnly(folder))
    wrapper = etree.Element(f"{{{_XSD}}}schema")
    for namespace, name in folder.schemas.items():
        etree.SubElement(wrapper, f"{{{_XSD}}}import", namespace=namespace, schemaLocation=name)
    declared = _declared(folder)
    failed = etree.XMLSchemaParseError("libxml2 lost declarations each time it compiled the schemas")
    with _COMPILING:
        for _ in range(_ATTEMPTS):
            try:
                schema = etree.XMLSchema(etree.fromstring(etree.tostring(wrapper), parser))
            except etree.XMLSchemaParseError as error:
                failed = error
                continue
            if _knows(schema, declared):
                return schema
    raise failed


# To libxml2 an import that cannot be read is no more than a warning, and while other threads parse it now and then
# fails to read one: the schema then refuses every message of that namespace, or is not made at all where another one
# refers to it. Seen once in some thirty starts whose first messages come at once.
_ATTEMPTS = 10
_NO_DECLARATION = "SCHEMAV_CVC_ELT_1"


def _knows(schema: etree.XMLSchema, names: Iterable[str]) -> bool:
    """Whether the compiled schema has a declaration for each of these elements."""
    for name in names:
        schema.validate(etree.Element(name))
        if any(entry.type_name == _NO_DECLARATION for entry in cast("Iterable[Any]", schema.error_log)):
            return False
    return True


def _declared(folder: ContractFolder) -> frozenset[str]:
    return frozenset(
        f"{{{namespace}}}{declared.get('name')}"
        for namespace, name in folder.schemas.items()
        for declared in parse(folder.xsd(name)).iterfind(f"{{{_XSD}}}element")
    )
