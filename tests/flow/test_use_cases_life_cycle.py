"""The life cycle of a lead as callers move it: which moves there are, what they leave behind, whose view counts."""

from datetime import UTC, datetime

import pytest

from leadbridge.caller import Caller, Role, Visibility
from leadbridge.operations.call import Policy
from leadbridge.store import leads
from leadbridge.store.database import Database
from tests.support.calls import ACME, DESK, Answered, Calls, column, gateway, row_counts
from tests.support.messages_by_hand import (
    change_lead,
    create_lead,
    lead_fields,
    new_prospect,
    new_uuid,
    person,
    read_lead,
)

ALLOWED = {
    "1": {"2", "3", "5", "7"},
    "2": {"1", "3", "5", "7"},
    "3": {"2", "5", "7"},
    "4": {"6", "7"},
    "5": {"1"},
    "6": set[str](),
    "7": set[str](),
}
MOVES = [(old, new) for old in ALLOWED for new in ALLOWED if old != new]


def a_lead(calls: Calls, status: str = "1") -> str:
    """The ID of a new lead in this status; 4 is set as the core CRM's answer would, and then 6 by a caller."""
    starts = {"1": "1", "2": "2", "3": "3", "4": "3", "5": "1", "6": "3", "7": "1"}
    fields = lead_fields(status=starts[status], prospect=new_prospect(person()))
    lead_id = calls.done(create_lead(fields)).one("Lead/ID")
    if status in ("4", "6"):
        with calls.database.write() as tx:
            accepted = {"id": lead_id, "life_cycle_status_code": "4", "core_lead_id": "0000000042"}
            leads.update(tx, [accepted])
    if status in ("5", "6", "7"):
        calls.done(move(lead_id, status))
    assert lead(calls, lead_id).one("LifeCycleStatusCode") == status
    return lead_id


def move(lead_id: str, status: str, *, reason: str | None = None) -> bytes:
    """A change of nothing but the status."""
    return change_lead(lead_id, lead_fields(name=None, status=status), reason=reason)


def lead(calls: Calls, lead_id: str, *, caller: Caller = DESK) -> Answered:
    """A lead in full, with its history."""
    (found,) = calls.send(read_lead(lead_id, history="1"), caller=caller).parts("Lead")
    return found


# ------------------------------------------------------------------------------------------------------------- moves


@pytest.mark.parametrize(("old", "new"), [pair for pair in MOVES if pair[1] in ALLOWED[pair[0]]])
def test_a_move_of_the_life_cycle_is_made_and_kept_in_the_history(calls: Calls, old: str, new: str) -> None:
    lead_id = a_lead(calls, old)
    before = lead(calls, lead_id)
    answer = calls.done(move(lead_id, new, reason="001"))
    assert answer.one("Lead/LifeCycleStatusCode") == new
    after = lead(calls, lead_id)
    assert after.one("LifeCycleStatusCode") == new
    assert after.one("ReasonCode") == "001"
    assert after.one("ChangeStateID") == answer.one("Lead/ChangeStateID") != before.one("ChangeStateID")
    last = after.parts("StatusHistory/Item")[-1]
    assert (last.one("OldLifeCycleStatusCode"), last.one("LifeCycleStatusCode")) == (old, new)
    assert (last.one("ReasonCode"), last.one("ChangePartyID")) == ("001", "desk")
    assert len(after.parts("StatusHistory/Item")) == len(before.parts("StatusHistory/Item")) + 1


@pytest.mark.parametrize(("old", "new"), [pair for pair in MOVES if pair[1] not in ALLOWED[pair[0]]])
def test_any_other_move_is_refused_and_changes_nothing(calls: Calls, old: str, new: str) -> None:
    lead_id = a_lead(calls, old)
    before, rows = lead(calls, lead_id).element, row_counts(calls.database)
    answer = calls.send(change_lead(lead_id, lead_fields(name="Another", status=new)))
    assert answer.result == "5"
    reason = "LEAD.FINAL" if old in ("6", "7") else "LEAD.STATUS_NOT_ALLOWED"
    assert reason in answer.log
    assert answer.all("Lead/ID") == []
    assert lead(calls, lead_id).apart_from_replayed == Answered(before).apart_from_replayed
    assert row_counts(calls.database) == rows


