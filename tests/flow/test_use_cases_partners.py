"""Business partners: created, recognised again, and found or created inside CreateLead; and what CheckLead says."""

from collections.abc import Callable

import pytest

from leadbridge.operations.call import Policy
from leadbridge.store.database import Database
from tests.support.calls import (
    ACME,
    DESK,
    Answered,
    Calls,
    column,
    gateway,
    numbers_used,
    row_counts,
)
from tests.support.messages_by_hand import (
    Xml,
    check_lead,
    create_business_partner,
    create_lead,
    find_business_partner,
    known_prospect,
    lead_fields,
    new_prospect,
    new_uuid,
    organisation,
    person,
    read_business_partner,
    read_lead,
    selection,
)


def created(calls: Calls, partner: Xml) -> str:
    """The InternalID of a new business partner."""
    return calls.done(create_business_partner(partner)).one("BusinessPartner/InternalID")


def partner(calls: Calls, internal_id: str) -> Answered:
    """A business partner in full."""
    (found,) = calls.done(read_business_partner(internal_id)).parts("BusinessPartner")
    return found


# ------------------------------------------------------------------------------------------------------- created, read


def test_a_business_partner_is_kept_as_it_was_sent(calls: Calls) -> None:
    sent = person(
        "Änne",
        "O'Beispiel <& Söhne>",
        emails=["Anne@Example.ORG", "second@example.org"],
        phones=["030 901820"],
        mobiles=["+49 (171) 123 45 67"],
        identifications=[("PASS", "C01X00T47"), ("TAX", "12/345")],
        roles=["PROSPECT", "CONTACT"],
        key=("SYSTEM", "4711"),
        technical_id="BP-1",
        contact_allowed="2",
    )
    answer = calls.done(create_business_partner(sent))
    assert answer.log == ["BUSINESSPARTNER.CREATED"]
    assert answer.one("BusinessPartner/ReferenceObjectNodeSenderTechnicalID") == "BP-1"
    found = partner(calls, answer.one("BusinessPartner/InternalID"))
    assert found.one("UUID") == answer.one("BusinessPartner/UUID")
    assert found.one("ChangeStateID") == answer.one("BusinessPartner/ChangeStateID")
    assert (found.one("Person/GivenName"), found.one("Person/FamilyName")) == ("Änne", "O'Beispiel <& Söhne>")
    assert found.all("Communication/EmailURI") == ["Anne@Example.ORG", "second@example.org"]
    assert found.all("Communication/PhoneNumber") == ["030 901820"]
    assert found.all("Communication/MobileNumber") == ["+49 (171) 123 45 67"]
    assert found.all("Identification/PartyIdentifierTypeCode") == ["PASS", "TAX"]
    assert found.all("Identification/BusinessPartnerID") == ["C01X00T47", "12/345"]
    assert found.all("RoleCode") == ["PROSPECT", "CONTACT"]
    assert found.one("ContactAllowedCode") == "2"
    assert found.one("ExternalKey/RemoteObjectID") == "4711"
    assert found.one("SystemAdministrativeData/CreationPartyID") == "desk"


def test_a_business_partner_is_read_by_internal_id_uuid_and_external_key_once(calls: Calls) -> None:
    answer = calls.done(create_business_partner(person(key=("SYSTEM", "4711"))))
    internal_id, uuid = answer.one("BusinessPartner/InternalID"), answer.one("BusinessPartner/UUID")
    read = calls.done(read_business_partner(internal_id, uuids=[uuid.upper()], keys=[("SYSTEM", "4711")]))
    assert read.all("BusinessPartner/InternalID") == [internal_id]


def test_reading_partly_unknown_business_partners_answers_the_others(calls: Calls) -> None:
    internal_id = created(calls, person())
    answer = calls.send(read_business_partner("9999999999", internal_id, keys=[("SYSTEM", "4711")]))
    assert answer.result == "4"
    assert answer.all("BusinessPartner/InternalID") == [internal_id]
    assert [item.one("ReferenceMessageElementName")[-3:] for item in answer.log_items("BUSINESSPARTNER.UNKNOWN")] == [
        "[1]",
        "[3]",
    ]
    assert calls.send(read_business_partner("9999999999")).result == "5"


