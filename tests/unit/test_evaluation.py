"""Evaluation: the first rule whose conditions are all met answers its question, and says why."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from leadbridge.evaluation import Conditions, EvaluationRule, Facts, Question, Verdict, applies, evaluate, is_confirmed
from leadbridge.opening import bian_policy
from leadbridge.rulefiles.evaluations import DEFAULT_EVALUATION, read_evaluation
from leadbridge.rulefiles.messagetemplates import read_message_templates
from leadbridge.settings import Settings, SettingsError

FACTS = Facts(
    level="02",
    status="3",
    score=40,
    products=frozenset({"LOAN-5", "CARD"}),
    customer="new",
    category="person",
    contact="unknown",
    countries=frozenset({"DE"}),
    amount=Decimal(1000),
    currency="EUR",
)


@pytest.mark.parametrize(
    ("conditions", "met"),
    [
        (Conditions(), True),
        (Conditions(levels=frozenset({"02", "03"})), True),
        (Conditions(levels=frozenset({"03"})), False),
        (Conditions(statuses=frozenset({"4"})), False),
        (Conditions(products=("LOAN*",)), True),
        (Conditions(products=("LOAN",)), False),
        (Conditions(products=("CARD",)), True),
        (Conditions(customers=frozenset({"existing"})), False),
        (Conditions(categories=frozenset({"organisation"})), False),
        (Conditions(contact=frozenset({"forbidden"})), False),
        (Conditions(countries=frozenset({"AT", "DE"})), True),
        (Conditions(countries=frozenset({"AT"})), False),
        (Conditions(lowest_score=40), True),
        (Conditions(lowest_score=41), False),
        (Conditions(lowest_amount=Decimal(1000), highest_amount=Decimal(1000), currency="EUR"), True),
        (Conditions(lowest_amount=Decimal("1000.01"), currency="EUR"), False),
        (Conditions(highest_amount=Decimal("999.99"), currency="EUR"), False),
        (Conditions(currency="USD"), False),
        (Conditions(levels=frozenset({"02"}), statuses=frozenset({"4"})), False),
    ],
)
def test_a_rule_applies_where_all_its_conditions_are_met(conditions: Conditions, *, met: bool) -> None:
    assert applies(conditions, FACTS) is met


def test_what_is_not_known_meets_no_condition() -> None:
    blank = replace(FACTS, level=None, score=None, products=frozenset(), amount=None, currency=None)
    for conditions in (
        *(Conditions(levels=frozenset({"02"})), Conditions(products=("*",)), Conditions(lowest_score=0)),
        Conditions(lowest_amount=Decimal(0), currency="EUR"),
    ):
        assert not applies(conditions, blank)


def test_the_first_rule_that_applies_answers_and_none_leaves_the_question_open() -> None:
    no, yes = (
        EvaluationRule(one.value, Question.INTEREST, one, f"Because {one}.")
        for one in (Verdict.REFUSED, Verdict.CONFIRMED)
    )
    first, second, third = evaluate((no, yes), FACTS)
    assert (first.verdict, first.rule, first.reason) == (Verdict.REFUSED, "refused", "Because refused.")
    assert (second.question, second.verdict, second.rule) == (Question.SUITABILITY, Verdict.OPEN, None)
    assert third.reason
    assert evaluate((yes, no), FACTS)[0].verdict is Verdict.CONFIRMED


def test_the_built_in_rules() -> None:
    rules = read_evaluation(DEFAULT_EVALUATION)
    assert is_confirmed(evaluate(rules, FACTS))
    for changed, question in (
        ({"level": "01"}, Question.INTEREST),
        ({"products": frozenset()}, Question.SUITABILITY),
        ({"contact": "forbidden"}, Question.ELIGIBILITY),
    ):
        answers = evaluate(rules, replace(FACTS, **changed))
        assert [one.question for one in answers if one.verdict is not Verdict.CONFIRMED] == [question]


def test_a_site_s_files_take_the_place_of_the_built_in_ones(tmp_path: Path) -> None:
    rules, templates = tmp_path / "rules.toml", tmp_path / "templates.toml"
    amount = 'when = { amount = { from = 1.5, currency = "EUR" }, score = { from = 3 } }'
    rules.write_text(f'[[rules]]\nname = "x"\nabout = "interest"\nverdict = "confirmed"\nreason = "y"\n{amount}\n')
    templates.write_text('[[templates]]\nname = "t"\nsubject = "$lead_id"\ntext = "$$5 for $lead"\n')
    found = bian_policy(Settings(bian={"evaluation_file": str(rules), "message_templates_file": str(templates)}))
    (rule,) = found.evaluation
    assert (rule.conditions.lowest_amount, rule.conditions.lowest_score) == (Decimal("1.5"), 3)
    values = {"lead": "A $lead", "lead_id": "1", "product": "", "owner": ""}
    assert found.templates["t"].filled(values) == ("1", "$5 for A $lead")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[[rules]]\nname = "x"', "rules[1].about: is missing"),
        ("[[rules]]\nname = 3", "rules[1].name: should be a valid string"),
        (
            '[[rules]]\nname = "x"\nabout = "love"',
            "rules[1].about: should be 'interest', 'suitability' or 'eligibility'",
        ),
        ("x = 1", "x: there is no such key"),
        ("rules = [", "is not TOML"),
    ],
)
def test_a_broken_file_of_rules_is_refused_with_place_and_reason(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(text)
    with pytest.raises(SettingsError) as caught:
        read_evaluation(path)
    assert any(str(path) in one and problem in one for one in caught.value.problems)


def test_two_rules_of_one_name_and_places_that_are_none_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "file.toml"
    rule = '[[rules]]\nname = "x"\nabout = "interest"\nverdict = "refused"\nreason = "y"\n'
    path.write_text(rule + rule)
    with pytest.raises(SettingsError, match="another rule has this name"):
        read_evaluation(path)
    for bad in ("$customer", "$", "${lead"):
        path.write_text(f'[[templates]]\nname = "x"\nsubject = "y"\ntext = "{bad}"\n')
        with pytest.raises(SettingsError, match="before something else than"):
            read_message_templates(path)
