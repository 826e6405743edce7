"""Bundles of leads on both databases: each record its own verdict, done once, all or none, and checked beforehand."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.support.bundle_by_hand import CHANGE, CREATE, SAVE, key, maintain, new, record, refusals, verdicts
from tests.support.calls import ACME, Calls, column, numbers_used, row_counts
from tests.support.messages_by_hand import (
    Xml,
    change_lead,
    contact,
    known_prospect,
    lead_fields,
    new_prospect,
    new_uuid,
    person,
    read_lead,
)

ROOT = "/lbl:LeadBundleMaintainRequest_sync/lbl:Lead"
UNKNOWN = known_prospect("0000999999")


def five_hundred(calls: Calls) -> tuple[list[Xml], dict[str, list[tuple[str, str]]]]:
    """500 records: every 16th is about an unknown prospect, has a key that is taken or repeated, or is stale. With the
    reasons why these 30 must be refused, by their keys; of a key that is repeated there is one that is good.
    """
    created = calls.done(maintain(*(new(number) for number in range(100))))
    ids, states = created.all("Lead/ID"), created.all("Lead/ChangeStateID")
    calls.done(maintain(*(record(CHANGE, lead_fields(name="Meanwhile"), lead_id=one) for one in ids[:10])))
    good = [new(number) for number in range(1_000, 1_380)]
    for place in range(10, 100):
        fields = lead_fields(technical_id=f"C-{place}", name=f"Better {place}")
        good.append(record(CHANGE, fields, lead_id=ids[place], state=states[place]))
    bad: list[tuple[str, Xml, str, str]] = []
    for place in range(10):
        bad.append((f"R-{place + 2_000}", new(2_000 + place, prospect=UNKNOWN), "BUSINESSPARTNER.UNKNOWN", "Prospect"))
        if place < 5:
            bad.append((f"R-{place}", new(place), "LEAD.EXTERNAL_KEY_TAKEN", "ExternalKey"))
        else:
            bad.append((f"R-{1_000 + place}", new(1_000 + place), "BUNDLE.KEY_REPEATED", ""))
        stale = lead_fields(technical_id=f"S-{place}", name="Stale")
        stale_record = record(CHANGE, stale, lead_id=ids[place], state=states[place])
        bad.append((f"S-{place}", stale_record, "LEAD.CHANGE_STATE_CONFLICT", "ChangeStateID"))
    records, reasons = good, {}
    for place, (reference, one, type_id, element) in enumerate(bad, 1):
        records.insert(16 * place, one)
        name = {"": "", "Prospect": "/lbl:ProspectParty"}.get(element, f"/lbl:{element}")
        reasons[reference] = [(type_id, f"{ROOT}[{16 * place + 1}]{name}")]
    return records, reasons


def test_of_500_records_470_are_done_and_30_explained_also_when_they_are_sent_again(calls: Calls) -> None:
    records, reasons = five_hundred(calls)
    message = maintain(*records, uuid=new_uuid())
    before = row_counts(calls.database)

    first = calls.send(message)

    assert (len(records), first.result, Counter(verdicts(first))) == (500, "4", {"3": 470, "5": 30})
    assert refusals(first) == reasons
    assert set(first.all("Lead/ReplayedIndicator")) == {"false"}
    after = row_counts(calls.database)
    assert after["lead"] - before["lead"] == 380
    assert after["received"] - before["received"] == 470

    again = calls.send(message)

    assert row_counts(calls.database) == after
    assert refusals(again) == reasons
    replayed = [one == "3" for one in verdicts(again)]
    assert again.all("Lead/ReplayedIndicator") == [str(one).lower() for one in replayed]
    for one in ("ID", "ChangeStateID", "ReferenceObjectNodeSenderTechnicalID", "BusinessDocumentProcessingResultCode"):
        assert again.all(f"Lead/{one}") == first.all(f"Lead/{one}")
    assert again.all("Log/Item/Note") == first.all("Log/Item/Note")


def test_with_all_or_none_nothing_changes_and_the_others_are_told_why(calls: Calls) -> None:
    records, reasons = five_hundred(calls)
    rows, changes = row_counts(calls.database), column(calls.database, "lead", "change_number")

    answered = calls.send(maintain(*records, uuid=new_uuid(), all_or_none=True))

    assert (answered.result, set(verdicts(answered))) == ("5", {"5"})
    assert row_counts(calls.database) == rows
    assert column(calls.database, "lead", "change_number") == changes
    others = answered.log_items("BUNDLE.OTHER_RECORD_REFUSED")
    assert len(others) == 470
    told = refusals(answered)
    for reference, (reason,) in reasons.items():
        assert reason in told[reference]
    assert answered.all("Lead/ID") == []


def test_all_or_none_does_all_and_remembers_them(calls: Calls) -> None:
    message = maintain(new(1), new(2), uuid=new_uuid(), all_or_none=True)

    first, again = calls.done(message), calls.done(message)

    assert first.all("Lead/ReplayedIndicator") == ["false", "false"]
    assert again.all("Lead/ReplayedIndicator") == ["true", "true"]
    assert again.all("Lead/ID") == first.all("Lead/ID")
    mended = maintain(new(1), new(2), new(3, prospect=UNKNOWN), uuid=new_uuid(), all_or_none=True)
    assert verdicts(calls.send(mended)) == "555"
    assert row_counts(calls.database)["lead"] == 2


def test_what_was_done_before_stays_done_when_all_or_none_is_refused(calls: Calls) -> None:
    uuid = new_uuid()
    calls.done(maintain(new(1), uuid=uuid))

    answered = calls.send(maintain(new(1), new(2), new(3, prospect=UNKNOWN), uuid=uuid, all_or_none=True))

    assert (answered.result, verdicts(answered)) == ("4", "355")
    assert answered.all("Lead/ReplayedIndicator") == ["true", "false", "false"]


def test_mended_records_are_done_under_their_keys_and_the_others_replayed(calls: Calls) -> None:
    uuid = new_uuid()
    records = [new(number, prospect=UNKNOWN if number in (2, 5, 7) else None) for number in range(10)]
    first = calls.send(maintain(*records, uuid=uuid))
    assert verdicts(first) == "".join("5" if number in (2, 5, 7) else "3" for number in range(10))

    mended = calls.done(maintain(*(new(number) for number in reversed(range(10))), uuid=uuid))

    replayed = [one == "true" for one in reversed(mended.all("Lead/ReplayedIndicator"))]
    assert [number for number in range(10) if not replayed[number]] == [2, 5, 7]
    place = mended.log_items("LEAD.CREATED")[0]
    assert place.one("ReferenceObjectNodeSenderTechnicalID") == "R-9"
    assert place.one("ReferenceMessageElementName") == f"{ROOT}[1]"  # where the record stands now


def test_other_content_under_the_key_of_a_record_that_was_done_is_that_records_refusal(calls: Calls) -> None:
    uuid = new_uuid()
    calls.done(maintain(new(1), new(2), uuid=uuid))

    answered = calls.send(maintain(new(1, name="Another"), new(2), new(3), uuid=uuid))

    assert verdicts(answered) == "533"
    assert refusals(answered) == {"R-1": [("BUNDLE.RECORD_CHANGED", f"{ROOT}[1]")]}
    assert answered.all("Lead/ReplayedIndicator") == ["false", "true", "false"]
    assert "Another" not in column(calls.database, "lead", "name")


def test_records_are_known_by_external_key_or_content_and_each_caller_has_its_own(calls: Calls) -> None:
    uuid, prospect = new_uuid(), new_prospect(person(emails=["a@example.org"]))
    by_key = record(CREATE, lead_fields(key=key(1), prospect=prospect))
    by_content = record(CREATE, lead_fields(name="Known by its content", prospect=prospect))
    first = calls.send(maintain(by_key, by_content, by_content, uuid=uuid))
    assert verdicts(first) == "335"
    assert first.log_items("BUNDLE.KEY_REPEATED")[0].one("ReferenceMessageElementName") == f"{ROOT}[3]"

    again = calls.send(maintain(by_content, by_key, uuid=uuid))

    assert again.all("Lead/ReplayedIndicator") == ["true", "true"]
    assert again.all("Lead/ID") == list(reversed(first.all("Lead/ID")))
    assert calls.send(maintain(by_key, uuid=uuid), caller=ACME).all("Lead/ReplayedIndicator") == ["false"]


def test_without_a_uuid_nothing_is_remembered(calls: Calls) -> None:
    message = maintain(record(CREATE, lead_fields(prospect=new_prospect(person()))))

    assert [calls.done(message).all("Lead/ReplayedIndicator") for _ in range(2)] == [["false"]] * 2
    counts = row_counts(calls.database)
    assert (counts["lead"], counts["received"]) == (2, 0)


def test_an_answer_that_was_lost_is_given_by_another_gateway(two_gateways: tuple[Calls, Calls]) -> None:
    message = maintain(*(new(number) for number in range(30)), uuid=new_uuid())

    answers = [one.submit(message) for one in two_gateways for _ in range(2)]

    replayed = [b"ReplayedIndicator>true<" in one.result(30).encoded for one in answers]
    assert sorted(replayed) == [False, True, True, True]
    assert row_counts(two_gateways[0].database)["lead"] == 30


def test_bundles_that_name_the_same_leads_in_other_orders_lose_nothing(two_gateways: tuple[Calls, Calls]) -> None:
    ids = two_gateways[0].done(maintain(*(new(number) for number in range(60)))).all("Lead/ID")
    fields = [lead_fields(name=f"By {one}", key=key(7_000 + number)) for number, one in enumerate("ABCDEF")]

    def bundle(number: int) -> bytes:
        order = ids if number % 2 else list(reversed(ids))
        first = record(CHANGE, fields[number], lead_id=order[0])
        return maintain(first, *(record(CHANGE, lead_fields(name=f"By {number}"), lead_id=one) for one in order[1:]))

    answers = [two_gateways[number // 3].submit(bundle(number)) for number in range(6)]

    for answer in answers:
        assert b"ResultCode>5<" not in answer.result(30).encoded
    assert set(column(two_gateways[0].database, "lead", "change_number")) == {7}


def test_a_log_holds_1000_items_the_worst_first_and_says_how_many_it_left_out(calls: Calls) -> None:
    created = calls.done(maintain(*(new(number) for number in range(400))))
    assert len(created.log) == 800
    changes = [record(CHANGE, lead_fields(name="Changed"), lead_id=one) for one in created.all("Lead/ID")]
    records = [*changes, *(new(number) for number in range(400, 600)), new(600, prospect=UNKNOWN)]

    answered = calls.send(maintain(*records))

    severities = answered.all("Log/Item/SeverityCode")
    assert Counter(severities) == {"3": 1, "2": 400, "1": 599}
    assert severities == sorted(severities, reverse=True)
    assert answered.one("Log/MaximumLogItemSeverityCode") == "3"
    last = answered.parts("Log/Item")[-1]
    left_out = 1 + 400 * 2 + 200 * 2 - 999
    assert (last.one("TypeID"), last.one("Note").split()[0]) == ("BUNDLE.LOG_ITEMS_LEFT_OUT", str(left_out))


# ---------------------------------------------------------------------------------------------------------- checks


def test_a_check_says_the_same_verdicts_and_leaves_nothing_behind(calls: Calls) -> None:
    records, reasons = five_hundred(calls)
    rows, numbers = row_counts(calls.database), numbers_used(calls.database)
    states = calls.done(read_lead("0000000020")).all("Lead/ChangeStateID")

    checked = calls.send(maintain(*records, uuid=new_uuid(), check=True))

    assert row_counts(calls.database) == rows
    assert numbers_used(calls.database) == numbers
    assert calls.done(read_lead("0000000020")).all("Lead/ChangeStateID") == states
    root = ROOT.replace("MaintainRequest_", "MaintainCheckQuery_")
    assert refusals(checked) == {
        reference: [(type_id, path.replace(ROOT, root))] for reference, ((type_id, path),) in reasons.items()
    }
    done = calls.send(maintain(*records, uuid=new_uuid()))
    assert verdicts(checked) == verdicts(done)
    assert Counter(checked.log) == {
        **Counter(type_id for ((type_id, _),) in reasons.values()),
        "LEAD.WOULD_BE_CREATED": 380,
        "LEAD.WOULD_BE_CHANGED": 90,
        "BUSINESSPARTNER.LINKED": 5,
    }
    assert len(checked.all("Lead/ID")) == 90  # only those that exist have one


def test_a_check_follows_what_its_own_records_would_do(calls: Calls) -> None:
    numbers = numbers_used(calls.database)
    known = new_prospect(person(emails=["one@example.org"]))
    records = [
        record(CREATE, lead_fields(technical_id="A", key=key(1), prospect=known)),
        record(SAVE, lead_fields(technical_id="B", key=key(1), status="3")),
        record(CREATE, lead_fields(technical_id="C", name="Another", key=key(2), prospect=known)),
        record("03", lead_fields(technical_id="D"), named=key(1)),
    ]

    checked, done = calls.send(maintain(*records, check=True)), None

    assert numbers_used(calls.database) == numbers
    assert verdicts(checked) == "3335"
    assert checked.all("Lead/ID") == checked.all("Lead/ProspectPartyInternalID") == []
    linked = checked.log_items("BUSINESSPARTNER.LINKED")
    assert linked[0].one("Note").startswith("Business partner of a record before it is taken")
    done = calls.send(maintain(*records))
    assert verdicts(done) == "3335"
    assert row_counts(calls.database)["message"] == 1


def test_a_check_of_all_or_none_uses_no_number_either(calls: Calls) -> None:
    numbers = numbers_used(calls.database)

    checked = calls.send(maintain(new(1), new(2, prospect=UNKNOWN), check=True, all_or_none=True))

    assert verdicts(checked) == "55"
    assert checked.log == ["BUNDLE.OTHER_RECORD_REFUSED", "BUSINESSPARTNER.UNKNOWN"]
    assert verdicts(calls.send(maintain(new(1), new(2), check=True, all_or_none=True))) == "33"
    assert numbers_used(calls.database) == numbers
    assert row_counts(calls.database)["lead"] == 0


# --------------------------------------------------------------------------------------------- what goes with both


def test_changes_of_one_caller_that_go_together_each_know_the_partners_they_name(calls: Calls) -> None:
    created = calls.done(maintain(*(new(number) for number in range(4))))
    ids, partners = created.all("Lead/ID"), created.all("Lead/ProspectPartyInternalID")

    changed = calls.done(
        maintain(
            record(CHANGE, lead_fields(name=None, contacts=[contact(partners[1])]), lead_id=ids[0]),
            record(CHANGE, lead_fields(name=None, prospect=known_prospect(partners[3])), lead_id=ids[2]),
        )
    )

    assert changed.all("Lead/ProspectPartyInternalID") == [partners[0], partners[3]]


def test_a_bundle_and_single_calls_in_one_group_know_of_each_other(calls: Calls) -> None:
    (lead_id,) = calls.done(maintain(new(1))).all("Lead/ID")

    single = [calls.submit(change_lead(lead_id, lead_fields(name=f"Name {place}"))) for place in range(5)]
    bundle = calls.submit(maintain(record(SAVE, lead_fields(key=key(1), name="Saved"))))
    for one in (*single, bundle):
        assert b"ResultCode>3<" in one.result(30).encoded

    assert column(calls.database, "lead", "change_number") == [7]


@pytest.mark.parametrize("test", [True, False])
def test_test_data_is_marked_and_never_forwarded(calls: Calls, test: bool) -> None:
    prospect = new_prospect(person())
    calls.done(maintain(record(CREATE, lead_fields(status="3", prospect=prospect)), test=test))

    assert column(calls.database, "lead", "test_data") == [test]
    assert row_counts(calls.database)["message"] == (0 if test else 1)


def test_what_was_sent_as_a_test_is_not_replayed_in_earnest(calls: Calls) -> None:
    uuid = new_uuid()
    nameless = record(None, lead_fields(prospect=new_prospect(person("Berta"))))
    calls.done(maintain(new(1), nameless, uuid=uuid, test=True))
    real = calls.send(maintain(nameless, uuid=uuid))
    assert (verdicts(real), real.all("Lead/ReplayedIndicator")) == ("3", ["false"])
    assert column(calls.database, "lead", "test_data") == [True, True, False]
