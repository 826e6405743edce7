"""Who gets a lead that names nobody: rules applied when leads are created, one by one, in batches and in bulk files."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from leadbridge.assignment import AssignmentRule, AssignmentRules, Candidate, Conditions, Day, Outcome, Range
from leadbridge.operations.call import Policy
from leadbridge.scoring import PossibleAnswer, QualificationLevel, Question, Questionnaire, Threshold
from leadbridge.store import journal
from leadbridge.store.database import Database
from tests.support.calls import ACME, DESK, Answered, Calls, column, row_counts
from tests.support.messages_by_hand import (
    Xml,
    change_lead,
    check_lead,
    create_business_partner,
    create_lead,
    element,
    item,
    joined,
    known_prospect,
    lead_fields,
    new_prospect,
    new_uuid,
    person,
    questionnaire_answer,
    read_lead,
)

OWNER, PARTNER = Outcome
MONDAY, SUNDAY = datetime(2026, 3, 2, 12, tzinfo=UTC), datetime(2026, 3, 1, 12, tzinfo=UTC)

Opened = Callable[..., Calls]


@pytest.fixture
def opened(database: Database) -> Iterator[Opened]:
    """Opens a gateway whose site has these rules."""
    made: list[Calls] = []

    def open_with(*rules: AssignmentRule, questionnaire: Questionnaire | None = None) -> Calls:
        made.append(Calls(database, Policy(assignment_rules=AssignmentRules(rules), questionnaire=questionnaire)))
        return made[-1]

    yield open_with
    for one in made:
        one.stop()


def rule(name: str, *partners: Candidate, owner: str | None = None, **asked: object) -> AssignmentRule:
    candidates = {PARTNER: partners, OWNER: (Candidate(owner),) if owner else ()}
    return AssignmentRule(name, Conditions(**asked), {key: value for key, value in candidates.items() if value})  # type: ignore[arg-type]  # by name


def created(calls: Calls, *, now: datetime = MONDAY, **fields: object) -> Answered:
    """The answer to a new lead of which these fields are named."""
    given: dict[str, object] = {"prospect": new_prospect(person()), **fields}
    answer = calls.send(create_lead(lead_fields(**given), uuid=new_uuid()), now=now)  # type: ignore[arg-type]  # by name
    assert answer.result == "3", answer.all("Log/Item/Note")
    return answer


def parties(calls: Calls, answer: Answered) -> tuple[list[str], list[str]]:
    """Owner and partner of the lead that was created."""
    (lead,) = calls.done(read_lead(answer.one("Lead/ID"))).parts("Lead")
    return lead.all("SalesResponsibleParty/PartyID"), lead.all("SalesPartnerParty/PartyID")


def at_home(country: str, region: str, language: str) -> Xml:
    """A new prospect with an address and a language."""
    address = element("lbc:Address", element("lbc:CountryCode", country), element("lbc:RegionCode", region))
    reach = element("lbc:Communication", element("lbc:CorrespondenceLanguageCode", language))
    return joined([person(), address, reach])


# ------------------------------------------------------------------------------------------------------------ create


def test_without_rules_a_lead_stays_with_nobody(opened: Opened) -> None:
    calls = opened()
    answer = created(calls)
    assert answer.log == ["LEAD.CREATED", "BUSINESSPARTNER.CREATED"]
    assert parties(calls, answer) == ([], [])


def test_the_rule_that_decided_is_in_the_log_and_by_name_in_the_journal(opened: Opened) -> None:
    calls = opened(rule("cards", Candidate("ACME"), products=("CARD*",)), rule("rest", owner="RM-1"))
    answer = created(calls, items=[item("LOAN"), item("CARD-GOLD")])
    assert parties(calls, answer) == (["RM-1"], ["ACME"])
    owner, partner = answer.log_items("LEAD.ASSIGNED")
    assert owner.one("Note") == "SalesResponsibleParty is RM-1 by rule rest: the one candidate with room."
    assert partner.one("Note") == "SalesPartnerParty is ACME by rule cards: the one candidate with room."
    assert partner.one("ReferenceMessageElementName") == "/lbl:LeadCreateRequest_sync/lbl:Lead/lbl:SalesPartnerParty"
    with calls.database.read() as tx:
        rows = journal.of(tx, "lead", answer.one("Lead/ID"))
    assert [(row["event"], row["changed_elements"]) for row in rows] == [
        ("created", None),
        ("assigned", "sales_responsible_party_id rule:rest"),
        ("assigned", "sales_partner_party_id rule:cards"),
    ]
    history = calls.done(read_lead(answer.one("Lead/ID"), history="1"))
    assert history.all("Lead/StatusHistory/Item/LifeCycleStatusCode") == ["1"]


def test_a_party_that_is_named_is_never_overruled(opened: Opened) -> None:
    calls = opened(rule("all", Candidate("ACME"), owner="RM-1"))
    assert parties(calls, created(calls, responsible="RM-9")) == (["RM-9"], ["ACME"])
    assert parties(calls, created(calls, given_to="BETA")) == (["RM-1"], ["BETA"])
    both = created(calls, responsible="RM-9", given_to="BETA")
    assert parties(calls, both) == (["RM-9"], ["BETA"])
    assert both.log_items("LEAD.ASSIGNED") == []


def test_a_lead_that_is_assigned_is_seen_by_its_new_partner_and_still_by_its_creator(opened: Opened) -> None:
    calls = opened(rule("all", Candidate("ACME")))
    by_partner = calls.send(create_lead(uuid=new_uuid()), caller=ACME)
    by_desk = created(calls)
    for answer in (by_partner, by_desk):
        assert calls.send(read_lead(answer.one("Lead/ID")), caller=ACME).result == "3"
        assert calls.send(read_lead(answer.one("Lead/ID")), caller=DESK).result == "3"


def test_the_owner_that_a_rule_gives_a_qualified_lead_is_told_to_the_core_crm(opened: Opened) -> None:
    calls = opened(rule("all", owner="RM-1"))
    created(calls, status="3")
    (payload,) = column(calls.database, "message", "payload")
    assert b">RM-1<" in payload  # type: ignore[operator]  # bytes


@pytest.mark.parametrize("known", [False, True], ids=["new prospect", "known prospect"])
def test_region_and_language_are_the_prospects(opened: Opened, known: bool) -> None:
    calls = opened(
        rule("california", Candidate("CAL"), regions=frozenset({"US-CA"})),
        rule("america", Candidate("USA"), regions=frozenset({"US"}), languages=frozenset({"es"})),
        rule("german", owner="RM-DE", languages=frozenset({"de"})),
    )
    found = []
    for where in (("US", "CA", "en"), ("US", "NY", "es-MX"), ("US", "NY", "en"), ("AT", "9", "de-AT")):
        prospect = new_prospect(at_home(*where))
        if known:
            partner = calls.done(create_business_partner(at_home(*where), uuid=new_uuid()))
            prospect = known_prospect(partner.one("BusinessPartner/InternalID"))
        found.append(parties(calls, created(calls, prospect=prospect)))
    assert found == [([], ["CAL"]), ([], ["USA"]), ([], []), (["RM-DE"], [])]


def test_a_score_that_is_computed_with_the_lead_counts(opened: Opened) -> None:
    asked = Questionnaire(
        "T",
        "1",
        (Question("NEED", "Need?", (PossibleAnswer("HIGH", "High", 50), PossibleAnswer("LOW", "Low", 49))),),
        (Threshold(QualificationLevel.WARM, None, None),),
    )
    calls = opened(rule("good", Candidate("ACME"), score=Range(lowest=50)), questionnaire=asked)  # type: ignore[arg-type]  # an int will do
    assert parties(calls, created(calls, answers=[questionnaire_answer("NEED", "HIGH")])) == ([], ["ACME"])
    assert parties(calls, created(calls, answers=[questionnaire_answer("NEED", "LOW")])) == ([], [])
    assert parties(calls, created(calls)) == ([], [])


def test_leads_go_round_by_weight_and_a_closed_one_makes_room(opened: Opened) -> None:
    calls = opened(rule("all", Candidate("ACME", weight=2, capacity=4), Candidate("BETA", capacity=1)))
    answers = [created(calls) for _ in range(6)]
    assert [parties(calls, one)[1] for one in answers] == [["ACME"], ["BETA"], ["ACME"], ["ACME"], ["ACME"], []]
    (said,) = answers[5].log_items("LEAD.NOT_ASSIGNED")
    assert said.one("Note") == "No SalesPartnerParty: rule all applies, but none of its candidates has room today."
    calls.done(change_lead(answers[1].one("Lead/ID"), lead_fields(name=None, status="7")))
    assert parties(calls, created(calls)) == ([], ["BETA"])


def test_test_data_is_assigned_and_takes_no_room(opened: Opened) -> None:
    calls = opened(rule("all", Candidate("ACME", capacity=1)))
    for _ in range(2):
        test = calls.send(create_lead(uuid=new_uuid(), test=True), now=MONDAY)
        assert parties(calls, test) == ([], ["ACME"])
    assert parties(calls, created(calls)) == ([], ["ACME"])
    assert parties(calls, created(calls)) == ([], [])


def test_leads_that_name_a_candidate_take_its_room(opened: Opened) -> None:
    calls = opened(rule("all", Candidate("ACME", capacity=1), Candidate("BETA", capacity=1)))
    created(calls, given_to="ACME")
    created(calls, given_to="ACME")  # more than the rules would give it
    assert parties(calls, created(calls)) == ([], ["BETA"])


def test_who_does_not_work_today_is_passed_over_and_the_next_rule_tried(opened: Opened) -> None:
    workdays = frozenset(set(Day) - {Day.SAT, Day.SUN})
    calls = opened(rule("week", Candidate("ACME", days=workdays)), rule("weekend", Candidate("BETA")))
    assert parties(calls, created(calls, now=MONDAY)) == ([], ["ACME"])
    assert parties(calls, created(calls, now=SUNDAY)) == ([], ["BETA"])


def test_a_check_says_who_would_get_the_lead_and_writes_nothing(opened: Opened) -> None:
    calls = opened(rule("all", Candidate("ACME", capacity=1), regions=frozenset({"US"})))
    fields = lead_fields(prospect=new_prospect(at_home("US", "CA", "en")))
    for _ in range(2):
        assert calls.send(check_lead(fields)).log == ["LEAD.ASSIGNED", "LEAD.WOULD_BE_CREATED"]
    assert row_counts(calls.database)["lead"] == 0


def test_a_lead_sent_again_is_not_assigned_again(opened: Opened) -> None:
    calls = opened(rule("all", Candidate("ACME"), Candidate("BETA")))
    request = create_lead(uuid=new_uuid())
    first, again = calls.send(request), calls.send(request)
    assert again.replayed
    assert again.apart_from_replayed == first.apart_from_replayed
    assert parties(calls, created(calls)) == ([], ["BETA"])
