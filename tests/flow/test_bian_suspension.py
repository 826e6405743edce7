"""What the core CRM hears of a lead that was suspended; and leads that are named, described or extended oddly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from leadbridge.store import outbox
from leadbridge.store.inserts import Row
from tests.support.bian import DOMAIN, Bian
from tests.support.calls import Calls
from tests.support.messages_by_hand import (
    Xml,
    change_lead,
    create_lead,
    lead_fields,
    new_prospect,
    note,
    person,
    read_lead,
)

LATER = datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture
def bian(calls: Calls) -> Bian:
    return Bian(calls)


def qualified(bian: Bian) -> str:
    fields = lead_fields(prospect=new_prospect(person()), status="3", responsible="RM-OLD")
    return f"{DOMAIN}/{bian.calls.done(create_lead(fields)).one('Lead/ID')}"


def control(bian: Bian, lead: str, action: str) -> None:
    bian.done("PUT", f"{lead}/Control", {"ControlActionRequest": action})


def claimed(bian: Bian, *, now: datetime = LATER, worker: str = "w") -> list[Row]:
    with bian.calls.database.write() as tx:
        return outbox.claim(tx, worker=worker, now=now, lease=timedelta(seconds=5), limit=100)


def test_it_hears_how_the_lead_is_when_it_is_resumed(bian: Bian) -> None:
    lead = qualified(bian)
    control(bian, lead, "suspend")
    bian.calls.done(change_lead(lead.rpartition("/")[2], lead_fields(name=None, responsible="RM-NEW")))
    control(bian, lead, "resume")
    (message,) = claimed(bian)
    assert b"RM-NEW" in message["payload"]
    assert b"RM-OLD" not in message["payload"]
    assert claimed(bian) == []


def test_what_a_relay_that_died_was_sending_waits_until_its_lead_is_resumed(bian: Bian) -> None:
    lead = qualified(bian)
    (sent,) = claimed(bian)
    control(bian, lead, "suspend")
    after = LATER + timedelta(minutes=1)
    assert claimed(bian, now=after, worker="next") == []
    control(bian, lead, "resume")
    (again,) = claimed(bian, now=after, worker="next")
    assert again["payload"] == sent["payload"]  # it may have arrived: only the same message can be known again


def test_a_path_names_a_lead_by_its_number_or_uuid_and_anything_else_is_not_there(bian: Bian) -> None:
    for name in ("\0" * 36, "x" * 36, "0000000001\0", "-" * 36):
        assert bian.refused("GET", f"{DOMAIN}/{name}/Retrieve")[0] == 404


def test_a_blank_note_does_not_stand_in_the_way(bian: Bian) -> None:
    lead = qualified(bian)
    blank = lead_fields(name=None, notes=[note("  ", kind="BIAN", action="01")])
    bian.calls.done(change_lead(lead.rpartition("/")[2], blank))
    assert bian.done("GET", f"{lead}/Retrieve")["LeadandOpportunityProcedure"]["LeadandOpportunityDescription"]
    control(bian, lead, "suspend")


@pytest.mark.parametrize("others", [49, 50])
def test_no_field_is_kept_where_the_lead_s_extension_is_full(bian: Bian, others: int) -> None:
    extension = Xml("".join(f'<p:E{number} xmlns:p="urn:partner"/>' for number in range(others)))
    request = create_lead(lead_fields(prospect=new_prospect(person()), extension=extension))
    lead = f"{DOMAIN}/{bian.calls.done(request).one('Lead/ID')}"
    for _ in range(2):  # its element is not counted twice
        status, said = (
            bian.send("PUT", f"{lead}/Update", {"Own": "x"}).status,
            bian.send("GET", f"{lead}/Retrieve").body,
        )
        assert (status, b'"Own"' in said) == ((200, True) if others == 49 else (400, False))
    bian.done("PUT", f"{lead}/Update", {"LeadandOpportunityDescription": "A house"})
    (found,) = bian.calls.done(read_lead(lead.rpartition("/")[2], extension="1")).parts("Lead")
    assert len(found.all("Extension/*")) == 50
