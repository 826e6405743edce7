"""The published operations as Spyne sees them, and the protocols that put contract and codec in place of
its own types.

Each service of the contract becomes a Spyne service with one function for each operation of its WSDL; each
version of SOAP is an application of its own over that service. Spyne finds the operation by the name of the
Body's child, calls the function, fires its events and carries faults. What it would do to the message, the
contract does: the payload is validated against the authored schema and decoded into a generated message; an
answer arrives encoded and is put between the ends of an envelope.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from lxml import etree

from leadbridge.contract import codec
from leadbridge.contract.canonical import content_hash, record_hashes
from leadbridge.contract.operations import ContractOperation
from leadbridge.contract.schema import validate
from leadbridge.messages import FaultTypeId
from leadbridge.operations.call import Answer
from leadbridge.soap import faults
from leadbridge.soap.addressing import answer_action
from leadbridge.soap.compat import AnyXml, Application, Fault, Service, Soap11, Soap12, rpc
from leadbridge.soap.envelope import without_hints
from leadbridge.soap.faults import Refusal, refusal_of
from leadbridge.soap.versions import SOAP_11, SoapVersion


class CarriedRefusal(Fault):  # type: ignore[misc]  # Spyne has no types
    """A refusal on its way through Spyne, which passes on nothing but its own faults."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(faultcode=refusal.code.value[0], faultstring=refusal.text)
        self.refusal = refusal


def carried(error: Exception, *, correlation_id: str) -> CarriedRefusal:
    """`error` as Spyne carries it; the table of faults decides what it becomes."""
    if isinstance(error, CarriedRefusal):
        return error
    return CarriedRefusal(refusal_of(error, correlation_id=correlation_id))


class _ContractProtocol:
    """What both protocols do in place of Spyne's own: the document is parsed already, the contract knows
    its types.

    Mixed in before Soap11 or Soap12. `version` is set by the subclass.
    """

    version: SoapVersion
    app: Any  # the application, which Spyne sets

    def get_context(self, parent: Any, transport: Any) -> None:
        """Nothing is kept for a call by the protocol; Spyne's context would refer back to that of the call."""

    def create_in_document(self, ctx: Any, _charset: str | None = None) -> None:
        """The document is the one that the gate let through."""
        ctx.in_document = ctx.udc.envelope.payload.getroottree()

    def decompose_incoming_envelope(self, ctx: Any, _message: object = None) -> None:
        """The envelope was opened before authentication; its payload names the operation."""
        ctx.in_body_doc = ctx.udc.envelope.payload
        ctx.method_request_string = ctx.in_body_doc.tag

    def generate_method_contexts(self, ctx: Any) -> tuple[Any]:
        """One message is one call: the context is used as it is, where Spyne would copy it for each
        function.
        """
        found = self.app.interface.service_method_map.get(ctx.method_request_string)
        if not found:
            raise CarriedRefusal(self.app.unknown_operation())
        ctx.descriptor = found[0]
        try:
            ctx.udc.authorise(self.app.operations[ctx.method_request_string])
        except Refusal as refusal:
            raise CarriedRefusal(refusal) from None
        return (ctx,)

    def deserialize(self, ctx: Any, message: object = None) -> None:  # noqa: ARG002  # Spyne names the argument
        """Validate the payload and decode it; `content_hash` is taken of what was sent, before anything
        else sees it.
        """
        payload = ctx.in_body_doc
        try:
            if ctx.udc.envelope.hints:
                without_hints(payload)
            validate(payload)
            ctx.udc.content_hash = content_hash(payload)
            ctx.udc.record_hashes = record_hashes(payload)
            ctx.in_object = codec.decode(payload)
        except Exception as error:  # the table of faults tells the foreseen from the others
            raise carried(error, correlation_id=ctx.udc.correlation_id) from error

    def serialize(self, ctx: Any, message: object = None) -> None:  # noqa: ARG002  # Spyne names the argument
        """The answer is encoded already; a fault is written by the table of faults."""
        if ctx.out_error is not None:
            refusal = carried(ctx.out_error, correlation_id=ctx.udc.correlation_id).refusal
            refusal.addressing = ctx.udc.envelope.addressing
            ctx.udc.fault = faults.write(refusal, self.version)
            ctx.out_document = ctx.udc.fault.body
            return
        answer: Answer = ctx.out_object[0]
        ctx.out_document = answer.encoded

    def create_out_string(self, ctx: Any, _charset: str | None = None) -> None:
        """The bytes of the whole envelope."""
        if ctx.out_error is not None:
            ctx.out_string = (ctx.out_document,)
        else:
            addressing = ctx.udc.envelope.addressing
            head = self.version.head
            if addressing is not None:
                head = self.version.opening(header=addressing.answer(answer_action(ctx.udc.operation)))
            ctx.out_string = (head, ctx.out_document, self.version.tail)


class ContractSoap11(_ContractProtocol, Soap11):  # type: ignore[misc]  # Spyne has no types
    """SOAP 1.1 with the contract's messages."""


class ContractSoap12(_ContractProtocol, Soap12):  # type: ignore[misc]  # Spyne has no types
    """SOAP 1.2 with the contract's messages."""


class ContractApplication(Application):  # type: ignore[misc]  # Spyne has no types
    """One service in one version of SOAP. `operations` are by the name of their request element."""

    def __init__(self, service: type[Service], operations: Sequence[ContractOperation], version: SoapVersion) -> None:
        protocol = ContractSoap11 if version is SOAP_11 else ContractSoap12
        self.version = version
        self.operations = {operation.request: operation for operation in operations}
        first = operations[0]
        super().__init__(
            [service],
            tns=first.namespace,
            name=f"{first.service}-{version.name}",
            in_protocol=_of(protocol, version),
            out_protocol=_of(protocol, version),
        )

    def call_wrapper(self, ctx: Any) -> Any:
        """Call the function of the operation; what it raises goes through the table of faults."""
        try:
            return super().call_wrapper(ctx)
        except Exception as error:  # the table of faults tells the foreseen from the others
            raise carried(error, correlation_id=ctx.udc.correlation_id) from error

    def unknown_operation(self) -> Refusal:
        """The refusal of a payload that is no request of this service; it names those that are."""
        known = ", ".join(etree.QName(request).localname for request in self.operations)
        text = f"The Body must contain a request of this service: {known}."
        return Refusal(FaultTypeId.UNKNOWN_OPERATION, text)


def _of(protocol: type[Any], version: SoapVersion) -> Any:
    made = protocol()
    made.version = version
    return made


def service_of(name: str, operations: Iterable[ContractOperation]) -> type[Service]:
    """A Spyne service with a function for each operation. Each hands its message on and returns a future."""
    return type(name, (Service,), {operation.name: _published(operation) for operation in operations})


def _published(operation: ContractOperation) -> Callable[..., Any]:
    def call(ctx: Any, message: Any) -> object:
        future: object = ctx.udc.submit(operation, message)
        return future

    call.__name__ = operation.name  # Spyne tells functions apart by it
    describe = rpc(
        AnyXml,
        _returns=AnyXml,
        _body_style="bare",
        _in_message_name=operation.request,
        _out_message_name=operation.answer,
    )
    described: Callable[..., Any] = describe(call)
    return described
