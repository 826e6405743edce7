"""Evidence that was verified a moment ago: what keeps verifying off the hot path."""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Lock

from leadbridge.caller import Caller

MOST_REMEMBERED = 10_000  # at some 400 bytes each; far more callers than one installation has
_FORMER_SECONDS = 86_400.0  # for how long it is worth knowing what evidence was once right


@dataclass(frozen=True, slots=True)
class _Verified:
    until: float
    forgotten: float
    caller: Caller
    compared_with: str


class Remembered:
    """Callers by the fingerprint of their evidence, in one process. Safe to share between threads.

    `seconds` is for how long evidence counts as verified; with 0 nothing is remembered. `clock` gives seconds that only
    go forward.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._lock = Lock()
        self._verified: OrderedDict[bytes, _Verified] = OrderedDict()  # oldest first

    def __iter__(self) -> Iterator[bytes]:
        """The fingerprints."""
        return iter(tuple(self._verified))

    def recall(self, fingerprint: bytes) -> Caller | None:
        """The caller, while the time of its evidence is not over."""
        found = self._verified.get(fingerprint)
        return found.caller if found is not None and self._clock() < found.until else None

    def compared_with(self, fingerprint: bytes) -> str | None:
        """What this evidence was compared with when it was right within the last day."""
        found = self._verified.get(fingerprint)
        return found.compared_with if found is not None and self._clock() < found.forgotten else None

    def remember(self, fingerprint: bytes, caller: Caller, compared_with: str = "") -> None:
        """Take evidence for verified from now on. What is still verified does not live longer because it is used."""
        if not self._seconds:
            return
        now = self._clock()
        with self._lock:
            before = self._verified.get(fingerprint)
            if before is not None and now < before.until:
                return
            self._verified.pop(fingerprint, None)
            made = _Verified(now + self._seconds, now + _FORMER_SECONDS, caller, compared_with)
            self._verified[fingerprint] = made
            while len(self._verified) > MOST_REMEMBERED or next(iter(self._verified.values())).forgotten <= now:
                self._verified.popitem(last=False)

    def forget(self, fingerprint: bytes) -> None:
        """Know nothing of this evidence any more."""
        with self._lock:
            self._verified.pop(fingerprint, None)
