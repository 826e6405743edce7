"""The bank's combo calls as pure decisions: create, close won, close lost.

A channel tells the core CRM that a customer (NTB, new to the bank, or ETB, existing) has started, completed
or failed a product journey. The CRM holds *records*: leads and opportunities, each owned by a relationship
manager (RM = owner_id). These functions say what must happen; reading, locking the customer and writing are
the caller's. One decision per customer at a time: whoever calls ``decide_create`` holds the customer until
the outcome is written.

Source: seeds/002 (the bank's four use cases) and the design's table "The bank's rules".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class RecordType(StrEnum):
    """RecordTypeCode."""

    LEAD = "LEAD"
    OPPORTUNITY = "OPPORTUNITY"


class CustomerType(StrEnum):
    """CustomerTypeCode."""

    NTB = "NTB"  # new to the bank: gets a lead
    ETB = "ETB"  # existing at the bank: gets an opportunity


class NtbClosedOpportunity(StrEnum):
    """What a new customer gets whose opportunities are all closed (setting ``crm.ntb_closed_opportunity``).

    The bank's text says both: one line makes a new opportunity at once, the next goes on to the leads.
    """

    LEAD = "lead"  # the default: go on to the leads, because the call's purpose is that NTB gets a lead
    OPPORTUNITY = "opportunity"  # a new opportunity at once


class StatusName(StrEnum):
    """The bank's own status names, as they are answered."""

    NEW_LEAD = "New Lead"
    NEW_OPPORTUNITY = "New Opportunity"
    CLOSE_WON = "Close Won"
    CLOSE_LOST = "Close Lost"

    @classmethod
    def read(cls, text: str) -> StatusName:
        """The status a caller names, in any case and with any spaces around the words.

        The bank's own text says both "Close Won" and "Close won".
        Raises ValueError, naming the accepted ones, never the text.
        """
        wanted = " ".join(text.split()).casefold()
        for status in cls:
            if status.value.casefold() == wanted:
                return status
        raise ValueError(f"a status name is one of {', '.join(cls)}")


_FINAL = frozenset({StatusName.CLOSE_WON, StatusName.CLOSE_LOST})


@dataclass(frozen=True, slots=True)
class Record:
    """A customer's lead or opportunity, as far as the decisions need it."""

    record_id: str
    record_type: RecordType
    status: StatusName
    owner_id: str
    converted_to_record_id: str | None = None  # the opportunity that a lead became

    @property
    def is_converted(self) -> bool:
        """Whether an opportunity was made of the lead, whatever has become of the lead's status since."""
        is_won_lead = self.record_type is RecordType.LEAD and self.status is StatusName.CLOSE_WON
        return is_won_lead or self.converted_to_record_id is not None

    @property
    def is_final(self) -> bool:
        """Whether the record is closed, or was converted, and refuses every update of its status."""
        return self.status in _FINAL or self.is_converted

    @property
    def is_open(self) -> bool:
        """Open as the bank counts when a customer comes again.

        An opportunity is open unless Close Won or Close Lost. A lead is open unless Close Lost: one that is
        Close Won counts as open, though it is final.
        """
        if self.record_type is RecordType.LEAD:
            return self.status is not StatusName.CLOSE_LOST
        return not self.is_final


def status_when_created(record_type: RecordType) -> StatusName:
    """The status a new record starts with."""
    return StatusName.NEW_LEAD if record_type is RecordType.LEAD else StatusName.NEW_OPPORTUNITY


@dataclass(frozen=True, slots=True)
class Decision:
    """What a combo create does: answer ``existing``, or set ``close`` to Close Lost and create ``create``.

    Exactly one of ``existing`` and ``create`` is set; ``close`` is empty with ``existing``.
    """

    existing: Record | None
    close: tuple[Record, ...]
    create: RecordType | None


