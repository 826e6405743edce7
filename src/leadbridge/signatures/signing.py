"""Signs messages of our own: Body and Timestamp, with the certificate as a BinarySecurityToken.

The algorithms are the ones that every toolkit has: sha256, and with a longer curve the hash that belongs to it.
"""

from base64 import b64encode
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureConstructionMethod, SignatureMethod
from signxml.signer import XMLSigner

from leadbridge.keyfiles import WAY_OUT, others_may_read
from leadbridge.settings import SettingsError
from leadbridge.signatures.names import (
    BASE64,
    BINARY_TOKEN,
    ID,
    KEY_INFO,
    REFERENCE,
    SECURITY,
    TIMESTAMP,
    TOKEN_REFERENCE,
    WSSE,
    WSU,
    X509V3,
)

_BY_CURVE = {
    ec.SECP256R1.name: SignatureMethod.ECDSA_SHA256,
    ec.SECP384R1.name: SignatureMethod.ECDSA_SHA384,
    ec.SECP521R1.name: SignatureMethod.ECDSA_SHA512,
}
_SMALLEST_RSA = 2048  # bits; NIST SP 800-131A revision 2

# How long a message that we have signed is good for. Long enough for clocks that differ by minutes.
_LIFETIME = timedelta(minutes=5)


class Signer:
    """Signs with one key. Safe to share between threads."""

    def __init__(self, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        self._key = key
        self._method = SignatureMethod.RSA_SHA256 if isinstance(key, rsa.RSAPrivateKey) else _BY_CURVE[key.curve.name]
        self._certificate = b64encode(certificate.public_bytes(Encoding.DER)).decode()

    def sign(self, envelope: etree._Element, *, now: datetime) -> None:
        """Sign an Envelope of either version of SOAP: its Body, and whatever stands in its Header, such as a
        UsernameToken or what an answer relates to. A Timestamp of `now` (aware) is added where there is none.
        """
        soap = etree.QName(envelope).namespace
        body = envelope.find(f"{{{soap}}}Body")
        assert body is not None, "a message has a Body"
        header = envelope.find(f"{{{soap}}}Header")
        if header is None:
            header = etree.Element(f"{{{soap}}}Header")
            envelope.insert(0, header)
        security = header.find(SECURITY)
        if security is None:
            security = etree.SubElement(header, SECURITY, nsmap={"wsse": WSSE, "wsu": WSU})
        if security.find(TIMESTAMP) is None:
            _add_timestamp(security, now)
        covered = [body, *(block for block in header if block is not security), *security]
        token = etree.SubElement(security, BINARY_TOKEN, {"ValueType": X509V3, "EncodingType": BASE64})
        token.text = self._certificate
        signer = XMLSigner(
            method=SignatureConstructionMethod.detached,
            signature_algorithm=self._method,
            digest_algorithm=DigestAlgorithm.SHA256,
            c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
        )
        key_info = _key_info(_identified(token))
        signature = signer.sign(
            envelope,
            key=self._key,
            reference_uri=[f"#{_identified(element)}" for element in covered],
            key_info=key_info,
            id_attribute="Id",
        )
        security.append(signature)


def signer_from(*, key_file: str, certificate_file: str, setting: str) -> Signer:
    """The signer with a key and its certificate, both PEM. `setting` is what the two settings' names begin with.

    Raises SettingsError: unreadable, no such key or certificate, not a pair, or a key that others may read.
    """
    key_name, certificate_name = f"{setting}_key_file", f"{setting}_certificate_file"
    try:
        path = Path(key_file)
        if others_may_read(path):
            raise _unusable(f"{key_name}: {WAY_OUT}")
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise _unusable(f"{key_name}: the file cannot be read ({error.strerror})") from None
    except (TypeError, ValueError, UnsupportedAlgorithm):
        raise _unusable(f"{key_name}: the file must hold a private key in PEM, without a passphrase") from None
    if not (isinstance(key, rsa.RSAPrivateKey) and key.key_size >= _SMALLEST_RSA) and not (
        isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _BY_CURVE
    ):
        raise _unusable(
            f"{key_name}: the key must be RSA of {_SMALLEST_RSA} bits or more, or EC on P-256, P-384 or P-521"
        )
    certificate = certificate_from(certificate_file, setting=certificate_name)
    if certificate.public_key() != key.public_key():
        raise _unusable(f"{certificate_name}: the certificate belongs to another key than {key_name}")
    return Signer(key, certificate)


def certificate_from(file: str, *, setting: str) -> x509.Certificate:
    """The certificate in a PEM file; the first one, where its chain follows. Raises SettingsError."""
    try:
        return x509.load_pem_x509_certificate(Path(file).read_bytes())
    except OSError as error:
        raise _unusable(f"{setting}: the file cannot be read ({error.strerror})") from None
    except ValueError:
        raise _unusable(f"{setting}: the file must hold a certificate in PEM") from None


def _unusable(problem: str) -> SettingsError:
    return SettingsError([problem])


def _add_timestamp(security: etree._Element, now: datetime) -> None:
    timestamp = etree.SubElement(security, TIMESTAMP)
    for name, moment in (("Created", now), ("Expires", now + _LIFETIME)):
        etree.SubElement(timestamp, f"{{{WSU}}}{name}").text = f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _identified(element: etree._Element) -> str:
    """The wsu:Id of an element, given to it where it has none; by chance, because what callers sent in an Extension may
    have identifiers too.
    """
    identifier = element.get(ID) or f"id-{uuid4()}"
    element.set(ID, identifier)
    return identifier


def _key_info(token_id: str) -> etree._Element:
    key_info = etree.Element(KEY_INFO)
    reference = etree.SubElement(key_info, TOKEN_REFERENCE, nsmap={"wsse": WSSE})
    etree.SubElement(reference, REFERENCE, {"URI": f"#{token_id}", "ValueType": X509V3})
    return key_info
