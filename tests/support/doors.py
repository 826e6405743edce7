"""Both doors over one database, with everything that stands before them: failed logins, quotas, the audit journal.

Two `Doors` over one database are two processes as far as the database can tell. What lies behind the SOAP door is the
recording dispatcher; the bulk door is whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import pytest
from argon2 import PasswordHasher

from leadbridge.auditjournal import AuditJournal
from leadbridge.authentication.access import Access
from leadbridge.authentication.certificates import Certificates
from leadbridge.authentication.digest import DigestVerifier
from leadbridge.authentication.failedlogins import FailedLogins, LoginPolicy
from leadbridge.authentication.passwords import Authenticator
from leadbridge.authentication.proxies import Proxies
from leadbridge.authentication.tokens import Tokens
from leadbridge.authentication.usedonce import UsedOnce
from leadbridge.bulk.sources import SourceLimits
from leadbridge.caller import Role, Visibility
from leadbridge.quotas import QuotaPolicy, Quotas
from leadbridge.rest.app import RestApp
from leadbridge.rest.bulk import UploadPolicy, bulk_router
from leadbridge.soap.asgi import soap_app
from leadbridge.soap.versions import SOAP_11, SoapVersion
from leadbridge.store import callers
from leadbridge.store.database import Database
from tests.support.door import LIMITS, NOW, Recorder, Reply, basic, envelope, exchange
from tests.support.wss import BOX

LOGIN = LoginPolicy(
    failures=3,
    name_failures=6,
    address_failures=5,
    first_delay=timedelta(seconds=2),
    longest_delay=timedelta(seconds=10),
)
UPLOADS = UploadPolicy(
    limits=SourceLimits(largest_file_bytes=50_000_000, largest_ratio=200),
    chunk_records=500,
    lease=timedelta(seconds=30),
    idle_seconds=5,
    least_bytes_per_second=0,
    pace_seconds=60,
    most_uploads=4,
)
PASSWORD = "correct horse battery"
_QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # a test's passwords need not be safe


class Now:
    """A time of day that goes on when told."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def pass_by(self, seconds: float) -> None:
        """Let time go by."""
        self.moment += timedelta(seconds=seconds)


def add_callers(database: Database, **roles: Role) -> None:
    """Add callers, all with the one password."""
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    with database.write() as tx:
        for name, role in roles.items():
            row = {"id": name, "name": name, "roles": role.value, "visibility": Visibility.GIVEN.value}
            hashed = _QUICK.hash(PASSWORD)
            more = {"party_id": name, "password_hash": hashed, "created_at": moment, "changed_at": moment}
            callers.add(tx, {**row, **more, "disabled_at": None})


class Doors:
    """See the module. `now` is the time of day of failed logins; seconds of credentials are real ones."""

    def __init__(
        self,
        database: Database,
        *,
        login: LoginPolicy = LOGIN,
        quota: QuotaPolicy | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        credential_seconds: float = 60,
        proxies: Proxies | None = None,
    ) -> None:
        self.recorder = Recorder()
        self.journal = AuditJournal(database, now)
        self.quotas = Quotas(database, quota or QuotaPolicy())
        self.failed_logins = FailedLogins(database, login, now)
        self.passwords = Authenticator(database, cache_seconds=credential_seconds)
        self.access = Access(
            self.passwords,
            tokens=Tokens(database, cache_seconds=credential_seconds),
            digests=DigestVerifier(database, lambda: BOX),
            certificates=Certificates(database, cache_seconds=credential_seconds),
            used_once=UsedOnce(database),
            failed_logins=self.failed_logins,
        )
        self._proxies = proxies or Proxies()
        self._soap = soap_app(
            dispatcher=self.recorder,
            access=self.access,
            limits=LIMITS,
            public_url="https://leads.example.org",
            quotas=self.quotas,
            journal=self.journal,
            clock=lambda: NOW,
        )
        router = bulk_router(database, self.access, UPLOADS, quotas=self.quotas)
        self._rest = RestApp(router, journal=self.journal)

    def stop(self) -> None:
        """Finish what they ask of the database."""
        self.access.stop()
        self.quotas.stop()

    async def soap(
        self,
        message: bytes | None = None,
        *,
        version: SoapVersion = SOAP_11,
        service: str = "LeadService",
        authorization: bytes | None = None,
        address: str = "192.0.2.1",
        headers: Sequence[tuple[bytes, bytes]] = (),
    ) -> Reply:
        """A call of the SOAP door; CreateLead of caller acme, unless told."""
        body = envelope(version=version) if message is None else message
        sent = [
            (b"content-type", f"{version.media_type}; charset=utf-8".encode()),
            (b"authorization", basic("acme", PASSWORD) if authorization is None else authorization),
            *headers,
        ]
        sent = [one for one in sent if one != (b"authorization", b"")]
        app = self._behind_proxies(self._soap)
        return await exchange(app, "POST", f"/soap/{service}", headers=sent, chunks=[body], client=address)

    async def bulk(
        self,
        method: str = "GET",
        path: str = "/bulk/leads/0000000001",
        chunks: Sequence[bytes] = (b"",),
        *,
        authorization: bytes | None = None,
        address: str = "192.0.2.1",
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """A request to the bulk door; reading a job as caller acme, unless told."""
        sent = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
        if authorization != b"":
            sent.append((b"authorization", basic("acme", PASSWORD) if authorization is None else authorization))
        app = self._behind_proxies(self._rest)
        return await exchange(app, method, path, headers=sent, chunks=chunks, client=address)

    def _behind_proxies(self, door: Callable[..., Any]) -> Callable[..., Any]:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            self._proxies.apply(scope)
            await door(scope, receive, send)

        return app


NewDoors: TypeAlias = Callable[..., Doors]


@pytest.fixture
def new_doors(database: Database) -> Iterator[NewDoors]:
    """Makes doors over the one database, as many as a test wants."""
    made: list[Doors] = []

    def make(**options: Any) -> Doors:
        made.append(Doors(database, **options))
        return made[-1]

    yield make
    for doors in made:
        doors.stop()
