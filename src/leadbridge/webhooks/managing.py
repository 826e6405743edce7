"""What an operator does with webhooks: add, list, try, resume, remove, and the change of their secrets."""

import secrets
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from leadbridge.authentication.callers import CallerError, caller_from, caller_in
from leadbridge.bian.events import TYPES, page
from leadbridge.caller import OperationGroup, may_call
from leadbridge.operations.call import zoned
from leadbridge.secretbox import SecretBox
from leadbridge.store import callers, webhooks
from leadbridge.store.database import Database, Transaction
from leadbridge.store.horizon import Horizon
from leadbridge.store.inserts import Row
from leadbridge.store.webhooks import WebhookState
from leadbridge.webhooks import signing
from leadbridge.webhooks.addresses import AddressPolicy
from leadbridge.webhooks.outcomes import Result
from leadbridge.webhooks.pusher import of_types
from leadbridge.webhooks.sending import Sender, batch_of, message_id_of

PING = "leadbridge.webhook.ping"
MOST_BEHIND = 10_000
"""So many events are counted, and no more."""
_MOST_TYPES = 20
_PATIENCE_SECONDS = 10
_AT_ONCE = 1_000


class WebhookUnknown(CallerError):
    """There is no webhook of this id."""


class WebhookNotAllowed(CallerError):
    """The caller cannot have such a webhook."""


class JournalBusy(CallerError):
    """It cannot be said at present from where on events are new."""


@dataclass(frozen=True, slots=True)
class Added:
    """A new webhook and its secret, which is told this once."""

    webhook_id: str
    secret: str


@dataclass(frozen=True, slots=True)
class ListedWebhook:
    """A webhook as an operator sees it. `behind` are the events to be told, counted up to MOST_BEHIND."""

    row: Row
    behind: int

    @property
    def next_try(self) -> datetime | None:
        """When it is tried again, where the last attempt failed and there is another one."""
        waits = self.row["state"] == WebhookState.ACTIVE.value and self.row["attempts"] > 0
        moment: datetime | None = self.row["due_at"] if waits else None
        return moment


def add_webhook(
    database: Database,
    box: SecretBox,
    addresses: AddressPolicy,
    *,
    caller_id: str,
    url: str,
    now: datetime,
    types: Sequence[str] = (),
    secret: str | None = None,
    after: int | None = None,
) -> Added:
    """Push a caller's events to a URL: those behind `after`, the sequence of an event; without it, what comes from now
    on. `types` are beginnings of TYPES; without any, all. Without `secret` one is made. `now` is aware, in UTC.

    Raises CallerUnknown, CallerDisabled, UrlNotAllowed, WebhookNotAllowed, SecretInvalid, JournalBusy.
    """
    addresses.check(url)
    if len(types) > _MOST_TYPES:
        raise WebhookNotAllowed(f"types are up to {_MOST_TYPES} beginnings; without any, all events are pushed")
    if not all(one and any(known.startswith(one) for known in TYPES) for one in types):
        beginnings = ", ".join(dict.fromkeys(known.rpartition(".")[0] for known in TYPES))
        raise WebhookNotAllowed(f"no event has a type that begins so; types begin like one of {beginnings}")
    secret = secret if secret is not None else signing.new_secret()
    signing.key_of(secret)
    with database.read() as tx:
        caller = caller_in(tx, caller_id, enabled=True)
    if not may_call(caller, OperationGroup.LEAD):
        raise WebhookNotAllowed(f"caller {caller_id} has no role that may read leads, and so no events")
    webhook_id = secrets.token_hex(4)
    row: Row = {
        "id": webhook_id,
        "caller_id": caller_id,
        "url": url,
        "types": ",".join(types),
        "position": after if after is not None else _complete_up_to(database),
        "state": WebhookState.ACTIVE.value,
        "attempts": 0,
        "due_at": now,
        "added_at": now,
    }
    with database.write() as tx:
        webhooks.add(tx, row)
        _put_secret(tx, box, webhook_id, secret, now=now, others_end_at=now)
    return Added(webhook_id, secret)


