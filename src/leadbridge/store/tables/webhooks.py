"""Webhooks: who is told events as they come, where, and how far it has been told."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table

from leadbridge.store.columntypes import text_type
from leadbridge.store.tables.columns import metadata, moment, text_column

webhook = Table(
    "webhook",
    metadata,
    text_column("id", 8, key=True),
    Column("caller_id", text_type(64), ForeignKey("caller.id"), nullable=False),
    text_column("url", needed=True),
    text_column("types", needed=True),  # beginnings of types of events, comma separated; empty: all
    Column("position", BigInteger, nullable=False),  # in the journal: everything up to it is told
    text_column("state", needed=True),  # active, parked
    Column("attempts", Integer, nullable=False),  # that failed, since the last one that did not
    moment("due_at"),
    text_column("claimed_by"),
    moment("lease_until", needed=False),
    text_column("outcome"),  # of the last attempt
    text_column("outcome_code"),
    moment("tried_at", needed=False),
    moment("delivered_at", needed=False),
    moment("added_at"),
    Index(None, "caller_id"),
)

# What its requests are signed with, sealed. While a secret is changed there are two.
webhook_secret = Table(
    "webhook_secret",
    metadata,
    text_column("id", 8, key=True),
    Column("webhook_id", text_type(8), ForeignKey("webhook.id"), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    moment("set_at"),
    moment("ends_at", needed=False),
    Index(None, "webhook_id"),
)
