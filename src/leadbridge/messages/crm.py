from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from leadbridge.messages.common import (
    Amount,
    BasicMessageHeader,
    Log,
    Note,
    QueryProcessingConditions,
    ResponseProcessingConditions,
    SelectionByDateTime,
    SelectionByText,
    SystemAdministrativeData,
)

__NAMESPACE__ = "urn:leadbridge:crm:1"


@dataclass(slots=True, kw_only=True)
class CrmRecordSelectionById:
    class Meta:
        name = "CrmRecordSelectionByID"

    record_id: None | str = field(
        default=None,
        metadata={
            "name": "RecordID",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 1,
            "max_length": 20,
        },
    )
    source_lead_uuid: None | str = field(
        default=None,
        metadata={
            "name": "SourceLeadUUID",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 36,
            "max_length": 36,
            "pattern": r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
        },
    )


@dataclass(slots=True, kw_only=True)
class CrmStatusHistoryItem:
    old_status_name: None | str = field(
        default=None,
        metadata={
            "name": "OldStatusName",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 1,
            "max_length": 20,
        },
    )
    status_name: str = field(
        metadata={
            "name": "StatusName",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 1,
            "max_length": 20,
        }
    )
    reason_code: None | str = field(
        default=None,
        metadata={
            "name": "ReasonCode",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 3,
            "max_length": 4,
            "pattern": r"[0-9A-Z]{3,4}",
        },
    )
    change_date_time: str = field(
        metadata={
            "name": "ChangeDateTime",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "pattern": r"([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-.*(Z|[+\-][0-9]{2}:[0-9]{2})",
        }
    )
    change_party_id: str = field(
        metadata={
            "name": "ChangePartyID",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 1,
            "max_length": 64,
        }
    )


class CustomerTypeCode(Enum):
    NTB = "NTB"
    ETB = "ETB"


class RecordTypeCode(Enum):
    LEAD = "LEAD"
    OPPORTUNITY = "OPPORTUNITY"


class SellingModeCode(Enum):
    B2_B = "B2B"
    B2_C = "B2C"


class StageMoveCode(Enum):
    ADVANCE = "ADVANCE"
    STEP_DONE = "STEP_DONE"
    STEP_SKIPPED = "STEP_SKIPPED"
    GO_BACK = "GO_BACK"
    CLOSE_WON = "CLOSE_WON"
    CLOSE_LOST = "CLOSE_LOST"
    REOPEN = "REOPEN"


class StepStateCode(Enum):
    OPEN = "OPEN"
    DONE = "DONE"
    SKIPPED = "SKIPPED"


@dataclass(slots=True, kw_only=True)
class ComboCreateLeadOpportunityConfirmationMessage:
    basic_message_header: BasicMessageHeader = field(
        metadata={
            "name": "BasicMessageHeader",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        }
    )
    record_type_code: None | RecordTypeCode = field(
        default=None,
        metadata={
            "name": "RecordTypeCode",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        },
    )
    record_id: None | str = field(
        default=None,
        metadata={
            "name": "RecordID",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 1,
            "max_length": 20,
        },
    )
    status_name: None | str = field(
        default=None,
        metadata={
            "name": "StatusName",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 1,
            "max_length": 20,
        },
    )
    created_indicator: None | bool = field(
        default=None,
        metadata={
            "name": "CreatedIndicator",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        },
    )
    closed_record_id: list[str] = field(
        default_factory=list,
        metadata={
            "name": "ClosedRecordID",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "max_occurs": 10,
            "min_length": 1,
            "max_length": 20,
        },
    )
    replayed_indicator: bool = field(
        metadata={
            "name": "ReplayedIndicator",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        }
    )
    log: Log = field(
        metadata={
            "name": "Log",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        }
    )


