"""Records of a bundle done together: as many in a row as have nothing to do with each other.

A record starts from the state that the ones before it left. Those that share no lead and no new business partner may be
done in any order, so they are asked for and written in a few round trips, however many they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

from leadbridge.messages import (
    LeadBundleConfirmation,
    LeadConfirmation,
    LeadIdentification,
    LogItem,
    ProcessingResultCode,
)
from leadbridge.operations.bundle_record import CREATE_ROOT, Action, Record
from leadbridge.operations.call import Policy
from leadbridge.operations.change_batch import ChangeBatch, locked_heads
from leadbridge.operations.lead_batch import LeadBatch
from leadbridge.operations.lead_create import confirmation, tell_created
from leadbridge.operations.lead_delete import Deletion, delete_leads
from leadbridge.operations.logitems import LogBuilder, LogItemType
from leadbridge.operations.partners import References
from leadbridge.store.database import Transaction
from leadbridge.store.inserts import Row

_CONFIRMED = tuple(one.name for one in fields(LeadConfirmation))
DONE, REFUSED = ProcessingResultCode.VALUE_3, ProcessingResultCode.VALUE_5


@dataclass(slots=True)
class RecordOutcome:
    """What a record is answered, and what the Log says about it, in paths as `Record.placed` takes them."""

    confirmation: LeadBundleConfirmation
    items: list[LogItem]

    @property
    def done(self) -> bool:
        """Whether the record was done, now or before."""
        return self.confirmation.business_document_processing_result_code is DONE


def refused(record: Record, log: LogBuilder) -> RecordOutcome:
    """The outcome of a record that nothing was done for."""
    confirmed = LeadBundleConfirmation(
        reference_object_node_sender_technical_id=record.lead.object_node_sender_technical_id,
        business_document_processing_result_code=REFUSED,
        replayed_indicator=False,
    )
    return RecordOutcome(confirmed, log.log().item)


def refused_as(record: Record, type_id: LogItemType, note: str) -> RecordOutcome:
    """The same for one reason, which is no single element's."""
    log = LogBuilder(record.lead.object_node_sender_technical_id)
    log.error(type_id, note)
    return refused(record, log)


class Runner:
    """Does records in order. `batch` was made of those that may create a lead, `changes` of those that may change one.

    An outcome for each; what is written is the caller's to commit.
    """

    def __init__(self, records: Sequence[Record], policy: Policy, operation: str) -> None:
        self._policy = policy
        self._operation = operation
        self._new = [record.creating for record in records if record.creating is not None]
        self._creating = LeadBatch(self._new, policy, CREATE_ROOT, operation=operation)
        changes = [record.changing for record in records if record.changing is not None]
        self._changing = ChangeBatch(changes, policy, operation=operation)

    def lock_keys(self) -> list[str]:
        """What the records must have to themselves; the leads themselves are locked when they are read."""
        return [*self._creating.lock_keys(), *self._changing.lock_keys()]

    def references(self) -> list[References]:
        """The existing business partners that the records refer to."""
        return [*self._creating.references(), *self._changing.references()]

    def act(self, tx: Transaction, records: Sequence[Record]) -> list[RecordOutcome]:
        """Do some of the records; one outcome each."""
        outcomes: dict[int, RecordOutcome] = {}
        rest = records
        while rest:
            run = _Run()
            taken = run.fill(rest, heads(tx, rest), outcomes)
            self._create(tx, run.members[Action.CREATE], outcomes)
            self._change(tx, run.members[Action.CHANGE], outcomes)
            self._delete(tx, run.members[Action.DELETE], outcomes)
            rest = rest[taken:]
        return [outcomes[id(record)] for record in records]

    def _create(self, tx: Transaction, members: "list[_Member]", outcomes: dict[int, RecordOutcome]) -> None:
        calls = [one.record.creating for one in members if one.record.creating is not None]
        if not calls:
            return
        batch = self._creating
        if len(calls) < len(self._new):  # do not ask for what others bring
            batch = LeadBatch(calls, self._policy, CREATE_ROOT, operation=self._operation)
        batch.ask(tx)
        for member, (draft, log) in zip(members, batch.create(calls), strict=True):
            if draft is not None:
                if draft.created:
                    tell_created(draft, log)
                outcomes[id(member.record)] = _done(member, draft.head, log)
            else:
                outcomes[id(member.record)] = _refused(member, log)

    def _change(self, tx: Transaction, members: "list[_Member]", outcomes: dict[int, RecordOutcome]) -> None:
        calls = []
        for member in members:
            call = member.record.changing
            assert call is not None  # else the record names no lead
            assert member.head is not None  # else there is nothing to change
            call.message.lead.lead_identification = LeadIdentification(id=member.head["id"])
            calls.append(call)
        for member, (change, log) in zip(members, self._changing.write(tx, calls), strict=True):
            if change is not None and not log.failed:
                outcomes[id(member.record)] = _done(member, {**change.head, **change.columns}, log)
            else:
                outcomes[id(member.record)] = _refused(member, log)

    def _delete(self, tx: Transaction, members: "list[_Member]", outcomes: dict[int, RecordOutcome]) -> None:
        deletions = []
        for member in members:
            record = member.record
            assert member.head is not None  # else there is nothing to delete
            assert record.changing is not None  # else it does not say what
            deletions.append(Deletion(record.changing, member.head, record.lead.change_state_id, member.log))
        delete_leads(tx, deletions, self._operation)
        for member, one in zip(members, deletions, strict=True):
            outcome = refused(member.record, one.log)
            if not one.log.failed:
                outcome.confirmation.business_document_processing_result_code = DONE
                outcome.confirmation.id, outcome.confirmation.uuid = one.head["id"], one.head["uuid"]
            outcomes[id(member.record)] = outcome


