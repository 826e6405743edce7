"""What the bank CRM API takes and answers. Lengths and forms are those of the contract's messages."""

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from leadbridge.contract.escaping import FORBIDDEN
from leadbridge.crm.combo import StatusName
from leadbridge.messages import ComboCreateLeadOpportunityRequestSync as _Create
from leadbridge.messages import LeadStatusUpdateRequestSync as _Update
from leadbridge.rest.jsonbody import unlike
from leadbridge.rest.problemdetails import BodyError


def _contract(message: type[Any], field: str) -> Any:
    return message.__dataclass_fields__[field].metadata


def length_of(message: type[Any], field: str) -> Any:
    """The least and the greatest length of this field."""
    rules = _contract(message, field)
    said: dict[str, Any] | None = {"pattern": f"^({_pattern(message, field)})$"} if "pattern" in rules else None
    return Field(min_length=rules["min_length"], max_length=rules["max_length"], json_schema_extra=said)


def _said_of(message: type[Any], field: str) -> Any:
    """The same of a field whose form says how long it is: documented, and left to the form to check."""
    rules = _contract(message, field)
    lengths = {"minLength": rules["min_length"], "maxLength": rules["max_length"]}
    return Field(json_schema_extra={**lengths, "pattern": f"^({_pattern(message, field)})$"})


def _pattern(message: type[Any], field: str) -> str:
    """The contract's pattern. There \\s stands for four characters, elsewhere for many more."""
    pattern: str = _contract(message, field)["pattern"]
    return pattern.replace(r"\s", r" \t\n\r")


def _form_of(message: type[Any], field: str, expected: str) -> Any:
    """Text that has the form of this field, which `expected` says in words."""
    pattern = _pattern(message, field)

    def check(text: str) -> str:
        if re.fullmatch(pattern, text) is None:
            raise unlike(expected)
        return _text(text)

    return AfterValidator(check)


def _text(text: str) -> str:
    if FORBIDDEN.search(text):
        raise PydanticCustomError(BodyError.WRONG_CHARACTER.value, "a character that XML cannot carry")
    return text


def _status(*names: StatusName) -> Any:
    """Status names as a field takes them: in any case, with spaces around the words."""
    spelt = "|".join(
        r"\s+".join("".join(f"[{one.upper()}{one.lower()}]" for one in word) for word in name.split()) for name in names
    )
    rules = _contract(_Update, "status_name")
    said: dict[str, Any] = {"pattern": rf"^\s*({spelt})\s*$"}
    return Field(min_length=rules["min_length"], max_length=rules["max_length"], json_schema_extra=said)


def _status_name(text: str) -> str:
    try:
        return StatusName.read(text).value
    except ValueError:
        raise PydanticCustomError(BodyError.UNKNOWN_STATUS_NAME.value, "no status") from None


Text = AfterValidator(_text)

CustomerId = Annotated[str, length_of(_Create, "customer_id"), Text]
OwnerId = Annotated[str, length_of(_Create, "owner_id"), Text]
ProductId = Annotated[str, length_of(_Create, "product_id"), Text]
CustomerName = Annotated[str, length_of(_Create, "customer_name"), Text]
Email = Annotated[str, length_of(_Create, "email_uri"), _form_of(_Create, "email_uri", "an e-mail address")]
Phone = Annotated[str, length_of(_Create, "phone_number"), Text]
Uuid = Annotated[str, _said_of(_Create, "source_lead_uuid"), _form_of(_Create, "source_lead_uuid", "a UUID")]
RecordId = Annotated[str, length_of(_Update, "record_id"), Text]
Reason = Annotated[
    str,
    _said_of(_Update, "reason_code"),
    _form_of(_Update, "reason_code", "three or four digits and capital letters"),
]
Status = Annotated[str, _status(*StatusName), AfterValidator(_status_name)]
_Won = Annotated[str, _status(StatusName.CLOSE_WON), AfterValidator(_status_name)]
_Lost = Annotated[str, _status(StatusName.CLOSE_LOST), AfterValidator(_status_name)]

LeadId = Annotated[RecordId, Field(description="The lead.", examples=["0000000017"])]
OpportunityId = Annotated[RecordId, Field(description="The opportunity.", examples=["0000000018"])]


