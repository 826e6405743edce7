"""The first schema: callers, business partners, leads, journal, received messages, outbox, CRM records.

Written out and not taken from `tables`, which goes on changing: what was installed once stays what it was.

Revision ID: 0001
Revises: nothing
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None


def _code(length: int) -> sa.types.TypeEngine[str]:
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT = sa.DateTime().with_variant(sa.DateTime(timezone=True), "postgresql")
DECIMAL = sa.Text().with_variant(sa.Numeric(), "postgresql")
COUNTED = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# The first identifier of each kind is 1.
NUMBERS = ("lead", "business_partner", "crm_record")


def upgrade() -> None:
    """Make everything, each table after those it refers to."""
    for make in TABLES.values():
        make()
    if op.get_bind().dialect.name == "postgresql":
        for name in NUMBERS:
            op.execute(sa.schema.CreateSequence(sa.Sequence(f"{name}_number")))
    else:
        number = sa.table("number", sa.column("name", sa.Text()), sa.column("value", sa.BigInteger()))
        op.bulk_insert(number, [{"name": name, "value": 0} for name in NUMBERS])


def downgrade() -> None:
    """Drop everything."""
    for name in reversed(TABLES):
        op.drop_table(name)
    if op.get_bind().dialect.name == "postgresql":
        for name in NUMBERS:
            op.execute(sa.schema.DropSequence(sa.Sequence(f"{name}_number")))


def _make_business_partner() -> None:
    op.create_table(
        "business_partner",
        sa.Column("internal_id", _code(10), nullable=False),
        sa.Column("uuid", _code(36), nullable=False),
        sa.Column("change_number", sa.Integer(), nullable=False),
        sa.Column("created_by", _code(64), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("test_data", sa.Boolean(), nullable=False),
        sa.Column("sender_technical_id", TEXT, nullable=True),
        sa.Column("communication_system_id", TEXT, nullable=True),
        sa.Column("remote_object_id", TEXT, nullable=True),
        sa.Column("category_code", TEXT, nullable=False),
        sa.Column("role_codes", TEXT, nullable=False),
        sa.Column("given_name", TEXT, nullable=True),
        sa.Column("family_name", TEXT, nullable=True),
        sa.Column("academic_title_code", TEXT, nullable=True),
        sa.Column("gender_code", TEXT, nullable=True),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("first_line_name", TEXT, nullable=True),
        sa.Column("second_line_name", TEXT, nullable=True),
        sa.Column("match_name", TEXT, nullable=True),
        sa.Column("name_folded", TEXT, nullable=True),
        sa.Column("last_name_folded", TEXT, nullable=True),
        sa.Column("correspondence_language_code", TEXT, nullable=True),
        sa.Column("contact_allowed_code", TEXT, nullable=True),
        sa.Column("extension", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("internal_id", name="pk_business_partner"),
        sa.UniqueConstraint("uuid", name="uq_business_partner_uuid"),
        sa.UniqueConstraint(
            "remote_object_id",
            "communication_system_id",
            "created_by",
            name="uq_business_partner_remote_object_id",
        ),
    )
    op.create_index("ix_business_partner_created_by_internal_id", "business_partner", ["created_by", "internal_id"])
    op.create_index("ix_business_partner_last_name_folded", "business_partner", ["last_name_folded"])
    op.create_index("ix_business_partner_name_folded", "business_partner", ["name_folded"])


def _make_caller() -> None:
    op.create_table(
        "caller",
        sa.Column("id", _code(64), nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("roles", TEXT, nullable=False),
        sa.Column("visibility", TEXT, nullable=False),
        sa.Column("party_id", _code(20), nullable=False),
        sa.Column("password_hash", TEXT, nullable=False),
        sa.Column("disabled_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_caller"),
    )


def _make_crm_record() -> None:
    op.create_table(
        "crm_record",
        sa.Column("record_id", _code(10), nullable=False),
        sa.Column("record_type_code", TEXT, nullable=False),
        sa.Column("status_name", TEXT, nullable=False),
        sa.Column("customer_type_code", TEXT, nullable=False),
        sa.Column("customer_id", _code(60), nullable=False),
        sa.Column("owner_id", _code(20), nullable=False),
        sa.Column("selling_mode_code", TEXT, nullable=False),
        sa.Column("product_id", TEXT, nullable=True),
        sa.Column("customer_name", TEXT, nullable=False),
        sa.Column("email_uri", TEXT, nullable=True),
        sa.Column("phone_number", TEXT, nullable=True),
        sa.Column("source_lead_uuid", _code(36), nullable=True),
        sa.Column("expected_revenue_amount", DECIMAL, nullable=True),
        sa.Column("expected_revenue_currency_code", TEXT, nullable=True),
        sa.Column("reason_code", TEXT, nullable=True),
        sa.Column("converted_from_record_id", _code(10), nullable=True),
        sa.Column("converted_to_record_id", _code(10), nullable=True),
        sa.Column("created_by", _code(64), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("record_id", name="pk_crm_record"),
    )
    op.create_index("ix_crm_record_customer_id", "crm_record", ["customer_id"])
    op.create_index("ix_crm_record_source_lead_uuid", "crm_record", ["source_lead_uuid"])


def _make_journal() -> None:
    op.create_table(
        "journal",
        sa.Column("id", COUNTED, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("caller_id", TEXT, nullable=False),
        sa.Column("operation", TEXT, nullable=False),
        sa.Column("correlation_id", TEXT, nullable=True),
        sa.Column("object_type", TEXT, nullable=False),
        sa.Column("object_id", TEXT, nullable=False),
        sa.Column("event", TEXT, nullable=False),
        sa.Column("old_status", TEXT, nullable=True),
        sa.Column("new_status", TEXT, nullable=True),
        sa.Column("reason_code", TEXT, nullable=True),
        sa.Column("changed_elements", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_journal"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_journal_object", "journal", ["object_type", "object_id", "id"])


def _make_message() -> None:
    op.create_table(
        "message",
        sa.Column("id", COUNTED, nullable=False),
        sa.Column("lane", _code(40), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("event", TEXT, nullable=False),
        sa.Column("operation", TEXT, nullable=False),
        sa.Column("lead_id", _code(10), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claimed_by", TEXT, nullable=True),
        sa.Column("lease_until", MOMENT, nullable=True),
        sa.Column("outcome", TEXT, nullable=True),
        sa.Column("outcome_code", TEXT, nullable=True),
        sa.Column("outcome_text", TEXT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("settled_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_message"),
        sa.UniqueConstraint("lane", "sequence", name="uq_message_lane"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_message_state_due_at_id", "message", ["state", "due_at", "id"])


def _make_number() -> None:
    op.create_table(
        "number",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_number"),
    )


def _make_received() -> None:
    op.create_table(
        "received",
        sa.Column("caller_id", _code(64), nullable=False),
        sa.Column("message_uuid", _code(100), nullable=False),
        sa.Column("operation", TEXT, nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("caller_id", "message_uuid", name="pk_received"),
    )
    op.create_index("ix_received_received_at", "received", ["received_at"])


def _make_business_partner_address() -> None:
    op.create_table(
        "business_partner_address",
        sa.Column("internal_id", _code(10), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("country_code", TEXT, nullable=False),
        sa.Column("region_code", TEXT, nullable=True),
        sa.Column("street_postal_code", TEXT, nullable=True),
        sa.Column("city_name", TEXT, nullable=True),
        sa.Column("street_name", TEXT, nullable=True),
        sa.Column("house_id", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("internal_id", "position", name="pk_business_partner_address"),
        sa.ForeignKeyConstraint(
            ["internal_id"],
            ["business_partner.internal_id"],
            name="fk_business_partner_address_business_partner_internal_id",
        ),
    )


def _make_business_partner_communication() -> None:
    op.create_table(
        "business_partner_communication",
        sa.Column("internal_id", _code(10), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.Column("normalised", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("internal_id", "position", name="pk_business_partner_communication"),
        sa.ForeignKeyConstraint(
            ["internal_id"],
            ["business_partner.internal_id"],
            name="fk_business_partner_communication_business_partner_internal_id",
        ),
    )
    op.create_index("ix_business_partner_communication_normalised", "business_partner_communication", ["normalised"])


def _make_business_partner_identification() -> None:
    op.create_table(
        "business_partner_identification",
        sa.Column("internal_id", _code(10), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("party_identifier_type_code", TEXT, nullable=False),
        sa.Column("business_partner_id", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("internal_id", "position", name="pk_business_partner_identification"),
        sa.ForeignKeyConstraint(
            ["internal_id"],
            ["business_partner.internal_id"],
            name="fk_business_partner_identification_business_partner_internal_id",
        ),
    )
    op.create_index(
        "ix_business_partner_identification_key",
        "business_partner_identification",
        ["business_partner_id", "party_identifier_type_code"],
    )


def _make_crm_record_note() -> None:
    op.create_table(
        "crm_record_note",
        sa.Column("record_id", _code(10), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("text", TEXT, nullable=False),
        sa.Column("language_code", TEXT, nullable=True),
        sa.Column("type_code", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("record_id", "position", name="pk_crm_record_note"),
        sa.ForeignKeyConstraint(
            ["record_id"], ["crm_record.record_id"], name="fk_crm_record_note_crm_record_record_id"
        ),
    )


def _make_lead() -> None:
    op.create_table(
        "lead",
        sa.Column("id", _code(10), nullable=False),
        sa.Column("uuid", _code(36), nullable=False),
        sa.Column("change_number", sa.Integer(), nullable=False),
        sa.Column("created_by", _code(64), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("test_data", sa.Boolean(), nullable=False),
        sa.Column("sender_technical_id", TEXT, nullable=True),
        sa.Column("communication_system_id", TEXT, nullable=True),
        sa.Column("remote_object_id", TEXT, nullable=True),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("name_folded", TEXT, nullable=False),
        sa.Column("life_cycle_status_code", TEXT, nullable=False),
        sa.Column("qualification_level_code", TEXT, nullable=True),
        sa.Column("origin_type_code", TEXT, nullable=True),
        sa.Column("group_code", TEXT, nullable=True),
        sa.Column("priority_code", TEXT, nullable=True),
        sa.Column("campaign_id", TEXT, nullable=True),
        sa.Column("start_date", sa.Date(), nullable=True),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("prospect_internal_id", _code(10), nullable=False),
        sa.Column("sales_responsible_party_id", TEXT, nullable=True),
        sa.Column("sales_partner_party_id", TEXT, nullable=True),
        sa.Column("expected_revenue_amount", DECIMAL, nullable=True),
        sa.Column("expected_revenue_currency_code", TEXT, nullable=True),
        sa.Column("partner_decision_code", TEXT, nullable=True),
        sa.Column("reason_code", TEXT, nullable=True),
        sa.Column("core_lead_id", TEXT, nullable=True),
        sa.Column("core_opportunity_id", TEXT, nullable=True),
        sa.Column("forwarding_sequence", sa.Integer(), nullable=False),
        sa.Column("extension", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_lead"),
        sa.ForeignKeyConstraint(
            ["prospect_internal_id"],
            ["business_partner.internal_id"],
            name="fk_lead_business_partner_prospect_internal_id",
        ),
        sa.UniqueConstraint("uuid", name="uq_lead_uuid"),
        sa.UniqueConstraint(
            "remote_object_id", "communication_system_id", "created_by", name="uq_lead_remote_object_id"
        ),
    )
    op.create_index("ix_lead_changed_at", "lead", ["changed_at"])
    op.create_index("ix_lead_created_by_id", "lead", ["created_by", "id"])
    op.create_index(
        "ix_lead_prospect_internal_id_sales_partner_party_id",
        "lead",
        ["prospect_internal_id", "sales_partner_party_id"],
    )
    op.create_index("ix_lead_sales_partner_party_id_id", "lead", ["sales_partner_party_id", "id"])


def _make_lead_contact() -> None:
    op.create_table(
        "lead_contact",
        sa.Column("lead_id", _code(10), nullable=False),
        sa.Column("internal_id", _code(10), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("main_indicator", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("lead_id", "internal_id", name="pk_lead_contact"),
        sa.ForeignKeyConstraint(
            ["internal_id"],
            ["business_partner.internal_id"],
            name="fk_lead_contact_business_partner_internal_id",
        ),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name="fk_lead_contact_lead_lead_id"),
    )
    op.create_index("ix_lead_contact_internal_id", "lead_contact", ["internal_id"])


def _make_lead_document() -> None:
    op.create_table(
        "lead_document",
        sa.Column("lead_id", _code(10), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("mime_code", TEXT, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("lead_id", "position", name="pk_lead_document"),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name="fk_lead_document_lead_lead_id"),
    )


def _make_lead_item() -> None:
    op.create_table(
        "lead_item",
        sa.Column("lead_id", _code(10), nullable=False),
        sa.Column("item_id", _code(10), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sender_technical_id", TEXT, nullable=True),
        sa.Column("product_id", TEXT, nullable=False),
        sa.Column("description", TEXT, nullable=True),
        sa.Column("quantity", DECIMAL, nullable=True),
        sa.Column("unit_code", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("lead_id", "item_id", name="pk_lead_item"),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name="fk_lead_item_lead_lead_id"),
    )


def _make_lead_note() -> None:
    op.create_table(
        "lead_note",
        sa.Column("lead_id", _code(10), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("text", TEXT, nullable=False),
        sa.Column("language_code", TEXT, nullable=True),
        sa.Column("type_code", TEXT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("lead_id", "position", name="pk_lead_note"),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name="fk_lead_note_lead_lead_id"),
    )


def _make_lead_questionnaire_answer() -> None:
    op.create_table(
        "lead_questionnaire_answer",
        sa.Column("lead_id", _code(10), nullable=False),
        sa.Column("question_id", _code(20), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("answer_code", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("lead_id", "question_id", name="pk_lead_questionnaire_answer"),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name="fk_lead_questionnaire_answer_lead_lead_id"),
    )


TABLES = {
    "business_partner": _make_business_partner,
    "caller": _make_caller,
    "crm_record": _make_crm_record,
    "journal": _make_journal,
    "message": _make_message,
    "number": _make_number,
    "received": _make_received,
    "business_partner_address": _make_business_partner_address,
    "business_partner_communication": _make_business_partner_communication,
    "business_partner_identification": _make_business_partner_identification,
    "crm_record_note": _make_crm_record_note,
    "lead": _make_lead,
    "lead_contact": _make_lead_contact,
    "lead_document": _make_lead_document,
    "lead_item": _make_lead_item,
    "lead_note": _make_lead_note,
    "lead_questionnaire_answer": _make_lead_questionnaire_answer,
}
