"""The UsernameToken: a caller's name, and its password as text.

Source: Web Services Security: UsernameToken Profile 1.1, section 3.
"""

from lxml import etree

from leadbridge.authentication.evidence import Evidence, Password
from leadbridge.soap.envelope import WSSE
from leadbridge.soap.security.refusals import INVALID_SECURITY, UNSUPPORTED_SECURITY_TOKEN, unauthenticated

USERNAME_TOKEN = f"{{{WSSE}}}UsernameToken"

_PROFILE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0"
_PASSWORD_TEXT = f"{_PROFILE}#PasswordText"
_USERNAME = f"{{{WSSE}}}Username"
_PASSWORD = f"{{{WSSE}}}Password"


def from_username_token(token: etree._Element) -> Evidence:
    """What a UsernameToken shows. Raises Refusal."""
    usernames, passwords = token.findall(_USERNAME), token.findall(_PASSWORD)
    if len(usernames) != 1 or len(passwords) != 1:
        text = "A UsernameToken must have one Username and one Password."
        raise unauthenticated(text, INVALID_SECURITY)
    if passwords[0].get("Type", _PASSWORD_TEXT) != _PASSWORD_TEXT:
        text = "Send the password as PasswordText, or use HTTP Basic."
        raise unauthenticated(text, UNSUPPORTED_SECURITY_TOKEN)
    return Password((usernames[0].text or "").strip(), passwords[0].text or "")
