"""The three use cases of lead management, from the first message to the core CRM's record."""

from leadbridge.demo.acts import accepted, change, including, person, qualify, read, states
from leadbridge.demo.stage import ACME, BOREALIS, CALLCENTRE, GATEWAY, MARKETING, WEBSITE, Stage, header, until
from leadbridge.store.outbox import MessageState


def external_source(stage: Stage) -> None:
    """A web site sends what a prospect has entered; marketing takes it from there."""
    teller = stage.teller
    teller.say("Anna Beispiel fills in a form on the web site. The web site creates her as a business partner.")
    partner = stage.partners.call(
        WEBSITE,
        "CreateBusinessPartner",
        BasicMessageHeader=header(),
        BusinessPartner={
            "ExternalKey": {"CommunicationSystemID": "WEBSITE", "RemoteObjectID": "visitor-4711"},
            **person("Anna", "Beispiel", "anna.beispiel@example.com", "+49 30 901820"),
        },
    )
    stage.accept(partner)
    partner_id = partner.BusinessPartner.InternalID

    teller.say("It then creates the lead, with the number it was given for Anna.")
    created = stage.leads.call(
        WEBSITE,
        "CreateLead",
        BasicMessageHeader=header(),
        Lead={
            "Name": "Mortgage for a flat in Berlin",
            "QualificationLevelCode": "02",
            "ProspectParty": {"BusinessPartnerInternalID": partner_id},
            "Item": [{"ProductID": "MORTGAGE-10Y", "Quantity": {"_value_1": 1, "unitCode": "EA"}}],
            "Note": [{"_value_1": "Asked for a call in the evening.", "languageCode": "en"}],
        },
    )
    stage.accept(created)
    lead_id = created.Lead.ID
    stage.show_lead(lead_id)
    teller.verify(
        "one business partner, one lead, nothing to forward yet",
        found=stage.counts(),
        expected={"business_partner": 1, "lead": 1, "message": 0},
    )

    teller.say("The marketing department looks for open leads, reads this one, and starts to work on it.")
    found = stage.leads.call(
        MARKETING,
        "FindLead",
        BasicMessageHeader=header(),
        LeadSelectionByElements={"SelectionByLifeCycleStatusCode": [including("1")]},
    )
    teller.verify("marketing finds it", found=[one.ID for one in found.Lead], expected=[lead_id])
    lead = read(stage, MARKETING, lead_id)
    teller.verify(
        "marketing reads the note", found=lead.Note[0]["_value_1"], expected="Asked for a call in the evening."
    )
    change(stage, MARKETING, LeadIdentification={"ID": lead_id}, ChangeStateID=lead.ChangeStateID, status="2")
    teller.verify("the lead is in process", found=stage.lead(lead_id)["life_cycle_status_code"], expected="2")


def external_partner(stage: Stage) -> None:
    """The company gives a lead to a partner, who qualifies it; it becomes an opportunity in the core CRM."""
    lead_id = _given_to_acme(stage)
    qualify(stage, ACME, lead_id, prospect="Bernd Muster", decision="ACCEPT")
    _opportunity(stage, lead_id)


