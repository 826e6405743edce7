"""Duplicates of leads: refused, linked to, created again, or filled up; in the store, in one batch and at once."""

from collections import Counter
from collections.abc import Iterator

import pytest

from leadbridge.leadduplicate import DuplicateCheck, DuplicatePolicy, Past
from leadbridge.operations.call import Policy
from leadbridge.store import journal
from leadbridge.store.database import Database
from tests.support.bundle_by_hand import maintain, record, refusals, verdicts
from tests.support.calls import ACME, DESK, Answered, Calls, at_once, gateway, numbers_used, read, row_counts
from tests.support.messages_by_hand import (
    Xml,
    change_lead,
    check_lead,
    create_business_partner,
    create_lead,
    item,
    known_prospect,
    lead_fields,
    new_prospect,
    new_uuid,
    note,
    person,
    read_lead,
)

BUNDLE = "/lbl:LeadBundleMaintainRequest_sync/lbl:Lead"
ANNA = new_prospect(person(emails=["anna@example.org"]))


def fields(**more: object) -> Xml:
    return lead_fields(**{"prospect": ANNA, **more})  # type: ignore[arg-type]  # passed on


def created(calls: Calls, **more: object) -> str:
    return calls.done(create_lead(fields(**more))).one("Lead/ID")


def with_policy(database: Database, policy: DuplicatePolicy) -> Iterator[Calls]:
    with gateway(database, Policy(lead_duplicates=policy)) as made:
        yield made


# --------------------------------------------------------------------------------------------------- what happens then


@pytest.mark.parametrize("code", [None, "REJECT"])
def test_a_duplicate_is_refused_with_rule_score_and_id(calls: Calls, code: str | None) -> None:
    there = created(calls, items=[item("LOAN")])
    used = numbers_used(calls.database)
    for request in (create_lead, check_lead):
        answer = calls.send(request(fields(items=[item("LOAN")]), duplicates=code))
        assert (answer.result, answer.log) == ("5", ["BUSINESSPARTNER.LINKED", "LEAD.DUPLICATE"])
        note = answer.log_items("LEAD.DUPLICATE")[0].one("Note")
        assert there in note
        assert "rule PRODUCT_AND_NAME, score 100 of 100" in note
        assert answer.log_items("LEAD.DUPLICATE")[0].one("ReferenceMessageElementName").endswith("/lbl:Lead")
        assert answer.parts("Lead") == []
    assert row_counts(calls.database)["lead"] == 1
    if calls.database.dialect_name == "sqlite":
        assert numbers_used(calls.database) == used


def test_link_answers_the_existing_lead_and_writes_nothing(calls: Calls) -> None:
    first = calls.done(create_lead(fields()))
    rows = row_counts(calls.database)
    answer = calls.done(create_lead(fields(status="3", notes=[note("New")]), duplicates="LINK"))
    assert answer.log == ["BUSINESSPARTNER.LINKED", "LEAD.LINKED"]
    for name in ("ID", "UUID", "ChangeStateID", "LifeCycleStatusCode", "ProspectPartyInternalID"):
        assert answer.one(f"Lead/{name}") == first.one(f"Lead/{name}")
    assert row_counts(calls.database) == rows
    checked = calls.done(check_lead(fields(), duplicates="LINK"))
    assert checked.log == ["BUSINESSPARTNER.LINKED", "LEAD.LINKED"]


def test_create_creates_another_one_with_a_warning(calls: Calls) -> None:
    there = created(calls)
    answer = calls.done(create_lead(fields(), duplicates="CREATE"))
    assert answer.log == ["BUSINESSPARTNER.LINKED", "LEAD.DUPLICATE", "LEAD.CREATED"]
    assert answer.one("Log/MaximumLogItemSeverityCode") == "2"
    assert answer.one("Lead/ID") != there


def test_merge_fills_blanks_and_changes_nothing_that_is_there(calls: Calls) -> None:
    there = created(calls, level="01", items=[item("LOAN", description="Kept")], notes=[note("First")])
    sent = fields(
        level="03",
        priority="1",
        campaign="SPRING",
        revenue="10",
        items=[item("LOAN", description="Other"), item("CARD")],
        notes=[note("First"), note("Second")],
    )
    answer = calls.done(create_lead(sent, duplicates="MERGE"))
    assert answer.log == ["BUSINESSPARTNER.LINKED", "LEAD.LINKED", "LEAD.ITEM_NUMBERED", "LEAD.CHANGED"]
    (lead,) = calls.done(read_lead(there)).parts("Lead")
    assert answer.one("Lead/ID") == there
    assert answer.one("Lead/ChangeStateID") == lead.one("ChangeStateID")
    assert [lead.one(name) for name in ("QualificationLevelCode", "PriorityCode", "CampaignID")] == [
        "01",
        "1",
        "SPRING",
    ]
    assert lead.all("Item/ProductID") == ["LOAN", "CARD"]
    assert lead.all("Item/Description") == ["Kept"]
    assert lead.all("Note") == ["First", "Second"]
    with calls.database.read() as tx:
        *_, last = journal.of(tx, "lead", there)
    assert last["changed_elements"].split()[-2:] == ["notes", "priority_code"]
    again = calls.done(create_lead(sent, duplicates="MERGE"))
    assert again.log == ["BUSINESSPARTNER.LINKED", "LEAD.LINKED", "LEAD.UNCHANGED"]


