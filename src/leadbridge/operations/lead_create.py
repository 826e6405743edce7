"""CreateLead and CheckLead: a lead, and the business partner it is about, in one transaction."""

from collections.abc import Sequence

from leadbridge.lead import change_state_id
from leadbridge.messages import (
    LeadCheckResult,
    LeadConfirmation,
    LeadCreateCheckResponseSync,
    LeadCreateConfirmationSync,
    LeadLifeCycleStatusCode,
    QualificationLevelCode,
)
from leadbridge.operations.call import Answer, Call, Policy, answer_header
from leadbridge.operations.lead_batch import Draft, LeadBatch
from leadbridge.operations.logitems import LogBuilder, LogItemType
from leadbridge.operations.replay import ANSWERS, header_keys, once
from leadbridge.store.database import Transaction
from leadbridge.store.inserts import Row


def create_leads(tx: Transaction, calls: Sequence[Call], policy: Policy) -> list[Answer | Exception]:
    """Create leads; a qualified one is put into the outbox in the same transaction."""
    batch = LeadBatch(calls, policy, "/lbl:LeadCreateRequest_sync/lbl:Lead")

    def act(fresh: Sequence[Call]) -> list[Answer]:
        created = batch.create(fresh)
        return [_created(call, draft, log) for call, (draft, log) in zip(fresh, created, strict=True)]

    return once(
        tx,
        calls,
        keys=header_keys(calls),
        operation="CreateLead",
        lock_keys=batch.lock_keys(),
        ask=lambda: batch.ask(tx),
        act=act,
        memory=ANSWERS,
    )


def check_leads(tx: Transaction, calls: Sequence[Call], policy: Policy) -> list[Answer | Exception]:
    """Say what CreateLead would answer. Writes nothing, uses no number."""
    answers: list[Answer | Exception] = []
    for call in calls:  # each alone: a check must not find what another check merely drafted
        batch = LeadBatch([call], policy, "/lbl:LeadCreateCheckQuery_sync/lbl:Lead")
        batch.ask(tx, writes=False)
        draft, log = batch.check(call)
        answers.append(_checked(call, draft, log))
    return answers


def confirmation(head: Row, reference: str | None) -> LeadConfirmation:
    """What a lead is called here and which state it is in."""
    level = head["qualification_level_code"]
    return LeadConfirmation(
        reference_object_node_sender_technical_id=reference,
        id=head["id"],
        uuid=head["uuid"],
        change_state_id=change_state_id(head["uuid"], head["change_number"]),
        life_cycle_status_code=LeadLifeCycleStatusCode(head["life_cycle_status_code"]),
        prospect_party_internal_id=head["prospect_internal_id"],
        qualification_level_code=QualificationLevelCode(level) if level else None,
        qualification_score_value=head["qualification_score"],
    )


def tell_created(draft: Draft, log: LogBuilder) -> None:
    """Say in the Log what was created."""
    log.information(LogItemType.LEAD_CREATED, f"Lead {draft.head['id']} was created.")
    if draft.created_partner_id:
        log.information(
            LogItemType.BUSINESS_PARTNER_CREATED,
            f"Business partner {draft.created_partner_id} was created.",
        )


def _created(call: Call, draft: Draft | None, log: LogBuilder) -> Answer:
    message = call.message
    if draft is not None:
        tell_created(draft, log)
    return Answer(
        LeadCreateConfirmationSync(
            basic_message_header=answer_header(message.basic_message_header, call.received_at),
            lead=confirmation(draft.head, message.lead.object_node_sender_technical_id) if draft else None,
            replayed_indicator=False,
            log=log.log(),
        )
    )


def _checked(call: Call, draft: Draft | None, log: LogBuilder) -> Answer:
    message = call.message
    result = None
    if draft is not None:
        log.information(LogItemType.LEAD_WOULD_BE_CREATED, "CreateLead would create this lead.")
        result = LeadCheckResult(
            reference_object_node_sender_technical_id=message.lead.object_node_sender_technical_id,
            life_cycle_status_code=LeadLifeCycleStatusCode(draft.head["life_cycle_status_code"]),
            prospect_party_internal_id=draft.head["prospect_internal_id"],
        )
    return Answer(
        LeadCreateCheckResponseSync(
            basic_message_header=answer_header(message.basic_message_header, call.received_at),
            lead=result,
            log=log.log(),
        )
    )
