"""The Security header: a walk through its children, each of which is ours, or a refusal.

Nothing is verified here but that it is fresh. A call may carry several tokens and HTTP Basic; they must then name the
same caller, which `authentication` sees to.

Sources: Web Services Security: SOAP Message Security 1.1 sections 6, 10 and 12, UsernameToken Profile 1.1 section 3.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from leadbridge.authentication.evidence import Certificate, Evidence, OneTime
from leadbridge.signatures.names import BINARY_TOKEN, SIGNATURE, TIMESTAMP
from leadbridge.soap.security.codes import INVALID_SECURITY, UNSUPPORTED_SECURITY_TOKEN, unauthenticated
from leadbridge.soap.security.freshness import Freshness
from leadbridge.soap.security.timestamp import check_timestamp
from leadbridge.soap.security.usernametoken import USERNAME_TOKEN, from_username_token


@dataclass(frozen=True, slots=True)
class SecurityHeader:
    """What a Security header shows of who is calling, and what of it may be used `once`.

    What a signature shows is not in it before that was verified.
    """

    evidence: Sequence[Evidence] = ()
    once: Sequence[OneTime] = ()
    has_signature: bool = False

    def and_signed(self, evidence: Certificate, once: OneTime) -> "SecurityHeader":
        """The same and what its signature shows, which was verified."""
        return SecurityHeader([*self.evidence, evidence], [*self.once, once], has_signature=True)


def read_security_header(security: etree._Element, *, freshness: Freshness, now: datetime) -> SecurityHeader:
    """What a Security header shows. Raises Refusal: Unauthenticated or MessageExpired, in the words of WS-Security."""
    timestamps: list[etree._Element] = []
    username_tokens: list[etree._Element] = []
    binary_tokens: list[etree._Element] = []
    signatures: list[etree._Element] = []
    kinds = {
        TIMESTAMP: timestamps,
        USERNAME_TOKEN: username_tokens,
        BINARY_TOKEN: binary_tokens,
        SIGNATURE: signatures,
    }
    for block in security:
        kind = kinds.get(str(block.tag))
        if kind is None:
            text = "Only a UsernameToken, a Timestamp and an X.509 signature are accepted in a Security header."
            raise unauthenticated(text, UNSUPPORTED_SECURITY_TOKEN)
        kind.append(block)
    if len(username_tokens) > 1 or len(timestamps) > 1:
        raise unauthenticated("A Security header may have one UsernameToken and one Timestamp.", INVALID_SECURITY)
    timestamp = timestamps[0] if timestamps else None
    if timestamp is not None:
        check_timestamp(timestamp, freshness=freshness, now=now)
    evidence: list[Evidence] = []
    once: list[OneTime] = []
    for token in username_tokens:
        shown, used = from_username_token(token, freshness=freshness, now=now)
        evidence.append(shown)
        once += used
    if binary_tokens and not signatures:
        raise unauthenticated("A BinarySecurityToken shows nobody without a Signature.", INVALID_SECURITY)
    return SecurityHeader(evidence, once, has_signature=bool(signatures))
