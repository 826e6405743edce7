from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from leadbridge.messages.common import (
    BasicMessageHeader,
    Log,
    LogItem,
    QueryProcessingConditions,
    ResponseProcessingConditions,
)
from leadbridge.messages.lead import Lead

__NAMESPACE__ = "urn:leadbridge:leadbulk:1"


class LeadBulkProcessingStatusCode(Enum):
    VALUE_1 = "1"
    VALUE_2 = "2"
    VALUE_3 = "3"
    VALUE_4 = "4"
    VALUE_5 = "5"
    VALUE_6 = "6"


@dataclass(slots=True, kw_only=True)
class LeadBulkSelectionById:
    class Meta:
        name = "LeadBulkSelectionByID"

    id: None | str = field(
        default=None,
        metadata={
            "name": "ID",
            "type": "Element",
            "namespace": "urn:leadbridge:leadbulk:1",
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
            "namespace": "urn:leadbridge:leadbulk:1",
            "min_length": 36,
            "max_length": 36,
            "pattern": r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
        },
    )


@dataclass(slots=True, kw_only=True)
class LeadBulkByIdqueryMessage:
    class Meta:
        name = "LeadBulkByIDQueryMessage"

    basic_message_header: BasicMessageHeader = field(
        metadata={
            "name": "BasicMessageHeader",
            "type": "Element",
            "namespace": "urn:leadbridge:leadbulk:1",
        }
    )
    lead_bulk_selection_by_id: list[LeadBulkSelectionById] = field(
        default_factory=list,
        metadata={
            "name": "LeadBulkSelectionByID",
            "type": "Element",
            "namespace": "urn:leadbridge:leadbulk:1",
            "min_occurs": 1,
            "max_occurs": 100,
        },
    )


@dataclass(slots=True, kw_only=True)
class LeadBulkCancelRequestMessage:
    basic_message_header: BasicMessageHeader = field(
        metadata={
            "name": "BasicMessageHeader",
            "type": "Element",
            "namespace": "urn:leadbridge:leadbulk:1",
        }
    )
    lead_bulk_id: str = field(
        metadata={
            "name": "LeadBulkID",
            "type": "Element",
            "namespace": "urn:leadbridge:leadbulk:1",
            "min_length": 10,
            "max_length": 10,
            "pattern": r"[0-9]{10}",
        }
    )


@dataclass(slots=True, kw_only=True)
class LeadBulkConfirmation:
    id: str = field(
        metadata={
            "name": "ID",
            "type": "Element",
            "namespace": "urn:leadbridge:leadbulk:1",
            "min_length": 10,
            "max_length": 10,
            "pattern": r"[0-9]{10}",
        }
    )
    uuid: str = field(
        metadata={
            "name": "UUID",
            "type": "Element",
            "namespace": "urn:leadbridge:leadbulk:1",
            "min_length": 36,
            "max_length": 36,
            "pattern": r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
        }
    )
    processing_status_code: LeadBulkProcessingStatusCode = field(
        metadata={
            "name": "ProcessingStatusCode",
            "type": "Element",
            "namespace": "urn:leadbridge:leadbulk:1",
        }
    )


@dataclass(slots=True, kw_only=True)
class LeadBulkDetails:
    id: str = field(
        metadata={
            "name": "ID",
            "type": "Element",
            "namespace": "urn:leadbridge:leadbulk:1",
            "min_length": 10,
            "max_length": 10,
            "pattern": r"[0-9]{10}",
        }
    )
    uuid: str = field(
        metadata={
            "name": "UUID",
            "type": "Element",
            "namespace": "urn:leadbridge:leadbulk:1",
            "min_length": 36,
            "max_length": 36,
            "pattern": r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
        }
    )
    processing_status_code: LeadBulkProcessingStatusCode = field(
        metadata={
            "name": "ProcessingStatusCode",
            "type": "Element",
            "namespace": "urn:leadbridge:leadbulk:1",
        }
    )
    received_number_value: int = field(
        metadata={
            "name": "ReceivedNumberValue",
            "type": "Element",
            "namespace": "urn:leadbridge:leadbulk:1",
        }
    )
    accepted_number_value: int = field(
        metadata={
            "name": "AcceptedNumberValue",
            "type": "Element",
            "namespace": "urn:leadbridge:leadbulk:1",
        }
    )
    replayed_number_value: int = field(
        metadata={
            "name": "ReplayedNumberValue",
            "type": "Element",
            "namespace": "urn:leadbridge:leadbulk:1",
        }
    )
    duplicate_number_value: int = field(
        metadata={
            "name": "DuplicateNumberValue",
            "type": "Element",
            "namespace": "urn:leadbridge:leadbulk:1",
        }
    )
    rejected_number_value: int = field(
        metadata={
            "name": "RejectedNumberValue",
            "type": "Element",
            "namespace": "urn:leadbridge:leadbulk:1",
        }
    )
    submission_date_time: str = field(
        metadata={
            "name": "SubmissionDateTime",
            "type": "Element",
            "namespace": "urn:leadbridge:leadbulk:1",
            "pattern": r"([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-.*(Z|[+\-][0-9]{2}:[0-9]{2})",
        }
    )
    start_date_time: None | str = field(
        default=None,
        metadata={
            "name": "StartDateTime",
            "type": "Element",
            "namespace": "urn:leadbridge:leadbulk:1",
            "pattern": r"([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-.*(Z|[+\-][0-9]{2}:[0-9]{2})",
        },
    )
    end_date_time: None | str = field(
        default=None,
        metadata={
            "name": "EndDateTime",
            "type": "Element",
            "namespace": "urn:leadbridge:leadbulk:1",
            "pattern": r"([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-.*(Z|[+\-][0-9]{2}:[0-9]{2})",
        },
    )
    break_description: None | str = field(
        default=None,
        metadata={
            "name": "BreakDescription",
            "type": "Element",
            "namespace": "urn:leadbridge:leadbulk:1",
            "min_length": 1,
            "max_length": 200,
        },
    )


