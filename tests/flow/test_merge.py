"""MergeBusinessPartner: what the master becomes, what old names mean afterwards, and what cannot become one."""

import pytest

from leadbridge.operations.call import IdempotencyConflict
from leadbridge.store import journal
from tests.support.calls import ACME, DESK, Answered, Calls, column
from tests.support.commands import command
from tests.support.feed import known
from tests.support.feed import partner as partner_caller
from tests.support.messages_by_hand import (
    Xml,
    change_lead,
    check_lead,
    contact,
    create_business_partner,
    create_lead,
    find_business_partner,
    find_lead,
    known_prospect,
    lead_fields,
    merge_business_partner,
    new_prospect,
    new_uuid,
    organisation,
    partner_named,
    person,
    read_business_partner,
    read_lead,
    selection,
)

UNKNOWN = "9999999999"
MASTER = "/lbp:BusinessPartnerMergeRequest_sync/lbp:MasterBusinessPartner"
LEAD = "/lbl:LeadChangeRequest_sync/lbl:Lead"
MERGED = "/lbp:BusinessPartnerMergeRequest_sync/lbp:MergedBusinessPartner"


def created(calls: Calls, partner: Xml | None = None, **more: object) -> str:
    """The InternalID of a new business partner."""
    caller = more.pop("caller", DESK)
    request = create_business_partner(partner or person(), duplicates="CREATE", **more)  # type: ignore[arg-type]  # passed on
    return calls.done(request, caller=caller).one("BusinessPartner/InternalID")  # type: ignore[arg-type]  # passed on


def with_lead(calls: Calls, prospect: str, **fields: object) -> str:
    """The ID of a new lead about a business partner."""
    sent = lead_fields(prospect=known_prospect(prospect), **fields)  # type: ignore[arg-type]  # passed on
    return calls.done(create_lead(sent)).one("Lead/ID")


def partner(calls: Calls, internal_id: str) -> Answered:
    (found,) = calls.done(read_business_partner(internal_id)).parts("BusinessPartner")
    return found


def lead(calls: Calls, lead_id: str) -> Answered:
    (found,) = calls.done(read_lead(lead_id)).parts("Lead")
    return found


# ------------------------------------------------------------------------------------------------ what a master becomes


def test_leads_move_and_the_answer_counts_them(calls: Calls) -> None:
    master, first, second = (created(calls) for _ in range(3))
    own = with_lead(calls, master)
    moved = [with_lead(calls, first, name="One"), with_lead(calls, first, name="Two"), with_lead(calls, second)]
    states = [lead(calls, one).one("ChangeStateID") for one in (own, *moved)]
    before = partner(calls, master).one("ChangeStateID")
    answer = calls.done(merge_business_partner(master, second, first))
    assert answer.log == ["BUSINESSPARTNER.MERGED"]
    assert answer.one("BusinessPartner/InternalID") == master
    assert answer.all("MergedBusinessPartnerInternalID") == [second, first]
    assert answer.one("MovedLeadNumberValue") == "3"
    for one in (own, *moved):
        assert lead(calls, one).one("ProspectParty/BusinessPartnerInternalID") == master
    now = [lead(calls, one).one("ChangeStateID") for one in (own, *moved)]
    assert [old == new for old, new in zip(states, now, strict=True)] == [True, False, False, False]
    read = partner(calls, master)
    assert read.one("ChangeStateID") == answer.one("BusinessPartner/ChangeStateID") != before
    assert read.all("MergedBusinessPartner/InternalID") == [first, second]
    assert read.all("MergedBusinessPartner/MergePartyID") == ["desk", "desk"]