@pytest.mark.parametrize("wrong", [person(category="2"), organisation(category="1")], ids=["person", "organisation"])
def test_category_and_names_must_agree(calls: Calls, wrong: Xml) -> None:
    answer = calls.send(create_business_partner(wrong))
    assert (answer.result, answer.log) == ("5", ["BUSINESSPARTNER.CATEGORY_MISMATCH"])
    inside = calls.send(create_lead(lead_fields(prospect=new_prospect(wrong))))
    assert (inside.result, inside.log) == ("5", ["BUSINESSPARTNER.CATEGORY_MISMATCH"])
    path = "/lbl:LeadCreateRequest_sync/lbl:Lead/lbl:ProspectParty/lbl:NewBusinessPartner/lbc:CategoryCode"
    assert inside.one("Log/Item/ReferenceMessageElementName") == path
    assert row_counts(calls.database)["business_partner"] == 0


def test_a_role_stands_once(calls: Calls) -> None:
    answer = calls.send(create_business_partner(person(roles=["PROSPECT", "PROSPECT"])))
    assert (answer.result, answer.log) == ("5", ["BUSINESSPARTNER.ROLE_REPEATED"])


def test_an_external_key_is_taken_once_by_each_caller(calls: Calls) -> None:
    request = create_business_partner(person(key=("SYSTEM", "4711")))
    calls.done(request)
    again = calls.send(request)
    assert (again.result, again.log) == ("5", ["BUSINESSPARTNER.EXTERNAL_KEY_TAKEN"])
    assert again.one("Log/Item/ReferenceMessageElementName").endswith("/lbp:BusinessPartner/lbc:ExternalKey")
    calls.done(request, caller=ACME)
    same = person(family="Other", key=("SYSTEM", "4711"))  # no doubt which one is meant, whatever its name
    assert calls.send(create_business_partner(same, duplicates="CREATE")).log == ["BUSINESSPARTNER.EXTERNAL_KEY_TAKEN"]
    linked = calls.send(create_business_partner(same, duplicates="LINK"))
    assert (linked.result, linked.log) == ("3", ["BUSINESSPARTNER.LINKED"])
    with_lead = calls.send(create_lead(lead_fields(prospect=new_prospect(same))))
    assert with_lead.log == ["BUSINESSPARTNER.LINKED", "LEAD.CREATED"]
    assert with_lead.one("Lead/ProspectPartyInternalID") == linked.one("BusinessPartner/InternalID")
    assert row_counts(calls.database)["business_partner"] == 2  # one for each caller


# ------------------------------------------------------------------------------------------------------- recognised

Same = tuple[Xml, Xml, str, int]  # who is there, who comes, by which rule they are one, how surely

SAME: dict[str, Same] = {
    "e-mail and name": (
        person(emails=["anna@example.org"]),
        person(emails=["other@example.org", "ANNA@Example.org"]),
        "EMAIL_AND_NAME",
        100,
    ),
    "e-mail and a like name": (
        person("Jon", "Beispiel", emails=["jon@example.org"]),
        person("John", "Beispiel", emails=["jon@example.org"]),
        "EMAIL_AND_NAME",
        86,
    ),
    "phone and name": (
        person(phones=["030 901820"]),
        person(phones=["+49 (0)30 90 18 20"]),
        "PHONE_AND_NAME",
        100,
    ),
    "mobile and phone": (person(mobiles=["0171 1234567"]), person(phones=["+491711234567"]), "PHONE_AND_NAME", 100),
    "name in another spelling": (
        person("Jürgen", "Müller", emails=["jm@example.org"]),
        person("JUERGEN", "MUELLER", emails=["jm@example.org"]),
        "EMAIL_AND_NAME",
        100,
    ),
    "identification": (
        person("Anna", "Beispiel", identifications=[("PASS", "C01X00T47")]),
        person("Anna", "Married", identifications=[("PASS", "C01X00T47")]),
        "IDENTIFICATION",
        100,
    ),
    "organisation": (
        organisation("Beispiel GmbH", emails=["info@example.org"]),
        organisation("Beispiel", second_line="GmbH", emails=["info@example.org"]),
        "EMAIL_AND_NAME",
        100,
    ),
}

