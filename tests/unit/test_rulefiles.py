"""Files of rules: the packaged ones are sound, and what is wrong with another is told with file, place and reason."""

import pickle
import re
from decimal import Decimal
from pathlib import Path

import pytest

from leadbridge.assignment import Candidate, Conditions, Day, Outcome, Range
from leadbridge.opening import policy
from leadbridge.rulefiles.assignments import read_assignment_rules
from leadbridge.rulefiles.questionnaires import DEFAULT_QUESTIONNAIRE, read_questionnaire
from leadbridge.settings import Settings, SettingsError

SOUND = """\
id = "SITE"
version = "7"

[[questions]]
id = "NEED"
text = "Is it needed?"
answers = [{ code = "YES", text = "Yes", weight = 10 }, { code = "NO", text = "No", weight = 0 }]

[[thresholds]]
level = "01"
to = 4

[[thresholds]]
level = "03"
from = 5
"""


def problems(path: Path, content: str | bytes) -> list[str]:
    """What is said of a questionnaire with this content, without file and line at the beginning of each problem."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(SettingsError) as caught:
        read_questionnaire(path)
    assert all(re.match(rf"{re.escape(str(path))}(, line \d+)?: ", line) for line in caught.value.problems)
    return [line.partition(": ")[2] for line in caught.value.problems]


def test_the_packaged_questionnaire_is_in_force_until_a_setting_names_another(tmp_path: Path) -> None:
    default = policy(Settings()).questionnaire
    assert default == read_questionnaire(DEFAULT_QUESTIONNAIRE)
    assert default is not None
    assert default.key == "DEFAULT/1"
    path = tmp_path / "site.toml"
    path.write_text(SOUND)
    replaced = policy(Settings(scoring={"questionnaire_file": str(path)})).questionnaire
    assert replaced is not None
    assert (replaced.key, replaced.lowest_score, replaced.highest_score) == ("SITE/7", 0, 10)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.toml: cannot be read \(No such file"):
        policy(Settings(scoring={"questionnaire_file": str(tmp_path / "none.toml")}))


@pytest.mark.parametrize("text", [f"id = {'[' * 3_000}{']' * 3_000}", f"id = {'9' * 10_000}"])
def test_what_python_cannot_read_is_said_of_the_file(tmp_path: Path, text: str) -> None:
    path = tmp_path / "beyond.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=r"beyond\.toml: has lists within lists, or a number, beyond what can be"):
        policy(Settings(scoring={"questionnaire_file": str(path)}))


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "marked.toml"
    path.write_text(SOUND, encoding="utf-8-sig")
    assert policy(Settings(scoring={"questionnaire_file": str(path)})).questionnaire is not None


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('version = "7"', "version = ", "is not TOML: Invalid value (at line 2, column 11)."),
        ('version = "7"', "version = 7", "version: should be a valid string."),
        ('version = "7"', "", "version: is missing."),
        ('version = "7"', 'version = "7"\nowner = "x"', "owner: there is no such key."),
        ('text = "Is it needed?"', 'txt = "Is it needed?"', "questions[1].txt: there is no such key."),
        ("weight = 10", 'weight = "10"', "questions[1].answers[1].weight: should be a valid integer."),
        ("answers = [", "answers = [1, ", "questions[1].answers[1]: should be a table."),
        ("weight = 0", "weight = 0.5", "questions[1].answers[2].weight: should be a valid integer."),
        ("weight = 10", "weight = true", "questions[1].answers[1].weight: should be a valid integer."),
        ('level = "03"', 'level = "04"', "thresholds[2].level: should be '01', '02' or '03'."),
        ("to = 4", "til = 4", "thresholds[1].til: there is no such key."),
        ("from = 5", "from = 6", "thresholds[2].from: no level is made by scores from 5 to 5."),
        ("from = 5", "from = 4", "thresholds[2]: overlaps thresholds[1]."),
        ('"NEED"', '"NEED MUCH"', "questions[1].id: must be text without spaces."),
    ],
)
def test_a_problem_is_told_with_its_place_and_reason(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert SOUND.count(old) == 1
    assert said in problems(tmp_path / "site.toml", SOUND.replace(old, new))


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    broken = SOUND.replace("weight = 10", "weight = 1.5").replace('level = "03"', 'level = "hot"').replace('"7"', "7")
    assert len(problems(tmp_path / "site.toml", broken)) == 3


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    assert problems(tmp_path / "site.toml", b"id = '\xff'") == ["is not UTF-8 text."]


# -------------------------------------------------------------------------------------------------- assignment rules

RULES = """\
time_zone = "Europe/Berlin"

