"""Indexes for Find: restricted callers' searches without a look at the rows, and texts by their end.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision: str | None = "0004"
branch_labels: str | None = None
depends_on: str | None = None

_OLD = (
    ("ix_lead_prospect_internal_id_sales_partner_party_id_id", "prospect_internal_id", "sales_partner_party_id", "id"),
    ("ix_lead_created_by_id", "created_by", "id"),
    ("ix_lead_sales_partner_party_id_id", "sales_partner_party_id", "id"),
)
_NEW = (
    ("ix_lead_by_prospect", "prospect_internal_id", "sales_partner_party_id", "id", "created_by"),
    ("ix_lead_by_creator", "created_by", "id", "prospect_internal_id"),
)
_GIVEN = ("ix_lead_by_sales_partner", "sales_partner_party_id", "id", "created_by", "prospect_internal_id")
_OLD_NAME = ("ix_business_partner_name_folded_internal_id", "name_folded", "internal_id")
_NEW_NAME = ("ix_business_partner_by_name", "name_folded", "internal_id", "last_name_folded")
# SQLite cannot reverse a text.
_REVERSED: dict[str, tuple[str, list[str | sa.TextClause]]] = {
    "ix_business_partner_communication_reversed": (
        "business_partner_communication",
        ["kind", sa.text("reverse(normalised)"), "internal_id", "normalised"],
    ),
    "ix_lead_name_reversed": ("lead", [sa.text("reverse(name_folded)"), "id"]),
}


def upgrade() -> None:
    """Put wider indexes in the place of four; most leads are given to nobody, and are not in the one for that."""
    for name, *columns in _NEW:
        op.create_index(name, "lead", columns)
    filled = sa.text("sales_partner_party_id IS NOT NULL")
    name, *columns = _GIVEN
    op.create_index(name, "lead", columns, postgresql_where=filled, sqlite_where=filled)
    for name, *_ in _OLD:
        op.drop_index(name, "lead")
    name, *columns = _NEW_NAME
    op.create_index(name, "business_partner", columns)
    op.drop_index(_OLD_NAME[0], "business_partner")
    if op.get_bind().dialect.name == "postgresql":
        for name, (table, reversing) in _REVERSED.items():
            op.create_index(name, table, reversing)


def downgrade() -> None:
    """Put the narrower ones back."""
    if op.get_bind().dialect.name == "postgresql":
        for name, (table, _) in _REVERSED.items():
            op.drop_index(name, table)
    name, *columns = _OLD_NAME
    op.create_index(name, "business_partner", columns)
    op.drop_index(_NEW_NAME[0], "business_partner")
    for name, *columns in _OLD:
        op.create_index(name, "lead", columns)
    for name, *_ in (*_NEW, _GIVEN):
        op.drop_index(name, "lead")
