"""What stands for a wildcard, such as the content of an `Extension`, as xsdata's `AnyElement`.

Kept are names, texts, order and attributes; white space between elements is not, and prefixes are chosen
anew: the contract's own for its namespaces. An attribute value that is a qualified name is held with its
namespace (`{namespace}name`), so that it still means the same when it is given back; one in a text keeps its
letters alone, because no form tells it from a text with a colon.
"""

import re
from collections.abc import Mapping
from contextlib import suppress

from lxml import etree
from xsdata.formats.dataclass.models.generics import AnyElement

from leadbridge.contract.escaping import escape_attribute, escape_text
from leadbridge.contract.files import PREFIXES
from leadbridge.contract.parsing import attributes_of

_NAME = re.compile(r"[^\W\d][\w.-]*")
_QUALIFIED = re.compile(r"\{[^{}\s]+\}[^\W\d][\w.-]*")
_CUSTOMARY = {
    "http://www.w3.org/2001/XMLSchema-instance": "xsi",
    "http://www.w3.org/2001/XMLSchema": "xs",
    **PREFIXES,
}
_XML = {"http://www.w3.org/XML/1998/namespace": "xml"}


def read_foreign(element: etree._Element, tail: str = "") -> AnyElement:
    """`element` with everything in it; `tail` is the text between it and the next element."""
    text = element.text or ""
    children: list[etree._Element] = []
    tails: list[str] = []
    for node in element:
        if isinstance(node.tag, str):
            children.append(node)
            tails.append(node.tail or "")
        elif children:  # a comment or processing instruction: what it divided is one text
            tails[-1] += node.tail or ""
        else:
            text += node.tail or ""
    return AnyElement(
        qname=element.tag,
        text=text if not children or text.strip() else "",
        tail=tail if tail.strip() else None,
        children=[read_foreign(child, after) for child, after in zip(children, tails, strict=True)],
        attributes={name: _with_namespace(value, element) for name, value in attributes_of(element)},
    )


def write_foreign(element: object, out: list[str], scope: Mapping[str, str]) -> None:
    """Append `element` to `out`; `scope` has the prefix of each namespace that is declared around it.

    Raises:
        ValueError: a name or a text that XML cannot carry.
        TypeError: not an `AnyElement`.
    """
    if not isinstance(element, AnyElement):
        raise TypeError("what stands for a wildcard must be an AnyElement")
    names = _Names(scope)
    name = names.name(element.qname or "")
    parts = []
    for key, value in element.attributes.items():
        parts.append(f' {names.name(key)}="{names.value(value)}"')
    out.append(f"<{name}{names.declarations()}{''.join(parts)}>{escape_text(element.text or '')}")
    for child in element.children:
        write_foreign(child, out, names.scope)
    out.append(f"</{name}>{escape_text(element.tail or '')}")


class _Names:
    """Names with prefixes at one element, and the namespaces that must be declared there."""

    def __init__(self, scope: Mapping[str, str]) -> None:
        self.scope = dict(scope)
        self._new: dict[str, str] = {}

    def name(self, qname: str) -> str:
        """The name with its prefix.

        Raises:
            ValueError: not a name in Clark notation.
        """
        parsed = etree.QName(qname)
        namespace = parsed.namespace
        if namespace is None:
            return parsed.localname
        prefix = _XML.get(namespace) or self.scope.get(namespace)
        if prefix is None:
            prefix = _CUSTOMARY.get(namespace, f"ns{len(self.scope)}")
            self.scope[namespace] = self._new[namespace] = prefix
        return f"{prefix}:{parsed.localname}"

    def value(self, value: str) -> str:
        """The value of an attribute, with a prefix where it is a qualified name."""
        if _QUALIFIED.fullmatch(value):
            with suppress(ValueError):  # letters that are no name after all
                return self.name(value)
        return escape_attribute(value)

    def declarations(self) -> str:
        return "".join(f' xmlns:{prefix}="{escape_attribute(uri)}"' for uri, prefix in self._new.items())


def _with_namespace(value: str, element: etree._Element) -> str:
    """`value` as `{namespace}name` where it reads `prefix:name` and the prefix is declared.

    xsdata does so with any text behind the colon, which cannot be undone.
    """
    prefix, _, name = value.partition(":")
    if prefix and _NAME.fullmatch(name):
        namespace = element.nsmap.get(prefix)
        if namespace is not None:
            return f"{{{namespace}}}{name}"
    return value
