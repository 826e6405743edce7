"""`leadbridge secret`: the key that secrets in the database are sealed with."""

from cyclopts import App

from leadbridge.cli.shared import opened
from leadbridge.sealing import rotate
from leadbridge.secretbox import new_key
from leadbridge.settings import Settings

secret_app = App(name="secret", help="The key that secrets in the database are sealed with: make one, change it.")


@secret_app.command(name="key")
def secret_key() -> None:
    """Print a new key, for LEADBRIDGE_SECRET_KEY. Nothing is changed."""
    print(new_key())


@secret_app.command(name="rotate")
def secret_rotate() -> None:
    """Seal every secret in the database with the first key. It may be broken off and run again.

    With LEADBRIDGE_SECRET_KEY: set it to `NEW,OLD` for every process and restart them, rotate, then set it to `NEW`.
    With the key file beside the embedded database a new key is made and the old one thrown away.
    """
    settings = Settings()
    with opened(settings) as database:
        resealed, others = rotate(settings, database)
    print(f"{resealed} secrets were sealed with the first key; {others} were already.")
