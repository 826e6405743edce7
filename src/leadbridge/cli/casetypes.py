"""`leadbridge case-types …`: the stages and steps of the core CRM's leads and opportunities."""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from leadbridge.cli.shared import out, table
from leadbridge.crm.casetypes import CaseType, Step
from leadbridge.opening import case_types
from leadbridge.rulefiles.casetypes import read_case_types
from leadbridge.settings import Settings

case_types_app = App(
    name="case-types", help="The stages and steps of leads and opportunities: show them, check a file of them."
)


@case_types_app.command(name="show")
def case_types_show() -> None:
    """Show the case types in force: stages with their probabilities, and steps with what they hold."""
    for one in case_types(Settings()).case_types:
        rows = table("stage", "probability", "step", wrapped=("is",))
        for stage in one.stages:
            rows.add_row(stage.name, f"{stage.probability} %", "", "")
            for step in stage.steps:
                rows.add_row("", "", step.name, _words(step))
        print(_heading(one))
        out.print(rows)


@case_types_app.command(name="check")
def case_types_check(file: Annotated[Path, Parameter(name="FILE", help="TOML file of case types.")], /) -> None:
    """Check a file before crm.case_types_file names it. Exit code 1: it cannot be used, and why."""
    found = read_case_types(file).case_types
    print(f"{file} has {len(found)} case types.")
    for one in found:
        print(f"  {_heading(one)}: {', '.join(stage.name for stage in one.stages)}")


def _heading(one: CaseType) -> str:
    reopened = "may be reopened" if one.reopens else "are not reopened"
    return f"{one.name} ({one.record_type} of {' and '.join(one.selling_modes)}; closed ones {reopened})"


def _words(step: Step) -> str:
    if not step.required:
        return "optional"
    return "required, may be skipped" if step.skippable else "required"
