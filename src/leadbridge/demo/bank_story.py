"""The story `bank`: a customer and a prospect, and the leads about them, through every door of one gateway.

The core CRM is the one that is built in, so that all doors stand before the same records.
"""

from collections.abc import Callable
from typing import Any

from leadbridge.demo.acts import accepted, person, qualify, read
from leadbridge.demo.stage import ACME, CHANNELS, MARKETING, Stage, header, until

_OWNER = "RM-7"
_BIAN = "/bian"
_LEADS = f"{_BIAN}/LeadandOpportunityManagement"
_PLANS = f"{_BIAN}/CustomerRelationshipManagement"
_PIPELINE = "/crm/opportunities"
_INTERNAL, _EXTERNAL = "/integration-service/int/api/crm/v1", "/integration-service/api/crm/v1"

_PROCEDURE, _STATE, _DEVELOPMENT = "LeadandOpportunityProcedure", "LeadandOpportunityState", "Development"
_CONTACT = "CustomerContactRecordReference"
_CLOSING_DAY = "2031-03-31"  # any day; the forecast adds up by its month


class BankStory:
    """The steps of the story; each goes on where the one before ended."""

    def __init__(self) -> None:
        self._customers = self._prospects = self._planned = ""  # the leads, by their IDs
        self._opportunity: dict[str, Any] = {}  # the core CRM's record of the one
        self._lead: dict[str, Any] = {}  # and of the other
        self._task = ""  # the address of the development task
        self._contact = ""  # and of the one that asks for a contact
        self._offer = ""  # the event that asks for an offer

    # ------------------------------------------------------------------------------- how the leads come about

    def sent(self, stage: Stage) -> None:
        """A partner sends two leads over SOAP."""
        teller = stage.teller
        teller.say("At its point of service ACME meets a customer of the bank, a company that wants to invest.")
        company = {
            "CategoryCode": "2",
            "RoleCode": ["CUSTOMER"],
            "Organisation": {"FirstLineName": "Nordwind Handel GmbH"},
            "Address": [{"CountryCode": "DE", "CityName": "Hamburg"}],
        }
        self._customers = _create(
            stage, "Loan for a warehouse", "LOAN-INVEST", company, ExpectedRevenueAmount=_euros(250_000)
        )
        teller.say("And a prospect, who is no customer yet.")
        anna = person("Anna", "Beispiel", "anna.beispiel@example.com", "+49 30 901820")
        self._prospects = _create(stage, "Savings plan", "SAVINGS", anna)
        teller.verify(
            "two leads, nothing to forward yet",
            found=stage.counts(),
            expected={"business_partner": 2, "lead": 2, "message": 0},
        )

    def planned(self, stage: Stage) -> None:
        """The bank plans for its customer over BIAN: a meeting is arranged, and a development task becomes a lead."""
        teller = stage.teller
        customer = _party(read(stage, MARKETING, self._customers))
        teller.say("The relationship manager makes a plan for the customer; it is accepted, and leads are granted.")
        goal = {"CustomerSalesPlan": {"PlanGoal": {"GoalDefinition": "become its only bank"}}}
        plan = _made(stage, f"{_PLANS}/Create", {"CustomerReference": _involved(customer), **goal})
        stage.json.call(MARKETING, "PUT", f"{plan}/Exchange", {"ExchangeActionRequest": "accept"})
        granted = stage.json.call(MARKETING, "PUT", f"{plan}/Grant", {"GrantActionRequest": "authorize"})
        state = granted["CustomerRelationshipManagementState"]["State"]
        teller.verify("the plan is authorized", found=state, expected="authorized")

        teller.say("A meeting is arranged; it stands on the desk's list until it has a result.")
        when = {"DateTimeLocation": "2031-01-08T10:00:00Z Branch 7"}
        meeting = stage.json.call(MARKETING, "PUT", f"{plan}/Request", when)["CustomerContactRecordReference"]
        teller.verify("the desk finds it", found=_desk(stage), expected=[f"{_BIAN}/{meeting}"])
        talked = {"CustomerRelationshipContactResult": {"Text": "Pays abroad each month."}}
        stage.json.call(MARKETING, "PUT", f"{_BIAN}/{meeting}/Update", talked)
        teller.verify("no more", found=_desk(stage), expected=[])

        teller.say("So a development task is opened, and becomes a lead.")
        text = {"CustomerDevelopmentTaskDescription": {"Text": "Account in dollars"}}
        task = _made(stage, f"{plan}/Development/Create", {**text, "EmployeeBusinessUnitReference": _involved(_OWNER)})
        fields = {_PROCEDURE: {"ProductandServiceType": "ACCOUNT-USD"}}
        asked = {"RequestActionRequest": "initiate lead", **fields}
        told = stage.json.call(MARKETING, "PUT", f"{task}/Request", asked)
        self._planned = told["DevelopmentState"]["LeadID"]
        lead = read(stage, MARKETING, self._planned)
        teller.verify(
            "over SOAP it is a lead about the same customer",
            found=(lead.Name, lead.OriginTypeCode, _party(lead)),
            expected=("Account in dollars", "CRM", customer),
        )
        origin = stage.json.call(MARKETING, "GET", f"{_BIAN}/triggers?lead={self._planned}")["TriggeredBy"]
        teller.verify(
            "triggered by this task",
            found=(origin["ServiceDomain"], f"{_BIAN}/{origin['Reference']}"),
            expected=("CustomerRelationshipManagement", task),
        )

    # ------------------------------------------------------------------------------------------- BIAN's door

    def retrieved(self, stage: Stage) -> None:
        """The bank retrieves the customer's lead over BIAN, sees where it comes from, and raises its priority."""
        teller, address = stage.teller, f"{_LEADS}/{self._customers}"
        teller.say("The bank's relationship manager retrieves the lead by BIAN's service domain: it is the same.")
        record = stage.json.call(MARKETING, "GET", f"{address}/Retrieve")
        lead = read(stage, MARKETING, self._customers)
        teller.verify(
            "product, employee and description are those that SOAP has",
            found=[
                record[_PROCEDURE][name]
                for name in (
                    "ProductandServiceType",
                    "EmployeeBusinessUnitReference",
                    "LeadandOpportunityDescription",
                )
            ],
            expected=[lead.Item[0].ProductID, lead.SalesResponsibleParty.PartyID, lead.Name],
        )
        teller.verify("and so is the customer", found=record[_PROCEDURE]["CustomerReference"], expected=_party(lead))
        origin = stage.json.call(MARKETING, "GET", f"{_BIAN}/triggers?lead={self._customers}")
        domain = origin["TriggeredBy"]["ServiceDomain"]
        teller.verify("it was triggered by the point of service", found=domain, expected="PointofService")
        teller.verify("and has triggered nothing yet", found=origin["Triggers"], expected=[])

        teller.say("It is urgent: its priority is raised.")
        body = {"ControlActionRequest": "raise priority"}
        state = stage.json.call(MARKETING, "PUT", f"{address}/Control", body)[_STATE]
        teller.verify("the answer says 2, high", found=state["PriorityCode"], expected="2")
        lead = read(stage, ACME, self._customers)
        teller.verify("ACME reads so over SOAP", found=lead.PriorityCode, expected="2")

    def developed(self, stage: Stage) -> None:
        """A development task is assigned, the lead evaluated, and a contact requested, which the desk sees to."""
        teller, address = stage.teller, f"{_LEADS}/{self._customers}"
        teller.say("A development task is assigned, and the lead evaluated by the site's rules.")
        self._task = _task(stage, address)
        evaluated = stage.json.call(MARKETING, "PUT", f"{self._task}/Execute", {"ExecuteActionRequest": "evaluate"})
        teller.verify(
            "the product suits and the customer is eligible; whether it is interested is open",
            found={one["Question"]: one["Verdict"] for one in evaluated["Evaluation"]},
            expected={"interest": "open", "suitability": "confirmed", "eligibility": "confirmed"},
        )
        teller.say("Somebody has to ask: a contact is requested, and stands on the desk's list.")
        self._contact = _task(stage, address)
        when = {_DEVELOPMENT: {"DateTimeLocation": "2031-01-15T09:30:00Z"}}
        requested = stage.json.call(MARKETING, "PUT", f"{self._contact}/Request", when)[_DEVELOPMENT]
        teller.verify("it is this task", found=f"{_BIAN}/{requested[_CONTACT]}", expected=self._contact)
        teller.verify("the desk finds it", found=_desk(stage), expected=[self._contact])
        result = {"LeadDevelopmentTaskResult": "Wants an offer before spring."}
        stage.json.call(MARKETING, "PUT", f"{self._contact}/Update", result)
        teller.verify("with its result it is off the list", found=_desk(stage), expected=[])

    def qualified(self, stage: Stage) -> None:
        """The leads are qualified, one by each door, and forwarded; the customer's offer is started."""
        teller = stage.teller
        teller.say("The customer's lead is qualified over BIAN, by an automated action.")
        stage.json.call(MARKETING, "PUT", f"{self._task}/Execute", {"ExecuteActionRequest": "forward"})
        record, _ = accepted(stage, self._customers)
        self._opportunity = dict(record)
        teller.verify(
            "existing customer, a company: an opportunity, B2B",
            found=_kind(record),
            expected=("OPPORTUNITY", "ETB", "B2B", _OWNER),
        )
        teller.say("The offer system wants to be told: the operator registers a webhook, for offers alone.")
        kinds = ("--types", "org.bian.CustomerOffer")
        printed = stage.gateway.command("webhooks", "add", "--caller", MARKETING, "--url", stage.receiver.url, *kinds)
        stage.receiver.secret = printed.split()[-1]
        action = {"ExecuteActionRequest": "start offer"}
        offered = stage.json.call(MARKETING, "PUT", f"{self._task}/Execute", action)
        self._offer = offered[_DEVELOPMENT]["CustomerOfferReference"]
        verdicts = {one["Verdict"] for one in offered["Evaluation"]}
        teller.verify("all three are confirmed, the offer is started", found=verdicts, expected={"confirmed"})
        until("the webhook's event", lambda: bool(stage.receiver.events))
        pushed = [(one["type"], one["id"]) for one in stage.receiver.events]
        expected = [("org.bian.CustomerOffer.Initiate", self._offer)]
        teller.verify("the webhook told the offer system, signed", found=pushed, expected=expected)

        teller.say("The prospect's lead is qualified over SOAP, by the partner.")
        qualify(stage, ACME, self._prospects, prospect="Anna Beispiel")
        record, _ = accepted(stage, self._prospects)
        self._lead = dict(record)
        teller.verify(
            "new to the bank, a person: a lead, B2C", found=_kind(record), expected=("LEAD", "NTB", "B2C", _OWNER)
        )

    # ---------------------------------------------------------------------------------------------- core CRM

    def advanced(self, stage: Stage) -> None:
        """The opportunity goes through its stages, over JSON and once over SOAP, and the forecast with it."""
        teller, record_id = stage.teller, self._opportunity["record_id"]
        teller.say("In the pipeline the opportunity is in its first stage.")
        page = stage.json.call(MARKETING, "GET", f"{_PIPELINE}?ownerId={_OWNER}&stage=Qualification")
        teller.verify("it is listed", found=[one["id"] for one in page["opportunities"]], expected=[record_id])
        address = f"{_PIPELINE}/{record_id}"
        shown = stage.json.call(MARKETING, "GET", address)
        teller.verify("of the case type for B2B", found=shown["caseType"], expected="B2B opportunity")
        step = next(one["name"] for one in shown["steps"] if one["required"])
        moved = stage.json.call(
            MARKETING,
            "POST",
            f"{address}/moves",
            {"move": "STEP_DONE", "step": step, "expectedClosingDate": _CLOSING_DAY},
        )
        teller.verify("the required step is done", found=moved["steps"][0]["state"], expected="DONE")
        moved = stage.json.call(MARKETING, "POST", f"{address}/moves", {"move": "ADVANCE"})
        teller.verify("in its second stage", found=moved["stage"], expected="Analysis")
        _moved(stage, record_id, StageMoveCode="STEP_DONE", StepName="Analyse needs")
        stage_name = _moved(stage, record_id, StageMoveCode="ADVANCE")
        teller.verify("over SOAP it went on", found=stage_name, expected="Proposal Development")

        teller.say("What is to be expected of it: the amount times the probability of its stage.")
        forecast = stage.json.call(MARKETING, "GET", f"{_PIPELINE}/forecast?ownerId={_OWNER}")["forecast"]
        teller.verify(
            "60 percent of 250,000 in March",
            found=[(one["month"], one["stage"], float(one["weighted"])) for one in forecast],
            expected=[(_CLOSING_DAY[:7], "Proposal Development", 150_000.0)],
        )

    def closed(self, stage: Stage) -> None:
        """The bank's channels ask for the customer, close the records, and the leads follow."""
        teller = stage.teller
        teller.say("The customer comes to a branch. Its channel asks by the bank's own API, and gets what is open.")
        asked = {
            "customerType": "ETB",
            "customerId": self._opportunity["customer_id"],
            "ownerId": _OWNER,
            "sellingMode": "B2B",
            "customerName": "Nordwind Handel GmbH",
        }
        create = f"{_INTERNAL}/combo-create-lead-opportunity"
        found = stage.json.call(CHANNELS, "POST", create, asked)
        known = (found["opportunityId"], found["created"])
        teller.verify("the same opportunity", found=known, expected=(self._opportunity["record_id"], False))
        won = stage.json.call(
            CHANNELS,
            "POST",
            f"{_INTERNAL}/combo-update-lead-opportunity",
            {"opportunityId": found["opportunityId"], "status": "Close won"},
        )
        teller.verify("it signs there: won", found=won["status"], expected="Close Won")
        lost = stage.json.call(
            CHANNELS,
            "POST",
            f"{_EXTERNAL}/update-lead-status",
            {"leadId": self._lead["record_id"], "status": "Close Lost", "reasonCode": "005"},
        )
        teller.verify("the prospect saves elsewhere: lost", found=lost["status"], expected="Close Lost")

        teller.say("Somebody nobody knew of comes and goes: a record of the channel's own.")
        walked_in = {**asked, "customerId": "C-4711", "customerName": "Bernd Muster", "sellingMode": "B2C"}
        made = stage.json.call(CHANNELS, "POST", create, walked_in)
        teller.verify("a new opportunity", found=made["created"], expected=True)
        gone = {"opportunityId": made["opportunityId"], "status": "Close Lost"}
        left = stage.json.call(CHANNELS, "POST", f"{_EXTERNAL}/update-opportunity-status", gone)
        teller.verify("closed as well", found=left["status"], expected="Close Lost")

        teller.say("The leads are as their records are.")
        ends = [read(stage, MARKETING, one).LifeCycleStatusCode for one in (self._customers, self._prospects)]
        teller.verify("6 closed won, and 7 closed lost", found=ends, expected=["6", "7"])
        states = [row["state"] for one in (self._customers, self._prospects) for row in stage.messages_of(one)]
        teller.verify("of which the core CRM need not be told", found=states, expected=["delivered"] * 2)

    # ------------------------------------------------------------------------------------------------ told

    def told(self, stage: Stage) -> None:
        """The partner reads the outcome in its status feed."""
        teller = stage.teller
        teller.say("ACME asks over SOAP what became of its leads.")
        answer = stage.leads.call(ACME, "ReadLeadStatusChanges", BasicMessageHeader=header())
        told = [(one.ID, one.StatusChangeTypeCode) for one in answer.LeadStatusChange]
        teller.verify(
            "both were accepted; one was won, one lost",
            found=told,
            expected=[
                (self._customers, "ACCEPTED"),
                (self._prospects, "ACCEPTED"),
                (self._customers, "WON"),
                (self._prospects, "LOST"),
            ],
        )

    def remembered(self, stage: Stage) -> None:
        """BIAN's events tell the whole life in order, and what the lead has triggered is listed."""
        teller, lead_id = stage.teller, self._customers
        teller.say("Whoever reads the events learns the whole life of the customer's lead, in order.")
        events = stage.json.call(MARKETING, "GET", f"{_BIAN}/events?limit=1000", quietly=True)
        own = [one for one in events if one["source"] == _LEADS and one["subject"].partition("/")[0] == lead_id]
        lines = [_line(one) for one in own]
        teller.rows("events of the lead", [{"sequence": int(one["sequence"]), "event": _line(one)} for one in own])
        teller.verify(
            "from its creation to the sale, with both tasks and the offer",
            found=lines,
            expected=[
                f"{_PROCEDURE}.Created 1",
                f"{_PROCEDURE}.Updated",  # priority
                "Development.Created open",
                "Development.Updated in_process",  # evaluated
                "Development.Created open",
                "Development.Updated requested",
                "Development.Updated done",
                f"{_PROCEDURE}.Updated 3",
                "Development.Updated",  # forwarded
                f"{_PROCEDURE}.Updated 4",
                "CustomerOffer.Initiate",
                "Development.Updated",  # its offer is started
                f"{_PROCEDURE}.Updated 6",
            ],
        )
        listed = stage.json.call(MARKETING, "GET", f"{_BIAN}/triggers?lead={lead_id}")
        teller.verify(
            "it has triggered a task, a contact, a record in the core CRM, and an offer",
            found=[one["Action"] for one in listed["Triggers"]],
            expected=["Development/Initiate", "Development/Request", "ComboCreateLeadOpportunity", "Initiate"],
        )
        named = (listed["Triggers"][-1]["Reference"], listed["CoreOpportunityID"])
        teller.verify("these two", found=named, expected=(self._offer, self._opportunity["record_id"]))
        customer = stage.lead(lead_id)["prospect_internal_id"]
        about = stage.json.call(MARKETING, "GET", f"{_BIAN}/history?customer={customer}&limit=1000", quietly=True)
        created = [one["type"].split(".")[2:4] for one in about if one["type"].endswith(".Created")]
        teller.verify(
            "the customer's history begins with its lead, the plan, the meeting, the task that became a lead",
            found=[" ".join(one) for one in created][:5],
            expected=[
                f"LeadandOpportunityManagement {_PROCEDURE}",
                "CustomerRelationshipManagement CustomerRelationshipManagementPlan",
                "CustomerRelationshipManagement Contact",
                "CustomerRelationshipManagement Development",
                f"LeadandOpportunityManagement {_PROCEDURE}",
            ],
        )
        history = stage.json.call(MARKETING, "GET", f"{_PIPELINE}/{self._opportunity['record_id']}/history")
        moves = [(one["callerId"], one["move"]) for one in history["moves"]]
        both = [(who, move) for who in (MARKETING, CHANNELS) for move in ("STEP_DONE", "ADVANCE")]
        teller.verify("the pipeline has kept who moved it", found=moves, expected=both)


