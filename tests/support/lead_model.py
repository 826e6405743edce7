"""What the contract and the README promise of leads, in memory: the other side of the state machine's comparison.

It is written from those two texts and not from the code. Leads and business partners go by the order in which they
came; what identifiers they have on the wire is the machine's business. Every act answers why it is refused, in TypeIDs
of the Log, and changes nothing then; without a reason it was done.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from leadbridge.caller import Caller, Visibility

CREATE, CHANGE, DELETE, SAVE = "01", "02", "03", "04"
DECISION_TIME = timedelta(hours=1)
MOVES = {"1": "2357", "2": "1357", "3": "257", "4": "67", "5": "1", "6": "", "7": ""}  # by callers
BECAME = {"4": "ACCEPTED", "5": "DECLINED", "6": "WON", "7": "LOST"}

Reasons = set[str]


@dataclass(frozen=True)
class Sent:
    """What a call or a record of a bundle says of one lead; what is None is not said."""

    action: str
    lead: int | None = None  # the lead that is named by its ID
    named: str | None = None  # the ExternalKey by which it is named otherwise
    version: int | None = None  # as ChangeStateID
    name: str | None = None
    status: str | None = None
    key: str | None = None
    prospect: int | None = None  # as its InternalID
    new_prospect: bool = False
    party: str | None = None
    taken_from: str | None = None
    decision: str | None = None
    technical_id: str | None = None


@dataclass
class ModelLead:
    """A lead, and the states of its messages to the core CRM."""

    creator: str
    prospect: int
    name: str | None
    status: str
    party: str | None
    key: str | None
    technical_id: str | None
    decision: str | None = None
    due: datetime | None = None  # until when its partner decides
    version: int = 1
    messages: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class ModelChange:
    """One change in a feed; the party is empty where the reader lost the lead by it."""

    kind: str
    lead: int
    status: str
    party: str


@dataclass
class Model:
    """All leads, business partners and feeds, and the acts of callers, of the core CRM and of time."""

    callers: list[Caller]
    leads: dict[int, ModelLead] = field(default_factory=dict)
    partners: list[str] = field(default_factory=list)  # who created each
    merged: dict[int, int] = field(default_factory=dict)  # the master that each became part of
    feeds: dict[str, list[ModelChange]] = field(default_factory=lambda: defaultdict(list))
    created: int = 0  # leads ever
    touched: int = 0  # the lead that was created or changed last

    # ------------------------------------------------------------------------------------------------- what is seen

    def sees(self, caller: Caller, number: int) -> bool:
        """Whether the lead exists, for this caller."""
        lead = self.leads.get(number)
        if lead is None:
            return False
        return caller.visibility is Visibility.ALL or caller.id == lead.creator or caller.party_id == lead.party

    def seen(self, caller: Caller) -> list[int]:
        """All leads that exist for a caller."""
        return [number for number in self.leads if self.sees(caller, number)]

    def by_key(self, caller: Caller, key: str) -> list[int]:
        """The leads that a caller means by an ExternalKey: its own; who sees all means others' too."""
        everyone = caller.visibility is Visibility.ALL
        return [n for n, lead in self.leads.items() if lead.key == key and (everyone or lead.creator == caller.id)]

    def own(self, caller_id: str, key: str | None) -> int | None:
        """The lead for which a caller used this ExternalKey."""
        found = [n for n, lead in self.leads.items() if key and (lead.creator, lead.key) == (caller_id, key)]
        return found[0] if found else None

    def master(self, partner: int) -> int:
        """What a business partner is today."""
        return self.merged.get(partner, partner)

    def knows(self, caller: Caller, partner: int) -> bool:
        """Whether a caller may refer to a business partner: its own ones, also merged, and its leads' prospects."""
        if caller.visibility is Visibility.ALL:
            return True
        whole = [n for n in range(len(self.partners)) if self.master(n) == self.master(partner)]
        prospects = {self.leads[number].prospect for number in self.seen(caller)}
        return self.master(partner) in prospects or any(self.partners[n] == caller.id for n in whole)

    def reads(self, caller: Caller, partner: int) -> bool:
        """Whether a restricted caller may read a business partner: its own, and where somebody else gave it a lead."""
        given = [lead for lead in self.leads.values() if lead.party == caller.party_id and lead.creator != caller.id]
        return self.partners[partner] == caller.id or any(lead.prospect == partner for lead in given)

    def duplicates(self, caller: Caller, prospect: int, name: str | None) -> set[int]:
        """The leads in status 1 to 4 that a caller sees, about the same business partner, under the same name."""
        about = (self.master(prospect), name)
        return {n for n in self.seen(caller) if self.leads[n].status in "1234" and self._about(n) == about}

    def _about(self, number: int) -> tuple[int, str | None]:
        return self.leads[number].prospect, self.leads[number].name

    # ------------------------------------------------------------------------------------------------ acts of callers

    def act(self, caller: Caller, sent: Sent, now: datetime) -> Reasons:
        """What a caller sends of one lead, alone or in a bundle."""
        own = self.own(caller.id, sent.key)
        if sent.action == CREATE or (sent.action == SAVE and sent.lead is None and own is None):
            return self._create(caller, sent, now)
        number = own if sent.action == SAVE and sent.lead is None else self._meant(caller, sent)
        if number is None or not self.sees(caller, number):
            return {"LEAD.UNKNOWN"}
        return (self._delete if sent.action == DELETE else self._change)(caller, number, sent, now)

    def _meant(self, caller: Caller, sent: Sent) -> int | None:
        if sent.named is None:
            return sent.lead
        own, all_of_them = self.own(caller.id, sent.named), self.by_key(caller, sent.named)
        return own if own is not None else all_of_them[0] if len(all_of_them) == 1 else None

    def _create(self, caller: Caller, sent: Sent, now: datetime) -> Reasons:
        status = sent.status or "1"
        wrong = {
            "LEAD.EXTERNAL_KEY_TAKEN": self.own(caller.id, sent.key) is not None,
            "LEAD.STATUS_NOT_ALLOWED": status not in "123",
            "BUSINESSPARTNER.UNKNOWN": sent.prospect is not None and not self.knows(caller, sent.prospect),
            "LEAD.PARTNER_DECISION_NOT_ALLOWED": sent.decision is not None,
        }
        if reasons := {reason for reason, holds in wrong.items() if holds}:
            return reasons
        if sent.prospect is not None and self.duplicates(caller, sent.prospect, sent.name):
            return {"LEAD.DUPLICATE"}
        prospect = self._prospect(caller, sent)
        assert prospect is not None  # the contract requires one
        lead = ModelLead(caller.id, prospect, sent.name, status, sent.party, sent.key, sent.technical_id)
        self.touched, self.created = self.created, self.created + 1
        self.leads[self.touched] = lead
        if status == "3":
            lead.messages.append("waiting")
        self._waits(lead, None, now)
        self._tell(self.touched, None, None)
        return set()

    def _change(self, caller: Caller, number: int, sent: Sent, now: datetime) -> Reasons:
        lead = self.leads[number]
        if not MOVES[lead.status]:
            return {"LEAD.FINAL"}
        status, given = sent.status or lead.status, sent.party or lead.party
        gives_away = given != lead.party or sent.taken_from is not None
        rekeyed = sent.key is not None and sent.key != lead.key
        wrong = {
            "LEAD.CHANGE_STATE_CONFLICT": sent.version is not None and sent.version != lead.version,
            "LEAD.STATUS_NOT_ALLOWED": status != lead.status and status not in MOVES[lead.status],
            "LEAD.SALES_PARTNER_NOT_ALLOWED": gives_away and not self._disposes(caller, lead),
            "LEAD.SALES_PARTNER_UNKNOWN": sent.taken_from is not None and sent.taken_from != lead.party,
            "LEAD.PARTNER_DECISION_NOT_ALLOWED": sent.decision is not None
            and (lead.party is None or caller.party_id != lead.party or gives_away),
            "LEAD.EXTERNAL_KEY_TAKEN": rekeyed
            and (caller.id != lead.creator or self.own(caller.id, sent.key) is not None),
            "BUSINESSPARTNER.UNKNOWN": sent.prospect is not None and not self._may_name(caller, sent.prospect, lead),
        }
        if reasons := {reason for reason, holds in wrong.items() if holds}:
            return reasons
        before = self._state(lead)
        old_status, old_party = lead.status, lead.party
        prospect = self._prospect(caller, sent)
        lead.prospect = lead.prospect if prospect is None else prospect
        lead.name, lead.key = sent.name or lead.name, sent.key or lead.key
        lead.technical_id = sent.technical_id or lead.technical_id
        lead.status, lead.party = status, None if sent.taken_from else given
        if lead.party != old_party:
            lead.decision = None
        if sent.decision is not None:
            lead.decision, lead.party = sent.decision, None if sent.decision == "DECLINE" else lead.party
        self._forward(lead, old_status)
        self._waits(lead, before, now)
        lead.version += self._state(lead) != before
        self.touched = number
        self._tell(number, old_status, old_party)
        return set()

    def _may_name(self, caller: Caller, partner: int, lead: ModelLead) -> bool:
        """In a lead that it was given it opens no business partner to itself."""
        master = self.master(partner)
        opens = not self._disposes(caller, lead) and master != lead.prospect and not self.reads(caller, master)
        return self.knows(caller, partner) and not opens

    @staticmethod
    def _disposes(caller: Caller, lead: ModelLead) -> bool:
        """Whether a caller may delete a lead and give it to others: not where it only was given it."""
        return caller.visibility is Visibility.ALL or lead.creator == caller.id

    def _prospect(self, caller: Caller, sent: Sent) -> int | None:
        if sent.new_prospect:
            self.partners.append(caller.id)
            return len(self.partners) - 1
        return None if sent.prospect is None else self.master(sent.prospect)

    def _delete(self, caller: Caller, number: int, sent: Sent, _now: datetime) -> Reasons:
        lead = self.leads[number]
        wrong = {
            "LEAD.CHANGE_STATE_CONFLICT": sent.version is not None and sent.version != lead.version,
            "LEAD.DELETE_NOT_ALLOWED": lead.status not in "125"
            or bool(lead.messages)  # qualified once
            or not self._disposes(caller, lead),
        }
        reasons = {reason for reason, holds in wrong.items() if holds}
        if not reasons:
            self.touched = number
            if lead.party is not None:
                old_party, lead.party = lead.party, None
                self._tell(number, lead.status, old_party)
            del self.leads[number]
        return reasons

    def merge(self, caller: Caller, master: int, others: list[int]) -> Reasons:
        """MergeBusinessPartner."""
        named = [master, *others]
        everyone = caller.visibility is Visibility.ALL
        wrong = {
            "BUSINESSPARTNER.NAMED_TWICE": len({self.master(one) for one in named}) < len(named),
            "BUSINESSPARTNER.UNKNOWN": not all(self.knows(caller, one) for one in named),
            "BUSINESSPARTNER.MERGED_ALREADY": any(one in self.merged for one in named),
            "BUSINESSPARTNER.MERGE_NOT_ALLOWED": not everyone and any(self.partners[n] != caller.id for n in named),
        }
        if reasons := {reason for reason, holds in wrong.items() if holds}:
            return reasons
        for one in range(len(self.partners)):
            if self.master(one) in others:
                self.merged[one] = master
        for lead in self.leads.values():
            if lead.prospect in others:
                lead.prospect, lead.version = master, lead.version + 1
        return set()

    # -------------------------------------------------------------------------- acts of the core CRM and of time

    def core_crm_answers(self, number: int, *, declines: bool) -> None:
        """The message about a lead that waits is sent, and declined if it hands the lead over."""
        lead = self.leads[number]
        handed_over, old = lead.status == "3", lead.status
        assert lead.messages[-1] == "waiting"
        lead.messages[-1] = "parked" if handed_over and declines else "delivered"
        if handed_over:
            lead.status, lead.version = "5" if declines else "4", lead.version + 1
            self._tell(number, old, lead.party)

    def overdue(self, now: datetime) -> dict[int, datetime]:
        """The leads whose partners did not decide in time, and until when they had."""
        return {number: lead.due for number, lead in self.leads.items() if lead.due is not None and lead.due <= now}

    def comes_back(self, number: int) -> None:
        """A lead is taken back because its partner did not decide."""
        lead = self.leads[number]
        old_party, lead.party, lead.due = lead.party, None, None
        lead.version += 1
        self._tell(number, lead.status, old_party)

    # ------------------------------------------------------------------------------------------------ what follows

    @staticmethod
    def _state(lead: ModelLead) -> tuple[object, ...]:
        return (
            *(lead.status, lead.party, lead.decision),
            *(lead.prospect, lead.name, lead.key, lead.technical_id),
        )

    def _forward(self, lead: ModelLead, old_status: str) -> None:
        if lead.status == old_status:
            return
        if old_status == "3":
            lead.messages[-1] = "cancelled"
        if lead.status == "3":
            lead.messages = ["cancelled" if one == "parked" else one for one in lead.messages]
        if lead.status == "3" or old_status == "4":
            lead.messages.append("waiting")

    @staticmethod
    def _waits(lead: ModelLead, before: tuple[object, ...] | None, now: datetime) -> None:
        """The time to decide runs from when a decision is awaited of this partner."""
        if lead.party is None or lead.decision is not None or lead.status not in "12":
            lead.due = None
        elif lead.due is None or before is None or before[1] != lead.party:
            lead.due = now + DECISION_TIME

    def _tell(self, number: int, old_status: str | None, old_party: str | None) -> None:
        """Told are the creator, but not that it created the lead, and who acts for the party before or afterwards."""
        lead = self.leads[number]
        kinds = [BECAME[lead.status]] if lead.status != old_status and lead.status in BECAME else []
        kinds += ["REASSIGNED"] if lead.party != old_party else []
        for caller in self.callers:
            creator = caller.id == lead.creator
            if (creator and old_status) or caller.party_id in (old_party, lead.party):
                party = lead.party or "" if self.sees(caller, number) else ""
                self.feeds[caller.id] += [ModelChange(kind, number, lead.status, party) for kind in kinds]
