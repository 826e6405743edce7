"""Case types: the stages and steps that leads and opportunities of the core CRM go through, and how they are moved.

A case type has stages in order, each with steps in order, some of which are required. A record is in one stage. The
last stage is the closing one: a lead that comes there is converted, an opportunity comes there by being closed, and
nothing is done in it. Pure decisions; reading, locking the customer and writing are the caller's.

Source: seeds/004 (Pega's lead and opportunity case types, for the selling models B2B and B2C).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from leadbridge.crm.combo import ConvertLead, Record, RecordType, StatusName, status_when_created

SELLING_MODES = ("B2B", "B2C")


class StepState(StrEnum):
    """StepStateCode."""

    OPEN = "OPEN"  # still to be done
    DONE = "DONE"
    SKIPPED = "SKIPPED"  # left out, for a reason


class Move(StrEnum):
    """StageMoveCode: what can be done with a record on its way."""

    ADVANCE = "ADVANCE"  # to the next stage or a later one; a lead that comes to its last one is converted
    STEP_DONE = "STEP_DONE"  # a step of the stage that the record is in
    STEP_SKIPPED = "STEP_SKIPPED"  # the same, for a reason
    GO_BACK = (
        "GO_BACK"  # to the stage before or an earlier one, for a reason; what was done from there on is to be redone
    )
    CLOSE_WON = "CLOSE_WON"
    CLOSE_LOST = "CLOSE_LOST"  # for a reason
    REOPEN = "REOPEN"  # to where it was closed, for a reason, where the case type allows it


_NAMES_STAGE = frozenset({Move.ADVANCE, Move.GO_BACK, Move.STEP_DONE, Move.STEP_SKIPPED})
_NAMES_STEP = frozenset({Move.STEP_DONE, Move.STEP_SKIPPED})
_NEEDS_REASON = frozenset({Move.STEP_SKIPPED, Move.GO_BACK, Move.CLOSE_LOST, Move.REOPEN})


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do in a stage. A required one holds the stage until it is done, or skipped where it may be."""

    name: str
    required: bool = False
    skippable: bool = True


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage; `probability` is that of a sale, in percent, for a record that is in it."""

    name: str
    probability: int
    steps: tuple[Step, ...] = ()

    def step(self, name: str) -> Step | None:
        """The step of this name, in any case."""
        return next((one for one in self.steps if folded(one.name) == folded(name)), None)


@dataclass(frozen=True, slots=True)
class CaseType:
    """The way of the records of one type and of these selling modes."""

    name: str
    record_type: RecordType
    selling_modes: tuple[str, ...]
    stages: tuple[Stage, ...]
    reopens: bool = False  # whether a closed record may be opened again

    @property
    def closing(self) -> int:
        """The place of the last stage."""
        return len(self.stages) - 1

    def position(self, stage_name: str) -> int | None:
        """The place of the stage of this name, in any case."""
        wanted = folded(stage_name)
        return next((place for place, one in enumerate(self.stages) if folded(one.name) == wanted), None)


@dataclass(frozen=True, slots=True)
class CaseTypes:
    """A site's case types: one for each type of record and selling mode, if `crm.mistakes` has nothing against them."""

    case_types: tuple[CaseType, ...]

    def of(self, record_type: RecordType, selling_mode: str) -> CaseType:
        """The case type of such a record."""
        return next(
            one for one in self.case_types if one.record_type is record_type and selling_mode in one.selling_modes
        )


def folded(name: str) -> str:
    """A name as it is compared with others: in any case, with any spaces between its words."""
    return " ".join(name.split()).casefold()


# ---------------------------------------------------------------------------------------------------------- standing