def test_merge_gives_the_lead_the_key_that_it_lacks_and_takes_none_away(calls: Calls) -> None:
    there = created(calls)
    sent = fields(key=("SHOP", "4711"))
    assert calls.done(create_lead(sent, duplicates="MERGE")).log == [
        "BUSINESSPARTNER.LINKED",
        "LEAD.LINKED",
        "LEAD.CHANGED",
    ]
    (lead,) = calls.done(read_lead(keys=[("SHOP", "4711")])).parts("Lead")
    assert lead.one("ID") == there
    other = calls.done(create_lead(fields(key=("SHOP", "4712")), duplicates="MERGE"))
    assert other.log == ["BUSINESSPARTNER.LINKED", "LEAD.LINKED", "LEAD.UNCHANGED"]
    (lead,) = calls.done(read_lead(there)).parts("Lead")
    assert lead.one("ExternalKey/RemoteObjectID") == "4711"


def test_a_key_that_is_merged_is_taken_for_those_that_come_with_it(calls: Calls) -> None:
    there = created(calls)
    key, bella = ("SHOP", "4711"), new_prospect(person("Bella", "Berg", emails=["bella@example.org"]))
    waiting = [
        calls.submit(create_lead(fields(key=key), duplicates="MERGE")),
        calls.submit(create_lead(lead_fields(prospect=bella, key=key))),
    ]
    merged, refused = (read(one.result(timeout=30)) for one in waiting)
    assert merged.one("Lead/ID") == there
    assert refused.log == ["LEAD.EXTERNAL_KEY_TAKEN"]


def test_merge_adds_an_item_whose_key_another_one_has(calls: Calls) -> None:
    there = created(calls, items=[item("LOAN", technical_id="1"), item("CARD", technical_id="2")])
    others = [item("SAFE", technical_id="1"), item("FUND", technical_id="3"), item("GOLD", technical_id="3")]
    sent = fields(items=[item("LOAN", technical_id="2"), item("CARD"), *others])
    assert "LEAD.LINKED" in calls.done(create_lead(sent, duplicates="MERGE")).log
    (lead,) = calls.done(read_lead(there)).parts("Lead")
    assert [(one.one("ProductID"), one.all("ObjectNodeSenderTechnicalID")) for one in lead.parts("Item")] == [
        ("LOAN", ["1"]),
        ("CARD", ["2"]),
        ("SAFE", []),
        ("FUND", ["3"]),
        ("GOLD", []),
    ]


def test_merge_that_is_refused_names_the_element_of_the_call(calls: Calls) -> None:
    there = created(calls, start="2026-05-01")
    answer = calls.send(create_lead(fields(end="2026-04-01"), duplicates="MERGE"))
    assert (answer.result, answer.parts("Lead")) == ("5", [])
    (reversed_dates,) = answer.log_items("LEAD.DATES_REVERSED")
    assert reversed_dates.one("ReferenceMessageElementName") == "/lbl:LeadCreateRequest_sync/lbl:Lead/lbl:EndDate"
    assert there in answer.log_items("LEAD.LINKED")[0].one("Note")


# ----------------------------------------------------------------------------------------------------- what counts


@pytest.mark.parametrize(
    "other",
    [
        {"name": "Loan for a house"},
        {"items": [item("CARD")]},
        {"campaign": "AUTUMN"},
        {"name": "Loan for a flat 4711"},
        {"prospect": new_prospect(person(emails=["else@example.org"]))},
    ],
    ids=["name", "product", "campaign", "number in the name", "prospect"],
)
def test_another_lead_is_no_duplicate(calls: Calls, other: dict[str, object]) -> None:
    created(calls, items=[item("LOAN")], campaign="SPRING")
    answer = calls.done(create_lead(fields(**{"items": [item("LOAN")], "campaign": "SPRING", **other})))
    assert "LEAD.DUPLICATE" not in answer.log


def test_test_data_is_compared_with_test_data_alone(calls: Calls) -> None:
    created(calls)
    tested = calls.done(create_lead(fields(), test=True))
    assert "LEAD.DUPLICATE" not in tested.log
    assert "LEAD.DUPLICATE" in calls.send(create_lead(fields(), test=True)).log


