"""`leadbridge messages`: the messages to the core CRM, and what an operator does with them."""

from datetime import UTC, datetime
from typing import Annotated

from cyclopts import App, Parameter

from leadbridge.cli.complaint import Complaint
from leadbridge.cli.shared import opened, out, table
from leadbridge.forwarding import STATE_MEANINGS, MessageState
from leadbridge.settings import Settings
from leadbridge.store import outbox

messages_app = App(name="messages", help="The messages to the core CRM: list, show, retry, cancel.")


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
        due = _due(row["due_at"]) if row["state"] == MessageState.WAITING else ""
        outcome = [row[name] or "" for name in ("outcome", "outcome_code", "outcome_text")]
        shown.add_row(str(row["id"]), row["lead_id"], row["event"], row["state"], str(row["attempts"]), *outcome, due)
    out.print(shown)
    out.print(", ".join(f"{count} {name}" for name, count in counts.items()))


def _due(moment: datetime) -> str:
    return "when its lead is resumed" if moment == outbox.HELD else moment.isoformat(timespec="seconds")


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