@dataclass(slots=True, kw_only=True)
class LeadBulkRecord(Lead):
    log_item: list[LogItem] = field(
        default_factory=list,
        metadata={
            "name": "LogItem",
            "type": "Element",
            "namespace": "urn:leadbridge:leadbulk:1",
            "max_occurs": 100,
        },
    )


@dataclass(slots=True, kw_only=True)
class LeadBulkRejections:
    basic_message_header: BasicMessageHeader = field(
        metadata={
            "name": "BasicMessageHeader",
            "type": "Element",
            "namespace": "urn:leadbridge:leadbulk:1",
        }
    )
    any_element: list[object] = field(
        default_factory=list,
        metadata={
            "type": "Wildcard",
            "namespace": "##any",
            "max_occurs": 1000,
            "process_contents": "skip",
        },
    )


@dataclass(slots=True, kw_only=True)
class LeadBulkRejectionsQueryMessage:
    basic_message_header: BasicMessageHeader = field(
        metadata={
            "name": "BasicMessageHeader",
            "type": "Element",
            "namespace": "urn:leadbridge:leadbulk:1",
        }
    )
    lead_bulk_id: str = field(
        metadata={
            "name": "LeadBulkID",
            "type": "Element",
            "namespace": "urn:leadbridge:leadbulk:1",
            "min_length": 10,
            "max_length": 10,
            "pattern": r"[0-9]{10}",
        }
    )
    processing_conditions: None | QueryProcessingConditions = field(
        default=None,
        metadata={
            "name": "ProcessingConditions",
            "type": "Element",
            "namespace": "urn:leadbridge:leadbulk:1",
        },
    )


@dataclass(slots=True, kw_only=True)
class LeadBulkByIdquerySync(LeadBulkByIdqueryMessage):
    class Meta:
        name = "LeadBulkByIDQuery_sync"
        namespace = "urn:leadbridge:leadbulk:1"


@dataclass(slots=True, kw_only=True)
class LeadBulkByIdresponseMessage:
    class Meta:
        name = "LeadBulkByIDResponseMessage"

    basic_message_header: BasicMessageHeader = field(
        metadata={
            "name": "BasicMessageHeader",
            "type": "Element",
            "namespace": "urn:leadbridge:leadbulk:1",
        }
    )
    lead_bulk_job: list[LeadBulkDetails] = field(
        default_factory=list,
        metadata={
            "name": "LeadBulkJob",
            "type": "Element",
            "namespace": "urn:leadbridge:leadbulk:1",
            "max_occurs": 100,
        },
    )
    log: Log = field(
        metadata={
            "name": "Log",
            "type": "Element",
            "namespace": "urn:leadbridge:leadbulk:1",
        }
    )


@dataclass(slots=True, kw_only=True)
class LeadBulkCancelConfirmationMessage:
    basic_message_header: BasicMessageHeader = field(
        metadata={
            "name": "BasicMessageHeader",
            "type": "Element",
            "namespace": "urn:leadbridge:leadbulk:1",
        }
    )
    lead_bulk_job: None | LeadBulkConfirmation = field(
        default=None,
        metadata={
            "name": "LeadBulkJob",
            "type": "Element",
            "namespace": "urn:leadbridge:leadbulk:1",
        },
    )
    replayed_indicator: bool = field(
        metadata={
            "name": "ReplayedIndicator",
            "type": "Element",
            "namespace": "urn:leadbridge:leadbulk:1",
        }
    )
    log: Log = field(
        metadata={
            "name": "Log",
            "type": "Element",
            "namespace": "urn:leadbridge:leadbulk:1",
        }
    )


