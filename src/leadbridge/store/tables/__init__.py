"""The tables, as SQLAlchemy Core sees them. The migrations make them; a test holds the two equal.

Text is compared by code point on both databases (collation "C" on PostgreSQL), so that identifiers, ranges
and orders mean the same everywhere. Columns that end in `_folded` are written by the store itself: a
case-folded copy that makes the search by name independent of a database's idea of upper and lower case.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    UniqueConstraint,
    func,
    text,
)

from leadbridge.store.columntypes import DayOf, ExactDecimal, Reversed, text_type
from leadbridge.store.tables.bian import (
    bian_event as bian_event,
)
from leadbridge.store.tables.bian import (
    development_task as development_task,
)
from leadbridge.store.tables.callers import (
    caller as caller,
)
from leadbridge.store.tables.callers import (
    caller_certificate as caller_certificate,
)
from leadbridge.store.tables.callers import (
    caller_digest_secret as caller_digest_secret,
)
from leadbridge.store.tables.callers import (
    caller_token as caller_token,
)
from leadbridge.store.tables.callers import (
    failed_login as failed_login,
)
from leadbridge.store.tables.callers import (
    quota as quota,
)
from leadbridge.store.tables.callers import (
    refusal as refusal,
)
from leadbridge.store.tables.callers import (
    used_once as used_once,
)
from leadbridge.store.tables.columns import (
    COUNTED,
    index_where_filled,
    moment,
    parent,
    position_column,
    text_column,
)
from leadbridge.store.tables.columns import (
    metadata as metadata,
)
from leadbridge.store.tables.crm import (
    crm_record as crm_record,
)
from leadbridge.store.tables.crm import (
    crm_record_move as crm_record_move,
)
from leadbridge.store.tables.crm import (
    crm_record_note as crm_record_note,
)
from leadbridge.store.tables.crm import (
    crm_record_stage as crm_record_stage,
)
from leadbridge.store.tables.crm import (
    crm_record_step as crm_record_step,
)
from leadbridge.store.tables.relationship import (
    relationship_plan as relationship_plan,
)
from leadbridge.store.tables.relationship import (
    relationship_record as relationship_record,
)
from leadbridge.store.tables.webhooks import (
    webhook as webhook,
)
from leadbridge.store.tables.webhooks import (
    webhook_secret as webhook_secret,
)

# Leads that somebody has to work on. An index holds them alone, so that counting somebody's does not walk through all
# the leads it ever had.
TO_BE_WORKED_ON = "life_cycle_status_code IN ('1', '2', '3') AND NOT test_data"


def _index_to_be_worked_on(column: str) -> Index:
    """An index of the leads that are to be worked on by whoever a column names."""
    filled = text(f"{TO_BE_WORKED_ON} AND {column} IS NOT NULL")
    return Index(f"ix_lead_load_{column}", column, postgresql_where=filled, sqlite_where=filled)


business_partner = Table(
    "business_partner",
    metadata,
    text_column("internal_id", 10, key=True),
    text_column("uuid", 36, needed=True),
    Column("change_number", Integer, nullable=False, default=1),
    text_column("created_by", 64, needed=True),
    moment("created_at"),
    moment("changed_at"),
    Column("test_data", Boolean, nullable=False, default=False),
    text_column("sender_technical_id"),
    text_column("communication_system_id"),
    text_column("remote_object_id"),
    text_column("category_code", needed=True),
    text_column("role_codes", needed=True),  # space separated, in the order sent
    text_column("given_name"),
    text_column("family_name"),
    text_column("academic_title_code"),
    text_column("gender_code"),
    Column("birth_date", Date),
    text_column("first_line_name"),
    text_column("second_line_name"),
    text_column("match_name"),  # as the duplicate check compares it
    text_column("name_folded"),  # "given family" or "first line second line"
    text_column("last_name_folded"),  # the family name or the first line alone
    text_column("correspondence_language_code"),
    text_column("contact_allowed_code"),
    Column("extension", LargeBinary),
    # Of one that was merged nothing is read any more but what leads to the one it has become part of.
    text_column("merged_into_internal_id", 10),
    moment("merged_at", needed=False),
    text_column("merged_by", 64),
    UniqueConstraint("uuid"),
    index_where_filled("business_partner", "merged_into_internal_id"),
    # The remote object comes first: who may see all looks a key up without naming its creator.
    UniqueConstraint("remote_object_id", "communication_system_id", "created_by"),
    Index(None, "created_by", "internal_id"),
    # Find collects ids by them without looking at the rows; in the first it seeks what is within either name.
    Index("ix_business_partner_by_name", "name_folded", "internal_id", "last_name_folded"),
    Index(None, "last_name_folded", "internal_id"),
)

business_partner_identification = Table(
    "business_partner_identification",
    metadata,
    parent("internal_id", "business_partner.internal_id"),
    position_column(),
    text_column("party_identifier_type_code", needed=True),
    text_column("business_partner_id", needed=True),
    Index("ix_business_partner_identification_key", "business_partner_id", "party_identifier_type_code"),
)

business_partner_address = Table(
    "business_partner_address",
    metadata,
    parent("internal_id", "business_partner.internal_id"),
    position_column(),
    text_column("country_code", needed=True),
    text_column("region_code"),
    text_column("street_postal_code"),
    text_column("city_name"),
    text_column("street_name"),
    text_column("house_id"),
)

business_partner_communication = Table(
    "business_partner_communication",
    metadata,
    parent("internal_id", "business_partner.internal_id"),
    position_column(),
    text_column("kind", needed=True),  # email, phone, mobile
    text_column("value", needed=True),  # as sent
    text_column("normalised"),  # the case-folded address or the E.164 number; none where it could not be read
    # With all that the duplicate check and Find ask for, so that they need not look at the row.
    Index(None, "normalised", "kind", "internal_id"),
)

# A text is found by its end; and with the kind before it and the text itself behind it, what is within the texts of one
# kind is sought in these alone.
Index(
    "ix_business_partner_communication_reversed",
    business_partner_communication.c.kind,
    Reversed(business_partner_communication.c.normalised),
    business_partner_communication.c.internal_id,
    business_partner_communication.c.normalised,
).ddl_if(dialect="postgresql")

lead = Table(
    "lead",
    metadata,
    text_column("id", 10, key=True),
    text_column("uuid", 36, needed=True),
    Column("change_number", Integer, nullable=False, default=1),
    text_column("created_by", 64, needed=True),
    moment("created_at"),
    moment("changed_at"),
    Column("test_data", Boolean, nullable=False, default=False),
    text_column("sender_technical_id"),
    text_column("communication_system_id"),
    text_column("remote_object_id"),
    text_column("name", needed=True),
    text_column("name_folded", needed=True),
    text_column("life_cycle_status_code", needed=True),
    text_column("qualification_level_code"),
    Column("qualification_level_manual", Boolean),  # whether that level overrules the computed one
    text_column("computed_qualification_level_code"),
    Column("qualification_score", Integer),
    text_column("questionnaire_id"),  # with its version
    text_column("origin_type_code"),
    text_column("group_code"),
    text_column("priority_code"),
    text_column("campaign_id"),
    Column("start_date", Date),
    Column("end_date", Date),
    Column(
        "prospect_internal_id",
        text_type(10),
        ForeignKey("business_partner.internal_id"),
        nullable=False,
    ),
    text_column("sales_responsible_party_id"),
    text_column("sales_partner_party_id"),
    Column("expected_revenue_amount", ExactDecimal()),
    text_column("expected_revenue_currency_code"),
    text_column("partner_decision_code"),
    moment("partner_decision_due_at", needed=False),
    text_column("reason_code"),
    text_column("core_lead_id"),
    text_column("core_opportunity_id"),
    Column("forwarding_sequence", Integer, nullable=False, default=0),  # the last one given to a message
    Column("extension", LargeBinary),
    moment("suspended_at", needed=False),  # since when it is neither forwarded nor offered
    UniqueConstraint("uuid"),
    UniqueConstraint("remote_object_id", "communication_system_id", "created_by"),
    index_where_filled("lead", "partner_decision_due_at"),
    _index_to_be_worked_on("sales_responsible_party_id"),
    _index_to_be_worked_on("sales_partner_party_id"),
    # With the party behind it: whether a partner is the prospect of a lead given to somebody is one look. With the id
    # and the creator behind that it gives the leads of many prospects, and tells which of them a caller may see.
    Index("ix_lead_by_prospect", "prospect_internal_id", "sales_partner_party_id", "id", "created_by"),
    # With the id behind it each of these also gives a restricted caller's leads in the order of Find, and with the
    # prospect behind that the business partners it may read. Most leads are given to nobody.
    Index("ix_lead_by_creator", "created_by", "id", "prospect_internal_id"),
    Index(
        "ix_lead_by_sales_partner",
        *("sales_partner_party_id", "id", "created_by", "prospect_internal_id"),
        postgresql_where=text("sales_partner_party_id IS NOT NULL"),
        sqlite_where=text("sales_partner_party_id IS NOT NULL"),
    ),
    # The others are for Find alone, which merges the ids of each value: see `finding`.
    Index(None, "name_folded", "id"),
    Index(None, "life_cycle_status_code", "id"),
    index_where_filled("lead", "qualification_level_code", "id"),
    index_where_filled("lead", "origin_type_code", "id"),
    index_where_filled("lead", "priority_code", "id"),
    index_where_filled("lead", "campaign_id", "id"),
    index_where_filled("lead", "sales_responsible_party_id", "id"),
    index_where_filled("lead", "start_date", "id"),
)
# The days of change are few, the moments are not; the moment behind them tells which leads of a day are meant.
Index("ix_lead_changed_on_id_changed_at", DayOf(lead.c.changed_at), lead.c.id, lead.c.changed_at)
# The leads that follow their records in the core CRM; those that have none cost nothing here.
Index(
    "ix_lead_by_record",
    func.coalesce(lead.c.core_opportunity_id, lead.c.core_lead_id),
    postgresql_where=text("coalesce(core_opportunity_id, core_lead_id) IS NOT NULL"),
    sqlite_where=text("coalesce(core_opportunity_id, core_lead_id) IS NOT NULL"),
)
Index("ix_lead_name_reversed", Reversed(lead.c.name_folded), lead.c.id).ddl_if(dialect="postgresql")

lead_item = Table(
    "lead_item",
    metadata,
    parent("lead_id", "lead.id"),
    text_column("item_id", 10, key=True),
    Column("position", Integer, nullable=False),
    text_column("sender_technical_id"),
    text_column("product_id", needed=True),
    text_column("description"),
    Column("quantity", ExactDecimal()),
    text_column("unit_code"),
)

lead_contact = Table(
    "lead_contact",
    metadata,
    parent("lead_id", "lead.id"),
    parent("internal_id", "business_partner.internal_id"),
    Column("position", Integer, nullable=False),
    Column("main_indicator", Boolean),
    Index(None, "internal_id"),
)

lead_questionnaire_answer = Table(
    "lead_questionnaire_answer",
    metadata,
    parent("lead_id", "lead.id"),
    text_column("question_id", 20, key=True),
    Column("position", Integer, nullable=False),
    text_column("answer_code", needed=True),
)

lead_note = Table(
    "lead_note",
    metadata,
    parent("lead_id", "lead.id"),
    position_column(),
    text_column("text", needed=True),
    text_column("language_code"),
    text_column("type_code"),
    moment("created_at"),
)

lead_document = Table(
    "lead_document",
    metadata,
    parent("lead_id", "lead.id"),
    position_column(),
    text_column("name", needed=True),
    text_column("mime_code", needed=True),
    Column("content", LargeBinary, nullable=False),
)

# What became of a lead, once for each caller that is told: the status feed. A change gets its position when it is first
# read, so that positions follow what is visible, whatever order transactions commit in. Until then it stands in the one
# index, afterwards in the other.
lead_status_change = Table(
    "lead_status_change",
    metadata,
    Column("id", COUNTED, primary_key=True),
    text_column("caller_id", 64, needed=True),
    Column("position", BigInteger),
    text_column("lead_id", 10, needed=True),
    text_column("lead_uuid", 36, needed=True),
    text_column("status_change_type_code", needed=True),
    text_column("old_status"),
    text_column("new_status", needed=True),
    text_column("reason_code"),
    text_column("partner_decision_code"),
    text_column("sales_partner_party_id"),
    text_column("core_lead_id"),
    text_column("core_opportunity_id"),
    moment("changed_at"),
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
    text_column("caller_id", 64, key=True),
    Column("last_position", BigInteger, nullable=False),
    Column("acknowledged_position", BigInteger, nullable=False),
)

journal = Table(
    "journal",
    metadata,
    Column("id", COUNTED, primary_key=True),
    moment("recorded_at"),
    text_column("caller_id", needed=True),
    text_column("operation", needed=True),
    text_column("correlation_id"),
    text_column("object_type", needed=True),  # lead, business_partner, crm_record, bulk_job
    text_column("object_id", needed=True),
    text_column("event", needed=True),
    text_column("old_status"),
    text_column("new_status"),
    text_column("reason_code"),
    text_column("changed_elements"),  # names only, never values
    Index("ix_journal_object", "object_type", "object_id", "id"),
    sqlite_autoincrement=True,  # a number is never given twice, whatever was archived
)

received = Table(
    "received",
    metadata,
    text_column("caller_id", 64, key=True),
    text_column("message_uuid", 100, key=True),  # in bundles and bulk the record's key is part of it
    text_column("operation", needed=True),
    Column("content_hash", LargeBinary, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    moment("received_at"),
    Column("test_data", Boolean),  # null where it is real
    Index(None, "received_at"),
    index_where_filled("received", "test_data", "message_uuid"),  # for the wiping of test data
)

message = Table(
    "message",
    metadata,
    Column("id", COUNTED, primary_key=True),
    text_column("lane", 40, needed=True),
    Column("sequence", Integer, nullable=False),
    text_column("event", needed=True),
    text_column("operation", needed=True),
    text_column("lead_id", 10, needed=True),
    Column("payload", LargeBinary, nullable=False),
    text_column("state", needed=True),  # waiting, claimed, delivered, parked, cancelled
    moment("due_at"),
    Column("attempts", Integer, nullable=False, default=0),
    text_column("claimed_by"),
    moment("lease_until", needed=False),
    text_column("outcome"),
    text_column("outcome_code"),
    text_column("outcome_text"),
    moment("created_at"),
    moment("settled_at", needed=False),
    UniqueConstraint("lane", "sequence"),
    Index(None, "state", "due_at", "id"),
    sqlite_autoincrement=True,
)

bulk_job = Table(
    "bulk_job",
    metadata,
    text_column("id", 10, key=True),
    text_column("uuid", 36, needed=True),  # of the file
    text_column("caller_id", 64, needed=True),
    text_column("state", needed=True),  # receiving, waiting, running, finished, broken, cancelled
    text_column("source", needed=True),  # stored: its parts are here; file: read in place
    text_column("media", needed=True),  # xml, csv
    text_column("path"),  # of a file that is read in place
    Column("content_hash", LargeBinary),  # none until the whole file has arrived, and so is the size
    Column("size_bytes", BigInteger),
    Column("chunk_records", Integer, nullable=False),  # a chunk's number means the same leads after a restart
    Column("test_data", Boolean, nullable=False, default=False),
    moment("submitted_at"),
    moment("started_at", needed=False),
    moment("ended_at", needed=False),
    text_column("claimed_by"),
    moment("lease_until", needed=False),
    text_column("break_description"),
    text_column("correlation_id"),
    Index(None, "state", "id"),
    Index(None, "uuid", "caller_id"),
)

bulk_part = Table(
    "bulk_part",
    metadata,
    parent("job_id", "bulk_job.id"),
    position_column(),
    Column("content", LargeBinary, nullable=False),  # deflated
)

# A row for each chunk that was committed: the progress of its job, and what keeps the chunk from being done again.
bulk_chunk = Table(
    "bulk_chunk",
    metadata,
    parent("job_id", "bulk_job.id"),
    Column("number", Integer, primary_key=True, autoincrement=False),  # from 0, in the order of the file
    Column("received", Integer, nullable=False),
    Column("accepted", Integer, nullable=False),
    Column("replayed", Integer, nullable=False),
    Column("duplicate", Integer, nullable=False),
    Column("rejected", Integer, nullable=False),
    moment("committed_at"),
)

bulk_rejection = Table(
    "bulk_rejection",
    metadata,
    parent("job_id", "bulk_job.id"),
    Column("record", Integer, primary_key=True, autoincrement=False),  # the place of the lead in its file, from 1
    text_column("verdict", needed=True),  # duplicate, rejected
    Column("lead", LargeBinary, nullable=False),  # the element Lead as it was sent
    text_column("log_items", needed=True),  # JSON
)

# Where SQLite counts its identifiers; PostgreSQL has sequences, which the migration makes.
number = Table(
    "number",
    metadata,
    text_column("name", key=True),
    Column("value", BigInteger, nullable=False),
)
