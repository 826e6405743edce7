"""The beginning of a bulk file in XML: its root, its BasicMessageHeader, and where its leads begin.

It is read on its own, because it decides whether there is a file at all, and because each chunk begins with a copy
of it: the start tag of the root declares the namespaces of the leads.
"""

import codecs
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from xml.parsers import expat

from leadbridge.contract.files import NAMESPACES
from leadbridge.contract.parsing import MalformedXml, parse
from leadbridge.contract.schema import ContractViolation, validate

LONGEST_HEADING = 65_536
"""Bytes: dozens of namespaces and a header with everything in it come to a tenth of that."""

_BULK = NAMESPACES["lbb"]
_COMMON = NAMESPACES["lbc"]
_SEPARATOR = "}"
_ROOT, _HEADER = f"{_BULK}}}LeadBulk", f"{_BULK}}}BasicMessageHeader"
_UTF_16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_UTF_8_MARK = codecs.BOM_UTF8.decode("latin-1")
_DECLARED_ENCODING = re.compile(r"""<\?xml\s[^>]*?\sencoding\s*=\s*["']([A-Za-z][\w.-]*)["']""")
_LONGEST_DECLARATION = 200  # characters
_UTF_32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)


class Unusable(Exception):
    """There is no lead to be had from this file. The text says why, and repeats nothing of the file."""


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands before the leads. `opening`, leads and `closing` together are a LeadBulk of their own.

    `length` is how many bytes of the text there are before the first lead, in UTF-8 without a mark.
    """

    uuid: str | None
    test_data: bool
    opening: bytes
    closing: bytes
    length: int


class Place(Exception):
    """A place in the text where it is not what it should be: byte from 0, line and column from 1, all in UTF-8."""

    def __init__(self, reason: str, *, byte: int, line: int, column: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.byte = byte
        self.line = line
        self.column = column


def utf_8(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The blocks in UTF-8 without a byte order mark; UTF-16 is known by its mark.

    Raises Unusable for UTF-32, UnicodeError where UTF-16 is none, after what came before it.
    """
    stream = iter(blocks)
    first = b""
    for block in stream:
        first += block
        if len(first) >= len(_UTF_32[0]):
            break
    if first.startswith(_UTF_32):
        raise Unusable("the file is UTF-32; send UTF-8, or UTF-16 with its mark")
    if 0 in first[:2]:  # expat would guess UTF-16, and then count in other bytes than we do
        raise Unusable("the file is UTF-16 without its mark, or no text; send UTF-8, or UTF-16 with its mark")
    decoder = codecs.getincrementaldecoder(_UTF_16[first[:2]])() if first[:2] in _UTF_16 else None
    if decoder is None:
        yield first.removeprefix(codecs.BOM_UTF8)
        yield from stream
        return
    yield decoder.decode(first[2:]).encode()
    for block in stream:
        yield decoder.decode(block).encode()
    yield decoder.decode(b"", True).encode()


def require_one_encoding(begin: bytes, charset: str | None) -> None:
    """Look whether byte order mark, XML declaration and `charset`, where one was given outside the file, agree.

    `begin` are the first plain bytes of the file, as they came. Raises Unusable.
    """
    encoding = _UTF_16.get(begin[:2])
    first = begin[2:][: 2 * _LONGEST_DECLARATION].decode(encoding, "replace") if encoding else begin.decode("latin-1")
    declaration = _DECLARED_ENCODING.match(first[:_LONGEST_DECLARATION].removeprefix(_UTF_8_MARK))
    names = ("utf-16",) if encoding else ("utf-8", "us-ascii")
    if any(name is not None and name.lower() not in names for name in (charset, declaration and declaration[1])):
        raise Unusable("Content-Type, byte order mark and XML declaration name different encodings")


