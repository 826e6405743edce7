"""The command line: `leadbridge COMMAND`. Thin; every command is one call into the parts below."""

import json
import signal
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from leadbridge import __version__, log
from leadbridge.authentication.callers import CallerError
from leadbridge.cli.bulk import bulk_app
from leadbridge.cli.callers import caller_app
from leadbridge.cli.digests import caller_digest
from leadbridge.cli.refusals import refusals_app
from leadbridge.cli.rules import assign_app, questionnaire_app
from leadbridge.cli.secrets import secret_app
from leadbridge.cli.shared import Complaint, opened, out, table
from leadbridge.cli.testdata import testdata_app
from leadbridge.cli.tokens import token_app
from leadbridge.forwarding import STATE_MEANINGS, MessageState
from leadbridge.secretbox import SecretKeyError
from leadbridge.settings import Settings, SettingsError
from leadbridge.store import merges, outbox
from leadbridge.store.database import Database, migrate, schema_state
from leadbridge.store.errors import StoreError

app = App(
    name="leadbridge",
    help="SOAP lead integration: partners' leads in, qualified leads into the core CRM, each once and in order.",
    version=__version__,
    help_epilogue="Settings come from LEADBRIDGE_… variables and the TOML file that LEADBRIDGE_CONFIG names; "
    "`leadbridge settings` shows them.",
)
partner_app = App(name="businesspartner", help="The people and companies that leads are about: list merges.")
messages_app = App(name="messages", help="The messages to the core CRM: list, show, retry, cancel.")
contract_app = App(name="contract", help="The published contract: check it, export it.")
caller_app.command(caller_digest, name="digest")
_groups = (
    *(caller_app, secret_app, refusals_app, partner_app, messages_app, bulk_app),
    *(questionnaire_app, assign_app, contract_app, testdata_app),
)
for _group in _groups:
    app.command(_group)
caller_app.command(token_app)


def main() -> None:
    """Run one command. Exit code 0 when it did what it says, 1 when not, 2 when it was called wrongly."""
    try:
        app(exit_on_error=False, print_error=True)
    except SystemExit:
        raise
    except Complaint as error:
        print(f"leadbridge: {error}", file=sys.stderr)
        sys.exit(error.code)
    except (SettingsError, StoreError, CallerError, SecretKeyError) as error:
        sys.exit(f"leadbridge: {error}")
    except Exception as error:
        if type(error).__module__.startswith("cyclopts"):
            sys.exit(2)
        raise


# ------------------------------------------------------------------------------------------------------- serving


@app.command
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


@app.command
def forward() -> None:
    """Run the relay alone: forward due messages to the core CRM until SIGTERM or Ctrl-C.

    Any number of relays may share a PostgreSQL. Needs LEADBRIDGE_CRM_WSDL, or a gateway on this machine and
    LEADBRIDGE_CRM_USERNAME and LEADBRIDGE_CRM_PASSWORD of a caller with the role crm.
    """
    from leadbridge import wiring  # loads Zeep, which most commands do without

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
        tidy = threading.Thread(target=wiring.keep_tidy, args=(settings, database, stop), daemon=True)
        tidy.start()
        print("leadbridge forwards; Ctrl-C ends it.", flush=True)
        wiring.relay(settings, database).run(stop)


@app.command(name="migrate")
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


@app.command(name="settings")
def settings_command() -> None:
    """Print every setting as TOML with the value in force; passwords are masked."""
    for name, value in Settings().masked().items():
        if not isinstance(value, dict):
            _print_setting(name, value)
    for name, values in Settings().masked().items():
        if isinstance(values, dict):
            print(f"\n[{name}]")
            for inner, value in values.items():
                _print_setting(inner, value)


def _print_setting(name: str, value: object) -> None:
    """One line of TOML; TOML has no null, so what is not set is a comment. JSON's other values are TOML's."""
    if isinstance(value, dict):
        inner = ", ".join(f"{json.dumps(key, ensure_ascii=False)} = {json.dumps(one)}" for key, one in value.items())
        print(f"{name} = {{{inner}}}")
        return
    print(f"# {name} is not set" if value is None else f"{name} = {json.dumps(value, ensure_ascii=False)}")


@app.command
def demo(
    *,
    story: Annotated[
        Literal["main", "partner"],
        Parameter(
            help="main: the three use cases, and what happens when something goes wrong. partner: leads given to sales "
            "partners, who accept, qualify or decline them, or lose them again, and read in their feeds what became "
            "of them."
        ),
    ] = "main",
) -> None:
    """Show the whole loop on this machine, told step by step; exit 0 only if every step was verified."""
    from leadbridge.demo import Story, run

    if not run(Story(story)):
        sys.exit(1)


