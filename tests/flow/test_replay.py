"""Receive twice, act once: every writing operation, on both databases, in one process and in two."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import pytest

from leadbridge.bian.answers import Asked, BianAnswer, Refused
from leadbridge.bian.leads import control
from leadbridge.operations.call import Call, IdempotencyConflict, Policy
from leadbridge.operations.table import use_cases
from leadbridge.store.database import Database
from tests.support.bulk_messages_by_hand import cancel_lead_bulk, submit_lead_bulk
from tests.support.calls import ACME, BANK, DESK, Calls, at_once, column, gateway, row_counts
from tests.support.crm_messages_by_hand import advance, combo_create, combo_update, update_lead, update_opportunity
from tests.support.messages_by_hand import (
    change_lead,
    create_business_partner,
    create_lead,
    known_prospect,
    lead_fields,
    merge_business_partner,
    new_prospect,
    new_uuid,
    note,
    person,
)

# A request of one operation: what is in it depends on the word, its key is the UUID.
Request = Callable[[str, str], bytes]


def _create_business_partner(_calls: Calls) -> Request:
    return lambda uuid, word: create_business_partner(person(family=word, emails=[f"{word}@example.org"]), uuid=uuid)


def _merge_business_partner(calls: Calls) -> Request:
    master, first, second = (
        calls.done(create_business_partner(person())).one("BusinessPartner/InternalID") for _ in range(3)
    )
    return lambda uuid, word: merge_business_partner(master, {"Alpha": first, "Beta": second}[word], uuid=uuid)


def _create_lead(_calls: Calls) -> Request:
    def request(uuid: str, word: str) -> bytes:
        partner = person(family=word, emails=[f"{word}@example.org"])
        return create_lead(lead_fields(status="3", prospect=new_prospect(partner), notes=[note(word)]), uuid=uuid)

    return request


def _change_lead(calls: Calls) -> Request:
    lead_id = calls.done(create_lead()).one("Lead/ID")
    return lambda uuid, word: change_lead(lead_id, lead_fields(name=word, notes=[note(word, action="01")]), uuid=uuid)


def _submit_lead_bulk(_calls: Calls) -> Request:
    return lambda uuid, word: submit_lead_bulk(lead_fields(name=word, prospect=new_prospect(person())), uuid=uuid)


def _cancel_lead_bulk(calls: Calls) -> Request:
    job_id = calls.done(submit_lead_bulk()).one("LeadBulkJob/ID")
    return lambda uuid, word: cancel_lead_bulk(job_id, uuid=uuid, message_id=word)


def _combo_create(_calls: Calls) -> Request:
    return lambda uuid, word: combo_create(customer=word, notes=[word], uuid=uuid)


def _on_record(build: Callable[..., bytes], customer_type: str) -> Callable[[Calls], Request]:
    def prepare(calls: Calls) -> Request:
        record_id = calls.done(combo_create(customer_type=customer_type, notes=["kept"]), caller=BANK).one("RecordID")
        return lambda uuid, word: build(record_id, reason={"Alpha": "001", "Beta": "002"}[word], uuid=uuid)

    return prepare


def _advance(calls: Calls) -> Request:
    record_id = calls.done(combo_create(customer_type="ETB"), caller=BANK).one("RecordID")
    return lambda uuid, word: advance(record_id, "STEP_SKIPPED", step="Confirm interest", why=word, uuid=uuid)


WRITING: dict[str, Callable[[Calls], Request]] = {
    "CreateBusinessPartner": _create_business_partner,
    "MergeBusinessPartner": _merge_business_partner,
    "CreateLead": _create_lead,
    "ChangeLead": _change_lead,
    "SubmitLeadBulk": _submit_lead_bulk,
    "CancelLeadBulk": _cancel_lead_bulk,
    "ComboCreateLeadOpportunity": _combo_create,
    "ComboUpdateLeadOpportunity": _on_record(combo_update, "NTB"),
    "UpdateOpportunityStatus": _on_record(update_opportunity, "ETB"),
    "UpdateLeadStatus": _on_record(update_lead, "NTB"),
    "AdvanceOpportunityStage": _advance,
}

# Not known as a whole but record by record: see test_bundle.
BUNDLES = {"MaintainLeadBundle", "CheckMaintainLeadBundle"}

# The same again by themselves, whatever their header says: see test_use_cases_feed.
FEED = {"ReadLeadStatusChanges", "AcknowledgeLeadStatusChanges"}

every_writing_operation = pytest.mark.parametrize("operation", WRITING)


def test_every_writing_operation_is_tested_here() -> None:
    assert {*WRITING, *BUNDLES, *FEED} == {name for name, one in use_cases(Policy()).items() if one.writes}


# ------------------------------------------------------------------------------------------------- the same again


@every_writing_operation
def test_the_same_bytes_again_get_the_same_answer_and_write_nothing(calls: Calls, operation: str) -> None:
    request = WRITING[operation](calls)(new_uuid(), "Alpha")
    first = calls.done(request)
    rows = row_counts(calls.database)
    second, third = calls.send(request), calls.send(request)
    assert not first.replayed
    assert second.replayed
    assert third.replayed
    assert second.apart_from_replayed == third.apart_from_replayed == first.apart_from_replayed
    assert row_counts(calls.database) == rows


@every_writing_operation
def test_32_threads_sending_the_same_bytes_act_once(calls: Calls, operation: str) -> None:
    uuid = new_uuid()
    request = WRITING[operation](calls)(uuid, "Alpha")
    before = row_counts(calls.database)
    answers = at_once(32, lambda _: calls.send(request))
    assert len({answer.apart_from_replayed for answer in answers}) == 1
    assert [answer.replayed for answer in answers].count(False) == 1
    after = row_counts(calls.database)
    assert after["received"] - before["received"] == 1
    assert all(after[name] - before[name] <= 1 for name in after if name not in ("journal", "crm_record_note"))
    assert column(calls.database, "received", "message_uuid").count(uuid) == 1


@every_writing_operation
def test_32_threads_at_two_gateways_sending_the_same_bytes_act_once(
    two_gateways: tuple[Calls, Calls], operation: str
) -> None:
    request = WRITING[operation](two_gateways[0])(new_uuid(), "Alpha")
    before = row_counts(two_gateways[0].database)
    answers = at_once(32, lambda number: two_gateways[number % 2].send(request))
    assert len({answer.apart_from_replayed for answer in answers}) == 1
    assert [answer.replayed for answer in answers].count(False) == 1
    after = row_counts(two_gateways[0].database)
    assert after["received"] - before["received"] == 1
    assert all(after[name] - before[name] <= 1 for name in after if name not in ("journal", "crm_record_note"))


def test_an_answer_is_remembered_over_a_restart(database: Database) -> None:
    request = create_lead(uuid=new_uuid())
    with gateway(database) as one:
        first = one.done(request)
    with gateway(database) as another:
        second = another.send(request)
    assert second.replayed
    assert second.apart_from_replayed == first.apart_from_replayed


def test_a_replay_answers_the_state_of_the_first_time_whatever_became_of_the_lead(calls: Calls) -> None:
    request = create_lead(uuid=new_uuid())
    first = calls.done(request)
    calls.done(change_lead(first.one("Lead/ID"), lead_fields(name="Another name", status="2")))
    again = calls.send(request)
    assert again.one("Lead/LifeCycleStatusCode") == "1"
    assert again.one("Lead/ChangeStateID") == first.one("Lead/ChangeStateID")


def test_a_refusal_is_replayed_too_even_when_its_reason_is_gone(calls: Calls) -> None:
    key = ("SYSTEM", "4711")
    partner = create_business_partner(person(key=key))
    lead = create_lead(lead_fields(prospect=known_prospect(key=key)), uuid=new_uuid())
    refused = calls.send(lead)
    assert refused.result == "5"
    calls.done(partner)
    again = calls.send(lead)
    assert again.replayed
    assert again.apart_from_replayed == refused.apart_from_replayed
    assert row_counts(calls.database)["lead"] == 0


@pytest.mark.parametrize(
    "request_of",
    [
        lambda uuid: change_lead("9999999999", uuid=uuid),
        lambda uuid: cancel_lead_bulk("9999999999", uuid=uuid),
        lambda uuid: combo_update("9999999999", uuid=uuid),
        lambda uuid: update_opportunity("9999999999", uuid=uuid),
        lambda uuid: update_lead("9999999999", uuid=uuid),
        lambda uuid: create_business_partner(person(category="2"), uuid=uuid),
    ],
    ids=[
        "ChangeLead",
        "CancelLeadBulk",
        "ComboUpdateLeadOpportunity",
        "UpdateOpportunityStatus",
        "UpdateLeadStatus",
        "CreatePartner",
    ],
)
def test_every_refusal_is_remembered_like_a_success(calls: Calls, request_of: Callable[[str], bytes]) -> None:
    request = request_of(new_uuid())
    first, second = calls.send(request), calls.send(request)
    assert first.result == second.result == "5"
    assert (first.replayed, second.replayed) == (False, True)
    assert first.apart_from_replayed == second.apart_from_replayed


def test_a_message_without_a_uuid_has_no_key_and_is_acted_on_each_time(calls: Calls) -> None:
    request = create_lead()
    first, second = calls.done(request), calls.done(request)
    assert not second.replayed
    assert first.one("Lead/ID") != second.one("Lead/ID")
    assert row_counts(calls.database)["received"] == 0


# ------------------------------------------------------------------------------------------ the same key, not the same


@every_writing_operation
def test_the_same_uuid_with_other_content_is_a_conflict_and_writes_nothing(calls: Calls, operation: str) -> None:
    request, uuid = WRITING[operation](calls), new_uuid()
    first = calls.done(request(uuid, "Alpha"))
    rows = row_counts(calls.database)
    with pytest.raises(IdempotencyConflict):
        calls.send(request(uuid, "Beta"))
    assert row_counts(calls.database) == rows
    assert calls.send(request(uuid, "Alpha")).apart_from_replayed == first.apart_from_replayed


def test_of_two_contents_under_one_uuid_sent_at_once_one_is_acted_on_and_the_other_refused(
    two_gateways: tuple[Calls, Calls],
) -> None:
    uuid = new_uuid()
    requests = [_create_lead(two_gateways[0])(uuid, word) for word in ("Alpha", "Beta")]

    def send(number: int) -> tuple[int, bool]:
        try:
            return number % 2, two_gateways[number // 2 % 2].send(requests[number % 2]).replayed
        except IdempotencyConflict:
            return number % 2, False

    at_once(32, send)
    assert row_counts(two_gateways[0].database)["lead"] == 1
    outcomes = []
    for request in requests:
        try:
            outcomes.append(two_gateways[0].send(request).replayed)
        except IdempotencyConflict:
            outcomes.append(False)
    assert sorted(outcomes) == [False, True]


@every_writing_operation
def test_a_uuid_used_on_another_operation_is_a_conflict(calls: Calls, operation: str) -> None:
    uuid = new_uuid()
    other = "CreateLead" if operation != "CreateLead" else "CreateBusinessPartner"
    request = WRITING[operation](calls)(uuid, "Alpha")
    calls.done(WRITING[other](calls)(uuid, "Beta"))
    rows = row_counts(calls.database)
    with pytest.raises(IdempotencyConflict):
        calls.send(request)
    assert row_counts(calls.database) == rows


def test_a_uuid_in_another_case_is_the_same_key(calls: Calls) -> None:
    uuid = new_uuid().lower()
    calls.done(create_lead(uuid=uuid))
    with pytest.raises(IdempotencyConflict):  # the content differs: the UUID is a part of it
        calls.send(create_lead(uuid=uuid.upper()))
    assert row_counts(calls.database)["lead"] == 1
    assert [UUID(str(one)) for one in column(calls.database, "received", "message_uuid")] == [UUID(uuid)]


@every_writing_operation
def test_another_caller_with_the_same_uuid_sends_another_message(calls: Calls, operation: str) -> None:
    request = WRITING[operation](calls)(new_uuid(), "Alpha")
    first = calls.send(request, caller=DESK)
    other = calls.send(request, caller=ACME)
    assert not other.replayed
    assert other.one("BasicMessageHeader/UUID") != first.one("BasicMessageHeader/UUID")
    assert sorted(column(calls.database, "received", "caller_id"), key=str) == ["acme", "desk"]


def test_a_caller_never_gets_the_answer_another_one_was_given(calls: Calls) -> None:
    request = create_lead(uuid=new_uuid())
    mine = calls.done(request, caller=DESK)
    theirs = calls.done(request, caller=ACME)
    assert mine.one("Lead/ID") != theirs.one("Lead/ID")
    assert row_counts(calls.database)["lead"] == 2


def test_of_two_requests_under_one_key_in_one_batch_neither_gets_the_other_s_refusal(calls: Calls) -> None:
    lead_id, key = calls.done(create_lead()).one("Lead/ID"), new_uuid()

    def asked(action: str) -> Call:
        more = {"ControlActionRequest": action}
        message = Asked(lead_id=lead_id, procedure={}, development={}, more=more, key=key)
        return Call(DESK, message, action.encode(), datetime.now(UTC), correlation_id="batch")

    with calls.database.write() as tx:
        outcomes = control(tx, [asked("resume"), asked("suspend"), asked("resume")], Policy())
    kinds = [type(one) for one in outcomes]
    assert kinds == [Refused, IdempotencyConflict, Refused]
    with calls.database.write() as tx:  # nothing was remembered of what was refused
        (done,) = control(tx, [asked("suspend")], Policy())
    assert isinstance(done, BianAnswer)
