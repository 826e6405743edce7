"""Plans for customers, as a client of BIAN's Customer Relationship Management makes and moves them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leadbridge.caller import Caller
from tests.support.bian import RELATIONSHIP, Bian
from tests.support.calls import DESK
from tests.support.messages_by_hand import create_business_partner, person

PLAN_STATE = "CustomerRelationshipManagementState"


def customer(bian: Bian, *, caller: Caller = DESK, **more: Any) -> str:
    """The InternalID of a new customer."""
    message = create_business_partner(person(**more))
    return bian.calls.done(message, caller=caller).one("BusinessPartner/InternalID")


def party(reference: str, name: str | None = None) -> dict[str, Any]:
    """An involved party, by its identifier."""
    identified = {"PartyIdentification": {"IdentifierValue": {"Value": reference}}}
    named = {"PartyName": {"Name": name}} if name is not None else {}
    return {"PartyReference": {**named, "PartyIdentification": identified}}


def create(bian: Bian, path: str, fields: Mapping[str, object] | None = None, **options: Any) -> str:
    """Make a plan, or a record of one; its address, without the action."""
    reply = bian.send("POST", f"{path}/Create", fields or {}, **options)
    assert reply.status == 200, reply.body
    location = reply.headers["location"]
    assert location.startswith(f"{path}/")
    assert location.endswith("/Retrieve")
    return location.removesuffix("/Retrieve")


def plan_for(bian: Bian, reference: str, **fields: Any) -> str:
    """The address of a new plan for a customer."""
    return create(bian, RELATIONSHIP, {"CustomerReference": party(reference), **fields})


def exchanged(bian: Bian, path: str, action: str, **options: Any) -> dict[str, Any]:
    """The answer to an Exchange."""
    return bian.done("PUT", f"{path}/Exchange", {"ExchangeActionRequest": action}, **options)


def controlled(bian: Bian, path: str, action: str, **options: Any) -> dict[str, Any]:
    """The answer to a Control."""
    return bian.done("PUT", f"{path}/Control", {"ControlActionRequest": action}, **options)


def granted(bian: Bian, path: str, action: str, **options: Any) -> dict[str, Any]:
    """The answer to a Grant."""
    return bian.done("PUT", f"{path}/Grant", {"GrantActionRequest": action}, **options)


def authorized(bian: Bian, reference: str, **fields: Any) -> str:
    """The address of a new plan whose development tasks may initiate leads."""
    plan = plan_for(bian, reference, **fields)
    exchanged(bian, plan, "accept")
    granted(bian, plan, "authorize")
    return plan


def state_of(bian: Bian, path: str) -> dict[str, Any]:
    """Where a plan stands, or a record of one."""
    said = bian.done("GET", f"{path}/Retrieve")
    state: dict[str, Any]
    (state,) = (value for name, value in said.items() if name.endswith("State"))
    return state
