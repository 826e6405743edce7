"""`leadbridge webhooks`, and a server that pushes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from leadbridge.caller import Role
from leadbridge.secretbox import new_key
from leadbridge.store import tables
from leadbridge.store.database import Database
from tests.support.calls import PASSWORD, Wire, admit, until
from tests.support.commands import Done, command
from tests.support.messages_by_hand import create_lead, lead_fields, new_prospect, person
from tests.support.receiver import Receiver, receiving
from tests.support.server import Server
from tests.support.webhooks import KEY, LEAD, a_pusher, callers_with_leads, happen, push_with

SECRET = "whsec_" + "QUJDREVGR0g" * 4 + "QUJDREVG"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def environment(database: Database, database_url: str) -> dict[str, str]:
    """Settings of a site in development, with callers and leads."""
    callers_with_leads(database)
    return {
        "LEADBRIDGE_DATABASE_URL": database_url,
        "LEADBRIDGE_SECRET_KEY": KEY,
        "LEADBRIDGE_WEBHOOKS__ALLOW_LOOPBACK": "true",
        "LEADBRIDGE_WEBHOOKS__TIMEOUT_SECONDS": "5",
    }


def hooks(environment: Mapping[str, str], *arguments: str, stdin: str = "") -> Done:
    return command("webhooks", *arguments, environment=environment, standard_input=stdin)


def added(environment: Mapping[str, str], url: str, *arguments: str) -> tuple[str, str]:
    """The ID and the secret of a new webhook."""
    done = hooks(environment, "add", "--caller", "acme", "--url", url, *arguments)
    found = re.fullmatch(
        r"Webhook ([0-9a-f]{8}) of caller acme was added\. Its secret is shown this once: (whsec_\S{44})\n", done.out
    )
    assert found is not None, done
    return found[1], found[2]


def line_of(environment: Mapping[str, str], webhook: str) -> list[str]:
    (line,) = [line for line in hooks(environment, "list").out.splitlines() if line.startswith(webhook)]
    return line.split()


def test_a_webhook_from_adding_to_removing(database: Database, environment: dict[str, str], receiver: Receiver) -> None:
    webhook, secret = added(environment, f"{receiver.url}?token=MARKED", "--types", f"{LEAD}, org.bian.Corr")
    with database.read() as tx:
        (row,) = tx.connection.execute(tables.webhook_secret.select())
    assert secret.encode() not in row.sealed
    happen(database, 1, 3)  # of lead 3 the caller knows nothing
    assert line_of(environment, webhook)[:6] == [webhook, "acme", "active", "0", "1", "0"]
    done = hooks(environment, "test", webhook)
    assert (done.code, done.out) == (0, f"Webhook {webhook}: delivered (204): The receiver has confirmed.\n")
    (ping,) = receiver.requests[0].events
    assert (ping["type"], receiver.requests[0].signed_with(secret)) == ("leadbridge.webhook.ping", [True])
    assert line_of(environment, webhook)[3] == "0"
    receiver.script = [410]
    a_pusher(database, lambda: datetime.now(UTC)).run_once()
    assert line_of(environment, webhook)[2:8] == ["parked", "0", "1", "1", "gone", "410"]
    receiver.script = [503]
    done = hooks(environment, "test", webhook)
    assert (done.code, done.out) == (1, "")
    assert f"webhook {webhook}: refused (503): " in done.err
    assert hooks(environment, "resume", webhook).out == f"Webhook {webhook} goes on.\n"
    again = hooks(environment, "resume", webhook)
    assert (again.code, "nothing to resume" in again.err) == (1, True)
    push_with(database, KEY)
    assert [one["subject"] for one in receiver.requests[-1].events] == ["0000000001"]
    assert line_of(environment, webhook)[2:7] == ["active", "2", "0", "0", "delivered"]
    rotated = hooks(environment, "rotate", webhook)
    new = rotated.out.split()[-1]
    happen(database, 2)
    push_with(database, KEY)
    assert [receiver.requests[-1].signed_with(one) for one in (new, secret)] == [[True, False], [False, True]]
    # Neither a secret nor what stands in a query is shown.
    listed = hooks(environment, "list")
    for unsaid in (secret, new, "MARKED"):
        assert unsaid not in listed.out + listed.err
    assert hooks(environment, "remove", webhook).out == f"Webhook {webhook} is removed.\n"
    assert webhook not in hooks(environment, "list").out
    with database.read() as tx:
        assert tx.connection.execute(tables.webhook_secret.select()).all() == []


def test_a_secret_may_be_given_and_is_sealed_anew_when_the_site_s_key_changes(
    database: Database, environment: dict[str, str], receiver: Receiver
) -> None:
    arguments = ("add", "--caller", "acme", "--url", receiver.url, "--secret-stdin")
    done = hooks(environment, *arguments, stdin=SECRET + "\n")
    assert re.fullmatch(r"Webhook [0-9a-f]{8} of caller acme was added\.\n", done.out), done
    new = new_key()
    changing = {**environment, "LEADBRIDGE_SECRET_KEY": f"{new},{KEY}"}
    assert command("secret", "rotate", environment=changing).out.startswith("1 secrets were sealed")
    happen(database, 1)
    push_with(database, new)
    assert receiver.requests[0].signed_with(SECRET) == [True]


ACME_HOOK = ("--caller", "acme", "--url", "https://93.184.215.14/")


@pytest.mark.parametrize(
    ("arguments", "stdin", "complaint"),
    [
        (["add", "--caller", "nobody", "--url", "https://93.184.215.14/"], "", "there is no caller nobody"),
        (["add", "--caller", "acme", "--url", "https://10.0.0.1/"], "", "an address that is not public"),
        (["add", "--caller", "acme", "--url", "http://93.184.215.14/"], "", "an address that is not public"),
        (["add", "--caller", "acme", "--url", "ftp://93.184.215.14/"], "", "begins with https://"),
        (["add", *ACME_HOOK, "--types", "a b"], "", "org.bian.CustomerOffer"),
        (
            ["add", *ACME_HOOK, "--types", "org.bian.CustomerOffer,LeadAndOpportunity"],
            "",
            f"begin like one of {LEAD}, ",
        ),
        (["add", *ACME_HOOK, "--types", "org.bian.CustomerOffer.Initiated"], "", "no event has a type that begins so"),
        (["add", *ACME_HOOK, "--types", ",".join(["org"] * 21)], "", "types are up to 20"),
        (["add", "--caller", "acme", "--url", "https://93.184.215.14/", "--secret-stdin"], "MARKED", "24 to 64 bytes"),
        *(([name, "00000000"], "", "there is no webhook 00000000") for name in ("test", "resume", "rotate", "remove")),
    ],
)
def test_what_cannot_be_done_is_said(
    database: Database, environment: dict[str, str], arguments: list[str], stdin: str, complaint: str
) -> None:
    done = hooks(environment, *arguments, stdin=stdin)
    assert (done.code, done.out) == (1, "")
    assert complaint in done.err
    assert "Traceback" not in done.err
    assert "MARKED" not in done.err
    with database.read() as tx:
        assert tx.connection.execute(tables.webhook.select()).all() == []


def test_a_caller_without_leads_has_no_events(environment: dict[str, str]) -> None:
    add = ("caller", "add", "crm", "--name", "CRM", "--role", "crm", "--password-stdin")
    assert command(*add, environment=environment, standard_input="a long password\n").code == 0
    done = hooks(environment, "add", "--caller", "crm", "--url", "https://93.184.215.14/")
    assert (done.code, "no role that may read leads" in done.err) == (1, True)


def test_a_server_pushes_what_happens_and_is_stopped_in_order(tmp_path: Path, receiver: Receiver) -> None:
    url = f"sqlite:///{tmp_path / 'hooks.db'}"
    admit(url, ("desk", PASSWORD), Role.CALLCENTRE)
    environment = {
        "LEADBRIDGE_WEBHOOKS__ALLOW_LOOPBACK": "true",
        "LEADBRIDGE_WEBHOOKS__POLL_SECONDS": "0.05",
        "LEADBRIDGE_WEBHOOKS__FIRST_DELAY_SECONDS": "0.05",
    }
    receiver.script = [503]
    with Server(url, tmp_path, environment=environment) as server:
        done = command("webhooks", "add", "--caller", "desk", "--url", receiver.url, environment=server.environment)
        secret = done.out.split()[-1]
        created = Wire(server.url, ("desk", PASSWORD)).done(
            create_lead(lead_fields(prospect=new_prospect(person()), status="3"))
        )
        lead_id = created.one("Lead/ID")
        # Qualified, it becomes accepted by itself when the core CRM has it: that is an event, too.
        until(
            lambda: any(one["data"].get("NewStatus") == "4" for one in receiver.events), what="the lead to be accepted"
        )
    told = receiver.events
    assert {one["subject"] for one in told} == {lead_id}
    assert told[0]["type"] == f"{LEAD}.Created"
    assert all(request.signed_with(secret) == [True] for request in receiver.requests)
    assert "webhook not delivered" in server.output()
    assert "webhook delivered" in server.output()
    assert secret.removeprefix("whsec_") not in server.output()
    assert "Traceback" not in server.output()
