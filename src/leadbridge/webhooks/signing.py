"""How a request to a receiver is signed: the Standard Webhooks scheme, symmetric, version 1.

Source: Standard Webhooks (github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md), sections
"Webhook metadata" and "Verifying webhook authenticity".
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime

from leadbridge.authentication.callers import CallerError

PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64  # bytes; the specification's bounds


class SecretInvalid(CallerError):
    """It is no secret of this scheme."""


def new_secret() -> str:
    """A secret, made by chance."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def key_of(secret: str) -> bytes:
    """The key in a secret. Raises SecretInvalid."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True) if secret.startswith(PREFIX) else b""
    except (binascii.Error, ValueError):
        key = b""
    if not SHORTEST <= len(key) <= LONGEST:
        raise SecretInvalid(f"a webhook's secret is {PREFIX} and {SHORTEST} to {LONGEST} bytes in base64")
    return key


def headers(*, message_id: str, body: bytes, now: datetime, signed_with: Sequence[str]) -> dict[str, str]:
    """The headers that identify and sign a body; with several secrets it is signed with each. `now` is aware."""
    timestamp = str(int(now.timestamp()))
    signed = f"{message_id}.{timestamp}.".encode() + body
    digests = (hmac.new(key_of(one), signed, hashlib.sha256).digest() for one in signed_with)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{base64.b64encode(one).decode()}" for one in digests),
    }