# --------------------------------------------------------------------------------------------- business partners


@partner_app.command(name="merges")
def partner_merges(
    *,
    limit: Annotated[int, Parameter(help="At most so many.")] = 50,
    after: Annotated[str, Parameter(help="Go on after this business partner.")] = "",
) -> None:
    """List the business partners that have become part of another, by their numbers: into which, when, by whom."""
    with opened(Settings()) as database, database.read() as tx:
        rows = merges.listed(tx, after=after, limit=limit)
    shown = table("merged", "into", wrapped=("when", "by"))
    for row in rows:
        when = row["merged_at"].isoformat(timespec="seconds")
        shown.add_row(row["internal_id"], row["merged_into_internal_id"], when, row["merged_by"])
    out.print(shown)


# ------------------------------------------------------------------------------------------------------ messages


@messages_app.command(name="list")
def messages_list(
    *,
    state: Annotated[MessageState | None, Parameter(help="Only messages in this state.")] = None,
    limit: Annotated[int, Parameter(help="At most so many.")] = 50,
    after: Annotated[int | None, Parameter(help="Go on after this message.")] = None,
) -> None:
    """List messages to the core CRM, oldest first, and count them by state."""
    with opened(Settings()) as database, database.read() as tx:
        rows = outbox.listed(tx, state=state.value if state else None, limit=limit, after=after)
        counts = outbox.counts(tx)
    shown = table("message", "lead", "event", "state", "attempts", "outcome", wrapped=("code", "text", "due"))
    for row in rows:
        due = row["due_at"].isoformat(timespec="seconds") if row["state"] == MessageState.WAITING else ""
        outcome = [row[name] or "" for name in ("outcome", "outcome_code", "outcome_text")]
        shown.add_row(str(row["id"]), row["lead_id"], row["event"], row["state"], str(row["attempts"]), *outcome, due)
    out.print(shown)
    out.print(", ".join(f"{count} {name}" for name, count in counts.items()))


@messages_app.command(name="show")
def messages_show(message: Annotated[int, Parameter(help="Its number.")], /) -> None:
    """Show one message: its state in words, what came of it, and the request it carries (personal data!)."""
    with opened(Settings()) as database, database.read() as tx:
        row = outbox.one(tx, message)
    if row is None:
        raise Complaint(f"there is no message {message}; `leadbridge messages list` shows those there are.")
    payload = row.pop("payload")
    for name, value in row.items():
        if value is not None:
            print(f"{name:14} {value}")
    print(f"{'meaning':14} {STATE_MEANINGS[MessageState(row['state'])]}")
    print(payload.decode())


@messages_app.command(name="retry")
def messages_retry(message: Annotated[int, Parameter(help="Its number.")], /) -> None:
    """Let a parked message try again, from its first attempt."""
    with opened(Settings()) as database, database.write() as tx:
        done = outbox.retry(tx, message, datetime.now(UTC))
    if not done:
        raise Complaint(f"message {message} is not parked; only a parked one can be retried.")
    print(f"Message {message} waits to be sent again.")


@messages_app.command(name="cancel")
def messages_cancel(message: Annotated[int, Parameter(help="Its number.")], /) -> None:
    """Cancel a waiting or parked message: it is never sent, and its lane goes on."""
    with opened(Settings()) as database, database.write() as tx:
        done = outbox.cancel(tx, message, datetime.now(UTC))
    if not done:
        raise Complaint(f"message {message} is neither waiting nor parked; there is nothing to cancel.")
    print(f"Message {message} is cancelled.")


# ------------------------------------------------------------------------------------------------------ contract


@contract_app.command(name="check")
def contract_check() -> None:
    """Compile every schema, load every WSDL with Zeep, and report breaks of the contract's own rules."""
    from leadbridge.contract.check import check

    findings = check()
    for finding in findings:
        print(finding)
    if findings:
        raise Complaint(f"the contract breaks {len(findings)} of its rules, listed above.")
    print("The contract compiles, loads, and keeps its rules.")


@contract_app.command(name="export")
def contract_export(folder: Annotated[Path, Parameter(name="DIR", help="Folder to write to; it is made.")], /) -> None:
    """Write WSDLs, schemas, flat WSDLs, a sample request per operation and sample files of leads."""
    from leadbridge.contract.check import export

    try:
        written = export(folder, public_url=Settings().address)
    except OSError as error:
        raise Complaint(f"{folder} cannot be written to ({error.strerror}); name another folder.") from None
    print(f"{len(written)} files were written to {folder}.")


if __name__ == "__main__":
    main()
