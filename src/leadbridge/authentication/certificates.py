"""Certificates that are pinned to callers: pinning them, and from one that was shown to its caller.

What counts is that the very certificate is pinned, neither who issued it nor what it says of its holder: no chain is
followed, no authority trusted. It shows its caller from the first to the last moment of its validity. That the sender
has its private key is shown elsewhere: by a signature, or by mutual TLS.
"""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from leadbridge.authentication.callers import CallerError, caller_from, caller_in
from leadbridge.caller import Caller
from leadbridge.store import certificates
from leadbridge.store.database import Database

SMALLEST_RSA = 2048  # bits; NIST SP 800-131A revision 2
LARGEST_RSA = 8192  # bits; verifying grows with the square, and nobody sensible has a longer one
CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)  # FIPS 186-5: P-256, P-384, P-521

LARGEST_CERTIFICATE = 16_384  # bytes; usual ones have one or two thousand
MOST_REMEMBERED = 1_000  # names of certificates; a certificate and its caller take some 5 kB
MOST_OF_A_SERIAL = 5  # certificates of one serial number: self-made authorities all begin with 1


class CertificateRefused(CallerError):
    """A certificate that cannot be pinned."""


class CertificateUnknown(CallerError):
    """No certificate of this fingerprint was ever pinned."""


@dataclass(frozen=True, slots=True)
class ListedCertificate:
    """A pinned certificate as an operator sees it."""

    fingerprint: str
    caller_id: str
    subject: str
    not_before: datetime
    not_after: datetime
    added_at: datetime


@dataclass(frozen=True, slots=True)
class Pinned:
    """A certificate in force and the caller it shows."""

    certificate: x509.Certificate
    caller: Caller

    def holds_at(self, now: datetime) -> bool:
        """Whether `now` (aware) is within its validity; both ends belong to it (RFC 5280 section 4.1.2.5)."""
        return self.certificate.not_valid_before_utc <= now <= self.certificate.not_valid_after_utc


def fingerprint_of(der: bytes) -> str:
    """SHA-256 over the DER, in lower-case hexadecimal."""
    return hashlib.sha256(der).hexdigest()


def add_certificate(database: Database, *, caller_id: str, data: bytes, now: datetime) -> ListedCertificate:
    """Pin the certificate in `data` (PEM or DER) to a caller; it may be pinned to that caller already.

    Raises CallerUnknown, CallerDisabled, CertificateRefused.
    """
    certificate = _read(data)
    _check_key(certificate)
    if certificate.not_valid_after_utc < now:
        raise CertificateRefused(f"the certificate has expired on {certificate.not_valid_after_utc:%Y-%m-%d}; renew it")
    der = certificate.public_bytes(Encoding.DER)
    row = {
        "fingerprint": fingerprint_of(der),
        "caller_id": caller_id,
        "der": der,
        "serial": str(certificate.serial_number),
        "added_at": now,
        "removed_at": None,
    }
    with database.write() as tx:
        tx.lock([f"certificate/{row['fingerprint']}"])
        caller_in(tx, caller_id, enabled=True)
        owner = certificates.pin(tx, row)
    if owner != caller_id:
        raise CertificateRefused(
            f"the certificate is pinned to caller {owner} already, and shows one caller: remove it there first"
        )
    return _listed(row)


def remove_certificate(database: Database, *, fingerprint: str, now: datetime) -> bool:
    """Let a certificate show nobody any more; where it is remembered, after the cache's time. False when it was removed
    already.

    `fingerprint` may be written as openssl prints it, in capitals and with colons. Raises CertificateUnknown.
    """
    fingerprint = fingerprint.replace(":", "").strip().lower()
    with database.write() as tx:
        if not certificates.exists(tx, fingerprint):
            raise CertificateUnknown(
                "no certificate of this fingerprint is pinned; `leadbridge caller certificate list` shows them"
            )
        return certificates.remove(tx, fingerprint, now)


