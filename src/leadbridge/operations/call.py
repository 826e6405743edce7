"""What goes into a use case and what comes out: one call, its answer, and what both have in common."""

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from typing import Any

from leadbridge.assignment import AssignmentRules
from leadbridge.caller import Caller
from leadbridge.contract import codec
from leadbridge.crm.casetypes import CaseTypes
from leadbridge.crm.combo import NtbClosedOpportunity, RecordType
from leadbridge.leadduplicate import DuplicatePolicy
from leadbridge.messages import Amount, BasicMessageHeader
from leadbridge.scoring import Questionnaire


class IdempotencyConflict(Exception):
    """The header UUID was used before, by the same caller, with other content."""


@dataclass(slots=True)
class Call:
    """One decoded request of one authenticated caller.

    `content_hash` is equal for equal messages and differs for different ones; it tells a retried message from
    another one under the same header UUID. `received_at` is aware, in UTC, and is the only clock of a use case.
    """

    caller: Caller
    message: Any  # one of the generated request messages; which one, the operation says
    content_hash: bytes
    received_at: datetime
    correlation_id: str
    record_hashes: tuple[bytes, ...] = ()  # the content_hash of each record of a bundle
    record_type: RecordType | None = None  # what the core CRM's record is, where the call says it beside its message
    amount: Amount | None = None  # what a sale of the core CRM's record is expected to bring, likewise


class Answer:
    """The message that answers a call, encoded at most once: for the remembered answer and for the wire."""

    __slots__ = ("_encoded", "message")

    def __init__(self, message: Any) -> None:
        self.message = message
        self._encoded: bytes | None = None

    @property
    def encoded(self) -> bytes:
        """The answer's element alone, UTF-8, without an XML declaration."""
        if self._encoded is None:
            self._encoded = codec.encode_bytes(self.message)
        return self._encoded


def _built_in_case_types() -> CaseTypes:
    # Workers that take files in are told the site's, and need not load what reads them: 12 MB each.
    from leadbridge.rulefiles.casetypes import default_case_types

    return default_case_types()


@dataclass(frozen=True, slots=True)
class Policy:
    """What a site decides about the rules; built from the settings of the same names."""

    default_phone_region: str = "DE"
    default_owner_id: str = "UNASSIGNED"
    owner_ids: frozenset[str] = field(default_factory=frozenset)  # without any, every owner is known
    ntb_closed_opportunity: NtbClosedOpportunity = NtbClosedOpportunity.LEAD
    own_core_crm: bool = True  # whether leads are forwarded to the core CRM that is built in, and follow its records
    origin_type_codes: frozenset[str] = field(default_factory=frozenset)
    group_codes: frozenset[str] = field(default_factory=frozenset)
    reason_codes: frozenset[str] = field(default_factory=frozenset)
    bulk_chunk_records: int = 250
    lead_duplicates: DuplicatePolicy = field(default_factory=DuplicatePolicy)
    partner_decision_time: timedelta | None = None  # how long a partner may take to accept or decline; None: for ever
    questionnaire: Questionnaire | None = None  # without one answers are kept and nothing is computed
    assignment_rules: AssignmentRules = field(default_factory=AssignmentRules)
    case_types: CaseTypes = field(default_factory=_built_in_case_types)
    largest_answer_document_bytes: int = 14_000_000


_randomness: list[str] = []


def new_uuid() -> str:
    """A new UUID (RFC 9562, version 7) as text: the moment, and 74 random bits.

    They ascend, so that an index of them grows at its end; random ones would change a page of it for every row.

    Each call needs several. The operating system is asked for many at once, because asking costs more than the rest:
    uuid4 takes six times as long.
    """
    try:
        digits = _randomness.pop()
    except IndexError:
        drawn = os.urandom(10 * 256).hex()
        _randomness.extend(drawn[place : place + 20] for place in range(20, len(drawn), 20))
        digits = drawn[:20]
    return _uuid(f"{time.time_ns() // 1_000_000:012x}{digits}", version="7")


def named_uuid(namespace: str, name: str) -> str:
    """The UUID of a name in a namespace, another UUID (RFC 9562, version 5): always the same for the same two."""
    return _uuid(sha1(bytes.fromhex(namespace.replace("-", "")) + name.encode()).hexdigest(), version="5")  # noqa: S324 - the standard's digest; nothing rests on it being hard to forge


def _uuid(digits: str, *, version: str) -> str:
    return (
        f"{digits[:8]}-{digits[8:12]}-{version}{digits[13:16]}-{_VARIANTS[digits[16]]}{digits[17:20]}-{digits[20:32]}"
    )


_VARIANTS = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))


def by_caller(calls: Iterable[Call]) -> list[list[Call]]:
    """The calls of each caller together, in order; callers in the order of their first call."""
    groups: dict[str, list[Call]] = {}
    for call in calls:
        groups.setdefault(call.caller.id, []).append(call)
    return list(groups.values())


def answer_header(request: BasicMessageHeader, now: datetime) -> BasicMessageHeader:
    """The header of an answer: its own new UUID, and the request's ID and UUID as references."""
    return BasicMessageHeader(
        uuid=new_uuid(),
        reference_id=request.id,
        reference_uuid=request.uuid,
        creation_date_time=zoned(now),
        test_data_indicator=request.test_data_indicator,
    )


def zoned(moment: datetime) -> str:
    """A point in time as the contract's ZonedDateTime, in UTC."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"
