"""Requests written as XML by hand, the way a partner writes them: no class of ours stands between test and wire.

Each function gives the message element alone, in UTF-8. What a test does not name is left out, except for what the
contract requires. Lists of the contract are sequences of `Xml`, made by the functions for their parts.
"""

from collections.abc import Mapping, Sequence
from uuid import uuid4
from xml.sax.saxutils import escape, quoteattr

NAMESPACES = {
    "lbc": "urn:leadbridge:common:1",
    "lbp": "urn:leadbridge:businesspartner:1",
    "lbl": "urn:leadbridge:lead:1",
    "lbb": "urn:leadbridge:leadbulk:1",
    "lbr": "urn:leadbridge:crm:1",
}


class Xml(str):
    """Markup, as opposed to text that is to be escaped."""

    __slots__ = ()


Parts = Sequence[Xml]


def element(name: str, *content: str | None, **attributes: str | None) -> Xml:
    """An element; content that is None is not there, and an element without any content at all is empty."""
    inner = "".join(one if isinstance(one, Xml) else escape(one) for one in content if one is not None)
    outer = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items() if value is not None)
    return Xml(f"<{name}{outer}>{inner}</{name}>")


def optional(name: str, content: str | None, **attributes: str | None) -> Xml:
    """An element where there is content, else nothing."""
    return Xml() if content is None else element(name, content, **attributes)


def joined(parts: Parts) -> Xml:
    """Several elements after one another."""
    return Xml("".join(parts))


def message(name: str, *content: str | None) -> bytes:
    """A message element with the namespaces it needs."""
    declared = {f"xmlns:{prefix}": uri for prefix, uri in NAMESPACES.items()}
    return element(name, *content, **declared).encode()


def new_uuid() -> str:
    """A UUID for a header."""
    return str(uuid4())


def header(prefix: str, uuid: str | None, *, message_id: str | None = None, test: bool = False) -> Xml:
    """BasicMessageHeader; without a UUID the message has no key to be known by again."""
    return element(
        f"{prefix}:BasicMessageHeader",
        optional("lbc:ID", message_id),
        optional("lbc:UUID", uuid),
        optional("lbc:TestDataIndicator", "true" if test else None),
    )


def external_key(name: str, key: tuple[str, str] | None) -> Xml:
    """An ExternalKey under the name it has there, or nothing."""
    if key is None:
        return Xml()
    return element(name, element("lbc:CommunicationSystemID", key[0]), element("lbc:RemoteObjectID", key[1]))


# ---------------------------------------------------------------------------------------------- business partners


def person(
    given: str = "Anna",
    family: str = "Beispiel",
    *,
    emails: Sequence[str] = (),
    phones: Sequence[str] = (),
    mobiles: Sequence[str] = (),
    identifications: Sequence[tuple[str, str]] = (),
    roles: Sequence[str] = ("PROSPECT",),
    key: tuple[str, str] | None = None,
    technical_id: str | None = None,
    category: str = "1",
    contact_allowed: str | None = None,
) -> Xml:
    """What stands in a BusinessPartner that is a person."""
    named = element("lbc:Person", element("lbc:GivenName", given), element("lbc:FamilyName", family))
    return _partner(
        named, emails, phones, mobiles, identifications, roles, key, technical_id, category, contact_allowed
    )


def organisation(
    first_line: str = "Beispiel GmbH",
    *,
    second_line: str | None = None,
    emails: Sequence[str] = (),
    phones: Sequence[str] = (),
    identifications: Sequence[tuple[str, str]] = (),
    roles: Sequence[str] = ("PROSPECT",),
    key: tuple[str, str] | None = None,
    technical_id: str | None = None,
    category: str = "2",
) -> Xml:
    """What stands in a BusinessPartner that is an organisation."""
    named = element(
        "lbc:Organisation",
        element("lbc:FirstLineName", first_line),
        optional("lbc:SecondLineName", second_line),
    )
    return _partner(named, emails, phones, (), identifications, roles, key, technical_id, category, None)


