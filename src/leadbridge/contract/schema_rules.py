"""Rules of the authored schemas. Each was learnt from a client tool that failed, or keeps the explainer exact."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from lxml import etree

from leadbridge.contract.parsing import attributes_of, children_of
from leadbridge.contract.rules import XS, File, Finding, form_findings, is_text, prefix_findings, resolve

COMMON = "urn:leadbridge:common:1"

_CHOICES = frozenset(
    {
        "ProspectParty",
        "LeadIdentification",
        "BusinessPartner",
        "BusinessPartnerDetails",
        "BusinessPartnerHit",
        "BusinessPartnerSelectionByID",
        "CrmRecordSelectionByID",
        "LeadBulkSelectionByID",
    }
)
"""Types that may hold an `xs:choice`: each names one thing in one of several ways, or is Person or Organisation."""

_DERIVED = frozenset({"LeadBulkRecord"})
"""Types that extend another: a bulk file's lead is a create's, field for field, and so is not declared twice."""

_WILDCARDS = {
    "Extension": {"namespace": "##other", "processContents": "lax", "maxOccurs": "50"},
    "LeadBulkRejections": {"namespace": "##any", "processContents": "skip", "maxOccurs": "1000"},
}
"""Types that hold a wildcard: a sender's own elements, and leads that were refused because they break the contract."""

_ATTRIBUTES = re.compile(
    "actionCode|languageCode|typeCode|currencyCode|unitCode|[a-z][A-Za-z]*ListCompleteTransmissionIndicator"
    "|allOrNoneIndicator"
)
_UNBOUNDED = ("leadbulk.xsd", "LeadBulkFile", "Lead")
_FORBIDDEN_ELEMENTS = ("redefine", "include", "group", "attributeGroup", "all", "list", "union", "anyAttribute")
_FORBIDDEN_ATTRIBUTES = ("default", "fixed", "substitutionGroup", "nillable", "abstract", "block", "final", "mixed")
_TEXTS = frozenset({"string", "normalizedString", "token", "anyURI", "base64Binary", "hexBinary"})
_UNBOUND = frozenset({"date", "dateTime", "time", "anyType", "anySimpleType"})
_FIXED_LENGTH = re.compile(r"(\[[^\[\]]+\](\{\d+\})?|[A-Za-z0-9_-])+")
_QUANTITY = re.compile("1|[1-9][0-9]*")
_HOLDERS = frozenset({f"{{{XS}}}complexType", f"{{{XS}}}extension"})


def schema_findings(file: File, schemas: Mapping[str, File]) -> Iterator[Finding]:
    """What one schema does against the rules; `schemas` are all of them, by file name."""
    root = file.root
    if root.tag != f"{{{XS}}}schema":
        yield file.finding(root, "schema", "the root of a schema is xs:schema")
        return
    if not root.get("targetNamespace"):
        yield file.finding(root, "schema", "a schema has a target namespace")
    yield from form_findings(file, root)
    yield from prefix_findings(file)
    for rule in _RULES:
        yield from rule(file)
    yield from _imports(file, schemas)


def shared_findings(files: Sequence[File]) -> Iterator[Finding]:
    """What the schemas together do against the rules: every type name is used once."""
    seen: dict[str, str] = {}
    for file in files:
        for declared in children_of(file.root):
            name = declared.get("name")
            if declared.tag not in (f"{{{XS}}}complexType", f"{{{XS}}}simpleType") or name is None:
                continue
            if name in seen:
                yield file.finding(declared, "unique-type", f"type {name} is also in {seen[name]}")
            seen.setdefault(name, file.name)


def _named_types(file: File) -> Iterator[Finding]:
    for declared in file.each("complexType", "simpleType"):
        if declared.getparent() is not file.root or not declared.get("name"):
            yield file.finding(declared, "named-type", "a type has a name and stands at the top of its schema")
    for declared in file.each("element", "attribute"):
        if declared.get("ref") is not None or not declared.get("name") or not declared.get("type"):
            text = "an element or attribute has a name and a type, and refers to no other"
            yield file.finding(declared, "named-type", text)


