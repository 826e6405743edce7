"""Text as it may stand in XML."""

import re

FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 (section 2.2, Char) has no way to write, not even as a reference."""


def escape_text(text: str) -> str:
    """`text` as the content of an element.

    Raises:
        ValueError: a character that XML cannot carry.
    """
    if "&" in text:
        text = text.replace("&", "&amp;")
    if "<" in text:
        text = text.replace("<", "&lt;")
    if ">" in text:
        text = text.replace(">", "&gt;")
    if not text.isprintable():  # says yes to nearly every text; line breaks and the rest are looked at closer
        _refuse_forbidden(text)
        text = text.replace("\r", "&#13;")  # as it stands, a parser would read a line feed
    return text


def escape_attribute(text: str) -> str:
    """`text` as the value of an attribute in double quotes; white space is kept as it is.

    Raises:
        ValueError: a character that XML cannot carry.
    """
    if text.isalnum():  # a code, such as of a currency or a language: letters and digits of any script
        return text
    _refuse_forbidden(text)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    return text.replace("\t", "&#9;").replace("\n", "&#10;").replace("\r", "&#13;")


def _refuse_forbidden(text: str) -> None:
    if FORBIDDEN.search(text) is not None:
        raise ValueError("a text holds a character that XML cannot carry")
