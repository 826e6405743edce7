"""The status feed: who is told what, in which order, until it is acknowledged; requests in, answers out."""

from datetime import UTC, datetime, timedelta

import pytest

from leadbridge.caller import Caller, Role, Visibility
from leadbridge.operations.call import IdempotencyConflict
from leadbridge.store import feed, tables
from leadbridge.store.database import Database
from leadbridge.store.statements import insert_many
from tests.support.bundle_by_hand import DELETE, maintain, record
from tests.support.calls import DESK, Calls, at_once, column, row_counts
from tests.support.feed import (
    Told,
    a_lead,
    acknowledge,
    feed_of,
    in_short,
    known,
    partner,
    read_changes,
    told,
)
from tests.support.messages_by_hand import change_lead, create_lead, lead_fields, new_prospect, new_uuid, person

ACME, BOREALIS = partner("acme"), partner("borealis")
SECOND = partner("acme-2", party="ACME")  # another system of the same partner
HEAD = Caller("head", "Head office", frozenset({Role.SALES}), Visibility.ALL, "HEAD")


def move(calls: Calls, lead_id: str, status: str, *, caller: Caller = DESK, reason: str | None = None) -> None:
    calls.done(change_lead(lead_id, lead_fields(name=None, status=status), reason=reason), caller=caller)


def give(calls: Calls, lead_id: str, party: str) -> None:
    calls.done(change_lead(lead_id, lead_fields(name=None, given_to=party)))


# ---------------------------------------------------------------------------------------------------- who is told what


def test_a_creator_is_told_what_becomes_of_its_lead_oldest_first(calls: Calls) -> None:
    lead_id = a_lead(calls)
    for status, reason in (("2", None), ("5", "005"), ("1", None), ("7", "001")):
        move(calls, lead_id, status, reason=reason)
    assert feed_of(calls, DESK) == [
        Told("0000000001", "DECLINED", lead_id, "2>5", reason="005"),
        Told("0000000002", "LOST", lead_id, "1>7", reason="001"),
    ]


def test_a_change_that_moves_nothing_is_not_told(calls: Calls) -> None:
    known(calls.database, ACME)
    lead_id = a_lead(calls, given_to="ACME")
    calls.done(change_lead(lead_id, lead_fields(name="Another name", level="03", given_to="ACME")))
    move(calls, lead_id, "2", reason="005")
    move(calls, lead_id, "3", caller=ACME)
    assert feed_of(calls, DESK) == []
    assert in_short(feed_of(calls, ACME)) == [("REASSIGNED", "1")]


def test_a_refused_change_tells_nothing(calls: Calls) -> None:
    lead_id = a_lead(calls)
    refused = calls.send(change_lead(lead_id, lead_fields(name=None, status="5"), state="0" * 32))
    assert refused.result == "5"
    assert feed_of(calls, DESK) == []
    assert row_counts(calls.database)["lead_status_change"] == 0


def test_creating_a_lead_tells_the_party_it_is_given_to_and_costs_nothing_otherwise(calls: Calls) -> None:
    known(calls.database, ACME, SECOND, BOREALIS)
    a_lead(calls)
    assert row_counts(calls.database)["lead_status_change"] == 0
    lead_id = a_lead(calls, given_to="ACME")
    for one in (ACME, SECOND):
        assert feed_of(calls, one) == [Told("0000000001", "REASSIGNED", lead_id, "1", party="ACME")]
    assert feed_of(calls, DESK) == feed_of(calls, BOREALIS) == []


def test_each_caller_is_told_once_however_it_is_concerned(calls: Calls) -> None:
    """ACME creates a lead and has it, too."""
    known(calls.database, ACME)
    lead_id = a_lead(calls, caller=ACME, given_to="ACME")
    move(calls, lead_id, "5", caller=ACME)
    assert in_short(feed_of(calls, ACME)) == [("REASSIGNED", "1"), ("DECLINED", "1>5")]


