"""The bytes of bulk files: gzip or not, whole or not, and never more than the limits allow."""

from __future__ import annotations

import gzip
import random
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from leadbridge.bulk.sources import BLOCK, Inflater, SourceBroken, SourceLimits, blocks_of_file, plain

LIMITS = SourceLimits(largest_file_bytes=100_000_000, largest_ratio=200)


def blocks(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def noise(size: int) -> bytes:
    return random.Random(7).randbytes(size)


@pytest.mark.parametrize("size", [1, 2, 1_000, 1_000_000])
@pytest.mark.parametrize("length", [0, 1, 2, 10, 5_000])
def test_gzip_or_not_the_same_bytes_come_out(length: int, size: int) -> None:
    data = noise(length)
    assert b"".join(plain(blocks(data, size), LIMITS)) == data
    assert b"".join(plain(blocks(gzip.compress(data), size), LIMITS)) == data


def test_several_members_and_padding_behind_them() -> None:
    data = gzip.compress(b"one ") + gzip.compress(b"two") + b"\0" * 100
    for size in (1, 7, 1_000):
        assert b"".join(plain(blocks(data, size), LIMITS)) == b"one two"


def test_truncated_at_every_byte() -> None:
    data = gzip.compress(noise(300))
    for length in range(2, len(data)):
        out: list[bytes] = []
        with pytest.raises(SourceBroken, match="ends before its end"):
            out.extend(plain(blocks(data[:length], 50), LIMITS))
        assert noise(300).startswith(b"".join(out))


def test_damaged() -> None:
    data = bytearray(gzip.compress(noise(5_000)))
    data[-6] ^= 1  # the checksum
    with pytest.raises(SourceBroken, match="damaged"):
        list(plain([bytes(data)], LIMITS))
    with pytest.raises(SourceBroken, match="damaged"):
        list(plain([gzip.compress(b"a") + b"rubbish"], LIMITS))


def test_row_21_a_bomb_is_stopped_at_its_ratio_in_little_memory() -> None:
    bomb = gzip.compress(b"\0" * 200_000_000, 9)
    tracemalloc.start()
    sizes: list[int] = []
    with pytest.raises(SourceBroken, match="more than 200 times"):
        sizes.extend(len(block) for block in plain(blocks(bomb, 10_000), LIMITS))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sum(sizes) < 10_000_000
    assert peak < 20 * BLOCK


def test_row_21_what_deflates_well_and_is_short_is_no_bomb() -> None:
    data = b" " * 1_000_000
    assert b"".join(plain([gzip.compress(data)], LIMITS)) == data


@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_row_04_the_largest_file_passes_and_one_byte_more_is_refused(compress: type[bytes]) -> None:
    limits = SourceLimits(largest_file_bytes=5_000, largest_ratio=200)
    assert b"".join(plain(blocks(compress(noise(5_000)), 100), limits)) == noise(5_000)
    with pytest.raises(SourceBroken, match="more than 5,000 bytes"):
        list(plain(blocks(compress(noise(5_001)), 100), limits))


def test_inflated_blocks_are_small() -> None:
    inflater = Inflater(LIMITS)
    sizes = [len(block) for block in inflater.feed(gzip.compress(noise(1_000) * 2_000, 1))]
    assert max(sizes) <= BLOCK
    assert sum(sizes) == 2_000_000


def test_a_file_in_blocks(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(noise(BLOCK + 5))
    assert [len(block) for block in blocks_of_file(path)] == [BLOCK, 5]