@dataclass(slots=True, kw_only=True)
class ComboCreateLeadOpportunityRequestMessage:
    basic_message_header: BasicMessageHeader = field(
        metadata={
            "name": "BasicMessageHeader",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        }
    )
    customer_type_code: CustomerTypeCode = field(
        metadata={
            "name": "CustomerTypeCode",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        }
    )
    customer_id: str = field(
        metadata={
            "name": "CustomerID",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 1,
            "max_length": 60,
        }
    )
    owner_id: str = field(
        metadata={
            "name": "OwnerID",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 1,
            "max_length": 20,
        }
    )
    selling_mode_code: SellingModeCode = field(
        metadata={
            "name": "SellingModeCode",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        }
    )
    product_id: None | str = field(
        default=None,
        metadata={
            "name": "ProductID",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 1,
            "max_length": 40,
        },
    )
    customer_name: str = field(
        metadata={
            "name": "CustomerName",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 1,
            "max_length": 90,
        }
    )
    email_uri: None | str = field(
        default=None,
        metadata={
            "name": "EmailURI",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 3,
            "max_length": 254,
            "pattern": r"[^@\s]+@[^@\s]+",
        },
    )
    phone_number: None | str = field(
        default=None,
        metadata={
            "name": "PhoneNumber",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 3,
            "max_length": 40,
        },
    )
    source_lead_uuid: None | str = field(
        default=None,
        metadata={
            "name": "SourceLeadUUID",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 36,
            "max_length": 36,
            "pattern": r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
        },
    )
    expected_revenue_amount: None | Amount = field(
        default=None,
        metadata={
            "name": "ExpectedRevenueAmount",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        },
    )
    note: list[Note] = field(
        default_factory=list,
        metadata={
            "name": "Note",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "max_occurs": 20,
        },
    )


@dataclass(slots=True, kw_only=True)
class ComboUpdateLeadOpportunityConfirmationMessage:
    basic_message_header: BasicMessageHeader = field(
        metadata={
            "name": "BasicMessageHeader",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        }
    )
    record_type_code: None | RecordTypeCode = field(
        default=None,
        metadata={
            "name": "RecordTypeCode",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        },
    )
    record_id: None | str = field(
        default=None,
        metadata={
            "name": "RecordID",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 1,
            "max_length": 20,
        },
    )
    status_name: None | str = field(
        default=None,
        metadata={
            "name": "StatusName",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 1,
            "max_length": 20,
        },
    )
    converted_record_id: None | str = field(
        default=None,
        metadata={
            "name": "ConvertedRecordID",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 1,
            "max_length": 20,
        },
    )
    replayed_indicator: bool = field(
        metadata={
            "name": "ReplayedIndicator",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        }
    )
    log: Log = field(
        metadata={
            "name": "Log",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        }
    )


@dataclass(slots=True, kw_only=True)
class ComboUpdateLeadOpportunityRequestMessage:
    basic_message_header: BasicMessageHeader = field(
        metadata={
            "name": "BasicMessageHeader",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        }
    )
    record_id: str = field(
        metadata={
            "name": "RecordID",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 1,
            "max_length": 20,
        }
    )
    status_name: None | str = field(
        default=None,
        metadata={
            "name": "StatusName",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 1,
            "max_length": 20,
        },
    )
    reason_code: None | str = field(
        default=None,
        metadata={
            "name": "ReasonCode",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 3,
            "max_length": 4,
            "pattern": r"[0-9A-Z]{3,4}",
        },
    )


@dataclass(slots=True, kw_only=True)
class CrmRecordByIdqueryMessage:
    class Meta:
        name = "CrmRecordByIDQueryMessage"

    basic_message_header: BasicMessageHeader = field(
        metadata={
            "name": "BasicMessageHeader",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        }
    )
    crm_record_selection_by_id: list[CrmRecordSelectionById] = field(
        default_factory=list,
        metadata={
            "name": "CrmRecordSelectionByID",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_occurs": 1,
            "max_occurs": 100,
        },
    )


@dataclass(slots=True, kw_only=True)
class CrmRecordHit:
    record_type_code: RecordTypeCode = field(
        metadata={
            "name": "RecordTypeCode",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        }
    )
    record_id: str = field(
        metadata={
            "name": "RecordID",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 1,
            "max_length": 20,
        }
    )
    status_name: str = field(
        metadata={
            "name": "StatusName",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 1,
            "max_length": 20,
        }
    )
    customer_type_code: CustomerTypeCode = field(
        metadata={
            "name": "CustomerTypeCode",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        }
    )
    customer_id: str = field(
        metadata={
            "name": "CustomerID",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 1,
            "max_length": 60,
        }
    )
    owner_id: str = field(
        metadata={
            "name": "OwnerID",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 1,
            "max_length": 20,
        }
    )
    selling_mode_code: SellingModeCode = field(
        metadata={
            "name": "SellingModeCode",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        }
    )
    product_id: None | str = field(
        default=None,
        metadata={
            "name": "ProductID",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 1,
            "max_length": 40,
        },
    )
    customer_name: str = field(
        metadata={
            "name": "CustomerName",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 1,
            "max_length": 90,
        }
    )
    source_lead_uuid: None | str = field(
        default=None,
        metadata={
            "name": "SourceLeadUUID",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 36,
            "max_length": 36,
            "pattern": r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
        },
    )
    expected_revenue_amount: None | Amount = field(
        default=None,
        metadata={
            "name": "ExpectedRevenueAmount",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        },
    )
    system_administrative_data: SystemAdministrativeData = field(
        metadata={
            "name": "SystemAdministrativeData",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        }
    )


