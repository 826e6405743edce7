"""What works beside the gateway: the relay, the bulk runner, and what is done again and again."""

import os
import secrets
import socket
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from http import HTTPStatus

from leadbridge import log
from leadbridge.authentication.callers import caller_of
from leadbridge.authentication.failedlogins import FADED, KNOWN
from leadbridge.bulk.runner import BulkRunner
from leadbridge.caller import INTERNAL_CALLER
from leadbridge.core_crm import CoreCrm
from leadbridge.core_crm.connection import CallError, Connection
from leadbridge.forwarding import ForwardingPolicy, Relay
from leadbridge.opening import bulk_assignment, policy, source_limits
from leadbridge.operations import partner_loop, qualified
from leadbridge.settings import Settings
from leadbridge.signatures.signing import certificate_from
from leadbridge.store import bulk, failedlogins, feed, quotas, received, refusals, usedonce
from leadbridge.store.database import Database
from leadbridge.store.errors import StoreError
from leadbridge.wiring import INTERNAL_VARIABLE, signer_of

_log = log.get_logger(__name__)

_AT_ONCE = 500  # rows of one short transaction
_MOST_FAILED_LOGINS = 200_000  # rows that are kept of logins that failed, some 40 MB: a flood does not fill the disk
_READINESS_SECONDS = 2  # a supervisor's own patience is seldom longer


def forwarding_policy(settings: Settings) -> ForwardingPolicy:
    """What the site decides about forwarding."""
    forwarding = settings.forwarding
    return ForwardingPolicy(
        batch=forwarding.batch,
        lease=timedelta(seconds=forwarding.lease_seconds),
        first_delay=timedelta(seconds=forwarding.first_delay_seconds),
        longest_delay=timedelta(seconds=forwarding.longest_delay_seconds),
        most_attempts=forwarding.most_attempts,
        hold_parked=forwarding.parked_lane == "hold",
        poll=timedelta(seconds=forwarding.poll_seconds),
        breaker_failures=forwarding.breaker_failures,
        breaker_pause=timedelta(seconds=forwarding.breaker_pause_seconds),
        own_core_crm=settings.crm.wsdl is None,
    )


def core_crm(settings: Settings) -> CoreCrm:
    """The Zeep client to the core CRM: the one that is configured, else the one built in, over real HTTP.

    Raises SettingsError for a key or certificate of no use.
    """
    crm = settings.crm
    username, password = crm.username, crm.password.get_secret_value() if crm.password else None
    if crm.wsdl is None and username is None:
        username, password = INTERNAL_CALLER.id, os.environ.get(INTERNAL_VARIABLE)
    return CoreCrm(
        wsdl=crm.wsdl or f"{listening_url(settings)}/soap/CrmService?wsdl",
        # The published address may lead through a proxy that this machine cannot reach; the built-in is here.
        address=None if crm.wsdl else f"{listening_url(settings)}/soap/CrmService",
        username=username,
        password=password,
        connect_timeout=crm.connect_timeout_seconds,
        read_timeout=crm.read_timeout_seconds,
        ca_file=crm.ca_file,
        own_certificate=None if crm.wsdl else settings.tls.certificate_file,
        authentication=crm.authentication,
        signer=signer_of(crm.signing_key_file, crm.signing_certificate_file, setting="crm.signing"),
        signed_by=certificate_from(crm.certificate_file, setting="crm.certificate_file")
        if crm.certificate_file
        else None,
    )


def listening_url(settings: Settings) -> str:
    """Where this machine reaches its own gateway, whatever address is published."""
    wildcard = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # read, not bound to
    host = wildcard.get(settings.host, settings.host)
    return f"{settings.scheme}://{f'[{host}]' if ':' in host else host}:{settings.port}"


def answers_readily(settings: Settings) -> bool:
    """Whether the gateway on this machine is ready to serve."""
    connection = Connection(
        username=None,
        password=None,
        connect_timeout=_READINESS_SECONDS,
        read_timeout=_READINESS_SECONDS,
        ca_file=None,
        own_certificate=settings.tls.certificate_file,
    )
    try:
        return connection.get(f"{listening_url(settings)}/readyz").status == HTTPStatus.OK
    except CallError:
        return False
    finally:
        connection.close()


def relay(settings: Settings, database: Database) -> Relay:
    """The relay of this process."""
    return Relay(
        database,
        core_crm(settings),
        policy=forwarding_policy(settings),
        enqueue=partial(qualified.enqueue, policy=policy(settings)),
        worker=f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(4)}",
    )


def bulk_runner(settings: Settings, database: Database) -> BulkRunner:
    """What takes in the stored bulk jobs, in this process."""
    rules = policy(settings)
    return BulkRunner(
        database,
        lambda job: bulk_assignment(settings, job, caller_of(database, job["caller_id"]), rules),
        worker=f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(4)}",
        workers=settings.bulk.workers,
        lease=timedelta(seconds=settings.bulk.lease_seconds),
        poll=timedelta(seconds=settings.bulk.poll_seconds),
        limits=source_limits(settings),
    )


def keep_tidy(settings: Settings, database: Database, stop: threading.Event) -> None:
    """Forget what is over, once an hour until `stop` is set: remembered answers, bulk jobs, what the feeds have told,
    what was used once, used quotas, failed logins and refusals.
    """
    while not stop.is_set():
        now = datetime.now(UTC)
        try:
            with database.write() as tx:
                answers = received.forget_before(tx, now - timedelta(days=settings.idempotency.keep_days))
                jobs = bulk.forget_before(tx, now - timedelta(days=settings.bulk.keep_days))
                quotas.forget_before(tx, now - timedelta(days=1))
                failedlogins.forget(
                    tx, failed_before=now - FADED, succeeded_before=now - KNOWN, most=_MOST_FAILED_LOGINS
                )
            changes = _forget(database, partial(feed.forget, before=now - timedelta(days=settings.feed.keep_days)))
            used = _forget(database, partial(usedonce.forget, before=now))
            refused = _forget(database, partial(refusals.forget, before=now - timedelta(days=settings.audit.keep_days)))
            counts = {
                "answers": answers,
                "jobs": jobs,
                "status_changes": changes,
                "used_once": used,
                "refusals": refused,
            }
            _log.info("what is over was forgotten", **counts)
        except StoreError:
            _log.exception("what is over was not forgotten")
        stop.wait(3600)


def _forget(database: Database, forget: Callable[..., int]) -> int:
    """In many short transactions: on SQLite everybody else waits for each."""
    forgotten = 0
    while True:
        with database.write() as tx:
            now_forgotten = forget(tx, limit=_AT_ONCE)
        forgotten += now_forgotten
        if now_forgotten < _AT_ONCE:
            return forgotten


def take_back_leads(settings: Settings, database: Database, stop: threading.Event) -> None:
    """Take back leads that partners did not decide on in time, again and again until `stop` is set.

    It may run in any number of processes at once.
    """
    while not stop.is_set():
        taken: Sequence[str] = ()
        try:
            with database.write() as tx:
                taken = partner_loop.take_back(tx, now=datetime.now(UTC), limit=_AT_ONCE)
        except Exception:  # noqa: BLE001 - whatever ails the database, the job goes on when it is well again
            _log.warning("leads not taken back", exc_info=True)
        for lead_id in taken:
            _log.info("lead taken back", lead_id=lead_id)
        if len(taken) < _AT_ONCE:
            stop.wait(settings.partner_loop.poll_seconds)
