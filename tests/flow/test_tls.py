"""TLS of `leadbridge serve`: a self-signed certificate, the relay behind it, files of no use, and no TLS at all."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from structlog.testing import capture_logs

from leadbridge import serving
from leadbridge.caller import Role
from leadbridge.core_crm.connection import CallError, Connection
from leadbridge.settings import Settings
from leadbridge.settings.doors import TlsSettings
from tests.support.calls import PASSWORD, admit, until
from tests.support.certificates import identity
from tests.support.commands import command
from tests.support.messages_by_hand import create_lead, lead_fields, new_prospect, person
from tests.support.server import Server


def self_signed(folder: Path, name: str) -> tuple[str, str]:
    """A certificate for a name that is not loopback, by no authority, and its key, as PEM files."""
    key_file, certificate_file = identity(name, kind="p256").written_to(folder, name)
    Path(certificate_file).write_bytes(b"Some text before it.\n" + Path(certificate_file).read_bytes())
    return certificate_file, key_file


class SecureServer(Server):
    """A server with TLS; it says itself when it is ready, which it finds out over TLS."""

    def is_ready(self) -> bool:
        """Whether it has said so."""
        return "leadbridge is ready" in self.output()


@contextlib.contextmanager
def connected(own_certificate: str) -> Iterator[Connection]:
    """A partner's program that trusts this certificate."""
    connection = Connection(
        username="acme",
        password=PASSWORD,
        connect_timeout=5,
        read_timeout=10,
        ca_file=None,
        own_certificate=own_certificate,
    )
    yield connection
    connection.close()


