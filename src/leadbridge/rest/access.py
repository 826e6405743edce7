"""Who is calling, and may it: HTTP Basic, verified beside the event loop, and the roles of the caller."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from fastapi import Request

from leadbridge.authentication import CredentialsUnreadable, basic_credentials
from leadbridge.caller import Caller, OperationGroup, may_call
from leadbridge.messages import FaultTypeId
from leadbridge.rest.problems import Problem, unauthenticated


class KnowsCallers(Protocol):
    """The part of the authenticator that a door needs."""

    def cached(self, caller_id: str, password: str) -> Caller | None:
        """The caller of a credential verified a moment ago; does no I/O."""

    def verify(self, caller_id: str, password: str) -> Caller | None:
        """The caller of a credential, or None for a wrong one; slow, by design."""


class Access:
    """Turns the credentials of one request into its caller."""

    def __init__(self, authenticator: KnowsCallers) -> None:
        self._authenticator = authenticator
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="verify-password")  # argon2 takes a core for itself

    async def caller(self, request: Request, group: OperationGroup) -> Caller:
        """The caller, whose roles open this group of operations. Raises Problem."""
        header = request.headers.get("authorization")
        if header is None:
            raise unauthenticated("Send the credentials of a caller by HTTP Basic.")
        try:
            credentials = basic_credentials(header.encode("latin-1"))
        except CredentialsUnreadable:
            raise unauthenticated("Send the credentials of a caller by HTTP Basic.") from None
        caller = self._authenticator.cached(*credentials)
        if caller is None:
            verify = self._authenticator.verify
            caller = await asyncio.get_running_loop().run_in_executor(self._threads, verify, *credentials)
        if caller is None:
            raise unauthenticated("These are not the credentials of a caller.")
        if not may_call(caller, group):
            raise Problem(403, FaultTypeId.UNAUTHORIZED, "This caller may not do this.")
        return caller
