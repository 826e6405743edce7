"""`leadbridge serve`: gateway, core CRM, relay and bulk runner of one machine, as one family of processes.

The parent watches over the worker processes, which serve HTTP, and runs the relay and the bulk runner in threads.
Whatever ends the parent ends its workers, so that nothing is left behind holding the port.
"""

import ipaddress
import multiprocessing
import os
import resource
import secrets
import socket
import ssl
import sys
import threading
import time
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

from granian import Granian
from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.http import HTTP1Settings
from granian.log import LogLevels

from leadbridge import log
from leadbridge.authentication.callers import add_caller, has_callers, list_callers
from leadbridge.caller import Role
from leadbridge.keyfiles import WAY_OUT, others_may_read
from leadbridge.opening import bian_policy
from leadbridge.sealing import prove_key
from leadbridge.settings import Settings, SettingsError
from leadbridge.signatures.signing import certificate_from
from leadbridge.store.database import Database, open_database
from leadbridge.wiring import INTERNAL_VARIABLE, answer_signer, background, webhooks

_READY_SECONDS = 60
_ENDING_SECONDS = 15
_OTHER_FILES = 256  # that a worker process may have open beside its connections


class CannotServe(Exception):
    """The server must not or cannot start; the message says why and what to do."""


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; returns after the calls under way are finished.

    Raises CannotServe, SchemaBehind, DatabaseUnreachable, SettingsError, SecretKeyError.
    """
    log.configure(settings)
    # Files of rules, keys and certificates that are of no use are told here, not by every worker that starts.
    bian_policy(settings)
    answer_signer(settings)
    background.core_crm(settings)
    webhooks.sender(settings)
    settings = settings if settings.port else settings.model_copy(update={"port": _free_port(settings.host)})
    database = open_database(settings.database_url)
    try:
        _check_tls(settings)
        _warn_of_expired(settings, datetime.now(UTC))
        _check_port(settings)
        prove_key(settings, database)
        _ensure_caller(settings, database)
        _warn_of_unknown_callers(settings, database)
    except BaseException:
        database.dispose()
        raise
    # Worker processes read the same settings from the environment, with what the command line changed.
    os.environ["LEADBRIDGE_HOST"] = settings.host
    os.environ["LEADBRIDGE_PORT"] = str(settings.port)
    if settings.tls.certificate_file and settings.tls.key_file:
        os.environ["LEADBRIDGE_TLS__CERTIFICATE_FILE"] = settings.tls.certificate_file
        os.environ["LEADBRIDGE_TLS__KEY_FILE"] = settings.tls.key_file
    os.environ[INTERNAL_VARIABLE] = secrets.token_urlsafe(32)
    # A forked worker would inherit the relay's threads in whatever state they are.
    multiprocessing.set_start_method("spawn", force=True)
    stop = threading.Event()
    threads = [
        threading.Thread(target=_forward, args=(settings, database, stop), name="relay"),
        threading.Thread(target=_push, args=(settings, database, stop), name="webhooks"),
        threading.Thread(target=_take_in, args=(settings, database, stop), name="bulk"),
        threading.Thread(target=background.keep_tidy, args=(settings, database, stop), name="tidy", daemon=True),
        threading.Thread(target=background.take_back_leads, args=(settings, database, stop), name="partner-loop"),
    ]
    for thread in threads:
        thread.start()
    try:
        Granian(
            "leadbridge.wiring.gateway:gateway",
            factory=True,
            interface=Interfaces.ASGI,
            address=settings.host,
            port=settings.port,
            workers=settings.workers,
            websockets=False,
            # With HTTP/2 allowed, a connection that says nothing would be waited for without a deadline.
            http=HTTPModes.http1,
            http1_settings=HTTP1Settings(header_read_timeout=round(settings.load.header_deadline_seconds * 1_000)),
            backlog=1024,
            backpressure=_connections(settings),
            ssl_cert=Path(settings.tls.certificate_file) if settings.tls.certificate_file else None,
            ssl_key=Path(settings.tls.key_file) if settings.tls.key_file else None,
            ssl_protocol_min=SSLProtocols.tls12,
            log_dictconfig=log.logging_config(settings),
            log_level=LogLevels.warning,
            respawn_failed_workers=True,
            workers_kill_timeout=_ENDING_SECONDS,
        ).serve()
    finally:
        stop.set()
        for thread in threads:
            thread.join(_ENDING_SECONDS)
        database.dispose()


def _forward(settings: Settings, database: Database, stop: threading.Event) -> None:
    """Say when the gateway is ready, then forward: before that the built-in core CRM cannot answer."""
    if _wait_listening(settings, stop):
        print(f"leadbridge is ready: {settings.address}/soap/LeadService?wsdl", flush=True)
        if settings.forwarding.enabled:
            background.relay(settings, database).run(stop)


def _push(settings: Settings, database: Database, stop: threading.Event) -> None:
    """Push events, where the relay is."""
    if settings.forwarding.enabled:
        webhooks.pusher(settings, database).run(stop)


def _take_in(settings: Settings, database: Database, stop: threading.Event) -> None:
    """Take in the bulk files that are stored."""
    background.bulk_runner(settings, database).run(stop)


def _wait_listening(settings: Settings, stop: threading.Event) -> bool:
    deadline = time.monotonic() + _READY_SECONDS
    while not stop.is_set():
        if background.answers_readily(settings):
            return True
        if time.monotonic() > deadline:
            print("leadbridge: the gateway does not answer; see the log above.", file=sys.stderr, flush=True)
            return not stop.is_set()
        stop.wait(0.1)
    return False


def _connections(settings: Settings) -> int:
    """How many connections each worker process may hold: as many as the settings say and the system has room for."""
    most = settings.load.most_connections
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = most + _OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        most = max(1, soft - _OTHER_FILES)
    return most


def _check_tls(settings: Settings) -> None:
    """Refuse a certificate or key of no use, and warn where passwords would be read by others on their way."""
    certificate, key = settings.tls.certificate_file, settings.tls.key_file
    if certificate is None or key is None:
        if not _is_loopback(settings.host) and not settings.address.startswith("https://"):
            log.get_logger(__name__).warning(
                "passwords and leads cross the network unencrypted: serve with --tls-cert and --tls-key, or set "
                "public_url to the https address of the proxy in front",
                host=settings.host,
            )
        return
    for name, setting in ((certificate, "tls.certificate_file"), (key, "tls.key_file")):
        try:
            Path(name).read_bytes()
        except OSError as error:
            raise CannotServe(f"{setting}: {name} cannot be read ({error.strerror}).") from None
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=_no_password)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise CannotServe(f"tls.key_file: {key} is not the key of the certificate in {certificate}.") from None
        raise CannotServe(
            f"tls.certificate_file and tls.key_file: {certificate} must have a certificate and {key} its private key, "
            "both as PEM and the key without a password."
        ) from None
    if others_may_read(Path(key)):
        raise CannotServe(f"tls.key_file: {key}: {WAY_OUT}.")


def _warn_of_expired(settings: Settings, now: datetime) -> None:
    """Warn of each certificate in use that has expired: others refuse it then, and only their logs say so."""
    for setting, file in (
        ("tls.certificate_file", settings.tls.certificate_file),
        ("wss.signing_certificate_file", settings.wss.signing_certificate_file),
        ("crm.signing_certificate_file", settings.crm.signing_certificate_file),
        ("crm.certificate_file", settings.crm.certificate_file),
    ):
        if file is None:
            continue
        with suppress(
            SettingsError
        ):  # the files were checked before; OpenSSL takes more certificates than are read here
            expired_on = certificate_from(file, setting=setting).not_valid_after_utc
            if expired_on < now:
                log.get_logger(__name__).warning(
                    "a certificate has expired: renew it, and start again",
                    setting=setting,
                    expired=f"{expired_on:%Y-%m-%d}",
                )


def _no_password() -> str:
    return ""  # else OpenSSL would ask whoever sits at the terminal


def _free_port(host: str) -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with closing(socket.socket(family)) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def _check_port(settings: Settings) -> None:
    """Refuse a port that is taken before anything else is started."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with closing(socket.socket(family)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise CannotServe(
                f"{settings.host}:{settings.port} cannot be listened on ({error.strerror}); "
                "choose another with --port, or 0 for a free one."
            ) from None


