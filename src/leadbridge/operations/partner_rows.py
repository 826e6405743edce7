"""A new business partner as it is stored: one row, and the rows of its lists."""

from collections.abc import Iterable

from leadbridge.messages import BusinessPartner
from leadbridge.operations.selecting import day
from leadbridge.store.inserts import Row


def partner_rows(
    partner: BusinessPartner, head: Row, communications: Iterable[tuple[str, str, str | None]]
) -> tuple[Row, list[Row], list[Row], list[Row]]:
    """The partner, its identifications, addresses and communications.

    `head` are the columns that the message does not have, `communications` are (kind, value as sent, value normalised).
    """
    internal_id = head["internal_id"]
    person, organisation = partner.person, partner.organisation
    reach, key = partner.communication, partner.external_key
    whole: Row = {
        **head,
        "sender_technical_id": partner.object_node_sender_technical_id,
        "communication_system_id": key.communication_system_id if key else None,
        "remote_object_id": key.remote_object_id if key else None,
        "category_code": partner.category_code.value,
        "role_codes": " ".join(role.value for role in partner.role_code),
        "given_name": person.given_name if person else None,
        "family_name": person.family_name if person else None,
        "academic_title_code": person.academic_title_code if person else None,
        "gender_code": person.gender_code.value if person and person.gender_code else None,
        "birth_date": day(person.birth_date) if person and person.birth_date else None,
        "first_line_name": organisation.first_line_name if organisation else None,
        "second_line_name": organisation.second_line_name if organisation else None,
        "correspondence_language_code": reach.correspondence_language_code if reach else None,
        "contact_allowed_code": partner.contact_allowed_code.value if partner.contact_allowed_code else None,
    }
    identifications = [
        {
            "internal_id": internal_id,
            "position": position,
            "party_identifier_type_code": one.party_identifier_type_code,
            "business_partner_id": one.business_partner_id,
        }
        for position, one in enumerate(partner.identification)
    ]
    addresses = [
        {
            "internal_id": internal_id,
            "position": position,
            "country_code": one.country_code,
            "region_code": one.region_code,
            "street_postal_code": one.street_postal_code,
            "city_name": one.city_name,
            "street_name": one.street_name,
            "house_id": one.house_id,
        }
        for position, one in enumerate(partner.address)
    ]
    return (
        whole,
        identifications,
        addresses,
        [
            {"internal_id": internal_id, "position": position, "kind": kind, "value": value, "normalised": normalised}
            for position, (kind, value, normalised) in enumerate(communications)
        ],
    )
