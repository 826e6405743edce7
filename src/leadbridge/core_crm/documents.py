"""Reads the core CRM's WSDL with everything it imports, before Zeep sees any of it.

Zeep runs with ``forbid_external``, which refuses every import over HTTP, also that of the schemas lying
beside the WSDL. So the documents are collected here, from the WSDL's own origin alone and within limits,
their import locations are rewritten to names that only the collection knows, and Zeep loads from the
collection. A poisoned import, or one from another host, ends here (attack catalogue, rows 13 and 14).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from lxml import etree

from leadbridge.contract.parsing import MalformedXml, parse
from leadbridge.core_crm.connection import CallError, RawAnswer
from leadbridge.forwarding import Misconfigured, Unavailable

_MOST_DOCUMENTS = 50
"""Ours are three; a landscape's CRM with one schema for each of its objects stays below this."""

_WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
_XSD = "{http://www.w3.org/2001/XMLSchema}"
_LOCATIONS = {
    f"{_WSDL}import": "location",
    f"{_XSD}import": "schemaLocation",
    f"{_XSD}include": "schemaLocation",
}


@dataclass(frozen=True, slots=True)
class Documents:
    """A WSDL and what it imports, by the names they call each other: ``entry`` is the WSDL's own."""

    entry: str
    contents: dict[str, bytes]


def is_remote(location: str) -> bool:
    """Whether a location is read over HTTP; everything else is a file."""
    return urlsplit(location).scheme in ("http", "https")


def same_origin(one: str, other: str) -> bool:
    """Whether two URLs agree in scheme, host and port."""
    return _origin(one) == _origin(other)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:  # no number, or too large: an origin of its own
        port = -1
    standard = {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname, standard if port is None else port


def collect(wsdl: str, get: Callable[[str], RawAnswer]) -> Documents:
    """Read the WSDL at a URL or file and, transitively, its imports; ``get`` reads a URL.

    Raises CallError: Unavailable where a later try may succeed, Misconfigured elsewhere.
    """
    entry = wsdl if is_remote(wsdl) else str(Path(wsdl).absolute())
    names = {entry: _name(0)}
    contents: dict[str, bytes] = {}
    waiting = [entry]
    while waiting:
        location = waiting.pop()
        try:
            root = parse(_read(location, get))
        except MalformedXml as error:
            raise CallError(Misconfigured("the WSDL or a schema it imports is not XML")) from error
        for element, attribute in _imports(root):
            imported = _resolve(location, element.get(attribute, ""))
            if imported not in names:
                if len(names) == _MOST_DOCUMENTS:
                    raise CallError(Misconfigured(f"the WSDL imports more than {_MOST_DOCUMENTS} documents"))
                names[imported] = _name(len(names))
                waiting.append(imported)
            element.set(attribute, names[imported])
        contents[names[location]] = etree.tostring(root)
    return Documents(names[entry], contents)


def _name(number: int) -> str:
    # An absolute path, because Zeep leaves those as they are wherever they are named. No file is ever read by
    # it.
    return f"/collected/{number}.xml"


def _imports(root: etree._Element) -> Iterator[tuple[etree._Element, str]]:
    for element in root.iter(*_LOCATIONS):
        attribute = _LOCATIONS[str(element.tag)]
        if element.get(attribute):
            yield element, attribute


def _resolve(base: str, location: str) -> str:
    """The absolute location of an import; it may not leave the origin of the document that names it."""
    if is_remote(base):
        absolute = urljoin(base, location)
        if not same_origin(base, absolute):
            raise CallError(Misconfigured("the WSDL imports a document from another host"))
        return absolute
    if urlsplit(location).scheme or location.startswith("//"):
        raise CallError(Misconfigured("a WSDL that is a file may import files only"))
    return str((Path(base).parent / location).resolve())


def _read(location: str, get: Callable[[str], RawAnswer]) -> bytes:
    if not is_remote(location):
        try:
            return Path(location).read_bytes()
        except OSError as error:
            raise CallError(Misconfigured("the WSDL or a schema it imports cannot be read")) from error
    answer = get(location)
    if answer.status == 200:
        return answer.body
    reason = f"reading the WSDL was answered with HTTP {answer.status}"
    if answer.status in (408, 429) or answer.status >= 500:
        raise CallError(Unavailable(reason))
    raise CallError(Misconfigured(reason))
