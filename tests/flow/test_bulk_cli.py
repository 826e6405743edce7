"""`leadbridge bulk …` as an operator meets it: what it says, and how it ends."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from sqlalchemy import select

from leadbridge.authentication.callers import add_caller
from leadbridge.bulk.jobs import same_blocks
from leadbridge.caller import Role
from leadbridge.store import bulk, tables
from leadbridge.store.database import Database
from tests.support.bulk import lead_names, new_job
from tests.support.bulk_by_hand import file_of, small_lead
from tests.support.commands import Done, command


@pytest.fixture
def environment(sqlite: Database, sqlite_url: str) -> dict[str, str]:
    for name, role in (("acme", Role.PARTNER), ("bank", Role.CRM)):
        add_caller(sqlite, caller_id=name, name=name, roles=[role], password="correct horse", now=datetime.now(UTC))
    return {"LEADBRIDGE_DATABASE_URL": sqlite_url}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "leads"


def taken(environment: dict[str, str], file: Path, content: bytes, *options: str, caller: str = "acme") -> Done:
    file.write_bytes(content)
    return command("bulk", "import", str(file), "--caller", caller, *options, environment=environment)


def test_all_taken(environment: dict[str, str], file: Path, sqlite: Database) -> None:
    done = taken(environment, file, gzip.compress(file_of([small_lead(1), small_lead(2)])))
    sums = "2 received = 2 accepted + 0 replayed + 0 duplicate + 0 rejected"
    assert (done.code, done.out) == (0, f"Job 0000000001 is finished: {sums}.\n")
    again = taken(environment, file, file_of([small_lead(1), small_lead(2)]))
    assert (again.code, again.out) == (0, done.out)
    assert lead_names(sqlite) == ["Lead 1", "Lead 2"]


def test_the_samples_are_taken_as_they_are(environment: dict[str, str], tmp_path: Path) -> None:
    command("contract", "export", str(tmp_path), environment={})
    for name in ("LeadBulk.xml", "leads.csv"):
        path = str(tmp_path / "samples" / name)
        done = command("bulk", "import", path, "--caller", "acme", environment=environment)
        assert (done.code, "is finished" in done.out) == (0, True), done.out + done.err


def test_some_not_taken(environment: dict[str, str], file: Path, tmp_path: Path) -> None:
    taken(environment, file, file_of([small_lead(1)]))
    done = taken(environment, file, file_of([small_lead(1, name="Again"), small_lead(2, name="x" * 99), small_lead(4)]))
    assert done.code == 1
    assert "3 received = 1 accepted + 0 replayed + 1 duplicate + 1 rejected" in done.out
    written = tmp_path / "rejections.xml"
    rejections = command("bulk", "rejections", "2", "-o", str(written), environment=environment)
    assert rejections.code == 0
    assert written.read_text().count("LogItem>") == 4
    again = command("bulk", "rejections", "2", "-o", str(written), environment=environment)
    assert (again.code, again.err) == (
        1,
        f"leadbridge: {written} cannot be written (File exists); name another file.\n",
    )
    mended = taken(environment, file, written.read_bytes().replace(b"x" * 99, b"Mended").replace(b"L-1<", b"L-3<"))
    assert (mended.code, mended.out[:27]) == (0, "Job 0000000003 is finished:")


def test_csv_with_a_mapping(environment: dict[str, str], file: Path, tmp_path: Path, sqlite: Database) -> None:
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(
        '[columns]\nTitel = "Name"\nVorname = "GivenName"\nNachname = "FamilyName"\n'
        '[constants]\nCategoryCode = "1"\nRoleCode = "PROSPECT"\n'
    )
    done = taken(environment, file, b"Titel;Vorname;Nachname\nEins;A;B\nZwei;C;D\n", "--mapping", str(mapping))
    assert done.code == 0, done.err
    assert lead_names(sqlite) == ["Eins", "Zwei"]


def test_a_broken_file(environment: dict[str, str], file: Path) -> None:
    done = taken(environment, file, file_of([small_lead(1), small_lead(2)])[:-40])
    assert done.code == 1
    assert "is broken: 1 received" in done.out
    assert "It broke off at line 4, column " in done.out
    again = taken(environment, file, file.read_bytes())  # begun anew
    assert (again.code, "Job 0000000002 is broken: 1 received = 0 accepted + 1 replayed" in again.out) == (1, True)


UNUSABLE = {
    "no bulk file": (b"<a/>", "the root of the file is not LeadBulk"),
    "empty": (b"", "the file is empty"),
    "gzip of nothing": (gzip.compress(b""), "the file is empty"),
    "no gzip behind its magic": (b"\x1f\x8b" + b"x" * 99, "the gzip data is damaged"),
    "unknown column": (b"Name,Emial\na,b\n", 'column 2 "Emial" is unknown; nearest: EmailURI'),
    "no lead": (file_of([]), "the file has no lead"),
}


@pytest.mark.parametrize(("content", "reason"), UNUSABLE.values(), ids=UNUSABLE)
def test_a_file_that_cannot_be_used(environment: dict[str, str], file: Path, content: bytes, reason: str) -> None:
    done = taken(environment, file, content)
    assert done.code == 2
    assert reason in done.err
    assert done.err.count("\n") == 1
    assert command("bulk", "status", environment=environment).out.count("\n") == 1  # the names of the columns


def test_a_file_that_is_not_there(environment: dict[str, str], file: Path) -> None:
    done = command("bulk", "import", str(file), "--caller", "acme", environment=environment)
    assert (done.code, done.err) == (2, f"leadbridge: {file} cannot be read (No such file or directory).\n")


def test_what_can_be_read_once_only_is_refused(environment: dict[str, str], file: Path) -> None:
    os.mkfifo(file)
    done = command("bulk", "import", str(file), "--caller", "acme", environment=environment)
    assert (done.code, "is no regular file" in done.err, "/bulk/leads" in done.err) == (2, True, True)


def test_a_file_that_changes_while_it_is_taken(environment: dict[str, str], file: Path, sqlite: Database) -> None:
    content = file_of([small_lead(1)])

    def changed(path: Path, seen: os.stat_result) -> Iterator[bytes]:
        path.write_bytes(b"")
        return same_blocks(path, seen)

    with patch("leadbridge.cli.bulk_import.same_blocks", changed):
        done = taken(environment, file, content)
    assert (done.code, "the file was changed while it was taken in: job 0000000001 is cancelled" in done.err) == (
        2,
        True,
    )
    with sqlite.read() as tx:
        entries = [(row.caller_id, row.operation) for row in tx.connection.execute(select(tables.journal))]
    assert entries == [("acme", "SubmitLeadBulk"), ("operator", "CancelLeadBulk")]
    again = taken(environment, file, content)
    assert (again.code, again.out[:27]) == (0, "Job 0000000002 is finished:")


def test_a_job_that_nobody_is_at(environment: dict[str, str], file: Path, sqlite: Database) -> None:
    new_job(sqlite, file, file_of([small_lead(1)]))
    with sqlite.write() as tx:
        bulk.take_over(tx, "0000000001", worker="died", now=datetime.now(UTC), lease=timedelta(0))
    for arguments in ([], ["1"]):
        shown = command("bulk", "status", *arguments, environment=environment)
        assert "nobody is at it; the same `leadbridge bulk import` goes on" in shown.out


def test_a_limit_below_one(environment: dict[str, str]) -> None:
    done = command("bulk", "status", "--limit", "-1", environment=environment)
    assert (done.code, "Must be >= 1" in done.out + done.err) == (2, True)


def test_who_may_send_leads(environment: dict[str, str], file: Path) -> None:
    content = file_of([small_lead(1)])
    unknown = taken(environment, file, content, caller="nobody")
    assert unknown.code == 1
    assert unknown.err.startswith("leadbridge: there is no caller nobody; `leadbridge caller list` shows")
    command("caller", "disable", "acme", environment=environment)
    disabled = taken(environment, file, content)
    assert (disabled.code, "caller acme is disabled" in disabled.err) == (1, True)
    other = taken(environment, file, content, caller="bank")
    assert (other.code, other.err) == (1, "leadbridge: caller bank may not send leads; its roles are crm.\n")


def test_status_and_cancel(environment: dict[str, str], file: Path) -> None:
    taken(environment, file, file_of([small_lead(1)]))
    listed = command("bulk", "status", environment=environment)
    assert listed.out.splitlines()[1].split()[:4] == ["0000000001", "acme", "finished", "1"]
    one = command("bulk", "status", "1", environment=environment)
    assert "state              finished\n" in one.out
    cancelled = command("bulk", "cancel", "1", environment=environment)
    assert (cancelled.code, cancelled.err) == (1, "leadbridge: job 0000000001 has ended: it is finished.\n")
    nothing = command("bulk", "rejections", "1", "-o", str(file.parent / "none"), environment=environment)
    assert (nothing.code, "nothing to write" in nothing.out) == (0, True)
    unknown = command("bulk", "status", "7", environment=environment)
    assert (unknown.code, "there is no job 7" in unknown.err) == (1, True)