def test_blanks_are_filled_and_lists_united_in_the_order_of_the_others(calls: Calls) -> None:
    master = created(calls, person("Anna", "Beispiel", emails=["a@example.org"], identifications=[("PASS", "1")]))
    first = created(
        calls,
        person(
            "Ann",
            "Other",
            emails=["A@EXAMPLE.ORG", "b@example.org"],
            mobiles=["0171 1234567"],
            identifications=[("PASS", "1"), ("TAX", "1")],
            roles=["CUSTOMER", "PROSPECT"],
            contact_allowed="1",
        ),
    )
    second = created(calls, person("Anne", "Third", mobiles=["+49 171 1234567"], contact_allowed="3"))
    calls.done(merge_business_partner(master, first, second))
    found = partner(calls, master)
    assert (found.one("Person/GivenName"), found.one("Person/FamilyName")) == ("Anna", "Beispiel")
    assert found.all("Communication/EmailURI") == ["a@example.org", "b@example.org"]
    assert found.all("Communication/MobileNumber") == ["0171 1234567"]
    assert found.all("Identification/PartyIdentifierTypeCode") == ["PASS", "TAX"]
    assert found.all("RoleCode") == ["PROSPECT", "CUSTOMER"]
    assert found.one("ContactAllowedCode") == "1"


@pytest.mark.parametrize(("masters", "others"), [("1", "2"), ("2", "1"), (None, "2"), ("3", "2")])
def test_who_forbade_to_be_contacted_is_not_contacted(calls: Calls, masters: str | None, others: str) -> None:
    master, other = created(calls, person(contact_allowed=masters)), created(calls, person(contact_allowed=others))
    calls.done(merge_business_partner(master, other))
    assert partner(calls, master).one("ContactAllowedCode") == "2"


def test_what_does_not_fit_is_named_and_still_finds_the_master(calls: Calls) -> None:
    addresses = [f"a{number}@example.org" for number in range(5)]
    master = created(calls, person(emails=addresses[:2]))
    other = created(calls, person(emails=addresses[2:]))
    answer = calls.done(merge_business_partner(master, other))
    assert answer.log == ["BUSINESSPARTNER.LIST_TOO_LONG", "BUSINESSPARTNER.MERGED"]
    assert "2 of EmailURI" in answer.all("Log/Item/Note")[0]
    assert partner(calls, master).all("Communication/EmailURI") == addresses[:3]
    for address in addresses:
        found = calls.done(find_business_partner({"EmailURI": [selection(address)]}))
        assert found.all("BusinessPartner/InternalID") == [master]
        linked = calls.done(create_business_partner(person(emails=[address]), duplicates="LINK"))
        assert linked.one("BusinessPartner/InternalID") == master


def test_a_lead_keeps_one_contact_of_those_that_became_one(calls: Calls) -> None:
    master, first, second, stranger = (created(calls) for _ in range(4))
    contacts = [contact(first, main=True), contact(stranger), contact(master), contact(second)]
    lead_id = with_lead(calls, stranger, contacts=contacts)
    other_id = with_lead(calls, first, contacts=[contact(second)])
    answer = calls.done(merge_business_partner(master, second, first))
    assert answer.one("MovedLeadNumberValue") == "1"
    assert lead(calls, lead_id).all("ContactParty/BusinessPartnerInternalID") == [master, stranger]
    assert lead(calls, lead_id).all("ContactParty/MainIndicator") == ["true"]
    assert lead(calls, other_id).all("ContactParty/BusinessPartnerInternalID") == [master]
    assert calls.done(change_lead(lead_id, contacts_of(contact(master), contact(stranger)))).log[-1] == "LEAD.UNCHANGED"


def contacts_of(*parties: Xml) -> Xml:
    return lead_fields(name=None, contacts=parties)


# ------------------------------------------------------------------------------------------------ what old names mean


