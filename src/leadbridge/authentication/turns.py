"""Turns: of those that wait for the same, one goes on after the other. For one event loop at a time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """A line for each key, which is there as long as somebody stands in it."""

    def __init__(self) -> None:
        self._lines: dict[bytes, _Line] = {}

    def __len__(self) -> int:
        """How many lines there are."""
        return len(self._lines)

    def standing(self, key: bytes) -> int:
        """How many stand in a line, with the one whose turn it is."""
        line = self._lines.get(key)
        return line.standing if line is not None else 0

    @asynccontextmanager
    async def turn(self, key: bytes) -> AsyncIterator[None]:
        """Wait for the turn, and have it."""
        line = self._lines.get(key)
        if line is None:
            line = self._lines[key] = _Line()
        line.standing += 1
        try:
            async with line.lock:
                yield
        finally:
            line.standing -= 1
            if not line.standing:
                del self._lines[key]


class _Line:
    __slots__ = ("lock", "standing")

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.standing = 0
