"""From evidence to a caller, and what that caller may do: one authoriser for all doors.

It knows neither SOAP nor HTTP: a door reads the evidence, and gives each of the exceptions here its own form.
Whatever is slow (argon2, the database) runs in a few threads of its own; evidence that was verified a moment ago is
looked up in the event loop.
"""

import asyncio
import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import Any, Protocol, TypeVar

from leadbridge.authentication.certificates import Pinned, fingerprint_of, utc_now
from leadbridge.authentication.evidence import Certificate, Digest, Evidence, OneTime, Password, Token
from leadbridge.authentication.failedlogins import FailedLogins, LoginKeys, keys_of
from leadbridge.authentication.turns import Turns
from leadbridge.caller import Caller, OperationGroup, may_call

Result = TypeVar("Result")

# argon2 takes a core for itself and runs without Python's lock; more threads would only take cores from
# other calls.
_VERIFYING_THREADS = 2
_MOST_LOGINS = 200  # different ones that wait to be tried: ten seconds of argon2, as long as anybody waits
_MOST_OF_AN_ADDRESS = 20  # of them, of names that have not logged in from there: one second
_RETRY_SECONDS = 10

# Threads that wait for the database, and must not wait for argon2. More would take its connections from calls.
_ASKING_THREADS = 2


class NotAdmitted(Exception):
    """A call that goes no further."""


class NoEvidence(NotAdmitted):
    """The call says nothing of who it comes from. That is no failed login: suds sends each call first without."""


class WrongEvidence(NotAdmitted):
    """Unknown caller, wrong password, disabled caller: one answer for all of them."""


WRONG_CREDENTIALS = "These are not the credentials of a caller."
"""What every door says of WrongEvidence."""


class CallersDiffer(NotAdmitted):
    """The call proves two callers."""


class Replayed(NotAdmitted):
    """The caller is who it says, but what it shows was used before: a message sent, or recorded, and sent again."""

    def __init__(self, caller: Caller) -> None:
        super().__init__()
        self.caller = caller


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


class KnowsCertificates(Protocol):
    """The part of the pinned certificates that is needed here."""

    def cached(self, *, fingerprint: str = "", serial: str = "") -> Sequence[Pinned]:
        """Certificates found a moment ago; does no I/O."""

    def find(self, *, fingerprint: str = "", serial: str = "") -> Sequence[Pinned]:
        """The pinned certificates of this name; reads the database."""


class VerifiesDigests(Protocol):
    """The part of the digest verifier that is needed here."""

    def verify(self, digest: Digest) -> Caller | None:
        """The caller that made a digest, or None for a wrong one; reads the database."""


class RemembersUse(Protocol):
    """The part of the memory of what was used that is needed here."""

    async def use(self, caller: Caller, one: OneTime) -> bool:
        """Use it; False when it was used before. Writes into the database."""


