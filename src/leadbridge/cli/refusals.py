"""`leadbridge refusals`: the audit journal of what was refused."""

from datetime import UTC, datetime
from typing import Annotated

from cyclopts import App, Parameter
from cyclopts.validators import Number

from leadbridge.cli.shared import opened, out, table
from leadbridge.settings import Settings
from leadbridge.store import refusals

refusals_app = App(name="refusals", help="The audit journal of refused calls: list it.")


@refusals_app.command(name="list")
def refusals_list(
    *,
    caller: Annotated[str | None, Parameter(help="Only this caller's.")] = None,
    since: Annotated[
        datetime | None, Parameter(help="Only from this moment on (ISO 8601; UTC, unless it says).")
    ] = None,
    limit: Annotated[int, Parameter(help="At most so many.", validator=Number(gte=1))] = 50,
) -> None:
    """List refusals, the latest first: reason, text, caller, operation, address, and the log's correlation ID.

    The caller is the one that was proved, so a failed login has none. In a flood alike ones stand in one line, with the
    last one's correlation ID and how many they were.
    """
    if since is not None and since.tzinfo is None:
        since = since.replace(tzinfo=UTC)
    with opened(Settings()) as database, database.read() as tx:
        rows = refusals.listed(tx, caller_id=caller, since=since, limit=limit)
    shown = table("when", "door", "reason", "caller", "times", wrapped=("text", "operation", "address", "correlation"))
    for row in rows:
        shown.add_row(
            row["recorded_at"].isoformat(timespec="seconds"),
            row["door"],
            row["reason_code"],
            row["caller_id"] or "",
            str(row["times"]),
            row["text"],
            row["operation"] or "",
            row["address"] or "",
            row["correlation_id"],
        )
    out.print(shown)
