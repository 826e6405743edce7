"""The rules of the envelope: what stands where, which headers are understood, and what the message says it
is.

Sources: SOAP 1.1 sections 4 and 5, SOAP 1.2 Part 1 sections 2, 4 and 5, WS-Addressing 1.0 SOAP Binding
section 6. Where SOAP 1.1 is lax (elements after the Body, encodingStyle anywhere) this door is strict:
messages are document/literal.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from xml.sax.saxutils import quoteattr

from lxml import etree

from leadbridge.contract.parsing import MalformedXml, parse
from leadbridge.messages import FaultTypeId
from leadbridge.signatures.names import SECURITY, WSSE
from leadbridge.soap.addressing import LONGEST_MESSAGE_ID, MESSAGE_ID, WSA, WSA_NAMES, Addressing, addressing_of
from leadbridge.soap.faults import FaultCode, QName, Refusal, malformed
from leadbridge.soap.guard import too_deep
from leadbridge.soap.versions import SOAP_11, SOAP_12, SoapVersion

_XSI = "http://www.w3.org/2001/XMLSchema-instance"

_WSA_REPLIES = (f"{{{WSA}}}ReplyTo", f"{{{WSA}}}FaultTo")
_WSA_ADDRESS = f"{{{WSA}}}Address"
_WSA_HERE = (f"{WSA}/anonymous", f"{WSA}/none")
_WSA_ONCE = frozenset(f"{{{WSA}}}{name}" for name in ("Action", "FaultTo", "From", "MessageID", "ReplyTo", "To"))
_UNDERSTOOD = frozenset({SECURITY, *(f"{{{WSA}}}{name}" for name in WSA_NAMES)})

_HINTS = (f"{{{_XSI}}}schemaLocation", f"{{{_XSI}}}noNamespaceSchemaLocation")
_TRUE, _FALSE = ("1", "true"), ("0", "false")
_SOAP_ENCODINGS = ("http://schemas.xmlsoap.org/soap/encoding/", "http://www.w3.org/2003/05/soap-encoding")
_ENCODED = etree.XPath(
    "boolean(//@*[local-name()='encodingStyle' and (namespace-uri()=$soap11 or namespace-uri()=$soap12)"
    " or namespace-uri()=$encoding11 or namespace-uri()=$encoding12])"
)


@dataclass(slots=True)
class Envelope:
    """An envelope that keeps the rules.

    `payload` is the only child of its Body; of a signed message it is then what was verified. `addressing` is
    None where its headers have nothing of WS-Addressing. `hints` says that there may be some about schemas, which the
    payload must lose before it is validated (`without_hints`), and not before its signature was verified.
    """

    payload: etree._Element
    security: etree._Element | None
    addressing: Addressing | None
    hints: bool = False


def open_envelope(data: bytes, version: SoapVersion, *, deepest_element: int) -> Envelope:
    """Parse the message and check its envelope; `data` is clean UTF-8 from the gate. Raises Refusal.

    Whether the message is deeper than `deepest_element` is measured here for those that the gate only glanced at.
    """
    try:
        root = parse(data)
    except MalformedXml as error:
        raise malformed("The message is not well-formed XML with declared namespaces.", line=error.line) from None
    if _deeper_than(deepest_element)(root):
        raise too_deep(deepest_element)
    header, body = _parts(root, version)
    _refuse_encodings(root, data)
    hints = b"chemaLocation" in data  # a name cannot be written in another way
    payload = _only_child(body)
    if header is None:
        return Envelope(payload, None, None, hints)
    blocks = _addressed_to_us(header, version)
    addressing = addressing_of(blocks)
    try:
        _refuse_what_is_not_understood(blocks, version)
        _check_addressing(blocks)
        return Envelope(payload, _security_of(blocks), addressing, hints)
    except Refusal as refusal:
        refusal.addressing = addressing
        raise


def without_hints(payload: etree._Element) -> None:
    """Take out where schemas are said to be: libxml2 would follow it while validating."""
    for hint in _HINTS:
        for element in payload.iter():
            element.attrib.pop(hint, "")


@lru_cache
def _deeper_than(levels: int) -> etree.XPath:
    return etree.XPath(f"boolean({'/*' * (levels + 1)})")


def _parts(root: etree._Element, version: SoapVersion) -> tuple[etree._Element | None, etree._Element]:
    """The Header, which may be missing, and the Body: in this order, nothing between them, nothing after."""
    if root.tag != version.envelope_tag:
        raise _other_version(version)
    children = list(root)
    if not _blank(root.text) or not all(_blank(child.tail) for child in children):
        raise malformed("Only a Header and a Body may stand in an Envelope.")
    header = children.pop(0) if children and children[0].tag == version.header_tag else None
    if len(children) != 1 or children[0].tag != version.body_tag:
        raise malformed("An Envelope has one Body, after at most one Header, and nothing else.")
    return header, children[0]


def _only_child(body: etree._Element) -> etree._Element:
    if len(body) != 1 or not _blank(body.text) or not _blank(body[0].tail):
        raise malformed("The Body must contain one element and nothing else.")
    return body[0]


def _blank(text: str | None) -> bool:
    return text is None or not text.strip(" \t\r\n")


def _other_version(version: SoapVersion) -> Refusal:
    """SOAP 1.2 Part 1 section 5.4.7: say which envelopes are supported."""
    supported = b"".join(
        b'<env:SupportedEnvelope qname="ns:Envelope" xmlns:ns="%b"/>' % namespace
        for namespace in (SOAP_12.namespace.encode(), SOAP_11.namespace.encode())
    )
    return malformed(
        f"The message must be an Envelope of SOAP {version.name}, as {version.media_type} says.",
        code=FaultCode.VERSION_MISMATCH,
        header=b"<env:Upgrade>%b</env:Upgrade>" % supported,
    )


def _refuse_encodings(root: etree._Element, data: bytes) -> None:
    """Messages are literal: no encodingStyle, nothing of SOAP encoding (security catalogue, row 9).

    The search through the bytes is quick and can only err by looking further: an attribute's name cannot be
    written in another way, and a namespace disguised by character references is no attribute of the
    contract either.
    """
    if b"ncoding" not in data or (
        b"encodingStyle" not in data and b"soap/encoding" not in data and b"soap-encoding" not in data
    ):
        return
    encoded = _ENCODED(
        root,
        soap11=SOAP_11.namespace,
        soap12=SOAP_12.namespace,
        encoding11=_SOAP_ENCODINGS[0],
        encoding12=_SOAP_ENCODINGS[1],
    )
    if encoded:
        raise malformed("Messages are literal: encodings are not accepted.", code=FaultCode.DATA_ENCODING_UNKNOWN)


# ---------------------------------------------------------------------------------------------------- headers


def _addressed_to_us(header: etree._Element, version: SoapVersion) -> list[etree._Element]:
    """The header blocks that concern us: those for no particular role, and those for a role we play."""
    blocks = list(header)
    if not _blank(header.text) or not all(_blank(block.tail) for block in blocks):
        raise malformed("Only elements may stand in a Header.")
    if any(not str(block.tag).startswith("{") for block in blocks):
        raise malformed("Each element of a Header must have a namespace.")
    ours = version.actors_that_are_us
    return [block for block in blocks if block.get(version.actor_attribute, "").strip() in ours]


def _refuse_what_is_not_understood(blocks: Iterable[etree._Element], version: SoapVersion) -> None:
    strange = []
    for block in blocks:
        demand = block.get(version.must_understand, "0").strip()
        if demand not in _TRUE and demand not in _FALSE:
            raise malformed("A mustUnderstand must be 0 or 1.")
        if demand in _TRUE and block.tag not in _UNDERSTOOD:
            strange.append(block)
    if strange:
        raise malformed(
            "A header that must be understood is not known here.",
            code=FaultCode.MUST_UNDERSTAND,
            header=b"".join(map(_not_understood, strange)),
        )


def _not_understood(block: etree._Element) -> bytes:
    """SOAP 1.2 Part 1 section 5.4.8: which header it was."""
    name = etree.QName(block)
    namespace = quoteattr(name.namespace or "")
    return f"<env:NotUnderstood qname={quoteattr(f'h:{name.localname}')} xmlns:h={namespace}/>".encode()


def _security_of(blocks: Iterable[etree._Element]) -> etree._Element | None:
    """The Security header for us; WS-Security 1.1 section 6 allows one."""
    found = [block for block in blocks if block.tag == SECURITY]
    if len(found) > 1:
        text = "A message may have one Security header for one receiver."
        raise Refusal(FaultTypeId.MALFORMED_MESSAGE, text, subcodes=[QName("wsse", WSSE, "InvalidSecurity")])
    return found[0] if found else None


def _check_addressing(blocks: Iterable[etree._Element]) -> None:
    """Refuse headers of WS-Addressing that stand twice, and answers elsewhere.

    Answers and faults go back on the connection that their request came on, never anywhere else. A sender that wants
    them `none` gets them all the same, because HTTP answers every request, and may leave them unread. Where a message
    says it goes (To) is not looked at: the address that a sender knows may be that of a proxy.
    """
    seen = set()
    for block in blocks:
        if block.tag in _WSA_ONCE and block.tag in seen:
            text = "A message may have each of the WS-Addressing headers but RelatesTo once."
            raise _addressing_refused(text, "InvalidCardinality")
        seen.add(block.tag)
        if block.tag == MESSAGE_ID and len((block.text or "").strip()) > LONGEST_MESSAGE_ID:
            raise _addressing_refused(f"A wsa:MessageID may have {LONGEST_MESSAGE_ID:,} characters.")
        if block.tag in _WSA_REPLIES:
            addresses = [(address.text or "").strip() for address in block.iterchildren(_WSA_ADDRESS)]
            if len(addresses) != 1 or addresses[0] not in _WSA_HERE:
                text = "Replies and faults are sent only on the connection of the request: anonymous or none."
                raise _addressing_refused(text, "OnlyAnonymousAddressSupported")


def _addressing_refused(text: str, *special: str) -> Refusal:
    """WS-Addressing 1.0 SOAP Binding section 6.4.1."""
    subcodes = [QName("wsa", WSA, name) for name in ("InvalidAddressingHeader", *special)]
    return Refusal(FaultTypeId.MALFORMED_MESSAGE, text, subcodes=subcodes)
