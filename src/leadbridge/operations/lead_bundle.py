"""MaintainLeadBundle and CheckMaintainLeadBundle: leads created, changed and deleted, each with its own verdict.

A record that was done is remembered under its own key, so that a bundle sent again, whole or mended, does the rest. A
check does the same in a part of the transaction that is taken back, with numbers that are no counter's: so its verdicts
are those of the bundle, also where a record builds on what one before it left.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from leadbridge.contract import codec
from leadbridge.contract.parsing import parse
from leadbridge.messages import (
    BasicMessageHeader,
    LeadBundleCheckResult,
    LeadBundleMaintainCheckResponseSync,
    LeadBundleMaintainConfirmationSync,
    Log,
    LogItem,
    LogItemSeverityCode,
    ProcessingResultCode,
)
from leadbridge.operations.bundle_record import Record
from leadbridge.operations.bundle_run import RecordOutcome, Runner, heads, refused_as
from leadbridge.operations.call import Answer, Call, IdempotencyConflict, Policy, answer_header
from leadbridge.operations.logitems import LogBuilder, LogItemType
from leadbridge.operations.partners import References, hold
from leadbridge.operations.replay import Key, Memory, once
from leadbridge.store import cooperative
from leadbridge.store.database import Transaction, is_provisional

_MAINTAIN, _CHECK = "MaintainLeadBundle", "CheckMaintainLeadBundle"
_MOST_ITEMS = 1_000  # Log.Item, maxOccurs
# Records done at once: enough that round trips cost little, few enough that the event loop, in whose thread this runs,
# serves others in between.
_TOGETHER = 50


def maintain_lead_bundles(tx: Transaction, calls: Sequence[Call], policy: Policy) -> list[Answer | Exception]:
    """Do the records of bundles; of those that were done before it is remembered."""
    bundles = [_Bundle(call, policy, _MAINTAIN) for call in calls]
    _lock(tx, bundles)
    return [_maintained(tx, bundle) for bundle in bundles]


def check_lead_bundles(tx: Transaction, calls: Sequence[Call], policy: Policy) -> list[Answer | Exception]:
    """Say what MaintainLeadBundle would answer. Nothing it writes stays, and it uses no number."""
    bundles = [_Bundle(call, policy, _CHECK) for call in calls]
    _lock(tx, bundles)
    return [_checked(tx, bundle) for bundle in bundles]


class _Bundle:
    """One call's records, some at a time."""

    def __init__(self, call: Call, policy: Policy, operation: str) -> None:
        self.call = call
        self._operation = operation
        self.records = [Record(call, place, policy) for place in _paced(len(call.message.lead))]
        distinct = {record.key: record for record in reversed(self.records)}
        self._repeated = {id(record) for record in self.records if distinct[record.key] is not record}
        due = [record for record in self.records if id(record) not in self._repeated]
        self._parts = [
            (part, Runner(part, policy, operation))
            for part in (due[place : place + _TOGETHER] for place in range(0, len(due), _TOGETHER))
        ]

    def lock_keys(self) -> Iterator[str]:
        """What the bundle must have to itself."""
        for part, runner in self._parts:
            yield from runner.lock_keys()
            for record in part:
                yield from record.lock_keys()
                if key := self._key(record):
                    yield f"received/{key[0]}/{key[1]}"

    def references(self) -> Iterator[References]:
        """The existing business partners that the bundle refers to."""
        for _, runner in self._parts:
            yield from runner.references()

    def _key(self, record: Record) -> Key | None:
        uuid = self.call.message.basic_message_header.uuid
        return (self.call.caller.id, f"{uuid.lower()}/{record.key}") if uuid else None

    def act(self, tx: Transaction) -> list[RecordOutcome]:
        """Do the records in their order; one outcome each."""
        outcomes: dict[int, RecordOutcome] = {}
        for part, runner in self._parts:
            outcomes.update(zip(map(id, part), self._act(tx, part, runner), strict=True))
            cooperative.pause(0)
        note = "Another record before it has the same ObjectNodeSenderTechnicalID, ExternalKey or content."
        for record in self.records:
            if id(record) in self._repeated:
                outcomes[id(record)] = refused_as(record, LogItemType.BUNDLE_KEY_REPEATED, note)
        return [outcomes[id(record)] for record in self.records]

    def _act(self, tx: Transaction, part: Sequence[Record], runner: Runner) -> Iterator[RecordOutcome]:
        record_of = {id(record.call): record for record in part}
        found = once(
            tx,
            [record.call for record in part],
            keys=[self._key(record) for record in part],
            operation=self._operation,
            lock_keys=(),
            act=lambda fresh: runner.act(tx, [record_of[id(call)] for call in fresh]),
            memory=_MEMORY,
            is_test=lambda _: bool(self.call.message.basic_message_header.test_data_indicator),
        )
        note = "A record with this key was done with other content; send it in a message with a new UUID."
        for record, outcome in zip(part, found, strict=True):
            if isinstance(outcome, IdempotencyConflict):
                yield refused_as(record, LogItemType.BUNDLE_RECORD_CHANGED, note)
            else:
                assert isinstance(outcome, RecordOutcome)  # the only exception is the conflict
                yield outcome