@pytest.mark.parametrize("status", ["4", "5", "6", "7"])
def test_a_lead_does_not_start_in_the_middle_of_its_life(calls: Calls, status: str) -> None:
    answer = calls.send(create_lead(lead_fields(status=status, prospect=new_prospect(person()))))
    assert (answer.result, answer.log) == ("5", ["LEAD.STATUS_NOT_ALLOWED"])
    assert answer.one("Log/Item/ReferenceMessageElementName").endswith("/lbl:Lead/lbl:LifeCycleStatusCode")
    assert row_counts(calls.database)["lead"] == row_counts(calls.database)["business_partner"] == 0


def test_a_lead_without_a_status_starts_open(calls: Calls) -> None:
    assert calls.done(create_lead()).one("Lead/LifeCycleStatusCode") == "1"


@pytest.mark.parametrize("status", ["6", "7"])
def test_nothing_of_a_closed_lead_changes_any_more(calls: Calls, status: str) -> None:
    lead_id = a_lead(calls, status)
    for fields in (lead_fields(name="Another"), lead_fields(name=None, status=status), None):
        answer = calls.send(change_lead(lead_id, fields))
        assert (answer.result, answer.log) == ("5", ["LEAD.FINAL"])


def test_a_status_sent_again_is_no_change(calls: Calls) -> None:
    lead_id = a_lead(calls, "3")
    before = lead(calls, lead_id)
    answer = calls.done(move(lead_id, "3"))
    assert "LEAD.UNCHANGED" in answer.log
    assert lead(calls, lead_id).one("ChangeStateID") == before.one("ChangeStateID")
    assert row_counts(calls.database)["message"] == 1


def test_a_qualification_level_never_moves_a_lead(calls: Calls) -> None:
    lead_id = a_lead(calls)
    answer = calls.done(change_lead(lead_id, lead_fields(name=None, level="03")))
    assert answer.one("Lead/LifeCycleStatusCode") == "1"
    assert row_counts(calls.database)["message"] == 0


# --------------------------------------------------------------------------------------------------- what is forwarded


@pytest.mark.parametrize("status", ["1", "2"])
def test_qualifying_a_lead_puts_one_message_into_the_outbox(calls: Calls, status: str) -> None:
    lead_id = a_lead(calls, status)
    assert row_counts(calls.database)["message"] == 0
    calls.done(move(lead_id, "3"))
    assert column(calls.database, "message", "operation") == ["ComboCreateLeadOpportunity"]
    assert lead(calls, lead_id).one("ForwardingStatusCode") == "waiting"


@pytest.mark.parametrize(("status", "operation"), [("6", "ComboUpdateLeadOpportunity"), ("7", "UpdateLeadStatus")])
def test_closing_an_accepted_lead_reports_it(calls: Calls, status: str, operation: str) -> None:
    lead_id = a_lead(calls, "4")
    calls.done(move(lead_id, status))
    assert list(column(calls.database, "message", "operation"))[-1] == operation


@pytest.mark.parametrize("status", ["1", "2", "5"])
def test_closing_a_lead_the_core_crm_has_never_heard_of_reports_nothing(calls: Calls, status: str) -> None:
    lead_id = a_lead(calls, status)
    calls.done(move(lead_id, "1" if status == "5" else "7"))
    assert row_counts(calls.database)["message"] == 0


@pytest.mark.parametrize("status", ["2", "5", "7"])
def test_a_lead_withdrawn_before_it_was_sent_takes_its_message_along(calls: Calls, status: str) -> None:
    lead_id = a_lead(calls, "3")
    calls.done(move(lead_id, status))
    assert column(calls.database, "message", "state") == ["cancelled"]
    assert lead(calls, lead_id).one("ForwardingStatusCode") == "cancelled"


