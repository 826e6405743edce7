"""Leads on their way to the core CRM, with real servers: what arrives there, what comes back, and what may go wrong.

The first part runs against the core CRM that is built in, over real HTTP; the second against one that fails as told.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from leadbridge.caller import Role
from tests.support.calls import IMPATIENT, PASSWORD, Answered, Wire, admit, forwarded, until
from tests.support.commands import Done, command
from tests.support.crm import CRM, Behaviour, FakeCrm, running
from tests.support.crm_messages_by_hand import read_crm_record
from tests.support.databases import PostgresqlServer
from tests.support.messages_by_hand import (
    Xml,
    change_lead,
    create_lead,
    item,
    lead_fields,
    new_prospect,
    new_uuid,
    note,
    organisation,
    person,
    read_lead,
)
from tests.support.server import Server

SENDER = ("sender", PASSWORD)


def database_of(kind: str, request: pytest.FixtureRequest, folder: Path) -> str:
    """The URL of a database for a whole module."""
    if kind == "sqlite":
        return f"sqlite:///{folder / 'leadbridge.db'}"
    postgresql: PostgresqlServer = request.getfixturevalue("postgresql_server")
    return postgresql.migrated_database()


def moved(wire: Wire, lead_id: str, status: str, *, reason: str | None = None) -> Answered:
    """A lead moved by a caller."""
    return wire.done(change_lead(lead_id, lead_fields(name=None, status=status), reason=reason))


def somebody(**fields: Xml) -> Xml:
    """A new person nobody has heard of."""
    return new_prospect(person(emails=[f"{uuid4().hex}@example.org"]))


# ---------------------------------------------------------------------------------------------- the built-in core CRM


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def wire(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    """A server that is gateway, relay and core CRM in one, and a caller that may do everything."""
    folder = tmp_path_factory.mktemp("whole")
    database_url = database_of(request.param, request, folder)
    admit(database_url, SENDER, Role.ADMIN)
    with Server(database_url, folder, environment=IMPATIENT) as server:
        yield Wire(server.url, SENDER)


def record_of(wire: Wire, lead: Answered) -> Answered:
    """The core CRM's record that a lead names."""
    (record_id,) = lead.all("CoreLeadID") + lead.all("CoreOpportunityID")
    (record,) = wire.done(read_crm_record(record_id)).parts("CrmRecord")
    return record


def test_a_qualified_lead_about_a_prospect_becomes_a_lead_in_the_core_crm(wire: Wire) -> None:
    email = f"{uuid4().hex}@example.org"
    created = wire.done(
        create_lead(
            lead_fields(
                status="3",
                prospect=new_prospect(person("Anna", "Beispiel", emails=[email], phones=["+49 30 901820"])),
                responsible="RM-77",
                revenue="250000.50",
                items=[item("MORTGAGE"), item("INSURANCE")],
                notes=[note("first", language="en"), note("second", kind="1002")],
            ),
            uuid=new_uuid(),
        )
    )
    lead = forwarded(wire, created.one("Lead/ID"), "4")
    assert lead.all("CoreOpportunityID") == []
    assert lead.all("StatusHistory/Item/LifeCycleStatusCode") == ["3", "4"]
    assert lead.all("StatusHistory/Item/ChangePartyID") == ["sender", "core-crm"]
    assert lead.one("ChangeStateID") != created.one("Lead/ChangeStateID")
    record = record_of(wire, lead)
    said = {
        "RecordTypeCode": "LEAD",
        "RecordID": lead.one("CoreLeadID"),
        "StatusName": "New Lead",
        "CustomerTypeCode": "NTB",
        "CustomerID": lead.one("ProspectParty/BusinessPartnerInternalID"),
        "OwnerID": "RM-77",
        "SellingModeCode": "B2C",
        "ProductID": "MORTGAGE",
        "CustomerName": "Anna Beispiel",
        "EmailURI": email,
        "PhoneNumber": "+49 30 901820",
        "SourceLeadUUID": lead.one("UUID"),
    }
    assert {name: record.one(name) for name in said} == said
    assert float(record.one("ExpectedRevenueAmount")) == 250000.5
    assert record.all("Note") == ["first", "second"]
    assert record.one("SystemAdministrativeData/CreationPartyID") == "relay"


