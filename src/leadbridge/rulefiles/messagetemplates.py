"""A site's templates of messages about leads, read from their TOML file."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Annotated

from pydantic import Field, StringConstraints

from leadbridge.rulefiles.reading import Table, Text, read, wrong

DEFAULT_MESSAGE_TEMPLATES = Path(__file__).with_name("message-templates.toml")

PLACES = ("lead", "lead_id", "product", "owner")
"""What a template may have filled in."""


class _Template(Table):
    name: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z._-]{1,40}$")]
    subject: Text
    text: Annotated[str, Field(min_length=1, max_length=2_000)]


class _Templates(Table):
    templates: list[_Template] = Field(default=[])


@dataclass(frozen=True, slots=True)
class MessageTemplate:
    """A message, but for what is filled in."""

    subject: str
    text: str

    def filled(self, values: Mapping[str, str]) -> tuple[str, str]:
        """Subject and text with these values, one for each of `PLACES`."""
        return Template(self.subject).substitute(values), Template(self.text).substitute(values)


def read_message_templates(path: Path) -> Mapping[str, MessageTemplate]:
    """The templates in this file, by name. Raises SettingsError with every problem of it."""
    found: dict[str, MessageTemplate] = {}
    problems = []
    for place, one in enumerate(read(path, _Templates).templates, 1):
        if one.name in found:
            problems.append(f"templates[{place}].name: another template has this name")
        for key, text in (("subject", one.subject), ("text", one.text)):
            try:
                Template(text).substitute(dict.fromkeys(PLACES, ""))
            except (KeyError, ValueError):
                known = ", ".join(f"${name}" for name in PLACES)
                problems.append(f"templates[{place}].{key}: a $ stands before something else than {known} or $")
        found[one.name] = MessageTemplate(one.subject, one.text)
    if problems:
        raise wrong(path, problems)
    return found