@dataclass(slots=True, kw_only=True)
class CrmRecordSelectionByElements:
    selection_by_record_id: list[SelectionByText] = field(
        default_factory=list,
        metadata={
            "name": "SelectionByRecordID",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "max_occurs": 20,
        },
    )
    selection_by_record_type_code: list[SelectionByText] = field(
        default_factory=list,
        metadata={
            "name": "SelectionByRecordTypeCode",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "max_occurs": 20,
        },
    )
    selection_by_status_name: list[SelectionByText] = field(
        default_factory=list,
        metadata={
            "name": "SelectionByStatusName",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "max_occurs": 20,
        },
    )
    selection_by_customer_id: list[SelectionByText] = field(
        default_factory=list,
        metadata={
            "name": "SelectionByCustomerID",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "max_occurs": 20,
        },
    )
    selection_by_owner_id: list[SelectionByText] = field(
        default_factory=list,
        metadata={
            "name": "SelectionByOwnerID",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "max_occurs": 20,
        },
    )
    selection_by_source_lead_uuid: list[SelectionByText] = field(
        default_factory=list,
        metadata={
            "name": "SelectionBySourceLeadUUID",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "max_occurs": 20,
        },
    )
    selection_by_last_change_date_time: list[SelectionByDateTime] = field(
        default_factory=list,
        metadata={
            "name": "SelectionByLastChangeDateTime",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "max_occurs": 20,
        },
    )


@dataclass(slots=True, kw_only=True)
class CrmRecordStep:
    step_name: str = field(
        metadata={
            "name": "StepName",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 1,
            "max_length": 60,
        }
    )
    required_indicator: bool = field(
        metadata={
            "name": "RequiredIndicator",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        }
    )
    step_state_code: StepStateCode = field(
        metadata={
            "name": "StepStateCode",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        }
    )


@dataclass(slots=True, kw_only=True)
class CrmStatusHistory:
    item: list[CrmStatusHistoryItem] = field(
        default_factory=list,
        metadata={
            "name": "Item",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "max_occurs": 1000,
        },
    )


@dataclass(slots=True, kw_only=True)
class LeadStatusUpdateConfirmationMessage:
    basic_message_header: BasicMessageHeader = field(
        metadata={
            "name": "BasicMessageHeader",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        }
    )
    record_type_code: None | RecordTypeCode = field(
        default=None,
        metadata={
            "name": "RecordTypeCode",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        },
    )
    record_id: None | str = field(
        default=None,
        metadata={
            "name": "RecordID",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 1,
            "max_length": 20,
        },
    )
    status_name: None | str = field(
        default=None,
        metadata={
            "name": "StatusName",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 1,
            "max_length": 20,
        },
    )
    replayed_indicator: bool = field(
        metadata={
            "name": "ReplayedIndicator",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        }
    )
    log: Log = field(
        metadata={
            "name": "Log",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        }
    )


@dataclass(slots=True, kw_only=True)
class LeadStatusUpdateRequestMessage:
    basic_message_header: BasicMessageHeader = field(
        metadata={
            "name": "BasicMessageHeader",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        }
    )
    record_id: str = field(
        metadata={
            "name": "RecordID",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 1,
            "max_length": 20,
        }
    )
    status_name: None | str = field(
        default=None,
        metadata={
            "name": "StatusName",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 1,
            "max_length": 20,
        },
    )
    reason_code: None | str = field(
        default=None,
        metadata={
            "name": "ReasonCode",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 3,
            "max_length": 4,
            "pattern": r"[0-9A-Z]{3,4}",
        },
    )