def test_every_old_name_means_the_master(calls: Calls) -> None:
    master = created(calls, person(key=("SYSTEM", "M")))
    old = calls.done(create_business_partner(person("Berta", key=("SYSTEM", "O"), emails=["b@example.org"])))
    old_id, old_uuid = old.one("BusinessPartner/InternalID"), old.one("BusinessPartner/UUID")
    calls.done(merge_business_partner(master, partner_named("MergedBusinessPartner", uuid=old_uuid)))
    read = calls.done(read_business_partner(old_id, uuids=[old_uuid.upper()], keys=[("SYSTEM", "O")]))
    assert read.all("BusinessPartner/InternalID") == [master]
    ways = [known_prospect(old_id), known_prospect(uuid=old_uuid), known_prospect(key=("SYSTEM", "O"))]
    same = person("Berta", emails=["b@example.org"])  # as it was, under the name it was merged with
    for number, prospect in enumerate([*ways, new_prospect(same), new_prospect(person(key=("SYSTEM", "O")))]):
        made = calls.done(create_lead(lead_fields(name=f"Lead number {number}", prospect=prospect)))
        assert made.one("Lead/ProspectPartyInternalID") == master
        checked = calls.send(check_lead(lead_fields(name=f"Another {number}", prospect=prospect)))
        assert checked.one("Lead/ProspectPartyInternalID") == master
        changed = calls.done(change_lead(made.one("Lead/ID"), lead_fields(name="Changed", prospect=prospect)))
        assert changed.one("Lead/ProspectPartyInternalID") == master
    found = calls.done(find_lead({"ProspectPartyID": [selection(old_id)]}))
    assert len(found.all("Lead/ID")) == len(ways) + 2
    assert calls.done(find_lead({"ProspectPartyID": [selection(old_id, exclude=True)]})).all("Lead/ID") == []
    hits = calls.done(find_business_partner({}, keys=[("SYSTEM", "O")]))
    assert hits.all("BusinessPartner/InternalID") == [master]
    assert calls.done(find_business_partner({})).all("BusinessPartner/InternalID") == [master]
    taken = calls.send(create_business_partner(person(key=("SYSTEM", "O"))))
    assert taken.log == ["BUSINESSPARTNER.EXTERNAL_KEY_TAKEN"]
    assert master in taken.one("Log/Item/Note")


def test_a_contact_may_be_named_by_its_old_number(calls: Calls) -> None:
    master, old, prospect = (created(calls) for _ in range(3))
    calls.done(merge_business_partner(master, old))
    lead_id = with_lead(calls, prospect, contacts=[contact(old)])
    assert lead(calls, lead_id).all("ContactParty/BusinessPartnerInternalID") == [master]
    assert calls.done(change_lead(lead_id, contacts_of(contact(old, main=True)))).log[-1] == "LEAD.CHANGED"
    assert lead(calls, lead_id).all("ContactParty/MainIndicator") == ["true"]
    twice = lead_fields(prospect=known_prospect(prospect), contacts=[contact(old), contact(master)])
    assert calls.send(create_lead(twice)).log == ["LEAD.CONTACT_REPEATED"]
    calls.done(change_lead(lead_id, contacts_of(contact(old, action="03"))))
    assert lead(calls, lead_id).all("ContactParty/BusinessPartnerInternalID") == []


def test_one_hop_leads_to_the_last_master(calls: Calls) -> None:
    first, second, third = (created(calls) for _ in range(3))
    lead_id = with_lead(calls, first)
    calls.done(merge_business_partner(second, first))
    calls.done(merge_business_partner(third, second))
    assert column(calls.database, "business_partner", "merged_into_internal_id") == [third, third, None]
    assert partner(calls, first).one("InternalID") == third
    assert partner(calls, third).all("MergedBusinessPartner/InternalID") == [first, second]
    assert lead(calls, lead_id).one("ProspectParty/BusinessPartnerInternalID") == third


def test_everything_is_in_the_journal_without_values(calls: Calls) -> None:
    master, old = created(calls), created(calls, person("Berta", emails=["b@example.org"], contact_allowed="1"))
    lead_id = with_lead(calls, old, contacts=[contact(old)])
    calls.done(merge_business_partner(master, old))
    with calls.database.read() as tx:
        rows = [
            *journal.of(tx, "business_partner", master)[1:],
            *journal.of(tx, "business_partner", old)[1:],
            *journal.of(tx, "lead", lead_id)[1:],
        ]
    assert [(row["event"], row["operation"], row["changed_elements"]) for row in rows] == [
        ("merged", "MergeBusinessPartner", "communications contact_allowed_code"),
        ("merged", "MergeBusinessPartner", "merged_into_internal_id"),
        ("changed", "MergeBusinessPartner", "contacts prospect_internal_id"),
    ]


