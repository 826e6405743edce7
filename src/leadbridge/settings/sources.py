"""Where values of settings come from, and what is said of those that cannot be used.

Every function takes the model that declares the settings; none repeats a value, which may be a password.
"""

import difflib
import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

PREFIX = "LEADBRIDGE_"
CONFIG_VARIABLE = "LEADBRIDGE_CONFIG"

# Not a setting: what `leadbridge serve` hands to its own worker processes.
INTERNAL_VARIABLES = {"LEADBRIDGE_INTERNAL_CREDENTIAL"}

# Short names of what most installations set, beside the regular names with two underscores.
SHORT_NAMES = {
    "LEADBRIDGE_CRM_WSDL": ("crm", "wsdl"),
    "LEADBRIDGE_CRM_USERNAME": ("crm", "username"),
    "LEADBRIDGE_CRM_PASSWORD": ("crm", "password"),
}


class SettingsError(Exception):
    """Settings that cannot be used. Each problem is one line: the setting, what is wrong, the way out.

    No line repeats a value: it may be a password.
    """

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def every_setting(model: type[BaseModel]) -> Iterator[tuple[tuple[str, ...], FieldInfo]]:
    """Each single setting with its path, such as ("gate", "deepest_element"), as declared."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            for inner_name, inner_field in field.annotation.model_fields.items():
                yield (name, inner_name), inner_field
        else:
            yield (name,), field


def variable_of(path: tuple[str, ...]) -> str:
    """The regular environment variable of a setting."""
    return PREFIX + "__".join(path).upper()


def variables(model: type[BaseModel]) -> dict[str, tuple[str, ...]]:
    """Every environment variable that is one, with the path of its setting."""
    return {variable_of(path): path for path, _ in every_setting(model)} | SHORT_NAMES


def from_environment(model: type[BaseModel], environment: Mapping[str, str]) -> dict[str, Any]:
    """The settings that the environment has, nested as in the file."""
    values: dict[str, Any] = {}
    for variable, path in variables(model).items():
        if text := environment.get(variable):
            *tables, name = path
            table = values
            for outer in tables:
                table = table.setdefault(outer, {})
            table[name] = text
    return values


def from_file(name: str) -> dict[str, Any]:
    """The content of the TOML file of that name; nothing for an empty name. Raises SettingsError."""
    if not name:
        return {}
    try:
        return tomllib.loads(Path(name).read_text(encoding="utf-8"))
    except OSError as error:
        problem = f"cannot be read: {error.strerror}. Name a file that can be, or unset the variable."
    except UnicodeDecodeError:
        problem = "is not UTF-8 text. Save it as UTF-8."
    except tomllib.TOMLDecodeError as error:
        problem = f"is not valid TOML: {error}. Put that place right."
    raise SettingsError([f"{CONFIG_VARIABLE}: the file {name} {problem}"])


def wrong_variables(model: type[BaseModel], environment: Mapping[str, str]) -> list[str]:
    """Variables that name no setting, and pairs of variables that contradict each other."""
    known = {*variables(model), CONFIG_VARIABLE}
    ours = {name for name in environment if name.startswith(PREFIX)}
    unknown = sorted(ours - known - INTERNAL_VARIABLES)
    problems = [_unknown(name, known, place="the environment", prefix=PREFIX) for name in unknown]
    for short, path in SHORT_NAMES.items():
        both = {environment.get(name) for name in (short, variable_of(path))} - {None, ""}
        if len(both) > 1:
            problems.append(f"{short}: differs from {variable_of(path)}, its other name. Unset one of the two.")
    return problems


def _unknown(name: str, known: Iterable[str], *, place: str, prefix: str = "") -> str:
    """The line for a name that no setting has, with the nearest of those `known` if one is near at all."""
    stems = sorted(other.removeprefix(prefix) for other in known)
    if nearest := difflib.get_close_matches(name.removeprefix(prefix), stems, n=1, cutoff=0.6):
        return f"{name}: no such setting. Rename it to {prefix}{nearest[0]} in {place}, or remove it."
    return f"{name}: no such setting. Remove it from {place}; `leadbridge settings` then lists all names."


def problem(model: type[BaseModel], details: Mapping[str, Any], arguments: Mapping[str, Any]) -> str:
    """One line for one of pydantic's error details."""
    path = tuple(part for part in details["loc"] if isinstance(part, str))
    name = ".".join(path)
    place = _place(model, path, arguments)
    if details["type"] == "extra_forbidden":
        return _unknown(name, (".".join(other) for other, _ in every_setting(model)), place=place)
    message = "must be a table of settings" if details["type"] == "model_type" else details["msg"]
    message = message.removeprefix("Value error, ")
    if not path:  # it is about several settings, and names them
        return f"{message}."
    return f"{name}: {message[:1].lower()}{message[1:]}. Change it in {place}."


def _place(model: type[BaseModel], path: tuple[str, ...], arguments: Mapping[str, Any]) -> str:
    """Where the value at this path was set."""
    value: Any = arguments
    for part in path:
        value = value.get(part) if isinstance(value, Mapping) else getattr(value, part, None)
    if value is not None:
        return "the arguments"
    for variable, of_path in variables(model).items():
        # What is wrong may be one of several settings, or one entry of the setting.
        if (of_path[: len(path)] == path or path[: len(of_path)] == of_path) and os.environ.get(variable):
            return f"the environment ({variable})"
    return os.environ.get(CONFIG_VARIABLE) or "the arguments"
