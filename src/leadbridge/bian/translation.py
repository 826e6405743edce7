"""LeadandOpportunityProcedure as a lead, and a lead as LeadandOpportunityProcedure: see the table in `words`.

Fields that no element of a lead stands for are kept in its Extension, each an element of our namespace, and are
answered as they were sent. SOAP reads them there too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from xsdata.formats.dataclass.models.generics import AnyElement

from leadbridge.bian.answers import UUID, Fields, Refused, wrong
from leadbridge.bian.words import (
    CAMPAIGN,
    CONTROL_ACTIONS,
    CUSTOMER,
    DESCRIPTION,
    EMPLOYEE,
    LEAD_FIELDS,
    MOMENT,
    OFFICIAL_PROCEDURE,
    PROCEDURE,
    PRODUCT,
    REASON,
    STATE,
    TRIGGERED_BY,
    TRIGGERS,
    Action,
    allowed,
    raised,
)
from leadbridge.caller import Caller, Visibility
from leadbridge.lead import LifeCycleStatus
from leadbridge.messages import (
    ActionCode,
    BasicMessageHeader,
    Extension,
    ExternalKey,
    Lead,
    LeadChange,
    LeadChangeRequestSync,
    LeadCreateRequestSync,
    LeadIdentification,
    LeadItem,
    LeadItemChange,
    Note,
    NoteChange,
    PartnerDecisionCode,
    ProspectParty,
    SalesResponsibleParty,
)
from leadbridge.operations.businesspartner import extension_of
from leadbridge.operations.call import zoned
from leadbridge.store.inserts import Row
from leadbridge.store.leads import LeadParts

NOTE_TYPE = "BIAN"  # the typeCode of the note with a whole LeadandOpportunityDescription
_NAMESPACE = "urn:leadbridge:bian:1"
_KEPT = f"{{{_NAMESPACE}}}{PROCEDURE}"
_LONGEST_NAME = 80
_MOST_KEPT, _MOST_KEPT_BYTES = 30, 16_384
_MOST_ELEMENTS: int = Extension.__dataclass_fields__["other_element"].metadata["max_occurs"]
_INTERNAL_ID = re.compile(r"[0-9]{10}")
_REASON = re.compile(r"[0-9A-Z]{3,4}")


# ----------------------------------------------------------------------------------------------------------- checks


def fitting(name: str, value: str, message: type[Any], field: str) -> str:
    """The value of a field that is this one of a message of the contract. Raises Refused where that cannot hold it."""
    rules = message.__dataclass_fields__[field].metadata
    if len(value) < rules["min_length"]:
        raise wrong(name, "Expected at least 1 character; leave out what there is not.", "TooShort")
    if len(value) > rules["max_length"]:
        raise wrong(name, f"Expected at most {rules['max_length']} characters.", "TooLong")
    return value


def check_kept(kept: Fields) -> None:
    """Refuse more than is kept of one record. Raises Refused."""
    size = 0
    for number, (name, value) in enumerate(kept.items(), 1):
        size += len(name) + len(value.encode())
        if number > _MOST_KEPT or size > _MOST_KEPT_BYTES:
            text = (
                f"Up to {_MOST_KEPT} fields with {_MOST_KEPT_BYTES:,} bytes together are kept beside those of a lead."
            )
            raise wrong(name, text, "TooLong")


def reason_code(more: Fields) -> str | None:
    """The ReasonCode beside an action. Raises Refused for one of another form."""
    reason = more.get(REASON)
    if reason is not None and not _REASON.fullmatch(reason):
        raise wrong(REASON, "Expected three or four digits and capital letters.")
    return reason


def prospect(reference: str) -> ProspectParty:
    """The business partner that a CustomerReference names. Raises Refused for one of another form."""
    system, divided, remote = reference.partition("/")
    if _INTERNAL_ID.fullmatch(reference):
        return ProspectParty(business_partner_internal_id=reference)
    if UUID.fullmatch(reference):
        return ProspectParty(business_partner_uuid=reference)
    if not divided:
        raise wrong(CUSTOMER, "Expected an InternalID of 10 digits, a UUID, or system/object of an ExternalKey.")
    return ProspectParty(
        external_key=ExternalKey(
            communication_system_id=fitting(CUSTOMER, system, ExternalKey, "communication_system_id"),
            remote_object_id=fitting(CUSTOMER, remote, ExternalKey, "remote_object_id"),
        )
    )


def _origin(domain: str) -> str:
    if domain not in TRIGGERS:
        raise wrong(TRIGGERED_BY, f"Expected one of {', '.join(TRIGGERS)}.", "NotInList")
    return TRIGGERS[domain]


def _name(description: str) -> str:
    fitting(DESCRIPTION, description, Note, "value")
    name = _first_line(description)
    if not name:
        raise wrong(DESCRIPTION, "Expected some text.", "TooShort")
    return name


def _first_line(description: str) -> str:
    """What a description makes a Name; empty where it says nothing."""
    first = next((line.strip() for line in description.splitlines() if line.strip()), "")
    return first[:_LONGEST_NAME].rstrip()


# ---------------------------------------------------------------------------------------------------------- to a lead


@dataclass(frozen=True, slots=True)
class _Translated:
    """The fields of one request as elements of a lead; None where they were not sent."""

    prospect: ProspectParty | None
    campaign: str | None
    product: str | None
    employee: str | None
    description: str | None
    name: str | None
    origin: str | None
    kept: Fields


def _translated(fields: Fields) -> _Translated:
    def checked(name: str, message: type[Any], field: str) -> str | None:
        value = fields.get(name)
        return None if value is None else fitting(name, value, message, field)

    description, domain, reference = (fields.get(name) for name in (DESCRIPTION, TRIGGERED_BY, CUSTOMER))
    kept = {name: value for name, value in fields.items() if name not in LEAD_FIELDS or name == TRIGGERED_BY}
    check_kept(kept)
    return _Translated(
        prospect=None if reference is None else prospect(reference),
        campaign=checked(CAMPAIGN, Lead, "campaign_id"),
        product=checked(PRODUCT, LeadItem, "product_id"),
        employee=checked(EMPLOYEE, SalesResponsibleParty, "party_id"),
        description=description,
        name=None if description is None else _name(description),
        origin=None if domain is None else _origin(domain),
        kept=kept,
    )


def create_message(fields: Fields) -> LeadCreateRequestSync:
    """What CreateLead would be sent for this record. Raises Refused for what it cannot be."""
    said = _translated(fields)
    if said.prospect is None:
        raise wrong(CUSTOMER, "This field is needed: a lead is about somebody.", "MissingField")
    name = said.name or said.product
    if name is None:
        raise wrong(DESCRIPTION, f"Say what the lead is about, here or as {PRODUCT}.", "MissingField")
    whole = said.description if said.description != said.name else None
    return LeadCreateRequestSync(
        basic_message_header=BasicMessageHeader(),
        lead=Lead(
            name=name,
            prospect_party=said.prospect,
            campaign_id=said.campaign,
            origin_type_code=said.origin,
            sales_responsible_party=SalesResponsibleParty(party_id=said.employee) if said.employee else None,
            item=[LeadItem(product_id=said.product)] if said.product else [],
            note=[Note(value=whole, type_code=NOTE_TYPE)] if whole else [],
            extension=_extension(None, said.kept) if said.kept else None,
        ),
    )


def change_message(fields: Fields, head: Row, parts: LeadParts) -> LeadChangeRequestSync:
    """What ChangeLead would be sent to give a lead these fields; those not sent stay. Raises Refused."""
    said = _translated(fields)
    merged = {**kept_fields(head), **said.kept}
    if said.kept:
        check_kept(merged)
    first = parts.items[0]["item_id"] if parts.items else None
    items = [LeadItemChange(id=first, product_id=said.product, action_code=ActionCode.VALUE_04)] if said.product else []
    return change(
        head,
        name=said.name,
        prospect_party=said.prospect,
        campaign_id=said.campaign,
        origin_type_code=said.origin,
        sales_responsible_party=SalesResponsibleParty(party_id=said.employee) if said.employee else None,
        item=items,
        note=_notes(said, parts),
        extension=_extension(extension_of(head["extension"]), merged) if said.kept else None,
    )


def change(
    head: Row, *, reason: str | None = None, decision: PartnerDecisionCode | None = None, **elements: Any
) -> LeadChangeRequestSync:
    """A change of these elements of a lead."""
    return LeadChangeRequestSync(
        basic_message_header=BasicMessageHeader(),
        lead=LeadChange(lead_identification=LeadIdentification(id=head["id"]), **elements),
        reason_code=reason,
        partner_decision_code=decision,
    )


def _notes(said: _Translated, parts: LeadParts) -> list[NoteChange]:
    if said.description is None:
        return []
    if said.description != said.name:
        return [NoteChange(value=said.description, type_code=NOTE_TYPE, action_code=ActionCode.VALUE_04)]
    old = _note(parts)
    return [] if old is None else [NoteChange(value=old, type_code=NOTE_TYPE, action_code=ActionCode.VALUE_03)]


def _note(parts: LeadParts) -> str | None:
    texts: list[str] = [
        row["text"] for row in parts.notes if row["type_code"] == NOTE_TYPE and row["language_code"] is None
    ]
    return texts[-1] if texts else None


def _extension(old: Extension | None, kept: Fields) -> Extension:
    """The Extension with these fields, and with whatever else it had. Raises Refused where that is full."""
    others = [one for one in _elements(old) if one.qname != _KEPT]
    if len(others) >= _MOST_ELEMENTS:
        text = f"The lead's Extension has {_MOST_ELEMENTS} elements already: no field can be kept beside them."
        raise wrong(next(iter(kept)), text, "TooLong")
    fields: list[object] = [AnyElement(qname=f"{{{_NAMESPACE}}}{name}", text=value) for name, value in kept.items()]
    return Extension(other_element=[*others, AnyElement(qname=_KEPT, children=fields)])


def _elements(extension: Extension | None) -> Iterable[AnyElement]:
    return [one for one in (extension.other_element if extension else ()) if isinstance(one, AnyElement)]


# -------------------------------------------------------------------------------------------------------- from a lead


def kept_fields(head: Row) -> dict[str, str]:
    """The fields that are kept beside the lead's elements. Whoever writes over SOAP may put anything there: what an
    element of the lead says is not taken from it."""
    kept: dict[str, str] = {}
    for element in _elements(extension_of(head["extension"])):
        if element.qname == _KEPT:
            for one in element.children:
                if isinstance(one, AnyElement):
                    kept[(one.qname or "").rpartition("}")[2]] = one.text or ""
    return {name: value for name, value in kept.items() if name not in LEAD_FIELDS or _is_origin(head, name, value)}


def _is_origin(head: Row, name: str, value: str) -> bool:
    """Whether a field is the domain that a lead comes from: of its OriginTypeCode, where that is not a site's own."""
    code, meant = head["origin_type_code"], TRIGGERS.get(value)
    is_ours = code in TRIGGERS.values()
    return name == TRIGGERED_BY and None not in (code, meant) and (code == meant or not is_ours)


