"""What the addresses under `/crm/opportunities` take and answer. Lengths and forms are those of the contract."""

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from leadbridge.messages import Amount as Revenue
from leadbridge.messages import OpportunityStageAdvanceRequestSync as _Advance
from leadbridge.rest.crm_bodies import Body, CustomerId, OwnerId, Reason, Status, Text, length_of
from leadbridge.rest.jsonbody import unlike
from leadbridge.rest.problemdetails import BodyError

MOST_ON_A_PAGE = 200
_LIMIT = "[1-9][0-9]?|1[0-9]{2}|200"  # 1 to MOST_ON_A_PAGE
_MONEY = r"[0-9]{1,22}(\.[0-9]{1,6})?"  # DecimalValue of common.xsd, of what is not below nought
_RECORD_ID = "[0-9]{10}"


def _day(text: str) -> str:
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) is None:
            raise ValueError
        date.fromisoformat(text)
    except ValueError:
        raise unlike("a day such as 2026-09-30") from None
    return text


def _number(text: str) -> str:
    if re.fullmatch(_LIMIT, text) is None:
        raise unlike(f"a whole number from 1 to {MOST_ON_A_PAGE}")
    return text


def _record_id(text: str) -> str:
    if re.fullmatch(_RECORD_ID, text) is None:
        raise unlike("the nextCursor of the page before, ten digits")
    return text


StageName = Annotated[str, length_of(_Advance, "stage_name"), Text]
StepName = Annotated[str, length_of(_Advance, "step_name"), Text]
Why = Annotated[str, length_of(_Advance, "reason_description"), Text]
Day = Annotated[str, Field(json_schema_extra={"format": "date"}), AfterValidator(_day)]


def _money(text: str) -> str:
    if re.fullmatch(_MONEY, text) is None:
        raise unlike("a decimal number such as 1200.50, up to 22 digits and 6 after the point")
    return text


def _currency(text: str) -> str:
    if re.fullmatch("[A-Z]{3}", text) is None:
        raise unlike("three capital letters (ISO 4217)")
    return text


Money = Annotated[str, AfterValidator(_money), Field(json_schema_extra={"pattern": f"^{_MONEY}$"})]
Currency = Annotated[str, AfterValidator(_currency), Field(json_schema_extra={"pattern": "^[A-Z]{3}$"})]


class MoveWanted(Body):
    """Moves an opportunity, or a lead, through the stages and steps of its case type.

    ADVANCE goes to the next stage, or to the later one that is named; a lead that comes to its last stage is converted,
    and the answer is the opportunity it has become. STEP_DONE and STEP_SKIPPED name a step of the record's stage,
    GO_BACK goes to the stage before or to the one that is named and opens the steps from there on again. CLOSE_WON,
    CLOSE_LOST and REOPEN change the status. STEP_SKIPPED, GO_BACK, CLOSE_LOST and REOPEN need a reason: `reason`,
    `reasonCode`, or both. A record that is opened again opens no lead of LeadService: that stays won or lost, and so
    does what its partner was told.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "move": "STEP_DONE",
                    "step": "Confirm interest",
                    "expectedClosingDate": "2026-09-30",
                    "expectedRevenueAmount": "1200.50",
                    "expectedRevenueCurrencyCode": "EUR",
                },
                {"move": "ADVANCE", "stage": "Needs Analysis"},
                {"move": "CLOSE_LOST", "reasonCode": "005", "reason": "Another bank was cheaper."},
            ],
        }
    )

    move: Literal["ADVANCE", "STEP_DONE", "STEP_SKIPPED", "GO_BACK", "CLOSE_WON", "CLOSE_LOST", "REOPEN"] = Field(
        description="What is done."
    )
    stage: StageName | None = Field(default=None, description="The stage to move to, in any case.")
    step: StepName | None = Field(default=None, description="The step that was done or is skipped, in any case.")
    reason_code: Reason | None = Field(default=None, description="Why, as in the site's list.")
    reason: Why | None = Field(default=None, description="Why, in words.")
    expected_closing_date: Day | None = Field(
        default=None, description="When a sale is expected; it stays until another one is sent."
    )
    expected_revenue_amount: Money | None = Field(
        default=None,
        description="What a sale is expected to bring, as text, with its currency; it stays until another one is sent.",
        examples=["1200.50"],
    )
    expected_revenue_currency_code: Currency | None = Field(
        default=None, description="Its currency, ISO 4217.", examples=["EUR"]
    )

    @model_validator(mode="after")
    def _amount_with_currency(self) -> Self:
        both = {
            "expectedRevenueAmount": self.expected_revenue_amount,
            "expectedRevenueCurrencyCode": self.expected_revenue_currency_code,
        }
        missing = [name for name, value in both.items() if value is None]
        if len(missing) == 1:
            raise PydanticCustomError(
                BodyError.MISSING_FIELD.value, "Send an amount together with its currency.", {"field": missing[0]}
            )
        return self

    def expected_revenue(self) -> Revenue | None:
        """What a sale is expected to bring; None where nothing is said."""
        if self.expected_revenue_amount is None or self.expected_revenue_currency_code is None:
            return None
        return Revenue(value=Decimal(self.expected_revenue_amount), currency_code=self.expected_revenue_currency_code)


class Filter(BaseModel):
    """Which records are listed. Names in camelCase, values as they stand in the address."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", hide_input_in_errors=True)

    owner_id: OwnerId | None = Field(default=None, description="The relationship manager (RM).")
    customer_id: CustomerId | None = Field(default=None, description="The customer.")
    stage: StageName | None = Field(default=None, description="The stage that the records are in, in any case.")
    status: Status | None = Field(default=None, description="The status, in any case.")
    selling_mode: Literal["B2B", "B2C"] | None = Field(default=None, description="To whom is sold.")
    record_type: Literal["OPPORTUNITY", "LEAD"] = Field(
        default="OPPORTUNITY", description="OPPORTUNITY where nothing is said."
    )
    limit: Annotated[str, AfterValidator(_number)] = Field(
        default="50",
        description=f"How many records on a page, 1 to {MOST_ON_A_PAGE}; 50 where nothing is said.",
        json_schema_extra={"pattern": f"^({_LIMIT})$"},
    )
    cursor: (
        Annotated[str, AfterValidator(_record_id), Field(json_schema_extra={"pattern": f"^{_RECORD_ID}$"})] | None
    ) = Field(default=None, description="`nextCursor` of the page before.")


