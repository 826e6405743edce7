"""Between elements and messages: compiled once from the generated message classes.

This is the hot path of every call. It reads what validation has let through and so trusts the structure; it
writes bytes directly, because a tree built only to be serialised costs several times as much. xsdata, which
generated the classes, is the oracle: tests hold both directions equal to it.

What stands for a wildcard, such as the content of `Extension`, becomes xsdata's `AnyElement`, also where the
sender used a name or an `xsi:type` that the contract knows: it is the sender's own and is given back as it came.
"""

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping
from dataclasses import Field, dataclass, fields, is_dataclass
from decimal import Decimal
from enum import Enum
from functools import cache
from operator import attrgetter
from types import MappingProxyType
from typing import Any, TypeAlias, TypeVar, get_args, get_origin, get_type_hints

from lxml import etree
from xsdata.formats.dataclass.models.generics import AnyElement

from leadbridge import messages
from leadbridge.contract.escaping import escape_attribute, escape_text
from leadbridge.contract.files import PREFIXES
from leadbridge.contract.foreign import read_foreign, write_foreign
from leadbridge.contract.hashing import END, RECORDS, content_hash, foreign_text
from leadbridge.contract.parsing import attributes_of, parse
from leadbridge.contract.schema import ContractViolation, explainer

T = TypeVar("T")

_Reader: TypeAlias = "Callable[[etree._Element, list[str]], Any]"  # noqa: SLF001 lxml's own name for its element
"""From an element to its value; what was read is told on the way (see `hashing`)."""
_Writer: TypeAlias = Callable[[Any, list[str], str, str], None]
"""From a value to its element, appended to a list; given its prefixed name and its declarations."""


def decode(element: etree._Element) -> Any:
    """The message in `element`, which has been validated, and parsed without comments and processing instructions.

    Raises:
        LookupError: the contract has no such message.
        ContractViolation: base64 that is none; libxml2 lets it pass, and bytes would silently be lost.
    """
    return decode_hashed(element)[0]


def decode_hashed(element: etree._Element) -> tuple[Any, bytes]:
    """The message in `element`, as `decode` gives it, and its content hash.

    Raises:
        what `decode` raises.
        RelativeNamespace: see `hashing`.
    """
    told: list[str] = [element.tag]
    try:
        message = _reader(class_of(element.tag))(element, told)
    except binascii.Error:
        raise ContractViolation(explainer().explain(element)) from None
    return message, content_hash(told)


def record_hashes(payload: etree._Element) -> tuple[bytes, ...]:
    """The content hash of each record of a bundle, in their order; none for any other message."""
    record = RECORDS.get(payload.tag)
    if record is None:
        return ()
    part = next(member.type for member in _members(class_of(payload.tag)) if member.tag == record)
    return tuple(decode_part_hashed(element, part)[1] for element in payload.iterfind(record))


def encode(message: object) -> etree._Element:
    """The element of `message`, as `encode_bytes` writes it."""
    return parse(encode_bytes(message))


def encode_bytes(message: object) -> bytes:
    """The element of `message` in UTF-8, without an XML declaration, ready to stand inside an envelope.

    The contract's prefixes are declared on the element itself. An envelope must not declare a default
    namespace, because elements inside an `Extension` may have none.

    Raises:
        LookupError: not the class of a message.
        ValueError: a text holds a character that XML cannot carry.
    """
    return encode_part(message, name_of(type(message)))


def decode_part(element: etree._Element, part: type[T]) -> T:
    """The value of a generated class such as `Extension`, in an element of any name."""
    return decode_part_hashed(element, part)[0]


def decode_part_hashed(element: etree._Element, part: type[T]) -> tuple[T, bytes]:
    """The value of a generated class, in an element of any name, and its content hash. Raises RelativeNamespace."""
    told: list[str] = []
    found = _reader(part)(element, told)
    assert isinstance(found, part)
    return found, content_hash(told)


def encode_part(value: object, tag: str) -> bytes:
    """A value of a generated class as an element `tag`, a name of the contract in Clark notation."""
    part: Any = type(value)
    out: list[str] = []
    name, declared = _opening(part, tag)
    _writer(part)(value, out, name, declared)
    return "".join(out).encode()


@cache
def _opening(part: type[Any], tag: str) -> tuple[str, str]:
    """The prefixed name of an element `tag`, and the declarations of all prefixes used in it."""
    name = etree.QName(tag)
    used = {name.namespace or ""} | _namespaces(part)
    declared = "".join(f' xmlns:{prefix}="{uri}"' for uri, prefix in PREFIXES.items() if uri in used)
    return f"{PREFIXES[name.namespace or '']}:{name.localname}", declared


def class_of(tag: str) -> type[Any]:
    """The class of the message element `tag`, a name in Clark notation.

    Raises:
        LookupError: the contract has no such message.
    """
    try:
        return _classes()[tag]
    except KeyError:
        raise LookupError("no message of this name") from None


