"""The benchmarks run; what they measure is told by `make bench` and never asserted here."""

import gc
import logging
from collections.abc import Iterator

import pytest

from tests.benchmarks import codec, stack


@pytest.fixture(autouse=True)
def _left_as_it_was() -> Iterator[None]:
    """A benchmark sets its process up as a server does; the tests after it shall not notice."""
    thresholds, log = gc.get_threshold(), logging.getLogger("leadbridge")
    level = log.level
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)
    log.setLevel(level)


def test_the_door_is_measured_against_plain_spyne() -> None:
    result = stack.measure(rounds=1, calls=3)
    assert result.ours > 0
    assert result.plain_spyne > 0


def test_the_codec_is_measured_against_its_oracle() -> None:
    assert all(microseconds > 0 for microseconds in codec.measurements().values())
