"""The story `partner`: the second use case, a company and its sales partners, with every way a lead can take."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from leadbridge.demo.acts import accepted, including, person, qualify, read
from leadbridge.demo.stage import ACME, BOREALIS, MARKETING, Stage, header, until

_OUT_OF_SIGHT = "LEAD.UNKNOWN"


class PartnerStory:
    """The steps of the story; each goes on where the one before ended. The leads are known by their IDs."""

    def __init__(self) -> None:
        self._qualified = self._declined = self._taken_away = ""

    def given(self, stage: Stage) -> None:
        """The company creates leads and gives them to a partner, who finds them; nobody else does."""
        teller = stage.teller
        teller.say("From a trade show, marketing creates three leads and gives them to ACME (SalesPartnerParty).")
        names = ("Dora Muster", "Emil Probe", "Frida Beispiel")
        created = [_create(stage, *name.split(), quietly=name != names[0]) for name in names]
        self._qualified, self._declined, self._taken_away = created

        teller.say("ACME looks for what it was given, and is told of it in its status feed as well.")
        teller.verify("ACME finds all three", found=_found(stage, ACME), expected=created)
        teller.verify("Borealis, another partner, finds none", found=_found(stage, BOREALIS), expected=[])
        teller.verify(
            "ACME's feed says that it has them",
            found=[(one.ID, one.StatusChangeTypeCode, _party(one)) for one in _feed(stage, ACME, quietly=True)],
            expected=[(lead_id, "REASSIGNED", ACME) for lead_id in created],
        )
        lead = read(stage, ACME, self._qualified)
        teller.verify("ACME reads who wants what", found=lead.Name, expected="Savings plan for Dora Muster")
        teller.verify(
            "and that it has two days to decide",
            found=lead.PartnerDecisionDueDateTime - lead.SystemAdministrativeData.CreationDateTime,
            expected=timedelta(days=2),
        )

    def accepted(self, stage: Stage) -> None:
        """The partner accepts one lead."""
        stage.teller.say("ACME accepts the first lead. From now on it does not come back by itself.")
        _decide(stage, self._qualified, "ACCEPT")
        lead = read(stage, MARKETING, self._qualified)
        stage.teller.verify("marketing sees the decision", found=lead.PartnerDecisionCode, expected="ACCEPT")
        stage.teller.verify("there is no date any more", found=lead.PartnerDecisionDueDateTime, expected=None)

    def qualified(self, stage: Stage) -> None:
        """The partner follows up with the prospect and sends the lead back, qualified; the core CRM takes it."""
        teller, lead_id = stage.teller, self._qualified
        answers = {"BUDGET": "HIGH", "START": "MAY"}
        sent = [{"QuestionID": question, "AnswerCode": answer} for question, answer in answers.items()]
        qualify(stage, ACME, lead_id, prospect="Dora Muster", QuestionnaireAnswer=sent)
        _, lead = accepted(stage, lead_id)
        kept = {one.QuestionID: one.AnswerCode for one in lead.QuestionnaireAnswer}
        teller.verify("with the answers", found=kept, expected=answers)
        teller.verify("and the note", found=[one["_value_1"] for one in lead.Note], expected=["Wants to start in May."])

    def acknowledged(self, stage: Stage) -> None:
        """The partner reads in its feed what became of the lead, and acknowledges it."""
        teller, lead_id = stage.teller, self._qualified
        teller.say("ACME asks what became of its leads. Until it acknowledges, it is told the same again.")
        changes = _feed(stage, ACME)
        last = changes[-1]
        teller.verify(
            "the last it is told: the core CRM has accepted the lead",
            found=(last.ID, last.StatusChangeTypeCode, last.LifeCycleStatusCode),
            expected=(lead_id, "ACCEPTED", "4"),
        )
        positions = [one.FeedPositionID for one in changes]
        again = [one.FeedPositionID for one in _feed(stage, ACME, quietly=True)]
        teller.verify("asked again, the same", found=again, expected=positions)
        answer = stage.leads.call(
            ACME, "AcknowledgeLeadStatusChanges", BasicMessageHeader=header(), FeedPositionID=last.FeedPositionID
        )
        stage.accept(answer)
        teller.verify("all are acknowledged", found=answer.AcknowledgedNumberValue, expected=len(positions))
        teller.verify("and do not come again", found=_feed(stage, ACME, quietly=True), expected=[])
        told = [(one.ID, one.StatusChangeTypeCode) for one in _feed(stage, MARKETING, quietly=True)]
        teller.verify("marketing, who created it, is told, too", found=told, expected=[(lead_id, "ACCEPTED")])

    def declined(self, stage: Stage) -> None:
        """The partner declines a lead, which comes back."""
        teller, lead_id = stage.teller, self._declined
        teller.say("ACME has no capacity for the second lead and declines it, with a reason.")
        _decide(stage, lead_id, "DECLINE", reason="002")
        _gone(stage, lead_id)
        teller.say("Marketing is told, and gives the lead to Borealis.")
        last = _feed(stage, MARKETING)[-1]
        teller.verify(
            "the lead came back, declined for the reason",
            found=(last.ID, last.StatusChangeTypeCode, last.PartnerDecisionCode, last.ReasonCode, _party(last)),
            expected=(lead_id, "REASSIGNED", "DECLINE", "002", None),
        )
        lead = read(stage, MARKETING, lead_id)
        _assign(stage, lead, {"PartyID": BOREALIS})
        teller.verify("Borealis finds it", found=_found(stage, BOREALIS), expected=[lead_id])

    def taken_away(self, stage: Stage) -> None:
        """The company takes a lead away from the partner, for whom it is gone; another comes back by itself."""
        teller, lead_id = stage.teller, self._taken_away
        teller.say("The third lead is a friend of the house: marketing takes it away from ACME (actionCode 03).")
        _assign(stage, read(stage, MARKETING, lead_id), {"PartyID": ACME, "actionCode": "03"})
        _gone(stage, lead_id)
        teller.verify("ACME finds what it has left", found=_found(stage, ACME), expected=[self._qualified])
        told = [(one.ID, one.StatusChangeTypeCode, _party(one)) for one in _feed(stage, ACME)]
        teller.verify(
            "its feed says that both are gone, and not where to",
            found=told,
            expected=[(self._declined, "REASSIGNED", None), (lead_id, "REASSIGNED", None)],
        )

    def timed_out(self, stage: Stage) -> None:
        """A partner that says nothing loses the lead when the time is over."""
        teller, lead_id = stage.teller, self._declined
        teller.say("Borealis says nothing. When its two days are over, the lead comes back by itself.")
        stage.end_decision_time(lead_id)
        until(f"lead {lead_id} to come back", lambda: stage.lead(lead_id)["sales_partner_party_id"] is None)
        stage.show_lead(lead_id)
        teller.verify("Borealis finds nothing any more", found=_found(stage, BOREALIS), expected=[])
        last = _feed(stage, MARKETING)[-1]
        teller.verify(
            "marketing is told that nobody decided",
            found=(last.ID, last.StatusChangeTypeCode, last.PartnerDecisionCode, _party(last)),
            expected=(lead_id, "REASSIGNED", None, None),
        )


# --------------------------------------------------------------------------------------------------- what is sent


def _create(stage: Stage, given_name: str, family_name: str, *, quietly: bool) -> str:
    email = f"{given_name}.{family_name}@example.com".lower()
    created = stage.leads.call(
        MARKETING,
        "CreateLead",
        quietly=quietly,
        BasicMessageHeader=header(),
        Lead={
            "Name": f"Savings plan for {given_name} {family_name}",
            "OriginTypeCode": "001",
            "ProspectParty": {
                "NewBusinessPartner": person(given_name, family_name, email, f"+49 30 90182{len(given_name)}")
            },
            "SalesPartnerParty": {"PartyID": ACME},
        },
    )
    lead_id: str = stage.accept(created).Lead.ID
    return lead_id


def _decide(stage: Stage, lead_id: str, decision: str, *, reason: str | None = None) -> None:
    lead = {"LeadIdentification": {"ID": lead_id}, "ChangeStateID": read(stage, ACME, lead_id).ChangeStateID}
    content: dict[str, Any] = {"Lead": lead, "PartnerDecisionCode": decision, "ReasonCode": reason}
    stage.accept(stage.leads.call(ACME, "ChangeLead", BasicMessageHeader=header(), **content))


def _assign(stage: Stage, lead: Any, party: dict[str, str]) -> None:
    changed = {
        "LeadIdentification": {"ID": lead.ID},
        "ChangeStateID": lead.ChangeStateID,
        "SalesPartnerParty": party,
    }
    stage.accept(stage.leads.call(MARKETING, "ChangeLead", BasicMessageHeader=header(), Lead=changed))


def _found(stage: Stage, partner: str) -> list[str]:
    """What a partner finds that asks for the leads it was given."""
    answer = stage.leads.call(
        partner,
        "FindLead",
        quietly=True,
        BasicMessageHeader=header(),
        LeadSelectionByElements={"SelectionBySalesPartnerPartyID": [including(partner)]},
    )
    return [one.ID for one in answer.Lead]


def _feed(stage: Stage, caller: str, *, quietly: bool = False) -> list[Any]:
    """What a caller's status feed has for it now."""
    answer = stage.leads.call(caller, "ReadLeadStatusChanges", quietly=quietly, BasicMessageHeader=header())
    return list(answer.LeadStatusChange)


