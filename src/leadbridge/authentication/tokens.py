"""Bearer tokens (RFC 6750): made, kept as hashes, verified.

A token is 256 random bits, so that SHA-256 is enough to keep it; its prefix lets scanners for secrets find it. It
stands for its caller with everything that one may do.
"""

import hashlib
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from leadbridge.authentication.callers import CallerError, caller_from, caller_in
from leadbridge.authentication.remembering import Remembered
from leadbridge.caller import Caller
from leadbridge.store import callers, tokens
from leadbridge.store.database import Database

PREFIX = "lbt_"
LONGEST_NAME = 100
_TOKEN = re.compile(PREFIX + r"[0-9A-Za-z_-]{43}")


class TokenUnknown(CallerError):
    """There is no token of this id."""


class TokenNameInvalid(CallerError):
    """A token cannot have this name."""


class Tokens:
    """Verifies bearer tokens. Safe to share between threads.

    What is removed, has expired, or whose caller is disabled is out after `cache_seconds` at the latest.
    """

    def __init__(
        self,
        database: Database,
        *,
        cache_seconds: float,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._now = now
        self._remembered = Remembered(cache_seconds, clock)

    def cached(self, token: str) -> Caller | None:
        """The caller of a token that was verified a moment ago; no I/O. None says nothing about the token."""
        return self._remembered.recall(_hashed(token))

    def verify(self, token: str) -> Caller | None:
        """The caller of a token, or None: unknown, removed, expired, or its caller disabled. Reads the database."""
        if not _TOKEN.fullmatch(token):
            return None
        token_hash = _hashed(token)
        with self._database.read() as tx:
            row = tokens.by_hash(tx, token_hash)
            owner = callers.by_id(tx, row["caller_id"]) if row is not None else None
        if row is None or owner is None or owner["disabled_at"] is not None or row["removed_at"] is not None:
            return None
        if row["expires_at"] is not None and row["expires_at"] <= self._now():
            return None
        caller = caller_from(owner)
        self._remembered.remember(token_hash, caller)
        return caller


@dataclass(frozen=True, slots=True)
class ListedToken:
    """A token as an operator sees it."""

    id: str
    caller_id: str
    name: str
    added_at: datetime
    expires_at: datetime | None
    removed_at: datetime | None


def add_token(database: Database, *, caller_id: str, name: str, now: datetime, days: int | None = None) -> str:
    """Make a token for a caller that expires after so many days, or never. It is told this once.

    Raises CallerUnknown, CallerDisabled, TokenNameInvalid.
    """
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise TokenNameInvalid(f"a token's name has 1 to {LONGEST_NAME} characters and says what the token is for")
    token = PREFIX + secrets.token_urlsafe(32)
    row = {
        "id": secrets.token_hex(4),
        "caller_id": caller_id,
        "name": name,
        "token_hash": _hashed(token),
        "added_at": now,
        "expires_at": now + timedelta(days=days) if days is not None else None,
        "removed_at": None,
    }
    with database.write() as tx:
        caller_in(tx, caller_id, enabled=True)
        tokens.add(tx, row)
    return token


def list_tokens(database: Database, caller_id: str | None = None) -> list[ListedToken]:
    """The tokens of a caller, or of all, those removed too, oldest first. Raises CallerUnknown."""
    with database.read() as tx:
        if caller_id is not None:
            caller_in(tx, caller_id)
        rows = tokens.listed(tx, caller_id)
    shown = ("id", "caller_id", "name", "added_at", "expires_at", "removed_at")
    return [ListedToken(**{name: row[name] for name in shown}) for row in rows]


def remove_token(database: Database, *, token_id: str, now: datetime) -> bool:
    """Take a token back; where it is remembered as verified, it ends after the cache's time. False when it was removed
    already. Raises TokenUnknown.
    """
    with database.write() as tx:
        if tokens.by_id(tx, token_id) is None:
            raise TokenUnknown(f"there is no token {token_id}; `leadbridge caller token list` shows those there are")
        return tokens.remove(tx, token_id, now)


def _hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="surrogatepass")).digest()