def _partner(
    named: Xml,
    emails: Sequence[str],
    phones: Sequence[str],
    mobiles: Sequence[str],
    identifications: Sequence[tuple[str, str]],
    roles: Sequence[str],
    key: tuple[str, str] | None,
    technical_id: str | None,
    category: str,
    contact_allowed: str | None,
) -> Xml:
    reach = [
        *(element("lbc:EmailURI", one) for one in emails),
        *(element("lbc:PhoneNumber", one) for one in phones),
        *(element("lbc:MobileNumber", one) for one in mobiles),
    ]
    return joined(
        [
            optional("lbc:ObjectNodeSenderTechnicalID", technical_id),
            external_key("lbc:ExternalKey", key),
            element("lbc:CategoryCode", category),
            *(element("lbc:RoleCode", role) for role in roles),
            named,
            *(
                element(
                    "lbc:Identification",
                    element("lbc:PartyIdentifierTypeCode", kind),
                    element("lbc:BusinessPartnerID", number),
                )
                for kind, number in identifications
            ),
            element("lbc:Communication", joined(reach)) if reach else Xml(),
            optional("lbc:ContactAllowedCode", contact_allowed),
        ]
    )


def create_business_partner(
    partner: Xml, *, uuid: str | None = None, duplicates: str | None = None, test: bool = False
) -> bytes:
    """BusinessPartnerCreateRequest_sync; `duplicates` is the DuplicateCheckCode."""
    return message(
        "lbp:BusinessPartnerCreateRequest_sync",
        header("lbp", uuid, test=test),
        optional("lbp:DuplicateCheckCode", duplicates),
        element("lbp:BusinessPartner", partner),
    )


def read_business_partner(*internal_ids: str, uuids: Sequence[str] = (), keys: Sequence[tuple[str, str]] = ()) -> bytes:
    """BusinessPartnerByIDQuery_sync."""
    named = [
        *(element("lbp:InternalID", one) for one in internal_ids),
        *(element("lbp:UUID", one) for one in uuids),
        *(external_key("lbp:ExternalKey", one) for one in keys),
    ]
    return message(
        "lbp:BusinessPartnerByIDQuery_sync",
        header("lbp", None),
        *(element("lbp:BusinessPartnerSelectionByID", one) for one in named),
    )


# ------------------------------------------------------------------------------------------------------ selections


def selection(lower: str, upper: str | None = None, *, kind: str = "1", exclude: bool = False) -> Xml:
    """What stands in one SelectionBy…; `kind` is the IntervalBoundaryTypeCode."""
    return joined(
        [
            element("lbc:InclusionExclusionCode", "E" if exclude else "I"),
            element("lbc:IntervalBoundaryTypeCode", kind),
            element("lbc:LowerBoundary", lower),
            optional("lbc:UpperBoundary", upper),
        ]
    )


def conditions(prefix: str, most: int | None, after: str | None, unlimited: bool = False) -> Xml:
    """ProcessingConditions, or nothing."""
    if most is None and after is None and not unlimited:
        return Xml()
    return element(
        f"{prefix}:ProcessingConditions",
        optional("lbc:QueryHitsMaximumNumberValue", None if most is None else str(most)),
        optional("lbc:QueryHitsUnlimitedIndicator", "true" if unlimited else None),
        optional("lbc:LastReturnedObjectID", after),
    )


def selections(prefix: str, order: Sequence[str], asked: Mapping[str, Parts]) -> Xml:
    """The SelectionBy… elements of a query, in the order of its type; a name that it does not have is a mistake."""
    unknown = asked.keys() - set(order)
    assert not unknown, unknown
    return joined(
        [element(f"{prefix}:SelectionBy{name}", one) for name in order for one in asked.get(name, ())],
    )


_LEAD_SELECTIONS = (
    *("ID", "Name", "LifeCycleStatusCode", "QualificationLevelCode", "OriginTypeCode", "PriorityCode", "CampaignID"),
    *("ProspectPartyID", "SalesResponsiblePartyID", "SalesPartnerPartyID", "StartDate", "LastChangeDateTime"),
    *("EmailURI", "PhoneNumber"),
)


