"""What a sender of BIAN's service domains easily gets wrong in a body, and what it is told of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from leadbridge.store.database import Database
from tests.support.bian import DOMAIN, Bian
from tests.support.calls import gateway
from tests.support.messages_by_hand import create_business_partner, person

STATE, PROCEDURE = "LeadandOpportunityState", "LeadandOpportunityProcedure"


@pytest.fixture
def bian(sqlite: Database) -> Iterator[Bian]:
    with gateway(sqlite) as calls:
        yield Bian(calls)


def customer(bian: Bian) -> str:
    """The InternalID of a new customer."""
    return bian.calls.done(create_business_partner(person())).one("BusinessPartner/InternalID")


def test_an_answer_is_sent_back_without_the_name_around_its_fields(bian: Bian) -> None:
    lead = bian.initiate({"CustomerReference": customer(bian), "ProductandServiceType": "LOAN"})
    said = bian.done("GET", f"{lead}/Retrieve")
    way_out = f"Send its fields without this name: the body has the fields of {PROCEDURE}, and is not wrapped."
    wrapped = (400, f"WrongType: {PROCEDURE}: {way_out}")
    assert bian.refused("PUT", f"{lead}/Update", said) == wrapped
    assert bian.refused("POST", f"{DOMAIN}/Initiate", {PROCEDURE: said[PROCEDURE]}) == wrapped
    assert bian.done("PUT", f"{lead}/Update", {**said[PROCEDURE], STATE: said[STATE]}) == said[PROCEDURE]
    task = bian.task(lead)
    said = bian.done("GET", f"{task}/Retrieve")
    _, text = bian.refused("PUT", f"{task}/Update", said)
    assert f"{PROCEDURE}: Leave this record out" in text
    assert "Development: Send its fields without this name" in text
    assert bian.done("PUT", f"{task}/Update", {"DevelopmentState": said["DevelopmentState"]}) == {}