DIFFERENT: dict[str, tuple[Xml, Xml]] = {
    "nothing in common but the name": (person(), person()),
    "e-mail of a family": (person("Anna", emails=["fam@example.org"]), person("Mario", emails=["fam@example.org"])),
    "phone of a household": (person("Jon", phones=["030 901820"]), person("John", phones=["030 901820"])),
    "another kind of identification": (
        person(identifications=[("PASS", "1")]),
        person(identifications=[("TAX", "1")]),
    ),
    "a person and an organisation": (
        person("Beispiel", "GmbH", emails=["info@example.org"]),
        organisation("Beispiel GmbH", emails=["info@example.org"]),
    ),
    "an e-mail that is none": (person(emails=["x@y"]), person(emails=["x@y"])),
}


@pytest.mark.parametrize(("there", "comes", "rule", "score"), SAME.values(), ids=list(SAME))
def test_a_known_business_partner_is_refused_with_rule_score_and_id(
    calls: Calls, there: Xml, comes: Xml, rule: str, score: int
) -> None:
    known = created(calls, there)
    for code in (None, "REJECT"):
        answer = calls.send(create_business_partner(comes, duplicates=code))
        assert (answer.result, answer.log) == ("5", ["BUSINESSPARTNER.DUPLICATE"])
        assert answer.all("BusinessPartner/InternalID") == []
        said = answer.one("Log/Item/Note")
        assert known in said
        assert rule in said
        assert f"{score}" in said.replace(known, "")
    assert row_counts(calls.database)["business_partner"] == 1


@pytest.mark.parametrize(("there", "comes", "rule", "score"), SAME.values(), ids=list(SAME))
def test_a_known_business_partner_is_linked_to_where_the_caller_says_so(
    calls: Calls, there: Xml, comes: Xml, rule: str, score: int
) -> None:
    first = calls.done(create_business_partner(there))
    answer = calls.done(create_business_partner(comes, duplicates="LINK"))
    assert answer.log == ["BUSINESSPARTNER.LINKED"]
    assert rule in answer.one("Log/Item/Note")
    for name in ("InternalID", "UUID", "ChangeStateID"):
        assert answer.one(f"BusinessPartner/{name}") == first.one(f"BusinessPartner/{name}")
    assert row_counts(calls.database)["business_partner"] == 1


@pytest.mark.parametrize(("there", "comes", "rule", "score"), SAME.values(), ids=list(SAME))
def test_a_known_business_partner_is_created_again_where_the_caller_insists(
    calls: Calls, there: Xml, comes: Xml, rule: str, score: int
) -> None:
    known = created(calls, there)
    answer = calls.done(create_business_partner(comes, duplicates="CREATE"))
    assert answer.log == ["BUSINESSPARTNER.DUPLICATE", "BUSINESSPARTNER.CREATED"]
    assert answer.one("Log/MaximumLogItemSeverityCode") == "2"
    assert rule in answer.all("Log/Item/Note")[0]
    assert answer.one("BusinessPartner/InternalID") != known
    assert row_counts(calls.database)["business_partner"] == 2


@pytest.mark.parametrize(("there", "comes"), DIFFERENT.values(), ids=list(DIFFERENT))
def test_somebody_else_is_not_taken_for_a_known_business_partner(calls: Calls, there: Xml, comes: Xml) -> None:
    first, second = created(calls, there), created(calls, comes)
    assert first != second


def test_of_several_that_fit_the_best_and_then_the_oldest_is_taken(calls: Calls) -> None:
    first, second = (
        calls.done(create_business_partner(person(emails=["anna@example.org"]), duplicates="CREATE")).one(
            "BusinessPartner/InternalID"
        )
        for _ in range(2)
    )
    assert first < second
    linked = calls.done(create_business_partner(person(emails=["anna@example.org"]), duplicates="LINK"))
    assert linked.one("BusinessPartner/InternalID") == first


def test_a_number_without_a_country_is_at_home_where_the_site_is(database: Database) -> None:
    with gateway(database, Policy(default_phone_region="AT")) as calls:
        known = created(calls, person(phones=["+43 1 58858"]))
        linked = calls.done(create_business_partner(person(phones=["01 58858"]), duplicates="LINK"))
        assert linked.one("BusinessPartner/InternalID") == known


