"""Worker processes that take chunks in, and how they are led.

This module loads hardly anything: workers are started first, and load what they need while their leader does.
"""

from __future__ import annotations

import fcntl
import io
import os
import pickle
import selectors
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, TypeAlias

from leadbridge.log import get_logger

if TYPE_CHECKING:
    from leadbridge.bulk.assignment import Assignment
    from leadbridge.bulk.splitting import Chunk

log = get_logger(__name__)

_TICK_SECONDS = 0.5  # how often the leader gets to look after other things while nothing happens
_DEATHS_OF_A_CHUNK = 3  # workers that die over one chunk before it is to blame
_PIPE_BYTES = 1_048_576  # what a pipe may hold without privileges: two chunks of 250 leads of 2 KB
_AROUND_A_DOCUMENT = 4_096  # bytes of a chunk beside its document


class WorkFailed(Exception):
    """A chunk could not be taken, and no record of it is to blame. The text says why."""


@dataclass(slots=True)
class Progress:
    """How far a job is: leads by verdict, and those that were there before this run."""

    counts: dict[str, int]
    before: int

    def add(self, counts: Mapping[str, int]) -> None:
        """Count a chunk in."""
        for name, count in counts.items():
            self.counts[name] += count
            self.counts["received"] += count


class Team:
    """Worker processes for one job, started at once: they load what they need while the job is made ready.

    Each has a chunk that it is at and another one in its pipe, so that it never waits while the next one is cut.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._workers: list[_Worker] = []
        self._progress: Progress | None = None
        self._doubt = False  # a chunk was not wanted: taken before, or the job is not ours any more

    def __enter__(self) -> Team:
        self._workers = [_Worker() for _ in range(self._size)]
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        for worker in self._workers:
            # What it is at is committed and counts, or was never done; and it need not load for a job that never began.
            worker.end(at_once=kind is not None or self._progress is None)
        for worker in self._workers:
            worker.wait()

    def begin(self, assignment: Assignment, progress: Progress) -> None:
        """Tell all what the job is; `progress` is where their chunks are counted."""
        self._progress = progress
        for worker in self._workers:
            worker.assign(assignment)

    def take(self, chunk: Chunk, between: Callable[[], None]) -> None:
        """Hand a chunk to a worker as soon as one takes it; `between` is called at least once. Raises WorkFailed."""
        between()
        while not (idlest := min(self._workers, key=lambda worker: len(worker.chunks))).takes(chunk):
            self._hear()
            between()
        idlest.begin(chunk)

    def finish(self, between: Callable[[], None]) -> None:
        """Wait until every chunk was taken. Raises WorkFailed."""
        while any(worker.chunks for worker in self._workers):
            self._hear()
            between()

    def take_doubt(self) -> bool:
        """Whether there was doubt about the job since this was asked last."""
        doubt, self._doubt = self._doubt, False
        return doubt

    def _hear(self) -> None:
        """Wait a moment for workers that are at something, and hear what came of it."""
        with selectors.DefaultSelector() as ears:  # select() itself knows no descriptor above 1,023
            for worker in self._workers:
                if worker.chunks:
                    ears.register(worker.ear, selectors.EVENT_READ, worker)
            heard = [key.data for key, _ in ears.select(_TICK_SECONDS)]
        for answer in [answer for worker in heard for answer in worker.hear()]:
            if isinstance(answer, str):
                raise WorkFailed(answer)
            if isinstance(answer, dict):
                assert self._progress is not None  # begun
                self._progress.add(answer)
            else:
                self._doubt = True


# Counts, why a chunk failed, or None where it was not wanted, or is tried again.
_Answer: TypeAlias = dict[str, int] | str | None


class _Worker:
    """A worker process, started again where it dies."""

    def __init__(self) -> None:
        self.chunks: deque[Chunk] = deque()  # what it is at, and the next
        self._assignment: Assignment | None = None
        self._deaths = 0  # over the chunk it is at
        self._start()

    @property
    def ear(self) -> int:
        """What its answers come through."""
        assert self._process.stdout is not None  # Popen was asked for pipes
        return self._process.stdout.fileno()

    def assign(self, assignment: Assignment) -> None:
        """Tell it of its job."""
        self._assignment = assignment
        self._tell(assignment)

    def takes(self, chunk: Chunk) -> bool:
        """Whether it is idle, or its pipe holds the chunk until it is: nobody waits here for a chunk to be read."""
        return not self.chunks or (len(self.chunks) == 1 and len(chunk.document) + _AROUND_A_DOCUMENT <= self._room)

    def begin(self, chunk: Chunk) -> None:
        """Let it take a chunk; what comes of it, or that it died, is heard later."""
        self.chunks.append(chunk)
        self._tell(chunk)

    def hear(self) -> list[_Answer]:
        """What came of its chunks, in order. It has said something, or died."""
        try:
            said = os.read(self.ear, _PIPE_BYTES)  # whole answers: each is written at once, and so short that it is one
            heard = io.BytesIO(said)
            answers: list[_Answer] = []
            while heard.tell() < len(said):
                answers.append(pickle.load(heard))  # noqa: S301  # from our own child, by a pipe of its own
        except (EOFError, OSError, pickle.UnpicklingError):
            answers = []
        if not answers:
            return [self._died()]
        for _ in answers:
            self.chunks.popleft()
        self._deaths = 0
        return answers

    def _died(self) -> _Answer:
        self._deaths += 1
        log.warning("bulk worker died", chunk=self.chunks[0].number)
        self.end(at_once=True)
        self.wait()
        if self._deaths == _DEATHS_OF_A_CHUNK:
            return "its worker processes died over and over"
        self._start()
        self._tell(self._assignment)
        for chunk in self.chunks:
            self._tell(chunk)
        return None

    def _start(self) -> None:
        self._process = _started()
        assert self._process.stdin is not None  # Popen was asked for pipes
        self._room = _enlarged(self._process.stdin)

    def end(self, *, at_once: bool = False) -> None:
        """Let it end, which it does when its input ends."""
        if at_once:
            self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None  # Popen was asked for pipes
            with suppress(BrokenPipeError):  # what it was not told before it died
                pipe.close()

    def wait(self) -> None:
        """Wait until it has ended."""
        self._process.wait()

    def _tell(self, what: object) -> None:
        stream = self._process.stdin
        assert stream is not None  # Popen was asked for pipes
        with suppress(BrokenPipeError):  # it is dead, which is heard next
            pickle.dump(what, stream, protocol=pickle.HIGHEST_PROTOCOL)
            stream.flush()


def _started() -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "leadbridge.bulk.worker"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603  # our own module, by our own interpreter


def _enlarged(pipe: IO[bytes]) -> int:
    """How many bytes the pipe holds at most, which Linux can be asked to make more; 0 where nobody can tell."""
    try:
        return fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    except (AttributeError, OSError):
        return 0
