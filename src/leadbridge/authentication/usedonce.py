"""What may be used once: shown again it is a replay, also towards another process on the same database."""

import hashlib

from leadbridge.authentication.evidence import OneTime
from leadbridge.caller import Caller
from leadbridge.store import usedonce
from leadbridge.store.database import Database
from leadbridge.store.errors import CommitUnknown, DatabaseUnreachable


class UsedOnce:
    """The memory of what was used. Safe to share between threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def use(self, caller: Caller, one: OneTime) -> bool:
        """Use it, in the caller's name. False for a replay. Raises DatabaseUnreachable: it may then be used up.

        Only what was shown by a caller that proved who it is may come here, or anybody could fill the memory.
        """
        try:
            with self._database.write() as tx:
                return usedonce.use(tx, _key(caller.id, one.value), one.until)
        except CommitUnknown as error:  # the call itself was not begun, so that it may well be sent again
            raise DatabaseUnreachable("the database went away while a nonce was written") from error


def _key(caller_id: str, value: bytes) -> bytes:
    return hashlib.sha256(b"%d:%b%b" % (len(caller_id.encode()), caller_id.encode(), value)).digest()
