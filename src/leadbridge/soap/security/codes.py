"""The words in which WS-Security refuses: its codes, and the refusals that carry them.

Source: Web Services Security: SOAP Message Security 1.1, section 12.
"""

from leadbridge.messages import FaultTypeId
from leadbridge.signatures.names import WSSE
from leadbridge.soap.faults import QName, Refusal

FAILED_AUTHENTICATION = QName("wsse", WSSE, "FailedAuthentication")
INVALID_SECURITY = QName("wsse", WSSE, "InvalidSecurity")
INVALID_SECURITY_TOKEN = QName("wsse", WSSE, "InvalidSecurityToken")
UNSUPPORTED_SECURITY_TOKEN = QName("wsse", WSSE, "UnsupportedSecurityToken")


def unauthenticated(text: str | None = None, code: QName | None = None) -> Refusal:
    """The refusal of a call without credentials or with wrong ones; one text for an unknown caller and a
    wrong password.
    """
    return Refusal(FaultTypeId.UNAUTHENTICATED, text, subcodes=[code] if code else [])
