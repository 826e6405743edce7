"""Every operation of the service domain by its name, as the dispatcher runs them beside those of SOAP."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from leadbridge.bian.relationship import history, initiating, plans, records
from leadbridge.bian.relationship.words import (
    CONTROL,
    CONTROLS,
    DOMAIN,
    EXCHANGE,
    EXCHANGES,
    GRANT,
    GRANTS,
    PLAN,
    Qualifier,
)
from leadbridge.caller import OperationGroup
from leadbridge.operations.call import Answer, Call, Policy
from leadbridge.operations.table import UseCase
from leadbridge.store.database import Transaction
from leadbridge.store.horizon import Horizon

_Act = Callable[[Transaction, Sequence[Call], Any], list[Answer | Exception]]

_DEVELOPMENT, _INCIDENT, _CONTACT = Qualifier.DEVELOPMENT, Qualifier.INCIDENT, Qualifier.CONTACT

_TABLE: tuple[tuple[str, bool, _Act], ...] = (
    ("Create", True, plans.create),
    ("Update", True, plans.update),
    ("Control", True, partial(plans.move, operation="Control", field=CONTROL, actions=CONTROLS[PLAN])),
    ("Exchange", True, partial(plans.move, operation="Exchange", field=EXCHANGE, actions=EXCHANGES[PLAN])),
    ("Request", True, plans.request),
    ("Grant", True, partial(plans.move, operation="Grant", field=GRANT, actions=GRANTS)),
    ("Retrieve", False, plans.retrieve),
    ("CreateDevelopment", True, partial(records.create, qualifier=_DEVELOPMENT)),
    ("UpdateDevelopment", True, partial(records.update, qualifier=_DEVELOPMENT)),
    ("ExchangeDevelopment", True, partial(records.exchange, qualifier=_DEVELOPMENT)),
    ("RequestDevelopment", True, initiating.request),
    ("RetrieveDevelopment", False, partial(records.retrieve, qualifier=_DEVELOPMENT)),
    ("CreateIncident", True, partial(records.create, qualifier=_INCIDENT)),
    ("UpdateIncident", True, partial(records.update, qualifier=_INCIDENT)),
    ("ControlIncident", True, records.control_incident),
    ("ExchangeIncident", True, partial(records.exchange, qualifier=_INCIDENT)),
    ("CaptureIncident", True, records.capture_incident),
    ("RetrieveIncident", False, partial(records.retrieve, qualifier=_INCIDENT)),
    ("CreateContact", True, partial(records.create, qualifier=_CONTACT)),
    ("UpdateContact", True, partial(records.update, qualifier=_CONTACT)),
    ("RequestContact", True, records.request_contact),
    ("RetrieveContact", False, partial(records.retrieve, qualifier=_CONTACT)),
    ("Activity", False, history.activity),
)


def relationship_use_cases(policy: Policy, horizon: Horizon) -> Mapping[str, UseCase]:
    """The use cases under one site's policy; of the journal they read what is complete by this horizon."""
    table = [*((*row, policy) for row in _TABLE), ("History", False, history.history, horizon)]
    return {
        name: UseCase(name=name, group=OperationGroup.LEAD, writes=writes, act=partial(_with, act, decided))
        for name, writes, act, decided in ((f"{DOMAIN}/{row[0]}", *row[1:]) for row in table)
    }


def _with(act: _Act, policy: object, tx: Transaction, calls: Sequence[Call]) -> list[Answer | Exception]:
    return act(tx, calls, policy)
