"""UsernameTokens with a digest or a nonce on the wire: what is right, what is refused, and what is a replay."""

import asyncio
import base64
import hashlib
import hmac
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from leadbridge.authentication.digest import digest_of, remove_digest_secret
from leadbridge.authentication.evidence import OneTime
from leadbridge.authentication.usedonce import UsedOnce
from leadbridge.secretbox import SecretBox
from leadbridge.settings import Settings
from leadbridge.soap.versions import SOAP_11, SOAP_12, SoapVersion
from leadbridge.store import callers, digestsecrets, tables, usedonce
from leadbridge.store.database import Database
from leadbridge.store.errors import DatabaseUnreachable
from leadbridge.wiring import background
from tests.support.door import CRM, NOW, PARTNER, PASSWORD, TEXT, WSSE, WSU, Door, Reply, basic, envelope
from tests.support.wss import (
    DIGEST,
    NONCE,
    SECRET,
    digest_token,
    encoded,
    guarded_door,
    instant,
    security,
    timestamp,
    token,
)

both_versions = pytest.mark.parametrize("version", [SOAP_11, SOAP_12], ids=lambda version: version.name)


@pytest.fixture
def door(sqlite: Database) -> Door:
    return guarded_door(sqlite)


def post(door: Door, *children: str, version: SoapVersion = SOAP_11, authorization: bytes | None = None) -> Reply:
    return door.post(
        envelope(version=version, header=security(*children)), version=version, authorization=authorization
    )


def code_of(reply: Reply) -> tuple[int, str, str]:
    """Status, faultTypeID, and the local name of the code of WS-Security."""
    fault = reply.fault
    code = (fault.code, *fault.subcodes)[-1]
    namespace, _, name = code[1:].partition("}")
    assert namespace in (WSSE, WSU)
    return reply.status, fault.kind, name


def refused(version: SoapVersion) -> int:
    return 500 if version is SOAP_11 else 400


FAILED = (401, "Unauthenticated", "FailedAuthentication")
INVALID = (401, "Unauthenticated", "InvalidSecurity")


def used(database: Database) -> int:
    with database.read() as tx:
        return len(tx.connection.execute(tables.used_once.select()).all())


# --------------------------------------------------------------------------------------------------------------- right


@both_versions
def test_a_caller_is_known_by_a_digest(door: Door, version: SoapVersion) -> None:
    assert post(door, digest_token(), version=version).answer is not None
    assert post(door, digest_token(nonce=b"another"), timestamp(instant()), version=version).answer is not None
    assert [call.caller for _, call in door.recorder.calls] == [PARTNER, PARTNER]
    assert door.callers.verified == []


def test_the_digest_is_that_of_the_profile(door: Door) -> None:
    """Made with hashlib alone: nonce, Created, secret, in this order; Created as it is written."""
    created = "2026-03-01T14:00:00.000+02:00"
    raw = base64.b64decode("WScqanjCEAC4mQoBE07sAQ==") + created.encode() + SECRET.encode()
    password = base64.b64encode(hashlib.sha1(raw).digest()).decode()

    assert post(door, token(password, nonce="WScqanjCEAC4mQoBE07sAQ==", created=created)).answer is not None


def test_white_space_around_the_parts_is_none_of_them(door: Door) -> None:
    made = digest_token(created=f"\n  {instant()}\n")

    assert (
        post(door, made.replace("<s:Nonce>", "<s:Nonce>\n ").replace("</s:Nonce>", "\n</s:Nonce>")).answer is not None
    )


def test_a_nonce_may_say_how_it_is_encoded(door: Door) -> None:
    base = TEXT.replace("username-token-profile-1.0#PasswordText", "soap-message-security-1.0#Base64Binary")

    assert post(door, digest_token().replace("<s:Nonce>", f'<s:Nonce EncodingType="{base}">')).answer is not None
    hexadecimal = digest_token(nonce=b"x").replace("<s:Nonce>", '<s:Nonce EncodingType="urn:hex">')
    assert code_of(post(door, hexadecimal)) == INVALID


@both_versions
def test_digest_and_http_basic_must_name_the_same_caller(door: Door, version: SoapVersion) -> None:
    assert post(door, digest_token(nonce=b"1"), version=version, authorization=basic()).answer is not None
    assert code_of(post(door, digest_token(nonce=b"2"), version=version, authorization=basic("crm"))) == FAILED
    wrong = basic("partner", "wrong")
    assert code_of(post(door, digest_token(nonce=b"3"), version=version, authorization=wrong)) == FAILED