def test_a_qualified_lead_about_a_customer_becomes_an_opportunity_of_the_default_owner(wire: Wire) -> None:
    partner = organisation("Beispiel", second_line="GmbH", emails=[f"{uuid4().hex}@example.org"], roles=["CUSTOMER"])
    created = wire.done(create_lead(lead_fields(status="3", prospect=new_prospect(partner))))
    lead = forwarded(wire, created.one("Lead/ID"), "4")
    assert lead.all("CoreLeadID") == []
    record = record_of(wire, lead)
    said = {
        "RecordTypeCode": "OPPORTUNITY",
        "RecordID": lead.one("CoreOpportunityID"),
        "StatusName": "New Opportunity",
        "CustomerTypeCode": "ETB",
        "OwnerID": "UNASSIGNED",
        "SellingModeCode": "B2B",
        "CustomerName": "Beispiel GmbH",
    }
    assert {name: record.one(name) for name in said} == said
    assert record.all("ProductID") == record.all("ExpectedRevenueAmount") == record.all("Note") == []


def test_a_lead_that_is_qualified_later_is_forwarded_as_it_then_is(wire: Wire) -> None:
    created = wire.done(create_lead(lead_fields(prospect=somebody(), notes=[note("first")])))
    lead_id = created.one("Lead/ID")
    (before,) = wire.done(read_lead(lead_id)).parts("Lead")
    assert before.all("ForwardingStatusCode") == []
    later = lead_fields(name="Two flats", responsible="RM-9", items=[item("LOAN")], notes=[note("second", action="01")])
    wire.done(change_lead(lead_id, later))
    moved(wire, lead_id, "3")
    record = record_of(wire, forwarded(wire, lead_id, "4"))
    assert (record.one("OwnerID"), record.one("ProductID")) == ("RM-9", "LOAN")
    assert record.all("Note") == ["first", "second"]


@pytest.mark.parametrize(("role", "kind"), [("PROSPECT", "LEAD"), ("CUSTOMER", "OPPORTUNITY")])
def test_a_lead_closed_won_after_its_acceptance_is_won_in_the_core_crm(wire: Wire, role: str, kind: str) -> None:
    partner = person(emails=[f"{uuid4().hex}@example.org"], roles=[role])
    lead_id = wire.done(create_lead(lead_fields(status="3", prospect=new_prospect(partner)))).one("Lead/ID")
    forwarded(wire, lead_id, "4")
    moved(wire, lead_id, "6")
    lead = forwarded(wire, lead_id, "6")
    record = record_of(wire, lead)
    assert (record.one("RecordTypeCode"), record.one("StatusName")) == (kind, "Close Won")
    for converted in record.all("ConvertedToRecordID"):
        (opportunity,) = wire.done(read_crm_record(converted)).parts("CrmRecord")
        assert (opportunity.one("RecordTypeCode"), opportunity.one("StatusName")) == ("OPPORTUNITY", "Close Won")
        assert opportunity.one("SourceLeadUUID") == lead.one("UUID")
    assert len(record.all("ConvertedToRecordID")) == (1 if kind == "LEAD" else 0)
    assert lead.all("StatusHistory/Item/LifeCycleStatusCode") == ["3", "4", "6"]


@pytest.mark.parametrize(("role", "kind"), [("PROSPECT", "LEAD"), ("CUSTOMER", "OPPORTUNITY")])
def test_a_lead_closed_lost_after_its_acceptance_is_lost_there_with_its_reason(
    wire: Wire, role: str, kind: str
) -> None:
    partner = person(emails=[f"{uuid4().hex}@example.org"], roles=[role])
    lead_id = wire.done(create_lead(lead_fields(status="3", prospect=new_prospect(partner)))).one("Lead/ID")
    forwarded(wire, lead_id, "4")
    moved(wire, lead_id, "7", reason="005")
    record = record_of(wire, forwarded(wire, lead_id, "7"))
    assert (record.one("RecordTypeCode"), record.one("StatusName")) == (kind, "Close Lost")
    assert record.one("ReasonCode") == "005"


