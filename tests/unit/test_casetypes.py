"""Case types: what holds a stage, where a record is when its case type changed, and no sequence of moves cheats."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadbridge.crm.casetypes import (
    CaseType,
    CaseTypes,
    Kept,
    Move,
    Moved,
    MoveRefusal,
    MoveRefusalCode,
    Stage,
    Standing,
    Step,
    StepState,
    Wanted,
    decide_move,
    place,
)
from leadbridge.crm.combo import Record, RecordType, StatusName
from leadbridge.crm.mistakes import mistakes

MUST, MAY, SKIP = Step("must", True, False), Step("may"), Step("skip", True, True)
STAGES = (
    Stage("Begin", 10, (MUST, MAY)),
    Stage("Middle", 50, (SKIP,)),
    Stage("Late", 90),
    Stage("Closed", 100),
)
OPPORTUNITY = CaseType("sale", RecordType.OPPORTUNITY, ("B2B", "B2C"), STAGES, reopens=True)
LEAD = CaseType("lead", RecordType.LEAD, ("B2B", "B2C"), STAGES, reopens=True)
NEW, WON, LOST = StatusName.NEW_OPPORTUNITY, StatusName.CLOSE_WON, StatusName.CLOSE_LOST


def decided(
    wanted: Wanted,
    kept: Kept | None = None,
    *,
    case_type: CaseType = OPPORTUNITY,
    status: StatusName = NEW,
    others: tuple[Record, ...] = (),
    converted_to: str | None = None,
) -> Moved | list[MoveRefusal]:
    record = Record("1", case_type.record_type, status, "RM-1", converted_to)
    standing = place(case_type, kept or Kept(), status, converted=converted_to is not None)
    return decide_move(wanted, record, standing, others)


def codes(outcome: Moved | list[MoveRefusal]) -> list[MoveRefusalCode]:
    assert isinstance(outcome, list)
    return [one.code for one in outcome]


def moved(outcome: Moved | list[MoveRefusal]) -> Moved:
    assert isinstance(outcome, Moved), outcome
    return outcome


BEGUN = Kept("Begin", 0, {("Begin", "must"): StepState.DONE})


def test_a_required_step_holds_its_stage_and_the_refusal_says_which_and_what_to_do() -> None:
    outcome = decided(Wanted(Move.ADVANCE))
    assert isinstance(outcome, list)
    assert [one.text for one in outcome] == ['Stage "Begin" is held by its required step "must": do it (STEP_DONE).']
    assert moved(decided(Wanted(Move.ADVANCE), BEGUN)).position == 1
    held = decided(Wanted(Move.ADVANCE, "Late"))
    assert isinstance(held, list)
    assert ["must" in held[0].text, "skip it for a reason" in held[1].text] == [True, True]


def test_advancing_may_name_a_later_stage_in_any_case_and_none_that_is_not_later() -> None:
    done = replace(BEGUN, steps={**BEGUN.steps, ("Middle", "skip"): StepState.SKIPPED})
    assert moved(decided(Wanted(Move.ADVANCE, " late "), done)).position == 2
    assert codes(decided(Wanted(Move.ADVANCE, "Begin"), done)) == [MoveRefusalCode.MOVE_NOT_ALLOWED]
    assert codes(decided(Wanted(Move.ADVANCE, "Nowhere"), done)) == [MoveRefusalCode.STAGE_UNKNOWN]


def test_steps_are_settled_once_and_only_those_of_the_stage() -> None:
    outcome = moved(decided(Wanted(Move.STEP_DONE, step_name="MUST")))
    assert outcome.steps == {("Begin", "must"): StepState.DONE}
    assert codes(decided(Wanted(Move.STEP_DONE, step_name="must"), BEGUN)) == [MoveRefusalCode.STEP_SETTLED]
    skipped = Kept("Middle", 1, {("Middle", "skip"): StepState.SKIPPED})
    assert moved(decided(Wanted(Move.STEP_DONE, step_name="skip"), skipped)).steps == {
        ("Middle", "skip"): StepState.DONE
    }
    again = Wanted(Move.STEP_SKIPPED, step_name="skip", has_reason=True)
    assert codes(decided(again, skipped)) == [MoveRefusalCode.STEP_SETTLED]
    assert codes(decided(Wanted(Move.STEP_DONE, step_name="skip"))) == [MoveRefusalCode.STEP_UNKNOWN]
    assert codes(decided(Wanted(Move.STEP_DONE, "Late", "must"))) == [MoveRefusalCode.MOVE_NOT_ALLOWED]


def test_a_step_is_skipped_for_a_reason_and_where_it_may_be() -> None:
    assert codes(decided(Wanted(Move.STEP_SKIPPED, step_name="may"))) == [MoveRefusalCode.REASON_MISSING]
    may = decided(Wanted(Move.STEP_SKIPPED, step_name="may", has_reason=True))
    assert moved(may).steps == {("Begin", "may"): StepState.SKIPPED}
    must = decided(Wanted(Move.STEP_SKIPPED, step_name="must", has_reason=True))
    assert codes(must) == [MoveRefusalCode.STEP_NOT_SKIPPABLE]


@pytest.mark.parametrize("move", [Move.GO_BACK, Move.CLOSE_LOST])
def test_bad_news_needs_a_reason(move: Move) -> None:
    assert codes(decided(Wanted(move))) == [MoveRefusalCode.REASON_MISSING]


def test_going_back_opens_the_steps_of_that_stage_and_of_later_ones() -> None:
    steps = {("Begin", "must"): StepState.DONE, ("Middle", "skip"): StepState.SKIPPED}
    kept = Kept("Late", 2, steps)
    back = moved(decided(Wanted(Move.GO_BACK, has_reason=True), kept))
    assert (back.position, dict(back.steps)) == (1, {("Begin", "must"): StepState.DONE})
    assert dict(moved(decided(Wanted(Move.GO_BACK, "Begin", has_reason=True), kept)).steps) == {}
    assert moved(decided(Wanted(Move.GO_BACK, "Late", has_reason=True), kept)).position == 2
    assert codes(decided(Wanted(Move.GO_BACK, "Closed", has_reason=True), kept)) == [MoveRefusalCode.MOVE_NOT_ALLOWED]
    assert codes(decided(Wanted(Move.GO_BACK, has_reason=True))) == [MoveRefusalCode.MOVE_NOT_ALLOWED]


def test_an_opportunity_comes_to_its_last_stage_by_being_closed_alone() -> None:
    kept = Kept("Late", 2)
    assert codes(decided(Wanted(Move.ADVANCE), kept)) == [MoveRefusalCode.MOVE_NOT_ALLOWED]
    assert moved(decided(Wanted(Move.CLOSE_WON), kept)).status is WON
    assert codes(decided(Wanted(Move.CLOSE_WON))) == [MoveRefusalCode.STAGE_HELD]
    assert moved(decided(Wanted(Move.CLOSE_LOST, has_reason=True))).status is LOST
    assert codes(decided(Wanted(Move.CLOSE_WON, "Closed"))) == [MoveRefusalCode.MOVE_NOT_ALLOWED]


@pytest.mark.parametrize(
    ("case_type", "status", "stage", "probability"),
    [
        (OPPORTUNITY, NEW, "Middle", 50),
        (OPPORTUNITY, WON, "Closed", 100),
        (OPPORTUNITY, LOST, "Closed", 0),
        (LEAD, StatusName.NEW_LEAD, "Middle", 50),
        (LEAD, WON, "Closed", 100),
        (LEAD, LOST, "Middle", 0),
    ],
)
def test_where_a_record_is_follows_its_status(
    case_type: CaseType, status: StatusName, stage: str, probability: int
) -> None:
    standing = place(case_type, Kept("Middle", 1), status)
    assert (standing.stage.name, standing.probability) == (stage, probability)


def test_a_lead_that_comes_to_its_last_stage_is_converted_unless_the_customer_has_an_open_opportunity() -> None:
    kept = Kept("Late", 2)
    conversion = moved(decided(Wanted(Move.ADVANCE), kept, case_type=LEAD, status=StatusName.NEW_LEAD)).conversion
    assert conversion is not None
    assert (conversion.lead_status, conversion.opportunity_status) == (WON, NEW)
    won = moved(decided(Wanted(Move.CLOSE_WON), kept, case_type=LEAD, status=StatusName.NEW_LEAD)).conversion
    assert won is not None
    assert won.opportunity_status is WON
    open_one = Record("7", RecordType.OPPORTUNITY, NEW, "RM-2")
    refused = decided(Wanted(Move.ADVANCE), kept, case_type=LEAD, status=StatusName.NEW_LEAD, others=(open_one,))
    assert codes(refused) == [MoveRefusalCode.OTHER_RECORD_OPEN]
    closed = replace(open_one, status=LOST)
    outcome = decided(Wanted(Move.ADVANCE), kept, case_type=LEAD, status=StatusName.NEW_LEAD, others=(closed,))
    assert moved(outcome).conversion == conversion


def test_a_converted_lead_refuses_every_move_and_names_its_opportunity_as_the_way_out() -> None:
    for move in (Move.ADVANCE, Move.CLOSE_WON):
        outcome = decided(Wanted(move), Kept("Late", 2), case_type=LEAD, status=WON)
        assert isinstance(outcome, list)
        assert [one.text for one in outcome] == ["The lead was converted: go on with its opportunity."]


@pytest.mark.parametrize("status", [WON, LOST, StatusName.NEW_LEAD])
@pytest.mark.parametrize("move", Move)
def test_whatever_became_of_its_status_a_converted_lead_is_in_its_last_stage_and_moves_no_more(
    move: Move, status: StatusName
) -> None:
    wanted = Wanted(move, step_name="must" if move.startswith("STEP") else None, has_reason=True)
    outcome = decided(wanted, BEGUN, case_type=LEAD, status=status, converted_to="2")
    assert isinstance(outcome, list)
    assert [one.text for one in outcome] == ["The lead was converted: go on with its opportunity."]
    assert place(LEAD, BEGUN, status, converted=True).stage.name == "Closed"


def test_closed_records_are_reopened_where_they_were_and_where_their_case_type_lets_them() -> None:
    reopen = Wanted(Move.REOPEN, has_reason=True)
    kept = Kept("Middle", 1, BEGUN.steps)
    outcome = moved(decided(reopen, kept, status=LOST))
    assert (outcome.position, outcome.steps, outcome.status) == (1, BEGUN.steps, NEW)
    assert codes(decided(reopen, kept)) == [MoveRefusalCode.MOVE_NOT_ALLOWED]
    assert codes(decided(Wanted(Move.ADVANCE), kept, status=LOST)) == [MoveRefusalCode.RECORD_FINAL]
    never = replace(OPPORTUNITY, reopens=False)
    assert codes(decided(reopen, kept, status=LOST, case_type=never)) == [MoveRefusalCode.MOVE_NOT_ALLOWED]
    assert moved(decided(reopen, kept, status=LOST, case_type=LEAD)).status is StatusName.NEW_LEAD
    assert codes(decided(reopen, kept, status=WON, case_type=LEAD)) == [MoveRefusalCode.MOVE_NOT_ALLOWED]
    other = Record("7", RecordType.OPPORTUNITY, NEW, "RM-2")
    assert codes(decided(reopen, kept, status=LOST, others=(other,))) == [MoveRefusalCode.OTHER_RECORD_OPEN]


# -------------------------------------------------------------------------------------------- when a case type changed


def test_a_record_stays_in_the_stage_of_its_name_wherever_that_is_now() -> None:
    longer = replace(OPPORTUNITY, stages=(Stage("First", 1), *STAGES))
    assert place(longer, Kept("Middle", 1), NEW).stage.name == "Middle"


def test_a_stage_with_a_new_name_keeps_its_records_and_their_steps() -> None:
    renamed = replace(OPPORTUNITY, stages=(replace(STAGES[0], name="Start"), *STAGES[1:]))
    standing = place(renamed, BEGUN, NEW)
    assert (standing.stage.name, standing.holding(standing.stage)) == ("Start", [])


def test_a_record_of_a_stage_that_is_gone_is_in_the_one_that_came_next() -> None:
    shorter = replace(OPPORTUNITY, stages=(STAGES[0], *STAGES[2:]))
    assert place(shorter, Kept("Middle", 1, {("Middle", "skip"): StepState.DONE}), NEW).stage.name == "Late"


def test_the_last_stage_before_the_closing_one_takes_what_is_beyond() -> None:
    least = replace(OPPORTUNITY, stages=(STAGES[0], STAGES[3]))
    standing = place(least, Kept("Late", 2), NEW)
    assert (standing.stage.name, standing.holding(standing.stage)) == ("Begin", [MUST])
    assert place(least, Kept("Closed", 3), NEW).stage.name == "Begin"


def test_new_steps_are_open_and_those_that_are_gone_hold_nothing() -> None:
    other = replace(OPPORTUNITY, stages=(replace(STAGES[0], steps=(Step("new", True, False),)), *STAGES[1:]))
    standing = place(other, BEGUN, NEW)
    assert [one.name for one in standing.holding(standing.stage)] == ["new"]


# ---------------------------------------------------------------------------------------------------- any sequence

NAMES = st.sampled_from(["a", "b", "c", "d"])
STEPS = st.lists(
    st.builds(
        lambda name, kind: Step(name, *kind), NAMES, st.sampled_from([(True, False), (True, True), (False, True)])
    ),
    max_size=2,
    unique_by=lambda step: step.name,
)
CASE_TYPES = st.builds(
    lambda names, steps, reopens: CaseType(
        "any",
        RecordType.OPPORTUNITY,
        ("B2B", "B2C"),
        (*(Stage(name, 50, tuple(each)) for name, each in zip(names, steps, strict=False)), Stage("end", 100)),
        reopens,
    ),
    st.lists(st.sampled_from(["S", "T", "U", "V"]), min_size=1, max_size=4, unique=True),
    st.lists(STEPS, min_size=4, max_size=4),
    st.booleans(),
)
WANTED = st.builds(
    Wanted,
    st.sampled_from(Move),
    st.none() | st.sampled_from(["S", "T", "U", "V", "end"]),
    st.none() | NAMES,
    st.just(True),
)


@given(first=CASE_TYPES, second=CASE_TYPES, wishes=st.lists(WANTED, max_size=30), change_at=st.integers(0, 30))
def test_no_sequence_of_moves_passes_a_required_step_nor_is_stranded_by_a_change(
    first: CaseType, second: CaseType, wishes: list[Wanted], change_at: int
) -> None:
    kept, status = Kept(), NEW
    for number, wanted in enumerate(wishes):
        case_type = first if number < change_at else second
        before = place(case_type, kept, status)
        outcome = decide_move(wanted, Record("1", RecordType.OPPORTUNITY, status, "RM"), before)
        if isinstance(outcome, list):
            assert outcome
            assert all(one.text.endswith(".") for one in outcome)
            continue
        status = outcome.status or status
        kept = Kept(case_type.stages[outcome.position].name, outcome.position, outcome.steps)
        after = place(case_type, kept, status)
        assert after.position == outcome.position < case_type.closing
        assert (after.stage is case_type.stages[-1]) == (status in (WON, LOST))
        passed = case_type.stages[before.position : after.position + (status is WON)]
        assert not any(after.holding(stage) for stage in passed)
    standing = place(second, kept, NEW)
    while standing.position < second.closing - 1 or standing.holding(standing.stage):  # it can always go on to the end
        for step in standing.holding(standing.stage):
            done = moved(decided(Wanted(Move.STEP_DONE, step_name=step.name), _kept(standing), case_type=second))
            standing = replace(standing, steps=done.steps)
        if standing.position < second.closing - 1:
            on = moved(decided(Wanted(Move.ADVANCE), _kept(standing), case_type=second))
            standing = replace(standing, position=on.position)
    assert moved(decided(Wanted(Move.CLOSE_WON), _kept(standing), case_type=second)).status is WON


def _kept(standing: Standing) -> Kept:
    return Kept(standing.case_type.stages[standing.position].name, standing.position, standing.steps)


# -------------------------------------------------------------------------------------------------------- mistakes

SOUND = CaseTypes((LEAD, OPPORTUNITY))


def stages(*some: Stage) -> CaseTypes:
    return CaseTypes((LEAD, replace(OPPORTUNITY, stages=some)))


@pytest.mark.parametrize(
    ("case_types", "found"),
    [
        (SOUND, []),
        (stages(Stage("a", 0), Stage("b", 100)), []),
        (
            CaseTypes((OPPORTUNITY, replace(LEAD, selling_modes=("B2B",)))),
            ["case_types: none is for record_type LEAD and"],
        ),
        (
            CaseTypes((*SOUND.case_types, replace(LEAD, name="more"))),
            ["case_types[3].selling_modes: case_types[1] is"] * 2,
        ),
        (CaseTypes((LEAD, replace(OPPORTUNITY, name="LEAD"))), [f"case_types[{n}].name: stands there" for n in (1, 2)]),
        (stages(Stage("a", 100)), ["case_types[2].stages: there must be at least two"]),
        (stages(*(Stage(f"s{n}", 1) for n in range(50)), STAGES[-1]), ["case_types[2].stages: there may be 50"]),
        (stages(Stage("a", 101), STAGES[-1]), ["case_types[2].stages[1].probability: must lie between 0 and 100"]),
        (stages(Stage("a", -1), STAGES[-1]), ["case_types[2].stages[1].probability: must lie between 0 and 100"]),
        (stages(Stage("a", 1), Stage("b", 99)), ["case_types[2].stages[2].probability: must be 100 in the last stage"]),
        (stages(Stage("a", 1), Stage("b", 100, (MAY,))), ["case_types[2].stages[2].steps: the last stage is"]),
        (stages(Stage("a", 1, (MAY, MAY)), STAGES[-1]), [f"case_types[2].stages[1].steps[{n}].name" for n in (1, 2)]),
        (stages(Stage("a", 1, (Step("x", False, False),)), STAGES[-1]), ["case_types[2].stages[1].steps[1].skippable"]),
        (stages(Stage("a", 1), Stage("A", 1), STAGES[-1]), [f"case_types[2].stages[{n}].name: stands" for n in (1, 2)]),
        (stages(Stage("a" * 60, 1), STAGES[-1]), []),
        *(
            (stages(Stage(name, 1), STAGES[-1]), ["case_types[2].stages[1].name: must be 1 to 60 characters"])
            for name in ("", " a", "a  b", "a\tb", "a" * 61)
        ),
    ],
)
def test_case_types_that_cannot_be_used_are_refused_with_place_and_reason(
    case_types: CaseTypes, found: list[str]
) -> None:
    told = mistakes(case_types)
    assert len(told) == len(found)
    assert all(one.startswith(start) for one, start in zip(told, found, strict=True)), told