def _given_to_acme(stage: Stage) -> str:
    teller = stage.teller
    teller.say("From a trade show, marketing creates a lead for a customer and gives it to ACME (SalesPartnerParty).")
    prospect = {**person("Bernd", "Muster", "bernd.muster@example.com", "+49 89 7654321"), "RoleCode": ["CUSTOMER"]}
    created = stage.leads.call(
        MARKETING,
        "CreateLead",
        BasicMessageHeader=header(),
        Lead={
            "Name": "Savings plan, met at the trade show",
            "OriginTypeCode": "001",
            "ProspectParty": {"NewBusinessPartner": prospect},
            "SalesResponsibleParty": {"PartyID": "RM1001"},
            "SalesPartnerParty": {"PartyID": ACME},
        },
    )
    stage.accept(created)
    lead_id: str = created.Lead.ID
    stage.show_lead(lead_id)

    teller.say("ACME looks for everything there is. It finds the lead it was given, not those of others.")
    found = stage.leads.call(ACME, "FindLead", BasicMessageHeader=header(), LeadSelectionByElements={})
    teller.verify("ACME finds one lead, its own", found=[one.ID for one in found.Lead], expected=[lead_id])
    teller.verify("though there are two", found=stage.counts()["lead"], expected=2)
    teller.say("To Borealis, another partner, the lead does not exist.")
    answer = stage.leads.call(BOREALIS, "ReadLead", BasicMessageHeader=header(), LeadSelectionByID=[{"ID": lead_id}])
    teller.verify("Borealis reads nothing", found=list(answer.Lead), expected=[])
    answer = stage.leads.call(
        BOREALIS, "FindLead", quietly=True, BasicMessageHeader=header(), LeadSelectionByElements={}
    )
    teller.verify("it finds nothing", found=list(answer.Lead), expected=[])
    answer = change(stage, BOREALIS, LeadIdentification={"ID": lead_id}, status="5", quietly=True, successful=False)
    teller.verify("and it can change nothing", found=answer.Log.Item[0].TypeID, expected="LEAD.UNKNOWN")
    return lead_id


def _opportunity(stage: Stage, lead_id: str) -> None:
    teller = stage.teller
    record, lead = accepted(stage, lead_id)
    teller.verify("he is a customer: an opportunity", found=lead.CoreOpportunityID, expected=record["record_id"])
    read_record = stage.records.call(
        GATEWAY,
        "ReadCrmRecord",
        BasicMessageHeader=header(),
        CrmRecordSelectionByID=[{"SourceLeadUUID": lead.UUID}],
    )
    (shown,) = read_record.CrmRecord
    teller.verify("the core CRM says the same", found=shown.StatusName, expected="New Opportunity")

    teller.say("The sale is made: marketing closes the lead as won, and the core CRM is told.")
    change(stage, MARKETING, LeadIdentification={"ID": lead_id}, ChangeStateID=lead.ChangeStateID, status="6")
    until("the opportunity closed", lambda: stage.records_of(lead.UUID)[0]["status_name"] == "Close Won")
    stage.show_records(lead.UUID)
    until("both messages delivered", lambda: states(stage, lead_id) == [MessageState.DELIVERED] * 2)
    teller.verify("the opportunity is Close Won, still one record", found=stage.record_count(), expected=1)


def call_centre(stage: Stage) -> None:
    """A call centre enters a lead; the company qualifies it; new to the bank, it becomes a lead over there."""
    teller = stage.teller
    teller.say("A call-centre agent enters a lead. Clara Probe is new, and is created in the same transaction.")
    before = stage.counts()
    created = stage.leads.call(
        CALLCENTRE,
        "CreateLead",
        BasicMessageHeader=header(),
        Lead={
            "Name": "Credit card for travelling",
            "LifeCycleStatusCode": "2",
            "ProspectParty": {
                "NewBusinessPartner": person("Clara", "Probe", "clara.probe@example.com", "+49 40 1234567")
            },
            "QuestionnaireAnswer": [{"QuestionID": "TIMING", "AnswerCode": "NOW"}],
        },
    )
    stage.accept(created)
    lead_id = created.Lead.ID
    stage.show_lead(lead_id)
    added = {name: count - before[name] for name, count in stage.counts().items()}
    teller.verify(
        "one business partner and one lead more",
        found=added,
        expected={"business_partner": 1, "lead": 1, "message": 0},
    )
    teller.say("The company reads it, finds it worth selling to, and qualifies it.")
    lead = read(stage, MARKETING, lead_id)
    change(stage, MARKETING, LeadIdentification={"ID": lead_id}, ChangeStateID=lead.ChangeStateID, status="3")
    record, lead = accepted(stage, lead_id)
    teller.verify("the core CRM has it as a new lead", found=record["status_name"], expected="New Lead")
    teller.verify("she is new to the bank", found=lead.CoreLeadID, expected=record["record_id"])