def test_two_leads_about_one_customer_and_owner_share_the_record(wire: Wire) -> None:
    """The bank's table answers the open record; for the bridge that is a delivery like any other."""
    prospect = somebody()
    fields = lead_fields(status="3", prospect=prospect, responsible="RM-5")
    requests = [create_lead(fields, duplicates="CREATE") for _ in range(2)]
    leads = [forwarded(wire, wire.done(request).one("Lead/ID"), "4") for request in requests]
    assert leads[0].one("UUID") != leads[1].one("UUID")
    assert leads[0].one("CoreLeadID") == leads[1].one("CoreLeadID")


def test_test_data_is_kept_and_never_forwarded(wire: Wire) -> None:
    lead_id = wire.done(create_lead(lead_fields(status="3", prospect=somebody()), test=True)).one("Lead/ID")
    # A real lead sent after it has come through, so the test lead would have as well.
    real = wire.done(create_lead(lead_fields(status="3", prospect=somebody()))).one("Lead/ID")
    forwarded(wire, real, "4")
    (lead,) = wire.done(read_lead(lead_id)).parts("Lead")
    assert lead.one("LifeCycleStatusCode") == "3"
    assert lead.all("ForwardingStatusCode") == []


def test_a_server_that_does_not_forward_leaves_messages_for_one_that_does(sqlite_url: str, tmp_path: Path) -> None:
    admit(sqlite_url, SENDER, Role.ADMIN)
    apart = {**IMPATIENT, "LEADBRIDGE_FORWARDING__ENABLED": "false"}
    with Server(sqlite_url, tmp_path, environment=apart) as server:
        wire = Wire(server.url, SENDER)
        lead_id = wire.done(create_lead(lead_fields(status="3", prospect=somebody()), uuid=new_uuid())).one("Lead/ID")
        time.sleep(1)  # twenty times as long as a relay rests
        (lead,) = wire.done(read_lead(lead_id)).parts("Lead")
        assert lead.all("ForwardingStatusCode") == ["waiting"]
    with Server(sqlite_url, tmp_path, environment=IMPATIENT) as server:
        forwarded(Wire(server.url, SENDER), lead_id, "4")


# ------------------------------------------------------------------------------------------------ a core CRM that fails


@dataclass(frozen=True)
class Site:
    """A server, its sender, and the core CRM it forwards to, which behaves as told."""

    server: Server
    wire: Wire
    crm: FakeCrm

    def qualified(self) -> str:
        """The ID of a new qualified lead."""
        request = create_lead(lead_fields(status="3", prospect=somebody()), uuid=new_uuid())
        return self.wire.done(request).one("Lead/ID")

    def messages(self, *arguments: str) -> Done:
        """`leadbridge messages …` on this server's machine."""
        return command("messages", *arguments, environment=self.server.environment)

    def message_of(self, lead_id: str, *states: str) -> str:
        """The number of the latest message about a lead, as soon as it is in one of these states."""

        def listed() -> str | None:
            done = self.messages("list", "--limit", "1000")
            assert done.code == 0, done.err
            number, _, _, state, *_ = [cells for cells in rows_of(done.out) if cells[1] == lead_id][-1]
            return number if state in states else None

        return until(listed, what=f"a message about lead {lead_id} to be {' or '.join(states)}")

    def heard_of(self, lead_id: str) -> list[str]:
        """The operations the core CRM was called with about a lead."""
        (lead,) = self.wire.done(read_lead(lead_id)).parts("Lead")
        uuid = lead.one("UUID")
        return [one.operation for one in self.crm.received if one.message.findtext(f"{{{CRM}}}SourceLeadUUID") == uuid]


def rows_of(table: str) -> list[list[str]]:
    """The words of each line of `messages list`, without its heading and its last line, which counts."""
    return [line.split() for line in table.splitlines()[1:-1]]


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("failing")
    database_url = f"sqlite:///{folder / 'leadbridge.db'}"
    admit(database_url, SENDER, Role.CALLCENTRE)
    with running() as crm:
        environment = {
            **IMPATIENT,
            "LEADBRIDGE_CRM_WSDL": crm.wsdl,
            "LEADBRIDGE_CRM_USERNAME": "bridge",
            "LEADBRIDGE_CRM_PASSWORD": "secret",
        }
        with Server(database_url, folder, environment=environment) as server:
            yield Site(server, Wire(server.url, SENDER), crm)