class ForecastFilter(BaseModel):
    """Whose opportunities are added up."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", hide_input_in_errors=True)

    owner_id: OwnerId | None = Field(
        default=None, description="The relationship manager (RM); all where none is named."
    )


# ------------------------------------------------------------------------------------------------------- answers


class _Answer(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, validate_by_alias=True, extra="forbid")


class Amount(_Answer):
    """An amount of money."""

    value: str = Field(description="A decimal number.")
    currency: str = Field(description="ISO 4217.")


class Step(_Answer):
    """A step of the record's stage."""

    name: str = Field(description="As the case type spells it.")
    required: bool = Field(description="Whether it holds the stage while it is open.")
    skippable: bool = Field(description="Whether it may be skipped, for a reason.")
    state: Literal["OPEN", "DONE", "SKIPPED"] = Field(description="Whether it is still to be done.")


class _Place(_Answer):
    record_type: Literal["LEAD", "OPPORTUNITY"] = Field(description="What the record is.")
    id: str = Field(description="The record's number: its path.")
    status: Literal["New Lead", "New Opportunity", "Close Won", "Close Lost"] = Field(
        description="In the bank's own spelling."
    )
    stage: str = Field(description="By the site's case types.")
    probability: int = Field(ge=0, le=100, description="Of a sale, in percent.")
    expected_closing_date: str | None = Field(default=None, description="The day a sale is expected.")


class Listed(_Place):
    """A record of a list."""

    case_type: str = Field(description="The name of the case type.")
    customer_type: Literal["NTB", "ETB"] = Field(description="New to the bank, or existing.")
    customer_id: str = Field(description="The channel's identifier of the customer.")
    customer_name: str = Field(description="How the customer is called.")
    owner_id: str = Field(description="The relationship manager (RM).")
    selling_mode: Literal["B2B", "B2C"] = Field(description="To whom is sold: business or consumer.")
    product_id: str | None = Field(default=None, description="What the customer has asked for.")
    amount: Amount | None = Field(default=None, description="What a sale would bring.")
    reason_code: str | None = Field(default=None, description="Why it was closed, as in the site's list.")
    converted_lead_id: str | None = Field(default=None, description="The lead that it was, where it was one.")
    opportunity_id: str | None = Field(default=None, description="The opportunity that it has become.")
    source_lead_uuid: str | None = Field(default=None, description="UUID of the lead of LeadService that this is from.")
    created_at: str = Field(description="When it was made.")
    changed_at: str = Field(description="When it was changed last.")


_LISTED: dict[str, Any] = {
    "recordType": "OPPORTUNITY",
    "id": "0000000018",
    "status": "New Opportunity",
    "stage": "Qualification",
    "probability": 20,
    "expectedClosingDate": "2026-09-30",
    "caseType": "B2C opportunity",
    "customerType": "ETB",
    "customerId": "C-2041",
    "customerName": "Anna Beispiel",
    "ownerId": "RM-7",
    "sellingMode": "B2C",
    "amount": {"value": "1200.50", "currency": "EUR"},
    "createdAt": "2026-03-01T09:30:00Z",
    "changedAt": "2026-03-02T10:00:00Z",
}
_STEPS: list[Any] = [{"name": "Confirm interest", "required": True, "skippable": True, "state": "DONE"}]


