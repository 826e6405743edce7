"""An index of leads by their records in the core CRM; a moment for requested tasks that had none.

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision: str | None = "0010"
branch_labels: str | None = None
depends_on: str | None = None


_INDEX = "ix_lead_by_record"
_RECORD = "coalesce(core_opportunity_id, core_lead_id)"


def upgrade() -> None:
    """Make the index, fill the moments."""
    filled = sa.text(f"{_RECORD} IS NOT NULL")
    op.create_index(_INDEX, "lead", [sa.text(_RECORD)], postgresql_where=filled, sqlite_where=filled)
    op.execute(sa.text("UPDATE development_task SET due_at = changed_at WHERE state = 'requested' AND due_at IS NULL"))


def downgrade() -> None:
    """Drop the index; nothing is wrong with the moments."""
    op.drop_index(_INDEX, "lead")
