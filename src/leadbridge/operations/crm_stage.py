"""AdvanceOpportunityStage: records of the core CRM are moved through the stages and steps of their case types.

The decisions are `leadbridge.crm.casetypes`. As everywhere in the core CRM one thing at a time is decided about a
customer, and all that a move writes (place, steps, history, status, the opportunity that a lead becomes) is written at
once.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from leadbridge.crm.casetypes import (
    About,
    Kept,
    Move,
    Moved,
    MoveRefusalCode,
    Standing,
    Wanted,
    decide_move,
)
from leadbridge.messages import (
    CrmRecordStep,
    OpportunityStageAdvanceConfirmationSync,
    RecordTypeCode,
    StepStateCode,
)
from leadbridge.operations.call import Answer, Call, Policy, answer_header
from leadbridge.operations.crm import Writing, convert, customer_lock, record_of
from leadbridge.operations.logitems import LogBuilder, LogItemType
from leadbridge.operations.replay import ANSWERS, header_keys, once
from leadbridge.operations.selecting import day
from leadbridge.operations.standing import standing_of
from leadbridge.store import casetypes, crmrecords
from leadbridge.store.database import Transaction
from leadbridge.store.inserts import Row

_OPERATION = "AdvanceOpportunityStage"


def advance_opportunity_stage(tx: Transaction, calls: Sequence[Call], policy: Policy) -> list[Answer | Exception]:
    """Move leads and opportunities on their way."""
    # The customer is known only from the record; it never changes, so the lock on it holds the record, too.
    seen = crmrecords.resolve(tx, record_ids={call.message.record_id for call in calls})
    customers = {row["customer_id"] for row in seen}

    def act(fresh: Sequence[Call]) -> list[Answer]:
        batch = _Batch(tx, fresh, customers, policy)
        answers = [batch.move(call) for call in fresh]
        batch.write()
        return answers

    return once(
        tx,
        calls,
        keys=header_keys(calls),
        operation=_OPERATION,
        lock_keys=[customer_lock(customer_id) for customer_id in customers],
        act=act,
        memory=ANSWERS,
    )


def _revenue(call: Call) -> Row:
    """What a call says that a sale is expected to bring, as columns of the record; the rest of it stays."""
    if call.amount is None:
        return {}
    return {
        "expected_revenue_amount": call.amount.value,
        "expected_revenue_currency_code": call.amount.currency_code,
    }


class _Batch:
    """The records that some calls are about, as each call leaves them to the next."""

    def __init__(self, tx: Transaction, calls: Sequence[Call], customers: set[str], policy: Policy) -> None:
        self._tx = tx
        self._policy = policy
        self._rows = {row["record_id"]: row for row in crmrecords.of_customers(tx, customers)}
        named = {call.message.record_id for call in calls} & self._rows.keys()
        stages, steps = casetypes.stages(tx, named), casetypes.steps(tx, named)
        self._kept = {one: casetypes.as_kept(stages.get(one), steps[one]) for one in named}
        self._expected: dict[str, date | None] = {one: row["expected_closing_date"] for one, row in stages.items()}
        self._writing = Writing({})
        self._moved: dict[str, None] = {}  # the records whose place is to be written, in order
        self._moves: list[Row] = []

    def move(self, call: Call) -> Answer:
        """Make one move, or say why not."""
        message, log = call.message, LogBuilder()
        root = f"/lbr:{message.Meta.name}"
        row = self._rows.get(message.record_id)
        codes = self._policy.reason_codes
        if message.reason_code is not None and codes and message.reason_code not in codes:
            text = "The code is not in this site's list."
            log.error(LogItemType.CRM_REASON_CODE_UNKNOWN, text, f"{root}/lbr:ReasonCode")
        if row is None:
            log.error(LogItemType.CRM_RECORD_UNKNOWN, "There is no such record.", f"{root}/lbr:RecordID")
        if log.failed or row is None:
            return _answer(call, log)
        standing = self._standing(row)
        wanted = Wanted(
            move=Move(message.stage_move_code.value),
            stage_name=message.stage_name,
            step_name=message.step_name,
            has_reason=message.reason_code is not None or bool((message.reason_description or "").strip()),
        )
        others = [
            record_of(other)
            for other in self._rows.values()
            if other["customer_id"] == row["customer_id"] and other is not row
        ]
        outcome = decide_move(wanted, record_of(row), standing, others)
        if isinstance(outcome, Moved):
            return self._done(call, row, standing, outcome, log)
        for refusal in outcome:
            log.error(_REFUSALS[refusal.code], refusal.text, f"{root}/lbr:{_ELEMENTS[refusal.about]}")
        return _answer(call, log)

    def _standing(self, row: Row) -> Standing:
        return standing_of(row, self._kept.get(row["record_id"], Kept()), self._policy.case_types)

    def _done(self, call: Call, row: Row, standing: Standing, outcome: Moved, log: LogBuilder) -> Answer:
        message, shown = call.message, row
        self._writing.touch(call, row, **_revenue(call))
        if message.expected_closing_date is not None:
            self._expected[row["record_id"]] = day(message.expected_closing_date)
        if outcome.conversion is not None:
            shown = self._convert(call, row, outcome, log)
        elif outcome.status is not None:
            self._writing.set_status(call, _OPERATION, row, outcome.status, reason_code=message.reason_code)
        stage_name = standing.case_type.stages[outcome.position].name
        self._keep(row, Kept(stage_name, outcome.position, outcome.steps))
        came_to = self._standing(row).stage.name
        if came_to != standing.stage.name:
            log.information(LogItemType.CRM_STAGE_CHANGED, f'From stage "{standing.stage.name}" to "{came_to}".')
        self._moves.append(
            {
                "record_id": row["record_id"],
                "recorded_at": call.received_at,
                "caller_id": call.caller.id,
                "move_code": message.stage_move_code.value,
                "from_stage_name": standing.stage.name,
                "to_stage_name": came_to,
                "step_name": outcome.step.name if outcome.step else None,
                "reason_code": message.reason_code,
                "reason_description": message.reason_description,
            }
        )
        return _answer(call, log, shown, self._standing(shown), self._expected.get(shown["record_id"]))

    def _convert(self, call: Call, lead: Row, outcome: Moved, log: LogBuilder) -> Row:
        """The opportunity that a lead becomes. It is in its first stage, and expected when the lead was."""
        assert outcome.conversion is not None
        (record_id,) = self._tx.next_numbers("crm_record", 1)
        self._writing.notes_of = crmrecords.notes(self._tx, [lead["record_id"]])
        opportunity = convert(call, lead, record_id, outcome.conversion, self._writing, log, _OPERATION)
        self._rows[record_id] = opportunity
        expected = self._expected.get(lead["record_id"])
        if expected is not None:
            self._expected[record_id] = expected
            self._keep(opportunity, Kept(self._standing(opportunity).case_type.stages[0].name))
        return opportunity

    def _keep(self, row: Row, kept: Kept) -> None:
        self._kept[row["record_id"]] = kept
        self._moved[row["record_id"]] = None

    def write(self) -> None:
        """Write what the calls have changed."""
        self._writing.write(self._tx, self._policy)
        places = [(record_id, self._kept[record_id]) for record_id in self._moved]
        casetypes.write(
            self._tx,
            stages=[
                {
                    "record_id": record_id,
                    "stage_name": kept.stage_name,
                    "position": kept.position,
                    "expected_closing_date": self._expected.get(record_id),
                    "changed_at": self._rows[record_id]["changed_at"],
                }
                for record_id, kept in places
            ],
            steps=[
                {"record_id": record_id, "stage_name": stage, "step_name": step, "state": state.value}
                for record_id, kept in places
                for (stage, step), state in kept.steps.items()
            ],
            moves=self._moves,
        )


_REFUSALS = {
    MoveRefusalCode.RECORD_FINAL: LogItemType.CRM_RECORD_FINAL,
    MoveRefusalCode.STAGE_HELD: LogItemType.CRM_STAGE_HELD,
    MoveRefusalCode.STAGE_UNKNOWN: LogItemType.CRM_STAGE_UNKNOWN,
    MoveRefusalCode.STEP_UNKNOWN: LogItemType.CRM_STEP_UNKNOWN,
    MoveRefusalCode.STEP_SETTLED: LogItemType.CRM_STEP_SETTLED,
    MoveRefusalCode.STEP_NOT_SKIPPABLE: LogItemType.CRM_STEP_NOT_SKIPPABLE,
    MoveRefusalCode.REASON_MISSING: LogItemType.CRM_REASON_MISSING,
    MoveRefusalCode.MOVE_NOT_ALLOWED: LogItemType.CRM_MOVE_NOT_ALLOWED,
    MoveRefusalCode.OTHER_RECORD_OPEN: LogItemType.CRM_OTHER_RECORD_OPEN,
}
_ELEMENTS = {
    About.RECORD: "RecordID",
    About.MOVE: "StageMoveCode",
    About.STAGE: "StageName",
    About.STEP: "StepName",
    About.REASON: "ReasonDescription",
}


def _answer(
    call: Call, log: LogBuilder, row: Row | None = None, standing: Standing | None = None, expected: date | None = None
) -> Answer:
    fields: dict[str, Any] = {}
    if row is not None and standing is not None:
        fields = {
            "record_type_code": RecordTypeCode(row["record_type_code"]),
            "record_id": row["record_id"],
            "status_name": row["status_name"],
            "stage_name": standing.stage.name,
            "probability_percent": standing.probability,
            "expected_closing_date": expected.isoformat() if expected else None,
            "step": [
                CrmRecordStep(
                    step_name=step.name,
                    required_indicator=step.required,
                    step_state_code=StepStateCode(standing.state(standing.stage, step).value),
                )
                for step in standing.stage.steps
            ],
            "converted_record_id": row["converted_from_record_id"],
        }
    return Answer(
        OpportunityStageAdvanceConfirmationSync(
            basic_message_header=answer_header(call.message.basic_message_header, call.received_at),
            replayed_indicator=False,
            log=log.log(),
            **fields,
        )
    )
