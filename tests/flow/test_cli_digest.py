"""`leadbridge caller digest` on both databases, and what becomes of the secret."""

import asyncio
import re
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from leadbridge.authentication.callers import disable_caller, list_callers
from leadbridge.authentication.digest import DigestVerifier, digest_of
from leadbridge.authentication.evidence import Digest
from leadbridge.caller import Caller
from leadbridge.secretbox import SecretBox, SecretKeyError, new_key
from leadbridge.store import tables
from leadbridge.store.database import Database
from tests.support.commands import Done, command
from tests.support.door import envelope
from tests.support.doors import LOGIN, NewDoors
from tests.support.wss import digest_token, security

KEY = new_key()
SECRET = "sixteen or more "  # a test's secret, as short as one may be


@pytest.fixture
def environment(database_url: str) -> dict[str, str]:
    """Settings of a site with a caller."""
    settings = {"LEADBRIDGE_DATABASE_URL": database_url, "LEADBRIDGE_SECRET_KEY": KEY}
    added = ("caller", "add", "acme", "--name", "Acme", "--role", "partner", "--password-stdin")
    assert command(*added, environment=settings, standard_input="a long password\n").code == 0
    return settings


def digest(environment: Mapping[str, str], *arguments: str, stdin: str = "") -> Done:
    return command("caller", "digest", *arguments, environment=environment, standard_input=stdin)


def shown_by(database: Database, secret: str) -> Caller | None:
    """Whom a digest made with this secret shows."""
    made = digest_of(nonce=b"n", created="2026-03-01T12:00:00Z", secret=secret)
    verifier = DigestVerifier(database, lambda: SecretBox([KEY]))
    return verifier.verify(Digest("acme", made, b"n", "2026-03-01T12:00:00Z"))


def test_a_secret_is_made_and_printed_once_and_kept_sealed(database: Database, environment: dict[str, str]) -> None:
    done = digest(environment, "acme")

    found = re.fullmatch(r"The digest secret of caller acme was set: (\S{32,})\n", done.out)
    assert found is not None
    caller = shown_by(database, found[1])
    assert caller is not None
    assert caller.id == "acme"
    with database.read() as tx:
        (row,) = tx.connection.execute(tables.caller_digest_secret.select())
    assert found[1].encode() not in row.sealed


def test_a_secret_given_takes_the_place_of_the_one_before_and_can_be_removed(
    database: Database, environment: dict[str, str]
) -> None:
    before = digest(environment, "acme").out.split()[-1]
    done = digest(environment, "acme", "--secret-stdin", stdin=SECRET + "\n")

    assert (done.code, done.out) == (0, "The digest secret of caller acme was set.\n")
    assert shown_by(database, SECRET) is not None
    assert shown_by(database, before) is None
    done = digest(environment, "acme", "--remove")
    assert (done.code, done.out) == (0, "Digests of caller acme are not taken any more.\n")
    assert shown_by(database, SECRET) is None
    again = digest(environment, "acme", "--remove")
    assert (again.code, again.out) == (0, "Caller acme has no secret for digests.\n")


def test_the_list_of_callers_says_who_has_a_secret(database: Database, environment: dict[str, str]) -> None:
    def shown() -> list[bool]:
        return [one.digest_set_at is not None for one in list_callers(database)]

    before = command("caller", "list", environment=environment).out
    assert not any(shown())
    assert digest(environment, "acme").code == 0
    assert shown().count(True) == 1
    assert command("caller", "list", environment=environment).out != before


def test_a_disabled_caller_gets_no_secret_and_one_can_be_taken_from_it(
    database: Database, environment: dict[str, str]
) -> None:
    assert digest(environment, "acme").code == 0
    disable_caller(database, caller_id="acme", now=datetime.now(UTC))
    done = digest(environment, "acme")
    assert (done.code, done.out) == (1, "")
    assert "caller acme is disabled" in done.err
    assert digest(environment, "acme", "--remove").code == 0


