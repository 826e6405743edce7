"""What scoring does to a lead that is created or changed: the columns of its qualification, and what the Log says.

A score is computed when the answers of a lead change, by the questionnaire in force then, and at no other time: it
keeps the questionnaire it was computed by.
"""

from collections.abc import Iterable, Sequence

from leadbridge.messages import Lead, LeadChange
from leadbridge.operations.logitems import LogBuilder, LogItemType
from leadbridge.scoring import Qualification, QualificationLevel, Questionnaire, Score
from leadbridge.store.inserts import Row

_UNQUALIFIED: Row = {
    "qualification_level_code": None,
    "qualification_level_manual": None,
    "computed_qualification_level_code": None,
    "qualification_score": None,
    "questionnaire_id": None,
}


def qualified_new(lead: Lead, questionnaire: Questionnaire | None, path: str, log: LogBuilder) -> Row:
    """The columns of a new lead's qualification; `path` is the lead's, for the Log."""
    sent = lead.qualification_level_code
    if sent is None and not lead.questionnaire_answer:  # most leads
        return _UNQUALIFIED
    qualification = Qualification()
    if lead.questionnaire_answer and questionnaire is not None:
        answers = [(one.question_id, one.answer_code) for one in lead.questionnaire_answer]
        _warn(answers, answers, questionnaire, f"{path}/lbl:QuestionnaireAnswer", log)
        qualification = qualification.scored(questionnaire.score(answers))
    if sent is not None:
        qualification = qualification.set_by_hand(QualificationLevel(sent.value))
    _tell(qualification, f"{path}/lbl:QualificationLevelCode", log)
    return _columns(qualification)


def qualified_change(
    head: Row,
    lead: LeadChange,
    answers: Sequence[Row] | None,
    questionnaire: Questionnaire | None,
    *,
    path: str,
    log: LogBuilder,
) -> Row:
    """The columns of a lead's qualification that a change concerns. `answers` are all it will have, None where they
    stay as they are.
    """
    sent = lead.qualification_level_code
    if sent is None and answers is None:
        return {}
    qualification = _qualification(head)
    if answers is not None:
        pairs = [(row["question_id"], row["answer_code"]) for row in answers]
        if questionnaire is not None:
            brought = [(one.question_id, one.answer_code) for one in lead.questionnaire_answer]
            _warn(pairs, brought, questionnaire, f"{path}/lbl:QuestionnaireAnswer", log)
        qualification = qualification.scored(questionnaire.score(pairs) if questionnaire is not None else None)
    if sent is not None:
        qualification = qualification.set_by_hand(QualificationLevel(sent.value))
    _tell(qualification, f"{path}/lbl:QualificationLevelCode", log)
    return _columns(qualification)


def recomputed(head: Row, answers: Sequence[Row], questionnaire: Questionnaire) -> Row:
    """The columns of a lead's qualification after its answers are scored by this questionnaire."""
    pairs = [(row["question_id"], row["answer_code"]) for row in answers]
    return _columns(_qualification(head).scored(questionnaire.score(pairs)))


def is_manual(head: Row) -> bool:
    """Whether the lead has a level that was set by hand. Before leads were scored, every level was."""
    return head["qualification_level_code"] is not None and head["qualification_level_manual"] is not False


def _qualification(head: Row) -> Qualification:
    level, computed = head["qualification_level_code"], head["computed_qualification_level_code"]
    return Qualification(
        level=QualificationLevel(level) if level else None,
        manual=is_manual(head),
        score=Score(head["qualification_score"], QualificationLevel(computed), head["questionnaire_id"])
        if computed
        else None,
    )


def _columns(qualification: Qualification) -> Row:
    level, score = qualification.level, qualification.score
    return {
        "qualification_level_code": level.value if level else None,
        "qualification_level_manual": qualification.manual if level else None,
        "computed_qualification_level_code": score.level.value if score else None,
        "qualification_score": score.value if score else None,
        "questionnaire_id": score.questionnaire_id if score else None,
    }


def _tell(qualification: Qualification, path: str, log: LogBuilder) -> None:
    """Say what was derived, or that a level set by hand stands against it. What was merely sent needs no word."""
    level, score = qualification.level, qualification.score
    if score is None:
        return
    computed = f"score {score.value} by questionnaire {score.questionnaire_id} gives level {score.level.value}"
    if not qualification.manual:
        log.information(LogItemType.LEAD_LEVEL_COMPUTED, f"Computed: {computed}.", path)
    elif level is score.level:
        note = f"Set by hand to {score.level.value}; computed too: {computed}."
        log.information(LogItemType.LEAD_LEVEL_OVERRULED, note, path)
    else:
        assert level is not None  # it was set by hand
        note = f"Set by hand to {level.value}, which overrules the computed level: {computed}."
        log.information(LogItemType.LEAD_LEVEL_OVERRULED, note, path)


def _warn(
    answers: Iterable[tuple[str, str]],
    brought: Sequence[tuple[str, str]],
    questionnaire: Questionnaire,
    path: str,
    log: LogBuilder,
) -> None:
    """Name the answers that count nothing because the questionnaire does not have them.

    Those this call brought are named by their place, because a question that nobody knows may be any text.
    """
    for position, (question, code) in enumerate(brought, 1):
        if not questionnaire.has(question):
            note = f"Questionnaire {questionnaire.key} has no such question: the answer is kept and counts 0."
            log.warning(LogItemType.LEAD_QUESTION_UNKNOWN, note, f"{path}[{position}]/lbl:QuestionID")
        elif questionnaire.weight(question, code) is None:
            note = f"Question {question} of questionnaire {questionnaire.key} has no such answer: it is kept, counts 0."
            log.warning(LogItemType.LEAD_ANSWER_UNKNOWN, note, f"{path}[{position}]/lbl:AnswerCode")
    before = sum(questionnaire.weight(*one) is None for one in set(answers) - set(brought))
    if before:
        note = f"{before} of the answers from before are none of questionnaire {questionnaire.key}: they count 0."
        log.warning(LogItemType.LEAD_QUESTION_UNKNOWN, note, path)
