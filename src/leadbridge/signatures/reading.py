"""Reads the signature of a message, and refuses every one that has not the one shape that is accepted.

A signature says which elements it covers by their identifiers, wherever these stand; so a signed Body can be moved
aside and another one put in its place (signature wrapping). Here what must be signed is known by its place, identifiers
are unique in the whole message, and a signature that covers anything else than direct children of Header and Security,
or covers it in another form than exclusive canonical XML, is refused before anything is verified.

Source: M. McIntosh, P. Austel, XML Signature Element Wrapping Attacks and Countermeasures (2005).
"""

import binascii
import hashlib
import re
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import cast

from lxml import etree

from leadbridge.signatures.names import (
    BASE64,
    BINARY_TOKEN,
    DIGEST_ALGORITHMS,
    DS,
    EXCLUSIVE_C14N,
    ID,
    KEY_INFO,
    LONGEST_BASE64,
    MOST_KEY_INFO,
    MOST_REFERENCES,
    REFERENCE,
    SIGNATURE,
    SIGNATURE_METHODS,
    TIMESTAMP,
    TOKEN_REFERENCE,
    X509V3,
    Reason,
    SignatureRefused,
)

_SIGNED_INFO = f"{{{DS}}}SignedInfo"
_SIGNATURE_VALUE = f"{{{DS}}}SignatureValue"
_C14N_METHOD = f"{{{DS}}}CanonicalizationMethod"
_SIGNATURE_METHOD = f"{{{DS}}}SignatureMethod"
_DS_REFERENCE = f"{{{DS}}}Reference"
_TRANSFORMS = f"{{{DS}}}Transforms"
_TRANSFORM = f"{{{DS}}}Transform"
_DIGEST_METHOD = f"{{{DS}}}DigestMethod"
_DIGEST_VALUE = f"{{{DS}}}DigestValue"
_X509_DATA = f"{{{DS}}}X509Data"
_X509_CERTIFICATE = f"{{{DS}}}X509Certificate"
_X509_SERIAL = f"{{{DS}}}X509IssuerSerial/{{{DS}}}X509SerialNumber"
_INCLUSIVE = f"{{{EXCLUSIVE_C14N}}}InclusiveNamespaces"

_SIGNATURE_URIS = frozenset(method.value for method in SIGNATURE_METHODS)
_DIGEST_URIS = frozenset(method.value for method in DIGEST_ALGORITHMS)

_IDENTIFIER = re.compile(r"[A-Za-z_][\w.\-]{0,199}", re.ASCII)
_SERIAL = re.compile(r"0*([0-9]{1,60})")  # RFC 5280 section 4.1.2.2: at most 20 octets, which are 49 digits
# Whatever any toolkit may take for an identifier, so that all of them find the same element.
_IDENTIFIERS = etree.XPath("//@*[local-name()='Id' or local-name()='ID' or name()='xml:id']", smart_strings=False)
_SIGNATURES = etree.XPath(f"count(//*[local-name()='Signature' and namespace-uri()='{DS}'])")


@dataclass(frozen=True, slots=True)
class Covered:
    """An element of the message that a signature covers, and the prefixes that its canonical form keeps."""

    element: etree._Element
    prefixes: Sequence[str]


@dataclass(frozen=True, slots=True)
class Claim:
    """A signature of the accepted shape, not verified yet. The tree that it was read from must not change before it is.

    `covered` are the elements it claims to cover, in its order, `body` is the one of them that is the Body. The
    certificate it names has the SHA-256 `fingerprint`, or, where that is empty, the `serial` number (decimal). `digest`
    stands for all that is signed: a signature that is made again, or written in another form, has the same.
    """

    root: etree._Element
    body: etree._Element
    covered: Sequence[Covered]
    fingerprint: str
    serial: str
    digest: bytes