def decide_create(
    *,
    customer_type: CustomerType,
    owner_id: str,
    records: Iterable[Record],
    ntb_closed_opportunity: NtbClosedOpportunity = NtbClosedOpportunity.LEAD,
) -> Decision:
    """Decide what a combo create does for one customer, given all of that customer's records.

    | type       | opportunity    | lead               | result                                      |
    |------------|----------------|--------------------|---------------------------------------------|
    | NTB or ETB | open, same RM  | -                  | that opportunity; nothing written           |
    | NTB or ETB | open, other RM | -                  | it becomes Close Lost; new opportunity      |
    | ETB        | none or closed | -                  | new opportunity                             |
    | NTB        | none or closed | open, same RM      | that lead; nothing written                  |
    | NTB        | none or closed | open, other RM     | it becomes Close Lost; new lead             |
    | NTB        | none or closed | none or Close Lost | new lead                                    |

    With ``ntb_closed_opportunity`` "opportunity", an NTB customer who has closed opportunities and no open
    one gets a new opportunity whatever the leads are; one without any opportunity still goes on to the
    leads.

    A lead that is Close Won counts as open in the lead rows, by the bank's words (status other than Close
    Lost). So for the same RM it is answered as it stands, and for another RM it becomes Close Lost, although
    a final record refuses every other update: this call alone rewrites a won lead. The opportunity it was
    converted to stays won.

    Where several records fit one row: of the same RM's, one that is not final is answered before a won one,
    then the lowest ID; of the other RMs', all are closed, in order of ID. A record of the same RM wins over
    those of others, which then stay as they are.
    """
    ordered = sorted(records, key=lambda record: (record.is_final, record.record_id))
    opportunities = [record for record in ordered if record.record_type is RecordType.OPPORTUNITY]
    of_open_opportunities = _for_open(opportunities, owner_id=owner_id, create=RecordType.OPPORTUNITY)
    if of_open_opportunities is not None:
        return of_open_opportunities
    at_once = bool(opportunities) and ntb_closed_opportunity is NtbClosedOpportunity.OPPORTUNITY
    if customer_type is CustomerType.ETB or at_once:
        return Decision(existing=None, close=(), create=RecordType.OPPORTUNITY)
    leads = [record for record in ordered if record.record_type is RecordType.LEAD]
    of_open_leads = _for_open(leads, owner_id=owner_id, create=RecordType.LEAD)
    return of_open_leads or Decision(existing=None, close=(), create=RecordType.LEAD)


def _for_open(records: Sequence[Record], *, owner_id: str, create: RecordType) -> Decision | None:
    """The two rows of the table for open records of one type; None when none is open."""
    open_records = [record for record in records if record.is_open]
    for record in open_records:
        if record.owner_id == owner_id:
            return Decision(existing=record, close=(), create=None)
    if not open_records:
        return None
    closed = tuple(sorted(open_records, key=lambda record: record.record_id))
    return Decision(existing=None, close=closed, create=create)


class RefusalCode(StrEnum):
    """Why an update of a record's status is refused."""

    RECORD_FINAL = "RECORD_FINAL"  # it is Close Won or Close Lost already
    WRONG_RECORD_TYPE = "WRONG_RECORD_TYPE"  # a lead where an opportunity is updated, or the reverse


@dataclass(frozen=True, slots=True)
class SetStatus:
    """Give this record this status."""

    record: Record
    status: StatusName


@dataclass(frozen=True, slots=True)
class ConvertLead:
    """Make an opportunity with the lead's data, link both ways, give each its status: in one transaction."""

    lead: Record
    lead_status: StatusName
    opportunity_status: StatusName


@dataclass(frozen=True, slots=True)
class Refusal:
    """Write nothing and say why."""

    code: RefusalCode


def decide_won(record: Record, *, expected: RecordType | None = None) -> SetStatus | ConvertLead | Refusal:
    """Decide what a combo update to Close Won does (seeds/002, use case 2).

    An opportunity becomes Close Won. A lead is converted: a new opportunity that is Close Won at once, and
    the lead becomes Close Won. A final record refuses: RECORD_FINAL.

    ``expected`` is the type that the caller says the record has, if it says one; another type refuses as in
    ``decide_lost``.
    """
    if expected is not None and record.record_type is not expected:
        return Refusal(RefusalCode.WRONG_RECORD_TYPE)
    if record.is_final:
        return Refusal(RefusalCode.RECORD_FINAL)
    if record.record_type is RecordType.LEAD:
        return ConvertLead(record, lead_status=StatusName.CLOSE_WON, opportunity_status=StatusName.CLOSE_WON)
    return SetStatus(record, StatusName.CLOSE_WON)


def decide_lost(record: Record, *, expected: RecordType) -> SetStatus | Refusal:
    """Decide what an update of a record's status to Close Lost does (seeds/002, use cases 3 and 4).

    ``expected`` is the type the operation is for; another type refuses with WRONG_RECORD_TYPE, before a final
    record does with RECORD_FINAL.
    """
    if record.record_type is not expected:
        return Refusal(RefusalCode.WRONG_RECORD_TYPE)
    if record.is_final:
        return Refusal(RefusalCode.RECORD_FINAL)
    return SetStatus(record, StatusName.CLOSE_LOST)
