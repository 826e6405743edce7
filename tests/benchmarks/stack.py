"""What one CreateLead costs in process, without the database: this door against plain Spyne with typed
models.

Both get the same message and give the same answer. Ours goes through gate, credentials, contract, Spyne,
codec and the real use case, over a transaction that finds nothing and discards what is written. Plain Spyne
is `Soap11(validator="lxml")` with models made from the same generated classes, called through its WSGI
application; its function answers at once.

Run it with `python -m tests.benchmarks.stack`. The ratio is what counts: both sides run in turns, in one
process.
"""

import asyncio
import io
import logging
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from itertools import count
from types import UnionType
from typing import Any, Union, cast, get_args, get_origin, get_type_hints

from leadbridge.authentication import Authenticator
from leadbridge.caller import OperationGroup
from leadbridge.messages import LeadCreateConfirmationSync, LeadCreateRequestSync
from leadbridge.operations.call import Answer, Call, Policy
from leadbridge.operations.table import use_cases
from leadbridge.settings import GateSettings
from leadbridge.soap.asgi import SoapApp, soap_app
from leadbridge.soap.compat import Application, Service, Soap11, rpc
from leadbridge.soap.limits import GateLimits
from leadbridge.store.database import Database, Transaction
from leadbridge.wiring import spare_the_collector
from tests.support.door import COMMON, LEAD, PARTNER, PASSWORD, answer_to, basic, envelope

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Spyne's, about itself
    from spyne import ComplexModel, XmlAttribute, XmlData
    from spyne.model.primitive import Boolean, Unicode
    from spyne.model.primitive import Decimal as SpyneDecimal
    from spyne.server.wsgi import WsgiApplication

MESSAGE = envelope()
ROUNDS, CALLS = 30, 100


@dataclass(frozen=True, slots=True)
class Result:
    """Microseconds of one call, the best of several rounds."""

    ours: float
    plain_spyne: float

    @property
    def ratio(self) -> float:
        """Our part of plain Spyne's cost."""
        return self.ours / self.plain_spyne


# ------------------------------------------------------------------------------------------------------------- our side


class _Nothing:
    """A connection and its dialect: finds nothing, writes nothing, and still counts numbers."""

    rowcount = 0

    def __init__(self) -> None:
        self._numbers = count(1)

    def fetch_all(self, _connection: object, questions: Sequence[object]) -> list[list[Any]]:
        return [[] for _ in questions]

    def lock(self, *_keys: object, **_options: object) -> None:
        return None

    def numbers_ahead(self, *_name: object) -> None:
        return None

    def insert_of(self, _table: object) -> "_Nothing":
        return self

    def tuples(self, _rows: object) -> list[Any]:
        return []  # making rows ready for a driver is the database's part

    def insert_many(self, *_rows: object) -> None:
        return None

    def next_numbers(self, _connection: object, _name: str, how_many: int) -> list[int]:
        return [next(self._numbers) for _ in range(how_many)]


class _Inline:
    """Runs the real use case at once, where the dispatcher would hand it to the write lane."""

    def __init__(self) -> None:
        self._nothing = cast("Any", _Nothing())
        codes = frozenset({"002"})
        self._use_cases = use_cases(Policy(origin_type_codes=codes))

    def group(self, name: str) -> OperationGroup:
        return self._use_cases[name].group

    def submit(self, name: str, call: Call) -> "Future[Answer]":
        (outcome,) = self._use_cases[name].act(Transaction(self._nothing, self._nothing), [call])
        future: Future[Answer] = Future()
        assert isinstance(outcome, Answer), outcome
        future.set_result(outcome)
        return future


class _NoDatabase:
    def read(self) -> AbstractContextManager[Transaction]:
        return nullcontext(cast("Transaction", None))


def our_app(*, most_bytes_under_way: int = 256_000_000) -> SoapApp:
    """The door with the real use cases, and with the credentials of one caller verified already."""
    authenticator = Authenticator(cast("Database", _NoDatabase()), cache_seconds=3_600)
    authenticator._remember(authenticator._fingerprint(PARTNER.id, PASSWORD), PARTNER)
    return soap_app(
        dispatcher=_Inline(),
        authenticator=authenticator,
        limits=GateLimits(**GateSettings().model_dump()),
        public_url="http://localhost",
        most_bytes_under_way=most_bytes_under_way,
        clock=lambda: datetime.now(UTC),
    )


def our_scope() -> dict[str, Any]:
    """A request as a client's toolkit sends it."""
    return {
        "type": "http",
        "method": "POST",
        "path": "/soap/LeadService",
        "query_string": b"",
        "headers": [
            (b"host", b"localhost"),
            (b"user-agent", b"benchmark"),
            (b"content-type", b"text/xml; charset=utf-8"),
            (b"soapaction", b'"urn:leadbridge:lead:1:CreateLead"'),
            (b"authorization", basic()),
            (b"content-length", b"%d" % len(MESSAGE)),
        ],
    }


async def _our_calls(app: SoapApp, calls: int) -> float:
    event = {"type": "http.request", "body": MESSAGE, "more_body": False}
    answered = 0

    async def receive() -> dict[str, Any]:
        return event

    async def send(what: Any) -> None:
        nonlocal answered
        answered += what.get("status") == 200

    scope = our_scope()
    began = time.process_time()
    for number in range(calls):
        await app(scope, receive, send)
        if number % 20 == 19:
            await asyncio.sleep(0)  # the loop sweeps up the deadlines that were not needed
    took = time.process_time() - began
    assert answered == calls
    return took


# --------------------------------------------------------------------------------------------------------- plain Spyne


