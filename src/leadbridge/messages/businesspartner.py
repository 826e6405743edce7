from __future__ import annotations

from dataclasses import dataclass, field

from leadbridge.messages.common import (
    BasicMessageHeader,
    BusinessPartner,
    BusinessPartnerDetails,
    BusinessPartnerDuplicateCheckCode,
    ContactAllowedCode,
    ExternalKey,
    LeadLifeCycleStatusCode,
    Log,
    Organisation,
    QueryProcessingConditions,
    ResponseProcessingConditions,
    RoleCode,
    SelectionByText,
)

__NAMESPACE__ = "urn:leadbridge:businesspartner:1"


@dataclass(slots=True, kw_only=True)
class BusinessPartnerConfirmation:
    reference_object_node_sender_technical_id: None | str = field(
        default=None,
        metadata={
            "name": "ReferenceObjectNodeSenderTechnicalID",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
            "min_length": 1,
            "max_length": 40,
        },
    )
    internal_id: str = field(
        metadata={
            "name": "InternalID",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
            "min_length": 10,
            "max_length": 10,
            "pattern": r"[0-9]{10}",
        }
    )
    uuid: str = field(
        metadata={
            "name": "UUID",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
            "min_length": 36,
            "max_length": 36,
            "pattern": r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
        }
    )
    change_state_id: str = field(
        metadata={
            "name": "ChangeStateID",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
            "min_length": 1,
            "max_length": 40,
        }
    )


@dataclass(slots=True, kw_only=True)
class PersonNames:
    given_name: str = field(
        metadata={
            "name": "GivenName",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
            "min_length": 1,
            "max_length": 40,
        }
    )
    family_name: str = field(
        metadata={
            "name": "FamilyName",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
            "min_length": 1,
            "max_length": 40,
        }
    )


@dataclass(slots=True, kw_only=True)
class SelectionByIdentification:
    party_identifier_type_code: str = field(
        metadata={
            "name": "PartyIdentifierTypeCode",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
            "min_length": 1,
            "max_length": 6,
        }
    )
    business_partner_id: str = field(
        metadata={
            "name": "BusinessPartnerID",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
            "min_length": 1,
            "max_length": 60,
        }
    )


@dataclass(slots=True, kw_only=True)
class BusinessPartnerByIdresponseMessage:
    class Meta:
        name = "BusinessPartnerByIDResponseMessage"

    basic_message_header: BasicMessageHeader = field(
        metadata={
            "name": "BasicMessageHeader",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
        }
    )
    business_partner: list[BusinessPartnerDetails] = field(
        default_factory=list,
        metadata={
            "name": "BusinessPartner",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
            "max_occurs": 100,
        },
    )
    log: Log = field(
        metadata={
            "name": "Log",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
        }
    )


@dataclass(slots=True, kw_only=True)
class BusinessPartnerCreateConfirmationMessage:
    basic_message_header: BasicMessageHeader = field(
        metadata={
            "name": "BasicMessageHeader",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
        }
    )
    business_partner: None | BusinessPartnerConfirmation = field(
        default=None,
        metadata={
            "name": "BusinessPartner",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
        },
    )
    replayed_indicator: bool = field(
        metadata={
            "name": "ReplayedIndicator",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
        }
    )
    log: Log = field(
        metadata={
            "name": "Log",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
        }
    )


@dataclass(slots=True, kw_only=True)
class BusinessPartnerCreateRequestMessage:
    basic_message_header: BasicMessageHeader = field(
        metadata={
            "name": "BasicMessageHeader",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
        }
    )
    duplicate_check_code: None | BusinessPartnerDuplicateCheckCode = field(
        default=None,
        metadata={
            "name": "DuplicateCheckCode",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
        },
    )
    business_partner: BusinessPartner = field(
        metadata={
            "name": "BusinessPartner",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
        }
    )


