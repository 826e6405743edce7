"""Callers and their passwords: verification, what is remembered of it, and what an operator can do."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import argon2
import pytest

from leadbridge.authentication import passwords, remembering
from leadbridge.authentication.callers import (
    LONGEST_PASSWORD,
    SHORTEST_PASSWORD,
    CallerExists,
    CallerIdInvalid,
    CallerUnknown,
    PasswordTooShort,
    RoleUnknown,
    add_caller,
    disable_caller,
    has_callers,
    list_callers,
    set_password,
)
from leadbridge.authentication.passwords import Authenticator
from leadbridge.caller import INTERNAL_CALLER, Caller, Role, Visibility
from leadbridge.store import callers
from leadbridge.store.database import Database, migrate
from tests.support.hashing import SHIPPED_HASHER, SHIPPED_NOBODY

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PASSWORD = "correct horse battery"


class Clock:
    """Seconds that go on when told."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database file with two callers; hashing their passwords takes the time."""
    path = tmp_path_factory.mktemp("callers") / "callers.db"
    database = Database(f"sqlite:///{path}")
    migrate(database)
    for caller_id in ("acme", "gone"):
        add_caller(
            database, caller_id=caller_id, name="Acme", roles=["partner"], password=PASSWORD, now=NOW, party_id="P1"
        )
    disable_caller(database, caller_id="gone", now=NOW)
    with database.write() as tx:
        tx.connection.exec_driver_sql("SELECT 1")
    database.dispose()
    return path


@pytest.fixture
def database(template: Path, tmp_path: Path) -> Iterator[Database]:
    copy = tmp_path / "callers.db"
    copy.write_bytes(template.read_bytes())
    database = Database(f"sqlite:///{copy}")
    yield database
    database.dispose()


