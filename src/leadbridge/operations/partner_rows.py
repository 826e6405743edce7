"""A new business partner as it is stored: one row, and the rows of its lists."""

from collections.abc import Iterable
from dataclasses import dataclass

from leadbridge.contract import codec
from leadbridge.messages import BusinessPartner, Extension
from leadbridge.operations.call import Call
from leadbridge.operations.selecting import day
from leadbridge.store.inserts import Row


@dataclass(slots=True)
class Rows:
    """A new business partner as rows: the partner, its identifications, addresses and communications.

    Its InternalID and its UUID come when it is written.
    """

    head: Row
    identifications: list[Row]
    addresses: list[Row]
    communications: list[Row]

    def parts(self) -> Iterable[Row]:
        """Every row that belongs to the partner."""
        yield from self.identifications
        yield from self.addresses
        yield from self.communications


def rows_of(
    call: Call, partner: BusinessPartner, *, match_name: str, communications: Iterable[tuple[str, str, str | None]]
) -> Rows:
    """A new business partner's rows. `communications` are (kind, value as sent, value normalised or None)."""
    person, organisation = partner.person, partner.organisation
    reach, key = partner.communication, partner.external_key
    head: Row = {
        "change_number": 1,
        "created_by": call.caller.id,
        "created_at": call.received_at,
        "changed_at": call.received_at,
        "test_data": bool(call.message.basic_message_header.test_data_indicator),
        "sender_technical_id": partner.object_node_sender_technical_id,
        "communication_system_id": key.communication_system_id if key else None,
        "remote_object_id": key.remote_object_id if key else None,
        "category_code": partner.category_code.value,
        "role_codes": " ".join([role.value for role in partner.role_code]),
        "given_name": person.given_name if person else None,
        "family_name": person.family_name if person else None,
        "academic_title_code": person.academic_title_code if person else None,
        "gender_code": person.gender_code.value if person and person.gender_code else None,
        "birth_date": day(person.birth_date) if person and person.birth_date else None,
        "first_line_name": organisation.first_line_name if organisation else None,
        "second_line_name": organisation.second_line_name if organisation else None,
        "match_name": match_name,
        "correspondence_language_code": reach.correspondence_language_code if reach else None,
        "contact_allowed_code": partner.contact_allowed_code.value if partner.contact_allowed_code else None,
        "extension": extension_bytes(partner.extension),
    }
    identifications: list[Row] = [
        {
            "position": position,
            "party_identifier_type_code": one.party_identifier_type_code,
            "business_partner_id": one.business_partner_id,
        }
        for position, one in enumerate(partner.identification)
    ]
    addresses: list[Row] = [
        {
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
    reached: list[Row] = [
        {"position": position, "kind": kind, "value": value, "normalised": normalised}
        for position, (kind, value, normalised) in enumerate(communications)
    ]
    return Rows(head, identifications, addresses, reached)


_EXTENSION = "{urn:leadbridge:common:1}Extension"


def extension_bytes(extension: Extension | None) -> bytes | None:
    """An Extension as it is stored: its XML, or nothing for an empty one."""
    if extension is None or not extension.other_element:
        return None
    return codec.encode_part(extension, _EXTENSION)
