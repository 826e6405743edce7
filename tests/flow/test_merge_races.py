"""Merges that race with leads about what they merge, in two gateways over one database: nothing is lost or doubled."""

from collections.abc import Callable

from sqlalchemy import func, select

from leadbridge.store import tables
from leadbridge.store.database import Database
from tests.support.calls import Answered, Calls, at_once, column, row_counts
from tests.support.messages_by_hand import (
    Xml,
    change_lead,
    contact,
    create_business_partner,
    create_lead,
    item,
    known_prospect,
    lead_fields,
    merge_business_partner,
    new_prospect,
    new_uuid,
    note,
    person,
)

PARTNERS = 9
WRITERS = 12
ROUNDS = 12


def known(number: int) -> Xml:
    """One of the business partners, as a new one would be sent; each is known by something of its own."""
    return person("Anna", "Beispiel", emails=[f"a{number}@example.org"], key=("SYSTEM", f"P-{number}"))


def made(calls: Calls) -> list[Answered]:
    return [
        calls.done(create_business_partner(known(number), duplicates="CREATE")).parts("BusinessPartner")[0]
        for number in range(PARTNERS)
    ]


def ways(partner: Answered, number: int) -> list[Xml]:
    """Every way in which a lead's prospect is named."""
    return [
        known_prospect(partner.one("InternalID")),
        known_prospect(uuid=partner.one("UUID")),
        known_prospect(key=("SYSTEM", f"P-{number}")),
        new_prospect(known(number)),
        new_prospect(person("Anna", "Beispiel", emails=[f"a{number}@example.org"])),
    ]


def left_behind(database: Database) -> tuple[int, int]:
    """How many leads, and how many contacts of leads, point to a business partner that was merged."""
    partner, lead, contact_ = tables.business_partner, tables.lead, tables.lead_contact
    merged = select(partner.c.internal_id).where(partner.c.merged_into_internal_id.is_not(None))
    with database.read() as tx:
        leads = select(func.count()).where(lead.c.prospect_internal_id.in_(merged))
        contacts = select(func.count()).where(contact_.c.internal_id.in_(merged))
        return tx.connection.execute(leads).scalar_one(), tx.connection.execute(contacts).scalar_one()


def merging(gateways: tuple[Calls, Calls], partners: list[Answered]) -> list[Callable[[], None]]:
    """Two chains of merges that end in the first business partner, each in one of the gateways."""
    ids = [one.one("InternalID") for one in partners]

    def merge(gateway: Calls, master: str, *others: str) -> None:
        answer = gateway.send(merge_business_partner(master, *others, uuid=new_uuid()))
        assert answer.result == "3", answer.log

    def one_way() -> None:
        merge(gateways[0], ids[2], ids[1])
        merge(gateways[0], ids[3], ids[2], ids[4])
        merge(gateways[0], ids[0], ids[3])

    def other_way() -> None:
        merge(gateways[1], ids[5], ids[6])
        merge(gateways[1], ids[5], ids[7], ids[8])
        merge(gateways[1], ids[0], ids[5])

    return [one_way, other_way]


def test_leads_created_while_their_business_partners_are_merged_are_the_masters(
    two_gateways: tuple[Calls, Calls],
) -> None:
    partners = made(two_gateways[0])
    merges = merging(two_gateways, partners)

    def act(place: int) -> list[str]:
        if place < len(merges):
            merges[place]()
            return []
        written = []
        for step in range(ROUNDS):
            number = (place + step) % PARTNERS
            prospect = ways(partners[number], number)[(place + step) % 5]
            others = [contact(partners[(number + 1) % PARTNERS].one("InternalID"))]
            fields = lead_fields(
                name=f"Lead {place} in {step}", status="3", prospect=prospect, contacts=others, items=[item(f"P{step}")]
            )
            written.append(two_gateways[step % 2].done(create_lead(fields, uuid=new_uuid())).one("Lead/ID"))
        return written

    written = [lead_id for ids in at_once(WRITERS + len(merges), act) for lead_id in ids]
    assert len(set(written)) == WRITERS * ROUNDS
    database = two_gateways[0].database
    rows = row_counts(database)
    assert (rows["lead"], rows["message"], rows["lead_contact"]) == (len(written),) * 3
    assert rows["business_partner"] == PARTNERS
    assert left_behind(database) == (0, 0)
    assert set(column(database, "lead", "prospect_internal_id")) == {partners[0].one("InternalID")}


def test_changes_made_while_the_business_partners_are_merged_are_all_there(two_gateways: tuple[Calls, Calls]) -> None:
    partners = made(two_gateways[0])
    ids = [one.one("InternalID") for one in partners]
    leads = [
        two_gateways[0]
        .done(create_lead(lead_fields(name=f"Lead {number}", prospect=known_prospect(ids[number % PARTNERS]))))
        .one("Lead/ID")
        for number in range(WRITERS)
    ]
    merges = merging(two_gateways, partners)

    def act(place: int) -> int:
        if place < len(merges):
            merges[place]()
            return 0
        for step in range(ROUNDS):
            number = (place * 5 + step) % PARTNERS
            fields = lead_fields(
                name=None,
                prospect=ways(partners[number], number)[step % 5] if step % 3 else None,
                contacts=[contact(ids[(place + step) % PARTNERS])],
                notes=[note(f"{place}/{step}", action="01")],
            )
            request = change_lead(leads[place - len(merges) - step % 2], fields, uuid=new_uuid())
            two_gateways[step % 2].done(request)
        return ROUNDS

    done = sum(at_once(WRITERS + len(merges), act))
    database = two_gateways[0].database
    assert left_behind(database) == (0, 0)
    assert len(set(column(database, "lead_note", "text"))) == done == WRITERS * ROUNDS
    assert set(column(database, "lead", "prospect_internal_id")) == {ids[0]}


def test_merges_that_cross_do_not_wait_for_each_other_in_a_ring(two_gateways: tuple[Calls, Calls]) -> None:
    ids = [one.one("InternalID") for one in made(two_gateways[0])][:2]
    requests = [merge_business_partner(*ids, uuid=new_uuid()), merge_business_partner(*reversed(ids), uuid=new_uuid())]
    answers = at_once(8, lambda n: two_gateways[n % 2].send(requests[n % 2]))
    assert sorted({answer.result for answer in answers}) == ["3", "5"]
    merged = column(two_gateways[0].database, "business_partner", "merged_into_internal_id")
    assert sorted(one is None for one in merged[:2]) == [False, True]
