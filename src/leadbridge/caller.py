"""Who is calling, and what that principal may do and see.

A *caller* is an authenticated principal: an external partner's system, a call centre, the core CRM. It is
never one of the business partners, which are the people and companies in the data.

A caller has roles, which open groups of operations, and one visibility rule, which narrows the leads that
exist for it. Source: the design's decision "Authorisation".
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a caller is for. A caller may have several."""

    PARTNER = "partner"  # an external partner that sends leads and is given leads
    CALLCENTRE = "callcentre"  # agents who take and qualify leads for everybody
    SALES = "sales"  # relationship managers: leads and the core CRM's records
    CRM = "crm"  # the core CRM's own channels
    OPERATOR = "operator"  # watches and repairs the forwarding; sees no leads
    ADMIN = "admin"  # everything


class Visibility(StrEnum):
    """Which leads exist for a caller. What it may not see is answered as if it did not exist."""

    OWN = "own"  # the leads it created
    GIVEN = "given"  # those, and the leads whose SalesPartnerParty is the caller's party
    ALL = "all"


class OperationGroup(StrEnum):
    """Operations that are granted together; one group per published service."""

    LEAD = "lead"
    BUSINESS_PARTNER = "business_partner"
    CRM = "crm"


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated principal as the use cases see it.

    ``party_id`` is the PartyID by which leads are given to this caller (``SalesPartnerParty``); an empty one
    is given nothing. No secret is kept here: checking a password is over before a Caller exists.
    """

    id: str
    name: str
    roles: frozenset[Role]
    visibility: Visibility
    party_id: str


_GRANTED: Mapping[OperationGroup, frozenset[Role]] = {
    OperationGroup.LEAD: frozenset({Role.PARTNER, Role.CALLCENTRE, Role.SALES, Role.ADMIN}),
    OperationGroup.BUSINESS_PARTNER: frozenset({Role.PARTNER, Role.CALLCENTRE, Role.SALES, Role.ADMIN}),
    OperationGroup.CRM: frozenset({Role.SALES, Role.CRM, Role.ADMIN}),
}


def may_call(caller: Caller, group: OperationGroup) -> bool:
    """Whether one of the caller's roles opens this group of operations."""
    return not caller.roles.isdisjoint(_GRANTED[group])


def roles_for(group: OperationGroup) -> list[Role]:
    """The roles that open this group of operations."""
    return [role for role in Role if role in _GRANTED[group]]


def sees_lead(caller: Caller, *, created_by: str, given_to: str | None) -> bool:
    """Whether a lead exists for a caller: by its creator's ID and the PartyID of the partner that has it.

    The store says the same in SQL (`store/visibility.py`), of the leads that it has.
    """
    if caller.visibility is Visibility.ALL or caller.id == created_by:
        return True
    return caller.visibility is Visibility.GIVEN and bool(given_to) and given_to == caller.party_id


def default_visibility(roles: Collection[Role]) -> Visibility:
    """The visibility of a caller for whom none was chosen.

    Somebody who is nothing but an external partner sees its own leads and those given to it; every other role
    works on all leads. No role at all sees no more than a partner.
    """
    return Visibility.GIVEN if set(roles) <= {Role.PARTNER} else Visibility.ALL


# Acts for the house where no caller does: forwarding, and what follows from the core CRM's answers.
CORE_CRM = Caller(id="core-crm", name="Core CRM", roles=frozenset({Role.CRM}), visibility=Visibility.ALL, party_id="")

# What the processes of one `serve` call each other as: the relay calls the built-in core CRM over HTTP.
INTERNAL_CALLER = Caller(
    id="relay",
    name="leadbridge's own relay",
    roles=frozenset({Role.CRM}),
    visibility=Visibility.ALL,
    party_id="",
)
