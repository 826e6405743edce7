"""A moment for requested tasks that had none.

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


def upgrade() -> None:
    """Fill the moments."""
    op.execute(sa.text("UPDATE development_task SET due_at = changed_at WHERE state = 'requested' AND due_at IS NULL"))


def downgrade() -> None:
    """Leave the moments: nothing is wrong with them."""