class Access:
    """Turns evidence into a caller. Safe to use from one event loop at a time.

    Without `tokens`, `digests` or `certificates` none of these shows anybody; without `used_once` nothing that may be
    used once is admitted; without `failed_logins` failures are not counted. `now` is the time of day, for the validity
    of certificates.
    """

    def __init__(
        self,
        passwords: VerifiesPasswords,
        *,
        tokens: VerifiesTokens | None = None,
        digests: VerifiesDigests | None = None,
        certificates: KnowsCertificates | None = None,
        used_once: RemembersUse | None = None,
        failed_logins: FailedLogins | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._passwords = passwords
        self._tokens = tokens
        self._digests = digests
        self._certificates = certificates
        self._used_once = used_once
        self._failed_logins = failed_logins
        self._now = now
        self._threads = ThreadPoolExecutor(_VERIFYING_THREADS, thread_name_prefix="verify")
        self._asking = ThreadPoolExecutor(_ASKING_THREADS, thread_name_prefix="ask")
        self._logins = Turns()  # of a name at an address
        self._addresses = Turns()

    async def identify(
        self, evidence: Sequence[Evidence], *, once: Sequence[OneTime] = (), address: str = ""
    ) -> Caller:
        """The caller whom all of the evidence shows. What it may use `once` is used up after that, and not before: else
        anybody could use it up, or fill the memory of it. `address` is where the call comes from.

        Raises NoEvidence, WrongEvidence, CallersDiffer, Replayed, TooManyFailures.
        """
        if len(evidence) == 1 and not once:  # as nearly all calls have it
            known = self._remembered(evidence[0])
            if known is not None:
                return known
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
        for item in once:
            if self._used_once is None or not await self._used_once.use(caller, item):
                raise Replayed(caller)
        return caller

    async def pinned(self, *, fingerprint: str = "", serial: str = "") -> Sequence[Pinned]:
        """The certificates of this SHA-256 fingerprint or this serial number (decimal) that are in force now."""
        if self._certificates is None:
            return ()
        found = self._certificates.cached(fingerprint=fingerprint, serial=serial)
        if not found:
            find = partial(self._certificates.find, fingerprint=fingerprint, serial=serial)
            found = await self._aside(find)
        now = self._now()
        return [one for one in found if one.holds_at(now)]

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
            case Certificate(der) if self._certificates is not None:
                return self._holder(self._certificates.cached(fingerprint=fingerprint_of(der)))
        return None

    def _holder(self, found: Sequence[Pinned]) -> Caller | None:
        """The caller of the first certificate that is in force now."""
        now = self._now()
        return next((one.caller for one in found if one.holds_at(now)), None)

    async def _proved(self, evidence: Evidence, address: str) -> Caller:
        """The one place where failures count. Raises WrongEvidence, TooManyFailures."""
        if isinstance(evidence, Password) and self._passwords.was_right(evidence.caller_id, evidence.password):
            renewed = await self._aside(self._passwords.renew, evidence.caller_id, evidence.password)
            if renewed is not None:
                return renewed
        failed = self._failed_logins
        if failed is None or not isinstance(evidence, Password | Digest):  # nobody guesses a token or a private key
            return _right(await self._shown_by(evidence))
        keys = keys_of(type(evidence).__name__, evidence.caller_id, address)
        delay = failed.known_delay(keys)
        if delay is None:
            if not self._logins.standing(keys.pair) and len(self._logins) >= _MOST_LOGINS:
                raise TooManyFailures(_RETRY_SECONDS)
            async with self._logins.turn(keys.pair):  # so that no more are tried at once than may fail
                shown = self._remembered(evidence)
                if shown is not None:
                    return shown
                delay = failed.known_delay(keys)
                if delay is None:
                    return await self._asked(failed, evidence, keys)
        return await self._counted(failed, evidence, keys, delay)

    async def _asked(self, failed: FailedLogins, evidence: Evidence, keys: LoginKeys) -> Caller:
        """What of a login only the database knows: its delay, and whether it is held against its address."""
        delay, known_there = await self._aside(failed.delay, keys)
        if delay or known_there:
            return await self._counted(failed, evidence, keys, delay)
        if self._addresses.standing(keys.address) >= _MOST_OF_AN_ADDRESS:
            raise TooManyFailures(_RETRY_SECONDS)
        async with self._addresses.turn(keys.address):  # and of all names together, in which others may have failed
            delay, _ = await self._aside(failed.delay, keys)
            return await self._counted(failed, evidence, keys, delay)

    async def _counted(self, failed: FailedLogins, evidence: Evidence, keys: LoginKeys, delay: float) -> Caller:
        if delay:
            raise TooManyFailures(delay)
        shown = await self._shown_by(evidence)
        if shown is None:
            await self._aside(failed.failed, keys)
        elif not failed.succeeded_again(keys):
            await self._aside(failed.succeeded, keys)
        return _right(shown)

    async def _aside(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """What only the database can answer, asked beside the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._asking, function, *arguments)

    async def _shown_by(self, evidence: Evidence) -> Caller | None:
        match evidence:
            case Password(caller_id, password):
                loop = asyncio.get_running_loop()
                return await loop.run_in_executor(self._threads, self._passwords.verify, caller_id, password)
            case Token(token) if self._tokens is not None:
                return await self._aside(self._tokens.verify, token)
            case Digest():
                return await self._aside(self._digests.verify, evidence) if self._digests is not None else None
            case Certificate(der):
                return self._holder(await self.pinned(fingerprint=fingerprint_of(der)))
            case Token():
                return None


def _right(shown: Caller | None) -> Caller:
    if shown is None:
        raise WrongEvidence
    return shown


def admit(caller: Caller, group: OperationGroup) -> None:
    """Let the caller call operations of this group. Raises NotGranted."""
    if not may_call(caller, group):
        raise NotGranted
