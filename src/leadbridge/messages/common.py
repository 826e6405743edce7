from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum

__NAMESPACE__ = "urn:leadbridge:common:1"


class ActionCode(Enum):
    VALUE_01 = "01"
    VALUE_02 = "02"
    VALUE_03 = "03"
    VALUE_04 = "04"


@dataclass(slots=True, kw_only=True)
class Address:
    country_code: str = field(
        metadata={
            "name": "CountryCode",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "min_length": 2,
            "max_length": 2,
            "pattern": r"[A-Z]{2}",
        }
    )
    region_code: None | str = field(
        default=None,
        metadata={
            "name": "RegionCode",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "min_length": 1,
            "max_length": 6,
        },
    )
    street_postal_code: None | str = field(
        default=None,
        metadata={
            "name": "StreetPostalCode",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "min_length": 1,
            "max_length": 10,
        },
    )
    city_name: None | str = field(
        default=None,
        metadata={
            "name": "CityName",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "min_length": 1,
            "max_length": 40,
        },
    )
    street_name: None | str = field(
        default=None,
        metadata={
            "name": "StreetName",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "min_length": 1,
            "max_length": 60,
        },
    )
    house_id: None | str = field(
        default=None,
        metadata={
            "name": "HouseID",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "min_length": 1,
            "max_length": 10,
        },
    )


@dataclass(slots=True, kw_only=True)
class Amount:
    value: Decimal = field(
        metadata={
            "total_digits": 28,
            "fraction_digits": 6,
        }
    )
    currency_code: str = field(
        metadata={
            "name": "currencyCode",
            "type": "Attribute",
            "min_length": 3,
            "max_length": 3,
            "pattern": r"[A-Z]{3}",
        }
    )


@dataclass(slots=True, kw_only=True)
class BasicMessageHeader:
    id: None | str = field(
        default=None,
        metadata={
            "name": "ID",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "min_length": 1,
            "max_length": 35,
        },
    )
    uuid: None | str = field(
        default=None,
        metadata={
            "name": "UUID",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "min_length": 36,
            "max_length": 36,
            "pattern": r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
        },
    )
    reference_id: None | str = field(
        default=None,
        metadata={
            "name": "ReferenceID",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "min_length": 1,
            "max_length": 35,
        },
    )
    reference_uuid: None | str = field(
        default=None,
        metadata={
            "name": "ReferenceUUID",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "min_length": 36,
            "max_length": 36,
            "pattern": r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
        },
    )
    creation_date_time: None | str = field(
        default=None,
        metadata={
            "name": "CreationDateTime",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "pattern": r"([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-.*(Z|[+\-][0-9]{2}:[0-9]{2})",
        },
    )
    test_data_indicator: None | bool = field(
        default=None,
        metadata={
            "name": "TestDataIndicator",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
        },
    )


class BusinessPartnerDuplicateCheckCode(Enum):
    REJECT = "REJECT"
    LINK = "LINK"
    CREATE = "CREATE"


@dataclass(slots=True, kw_only=True)
class Communication:
    email_uri: list[str] = field(
        default_factory=list,
        metadata={
            "name": "EmailURI",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "max_occurs": 3,
            "min_length": 3,
            "max_length": 254,
            "pattern": r"[^@\s]+@[^@\s]+",
        },
    )
    phone_number: list[str] = field(
        default_factory=list,
        metadata={
            "name": "PhoneNumber",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "max_occurs": 3,
            "min_length": 3,
            "max_length": 40,
        },
    )
    mobile_number: list[str] = field(
        default_factory=list,
        metadata={
            "name": "MobileNumber",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "max_occurs": 3,
            "min_length": 3,
            "max_length": 40,
        },
    )
    correspondence_language_code: None | str = field(
        default=None,
        metadata={
            "name": "CorrespondenceLanguageCode",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "min_length": 2,
            "max_length": 35,
            "pattern": r"[a-zA-Z]{2,8}(-[a-zA-Z0-9]{1,8})*",
        },
    )


class ContactAllowedCode(Enum):
    VALUE_1 = "1"
    VALUE_2 = "2"
    VALUE_3 = "3"


@dataclass(slots=True, kw_only=True)
class Extension:
    other_element: list[object] = field(
        default_factory=list,
        metadata={
            "type": "Wildcard",
            "namespace": "##other",
            "max_occurs": 50,
        },
    )


