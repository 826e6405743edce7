"""Hostile messages: envelopes of each operation's sample, changed where XML and the schema have joints.

What lxml does not let stand in a tree (an entity, a control character, CDATA) is put there as a mark, and takes the
mark's place in the bytes.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cache
from typing import Any

from hypothesis import strategies as st
from lxml import etree
from xmlschema.validators import XsdElement

from leadbridge.contract.codec import encode
from leadbridge.contract.operations import ContractOperation, operations
from leadbridge.contract.samples import sample_files, samples
from leadbridge.contract.schema import explainer
from leadbridge.soap.versions import SOAP_11, SOAP_12, SoapVersion
from tests.support.fuzz_bytes import TOKENS
from tests.support.fuzz_values import ANYTHING, values_for

XSI = "http://www.w3.org/2001/XMLSchema-instance"
WSA = "http://www.w3.org/2005/08/addressing"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
DSIG = "http://www.w3.org/2000/09/xmldsig#"
_PROFILE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0"

OPERATIONS = operations()
CALLER, PASSWORD = "fuzz", "correct horse battery"

Change = Callable[[st.DrawFn, etree._Element], None]


@cache
def payload_of(operation: ContractOperation) -> bytes:
    """The sample request of an operation."""
    return etree.tostring(encode(samples()[operation.name]))


def versions() -> st.SearchStrategy[SoapVersion]:
    """Both versions of SOAP."""
    return st.sampled_from((SOAP_11, SOAP_12))


@st.composite
def envelopes(draw: st.DrawFn, operation: ContractOperation, version: SoapVersion, *, most: int = 4) -> bytes:
    """An envelope with the sample of the operation after a few changes, up to `most`."""
    root = etree.Element(version.envelope_tag, nsmap={"e": version.namespace})
    header = etree.SubElement(root, version.header_tag)
    body = etree.SubElement(root, version.body_tag)
    body.append(etree.fromstring(payload_of(operation)))
    _name_anew(draw, body)
    if draw(st.booleans()):
        for block in draw(st.lists(header_blocks(operation, version), max_size=3)):
            header.append(block)
    elif draw(st.integers(0, 3)):
        root.remove(header)
    _change(draw, root, most)
    return unmarked(etree.tostring(root))


@st.composite
def bulk_files(draw: st.DrawFn) -> bytes:
    """A bulk file in XML after a few changes."""
    root = etree.fromstring(sample_files()["LeadBulk.xml"])
    _name_anew(draw, root)
    _change(draw, root, 4)
    return unmarked(etree.tostring(root))


def _change(draw: st.DrawFn, root: etree._Element, most: int) -> None:
    changes = draw(st.sampled_from((_GENTLE, _CHANGES)))
    for _ in range(draw(st.sampled_from((1, 1, 1, 2, most, 0)))):
        draw(st.sampled_from(changes))(draw, root)


def _name_anew(draw: st.DrawFn, root: etree._Element) -> None:
    """Most messages have a UUID of their own, or none: under the sample's they would all be the same message again."""
    for element in root.iter("{urn:leadbridge:common:1}UUID"):
        number = draw(st.integers(0, 2_000))
        if number:
            element.text = f"5f6b1c1e-8a35-4a2b-9d0e-{number:012d}"


# ------------------------------------------------------------------------------------------------------------- marks

_MARKED = "\uf8ff"


def marked(data: bytes) -> str:
    """What stands in a tree for bytes that it could not hold."""
    return f"{_MARKED}{data.hex()}{_MARKED}"


def unmarked(data: bytes) -> bytes:
    """The serialised tree, with the bytes that were meant."""
    for mark in (_MARKED.encode(), f"&#{ord(_MARKED)};".encode()):
        parts = data.split(mark)
        data = b"".join(bytes.fromhex(part.decode()) if place % 2 else part for place, part in enumerate(parts))
    return data


_RAW = (
    *TOKENS,
    b"<?php x?>",
    b"<![CDATA[<a>&]]>",
    b"<!-- x -->",
    b"&#x41;",
    b"<a/>",
    b"<a>",
    b"</a>",
    b"&#10;",
    b"a&#0;b",
)


def texts() -> st.SearchStrategy[str]:
    """Text that may stand anywhere: some of it no XML."""
    return st.sampled_from(ANYTHING) | st.sampled_from(_RAW).map(marked) | st.text(_CHARACTERS, max_size=20)