def procedure(head: Row, parts: LeadParts) -> dict[str, str]:
    """A lead as LeadandOpportunityProcedure. `parts` needs items and notes."""
    whole = _note(parts)
    # Since Name was changed, the note says no more what the lead is about.
    description = whole if whole is not None and _first_line(whole) == head["name"] else head["name"]
    known: Mapping[str, str | None] = {
        CUSTOMER: head["prospect_internal_id"],
        CAMPAIGN: head["campaign_id"],
        PRODUCT: parts.items[0]["product_id"] if parts.items else None,
        EMPLOYEE: head["sales_responsible_party_id"],
        DESCRIPTION: description,
    }
    shown = {MOMENT: zoned(head["created_at"]), **kept_fields(head)}
    shown |= {name: value for name, value in known.items() if value is not None}
    order = [*OFFICIAL_PROCEDURE, *sorted(shown.keys() - set(OFFICIAL_PROCEDURE))]
    return {name: shown[name] for name in order if name in shown}


def may_control(head: Row, caller: Caller) -> bool:
    """Whether the caller controls a lead: who created it, or sees all."""
    return caller.visibility is Visibility.ALL or head["created_by"] == caller.id


def has_it(head: Row, caller: Caller) -> bool:
    """Whether the caller acts for the partner that the lead was given to."""
    return bool(caller.party_id) and head["sales_partner_party_id"] == caller.party_id


