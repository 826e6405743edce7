"""ReadLeadStatusChanges and AcknowledgeLeadStatusChanges: what became of a caller's leads.

The same changes come again until they are acknowledged, so a caller that dies between reading and acknowledging loses
nothing. `store.feed` says who is told what, and why the order holds.
"""

from collections.abc import Callable, Sequence
from functools import partial

from leadbridge.messages import (
    LeadLifeCycleStatusCode,
    LeadStatusChange,
    LeadStatusChangesAcknowledgeConfirmationSync,
    LeadStatusChangesResponseSync,
    PartnerDecisionCode,
    SalesPartnerParty,
    StatusChangeTypeCode,
)
from leadbridge.operations.businesspartner import external_key
from leadbridge.operations.call import Answer, Call, Policy, answer_header, by_caller, zoned
from leadbridge.operations.logitems import LogBuilder, LogItemType
from leadbridge.operations.replay import ANSWERS, header_keys, once
from leadbridge.operations.selecting import Hits, response_conditions
from leadbridge.store import feed
from leadbridge.store.database import Asked, Transaction
from leadbridge.store.feed import Feed
from leadbridge.store.inserts import Row

_READ = "/lbl:LeadStatusChangesQuery_sync"
_ACKNOWLEDGE = "/lbl:LeadStatusChangesAcknowledgeRequest_sync"


# ---------------------------------------------------------------------------------------------------------- read


def read_status_changes(tx: Transaction, calls: Sequence[Call], _policy: Policy) -> list[Answer | Exception]:
    """Read on in the callers' feeds; only what an answer shows gets a position. One at a time per caller."""
    tx.lock(_lock_keys(calls))
    feeds = feed.feeds(tx, {call.caller.id for call in calls})
    answers = _one_per_caller(calls, lambda due: _read(tx, due, feeds))
    return list(answers)


def _read(tx: Transaction, calls: Sequence[Call], feeds: dict[str, Feed]) -> list[Answer]:
    """Read for callers that are all different. What all of them need is asked for together."""
    pages = [_Page(tx, call, feeds[call.caller.id]) for call in calls]
    for page in pages:
        page.fill()
    feed.write_positions(tx, [row for page in pages for row in page.fresh])
    feed.keep(tx, [page.feed for page in pages if page.fresh])
    return [_shown(page) for page in pages]


class _Page:
    """What one call is shown: the changes behind a position that have one, then those that get one now."""

    def __init__(self, tx: Transaction, call: Call, its_feed: Feed) -> None:
        self.call = call
        self.feed = its_feed
        self.known: Sequence[Row] = ()
        self.fresh: Sequence[Row] = ()
        self.more = False
        self.log = LogBuilder()
        hits = Hits.wanted(call.message.processing_conditions, self.log)
        self._limit = hits.limit
        after = int(hits.after or 0)
        self._numbered: Asked | None = None
        if after > its_feed.last_position:
            _unknown(self.log, f"{_READ}/lbl:ProcessingConditions/lbc:LastReturnedObjectID")
            return
        after = max(after, its_feed.acknowledged_position)
        # One more than is shown tells whether there are more.
        self._numbered = feed.numbered(tx, call.caller, after=after, limit=hits.limit + 1)
        self._unnumbered = feed.unnumbered(tx, call.caller, limit=hits.limit + 1)

    def fill(self) -> None:
        """Look at what came, and give positions to what is shown for the first time."""
        if self._numbered is None:
            return
        self.known = self._numbered[: self._limit]
        self.fresh = self._unnumbered[: self._limit - len(self.known)]
        self.more = len(self._numbered) + len(self._unnumbered) > self._limit
        self.feed.number(self.fresh)


def _shown(page: _Page) -> Answer:
    call, rows = page.call, [*page.known, *page.fresh]
    return Answer(
        LeadStatusChangesResponseSync(
            basic_message_header=answer_header(call.message.basic_message_header, call.received_at),
            lead_status_change=[_status_change(row) for row in rows],
            processing_conditions=response_conditions([_position_id(row["position"]) for row in rows], page.more),
            log=page.log.log(),
        )
    )


