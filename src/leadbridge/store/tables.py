"""The tables, as SQLAlchemy Core sees them. The migrations make them; a test holds the two equal.

Text is compared by code point on both databases (collation "C" on PostgreSQL), so that identifiers, ranges
and orders mean the same everywhere. Columns that end in `_folded` are written by the store itself: a
case-folded copy that makes the search by name independent of a database's idea of upper and lower case.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
    text,
)

from leadbridge.store.columntypes import DayOf, ExactDecimal, UtcDateTime, text_type

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

# SQLite gives numbers by itself only to a column declared INTEGER.
_COUNTED = BigInteger().with_variant(Integer(), "sqlite")


def _text(name: str, length: int | None = None, *, key: bool = False, needed: bool = False) -> Column[Any]:
    """A column of text; `needed` means never null."""
    return Column(name, text_type(length), primary_key=key, nullable=not (needed or key))


def _moment(name: str, *, needed: bool = True) -> Column[Any]:
    """A column that holds a moment: aware and UTC on this side."""
    return Column(name, UtcDateTime(), nullable=not needed)


def _position() -> Column[Any]:
    """The place of a row in its parent's list, from 0, as sent."""
    return Column("position", Integer, primary_key=True, autoincrement=False)


def _parent(name: str, target: str, *, length: int = 10) -> Column[Any]:
    """The first part of a child's key: the parent it belongs to."""
    return Column(name, text_type(length), ForeignKey(target), primary_key=True)


def _index_where_filled(table: str, column: str, *following: str) -> Index:
    """An index of the rows that have a value in the column; the others cost nothing when they are written."""
    filled = text(f"{column} IS NOT NULL")
    name = "_".join(("ix", table, column, *following))
    return Index(name, column, *following, postgresql_where=filled, sqlite_where=filled)


# Leads that somebody has to work on. An index holds them alone, so that counting somebody's does not walk through all
# the leads it ever had.
TO_BE_WORKED_ON = "life_cycle_status_code IN ('1', '2', '3') AND NOT test_data"


def _index_to_be_worked_on(column: str) -> Index:
    """An index of the leads that are to be worked on by whoever a column names."""
    filled = text(f"{TO_BE_WORKED_ON} AND {column} IS NOT NULL")
    return Index(f"ix_lead_load_{column}", column, postgresql_where=filled, sqlite_where=filled)


caller = Table(
    "caller",
    metadata,
    _text("id", 64, key=True),
    _text("name", needed=True),
    _text("roles", needed=True),  # comma separated, sorted
    _text("visibility", needed=True),
    _text("party_id", 20, needed=True),
    _text("password_hash", needed=True),
    _moment("disabled_at", needed=False),
    _moment("created_at"),
    _moment("changed_at"),
    Index(None, "party_id"),
)

business_partner = Table(
    "business_partner",
    metadata,
    _text("internal_id", 10, key=True),
    _text("uuid", 36, needed=True),
    Column("change_number", Integer, nullable=False, default=1),
    _text("created_by", 64, needed=True),
    _moment("created_at"),
    _moment("changed_at"),
    Column("test_data", Boolean, nullable=False, default=False),
    _text("sender_technical_id"),
    _text("communication_system_id"),
    _text("remote_object_id"),
    _text("category_code", needed=True),
    _text("role_codes", needed=True),  # space separated, in the order sent
    _text("given_name"),
    _text("family_name"),
    _text("academic_title_code"),
    _text("gender_code"),
    Column("birth_date", Date),
    _text("first_line_name"),
    _text("second_line_name"),
    _text("match_name"),  # as the duplicate check compares it
    _text("name_folded"),  # "given family" or "first line second line"
    _text("last_name_folded"),  # the family name or the first line alone
    _text("correspondence_language_code"),
    _text("contact_allowed_code"),
    Column("extension", LargeBinary),
    # Of one that was merged nothing is read any more but what leads to the one it has become part of.
    _text("merged_into_internal_id", 10),
    _moment("merged_at", needed=False),
    _text("merged_by", 64),
    UniqueConstraint("uuid"),
    _index_where_filled("business_partner", "merged_into_internal_id"),
    # The remote object comes first: who may see all looks a key up without naming its creator.
    UniqueConstraint("remote_object_id", "communication_system_id", "created_by"),
    Index(None, "created_by", "internal_id"),
    # Find collects ids by them without looking at the rows.
    Index(None, "name_folded", "internal_id"),
    Index(None, "last_name_folded", "internal_id"),
)