def _forbidden(file: File) -> Iterator[Finding]:
    for element in file.each(*_FORBIDDEN_ELEMENTS):
        yield file.finding(element, "forbidden", f"xs:{etree.QName(element).localname} is not used")
    for element in file.root.iter(etree.Element):
        facet = element.tag in {f"{{{XS}}}enumeration", f"{{{XS}}}pattern"}
        for name, _ in attributes_of(element):
            if name in _FORBIDDEN_ATTRIBUTES and not facet:
                yield file.finding(element, "forbidden", f"the attribute {name} is not used")


def _content(file: File) -> Iterator[Finding]:
    """A type is one sequence of elements, choices of elements, and a wildcard: what can be explained exactly."""
    for model in file.each("sequence", "choice"):
        parent = model.getparent()
        owner = _owner(model)
        inside = {etree.QName(child).localname for child in children_of(model)} - {"annotation"}
        if is_sequence := model.tag == f"{{{XS}}}sequence":
            if parent is None or parent.tag not in _HOLDERS:
                yield file.finding(model, "content", "a type holds one sequence and none inside another")
        elif owner not in _CHOICES:
            yield file.finding(model, "choice", f"type {owner} may not hold a choice")
        allowed = {"element", "choice", "any"} if is_sequence else {"element"}
        if inside - allowed:
            yield file.finding(model, "content", f"only {', '.join(sorted(allowed))} stand here")
        if model.get("minOccurs", "1") != "1" or model.get("maxOccurs", "1") != "1":
            yield file.finding(model, "content", "a sequence or choice occurs once")
    for element in file.each("complexContent"):
        if _owner(element) not in _DERIVED or element.find(f"{{{XS}}}extension") is None:
            yield file.finding(element, "content", "a complex type is not derived from another")


def _occurrences(file: File) -> Iterator[Finding]:
    for element in file.each("element", "any"):
        most = element.get("maxOccurs", "1")
        place = (file.name, _owner(element), element.get("name"))
        if _QUANTITY.fullmatch(most) is None and not (most == "unbounded" and place == _UNBOUNDED):
            yield file.finding(element, "max-occurs", "a list has a finite maxOccurs of at least 1")


def _lengths(file: File) -> Iterator[Finding]:
    """Texts are bounded, and so are dates (Python knows the years 1 to 9999)."""
    for element in file.each("element", "attribute"):
        namespace, name = resolve(element, element.get("type", ""))
        if namespace == XS and name in _TEXTS | _UNBOUND:
            yield file.finding(element, "bounded", f"xs:{name} is not used directly, but by a type with bounds")
    for restriction in file.each("restriction"):
        namespace, name = resolve(restriction, restriction.get("base", ""))
        if namespace == XS and name in _TEXTS and not _is_bounded(restriction):
            yield file.finding(restriction, "bounded", "a text has a maxLength, a code list or a fixed length")
        elif namespace == XS and name in _UNBOUND and restriction.find(f"{{{XS}}}pattern") is None:
            yield file.finding(restriction, "bounded", f"an xs:{name} has a pattern that bounds its years")


def _is_bounded(restriction: etree._Element) -> bool:
    facets = {etree.QName(facet).localname for facet in children_of(restriction)}
    patterns = [one.get("value", "") for one in restriction.iterfind(f"{{{XS}}}pattern")]
    fixed = bool(patterns) and all(_FIXED_LENGTH.fullmatch(pattern) for pattern in patterns)
    return bool(facets & {"maxLength", "length", "enumeration"}) or fixed


