"""Which leads, plans and business partners exist for a caller, as SQL conditions made once per visibility rule.

The conditions hold the parameters `caller_id` and `caller_party_id`; `who` gives their values.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    FromClause,
    Select,
    and_,
    bindparam,
    literal,
    or_,
    select,
    true,
    union_all,
)

from leadbridge.caller import Caller, Visibility
from leadbridge.store import tables
from leadbridge.store.columntypes import text_type

_ME = bindparam("caller_id", type_=text_type())
_MY_PARTY = bindparam("caller_party_id", type_=text_type())


def rule_of(caller: Caller) -> Visibility:
    """The rule that applies: to a caller without a party nothing can be given."""
    if caller.visibility is Visibility.GIVEN and not caller.party_id:
        return Visibility.OWN
    return caller.visibility


def who(caller: Caller) -> dict[str, str]:
    """The values of the parameters that the conditions below may hold."""
    if caller.visibility is Visibility.ALL:
        return {}
    return {"caller_id": caller.id, "caller_party_id": caller.party_id}


@cache
def may_see_lead(rule: Visibility) -> ColumnElement[bool]:
    """Condition on `lead`: the leads the caller created, those it was given, or all."""
    return _lead_of(rule, _ME, _MY_PARTY)


def visible(caller: Caller) -> ColumnElement[bool]:
    """The same for one caller, its values bound: for a statement that is made only once anyway."""
    return _lead_of(rule_of(caller), literal(caller.id), literal(caller.party_id))


def _lead_of(rule: Visibility, me: ColumnElement[str], party: ColumnElement[str]) -> ColumnElement[bool]:
    lead = tables.lead
    match rule:
        case Visibility.ALL:
            return true()
        case Visibility.GIVEN:
            return or_(lead.c.created_by == me, lead.c.sales_partner_party_id == party)
        case Visibility.OWN:
            return lead.c.created_by == me


def _given_by_another(lead: FromClause) -> ColumnElement[bool]:
    """Condition on leads: given to the caller's party, and not by a caller of that party itself."""
    caller = tables.caller
    own = select(caller.c.id).where(caller.c.party_id == _MY_PARTY)
    return and_(lead.c.sales_partner_party_id == _MY_PARTY, lead.c.created_by != _ME, lead.c.created_by.not_in(own))


@cache
def may_read_partner(rule: Visibility) -> ColumnElement[bool]:
    """Condition on `business_partner`: those the caller may read in full.

    Its own, and the prospects and contacts of leads that somebody else gave to it. The prospect of a lead it merely
    created is not enough: the duplicate check may have linked that lead to somebody else's business partner.
    """
    partner, lead, contact = tables.business_partner, tables.lead.alias("given_lead"), tables.lead_contact
    if rule is Visibility.ALL:
        return true()
    created = partner.c.created_by == _ME
    if rule is Visibility.OWN:
        return created
    given = _given_by_another(lead)
    return or_(
        created,
        select(1).where(lead.c.prospect_internal_id == partner.c.internal_id, given).correlate(partner).exists(),
        select(1)
        .select_from(contact.join(lead, contact.c.lead_id == lead.c.id))
        .where(contact.c.internal_id == partner.c.internal_id, given)
        .correlate(partner)
        .exists(),
    )


@cache
def readable_partners(rule: Visibility) -> Select[Any] | CompoundSelect[Any]:
    """The numbers of the business partners that `may_read_partner` lets through, made from the caller's side.

    For a search over all partners: where it may read few, those are looked through. Some may come twice.
    """
    partner, lead, contact = tables.business_partner.alias("own"), tables.lead, tables.lead_contact
    own = select(partner.c.internal_id).where(partner.c.created_by == _ME)
    if rule is not Visibility.GIVEN:
        return own
    given = _given_by_another(lead)
    return union_all(
        own,
        select(lead.c.prospect_internal_id).where(given),
        select(contact.c.internal_id).join(lead, contact.c.lead_id == lead.c.id).where(given),
    )


@cache
def may_see_plan(rule: Visibility) -> ColumnElement[bool]:
    """Condition on `relationship_plan` of a business partner that the caller may read: plans are the bank's own, which
    whoever sees everything sees; anybody else those it made.
    """
    return true() if rule is Visibility.ALL else tables.relationship_plan.c.created_by == _ME


@cache
def may_refer_to_partner(rule: Visibility) -> ColumnElement[bool]:
    """Condition on `business_partner`: those the caller may name in a lead.

    Its own, what those were merged into, and the prospects of leads it may see: it was told their numbers.
    """
    partner, lead, merged = tables.business_partner, tables.lead, tables.business_partner.alias("merged")
    if rule is Visibility.ALL:
        return true()
    seen = select(1).where(lead.c.prospect_internal_id == partner.c.internal_id, may_see_lead(rule))
    own = select(1).where(merged.c.merged_into_internal_id == partner.c.internal_id, merged.c.created_by == _ME)
    return or_(partner.c.created_by == _ME, own.correlate(partner).exists(), seen.correlate(partner).exists())