@dataclass(frozen=True, slots=True)
class Kept:
    """What is stored of a record's way: its stage by name and place, and the states of steps by stage and step.

    A record that nobody has moved yet has nothing stored, which is this without arguments.
    """

    stage_name: str | None = None
    position: int = 0
    steps: Mapping[tuple[str, str], StepState] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a record is. `position` is that of the stage it was in last, while it was open."""

    case_type: CaseType
    position: int
    steps: Mapping[tuple[str, str], StepState]
    status: StatusName
    converted: bool = False

    @property
    def stage(self) -> Stage:
        """The stage that the record is in. Closed opportunities and converted leads are in the last one, whatever door
        closed them; a lost lead stays where it was lost, unless it was converted before.
        """
        is_lead = self.case_type.record_type is RecordType.LEAD
        is_lost = self.status is StatusName.CLOSE_LOST
        at_the_end = self.converted or self.status is StatusName.CLOSE_WON or (is_lost and not is_lead)
        return self.case_type.stages[self.case_type.closing if at_the_end else self.position]

    @property
    def probability(self) -> int:
        """That of a sale, in percent: what the stage says while the record is open."""
        certain = {StatusName.CLOSE_WON: 100, StatusName.CLOSE_LOST: 0}
        return certain.get(self.status, self.case_type.stages[self.position].probability)

    def state(self, stage: Stage, step: Step) -> StepState:
        """The state of a step."""
        return self.steps.get((stage.name, step.name), StepState.OPEN)

    def holding(self, stage: Stage) -> list[Step]:
        """The steps that hold a stage: required, and neither done nor skipped."""
        return [one for one in stage.steps if one.required and self.state(stage, one) is StepState.OPEN]


def place(case_type: CaseType, kept: Kept, status: StatusName, *, converted: bool = False) -> Standing:
    """Where a record is by the case type of today, whatever the case types were when it was moved last.

    Its stage is the one of exactly the same name. Where there is none any more, it is the one that has its place now,
    which is the same stage under a new name or the one that came next; or the last one before the closing one where
    there are fewer. The steps of a stage that is gone count for the one in its place, by their names; those that are
    gone themselves count for nothing, and new ones are open.
    """
    steps = kept.steps
    names = [one.name for one in case_type.stages[:-1]]  # nobody is in the closing one, until closed
    if kept.stage_name is None:
        position = 0
    elif kept.stage_name in names:
        position = names.index(kept.stage_name)
    else:
        position = min(kept.position, case_type.closing - 1)
        now = case_type.stages[position].name
        steps = {(now if stage == kept.stage_name else stage, step): state for (stage, step), state in steps.items()}
    return Standing(case_type, position, steps, status, converted)


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Which records of a case type are in one of its stages, by what is stored: what `place` says, for a search.

    They have one of `statuses`; leads are `converted` or not, for other records that is None. Unless `anywhere`, their
    stored stage has this name, or a name that is none of `names` and a position between `lowest` and `highest`; or,
    where it is the `first` stage, nothing is stored of them.
    """

    case_type: CaseType
    statuses: tuple[StatusName, ...]
    converted: bool | None
    anywhere: bool
    stage_name: str
    names: tuple[str, ...]
    lowest: int
    highest: int | None
    first: bool


def whereabouts(case_type: CaseType, position: int) -> Whereabouts:
    """The whereabouts of the records in the stage at this position."""
    is_lead, last = case_type.record_type is RecordType.LEAD, case_type.closing - 1
    closed = (StatusName.CLOSE_WON, StatusName.CLOSE_LOST)
    anywhere = position == case_type.closing
    # A lead may be lost in any stage: in the last one where it was converted before.
    elsewhere = tuple(one for one in StatusName if one not in closed or (is_lead and one is StatusName.CLOSE_LOST))
    return Whereabouts(
        case_type=case_type,
        statuses=closed if anywhere else elsewhere,
        converted=anywhere if is_lead else None,
        anywhere=anywhere,
        stage_name=case_type.stages[position].name,
        names=tuple(one.name for one in case_type.stages[:-1]),
        lowest=position,
        highest=None if position == last else position,
        first=position == 0,
    )


# ------------------------------------------------------------------------------------------------------------- moves


class About(StrEnum):
    """Which part of a wanted move a refusal is about."""

    RECORD = "record"
    MOVE = "move"
    STAGE = "stage"
    STEP = "step"
    REASON = "reason"


class MoveRefusalCode(StrEnum):
    """Why a move is refused."""

    RECORD_FINAL = "RECORD_FINAL"  # it is closed
    STAGE_HELD = "STAGE_HELD"  # a required step is open
    STAGE_UNKNOWN = "STAGE_UNKNOWN"
    STEP_UNKNOWN = "STEP_UNKNOWN"  # the record's stage has no such step
    STEP_SETTLED = "STEP_SETTLED"  # it is done, or skipped, already
    STEP_NOT_SKIPPABLE = "STEP_NOT_SKIPPABLE"
    REASON_MISSING = "REASON_MISSING"
    MOVE_NOT_ALLOWED = "MOVE_NOT_ALLOWED"  # not from where the record is
    OTHER_RECORD_OPEN = "OTHER_RECORD_OPEN"  # the customer would have two open records of a type


