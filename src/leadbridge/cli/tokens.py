"""`leadbridge caller token`: bearer tokens, with which programs ask the JSON doors."""

from datetime import UTC, datetime
from typing import Annotated

from cyclopts import App, Parameter
from cyclopts.validators import Number

from leadbridge.authentication.tokens import add_token, list_tokens, remove_token
from leadbridge.cli.shared import opened, out, table
from leadbridge.settings import Settings

token_app = App(name="token", help="Bearer tokens for the JSON doors and bulk files: add, list, remove.")


@token_app.command(name="add")
def token_add(
    caller_id: Annotated[str, Parameter(name="ID", help="The caller that it stands for.")],
    /,
    *,
    name: Annotated[str, Parameter(help="What it is for, for people.")],
    expires_days: Annotated[
        int | None,
        Parameter(help="After how many days it ends; without this it does not.", validator=Number(gte=1, lte=3_660)),
    ] = None,
) -> None:
    """Make a token for a caller and print it, this once; only its hash is kept."""
    with opened(Settings()) as database:
        token = add_token(database, caller_id=caller_id, name=name, days=expires_days, now=datetime.now(UTC))
    print(token)


@token_app.command(name="list")
def token_list(caller_id: Annotated[str | None, Parameter(name="ID", help="Only this caller's.")] = None, /) -> None:
    """List tokens; themselves they are never shown."""
    with opened(Settings()) as database:
        listed = list_tokens(database, caller_id)
    rows = table("token", "caller", wrapped=("name", "added", "expires", "removed"))
    for one in listed:
        moments = (one.added_at, one.expires_at, one.removed_at)
        shown = [moment.isoformat(timespec="seconds") if moment else "" for moment in moments]
        rows.add_row(one.id, one.caller_id, one.name, *shown)
    out.print(rows)


@token_app.command(name="remove")
def token_remove(token_id: Annotated[str, Parameter(name="TOKEN", help="Its ID, as listed.")], /) -> None:
    """Take a token back; it is out after callers.credential_cache_seconds at the latest."""
    with opened(Settings()) as database:
        removed = remove_token(database, token_id=token_id, now=datetime.now(UTC))
    print(f"Token {token_id} {'is' if removed else 'was already'} removed.")
