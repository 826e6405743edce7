"""Rows of the attack catalogue at the bank CRM API that are about more than one body; the others are in
`test_bank_api`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from leadbridge.store.database import Database
from tests.support.bank import COMBO_CREATE, PATHS, UPDATE_LEAD, Json, request
from tests.support.calls import BANK, Calls, gateway, row_counts
from tests.support.crm_messages_by_hand import find_crm_record
from tests.support.door import basic
from tests.support.messages_by_hand import selection


@pytest.fixture
def calls(sqlite: Database) -> Iterator[Calls]:
    with gateway(sqlite) as made:
        yield made


@pytest.fixture
def door(calls: Calls) -> Json:
    return Json(calls)


def test_row_05_crowds_in_the_largest_body_cost_no_time(door: Json) -> None:
    crowds = (
        b'"' + b'\\"' * 32_000,
        b'{"a":"' + b"\\u0000" * 10_000 + b'"}',
        b"{" + b",".join(b'"%d":0' % number for number in range(7_000)) + b"}",
        b"{" + b",".join([b'"a":0'] * 10_000) + b"}",
        b'{"leadId":[' + b",".join([b"{}"] * 20_000) + b"]}",
        b"9" * 65_000,
        b"[" * 65_000,
    )
    began = time.process_time()
    for crowd in crowds:
        assert door.refused(UPDATE_LEAD, chunks=[crowd])["status"] in (400, 422)
    assert time.process_time() - began < 2  # not a measurement: what grows with a square takes longer


@pytest.mark.parametrize(
    "name", ["content-type", "content-encoding", "content-length", "authorization", "idempotency-key"]
)
def test_row_20_a_header_that_decides_may_come_once(door: Json, name: str) -> None:
    value = {"content-type": "application/json", "authorization": basic(BANK.id).decode(), "content-length": "2"}.get(
        name, "identity"
    )
    once = [(name, value)] if name in ("content-type", "authorization") else [(name, value)] * 2
    said = door.refused(COMBO_CREATE, request(), more=once)
    assert (said["status"], said["code"]) == (400, "MalformedMessage")


def test_row_24_and_26_texts_that_are_code_elsewhere_are_data(calls: Calls, door: Json) -> None:
    texts = ("'; DROP TABLE crm_record; --", "%", "_", "*", "]]></x>", "<!DOCTYPE a>", "/etc/passwd", "{{7*7}}", "a\\b")
    for text in texts:
        made = json.loads(door.post(COMBO_CREATE, request(text, customerName=text, productId=text)).body)
        assert made["created"] is True  # each is a customer of its own: nothing matches as a wildcard
        said = door.refused(UPDATE_LEAD, {"leadId": text[:20]})
        assert said["code"] == "CRM.RECORD_UNKNOWN"
        assert text[:20] not in json.dumps(said["errors"]) or len(text) == 1
    asked = find_crm_record({"CustomerID": [selection("_")]})
    assert len(calls.done(asked, caller=BANK).parts("CrmRecord")) == 1
    assert row_counts(calls.database)["crm_record"] == len(texts)


def test_row_24_a_defect_is_answered_blandly(calls: Calls, door: Json) -> None:
    with calls.database.write() as tx:
        tx.connection.exec_driver_sql("DROP TABLE crm_record")
    for path in PATHS:
        body = request() if path == COMBO_CREATE else {"leadId": "1"}
        if "opportunity" in path and path != COMBO_CREATE:
            body = {"opportunityId": "1"}
        said = door.refused(path, body)
        assert (said["status"], said["code"], said["errors"]) == (500, "InternalError", [])
        assert said["detail"] == f"An unforeseen error. It is logged as {said['correlationId']}."
