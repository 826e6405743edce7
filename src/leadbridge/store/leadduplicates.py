"""The leads that a new one may be the same as: those about the same business partner."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, func, select

from leadbridge.caller import Caller, Visibility
from leadbridge.store import tables
from leadbridge.store.database import Transaction
from leadbridge.store.inserts import Row
from leadbridge.store.membership import one_of
from leadbridge.store.visibility import may_see_lead, rule_of, who

_lead = tables.lead
_item = tables.lead_item
# Of a business partner with more leads only the newest are looked at.
_MOST = 200


def of_prospects(tx: Transaction, caller: Caller, prospect_ids: Collection[str]) -> tuple[Sequence[Row], Sequence[Row]]:
    """The newest leads of these prospects, oldest first, and the products of their items.

    `visible` says whether the caller may see a lead. Products are rows {lead_id, product_id}. Both are fetched when
    they are looked at.
    """
    parameters = {**who(caller), "prospect_ids": prospect_ids, "most": _MOST}
    leads = tx.ask(_newest(rule_of(caller)), parameters)
    return leads, tx.ask(_PRODUCTS, {"prospect_ids": prospect_ids})


@cache
def _newest(rule: Visibility) -> Select[Any]:
    place = func.row_number().over(partition_by=_lead.c.prospect_internal_id, order_by=_lead.c.id.desc())
    ranked = (
        select(_lead, may_see_lead(rule).label("visible"), place.label("place"))
        .where(one_of(_lead.c.prospect_internal_id, "prospect_ids"))
        .subquery()
    )
    return select(ranked).where(ranked.c.place <= bindparam("most")).order_by(ranked.c.id)


_PRODUCTS = (
    select(_item.c.lead_id, _item.c.product_id)
    .join(_lead, _lead.c.id == _item.c.lead_id)
    .where(one_of(_lead.c.prospect_internal_id, "prospect_ids"))
)