def _wildcards(file: File) -> Iterator[Finding]:
    for wildcard in file.each("any"):
        allowed = _WILDCARDS.get(_owner(wildcard) or "")
        if allowed is None or not all(is_text(wildcard, name, value) for name, value in allowed.items()):
            text = "a wildcard stands in Extension (##other, lax, at most 50) or LeadBulkRejections alone"
            yield file.finding(wildcard, "extension", text)
    for element in file.each("element"):
        if element.get("name") != "Extension":
            continue
        last = element.getnext() is None and is_text(element, "minOccurs", "0")
        if not last or resolve(element, element.get("type", "")) != (COMMON, "Extension"):
            text = "Extension is the last element of its type, may be absent, and has the type lbc:Extension"
            yield file.finding(element, "extension", text)


def _attributes(file: File) -> Iterator[Finding]:
    for attribute in file.each("attribute"):
        if _ATTRIBUTES.fullmatch(attribute.get("name", "")) is None:
            yield file.finding(attribute, "attribute", "this is an element: attributes are few and listed")


def _change_state(file: File) -> Iterator[Finding]:
    for element in file.each("element"):
        named = (COMMON, "ChangeStateID")
        if element.get("name") == named[1] and resolve(element, element.get("type", "")) != named:
            yield file.finding(element, "change-state", "ChangeStateID has the type lbc:ChangeStateID")
    for declared in file.each("simpleType"):
        if declared.get("name") == "ChangeStateID":
            restriction = declared.find(f"{{{XS}}}restriction")
            if restriction is None or resolve(restriction, restriction.get("base", "")) != (XS, "string"):
                yield file.finding(declared, "change-state", "ChangeStateID is opaque text")


def _documentation(file: File) -> Iterator[Finding]:
    documented = [file.root, *children_of(file.root), *file.each("enumeration")]
    for declared in documented:
        kind = etree.QName(declared).localname
        if kind in ("schema", "complexType", "simpleType", "element", "enumeration"):
            text = declared.findtext(f"{{{XS}}}annotation/{{{XS}}}documentation", "")
            if not text.strip():
                what = declared.get("name") or declared.get("value") or kind
                yield file.finding(declared, "documentation", f"{what} has no documentation")


def _messages(file: File) -> Iterator[Finding]:
    """Every message begins with its header, and every answer ends with its Log."""
    types = {one.get("name"): one for one in file.root.iterfind(f"{{{XS}}}complexType")}
    for message in file.root.iterfind(f"{{{XS}}}element"):
        name = message.get("name", "")
        if not name.endswith(("_sync", "_async")):
            continue
        declared = types.get(resolve(message, message.get("type", ""))[1])
        parts = [] if declared is None else list(declared.iterfind(f"{{{XS}}}sequence/{{{XS}}}element"))
        names = [part.get("name") for part in parts]
        if names[:1] != ["BasicMessageHeader"] or parts[0].get("minOccurs") is not None:
            yield file.finding(message, "message", "a message begins with a required BasicMessageHeader")
        is_answer = re.search("(Confirmation|Response)_", name) is not None
        if is_answer and (names[-1:] != ["Log"] or parts[-1].get("minOccurs") is not None):
            yield file.finding(message, "message", "an answer ends with a required Log")


def _imports(file: File, schemas: Mapping[str, File]) -> Iterator[Finding]:
    for used in file.each("import"):
        target = schemas.get(used.get("schemaLocation", ""))
        if target is None:
            text = "an import names a file beside this one, by its name alone"
            yield file.finding(used, "import", text)
        elif target.root.get("targetNamespace") != used.get("namespace"):
            yield file.finding(used, "import", "the imported file has another namespace")


def _owner(element: etree._Element) -> str | None:
    """Name of the global type around `element`."""
    named = [one.get("name") for one in element.iterancestors(f"{{{XS}}}complexType")]
    return named[-1] if named else None


_RULES: tuple[Callable[[File], Iterator[Finding]], ...] = (
    _named_types,
    _forbidden,
    _content,
    _occurrences,
    _lengths,
    _wildcards,
    _attributes,
    _change_state,
    _documentation,
    _messages,
)
