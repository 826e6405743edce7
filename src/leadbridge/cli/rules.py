"""`leadbridge questionnaire …` and `leadbridge assign …`: what a site decides in files of its own."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from leadbridge.assignment import AssignmentRule, Considered, Day, wording
from leadbridge.cli.complaint import Complaint
from leadbridge.cli.shared import opened, out, table
from leadbridge.opening import assignment_rules, questionnaire
from leadbridge.operations.lead_assignment import RuleExplained, explain
from leadbridge.rulefiles.assignments import read_assignment_rules
from leadbridge.rulefiles.questionnaires import read_questionnaire
from leadbridge.scoring import Questionnaire, Threshold
from leadbridge.settings import Settings

questionnaire_app = App(name="questionnaire", help="The questions that score leads: show them, check a file of them.")
assign_app = App(name="assign", help="Who gets a lead that names nobody: ask the rules about one, check a file.")


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


# ------------------------------------------------------------------------------------------------------------- assign


@assign_app.default
def assign(
    *,
    explain_lead: Annotated[
        str | None,
        Parameter(name="--explain", help="The ID of a stored lead: say what each rule says to it now, and why."),
    ] = None,
) -> None:
    """Tell, rule by rule, who would get a stored lead now. Writes nothing; a party that is named stays."""
    if explain_lead is None:
        assign_app.help_print()
        return
    settings = Settings()
    rules = assignment_rules(settings)
    with opened(settings) as database, database.read() as tx:
        found = explain(tx, explain_lead.zfill(10), rules, datetime.now(UTC))
    if found is None:
        raise Complaint(f"there is no lead {explain_lead}; FindLead finds leads by other things than their ID.")
    print(f"Lead {explain_lead.zfill(10)} on a {found.day} ({rules.zone}):")
    for outcome, named in found.named.items():
        standing = "nobody" if named is None else f"{named}, which no rule overrules; without it"
        print(f"\n{outcome}: {standing}")
        explained = found.rules.get(outcome, [])
        for one in explained:
            _print_rule(one, found.day)
        decision = next((one.decision for one in explained if one.decision), None)
        print(f"  => {decision.party} by rule {decision.rule}" if decision else "  => no rule decides")


def _print_rule(one: RuleExplained, day: Day) -> None:
    met = all(holds for _, holds in one.conditions)
    print(f"  rule {one.rule.name}: {'applies' if met else 'does not apply'}")
    said = wording(one.rule.conditions)
    for name, holds in one.conditions:
        print(f"    {name} {said[name]}: {'yes' if holds else 'no'}")
    for each in one.considered if met else ():
        chosen = one.decision is not None and one.decision.party == each.candidate.party
        print(f"    {_standing(each, day)}{' <- chosen' if chosen else ''}")


def _standing(one: Considered, day: Day) -> str:
    """A candidate in words: what it has to do, and whether it may be given more."""
    candidate = one.candidate
    most = "" if candidate.capacity is None else f" of {candidate.capacity}"
    text = f"{candidate.party}: {one.load}{most} leads to work on, weight {candidate.weight}"
    if not one.works:
        return f"{text}, does not work on a {day}"
    return f"{text}, full" if one.full else f"{text}, {one.burden:.2f} for its weight"


@assign_app.command(name="check")
def assign_check(file: Annotated[Path, Parameter(name="FILE", help="TOML file of assignment rules.")], /) -> None:
    """Check a file before assignment.rules_file names it. Exit code 1: it cannot be used, and why."""
    rules = read_assignment_rules(file)
    print(f"{file} has {len(rules.rules)} assignment rules; days begin in {rules.zone}.")
    for rule in rules.rules:
        print(f"  {rule.name}: {'; '.join(_words(rule))}")


def _words(rule: AssignmentRule) -> Iterator[str]:
    yield " and ".join(f"{name} {said}" for name, said in wording(rule.conditions).items()) or "any lead"
    for outcome, candidates in rule.candidates.items():
        yield f"{outcome} {' or '.join(one.party for one in candidates)}"
