"""Files of rules: the packaged ones are sound, and what is wrong with another is told with file, place and reason."""

from pathlib import Path

import pytest

from leadbridge.opening import policy
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
    """What is said of a questionnaire with this content, without the file's name at the beginning of each problem."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(SettingsError) as caught:
        read_questionnaire(path)
    assert all(line.startswith(f"{path}: ") for line in caught.value.problems)
    return [line.removeprefix(f"{path}: ") for line in caught.value.problems]


def test_the_packaged_questionnaire_is_in_force_until_a_setting_names_another(tmp_path: Path) -> None:
    default = policy(Settings()).questionnaire
    assert default == read_questionnaire(DEFAULT_QUESTIONNAIRE)
    assert default is not None
    assert default.key == "DEFAULT/1"
    path = tmp_path / "site.toml"
    path.write_text(SOUND)
    replaced = policy(Settings(scoring={"questionnaire_file": str(path)})).questionnaire
    assert replaced is not None
    assert (replaced.key, replaced.score([("NEED", "YES")])) == ("SITE/7", replaced.score([("NEED", "YES")]))
    assert (replaced.lowest_score, replaced.highest_score) == (0, 10)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.toml: cannot be read \(No such file"):
        policy(Settings(scoring={"questionnaire_file": str(tmp_path / "none.toml")}))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('version = "7"', "version = ", "is not TOML: Invalid value (at line 2, column 11)."),
        ('version = "7"', "version = 7", "version: should be a valid string."),
        ('version = "7"', "", "version: is missing."),
        ('version = "7"', 'version = "7"\nowner = "x"', "owner: there is no such key."),
        ('text = "Is it needed?"', 'txt = "Is it needed?"', "questions[1].txt: there is no such key."),
        ("weight = 10", 'weight = "10"', "questions[1].answers[1].weight: should be a valid integer."),
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