def _ensure_caller(settings: Settings, database: Database) -> None:
    """Without any caller nobody could call: on loopback an admin is made, elsewhere the start is refused."""
    if has_callers(database):
        return
    if not _is_loopback(settings.host):
        raise CannotServe(
            f"There is no caller yet, and {settings.host} is not a loopback address. Add one first: "
            "leadbridge caller add ID --name NAME --role admin --password-stdin"
        )
    password = secrets.token_urlsafe(18)
    add_caller(
        database,
        caller_id="admin",
        name="Administrator",
        roles=[Role.ADMIN],
        password=password,
        now=datetime.now(UTC),
    )
    print(f"There was no caller yet. Caller admin was added, its password is {password}", flush=True)
    print("It is shown this once; `leadbridge caller password admin` sets another one.", flush=True)


def _warn_of_unknown_callers(settings: Settings, database: Database) -> None:
    """Warn of IDs in settings that no caller has: misspelt, they leave unsigned or unbounded what should not be."""
    known = {one.caller.id for one in list_callers(database)}
    for setting, caller_ids in (
        ("wss.must_sign", settings.wss.must_sign),
        ("quota.callers", settings.quota.callers),
        ("quota.callers_bulk_bytes_per_day", settings.quota.callers_bulk_bytes_per_day),
        ("lead_duplicates.callers", settings.lead_duplicates.callers),
    ):
        for caller_id in sorted({*caller_ids} - known):
            log.get_logger(__name__).warning(
                "a setting is for a caller that does not exist: put its ID right, or add the caller",
                setting=setting,
                caller=caller_id,
            )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