def handshakes(port: int, version: ssl.TLSVersion) -> bool:
    """Whether a client that knows this version alone gets a connection."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    with (
        pytest.warns(DeprecationWarning, match="deprecated")
        if version < ssl.TLSVersion.TLSv1_2
        else contextlib.nullcontext()
    ):
        context.minimum_version = context.maximum_version = version
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as plain, context.wrap_socket(plain):
            return True
    except (ssl.SSLError, ConnectionResetError):
        return False


def test_it_serves_https_and_its_own_relay_reaches_it(sqlite_url: str, tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path, "leads")
    admit(sqlite_url, ("acme", PASSWORD), Role.PARTNER)
    files = {"LEADBRIDGE_TLS__CERTIFICATE_FILE": certificate, "LEADBRIDGE_TLS__KEY_FILE": key}
    quota = {"LEADBRIDGE_QUOTA__CALLERS": "acme=0.5"}  # one call in two seconds
    server = SecureServer(sqlite_url, tmp_path, environment={**files, **quota})
    url = server.url.replace("http:", "https:")
    lead = create_lead(lead_fields(prospect=new_prospect(person()), status="3", level="02"))
    envelope = b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>%b</e:Body></e:Envelope>'
    with server:
        assert f"leadbridge is ready: {url}/soap/LeadService?wsdl" in server.output()
        with connected(certificate) as partner:
            wsdl = partner.get(f"{url}/soap/LeadService?wsdl").body.decode()
            assert f'location="{url}/soap/LeadService"' in wsdl
            sent = partner.post(f"{url}/soap/LeadService", envelope % lead, {"Content-Type": "text/xml"})
            assert sent.status == 200, sent.body
            again = partner.post(f"{url}/soap/LeadService", envelope % lead, {"Content-Type": "text/xml"})
            assert again.status == 503
        listed = ("messages", "list", "--state", "delivered")
        until(lambda: "delivered" in command(*listed, environment=server.environment).out.split("\n")[1], what="relay")
        assert handshakes(server.port, ssl.TLSVersion.TLSv1_3)
        assert handshakes(server.port, ssl.TLSVersion.TLSv1_2)
        assert not handshakes(server.port, ssl.TLSVersion.TLSv1_1)
        other, _ = self_signed(tmp_path, "other")
        with connected(other) as partner, pytest.raises(CallError):  # and no password is sent there
            partner.get(f"{url}/livez")
        with connected(certificate) as partner, pytest.raises(CallError):
            partner.get(f"{server.url}/livez")
    refused = command("refusals", "list", environment=server.environment).out.split("\n")[1]
    assert refused.split()[1:4] == ["soap", "Busy", "acme"]  # written before the server has ended
    assert "127.0.0.1" in refused
    assert "Traceback" not in server.output()


def test_files_of_no_use_are_told_before_anything_is_started(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path, "leads")
    _, other_key = self_signed(tmp_path, "other")
    sealed_key = str(tmp_path / "sealed")
    sealing = serialization.BestAvailableEncryption(b"a password")
    key_of_leads = identity("leads", kind="p256").key
    Path(sealed_key).write_bytes(
        key_of_leads.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, sealing)
    )
    missing, nonsense = str(tmp_path / "missing"), str(tmp_path / "nonsense")
    Path(nonsense).write_text("nothing")
    for certificate_file, key_file, complaint in (
        (missing, key, "tls.certificate_file: {} cannot be read (No such file or directory)"),
        (certificate, missing, "tls.key_file: {1} cannot be read (No such file or directory)"),
        (str(tmp_path), key, "tls.certificate_file: {} cannot be read (Is a directory)"),
        (certificate, other_key, "tls.key_file: {1} is not the key of the certificate in {0}"),
        (nonsense, key, "must have a certificate"),
        (certificate, nonsense, "its private key"),
        (certificate, sealed_key, "the key without a password"),
    ):
        settings = Settings(tls=TlsSettings(certificate_file=certificate_file, key_file=key_file))
        with pytest.raises(serving.CannotServe) as error:
            serving._check_tls(settings)
        assert complaint.format(certificate_file, key_file) in str(error.value)
    good = Settings(tls=TlsSettings(certificate_file=certificate, key_file=key))
    Path(key).chmod(0o640)
    serving._check_tls(good)
    Path(key).chmod(0o604)
    with pytest.raises(serving.CannotServe, match=r"tls\.key_file: .*: others may read it.*chmod"):
        serving._check_tls(good)


def test_certificates_that_have_expired_are_warned_of(tmp_path: Path) -> None:
    end = datetime(2026, 3, 1, tzinfo=UTC)
    key, certificate = identity("old", kind="p256", until=end).written_to(tmp_path, "old")
    signing = {"signing_key_file": key, "signing_certificate_file": certificate}
    settings = Settings(
        tls={"certificate_file": certificate, "key_file": key},
        wss=signing,
        crm={**signing, "certificate_file": certificate},
    )

    def warned_of(now: datetime) -> list[tuple[str, str]]:
        with capture_logs() as lines:
            serving._warn_of_expired(settings, now)
        return [(line["setting"], line["expired"]) for line in lines if line["log_level"] == "warning"]

    assert warned_of(end) == []
    names = ["tls.certificate_file", "wss.signing_certificate_file"]
    names += ["crm.signing_certificate_file", "crm.certificate_file"]
    assert warned_of(end + timedelta(seconds=1)) == [(name, "2026-03-01") for name in names]


def test_both_files_are_needed(tmp_path: Path) -> None:
    done = command("serve", "--tls-cert", "x.pem", environment={})
    assert (done.code, "--tls-key" in done.err) == (1, True)
    done = command("settings", environment={"LEADBRIDGE_TLS__KEY_FILE": "x.key"})
    assert (done.code, "both or neither" in done.err) == (1, True)
    missing = str(tmp_path / "no.pem")
    done = command("serve", "--tls-cert", missing, "--tls-key", missing, environment=_database(tmp_path))
    assert (done.code, "tls.certificate_file" in done.err) == (1, True)


def _database(folder: Path) -> dict[str, str]:
    return {"LEADBRIDGE_DATABASE_URL": f"sqlite:///{folder / 'new.db'}"}


@pytest.mark.parametrize(
    ("host", "public_url", "warned"),
    [
        ("127.0.0.1", None, False),
        ("::1", None, False),
        ("localhost", None, False),
        ("0.0.0.0", None, True),
        ("192.0.2.1", "http://leads.example.org", True),
        ("192.0.2.1", "https://leads.example.org", False),  # a proxy in front has TLS
    ],
)
def test_a_warning_is_given_once_where_passwords_would_go_in_clear(
    host: str, public_url: str | None, warned: bool
) -> None:
    with capture_logs() as lines:
        serving._check_tls(Settings(host=host, public_url=public_url))
    warned_of = [line for line in lines if line["log_level"] == "warning"]
    assert len(warned_of) == (1 if warned else 0)
    assert all("--tls-cert" in line["event"] for line in warned_of)