_CHARACTERS = st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters="\ufffe\uffff" + _MARKED)


# ----------------------------------------------------------------------------------------------------------- changes


def _elements(root: etree._Element) -> list[etree._Element]:
    return list(root.iter(etree.Element))


def _any(draw: st.DrawFn, root: etree._Element, *, but_root: bool = False) -> etree._Element | None:
    found = _elements(root)[1 if but_root else 0 :]
    return draw(st.sampled_from(found)) if found else None


def _drop(draw: st.DrawFn, root: etree._Element) -> None:
    element = _any(draw, root, but_root=True)
    if element is not None:
        parent = element.getparent()
        assert parent is not None
        parent.remove(element)


def _duplicate(draw: st.DrawFn, root: etree._Element) -> None:
    element = _any(draw, root, but_root=True)
    if element is not None and len(_elements(root)) < 2_000:
        for _ in range(draw(st.sampled_from((1, 1, 2, 30, 101)))):
            element.addnext(copy.deepcopy(element))


def _move(draw: st.DrawFn, root: etree._Element) -> None:
    element, target = _any(draw, root, but_root=True), _any(draw, root)
    if element is None or target is None or element in (target, *target.iterancestors()):
        return
    target.insert(draw(st.integers(0, len(target))), element)


def _rename(draw: st.DrawFn, root: etree._Element) -> None:
    element = _any(draw, root)
    if element is None:
        return
    names = [etree.QName(one).localname for one in _elements(root)]
    name = draw(st.sampled_from([*names, "a", "x-1", "Envelope", "Body", "n" * 300, "\u00e4"]))
    element.tag = etree.QName(etree.QName(element).namespace, name).text


def _change_namespace(draw: st.DrawFn, root: etree._Element) -> None:
    element = _any(draw, root)
    if element is not None:
        namespace = draw(st.sampled_from((None, *_NAMESPACES)))
        element.tag = etree.QName(namespace, etree.QName(element).localname).text


_NAMESPACES = (
    *("urn:leadbridge:common:1", "urn:leadbridge:lead:1", "urn:leadbridge:businesspartner:1", "urn:leadbridge:crm:1"),
    *("urn:x", "relative", SOAP_11.namespace, SOAP_12.namespace, XSI, "http://www.w3.org/2001/XMLSchema"),
    *("http://schemas.xmlsoap.org/soap/encoding/", "http://www.w3.org/2001/XInclude"),
)


def _value(draw: st.DrawFn, root: etree._Element) -> None:
    """Another value, by the type that the schema gives the element."""
    leaves = [element for element in _elements(root) if not len(element)]
    if leaves:
        element = draw(st.sampled_from(leaves))
        declared = declaration(element)
        _set_text(element, draw(values_for(declared.type if declared is not None else None)))


def _set_text(element: etree._Element, text: str) -> None:
    element.text = "".join(one for one in text if one >= " " or one in "\t\n\r")


def _text(draw: st.DrawFn, root: etree._Element) -> None:
    element = _any(draw, root)
    if element is not None:
        text = draw(texts())
        if draw(st.booleans()):
            element.text = text
        else:
            element.tail = text if element is not root else None


def _attribute(draw: st.DrawFn, root: etree._Element) -> None:
    element = _any(draw, root)
    if element is None:
        return
    if element.attrib and draw(st.booleans()):
        del element.attrib[draw(st.sampled_from([*map(str, element.attrib)]))]
        return
    name = draw(st.sampled_from(_ATTRIBUTES))
    value = draw(st.sampled_from(_ATTRIBUTE_VALUES) | texts())
    element.set(name, value)


_ATTRIBUTES = (
    *(f"{{{XSI}}}{name}" for name in ("type", "nil", "schemaLocation", "noNamespaceSchemaLocation", "other")),
    *(
        f"{{{version.namespace}}}{name}"
        for version in (SOAP_11, SOAP_12)
        for name in ("mustUnderstand", "encodingStyle")
    ),
    *(f"{{{SOAP_11.namespace}}}actor", f"{{{SOAP_12.namespace}}}role", f"{{{SOAP_12.namespace}}}relay"),
    *("{http://www.w3.org/XML/1998/namespace}lang", "{http://www.w3.org/XML/1998/namespace}id", "id", "href"),
    *("actionCode", "languageCode", "currencyCode", "unitCode", "allOrNoneIndicator", "typeCode", "a", "{urn:x}a"),
    *("itemListCompleteTransmissionIndicator", f"{{{WSU}}}Id", "{http://schemas.xmlsoap.org/soap/encoding/}arrayType"),
)
_ATTRIBUTE_VALUES = (
    *("true", "1", "0", "", "xs:string", "lbc:Person", "e:Envelope", "#a", "cid:a", "01", "03", "04", "99", "EUR"),
    *("urn:x file:///etc/passwd", "http://127.0.0.1:9/x.xsd", SOAP_11.namespace, "de", "x" * 300, "x" * 4_097),
)


