"""`leadbridge caller certificate` on both databases, and which certificate shows whom."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from leadbridge.authentication import certificates as module
from leadbridge.authentication.access import Access, WrongEvidence
from leadbridge.authentication.callers import disable_caller
from leadbridge.authentication.certificates import (
    MOST_OF_A_SERIAL,
    Certificates,
    add_certificate,
    fingerprint_of,
    remove_certificate,
)
from leadbridge.authentication.evidence import Certificate
from leadbridge.store import callers
from leadbridge.store.database import Database
from tests.support.certificates import Identity, Kind, identity
from tests.support.commands import Done, command
from tests.support.door import KnownCallers

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def add(database: Database, *caller_ids: str) -> Database:
    """Callers whose passwords nobody asks for: hashing each would take a test's patience."""
    rest = {"roles": "partner", "visibility": "given", "party_id": "", "password_hash": "none"}
    with database.write() as tx:
        for caller_id in caller_ids:
            callers.add(tx, {"id": caller_id, "name": caller_id, "created_at": NOW, "changed_at": NOW, **rest})
    return database


@pytest.fixture
def environment(database: Database, database_url: str) -> dict[str, str]:
    """Settings of a site with two callers."""
    add(database, "acme", "beta")
    return {"LEADBRIDGE_DATABASE_URL": database_url}


@pytest.fixture
def with_acme(sqlite: Database) -> Database:
    """With one caller."""
    return add(sqlite, "acme")


def certificate(environment: Mapping[str, str], *arguments: str | Path) -> Done:
    return command("caller", "certificate", *map(str, arguments), environment=environment)


def file_of(folder: Path, data: bytes, name: str = "certificate") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def complaint(done: Done) -> str:
    assert (done.code, done.out) == (1, "")
    return done.err


@pytest.mark.parametrize(("kind", "form"), [("rsa", "pem"), ("p256", "der"), ("p384", "pem"), ("p521", "der")])
def test_a_certificate_is_added_listed_and_removed(
    database: Database, environment: dict[str, str], tmp_path: Path, form: str, kind: Kind
) -> None:
    who = identity(kind=kind)
    fingerprint = fingerprint_of(who.der)
    file = file_of(tmp_path, who.certificate.public_bytes(Encoding.PEM if form == "pem" else Encoding.DER))
    added = certificate(environment, "add", "acme", file)
    assert (added.code, added.err) == (0, "")
    assert fingerprint in added.out
    assert "2100-01-01" in added.out
    listed = certificate(environment, "list").out
    assert all(text in listed for text in ("acme", fingerprint, "2020-01-01", "2100-01-01", "CN=acme"))
    assert [one.caller.id for one in Certificates(database, cache_seconds=0).find(fingerprint=fingerprint)] == ["acme"]
    assert certificate(environment, "add", "acme", file).code == 0  # again changes nothing
    assert "pinned to caller acme already" in complaint(certificate(environment, "add", "beta", file))
    as_openssl_prints_it = ":".join(fingerprint[i : i + 2] for i in range(0, 64, 2)).upper()
    assert certificate(environment, "remove", as_openssl_prints_it).code == 0
    assert fingerprint not in certificate(environment, "list").out
    again = certificate(environment, "remove", fingerprint)
    assert (again.code, again.out) == (0, "The certificate was already removed.\n")
    assert "no certificate of this fingerprint" in complaint(certificate(environment, "remove", fingerprint[::-1]))
    assert certificate(environment, "add", "beta", file).code == 0  # it is free now
    assert [one.caller.id for one in Certificates(database, cache_seconds=0).find(fingerprint=fingerprint)] == ["beta"]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "no X.509 certificate"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "no X.509 certificate"),
        (identity("few", kind="rsa-1024").pem, "RSA of 2048"),
        (identity("few", kind="rsa-2047").pem, "RSA of 2048"),
        (identity("few", kind="p224").pem, "P-256, P-384 or P-521"),
        (identity("few", kind="ed25519").pem, "P-256, P-384 or P-521"),
        (identity().pem + identity("other").pem, "several certificates"),
        (identity().pem + identity().key_pem, "private key"),
        (identity().key_pem, "private key"),
        (b"x" * 16_385, "at most 16,384 bytes"),
    ],
)
def test_what_is_no_certificate_to_pin_is_refused_with_a_reason(
    sqlite_url: str, tmp_path: Path, data: bytes, text: str
) -> None:
    done = certificate({"LEADBRIDGE_DATABASE_URL": sqlite_url}, "add", "acme", file_of(tmp_path, data))
    assert text in complaint(done)


