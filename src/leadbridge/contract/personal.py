"""Which elements hold personal data: the schemas say so themselves, in `xs:appinfo`."""

from functools import cache

from leadbridge.contract.files import AUTHORED
from leadbridge.contract.parsing import parse

SOURCE = "urn:leadbridge:personal"
_XS = {"xs": "http://www.w3.org/2001/XMLSchema"}


@cache
def personal_elements() -> frozenset[str]:
    """Names, in Clark notation, of all elements that are marked as personal. Their values are never shown."""
    return frozenset(
        f"{{{namespace}}}{element.get('name')}"
        for namespace, name in AUTHORED.schemas.items()
        for element in parse(AUTHORED.xsd(name)).iterfind(".//xs:element[@name]", _XS)
        if element.find(f"xs:annotation/xs:appinfo[@source='{SOURCE}']", _XS) is not None
    )
