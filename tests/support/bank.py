"""The bank's channel at both doors of the core CRM: the calls of CrmService, and the same as JSON over HTTP.

Both stand before the same use cases, write lane and database: those of a `Calls`. A test that takes a `Channel` holds
for both.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from leadbridge.auditjournal import AuditJournal
from leadbridge.authentication.access import Access
from leadbridge.caller import Caller, Role, Visibility
from leadbridge.crm.casetypes import CaseTypes
from leadbridge.quotas import Quotas
from leadbridge.rest.app import RestApp
from leadbridge.rest.crm import EXTERNAL, INTERNAL, crm_router
from leadbridge.rest.jsonbody import BodyLimits
from leadbridge.rest.opportunities import opportunity_router
from leadbridge.room import Room
from leadbridge.rulefiles.casetypes import default_case_types
from tests.support.calls import BANK, SECONDS, Answered, Calls
from tests.support.crm_messages_by_hand import combo_create, combo_update, update_lead, update_opportunity
from tests.support.door import KnownCallers, Reply, basic, exchange

COMBO_CREATE = f"{INTERNAL}/combo-create-lead-opportunity"
COMBO_UPDATE = f"{INTERNAL}/combo-update-lead-opportunity"
UPDATE_OPPORTUNITY = f"{EXTERNAL}/update-opportunity-status"
UPDATE_LEAD = f"{EXTERNAL}/update-lead-status"
PATHS = (COMBO_CREATE, COMBO_UPDATE, UPDATE_OPPORTUNITY, UPDATE_LEAD)

PARTNER = Caller("acme", "Acme", frozenset({Role.PARTNER}), Visibility.GIVEN, "ACME")
SALES = Caller("sales", "Sales", frozenset({Role.SALES}), Visibility.ALL, "")


@dataclass(frozen=True)
class Outcome:
    """What came of a call, whichever door it went through. `refusal` is why nothing was done."""

    refusal: str | None = None
    kind: str = ""
    record_id: str = ""
    status: str = ""
    created: bool | None = None
    closed: tuple[str, ...] = ()
    converted: str | None = None


class Channel(Protocol):
    """The four calls of the bank. A record to be won is named with its kind."""

    def create(self, customer: str, customer_type: str, owner: str) -> Outcome:
        """Combo create."""

    def win(self, kind: str, record_id: str, status: str | None = None) -> Outcome:
        """Combo update."""

    def lose_opportunity(self, record_id: str, status: str | None = None) -> Outcome:
        """Update of an opportunity's status."""

    def lose_lead(self, record_id: str, status: str | None = None) -> Outcome:
        """Update of a lead's status."""


class Soap:
    """CrmService."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def create(self, customer: str, customer_type: str, owner: str) -> Outcome:
        """Combo create."""
        return self._done(combo_create(customer=customer, customer_type=customer_type, owner=owner))

    def win(self, kind: str, record_id: str, status: str | None = None) -> Outcome:
        """Combo update; the kind goes unsaid here."""
        return self._done(combo_update(record_id, status=status))

    def lose_opportunity(self, record_id: str, status: str | None = None) -> Outcome:
        """Update of an opportunity's status."""
        return self._done(update_opportunity(record_id, status=status))

    def lose_lead(self, record_id: str, status: str | None = None) -> Outcome:
        """Update of a lead's status."""
        return self._done(update_lead(record_id, status=status))

    def _done(self, request: bytes) -> Outcome:
        answer = self._calls.send(request, caller=BANK)
        if answer.result == "5":
            return Outcome(refusal=answer.log[0])
        return Outcome(
            kind=answer.one("RecordTypeCode"),
            record_id=answer.one("RecordID"),
            status=answer.one("StatusName"),
            created=_indicator(answer, "CreatedIndicator"),
            closed=tuple(answer.all("ClosedRecordID")),
            converted=next(iter(answer.all("ConvertedRecordID")), None),
        )


def _indicator(answer: Answered, name: str) -> bool | None:
    return {"true": True, "false": False}.get(next(iter(answer.all(name)), ""))