@pytest.fixture
def site(failing: Site) -> Iterator[Site]:
    """The site, with a core CRM that confirms until a test says otherwise."""
    yield failing
    failing.crm.always = Behaviour.CONFIRMS


def test_a_lead_waits_while_the_core_crm_is_away_and_is_handed_over_when_it_is_back(site: Site) -> None:
    site.crm.down()
    try:
        lead_id = site.qualified()
        waiting = forwarded(site.wire, lead_id, "3", state="waiting")
        assert waiting.all("CoreLeadID") == []
        number = site.message_of(lead_id, "waiting", "claimed")
        until(lambda: "unavailable" in site.messages("show", number).out, what="a first attempt")
    finally:
        site.crm.up()
    forwarded(site.wire, lead_id, "4")
    assert site.heard_of(lead_id) == ["ComboCreateLeadOpportunityRequest_sync"]


def test_a_lead_qualified_again_is_forwarded_anew_and_its_parked_message_is_cancelled(site: Site) -> None:
    site.crm.always = Behaviour.REFUSED
    lead_id = site.qualified()
    forwarded(site.wire, lead_id, "3", state="parked")
    parked = site.message_of(lead_id, "parked")
    moved(site.wire, lead_id, "2")
    site.crm.always = Behaviour.CONFIRMS
    moved(site.wire, lead_id, "3")
    lead = forwarded(site.wire, lead_id, "4")
    assert lead.all("StatusHistory/Item/LifeCycleStatusCode") == ["3", "2", "3", "4"]
    assert "cancelled" in site.messages("show", parked).out
    heard = ["ComboCreateLeadOpportunityRequest_sync"] * 2  # the refused one, and the one that counts
    assert site.heard_of(lead_id) == heard


def test_a_lead_withdrawn_after_it_was_sent_stays_withdrawn_and_is_reported_when_it_is_lost(site: Site) -> None:
    """Whether what was sent has arrived only asking again can tell; so it is asked again, and the answer kept."""
    site.crm.always = Behaviour.GARBAGE_500
    lead_id = site.qualified()
    number = site.message_of(lead_id, "waiting", "claimed")
    until(lambda: "unclear" in site.messages("show", number).out, what="a first attempt")
    moved(site.wire, lead_id, "2")
    site.crm.always = Behaviour.CONFIRMS
    lead = forwarded(site.wire, lead_id, "2")
    assert lead.one("CoreLeadID")
    moved(site.wire, lead_id, "7", reason="001")
    forwarded(site.wire, lead_id, "7")
    last = site.crm.received[-1]
    assert last.operation == "LeadStatusUpdateRequest_sync"
    assert last.message.findtext(f"{{{CRM}}}RecordID") == lead.one("CoreLeadID")


def test_a_refused_message_is_parked_shown_and_retried_by_an_operator(site: Site) -> None:
    site.crm.always = Behaviour.REFUSED
    lead_id = site.qualified()
    lead = forwarded(site.wire, lead_id, "3", state="parked")
    assert lead.all("CoreLeadID") == []
    number = site.message_of(lead_id, "parked")
    shown = site.messages("show", number)
    assert shown.code == 0
    for words in ("parked", "refused", "CRM.RECORD_FINAL", lead_id, "<lbr:ComboCreateLeadOpportunityRequest_sync"):
        assert words in shown.out

    site.crm.always = Behaviour.CONFIRMS
    retried = site.messages("retry", number)
    assert (retried.code, retried.out) == (0, f"Message {number} waits to be sent again.\n")
    forwarded(site.wire, lead_id, "4")
    assert site.message_of(lead_id, "delivered") == number
    for what in ("retry", "cancel"):
        again = site.messages(what, number)
        assert again.code == 1
        assert again.err.startswith(f"leadbridge: message {number} is n")