@pytest.mark.parametrize(
    ("arguments", "stdin", "complaint"),
    [
        (["nobody"], "", "there is no caller nobody"),
        (["nobody", "--remove"], "", "there is no caller nobody"),
        (["acme", "--secret-stdin"], SECRET[:-1] + "\n", "a secret for digests has 16 to 256 characters"),
        (["acme", "--secret-stdin"], "x" * 257 + "\n", "a secret for digests has 16 to 256 characters"),
        (["acme", "--secret-stdin"], "", "nothing came on standard input"),
        (["acme", "--secret-stdin", "--remove"], SECRET, "either --remove or --secret-stdin"),
    ],
)
def test_what_cannot_be_done_is_said(
    database: Database, environment: dict[str, str], arguments: list[str], stdin: str, complaint: str
) -> None:
    done = digest(environment, *arguments, stdin=stdin)

    assert done.code > 0
    assert complaint in done.err
    assert "Traceback" not in done.err
    with database.read() as tx:
        assert tx.connection.execute(tables.caller_digest_secret.select()).all() == []


def test_without_a_key_a_shared_database_takes_no_secret_and_an_embedded_one_makes_a_key(
    database: Database, environment: dict[str, str]
) -> None:
    del environment["LEADBRIDGE_SECRET_KEY"]

    done = digest(environment, "acme", "--secret-stdin", stdin=SECRET + "\n")

    if database.dialect_name == "sqlite":
        assert done.code == 0
        with pytest.raises(SecretKeyError):  # the key is another one than this test's
            shown_by(database, SECRET)
    else:
        assert done.code == 1
        assert "set LEADBRIDGE_SECRET_KEY" in done.err


def test_a_secret_sealed_with_another_key_admits_nobody(database: Database, environment: dict[str, str]) -> None:
    digest({**environment, "LEADBRIDGE_SECRET_KEY": new_key()}, "acme", "--secret-stdin", stdin=SECRET + "\n")

    with pytest.raises(SecretKeyError):
        shown_by(database, SECRET)
    digest({**environment, "LEADBRIDGE_SECRET_KEY": f"{new_key()},{KEY}"}, "acme", "--secret-stdin", stdin=SECRET)
    with pytest.raises(SecretKeyError):  # the first key seals
        shown_by(database, SECRET)
    digest({**environment, "LEADBRIDGE_SECRET_KEY": f"{KEY},{new_key()}"}, "acme", "--secret-stdin", stdin=SECRET)
    assert shown_by(database, SECRET) is not None


def test_a_key_of_no_use_is_our_fault_and_no_failed_login(
    database: Database, environment: dict[str, str], new_doors: NewDoors
) -> None:
    digest(environment, "acme", "--secret-stdin", stdin=SECRET + "\n")  # the doors have another key
    doors = new_doors()

    async def scene() -> None:
        for number in range(LOGIN.failures + 1):
            token = digest_token(nonce=b"%016d" % number, secret=SECRET, caller_id="acme")
            reply = await doors.soap(envelope(header=security(token)), authorization=b"")
            assert (reply.status, reply.fault.kind) == (500, "InternalError")
        nobodys = digest_token(secret=SECRET, caller_id="nobody")
        assert (await doors.soap(envelope(header=security(nobodys)), authorization=b"")).status == 401

    asyncio.run(scene())
    with database.read() as tx:
        counted = tx.connection.execute(select(tables.failed_login.c.failures)).scalars().all()
    assert counted == [1, 1, 1]  # nobody's: with the address, the name, the address


def test_serving_does_not_start_without_the_key_of_what_is_stored(environment: dict[str, str]) -> None:
    digest(environment, "acme", "--secret-stdin", stdin=SECRET + "\n")
    port = {"LEADBRIDGE_PORT": "0"}

    for key, complaint in ((new_key(), "another key than that of LEADBRIDGE_SECRET_KEY"), ("abc", "32 bytes")):
        done = command("serve", environment={**environment, **port, "LEADBRIDGE_SECRET_KEY": key})
        assert done.code == 1
        assert complaint in done.err
    del environment["LEADBRIDGE_SECRET_KEY"]
    done = command("serve", environment={**environment, **port})
    assert done.code == 1
    assert "set LEADBRIDGE_SECRET_KEY" in done.err or ".key is missing" in done.err


def test_a_key_that_is_none_is_told_even_where_nothing_is_sealed(environment: dict[str, str]) -> None:
    done = command("serve", environment={**environment, "LEADBRIDGE_PORT": "0", "LEADBRIDGE_SECRET_KEY": "abc"})
    assert done.code == 1
    assert "LEADBRIDGE_SECRET_KEY is no key" in done.err
