"""What holds for every test. A run ends with the skipped tests and their reasons (pytest's -rs)."""

import os

from tests.support.logs import log_plainly


def pytest_configure() -> None:
    """No test sees the settings of the shell it was started from; those it needs it sets itself."""
    for name in [name for name in os.environ if name.startswith("LEADBRIDGE_")]:
        del os.environ[name]
    log_plainly()
