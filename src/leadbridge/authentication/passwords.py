"""Passwords: how they are kept, how they are verified, and the cache that keeps verifying off the hot path.

Passwords are kept as argon2id hashes; a credential that was verified is remembered for a while, so that a call does
not pay for argon2 each time.
"""

import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from threading import Lock
from typing import Any

from argon2.exceptions import InvalidHashError, VerificationError

from leadbridge.authentication.callers import CALLER_ID, LONGEST_PASSWORD, caller_from, hasher
from leadbridge.caller import Caller
from leadbridge.store import callers
from leadbridge.store.database import Database

MOST_REMEMBERED = 10_000  # credentials, at some 300 bytes each; far more callers than one installation has

# The hash of a password that was thrown away, with the same parameters: an unknown caller is compared with
# it, and so takes as long as a wrong password does.
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=1$lLaj5UbY+lAQGUBJq3Y7Mw$e6do8j63M+J75IjHXMov5YAbM+bKZtHucGwD2vR3Hgg"


class Authenticator:
    """Verifies credentials. Safe to share between threads.

    `cache_seconds` is how long a verified credential is remembered. A caller that was disabled, or whose
    password, roles or name were changed, is known in its old form for as long, and no longer; wrong
    credentials are never remembered. `clock` gives seconds that only go forward. `internal` is a caller and
    a password that exist in memory alone: what the processes of one `serve` call each other with.
    """

    def __init__(
        self,
        database: Database,
        *,
        cache_seconds: float,
        clock: Callable[[], float] = time.monotonic,
        internal: tuple[Caller, str] | None = None,
    ) -> None:
        self._database = database
        self._cache_seconds = cache_seconds
        self._clock = clock
        self._internal = internal
        self._key = secrets.token_bytes(32)
        self._lock = Lock()
        self._remembered: OrderedDict[bytes, tuple[float, Caller]] = OrderedDict()  # until when, oldest first
        self._being_verified: dict[bytes, Future[Caller | None]] = {}

    def cached(self, caller_id: str, password: str) -> Caller | None:
        """The caller of a credential that was verified a moment ago; no I/O. None says nothing about the
        credential.
        """
        if self._internal is not None and caller_id == self._internal[0].id:
            return self._internal_caller(password)
        return self._recall(self._fingerprint(caller_id, password))

    def verify(self, caller_id: str, password: str) -> Caller | None:
        """The caller with this id and password, or None: unknown, wrong, or disabled, at one cost and
        without a hint which.

        Takes some 100 ms of CPU and reads the database. Calls that come with the same credential meanwhile
        wait for this one's result.
        """
        if self._internal is not None and caller_id == self._internal[0].id:
            return self._internal_caller(password)
        fingerprint = self._fingerprint(caller_id, password)
        mine: Future[Caller | None] = Future()
        with self._lock:
            first = self._being_verified.setdefault(fingerprint, mine)
        if first is not mine:
            return first.result()
        try:
            caller = self._recall(fingerprint) or self._verified(caller_id, password)
            if caller is not None:
                self._remember(fingerprint, caller)
            mine.set_result(caller)
        except BaseException as error:
            mine.set_exception(error)
            raise
        finally:
            with self._lock:
                del self._being_verified[fingerprint]
        return caller

    def _internal_caller(self, password: str) -> Caller | None:
        assert self._internal is not None
        caller, secret = self._internal
        return caller if hmac.compare_digest(password.encode(errors="replace"), secret.encode()) else None

    def _fingerprint(self, caller_id: str, password: str) -> bytes:
        """Stands for a credential in memory: neither can be found out from it, nor compared between
        processes.
        """
        text = f"{len(caller_id)}:{caller_id}{password}"
        return hashlib.blake2b(text.encode(errors="surrogatepass"), key=self._key, digest_size=32).digest()

    def _recall(self, fingerprint: bytes) -> Caller | None:
        found = self._remembered.get(fingerprint)
        return found[1] if found is not None and self._clock() < found[0] else None

    def _remember(self, fingerprint: bytes, caller: Caller) -> None:
        if not self._cache_seconds:
            return
        now = self._clock()
        with self._lock:
            if fingerprint in self._remembered and now < self._remembered[fingerprint][0]:
                return  # what is remembered must not live longer because it is used
            self._remembered.pop(fingerprint, None)
            self._remembered[fingerprint] = (now + self._cache_seconds, caller)
            while len(self._remembered) > MOST_REMEMBERED or next(iter(self._remembered.values()))[0] <= now:
                self._remembered.popitem(last=False)

    def _verified(self, caller_id: str, password: str) -> Caller | None:
        plausible = CALLER_ID.fullmatch(caller_id) is not None and len(password) <= LONGEST_PASSWORD
        row: Mapping[str, Any] | None = None
        if plausible:
            with self._database.read() as tx:
                row = callers.by_id(tx, caller_id)
        right = _matches(row["password_hash"] if row else _NOBODY, password if plausible else "")
        if row is None or not right or row["disabled_at"] is not None:
            return None
        return caller_from(row)


def _matches(password_hash: str, password: str) -> bool:
    try:
        return hasher.verify(password_hash, password.encode(errors="replace"))
    except (VerificationError, InvalidHashError):
        return False