@pytest.mark.parametrize("status", ["5", "7"])
def test_what_is_past_counts_where_the_site_says_so(database: Database, calls: Calls, status: str) -> None:
    calls.done(change_lead(created(calls), lead_fields(name=None, status=status)))
    policy = DuplicatePolicy(counted=frozenset([Past.DECLINED, Past.LOST]))
    for counting in with_policy(database, policy):
        assert counting.send(create_lead(fields())).result == "5"
    assert "LEAD.CREATED" in calls.done(create_lead(fields())).log


def test_a_callers_default_stands_where_the_call_says_nothing(database: Database) -> None:
    policy = DuplicatePolicy(callers={"desk": DuplicateCheck.LINK})
    for calls in with_policy(database, policy):
        there = created(calls)
        assert created(calls) == there
        assert calls.send(create_lead(fields(), duplicates="REJECT")).result == "5"


def test_a_partner_learns_nothing_of_leads_it_may_not_see(database: Database, calls: Calls) -> None:
    own = calls.done(create_business_partner(person()), caller=ACME).one("BusinessPartner/InternalID")
    mine = fields(prospect=known_prospect(own))
    there = calls.done(create_lead(mine), caller=DESK).one("Lead/ID")
    for masking in with_policy(database, DuplicatePolicy(masked=True)):
        for code in ("REJECT", "LINK", "MERGE"):
            told = masking.send(create_lead(mine, duplicates=code), caller=ACME)
            assert (told.result, told.log) == ("5", ["LEAD.DUPLICATE"])
            assert f"******{there[-4:]}" in told.one("Log/Item/Note")
            assert there not in told.one("Log/Item/Note")
    unseen = calls.done(create_lead(mine), caller=ACME)
    assert unseen.log == ["LEAD.CREATED"]
    assert calls.send(create_lead(mine), caller=ACME).log == ["LEAD.DUPLICATE"]


# ------------------------------------------------------------------------------------------------------ at once


@pytest.mark.parametrize("code", ["REJECT", "LINK", "MERGE"])
def test_of_equal_leads_in_one_batch_the_first_is_created(calls: Calls, code: str) -> None:
    """All wait for the lane when it starts, so that one transaction writes them; the prospect is new in it."""
    with calls.database.write():
        futures = [calls.submit(create_lead(fields(), duplicates=code)) for _ in range(4)]
    answers = [future.result(30).message for future in futures]
    assert row_counts(calls.database)["lead"] == 1
    said = Counter(item.type_id for answer in answers for item in answer.log.item if item.type_id.startswith("LEAD"))
    expected = {"REJECT": "LEAD.DUPLICATE"}.get(code, "LEAD.LINKED")
    assert (said["LEAD.CREATED"], said[expected]) == (1, 3)
    numbers = {answer.lead.id for answer in answers if answer.lead}
    (number,) = numbers
    assert [any(number in item.note for item in answer.log.item) for answer in answers[1:]] == [True] * 3


@pytest.mark.parametrize("known", [False, True])
def test_equal_leads_in_two_gateways_are_one(two_gateways: tuple[Calls, Calls], known: bool) -> None:
    partner = create_business_partner(person(emails=["anna@example.org"], phones=["030 901820"]))
    made = two_gateways[0].done(partner).parts("BusinessPartner")[0]
    ways = [
        known_prospect(made.one("InternalID")),
        known_prospect(uuid=made.one("UUID")),
        *([] if known else [ANNA, new_prospect(person(phones=["030 901820"]))]),
    ]

    def send(number: int) -> Answered:
        request = create_lead(fields(prospect=ways[number // 2 % len(ways)]), uuid=new_uuid())
        return two_gateways[number % 2].send(request)

    answers = at_once(24, send)
    assert Counter(answer.result for answer in answers) == {"3": 1, "5": 23}
    assert row_counts(two_gateways[0].database)["lead"] == 1


def test_records_of_a_bundle_are_duplicates_like_others(calls: Calls) -> None:
    there = created(calls)
    records = [record("01", fields(technical_id="A")), record("01", fields(technical_id="B", name="Another"))]
    refused = calls.send(maintain(*records))
    assert verdicts(refused) == "53"
    assert refusals(refused) == {"A": [("LEAD.DUPLICATE", f"{BUNDLE}[1]")]}
    linked = calls.send(maintain(record("01", fields(technical_id="A")), duplicates="LINK"))
    assert (linked.log, linked.all("Lead/ID")) == (["BUSINESSPARTNER.LINKED", "LEAD.LINKED"], [there])
    assert row_counts(calls.database)["lead"] == 2
