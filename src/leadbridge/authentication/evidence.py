"""What a caller proves with who it is, as it was sent; nothing here is verified yet.

A door reads evidence out of what it receives, and `access` turns it into a caller. Sources: RFC 7617 (Basic),
RFC 6750 (Bearer), UsernameToken Profile 1.1 (PasswordText, PasswordDigest).
"""

import base64
import binascii
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

_LONGEST_AUTHORIZATION = 4_096  # bytes of a header; the longest id and the longest password together are well below


@dataclass(frozen=True, slots=True)
class Password:
    """A caller's ID and its password: HTTP Basic, or a UsernameToken with PasswordText."""

    caller_id: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Digest:
    """A UsernameToken with PasswordDigest: SHA-1 over nonce, `created` as it was written, and the secret.

    That it is fresh its door has seen to; that the nonce is, is a matter of OneTime.
    """

    caller_id: str
    digest: bytes
    nonce: bytes
    created: str


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token, as `leadbridge caller token` has printed it."""

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Certificate:
    """An X.509 certificate (DER) whose private key the sender has: a signature or mutual TLS has shown it."""

    der: bytes


@dataclass(frozen=True, slots=True)
class OneTime:
    """What comes with evidence and may be used once, such as a nonce. Shown again `until` that moment it is a replay;
    afterwards the evidence is too old anyway.
    """

    value: bytes
    until: datetime


Evidence: TypeAlias = Password | Digest | Token | Certificate


class CredentialsUnreadable(ValueError):
    """An Authorization header that holds no credentials of HTTP Basic."""


def bearer_token(header: bytes) -> Token | None:
    """The token in an Authorization header of the scheme Bearer (RFC 6750 section 2.1); None where it has another."""
    scheme, _, token = header[: _LONGEST_AUTHORIZATION + 1].partition(b" ")
    return Token(token.strip().decode("latin-1")) if scheme.lower() == b"bearer" else None


def basic_credentials(header: bytes) -> Password:
    """The password in an Authorization header of HTTP Basic (RFC 7617). Raises CredentialsUnreadable."""
    scheme, _, encoded = header[: _LONGEST_AUTHORIZATION + 1].partition(b" ")
    if scheme.lower() != b"basic" or len(header) > _LONGEST_AUTHORIZATION:
        raise CredentialsUnreadable("not HTTP Basic")
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True)
    except binascii.Error:
        raise CredentialsUnreadable("not base64") from None
    try:
        text = decoded.decode()
    except UnicodeDecodeError:
        text = decoded.decode("latin-1")  # what older toolkits send; RFC 7617 leaves it open to them
    caller_id, colon, password = text.partition(":")
    if not colon:
        raise CredentialsUnreadable("no password")
    return Password(caller_id, password)
