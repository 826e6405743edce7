"""The ASGI application of the SOAP door: addresses, methods, and the way of one call through all checks.

`/soap/<Service>` takes POST, and publishes the contract on GET: `?wsdl`, `?wsdl=flat`, `?xsd=<file>`. The same holds
below the path of our public address, because a proxy in front may leave that on; below any other there is nothing.
Whatever happens, a POST is answered with an answer or a fault of the contract; the last handler turns what
nobody foresaw into InternalError.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from urllib.parse import urlsplit

from leadbridge.auditjournal import AuditEntry, AuditJournal
from leadbridge.authentication.access import Access
from leadbridge.authentication.proxies import address_of, certificates_of
from leadbridge.caller import Caller, OperationGroup
from leadbridge.contract.operations import ContractOperation
from leadbridge.contract.operations import operations as contract_operations
from leadbridge.log import new_correlation_id
from leadbridge.messages import FaultTypeId
from leadbridge.quotas import Quotas
from leadbridge.room import LONG_MESSAGE, Room, Share
from leadbridge.soap import faults, gate
from leadbridge.soap.access import caller_of
from leadbridge.soap.addressing import Addressing
from leadbridge.soap.application import ContractApplication, service_of
from leadbridge.soap.envelope import Envelope, open_envelope
from leadbridge.soap.faults import Fault, Refusal, refusal_of
from leadbridge.soap.gate import Receive, Scope, Send
from leadbridge.soap.limits import GateLimits
from leadbridge.soap.publication import Publication, WsdlAccess
from leadbridge.soap.security import signature
from leadbridge.soap.security.freshness import Freshness
from leadbridge.soap.security.header import SecurityHeader, read_security_header
from leadbridge.soap.security.signature import Signing
from leadbridge.soap.sending import send_answer
from leadbridge.soap.transport import AsgiTransport, RunsUseCases, Visit
from leadbridge.soap.versions import SOAP_11, SOAP_12, SoapVersion

__all__ = ["GateLimits", "SoapApp", "soap_app"]

PREFIX = "/soap/"

_Headers = Sequence[tuple[bytes, bytes]]


def soap_app(
    *,
    dispatcher: RunsUseCases,
    access: Access,
    limits: GateLimits,
    public_url: str,
    service_limits: Mapping[str, GateLimits] | None = None,
    room: Room | None = None,
    wsdl_access: WsdlAccess = "public",
    validate_answers: bool = False,
    freshness: Freshness = Freshness(),  # noqa: B008 - immutable
    signing: Signing = Signing(),  # noqa: B008 - immutable
    operations: Iterable[ContractOperation] | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    quotas: Quotas | None = None,
    journal: AuditJournal | None = None,
) -> "SoapApp":
    """Build the door.

    `public_url` is what WSDLs give as our address, without `/soap/<Service>` and without a slash at its end.
    `limits` hold for every service that `service_limits` has none of its own for; `room` for all messages together,
    256 MB without one. `freshness` is how old a message may be that says when it was made; `signing` is who must sign,
    and what answers are signed with.
    `clock` says when a message arrived, in UTC. `operations` are all of the contract, or those of them that
    are to be served. Without `quotas` nobody has any, without `journal` refusals are in the log alone.
    """
    by_service: dict[str, list[ContractOperation]] = {}
    for operation in contract_operations() if operations is None else operations:
        by_service.setdefault(operation.service, []).append(operation)
    transports: dict[tuple[str, SoapVersion], AsgiTransport] = {}
    for name, of_service in by_service.items():
        service = service_of(name, of_service)
        for version in (SOAP_11, SOAP_12):
            application = ContractApplication(service, of_service, version)
            transports[name, version] = AsgiTransport(application, validate_answers=validate_answers)
    limits_of = {name: (service_limits or {}).get(name, limits) for name in by_service}
    largest_message = max(one.largest_message_bytes for one in (limits, *limits_of.values()))
    return SoapApp(
        services={
            f"{base}{PREFIX}{name}": name for base in ("", urlsplit(public_url).path.rstrip("/")) for name in by_service
        },
        transports=transports,
        publication=Publication(public_url=public_url, access=wsdl_access, identify=partial(caller_of, access)),
        dispatcher=dispatcher,
        access=access,
        limits=limits_of,
        general_limits=limits,
        room=room or Room(256_000_000, largest_message=largest_message),
        freshness=freshness,
        signing=signing,
        clock=clock,
        quotas=quotas or Quotas(),
        journal=journal or AuditJournal(),
        groups={name: dispatcher.group(of_service[0].name) for name, of_service in by_service.items()},
        bulk={one.request for of_service in by_service.values() for one in of_service if one.name == "SubmitLeadBulk"},
    )


class SoapApp:
    """An ASGI application for the paths of `services`. Safe to use from one event loop at a time."""

    def __init__(
        self,
        *,
        services: Mapping[str, str],
        transports: Mapping[tuple[str, SoapVersion], AsgiTransport],
        publication: Publication,
        dispatcher: RunsUseCases,
        access: Access,
        limits: Mapping[str, GateLimits],
        general_limits: GateLimits,
        room: Room,
        freshness: Freshness,
        signing: Signing,
        clock: Callable[[], datetime],
        quotas: Quotas,
        journal: AuditJournal,
        groups: Mapping[str, OperationGroup],
        bulk: Set[str],
    ) -> None:
        self._services = services
        self._transports = transports
        self._publication = publication
        self._dispatcher = dispatcher
        self._access = access
        self._limits = limits
        self._general_limits = general_limits
        self._room = room
        self._freshness = freshness
        self._signing = signing
        # One for all long messages: verifying one takes copies of its tree, and as much memory as two of them.
        self._signature_thread = ThreadPoolExecutor(1, thread_name_prefix="signature")
        self._clock = clock
        self._quotas = quotas
        self._journal = journal
        self._groups = groups
        self._bulk = bulk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        assert scope["type"] == "http", "the SOAP door is mounted for HTTP alone"
        trail = _Trail(address_of(scope), new_correlation_id())
        share = Share(self._room, trail.address)
        try:
            status, headers, pieces = await self._answer(scope, receive, trail, share)
            await send_answer(
                send,
                status,
                headers,
                pieces,
                correlation_id=trail.correlation_id,
                body=scope["method"] != "HEAD",
                limits=self._general_limits,
            )
        except gate.Disconnected:
            return
        finally:
            share.end()

    async def _answer(
        self, scope: Scope, receive: Receive, trail: "_Trail", share: Share
    ) -> tuple[int, _Headers, Sequence[bytes]]:
        """What one request is answered with, whatever happens. Raises Disconnected."""
        method, service = scope["method"], self._services.get(scope["path"])
        try:
            if service is None:
                raise Refusal(FaultTypeId.UNKNOWN_OPERATION, "There is no such service.", status=404)
            if method == "POST":
                return await self._call(service, scope, receive, trail, share)
            if method not in ("GET", "HEAD"):
                raise _only_post()
            content = await self._publication.answer(
                service, scope["query_string"], scope["headers"], address=trail.address
            )
            return 200, (_XML_TYPE,), (content,)
        except gate.Disconnected:
            raise
        except Exception as error:  # noqa: BLE001  # the last handler: whatever it is, the caller gets a fault
            refusal = refusal_of(error, correlation_id=trail.correlation_id)
            refusal.addressing = refusal.addressing or trail.addressing
            trail.caller = trail.caller or refusal.caller
            version = gate.version_to_answer_in(scope["headers"]) if method == "POST" else SOAP_11
            fault = faults.write(refusal, version)
            self._note(trail, fault, journaled=refusal.journaled)
            pieces = await self._signed(trail, (fault.body,))
            return fault.status, (*fault.headers, (b"content-type", version.content_type)), pieces

    async def _call(
        self,
        service: str,
        scope: Scope,
        receive: Receive,
        trail: "_Trail",
        share: Share,
    ) -> tuple[int, _Headers, Sequence[bytes]]:
        """One call, check by check; the order is the security catalogue's."""
        limits = self._limits[service]
        head = gate.read_head(scope["headers"], limits=limits)
        version = head.media_type.version
        data = await gate.read_body(receive, head=head, limits=limits, share=share)
        long = len(data) > LONG_MESSAGE
        opening = partial(open_envelope, data, version, deepest_element=limits.deepest_element)
        envelope = await asyncio.to_thread(opening) if long else opening()
        trail.addressing = envelope.addressing
        caller = await self._caller_of(scope, head, envelope, trail, long=long)
        share.vouch()
        await self._quotas.take_call(caller, self._groups[service])
        if envelope.payload.tag in self._bulk:
            await self._quotas.take_bytes(caller, len(data))
        visit = Visit(
            envelope=envelope,
            actions=head.actions + envelope.addressing.actions if envelope.addressing else head.actions,
            caller=caller,
            correlation_id=trail.correlation_id,
            received_at=self._clock(),
            dispatcher=self._dispatcher,
        )
        transport = self._transports[service, version]
        ctx = await asyncio.to_thread(transport.take, visit) if long else transport.take(visit)
        pieces: Sequence[bytes] = await transport.answer(ctx)
        trail.operation = visit.operation.name if visit.operation else None
        self._keep_room(share, pieces, visit)
        if trail.signed:
            pieces = await self._signed(trail, pieces)
        content_type = (b"content-type", version.content_type)
        if visit.fault is None:
            return 200, (content_type,), pieces
        self._note(trail, visit.fault)
        return visit.fault.status, (*visit.fault.headers, content_type), pieces

    def _keep_room(self, share: Share, pieces: Sequence[bytes], visit: Visit) -> None:
        """In place of the message, room is taken for its answer until it is read, where that is long.

        Raises Busy where there is none; only for what was read, because what has been done must be told.
        """
        share.end()
        length = sum(map(len, pieces))
        if length > LONG_MESSAGE:
            reads = visit.fault is None and visit.operation and not self._dispatcher.writes(visit.operation.name)
            share.grow(length, in_any_case=not reads)

    async def _signed(self, trail: "_Trail", pieces: Sequence[bytes]) -> Sequence[bytes]:
        """The answer to a signed message, or its fault, signed where we have a key."""
        if not trail.signed or self._signing.signer is None:
            return pieces
        trail.signed = False  # once: the fault that says that it failed goes out as it is
        signing = partial(signature.signed_answer, self._signing.signer, pieces, now=self._clock())
        long = sum(map(len, pieces)) > LONG_MESSAGE
        return (await asyncio.to_thread(signing) if long else signing(),)

    async def _caller_of(
        self, scope: Scope, head: gate.Head, envelope: Envelope, trail: "_Trail", *, long: bool
    ) -> Caller:
        """Who is calling; of a signed message what was verified goes on from here. Raises Refusal, and what the store
        raises.
        """
        shown = SecurityHeader()
        if envelope.security is not None:
            shown = read_security_header(envelope.security, freshness=self._freshness, now=self._clock())
        if shown.has_signature:
            thread = self._signature_thread if long else None
            signed = await signature.verified(
                envelope, access=self._access, freshness=self._freshness, now=self._clock(), thread=thread
            )
            envelope.payload, trail.signed = signed.payload, True
            shown = shown.and_signed(signed.evidence, signed.once)
        trail.caller = caller = await caller_of(
            self._access,
            authorization=head.authorization,
            security_header=shown,
            certificates=certificates_of(scope),
            address=trail.address,
        )
        if caller.id in self._signing.must_sign and not trail.signed:
            raise signature.missing()
        return caller

    def _note(self, trail: "_Trail", fault: Fault, *, journaled: bool = True) -> None:
        """Say in the log and in the audit journal that a call was refused."""
        entry = AuditEntry(
            door="soap",
            reason_code=fault.fault_type.value,
            text=fault.text,
            correlation_id=trail.correlation_id,
            caller_id=trail.caller.id if trail.caller is not None else None,
            operation=trail.operation,
            address=trail.address or None,
        )
        self._journal.note(entry, status=fault.status, journaled=journaled)


class _Trail:
    """What is known of a request, should it be refused. `signed`: its signature was verified, so the answer has one."""

    __slots__ = ("address", "addressing", "caller", "correlation_id", "operation", "signed")

    def __init__(self, address: str, correlation_id: str) -> None:
        self.address = address
        self.correlation_id = correlation_id
        self.caller: Caller | None = None
        self.operation: str | None = None
        self.addressing: Addressing | None = None
        self.signed = False


_XML_TYPE = (b"content-type", b"text/xml; charset=utf-8")


def _only_post() -> Refusal:
    text = "Send a SOAP message with POST, or read the contract with GET and ?wsdl."
    return Refusal(FaultTypeId.MALFORMED_MESSAGE, text, status=405, headers=[(b"allow", b"GET, HEAD, POST")])