# ------------------------------------------------------------------------------------------------------ what is sent


def _create(stage: Stage, name: str, product: str, prospect: dict[str, Any], **more: Any) -> str:
    created = stage.leads.call(
        ACME,
        "CreateLead",
        BasicMessageHeader=header(),
        Lead={
            "Name": name,
            "OriginTypeCode": "POS",
            "ProspectParty": {"NewBusinessPartner": prospect},
            "SalesResponsibleParty": {"PartyID": _OWNER},
            "Item": [{"ProductID": product}],
            **more,
        },
    )
    lead_id: str = stage.accept(created).Lead.ID
    return lead_id


def _euros(amount: int) -> dict[str, Any]:
    return {"_value_1": amount, "currencyCode": "EUR"}


def _task(stage: Stage, address: str) -> str:
    """The address of a new development task."""
    body = {_PROCEDURE: {"EmployeeBusinessUnitReference": _OWNER, "DateTimeLocation": "2031-01-10"}}
    return _made(stage, f"{address}/Development/Initiate", body)


def _made(stage: Stage, address: str, body: dict[str, Any]) -> str:
    """The address of a new record of a service domain."""
    stage.json.call(MARKETING, "POST", address, body)
    location = stage.json.location
    return location.removesuffix("/Retrieve")


def _involved(party: str) -> dict[str, Any]:
    """A party as BIAN's Customer Relationship Management names it."""
    identified = {"PartyIdentification": {"IdentifierValue": {"Value": party}}}
    return {"PartyReference": {"PartyIdentification": identified}}