business_partner_identification = Table(
    "business_partner_identification",
    metadata,
    _parent("internal_id", "business_partner.internal_id"),
    _position(),
    _text("party_identifier_type_code", needed=True),
    _text("business_partner_id", needed=True),
    Index("ix_business_partner_identification_key", "business_partner_id", "party_identifier_type_code"),
)

business_partner_address = Table(
    "business_partner_address",
    metadata,
    _parent("internal_id", "business_partner.internal_id"),
    _position(),
    _text("country_code", needed=True),
    _text("region_code"),
    _text("street_postal_code"),
    _text("city_name"),
    _text("street_name"),
    _text("house_id"),
)

business_partner_communication = Table(
    "business_partner_communication",
    metadata,
    _parent("internal_id", "business_partner.internal_id"),
    _position(),
    _text("kind", needed=True),  # email, phone, mobile
    _text("value", needed=True),  # as sent
    _text("normalised"),  # the case-folded address or the E.164 number; none where it could not be read
    # With all that the duplicate check and Find ask for, so that they need not look at the row.
    Index(None, "normalised", "kind", "internal_id"),
)

lead = Table(
    "lead",
    metadata,
    _text("id", 10, key=True),
    _text("uuid", 36, needed=True),
    Column("change_number", Integer, nullable=False, default=1),
    _text("created_by", 64, needed=True),
    _moment("created_at"),
    _moment("changed_at"),
    Column("test_data", Boolean, nullable=False, default=False),
    _text("sender_technical_id"),
    _text("communication_system_id"),
    _text("remote_object_id"),
    _text("name", needed=True),
    _text("name_folded", needed=True),
    _text("life_cycle_status_code", needed=True),
    _text("qualification_level_code"),
    Column("qualification_level_manual", Boolean),  # whether that level overrules the computed one
    _text("computed_qualification_level_code"),
    Column("qualification_score", Integer),
    _text("questionnaire_id"),  # with its version
    _text("origin_type_code"),
    _text("group_code"),
    _text("priority_code"),
    _text("campaign_id"),
    Column("start_date", Date),
    Column("end_date", Date),
    Column(
        "prospect_internal_id",
        text_type(10),
        ForeignKey("business_partner.internal_id"),
        nullable=False,
    ),
    _text("sales_responsible_party_id"),
    _text("sales_partner_party_id"),
    Column("expected_revenue_amount", ExactDecimal()),
    _text("expected_revenue_currency_code"),
    _text("partner_decision_code"),
    _moment("partner_decision_due_at", needed=False),
    _text("reason_code"),
    _text("core_lead_id"),
    _text("core_opportunity_id"),
    Column("forwarding_sequence", Integer, nullable=False, default=0),  # the last one given to a message
    Column("extension", LargeBinary),
    UniqueConstraint("uuid"),
    UniqueConstraint("remote_object_id", "communication_system_id", "created_by"),
    Index(None, "changed_at"),
    _index_where_filled("lead", "partner_decision_due_at"),
    _index_to_be_worked_on("sales_responsible_party_id"),
    _index_to_be_worked_on("sales_partner_party_id"),
    # With the party behind it: whether a partner is the prospect of a lead given to somebody is one look.
    Index(None, "prospect_internal_id", "sales_partner_party_id"),
    # With the id behind it each of these also gives a restricted caller's leads in the order of Find.
    Index(None, "created_by", "id"),
    Index(None, "sales_partner_party_id", "id"),
    # The others are for Find alone, which merges the ids of each value: see `finding`.
    Index(None, "name_folded", "id"),
    Index(None, "life_cycle_status_code", "id"),
    _index_where_filled("lead", "qualification_level_code", "id"),
    _index_where_filled("lead", "origin_type_code", "id"),
    _index_where_filled("lead", "priority_code", "id"),
    _index_where_filled("lead", "campaign_id", "id"),
    _index_where_filled("lead", "sales_responsible_party_id", "id"),
    _index_where_filled("lead", "start_date", "id"),
)
# The days of change are few, the moments are not; the moment behind them tells which leads of a day are meant.
Index("ix_lead_changed_on_id_changed_at", DayOf(lead.c.changed_at), lead.c.id, lead.c.changed_at)

