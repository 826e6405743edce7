"""Elements with more attributes or namespace declarations than a lead may have, found before a tree is built.

libxml2 builds such a tree in no time; but to list its attributes, or to write it in canonical form, takes the square of
their number: hours for a lead of a few megabytes.
"""

from xml.parsers import expat

from leadbridge.bulk.assignment import LeadLimits

_SHORTEST = 5  # bytes that an attribute takes at least: a space, a name, an equals sign, two quotes


def may_be_crowded(document: bytes, limits: LeadLimits) -> bool:
    """False where the bytes show that no element has too many: each has an equals sign, and a tag no bracket within."""
    most = min(limits.most_attributes_per_element, limits.most_namespaces_per_element)
    return any(piece.count(b"=") > most for piece in document.split(b"<") if len(piece) > _SHORTEST * most)


def crowded(document: bytes, limits: LeadLimits) -> str | None:
    """Which limit an element of a well-formed file goes beyond, its root aside; None where none does."""
    if not may_be_crowded(document, limits):
        return None
    depth = 0
    found: str | None = None

    def start(_name: str, attributes: list[str]) -> None:
        nonlocal depth, found
        depth += 1
        names = attributes[::2]
        namespaces = sum(name.startswith("xmlns") and name[5:6] in ("", ":") for name in names)
        if depth == 1:
            return  # the namespaces of the whole file
        if namespaces > limits.most_namespaces_per_element:
            found = f"An element has more than {limits.most_namespaces_per_element:,} namespace declarations."
        elif len(names) - namespaces > limits.most_attributes_per_element:
            found = f"An element has more than {limits.most_attributes_per_element:,} attributes."

    parser = expat.ParserCreate("utf-8")
    parser.ordered_attributes = True
    parser.StartElementHandler = start
    parser.Parse(document, True)
    return found
