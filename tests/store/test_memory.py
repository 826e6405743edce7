"""What is remembered beside leads: received messages, the journal, callers, the core CRM's records."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from leadbridge.store import callers, crmrecords, journal, received
from leadbridge.store.database import Database
from leadbridge.store.inserts import Row
from tests.store.rows import NOW


def a_message(caller_id: str, uuid: str, **columns: object) -> Row:
    return {
        "caller_id": caller_id,
        "message_uuid": uuid,
        "operation": "CreateLead",
        "content_hash": b"\x00\x01",
        "answer": b"<answer/>",
        "received_at": NOW,
        **columns,
    }


def test_a_received_message_is_found_by_its_caller_and_uuid(database: Database) -> None:
    with database.write() as tx:
        received.remember(tx, [a_message("p1", "u1"), a_message("p1", "u2"), a_message("p2", "u1", answer=b"2")])
        received.remember(tx, [])
        found = received.find(tx, [("p1", "u1"), ("p2", "u1"), ("p2", "u2"), ("p3", "u1")])
        assert list(received.find(tx, [])) == []
    by_key = {(row["caller_id"], row["message_uuid"]): row for row in found}
    assert set(by_key) == {("p1", "u1"), ("p2", "u1")}
    assert by_key["p2", "u1"]["answer"] == b"2"
    assert by_key["p1", "u1"]["content_hash"] == b"\x00\x01"


def test_a_message_is_remembered_once(database: Database) -> None:
    with database.write() as tx:
        received.remember(tx, [a_message("p1", "u1")])
    with pytest.raises(IntegrityError), database.write() as tx:
        received.remember(tx, [a_message("p1", "u2"), a_message("p1", "u1")])
    with database.read() as tx:
        assert list(received.find(tx, [("p1", "u2")])) == []


def test_what_is_older_than_a_moment_is_forgotten(database: Database) -> None:
    with database.write() as tx:
        received.remember(tx, [a_message("p1", f"u{age}", received_at=NOW - timedelta(days=age)) for age in range(10)])
        assert received.forget_before(tx, NOW - timedelta(days=7)) == 2
        assert received.forget_before(tx, NOW - timedelta(days=7)) == 0
        assert [row["message_uuid"] for row in received.find(tx, [("p1", "u7"), ("p1", "u8")])] == ["u7"]


def test_the_journal_tells_of_one_object_oldest_first(database: Database) -> None:
    def entry(object_type: str, object_id: str, event: str) -> Row:
        return {
            "recorded_at": NOW,
            "caller_id": "p1",
            "operation": "ChangeLead",
            "object_type": object_type,
            "object_id": object_id,
            "event": event,
            "changed_elements": "Name Note",
        }

    with database.write() as tx:
        journal.append(tx, [entry("lead", "1", f"event {n}") for n in range(30)])
        journal.append(tx, [entry("lead", "2", "other"), entry("crm_record", "1", "other")])
        told = journal.of(tx, "lead", "1")
    assert [row["event"] for row in told] == [f"event {n}" for n in range(30)]
    assert [row["id"] for row in told] == sorted(row["id"] for row in told)
    assert told[0]["changed_elements"] == "Name Note"


def test_the_moves_of_several_objects_are_their_changes_of_status(database: Database) -> None:
    def entry(object_id: str, new_status: str | None) -> Row:
        return {
            "recorded_at": NOW,
            "caller_id": "crm",
            "operation": "UpdateLeadStatus",
            "object_type": "crm_record",
            "object_id": object_id,
            "event": "changed",
            "new_status": new_status,
        }

    with database.write() as tx:
        journal.append(tx, [entry("1", "a"), entry("2", "b"), entry("1", None), entry("1", "c"), entry("3", "d")])
        moves = journal.moves(tx, "crm_record", ["1", "2", "9"])
        assert journal.moves(tx, "lead", ["1"]) == {"1": []}
        assert journal.moves(tx, "lead", []) == {}
    assert {number: [row["new_status"] for row in rows] for number, rows in moves.items()} == {
        "1": ["a", "c"],
        "2": ["b"],
        "9": [],
    }


def test_callers_are_added_listed_disabled_and_given_a_password(database: Database) -> None:
    row = {
        "id": "b",
        "name": "Caller B",
        "roles": "callcentre,partner",
        "visibility": "all",
        "party_id": "",
        "password_hash": "old",
        "created_at": NOW,
        "changed_at": NOW,
    }
    later = NOW + timedelta(hours=1)
    with database.write() as tx:
        callers.add(tx, row)
        callers.add(tx, {**row, "id": "a"})
        assert [each["id"] for each in callers.all(tx)] == ["a", "b"]
        assert callers.count(tx) == 2
        assert callers.by_id(tx, "nobody") is None
        assert callers.by_id(tx, "b") == {**row, "disabled_at": None}
        assert callers.set_password(tx, "b", "new", later) is True
        assert callers.set_password(tx, "nobody", "new", later) is False
        assert callers.disable(tx, "b", later) is True
        assert callers.disable(tx, "b", later + timedelta(hours=1)) is False
        assert callers.disable(tx, "nobody", later) is False
        changed = callers.by_id(tx, "b")
    assert changed == {**row, "password_hash": "new", "disabled_at": later, "changed_at": later}
    with pytest.raises(IntegrityError), database.write() as tx:
        callers.add(tx, row)


def test_crm_records_are_kept_with_their_notes(database: Database) -> None:
    def record(number: int, **columns: object) -> Row:
        return {
            "record_id": f"{number:010}",
            "record_type_code": "LEAD",
            "status_name": "New Lead",
            "customer_type_code": "NTB",
            "customer_id": "C1",
            "owner_id": "RM1",
            "selling_mode_code": "B2C",
            "customer_name": "Anna Meier",
            "created_by": "crm",
            "created_at": NOW,
            "changed_at": NOW,
            **columns,
        }

    def note(number: int, position: int) -> Row:
        return {"record_id": f"{number:010}", "position": position, "text": f"note {position}"}

    with database.write() as tx:
        crmrecords.insert(
            tx,
            [record(2), record(1, source_lead_uuid="u1"), record(3, customer_id="C2")],
            [note(1, 0), note(1, 1)],
        )
        crmrecords.update(tx, [{"record_id": "0000000002", "status_name": "Close Lost", "reason_code": "OTHR"}])
        of_customers = crmrecords.of_customers(tx, ["C1", "C9"])
        assert [(row["record_id"], row["status_name"]) for row in of_customers] == [
            ("0000000001", "New Lead"),
            ("0000000002", "Close Lost"),
        ]
        assert crmrecords.of_customers(tx, []) == []
        for lock in (False, True):
            resolved = crmrecords.resolve(
                tx, record_ids=["0000000003", "0000000001"], source_lead_uuids=["u1", "u2"], lock=lock
            )
            assert [row["record_id"] for row in resolved] == ["0000000001", "0000000003"]
            (by_lead,) = crmrecords.resolve(tx, source_lead_uuids=["u1"], lock=lock)
            assert by_lead["record_id"] == "0000000001"
        assert crmrecords.resolve(tx) == []
        notes = crmrecords.notes(tx, ["0000000001", "0000000002"])
    assert [row["text"] for row in notes["0000000001"]] == ["note 0", "note 1"]
    assert notes["0000000002"] == []