def _insert_declared(draw: st.DrawFn, root: etree._Element) -> None:
    """An element that the schema declares at this place, with a value by its type."""
    element = _any(draw, root)
    if element is None:
        return
    declared = declaration(element)
    children = list(_children(declared)) if declared is not None else []
    if not children:
        return
    child = draw(st.sampled_from(children))
    made = etree.Element(child.name)
    if child.type.is_simple() or child.type.has_simple_content():
        _set_text(made, draw(values_for(child.type)))
    element.insert(draw(st.integers(0, len(element))), made)


def _insert_foreign(draw: st.DrawFn, root: etree._Element) -> None:
    element = _any(draw, root)
    if element is not None:
        made = etree.fromstring(draw(st.sampled_from(_FOREIGN)))
        element.insert(draw(st.integers(0, len(element))), made)


_FOREIGN = (
    b"<a/>",
    b'<x:a xmlns:x="urn:x"><x:b>text</x:b></x:a>',
    b'<x:a xmlns:x="relative"/>',
    b'<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/>',
    b'<x:Include xmlns:x="http://www.w3.org/2004/08/xop/include" href="cid:a"/>',
    b'<s:schema xmlns:s="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:x"/>',
    b'<e:Fault xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><faultcode>e:Client</faultcode></e:Fault>',
    b"<a>" * 40 + b"</a>" * 40,
    b"<a " + b" ".join(b"a%d='1'" % number for number in range(70)) + b"/>",
)


def _wrap(draw: st.DrawFn, root: etree._Element) -> None:
    """An element within another of its own name."""
    element = _any(draw, root, but_root=True)
    if element is None:
        return
    parent = element.getparent()
    assert parent is not None
    around = etree.Element(element.tag)
    parent.replace(element, around)
    element.tail = None
    around.append(element)


_CHANGES: tuple[Change, ...] = (
    *(_value, _value, _value, _value, _insert_declared, _insert_declared, _attribute, _attribute),
    *(_drop, _duplicate, _move, _rename, _change_namespace, _text, _insert_foreign, _wrap),
)
_GENTLE: tuple[Change, ...] = (_value, _value, _value, _insert_declared, _duplicate, _drop)  # often within the schema


# -------------------------------------------------------------------------------------------------------- the schema


def declaration(element: etree._Element) -> XsdElement | None:
    """What the schema says of an element at its place in a message; None where it says nothing."""
    path = [element, *element.iterancestors()]
    known: Any = explainer().schema.maps.elements
    while path and path[-1].tag not in known:
        path.pop()
    if not path:
        return None
    declared: XsdElement | None = known[path.pop().tag]
    while path and declared is not None:
        tag = path.pop().tag
        declared = next((one for one in _children(declared) if one.name == tag), None)
    return declared


@cache
def _children(declared: XsdElement) -> tuple[XsdElement, ...]:
    content: Any = getattr(declared.type, "content", None)
    if content is None or not hasattr(content, "iter_elements"):
        return ()
    return tuple(one for one in content.iter_elements() if isinstance(one, XsdElement))


# ----------------------------------------------------------------------------------------------------------- headers


@st.composite
def header_blocks(draw: st.DrawFn, operation: ContractOperation, version: SoapVersion) -> etree._Element:
    """A block for the Header: of WS-Security, of WS-Addressing, or one nobody knows."""
    block = draw(st.sampled_from((_security, _addressing, _unknown)))(draw, operation)
    if draw(st.booleans()):
        block.set(version.must_understand, draw(st.sampled_from(("1", "0", "true", "", "2"))))
    if draw(st.integers(0, 3)) == 0:
        block.set(version.actor_attribute, draw(st.sampled_from((*sorted(version.actors_that_are_us), "urn:other"))))
    return block


