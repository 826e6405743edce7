"""Indexes for finding records of the core CRM by their status, their type and the day of their last change.

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision: str | None = "0009"
branch_labels: str | None = None
depends_on: str | None = None

_COLUMNS = ("status_name", "record_type_code")
_CHANGED_ON = "ix_crm_record_changed_on"


def upgrade() -> None:
    """Make the indexes."""
    for column in _COLUMNS:
        op.create_index(f"ix_crm_record_{column}_record_id", "crm_record", [column, "record_id"])
    postgresql = op.get_bind().dialect.name == "postgresql"
    day = "CAST(timezone('UTC', changed_at) AS DATE)" if postgresql else "substr(changed_at, 1, 10)"
    op.create_index(_CHANGED_ON, "crm_record", [sa.text(f"({day})"), "record_id", "changed_at"])


def downgrade() -> None:
    """Drop them."""
    for name in (_CHANGED_ON, *(f"ix_crm_record_{column}_record_id" for column in _COLUMNS)):
        op.drop_index(name, "crm_record")