@pytest.fixture
def hashings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hashes that passwords are compared with, one entry for each time argon2 is paid."""
    compared: list[str] = []
    real = passwords._matches

    def matches(password_hash: str, password: str) -> bool:
        compared.append(password_hash)
        return real(password_hash, password)

    monkeypatch.setattr(passwords, "_matches", matches)
    return compared


ACME = Caller("acme", "Acme", frozenset({Role.PARTNER}), Visibility.GIVEN, "P1")


# -------------------------------------------------------------------------------------------------------- verification


def test_the_right_password_gives_the_caller(database: Database) -> None:
    assert Authenticator(database, cache_seconds=60).verify("acme", PASSWORD) == ACME


@pytest.mark.parametrize(
    ("caller_id", "password"),
    [
        ("acme", PASSWORD + "x"),
        ("acme", ""),
        ("acme", PASSWORD * 1_000),
        ("ACME", PASSWORD),
        ("nobody", PASSWORD),
        ("gone", PASSWORD),
        ("", ""),
        ("a\0b", PASSWORD),
        ("x" * 100_000, PASSWORD),
        ("acme' OR 1=1 --", PASSWORD),
        ("acme", "\ud800"),
    ],
)
def test_anything_else_gives_none_at_the_cost_of_one_comparison(
    database: Database, hashings: list[str], caller_id: str, password: str
) -> None:
    authenticator = Authenticator(database, cache_seconds=60)

    assert authenticator.cached(caller_id, password) is None
    assert authenticator.verify(caller_id, password) is None
    assert len(hashings) == 1
    assert authenticator.cached(caller_id, password) is None


def test_an_unknown_caller_is_compared_with_a_hash_of_the_same_cost() -> None:
    ours = argon2.extract_parameters(SHIPPED_HASHER.hash("x"))
    assert argon2.extract_parameters(SHIPPED_NOBODY) == ours
    assert ours.type is argon2.Type.ID
    assert ours.memory_cost >= 19 * 1024  # OWASP's least
    assert ours.time_cost >= 2


def test_a_hash_that_cannot_be_read_is_a_wrong_password(database: Database) -> None:
    with database.write() as tx:
        callers.set_password(tx, "acme", "!", NOW)

    assert Authenticator(database, cache_seconds=60).verify("acme", PASSWORD) is None


# --------------------------------------------------------------------------------------------------- what is remembered


def test_a_verified_credential_is_remembered_for_its_time_and_not_longer(
    database: Database, hashings: list[str]
) -> None:
    clock = Clock()
    authenticator = Authenticator(database, cache_seconds=60, clock=clock)
    assert authenticator.cached("acme", PASSWORD) is None
    authenticator.verify("acme", PASSWORD)

    clock.seconds += 59
    assert authenticator.cached("acme", PASSWORD) == ACME
    assert authenticator.verify("acme", PASSWORD) == ACME  # does not make it live longer
    clock.seconds += 1
    assert authenticator.cached("acme", PASSWORD) is None
    assert len(hashings) == 1
    assert authenticator.verify("acme", PASSWORD) == ACME
    assert len(hashings) == 2


def test_another_password_of_a_remembered_caller_is_not(database: Database) -> None:
    authenticator = Authenticator(database, cache_seconds=60)
    authenticator.verify("acme", PASSWORD)

    assert authenticator.cached("acme", PASSWORD + "x") is None
    assert authenticator.cached("acm", "e" + PASSWORD) is None
    assert authenticator.cached("gone", PASSWORD) is None


def test_nothing_is_remembered_for_no_time(database: Database, hashings: list[str]) -> None:
    authenticator = Authenticator(database, cache_seconds=0)

    for _ in range(2):
        assert authenticator.verify("acme", PASSWORD) == ACME
        assert authenticator.cached("acme", PASSWORD) is None
    assert len(hashings) == 2


def test_a_disabled_caller_and_an_old_password_are_out_after_the_time(database: Database) -> None:
    clock = Clock()
    authenticator = Authenticator(database, cache_seconds=60, clock=clock)
    authenticator.verify("acme", PASSWORD)
    set_password(database, caller_id="acme", password="another password", now=NOW)

    assert authenticator.cached("acme", PASSWORD) == ACME  # as documented: up to the cache's time
    assert authenticator.verify("acme", "another password") == ACME
    disable_caller(database, caller_id="acme", now=NOW)
    clock.seconds += 60
    for password in (PASSWORD, "another password"):
        assert authenticator.cached("acme", password) is None
        assert authenticator.verify("acme", password) is None


def test_the_memory_is_bounded_and_the_oldest_goes_first(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembering, "MOST_REMEMBERED", 3)
    monkeypatch.setattr(passwords, "_matches", lambda _hash, _password: True)
    authenticator = Authenticator(database, cache_seconds=60)

    for number in range(5):
        assert authenticator.verify("acme", f"password {number}") == ACME

    remembered = [number for number in range(5) if authenticator.cached("acme", f"password {number}")]
    assert remembered == [2, 3, 4]


def test_neither_passwords_nor_bare_hashes_of_them_are_kept_in_memory(database: Database) -> None:
    one, other = Authenticator(database, cache_seconds=60), Authenticator(database, cache_seconds=60)
    one.verify("acme", PASSWORD)
    other.verify("acme", PASSWORD)

    assert PASSWORD not in repr(vars(one))
    assert set(one._remembered).isdisjoint(other._remembered)  # each process has a key of its own


def test_first_calls_at_once_pay_for_argon2_once(database: Database, hashings: list[str]) -> None:
    authenticator = Authenticator(database, cache_seconds=60)
    barrier = threading.Barrier(16)

    def first_call() -> Caller | None:
        barrier.wait()
        return authenticator.verify("acme", PASSWORD)

    with ThreadPoolExecutor(16) as threads:
        results = [thread.result() for thread in [threads.submit(first_call) for _ in range(16)]]

    assert results == [ACME] * 16
    assert len(hashings) == 1
    assert not authenticator._being_verified


def test_a_failing_store_fails_all_who_wait_and_is_asked_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    authenticator = Authenticator(database, cache_seconds=60)
    entered = threading.Event()

    def broken(*_anything: object) -> None:
        entered.set()
        time.sleep(0.05)
        raise RuntimeError("the store is away")

    with monkeypatch.context() as patch, ThreadPoolExecutor(2) as threads:
        patch.setattr(callers, "by_id", broken)
        first = threads.submit(authenticator.verify, "acme", PASSWORD)
        entered.wait(5)
        second = threads.submit(authenticator.verify, "acme", PASSWORD)
        for call in (first, second):
            with pytest.raises(RuntimeError):
                call.result(5)

    assert authenticator.verify("acme", PASSWORD) == ACME


def test_the_internal_caller_needs_neither_store_nor_argon2(database: Database, hashings: list[str]) -> None:
    authenticator = Authenticator(database, cache_seconds=0, internal=(INTERNAL_CALLER, "a secret of this process"))

    for ask in (authenticator.cached, authenticator.verify):
        assert ask("relay", "a secret of this process") == INTERNAL_CALLER
        assert ask("relay", "another") is None
        assert ask("relay", "") is None
    assert hashings == []
    assert Authenticator(database, cache_seconds=0).verify("relay", "a secret of this process") is None


# ------------------------------------------------------------------------------------------ what an operator can do


def test_a_caller_is_added_with_the_visibility_of_its_roles(database: Database) -> None:
    added = add_caller(
        database, caller_id="desk", name="Desk", roles=["callcentre", "partner"], password=PASSWORD, now=NOW
    )

    assert added.visibility is Visibility.ALL
    assert added.roles == {Role.CALLCENTRE, Role.PARTNER}
    assert Authenticator(database, cache_seconds=60).verify("desk", PASSWORD) == added


def test_a_password_is_stored_as_an_argon2id_hash_with_a_salt_of_its_own(database: Database) -> None:
    add_caller(database, caller_id="other", name="Other", roles=["crm"], password=PASSWORD, now=NOW)
    with database.read() as tx:
        hashes = [row["password_hash"] for row in callers.all(tx)]

    assert all(one.startswith("$argon2id$") and PASSWORD not in one for one in hashes)
    assert len(set(hashes)) == len(hashes)


def test_an_id_is_taken_once(database: Database) -> None:
    with pytest.raises(CallerExists):
        add_caller(database, caller_id="acme", name="x", roles=["crm"], password=PASSWORD, now=NOW)


@pytest.mark.parametrize("caller_id", ["", "a:b", "a b", "-a", "x" * 65, "a\n", "\u00e4", "relay"])
def test_an_id_must_be_plain_and_not_ours(database: Database, caller_id: str) -> None:
    with pytest.raises(CallerIdInvalid):
        add_caller(database, caller_id=caller_id, name="x", roles=["crm"], password=PASSWORD, now=NOW)


@pytest.mark.parametrize("roles", [[], ["boss"], ["partner", ""]])
def test_a_role_must_be_known(database: Database, roles: list[str]) -> None:
    with pytest.raises(RoleUnknown, match="partner"):
        add_caller(database, caller_id="x", name="x", roles=roles, password=PASSWORD, now=NOW)


@pytest.mark.parametrize(
    ("length", "passes"),
    [
        (SHORTEST_PASSWORD - 1, False),
        (SHORTEST_PASSWORD, True),
        (LONGEST_PASSWORD, True),
        (LONGEST_PASSWORD + 1, False),
    ],
)
def test_a_password_has_a_least_and_a_greatest_length(database: Database, length: int, passes: bool) -> None:
    if passes:
        set_password(database, caller_id="acme", password="p" * length, now=NOW)
        assert Authenticator(database, cache_seconds=0).verify("acme", "p" * length) == ACME
        return
    with pytest.raises(PasswordTooShort):
        set_password(database, caller_id="acme", password="p" * length, now=NOW)
    with pytest.raises(PasswordTooShort):
        add_caller(database, caller_id="x", name="x", roles=["crm"], password="p" * length, now=NOW)


def test_an_unknown_caller_cannot_be_disabled_or_given_a_password(database: Database) -> None:
    with pytest.raises(CallerUnknown):
        disable_caller(database, caller_id="nobody", now=NOW)
    with pytest.raises(CallerUnknown):
        set_password(database, caller_id="nobody", password=PASSWORD, now=NOW)


def test_a_caller_is_disabled_once_and_listed_all_the_same(database: Database) -> None:
    assert disable_caller(database, caller_id="acme", now=NOW)
    assert not disable_caller(database, caller_id="acme", now=NOW)

    listed = list_callers(database)
    assert [(one.caller.id, one.disabled_at) for one in listed] == [("acme", NOW), ("gone", NOW)]
    assert has_callers(database)


def test_a_new_database_has_no_callers(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'empty.db'}")
    migrate(database)

    assert not has_callers(database)
    assert list_callers(database) == []
    database.dispose()
