"""AllowedActions says what may be done: each action it lists is done, each that it does not list is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product
from typing import Any
from uuid import uuid4

import pytest

from leadbridge.bian.words import CONTROL_ACTIONS, Action
from leadbridge.caller import Caller
from leadbridge.lead import LifeCycleStatus
from leadbridge.store import leads
from leadbridge.store.database import Database
from tests.support.bian import BETA, DOMAIN, Bian
from tests.support.calls import ACME, DESK, gateway
from tests.support.feed import known
from tests.support.messages_by_hand import create_lead, lead_fields, new_prospect, person

STATES: list[dict[str, Any]] = [
    *({"life_cycle_status_code": status.value} for status in LifeCycleStatus),
    {"priority_code": "1"},
    {"priority_code": "7"},
    {"suspended_at": datetime.now(UTC)},
    {"life_cycle_status_code": "2", "partner_decision_code": "ACCEPT"},
]


@pytest.mark.parametrize("caller", [DESK, ACME, BETA], ids=["sees all", "created it", "has it"])
def test_what_is_listed_is_done_and_all_else_refused(sqlite: Database, caller: Caller) -> None:
    with gateway(sqlite) as calls:
        bian = Bian(calls)
        known(sqlite, ACME, BETA)
        for state, action in product(STATES, Action):
            fields = lead_fields(name=str(uuid4()), prospect=new_prospect(person()), given_to="BETA")
            lead_id = calls.done(create_lead(fields, duplicates="CREATE"), caller=ACME).one("Lead/ID")
            with sqlite.write() as tx:
                leads.update(tx, [{"id": lead_id, **state}])
            lead = f"{DOMAIN}/{lead_id}"
            may = bian.done("GET", f"{lead}/Retrieve", caller=caller)["LeadandOpportunityState"]["AllowedActions"]
            operation = "Control" if action in CONTROL_ACTIONS else "Exchange"
            body = {f"{operation}ActionRequest": action.value}
            reply = bian.send("PUT", f"{lead}/{operation}", body, caller=caller)
            assert (reply.status == 200) == (action.value in may), (state, action, may, reply.body)
