"""Callers as the store has them, and what an operator does with them."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from argon2 import PasswordHasher

from leadbridge.caller import INTERNAL_CALLER, Caller, Role, Visibility, default_visibility
from leadbridge.store import callers, digestsecrets
from leadbridge.store.database import Database, Transaction

SHORTEST_PASSWORD = 8  # NIST SP 800-63B revision 3, section 5.1.1.1; longer is better, and argon2id is slow
LONGEST_PASSWORD = 256  # longer ones are not tried: hashing must not be a way to keep us busy
LONGEST_PARTY_ID = 20  # PartyID, maxLength

# No colon, which ends the name in HTTP Basic, and nothing that a log or a terminal reads in another way.
CALLER_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z._@-]{0,63}")

# RFC 9106 section 4, the option for ordinary memory (3 passes over 64 MiB), in one lane: its four lanes
# would take four cores at once from calls that are being answered. About 100 ms of CPU for whoever guesses,
# once a minute for whoever knows.
hasher = PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=1)


def caller_from(row: Mapping[str, Any]) -> Caller:
    """The caller in a row of the store."""
    return Caller(
        id=row["id"],
        name=row["name"],
        roles=frozenset(Role(role) for role in row["roles"].split(",") if role),
        visibility=Visibility(row["visibility"]),
        party_id=row["party_id"],
    )


class CallerError(ValueError):
    """What an operator asked for cannot be done. The text says why and is meant for them."""


class CallerExists(CallerError):
    """There is a caller of this id already."""


class CallerUnknown(CallerError):
    """There is no caller of this id."""


class CallerDisabled(CallerError):
    """The caller was disabled, and nothing new is begun in its name."""


class CallerIdInvalid(CallerError):
    """A caller cannot have this id."""


class PartyIdInvalid(CallerError):
    """No lead can be given to such a party."""


class PasswordTooShort(CallerError):
    """The password is too easy to guess, or too long to be tried."""


class RoleUnknown(CallerError):
    """There is no such role."""


@dataclass(frozen=True, slots=True)
class ListedCaller:
    """A caller as an operator sees it."""

    caller: Caller
    created_at: datetime
    disabled_at: datetime | None
    digest_set_at: datetime | None  # when its secret for digests was set, where it has one


def add_caller(
    database: Database,
    *,
    caller_id: str,
    name: str,
    roles: Collection[str],
    password: str,
    now: datetime,
    visibility: Visibility | None = None,
    party_id: str | None = None,
) -> Caller:
    """Store a new caller; without `visibility` it has the usual one of its roles. `now` is aware, in UTC.

    `party_id` is the PartyID by which leads are given to it; without one it is the caller's own id, where that
    fits into a PartyID.

    Raises CallerIdInvalid, CallerExists, PartyIdInvalid, RoleUnknown, PasswordTooShort.
    """
    if not CALLER_ID.fullmatch(caller_id):
        raise CallerIdInvalid("an id has up to 64 letters, digits and . _ @ -, and starts with a letter or a digit")
    if party_id is not None and len(party_id) > LONGEST_PARTY_ID:
        raise PartyIdInvalid(f"a party has at most {LONGEST_PARTY_ID} characters")
    if caller_id == INTERNAL_CALLER.id:
        raise CallerIdInvalid(f"the id {caller_id} is leadbridge's own")
    known = _roles(roles)
    caller = Caller(
        id=caller_id,
        name=name,
        roles=known,
        visibility=visibility or default_visibility(known),
        party_id=party_id if party_id is not None else caller_id if len(caller_id) <= LONGEST_PARTY_ID else "",
    )
    row = {
        "id": caller.id,
        "name": caller.name,
        "roles": ",".join(sorted(caller.roles)),
        "visibility": caller.visibility.value,
        "party_id": caller.party_id,
        "password_hash": _hashed(password),
        "disabled_at": None,
        "created_at": now,
        "changed_at": now,
    }
    with database.write() as tx:
        tx.lock([f"caller/{caller_id}"])
        if callers.by_id(tx, caller_id) is not None:
            raise CallerExists(f"there is a caller {caller_id} already")
        callers.add(tx, row)
    return caller


def list_callers(database: Database) -> list[ListedCaller]:
    """Every caller, disabled ones too, by id."""
    with database.read() as tx:
        rows = callers.all(tx)
        set_at = digestsecrets.set_at(tx)
    return [
        ListedCaller(caller_from(row), row["created_at"], row["disabled_at"], set_at.get(row["id"])) for row in rows
    ]


def caller_of(database: Database, caller_id: str, *, enabled: bool = False) -> Caller:
    """The caller of this id, in whose name something is done that it has asked for, or that an operator does for it.

    Raises CallerUnknown; CallerDisabled, where it must be `enabled` because something new is begun.
    """
    with database.read() as tx:
        return caller_in(tx, caller_id, enabled=enabled)


def caller_in(tx: Transaction, caller_id: str, *, enabled: bool = False) -> Caller:
    """The same, within a transaction."""
    row = callers.by_id(tx, caller_id)
    if row is None:
        raise unknown(caller_id)
    if enabled and row["disabled_at"] is not None:
        raise CallerDisabled(f"caller {caller_id} is disabled; `leadbridge caller list` shows those that are not")
    return caller_from(row)


def unknown(caller_id: str) -> CallerUnknown:
    """What is said of an id that no caller has."""
    return CallerUnknown(
        f"there is no caller {caller_id}; `leadbridge caller list` shows those there are, "
        "`leadbridge caller add` adds one"
    )


def has_callers(database: Database) -> bool:
    """Whether there is any caller, disabled or not."""
    with database.read() as tx:
        return callers.count(tx) > 0


def disable_caller(database: Database, *, caller_id: str, now: datetime) -> bool:
    """Keep a caller out; where it is remembered as verified, after the cache's time. False when it was out
    already.

    Raises CallerUnknown.
    """
    with database.write() as tx:
        if callers.by_id(tx, caller_id) is None:
            raise unknown(caller_id)
        return callers.disable(tx, caller_id, now)


def set_password(database: Database, *, caller_id: str, password: str, now: datetime) -> None:
    """Give a caller another password; the old one ends where it is remembered after the cache's time.

    Raises CallerUnknown, PasswordTooShort.
    """
    password_hash = _hashed(password)
    with database.write() as tx:
        if not callers.set_password(tx, caller_id, password_hash, now):
            raise unknown(caller_id)


def _roles(names: Iterable[str]) -> frozenset[Role]:
    roles = set()
    for name in names:
        try:
            roles.add(Role(name))
        except ValueError:
            raise RoleUnknown(f"the roles are {', '.join(Role)}") from None
    if not roles:
        raise RoleUnknown(f"a caller needs a role: {', '.join(Role)}")
    return frozenset(roles)


def _hashed(password: str) -> str:
    if len(password) < SHORTEST_PASSWORD:
        raise PasswordTooShort(f"a password has at least {SHORTEST_PASSWORD} characters")
    if len(password) > LONGEST_PASSWORD:
        raise PasswordTooShort(f"a password has at most {LONGEST_PASSWORD} characters")
    return hasher.hash(password)
