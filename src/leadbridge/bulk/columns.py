"""What the columns of a CSV file stand for: places in a lead, found by the names that the contract has for them.

A column is named like an element (`EmailURI`) where that is clear, else with as much of its path as makes it so
(`SalesPartnerParty/PartyID`). The second of a list is `Item[2]/ProductID`, an attribute `Item/Quantity/@unitCode`.
All of it is read off the generated messages: a field that the contract gets tomorrow is a column tomorrow.
"""

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias, get_args, get_origin, get_type_hints

from leadbridge.bulk.heading import Unusable
from leadbridge.contract.escaping import escape_attribute, escape_text
from leadbridge.contract.files import PREFIXES
from leadbridge.messages import LeadBulkRecord

_STEP = re.compile(r"(@?[A-Za-z][A-Za-z0-9]*)(?:\[([1-9][0-9]{0,2})\])?")
_LONGEST_SHOWN = 40  # characters of an unknown column that are repeated to whoever sent it

Row: TypeAlias = Sequence[str]
Writer: TypeAlias = Callable[[Row], str]
"""From a row to the XML of a part of the lead; empty where the row has nothing for it."""


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """What a site says about a file's columns: other names for places, and values that stand in no column."""

    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)


def read_mapping(path: Path) -> ColumnMapping:
    """The mapping in a TOML file: the tables `columns` (a column's name = place, or "" to leave it out) and
    `constants` (place = value).

    Raises Unusable.
    """
    try:
        read = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Unusable(f"the mapping {path} cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise Unusable(f"the mapping {path} is not TOML: {error}") from None
    tables = {name: read.pop(name, {}) for name in ("columns", "constants")}
    if read or not all(
        isinstance(table, dict) and all(isinstance(value, str) for value in table.values()) for table in tables.values()
    ):
        raise Unusable(f"the mapping {path} may have the tables [columns] and [constants], each of texts in quotes")
    return ColumnMapping(**tables)


# ------------------------------------------------------------------------------------------ places of the contract


@dataclass(frozen=True, slots=True)
class _Place:
    """An element or attribute of a lead that holds a value: names from the lead down, with their names in XML."""

    names: tuple[str, ...]
    tags: tuple[str, ...]
    order: tuple[int, ...]


@cache
def _places() -> tuple[_Place, ...]:
    """Every place of a lead that a column may fill, in the contract's order."""
    return tuple(_places_of(LeadBulkRecord, _Place((), (), ())))


def _places_of(part: type[Any], above: _Place) -> list[_Place]:
    hints = get_type_hints(part)
    found = []
    for number, one in enumerate(fields(part)):
        kind, name = one.metadata.get("type", "Text"), one.metadata.get("name", one.name)
        if kind == "Wildcard" or name == "LogItem":
            continue
        if kind == "Text":
            found.append(above)
            continue
        namespace = one.metadata.get("namespace", "")
        tag = name if kind == "Attribute" else f"{PREFIXES[namespace]}:{name}"
        shown = f"@{name}" if kind == "Attribute" else name
        here = _Place((*above.names, shown), (*above.tags, tag), (*above.order, number))
        inner = _inner(hints[one.name])
        found.extend(_places_of(inner, here) if is_dataclass(inner) else [here])  # type: ignore[arg-type]  # a class
    return found


def _inner(hint: Any) -> Any:
    if get_origin(hint) is list:
        return get_args(hint)[0]
    return next((choice for choice in get_args(hint) if choice is not type(None)), hint)


def column_names() -> list[str]:
    """The shortest clear name of every place, in the contract's order."""
    return [_shortest(place) for place in _places()]


def _shortest(place: _Place) -> str:
    names = place.names
    for length in range(1, len(names) + 1):
        if _find(names[-length:]) is place:
            return "/".join(names[-length:])
    return "/".join(names)


@cache
def _find(names: tuple[str, ...]) -> _Place | None:
    """The place whose whole path this is, or the only one whose path ends so."""
    ending = [place for place in _places() if place.names[-len(names) :] == names]
    whole = [place for place in ending if place.names == names]
    return whole[0] if whole else ending[0] if len(ending) == 1 else None


@dataclass(frozen=True, slots=True)
class _Filled:
    """A place with the position in each list on its way, and what fills it: a column, or a text that never changes."""

    place: _Place
    positions: tuple[int, ...]
    source: int | str


def _resolve(name: str, source: int | str, *, what: str) -> _Filled:
    """The place that `name` stands for. Raises Unusable, which names the nearest ones."""
    steps = [_STEP.fullmatch(step.strip()) for step in name.strip().strip("/").split("/")]
    if all(steps):
        names = tuple(step[1] for step in steps if step)
        place = _find(names)
        if place is not None:
            given = [int(step[2] or 1) for step in steps if step]
            positions = (1,) * (len(place.names) - len(given)) + tuple(given)
            return _Filled(place, positions, source)
        clear = [_shortest(one) for one in _places() if one.names[-len(names) :] == names]
        if clear:
            raise Unusable(f"{what} {_shown(name)} may be one of {', '.join(clear)}: say which")
    near = get_close_matches(name.rsplit("/", 1)[-1], [one.names[-1] for one in _places()], n=3, cutoff=0.5)
    clear = [_shortest(one) for one in _places() if one.names[-1] in near][:3]
    hint = f"nearest: {', '.join(clear)}" if clear else f"columns are named like elements, such as {column_names()[3]}"
    raise Unusable(f"{what} {_shown(name)} is unknown; {hint}")


def _shown(name: str) -> str:
    text = name if len(name) <= _LONGEST_SHOWN else name[:_LONGEST_SHOWN] + "..."
    return f'"{text}"' if text.isprintable() else repr(text)


# ------------------------------------------------------------------------------------------- from a row to a lead


def lead_writer(header: Sequence[str], mapping: ColumnMapping) -> Writer:
    """What writes the Lead of a row whose columns have these names; it raises ValueError for a text that XML cannot
    carry.

    Raises Unusable for a column that is unknown, unclear or there twice, before a row is read.
    """
    filled = []
    for number, name in enumerate(header):
        meant = mapping.columns.get(name, name)
        if meant:
            filled.append(_resolve(meant, number, what=f"column {number + 1}"))
    for name, text in mapping.constants.items():
        filled.append(_resolve(name, text, what="the constant"))
    missing = [name for name in mapping.columns if name not in header]
    if missing:
        raise Unusable(f"the mapping speaks of a column {_shown(missing[0])}, which the file does not have")
    if not any(isinstance(one.source, int) for one in filled):
        raise Unusable("no column of the file is taken over")
    _check_together(filled)
    ordered = sorted(filled, key=lambda one: tuple(zip(one.place.order, one.positions, strict=True)))
    write, _ = _element(ordered, 0, "lbb:Lead")
    return lambda row: (
        write(row) or "<lbb:Lead/>"
    )  # only columns that are left out have something: a record all the same


def _check_together(filled: Sequence[_Filled]) -> None:
    """Refuse two sources for one place, and an attribute whose element has no value."""
    places = [(one.place.names, one.positions) for one in filled]
    for number, (names, positions) in enumerate(places):
        if (names, positions) in places[:number]:
            raise Unusable(f"{'/'.join(names)} would be filled twice")
        if names[-1].startswith("@") and (names[:-1], positions[:-1]) not in places:
            raise Unusable(f"{'/'.join(names)} belongs to {'/'.join(names[:-1])}, which nothing fills")


def _element(filled: Sequence[_Filled], depth: int, tag: str) -> tuple[Writer, bool]:
    """What writes an element that holds these places, `depth` steps down from the lead, and whether a column fills it.

    An element with columns is there when one of them has a value; constants alone do not make it.
    """
    attributes, children = [], []
    text: Writer | None = None
    varies = False
    groups: dict[tuple[str, int], list[_Filled]] = {}
    for one in filled:
        if len(one.place.tags) == depth:
            text, varies = _value(one.source, escape_text), isinstance(one.source, int)
        elif one.place.names[depth].startswith("@"):
            attributes.append((one.place.tags[depth], _value(one.source, escape_attribute)))
        else:
            groups.setdefault((one.place.tags[depth], one.positions[depth]), []).append(one)
    for (child, _position), inner in groups.items():
        children.append(_element(inner, depth + 1, child))
    if text is not None:  # the contract has no element with both a value and elements in it
        return _leaf(tag, text, attributes), varies
    varying = [write for write, changes in children if changes]
    if len(varying) == len(children):
        return lambda row: f"<{tag}>{content}</{tag}>" if (content := "".join([w(row) for w in varying])) else "", True

    def write(row: Row) -> str:
        if varying and not any(one(row) for one in varying):
            return ""
        return f"<{tag}>{''.join([one(row) for one, _ in children])}</{tag}>"

    return write, bool(varying)


def _leaf(tag: str, value: Writer, attributes: Sequence[tuple[str, Writer]]) -> Writer:
    start, end = f"<{tag}", f"</{tag}>"
    if not attributes:
        return lambda row: f"{start}>{content}{end}" if (content := value(row)) else ""

    def write(row: Row) -> str:
        content = value(row)
        if not content:
            return ""
        given = "".join([f' {name}="{said}"' for name, one in attributes if (said := one(row))])
        return f"{start}{given}>{content}{end}"

    return write


def _value(source: int | str, escape: Callable[[str], str]) -> Writer:
    if isinstance(source, str):
        constant = escape(source)
        return lambda _row: constant
    return lambda row: escape(row[source].strip())
