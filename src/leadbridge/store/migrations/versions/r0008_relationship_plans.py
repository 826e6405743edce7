"""Plans for customers, and their development tasks, incidents and contacts.

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision: str | None = "0007"
branch_labels: str | None = None
depends_on: str | None = None


def _code(length: int) -> sa.types.TypeEngine[str]:
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT = sa.DateTime().with_variant(sa.DateTime(timezone=True), "postgresql")
_REQUESTED = sa.text("state = 'requested' AND qualifier = 'Contact'")


def upgrade() -> None:
    """Make the tables, and let plans be counted from 1."""
    op.create_table(
        "relationship_plan",
        sa.Column("id", _code(10), nullable=False),
        sa.Column("customer_internal_id", _code(10), nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("content", TEXT, nullable=False),
        sa.Column("test_data", sa.Boolean(), nullable=False),
        sa.Column("created_by", _code(64), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_internal_id"],
            ["business_partner.internal_id"],
            name="fk_relationship_plan_business_partner_customer_internal_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_relationship_plan"),
    )
    op.create_index("ix_relationship_plan_customer_internal_id_id", "relationship_plan", ["customer_internal_id", "id"])
    op.create_table(
        "relationship_record",
        sa.Column("plan_id", _code(10), nullable=False),
        sa.Column("qualifier", _code(20), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("assignee", TEXT, nullable=True),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("priority_code", TEXT, nullable=True),
        sa.Column("lead_id", _code(10), nullable=True),
        sa.Column("content", TEXT, nullable=False),
        sa.Column("created_by", _code(64), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["relationship_plan.id"], name="fk_relationship_record_relationship_plan_plan_id"
        ),
        sa.PrimaryKeyConstraint("plan_id", "qualifier", "number", name="pk_relationship_record"),
    )
    op.create_index(
        "ix_relationship_record_requested",
        "relationship_record",
        ["due_at", "plan_id", "number"],
        postgresql_where=_REQUESTED,
        sqlite_where=_REQUESTED,
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.schema.CreateSequence(sa.Sequence("relationship_plan_number")))
    else:
        op.execute("INSERT INTO number (name, value) VALUES ('relationship_plan', 0)")


def downgrade() -> None:
    """Drop the tables and the counter."""
    op.drop_table("relationship_record")
    op.drop_table("relationship_plan")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.schema.DropSequence(sa.Sequence("relationship_plan_number")))
    else:
        op.execute("DELETE FROM number WHERE name = 'relationship_plan'")