def read(
    *, root: etree._Element, body: etree._Element, security: etree._Element, timestamp_needed: bool = True
) -> Claim:
    """The signature in `security`, which is a child of the Header of `root`, as `body` is a child of `root`.

    Raises SignatureRefused.
    """
    signatures = security.findall(SIGNATURE)
    if len(signatures) != 1 or _SIGNATURES(root) != 1:
        raise _invalid("A message may have one Signature: a child of the Security header.")
    if any((text or "").strip() for text in (security.text, *(block.tail for block in security))):
        raise _invalid("Only elements may stand in a Security header.")
    identifiers = cast("list[str]", _IDENTIFIERS(root))
    if len(set(identifiers)) != len(identifiers):
        raise _invalid("Each Id must be unique in the whole message.")
    timestamps = security.findall(TIMESTAMP)
    if len(timestamps) > 1 or (timestamp_needed and not timestamps):
        raise _invalid("A signed message must have one Timestamp in its Security header.")
    signed_info, value, key_info = _children(signatures[0], _SIGNED_INFO, _SIGNATURE_VALUE, KEY_INFO)
    _base64(value)
    header = security.getparent()
    assert header is not None
    covered = tuple(_covered(signed_info, _coverable(body, header, security)))
    elements = [one.element for one in covered]
    if body not in elements or not all(one in elements for one in timestamps):
        raise SignatureRefused(Reason.FAILED_CHECK, "The signature must cover the Body and the Timestamp.")
    fingerprint, serial = _certificate_named(key_info, security)
    return Claim(root, body, covered, fingerprint, serial, _digest(signed_info))


# ------------------------------------------------------------------------------------------------- what is signed


def _coverable(body: etree._Element, header: etree._Element, security: etree._Element) -> Mapping[str, etree._Element]:
    """What a signature may cover, by wsu:Id: the Body, children of the Header, and children of Security."""
    found = ((element.get(ID), element) for element in chain([body], header, security))
    return {identifier: element for identifier, element in found if identifier is not None}


def _covered(signed_info: etree._Element, coverable: Mapping[str, etree._Element]) -> Iterator[Covered]:
    """The elements that SignedInfo refers to, each in the one form that is accepted."""
    method, algorithm, *references = signed_info if len(signed_info) > 2 else (None, None)
    if method is None or algorithm is None or method.tag != _C14N_METHOD or algorithm.tag != _SIGNATURE_METHOD:
        raise _invalid("The SignedInfo is not one of XML Signature with a Reference.")
    _exclusive(method)
    if algorithm.get("Algorithm") not in _SIGNATURE_URIS or len(algorithm):
        text = (
            "Sign with rsa-sha256, rsa-sha512, ecdsa-sha256, ecdsa-sha384 or ecdsa-sha512 (in Zeep: signature_method)."
        )
        raise SignatureRefused(Reason.UNSUPPORTED_ALGORITHM, text)
    if len(references) > MOST_REFERENCES:
        raise _invalid(f"A signature may have at most {MOST_REFERENCES} References.")
    seen = set()
    for reference in references:
        if reference.tag != _DS_REFERENCE:
            raise _invalid("The SignedInfo is not one of XML Signature with a Reference.")
        identifier = _identifier(reference.get("URI"))
        element = coverable.get(identifier)
        if element is None or identifier in seen:
            text = "Each Reference must name by its wsu:Id, once, the Body, or a child of the Header or of Security."
            raise SignatureRefused(Reason.FAILED_CHECK, text)
        seen.add(identifier)
        transforms, digest_method, digest_value = _children(reference, _TRANSFORMS, _DIGEST_METHOD, _DIGEST_VALUE)
        (transform,) = _children(transforms, _TRANSFORM)
        if digest_method.get("Algorithm") not in _DIGEST_URIS or len(digest_method):
            text = "Digests must be sha256, sha384 or sha512 (in Zeep: digest_method)."
            raise SignatureRefused(Reason.UNSUPPORTED_ALGORITHM, text)
        _base64(digest_value)
        yield Covered(element, _exclusive(transform))


def _exclusive(method: etree._Element) -> Sequence[str]:
    """The prefixes that a canonicalization keeps; refused is any other than exclusive canonical XML."""
    if method.get("Algorithm") != EXCLUSIVE_C14N:
        text = "The only canonicalization and the only transform accepted is exclusive canonical XML without comments."
        raise SignatureRefused(Reason.UNSUPPORTED_ALGORITHM, text)
    if len(method) == 0:
        return ()
    (inclusive,) = _children(method, _INCLUSIVE)
    return tuple(inclusive.get("PrefixList", "").split())


