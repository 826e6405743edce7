"""FindLead and ReadLead: every selection and interval, wildcards, exclusions, pages, and what is answered of them."""

import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.calls import ACME, DESK, Answered, Calls, at_once
from tests.support.messages_by_hand import (
    Parts,
    create_business_partner,
    create_lead,
    find_lead,
    known_prospect,
    lead_fields,
    new_prospect,
    new_uuid,
    person,
    read_lead,
    selection,
)

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def prospect(calls: Calls) -> str:
    """The InternalID of somebody leads can be about."""
    return calls.done(create_business_partner(person())).one("BusinessPartner/InternalID")


def named(calls: Calls, prospect: str, *names: str) -> dict[str, str]:
    """Leads of these names: the name of each ID."""
    return {
        calls.done(create_lead(lead_fields(name=name, prospect=known_prospect(prospect)), duplicates="CREATE")).one(
            "Lead/ID"
        ): name
        for name in names
    }


def found(calls: Calls, asked: dict[str, Parts]) -> list[str]:
    """The names of the leads that a Find answers, in its order."""
    return calls.done(find_lead(asked)).all("Lead/Name")


# ------------------------------------------------------------------------------------------------- every selection


def test_leads_are_found_by_each_selection(calls: Calls) -> None:
    first = lead_fields(
        name="First",
        status="2",
        level="01",
        origin="001",
        priority="1",
        campaign="SPRING",
        start="2026-04-01",
        prospect=new_prospect(person(emails=["Anna@Example.org"], phones=["030 901820"])),
        responsible="RM-1",
        given_to="P-1",
    )
    second = lead_fields(
        name="Second",
        status="3",
        level="03",
        origin="002",
        priority="7",
        campaign="AUTUMN",
        start="2026-10-01",
        prospect=new_prospect(person("Bert", mobiles=["0171 1234567"])),
        responsible="RM-2",
        given_to="P-2",
    )
    answers = [
        calls.send(create_lead(fields), now=START + timedelta(hours=number))
        for number, fields in enumerate((first, second))
    ]
    values = {
        "ID": [answer.one("Lead/ID") for answer in answers],
        "Name": ["fIRST", "sECOND"],
        "LifeCycleStatusCode": ["2", "3"],
        "QualificationLevelCode": ["01", "03"],
        "OriginTypeCode": ["001", "002"],
        "PriorityCode": ["1", "7"],
        "CampaignID": ["SPRING", "AUTUMN"],
        "ProspectPartyID": [answer.one("Lead/ProspectPartyInternalID") for answer in answers],
        "SalesResponsiblePartyID": ["RM-1", "RM-2"],
        "SalesPartnerPartyID": ["P-1", "P-2"],
        "StartDate": ["2026-04-01", "2026-10-01"],
        "LastChangeDateTime": ["2026-03-01T13:00:00+01:00", "2026-03-01T13:00:00Z"],
        "EmailURI": ["anna@EXAMPLE.org", "nobody@example.org"],
        "PhoneNumber": ["+49 30 901820", "+491711234567"],
    }
    for name, (of_first, of_second) in values.items():
        assert found(calls, {name: [selection(of_first)]}) == ["First"], name
        expected = [] if name == "EmailURI" else ["Second"]
        assert found(calls, {name: [selection(of_second)]}) == expected, name
    everything: dict[str, Parts] = {name: [selection(of_first)] for name, (of_first, _) in values.items()}
    assert found(calls, everything) == ["First"]
    assert found(calls, {}) == ["First", "Second"]


def test_a_hit_says_what_the_head_of_a_lead_says(calls: Calls) -> None:
    fields = lead_fields(
        key=("SYSTEM", "L-1"),
        name="Loan",
        status="2",
        level="02",
        origin="001",
        group="0001",
        priority="3",
        campaign="SPRING",
        start="2026-04-01",
        end="2026-04-30",
        prospect=new_prospect(person()),
        responsible="RM-1",
        given_to="P-1",
        revenue="12.50",
    )
    calls.done(create_lead(fields))
    (hit,) = calls.done(find_lead({})).parts("Lead")
    (read,) = calls.done(read_lead(hit.one("ID"))).parts("Lead")
    same = (
        *("ID", "UUID", "ChangeStateID", "ExternalKey/RemoteObjectID", "Name", "LifeCycleStatusCode"),
        *("QualificationLevelCode", "OriginTypeCode", "GroupCode", "PriorityCode", "CampaignID", "StartDate"),
        *("EndDate", "SalesResponsibleParty/PartyID", "SalesPartnerParty/PartyID", "ExpectedRevenueAmount"),
        *("SystemAdministrativeData/CreationDateTime", "SystemAdministrativeData/CreationPartyID"),
    )
    assert {path: hit.one(path) for path in same} == {path: read.one(path) for path in same}
    assert hit.one("ProspectPartyInternalID") == read.one("ProspectParty/BusinessPartnerInternalID")


