"""The key and certificate files that settings name: what is of no use is told at the start, by the setting's name."""

from pathlib import Path

import pytest

from leadbridge.settings import Settings, SettingsError
from leadbridge.signatures.signing import signer_from
from leadbridge.wiring import background
from leadbridge.wiring.gateway import signing as signing_of
from tests.support.certificates import Kind, identity
from tests.support.commands import command


@pytest.mark.parametrize("kind", ["rsa", "p256", "p384", "p521"])
def test_a_key_with_its_certificate_signs(tmp_path: Path, kind: Kind) -> None:
    key_file, certificate_file = identity(kind=kind).written_to(tmp_path, "ours")
    signer_from(key_file=key_file, certificate_file=certificate_file, setting="wss.signing")


def problem(key_file: str, certificate_file: str) -> str:
    with pytest.raises(SettingsError) as error:
        signer_from(key_file=key_file, certificate_file=certificate_file, setting="wss.signing")
    return str(error.value)


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    key_file, certificate_file = identity().written_to(tmp_path, "ours")
    Path(key_file).chmod(0o640)
    signer_from(key_file=key_file, certificate_file=certificate_file, setting="wss.signing")
    Path(key_file).chmod(0o604)
    text = problem(key_file, certificate_file)
    assert text.startswith("wss.signing_key_file: others may read it")
    assert "chmod" in text


@pytest.mark.parametrize("kind", ["rsa-1024", "rsa-2047", "p224", "ed25519"])
def test_a_weak_or_unknown_key_is_refused(tmp_path: Path, kind: Kind) -> None:
    assert "wss.signing_key_file: the key must be RSA" in problem(*identity(kind=kind).written_to(tmp_path, "ours"))


def test_what_cannot_be_read_or_does_not_fit_is_named(tmp_path: Path) -> None:
    key_file, certificate_file = identity().written_to(tmp_path, "ours")
    _, other = identity("other").written_to(tmp_path, "other")
    assert "wss.signing_key_file: the file cannot be read" in problem(str(tmp_path / "none"), certificate_file)
    assert "wss.signing_certificate_file: the file cannot be read" in problem(key_file, str(tmp_path / "none"))
    assert "wss.signing_certificate_file: the certificate belongs to another key" in problem(key_file, other)
    assert "wss.signing_certificate_file: the file must hold a certificate" in problem(key_file, key_file)
    Path(certificate_file).chmod(0o600)
    assert "wss.signing_key_file: the file must hold a private key" in problem(certificate_file, certificate_file)


@pytest.mark.parametrize("table", ["crm", "wss"])
@pytest.mark.parametrize("name", ["signing_key_file", "signing_certificate_file"])
def test_a_key_without_its_certificate_is_refused(table: str, name: str) -> None:
    with pytest.raises(SettingsError, match=f"{table}.signing_key_file and {table}.signing_certificate_file belong"):
        Settings(**{table: {name: "somewhere.pem"}})


def test_the_settings_of_both_doors_are_read(tmp_path: Path) -> None:
    key_file, certificate_file = identity().written_to(tmp_path, "ours")
    pair = {"signing_key_file": key_file, "signing_certificate_file": certificate_file}
    settings = Settings(wss={**pair, "must_sign": "acme, beta"}, crm={"certificate_file": str(tmp_path / "none")})
    signing = signing_of(settings)
    assert signing.signer is not None
    assert signing.must_sign == {"acme", "beta"}
    with pytest.raises(SettingsError, match=r"crm\.certificate_file: the file cannot be read"):
        background.core_crm(settings)
    assert signing_of(Settings()).signer is None


def test_serve_says_at_the_start_what_is_wrong_with_a_key(tmp_path: Path) -> None:
    environment = {
        "LEADBRIDGE_DATABASE_URL": f"sqlite:///{tmp_path / 'leadbridge.db'}",
        "LEADBRIDGE_WSS__SIGNING_KEY_FILE": str(tmp_path / "none.key"),
        "LEADBRIDGE_WSS__SIGNING_CERTIFICATE_FILE": str(tmp_path / "none.pem"),
    }
    done = command("serve", "--port", "0", environment=environment)
    assert (done.code, done.out) == (1, "")
    assert "wss.signing_key_file: the file cannot be read" in done.err
