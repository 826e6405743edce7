"""ChangeLead and FindLead, called by Zeep: what a change leaves behind, and what a selection finds."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.interop.gateway import Gateway
from tests.interop.people import full_lead, full_person, lead, person, word
from tests.interop.zeep_caller import ZeepCaller, both_versions, header, including, plain, types


@pytest.fixture(scope="module")
def callers(gateway: Gateway) -> Iterator[dict[str, ZeepCaller]]:
    """A call centre on each SOAP version."""
    with both_versions(gateway, "callcentre") as callers:
        yield callers


@pytest.fixture(params=["1.1", "1.2"])
def zeep(request: pytest.FixtureRequest, callers: dict[str, ZeepCaller]) -> ZeepCaller:
    return callers[request.param]


def created(zeep: ZeepCaller, **more: Any) -> Any:
    """What a CreateLead that must succeed confirms."""
    return zeep.done("CreateLead", Lead=lead(**more)).Lead


def read(zeep: ZeepCaller, lead_id: str) -> dict[str, Any]:
    """A lead as it is read, with every list, as plain values."""
    requested = {"attachmentTransmissionRequestCode": "1", "historyTransmissionRequestCode": "1"}
    answer = zeep.done("ReadLead", LeadSelectionByID=[{"ID": lead_id}], RequestedElements=requested)
    result: dict[str, Any] = plain(answer.Lead[0])
    return result


def change(confirmed: Any, **fields: Any) -> dict[str, Any]:
    """A change of a lead that nobody changed since it was confirmed."""
    identification = {"LeadIdentification": {"ID": confirmed.ID}, "ChangeStateID": confirmed.ChangeStateID}
    return {**identification, **fields}


# ------------------------------------------------------------------------------------------------------------ change


def test_a_change_gives_fields_new_values_and_leaves_the_others(zeep: ZeepCaller) -> None:
    confirmed = created(zeep, **full_lead(contacts=[], sales_partner="acme"))
    before = read(zeep, confirmed.ID)
    fields = {
        "Name": "Another name",
        "QualificationLevelCode": "03",
        "EndDate": date(2027, 1, 1),
        "ExpectedRevenueAmount": {"_value_1": Decimal("0.01"), "currencyCode": "USD"},
        "SalesResponsibleParty": {"PartyID": "RM2"},
    }

    answer = zeep.done("ChangeLead", Lead=change(confirmed, **fields))

    assert types(answer) == ["LEAD.CHANGED"]
    assert answer.Lead.ChangeStateID != confirmed.ChangeStateID
    after = read(zeep, confirmed.ID)
    last_change = after["SystemAdministrativeData"].pop("LastChangeDateTime")
    assert last_change > before["SystemAdministrativeData"].pop("LastChangeDateTime")
    assert after == {**before, **fields, "ChangeStateID": answer.Lead.ChangeStateID}


def test_a_change_with_an_old_state_is_refused_and_one_without_is_warned(zeep: ZeepCaller) -> None:
    confirmed = created(zeep)
    zeep.done("ChangeLead", Lead=change(confirmed, Name="First"))

    assert zeep.refused("ChangeLead", Lead=change(confirmed, Name="Second")) == ["LEAD.CHANGE_STATE_CONFLICT"]
    assert read(zeep, confirmed.ID)["Name"] == "First"

    anyway = zeep.done("ChangeLead", Lead={"LeadIdentification": {"UUID": confirmed.UUID}, "Name": "Third"})
    assert types(anyway) == ["LEAD.CHANGE_STATE_MISSING", "LEAD.CHANGED"]
    assert anyway.Log.MaximumLogItemSeverityCode == "2"
    assert read(zeep, confirmed.ID)["Name"] == "Third"


def test_items_change_by_their_action_codes(zeep: ZeepCaller) -> None:
    items = [{"ProductID": name, "ObjectNodeSenderTechnicalID": name} for name in ("A", "B", "C")]
    confirmed = created(zeep, Item=items)

    changed = [
        {"actionCode": "02", "ID": "10", "Description": "Changed"},
        {"actionCode": "03", "ObjectNodeSenderTechnicalID": "B"},
        {"actionCode": "01", "ProductID": "D", "Quantity": {"_value_1": Decimal(2), "unitCode": "EA"}},
        {"actionCode": "04", "ID": "X", "ProductID": "E"},
    ]
    zeep.done("ChangeLead", Lead=change(confirmed, Item=changed))

    assert read(zeep, confirmed.ID)["Item"] == [
        {"ObjectNodeSenderTechnicalID": "A", "ID": "10", "ProductID": "A", "Description": "Changed"},
        {"ObjectNodeSenderTechnicalID": "C", "ID": "30", "ProductID": "C"},
        {"ID": "40", "ProductID": "D", "Quantity": {"_value_1": Decimal(2), "unitCode": "EA"}},
        {"ID": "X", "ProductID": "E"},
    ]


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ({"actionCode": "01", "ID": "10", "ProductID": "A"}, "LEAD.ITEM_EXISTS"),
        ({"actionCode": "02", "ID": "99", "ProductID": "A"}, "LEAD.ITEM_UNKNOWN"),
        ({"actionCode": "03", "ID": "99"}, "LEAD.ITEM_UNKNOWN"),
        ({"actionCode": "04", "ID": "99"}, "LEAD.ITEM_PRODUCT_MISSING"),
    ],
)
def test_an_action_code_that_does_not_fit_refuses_the_whole_change(
    zeep: ZeepCaller, item: dict[str, str], reason: str
) -> None:
    confirmed = created(zeep, Item=[{"ProductID": "A"}])
    before = read(zeep, confirmed.ID)

    refused = zeep.refused("ChangeLead", Lead=change(confirmed, Name="Other", Item=[{"ProductID": "B"}, item]))

    assert refused == [reason]
    assert read(zeep, confirmed.ID) == before


def test_a_complete_transmission_replaces_lists(zeep: ZeepCaller) -> None:
    contacts = [
        zeep.done("CreateBusinessPartner", BusinessPartner=person()).BusinessPartner.InternalID for _ in range(3)
    ]
    confirmed = created(zeep, **full_lead(contacts=contacts[:2], sales_partner="acme"))

    zeep.done(
        "ChangeLead",
        Lead=change(
            confirmed,
            itemListCompleteTransmissionIndicator=True,
            Item=[{"ID": "A1", "Description": "Kept"}, {"ProductID": "NEW"}],
            noteListCompleteTransmissionIndicator=True,
            Note=[{"_value_1": "The only one"}],
            contactPartyListCompleteTransmissionIndicator=True,
            ContactParty=[{"BusinessPartnerInternalID": contacts[2], "MainIndicator": True}],
            questionnaireAnswerListCompleteTransmissionIndicator=True,
            QuestionnaireAnswer=[{"QuestionID": "HORIZON", "AnswerCode": "1Y"}],
            AttachmentFolder={"Document": []},
        ),
    )

    after = read(zeep, confirmed.ID)
    assert after["Item"] == [
        {"ID": "A1", "ProductID": "INSURANCE", "Description": "Kept"},
        {"ID": "10", "ProductID": "NEW"},
    ]
    assert after["Note"] == [{"_value_1": "The only one"}]
    assert after["ContactParty"] == [{"BusinessPartnerInternalID": contacts[2], "MainIndicator": True}]
    assert after["QuestionnaireAnswer"] == [{"QuestionID": "HORIZON", "AnswerCode": "1Y"}]
    assert "AttachmentFolder" not in after


def test_an_empty_complete_transmission_empties_lists(zeep: ZeepCaller) -> None:
    confirmed = created(zeep, **full_lead(contacts=[], sales_partner="acme"))

    lists = ("item", "note", "contactParty", "questionnaireAnswer")
    indicators = {f"{name}ListCompleteTransmissionIndicator": True for name in lists}
    zeep.done("ChangeLead", Lead=change(confirmed, **indicators))

    assert not {"Item", "Note", "ContactParty", "QuestionnaireAnswer"} & set(read(zeep, confirmed.ID))


def test_notes_contacts_and_answers_change_one_by_one(zeep: ZeepCaller) -> None:
    contacts = [
        zeep.done("CreateBusinessPartner", BusinessPartner=person()).BusinessPartner.InternalID for _ in range(3)
    ]
    confirmed = created(zeep, **full_lead(contacts=contacts[:2], sales_partner="acme"))

    zeep.done(
        "ChangeLead",
        Lead=change(
            confirmed,
            Note=[
                {"_value_1": "Rewritten", "languageCode": "en", "typeCode": "CALL", "actionCode": "02"},
                {"_value_1": "Bare", "actionCode": "03"},
                {"_value_1": "Added", "actionCode": "01"},
            ],
            ContactParty=[
                {"BusinessPartnerInternalID": contacts[0], "actionCode": "03"},
                {"BusinessPartnerInternalID": contacts[1], "MainIndicator": True, "actionCode": "02"},
                {"BusinessPartnerInternalID": contacts[2], "actionCode": "01"},
            ],
            QuestionnaireAnswer=[
                {"QuestionID": "INCOME", "AnswerCode": "LOW"},
                {"QuestionID": "CHILDREN", "AnswerCode": "2"},
            ],
        ),
    )

    after = read(zeep, confirmed.ID)
    assert after["Note"] == [
        {"_value_1": "Rewritten", "languageCode": "en", "typeCode": "CALL"},
        {"_value_1": "Ruft abends zurück €", "languageCode": "de"},
        {"_value_1": "Added"},
    ]
    assert after["ContactParty"] == [
        {"BusinessPartnerInternalID": contacts[1], "MainIndicator": True},
        {"BusinessPartnerInternalID": contacts[2]},
    ]
    assert after["QuestionnaireAnswer"] == [
        {"QuestionID": "INCOME", "AnswerCode": "LOW"},
        {"QuestionID": "HORIZON", "AnswerCode": "5Y"},
        {"QuestionID": "CHILDREN", "AnswerCode": "2"},
    ]


def test_a_status_moves_as_the_life_cycle_allows_and_a_closed_lead_changes_no_more(zeep: ZeepCaller) -> None:
    confirmed = created(zeep)
    for status in ("2", "1", "5", "1", "7"):
        answer = zeep.done("ChangeLead", Lead=change(confirmed, LifeCycleStatusCode=status), ReasonCode="007")
        assert answer.Lead.LifeCycleStatusCode == status
        confirmed = answer.Lead

    shown = read(zeep, confirmed.ID)
    assert shown["ReasonCode"] == "007"
    history = shown["StatusHistory"]["Item"]
    assert [step["LifeCycleStatusCode"] for step in history] == ["1", "2", "1", "5", "1", "7"]
    assert [step.get("OldLifeCycleStatusCode") for step in history] == [None, "1", "2", "1", "5", "1"]
    assert {step.get("ReasonCode") for step in history[1:]} == {"007"}
    assert zeep.refused("ChangeLead", Lead=change(confirmed, Name="Too late")) == ["LEAD.FINAL"]


def test_nobody_but_the_core_crm_accepts_a_lead_and_a_level_qualifies_none(zeep: ZeepCaller) -> None:
    confirmed = created(zeep)

    for status in ("4", "6"):
        refused = zeep.refused("ChangeLead", Lead=change(confirmed, LifeCycleStatusCode=status))
        assert refused == ["LEAD.STATUS_NOT_ALLOWED"]
    answer = zeep.done("ChangeLead", Lead=change(confirmed, QualificationLevelCode="03"))
    assert answer.Lead.LifeCycleStatusCode == "1"


def test_a_change_sent_again_changes_nothing_more(zeep: ZeepCaller) -> None:
    confirmed = created(zeep)
    note = [{"_value_1": "Once", "actionCode": "01"}]
    message = {"BasicMessageHeader": header(), "Lead": change(confirmed, Note=note)}

    first, second = zeep.done("ChangeLead", **message), zeep.done("ChangeLead", **message)

    assert (first.ReplayedIndicator, second.ReplayedIndicator) == (False, True)
    assert plain(second.Lead) == plain(first.Lead)
    assert read(zeep, confirmed.ID)["Note"] == [{"_value_1": "Once"}]


def test_a_change_may_give_the_lead_another_prospect(zeep: ZeepCaller) -> None:
    confirmed = created(zeep)
    other = full_person()

    answer = zeep.done("ChangeLead", Lead=change(confirmed, ProspectParty={"NewBusinessPartner": other}))

    assert answer.Lead.ProspectPartyInternalID != confirmed.ProspectPartyInternalID
    shown = read(zeep, confirmed.ID)["ProspectParty"]
    assert shown["BusinessPartnerInternalID"] == answer.Lead.ProspectPartyInternalID
    assert shown["ExternalKey"] == other["ExternalKey"]


# -------------------------------------------------------------------------------------------------------------- find

DAYS = [date(2026, 3, day) for day in range(1, 6)]


class Five:
    """Five leads of one campaign that differ in name, priority, start and prospect."""

    def __init__(self, zeep: ZeepCaller) -> None:
        self.zeep = zeep
        self.campaign = word()
        self.people = [person() for _ in DAYS]
        priorities = ["1", "2", "3", "3", "7"]
        self.leads = [
            created(
                zeep,
                Name=f"{name} {self.campaign}",
                CampaignID=self.campaign,
                StartDate=day,
                PriorityCode=priority,
                QualificationLevelCode=None if priority == "7" else "01",
                ProspectParty={"NewBusinessPartner": prospect},
            )
            for name, day, priority, prospect in zip(
                ["Alpha", "beta", "Gamma_1", "Gamma%2", "delta*"], DAYS, priorities, self.people, strict=True
            )
        ]

    def found(self, **selections: Any) -> str:
        """Which of them a FindLead finds beside the campaign, as digits from 1 to 5."""
        selections = {"SelectionByCampaignID": [including(self.campaign)], **selections}
        ids = [hit.ID for hit in self.zeep.done("FindLead", LeadSelectionByElements=selections).Lead]
        numbers = {lead.ID: str(number) for number, lead in enumerate(self.leads, 1)}
        return "".join(numbers[lead_id] for lead_id in ids)


@pytest.fixture(scope="module")
def five_by_version(callers: dict[str, ZeepCaller]) -> dict[str, Five]:
    return {version: Five(zeep) for version, zeep in callers.items()}


@pytest.fixture
def five(zeep: ZeepCaller, five_by_version: dict[str, Five]) -> Five:
    return five_by_version[zeep.version]


@pytest.mark.parametrize(
    ("boundary", "upper", "inside"),
    [
        ("1", None, "2"),
        ("2", DAYS[3], "23"),
        ("3", DAYS[3], "234"),
        ("4", DAYS[3], "3"),
        ("5", DAYS[3], "34"),
        ("6", None, "1"),
        ("7", None, "12"),
        ("8", None, "345"),
        ("9", None, "2345"),
    ],
)
def test_each_interval_code_includes_and_excludes(five: Five, boundary: str, upper: date | None, inside: str) -> None:
    assert five.found(SelectionByStartDate=[including(DAYS[1], boundary, upper)]) == inside
    outside = "".join(sorted(set("12345") - set(inside)))
    assert five.found(SelectionByStartDate=[including(DAYS[1], boundary, upper, exclude=True)]) == outside


def test_inclusions_are_or_exclusions_take_away_and_blocks_are_and(five: Five) -> None:
    ends = [including(DAYS[0]), including(DAYS[4])]
    assert five.found(SelectionByStartDate=ends) == "15"
    assert five.found(SelectionByStartDate=[*ends, including(DAYS[0], exclude=True)]) == "5"
    assert five.found(SelectionByStartDate=ends, SelectionByPriorityCode=[including("1")]) == "1"
    assert five.found(SelectionByPriorityCode=[including("2", "3", "3")]) == "234"
    assert five.found(SelectionByQualificationLevelCode=[including("01", exclude=True)]) == "5"
    assert five.found() == "12345"


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("ALPHA*", "1"),
        ("*a*", "12345"),
        ("gamma*", "34"),
        ("Gamma_1 *", "3"),
        ("Gamma_2 *", ""),
        ("*a%*", "4"),
        ("%", ""),
        ("delta* *", "5"),
        ("b*", "2"),
    ],
)
def test_only_a_star_is_a_wildcard_and_names_ignore_case(five: Five, pattern: str, expected: str) -> None:
    assert five.found(SelectionByName=[including(pattern)]) == expected


def test_a_star_means_itself_where_the_type_is_not_equal(five: Five) -> None:
    assert five.found(SelectionByName=[including("*", "9", "z")]) == "12345"
    assert five.found(SelectionByName=[including("*", "6")]) == ""


def test_leads_are_found_by_what_their_prospects_are_reached_at(five: Five) -> None:
    reach = five.people[2]["Communication"]
    email, number = reach["EmailURI"][0], reach["PhoneNumber"][0]
    international = f"+49{number.replace(' ', '')[1:]}"
    assert five.found(SelectionByEmailURI=[including(email.upper())]) == "3"
    assert five.found(SelectionByEmailURI=[including(f"{email[:8]}*")]) == "3"
    assert five.found(SelectionByPhoneNumber=[including(international)]) == "3"
    assert five.found(SelectionByPhoneNumber=[including(number)]) == "3"
    assert five.found(SelectionByPhoneNumber=[including(f"{international[:-3]}*")]) == "12345"


def test_leads_are_found_by_ids_parties_status_and_time(five: Five) -> None:
    first, second = five.leads[0], five.leads[1]
    prospect = first.ProspectPartyInternalID
    assert five.found(SelectionByID=[including(first.ID, "3", second.ID)]) == "12"
    assert five.found(SelectionByProspectPartyID=[including(prospect)]) == "1"
    assert five.found(SelectionByLifeCycleStatusCode=[including("1")]) == "12345"
    assert five.found(SelectionByLifeCycleStatusCode=[including("2")]) == ""
    assert five.found(SelectionBySalesPartnerPartyID=[including("acme")]) == ""
    now = datetime.now(UTC)
    assert five.found(SelectionByLastChangeDateTime=[including(now - timedelta(hours=1), "3", now)]) == "12345"
    assert five.found(SelectionByLastChangeDateTime=[including(now + timedelta(hours=1), "8")]) == ""


def test_an_interval_without_its_upper_boundary_is_refused(five: Five) -> None:
    selection = {"SelectionByName": [including("a", "3")]}
    assert five.zeep.refused("FindLead", LeadSelectionByElements=selection) == ["FIND.UPPER_BOUNDARY_MISSING"]


def test_pages_neither_skip_nor_repeat_while_leads_are_added(five: Five) -> None:
    zeep, campaign = five.zeep, word()
    ids = [created(zeep, CampaignID=campaign).ID for _ in range(5)]
    selection = {"SelectionByCampaignID": [including(campaign)]}
    seen: list[str] = []
    conditions: dict[str, Any] = {"QueryHitsMaximumNumberValue": 2}
    more = True
    while more:
        page = zeep.done("FindLead", LeadSelectionByElements=selection, ProcessingConditions=conditions)
        shown = [hit.ID for hit in page.Lead]
        assert page.ProcessingConditions.ReturnedQueryHitsNumberValue == len(shown)
        assert page.ProcessingConditions.LastReturnedObjectID == shown[-1]
        seen += shown
        conditions["LastReturnedObjectID"] = shown[-1]
        more = page.ProcessingConditions.MoreHitsAvailableIndicator
        if len(ids) < 7:
            ids.append(created(zeep, CampaignID=campaign).ID)

    assert seen == ids


def test_a_hit_shows_the_head_of_the_lead(zeep: ZeepCaller) -> None:
    sent = full_lead(contacts=[], sales_partner="acme")
    confirmed = created(zeep, **sent)

    selection = {"SelectionByCampaignID": [including(sent["CampaignID"])]}
    (hit,) = zeep.done("FindLead", LeadSelectionByElements=selection).Lead

    shown = plain(hit)
    lists = {"ContactParty", "Item", "QuestionnaireAnswer", "Note", "AttachmentFolder", "ObjectNodeSenderTechnicalID"}
    head = {name: value for name, value in sent.items() if name not in lists}
    assert {name: shown.get(name) for name in head} == head
    assert shown["ProspectPartyInternalID"] == confirmed.ProspectPartyInternalID
    assert shown["ChangeStateID"] == confirmed.ChangeStateID


def test_more_hits_than_one_answer_holds_are_capped_with_a_word(zeep: ZeepCaller) -> None:
    asked = {"QueryHitsMaximumNumberValue": 1001}
    selection = {"SelectionByCampaignID": [including(word())]}
    answer = zeep.done("FindLead", LeadSelectionByElements=selection, ProcessingConditions=asked)
    assert types(answer) == ["FIND.HITS_CAPPED"]
    assert answer.ProcessingConditions.MoreHitsAvailableIndicator is False
    assert answer.ProcessingConditions.LastReturnedObjectID is None


def test_business_partners_are_found_by_each_of_their_elements(zeep: ZeepCaller) -> None:
    sent = full_person()
    partner = zeep.done("CreateBusinessPartner", BusinessPartner=sent).BusinessPartner
    about = {"ProspectParty": {"BusinessPartnerInternalID": partner.InternalID}}
    open_leads = [created(zeep, Name=f"Lead {number}", **about) for number in (1, 2)]
    closed = created(zeep, **about)
    zeep.done("ChangeLead", Lead=change(closed, LifeCycleStatusCode="7"))
    family_name = sent["Person"]["FamilyName"]
    mobile = sent["Communication"]["MobileNumber"][0].replace(" ", "")

    for selection in (
        {"SelectionByName": [including(f"zoë {family_name}")]},
        {"SelectionByName": [including(f"{family_name.upper()[:10]}*")]},
        {"SelectionByEmailURI": [including(f"{family_name}@EXAMPLE.net")]},
        {"SelectionByPhoneNumber": [including(mobile.replace("+49", "0"))]},
        {"SelectionByPhoneNumber": [including(f"{mobile}*")]},
        {"SelectionByIdentification": [sent["Identification"][1]]},
        {"SelectionByExternalKey": [sent["ExternalKey"]]},
        {"SelectionByName": [including(family_name)], "SelectionByEmailURI": [including("*@example.net")]},
    ):
        (hit,) = zeep.done("FindBusinessPartner", BusinessPartnerSelectionByElements=selection).BusinessPartner
        assert plain(hit) == {
            "InternalID": partner.InternalID,
            "UUID": partner.UUID,
            "Person": {"GivenName": "Zoë", "FamilyName": family_name},
            "RoleCode": sent["RoleCode"],
            "ContactAllowedCode": "1",
            "OpenLeadNumberValue": 2,
            "OpenLead": [
                {"ID": lead.ID, "Name": f"Lead {number}", "LifeCycleStatusCode": "1"}
                for number, lead in reversed(list(enumerate(open_leads, 1)))
            ],
        }
    nobody = {"SelectionByName": [including(family_name)], "SelectionByEmailURI": [including("*@example.com")]}
    assert zeep.done("FindBusinessPartner", BusinessPartnerSelectionByElements=nobody).BusinessPartner == []


# ------------------------------------------------------------------------------------------------------------- merge


def test_business_partners_become_one_with_their_leads(zeep: ZeepCaller) -> None:
    master, other = (zeep.done("CreateBusinessPartner", BusinessPartner=person()).BusinessPartner for _ in range(2))
    moved = created(zeep, ProspectParty={"BusinessPartnerUUID": other.UUID})
    named = {
        "MasterBusinessPartner": {"InternalID": master.InternalID},
        "MergedBusinessPartner": [{"UUID": other.UUID}],
    }
    answer = zeep.done("MergeBusinessPartner", **named)
    assert (answer.BusinessPartner.UUID, answer.MovedLeadNumberValue) == (master.UUID, 1)
    assert answer.MergedBusinessPartnerInternalID == [other.InternalID]
    assert read(zeep, moved.ID)["ProspectParty"]["BusinessPartnerInternalID"] == master.InternalID
    assert zeep.refused("MergeBusinessPartner", **named) == ["BUSINESSPARTNER.MERGED_ALREADY"]
