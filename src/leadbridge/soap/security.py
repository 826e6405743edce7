"""Who says they are calling: credentials out of HTTP Basic and out of a WS-Security UsernameToken.

Nothing is verified here. A call may carry both; they must then name the same caller, which the access check
sees to.

Sources: RFC 7617 (Basic), Web Services Security 1.1 section 12 (faults), UsernameToken Profile 1.1 section
3.
"""

import base64
import binascii
from dataclasses import dataclass, field

from lxml import etree

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

# A header of more is refused unread: the longest caller id and the longest password together are well below.
_LONGEST_AUTHORIZATION = 4_096

FAILED_AUTHENTICATION = QName("wsse", WSSE, "FailedAuthentication")
INVALID_SECURITY = QName("wsse", WSSE, "InvalidSecurity")
UNSUPPORTED_SECURITY_TOKEN = QName("wsse", WSSE, "UnsupportedSecurityToken")

WRONG_CREDENTIALS = "These are not the credentials of a caller."


@dataclass(frozen=True, slots=True)
class Credentials:
    """A caller id and a password as they were sent. `fault_code` is the code of WS-Security, where that
    carried them.
    """

    caller_id: str
    password: str = field(repr=False)
    fault_code: QName | None = None


def unauthenticated(text: str | None = None, code: QName | None = None) -> Refusal:
    """The refusal of a call without credentials or with wrong ones; one text for an unknown caller and a
    wrong password.
    """
    return Refusal(FaultTypeId.UNAUTHENTICATED, text, subcodes=[code] if code else [])


def from_authorization(header: bytes | None) -> Credentials | None:
    """The credentials of HTTP Basic; None without the header. Raises Refusal for another scheme and for
    nonsense.
    """
    if header is None:
        return None
    scheme, _, encoded = header[: _LONGEST_AUTHORIZATION + 1].partition(b" ")
    if scheme.lower() != b"basic" or len(header) > _LONGEST_AUTHORIZATION:
        raise unauthenticated()
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True)
    except binascii.Error:
        raise unauthenticated(WRONG_CREDENTIALS) from None
    try:
        text = decoded.decode()
    except UnicodeDecodeError:
        text = decoded.decode("latin-1")  # what older toolkits send; RFC 7617 leaves it open to them
    caller_id, colon, password = text.partition(":")
    if not colon:
        raise unauthenticated(WRONG_CREDENTIALS)
    return Credentials(caller_id, password)


def from_security_header(security: etree._Element | None) -> Credentials | None:
    """The credentials of a UsernameToken; None without one. A Timestamp may stand beside it. Raises
    Refusal.
    """
    if security is None:
        return None
    token: etree._Element | None = None
    for block in security:
        if block.tag == _TOKEN and token is None:
            token = block
        elif block.tag == _TOKEN:
            raise unauthenticated("A Security header may have one UsernameToken.", INVALID_SECURITY)
        elif block.tag != _TIMESTAMP:
            text = "Only a UsernameToken and a Timestamp are accepted in a Security header."
            raise unauthenticated(text, UNSUPPORTED_SECURITY_TOKEN)
    return _credentials_of(token) if token is not None else None


def _credentials_of(token: etree._Element) -> Credentials:
    usernames, passwords = token.findall(_USERNAME), token.findall(_PASSWORD)
    if len(usernames) != 1 or len(passwords) != 1:
        text = "A UsernameToken must have one Username and one Password."
        raise unauthenticated(text, INVALID_SECURITY)
    if passwords[0].get("Type", _PASSWORD_TEXT) != _PASSWORD_TEXT:
        text = "Send the password as PasswordText, or use HTTP Basic."
        raise unauthenticated(text, UNSUPPORTED_SECURITY_TOKEN)
    return Credentials((usernames[0].text or "").strip(), passwords[0].text or "", FAILED_AUTHENTICATION)
