"""A glance at a short message: whether it is plain that the guard would find nothing in it.

Most messages are a few kilobytes of tags and text, far from every limit. A few searches through their
bytes, in C, prove that, where the guard's events would take several times as long. The proof errs on one
side only: what looks the least bit unusual goes to the guard, and what is waved through is parsed under the
same rules of XML and has its depth measured on the tree. In so short a message nothing can grow: the tree
is bounded by the number of tags.
"""

import re

from leadbridge.soap.limits import GateLimits

# Bytes; up to here a tree costs some 100 kB at worst.
SHORT = 32_768

# Elements at most, and so levels: below libxml2's own limit of 256, so that a message too deep is told so
# by our limit.
_MOST_ELEMENTS = 250

_DECLARATION = re.compile(
    rb"""<\?xml version=["']1\.0["'](?: encoding=["'][Uu][Tt][Ff]-8["'])?(?: standalone=["'](?:yes|no)["'])?\s*\?>"""
)


def is_plain(data: bytes, limits: GateLimits) -> bool:
    """True where a message in UTF-8 without a mark has no document type, no processing instruction, no
    comment or CDATA, and keeps every limit but the depth, if it is well-formed at all.
    """
    # One byte is looked for in a tenth of the time of two; hardly a message has a mark of these.
    if len(data) > SHORT or b"\0" in data or (b"!" in data and b"<!" in data):
        return False
    instruction = data.rfind(b"<?") if b"?" in data else -1
    if instruction > 0 or (instruction == 0 and not _DECLARATION.match(data)):
        return False
    # Every attribute and every namespace declaration has an equals sign.
    if data.count(b"=") > min(limits.most_attributes_per_element, limits.most_namespaces_per_element):
        return False
    most_elements = min(_MOST_ELEMENTS, limits.most_elements)
    tags = data.count(b"<")
    if tags >= most_elements and tags - data.count(b"</") >= most_elements:
        return False
    longest_value = min(limits.longest_attribute_value, limits.longest_text)
    if len(data) <= longest_value and _is_dense(data, limits.longest_name):
        return True
    pieces = data.split(b"<")
    longest = max(map(len, pieces))  # no tag and no text is longer; characters are fewer than bytes
    if longest > longest_value:
        return False
    # Where a piece is longer than a name may be, look at what lies between white space: a name has none.
    return longest <= limits.longest_name or max(map(len, b" ".join(pieces).split())) <= limits.longest_name


def _is_dense(data: bytes, longest: int) -> bool:
    """True where nothing longer than this is without a bracket: each half of it has one, and so no name is longer."""
    half = longest // 2
    if not half:
        return False
    find = data.find
    for at in range(0, len(data) - half + 1, half):  # noqa: SIM110 a generator takes twice as long
        if find(b"<", at, at + half) < 0:
            return False
    return True
