"""Plain Spyne as its documentation shows it: typed models, `Soap11(validator="lxml")`, its WSGI application.

The models are made from our generated classes, so they have the same names, namespaces, occurrences and lengths.
`app` is what the server loads; BENCH_DATABASE_URL says where leads are kept, nothing means that they are not.
"""

import os
import warnings
from collections.abc import Callable, Mapping
from dataclasses import fields
from decimal import Decimal
from enum import Enum
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from leadbridge.messages import LeadCreateConfirmationSync, LeadCreateRequestSync
from leadbridge.soap.compat import Application, Service, Soap11, rpc
from tests.benchmarks.peers.plain_store import PlainHead, PlainLead, Store, store_at
from tests.support.door import COMMON, LEAD, answer_to

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Spyne's, about itself
    from spyne import ComplexModel, XmlAttribute, XmlData
    from spyne.model.primitive import Boolean, Unicode
    from spyne.model.primitive import Decimal as SpyneDecimal
    from spyne.server.wsgi import WsgiApplication

Wsgi = Callable[..., Any]


def spyne_model(message: type[Any], made: dict[type[Any], type[ComplexModel]]) -> type[ComplexModel]:
    """A Spyne model equal to a generated class: same names, namespaces, occurrences and lengths."""
    if message in made:
        return made[message]
    hints = get_type_hints(message)
    namespaces = {one.metadata.get("namespace") for one in fields(message)} - {None, "##other"}
    members: dict[str, Any] = {}
    for one in fields(message):
        kind = bare(hints[one.name])
        meta = one.metadata
        if one.name == "extension":
            continue  # not in the message, and not in Spyne's vocabulary
        many = get_origin(bare(hints[one.name], keep_list=True)) is list
        model = _spyne_type(kind, meta, made)
        if meta.get("type") == "Attribute":
            members[meta["name"]] = XmlAttribute(Unicode)
        elif "name" not in meta and meta.get("type") != "Element":
            members["value"] = XmlData(Unicode if kind is str else model)  # its schemas allow no limits here
        else:
            least = 0 if many or one.default is None else 1
            members[meta["name"]] = model.customize(
                min_occurs=least, max_occurs=meta.get("max_occurs", 50) if many else 1
            )
    model = type(
        message.__name__,
        (ComplexModel,),
        {"__namespace__": next(iter(namespaces), COMMON), "_type_info": list(members.items())},
    )
    made[message] = model
    return model


def bare(hint: Any, *, keep_list: bool = False) -> Any:
    """The type in a hint, without None and without a list around it."""
    if get_origin(hint) in (Union, UnionType):
        hint = next(one for one in get_args(hint) if one is not type(None))
    return get_args(hint)[0] if get_origin(hint) is list and not keep_list else hint


def _spyne_type(kind: Any, meta: Mapping[str, Any], made: dict[type[Any], type[ComplexModel]]) -> Any:
    if kind is bool:
        return Boolean
    if kind is Decimal:
        return SpyneDecimal
    if isinstance(kind, type) and issubclass(kind, Enum):
        return Unicode(values=[str(one.value) for one in kind])
    if isinstance(kind, type) and hasattr(kind, "__dataclass_fields__") and kind.__module__.startswith("leadbridge"):
        return spyne_model(kind, made)
    return Unicode(max_len=meta.get("max_length", 4_000))


def lead_of(message: Any) -> PlainLead:
    """What is stored of a message in Spyne's models."""
    lead = message.Lead
    partner = lead.ProspectParty.NewBusinessPartner
    address = partner.Address[0]
    return PlainLead(
        PlainHead(
            uuid=message.BasicMessageHeader.UUID,
            name=lead.Name,
            status=lead.LifeCycleStatusCode,
            given_name=partner.Person.GivenName,
            family_name=partner.Person.FamilyName,
            postal_code=address.StreetPostalCode,
            city=address.CityName,
            street=address.StreetName,
            house=address.HouseID,
            email=partner.Communication.EmailURI[0],
            phone=partner.Communication.PhoneNumber[0],
            party=lead.SalesResponsibleParty.PartyID,
            amount=str(lead.ExpectedRevenueAmount.value),
            currency=lead.ExpectedRevenueAmount.currencyCode,
        ),
        [
            (item.ProductID, item.Description, str(item.Quantity.value), item.Quantity.unitCode)
            for item in lead.Item
        ],
        [note.value for note in lead.Note],
    )


def wsgi_application(store: Store | None = None) -> Wsgi:
    """CreateLead: stores the lead, where there is a store, and confirms it."""
    made: dict[type[Any], type[ComplexModel]] = {}
    request, answer = spyne_model(LeadCreateRequestSync, made), spyne_model(LeadCreateConfirmationSync, made)
    confirmation = answer_to("CreateLead")
    log = made[type(confirmation.log)](BusinessDocumentProcessingResultCode="3")
    header = made[type(confirmation.basic_message_header)]()
    lead_model = made[type(confirmation.lead)]

    def create_lead(_ctx: Any, message: Any) -> Any:
        assert message.Lead.Name
        number = store.insert(lead_of(message)) if store is not None else 1
        lead = lead_model(
            ID=f"{number:010d}",
            UUID=confirmation.lead.uuid,
            ChangeStateID=confirmation.lead.change_state_id,
            LifeCycleStatusCode="1",
            ProspectPartyInternalID=confirmation.lead.prospect_party_internal_id,
        )
        return answer(BasicMessageHeader=header, Lead=lead, ReplayedIndicator=False, Log=log)

    published = rpc(
        request,
        _returns=answer,
        _body_style="bare",
        _in_message_name=f"{{{LEAD}}}LeadCreateRequest_sync",
        _out_message_name=f"{{{LEAD}}}LeadCreateConfirmation_sync",
    )(create_lead)
    service = type("LeadService", (Service,), {"CreateLead": published})
    wsgi: Wsgi = WsgiApplication(
        Application([service], tns=LEAD, in_protocol=Soap11(validator="lxml"), out_protocol=Soap11())
    )
    return wsgi


def app() -> Wsgi:
    """What the server loads."""
    return wsgi_application(store_at(os.environ.get("BENCH_DATABASE_URL", "")))