@dataclass(slots=True, kw_only=True)
class ExternalKey:
    communication_system_id: str = field(
        metadata={
            "name": "CommunicationSystemID",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "min_length": 1,
            "max_length": 32,
        }
    )
    remote_object_id: str = field(
        metadata={
            "name": "RemoteObjectID",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "min_length": 1,
            "max_length": 100,
        }
    )


class FaultTypeId(Enum):
    CONTRACT_VIOLATION = "ContractViolation"
    MALFORMED_MESSAGE = "MalformedMessage"
    MESSAGE_TOO_LARGE = "MessageTooLarge"
    UNSUPPORTED_MEDIA_TYPE = "UnsupportedMediaType"
    UNKNOWN_OPERATION = "UnknownOperation"
    ACTION_MISMATCH = "ActionMismatch"
    UNAUTHENTICATED = "Unauthenticated"
    UNAUTHORIZED = "Unauthorized"
    MESSAGE_EXPIRED = "MessageExpired"
    MESSAGE_REPLAYED = "MessageReplayed"
    IDEMPOTENCY_CONFLICT = "IdempotencyConflict"
    BUSY = "Busy"
    INTERNAL_ERROR = "InternalError"


class ForwardingStatusCode(Enum):
    WAITING = "waiting"
    CLAIMED = "claimed"
    DELIVERED = "delivered"
    PARKED = "parked"
    CANCELLED = "cancelled"


class GenderCode(Enum):
    VALUE_0 = "0"
    VALUE_1 = "1"
    VALUE_2 = "2"
    VALUE_9 = "9"


@dataclass(slots=True, kw_only=True)
class Identification:
    party_identifier_type_code: str = field(
        metadata={
            "name": "PartyIdentifierTypeCode",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "min_length": 1,
            "max_length": 6,
        }
    )
    business_partner_id: str = field(
        metadata={
            "name": "BusinessPartnerID",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "min_length": 1,
            "max_length": 60,
        }
    )


class InclusionExclusionCode(Enum):
    I = "I"
    E = "E"


class IntervalBoundaryTypeCode(Enum):
    VALUE_1 = "1"
    VALUE_2 = "2"
    VALUE_3 = "3"
    VALUE_4 = "4"
    VALUE_5 = "5"
    VALUE_6 = "6"
    VALUE_7 = "7"
    VALUE_8 = "8"
    VALUE_9 = "9"


class LeadDuplicateCheckCode(Enum):
    REJECT = "REJECT"
    LINK = "LINK"
    CREATE = "CREATE"
    MERGE = "MERGE"


class LeadLifeCycleStatusCode(Enum):
    VALUE_1 = "1"
    VALUE_2 = "2"
    VALUE_3 = "3"
    VALUE_4 = "4"
    VALUE_5 = "5"
    VALUE_6 = "6"
    VALUE_7 = "7"


class LogItemSeverityCode(Enum):
    VALUE_1 = "1"
    VALUE_2 = "2"
    VALUE_3 = "3"


@dataclass(slots=True, kw_only=True)
class MergedBusinessPartner:
    internal_id: str = field(
        metadata={
            "name": "InternalID",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "min_length": 10,
            "max_length": 10,
            "pattern": r"[0-9]{10}",
        }
    )
    uuid: str = field(
        metadata={
            "name": "UUID",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "min_length": 36,
            "max_length": 36,
            "pattern": r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
        }
    )
    merge_date_time: str = field(
        metadata={
            "name": "MergeDateTime",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "pattern": r"([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-.*(Z|[+\-][0-9]{2}:[0-9]{2})",
        }
    )
    merge_party_id: str = field(
        metadata={
            "name": "MergePartyID",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "min_length": 1,
            "max_length": 64,
        }
    )


@dataclass(slots=True, kw_only=True)
class Note:
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


@dataclass(slots=True, kw_only=True)
class Organisation:
    first_line_name: str = field(
        metadata={
            "name": "FirstLineName",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "min_length": 1,
            "max_length": 40,
        }
    )
    second_line_name: None | str = field(
        default=None,
        metadata={
            "name": "SecondLineName",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "min_length": 1,
            "max_length": 40,
        },
    )


class PartnerDecisionCode(Enum):
    ACCEPT = "ACCEPT"
    DECLINE = "DECLINE"


class PartyCategoryCode(Enum):
    VALUE_1 = "1"
    VALUE_2 = "2"


class PriorityCode(Enum):
    VALUE_1 = "1"
    VALUE_2 = "2"
    VALUE_3 = "3"
    VALUE_7 = "7"