@dataclass(slots=True, kw_only=True)
class BusinessPartnerMergeConfirmationMessage:
    basic_message_header: BasicMessageHeader = field(
        metadata={
            "name": "BasicMessageHeader",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
        }
    )
    business_partner: None | BusinessPartnerConfirmation = field(
        default=None,
        metadata={
            "name": "BusinessPartner",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
        },
    )
    merged_business_partner_internal_id: list[str] = field(
        default_factory=list,
        metadata={
            "name": "MergedBusinessPartnerInternalID",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
            "max_occurs": 10,
            "min_length": 10,
            "max_length": 10,
            "pattern": r"[0-9]{10}",
        },
    )
    moved_lead_number_value: None | int = field(
        default=None,
        metadata={
            "name": "MovedLeadNumberValue",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
        },
    )
    replayed_indicator: bool = field(
        metadata={
            "name": "ReplayedIndicator",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
        }
    )
    log: Log = field(
        metadata={
            "name": "Log",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
        }
    )


@dataclass(slots=True, kw_only=True)
class BusinessPartnerSelectionByElements:
    selection_by_name: list[SelectionByText] = field(
        default_factory=list,
        metadata={
            "name": "SelectionByName",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
            "max_occurs": 20,
        },
    )
    selection_by_email_uri: list[SelectionByText] = field(
        default_factory=list,
        metadata={
            "name": "SelectionByEmailURI",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
            "max_occurs": 20,
        },
    )
    selection_by_phone_number: list[SelectionByText] = field(
        default_factory=list,
        metadata={
            "name": "SelectionByPhoneNumber",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
            "max_occurs": 20,
        },
    )
    selection_by_identification: list[SelectionByIdentification] = field(
        default_factory=list,
        metadata={
            "name": "SelectionByIdentification",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
            "max_occurs": 20,
        },
    )
    selection_by_external_key: list[ExternalKey] = field(
        default_factory=list,
        metadata={
            "name": "SelectionByExternalKey",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
            "max_occurs": 20,
        },
    )


@dataclass(slots=True, kw_only=True)
class BusinessPartnerSelectionById:
    class Meta:
        name = "BusinessPartnerSelectionByID"

    internal_id: None | str = field(
        default=None,
        metadata={
            "name": "InternalID",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
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
            "namespace": "urn:leadbridge:businesspartner:1",
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
            "namespace": "urn:leadbridge:businesspartner:1",
        },
    )


@dataclass(slots=True, kw_only=True)
class OpenLead:
    id: str = field(
        metadata={
            "name": "ID",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
            "min_length": 10,
            "max_length": 10,
            "pattern": r"[0-9]{10}",
        }
    )
    name: str = field(
        metadata={
            "name": "Name",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
            "min_length": 1,
            "max_length": 80,
        }
    )
    life_cycle_status_code: LeadLifeCycleStatusCode = field(
        metadata={
            "name": "LifeCycleStatusCode",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
        }
    )


@dataclass(slots=True, kw_only=True)
class BusinessPartnerByElementsQueryMessage:
    basic_message_header: BasicMessageHeader = field(
        metadata={
            "name": "BasicMessageHeader",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
        }
    )
    business_partner_selection_by_elements: BusinessPartnerSelectionByElements = field(
        metadata={
            "name": "BusinessPartnerSelectionByElements",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
        }
    )
    processing_conditions: None | QueryProcessingConditions = field(
        default=None,
        metadata={
            "name": "ProcessingConditions",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
        },
    )


@dataclass(slots=True, kw_only=True)
class BusinessPartnerByIdqueryMessage:
    class Meta:
        name = "BusinessPartnerByIDQueryMessage"

    basic_message_header: BasicMessageHeader = field(
        metadata={
            "name": "BasicMessageHeader",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
        }
    )
    business_partner_selection_by_id: list[BusinessPartnerSelectionById] = field(
        default_factory=list,
        metadata={
            "name": "BusinessPartnerSelectionByID",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
            "min_occurs": 1,
            "max_occurs": 100,
        },
    )


@dataclass(slots=True, kw_only=True)
class BusinessPartnerByIdresponseSync(BusinessPartnerByIdresponseMessage):
    class Meta:
        name = "BusinessPartnerByIDResponse_sync"
        namespace = "urn:leadbridge:businesspartner:1"


@dataclass(slots=True, kw_only=True)
class BusinessPartnerCreateConfirmationSync(BusinessPartnerCreateConfirmationMessage):
    class Meta:
        name = "BusinessPartnerCreateConfirmation_sync"
        namespace = "urn:leadbridge:businesspartner:1"


