"""One streaming pass over a message before a tree is built from it: what is refused here costs no memory.

Bytes are fed as they arrive. The guard settles the encoding from the first of them, hands clean UTF-8 to
expat, and refuses at the event that goes too far: a document type, a processing instruction, one level too
deep, one element or attribute too many, a name or a text too long. Expat expands nothing, fetches nothing
and keeps nothing; without a document type there is no entity to expand.

Sources: SOAP 1.1 section 3 and SOAP 1.2 Part 1 section 5 (no document type, no processing instructions),
XML 1.0 section 4.3.3 and appendix F, RFC 7303 (encodings).
"""

import codecs
from collections.abc import Callable
from xml.parsers import expat

from leadbridge.messages import FaultTypeId
from leadbridge.soap.faults import Refusal, malformed
from leadbridge.soap.glance import SHORT, is_plain
from leadbridge.soap.limits import GateLimits

# Expat reads an unfinished token again with every further piece. Large pieces keep that cheap however small
# the pieces are that a sender delivers, and they are still small enough to stop soon after a limit.
SLICE = SHORT

_UTF_16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_UTF_32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)

# The names under which a message may declare its encoding, by what its first bytes say it is.
_DECLARED_AS = {"utf-8": frozenset({"utf-8", "us-ascii"}), "utf-16": frozenset({"utf-16"})}

_ILL_FORMED = "The message is not well-formed XML in the encoding that it declares."
_ENCODINGS_DIFFER = "Content-Type, byte order mark and XML declaration must name the same encoding: UTF-8 or UTF-16."


def too_large(what: str) -> Refusal:
    """The refusal of a message that goes beyond a limit; `what` names the limit and its value, nothing of
    the message.
    """
    return Refusal(FaultTypeId.MESSAGE_TOO_LARGE, f"The message has {what}.")


def too_deep(levels: int) -> Refusal:
    """The refusal of a message with elements below this level; the Envelope is level 1."""
    return too_large(f"elements more than {levels:,} levels deep")


