"""Calls that race each other, in one gateway and in two over one database: nothing doubled, nothing lost."""

from collections import Counter

import pytest

from tests.support.calls import ACME, DESK, Answered, Calls, at_once, column, row_counts
from tests.support.messages_by_hand import (
    change_lead,
    create_business_partner,
    create_lead,
    item,
    lead_fields,
    new_prospect,
    new_uuid,
    note,
    person,
    read_lead,
)

THREADS = 32


def about(**reach: object) -> bytes:
    """A new lead about one and the same new person, known by what is given."""
    return create_lead(
        lead_fields(status="3", prospect=new_prospect(person("Anna", "Beispiel", **reach))),  # type: ignore[arg-type]  # passed on
        uuid=new_uuid(),
        duplicates="CREATE",
    )


# ------------------------------------------------------------------------------------------- the same business partner


@pytest.mark.parametrize(
    "reach",
    [
        {"emails": ["anna@example.org"]},
        {"phones": ["+49 30 901820"]},
        {"identifications": [("PASS", "C01X00T47")]},
        {"emails": ["anna@example.org"], "phones": ["+49 30 901820"], "mobiles": ["+49 171 1234567"]},
    ],
    ids=["by e-mail", "by phone", "by identification", "by everything"],
)
def test_leads_about_one_new_business_partner_create_it_once(
    two_gateways: tuple[Calls, Calls], reach: dict[str, object]
) -> None:
    answers = at_once(THREADS, lambda n: two_gateways[n % 2].done(about(**reach)))
    assert len({answer.one("Lead/ProspectPartyInternalID") for answer in answers}) == 1
    assert len({answer.one("Lead/ID") for answer in answers}) == THREADS
    rows = row_counts(two_gateways[0].database)
    assert (rows["business_partner"], rows["lead"], rows["message"]) == (1, THREADS, THREADS)
    told = Counter(code for answer in answers for code in answer.log)
    assert told == {
        "LEAD.CREATED": THREADS,
        "LEAD.DUPLICATE": THREADS - 1,
        "BUSINESSPARTNER.CREATED": 1,
        "BUSINESSPARTNER.LINKED": THREADS - 1,
    }


def test_partners_that_overlap_crosswise_never_wait_for_each_other_in_a_ring(
    two_gateways: tuple[Calls, Calls],
) -> None:
    """Each names two of four addresses, in every order: a lock order that depends on the message would deadlock."""
    pairs = [(one, other) for one in range(4) for other in range(4) if one != other]

    def send(number: int) -> Answered:
        emails = [f"anna{place}@example.org" for place in pairs[number % len(pairs)]]
        return two_gateways[number % 2].done(about(emails=emails))

    answers = at_once(36, send)
    assert len({answer.one("Lead/ID") for answer in answers}) == 36
    assert row_counts(two_gateways[0].database)["business_partner"] <= 4


def test_of_the_same_new_business_partner_created_at_once_one_is_created_and_the_others_are_refused(
    two_gateways: tuple[Calls, Calls],
) -> None:
    request = [create_business_partner(person(emails=["anna@example.org"]), uuid=new_uuid()) for _ in range(THREADS)]
    answers = at_once(THREADS, lambda n: two_gateways[n % 2].send(request[n]))
    assert Counter(answer.result for answer in answers) == {"3": 1, "5": THREADS - 1}
    created = next(answer.one("BusinessPartner/InternalID") for answer in answers if answer.result == "3")
    for answer in answers:
        if answer.result == "5":
            assert answer.log == ["BUSINESSPARTNER.DUPLICATE"]
            assert created in answer.one("Log/Item/Note")
    assert row_counts(two_gateways[0].database)["business_partner"] == 1


