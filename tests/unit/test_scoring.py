"""Scoring by its rules: sums, thresholds at their edges, levels set by hand, and mistakes of a questionnaire."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadbridge.scoring import (
    PossibleAnswer,
    Qualification,
    QualificationLevel,
    Question,
    Questionnaire,
    Score,
    Threshold,
    mistakes,
)

COLD, WARM, HOT = QualificationLevel


def question(name: str, **weights: int) -> Question:
    return Question(name, f"{name}?", tuple(PossibleAnswer(code, code, weight) for code, weight in weights.items()))


def questionnaire(*questions: Question, thresholds: tuple[Threshold, ...]) -> Questionnaire:
    return Questionnaire("TEST", "1", questions, thresholds)


SOUND = questionnaire(
    question("NEED", HIGH=40, LOW=10, NONE=-20),
    question("TIME", NOW=30, LATER=0),
    thresholds=(Threshold(COLD, None, 29), Threshold(WARM, 30, 59), Threshold(HOT, 60, None)),
)


# ------------------------------------------------------------------------------------------------------------ scores


@pytest.mark.parametrize(
    ("answers", "value", "level"),
    [
        ([("NEED", "HIGH"), ("TIME", "NOW")], 70, HOT),
        ([("NEED", "HIGH")], 40, WARM),
        ([("TIME", "NOW")], 30, WARM),  # the lowest warm score
        ([("NEED", "NONE"), ("TIME", "LATER")], -20, COLD),
        ([("TIME", "LATER")], 0, COLD),
        ([("NEED", "HIGH"), ("OTHER", "YES")], 40, WARM),  # what is not known counts nothing
        ([("NEED", "HIGH"), ("TIME", "NEVER")], 40, WARM),
    ],
)
def test_a_score_is_the_sum_of_the_weights(
    answers: list[tuple[str, str]], value: int, level: QualificationLevel
) -> None:
    assert SOUND.score(answers) == Score(value, level, "TEST/1")


@pytest.mark.parametrize("answers", [[], [("OTHER", "YES")], [("NEED", "MAYBE"), ("OTHER", "YES")]])
def test_without_any_answer_that_is_known_there_is_no_score(answers: list[tuple[str, str]]) -> None:
    assert SOUND.score(answers) is None


@pytest.mark.parametrize(
    ("score", "level"), [(-(10**6), COLD), (29, COLD), (30, WARM), (59, WARM), (60, HOT), (10**6, HOT)]
)
def test_both_ends_of_a_threshold_belong_to_it(score: int, level: QualificationLevel) -> None:
    assert SOUND.level(score) is level


WEIGHTS = st.lists(st.integers(-50, 50), min_size=1, max_size=4)


@given(st.lists(WEIGHTS, min_size=1, max_size=5), st.data())
def test_every_choice_of_answers_lies_in_the_range_and_has_a_level(drawn: list[list[int]], data: st.DataObject) -> None:
    questions = [question(f"Q{n}", **{f"A{k}": w for k, w in enumerate(weights)}) for n, weights in enumerate(drawn)]
    split = data.draw(st.integers(-300, 300))
    found = questionnaire(*questions, thresholds=(Threshold(COLD, None, split), Threshold(HOT, split + 1, None)))
    assert mistakes(found) == []
    chosen = [(one.id, data.draw(st.sampled_from(one.answers)).code) for one in questions if data.draw(st.booleans())]
    score = found.score(chosen)
    if score is None:
        assert chosen == []
    else:
        assert found.lowest_score <= score.value <= found.highest_score
        assert score.value == sum(found.weight(*one) or 0 for one in chosen)
        assert (score.level is HOT) == (score.value > split)


# -------------------------------------------------------------------------------------------------- a level set by hand

GOOD, FAIR = Score(70, HOT, "TEST/1"), Score(40, WARM, "TEST/1")


@pytest.mark.parametrize(
    ("found", "level", "manual"),
    [
        (Qualification().scored(GOOD), HOT, False),
        (Qualification().scored(GOOD).scored(FAIR), WARM, False),
        (Qualification().scored(GOOD).scored(None), None, False),
        (Qualification().set_by_hand(COLD), COLD, True),
        (Qualification().scored(GOOD).set_by_hand(COLD), COLD, True),
        (Qualification().scored(GOOD).set_by_hand(COLD).scored(FAIR), COLD, True),
        (Qualification().set_by_hand(WARM).scored(GOOD).scored(FAIR), WARM, True),  # the same by chance: still by hand
        (Qualification().scored(GOOD).set_by_hand(HOT), HOT, False),  # nothing to overrule: it follows the answers
        (Qualification().scored(GOOD).set_by_hand(COLD).set_by_hand(HOT).scored(FAIR), WARM, False),
    ],
)
def test_a_level_set_by_hand_overrules_until_it_is_the_computed_one(
    found: Qualification, level: QualificationLevel | None, manual: bool
) -> None:
    assert (found.level, found.manual) == (level, manual)


# ----------------------------------------------------------------------------------------------------------- mistakes


def with_thresholds(*thresholds: tuple[QualificationLevel, int | None, int | None]) -> Questionnaire:
    return replace(SOUND, thresholds=tuple(Threshold(*one) for one in thresholds))


# The scores of SOUND go from -20 to 70.
@pytest.mark.parametrize(
    ("found", "said"),
    [
        (SOUND, []),
        (with_thresholds((HOT, None, None)), []),
        (with_thresholds((WARM, -20, 9), (HOT, 10, 70)), []),
        (with_thresholds((HOT, 10, None), (COLD, None, 9)), []),  # in any order
        (with_thresholds((COLD, -19, None)), ["thresholds[1].from: no level is made by scores from -20 to -20"]),
        (with_thresholds((COLD, None, 69)), ["thresholds[1].to: no level is made by scores from 70 to 70"]),
        (
            with_thresholds((COLD, None, 29), (HOT, 31, None)),
            ["thresholds[2].from: no level is made by scores from 30 to 30"],
        ),
        (with_thresholds((COLD, None, 30), (HOT, 30, None)), ["thresholds[2]: overlaps thresholds[1]"]),
        (with_thresholds((COLD, None, None), (HOT, 30, None)), ["thresholds[2]: overlaps thresholds[1]"]),
        (
            with_thresholds((HOT, None, 29), (COLD, 30, None)),
            ["thresholds[2].level: is lower than the level of smaller scores"],
        ),
        (
            with_thresholds((HOT, None, 29), (HOT, 30, None)),
            ["thresholds[1].level: stands there twice", "thresholds[2].level: stands there twice"],
        ),
        (with_thresholds((COLD, 30, 29)), ["thresholds[1]: from is greater than to"]),
        (with_thresholds(), ["thresholds: there must be at least one"]),
        (replace(SOUND, questions=()), ["questions: there must be at least one"]),
        (
            replace(SOUND, questions=(*SOUND.questions, question("NEED", YES=1))),
            ["questions[1].id: stands there twice", "questions[3].id: stands there twice"],
        ),
        (replace(SOUND, questions=(question("Q" * 20, YES=1),)), []),
        (
            replace(SOUND, questions=(question("Q" * 21, YES=1),)),
            ["questions[1].id: is too long; the contract has room for 20 characters"],
        ),
        (replace(SOUND, questions=(question("A B", YES=1),)), ["questions[1].id: must be text without spaces"]),
        (replace(SOUND, questions=(question("A"),)), ["questions[1].answers: there must be at least one"]),
        (
            replace(SOUND, questions=(question("A", **{"Y" * 21: 1}),)),
            ["questions[1].answers[1].code: is too long; the contract has room for 20 characters"],
        ),
        (
            replace(SOUND, questions=(Question("A", "A?", (PossibleAnswer("Y", "", 1), PossibleAnswer("Y", "", 2))),)),
            ["questions[1].answers[1].code: stands there twice", "questions[1].answers[2].code: stands there twice"],
        ),
        (replace(SOUND, questions=(question("A", Y=10_000),)), []),
        (
            replace(SOUND, questions=(question("A", Y=10_001),)),
            ["questions[1].answers[1].weight: must lie between -10000 and 10000"],
        ),
        (replace(SOUND, questions=tuple(question(f"Q{n}", Y=1) for n in range(50))), []),
        (
            replace(SOUND, questions=tuple(question(f"Q{n}", Y=1) for n in range(51))),
            ["questions: a lead has room for the answers to 50"],
        ),
        (replace(SOUND, id="I" * 38), []),
        (
            replace(SOUND, id="I" * 39),
            ["id: is too long; with the version and a / between them it may have 40 characters"],
        ),
        (replace(SOUND, version="1/2"), ["version: must be text without spaces and without /"]),
    ],
)
def test_a_mistake_is_told_with_its_place(found: Questionnaire, said: list[str]) -> None:
    assert mistakes(found) == said
