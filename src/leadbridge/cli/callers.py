"""`leadbridge caller`: the principals that may call, and their passwords."""

import secrets
from datetime import UTC, datetime
from typing import Annotated

from cyclopts import App, Parameter

from leadbridge.authentication.callers import add_caller, disable_caller, list_callers, set_password
from leadbridge.authentication.failedlogins import delayed_until, unlock
from leadbridge.caller import Role, Visibility
from leadbridge.cli.complaint import Complaint
from leadbridge.cli.shared import first_line, opened, out, table
from leadbridge.settings import Settings

caller_app = App(name="caller", help="The principals that may call, and what they show who they are with.")
caller_app.command("leadbridge.cli.certificates:certificate_app", name="certificate")
caller_app.command("leadbridge.cli.digests:caller_digest", name="digest")
caller_app.command("leadbridge.cli.tokens:token_app", name="token")


def _password(from_stdin: bool) -> str:
    if not from_stdin:
        raise Complaint(
            "give the password on standard input and say --password-stdin; an argument would be seen by all."
        )
    return first_line("password")


@caller_app.command(name="add")
def caller_add(
    caller_id: Annotated[str, Parameter(name="ID", help="The user name it logs in with.")],
    /,
    *,
    name: Annotated[str, Parameter(help="Who that is, for people.")],
    role: Annotated[str, Parameter(help="partner, callcentre, sales, crm, operator or admin; several with commas.")],
    password_stdin: Annotated[bool, Parameter(help="Read the password from standard input.", negative="")] = False,
    visibility: Annotated[
        Visibility | None,
        Parameter(help="Which leads it sees; without it a partner those given to it, everybody else all."),
    ] = None,
    party: Annotated[
        str | None,
        Parameter(help="The PartyID by which leads are given to it; without it its ID (20 characters)."),
    ] = None,
) -> None:
    """Add a caller.

    Example: printf 'a long password' | leadbridge caller add acme --name "Acme GmbH" --role partner --password-stdin
    """
    password = _password(password_stdin)
    with opened(Settings()) as database:
        add_caller(
            database,
            caller_id=caller_id,
            name=name,
            roles=_roles(role),
            password=password,
            visibility=visibility,
            party_id=party,
            now=datetime.now(UTC),
        )
    print(f"Caller {caller_id} was added.")


def _roles(text: str) -> list[Role]:
    try:
        return [Role(one.strip()) for one in text.split(",")]
    except ValueError:
        raise Complaint(f"--role: choose from {', '.join(Role)}; several with commas.") from None


@caller_app.command(name="list")
def caller_list() -> None:
    """List the callers, with when they were disabled and when their digest secret was set.

    Passwords and secrets are never shown. Delayed is who has to wait somewhere after failed logins; `leadbridge caller
    unlock` ends that.
    """
    with opened(Settings()) as database:
        listed = list_callers(database)
        until = delayed_until(database, datetime.now(UTC))
    rows = table(
        *("ID", "roles", "visibility", "party"), wrapped=("name", "disabled", "digest secret", "delayed until")
    )
    for one in listed:
        caller = one.caller
        moments = (one.disabled_at, one.digest_set_at, until(caller.id))
        shown = (moment.isoformat(timespec="seconds") if moment else "" for moment in moments)
        roles = ", ".join(sorted(caller.roles))
        rows.add_row(caller.id, roles, caller.visibility.value, caller.party_id, caller.name, *shown)
    out.print(rows)


@caller_app.command(name="disable")
def caller_disable(caller_id: Annotated[str, Parameter(name="ID")], /) -> None:
    """Disable a caller; it is out after callers.credential_cache_seconds at the latest."""
    with opened(Settings()) as database:
        disable_caller(database, caller_id=caller_id, now=datetime.now(UTC))
    print(f"Caller {caller_id} is disabled.")


@caller_app.command(name="unlock")
def caller_unlock(caller_id: Annotated[str, Parameter(name="ID")], /) -> None:
    """End the delays of a caller after failed logins, everywhere; those of an address run out by themselves."""
    with opened(Settings()) as database:
        done = unlock(database, caller_id=caller_id)
    print(f"The failed logins of caller {caller_id} are forgotten." if done else f"Caller {caller_id} had none.")


@caller_app.command(name="password")
def caller_password(
    caller_id: Annotated[str, Parameter(name="ID")],
    /,
    *,
    password_stdin: Annotated[
        bool,
        Parameter(help="Read it from standard input; without this one is made and printed.", negative=""),
    ] = False,
) -> None:
    """Set a caller's password: the one on standard input, or a new one that is printed once."""
    password = _password(True) if password_stdin else secrets.token_urlsafe(18)
    with opened(Settings()) as database:
        set_password(database, caller_id=caller_id, password=password, now=datetime.now(UTC))
    print(f"The password of caller {caller_id} was set" + ("." if password_stdin else f": {password}"))
