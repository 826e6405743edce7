"""Callers prove who they are: passwords at rest, their verification, and the cache that keeps it off the
hot path.

All doors ask the same `Authenticator`. Passwords are kept as argon2id hashes; a credential that was
verified is remembered for a while, so that a call does not pay for argon2 each time. The functions at the
end are what an operator does with callers.
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from leadbridge.caller import Caller, Role, Visibility, default_visibility
from leadbridge.store import callers
from leadbridge.store.database import Database

SHORTEST_PASSWORD = 8  # NIST SP 800-63B revision 3, section 5.1.1.1; longer is better, and argon2id is slow
LONGEST_PASSWORD = 256  # longer ones are not tried: hashing must not be a way to keep us busy
_LONGEST_AUTHORIZATION = 4_096  # bytes of a header; the longest id and the longest password together are well below
LONGEST_PARTY_ID = 20  # PartyID, maxLength
MOST_REMEMBERED = 10_000  # credentials, at some 300 bytes each; far more callers than one installation has

INTERNAL_CALLER = Caller(
    id="relay",
    name="leadbridge's own relay",
    roles=frozenset({Role.CRM}),
    visibility=Visibility.ALL,
    party_id="",
)

# RFC 9106 section 4, the option for ordinary memory (3 passes over 64 MiB), in one lane: its four lanes
# would take four cores at once from calls that are being answered. About 100 ms of CPU for whoever guesses,
# once a minute for whoever knows.
_HASHER = PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=1)

# The hash of a password that was thrown away, with the same parameters: an unknown caller is compared with
# it, and so takes as long as a wrong password does.
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=1$lLaj5UbY+lAQGUBJq3Y7Mw$e6do8j63M+J75IjHXMov5YAbM+bKZtHucGwD2vR3Hgg"

# No colon, which ends the name in HTTP Basic, and nothing that a log or a terminal reads in another way.
_CALLER_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z._@-]{0,63}")


class CredentialsUnreadable(ValueError):
    """An Authorization header that holds no credentials of HTTP Basic."""


def basic_credentials(header: bytes) -> tuple[str, str]:
    """Caller id and password in an Authorization header of HTTP Basic (RFC 7617). Raises CredentialsUnreadable."""
    scheme, _, encoded = header[: _LONGEST_AUTHORIZATION + 1].partition(b" ")
    if scheme.lower() != b"basic" or len(header) > _LONGEST_AUTHORIZATION:
        raise CredentialsUnreadable("not HTTP Basic")
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True)
    except binascii.Error:
        raise CredentialsUnreadable("not base64") from None
    try:
        text = decoded.decode()
    except UnicodeDecodeError:
        text = decoded.decode("latin-1")  # what older toolkits send; RFC 7617 leaves it open to them
    caller_id, colon, password = text.partition(":")
    if not colon:
        raise CredentialsUnreadable("no password")
    return caller_id, password


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
        plausible = _CALLER_ID.fullmatch(caller_id) is not None and len(password) <= LONGEST_PASSWORD
        row: Mapping[str, Any] | None = None
        if plausible:
            with self._database.read() as tx:
                row = callers.by_id(tx, caller_id)
        right = _matches(row["password_hash"] if row else _NOBODY, password if plausible else "")
        if row is None or not right or row["disabled_at"] is not None:
            return None
        return _caller(row)


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password.encode(errors="replace"))
    except (VerificationError, InvalidHashError):
        return False


def _caller(row: Mapping[str, Any]) -> Caller:
    return Caller(
        id=row["id"],
        name=row["name"],
        roles=frozenset(Role(role) for role in row["roles"].split(",") if role),
        visibility=Visibility(row["visibility"]),
        party_id=row["party_id"],
    )


# ------------------------------------------------------------------------ what an operator does with callers


class CallerError(ValueError):
    """What an operator asked for cannot be done. The text says why and is meant for them."""


class CallerExists(CallerError):
    """There is a caller of this id already."""


class CallerUnknown(CallerError):
    """There is no caller of this id."""


class CallerDisabled(CallerError):
    """The caller was disabled, and nothing new is begun in its name."""


class CallerIdInvalid(CallerError):
    """A caller cannot have this id."""


class PartyIdInvalid(CallerError):
    """No lead can be given to such a party."""


class PasswordTooShort(CallerError):
    """The password is too easy to guess, or too long to be tried."""


class RoleUnknown(CallerError):
    """There is no such role."""


@dataclass(frozen=True, slots=True)
class ListedCaller:
    """A caller as an operator sees it."""

    caller: Caller
    created_at: datetime
    disabled_at: datetime | None


def add_caller(
    database: Database,
    *,
    caller_id: str,
    name: str,
    roles: Collection[str],
    password: str,
    now: datetime,
    visibility: Visibility | None = None,
    party_id: str | None = None,
) -> Caller:
    """Store a new caller; without `visibility` it has the usual one of its roles. `now` is aware, in UTC.

    `party_id` is the PartyID by which leads are given to it; without one it is the caller's own id, where that
    fits into a PartyID.

    Raises CallerIdInvalid, CallerExists, PartyIdInvalid, RoleUnknown, PasswordTooShort.
    """
    if not _CALLER_ID.fullmatch(caller_id):
        raise CallerIdInvalid("an id has up to 64 letters, digits and . _ @ -, and starts with a letter or a digit")
    if party_id is not None and len(party_id) > LONGEST_PARTY_ID:
        raise PartyIdInvalid(f"a party has at most {LONGEST_PARTY_ID} characters")
    if caller_id == INTERNAL_CALLER.id:
        raise CallerIdInvalid(f"the id {caller_id} is leadbridge's own")
    known = _roles(roles)
    caller = Caller(
        id=caller_id,
        name=name,
        roles=known,
        visibility=visibility or default_visibility(known),
        party_id=party_id if party_id is not None else caller_id if len(caller_id) <= LONGEST_PARTY_ID else "",
    )
    row = {
        "id": caller.id,
        "name": caller.name,
        "roles": ",".join(sorted(caller.roles)),
        "visibility": caller.visibility.value,
        "party_id": caller.party_id,
        "password_hash": _hashed(password),
        "disabled_at": None,
        "created_at": now,
        "changed_at": now,
    }
    with database.write() as tx:
        tx.lock([f"caller/{caller_id}"])
        if callers.by_id(tx, caller_id) is not None:
            raise CallerExists(f"there is a caller {caller_id} already")
        callers.add(tx, row)
    return caller


def list_callers(database: Database) -> list[ListedCaller]:
    """Every caller, disabled ones too, by id."""
    with database.read() as tx:
        rows = callers.all(tx)
    return [ListedCaller(_caller(row), row["created_at"], row["disabled_at"]) for row in rows]


def caller_of(database: Database, caller_id: str, *, enabled: bool = False) -> Caller:
    """The caller of this id, in whose name something is done that it has asked for, or that an operator does for it.

    Raises CallerUnknown; CallerDisabled, where it must be `enabled` because something new is begun.
    """
    with database.read() as tx:
        row = callers.by_id(tx, caller_id)
    if row is None:
        raise _unknown(caller_id)
    if enabled and row["disabled_at"] is not None:
        raise CallerDisabled(f"caller {caller_id} is disabled; `leadbridge caller list` shows those that are not")
    return _caller(row)


def _unknown(caller_id: str) -> CallerUnknown:
    return CallerUnknown(
        f"there is no caller {caller_id}; `leadbridge caller list` shows those there are, "
        "`leadbridge caller add` adds one"
    )


def has_callers(database: Database) -> bool:
    """Whether there is any caller, disabled or not."""
    with database.read() as tx:
        return callers.count(tx) > 0


def disable_caller(database: Database, *, caller_id: str, now: datetime) -> bool:
    """Keep a caller out; where it is remembered as verified, after the cache's time. False when it was out
    already.

    Raises CallerUnknown.
    """
    with database.write() as tx:
        if callers.by_id(tx, caller_id) is None:
            raise _unknown(caller_id)
        return callers.disable(tx, caller_id, now)


def set_password(database: Database, *, caller_id: str, password: str, now: datetime) -> None:
    """Give a caller another password; the old one ends where it is remembered after the cache's time.

    Raises CallerUnknown, PasswordTooShort.
    """
    password_hash = _hashed(password)
    with database.write() as tx:
        if not callers.set_password(tx, caller_id, password_hash, now):
            raise _unknown(caller_id)


def _roles(names: Iterable[str]) -> frozenset[Role]:
    roles = set()
    for name in names:
        try:
            roles.add(Role(name))
        except ValueError:
            raise RoleUnknown(f"the roles are {', '.join(Role)}") from None
    if not roles:
        raise RoleUnknown(f"a caller needs a role: {', '.join(Role)}")
    return frozenset(roles)


def _hashed(password: str) -> str:
    if len(password) < SHORTEST_PASSWORD:
        raise PasswordTooShort(f"a password has at least {SHORTEST_PASSWORD} characters")
    if len(password) > LONGEST_PASSWORD:
        raise PasswordTooShort(f"a password has at most {LONGEST_PASSWORD} characters")
    return _HASHER.hash(password)
