"""What a sale is expected to bring, said with a move over JSON: where the contract's message has no place for it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from leadbridge.store.database import Database
from tests.support.bank import COMBO_CREATE, Json, request
from tests.support.calls import BANK, Calls, gateway
from tests.support.crm_messages_by_hand import read_crm_record

PATH = "/crm/opportunities"
AMOUNT = {"expectedRevenueAmount": "1200.50", "expectedRevenueCurrencyCode": "EUR"}


def moved(door: Json, record_id: str, **body: str) -> dict[str, Any]:
    reply = door.post(f"{PATH}/{record_id}/moves", body)
    assert reply.status == 200, reply.body
    said: dict[str, Any] = json.loads(reply.body)
    return said


def read(door: Json, path: str) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(door.post(f"{PATH}/{path}", method="GET").body)
    return said


def test_an_amount_is_kept_forecast_and_read_at_every_door(calls: Calls) -> None:
    door = Json(calls)
    record_id = door.create("C-1", "ETB", "RM-1").record_id
    assert read(door, "forecast")["withoutAmount"] == 1
    moved(door, record_id, move="STEP_DONE", step="Confirm interest", **AMOUNT)
    assert read(door, record_id)["amount"] == {"value": "1200.50", "currency": "EUR"}
    moved(door, record_id, move="ADVANCE")
    said = read(door, "forecast")
    assert (said["withoutAmount"], [one["amount"] for one in said["totals"]]) == (0, ["1200.50"])
    (found,) = calls.done(read_crm_record(record_id), caller=BANK).parts("CrmRecord")
    assert found.one("ExpectedRevenueAmount") == "1200.50"
    lost = {"move": "CLOSE_LOST", "reason": "x", **AMOUNT, "expectedRevenueAmount": "7"}
    moved(door, record_id, **lost)
    assert read(door, record_id)["amount"]["value"] == "7"


def test_an_amount_goes_with_the_opportunity_that_a_lead_becomes(calls: Calls) -> None:
    door = Json(calls)
    lead, said = door.create("C-1", "NTB", "RM-1").record_id, dict[str, Any]()
    moved(door, lead, move="ADVANCE")
    for step in ("Make first contact", "Confirm interest", "Confirm need and budget"):
        moved(door, lead, move="STEP_DONE", step=step)
        said = moved(door, lead, move="ADVANCE", **(AMOUNT if step == "Confirm need and budget" else {}))
    assert said["convertedLeadId"] == lead
    assert read(door, said["id"])["amount"] == {"value": "1200.50", "currency": "EUR"}


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"expectedRevenueCurrencyCode": None}, "MissingField", "#/expectedRevenueCurrencyCode"),
        ({"expectedRevenueAmount": None}, "MissingField", "#/expectedRevenueAmount"),
        ({"expectedRevenueAmount": "-1"}, "WrongFormat", "#/expectedRevenueAmount"),
        ({"expectedRevenueAmount": "1.1234567"}, "WrongFormat", "#/expectedRevenueAmount"),
        ({"expectedRevenueAmount": "1" * 23}, "WrongFormat", "#/expectedRevenueAmount"),
        ({"expectedRevenueAmount": 12}, "WrongType", "#/expectedRevenueAmount"),
        ({"expectedRevenueCurrencyCode": "eur"}, "WrongFormat", "#/expectedRevenueCurrencyCode"),
    ],
)
def test_an_amount_that_is_none_is_refused(
    sqlite: Database, change: dict[str, object], code: str, pointer: str
) -> None:
    with gateway(sqlite) as calls:
        door = Json(calls)
        made = json.loads(door.post(COMBO_CREATE, request(customer_type="ETB")).body)["opportunityId"]
        body = {"move": "STEP_DONE", "step": "Confirm interest", **AMOUNT, **change}
        (error,) = door.refused(f"{PATH}/{made}/moves", body)["errors"]
        assert (error["code"], error["pointer"]) == (code, pointer)
        assert "amount" not in read(door, made)


def test_another_amount_under_the_same_key_is_another_request(sqlite: Database) -> None:
    with gateway(sqlite) as calls:
        door = Json(calls)
        path = f"{PATH}/{door.create('C-1', 'ETB', 'RM-1').record_id}/moves"
        body = {"move": "STEP_DONE", "step": "Confirm interest", **AMOUNT}
        key = [("idempotency-key", "k")]
        assert door.post(path, body, more=key).status == 200
        same = door.post(path, body | {"expectedRevenueAmount": "1200.5"}, more=key)
        assert same.headers["idempotent-replayed"] == "true"
        for other in ({"expectedRevenueAmount": "1"}, {"expectedRevenueCurrencyCode": "USD"}):
            assert door.refused(path, body | other, more=key)["code"] == "IdempotencyConflict"
