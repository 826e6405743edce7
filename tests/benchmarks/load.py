"""The load generator: wrk with `load.lua`, or, where wrk is not installed, our own client in a process of its own.

Both send every call about another person, check each answer, and say how many were acknowledged.
"""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.message import HEADERS, SUCCESS
from tests.benchmarks.processes import ROOT

_SCRIPT = Path(__file__).with_name("load.lua")
_GRACE_SECONDS = 60


@dataclass(frozen=True)
class Load:
    """What one run of the generator saw. `sent` counts calls that were answered, however."""

    seconds: float
    p50_ms: float
    p99_ms: float
    acknowledged: int
    refused: int  # another status than 200
    unsuccessful: int  # 200 without the code of success
    broken: int  # connections that could not be made or were lost
    late: int  # answers that took longer than two seconds
    sent: int
    example: str  # the first answer that was not good
    cpu_seconds: float  # of the generator itself

    @property
    def calls_per_second(self) -> float:
        """Acknowledged calls only."""
        return self.acknowledged / self.seconds

    @property
    def failed(self) -> int:
        """Calls that were not acknowledged."""
        return self.refused + self.unsuccessful + self.broken


def generator() -> str:
    """The name of what generates the load on this machine."""
    return "wrk" if shutil.which("wrk") else "our own client, because wrk is not installed (apt-get install wrk)"


def run(url: str, *, template: str, connections: int, seconds: float, first: int) -> Load:
    """Send this message from so many connections for so long, about persons counted from `first`."""
    with tempfile.NamedTemporaryFile("w", suffix=".xml") as file:
        file.write(template)
        file.flush()
        command_of = _wrk if shutil.which("wrk") else _client
        command = command_of(url, connections, seconds, file.name, first)
        before = _cpu_of_children()
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=seconds + _GRACE_SECONDS, check=False
        )
    if done.returncode != 0:
        raise RuntimeError(f"the load generator failed: {done.stdout}{done.stderr}")
    return Load(**json.loads(done.stdout.splitlines()[-1]), cpu_seconds=_cpu_of_children() - before)


def _cpu_of_children() -> float:
    """CPU seconds of our own children that have ended; the servers, which have not, do not count."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _wrk(url: str, connections: int, seconds: float, template: str, first: int) -> Sequence[str]:
    headers = [argument for name, value in HEADERS.items() for argument in ("--header", f"{name}: {value}")]
    return [
        *("wrk", "--threads", "1", "--connections", str(connections), "--duration", f"{max(1, round(seconds))}s"),
        *("--script", str(_SCRIPT), *headers, url, "--", template, str(first), SUCCESS),
    ]


def _client(url: str, connections: int, seconds: float, template: str, first: int) -> Sequence[str]:
    return [
        *(sys.executable, "-m", "tests.benchmarks.client", url, "--template", template),
        *("--connections", str(connections), "--seconds", str(seconds), "--first", str(first)),
    ]
