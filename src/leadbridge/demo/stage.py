"""The stage of the demonstration: two servers, the callers on it, and a look into what is stored."""

import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from leadbridge.caller import CORE_CRM, Role
from leadbridge.demo.callers import JsonDoors, Service
from leadbridge.demo.receiver import Receiver
from leadbridge.demo.servers import Server, free_ports
from leadbridge.demo.telling import StepFailed, Teller
from leadbridge.lead import LifeCycleStatus
from leadbridge.store import businesspartners, crmrecords, leads, outbox
from leadbridge.store.inserts import Row

WAIT_SECONDS = 30

WEBSITE = "website"
MARKETING = "marketing"
ACME = "acme"
BOREALIS = "borealis"
CALLCENTRE = "callcentre"
CHANNELS = "channels"
GATEWAY = "gateway"  # the gateway itself, as a caller of the core CRM

_CALLERS = {
    WEBSITE: ("The company's web site", Role.PARTNER),
    MARKETING: ("Marketing department", Role.SALES),
    ACME: ("ACME, an external sales partner", Role.PARTNER),
    BOREALIS: ("Borealis, another sales partner", Role.PARTNER),
    CALLCENTRE: ("Telemarketing call centre", Role.CALLCENTRE),
    CHANNELS: ("The bank's own channels", Role.CRM),
}

# What is shown of a stored row; the tables have more.
_LEAD_COLUMNS = (
    *("id", "created_by", "life_cycle_status_code", "prospect_internal_id", "sales_partner_party_id"),
    *("core_lead_id", "core_opportunity_id"),
)
_MESSAGE_COLUMNS = ("id", "lead_id", "event", "state", "attempts", "outcome", "outcome_text")
_RECORD_COLUMNS = ("record_id", "record_type_code", "status_name", "customer_id", "owner_id", "source_lead_uuid")