def test_an_external_key_is_given_once_to_each_caller(two_gateways: tuple[Calls, Calls]) -> None:
    request = create_lead(lead_fields(key=("SYSTEM", "L-1"), prospect=new_prospect(person())))
    answers = at_once(THREADS, lambda n: two_gateways[n % 2].send(request, caller=(DESK, ACME)[n // 2 % 2]))
    assert Counter(answer.result for answer in answers) == {"3": 2, "5": THREADS - 2}
    assert {code for answer in answers if answer.result == "5" for code in answer.log} == {"LEAD.EXTERNAL_KEY_TAKEN"}
    assert sorted(column(two_gateways[0].database, "lead", "created_by"), key=str) == ["acme", "desk"]


# --------------------------------------------------------------------------------------------------- the same lead


def test_of_changes_with_the_same_change_state_one_wins_and_the_others_conflict(
    two_gateways: tuple[Calls, Calls],
) -> None:
    lead = two_gateways[0].done(create_lead())
    lead_id, state = lead.one("Lead/ID"), lead.one("Lead/ChangeStateID")
    requests = [change_lead(lead_id, lead_fields(name=f"Name {n}"), state=state) for n in range(THREADS)]
    answers = at_once(THREADS, lambda n: two_gateways[n % 2].send(requests[n]))
    assert Counter(answer.result for answer in answers) == {"3": 1, "5": THREADS - 1}
    lost = {code for answer in answers if answer.result == "5" for code in answer.log}
    assert lost == {"LEAD.CHANGE_STATE_CONFLICT"}
    winner = next(number for number, answer in enumerate(answers) if answer.result == "3")
    (now,) = two_gateways[1].done(read_lead(lead_id)).parts("Lead")
    assert now.one("Name") == f"Name {winner}"
    assert now.one("ChangeStateID") == answers[winner].one("Lead/ChangeStateID") != state


def test_changes_without_a_change_state_are_all_made_one_after_the_other(two_gateways: tuple[Calls, Calls]) -> None:
    lead_id = two_gateways[0].done(create_lead()).one("Lead/ID")

    def send(number: int) -> Answered:
        fields = lead_fields(
            name=None, items=[item(f"P-{number}", action="01")], notes=[note(f"Note {number}", action="01")]
        )
        return two_gateways[number % 2].done(change_lead(lead_id, fields))

    answers = at_once(THREADS, send)
    assert len({answer.one("Lead/ChangeStateID") for answer in answers}) == THREADS
    (now,) = two_gateways[0].done(read_lead(lead_id)).parts("Lead")
    assert sorted(now.all("Item/ProductID")) == sorted(f"P-{number}" for number in range(THREADS))
    assert sorted(now.all("Item/ID"), key=int) == [str(10 * number) for number in range(1, THREADS + 1)]
    assert sorted(now.all("Note")) == sorted(f"Note {number}" for number in range(THREADS))
    assert now.one("ChangeStateID") in {answer.one("Lead/ChangeStateID") for answer in answers}


def test_a_lead_qualified_by_many_at_once_is_forwarded_once(two_gateways: tuple[Calls, Calls]) -> None:
    lead_id = two_gateways[0].done(create_lead()).one("Lead/ID")
    answers = at_once(
        THREADS, lambda n: two_gateways[n % 2].done(change_lead(lead_id, lead_fields(name=None, status="3")))
    )
    told = Counter(code for answer in answers for code in answer.log)
    assert (told["LEAD.CHANGED"], told["LEAD.UNCHANGED"]) == (1, THREADS - 1)
    assert row_counts(two_gateways[0].database)["message"] == 1


def test_closing_and_reopening_at_once_leaves_a_history_without_a_forbidden_move(
    two_gateways: tuple[Calls, Calls],
) -> None:
    lead_id = two_gateways[0].done(create_lead()).one("Lead/ID")
    wanted = ["2", "3", "5", "1", "7"]
    at_once(
        30,
        lambda n: two_gateways[n % 2].send(change_lead(lead_id, lead_fields(name=None, status=wanted[n % 5]))),
    )
    (now,) = two_gateways[0].done(read_lead(lead_id, history="1")).parts("Lead")
    new = now.all("StatusHistory/Item/LifeCycleStatusCode")
    old = now.all("StatusHistory/Item/OldLifeCycleStatusCode")
    assert new[:-1] == old  # each move starts where the one before ended
    allowed = {"12", "13", "15", "17", "21", "23", "25", "27", "32", "35", "37", "51"}
    assert {a + b for a, b in zip(old, new[1:], strict=True)} <= allowed
    assert now.one("LifeCycleStatusCode") == new[-1]


def test_operations_of_every_kind_at_once_all_get_their_answer(two_gateways: tuple[Calls, Calls]) -> None:
    """One group of a lane holds several operations: their locks must not be taken against each other for ever."""
    lead_ids = [two_gateways[0].done(create_lead()).one("Lead/ID") for _ in range(3)]

    def send(number: int) -> Answered:
        gateway = two_gateways[number % 2]
        match number % 4:
            case 0:
                return gateway.done(about(emails=[f"anna{number % 3}@example.org"]))
            case 1:
                partner = person(emails=[f"anna{number % 3}@example.org"])
                return gateway.done(create_business_partner(partner, duplicates="LINK"))
            case 2:
                partner = person(emails=[f"anna{number % 3}@example.org"])
                return gateway.done(
                    change_lead(lead_ids[number % 3], lead_fields(prospect=new_prospect(partner)), uuid=new_uuid())
                )
            case _:
                return gateway.done(read_lead(*lead_ids))

    answers = at_once(40, send)
    assert len(answers) == 40
    rows = row_counts(two_gateways[0].database)
    # Three without anything to be known by, made with the leads at the start, and one for each address.
    assert rows["business_partner"] == 3 + 3
    assert rows["lead"] == 3 + 10