def test_a_lead_withdrawn_and_qualified_again_has_one_message_that_waits(calls: Calls) -> None:
    lead_id = a_lead(calls, "3")
    for status in ("2", "3", "5", "1", "3"):
        calls.done(move(lead_id, status))
    assert column(calls.database, "message", "state") == ["cancelled", "cancelled", "waiting"]
    assert column(calls.database, "message", "sequence") == [1, 2, 3]


def test_test_data_is_never_put_into_the_outbox(calls: Calls) -> None:
    fields = lead_fields(status="3", prospect=new_prospect(person()))
    answer = calls.done(create_lead(fields, test=True))
    assert answer.one("BasicMessageHeader/TestDataIndicator") == "true"
    later = calls.done(create_lead(lead_fields(prospect=new_prospect(person())), test=True)).one("Lead/ID")
    calls.done(move(later, "3"))
    assert row_counts(calls.database)["message"] == 0
    assert lead(calls, later).all("ForwardingStatusCode") == []


# ----------------------------------------------------------------------------------------------------- change state


def test_a_change_with_the_change_state_of_the_last_reading_is_made(calls: Calls) -> None:
    created = calls.done(create_lead())
    lead_id, state = created.one("Lead/ID"), created.one("Lead/ChangeStateID")
    answer = calls.done(change_lead(lead_id, lead_fields(name="Another"), state=state))
    assert answer.log == ["LEAD.CHANGED"]
    assert lead(calls, lead_id).one("Name") == "Another"


def test_a_change_with_an_older_change_state_conflicts_and_changes_nothing(calls: Calls) -> None:
    created = calls.done(create_lead())
    lead_id, state = created.one("Lead/ID"), created.one("Lead/ChangeStateID")
    calls.done(change_lead(lead_id, lead_fields(name="Another"), state=state))
    answer = calls.send(change_lead(lead_id, lead_fields(name="A third"), state=state))
    assert (answer.result, answer.log) == ("5", ["LEAD.CHANGE_STATE_CONFLICT"])
    assert answer.one("Log/Item/ReferenceMessageElementName").endswith("/lbl:Lead/lbl:ChangeStateID")
    assert lead(calls, lead_id).one("Name") == "Another"


def test_a_change_without_a_change_state_is_made_with_a_warning(calls: Calls) -> None:
    lead_id = a_lead(calls)
    answer = calls.done(change_lead(lead_id, lead_fields(name="Another")))
    assert answer.log == ["LEAD.CHANGE_STATE_MISSING", "LEAD.CHANGED"]
    assert answer.one("Log/MaximumLogItemSeverityCode") == "2"


# ------------------------------------------------------------------------------------------------------------ fields


def test_a_change_sets_what_is_sent_and_keeps_what_is_not(calls: Calls) -> None:
    everything = lead_fields(
        technical_id="T-1",
        key=("SYSTEM", "L-1"),
        name="Loan",
        level="01",
        origin="001",
        group="0001",
        priority="3",
        campaign="SPRING",
        start="2026-04-01",
        end="2026-06-30",
        prospect=new_prospect(person()),
        responsible="RM-1",
        given_to="P-1",
        revenue="100.10",
    )
    created = calls.done(create_lead(everything))
    lead_id = created.one("Lead/ID")
    before = lead(calls, lead_id)
    calls.done(change_lead(lead_id, lead_fields(name=None, priority="1", end="2026-07-31", revenue="0.00")))
    after = lead(calls, lead_id)
    assert (after.one("PriorityCode"), after.one("EndDate")) == ("1", "2026-07-31")
    assert float(after.one("ExpectedRevenueAmount")) == 0
    kept = (
        *("ObjectNodeSenderTechnicalID", "ExternalKey/RemoteObjectID", "Name", "LifeCycleStatusCode"),
        *("QualificationLevelCode", "OriginTypeCode", "GroupCode", "CampaignID", "StartDate"),
        *("ProspectParty/BusinessPartnerInternalID", "SalesResponsibleParty/PartyID", "SalesPartnerParty/PartyID"),
        *("UUID", "SystemAdministrativeData/CreationDateTime", "SystemAdministrativeData/CreationPartyID"),
    )
    assert {path: after.one(path) for path in kept} == {path: before.one(path) for path in kept}


