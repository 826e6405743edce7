"""Bearer tokens at the bulk door (RFC 6750), and the other evidence that doors take or do not take."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from urllib.parse import quote

import pytest
from sqlalchemy import select

from leadbridge.authentication.callers import disable_caller
from leadbridge.authentication.certificates import add_certificate
from leadbridge.authentication.proxies import Proxies
from leadbridge.authentication.tokens import PREFIX, Tokens, add_token, remove_token
from leadbridge.caller import Role
from leadbridge.soap.versions import SOAP_11, SOAP_12, SoapVersion
from leadbridge.store import tables
from leadbridge.store.database import Database
from tests.support.bulk_by_hand import file_of, small_lead
from tests.support.certificates import identity
from tests.support.commands import command
from tests.support.door import basic
from tests.support.doors import PASSWORD, NewDoors, Now, add_callers

FILE = file_of([small_lead(1)])
UNKNOWN = PREFIX + "A" * 43
CHALLENGE = 'Basic realm="leadbridge", charset="UTF-8", Bearer realm="leadbridge"'


@pytest.fixture(autouse=True)
def callers(database: Database) -> None:
    add_callers(database, acme=Role.PARTNER, other=Role.PARTNER, bank=Role.CRM)


def bearer(token: str, scheme: str = "Bearer") -> bytes:
    return f"{scheme} {token}".encode()


def added(database: Database, caller_id: str = "acme", *, now: datetime | None = None, days: int | None = None) -> str:
    return add_token(database, caller_id=caller_id, name="nightly", now=now or datetime.now(UTC), days=days)


def id_of(database: Database, token: str) -> str:
    table = tables.caller_token
    with database.read() as tx:
        found = select(table.c.id).where(table.c.token_hash == hashlib.sha256(token.encode()).digest())
        token_id: str = tx.connection.execute(found).scalar_one()
    return token_id


def test_a_token_is_its_caller_at_the_bulk_door(new_doors: NewDoors, database: Database) -> None:
    doors, token = new_doors(), added(database)

    async def scene() -> None:
        for scheme in ("Bearer", "bearer"):
            reply = await doors.bulk(
                "POST", "/bulk/leads", [FILE], headers={"content-type": "text/xml"}, authorization=bearer(token, scheme)
            )
            assert reply.status in (202, 200)
        assert (await doors.bulk(authorization=bearer(token))).status == 200
        assert (await doors.bulk()).status == 200  # by its password it is the same caller

    asyncio.run(scene())


def test_row_28_a_caller_sees_no_job_of_another_however_it_shows_who_it_is(
    new_doors: NewDoors, database: Database
) -> None:
    doors = new_doors()
    other, bank = added(database, "other"), added(database, "bank")

    async def scene() -> None:
        sent = await doors.bulk("POST", "/bulk/leads", [FILE], headers={"content-type": "text/xml"})
        job = sent.headers["location"]
        unknown = await doors.bulk("GET", "/bulk/leads/9999999999", authorization=bearer(other))
        for method, path in (("GET", job), ("GET", f"{job}/rejections"), ("DELETE", job)):
            reply = await doors.bulk(method, path, authorization=bearer(other))
            assert reply.status == 404
            assert reply.body.split(b"correlationId")[0] == unknown.body.split(b"correlationId")[0]
            assert (await doors.bulk(method, path, authorization=bearer(bank))).status == 403
        assert (await doors.bulk("GET", job)).status == 200

    asyncio.run(scene())


@pytest.mark.parametrize(
    "token", [UNKNOWN, UNKNOWN[:-1], UNKNOWN + "A", "", "x", "lbt_", UNKNOWN.replace("lbt", "LBT"), "A" * 3_000, "\xff"]
)
def test_any_other_token_is_refused_with_one_answer(new_doors: NewDoors, token: str) -> None:
    reply = asyncio.run(new_doors().bulk(authorization=b"Bearer " + token.encode("latin-1")))

    assert reply.status == 401
    assert b"not the credentials of a caller" in reply.body
    assert reply.headers["www-authenticate"] == f'{CHALLENGE}, error="invalid_token"'


def test_without_credentials_both_schemes_are_named(new_doors: NewDoors) -> None:
    reply = asyncio.run(new_doors().bulk(authorization=b""))

    assert reply.headers["www-authenticate"] == CHALLENGE
    assert b"Bearer" in reply.body


def test_two_headers_are_refused(new_doors: NewDoors, database: Database) -> None:
    reply = asyncio.run(new_doors().bulk(headers={"authorization": f"Bearer {added(database)}"}))

    assert reply.status == 401


@pytest.mark.parametrize("version", [SOAP_11, SOAP_12], ids=lambda version: version.name)
def test_the_soap_door_takes_no_token_and_says_what_it_takes(
    new_doors: NewDoors, database: Database, version: SoapVersion
) -> None:
    doors = new_doors()
    reply = asyncio.run(doors.soap(version=version, authorization=bearer(added(database))))

    assert (reply.status, reply.fault.kind) == (401, "Unauthenticated")
    assert "HTTP Basic" in reply.fault.text
    assert reply.headers["www-authenticate"].startswith("Basic ")
    assert not doors.recorder.calls


def test_a_token_ends_when_it_expires_is_removed_or_its_caller_is_disabled(database: Database) -> None:
    now = Now()
    tokens = Tokens(database, cache_seconds=0, now=now)
    kept, expiring, removed = (added(database, now=now(), days=days) for days in (None, 1, None))
    gone = added(database, "other", now=now())
    now.pass_by(timedelta(days=1).total_seconds() - 0.000001)
    for token in (kept, expiring, removed, gone):
        assert tokens.verify(token) is not None
    now.pass_by(0.000001)
    assert tokens.verify(expiring) is None
    removed_id = id_of(database, removed)
    assert remove_token(database, token_id=removed_id, now=now())
    assert not remove_token(database, token_id=removed_id, now=now())
    disable_caller(database, caller_id="other", now=now())
    assert [tokens.verify(token) is not None for token in (kept, removed, gone)] == [True, False, False]


def test_a_verified_token_is_remembered_for_its_time(database: Database) -> None:
    seconds = [0.0]
    tokens = Tokens(database, cache_seconds=60, clock=lambda: seconds[0])
    token = added(database)
    assert tokens.cached(token) is None
    assert tokens.verify(token) is not None
    remove_token(database, token_id=id_of(database, token), now=datetime.now(UTC))
    seconds[0] = 59.9
    assert tokens.cached(token) is not None
    seconds[0] = 60.0
    assert tokens.cached(token) is None
    assert tokens.verify(token) is None


def test_row_32_a_token_is_shown_once_and_kept_as_a_hash(database: Database, database_url: str) -> None:
    def run(*arguments: str) -> str:
        done = command("caller", "token", *arguments, environment={"LEADBRIDGE_DATABASE_URL": database_url})
        assert done.code == 0, done.err
        return done.out

    token = run("add", "acme", "--name", "nightly export", "--expires-days", "30").strip()
    assert token.startswith("lbt_")
    assert len(token) == 4 + 43  # 256 bits
    assert Tokens(database, cache_seconds=0).verify(token) is not None
    with database.read() as tx:
        assert token[4:] not in str(tx.connection.execute(select(tables.caller_token)).all())
    shown = run("list", "acme")
    assert "nightly export" in shown
    assert token[4:12] not in shown
    token_id = shown.splitlines()[1].split()[0]
    assert run("remove", token_id) == f"Token {token_id} is removed.\n"
    assert Tokens(database, cache_seconds=0).verify(token) is None
    for arguments in (("add", "nobody", "--name", "x"), ("add", "acme", "--name", ""), ("remove", "nothing")):
        done = command("caller", "token", *arguments, environment={"LEADBRIDGE_DATABASE_URL": database_url})
        assert done.code == 1


# ------------------------------------------------------------------------------------------------ mutual TLS by a proxy


def test_a_certificate_that_nobody_has_is_refused_beside_the_right_password(new_doors: NewDoors) -> None:
    trusted = [ip_network("10.0.0.0/8")]
    doors = new_doors(proxies=Proxies(trusted, client_certificate_header="X-SSL-Client-Cert"))
    shown = "-----BEGIN%20CERTIFICATE-----%0AAAAA%0A-----END%20CERTIFICATE-----%0A"

    async def scene() -> None:
        for address, status in (("10.0.0.1", 401), ("192.0.2.1", 200)):  # from elsewhere the header means nothing
            reply = await doors.soap(address=address, headers=[(b"x-ssl-client-cert", shown.encode())])
            assert reply.status == status
        for address, status in (("10.0.0.1", 401), ("192.0.2.1", 404)):
            assert (await doors.bulk(address=address, headers={"x-ssl-client-cert": shown})).status == status

    asyncio.run(scene())


def test_a_pinned_certificate_is_its_caller_at_both_doors(new_doors: NewDoors, database: Database) -> None:
    mine = identity("acme")
    add_certificate(database, caller_id="acme", data=mine.pem, now=datetime.now(UTC))
    trusted = [ip_network("10.0.0.0/8")]
    doors = new_doors(proxies=Proxies(trusted, client_certificate_header="X-SSL-Client-Cert"))
    shown = quote(mine.pem.decode())
    header = (b"x-ssl-client-cert", shown.encode())

    async def scene() -> None:
        for _ in range(2):  # looked up, and remembered
            assert (await doors.soap(authorization=b"", address="10.0.0.1", headers=[header])).status == 200
            text = {"x-ssl-client-cert": shown}
            assert (await doors.bulk(authorization=b"", address="10.0.0.1", headers=text)).status == 404
        assert (await doors.soap(address="10.0.0.1", headers=[header])).status == 200  # and its password beside it
        other = await doors.soap(authorization=basic("other", PASSWORD), address="10.0.0.1", headers=[header])
        assert other.fault.kind == "Unauthenticated"
        assert (await doors.soap(authorization=b"", address="192.0.2.1", headers=[header])).status == 401

    asyncio.run(scene())
    assert [call.caller.id for _, call in doors.recorder.calls] == ["acme"] * 3
