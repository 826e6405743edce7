"""The bank's rules at both doors, CrmService and the bank CRM API: every row of the table for NTB and ETB.

Source: the bank's four use cases and the table "The bank's rules" of the design.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from leadbridge.crm.combo import NtbClosedOpportunity
from leadbridge.operations.call import Policy
from leadbridge.store.database import Database
from tests.support.bank import CHANNELS, Channel, Json, Outcome, Soap
from tests.support.calls import BANK, Calls, at_once, column, gateway, row_counts
from tests.support.crm_messages_by_hand import read_crm_record
from tests.support.databases import empty

MINE, OTHER, CUSTOMER = "RM-1", "RM-2", "C-1"
AT_ONCE = NtbClosedOpportunity.OPPORTUNITY

both_doors = pytest.mark.parametrize("door", CHANNELS)


# --------------------------------------------------------------------------------------------------------- the table


def _opportunity(channel: Channel, owner: str = MINE) -> str:
    return channel.create(CUSTOMER, "ETB", owner).record_id


def _lead(channel: Channel, owner: str = MINE) -> str:
    return channel.create(CUSTOMER, "NTB", owner).record_id


def _lost_opportunity(channel: Channel) -> None:
    assert channel.lose_opportunity(_opportunity(channel)).status == "Close Lost"


def _won_opportunity(channel: Channel) -> None:
    assert channel.win("OPPORTUNITY", _opportunity(channel)).status == "Close Won"


def _lost_lead(channel: Channel) -> None:
    assert channel.lose_lead(_lead(channel)).status == "Close Lost"


@dataclass(frozen=True)
class Row:
    """One row of the table: what there is before a customer comes to MINE, and what it then gets.

    `before` gives the IDs of records in the order made; `existing` and `closed` are places in that list.
    """

    before: Callable[[Channel], list[str]]
    kind: str
    existing: int | None = None
    closed: Sequence[int] = ()


def _records(*makers: Callable[[Channel], str | None]) -> Callable[[Channel], list[str]]:
    return lambda channel: [made for one in makers if (made := one(channel)) is not None]


TABLE = {
    "open opportunity of the same RM": Row(_records(_opportunity), "OPPORTUNITY", existing=0),
    "open opportunity of another RM": Row(_records(lambda c: _opportunity(c, OTHER)), "OPPORTUNITY", closed=[0]),
    "an open lead and an open opportunity of the same RM": Row(
        _records(_lead, _opportunity), "OPPORTUNITY", existing=1
    ),
    "an open lead of the same RM and an open opportunity of another": Row(
        _records(_lead, lambda c: _opportunity(c, OTHER)), "OPPORTUNITY", closed=[1]
    ),
}

ETB_TABLE = TABLE | {
    "nothing": Row(_records(), "OPPORTUNITY"),
    "lost opportunity": Row(_records(_lost_opportunity), "OPPORTUNITY"),
    "won opportunity": Row(_records(_won_opportunity), "OPPORTUNITY"),
    "open lead of the same RM": Row(_records(_lead), "OPPORTUNITY"),
    "open lead of another RM": Row(_records(lambda c: _lead(c, OTHER)), "OPPORTUNITY"),
}

NTB_TABLE = TABLE | {
    "nothing": Row(_records(), "LEAD"),
    "open lead of the same RM": Row(_records(_lead), "LEAD", existing=0),
    "open lead of another RM": Row(_records(lambda c: _lead(c, OTHER)), "LEAD", closed=[0]),
    "lost lead": Row(_records(_lost_lead), "LEAD"),
}

NTB_AFTER_A_CLOSED_OPPORTUNITY = {
    "lost opportunity": Row(_records(_lost_opportunity), "LEAD"),
    "won opportunity": Row(_records(_won_opportunity), "LEAD"),
    "lead of the same RM, lost opportunity": Row(_records(_lead, _lost_opportunity), "LEAD", existing=0),
    "lead of another RM, lost opportunity": Row(
        _records(lambda c: _lead(c, OTHER), _lost_opportunity), "LEAD", closed=[0]
    ),
    "lost lead, lost opportunity": Row(_records(_lost_lead, _lost_opportunity), "LEAD"),
}


def state(calls: Calls, record_id: str) -> tuple[str, str]:
    """Status and owner of a record, read over SOAP."""
    (found,) = calls.done(read_crm_record(record_id), caller=BANK).parts("CrmRecord")
    return found.one("StatusName"), found.one("OwnerID")


def follows(calls: Calls, door: str, row: Row, customer_type: str) -> None:
    """Make what the row says there is, let the customer come, and hold the outcome against the row."""
    channel = CHANNELS[door](calls)
    before = row.before(channel)
    states = {one: state(calls, one) for one in before}
    rows = row_counts(calls.database)
    outcome = channel.create(CUSTOMER, customer_type, MINE)
    assert outcome.refusal is None
    assert outcome.kind == row.kind
    closed = [before[place] for place in row.closed]
    assert list(outcome.closed) == closed
    if row.existing is not None:
        assert outcome.created is False
        assert outcome.record_id == before[row.existing]
        assert row_counts(calls.database) == rows
    else:
        assert outcome.created is True
        assert outcome.record_id not in before
        assert outcome.status == ("New Lead" if row.kind == "LEAD" else "New Opportunity")
        assert row_counts(calls.database)["crm_record"] == rows["crm_record"] + 1
    for one, (status, owner) in states.items():
        assert state(calls, one) == ("Close Lost" if one in closed else status, owner)


@both_doors
@pytest.mark.parametrize("row", ETB_TABLE.values(), ids=ETB_TABLE.keys())
def test_a_customer_of_the_bank_gets_what_the_table_says(calls: Calls, door: str, row: Row) -> None:
    follows(calls, door, row, "ETB")


@both_doors
@pytest.mark.parametrize("row", NTB_TABLE.values(), ids=NTB_TABLE.keys())
def test_a_new_customer_gets_what_the_table_says(calls: Calls, door: str, row: Row) -> None:
    follows(calls, door, row, "NTB")


@both_doors
@pytest.mark.parametrize("row", NTB_AFTER_A_CLOSED_OPPORTUNITY.values(), ids=NTB_AFTER_A_CLOSED_OPPORTUNITY.keys())
def test_a_new_customer_whose_opportunities_are_closed_gets_a_lead(calls: Calls, door: str, row: Row) -> None:
    follows(calls, door, row, "NTB")


@pytest.mark.parametrize("row", NTB_TABLE.values(), ids=NTB_TABLE.keys())
def test_without_closed_opportunities_the_sites_choice_changes_nothing(database: Database, row: Row) -> None:
    with gateway(database, Policy(ntb_closed_opportunity=AT_ONCE)) as calls:
        follows(calls, "SOAP", row, "NTB")


@pytest.mark.parametrize("row", NTB_AFTER_A_CLOSED_OPPORTUNITY.values(), ids=NTB_AFTER_A_CLOSED_OPPORTUNITY.keys())
def test_a_new_customer_whose_opportunities_are_closed_gets_an_opportunity_where_the_site_says_so(
    database: Database, row: Row
) -> None:
    with gateway(database, Policy(ntb_closed_opportunity=AT_ONCE)) as calls:
        follows(calls, "JSON", Row(row.before, "OPPORTUNITY"), "NTB")


# --------------------------------------------------------------------------------------------------- one at a time


@pytest.mark.parametrize("customer_type", ["NTB", "ETB"])
def test_50_json_calls_at_once_for_one_customer_leave_one_open_record(
    two_gateways: tuple[Calls, Calls], customer_type: str
) -> None:
    doors = [Json(calls) for calls in two_gateways]
    outcomes = at_once(50, lambda n: doors[n % 2].create(CUSTOMER, customer_type, f"RM-{n % 3}"))
    statuses = list(column(two_gateways[0].database, "crm_record", "status_name"))
    assert [status.startswith("New") for status in map(str, statuses)].count(True) == 1
    closed = [one for outcome in outcomes for one in outcome.closed]
    assert len(closed) == len(set(closed)) == len(statuses) - 1
    assert [outcome.created for outcome in outcomes].count(True) == len(statuses)


# -------------------------------------------------------------------------------------------------- any order at all


@dataclass
class Held:
    """A record as the model has it."""

    record_id: str
    customer: str
    kind: str
    owner: str
    status: str


@dataclass
class Model:
    """The bank's text, sentence by sentence, over records in the order made; the store's numbers are told to it."""

    held: list[Held] = field(default_factory=list)

    def create(self, customer: str, customer_type: str, owner: str, new_id: str) -> Outcome:
        mine = [one for one in self.held if one.customer == customer]
        opportunities = [
            one for one in mine if one.kind == "OPPORTUNITY" and one.status not in ("Close Won", "Close Lost")
        ]
        leads = [one for one in mine if one.kind == "LEAD" and one.status != "Close Lost"]
        to_leads = customer_type == "NTB" and not opportunities
        there, kind = (leads, "LEAD") if to_leads else (opportunities, "OPPORTUNITY")
        same = sorted((one for one in there if one.owner == owner), key=lambda one: one.status == "Close Won")
        if same:
            return Outcome(None, kind, same[0].record_id, same[0].status, created=False)
        for one in there:
            one.status = "Close Lost"
        status = "New Lead" if kind == "LEAD" else "New Opportunity"
        self.held.append(Held(new_id, customer, kind, owner, status))
        return Outcome(None, kind, new_id, status, created=True, closed=tuple(one.record_id for one in there))

    def win(self, record: Held, new_id: str) -> Outcome:
        if record.status.startswith("Close"):
            return Outcome("CRM.RECORD_FINAL")
        record.status = "Close Won"
        if record.kind == "OPPORTUNITY":
            return Outcome(None, "OPPORTUNITY", record.record_id, "Close Won")
        self.held.append(Held(new_id, record.customer, "OPPORTUNITY", record.owner, "Close Won"))
        return Outcome(None, "OPPORTUNITY", new_id, "Close Won", converted=record.record_id)

    def lose(self, record: Held, kind: str) -> Outcome:
        if record.kind != kind:
            return Outcome("CRM.WRONG_RECORD_TYPE")
        if record.status.startswith("Close"):
            return Outcome("CRM.RECORD_FINAL")
        record.status = "Close Lost"
        return Outcome(None, kind, record.record_id, "Close Lost")


DOORS = st.sampled_from(list(CHANNELS))
COLUMNS = ("record_id", "customer_id", "record_type_code", "owner_id", "status_name")


class BankMachine(RuleBasedStateMachine):
    """Calls in any order through both doors; after each the store has what the model has, and nothing else."""

    def __init__(self, calls: Calls) -> None:
        super().__init__()
        empty(calls.database)  # of what the example before left
        self.database = calls.database
        self.doors: dict[str, Channel] = {"SOAP": Soap(calls), "JSON": Json(calls)}
        self.model = Model()

    @rule(
        door=DOORS,
        customer=st.sampled_from(["C-1", "C-2", "C-3"]),
        customer_type=st.sampled_from(["NTB", "ETB"]),
        owner=st.sampled_from([MINE, OTHER, "RM-3"]),
    )
    def creates(self, door: str, customer: str, customer_type: str, owner: str) -> None:
        got = self.doors[door].create(customer, customer_type, owner)
        assert got == self.model.create(customer, customer_type, owner, got.record_id)

    @precondition(lambda self: self.model.held)
    @rule(door=DOORS, place=st.integers(0, 5))
    def wins(self, door: str, place: int) -> None:
        one = self._one(place)
        got = self.doors[door].win(one.kind, one.record_id)
        assert got == self.model.win(one, got.record_id)

    @precondition(lambda self: self.model.held)
    @rule(door=DOORS, place=st.integers(0, 5))
    def loses_an_opportunity(self, door: str, place: int) -> None:
        one = self._one(place)
        assert self.doors[door].lose_opportunity(one.record_id) == self.model.lose(one, "OPPORTUNITY")

    @precondition(lambda self: self.model.held)
    @rule(door=DOORS, place=st.integers(0, 5))
    def loses_a_lead(self, door: str, place: int) -> None:
        one = self._one(place)
        assert self.doors[door].lose_lead(one.record_id) == self.model.lose(one, "LEAD")

    def _one(self, place: int) -> Held:
        return self.model.held[place % len(self.model.held)]

    @invariant()
    def the_store_is_as_the_model_says(self) -> None:
        stored = zip(*(map(str, column(self.database, "crm_record", name)) for name in COLUMNS), strict=True)
        held = [(one.record_id, one.customer, one.kind, one.owner, one.status) for one in self.model.held]
        assert sorted(stored) == sorted(held)


def test_whatever_channels_do_the_store_has_what_the_banks_text_says(database: Database) -> None:
    with gateway(database) as calls:

        class OnThisDatabase(BankMachine):
            def __init__(self) -> None:
                super().__init__(calls)

        run_state_machine_as_test(
            OnThisDatabase,
            settings=settings(
                max_examples=10,
                stateful_step_count=25,
                deadline=None,
                derandomize=True,
                suppress_health_check=[HealthCheck.too_slow],
            ),
        )
