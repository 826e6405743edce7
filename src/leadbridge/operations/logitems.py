"""The Log of an answer: every stable TypeID with its meaning, and the builder that fills a Log.

A business refusal is an answer whose Log says 5 and why; the TypeID is what programs look at, the note what
people read. Notes carry identifiers and rules, never the values a caller sent. Source: the contract's section
"Header, log, fault".
"""

from collections.abc import Callable
from enum import StrEnum

from leadbridge.messages import Log, LogItem, LogItemSeverityCode, ProcessingResultCode

_NOTE_LENGTH = 200


class LogItemType(StrEnum):
    """LogItem.TypeID. Stable: a code may be added, none changes its meaning."""

    BUSINESS_PARTNER_CREATED = "BUSINESSPARTNER.CREATED"
    BUSINESS_PARTNER_LINKED = "BUSINESSPARTNER.LINKED"
    BUSINESS_PARTNER_DUPLICATE = "BUSINESSPARTNER.DUPLICATE"
    BUSINESS_PARTNER_UNKNOWN = "BUSINESSPARTNER.UNKNOWN"
    BUSINESS_PARTNER_EXTERNAL_KEY_TAKEN = "BUSINESSPARTNER.EXTERNAL_KEY_TAKEN"
    BUSINESS_PARTNER_CATEGORY_MISMATCH = "BUSINESSPARTNER.CATEGORY_MISMATCH"
    BUSINESS_PARTNER_ROLE_REPEATED = "BUSINESSPARTNER.ROLE_REPEATED"
    BUSINESS_PARTNER_MERGED = "BUSINESSPARTNER.MERGED"
    BUSINESS_PARTNER_MERGED_ALREADY = "BUSINESSPARTNER.MERGED_ALREADY"
    BUSINESS_PARTNER_MERGE_NOT_ALLOWED = "BUSINESSPARTNER.MERGE_NOT_ALLOWED"
    BUSINESS_PARTNER_NAMED_TWICE = "BUSINESSPARTNER.NAMED_TWICE"
    BUSINESS_PARTNER_TEST_DATA_MIXED = "BUSINESSPARTNER.TEST_DATA_MIXED"
    BUSINESS_PARTNER_LIST_TOO_LONG = "BUSINESSPARTNER.LIST_TOO_LONG"
    LEAD_CREATED = "LEAD.CREATED"
    LEAD_DUPLICATE = "LEAD.DUPLICATE"
    LEAD_LINKED = "LEAD.LINKED"
    LEAD_CHANGED = "LEAD.CHANGED"
    LEAD_UNCHANGED = "LEAD.UNCHANGED"
    LEAD_UNKNOWN = "LEAD.UNKNOWN"
    LEAD_DELETED = "LEAD.DELETED"
    LEAD_WOULD_BE_CREATED = "LEAD.WOULD_BE_CREATED"
    LEAD_WOULD_BE_CHANGED = "LEAD.WOULD_BE_CHANGED"
    LEAD_WOULD_BE_DELETED = "LEAD.WOULD_BE_DELETED"
    LEAD_DELETE_NOT_ALLOWED = "LEAD.DELETE_NOT_ALLOWED"
    LEAD_IDENTIFICATION_MISSING = "LEAD.IDENTIFICATION_MISSING"
    LEAD_IDENTIFICATION_NOT_ALLOWED = "LEAD.IDENTIFICATION_NOT_ALLOWED"
    LEAD_ELEMENT_MISSING = "LEAD.ELEMENT_MISSING"
    LEAD_REASON_NOT_KEPT = "LEAD.REASON_NOT_KEPT"
    LEAD_EXTERNAL_KEY_TAKEN = "LEAD.EXTERNAL_KEY_TAKEN"
    LEAD_STATUS_NOT_ALLOWED = "LEAD.STATUS_NOT_ALLOWED"
    LEAD_FINAL = "LEAD.FINAL"
    LEAD_CHANGE_STATE_CONFLICT = "LEAD.CHANGE_STATE_CONFLICT"
    LEAD_CHANGE_STATE_MISSING = "LEAD.CHANGE_STATE_MISSING"
    LEAD_CODE_UNKNOWN = "LEAD.CODE_UNKNOWN"
    LEAD_DATES_REVERSED = "LEAD.DATES_REVERSED"
    LEAD_ITEM_REPEATED = "LEAD.ITEM_REPEATED"
    LEAD_ITEM_EXISTS = "LEAD.ITEM_EXISTS"
    LEAD_ITEM_UNKNOWN = "LEAD.ITEM_UNKNOWN"
    LEAD_ITEM_PRODUCT_MISSING = "LEAD.ITEM_PRODUCT_MISSING"
    LEAD_NOTE_UNKNOWN = "LEAD.NOTE_UNKNOWN"
    LEAD_CONTACT_REPEATED = "LEAD.CONTACT_REPEATED"
    LEAD_CONTACT_EXISTS = "LEAD.CONTACT_EXISTS"
    LEAD_CONTACT_UNKNOWN = "LEAD.CONTACT_UNKNOWN"
    LEAD_QUESTION_REPEATED = "LEAD.QUESTION_REPEATED"
    LEAD_QUESTION_UNKNOWN = "LEAD.QUESTION_UNKNOWN"
    LEAD_ANSWER_UNKNOWN = "LEAD.ANSWER_UNKNOWN"
    LEAD_LEVEL_COMPUTED = "LEAD.LEVEL_COMPUTED"
    LEAD_LEVEL_OVERRULED = "LEAD.LEVEL_OVERRULED"
    LEAD_ASSIGNED = "LEAD.ASSIGNED"
    LEAD_NOT_ASSIGNED = "LEAD.NOT_ASSIGNED"
    LEAD_LIST_TOO_LONG = "LEAD.LIST_TOO_LONG"
    LEAD_ATTACHMENTS_LEFT_OUT = "LEAD.ATTACHMENTS_LEFT_OUT"
    LEAD_CONTACT_FORBIDDEN = "LEAD.CONTACT_FORBIDDEN"
    LEAD_TEST_DATA_MIXED = "LEAD.TEST_DATA_MIXED"
    LEAD_ITEM_NUMBERED = "LEAD.ITEM_NUMBERED"
    LEAD_REASON_CLEARED = "LEAD.REASON_CLEARED"
    LEAD_PARTNER_DECISION_RESET = "LEAD.PARTNER_DECISION_RESET"
    LEAD_SALES_PARTNER_REMOVED = "LEAD.SALES_PARTNER_REMOVED"
    LEAD_FORWARDING_CANCELLED = "LEAD.FORWARDING_CANCELLED"
    LEAD_PARTNER_DECISION_NOT_ALLOWED = "LEAD.PARTNER_DECISION_NOT_ALLOWED"
    BUNDLE_RECORD_CHANGED = "BUNDLE.RECORD_CHANGED"
    BUNDLE_KEY_REPEATED = "BUNDLE.KEY_REPEATED"
    BUNDLE_OTHER_RECORD_REFUSED = "BUNDLE.OTHER_RECORD_REFUSED"
    BUNDLE_LOG_ITEMS_LEFT_OUT = "BUNDLE.LOG_ITEMS_LEFT_OUT"
    LEAD_SUSPENDED = "LEAD.SUSPENDED"
    LEAD_SALES_PARTNER_UNKNOWN = "LEAD.SALES_PARTNER_UNKNOWN"
    LEAD_SALES_PARTNER_NOT_ALLOWED = "LEAD.SALES_PARTNER_NOT_ALLOWED"
    LEAD_FEED_POSITION_UNKNOWN = "LEAD.FEED_POSITION_UNKNOWN"
    LEAD_FEED_ACKNOWLEDGED = "LEAD.FEED_ACKNOWLEDGED"
    BULK_UNKNOWN = "BULK.UNKNOWN"
    BULK_ENDED = "BULK.ENDED"
    BULK_RECORD_CHANGED = "BULK.RECORD_CHANGED"
    BULK_CONTRACT_VIOLATION = "BULK.CONTRACT_VIOLATION"
    BULK_RECORD_DAMAGED = "BULK.RECORD_DAMAGED"
    BULK_RECORD_TOO_LARGE = "BULK.RECORD_TOO_LARGE"
    BULK_RECORD_FAILED = "BULK.RECORD_FAILED"
    FIND_UPPER_BOUNDARY_MISSING = "FIND.UPPER_BOUNDARY_MISSING"
    FIND_BOUNDARY_NOT_A_MOMENT = "FIND.BOUNDARY_NOT_A_MOMENT"
    FIND_HITS_CAPPED = "FIND.HITS_CAPPED"
    CRM_RECORD_UNKNOWN = "CRM.RECORD_UNKNOWN"
    CRM_RECORD_FINAL = "CRM.RECORD_FINAL"
    CRM_WRONG_RECORD_TYPE = "CRM.WRONG_RECORD_TYPE"
    CRM_STATUS_NAME_NOT_ALLOWED = "CRM.STATUS_NAME_NOT_ALLOWED"
    CRM_RECORD_CREATED = "CRM.RECORD_CREATED"
    CRM_RECORD_EXISTS = "CRM.RECORD_EXISTS"
    CRM_RECORD_CLOSED = "CRM.RECORD_CLOSED"
    CRM_LEAD_CONVERTED = "CRM.LEAD_CONVERTED"
    CRM_REASON_CODE_UNKNOWN = "CRM.REASON_CODE_UNKNOWN"
    CRM_OWNER_UNKNOWN = "CRM.OWNER_UNKNOWN"
    CRM_STAGE_CHANGED = "CRM.STAGE_CHANGED"
    CRM_STAGE_HELD = "CRM.STAGE_HELD"
    CRM_STAGE_UNKNOWN = "CRM.STAGE_UNKNOWN"
    CRM_STEP_UNKNOWN = "CRM.STEP_UNKNOWN"
    CRM_STEP_SETTLED = "CRM.STEP_SETTLED"
    CRM_STEP_NOT_SKIPPABLE = "CRM.STEP_NOT_SKIPPABLE"
    CRM_REASON_MISSING = "CRM.REASON_MISSING"
    CRM_MOVE_NOT_ALLOWED = "CRM.MOVE_NOT_ALLOWED"
    CRM_OTHER_RECORD_OPEN = "CRM.OTHER_RECORD_OPEN"


