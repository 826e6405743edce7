"""Chunks of bulk files into the store: every record gets a verdict, a bad one never stops the others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from leadbridge.bulk.heading import Unusable
from leadbridge.bulk.jobs import chunks_of, own_uuid, uuid_while_it_arrives
from leadbridge.bulk.rejections import rejections_file
from leadbridge.bulk.sources import blocks_of_file
from leadbridge.contract.parsing import parse
from leadbridge.contract.schema import validate
from leadbridge.operations.lead_bulk import uuid_of_content
from leadbridge.store import bulk
from leadbridge.store.database import Database
from tests.support.bulk import LIMITS, counts, intake, lead_count, lead_names, new_job, read_job, rejected, take_in
from tests.support.bulk_by_hand import END, ROOT, file_of, full_lead, small_lead

UUID = "5f6b1c1e-8a35-4a2b-9d0e-3c2f7d1b4a01"
EXTRA_ITEM = "<lbl:Item><lbl:ProductID>EXTRA</lbl:ProductID></lbl:Item>"
VIOLATION, LEAD = "BULK.CONTRACT_VIOLATION", "/lbb:LeadBulk/lbb:Lead"


def at(path: str, record: int) -> str:
    """The path of a record that is looked at alone, as it is in the file."""
    if path.startswith("/lbb:LeadBulk/*"):
        return f"/lbb:LeadBulk/*[{record + 1}]"
    return path.replace(LEAD, f"{LEAD}[{record}]")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "file"


def test_leads_are_accepted_and_stored_with_all_they_have(database: Database, path: Path) -> None:
    job = take_in(database, path, file_of([full_lead(number) for number in range(1, 8)], uuid=UUID))
    assert counts(job) == {"accepted": 7}
    assert lead_names(database) == [f"Mortgage for flat {number} in Berlin" for number in range(1, 8)]
    assert rejected(database, job) == []


def test_a_chunk_is_taken_once(database: Database, path: Path) -> None:
    job = new_job(database, path, file_of([small_lead(number) for number in range(1, 6)]))
    chunks = list(chunks_of(job, blocks_of_file(path), limits=LIMITS))
    taking = intake(database, job)
    assert [taking.take(chunk) is None for chunk in (*chunks[::-1], *chunks)] == [False, False, True, True]
    assert counts(read_job(database, job["id"])) == {"accepted": 5}
    assert lead_count(database) == 5


def test_a_job_that_was_cancelled_takes_no_more_chunks(database: Database, path: Path) -> None:
    job = new_job(database, path, file_of([small_lead(number) for number in range(1, 6)]))
    first, second = chunks_of(job, blocks_of_file(path), limits=LIMITS)
    taking = intake(database, job)
    assert taking.take(first) is not None
    with database.write() as tx:
        assert bulk.cancel(tx, job["id"], datetime.now(UTC))
    assert taking.take(second) is None
    assert counts(read_job(database, job["id"])) == {"accepted": 3}


def test_the_same_records_in_another_job_of_the_file_are_replays(database: Database, path: Path) -> None:
    leads = [small_lead(number) for number in range(1, 5)]
    take_in(database, path, file_of(leads, uuid=UUID))
    job = take_in(database, path, file_of([*leads, small_lead(5)], uuid=UUID))
    assert counts(job) == {"accepted": 1, "replayed": 4}
    assert lead_count(database) == 5


def test_a_record_that_was_accepted_with_other_content_is_rejected(database: Database, path: Path) -> None:
    take_in(database, path, file_of([small_lead(1)], uuid=UUID))
    job = take_in(database, path, file_of([small_lead(1, name="Other")], uuid=UUID))
    assert rejected(database, job) == [(1, "rejected", [("BULK.RECORD_CHANGED", f"{LEAD}[1]")])]


def test_a_key_that_is_taken_makes_a_duplicate(database: Database, path: Path) -> None:
    take_in(database, path, file_of([small_lead(1)]))
    job = take_in(database, path, file_of([small_lead(2), small_lead(1, name="Again")]))
    assert counts(job) == {"accepted": 1, "duplicate": 1}
    assert rejected(database, job) == [(2, "duplicate", [("LEAD.EXTERNAL_KEY_TAKEN", f"{LEAD}[2]/lbl:ExternalKey")])]


def test_a_lead_that_seems_to_exist_makes_a_duplicate_and_in_a_file_more_must_agree(
    database: Database, path: Path
) -> None:
    take_in(database, path, file_of([full_lead(1)]))
    same = full_lead(1).replace("L-1<", "L-2<")
    more = full_lead(1).replace("L-1<", "L-3<").replace("<lbl:Item>", f"{EXTRA_ITEM}<lbl:Item>", 1)
    job = take_in(database, path, file_of([same, more]))
    assert counts(job) == {"accepted": 1, "duplicate": 1}
    assert rejected(database, job) == [(1, "duplicate", [("LEAD.DUPLICATE", f"{LEAD}[1]")])]


def test_records_without_any_key_are_told_apart_by_their_content(database: Database, path: Path) -> None:
    leads = [small_lead(number, key=False) for number in (1, 2, 3, 4)]
    job = take_in(database, path, file_of([*leads, leads[0]], uuid=UUID))
    assert counts(job) == {"accepted": 4, "replayed": 1}
    again = take_in(database, path, file_of([small_lead(9), *leads[::-1]], uuid=UUID))
    assert counts(again) == {"accepted": 1, "replayed": 4}
    other = take_in(database, path, file_of(leads, uuid=UUID.replace("a", "b")))
    assert counts(other) == {"accepted": 4}


@pytest.mark.parametrize("key", [True, False])
def test_what_a_file_without_a_uuid_brought_is_known_in_the_next_one(sqlite: Database, path: Path, key: bool) -> None:
    leads = [small_lead(number, key=key) for number in range(1, 6)]
    assert counts(take_in(sqlite, path, file_of([*leads[:3], leads[1]]))) == {"accepted": 3, "replayed": 1}
    assert counts(take_in(sqlite, path, file_of(leads))) == {"accepted": 2, "replayed": 3}
    assert counts(take_in(sqlite, path, file_of(leads[::-1], uuid=UUID))) == {"duplicate" if key else "accepted": 5}


@pytest.mark.parametrize("uuid", [None, UUID])
def test_what_was_sent_as_a_test_is_not_the_same_in_earnest(sqlite: Database, path: Path, uuid: str | None) -> None:
    leads = [small_lead(1, key=False)]
    assert counts(take_in(sqlite, path, file_of(leads, uuid=uuid, test=True))) == {"accepted": 1}
    assert counts(take_in(sqlite, path, file_of(leads, uuid=uuid))) == {"accepted": 1}


def test_a_file_that_never_arrived_whole_has_no_uuid_of_its_own() -> None:
    job = {"id": "0000000007", "uuid": uuid_while_it_arrives("0000000007"), "content_hash": None}
    assert own_uuid(job) is None
    assert own_uuid(job | {"uuid": UUID}) == UUID
    assert own_uuid(job | {"content_hash": b"x" * 32, "uuid": uuid_of_content(b"x" * 32)}) is None


# ------------------------------------------------------------------------------------------------ bad records

GOOD = [small_lead(number) for number in range(1, 5)]
BAD = {
    "too long": (small_lead(9, name="x" * 81), [(VIOLATION, f"{LEAD}/lbl:Name")]),
    "two violations": (
        small_lead(9, name="x" * 81, content="<lbl:Note/>"),
        [(VIOLATION, f"{LEAD}/lbl:Name"), (VIOLATION, f"{LEAD}/lbl:Note")],
    ),
    "missing": ("<lbb:Lead><lbl:Name>a</lbl:Name></lbb:Lead>", [(VIOLATION, LEAD)]),
    "empty": ("<lbb:Lead/>", [(VIOLATION, LEAD), (VIOLATION, LEAD)]),
    "unknown element": (small_lead(9, content="<lbl:Colour>red</lbl:Colour>"), [(VIOLATION, f"{LEAD}/*[4]")]),
    "another record": ("<lbb:Customer/>", [(VIOLATION, "/lbb:LeadBulk/*[2]")]),
    "another namespace": (
        "<x:Lead xmlns:x='urn:x'/>",
        [(VIOLATION, "/lbb:LeadBulk/*[2]")],
    ),
    "bad prefix further in": (
        "<lbb:Lead><n:Nome xmlns:n='urn:leadbridge:lead:1'>a</n:Nome></lbb:Lead>",
        [(VIOLATION, f"{LEAD}/*[1]"), (VIOLATION, LEAD), (VIOLATION, LEAD)],
    ),
    "default namespace": (
        "<Lead xmlns='urn:leadbridge:leadbulk:1'><Name>a</Name></Lead>",
        [(VIOLATION, f"{LEAD}/*[1]"), (VIOLATION, LEAD), (VIOLATION, LEAD)],
    ),
    "dates": (
        small_lead(9).replace(
            "<lbl:ProspectParty>",
            "<lbl:StartDate>2026-02-02</lbl:StartDate><lbl:EndDate>2026-02-01</lbl:EndDate><lbl:ProspectParty>",
        ),
        [("LEAD.DATES_REVERSED", f"{LEAD}/lbl:EndDate")],
    ),
    "base64": (
        small_lead(
            9,
            content="<lbl:AttachmentFolder><lbl:Document><lbl:Name>a</lbl:Name><lbl:MIMECode>text/plain</lbl:MIMECode>"
            "<lbl:FileContentBinaryObject>YWJj=YWJj</lbl:FileContentBinaryObject></lbl:Document></lbl:AttachmentFolder>",
        ),
        [(VIOLATION, f"{LEAD}/lbl:AttachmentFolder/lbl:Document/lbl:FileContentBinaryObject")],
    ),
    "deep": (
        small_lead(9, content=f"<lbl:Extension><x:a xmlns:x='urn:x'>{'<a>' * 40}{'</a>' * 40}</x:a></lbl:Extension>"),
        [("BULK.RECORD_TOO_LARGE", LEAD)],
    ),
    "deeper than parsers go": (
        small_lead(9, content=f"<lbl:Extension><x:a xmlns:x='urn:x'>{'<a>' * 400}{'</a>' * 400}</x:a></lbl:Extension>"),
        [("BULK.RECORD_DAMAGED", LEAD)],
    ),
    "relative namespace": (
        small_lead(9, content="<lbl:Extension><a xmlns='x'/></lbl:Extension>"),
        [("BULK.RECORD_DAMAGED", LEAD)],
    ),
    "many elements": (
        small_lead(9, content=f"<lbl:Extension><x:a xmlns:x='urn:x'>{'<a/>' * 3000}</x:a></lbl:Extension>"),
        [("BULK.RECORD_TOO_LARGE", LEAD)],
    ),
    "long text": (
        small_lead(9, content=f"<lbl:Extension><x:a xmlns:x='urn:x'>{'a' * 100_001}</x:a></lbl:Extension>"),
        [("BULK.RECORD_TOO_LARGE", LEAD)],
    ),
    "long attribute": (
        small_lead(9, content=f"<lbl:Extension><x:a xmlns:x='urn:x' b='{'a' * 5000}'/></lbl:Extension>"),
        [("BULK.RECORD_TOO_LARGE", LEAD)],
    ),
}


@pytest.mark.parametrize(("bad", "items"), BAD.values(), ids=BAD)
@pytest.mark.parametrize("place", [0, 1, 4])
def test_a_bad_record_is_rejected_with_its_reasons_and_the_others_are_taken(
    sqlite: Database, path: Path, bad: str, items: list[tuple[str, str]], place: int
) -> None:
    leads = [*GOOD[:place], bad, *GOOD[place:]]
    job = take_in(sqlite, path, file_of(leads, uuid=UUID), chunk_records=10)
    assert counts(job) == {"accepted": 4, "rejected": 1}
    assert rejected(sqlite, job) == [(place + 1, "rejected", [(one, at(path, place + 1)) for one, path in items])]


def test_many_bad_records_of_all_kinds_in_one_chunk(database: Database, path: Path) -> None:
    leads = [one for number, (bad, _) in enumerate(BAD.values(), 10) for one in (bad, small_lead(number))]
    job = take_in(database, path, file_of(leads, uuid=UUID), chunk_records=500)
    assert counts(job) == {"accepted": len(BAD), "rejected": len(BAD)}
    assert [record for record, _, _ in rejected(database, job)] == [1 + 2 * number for number in range(len(BAD))]


def test_nothing_but_bad_records(database: Database, path: Path) -> None:
    job = take_in(database, path, file_of([bad for bad, _ in BAD.values()], uuid=UUID), chunk_records=500)
    assert counts(job) == {"rejected": len(BAD)}


@pytest.fixture
def refusing(database: Database) -> Iterator[None]:
    """Let the store refuse leads of a certain name: this stands for whatever nobody foresaw."""
    with database.write() as tx:
        for statement in _TRIGGERS[database.dialect_name]:
            tx.connection.execute(text(statement))
    yield
    with database.write() as tx:
        for statement in _WITHOUT[database.dialect_name]:
            tx.connection.execute(text(statement))


def test_what_only_the_store_refuses_is_rejected_alone(refusing: None, database: Database, path: Path) -> None:
    leads = [*GOOD[:2], small_lead(9, name="unforeseen"), *GOOD[2:]]
    job = take_in(database, path, file_of(leads, uuid=UUID), chunk_records=10)
    assert counts(job) == {"accepted": 4, "rejected": 1}
    assert rejected(database, job) == [(3, "rejected", [("BULK.RECORD_FAILED", f"{LEAD}[3]")])]
    assert lead_count(database) == 4


def test_where_the_store_refuses_many_no_lead_is_to_blame(refusing: None, database: Database, path: Path) -> None:
    leads = [small_lead(number, name="unforeseen") for number in range(20)]
    with pytest.raises(DBAPIError):
        take_in(database, path, file_of([*GOOD, *leads], uuid=UUID), chunk_records=30)
    assert lead_count(database) == 0
    assert counts(read_job(database, "0000000001")) == {}


_SQLITE = (
    "CREATE TRIGGER refuse BEFORE INSERT ON lead WHEN NEW.name = 'unforeseen' BEGIN SELECT RAISE(ABORT, 'refused'); END"
)
_POSTGRESQL = (
    "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
    "$$BEGIN IF NEW.name = 'unforeseen' THEN RAISE 'refused'; END IF; RETURN NEW; END$$"
)
_TRIGGERS = {
    "sqlite": [_SQLITE],
    "postgresql": [_POSTGRESQL, "CREATE TRIGGER refuse BEFORE INSERT ON lead FOR EACH ROW EXECUTE FUNCTION refuse()"],
}
_WITHOUT = {
    "sqlite": ["DROP TRIGGER refuse"],
    "postgresql": ["DROP TRIGGER refuse ON lead", "DROP FUNCTION refuse"],
}


# ------------------------------------------------------------------------------------------------- rejections


def test_rejections_can_be_mended_and_sent_again(database: Database, path: Path) -> None:
    leads = [small_lead(1), small_lead(2, name="x" * 81), small_lead(3, content="<lbl:Note/>")]
    job = take_in(database, path, file_of(leads, uuid=UUID, test=True))
    file = b"".join(rejections_file(database, job, now=datetime.now(UTC)))
    mended = re.sub(rb"x{81}", b"Mended", file).replace(b"<lbl:Note/>", b"<lbl:Note>Now</lbl:Note>")
    root = parse(mended)
    validate(root)
    header = root[0]
    assert header.findtext("{*}ReferenceUUID") == UUID
    assert header.findtext("{*}UUID") != UUID
    assert header.findtext("{*}TestDataIndicator") == "true"
    again = take_in(database, path, mended)
    assert counts(again) == {"accepted": 2}
    assert lead_names(database) == ["Lead 1", "Lead 3", "Mended"]


def test_rejections_that_were_not_mended_are_rejected_for_the_same_reasons(database: Database, path: Path) -> None:
    job = take_in(database, path, file_of([small_lead(2, name="x" * 81)]))
    file = b"".join(rejections_file(database, job, now=datetime.now(UTC)))
    again = take_in(database, path, file)
    assert rejected(database, again) == rejected(database, job)


def test_what_is_exported_and_mended_twice_is_one_lead(database: Database, path: Path) -> None:
    job = take_in(database, path, file_of([small_lead(1, name="x" * 81, key=False)], uuid=UUID))
    for verdict in ("accepted", "replayed"):
        file = b"".join(rejections_file(database, job, now=datetime.now(UTC)))
        mended = re.sub(rb"x{81}", b"Mended", file)
        again = take_in(database, path, mended if verdict == "accepted" else mended + b"\n")
        assert counts(again) == {verdict: 1}


def test_a_rejection_keeps_no_namespace_that_it_does_not_use(sqlite: Database, path: Path) -> None:
    many = "".join(f" xmlns:n{number}='urn:n:{number}'" for number in range(900))
    extension = "<lbl:Extension><n1:a/></lbl:Extension>"
    lead = small_lead(1, name="x" * 81, content=extension)
    content = file_of([lead], uuid=UUID).replace(b"<lbb:LeadBulk", b"<lbb:LeadBulk" + many.encode())
    job = take_in(sqlite, path, content)
    with sqlite.read() as tx:
        (row,) = bulk.rejections(tx, job["id"], after=None, limit=2)
    assert len(row["lead"]) < 2 * len(lead)
    assert sorted(re.findall(rb"urn:n:\d+", row["lead"])) == [b"urn:n:1"]


@pytest.mark.parametrize("depth", [400, 5_000])
def test_of_a_record_that_cannot_be_parsed_the_keys_are_kept(sqlite: Database, path: Path, depth: int) -> None:
    deep = f"<lbl:Extension><x:a xmlns:x='urn:x'>{'<a>' * depth}{'</a>' * depth}</x:a></lbl:Extension>"
    key = "<lbl:ObjectNodeSenderTechnicalID>T-7</lbl:ObjectNodeSenderTechnicalID>"
    lead = small_lead(7, content=deep).replace("<lbb:Lead>", f"<lbb:Lead>{key}")
    job = take_in(sqlite, path, file_of([small_lead(1), lead], uuid=UUID))
    assert rejected(sqlite, job) == [(2, "rejected", [("BULK.RECORD_DAMAGED", f"{LEAD}[2]")])]
    returned = parse(b"".join(rejections_file(sqlite, job, now=datetime.now(UTC))))[1]
    assert returned.findtext("{*}ObjectNodeSenderTechnicalID") == "T-7"
    assert returned.findtext("{*}ExternalKey/{*}RemoteObjectID") == "L-7"
    assert returned.findtext("{*}LogItem/{*}ReferenceObjectNodeSenderTechnicalID") == "T-7"


# -------------------------------------------------------------------------------------------------------- CSV

PERSON = "Name,CategoryCode,RoleCode,GivenName,FamilyName"


def test_csv_has_the_same_verdicts(database: Database, path: Path) -> None:
    rows = ["One,1,PROSPECT,A,B", "Two,9,PROSPECT,A,B", "Three,1,PROSPECT,A", "Four,1,PROSPECT,C,D"]
    job = take_in(database, path, "\n".join([PERSON, *rows]).encode())
    assert counts(job) == {"accepted": 2, "rejected": 2}
    category = f"{LEAD}[2]/lbl:ProspectParty/lbl:NewBusinessPartner/lbc:CategoryCode"
    assert rejected(database, job) == [
        (2, "rejected", [(VIOLATION, category)]),
        (3, "rejected", [("BULK.RECORD_DAMAGED", f"{LEAD}[3]")]),
    ]
    assert lead_names(database) == ["Four", "One"]


def test_csv_mended_in_one_row_and_sent_again_replays_the_others(database: Database, path: Path) -> None:
    rows = ["One,1,PROSPECT,A,B", "Two,9,PROSPECT,A,B", "Three,1,PROSPECT,C,D"]
    take_in(database, path, "\n".join([PERSON, *rows]).encode())
    job = take_in(database, path, "\n".join([PERSON, rows[2], rows[1].replace("9", "1"), rows[0]]).encode())
    assert counts(job) == {"accepted": 1, "replayed": 2}
    assert lead_count(database) == 3


def test_a_header_that_breaks_the_contract_is_refused_before_anything_is_stored(database: Database, path: Path) -> None:
    content = (
        ROOT + "<lbb:BasicMessageHeader><lbc:UUID>x</lbc:UUID></lbb:BasicMessageHeader>" + small_lead(1) + END
    ).encode()
    with pytest.raises(Unusable, match="lbc:UUID"):
        take_in(database, path, content)
