"""Hostile bytes: what a broken or malicious sender makes of a message that was right, without knowing what it means."""

from __future__ import annotations

import codecs

from hypothesis import strategies as st

# Pieces that parsers have stumbled over; each is legal somewhere and wrong nearly everywhere.
TOKENS = (
    *(b"<", b">", b"</", b"/>", b"<!--", b"-->", b"--", b"<![CDATA[", b"]]>", b"<?x y?>", b"<?xml version='1.1'?>"),
    *(b"&", b"&amp;", b"&x;", b"&#0;", b"&#x1F;", b"&#xD800;", b"&#x110000;", b"&#65;", b"%x;", b"&lt;a&gt;"),
    *(b"<!DOCTYPE a>", b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]>', b'<!ENTITY x "y">'),
    *(b"\0", b"\x01", b"\x0b", b"\x1a", b"\x7f", b"\x85", b"\r", b"\r\n", b"\t", b"\xa0", b"\xff", b"\xfe\xff"),
    *(b"\xef\xbb\xbf", b"\xc0\xaf", b"\xed\xa0\x80", b"\xef\xbf\xbe", b"\xf4\x90\x80\x80", b"\xe2\x80\xae"),
    *(b' xmlns="urn:x"', b' xmlns:e=""', b' xmlns:xml="urn:x"', b' a="1" a="2"', b" x:y='1'", b"'", b'"', b"=", b":"),
    *(b"0", b"-1", b"9" * 40, b"1e309", b"NaN", b"%s%n", b"{0}", b"${x}", b"..", b"*", b"%", b"_", b"\\", b";", b","),
)  # fmt: skip

ENCODINGS = ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp037", "utf-7", "cp1252", "utf-8")

_MARKS = (b"", codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, b"\xfe", b"\x1f\x8b")


@st.composite
def mutilated(draw: st.DrawFn, data: bytes, *, most: int = 4) -> bytes:
    """`data` after one to `most` accidents."""
    for _ in range(draw(st.integers(1, most))):
        data = draw(st.sampled_from(_ACCIDENTS))(draw, data)
    return data


def _place(draw: st.DrawFn, data: bytes) -> int:
    return draw(st.integers(0, len(data)))


def _slice(draw: st.DrawFn, data: bytes, longest: int = 400) -> tuple[int, int]:
    begin = _place(draw, data)
    return begin, min(len(data), begin + draw(st.integers(1, longest)))


def _flip(draw: st.DrawFn, data: bytes) -> bytes:
    if not data:
        return b"\0"
    at = draw(st.integers(0, len(data) - 1))
    return data[:at] + bytes([data[at] ^ (1 << draw(st.integers(0, 7)))]) + data[at + 1 :]


def _delete(draw: st.DrawFn, data: bytes) -> bytes:
    begin, end = _slice(draw, data)
    return data[:begin] + data[end:]


def _insert(draw: st.DrawFn, data: bytes) -> bytes:
    at = _place(draw, data)
    return data[:at] + draw(st.sampled_from(TOKENS)) + data[at:]


def _replace(draw: st.DrawFn, data: bytes) -> bytes:
    begin, end = _slice(draw, data, 40)
    return data[:begin] + draw(st.sampled_from(TOKENS) | st.binary(max_size=8)) + data[end:]


def _duplicate(draw: st.DrawFn, data: bytes) -> bytes:
    begin, end = _slice(draw, data)
    times = draw(st.sampled_from((1, 2, 40, 900)))
    return data[:end] + data[begin:end] * times + data[end:]


def _move(draw: st.DrawFn, data: bytes) -> bytes:
    begin, end = _slice(draw, data)
    rest = data[:begin] + data[end:]
    at = _place(draw, rest)
    return rest[:at] + data[begin:end] + rest[at:]


def _truncate(draw: st.DrawFn, data: bytes) -> bytes:
    return data[: _place(draw, data)]


def _reencode(draw: st.DrawFn, data: bytes) -> bytes:
    return data.decode("utf-8", "replace").encode(draw(st.sampled_from(ENCODINGS)), "replace")


def _mark(draw: st.DrawFn, data: bytes) -> bytes:
    return draw(st.sampled_from(_MARKS)) + data


def _surround(draw: st.DrawFn, data: bytes) -> bytes:
    token = draw(st.sampled_from(TOKENS))
    return token + data if draw(st.booleans()) else data + token


_ACCIDENTS = (_flip, _delete, _insert, _insert, _replace, _duplicate, _move, _truncate, _reencode, _mark, _surround)


@st.composite
def cut_up(draw: st.DrawFn, data: bytes) -> tuple[bytes, ...]:
    """`data` in the pieces in which it arrives."""
    if draw(st.integers(0, 3)):
        return (data,)
    places = sorted(draw(st.lists(st.integers(0, len(data)), max_size=5)))
    return tuple(data[begin:end] for begin, end in zip([0, *places], [*places, len(data)], strict=True))
