"""From evidence to a caller, and what that caller may do: one authoriser for all doors.

It knows neither SOAP nor HTTP: a door reads the evidence, and gives each of the exceptions here its own form.
Whatever is slow (argon2, the database) runs in a few threads of its own; evidence that was verified a moment ago is
looked up in the event loop.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Protocol, TypeVar

from leadbridge.authentication.evidence import Certificate, Digest, Evidence, Password, Token
from leadbridge.authentication.guessing import FailedLogins
from leadbridge.caller import Caller, OperationGroup, may_call

Result = TypeVar("Result")

# argon2 takes a core for itself and runs without Python's lock; more threads would only take cores from
# other calls.
_VERIFYING_THREADS = 2
_ASKING_THREADS = 2
_MOST_TURNS = 200  # different logins that wait to be tried: ten seconds of argon2, as long as anybody waits
_RETRY_SECONDS = 10


class NotAdmitted(Exception):
    """A call that goes no further."""


class NoEvidence(NotAdmitted):
    """The call says nothing of who it comes from. That is no failed login: suds sends each call first without."""


class WrongEvidence(NotAdmitted):
    """Unknown caller, wrong password, disabled caller: one answer for all of them."""


class CallersDiffer(NotAdmitted):
    """The call proves two callers."""


class NotGranted(NotAdmitted):
    """No role of the caller opens this group of operations."""


class TooManyFailures(NotAdmitted):
    """Too many logins failed to look at another one now, right or wrong. `retry_after_seconds` is when to come back."""

    def __init__(self, retry_after_seconds: float) -> None:
        super().__init__()
        self.retry_after_seconds = max(1, math.ceil(retry_after_seconds))


class VerifiesPasswords(Protocol):
    """The part of the authenticator that is needed here."""

    def was_right(self, caller_id: str, password: str) -> bool:
        """Whether a credential was right a while ago: to renew it is no guess. Does no I/O."""

    def renew(self, caller_id: str, password: str) -> Caller | None:
        """The caller of a credential that was right, unless it is not any more; quick."""

    def cached(self, caller_id: str, password: str) -> Caller | None:
        """The caller of a credential verified a moment ago; does no I/O."""

    def verify(self, caller_id: str, password: str) -> Caller | None:
        """The caller of a credential, or None for a wrong one; slow, by design."""


class VerifiesTokens(Protocol):
    """The part of the tokens that is needed here."""

    def cached(self, token: str) -> Caller | None:
        """The caller of a token verified a moment ago; does no I/O."""

    def verify(self, token: str) -> Caller | None:
        """The caller of a token, or None for a wrong one."""


class Access:
    """Turns evidence into a caller. Safe to use from one event loop at a time.

    Without `tokens` there are none, without `failed_logins` failures are not counted.
    """

    def __init__(
        self,
        passwords: VerifiesPasswords,
        *,
        tokens: VerifiesTokens | None = None,
        failed_logins: FailedLogins | None = None,
    ) -> None:
        self._passwords = passwords
        self._tokens = tokens
        self._failed_logins = failed_logins
        self._threads = ThreadPoolExecutor(_VERIFYING_THREADS, thread_name_prefix="verify")
        # For what only asks the database: it must not wait behind argon2.
        self._asking = ThreadPoolExecutor(_ASKING_THREADS, thread_name_prefix="login")
        self._turns: dict[tuple[str, str], _Turn] = {}

    async def identify(self, evidence: Sequence[Evidence], *, address: str = "") -> Caller:
        """The caller whom all of the evidence shows. `address` is where the call comes from.

        Raises NoEvidence, WrongEvidence, CallersDiffer, TooManyFailures.
        """
        caller: Caller | None = None
        for one in dict.fromkeys(evidence):  # the same twice is proved once
            shown = self._remembered(one)
            if shown is None:
                shown = await self._proved(one, address)
            if caller is not None and shown.id != caller.id:
                raise CallersDiffer
            caller = shown
        if caller is None:
            raise NoEvidence
        return caller

    def stop(self) -> None:
        """Finish what is being verified."""
        for threads in (self._threads, self._asking):
            threads.shutdown()

    def _remembered(self, evidence: Evidence) -> Caller | None:
        """The caller of evidence that was proved a moment ago; no I/O."""
        match evidence:
            case Password(caller_id, password):
                return self._passwords.cached(caller_id, password)
            case Token(token) if self._tokens is not None:
                return self._tokens.cached(token)
        return None

    async def _proved(self, evidence: Evidence, address: str) -> Caller:
        """The one place where failures count. Raises WrongEvidence, TooManyFailures."""
        if isinstance(evidence, Password) and self._passwords.was_right(evidence.caller_id, evidence.password):
            renewed = await self._aside(self._passwords.renew, evidence.caller_id, evidence.password)
            if renewed is not None:
                return renewed
        failed = self._failed_logins
        if failed is None:
            return _right(await self._shown_by(evidence))
        name = evidence.caller_id if isinstance(evidence, Password | Digest) else ""
        delay = failed.known_delay(name, address)
        if delay is None:
            async with self._turn(name, address):  # so that no more are tried at once than may fail
                shown = self._remembered(evidence)
                if shown is not None:
                    return shown
                delay = failed.known_delay(name, address)
                if delay is None:
                    delay = await self._aside(failed.delay, name, address)
                    if delay == 0:
                        return await self._counted(failed, evidence, name, address)
        if delay:
            raise TooManyFailures(delay)
        return await self._counted(failed, evidence, name, address)

    async def _counted(self, failed: FailedLogins, evidence: Evidence, name: str, address: str) -> Caller:
        shown = await self._shown_by(evidence)
        await self._aside(failed.failed if shown is None else failed.succeeded, name, address)
        return _right(shown)

    @asynccontextmanager
    async def _turn(self, name: str, address: str) -> AsyncIterator[None]:
        """One login of a name at an address after the other. Raises TooManyFailures where very many wait already."""
        key = (name, address)
        turn = self._turns.get(key)
        if turn is None:
            if len(self._turns) >= _MOST_TURNS:
                raise TooManyFailures(_RETRY_SECONDS)
            turn = self._turns[key] = _Turn()
        turn.waiting += 1
        try:
            async with turn.lock:
                yield
        finally:
            turn.waiting -= 1
            if not turn.waiting:
                del self._turns[key]

    async def _aside(self, function: Callable[..., Result], *arguments: str) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._asking, function, *arguments)

    async def _shown_by(self, evidence: Evidence) -> Caller | None:
        match evidence:
            case Password(caller_id, password):
                loop = asyncio.get_running_loop()
                return await loop.run_in_executor(self._threads, self._passwords.verify, caller_id, password)
            case Token(token) if self._tokens is not None:
                return await self._aside(self._tokens.verify, token)
            case Digest() | Token() | Certificate():
                return None


class _Turn:
    """Who waits to try a name at an address."""

    __slots__ = ("lock", "waiting")

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.waiting = 0


def _right(shown: Caller | None) -> Caller:
    if shown is None:
        raise WrongEvidence
    return shown


def admit(caller: Caller, group: OperationGroup) -> None:
    """Let the caller call operations of this group. Raises NotGranted."""
    if not may_call(caller, group):
        raise NotGranted
