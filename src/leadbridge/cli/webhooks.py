"""`leadbridge webhooks`: whom events are pushed to, and what an operator does where that fails."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated
from urllib.parse import urlsplit

from cyclopts import App, Parameter
from cyclopts.validators import Number

from leadbridge.cli.complaint import Complaint
from leadbridge.cli.shared import first_line, opened, out, table
from leadbridge.sealing import box_to_seal_with
from leadbridge.secretbox import secret_box
from leadbridge.settings import Settings
from leadbridge.webhooks import managing
from leadbridge.webhooks.outcomes import Outcome
from leadbridge.wiring.webhooks import address_policy, sender

webhooks_app = App(name="webhooks", help="Whom events are pushed to: add, list, test, resume, rotate, remove.")

_Webhook = Annotated[str, Parameter(name="WEBHOOK", help="Its ID, as listed.")]
_SecretStdin = Annotated[
    bool,
    Parameter(help="Read it from standard input (whsec_…); without this one is made and printed.", negative=""),
]


@webhooks_app.command(name="add")
def webhooks_add(
    *,
    caller: Annotated[str, Parameter(name="--caller", help="The caller whose events they are, by its ID.")],
    url: Annotated[str, Parameter(help="Where to; https, and reachable without a proxy.")],
    types: Annotated[
        str,
        Parameter(
            help="Only types that begin so, such as org.bian.CustomerOffer; several with commas. Without it all."
        ),
    ] = "",
    after: Annotated[
        int | None,
        Parameter(
            help="Begin behind this sequence, 0 for all there are; without it with what comes from now on.",
            validator=Number(gte=0, lt=2**63),
        ),
    ] = None,
    secret_stdin: _SecretStdin = False,
) -> None:
    """Push the events that a caller may read at /bian/events to a URL, signed; the secret is printed, this once.

    Example: leadbridge webhooks add --caller acme --url https://crm.acme.example/leadbridge
    """
    secret = first_line("secret") if secret_stdin else None
    settings = Settings()
    with opened(settings) as database:
        added = managing.add_webhook(
            database,
            box_to_seal_with(settings, database),
            address_policy(settings),
            caller_id=caller,
            url=url,
            types=[one.strip() for one in types.split(",") if one.strip()],
            secret=secret,
            after=after,
            now=datetime.now(UTC),
        )
    print(f"Webhook {added.webhook_id} of caller {caller} was added" + _told(added.secret, secret_stdin))


def _told(secret: str, given: bool) -> str:
    return "." if given else f". Its secret is shown this once: {secret}"


@webhooks_app.command(name="list")
def webhooks_list() -> None:
    """List the webhooks: how far each has told, how many events it is behind, what came of the last attempt.

    Secrets are never shown, nor what stands behind a ? in a URL.
    """
    with opened(Settings()) as database:
        listed = managing.list_webhooks(database)
    rows = table(
        *("webhook", "caller", "state", "position", "behind", "attempts", "outcome"),
        wrapped=("code", "next try", "delivered", "types", "url", "meaning"),
    )
    for one in listed:
        row = one.row
        behind = f"{one.behind}{'+' if one.behind >= managing.MOST_BEHIND else ''}"
        moments = [_moment(moment) for moment in (one.next_try, row["delivered_at"])]
        meaning = Outcome(row["outcome"]).meaning if row["outcome"] and row["outcome"] != Outcome.DELIVERED else ""
        rows.add_row(
            *(row["id"], row["caller_id"], row["state"], str(row["position"]), behind, str(row["attempts"])),
            *(row["outcome"] or "", row["outcome_code"] or "", *moments, row["types"], _shown(row["url"]), meaning),
        )
    out.print(rows)


def _moment(moment: datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment else ""


def _shown(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(query="…" if parts.query else "").geturl()


@webhooks_app.command(name="test")
def webhooks_test(webhook: _Webhook, /) -> None:
    """Send one ping event, whatever the state, and say what came back. How far it has told stays as it is."""
    settings = Settings()
    with opened(settings) as database:
        result = managing.send_ping(
            database, sender(settings), partial(secret_box, settings), webhook_id=webhook, now=datetime.now(UTC)
        )
    said = f"{result.outcome}{f' ({result.code})' if result.code else ''}: {result.outcome.meaning}"
    if result.outcome is not Outcome.DELIVERED:
        raise Complaint(f"webhook {webhook}: {said}")
    print(f"Webhook {webhook}: {said}")


@webhooks_app.command(name="resume")
def webhooks_resume(webhook: _Webhook, /) -> None:
    """Let a webhook that is parked, or waits after a failure, go on now, where it stood."""
    with opened(Settings()) as database:
        done = managing.resume_webhook(database, webhook_id=webhook, now=datetime.now(UTC))
    if not done:
        raise Complaint(f"webhook {webhook} is neither parked nor waiting after a failure; there is nothing to resume.")
    print(f"Webhook {webhook} goes on.")


@webhooks_app.command(name="rotate")
def webhooks_rotate(
    webhook: _Webhook,
    /,
    *,
    overlap_hours: Annotated[
        int, Parameter(help="So long requests are signed with the old secret too.", validator=Number(gte=0, lte=8_760))
    ] = 24,
    secret_stdin: _SecretStdin = False,
) -> None:
    """Sign with a new secret, which is printed, this once; for a while with the old one too."""
    secret = first_line("secret") if secret_stdin else None
    settings = Settings()
    with opened(settings) as database:
        made = managing.rotate_secret(
            database,
            box_to_seal_with(settings, database),
            webhook_id=webhook,
            overlap=timedelta(hours=overlap_hours),
            secret=secret,
            now=datetime.now(UTC),
        )
    print(f"Webhook {webhook} has a new secret" + _told(made, secret_stdin))


@webhooks_app.command(name="remove")
def webhooks_remove(webhook: _Webhook, /) -> None:
    """Remove a webhook: nothing is pushed there any more."""
    with opened(Settings()) as database:
        managing.remove_webhook(database, webhook_id=webhook)
    print(f"Webhook {webhook} is removed.")
