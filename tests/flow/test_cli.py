"""The command line: what each command prints, how it ends, and what it refuses with a way out.

Commands run in this process; a few in one of their own, where the process itself is what matters.
"""

import os
import re
import socket
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
import requests

from leadbridge import __version__
from leadbridge.caller import Role
from leadbridge.store.database import Database, schema_state
from tests.support.calls import PASSWORD, Unanswered, Wire, admit, until
from tests.support.commands import Done, command
from tests.support.databases import PostgresqlServer
from tests.support.messages_by_hand import create_lead, find_lead
from tests.support.server import Server, free_port

Run = Callable[..., Done]


@pytest.fixture
def empty_url(tmp_path: Path) -> str:
    """The URL of a SQLite database that is not there yet."""
    return f"sqlite:///{tmp_path / 'new' / 'leadbridge.db'}"


@pytest.fixture
def run(database_url: str) -> Run:
    """Runs a command on a database with the schema, once on each kind."""
    return lambda *arguments, stdin="": command(
        *arguments, environment={"LEADBRIDGE_DATABASE_URL": database_url}, standard_input=stdin
    )


def process(*arguments: str, environment: Mapping[str, str]) -> Done:
    """Run a command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "leadbridge", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def add(run: Run, caller_id: str = "acme", *, role: str = "partner", stdin: str = PASSWORD + "\n") -> Done:
    """Add a caller."""
    return run("caller", "add", caller_id, "--name", "Acme GmbH", "--role", role, "--password-stdin", stdin=stdin)


# -------------------------------------------------------------------------------------------------------------- as such


@pytest.mark.parametrize("arguments", [["--help"], ["serve", "--help"], ["caller", "--help"], ["caller", "add", "-h"]])
def test_help_is_printed_and_no_error(arguments: list[str]) -> None:
    done = command(*arguments, environment={})
    assert (done.code, done.err) == (0, "")
    assert "Usage: leadbridge" in done.out


def test_the_version_is_printed() -> None:
    done = command("--version", environment={})
    assert (done.code, done.out.strip()) == (0, __version__)


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["caller", "nonsense"],
        ["serve", "--nonsense"],
        ["serve", "--port", "many"],
        ["messages", "show"],
        ["messages", "show", "first"],
        ["caller", "add", "acme"],
        ["contract", "export"],
    ],
)
def test_a_command_that_is_called_wrongly_ends_with_2_and_says_what_is_wrong(arguments: list[str]) -> None:
    done = command(*arguments, environment={})
    assert done.code == 2
    assert done.out + done.err
    assert "Traceback" not in done.out + done.err


def test_exit_codes_reach_the_shell(tmp_path: Path) -> None:
    assert process("nonsense", environment={}).code == 2
    wrong = process("settings", environment={"LEADBRIDGE_PORT": "high"})
    assert (wrong.code, wrong.out) == (1, "")
    assert wrong.err.startswith("leadbridge: port: ")


def test_a_setting_that_does_not_exist_is_refused_by_every_command_with_the_nearest_name() -> None:
    for arguments in (["settings"], ["migrate"], ["serve"], ["caller", "list"]):
        done = command(*arguments, environment={"LEADBRIDGE_PUBLIC_ULR": "http://x"})
        assert done.code == 1
        assert "LEADBRIDGE_PUBLIC_URL" in done.err


def test_settings_are_printed_as_toml_with_passwords_masked() -> None:
    done = command(
        "settings",
        environment={
            "LEADBRIDGE_DATABASE_URL": "postgresql://bridge:hush-hush@db.example/leads",
            "LEADBRIDGE_CRM_WSDL": "https://user:hush-too@crm.example/CrmService?wsdl",
            "LEADBRIDGE_CRM_USERNAME": "bridge",
            "LEADBRIDGE_CRM_PASSWORD": "hush-as-well",
            "LEADBRIDGE_PORT": "8123",
            "LEADBRIDGE_LEAD_DUPLICATES__CALLERS": "acme=CREATE,beta=LINK",
        },
    )
    assert done.code == 0
    assert "hush" not in done.out
    assert "postgresql://bridge:" in done.out
    assert "\nport = 8123\n" in done.out
    assert "\n[forwarding]\n" in done.out
    assert tomllib.loads(done.out)["lead_duplicates"]["callers"] == {"acme": "CREATE", "beta": "LINK"}


def test_the_contract_keeps_its_own_rules() -> None:
    done = command("contract", "check", environment={})
    assert (done.code, done.err) == (0, "")
    assert done.out == "The contract compiles, loads, and keeps its rules.\n"


# -------------------------------------------------------------------------------------------------------------- migrate


def test_migrating_twice_is_safe_and_says_what_was_done(empty_url: str, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    environment = {"LEADBRIDGE_DATABASE_URL": empty_url}
    first = command("migrate", environment=environment)
    assert first.code == 0
    assert first.out.startswith("The database was brought from revision none to ")
    second = command("migrate", environment=environment)
    assert second.code == 0
    assert second.out.startswith("The database is up to date (revision ")


def test_a_postgresql_that_is_behind_is_refused_until_it_is_migrated(postgresql_server: PostgresqlServer) -> None:
    url = postgresql_server.empty_database()
    environment = {"LEADBRIDGE_DATABASE_URL": url, "LEADBRIDGE_PORT": str(free_port())}
    for arguments in (["serve"], ["caller", "list"], ["messages", "list"]):
        refused = command(*arguments, environment=environment)
        assert refused.code == 1
        assert "run `leadbridge migrate`" in refused.err
    assert command("migrate", environment=environment).code == 0
    assert command("migrate", environment=environment).out.startswith("The database is up to date")
    assert command("caller", "list", environment=environment).code == 0
    database = Database(url)
    assert schema_state(database).is_current
    database.dispose()
    postgresql_server.drop(url)


def test_a_database_that_cannot_be_reached_is_one_line_without_its_password() -> None:
    url = f"postgresql://bridge:hush-hush@127.0.0.1:{free_port()}/leads"
    for arguments in (["migrate"], ["serve"], ["caller", "list"]):
        done = command(*arguments, environment={"LEADBRIDGE_DATABASE_URL": url})
        assert done.code == 1
        assert done.err.startswith("leadbridge: ")
        assert len(done.err.splitlines()) == 1
        assert "hush" not in done.err


def test_a_file_that_is_no_database_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "leads.db"
    file.write_text("no database, but long enough to be looked at as if it were one\n" * 20)
    done = command("caller", "list", environment={"LEADBRIDGE_DATABASE_URL": f"sqlite:///{file}"})
    assert done.code == 1
    assert done.err.startswith("leadbridge: ")
    assert len(done.err.splitlines()) == 1


def test_the_contract_is_not_exported_to_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = command("contract", "export", str(tmp_path / "file"), environment={})
    assert done.code == 1
    assert "name another folder" in done.err


# -------------------------------------------------------------------------------------------------------------- callers


def test_a_caller_is_added_and_listed_without_its_password(run: Run) -> None:
    done = add(run, role="partner,sales")
    assert (done.code, done.out, done.err) == (0, "Caller acme was added.\n", "")
    listed = run("caller", "list")
    assert listed.code == 0
    for word in ("acme", "Acme GmbH", "partner", "sales", "all"):
        assert word in listed.out
    assert PASSWORD not in listed.out
    assert "argon2" not in listed.out


def test_a_partner_sees_what_it_was_given_unless_told_otherwise(run: Run) -> None:
    add(run, "one")
    run(
        *("caller", "add", "two", "--name", "Two", "--role", "partner", "--visibility", "own", "--party", "P-2"),
        "--password-stdin",
        stdin=PASSWORD,
    )
    lines = run("caller", "list").out.splitlines()
    (one,), (two,) = [line for line in lines if "one" in line.split()], [line for line in lines if "Two" in line]
    assert "given" in one
    assert "own" in two
    assert "P-2" in two


@pytest.mark.parametrize(
    ("arguments", "stdin", "words"),
    [
        (["acme", "--name", "A", "--role", "king", "--password-stdin"], PASSWORD, "partner, callcentre, sales"),
        (["acme", "--name", "A", "--role", "partner,", "--password-stdin"], PASSWORD, "partner, callcentre, sales"),
        (["acme", "--name", "A", "--role", "partner", "--password-stdin"], "short", "at least 8 characters"),
        (["acme", "--name", "A", "--role", "partner", "--password-stdin"], "", "nothing came on standard input"),
        (["acme", "--name", "A", "--role", "partner", "--password-stdin"], "longenough\udcff", "not UTF-8 text"),
        (["acme", "--name", "A", "--role", "crm", "--party", "P" * 21, "--password-stdin"], PASSWORD, "20 characters"),
        (["acme", "--name", "A", "--role", "partner", "--password-stdin"], "x" * 257, "at most 256 characters"),
        (["acme", "--name", "A", "--role", "partner"], PASSWORD, "--password-stdin"),
        (["relay", "--name", "A", "--role", "crm", "--password-stdin"], PASSWORD, "leadbridge's own"),
        (["two words", "--name", "A", "--role", "crm", "--password-stdin"], PASSWORD, "letters, digits"),
    ],
    ids=["role", "empty role", "short", "none", "no text", "long party", "long", "not from stdin", "reserved", "no id"],
)
def test_a_caller_that_cannot_be_added_is_refused_with_the_reason(
    run: Run, arguments: list[str], stdin: str, words: str
) -> None:
    done = run("caller", "add", *arguments, stdin=stdin)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("leadbridge: ")
    assert words in done.err
    assert "acme" not in run("caller", "list").out


def test_an_id_is_given_once(run: Run) -> None:
    assert add(run).code == 0
    again = add(run)
    assert (again.code, again.err) == (1, "leadbridge: there is a caller acme already\n")


def test_a_caller_is_disabled_and_says_so_in_the_list(run: Run) -> None:
    add(run)
    before = run("caller", "list").out
    done = run("caller", "disable", "acme")
    assert (done.code, done.out) == (0, "Caller acme is disabled.\n")
    assert run("caller", "list").out != before
    unknown = run("caller", "disable", "nobody")
    assert unknown.code == 1
    assert unknown.err.startswith("leadbridge: there is no caller nobody; `leadbridge caller list` shows")


def test_a_password_is_set_from_standard_input_or_made_and_printed_once(run: Run) -> None:
    add(run)
    done = run("caller", "password", "acme", "--password-stdin", stdin="another long one\n")
    assert (done.code, done.out) == (0, "The password of caller acme was set.\n")
    made = run("caller", "password", "acme")
    assert re.fullmatch(r"The password of caller acme was set: \S{20,}\n", made.out)
    assert run("caller", "password", "nobody").code == 1
    short = run("caller", "password", "acme", "--password-stdin", stdin="short")
    assert (short.code, short.err) == (1, "leadbridge: a password has at least 8 characters\n")


# ---------------------------------------------------------------------------------------------------------------- serve


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_serve_on_an_open_address_without_callers_is_refused_and_says_what_to_run(empty_url: str, host: str) -> None:
    done = command("serve", "--host", host, "--port", "0", environment={"LEADBRIDGE_DATABASE_URL": empty_url})
    assert (done.code, done.out) == (1, "")
    assert f"There is no caller yet, and {host} is not a loopback address." in done.err
    assert "leadbridge caller add ID --name NAME --role admin --password-stdin" in done.err
    assert "no caller" not in command("caller", "list", environment={"LEADBRIDGE_DATABASE_URL": empty_url}).out


def test_serve_on_a_port_that_is_taken_is_refused_and_names_the_way_out(sqlite_url: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = command("serve", "--port", port, environment={"LEADBRIDGE_DATABASE_URL": sqlite_url})
    assert (done.code, done.out) == (1, "")
    assert f"127.0.0.1:{port} cannot be listened on" in done.err
    assert "--port" in done.err


def test_forward_alone_needs_to_know_a_core_crm(sqlite_url: str) -> None:
    done = command("forward", environment={"LEADBRIDGE_DATABASE_URL": sqlite_url})
    assert done.code == 1
    assert "LEADBRIDGE_CRM_USERNAME" in done.err


@pytest.fixture(scope="module")
def first_start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that found nothing at all, not even a folder for its database; stopped in the end by SIGTERM."""
    folder = tmp_path_factory.mktemp("first")
    with Server(f"sqlite:///{folder / 'var' / 'leadbridge.db'}", folder) as server:
        yield server


