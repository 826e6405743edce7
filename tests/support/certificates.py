"""Keys and certificates for tests, made here: nothing that is checked in can run out."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

Kind = Literal["rsa", "rsa-1024", "rsa-2047", "p256", "p384", "p521", "p224", "ed25519"]
_CURVES: dict[str, ec.EllipticCurve] = {
    "p256": ec.SECP256R1(),
    "p384": ec.SECP384R1(),
    "p521": ec.SECP521R1(),
    "p224": ec.SECP224R1(),
}
_Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@dataclass(frozen=True)
class Identity:
    """A private key and a certificate for it, issued by itself."""

    key: _Key
    certificate: x509.Certificate

    @property
    def key_pem(self) -> bytes:
        """The private key."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    @property
    def pem(self) -> bytes:
        """The certificate."""
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def der(self) -> bytes:
        """The certificate."""
        return self.certificate.public_bytes(Encoding.DER)

    def written_to(self, folder: Path, name: str) -> tuple[str, str]:
        """The key and the certificate in files, the key for nobody else to read."""
        key_file, certificate_file = folder / f"{name}.key", folder / f"{name}.pem"
        key_file.touch(mode=0o600)
        key_file.write_bytes(self.key_pem)
        certificate_file.write_bytes(self.pem)
        return str(key_file), str(certificate_file)


@cache
def key_of(kind: Kind, name: str) -> _Key:
    """A key of this kind; the same one for the same name."""
    del name
    match kind:
        case "rsa":
            return rsa.generate_private_key(65_537, 2048)
        case "rsa-1024":
            return rsa.generate_private_key(65_537, 1024)
        case "rsa-2047":
            return rsa.generate_private_key(65_537, 2047)
        case "ed25519":
            return ed25519.Ed25519PrivateKey.generate()
        case _:
            return ec.generate_private_key(_CURVES[kind])


def identity(
    name: str = "acme",
    *,
    kind: Kind = "rsa",
    since: datetime = datetime(2020, 1, 1, tzinfo=UTC),
    until: datetime = datetime(2100, 1, 1, tzinfo=UTC),
    serial: int | None = None,
    address: str | None = None,
) -> Identity:
    """An identity; without times its certificate holds for decades. The same one each time.

    `address` is an IP address that the certificate is made out to, for a server.
    """
    return _made(name, kind, since, until, serial, address)


@cache
def _made(name: str, kind: Kind, since: datetime, until: datetime, serial: int | None, address: str | None) -> Identity:
    key = key_of(kind, name)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
    )
    if address is not None:
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
        builder = builder.add_extension(names, critical=False)
    return Identity(key, builder.sign(key, None if kind == "ed25519" else hashes.SHA256()))
