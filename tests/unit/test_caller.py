"""Roles open operation groups; visibility follows from the roles unless chosen."""

import pytest

from leadbridge.caller import Caller, OperationGroup, Role, Visibility, default_visibility, may_call

L, B, C = OperationGroup.LEAD, OperationGroup.BUSINESS_PARTNER, OperationGroup.CRM


def caller(*roles: Role) -> Caller:
    return Caller(id="acme", name="Acme", roles=frozenset(roles), visibility=Visibility.GIVEN, party_id="P1")


@pytest.mark.parametrize(
    ("roles", "groups"),
    [
        ((), set()),
        ((Role.PARTNER,), {L, B}),
        ((Role.CALLCENTRE,), {L, B}),
        ((Role.SALES,), {L, B, C}),
        ((Role.CRM,), {C}),
        ((Role.OPERATOR,), set()),
        ((Role.ADMIN,), {L, B, C}),
        ((Role.PARTNER, Role.CRM), {L, B, C}),
        ((Role.PARTNER, Role.OPERATOR), {L, B}),
    ],
)
def test_a_caller_may_call_what_any_of_its_roles_opens(roles: tuple[Role, ...], groups: set[OperationGroup]) -> None:
    assert {group for group in OperationGroup if may_call(caller(*roles), group)} == groups


@pytest.mark.parametrize(
    ("roles", "visibility"),
    [
        ((), Visibility.GIVEN),
        ((Role.PARTNER,), Visibility.GIVEN),
        ((Role.CALLCENTRE,), Visibility.ALL),
        ((Role.SALES,), Visibility.ALL),
        ((Role.CRM,), Visibility.ALL),
        ((Role.OPERATOR,), Visibility.ALL),
        ((Role.ADMIN,), Visibility.ALL),
        ((Role.PARTNER, Role.CALLCENTRE), Visibility.ALL),
    ],
)
def test_only_a_mere_partner_sees_less_than_all_by_default(roles: tuple[Role, ...], visibility: Visibility) -> None:
    assert default_visibility(roles) is visibility
