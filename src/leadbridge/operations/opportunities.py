"""Questions about the records of the core CRM on their way: found, read, their history, and what is to be expected."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Context, Decimal, localcontext

from leadbridge.crm.casetypes import CaseTypes, Standing, Whereabouts, whereabouts
from leadbridge.crm.combo import RecordType, StatusName
from leadbridge.operations.standing import standing_of
from leadbridge.store import casetypes, journal
from leadbridge.store.database import Transaction
from leadbridge.store.inserts import Row

UNSCHEDULED = "unscheduled"
_EXACT = Context(prec=200)  # no sum of amounts comes near
_FINAL = (StatusName.CLOSE_WON.value, StatusName.CLOSE_LOST.value)


@dataclass(frozen=True, slots=True)
class Found:
    """A record, with what is stored of its stage, and where it is."""

    row: Row
    standing: Standing


def places_of(case_types: CaseTypes, record_type: RecordType, stage_name: str) -> list[Whereabouts]:
    """The whereabouts of the records of this type in the stage of this name, whichever their case type; none where no
    case type of theirs has such a stage.
    """
    return [
        whereabouts(one, position)
        for one in case_types.case_types
        if one.record_type is record_type and (position := one.position(stage_name)) is not None
    ]


def find(
    tx: Transaction,
    case_types: CaseTypes,
    *,
    equals: Mapping[str, str],
    places: Sequence[Whereabouts] | None,
    limit: int,
    after: str | None,
) -> tuple[list[Found], bool]:
    """A page of records by their ID, without their steps, and whether there are more."""
    rows, more = casetypes.find(tx, equals=equals, places=places, limit=limit, after=after)
    return [Found(row, standing_of(row, casetypes.as_kept(row, {}), case_types)) for row in rows], more


def read(tx: Transaction, case_types: CaseTypes, record_id: str) -> Found | None:
    """A record, if there is one."""
    row = casetypes.one(tx, record_id)
    if row is None:
        return None
    states = casetypes.steps(tx, [record_id])[record_id]
    return Found(row, standing_of(row, casetypes.as_kept(row, states), case_types))


@dataclass(frozen=True, slots=True)
class History:
    """What happened to a record, oldest first: its moves, and the changes of its status by whatever door."""

    moves: list[Row]
    statuses: list[Row]


def history(tx: Transaction, record_id: str) -> History | None:
    """The history of a record, if there is one."""
    if casetypes.one(tx, record_id) is None:
        return None
    return History(casetypes.moves(tx, record_id), journal.moves(tx, "crm_record", [record_id])[record_id])


# ----------------------------------------------------------------------------------------------------------- forecast


@dataclass(slots=True)
class Expected:
    """What some open opportunities come to; `weighted` is each amount times its stage's probability."""

    opportunities: int = 0
    amount: Decimal = Decimal(0)
    weighted: Decimal = Decimal(0)

    def add(self, number: int, amount: Decimal, probability: int) -> None:
        """Count some of one amount and probability, in percent."""
        with localcontext(_EXACT):
            whole = number * amount
            self.include(Expected(number, whole, whole * probability / 100))

    def include(self, other: "Expected") -> None:
        """Count what others come to."""
        with localcontext(_EXACT):
            self.opportunities += other.opportunities
            self.amount += other.amount
            self.weighted += other.weighted


@dataclass(frozen=True, slots=True)
class Forecast:
    """Sums by month (YYYY-MM, or unscheduled), stage in its order, owner and currency; totals by currency."""

    sums: dict[tuple[str, str, str, str], Expected] = field(default_factory=dict)
    totals: dict[str, Expected] = field(default_factory=dict)
    without_amount: int = 0


def forecast(tx: Transaction, case_types: CaseTypes, *, owner_id: str | None = None) -> Forecast:
    """What is to be expected of the open opportunities; with `owner_id` of this owner's."""
    return _added_up(casetypes.open_amounts(tx, final=_FINAL, owner_id=owner_id), case_types)


def _added_up(rows: Iterable[Row], case_types: CaseTypes) -> Forecast:
    found: dict[tuple[str, int, str, str, str], Expected] = {}
    totals: dict[str, Expected] = {}
    without_amount = 0
    for row in rows:
        amount, currency = row["expected_revenue_amount"], row["expected_revenue_currency_code"]
        if amount is None:
            without_amount += row["number"]
            continue
        opened = {**row, "record_type_code": RecordType.OPPORTUNITY, "status_name": StatusName.NEW_OPPORTUNITY}
        standing = standing_of(opened, casetypes.as_kept(row, {}), case_types)
        expected = row["expected_closing_date"]
        month = UNSCHEDULED if expected is None else expected.isoformat()[:7]
        key = (month, standing.position, standing.stage.name, row["owner_id"], currency)
        for sums in (found.setdefault(key, Expected()), totals.setdefault(currency, Expected())):
            sums.add(row["number"], amount, standing.probability)
    # Letters come after digits, so that what is unscheduled is last. Stages of one name are one stage here, though two
    # case types may have it at two places.
    merged: dict[tuple[str, str, str, str], Expected] = {}
    for (month, _, stage, owner, currency), one in sorted(found.items(), key=lambda each: each[0]):
        merged.setdefault((month, stage, owner, currency), Expected()).include(one)
    return Forecast(merged, dict(sorted(totals.items())), without_amount)
