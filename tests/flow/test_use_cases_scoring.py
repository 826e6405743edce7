"""Scores of leads: computed when answers come or change, overruled by hand, kept when the questionnaire changes."""

from collections.abc import Iterator

import pytest

from leadbridge.operations.call import Policy
from leadbridge.scoring import PossibleAnswer, QualificationLevel, Question, Questionnaire, Threshold
from leadbridge.store.database import Database
from tests.support.calls import Answered, Calls, gateway, row_counts
from tests.support.messages_by_hand import (
    Parts,
    Xml,
    change_lead,
    check_lead,
    create_lead,
    find_lead,
    lead_fields,
    new_prospect,
    new_uuid,
    person,
    questionnaire_answer,
    read_lead,
    selection,
)

PATH = "/lbl:LeadCreateRequest_sync/lbl:Lead"


def questionnaire(version: str, **weights: int) -> Questionnaire:
    """One question NEED with these answers, and TIME with NOW for 30; 30 is warm, 60 hot."""
    return Questionnaire(
        id="TEST",
        version=version,
        questions=(
            Question("NEED", "Need?", tuple(PossibleAnswer(code, code, weight) for code, weight in weights.items())),
            Question("TIME", "Time?", (PossibleAnswer("NOW", "Now", 30),)),
        ),
        thresholds=(
            Threshold(QualificationLevel.COLD, None, 29),
            Threshold(QualificationLevel.WARM, 30, 59),
            Threshold(QualificationLevel.HOT, 60, None),
        ),
    )


FIRST = Policy(questionnaire=questionnaire("1", HIGH=40, LOW=10))
SECOND = Policy(questionnaire=questionnaire("2", HIGH=20, LOW=0))
HOT = [questionnaire_answer("NEED", "HIGH"), questionnaire_answer("TIME", "NOW")]
WARM = [questionnaire_answer("NEED", "HIGH")]


@pytest.fixture
def calls(database: Database) -> Iterator[Calls]:
    """A gateway whose site asks by the first questionnaire."""
    with gateway(database, FIRST) as made:
        yield made


def created(calls: Calls, *answers: Xml, level: str | None = None) -> Answered:
    """The answer to a new lead."""
    fields = lead_fields(prospect=new_prospect(person()), answers=answers, level=level)
    return calls.done(create_lead(fields, uuid=new_uuid()))


def changed(
    calls: Calls, lead_id: str, answers: Parts = (), *, level: str | None = None, whole: bool = False
) -> Answered:
    fields = lead_fields(name=None, answers=answers, level=level)
    return calls.done(change_lead(lead_id, fields, complete=["questionnaireAnswer"] if whole else []))


def qualification(calls: Calls, lead_id: str) -> tuple[list[str], ...]:
    """Level, whether by hand, computed level, score and questionnaire of a lead, each as it is in the answer."""
    (lead,) = calls.done(read_lead(lead_id)).parts("Lead")
    names = ("QualificationLevelCode", "QualificationLevelManualIndicator", "ComputedQualificationLevelCode")
    return tuple(lead.all(name) for name in (*names, "QualificationScoreValue", "QuestionnaireID"))


NOTHING: tuple[list[str], ...] = ([], [], [], [], [])


# ------------------------------------------------------------------------------------------------------------- create


def test_answers_give_a_score_and_a_level_which_every_answer_tells(calls: Calls) -> None:
    answer = created(calls, *HOT)
    lead_id = answer.one("Lead/ID")
    assert (answer.one("Lead/QualificationLevelCode"), answer.one("Lead/QualificationScoreValue")) == ("03", "70")
    (said,) = answer.log_items("LEAD.LEVEL_COMPUTED")
    assert said.one("SeverityCode") == "1"
    assert said.one("Note") == "Computed: score 70 by questionnaire TEST/1 gives level 03."
    assert qualification(calls, lead_id) == (["03"], ["false"], ["03"], ["70"], ["TEST/1"])
    found = calls.done(find_lead({"QualificationLevelCode": [selection("03")]}))
    assert (found.one("Lead/ID"), found.one("Lead/QualificationScoreValue")) == (lead_id, "70")