@dataclass(slots=True, kw_only=True)
class OpportunityStageAdvanceRequestMessage:
    basic_message_header: BasicMessageHeader = field(
        metadata={
            "name": "BasicMessageHeader",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        }
    )
    record_id: str = field(
        metadata={
            "name": "RecordID",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 1,
            "max_length": 20,
        }
    )
    stage_move_code: StageMoveCode = field(
        metadata={
            "name": "StageMoveCode",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        }
    )
    stage_name: None | str = field(
        default=None,
        metadata={
            "name": "StageName",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 1,
            "max_length": 60,
        },
    )
    step_name: None | str = field(
        default=None,
        metadata={
            "name": "StepName",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 1,
            "max_length": 60,
        },
    )
    reason_code: None | str = field(
        default=None,
        metadata={
            "name": "ReasonCode",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 3,
            "max_length": 4,
            "pattern": r"[0-9A-Z]{3,4}",
        },
    )
    reason_description: None | str = field(
        default=None,
        metadata={
            "name": "ReasonDescription",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 1,
            "max_length": 255,
        },
    )
    expected_closing_date: None | str = field(
        default=None,
        metadata={
            "name": "ExpectedClosingDate",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "pattern": r"([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-[0-9]{2}-[0-9]{2}(Z|[+\-][0-9]{2}:[0-9]{2})?",
        },
    )


@dataclass(slots=True, kw_only=True)
class OpportunityStatusUpdateConfirmationMessage:
    basic_message_header: BasicMessageHeader = field(
        metadata={
            "name": "BasicMessageHeader",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        }
    )
    record_type_code: None | RecordTypeCode = field(
        default=None,
        metadata={
            "name": "RecordTypeCode",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        },
    )
    record_id: None | str = field(
        default=None,
        metadata={
            "name": "RecordID",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 1,
            "max_length": 20,
        },
    )
    status_name: None | str = field(
        default=None,
        metadata={
            "name": "StatusName",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 1,
            "max_length": 20,
        },
    )
    replayed_indicator: bool = field(
        metadata={
            "name": "ReplayedIndicator",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        }
    )
    log: Log = field(
        metadata={
            "name": "Log",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        }
    )


@dataclass(slots=True, kw_only=True)
class OpportunityStatusUpdateRequestMessage:
    basic_message_header: BasicMessageHeader = field(
        metadata={
            "name": "BasicMessageHeader",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        }
    )
    record_id: str = field(
        metadata={
            "name": "RecordID",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 1,
            "max_length": 20,
        }
    )
    status_name: None | str = field(
        default=None,
        metadata={
            "name": "StatusName",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 1,
            "max_length": 20,
        },
    )
    reason_code: None | str = field(
        default=None,
        metadata={
            "name": "ReasonCode",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 3,
            "max_length": 4,
            "pattern": r"[0-9A-Z]{3,4}",
        },
    )


@dataclass(slots=True, kw_only=True)
class ComboCreateLeadOpportunityConfirmationSync(ComboCreateLeadOpportunityConfirmationMessage):
    class Meta:
        name = "ComboCreateLeadOpportunityConfirmation_sync"
        namespace = "urn:leadbridge:crm:1"


@dataclass(slots=True, kw_only=True)
class ComboCreateLeadOpportunityRequestSync(ComboCreateLeadOpportunityRequestMessage):
    class Meta:
        name = "ComboCreateLeadOpportunityRequest_sync"
        namespace = "urn:leadbridge:crm:1"


@dataclass(slots=True, kw_only=True)
class ComboUpdateLeadOpportunityConfirmationSync(ComboUpdateLeadOpportunityConfirmationMessage):
    class Meta:
        name = "ComboUpdateLeadOpportunityConfirmation_sync"
        namespace = "urn:leadbridge:crm:1"


@dataclass(slots=True, kw_only=True)
class ComboUpdateLeadOpportunityRequestSync(ComboUpdateLeadOpportunityRequestMessage):
    class Meta:
        name = "ComboUpdateLeadOpportunityRequest_sync"
        namespace = "urn:leadbridge:crm:1"


