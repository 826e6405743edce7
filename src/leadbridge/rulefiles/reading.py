"""A TOML file as checked data, or all that is wrong with it: each problem with file, line and place, and why."""

import re
import tomllib
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from leadbridge.settings import SettingsError

# Shown to people in tables and printed by commands.
Text = Annotated[str, Field(min_length=1, max_length=255)]


class Table(BaseModel):
    """A table of such a file: of these keys and types, and no others."""

    model_config = ConfigDict(allow_inf_nan=False, extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


Content = TypeVar("Content", bound=Table)


def read(path: Path, content: type[Content]) -> Content:
    """The content of the file. Raises SettingsError with every problem; none repeats a value."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8-sig"), parse_float=Decimal)
    except OSError as error:
        raise SettingsError([f"{path}: cannot be read ({error.strerror})."]) from None
    except UnicodeDecodeError:
        raise SettingsError([f"{path}: is not UTF-8 text."]) from None
    except tomllib.TOMLDecodeError as error:  # it names line and column
        raise SettingsError([f"{path}: is not TOML: {error}."]) from None
    except (RecursionError, ValueError):
        problem = "has lists within lists, or a number, beyond what can be read"
        raise SettingsError([f"{path}: {problem}."]) from None
    try:
        return content.model_validate(found)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        raise wrong(path, (_problem(one["loc"], one["type"], one["msg"]) for one in details)) from None


def wrong(path: Path, problems: Iterable[str]) -> SettingsError:
    """The error that tells these problems, each `place: reason`, of this file, with the line where the place begins."""
    told = list(problems)
    lines = _lines_of(path, [problem.partition(": ")[0] for problem in told])
    return SettingsError(
        [
            f"{path}{'' if line is None else f', line {line}'}: {problem}."
            for problem, line in zip(told, lines, strict=True)
        ]
    )


_PART = re.compile(r"\[(\d+)\]|([^.\[\]]+)")
_LONGEST_FILE = 2_000  # lines; where one is longer, the place has to do


def _lines_of(path: Path, places: Sequence[str]) -> list[int | None]:
    """The line where each place begins, or the nearest part of it that there is; None for what is no place in the file.

    Python's parser tells no lines. So the file is read again, a line more each time: a place begins with the line that
    makes it be there.
    """
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    if len(lines) > _LONGEST_FILE:
        return [None] * len(places)
    found: dict[tuple[str | int, ...], int] = {}
    wanted = [_keys(place) for place in places]
    missing = {keys[:length] for keys in wanted for length in range(1, len(keys) + 1)}
    begun = 1
    for number in range(1, len(lines) + 1):
        content = _beginning(lines[:number])
        if content is not None:
            here = {keys for keys in missing if _is_there(content, keys)}
            found |= dict.fromkeys(here, begun)
            missing -= here
            begun = number + 1
    return [next((found[keys[:n]] for n in range(len(keys), 0, -1) if keys[:n] in found), None) for keys in wanted]


def _keys(place: str) -> tuple[str | int, ...]:
    return tuple(int(number) - 1 if number else word for number, word in _PART.findall(place))


def _beginning(lines: Sequence[str]) -> Any:
    """What these lines say, also where they end within a list, or one in a list; None where they end within a value."""
    for ending in ("", "]", "]]"):
        try:
            return tomllib.loads("\n".join([*lines, ending]))
        except tomllib.TOMLDecodeError:
            continue
    return None


def _is_there(content: Any, keys: Iterable[str | int]) -> bool:
    try:
        for key in keys:
            content = content[key]
    except (KeyError, IndexError, TypeError):
        return False
    return True


def _problem(location: tuple[int | str, ...], kind: str, message: str) -> str:
    place = ""
    for part in location:
        place += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if place else part
    if kind == "extra_forbidden":
        return f"{place}: there is no such key"
    if kind == "missing":
        return f"{place}: is missing"
    if kind == "model_type":  # pydantic would name a class of ours
        return f"{place}: should be a table"
    if kind == "value_error":  # from a check of ours
        return f"{place}: {message.removeprefix('Value error, ')}"
    return f"{place}: should {message.partition('should ')[2]}"