# --------------------------------------------------------------------------------------------- found inside CreateLead


@pytest.mark.parametrize(("there", "comes", "rule", "score"), SAME.values(), ids=list(SAME))
def test_a_lead_about_a_known_business_partner_is_linked_to_it(
    calls: Calls, there: Xml, comes: Xml, rule: str, score: int
) -> None:
    known = created(calls, there)
    answer = calls.done(create_lead(lead_fields(prospect=new_prospect(comes))))
    assert answer.one("Lead/ProspectPartyInternalID") == known
    assert answer.log == ["BUSINESSPARTNER.LINKED", "LEAD.CREATED"]
    (linked,) = answer.log_items("BUSINESSPARTNER.LINKED")
    assert rule in linked.one("Note")
    assert linked.one("ReferenceMessageElementName").endswith("/lbl:ProspectParty/lbl:NewBusinessPartner")
    assert row_counts(calls.database)["business_partner"] == 1


@pytest.mark.parametrize(("there", "comes"), DIFFERENT.values(), ids=list(DIFFERENT))
def test_a_lead_about_somebody_else_creates_the_business_partner(calls: Calls, there: Xml, comes: Xml) -> None:
    known = created(calls, there)
    answer = calls.done(create_lead(lead_fields(prospect=new_prospect(comes))))
    assert answer.one("Lead/ProspectPartyInternalID") != known
    assert answer.log == ["LEAD.CREATED", "BUSINESSPARTNER.CREATED"]
    assert row_counts(calls.database)["business_partner"] == 2


@pytest.mark.parametrize(
    "name",
    [
        lambda a: known_prospect(a.one("BusinessPartner/InternalID")),
        lambda a: known_prospect(uuid=a.one("BusinessPartner/UUID").upper()),
        lambda a: known_prospect(key=("SYSTEM", "4711")),
    ],
    ids=["InternalID", "UUID", "ExternalKey"],
)
def test_a_lead_names_a_business_partner_that_exists(calls: Calls, name: Callable[[Answered], Xml]) -> None:
    answer = calls.done(create_business_partner(person(key=("SYSTEM", "4711"))))
    lead = calls.done(create_lead(lead_fields(prospect=name(answer))))
    assert lead.one("Lead/ProspectPartyInternalID") == answer.one("BusinessPartner/InternalID")
    (read,) = calls.done(read_lead(lead.one("Lead/ID"))).parts("Lead")
    assert read.one("ProspectParty/FormattedName") == "Anna Beispiel"
    assert read.one("ProspectParty/BusinessPartnerUUID") == answer.one("BusinessPartner/UUID")


@pytest.mark.parametrize(
    "prospect",
    [known_prospect("9999999999"), known_prospect(uuid=new_uuid()), known_prospect(key=("SYSTEM", "4711"))],
    ids=["InternalID", "UUID", "ExternalKey"],
)
def test_a_lead_about_nobody_is_refused(calls: Calls, prospect: Xml) -> None:
    answer = calls.send(create_lead(lead_fields(prospect=prospect)))
    assert (answer.result, answer.log) == ("5", ["BUSINESSPARTNER.UNKNOWN"])
    assert row_counts(calls.database)["lead"] == 0


def test_two_leads_of_one_batch_about_one_new_person_share_the_business_partner(calls: Calls) -> None:
    """Both wait for the lane when it starts, so that one transaction writes them."""
    prospect = new_prospect(person(emails=["anna@example.org"]))
    requests = [create_lead(lead_fields(name=name, prospect=prospect)) for name in ("Loan", "Insurance")]
    with calls.database.write():  # keeps SQLite's lane waiting; on PostgreSQL they may go one by one, to the same end
        futures = [calls.submit(request) for request in requests]
    ids = {future.result(30).message.lead.prospect_party_internal_id for future in futures}
    assert len(ids) == 1
    assert row_counts(calls.database)["business_partner"] == 1