# -------------------------------------------------------------------------------------------------- row 18: one answer


@both_versions
def test_row_18_whatever_is_wrong_with_a_digest_gets_one_answer(sqlite: Database, version: SoapVersion) -> None:
    door = guarded_door(sqlite)
    made = digest_of(nonce=NONCE, created=instant(), secret=SECRET)
    wrong_order = digest_of(nonce=instant().encode(), created=NONCE.decode(), secret=SECRET)
    wrong = {
        "another secret": digest_token(secret=PASSWORD),
        "unknown caller": digest_token(caller_id="nobody"),
        "no caller": digest_token(caller_id=""),
        "a name no caller can have": digest_token(caller_id="x" * 10_000),
        "without a digest secret": digest_token(caller_id="crm"),
        "wrong order": token(encoded(wrong_order)),
        "one bit": token(encoded(made[:-1] + bytes([made[-1] ^ 1]))),
        "cut off": token(encoded(made[:-1])),
        "another nonce": digest_token(written=encoded(b"another")),
        "another Created": digest_token().replace(instant(), instant(1)),
        "another form of Created": digest_token().replace(instant(), instant(zone="+00:00")),
        "no base64": token("***"),
        "empty": token(""),
        "the password itself": token(PASSWORD),
        "the secret as text": token(SECRET, kind=TEXT),
    }

    replies = {name: post(door, made, version=version) for name, made in wrong.items()}

    assert {name: code_of(reply) for name, reply in replies.items()} == dict.fromkeys(wrong, FAILED)
    assert len({reply.body for reply in replies.values()}) == 1
    assert not door.recorder.calls
    assert used(sqlite) == 0  # nobody fills the memory of nonces without a secret


def test_a_disabled_caller_and_one_whose_secret_was_removed_get_the_same_answer(sqlite: Database) -> None:
    door = guarded_door(sqlite, with_digest=(PARTNER, CRM))
    with sqlite.write() as tx:
        callers.disable(tx, "partner", NOW)
    remove_digest_secret(sqlite, caller_id="crm")

    assert code_of(post(door, digest_token())) == FAILED
    assert code_of(post(door, digest_token(caller_id="crm"))) == FAILED
    assert used(sqlite) == 0


