"""What makes a site's case types unusable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import product

from leadbridge.crm.casetypes import SELLING_MODES, CaseType, CaseTypes, folded
from leadbridge.crm.combo import RecordType

LONGEST_NAME = 60
MOST_STAGES = 50
MOST_STEPS = 100


def mistakes(case_types: CaseTypes) -> list[str]:
    """What makes case types unusable, each `place: reason` with the place in the file; without any they can be used."""
    found = [*_cover_mistakes(case_types.case_types)]
    for number, one in enumerate(case_types.case_types, 1):
        found += _stage_mistakes(one, f"case_types[{number}]")
    return found


def _cover_mistakes(case_types: Sequence[CaseType]) -> Iterator[str]:
    """Every type of record and selling mode must have exactly one case type."""
    yield from _name_mistakes([(f"case_types[{number}].name", one.name) for number, one in enumerate(case_types, 1)])
    holders: dict[tuple[RecordType, str], int] = {}
    for number, one in enumerate(case_types, 1):
        if not one.selling_modes:
            yield f"case_types[{number}].selling_modes: there must be at least one"
        for mode in one.selling_modes:
            first = holders.setdefault((one.record_type, mode), number)
            if first != number:
                yield f"case_types[{number}].selling_modes: case_types[{first}] is for {mode} of {one.record_type}"
    for record_type, mode in product(RecordType, SELLING_MODES):
        if (record_type, mode) not in holders:
            yield f"case_types: none is for record_type {record_type} and selling mode {mode}"


def _stage_mistakes(case_type: CaseType, here: str) -> Iterator[str]:
    stages = case_type.stages
    if len(stages) < 2:
        yield f"{here}.stages: there must be at least two, the last of which is the closing one"
        return
    if len(stages) > MOST_STAGES:
        yield f"{here}.stages: there may be {MOST_STAGES}"
    yield from _name_mistakes([(f"{here}.stages[{place}].name", one.name) for place, one in enumerate(stages, 1)])
    for place_of, stage in enumerate(stages, 1):
        there = f"{here}.stages[{place_of}]"
        if not 0 <= stage.probability <= 100:
            yield f"{there}.probability: must lie between 0 and 100, in percent"
        if len(stage.steps) > MOST_STEPS:
            yield f"{there}.steps: there may be {MOST_STEPS}"
        yield from _name_mistakes([(f"{there}.steps[{n}].name", one.name) for n, one in enumerate(stage.steps, 1)])
        for number, step in enumerate(stage.steps, 1):
            if not step.required and not step.skippable:
                yield f"{there}.steps[{number}].skippable: only a required step can be one that may not be skipped"
    if stages[-1].steps:
        yield f"{here}.stages[{len(stages)}].steps: the last stage is the closing one, in which nothing is done"
    if stages[-1].probability != 100:
        yield f"{here}.stages[{len(stages)}].probability: must be 100 in the last stage, the closing one"


def _name_mistakes(names: Sequence[tuple[str, str]]) -> Iterator[str]:
    counts = Counter(folded(name) for _, name in names)
    for where, name in names:
        if not name or not name.isprintable() or name != " ".join(name.split()) or len(name) > LONGEST_NAME:
            yield f"{where}: must be 1 to {LONGEST_NAME} characters, without spaces around or several between words"
        elif counts[folded(name)] > 1:
            yield f"{where}: stands there twice"
