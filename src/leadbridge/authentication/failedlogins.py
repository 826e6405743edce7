"""Failed logins: counted for a name at an address, for a name, and for an address; too many delay the next one.

What is decided here:
- A delay is for what might be a guess. Evidence that a process has found right within the last day is none, and is
  verified whatever somebody else tries under that name (`Access`).
- A name that has logged in from an address is delayed there by its own failures there alone: neither a thousand guesses
  under that name from elsewhere, nor what others behind the same proxy try, lock a partner out. Only from an address
  that is new for it may a partner have to wait, a minute at most while its name is under attack.
- A success resets the count of that name at that address, for evidence of its kind: else whoever guesses a password
  where the caller itself makes digests would be freed by each of these. Those of the name and of the address run on:
  else a guesser with a login of its own would reset what it guesses under.
- Tokens and certificates are not counted: 256 random bits, or a private key, cannot be guessed, and whoever sends wrong
  ones must not hold up the others behind the same address.

The counts are in the database, shared by all processes, under hashes: people mistype passwords as names. A delay is
remembered in the process for some seconds, so that whoever does not wait for it costs neither argon2 nor the database,
and an operator can end it in all processes.
"""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from threading import Lock
from typing import NamedTuple, TypeVar

from leadbridge.authentication.callers import unknown
from leadbridge.authentication.networks import network_of
from leadbridge.store import callers, failedlogins
from leadbridge.store.database import Database
from leadbridge.store.inserts import Row

KNOWN = timedelta(days=30)
"""For how long an address from which a name logged in is known as such."""
FADED = timedelta(days=1)
"""Failures are no longer in a row, and forgotten, when there was none for so long."""

_LONGEST_OF_A_NAME = timedelta(minutes=1)  # where a partner may be kept waiting by what others do
_STILL_DELAYED_SECONDS = 5.0  # for which a delay spares the question whether an operator has ended it
_STILL_GOOD_SECONDS = 2.0  # for which a success spares the question whether there were failures since
_SUCCESS_WRITTEN_SECONDS = 3_600.0  # how often it is written that a name logs in from an address
_MOST_KNOWN = 10_000  # keys in the memory of a process


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginPolicy:
    """What the site decides: the failures after which each kind of count delays, and how the delay grows."""

    failures: int
    name_failures: int
    address_failures: int
    first_delay: timedelta
    longest_delay: timedelta


Kept = TypeVar("Kept")


class LoginKeys(NamedTuple):
    """The counts that a login is held against, by hashes."""

    pair: bytes  # the name, the address, and the kind of evidence
    name: bytes
    address: bytes  # of IPv6 its network


