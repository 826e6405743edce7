"""ChangeLead: new values of fields, changes of lists, and moves of the life cycle."""

from collections.abc import Sequence

from leadbridge.messages import LeadChangeConfirmationSync
from leadbridge.operations.call import Answer, Call, Policy, answer_header
from leadbridge.operations.change_batch import Change, ChangeBatch
from leadbridge.operations.lead_create import confirmation
from leadbridge.operations.logitems import LogBuilder
from leadbridge.operations.replay import ANSWERS, header_keys, once
from leadbridge.store.database import Transaction


def change_leads(tx: Transaction, calls: Sequence[Call], policy: Policy) -> list[Answer | Exception]:
    """Change leads. Of several changes of one lead in a batch each starts from the state the one before left."""
    batch = ChangeBatch(calls, policy)

    def act(fresh: Sequence[Call]) -> list[Answer]:
        written = batch.write(tx, fresh)
        return [_answer(call, change, log) for call, (change, log) in zip(fresh, written, strict=True)]

    return once(
        tx,
        calls,
        keys=header_keys(calls),
        operation="ChangeLead",
        lock_keys=batch.lock_keys(),
        act=act,
        memory=ANSWERS,
    )


def _answer(call: Call, change: Change | None, log: LogBuilder) -> Answer:
    reference = call.message.lead.object_node_sender_technical_id
    confirmed = None
    if change is not None and not log.failed:
        confirmed = confirmation({**change.head, **change.columns}, reference)
    return Answer(
        LeadChangeConfirmationSync(
            basic_message_header=answer_header(call.message.basic_message_header, call.received_at),
            lead=confirmed,
            replayed_indicator=False,
            log=log.log(),
        )
    )
