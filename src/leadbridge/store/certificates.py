"""Certificates that are pinned to callers: the one with a fingerprint shows its caller, and no other does."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, select, update

from leadbridge.store import tables
from leadbridge.store.database import Transaction
from leadbridge.store.inserts import Row
from leadbridge.store.statements import fetch, insert_many

_caller = tables.caller
_certificate = tables.caller_certificate
_IN_FORCE = (
    select(_certificate.c.fingerprint, _certificate.c.der, *_caller.c)
    .join(_caller)
    .where(_certificate.c.removed_at.is_(None), _caller.c.disabled_at.is_(None))
)
_BY_FINGERPRINT = _IN_FORCE.where(_certificate.c.fingerprint == bindparam("fingerprint"))
_BY_SERIAL = (
    _IN_FORCE.where(_certificate.c.serial == bindparam("serial"))
    .order_by(_certificate.c.added_at)
    .limit(bindparam("most"))
)


def pin(tx: Transaction, row: Row) -> str:
    """Pin a certificate, again where it was removed; whose it is now. Where that is another caller, nothing was done.

    The caller of this function has locked the fingerprint.
    """
    found = fetch(tx, select(_certificate).where(_certificate.c.fingerprint == row["fingerprint"]))
    if not found:
        insert_many(tx, (_certificate, [row]))
    elif found[0]["removed_at"] is None:
        return str(found[0]["caller_id"])
    else:
        again = update(_certificate).where(_certificate.c.fingerprint == row["fingerprint"])
        tx.connection.execute(again.values(row))
    return str(row["caller_id"])


def exists(tx: Transaction, fingerprint: str) -> bool:
    """Whether a certificate of this fingerprint is pinned, or was."""
    return bool(fetch(tx, select(_certificate.c.fingerprint).where(_certificate.c.fingerprint == fingerprint)))


def remove(tx: Transaction, fingerprint: str, now: datetime) -> bool:
    """Let a certificate show nobody any more. False when none of this fingerprint is pinned any more."""
    statement = (
        update(_certificate)
        .where(_certificate.c.fingerprint == fingerprint, _certificate.c.removed_at.is_(None))
        .values(removed_at=now)
    )
    return tx.connection.execute(statement).rowcount == 1


def pinned(tx: Transaction) -> list[Row]:
    """Every pinned certificate, by caller and by when it was added; also of callers that are disabled."""
    statement = select(_certificate).where(_certificate.c.removed_at.is_(None))
    return fetch(tx, statement.order_by(_certificate.c.caller_id, _certificate.c.added_at))


def by_fingerprint(tx: Transaction, fingerprint: str) -> list[Row]:
    """The certificate of this fingerprint with its caller's row, where it is pinned and the caller is not disabled."""
    return fetch(tx, _BY_FINGERPRINT, {"fingerprint": fingerprint})


def by_serial(tx: Transaction, serial: str, *, most: int) -> list[Row]:
    """The same for a serial number (decimal), which several issuers may have given: the oldest pins, up to `most`."""
    return fetch(tx, _BY_SERIAL, {"serial": serial, "most": most})