def test_merges_are_listed_by_a_command(calls: Calls, database_url: str) -> None:
    master, first, second = (created(calls) for _ in range(3))
    calls.done(merge_business_partner(master, first, second))
    environment = {"LEADBRIDGE_DATABASE_URL": database_url}
    done = command("businesspartner", "merges", environment=environment)
    rows = [line.split() for line in done.out.splitlines()[1:]]
    assert [(row[0], row[1], row[3]) for row in rows] == [(first, master, "desk"), (second, master, "desk")]
    further = command("businesspartner", "merges", "--after", first, "--limit", "1", environment=environment)
    assert [line.split()[0] for line in further.out.splitlines()[1:]] == [second]


def test_a_merge_sent_again_is_answered_from_memory(calls: Calls) -> None:
    master, old, other = (created(calls) for _ in range(3))
    uuid = new_uuid()
    request = merge_business_partner(master, old, uuid=uuid)
    first, again = calls.done(request), calls.done(request)
    assert (first.replayed, again.replayed) == (False, True)
    assert first.apart_from_replayed == again.apart_from_replayed
    with pytest.raises(IdempotencyConflict):
        calls.send(merge_business_partner(master, other, uuid=uuid))


# ----------------------------------------------------------------------------------------------- what cannot become one


def refused(calls: Calls, request: bytes, type_id: str, path: str, **more: object) -> None:
    """The request is refused for this reason and place, and nothing is merged."""
    answer = calls.send(request, **more)  # type: ignore[arg-type]  # passed on
    assert answer.result == "5"
    (item,) = answer.parts("Log/Item")
    assert (item.one("TypeID"), item.one("ReferenceMessageElementName")) == (type_id, path)
    assert answer.all("MovedLeadNumberValue") == []


def test_what_cannot_become_one_is_refused_with_the_field(calls: Calls) -> None:
    master, old, other = (created(calls) for _ in range(3))
    company, tests = created(calls, organisation()), created(calls, test=True)
    refused(calls, merge_business_partner(UNKNOWN, old), "BUSINESSPARTNER.UNKNOWN", MASTER)
    refused(calls, merge_business_partner(master, old, UNKNOWN), "BUSINESSPARTNER.UNKNOWN", f"{MERGED}[2]")
    refused(calls, merge_business_partner(master, old, old), "BUSINESSPARTNER.NAMED_TWICE", f"{MERGED}[2]")
    refused(calls, merge_business_partner(master, old, master), "BUSINESSPARTNER.NAMED_TWICE", f"{MERGED}[2]")
    refused(calls, merge_business_partner(master, company), "BUSINESSPARTNER.CATEGORY_MISMATCH", f"{MERGED}[1]")
    refused(calls, merge_business_partner(master, tests), "BUSINESSPARTNER.TEST_DATA_MIXED", f"{MERGED}[1]")
    refused(calls, merge_business_partner(tests, old), "BUSINESSPARTNER.TEST_DATA_MIXED", f"{MERGED}[1]")
    assert "BUSINESSPARTNER.TEST_DATA_MIXED" in calls.send(merge_business_partner(master, old, test=True)).log
    assert set(column(calls.database, "business_partner", "merged_into_internal_id")) == {None}
    calls.done(merge_business_partner(master, old))
    refused(calls, merge_business_partner(other, old), "BUSINESSPARTNER.MERGED_ALREADY", f"{MERGED}[1]")
    refused(calls, merge_business_partner(old, other), "BUSINESSPARTNER.MERGED_ALREADY", MASTER)
    refused(calls, merge_business_partner(master, old), "BUSINESSPARTNER.MERGED_ALREADY", f"{MERGED}[1]")


def test_test_data_is_merged_with_test_data(calls: Calls) -> None:
    assert calls.done(merge_business_partner(created(calls, test=True), created(calls, test=True), test=True)).log == [
        "BUSINESSPARTNER.MERGED"
    ]