@dataclass(slots=True, kw_only=True)
class LeadBulkCancelRequestSync(LeadBulkCancelRequestMessage):
    class Meta:
        name = "LeadBulkCancelRequest_sync"
        namespace = "urn:leadbridge:leadbulk:1"


@dataclass(slots=True, kw_only=True)
class LeadBulkFile:
    basic_message_header: BasicMessageHeader = field(
        metadata={
            "name": "BasicMessageHeader",
            "type": "Element",
            "namespace": "urn:leadbridge:leadbulk:1",
        }
    )
    lead: list[LeadBulkRecord] = field(
        default_factory=list,
        metadata={
            "name": "Lead",
            "type": "Element",
            "namespace": "urn:leadbridge:leadbulk:1",
            "min_occurs": 1,
        },
    )


@dataclass(slots=True, kw_only=True)
class LeadBulkRejectionsQuerySync(LeadBulkRejectionsQueryMessage):
    class Meta:
        name = "LeadBulkRejectionsQuery_sync"
        namespace = "urn:leadbridge:leadbulk:1"


@dataclass(slots=True, kw_only=True)
class LeadBulkRejectionsResponseMessage:
    basic_message_header: BasicMessageHeader = field(
        metadata={
            "name": "BasicMessageHeader",
            "type": "Element",
            "namespace": "urn:leadbridge:leadbulk:1",
        }
    )
    lead_bulk: None | LeadBulkRejections = field(
        default=None,
        metadata={
            "name": "LeadBulk",
            "type": "Element",
            "namespace": "urn:leadbridge:leadbulk:1",
        },
    )
    processing_conditions: ResponseProcessingConditions = field(
        metadata={
            "name": "ProcessingConditions",
            "type": "Element",
            "namespace": "urn:leadbridge:leadbulk:1",
        }
    )
    log: Log = field(
        metadata={
            "name": "Log",
            "type": "Element",
            "namespace": "urn:leadbridge:leadbulk:1",
        }
    )


@dataclass(slots=True, kw_only=True)
class LeadBulkSubmitConfirmationMessage:
    basic_message_header: BasicMessageHeader = field(
        metadata={
            "name": "BasicMessageHeader",
            "type": "Element",
            "namespace": "urn:leadbridge:leadbulk:1",
        }
    )
    lead_bulk_job: None | LeadBulkConfirmation = field(
        default=None,
        metadata={
            "name": "LeadBulkJob",
            "type": "Element",
            "namespace": "urn:leadbridge:leadbulk:1",
        },
    )
    replayed_indicator: bool = field(
        metadata={
            "name": "ReplayedIndicator",
            "type": "Element",
            "namespace": "urn:leadbridge:leadbulk:1",
        }
    )
    log: Log = field(
        metadata={
            "name": "Log",
            "type": "Element",
            "namespace": "urn:leadbridge:leadbulk:1",
        }
    )


@dataclass(slots=True, kw_only=True)
class LeadBulkSubmitRequestMessage:
    basic_message_header: BasicMessageHeader = field(
        metadata={
            "name": "BasicMessageHeader",
            "type": "Element",
            "namespace": "urn:leadbridge:leadbulk:1",
        }
    )
    lead: list[LeadBulkRecord] = field(
        default_factory=list,
        metadata={
            "name": "Lead",
            "type": "Element",
            "namespace": "urn:leadbridge:leadbulk:1",
            "min_occurs": 1,
            "max_occurs": 1000,
        },
    )


@dataclass(slots=True, kw_only=True)
class LeadBulk(LeadBulkFile):
    class Meta:
        namespace = "urn:leadbridge:leadbulk:1"


@dataclass(slots=True, kw_only=True)
class LeadBulkByIdresponseSync(LeadBulkByIdresponseMessage):
    class Meta:
        name = "LeadBulkByIDResponse_sync"
        namespace = "urn:leadbridge:leadbulk:1"


@dataclass(slots=True, kw_only=True)
class LeadBulkCancelConfirmationSync(LeadBulkCancelConfirmationMessage):
    class Meta:
        name = "LeadBulkCancelConfirmation_sync"
        namespace = "urn:leadbridge:leadbulk:1"


@dataclass(slots=True, kw_only=True)
class LeadBulkRejectionsResponseSync(LeadBulkRejectionsResponseMessage):
    class Meta:
        name = "LeadBulkRejectionsResponse_sync"
        namespace = "urn:leadbridge:leadbulk:1"


@dataclass(slots=True, kw_only=True)
class LeadBulkSubmitConfirmationAsync(LeadBulkSubmitConfirmationMessage):
    class Meta:
        name = "LeadBulkSubmitConfirmation_async"
        namespace = "urn:leadbridge:leadbulk:1"


@dataclass(slots=True, kw_only=True)
class LeadBulkSubmitRequestAsync(LeadBulkSubmitRequestMessage):
    class Meta:
        name = "LeadBulkSubmitRequest_async"
        namespace = "urn:leadbridge:leadbulk:1"
