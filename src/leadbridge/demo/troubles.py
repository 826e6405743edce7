"""What goes wrong in real life: a message that breaks the contract, a lost answer, a core CRM that is down."""

import time
from typing import Any

from lxml import etree

from leadbridge.contract.files import NAMESPACES
from leadbridge.contract.parsing import parse
from leadbridge.demo.acts import person
from leadbridge.demo.stage import CALLCENTRE, WEBSITE, Stage, header, until
from leadbridge.messages import FaultTypeId
from leadbridge.store.outbox import MessageState

_DOWN_SECONDS = 2.0


def refused(stage: Stage) -> None:
    """A message with five violations gets all five at once, and leaves nothing behind."""
    teller = stage.teller
    teller.say("A message breaks the contract in five places.")
    before = stage.counts()
    wrong = {"Name": "Overlong " * 10, "LifeCycleStatusCode": "9", "StartDate": "tomorrow"}
    prospect = person("Dora", "Falsch", "dora.falsch@example.com", "+49 221 998877")
    prospect["Address"][0]["CountryCode"] = "Germany"
    stage.leads.refused(
        WEBSITE,
        "CreateLead",
        BasicMessageHeader=header(),
        Lead={
            **wrong,
            "ProspectParty": {"NewBusinessPartner": prospect},
            "ExpectedRevenueAmount": {"_value_1": 1000, "currencyCode": "Euro"},
        },
    )
    answer = stage.leads.last.answer
    violations = [_texts(one, "path", "text", "id") for one in _details(answer)]
    teller.rows("the violations", [{name: one[name] for name in ("path", "text")} for one in violations])
    teller.verify("the fault is a ContractViolation", found=_fault_type(answer), expected="ContractViolation")
    teller.verify("it lists five violations", found=len(violations), expected=5)
    complete = [one for one in violations if one["path"] and one["id"]]
    teller.verify("each with its path and the rule broken", found=len(complete), expected=5)
    sent = ["Overlong", "tomorrow", "Germany", "Euro", "Falsch", "example.com"]
    repeated = [value for value in sent if value.encode() in answer]
    teller.verify("none repeats a value that was sent", found=repeated, expected=[])
    teller.verify("nothing was stored", found=stage.counts(), expected=before)


def retried(stage: Stage) -> None:
    """The same bytes twice act once; the same UUID with other content is refused."""
    teller = stage.teller
    teller.say("The call centre creates a lead, and loses the answer.")
    before = stage.counts()
    message: dict[str, Any] = {
        "BasicMessageHeader": header(),
        "Lead": {
            "Name": "Account for a student",
            "ProspectParty": {
                "NewBusinessPartner": person("Emil", "Doppel", "emil.doppel@example.com", "+49 711 445566")
            },
        },
    }
    first = stage.accept(stage.leads.call(CALLCENTRE, "CreateLead", **message))
    teller.say("So it sends the same bytes again.")
    sent, lost = stage.leads.last.request, stage.leads.last.answer
    repeated = stage.leads.again()
    stage.leads.show_last_answer(CALLCENTRE)
    teller.verify("the same bytes went over the wire", found=repeated.request, expected=sent)
    answer = parse(repeated.answer)
    replayed = answer.findtext(".//{*}ReplayedIndicator")
    teller.verify("the answer says ReplayedIndicator true", found=replayed, expected="true")
    same = lost.replace(b"ReplayedIndicator>false<", b"ReplayedIndicator>true<")
    teller.verify("and is otherwise, byte for byte, the lost one", found=repeated.answer == same, expected=True)
    added = {name: count - before[name] for name, count in stage.counts().items()}
    stage.show_lead(first.Lead.ID)
    teller.verify("one row was added, not two", found=added["lead"], expected=1)

    teller.say("The same UUID with another content is no retry, but a mistake.")
    other = {**message, "Lead": {**message["Lead"], "Name": "Account for two students"}}
    stage.leads.refused(CALLCENTRE, "CreateLead", **other)
    found = _fault_type(stage.leads.last.answer)
    teller.verify("it is refused", found=found, expected=FaultTypeId.IDEMPOTENCY_CONFLICT.value)
    teller.verify("nothing was added", found=stage.counts()["lead"], expected=before["lead"] + 1)


def core_crm_down(stage: Stage) -> None:
    """A lead qualified while the core CRM is down waits, and arrives once when it is back."""
    teller = stage.teller
    teller.say("The core CRM is stopped.")
    before = stage.record_count()
    stage.core_crm.stop()
    stopped_at = time.monotonic()
    teller.say("A call-centre agent creates a lead that is qualified at once. It is accepted: nobody waits.")
    created = stage.leads.call(
        CALLCENTRE,
        "CreateLead",
        BasicMessageHeader=header(),
        Lead={
            "Name": "Loan for a kitchen",
            "LifeCycleStatusCode": "3",
            "ProspectParty": {
                "NewBusinessPartner": person("Frida", "Warten", "frida.warten@example.com", "+49 351 112233")
            },
        },
    )
    stage.accept(created)
    lead_id = created.Lead.ID
    until("two attempts to forward", lambda: stage.messages_of(lead_id)[0]["attempts"] >= 2)
    until("the message waiting", lambda: stage.messages_of(lead_id)[0]["state"] == MessageState.WAITING)
    time.sleep(max(0.0, _DOWN_SECONDS - (time.monotonic() - stopped_at)))
    stage.show_messages(lead_id)
    row = stage.lead(lead_id)
    teller.verify("the lead is still in status 3, qualified", found=row["life_cycle_status_code"], expected="3")
    attempts = stage.messages_of(lead_id)[0]["attempts"]

    teller.say(f"After {time.monotonic() - stopped_at:.1f} seconds the core CRM is started again.")
    stage.core_crm.launch()
    stage.core_crm.wait_ready()
    row = stage.forwarded(lead_id)
    stage.show_messages(lead_id)
    stage.show_records(row["uuid"])
    (message,) = stage.messages_of(lead_id)
    teller.verify("the message is delivered", found=message["state"], expected=MessageState.DELIVERED)
    teller.verify("after more attempts than before", found=message["attempts"] > attempts, expected=True)
    teller.verify("the core CRM has one record of the lead", found=len(stage.records_of(row["uuid"])), expected=1)
    teller.verify("and one record more in all", found=stage.record_count(), expected=before + 1)
    teller.verify("the lead is in status 4, accepted", found=row["life_cycle_status_code"], expected="4")


def _fault_type(answer: bytes) -> str | None:
    return parse(answer).findtext(".//lbc:faultTypeID", namespaces=dict(NAMESPACES))


def _details(answer: bytes) -> list[etree._Element]:
    return parse(answer).findall(".//lbc:faultDetail", namespaces=dict(NAMESPACES))


def _texts(element: etree._Element, *names: str) -> dict[str, str | None]:
    return {name: element.findtext(f"lbc:{name}", namespaces=dict(NAMESPACES)) for name in names}
