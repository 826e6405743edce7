"""What pushes events, from settings; apart from `background` because the command line needs it without Zeep."""

import os
import secrets
import socket
from datetime import timedelta
from functools import partial

from leadbridge.secretbox import secret_box
from leadbridge.settings import Settings
from leadbridge.store.database import Database
from leadbridge.webhooks.addresses import AddressPolicy
from leadbridge.webhooks.outcomes import WebhookPolicy
from leadbridge.webhooks.pusher import Pusher
from leadbridge.webhooks.sending import Sender


def address_policy(settings: Settings) -> AddressPolicy:
    """Where the site lets webhooks lead."""
    said = settings.webhooks
    return AddressPolicy(allowed_networks=said.allowed_networks, allow_loopback=said.allow_loopback)


def sender(settings: Settings) -> Sender:
    """What sends to receivers. Raises SettingsError for a file of authorities of no use."""
    said = settings.webhooks
    return Sender(address_policy(settings), timeout=said.timeout_seconds, ca_file=said.ca_file)


def pusher(settings: Settings, database: Database) -> Pusher:
    """The pusher of this process. Raises SettingsError."""
    said = settings.webhooks
    policy = WebhookPolicy(
        receivers=said.receivers,
        batch=said.batch,
        lease=timedelta(seconds=said.lease_seconds),
        first_delay=timedelta(seconds=said.first_delay_seconds),
        longest_delay=timedelta(seconds=said.longest_delay_seconds),
        most_attempts=said.most_attempts,
        poll=timedelta(seconds=said.poll_seconds),
    )
    worker = f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(4)}"
    return Pusher(database, sender(settings), partial(secret_box, settings), policy=policy, worker=worker)