def test_a_refused_lead_creates_no_business_partner(calls: Calls) -> None:
    fields = lead_fields(status="7", prospect=new_prospect(person(emails=["anna@example.org"])))
    assert calls.send(create_lead(fields)).result == "5"
    assert row_counts(calls.database)["business_partner"] == 0
    fine = calls.done(create_lead(lead_fields(prospect=new_prospect(person(emails=["anna@example.org"])))))
    assert "BUSINESSPARTNER.CREATED" in fine.log


# ---------------------------------------------------------------------------------------------------------- CheckLead


def test_a_check_says_what_a_create_would_and_writes_nothing_and_uses_no_number(calls: Calls) -> None:
    known = created(calls, person(emails=["anna@example.org"]))
    rows, numbers = row_counts(calls.database), numbers_used(calls.database)
    new = lead_fields(status="3", technical_id="T", prospect=new_prospect(person(emails=["new@example.org"])))
    first = calls.done(check_lead(new, uuid=new_uuid()))
    assert first.log == ["LEAD.WOULD_BE_CREATED"]
    assert first.one("Lead/LifeCycleStatusCode") == "3"
    assert first.one("Lead/ReferenceObjectNodeSenderTechnicalID") == "T"
    assert first.all("Lead/ProspectPartyInternalID") == []
    linked = calls.done(check_lead(lead_fields(prospect=new_prospect(person(emails=["anna@example.org"])))))
    assert linked.one("Lead/ProspectPartyInternalID") == known
    assert linked.log == ["BUSINESSPARTNER.LINKED", "LEAD.WOULD_BE_CREATED"]
    assert row_counts(calls.database) == rows
    assert numbers_used(calls.database) == numbers


def test_a_check_refuses_what_a_create_would_with_the_same_reasons(calls: Calls) -> None:
    calls.done(create_lead(lead_fields(key=("SYSTEM", "L-1"), prospect=new_prospect(person()))))
    rows, numbers = row_counts(calls.database), numbers_used(calls.database)
    fields = lead_fields(
        key=("SYSTEM", "L-1"), status="4", start="2026-02-02", end="2026-02-01", prospect=known_prospect("9999999999")
    )
    checked = calls.send(check_lead(fields))
    assert checked.result == "5"
    assert checked.all("Lead/LifeCycleStatusCode") == []
    assert row_counts(calls.database) == rows
    assert numbers_used(calls.database) == numbers
    refused = calls.send(create_lead(fields))
    assert checked.log == refused.log != []
    paths = [item.one("ReferenceMessageElementName") for item in checked.parts("Log/Item")]
    assert all(path.startswith("/lbl:LeadCreateCheckQuery_sync/lbl:Lead/") for path in paths)


def test_a_check_leaves_the_next_lead_the_next_number(calls: Calls) -> None:
    first = calls.done(create_lead()).one("Lead/ID")
    for _ in range(3):
        calls.done(check_lead(lead_fields(prospect=new_prospect(person()))))
    assert int(calls.done(create_lead()).one("Lead/ID")) == int(first) + 1


# --------------------------------------------------------------------------------------------------------------- find


def hits(calls: Calls, request: bytes) -> list[str]:
    """The InternalIDs a Find answers."""
    return calls.done(request).all("BusinessPartner/InternalID")


def test_business_partners_are_found_by_each_selection(calls: Calls) -> None:
    anna = created(
        calls,
        person(
            "Anna",
            "Müller",
            emails=["anna@example.org"],
            phones=["030 901820"],
            mobiles=["0171 1234567"],
            identifications=[("PASS", "C01")],
            key=("SYSTEM", "4711"),
        ),
    )
    firm = created(calls, organisation("Beispiel", second_line="GmbH", emails=["info@example.com"]))

    def found(name: str, value: str) -> list[str]:
        return hits(calls, find_business_partner({name: [selection(value)]}))

    assert found("Name", "anna müller") == [anna]
    assert found("Name", "MÜLLER") == [anna]
    assert found("Name", "bei*") == [firm]
    assert found("Name", "Beispiel GmbH") == [firm]
    assert found("Name", "*") == [anna, firm]
    assert found("EmailURI", "ANNA@example.ORG") == [anna]
    assert found("EmailURI", "*@example.com") == [firm]
    assert found("PhoneNumber", "+49 30 901820") == [anna]
    assert found("PhoneNumber", "0171 123*") == [anna]
    assert found("PhoneNumber", "+43*") == []
    assert hits(calls, find_business_partner({}, identifications=[("PASS", "C01")])) == [anna]
    assert hits(calls, find_business_partner({}, identifications=[("TAX", "C01")])) == []
    assert hits(calls, find_business_partner({}, keys=[("SYSTEM", "4711"), ("SYSTEM", "0815")])) == [anna]
    assert hits(calls, find_business_partner({"Name": [selection("Beispiel")]}, keys=[("SYSTEM", "4711")])) == []
    assert hits(calls, find_business_partner({"Name": [selection("b*", exclude=True)]})) == [anna]


