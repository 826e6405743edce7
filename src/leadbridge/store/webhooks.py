"""Webhooks: each is a cursor on the journal, pushed by one process at a time.

A webhook is `active`: whoever claims it tells its receiver what lies behind its position, and moves the position after
the receiver has confirmed; when the lease runs out anybody may claim it again, and tells the same again. Or it is
`parked` until an operator resumes it, and then goes on where it stood. Nothing is written for it with a lead.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Integer, and_, bindparam, delete, exists, func, or_, select, update

from leadbridge.store import tables
from leadbridge.store.columntypes import UtcDateTime
from leadbridge.store.database import Transaction
from leadbridge.store.inserts import Row
from leadbridge.store.statements import fetch, insert_many

_webhook = tables.webhook
_secret = tables.webhook_secret


class WebhookState(StrEnum):
    """Whether events are pushed."""

    ACTIVE = "active"  # events are pushed as they come, or after a wait where the last attempt failed
    PARKED = "parked"  # nothing is pushed until an operator resumes it


# ------------------------------------------------------------------------------------------------- claim, settle

_NOW = bindparam("now", type_=UtcDateTime())
_DUE = and_(
    _webhook.c.state == WebhookState.ACTIVE.value,
    _webhook.c.due_at <= _NOW,
    or_(_webhook.c.lease_until.is_(None), _webhook.c.lease_until <= _NOW),
    _webhook.c.position < select(func.coalesce(func.max(tables.journal.c.id), 0)).scalar_subquery(),
)
_ANY_DUE = select(exists(select(1).select_from(_webhook).where(_DUE)))
# A table of its own: as a part of the condition PostgreSQL may run it for each row, and then takes more than the limit.
_FIRST_DUE = (
    select(_webhook.c.id)
    .where(_DUE)
    .order_by(func.coalesce(_webhook.c.tried_at, _webhook.c.added_at), _webhook.c.id)
    .limit(bindparam("limit", type_=Integer()))
    .with_for_update(skip_locked=True)
    .cte("first_due")
)
_CLAIM = (
    update(_webhook)
    .where(_webhook.c.id.in_(select(_FIRST_DUE.c.id)))
    .values(claimed_by=bindparam("worker"), lease_until=bindparam("lease_until_new", type_=UtcDateTime()))
    .returning(_webhook)
)


def any_due(tx: Transaction, now: datetime) -> bool:
    """Whether there is a webhook to claim: to be asked before, because claiming writes."""
    return bool(tx.connection.execute(_ANY_DUE, {"now": now}).scalar_one())


def claim(tx: Transaction, *, worker: str, now: datetime, lease: timedelta, limit: int) -> list[Row]:
    """Take up to `limit` webhooks that have something to tell, until `now + lease`, first those that were tried longest
    ago. `worker` must be unique among everything that claims. Commit before pushing.
    """
    return fetch(tx, _CLAIM, {"worker": worker, "now": now, "lease_until_new": now + lease, "limit": limit})


def advance(tx: Transaction, claimed: Row, *, now: datetime) -> bool:
    """Write the position of a claimed webhook after its receiver has confirmed, and how long it is held from now on.
    False where the claim was lost: then nothing is moved.
    """
    return _write(
        tx,
        claimed,
        position=claimed["position"],
        lease_until=claimed["lease_until"],
        attempts=0,
        outcome="delivered",
        outcome_code=None,
        tried_at=now,
        delivered_at=now,
    )


def settle(
    tx: Transaction,
    claimed: Row,
    *,
    state: WebhookState,
    attempts: int,
    due_at: datetime,
    outcome: str,
    code: str | None,
    now: datetime,
) -> bool:
    """Write what came of an attempt that failed, and the position before it, and end the claim.

    False where it was lost.
    """
    return _write(
        tx,
        claimed,
        position=claimed["position"],
        state=state.value,
        attempts=attempts,
        due_at=due_at,
        outcome=outcome,
        outcome_code=code,
        tried_at=now,
        claimed_by=None,
        lease_until=None,
    )


def release(tx: Transaction, claimed: Row, *, now: datetime) -> bool:
    """Write the position and end a claim; what is left to tell is due at once, behind whoever waits already, also where
    there was nothing to tell. False where it was lost.
    """
    return _write(tx, claimed, position=claimed["position"], tried_at=now, claimed_by=None, lease_until=None)


def _write(tx: Transaction, claimed: Row, **columns: object) -> bool:
    mine = and_(_webhook.c.id == claimed["id"], _webhook.c.claimed_by == claimed["claimed_by"])
    return tx.connection.execute(update(_webhook).where(mine).values(**columns)).rowcount == 1


# --------------------------------------------------------------------------------------------------- the operator


def add(tx: Transaction, row: Row) -> None:
    """Store a new webhook."""
    insert_many(tx, (_webhook, [row]))


def one(tx: Transaction, webhook_id: str) -> Row | None:
    """A webhook, or None."""
    found = fetch(tx, select(_webhook).where(_webhook.c.id == webhook_id))
    return found[0] if found else None


def listed(tx: Transaction) -> list[Row]:
    """Every webhook, by caller, the oldest first."""
    return fetch(tx, select(_webhook).order_by(_webhook.c.caller_id, _webhook.c.added_at, _webhook.c.id))


def remove(tx: Transaction, webhook_id: str) -> bool:
    """Forget a webhook and its secrets; whoever is pushing it moves nothing any more. False when there was none."""
    tx.connection.execute(delete(_secret).where(_secret.c.webhook_id == webhook_id))
    return tx.connection.execute(delete(_webhook).where(_webhook.c.id == webhook_id)).rowcount == 1


def resume(tx: Transaction, webhook_id: str, now: datetime) -> bool:
    """Let a parked webhook, or one that waits after a failure, go on now, attempts counted from zero. False in any
    other state.
    """
    stands = or_(_webhook.c.state == WebhookState.PARKED.value, _webhook.c.attempts > 0)
    statement = update(_webhook).where(_webhook.c.id == webhook_id, stands)
    values = {"state": WebhookState.ACTIVE.value, "attempts": 0, "due_at": now}
    return tx.connection.execute(statement.values(**values)).rowcount == 1


# ------------------------------------------------------------------------------------------------------ secrets


def put_secret(tx: Transaction, row: Row, *, others_end_at: datetime) -> None:
    """Add a secret of a webhook; those before it end then, where they have not yet."""
    before = and_(_secret.c.webhook_id == row["webhook_id"], _secret.c.ends_at.is_(None))
    tx.connection.execute(update(_secret).where(before).values(ends_at=others_end_at))
    over = and_(_secret.c.webhook_id == row["webhook_id"], _secret.c.ends_at <= row["set_at"])
    tx.connection.execute(delete(_secret).where(over))
    insert_many(tx, (_secret, [row]))


def sealed_secrets(tx: Transaction, webhook_id: str, now: datetime) -> list[bytes]:
    """The secrets of a webhook that are in use, the newest first."""
    in_use = or_(_secret.c.ends_at.is_(None), _secret.c.ends_at > now)
    statement = select(_secret.c.sealed).where(_secret.c.webhook_id == webhook_id, in_use)
    newest_first = statement.order_by(_secret.c.set_at.desc(), _secret.c.id)
    return [bytes(one) for one in tx.connection.execute(newest_first).scalars()]
