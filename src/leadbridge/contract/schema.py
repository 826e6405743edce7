"""Validation of messages against the contract: libxml2 decides, and what it refuses is explained.

The compiled schema is shared by all threads: libxml2 validates with a context of its own for each call and
only reads the schema.
"""

from collections.abc import Iterable
from functools import cache
from threading import RLock
from typing import Any, cast

from lxml import etree

from leadbridge.contract.files import AUTHORED, ContractFolder
from leadbridge.contract.parsing import line_of, parse
from leadbridge.contract.values import XSD
from leadbridge.contract.violations import LIMIT, Explainer, Violation

__all__ = [
    "LIMIT",
    "ContractViolation",
    "UnknownMessage",
    "Violation",
    "compile_schema",
    "explainer",
    "message_names",
    "validate",
]


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
    with _COMPILING:  # whoever comes first compiles, the others wait for it
        schema = _schema()
    if not schema.validate(element):
        raise ContractViolation(explainer().explain(element) or [_unexplained(element)])


@cache
def message_names() -> frozenset[str]:
    """Names of all elements that the contract declares, in Clark notation."""
    return frozenset(
        f"{{{namespace}}}{declared.get('name')}"
        for namespace, name in AUTHORED.schemas.items()
        for declared in parse(AUTHORED.xsd(name)).iterfind(f"{{{XSD}}}element")
    )


# libxml2 must not compile schemas in two threads at once: what comes out may lack declarations, for good.
# xmlschema shares its schema of schemas between all that it builds, so it is not tried there either.
_COMPILING = RLock()


@cache
def explainer() -> Explainer:
    """What explains refused messages; building it takes a third of a second, once."""
    with _COMPILING:
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

    def resolve(self, system_url: str, public_id: str, context: object) -> object:  # type: ignore[override]
        """The bytes of a schema. The stub knows neither `context` nor that `base_url` may be left out."""
        del public_id
        return self.resolve_string(self._folder.xsd(system_url), context)  # type: ignore[call-arg]


def compile_schema(folder: ContractFolder) -> etree.XMLSchema:
    """All schemas of `folder` as one libxml2 schema.

    Raises:
        etree.XMLSchemaParseError: a schema is wrong.
        UnknownFile: a schema asks for a file that the folder does not have.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    parser.resolvers.add(_OurFilesOnly(folder))
    wrapper = etree.Element(f"{{{XSD}}}schema")
    for namespace, name in folder.schemas.items():
        etree.SubElement(wrapper, f"{{{XSD}}}import", namespace=namespace, schemaLocation=name)
    with _COMPILING:
        return etree.XMLSchema(etree.fromstring(etree.tostring(wrapper), parser))
