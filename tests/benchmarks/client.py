"""A client in a process of its own that gives up no call: it sends each again until it is acknowledged.

`python -m tests.benchmarks.client URL ...` sends about `--calls` persons, or for so many `--seconds`, counted from
`--first`, and prints one line of JSON; into the file `--acknowledged` it writes a line of each: number, lead ID,
attempts. It speaks HTTP itself, because a library would take the machine's time from the server.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count, takewhile
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from tests.benchmarks.message import HEADERS, QUALIFIED, SUCCESS, filled

_SUCCESS = re.compile(SUCCESS.encode())
_LEAD_ID = re.compile(rb"<(?:\w+:)?Lead>.*?<(?:\w+:)?ID>(\w+)</", re.DOTALL)
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_ANSWER_SECONDS = 10
_PAUSE_SECONDS = 0.05
_LATE_SECONDS = 2


class Acknowledged(NamedTuple):
    """A call that was acknowledged: about whom, which lead it became, and how often it was sent."""

    number: int
    lead_id: str
    attempts: int


@dataclass
class Tally:
    """What came back."""

    acknowledged: list[Acknowledged] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)  # of each acknowledged call, its last attempt alone
    refused: int = 0
    unsuccessful: int = 0
    broken: int = 0
    example: str = ""

    def heard(self, status: int, body: bytes) -> bool:
        """Whether this answer acknowledges the call; counted if not."""
        if status == 200 and _SUCCESS.search(body):
            return True
        self.refused += status != 200
        self.unsuccessful += status == 200
        self.example = self.example or f"{status} {body[:600].decode(errors='replace')}"
        return False


class Connection:
    """One connection, made again when it was lost."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 80
        lines = [f"POST {parts.path} HTTP/1.1", f"Host: {parts.netloc}"]
        lines += [f"{name}: {value}" for name, value in HEADERS.items()]
        self._head = "\r\n".join(lines).encode() + b"\r\nContent-Length: "
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def call(self, message: bytes) -> tuple[int, bytes]:
        """Status and body. Raises OSError, EOFError, TimeoutError; the connection is then given up."""
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                if self._streams is None:
                    self._streams = await asyncio.open_connection(self._host, self._port)
                reader, writer = self._streams
                writer.write(self._head + b"%d\r\n\r\n" % len(message) + message)
                head = await reader.readuntil(b"\r\n\r\n")
                length = _LENGTH.search(head)
                return int(head[9:12]), await reader.readexactly(int(length[1]) if length else 0)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let it go."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def _work(url: str, template: str, numbers: Iterator[int], tally: Tally, *, retry: bool) -> None:
    """Take numbers until there are none left; with `retry`, each until it is acknowledged."""
    connection = Connection(url)
    for number in numbers:
        message = filled(template, number).encode()
        for attempt in count(1):
            began = time.perf_counter()
            try:
                status, body = await connection.call(message)
            except (OSError, EOFError, TimeoutError):
                tally.broken += 1
            else:
                if tally.heard(status, body):
                    tally.seconds.append(time.perf_counter() - began)
                    found = _LEAD_ID.search(body)
                    lead_id = found[1].decode() if found else ""
                    tally.acknowledged.append(Acknowledged(number, lead_id, attempt))
                    break
            if not retry:
                break
            await asyncio.sleep(_PAUSE_SECONDS)
    connection.close()


async def run(url: str, template: str, numbers: Iterator[int], *, connections: int, retry: bool) -> Tally:
    """Send the message about all numbers, from so many connections."""
    tally = Tally()
    await asyncio.gather(*(_work(url, template, numbers, tally, retry=retry) for _ in range(connections)))
    return tally


def summary(tally: Tally, seconds: float) -> dict[str, object]:
    """The line that `load.py` reads; the same fields as `load.lua` prints."""
    ordered = sorted(tally.seconds) or [0.0]
    failed = tally.refused + tally.unsuccessful
    return {
        "seconds": seconds,
        "p50_ms": ordered[len(ordered) // 2] * 1e3,
        "p99_ms": ordered[len(ordered) * 99 // 100] * 1e3,
        "acknowledged": len(tally.acknowledged),
        "refused": tally.refused,
        "unsuccessful": tally.unsuccessful,
        "broken": tally.broken,
        "late": sum(taken > _LATE_SECONDS for taken in tally.seconds),
        "sent": len(tally.acknowledged) + failed,
        "example": tally.example,
    }


def main() -> None:
    """Run the calls of the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.client", description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--template", type=Path, help="file with the message; without it a qualified lead")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--calls", type=int)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--acknowledged", type=Path)
    given = parser.parse_args()
    if (given.calls is None) == (given.seconds is None):
        parser.error("give either --calls or --seconds")
    began = time.monotonic()
    numbers: Iterator[int]
    if given.calls is not None:
        numbers = iter(range(given.first, given.first + given.calls))
    else:
        numbers = takewhile(lambda _: time.monotonic() < began + given.seconds, count(given.first))
    template = given.template.read_text() if given.template else QUALIFIED
    retry = given.calls is not None
    tally = asyncio.run(run(given.url, template, numbers, connections=given.connections, retry=retry))
    if given.acknowledged is not None:
        lines = (f"{one.number} {one.lead_id} {one.attempts}\n" for one in tally.acknowledged)
        given.acknowledged.write_text("".join(lines))
    print(json.dumps(summary(tally, time.monotonic() - began)))


if __name__ == "__main__":
    main()