class Json:
    """The bank CRM API in this process."""

    def __init__(
        self,
        calls: Calls,
        *,
        dispatcher: Any = None,
        access: Access | None = None,
        limits: BodyLimits = BodyLimits(),  # noqa: B008 - immutable
        quotas: Quotas | None = None,
        room: Room | None = None,
        journal: AuditJournal | None = None,
        case_types: CaseTypes | None = None,
    ) -> None:
        self.calls = calls
        self._loop = calls._loop
        access = access or Access(KnownCallers((BANK, SALES, PARTNER)))
        dispatcher = dispatcher or calls._dispatcher
        router = crm_router(dispatcher, access, limits, quotas=quotas, room=room)
        opportunities = opportunity_router(
            dispatcher, access, case_types or default_case_types(), limits, quotas=quotas, room=room
        )
        self.app = RestApp(router, opportunities, journal=journal)

    def create(self, customer: str, customer_type: str, owner: str) -> Outcome:
        """Combo create."""
        return self._done(COMBO_CREATE, request(customer, customer_type, owner))

    def win(self, kind: str, record_id: str, status: str | None = None) -> Outcome:
        """Combo update."""
        return self._done(COMBO_UPDATE, {f"{kind.lower()}Id": record_id, "status": status})

    def lose_opportunity(self, record_id: str, status: str | None = None) -> Outcome:
        """Update of an opportunity's status."""
        return self._done(UPDATE_OPPORTUNITY, {"opportunityId": record_id, "status": status})

    def lose_lead(self, record_id: str, status: str | None = None) -> Outcome:
        """Update of a lead's status."""
        return self._done(UPDATE_LEAD, {"leadId": record_id, "status": status})

    def _done(self, path: str, body: Mapping[str, Any]) -> Outcome:
        reply = self.post(path, body)
        said = json.loads(reply.body)
        if reply.status != 200:
            return Outcome(refusal=said["code"])
        assert ("leadId" in said) != ("opportunityId" in said)
        return Outcome(
            kind=said["recordType"],
            record_id=said["leadId"] if said["recordType"] == "LEAD" else said["opportunityId"],
            status=said["status"],
            created=said.get("created"),
            closed=tuple(said.get("closedIds", ())),
            converted=said.get("convertedLeadId"),
        )

    def post(
        self,
        path: str,
        body: object = None,
        *,
        chunks: Sequence[bytes] | None = None,
        authorization: bytes | None = None,
        media_type: str = "application/json",
        more: Sequence[tuple[str, str]] = (),
        method: str = "POST",
        caller: Caller = BANK,
    ) -> Reply:
        """A request and what comes back; JSON of `body`, or the bytes of `chunks`. Empty values leave a header out."""
        sent = (json.dumps(body).encode(),) if chunks is None else chunks
        headers = [
            (b"content-type", media_type.encode()),
            (b"authorization", basic(caller.id) if authorization is None else authorization),
            *((name.encode(), value.encode("latin-1")) for name, value in more),
        ]
        headers = [one for one in headers if one[1]]
        asked = exchange(self.app, method, path, headers=headers, chunks=sent, client="192.0.2.1")
        reply: Reply = asyncio.run_coroutine_threadsafe(asked, self._loop.loop).result(SECONDS)
        return reply

    def refused(self, path: str, body: object = None, **options: Any) -> dict[str, Any]:
        """The problem details that come back, whole and of the right media type."""
        reply = self.post(path, body, **options)
        assert reply.headers["content-type"] == "application/problem+json", reply.body
        said: dict[str, Any] = json.loads(reply.body)
        assert said["status"] == reply.status
        assert said["type"] == f"urn:leadbridge:problem:{said['code']}"
        assert said["correlationId"] == reply.headers["x-correlation-id"]
        assert said["title"]
        assert said["detail"]
        return said


CHANNELS: Mapping[str, Callable[[Calls], Channel]] = {"SOAP": Soap, "JSON": Json}


def request(customer: str = "C-1", customer_type: str = "NTB", owner: str = "RM-1", **more: object) -> dict[str, Any]:
    """The body of a combo create."""
    return {
        "customerType": customer_type,
        "customerId": customer,
        "ownerId": owner,
        "sellingMode": "B2C",
        "customerName": "Anna Beispiel",
        **more,
    }
