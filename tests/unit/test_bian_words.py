"""The tables of the service domain: which action is allowed where, and what a task becomes."""

from __future__ import annotations

import pytest

from leadbridge.bian.words import (
    ELEMENTS,
    KNOWN,
    LEAD_FIELDS,
    OFFICIAL_DEVELOPMENT,
    OFFICIAL_PROCEDURE,
    Action,
    TaskAction,
    TaskState,
    allowed,
    raised,
    task_state,
)
from leadbridge.lead import LifeCycleStatus

R, S, U, T, A, J = (
    *(Action.RAISE_PRIORITY, Action.SUSPEND, Action.RESUME, Action.TERMINATE),
    *(Action.ACCEPT, Action.REJECT),
)


@pytest.mark.parametrize(
    ("status", "running", "suspended"),
    [
        ("1", {R, S, T, A, J}, {R, U, T}),
        ("2", {R, S, T, A, J}, {R, U, T}),
        ("3", {R, S, T, J}, {R, U, T}),
        ("4", {R, T}, {R, U, T}),
        ("5", {R}, {R, U}),
        ("6", set(), set()),
        ("7", set(), set()),
    ],
)
def test_what_is_allowed_in_each_state(status: str, running: set[Action], suspended: set[Action]) -> None:
    assert set(allowed(LifeCycleStatus(status), suspended=False)) == running
    assert set(allowed(LifeCycleStatus(status), suspended=True)) == suspended


def test_priority_rises_step_by_step() -> None:
    assert [raised(one) for one in ("7", "3", None, "2", "1")] == ["3", "2", "2", "1", None]


def test_what_a_task_becomes() -> None:
    for state in (TaskState.OPEN, TaskState.IN_PROCESS, TaskState.REQUESTED):
        assert task_state(state, TaskAction.UPDATE) is state
        assert task_state(state, TaskAction.UPDATE, has_result=True) is TaskState.DONE
        assert task_state(state, TaskAction.REQUEST) is TaskState.REQUESTED
    assert task_state(TaskState.OPEN, TaskAction.EXECUTE) is TaskState.IN_PROCESS
    assert task_state(TaskState.IN_PROCESS, TaskAction.EXECUTE) is TaskState.IN_PROCESS
    assert task_state(TaskState.REQUESTED, TaskAction.EXECUTE) is TaskState.REQUESTED
    assert {task_state(TaskState.DONE, one, has_result=True) for one in TaskAction} == {None}


def test_the_tables_speak_of_fields_that_there_are() -> None:
    assert set(LEAD_FIELDS) - set(OFFICIAL_PROCEDURE) == {"TriggeredBy", "DuplicateCheckCode"}
    assert set(KNOWN["Development"]) - set(OFFICIAL_DEVELOPMENT) == {"CustomerOfferReference"}
    assert len(set(OFFICIAL_PROCEDURE)) == len(set(OFFICIAL_DEVELOPMENT)) == 9
    assert set(ELEMENTS.values()) - set(LEAD_FIELDS) == {"ReasonCode", "ExchangeActionRequest"}
