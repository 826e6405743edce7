"""BIAN's events: whatever door a change came through, in order, at least once, and only what a caller may see."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from leadbridge.caller import Caller
from leadbridge.store import bian as stored
from leadbridge.store import journal, testdata
from leadbridge.store.database import Database
from tests.support.bian import BETA, DOMAIN, RELATIONSHIP, Bian
from tests.support.bundle_by_hand import DELETE, maintain, record
from tests.support.calls import ACME, DESK, SECONDS, Calls, gateway
from tests.support.messages_by_hand import (
    change_lead,
    create_business_partner,
    create_lead,
    known_prospect,
    lead_fields,
    new_prospect,
    person,
)
from tests.support.relationship import create, customer, party

LEAD, TASK = (
    "org.bian.LeadandOpportunityManagement.LeadandOpportunityProcedure",
    "org.bian.LeadandOpportunityManagement.Development",
)
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def bian(calls: Calls) -> Bian:
    return Bian(calls)


def created(bian: Bian, *, caller: Caller = DESK, test: bool = False, **options: str) -> str:
    message = create_lead(lead_fields(prospect=new_prospect(person()), **options), test=test)  # type: ignore[arg-type]  # texts
    return bian.calls.done(message, caller=caller).one("Lead/ID")


def test_every_change_is_an_event_in_order_whichever_door_it_came_through(bian: Bian) -> None:
    lead_id = created(bian)
    lead = f"{DOMAIN}/{lead_id}"
    task = bian.task(lead)
    bian.done("PUT", f"{lead}/Control", {"ControlActionRequest": "suspend"})
    bian.calls.done(change_lead(lead_id, lead_fields(name="Another", status="3")))
    bian.done("PUT", f"{lead}/Control", {"ControlActionRequest": "resume"})
    bian.done("PUT", f"{task}/Request", {})
    bian.done("PUT", f"{task}/Update", {"LeadDevelopmentTaskResult": "x"})
    found = bian.events()
    assert [(one["type"], one["subject"], one["data"]["Event"]) for one in found] == [
        (f"{LEAD}.Created", lead_id, "created"),
        (f"{TASK}.Created", f"{lead_id}/Development/1", "created"),
        (f"{LEAD}.Updated", lead_id, "suspended"),
        (f"{LEAD}.Updated", lead_id, "changed"),
        (f"{LEAD}.Updated", lead_id, "resumed"),
        (f"{TASK}.Updated", f"{lead_id}/Development/1", "requested"),
        (f"{TASK}.Updated", f"{lead_id}/Development/1", "changed"),
    ]
    assert (found[3]["data"]["OldStatus"], found[3]["data"]["NewStatus"]) == ("1", "3")
    for one in found:  # CloudEvents 1.0.2: what is required, and the forms of what is not
        assert {"id", "source", "type"} <= one.keys()
        assert one["specversion"] == "1.0"
        assert datetime.fromisoformat(one["time"]).tzinfo is not None
        assert one["datacontenttype"] == "application/json"
    assert len({one["id"] for one in found}) == len(found)
    numbers = [one["sequence"] for one in found]
    assert numbers == sorted(numbers)


def test_a_page_goes_on_where_the_one_before_ended_and_comes_again_when_asked_again(bian: Bian) -> None:
    for _ in range(3):
        created(bian)
    whole = bian.events()
    assert bian.events(limit=2) == whole[:2]
    assert bian.events(limit=2) == whole[:2]
    assert bian.events(after=whole[1]["sequence"], limit=2) == whole[2:]
    reply = bian.send("GET", "/bian/events?limit=2")
    assert reply.headers["link"] == f'</bian/events?after={whole[1]["sequence"]}&limit=2>; rel="next"'
    assert bian.events(after=whole[-1]["sequence"]) == []
    assert bian.events(after=str(2**63 - 1)) == []
    for path, query in [
        *(("events", one) for one in ("after=x", "after=-1", f"after={2**63}", "limit=0", "limit=1001", "limit=")),
        *(("contacts", one) for one in ("after=1", "after=2026-02-30T10:00:00Z-0000000001-1", "limit=0", "limit=1001")),
    ]:
        status, said = bian.refused("GET", f"/bian/{path}?{query}")
        assert (status, said.startswith(f"WrongFormat: {query.partition('=')[0]}: ")) == (400, True)
        assert bian.refused("GET", f"/bian/{path}?{query}", authorization=b"Basic eDp5")[0] == 401
    for path in ("events", "contacts"):
        assert bian.refused("GET", f"/bian/{path}?befor=1") == (
            400,
            "UnknownField: befor: The request has no such field.",
        )
        status, said = bian.refused("GET", f"/bian/{path}?limit=1&limit=2")
        assert (status, said.partition(": N")[0]) == (400, "DuplicateField: limit")


def test_a_caller_is_told_of_the_leads_it_sees(bian: Bian, monkeypatch: pytest.MonkeyPatch) -> None:
    given = created(bian, given_to="ACME")
    other = created(bian)
    assert {one["subject"] for one in bian.events()} == {given, other}
    assert {one["subject"] for one in bian.events(caller=ACME)} == {given}
    assert bian.events(caller=BETA) == []
    # What it may not see is gone through page by page, however much that is.
    monkeypatch.setattr(stored, "WINDOW", 1)
    reply = bian.send("GET", "/bian/events", caller=BETA)
    assert json.loads(reply.body) == []
    assert "after=0000000000000000001&" in reply.headers["link"]


def test_of_test_data_there_are_no_events_neither_before_it_is_gone_nor_after(bian: Bian) -> None:
    kept, deleted = created(bian), created(bian)
    bian.calls.done(maintain(record(DELETE, lead_id=deleted)))
    real = bian.events()
    assert [(one["type"], one["subject"]) for one in real] == [
        (f"{LEAD}.Created", kept),
        (f"{LEAD}.Created", deleted),
        (f"{LEAD}.Deleted", deleted),
    ]
    for caller in (DESK, ACME):
        first, second = created(bian, caller=caller, test=True), created(bian, caller=caller, test=True)
        bian.done("PUT", f"{bian.task(f'{DOMAIN}/{first}', caller=caller)}/Request", {}, caller=caller)
        bian.calls.done(maintain(record(DELETE, lead_id=second), test=True), caller=caller)
        message = create_business_partner(person("Test"), test=True)
        partner = bian.calls.done(message, caller=caller).one("BusinessPartner/InternalID")
        plan = create(bian, RELATIONSHIP, {"CustomerReference": party(partner)}, caller=caller)
        create(bian, f"{plan}/Incident", caller=caller)
        assert (bian.events(), bian.events(caller=ACME)) == (real, [])
    *_, gone = testdata.wipe(bian.calls.database, now=NOW, caller_id="admin")
    assert (gone["leads"], gone["plans"]) == (2, 2)
    assert (bian.events(), bian.events(caller=ACME)) == (real, [])


def entry(lead_id: str) -> dict[str, object]:
    kept = {"recorded_at": NOW, "caller_id": "x", "operation": "x", "event": "changed"}
    return {**kept, "object_type": "lead", "object_id": lead_id}


def test_nothing_is_passed_over_that_is_committed_late(postgresql: Database) -> None:
    """A change draws its number, another one draws the next and is committed first: a reader waits for the first."""
    with gateway(postgresql) as calls:
        bian = Bian(calls)
        first, second = created(bian), created(bian)
        before = bian.events()
        read: list[list[dict[str, object]]] = []
        with postgresql.write() as early:
            journal.append(early, [entry(first)])
            early.flush()  # its number is drawn
            with postgresql.write() as late:
                journal.append(late, [entry(second)])
            after = before[-1]["sequence"]
            assert bian.events(after=after) == []  # said nothing rather than go past it
            assert bian.events() == before  # what was there before it is told meanwhile
            reader = threading.Thread(target=lambda: read.append(bian.events(after=after)))
            reader.start()
        reader.join(SECONDS)
        assert [one["subject"] for one in read[0]] == [first, second]


def test_a_history_passes_nothing_over_that_is_committed_late_either(postgresql: Database) -> None:
    with gateway(postgresql) as calls:
        bian = Bian(calls)
        partner = customer(bian)
        first, second = (
            calls.done(create_lead(lead_fields(name=name, prospect=known_prospect(partner)))).one("Lead/ID")
            for name in ("A loan for a house", "A card")
        )
        path = f"/bian/history?customer={partner}"

        def read(path: str) -> tuple[list[str], str]:
            reply = bian.send("GET", path)
            return [one["subject"] for one in json.loads(reply.body)], reply.headers["link"].partition(">")[0][1:]

        before, path = read(path)
        assert before == [first, second]
        assert read(path) == ([], path)
        with postgresql.write() as early:
            journal.append(early, [entry(first)])
            early.flush()
            with postgresql.write() as late:
                journal.append(late, [entry(second)])
            assert read(path) == ([], path)
        assert read(path)[0] == [first, second]


def test_readers_who_wait_for_a_writer_take_nobodys_turn(postgresql: Database) -> None:
    with gateway(postgresql) as calls:
        bian = Bian(calls)
        lead_id = created(bian)
        after = bian.events()[-1]["sequence"]
        with postgresql.write() as early:
            journal.append(early, [entry(lead_id)])
            early.flush()
            with postgresql.write() as late:
                journal.append(late, [entry(lead_id)])
            with ThreadPoolExecutor(40) as readers:
                waiting = [readers.submit(bian.events, after=after) for _ in range(40)]
                started = time.monotonic()
                bian.done("GET", f"{DOMAIN}/{lead_id}/Retrieve")
                took = time.monotonic() - started
                assert [one.result(SECONDS) for one in waiting] == [[]] * 40
        # Four threads read. Had they waited, this read would have come after 40 / 4 waits of a tenth of a second.
        assert took < 0.9


def test_what_changes_at_once_is_told_once_in_the_order_of_each_lead(two_gateways: tuple[Calls, Calls]) -> None:
    bian = Bian(two_gateways[0])
    lead_ids = [created(bian) for _ in range(3)]
    start = bian.events()[-1]["sequence"]
    seen: list[dict[str, object]] = []
    done = threading.Event()

    def read() -> None:
        after = start
        while True:
            ended = done.is_set()
            page = bian.events(after=after, limit=7)
            seen.extend(page)
            if ended and not page:
                return
            after = page[-1]["sequence"] if page else after

    reader = threading.Thread(target=read)
    reader.start()
    changes = [(number, lead_id) for number in range(10) for lead_id in lead_ids]
    futures = [
        two_gateways[number % 2].submit(change_lead(lead_id, lead_fields(name=f"Name {number}")))
        for number, lead_id in changes
    ]
    for future in futures:
        future.result(SECONDS)
    done.set()
    reader.join(SECONDS)
    assert len(seen) == len(changes)
    assert seen == bian.events(after=start)


@pytest.fixture
def embedded(sqlite: Database) -> Iterator[Bian]:
    with gateway(sqlite) as calls:
        yield Bian(calls)


def test_what_was_refused_is_no_event(embedded: Bian) -> None:
    lead = f"{DOMAIN}/{created(embedded)}"
    before = embedded.events()
    embedded.refused("PUT", f"{lead}/Control", {"ControlActionRequest": "resume"})
    embedded.refused("PUT", f"{lead}/Development/1/Execute", {"ExecuteActionRequest": "evaluate"})
    assert embedded.events() == before
