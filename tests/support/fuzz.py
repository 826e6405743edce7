"""Hostile requests, as many as there is time for: `python -m tests.support.fuzz --seconds 300`.

The tests run the same for a bounded number of requests, always the same ones. Here they are others each time; the
seed that is printed brings them again.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity
from hypothesis.strategies import SearchStrategy

from tests.support.door import Reply
from tests.support.fuzz_gateway import InProcess, in_process
from tests.support.fuzz_requests import Request, as_call, as_upload, bank_calls, bian_calls, calls, readings, uploads
from tests.support.not_well_formed import files, messages, suite

KINDS: dict[str, tuple[Callable[[], SearchStrategy[Request]], int]] = {
    "calls": (calls, 6),
    "uploads": (uploads, 3),
    "readings": (readings, 1),
    "bank calls": (bank_calls, 1),
    "BIAN calls": (bian_calls, 1),
}
"""What is sent, and how often compared with the others."""

_ROUND = 300
_PLAIN_HEALTH = tuple(HealthCheck)


def what_became_of(reply: Reply | None) -> str:
    """An answer in a word or two, for counting."""
    if reply is None:
        return "hung up"
    return str(reply.status)


def fuzz(
    target: InProcess, kind: str, *, examples: int, seed: int | None = None, seen: Counter[str] | None = None
) -> None:
    """Send so many requests of one kind; without a seed always the same. Raises what the judge raises."""
    strategy, _ = KINDS[kind]
    counted = Counter[str]() if seen is None else seen

    @hypothesis.settings(
        max_examples=examples,
        derandomize=seed is None,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=_PLAIN_HEALTH,
        verbosity=Verbosity.normal,
        print_blob=False,
    )
    @hypothesis.given(strategy())
    def judged(request: Request) -> None:
        reply = target.judge(request)
        counted[what_became_of(reply)] += 1
        if reply is not None and reply.status == 202:
            target.take_in()

    if seed is not None:
        judged = hypothesis.seed(seed)(judged)
    judged()


def _rounds(seconds: float, seed: int, say: Callable[[str], None]) -> None:
    ends = time.monotonic() + seconds
    seen: Counter[str] = Counter()
    names = [name for name, (_, weight) in KINDS.items() for _ in range(weight)]
    number = 0
    while time.monotonic() < ends:
        with _gateway() as target:  # a fresh one now and then: what piles up shall slow nothing down
            for _ in range(20):
                kind = names[number % len(names)]
                say(f"{int(max(0, ends - time.monotonic())):5} s left, seed {seed + number}, {kind}: {dict(seen)}")
                fuzz(target, kind, examples=_ROUND, seed=seed + number, seen=seen)
                number += 1
                if time.monotonic() > ends:
                    break
            target.still_serves()
    say(f"{seen.total():,} requests, nothing found: {dict(seen)}")


@contextmanager
def _gateway() -> Iterator[InProcess]:
    with tempfile.TemporaryDirectory(prefix="leadbridge-fuzz-") as folder, in_process(Path(folder)) as target:
        yield target


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _suite(folder: Path, say: Callable[[str], None]) -> None:
    """The W3C's documents, each as a message and as a file."""
    seen: Counter[str] = Counter()
    with _gateway() as target:
        for name, document in suite(folder):
            for request in (*map(as_call, messages(document)), *map(as_upload, files(document))):
                reply = target.judge(request)
                seen[what_became_of(reply)] += 1
                if reply is not None and reply.status == 200 and request.target.startswith("/soap"):
                    say(f"taken: {name}")  # to be looked at: it should be well-formed without what stands around it
    say(f"{seen.total():,} documents of the suite, nothing found: {dict(seen)}")


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=300, help="for how long (300)")
    parser.add_argument("--seed", type=int, default=None, help="where to begin; another one each time if it is missing")
    parser.add_argument("--corpus", type=Path, default=None, help="a folder with the W3C's XML test suite, sent first")
    given = parser.parse_args()
    seed = given.seed if given.seed is not None else random.randrange(1_000_000) * 1_000
    if given.corpus is not None:
        _suite(given.corpus, _say)
    _rounds(given.seconds, seed, _say)
    return 0


if __name__ == "__main__":
    sys.exit(main())
