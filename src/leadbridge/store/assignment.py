"""What assignment rules ask the store: how much the candidates have to do, and where prospects are at home."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import func, literal_column, select, text, union_all

from leadbridge.store import tables
from leadbridge.store.columntypes import text_type
from leadbridge.store.database import Transaction
from leadbridge.store.inserts import Row
from leadbridge.store.membership import one_of

_lead = tables.lead
_partner = tables.business_partner
_address = tables.business_partner_address


# The index of the leads to be worked on serves each half.
_LOADS = union_all(
    *(
        select(
            literal_column(f"'{column.name}'", type_=text_type()).label("kind"),
            column.label("party_id"),
            func.count().label("load"),
        )
        .where(one_of(column, parameter), text(tables.TO_BE_WORKED_ON))
        .group_by(column)
        for column, parameter in (
            (_lead.c.sales_responsible_party_id, "owners"),
            (_lead.c.sales_partner_party_id, "partners"),
        )
    )
)


def loads(tx: Transaction, *, owners: Collection[str], partners: Collection[str]) -> Sequence[Row]:
    """How many leads in status 1, 2 or 3, test data aside, each of these parties has.

    Rows {kind, party_id, load}; `kind` is the column that names the party, and who has none has no row. The rows are
    fetched when they are looked at: they count what was committed when the locks asked for before were taken.
    """
    return tx.ask(_LOADS, {"owners": owners, "partners": partners}) if owners or partners else ()


_PLACES = (
    select(
        _partner.c.internal_id,
        _partner.c.correspondence_language_code,
        _address.c.country_code,
        _address.c.region_code,
    )
    .select_from(_partner.outerjoin(_address))
    .where(one_of(_partner.c.internal_id, "internal_ids"))
)


def places(tx: Transaction, internal_ids: Collection[str]) -> Sequence[Row]:
    """Language and addresses of business partners, a row for each address, and one for whoever has none."""
    return tx.ask(_PLACES, {"internal_ids": internal_ids}) if internal_ids else ()