def _paced(count: int) -> Iterator[int]:
    """Count, and let the event loop serve others now and then."""
    for number in range(count):
        if number % _TOGETHER == _TOGETHER - 1:
            cooperative.pause(0)
        yield number


def _lock(tx: Transaction, bundles: Iterable[_Bundle]) -> None:
    """Lock all that the bundles must have to themselves, then the business partners and the leads they name, each in
    one order: so two never wait for each other.
    """
    tx.lock([key for bundle in bundles for key in bundle.lock_keys()])
    hold(tx, [one for bundle in bundles for one in bundle.references()])
    heads(tx, [record for bundle in bundles for record in bundle.records])


def _keep(outcome: RecordOutcome) -> bytes | None:
    """A record that was done, as an answer of its own; any other one may be mended and sent again."""
    if not outcome.done:
        return None
    log = Log(business_document_processing_result_code=ProcessingResultCode.VALUE_3, item=outcome.items)
    header = BasicMessageHeader()
    return codec.encode_bytes(
        LeadBundleMaintainConfirmationSync(basic_message_header=header, lead=[outcome.confirmation], log=log)
    )


def _recall(encoded: bytes) -> RecordOutcome:
    message: LeadBundleMaintainConfirmationSync = codec.decode(parse(encoded))
    message.lead[0].replayed_indicator = True
    return RecordOutcome(message.lead[0], message.log.item)


_MEMORY: Memory[RecordOutcome] = Memory(keep=_keep, recall=_recall)


# -------------------------------------------------------------------------------------------------------- answers


def _outcomes(tx: Transaction, bundle: _Bundle) -> list[RecordOutcome]:
    """What becomes of the records; with allOrNoneIndicator nothing where one is refused."""
    if not bundle.call.message.all_or_none_indicator:
        return bundle.act(tx)
    with tx.trial() as trial:
        outcomes = bundle.act(tx)
        if all(one.done for one in outcomes):
            return outcomes
        trial.undo()
    note = "Nothing was done, because another record was refused (allOrNoneIndicator)."
    return [
        refused_as(record, LogItemType.BUNDLE_OTHER_RECORD_REFUSED, note)
        if one.done and not one.confirmation.replayed_indicator
        else one
        for record, one in zip(bundle.records, outcomes, strict=True)
    ]


def _maintained(tx: Transaction, bundle: _Bundle) -> Answer:
    call = bundle.call
    outcomes = _outcomes(tx, bundle)
    root = "/lbl:LeadBundleMaintainRequest_sync"
    return Answer(
        LeadBundleMaintainConfirmationSync(
            basic_message_header=answer_header(call.message.basic_message_header, call.received_at),
            lead=[one.confirmation for one in outcomes],
            log=_log(bundle.records, outcomes, root),
        )
    )


