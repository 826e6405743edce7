"""The file of case types: the packaged one has the stages of the sources, and what is wrong with another is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadbridge.crm.casetypes import Step
from leadbridge.crm.combo import RecordType
from leadbridge.opening import policy
from leadbridge.rulefiles.casetypes import DEFAULT_CASE_TYPES, read_case_types
from leadbridge.settings import Settings, SettingsError

PACKAGED = DEFAULT_CASE_TYPES.read_text()


def line_of(text: str, content: str) -> int:
    return next(number for number, line in enumerate(content.splitlines(), 1) if text in line)


@pytest.mark.parametrize(
    ("record_type", "mode", "stages"),
    [
        ("LEAD", "B2B", "Creation, Assigned, Market-Qualified, Sales-Qualified, Converted"),
        ("LEAD", "B2C", "Creation, Assigned, Market-Qualified, Sales-Qualified, Converted"),
        ("OPPORTUNITY", "B2B", "Qualification, Analysis, Proposal Development, Decision, Negotiation, Closed"),
        ("OPPORTUNITY", "B2C", "Qualification, Needs Analysis, Offer, Decision, Closed"),
    ],
)
def test_the_packaged_case_types_have_the_stages_of_the_sources(record_type: str, mode: str, stages: str) -> None:
    found = policy(Settings()).case_types.of(RecordType(record_type), mode)
    assert ", ".join(one.name for one in found.stages) == stages


def test_a_setting_names_another_file(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text(
        PACKAGED.replace('name = "Offer"', 'name = "Quote"').replace('"Make offer", required = true', '"Make"')
    )
    found = policy(Settings(crm={"case_types_file": str(path)})).case_types
    offer = found.of(RecordType.OPPORTUNITY, "B2C").stages[2]
    assert (offer.name, offer.steps) == ("Quote", (Step("Make"),))


def test_a_required_step_may_be_skipped_only_where_the_file_says_so() -> None:
    steps = read_case_types(DEFAULT_CASE_TYPES).of(RecordType.LEAD, "B2B").stages[1].steps
    assert steps == (Step("Make first contact", True, True), Step("Manage campaign response", False, True))


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("probability = 60", "probability = 160", "= 160", "[2].stages[3].probability: must lie between 0 and 100"),
        ("probability = 60", 'probability = "60"', '"60"', "[2].stages[3].probability: should be a valid integer"),
        ("probability = 60", "# nothing", '"Proposal Dev', "[2].stages[3].probability: is missing"),
        ('"Develop proposal", required', '"Develop proposal", must', "must = true", "[2].stages[3].steps[1].must"),
        ('"Present proposal"', '"develop PROPOSAL"', "PROPOSAL", "[2].stages[3].steps[2].name: stands there twice"),
        ('["B2C"]', '["B2D"]', "B2D", "[3].selling_modes[1]: should be 'B2B' or"),
        ('["B2C"]', '[ "B2B" ]', '[ "B2B" ]', "[3].selling_modes: case_types[2] is for B2B"),
    ],
)
def test_what_is_wrong_is_told_with_file_line_place_and_reason(
    tmp_path: Path, old: str, new: str, line: str, said: str
) -> None:
    path = tmp_path / "site.toml"
    content = PACKAGED.replace(old, new)
    path.write_text(content)
    with pytest.raises(SettingsError) as caught:
        policy(Settings(crm={"case_types_file": str(path)}))
    number = line_of(line, content) - ("is missing" in said)  # what is not there is told of the table, [[…]]
    start = f"{path}, line {number}: case_types{said}"
    assert any(one.startswith(start) for one in caught.value.problems), caught.value.problems


def test_what_is_no_toml_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    content = PACKAGED.replace('name = "Negotiation"', "name = ,")
    path.write_text(content)
    with pytest.raises(SettingsError) as caught:
        policy(Settings(crm={"case_types_file": str(path)}))
    assert f"{path}: is not TOML: Invalid value (at line {line_of('name = ,', content)}" in caught.value.problems[0]


def test_a_problem_within_a_list_has_the_line_of_its_entry_and_a_huge_file_no_lines(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    nested = PACKAGED.replace('{ name = "Obtain decision"', '\n    # a remark\n    { name = "Obtain  decision"', 1)
    path.write_text(nested)
    with pytest.raises(SettingsError) as caught:
        read_case_types(path)
    assert [f"line {line_of('Obtain  decision', nested)}: " in one for one in caught.value.problems] == [True]
    path.write_text(nested + "\n" * 2_000)
    with pytest.raises(SettingsError) as caught:
        read_case_types(path)
    assert caught.value.problems[0].startswith(f"{path}: case_types[2].stages[4].steps[1].name: ")