def heads(tx: Transaction, records: Sequence[Record]) -> dict[int, Row]:
    """The lead that each record names, locked, if its caller may see it; by the record's identity."""
    named = {id(record.changing): record for record in records if record.changing is not None}
    calls = [record.changing for record in named.values() if record.changing is not None]
    return {id(named[key]): head for key, head in locked_heads(tx, calls).items()}


@dataclass(slots=True)
class _Member:
    """A record of a run with the lead it is about, if there is one, and what was said of it before it is done."""

    record: Record
    head: Row | None
    log: LogBuilder


class _Run:
    """Records that have nothing to do with each other, by what is done with them."""

    def __init__(self) -> None:
        self.members: dict[Action, list[_Member]] = {action: [] for action in Action}
        self._leads: set[object] = set()
        self._brought: dict[Action, set[str]] = {action: set() for action in Action}
        self._referred: set[str] = set()

    def fill(self, records: Sequence[Record], found: dict[int, Row], outcomes: dict[int, RecordOutcome]) -> int:
        """Take records from the start, up to the first that has to wait for one before it; how many they are.

        Of one that cannot be done at all the outcome is known at once.
        """
        for place, record in enumerate(records):
            head = record.meant(found.get(id(record)))
            leads = record.leads(head)
            if not self._leads.isdisjoint(leads):
                return place
            log = LogBuilder(record.lead.object_node_sender_technical_id)
            action = record.action(head, log)
            if action is None:
                outcomes[id(record)] = refused(record, log)
            elif self._waits(record, action):
                return place
            else:
                self.members[action].append(_Member(record, head, log))
                self._leads |= leads
                self._brought[action] |= record.brought
                self._referred |= record.referred
        return len(records)

    def _waits(self, record: Record, action: Action) -> bool:
        """Whether a business partner is at stake that another record brings. Records with which the same is done see
        to that themselves, unless one names what another brings.
        """
        others = [brought for kind, brought in self._brought.items() if kind is not action]
        return (
            any(not brought.isdisjoint(record.brought) for brought in others)
            or any(not brought.isdisjoint(record.referred) for brought in self._brought.values())
            or not self._referred.isdisjoint(record.brought)
        )


def _refused(member: _Member, log: LogBuilder) -> RecordOutcome:
    outcome = refused(member.record, log)
    outcome.items[:0] = member.log.log().item
    return outcome


def _done(member: _Member, head: Row, log: LogBuilder) -> RecordOutcome:
    confirmed: LeadConfirmation = confirmation(head, member.record.lead.object_node_sender_technical_id)
    shared = {name: getattr(confirmed, name) for name in _CONFIRMED}
    items = [*member.log.log().item, *log.log().item]
    return RecordOutcome(
        LeadBundleConfirmation(**shared, business_document_processing_result_code=DONE, replayed_indicator=False),
        items,
    )