def _digest(signed_info: etree._Element) -> bytes:
    try:
        canonical = etree.tostring(signed_info, method="c14n", exclusive=True, with_comments=False)
    except etree.C14NError:
        raise _invalid(
            "A namespace in the message is a relative address. Use an absolute one, such as urn:name."
        ) from None
    return hashlib.sha256(canonical).digest()


# ------------------------------------------------------------------------------------------- whose signature it is


def _certificate_named(key_info: etree._Element, security: etree._Element) -> tuple[str, str]:
    """Fingerprint, or else serial number, of the certificate that a KeyInfo names. What it is the certificate of, and
    whether it is trusted, cannot be seen here: it only chooses which of those that are known is tried.
    """
    if len(list(islice(key_info.iter(), MOST_KEY_INFO + 1))) > MOST_KEY_INFO:
        raise _invalid(f"A KeyInfo may have at most {MOST_KEY_INFO} elements.")
    named = _only(key_info)
    if named is not None and named.tag == TOKEN_REFERENCE:
        named = _only(named)
    if named is not None and named.tag == _X509_DATA:
        return _of_x509_data(named)
    if named is not None and named.tag == REFERENCE:
        return _fingerprint(_token(security, _identifier(named.get("URI")))), ""
    text = "Name the certificate by a Reference to a BinarySecurityToken, an X509IssuerSerial or an X509Certificate."
    raise SignatureRefused(Reason.UNSUPPORTED_TOKEN, text)


def _of_x509_data(data: etree._Element) -> tuple[str, str]:
    certificates = data.findall(_X509_CERTIFICATE)
    if certificates:
        return _fingerprint(certificates[0]), ""  # the first is the signer's, where its chain is sent along
    serial = _SERIAL.fullmatch((data.findtext(_X509_SERIAL) or "").strip())
    if serial is None:
        text = "An X509Data must have an X509Certificate or an X509IssuerSerial."
        raise SignatureRefused(Reason.INVALID_TOKEN, text)
    return "", serial[1]


def _token(security: etree._Element, identifier: str) -> etree._Element:
    """The BinarySecurityToken with this wsu:Id."""
    for token in security.findall(BINARY_TOKEN):
        if token.get(ID) == identifier:
            if token.get("ValueType") != X509V3 or token.get("EncodingType", BASE64) != BASE64:
                text = (
                    "A BinarySecurityToken must be an X.509 certificate: ValueType X509v3, EncodingType Base64Binary."
                )
                raise SignatureRefused(Reason.UNSUPPORTED_TOKEN, text)
            return token
    text = "The certificate's Reference must name a BinarySecurityToken in the Security header by its wsu:Id."
    raise SignatureRefused(Reason.TOKEN_UNAVAILABLE, text)


def _fingerprint(certificate: etree._Element) -> str:
    return hashlib.sha256(_base64(certificate, Reason.INVALID_TOKEN)).hexdigest()


# --------------------------------------------------------------------------------------------------------- parts


def _children(parent: etree._Element, *tags: str) -> Sequence[etree._Element]:
    """The children, which must be exactly these."""
    children = list(parent)
    if [child.tag for child in children] != [*tags]:
        names = ", ".join(etree.QName(tag).localname for tag in tags)
        raise _invalid(f"A {etree.QName(parent).localname} must have exactly: {names}.")
    return children


def _only(parent: etree._Element) -> etree._Element | None:
    return parent[0] if len(parent) == 1 else None


def _identifier(uri: str | None) -> str:
    """The identifier that a URI of this document names."""
    if uri is None or not uri.startswith("#") or not _IDENTIFIER.fullmatch(uri[1:]):
        raise _invalid("Each Reference must be # and the wsu:Id of an element of the message.")
    return uri[1:]


def _base64(element: etree._Element, reason: Reason = Reason.INVALID_SECURITY) -> bytes:
    """What an element has in base64, which may be broken into lines; never nothing."""
    text = element.text or ""
    try:
        if len(element) == 0 and len(text) <= LONGEST_BASE64:
            value = b64decode("".join(text.split()), validate=True)
            if value:
                return value
    except (binascii.Error, ValueError):
        pass
    text = f"A {etree.QName(element).localname} must be base64 of at most {LONGEST_BASE64:,} characters."
    raise SignatureRefused(reason, text)


def _invalid(text: str) -> SignatureRefused:
    return SignatureRefused(Reason.INVALID_SECURITY, text)
