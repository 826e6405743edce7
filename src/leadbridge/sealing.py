"""Change of the key that secrets are sealed with."""

from leadbridge import secretbox
from leadbridge.settings import Settings
from leadbridge.store import sealed
from leadbridge.store.database import Database


def rotate(settings: Settings, database: Database) -> tuple[int, int]:
    """Seal every secret with the first key: how many were sealed anew, and how many were with it already.

    Where the key is in a file of its own, a new first key is made before and the others are dropped afterwards; broken
    off in between, it goes on with the key that it has made. Raises SecretKeyError.
    """
    secretbox.add_key(settings)
    box = secretbox.secret_box(settings)
    counts = sealed.reseal(database, lambda one: None if box.is_current(one) else box.reseal(one))
    secretbox.drop_old_keys(settings)
    return counts