@dataclass(slots=True, kw_only=True)
class CrmRecord:
    record_type_code: RecordTypeCode = field(
        metadata={
            "name": "RecordTypeCode",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        }
    )
    record_id: str = field(
        metadata={
            "name": "RecordID",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 1,
            "max_length": 20,
        }
    )
    status_name: str = field(
        metadata={
            "name": "StatusName",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 1,
            "max_length": 20,
        }
    )
    customer_type_code: CustomerTypeCode = field(
        metadata={
            "name": "CustomerTypeCode",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        }
    )
    customer_id: str = field(
        metadata={
            "name": "CustomerID",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 1,
            "max_length": 60,
        }
    )
    owner_id: str = field(
        metadata={
            "name": "OwnerID",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 1,
            "max_length": 20,
        }
    )
    selling_mode_code: SellingModeCode = field(
        metadata={
            "name": "SellingModeCode",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        }
    )
    product_id: None | str = field(
        default=None,
        metadata={
            "name": "ProductID",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 1,
            "max_length": 40,
        },
    )
    customer_name: str = field(
        metadata={
            "name": "CustomerName",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 1,
            "max_length": 90,
        }
    )
    email_uri: None | str = field(
        default=None,
        metadata={
            "name": "EmailURI",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 3,
            "max_length": 254,
            "pattern": r"[^@\s]+@[^@\s]+",
        },
    )
    phone_number: None | str = field(
        default=None,
        metadata={
            "name": "PhoneNumber",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 3,
            "max_length": 40,
        },
    )
    source_lead_uuid: None | str = field(
        default=None,
        metadata={
            "name": "SourceLeadUUID",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 36,
            "max_length": 36,
            "pattern": r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
        },
    )
    expected_revenue_amount: None | Amount = field(
        default=None,
        metadata={
            "name": "ExpectedRevenueAmount",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        },
    )
    note: list[Note] = field(
        default_factory=list,
        metadata={
            "name": "Note",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "max_occurs": 20,
        },
    )
    reason_code: None | str = field(
        default=None,
        metadata={
            "name": "ReasonCode",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 3,
            "max_length": 4,
            "pattern": r"[0-9A-Z]{3,4}",
        },
    )
    converted_from_record_id: None | str = field(
        default=None,
        metadata={
            "name": "ConvertedFromRecordID",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 1,
            "max_length": 20,
        },
    )
    converted_to_record_id: None | str = field(
        default=None,
        metadata={
            "name": "ConvertedToRecordID",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 1,
            "max_length": 20,
        },
    )
    system_administrative_data: SystemAdministrativeData = field(
        metadata={
            "name": "SystemAdministrativeData",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        }
    )
    status_history: None | CrmStatusHistory = field(
        default=None,
        metadata={
            "name": "StatusHistory",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        },
    )
    stage_name: None | str = field(
        default=None,
        metadata={
            "name": "StageName",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 1,
            "max_length": 60,
        },
    )
    probability_percent: None | int = field(
        default=None,
        metadata={
            "name": "ProbabilityPercent",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_inclusive": 0,
            "max_inclusive": 100,
        },
    )


@dataclass(slots=True, kw_only=True)
class CrmRecordByElementsQueryMessage:
    basic_message_header: BasicMessageHeader = field(
        metadata={
            "name": "BasicMessageHeader",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        }
    )
    crm_record_selection_by_elements: CrmRecordSelectionByElements = field(
        metadata={
            "name": "CrmRecordSelectionByElements",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        }
    )
    processing_conditions: None | QueryProcessingConditions = field(
        default=None,
        metadata={
            "name": "ProcessingConditions",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        },
    )


@dataclass(slots=True, kw_only=True)
class CrmRecordByElementsResponseMessage:
    basic_message_header: BasicMessageHeader = field(
        metadata={
            "name": "BasicMessageHeader",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        }
    )
    crm_record: list[CrmRecordHit] = field(
        default_factory=list,
        metadata={
            "name": "CrmRecord",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "max_occurs": 1000,
        },
    )
    processing_conditions: ResponseProcessingConditions = field(
        metadata={
            "name": "ProcessingConditions",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        }
    )
    log: Log = field(
        metadata={
            "name": "Log",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        }
    )


@dataclass(slots=True, kw_only=True)
class CrmRecordByIdquerySync(CrmRecordByIdqueryMessage):
    class Meta:
        name = "CrmRecordByIDQuery_sync"
        namespace = "urn:leadbridge:crm:1"


@dataclass(slots=True, kw_only=True)
class LeadStatusUpdateConfirmationSync(LeadStatusUpdateConfirmationMessage):
    class Meta:
        name = "LeadStatusUpdateConfirmation_sync"
        namespace = "urn:leadbridge:crm:1"


@dataclass(slots=True, kw_only=True)
class LeadStatusUpdateRequestSync(LeadStatusUpdateRequestMessage):
    class Meta:
        name = "LeadStatusUpdateRequest_sync"
        namespace = "urn:leadbridge:crm:1"