class OpportunityPage(_Answer):
    """Records by their ID. With `nextCursor` there are more; no page skips or repeats one while others are added."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"opportunities": [_LISTED], "nextCursor": "0000000018"}]}
    )

    opportunities: list[Listed] = Field(description="In the order of their ID.")
    next_cursor: str | None = Field(default=None, description="`cursor` of the next page, where there is one.")


class Opportunity(Listed):
    """A record with the steps of its stage and the stages of its case type."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    **_LISTED,
                    "steps": _STEPS,
                    "stages": ["Qualification", "Needs Analysis", "Offer", "Decision", "Closed"],
                }
            ]
        }
    )

    steps: list[Step] = Field(description="Those of the record's stage.")
    stages: list[str] = Field(description="In their order.")


class MoveMade(_Place):
    """Where the record is now; where a lead was converted, its opportunity."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "recordType": "OPPORTUNITY",
                    "id": "0000000018",
                    "status": "New Opportunity",
                    "stage": "Qualification",
                    "probability": 20,
                    "steps": [{"name": "Confirm interest", "required": True, "state": "DONE"}],
                }
            ]
        }
    )

    class Settled(_Answer):
        """A step of the stage."""

        name: str = Field(description="As the case type spells it.")
        required: bool = Field(description="Whether it holds the stage while it is open.")
        state: Literal["OPEN", "DONE", "SKIPPED"] = Field(description="Whether it is still to be done.")

    steps: list[Settled] = Field(description="Those of the stage that the record is in now.")
    converted_lead_id: str | None = Field(default=None, description="The lead that it was, where it was one.")


class Moved(_Answer):
    """One move."""

    move: str = Field(description="What was done.")
    from_stage: str = Field(description="Where the record was.")
    to_stage: str = Field(description="Where it was afterwards.")
    step: str | None = Field(default=None, description="The step, where it was about one.")
    reason_code: str | None = Field(default=None, description="Why, as in the site's list.")
    reason: str | None = Field(default=None, description="Why, in words.")
    caller_id: str = Field(description="Who.")
    at: str = Field(description="When.")


class StatusChanged(_Answer):
    """One change of the status, by whatever call."""

    from_status: str | None = Field(default=None, description="The status before; none of a new record.")
    to_status: str = Field(description="The status afterwards.")
    reason_code: str | None = Field(default=None, description="Why, as in the site's list.")
    caller_id: str = Field(description="Who.")
    at: str = Field(description="When.")


class StageHistory(_Answer):
    """What happened to a record, oldest first."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "moves": [
                        {
                            "move": "STEP_SKIPPED",
                            "fromStage": "Qualification",
                            "toStage": "Qualification",
                            "step": "Confirm interest",
                            "reason": "She came to us.",
                            "callerId": "crm",
                            "at": "2026-03-02T10:00:00Z",
                        }
                    ],
                    "statuses": [{"toStatus": "New Opportunity", "callerId": "crm", "at": "2026-03-01T09:30:00Z"}],
                }
            ]
        }
    )

    moves: list[Moved] = Field(description="Through stages and steps.")
    statuses: list[StatusChanged] = Field(description="The changes of the status.")


class Sum(_Answer):
    """What some open opportunities come to."""

    currency: str = Field(description="ISO 4217.")
    opportunities: int = Field(description="How many.")
    amount: str = Field(description="Their amounts together.")
    weighted: str = Field(description="Each amount times the probability of its stage, together.")


class ForecastRow(Sum):
    """What the open opportunities of an owner in a stage come to that are expected in one month."""

    month: str = Field(description="Such as 2026-09, or unscheduled where no date is expected.")
    stage: str = Field(description="Where the opportunities are.")
    owner_id: str = Field(description="The relationship manager (RM).")


class ForecastAnswer(_Answer):
    """Amounts of open opportunities, and what they are worth by the probability of their stages. Currencies apart."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "forecast": [
                        {
                            "month": "2026-09",
                            "stage": "Offer",
                            "ownerId": "RM-7",
                            "currency": "EUR",
                            "opportunities": 2,
                            "amount": "3000",
                            "weighted": "2100",
                        }
                    ],
                    "totals": [{"currency": "EUR", "opportunities": 2, "amount": "3000", "weighted": "2100"}],
                    "withoutAmount": 1,
                }
            ]
        }
    )

    forecast: list[ForecastRow] = Field(description="By month, stage, owner and currency.")
    totals: list[Sum] = Field(description="By currency.")
    without_amount: int = Field(description="How many open opportunities have no amount.")
