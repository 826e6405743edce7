"""What assignment rules do to leads that are created, and what they would say to one that is stored.

Before the transaction it is worked out which candidates the rules may come to for these leads: those with a capacity
are locked, so that gateways which create at once never exceed it, and how much they have to do is asked in the one
round trip of the batch. A site without rules does none of it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

from leadbridge.assignment import (
    AssignmentRule,
    AssignmentRules,
    Considered,
    Day,
    Decision,
    LeadFacts,
    Outcome,
    ProspectFacts,
    asks_for_prospect,
    choose,
    conditions,
    consider,
    decide,
    may_apply,
    region_codes,
)
from leadbridge.caller import CORE_CRM
from leadbridge.messages import BusinessPartner, Lead
from leadbridge.operations.businesspartner import created_row
from leadbridge.operations.call import Call
from leadbridge.operations.logitems import LogBuilder, LogItemType
from leadbridge.store import assignment as stored
from leadbridge.store import leads
from leadbridge.store.database import Transaction
from leadbridge.store.inserts import Row

_COLUMNS = {Outcome.OWNER: "sales_responsible_party_id", Outcome.PARTNER: "sales_partner_party_id"}
_OUTCOMES = {column: outcome for outcome, column in _COLUMNS.items()}
_TO_BE_WORKED_ON = ("1", "2", "3")

# A lead that is about to be written: its call, its head row, which gets what is decided, and its Log, which says so.
NewLead: TypeAlias = tuple[Call, Row, LogBuilder]
# The business partner of this InternalID, if it is one that the batch itself creates.
Drafted: TypeAlias = Callable[[str], BusinessPartner | None]


@dataclass(slots=True)
class _Open:
    """What of one call's lead is to be decided, and what the rules can tell of it before it is drafted."""

    outcomes: tuple[Outcome, ...]
    facts: LeadFacts
    asks_for_prospect: bool


