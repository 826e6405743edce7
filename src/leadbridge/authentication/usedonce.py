"""What may be used once: shown again it is a replay, also towards another process on the same database."""

import asyncio
import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TypeAlias

from leadbridge.authentication.evidence import OneTime
from leadbridge.caller import Caller
from leadbridge.store import usedonce
from leadbridge.store.database import Database
from leadbridge.store.errors import CommitUnknown, DatabaseUnreachable

_Use: TypeAlias = tuple[bytes, datetime]


class UsedOnce:
    """The memory of what was used. Safe to use from one event loop at a time.

    What comes during a commit shares the next one: a commit each would limit a disk to some hundred calls a second.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="used-once")
        self._waiting: list[tuple[_Use, asyncio.Future[bool]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def use(self, caller: Caller, one: OneTime) -> bool:
        """Use it, in the caller's name. False for a replay. Raises DatabaseUnreachable: it may then be used up.

        Only what was shown by a caller that proved who it is may come here, or anybody could fill the memory.
        """
        mine: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append(((_key(caller.id, one.value), one.until), mine))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        return await mine

    async def _write(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting, []
            write = asyncio.get_running_loop().run_in_executor(self._thread, self._used, [use for use, _ in group])
            (outcome,) = await asyncio.gather(write, return_exceptions=True)
            for place, (_, future) in enumerate(group):
                if future.done():  # whoever waited has gone
                    continue
                if isinstance(outcome, BaseException):
                    future.set_exception(outcome)
                else:
                    future.set_result(outcome[place])

    def _used(self, uses: Sequence[_Use]) -> list[bool]:
        """Whether each was new. They are written by their keys, so that two processes cannot wait for each other."""
        new = [False] * len(uses)
        try:
            with self._database.write() as tx:
                for place in sorted(range(len(uses)), key=uses.__getitem__):
                    new[place] = usedonce.use(tx, *uses[place])
        except CommitUnknown as error:  # the calls themselves were not begun, so that they may well be sent again
            raise DatabaseUnreachable("the database went away while nonces were written") from error
        return new


def _key(caller_id: str, value: bytes) -> bytes:
    return hashlib.sha256(b"%d:%b%b" % (len(caller_id.encode()), caller_id.encode(), value)).digest()
