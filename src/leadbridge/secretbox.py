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

from leadbridge.keyfiles import WAY_OUT, others_may_read
from leadbridge.settings import Settings

VARIABLE = "LEADBRIDGE_SECRET_KEY"

_ANEW = "set the secrets anew with `leadbridge caller digest` and `leadbridge webhooks rotate`"
_WAY_OUT = f"put the old key beside it (NEW,OLD), or {_ANEW}"


class SecretKeyError(Exception):
    """There is no key, it is none, or it is not the one that something was sealed with. The text is for an operator."""


class SecretBox:
    """Seals and opens secrets. Safe to share between threads."""

    def __init__(self, keys: Sequence[str], source: str = VARIABLE) -> None:
        """`source` is where the keys come from, for the operator."""
        self._source = source
        try:
            fernets = [Fernet(key) for key in keys]
        except ValueError:
            raise SecretKeyError(
                f"{source} is no key: it must be 32 bytes in URL-safe base64, as `leadbridge secret key` prints one; "
                f"{_WAY_OUT}"
            ) from None
        self._first = fernets[0]
        self._fernet = MultiFernet(fernets)

    def is_current(self, sealed: bytes) -> bool:
        """Whether something was sealed with the first key."""
        try:
            self._first.decrypt(sealed)
        except InvalidToken:
            return False
        return True

    def seal(self, secret: str) -> bytes:
        """The secret as it may be stored."""
        return self._fernet.encrypt(secret.encode())

    def open(self, sealed: bytes) -> str:
        """The secret that was sealed. Raises SecretKeyError when it was with another key."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            raise SecretKeyError(
                f"what is stored was sealed with another key than that of {self._source}: {_WAY_OUT}"
            ) from None

    def reseal(self, sealed: bytes) -> bytes:
        """The same secret, sealed with the first key. Raises SecretKeyError."""
        return self.seal(self.open(sealed))


def new_key() -> str:
    """A key, made by chance."""
    return Fernet.generate_key().decode()


def secret_box(settings: Settings) -> SecretBox:
    """The box of this installation. Raises SecretKeyError, also where the key file is missing (see `make_key`)."""
    if settings.secret_key is not None:
        return SecretBox(_keys(settings.secret_key.get_secret_value()))
    path = key_file(settings)
    if path is None:
        raise SecretKeyError(
            f"set {VARIABLE}, the same for every machine that shares this database; `leadbridge secret key` prints one"
        )
    return SecretBox(_keys(_kept(path)), source=str(path))


def make_key(settings: Settings) -> None:
    """Make the file beside the embedded database, where that is what is used and it is not there yet.

    By one of those who want it at the same time. Whoever calls knows that nothing was sealed before: to what was, a new
    key is of no use.
    """
    path = _file_in_use(settings)
    if path is not None and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        name = _written(path, new_key())
        with suppress(FileExistsError):
            os.link(name, path)
        name.unlink()


def add_key(settings: Settings) -> None:
    """Put a new first key before the one in the file beside the embedded database, where that is what is used.

    A file that has several already stays as it is: a change of key is under way.
    """
    path = _file_in_use(settings)
    if path is not None and len(_keys(kept := _kept(path))) == 1:
        _replace(path, f"{new_key()},{kept}")


def drop_old_keys(settings: Settings) -> None:
    """Leave the first key alone in that file."""
    path = _file_in_use(settings)
    if path is not None:
        _replace(path, _keys(_kept(path))[0])


def _file_in_use(settings: Settings) -> Path | None:
    return key_file(settings) if settings.secret_key is None else None


def _keys(text: str) -> list[str]:
    return [key.strip() for key in text.split(",")]


def key_file(settings: Settings) -> Path | None:
    """Where the embedded database's key is kept; None with another database."""
    scheme, _, path = settings.database_url.partition("sqlite:///")
    return Path(f"{path}.key") if not scheme and path else None


def _kept(path: Path) -> str:
    """The keys in a file."""
    try:
        if others_may_read(path):
            raise SecretKeyError(f"{path}: {WAY_OUT}")
        return path.read_text(encoding="ascii", errors="replace").strip()
    except FileNotFoundError:
        raise SecretKeyError(
            f"{path} is missing, the key of secrets in the database: put it back, or make a new one with "
            f"`umask 077; leadbridge secret key > {path}` and {_ANEW}"
        ) from None
    except OSError as error:
        raise SecretKeyError(
            f"{path}, the key of the secrets in the database, cannot be read ({error.strerror})"
        ) from None


def _replace(path: Path, text: str) -> None:
    _written(path, text).replace(path)


def _written(path: Path, text: str) -> Path:
    """A file beside the one at `path`, whole and on the disk, for nobody else to read."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(descriptor, "w") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    return Path(name)
