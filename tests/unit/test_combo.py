"""The bank's table, row by row and under both policies; closing as won and as lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadbridge.crm.combo import (
    ConvertLead,
    CustomerType,
    Decision,
    NtbClosedOpportunity,
    Record,
    RecordType,
    Refusal,
    RefusalCode,
    SetStatus,
    StatusName,
    decide_create,
    decide_lost,
    decide_won,
    status_when_created,
)

NTB, ETB = CustomerType.NTB, CustomerType.ETB
TO_LEADS, AT_ONCE = NtbClosedOpportunity.LEAD, NtbClosedOpportunity.OPPORTUNITY
LEAD, OPPORTUNITY = RecordType.LEAD, RecordType.OPPORTUNITY
ME, OTHER = "RM1", "RM2"


def opportunity(record_id: str, status: StatusName, owner_id: str = ME) -> Record:
    return Record(record_id, OPPORTUNITY, status, owner_id)


def lead(record_id: str, status: StatusName, owner_id: str = ME) -> Record:
    return Record(record_id, LEAD, status, owner_id)


OPEN_MINE = opportunity("O1", StatusName.NEW_OPPORTUNITY)
OPEN_OTHER = opportunity("O2", StatusName.NEW_OPPORTUNITY, OTHER)
WON = opportunity("O3", StatusName.CLOSE_WON)
LOST = opportunity("O4", StatusName.CLOSE_LOST, OTHER)
LEAD_MINE = lead("L1", StatusName.NEW_LEAD)
LEAD_OTHER = lead("L2", StatusName.NEW_LEAD, OTHER)
LEAD_WON_MINE = lead("L3", StatusName.CLOSE_WON)
LEAD_WON_OTHER = lead("L4", StatusName.CLOSE_WON, OTHER)
LEAD_LOST = lead("L5", StatusName.CLOSE_LOST)


def existing(record: Record) -> Decision:
    return Decision(existing=record, close=(), create=None)


def new(create: RecordType, *close: Record) -> Decision:
    return Decision(existing=None, close=close, create=create)


BOTH_TYPES = (NTB, ETB)
BOTH_POLICIES = (TO_LEADS, AT_ONCE)

# customer types, policies, the customer's records, the decision
TABLE = [
    # Row 1: an open opportunity of the same RM is answered, whatever else there is.
    (BOTH_TYPES, BOTH_POLICIES, [OPEN_MINE], existing(OPEN_MINE)),
    (BOTH_TYPES, BOTH_POLICIES, [LEAD_OTHER, LOST, WON, OPEN_MINE], existing(OPEN_MINE)),
    (BOTH_TYPES, BOTH_POLICIES, [OPEN_OTHER, OPEN_MINE], existing(OPEN_MINE)),
    # Row 2: one of another RM gives way to a new opportunity; leads are not looked at.
    (BOTH_TYPES, BOTH_POLICIES, [OPEN_OTHER], new(OPPORTUNITY, OPEN_OTHER)),
    (BOTH_TYPES, BOTH_POLICIES, [LEAD_MINE, LEAD_OTHER, WON, OPEN_OTHER], new(OPPORTUNITY, OPEN_OTHER)),
    # Row 3: an existing customer without an open opportunity gets a new one.
    ((ETB,), BOTH_POLICIES, [], new(OPPORTUNITY)),
    ((ETB,), BOTH_POLICIES, [WON], new(OPPORTUNITY)),
    ((ETB,), BOTH_POLICIES, [LOST, WON, LEAD_MINE, LEAD_OTHER], new(OPPORTUNITY)),
    # Row 4: a new customer with an open lead of the same RM gets that lead.
    ((NTB,), BOTH_POLICIES, [LEAD_MINE], existing(LEAD_MINE)),
    ((NTB,), BOTH_POLICIES, [LEAD_LOST, LEAD_OTHER, LEAD_MINE], existing(LEAD_MINE)),
    ((NTB,), (TO_LEADS,), [WON, LEAD_MINE], existing(LEAD_MINE)),
    # Row 5: one of another RM gives way to a new lead.
    ((NTB,), BOTH_POLICIES, [LEAD_OTHER], new(LEAD, LEAD_OTHER)),
    ((NTB,), (TO_LEADS,), [LOST, LEAD_OTHER, LEAD_LOST], new(LEAD, LEAD_OTHER)),
    # Row 6: a new customer without an open lead gets a new one.
    ((NTB,), BOTH_POLICIES, [], new(LEAD)),
    ((NTB,), BOTH_POLICIES, [LEAD_LOST], new(LEAD)),
    ((NTB,), (TO_LEADS,), [WON], new(LEAD)),
    ((NTB,), (TO_LEADS,), [LOST], new(LEAD)),
    ((NTB,), (TO_LEADS,), [WON, LOST, LEAD_LOST], new(LEAD)),
    # The other reading of the bank's text: closed opportunities alone make a new opportunity at once.
    ((NTB,), (AT_ONCE,), [WON], new(OPPORTUNITY)),
    ((NTB,), (AT_ONCE,), [LOST], new(OPPORTUNITY)),
    ((NTB,), (AT_ONCE,), [WON, LEAD_MINE], new(OPPORTUNITY)),
    ((NTB,), (AT_ONCE,), [LOST, LEAD_OTHER, LEAD_LOST], new(OPPORTUNITY)),
    # A won lead counts as open, by the bank's words.
    ((NTB,), BOTH_POLICIES, [LEAD_WON_MINE], existing(LEAD_WON_MINE)),
    ((NTB,), BOTH_POLICIES, [LEAD_WON_OTHER], new(LEAD, LEAD_WON_OTHER)),
    ((NTB,), (TO_LEADS,), [WON, LEAD_WON_MINE], existing(LEAD_WON_MINE)),
    ((ETB,), BOTH_POLICIES, [LEAD_WON_MINE], new(OPPORTUNITY)),
    # Several records in one row: a lead in work before a won one; the other RMs' all close, in order of ID.
    (
        (NTB,),
        BOTH_POLICIES,
        [LEAD_WON_MINE, lead("L9", StatusName.NEW_LEAD)],
        existing(lead("L9", StatusName.NEW_LEAD)),
    ),
    ((NTB,), BOTH_POLICIES, [LEAD_WON_OTHER, LEAD_OTHER], new(LEAD, LEAD_OTHER, LEAD_WON_OTHER)),
    (
        BOTH_TYPES,
        BOTH_POLICIES,
        [opportunity("O9", StatusName.NEW_OPPORTUNITY, "RM3"), OPEN_OTHER],
        new(OPPORTUNITY, OPEN_OTHER, opportunity("O9", StatusName.NEW_OPPORTUNITY, "RM3")),
    ),
    (
        BOTH_TYPES,
        BOTH_POLICIES,
        [opportunity("O0", StatusName.NEW_OPPORTUNITY), OPEN_MINE],
        existing(opportunity("O0", StatusName.NEW_OPPORTUNITY)),
    ),
]


@pytest.mark.parametrize(
    ("customer_type", "policy", "records", "decision"),
    [
        (customer_type, policy, records, decision)
        for customer_types, policies, records, decision in TABLE
        for customer_type in customer_types
        for policy in policies
    ],
)
def test_a_combo_create_follows_the_banks_table(
    customer_type: CustomerType, policy: NtbClosedOpportunity, records: list[Record], decision: Decision
) -> None:
    for ordered in (records, records[::-1]):
        assert decision == decide_create(
            customer_type=customer_type, owner_id=ME, records=ordered, ntb_closed_opportunity=policy
        )


def test_going_on_to_the_leads_is_the_default() -> None:
    assert decide_create(customer_type=NTB, owner_id=ME, records=[WON]) == new(LEAD)


statuses = {
    LEAD: [StatusName.NEW_LEAD, StatusName.CLOSE_WON, StatusName.CLOSE_LOST],
    OPPORTUNITY: [StatusName.NEW_OPPORTUNITY, StatusName.CLOSE_WON, StatusName.CLOSE_LOST],
}
some_records = st.lists(
    st.sampled_from(RecordType).flatmap(
        lambda record_type: st.builds(
            Record,
            record_id=st.from_regex(r"[0-9]{2}", fullmatch=True),
            record_type=st.just(record_type),
            status=st.sampled_from(statuses[record_type]),
            owner_id=st.sampled_from([ME, OTHER, "RM3"]),
        )
    ),
    max_size=6,
    unique_by=lambda record: record.record_id,
)


@given(st.sampled_from(CustomerType), some_records, st.sampled_from(NtbClosedOpportunity))
def test_a_combo_create_repeated_answers_the_record_the_first_one_made(
    customer_type: CustomerType, records: list[Record], policy: NtbClosedOpportunity
) -> None:
    first = decide_create(customer_type=customer_type, owner_id=ME, records=records, ntb_closed_opportunity=policy)
    assert (first.existing is None) != (first.create is None)
    if first.create is None:
        assert first.close == ()
        return
    assert all(record.is_open and record.owner_id != ME for record in first.close)
    made = Record("99+", first.create, status_when_created(first.create), ME)
    lost = [Record(one.record_id, one.record_type, StatusName.CLOSE_LOST, one.owner_id) for one in first.close]
    after = [record for record in records if record not in first.close] + lost + [made]
    again = decide_create(customer_type=customer_type, owner_id=ME, records=after, ntb_closed_opportunity=policy)
    assert again == existing(made)


def test_a_new_record_starts_with_its_own_status() -> None:
    assert [status_when_created(one).value for one in (LEAD, OPPORTUNITY)] == ["New Lead", "New Opportunity"]


@pytest.mark.parametrize(
    ("record", "decision"),
    [
        (OPEN_MINE, SetStatus(OPEN_MINE, StatusName.CLOSE_WON)),
        (
            LEAD_MINE,
            ConvertLead(LEAD_MINE, lead_status=StatusName.CLOSE_WON, opportunity_status=StatusName.CLOSE_WON),
        ),
        (WON, Refusal(RefusalCode.RECORD_FINAL)),
        (LOST, Refusal(RefusalCode.RECORD_FINAL)),
        (LEAD_WON_MINE, Refusal(RefusalCode.RECORD_FINAL)),
        (LEAD_LOST, Refusal(RefusalCode.RECORD_FINAL)),
    ],
)
def test_closing_as_won_wins_an_opportunity_and_converts_a_lead(
    record: Record, decision: SetStatus | ConvertLead | Refusal
) -> None:
    assert decide_won(record) == decision


@pytest.mark.parametrize(
    ("record", "expected", "decision"),
    [
        (OPEN_MINE, OPPORTUNITY, SetStatus(OPEN_MINE, StatusName.CLOSE_LOST)),
        (LEAD_MINE, LEAD, SetStatus(LEAD_MINE, StatusName.CLOSE_LOST)),
        (OPEN_MINE, LEAD, Refusal(RefusalCode.WRONG_RECORD_TYPE)),
        (LEAD_MINE, OPPORTUNITY, Refusal(RefusalCode.WRONG_RECORD_TYPE)),
        (WON, OPPORTUNITY, Refusal(RefusalCode.RECORD_FINAL)),
        (LOST, OPPORTUNITY, Refusal(RefusalCode.RECORD_FINAL)),
        (LEAD_WON_MINE, LEAD, Refusal(RefusalCode.RECORD_FINAL)),
        (LEAD_LOST, LEAD, Refusal(RefusalCode.RECORD_FINAL)),
        (LEAD_LOST, OPPORTUNITY, Refusal(RefusalCode.WRONG_RECORD_TYPE)),
    ],
)
def test_closing_as_lost_refuses_final_records_and_the_wrong_type(
    record: Record, expected: RecordType, decision: SetStatus | Refusal
) -> None:
    assert decide_lost(record, expected=expected) == decision


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Close Won", StatusName.CLOSE_WON),
        ("Close won", StatusName.CLOSE_WON),
        ("  CLOSE   LOST\n", StatusName.CLOSE_LOST),
        ("new lead", StatusName.NEW_LEAD),
        ("NEW OPPORTUNITY", StatusName.NEW_OPPORTUNITY),
    ],
)
def test_a_status_name_is_read_in_any_case(text: str, status: StatusName) -> None:
    assert StatusName.read(text) is status


@pytest.mark.parametrize("text", ["", "Closed Won", "CloseWon", "won"])
def test_another_status_name_is_refused_with_the_accepted_ones(text: str) -> None:
    with pytest.raises(ValueError, match="New Lead, New Opportunity, Close Won, Close Lost"):
        StatusName.read(text)
