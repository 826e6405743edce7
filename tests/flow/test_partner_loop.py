"""The partner's loop: given, accepted or declined, qualified, taken away, or back by itself when the time is over."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from leadbridge.operations import partner_loop
from leadbridge.operations.call import Policy
from leadbridge.settings import Settings
from leadbridge.store import journal
from leadbridge.store.database import Database
from leadbridge.wiring import background
from tests.support.calls import DESK, Answered, Calls, at_once, gateway, until
from tests.support.feed import Told, feed_of, in_short, known, partner
from tests.support.messages_by_hand import (
    change_lead,
    create_lead,
    find_lead,
    lead_fields,
    new_prospect,
    note,
    person,
    questionnaire_answer,
    read_lead,
    selection,
)

ACME, BOREALIS = partner("acme"), partner("borealis")
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOURS = timedelta(hours=48)
DUE = "2026-03-04T12:00:00Z"


@pytest.fixture
def limited(database: Database) -> Iterator[Calls]:
    """A gateway whose partners have 48 hours; both partners are known."""
    known(database, ACME, BOREALIS)
    with gateway(database, Policy(partner_decision_time=HOURS)) as made:
        yield made


def given(calls: Calls, *, to: str | None = "ACME", status: str | None = None, now: datetime = NOON) -> str:
    """The ID of a lead that the desk gives to a partner."""
    fields = lead_fields(prospect=new_prospect(person()), given_to=to, status=status)
    answer = calls.send(create_lead(fields), now=now)
    assert answer.result == "3", answer.log
    return answer.one("Lead/ID")


def lead(calls: Calls, lead_id: str) -> Answered:
    (found,) = calls.done(read_lead(lead_id)).parts("Lead")
    return found


def due(calls: Calls, lead_id: str) -> list[str]:
    return lead(calls, lead_id).all("PartnerDecisionDueDateTime")


def party(calls: Calls, lead_id: str) -> list[str]:
    return lead(calls, lead_id).all("SalesPartnerParty/PartyID")


def take_back(database: Database, now: datetime, *, limit: int = 100) -> list[str]:
    with database.write() as tx:
        return list(partner_loop.take_back(tx, now=now, limit=limit))


# ------------------------------------------------------------------------------------------------------- the decision


def test_what_a_partner_sees_begins_and_ends_with_what_it_is_given(limited: Calls) -> None:
    kept, taken = given(limited), given(limited)
    given(limited, to=None)
    given(limited, to="BOREALIS")

    def found(**asked: list[object]) -> list[str]:
        return limited.done(find_lead(asked), caller=ACME).all("Lead/ID")  # type: ignore[arg-type]  # selections

    assert found(SalesPartnerPartyID=[selection("ACME")]) == [kept, taken]
    assert found() == [kept, taken]
    assert found(SalesPartnerPartyID=[selection("BOREALIS")]) == []

    limited.done(change_lead(taken, lead_fields(name=None, given_to="BOREALIS")))
    assert found() == [kept]
    assert limited.send(read_lead(taken), caller=ACME).log == ["LEAD.UNKNOWN"]
    for request in (lead_fields(name="Mine"), lead_fields(name=None, status="5")):
        assert limited.send(change_lead(taken, request), caller=ACME).log == ["LEAD.UNKNOWN"]
    assert limited.send(change_lead(taken, decision="ACCEPT"), caller=ACME).log == ["LEAD.UNKNOWN"]
    limited.done(change_lead(taken, lead_fields(name=None, status="7")))
    assert [(one.lead_id, one.kind) for one in feed_of(limited, ACME)] == [
        (kept, "REASSIGNED"),
        (taken, "REASSIGNED"),
        (taken, "REASSIGNED"),  # and not that it was lost afterwards
    ]


def test_a_declined_lead_comes_back_and_can_be_given_again(limited: Calls) -> None:
    lead_id = given(limited)
    fields = lead_fields(name=None, notes=[note("No capacity", action="01")])
    limited.done(change_lead(lead_id, fields, decision="DECLINE", reason="002"), caller=ACME)
    assert (party(limited, lead_id), due(limited, lead_id)) == ([], [])
    assert lead(limited, lead_id).all("Note") == ["No capacity"]
    assert feed_of(limited, DESK) == [
        Told("0000000001", "REASSIGNED", lead_id, "1", reason="002", decision="DECLINE"),
    ]
    assert feed_of(limited, ACME)[-1] == Told(
        "0000000002", "REASSIGNED", lead_id, "1", reason="002", decision="DECLINE"
    )
    limited.done(change_lead(lead_id, lead_fields(name=None, given_to="ACME")))
    assert lead(limited, lead_id).all("PartnerDecisionCode") == []
    assert feed_of(limited, DESK)[-1] == Told("0000000002", "REASSIGNED", lead_id, "1", party="ACME")


def test_accepting_twice_changes_nothing_the_second_time(limited: Calls) -> None:
    lead_id = given(limited)
    assert "LEAD.CHANGED" in limited.done(change_lead(lead_id, decision="ACCEPT"), caller=ACME).log
    state = lead(limited, lead_id).one("ChangeStateID")
    assert "LEAD.UNCHANGED" in limited.done(change_lead(lead_id, decision="ACCEPT"), caller=ACME).log
    assert lead(limited, lead_id).one("ChangeStateID") == state
    assert len(feed_of(limited, DESK)) == 0


@pytest.mark.parametrize("status", [None, "3"], ids=["in hand", "qualified"])
def test_a_partner_that_cannot_go_on_gives_back_what_it_had_accepted(limited: Calls, status: str | None) -> None:
    lead_id = given(limited)
    limited.done(change_lead(lead_id, lead_fields(name=None, status=status), decision="ACCEPT"), caller=ACME)
    limited.done(change_lead(lead_id, decision="DECLINE"), caller=ACME)
    assert party(limited, lead_id) == []
    assert lead(limited, lead_id).one("PartnerDecisionCode") == "DECLINE"
    assert limited.send(change_lead(lead_id, decision="ACCEPT"), caller=ACME).log == ["LEAD.UNKNOWN"]


def test_the_creator_does_not_decide_for_the_party_nor_a_party_for_what_it_only_created(limited: Calls) -> None:
    fields = lead_fields(prospect=new_prospect(person()), given_to="BOREALIS")
    lead_id = limited.done(create_lead(fields), caller=ACME).one("Lead/ID")
    for decision in ("ACCEPT", "DECLINE"):
        refused = limited.send(change_lead(lead_id, decision=decision), caller=ACME)
        assert (refused.result, refused.log[-1]) == ("5", "LEAD.PARTNER_DECISION_NOT_ALLOWED")
    assert party(limited, lead_id) == ["BOREALIS"]
    limited.done(change_lead(lead_id, decision="DECLINE"), caller=BOREALIS)
    refused = limited.send(change_lead(lead_id, decision="ACCEPT"), caller=ACME)
    assert refused.log[-1] == "LEAD.PARTNER_DECISION_NOT_ALLOWED"  # nobody's now


def test_on_a_closed_lead_nothing_is_decided(limited: Calls) -> None:
    lead_id = given(limited)
    limited.done(change_lead(lead_id, lead_fields(name=None, status="7")))
    for decision in ("ACCEPT", "DECLINE"):
        assert limited.send(change_lead(lead_id, decision=decision), caller=ACME).log == ["LEAD.FINAL"]
    assert party(limited, lead_id) == ["ACME"]


@pytest.mark.parametrize("decision", ["ACCEPT", "DECLINE"])
def test_deciding_and_giving_the_lead_to_another_exclude_each_other(limited: Calls, decision: str) -> None:
    lead_id = given(limited)
    both = change_lead(lead_id, lead_fields(name=None, given_to="BOREALIS"), decision=decision)
    refused = limited.send(both, caller=ACME)
    assert (refused.result, refused.log[-1]) == ("5", "LEAD.PARTNER_DECISION_NOT_ALLOWED")
    assert party(limited, lead_id) == ["ACME"]
    same = change_lead(lead_id, lead_fields(name=None, given_to="ACME"), decision="ACCEPT")
    limited.done(same, caller=ACME)
    assert lead(limited, lead_id).one("PartnerDecisionCode") == "ACCEPT"


def test_a_lead_is_taken_away_without_giving_it_to_another(limited: Calls) -> None:
    lead_id = given(limited)
    limited.done(change_lead(lead_id, decision="ACCEPT"), caller=ACME)
    limited.done(change_lead(lead_id, lead_fields(name=None, taken_from="ACME"), reason="009"))
    found = lead(limited, lead_id)
    assert (party(limited, lead_id), found.all("PartnerDecisionCode")) == ([], [])
    assert limited.send(read_lead(lead_id), caller=ACME).log == ["LEAD.UNKNOWN"]
    assert feed_of(limited, ACME)[-1] == Told("0000000002", "REASSIGNED", lead_id, "1", reason="009")


def test_a_lead_is_taken_away_only_from_who_has_it(limited: Calls) -> None:
    for lead_id in (given(limited), given(limited, to=None)):
        before = party(limited, lead_id)
        refused = limited.send(change_lead(lead_id, lead_fields(name=None, taken_from="BOREALIS")))
        assert (refused.result, refused.log[-1]) == ("5", "LEAD.SALES_PARTNER_UNKNOWN")
        assert party(limited, lead_id) == before


@pytest.mark.parametrize("fields", [{"given_to": "BOREALIS"}, {"taken_from": "ACME"}])
def test_who_was_given_a_lead_does_not_hand_it_on(limited: Calls, fields: dict[str, str]) -> None:
    lead_id = given(limited)
    refused = limited.send(change_lead(lead_id, lead_fields(name=None, **fields)), caller=ACME)  # type: ignore[arg-type]  # texts
    (said,) = refused.log_items("LEAD.SALES_PARTNER_NOT_ALLOWED")
    assert said.one("ReferenceMessageElementName").endswith("/lbl:Lead/lbl:SalesPartnerParty")
    assert (refused.result, party(limited, lead_id), feed_of(limited, DESK)) == ("5", ["ACME"], [])
    own = limited.done(create_lead(lead_fields(prospect=new_prospect(person()))), caller=ACME).one("Lead/ID")
    limited.done(change_lead(own, lead_fields(name=None, given_to="BOREALIS")), caller=ACME)
    assert party(limited, own) == ["BOREALIS"]


def test_giving_a_lead_to_who_has_it_already_leaves_the_decision(limited: Calls) -> None:
    lead_id = given(limited)
    limited.done(change_lead(lead_id, decision="ACCEPT"), caller=ACME)
    limited.done(change_lead(lead_id, lead_fields(name="Renamed", given_to="ACME")))
    assert lead(limited, lead_id).one("PartnerDecisionCode") == "ACCEPT"


def test_a_lead_is_qualified_by_the_partner_with_answers_and_notes_and_forwarded(limited: Calls) -> None:
    lead_id = given(limited)
    fields = lead_fields(
        name=None,
        status="3",
        level="03",
        answers=[questionnaire_answer("BUDGET", "HIGH")],
        notes=[note("Wants to start in May", action="01")],
    )
    limited.done(change_lead(lead_id, fields, decision="ACCEPT"), caller=ACME)
    (found,) = limited.done(read_lead(lead_id), caller=ACME).parts("Lead")
    assert found.one("QuestionnaireAnswer/AnswerCode") == "HIGH"
    assert found.all("Note") == ["Wants to start in May"]
    assert (found.one("LifeCycleStatusCode"), found.one("ForwardingStatusCode")) == ("3", "waiting")


# -------------------------------------------------------------------------------------------------- until when


def test_without_a_limit_there_is_no_date(calls: Calls) -> None:
    lead_id = given(calls)
    assert due(calls, lead_id) == []
    assert take_back(calls.database, NOON + timedelta(days=10_000)) == []


def test_a_lead_that_is_given_has_a_date_whether_it_is_created_or_changed(limited: Calls) -> None:
    assert due(limited, given(limited)) == [DUE]
    later = given(limited, to=None)
    assert due(limited, later) == []
    limited.send(change_lead(later, lead_fields(name=None, given_to="ACME")), now=NOON)
    assert due(limited, later) == [DUE]
    limited.send(change_lead(later, lead_fields(name="Renamed", given_to="ACME", status="2")), caller=ACME)
    assert due(limited, later) == [DUE]  # it has it already, and has not decided
    again = NOON + timedelta(hours=1)
    limited.send(change_lead(later, lead_fields(name=None, given_to="BOREALIS")), now=again)
    assert due(limited, later) == ["2026-03-04T13:00:00Z"]
    (seen,) = limited.done(read_lead(later), caller=BOREALIS).parts("Lead")
    assert seen.one("PartnerDecisionDueDateTime") == "2026-03-04T13:00:00Z"


@pytest.mark.parametrize(
    ("fields", "decision"),
    [
        (lead_fields(name=None), "ACCEPT"),
        (lead_fields(name=None, status="3"), None),
        (lead_fields(name=None, status="5"), None),
        (lead_fields(name=None, status="7"), None),
    ],
    ids=["accepted", "qualified", "declined", "lost"],
)
def test_whoever_decides_or_brings_the_lead_further_ends_the_waiting(
    limited: Calls, fields: str, decision: str | None
) -> None:
    lead_id = given(limited)
    limited.done(change_lead(lead_id, fields, decision=decision), caller=ACME)  # type: ignore[arg-type]  # Xml
    assert due(limited, lead_id) == []
    assert take_back(limited.database, NOON + 10 * HOURS) == []
    assert party(limited, lead_id) == ["ACME"]


def test_a_lead_that_is_qualified_already_waits_for_no_decision(limited: Calls) -> None:
    assert due(limited, given(limited, status="3")) == []


def test_a_lead_that_is_opened_again_undecided_waits_anew(limited: Calls) -> None:
    lead_id = given(limited)
    limited.done(change_lead(lead_id, lead_fields(name=None, status="5")))
    limited.send(change_lead(lead_id, lead_fields(name=None, status="1")), now=NOON + timedelta(hours=1))
    assert due(limited, lead_id) == ["2026-03-04T13:00:00Z"]


# ------------------------------------------------------------------------------------------------- back by itself


def test_a_lead_comes_back_to_the_moment(limited: Calls) -> None:
    lead_id = given(limited)
    assert take_back(limited.database, NOON + HOURS - timedelta(microseconds=1)) == []
    state = lead(limited, lead_id).one("ChangeStateID")
    assert take_back(limited.database, NOON + HOURS) == [lead_id]
    found = lead(limited, lead_id)
    assert (party(limited, lead_id), due(limited, lead_id)) == ([], [])
    assert found.one("ChangeStateID") != state
    assert found.one("SystemAdministrativeData/LastChangeDateTime") == DUE
    assert found.all("PartnerDecisionCode") == []
    assert limited.send(read_lead(lead_id), caller=ACME).log == ["LEAD.UNKNOWN"]
    assert limited.send(change_lead(lead_id, decision="ACCEPT"), caller=ACME).log == ["LEAD.UNKNOWN"]
    assert feed_of(limited, DESK) == [Told("0000000001", "REASSIGNED", lead_id, "1")]
    assert feed_of(limited, ACME)[1:] == [Told("0000000002", "REASSIGNED", lead_id, "1")]
    with limited.database.read() as tx:
        entry = journal.of(tx, "lead", lead_id)[-1]
    assert (entry["caller_id"], entry["event"], entry["changed_elements"]) == (
        "leadbridge",
        "taken_back",
        "sales_partner_party_id",
    )
    assert take_back(limited.database, NOON + HOURS) == []


def test_leads_come_back_in_portions_the_longest_overdue_first(limited: Calls) -> None:
    late, early = given(limited), given(limited, now=NOON - timedelta(hours=1))
    assert take_back(limited.database, NOON + HOURS, limit=1) == [early]
    assert take_back(limited.database, NOON + HOURS, limit=1) == [late]


def test_processes_that_take_back_at_once_take_each_lead_once(two_gateways: tuple[Calls, Calls]) -> None:
    with gateway(two_gateways[0].database, Policy(partner_decision_time=HOURS)) as calls:
        lead_ids = [given(calls) for _ in range(30)]
    taken = at_once(6, lambda n: take_back(two_gateways[n % 2].database, NOON + HOURS, limit=20))
    rest = take_back(two_gateways[0].database, NOON + HOURS)
    assert sorted([one for each in taken for one in each] + rest) == lead_ids
    assert [one.lead_id for one in feed_of(two_gateways[0], DESK) if one.kind == "REASSIGNED"] != []
    assert len(feed_of(two_gateways[0], DESK)) == 30


def test_a_decision_and_the_end_of_its_time_never_both_happen(two_gateways: tuple[Calls, Calls]) -> None:
    database = two_gateways[0].database
    known(database, ACME)
    with gateway(database, Policy(partner_decision_time=HOURS)) as calls:
        lead_ids = [given(calls) for _ in range(16)]

    def act(number: int) -> list[str]:
        if number % 4 == 0:
            return take_back(two_gateways[1].database, NOON + HOURS, limit=3)
        answers = {
            lead_id: two_gateways[0].send(change_lead(lead_id, decision="ACCEPT"), caller=ACME)
            for lead_id in lead_ids[number::4]
        }
        return [lead_id for lead_id, answer in answers.items() if answer.result == "3"]

    results = at_once(8, act)
    taken = {one for number, each in enumerate(results) if number % 4 == 0 for one in each}
    accepted = {one for number, each in enumerate(results) if number % 4 for one in each}
    assert not taken & accepted
    for lead_id in lead_ids:
        assert party(two_gateways[0], lead_id) == ([] if lead_id in taken else ["ACME"])


def test_the_job_takes_back_what_is_overdue_until_it_is_stopped(
    limited: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead_id = given(limited)
    settings = Settings(partner_loop={"decision_hours": 48, "poll_seconds": 0.05})
    stop = threading.Event()
    job = threading.Thread(target=background.take_back_leads, args=(settings, limited.database, stop))
    job.start()
    try:
        until(lambda: not party(limited, lead_id), what="the lead to come back")
        second = given(limited)  # as the first, its time was over long ago
        until(lambda: not party(limited, second), what="the next one to come back")
    finally:
        stop.set()
        job.join(10)
    assert not job.is_alive()
    assert in_short(feed_of(limited, DESK)) == [("REASSIGNED", "1")] * 2