@dataclass(frozen=True, slots=True)
class MoveRefusal:
    """Write nothing and say why; the text names the way out."""

    code: MoveRefusalCode
    about: About
    text: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """A move that is asked for."""

    move: Move
    stage_name: str | None = None
    step_name: str | None = None
    has_reason: bool = False


@dataclass(frozen=True, slots=True)
class Moved:
    """Write this: the record's place and its steps, its new status if it gets one, and a conversion."""

    position: int
    steps: Mapping[tuple[str, str], StepState]
    step: Step | None = None  # the one that was done or skipped
    status: StatusName | None = None
    conversion: ConvertLead | None = None


def decide_move(
    wanted: Wanted, record: Record, standing: Standing, others: Iterable[Record] = ()
) -> Moved | list[MoveRefusal]:
    """Decide what a move does with a record that is there, given the other records of its customer.

    Required steps hold the stages that are left by advancing, and the one that a sale is won from; a loss is not held.
    """
    problems = [*_shape_problems(wanted)]
    if problems:
        return problems
    if (wanted.move is Move.REOPEN) != record.is_final:
        return [_wrong_status(wanted.move, record, standing.case_type)]
    match wanted.move:
        case Move.ADVANCE:
            return _advance(wanted, record, standing, others)
        case Move.STEP_DONE | Move.STEP_SKIPPED:
            return _settle(wanted, standing)
        case Move.GO_BACK:
            return _go_back(wanted, standing)
        case Move.CLOSE_WON:
            return _held(standing, standing.position + 1) or _won(record, standing)
        case Move.CLOSE_LOST:
            return Moved(standing.position, standing.steps, status=StatusName.CLOSE_LOST)
        case Move.REOPEN:
            return _reopen(record, standing, others)


def _shape_problems(wanted: Wanted) -> Iterator[MoveRefusal]:
    """What is wrong with a move wherever the record is."""
    if wanted.stage_name is not None and wanted.move not in _NAMES_STAGE:
        yield _not_allowed(About.STAGE, f"{wanted.move} names no stage; leave it out.")
    if wanted.step_name is not None and wanted.move not in _NAMES_STEP:
        yield _not_allowed(About.STEP, f"{wanted.move} names no step; leave it out.")
    if wanted.step_name is None and wanted.move in _NAMES_STEP:
        yield MoveRefusal(MoveRefusalCode.STEP_UNKNOWN, About.STEP, f"{wanted.move} needs the name of the step.")
    if not wanted.has_reason and wanted.move in _NEEDS_REASON:
        text = f"{wanted.move} needs a reason: a code, a description, or both."
        yield MoveRefusal(MoveRefusalCode.REASON_MISSING, About.REASON, text)


def _not_allowed(about: About, text: str) -> MoveRefusal:
    return MoveRefusal(MoveRefusalCode.MOVE_NOT_ALLOWED, about, text)


_CONVERTED = "The lead was converted: go on with its opportunity."


def _wrong_status(move: Move, record: Record, case_type: CaseType) -> MoveRefusal:
    if move is Move.REOPEN:
        return _not_allowed(About.MOVE, "The record is open; there is nothing to reopen.")
    if record.is_converted:
        return MoveRefusal(MoveRefusalCode.RECORD_FINAL, About.RECORD, _CONVERTED)
    way_out = "REOPEN it first" if case_type.reopens else "its case type does not let it be reopened"
    return MoveRefusal(MoveRefusalCode.RECORD_FINAL, About.RECORD, f"The record is closed: {way_out}.")


def _held(standing: Standing, until: int) -> list[MoveRefusal]:
    """A refusal for each step that holds one of the stages from the record's own to before `until`."""
    return [
        MoveRefusal(
            MoveRefusalCode.STAGE_HELD,
            About.STEP,
            f'Stage "{stage.name}" is held by its required step "{step.name}": do it (STEP_DONE)'
            + (" or skip it for a reason (STEP_SKIPPED)." if step.skippable else "."),
        )
        for stage in standing.case_type.stages[standing.position : until]
        for step in standing.holding(stage)
    ]