def name_of(message: type[object]) -> str:
    """The element name of a message class, in Clark notation.

    Raises:
        LookupError: not the class of a message.
    """
    try:
        return _names()[message]
    except KeyError:
        raise LookupError("not the class of a message") from None


@cache
def _classes() -> Mapping[str, type[Any]]:
    return MappingProxyType({name: message for message, name in _names().items()})


@cache
def _names() -> Mapping[type[Any], str]:
    """Message classes are those whose `Meta` has a namespace; the others have no element of their own."""
    found = (getattr(messages, name) for name in messages.__all__)
    named = (one for one in found if hasattr(vars(one).get("Meta"), "namespace"))
    return MappingProxyType({one: f"{{{one.Meta.namespace}}}{_element_name(one)}" for one in named})


def _element_name(message: type[Any]) -> str:
    """The generator leaves the name out where it is that of the class."""
    return str(getattr(message.Meta, "name", message.__name__))


# The generated classes


def _once_per_class(build: Callable[[type[Any]], T]) -> Callable[[type[Any]], T]:
    """Calls `build` once for each class; so does `functools.cache`, but its type takes no classes."""
    built: dict[type[Any], T] = {}

    def get(part: type[Any]) -> T:
        try:
            return built[part]
        except KeyError:
            return built.setdefault(part, build(part))

    return get


@dataclass(frozen=True, slots=True)
class _Member:
    """One field of a generated class. `kind` is Element, Attribute, Wildcard or Text; `tag` its name in XML."""

    name: str
    kind: str
    tag: str
    many: bool
    type: Any
    collapse: bool

    @property
    def is_part(self) -> bool:
        """Whether the values are objects of a generated class."""
        return is_dataclass(self.type)


@_once_per_class
def _members(part: type[Any]) -> tuple[_Member, ...]:
    hints = get_type_hints(part)
    return tuple(_member(field, hints[field.name]) for field in fields(part))


def _member(field: Field[Any], hint: Any) -> _Member:
    metadata = field.metadata
    many = get_origin(hint) is list
    choices = [choice for choice in get_args(hint) if choice is not type(None)]
    namespace = metadata.get("namespace")
    local = metadata.get("name", field.name)
    return _Member(
        name=field.name,
        kind=metadata.get("type", "Text"),
        tag=f"{{{namespace}}}{local}" if namespace else local,
        many=many,
        type=choices[0] if choices else hint,
        # Every text of the contract has a greatest length; a str without one is a date or a point in time.
        collapse="max_length" not in metadata and "min_length" not in metadata,
    )


@_once_per_class
def _namespaces(part: type[Any]) -> frozenset[str]:
    """Namespaces of everything that may stand in an element of this class."""

    def used() -> Iterator[str]:
        for member in _members(part):
            if member.kind == "Element":
                yield etree.QName(member.tag).namespace or ""
                if member.is_part:
                    yield from _namespaces(member.type)

    return frozenset(used())


# Reading


@_once_per_class
def _reader(part: type[Any]) -> _Reader:
    """What turns an element into an object of `part`."""
    members = _members(part)
    attributes = {m.tag: (m.name, _literal(m)) for m in members if m.kind == "Attribute"}
    if texts := [member for member in members if member.kind == "Text"]:
        return _value_reader(part, texts[0], attributes)
    find = {m.tag: (m.name, m.many, _child_reader(m)) for m in members if m.kind == "Element"}.get
    wildcard = next(((m.name, m.many, _read_wildcard) for m in members if m.kind == "Wildcard"), None)

    def read(element: etree._Element, told: list[str]) -> Any:
        values: dict[str, Any] = {}
        tell = told.append
        for child in element:
            place = find(child.tag, wildcard)
            assert place is not None  # validation has let it through
            name, many, convert = place
            tell(name)
            if convert is None:
                values[name] = text = child.text or ""
                tell(text)
            elif not many:
                values[name] = convert(child, told)
            elif name in values:
                values[name].append(convert(child, told))
            else:
                values[name] = [convert(child, told)]
        if attributes:
            _read_attributes(element, attributes, values, told)
        tell(END)
        return part(**values)

    return read


def _value_reader(
    part: type[Any], text: _Member, attributes: Mapping[str, tuple[str, Callable[[str], Any]]]
) -> _Reader:
    """The reader of a class that has a value and attributes."""
    convert = _literal(text)

    def read(element: etree._Element, told: list[str]) -> Any:
        content = element.text or ""
        told.append(content)
        values = {text.name: convert(content)}
        _read_attributes(element, attributes, values, told)
        told.append(END)
        return part(**values)

    return read