def test_row_18_an_unknown_caller_costs_what_a_wrong_digest_costs(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted, not timed: the same questions to the database, one secret opened, one comparison."""
    door = guarded_door(sqlite)
    post(door, digest_token(caller_id="nobody"))  # makes what is made once
    steps: list[str] = []
    _counts(monkeypatch, steps, hmac, "compare_digest")
    _counts(monkeypatch, steps, digestsecrets, "with_caller")
    _counts(monkeypatch, steps, SecretBox, "open")

    paid = []
    for made in (digest_token(caller_id="nobody"), digest_token(caller_id="crm"), digest_token(secret="x" * 16)):
        steps.clear()
        assert code_of(post(door, made)) == FAILED
        paid.append(list(steps))

    assert paid == [["with_caller", "open", "compare_digest"]] * 3


def _counts(monkeypatch: pytest.MonkeyPatch, steps: list[str], owner: object, name: str) -> None:
    real: Callable[..., object] = getattr(owner, name)

    def counted(*arguments: object, **options: object) -> object:
        steps.append(name)
        return real(*arguments, **options)

    monkeypatch.setattr(owner, name, counted)


# --------------------------------------------------------------------------------------------------- row 18: freshness


@both_versions
@pytest.mark.parametrize("kind", ["digest", "text"])
def test_row_18_a_created_is_good_for_its_window_and_the_skew(door: Door, version: SoapVersion, kind: str) -> None:
    def send(seconds: float, nonce: bytes) -> Reply:
        created = instant(seconds)
        if kind == "digest":
            return post(door, digest_token(nonce=nonce, created=created), version=version)
        return post(door, token(PASSWORD, kind=TEXT, nonce=None, created=created), version=version)

    assert send(-300, b"oldest").answer is not None
    assert send(60, b"most ahead").answer is not None
    assert code_of(send(-301, b"too old")) == (refused(version), "MessageExpired", "MessageExpired")
    assert code_of(send(61, b"too far ahead")) == INVALID
    assert len(door.recorder.calls) == 2


def test_row_18_a_stale_token_tells_nothing_of_the_caller(door: Door) -> None:
    known, unknown = (
        post(door, digest_token(created=instant(-301), caller_id=one)).body for one in ("partner", "nobody")
    )

    assert known == unknown


@both_versions
@pytest.mark.parametrize(
    "made",
    [
        token("x", nonce=None),
        token("x", created=None),
        token("x", nonce=None, created=None),
        token(PASSWORD, kind=TEXT, created=None),
        digest_token(written=""),
        digest_token(written="*"),
        digest_token(written="QUJD\u00a0REVG"),
        digest_token(written="QUI"),  # no padding
        digest_token(written="QUI=QUI="),
        digest_token(nonce=b"x" * 257),
        digest_token().replace("<s:Nonce>", "<s:Nonce>QQ==</s:Nonce><s:Nonce>"),
        digest_token().replace("<u:Created>", "<u:Created>2026-03-01T12:00:00Z</u:Created><u:Created>"),
        digest_token(created="2026-03-01T12:00:00"),
        digest_token(created="2026-03-01 12:00:00Z"),
        digest_token(created="2026-03-01"),
        digest_token(created="2026-02-30T12:00:00Z"),
        digest_token(created="2026-03-01T12:00:00+14:01"),
        digest_token(created="1772366400"),
        digest_token(created="\u0662\u0660\u0662\u0666-03-01T12:00:00Z"),
        digest_token(created=""),
    ],
)
def test_row_18_a_nonce_or_created_that_is_missing_or_none_is_refused(
    door: Door, version: SoapVersion, made: str
) -> None:
    assert code_of(post(door, made, version=version)) == INVALID
    assert not door.recorder.calls


def test_the_longest_nonce_is_accepted(door: Door) -> None:
    assert post(door, digest_token(nonce=b"x" * 256)).answer is not None


# ------------------------------------------------------------------------------------------------------ row 18: replay


@both_versions
@pytest.mark.parametrize(
    "again",
    [
        digest_token(nonce=b"\xfb\xef\xff."),
        digest_token(nonce=b"\xfb\xef\xff.", written=" ++//\n L g = = "),
        digest_token(nonce=b"\xfb\xef\xff.", written="++//Lh=="),  # bits that no byte has
        digest_token(nonce=b"\xfb\xef\xff.", created=instant(1)),
        token(PASSWORD, kind=TEXT, nonce="++//Lg=="),
    ],
    ids=["same", "white space", "other bits", "another Created", "with a password"],
)
def test_row_18_a_nonce_is_good_once(database: Database, version: SoapVersion, again: str) -> None:
    one, other = guarded_door(database), guarded_door(database)  # as two processes: they share the database alone
    assert post(one, digest_token(nonce=b"\xfb\xef\xff."), version=version).answer is not None

    for door in (one, other):
        reply = post(door, again, version=version)
        assert code_of(reply) == (refused(version), "MessageReplayed", "InvalidSecurityToken")
    assert not other.recorder.calls
    assert post(other, digest_token(nonce=b"a new one"), version=version).answer is not None


def test_row_18_a_nonce_of_another_caller_is_another_nonce(sqlite: Database) -> None:
    door = guarded_door(sqlite, with_digest=(PARTNER, CRM))

    assert post(door, digest_token()).answer is not None
    assert post(door, digest_token(caller_id="crm")).fault.kind == "Unauthorized"  # known, and not for this service
    assert used(sqlite) == 2


@both_versions
def test_row_18_a_nonce_beside_a_password_is_good_once(sqlite: Database, version: SoapVersion) -> None:
    door = guarded_door(sqlite)
    made = token(PASSWORD, kind=TEXT)

    assert code_of(post(door, made.replace(PASSWORD, "wrong"), version=version)) == FAILED
    assert post(door, made, version=version).answer is not None
    assert code_of(post(door, made, version=version)) == (refused(version), "MessageReplayed", "InvalidSecurityToken")
    without = token(PASSWORD, kind=TEXT, nonce=None, created=None)
    assert post(door, without, version=version).answer is not None
    assert post(door, without, version=version).answer is not None


def test_row_18_of_two_at_the_same_moment_one_gets_in(database: Database) -> None:
    doors = [guarded_door(database) for _ in range(4)]
    barrier = threading.Barrier(len(doors))
    replies: list[Reply] = []

    def send(door: Door) -> None:
        barrier.wait()
        replies.append(post(door, digest_token()))

    threads = [threading.Thread(target=send, args=(door,)) for door in doors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    kinds = sorted("taken" if reply.status == 200 else reply.fault.kind for reply in replies)
    assert kinds == ["MessageReplayed"] * 3 + ["taken"]


def test_row_18_of_many_that_share_a_commit_each_nonce_is_good_once(database: Database) -> None:
    """Two processes write the same nonces at the same time, each in groups, in opposite orders."""
    one, other = UsedOnce(database), UsedOnce(database)
    nonces = [OneTime(bytes([number]), NOW) for number in range(20)]

    async def used(memory: UsedOnce, items: Sequence[OneTime]) -> list[bool]:
        return await asyncio.gather(*(memory.use(PARTNER, item) for item in (*items, items[0])))

    with ThreadPoolExecutor(2) as threads:
        mine = threads.submit(asyncio.run, used(one, nonces))
        theirs = threads.submit(asyncio.run, used(other, nonces[::-1]))
        first, second = mine.result(30), theirs.result(30)

    new = [*first, *second]
    assert new.count(True) == len(nonces)
    assert [a or b for a, b in zip(first[:20], second[19::-1], strict=True)] == [True] * 20
    assert not first[20]


def test_a_store_that_is_away_turns_the_call_away() -> None:
    nowhere = Database("postgresql://nobody@127.0.0.1:9/none")
    try:
        with pytest.raises(DatabaseUnreachable):
            asyncio.run(UsedOnce(nowhere).use(PARTNER, OneTime(b"1", NOW)))
    finally:
        nowhere.dispose()


def test_nonces_that_ran_out_are_forgotten_and_no_others(database: Database) -> None:
    door = guarded_door(database)
    for nonce, seconds in ((b"oldest", -300), (b"now", 0)):
        assert post(door, digest_token(nonce=nonce, created=instant(seconds))).answer is not None
    over = NOW + timedelta(seconds=60)  # when the oldest is too old, also for a machine whose clock is behind

    with database.write() as tx:
        assert usedonce.forget(tx, before=over, limit=10) == 0
    with database.write() as tx:
        assert usedonce.forget(tx, before=over + timedelta(microseconds=1), limit=10) == 1
    assert used(database) == 1
    assert post(door, digest_token(nonce=b"now")).fault.kind == "MessageReplayed"


def test_forgetting_goes_by_limited_numbers(sqlite: Database) -> None:
    with sqlite.write() as tx:
        for number in range(5):
            assert usedonce.use(tx, bytes([number]), NOW)
    later = NOW + timedelta(seconds=1)

    for forgotten in (2, 2, 1, 0):
        with sqlite.write() as tx:
            assert usedonce.forget(tx, before=later, limit=2) == forgotten


def test_the_server_forgets_nonces_that_ran_out(sqlite: Database, sqlite_url: str) -> None:
    door = guarded_door(sqlite)
    assert post(door, digest_token()).answer is not None  # by the door's clock, which is long over by now
    with sqlite.write() as tx:
        assert usedonce.use(tx, b"not yet", datetime.now(UTC) + timedelta(hours=1))
    stop = threading.Event()
    tidying = threading.Thread(target=background.keep_tidy, args=(Settings(database_url=sqlite_url), sqlite, stop))
    tidying.start()
    try:
        deadline = time.monotonic() + 20
        while used(sqlite) > 1 and time.monotonic() < deadline:
            time.sleep(0.02)
    finally:
        stop.set()
        tidying.join()

    with sqlite.read() as tx:
        assert tx.connection.execute(tables.used_once.select()).scalars().all() == [b"not yet"]


def test_row_24_nothing_of_a_token_is_in_the_log_or_in_a_fault(door: Door, capfd: pytest.CaptureFixture[str]) -> None:
    nonce = b"marked nonce"
    made = digest_of(nonce=nonce, created=instant(), secret=SECRET)
    replies = [
        post(door, digest_token(nonce=nonce)),
        post(door, digest_token(nonce=nonce)),  # a replay
        post(door, digest_token(nonce=nonce, secret="x" * 16)),
        post(door, digest_token(nonce=nonce).replace("</s:Nonce>", "*</s:Nonce>")),
        post(door, digest_token(nonce=nonce).replace(instant(), instant(-400))),
        post(door, token("marked password", kind=TEXT)),
        post(door, token("x", caller_id="marked caller")),
    ]
    logged = "".join(capfd.readouterr())

    assert [reply.status for reply in replies] == [200, 500, 401, 401, 500, 401, 401]
    assert logged.count("call refused") == 6
    for mark in (SECRET, encoded(nonce), encoded(made), instant(-400), "marked"):
        assert mark not in logged
        assert not any(mark.encode() in reply.body for reply in replies)


def test_a_digest_type_alone_is_no_digest(door: Door) -> None:
    """PasswordDigest names the algorithm; a sender that puts the password there is refused like any wrong one."""
    assert code_of(post(door, token(PASSWORD, kind=DIGEST))) == FAILED