def test_a_lead_without_answers_has_no_score_and_the_level_it_was_sent_with(calls: Calls) -> None:
    plain, sent = created(calls), created(calls, level="02")
    assert plain.log == sent.log == ["LEAD.CREATED", "BUSINESSPARTNER.CREATED"]
    assert qualification(calls, plain.one("Lead/ID")) == NOTHING
    assert qualification(calls, sent.one("Lead/ID")) == (["02"], ["true"], [], [], [])


def test_a_level_set_by_hand_overrules_the_computed_one_and_says_so(calls: Calls) -> None:
    answer = created(calls, *HOT, level="01")
    assert (answer.one("Lead/QualificationLevelCode"), answer.one("Lead/QualificationScoreValue")) == ("01", "70")
    (said,) = answer.log_items("LEAD.LEVEL_OVERRULED")
    assert said.one("SeverityCode") == "1"
    assert said.one("ReferenceMessageElementName") == f"{PATH}/lbl:QualificationLevelCode"
    assert "Set by hand to 01" in said.one("Note")
    assert "gives level 03" in said.one("Note")
    assert qualification(calls, answer.one("Lead/ID")) == (["01"], ["true"], ["03"], ["70"], ["TEST/1"])


def test_answers_that_the_questionnaire_does_not_have_are_kept_and_count_nothing(calls: Calls) -> None:
    strange = [questionnaire_answer("TIME", "NEVER"), questionnaire_answer("Anna Beispiel", "YES")]
    answer = created(calls, *WARM, *strange)
    assert answer.one("Lead/QualificationScoreValue") == "40"
    (wrong,), (unknown,) = answer.log_items("LEAD.ANSWER_UNKNOWN"), answer.log_items("LEAD.QUESTION_UNKNOWN")
    assert (wrong.one("SeverityCode"), unknown.one("SeverityCode")) == ("2", "2")
    assert wrong.one("ReferenceMessageElementName") == f"{PATH}/lbl:QuestionnaireAnswer[2]/lbl:AnswerCode"
    assert "Question TIME of questionnaire TEST/1" in wrong.one("Note")
    assert unknown.one("ReferenceMessageElementName") == f"{PATH}/lbl:QuestionnaireAnswer[3]/lbl:QuestionID"
    assert "Anna" not in "".join(answer.all("Log/Item/Note"))
    (lead,) = calls.done(read_lead(answer.one("Lead/ID"))).parts("Lead")
    assert lead.all("QuestionnaireAnswer/QuestionID") == ["NEED", "TIME", "Anna Beispiel"]


def test_where_no_answer_is_known_nothing_is_computed(calls: Calls) -> None:
    answer = created(calls, questionnaire_answer("OTHER", "YES"))
    assert answer.log_items("LEAD.QUESTION_UNKNOWN")
    assert qualification(calls, answer.one("Lead/ID")) == NOTHING


def test_no_level_moves_the_status_or_forwards_a_lead(calls: Calls) -> None:
    answer = created(calls, *HOT)
    assert answer.one("Lead/LifeCycleStatusCode") == "1"
    changed(calls, answer.one("Lead/ID"), level="02")
    changed(calls, answer.one("Lead/ID"), level="03")
    (lead,) = calls.done(read_lead(answer.one("Lead/ID"))).parts("Lead")
    assert lead.one("LifeCycleStatusCode") == "1"
    assert row_counts(calls.database)["message"] == 0


def test_a_check_says_what_a_create_would_compute(calls: Calls) -> None:
    fields = lead_fields(prospect=new_prospect(person()), answers=HOT)
    assert calls.send(check_lead(fields)).log == ["LEAD.LEVEL_COMPUTED", "LEAD.WOULD_BE_CREATED"]


def test_without_a_questionnaire_answers_are_kept_and_nothing_is_computed(database: Database) -> None:
    with gateway(database) as plain:
        answer = created(plain, *HOT)
        assert answer.log == ["LEAD.CREATED", "BUSINESSPARTNER.CREATED"]
        assert qualification(plain, answer.one("Lead/ID")) == NOTHING


# ------------------------------------------------------------------------------------------------------------- change