def _complete_up_to(database: Database) -> int:
    """The newest entry of the journal, when everything before it is there: what is committed later is behind it."""
    horizon, newest = Horizon(), None
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        with database.read() as tx:
            seen = horizon.look(tx)
        newest = newest if newest is not None else seen.newest
        if seen.upto >= newest:
            return seen.upto
        if time.monotonic() > deadline:
            raise JournalBusy("changes are being written that do not end; try again, or say --after")
        time.sleep(0.02)


def list_webhooks(database: Database) -> list[ListedWebhook]:
    """Every webhook, by caller."""
    with database.read() as tx:
        return [ListedWebhook(row, _behind(tx, row)) for row in webhooks.listed(tx)]


def _behind(tx: Transaction, row: Row) -> int:
    owner = callers.by_id(tx, row["caller_id"])
    if owner is None:
        return 0
    caller, upto, after, count = caller_from(owner), Horizon.newest(tx), row["position"], 0
    while after < upto and count < MOST_BEHIND:
        found = page(tx, caller, after=after, upto=upto, limit=_AT_ONCE)
        count += len(of_types(found.events, row["types"]))
        after = found.reached
    return min(count, MOST_BEHIND)


def remove_webhook(database: Database, *, webhook_id: str) -> None:
    """Push nothing more, and forget the webhook. A request that is under way ends. Raises WebhookUnknown."""
    with database.write() as tx:
        _known(tx, webhook_id)
        webhooks.remove(tx, webhook_id)


def resume_webhook(database: Database, *, webhook_id: str, now: datetime) -> bool:
    """Let a webhook that is parked, or waits after a failure, go on now where it stood. False when it does neither.

    Raises WebhookUnknown.
    """
    with database.write() as tx:
        _known(tx, webhook_id)
        return webhooks.resume(tx, webhook_id, now)


def rotate_secret(
    database: Database, box: SecretBox, *, webhook_id: str, now: datetime, overlap: timedelta, secret: str | None = None
) -> str:
    """Sign with a new secret, and for the overlap with those before it too. It is told this once.

    Raises WebhookUnknown, SecretInvalid.
    """
    secret = secret if secret is not None else signing.new_secret()
    signing.key_of(secret)
    with database.write() as tx:
        _known(tx, webhook_id)
        _put_secret(tx, box, webhook_id, secret, now=now, others_end_at=now + overlap)
    return secret


def send_ping(
    database: Database, sender: Sender, open_box: Callable[[], SecretBox], *, webhook_id: str, now: datetime
) -> Result:
    """Send one event that says nothing, whatever the state; the position stays.

    Raises WebhookUnknown, SecretKeyError.
    """
    with database.read() as tx:
        row = _known(tx, webhook_id)
        sealed = webhooks.sealed_secrets(tx, webhook_id, now)
    box = open_box()
    body, _ = batch_of([ping(webhook_id, now)])
    message_id = message_id_of(webhook_id, body)
    return sender.send(row["url"], body, message_id=message_id, signed_with=[box.open(one) for one in sealed])


def ping(webhook_id: str, now: datetime) -> dict[str, Any]:
    """The event that tries a webhook."""
    return {
        "specversion": "1.0",
        "id": str(uuid.uuid4()),
        "source": f"/webhooks/{webhook_id}",
        "type": PING,
        "time": zoned(now),
        "datacontenttype": "application/json",
        "data": {},
    }


def _known(tx: Transaction, webhook_id: str) -> Row:
    row = webhooks.one(tx, webhook_id)
    if row is None:
        raise WebhookUnknown(f"there is no webhook {webhook_id}; `leadbridge webhooks list` shows those there are")
    return row


def _put_secret(
    tx: Transaction, box: SecretBox, webhook_id: str, secret: str, *, now: datetime, others_end_at: datetime
) -> None:
    row: Row = {
        "id": secrets.token_hex(4),
        "webhook_id": webhook_id,
        "sealed": box.seal(secret),
        "set_at": now,
        "ends_at": None,
    }
    webhooks.put_secret(tx, row, others_end_at=others_end_at)
