"""What stands before the use cases of every door that speaks JSON: the checks of a request, in one order."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from fastapi import Request

from leadbridge.authentication.access import Access
from leadbridge.caller import OperationGroup
from leadbridge.operations.call import Call
from leadbridge.operations.dispatcher import Dispatcher
from leadbridge.quotas import Quotas
from leadbridge.rest.access import caller_of
from leadbridge.rest.headers import idempotency_key, no_header_twice
from leadbridge.rest.jsonbody import BodyLimits, check_length, read_body
from leadbridge.room import Room


@dataclass(frozen=True, slots=True)
class JsonDoor:
    """A door to one group of operations. Check by check, in the order of the SOAP door's: a caller is known before its
    body is read.
    """

    dispatcher: Dispatcher
    access: Access
    limits: BodyLimits
    quotas: Quotas
    room: Room
    clock: Callable[[], datetime]

    group: ClassVar[OperationGroup]

    async def with_body(self, request: Request) -> tuple[Call, bytes, str | None]:
        """The call of a request, whose message is still to be read, its body, and the UUID that it is known by again.
        Raises Problem, OverQuota.
        """
        no_header_twice(request)
        check_length(request, self.limits)
        call = await self._call(request)
        key = idempotency_key(request)
        return call, await read_body(request, self.limits, self.room), key

    async def without_body(self, request: Request) -> Call:
        """The same of a request that asks a question. Raises Problem, OverQuota."""
        no_header_twice(request)
        return await self._call(request)

    async def _call(self, request: Request) -> Call:
        caller = await caller_of(request, self.access, self.quotas, self.group)
        return Call(
            caller=caller,
            message=None,
            content_hash=b"",
            received_at=self.clock(),
            correlation_id=request.state.correlation_id,
        )
