"""Whether a new lead is one that exists already, in the store or in its own batch.

Only a business partner that exists, or that an earlier call of the batch brought, has leads: for all others nothing is
asked. The prospects are held while their leads are compared, so that of two equal leads that two gateways take in at
once the second finds the first.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from leadbridge import matching
from leadbridge.caller import Caller, sees_lead
from leadbridge.leadduplicate import DuplicateCheck, DuplicatePolicy, Match, Traits, best, masked, match
from leadbridge.operations.call import Call
from leadbridge.operations.logitems import LogBuilder, LogItemType
from leadbridge.store import businesspartners, leadduplicates
from leadbridge.store.database import Transaction
from leadbridge.store.inserts import Row


@dataclass(frozen=True, slots=True)
class Candidate:
    """A lead that a new one may be the same as; one of the same batch has no number until it is written."""

    head: Row
    name: str  # normalised
    traits: Traits
    visible: bool = True


def _candidate(head: Row, products: Iterable[str], *, visible: bool = True) -> Candidate:
    traits = Traits(
        products=frozenset(products),
        campaign_id=head["campaign_id"],
        origin_type_code=head["origin_type_code"],
        group_code=head["group_code"],
        start_date=head["start_date"],
    )
    return Candidate(head, matching.normalise_name(head["name"]), traits, visible)


@dataclass(frozen=True, slots=True)
class Duplicate:
    """What a new lead is the same as, by which rule, how surely (0..100), and what then happens."""

    existing: Candidate
    rule: str
    score: int
    code: DuplicateCheck

    @property
    def creates(self) -> bool:
        """Whether the lead is created all the same."""
        return self.code is DuplicateCheck.CREATE

    @property
    def fills(self) -> bool:
        """Whether the existing lead's blanks are filled."""
        return self.code is DuplicateCheck.MERGE

    def say(self, log: LogBuilder, path: str) -> None:
        """Tell the caller; not before the leads of the batch have their numbers."""
        lead_id = self.existing.head["id"]
        named = f"Lead {lead_id if self.existing.visible else masked(lead_id)}"
        why = f"rule {self.rule}, score {self.score} of 100"
        if self.code is DuplicateCheck.CREATE:
            log.warning(LogItemType.LEAD_DUPLICATE, f"{named} seems to be the same: {why}. Created all the same.", path)
        elif self.code is DuplicateCheck.REJECT:
            way_out = "DuplicateCheckCode LINK answers it, MERGE fills its blanks, CREATE creates another one."
            if not self.existing.visible:
                way_out = "DuplicateCheckCode CREATE creates another one."
            log.error(LogItemType.LEAD_DUPLICATE, f"{named} seems to be the same: {why}. {way_out}", path)
        else:
            log.information(LogItemType.LEAD_LINKED, f"{named} is taken: {why}.", path)


class LeadDuplicates:
    """See the module. `prospect_ids` are the business partners in the store that calls of the batch may be about.

    A check does not hold them: it writes nothing.
    """

    def __init__(
        self,
        tx: Transaction,
        policy: DuplicatePolicy,
        prospect_ids: Collection[str],
        callers: Iterable[Caller],
        *,
        bulk: bool,
        holds: bool,
    ) -> None:
        self._policy = policy
        self._threshold = policy.bulk_threshold if bulk else policy.threshold
        self._stored: dict[tuple[str, str], list[Candidate]] = {}
        self._drafted: dict[str, Candidate] = {}  # by UUID: one of the batch is compared with all that follow
        if holds:
            businesspartners.hold(tx, internal_ids=prospect_ids)
        asked = [
            (caller.id, *leadduplicates.of_prospects(tx, caller, prospect_ids))
            for caller in {one.id: one for one in callers}.values()
            if prospect_ids
        ]
        for caller_id, heads, items in asked:
            self._keep(caller_id, heads, items)

    def _keep(self, caller_id: str, heads: Iterable[Row], items: Iterable[Row]) -> None:
        products: dict[str, list[str]] = {}
        for row in items:
            products.setdefault(row["lead_id"], []).append(row["product_id"])
        for head in heads:
            counts = self._policy.counts(head["life_cycle_status_code"], converted=bool(head["core_opportunity_id"]))
            if counts and (head["visible"] or self._policy.masked):
                one = _candidate(head, products.get(head["id"], ()), visible=bool(head["visible"]))
                self._stored.setdefault((caller_id, head["prospect_internal_id"]), []).append(one)

    def found(
        self, call: Call, head: Row, items: Sequence[Row], before: Iterable[tuple[Caller, Row, Sequence[Row]]]
    ) -> Duplicate | None:
        """What a new lead is the same as; None when it is like no other.

        `before` are those that earlier calls of the batch create about the same business partner: caller, head, items.
        """
        new = self._draft(head, items)
        candidates = self._stored.get((call.caller.id, head["prospect_internal_id"]), [])
        candidates = candidates + [
            self._draft(other, rows)
            for creator, other, rows in before
            if sees_lead(call.caller, created_by=creator.id, given_to=other["sales_partner_party_id"])
        ]
        matches = []
        for place, old in enumerate(candidates):
            if old.head["test_data"] == head["test_data"]:
                judged = match(new.traits, old.traits, name_score=_name_score(new.name, old.name))
                matches += [Match(place, *judged)] if judged else []
        surest = best(matches, threshold=self._threshold)
        if surest is None:
            return None
        existing = candidates[surest.place]
        asked = call.message.duplicate_check_code
        code = self._policy.code(call.caller.id, asked.value if asked else None)
        if not existing.visible and code is not DuplicateCheck.CREATE:
            code = DuplicateCheck.REJECT  # what a caller may not see cannot be its answer
        return Duplicate(existing, surest.rule.value, surest.score, code)

    def _draft(self, head: Row, items: Sequence[Row]) -> Candidate:
        known = self._drafted.get(head["uuid"])
        if known is None:
            known = self._drafted[head["uuid"]] = _candidate(head, (row["product_id"] for row in items))
        return known


def _name_score(new: str, old: str) -> int:
    """How alike the names of two leads are; a number in one that the other does not have is no slip of the pen."""
    numbers, others = ({word for word in name.split() if not word.isalpha()} for name in (new, old))
    return matching.name_score(new, old) if numbers == others else 0