def spyne_model(message: type[Any], made: dict[type[Any], type[ComplexModel]]) -> type[ComplexModel]:
    """A Spyne model equal to a generated class: same names, namespaces, occurrences and lengths."""
    if message in made:
        return made[message]
    hints = get_type_hints(message)
    namespaces = {one.metadata.get("namespace") for one in fields(message)} - {None, "##other"}
    members: dict[str, Any] = {}
    for one in fields(message):
        kind = _bare(hints[one.name])
        meta = one.metadata
        if one.name == "extension":
            continue  # not in the message, and not in Spyne's vocabulary
        many = get_origin(_bare(hints[one.name], keep_list=True)) is list
        model = _spyne_type(kind, meta, made)
        if meta.get("type") == "Attribute":
            members[meta["name"]] = XmlAttribute(Unicode)
        elif "name" not in meta and meta.get("type") != "Element":
            members["value"] = XmlData(Unicode if kind is str else model)  # its schemas allow no limits here
        else:
            least = 0 if many or one.default is None else 1
            members[meta["name"]] = model.customize(
                min_occurs=least, max_occurs=meta.get("max_occurs", 50) if many else 1
            )
    model = type(
        message.__name__,
        (ComplexModel,),
        {"__namespace__": next(iter(namespaces), COMMON), "_type_info": list(members.items())},
    )
    made[message] = model
    return model


def _bare(hint: Any, *, keep_list: bool = False) -> Any:
    if get_origin(hint) in (Union, UnionType):
        hint = next(one for one in get_args(hint) if one is not type(None))
    return get_args(hint)[0] if get_origin(hint) is list and not keep_list else hint


def _spyne_type(kind: Any, meta: Mapping[str, Any], made: dict[type[Any], type[ComplexModel]]) -> Any:
    if kind is bool:
        return Boolean
    if kind is Decimal:
        return SpyneDecimal
    if isinstance(kind, type) and issubclass(kind, Enum):
        return Unicode(values=[str(one.value) for one in kind])
    if isinstance(kind, type) and hasattr(kind, "__dataclass_fields__") and kind.__module__.startswith("leadbridge"):
        return spyne_model(kind, made)
    return Unicode(max_len=meta.get("max_length", 4_000))


def plain_spyne() -> Callable[[], bytes]:
    """One call of CreateLead through plain Spyne's WSGI application."""
    made: dict[type[Any], type[ComplexModel]] = {}
    request, answer = spyne_model(LeadCreateRequestSync, made), spyne_model(LeadCreateConfirmationSync, made)
    confirmation = answer_to("CreateLead")
    lead = made[type(confirmation.lead)](
        ID=confirmation.lead.id,
        UUID=confirmation.lead.uuid,
        ChangeStateID=confirmation.lead.change_state_id,
        LifeCycleStatusCode="1",
        ProspectPartyInternalID=confirmation.lead.prospect_party_internal_id,
    )
    log = made[type(confirmation.log)](BusinessDocumentProcessingResultCode="3")
    header = made[type(confirmation.basic_message_header)]()

    def create_lead(_ctx: Any, message: Any) -> Any:
        assert message.Lead.Name
        return answer(BasicMessageHeader=header, Lead=lead, ReplayedIndicator=False, Log=log)

    published = rpc(
        request,
        _returns=answer,
        _body_style="bare",
        _in_message_name=f"{{{LEAD}}}LeadCreateRequest_sync",
        _out_message_name=f"{{{LEAD}}}LeadCreateConfirmation_sync",
    )(create_lead)
    service = type("LeadService", (Service,), {"CreateLead": published})
    wsgi = WsgiApplication(
        Application([service], tns=LEAD, in_protocol=Soap11(validator="lxml"), out_protocol=Soap11())
    )

    def call() -> bytes:
        environ = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/",
            "QUERY_STRING": "",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "wsgi.url_scheme": "http",
            "CONTENT_TYPE": "text/xml; charset=utf-8",
            "CONTENT_LENGTH": str(len(MESSAGE)),
            "HTTP_SOAPACTION": '"urn:leadbridge:lead:1:CreateLead"',
            "wsgi.input": io.BytesIO(MESSAGE),
        }
        return b"".join(wsgi(environ, lambda *_: None))

    assert b"0000000001" in call(), call()
    return call


def _spyne_calls(call: Callable[[], bytes], calls: int) -> float:
    began = time.process_time()
    for _ in range(calls):
        call()
    return time.process_time() - began


# ------------------------------------------------------------------------------------------------------------- measure


def measure(*, rounds: int = ROUNDS, calls: int = CALLS) -> Result:
    """Both sides in turns; the best round of each, so that a busy machine disturbs neither more than the
    other.
    """
    logging.getLogger("leadbridge").setLevel(logging.ERROR)
    app, call = our_app(), plain_spyne()
    ours, plain = [], []
    spare_the_collector()  # as each worker of `leadbridge serve` does; both sides profit
    for _ in range(rounds):
        ours.append(asyncio.run(_our_calls(app, calls)))
        plain.append(_spyne_calls(call, calls))
    return Result(ours=min(ours) / calls * 1e6, plain_spyne=min(plain) / calls * 1e6)


def main() -> None:
    """Print what both sides cost."""
    result = measure()
    print(f"one CreateLead of {len(MESSAGE):,} bytes, in process, without the database (best of {ROUNDS} x {CALLS})")
    print(f"  gate, credentials, contract, Spyne, codec, use case   {result.ours:7.0f} us")
    print(f"  plain Spyne with typed models                         {result.plain_spyne:7.0f} us")
    print(f"  ratio                                                 {result.ratio:7.2f}")


if __name__ == "__main__":
    main()
