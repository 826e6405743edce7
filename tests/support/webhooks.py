"""What tests of webhooks share: callers with leads and events, webhooks, pushers, a clock that stands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

from leadbridge.authentication.callers import add_caller
from leadbridge.caller import Role
from leadbridge.secretbox import SecretBox, new_key
from leadbridge.store import journal, webhooks
from leadbridge.store.database import Database
from leadbridge.webhooks.addresses import AddressPolicy
from leadbridge.webhooks.managing import Added, add_webhook
from leadbridge.webhooks.outcomes import WebhookPolicy
from leadbridge.webhooks.pusher import Pusher
from leadbridge.webhooks.sending import Sender
from tests.store.rows import a_lead, store_leads
from tests.support.forwarding import START, Clock

KEY = new_key()
HERE = AddressPolicy(allow_loopback=True)
POLICY = WebhookPolicy(
    receivers=4,
    batch=3,
    lease=timedelta(seconds=60),
    first_delay=timedelta(seconds=2),
    longest_delay=timedelta(seconds=5),
    most_attempts=4,
    poll=timedelta(seconds=0.02),
)
LEAD = "org.bian.LeadandOpportunityManagement.LeadandOpportunityProcedure"


def box() -> SecretBox:
    """The box of these tests."""
    return SecretBox([KEY])


def callers_with_leads(database: Database) -> None:
    """Partner acme has leads 1 and 2, beta has 3, and desk sees all; of none there is an event yet."""
    for name, role in (("acme", Role.PARTNER), ("beta", Role.PARTNER), ("desk", Role.CALLCENTRE)):
        add_caller(database, caller_id=name, name=name, roles=[role], password="a long password", now=START)
    owners = {1: "acme", 2: "acme", 3: "beta"}
    store_leads(database, *(a_lead(number, created_by=owner) for number, owner in owners.items()))


def happen(database: Database, *numbers: int, event: str = "changed") -> None:
    """Something happens to these leads, in this order."""
    rows = [
        {
            "recorded_at": START,
            "caller_id": "x",
            "operation": "ChangeLead",
            "object_type": "lead",
            "object_id": f"{number:010d}",
            "event": event,
        }
        for number in numbers
    ]
    with database.write() as tx:
        journal.append(tx, rows)


def hook(database: Database, url: str, caller_id: str = "desk", **options: Any) -> Added:
    """A webhook that begins with the first event there is."""
    return add_webhook(
        database, box(), HERE, **{"caller_id": caller_id, "url": url, "now": START, "after": 0, **options}
    )


def a_pusher(
    database: Database,
    clock: Callable[[], Any] | None = None,
    *,
    worker: str = "one",
    policy: WebhookPolicy = POLICY,
    addresses: AddressPolicy = HERE,
    timeout: float = 10,
    ca_file: str | None = None,
) -> Pusher:
    """A pusher without chance in its waits: each is the whole of what it may be."""
    clock = clock or Clock()
    sender = Sender(addresses, timeout=timeout, ca_file=ca_file, clock=clock)
    return Pusher(database, sender, box, policy=policy, worker=worker, clock=clock, random=lambda: 1.0)


def row_of(database: Database, added: Added) -> dict[str, Any]:
    """A webhook as it is stored."""
    with database.read() as tx:
        found = webhooks.one(tx, added.webhook_id)
    assert found is not None
    return found


def push_for_ever(database_url: str, key: str, lease_seconds: float) -> None:
    """A process that pushes by the real clock until it is killed."""
    policy = WebhookPolicy(lease=timedelta(seconds=lease_seconds), poll=timedelta(seconds=0.02), batch=3)
    pusher = Pusher(
        Database(database_url),
        Sender(HERE, timeout=10),
        lambda: SecretBox([key]),
        policy=policy,
        worker="to be killed",
        clock=lambda: datetime.now(UTC),
    )
    pusher.run(Event())


def push_with(database: Database, key: str) -> None:
    """Push what is due now, with the site's key."""
    pusher = a_pusher(database, lambda: datetime.now(UTC))
    pusher._open_box = lambda: SecretBox([key])
    pusher.run_once()