def test_a_hit_counts_the_open_leads_and_lists_them(calls: Calls) -> None:
    internal_id = created(calls, person(roles=["CUSTOMER"], contact_allowed="1"))
    leads = [
        calls.done(create_lead(lead_fields(name=f"Lead {n}", prospect=known_prospect(internal_id)))).one("Lead/ID")
        for n in range(23)
    ]
    (hit,) = calls.done(find_business_partner({"Name": [selection("Beispiel")]})).parts("BusinessPartner")
    assert hit.one("OpenLeadNumberValue") == "23"
    assert hit.all("OpenLead/ID") == leads[:2:-1]
    assert hit.all("OpenLead/LifeCycleStatusCode") == ["1"] * 20
    assert (hit.one("ContactAllowedCode"), hit.one("RoleCode")) == ("1", "CUSTOMER")
    assert (hit.one("Person/GivenName"), hit.one("Person/FamilyName")) == ("Anna", "Beispiel")


def test_finding_business_partners_goes_page_by_page(calls: Calls) -> None:
    ids = [created(calls, person(family=f"Beispiel {n}")) for n in range(5)]
    first = calls.done(find_business_partner({}, most=3))
    assert first.all("BusinessPartner/InternalID") == ids[:3]
    assert first.one("ProcessingConditions/MoreHitsAvailableIndicator") == "true"
    last = first.one("ProcessingConditions/LastReturnedObjectID")
    created(calls, person(family="Later"))
    second = calls.done(find_business_partner({}, most=3, after=last))
    assert second.all("BusinessPartner/InternalID")[:2] == ids[3:]
    assert second.one("ProcessingConditions/MoreHitsAvailableIndicator") == "false"


def test_an_extension_is_kept_and_given_back_only_when_asked_for(calls: Calls) -> None:
    foreign = Xml('<p:Score xmlns:p="urn:example:partner" p:kind="b">7<p:Why/></p:Score>')
    fields = lead_fields(prospect=new_prospect(person()), extension=foreign)
    lead_id = calls.done(create_lead(fields)).one("Lead/ID")
    (plain,) = calls.done(read_lead(lead_id)).parts("Lead")
    assert plain.parts("Extension") == []
    (full,) = calls.done(read_lead(lead_id, extension="1")).parts("Lead")
    assert full.one("Extension/Score") == "7"
    assert len(full.parts("Extension/Score/Why")) == 1


def test_test_data_is_marked_in_the_store(calls: Calls) -> None:
    calls.done(create_business_partner(person(), test=True))
    calls.done(create_business_partner(person()))
    assert column(calls.database, "business_partner", "test_data") == [True, False]


def test_nothing_of_a_person_stands_in_a_log(calls: Calls) -> None:
    marked = person("Zaphod", "Marvinson", emails=["zaphod.marvinson@example.org"], identifications=[("PASS", "ZX81")])
    first = calls.done(create_business_partner(marked))
    answers = [
        first,
        calls.send(create_business_partner(marked)),
        calls.send(create_business_partner(marked, duplicates="CREATE")),
        calls.send(create_lead(lead_fields(prospect=new_prospect(marked)))),
        calls.send(check_lead(lead_fields(prospect=new_prospect(marked), status="7")), caller=DESK),
    ]
    for answer in answers:
        said = " ".join(answer.all("Log/Item/Note") + answer.all("Log/Item/ReferenceMessageElementName")).casefold()
        assert not any(word in said for word in ("zaphod", "marvinson", "zx81", "example.org"))
