"""Row 30, password guessing: failed logins delay the next one, on every door, and lock nobody out who is elsewhere."""

from __future__ import annotations

import asyncio
import dataclasses
import threading
import time
from collections import Counter
from datetime import timedelta
from unittest.mock import patch

import pytest
from sqlalchemy import select

from leadbridge.authentication import access, passwords
from leadbridge.authentication import failedlogins as counting
from leadbridge.authentication.access import WrongEvidence
from leadbridge.authentication.certificates import add_certificate
from leadbridge.authentication.digest import set_digest_secret
from leadbridge.authentication.evidence import Certificate
from leadbridge.authentication.failedlogins import FADED, KNOWN, LoginKeys, keys_of
from leadbridge.authentication.tokens import add_token
from leadbridge.caller import Caller, Role
from leadbridge.soap.versions import SOAP_11, SOAP_12, SoapVersion
from leadbridge.store import failedlogins, tables
from leadbridge.store.database import Database
from tests.support.certificates import identity
from tests.support.commands import command
from tests.support.door import NOW, Reply, basic, envelope, username_token
from tests.support.doors import LOGIN, PASSWORD, Doors, NewDoors, Now, add_callers
from tests.support.wss import BOX, SECRET, digest_token, security

both_versions = pytest.mark.parametrize("version", [SOAP_11, SOAP_12], ids=lambda version: version.name)

WRONG = basic("acme", "wrong")
HOME, AWAY = "192.0.2.1", "198.51.100.7"