def test_a_change_of_answers_computes_again(calls: Calls) -> None:
    lead_id = created(calls, *WARM).one("Lead/ID")
    answer = changed(calls, lead_id, [questionnaire_answer("TIME", "NOW")])  # added to the one before
    assert (answer.one("Lead/QualificationLevelCode"), answer.one("Lead/QualificationScoreValue")) == ("03", "70")
    assert answer.log_items("LEAD.LEVEL_COMPUTED")
    changed(calls, lead_id, [questionnaire_answer("NEED", "LOW")])
    assert qualification(calls, lead_id) == (["02"], ["false"], ["02"], ["40"], ["TEST/1"])
    changed(calls, lead_id, WARM, whole=True)
    assert qualification(calls, lead_id) == (["02"], ["false"], ["02"], ["40"], ["TEST/1"])
    gone = changed(calls, lead_id, whole=True)
    assert not gone.log_items("LEAD.LEVEL_COMPUTED")
    assert qualification(calls, lead_id) == NOTHING


def test_a_level_set_by_hand_stays_while_answers_change_until_it_is_set_to_the_computed_one(calls: Calls) -> None:
    lead_id = created(calls, *WARM).one("Lead/ID")
    assert changed(calls, lead_id, level="01").log_items("LEAD.LEVEL_OVERRULED")
    assert changed(calls, lead_id, [questionnaire_answer("TIME", "NOW")]).log_items("LEAD.LEVEL_OVERRULED")
    assert qualification(calls, lead_id) == (["01"], ["true"], ["03"], ["70"], ["TEST/1"])
    assert changed(calls, lead_id, level="03").log_items("LEAD.LEVEL_COMPUTED")
    changed(calls, lead_id, WARM, whole=True)
    assert qualification(calls, lead_id) == (["02"], ["false"], ["02"], ["40"], ["TEST/1"])


def test_level_and_answers_in_one_change_are_compared_with_each_other(calls: Calls) -> None:
    lead_id = created(calls, *WARM).one("Lead/ID")
    changed(calls, lead_id, HOT, level="03")
    assert qualification(calls, lead_id) == (["03"], ["false"], ["03"], ["70"], ["TEST/1"])
    changed(calls, lead_id, WARM, level="03", whole=True)
    assert qualification(calls, lead_id) == (["03"], ["true"], ["02"], ["40"], ["TEST/1"])


def test_a_change_of_anything_else_says_nothing_of_the_level(calls: Calls) -> None:
    lead_id = created(calls, *WARM).one("Lead/ID")
    answer = calls.done(change_lead(lead_id, lead_fields(name="Other")))
    assert answer.log == ["LEAD.CHANGE_STATE_MISSING", "LEAD.CHANGED"]
    assert answer.one("Lead/QualificationScoreValue") == "40"


# ----------------------------------------------------------------------------------------------- another questionnaire


def test_another_questionnaire_leaves_old_scores_and_computes_answers_that_change(
    database: Database, calls: Calls
) -> None:
    kept, later = (created(calls, *HOT).one("Lead/ID") for _ in range(2))
    with gateway(database, SECOND) as other:
        assert qualification(other, kept) == (["03"], ["false"], ["03"], ["70"], ["TEST/1"])
        assert changed(other, kept, HOT).log == ["LEAD.CHANGE_STATE_MISSING", "LEAD.UNCHANGED"]  # the same answers
        calls.done(change_lead(kept, lead_fields(name="Other")))
        assert qualification(other, kept) == (["03"], ["false"], ["03"], ["70"], ["TEST/1"])
        changed(other, later, [questionnaire_answer("NEED", "LOW")])
        assert qualification(other, later) == (["02"], ["false"], ["02"], ["30"], ["TEST/2"])


def test_answers_from_before_that_the_new_questionnaire_lacks_are_counted_in_the_log(
    database: Database, calls: Calls
) -> None:
    lead_id = created(calls, *HOT).one("Lead/ID")
    with gateway(database, Policy(questionnaire=questionnaire("3", SOME=5))) as other:
        answer = changed(other, lead_id, [questionnaire_answer("EXTRA", "YES")])
        notes = [item.one("Note") for item in answer.log_items("LEAD.QUESTION_UNKNOWN")]
        assert [note[:9] for note in notes] == ["Questionn", "1 of the "]
        assert qualification(other, lead_id) == (["02"], ["false"], ["02"], ["30"], ["TEST/3"])