def _status_change(row: Row) -> LeadStatusChange:
    old, decision, party_id = row["old_status"], row["partner_decision_code"], row["sales_partner_party_id"]
    return LeadStatusChange(
        feed_position_id=_position_id(row["position"]),
        status_change_type_code=StatusChangeTypeCode(row["status_change_type_code"]),
        id=row["lead_id"],
        uuid=row["lead_uuid"],
        object_node_sender_technical_id=row["sender_technical_id"],
        external_key=external_key(row),
        old_life_cycle_status_code=LeadLifeCycleStatusCode(old) if old else None,
        life_cycle_status_code=LeadLifeCycleStatusCode(row["new_status"]),
        reason_code=row["reason_code"],
        partner_decision_code=PartnerDecisionCode(decision) if decision else None,
        sales_partner_party=SalesPartnerParty(party_id=party_id) if party_id else None,
        core_lead_id=row["core_lead_id"],
        core_opportunity_id=row["core_opportunity_id"],
        change_date_time=zoned(row["changed_at"]),
    )


# --------------------------------------------------------------------------------------------------- acknowledge


def acknowledge_status_changes(tx: Transaction, calls: Sequence[Call], _policy: Policy) -> list[Answer | Exception]:
    """Take note that callers have their feeds up to a position. Going back, or doing it again, changes nothing."""
    return once(
        tx,
        calls,
        keys=header_keys(calls),
        operation="AcknowledgeLeadStatusChanges",
        lock_keys=_lock_keys(calls),
        act=partial(_acknowledge, tx),
        memory=ANSWERS,
    )


def _acknowledge(tx: Transaction, calls: Sequence[Call]) -> list[Answer]:
    feeds = feed.feeds(tx, {call.caller.id for call in calls})
    before = {caller_id: one.acknowledged_position for caller_id, one in feeds.items()}
    answers = [_acknowledged(tx, call, feeds[call.caller.id]) for call in calls]
    feed.keep(tx, [one for one in feeds.values() if one.acknowledged_position > before[one.caller_id]])
    return answers


def _acknowledged(tx: Transaction, call: Call, its_feed: Feed) -> Answer:
    log = LogBuilder()
    upto = int(call.message.feed_position_id)
    count = 0
    if upto > its_feed.last_position:
        _unknown(log, f"{_ACKNOWLEDGE}/lbl:FeedPositionID")
    elif upto > its_feed.acknowledged_position:
        count = feed.count(tx, call.caller.id, after=its_feed.acknowledged_position, upto=upto)
        its_feed.acknowledged_position = upto
    if not log.failed:
        log.information(
            LogItemType.LEAD_FEED_ACKNOWLEDGED,
            f"The feed is acknowledged up to {_position_id(its_feed.acknowledged_position)}.",
        )
    reached = its_feed.acknowledged_position
    return Answer(
        LeadStatusChangesAcknowledgeConfirmationSync(
            basic_message_header=answer_header(call.message.basic_message_header, call.received_at),
            feed_position_id=_position_id(reached) if reached else None,
            acknowledged_number_value=count,
            replayed_indicator=False,
            log=log.log(),
        )
    )


# -------------------------------------------------------------------------------------------------------- shared


def _lock_keys(calls: Sequence[Call]) -> list[str]:
    return [feed.lock_key(caller_id) for caller_id in {call.caller.id for call in calls}]


def _one_per_caller(calls: Sequence[Call], act: Callable[[Sequence[Call]], list[Answer]]) -> list[Answer]:
    """Act on the first call of each caller, then on the second, and so on; the answers in the order of the calls."""
    answers: dict[int, Answer] = {}
    groups = by_caller(calls)
    for turn in range(max(len(group) for group in groups)):
        due = [group[turn] for group in groups if turn < len(group)]
        answers.update((id(call), answer) for call, answer in zip(due, act(due), strict=True))
    return [answers[id(call)] for call in calls]


def _unknown(log: LogBuilder, element: str) -> None:
    log.error(
        LogItemType.LEAD_FEED_POSITION_UNKNOWN,
        "Your feed has never given out this position; use the FeedPositionID of a LeadStatusChange that you read.",
        element,
    )


def _position_id(position: int) -> str:
    return f"{position:010d}"