def test_who_loses_a_lead_is_told_so_but_not_who_has_it_now_and_nothing_any_more(calls: Calls) -> None:
    known(calls.database, ACME, BOREALIS)
    fields = lead_fields(prospect=new_prospect(person()), given_to="ACME", key=("DESK", "L-1"), technical_id="T-1")
    lead_id = calls.done(create_lead(fields)).one("Lead/ID")
    before = calls.done(read_changes(), caller=ACME).parts("LeadStatusChange")
    assert [one.all("ExternalKey/RemoteObjectID") + one.all("ObjectNodeSenderTechnicalID") for one in before] == [
        ["L-1", "T-1"]
    ]
    give(calls, lead_id, "BOREALIS")
    move(calls, lead_id, "7")
    assert feed_of(calls, ACME) == [
        Told("0000000001", "REASSIGNED", lead_id, "1", party="ACME"),
        Told("0000000002", "REASSIGNED", lead_id, "1"),
    ]
    after = calls.done(read_changes(), caller=ACME)
    assert after.all("LeadStatusChange/ExternalKey") == after.all("LeadStatusChange/ObjectNodeSenderTechnicalID") == []
    assert [(one.kind, one.party) for one in feed_of(calls, BOREALIS)] == [
        ("REASSIGNED", "BOREALIS"),
        ("LOST", "BOREALIS"),
    ]
    assert [(one.kind, one.party) for one in feed_of(calls, DESK)] == [
        ("REASSIGNED", "BOREALIS"),
        ("LOST", "BOREALIS"),
    ]


def test_who_had_a_lead_that_is_deleted_is_told_that_it_is_gone(calls: Calls) -> None:
    known(calls.database, ACME)
    lead_id, other = a_lead(calls, given_to="ACME"), a_lead(calls)
    for one in (lead_id, other):
        calls.done(maintain(record(DELETE, lead_id=one)))
    assert feed_of(calls, ACME) == [
        Told("0000000001", "REASSIGNED", lead_id, "1", party="ACME"),
        Told("0000000002", "REASSIGNED", lead_id, "1"),
    ]
    assert feed_of(calls, DESK) == [Told("0000000001", "REASSIGNED", lead_id, "1")]


def test_a_lead_given_away_and_closed_in_one_change_tells_both_to_everybody(calls: Calls) -> None:
    known(calls.database, ACME, BOREALIS)
    lead_id = a_lead(calls, given_to="ACME")
    calls.done(change_lead(lead_id, lead_fields(name=None, status="5", given_to="BOREALIS"), reason="007"))
    for one in (DESK, BOREALIS):
        assert feed_of(calls, one) == [
            Told("0000000001", "DECLINED", lead_id, "1>5", reason="007", party="BOREALIS"),
            Told("0000000002", "REASSIGNED", lead_id, "1>5", reason="007", party="BOREALIS"),
        ]
    assert in_short(feed_of(calls, ACME)) == [("REASSIGNED", "1"), ("DECLINED", "1>5"), ("REASSIGNED", "1>5")]


def test_who_is_disabled_or_sees_its_own_leads_alone_is_told_of_no_others(calls: Calls) -> None:
    own = partner("acme-own", party="ACME", visibility=Visibility.OWN)
    known(calls.database, own)
    known(calls.database, ACME, disabled=True)
    give(calls, a_lead(calls), "ACME")
    assert column(calls.database, "lead_status_change", "caller_id") == ["desk"]
    lead_id = a_lead(calls, caller=own)
    move(calls, lead_id, "7", caller=own)
    assert feed_of(calls, own) == [Told("0000000001", "LOST", lead_id, "1>7")]


def test_who_sees_everything_has_an_empty_feed_without_leads_of_its_own(calls: Calls) -> None:
    known(calls.database, HEAD)
    move(calls, a_lead(calls), "7", caller=HEAD)
    answer = calls.done(read_changes(), caller=HEAD)
    assert told(answer) == []
    assert answer.one("ProcessingConditions/ReturnedQueryHitsNumberValue") == "0"
    assert answer.one("ProcessingConditions/MoreHitsAvailableIndicator") == "false"
    assert answer.all("ProcessingConditions/LastReturnedObjectID") == []
    assert row_counts(calls.database)["lead_feed"] == 0


