"""PasswordDigest: the secrets that callers make digests with, and how a digest is verified.

A digest is the SHA-1 of nonce, Created and secret, so whoever verifies it needs the secret itself. The password cannot
be that secret: only its argon2id hash is kept. A caller that asks for it has a second, long secret, which is kept
sealed, with a key that is not in the database.

Source: Web Services Security: UsernameToken Profile 1.1, section 3.1.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from leadbridge.authentication.callers import CALLER_ID, CallerError, caller_from, caller_in
from leadbridge.authentication.evidence import Digest
from leadbridge.caller import Caller
from leadbridge.log import get_logger
from leadbridge.secretbox import SecretBox, SecretKeyError, new_key
from leadbridge.store import digestsecrets
from leadbridge.store.database import Database

log = get_logger(__name__)

# SHA-1 is quick: who hears one digest tries millions of secrets a second. Sixteen characters by chance withstand that.
SHORTEST_SECRET = 16
LONGEST_SECRET = 256


class DigestSecretInvalid(CallerError):
    """The secret is too easy to guess, or longer than anybody can need."""


def set_digest_secret(database: Database, box: SecretBox, *, caller_id: str, secret: str, now: datetime) -> None:
    """Let a caller make digests with this secret, in place of the one it had. `now` is aware, in UTC.

    Raises CallerUnknown, CallerDisabled, DigestSecretInvalid.
    """
    if not SHORTEST_SECRET <= len(secret) <= LONGEST_SECRET:
        raise DigestSecretInvalid(f"a secret for digests has {SHORTEST_SECRET} to {LONGEST_SECRET} characters")
    sealed = box.seal(secret)
    with database.write() as tx:
        tx.lock([f"caller/{caller_id}"])
        caller_in(tx, caller_id, enabled=True)
        digestsecrets.put(tx, caller_id, sealed, now)


def remove_digest_secret(database: Database, *, caller_id: str) -> bool:
    """Take no digests of a caller any more. False when it had no secret for them. Raises CallerUnknown."""
    with database.write() as tx:
        caller_in(tx, caller_id)
        return digestsecrets.remove(tx, caller_id)


def digest_of(*, nonce: bytes, created: str, secret: str) -> bytes:
    """The digest, before base64; `created` as it was written."""
    return hashlib.sha1(nonce + created.encode() + secret.encode()).digest()  # noqa: S324 - the profile's algorithm


class DigestVerifier:
    """Verifies digests. Safe to share between threads.

    `open_box` gives the box that secrets are sealed in, and may raise SecretKeyError; it is asked when the first secret
    has to be opened, because most sites have none.
    """

    def __init__(self, database: Database, open_box: Callable[[], SecretBox]) -> None:
        self._database = database
        self._open_box = open_box
        self._box: SecretBox | None = None
        self._nobodys_box = SecretBox([new_key()])
        self._nobodys = self._nobodys_box.seal(secrets.token_urlsafe(24))  # an unknown caller is compared with it

    def verify(self, digest: Digest) -> Caller | None:
        """The caller that made a digest, or None: unknown, disabled, without a secret, or wrong, at one cost and
        without a hint which. Reads the database. Raises SecretKeyError where the site's key is of no use, so that
        nobody is blamed for it.

        Each verification reads: what is remembered would be answered quicker, and tell who has a secret.
        """
        row = None
        if CALLER_ID.fullmatch(digest.caller_id):
            with self._database.read() as tx:
                row = digestsecrets.with_caller(tx, digest.caller_id)
        try:
            secret = self._opened(row["sealed"]) if row else self._nobodys_box.open(self._nobodys)
        except SecretKeyError as error:
            log.error("digest secret cannot be opened", caller=digest.caller_id, reason=str(error))
            raise
        expected = digest_of(nonce=digest.nonce, created=digest.created, secret=secret)
        right = hmac.compare_digest(expected, digest.digest)
        if row is None or not right or row["disabled_at"] is not None:
            return None
        return caller_from(row)

    def _opened(self, sealed: bytes) -> str:
        """A secret, opened with the key as it is now: it may have changed since it was read."""
        if self._box is not None:
            with suppress(SecretKeyError):
                return self._box.open(sealed)
        self._box = self._open_box()
        return self._box.open(sealed)