def test_a_change_without_any_difference_leaves_the_lead_as_it_was(calls: Calls) -> None:
    created = calls.done(create_lead(lead_fields(name="Loan", revenue="100.10", prospect=new_prospect(person()))))
    lead_id, state = created.one("Lead/ID"), created.one("Lead/ChangeStateID")
    rows = row_counts(calls.database)
    answer = calls.done(change_lead(lead_id, lead_fields(name="Loan", revenue="100.1"), state=state))
    assert answer.log == ["LEAD.UNCHANGED"]
    assert answer.one("Lead/ChangeStateID") == state
    assert row_counts(calls.database) == rows


def test_a_lead_is_named_by_id_uuid_or_external_key(calls: Calls) -> None:
    created = calls.done(create_lead(lead_fields(key=("SYSTEM", "L-1"), prospect=new_prospect(person()))))
    lead_id, lead_uuid = created.one("Lead/ID"), created.one("Lead/UUID")
    for number, request in enumerate(
        (
            change_lead(lead_id, lead_fields(name="Name 0")),
            change_lead(None, lead_fields(name="Name 1"), lead_uuid=lead_uuid.upper()),
            change_lead(None, lead_fields(name="Name 2"), key=("SYSTEM", "L-1")),
        )
    ):
        assert calls.done(request).one("Lead/ID") == lead_id
        assert lead(calls, lead_id).one("Name") == f"Name {number}"


def test_a_lead_that_is_not_there_is_unknown(calls: Calls) -> None:
    for request in (
        change_lead("9999999999"),
        change_lead(None, lead_uuid=new_uuid()),
        change_lead(None, key=("SYSTEM", "L-1")),
    ):
        answer = calls.send(request)
        assert (answer.result, answer.log) == ("5", ["LEAD.UNKNOWN"])


def test_dates_must_not_be_reversed_neither_as_sent_nor_with_what_is_there(calls: Calls) -> None:
    reversed_dates = lead_fields(start="2026-06-30", end="2026-06-29", prospect=new_prospect(person()))
    assert calls.send(create_lead(reversed_dates)).log == ["LEAD.DATES_REVERSED"]
    one_day = lead_fields(start="2026-06-30", end="2026-06-30", prospect=new_prospect(person()))
    lead_id = calls.done(create_lead(one_day)).one("Lead/ID")
    answer = calls.send(change_lead(lead_id, lead_fields(name=None, end="2026-06-29")))
    assert answer.result == "5"
    assert "LEAD.DATES_REVERSED" in answer.log


def test_a_date_with_a_zone_is_not_shifted(calls: Calls) -> None:
    fields = lead_fields(start="2026-06-30+14:00", end="2026-06-30-14:00", prospect=new_prospect(person()))
    found = lead(calls, calls.done(create_lead(fields)).one("Lead/ID"))
    assert (found.one("StartDate"), found.one("EndDate")) == ("2026-06-30", "2026-06-30")


def test_codes_of_the_sites_lists_are_checked_in_create_and_change(database: Database) -> None:
    policy = Policy(
        origin_type_codes=frozenset({"001"}), group_codes=frozenset({"0001"}), reason_codes=frozenset({"007"})
    )
    with gateway(database, policy) as calls:
        fields = lead_fields(origin="002", group="0002", prospect=new_prospect(person()))
        assert calls.send(create_lead(fields)).log == ["LEAD.CODE_UNKNOWN", "LEAD.CODE_UNKNOWN"]
        known = lead_fields(origin="001", group="0001", prospect=new_prospect(person()))
        lead_id = calls.done(create_lead(known)).one("Lead/ID")
        refused = calls.send(change_lead(lead_id, lead_fields(name=None, status="5"), reason="001"))
        assert "LEAD.CODE_UNKNOWN" in refused.log
        (item,) = refused.log_items("LEAD.CODE_UNKNOWN")
        assert item.one("ReferenceMessageElementName") == "/lbl:LeadChangeRequest_sync/lbl:ReasonCode"
        calls.done(change_lead(lead_id, lead_fields(name=None, status="5"), reason="007"))