_INFORMATION = LogItemSeverityCode.VALUE_1
_WARNING = LogItemSeverityCode.VALUE_2
_ERROR = LogItemSeverityCode.VALUE_3


class LogBuilder:
    """Collects the Items of one answer's Log.

    `reference` is the sender's own key of the object meant (ObjectNodeSenderTechnicalID), `element` in the
    methods the path of the element meant.
    """

    __slots__ = ("_following", "_items", "_reference", "_severity", "failed")

    def __init__(self, reference: str | None = None) -> None:
        self._items: list[LogItem] = []
        self._following: list[LogItem] = []
        self._reference = reference
        self._severity: LogItemSeverityCode | None = None  # the greatest so far
        self.failed = False

    def information(self, type_id: LogItemType, note: str, element: str | None = None) -> None:
        """Something the caller should know."""
        self._add(type_id, _INFORMATION, note, element)

    def follows(self, type_id: LogItemType, note: str, element: str | None = None) -> None:
        """Information about what is done beside what was sent; not told where an error, before or after, undoes it."""
        if not self.failed:
            self._add(type_id, _INFORMATION, note, element)
            self._following.append(self._items[-1])

    def warning(self, type_id: LogItemType, note: str, element: str | None = None) -> None:
        """Done, but the caller should look at it."""
        self._add(type_id, _WARNING, note, element)

    def error(self, type_id: LogItemType, note: str, element: str | None = None) -> None:
        """A reason why nothing is done."""
        self.failed = True
        if self._following:
            self._items = [item for item in self._items if not any(item is other for other in self._following)]
            self._following = []
        self._add(type_id, _ERROR, note, element)

    def _add(self, type_id: LogItemType, severity: LogItemSeverityCode, note: str, element: str | None) -> None:
        if severity is not self._severity and (self._severity is None or severity.value > self._severity.value):
            self._severity = severity
        self._items.append(
            LogItem(
                type_id=type_id,
                severity_code=severity,
                reference_object_node_sender_technical_id=self._reference,
                reference_message_element_name=element,
                note=note if len(note) <= _NOTE_LENGTH else note[: _NOTE_LENGTH - 3] + "...",
            )
        )

    def take(self, other: "LogBuilder", placed: Callable[[str], str]) -> None:
        """Go on with the items of another Log, each path of which is `placed` in this one's message."""
        for item in other._items:  # noqa: SLF001 - one of its own kind
            path = item.reference_message_element_name
            element = placed(path) if path else None
            self._add(LogItemType(item.type_id), item.severity_code, item.note or "", element)
        self.failed = self.failed or other.failed

    def log(self, *, partly: bool = False, received: bool = False) -> Log:
        """The Log: with an error failed, or partially successful where `partly` says that something was done.

        Without one successful, or only received where `received` says that the work is still to be done.
        """
        failed = ProcessingResultCode.VALUE_4 if partly else ProcessingResultCode.VALUE_5
        good = ProcessingResultCode.VALUE_1 if received else ProcessingResultCode.VALUE_3
        return Log(
            business_document_processing_result_code=failed if self.failed else good,
            maximum_log_item_severity_code=self._severity,
            item=self._items,
        )
