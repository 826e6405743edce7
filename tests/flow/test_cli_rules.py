"""`leadbridge questionnaire …`: what is in force is shown, and a file is checked before it is."""

from pathlib import Path

import pytest

from leadbridge.rulefiles.questionnaires import DEFAULT_QUESTIONNAIRE
from tests.support.commands import command


def test_the_questionnaire_in_force_is_shown_with_its_weights_and_ranges() -> None:
    done = command("questionnaire", "show", environment={})
    assert done.code == 0
    assert "SURE" in done.out
    assert "+30" in done.out
    assert "Questionnaire DEFAULT/1: scores from -30 to 100.\n  01 cold: -30 to 29\n" in done.out


def test_a_sound_file_is_accepted_and_shown_where_the_setting_names_it(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text(
        DEFAULT_QUESTIONNAIRE.read_text().replace('"DEFAULT"', '"SITE"').replace("= 65", "= 165").replace("64", "164")
    )
    checked = command("questionnaire", "check", str(path), environment={})
    assert (checked.code, checked.err) == (0, "")
    assert "03 hot: no answers come to it" in checked.out
    shown = command("questionnaire", "show", environment={"LEADBRIDGE_SCORING__QUESTIONNAIRE_FILE": str(path)})
    assert "Questionnaire SITE/1" in shown.out


@pytest.mark.parametrize("command_line", [("questionnaire", "check", "{}"), ("questionnaire", "show"), ("serve",)])
def test_a_file_that_cannot_be_used_is_refused_with_place_and_reason(
    tmp_path: Path, command_line: tuple[str, ...]
) -> None:
    path = tmp_path / "site.toml"
    path.write_text(DEFAULT_QUESTIONNAIRE.read_text().replace("from = 65", "from = 66"))
    environment = {
        "LEADBRIDGE_SCORING__QUESTIONNAIRE_FILE": str(path),
        "LEADBRIDGE_DATABASE_URL": f"sqlite:///{tmp_path / 'leadbridge.db'}",
    }
    done = command(*(part.format(path) for part in command_line), environment=environment)
    assert (done.code, done.out) == (1, "")
    assert done.err == f"leadbridge: {path}: thresholds[3].from: no level is made by scores from 65 to 65.\n"
