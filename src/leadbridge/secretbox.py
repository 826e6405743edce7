"""Secrets at rest: sealed with a key that is not in the database, and opened again.

The key is the setting `secret_key` (`LEADBRIDGE_SECRET_KEY`). Without it, and with the embedded database, it is made
once and kept in a file beside the database that nobody else may read. Several keys, separated by commas, are a change
of key under way: the first seals, all open.

Sealing is Fernet (AES-128 in CBC with HMAC-SHA-256), as the `cryptography` package has it.
"""

import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from leadbridge.settings import Settings

VARIABLE = "LEADBRIDGE_SECRET_KEY"


class SecretKeyError(Exception):
    """There is no key, it is none, or it is not the one that something was sealed with. The text is for an operator."""


class SecretBox:
    """Seals and opens secrets. Safe to share between threads."""

    def __init__(self, keys: Sequence[str]) -> None:
        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
        except ValueError:
            raise SecretKeyError(
                f"{VARIABLE} is no key: it must be 32 bytes in URL-safe base64, as `leadbridge secret key` prints one"
            ) from None

    def seal(self, secret: str) -> bytes:
        """The secret as it may be stored."""
        return self._fernet.encrypt(secret.encode())

    def open(self, sealed: bytes) -> str:
        """The secret that was sealed. Raises SecretKeyError when it was with another key."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            raise SecretKeyError(f"what is stored was sealed with another key than {VARIABLE}") from None

    def reseal(self, sealed: bytes) -> bytes:
        """The same secret, sealed with the first key. Raises SecretKeyError."""
        return self.seal(self.open(sealed))


def new_key() -> str:
    """A key, made by chance."""
    return Fernet.generate_key().decode()


def secret_box(settings: Settings) -> SecretBox:
    """The box of this installation. Raises SecretKeyError."""
    if settings.secret_key is not None:
        return SecretBox([key.strip() for key in settings.secret_key.get_secret_value().split(",")])
    path = key_file(settings)
    if path is None:
        raise SecretKeyError(
            f"set {VARIABLE}, the same for every machine that shares this database; `leadbridge secret key` prints one"
        )
    return SecretBox([_kept(path)])


def key_file(settings: Settings) -> Path | None:
    """Where the embedded database's key is kept; None with another database."""
    scheme, _, path = settings.database_url.partition("sqlite:///")
    return Path(f"{path}.key") if not scheme and path else None


def _kept(path: Path) -> str:
    """The key in a file; made on first use, by one of those who want it at the same time."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # for nobody else to read
        with os.fdopen(descriptor, "w") as file:
            file.write(new_key() + "\n")
        with suppress(FileExistsError):
            os.link(name, path)
        Path(name).unlink()
    return path.read_text().strip()
