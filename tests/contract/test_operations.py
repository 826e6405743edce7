"""The operations that the WSDL files declare are those of the contract."""

from __future__ import annotations

from leadbridge import messages as m
from leadbridge.contract.operations import by_name, by_request, of_service, operations

CONTRACT = {
    "CreateBusinessPartner": ("BusinessPartnerCreateRequest", "BusinessPartnerCreateConfirmation"),
    "ReadBusinessPartner": ("BusinessPartnerByIDQuery", "BusinessPartnerByIDResponse"),
    "FindBusinessPartner": ("BusinessPartnerByElementsQuery", "BusinessPartnerByElementsResponse"),
    "CreateLead": ("LeadCreateRequest", "LeadCreateConfirmation"),
    "CheckLead": ("LeadCreateCheckQuery", "LeadCreateCheckResponse"),
    "ReadLead": ("LeadByIDQuery", "LeadByIDResponse"),
    "FindLead": ("LeadByElementsQuery", "LeadByElementsResponse"),
    "ChangeLead": ("LeadChangeRequest", "LeadChangeConfirmation"),
    "ComboCreateLeadOpportunity": (
        "ComboCreateLeadOpportunityRequest",
        "ComboCreateLeadOpportunityConfirmation",
    ),
    "ComboUpdateLeadOpportunity": (
        "ComboUpdateLeadOpportunityRequest",
        "ComboUpdateLeadOpportunityConfirmation",
    ),
    "UpdateOpportunityStatus": ("OpportunityStatusUpdateRequest", "OpportunityStatusUpdateConfirmation"),
    "UpdateLeadStatus": ("LeadStatusUpdateRequest", "LeadStatusUpdateConfirmation"),
    "ReadCrmRecord": ("CrmRecordByIDQuery", "CrmRecordByIDResponse"),
    "AdvanceOpportunityStage": ("OpportunityStageAdvanceRequest", "OpportunityStageAdvanceConfirmation"),
    "FindCrmRecord": ("CrmRecordByElementsQuery", "CrmRecordByElementsResponse"),
    "SubmitLeadBulk": ("LeadBulkSubmitRequest", "LeadBulkSubmitConfirmation"),
    "ReadLeadBulk": ("LeadBulkByIDQuery", "LeadBulkByIDResponse"),
    "ReadLeadBulkRejections": ("LeadBulkRejectionsQuery", "LeadBulkRejectionsResponse"),
    "CancelLeadBulk": ("LeadBulkCancelRequest", "LeadBulkCancelConfirmation"),
    "MaintainLeadBundle": ("LeadBundleMaintainRequest", "LeadBundleMaintainConfirmation"),
    "CheckMaintainLeadBundle": ("LeadBundleMaintainCheckQuery", "LeadBundleMaintainCheckResponse"),
    "ReadLeadStatusChanges": ("LeadStatusChangesQuery", "LeadStatusChangesResponse"),
    "AcknowledgeLeadStatusChanges": (
        "LeadStatusChangesAcknowledgeRequest",
        "LeadStatusChangesAcknowledgeConfirmation",
    ),
    "MergeBusinessPartner": ("BusinessPartnerMergeRequest", "BusinessPartnerMergeConfirmation"),
}
ASYNCHRONOUS = {"SubmitLeadBulk"}


def test_every_operation_has_the_messages_of_the_contract() -> None:
    found = {one.name: (one.request, one.answer) for one in operations()}
    expected = {
        name: tuple(
            f"{{{by_name()[name].namespace}}}{message}_{'async' if name in ASYNCHRONOUS else 'sync'}"
            for message in pair
        )
        for name, pair in CONTRACT.items()
    }
    assert found == expected


def test_an_operation_knows_its_action_classes_and_card() -> None:
    create = by_request()["{urn:leadbridge:lead:1}LeadCreateRequest_sync"]
    assert (create.name, create.service, create.namespace) == ("CreateLead", "LeadService", "urn:leadbridge:lead:1")
    assert create.soap_action == "urn:leadbridge:lead:1:CreateLead"
    assert create.request_class is m.LeadCreateRequestSync
    assert create.answer_class is m.LeadCreateConfirmationSync
    assert create.documentation.startswith("Creates a lead")


def test_the_operations_of_a_service_are_in_the_order_of_its_wsdl() -> None:
    names = [one.name for one in of_service("LeadService")]
    assert names == [
        "CreateLead",
        "CheckLead",
        "ReadLead",
        "FindLead",
        "ChangeLead",
        "MaintainLeadBundle",
        "CheckMaintainLeadBundle",
        "ReadLeadStatusChanges",
        "AcknowledgeLeadStatusChanges",
    ]
    assert of_service("NoService") == ()
