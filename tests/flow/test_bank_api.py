"""The bank CRM API: what it answers and refuses, each error by its code and field, replays, and who may call."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from leadbridge.auditjournal import AuditJournal
from leadbridge.authentication.access import Access
from leadbridge.authentication.passwords import Authenticator
from leadbridge.authentication.tokens import Tokens, add_token
from leadbridge.caller import Role
from leadbridge.operations.call import Answer, Call, IdempotencyConflict, Policy
from leadbridge.operations.dispatcher import Busy
from leadbridge.quotas import QuotaPolicy, Quotas
from leadbridge.rest.jsonbody import DEEPEST, BodyLimits
from leadbridge.room import Room
from leadbridge.store import tables
from leadbridge.store.database import Database
from leadbridge.store.errors import CommitUnknown, DatabaseUnreachable, LaneFull, LaneStopped
from tests.support.bank import (
    COMBO_CREATE,
    COMBO_UPDATE,
    PARTNER,
    PATHS,
    SALES,
    UPDATE_LEAD,
    UPDATE_OPPORTUNITY,
    Json,
    request,
)
from tests.support.calls import BANK, Calls, gateway, row_counts
from tests.support.crm_messages_by_hand import combo_create, read_crm_record
from tests.support.door import Recorder, basic
from tests.support.doors import PASSWORD, add_callers


@pytest.fixture
def calls(sqlite: Database) -> Iterator[Calls]:
    """A gateway on SQLite: what the databases do differently lies behind the use cases, which have their own tests."""
    with gateway(sqlite) as made:
        yield made


@pytest.fixture
def door(calls: Calls) -> Json:
    return Json(calls)


def answered(door: Json, path: str, body: object, **options: Any) -> dict[str, Any]:
    reply = door.post(path, body, **options)
    assert reply.status == 200, reply.body
    assert reply.headers["content-type"] == "application/json"
    said: dict[str, Any] = json.loads(reply.body)
    return said


# ------------------------------------------------------------------------------------------------------- the answers


def test_answers_have_the_names_and_values_of_the_contract(door: Json) -> None:
    lead = answered(door, COMBO_CREATE, request())
    lead_id = lead["leadId"]
    assert lead == {"recordType": "LEAD", "leadId": lead_id, "status": "New Lead", "created": True, "closedIds": []}
    assert answered(door, COMBO_CREATE, request()) == {**lead, "created": False}
    other = answered(door, COMBO_CREATE, request(owner="RM-2"))
    assert other["closedIds"] == [lead_id]
    won = answered(door, COMBO_UPDATE, {"leadId": other["leadId"], "status": "Close won"})
    opportunity_id = won["opportunityId"]
    assert won == {
        "recordType": "OPPORTUNITY",
        "opportunityId": opportunity_id,
        "status": "Close Won",
        "convertedLeadId": other["leadId"],
    }
    made = answered(door, COMBO_CREATE, request("C-2", "ETB"))
    assert made["status"] == "New Opportunity"
    lost = {"opportunityId": made["opportunityId"], "status": " CLOSE  lost ", "reasonCode": "005"}
    assert answered(door, UPDATE_OPPORTUNITY, lost) == {
        "recordType": "OPPORTUNITY",
        "opportunityId": made["opportunityId"],
        "status": "Close Lost",
    }
    third = answered(door, COMBO_CREATE, request("C-3"))["leadId"]
    assert answered(door, UPDATE_LEAD, {"leadId": third}) == {
        "recordType": "LEAD",
        "leadId": third,
        "status": "Close Lost",
    }


def test_a_lead_of_crm_service_is_closed_over_json_and_read_over_soap(calls: Calls, door: Json) -> None:
    source = str(uuid4())
    lead = calls.done(combo_create(source_lead=source), caller=BANK).one("RecordID")
    won = answered(door, COMBO_UPDATE, {"leadId": lead, "status": "Close Won", "reasonCode": "007"})
    asked = read_crm_record(lead, won["opportunityId"])
    first, second = calls.done(asked, caller=BANK).parts("CrmRecord")
    assert (first.one("StatusName"), second.one("StatusName")) == ("Close Won", "Close Won")
    assert (second.one("ConvertedFromRecordID"), second.one("SourceLeadUUID")) == (lead, source)
    assert first.all("StatusHistory/Item/ChangePartyID") == [BANK.id, BANK.id]


def test_a_record_keeps_everything_that_was_sent(calls: Calls, door: Json) -> None:
    source = str(uuid4()).upper()
    more = {"productId": "LOAN", "email": "Info@Example.org", "phone": "+49 30 901820", "sourceLeadUuid": source}
    name = "Beispiel <GmbH> & Co \U0001f40e\r\n"
    made = answered(door, COMBO_CREATE, request("C-9", "ETB", "RM-9", **more, sellingMode="B2B", customerName=name))
    (found,) = calls.done(read_crm_record(made["opportunityId"]), caller=BANK).parts("CrmRecord")
    names = ("CustomerID", "OwnerID", "SellingModeCode", "CustomerName", "ProductID", "EmailURI", "PhoneNumber")
    assert [found.one(one) for one in names] == ["C-9", "RM-9", "B2B", name, *list(more.values())[:3]]
    assert found.one("SourceLeadUUID") == source.lower()


def test_null_is_the_same_as_a_field_that_is_not_there(door: Json) -> None:
    nothing = dict.fromkeys(("productId", "email", "phone", "sourceLeadUuid"))
    key = [("idempotency-key", "k")]
    first = door.post(COMBO_CREATE, request(), more=key)
    again = door.post(COMBO_CREATE, {**request(), **nothing}, more=key)
    assert (again.status, again.body) == (200, first.body)
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"


# -------------------------------------------------------------------------------------------------------- the errors


def errors(said: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["code"], one["pointer"]) for one in said["errors"]]


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"ownerId": None}, "WrongType", "ownerId"),
        ({"customerId": 5}, "WrongType", "customerId"),
        ({"customerId": ["C-1"]}, "WrongType", "customerId"),
        ({"customerName": {"a": "b"}}, "WrongType", "customerName"),
        ({"email": True}, "WrongType", "email"),
        ({"customerId": ""}, "TooShort", "customerId"),
        ({"customerId": "c" * 61}, "TooLong", "customerId"),
        ({"ownerId": "o" * 21}, "TooLong", "ownerId"),
        ({"customerName": "\U0001f40e" * 91}, "TooLong", "customerName"),
        ({"productId": "p" * 41}, "TooLong", "productId"),
        ({"phone": "1" * 41}, "TooLong", "phone"),
        ({"email": "no address"}, "WrongFormat", "email"),
        ({"sourceLeadUuid": "x" * 36}, "WrongFormat", "sourceLeadUuid"),
        ({"customerName": "a\0b"}, "WrongCharacter", "customerName"),
        ({"customerName": "a\uffff"}, "WrongCharacter", "customerName"),
        ({"customerName": "\ud800"}, "WrongCharacter", "customerName"),
        ({"customerType": "ntb"}, "NotInList", "customerType"),
        ({"sellingMode": "B2G"}, "NotInList", "sellingMode"),
        ({"rm_id": "RM-1"}, "UnknownField", "rm_id"),
        ({"status": "New Lead"}, "UnknownField", "status"),
    ],
)
def test_row_08_and_24_a_field_that_is_wrong_is_named_and_its_value_is_not(
    calls: Calls, door: Json, change: dict[str, Any], code: str, pointer: str
) -> None:
    before = row_counts(calls.database)
    said = door.refused(COMBO_CREATE, {**request(), **change})
    assert (said["status"], said["code"], errors(said)) == (422, code, [(code, f"#/{pointer}")])
    for value in change.values():
        assert not isinstance(value, str) or len(value) < 3 or value not in json.dumps(said["errors"])
    assert row_counts(calls.database) == before


@pytest.mark.parametrize(
    "change",
    [
        {"customerId": "c" * 60, "ownerId": "o" * 20, "productId": "p" * 40, "phone": "1" * 40},
        {"customerName": "\U0001f40e" * 90, "email": f"a@{'b' * 252}"},
        {"email": "a@b", "phone": "112", "customerId": " "},
    ],
)
def test_row_08_the_longest_and_the_shortest_are_taken(door: Json, change: dict[str, Any]) -> None:
    assert answered(door, COMBO_CREATE, {**request(), **change})["created"] is True


def test_every_violation_is_listed_and_no_name_that_is_no_word(door: Json) -> None:
    body = {"customerType": "x", "customerId": 1, "email": "a", "<b>Anna</b>": 1, "phone": "\1\1\1", "e" * 41: 1}
    said = door.refused(COMBO_CREATE, body)
    assert errors(said) == [
        ("NotInList", "#/customerType"),
        ("WrongType", "#/customerId"),
        ("MissingField", "#/ownerId"),
        ("MissingField", "#/sellingMode"),
        ("MissingField", "#/customerName"),
        ("TooShort", "#/email"),
        ("WrongCharacter", "#/phone"),
        ("UnknownField", "#"),
        ("UnknownField", "#"),
    ]
    assert (said["code"], said["detail"]) == ("NotInList", said["errors"][0]["detail"])
    assert "Anna" not in json.dumps(said)
    many = door.refused(COMBO_CREATE, {**request(), **{f"f{number}": 1 for number in range(200)}})
    assert len(many["errors"]) == 100


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "NotJson"),
        (b"x", "NotJson"),
        (b'{"leadId": "1"', "NotJson"),
        (b'{"leadId": "1"}}', "NotJson"),
        (b'{"leadId": "1",}', "NotJson"),
        (b'{"leadId": NaN}', "NotJson"),
        (b'{"leadId": "a\tb"}', "NotJson"),
        (b"{'leadId': '1'}", "NotJson"),
        (b'{"leadId": "\\"', "NotJson"),
        ('{"leadId": "1"}'.encode("utf-16"), "NotUtf8"),
        (b'{"leadId": "\xff"}', "NotUtf8"),
        (b'{"leadId": "\xed\xa0\x80"}', "NotUtf8"),
        (b'{"leadId": "1", "leadId": "1"}', "DuplicateField"),
        (b'{"leadId": "1", "leadI\\u0064": "2"}', "DuplicateField"),
        (b"[" * (DEEPEST + 1), "TooDeep"),
        (b'{"a":' * 9_000, "TooDeep"),
    ],
)
def test_row_03_and_19_a_body_that_is_no_proper_json_is_refused(door: Json, body: bytes, code: str) -> None:
    said = door.refused(UPDATE_LEAD, chunks=[body])
    assert (said["status"], said["code"]) == (400, code)
    if code == "DuplicateField":
        assert errors(said) == [("DuplicateField", "#/leadId")]


@pytest.mark.parametrize(
    "body", [b"[]", b"5", b'"x"', b"null", b"1e999", b"9" * 5_000, b"[" * DEEPEST + b"]" * DEEPEST]
)
def test_a_body_that_is_no_object_is_of_the_wrong_type(door: Json, body: bytes) -> None:
    said = door.refused(UPDATE_LEAD, chunks=[body])
    assert (said["status"], errors(said)) == (422, [("WrongType", "#")])


def test_a_byte_order_mark_and_brackets_in_texts_are_nothing_to_refuse(door: Json) -> None:
    body = json.dumps(request(customerName="[" * 80 + '"\\')).encode()
    assert door.post(COMBO_CREATE, chunks=[b"\xef\xbb\xbf" + body]).status == 200


@pytest.mark.parametrize("path", PATHS)
def test_row_04_the_largest_body_is_read_and_no_byte_more(calls: Calls, path: str) -> None:
    door = Json(calls, limits=BodyLimits(largest_bytes=2_000))
    largest = b'{"x":"y"}'.ljust(2_000)
    assert door.refused(path, chunks=[largest])["code"] != "MessageTooLarge"
    for chunks in ([largest + b" "], [largest, b" "], [b" "] * 2_001):
        assert door.refused(path, chunks=chunks)["code"] == "MessageTooLarge"
    reply = door.post(path, chunks=[b""], more=[("content-length", "2001")])
    assert (reply.status, reply.headers["connection"]) == (413, "close")
    assert door.refused(path, chunks=[b""], more=[("content-length", "-1")])["code"] == "MalformedMessage"


def test_row_22_and_31_bodies_that_find_no_room_or_do_not_come_are_turned_away(calls: Calls) -> None:
    body = json.dumps(request()).encode()
    door = Json(calls, room=Room(4 * (len(body) - 1)))
    reply = door.post(COMBO_CREATE, chunks=[body])
    assert (reply.status, int(reply.headers["retry-after"])) == (503, 5)
    assert answered(Json(calls, room=Room(4 * len(body))), COMBO_CREATE, request())
    slow = Json(calls, limits=BodyLimits(deadline_seconds=0.05))
    assert slow.refused(COMBO_CREATE, chunks=[])["status"] == 408


@pytest.mark.parametrize(
    "media_type",
    [
        *("", "text/json", "text/xml", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"),
        *("application/json; charset=utf-16", "application/json; charset=utf-8; charset=utf-8", "application/jsonx"),
    ],
)
def test_row_16_and_20_another_media_type_is_refused(door: Json, media_type: str) -> None:
    said = door.refused(COMBO_CREATE, request(), media_type=media_type)
    assert (said["status"], said["code"]) == (415, "UnsupportedMediaType")


def test_row_20_and_21_json_in_utf8_is_taken_and_nothing_packed(door: Json) -> None:
    for media_type in ("Application/JSON", 'application/json; charset="UTF-8"', "application/json;charset=us-ascii"):
        assert answered(door, COMBO_CREATE, request(), media_type=media_type)
    for coding, status in (("identity", 200), ("gzip", 415), ("gzip, gzip", 415), ("br", 415)):
        assert door.post(COMBO_CREATE, request(), more=[("content-encoding", coding)]).status == status


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_another_method_is_refused_with_those_that_are_allowed(door: Json, method: str) -> None:
    said = door.refused(COMBO_CREATE, request(), method=method)
    assert (said["status"], said["code"]) == (405, "MalformedMessage")
    assert door.post(COMBO_CREATE, request(), method=method).headers["allow"] == "POST"


@pytest.mark.parametrize("path", [f"{COMBO_CREATE}/", COMBO_CREATE.replace("/int", ""), "/integration-service/x"])
def test_row_15_an_address_beside_is_none_and_leads_nowhere(door: Json, path: str) -> None:
    reply = door.post(path, request(), more=[("host", "evil.example")])
    assert (reply.status, json.loads(reply.body)["code"]) == (404, "UnknownOperation")
    assert "location" not in reply.headers


@pytest.mark.parametrize(
    ("path", "body", "status", "code", "pointer"),
    [
        (UPDATE_LEAD, {"leadId": "0000009999"}, 404, "CRM.RECORD_UNKNOWN", "leadId"),
        (UPDATE_OPPORTUNITY, {"opportunityId": "0000009999"}, 404, "CRM.RECORD_UNKNOWN", "opportunityId"),
        (COMBO_UPDATE, {"leadId": "0000009999"}, 404, "CRM.RECORD_UNKNOWN", "leadId"),
        (UPDATE_LEAD, {"leadId": "OPPORTUNITY"}, 409, "CRM.WRONG_RECORD_TYPE", "leadId"),
        (UPDATE_OPPORTUNITY, {"opportunityId": "LEAD"}, 409, "CRM.WRONG_RECORD_TYPE", "opportunityId"),
        (COMBO_UPDATE, {"opportunityId": "LEAD"}, 409, "CRM.WRONG_RECORD_TYPE", "opportunityId"),
        (COMBO_UPDATE, {"leadId": "OPPORTUNITY"}, 409, "CRM.WRONG_RECORD_TYPE", "leadId"),
        (UPDATE_LEAD, {"leadId": "LOST LEAD"}, 409, "CRM.RECORD_FINAL", "leadId"),
        (COMBO_UPDATE, {"leadId": "LOST LEAD"}, 409, "CRM.RECORD_FINAL", "leadId"),
        (UPDATE_LEAD, {"leadId": "LEAD", "status": "Close Won"}, 422, "CRM.STATUS_NAME_NOT_ALLOWED", "status"),
        (COMBO_UPDATE, {"leadId": "LEAD", "status": "new lead"}, 422, "CRM.STATUS_NAME_NOT_ALLOWED", "status"),
        (UPDATE_LEAD, {"leadId": "LEAD", "status": "Lost"}, 422, "UnknownStatusName", "status"),
        (UPDATE_LEAD, {"leadId": "LEAD", "reasonCode": "009"}, 422, "CRM.REASON_CODE_UNKNOWN", "reasonCode"),
        (UPDATE_LEAD, {"leadId": "LEAD", "reasonCode": "0 9"}, 422, "WrongFormat", "reasonCode"),
        (UPDATE_LEAD, {"opportunityId": "LEAD"}, 422, "MissingField", "leadId"),
        (COMBO_UPDATE, {"status": "Close Won"}, 422, "MissingField", "leadId"),
        (COMBO_UPDATE, {"leadId": "LEAD", "opportunityId": "LEAD"}, 422, "ExcessField", "opportunityId"),
        (COMBO_CREATE, request(owner="RM-9"), 422, "CRM.OWNER_UNKNOWN", "ownerId"),
    ],
)
def test_what_the_business_refuses_has_a_code_and_a_field_each(
    sqlite: Database, path: str, body: dict[str, Any], status: int, code: str, pointer: str
) -> None:
    policy = Policy(owner_ids=frozenset({"RM-1"}), reason_codes=frozenset({"005"}))
    with gateway(sqlite, policy) as calls:
        door = Json(calls)
        ids = {
            "LEAD": door.create("C-1", "NTB", "RM-1").record_id,
            "OPPORTUNITY": door.create("C-2", "ETB", "UNASSIGNED").record_id,  # the default owner is always known
            "LOST LEAD": door.create("C-3", "NTB", "RM-1").record_id,
        }
        assert door.lose_lead(ids["LOST LEAD"]).refusal is None
        before = row_counts(sqlite)
        said = door.refused(path, {name: ids.get(value, value) for name, value in body.items()})
        assert (said["status"], said["code"]) == (status, code)
        assert errors(said)[0] == (code, f"#/{pointer}" if pointer else "#")
        assert row_counts(sqlite) == before


def test_all_that_the_business_refuses_is_listed(sqlite: Database) -> None:
    with gateway(sqlite, Policy(reason_codes=frozenset({"005"}))) as calls:
        body = {"leadId": "0000009999", "status": "Close Won", "reasonCode": "009"}
        assert errors(Json(calls).refused(UPDATE_LEAD, body)) == [
            ("CRM.STATUS_NAME_NOT_ALLOWED", "#/status"),
            ("CRM.REASON_CODE_UNKNOWN", "#/reasonCode"),
            ("CRM.RECORD_UNKNOWN", "#/leadId"),
        ]


@pytest.mark.parametrize(
    "error", [CommitUnknown("x"), DatabaseUnreachable("x"), LaneFull("x"), LaneStopped("x"), Busy()]
)
def test_what_may_succeed_later_is_told_to_come_back(calls: Calls, error: Exception) -> None:
    def fail(_name: str, _call: Call) -> Answer:
        raise error

    reply = Json(calls, dispatcher=Recorder(answer=fail)).post(COMBO_CREATE, request())
    said = json.loads(reply.body)
    assert (reply.status, said["code"], reply.headers["retry-after"]) == (503, "Busy", "5")
    assert ("Idempotency-Key" in said["detail"]) == isinstance(error, CommitUnknown)


# ------------------------------------------------------------------------------------------------- the same again


@pytest.mark.parametrize("key", ["17", '"17"', "k" * 255, "B3F0A6C2-63A8-4C3C-9D6D-111111111111", "order 17/a"])
def test_the_same_request_with_its_key_is_answered_as_before(calls: Calls, door: Json, key: str) -> None:
    first = door.post(COMBO_CREATE, request(), more=[("idempotency-key", key)])
    answered(door, UPDATE_LEAD, {"leadId": json.loads(first.body)["leadId"]})
    rows = row_counts(calls.database)
    reordered = dict(reversed(request().items()))
    again = door.post(COMBO_CREATE, reordered, more=[("idempotency-key", key)])
    assert (again.status, again.body, again.headers["idempotent-replayed"]) == (200, first.body, "true")
    assert row_counts(calls.database) == rows
    said = door.refused(COMBO_CREATE, request(owner="RM-2"), more=[("idempotency-key", key)])
    assert (said["status"], said["code"]) == (409, "IdempotencyConflict")


def test_a_key_is_one_calls_of_one_caller(door: Json) -> None:
    key = [("idempotency-key", "17")]
    lead_id = answered(door, COMBO_CREATE, request(), more=key)["leadId"]
    assert door.refused(UPDATE_LEAD, {"leadId": lead_id}, more=key)["code"] == "IdempotencyConflict"
    assert answered(door, COMBO_CREATE, request(), more=key, authorization=basic("sales"))["created"] is False


def test_which_record_a_body_names_is_part_of_what_it_says(door: Json) -> None:
    key = [("idempotency-key", "17")]
    lead_id = door.create("C-1", "NTB", "RM-1").record_id
    wrong = door.refused(COMBO_UPDATE, {"opportunityId": lead_id}, more=key)
    assert wrong["code"] == "CRM.WRONG_RECORD_TYPE"
    assert door.refused(COMBO_UPDATE, {"opportunityId": lead_id}, more=key)["code"] == wrong["code"]
    assert door.refused(COMBO_UPDATE, {"leadId": lead_id}, more=key)["code"] == "IdempotencyConflict"


def test_a_uuid_is_the_key_that_it_is_over_soap(calls: Calls, door: Json) -> None:
    uuid = str(uuid4())
    made = calls.done(combo_create(uuid=uuid), caller=BANK)
    again = door.post(COMBO_CREATE, request(), more=[("idempotency-key", uuid.upper())])
    assert (again.status, again.headers["idempotent-replayed"]) == (200, "true")
    assert json.loads(again.body)["leadId"] == made.one("RecordID")
    with pytest.raises(IdempotencyConflict):
        calls.send(combo_create(uuid=uuid, owner="RM-2"), caller=BANK)


@pytest.mark.parametrize("key", ["", '""', " ", "k" * 256, "t\xe4st", "a\tb"])
def test_a_key_that_cannot_be_kept_is_refused(door: Json, key: str) -> None:
    said = door.refused(COMBO_CREATE, request(), more=[("idempotency-key", key or " ")])
    assert (said["status"], said["code"]) == (400, "WrongIdempotencyKey")


# ------------------------------------------------------------------------------------------------------ who may call


@pytest.mark.parametrize("path", PATHS)
def test_only_callers_of_the_core_crm_may_call(door: Json, path: str) -> None:
    body = ["no object"]
    for authorization, status, code in (
        (b"", 401, "Unauthenticated"),
        (basic(BANK.id, "wrong"), 401, "Unauthenticated"),
        (b"Basic !", 401, "Unauthenticated"),
        (basic(PARTNER.id), 403, "Unauthorized"),
        (basic(SALES.id), 422, "WrongType"),
    ):
        said = door.refused(path, body, authorization=authorization)
        assert (said["status"], said["code"]) == (status, code)
    challenge = door.post(path, body, authorization=b"").headers["www-authenticate"]
    assert challenge.startswith("Basic ")
    assert "Bearer" in challenge


def test_a_bearer_token_does_what_its_caller_may(sqlite: Database, calls: Calls) -> None:
    add_callers(sqlite, bank=Role.CRM, acme=Role.PARTNER)
    now = datetime.now(UTC)
    tokens = [add_token(sqlite, caller_id=name, name="t", now=now) for name in ("bank", "acme")]
    access = Access(Authenticator(sqlite, cache_seconds=60), tokens=Tokens(sqlite, cache_seconds=60))
    door = Json(calls, access=access)
    assert door.post(COMBO_CREATE, request(), authorization=f"Bearer {tokens[0]}".encode()).status == 200
    assert door.post(COMBO_CREATE, request(), authorization=f"Bearer {tokens[1]}".encode()).status == 403
    wrong = door.post(COMBO_CREATE, request(), authorization=b"Bearer lbt_x")
    assert (wrong.status, 'error="invalid_token"' in wrong.headers["www-authenticate"]) == (401, True)
    assert door.post(COMBO_CREATE, request(), authorization=basic("bank", PASSWORD)).status == 200
    access.stop()


def test_row_31_a_quota_holds_at_this_door_too(sqlite: Database, calls: Calls) -> None:
    quotas = Quotas(sqlite, QuotaPolicy(calls_per_second=0.1, burst_seconds=50))  # five at once
    door = Json(calls, quotas=quotas)
    for _ in range(5):
        assert answered(door, COMBO_CREATE, request())
    said = door.post(COMBO_CREATE, request())
    assert (said.status, json.loads(said.body)["code"]) == (429, "Busy")
    assert 1 <= int(said.headers["retry-after"]) <= 10
    assert answered(door, COMBO_CREATE, request(), authorization=basic("sales"))  # others have their own
    quotas.stop()


def test_refusals_are_in_the_audit_journal_without_what_was_sent(sqlite: Database, calls: Calls) -> None:
    journal = AuditJournal(sqlite)
    journal.start()
    door = Json(calls, journal=journal)
    said = [
        door.refused(UPDATE_LEAD, {"leadId": "Quendolin"}),
        door.refused(UPDATE_LEAD, {"leadId": "1"}, authorization=basic("acme")),
        door.refused(UPDATE_LEAD, {"leadId": "1"}, authorization=b""),  # a challenge is no refusal
    ]
    journal.stop()
    with sqlite.read() as tx:
        rows = tx.connection.execute(select(tables.refusal).order_by(tables.refusal.c.id)).mappings().all()
    assert [(row["door"], row["reason_code"], row["caller_id"], row["operation"]) for row in rows] == [
        ("bank", "CRM.RECORD_UNKNOWN", "bank", f"POST {UPDATE_LEAD}"),
        ("bank", "Unauthorized", "acme", f"POST {UPDATE_LEAD}"),
    ]
    assert [row["correlation_id"] for row in rows] == [one["correlationId"] for one in said[:2]]
    assert "Quendolin" not in str(rows)