class LeadAssignment:
    """See the module; for one batch of new leads, whose path in their message is `root`."""

    def __init__(self, calls: Sequence[Call], rules: AssignmentRules, root: str) -> None:
        self._rules = rules
        self._root = root
        self._open: dict[int, _Open] = {}
        self._counted: set[tuple[Outcome, str]] = set()
        self._limited: set[tuple[Outcome, str]] = set()
        self._asked: Sequence[Row] = ()
        self._loads: dict[tuple[Outcome, str], int] | None = None
        self._decided: dict[int, list[Decision]] = {}
        for call in calls if rules.rules else ():
            self._look_at(call)

    def _look_at(self, call: Call) -> None:
        lead: Lead = call.message.lead
        named = {Outcome.OWNER: lead.sales_responsible_party, Outcome.PARTNER: lead.sales_partner_party}
        facts = _facts_of_message(lead)
        outcomes = []
        asks = False
        for outcome in Outcome:
            rules = [rule for rule in self._rules.rules if rule.candidates.get(outcome) and may_apply(rule, facts)]
            if named[outcome] is None and rules:
                outcomes.append(outcome)
                asks = asks or any(asks_for_prospect(rule) for rule in rules)
                self._count(outcome, rules)
        if outcomes:
            self._open[id(call)] = _Open(tuple(outcomes), facts, asks)

    def _count(self, outcome: Outcome, rules: Iterable[AssignmentRule]) -> None:
        for rule in rules:
            if rule.counts(outcome):
                for one in rule.candidates[outcome]:
                    self._counted.add((outcome, one.party))
                    if one.capacity is not None:
                        self._limited.add((outcome, one.party))

    def lock_keys(self) -> list[str]:
        """The candidates that must not be given leads by others meanwhile."""
        return [f"assignment/{outcome}/{party}" for outcome, party in self._limited]

    def ask(self, tx: Transaction) -> None:
        """Ask the store how much the candidates have to do; what was decided before is forgotten."""
        self._loads, self._decided = None, {}
        self._asked = stored.loads(tx, **_parties(self._counted))

    def assign(self, tx: Transaction, new: Sequence[NewLead], drafted: Drafted) -> None:
        """Decide, in order, who gets those leads of the batch that are written; each one counts for the next."""
        if not self._open:
            return
        if self._loads is None:
            self._loads = _loads(self._asked)
        prospects = self._prospects(tx, new, drafted)
        for call, head, log in new:
            undecided = self._open.get(id(call))
            if undecided is not None:
                prospect = prospects.get(id(call), ProspectFacts())
                facts = replace(undecided.facts, scored=True, score=head["qualification_score"], prospect=prospect)
                day = self._rules.day(call.received_at)
                for outcome in undecided.outcomes:
                    decision = decide(self._rules, outcome, facts, day, self._loads)
                    _tell(log, outcome, decision, f"{self._root}/lbl:{outcome}")
                    if isinstance(decision, Decision):
                        head[_COLUMNS[outcome]] = decision.party
                        self._decided.setdefault(id(call), []).append(decision)
            for outcome, column in _COLUMNS.items():
                if head[column] is not None and not head["test_data"]:
                    self._loads[outcome, head[column]] = self._loads.get((outcome, head[column]), 0) + 1

    def _prospects(self, tx: Transaction, new: Sequence[NewLead], drafted: Drafted) -> dict[int, ProspectFacts]:
        """What rules ask of the prospects, by call; the store is asked only for those that it knows already."""
        found: dict[int, ProspectFacts] = {}
        missing: dict[int, str] = {}
        for call, head, _ in new:
            if id(call) not in self._open or not self._open[id(call)].asks_for_prospect:
                continue
            internal_id = head["prospect_internal_id"]  # none in a check, of a business partner that a create would add
            brought = call.message.lead.prospect_party.new_business_partner
            partner = drafted(internal_id) if internal_id else brought
            if partner is not None:
                found[id(call)] = _facts_of_partner(partner)
            else:
                missing[id(call)] = internal_id
        known = _stored_prospects(tx, set(missing.values()))
        return found | {call: known[internal_id] for call, internal_id in missing.items()}

    def journal_rows(self, call: Call, operation: str, lead_id: str) -> list[Row]:
        """What was decided about a call's lead, by name of the rule, for the journal."""
        return [
            {
                **created_row(call, operation, lead_id),
                "object_type": "lead",
                "event": "assigned",
                "changed_elements": f"{_COLUMNS[one.outcome]} rule:{one.rule}",
            }
            for one in self._decided.get(id(call), ())
        ]


def _tell(log: LogBuilder, outcome: Outcome, decision: Decision | str | None, path: str) -> None:
    if isinstance(decision, Decision):
        why = "the one candidate with room" if decision.among == 1 else f"the least load of {decision.among} with room"
        note = f"{outcome} is {decision.party} by rule {decision.rule}: {why}."
        log.information(LogItemType.LEAD_ASSIGNED, note, path)
    elif decision is not None:
        note = f"No {outcome}: rule {decision} applies, but none of its candidates has room today."
        log.information(LogItemType.LEAD_NOT_ASSIGNED, note, path)


# ---------------------------------------------------------------------------------------------------- explaining


@dataclass(frozen=True, slots=True)
class RuleExplained:
    """What one rule says to a lead: its conditions and whether they are met, its candidates, whom it chose."""

    rule: AssignmentRule
    conditions: list[tuple[str, bool | None]]
    considered: list[Considered]
    decision: Decision | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """What the rules would decide for a stored lead now, if it named nobody."""

    day: Day
    named: dict[Outcome, str | None]  # as the lead stands
    rules: dict[Outcome, list[RuleExplained]]


