"""Stages, steps and moves of the core CRM's records; what an owner has is found by an index.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision: str | None = "0005"
branch_labels: str | None = None
depends_on: str | None = None


def _code(length: int) -> sa.types.TypeEngine[str]:
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT = sa.DateTime().with_variant(sa.DateTime(timezone=True), "postgresql")
COUNTED = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables. The records there are have no rows in them: they are in their first stage."""
    op.create_index("ix_crm_record_owner_id_record_id", "crm_record", ["owner_id", "record_id"])
    op.create_table(
        "crm_record_stage",
        sa.Column("record_id", _code(10), nullable=False),
        sa.Column("stage_name", TEXT, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("expected_closing_date", sa.Date(), nullable=True),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("record_id", name="pk_crm_record_stage"),
        _of_record("crm_record_stage"),
    )
    op.create_table(
        "crm_record_step",
        sa.Column("record_id", _code(10), nullable=False),
        sa.Column("stage_name", _code(60), nullable=False),
        sa.Column("step_name", _code(60), nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("record_id", "stage_name", "step_name", name="pk_crm_record_step"),
        _of_record("crm_record_step"),
    )
    op.create_table(
        "crm_record_move",
        sa.Column("id", COUNTED, nullable=False),
        sa.Column("record_id", _code(10), nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("caller_id", _code(64), nullable=False),
        sa.Column("move_code", TEXT, nullable=False),
        sa.Column("from_stage_name", TEXT, nullable=False),
        sa.Column("to_stage_name", TEXT, nullable=False),
        sa.Column("step_name", TEXT, nullable=True),
        sa.Column("reason_code", TEXT, nullable=True),
        sa.Column("reason_description", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_crm_record_move"),
        _of_record("crm_record_move"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_crm_record_move_record_id_id", "crm_record_move", ["record_id", "id"])


def downgrade() -> None:
    """Drop the tables."""
    for name in ("crm_record_move", "crm_record_step", "crm_record_stage"):
        op.drop_table(name)
    op.drop_index("ix_crm_record_owner_id_record_id", "crm_record")


def _of_record(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["record_id"], ["crm_record.record_id"], name=f"fk_{table}_crm_record_record_id")
