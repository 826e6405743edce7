"""What Development's Execute does by itself, and how a lead is evaluated and its offer started.

A message is not sent from here: an event asks the domain Correspondence for it, as another one asks Customer Offer for
an offer, each written with the task in one transaction.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from leadbridge.bian.answers import Refused, wrong
from leadbridge.bian.leads import DOMAIN, changed, whole_lead
from leadbridge.bian.policy import BianPolicy
from leadbridge.bian.translation import change, not_allowed, procedure
from leadbridge.bian.words import (
    CORRESPONDENCE,
    CORRESPONDENCE_CONTENT,
    CORRESPONDENCE_DOMAIN,
    CUSTOMER,
    DOCUMENT,
    EMPLOYEE,
    OFFER,
    OFFER_DOMAIN,
    OFFICIAL_PROCEDURE,
    PRODUCT,
    WORK_PRODUCTS,
    ExecuteAction,
)
from leadbridge.businesspartner import Category
from leadbridge.caller import CORE_CRM
from leadbridge.evaluation import Evaluated, Facts, evaluate, is_confirmed
from leadbridge.lead import LifeCycleStatus
from leadbridge.messages import ContactAllowedCode, LeadLifeCycleStatusCode, RoleCode
from leadbridge.operations import lead_scoring
from leadbridge.operations.businesspartner import created_row
from leadbridge.operations.call import Call, new_uuid
from leadbridge.operations.logitems import LogItemType
from leadbridge.store import bian, businesspartners, journal, leads
from leadbridge.store.database import Transaction
from leadbridge.store.inserts import Row

_OPERATION = f"{DOMAIN}/Development/Execute"
_OFFER = f"{OFFER_DOMAIN}.Initiate"
_CONTACT = {
    ContactAllowedCode.VALUE_1.value: "allowed",
    ContactAllowedCode.VALUE_2.value: "forbidden",
}


@dataclass(frozen=True, slots=True)
class Execution:
    """An action about to be done: the call, the lead and the task as they are."""

    tx: Transaction
    call: Call
    head: Row
    task: Row
    policy: BianPolicy


@dataclass(frozen=True, slots=True)
class Done:
    """What came of it: fields of Development, and what else is answered."""

    fields: Mapping[str, str]
    more: Mapping[str, Any] = field(default_factory=dict)


def check_contact(tx: Transaction, head: Row) -> None:
    """Refuse to contact a prospect that forbids it. Raises Refused."""
    if _contact(_prospect(tx, head)) == "forbidden":
        text = "The prospect forbids contact (ContactAllowedCode 2): no contact is scheduled and no message is sent."
        raise Refused(400, LogItemType.LEAD_CONTACT_FORBIDDEN, text)


def _check_real(head: Row) -> None:
    """Refuse to ask another domain for something about test data. Raises Refused."""
    if head["test_data"]:
        text = "The lead is test data: no message is sent and no offer started."
        raise Refused(400, LogItemType.LEAD_TEST_DATA_MIXED, text)


def _prospect(tx: Transaction, head: Row) -> Row:
    (prospect,) = businesspartners.resolve(tx, CORE_CRM, internal_ids={head["prospect_internal_id"]})
    return prospect


def _contact(prospect: Row) -> str:
    return _CONTACT.get(prospect["contact_allowed_code"], "unknown")


# --------------------------------------------------------------------------------------------------------- the actions


def _send_message(act: Execution) -> Done:
    _check_real(act.head)
    name = act.call.message.development.get(DOCUMENT)
    template = act.policy.templates.get(name or "")
    if template is None:
        known = ", ".join(sorted(act.policy.templates)) or "none"
        raise wrong(DOCUMENT, f"Expected the name of a message template: {known}.", "NotInList")
    check_contact(act.tx, act.head)
    shown = procedure(*whole_lead(act.tx, act.head["id"]))
    subject, text = template.filled(
        {
            "lead": act.head["name"],
            "lead_id": act.head["id"],
            "product": shown.get(PRODUCT, ""),
            "owner": shown.get(EMPLOYEE, ""),
        }
    )
    event_id = ask_domain(
        act,
        CORRESPONDENCE_DOMAIN,
        {CUSTOMER: shown[CUSTOMER], "Template": name, "Subject": subject, CORRESPONDENCE_CONTENT: text},
    )
    return Done({CORRESPONDENCE: event_id, CORRESPONDENCE_CONTENT: text})


def _recompute_score(act: Execution) -> Done:
    questionnaire = act.policy.leads.questionnaire
    answers = leads.parts(act.tx, [act.head["id"]], answers=True)[act.head["id"]].answers
    if questionnaire is None or not answers:
        raise Refused(400, "NothingToScore", "The lead has no answers to a questionnaire, or the site has none.")
    columns = lead_scoring.recomputed(act.head, answers, questionnaire)
    differing = {name: value for name, value in columns.items() if act.head[name] != value}
    if differing:
        kept = {"change_number": act.head["change_number"] + 1, "changed_at": act.call.received_at}
        leads.update(act.tx, [{"id": act.head["id"], **differing, **kept}])
        row = created_row(act.call, _OPERATION, act.head["id"])
        elements = " ".join(sorted(differing))
        journal.append(act.tx, [{**row, "object_type": "lead", "event": "changed", "changed_elements": elements}])
    said = (
        f"Score {columns['qualification_score']} by questionnaire {columns['questionnaire_id']} gives level "
        f"{columns['computed_qualification_level_code']}."
    )
    return Done({WORK_PRODUCTS: said})


def _forward(act: Execution) -> Done:
    if act.head["life_cycle_status_code"] not in (LifeCycleStatus.OPEN, LifeCycleStatus.IN_PROCESS):
        raise not_allowed(act.head, ExecuteAction.FORWARD.value, ["forward in 1 open and 2 in process"])
    wish = change(act.head, life_cycle_status_code=LeadLifeCycleStatusCode.VALUE_3)
    changed(act.tx, act.call, wish, act.policy.leads, operation="Development/Execute")
    told = "it is test data, of which the core CRM is never told" if act.head["test_data"] else "the core CRM is told"
    return Done({WORK_PRODUCTS: f"The lead is qualified; {told}."})


def _evaluate(act: Execution) -> Done:
    return _told(evaluated(act.tx, act.head, act.policy))


def _start_offer(act: Execution) -> Done:
    """Verify the opportunity, and ask Customer Offer for an offer with what it needs; where it was asked before, the
    answer is that offer."""
    _check_real(act.head)
    if act.head["life_cycle_status_code"] not in (LifeCycleStatus.QUALIFIED, LifeCycleStatus.ACCEPTED):
        raise not_allowed(act.head, ExecuteAction.START_OFFER.value, ["start offer in 3 qualified and 4 accepted"])
    answers = evaluated(act.tx, act.head, act.policy)
    done = _told(answers)
    started = _offer_of(act.tx, act.head["id"])
    if started is not None:
        return Done({**done.fields, OFFER: started}, done.more)
    if not is_confirmed(answers):
        because = " ".join(f"{one.question.value} {one.verdict.value}: {one.reason}" for one in answers)
        raise Refused(400, "NotConfirmed", f"The opportunity is not confirmed. {because}")
    head = act.head
    amount = head["expected_revenue_amount"]
    items = leads.parts(act.tx, [head["id"]], items=True)[head["id"]].items
    shown = procedure(*whole_lead(act.tx, head["id"]))
    event_id = ask_domain(
        act,
        OFFER_DOMAIN,
        {
            # Fields of a caller's own stay with the lead: they might have the names of ours.
            **{name: shown[name] for name in OFFICIAL_PROCEDURE if name in shown},
            "Products": [row["product_id"] for row in items],
            **({"ExpectedRevenueAmount": f"{amount:f}"} if amount is not None else {}),
            **({"ExpectedRevenueCurrencyCode": head["expected_revenue_currency_code"]} if amount is not None else {}),
            **({"CoreLeadID": head["core_lead_id"]} if head["core_lead_id"] else {}),
            **({"CoreOpportunityID": head["core_opportunity_id"]} if head["core_opportunity_id"] else {}),
            "Evaluation": _as_json(answers),
        },
    )
    return Done({**done.fields, OFFER: event_id}, done.more)


def _offer_of(tx: Transaction, lead_id: str) -> str | None:
    """The event that asked for the lead's offer, if one did since the lead was declined last: that ended its offer.

    What was last says the journal: what came in first may be written last.
    """
    (moves,) = journal.moves(tx, "lead", [lead_id]).values()
    declined = max((row["id"] for row in moves if row["new_status"] == LifeCycleStatus.DECLINED.value), default=0)
    for row in bian.asked(tx, lead_id):
        if row["type"] == _OFFER:
            (entry,) = journal.of(tx, bian.EVENT, f"{lead_id}/{row['id']}")
            if entry["id"] > declined:
                return str(row["id"])
    return None


EXECUTIONS: Mapping[ExecuteAction, Callable[[Execution], Done]] = {
    ExecuteAction.SEND_MESSAGE: _send_message,
    ExecuteAction.RECOMPUTE_SCORE: _recompute_score,
    ExecuteAction.FORWARD: _forward,
    ExecuteAction.EVALUATE: _evaluate,
    ExecuteAction.START_OFFER: _start_offer,
}

# ---------------------------------------------------------------------------------------------------------- evaluation


def evaluated(tx: Transaction, head: Row, policy: BianPolicy) -> list[Evaluated]:
    """What the site's rules say of a lead: interest, suitability, eligibility."""
    prospect = _prospect(tx, head)
    (partner,) = businesspartners.load(tx, CORE_CRM, {prospect["internal_id"]})
    items = leads.parts(tx, [head["id"]], items=True)[head["id"]].items
    facts = Facts(
        level=head["qualification_level_code"],
        status=head["life_cycle_status_code"],
        score=head["qualification_score"],
        products=frozenset(row["product_id"] for row in items),
        customer="existing" if RoleCode.CUSTOMER.value in prospect["role_codes"].split() else "new",
        category="organisation" if prospect["category_code"] == Category.ORGANISATION else "person",
        contact=_contact(prospect),
        countries=frozenset(one["country_code"] for one in partner["addresses"]),
        amount=head["expected_revenue_amount"],
        currency=head["expected_revenue_currency_code"],
    )
    return evaluate(policy.evaluation, facts)


