"""Tells the demonstration on the terminal: headings, sentences, messages, rows, check marks.

Plain where nobody looks at colours, and readable where the terminal knows no more than ASCII.
"""

import json
import re
import sys
from collections.abc import Mapping, Sequence
from io import TextIOWrapper

from lxml import etree
from rich.console import Console
from rich.syntax import Syntax
from rich.text import Text

from leadbridge.contract.files import NAMESPACES
from leadbridge.contract.parsing import parse

MOST_LINES = 24  # of one message; the middle of a longer one is left out
WIDTH_WITHOUT_TERMINAL = 110

_INDENT = 4
_CUT = "..."
_DECLARATION = re.compile(r' xmlns(:\w+)?="[^"]*"')


class StepFailed(Exception):
    """Something is not as it must be; the text says what was expected and what was found."""


class Teller:
    """Speaks to the person who started the demonstration, and counts what was verified."""

    def __init__(self) -> None:
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(errors="replace")  # an umlaut must not end it where stdout is ASCII
        console = Console(highlight=False)
        if not console.is_terminal:
            console = Console(highlight=False, width=WIDTH_WITHOUT_TERMINAL)
        self._console = console
        speaks_unicode = console.encoding.lower().startswith("utf")
        self._mark = "\N{CHECK MARK}" if speaks_unicode else "ok"
        self._arrow = "\N{RIGHTWARDS ARROW}" if speaks_unicode else "->"
        self.checks = 0
        self.ended_by: int | None = None  # the signal that asked the demonstration to end

    def heading(self, text: str) -> None:
        """Begin a step."""
        self._go_on()
        self._console.print()
        self._console.rule(Text(text, style="bold cyan"), style="cyan", align="left")

    def say(self, text: str) -> None:
        """One thing that happens, in a sentence."""
        self._go_on()
        self._console.print()
        self._console.print(Text(text))

    def verify(self, what: str, *, found: object, expected: object) -> None:
        """Check that something is as it must be, and say so. Raises StepFailed."""
        if found != expected:
            raise StepFailed(f"{what}: expected {expected!r}, found {found!r}")
        self._go_on()
        self.checks += 1
        self._console.print(Text.assemble(("  " + self._mark + " ", "bold green"), what))

    def message(self, *, sender: str, receiver: str, envelope: bytes, note: str = "") -> None:
        """What an envelope's Body holds, indented and shortened, with who says it to whom."""
        self._from_to(sender, receiver, note)
        self._code("xml", _lines(_content(envelope), _INDENT, self._console.width))

    def document(self, sender: str, receiver: str, content: object, *, note: str = "") -> None:
        """The same of what is said in JSON; None is nothing."""
        self._from_to(sender, receiver, note)
        if content is not None:
            whole = json.dumps(content, ensure_ascii=False)
            if _INDENT + len(whole) > self._console.width:
                whole = json.dumps(content, ensure_ascii=False, indent=2)
            self._code("json", [f"{' ' * _INDENT}{line}" for line in whole.splitlines()])

    def _from_to(self, sender: str, receiver: str, note: str) -> None:
        line = Text.assemble("  ", (sender, "bold"), f" {self._arrow} ", (receiver, "bold"))
        self._console.print(line.append(f"  {note}" if note else "", "dim"))

    def _code(self, language: str, lines: list[str]) -> None:
        syntax = Syntax("", language, theme="ansi_dark", background_color="default")
        shown = syntax.highlight("\n".join(_shortened(lines)))
        shown.rstrip()
        self._console.print(shown, soft_wrap=True)

    def rows(self, title: str, rows: Sequence[Mapping[str, object]]) -> None:
        """Rows as they are stored, one after the other; columns without a value are left out."""
        self._console.print(Text(f"  {title}", "dim"))
        for row in rows:
            named = [Text.assemble((f"{name} ", "dim"), str(value)) for name, value in row.items() if value is not None]
            self._console.print(Text("    ").append_text(Text(", ").join(named)), soft_wrap=True)

    def counts(self, where: str, counts: Mapping[str, int]) -> None:
        """How many rows each table has."""
        listed = ", ".join(f"{name} {count}" for name, count in counts.items())
        self._console.print(Text.assemble((f"  rows in {where}: ", "dim"), listed))

    def output(self, title: str, text: str) -> None:
        """What a program printed, as it is."""
        self._console.print()
        self._console.rule(Text(title), align="left")
        self._console.print(Text(text), soft_wrap=True)

    def failed(self, text: str) -> None:
        """Why the demonstration ends here."""
        self._console.print(Text.assemble(("  FAILED ", "bold red"), text), soft_wrap=True)

    def summary(self, text: str) -> None:
        """How it ended."""
        self._console.print()
        self._console.rule(style="cyan")
        self._console.print(Text.assemble((self._mark + " ", "bold green"), (text, "bold")))

    def _go_on(self) -> None:
        """Raises SystemExit where a signal came whose exception a finalizer of the interpreter swallowed."""
        if self.ended_by is not None:
            sys.exit(128 + self.ended_by)


def _content(envelope: bytes) -> etree._Element:
    """The Body's child, with the contract's own prefixes declared in one place."""
    (body,) = (child for child in parse(envelope) if etree.QName(child).localname == "Body")
    message = etree.fromstring(etree.tostring(body[0], with_tail=False))
    etree.cleanup_namespaces(message, top_nsmap=dict(NAMESPACES))
    return message


def _lines(element: etree._Element, indent: int, width: int) -> list[str]:
    """An element in as few lines as fit: on one where it is short enough, else its children one below the other."""
    whole = etree.tostring(element, encoding="unicode", with_tail=False)
    if element.getparent() is not None:
        whole = _DECLARATION.sub("", whole)  # stands on the outermost element already
    if indent + len(whole) <= width:
        return [" " * indent + whole]
    if not len(element) or _is_secondary(element):
        return [" " * indent + whole[: width - indent - len(_CUT)] + _CUT]
    opening, closing = whole[: whole.index(">") + 1], whole[whole.rindex("<") :]
    inner = [line for child in element for line in _lines(child, indent + 2, width)]
    return [" " * indent + opening, *inner, " " * indent + closing]


def _is_secondary(element: etree._Element) -> bool:
    """Whether one line is enough: for a header, and for a Log without a warning or an error."""
    name = etree.QName(element).localname
    severity = element.findtext("{*}MaximumLogItemSeverityCode", "1")
    return name == "BasicMessageHeader" or (name == "Log" and severity == "1")


def _shortened(lines: list[str]) -> list[str]:
    """At most MOST_LINES lines, without the middle of more."""
    if len(lines) <= MOST_LINES:
        return lines
    tail = MOST_LINES // 2
    head = MOST_LINES - tail - 1
    return [*lines[:head], f"{' ' * _INDENT}{_CUT} {len(lines) - head - tail} more lines {_CUT}", *lines[-tail:]]
