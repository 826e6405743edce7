"""Scores and decision dates of leads, their status feed, and merged business partners.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision: str | None = "0002"
branch_labels: str | None = None
depends_on: str | None = None


def _code(length: int) -> sa.types.TypeEngine[str]:
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT = sa.DateTime().with_variant(sa.DateTime(timezone=True), "postgresql")
COUNTED = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _columns() -> list[tuple[str, sa.Column[object]]]:
    """The new columns with their tables. None is a foreign key: SQLite cannot add one to a table that has rows."""
    return [
        ("lead", sa.Column("qualification_level_manual", sa.Boolean(), nullable=True)),
        ("lead", sa.Column("computed_qualification_level_code", TEXT, nullable=True)),
        ("lead", sa.Column("qualification_score", sa.Integer(), nullable=True)),
        ("lead", sa.Column("questionnaire_id", TEXT, nullable=True)),
        ("lead", sa.Column("partner_decision_due_at", MOMENT, nullable=True)),
        ("received", sa.Column("test_data", sa.Boolean(), nullable=True)),
        ("business_partner", sa.Column("merged_into_internal_id", _code(10), nullable=True)),
        ("business_partner", sa.Column("merged_at", MOMENT, nullable=True)),
        ("business_partner", sa.Column("merged_by", _code(64), nullable=True)),
    ]


_FILLED = (("lead", "partner_decision_due_at"), ("business_partner", "merged_into_internal_id"))
_LOADS = ("sales_responsible_party_id", "sales_partner_party_id")

# For FindLead and FindBusinessPartner: a column and the id behind it, so that the ids of each value are found in their
# order. Of a column that a lead need not have, only what is there costs anything.
_FIND_PARTNERS = (
    ("business_partner", "name_folded", ["name_folded", "internal_id"]),
    ("business_partner", "last_name_folded", ["last_name_folded", "internal_id"]),
    ("business_partner_communication", "normalised", ["normalised", "kind", "internal_id"]),
)
_FIND_LEADS_WHERE_FILLED = (
    "qualification_level_code",
    "origin_type_code",
    "priority_code",
    "campaign_id",
    "sales_responsible_party_id",
    "start_date",
)


def upgrade() -> None:
    """Add the columns and make the tables."""
    for table, column in _columns():
        op.add_column(table, column)
    for table, name in _FILLED:
        filled = sa.text(f"{name} IS NOT NULL")
        op.create_index(f"ix_{table}_{name}", table, [name], postgresql_where=filled, sqlite_where=filled)
    filled = sa.text("test_data IS NOT NULL")
    op.create_index(
        "ix_received_test_data_message_uuid",
        "received",
        ["test_data", "message_uuid"],
        postgresql_where=filled,
        sqlite_where=filled,
    )
    op.create_index("ix_caller_party_id", "caller", ["party_id"])
    for name in _LOADS:
        filled = sa.text(f"life_cycle_status_code IN ('1', '2', '3') AND NOT test_data AND {name} IS NOT NULL")
        op.create_index(f"ix_lead_load_{name}", "lead", [name], postgresql_where=filled, sqlite_where=filled)
    _make_feed()
    for table, _, new in _FIND_PARTNERS:
        op.create_index(f"ix_{table}_{'_'.join(new)}", table, new)
    for table, old, _ in _FIND_PARTNERS:
        op.drop_index(f"ix_{table}_{old}", table)
    op.create_index("ix_lead_name_folded_id", "lead", ["name_folded", "id"])
    op.create_index("ix_lead_life_cycle_status_code_id", "lead", ["life_cycle_status_code", "id"])
    for name in _FIND_LEADS_WHERE_FILLED:
        filled = sa.text(f"{name} IS NOT NULL")
        op.create_index(f"ix_lead_{name}_id", "lead", [name, "id"], postgresql_where=filled, sqlite_where=filled)
    day = "CAST(timezone('UTC', changed_at) AS DATE)"
    if op.get_bind().dialect.name == "sqlite":
        day = "substr(changed_at, 1, 10)"
    op.create_index("ix_lead_changed_on_id_changed_at", "lead", [sa.text(day), "id", "changed_at"])


def downgrade() -> None:
    """Drop the tables and the columns."""
    op.drop_index("ix_lead_changed_on_id_changed_at", "lead")
    op.drop_index("ix_received_test_data_message_uuid", "received")
    for name in ("name_folded", "life_cycle_status_code", *_FIND_LEADS_WHERE_FILLED):
        op.drop_index(f"ix_lead_{name}_id", "lead")
    for table, old, new in _FIND_PARTNERS:
        op.create_index(f"ix_{table}_{old}", table, [old])
        op.drop_index(f"ix_{table}_{'_'.join(new)}", table)
    op.drop_table("lead_status_change")
    op.drop_table("lead_feed")
    op.drop_index("ix_caller_party_id", "caller")
    for name in _LOADS:
        op.drop_index(f"ix_lead_load_{name}", "lead")
    for table, name in _FILLED:
        op.drop_index(f"ix_{table}_{name}", table)
    for table, column in reversed(_columns()):
        op.drop_column(table, column.name)


def _make_feed() -> None:
    op.create_table(
        "lead_status_change",
        sa.Column("id", COUNTED, nullable=False),
        sa.Column("caller_id", _code(64), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.Column("lead_id", _code(10), nullable=False),
        sa.Column("lead_uuid", _code(36), nullable=False),
        sa.Column("status_change_type_code", TEXT, nullable=False),
        sa.Column("old_status", TEXT, nullable=True),
        sa.Column("new_status", TEXT, nullable=False),
        sa.Column("reason_code", TEXT, nullable=True),
        sa.Column("partner_decision_code", TEXT, nullable=True),
        sa.Column("sales_partner_party_id", TEXT, nullable=True),
        sa.Column("core_lead_id", TEXT, nullable=True),
        sa.Column("core_opportunity_id", TEXT, nullable=True),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_lead_status_change"),
        sqlite_autoincrement=True,
    )
    for name, columns, unique, condition in (
        ("unnumbered", ["caller_id", "id"], False, "position IS NULL"),
        ("numbered", ["caller_id", "position"], True, "position IS NOT NULL"),
    ):
        op.create_index(
            f"ix_lead_status_change_{name}",
            "lead_status_change",
            columns,
            unique=unique,
            postgresql_where=sa.text(condition),
            sqlite_where=sa.text(condition),
        )
    op.create_table(
        "lead_feed",
        sa.Column("caller_id", _code(64), nullable=False),
        sa.Column("last_position", sa.BigInteger(), nullable=False),
        sa.Column("acknowledged_position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("caller_id", name="pk_lead_feed"),
    )
