"""soapbar as its documentation shows it: a service class, complex types, its WSGI adapter.

The types are made from our generated classes. What it has no word for is left out: attributes (currency, unit) and
the schema's limits; its validation against a schema is an option that is off unless asked for, and knows its own
WSDL's elements only. `app` is what the server loads; BENCH_DATABASE_URL says where leads are kept.
"""

import os
import warnings
from collections.abc import Callable
from dataclasses import fields
from decimal import Decimal
from typing import Any, get_origin, get_type_hints

from soapbar import (
    ArrayXsdType,
    ComplexXsdType,
    OperationParameter,
    SoapApplication,
    SoapService,
    WsgiSoapApp,
    soap_operation,
    xsd,
)

from leadbridge.messages import LeadCreateConfirmationSync, LeadCreateRequestSync
from tests.benchmarks.message import ACTION
from tests.benchmarks.peers.plain_spyne import bare
from tests.benchmarks.peers.plain_store import PlainHead, PlainLead, Store, store_at
from tests.support.door import COMMON, LEAD


def _type(message: type[Any], made: dict[type[Any], Any]) -> Any:
    """A complex type equal to a generated class; the text alone where it has only text and attributes."""
    if message not in made:
        hints = get_type_hints(message)
        text = [one for one in fields(message) if "name" not in one.metadata and one.name == "value"]
        made[message] = (
            _simple(bare(hints["value"]), made)
            if text
            else ComplexXsdType(
                message.__name__,
                [
                    (one.metadata["name"], _member(hints[one.name], made))
                    for one in fields(message)
                    if one.name != "extension"
                ],
                target_namespace=next((one.metadata["namespace"] for one in fields(message)), COMMON),
                qualified=True,
            )
        )
    return made[message]


def _member(hint: Any, made: dict[type[Any], Any]) -> Any:
    kind = _simple(bare(hint), made)
    many = get_origin(bare(hint, keep_list=True)) is list
    return ArrayXsdType("repeated", kind, inline=True) if many else kind


def _simple(kind: Any, made: dict[type[Any], Any]) -> Any:
    if isinstance(kind, type) and hasattr(kind, "__dataclass_fields__") and kind.__module__.startswith("leadbridge"):
        return _type(kind, made)
    return xsd.resolve({bool: "boolean", Decimal: "decimal"}.get(kind, "string"))


def _parameters(message: type[Any]) -> list[OperationParameter]:
    made: dict[type[Any], Any] = {}
    hints = get_type_hints(message)
    return [
        OperationParameter(
            one.metadata["name"], _member(hints[one.name], made), required=one.default is not None, namespace=LEAD
        )
        for one in fields(message)
    ]


def _lead_of(header: dict[str, Any], lead: dict[str, Any]) -> PlainLead:
    partner = lead["ProspectParty"]["NewBusinessPartner"]
    address = partner["Address"][0]
    return PlainLead(
        PlainHead(
            uuid=header["UUID"],
            name=lead["Name"],
            status=lead["LifeCycleStatusCode"],
            given_name=partner["Person"]["GivenName"],
            family_name=partner["Person"]["FamilyName"],
            postal_code=address["StreetPostalCode"],
            city=address["CityName"],
            street=address["StreetName"],
            house=address["HouseID"],
            email=partner["Communication"]["EmailURI"][0],
            phone=partner["Communication"]["PhoneNumber"][0],
            party=lead["SalesResponsibleParty"]["PartyID"],
            amount=str(lead["ExpectedRevenueAmount"]),
            currency="EUR",
        ),
        [(item["ProductID"], item["Description"], str(item["Quantity"]), "EA") for item in lead["Item"]],
        lead["Note"],
    )


class LeadService(SoapService):  # type: ignore[misc]  # soapbar is checked as if it were not installed
    """CreateLead alone."""

    __service_name__ = "LeadService"
    __tns__ = LEAD

    def __init__(self, store: Store | None) -> None:
        self._store = store

    @soap_operation(  # type: ignore[untyped-decorator]  # as above
        name="LeadCreateRequest_sync",
        soap_action=ACTION.strip('"'),
        input_params=_parameters(LeadCreateRequestSync),
        output_params=_parameters(LeadCreateConfirmationSync),
    )
    def create_lead(self, **message: Any) -> dict[str, Any]:
        """Store the lead, where there is a store, and confirm it."""
        lead = message["Lead"]
        assert lead["Name"]
        number = self._store.insert(_lead_of(message["BasicMessageHeader"], lead)) if self._store else 1
        return {
            "BasicMessageHeader": {},
            "Lead": {"ID": f"{number:010d}", "LifeCycleStatusCode": "1", "ProspectPartyInternalID": f"{number:010d}"},
            "ReplayedIndicator": False,
            "Log": {"BusinessDocumentProcessingResultCode": "3"},
        }


def app() -> Callable[..., Any]:
    """What the server loads."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that loopback has no TLS
        application = SoapApplication(service_url="http://127.0.0.1/soap/LeadService")
    application.register(LeadService(store_at(os.environ.get("BENCH_DATABASE_URL", ""))))
    made: Callable[..., Any] = WsgiSoapApp(application)
    return made