def _read_attributes(
    element: etree._Element,
    attributes: Mapping[str, tuple[str, Callable[[str], Any]]],
    values: dict[str, Any],
    told: list[str],
) -> None:
    for tag, value in sorted(attributes_of(element)):
        if tag in attributes:  # others are hints such as xsi:type
            name, convert = attributes[tag]
            told += (name, value)
            values[name] = convert(value)


def _child_reader(member: _Member) -> "_Reader | None":
    """The reader of an element within another; None for a plain text, which is most of them and read in place."""
    if member.is_part:
        return _reader(member.type)
    convert = _literal(member)
    if convert is str and not member.many:
        return None

    def read(element: etree._Element, told: list[str]) -> Any:
        text = element.text or ""
        told.append(text)
        return convert(text)

    return read


def _read_wildcard(element: etree._Element, told: list[str]) -> AnyElement:
    told.append(foreign_text(element))
    return read_foreign(element)


def _literal(member: _Member) -> Callable[[str], Any]:
    """What turns the text of a value into a Python object. White space around all but texts means nothing."""
    kind = member.type
    if kind is str:
        return str.strip if member.collapse else str
    if issubclass(kind, Enum):
        return {one.value: one for one in kind}.__getitem__
    return _LITERALS[kind]


_LITERALS: dict[type[Any], Callable[[str], Any]] = {
    bool: lambda text: text.strip() in ("true", "1"),
    int: int,
    Decimal: lambda text: Decimal(text.strip()),
    bytes: lambda text: base64.b64decode("".join(text.split()), validate=True),
}


# Writing


@_once_per_class
def _writer(part: type[Any]) -> _Writer:
    """What turns an object of `part` into the text of an element."""
    members = _members(part)
    attributes = [(m.name, m.tag, _literal_text(m.type, escape_attribute)) for m in members if m.kind == "Attribute"]
    if texts := [member for member in members if member.kind == "Text"]:
        return _value_writer(texts[0], attributes)
    elements = [member for member in members if member.kind in ("Element", "Wildcard")]
    steps = [_step(member) for member in elements]
    contents = _all_of([member.name for member in elements])

    def write(value: Any, out: list[str], name: str, declared: str) -> None:
        if attributes:
            declared += _attributes(value, attributes)
        append = out.append
        append(f"<{name}{declared}>")
        for content, step in zip(contents(value), steps, strict=True):
            if content is None:
                continue
            many, tag, start, end, convert, nested = step
            for one in content if many else (content,):
                if convert is not None:
                    append(f"{start}{convert(one)}{end}")
                elif nested is not None:
                    nested(one, out, tag, "")
        append(f"</{name}>")

    return write


def _all_of(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    """What reads these fields of an object at once."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda value: tuple(getattr(value, name) for name in names)


_Step: TypeAlias = tuple[bool, str, str, str, Callable[[Any], str] | None, _Writer | None]


def _step(member: _Member) -> _Step:
    """How one element field is written: whether it is a list, its tags, and one of two ways of writing."""
    if member.kind == "Wildcard":
        return member.many, "", "", "", None, _write_wildcard
    qname = etree.QName(member.tag)
    tag = f"{PREFIXES[qname.namespace or '']}:{qname.localname}"
    if member.is_part:
        return member.many, tag, "", "", None, _writer(member.type)
    return member.many, tag, f"<{tag}>", f"</{tag}>", _literal_text(member.type), None


def _value_writer(text: _Member, attributes: list[tuple[str, str, Callable[[Any], str]]]) -> _Writer:
    """The writer of a class that has a value and attributes."""
    convert = _literal_text(text.type)

    def write(value: Any, out: list[str], name: str, declared: str) -> None:
        declared += _attributes(value, attributes)
        out.append(f"<{name}{declared}>{convert(getattr(value, text.name))}</{name}>")

    return write


def _write_wildcard(value: Any, out: list[str], _name: str, _declared: str) -> None:
    """A foreign element has its own name and declares its own prefixes."""
    write_foreign(value, out, {})


def _attributes(value: Any, attributes: list[tuple[str, str, Callable[[Any], str]]]) -> str:
    written = []
    for field, tag, convert in attributes:
        content = getattr(value, field)
        if content is not None:
            written.append(f' {tag}="{convert(content)}"')
    return "".join(written)


def _literal_text(kind: type[Any], escape: Callable[[str], str] = escape_text) -> Callable[[Any], str]:
    """What turns a Python object into the text of a value, escaped."""
    if kind is str:
        return escape
    if issubclass(kind, Enum):
        return {one: escape(one.value) for one in kind}.__getitem__
    return _LITERAL_TEXTS[kind]


_LITERAL_TEXTS: dict[type[Any], Callable[[Any], str]] = {
    bool: lambda value: "true" if value else "false",
    int: str,
    Decimal: lambda value: f"{value:f}",
    bytes: lambda value: base64.b64encode(value).decode("ascii"),
}