[[rules]]
name = "large"
owner = "RM-17"

[rules.when]
products = ["MORTGAGE*"]
amount = { from = 500000.50, currency = "EUR" }
score = { to = 100 }
regions = ["DE", "AT-9"]

[[rules]]
name = "rest"
partners = [{ party = "ACME", weight = 2, capacity = 40, days = ["mon", "fri"] }, { party = "BETA" }]
"""


def test_there_are_no_assignment_rules_until_a_setting_names_some(tmp_path: Path) -> None:
    assert policy(Settings()).assignment_rules.rules == ()
    path = tmp_path / "rules.toml"
    path.write_text(RULES)
    found = policy(Settings(assignment={"rules_file": str(path)})).assignment_rules
    large, rest = found.rules
    assert str(found.zone) == "Europe/Berlin"
    assert large.candidates == {Outcome.OWNER: (Candidate("RM-17"),)}
    assert large.conditions == Conditions(
        products=("MORTGAGE*",),
        regions=frozenset({"DE", "AT-9"}),
        score=Range(None, Decimal(100)),
        amount=Range(Decimal("500000.50")),
        currency="EUR",
    )
    assert rest.candidates == {
        Outcome.PARTNER: (Candidate("ACME", 2, 40, frozenset({Day.MON, Day.FRI})), Candidate("BETA"))
    }


def test_the_example_in_the_packaged_file_is_sound(tmp_path: Path) -> None:
    lines = (DEFAULT_QUESTIONNAIRE.with_name("assignment.toml")).read_text().splitlines()
    example = lines[lines.index("# [[rules]]") :]
    path = tmp_path / "rules.toml"
    path.write_text("\n".join(line.removeprefix("# ") for line in example if line.startswith("# ")))
    assert [rule.name for rule in read_assignment_rules(path).rules] == ["large-mortgages", "everything-else"]


def test_what_a_site_decides_reaches_worker_processes_whole(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(RULES)
    decided = policy(Settings(assignment={"rules_file": str(path)}))
    assert pickle.loads(pickle.dumps(decided)) == decided


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "Europe/Berlin",
            "Europe/Nowhere",
            "time_zone: there is no such zone here; UTC, or a name such as Europe/Berlin.",
        ),
        ('name = "large"', 'name = "large ones"', "rules[1].name: should match"),
        ('owner = "RM-17"', "", "rules[1]: decides nothing; it needs owner, owners, partner or partners."),
        (
            'owner = "RM-17"',
            'owner = "R"\nowners = [{ party = "S" }]',
            "rules[1]: owner and owners exclude each other.",
        ),
        ('owner = "RM-17"', f'owner = "{"R" * 21}"', "rules[1].owner: should match"),
        ("MORTGAGE*", "MORT*GAGE", "rules[1].when.products[1]: should match"),
        ('"DE", "AT-9"', '"Germany"', "rules[1].when.regions[1]: should match"),
        ('["MORTGAGE*"]', "[]", "rules[1].when.products: should have at least 1 item"),
        (', currency = "EUR"', "", "rules[1].when.amount.currency: is missing."),
        ("500000.50", '"much"', "rules[1].when.amount.from: must be a number."),
        ("500000.50", "inf", "rules[1].when.amount.from: should be a finite number"),
        ("to = 100", "to = 100.5", "rules[1].when.score.to: should be a valid integer."),
        ("score =", "scores =", "rules[1].when.scores: there is no such key."),
        ("weight = 2", "weight = 0", "rules[2].partners[1].weight: should be greater than or equal to 1."),
        ("capacity = 40", "capacity = 0", "rules[2].partners[1].capacity: should be greater than or equal to 1."),
        ('"fri"', '"friday"', "rules[2].partners[1].days[2]: should be 'mon', 'tue'"),
        ('"BETA"', '"ACME"', "rules[2].partners[2].party: stands there twice."),
        ('name = "rest"', 'name = "large"', "rules[2].name: stands there twice."),
    ],
)
def test_a_problem_of_assignment_rules_is_told_with_its_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert RULES.count(old) == 1
    path = tmp_path / "rules.toml"
    path.write_text(RULES.replace(old, new))
    with pytest.raises(SettingsError) as caught:
        read_assignment_rules(path)
    assert any(line.partition(": ")[2].startswith(said) for line in caught.value.problems), caught.value.problems
