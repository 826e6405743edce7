from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from leadbridge.messages.common import (
    ActionCode,
    Amount,
    BasicMessageHeader,
    BusinessPartner,
    Extension,
    ExternalKey,
    ForwardingStatusCode,
    LeadDuplicateCheckCode,
    LeadLifeCycleStatusCode,
    Log,
    Note,
    PartnerDecisionCode,
    PriorityCode,
    ProcessingResultCode,
    QualificationLevelCode,
    Quantity,
    QueryProcessingConditions,
    ResponseProcessingConditions,
    SelectionByDate,
    SelectionByDateTime,
    SelectionByText,
    SystemAdministrativeData,
    TransmissionRequestCode,
)

__NAMESPACE__ = "urn:leadbridge:lead:1"


@dataclass(slots=True, kw_only=True)
class ContactParty:
    business_partner_internal_id: str = field(
        metadata={
            "name": "BusinessPartnerInternalID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 10,
            "max_length": 10,
            "pattern": r"[0-9]{10}",
        }
    )
    main_indicator: None | bool = field(
        default=None,
        metadata={
            "name": "MainIndicator",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )


@dataclass(slots=True, kw_only=True)
class Document:
    name: str = field(
        metadata={
            "name": "Name",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 1,
            "max_length": 255,
        }
    )
    mimecode: str = field(
        metadata={
            "name": "MIMECode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 1,
            "max_length": 80,
        }
    )
    file_content_binary_object: bytes = field(
        metadata={
            "name": "FileContentBinaryObject",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "max_length": 1048576,
            "format": "base64",
        }
    )


@dataclass(slots=True, kw_only=True)
class QuestionnaireAnswer:
    question_id: str = field(
        metadata={
            "name": "QuestionID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 1,
            "max_length": 20,
        }
    )
    answer_code: str = field(
        metadata={
            "name": "AnswerCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 1,
            "max_length": 20,
        }
    )


@dataclass(slots=True, kw_only=True)
class SalesPartnerParty:
    party_id: str = field(
        metadata={
            "name": "PartyID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 1,
            "max_length": 20,
        }
    )


@dataclass(slots=True, kw_only=True)
class SalesResponsibleParty:
    party_id: str = field(
        metadata={
            "name": "PartyID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 1,
            "max_length": 20,
        }
    )


class StatusChangeTypeCode(Enum):
    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"
    WON = "WON"
    LOST = "LOST"
    REASSIGNED = "REASSIGNED"


@dataclass(slots=True, kw_only=True)
class AttachmentFolder:
    document: list[Document] = field(
        default_factory=list,
        metadata={
            "name": "Document",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "max_occurs": 5,
        },
    )


@dataclass(slots=True, kw_only=True)
class ContactPartyChange:
    business_partner_internal_id: str = field(
        metadata={
            "name": "BusinessPartnerInternalID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 10,
            "max_length": 10,
            "pattern": r"[0-9]{10}",
        }
    )
    main_indicator: None | bool = field(
        default=None,
        metadata={
            "name": "MainIndicator",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    action_code: None | ActionCode = field(
        default=None,
        metadata={
            "name": "actionCode",
            "type": "Attribute",
        },
    )


@dataclass(slots=True, kw_only=True)
class LeadBundleCheckResult:
    reference_object_node_sender_technical_id: None | str = field(
        default=None,
        metadata={
            "name": "ReferenceObjectNodeSenderTechnicalID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 1,
            "max_length": 40,
        },
    )
    id: None | str = field(
        default=None,
        metadata={
            "name": "ID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 10,
            "max_length": 10,
            "pattern": r"[0-9]{10}",
        },
    )
    life_cycle_status_code: None | LeadLifeCycleStatusCode = field(
        default=None,
        metadata={
            "name": "LifeCycleStatusCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    prospect_party_internal_id: None | str = field(
        default=None,
        metadata={
            "name": "ProspectPartyInternalID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 10,
            "max_length": 10,
            "pattern": r"[0-9]{10}",
        },
    )
    business_document_processing_result_code: ProcessingResultCode = field(
        metadata={
            "name": "BusinessDocumentProcessingResultCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )


@dataclass(slots=True, kw_only=True)
class LeadBundleConfirmation:
    reference_object_node_sender_technical_id: None | str = field(
        default=None,
        metadata={
            "name": "ReferenceObjectNodeSenderTechnicalID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 1,
            "max_length": 40,
        },
    )
    id: None | str = field(
        default=None,
        metadata={
            "name": "ID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 10,
            "max_length": 10,
            "pattern": r"[0-9]{10}",
        },
    )
    uuid: None | str = field(
        default=None,
        metadata={
            "name": "UUID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 36,
            "max_length": 36,
            "pattern": r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
        },
    )
    change_state_id: None | str = field(
        default=None,
        metadata={
            "name": "ChangeStateID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 1,
            "max_length": 40,
        },
    )
    life_cycle_status_code: None | LeadLifeCycleStatusCode = field(
        default=None,
        metadata={
            "name": "LifeCycleStatusCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    prospect_party_internal_id: None | str = field(
        default=None,
        metadata={
            "name": "ProspectPartyInternalID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 10,
            "max_length": 10,
            "pattern": r"[0-9]{10}",
        },
    )
    qualification_level_code: None | QualificationLevelCode = field(
        default=None,
        metadata={
            "name": "QualificationLevelCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    qualification_score_value: None | int = field(
        default=None,
        metadata={
            "name": "QualificationScoreValue",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    business_document_processing_result_code: ProcessingResultCode = field(
        metadata={
            "name": "BusinessDocumentProcessingResultCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )
    replayed_indicator: bool = field(
        metadata={
            "name": "ReplayedIndicator",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )


@dataclass(slots=True, kw_only=True)
class LeadCheckResult:
    reference_object_node_sender_technical_id: None | str = field(
        default=None,
        metadata={
            "name": "ReferenceObjectNodeSenderTechnicalID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 1,
            "max_length": 40,
        },
    )
    life_cycle_status_code: LeadLifeCycleStatusCode = field(
        metadata={
            "name": "LifeCycleStatusCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )
    prospect_party_internal_id: None | str = field(
        default=None,
        metadata={
            "name": "ProspectPartyInternalID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 10,
            "max_length": 10,
            "pattern": r"[0-9]{10}",
        },
    )


@dataclass(slots=True, kw_only=True)
class LeadConfirmation:
    reference_object_node_sender_technical_id: None | str = field(
        default=None,
        metadata={
            "name": "ReferenceObjectNodeSenderTechnicalID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 1,
            "max_length": 40,
        },
    )
    id: str = field(
        metadata={
            "name": "ID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 10,
            "max_length": 10,
            "pattern": r"[0-9]{10}",
        }
    )
    uuid: str = field(
        metadata={
            "name": "UUID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 36,
            "max_length": 36,
            "pattern": r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
        }
    )
    change_state_id: str = field(
        metadata={
            "name": "ChangeStateID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 1,
            "max_length": 40,
        }
    )
    life_cycle_status_code: LeadLifeCycleStatusCode = field(
        metadata={
            "name": "LifeCycleStatusCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )
    prospect_party_internal_id: str = field(
        metadata={
            "name": "ProspectPartyInternalID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 10,
            "max_length": 10,
            "pattern": r"[0-9]{10}",
        }
    )
    qualification_level_code: None | QualificationLevelCode = field(
        default=None,
        metadata={
            "name": "QualificationLevelCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    qualification_score_value: None | int = field(
        default=None,
        metadata={
            "name": "QualificationScoreValue",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )


@dataclass(slots=True, kw_only=True)
class LeadHit:
    id: str = field(
        metadata={
            "name": "ID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 10,
            "max_length": 10,
            "pattern": r"[0-9]{10}",
        }
    )
    uuid: str = field(
        metadata={
            "name": "UUID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 36,
            "max_length": 36,
            "pattern": r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
        }
    )
    change_state_id: str = field(
        metadata={
            "name": "ChangeStateID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 1,
            "max_length": 40,
        }
    )
    external_key: None | ExternalKey = field(
        default=None,
        metadata={
            "name": "ExternalKey",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    name: str = field(
        metadata={
            "name": "Name",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 1,
            "max_length": 80,
        }
    )
    life_cycle_status_code: LeadLifeCycleStatusCode = field(
        metadata={
            "name": "LifeCycleStatusCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )
    qualification_level_code: None | QualificationLevelCode = field(
        default=None,
        metadata={
            "name": "QualificationLevelCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    qualification_score_value: None | int = field(
        default=None,
        metadata={
            "name": "QualificationScoreValue",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    origin_type_code: None | str = field(
        default=None,
        metadata={
            "name": "OriginTypeCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 3,
            "max_length": 4,
            "pattern": r"[0-9A-Z]{3,4}",
        },
    )
    group_code: None | str = field(
        default=None,
        metadata={
            "name": "GroupCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 3,
            "max_length": 4,
            "pattern": r"[0-9A-Z]{3,4}",
        },
    )
    priority_code: None | PriorityCode = field(
        default=None,
        metadata={
            "name": "PriorityCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    campaign_id: None | str = field(
        default=None,
        metadata={
            "name": "CampaignID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 1,
            "max_length": 40,
        },
    )
    start_date: None | str = field(
        default=None,
        metadata={
            "name": "StartDate",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "pattern": r"([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-[0-9]{2}-[0-9]{2}(Z|[+\-][0-9]{2}:[0-9]{2})?",
        },
    )
    end_date: None | str = field(
        default=None,
        metadata={
            "name": "EndDate",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "pattern": r"([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-[0-9]{2}-[0-9]{2}(Z|[+\-][0-9]{2}:[0-9]{2})?",
        },
    )
    prospect_party_internal_id: str = field(
        metadata={
            "name": "ProspectPartyInternalID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 10,
            "max_length": 10,
            "pattern": r"[0-9]{10}",
        }
    )
    sales_responsible_party: None | SalesResponsibleParty = field(
        default=None,
        metadata={
            "name": "SalesResponsibleParty",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    sales_partner_party: None | SalesPartnerParty = field(
        default=None,
        metadata={
            "name": "SalesPartnerParty",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    expected_revenue_amount: None | Amount = field(
        default=None,
        metadata={
            "name": "ExpectedRevenueAmount",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    system_administrative_data: SystemAdministrativeData = field(
        metadata={
            "name": "SystemAdministrativeData",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )


@dataclass(slots=True, kw_only=True)
class LeadIdentification:
    id: None | str = field(
        default=None,
        metadata={
            "name": "ID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 10,
            "max_length": 10,
            "pattern": r"[0-9]{10}",
        },
    )
    uuid: None | str = field(
        default=None,
        metadata={
            "name": "UUID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 36,
            "max_length": 36,
            "pattern": r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
        },
    )
    external_key: None | ExternalKey = field(
        default=None,
        metadata={
            "name": "ExternalKey",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )


@dataclass(slots=True, kw_only=True)
class LeadItem:
    object_node_sender_technical_id: None | str = field(
        default=None,
        metadata={
            "name": "ObjectNodeSenderTechnicalID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 1,
            "max_length": 40,
        },
    )
    id: None | str = field(
        default=None,
        metadata={
            "name": "ID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 1,
            "max_length": 10,
        },
    )
    product_id: str = field(
        metadata={
            "name": "ProductID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 1,
            "max_length": 40,
        }
    )
    description: None | str = field(
        default=None,
        metadata={
            "name": "Description",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 1,
            "max_length": 80,
        },
    )
    quantity: None | Quantity = field(
        default=None,
        metadata={
            "name": "Quantity",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )


@dataclass(slots=True, kw_only=True)
class LeadItemChange:
    object_node_sender_technical_id: None | str = field(
        default=None,
        metadata={
            "name": "ObjectNodeSenderTechnicalID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 1,
            "max_length": 40,
        },
    )
    id: None | str = field(
        default=None,
        metadata={
            "name": "ID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 1,
            "max_length": 10,
        },
    )
    product_id: None | str = field(
        default=None,
        metadata={
            "name": "ProductID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 1,
            "max_length": 40,
        },
    )
    description: None | str = field(
        default=None,
        metadata={
            "name": "Description",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 1,
            "max_length": 80,
        },
    )
    quantity: None | Quantity = field(
        default=None,
        metadata={
            "name": "Quantity",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    action_code: None | ActionCode = field(
        default=None,
        metadata={
            "name": "actionCode",
            "type": "Attribute",
        },
    )


@dataclass(slots=True, kw_only=True)
class LeadSelectionByElements:
    selection_by_id: list[SelectionByText] = field(
        default_factory=list,
        metadata={
            "name": "SelectionByID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "max_occurs": 20,
        },
    )
    selection_by_name: list[SelectionByText] = field(
        default_factory=list,
        metadata={
            "name": "SelectionByName",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "max_occurs": 20,
        },
    )
    selection_by_life_cycle_status_code: list[SelectionByText] = field(
        default_factory=list,
        metadata={
            "name": "SelectionByLifeCycleStatusCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "max_occurs": 20,
        },
    )
    selection_by_qualification_level_code: list[SelectionByText] = field(
        default_factory=list,
        metadata={
            "name": "SelectionByQualificationLevelCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "max_occurs": 20,
        },
    )
    selection_by_origin_type_code: list[SelectionByText] = field(
        default_factory=list,
        metadata={
            "name": "SelectionByOriginTypeCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "max_occurs": 20,
        },
    )
    selection_by_priority_code: list[SelectionByText] = field(
        default_factory=list,
        metadata={
            "name": "SelectionByPriorityCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "max_occurs": 20,
        },
    )
    selection_by_campaign_id: list[SelectionByText] = field(
        default_factory=list,
        metadata={
            "name": "SelectionByCampaignID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "max_occurs": 20,
        },
    )
    selection_by_prospect_party_id: list[SelectionByText] = field(
        default_factory=list,
        metadata={
            "name": "SelectionByProspectPartyID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "max_occurs": 20,
        },
    )
    selection_by_sales_responsible_party_id: list[SelectionByText] = field(
        default_factory=list,
        metadata={
            "name": "SelectionBySalesResponsiblePartyID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "max_occurs": 20,
        },
    )
    selection_by_sales_partner_party_id: list[SelectionByText] = field(
        default_factory=list,
        metadata={
            "name": "SelectionBySalesPartnerPartyID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "max_occurs": 20,
        },
    )
    selection_by_start_date: list[SelectionByDate] = field(
        default_factory=list,
        metadata={
            "name": "SelectionByStartDate",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "max_occurs": 20,
        },
    )
    selection_by_last_change_date_time: list[SelectionByDateTime] = field(
        default_factory=list,
        metadata={
            "name": "SelectionByLastChangeDateTime",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "max_occurs": 20,
        },
    )
    selection_by_email_uri: list[SelectionByText] = field(
        default_factory=list,
        metadata={
            "name": "SelectionByEmailURI",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "max_occurs": 20,
        },
    )
    selection_by_phone_number: list[SelectionByText] = field(
        default_factory=list,
        metadata={
            "name": "SelectionByPhoneNumber",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "max_occurs": 20,
        },
    )


@dataclass(slots=True, kw_only=True)
class LeadStatusChange:
    feed_position_id: str = field(
        metadata={
            "name": "FeedPositionID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 10,
            "max_length": 10,
            "pattern": r"[0-9]{10}",
        }
    )
    status_change_type_code: StatusChangeTypeCode = field(
        metadata={
            "name": "StatusChangeTypeCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )
    id: str = field(
        metadata={
            "name": "ID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 10,
            "max_length": 10,
            "pattern": r"[0-9]{10}",
        }
    )
    uuid: str = field(
        metadata={
            "name": "UUID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 36,
            "max_length": 36,
            "pattern": r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
        }
    )
    object_node_sender_technical_id: None | str = field(
        default=None,
        metadata={
            "name": "ObjectNodeSenderTechnicalID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 1,
            "max_length": 40,
        },
    )
    external_key: None | ExternalKey = field(
        default=None,
        metadata={
            "name": "ExternalKey",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    old_life_cycle_status_code: None | LeadLifeCycleStatusCode = field(
        default=None,
        metadata={
            "name": "OldLifeCycleStatusCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    life_cycle_status_code: LeadLifeCycleStatusCode = field(
        metadata={
            "name": "LifeCycleStatusCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )
    reason_code: None | str = field(
        default=None,
        metadata={
            "name": "ReasonCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 3,
            "max_length": 4,
            "pattern": r"[0-9A-Z]{3,4}",
        },
    )
    partner_decision_code: None | PartnerDecisionCode = field(
        default=None,
        metadata={
            "name": "PartnerDecisionCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    sales_partner_party: None | SalesPartnerParty = field(
        default=None,
        metadata={
            "name": "SalesPartnerParty",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    core_lead_id: None | str = field(
        default=None,
        metadata={
            "name": "CoreLeadID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 1,
            "max_length": 20,
        },
    )
    core_opportunity_id: None | str = field(
        default=None,
        metadata={
            "name": "CoreOpportunityID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 1,
            "max_length": 20,
        },
    )
    change_date_time: str = field(
        metadata={
            "name": "ChangeDateTime",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "pattern": r"([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-.*(Z|[+\-][0-9]{2}:[0-9]{2})",
        }
    )


@dataclass(slots=True, kw_only=True)
class LeadStatusChangesAcknowledgeConfirmationMessage:
    basic_message_header: BasicMessageHeader = field(
        metadata={
            "name": "BasicMessageHeader",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )
    feed_position_id: None | str = field(
        default=None,
        metadata={
            "name": "FeedPositionID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 10,
            "max_length": 10,
            "pattern": r"[0-9]{10}",
        },
    )
    acknowledged_number_value: int = field(
        metadata={
            "name": "AcknowledgedNumberValue",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )
    replayed_indicator: bool = field(
        metadata={
            "name": "ReplayedIndicator",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )
    log: Log = field(
        metadata={
            "name": "Log",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )


@dataclass(slots=True, kw_only=True)
class LeadStatusChangesAcknowledgeRequestMessage:
    basic_message_header: BasicMessageHeader = field(
        metadata={
            "name": "BasicMessageHeader",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )
    feed_position_id: str = field(
        metadata={
            "name": "FeedPositionID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 10,
            "max_length": 10,
            "pattern": r"[0-9]{10}",
        }
    )


@dataclass(slots=True, kw_only=True)
class LeadStatusChangesQueryMessage:
    basic_message_header: BasicMessageHeader = field(
        metadata={
            "name": "BasicMessageHeader",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )
    processing_conditions: None | QueryProcessingConditions = field(
        default=None,
        metadata={
            "name": "ProcessingConditions",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )


@dataclass(slots=True, kw_only=True)
class NoteChange:
    value: str = field(
        default="",
        metadata={
            "min_length": 1,
            "max_length": 4000,
        },
    )
    language_code: None | str = field(
        default=None,
        metadata={
            "name": "languageCode",
            "type": "Attribute",
            "min_length": 2,
            "max_length": 35,
            "pattern": r"[a-zA-Z]{2,8}(-[a-zA-Z0-9]{1,8})*",
        },
    )
    type_code: None | str = field(
        default=None,
        metadata={
            "name": "typeCode",
            "type": "Attribute",
            "min_length": 1,
            "max_length": 5,
            "pattern": r"[0-9A-Z]{1,5}",
        },
    )
    action_code: None | ActionCode = field(
        default=None,
        metadata={
            "name": "actionCode",
            "type": "Attribute",
        },
    )


@dataclass(slots=True, kw_only=True)
class ProspectParty:
    business_partner_internal_id: None | str = field(
        default=None,
        metadata={
            "name": "BusinessPartnerInternalID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 10,
            "max_length": 10,
            "pattern": r"[0-9]{10}",
        },
    )
    business_partner_uuid: None | str = field(
        default=None,
        metadata={
            "name": "BusinessPartnerUUID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 36,
            "max_length": 36,
            "pattern": r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
        },
    )
    external_key: None | ExternalKey = field(
        default=None,
        metadata={
            "name": "ExternalKey",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    new_business_partner: None | BusinessPartner = field(
        default=None,
        metadata={
            "name": "NewBusinessPartner",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )


@dataclass(slots=True, kw_only=True)
class ProspectPartyDetails:
    business_partner_internal_id: str = field(
        metadata={
            "name": "BusinessPartnerInternalID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 10,
            "max_length": 10,
            "pattern": r"[0-9]{10}",
        }
    )
    business_partner_uuid: str = field(
        metadata={
            "name": "BusinessPartnerUUID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 36,
            "max_length": 36,
            "pattern": r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
        }
    )
    external_key: None | ExternalKey = field(
        default=None,
        metadata={
            "name": "ExternalKey",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    formatted_name: None | str = field(
        default=None,
        metadata={
            "name": "FormattedName",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 1,
            "max_length": 90,
        },
    )


@dataclass(slots=True, kw_only=True)
class RequestedElements:
    item_transmission_request_code: None | TransmissionRequestCode = field(
        default=None,
        metadata={
            "name": "itemTransmissionRequestCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    note_transmission_request_code: None | TransmissionRequestCode = field(
        default=None,
        metadata={
            "name": "noteTransmissionRequestCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    history_transmission_request_code: None | TransmissionRequestCode = field(
        default=None,
        metadata={
            "name": "historyTransmissionRequestCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    attachment_transmission_request_code: None | TransmissionRequestCode = field(
        default=None,
        metadata={
            "name": "attachmentTransmissionRequestCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    extension_transmission_request_code: None | TransmissionRequestCode = field(
        default=None,
        metadata={
            "name": "extensionTransmissionRequestCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )


@dataclass(slots=True, kw_only=True)
class SalesPartnerPartyChange:
    party_id: str = field(
        metadata={
            "name": "PartyID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 1,
            "max_length": 20,
        }
    )
    action_code: None | ActionCode = field(
        default=None,
        metadata={
            "name": "actionCode",
            "type": "Attribute",
        },
    )


@dataclass(slots=True, kw_only=True)
class StatusHistoryItem:
    old_life_cycle_status_code: None | LeadLifeCycleStatusCode = field(
        default=None,
        metadata={
            "name": "OldLifeCycleStatusCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    life_cycle_status_code: LeadLifeCycleStatusCode = field(
        metadata={
            "name": "LifeCycleStatusCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )
    reason_code: None | str = field(
        default=None,
        metadata={
            "name": "ReasonCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 3,
            "max_length": 4,
            "pattern": r"[0-9A-Z]{3,4}",
        },
    )
    change_date_time: str = field(
        metadata={
            "name": "ChangeDateTime",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "pattern": r"([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-.*(Z|[+\-][0-9]{2}:[0-9]{2})",
        }
    )
    change_party_id: str = field(
        metadata={
            "name": "ChangePartyID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 1,
            "max_length": 64,
        }
    )


@dataclass(slots=True, kw_only=True)
class Lead:
    object_node_sender_technical_id: None | str = field(
        default=None,
        metadata={
            "name": "ObjectNodeSenderTechnicalID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 1,
            "max_length": 40,
        },
    )
    external_key: None | ExternalKey = field(
        default=None,
        metadata={
            "name": "ExternalKey",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    name: str = field(
        metadata={
            "name": "Name",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 1,
            "max_length": 80,
        }
    )
    life_cycle_status_code: None | LeadLifeCycleStatusCode = field(
        default=None,
        metadata={
            "name": "LifeCycleStatusCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    qualification_level_code: None | QualificationLevelCode = field(
        default=None,
        metadata={
            "name": "QualificationLevelCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    origin_type_code: None | str = field(
        default=None,
        metadata={
            "name": "OriginTypeCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 3,
            "max_length": 4,
            "pattern": r"[0-9A-Z]{3,4}",
        },
    )
    group_code: None | str = field(
        default=None,
        metadata={
            "name": "GroupCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 3,
            "max_length": 4,
            "pattern": r"[0-9A-Z]{3,4}",
        },
    )
    priority_code: None | PriorityCode = field(
        default=None,
        metadata={
            "name": "PriorityCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    campaign_id: None | str = field(
        default=None,
        metadata={
            "name": "CampaignID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 1,
            "max_length": 40,
        },
    )
    start_date: None | str = field(
        default=None,
        metadata={
            "name": "StartDate",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "pattern": r"([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-[0-9]{2}-[0-9]{2}(Z|[+\-][0-9]{2}:[0-9]{2})?",
        },
    )
    end_date: None | str = field(
        default=None,
        metadata={
            "name": "EndDate",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "pattern": r"([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-[0-9]{2}-[0-9]{2}(Z|[+\-][0-9]{2}:[0-9]{2})?",
        },
    )
    prospect_party: ProspectParty = field(
        metadata={
            "name": "ProspectParty",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )
    contact_party: list[ContactParty] = field(
        default_factory=list,
        metadata={
            "name": "ContactParty",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "max_occurs": 10,
        },
    )
    sales_responsible_party: None | SalesResponsibleParty = field(
        default=None,
        metadata={
            "name": "SalesResponsibleParty",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    sales_partner_party: None | SalesPartnerParty = field(
        default=None,
        metadata={
            "name": "SalesPartnerParty",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    expected_revenue_amount: None | Amount = field(
        default=None,
        metadata={
            "name": "ExpectedRevenueAmount",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    item: list[LeadItem] = field(
        default_factory=list,
        metadata={
            "name": "Item",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "max_occurs": 100,
        },
    )
    questionnaire_answer: list[QuestionnaireAnswer] = field(
        default_factory=list,
        metadata={
            "name": "QuestionnaireAnswer",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "max_occurs": 50,
        },
    )
    note: list[Note] = field(
        default_factory=list,
        metadata={
            "name": "Note",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "max_occurs": 20,
        },
    )
    attachment_folder: None | AttachmentFolder = field(
        default=None,
        metadata={
            "name": "AttachmentFolder",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    extension: None | Extension = field(
        default=None,
        metadata={
            "name": "Extension",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )


@dataclass(slots=True, kw_only=True)
class LeadBundleMaintainCheckResponseMessage:
    basic_message_header: BasicMessageHeader = field(
        metadata={
            "name": "BasicMessageHeader",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )
    lead: list[LeadBundleCheckResult] = field(
        default_factory=list,
        metadata={
            "name": "Lead",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_occurs": 1,
            "max_occurs": 1000,
        },
    )
    log: Log = field(
        metadata={
            "name": "Log",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )


@dataclass(slots=True, kw_only=True)
class LeadBundleMaintainConfirmationMessage:
    basic_message_header: BasicMessageHeader = field(
        metadata={
            "name": "BasicMessageHeader",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )
    lead: list[LeadBundleConfirmation] = field(
        default_factory=list,
        metadata={
            "name": "Lead",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_occurs": 1,
            "max_occurs": 1000,
        },
    )
    log: Log = field(
        metadata={
            "name": "Log",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )


@dataclass(slots=True, kw_only=True)
class LeadBundleRecord:
    lead_identification: None | LeadIdentification = field(
        default=None,
        metadata={
            "name": "LeadIdentification",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    change_state_id: None | str = field(
        default=None,
        metadata={
            "name": "ChangeStateID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 1,
            "max_length": 40,
        },
    )
    object_node_sender_technical_id: None | str = field(
        default=None,
        metadata={
            "name": "ObjectNodeSenderTechnicalID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 1,
            "max_length": 40,
        },
    )
    external_key: None | ExternalKey = field(
        default=None,
        metadata={
            "name": "ExternalKey",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    name: None | str = field(
        default=None,
        metadata={
            "name": "Name",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 1,
            "max_length": 80,
        },
    )
    life_cycle_status_code: None | LeadLifeCycleStatusCode = field(
        default=None,
        metadata={
            "name": "LifeCycleStatusCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    qualification_level_code: None | QualificationLevelCode = field(
        default=None,
        metadata={
            "name": "QualificationLevelCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    origin_type_code: None | str = field(
        default=None,
        metadata={
            "name": "OriginTypeCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 3,
            "max_length": 4,
            "pattern": r"[0-9A-Z]{3,4}",
        },
    )
    group_code: None | str = field(
        default=None,
        metadata={
            "name": "GroupCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 3,
            "max_length": 4,
            "pattern": r"[0-9A-Z]{3,4}",
        },
    )
    priority_code: None | PriorityCode = field(
        default=None,
        metadata={
            "name": "PriorityCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    campaign_id: None | str = field(
        default=None,
        metadata={
            "name": "CampaignID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 1,
            "max_length": 40,
        },
    )
    start_date: None | str = field(
        default=None,
        metadata={
            "name": "StartDate",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "pattern": r"([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-[0-9]{2}-[0-9]{2}(Z|[+\-][0-9]{2}:[0-9]{2})?",
        },
    )
    end_date: None | str = field(
        default=None,
        metadata={
            "name": "EndDate",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "pattern": r"([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-[0-9]{2}-[0-9]{2}(Z|[+\-][0-9]{2}:[0-9]{2})?",
        },
    )
    prospect_party: None | ProspectParty = field(
        default=None,
        metadata={
            "name": "ProspectParty",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    contact_party: list[ContactPartyChange] = field(
        default_factory=list,
        metadata={
            "name": "ContactParty",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "max_occurs": 10,
        },
    )
    sales_responsible_party: None | SalesResponsibleParty = field(
        default=None,
        metadata={
            "name": "SalesResponsibleParty",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    sales_partner_party: None | SalesPartnerPartyChange = field(
        default=None,
        metadata={
            "name": "SalesPartnerParty",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    expected_revenue_amount: None | Amount = field(
        default=None,
        metadata={
            "name": "ExpectedRevenueAmount",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    item: list[LeadItemChange] = field(
        default_factory=list,
        metadata={
            "name": "Item",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "max_occurs": 100,
        },
    )
    questionnaire_answer: list[QuestionnaireAnswer] = field(
        default_factory=list,
        metadata={
            "name": "QuestionnaireAnswer",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "max_occurs": 50,
        },
    )
    note: list[NoteChange] = field(
        default_factory=list,
        metadata={
            "name": "Note",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "max_occurs": 20,
        },
    )
    attachment_folder: None | AttachmentFolder = field(
        default=None,
        metadata={
            "name": "AttachmentFolder",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    reason_code: None | str = field(
        default=None,
        metadata={
            "name": "ReasonCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 3,
            "max_length": 4,
            "pattern": r"[0-9A-Z]{3,4}",
        },
    )
    partner_decision_code: None | PartnerDecisionCode = field(
        default=None,
        metadata={
            "name": "PartnerDecisionCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    extension: None | Extension = field(
        default=None,
        metadata={
            "name": "Extension",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    action_code: None | ActionCode = field(
        default=None,
        metadata={
            "name": "actionCode",
            "type": "Attribute",
        },
    )
    item_list_complete_transmission_indicator: None | bool = field(
        default=None,
        metadata={
            "name": "itemListCompleteTransmissionIndicator",
            "type": "Attribute",
        },
    )
    note_list_complete_transmission_indicator: None | bool = field(
        default=None,
        metadata={
            "name": "noteListCompleteTransmissionIndicator",
            "type": "Attribute",
        },
    )
    contact_party_list_complete_transmission_indicator: None | bool = field(
        default=None,
        metadata={
            "name": "contactPartyListCompleteTransmissionIndicator",
            "type": "Attribute",
        },
    )
    questionnaire_answer_list_complete_transmission_indicator: None | bool = field(
        default=None,
        metadata={
            "name": "questionnaireAnswerListCompleteTransmissionIndicator",
            "type": "Attribute",
        },
    )


@dataclass(slots=True, kw_only=True)
class LeadByElementsQueryMessage:
    basic_message_header: BasicMessageHeader = field(
        metadata={
            "name": "BasicMessageHeader",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )
    lead_selection_by_elements: LeadSelectionByElements = field(
        metadata={
            "name": "LeadSelectionByElements",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )
    processing_conditions: None | QueryProcessingConditions = field(
        default=None,
        metadata={
            "name": "ProcessingConditions",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )


@dataclass(slots=True, kw_only=True)
class LeadByElementsResponseMessage:
    basic_message_header: BasicMessageHeader = field(
        metadata={
            "name": "BasicMessageHeader",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )
    lead: list[LeadHit] = field(
        default_factory=list,
        metadata={
            "name": "Lead",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "max_occurs": 1000,
        },
    )
    processing_conditions: ResponseProcessingConditions = field(
        metadata={
            "name": "ProcessingConditions",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )
    log: Log = field(
        metadata={
            "name": "Log",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )


@dataclass(slots=True, kw_only=True)
class LeadByIdqueryMessage:
    class Meta:
        name = "LeadByIDQueryMessage"

    basic_message_header: BasicMessageHeader = field(
        metadata={
            "name": "BasicMessageHeader",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )
    lead_selection_by_id: list[LeadIdentification] = field(
        default_factory=list,
        metadata={
            "name": "LeadSelectionByID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_occurs": 1,
            "max_occurs": 100,
        },
    )
    requested_elements: None | RequestedElements = field(
        default=None,
        metadata={
            "name": "RequestedElements",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )


@dataclass(slots=True, kw_only=True)
class LeadChange:
    lead_identification: LeadIdentification = field(
        metadata={
            "name": "LeadIdentification",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )
    change_state_id: None | str = field(
        default=None,
        metadata={
            "name": "ChangeStateID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 1,
            "max_length": 40,
        },
    )
    object_node_sender_technical_id: None | str = field(
        default=None,
        metadata={
            "name": "ObjectNodeSenderTechnicalID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 1,
            "max_length": 40,
        },
    )
    external_key: None | ExternalKey = field(
        default=None,
        metadata={
            "name": "ExternalKey",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    name: None | str = field(
        default=None,
        metadata={
            "name": "Name",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 1,
            "max_length": 80,
        },
    )
    life_cycle_status_code: None | LeadLifeCycleStatusCode = field(
        default=None,
        metadata={
            "name": "LifeCycleStatusCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    qualification_level_code: None | QualificationLevelCode = field(
        default=None,
        metadata={
            "name": "QualificationLevelCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    origin_type_code: None | str = field(
        default=None,
        metadata={
            "name": "OriginTypeCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 3,
            "max_length": 4,
            "pattern": r"[0-9A-Z]{3,4}",
        },
    )
    group_code: None | str = field(
        default=None,
        metadata={
            "name": "GroupCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 3,
            "max_length": 4,
            "pattern": r"[0-9A-Z]{3,4}",
        },
    )
    priority_code: None | PriorityCode = field(
        default=None,
        metadata={
            "name": "PriorityCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    campaign_id: None | str = field(
        default=None,
        metadata={
            "name": "CampaignID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 1,
            "max_length": 40,
        },
    )
    start_date: None | str = field(
        default=None,
        metadata={
            "name": "StartDate",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "pattern": r"([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-[0-9]{2}-[0-9]{2}(Z|[+\-][0-9]{2}:[0-9]{2})?",
        },
    )
    end_date: None | str = field(
        default=None,
        metadata={
            "name": "EndDate",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "pattern": r"([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-[0-9]{2}-[0-9]{2}(Z|[+\-][0-9]{2}:[0-9]{2})?",
        },
    )
    prospect_party: None | ProspectParty = field(
        default=None,
        metadata={
            "name": "ProspectParty",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    contact_party: list[ContactPartyChange] = field(
        default_factory=list,
        metadata={
            "name": "ContactParty",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "max_occurs": 10,
        },
    )
    sales_responsible_party: None | SalesResponsibleParty = field(
        default=None,
        metadata={
            "name": "SalesResponsibleParty",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    sales_partner_party: None | SalesPartnerPartyChange = field(
        default=None,
        metadata={
            "name": "SalesPartnerParty",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    expected_revenue_amount: None | Amount = field(
        default=None,
        metadata={
            "name": "ExpectedRevenueAmount",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    item: list[LeadItemChange] = field(
        default_factory=list,
        metadata={
            "name": "Item",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "max_occurs": 100,
        },
    )
    questionnaire_answer: list[QuestionnaireAnswer] = field(
        default_factory=list,
        metadata={
            "name": "QuestionnaireAnswer",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "max_occurs": 50,
        },
    )
    note: list[NoteChange] = field(
        default_factory=list,
        metadata={
            "name": "Note",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "max_occurs": 20,
        },
    )
    attachment_folder: None | AttachmentFolder = field(
        default=None,
        metadata={
            "name": "AttachmentFolder",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    extension: None | Extension = field(
        default=None,
        metadata={
            "name": "Extension",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    item_list_complete_transmission_indicator: None | bool = field(
        default=None,
        metadata={
            "name": "itemListCompleteTransmissionIndicator",
            "type": "Attribute",
        },
    )
    note_list_complete_transmission_indicator: None | bool = field(
        default=None,
        metadata={
            "name": "noteListCompleteTransmissionIndicator",
            "type": "Attribute",
        },
    )
    contact_party_list_complete_transmission_indicator: None | bool = field(
        default=None,
        metadata={
            "name": "contactPartyListCompleteTransmissionIndicator",
            "type": "Attribute",
        },
    )
    questionnaire_answer_list_complete_transmission_indicator: None | bool = field(
        default=None,
        metadata={
            "name": "questionnaireAnswerListCompleteTransmissionIndicator",
            "type": "Attribute",
        },
    )


@dataclass(slots=True, kw_only=True)
class LeadChangeConfirmationMessage:
    basic_message_header: BasicMessageHeader = field(
        metadata={
            "name": "BasicMessageHeader",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )
    lead: None | LeadConfirmation = field(
        default=None,
        metadata={
            "name": "Lead",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    replayed_indicator: bool = field(
        metadata={
            "name": "ReplayedIndicator",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )
    log: Log = field(
        metadata={
            "name": "Log",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )


@dataclass(slots=True, kw_only=True)
class LeadCreateCheckResponseMessage:
    basic_message_header: BasicMessageHeader = field(
        metadata={
            "name": "BasicMessageHeader",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )
    lead: None | LeadCheckResult = field(
        default=None,
        metadata={
            "name": "Lead",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    log: Log = field(
        metadata={
            "name": "Log",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )


@dataclass(slots=True, kw_only=True)
class LeadCreateConfirmationMessage:
    basic_message_header: BasicMessageHeader = field(
        metadata={
            "name": "BasicMessageHeader",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )
    lead: None | LeadConfirmation = field(
        default=None,
        metadata={
            "name": "Lead",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    replayed_indicator: bool = field(
        metadata={
            "name": "ReplayedIndicator",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )
    log: Log = field(
        metadata={
            "name": "Log",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )


@dataclass(slots=True, kw_only=True)
class LeadStatusChangesAcknowledgeConfirmationSync(LeadStatusChangesAcknowledgeConfirmationMessage):
    class Meta:
        name = "LeadStatusChangesAcknowledgeConfirmation_sync"
        namespace = "urn:leadbridge:lead:1"


@dataclass(slots=True, kw_only=True)
class LeadStatusChangesAcknowledgeRequestSync(LeadStatusChangesAcknowledgeRequestMessage):
    class Meta:
        name = "LeadStatusChangesAcknowledgeRequest_sync"
        namespace = "urn:leadbridge:lead:1"


@dataclass(slots=True, kw_only=True)
class LeadStatusChangesQuerySync(LeadStatusChangesQueryMessage):
    class Meta:
        name = "LeadStatusChangesQuery_sync"
        namespace = "urn:leadbridge:lead:1"


@dataclass(slots=True, kw_only=True)
class LeadStatusChangesResponseMessage:
    basic_message_header: BasicMessageHeader = field(
        metadata={
            "name": "BasicMessageHeader",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )
    lead_status_change: list[LeadStatusChange] = field(
        default_factory=list,
        metadata={
            "name": "LeadStatusChange",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "max_occurs": 1000,
        },
    )
    processing_conditions: ResponseProcessingConditions = field(
        metadata={
            "name": "ProcessingConditions",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )
    log: Log = field(
        metadata={
            "name": "Log",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )


@dataclass(slots=True, kw_only=True)
class StatusHistory:
    item: list[StatusHistoryItem] = field(
        default_factory=list,
        metadata={
            "name": "Item",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "max_occurs": 1000,
        },
    )


@dataclass(slots=True, kw_only=True)
class LeadBundleMaintainCheckQueryMessage:
    basic_message_header: BasicMessageHeader = field(
        metadata={
            "name": "BasicMessageHeader",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )
    duplicate_check_code: None | LeadDuplicateCheckCode = field(
        default=None,
        metadata={
            "name": "DuplicateCheckCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    lead: list[LeadBundleRecord] = field(
        default_factory=list,
        metadata={
            "name": "Lead",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_occurs": 1,
            "max_occurs": 1000,
        },
    )
    all_or_none_indicator: None | bool = field(
        default=None,
        metadata={
            "name": "allOrNoneIndicator",
            "type": "Attribute",
        },
    )


@dataclass(slots=True, kw_only=True)
class LeadBundleMaintainCheckResponseSync(LeadBundleMaintainCheckResponseMessage):
    class Meta:
        name = "LeadBundleMaintainCheckResponse_sync"
        namespace = "urn:leadbridge:lead:1"


@dataclass(slots=True, kw_only=True)
class LeadBundleMaintainConfirmationSync(LeadBundleMaintainConfirmationMessage):
    class Meta:
        name = "LeadBundleMaintainConfirmation_sync"
        namespace = "urn:leadbridge:lead:1"


@dataclass(slots=True, kw_only=True)
class LeadBundleMaintainRequestMessage:
    basic_message_header: BasicMessageHeader = field(
        metadata={
            "name": "BasicMessageHeader",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )
    duplicate_check_code: None | LeadDuplicateCheckCode = field(
        default=None,
        metadata={
            "name": "DuplicateCheckCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    lead: list[LeadBundleRecord] = field(
        default_factory=list,
        metadata={
            "name": "Lead",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_occurs": 1,
            "max_occurs": 1000,
        },
    )
    all_or_none_indicator: None | bool = field(
        default=None,
        metadata={
            "name": "allOrNoneIndicator",
            "type": "Attribute",
        },
    )


@dataclass(slots=True, kw_only=True)
class LeadByElementsQuerySync(LeadByElementsQueryMessage):
    class Meta:
        name = "LeadByElementsQuery_sync"
        namespace = "urn:leadbridge:lead:1"


@dataclass(slots=True, kw_only=True)
class LeadByElementsResponseSync(LeadByElementsResponseMessage):
    class Meta:
        name = "LeadByElementsResponse_sync"
        namespace = "urn:leadbridge:lead:1"


@dataclass(slots=True, kw_only=True)
class LeadByIdquerySync(LeadByIdqueryMessage):
    class Meta:
        name = "LeadByIDQuery_sync"
        namespace = "urn:leadbridge:lead:1"


@dataclass(slots=True, kw_only=True)
class LeadChangeConfirmationSync(LeadChangeConfirmationMessage):
    class Meta:
        name = "LeadChangeConfirmation_sync"
        namespace = "urn:leadbridge:lead:1"


@dataclass(slots=True, kw_only=True)
class LeadChangeRequestMessage:
    basic_message_header: BasicMessageHeader = field(
        metadata={
            "name": "BasicMessageHeader",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )
    lead: LeadChange = field(
        metadata={
            "name": "Lead",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )
    reason_code: None | str = field(
        default=None,
        metadata={
            "name": "ReasonCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 3,
            "max_length": 4,
            "pattern": r"[0-9A-Z]{3,4}",
        },
    )
    partner_decision_code: None | PartnerDecisionCode = field(
        default=None,
        metadata={
            "name": "PartnerDecisionCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )


@dataclass(slots=True, kw_only=True)
class LeadCreateCheckQueryMessage:
    basic_message_header: BasicMessageHeader = field(
        metadata={
            "name": "BasicMessageHeader",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )
    duplicate_check_code: None | LeadDuplicateCheckCode = field(
        default=None,
        metadata={
            "name": "DuplicateCheckCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    lead: Lead = field(
        metadata={
            "name": "Lead",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )


@dataclass(slots=True, kw_only=True)
class LeadCreateCheckResponseSync(LeadCreateCheckResponseMessage):
    class Meta:
        name = "LeadCreateCheckResponse_sync"
        namespace = "urn:leadbridge:lead:1"


@dataclass(slots=True, kw_only=True)
class LeadCreateConfirmationSync(LeadCreateConfirmationMessage):
    class Meta:
        name = "LeadCreateConfirmation_sync"
        namespace = "urn:leadbridge:lead:1"


@dataclass(slots=True, kw_only=True)
class LeadCreateRequestMessage:
    basic_message_header: BasicMessageHeader = field(
        metadata={
            "name": "BasicMessageHeader",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )
    duplicate_check_code: None | LeadDuplicateCheckCode = field(
        default=None,
        metadata={
            "name": "DuplicateCheckCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    lead: Lead = field(
        metadata={
            "name": "Lead",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )


@dataclass(slots=True, kw_only=True)
class LeadDetails:
    id: str = field(
        metadata={
            "name": "ID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 10,
            "max_length": 10,
            "pattern": r"[0-9]{10}",
        }
    )
    uuid: str = field(
        metadata={
            "name": "UUID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 36,
            "max_length": 36,
            "pattern": r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
        }
    )
    change_state_id: str = field(
        metadata={
            "name": "ChangeStateID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 1,
            "max_length": 40,
        }
    )
    object_node_sender_technical_id: None | str = field(
        default=None,
        metadata={
            "name": "ObjectNodeSenderTechnicalID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 1,
            "max_length": 40,
        },
    )
    external_key: None | ExternalKey = field(
        default=None,
        metadata={
            "name": "ExternalKey",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    name: str = field(
        metadata={
            "name": "Name",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 1,
            "max_length": 80,
        }
    )
    life_cycle_status_code: LeadLifeCycleStatusCode = field(
        metadata={
            "name": "LifeCycleStatusCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )
    reason_code: None | str = field(
        default=None,
        metadata={
            "name": "ReasonCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 3,
            "max_length": 4,
            "pattern": r"[0-9A-Z]{3,4}",
        },
    )
    qualification_level_code: None | QualificationLevelCode = field(
        default=None,
        metadata={
            "name": "QualificationLevelCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    qualification_level_manual_indicator: None | bool = field(
        default=None,
        metadata={
            "name": "QualificationLevelManualIndicator",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    computed_qualification_level_code: None | QualificationLevelCode = field(
        default=None,
        metadata={
            "name": "ComputedQualificationLevelCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    qualification_score_value: None | int = field(
        default=None,
        metadata={
            "name": "QualificationScoreValue",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    questionnaire_id: None | str = field(
        default=None,
        metadata={
            "name": "QuestionnaireID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 1,
            "max_length": 40,
        },
    )
    origin_type_code: None | str = field(
        default=None,
        metadata={
            "name": "OriginTypeCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 3,
            "max_length": 4,
            "pattern": r"[0-9A-Z]{3,4}",
        },
    )
    group_code: None | str = field(
        default=None,
        metadata={
            "name": "GroupCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 3,
            "max_length": 4,
            "pattern": r"[0-9A-Z]{3,4}",
        },
    )
    priority_code: None | PriorityCode = field(
        default=None,
        metadata={
            "name": "PriorityCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    campaign_id: None | str = field(
        default=None,
        metadata={
            "name": "CampaignID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 1,
            "max_length": 40,
        },
    )
    start_date: None | str = field(
        default=None,
        metadata={
            "name": "StartDate",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "pattern": r"([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-[0-9]{2}-[0-9]{2}(Z|[+\-][0-9]{2}:[0-9]{2})?",
        },
    )
    end_date: None | str = field(
        default=None,
        metadata={
            "name": "EndDate",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "pattern": r"([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-[0-9]{2}-[0-9]{2}(Z|[+\-][0-9]{2}:[0-9]{2})?",
        },
    )
    prospect_party: ProspectPartyDetails = field(
        metadata={
            "name": "ProspectParty",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )
    contact_party: list[ContactParty] = field(
        default_factory=list,
        metadata={
            "name": "ContactParty",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "max_occurs": 10,
        },
    )
    sales_responsible_party: None | SalesResponsibleParty = field(
        default=None,
        metadata={
            "name": "SalesResponsibleParty",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    sales_partner_party: None | SalesPartnerParty = field(
        default=None,
        metadata={
            "name": "SalesPartnerParty",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    partner_decision_code: None | PartnerDecisionCode = field(
        default=None,
        metadata={
            "name": "PartnerDecisionCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    partner_decision_due_date_time: None | str = field(
        default=None,
        metadata={
            "name": "PartnerDecisionDueDateTime",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "pattern": r"([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-.*(Z|[+\-][0-9]{2}:[0-9]{2})",
        },
    )
    expected_revenue_amount: None | Amount = field(
        default=None,
        metadata={
            "name": "ExpectedRevenueAmount",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    item: list[LeadItem] = field(
        default_factory=list,
        metadata={
            "name": "Item",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "max_occurs": 100,
        },
    )
    questionnaire_answer: list[QuestionnaireAnswer] = field(
        default_factory=list,
        metadata={
            "name": "QuestionnaireAnswer",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "max_occurs": 50,
        },
    )
    note: list[Note] = field(
        default_factory=list,
        metadata={
            "name": "Note",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "max_occurs": 1000,
        },
    )
    attachment_folder: None | AttachmentFolder = field(
        default=None,
        metadata={
            "name": "AttachmentFolder",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    core_lead_id: None | str = field(
        default=None,
        metadata={
            "name": "CoreLeadID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 1,
            "max_length": 20,
        },
    )
    core_opportunity_id: None | str = field(
        default=None,
        metadata={
            "name": "CoreOpportunityID",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "min_length": 1,
            "max_length": 20,
        },
    )
    forwarding_status_code: None | ForwardingStatusCode = field(
        default=None,
        metadata={
            "name": "ForwardingStatusCode",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    system_administrative_data: SystemAdministrativeData = field(
        metadata={
            "name": "SystemAdministrativeData",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )
    status_history: None | StatusHistory = field(
        default=None,
        metadata={
            "name": "StatusHistory",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )
    extension: None | Extension = field(
        default=None,
        metadata={
            "name": "Extension",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        },
    )


@dataclass(slots=True, kw_only=True)
class LeadStatusChangesResponseSync(LeadStatusChangesResponseMessage):
    class Meta:
        name = "LeadStatusChangesResponse_sync"
        namespace = "urn:leadbridge:lead:1"


@dataclass(slots=True, kw_only=True)
class LeadBundleMaintainCheckQuerySync(LeadBundleMaintainCheckQueryMessage):
    class Meta:
        name = "LeadBundleMaintainCheckQuery_sync"
        namespace = "urn:leadbridge:lead:1"


@dataclass(slots=True, kw_only=True)
class LeadBundleMaintainRequestSync(LeadBundleMaintainRequestMessage):
    class Meta:
        name = "LeadBundleMaintainRequest_sync"
        namespace = "urn:leadbridge:lead:1"


@dataclass(slots=True, kw_only=True)
class LeadByIdresponseMessage:
    class Meta:
        name = "LeadByIDResponseMessage"

    basic_message_header: BasicMessageHeader = field(
        metadata={
            "name": "BasicMessageHeader",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )
    lead: list[LeadDetails] = field(
        default_factory=list,
        metadata={
            "name": "Lead",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
            "max_occurs": 100,
        },
    )
    log: Log = field(
        metadata={
            "name": "Log",
            "type": "Element",
            "namespace": "urn:leadbridge:lead:1",
        }
    )


@dataclass(slots=True, kw_only=True)
class LeadChangeRequestSync(LeadChangeRequestMessage):
    class Meta:
        name = "LeadChangeRequest_sync"
        namespace = "urn:leadbridge:lead:1"


@dataclass(slots=True, kw_only=True)
class LeadCreateCheckQuerySync(LeadCreateCheckQueryMessage):
    class Meta:
        name = "LeadCreateCheckQuery_sync"
        namespace = "urn:leadbridge:lead:1"


@dataclass(slots=True, kw_only=True)
class LeadCreateRequestSync(LeadCreateRequestMessage):
    class Meta:
        name = "LeadCreateRequest_sync"
        namespace = "urn:leadbridge:lead:1"


@dataclass(slots=True, kw_only=True)
class LeadByIdresponseSync(LeadByIdresponseMessage):
    class Meta:
        name = "LeadByIDResponse_sync"
        namespace = "urn:leadbridge:lead:1"