def allowed_actions(head: Row, caller: Caller) -> list[str]:
    """What the caller may do to a lead in the state that it is in: what `words.allowed` has, without raising what is
    the highest priority, controlling what others control, and accepting again."""
    status = LifeCycleStatus(head["life_cycle_status_code"])
    useless: set[Action] = set()
    if raised(head["priority_code"]) is None:
        useless.add(Action.RAISE_PRIORITY)
    if not may_control(head, caller):
        useless.update(CONTROL_ACTIONS)
    if status is LifeCycleStatus.IN_PROCESS and not has_it(head, caller):
        useless.add(Action.ACCEPT)
    every = allowed(status, suspended=head["suspended_at"] is not None)
    return [action.value for action in every if action not in useless]


def state(head: Row, caller: Caller) -> dict[str, Any]:
    """Where a lead stands, and what the caller may do to it; in words of ours, because BIAN has none."""
    status = LifeCycleStatus(head["life_cycle_status_code"])
    return {
        "LeadID": head["id"],
        "LeadUUID": head["uuid"],
        "LifeCycleStatusCode": status.value,
        "LifeCycleStatus": status.name.lower(),
        "Suspended": head["suspended_at"] is not None,
        **({"PriorityCode": head["priority_code"]} if head["priority_code"] else {}),
        **({"QualificationLevelCode": head["qualification_level_code"]} if head["qualification_level_code"] else {}),
        "AllowedActions": allowed_actions(head, caller),
    }


def record(head: Row, parts: LeadParts, caller: Caller) -> dict[str, Any]:
    """A lead with its state, as the caller is shown it."""
    return {PROCEDURE: procedure(head, parts), STATE: state(head, caller)}


def state_words(head: Row) -> str:
    """Where a lead stands, for a refusal."""
    status = LifeCycleStatus(head["life_cycle_status_code"])
    words = f"{status.value} {status.name.lower().replace('_', ' ')}"
    if raised(head["priority_code"]) is None:
        words = f"{words}, of the highest priority"
    return f"{words}, suspended" if head["suspended_at"] is not None else words


def not_allowed(head: Row, action: str, others: Iterable[str]) -> Refused:
    """An action that is not allowed in the state that the lead is in."""
    may = ", ".join(others) or "nothing"
    return Refused(400, "ActionNotAllowed", f"The lead is {state_words(head)}: not {action}; allowed: {may}.")