class Checker:
    """Looks whether the text is well-formed, at the price of expat's bare scan: no function runs for a tag.

    Document types and processing instructions are refused; without the first there is no entity to expand.
    """

    def __init__(self) -> None:
        self.parser = expat.ParserCreate("utf-8", _SEPARATOR)
        self.parser.XmlDeclHandler = self._declaration
        self.parser.StartDoctypeDeclHandler = self._refuse("a document type declaration, which is not allowed")
        self.parser.ProcessingInstructionHandler = self._refuse("a processing instruction, which is not allowed")

    def feed(self, data: bytes, *, last: bool = False) -> None:
        """Look at the next bytes. Raises Place; everything before it is well-formed."""
        try:
            self.parser.Parse(data, last)
        except expat.ExpatError as error:
            byte = self.parser.ErrorByteIndex
            reason = expat.ErrorString(error.code) or "not well-formed"
            raise Place(reason, byte=byte, line=error.lineno, column=error.offset + 1) from None

    def _declaration(self, version: str, declared: str | None, _standalone: int) -> None:
        if version != "1.0":
            raise self._place("XML that is not of version 1.0")
        if declared is not None and declared.lower() not in ("utf-8", "us-ascii", "utf-16"):
            raise self._place("an encoding other than UTF-8 and UTF-16")

    def _refuse(self, reason: str) -> Callable[..., None]:
        def refuse(*_: object) -> None:
            raise self._place(reason)

        return refuse

    def _place(self, reason: str) -> Place:
        at = self.parser
        return Place(reason, byte=at.CurrentByteIndex, line=at.CurrentLineNumber, column=at.CurrentColumnNumber + 1)


class _Found(Exception):
    """Enough was read."""


class _HeadingReader(Checker):
    """Reads up to the second child of the root, or to the root's end."""

    def __init__(self) -> None:
        super().__init__()
        self.root_at = self.length = 0
        self.uuid: str | None = None
        self.test_data = False
        self._depth = 0
        self._field: str | None = None
        self._text = ""
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters

    def _start(self, name: str, _attributes: object) -> None:
        self._depth += 1
        if self._depth == 1:
            if name != _ROOT:
                raise Unusable(f"the root of the file is not LeadBulk of {_BULK}")
            self.root_at = self.parser.CurrentByteIndex
        elif self._depth == 2 and self.length:
            self.length = self.parser.CurrentByteIndex
            raise _Found
        elif self._depth == 2:
            if name != _HEADER:
                raise Unusable("the file does not begin with a BasicMessageHeader")
            self.length = self.parser.CurrentByteIndex
        self._field, self._text = (name, "") if self._depth == 3 else (None, "")

    def _end(self, _name: str) -> None:
        if self._depth == 1:
            raise Unusable("the file has no lead")
        if self._field == f"{_COMMON}}}UUID":
            self.uuid = self._text.strip().lower()
        elif self._field == f"{_COMMON}}}TestDataIndicator":
            self.test_data = self._text.strip() in ("true", "1")
        self._field = None
        self._depth -= 1

    def _characters(self, text: str) -> None:
        if self._field:
            self._text += text


def read_heading(data: bytes | bytearray) -> Heading | None:
    """The heading of a file that begins with `data`, UTF-8 without a mark; None where `data` ends too soon.

    Raises Unusable.
    """
    reader = _HeadingReader()
    try:
        reader.feed(bytes(data[:LONGEST_HEADING]))
    except _Found:
        return _heading(data, reader)
    except Place as place:
        raise Unusable(f"line {place.line}, column {place.column}: {place.reason}") from None
    if len(data) >= LONGEST_HEADING:
        raise Unusable(f"the first lead does not begin within {LONGEST_HEADING:,} bytes")
    return None


def heading_of(begin: bytes) -> Heading | None:
    """The heading of a file whose plain bytes begin so, in any encoding that is taken. As `read_heading`."""
    text = bytearray()
    with suppress(UnicodeError):  # half a character at the end
        for piece in utf_8([begin]):
            text += piece
    return read_heading(text)


def require_contract(heading: Heading) -> None:
    """Look whether the header keeps the contract. Raises Unusable, naming the first violation."""
    try:
        validate(parse(heading.opening + _SOME_LEAD + heading.closing))
    except MalformedXml:
        raise Unusable("the heading cannot be read: its names or texts are beyond what XML parsers take") from None
    except ContractViolation as error:
        first = error.violations[0]
        raise Unusable(f"{first.path}: {first.rule}: expected {first.expected}") from None


# A lead that keeps the contract: what is found wrong in a file that has no other is wrong with the header.
_SOME_LEAD = (
    f'<b:Lead xmlns:b="{_BULK}" xmlns:l="{NAMESPACES["lbl"]}"><l:Name>-</l:Name><l:ProspectParty>'
    "<l:BusinessPartnerInternalID>0000000001</l:BusinessPartnerInternalID></l:ProspectParty></b:Lead>"
).encode()


def _heading(data: bytes | bytearray, reader: _HeadingReader) -> Heading:
    opening = bytes(data[reader.root_at : reader.length])
    name = opening[1:].split(None, 1)[0].split(b">", 1)[0]
    return Heading(
        uuid=reader.uuid,
        test_data=reader.test_data,
        opening=opening,
        closing=b"</" + name + b">",
        length=reader.length,
    )
