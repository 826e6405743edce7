"""Signed messages by hand, right ones and wrong ones, with nothing of what verifies them.

A message is built, signed with the primitives of `cryptography` and libxml2's canonical forms, and may then be altered
as an attacker would: `sign` gives the tree.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from lxml import etree

from leadbridge.authentication.certificates import add_certificate
from leadbridge.signatures.signing import Signer
from leadbridge.soap.versions import SOAP_11, SOAP_12, SoapVersion
from leadbridge.store.database import Database
from tests.support.certificates import Identity
from tests.support.door import CREATE_LEAD, NOW, PARTNER, WSSE, WSU
from tests.support.wss import instant

DS = "http://www.w3.org/2000/09/xmldsig#"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
X509V3 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3"
BASE64 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
ID = f"{{{WSU}}}Id"

METHODS: dict[str, tuple[str, Any]] = {
    "rsa-sha1": (f"{DS}rsa-sha1", hashes.SHA1()),
    "rsa-md5": (f"{MORE}rsa-md5", hashes.MD5()),
    "rsa-sha256": (f"{MORE}rsa-sha256", hashes.SHA256()),
    "rsa-sha512": (f"{MORE}rsa-sha512", hashes.SHA512()),
    "ecdsa-sha1": (f"{MORE}ecdsa-sha1", hashes.SHA1()),
    "ecdsa-sha256": (f"{MORE}ecdsa-sha256", hashes.SHA256()),
    "ecdsa-sha384": (f"{MORE}ecdsa-sha384", hashes.SHA384()),
    "ecdsa-sha512": (f"{MORE}ecdsa-sha512", hashes.SHA512()),
}
DIGESTS = {
    "sha1": f"{DS}sha1",
    "md5": f"{MORE}md5",
    "sha256": "http://www.w3.org/2001/04/xmlenc#sha256",
    "sha384": f"{MORE}sha384",
    "sha512": "http://www.w3.org/2001/04/xmlenc#sha512",
}


def pin(database: Database, who: Identity, caller_id: str = PARTNER.id) -> None:
    """Let a certificate show a caller."""
    add_certificate(database, caller_id=caller_id, data=who.pem, now=NOW)


def signer_of(who: Identity) -> Signer:
    """What our own code signs with."""
    assert isinstance(who.key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
    return Signer(who.key, who.certificate)


def signable(data: bytes) -> etree._Element:
    """An envelope without a Header, made ready for `sign`."""
    root = etree.fromstring(data)
    body_of(root).set(ID, "body")
    prepared = message(version=SOAP_11 if root.tag == SOAP_11.envelope_tag else SOAP_12)
    root.insert(0, prepared[0])
    return root


def message(
    *,
    version: SoapVersion = SOAP_11,
    payload: str = CREATE_LEAD,
    header: str = "",
    more: str = "",
    created: str | None = None,
    expires: str | None = None,
    attributes: str = "",
) -> etree._Element:
    """An Envelope whose Body and Timestamp can be signed: they have the wsu:Ids body and time. `header` stands in the
    Header before the Security header, `more` within that.
    """
    until = f"<u:Expires>{expires}</u:Expires>" if expires else ""
    return etree.fromstring(
        f'<e:Envelope xmlns:e="{version.namespace}" xmlns:s="{WSSE}" xmlns:u="{WSU}" {attributes}><e:Header>{header}'
        f'<s:Security><u:Timestamp u:Id="time"><u:Created>{created or instant()}</u:Created>{until}</u:Timestamp>{more}'
        f'</s:Security></e:Header><e:Body u:Id="body">{payload}</e:Body></e:Envelope>'
    )


def security_of(root: etree._Element) -> etree._Element:
    """The first Security header."""
    found = root.find(f".//{{{WSSE}}}Security")
    assert found is not None
    return found


def body_of(root: etree._Element) -> etree._Element:
    """The Body in its place."""
    return root[-1]


def token(who: Identity, *, identifier: str = "token") -> str:
    """A BinarySecurityToken."""
    return (
        f'<s:BinarySecurityToken xmlns:s="{WSSE}" xmlns:u="{WSU}" u:Id="{identifier}" ValueType="{X509V3}" '
        f'EncodingType="{BASE64}">{base64.b64encode(who.der).decode()}</s:BinarySecurityToken>'
    )


def by_reference(identifier: str = "token") -> str:
    """What names the certificate in a BinarySecurityToken."""
    return (
        f'<s:SecurityTokenReference xmlns:s="{WSSE}"><s:Reference URI="#{identifier}" ValueType="{X509V3}"/>'
        "</s:SecurityTokenReference>"
    )


def by_serial(serial: int, issuer: str = "CN=acme") -> str:
    """What names a certificate by issuer and serial number."""
    return (
        f'<s:SecurityTokenReference xmlns:s="{WSSE}"><X509Data xmlns="{DS}"><X509IssuerSerial><X509IssuerName>{issuer}'
        f"</X509IssuerName><X509SerialNumber>{serial}</X509SerialNumber></X509IssuerSerial></X509Data>"
        "</s:SecurityTokenReference>"
    )


def by_certificate(who: Identity) -> str:
    """A certificate as it stands."""
    encoded = base64.encodebytes(who.der).decode()
    return f'<X509Data xmlns="{DS}"><X509Certificate>{encoded}</X509Certificate></X509Data>'


def method_xml(name: str, algorithm: str, prefixes: str = "") -> str:
    """A CanonicalizationMethod or a Transform."""
    kept = f'<i:InclusiveNamespaces xmlns:i="{EXCLUSIVE}" PrefixList="{prefixes}"/>' if prefixes else ""
    return f'<{name} xmlns="{DS}" Algorithm="{algorithm}">{kept}</{name}>'


def canonical(element: etree._Element, *, prefixes: str = "", exclusive: bool = True) -> bytes:
    """Canonical XML."""
    return etree.tostring(
        element,
        method="c14n",
        exclusive=exclusive,
        with_comments=False,
        inclusive_ns_prefixes=prefixes.split() or None if exclusive else None,
    )


def sign(
    root: etree._Element,
    who: Identity,
    *,
    cover: Sequence[str] = ("body", "time"),
    method: str = "rsa-sha256",
    digest: str = "sha256",
    c14n: str = EXCLUSIVE,
    prefixes: str = "",
    transforms: str | None = None,
    key_info: str | None = None,
    uri: Callable[[str], str] = "#{}".format,
    into: etree._Element | None = None,
) -> etree._Element:
    """Sign the elements with these wsu:Ids, and put the Signature last into the Security header; the same tree again.

    Without `key_info` a BinarySecurityToken is put in front of it.
    """
    security = security_of(root) if into is None else into
    if key_info is None:
        security.append(etree.fromstring(token(who)))
        key_info = by_reference()
    written = transforms or method_xml("Transform", EXCLUSIVE, prefixes)
    references = ""
    for identifier in cover:
        element = next(one for one in root.iter() if one.get(ID) == identifier)
        value = hashlib.new(digest, canonical(element, prefixes=prefixes, exclusive=INCLUSIVE not in written)).digest()
        references += (
            f'<Reference URI="{uri(identifier)}"><Transforms>{written}</Transforms><DigestMethod '
            f'Algorithm="{DIGESTS[digest]}"/><DigestValue>{base64.b64encode(value).decode()}</DigestValue></Reference>'
        )
    algorithm = f"{MORE}hmac-sha256" if method == "hmac" else METHODS[method][0]
    signature = etree.fromstring(
        f'<Signature xmlns="{DS}"><SignedInfo>{method_xml("CanonicalizationMethod", c14n, prefixes)}<SignatureMethod '
        f'Algorithm="{algorithm}"/>{references}</SignedInfo><SignatureValue/><KeyInfo>{key_info}</KeyInfo></Signature>'
    )
    security.append(signature)
    resign(signature, who, method=method, prefixes=prefixes)
    return root


def resign(signature: etree._Element, who: Identity, *, method: str = "rsa-sha256", prefixes: str = "") -> None:
    """Give a Signature the value that fits its SignedInfo as it stands now."""
    exclusive = INCLUSIVE not in str(signature[0][0].get("Algorithm"))
    signed_info = canonical(signature[0], prefixes=prefixes, exclusive=exclusive)
    signature[1].text = base64.b64encode(_value(signed_info, who, method)).decode()


def _value(signed_info: bytes, who: Identity, method: str) -> bytes:
    key = who.key
    if method == "hmac":  # the secret is what everybody knows: the public key
        public = who.certificate.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return hmac.digest(public, signed_info, "sha256")
    algorithm = METHODS[method][1]
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(signed_info, padding.PKCS1v15(), algorithm)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    r, s = decode_dss_signature(key.sign(signed_info, ec.ECDSA(algorithm)))
    length = (key.key_size + 7) // 8
    return r.to_bytes(length, "big") + s.to_bytes(length, "big")


def fresh_payload() -> str:
    """A CreateLead that was never sent."""
    return CREATE_LEAD.replace("5b7d0a52-7c57-4bd5-8a5d-6d5d6b9ba001", str(uuid4()))


def written(root: etree._Element) -> bytes:
    """The message as it goes over the wire."""
    return etree.tostring(root)
