"""Spyne's transport for ASGI: one call from an opened envelope to the bytes of its answer.

Spyne's stages run as it defines them. The function of an operation answers with a future, because use cases
run in the write lane or in the readers' pool; awaiting it is what Spyne's own transports cannot do.
"""

import asyncio
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from leadbridge.authentication.access import NotGranted, admit
from leadbridge.caller import Caller, OperationGroup
from leadbridge.contract.operations import ContractOperation
from leadbridge.contract.parsing import parse
from leadbridge.contract.schema import ContractViolation, validate
from leadbridge.log import get_logger
from leadbridge.messages import FaultTypeId
from leadbridge.operations.call import Answer, Call
from leadbridge.operations.dispatcher import outcome_of
from leadbridge.soap.access import refusal_of
from leadbridge.soap.application import ContractApplication, carried
from leadbridge.soap.compat import MethodContext, ServerBase
from leadbridge.soap.envelope import Envelope
from leadbridge.soap.faults import Fault, Refusal

log = get_logger(__name__)


class RunsUseCases(Protocol):
    """The part of the dispatcher that a door needs."""

    def submit(self, name: str, call: Call) -> Future[Answer] | asyncio.Future[Answer]:
        """Start the use case of an operation; raises Busy when too many calls wait."""

    def group(self, name: str) -> OperationGroup:
        """The group of operations that this one is granted with."""

    def writes(self, name: str) -> bool:
        """Whether the operation changes anything."""


@dataclass(slots=True)
class Visit:
    """One call on its way through Spyne: what is known of it, and what its stages find out.

    It is Spyne's user-defined context (`udc`). `actions` are all names that the sender gave the operation
    outside the Body.
    """

    envelope: Envelope
    actions: tuple[str, ...]
    caller: Caller
    correlation_id: str
    received_at: datetime
    dispatcher: RunsUseCases
    operation: ContractOperation | None = None
    content_hash: bytes = b""
    record_hashes: tuple[bytes, ...] = ()
    fault: Fault | None = field(default=None)

    def authorise(self, operation: ContractOperation) -> None:
        """Check the operation that the Body names: everything else must name the same, and the caller must
        be granted it.

        Raises Refusal.
        """
        self.operation = operation
        for action in self.actions:
            if action != operation.soap_action:
                raise Refusal(FaultTypeId.ACTION_MISMATCH)
        try:
            admit(self.caller, self.dispatcher.group(operation.name))
        except NotGranted as error:
            raise refusal_of(error) from None

    def submit(self, operation: ContractOperation, message: Any) -> Future[Answer] | asyncio.Future[Answer]:
        """Start the use case."""
        call = Call(
            caller=self.caller,
            message=message,
            content_hash=self.content_hash,
            received_at=self.received_at,
            correlation_id=self.correlation_id,
            record_hashes=self.record_hashes,
        )
        return self.dispatcher.submit(operation.name, call)


class _Context(MethodContext):  # type: ignore[misc]  # Spyne has no types
    """Spyne's context without what it spends on cases that do not arise here; its attributes and events are
    the same.
    """

    # Spyne guards every assignment by a check against misspelt names, forty times for each call.
    __setattr__ = object.__setattr__
    TransportContext = None  # would refer back to this context, and only the garbage collector could end both

    def fire_event(self, event: str, *args: Any, **options: Any) -> None:
        """Tell the listeners. Spyne would build an empty ordered set for each event that has none."""
        if event in self.app.event_manager.handlers:
            self.app.event_manager.fire_event(event, self, *args, **options)
        if self.descriptor is not None:
            for manager in self.descriptor.event_managers:
                if event in manager.handlers:
                    manager.fire_event(event, self, *args, **options)

    def close(self) -> None:
        """End the call. Spyne would also run a full garbage collection once a second, in the middle of the
        event loop.

        What the context refers to is let go, above all its event context, which refers back to it.
        """
        self.fire_event("method_context_closed")
        self.__dict__.clear()
        self.is_closed = True


class AsgiTransport(ServerBase):  # type: ignore[misc]  # Spyne has no types
    """Carries calls of one service in one version of SOAP."""

    transport = "http://schemas.xmlsoap.org/soap/http"

    def __init__(self, app: ContractApplication, *, validate_answers: bool) -> None:
        super().__init__(app)
        self._validate_answers = validate_answers

    def take(self, visit: Visit) -> Any:
        """Find the operation, check it, validate and decode its message: everything before the use case.

        It touches nothing but the visit, so a long message may be taken in a thread. Returns Spyne's
        context of the call.
        """
        ctx = _Context(self, MethodContext.SERVER)
        ctx.udc = visit
        (ctx,) = self.generate_contexts(ctx)
        if ctx.in_error is None:
            self.get_in_object(ctx)
        return ctx

    async def answer(self, ctx: Any) -> tuple[bytes, ...]:
        """Run the use case of a call that was taken, and return the answer or the fault in pieces.

        After a fault, `ctx.udc.fault` says with which status and headers it goes out.
        """
        if ctx.in_error is None:
            self.get_out_object(ctx)
        if ctx.out_error is None:
            try:
                outcome = await outcome_of(ctx.out_object[0])
                if self._validate_answers:
                    _check(outcome, ctx.udc)
                ctx.out_object[0] = outcome
            except Exception as error:  # noqa: BLE001  # the table of faults tells the foreseen from the others
                ctx.out_error = carried(error, correlation_id=ctx.udc.correlation_id)
                ctx.fire_event("method_exception_object")
        self.get_out_string(ctx)
        pieces: tuple[bytes, ...] = ctx.out_string
        ctx.close()
        return pieces


class AnswerBreaksContract(Exception):
    """An answer that must not leave: a defect of ours, whatever became of the call."""


def _check(answer: Answer, visit: Visit) -> None:
    try:
        validate(parse(answer.encoded))
    except ContractViolation as error:
        broken = [f"{violation.path} {violation.rule}" for violation in error.violations[:10]]
        log.error("answer breaks the contract", correlation_id=visit.correlation_id, broken=broken)
        raise AnswerBreaksContract from error
