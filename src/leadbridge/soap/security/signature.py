"""X.509 signatures: who has signed a message, and what of it was signed.

Only what was verified goes on from here: the payload that contract and codec see is read from the bytes that the
verifier has found to be signed, and the Timestamp is the signed one. The message's own KeyInfo only chooses which of
the certificates pinned to callers is tried.

Source: Web Services Security: X.509 Certificate Token Profile 1.1; `leadbridge.signatures` has the rest.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar

from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from leadbridge.authentication.access import Access
from leadbridge.authentication.certificates import Pinned
from leadbridge.authentication.evidence import Certificate, OneTime
from leadbridge.contract.parsing import parse
from leadbridge.messages import FaultTypeId
from leadbridge.signatures.names import TIMESTAMP, WSSE, SignatureRefused
from leadbridge.signatures.reading import Claim, read
from leadbridge.signatures.signing import Signer
from leadbridge.signatures.verifying import verify
from leadbridge.soap.envelope import Envelope
from leadbridge.soap.faults import QName, Refusal
from leadbridge.soap.security.codes import FAILED_AUTHENTICATION, INVALID_SECURITY, unauthenticated
from leadbridge.soap.security.freshness import Freshness, moment
from leadbridge.soap.security.timestamp import CREATED

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Signing:
    """What the site decides about signatures: the ids of callers whose messages must be signed, and what signs the
    answers to signed messages; without a `signer` they are not signed.
    """

    must_sign: frozenset[str] = frozenset()
    signer: Signer | None = None


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature that was verified: whose certificate it is of, the payload that was signed, and what may be used
    once.
    """

    evidence: Certificate
    once: OneTime
    payload: etree._Element


async def verified(
    envelope: Envelope, *, access: Access, freshness: Freshness, now: datetime, thread: Executor | None
) -> Signed:
    """The verified signature of a message whose Security header has one. `now` is aware; a long message is looked at
    in a `thread`. Raises Refusal: Unauthenticated or MessageExpired, in the words of WS-Security.

    A signed message is good for the freshness window from its Created on: its Expires may shorten that, not lengthen
    it, because what was used once is remembered no longer.
    """
    assert envelope.security is not None, "asked for where there is one"
    try:
        claim = await _run(partial(_claim, envelope), thread=thread)
        created = moment(envelope.security.findtext(f"{TIMESTAMP}/{CREATED}"))
        freshness.check(created, now=now)
        pinned = await access.pinned(fingerprint=claim.fingerprint, serial=claim.serial)
        if not pinned:
            text = "The certificate shows no caller: it must be pinned here and within its validity."
            raise unauthenticated(text, FAILED_AUTHENTICATION)
        signer, body = await _run(partial(_verified_by, claim, pinned, now), thread=thread)
    except SignatureRefused as refused:
        code = QName("wsse", WSSE, refused.reason.value)
        raise Refusal(FaultTypeId.UNAUTHENTICATED, refused.text, subcodes=[code]) from None
    der = signer.certificate.public_bytes(Encoding.DER)
    once = OneTime(b"signature:" + claim.digest, freshness.remembered_until(created))
    return Signed(Certificate(der), once, body[0])


def missing() -> Refusal:
    """The refusal of a message that its caller should have signed: perhaps somebody on the way has taken that off."""
    return unauthenticated("The messages of this caller must be signed.", INVALID_SECURITY)


def signed_answer(signer: Signer, pieces: Sequence[bytes], *, now: datetime) -> bytes:
    """An answer or a fault, with its Body and a Timestamp signed."""
    root = parse(b"".join(pieces))
    signer.sign(root, now=now)
    return etree.tostring(root, encoding="utf-8", xml_declaration=True)


async def _run(work: Callable[[], _T], *, thread: Executor | None) -> _T:
    """A short message costs a millisecond, and less than changing threads; a long one must not keep others
    waiting.
    """
    return await asyncio.get_running_loop().run_in_executor(thread, work) if thread is not None else work()


def _claim(envelope: Envelope) -> Claim:
    body = envelope.payload.getparent()
    assert body is not None
    root = body.getparent()
    assert root is not None
    assert envelope.security is not None
    return read(root=root, body=body, security=envelope.security)


def _verified_by(claim: Claim, pinned: Sequence[Pinned], now: datetime) -> tuple[Pinned, etree._Element]:
    """Which certificate has signed, and the Body it has signed; a serial number may name several."""
    for one in pinned[:-1]:
        try:
            return one, verify(claim, one.certificate, now=now)
        except SignatureRefused:
            continue
    return pinned[-1], verify(claim, pinned[-1].certificate, now=now)
