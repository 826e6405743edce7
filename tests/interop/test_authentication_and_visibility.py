"""Who may call what, and whose leads exist for whom: over HTTP, with the exact answers compared."""

import time
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
import requests

from leadbridge import messages as m
from leadbridge.contract.operations import operations
from leadbridge.contract.samples import samples
from leadbridge.soap.versions import SOAP_11, SOAP_12, SoapVersion
from tests.interop.gateway import PASSWORD, Gateway
from tests.interop.people import phone, word
from tests.interop.wire import Reply, Wire

CREDENTIAL_CACHE_SECONDS = 2  # a disabled caller must be out within a test's patience


class Two:
    """Two external partners who must not know of each other, and the call centre, which sees everything."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.acme = self.wire("acme", "partner")
        self.zenith = self.wire("zenith", "partner")
        self.callcentre = self.wire("callcentre", "callcentre")

    def wire(self, caller_id: str, role: str) -> Wire:
        return Wire(self.gateway.url, self.gateway.caller(caller_id, role))


@pytest.fixture(scope="module")
def two(gateway: Gateway) -> Two:
    return Two(gateway)


def somebody(name: str | None = None, *, email: str | None = None, key: str | None = None) -> m.BusinessPartner:
    name = name or word()
    return m.BusinessPartner(
        external_key=m.ExternalKey(communication_system_id="SYS", remote_object_id=key) if key else None,
        category_code=m.PartyCategoryCode.VALUE_1,
        role_code=[m.RoleCode.PROSPECT],
        person=m.Person(given_name="Ines", family_name=name),
        communication=m.Communication(email_uri=[email or f"{name}@example.org"], phone_number=[phone()]),
    )


def new_lead(wire: Wire, **more: Any) -> m.LeadConfirmation:
    """A lead that this caller creates, about somebody new unless a prospect is given."""
    more.setdefault("prospect_party", m.ProspectParty(new_business_partner=somebody()))
    reply = wire.call(m.LeadCreateRequestSync, lead=m.Lead(**{"name": word(), **more}))
    assert reply.succeeded, reply.types
    confirmed = reply.message.lead
    assert isinstance(confirmed, m.LeadConfirmation)
    return confirmed


def keyed(key: str) -> m.ExternalKey:
    return m.ExternalKey(communication_system_id="SYS", remote_object_id=key)


def read(wire: Wire, one: m.LeadIdentification) -> Reply:
    requested = m.RequestedElements(history_transmission_request_code=m.TransmissionRequestCode.VALUE_1)
    return wire.call(m.LeadByIdquerySync, lead_selection_by_id=[one], requested_elements=requested)


def change(wire: Wire, one: m.LeadIdentification, **fields: Any) -> Reply:
    return wire.call(m.LeadChangeRequestSync, lead=m.LeadChange(lead_identification=one, **fields))


def is_(lower: Any, boundary: str = "1", upper: Any = None) -> m.SelectionByText:
    return m.SelectionByText(
        inclusion_exclusion_code=m.InclusionExclusionCode.I,
        interval_boundary_type_code=m.IntervalBoundaryTypeCode(boundary),
        lower_boundary=lower,
        upper_boundary=upper,
    )


def find(wire: Wire, *, hits: int | None = None, after: str | None = None, **selections: Any) -> Reply:
    conditions = m.QueryProcessingConditions(query_hits_maximum_number_value=hits, last_returned_object_id=after)
    return wire.call(
        m.LeadByElementsQuerySync,
        lead_selection_by_elements=m.LeadSelectionByElements(**selections),
        processing_conditions=conditions,
    )


def found(reply: Reply) -> list[str]:
    return [hit.id for hit in reply.message.lead]


def ways(lead: m.LeadConfirmation, key: str) -> list[tuple[m.LeadIdentification, m.LeadIdentification]]:
    """Each way to name a lead, beside one of the same form that names nothing."""
    return [
        (m.LeadIdentification(id=lead.id), m.LeadIdentification(id="9999999999")),
        (m.LeadIdentification(uuid=lead.uuid), m.LeadIdentification(uuid=str(uuid4()))),
        (m.LeadIdentification(external_key=keyed(key)), m.LeadIdentification(external_key=keyed("nothing"))),
    ]


# ---------------------------------------------------------------------------------- two partners: leads of the other


def test_another_partners_lead_is_read_as_one_that_is_not_there(two: Two) -> None:
    key = word()
    lead = new_lead(two.acme, external_key=keyed(key))

    for theirs, nothing in ways(lead, key):
        assert read(two.acme, theirs).succeeded
        assert read(two.callcentre, theirs).succeeded
        reply = read(two.zenith, theirs)
        assert reply.types == ["LEAD.UNKNOWN"]
        assert reply.message.lead == []
        assert reply.bland() == read(two.zenith, nothing).bland()


def test_another_partners_lead_is_changed_as_one_that_is_not_there(two: Two) -> None:
    key = word()
    lead = new_lead(two.acme, external_key=keyed(key))
    before = read(two.acme, m.LeadIdentification(id=lead.id)).message.lead

    for fields in (
        {"name": "Stolen"},
        {"name": "Stolen", "change_state_id": lead.change_state_id},
        {"name": "Stolen", "change_state_id": "guessed"},
        {"life_cycle_status_code": m.LeadLifeCycleStatusCode.VALUE_4},
        {"item": [m.LeadItemChange(id="10", action_code=m.ActionCode.VALUE_03)]},
    ):
        for theirs, nothing in ways(lead, key):
            reply = change(two.zenith, theirs, **fields)
            assert reply.types == ["LEAD.UNKNOWN"]
            assert reply.bland() == change(two.zenith, nothing, **fields).bland()
    assert read(two.acme, m.LeadIdentification(id=lead.id)).message.lead == before


def test_no_selection_finds_or_counts_another_partners_leads(two: Two) -> None:
    mark = word()
    prospect = somebody(key=mark)
    assert prospect.communication is not None
    lead = new_lead(
        two.acme,
        name=f"{mark} name",
        campaign_id=mark,
        external_key=keyed(mark),
        sales_responsible_party=m.SalesResponsibleParty(party_id=mark),
        sales_partner_party=m.SalesPartnerParty(party_id="somebody-else"),
        prospect_party=m.ProspectParty(new_business_partner=prospect),
    )
    number = prospect.communication.phone_number[0]

    selected_by: list[dict[str, Any]] = [
        {"selection_by_id": [is_(lead.id)]},
        {"selection_by_id": [is_(lead.id, "9")]},
        {"selection_by_name": [is_(f"{mark}*")]},
        {"selection_by_campaign_id": [is_(mark)]},
        {"selection_by_prospect_party_id": [is_(lead.prospect_party_internal_id)]},
        {"selection_by_sales_responsible_party_id": [is_(mark)]},
        {"selection_by_sales_partner_party_id": [is_("somebody-else")]},
        {"selection_by_email_uri": [is_(prospect.communication.email_uri[0])]},
        {"selection_by_phone_number": [is_(number)]},
    ]
    for selections in selected_by:
        assert lead.id in found(find(two.acme, **selections)), selections
        assert lead.id in found(find(two.callcentre, **selections)), selections
        reply = find(two.zenith, **selections)
        assert lead.id not in found(reply), selections
        conditions = reply.message.processing_conditions
        assert conditions.more_hits_available_indicator is False
        assert conditions.returned_query_hits_number_value == len(found(reply))


def test_pages_and_their_counts_say_nothing_of_another_partners_leads(two: Two) -> None:
    campaign = word()
    campaigns = [is_(campaign)]
    mine = [new_lead(two.zenith, campaign_id=campaign).id]
    for _ in range(3):
        new_lead(two.acme, campaign_id=campaign)
    mine.append(new_lead(two.zenith, campaign_id=campaign).id)
    new_lead(two.acme, campaign_id=campaign)

    first = find(two.zenith, hits=1, selection_by_campaign_id=campaigns)
    assert found(first) == mine[:1]
    assert first.message.processing_conditions.more_hits_available_indicator is True
    last = find(two.zenith, hits=1, after=mine[0], selection_by_campaign_id=campaigns)
    assert found(last) == mine[1:]
    assert last.message.processing_conditions.more_hits_available_indicator is False
    assert len(found(find(two.acme, selection_by_campaign_id=campaigns))) == 4


def test_the_next_number_may_be_guessed_but_not_used(two: Two) -> None:
    mine = new_lead(two.zenith)
    new_lead(two.acme)
    new_lead(two.acme)
    guesses = [f"{int(mine.id) + step:010d}" for step in range(3)]

    reply = two.zenith.call(
        m.LeadByIdquerySync, lead_selection_by_id=[m.LeadIdentification(id=guess) for guess in guesses]
    )

    assert [lead.id for lead in reply.message.lead] == [mine.id]
    assert reply.types == ["LEAD.UNKNOWN", "LEAD.UNKNOWN"]
    # So it is with numbers that nobody has.
    unknown = [mine.id, "9999999998", "9999999999"]
    nothing = two.zenith.call(
        m.LeadByIdquerySync, lead_selection_by_id=[m.LeadIdentification(id=one) for one in unknown]
    )
    assert reply.bland() == nothing.bland()


def test_the_external_keys_and_message_uuids_of_two_partners_do_not_meet(two: Two) -> None:
    key = word()
    header = m.BasicMessageHeader(uuid=str(uuid4()))
    replies = [
        wire.call(
            m.LeadCreateRequestSync,
            basic_message_header=header,
            lead=m.Lead(
                name=wire.caller_id or "",
                external_key=keyed(key),
                prospect_party=m.ProspectParty(new_business_partner=somebody(key=key)),
            ),
        )
        for wire in (two.acme, two.zenith)
    ]

    assert [reply.succeeded for reply in replies] == [True, True]
    assert [reply.message.replayed_indicator for reply in replies] == [False, False]
    for wire, reply in zip((two.acme, two.zenith), replies, strict=True):
        (lead,) = read(wire, m.LeadIdentification(external_key=keyed(key))).message.lead
        assert (lead.id, lead.name) == (reply.message.lead.id, wire.caller_id)


# ------------------------------------------------------------------------------- two partners: business partners


def read_partner(wire: Wire, internal_id: str) -> Reply:
    selection = m.BusinessPartnerSelectionById(internal_id=internal_id)
    return wire.call(m.BusinessPartnerByIdquerySync, business_partner_selection_by_id=[selection])


def find_partners(wire: Wire, **selections: Any) -> list[m.BusinessPartnerHit]:
    wanted = m.BusinessPartnerSelectionByElements(**selections)
    reply = wire.call(m.BusinessPartnerByElementsQuerySync, business_partner_selection_by_elements=wanted)
    hits: list[m.BusinessPartnerHit] = reply.message.business_partner
    return hits


def test_another_partners_business_partner_is_neither_read_nor_found_nor_named_in_a_lead(two: Two) -> None:
    name = word()
    prospect = somebody(name, key=name)
    internal_id = new_lead(
        two.acme, prospect_party=m.ProspectParty(new_business_partner=prospect)
    ).prospect_party_internal_id

    assert read_partner(two.acme, internal_id).succeeded
    assert read_partner(two.zenith, internal_id).bland() == read_partner(two.zenith, "9999999999").bland()
    for selections in (
        {"selection_by_name": [is_(name)]},
        {"selection_by_name": [is_("*")]},
        {"selection_by_email_uri": [is_(f"{name}@example.org")]},
        {"selection_by_external_key": [keyed(name)]},
    ):
        assert internal_id in [hit.internal_id for hit in find_partners(two.acme, **selections)]
        assert internal_id not in [hit.internal_id for hit in find_partners(two.zenith, **selections)]
    answers = [
        two.zenith.call(m.LeadCreateRequestSync, lead=m.Lead(name="A", prospect_party=party)).bland()
        for party in (
            m.ProspectParty(business_partner_internal_id=internal_id),
            m.ProspectParty(business_partner_internal_id="9999999999"),
            m.ProspectParty(external_key=keyed(name)),
            m.ProspectParty(external_key=keyed("nothing")),
            m.ProspectParty(business_partner_uuid=str(uuid4())),
        )
    ]
    assert len(set(answers)) == 1


def test_the_same_person_brought_by_two_partners_is_two_business_partners_that_do_not_know_of_each_other(
    two: Two,
) -> None:
    name = word()
    first = somebody(name)
    theirs = new_lead(two.acme, prospect_party=m.ProspectParty(new_business_partner=first))
    new_lead(two.acme, prospect_party=m.ProspectParty(new_business_partner=first))
    brought = m.ProspectParty(new_business_partner=somebody(name))
    checked = two.zenith.call(m.LeadCreateCheckQuerySync, lead=m.Lead(name="A", prospect_party=brought))
    assert checked.types == ["LEAD.WOULD_BE_CREATED"]
    mine = new_lead(two.zenith, prospect_party=brought)
    assert mine.prospect_party_internal_id != theirs.prospect_party_internal_id
    refused = two.zenith.call(m.BusinessPartnerCreateRequestSync, business_partner=somebody(name))
    assert refused.types == ["BUSINESSPARTNER.DUPLICATE"]
    assert mine.prospect_party_internal_id in refused.message.log.item[0].note

    (hit,) = find_partners(two.acme, selection_by_name=[is_(name)])
    assert [hit.internal_id, hit.open_lead_number_value] == [theirs.prospect_party_internal_id, 2]
    (hit,) = find_partners(two.zenith, selection_by_name=[is_(name)])
    assert [hit.internal_id, hit.open_lead_number_value] == [mine.prospect_party_internal_id, 1]
    assert len(find_partners(two.callcentre, selection_by_name=[is_(name)])) == 2


def test_giving_itself_a_lead_opens_nobody_elses_business_partner_to_a_partner(two: Two) -> None:
    name = word()
    victim = new_lead(two.acme, prospect_party=m.ProspectParty(new_business_partner=somebody(name)))
    to_myself = m.SalesPartnerParty(party_id="zenith")
    brought = m.ProspectParty(new_business_partner=somebody(name))
    mine = new_lead(two.zenith, prospect_party=brought, sales_partner_party=to_myself)
    given = new_lead(two.callcentre, sales_partner_party=to_myself)
    swapped = change(two.zenith, m.LeadIdentification(id=given.id), prospect_party=brought)
    assert swapped.succeeded
    shared = victim.prospect_party_internal_id
    assert read_partner(two.zenith, shared).types == ["BUSINESSPARTNER.UNKNOWN"]
    for lead_id in (mine.id, given.id):
        (shown,) = read(two.zenith, m.LeadIdentification(id=lead_id)).message.lead
        assert shown.prospect_party.business_partner_internal_id != shared
    contact = m.ContactParty(business_partner_internal_id=shared)
    named = two.zenith.call(
        m.LeadCreateRequestSync, lead=m.Lead(name="A", prospect_party=brought, contact_party=[contact])
    )
    assert "BUSINESSPARTNER.UNKNOWN" in named.types


# ------------------------------------------------------------------------------------------------- given to a partner


def test_a_lead_given_to_a_partner_exists_for_it_and_for_no_other(two: Two) -> None:
    campaign = word()
    given = new_lead(two.callcentre, campaign_id=campaign, sales_partner_party=m.SalesPartnerParty(party_id="acme"))
    one = m.LeadIdentification(id=given.id)

    assert read(two.acme, one).succeeded
    assert found(find(two.acme, selection_by_campaign_id=[is_(campaign)])) == [given.id]
    assert read_partner(two.acme, given.prospect_party_internal_id).succeeded
    assert read(two.zenith, one).types == ["LEAD.UNKNOWN"]
    assert found(find(two.zenith, selection_by_campaign_id=[is_(campaign)])) == []
    assert read_partner(two.zenith, given.prospect_party_internal_id).types == ["BUSINESSPARTNER.UNKNOWN"]

    assert change(two.callcentre, one, sales_partner_party=m.SalesPartnerPartyChange(party_id="zenith")).succeeded
    assert read(two.acme, one).types == ["LEAD.UNKNOWN"]
    assert read_partner(two.acme, given.prospect_party_internal_id).types == ["BUSINESSPARTNER.UNKNOWN"]
    assert read(two.zenith, one).succeeded
    assert change(two.zenith, one, name="Worked on").succeeded


def test_only_the_partner_a_lead_is_given_to_decides_on_it_and_declining_gives_it_back(two: Two) -> None:
    given = new_lead(two.callcentre, sales_partner_party=m.SalesPartnerParty(party_id="acme"))
    wanted = m.LeadChange(lead_identification=m.LeadIdentification(id=given.id))

    def decides(wire: Wire, decision: m.PartnerDecisionCode) -> Reply:
        return wire.call(m.LeadChangeRequestSync, lead=wanted, partner_decision_code=decision)

    assert decides(two.zenith, m.PartnerDecisionCode.ACCEPT).types == ["LEAD.UNKNOWN"]
    refused = decides(two.callcentre, m.PartnerDecisionCode.ACCEPT)
    assert "LEAD.PARTNER_DECISION_NOT_ALLOWED" in refused.types
    assert decides(two.acme, m.PartnerDecisionCode.ACCEPT).succeeded
    (shown,) = read(two.callcentre, m.LeadIdentification(id=given.id)).message.lead
    assert shown.partner_decision_code is m.PartnerDecisionCode.ACCEPT
    assert decides(two.acme, m.PartnerDecisionCode.DECLINE).succeeded
    assert read(two.acme, m.LeadIdentification(id=given.id)).types == ["LEAD.UNKNOWN"]
    (shown,) = read(two.callcentre, m.LeadIdentification(id=given.id)).message.lead
    assert shown.sales_partner_party is None


def test_a_partner_that_gives_its_lead_away_still_sees_what_it_created(two: Two) -> None:
    lead = new_lead(two.acme, sales_partner_party=m.SalesPartnerParty(party_id="zenith"))
    for wire in (two.acme, two.zenith):
        assert read(wire, m.LeadIdentification(id=lead.id)).succeeded


# -------------------------------------------------------------------------------------------------------------- roles

GRANTED = {
    "partner": {"LeadService", "LeadBulkService", "BusinessPartnerService"},
    "callcentre": {"LeadService", "LeadBulkService", "BusinessPartnerService"},
    "sales": {"LeadService", "LeadBulkService", "BusinessPartnerService", "CrmService"},
    "crm": {"CrmService"},
    "operator": set(),
    "admin": {"LeadService", "LeadBulkService", "BusinessPartnerService", "CrmService"},
}


@pytest.mark.parametrize("version", [SOAP_11, SOAP_12], ids=lambda version: version.name)
@pytest.mark.parametrize("role", GRANTED)
def test_a_role_opens_its_services_and_no_others(two: Two, role: str, version: SoapVersion) -> None:
    wire = Wire(two.gateway.url, two.gateway.caller(f"of-role-{role}", role), version=version)
    for operation in operations():
        sample: Any = samples()[operation.name]
        reply = wire.send(replace(sample, basic_message_header=m.BasicMessageHeader(uuid=str(uuid4()))))
        if operation.service in GRANTED[role]:
            assert (reply.status, reply.fault_type) == (200, None), operation.name
        else:
            status = 500 if version is SOAP_11 else 400
            assert (reply.status, reply.fault_type) == (status, "Unauthorized"), operation.name


# ----------------------------------------------------------------------------------------------------- authentication


@pytest.mark.parametrize("version", [SOAP_11, SOAP_12], ids=lambda version: version.name)
def test_an_unknown_caller_a_wrong_password_and_none_are_refused(two: Two, version: SoapVersion) -> None:
    two.gateway.caller("acme", "partner")
    wanted = [m.LeadIdentification(id="0000000001")]
    replies = {}
    for credentials in (("acme", "not the password"), ("nobody", PASSWORD), ("acme", ""), ("", PASSWORD), None):
        wire = Wire(two.gateway.url, credentials, version=version)
        reply = wire.call(m.LeadByIdquerySync, lead_selection_by_id=wanted)
        assert (reply.status, reply.fault_type) == (401, "Unauthenticated")
        replies[credentials] = reply.bland()
    without = replies.pop(None)
    assert len(set(replies.values())) == 1
    assert b"HTTP Basic, a UsernameToken or an X.509 signature" in without[1]


def test_a_refused_caller_is_told_how_to_log_in(two: Two) -> None:
    answer = requests.post(
        f"{two.gateway.url}/soap/LeadService", data=b"<a/>", headers={"Content-Type": "text/xml"}, timeout=10
    )
    assert answer.status_code == 500  # malformed before anybody is asked who he is
    answer = requests.post(
        f"{two.gateway.url}/soap/LeadService",
        data=SOAP_11.opening(header=b"") + b'<a xmlns="urn:leadbridge:lead:1"/>' + SOAP_11.tail,
        headers={"Content-Type": "text/xml"},
        timeout=10,
    )
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="leadbridge", charset="UTF-8"'


def test_a_disabled_caller_is_out_once_it_is_forgotten(two: Two) -> None:
    wire = two.wire("leaver", "partner")
    lead = new_lead(wire)
    two.gateway.disable("leaver")

    deadline = time.monotonic() + 20
    while (reply := read(wire, m.LeadIdentification(id=lead.id))).fault_type is None:
        assert time.monotonic() < deadline, "still in"
        time.sleep(0.1)

    assert (reply.status, reply.fault_type) == (401, "Unauthenticated")
    wrong = Wire(two.gateway.url, ("leaver", "not the password"))
    assert read(wrong, m.LeadIdentification(id=lead.id)).bland() == reply.bland()
    assert read(two.callcentre, m.LeadIdentification(id=lead.id)).succeeded


def test_the_relays_own_name_is_no_way_in(two: Two) -> None:
    for password in ("", "relay", PASSWORD):
        reply = read(Wire(two.gateway.url, ("relay", password)), m.LeadIdentification(id="0000000001"))
        assert reply.fault_type == "Unauthenticated"
