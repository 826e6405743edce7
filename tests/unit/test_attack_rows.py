"""No row of the security catalogue is without a test that bears its number."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
ROWS = range(1, 33)
NAMED = re.compile(r"^(?:async )?def (test_row_\d\d(?:_and_\d\d)*_\w+)", re.MULTILINE)


def names_by_row() -> dict[int, set[str]]:
    """The names of tests by the rows that they are about: test_row_05_…, test_row_01_and_02_…"""
    found: dict[int, set[str]] = defaultdict(set)
    for path in TESTS.rglob("test_*.py"):
        for name in NAMED.findall(path.read_text(encoding="utf-8")):
            rows = re.match(r"test_row_((?:\d\d_)(?:and_\d\d_)*)", name)
            assert rows is not None
            for row in re.findall(r"\d\d", rows[1]):
                found[int(row)].add(name)
    return found


def test_every_row_has_a_test_that_bears_its_number() -> None:
    found = names_by_row()
    assert [row for row in ROWS if not found[row]] == []
    assert [row for row in found if row not in ROWS] == []
