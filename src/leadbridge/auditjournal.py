"""Refusals, in the log and in the audit journal: each with its reason and where it came from, and nothing of what was
sent.

Doors note them here, and so all in one form. For the journal they are kept in memory, which costs microseconds; one
thread writes them in batches. Beyond a bound, alike ones are counted together instead of kept one by one, so that a
flood of refusals fills neither memory nor the disk, and none is lost. What was noted in the last second before a
process is killed is: it is in the log alone.
"""

import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

from leadbridge.log import get_logger
from leadbridge.store import refusals
from leadbridge.store.database import Database
from leadbridge.store.errors import StoreError

log = get_logger(__name__)

MOST_NOTED = 100  # refusals that are written one by one, of each second
_MOST_ALIKE = 1_000  # kinds of refusals that are counted beyond that
_SECONDS = 1.0  # between two batches
_LONGEST = 200  # characters of an operation; ours have a quarter of that


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """A call or request that was refused. `reason_code` is a faultTypeID, `text` says why more exactly; that and
    `operation` are words of ours, never the sender's.
    """

    door: str
    reason_code: str
    text: str
    correlation_id: str
    caller_id: str | None = None
    operation: str | None = None
    address: str | None = None


class AuditJournal:
    """Notes refusals and writes them. Safe to share between threads; `start` and `stop` are its owner's.

    Without a database they are in the log alone.
    """

    def __init__(
        self, database: Database | None = None, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._database = database
        self._now = now
        self._wake = threading.Condition()
        self._noted: list[tuple[datetime, AuditEntry]] = []
        self._alike: dict[AuditEntry, tuple[datetime, str, int]] = {}  # since when, the last correlation, how many
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="refusals", daemon=True)

    def note(self, entry: AuditEntry, *, status: int, journaled: bool = True) -> None:
        """Log a refusal with the HTTP status that answers it, and keep it where it is to be `journaled`; does not wait
        for the database.
        """
        log.info(
            "call refused",
            correlation_id=entry.correlation_id,
            door=entry.door,
            reason=entry.reason_code,
            text=entry.text,
            status=status,
            caller=entry.caller_id,
            operation=entry.operation,
            address=entry.address,
        )
        if self._database is not None and journaled:
            self._keep(entry)

    def _keep(self, entry: AuditEntry) -> None:
        if entry.operation is not None and len(entry.operation) > _LONGEST:  # a door has let something through
            entry = replace(entry, operation=None)
        now = self._now()
        with self._wake:
            if len(self._noted) < MOST_NOTED:
                self._noted.append((now, entry))
                if len(self._noted) == 1:
                    self._wake.notify()
                return
            kind = replace(entry, correlation_id="")
            if kind not in self._alike and len(self._alike) >= _MOST_ALIKE:  # from very many addresses
                kind = AuditEntry(door=entry.door, reason_code=entry.reason_code, text="", correlation_id="")
            since, _, times = self._alike.get(kind, (now, "", 0))
            self._alike[kind] = (since, entry.correlation_id, times + 1)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self) -> None:
        """Write what was noted, and end."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        stopping = False
        while not stopping:
            with self._wake:
                self._wake.wait_for(lambda: self._noted or self._stopping)
                self._wake.wait_for(lambda: self._stopping, _SECONDS)  # let more come for the same commit
                stopping = self._stopping
            self._write()

    def _write(self) -> None:
        assert self._database is not None
        with self._wake:
            noted, alike = self._noted[:], self._alike
            self._alike = {}
        if not noted:
            return
        rows = [{**asdict(entry), "recorded_at": moment, "times": 1} for moment, entry in noted]
        for kind, (since, correlation_id, times) in alike.items():
            rows.append({**asdict(kind), "correlation_id": correlation_id, "recorded_at": since, "times": times})
        try:
            with self._database.write() as tx:
                refusals.add(tx, rows)
        except StoreError:
            log.warning("refusals not written", count=len(rows))
            with self._wake:  # they stay noted, and what came beyond them stays counted
                for kind, (since, correlation_id, times) in alike.items():
                    _, later, more = self._alike.get(kind, (since, correlation_id, 0))
                    self._alike[kind] = (since, later, times + more)
            return
        with self._wake:
            del self._noted[: len(noted)]