def test_a_file_or_a_caller_that_is_not_there_is_named(environment: dict[str, str], tmp_path: Path) -> None:
    assert "cannot be read" in complaint(certificate(environment, "add", "acme", tmp_path / "nowhere.pem"))
    file = file_of(tmp_path, identity().pem)
    assert "there is no caller nobody" in complaint(certificate(environment, "add", "nobody", file))


def test_what_is_added_says_from_when_on_it_shows_its_caller(environment: dict[str, str], tmp_path: Path) -> None:
    later = identity("later", kind="p256", since=datetime(2090, 1, 1, tzinfo=UTC))
    done = certificate(environment, "add", "acme", file_of(tmp_path, later.pem))
    assert "CN=later, valid from 2090-01-01 until 2100-01-01, will then show caller acme." in done.out
    done = certificate(environment, "add", "acme", file_of(tmp_path, identity().pem))
    assert "CN=acme, valid until 2100-01-01, shows caller acme." in done.out


def test_a_disabled_caller_gets_no_certificate(database: Database, environment: dict[str, str], tmp_path: Path) -> None:
    disable_caller(database, caller_id="acme", now=NOW)
    file = file_of(tmp_path, identity().pem)
    assert "caller acme is disabled" in complaint(certificate(environment, "add", "acme", file))


def test_a_certificate_is_refused_from_the_second_after_its_last(with_acme: Database) -> None:
    last = identity("short", kind="p256", since=NOW - timedelta(days=1), until=NOW)
    add_certificate(with_acme, caller_id="acme", data=last.pem, now=NOW)
    remove_certificate(with_acme, fingerprint=fingerprint_of(last.der), now=NOW)
    with pytest.raises(module.CertificateRefused, match="expired on 2026-03-01"):
        add_certificate(with_acme, caller_id="acme", data=last.pem, now=NOW + timedelta(seconds=1))


def test_one_that_begins_later_may_be_added_beforehand(with_acme: Database) -> None:
    later = identity("later", kind="p256", since=NOW + timedelta(days=1))
    add_certificate(with_acme, caller_id="acme", data=later.pem, now=NOW)
    assert _shown(with_acme, later, NOW + timedelta(days=1)) == "acme"
    assert _shown(with_acme, later, NOW) is None


def _shown(database: Database, who: Identity, now: datetime) -> str | None:
    """Whom a certificate shows at a moment."""
    access = Access(KnownCallers(), certificates=Certificates(database, cache_seconds=0), now=lambda: now)
    try:
        return asyncio.run(access.identify([Certificate(who.der)])).id
    except WrongEvidence:
        return None


def test_what_was_found_is_remembered_for_a_while_and_nothing_else(with_acme: Database) -> None:
    who, seconds = identity(), [0.0]
    fingerprint = fingerprint_of(who.der)
    known = Certificates(with_acme, cache_seconds=60, clock=lambda: seconds[0])
    assert known.find(fingerprint=fingerprint) == ()
    assert known.cached(fingerprint=fingerprint) == ()
    add_certificate(with_acme, caller_id="acme", data=who.pem, now=NOW)
    assert known.cached(fingerprint=fingerprint) == ()
    assert [one.caller.id for one in known.find(fingerprint=fingerprint)] == ["acme"]
    disable_caller(with_acme, caller_id="acme", now=NOW)
    seconds[0] = 59.9
    assert [one.caller.id for one in known.cached(fingerprint=fingerprint)] == ["acme"]
    seconds[0] = 60
    assert known.cached(fingerprint=fingerprint) == ()
    assert known.find(fingerprint=fingerprint) == ()


def test_the_memory_is_bounded_and_the_oldest_goes_first(with_acme: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_REMEMBERED", 2)
    known = Certificates(with_acme, cache_seconds=60)
    prints = []
    for name in "abc":
        who = identity(name, kind="p256")
        prints.append(fingerprint_of(who.der))
        add_certificate(with_acme, caller_id="acme", data=who.pem, now=NOW)
        known.find(fingerprint=prints[-1])
    assert [len(known.cached(fingerprint=one)) for one in prints] == [0, 1, 1]


def test_of_one_serial_number_a_few_are_found(database: Database, environment: dict[str, str]) -> None:
    del environment
    for number in range(MOST_OF_A_SERIAL + 1):
        who = identity(f"serial {number}", kind="p256", serial=7)
        add_certificate(database, caller_id="acme", data=who.pem, now=NOW + timedelta(seconds=number))
    found = Certificates(database, cache_seconds=0).find(serial="7")
    names = [one.certificate.subject.rfc4514_string() for one in found]
    assert names == [f"CN=serial {number}" for number in range(MOST_OF_A_SERIAL)]
    assert Certificates(database, cache_seconds=0).find(serial="8") == ()