def test_a_parked_message_that_an_operator_cancels_is_never_sent(site: Site) -> None:
    site.crm.always = Behaviour.REFUSED
    lead_id = site.qualified()
    forwarded(site.wire, lead_id, "3", state="parked")
    number = site.message_of(lead_id, "parked")
    cancelled = site.messages("cancel", number)
    assert (cancelled.code, cancelled.out) == (0, f"Message {number} is cancelled.\n")
    forwarded(site.wire, lead_id, "3", state="cancelled")
    assert [cells[0] for cells in rows_of(site.messages("list", "--state", "cancelled").out)][-1] == number
    site.crm.always = Behaviour.CONFIRMS
    moved(site.wire, lead_id, "2")
    moved(site.wire, lead_id, "3")
    forwarded(site.wire, lead_id, "4")
    assert site.message_of(lead_id, "delivered") != number


def test_wrong_credentials_towards_the_core_crm_park_the_message_as_configuration(site: Site) -> None:
    site.crm.always = Behaviour.UNAUTHENTICATED
    lead_id = site.qualified()
    forwarded(site.wire, lead_id, "3", state="parked")
    shown = site.messages("show", site.message_of(lead_id, "parked"))
    assert "configuration" in shown.out
    site.crm.always = Behaviour.CONFIRMS
    assert site.messages("retry", site.message_of(lead_id, "parked")).code == 0
    forwarded(site.wire, lead_id, "4")


def test_a_lead_the_core_crm_declines_is_declined_with_its_reason(site: Site) -> None:
    site.crm.always = Behaviour.DECLINED
    lead_id = site.qualified()
    lead = forwarded(site.wire, lead_id, "5", state="parked")
    assert lead.one("ReasonCode") == "007"
    assert lead.all("StatusHistory/Item/LifeCycleStatusCode") == ["3", "5"]
    assert lead.all("StatusHistory/Item/ReasonCode") == ["007"]


def test_a_message_whose_answer_is_lost_is_sent_again_and_acted_on_once(site: Site) -> None:
    site.crm.script.extend([Behaviour.CLOSES, Behaviour.HALF, Behaviour.GARBAGE_200])
    records = len(site.crm.records)
    lead_id = site.qualified()
    forwarded(site.wire, lead_id, "4")
    assert len(site.heard_of(lead_id)) == 4
    assert len(site.crm.records) == records + 1


def test_messages_of_one_lead_arrive_in_order_whatever_the_first_one_meets(site: Site) -> None:
    site.crm.script.extend([Behaviour.CLOSES])
    before = len(site.crm.received)
    lead_id = site.qualified()
    forwarded(site.wire, lead_id, "4")
    site.crm.script.extend([Behaviour.BUSY_503, Behaviour.CLOSES, Behaviour.SERVER_FAULT])
    moved(site.wire, lead_id, "7", reason="001")
    forwarded(site.wire, lead_id, "7")
    operations = [one.operation for one in site.crm.received[before:]]
    assert operations == ["ComboCreateLeadOpportunityRequest_sync"] * 2 + ["LeadStatusUpdateRequest_sync"] * 4
    assert len({one.uuid for one in site.crm.received[before:]}) == 2


def test_the_command_line_lists_messages_page_by_page_and_counts_them(site: Site) -> None:
    leads = [site.qualified() for _ in range(3)]
    for lead_id in leads:
        forwarded(site.wire, lead_id, "4")
    listed = site.messages("list", "--limit", "2")
    first = rows_of(listed.out)
    assert len(first) == 2
    assert "delivered" in listed.out.splitlines()[-1]
    rest = rows_of(site.messages("list", "--after", first[-1][0], "--limit", "1000").out)
    assert {row[1] for row in rest} >= {leads[-1]}
    assert not {row[0] for row in first} & {row[0] for row in rest}


def test_the_command_line_says_so_of_a_message_there_is_not(site: Site) -> None:
    shown = site.messages("show", "999999")
    assert (shown.code, shown.out) == (1, "")
    assert shown.err == "leadbridge: there is no message 999999; `leadbridge messages list` shows those there are.\n"
    assert site.messages("retry", "999999").code == 1
    assert site.messages("cancel", "999999").code == 1
    assert site.messages("list", "--state", "lost").code == 2