@dataclass(slots=True, kw_only=True)
class BusinessPartnerCreateRequestSync(BusinessPartnerCreateRequestMessage):
    class Meta:
        name = "BusinessPartnerCreateRequest_sync"
        namespace = "urn:leadbridge:businesspartner:1"


@dataclass(slots=True, kw_only=True)
class BusinessPartnerHit:
    internal_id: str = field(
        metadata={
            "name": "InternalID",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
            "min_length": 10,
            "max_length": 10,
            "pattern": r"[0-9]{10}",
        }
    )
    uuid: str = field(
        metadata={
            "name": "UUID",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
            "min_length": 36,
            "max_length": 36,
            "pattern": r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
        }
    )
    person: None | PersonNames = field(
        default=None,
        metadata={
            "name": "Person",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
        },
    )
    organisation: None | Organisation = field(
        default=None,
        metadata={
            "name": "Organisation",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
        },
    )
    role_code: list[RoleCode] = field(
        default_factory=list,
        metadata={
            "name": "RoleCode",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
            "min_occurs": 1,
            "max_occurs": 5,
        },
    )
    contact_allowed_code: None | ContactAllowedCode = field(
        default=None,
        metadata={
            "name": "ContactAllowedCode",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
        },
    )
    open_lead_number_value: int = field(
        metadata={
            "name": "OpenLeadNumberValue",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
        }
    )
    open_lead: list[OpenLead] = field(
        default_factory=list,
        metadata={
            "name": "OpenLead",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
            "max_occurs": 20,
        },
    )


@dataclass(slots=True, kw_only=True)
class BusinessPartnerMergeConfirmationSync(BusinessPartnerMergeConfirmationMessage):
    class Meta:
        name = "BusinessPartnerMergeConfirmation_sync"
        namespace = "urn:leadbridge:businesspartner:1"


@dataclass(slots=True, kw_only=True)
class BusinessPartnerMergeRequestMessage:
    basic_message_header: BasicMessageHeader = field(
        metadata={
            "name": "BasicMessageHeader",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
        }
    )
    master_business_partner: BusinessPartnerSelectionById = field(
        metadata={
            "name": "MasterBusinessPartner",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
        }
    )
    merged_business_partner: list[BusinessPartnerSelectionById] = field(
        default_factory=list,
        metadata={
            "name": "MergedBusinessPartner",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
            "min_occurs": 1,
            "max_occurs": 10,
        },
    )


@dataclass(slots=True, kw_only=True)
class BusinessPartnerByElementsQuerySync(BusinessPartnerByElementsQueryMessage):
    class Meta:
        name = "BusinessPartnerByElementsQuery_sync"
        namespace = "urn:leadbridge:businesspartner:1"


@dataclass(slots=True, kw_only=True)
class BusinessPartnerByElementsResponseMessage:
    basic_message_header: BasicMessageHeader = field(
        metadata={
            "name": "BasicMessageHeader",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
        }
    )
    business_partner: list[BusinessPartnerHit] = field(
        default_factory=list,
        metadata={
            "name": "BusinessPartner",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
            "max_occurs": 1000,
        },
    )
    processing_conditions: ResponseProcessingConditions = field(
        metadata={
            "name": "ProcessingConditions",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
        }
    )
    log: Log = field(
        metadata={
            "name": "Log",
            "type": "Element",
            "namespace": "urn:leadbridge:businesspartner:1",
        }
    )


@dataclass(slots=True, kw_only=True)
class BusinessPartnerByIdquerySync(BusinessPartnerByIdqueryMessage):
    class Meta:
        name = "BusinessPartnerByIDQuery_sync"
        namespace = "urn:leadbridge:businesspartner:1"


@dataclass(slots=True, kw_only=True)
class BusinessPartnerMergeRequestSync(BusinessPartnerMergeRequestMessage):
    class Meta:
        name = "BusinessPartnerMergeRequest_sync"
        namespace = "urn:leadbridge:businesspartner:1"


@dataclass(slots=True, kw_only=True)
class BusinessPartnerByElementsResponseSync(BusinessPartnerByElementsResponseMessage):
    class Meta:
        name = "BusinessPartnerByElementsResponse_sync"
        namespace = "urn:leadbridge:businesspartner:1"
