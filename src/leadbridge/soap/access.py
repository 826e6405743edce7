"""Who is calling: credentials become a caller, without holding up other calls.

Verifying a password costs some 100 ms of CPU by design (argon2id), so it runs in a few threads of its own;
a credential that was verified a moment ago is looked up in the event loop.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from lxml import etree

from leadbridge.caller import Caller
from leadbridge.soap import security
from leadbridge.soap.security import Credentials

# argon2 takes a core for itself and runs without Python's lock; more threads would only take cores from
# other calls.
VERIFYING_THREADS = 2


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
        self._threads = ThreadPoolExecutor(VERIFYING_THREADS, thread_name_prefix="verify-password")

    async def identify(self, *, authorization: bytes | None, security_header: etree._Element | None = None) -> Caller:
        """The caller; raises Refusal (Unauthenticated) without credentials, with wrong ones, or with two
        that differ.

        A call without any is not a failed login: suds sends each call without them first.
        """
        basic = security.from_authorization(authorization)
        token = security.from_security_header(security_header)
        code = token.fault_code if token else None
        if basic is None and token is None:
            raise security.unauthenticated()
        if basic and token and basic.caller_id != token.caller_id:
            raise security.unauthenticated("HTTP Basic and the UsernameToken name different callers.", code)
        caller: Caller | None = None
        for credentials in (basic, token):
            if credentials is None or (credentials is token and _same(basic, token)):
                continue
            caller = await self._caller_of(credentials)
            if caller is None:
                raise security.unauthenticated(security.WRONG_CREDENTIALS, code)
        assert caller is not None
        return caller

    async def _caller_of(self, credentials: Credentials) -> Caller | None:
        known = self._authenticator.cached(credentials.caller_id, credentials.password)
        if known is not None:
            return known
        verify = self._authenticator.verify
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, verify, credentials.caller_id, credentials.password)


def _same(one: Credentials | None, other: Credentials | None) -> bool:
    return bool(one and other) and (one.caller_id, one.password) == (other.caller_id, other.password)  # type: ignore[union-attr]  # bool() is not seen through
