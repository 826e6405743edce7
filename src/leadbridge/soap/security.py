"""Who says they are calling: credentials out of HTTP Basic and out of a WS-Security UsernameToken.

Nothing is verified here. A call may carry both; they must then name the same caller, which `authentication` sees to.

Sources: RFC 7617 (Basic), Web Services Security 1.1 section 12 (faults), UsernameToken Profile 1.1 section
3.
"""

from collections.abc import Sequence

from lxml import etree

from leadbridge.authentication.evidence import CredentialsUnreadable, Evidence, Password, basic_credentials
from leadbridge.messages import FaultTypeId
from leadbridge.soap.envelope import WSSE
from leadbridge.soap.faults import QName, Refusal

_WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
_PROFILE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0"
_PASSWORD_TEXT = f"{_PROFILE}#PasswordText"

_TOKEN = f"{{{WSSE}}}UsernameToken"
_USERNAME = f"{{{WSSE}}}Username"
_PASSWORD = f"{{{WSSE}}}Password"
_TIMESTAMP = f"{{{_WSU}}}Timestamp"

FAILED_AUTHENTICATION = QName("wsse", WSSE, "FailedAuthentication")
INVALID_SECURITY = QName("wsse", WSSE, "InvalidSecurity")
UNSUPPORTED_SECURITY_TOKEN = QName("wsse", WSSE, "UnsupportedSecurityToken")

WRONG_CREDENTIALS = "These are not the credentials of a caller."


def unauthenticated(text: str | None = None, code: QName | None = None) -> Refusal:
    """The refusal of a call without credentials or with wrong ones; one text for an unknown caller and a
    wrong password.
    """
    return Refusal(FaultTypeId.UNAUTHENTICATED, text, subcodes=[code] if code else [])


def from_authorization(header: bytes | None) -> Sequence[Evidence]:
    """What HTTP Basic shows; nothing without the header. Raises Refusal for another scheme and for nonsense."""
    if header is None:
        return ()
    try:
        return (basic_credentials(header),)
    except CredentialsUnreadable:
        raise unauthenticated(WRONG_CREDENTIALS if header[:6].lower() == b"basic " else None) from None


def from_security_header(security: etree._Element | None) -> Sequence[Evidence]:
    """What a UsernameToken shows; nothing without one. A Timestamp may stand beside it. Raises Refusal."""
    if security is None:
        return ()
    token: etree._Element | None = None
    for block in security:
        if block.tag == _TOKEN and token is None:
            token = block
        elif block.tag == _TOKEN:
            raise unauthenticated("A Security header may have one UsernameToken.", INVALID_SECURITY)
        elif block.tag != _TIMESTAMP:
            text = "Only a UsernameToken and a Timestamp are accepted in a Security header."
            raise unauthenticated(text, UNSUPPORTED_SECURITY_TOKEN)
    return (_password_of(token),) if token is not None else ()


def _password_of(token: etree._Element) -> Password:
    usernames, passwords = token.findall(_USERNAME), token.findall(_PASSWORD)
    if len(usernames) != 1 or len(passwords) != 1:
        text = "A UsernameToken must have one Username and one Password."
        raise unauthenticated(text, INVALID_SECURITY)
    if passwords[0].get("Type", _PASSWORD_TEXT) != _PASSWORD_TEXT:
        text = "Send the password as PasswordText, or use HTTP Basic."
        raise unauthenticated(text, UNSUPPORTED_SECURITY_TOKEN)
    return Password((usernames[0].text or "").strip(), passwords[0].text or "")
