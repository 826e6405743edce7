"""The leads of a bulk file: the same rules as CreateLead, and for each record a verdict instead of an answer."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from leadbridge.messages import LogItem, LogItemSeverityCode
from leadbridge.operations.call import Call, IdempotencyConflict, Policy
from leadbridge.operations.lead_batch import Draft, LeadBatch
from leadbridge.operations.logitems import LogBuilder, LogItemType
from leadbridge.operations.replay import Memory, once
from leadbridge.store.database import Transaction

_OPERATION = "SubmitLeadBulk"


class Verdict(StrEnum):
    """What became of one record of a bulk file."""

    ACCEPTED = "accepted"  # a lead was created
    REPLAYED = "replayed"  # this record of this file was accepted before
    DUPLICATE = "duplicate"  # the caller has a lead with its ExternalKey already, or seems to have the lead
    REJECTED = "rejected"  # against the contract or the rules; its Log items say why


@dataclass(slots=True)
class RecordOutcome:
    """The verdict of one record; a duplicate and a rejected one have the Log items that explain it."""

    verdict: Verdict
    items: list[LogItem] = field(default_factory=list)


class LeadIntake:
    """Some records of one bulk file. Making it does what needs no transaction, `write` the rest.

    `record_keys` tell the records of the file with this UUID apart, at most 60 characters each. `root` is the path of a
    record in the file, for the Log.
    """

    def __init__(
        self, calls: Sequence[Call], *, record_keys: Sequence[str], file_uuid: str, policy: Policy, root: str
    ) -> None:
        self._calls = calls
        self._keys = [
            (call.caller.id, f"{file_uuid.lower()}/{key}") for call, key in zip(calls, record_keys, strict=True)
        ]
        self._root = root
        self._batch = LeadBatch(calls, policy, root, operation=_OPERATION)

    def write(self, tx: Transaction) -> list[RecordOutcome]:
        """Create the leads; one outcome a record, in their order. A failure rolls all of them back with `tx`."""
        outcomes = once(
            tx,
            self._calls,
            keys=self._keys,
            operation=_OPERATION,
            lock_keys=self._batch.lock_keys(),
            ask=lambda: self._batch.ask(tx),
            act=self._create,
            memory=_MEMORY,
        )
        return [self._changed() if isinstance(one, IdempotencyConflict) else _known(one) for one in outcomes]

    def _create(self, fresh: Sequence[Call]) -> list[RecordOutcome]:
        return [_outcome(draft, log) for draft, log in self._batch.create(fresh)]

    def _changed(self) -> RecordOutcome:
        log = LogBuilder()
        log.error(
            LogItemType.BULK_RECORD_CHANGED,
            "A record of this file with this key was accepted with other content; "
            "use ChangeLead, or send it in a file with a new UUID.",
            self._root,
        )
        return RecordOutcome(Verdict.REJECTED, log.log().item)


# A record that was accepted is remembered, without its answer; any other one may be mended and sent again.
_MEMORY: Memory[RecordOutcome] = Memory(
    keep=lambda outcome: b"" if outcome.verdict is Verdict.ACCEPTED else None,
    recall=lambda _: RecordOutcome(Verdict.REPLAYED),
)


_DUPLICATES = (LogItemType.LEAD_EXTERNAL_KEY_TAKEN, LogItemType.LEAD_DUPLICATE)


def _outcome(draft: Draft | None, log: LogBuilder) -> RecordOutcome:
    if draft is not None and draft.created:
        return RecordOutcome(Verdict.ACCEPTED)
    items = [item for item in log.log().item if draft or item.severity_code is LogItemSeverityCode.VALUE_3]
    taken = draft is not None or all(item.type_id in _DUPLICATES for item in items)
    return RecordOutcome(Verdict.DUPLICATE if taken else Verdict.REJECTED, items)


def _known(outcome: RecordOutcome | Exception) -> RecordOutcome:
    assert isinstance(outcome, RecordOutcome)  # the only exception is the conflict
    return outcome
