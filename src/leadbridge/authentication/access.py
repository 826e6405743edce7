"""From evidence to a caller, and what that caller may do: one authoriser for all doors.

It knows neither SOAP nor HTTP: a door reads the evidence, and gives each of the exceptions here its own form.
Whatever is slow (argon2, the database) runs in a few threads of its own; evidence that was verified a moment ago is
looked up in the event loop.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import Any, Protocol, TypeVar

from leadbridge.authentication.certificates import Pinned, fingerprint_of, utc_now
from leadbridge.authentication.evidence import Certificate, Digest, Evidence, OneTime, Password, Token
from leadbridge.caller import Caller, OperationGroup, may_call

_T = TypeVar("_T")

# argon2 takes a core for itself and runs without Python's lock; more threads would only take cores from
# other calls.
_VERIFYING_THREADS = 2

# Threads that wait for the database, and must not wait for argon2. More would take its connections from calls.
_ASKING_THREADS = 2


class NotAdmitted(Exception):
    """A call that goes no further."""


class NoEvidence(NotAdmitted):
    """The call says nothing of who it comes from. That is no failed login: suds sends each call first without."""


class WrongEvidence(NotAdmitted):
    """Unknown caller, wrong password, disabled caller: one answer for all of them."""


class CallersDiffer(NotAdmitted):
    """The call proves two callers."""


class Replayed(NotAdmitted):
    """The caller is who it says, but what it shows was used before: a message sent, or recorded, and sent again."""


class NotGranted(NotAdmitted):
    """No role of the caller opens this group of operations."""


class VerifiesPasswords(Protocol):
    """The part of the authenticator that is needed here."""

    def cached(self, caller_id: str, password: str) -> Caller | None:
        """The caller of a credential verified a moment ago; does no I/O."""

    def verify(self, caller_id: str, password: str) -> Caller | None:
        """The caller of a credential, or None for a wrong one; slow, by design."""


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

    Without `digests` or `certificates` none of these shows anybody; without `used_once` nothing that may be used once
    is admitted. `now` is the time of day, for the validity of certificates.
    """

    def __init__(
        self,
        passwords: VerifiesPasswords,
        *,
        digests: VerifiesDigests | None = None,
        certificates: KnowsCertificates | None = None,
        used_once: RemembersUse | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._passwords = passwords
        self._digests = digests
        self._certificates = certificates
        self._used_once = used_once
        self._now = now
        self._threads = ThreadPoolExecutor(_VERIFYING_THREADS, thread_name_prefix="verify")
        self._asking_threads = ThreadPoolExecutor(_ASKING_THREADS, thread_name_prefix="ask")

    async def identify(self, evidence: Sequence[Evidence], *, once: Sequence[OneTime] = ()) -> Caller:
        """The caller whom all of the evidence shows. What it may use `once` is used up after that, and not before: else
        anybody could use it up, or fill the memory of it.

        Raises NoEvidence, WrongEvidence, CallersDiffer, Replayed.
        """
        caller: Caller | None = None
        for one in dict.fromkeys(evidence):  # the same twice is proved once
            shown = await self._shown_by(one)
            if shown is None:
                raise WrongEvidence
            if caller is not None and shown.id != caller.id:
                raise CallersDiffer
            caller = shown
        if caller is None:
            raise NoEvidence
        for item in once:
            if self._used_once is None or not await self._used_once.use(caller, item):
                raise Replayed
        return caller

    async def pinned(self, *, fingerprint: str = "", serial: str = "") -> Sequence[Pinned]:
        """The certificates of this SHA-256 fingerprint or this serial number (decimal) that are in force now."""
        if self._certificates is None:
            return ()
        found = self._certificates.cached(fingerprint=fingerprint, serial=serial)
        if not found:
            find = partial(self._certificates.find, fingerprint=fingerprint, serial=serial)
            found = await self._asked(find)
        now = self._now()
        return [one for one in found if one.holds_at(now)]

    async def _shown_by(self, evidence: Evidence) -> Caller | None:
        match evidence:
            case Password(caller_id, password):
                known = self._passwords.cached(caller_id, password)
                if known is not None:
                    return known
                loop = asyncio.get_running_loop()
                return await loop.run_in_executor(self._threads, self._passwords.verify, caller_id, password)
            case Digest():
                return await self._asked(self._digests.verify, evidence) if self._digests is not None else None
            case Certificate(der):
                return next((one.caller for one in await self.pinned(fingerprint=fingerprint_of(der))), None)
            case Token():
                return None

    async def _asked(self, ask: Callable[..., _T], *arguments: Any) -> _T:
        """What only the database can answer, asked beside the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._asking_threads, ask, *arguments)


def admit(caller: Caller, group: OperationGroup) -> None:
    """Let the caller call operations of this group. Raises NotGranted."""
    if not may_call(caller, group):
        raise NotGranted
