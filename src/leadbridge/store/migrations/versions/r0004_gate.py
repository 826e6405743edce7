"""What callers prove themselves with, what may be used once, quotas, failed logins and refusals.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision: str | None = "0003"
branch_labels: str | None = None
depends_on: str | None = None


def _code(length: int) -> sa.types.TypeEngine[str]:
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT = sa.DateTime().with_variant(sa.DateTime(timezone=True), "postgresql")
COUNTED = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


# The leads of many prospects are found in one index, which then has their ids.
_BY_PROSPECT = (
    ["prospect_internal_id", "sales_partner_party_id"],
    ["prospect_internal_id", "sales_partner_party_id", "id"],
)


def upgrade() -> None:
    """Make the tables; what changed when is looked for by day, and its own index was only written."""
    op.drop_index("ix_lead_changed_at", "lead")
    old, new = _BY_PROSPECT
    op.create_index(f"ix_lead_{'_'.join(new)}", "lead", new)
    op.drop_index(f"ix_lead_{'_'.join(old)}", "lead")
    _make_evidence()
    op.create_table(
        "used_once",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_used_once"),
    )
    op.create_index("ix_used_once_expires_at", "used_once", ["expires_at"])
    op.create_table(
        "quota",
        sa.Column("caller_id", _code(64), nullable=False),
        sa.Column("kind", _code(40), nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("caller_id", "kind", name="pk_quota"),
    )
    op.create_table(
        "failed_login",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("name_key", sa.LargeBinary(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", MOMENT, nullable=False),
        sa.Column("locked_until", MOMENT, nullable=True),
        sa.Column("succeeded_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("key", name="pk_failed_login"),
    )
    op.create_index("ix_failed_login_last_at", "failed_login", ["last_at"])
    op.create_table(
        "refusal",
        sa.Column("id", COUNTED, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("door", TEXT, nullable=False),
        sa.Column("reason_code", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=False),
        sa.Column("caller_id", _code(64), nullable=True),
        sa.Column("operation", TEXT, nullable=True),
        sa.Column("address", TEXT, nullable=True),
        sa.Column("correlation_id", TEXT, nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_refusal"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_refusal_recorded_at", "refusal", ["recorded_at"])


def downgrade() -> None:
    """Drop the tables."""
    for name in (
        "refusal",
        "failed_login",
        "quota",
        "used_once",
        "caller_token",
        "caller_certificate",
        "caller_digest_secret",
    ):
        op.drop_table(name)
    op.create_index("ix_lead_changed_at", "lead", ["changed_at"])
    old, new = _BY_PROSPECT
    op.create_index(f"ix_lead_{'_'.join(old)}", "lead", old)
    op.drop_index(f"ix_lead_{'_'.join(new)}", "lead")


def _make_evidence() -> None:
    op.create_table(
        "caller_digest_secret",
        sa.Column("caller_id", _code(64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("set_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("caller_id", name="pk_caller_digest_secret"),
        sa.ForeignKeyConstraint(["caller_id"], ["caller.id"], name="fk_caller_digest_secret_caller_caller_id"),
    )
    op.create_table(
        "caller_certificate",
        sa.Column("fingerprint", _code(64), nullable=False),
        sa.Column("caller_id", _code(64), nullable=False),
        sa.Column("der", sa.LargeBinary(), nullable=False),
        sa.Column("serial", TEXT, nullable=False),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.Column("removed_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("fingerprint", name="pk_caller_certificate"),
        sa.ForeignKeyConstraint(["caller_id"], ["caller.id"], name="fk_caller_certificate_caller_caller_id"),
    )
    op.create_index("ix_caller_certificate_caller_id", "caller_certificate", ["caller_id"])
    op.create_index("ix_caller_certificate_serial", "caller_certificate", ["serial"])
    op.create_table(
        "caller_token",
        sa.Column("id", _code(10), nullable=False),
        sa.Column("caller_id", _code(64), nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=True),
        sa.Column("removed_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_caller_token"),
        sa.ForeignKeyConstraint(["caller_id"], ["caller.id"], name="fk_caller_token_caller_caller_id"),
        sa.UniqueConstraint("token_hash", name="uq_caller_token_token_hash"),
    )
    op.create_index("ix_caller_token_caller_id", "caller_token", ["caller_id"])