def test_two_changes_of_one_lead_in_one_commit_are_told_in_their_order(calls: Calls) -> None:
    lead_ids = [a_lead(calls) for _ in range(3)]
    requests = [change_lead(one, lead_fields(name=None, status=status)) for status in "517" for one in lead_ids]
    for future in [calls.submit(request) for request in requests]:
        future.result(30)
    changes = feed_of(calls, DESK)
    for lead_id in lead_ids:
        mine = [one for one in changes if one.lead_id == lead_id]
        assert in_short(mine) == [("DECLINED", "1>5"), ("LOST", "1>7")]
    assert [one.position for one in changes] == [f"{number:010d}" for number in range(1, 7)]


# ------------------------------------------------------------------------------------------------ reading, going on


def declined(calls: Calls, count: int) -> list[str]:
    """Some leads, each with one change in the desk's feed."""
    lead_ids = [a_lead(calls) for _ in range(count)]
    for lead_id in lead_ids:
        move(calls, lead_id, "5")
    return lead_ids


def test_changes_come_again_until_they_are_acknowledged(calls: Calls) -> None:
    lead_ids = declined(calls, 3)
    first = feed_of(calls, DESK)
    assert [one.lead_id for one in first] == lead_ids
    assert feed_of(calls, DESK) == first

    answer = calls.done(acknowledge(first[1].position))
    assert (answer.one("AcknowledgedNumberValue"), answer.one("FeedPositionID")) == ("2", first[1].position)
    assert feed_of(calls, DESK) == first[2:]

    for again in (first[1].position, first[0].position, "0000000000"):
        answer = calls.done(acknowledge(again))
        assert (answer.one("AcknowledgedNumberValue"), answer.one("FeedPositionID")) == ("0", first[1].position)
    assert feed_of(calls, DESK) == first[2:]


def test_pages_are_peeked_at_without_acknowledging(calls: Calls) -> None:
    lead_ids = declined(calls, 5)
    seen: list[str] = []
    after = None
    pages = []
    while True:
        answer = calls.done(read_changes(most=2, after=after))
        page = told(answer)
        seen += [one.lead_id for one in page]
        after = answer.one("ProcessingConditions/LastReturnedObjectID")
        assert after == page[-1].position
        pages.append((len(page), answer.one("ProcessingConditions/MoreHitsAvailableIndicator")))
        if pages[-1][1] == "false":
            break
    assert (seen, pages) == (lead_ids, [(2, "true"), (2, "true"), (1, "false")])
    assert told(calls.done(read_changes(after=after))) == []
    assert [one.lead_id for one in feed_of(calls, DESK)] == lead_ids

    calls.done(acknowledge(told(calls.done(read_changes(most=3)))[-1].position))
    behind = calls.done(read_changes(most=1, after="0000000001"))  # acknowledged ones do not come again
    assert [one.lead_id for one in told(behind)] == lead_ids[3:4]


@pytest.mark.parametrize("most", [None, 1001])
def test_a_page_has_a_hundred_changes_unless_asked_otherwise_and_a_thousand_at_most(
    calls: Calls, most: int | None
) -> None:
    rows = [status_change_row(number) for number in range(1, 1002)]
    with calls.database.write() as tx:
        insert_many(tx, (tables.lead_status_change, rows))
    answer = calls.done(read_changes(most=most))
    assert len(told(answer)) == (100 if most is None else 1000)
    assert answer.log == ([] if most is None else ["FIND.HITS_CAPPED"])
    assert answer.one("ProcessingConditions/MoreHitsAvailableIndicator") == "true"
    rest = calls.done(read_changes(unlimited=True, after=told(answer)[-1].position))
    assert len(told(rest)) == 1001 - len(told(answer))


def status_change_row(number: int, *, caller_id: str = "desk", now: datetime | None = None) -> dict[str, object]:
    return {
        "caller_id": caller_id,
        "lead_id": f"{number:010d}",
        "lead_uuid": new_uuid(),
        "status_change_type_code": "WON",
        "new_status": "6",
        "changed_at": now or datetime.now(UTC),
    }


