"""`leadbridge questionnaire …`: what a site decides in files of its own, shown and checked."""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from leadbridge.cli.shared import out, table
from leadbridge.opening import questionnaire
from leadbridge.rulefiles.questionnaires import read_questionnaire
from leadbridge.scoring import Questionnaire, Threshold
from leadbridge.settings import Settings

questionnaire_app = App(name="questionnaire", help="The questions that score leads: show them, check a file of them.")


@questionnaire_app.command(name="show")
def questionnaire_show() -> None:
    """Show the questionnaire in force: questions, answers with their weights, and which scores make which level."""
    found = questionnaire(Settings())
    rows = table("question", "answer", "weight", wrapped=("text",))
    for question in found.questions:
        rows.add_row(question.id, "", "", question.text)
        for answer in question.answers:
            rows.add_row("", answer.code, f"{answer.weight:+}", answer.text)
    out.print(rows)
    _print_ranges(found)


@questionnaire_app.command(name="check")
def questionnaire_check(file: Annotated[Path, Parameter(name="FILE", help="TOML file of a questionnaire.")], /) -> None:
    """Check a file before scoring.questionnaire_file names it. Exit code 1: it cannot be used, and why."""
    found = read_questionnaire(file)
    print(f"{file} is a questionnaire of {len(found.questions)} questions.")
    _print_ranges(found)


def _print_ranges(found: Questionnaire) -> None:
    lowest, highest = found.lowest_score, found.highest_score
    print(f"Questionnaire {found.key}: scores from {lowest} to {highest}.")
    for one in sorted(found.thresholds, key=lambda one: one.level):
        print(f"  {one.level.value} {one.level.name.lower()}: {_range(one, lowest, highest)}")


def _range(threshold: Threshold, lowest: int, highest: int) -> str:
    """The possible scores that make a level."""
    start = lowest if threshold.lowest is None else max(lowest, threshold.lowest)
    end = highest if threshold.highest is None else min(highest, threshold.highest)
    return f"{start} to {end}" if start <= end else "no answers come to it"
