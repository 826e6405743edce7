"""Scoring: how good a lead is by the answers of its prospect, and what a level set by hand does to that.

A questionnaire gives each answer a weight; a lead's score is the sum of its answers' weights, and thresholds make a
qualification level of it. Nothing here changes a lead's status. Source: the contract's QualificationLevelCode.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property


class QualificationLevel(StrEnum):
    """QualificationLevelCode: how ready the prospect is to buy."""

    COLD = "01"
    WARM = "02"
    HOT = "03"


@dataclass(frozen=True)
class PossibleAnswer:
    """An answer that a question offers. `weight` may be negative."""

    code: str
    text: str
    weight: int


@dataclass(frozen=True)
class Question:
    """A question with the answers it offers; a lead has at most one of them."""

    id: str
    text: str
    answers: tuple[PossibleAnswer, ...]


@dataclass(frozen=True)
class Threshold:
    """The scores that make a level, both ends included; None is no end."""

    level: QualificationLevel
    lowest: int | None
    highest: int | None

    def includes(self, score: int) -> bool:
        """Whether a score makes this level."""
        return (self.lowest is None or score >= self.lowest) and (self.highest is None or score <= self.highest)


@dataclass(frozen=True)
class Score:
    """What a questionnaire makes of a lead's answers."""

    value: int
    level: QualificationLevel
    questionnaire_id: str


@dataclass(frozen=True)
class Questionnaire:
    """The questions a site asks about a lead. `mistakes` says whether it may be used."""

    id: str
    version: str
    questions: tuple[Question, ...]
    thresholds: tuple[Threshold, ...]

    @property
    def key(self) -> str:
        """QuestionnaireID of the contract: the ID with the version."""
        return f"{self.id}/{self.version}"

    @cached_property
    def _weights(self) -> Mapping[str, Mapping[str, int]]:
        return {one.id: {answer.code: answer.weight for answer in one.answers} for one in self.questions}

    @property
    def lowest_score(self) -> int:
        """The least that answers can come to; a question that is not answered counts 0."""
        return sum(min(0, min((answer.weight for answer in one.answers), default=0)) for one in self.questions)

    @property
    def highest_score(self) -> int:
        """The most that answers can come to."""
        return sum(max(0, max((answer.weight for answer in one.answers), default=0)) for one in self.questions)

    def level(self, score: int) -> QualificationLevel:
        """The level that a possible score makes."""
        return next(one.level for one in self.thresholds if one.includes(score))

    def has(self, question: str) -> bool:
        """Whether there is such a question."""
        return question in self._weights

    def weight(self, question: str, code: str) -> int | None:
        """What an answer counts; None where the question, or the answer to it, is none of this questionnaire's."""
        return self._weights.get(question, {}).get(code)

    def score(self, answers: Iterable[tuple[str, str]]) -> Score | None:
        """What these answers (question, answer code), one for a question, come to.

        What the questionnaire does not have counts nothing. None where it has none of them: a lead about which nothing
        is known is not a cold one.
        """
        known = [weight for answer in answers if (weight := self.weight(*answer)) is not None]
        return Score(sum(known), self.level(sum(known)), self.key) if known else None


@dataclass(frozen=True)
class Qualification:
    """The level of a lead and what it follows from. `manual`: the level was set by hand, whatever is computed."""

    level: QualificationLevel | None = None
    manual: bool = False
    score: Score | None = None

    def scored(self, score: Score | None) -> Qualification:
        """The same lead with other answers: a level set by hand stays, any other follows the score."""
        if self.manual:
            return Qualification(self.level, True, score)
        return Qualification(score.level if score else None, False, score)

    def set_by_hand(self, level: QualificationLevel) -> Qualification:
        """The same lead with a level that somebody sent.

        It overrules the computed one, until it is the same as that: then there is nothing left to overrule, and the
        level follows the answers again.
        """
        return Qualification(level, self.score is None or level is not self.score.level, self.score)


# ---------------------------------------------------------------------------------------------------- mistakes

# What the contract has room for.
LONGEST_QUESTION_ID = 20
LONGEST_ANSWER_CODE = 20
LONGEST_KEY = 40
MOST_QUESTIONS = 50
HEAVIEST = 10_000  # of one answer, up or down: their sum stays an xs:int


