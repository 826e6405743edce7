"""`/crm/opportunities`: listed, read, moved, their history and forecast, each error by its code and field."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, get_args
from urllib.parse import quote

import pytest

from leadbridge.crm.casetypes import Move
from leadbridge.operations.call import Policy
from leadbridge.operations.dispatcher import Busy
from leadbridge.rest.opportunities import PATH
from leadbridge.rest.opportunity_bodies import (
    ForecastAnswer,
    MoveMade,
    MoveWanted,
    Opportunity,
    OpportunityPage,
    StageHistory,
)
from leadbridge.store.database import Database
from tests.support.bank import PARTNER, SALES, Json
from tests.support.calls import BANK, Calls, gateway, row_counts
from tests.support.casetypes import site_case_types
from tests.support.crm_messages_by_hand import advance, combo_create, combo_update, update_opportunity
from tests.support.door import Recorder, basic


@pytest.fixture
def door(sqlite: Database) -> Iterator[Json]:
    with gateway(sqlite) as calls:
        yield Json(calls)


def get(door: Json, path: str = "", **query: str) -> dict[str, Any]:
    asked = "&".join(f"{name}={quote(value)}" for name, value in query.items())
    reply = door.post(f"{PATH}{path}{'?' if asked else ''}{asked}", method="GET")
    assert reply.status == 200, reply.body
    said: dict[str, Any] = json.loads(reply.body)
    return said


def move(door: Json, record_id: str, move: str = "ADVANCE", **fields: str) -> dict[str, Any]:
    reply = door.post(f"{PATH}/{record_id}/moves", {"move": move, **fields})
    assert reply.status == 200, reply.body
    said: dict[str, Any] = json.loads(reply.body)
    MoveMade.model_validate(said, strict=True)
    return said


def made(
    calls: Calls,
    customer: str,
    customer_type: str = "ETB",
    *,
    owner: str = "RM-1",
    mode: str = "B2C",
    revenue: str | None = None,
) -> str:
    request = combo_create(
        customer=customer, customer_type=customer_type, owner=owner, selling_mode=mode, revenue=revenue
    )
    return calls.done(request, caller=BANK).one("RecordID")


def listed(door: Json, **query: str) -> list[str]:
    page = get(door, **query)
    OpportunityPage.model_validate(page, strict=True)
    return [one["id"] for one in page["opportunities"]]


def test_an_opportunity_is_read_moved_and_has_a_history(door: Json) -> None:
    record_id = made(door.calls, "C-1", revenue="1200.50")
    found = get(door, f"/{record_id}")
    Opportunity.model_validate(found, strict=True)
    assert (found["stage"], found["probability"], found["caseType"]) == ("Qualification", 20, "B2C opportunity")
    assert found["amount"] == {"value": "1200.50", "currency": "EUR"}
    assert found["stages"] == ["Qualification", "Needs Analysis", "Offer", "Decision", "Closed"]
    step = {"name": "Confirm interest", "required": True, "skippable": True, "state": "OPEN"}
    assert found["steps"] == [step]
    said = move(door, record_id, "STEP_SKIPPED", step="confirm interest", reasonCode="005", reason="Known <well>")
    assert said["steps"] == [{"name": "Confirm interest", "required": True, "state": "SKIPPED"}]
    said = move(door, record_id, expectedClosingDate="2026-09-30")
    assert (said["id"], said["stage"], said["expectedClosingDate"]) == (record_id, "Needs Analysis", "2026-09-30")
    door.calls.done(update_opportunity(record_id, reason="007"), caller=BANK)
    assert move(door, record_id, "REOPEN", reason="Again")["stage"] == "Needs Analysis"
    history = get(door, f"/{record_id}/history")
    StageHistory.model_validate(history, strict=True)
    assert [(one["move"], one["fromStage"], one["toStage"]) for one in history["moves"]] == [
        ("STEP_SKIPPED", "Qualification", "Qualification"),
        ("ADVANCE", "Qualification", "Needs Analysis"),
        ("REOPEN", "Closed", "Needs Analysis"),
    ]
    skipped = history["moves"][0]
    kept = (skipped["step"], skipped["reasonCode"], skipped["reason"], skipped["callerId"])
    assert kept == ("Confirm interest", "005", "Known <well>", BANK.id)
    statuses = [one["toStatus"] for one in history["statuses"]]
    assert statuses == ["New Opportunity", "Close Lost", "New Opportunity"]


def test_a_lead_is_converted_over_json_as_over_soap(door: Json) -> None:
    lead = made(door.calls, "C-1", "NTB")
    assert listed(door) == []
    assert listed(door, recordType="LEAD", stage="creation") == [lead]
    said = move(door, lead)
    for step in ("Make first contact", "Confirm interest", "Confirm need and budget"):
        move(door, lead, "STEP_DONE", step=step)
        said = move(door, lead)
    assert (said["recordType"], said["convertedLeadId"], said["stage"]) == ("OPPORTUNITY", lead, "Qualification")
    assert get(door, f"/{lead}")["opportunityId"] == said["id"]
    assert listed(door) == [said["id"]]


@pytest.fixture
def several(calls: Calls) -> tuple[Json, dict[str, str]]:
    """Opportunities in several stages, on both databases."""
    door = Json(calls)
    ids = {
        "first": made(calls, "C-1", revenue="100"),
        "second": made(calls, "C-2", owner="RM-2", revenue="0.10"),
        "business": made(calls, "C-3", mode="B2B", revenue="1000"),
        "won": made(calls, "C-4"),
        "lost": made(calls, "C-5"),
    }
    move(door, ids["second"], "STEP_DONE", step="Confirm interest", expectedClosingDate="2026-09-30")
    move(door, ids["second"])
    calls.done(combo_update(ids["won"]), caller=BANK)
    move(door, ids["lost"], "CLOSE_LOST", reason="No answer")
    return door, ids


def test_lists_are_filtered_and_go_on_page_by_page(several: tuple[Json, dict[str, str]]) -> None:
    door, ids = several
    assert listed(door) == sorted(ids.values())
    assert listed(door, ownerId="RM-2") == [ids["second"]]
    assert listed(door, customerId="C-3") == [ids["business"]]
    assert listed(door, sellingMode="B2B") == [ids["business"]]
    assert listed(door, status="close won") == [ids["won"]]
    assert listed(door, stage="QUALIFICATION") == [ids["first"], ids["business"]]
    assert listed(door, stage="Qualification", ownerId="RM-2") == []
    assert listed(door, stage="Needs Analysis") == [ids["second"]]
    assert listed(door, stage="Closed") == [ids["won"], ids["lost"]]
    assert listed(door, recordType="LEAD") == []
    pages, cursor = [], ""
    while True:
        page = get(door, limit="2", **({"cursor": cursor} if cursor else {}))
        pages.append([one["id"] for one in page["opportunities"]])
        if "nextCursor" not in page:
            break
        cursor = page["nextCursor"]
    assert pages == [sorted(ids.values())[place : place + 2] for place in (0, 2, 4)]


def test_a_list_says_of_each_stage_what_reading_says(database: Database) -> None:
    """Also when the case types have changed since: the search and the rule agree about every stage."""
    with gateway(database) as before:
        door = Json(before)
        for number in range(5):
            record_id = made(before, f"C-{number}", mode="B2B")
            for step in ("Identify decision makers", "Analyse needs", "Develop proposal", "Obtain decision")[:number]:
                move(door, record_id, "STEP_DONE", step=step)
                move(door, record_id)
        for number in range(2):
            lead = made(before, f"L-{number}", "NTB")
            for _ in range(number):
                move(door, lead)
            made(before, f"M-{number}", "NTB")
            before.done(combo_update(made(before, f"W-{number}", "NTB")), caller=BANK)
        made(before, "W-1", "NTB", owner="RM-2")  # the sold one is lost by that
    with gateway(database, Policy(case_types=site_case_types())) as after:
        door = Json(after, case_types=site_case_types())
        seen: set[str] = set()
        for record_type, mode in (("OPPORTUNITY", "B2B"), ("LEAD", "B2C")):
            everything = listed(door, recordType=record_type, sellingMode=mode)
            read = {one: get(door, f"/{one}") for one in everything}
            (stages,) = {tuple(one["stages"]) for one in read.values()}
            seen |= {one["stage"] for one in read.values()}
            for stage in stages:
                expected = [one for one in everything if read[one]["stage"] == stage]
                assert listed(door, recordType=record_type, stage=stage, sellingMode=mode) == expected
        assert seen == {
            "Inbox",
            "Assigned",
            "Qualification",
            "Analysis",
            "Pilot",
            "Decision",
            "Negotiation",
            "Converted",
        }


def test_the_forecast_is_amount_times_probability_by_month_stage_and_owner(
    several: tuple[Json, dict[str, str]],
) -> None:
    door, ids = several
    move(door, ids["business"], "STEP_DONE", step="Schedule appointment", expectedClosingDate="2026-10-01")
    said = get(door, "/forecast")
    ForecastAnswer.model_validate(said, strict=True)
    rows = [
        (one["month"], one["stage"], one["ownerId"], one["opportunities"], float(one["amount"]), float(one["weighted"]))
        for one in said["forecast"]
    ]
    assert rows == [
        ("2026-09", "Needs Analysis", "RM-2", 1, 0.1, 0.04),
        ("2026-10", "Qualification", "RM-1", 1, 1000.0, 200.0),
        ("unscheduled", "Qualification", "RM-1", 1, 100.0, 20.0),
    ]
    (total,) = said["totals"]
    assert (total["currency"], total["opportunities"], total["amount"]) == ("EUR", 3, "1100.10")
    assert float(total["weighted"]) == 220.04
    assert said["withoutAmount"] == 0
    made(door.calls, "C-9")
    made(door.calls, "C-10", revenue="100")
    said = get(door, "/forecast", ownerId="RM-1")
    assert said["withoutAmount"] == 1
    assert said["forecast"][-1]["opportunities"] == 2
    assert get(door, "/forecast", ownerId="RM-9") == {"forecast": [], "totals": [], "withoutAmount": 0}


def test_a_site_with_another_file_has_its_stages_everywhere(sqlite: Database) -> None:
    with gateway(sqlite, Policy(case_types=site_case_types())) as calls:
        door = Json(calls, case_types=site_case_types())
        record_id = made(calls, "C-1", mode="B2B", revenue="1000")
        move(door, record_id, "STEP_DONE", step="Identify decision makers")
        move(door, record_id)
        move(door, record_id, "STEP_DONE", step="Analyse needs")
        said = move(door, record_id)
        assert (said["stage"], [one["name"] for one in said["steps"]]) == ("Pilot", ["Run pilot", "Measure pilot"])
        assert listed(door, stage="pilot") == [record_id]
        assert get(door, "/forecast")["forecast"][0]["weighted"] == "550"
        assert calls.send(advance(record_id), caller=BANK).log == ["CRM.STAGE_HELD"]
        assert listed(door, recordType="LEAD", stage="Triage") == []


# -------------------------------------------------------------------------------------------------------- the errors


@pytest.mark.parametrize(
    ("body", "status", "code", "pointer"),
    [
        ({"move": "ADVANCE"}, 409, "CRM.STAGE_HELD", "#/step"),
        ({"move": "ADVANCE", "stage": "Nowhere"}, 422, "CRM.STAGE_UNKNOWN", "#/stage"),
        ({"move": "ADVANCE", "stage": "Qualification"}, 409, "CRM.MOVE_NOT_ALLOWED", "#/stage"),
        ({"move": "STEP_DONE"}, 422, "CRM.STEP_UNKNOWN", "#/step"),
        ({"move": "STEP_DONE", "step": "Dance"}, 422, "CRM.STEP_UNKNOWN", "#/step"),
        ({"move": "GO_BACK"}, 422, "CRM.REASON_MISSING", "#/reason"),
        ({"move": "REOPEN", "reason": "x"}, 409, "CRM.MOVE_NOT_ALLOWED", "#/move"),
        ({"move": "advance"}, 422, "NotInList", "#/move"),
        ({}, 422, "MissingField", "#/move"),
        ({"move": "ADVANCE", "expectedClosingDate": "2026-02-30"}, 422, "WrongFormat", "#/expectedClosingDate"),
        ({"move": "ADVANCE", "expectedClosingDate": "2026-02-01Z"}, 422, "WrongFormat", "#/expectedClosingDate"),
        ({"move": "ADVANCE", "stage": "x" * 61}, 422, "TooLong", "#/stage"),
        ({"move": "ADVANCE", "reason": "\x01"}, 422, "WrongCharacter", "#/reason"),
        ({"move": "ADVANCE", "reasonCode": "x"}, 422, "TooShort", "#/reasonCode"),
    ],
)
def test_a_refused_move_names_code_and_field_and_writes_nothing(
    door: Json, body: dict[str, str], status: int, code: str, pointer: str
) -> None:
    record_id = made(door.calls, "C-1")
    before = row_counts(door.calls.database)
    said = door.refused(f"{PATH}/{record_id}/moves", body)
    assert (said["status"], said["code"], said["errors"][0]["pointer"]) == (status, code, pointer)
    assert row_counts(door.calls.database) == before


@pytest.mark.parametrize("record_id", ["0000000999", "x" * 21, "%00", "%F0%9F%90%8E", "forecasts"])
@pytest.mark.parametrize("part", ["", "/history", "/moves"])
def test_a_record_that_is_not_there_is_not_found(door: Json, record_id: str, part: str) -> None:
    posted = part == "/moves"
    said = door.refused(
        f"{PATH}/{record_id}{part}", {"move": "ADVANCE"} if posted else None, method="POST" if posted else "GET"
    )
    assert (said["status"], said["code"]) == (404, "CRM.RECORD_UNKNOWN")


@pytest.mark.parametrize(
    ("query", "status", "code", "parameter"),
    [
        ("limit=0", 422, "WrongFormat", "limit"),
        ("limit=201", 422, "WrongFormat", "limit"),
        ("limit=%2B5", 422, "WrongFormat", "limit"),
        ("stage=Nowhere", 422, "CRM.STAGE_UNKNOWN", "stage"),
        ("stage=Creation", 422, "CRM.STAGE_UNKNOWN", "stage"),
        ("status=Open", 422, "UnknownStatusName", "status"),
        ("sellingMode=B2D", 422, "NotInList", "sellingMode"),
        ("owner=RM-1", 422, "UnknownField", "owner"),
        ("ownerId=", 422, "TooShort", "ownerId"),
        ("customerId=%00", 422, "WrongCharacter", "customerId"),
        ("limit=1&limit=2", 400, "DuplicateField", "limit"),
    ],
)
def test_a_refused_list_names_the_parameter(door: Json, query: str, status: int, code: str, parameter: str) -> None:
    said = door.refused(f"{PATH}?{query}", method="GET")
    assert (said["status"], said["code"], said["errors"][0]["parameter"]) == (status, code, parameter)


def test_the_same_key_moves_once_and_another_move_with_it_is_refused(door: Json) -> None:
    first, second = made(door.calls, "C-1", "NTB"), made(door.calls, "C-2", "NTB")
    key = [("idempotency-key", "a-move")]
    one = door.post(f"{PATH}/{first}/moves", {"move": "ADVANCE"}, more=key)
    again = door.post(f"{PATH}/{first}/moves", {"move": "ADVANCE"}, more=key)
    assert (one.status, again.body) == (200, one.body)
    assert ("idempotent-replayed" in one.headers, again.headers["idempotent-replayed"]) == (False, "true")
    said = door.refused(f"{PATH}/{second}/moves", {"move": "ADVANCE"}, more=key)
    assert (said["status"], said["code"]) == (409, "IdempotencyConflict")


def test_row_24_and_26_texts_that_are_code_elsewhere_are_data(door: Json) -> None:
    record_id = made(door.calls, "C-1")
    for text in ("'; DROP TABLE crm_record; --", "%", "_", "*", "{{7*7}}", "a\\b"):
        assert listed(door, customerId=text) == listed(door, ownerId=text[:20]) == []
        assert door.refused(f"{PATH}?stage={quote(text)}", method="GET")["code"] == "CRM.STAGE_UNKNOWN"
        assert door.refused(f"{PATH}/{quote(text[:20], safe='')}", method="GET")["code"] == "CRM.RECORD_UNKNOWN"
        move(door, record_id, "GO_BACK", stage="Qualification", reason=text)
    assert get(door, f"/{record_id}/history")["moves"][0]["reason"] == "'; DROP TABLE crm_record; --"


def test_row_24_a_defect_and_a_full_house_are_answered_blandly(door: Json) -> None:
    class Full(Recorder):
        def ask(self, question: object) -> object:
            raise Busy

    busy = Json(door.calls, dispatcher=Full()).refused(PATH, method="GET")
    assert (busy["status"], busy["code"]) == (503, "Busy")
    with door.calls.database.write() as tx:
        tx.connection.exec_driver_sql("DROP TABLE crm_record")
    for path in ("", "/forecast", "/1", "/1/history"):
        said = door.refused(PATH + path, method="GET")
        assert (said["code"], said.get("errors", [])) == ("InternalError", [])
        assert said["detail"] == f"An unforeseen error. It is logged as {said['correlationId']}."


@pytest.mark.parametrize("path", ["", "/forecast", "/0000000001", "/0000000001/history"])
def test_who_may_ask_is_as_at_crm_service(door: Json, path: str) -> None:
    assert door.refused(PATH + path, method="GET", authorization=basic(PARTNER.id))["code"] == "Unauthorized"
    reply = door.post(PATH + path, method="GET", authorization=b"Basic eA==")
    assert (reply.status, "www-authenticate" in reply.headers) == (401, True)
    assert door.post(PATH + path, method="GET", authorization=basic(SALES.id)).status in (200, 404)


def test_a_partner_moves_nothing(door: Json) -> None:
    said = door.refused(f"{PATH}/1/moves", {"move": "ADVANCE"}, authorization=basic(PARTNER.id))
    assert said["code"] == "Unauthorized"


def test_every_move_of_the_rules_is_one_of_the_body() -> None:
    assert get_args(MoveWanted.model_fields["move"].annotation) == tuple(one.value for one in Move)
