"""Every operation of the service domains by its name, as the dispatcher runs them beside those of SOAP."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from leadbridge.bian import desk, development, events, leads, triggers
from leadbridge.bian.leads import DOMAIN
from leadbridge.bian.policy import BianPolicy
from leadbridge.bian.relationship.table import relationship_use_cases
from leadbridge.caller import OperationGroup
from leadbridge.operations.call import Answer, Call
from leadbridge.operations.table import UseCase
from leadbridge.store.database import Transaction
from leadbridge.store.horizon import Horizon

_Act = Callable[[Transaction, Sequence[Call], Any], list[Answer | Exception]]


def bian_use_cases(policy: BianPolicy) -> Mapping[str, UseCase]:
    """The use cases under one site's policy."""
    site, horizon = policy.leads, Horizon()
    table: tuple[tuple[str, bool, _Act, object], ...] = (
        ("Initiate", True, leads.initiate, site),
        ("Update", True, leads.update, site),
        ("Retrieve", False, leads.retrieve, site),
        ("Control", True, leads.control, site),
        ("Exchange", True, leads.exchange, site),
        ("InitiateDevelopment", True, development.initiate, site),
        ("UpdateDevelopment", True, development.update, site),
        ("ExecuteDevelopment", True, development.execute, policy),
        ("RequestDevelopment", True, development.request, site),
        ("RetrieveDevelopment", False, development.retrieve, site),
        ("Events", False, events.read_events, horizon),
        ("Contacts", False, desk.contacts, site),
        ("Triggers", False, triggers.triggers, site),
    )
    ours = {
        name: UseCase(name=name, group=OperationGroup.LEAD, writes=writes, act=partial(_with, act, decided))
        for name, writes, act, decided in ((f"{DOMAIN}/{row[0]}", *row[1:]) for row in table)
    }
    return {**ours, **relationship_use_cases(site, horizon)}


def _with(act: _Act, policy: object, tx: Transaction, calls: Sequence[Call]) -> list[Answer | Exception]:
    return act(tx, calls, policy)
