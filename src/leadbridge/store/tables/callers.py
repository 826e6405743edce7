"""Callers, what they prove themselves with, and what is kept of those that did not."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table, UniqueConstraint

from leadbridge.store.columntypes import text_type
from leadbridge.store.tables.columns import COUNTED, metadata, moment, parent, text_column

caller = Table(
    "caller",
    metadata,
    text_column("id", 64, key=True),
    text_column("name", needed=True),
    text_column("roles", needed=True),  # comma separated, sorted
    text_column("visibility", needed=True),
    text_column("party_id", 20, needed=True),
    text_column("password_hash", needed=True),
    moment("disabled_at", needed=False),
    moment("created_at"),
    moment("changed_at"),
    Index(None, "party_id"),
)

# A secret that a caller signs digests with (UsernameToken Profile 1.1), for callers that ask for it; sealed.
caller_digest_secret = Table(
    "caller_digest_secret",
    metadata,
    parent("caller_id", "caller.id", length=64),
    Column("sealed", LargeBinary, nullable=False),
    moment("set_at"),
)

# A caller's certificate, pinned: the one with this fingerprint and no other shows that caller.
caller_certificate = Table(
    "caller_certificate",
    metadata,
    text_column("fingerprint", 64, key=True),  # SHA-256 of the DER, in lower-case hexadecimal
    Column("caller_id", text_type(64), ForeignKey("caller.id"), nullable=False),
    Column("der", LargeBinary, nullable=False),
    text_column("serial", needed=True),  # decimal
    moment("added_at"),
    moment("removed_at", needed=False),
    Index(None, "caller_id"),
    Index(None, "serial"),
)

caller_token = Table(
    "caller_token",
    metadata,
    text_column("id", 10, key=True),
    Column("caller_id", text_type(64), ForeignKey("caller.id"), nullable=False),
    text_column("name", needed=True),  # what it is for, for people
    Column("token_hash", LargeBinary, nullable=False),  # SHA-256: the token itself is random and long
    moment("added_at"),
    moment("expires_at", needed=False),
    moment("removed_at", needed=False),
    UniqueConstraint("token_hash"),
    Index(None, "caller_id"),
)

# What may be used once: nonces of digests and identifiers of signed messages. A key is a hash.
used_once = Table(
    "used_once",
    metadata,
    Column("key", LargeBinary, primary_key=True),
    moment("expires_at"),
    Index(None, "expires_at"),
)

# What is left of a quota, shared by all processes. `due_at` is when it will be whole again (GCRA's theoretical arrival
# time); for a quota of a day it is the end of the day, and `used` what was used of it.
quota = Table(
    "quota",
    metadata,
    text_column("caller_id", 64, key=True),
    text_column("kind", 40, key=True),  # an operation group, or bulk_bytes
    moment("due_at"),
    Column("used", BigInteger, nullable=False, default=0),
)

# Wrong credentials in a row, for each name and address they came from: hashes, because people mistype passwords as
# names.
failed_login = Table(
    "failed_login",
    metadata,
    Column("key", LargeBinary, primary_key=True),
    Column("name_key", LargeBinary),  # the hash of the name, where it counts for one
    Column("failures", Integer, nullable=False),
    moment("last_at"),
    moment("locked_until", needed=False),
    moment("succeeded_at", needed=False),  # when the name last logged in from there
    Index(None, "last_at"),
)

# The audit journal of refusals: reason, caller, correlation, and nothing of what was sent.
refusal = Table(
    "refusal",
    metadata,
    Column("id", COUNTED, primary_key=True),
    moment("recorded_at"),
    text_column("door", needed=True),  # soap, bulk
    text_column("reason_code", needed=True),  # a faultTypeID of the contract
    text_column("text", needed=True),  # why, in constant words of ours
    text_column("caller_id", 64),
    text_column("operation"),
    text_column("address"),
    text_column("correlation_id", needed=True),
    Column("times", Integer, nullable=False, default=1),  # how many alike, where there were too many to keep each
    Index(None, "recorded_at"),
    sqlite_autoincrement=True,
)
