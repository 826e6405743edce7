"""From evidence to a caller, and what that caller may do: one authoriser for all doors.

It knows neither SOAP nor HTTP: a door reads the evidence, and gives each of the exceptions here its own form.
Whatever is slow (argon2, the database) runs in a few threads of its own; evidence that was verified a moment ago is
looked up in the event loop.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from leadbridge.authentication.evidence import Certificate, Digest, Evidence, Password, Token
from leadbridge.caller import Caller, OperationGroup, may_call

# argon2 takes a core for itself and runs without Python's lock; more threads would only take cores from
# other calls.
_VERIFYING_THREADS = 2


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


class VerifiesPasswords(Protocol):
    """The part of the authenticator that is needed here."""

    def cached(self, caller_id: str, password: str) -> Caller | None:
        """The caller of a credential verified a moment ago; does no I/O."""

    def verify(self, caller_id: str, password: str) -> Caller | None:
        """The caller of a credential, or None for a wrong one; slow, by design."""


class Access:
    """Turns evidence into a caller. Safe to use from one event loop at a time."""

    def __init__(self, passwords: VerifiesPasswords) -> None:
        self._passwords = passwords
        self._threads = ThreadPoolExecutor(_VERIFYING_THREADS, thread_name_prefix="verify")

    async def identify(self, evidence: Sequence[Evidence]) -> Caller:
        """The caller whom all of the evidence shows. Raises NoEvidence, WrongEvidence, CallersDiffer."""
        if len(evidence) == 1 and isinstance(evidence[0], Password):  # as nearly all calls have it
            known = self._passwords.cached(evidence[0].caller_id, evidence[0].password)
            if known is not None:
                return known
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
        return caller

    async def _shown_by(self, evidence: Evidence) -> Caller | None:
        match evidence:
            case Password(caller_id, password):
                known = self._passwords.cached(caller_id, password)
                if known is not None:
                    return known
                loop = asyncio.get_running_loop()
                return await loop.run_in_executor(self._threads, self._passwords.verify, caller_id, password)
            case Digest() | Token() | Certificate():
                return None


def admit(caller: Caller, group: OperationGroup) -> None:
    """Let the caller call operations of this group. Raises NotGranted."""
    if not may_call(caller, group):
        raise NotGranted
