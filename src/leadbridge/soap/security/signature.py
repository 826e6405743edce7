"""X.509 signatures: none is accepted yet.

Source: Web Services Security: X.509 Certificate Token Profile 1.1, XML Signature.
"""

from collections.abc import Sequence

from lxml import etree

from leadbridge.authentication.evidence import Evidence
from leadbridge.soap.envelope import WSSE
from leadbridge.soap.security.refusals import UNSUPPORTED_SECURITY_TOKEN, unauthenticated

BINARY_TOKEN = f"{{{WSSE}}}BinarySecurityToken"
SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"


def from_signatures(
    *,
    tokens: Sequence[etree._Element],
    signatures: Sequence[etree._Element],
    timestamp: etree._Element | None,
) -> Sequence[Evidence]:
    """What the signatures of a Security header show; nothing without one. Raises Refusal.

    `tokens` are its BinarySecurityTokens, `timestamp` is the header's own.
    """
    del timestamp
    if tokens or signatures:
        text = "Only a UsernameToken and a Timestamp are accepted in a Security header."
        raise unauthenticated(text, UNSUPPORTED_SECURITY_TOKEN)
    return ()
