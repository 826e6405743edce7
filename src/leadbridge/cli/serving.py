"""`leadbridge serve`, `forward` and `migrate`: what runs at a site, and the schema it needs."""

import signal
import threading
from typing import Annotated

from cyclopts import Parameter

from leadbridge import log
from leadbridge.cli.complaint import Complaint
from leadbridge.cli.shared import opened
from leadbridge.settings import Settings
from leadbridge.store.database import Database, migrate, schema_state


def serve(
    *,
    host: Annotated[str | None, Parameter(help="Address to listen on (setting host, 127.0.0.1).")] = None,
    port: Annotated[int | None, Parameter(help="Port to listen on; 0 takes a free one (setting port, 8000).")] = None,
    workers: Annotated[
        int | None, Parameter(help="Gateway processes (setting workers, 1; with PostgreSQL one per core).")
    ] = None,
    tls_cert: Annotated[
        str | None, Parameter(help="PEM file of the certificate to serve HTTPS with (setting tls.certificate_file).")
    ] = None,
    tls_key: Annotated[str | None, Parameter(help="PEM file of its private key (setting tls.key_file).")] = None,
) -> None:
    """Serve partners: gateway, core CRM and relay in one, until SIGTERM or Ctrl-C.

    An embedded SQLite is migrated by itself; a PostgreSQL that is behind is refused (see `leadbridge migrate`).
    Without any caller, one called admin is made on loopback and its password printed once.
    """
    from leadbridge import serving  # granian is needed here alone

    given: dict[str, object] = {"host": host, "port": port, "workers": workers}
    if (tls_cert is None) != (tls_key is None):
        raise Complaint("--tls-cert and --tls-key belong together: give both or neither.")
    if tls_cert is not None:
        given["tls"] = {"certificate_file": tls_cert, "key_file": tls_key}
    settings = Settings(**{name: value for name, value in given.items() if value is not None})
    try:
        serving.serve(settings)
    except serving.CannotServe as error:
        raise Complaint(str(error)) from None


def forward() -> None:
    """Run the relay alone: forward due messages to the core CRM and push events, until SIGTERM or Ctrl-C.

    Any number of relays may share a PostgreSQL. Needs LEADBRIDGE_CRM_WSDL, or a gateway on this machine and
    LEADBRIDGE_CRM_USERNAME and LEADBRIDGE_CRM_PASSWORD of a caller with the role crm.
    """
    from leadbridge.wiring import background, webhooks  # loads Zeep, which most commands do without

    settings = Settings()
    if settings.crm.wsdl is None and settings.crm.username is None:
        raise Complaint(
            "the core CRM that is built in asks for a caller: set LEADBRIDGE_CRM_USERNAME and "
            "LEADBRIDGE_CRM_PASSWORD, or LEADBRIDGE_CRM_WSDL for another core CRM."
        )
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with opened(settings) as database:
        tidy = threading.Thread(target=background.keep_tidy, args=(settings, database, stop), daemon=True)
        tidy.start()
        pushing = threading.Thread(target=webhooks.pusher(settings, database).run, args=(stop,), name="webhooks")
        pushing.start()
        print("leadbridge forwards; Ctrl-C ends it.", flush=True)
        try:
            background.relay(settings, database).run(stop)
        finally:
            stop.set()
            pushing.join()


def migrate_command() -> None:
    """Bring the database's schema up to date. Safe to run again, and by two at once."""
    settings = Settings()
    log.configure(settings)
    database = Database(settings.database_url)
    try:
        before = schema_state(database)
        if before.is_current:
            print(f"The database is up to date (revision {before.head}).")
            return
        migrate(database)
        print(f"The database was brought from revision {before.current or 'none'} to {before.head}.")
    finally:
        database.dispose()