class Stage:
    """A gateway, a core CRM, and their callers; everything is ended on leaving.

    The core CRM is behind the gateway in a server of its own (`apart`), or the one that is built into it.
    """

    def __init__(self, folder: Path, teller: Teller, *, apart: bool = True) -> None:
        self.teller = teller
        gateway_port, core_port = free_ports(2)
        self._stack = ExitStack()
        settings = {
            "LEADBRIDGE_PARTNER_LOOP__DECISION_HOURS": "48",
            "LEADBRIDGE_WEBHOOKS__ALLOW_LOOPBACK": "true",  # the receiver is here
        }
        if apart:
            self.core_crm = Server("core-crm", folder, core_port, callers={GATEWAY: ("The gateway", Role.CRM)})
            self._stack.callback(self.core_crm.close)
            settings |= {
                "LEADBRIDGE_CRM_WSDL": f"{self.core_crm.url}/soap/CrmService?wsdl",
                "LEADBRIDGE_CRM_USERNAME": GATEWAY,
                "LEADBRIDGE_CRM_PASSWORD": self.core_crm.passwords[GATEWAY],
            }
        self.gateway = Server("gateway", folder, gateway_port, callers=_CALLERS, settings=settings)
        self._stack.callback(self.gateway.close)
        if not apart:
            self.core_crm = self.gateway
        self.servers = (self.core_crm, self.gateway) if apart else (self.gateway,)
        self._services: dict[str, Service] = {}
        self._json: JsonDoors | None = None
        self._receiver: Receiver | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        for server in self.servers:
            server.ask_to_end()  # all at once, then each is waited for
        self._stack.close()

    def open(self) -> None:
        """Start the servers and wait until they serve. Raises StepFailed."""
        for server in self.servers:
            server.prepare()
            server.launch()
        for server in self.servers:
            server.wait_ready()

    # --------------------------------------------------------------------------------------------------- calls

    @property
    def leads(self) -> Service:
        """LeadService of the gateway."""
        return self._service(self.gateway, "LeadService")

    @property
    def partners(self) -> Service:
        """BusinessPartnerService of the gateway."""
        return self._service(self.gateway, "BusinessPartnerService")

    @property
    def records(self) -> Service:
        """CrmService of the core CRM."""
        return self._service(self.core_crm, "CrmService")

    @property
    def json(self) -> JsonDoors:
        """The gateway's addresses that speak JSON."""
        if self._json is None:
            self._json = JsonDoors(self.gateway, self.teller)
            self._stack.callback(self._json.close)
        return self._json

    @property
    def receiver(self) -> Receiver:
        """Who gets the gateway's events by a webhook, once it is registered."""
        if self._receiver is None:
            self._receiver = Receiver()
            self._stack.callback(self._receiver.close)
        return self._receiver

    def _service(self, server: Server, name: str) -> Service:
        if name not in self._services:
            service = Service(server, name, self.teller)
            self._stack.callback(service.close)
            self._services[name] = service
        return self._services[name]

    def accept(self, answer: Any) -> Any:
        """Verify that the Log of an answer says 3 successful; returns the answer."""
        self.teller.verify(
            "the Log says 3, successful", found=answer.Log.BusinessDocumentProcessingResultCode, expected="3"
        )
        return answer

    # -------------------------------------------------------------------------------------------------- stored

    def lead(self, lead_id: str) -> Row:
        """The stored lead. Raises StepFailed where there is none."""
        with self.gateway.database.read() as tx:
            found = leads.resolve(tx, CORE_CRM, ids=[lead_id])
        if not found:
            raise StepFailed(f"expected lead {lead_id} in the database, found none")
        return found[0]

    def messages_of(self, lead_id: str) -> list[Row]:
        """The stored messages about a lead, in order."""
        with self.gateway.database.read() as tx:
            return [row for row in outbox.listed(tx, state=None, limit=1000, after=None) if row["lead_id"] == lead_id]

    def records_of(self, lead_uuid: str) -> list[Row]:
        """What the core CRM has stored of a lead."""
        with self.core_crm.database.read() as tx:
            return crmrecords.resolve(tx, source_lead_uuids=[lead_uuid])

    def counts(self) -> dict[str, int]:
        """Rows in the gateway's main tables."""
        with self.gateway.database.read() as tx:
            return {
                "business_partner": len(businesspartners.find(tx, CORE_CRM, {}, limit=None, after=None)[0]),
                "lead": len(leads.find(tx, CORE_CRM, {}, limit=None, after=None)[0]),
                "message": sum(outbox.counts(tx).values()),
            }

    def record_count(self) -> int:
        """Rows in the core CRM's table of records."""
        with self.core_crm.database.read() as tx:
            return len(crmrecords.find(tx, {}, limit=None, after=None)[0])

    def show_lead(self, lead_id: str) -> None:
        """Show the stored lead and how many rows there are."""
        self.teller.rows("table lead", _only(_LEAD_COLUMNS, [self.lead(lead_id)]))
        self.teller.counts("the gateway's database", self.counts())

    def show_messages(self, lead_id: str) -> None:
        """Show the stored messages about a lead."""
        self.teller.rows("table message (the outbox)", _only(_MESSAGE_COLUMNS, self.messages_of(lead_id)))

    def show_records(self, lead_uuid: str) -> None:
        """Show what the core CRM has stored of a lead."""
        self.teller.rows("table crm_record (in the core CRM)", _only(_RECORD_COLUMNS, self.records_of(lead_uuid)))
        self.teller.counts("the core CRM's database", {"crm_record": self.record_count()})

    def end_decision_time(self, lead_id: str) -> None:
        """Put the moment until which a partner decides on a lead back to now, so that nobody has to wait for it."""
        with self.gateway.database.write() as tx:
            leads.update(tx, [{"id": lead_id, "partner_decision_due_at": datetime.now(UTC)}])

    # ------------------------------------------------------------------------------------------------- waiting

    def forwarded(self, lead_id: str) -> Row:
        """Wait until the core CRM has a qualified lead; returns the lead's row. Raises StepFailed."""
        until(
            f"lead {lead_id} in status 4, accepted",
            lambda: self.lead(lead_id)["life_cycle_status_code"] == LifeCycleStatus.ACCEPTED,
        )
        return self.lead(lead_id)


def until(what: str, probe: Callable[[], bool]) -> None:
    """Wait until `probe` says yes. Raises StepFailed."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not probe():
        if time.monotonic() > deadline:
            raise StepFailed(f"expected {what} within {WAIT_SECONDS} seconds; it did not come")
        time.sleep(0.05)


def header() -> dict[str, str]:
    """A BasicMessageHeader of its own for each message: the UUID is what makes a retry recognisable."""
    return {"UUID": str(uuid4())}


def _only(columns: Iterable[str], rows: Iterable[Row]) -> list[Row]:
    return [{column: row[column] for column in columns} for row in rows]
