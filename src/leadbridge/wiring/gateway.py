"""One worker process of the server: the doors over the use cases, in one ASGI application.

`gateway` is what each such process calls once.
"""

import asyncio
import gc
import os
import signal
import threading
import time
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from leadbridge import log
from leadbridge.auditjournal import AuditJournal
from leadbridge.authentication.access import Access
from leadbridge.authentication.certificates import Certificates
from leadbridge.authentication.digest import DigestVerifier
from leadbridge.authentication.failedlogins import FailedLogins, LoginPolicy
from leadbridge.authentication.passwords import Authenticator
from leadbridge.authentication.proxies import Proxies
from leadbridge.authentication.tokens import Tokens
from leadbridge.authentication.usedonce import UsedOnce
from leadbridge.bian.table import bian_use_cases
from leadbridge.caller import INTERNAL_CALLER
from leadbridge.contract.operations import operations
from leadbridge.contract.schema import explainer
from leadbridge.opening import bian_policy, source_limits
from leadbridge.operations.dispatcher import Dispatcher
from leadbridge.operations.table import use_cases
from leadbridge.quotas import QuotaPolicy, Quotas
from leadbridge.rest.app import RestApp
from leadbridge.rest.bian import bian_router
from leadbridge.rest.bian_relationship import relationship_router
from leadbridge.rest.bulk import UploadPolicy, bulk_router
from leadbridge.rest.crm import crm_router
from leadbridge.rest.jsonbody import BodyLimits
from leadbridge.rest.opportunities import opportunity_router
from leadbridge.rest.problems import is_here
from leadbridge.room import Room
from leadbridge.secretbox import secret_box
from leadbridge.settings import Settings
from leadbridge.soap.asgi import SoapApp, soap_app
from leadbridge.soap.gate import Receive, Scope, Send
from leadbridge.soap.limits import GateLimits
from leadbridge.soap.security.freshness import Freshness
from leadbridge.soap.security.signature import Signing
from leadbridge.store.database import Database, open_database, schema_state
from leadbridge.store.errors import StoreError
from leadbridge.store.lane import WriteLane
from leadbridge.wiring import INTERNAL_VARIABLE, answer_signer

_log = log.get_logger(__name__)

_PARENT_WATCH_SECONDS = 0.5
_READINESS_SECONDS = 2  # a supervisor's own patience is seldom longer


def limits(settings: Settings) -> GateLimits:
    """The gate's limits."""
    return GateLimits(**settings.gate.model_dump())


def many_leads_limits(settings: Settings) -> GateLimits:
    """The gate's limits on messages with many leads."""
    return replace(
        limits(settings),
        largest_message_bytes=settings.bulk.largest_submit_bytes,
        most_elements=settings.bulk.most_submit_elements,
        body_deadline_seconds=settings.bulk.submit_deadline_seconds,
    )


def freshness(settings: Settings) -> Freshness:
    """How old a message may be that says when it was made."""
    return Freshness(
        window=timedelta(seconds=settings.wss.freshness_seconds),
        skew=timedelta(seconds=settings.wss.clock_skew_seconds),
    )


def signing(settings: Settings) -> Signing:
    """Who must sign, and what signs our answers. Raises SettingsError for a key or certificate of no use."""
    return Signing(must_sign=frozenset(settings.wss.must_sign), signer=answer_signer(settings))


@dataclass(slots=True)
class _Parts:
    """What one worker process of the gateway holds while it serves."""

    database: Database
    lane_database: Database
    lane: WriteLane
    dispatcher: Dispatcher
    soap: SoapApp
    rest: RestApp
    proxies: Proxies
    access: Access
    quotas: Quotas
    journal: AuditJournal
    readiness: "_Readiness"

    async def stop(self) -> None:
        """Finish what is under way, then let the database go."""
        await self.lane.stop()
        self.dispatcher.stop()
        for part in (self.access, self.quotas, self.journal):
            await asyncio.to_thread(part.stop)
        self.lane_database.dispose()
        self.database.dispose()