def _as_json(answers: list[Evaluated]) -> list[dict[str, str]]:
    return [
        {
            "Question": one.question.value,
            "Verdict": one.verdict.value,
            **({"Rule": one.rule} if one.rule else {}),
            "Reason": one.reason,
        }
        for one in answers
    ]


def _told(answers: list[Evaluated]) -> Done:
    words = "; ".join(f"{one.question.value} {one.verdict.value}" for one in answers)
    return Done({WORK_PRODUCTS: f"Evaluated: {words}."}, {"Evaluation": _as_json(answers)})


# --------------------------------------------------------------------------------------------------------------- events


def ask_domain(act: Execution, domain: str, data: Mapping[str, Any]) -> str:
    """Write the event that asks another service domain for something; its ID."""
    event_id, lead_id = new_uuid(), act.head["id"]
    said = {**data, "LeadID": lead_id, "DevelopmentID": str(act.task["number"])}
    bian.add_events(
        act.tx,
        [
            {
                "id": event_id,
                "lead_id": lead_id,
                "type": f"{domain}.Initiate",
                "data": json.dumps(said, ensure_ascii=False),
                "recorded_at": act.call.received_at,
            }
        ],
    )
    row = created_row(act.call, _OPERATION, f"{lead_id}/{event_id}")
    journal.append(act.tx, [{**row, "object_type": bian.EVENT, "event": "created"}])
    return event_id
