"""A site's case types, read from their TOML file."""

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field

from leadbridge.crm.casetypes import CaseType, CaseTypes, Stage, Step
from leadbridge.crm.combo import RecordType
from leadbridge.crm.mistakes import mistakes
from leadbridge.rulefiles.reading import Table, read, wrong

DEFAULT_CASE_TYPES = Path(__file__).with_name("case-types.toml")


class _Step(Table):
    name: str
    required: bool = False
    skippable: bool | None = None  # without a word a required step may not, and any other may


class _Stage(Table):
    name: str
    probability: int
    steps: list[_Step] = Field(default=[])


class _CaseType(Table):
    name: str
    record_type: Literal["LEAD", "OPPORTUNITY"]
    selling_modes: list[Literal["B2B", "B2C"]]
    reopen: bool = False
    stages: list[_Stage]


class _CaseTypes(Table):
    case_types: list[_CaseType]


def read_case_types(path: Path) -> CaseTypes:
    """The case types in this file. Raises SettingsError with every problem of it."""
    content = read(path, _CaseTypes)
    case_types = CaseTypes(
        tuple(
            CaseType(
                name=one.name,
                record_type=RecordType(one.record_type),
                selling_modes=tuple(one.selling_modes),
                stages=tuple(_stage(each) for each in one.stages),
                reopens=one.reopen,
            )
            for one in content.case_types
        )
    )
    found = mistakes(case_types)
    if found:
        raise wrong(path, found)
    return case_types


def _stage(stage: _Stage) -> Stage:
    steps = (
        Step(one.name, one.required, not one.required if one.skippable is None else one.skippable)
        for one in stage.steps
    )
    return Stage(stage.name, stage.probability, tuple(steps))


@cache
def default_case_types() -> CaseTypes:
    """The case types that leadbridge has built in."""
    return read_case_types(DEFAULT_CASE_TYPES)