class Body(BaseModel):
    """A body of this API: names in camelCase, no other fields; null is the same as a field that is not there."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", hide_input_in_errors=True)


class ComboCreate(Body):
    """Registers a customer's request. A customer new to the bank (NTB) gets a lead, an existing one (ETB) an
    opportunity; an open record of the same owner is answered instead, and those of other owners become Close Lost.

    Of leads, all but those that are Close Lost count as open: a won one of the same owner is answered again, with
    `status` Close Won and `created` false; one of another owner becomes Close Lost, and its opportunity stays won. A
    new customer whose opportunities are all closed gets a lead or, where the site has set
    `crm.ntb_closed_opportunity` so, an opportunity.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "customerType": "NTB",
                    "customerId": "C-2041",
                    "ownerId": "RM-7",
                    "sellingMode": "B2C",
                    "productId": "CARD-2",
                    "customerName": "Anna Beispiel",
                    "email": "anna@example.org",
                    "phone": "+4930901820",
                    "sourceLeadUuid": "5f6b1c1e-8a35-4a2b-9d0e-3c2f7d1b4a01",
                }
            ]
        }
    )

    customer_type: Literal["NTB", "ETB"] = Field(description="New to the bank, or existing.")
    customer_id: CustomerId = Field(description="The channel's identifier of the customer.")
    owner_id: OwnerId = Field(description="The relationship manager (RM).")
    selling_mode: Literal["B2B", "B2C"] = Field(description="To whom is sold: business or consumer.")
    customer_name: CustomerName = Field(description="How the customer is called.")
    product_id: ProductId | None = Field(default=None, description="What the customer has asked for.")
    email: Email | None = Field(default=None, description="Where the customer is written to.")
    phone: Phone | None = Field(default=None, description="Where the customer is called, in any spelling.")
    source_lead_uuid: Uuid | None = Field(
        default=None, description="UUID of the lead of LeadService that this is from."
    )


class _StatusUpdate(Body):
    reason_code: Reason | None = Field(default=None, description="Why, as in the site's list.", examples=["005"])


class ComboUpdate(_StatusUpdate):
    """Sets a lead or an opportunity to Close Won. A lead is converted: the answer is the opportunity it has become.
    Name the record with `leadId` or with `opportunityId`, one of them. A closed record is refused.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"leadId": "0000000017", "status": "Close Won"}],
            "oneOf": [{"required": ["leadId"]}, {"required": ["opportunityId"]}],
        }
    )

    lead_id: LeadId | None = Field(default=None, description="The lead, or else `opportunityId`.")
    opportunity_id: OpportunityId | None = Field(default=None, description="The opportunity, or else `leadId`.")
    status: _Won | None = Field(
        default=None, description="Close Won, in any case; the only one that this call sets.", examples=["Close Won"]
    )

    @model_validator(mode="after")
    def _one_record(self) -> Self:
        if self.lead_id is None and self.opportunity_id is None:
            raise PydanticCustomError(
                *(BodyError.MISSING_FIELD.value, "Name the record with leadId or opportunityId, one of them."),
                {"field": "leadId"},
            )
        if self.lead_id is not None and self.opportunity_id is not None:
            raise PydanticCustomError(
                *(BodyError.EXCESS_FIELD.value, "leadId names the record already: send one of the two."),
                {"field": "opportunityId"},
            )
        return self


class _LostUpdate(_StatusUpdate):
    status: _Lost | None = Field(
        default=None, description="Close Lost, in any case; the only one that this call sets.", examples=["Close Lost"]
    )


class OpportunityStatus(_LostUpdate):
    """Sets an opportunity to Close Lost: an existing customer was rejected."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"opportunityId": "0000000018", "status": "Close Lost", "reasonCode": "005"}]}
    )

    opportunity_id: OpportunityId


class LeadStatus(_LostUpdate):
    """Sets a lead to Close Lost: a new customer was rejected."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"leadId": "0000000017", "status": "Close Lost", "reasonCode": "005"}]}
    )

    lead_id: LeadId


# ------------------------------------------------------------------------------------------------------- answers

_Statuses = Literal["New Lead", "New Opportunity", "Close Won", "Close Lost"]


class _Answer(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid")

    status: _Statuses = Field(description="In the bank's own spelling.")


class ComboCreated(_Answer):
    """The record that the customer has now."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "recordType": "LEAD",
                    "leadId": "0000000017",
                    "status": "New Lead",
                    "created": True,
                    "closedIds": ["0000000012"],
                }
            ]
        }
    )

    record_type: Literal["LEAD", "OPPORTUNITY"] = Field(description="Which of the two identifiers is there.")
    lead_id: str = Field(default="", description="The lead, where it is one.")
    opportunity_id: str = Field(default="", description="The opportunity, where it is one.")
    created: bool = Field(description="False where an open record of the same owner was answered.")
    closed_ids: list[str] = Field(description="Records of other owners that became Close Lost, ten at most.")


class ComboUpdated(_Answer):
    """The opportunity that is won."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "recordType": "OPPORTUNITY",
                    "opportunityId": "0000000018",
                    "status": "Close Won",
                    "convertedLeadId": "0000000017",
                }
            ]
        }
    )

    record_type: Literal["OPPORTUNITY"] = Field(description="What the record is.")
    opportunity_id: str = Field(description="The opportunity.")
    converted_lead_id: str = Field(default="", description="The lead that it was, where it was one.")


class OpportunityUpdated(_Answer):
    """The opportunity that is lost."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"recordType": "OPPORTUNITY", "opportunityId": "0000000018", "status": "Close Lost"}]
        }
    )

    record_type: Literal["OPPORTUNITY"] = Field(description="What the record is.")
    opportunity_id: str = Field(description="The opportunity.")


class LeadUpdated(_Answer):
    """The lead that is lost."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"recordType": "LEAD", "leadId": "0000000017", "status": "Close Lost"}]}
    )

    record_type: Literal["LEAD"] = Field(description="What the record is.")
    lead_id: str = Field(description="The lead.")
