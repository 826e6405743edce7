"""The names that a signature is made of, the algorithms that are accepted, and how a signature is refused."""

from enum import StrEnum

from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod

_WSS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss"
WSSE = f"{_WSS}-wssecurity-secext-1.0.xsd"
WSU = f"{_WSS}-wssecurity-utility-1.0.xsd"
DS = "http://www.w3.org/2000/09/xmldsig#"
EXCLUSIVE_C14N = CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0.value

SECURITY = f"{{{WSSE}}}Security"
BINARY_TOKEN = f"{{{WSSE}}}BinarySecurityToken"
TOKEN_REFERENCE = f"{{{WSSE}}}SecurityTokenReference"
REFERENCE = f"{{{WSSE}}}Reference"
TIMESTAMP = f"{{{WSU}}}Timestamp"
ID = f"{{{WSU}}}Id"
SIGNATURE = f"{{{DS}}}Signature"
KEY_INFO = f"{{{DS}}}KeyInfo"

X509V3 = f"{_WSS}-x509-token-profile-1.0#X509v3"
BASE64 = f"{_WSS}-soap-message-security-1.0#Base64Binary"

# Of RSA the padding that every toolkit has. Whatever is not here is refused: SHA-1 and MD5 are broken, an HMAC would
# be verified with what everybody knows, the public key.
SIGNATURE_METHODS = frozenset(
    {
        SignatureMethod.RSA_SHA256,
        SignatureMethod.RSA_SHA512,
        SignatureMethod.ECDSA_SHA256,
        SignatureMethod.ECDSA_SHA384,
        SignatureMethod.ECDSA_SHA512,
    }
)
DIGEST_ALGORITHMS = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512})

MOST_REFERENCES = 10  # Body and Timestamp, tokens, and seven headers of WS-Addressing; each costs a copy of the message
MOST_KEY_INFO = 12  # elements; the longest known way to name a certificate has seven
LONGEST_BASE64 = 24_000  # characters of one value: a certificate of 16 KB in lines


class Reason(StrEnum):
    """Why a signature is refused, in the words of WS-Security (SOAP Message Security 1.1 section 12)."""

    INVALID_SECURITY = "InvalidSecurity"
    INVALID_TOKEN = "InvalidSecurityToken"  # noqa: S105 # a code of the standard
    UNSUPPORTED_ALGORITHM = "UnsupportedAlgorithm"
    UNSUPPORTED_TOKEN = "UnsupportedSecurityToken"  # noqa: S105 # a code of the standard
    TOKEN_UNAVAILABLE = "SecurityTokenUnavailable"  # noqa: S105 # a code of the standard
    FAILED_CHECK = "FailedCheck"


class SignatureRefused(Exception):
    """A signature that proves nothing. The text is constant, and says what to send instead."""

    def __init__(self, reason: Reason, text: str) -> None:
        super().__init__(reason.value, text)
        self.reason = reason
        self.text = text
