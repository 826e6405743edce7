"""What the JSON addresses of the core CRM share: from a request to a use case and back, check by check."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from fastapi import Request

from leadbridge.caller import OperationGroup
from leadbridge.contract import codec
from leadbridge.contract.hashing import content_hash
from leadbridge.contract.schema import validate
from leadbridge.crm.combo import RecordType
from leadbridge.messages import Amount, LogItemSeverityCode
from leadbridge.operations.dispatcher import outcome_of
from leadbridge.rest.json_door import JsonDoor
from leadbridge.rest.jsonbody import refusal
from leadbridge.rest.problemdetails import KINDS, FieldError, pointer_to
from leadbridge.store.database import Transaction

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Heard:
    """What a body says: the message, and what that has no place for."""

    message: Any
    record_type: RecordType | None = None
    amount: Amount | None = None

    @property
    def beside(self) -> tuple[str, ...]:
        """What tells the body from another with the same message."""
        amount = self.amount
        return (
            *((self.record_type.value,) if self.record_type is not None else ()),
            *((format(amount.value.normalize(), "f"), amount.currency_code) if amount is not None else ()),
        )


Read = Callable[[bytes, str | None], Heard]
"""From a body and the UUID of its header to what it says."""


class CrmDoor(JsonDoor):
    """See the module."""

    __slots__ = ()
    group = OperationGroup.CRM

    async def done(self, request: Request, operation: str, read: Read) -> tuple[Any, Heard]:
        """The message that answers a call, and what the call said."""
        call, data, uuid = await self.with_body(request)
        heard = read(data, uuid)
        element = codec.encode(heard.message)
        validate(element)
        call.message, call.content_hash = codec.decode_hashed(element)
        if heard.beside:
            call.content_hash = content_hash((call.content_hash.hex(), *heard.beside))
        call.record_type, call.amount = heard.record_type, heard.amount
        answer = await outcome_of(self.dispatcher.submit(operation, call))
        return answer.message, heard

    async def admit(self, request: Request) -> None:
        """Let a caller who may ask questions in. Raises Problem, OverQuota."""
        await self.without_body(request)

    async def asked(self, question: Callable[[Transaction], Result]) -> Result:
        """The answer to a question to the store."""
        return await outcome_of(self.dispatcher.ask(question))


def refuse_errors(message: Any, fields: Mapping[str, str], *, of_others: str | None) -> None:
    """Raise Problem where the Log of an answer has errors.

    `fields` are those of the body by the names of the elements meant, `of_others` the one that all other elements
    stand for, None where the body has none.
    """
    errors = [
        FieldError(code=item.type_id, pointer=_pointer(item, fields, of_others), detail=item.note)
        for item in message.log.item
        if item.severity_code is LogItemSeverityCode.VALUE_3
    ]
    if errors:
        raise refusal(KINDS[errors[0].code].status, errors)


def _pointer(item: Any, fields: Mapping[str, str], of_others: str | None) -> str | None:
    name = (item.reference_message_element_name or "").rpartition(":")[2]
    field = fields.get(name, of_others)
    return None if field is None else pointer_to(field)
