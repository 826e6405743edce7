"""What triggered a lead, and what it triggered: read from what is stored of it, in one place.

BIAN names for each service domain those that it is triggered by and those that it triggers, but has no operation that
lists them for a record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from leadbridge.bian.answers import BianAnswer, address, head_of, read_each
from leadbridge.bian.translation import kept_fields
from leadbridge.bian.words import (
    CAMPAIGN_DOMAIN,
    DEVELOPMENT,
    DOMAIN,
    EMPLOYEE,
    TRIGGERED_BY,
    TRIGGERED_BY_REFERENCE,
    TRIGGERS,
)
from leadbridge.operations.call import Answer, Call, Policy, zoned
from leadbridge.store import bian, outbox
from leadbridge.store.database import Transaction
from leadbridge.store.inserts import Row

_DOMAINS = {code: domain for domain, code in TRIGGERS.items()}
_CORE_CRM = "CoreCRM"


def triggers(tx: Transaction, calls: Sequence[Call], _policy: Policy) -> list[Answer | Exception]:
    """Both lists for the lead that each call's query names."""

    def do(call: Call) -> BianAnswer:
        asked = replace(call, message=replace(call.message, lead_id=call.message.more["lead"]))
        head = head_of(tx, asked, "lead")
        core = {"CoreLeadID": head["core_lead_id"], "CoreOpportunityID": head["core_opportunity_id"]}
        said = {
            "LeadID": head["id"],
            "TriggeredBy": triggered_by(head),
            "Triggers": [shown for _, shown in sorted(_triggered(tx, head["id"]), key=lambda one: one[0])],
        }
        return BianAnswer(said | _filled(core))

    return read_each(calls, do)


def triggered_by(head: Row) -> dict[str, str]:
    """Where a lead comes from: its OriginTypeCode, the service domain, the record there or in the sender's system.

    The domain is that of the code and, where a site has codes of its own, the one that was named at first.
    """
    kept, code = kept_fields(head), head["origin_type_code"]
    domain = _DOMAINS.get(code) or kept.get(TRIGGERED_BY)
    reference = kept.get(TRIGGERED_BY_REFERENCE)
    if reference is None and domain == CAMPAIGN_DOMAIN:
        reference = head["campaign_id"]
    source = f"{head['communication_system_id']}/{head['remote_object_id']}" if head["remote_object_id"] else None
    return _filled(
        {
            "OriginTypeCode": code,
            "ServiceDomain": domain,
            "Reference": reference,
            "ExternalKey": source,
            "CreationPartyID": head["created_by"],
        }
    )


def _triggered(tx: Transaction, lead_id: str) -> list[tuple[Any, dict[str, str]]]:
    """What a lead has triggered, each with when."""
    found: list[tuple[Any, dict[str, str]]] = []

    def add(row: Row, moment: str, **shown: str | None) -> None:
        found.append((row[moment], _filled({**shown, "DateTime": zoned(row[moment])})))

    for row in bian.tasks(tx, lead_id):
        action = "Request" if row["kind"] == "contact" else "Initiate"
        add(
            row,
            "created_at",
            ServiceDomain=DOMAIN,
            Action=f"{DEVELOPMENT}/{action}",
            Reference=address(f"/{DOMAIN}/{lead_id}/{DEVELOPMENT}/{row['number']}"),
            State=row["state"],
            **{EMPLOYEE: row["assignee"]},
        )
    for row in bian.asked(tx, lead_id):
        domain, _, action = row["type"].partition(".")
        add(row, "recorded_at", ServiceDomain=domain, Action=action, Reference=row["id"])
    for row in outbox.of_lane(tx, lead_id):
        add(
            row,
            "created_at",
            System=_CORE_CRM,
            Action=row["operation"],
            Reference=f"message-{row['id']}",
            State=row["state"],
            Outcome=row["outcome"],
        )
    return found


def _filled(shown: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in shown.items() if value}