def test_the_first_start_makes_an_admin_and_prints_its_password_once(first_start: Server) -> None:
    until(lambda: "leadbridge is ready: " in first_start.output(), what="the server to say that it is ready")
    password = first_start.admin_password()
    assert first_start.output().count(password) == 1
    assert Wire(first_start.url, ("admin", password)).done(create_lead()).one("Lead/ID") == "0000000001"
    with pytest.raises(Unanswered) as refused:
        Wire(first_start.url, ("admin", "wrong")).send(find_lead({}))
    assert refused.value.status == 401
    folder = Path(first_start.environment["LEADBRIDGE_DATABASE_URL"].removeprefix("sqlite:///")).parent
    assert not [path for path in folder.rglob("*") if password.encode() in path.read_bytes()]


def test_a_caller_added_while_the_server_runs_may_call_at_once_and_a_new_password_counts_at_once(
    first_start: Server,
) -> None:
    def run(*arguments: str, stdin: str) -> Done:
        return command(*arguments, environment=first_start.environment, standard_input=stdin)

    assert add(run, "late", role="callcentre").code == 0
    assert Wire(first_start.url, ("late", PASSWORD)).done(find_lead({})).result == "3"
    run("caller", "password", "late", "--password-stdin", stdin="another long one")
    assert Wire(first_start.url, ("late", "another long one")).done(find_lead({})).result == "3"