def test_an_external_key_is_given_once_and_only_by_the_creator(calls: Calls) -> None:
    first = create_lead(lead_fields(key=("SYSTEM", "L-1"), prospect=new_prospect(person())))
    calls.done(first)
    refused = calls.send(first)
    assert (refused.result, refused.log) == ("5", ["LEAD.EXTERNAL_KEY_TAKEN"])
    other = a_lead(calls)
    taken = calls.send(change_lead(other, lead_fields(name=None, key=("SYSTEM", "L-1"))))
    assert "LEAD.EXTERNAL_KEY_TAKEN" in taken.log
    calls.done(change_lead(other, lead_fields(name=None, key=("SYSTEM", "L-2"))))
    admin = Caller("chief", "Chief", frozenset({Role.ADMIN}), Visibility.ALL, "")
    foreign = calls.send(change_lead(other, lead_fields(name=None, key=("SYSTEM", "L-3"))), caller=admin)
    assert "LEAD.EXTERNAL_KEY_TAKEN" in foreign.log
    assert lead(calls, other).one("ExternalKey/RemoteObjectID") == "L-2"


def test_when_a_lead_was_changed_and_by_whom_it_was_created_is_kept(calls: Calls) -> None:
    moments = [datetime(2026, 3, 1, 9, minute, tzinfo=UTC) for minute in (0, 5)]
    created = calls.send(create_lead(), now=moments[0])
    lead_id = created.one("Lead/ID")
    calls.send(move(lead_id, "2"), now=moments[1])
    found = lead(calls, lead_id)
    assert found.one("SystemAdministrativeData/CreationDateTime") == "2026-03-01T09:00:00Z"
    assert found.one("SystemAdministrativeData/LastChangeDateTime") == "2026-03-01T09:05:00Z"
    assert found.one("SystemAdministrativeData/CreationPartyID") == "desk"
    assert found.all("StatusHistory/Item/ChangeDateTime") == ["2026-03-01T09:00:00Z", "2026-03-01T09:05:00Z"]


# ---------------------------------------------------------------------------------------------- the partner's answer


def given(calls: Calls) -> str:
    """The ID of a lead the desk gave to the partner."""
    fields = lead_fields(prospect=new_prospect(person()), given_to=ACME.party_id)
    return calls.done(create_lead(fields)).one("Lead/ID")


def test_the_partner_a_lead_is_given_to_accepts_it(calls: Calls) -> None:
    lead_id = given(calls)
    answer = calls.done(change_lead(lead_id, decision="ACCEPT"), caller=ACME)
    assert answer.one("Lead/ID") == lead_id
    found = lead(calls, lead_id)
    assert (found.one("PartnerDecisionCode"), found.one("SalesPartnerParty/PartyID")) == ("ACCEPT", "ACME")


def test_a_partner_that_declines_a_lead_gives_it_back_and_sees_it_no_more(calls: Calls) -> None:
    lead_id = given(calls)
    calls.done(change_lead(lead_id, decision="DECLINE"), caller=ACME)
    assert lead(calls, lead_id).all("SalesPartnerParty/PartyID") == []
    assert lead(calls, lead_id).one("PartnerDecisionCode") == "DECLINE"
    assert calls.send(read_lead(lead_id), caller=ACME).log == ["LEAD.UNKNOWN"]


def test_nobody_else_decides_for_the_partner(calls: Calls) -> None:
    lead_id = given(calls)
    refused = calls.send(change_lead(lead_id, decision="ACCEPT"))
    assert refused.result == "5"
    assert "LEAD.PARTNER_DECISION_NOT_ALLOWED" in refused.log
    hidden = calls.send(change_lead(a_lead(calls), decision="ACCEPT"), caller=ACME)
    assert hidden.log == ["LEAD.UNKNOWN"]


def test_a_decision_ends_when_the_lead_is_given_to_somebody_else(calls: Calls) -> None:
    lead_id = given(calls)
    calls.done(change_lead(lead_id, decision="ACCEPT"), caller=ACME)
    calls.done(change_lead(lead_id, lead_fields(name=None, given_to="OTHER")))
    assert lead(calls, lead_id).all("PartnerDecisionCode") == []
