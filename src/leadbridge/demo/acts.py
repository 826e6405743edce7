"""What several stories tell alike: a lead read and changed, qualified by a partner, accepted by the core CRM."""

from typing import Any

from leadbridge.demo.stage import MARKETING, Stage, header
from leadbridge.store.inserts import Row
from leadbridge.store.outbox import MessageState

_EQUAL = "1"


def person(given_name: str, family_name: str, email: str, phone: str) -> dict[str, Any]:
    """A person as a business partner in a message."""
    return {
        "CategoryCode": "1",
        "RoleCode": ["PROSPECT"],
        "Person": {"GivenName": given_name, "FamilyName": family_name},
        "Address": [{"CountryCode": "DE", "CityName": "Berlin"}],
        "Communication": {"EmailURI": [email], "PhoneNumber": [phone]},
    }


def including(value: str) -> dict[str, str]:
    """A selection of one value."""
    return {"InclusionExclusionCode": "I", "IntervalBoundaryTypeCode": _EQUAL, "LowerBoundary": value}


def read(stage: Stage, caller: str, lead_id: str) -> Any:
    """Read one lead."""
    answer = stage.leads.call(
        caller, "ReadLead", quietly=True, BasicMessageHeader=header(), LeadSelectionByID=[{"ID": lead_id}]
    )
    stage.leads.show_last_answer(caller)
    (lead,) = answer.Lead
    return lead


def change(
    stage: Stage,
    caller: str,
    *,
    status: str,
    decision: str | None = None,
    quietly: bool = False,
    successful: bool = True,
    **lead: Any,
) -> Any:
    """Change one lead; verify that it was done, where it must be."""
    content: dict[str, Any] = {"BasicMessageHeader": header(), "Lead": {**lead, "LifeCycleStatusCode": status}}
    if decision is not None:
        content["PartnerDecisionCode"] = decision
    answer = stage.leads.call(caller, "ChangeLead", quietly=quietly, **content)
    return stage.accept(answer) if successful else answer


def states(stage: Stage, lead_id: str) -> list[str]:
    """The states of the messages about a lead, in order."""
    return [row["state"] for row in stage.messages_of(lead_id)]


def qualify(
    stage: Stage, partner: str, lead_id: str, *, prospect: str, decision: str | None = None, **elements: Any
) -> None:
    """A partner follows up with the prospect, and sends the lead back: qualified, with what it has learned."""
    stage.teller.say(f"{partner.upper()} calls {prospect} and sends the lead back: qualified, with a note.")
    lead = read(stage, partner, lead_id)
    change(
        stage,
        partner,
        LeadIdentification={"ID": lead_id},
        ChangeStateID=lead.ChangeStateID,
        status="3",
        decision=decision,
        QualificationLevelCode="03",
        Note=[{"_value_1": "Wants to start in May.", "languageCode": "en", "actionCode": "01"}],
        **elements,
    )


def accepted(stage: Stage, lead_id: str) -> tuple[Row, Any]:
    """A qualified lead is forwarded, and the core CRM has it, once; its record, and the lead as marketing reads it."""
    teller = stage.teller
    teller.say("A qualified lead is forwarded to the core CRM, which accepts it.")
    row = stage.forwarded(lead_id)
    stage.show_messages(lead_id)
    stage.show_records(row["uuid"])
    (record,) = stage.records_of(row["uuid"])
    teller.verify("one message, delivered", found=states(stage, lead_id), expected=[MessageState.DELIVERED])
    lead = read(stage, MARKETING, lead_id)
    teller.verify("marketing finds it in status 4, accepted", found=lead.LifeCycleStatusCode, expected="4")
    named = lead.CoreLeadID or lead.CoreOpportunityID
    teller.verify("it names the record over there", found=named, expected=record["record_id"])
    return record, lead
