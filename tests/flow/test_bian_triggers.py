"""`/bian/triggers`: what triggered a lead, and what it triggered."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from leadbridge.bian.words import TRIGGERS
from leadbridge.store.database import Database
from tests.support.bian import BETA, DOMAIN, Bian
from tests.support.calls import ACME, Calls, gateway, row_counts
from tests.support.messages_by_hand import (
    Xml,
    change_lead,
    create_lead,
    item,
    lead_fields,
    new_prospect,
    person,
)

# "Triggered By" of Lead and Opportunity Management (seeds/000), in the form of release 12's names.
NAMED = (
    *("CustomerRelationshipManagement", "PartyRoutingProfile", "CustomerOffer", "CustomerCampaignExecution"),
    *("PointofService", "ConsumerAdvisoryServices", "SessionDialogue"),
)
ADDRESS = "/bian/triggers"


@pytest.fixture
def bian(calls: Calls) -> Bian:
    return Bian(calls)


def test_every_service_domain_that_bian_names_triggers_a_lead() -> None:
    assert set(NAMED) <= TRIGGERS.keys()


def made(bian: Bian, **fields: Any) -> str:
    message = create_lead(lead_fields(prospect=new_prospect(person()), items=[item("LOAN")], **fields))
    return bian.calls.done(message).one("Lead/ID")


def test_what_a_lead_triggers_is_listed_in_the_order_it_came_about(bian: Bian) -> None:
    lead_id = made(bian, origin="SES", responsible="RM-1")
    address = f"{DOMAIN}/{lead_id}"
    assert bian.done("GET", f"{ADDRESS}?lead={lead_id}")["Triggers"] == []
    first, second = (bian.task(address, {"Development": {"EmployeeBusinessUnitReference": "RM-9"}}) for _ in range(2))
    bian.done("PUT", f"{second}/Request", {})
    message = {"Development": {"DocumentDirectoryEntryInstanceReference": "product-information"}}
    sent = bian.done("PUT", f"{first}/Execute", message)["Development"]["CorrespondenceInstanceReference"]
    bian.done("PUT", f"{first}/Execute", {"ExecuteActionRequest": "forward"})
    started = bian.done("PUT", f"{first}/Execute", {"ExecuteActionRequest": "start offer"})
    offer = started["Development"]["CustomerOfferReference"]
    said = bian.done("GET", f"{ADDRESS}?lead={lead_id}")
    assert said["TriggeredBy"] == {
        "OriginTypeCode": "SES",
        "ServiceDomain": "SessionDialogue",
        "CreationPartyID": "desk",
    }
    shown = [
        {name: value for name, value in one.items() if name not in ("DateTime", "Reference")}
        for one in said["Triggers"]
    ]
    domain, employee = "LeadandOpportunityManagement", {"EmployeeBusinessUnitReference": "RM-9"}
    assert shown == [
        {"ServiceDomain": domain, "Action": "Development/Initiate", "State": "in_process", **employee},
        {"ServiceDomain": domain, "Action": "Development/Request", "State": "requested", **employee},
        {"ServiceDomain": "Correspondence", "Action": "Initiate"},
        {"System": "CoreCRM", "Action": "ComboCreateLeadOpportunity", "State": "waiting"},
        {"ServiceDomain": "CustomerOffer", "Action": "Initiate"},
    ]
    references = [one["Reference"] for one in said["Triggers"]]
    assert references[:2] == [f"{first}/Retrieve", f"{second}/Retrieve"]
    assert [bian.send("GET", one).status for one in references[:2]] == [200, 200]
    assert (references[2], references[4]) == (sent, offer)
    assert [one["DateTime"] for one in said["Triggers"]] == sorted(one["DateTime"] for one in said["Triggers"])
    # Nothing of another lead, and nothing written by reading.
    before = row_counts(bian.calls.database)
    other = made(bian)
    assert bian.done("GET", f"{ADDRESS}?lead={other}")["Triggers"] == []
    assert {**row_counts(bian.calls.database), **before}["journal"] == before["journal"]


def test_the_domain_and_the_record_that_triggered_a_lead_are_kept(sqlite: Database) -> None:
    with gateway(sqlite) as calls:
        bian = Bian(calls)
        customer = calls.done(create_lead(lead_fields(prospect=new_prospect(person())))).one(
            "Lead/ProspectPartyInternalID"
        )
        fields = {
            "CustomerReference": customer,
            "ProductandServiceType": "P",
            "TriggeredBy": "CustomerCampaignExecution",
            "CustomerCampaignReference": "SPRING",
        }

        def triggered_by(**more: str) -> dict[str, str]:
            told = {**more, "LeadandOpportunityDescription": f"{uuid4()}"}  # no two alike
            lead = bian.initiate({**fields, **told})
            said: dict[str, str] = bian.done("GET", f"{ADDRESS}?lead={lead.rpartition('/')[2]}")["TriggeredBy"]
            return {key: said[key] for key in ("OriginTypeCode", "ServiceDomain", "Reference") if key in said}

        campaign = {"OriginTypeCode": "CCE", "ServiceDomain": "CustomerCampaignExecution"}
        assert triggered_by() == {**campaign, "Reference": "SPRING"}
        assert triggered_by(TriggeredByReference="run/7") == {**campaign, "Reference": "run/7"}
        session = {"OriginTypeCode": "SES", "ServiceDomain": "SessionDialogue"}
        assert triggered_by(TriggeredBy="SessionDialogue") == session


def test_a_code_of_the_site_s_own_leaves_the_domain_that_was_named(sqlite: Database) -> None:
    with gateway(sqlite) as calls:
        bian = Bian(calls)
        lead_id = made(bian)
        bian.done("PUT", f"{DOMAIN}/{lead_id}/Update", {"TriggeredBy": "PointofService"})
        said = [bian.done("GET", f"{ADDRESS}?lead={lead_id}")["TriggeredBy"]]
        for code in ("001", "OFF"):
            calls.done(change_lead(lead_id, lead_fields(name=None, origin=code)))
            said.append(bian.done("GET", f"{ADDRESS}?lead={lead_id}")["TriggeredBy"])
        assert [(one["OriginTypeCode"], one["ServiceDomain"]) for one in said] == [
            ("POS", "PointofService"),
            ("001", "PointofService"),
            ("OFF", "CustomerOffer"),
        ]


def test_what_soap_puts_into_the_extension_is_not_taken_for_what_the_lead_says(sqlite: Database) -> None:
    said = {
        **dict.fromkeys(("CustomerReference", "CustomerCampaignReference", "ProductandServiceType"), "SPOOF"),
        **dict.fromkeys(("EmployeeBusinessUnitReference", "LeadandOpportunityDescription"), "SPOOF"),
        "TriggeredBy": "CustomerOffer",
        "CustomerCampaignType": "retention",  # no element of a lead
    }
    elements = "".join(f"<b:{name}>{value}</b:{name}>" for name, value in said.items())
    name = "b:LeadandOpportunityProcedure"
    extension = Xml(f'<{name} xmlns:b="urn:leadbridge:bian:1">{elements}</{name}>')
    with gateway(sqlite) as calls:
        bian = Bian(calls)
        for origin, domain in ((None, None), ("SES", "SessionDialogue"), ("OFF", "CustomerOffer")):
            fields = lead_fields(name=f"{uuid4()}", prospect=new_prospect(person()), origin=origin, extension=extension)
            lead_id = calls.done(create_lead(fields)).one("Lead/ID")
            told = bian.done("GET", f"{ADDRESS}?lead={lead_id}")["TriggeredBy"]
            assert (told.get("OriginTypeCode"), told.get("ServiceDomain")) == (origin, domain)
            for method, action in (("GET", "Retrieve"), ("PUT", "Update")):
                shown = bian.done(method, f"{DOMAIN}/{lead_id}/{action}", {"Note": "ours"})
                record = shown.get("LeadandOpportunityProcedure", shown)
                assert "SPOOF" not in record.values()
                assert record["CustomerCampaignType"] == "retention"
                assert record.get("TriggeredBy") == ("CustomerOffer" if origin == "OFF" else None)


def test_who_does_not_see_a_lead_is_told_nothing_and_the_query_names_one(sqlite: Database) -> None:
    with gateway(sqlite) as calls:
        bian = Bian(calls)
        message = create_lead(lead_fields(prospect=new_prospect(person())))
        lead_id = calls.done(message, caller=ACME).one("Lead/ID")
        uuid = bian.done("GET", f"{DOMAIN}/{lead_id}/Retrieve", caller=ACME)["LeadandOpportunityState"]["LeadUUID"]
        for name in (lead_id, uuid):
            assert bian.done("GET", f"{ADDRESS}?lead={name}", caller=ACME)["LeadID"] == lead_id
        unknown = (404, "LEAD.UNKNOWN: lead: There is no such lead.")
        assert bian.refused("GET", f"{ADDRESS}?lead={lead_id}", caller=BETA) == unknown
        for query in ("?lead=", "?lead=%00", "?lead=7"):
            assert bian.refused("GET", ADDRESS + query) == unknown
        for query, begins in (
            ("", "MissingField: lead: "),
            ("?lead=1&lead=2", "DuplicateField: lead: "),
            ("?lead=1&limit=3", "UnknownField: limit: "),
        ):
            status, said = bian.refused("GET", ADDRESS + query)
            assert (status, said.startswith(begins)) == (400, True), said