def _parts(settings: Settings) -> _Parts:
    database = open_database(settings.database_url)
    most_waiting = settings.load.most_waiting_calls
    # The lane works in the event loop's thread, which must never wait for a connection that others have.
    lane_database = Database(settings.database_url, pool_size=1)
    lane = WriteLane(lane_database, most_waiting=most_waiting)
    rules = bian_policy(settings)
    known = {**use_cases(rules.leads), **bian_use_cases(rules)}
    dispatcher = Dispatcher(database, known, lane=lane, most_waiting_reads=most_waiting)
    secret = os.environ.get(INTERNAL_VARIABLE)
    authenticator = Authenticator(
        database,
        cache_seconds=settings.callers.credential_cache_seconds,
        internal=(INTERNAL_CALLER, secret) if secret else None,
    )
    access = Access(
        authenticator,
        tokens=Tokens(database, cache_seconds=settings.callers.credential_cache_seconds),
        digests=DigestVerifier(database, partial(secret_box, settings)),
        certificates=Certificates(database, cache_seconds=settings.callers.credential_cache_seconds),
        used_once=UsedOnce(database),
        failed_logins=FailedLogins(database, _login_policy(settings)),
    )
    shared = Quotas(database, _quota_policy(settings))
    journal = AuditJournal(database)
    largest_message = max(settings.gate.largest_message_bytes, settings.bulk.largest_submit_bytes)
    room = Room(settings.load.most_bytes_under_way, largest_message=largest_message)
    soap = soap_app(
        operations=operations(),
        dispatcher=dispatcher,
        access=access,
        limits=limits(settings),
        service_limits=dict.fromkeys(("LeadService", "LeadBulkService"), many_leads_limits(settings)),
        public_url=settings.address,
        room=room,
        wsdl_access=settings.wsdl_access,
        validate_answers=settings.validate_answers,
        quotas=shared,
        journal=journal,
        freshness=freshness(settings),
        signing=signing(settings),
    )
    bodies = BodyLimits(**settings.json_body.model_dump())
    rest = RestApp(
        bulk_router(database, access, _upload_policy(settings), quotas=shared),
        crm_router(dispatcher, access, bodies, quotas=shared, room=room),
        opportunity_router(dispatcher, access, rules.leads.case_types, bodies, quotas=shared, room=room),
        *(door(dispatcher, access, bodies, quotas=shared, room=room) for door in (bian_router, relationship_router)),
        journal=journal,
    )
    proxies = Proxies(
        settings.proxy.trusted_addresses, client_certificate_header=settings.proxy.client_certificate_header
    )
    lane.start()
    journal.start()
    # The first refused message would otherwise wait for it, and with it everybody in the event loop.
    threading.Thread(target=explainer, name="warm-explainer", daemon=True).start()
    return _Parts(
        database=database,
        lane_database=lane_database,
        lane=lane,
        dispatcher=dispatcher,
        soap=soap,
        rest=rest,
        proxies=proxies,
        access=access,
        quotas=shared,
        journal=journal,
        readiness=_Readiness(database),
    )


def _upload_policy(settings: Settings) -> UploadPolicy:
    return UploadPolicy(
        limits=source_limits(settings),
        chunk_records=settings.bulk.chunk_records,
        lease=timedelta(seconds=settings.bulk.lease_seconds),
        idle_seconds=settings.bulk.upload_idle_seconds,
        least_bytes_per_second=settings.bulk.least_upload_bytes_per_second,
        pace_seconds=settings.bulk.upload_pace_seconds,
        most_uploads=settings.bulk.most_uploads,
    )


def _login_policy(settings: Settings) -> LoginPolicy:
    login = settings.login
    return LoginPolicy(
        failures=login.failures,
        name_failures=login.name_failures,
        address_failures=login.address_failures,
        first_delay=timedelta(seconds=login.first_delay_seconds),
        longest_delay=timedelta(seconds=login.longest_delay_seconds),
    )


def _quota_policy(settings: Settings) -> QuotaPolicy:
    return QuotaPolicy(**settings.quota.model_dump())


def spare_the_collector() -> None:
    """Take what exists now out of Python's cyclic garbage collection, and let that run less often.

    What is loaded at start (schemas, classes, statements) stays for good, and walking through it again and again
    costs a busy gateway a tenth of its time. Calls leave no cycles behind; a group of them under way holds some ten
    thousand objects, which are not worth looking at each time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 20, 20)


class Gateway:
    """The ASGI application: the doors, and the two addresses a supervisor asks."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._parts: _Parts | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self._parts = _parts(self._settings)
                spare_the_collector()
                await send({"type": "lifespan.startup.complete"})
            else:
                if self._parts is not None:
                    await self._parts.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/livez":
            await _say(send, 200, b"alive\n")
        elif self._parts is None:
            await _say(send, 503, b"starting\n")
        elif scope["path"] == "/readyz":
            ready = await self._parts.readiness.is_ready()
            await _say(send, 200 if ready else 503, b"ready\n" if ready else b"the database does not answer\n")
        else:
            self._parts.proxies.apply(scope)
            door = self._parts.rest if is_here(scope["path"]) else self._parts.soap
            await door(scope, receive, send)


class _Readiness:
    """Whether the database answers with the right schema. One that is silent counts as not answering, and is asked by
    one thread at a time, however often a supervisor wants to know.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._asking: asyncio.Task[bool] | None = None

    async def is_ready(self) -> bool:
        asking = self._asking
        if asking is None or asking.done():
            asking = self._asking = asyncio.create_task(asyncio.to_thread(self._ask))
        done, _ = await asyncio.wait([asking], timeout=_READINESS_SECONDS)
        return bool(done) and asking.result()

    def _ask(self) -> bool:
        try:
            return schema_state(self._database).is_current
        except StoreError:
            return False


async def _say(send: Send, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def end_with_parent() -> None:
    """End this process as soon as the one that started it is gone, however that ended.

    A worker that outlived a killed parent would hold the port, and nobody would watch over it.
    """
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_PARENT_WATCH_SECONDS)
        _log.error("parent process is gone")
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


def gateway() -> Gateway:
    """One worker process's gateway, from the environment that `leadbridge serve` has prepared."""
    settings = Settings()
    log.configure(settings)
    end_with_parent()
    return Gateway(settings)
