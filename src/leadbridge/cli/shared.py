"""What the commands have in common: the database, tables, and how a person is told what is wrong."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.table import Table

from leadbridge import log
from leadbridge.opening import open_database
from leadbridge.settings import Settings
from leadbridge.store.database import Database

# To a terminal as wide as that is; to a file or another program one line per row, for grep and cut.
out = Console(soft_wrap=True, width=None if sys.stdout.isatty() else 1_000)


class Complaint(Exception):
    """What a command tells the person who gave it: one sentence and the way out. Exit code 1, unless told."""

    def __init__(self, text: str, *, code: int = 1) -> None:
        super().__init__(text)
        self.code = code


@contextmanager
def opened(settings: Settings) -> Iterator[Database]:
    """The database of these settings, ready, for as long as a command runs."""
    log.configure(settings)
    database = open_database(settings)
    try:
        yield database
    finally:
        database.dispose()


def first_line(what: str) -> str:
    """The first line of standard input, which is a password or another secret, named `what`. Raises Complaint."""
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise Complaint(f"nothing came on standard input; the first line of it is the {what}.")
    if not line.isprintable():
        raise Complaint(f"the {what} is not UTF-8 text, or has characters that cannot be typed.")
    return line


def table(*whole: str, wrapped: tuple[str, ...]) -> Table:
    """A table whose first columns are never cut, because people copy from them; the others wrap where it is narrow."""
    made = Table(box=None, pad_edge=False, collapse_padding=True, padding=(0, 2))
    for name in whole:
        made.add_column(name, no_wrap=True)
    for name in wrapped:
        made.add_column(name, overflow="fold")
    return made