def list_certificates(database: Database) -> list[ListedCertificate]:
    """Every pinned certificate, by caller."""
    with database.read() as tx:
        return [_listed(row) for row in certificates.pinned(tx)]


def _listed(row: Mapping[str, Any]) -> ListedCertificate:
    certificate = x509.load_der_x509_certificate(row["der"])
    return ListedCertificate(
        fingerprint=row["fingerprint"],
        caller_id=row["caller_id"],
        subject="".join(one if one.isprintable() else "?" for one in certificate.subject.rfc4514_string()),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        added_at=row["added_at"],
    )


def _read(data: bytes) -> x509.Certificate:
    """The one certificate in a file. Raises CertificateRefused."""
    if len(data) > LARGEST_CERTIFICATE:
        raise CertificateRefused(f"a certificate has at most {LARGEST_CERTIFICATE:,} bytes; this is something else")
    if b"PRIVATE KEY-----" in data:
        raise CertificateRefused("the file holds a private key, which is its owner's alone; give the certificate alone")
    if data.count(b"-----BEGIN CERTIFICATE-----") > 1:
        raise CertificateRefused("the file holds several certificates; give the caller's own alone, without its chain")
    try:
        if b"-----BEGIN" in data:
            certificate = x509.load_pem_x509_certificate(data)
        else:
            certificate = x509.load_der_x509_certificate(data)
        certificate.subject.rfc4514_string()
    except ValueError:
        raise CertificateRefused("this is no X.509 certificate in PEM or DER") from None
    return certificate


def _check_key(certificate: x509.Certificate) -> None:
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        key = None
    match key:
        case rsa.RSAPublicKey() if SMALLEST_RSA <= key.key_size <= LARGEST_RSA:
            return
        case ec.EllipticCurvePublicKey() if isinstance(key.curve, CURVES):
            return
    raise CertificateRefused(
        f"the certificate's key must be RSA of {SMALLEST_RSA} to {LARGEST_RSA} bits, or EC on P-256, P-384 or P-521"
    )


class Certificates:
    """Finds pinned certificates. Safe to share between threads.

    A certificate that was found is remembered for `cache_seconds`: one that was removed, or whose caller was disabled
    or changed, counts for as long, and no longer. What is not pinned is never remembered. `clock` gives seconds that
    only go forward; validity is a matter of the time of day, and of whoever uses what was found.
    """

    def __init__(
        self, database: Database, *, cache_seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._cache_seconds = cache_seconds
        self._clock = clock
        self._lock = Lock()
        self._remembered: OrderedDict[tuple[str, str], tuple[float, Sequence[Pinned]]] = OrderedDict()

    def cached(self, *, fingerprint: str = "", serial: str = "") -> Sequence[Pinned]:
        """What `find` gives, where it was asked a moment ago; no I/O. Nothing says nothing about the certificate."""
        found = self._remembered.get((fingerprint, serial))
        return found[1] if found is not None and self._clock() < found[0] else ()

    def find(self, *, fingerprint: str = "", serial: str = "") -> Sequence[Pinned]:
        """The certificate of this fingerprint, or those of this serial number (decimal), that are pinned to callers
        that are not disabled; reads the database.
        """
        with self._database.read() as tx:
            rows = (
                certificates.by_fingerprint(tx, fingerprint)
                if fingerprint
                else certificates.by_serial(tx, serial, most=MOST_OF_A_SERIAL)
            )
        found = tuple(Pinned(x509.load_der_x509_certificate(row["der"]), caller_from(row)) for row in rows)
        if found and self._cache_seconds:
            self._remember((fingerprint, serial), found)
        return found

    def _remember(self, name: tuple[str, str], found: Sequence[Pinned]) -> None:
        now = self._clock()
        with self._lock:
            self._remembered.pop(name, None)
            self._remembered[name] = (now + self._cache_seconds, found)
            while len(self._remembered) > MOST_REMEMBERED or next(iter(self._remembered.values()))[0] <= now:
                self._remembered.popitem(last=False)


def utc_now() -> datetime:
    """The time of day."""
    return datetime.now(UTC)