def test_a_second_server_on_the_same_port_is_refused_while_the_first_goes_on(first_start: Server) -> None:
    done = command("serve", environment=first_start.environment)
    assert done.code == 1
    assert "cannot be listened on" in done.err
    assert requests.get(f"{first_start.url}/livez", timeout=5).text == "alive\n"
    assert requests.get(f"{first_start.url}/readyz", timeout=5).text == "ready\n"


def test_a_server_that_is_told_to_end_ends_in_order_and_its_next_start_keeps_what_was_there(
    first_start: Server,
) -> None:
    password = first_start.admin_password()
    printed = first_start.output().count("its password is")
    first_start.stop()
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{first_start.url}/livez", timeout=5)
    assert "Traceback" not in first_start.output()
    first_start.start()
    assert first_start.output().count("its password is") == printed
    assert Wire(first_start.url, ("admin", password)).done(find_lead({})).result == "3"


def test_a_caller_that_is_disabled_is_out_when_the_server_no_longer_remembers_it(
    sqlite_url: str, tmp_path: Path
) -> None:
    admit(sqlite_url, ("late", PASSWORD), Role.CALLCENTRE)
    environment = {"LEADBRIDGE_CALLERS__CREDENTIAL_CACHE_SECONDS": "0"}
    with Server(sqlite_url, tmp_path, environment=environment) as server:
        wire = Wire(server.url, ("late", PASSWORD))
        assert wire.done(find_lead({})).result == "3"
        assert command("caller", "disable", "late", environment=server.environment).code == 0
        with pytest.raises(Unanswered) as refused:
            wire.send(find_lead({}))
        assert refused.value.status == 401