def mistakes(questionnaire: Questionnaire) -> list[str]:
    """Why a questionnaire cannot be used; each as `place: reason`, places counted from 1: `questions[2].id`."""
    return [
        *_key_mistakes(questionnaire),
        *_question_mistakes(questionnaire.questions),
        *_threshold_mistakes(questionnaire),
    ]


def _key_mistakes(questionnaire: Questionnaire) -> Iterator[str]:
    for name, text in (("id", questionnaire.id), ("version", questionnaire.version)):
        if not _is_code(text) or "/" in text:
            yield f"{name}: must be text without spaces and without /"
    if len(questionnaire.key) > LONGEST_KEY:
        yield f"id: is too long; with the version and a / between them it may have {LONGEST_KEY} characters"


def _question_mistakes(questions: Sequence[Question]) -> Iterator[str]:
    if not questions:
        yield "questions: there must be at least one"
    if len(questions) > MOST_QUESTIONS:
        yield f"questions: a lead has room for the answers to {MOST_QUESTIONS}"
    ids = Counter(one.id for one in questions)
    for number, question in enumerate(questions, 1):
        place = f"questions[{number}]"
        yield from _code_mistakes(f"{place}.id", question.id, LONGEST_QUESTION_ID, ids)
        if not question.answers:
            yield f"{place}.answers: there must be at least one"
        codes = Counter(one.code for one in question.answers)
        for position, answer in enumerate(question.answers, 1):
            here = f"{place}.answers[{position}]"
            yield from _code_mistakes(f"{here}.code", answer.code, LONGEST_ANSWER_CODE, codes)
            if abs(answer.weight) > HEAVIEST:
                yield f"{here}.weight: must lie between -{HEAVIEST} and {HEAVIEST}"


def _code_mistakes(place: str, code: str, longest: int, all_codes: Counter[str]) -> Iterator[str]:
    if not _is_code(code):
        yield f"{place}: must be text without spaces"
    if len(code) > longest:
        yield f"{place}: is too long; the contract has room for {longest} characters"
    if all_codes[code] > 1:
        yield f"{place}: stands there twice"


def _is_code(text: str) -> bool:
    return bool(text) and text.isprintable() and not any(letter.isspace() for letter in text)


def _threshold_mistakes(questionnaire: Questionnaire) -> Iterator[str]:
    """Every possible score must make exactly one level, and a better score no worse one."""
    thresholds = questionnaire.thresholds
    if not thresholds:
        yield "thresholds: there must be at least one"
        return
    levels = Counter(one.level for one in thresholds)
    for number, one in enumerate(thresholds, 1):
        if levels[one.level] > 1:
            yield f"thresholds[{number}].level: stands there twice"
        if one.lowest is not None and one.highest is not None and one.lowest > one.highest:
            yield f"thresholds[{number}]: from is greater than to"
            return
    lowest, highest = questionnaire.lowest_score, questionnaire.highest_score
    ordered = sorted(enumerate(thresholds, 1), key=lambda each: _or(each[1].lowest, -_ENDLESS))
    reached = -_ENDLESS if ordered[0][1].lowest is None else ordered[0][1].lowest - 1
    if reached >= lowest:
        yield f"thresholds[{ordered[0][0]}].from: no level is made by scores from {lowest} to {reached}"
    for place, (number, one) in enumerate(ordered):
        start = _or(one.lowest, -_ENDLESS)
        if place and start <= reached:
            yield f"thresholds[{number}]: overlaps thresholds[{ordered[place - 1][0]}]"
        elif place and start > reached + 1:
            yield f"thresholds[{number}].from: no level is made by scores from {reached + 1} to {start - 1}"
        if place and one.level < ordered[place - 1][1].level:
            yield f"thresholds[{number}].level: is lower than the level of smaller scores"
        reached = max(reached, _or(one.highest, _ENDLESS))
    if reached < highest:
        yield f"thresholds[{ordered[-1][0]}].to: no level is made by scores from {reached + 1} to {highest}"


_ENDLESS = 2**31


def _or(value: int | None, otherwise: int) -> int:
    return otherwise if value is None else value