def _moved(stage: Stage, record_id: str, **move: Any) -> str:
    """The stage that a record is in after a move over SOAP."""
    answer = stage.records.call(
        CHANNELS, "AdvanceOpportunityStage", BasicMessageHeader=header(), RecordID=record_id, **move
    )
    stage_name: str = stage.accept(answer).StageName
    return stage_name


def _desk(stage: Stage) -> list[str]:
    listed = stage.json.call(MARKETING, "GET", f"{_BIAN}/contacts")
    return [one["Location"].removesuffix("/Retrieve") for one in listed["Contacts"]]


def _party(lead: Any) -> str:
    party_id: str = lead.ProspectParty.BusinessPartnerInternalID
    return party_id


def _kind(record: Any) -> tuple[str, ...]:
    names = ("record_type_code", "customer_type_code", "selling_mode_code", "owner_id")
    return tuple(record[name] for name in names)


def _line(event: dict[str, Any]) -> str:
    """What an event says, in short: of which record, what happened, and the new status where there is one."""
    kind = event["type"].removeprefix("org.bian.").removeprefix("LeadandOpportunityManagement.")
    status = event["data"].get("NewStatus")
    return f"{kind} {status}" if status else kind


def bank_steps() -> tuple[tuple[str, Callable[[Stage], None]], ...]:
    """The steps with their names."""
    story = BankStory()
    return (
        ("A partner sends a lead about a customer and one about a prospect", story.sent),
        ("The bank plans for the customer over BIAN, and a development task becomes a lead", story.planned),
        ("The bank retrieves the customer's lead over BIAN and raises its priority", story.retrieved),
        ("A development task is assigned, the lead evaluated, a contact made", story.developed),
        ("The leads are qualified and forwarded, and the customer's offer is started", story.qualified),
        ("The opportunity advances on the pipeline, and the forecast with it", story.advanced),
        ("The bank's channels close the records, and the leads follow", story.closed),
        ("The partner reads the outcome in its status feed", story.told),
        ("The events tell the whole life of the lead, in order", story.remembered),
    )
