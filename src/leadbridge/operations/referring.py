"""Whether a lead may name a business partner: consent, and test data that stays apart from real data.

A call list is what a call centre works through. Here a business partner is on one in two ways: it is named as
ContactParty of a lead, or it is the prospect of a lead that a call centre takes into status 2 in process. Neither is
possible for one whose ContactAllowedCode is 2 forbidden. To record what somebody asks for is no call: a lead about such
a prospect may be created, qualified and sold.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from leadbridge.caller import CORE_CRM, Caller, Role
from leadbridge.lead import LifeCycleStatus
from leadbridge.messages import ContactAllowedCode
from leadbridge.operations.call import Call
from leadbridge.operations.logitems import LogBuilder, LogItemType
from leadbridge.store import businesspartners
from leadbridge.store.database import Transaction
from leadbridge.store.inserts import Row

_FORBIDDEN: Final = ContactAllowedCode.VALUE_2.value


def check_test_data(*, partner: bool, lead: bool, path: str, log: LogBuilder) -> bool:
    """Refuse a lead and a business partner of which one is test data; whether they go together."""
    if partner != lead:
        kind, other = ("test data", "real") if partner else ("real", "test data")
        log.error(
            LogItemType.LEAD_TEST_DATA_MIXED,
            f"This business partner is {kind}, the lead is {other}; TestDataIndicator must say the same of both.",
            path,
        )
    return partner == lead


def check_message(call: Call, *, test_data: bool, path: str, log: LogBuilder) -> None:
    """Refuse a message that is test data and changes a real lead; a test lead stays one, whatever changes it."""
    if call.message.basic_message_header.test_data_indicator and not test_data:
        log.error(
            LogItemType.LEAD_TEST_DATA_MIXED,
            "The message is test data (TestDataIndicator) and the lead is real; nothing of it is changed by a test.",
            path,
        )


def check_contact(row: Row, path: str, log: LogBuilder) -> None:
    """Refuse a ContactParty that must not be contacted."""
    if row["contact_allowed_code"] == _FORBIDDEN:
        log.error(
            LogItemType.LEAD_CONTACT_FORBIDDEN,
            "This business partner forbids contact (ContactAllowedCode 2); name another ContactParty.",
            path,
        )


def is_call(caller: Caller, status: LifeCycleStatus) -> bool:
    """Whether a caller that takes a lead into a status puts its prospect on a call list."""
    return status is LifeCycleStatus.IN_PROCESS and Role.CALLCENTRE in caller.roles


def check_call(contact_allowed_code: str | None, path: str, log: LogBuilder) -> None:
    """Refuse a call centre's taking a lead into process whose prospect must not be contacted."""
    if contact_allowed_code == _FORBIDDEN:
        refuse_call(path, log)


def refuse_call(path: str, log: LogBuilder) -> None:
    """Say that nobody calls this prospect."""
    log.error(
        LogItemType.LEAD_CONTACT_FORBIDDEN,
        "The prospect forbids contact (ContactAllowedCode 2): no call centre takes the lead into process; "
        "qualify, decline or close it.",
        path,
    )


def say_cancelled(logs: Iterable[LogBuilder]) -> None:
    """Say of changes that a message about their lead was cancelled."""
    for log in logs:
        note = "What the core CRM was to be told of the lead until now was cancelled."
        log.follows(LogItemType.LEAD_FORWARDING_CANCELLED, note)


def forbidding(tx: Transaction, calls: Sequence[Call], heads: Mapping[int, Row]) -> frozenset[str]:
    """Of the leads that changes take into process for a call centre, those prospects that forbid contact.

    `heads` are the leads by the identity of their calls. Asks the store only where there is such a change.
    """
    called = set()
    for call in calls:
        status, head = call.message.lead.life_cycle_status_code, heads.get(id(call))
        if head is not None and status and is_call(call.caller, LifeCycleStatus(status.value)):
            called.add(head["prospect_internal_id"])
    rows = businesspartners.resolve(tx, CORE_CRM, internal_ids=called)
    return frozenset(row["internal_id"] for row in rows if row["contact_allowed_code"] == _FORBIDDEN)
