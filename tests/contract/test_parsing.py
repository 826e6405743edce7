"""The parser lets nothing happen that a message could ask for."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadbridge.contract.parsing import MalformedXml, children_of, line_of, parse, text_of


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"   ",
        b"<a>",
        b"<a></b>",
        b"<a/><b/>",
        b"<a>\x00</a>",
        b"<a>\xff</a>",
        b"<a b='1' b='2'/>",
        b"<a>&secret;</a>",
        b"<p:a/>",
        b"<?xml version='1.0' encoding='no-such-thing'?><a/>",
        b"<!DOCTYPE a><a/>",
        b"<!DOCTYPE a [<!ENTITY e 'secret'>]><a>&e;</a>",
        b"<!DOCTYPE a SYSTEM 'http://198.51.100.1/a.dtd'><a/>",
        b"<!DOCTYPE a [<!ENTITY % p SYSTEM 'http://198.51.100.1/p'> %p;]><a/>",
        "<!DOCTYPE a><a/>".encode("utf-16"),
        "\N{BYTE ORDER MARK}<!DOCTYPE a><a/>".encode(),
        "<?xml version='1.0' encoding='cp037'?><!DOCTYPE a><a/>".encode("cp037"),
        "<?xml version='1.0' encoding='UTF-7'?>+ADwAIQ-DOCTYPE a><a/>".encode("ascii"),
        b"<?xml version='1.0'" + b" " * 500 + b"encoding='UTF-7'?>+ADwAIQ-DOCTYPE a><a/>",
        b"<a>" * 400 + b"</a>" * 400,
    ],
)
def test_what_is_malformed_or_asks_for_more_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedXml) as caught:
        parse(data)
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert str(caught.value) == str(MalformedXml())


def test_no_file_is_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    with pytest.raises(MalformedXml):
        parse(f"<!DOCTYPE a [<!ENTITY e SYSTEM '{secret.as_uri()}'>]><a>&e;</a>".encode())
    include = f"<a xmlns:xi='http://www.w3.org/2001/XInclude'><xi:include href='{secret}' parse='text'/></a>"
    assert text_of(parse(include.encode())) == ""


def test_entities_do_not_multiply() -> None:
    entities = "".join(f"<!ENTITY e{n + 1} '{f'&e{n};' * 10}'>" for n in range(9))
    with pytest.raises(MalformedXml):
        parse(f"<!DOCTYPE a [<!ENTITY e0 'x'>{entities}]><a>&e9;</a>".encode())


def test_comments_and_processing_instructions_are_left_out() -> None:
    root = parse(b"<?p q?><!-- c --><a><!-- c -->on<!-- c -->e<?p q?><b/></a>")
    assert (root.text, len(root), len(children_of(root))) == ("one", 1, 1)


def test_lines_are_those_of_the_bytes() -> None:
    assert line_of(parse(b"<a>\n<!--\n-->\n<b/></a>")[0]) == 4


def test_utf_16_with_its_mark_is_read() -> None:
    assert parse("<a>Ä</a>".encode("utf-16")).text == "Ä"