def find_lead(
    asked: Mapping[str, Parts], *, most: int | None = None, after: str | None = None, unlimited: bool = False
) -> bytes:
    """LeadByElementsQuery_sync; the selections by the end of their names, such as {"Name": [selection("A*")]}."""
    return message(
        "lbl:LeadByElementsQuery_sync",
        header("lbl", None),
        element("lbl:LeadSelectionByElements", selections("lbl", _LEAD_SELECTIONS, asked)),
        conditions("lbl", most, after, unlimited),
    )


def find_business_partner(
    asked: Mapping[str, Parts],
    *,
    most: int | None = None,
    after: str | None = None,
    identifications: Sequence[tuple[str, str]] = (),
    keys: Sequence[tuple[str, str]] = (),
) -> bytes:
    """BusinessPartnerByElementsQuery_sync; selections as in `find_lead`."""
    return message(
        "lbp:BusinessPartnerByElementsQuery_sync",
        header("lbp", None),
        element(
            "lbp:BusinessPartnerSelectionByElements",
            selections("lbp", ("Name", "EmailURI", "PhoneNumber"), asked),
            *(
                element(
                    "lbp:SelectionByIdentification",
                    element("lbp:PartyIdentifierTypeCode", kind),
                    element("lbp:BusinessPartnerID", number),
                )
                for kind, number in identifications
            ),
            *(external_key("lbp:SelectionByExternalKey", one) for one in keys),
        ),
        conditions("lbp", most, after),
    )


# ----------------------------------------------------------------------------------------------------------- leads


def new_prospect(partner: Xml) -> Xml:
    """What stands in a ProspectParty that is to be found or created."""
    return element("lbl:NewBusinessPartner", partner)


def known_prospect(
    internal_id: str | None = None, *, uuid: str | None = None, key: tuple[str, str] | None = None
) -> Xml:
    """What stands in a ProspectParty that exists."""
    return joined(
        [
            optional("lbl:BusinessPartnerInternalID", internal_id),
            optional("lbl:BusinessPartnerUUID", uuid),
            external_key("lbl:ExternalKey", key),
        ]
    )


def item(
    product: str | None = "LOAN",
    *,
    item_id: str | None = None,
    technical_id: str | None = None,
    description: str | None = None,
    quantity: str | None = None,
    unit: str | None = None,
    action: str | None = None,
) -> Xml:
    """An Item of a create or, with `action`, of a change."""
    return element(
        "lbl:Item",
        optional("lbl:ObjectNodeSenderTechnicalID", technical_id),
        optional("lbl:ID", item_id),
        optional("lbl:ProductID", product),
        optional("lbl:Description", description),
        optional("lbl:Quantity", quantity, unitCode=unit),
        actionCode=action,
    )


def note(text: str, *, kind: str | None = None, language: str | None = None, action: str | None = None) -> Xml:
    """A Note of a create or, with `action`, of a change."""
    return element("lbl:Note", text, languageCode=language, typeCode=kind, actionCode=action)


def contact(internal_id: str, *, main: bool | None = None, action: str | None = None) -> Xml:
    """A ContactParty of a create or, with `action`, of a change."""
    return element(
        "lbl:ContactParty",
        element("lbl:BusinessPartnerInternalID", internal_id),
        optional("lbl:MainIndicator", None if main is None else str(main).lower()),
        actionCode=action,
    )


def questionnaire_answer(question: str, answer: str) -> Xml:
    """A QuestionnaireAnswer."""
    return element("lbl:QuestionnaireAnswer", element("lbl:QuestionID", question), element("lbl:AnswerCode", answer))