# --------------------------------------------------------------------------------------------------------- intervals

LETTERS = ["A", "B", "C", "D", "E"]

INTERVALS = {
    "1": "B",
    "2": "BC",
    "3": "BCD",
    "4": "C",
    "5": "CD",
    "6": "A",
    "7": "AB",
    "8": "CDE",
    "9": "BCDE",
}


@pytest.mark.parametrize(("kind", "expected"), INTERVALS.items())
def test_every_interval_code_means_what_the_contract_says(
    calls: Calls, prospect: str, kind: str, expected: str
) -> None:
    """From B, and to D where there is an upper boundary."""
    for number, letter in enumerate(LETTERS, 1):
        fields = lead_fields(
            name=letter, campaign=letter, start=f"2026-04-0{number}", prospect=known_prospect(prospect)
        )
        calls.send(create_lead(fields), now=START + timedelta(days=number))
    upper = kind in "2345"
    assert found(calls, {"CampaignID": [selection("B", "D" if upper else None, kind=kind)]}) == list(expected)
    assert found(calls, {"Name": [selection("b", "d" if upper else None, kind=kind)]}) == list(expected)
    days = selection("2026-04-02", "2026-04-04" if upper else None, kind=kind)
    assert found(calls, {"StartDate": [days]}) == list(expected)
    moments = selection("2026-03-03T12:00:00Z", "2026-03-05T14:00:00+02:00" if upper else None, kind=kind)
    assert found(calls, {"LastChangeDateTime": [moments]}) == list(expected)
    left = [letter for letter in LETTERS if letter not in expected]
    excluded = selection("B", "D" if upper else None, kind=kind, exclude=True)
    assert found(calls, {"CampaignID": [excluded]}) == left


@pytest.mark.parametrize("kind", ["2", "3", "4", "5"])
def test_an_interval_that_needs_an_upper_boundary_is_refused_without_one(calls: Calls, kind: str) -> None:
    answer = calls.send(find_lead({"Name": [selection("A"), selection("B", kind=kind)]}))
    assert (answer.result, answer.log) == ("5", ["FIND.UPPER_BOUNDARY_MISSING"])
    path = "/lbl:LeadByElementsQuery_sync/lbl:LeadSelectionByElements/lbl:SelectionByName[2]"
    assert answer.one("Log/Item/ReferenceMessageElementName") == path
    assert answer.one("ProcessingConditions/ReturnedQueryHitsNumberValue") == "0"


@pytest.mark.parametrize("moment", ["2026-03-01T24:00:00Z", "0001-01-01T00:00:00+14:00"])
def test_a_boundary_that_is_no_moment_is_refused_and_named(calls: Calls, moment: str) -> None:
    answer = calls.send(find_lead({"LastChangeDateTime": [selection(moment)]}))
    assert (answer.result, answer.log) == ("5", ["FIND.BOUNDARY_NOT_A_MOMENT"])


def test_inclusions_of_one_selection_are_or_exclusions_take_away_and_selections_are_and(
    calls: Calls, prospect: str
) -> None:
    named(calls, prospect, "Alpha", "Beta", "Gamma", "Alpine")
    either = [selection("alpha"), selection("beta")]
    assert found(calls, {"Name": either}) == ["Alpha", "Beta"]
    assert found(calls, {"Name": [selection("al*"), selection("alpine", exclude=True)]}) == ["Alpha"]
    assert found(calls, {"Name": [selection("alpha", exclude=True), selection("beta", exclude=True)]}) == [
        "Gamma",
        "Alpine",
    ]
    assert found(calls, {"Name": either, "LifeCycleStatusCode": [selection("2")]}) == []
    assert found(calls, {"Name": either, "LifeCycleStatusCode": [selection("1"), selection("2")]}) == ["Alpha", "Beta"]


def test_a_lead_without_a_value_is_in_no_inclusion_and_survives_every_exclusion(calls: Calls, prospect: str) -> None:
    calls.done(create_lead(lead_fields(name="With", campaign="SPRING", prospect=known_prospect(prospect))))
    calls.done(create_lead(lead_fields(name="Without", prospect=known_prospect(prospect))))
    assert found(calls, {"CampaignID": [selection("*")]}) == ["With"]
    assert found(calls, {"CampaignID": [selection("A", kind="9")]}) == ["With"]
    assert found(calls, {"CampaignID": [selection("SPRING", exclude=True)]}) == ["Without"]
    assert found(calls, {"CampaignID": [selection("AUTUMN", exclude=True)]}) == ["With", "Without"]


