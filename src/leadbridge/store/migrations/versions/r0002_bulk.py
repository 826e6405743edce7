"""Bulk intake: jobs, the parts of stored files, committed chunks, and leads that were not taken.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision: str | None = "0001"
branch_labels: str | None = None
depends_on: str | None = None


def _code(length: int) -> sa.types.TypeEngine[str]:
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT = sa.DateTime().with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    """Make the tables, and let the jobs be counted from 1."""
    _make_job()
    _make_part()
    _make_chunk()
    _make_rejection()
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.schema.CreateSequence(sa.Sequence("bulk_job_number")))
    else:
        op.execute("INSERT INTO number (name, value) VALUES ('bulk_job', 0)")


def downgrade() -> None:
    """Drop the tables and the counter."""
    for name in ("bulk_rejection", "bulk_chunk", "bulk_part", "bulk_job"):
        op.drop_table(name)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.schema.DropSequence(sa.Sequence("bulk_job_number")))
    else:
        op.execute("DELETE FROM number WHERE name = 'bulk_job'")


def _make_job() -> None:
    op.create_table(
        "bulk_job",
        sa.Column("id", _code(10), nullable=False),
        sa.Column("uuid", _code(36), nullable=False),
        sa.Column("caller_id", _code(64), nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("media", TEXT, nullable=False),
        sa.Column("path", TEXT, nullable=True),
        sa.Column("content_hash", sa.LargeBinary(), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("chunk_records", sa.Integer(), nullable=False),
        sa.Column("test_data", sa.Boolean(), nullable=False),
        sa.Column("submitted_at", MOMENT, nullable=False),
        sa.Column("started_at", MOMENT, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("claimed_by", TEXT, nullable=True),
        sa.Column("lease_until", MOMENT, nullable=True),
        sa.Column("break_description", TEXT, nullable=True),
        sa.Column("correlation_id", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_bulk_job"),
    )
    op.create_index("ix_bulk_job_state_id", "bulk_job", ["state", "id"])
    op.create_index("ix_bulk_job_uuid_caller_id", "bulk_job", ["uuid", "caller_id"])


def _make_part() -> None:
    op.create_table(
        "bulk_part",
        sa.Column("job_id", _code(10), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("job_id", "position", name="pk_bulk_part"),
        sa.ForeignKeyConstraint(["job_id"], ["bulk_job.id"], name="fk_bulk_part_bulk_job_job_id"),
    )


def _make_chunk() -> None:
    op.create_table(
        "bulk_chunk",
        sa.Column("job_id", _code(10), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("replayed", sa.Integer(), nullable=False),
        sa.Column("duplicate", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("committed_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("job_id", "number", name="pk_bulk_chunk"),
        sa.ForeignKeyConstraint(["job_id"], ["bulk_job.id"], name="fk_bulk_chunk_bulk_job_job_id"),
    )


def _make_rejection() -> None:
    op.create_table(
        "bulk_rejection",
        sa.Column("job_id", _code(10), nullable=False),
        sa.Column("record", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("verdict", TEXT, nullable=False),
        sa.Column("lead", sa.LargeBinary(), nullable=False),
        sa.Column("log_items", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("job_id", "record", name="pk_bulk_rejection"),
        sa.ForeignKeyConstraint(["job_id"], ["bulk_job.id"], name="fk_bulk_rejection_bulk_job_job_id"),
    )