def test_a_position_that_was_never_given_out_is_refused(calls: Calls) -> None:
    declined(calls, 2)
    for request in (acknowledge("0000000001"), read_changes(after="0000000001")):
        assert calls.send(request).log == ["LEAD.FEED_POSITION_UNKNOWN"]
    calls.done(read_changes(most=1))  # there are two; only this one is given out
    refused = calls.send(acknowledge("0000000002"))
    assert (refused.result, refused.log) == ("5", ["LEAD.FEED_POSITION_UNKNOWN"])
    assert refused.one("AcknowledgedNumberValue") == "0"
    assert refused.one("Log/Item/ReferenceMessageElementName").endswith("FeedPositionID")
    refused = calls.send(read_changes(after="9999999999"))
    assert (refused.result, refused.log) == ("5", ["LEAD.FEED_POSITION_UNKNOWN"])
    assert calls.done(acknowledge("0000000001")).one("AcknowledgedNumberValue") == "1"


def test_feeds_are_numbered_and_acknowledged_apart_from_each_other(calls: Calls) -> None:
    known(calls.database, ACME, SECOND)
    lead_id = a_lead(calls, given_to="ACME")
    move(calls, lead_id, "7")
    assert [len(feed_of(calls, one)) for one in (DESK, ACME, SECOND)] == [1, 2, 2]
    calls.done(acknowledge("0000000002"), caller=ACME)
    assert [len(feed_of(calls, one)) for one in (DESK, ACME, SECOND)] == [1, 0, 2]
    assert calls.send(acknowledge("0000000002")).log == ["LEAD.FEED_POSITION_UNKNOWN"]


def test_an_acknowledgement_sent_again_is_replayed(calls: Calls) -> None:
    declined(calls, 2)
    feed_of(calls, DESK)
    uuid = new_uuid()
    first = calls.done(acknowledge("0000000002", uuid=uuid))
    again = calls.done(acknowledge("0000000002", uuid=uuid))
    assert again.replayed
    assert again.apart_from_replayed == first.apart_from_replayed
    with pytest.raises(IdempotencyConflict):
        calls.send(acknowledge("0000000001", uuid=uuid))


def test_readings_of_one_feed_at_once_give_each_change_one_position(two_gateways: tuple[Calls, Calls]) -> None:
    lead_ids = declined(two_gateways[0], 20)
    answers = at_once(16, lambda n: feed_of(two_gateways[n % 2], DESK))
    assert all([one.lead_id for one in answer] == lead_ids for answer in answers)
    assert len({tuple(one.position for one in answer) for answer in answers}) == 1


def test_calls_of_one_commit_read_and_acknowledge_one_after_the_other(calls: Calls) -> None:
    lead_ids = declined(calls, 4)
    futures = [calls.submit(read_changes(most=most)) for most in (1, 2, 4)]
    answers = [future.result(30) for future in futures]
    assert [[one.id for one in answer.message.lead_status_change] for answer in answers] == [
        lead_ids[:1],
        lead_ids[:2],
        lead_ids,
    ]
    acknowledged = [calls.submit(acknowledge(f"{upto:010d}")) for upto in (1, 3, 2, 4)]
    assert [one.result(30).message.acknowledged_number_value for one in acknowledged] == [1, 2, 0, 1]


# -------------------------------------------------------------------------------------------------------- tidying


def test_what_was_acknowledged_is_forgotten_and_in_the_end_what_nobody_asks_for(database: Database) -> None:
    now = datetime.now(UTC)
    old = now - timedelta(days=2)
    told_when = [("acme", old), ("desk", old), ("desk", old), ("desk", now), ("desk", now), ("acme", now)]
    with database.write() as tx:
        rows = [status_change_row(n, caller_id=name, now=moment) for n, (name, moment) in enumerate(told_when, 1)]
        insert_many(tx, (tables.lead_status_change, rows))
        mine = feed.feeds(tx, ["desk"])["desk"]
        changes = list(feed.unnumbered(tx, DESK, limit=10))
        mine.number(changes)
        feed.write_positions(tx, changes)
        mine.acknowledged_position = 3
        feed.keep(tx, [mine])

    def forgotten() -> int:
        with database.write() as tx:
            return feed.forget(tx, before=now - timedelta(days=1), limit=2)

    assert [forgotten() for _ in range(3)] == [3, 1, 0]
    assert column(database, "lead_status_change", "lead_id") == ["0000000005", "0000000006"]
    assert column(database, "lead_feed", "last_position") == [4]
