"""What holds for every test. A run ends with the skipped tests and their reasons (pytest's -rs)."""

import os

from hypothesis import HealthCheck, settings

from tests.support.hashing import hash_cheaply
from tests.support.logs import log_plainly

# How long an example takes says how busy the machine is.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_configure() -> None:
    """No test sees the settings of the shell it was started from; those it needs it sets itself."""
    for name in [name for name in os.environ if name.startswith("LEADBRIDGE_")]:
        del os.environ[name]
    log_plainly()
    hash_cheaply()
