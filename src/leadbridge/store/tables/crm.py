"""The core CRM's records, how far they are on the way that their case type says, and how they came there.

A record that nobody has moved has no row in `crm_record_stage`: it is in its first stage, and nothing was done.
"""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKey, Index, Integer, Table

from leadbridge.store.columntypes import DayOf, ExactDecimal, text_type
from leadbridge.store.tables.columns import COUNTED, metadata, moment, parent, position_column, text_column

crm_record = Table(
    "crm_record",
    metadata,
    text_column("record_id", 10, key=True),
    text_column("record_type_code", needed=True),
    text_column("status_name", needed=True),
    text_column("customer_type_code", needed=True),
    text_column("customer_id", 60, needed=True),
    text_column("owner_id", 20, needed=True),
    text_column("selling_mode_code", needed=True),
    text_column("product_id"),
    text_column("customer_name", needed=True),
    text_column("email_uri"),
    text_column("phone_number"),
    text_column("source_lead_uuid", 36),
    Column("expected_revenue_amount", ExactDecimal()),
    text_column("expected_revenue_currency_code"),
    text_column("reason_code"),
    text_column("converted_from_record_id", 10),
    text_column("converted_to_record_id", 10),
    text_column("created_by", 64, needed=True),
    moment("created_at"),
    moment("changed_at"),
    Index(None, "customer_id"),
    Index(None, "source_lead_uuid"),
    Index(None, "owner_id", "record_id"),
    Index(None, "status_name", "record_id"),
    Index(None, "record_type_code", "record_id"),
)
Index(
    *("ix_crm_record_changed_on", DayOf(crm_record.c.changed_at)),
    *(crm_record.c.record_id, crm_record.c.changed_at),
)

crm_record_note = Table(
    "crm_record_note",
    metadata,
    parent("record_id", "crm_record.record_id"),
    position_column(),
    text_column("text", needed=True),
    text_column("language_code"),
    text_column("type_code"),
)

crm_record_stage = Table(
    "crm_record_stage",
    metadata,
    parent("record_id", "crm_record.record_id"),
    text_column("stage_name", needed=True),
    Column("position", Integer, nullable=False),  # of the stage in its case type, from 0, when the record came there
    Column("expected_closing_date", Date),
    moment("changed_at"),
)

# The steps that were done or skipped; the others are open.
crm_record_step = Table(
    "crm_record_step",
    metadata,
    parent("record_id", "crm_record.record_id"),
    text_column("stage_name", 60, key=True),
    text_column("step_name", 60, key=True),
    text_column("state", needed=True),  # DONE, SKIPPED
)

# Every move, once and for good.
crm_record_move = Table(
    "crm_record_move",
    metadata,
    Column("id", COUNTED, primary_key=True),
    Column("record_id", text_type(10), ForeignKey("crm_record.record_id"), nullable=False),
    moment("recorded_at"),
    text_column("caller_id", 64, needed=True),
    text_column("move_code", needed=True),  # StageMoveCode of the contract
    text_column("from_stage_name", needed=True),
    text_column("to_stage_name", needed=True),
    text_column("step_name"),
    text_column("reason_code"),
    text_column("reason_description"),
    Index(None, "record_id", "id"),
    sqlite_autoincrement=True,
)
