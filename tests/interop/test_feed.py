"""The partner's loop and the status feed, as other people's clients live through them on a running server."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.interop.gateway import Gateway
from tests.interop.people import lead, word
from tests.interop.suds_caller import SudsCaller
from tests.interop.zeep_caller import ZeepCaller, both_versions, including, types


@pytest.fixture(scope="module")
def companies(gateway: Gateway) -> Iterator[dict[str, ZeepCaller]]:
    """The company that gives leads, on each SOAP version."""
    with both_versions(gateway, "callcentre") as callers:
        yield callers


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_zeep_goes_through_the_partner_s_loop(gateway: Gateway, companies: dict[str, ZeepCaller], version: str) -> None:
    company = companies[version]
    party = word()
    credentials = gateway.caller(party, "partner")
    with ZeepCaller(gateway, credentials, version=version) as partner:
        created = [company.done("CreateLead", Lead=lead(SalesPartnerParty={"PartyID": party})).Lead for _ in range(3)]
        given = {"SelectionBySalesPartnerPartyID": [including(party)]}

        def found() -> list[str]:
            return [one.ID for one in partner.done("FindLead", LeadSelectionByElements=given).Lead]

        def changed(caller: ZeepCaller, lead_id: str, message: dict[str, Any], **fields: Any) -> list[str]:
            content = {"LeadIdentification": {"ID": lead_id}, **fields}
            return types(caller.done("ChangeLead", Lead=content, **message))

        first, second, third = (one.ID for one in created)
        assert found() == [first, second, third]

        changed(partner, first, {"PartnerDecisionCode": "ACCEPT"})
        changed(partner, first, {"ReasonCode": "005"}, LifeCycleStatusCode="5")
        changed(partner, second, {"PartnerDecisionCode": "DECLINE", "ReasonCode": "002"})
        changed(company, third, {}, SalesPartnerParty={"PartyID": party, "actionCode": "03"})
        assert found() == [first]
        assert partner.call("ReadLead", LeadSelectionByID=[{"ID": third}]).Lead == []

        page = partner.done("ReadLeadStatusChanges", ProcessingConditions={"QueryHitsMaximumNumberValue": 4})
        assert [(one.StatusChangeTypeCode, one.ID) for one in page.LeadStatusChange] == [
            ("REASSIGNED", first),
            ("REASSIGNED", second),
            ("REASSIGNED", third),
            ("DECLINED", first),
        ]
        told = page.LeadStatusChange[-1]
        assert told.UUID == created[0].UUID
        assert (told.OldLifeCycleStatusCode, told.LifeCycleStatusCode, told.ReasonCode) == ("1", "5", "005")
        assert (told.PartnerDecisionCode, told.SalesPartnerParty.PartyID) == ("ACCEPT", party)
        conditions = page.ProcessingConditions
        assert (conditions.ReturnedQueryHitsNumberValue, conditions.MoreHitsAvailableIndicator) == (4, True)
        assert conditions.LastReturnedObjectID == told.FeedPositionID == "0000000004"

        ahead = {"LastReturnedObjectID": conditions.LastReturnedObjectID}
        rest = partner.done("ReadLeadStatusChanges", ProcessingConditions=ahead).LeadStatusChange
        assert [(one.ID, one.PartnerDecisionCode, one.SalesPartnerParty) for one in rest] == [
            (second, "DECLINE", None),
            (third, None, None),
        ]

        answer = partner.done("AcknowledgeLeadStatusChanges", FeedPositionID=told.FeedPositionID)
        assert (answer.AcknowledgedNumberValue, answer.FeedPositionID) == (4, "0000000004")
        assert answer.ReplayedIndicator is False
        again = partner.done("ReadLeadStatusChanges").LeadStatusChange
        assert [one.FeedPositionID for one in again] == ["0000000005", "0000000006"]
        unknown = partner.refused("AcknowledgeLeadStatusChanges", FeedPositionID="0000000007")
        assert unknown == ["LEAD.FEED_POSITION_UNKNOWN"]


def test_suds_reads_a_feed_and_acknowledges_it(gateway: Gateway, companies: dict[str, ZeepCaller]) -> None:
    party = word()
    with SudsCaller(gateway, gateway.caller(party, "partner")) as partner:
        assert not hasattr(partner.done("ReadLeadStatusChanges"), "LeadStatusChange")
        created = companies["1.1"].done("CreateLead", Lead=lead(SalesPartnerParty={"PartyID": party})).Lead
        answer = partner.done("ReadLeadStatusChanges")
        (told,) = answer.LeadStatusChange
        assert (told.ID, told.StatusChangeTypeCode) == (created.ID, "REASSIGNED")
        assert told.SalesPartnerParty.PartyID == party
        assert answer.ProcessingConditions.MoreHitsAvailableIndicator is False
        conditions = partner.make(
            "ReadLeadStatusChanges", "lbc:QueryProcessingConditions", LastReturnedObjectID=told.FeedPositionID
        )
        assert not hasattr(partner.done("ReadLeadStatusChanges", ProcessingConditions=conditions), "LeadStatusChange")
        confirmed = partner.done("AcknowledgeLeadStatusChanges", FeedPositionID=told.FeedPositionID)
        assert (confirmed.AcknowledgedNumberValue, confirmed.FeedPositionID) == (1, told.FeedPositionID)
        assert not hasattr(partner.done("ReadLeadStatusChanges"), "LeadStatusChange")