# --------------------------------------------------------------------------------------------------------- wildcards


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("100*", ["100% sure", "100 sure", "100_sure"]),
        ("100%*", ["100% sure"]),
        ("100_*", ["100_sure"]),
        ("*_sure", ["100_sure"]),
        ("*%*", ["100% sure", "b!_!%"]),
        ("*% *", ["100% sure"]),
        ("100? sure", []),
        ("*sure", ["100% sure", "100 sure", "100_sure"]),
        ("1*s*e", ["100% sure", "100 sure", "100_sure"]),
        ("*!*", ["bang!", "b!_!%"]),
        ("b!_*", ["b!_!%"]),
        ("*'*", ["it's"]),
        ("*\\*", ["back\\slash"]),
        ("100% sure", ["100% sure"]),
        ("100%sure", []),
        ("*", ["100% sure", "100 sure", "100_sure", "bang!", "b!_!%", "it's", "back\\slash"]),
        ("**", ["100% sure", "100 sure", "100_sure", "bang!", "b!_!%", "it's", "back\\slash"]),
    ],
)
def test_row_26_a_star_is_a_wildcard_and_nothing_else_is(
    calls: Calls, prospect: str, pattern: str, expected: list[str]
) -> None:
    named(calls, prospect, "100% sure", "100 sure", "100_sure", "bang!", "b!_!%", "it's", "back\\slash")
    assert found(calls, {"Name": [selection(pattern)]}) == expected


@pytest.mark.parametrize("kind", ["7", "9"])
def test_a_star_is_a_wildcard_only_where_the_interval_is_equality(calls: Calls, prospect: str, kind: str) -> None:
    for campaign in ("A", "A*", "AB"):
        calls.done(create_lead(lead_fields(name=campaign, campaign=campaign, prospect=known_prospect(prospect))))
    expected = {"7": ["A", "A*"], "9": ["A*", "AB"]}[kind]
    assert found(calls, {"CampaignID": [selection("A*", kind=kind)]}) == expected


def test_names_are_found_whatever_their_case_in_every_script(calls: Calls, prospect: str) -> None:
    named(calls, prospect, "STRASSE ÄÖÜ", "Ελλάδα", "ИВАН")
    assert found(calls, {"Name": [selection("straße äöü")]}) == ["STRASSE ÄÖÜ"]
    assert found(calls, {"Name": [selection("ελλάδα")]}) == ["Ελλάδα"]
    assert found(calls, {"Name": [selection("ив*")]}) == ["ИВАН"]


# -------------------------------------------------------------------------------------------------------------- pages


def pages(calls: Calls, size: int, between: Sequence[str], prospect: str) -> list[list[str]]:
    """Page through all leads, adding one of `between` after each page."""
    collected: list[list[str]] = []
    names, after = iter(between), None
    while True:
        answer = calls.done(find_lead({}, most=size, after=after))
        page = answer.all("Lead/ID")
        assert answer.one("ProcessingConditions/ReturnedQueryHitsNumberValue") == str(len(page))
        collected.append(page)
        if answer.one("ProcessingConditions/MoreHitsAvailableIndicator") == "false":
            return collected
        after = answer.one("ProcessingConditions/LastReturnedObjectID")
        assert after == page[-1]
        if (name := next(names, None)) is not None:
            named(calls, prospect, name)


def test_pages_neither_skip_nor_repeat_while_leads_are_added(calls: Calls, prospect: str) -> None:
    there = list(named(calls, prospect, *(f"Lead {n}" for n in range(10))))
    collected = pages(calls, 3, ["a", "b", "c"], prospect)
    flat = [lead_id for page in collected for lead_id in page]
    assert flat == sorted(set(flat))
    assert flat[: len(there)] == there
    assert len(flat) == 13
    assert [len(page) for page in collected] == [3, 3, 3, 3, 1]


def first_ids(calls: Calls, count: int) -> list[str]:
    """So many IDs from the first on, two a page: there is always a next page while leads are added."""
    ids: list[str] = []
    while len(ids) < count:
        ids += calls.done(find_lead({}, most=2, after=ids[-1] if ids else None)).all("Lead/ID")
    return ids


def test_pages_neither_skip_nor_repeat_while_two_gateways_add_leads(two_gateways: tuple[Calls, Calls]) -> None:
    first = two_gateways[0]
    prospect = first.done(create_business_partner(person())).one("BusinessPartner/InternalID")
    there = list(named(first, prospect, *(f"Lead {n}" for n in range(20))))
    enough = threading.Event()

    def act(number: int) -> list[str]:
        if number:
            added: list[str] = []
            while not enough.is_set():
                added += named(two_gateways[number % 2], prospect, f"Added by {number}")
            return added
        try:
            return first_ids(first, len(there))
        finally:
            enough.set()

    collected, *added = at_once(3, act)
    assert collected == there
    assert all(lead_id > there[-1] for one in added for lead_id in one)