lead_item = Table(
    "lead_item",
    metadata,
    _parent("lead_id", "lead.id"),
    _text("item_id", 10, key=True),
    Column("position", Integer, nullable=False),
    _text("sender_technical_id"),
    _text("product_id", needed=True),
    _text("description"),
    Column("quantity", ExactDecimal()),
    _text("unit_code"),
)

lead_contact = Table(
    "lead_contact",
    metadata,
    _parent("lead_id", "lead.id"),
    _parent("internal_id", "business_partner.internal_id"),
    Column("position", Integer, nullable=False),
    Column("main_indicator", Boolean),
    Index(None, "internal_id"),
)

lead_questionnaire_answer = Table(
    "lead_questionnaire_answer",
    metadata,
    _parent("lead_id", "lead.id"),
    _text("question_id", 20, key=True),
    Column("position", Integer, nullable=False),
    _text("answer_code", needed=True),
)

lead_note = Table(
    "lead_note",
    metadata,
    _parent("lead_id", "lead.id"),
    _position(),
    _text("text", needed=True),
    _text("language_code"),
    _text("type_code"),
    _moment("created_at"),
)

lead_document = Table(
    "lead_document",
    metadata,
    _parent("lead_id", "lead.id"),
    _position(),
    _text("name", needed=True),
    _text("mime_code", needed=True),
    Column("content", LargeBinary, nullable=False),
)

# What became of a lead, once for each caller that is told: the status feed. A change gets its position when it is first
# read, so that positions follow what is visible, whatever order transactions commit in. Until then it stands in the one
# index, afterwards in the other.
lead_status_change = Table(
    "lead_status_change",
    metadata,
    Column("id", _COUNTED, primary_key=True),
    _text("caller_id", 64, needed=True),
    Column("position", BigInteger),
    _text("lead_id", 10, needed=True),
    _text("lead_uuid", 36, needed=True),
    _text("status_change_type_code", needed=True),
    _text("old_status"),
    _text("new_status", needed=True),
    _text("reason_code"),
    _text("partner_decision_code"),
    _text("sales_partner_party_id"),
    _text("core_lead_id"),
    _text("core_opportunity_id"),
    _moment("changed_at"),
    Index(
        "ix_lead_status_change_unnumbered",
        *("caller_id", "id"),
        postgresql_where=text("position IS NULL"),
        sqlite_where=text("position IS NULL"),
    ),
    Index(
        "ix_lead_status_change_numbered",
        *("caller_id", "position"),
        unique=True,
        postgresql_where=text("position IS NOT NULL"),
        sqlite_where=text("position IS NOT NULL"),
    ),
    sqlite_autoincrement=True,
)

lead_feed = Table(
    "lead_feed",
    metadata,
    _text("caller_id", 64, key=True),
    Column("last_position", BigInteger, nullable=False),
    Column("acknowledged_position", BigInteger, nullable=False),
)

journal = Table(
    "journal",
    metadata,
    Column("id", _COUNTED, primary_key=True),
    _moment("recorded_at"),
    _text("caller_id", needed=True),
    _text("operation", needed=True),
    _text("correlation_id"),
    _text("object_type", needed=True),  # lead, business_partner, crm_record, bulk_job
    _text("object_id", needed=True),
    _text("event", needed=True),
    _text("old_status"),
    _text("new_status"),
    _text("reason_code"),
    _text("changed_elements"),  # names only, never values
    Index("ix_journal_object", "object_type", "object_id", "id"),
    sqlite_autoincrement=True,  # a number is never given twice, whatever was archived
)