class ProcessingResultCode(Enum):
    VALUE_1 = "1"
    VALUE_2 = "2"
    VALUE_3 = "3"
    VALUE_4 = "4"
    VALUE_5 = "5"


class QualificationLevelCode(Enum):
    VALUE_01 = "01"
    VALUE_02 = "02"
    VALUE_03 = "03"


@dataclass(slots=True, kw_only=True)
class Quantity:
    value: Decimal = field(
        metadata={
            "total_digits": 28,
            "fraction_digits": 6,
        }
    )
    unit_code: None | str = field(
        default=None,
        metadata={
            "name": "unitCode",
            "type": "Attribute",
            "min_length": 1,
            "max_length": 3,
            "pattern": r"[0-9A-Z]{1,3}",
        },
    )


@dataclass(slots=True, kw_only=True)
class QueryProcessingConditions:
    query_hits_maximum_number_value: None | int = field(
        default=None,
        metadata={
            "name": "QueryHitsMaximumNumberValue",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "min_inclusive": 1,
        },
    )
    query_hits_unlimited_indicator: None | bool = field(
        default=None,
        metadata={
            "name": "QueryHitsUnlimitedIndicator",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
        },
    )
    last_returned_object_id: None | str = field(
        default=None,
        metadata={
            "name": "LastReturnedObjectID",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "min_length": 10,
            "max_length": 10,
            "pattern": r"[0-9]{10}",
        },
    )


@dataclass(slots=True, kw_only=True)
class ResponseProcessingConditions:
    returned_query_hits_number_value: int = field(
        metadata={
            "name": "ReturnedQueryHitsNumberValue",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
        }
    )
    more_hits_available_indicator: bool = field(
        metadata={
            "name": "MoreHitsAvailableIndicator",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
        }
    )
    last_returned_object_id: None | str = field(
        default=None,
        metadata={
            "name": "LastReturnedObjectID",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "min_length": 10,
            "max_length": 10,
            "pattern": r"[0-9]{10}",
        },
    )


class RoleCode(Enum):
    PROSPECT = "PROSPECT"
    CUSTOMER = "CUSTOMER"
    CONTACT = "CONTACT"


@dataclass(slots=True, kw_only=True)
class SystemAdministrativeData:
    creation_date_time: str = field(
        metadata={
            "name": "CreationDateTime",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "pattern": r"([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-.*(Z|[+\-][0-9]{2}:[0-9]{2})",
        }
    )
    last_change_date_time: str = field(
        metadata={
            "name": "LastChangeDateTime",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "pattern": r"([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-.*(Z|[+\-][0-9]{2}:[0-9]{2})",
        }
    )
    creation_party_id: str = field(
        metadata={
            "name": "CreationPartyID",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "min_length": 1,
            "max_length": 64,
        }
    )


class TransmissionRequestCode(Enum):
    VALUE_1 = "1"
    VALUE_2 = "2"


@dataclass(slots=True, kw_only=True)
class ExchangeLogData:
    severity: LogItemSeverityCode = field(
        metadata={
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
        }
    )
    text: str = field(
        metadata={
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "min_length": 1,
            "max_length": 1000,
        }
    )
    url: None | str = field(
        default=None,
        metadata={
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "min_length": 1,
            "max_length": 1000,
        },
    )
    id: None | str = field(
        default=None,
        metadata={
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "min_length": 1,
            "max_length": 40,
        },
    )
    path: None | str = field(
        default=None,
        metadata={
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "min_length": 1,
            "max_length": 1000,
        },
    )
    line: None | int = field(
        default=None,
        metadata={
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
        },
    )


@dataclass(slots=True, kw_only=True)
class LogItem:
    type_id: str = field(
        metadata={
            "name": "TypeID",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "min_length": 1,
            "max_length": 40,
        }
    )
    category_code: None | str = field(
        default=None,
        metadata={
            "name": "CategoryCode",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "min_length": 1,
            "max_length": 15,
        },
    )
    severity_code: LogItemSeverityCode = field(
        metadata={
            "name": "SeverityCode",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
        }
    )
    reference_object_node_sender_technical_id: None | str = field(
        default=None,
        metadata={
            "name": "ReferenceObjectNodeSenderTechnicalID",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "min_length": 1,
            "max_length": 40,
        },
    )
    reference_message_element_name: None | str = field(
        default=None,
        metadata={
            "name": "ReferenceMessageElementName",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "min_length": 1,
            "max_length": 1000,
        },
    )
    note: str = field(
        metadata={
            "name": "Note",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "min_length": 1,
            "max_length": 200,
        }
    )
    web_uri: None | str = field(
        default=None,
        metadata={
            "name": "WebURI",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "min_length": 1,
            "max_length": 1000,
        },
    )


