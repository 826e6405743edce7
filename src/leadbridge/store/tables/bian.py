"""The tables of BIAN's Lead and Opportunity Management: what is kept beside the leads themselves."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Table, text

from leadbridge.store.tables.columns import metadata, moment, parent, text_column

# What somebody or something is to do about a lead: BIAN's behaviour qualifier Development.
development_task = Table(
    "development_task",
    metadata,
    parent("lead_id", "lead.id"),
    Column("number", Integer, primary_key=True, autoincrement=False),  # from 1, in the lead
    text_column("kind", needed=True),  # development, contact
    text_column("state", needed=True),  # open, in_process, requested, done
    text_column("assignee"),
    moment("due_at", needed=False),
    text_column("result"),
    text_column("content", needed=True),  # JSON: the fields as they were sent
    text_column("created_by", 64, needed=True),
    moment("created_at"),
    moment("changed_at"),
    # The desk's list: what a person is to do, the earliest first.
    Index(
        "ix_development_task_requested",
        *("due_at", "lead_id", "number"),
        postgresql_where=text("state = 'requested'"),
        sqlite_where=text("state = 'requested'"),
    ),
)

# What other service domains are asked by an event. The journal has its place among all others, under the lead's ID and
# the event's, so that a change and what is told of it are one transaction.
bian_event = Table(
    "bian_event",
    metadata,
    text_column("id", 36, key=True),
    text_column("lead_id", 10, needed=True),
    text_column("type", needed=True),
    text_column("data", needed=True),  # JSON
    moment("recorded_at"),
    Index(None, "lead_id"),
)