received = Table(
    "received",
    metadata,
    _text("caller_id", 64, key=True),
    _text("message_uuid", 100, key=True),  # in bundles and bulk the record's key is part of it
    _text("operation", needed=True),
    Column("content_hash", LargeBinary, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    _moment("received_at"),
    Column("test_data", Boolean),  # null where it is real
    Index(None, "received_at"),
    _index_where_filled("received", "test_data", "message_uuid"),  # for the wiping of test data
)

message = Table(
    "message",
    metadata,
    Column("id", _COUNTED, primary_key=True),
    _text("lane", 40, needed=True),
    Column("sequence", Integer, nullable=False),
    _text("event", needed=True),
    _text("operation", needed=True),
    _text("lead_id", 10, needed=True),
    Column("payload", LargeBinary, nullable=False),
    _text("state", needed=True),  # waiting, claimed, delivered, parked, cancelled
    _moment("due_at"),
    Column("attempts", Integer, nullable=False, default=0),
    _text("claimed_by"),
    _moment("lease_until", needed=False),
    _text("outcome"),
    _text("outcome_code"),
    _text("outcome_text"),
    _moment("created_at"),
    _moment("settled_at", needed=False),
    UniqueConstraint("lane", "sequence"),
    Index(None, "state", "due_at", "id"),
    sqlite_autoincrement=True,
)

crm_record = Table(
    "crm_record",
    metadata,
    _text("record_id", 10, key=True),
    _text("record_type_code", needed=True),
    _text("status_name", needed=True),
    _text("customer_type_code", needed=True),
    _text("customer_id", 60, needed=True),
    _text("owner_id", 20, needed=True),
    _text("selling_mode_code", needed=True),
    _text("product_id"),
    _text("customer_name", needed=True),
    _text("email_uri"),
    _text("phone_number"),
    _text("source_lead_uuid", 36),
    Column("expected_revenue_amount", ExactDecimal()),
    _text("expected_revenue_currency_code"),
    _text("reason_code"),
    _text("converted_from_record_id", 10),
    _text("converted_to_record_id", 10),
    _text("created_by", 64, needed=True),
    _moment("created_at"),
    _moment("changed_at"),
    Index(None, "customer_id"),
    Index(None, "source_lead_uuid"),
)

crm_record_note = Table(
    "crm_record_note",
    metadata,
    _parent("record_id", "crm_record.record_id"),
    _position(),
    _text("text", needed=True),
    _text("language_code"),
    _text("type_code"),
)

bulk_job = Table(
    "bulk_job",
    metadata,
    _text("id", 10, key=True),
    _text("uuid", 36, needed=True),  # of the file
    _text("caller_id", 64, needed=True),
    _text("state", needed=True),  # receiving, waiting, running, finished, broken, cancelled
    _text("source", needed=True),  # stored: its parts are here; file: read in place
    _text("media", needed=True),  # xml, csv
    _text("path"),  # of a file that is read in place
    Column("content_hash", LargeBinary),  # none until the whole file has arrived, and so is the size
    Column("size_bytes", BigInteger),
    Column("chunk_records", Integer, nullable=False),  # a chunk's number means the same leads after a restart
    Column("test_data", Boolean, nullable=False, default=False),
    _moment("submitted_at"),
    _moment("started_at", needed=False),
    _moment("ended_at", needed=False),
    _text("claimed_by"),
    _moment("lease_until", needed=False),
    _text("break_description"),
    _text("correlation_id"),
    Index(None, "state", "id"),
    Index(None, "uuid", "caller_id"),
)

bulk_part = Table(
    "bulk_part",
    metadata,
    _parent("job_id", "bulk_job.id"),
    _position(),
    Column("content", LargeBinary, nullable=False),  # deflated
)

# A row for each chunk that was committed: the progress of its job, and what keeps the chunk from being done again.
bulk_chunk = Table(
    "bulk_chunk",
    metadata,
    _parent("job_id", "bulk_job.id"),
    Column("number", Integer, primary_key=True, autoincrement=False),  # from 0, in the order of the file
    Column("received", Integer, nullable=False),
    Column("accepted", Integer, nullable=False),
    Column("replayed", Integer, nullable=False),
    Column("duplicate", Integer, nullable=False),
    Column("rejected", Integer, nullable=False),
    _moment("committed_at"),
)

bulk_rejection = Table(
    "bulk_rejection",
    metadata,
    _parent("job_id", "bulk_job.id"),
    Column("record", Integer, primary_key=True, autoincrement=False),  # the place of the lead in its file, from 1
    _text("verdict", needed=True),  # duplicate, rejected
    Column("lead", LargeBinary, nullable=False),  # the element Lead as it was sent
    _text("log_items", needed=True),  # JSON
)

# Where SQLite counts its identifiers; PostgreSQL has sequences, which the migration makes.
number = Table(
    "number",
    metadata,
    _text("name", key=True),
    Column("value", BigInteger, nullable=False),
)
