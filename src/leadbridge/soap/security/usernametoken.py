"""The UsernameToken: a caller's name, with its password as text, or with a digest.

A Nonce counts by its bytes, however they are written. With a password as text it may be left out; where it is there, it
may be used once, as with a digest.

Source: Web Services Security: UsernameToken Profile 1.1, section 3.
"""

import base64
from datetime import datetime

from lxml import etree

from leadbridge.authentication.evidence import Digest, Evidence, OneTime, Password
from leadbridge.signatures.names import BASE64, WSSE
from leadbridge.soap.security.codes import INVALID_SECURITY, UNSUPPORTED_SECURITY_TOKEN, unauthenticated
from leadbridge.soap.security.freshness import WHITE_SPACE, Freshness, moment
from leadbridge.soap.security.timestamp import CREATED

USERNAME_TOKEN = f"{{{WSSE}}}UsernameToken"

_PROFILE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0"
_TEXT = f"{_PROFILE}#PasswordText"
_DIGEST = f"{_PROFILE}#PasswordDigest"
_USERNAME = f"{{{WSSE}}}Username"
_PASSWORD = f"{{{WSSE}}}Password"
_NONCE = f"{{{WSSE}}}Nonce"

_LONGEST_NONCE = 256  # bytes; toolkits send 16 to 32
_NO_WHITE_SPACE = str.maketrans("", "", WHITE_SPACE)


def from_username_token(
    token: etree._Element, *, freshness: Freshness, now: datetime
) -> tuple[Evidence, tuple[OneTime, ...]]:
    """What a UsernameToken shows, and what of it may be used once. Raises Refusal."""
    parts: dict[str, etree._Element] = {}
    for part in token:
        if part.tag not in (_USERNAME, _PASSWORD, _NONCE, CREATED):
            text = "A UsernameToken may have a Username, a Password, a Nonce and a Created: no keys are derived."
            raise unauthenticated(text, UNSUPPORTED_SECURITY_TOKEN)
        if str(part.tag) in parts or len(part):
            raise _incomplete()
        parts[str(part.tag)] = part
    if _USERNAME not in parts or _PASSWORD not in parts:
        raise _incomplete()
    caller_id = (parts[_USERNAME].text or "").strip()
    password = parts[_PASSWORD].text or ""
    kind = parts[_PASSWORD].get("Type", _TEXT)
    if kind not in (_TEXT, _DIGEST):
        text = "Send the password as PasswordText or PasswordDigest, or use HTTP Basic."
        raise unauthenticated(text, UNSUPPORTED_SECURITY_TOKEN)
    nonce = _nonce_of(parts[_NONCE]) if _NONCE in parts else None
    written = (parts[CREATED].text or "").strip(WHITE_SPACE) if CREATED in parts else None
    created = moment(written) if written is not None else None
    if (nonce is not None or kind == _DIGEST) and created is None:
        raise unauthenticated("A Nonce and a PasswordDigest need a Created beside them.", INVALID_SECURITY)
    if kind == _DIGEST and nonce is None:
        raise unauthenticated("A PasswordDigest needs a Nonce beside it.", INVALID_SECURITY)
    once: tuple[OneTime, ...] = ()
    if created is not None:
        freshness.check(created, now=now)
        if nonce is not None:
            once = (OneTime(nonce, freshness.remembered_until(created)),)
    if kind == _DIGEST:
        assert nonce is not None
        assert written is not None
        return Digest(caller_id, _digest(password), nonce, written), once
    return Password(caller_id, password), once


def _incomplete() -> Exception:
    return unauthenticated("A UsernameToken must have one Username and one Password.", INVALID_SECURITY)


def _nonce_of(nonce: etree._Element) -> bytes:
    """The bytes of a Nonce."""
    text = "A Nonce must be base64 of up to 256 bytes."
    if nonce.get("EncodingType", BASE64) != BASE64:
        raise unauthenticated(text, INVALID_SECURITY)
    decoded = _decoded(nonce.text)
    if not decoded or len(decoded) > _LONGEST_NONCE:
        raise unauthenticated(text, INVALID_SECURITY)
    return decoded


def _digest(text: str) -> bytes:
    """The bytes of a digest. What is no base64 is no digest, and gets the answer of a wrong one."""
    return _decoded(text) or b""


def _decoded(text: str | None) -> bytes | None:
    """The bytes of an xs:base64Binary, in which white space may stand; None for anything else."""
    try:
        return base64.b64decode((text or "").translate(_NO_WHITE_SPACE), validate=True)
    except ValueError:  # also where it is not ASCII
        return None