class Guard:
    """Looks at one message. `feed` it the bytes in order, then `finish`; both raise Refusal.

    `charset` is the one of the Content-Type, in lower case: utf-8, us-ascii, utf-16 or None. `most_bytes`
    is what the message can have at most (its declared length, or the limit): no text can be longer than the
    whole message, so in a short one texts are not measured.
    """

    __slots__ = (
        "_ascii_only",
        "_charset",
        "_clean",
        "_decoder",
        "_fed",
        "_limits",
        "_measure_text",
        "_parser",
        "_pending",
    )

    def __init__(self, limits: GateLimits, *, charset: str | None, most_bytes: int) -> None:
        self._limits = limits
        self._charset = charset
        self._ascii_only = charset == "us-ascii"
        self._measure_text = most_bytes > limits.longest_text
        self._parser: expat.XMLParserType | None = None  # made with the first slice
        self._decoder: codecs.IncrementalDecoder | None = None
        self._pending = bytearray()
        self._clean: list[bytes] = []  # the message so far, in UTF-8
        self._fed = 0  # its length

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the message."""
        pending = self._pending
        pending += data
        if len(pending) < SLICE:
            return
        for start in range(0, len(pending), SLICE):
            self._look_at(bytes(pending[start : start + SLICE]), last=False)
        pending.clear()

    def finish(self) -> bytes:
        """Take the end of the message; it is returned in UTF-8, without a byte order mark.

        Its depth is not settled where the whole of it was short: that is measured on the tree.
        """
        if self._parser is None and self._charset in (None, "utf-8"):
            message = bytes(self._pending)
            if is_plain(message, self._limits):
                return message
        self._look_at(bytes(self._pending), last=True)
        self._pending.clear()
        clean = self._clean
        message = clean[0] if len(clean) == 1 else b"".join(clean)
        if self._decoder is not None and message.startswith(b"<?xml"):
            message = message[message.index(b"?>") + 2 :]  # it says UTF-16, which is no longer so
        return message

    def _look_at(self, data: bytes, *, last: bool) -> None:
        if self._parser is None:
            data = self._settle_encoding(data)
            self._parser = _parser(self._limits, measure_text=self._measure_text, utf_16=self._decoder is not None)
        if self._decoder is not None:
            data = self._from_utf_16(data, last=last)
        elif self._ascii_only and not data.isascii():
            raise malformed(_ENCODINGS_DIFFER)
        self._clean.append(data)
        self._fed += len(data)
        try:
            self._parser.Parse(data, last)
        except expat.ExpatError as error:
            raise malformed(_ILL_FORMED, line=error.lineno) from None
        if not last and self._fed - self._parser.CurrentByteIndex > max(self._limits.longest_text, SLICE):
            # A tag or comment that does not end is read again with every slice: it may not grow without end.
            raise too_large(f"markup of more than {self._limits.longest_text:,} bytes in one piece")

    def _settle_encoding(self, data: bytes) -> bytes:
        """Decide on UTF-8 or UTF-16 by the mark, check it against the Content-Type, and take the mark off."""
        encoding = "utf-8"
        if data.startswith(codecs.BOM_UTF8) and not self._ascii_only:
            data = data[len(codecs.BOM_UTF8) :]
        elif data.startswith(_UTF_32):
            raise malformed(_ENCODINGS_DIFFER)
        elif data[:2] in _UTF_16:
            self._decoder = codecs.getincrementaldecoder(_UTF_16[data[:2]])()
            encoding, data = "utf-16", data[2:]
        if self._charset is not None and self._charset not in _DECLARED_AS[encoding]:
            raise malformed(_ENCODINGS_DIFFER)
        return data

    def _from_utf_16(self, data: bytes, *, last: bool) -> bytes:
        assert self._decoder is not None
        try:
            return self._decoder.decode(data, last).encode()
        except UnicodeError:  # a lone surrogate, or half a character at the end
            raise malformed(_ILL_FORMED) from None


def _parser(limits: GateLimits, *, measure_text: bool, utf_16: bool) -> expat.XMLParserType:
    """A parser whose handlers count. They are closures over plain numbers: this runs for every tag of every
    message.
    """
    depth = elements = text_length = 0
    text_at = (0, 0)
    deepest, most_elements = limits.deepest_element, limits.most_elements
    longest_name, longest_text = limits.longest_name, limits.longest_text
    check_attributes = _attribute_check(limits)

    def start(name: str, attributes: list[str]) -> None:
        nonlocal depth, elements
        depth += 1
        elements += 1
        if depth > deepest:
            raise too_deep(deepest)
        if elements > most_elements:
            raise too_large(f"more than {most_elements:,} elements")
        if len(name) > longest_name:
            raise too_large(f"a name of more than {longest_name:,} characters")
        if attributes:
            check_attributes(attributes)

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1

    def text(piece: str) -> None:
        nonlocal text_length, text_at
        here = (elements, depth)  # no two places between tags have the same
        if here != text_at:
            text_at, text_length = here, 0
        text_length += len(piece)
        if text_length > longest_text:
            raise too_large(f"a text of more than {longest_text:,} characters")

    parser = expat.ParserCreate("utf-8")
    parser.XmlDeclHandler = _declaration_check("utf-16" if utf_16 else "utf-8")
    parser.ordered_attributes = True  # a flat list of names and values: cheaper than a dictionary
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = _refuse_document_type
    parser.ProcessingInstructionHandler = _refuse_processing_instruction
    if measure_text:
        parser.CharacterDataHandler = text
    return parser


def _attribute_check(limits: GateLimits) -> Callable[[list[str]], None]:
    most, most_namespaces = limits.most_attributes_per_element, limits.most_namespaces_per_element
    longest_name, longest_value = limits.longest_name, limits.longest_attribute_value
    few = 2 * min(most, most_namespaces)

    def check(attributes: list[str]) -> None:
        names = attributes[::2]
        if len(attributes) > few:
            namespaces = sum(name.startswith("xmlns") and name[5:6] in ("", ":") for name in names)
            if namespaces > most_namespaces:
                raise too_large(f"more than {most_namespaces:,} namespace declarations on one element")
            if len(names) - namespaces > most:
                raise too_large(f"more than {most:,} attributes on one element")
        if len(max(names, key=len)) > longest_name:
            raise too_large(f"a name of more than {longest_name:,} characters")
        if len(max(attributes[1::2], key=len)) > longest_value:
            raise too_large(f"an attribute of more than {longest_value:,} characters")

    return check


def _declaration_check(encoding: str) -> Callable[[str, str | None, int], None]:
    names = _DECLARED_AS[encoding]

    def check(version: str, declared: str | None, _standalone: int) -> None:
        if version != "1.0":
            raise malformed("The message must be XML 1.0.")
        if declared is not None and declared.lower() not in names:
            raise malformed(_ENCODINGS_DIFFER)

    return check


def _refuse_document_type(*_declaration: object) -> None:
    raise malformed("A SOAP message must not contain a document type declaration.")


def _refuse_processing_instruction(*_instruction: object) -> None:
    raise malformed("A SOAP message must not contain processing instructions.")
