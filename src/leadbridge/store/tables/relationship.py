"""The tables of BIAN's Customer Relationship Management: plans, and their development tasks, incidents and contacts."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, text

from leadbridge.store.columntypes import text_type
from leadbridge.store.tables.columns import metadata, moment, parent, text_column

relationship_plan = Table(
    "relationship_plan",
    metadata,
    text_column("id", 10, key=True),
    Column(
        "customer_internal_id",
        text_type(10),
        ForeignKey("business_partner.internal_id"),
        nullable=False,
    ),
    text_column("state", needed=True),
    text_column("content", needed=True),  # JSON: the fields as they were sent
    Column("test_data", Boolean, nullable=False, default=False),
    text_column("created_by", 64, needed=True),
    moment("created_at"),
    moment("changed_at"),
    Index(None, "customer_internal_id", "id"),
)

relationship_record = Table(
    "relationship_record",
    metadata,
    parent("plan_id", "relationship_plan.id"),
    Column("qualifier", text_type(20), primary_key=True),  # Development, Incident, Contact
    Column("number", Integer, primary_key=True, autoincrement=False),  # from 1, in the plan's records of its kind
    text_column("state", needed=True),
    text_column("assignee"),
    moment("due_at", needed=False),  # of a contact
    text_column("priority_code"),  # of an incident
    text_column("lead_id", 10),  # the lead that a development task has initiated
    text_column("content", needed=True),  # JSON: the fields as they were sent
    text_column("created_by", 64, needed=True),
    moment("created_at"),
    moment("changed_at"),
    # The desk's list: the contacts that wait for a person, the earliest first.
    Index(
        "ix_relationship_record_requested",
        *("due_at", "plan_id", "number"),
        postgresql_where=text("state = 'requested' AND qualifier = 'Contact'"),
        sqlite_where=text("state = 'requested' AND qualifier = 'Contact'"),
    ),
)
