"""BIAN's service domains in this process, before the use cases, write lane and database of a `Calls`.

Where the official contracts lie beside this repository, every answer is held against them.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml

from leadbridge.authentication.access import Access
from leadbridge.bian.events import TYPES
from leadbridge.caller import Caller, Role, Visibility
from leadbridge.quotas import Quotas
from leadbridge.rest.app import RestApp
from leadbridge.rest.bian import BASE, OPERATIONS, bian_router
from leadbridge.rest.bian_relationship import OPERATIONS as RELATIONSHIP_OPERATIONS
from leadbridge.rest.bian_relationship import relationship_router
from leadbridge.rest.jsonbody import BodyLimits
from tests.support.calls import ACME, BANK, DESK, SECONDS, Calls
from tests.support.door import KnownCallers, Reply, basic, exchange

_BESIDE = Path(__file__).resolve().parents[2].parent / "shared" / "bian"
_FOLDER = Path(os.environ.get("BIAN_FOLDER", _BESIDE))
OFFICIAL = _FOLDER / "LeadandOpportunityManagement.yaml"
OFFICIAL_RELATIONSHIP = _FOLDER / "CustomerRelationshipManagement.yaml"
"""The official contracts, which are not part of this repository."""
DOMAIN = f"{BASE}/LeadandOpportunityManagement"
RELATIONSHIP = f"{BASE}/CustomerRelationshipManagement"

BETA = Caller("beta", "Beta", frozenset({Role.PARTNER}), Visibility.GIVEN, "BETA")
OPERATOR = Caller("operator", "Operator", frozenset({Role.OPERATOR}), Visibility.ALL, "")


@cache
def official(contract: Path) -> dict[str, Any] | None:
    """An official contract; None where it is not there."""
    return yaml.safe_load(contract.read_text(encoding="utf-8")) if contract.exists() else None


@cache
def _validator(contract: Path, operation: str, status: str) -> jsonschema_rs.Validator | None:
    """What the official document says of this answer; None where it, or the document, is not there."""
    document = official(contract)
    described = {
        one["operationId"]: one["responses"]
        for methods in (document or {"paths": {}})["paths"].values()
        for one in methods.values()
    }
    newer = contract == OFFICIAL and operation in ("Control", "Exchange")  # of release 13
    responses = described.get("Update" if newer else operation)
    if document is None or responses is None:
        return None
    if newer and status == "200":
        responses = described["Retrieve"]
    assert status in responses, f"{operation} answered {status}, which the official document does not know"
    name = responses[status]["$ref"].rpartition("/")[2]
    schema = document["components"]["responses"][name]["content"]["application/json"]["schema"]
    return jsonschema_rs.validator_for({**schema, "components": document["components"]})


class Bian:
    """A client of the service domains. `calls` is the SOAP side of the same gateway."""

    def __init__(
        self,
        calls: Calls,
        *,
        limits: BodyLimits = BodyLimits(),  # noqa: B008 - immutable
        quotas: Quotas | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.calls = calls
        self._loop = calls._loop
        access = Access(KnownCallers((DESK, ACME, BETA, BANK, OPERATOR)))
        doors = (bian_router, relationship_router)
        self.app = RestApp(*(door(calls._dispatcher, access, limits, quotas=quotas, clock=clock) for door in doors))

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        caller: Caller = DESK,
        key: str | None = None,
        data: bytes | None = None,
        authorization: bytes | None = None,
        media_type: str = "application/json",
    ) -> Reply:
        """A request and what comes back, checked against the official contract where that is there."""
        chunks: Sequence[bytes] = (
            (data if data is not None else json.dumps(body).encode(),) if method != "GET" else (b"",)
        )
        headers = [
            (b"content-type", media_type.encode() if method != "GET" else b""),
            (b"authorization", basic(caller.id) if authorization is None else authorization),
            (b"idempotency-key", (key or "").encode()),
        ]
        given = [one for one in headers if one[1]]
        asked = exchange(self.app, method, path, headers=given, chunks=chunks, client="192.0.2.1")
        reply: Reply = asyncio.run_coroutine_threadsafe(asked, self._loop.loop).result(SECONDS)
        operation = operation_of(method, path)
        if operation is not None:
            validator = _validator(*operation, str(reply.status))
            if validator is not None:
                validator.validate(json.loads(reply.body))
        return reply

    def done(self, method: str, path: str, body: object = None, **options: Any) -> dict[str, Any]:
        """The answer to a request that must succeed."""
        reply = self.send(method, path, body, **options)
        assert reply.status == 200, reply.body
        said: dict[str, Any] = json.loads(reply.body)
        return said

    def refused(self, method: str, path: str, body: object = None, **options: Any) -> tuple[int, str]:
        """The status and the message of an HTTPError."""
        reply = self.send(method, path, body, **options)
        said = json.loads(reply.body)
        assert set(said) == {"status_code", "status", "message"}, said
        assert said["status_code"] == str(reply.status)
        return reply.status, said["message"]

    def initiate(self, fields: Mapping[str, object], **options: Any) -> str:
        """Capture a lead; its address, without the action."""
        reply = self.send("POST", f"{DOMAIN}/Initiate", fields, **options)
        assert reply.status == 200, reply.body
        location = reply.headers["location"]
        assert location.endswith("/Retrieve")
        return location.removesuffix("/Retrieve")

    def task(self, lead: str, body: Mapping[str, object] | None = None, **options: Any) -> str:
        """Assign a development task; its address, without the action."""
        reply = self.send("POST", f"{lead}/Development/Initiate", body or {}, **options)
        assert reply.status == 200, reply.body
        return reply.headers["location"].removesuffix("/Retrieve")

    def events(self, after: str = "0", limit: int = 1000, **options: Any) -> list[dict[str, Any]]:
        """One page of events."""
        reply = self.send("GET", f"{BASE}/events?after={after}&limit={limit}", **options)
        assert reply.status == 200, reply.body
        assert reply.headers["content-type"] == "application/cloudevents-batch+json"
        found: list[dict[str, Any]] = json.loads(reply.body)
        assert {one["type"] for one in found} <= set(TYPES)
        return found


def operation_of(method: str, path: str) -> tuple[Path, str] | None:
    """Which operation of which official contract an address is."""
    parts = path.partition("?")[0].split("/")
    for contract, operations in ((OFFICIAL, OPERATIONS), (OFFICIAL_RELATIONSHIP, RELATIONSHIP_OPERATIONS)):
        for known, template, operation in operations:
            wanted = template.split("/")
            alike = (one == two or one.startswith("{") for one, two in zip(wanted, parts, strict=False))
            if known == method and len(wanted) == len(parts) and all(alike):
                return contract, operation
    return None
