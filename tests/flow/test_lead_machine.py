"""Whatever callers, the core CRM and time do with leads, in any order: afterwards all is as the model says.

Real messages go through the use cases, `tests/support/lead_model.py` does the same in memory, and after every step
both are compared: what each caller sees of each lead and finds by which key, what its feed tells, what was written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import timedelta
from hashlib import sha256
from typing import TypeVar

from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from leadbridge.caller import Caller
from leadbridge.forwarding import Delivered, Outcome, Refused
from leadbridge.operations import partner_loop
from leadbridge.operations.call import Policy
from leadbridge.store import tables
from leadbridge.store.database import Database
from tests.support.bundle_by_hand import maintain, record
from tests.support.calls import DESK, SECONDS, Answered, Calls, gateway, read, row_counts
from tests.support.databases import empty
from tests.support.feed import acknowledge, known, partner, read_changes, told
from tests.support.forwarding import POLICY, START, a_relay, messages_of
from tests.support.lead_model import CHANGE, CREATE, DECISION_TIME, DELETE, SAVE, Model, ModelChange, Reasons, Sent
from tests.support.lead_wishes import CHANGES, CREATES, KEYS, PLACES, RECORDS, SELDOM, Wish
from tests.support.messages_by_hand import (
    Xml,
    change_lead,
    create_lead,
    find_lead,
    known_prospect,
    lead_fields,
    merge_business_partner,
    new_prospect,
    new_uuid,
    person,
    read_business_partner,
    read_lead,
)

ACME, BOREALIS = partner("acme"), partner("borealis")
EVERYBODY = [DESK, ACME, BOREALIS]
SHOWN = (
    *("Name", "LifeCycleStatusCode", "SalesPartnerParty/PartyID", "PartnerDecisionCode", "PartnerDecisionDueDateTime"),
    *("ProspectParty/BusinessPartnerInternalID", "ExternalKey/RemoteObjectID", "ObjectNodeSenderTechnicalID"),
    "ForwardingStatusCode",
)

Shown = dict[str, str | None]
Thing = TypeVar("Thing")

CALLERS = st.sampled_from(EVERYBODY)


@dataclass
class Bundle:
    """A bundle that was sent, and the leads of the records that were done."""

    caller: Caller
    request: bytes
    records: Sequence[Sent]
    all_or_none: bool
    done: dict[int, str] = field(default_factory=dict)  # the lead's ID by the record's place


class Door:
    """A core CRM that takes every lead, or declines every one."""

    def __init__(self, declines: bool) -> None:
        self._declines = declines

    def call(self, operation: str, _payload: bytes) -> Outcome:
        if self._declines and operation == "ComboCreateLeadOpportunity":
            return Refused("CRM.DECLINED.007", "no", declined=True)
        return Delivered("LEAD", "0000000042", "New Lead", replayed=False)


class LeadMachine(RuleBasedStateMachine):
    """See the module."""

    def __init__(self, calls: Calls) -> None:
        super().__init__()
        self.calls = calls
        empty(calls.database)  # of what the example before left
        known(calls.database, ACME, BOREALIS)
        self.model = Model(EVERYBODY)
        self.now = START
        self.ids: dict[int, str] = {}  # of each lead that there ever was
        self.partner_ids: dict[int, str] = {}
        self.states: dict[tuple[int, int], str] = {}  # the ChangeStateID of a lead's version, as far as it was read
        self.answered: list[tuple[Caller, bytes, Answered]] = []
        self.sent_bundles: list[Bundle] = []
        self.given_out = {caller.id: 0 for caller in EVERYBODY}  # positions of its feed
        self.compared = {caller.id: 0 for caller in EVERYBODY}  # changes of its feed, in their order
        self.acknowledged = {caller.id: 0 for caller in EVERYBODY}
        self.words = 0
        self.rows = row_counts(calls.database)
        self.written: dict[str, int] | None = None  # rows that the last step wrote; None: whatever the model has

    def teardown(self) -> None:
        for caller in EVERYBODY:
            self._reads_feed(caller, 1000)

    # -------------------------------------------------------------------------------------------------- single calls

    @initialize(more=st.lists(st.tuples(CALLERS, CREATES), max_size=2))
    def begins_with_some_leads(self, more: list[tuple[Caller, Wish]]) -> None:
        for party in ("ACME", "BOREALIS"):
            self._sends(DESK, Sent(CREATE, name=party, new_prospect=True, party=party))
        for caller, wish in more:
            self._sends(caller, self._sent(caller, wish))
        self.written = None

    @rule(caller=CALLERS, wish=CREATES)
    def creates(self, caller: Caller, wish: Wish) -> None:
        self._sends(caller, self._sent(caller, wish))

    @rule(caller=CALLERS, wish=CHANGES)
    def changes(self, caller: Caller, wish: Wish) -> None:
        assume(self.ids)
        self._sends(caller, self._sent(caller, wish))

    @precondition(lambda self: any(lead.party in ("ACME", "BOREALIS") for lead in self.model.leads.values()))
    @rule(place=PLACES, rightly=st.sampled_from([True, True, False]), decision=st.sampled_from(["ACCEPT", "DECLINE"]))
    def decides(self, place: int, rightly: bool, decision: str) -> None:
        given = [number for number, lead in self.model.leads.items() if lead.party in ("ACME", "BOREALIS")]
        number = given[place % len(given)]
        right = next(one for one in EVERYBODY if one.party_id == self.model.leads[number].party)
        wrong = EVERYBODY[EVERYBODY.index(right) - 1]
        self._sends(right if rightly else wrong, Sent(CHANGE, lead=number, decision=decision))

    @precondition(lambda self: self.model.leads)
    @rule(caller=CALLERS, place=PLACES, link=st.booleans())
    def creates_what_there_is(self, caller: Caller, place: int, link: bool) -> None:
        like = self.model.leads[self._at(list(self.model.leads), place)]
        sent = Sent(CREATE, name=like.name, prospect=like.prospect)
        existing = self.model.duplicates(caller, like.prospect, like.name)
        if not (link and existing and self.model.knows(caller, like.prospect)):
            self._sends(caller, sent)
            return
        answer = self.calls.done(create_lead(self._fields(sent), duplicates="LINK"), caller=caller)
        assert answer.one("Lead/ID") in {self.ids[number] for number in existing}
        self.written = {}

    @precondition(lambda self: self.answered)
    @rule(place=PLACES)
    def sends_again(self, place: int) -> None:
        caller, request, first = self._at(self.answered, place)
        again = self.calls.send(request, caller=caller, now=self.now)
        assert again.replayed
        assert again.apart_from_replayed == first.apart_from_replayed
        self.written = {}

    def _sends(self, caller: Caller, sent: Sent) -> None:
        uuid, fields = new_uuid(), self._fields(sent)
        if sent.action == CREATE:
            request = create_lead(fields, uuid=uuid)
        else:
            request = change_lead(
                self.ids[sent.lead] if sent.lead is not None else None,
                fields,
                uuid=uuid,
                key=("SYSTEM", sent.named) if sent.named else None,
                state=self._state(sent),
                decision=sent.decision,
            )
        answer = self.calls.send(request, caller=caller, now=self.now)
        reasons = self.model.act(caller, sent, self.now)
        agree(answer.parts("Log/Item"), reasons)
        assert answer.result == ("5" if reasons else "3")
        self.answered.append((caller, request, answer))
        if reasons:
            self.written = {"received": 1}  # a refusal is remembered, too
            return
        (confirmed,) = answer.parts("Lead")
        self._learns(confirmed, self.model.touched, self.model.leads[self.model.touched].prospect)

    # ------------------------------------------------------------------------------------------------------ bundles

    @rule(caller=CALLERS, wishes=RECORDS, all_or_none=SELDOM)
    def sends_a_bundle(self, caller: Caller, wishes: list[Wish], all_or_none: bool) -> None:
        assume(self.ids or all(wish.action in (CREATE, SAVE) for wish in wishes))
        records = [replace(self._sent(caller, wish), technical_id=f"R-{place}") for place, wish in enumerate(wishes)]
        request = maintain(*(self._record(one) for one in records), uuid=new_uuid(), all_or_none=all_or_none)
        self.sent_bundles.append(Bundle(caller, request, records, all_or_none))
        self._does(self.sent_bundles[-1])

    @precondition(lambda self: self.sent_bundles)
    @rule(place=PLACES)
    def sends_a_bundle_again(self, place: int) -> None:
        self._does(self._at(self.sent_bundles, place))

    def _does(self, bundle: Bundle) -> None:
        before = deepcopy(self.model)
        answer = self.calls.send(bundle.request, caller=bundle.caller, now=self.now)
        reasons: list[Reasons] = []
        after: list[tuple[int, int | None]] = []  # number and prospect of the lead, right after each record
        for place, sent in enumerate(bundle.records):
            replayed = place in bundle.done
            reasons.append(set() if replayed else self.model.act(bundle.caller, sent, self.now))
            lead = self.model.leads.get(self.model.touched)
            after.append((self.model.touched, lead.prospect if lead else None))
        if bundle.all_or_none and any(reasons):
            self.model = before
            reasons = [one or {"BUNDLE.OTHER_RECORD_REFUSED"} for one in reasons]
        log = answer.parts("Log/Item")
        for place, (part, refused) in enumerate(zip(answer.parts("Lead"), reasons, strict=True)):
            agree([item for item in log if item.all("ReferenceObjectNodeSenderTechnicalID") == [f"R-{place}"]], refused)
            assert part.one("BusinessDocumentProcessingResultCode") == ("5" if refused else "3")
            assert part.replayed == (place in bundle.done)
            if place in bundle.done:
                assert part.one("ID") == bundle.done[place]
            elif not refused:
                self._learns(part, *after[place])
                bundle.done[place] = part.one("ID")
        assert answer.result == ("3" if not any(reasons) else "5" if all(reasons) else "4")
        self.written = {} if self.model == before else None

    def _record(self, sent: Sent) -> Xml:
        return record(
            sent.action,
            self._fields(sent),
            lead_id=self.ids[sent.lead] if sent.lead is not None else None,
            named=("SYSTEM", sent.named) if sent.named else None,
            state=self._state(sent),
            decision=sent.decision,
        )

    # ------------------------------------------------------------------- business partners, the core CRM, time, feeds

    @precondition(lambda self: len(self.partner_ids) > 1)
    @rule(
        caller=st.sampled_from([DESK, DESK, ACME, BOREALIS]),
        master=PLACES,
        others=st.lists(PLACES, min_size=1, max_size=2),
    )
    def merges(self, caller: Caller, master: int, others: list[int]) -> None:
        numbers = [self._at(list(self.partner_ids), place) for place in (master, *others)]
        request = merge_business_partner(*(self.partner_ids[number] for number in numbers))
        answer = self.calls.send(request, caller=caller, now=self.now)
        reasons = self.model.merge(caller, numbers[0], numbers[1:])
        agree(answer.parts("Log/Item"), reasons)
        self.written = {} if reasons else None
        for number in numbers:
            read_by_old_name = self.calls.done(read_business_partner(self.partner_ids[number]))
            assert read_by_old_name.one("BusinessPartner/InternalID") == self.partner_ids[self.model.master(number)]

    @precondition(lambda self: any("waiting" in lead.messages for lead in self.model.leads.values()))
    @rule(declines=st.booleans())
    def core_crm_answers(self, declines: bool) -> None:
        """One message after the other, until none waits: their order is the relay's business."""
        relay = a_relay(self.calls.database, Door(declines), lambda: self.now, policy=replace(POLICY, batch=1))
        numbers = {lead_id: number for number, lead_id in self.ids.items()}
        while waiting := self._waiting():
            assert relay.run_once() == 1
            (sent,) = waiting - self._waiting()
            self.model.core_crm_answers(numbers[sent], declines=declines)

    def _waiting(self) -> set[str]:
        return {row["lead_id"] for row in messages_of(self.calls.database) if row["state"] == "waiting"}

    @precondition(lambda self: any(lead.due for lead in self.model.leads.values()))
    @rule(whole=st.booleans())
    def time_passes(self, whole: bool) -> None:
        self.now += DECISION_TIME if whole else DECISION_TIME / 2
        with self.calls.database.write() as tx:
            taken = partner_loop.take_back(tx, now=self.now, limit=100)
        numbers = {lead_id: number for number, lead_id in self.ids.items()}
        back, overdue = [numbers[lead_id] for lead_id in taken], self.model.overdue(self.now)
        assert sorted(back) == sorted(overdue)
        assert [overdue[number] for number in back] == sorted(overdue.values())  # the longest overdue first
        for number in back:
            self.model.comes_back(number)

    @rule(caller=CALLERS, key=st.sampled_from(KEYS))
    def reads_by_key(self, caller: Caller, key: str) -> None:
        answer = self.calls.send(read_lead(keys=[("SYSTEM", key)]), caller=caller)
        assert set(answer.all("Lead/ID")) == {self.ids[number] for number in self.model.by_key(caller, key)}

    @rule(caller=CALLERS, most=st.integers(1, 6))
    def reads_its_feed(self, caller: Caller, most: int) -> None:
        self._reads_feed(caller, most)

    @precondition(lambda self: any(self.given_out.values()))
    @rule(caller=CALLERS, back=st.integers(-1, 3))
    def acknowledges(self, caller: Caller, back: int) -> None:
        """What was given out last, something before it, or what was not given out yet."""
        wanted = max(self.given_out[caller.id] - back, 0)
        before, known_positions = self.acknowledged[caller.id], self.given_out[caller.id]
        answer = self.calls.send(acknowledge(f"{wanted:010d}"), caller=caller, now=self.now)
        agree(answer.parts("Log/Item"), {"LEAD.FEED_POSITION_UNKNOWN"} if wanted > known_positions else set())
        if wanted <= known_positions:
            self.acknowledged[caller.id] = max(before, wanted)
            assert answer.one("AcknowledgedNumberValue") == str(max(wanted - before, 0))

    def _reads_feed(self, caller: Caller, most: int) -> None:
        answer = self.calls.done(read_changes(most=most), caller=caller)
        start, feed = self.acknowledged[caller.id], self.model.feeds[caller.id]
        page = feed[start : start + most]
        self.given_out[caller.id] = max(self.given_out[caller.id], start + len(page))
        assert [(one.position, one.kind, one.lead_id, one.status[-1], one.party) for one in told(answer)] == [
            (f"{position:010d}", one.kind, self.ids[one.lead], one.status, one.party)
            for position, one in enumerate(page, start + 1)
        ]
        more = len(feed) > start + most
        assert answer.one("ProcessingConditions/MoreHitsAvailableIndicator") == str(more).lower()

    # ---------------------------------------------------------------------------------------------------- comparison

    @invariant()
    def every_caller_sees_what_the_model_says(self) -> None:
        if not self.ids:  # there is nothing yet that could be named
            return
        requests = [find_lead({}), read_lead(*self.ids.values())]
        futures = [self.calls.submit(request, caller=caller) for caller in EVERYBODY for request in requests]
        answers = [read(future.result(SECONDS)) for future in futures]
        for caller, found, shown in zip(EVERYBODY, answers[::2], answers[1::2], strict=True):
            expected = {self.ids[number]: self._expected(number) for number in self.model.seen(caller)}
            assert found.all("Lead/ID") == sorted(expected)
            assert {lead.one("ID"): shown_of(lead) for lead in shown.parts("Lead")} == expected
            if caller is DESK:
                self._states_are_as_new_as_their_versions(shown)

    def _expected(self, number: int) -> Shown:
        lead = self.model.leads[number]
        due = lead.due.strftime("%Y-%m-%dT%H:%M:%SZ") if lead.due else None
        return {
            "Name": lead.name,
            "LifeCycleStatusCode": lead.status,
            "SalesPartnerParty/PartyID": lead.party,
            "PartnerDecisionCode": lead.decision,
            "PartnerDecisionDueDateTime": due,
            "ProspectParty/BusinessPartnerInternalID": self.partner_ids[lead.prospect],
            "ExternalKey/RemoteObjectID": lead.key,
            "ObjectNodeSenderTechnicalID": lead.technical_id,
            "ForwardingStatusCode": lead.messages[-1] if lead.messages else None,
        }

    def _states_are_as_new_as_their_versions(self, shown: Answered) -> None:
        numbers = {self.ids[number]: number for number in self.model.leads}
        for lead in shown.parts("Lead"):
            number, state = numbers[lead.one("ID")], lead.one("ChangeStateID")
            version = number, self.model.leads[number].version
            assert self.states.setdefault(version, state) == state
            assert [known for known, one in self.states.items() if one == state] == [version]

    @invariant()
    def every_feed_tells_what_the_model_says(self) -> None:
        change = tables.lead_status_change.c
        statement = select(change.caller_id, change.status_change_type_code, change.lead_id, change.new_status)
        with self.calls.database.read() as tx:
            rows = tx.connection.execute(statement.order_by(change.id)).all()
        for caller in EVERYBODY:
            found = [tuple(row[1:]) for row in rows if row[0] == caller.id]
            feed, before = self.model.feeds[caller.id], self.compared[caller.id]
            # Of one step only the changes of the same lead have an order: the others take the one that they were given.
            new: dict[str, list[ModelChange]] = defaultdict(list)
            for one in feed[before:]:
                new[self.ids[one.lead]].append(one)
            feed[before:] = [new[lead_id].pop(0) for _, lead_id, _ in found[before:] if new[lead_id]]
            assert not any(new.values())
            assert found == [(one.kind, self.ids[one.lead], one.status) for one in feed]
            self.compared[caller.id] = len(feed)

    @invariant()
    def nothing_else_was_written(self) -> None:
        rows, model = row_counts(self.calls.database), self.model
        assert rows["lead"] == len(model.leads)
        assert rows["business_partner"] == len(model.partners)
        assert rows["message"] == sum(len(lead.messages) for lead in model.leads.values())
        if self.written is not None:
            assert rows == {name: count + self.written.get(name, 0) for name, count in self.rows.items()}
        self.rows, self.written = rows, None
        self.now += timedelta(seconds=1)

    # ---------------------------------------------------------------------------------------- from wishes to messages

    @staticmethod
    def _at(things: Sequence[Thing], place: int) -> Thing:
        """The latest thing for place 0, and the ones before it in turn."""
        return things[-1 - place % len(things)]

    def _sent(self, caller: Caller, wish: Wish) -> Sent:
        number = None
        if wish.action in (CHANGE, DELETE) and wish.by_key is None:
            seen = self.model.seen(caller)
            number = self._at(list(self.ids) if wish.anybodys or not seen else seen, wish.place)
        lead = None if number is None else self.model.leads.get(number)
        version = None if lead is None or wish.state is None else lead.version - (wish.state == "stale")
        prospects = list(self.partner_ids)
        prospect = None if wish.prospect is None or not prospects else self._at(prospects, wish.prospect)
        takes = wish.taken and wish.action == CHANGE
        self.words += 1
        return Sent(
            wish.action,
            lead=number,
            named=wish.by_key,
            version=version,
            name=word(self.words) if wish.renamed else None,
            status=wish.status,
            key=wish.key,
            prospect=prospect,
            new_prospect=prospect is None and wish.action in (CREATE, SAVE),
            party=None if takes else wish.party,
            taken_from=(wish.party or (lead and lead.party) or "ACME") if takes else None,
            decision=wish.decision,
        )

    def _fields(self, sent: Sent) -> Xml:
        prospect = None
        if sent.new_prospect:
            self.words += 1
            prospect = new_prospect(person(emails=[f"{word(self.words)}@example.org"]))
        elif sent.prospect is not None:
            prospect = known_prospect(self.partner_ids[sent.prospect])
        return lead_fields(
            technical_id=sent.technical_id,
            key=("SYSTEM", sent.key) if sent.key else None,
            name=sent.name,
            status=sent.status,
            prospect=prospect,
            given_to=sent.party,
            taken_from=sent.taken_from,
        )

    def _state(self, sent: Sent) -> str | None:
        if sent.version is None or sent.lead is None:
            return None
        return self.states.get((sent.lead, sent.version), "0" * 32)

    def _learns(self, confirmed: Answered, number: int, prospect: int | None) -> None:
        """Which identifiers a lead and its prospect got; one that was known is still the same."""
        lead_id = confirmed.one("ID")
        assert self.ids.setdefault(number, lead_id) == lead_id
        assert list(self.ids.values()).count(lead_id) == 1
        for internal_id in confirmed.all("ProspectPartyInternalID"):
            assert prospect is not None
            assert self.partner_ids.setdefault(prospect, internal_id) == internal_id
            assert list(self.partner_ids.values()).count(internal_id) == 1


def agree(log: Sequence[Answered], reasons: Reasons) -> None:
    """A Log has errors where the model has reasons to refuse, and none that the model does not have."""
    errors = {item.one("TypeID") for item in log if item.one("SeverityCode") == "3"}
    assert (errors <= reasons, bool(errors)) == (True, bool(reasons)), (errors, reasons)


def shown_of(lead: Answered) -> Shown:
    """What a lead shows, as far as the model has it."""
    return {path: next(iter(lead.all(path)), None) for path in SHOWN}


def word(number: int) -> str:
    """A word that is like none of another number."""
    return "".join(chr(ord("a") + int(digit, 16)) for digit in sha256(str(number).encode()).hexdigest()[:12])


def test_whatever_happens_to_leads_all_is_as_the_model_says(database: Database) -> None:
    with gateway(database, Policy(partner_decision_time=DECISION_TIME)) as calls:

        class OnThisDatabase(LeadMachine):
            def __init__(self) -> None:
                super().__init__(calls)

        run_state_machine_as_test(
            OnThisDatabase,
            settings=settings(
                max_examples=10,
                stateful_step_count=30,
                deadline=None,
                derandomize=True,
                report_multiple_bugs=False,
                suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
            ),
        )