@pytest.fixture(autouse=True)
def quick_argon2(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names that nobody has cost what the others do; here that is little."""
    monkeypatch.setattr(passwords, "_NOBODY", "$argon2id$v=19$m=8,t=1,p=1$lLaj5UbY+lAQGUBJq3Y7Mw$e6do8j63M+I")


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def doors(new_doors: NewDoors, database: Database, now: Now) -> Doors:
    add_callers(database, acme=Role.PARTNER, other=Role.PARTNER)
    return new_doors(now=now, credential_seconds=0)


def assert_delayed(reply: Reply, seconds: int) -> None:
    """Busy on the SOAP door, 429 on the bulk door, both with the time to wait."""
    assert reply.headers["retry-after"] == str(seconds)
    if reply.status == 429:
        assert b'"code":"Busy"' in reply.body
    else:
        assert (reply.status, reply.fault.kind) == (503, "Busy")
        assert PASSWORD not in reply.fault.text


@both_versions
def test_row_30_after_failures_in_a_row_the_next_login_waits_and_costs_no_argon2(
    doors: Doors, now: Now, version: SoapVersion
) -> None:
    async def scene() -> None:
        for _ in range(LOGIN.failures):  # the last one that is looked at, the first one that is not
            assert (await doors.soap(version=version, authorization=WRONG)).status == 401
        with patch.object(doors.passwords, "verify", side_effect=AssertionError("nobody pays for argon2 now")):
            assert_delayed(await doors.soap(version=version, authorization=WRONG), 2)
            assert_delayed(await doors.soap(version=version), 2)  # the right one is not looked at either
            token = envelope(version=version, header=username_token("acme", PASSWORD))
            assert_delayed(await doors.soap(token, version=version, authorization=b""), 2)
            assert_delayed(await doors.bulk(), 2)
        for seconds in (4, 8, 10, 10):  # it doubles, up to its ceiling
            now.pass_by(10)
            assert (await doors.soap(version=version, authorization=WRONG)).status == 401
            assert_delayed(await doors.soap(version=version), seconds)
        now.pass_by(9.9)
        assert_delayed(await doors.soap(version=version), 1)
        now.pass_by(0.1)
        assert (await doors.soap(version=version)).status == 200

    asyncio.run(scene())


def test_row_30_a_clock_that_was_set_back_shuts_nobody_out(doors: Doors, new_doors: NewDoors, now: Now) -> None:
    longest = LOGIN.longest_delay.total_seconds()

    async def scene() -> None:
        for _ in range(LOGIN.failures):
            assert (await doors.soap(authorization=WRONG)).status == 401  # two seconds from now
        now.pass_by(-longest + 2)
        for set_back, statuses in ((0, (503, 503)), (-0.1, (200, 200))):
            now.pass_by(set_back)
            another = new_doors(now=now, credential_seconds=0)  # which does not remember it
            assert ((await another.soap()).status, (await doors.soap()).status) == statuses

    asyncio.run(scene())


def test_row_30_the_bulk_door_counts_the_same_failures(doors: Doors) -> None:
    async def scene() -> None:
        assert (await doors.soap(authorization=WRONG)).status == 401
        for _ in range(LOGIN.failures - 1):
            assert (await doors.bulk(authorization=WRONG)).status == 401
        assert_delayed(await doors.bulk(), 2)
        assert_delayed(await doors.soap(), 2)

    asyncio.run(scene())


def test_row_30_failures_are_shared_by_all_processes(doors: Doors, new_doors: NewDoors, now: Now) -> None:
    second = new_doors(now=now, credential_seconds=0)

    async def scene() -> None:
        for number in range(LOGIN.failures):
            assert (await (doors, second)[number % 2].soap(authorization=WRONG)).status == 401
        for one in (doors, second):
            assert_delayed(await one.soap(), 2)

    asyncio.run(scene())


def test_row_30_a_success_begins_anew(doors: Doors) -> None:
    async def scene() -> None:
        for _ in range(3):
            for _ in range(LOGIN.failures - 1):
                assert (await doors.soap(authorization=WRONG)).status == 401
            assert (await doors.soap()).status == 200

    asyncio.run(scene())


def test_row_30_without_credentials_nothing_fails(doors: Doors, database: Database) -> None:
    async def scene() -> None:
        for _ in range(LOGIN.address_failures + 1):
            assert (await doors.soap(authorization=b"")).status == 401
            assert (await doors.bulk(authorization=b"")).status == 401
        assert (await doors.soap()).status == 200

    asyncio.run(scene())
    with database.read() as tx:
        assert [row.failures for row in tx.connection.execute(select(tables.failed_login))] == [0]


def test_row_30_at_once_no_more_are_tried_than_may_fail(doors: Doors) -> None:
    async def scene() -> list[int]:
        guesses = [doors.soap(authorization=basic("acme", f"guess {number}")) for number in range(20)]
        return sorted(reply.status for reply in await asyncio.gather(*guesses))

    assert asyncio.run(scene()) == [401] * LOGIN.failures + [503] * (20 - LOGIN.failures)


def test_row_30_nobody_is_locked_out_from_elsewhere(doors: Doors, now: Now) -> None:
    """Somebody guesses under a partner's name from ever new addresses, and from one under ever new names."""

    async def scene() -> None:
        assert (await doors.soap(address=HOME)).status == 200
        for number in range(LOGIN.name_failures):
            reply = await doors.soap(authorization=WRONG, address=f"198.51.100.{number}")
            assert reply.status == 401
        assert (await doors.soap(address=HOME)).status == 200
        assert_delayed(await doors.soap(address="203.0.113.9"), 2)  # acme has never logged in from there
        now.pass_by(2)
        assert (await doors.soap(address="203.0.113.9")).status == 200

        for number in range(LOGIN.address_failures):
            reply = await doors.soap(authorization=basic(f"name{number}", "wrong"), address=HOME)
            assert reply.status == 401
        assert_delayed(await doors.soap(authorization=basic("name9", "wrong"), address=HOME), 2)
        assert_delayed(await doors.soap(authorization=basic("other", PASSWORD), address=HOME), 2)
        assert (await doors.soap(address=HOME)).status == 200

    asyncio.run(scene())


def test_row_30_a_credential_that_was_right_is_no_guess(
    new_doors: NewDoors, database: Database, now: Now, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind a proxy that is not trusted all have one address: a guesser's delay must not be the partner's."""
    add_callers(database, acme=Role.PARTNER)
    seconds = 0.05
    monkeypatch.setattr(counting, "_STILL_GOOD_SECONDS", seconds)
    doors = new_doors(now=now, credential_seconds=seconds)

    async def scene() -> None:
        assert (await doors.soap()).status == 200
        await asyncio.sleep(2 * seconds)
        for _ in range(LOGIN.failures):
            assert (await doors.soap(authorization=WRONG)).status == 401
        assert_delayed(await doors.soap(authorization=WRONG), 2)
        with patch.object(doors.passwords, "verify", side_effect=AssertionError("argon2 is not paid again")):
            assert (await doors.soap()).status == 200
        with database.write() as tx:
            tx.connection.execute(tables.caller.update().values(disabled_at=now()))
        await asyncio.sleep(2 * seconds)
        assert (await doors.soap()).status == 503  # not renewed, and so a guess like any other

    asyncio.run(scene())


def test_row_30_an_address_of_ipv6_is_its_network(doors: Doors) -> None:
    async def scene() -> None:
        for number in range(LOGIN.failures):
            assert (await doors.soap(authorization=WRONG, address=f"2001:db8::{number}")).status == 401
        assert_delayed(await doors.soap(address="2001:db8::ffff:1"), 2)
        assert (await doors.soap(address="2001:db8:0:1::1")).status == 200

    asyncio.run(scene())


def test_row_30_wrong_tokens_and_certificates_hold_up_nobody(doors: Doors, database: Database, now: Now) -> None:
    der = identity("other", kind="p256").der
    add_certificate(database, caller_id="other", data=der, now=now())
    token = add_token(database, caller_id="acme", name="nightly", now=now()).encode()

    async def scene() -> None:
        for number in range(LOGIN.address_failures + 1):
            assert (await doors.bulk(authorization=b"Bearer lbt_%043d" % number)).status == 401
            with pytest.raises(WrongEvidence):
                await doors.access.identify([Certificate(b"%d" % number)], address=HOME)
            assert (await doors.bulk(authorization=basic("", "wrong"))).status in (401, 429)
        assert (await doors.bulk(authorization=b"Bearer " + token)).status == 404  # there is no such job
        caller = await doors.access.identify([Certificate(der)], address=HOME)
        assert caller.id == "other"

    asyncio.run(scene())


def test_row_30_wrong_tokens_are_not_held_against_passwords(doors: Doors) -> None:
    async def scene() -> None:
        for number in range(LOGIN.address_failures + 1):
            assert (await doors.bulk(authorization=b"Bearer lbt_%043d" % number)).status == 401
        assert (await doors.bulk()).status == 404

    asyncio.run(scene())


def test_row_30_many_names_at_once_from_an_address_are_no_more_than_may_fail(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are tried one after the other, and who logs in from elsewhere does not wait for them."""
    tried: list[str] = []
    real = doors.passwords.verify

    def verify(caller_id: str, password: str) -> Caller | None:
        tried.append(caller_id)
        if caller_id.startswith("name"):
            time.sleep(0.1)
        return real(caller_id, password)

    async def scene() -> None:
        monkeypatch.setattr(doors.passwords, "verify", verify)
        names = [basic(f"name{number}", "wrong") for number in range(100)]
        guesses = asyncio.gather(*(doors.soap(authorization=name, address=HOME) for name in names))
        await asyncio.sleep(0.05)
        assert (await doors.soap(address=AWAY)).status == 200
        assert tried.index("acme") < LOGIN.address_failures  # while they were still being tried
        statuses = Counter(reply.status for reply in await guesses)
        assert statuses == {401: LOGIN.address_failures, 503: 100 - LOGIN.address_failures}
        assert len(tried) == LOGIN.address_failures + 1

    asyncio.run(scene())


def test_row_30_names_that_wait_at_an_address_are_bounded(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "_STILL_GOOD_SECONDS", 0.0)
    go_on = threading.Event()
    real = doors.passwords.verify

    def verify(caller_id: str, password: str) -> Caller | None:
        if caller_id.startswith("name"):
            go_on.wait(10)
        return real(caller_id, password)

    monkeypatch.setattr(doors.passwords, "verify", verify)
    monkeypatch.setattr(doors.passwords, "was_right", lambda *_: False)
    most = access._MOST_OF_AN_ADDRESS
    network = keys_of("Password", "", "2001:db8::").address

    def call(number: int) -> asyncio.Task[Reply]:
        address = f"2001:db8::{number}"  # all of one network
        return asyncio.create_task(doors.soap(authorization=basic(f"name{number}", "wrong"), address=address))

    async def scene() -> None:
        assert (await doors.soap(address="2001:db8::a")).status == 200
        waiting = [call(number) for number in range(most)]
        async with asyncio.timeout(5):
            while doors.access._addresses.standing(network) < most:  # noqa: ASYNC110 - there is no event for that
                await asyncio.sleep(0.01)
        assert_delayed(await call(most), 10)
        assert (await doors.soap(address="2001:db8::a")).status == 200  # acme is known there
        same = call(0)  # the same name waits behind its like
        await asyncio.sleep(0.05)
        assert not same.done()
        go_on.set()
        await asyncio.gather(same, *waiting)
        assert not len(doors.access._addresses)
        assert not len(doors.access._logins)

    asyncio.run(scene())


def test_row_30_a_caller_that_makes_digests_frees_no_guesser_of_its_password(doors: Doors, database: Database) -> None:
    set_digest_secret(database, BOX, caller_id="acme", secret=SECRET, now=NOW)

    async def scene() -> None:
        for number in range(LOGIN.failures):
            assert (await doors.soap(authorization=WRONG)).status == 401
            token = digest_token(nonce=b"%016d" % number, secret=SECRET, caller_id="acme")
            assert (await doors.soap(envelope(header=security(token)), authorization=b"")).status == 200
        assert_delayed(await doors.soap(authorization=WRONG), 2)

    asyncio.run(scene())


@both_versions
def test_row_30_wrong_digests_count_and_right_ones_cost_no_more_looks(
    doors: Doors, database: Database, version: SoapVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_digest_secret(database, BOX, caller_id="acme", secret=SECRET, now=NOW)
    looks: list[LoginKeys] = []
    real = doors.failed_logins.delay

    def looked(keys: LoginKeys) -> tuple[float, bool]:
        looks.append(keys)
        return real(keys)

    monkeypatch.setattr(doors.failed_logins, "delay", looked)

    async def call(number: int, secret: str = SECRET) -> Reply:
        token = digest_token(nonce=b"%016d" % number, secret=secret, caller_id="acme")
        return await doors.soap(envelope(version=version, header=security(token)), version=version, authorization=b"")

    async def scene() -> None:
        assert (await call(0)).status == 200
        at_once = await asyncio.gather(*(call(number) for number in range(1, 20)))
        assert [reply.status for reply in at_once] == [200] * 19
        assert len(set(looks)) == 1
        assert len(looks) == 2  # before its turn at a new address, and in it
        for number in range(20, 20 + LOGIN.failures):
            assert (await call(number, "another secret")).status == 401
        assert_delayed(await call(30), 2)
        assert (await doors.bulk()).status == 404  # a password is another matter, and there is no such job

    asyncio.run(scene())


def test_row_30_a_success_in_one_process_ends_what_failed_in_another(
    doors: Doors, new_doors: NewDoors, now: Now, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "_STILL_GOOD_SECONDS", 0.0)
    second = new_doors(now=now, credential_seconds=0)

    async def scene() -> None:
        for _ in range(3):
            assert (await doors.soap()).status == 200
            for _ in range(LOGIN.failures - 1):
                assert (await second.soap(authorization=WRONG)).status == 401

    asyncio.run(scene())


def test_an_operator_sees_who_is_delayed_and_ends_it_in_all_processes(
    new_doors: NewDoors, database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_callers(database, acme=Role.PARTNER, other=Role.PARTNER)
    long = dataclasses.replace(LOGIN, address_failures=100, first_delay=timedelta(minutes=5), longest_delay=KNOWN)
    first, second = (new_doors(login=long, credential_seconds=0) for _ in range(2))
    environment = {"LEADBRIDGE_DATABASE_URL": database_url}

    def delayed() -> list[str]:
        lines = command("caller", "list", environment=environment).out.splitlines()[1:]
        return [line.split()[0] for line in lines if "+00:00" in line]

    async def fail() -> None:
        for address in (HOME, AWAY):
            for _ in range(LOGIN.failures):
                assert (await first.soap(authorization=WRONG, address=address)).status == 401
        for doors in (first, second):
            assert_delayed(await doors.soap(address=AWAY), 300)
        assert (await first.soap(authorization=basic("other", PASSWORD))).status == 200

    async def enter() -> None:
        for doors in (first, second):
            for address in (HOME, AWAY):
                assert (await doors.soap(address=address)).status == 200

    assert delayed() == []
    asyncio.run(fail())
    assert delayed() == ["acme"]
    done = command("caller", "unlock", "acme", environment=environment)
    assert (done.code, done.out) == (0, "The failed logins of caller acme are forgotten.\n")
    assert delayed() == []
    asyncio.run(scene_of_first_look(first))
    monkeypatch.setattr("leadbridge.authentication.failedlogins._STILL_DELAYED_SECONDS", 0.0)  # which have passed
    asyncio.run(enter())
    again = command("caller", "unlock", "acme", environment=environment)
    assert (again.code, again.out) == (0, "Caller acme had none.\n")
    nobody = command("caller", "unlock", "nobody", environment=environment)
    assert (nobody.code, "there is no caller nobody" in nobody.err) == (1, True)


async def scene_of_first_look(doors: Doors) -> None:
    """What a process knows it knows for a while, without a question to the database."""
    with patch.object(doors.failed_logins, "delay", side_effect=AssertionError("nobody asks now")):
        assert (await doors.soap(address=AWAY)).status == 503


def test_failures_fade_and_the_table_is_bounded(doors: Doors, database: Database, now: Now) -> None:
    async def fail(name: str = "acme") -> Reply:
        return await doors.soap(authorization=basic(name, "wrong"))

    async def scene() -> None:
        assert (await doors.soap(authorization=basic("other", PASSWORD))).status == 200
        for _ in range(LOGIN.failures - 1):
            await fail()
        now.pass_by(FADED.total_seconds())
        assert (await fail()).status == 401  # the first one again
        assert (await fail("nobody")).status == 401

    def count() -> int:
        with database.read() as tx:
            return len(tx.connection.execute(select(tables.failed_login)).all())

    def forget(most: int) -> int:
        moment = now()
        with database.write() as tx:
            return failedlogins.forget(tx, failed_before=moment - FADED, succeeded_before=moment - KNOWN, most=most)

    asyncio.run(scene())
    assert count() == 6  # other at home; acme at home, acme, home; nobody at home, nobody
    assert forget(most=10) == 0
    now.pass_by(1)
    asyncio.run(scene_of_one_more(doors))
    assert forget(most=3) >= 3
    assert count() <= 4
    now.pass_by((KNOWN + timedelta(seconds=1)).total_seconds())
    forget(most=10)
    assert count() == 0


async def scene_of_one_more(doors: Doors) -> None:
    assert (await doors.soap(authorization=basic("third", "wrong"), address=AWAY)).status == 401
