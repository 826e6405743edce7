"""What is personal is marked in the schemas, so that masking needs no list of its own."""

from __future__ import annotations

import pytest

from leadbridge.contract.files import NAMESPACES
from leadbridge.contract.personal import personal_elements


@pytest.mark.parametrize(
    "name",
    [
        "lbc:GivenName", "lbc:FamilyName", "lbc:GenderCode", "lbc:BirthDate", "lbc:BusinessPartnerID",
        "lbc:StreetPostalCode", "lbc:CityName", "lbc:StreetName", "lbc:HouseID", "lbc:EmailURI", "lbc:PhoneNumber",
        "lbc:MobileNumber", "lbc:Extension", "lbp:GivenName", "lbp:FamilyName", "lbp:SelectionByName",
        "lbp:SelectionByEmailURI", "lbp:SelectionByPhoneNumber", "lbp:BusinessPartnerID", "lbl:Note",
        "lbl:FormattedName", "lbl:FileContentBinaryObject", "lbl:Extension", "lbl:SelectionByEmailURI",
        "lbl:SelectionByPhoneNumber", "lbr:CustomerID", "lbr:CustomerName", "lbr:EmailURI", "lbr:PhoneNumber",
        "lbr:Note", "lbr:SelectionByCustomerID", "lbr:ReasonDescription",
    ],
)  # fmt: skip
def test_names_addresses_and_notes_are_personal(name: str) -> None:
    prefix, _, local = name.partition(":")
    assert f"{{{NAMESPACES[prefix]}}}{local}" in personal_elements()


@pytest.mark.parametrize("name", ["lbl:LifeCycleStatusCode", "lbc:UUID", "lbl:ProductID", "lbc:Log"])
def test_what_operators_need_to_see_is_not(name: str) -> None:
    prefix, _, local = name.partition(":")
    assert f"{{{NAMESPACES[prefix]}}}{local}" not in personal_elements()