def _advance(wanted: Wanted, record: Record, standing: Standing, others: Iterable[Record]) -> Moved | list[MoveRefusal]:
    case_type = standing.case_type
    target = standing.position + 1 if wanted.stage_name is None else case_type.position(wanted.stage_name)
    if target is None:
        return [_unknown_stage(case_type)]
    if target <= standing.position:
        text = f'The record is in stage "{standing.stage.name}" already: advance to a later one, or GO_BACK.'
        return [_not_allowed(About.STAGE, text)]
    held = _held(standing, target)
    if held or target < case_type.closing:
        return held or Moved(target, standing.steps)
    if case_type.record_type is RecordType.OPPORTUNITY:
        text = f'An opportunity comes to stage "{case_type.stages[target].name}" by CLOSE_WON or CLOSE_LOST.'
        return [_not_allowed(About.MOVE, text)]
    in_the_way = _open_ones(others, RecordType.OPPORTUNITY)
    if in_the_way:
        return [_other_open(in_the_way[0])]
    conversion = ConvertLead(record, StatusName.CLOSE_WON, status_when_created(RecordType.OPPORTUNITY))
    return Moved(standing.position, standing.steps, conversion=conversion)


def _unknown_stage(case_type: CaseType) -> MoveRefusal:
    names = ", ".join(f'"{one.name}"' for one in case_type.stages)
    return MoveRefusal(
        MoveRefusalCode.STAGE_UNKNOWN, About.STAGE, f"The record's case type has no such stage: {names}."
    )


def _open_ones(records: Iterable[Record], record_type: RecordType) -> list[Record]:
    return sorted(
        (one for one in records if one.record_type is record_type and not one.is_final), key=lambda one: one.record_id
    )


def _other_open(record: Record) -> MoveRefusal:
    text = (
        f"The customer has the open {record.record_type.lower()} {record.record_id}: close it first, or go on with it."
    )
    return MoveRefusal(MoveRefusalCode.OTHER_RECORD_OPEN, About.RECORD, text)


def _settle(wanted: Wanted, standing: Standing) -> Moved | list[MoveRefusal]:
    stage = standing.stage
    if wanted.stage_name is not None and folded(wanted.stage_name) != folded(stage.name):
        return [_not_allowed(About.STAGE, f'The record is in stage "{stage.name}": only its steps can be settled.')]
    step = stage.step(wanted.step_name or "")
    if step is None:
        names = ", ".join(f'"{one.name}"' for one in stage.steps) or "none"
        text = f'Stage "{stage.name}" has no such step; it has {names}.'
        return [MoveRefusal(MoveRefusalCode.STEP_UNKNOWN, About.STEP, text)]
    skips, before = wanted.move is Move.STEP_SKIPPED, standing.state(stage, step)
    if before is StepState.DONE or (skips and before is StepState.SKIPPED):
        text = f'Step "{step.name}" is {before.lower()} already; GO_BACK to its stage to do it anew.'
        return [MoveRefusal(MoveRefusalCode.STEP_SETTLED, About.STEP, text)]
    if skips and not step.skippable:
        text = f'Step "{step.name}" may not be skipped: do it (STEP_DONE).'
        return [MoveRefusal(MoveRefusalCode.STEP_NOT_SKIPPABLE, About.STEP, text)]
    state = StepState.SKIPPED if skips else StepState.DONE
    return Moved(standing.position, {**standing.steps, (stage.name, step.name): state}, step)


def _go_back(wanted: Wanted, standing: Standing) -> Moved | list[MoveRefusal]:
    case_type = standing.case_type
    target = standing.position - 1 if wanted.stage_name is None else case_type.position(wanted.stage_name)
    if target is None:
        return [_unknown_stage(case_type)]
    if target < 0 or target > standing.position:
        text = f'The record is in stage "{standing.stage.name}": it can go back to that or an earlier one.'
        return [_not_allowed(About.STAGE, text)]
    kept = {one.name for one in case_type.stages[:target]}
    return Moved(target, {key: state for key, state in standing.steps.items() if key[0] in kept})


def _won(record: Record, standing: Standing) -> Moved:
    if record.record_type is RecordType.LEAD:  # as the bank's own call does
        conversion = ConvertLead(record, StatusName.CLOSE_WON, StatusName.CLOSE_WON)
        return Moved(standing.position, standing.steps, conversion=conversion)
    return Moved(standing.position, standing.steps, status=StatusName.CLOSE_WON)


def _reopen(record: Record, standing: Standing, others: Iterable[Record]) -> Moved | list[MoveRefusal]:
    case_type = standing.case_type
    if not case_type.reopens:
        return [_not_allowed(About.MOVE, f'Records of the case type "{case_type.name}" are not reopened.')]
    if record.is_converted:
        return [_not_allowed(About.MOVE, _CONVERTED)]
    in_the_way = _open_ones(others, record.record_type)
    if in_the_way:
        return [_other_open(in_the_way[0])]
    return Moved(standing.position, standing.steps, status=status_when_created(record.record_type))
