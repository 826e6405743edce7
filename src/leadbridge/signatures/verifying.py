"""Verifies a signature with a certificate that is known beforehand, and gives back what was signed.

signxml does the cryptography, on a copy of the message and with the certificate it is given, whatever the message says
about keys. It gives the canonical bytes of each element that it found; they must be those of the elements that were
meant, and the Body is read anew from them: what is looked at afterwards is what was verified, not what stood beside it.
That also takes out what exclusive canonical XML does not cover: a prefix that is used in values only (`xsi:type`) is
unknown afterwards, unless its sender had it signed (InclusiveNamespaces).
"""

from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from lxml import etree
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

from leadbridge.contract.parsing import MalformedXml, line_of, parse
from leadbridge.signatures.names import (
    DIGEST_ALGORITHMS,
    SECURITY,
    SIGNATURE_METHODS,
    Reason,
    SignatureRefused,
)
from leadbridge.signatures.reading import Claim, Covered


def verify(claim: Claim, certificate: x509.Certificate, *, now: datetime) -> etree._Element:
    """The signed Body, as the root of a tree of its own. `now` is aware and must be within the certificate's validity.

    Raises SignatureRefused.
    """
    envelope = etree.QName(claim.root).namespace
    configuration = SignatureConfiguration(
        location=f"./{{{envelope}}}Header/{SECURITY}/",
        expect_references=False,  # any number, as a list; each is compared below
        signature_methods=SIGNATURE_METHODS,
        digest_algorithms=DIGEST_ALGORITHMS,
        verification_time=now,
    )
    try:
        results = XMLVerifier().verify(
            claim.root,
            x509_cert=certificate,
            id_attribute="Id",
            # Its schema knows no InclusiveNamespaces, which WSS4J always sends; the claim's shape is narrower anyway.
            validate_schema=False,
            expect_config=configuration,
        )
        assert isinstance(results, list)
        signed = [result.signed_data for result in results]
        if signed != [_canonical(one) for one in claim.covered]:
            raise _failed()
        body = signed[[one.element for one in claim.covered].index(claim.body)]
        # Blank lines in front, so that the lines of violations are those of the message.
        verified = parse(b"\n" * ((line_of(claim.body) or 1) - 1) + body)
    except (SignXMLException, InvalidSignature, UnsupportedAlgorithm, etree.LxmlError, MalformedXml, ValueError):
        raise _failed() from None
    if verified.tag != claim.body.tag:
        raise _failed()
    return verified


def _canonical(covered: Covered) -> bytes:
    return etree.tostring(
        covered.element,
        method="c14n",
        exclusive=True,
        with_comments=False,
        inclusive_ns_prefixes=list(covered.prefixes) or None,
    )


def _failed() -> SignatureRefused:
    return SignatureRefused(Reason.FAILED_CHECK, "The signature does not fit the message and the certificate.")
