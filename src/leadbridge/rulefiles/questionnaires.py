"""A site's questionnaire, read from its TOML file."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from leadbridge.rulefiles.reading import Table, Text, read, wrong
from leadbridge.scoring import PossibleAnswer, QualificationLevel, Question, Questionnaire, Threshold, mistakes

DEFAULT_QUESTIONNAIRE = Path(__file__).with_name("questionnaire.toml")


class _Answer(Table):
    code: str
    text: Text
    weight: int


class _Question(Table):
    id: str
    text: Text
    answers: list[_Answer]


class _Threshold(Table):
    level: Literal["01", "02", "03"]
    lowest: int | None = Field(default=None, alias="from")
    highest: int | None = Field(default=None, alias="to")


class _Questionnaire(Table):
    id: str
    version: str
    questions: list[_Question]
    thresholds: list[_Threshold]


def read_questionnaire(path: Path) -> Questionnaire:
    """The questionnaire in this file. Raises SettingsError with every problem of it."""
    content = read(path, _Questionnaire)
    questionnaire = Questionnaire(
        id=content.id,
        version=content.version,
        questions=tuple(
            Question(
                id=one.id,
                text=one.text,
                answers=tuple(PossibleAnswer(each.code, each.text, each.weight) for each in one.answers),
            )
            for one in content.questions
        ),
        thresholds=tuple(
            Threshold(QualificationLevel(one.level), one.lowest, one.highest) for one in content.thresholds
        ),
    )
    found = mistakes(questionnaire)
    if found:
        raise wrong(path, found)
    return questionnaire
