"""One suite for whatever case types a site has: it knows no stage and no step, and asks the file for them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest

from leadbridge.crm.casetypes import CaseType, CaseTypes, Stage
from leadbridge.crm.combo import RecordType
from leadbridge.operations.call import Policy
from leadbridge.rest.opportunities import PATH
from leadbridge.rulefiles.casetypes import default_case_types
from leadbridge.store.database import Database
from tests.support.bank import Json
from tests.support.calls import BANK, Answered, Calls, gateway
from tests.support.casetypes import site_case_types
from tests.support.crm_messages_by_hand import advance, combo_create, read_crm_record

AMOUNT = Decimal(1000)
SITES = {"packaged": default_case_types, "a site's own": site_case_types}


@dataclass(frozen=True)
class Site:
    """A gateway with these case types: CrmService and its JSON."""

    calls: Calls
    json: Json
    case_types: CaseTypes

    def made(self, record_type: RecordType, mode: str) -> str:
        """A new record, which is the only one there is."""
        customer_type = "NTB" if record_type is RecordType.LEAD else "ETB"
        request = combo_create(customer_type=customer_type, selling_mode=mode, revenue=str(AMOUNT))
        return self.calls.done(request, caller=BANK).one("RecordID")

    def soap(self, record_id: str, move: str = "ADVANCE", **fields: str) -> Answered:
        return self.calls.done(advance(record_id, move, **fields), caller=BANK)

    def refused(self, record_id: str, move: str = "ADVANCE", **fields: str) -> tuple[list[str], str]:
        answer = self.calls.send(advance(record_id, move, **fields), caller=BANK)
        return answer.log, " ".join(answer.all("Log/Item/Note"))

    def posted(self, record_id: str, move: str = "ADVANCE", **fields: str) -> dict[str, Any]:
        reply = self.json.post(f"{PATH}/{record_id}/moves", {"move": move, **fields})
        assert reply.status == 200, reply.body
        said: dict[str, Any] = json.loads(reply.body)
        return said

    def get(self, path: str = "", **query: str) -> dict[str, Any]:
        asked = "&".join(f"{name}={quote(value)}" for name, value in query.items())
        reply = self.json.post(f"{PATH}{path}?{asked}" if asked else f"{PATH}{path}", method="GET")
        assert reply.status == 200, reply.body
        said: dict[str, Any] = json.loads(reply.body)
        return said

    def is_in(self, record_id: str, case_type: CaseType, stage: Stage) -> None:
        """Every door says that the record is in this stage."""
        (found,) = self.calls.done(read_crm_record(record_id), caller=BANK).parts("CrmRecord")
        assert (found.one("StageName"), found.one("ProbabilityPercent")) == (stage.name, str(stage.probability))
        shown = self.get(f"/{record_id}")
        assert (shown["stage"], shown["probability"]) == (stage.name, stage.probability)
        assert [one["name"] for one in shown["steps"]] == [one.name for one in stage.steps]
        listed = {
            one.name: [row["id"] for row in self.get(stage=one.name, recordType=case_type.record_type)["opportunities"]]
            for one in case_type.stages
        }
        assert listed == {one.name: [record_id] if one is stage else [] for one in case_type.stages}
        if case_type.record_type is RecordType.OPPORTUNITY:
            (row,) = self.get("/forecast")["forecast"]
            assert (row["stage"], Decimal(row["weighted"])) == (stage.name, AMOUNT * stage.probability / 100)


@pytest.fixture(params=[("sqlite", "packaged"), ("postgresql", "a site's own")], ids=" ".join)
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    kind, name = request.param
    database: Database = request.getfixturevalue(kind)
    case_types = SITES[name]()
    with gateway(database, Policy(case_types=case_types)) as calls:
        yield Site(calls, Json(calls, case_types=case_types), case_types)


def test_the_site_has_three_stages_more_and_other_required_steps() -> None:
    def stages(case_types: CaseTypes) -> dict[str, set[str]]:
        return {one.name: {stage.name for stage in one.stages} for one in case_types.case_types}

    def required(case_types: CaseTypes) -> set[str]:
        every = (step for one in case_types.case_types for stage in one.stages for step in stage.steps)
        return {step.name for step in every if step.required}

    packaged, own = default_case_types(), site_case_types()
    more = [name for one, names in stages(own).items() for name in names - stages(packaged)[one]]
    assert sum(map(len, stages(own).values())) == sum(map(len, stages(packaged).values())) + 3
    assert sorted(more) == ["Credit Check", "Inbox", "Pilot", "Triage"]
    assert required(own) - required(packaged) == {"Ask the bureau", "Look at it", "Run pilot"}
    assert required(packaged) - required(own) == {"Develop proposal"}


@pytest.mark.parametrize("record_type", RecordType)
@pytest.mark.parametrize("mode", ["B2B", "B2C"])
def test_a_record_goes_from_stage_to_stage_and_required_steps_hold_it(
    site: Site, record_type: RecordType, mode: str
) -> None:
    case_type = site.case_types.of(record_type, mode)
    record_id = site.made(record_type, mode)
    *under_way, closing = case_type.stages
    for place, stage in enumerate(under_way):
        site.is_in(record_id, case_type, stage)
        for step in (one for one in stage.steps if one.required):
            codes, note = site.refused(record_id)
            assert (codes, f'"{step.name}"' in note) == (["CRM.STAGE_HELD"], True)
            if step.skippable:
                site.posted(record_id, "STEP_SKIPPED", step=step.name, reason="not needed")
            else:
                site.soap(record_id, "STEP_DONE", step=step.name)
        if record_type is RecordType.LEAD or stage is not under_way[-1]:
            (site.soap if place % 2 else site.posted)(record_id)
    if record_type is RecordType.OPPORTUNITY:
        assert site.refused(record_id)[0] == ["CRM.MOVE_NOT_ALLOWED"]
        assert site.posted(record_id, "CLOSE_WON")["stage"] == closing.name
        return
    (opportunity,) = site.get()["opportunities"]
    assert opportunity["convertedLeadId"] == record_id
    assert site.get(f"/{record_id}")["stage"] == closing.name
    following = site.case_types.of(RecordType.OPPORTUNITY, mode)
    site.is_in(opportunity["id"], following, following.stages[0])


@pytest.mark.parametrize("mode", ["B2B", "B2C"])
def test_a_record_goes_back_to_any_stage_and_its_steps_are_open_again(site: Site, mode: str) -> None:
    case_type = site.case_types.of(RecordType.OPPORTUNITY, mode)
    record_id = site.made(RecordType.OPPORTUNITY, mode)
    under_way = case_type.stages[:-1]
    for stage in under_way[:-1]:
        for step in stage.steps:
            site.soap(record_id, "STEP_DONE", step=step.name)
        site.soap(record_id)
    for stage in reversed(under_way[:-1]):
        said = site.posted(record_id, "GO_BACK", reason="once more", stage=stage.name)
        assert (said["stage"], {one["state"] for one in said["steps"]}) == (stage.name, {"OPEN"})
    moves = site.get(f"/{record_id}/history")["moves"]
    ways = [(one["fromStage"], one["toStage"]) for one in moves if one["move"] == "GO_BACK"]
    names = [one.name for one in under_way]
    assert ways == [(names[place], names[place - 1]) for place in range(len(names) - 1, 0, -1)]
    closed = site.posted(record_id, "CLOSE_LOST", reason="enough")
    assert (closed["status"], closed["stage"]) == ("Close Lost", case_type.stages[-1].name)
    if case_type.reopens:
        assert site.posted(record_id, "REOPEN", reason="after all")["stage"] == names[0]
    else:
        assert site.refused(record_id, "REOPEN", why="after all")[0] == ["CRM.MOVE_NOT_ALLOWED"]