@dataclass(slots=True, kw_only=True)
class OpportunityStageAdvanceConfirmationMessage:
    basic_message_header: BasicMessageHeader = field(
        metadata={
            "name": "BasicMessageHeader",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        }
    )
    record_type_code: None | RecordTypeCode = field(
        default=None,
        metadata={
            "name": "RecordTypeCode",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        },
    )
    record_id: None | str = field(
        default=None,
        metadata={
            "name": "RecordID",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 1,
            "max_length": 20,
        },
    )
    status_name: None | str = field(
        default=None,
        metadata={
            "name": "StatusName",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 1,
            "max_length": 20,
        },
    )
    stage_name: None | str = field(
        default=None,
        metadata={
            "name": "StageName",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 1,
            "max_length": 60,
        },
    )
    probability_percent: None | int = field(
        default=None,
        metadata={
            "name": "ProbabilityPercent",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_inclusive": 0,
            "max_inclusive": 100,
        },
    )
    expected_closing_date: None | str = field(
        default=None,
        metadata={
            "name": "ExpectedClosingDate",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "pattern": r"([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-[0-9]{2}-[0-9]{2}(Z|[+\-][0-9]{2}:[0-9]{2})?",
        },
    )
    step: list[CrmRecordStep] = field(
        default_factory=list,
        metadata={
            "name": "Step",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "max_occurs": 100,
        },
    )
    converted_record_id: None | str = field(
        default=None,
        metadata={
            "name": "ConvertedRecordID",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "min_length": 1,
            "max_length": 20,
        },
    )
    replayed_indicator: bool = field(
        metadata={
            "name": "ReplayedIndicator",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        }
    )
    log: Log = field(
        metadata={
            "name": "Log",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        }
    )


@dataclass(slots=True, kw_only=True)
class OpportunityStageAdvanceRequestSync(OpportunityStageAdvanceRequestMessage):
    class Meta:
        name = "OpportunityStageAdvanceRequest_sync"
        namespace = "urn:leadbridge:crm:1"


@dataclass(slots=True, kw_only=True)
class OpportunityStatusUpdateConfirmationSync(OpportunityStatusUpdateConfirmationMessage):
    class Meta:
        name = "OpportunityStatusUpdateConfirmation_sync"
        namespace = "urn:leadbridge:crm:1"


@dataclass(slots=True, kw_only=True)
class OpportunityStatusUpdateRequestSync(OpportunityStatusUpdateRequestMessage):
    class Meta:
        name = "OpportunityStatusUpdateRequest_sync"
        namespace = "urn:leadbridge:crm:1"


@dataclass(slots=True, kw_only=True)
class CrmRecordByElementsQuerySync(CrmRecordByElementsQueryMessage):
    class Meta:
        name = "CrmRecordByElementsQuery_sync"
        namespace = "urn:leadbridge:crm:1"


@dataclass(slots=True, kw_only=True)
class CrmRecordByElementsResponseSync(CrmRecordByElementsResponseMessage):
    class Meta:
        name = "CrmRecordByElementsResponse_sync"
        namespace = "urn:leadbridge:crm:1"


@dataclass(slots=True, kw_only=True)
class CrmRecordByIdresponseMessage:
    class Meta:
        name = "CrmRecordByIDResponseMessage"

    basic_message_header: BasicMessageHeader = field(
        metadata={
            "name": "BasicMessageHeader",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        }
    )
    crm_record: list[CrmRecord] = field(
        default_factory=list,
        metadata={
            "name": "CrmRecord",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
            "max_occurs": 1000,
        },
    )
    log: Log = field(
        metadata={
            "name": "Log",
            "type": "Element",
            "namespace": "urn:leadbridge:crm:1",
        }
    )


@dataclass(slots=True, kw_only=True)
class OpportunityStageAdvanceConfirmationSync(OpportunityStageAdvanceConfirmationMessage):
    class Meta:
        name = "OpportunityStageAdvanceConfirmation_sync"
        namespace = "urn:leadbridge:crm:1"


@dataclass(slots=True, kw_only=True)
class CrmRecordByIdresponseSync(CrmRecordByIdresponseMessage):
    class Meta:
        name = "CrmRecordByIDResponse_sync"
        namespace = "urn:leadbridge:crm:1"
