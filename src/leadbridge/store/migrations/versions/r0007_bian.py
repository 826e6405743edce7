"""Suspended leads, development tasks, and events for other service domains.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision: str | None = "0006"
branch_labels: str | None = None
depends_on: str | None = None


def _code(length: int) -> sa.types.TypeEngine[str]:
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT = sa.DateTime().with_variant(sa.DateTime(timezone=True), "postgresql")
_REQUESTED = sa.text("state = 'requested'")


def upgrade() -> None:
    """Make the tables and the column."""
    op.add_column("lead", sa.Column("suspended_at", MOMENT, nullable=True))
    op.create_table(
        "development_task",
        sa.Column("lead_id", _code(10), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("assignee", TEXT, nullable=True),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("result", TEXT, nullable=True),
        sa.Column("content", TEXT, nullable=False),
        sa.Column("created_by", _code(64), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name="fk_development_task_lead_lead_id"),
        sa.PrimaryKeyConstraint("lead_id", "number", name="pk_development_task"),
    )
    op.create_index(
        "ix_development_task_requested",
        "development_task",
        ["due_at", "lead_id", "number"],
        postgresql_where=_REQUESTED,
        sqlite_where=_REQUESTED,
    )
    op.create_table(
        "bian_event",
        sa.Column("id", _code(36), nullable=False),
        sa.Column("lead_id", _code(10), nullable=False),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("data", TEXT, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_bian_event"),
    )
    op.create_index("ix_bian_event_lead_id", "bian_event", ["lead_id"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("bian_event")
    op.drop_table("development_task")
    op.drop_column("lead", "suspended_at")