def _security(draw: st.DrawFn, _operation: ContractOperation) -> etree._Element:
    security = etree.Element(f"{{{WSSE}}}Security", nsmap={"s": WSSE, "u": WSU, "d": DSIG})
    for _ in range(draw(st.sampled_from((0, 1, 1, 1, 2)))):
        part = etree.SubElement(security, draw(st.sampled_from(_SECURITY_PARTS)))
        part.set(f"{{{WSU}}}Id", draw(st.sampled_from(("a", "b", "", "1"))))
        for name in draw(st.sampled_from(_INSIDE.get(str(part.tag), ((),)))):
            child = etree.SubElement(part, name)
            child.text = draw(st.sampled_from(_INSIDE_TEXTS.get(str(name), ("x",))))
            if name == f"{{{WSSE}}}Password" and draw(st.booleans()):
                child.set("Type", f"{_PROFILE}#{draw(st.sampled_from(('PasswordText', 'PasswordDigest', 'x')))}")
    return security


_SECURITY_PARTS = (
    *(f"{{{WSSE}}}{name}" for name in ("UsernameToken", "UsernameToken", "BinarySecurityToken", "X")),
    *(f"{{{WSU}}}Timestamp", f"{{{DSIG}}}Signature", "{urn:oasis:names:tc:SAML:2.0:assertion}Assertion"),
)
_USERNAME, _PASSWORD, _NONCE = (f"{{{WSSE}}}{name}" for name in ("Username", "Password", "Nonce"))
_CREATED, _EXPIRES = (f"{{{WSU}}}{name}" for name in ("Created", "Expires"))
_INSIDE: dict[str, tuple[tuple[str, ...], ...]] = {
    _SECURITY_PARTS[0]: (
        *((_USERNAME, _PASSWORD), (_USERNAME, _PASSWORD, _NONCE, _CREATED), (_USERNAME,), ()),
        *((_PASSWORD, _USERNAME), (_USERNAME, _USERNAME, _PASSWORD), (_USERNAME, _PASSWORD, _NONCE, _NONCE)),
    ),
    f"{{{WSU}}}Timestamp": ((_CREATED, _EXPIRES), (_CREATED,), (_EXPIRES, _CREATED), (_CREATED, _CREATED), ()),
    f"{{{DSIG}}}Signature": (
        tuple(f"{{{DSIG}}}{name}" for name in ("SignedInfo", "SignatureValue", "KeyInfo")),
        (f"{{{DSIG}}}SignedInfo",),
        (),
    ),
}
_INSIDE_TEXTS: dict[str, tuple[str, ...]] = {
    # A wrong password costs a tenth of a second, by design: it is tried seldom, and never against the caller itself.
    _USERNAME: (CALLER,) * 12 + ("nobody", "", " fuzz "),
    _PASSWORD: (PASSWORD,),
    _NONCE: ("", "QUJD", "Q U J D", "x", "QUJDREVGR0hJSktMTU5PUA=="),
    _CREATED: ("2026-01-01T00:00:00Z", "2000-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "now", ""),
    _EXPIRES: ("2026-01-01T00:05:00Z", "2000-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "x", ""),
}


def _addressing(draw: st.DrawFn, operation: ContractOperation) -> etree._Element:
    name = draw(st.sampled_from(("Action", "MessageID", "To", "ReplyTo", "FaultTo", "From", "RelatesTo", "X")))
    block = etree.Element(f"{{{WSA}}}{name}", nsmap={"a": WSA})
    where = draw(st.sampled_from(_ADDRESSES))
    if name in ("ReplyTo", "FaultTo", "From"):
        for _ in range(draw(st.sampled_from((1, 1, 0, 2)))):
            etree.SubElement(block, f"{{{WSA}}}Address").text = where
    else:
        block.text = draw(st.sampled_from((operation.soap_action, operation.soap_action, where, "", "urn:uuid:x")))
    return block


_ADDRESSES = (f"{WSA}/anonymous", f"{WSA}/anonymous", f"{WSA}/none", "http://127.0.0.1:9/x", "", "urn:x", "x" * 2_000)


def _unknown(draw: st.DrawFn, _operation: ContractOperation) -> etree._Element:
    return etree.Element(draw(st.sampled_from(("{urn:x}a", "a", "{urn:leadbridge:common:1}UUID"))))
