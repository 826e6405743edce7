"""AdvanceOpportunityStage behind the SOAP door, on both databases: moves, what they write, and who moves at once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import cast

import pytest

from leadbridge.operations.call import Policy
from leadbridge.soap.versions import SOAP_11, SOAP_12, SoapVersion
from leadbridge.store.database import Database
from tests.support.calls import BANK, Answered, Calls, at_once, column, gateway, row_counts
from tests.support.casetypes import site_case_types
from tests.support.crm_messages_by_hand import (
    advance,
    combo_create,
    combo_update,
    read_crm_record,
    update_lead,
    update_opportunity,
)
from tests.support.door import Door, KnownCallers, Recorder, Reply, basic, envelope, exchange

LEAD_STEPS = {
    "Creation": [],
    "Assigned": ["Make first contact"],
    "Market-Qualified": ["Confirm interest"],
    "Sales-Qualified": ["Confirm need and budget"],
}
B2B_STEPS = {
    "Qualification": ["Identify decision makers"],
    "Analysis": ["Analyse needs"],
    "Proposal Development": ["Develop proposal"],
    "Decision": ["Obtain decision"],
    "Negotiation": ["Agree on terms"],
}


def bank(calls: Calls, request: bytes) -> Answered:
    return calls.send(request, caller=BANK)


def made(calls: Calls, customer_type: str = "ETB", *, mode: str = "B2C", **more: str) -> str:
    request = combo_create(customer_type=customer_type, selling_mode=mode, revenue="1000", notes=["kept"], **more)
    return calls.done(request, caller=BANK).one("RecordID")


def moved(calls: Calls, request: bytes) -> Answered:
    return calls.done(request, caller=BANK)


def refused(calls: Calls, request: bytes, type_id: str) -> str:
    """The note of a refusal for exactly this reason, which writes nothing."""
    before = row_counts(calls.database)
    answer = bank(calls, request)
    assert (answer.result, answer.log) == ("5", [type_id]), answer.all("Log/Item/Note")
    assert answer.all("RecordID") == answer.all("StageName") == []
    assert row_counts(calls.database) == before
    return answer.one("Log/Item/Note")


def through(calls: Calls, record_id: str, steps: dict[str, list[str]], *, last: bool = True) -> Answered:
    """Go through stages, doing what is required in each; out of the last one, too, if `last`."""
    answer = None
    for number, of_stage in enumerate(steps.values()):
        for step in of_stage:
            answer = moved(calls, advance(record_id, "STEP_DONE", step=step))
        if last or number + 1 < len(steps):
            answer = moved(calls, advance(record_id))
    assert answer is not None
    return answer


def read(calls: Calls, record_id: str) -> Answered:
    (found,) = moved(calls, read_crm_record(record_id)).parts("CrmRecord")
    return found


def test_a_new_record_is_in_its_first_stage_without_a_row_of_its_own(calls: Calls) -> None:
    lead, opportunity = made(calls, "NTB"), made(calls, customer="C-2", mode="B2B")
    assert [read(calls, one).one("StageName") for one in (lead, opportunity)] == ["Creation", "Qualification"]
    assert [read(calls, one).one("ProbabilityPercent") for one in (lead, opportunity)] == ["5", "20"]
    counts = row_counts(calls.database)
    assert [counts[f"crm_record_{one}"] for one in ("stage", "step", "move")] == [0, 0, 0]


def test_an_opportunity_goes_through_its_stages_and_is_won(calls: Calls) -> None:
    record_id = made(calls, mode="B2B")
    note = refused(calls, advance(record_id), "CRM.STAGE_HELD")
    assert note == (
        'Stage "Qualification" is held by its required step "Identify decision makers": do it (STEP_DONE) or skip it '
        "for a reason (STEP_SKIPPED)."
    )
    answer = moved(calls, advance(record_id, "STEP_DONE", step="identify decision makers", expected="2026-09-30"))
    assert (answer.one("StageName"), answer.log) == ("Qualification", [])
    assert answer.all("Step/StepName") == ["Identify decision makers", "Schedule appointment"]
    assert answer.all("Step/StepStateCode") == ["DONE", "OPEN"]
    assert answer.all("Step/RequiredIndicator") == ["true", "false"]
    answer = moved(calls, advance(record_id))
    assert (answer.one("StageName"), answer.one("ProbabilityPercent")) == ("Analysis", "40")
    assert (answer.one("ExpectedClosingDate"), answer.log) == ("2026-09-30", ["CRM.STAGE_CHANGED"])
    later = dict(list(B2B_STEPS.items())[1:])
    assert through(calls, record_id, later, last=False).one("StageName") == "Negotiation"
    refused(calls, advance(record_id), "CRM.MOVE_NOT_ALLOWED")
    won = moved(calls, advance(record_id, "CLOSE_WON", reason="001"))
    shown = [won.one(name) for name in ("StatusName", "StageName", "ProbabilityPercent", "RecordID")]
    assert shown == ["Close Won", "Closed", "100", record_id]
    found = read(calls, record_id)
    assert found.all("StatusHistory/Item/StatusName") == ["New Opportunity", "Close Won"]
    assert (found.one("StageName"), found.one("ReasonCode")) == ("Closed", "001")
    assert column(calls.database, "crm_record_move", "to_stage_name")[-1] == "Closed"
    refused(calls, advance(record_id, "STEP_DONE", step="Agree on terms"), "CRM.RECORD_FINAL")


def test_a_skipped_step_and_a_way_back_are_kept_with_who_when_and_why(calls: Calls) -> None:
    record_id = made(calls)
    now = datetime(2026, 3, 1, 12, 0, 0, 17, tzinfo=UTC)
    refused(calls, advance(record_id, "STEP_SKIPPED", step="Confirm interest"), "CRM.REASON_MISSING")
    skip = advance(record_id, "STEP_SKIPPED", step="Confirm interest", reason="007", why="An old customer")
    calls.send(skip, caller=BANK, now=now)
    moved(calls, advance(record_id))
    answer = moved(calls, advance(record_id, "GO_BACK", why="Too early"))
    assert (answer.one("StageName"), answer.all("Step/StepStateCode")) == ("Qualification", ["OPEN"])
    names = ("move_code", "from_stage_name", "to_stage_name", "step_name", "reason_code", "reason_description")
    kept = list(zip(*(column(calls.database, "crm_record_move", name) for name in names), strict=True))
    assert kept == [
        ("STEP_SKIPPED", "Qualification", "Qualification", "Confirm interest", "007", "An old customer"),
        ("ADVANCE", "Qualification", "Needs Analysis", None, None, None),
        ("GO_BACK", "Needs Analysis", "Qualification", None, None, "Too early"),
    ]
    assert column(calls.database, "crm_record_move", "recorded_at")[0] == now
    assert set(column(calls.database, "crm_record_move", "caller_id")) == {BANK.id}
    assert column(calls.database, "crm_record_step", "state") == []


def test_a_lead_that_is_qualified_becomes_an_opportunity_of_its_selling_mode_with_its_data(calls: Calls) -> None:
    lead = made(calls, "NTB", mode="B2B", email="a@example.org")
    moved(calls, advance(lead, expected="2026-12-24"))
    rest = dict(list(LEAD_STEPS.items())[1:])
    answer = through(calls, lead, rest)
    opportunity = answer.one("RecordID")
    shown = [answer.one(name) for name in ("RecordTypeCode", "StatusName", "StageName", "ConvertedRecordID")]
    assert shown == ["OPPORTUNITY", "New Opportunity", "Qualification", lead]
    assert answer.one("ExpectedClosingDate") == "2026-12-24"
    assert answer.log == ["CRM.LEAD_CONVERTED", "CRM.STAGE_CHANGED"]
    before, after = read(calls, lead), read(calls, opportunity)
    assert [before.one(name) for name in ("StatusName", "StageName")] == ["Close Won", "Converted"]
    assert before.one("ConvertedToRecordID") == opportunity
    assert after.one("ConvertedFromRecordID") == lead
    kept = ("CustomerID", "OwnerID", "SellingModeCode", "EmailURI", "ExpectedRevenueAmount", "Note")
    assert [after.one(name) for name in kept] == [before.one(name) for name in kept]
    assert moved(calls, advance(opportunity, "STEP_DONE", step="Schedule appointment")).one("StageName")
    refused(calls, advance(lead, "REOPEN", why="Again"), "CRM.MOVE_NOT_ALLOWED")


def test_a_lead_is_not_converted_beside_an_open_opportunity_and_won_by_closing_it_is(calls: Calls) -> None:
    lead = made(calls, "NTB")
    opportunity = made(calls, "ETB")
    through(calls, lead, LEAD_STEPS, last=False)
    note = refused(calls, advance(lead), "CRM.OTHER_RECORD_OPEN")
    assert f"the open opportunity {opportunity}" in note
    moved(calls, update_opportunity(opportunity))
    answer = moved(calls, advance(lead, "CLOSE_WON"))
    shown = [answer.one(name) for name in ("StatusName", "StageName", "ConvertedRecordID")]
    assert shown == ["Close Won", "Closed", lead]


def test_what_the_banks_own_calls_close_is_in_its_last_stage_and_is_reopened_where_it_was(calls: Calls) -> None:
    record_id, lead = made(calls), made(calls, "NTB", customer="C-2")
    moved(calls, advance(record_id, "STEP_DONE", step="Confirm interest"))
    moved(calls, advance(record_id))
    moved(calls, advance(lead))
    moved(calls, combo_update(record_id))
    moved(calls, update_lead(lead, reason="005"))
    assert [read(calls, one).one("StageName") for one in (record_id, lead)] == ["Closed", "Assigned"]
    refused(calls, advance(record_id), "CRM.RECORD_FINAL")
    answer = moved(calls, advance(record_id, "REOPEN", why="The signature is missing"))
    shown = [answer.one(name) for name in ("StatusName", "StageName", "ProbabilityPercent")]
    assert shown == ["New Opportunity", "Needs Analysis", "40"]
    assert moved(calls, advance(lead, "REOPEN", reason="001")).one("StatusName") == "New Lead"
    refused(calls, advance(record_id, "REOPEN", why="Twice"), "CRM.MOVE_NOT_ALLOWED")


def test_a_lead_that_was_sold_and_then_lost_to_another_manager_is_neither_reopened_nor_sold_again(calls: Calls) -> None:
    lead = made(calls, "NTB", owner="RM-1")
    opportunity = moved(calls, combo_update(lead)).one("RecordID")
    assert opportunity != lead
    other = made(calls, "NTB", owner="RM-2")
    moved(calls, update_lead(other))
    assert read(calls, lead).one("StatusName") == "Close Lost"
    for move in ("REOPEN", "ADVANCE", "CLOSE_WON"):
        note = refused(
            calls,
            advance(lead, move, why="Again"),
            "CRM.MOVE_NOT_ALLOWED" if move == "REOPEN" else "CRM.RECORD_FINAL",
        )
        assert note == "The lead was converted: go on with its opportunity."
    refused(calls, combo_update(lead), "CRM.RECORD_FINAL")
    after = read(calls, lead)
    assert (after.one("ConvertedToRecordID"), after.one("StageName")) == (opportunity, "Converted")
    # The bank's rules go on as before: neither the lost lead nor the won opportunity is in the way of a new one.
    assert made(calls, "NTB", owner="RM-1") not in (lead, opportunity, other)


def test_a_record_is_not_reopened_beside_another_open_one(calls: Calls) -> None:
    first = made(calls)
    moved(calls, advance(first, "CLOSE_LOST", why="Too expensive"))
    second = made(calls)
    assert second in refused(calls, advance(first, "REOPEN", why="Again"), "CRM.OTHER_RECORD_OPEN")


@pytest.mark.parametrize(
    ("fields", "type_id", "element"),
    [
        ({"move": "ADVANCE", "stage": "Nowhere"}, "CRM.STAGE_UNKNOWN", "StageName"),
        ({"move": "ADVANCE", "stage": "Qualification"}, "CRM.MOVE_NOT_ALLOWED", "StageName"),
        ({"move": "ADVANCE", "step": "x"}, "CRM.MOVE_NOT_ALLOWED", "StepName"),
        ({"move": "STEP_DONE"}, "CRM.STEP_UNKNOWN", "StepName"),
        ({"move": "STEP_DONE", "step": "Make offer"}, "CRM.STEP_UNKNOWN", "StepName"),
        ({"move": "REOPEN", "why": "x"}, "CRM.MOVE_NOT_ALLOWED", "StageMoveCode"),
        ({"move": "CLOSE_LOST"}, "CRM.REASON_MISSING", "ReasonDescription"),
    ],
)
def test_a_refusal_names_the_element(calls: Calls, fields: dict[str, str], type_id: str, element: str) -> None:
    answer = bank(calls, advance(made(calls), **fields))
    assert answer.log == [type_id]
    path = answer.one("Log/Item/ReferenceMessageElementName")
    assert path == f"/lbr:OpportunityStageAdvanceRequest_sync/lbr:{element}"


def test_an_unknown_record_and_an_unlisted_reason_are_refused(sqlite: Database) -> None:
    with gateway(sqlite, Policy(reason_codes=frozenset({"001"}))) as calls:
        refused(calls, advance("nobody"), "CRM.RECORD_UNKNOWN")
        refused(calls, advance(made(calls), "CLOSE_LOST", reason="002"), "CRM.REASON_CODE_UNKNOWN")


@pytest.mark.parametrize("version", [SOAP_11, SOAP_12], ids=["1.1", "1.2"])
def test_both_soap_versions_take_a_move(sqlite: Database, version: SoapVersion) -> None:
    with gateway(sqlite) as calls:
        door = Door(recorder=cast("Recorder", calls._dispatcher), callers=KnownCallers((BANK,)))
        body = envelope(advance(made(calls, "NTB")).decode(), version=version)
        headers = [(b"content-type", version.media_type.encode()), (b"authorization", basic(BANK.id))]
        asked = exchange(door.app, "POST", "/soap/CrmService", headers=headers, chunks=(body,), client="192.0.2.1")
        reply: Reply = asyncio.run_coroutine_threadsafe(asked, calls._loop.loop).result(30)
        answer = Answered(reply.answer)
        assert (answer.result, answer.one("StageName")) == ("3", "Assigned")


# ------------------------------------------------------------------------------------------------- at once, and sites


def test_moves_that_come_at_once_are_made_one_after_the_other(two_gateways: tuple[Calls, Calls]) -> None:
    record_id = made(two_gateways[0])
    moved(two_gateways[0], advance(record_id, "STEP_DONE", step="Confirm interest"))
    answers = at_once(8, lambda number: bank(two_gateways[number % 2], advance(record_id, stage="Needs Analysis")))
    assert sorted(answer.result for answer in answers) == ["3", *["5"] * 7]
    assert {tuple(answer.log) for answer in answers} == {("CRM.STAGE_CHANGED",), ("CRM.MOVE_NOT_ALLOWED",)}
    assert len(column(two_gateways[0].database, "crm_record_move", "id")) == 2


def test_a_lead_that_is_advanced_by_many_at_once_is_converted_once(two_gateways: tuple[Calls, Calls]) -> None:
    lead = made(two_gateways[0], "NTB")
    through(two_gateways[0], lead, LEAD_STEPS, last=False)
    answers = at_once(8, lambda number: bank(two_gateways[number % 2], advance(lead)))
    assert sorted(answer.result for answer in answers) == ["3", *["5"] * 7]
    assert row_counts(two_gateways[0].database)["crm_record"] == 2


def test_a_site_that_changes_its_file_keeps_its_open_records_readable_and_moving(database: Database) -> None:
    with gateway(database) as before:
        record_id, lead = made(before, mode="B2B"), made(before, "NTB", customer="C-2")
        through(before, record_id, dict(list(B2B_STEPS.items())[:2]))  # in Proposal Development
        moved(before, advance(record_id, "STEP_DONE", step="Present proposal"))
    with gateway(database, Policy(case_types=site_case_types())) as after:
        found = read(after, record_id)
        assert (found.one("StageName"), found.one("ProbabilityPercent")) == ("Pilot", "55")  # what came in its place
        note = refused(after, advance(record_id), "CRM.STAGE_HELD")
        assert '"Run pilot"' in note
        moved(after, advance(record_id, "STEP_DONE", step="Run pilot"))
        assert moved(after, advance(record_id)).one("StageName") == "Decision"
        assert read(after, lead).one("StageName") == "Inbox"
        assert moved(after, advance(lead)).one("StageName") == "Triage"


def test_a_case_type_without_reopening_keeps_what_is_closed_closed(sqlite: Database) -> None:
    with gateway(sqlite, Policy(case_types=site_case_types())) as calls:
        record_id = made(calls, mode="B2B")
        moved(calls, advance(record_id, "CLOSE_LOST", why="No budget"))
        refused(calls, advance(record_id, "REOPEN", why="Budget found"), "CRM.MOVE_NOT_ALLOWED")