@dataclass(slots=True, kw_only=True)
class Person:
    given_name: str = field(
        metadata={
            "name": "GivenName",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "min_length": 1,
            "max_length": 40,
        }
    )
    family_name: str = field(
        metadata={
            "name": "FamilyName",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "min_length": 1,
            "max_length": 40,
        }
    )
    academic_title_code: None | str = field(
        default=None,
        metadata={
            "name": "AcademicTitleCode",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "min_length": 1,
            "max_length": 20,
        },
    )
    gender_code: None | GenderCode = field(
        default=None,
        metadata={
            "name": "GenderCode",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
        },
    )
    birth_date: None | str = field(
        default=None,
        metadata={
            "name": "BirthDate",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "pattern": r"([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-[0-9]{2}-[0-9]{2}(Z|[+\-][0-9]{2}:[0-9]{2})?",
        },
    )


@dataclass(slots=True, kw_only=True)
class SelectionByDate:
    inclusion_exclusion_code: InclusionExclusionCode = field(
        metadata={
            "name": "InclusionExclusionCode",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
        }
    )
    interval_boundary_type_code: IntervalBoundaryTypeCode = field(
        metadata={
            "name": "IntervalBoundaryTypeCode",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
        }
    )
    lower_boundary: str = field(
        metadata={
            "name": "LowerBoundary",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "pattern": r"([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-[0-9]{2}-[0-9]{2}(Z|[+\-][0-9]{2}:[0-9]{2})?",
        }
    )
    upper_boundary: None | str = field(
        default=None,
        metadata={
            "name": "UpperBoundary",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "pattern": r"([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-[0-9]{2}-[0-9]{2}(Z|[+\-][0-9]{2}:[0-9]{2})?",
        },
    )


@dataclass(slots=True, kw_only=True)
class SelectionByDateTime:
    inclusion_exclusion_code: InclusionExclusionCode = field(
        metadata={
            "name": "InclusionExclusionCode",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
        }
    )
    interval_boundary_type_code: IntervalBoundaryTypeCode = field(
        metadata={
            "name": "IntervalBoundaryTypeCode",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
        }
    )
    lower_boundary: str = field(
        metadata={
            "name": "LowerBoundary",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "pattern": r"([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-.*(Z|[+\-][0-9]{2}:[0-9]{2})",
        }
    )
    upper_boundary: None | str = field(
        default=None,
        metadata={
            "name": "UpperBoundary",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "pattern": r"([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-.*(Z|[+\-][0-9]{2}:[0-9]{2})",
        },
    )


@dataclass(slots=True, kw_only=True)
class SelectionByText:
    inclusion_exclusion_code: InclusionExclusionCode = field(
        metadata={
            "name": "InclusionExclusionCode",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
        }
    )
    interval_boundary_type_code: IntervalBoundaryTypeCode = field(
        metadata={
            "name": "IntervalBoundaryTypeCode",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
        }
    )
    lower_boundary: str = field(
        metadata={
            "name": "LowerBoundary",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "min_length": 1,
            "max_length": 254,
        }
    )
    upper_boundary: None | str = field(
        default=None,
        metadata={
            "name": "UpperBoundary",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "min_length": 1,
            "max_length": 254,
        },
    )


@dataclass(slots=True, kw_only=True)
class BusinessPartner:
    object_node_sender_technical_id: None | str = field(
        default=None,
        metadata={
            "name": "ObjectNodeSenderTechnicalID",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "min_length": 1,
            "max_length": 40,
        },
    )
    external_key: None | ExternalKey = field(
        default=None,
        metadata={
            "name": "ExternalKey",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
        },
    )
    category_code: PartyCategoryCode = field(
        metadata={
            "name": "CategoryCode",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
        }
    )
    role_code: list[RoleCode] = field(
        default_factory=list,
        metadata={
            "name": "RoleCode",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "min_occurs": 1,
            "max_occurs": 5,
        },
    )
    person: None | Person = field(
        default=None,
        metadata={
            "name": "Person",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
        },
    )
    organisation: None | Organisation = field(
        default=None,
        metadata={
            "name": "Organisation",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
        },
    )
    identification: list[Identification] = field(
        default_factory=list,
        metadata={
            "name": "Identification",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "max_occurs": 10,
        },
    )
    address: list[Address] = field(
        default_factory=list,
        metadata={
            "name": "Address",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "max_occurs": 5,
        },
    )
    communication: None | Communication = field(
        default=None,
        metadata={
            "name": "Communication",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
        },
    )
    contact_allowed_code: None | ContactAllowedCode = field(
        default=None,
        metadata={
            "name": "ContactAllowedCode",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
        },
    )
    extension: None | Extension = field(
        default=None,
        metadata={
            "name": "Extension",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
        },
    )


