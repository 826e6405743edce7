"""How our calls show the core CRM who we are, where it is not HTTP Basic: a UsernameToken beside a Timestamp, and an
X.509 signature.

Zeep's own plug-ins write the tokens. Sources: SOAP Message Security 1.1 section 10, UsernameToken Profile 1.1.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeAlias

from zeep.wsse import utils
from zeep.wsse.username import UsernameToken

from leadbridge.signatures.signing import Signer

Authentication: TypeAlias = Literal["basic", "username_token", "digest"]

GOOD_FOR = timedelta(minutes=5)
"""What most services allow by themselves. Each attempt has a Timestamp of its own."""


class Timestamp:
    """A plug-in that adds a Timestamp of now. Zeep's UsernameToken takes one, but the same for every call."""

    def apply(self, envelope: Any, headers: Any) -> tuple[Any, Any]:
        """Put it first into the Security header, where a receiver reads it before the tokens."""
        now = datetime.now(UTC)
        stamps = (
            maker(utils.get_timestamp(moment, zulu_timestamp=True))
            for maker, moment in ((utils.WSU.Created, now), (utils.WSU.Expires, now + GOOD_FOR))
        )
        utils.get_security_header(envelope).insert(0, utils.WSU.Timestamp(*stamps))
        return envelope, headers

    def verify(self, envelope: Any) -> None:
        """Nothing: answers are judged by our own parser, schemas and codec."""


class Signature:
    """A plug-in that signs the Body and what the ones before it have written. Zeep's own needs xmlsec."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    def apply(self, envelope: Any, headers: Any) -> tuple[Any, Any]:
        """Sign; it must be the last."""
        self._signer.sign(envelope, now=datetime.now(UTC))
        return envelope, headers

    def verify(self, envelope: Any) -> None:
        """Nothing: answers are verified where they are judged."""


def plug_ins(
    authentication: Authentication, *, username: str | None, password: str | None, signer: Signer | None = None
) -> list[Any]:
    """Zeep's plug-ins for what goes into the Security header; none for HTTP Basic without a `signer`."""
    signature = [Signature(signer)] if signer is not None else []
    if authentication == "basic" or username is None:
        return signature
    token = UsernameToken(username, password, use_digest=authentication == "digest", zulu_timestamp=True)
    return [Timestamp(), token, *signature]
