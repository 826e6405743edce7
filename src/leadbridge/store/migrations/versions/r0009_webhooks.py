"""Webhooks and the secrets that their requests are signed with.

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision: str | None = "0008"
branch_labels: str | None = None
depends_on: str | None = None


def _code(length: int) -> sa.types.TypeEngine[str]:
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT = sa.DateTime().with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "webhook",
        sa.Column("id", _code(8), nullable=False),
        sa.Column("caller_id", _code(64), nullable=False),
        sa.Column("url", TEXT, nullable=False),
        sa.Column("types", TEXT, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("claimed_by", TEXT, nullable=True),
        sa.Column("lease_until", MOMENT, nullable=True),
        sa.Column("outcome", TEXT, nullable=True),
        sa.Column("outcome_code", TEXT, nullable=True),
        sa.Column("tried_at", MOMENT, nullable=True),
        sa.Column("delivered_at", MOMENT, nullable=True),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["caller_id"], ["caller.id"], name="fk_webhook_caller_caller_id"),
        sa.PrimaryKeyConstraint("id", name="pk_webhook"),
    )
    op.create_index("ix_webhook_caller_id", "webhook", ["caller_id"])
    op.create_table(
        "webhook_secret",
        sa.Column("id", _code(8), nullable=False),
        sa.Column("webhook_id", _code(8), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("set_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhook.id"], name="fk_webhook_secret_webhook_webhook_id"),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_secret"),
    )
    op.create_index("ix_webhook_secret_webhook_id", "webhook_secret", ["webhook_id"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("webhook_secret")
    op.drop_table("webhook")
