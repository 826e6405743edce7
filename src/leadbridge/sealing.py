"""The key that secrets are sealed with, and what the database holds of them: use of it, proof of it, change of it."""

from leadbridge import secretbox
from leadbridge.secretbox import SecretBox, secret_box
from leadbridge.settings import Settings
from leadbridge.store import sealed
from leadbridge.store.database import Database


def box_to_seal_with(settings: Settings, database: Database) -> SecretBox:
    """The box of this installation. The key file of an embedded database is made where nothing was sealed yet; one that
    is lost is not replaced. Raises SecretKeyError.
    """
    if sealed.latest(database) is None:
        secretbox.make_key(settings)
    return secret_box(settings)


def prove_key(settings: Settings, database: Database) -> None:
    """See that a key that is set is one, and that it opens what was sealed last, if anything was.

    Raises SecretKeyError.
    """
    latest = sealed.latest(database)
    if latest is not None:
        secret_box(settings).open(latest)
    elif settings.secret_key is not None:
        secret_box(settings)


def rotate(settings: Settings, database: Database) -> tuple[int, int]:
    """Seal every secret with the first key: how many were sealed anew, and how many were with it already.

    Where the key is in a file of its own, a new first key is made before and the others are dropped afterwards; broken
    off in between, it goes on with the key that it has made. Raises SecretKeyError.
    """
    box_to_seal_with(settings, database)
    prove_key(settings, database)
    secretbox.add_key(settings)
    box = secret_box(settings)
    counts = sealed.reseal(database, lambda one: None if box.is_current(one) else box.reseal(one))
    secretbox.drop_old_keys(settings)
    return counts
