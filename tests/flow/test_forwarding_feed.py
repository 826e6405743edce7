"""What becomes of forwarded leads, told in their feeds: what the core CRM answers, and what follows from it."""

import pytest

from leadbridge.caller import Caller, Role, Visibility
from leadbridge.forwarding import Delivered, Refused
from leadbridge.lead import ForwardingEvent
from leadbridge.store import leads
from leadbridge.store.database import Database
from tests.support.calls import column, gateway
from tests.support.feed import Told, feed_of, known, partner
from tests.support.forwarding import Clock, Door, a_relay, lead_of, qualify, set_status, tell

LEAD = "0000000001"


def creator(database: Database) -> Caller:
    created_by = lead_of(database)["created_by"]
    return Caller(created_by, created_by, frozenset({Role.PARTNER}), Visibility.OWN, "")


def feeds(database: Database, *readers: Caller) -> list[list[Told]]:
    with gateway(database) as calls:
        return [feed_of(calls, reader) for reader in readers]


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (
            Delivered("OPPORTUNITY", "0000000007", "New Opportunity", replayed=False),
            Told("0000000001", "ACCEPTED", LEAD, "3>4", party="ACME"),
        ),
        (
            Refused("CRM.DECLINED.007", "no", declined=True),
            Told("0000000001", "DECLINED", LEAD, "3>5", reason="007", party="ACME"),
        ),
    ],
    ids=["accepted", "declined"],
)
def test_what_the_core_crm_answers_is_told_to_the_creator_and_the_partner(
    database: Database, outcome: Delivered | Refused, expected: Told
) -> None:
    acme = partner("acme")
    known(database, acme)
    qualify(database, 1)
    with database.write() as tx:
        leads.update(tx, [{"id": LEAD, "sales_partner_party_id": "ACME"}])
    a_relay(database, Door(outcome), Clock()).run_once()
    assert feeds(database, creator(database), acme) == [[expected], [expected]]


def test_a_refusal_that_declines_nothing_is_not_told(database: Database) -> None:
    qualify(database, 1)
    a_relay(database, Door(Refused("CRM.SOMETHING", "no", declined=False)), Clock()).run_once()
    assert column(database, "lead_status_change", "id") == []


def test_a_lead_that_was_withdrawn_while_it_was_handed_over_is_not_told_as_accepted(database: Database) -> None:
    qualify(database, 1)

    def withdrawn_meanwhile() -> Delivered:
        set_status(database, 1, "2")
        return Delivered("LEAD", "0000000009", "New Lead", replayed=False)

    a_relay(database, Door(withdrawn_meanwhile), Clock()).run_once()
    assert lead_of(database)["core_lead_id"] == "0000000009"
    assert column(database, "lead_status_change", "id") == []


def test_what_is_told_names_the_core_crm_s_record(database: Database) -> None:
    qualify(database, 1)
    a_relay(database, Door(Delivered("LEAD", "0000000009", "New Lead", replayed=False)), Clock()).run_once()
    told_of, stored = (column(database, table, "core_lead_id") for table in ("lead_status_change", "lead"))
    assert told_of == stored == ["0000000009"]
    tell(database, 1, ForwardingEvent.WON)
    a_relay(database, Door(), Clock()).run_once()  # what the core CRM is told afterwards changes nothing here
    assert len(column(database, "lead_status_change", "id")) == 1