def lead_fields(
    *,
    technical_id: str | None = None,
    key: tuple[str, str] | None = None,
    name: str | None = "Loan for a flat",
    status: str | None = None,
    level: str | None = None,
    origin: str | None = None,
    group: str | None = None,
    priority: str | None = None,
    campaign: str | None = None,
    start: str | None = None,
    end: str | None = None,
    prospect: Xml | None = None,
    contacts: Parts = (),
    responsible: str | None = None,
    given_to: str | None = None,
    taken_from: str | None = None,
    revenue: str | None = None,
    items: Parts = (),
    answers: Parts = (),
    notes: Parts = (),
    extension: Xml | None = None,
) -> Xml:
    """What a create and a change of a lead have in common, in the contract's order."""
    return joined(
        [
            optional("lbl:ObjectNodeSenderTechnicalID", technical_id),
            external_key("lbl:ExternalKey", key),
            optional("lbl:Name", name),
            optional("lbl:LifeCycleStatusCode", status),
            optional("lbl:QualificationLevelCode", level),
            optional("lbl:OriginTypeCode", origin),
            optional("lbl:GroupCode", group),
            optional("lbl:PriorityCode", priority),
            optional("lbl:CampaignID", campaign),
            optional("lbl:StartDate", start),
            optional("lbl:EndDate", end),
            optional("lbl:ProspectParty", prospect),
            *contacts,
            Xml() if responsible is None else element("lbl:SalesResponsibleParty", element("lbl:PartyID", responsible)),
            Xml() if given_to is None else element("lbl:SalesPartnerParty", element("lbl:PartyID", given_to)),
            Xml() if taken_from is None else _taken_from(taken_from),
            optional("lbl:ExpectedRevenueAmount", revenue, currencyCode="EUR"),
            *items,
            *answers,
            *notes,
            optional("lbl:Extension", extension),
        ]
    )


def _taken_from(party_id: str) -> Xml:
    return element("lbl:SalesPartnerParty", element("lbl:PartyID", party_id), actionCode="03")


def create_lead(fields: Xml | None = None, *, uuid: str | None = None, test: bool = False) -> bytes:
    """LeadCreateRequest_sync; without fields a lead about a new person without anything to know them by."""
    return message(
        "lbl:LeadCreateRequest_sync",
        header("lbl", uuid, test=test),
        element("lbl:Lead", lead_fields(prospect=new_prospect(person())) if fields is None else fields),
    )


def check_lead(fields: Xml, *, uuid: str | None = None) -> bytes:
    """LeadCreateCheckQuery_sync."""
    return message("lbl:LeadCreateCheckQuery_sync", header("lbl", uuid), element("lbl:Lead", fields))


def change_lead(
    lead_id: str | None,
    fields: Xml | None = None,
    *,
    uuid: str | None = None,
    state: str | None = None,
    lead_uuid: str | None = None,
    key: tuple[str, str] | None = None,
    reason: str | None = None,
    decision: str | None = None,
    complete: Sequence[str] = (),
) -> bytes:
    """LeadChangeRequest_sync; `complete` names lists that are sent whole: item, note, contactParty, …"""
    named = joined([optional("lbl:ID", lead_id), optional("lbl:UUID", lead_uuid), external_key("lbl:ExternalKey", key)])
    return message(
        "lbl:LeadChangeRequest_sync",
        header("lbl", uuid),
        element(
            "lbl:Lead",
            element("lbl:LeadIdentification", named),
            optional("lbl:ChangeStateID", state),
            fields,
            **{f"{one}ListCompleteTransmissionIndicator": "true" for one in complete},
        ),
        optional("lbl:ReasonCode", reason),
        optional("lbl:PartnerDecisionCode", decision),
    )


def read_lead(
    *lead_ids: str, uuids: Sequence[str] = (), keys: Sequence[tuple[str, str]] = (), **requested: str
) -> bytes:
    """LeadByIDQuery_sync; `requested` has codes by the beginning of their names, such as history="1"."""
    named = [
        *(element("lbl:ID", one) for one in lead_ids),
        *(element("lbl:UUID", one) for one in uuids),
        *(external_key("lbl:ExternalKey", one) for one in keys),
    ]
    codes = [
        element(f"lbl:{name}TransmissionRequestCode", requested[name])
        for name in ("item", "note", "history", "attachment", "extension")
        if name in requested
    ]
    return message(
        "lbl:LeadByIDQuery_sync",
        header("lbl", None),
        *(element("lbl:LeadSelectionByID", one) for one in named),
        element("lbl:RequestedElements", joined(codes)) if codes else None,
    )