class FailedLogins:
    """Counts failed logins. Safe to share between threads. `now` is aware, in UTC."""

    def __init__(
        self, database: Database, policy: LoginPolicy, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._database = database
        self._policy = policy
        self._now = now
        self._lock = Lock()
        self._delayed: OrderedDict[bytes, tuple[datetime, float]] = OrderedDict()  # pairs: until when, when read
        self._good: OrderedDict[bytes, tuple[float, float]] = OrderedDict()  # pairs: when they logged in, when written

    def known_delay(self, keys: LoginKeys) -> float | None:
        """Seconds that a login has to wait, as far as it is known without asking: 0 where one succeeded a moment ago,
        None where the database has to be asked.
        """
        pair = keys.pair
        delayed = self._delayed.get(pair)
        if delayed is not None and time.monotonic() < delayed[1] + _STILL_DELAYED_SECONDS:
            left = self._left(delayed[0])
            if left > 0:
                return left
        good = self._good.get(pair)
        return 0.0 if good is not None and time.monotonic() < good[0] + _STILL_GOOD_SECONDS else None

    def delay(self, keys: LoginKeys) -> tuple[float, bool]:
        """Seconds that a login has to wait before it is looked at, and whether its name has logged in from its address
        before. Reads the database.
        """
        with self._database.read() as tx:
            rows = failedlogins.find(tx, keys)
        return self._noted_delay(keys, rows), self._known_there(keys, rows)

    def failed(self, keys: LoginKeys) -> None:
        """Count a failure. Writes to the database."""
        policy, now = self._policy, self._now()
        counted = (
            (keys.pair, policy.failures, policy.longest_delay),
            (keys.name, policy.name_failures, min(policy.longest_delay, _LONGEST_OF_A_NAME)),
            (keys.address, policy.address_failures, policy.longest_delay),
        )
        with self._database.write() as tx:
            failedlogins.lock(tx, keys)
            rows = failedlogins.find(tx, keys)
            for key, most, longest in counted:
                before = rows.get(key)
                of_name = keys.name if key != keys.address else None
                rows[key] = {**self._one_more(before, key, most, longest, now), "name_key": of_name}
                failedlogins.put(tx, rows[key], new=before is None)
        self._noted_delay(keys, rows)

    def succeeded_again(self, keys: LoginKeys) -> bool:
        """Note a success where nothing has to be written of it, because the last one was not long ago; no I/O."""
        pair, clock = keys.pair, time.monotonic()
        good = self._good.get(pair)
        if good is None or clock > good[1] + _SUCCESS_WRITTEN_SECONDS:
            return False
        with self._lock:
            _keep(self._good, pair, (clock, good[1]))
        return True

    def succeeded(self, keys: LoginKeys) -> None:
        """Reset the count of a name at an address, and know from then on that it logs in from there."""
        pair = keys.pair
        now, clock = self._now(), time.monotonic()
        row: Row = {
            "key": pair,
            "name_key": keys.name,
            "failures": 0,
            "last_at": now,
            "locked_until": None,
            "succeeded_at": now,
        }
        with self._database.write() as tx:
            failedlogins.lock(tx, [pair])
            failedlogins.put(tx, row, new=pair not in failedlogins.find(tx, [pair]))
        with self._lock:
            self._delayed.pop(pair, None)
            _keep(self._good, pair, (clock, clock))

    def _one_more(self, before: Row | None, key: bytes, most: int, longest: timedelta, now: datetime) -> Row:
        in_a_row = before is not None and before["last_at"] > now - FADED
        failures = 1 + (before["failures"] if before is not None and in_a_row else 0)
        until = None
        if failures >= most:
            until = now + min(longest, self._policy.first_delay * 2 ** min(failures - most, 30))
        succeeded_at = before["succeeded_at"] if before is not None else None
        return {
            "key": key,
            "failures": failures,
            "last_at": now,
            "locked_until": until,
            "succeeded_at": succeeded_at,
        }

    def _noted_delay(self, keys: LoginKeys, rows: dict[bytes, Row]) -> float:
        """How long a login has to wait by these rows; it is remembered."""
        own = rows.get(keys.pair)
        if own is not None and own["failures"]:  # perhaps in another process: the next success has to be written
            with self._lock:
                self._good.pop(keys.pair, None)
        counting = [rows[key] for key in ((keys.pair,) if self._known_there(keys, rows) else keys) if key in rows]
        delays = [row["locked_until"] for row in counting if row["locked_until"] is not None]
        until = max((one for one in delays if self._left(one) > 0), default=None)
        if until is None:
            return 0.0
        with self._lock:
            _keep(self._delayed, keys.pair, (until, time.monotonic()))
        return self._left(until)

    def _known_there(self, keys: LoginKeys, rows: dict[bytes, Row]) -> bool:
        since = self._now() - KNOWN
        return keys.pair in rows and (rows[keys.pair]["succeeded_at"] or since) > since

    def _left(self, until: datetime) -> float:
        """Seconds until the end of a delay. One that is longer than any can be has ended: the clock was set back."""
        left = until - self._now()
        return left.total_seconds() if left <= self._policy.longest_delay else 0.0


def delayed_until(database: Database, now: datetime) -> Callable[[str], datetime | None]:
    """Says of a name until when its next login has to wait somewhere, as it is now; None where it need not."""
    with database.read() as tx:
        moments = failedlogins.delayed(tx, now)
    return lambda name: moments.get(_name_key(name))


def unlock(database: Database, *, caller_id: str) -> bool:
    """Forget the failed logins of a caller, everywhere; False when there were none. Processes know it seconds later.

    The counts of addresses, which are not its own, run on. Raises CallerUnknown.
    """
    with database.write() as tx:
        if callers.by_id(tx, caller_id) is None:
            raise unknown(caller_id)
        name_key = _name_key(caller_id)
        failedlogins.lock(tx, [name_key])  # as every failure of that name does
        return failedlogins.reset(tx, name_key)


@lru_cache(maxsize=_MOST_KNOWN)
def keys_of(kind: str, name: str, address: str) -> LoginKeys:
    """The counts of evidence of this kind that names this caller and comes from this address."""
    network = network_of(address)
    return LoginKeys(
        pair=_hash("pair", kind, name, network),
        name=_name_key(name),
        address=_hash("address", network),
    )


def _name_key(name: str) -> bytes:
    return _hash("name", name)


def _hash(*parts: str) -> bytes:
    text = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(text.encode(errors="surrogatepass")).digest()


def _keep(memory: OrderedDict[bytes, Kept], key: bytes, what: Kept) -> None:
    memory.pop(key, None)
    memory[key] = what
    if len(memory) > _MOST_KNOWN:
        memory.popitem(last=False)
