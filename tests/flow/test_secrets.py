"""Row 32: secrets at rest, in settings, and the change of the key they are sealed with."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import insert, select

from leadbridge.authentication.digest import DigestVerifier, digest_of, set_digest_secret
from leadbridge.authentication.evidence import Digest
from leadbridge.caller import Role
from leadbridge.sealing import box_to_seal_with
from leadbridge.secretbox import SecretBox, SecretKeyError, key_file, secret_box
from leadbridge.settings import Settings
from leadbridge.store import tables
from leadbridge.store.database import Database
from tests.support.commands import Done, command
from tests.support.doors import add_callers

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
NAMES = [f"caller{number:03d}" for number in range(250)]  # more than are sealed in one transaction


@pytest.fixture
def sealed(database: Database) -> None:
    """A secret of every caller, sealed with the old key."""
    box, now = SecretBox([OLD]), datetime.now(UTC)
    add_callers(database, **dict.fromkeys(NAMES, Role.PARTNER))
    with database.write() as tx:
        rows = [{"caller_id": name, "sealed": box.seal(f"of {name}"), "set_at": now} for name in NAMES]
        tx.connection.execute(insert(tables.caller_digest_secret), rows)


def opened(database: Database, *keys: str) -> list[str]:
    """Every secret, opened with these keys."""
    table = tables.caller_digest_secret
    with database.read() as tx:
        rows = tx.connection.execute(select(table.c.sealed).order_by(table.c.caller_id)).scalars().all()
    box = SecretBox(keys)
    return [box.open(bytes(row)) for row in rows]


def rotate(database_url: str, key: str | None) -> Done:
    environment = {"LEADBRIDGE_DATABASE_URL": database_url, **({"LEADBRIDGE_SECRET_KEY": key} if key else {})}
    return command("secret", "rotate", environment=environment)


@pytest.mark.usefixtures("sealed")
def test_row_32_every_secret_is_sealed_anew_and_a_second_time_none(database: Database, database_url: str) -> None:
    first = rotate(database_url, f"{NEW},{OLD}")
    assert (first.code, first.out) == (0, "250 secrets were sealed with the first key; 0 were already.\n")
    assert opened(database, NEW) == [f"of {name}" for name in NAMES]
    again = rotate(database_url, f"{NEW},{OLD}")
    assert again.out == "0 secrets were sealed with the first key; 250 were already.\n"


@pytest.mark.usefixtures("sealed")
def test_a_change_that_was_broken_off_goes_on(database: Database, database_url: str) -> None:
    table = tables.caller_digest_secret
    with database.write() as tx:
        value = SecretBox([NEW, OLD]).seal("of caller000")
        tx.connection.execute(table.update().where(table.c.caller_id == "caller000").values(sealed=value))
    done = rotate(database_url, f"{NEW},{OLD}")
    assert done.out == "249 secrets were sealed with the first key; 1 were already.\n"
    assert len(opened(database, NEW)) == 250


@pytest.mark.usefixtures("sealed")
def test_without_the_old_key_nothing_is_lost(database: Database, database_url: str) -> None:
    done = rotate(database_url, NEW)
    assert done.code == 1
    assert "another key" in done.err
    assert NEW not in done.err
    assert len(opened(database, OLD)) == 250


def test_row_32_the_key_beside_the_embedded_database_is_its_owners_alone(sqlite_url: str, sqlite: Database) -> None:
    settings = Settings(database_url=sqlite_url)
    path = key_file(settings)
    assert path is not None
    box = box_to_seal_with(settings, sqlite)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_text()
    add_callers(sqlite, acme=Role.PARTNER)
    with sqlite.write() as tx:
        row = {"caller_id": "acme", "sealed": box.seal("a secret"), "set_at": datetime.now(UTC)}
        tx.connection.execute(insert(tables.caller_digest_secret), [row])
    path.write_text(f"{NEW},{before}")  # a change that was broken off after it had made its key
    assert rotate(sqlite_url, None).code == 0
    assert path.read_text().strip() == NEW
    assert rotate(sqlite_url, None).code == 0
    after = path.read_text().strip()
    assert after not in (before.strip(), NEW)
    assert opened(sqlite, after) == ["a secret"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir() if one.name.startswith(path.name)] == [path.name]
    path.chmod(0o604)
    with pytest.raises(SecretKeyError, match=r"others may read it.*chmod"):
        secret_box(settings)


def test_a_gateway_that_serves_goes_on_when_the_key_beside_its_database_changes(
    sqlite_url: str, sqlite: Database
) -> None:
    settings = Settings(database_url=sqlite_url)
    add_callers(sqlite, acme=Role.PARTNER)
    secret = "a secret for digests"  # a test's secret
    box = box_to_seal_with(settings, sqlite)
    set_digest_secret(sqlite, box, caller_id="acme", secret=secret, now=datetime.now(UTC))
    verifier = DigestVerifier(sqlite, partial(secret_box, settings))
    created = "2026-03-01T12:00:00Z"
    digest = Digest("acme", digest_of(nonce=b"n", created=created, secret=secret), b"n", created)
    for _ in range(3):
        caller = verifier.verify(digest)
        assert caller is not None
        assert rotate(sqlite_url, None).out == "1 secrets were sealed with the first key; 0 were already.\n"


@pytest.mark.parametrize("content", [None, "", "Xyzzy", "Xyzzy,\N{SNOWMAN}"])
def test_a_lost_or_damaged_key_file_is_named_and_not_replaced(
    sqlite_url: str, sqlite: Database, content: str | None
) -> None:
    settings = Settings(database_url=sqlite_url)
    path = key_file(settings)
    assert path is not None
    assert rotate(sqlite_url, None).code == 0  # nothing is sealed yet: the file may be made
    add_callers(sqlite, acme=Role.PARTNER, other=Role.PARTNER)
    environment = {"LEADBRIDGE_DATABASE_URL": sqlite_url}
    assert command("caller", "digest", "acme", environment=environment).code == 0
    kept = path.read_text()
    if content is None:
        path.unlink()
    else:
        path.write_text(content, encoding="utf-8")

    for arguments in (("secret", "rotate"), ("caller", "digest", "other"), ("serve",)):
        done = command(*arguments, environment={**environment, "LEADBRIDGE_PORT": "0"})
        assert done.code == 1
        assert f"{path} is " + ("missing" if content is None else "no key") in done.err
        assert "leadbridge caller digest" in done.err
        assert "LEADBRIDGE_SECRET_KEY" not in done.err
        assert "Xyzzy" not in done.err
    assert (path.read_text(encoding="utf-8") if path.exists() else None) == content

    path.write_text(NEW)  # the way out of a lost key
    path.chmod(0o600)
    done = command("secret", "rotate", environment=environment)
    assert f"another key than that of {path}: put the old key beside it (NEW,OLD)" in done.err
    assert path.read_text() == NEW
    path.write_text(f"{NEW},{kept}")
    assert rotate(sqlite_url, None).code == 0


def test_postgresql_without_a_key_says_what_to_set(postgresql_url: str) -> None:
    done = rotate(postgresql_url, None)
    assert done.code == 1
    assert "LEADBRIDGE_SECRET_KEY" in done.err
    assert "leadbridge secret key" in done.err
    with pytest.raises(SecretKeyError, match="LEADBRIDGE_SECRET_KEY"):
        secret_box(Settings(database_url=postgresql_url))


def test_a_key_is_printed_and_nothing_else() -> None:
    first, second = (command("secret", "key", environment={}).out.strip() for _ in range(2))
    assert first != second
    assert SecretBox([first]).open(SecretBox([first]).seal("x")) == "x"


def test_row_32_settings_show_no_secret(tmp_path: Path) -> None:
    secrets = {
        "LEADBRIDGE_SECRET_KEY": f"{NEW},{OLD}",
        "LEADBRIDGE_CRM_USERNAME": "crm",
        "LEADBRIDGE_CRM_PASSWORD": "Xyzzy-password",
        "LEADBRIDGE_DATABASE_URL": "postgresql://someone:Xyzzy-database@db.example.com/leads",
    }
    shown = command("settings", environment=secrets)
    assert shown.code == 0
    for secret in (NEW, OLD, "Xyzzy"):
        assert secret not in shown.out + shown.err
    wrong = command("secret", "rotate", environment={"LEADBRIDGE_SECRET_KEY": "Xyzzy", **_sqlite(tmp_path)})
    assert wrong.code == 1
    assert "32 bytes" in wrong.err
    assert "Xyzzy" not in wrong.err


def _sqlite(folder: Path) -> dict[str, str]:
    return {"LEADBRIDGE_DATABASE_URL": f"sqlite:///{folder / 'new.db'}"}
