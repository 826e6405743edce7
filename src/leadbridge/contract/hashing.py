"""Telling a message sent again from another one.

The hash is of what a message says, not of how it is written: names and values in the order of the contract, which the
codec tells while it reads. Whatever envelope, prefixes, white space between elements, quotes or order of attributes a
client chooses when it sends again, it is the same message. Values count as they were written: `1.0` is not `1.00`.
"""

import hashlib
from collections.abc import Iterable

from lxml import etree

from leadbridge.contract.files import NAMESPACES

RECORDS = {
    f"{{{NAMESPACES['lbl']}}}{message}": f"{{{NAMESPACES['lbl']}}}Lead"
    for message in ("LeadBundleMaintainRequest_sync", "LeadBundleMaintainCheckQuery_sync")
}
"""The messages whose records are told apart each for itself, with the name of a record."""

# XML has neither character, so no value can pretend to be an end or to be two.
END = "\x02"
_BETWEEN = "\x00"


class RelativeNamespace(ValueError):
    """A namespace is a relative address, which canonical XML does not know (its section 1.3): `urn:name` is not."""


def content_hash(told: Iterable[str]) -> bytes:
    """The hash of what was told: each name followed by its value, or by its parts and END."""
    return hashlib.blake2b(_BETWEEN.join(told).encode(), digest_size=32).digest()


def foreign_text(element: etree._Element) -> str:
    """What a foreign element says, such as one in an Extension: canonical XML, because no type knows its parts.

    Raises RelativeNamespace.
    """
    try:
        return etree.tostring(element, method="c14n", exclusive=True, with_tail=False).decode()
    except etree.C14NError as error:
        raise RelativeNamespace from error
