"""The one way from bytes to an XML tree.

The gate has looked at every message before it comes here; this parser is hardened all the same, because the
contract's own files and the answers of other systems pass through it too.
"""

from collections.abc import Iterable
from typing import cast

from lxml import etree


class MalformedXml(ValueError):
    """The bytes are not one well-formed XML document, or they use a construct that is refused.

    The text is constant: what the parser has to say may quote the message.
    """

    def __init__(self, line: int | None = None) -> None:
        """`line` is where the parser stopped, counted from 1, where it knows."""
        super().__init__("not a well-formed XML document without a document type")
        self.line = line


def parse(data: bytes) -> etree._Element:
    """Parse `data` and return its root element; comments and processing instructions are left out.

    A parser is made for each call, because a shared one would carry its dictionary and its error log from one
    sender's message to the next.

    Raises:
        MalformedXml: not well-formed, a document type of any kind, or beyond libxml2's own limits.
    """
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,  # a comment inside a value would cut it in two
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise MalformedXml(error.lineno) from None
    if _may_have_doctype(data) and cast("str", root.getroottree().docinfo.doctype):  # type: ignore[union-attr] # the stub has no doctype
        raise MalformedXml
    return root


def _may_have_doctype(data: bytes) -> bool:
    """False where the bytes show that there is none, which is quicker than asking the tree: in UTF-8, which is what
    there is without a mark and without an encoding that is named, a document type is written `<!DOCTYPE`.
    """
    if b"\0" in data or data[:1] != b"<":
        return True
    if b"!" in data and b"<!" in data:  # one byte is looked for in a tenth of the time of two
        return True
    return data.startswith(b"<?xml") and b"encoding" in data[: data.find(b"?>")]


def line_of(element: etree._Element) -> int | None:
    """Line of `element` in the bytes it was parsed from, counted from 1."""
    return cast("int | None", element.sourceline)


def text_of(element: etree._Element) -> str:
    """The whole text of `element`, whatever stands between its parts."""
    return "".join(cast("Iterable[str]", element.itertext()))


def attributes_of(element: etree._Element) -> list[tuple[str, str]]:
    """Names in Clark notation and values of the attributes of `element`."""
    return cast("list[tuple[str, str]]", element.attrib.items())


def children_of(element: etree._Element) -> list[etree._Element]:
    """The child elements of `element`, without comments and processing instructions."""
    return [child for child in element if isinstance(cast("object", child.tag), str)]