def _party(change: Any) -> str | None:
    return change.SalesPartnerParty.PartyID if change.SalesPartnerParty else None


def _gone(stage: Stage, lead_id: str) -> None:
    """Verify that a lead does not exist any more for ACME, and has no partner."""
    answer = stage.leads.call(
        ACME, "ReadLead", quietly=True, BasicMessageHeader=header(), LeadSelectionByID=[{"ID": lead_id}]
    )
    stage.teller.verify("for ACME it is gone", found=[one.TypeID for one in answer.Log.Item], expected=[_OUT_OF_SIGHT])
    stage.teller.verify("it came back", found=stage.lead(lead_id)["sales_partner_party_id"], expected=None)


def partner_steps() -> tuple[tuple[str, Callable[[Stage], None]], ...]:
    """The steps with their names."""
    story = PartnerStory()
    return (
        ("The company gives leads to a partner, who finds them", story.given),
        ("The partner accepts a lead", story.accepted),
        ("The partner sends it back qualified, and the core CRM accepts it", story.qualified),
        ("The partner reads in its feed what became of it, and acknowledges", story.acknowledged),
        ("The partner declines another lead, which comes back", story.declined),
        ("A third lead is taken away, and gone from the partner's sight", story.taken_away),
        ("A partner that does not decide in time loses the lead", story.timed_out),
    )
