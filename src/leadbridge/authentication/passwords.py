"""Passwords: how they are kept, how they are verified, and the cache that keeps verifying off the hot path.

Passwords are kept as argon2id hashes; a credential that was verified is remembered for a while, so that a call does
not pay for argon2 each time.
"""

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from threading import Lock
from typing import Any

from argon2.exceptions import InvalidHashError, VerificationError

from leadbridge.authentication.callers import CALLER_ID, LONGEST_PASSWORD, caller_from, hasher
from leadbridge.authentication.remembering import Remembered
from leadbridge.caller import Caller
from leadbridge.store import callers
from leadbridge.store.database import Database

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
        self._internal = internal
        self._key = secrets.token_bytes(32)
        self._lock = Lock()
        self._remembered = Remembered(cache_seconds, clock)
        self._being_verified: dict[bytes, Future[Caller | None]] = {}

    def cached(self, caller_id: str, password: str) -> Caller | None:
        """The caller of a credential that was verified a moment ago; no I/O. None says nothing about the
        credential.
        """
        if self._internal is not None and caller_id == self._internal[0].id:
            return self._internal_caller(password)
        return self._remembered.recall(self._fingerprint(caller_id, password))

    def was_right(self, caller_id: str, password: str) -> bool:
        """Whether this credential was right within the last day; no I/O. To `renew` it is cheap, and no guess."""
        return self._remembered.compared_with(self._fingerprint(caller_id, password)) is not None

    def renew(self, caller_id: str, password: str) -> Caller | None:
        """The caller of a credential that was right, as long as its password is the same and it is not disabled. None
        for every other credential. Reads the database.
        """
        fingerprint = self._fingerprint(caller_id, password)
        known, compared_with = self._remembered.recall(fingerprint), self._remembered.compared_with(fingerprint)
        if known is not None or compared_with is None:
            return known
        with self._database.read() as tx:
            row = callers.by_id(tx, caller_id)
        if row is None or row["disabled_at"] is not None or row["password_hash"] != compared_with:
            self._remembered.forget(fingerprint)
            return None
        caller = caller_from(row)
        self._remembered.remember(fingerprint, caller, compared_with)
        return caller

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
            caller = self._remembered.recall(fingerprint)
            if caller is None:
                verified = self._verified(caller_id, password)
                if verified is not None:
                    caller, compared_with = verified
                    self._remembered.remember(fingerprint, caller, compared_with)
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

    def _verified(self, caller_id: str, password: str) -> tuple[Caller, str] | None:
        plausible = CALLER_ID.fullmatch(caller_id) is not None and len(password) <= LONGEST_PASSWORD
        row: Mapping[str, Any] | None = None
        if plausible:
            with self._database.read() as tx:
                row = callers.by_id(tx, caller_id)
        right = _matches(row["password_hash"] if row else _NOBODY, password if plausible else "")
        if row is None or not right or row["disabled_at"] is not None:
            return None
        return caller_from(row), row["password_hash"]


def _matches(password_hash: str, password: str) -> bool:
    try:
        return hasher.verify(password_hash, password.encode(errors="replace"))
    except (VerificationError, InvalidHashError):
        return False