def _checked(tx: Transaction, bundle: _Bundle) -> Answer:
    call = bundle.call
    with tx.trial(numbers=False) as trial:
        outcomes = _outcomes(tx, bundle)
        trial.undo()
    for one in outcomes:
        one.items[:] = [_would_be(item) for item in one.items if item.type_id != LogItemType.BUSINESS_PARTNER_CREATED]
    return Answer(
        LeadBundleMaintainCheckResponseSync(
            basic_message_header=answer_header(call.message.basic_message_header, call.received_at),
            lead=[_check_result(one) for one in outcomes],
            log=_log(bundle.records, outcomes, "/lbl:LeadBundleMaintainCheckQuery_sync"),
        )
    )


def _check_result(outcome: RecordOutcome) -> LeadBundleCheckResult:
    confirmed = outcome.confirmation
    lead_id, prospect_id = confirmed.id, confirmed.prospect_party_internal_id
    return LeadBundleCheckResult(
        reference_object_node_sender_technical_id=confirmed.reference_object_node_sender_technical_id,
        id=None if lead_id is None or is_provisional(lead_id) else lead_id,
        life_cycle_status_code=confirmed.life_cycle_status_code,
        prospect_party_internal_id=None if prospect_id is None or is_provisional(prospect_id) else prospect_id,
        business_document_processing_result_code=confirmed.business_document_processing_result_code,
    )


_WOULD_BE = {
    LogItemType.LEAD_CREATED.value: (LogItemType.LEAD_WOULD_BE_CREATED, "MaintainLeadBundle would create this lead."),
    LogItemType.LEAD_CHANGED.value: (LogItemType.LEAD_WOULD_BE_CHANGED, "MaintainLeadBundle would change this lead."),
    LogItemType.LEAD_DELETED.value: (LogItemType.LEAD_WOULD_BE_DELETED, "MaintainLeadBundle would delete this lead."),
}


def _would_be(item: LogItem) -> LogItem:
    """An item about something that is not done after all: as what it would be, and without provisional numbers."""
    if item.type_id in _WOULD_BE:
        type_id, item.note = _WOULD_BE[item.type_id]
        item.type_id = type_id.value
    elif item.note:
        item.note = re.sub(r"~\d{9}", "of a record before it", item.note)
    return item


def _log(records: Sequence[Record], outcomes: Sequence[RecordOutcome], root: str) -> Log:
    """The Log of the bundle: every item says which record it is about, by its key and by its place in the message.

    Of more items than a Log holds the most severe are there, and first of all those that no other record is to blame
    for.
    """
    items: list[LogItem] = []
    for position, (record, outcome) in enumerate(zip(records, outcomes, strict=True), 1):
        for item in outcome.items:
            place = record.placed(item.reference_message_element_name, f"{root}/lbl:Lead[{position}]")
            item.reference_message_element_name = place
            items.append(item)
    worst = max((item.severity_code.value for item in items), default=None)
    if len(items) > _MOST_ITEMS:
        items.sort(key=_urgency)
        left_out = len(items) - (_MOST_ITEMS - 1)
        builder = LogBuilder()
        note = f"{left_out} more items had no room in this Log, none of them more severe than those above."
        builder.information(LogItemType.BUNDLE_LOG_ITEMS_LEFT_OUT, note)
        items[_MOST_ITEMS - 1 :] = builder.log().item
    done = sum(one.done for one in outcomes)
    codes = {len(outcomes): ProcessingResultCode.VALUE_3, 0: ProcessingResultCode.VALUE_5}
    return Log(
        business_document_processing_result_code=codes.get(done, ProcessingResultCode.VALUE_4),
        maximum_log_item_severity_code=LogItemSeverityCode(worst) if worst else None,
        item=items,
    )


def _urgency(item: LogItem) -> tuple[int, bool]:
    return -int(item.severity_code.value), item.type_id == LogItemType.BUNDLE_OTHER_RECORD_REFUSED
