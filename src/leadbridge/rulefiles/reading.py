"""A TOML file as checked data, or all that is wrong with it: each problem with the file, its place in it, and why."""

import tomllib
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Annotated, TypeVar

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
    """The error that tells these problems, each `place: reason`, of this file."""
    return SettingsError([f"{path}: {problem}." for problem in problems])


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