def test_a_page_that_ends_exactly_with_the_last_hit_says_so(calls: Calls, prospect: str) -> None:
    ids = list(named(calls, prospect, "A", "B"))
    answer = calls.done(find_lead({}, most=2))
    assert answer.all("Lead/ID") == ids
    assert answer.one("ProcessingConditions/MoreHitsAvailableIndicator") == "false"
    empty = calls.done(find_lead({}, after=ids[-1]))
    assert empty.all("Lead/ID") == empty.all("ProcessingConditions/LastReturnedObjectID") == []
    assert empty.one("ProcessingConditions/ReturnedQueryHitsNumberValue") == "0"


def test_a_find_answers_100_hits_unless_asked_and_never_more_than_1000(calls: Calls, prospect: str) -> None:
    fields = lead_fields(prospect=known_prospect(prospect))
    requests = [create_lead(fields, duplicates="CREATE") for _ in range(1005)]
    for future in [calls.submit(request) for request in requests]:
        future.result(30)

    def answered(most: int | None, *, unlimited: bool = False) -> Answered:
        answer = calls.done(find_lead({}, most=most, unlimited=unlimited))
        assert answer.one("ProcessingConditions/MoreHitsAvailableIndicator") == "true"
        assert answer.one("ProcessingConditions/ReturnedQueryHitsNumberValue") == str(len(answer.parts("Lead")))
        return answer

    assert len(answered(None).parts("Lead")) == 100
    assert len(answered(7).parts("Lead")) == 7
    assert len(answered(None, unlimited=True).parts("Lead")) == 1000
    assert len(answered(5, unlimited=True).parts("Lead")) == 1000
    assert answered(1000).log == []
    capped = answered(1001)
    assert len(capped.parts("Lead")) == 1000
    assert capped.log == ["FIND.HITS_CAPPED"]
    assert capped.one("Log/Item/SeverityCode") == "2"
    last = capped.one("ProcessingConditions/LastReturnedObjectID")
    assert len(calls.done(find_lead({}, after=last)).parts("Lead")) == 5


def test_a_page_shows_only_what_its_caller_may_see(calls: Calls, prospect: str) -> None:
    mine = calls.done(create_lead(), caller=ACME).one("Lead/ID")
    fields = lead_fields(prospect=known_prospect(prospect), given_to=ACME.party_id)
    given = calls.done(create_lead(fields)).one("Lead/ID")
    hidden = next(iter(named(calls, prospect, "Hidden")))
    assert calls.done(find_lead({}), caller=ACME).all("Lead/ID") == [mine, given]
    assert calls.done(find_lead({}), caller=DESK).all("Lead/ID") == [mine, given, hidden]
    page = calls.done(find_lead({}, most=2), caller=ACME)
    assert page.one("ProcessingConditions/MoreHitsAvailableIndicator") == "false"


# --------------------------------------------------------------------------------------------------------------- read


def test_leads_are_read_by_id_uuid_and_external_key_each_once_in_order(calls: Calls) -> None:
    answers = [
        calls.done(create_lead(lead_fields(key=("SYSTEM", f"L-{n}"), prospect=new_prospect(person()))))
        for n in range(3)
    ]
    ids = [answer.one("Lead/ID") for answer in answers]
    request = read_lead(
        ids[2], uuids=[answers[0].one("Lead/UUID").upper(), answers[2].one("Lead/UUID")], keys=[("SYSTEM", "L-1")]
    )
    assert calls.done(request).all("Lead/ID") == [ids[2], ids[0], ids[1]]


def test_reading_leads_that_are_partly_unknown_answers_the_others_and_says_which(calls: Calls) -> None:
    lead_id = calls.done(create_lead()).one("Lead/ID")
    answer = calls.send(read_lead("9999999999", lead_id, uuids=[new_uuid()], keys=[("SYSTEM", "L-1")]))
    assert answer.result == "4"
    assert answer.all("Lead/ID") == [lead_id]
    places = [item.one("ReferenceMessageElementName") for item in answer.log_items("LEAD.UNKNOWN")]
    assert places == [f"/lbl:LeadByIDQuery_sync/lbl:LeadSelectionByID[{n}]" for n in (1, 3, 4)]


def test_reading_nothing_but_unknown_leads_fails(calls: Calls) -> None:
    answer = calls.send(read_lead("9999999999"))
    assert (answer.result, answer.log, answer.all("Lead/ID")) == ("5", ["LEAD.UNKNOWN"], [])


def test_what_another_may_not_see_is_answered_like_what_is_not_there(calls: Calls) -> None:
    lead_id = calls.done(create_lead()).one("Lead/ID")
    hidden = calls.send(read_lead(lead_id), caller=ACME)
    missing = calls.send(read_lead("9999999999"), caller=ACME)
    assert hidden.log == missing.log
    assert hidden.all("Log/Item/Note") == missing.all("Log/Item/Note")
    assert hidden.result == missing.result == "5"