def explain(tx: Transaction, lead_id: str, rules: AssignmentRules, now: datetime) -> Explanation | None:
    """What each rule says to this lead, in order; None where there is no such lead. Writes nothing.

    The lead itself does not count for the load of whoever has it.
    """
    heads = leads.resolve(tx, CORE_CRM, ids=[lead_id])
    if not heads:
        return None
    head, day = heads[0], rules.day(now)
    items = leads.parts(tx, [lead_id], items=True)[lead_id].items
    facts = _facts_of_stored(head, items, _stored_prospects(tx, {head["prospect_internal_id"]}))
    counted = {
        (outcome, one.party) for rule in rules.rules for outcome, found in rule.candidates.items() for one in found
    }
    loads = _loads(stored.loads(tx, **_parties(counted)))
    if head["life_cycle_status_code"] in _TO_BE_WORKED_ON and not head["test_data"]:
        for outcome, column in _COLUMNS.items():
            if (outcome, head[column]) in loads:
                loads[outcome, head[column]] -= 1
    explained: dict[Outcome, list[RuleExplained]] = {}
    for outcome in Outcome:
        for rule in rules.rules:
            if rule.candidates.get(outcome):
                met = list(conditions(rule, facts))
                considered = consider(rule, outcome, day, loads)
                chosen = choose(rule, outcome, considered) if all(holds for _, holds in met) else None
                explained.setdefault(outcome, []).append(RuleExplained(rule, met, considered, chosen))
    return Explanation(day, {outcome: head[column] for outcome, column in _COLUMNS.items()}, explained)


# --------------------------------------------------------------------------------------------------------- facts


def _facts_of_message(lead: Lead) -> LeadFacts:
    amount = lead.expected_revenue_amount
    return LeadFacts(
        origin=lead.origin_type_code,
        group=lead.group_code,
        campaign=lead.campaign_id,
        products=frozenset(one.product_id for one in lead.item),
        amount=amount.value if amount else None,
        currency=amount.currency_code if amount else None,
        scored=False,
        prospect=None,
    )


def _facts_of_stored(head: Row, items: Sequence[Row], prospects: dict[str, ProspectFacts]) -> LeadFacts:
    return LeadFacts(
        origin=head["origin_type_code"],
        group=head["group_code"],
        campaign=head["campaign_id"],
        products=frozenset(row["product_id"] for row in items),
        amount=head["expected_revenue_amount"],
        currency=head["expected_revenue_currency_code"],
        score=head["qualification_score"],
        prospect=prospects[head["prospect_internal_id"]],
    )


def _facts_of_partner(partner: BusinessPartner) -> ProspectFacts:
    reach = partner.communication
    return ProspectFacts(
        regions=frozenset(code for one in partner.address for code in region_codes(one.country_code, one.region_code)),
        language=reach.correspondence_language_code if reach else None,
    )


def _stored_prospects(tx: Transaction, internal_ids: set[str]) -> dict[str, ProspectFacts]:
    regions: dict[str, set[str]] = {}
    languages: dict[str, str | None] = {}
    for row in stored.places(tx, internal_ids):
        found = regions.setdefault(row["internal_id"], set())
        if row["country_code"] is not None:
            found.update(region_codes(row["country_code"], row["region_code"]))
        languages[row["internal_id"]] = row["correspondence_language_code"]
    return {
        internal_id: ProspectFacts(frozenset(found), languages[internal_id]) for internal_id, found in regions.items()
    }


def _parties(counted: Iterable[tuple[Outcome, str]]) -> dict[str, list[str]]:
    """Parties as the store is asked for their loads."""
    names = {Outcome.OWNER: "owners", Outcome.PARTNER: "partners"}
    found: dict[str, list[str]] = {name: [] for name in names.values()}
    for outcome, party in counted:
        found[names[outcome]].append(party)
    return found


def _loads(rows: Iterable[Row]) -> dict[tuple[Outcome, str], int]:
    return {(_OUTCOMES[row["kind"]], row["party_id"]): row["load"] for row in rows}