@dataclass(slots=True, kw_only=True)
class BusinessPartnerDetails:
    internal_id: str = field(
        metadata={
            "name": "InternalID",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "min_length": 10,
            "max_length": 10,
            "pattern": r"[0-9]{10}",
        }
    )
    uuid: str = field(
        metadata={
            "name": "UUID",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "min_length": 36,
            "max_length": 36,
            "pattern": r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
        }
    )
    change_state_id: str = field(
        metadata={
            "name": "ChangeStateID",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "min_length": 1,
            "max_length": 40,
        }
    )
    object_node_sender_technical_id: None | str = field(
        default=None,
        metadata={
            "name": "ObjectNodeSenderTechnicalID",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "min_length": 1,
            "max_length": 40,
        },
    )
    external_key: None | ExternalKey = field(
        default=None,
        metadata={
            "name": "ExternalKey",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
        },
    )
    category_code: PartyCategoryCode = field(
        metadata={
            "name": "CategoryCode",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
        }
    )
    role_code: list[RoleCode] = field(
        default_factory=list,
        metadata={
            "name": "RoleCode",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "min_occurs": 1,
            "max_occurs": 5,
        },
    )
    person: None | Person = field(
        default=None,
        metadata={
            "name": "Person",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
        },
    )
    organisation: None | Organisation = field(
        default=None,
        metadata={
            "name": "Organisation",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
        },
    )
    identification: list[Identification] = field(
        default_factory=list,
        metadata={
            "name": "Identification",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "max_occurs": 10,
        },
    )
    address: list[Address] = field(
        default_factory=list,
        metadata={
            "name": "Address",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "max_occurs": 5,
        },
    )
    communication: None | Communication = field(
        default=None,
        metadata={
            "name": "Communication",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
        },
    )
    contact_allowed_code: None | ContactAllowedCode = field(
        default=None,
        metadata={
            "name": "ContactAllowedCode",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
        },
    )
    merged_business_partner: list[MergedBusinessPartner] = field(
        default_factory=list,
        metadata={
            "name": "MergedBusinessPartner",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "max_occurs": 1000,
        },
    )
    system_administrative_data: SystemAdministrativeData = field(
        metadata={
            "name": "SystemAdministrativeData",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
        }
    )
    extension: None | Extension = field(
        default=None,
        metadata={
            "name": "Extension",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
        },
    )


@dataclass(slots=True, kw_only=True)
class ExchangeFaultData:
    fault_type_id: FaultTypeId = field(
        metadata={
            "name": "faultTypeID",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
        }
    )
    fault_text: str = field(
        metadata={
            "name": "faultText",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "min_length": 1,
            "max_length": 1000,
        }
    )
    fault_url: None | str = field(
        default=None,
        metadata={
            "name": "faultUrl",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "min_length": 1,
            "max_length": 1000,
        },
    )
    fault_detail: list[ExchangeLogData] = field(
        default_factory=list,
        metadata={
            "name": "faultDetail",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "max_occurs": 100,
        },
    )


@dataclass(slots=True, kw_only=True)
class Log:
    business_document_processing_result_code: ProcessingResultCode = field(
        metadata={
            "name": "BusinessDocumentProcessingResultCode",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
        }
    )
    maximum_log_item_severity_code: None | LogItemSeverityCode = field(
        default=None,
        metadata={
            "name": "MaximumLogItemSeverityCode",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
        },
    )
    item: list[LogItem] = field(
        default_factory=list,
        metadata={
            "name": "Item",
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
            "max_occurs": 1000,
        },
    )


@dataclass(slots=True, kw_only=True)
class StandardMessageFaultData:
    standard: ExchangeFaultData = field(
        metadata={
            "type": "Element",
            "namespace": "urn:leadbridge:common:1",
        }
    )


@dataclass(slots=True, kw_only=True)
class StandardMessageFault(StandardMessageFaultData):
    class Meta:
        namespace = "urn:leadbridge:common:1"
