"""The Security header: a walk through its children, each of which is ours, or a refusal.

Nothing is verified here. A call may carry several tokens and HTTP Basic; they must then name the same caller, which
`authentication` sees to.

Sources: Web Services Security: SOAP Message Security 1.1 sections 6, 10 and 12, UsernameToken Profile 1.1 section 3.
"""

from collections.abc import Sequence

from lxml import etree

from leadbridge.authentication.evidence import Evidence
from leadbridge.soap.envelope import WSU
from leadbridge.soap.security.refusals import INVALID_SECURITY, UNSUPPORTED_SECURITY_TOKEN, unauthenticated
from leadbridge.soap.security.signature import BINARY_TOKEN, SIGNATURE, from_signatures
from leadbridge.soap.security.usernametoken import USERNAME_TOKEN, from_username_token

_TIMESTAMP = f"{{{WSU}}}Timestamp"


def from_security_header(security: etree._Element | None) -> Sequence[Evidence]:
    """What a Security header shows of who is calling; nothing without one. Raises Refusal."""
    if security is None:
        return ()
    timestamps: list[etree._Element] = []
    username_tokens: list[etree._Element] = []
    binary_tokens: list[etree._Element] = []
    signatures: list[etree._Element] = []
    kinds = {
        _TIMESTAMP: timestamps,
        USERNAME_TOKEN: username_tokens,
        BINARY_TOKEN: binary_tokens,
        SIGNATURE: signatures,
    }
    for block in security:
        kind = kinds.get(str(block.tag))
        if kind is None:
            text = "Only a UsernameToken and a Timestamp are accepted in a Security header."
            raise unauthenticated(text, UNSUPPORTED_SECURITY_TOKEN)
        kind.append(block)
    if len(username_tokens) > 1:
        raise unauthenticated("A Security header may have one UsernameToken.", INVALID_SECURITY)
    evidence = [from_username_token(token) for token in username_tokens]
    signed = from_signatures(
        tokens=binary_tokens, signatures=signatures, timestamp=timestamps[0] if timestamps else None
    )
    return [*evidence, *signed]
