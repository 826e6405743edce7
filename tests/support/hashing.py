"""What hashing a password costs in tests: as little as argon2 allows, for most of them are about something else."""

import pytest
from argon2 import PasswordHasher

from leadbridge.authentication import callers, passwords

SHIPPED_HASHER = callers.hasher
SHIPPED_NOBODY = passwords._NOBODY
"""What tests about the cost itself look at."""


def hash_cheaply() -> None:
    """From now on in this process. A hash says what it took, so that servers verify one made here as cheaply."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    patch = pytest.MonkeyPatch()  # for good
    for module in (callers, passwords):
        patch.setattr(module, "hasher", cheap)
    patch.setattr(passwords, "_NOBODY", cheap.hash("a password that was thrown away"))
