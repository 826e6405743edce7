"""Processes that are measured: started, watched from outside by what Linux tells in /proc, and ended by their id."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_ENDING_SECONDS = 20
_SAMPLE_SECONDS = 0.2

ROOT = Path(__file__).resolve().parents[2]


class CannotRun(Exception):
    """Something is missing or does not start; the message says what, for the row of a table."""


def free_port() -> int:
    """A port of loopback that was free a moment ago."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _stat(pid: int) -> list[str]:
    """The fields of /proc/<pid>/stat from the third on, which is the state; empty when there is no such process."""
    with suppress(OSError):
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    return []


def family(pid: int) -> list[int]:
    """A process and all that descend from it, those there are."""
    return families([pid])[0]


def families(pids: Iterable[int]) -> list[list[int]]:
    """The same for several; all processes are looked through once, which takes milliseconds."""
    children: dict[int, list[int]] = defaultdict(list)
    for entry in os.listdir(_PROC):  # noqa: PTH208 twice as fast as paths, and it disturbs what is measured
        if entry.isdigit() and (fields := _stat(int(entry))):
            children[int(fields[1])].append(int(entry))
    found = [[pid] for pid in pids]
    for one in found:
        for pid in one:
            one.extend(children[pid])
    return found


def cpu_seconds(pids: Sequence[int]) -> float:
    """CPU time of these processes and of their children that have ended."""
    return sum(sum(map(int, fields[11:15])) for pid in pids if (fields := _stat(pid))) / _TICKS


def resident_bytes(pids: Sequence[int]) -> int:
    """The sum of what these processes have in memory; what they share counts for each."""
    return sum(int(fields[21]) for pid in pids if (fields := _stat(pid))) * _PAGE


class Watched:
    """What families of processes cost from entering to leaving: CPU time and the highest sum of memory, each."""

    def __init__(self, **roots: int | None) -> None:
        self._roots = {name: pid for name, pid in roots.items() if pid is not None}
        self.cpu: dict[str, float] = {}
        self.peak_bytes: dict[str, int] = dict.fromkeys(self._roots, 0)
        self._ended = threading.Event()
        self._sampler = threading.Thread(target=self._sample, name="memory", daemon=True)

    def __enter__(self) -> Self:
        self.cpu = {name: -cpu_seconds(family(pid)) for name, pid in self._roots.items()}
        self._sampler.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        for name, pid in self._roots.items():
            self.cpu[name] += cpu_seconds(family(pid))
        self._ended.set()
        self._sampler.join()

    def _sample(self) -> None:
        while True:
            for name, pids in zip(self._roots, families(self._roots.values()), strict=True):
                self.peak_bytes[name] = max(self.peak_bytes[name], resident_bytes(pids))
            if self._ended.wait(_SAMPLE_SECONDS):
                return


@contextmanager
def started(
    command: Sequence[str], *, environment: Mapping[str, str], log: Path, folder: Path = ROOT
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command in a process group of its own, which is ended on leaving, whatever happened."""
    with log.open("ab") as file:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process that leads its group: in order if it can, and nothing of its group is left behind."""
    with suppress(ProcessLookupError):
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(_ENDING_SECONDS)
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(_ENDING_SECONDS)


def wait_until(
    holds: Callable[[], bool], *, seconds: float, what: str, process: subprocess.Popen[bytes], log: Path
) -> None:
    """Ask until it holds. Raises CannotRun when the process ends before that, or when the time is over."""
    deadline = time.monotonic() + seconds
    while not holds():
        if process.poll() is not None or time.monotonic() > deadline:
            state = "ended" if process.poll() is not None else f"did not come to {what} in {seconds:.0f} s"
            raise CannotRun(f"{state}: {' '.join(log.read_text(errors='replace').split())[-300:]}")
        time.sleep(0.05)


def ended_within(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Wait until a process has ended, and leave it in the table, so that what it cost can still be read."""
    deadline = time.monotonic() + seconds
    while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