def test_a_partner_merges_only_what_it_created(calls: Calls) -> None:
    own, own_too, given = created(calls, caller=ACME), created(calls, caller=ACME), created(calls)
    hidden = created(calls)
    with_lead(calls, given, given_to="ACME")
    refused(calls, merge_business_partner(own, hidden), "BUSINESSPARTNER.UNKNOWN", f"{MERGED}[1]", caller=ACME)
    refused(calls, merge_business_partner(given, own), "BUSINESSPARTNER.MERGE_NOT_ALLOWED", MASTER, caller=ACME)
    assert calls.done(merge_business_partner(own, own_too), caller=ACME).log == ["BUSINESSPARTNER.MERGED"]


def test_a_partner_still_refers_to_what_became_somebody_elses_and_does_not_read_it(calls: Calls) -> None:
    secret = created(calls, person(emails=["secret@example.org"]))
    own = created(calls, person("Anna", "Beispiel", emails=["anna@example.org"], key=("ACME", "1")), caller=ACME)
    calls.done(merge_business_partner(secret, own))
    assert calls.send(read_business_partner(own), caller=ACME).log == ["BUSINESSPARTNER.UNKNOWN"]
    assert calls.done(find_business_partner({}), caller=ACME).all("BusinessPartner/InternalID") == []
    for prospect in (known_prospect(key=("ACME", "1")), new_prospect(person(emails=["anna@example.org"]))):
        name = "By key" if "RemoteObjectID" in prospect else "Recognised"
        made = calls.done(create_lead(lead_fields(name=name, prospect=prospect)), caller=ACME)
        assert made.one("Lead/ProspectPartyInternalID") == secret


def test_a_partner_gives_itself_no_lead_to_read_what_its_own_became(calls: Calls) -> None:
    second = partner_caller("acme-2", party="ACME")
    known(calls.database, ACME, second)
    secret = created(calls, person(emails=["secret@example.org"]))
    own = created(calls, caller=ACME)
    calls.done(merge_business_partner(secret, own))
    calls.done(create_lead(lead_fields(prospect=known_prospect(own), given_to="ACME")), caller=ACME)
    for caller in (ACME, second):
        assert calls.send(read_business_partner(own, secret), caller=caller).parts("BusinessPartner") == []
        assert calls.done(find_business_partner({}), caller=caller).all("BusinessPartner/InternalID") == []
    with_lead(calls, secret, given_to="ACME", name="Another")
    assert calls.done(read_business_partner(own), caller=ACME).one("BusinessPartner/InternalID") == secret


def test_a_partner_opens_no_business_partner_to_itself_by_a_lead_that_it_was_given(calls: Calls) -> None:
    secret, other = created(calls, person(emails=["secret@example.org"])), created(calls)
    own = created(calls, person(emails=["own@example.org"]), caller=ACME)
    calls.done(merge_business_partner(secret, own))
    given = with_lead(calls, other, given_to="ACME")
    contact_path = "/lbl:ContactParty[1]/lbl:BusinessPartnerInternalID"
    for fields, path in (
        (lead_fields(name=None, prospect=known_prospect(own)), "/lbl:ProspectParty"),
        (lead_fields(name=None, prospect=new_prospect(person(emails=["own@example.org"]))), "/lbl:ProspectParty"),
        (lead_fields(name=None, contacts=[contact(own)]), contact_path),
    ):
        answer = calls.send(change_lead(given, fields), caller=ACME)
        (item,) = answer.log_items("BUSINESSPARTNER.UNKNOWN")
        assert (answer.result, item.one("ReferenceMessageElementName")) == ("5", f"{LEAD}{path}")
    assert calls.send(read_business_partner(secret), caller=ACME).parts("BusinessPartner") == []
    mine = created(calls, caller=ACME)
    calls.done(change_lead(given, lead_fields(name=None, contacts=[contact(mine)])), caller=ACME)
    calls.done(change_lead(given, lead_fields(name=None, prospect=new_prospect(person("New")))), caller=ACME)
