"""Bulk files as CSV: a row of column names, then a lead in each row; out come the same chunks as from XML.

Source: RFC 4180, with a comma, a semicolon or a tab between the cells, in UTF-8.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from leadbridge.bulk.columns import ColumnMapping, Writer, lead_writer
from leadbridge.bulk.heading import Unusable
from leadbridge.bulk.sources import BLOCK, SourceBroken
from leadbridge.bulk.splitting import CHUNK_BYTES, LARGEST_LEAD, BrokenOff, Chunk
from leadbridge.contract.escaping import FORBIDDEN
from leadbridge.contract.files import NAMESPACES

LONGEST_HEADER = 65_536
"""Bytes of the row of column names: a thousand of them."""

_BEHIND_A_QUOTE = "There is text between the end of a quoted cell and the next one."
_BEYOND = f"a cell of more than {LARGEST_LEAD:,} characters, or a quoted one that does not end"
_DELIMITERS = ",;\t"
_ROOT = "".join(f' xmlns:{prefix}="{NAMESPACES[prefix]}"' for prefix in ("lbb", "lbl", "lbc"))
_OPENING = f"<lbb:LeadBulk{_ROOT}><lbb:BasicMessageHeader/>".encode()
_CLOSING = b"</lbb:LeadBulk>"


def split_csv(blocks: Iterable[bytes], *, mapping: ColumnMapping, chunk_records: int) -> Iterator[Chunk]:
    """The chunks of the file whose plain bytes are `blocks`.

    A row with more or fewer cells than columns, one with text behind a quoted cell, and one that is not UTF-8 or that
    XML cannot carry, is a damaged record: it is there, to be refused and shown.

    Raises:
        Unusable: no row of column names, or a column that means nothing; before any chunk.
        BrokenOff: after the chunks of what was whole.
    """
    rows, columns, write, lines = _opened(blocks, mapping)
    growing = _Growing(chunk_records)
    broken: str | None = None
    line = rows.line_num
    try:
        while True:
            lines.clear()
            try:
                row, damage = next(rows, None), None
            except csv.Error as error:
                if "expected after" not in str(error):
                    broken = _BEYOND if "limit" in str(error) else "a quoted cell does not end"
                    break
                row, damage = next(csv.reader(lines, delimiter=rows.dialect.delimiter)), _BEHIND_A_QUOTE
            if row is None:
                break
            line = rows.line_num
            if any(row):
                yield from growing.add(*_lead(row, columns, write, damage=damage, line=line))
    except SourceBroken as error:
        broken = str(error)
    yield from growing.rest()
    if broken is not None:
        raise BrokenOff(f"line {line + 1}: {broken}", records=growing.records)
    if not growing.records:
        raise Unusable("the file has no lead")


def check_columns(begin: bytes, mapping: ColumnMapping) -> None:
    """Look at the row of column names with which a file begins. Raises Unusable."""
    _opened([begin], mapping)


def _opened(blocks: Iterable[bytes], mapping: ColumnMapping) -> tuple[Any, int, Writer, list[str]]:
    """The rows behind the one with the column names, how many columns there are, what writes a row's Lead, and where
    the lines are put that are read.
    """
    csv.field_size_limit(LARGEST_LEAD)
    text = io.TextIOWrapper(io.BufferedReader(_Bytes(blocks), BLOCK), "utf-8-sig", "surrogateescape", newline="")
    try:
        first = text.readline(LONGEST_HEADER)
        lines: list[str] = []
        rows = csv.reader(_noted(chain([first], text), lines), delimiter=_delimiter(first), strict=True)
        header = [name.strip() for name in next(rows)]
        "".join(header).encode()
    except (csv.Error, StopIteration, SourceBroken, UnicodeError):
        raise Unusable("the file does not begin with a row of column names in UTF-8") from None
    return rows, len(header), lead_writer(header, mapping), lines


def _noted(lines: Iterable[str], read: list[str]) -> Iterator[str]:
    """The lines; what the csv module does not make a row of is still in `read`."""
    for line in lines:
        read.append(line)
        yield line


def _delimiter(first: str) -> str:
    """What stands between the cells: whichever makes the most columns of the first row."""
    return max(_DELIMITERS, key=lambda one: len(next(csv.reader([first], delimiter=one), [])))


def _lead(row: list[str], columns: int, write: Writer, *, damage: str | None, line: int) -> tuple[bytes, str | None]:
    """The Lead of a row that ends in this line, and what is wrong with it where it is not whole."""
    if damage is not None:
        damage = f"Line {line}: {damage}"
    if len(row) != columns:
        damage = damage or f"Line {line}: The row has {len(row)} cells, and the file {columns} columns."
        row = (row + [""] * columns)[:columns]
    try:
        return write(row).encode(), damage
    except ValueError:
        damage = f"Line {line}: A cell has a character that is not UTF-8, or that XML cannot carry."
        return write([FORBIDDEN.sub("\ufffd", cell) for cell in row]).encode(), damage


class _Growing:
    """The chunk that grows row by row."""

    def __init__(self, chunk_records: int) -> None:
        self.records = 0
        self._chunk_records = chunk_records
        self._chunks = 0
        self._leads: list[bytes] = []
        self._size = 0
        self._damaged: dict[int, str] = {}

    def add(self, lead: bytes, damage: str | None) -> Iterator[Chunk]:
        if damage is not None:
            self._damaged[len(self._leads)] = damage
        self._leads.append(lead)
        self._size += len(lead)
        self.records += 1
        if len(self._leads) == self._chunk_records or self._size >= CHUNK_BYTES:
            yield from self.rest()

    def rest(self) -> Iterator[Chunk]:
        """What has grown, where there is something."""
        if not self._leads:
            return
        yield Chunk(
            number=self._chunks,
            first=self.records - len(self._leads) + 1,
            records=len(self._leads),
            document=b"".join((_OPENING, *self._leads, _CLOSING)),
            damaged=self._damaged,
        )
        self._chunks += 1
        self._leads, self._size, self._damaged = [], 0, {}


class _Bytes(io.RawIOBase):
    """Blocks as a file that can be read."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = iter(blocks)
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._rest = memoryview(block)
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size
