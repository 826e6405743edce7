"""The life cycle of a lead, what is forwarded, item numbers and change states."""

from itertools import product
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadbridge.lead import (
    FINAL,
    ForwardingEvent,
    LifeCycleStatus,
    awaits_partner_decision,
    caller_may_move,
    change_state_id,
    forwarding_event,
    may_move,
    may_start,
    next_item_id,
    status_changes,
)

# The life cycle as the contract writes it: from each status (row) to the statuses 1..7 (columns); x: allowed.
LIFE_CYCLE = {
    "1": ".xx.x.x",
    "2": "x.x.x.x",
    "3": ".x.xx.x",
    "4": ".....xx",
    "5": "x......",
    "6": ".......",
    "7": ".......",
}
PAIRS = [
    (LifeCycleStatus(old), LifeCycleStatus(str(column)), mark == "x")
    for old, row in LIFE_CYCLE.items()
    for column, mark in enumerate(row, start=1)
]


def test_the_table_of_pairs_is_complete() -> None:
    assert [(old, new) for old, new, _ in PAIRS] == list(product(LifeCycleStatus, repeat=2))
    assert len(PAIRS) == 49


@pytest.mark.parametrize(("old", "new", "allowed"), PAIRS)
def test_a_lead_moves_as_the_life_cycle_says(old: LifeCycleStatus, new: LifeCycleStatus, allowed: bool) -> None:
    assert may_move(old, new) is allowed
    assert caller_may_move(old, new) is (allowed and new != "4")


def test_won_and_lost_are_final() -> None:
    assert {"6", "7"} == FINAL


def test_a_lead_starts_as_open_in_process_or_qualified() -> None:
    assert [status.value for status in LifeCycleStatus if may_start(status)] == ["1", "2", "3"]


def test_every_status_has_one_sentence_of_its_own() -> None:
    meanings = [status.meaning for status in LifeCycleStatus]
    assert len(set(meanings)) == 7
    assert all(meaning.endswith(".") and meaning.count(".") == 1 for meaning in meanings)


@pytest.mark.parametrize(("old", "new"), list(product([None, *LifeCycleStatus], LifeCycleStatus)))
def test_the_core_crm_hears_of_qualified_leads_and_of_the_end_of_accepted_ones(
    old: LifeCycleStatus | None, new: LifeCycleStatus
) -> None:
    if new == "3" and old != "3":
        expected = ForwardingEvent.CREATE
    elif old == "4" and new in ("6", "7"):
        expected = ForwardingEvent.WON if new == "6" else ForwardingEvent.LOST
    else:
        expected = None
    assert forwarding_event(old, new) is expected


@pytest.mark.parametrize(
    ("existing", "following"),
    [
        ([], "10"),
        (["10"], "20"),
        (["20", "10"], "30"),
        (["10", "15"], "20"),
        (["0"], "10"),
        (["0000000010"], "20"),
        (["A1", "x"], "10"),
        (["\N{SUPERSCRIPT TWO}", "\N{ARABIC-INDIC DIGIT FIVE}5"], "10"),
        (["9999999980"], "9999999990"),
        (["9999999990"], "10"),
        (["9999999999", "10", "30"], "20"),
    ],
)
def test_a_new_item_takes_the_next_multiple_of_ten(existing: list[str], following: str) -> None:
    assert next_item_id(existing) == following


@given(st.lists(st.from_regex(r"[0-9A-Z]{1,10}", fullmatch=True), max_size=20))
def test_a_new_item_id_is_free_and_fits(existing: list[str]) -> None:
    following = next_item_id(existing)
    assert following not in existing
    assert 1 <= len(following) <= 10


UUID_1 = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"


@given(st.uuids(), st.integers(min_value=0, max_value=2**63))
def test_a_change_state_is_short_opaque_text(uuid: UUID, change_number: int) -> None:
    state = change_state_id(str(uuid), change_number)
    assert 1 <= len(state) <= 40
    assert state.isascii()
    assert state.isalnum()
    assert state == change_state_id(str(uuid).upper(), change_number)


def test_every_change_of_every_object_has_its_own_change_state() -> None:
    states = {change_state_id(uuid, n) for uuid in (UUID_1, UUID_1.replace("3f", "4f")) for n in range(500)}
    assert len(states) == 1000


def test_a_change_state_given_out_stays_valid_after_an_upgrade() -> None:
    assert change_state_id(UUID_1, 1) == "ef2fcc68dbeb665918c65edd31f07290"


def test_a_lead_that_the_core_crm_got_to_know_although_it_was_withdrawn_is_reported_lost() -> None:
    withdrawn = LifeCycleStatus.IN_PROCESS
    assert forwarding_event(withdrawn, LifeCycleStatus.CLOSED_LOST, in_core=True) is ForwardingEvent.LOST
    assert forwarding_event(withdrawn, LifeCycleStatus.CLOSED_LOST) is None
    assert forwarding_event(withdrawn, LifeCycleStatus.QUALIFIED, in_core=True) is ForwardingEvent.CREATE
    assert forwarding_event(withdrawn, LifeCycleStatus.OPEN, in_core=True) is None


# ------------------------------------------------------------------------------------------------- what is told of it


@pytest.mark.parametrize("old", [None, *LifeCycleStatus])
@pytest.mark.parametrize("new", list(LifeCycleStatus))
def test_reaching_four_to_seven_is_told_and_staying_there_is_not(
    old: LifeCycleStatus | None, new: LifeCycleStatus
) -> None:
    told = {"4": ["ACCEPTED"], "5": ["DECLINED"], "6": ["WON"], "7": ["LOST"]}
    changes = status_changes(old, new, old_party_id="A", new_party_id="A")
    assert changes == ([] if old is new else told.get(new, []))


@pytest.mark.parametrize(
    ("old_party", "new_party", "told"),
    [(None, "A", True), ("A", None, True), ("A", "B", True), (None, None, False), ("A", "A", False)],
)
def test_another_partner_is_told_behind_what_became_of_the_status(
    old_party: str | None, new_party: str | None, told: bool
) -> None:
    reassigned = ["REASSIGNED"] if told else []
    one, seven = LifeCycleStatus.OPEN, LifeCycleStatus.CLOSED_LOST
    assert status_changes(one, one, old_party_id=old_party, new_party_id=new_party) == reassigned
    assert status_changes(one, seven, old_party_id=old_party, new_party_id=new_party) == ["LOST", *reassigned]


@pytest.mark.parametrize("status", list(LifeCycleStatus))
def test_a_partner_decides_as_long_as_nobody_has_brought_the_lead_any_further(status: LifeCycleStatus) -> None:
    assert awaits_partner_decision(status, party_id="A", decision=None) is (status in ("1", "2"))
    assert not awaits_partner_decision(status, party_id=None, decision=None)
    assert not awaits_partner_decision(status, party_id="A", decision="ACCEPT")
