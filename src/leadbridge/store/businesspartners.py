"""Business partners, the people and companies in the data: insert, candidates for duplicates, read, find."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    union,
    union_all,
)

from leadbridge.caller import Caller, Visibility
from leadbridge.selection import Interval
from leadbridge.store import finding, tables
from leadbridge.store.database import Transaction
from leadbridge.store.finding import Block, Collected, Search
from leadbridge.store.inserts import Row
from leadbridge.store.membership import one_of, tuple_one_of
from leadbridge.store.statements import fetch, fold, folded, insert_many, selected, selected_among
from leadbridge.store.visibility import (
    may_read_partner,
    may_refer_to_partner,
    may_see_lead,
    readable_partners,
    rule_of,
    who,
)

_partner = tables.business_partner
_identification = tables.business_partner_identification
_address = tables.business_partner_address
_communication = tables.business_partner_communication
_lead = tables.lead

# A business partner that was merged into another, its master, stands for it: whatever names the one means the other.
# One hop suffices, because a merge moves those that pointed to what it merges.
_naming = _partner.alias("named")
_master_id = func.coalesce(_naming.c.merged_into_internal_id, _naming.c.internal_id)
_masters = _naming.join(_partner, _partner.c.internal_id == _master_id)
_NAMED_COLUMNS = ("internal_id", "uuid", "created_by", "communication_system_id", "remote_object_id")

# Life cycle 1 open, 2 in process, 3 qualified, 4 accepted: neither declined nor closed.
_OPEN_STATUSES = ("1", "2", "3", "4")


def insert(
    tx: Transaction,
    *,
    partners: Sequence[Row],
    identifications: Sequence[Row] = (),
    addresses: Sequence[Row] = (),
    communications: Sequence[Row] = (),
) -> None:
    """Write new business partners and their parts; the rows of any number of partners go together."""
    insert_many(
        tx,
        (_partner, [{**row, **_folded_names(row)} for row in partners]),
        (_identification, identifications),
        (_address, addresses),
        (_communication, communications),
    )


def _folded_names(row: Row) -> Row:
    """The two names under which Find looks: the whole one, and the one a list is sorted by."""
    last = row.get("family_name") or row.get("first_line_name")
    whole = [row.get(part) for part in ("given_name", "family_name", "first_line_name", "second_line_name")]
    return {
        "name_folded": fold(" ".join(part for part in whole if part)) or None,
        "last_name_folded": fold(last) if last else None,
    }


# ------------------------------------------------------------------------------------------------- duplicates


def _candidate(*columns: ColumnElement[Any]) -> Select[Any]:
    """The partner of a match, its name as it was compared, then the columns of the match itself."""
    return select(
        _partner.c.internal_id,
        _partner.c.uuid,
        _partner.c.change_number,
        _naming.c.match_name,
        _naming.c.category_code,
        _partner.c.contact_allowed_code,
        _partner.c.test_data,
        _partner.c.created_at,
        _naming.c.internal_id.label("named_internal_id"),
        *columns,
    )


_NOTHING = literal_column("NULL", type_=_communication.c.normalised.type)
_BY_COMMUNICATION = (
    _candidate(
        _communication.c.normalised,
        _communication.c.kind,
        _NOTHING.label("party_identifier_type_code"),
        _NOTHING.label("business_partner_id"),
    )
    .select_from(_masters.join(_communication, _communication.c.internal_id == _naming.c.internal_id))
    .where(one_of(_communication.c.normalised, "normalised"))
)
_BY_IDENTIFICATION = (
    _candidate(
        _NOTHING.label("normalised"),
        _NOTHING.label("kind"),
        _identification.c.party_identifier_type_code,
        _identification.c.business_partner_id,
    )
    .select_from(_masters.join(_identification, _identification.c.internal_id == _naming.c.internal_id))
    .where(
        tuple_one_of(
            (_identification.c.party_identifier_type_code, _identification.c.business_partner_id),
            "identifications",
        )
    )
)
_CANDIDATES_BY_COMMUNICATION = _BY_COMMUNICATION.order_by(_partner.c.created_at, _partner.c.internal_id)
_MATCHES = union_all(_BY_COMMUNICATION, _BY_IDENTIFICATION).subquery()
_CANDIDATES = select(_MATCHES).order_by(_MATCHES.c.created_at, _MATCHES.c.internal_id)


def candidates(
    tx: Transaction, *, normalised: Collection[str], identifications: Collection[tuple[str, str]]
) -> Sequence[Row]:
    """Whoever shares a normalised communication or an identification (type, id), oldest partner first.

    One row per match: {internal_id, uuid, change_number, match_name, category_code, contact_allowed_code, test_data,
    created_at, named_internal_id, normalised, kind, party_identifier_type_code, business_partner_id}; the last four as
    far as they matched, else None. All business partners are looked at, whoever created them. A match with one that
    was merged is a match with its master, under the name it was merged with. The rows are fetched when they are
    looked at.
    """
    if not normalised and not identifications:
        return ()
    if not identifications:  # most bring none, and the statement for both asks two indexes
        return tx.ask(_CANDIDATES_BY_COMMUNICATION, {"normalised": normalised})
    return tx.ask(_CANDIDATES, {"normalised": normalised, "identifications": identifications})


# -------------------------------------------------------------------------------------------------- resolving


def resolve(
    tx: Transaction,
    caller: Caller,
    *,
    internal_ids: Collection[str] = (),
    uuids: Collection[str] = (),
    external_keys: Collection[tuple[str, str]] = (),
) -> Sequence[Row]:
    """The head rows of the partners meant by identifiers of any kind, those the caller may name, by id.

    It may name those it created and the prospects of leads it may see; one that sees everything, any. An
    external key (communication system, remote object) of a restricted caller means its own partners only.
    Of one that was merged the row is its master's. What it was named by stands beside: named_internal_id, named_uuid,
    named_created_by, named_communication_system_id, named_remote_object_id. They are fetched when they are looked at.
    """
    given = {"internal_ids": internal_ids, "uuids": uuids, "external_keys": external_keys}
    kinds = tuple(kind for kind, values in given.items() if values)
    if not kinds:
        return ()
    parameters = {**who(caller), **{kind: given[kind] for kind in kinds}}
    return tx.ask(_resolve(rule_of(caller), kinds), parameters)


@cache
def _resolve(rule: Visibility, kinds: tuple[str, ...]) -> Select[Any]:
    meant = [_meant(rule, kind) for kind in kinds]
    condition = meant[0]
    if len(meant) > 1:
        condition = _naming.c.internal_id.in_(union(*(select(_naming.c.internal_id).where(each) for each in meant)))
    named = (_naming.c[name].label(f"named_{name}") for name in _NAMED_COLUMNS)
    return (
        select(_partner, *named)
        .select_from(_masters)
        .where(condition, may_refer_to_partner(rule))
        .order_by(_partner.c.internal_id, _naming.c.internal_id)
    )


def _meant(rule: Visibility, kind: str) -> ColumnElement[bool]:
    if kind == "internal_ids":
        return one_of(_naming.c.internal_id, "internal_ids")
    if kind == "uuids":
        return one_of(_naming.c.uuid, "uuids")
    key = tuple_one_of((_naming.c.communication_system_id, _naming.c.remote_object_id), "external_keys")
    return key if rule is Visibility.ALL else and_(key, _naming.c.created_by == bindparam("caller_id"))


def hold(
    tx: Transaction,
    *,
    internal_ids: Collection[str] = (),
    uuids: Collection[str] = (),
    external_keys: Collection[tuple[str, str]] = (),
) -> Sequence[Row]:
    """Keep merges, and whoever else holds them, off the partners meant and their masters until the transaction ends.

    Whoever lets a lead point to a partner that exists holds it first: a merge then either finds that lead or has been
    seen. All partners of a transaction are named in one call, before any lead is locked: the rows are locked in the
    order of their ids, so two transactions cannot wait for each other. The rows are {internal_id}.
    """
    given = {"internal_ids": internal_ids, "uuids": uuids, "external_keys": external_keys}
    kinds = tuple(kind for kind, values in given.items() if values)
    return tx.ask(_hold(kinds), {kind: given[kind] for kind in kinds}) if kinds else ()


@cache
def _hold(kinds: tuple[str, ...]) -> Select[Any]:
    meant = [_meant(Visibility.ALL, kind) for kind in kinds]
    ids = union(*(select(each).where(condition) for condition in meant for each in (_naming.c.internal_id, _master_id)))
    statement = select(_partner.c.internal_id).where(_partner.c.internal_id.in_(ids)).order_by(_partner.c.internal_id)
    # NO KEY: the foreign keys of leads that are written meanwhile wait for nobody.
    return statement.with_for_update(key_share=True)


_MASTERS = select(_naming.c.internal_id, _naming.c.merged_into_internal_id).where(
    one_of(_naming.c.internal_id, "internal_ids"), _naming.c.merged_into_internal_id.is_not(None)
)


def masters(tx: Transaction, internal_ids: Collection[str]) -> dict[str, str]:
    """Of those that were merged, what they have become part of, by their own ids."""
    rows = tx.ask(_MASTERS, {"internal_ids": internal_ids}) if internal_ids else ()
    return {row["internal_id"]: row["merged_into_internal_id"] for row in rows}


# ---------------------------------------------------------------------------------------------------- reading

_PARTS: Mapping[str, Select[Any]] = {
    kind: select(table)
    .where(one_of(table.c.internal_id, "internal_ids"))
    .order_by(table.c.internal_id, table.c.position)
    for kind, table in (
        ("identifications", _identification),
        ("addresses", _address),
        ("communications", _communication),
    )
}


@cache
def _load(rule: Visibility) -> Select[Any]:
    condition = one_of(_partner.c.internal_id, "internal_ids")
    return select(_partner).where(condition, may_read_partner(rule)).order_by(_partner.c.internal_id)


def load(tx: Transaction, caller: Caller, internal_ids: Collection[str]) -> list[Row]:
    """The partners the caller may read, in full and by id: rows with the keys identifications, addresses and
    communications beside the columns, each a list of rows in the order sent.

    A restricted caller reads what it created, and the prospects and contacts of leads that were given to it.
    """
    if not internal_ids:
        return []
    found = fetch(tx, _load(rule_of(caller)), {**who(caller), "internal_ids": internal_ids})
    by_id = {row["internal_id"]: row for row in found}
    for kind, statement in _PARTS.items():
        for row in found:
            row[kind] = []
        for part in fetch(tx, statement, {"internal_ids": by_id}) if by_id else ():
            by_id[part["internal_id"]][kind].append(part)
    return found


# ------------------------------------------------------------------------------------------------------- find


def find(
    tx: Transaction,
    caller: Caller,
    selections: Mapping[str, Sequence[Interval]],
    *,
    identifications: Collection[tuple[str, str]] = (),
    external_keys: Collection[tuple[str, str]] = (),
    limit: int | None,
    after: str | None,
) -> tuple[list[Row], bool]:
    """The readable partners that every block lets through, by internal id, and whether there are more.

    Keys of `selections`: `name` (ignoring case; the whole name, or the family name or first line alone),
    `email_uri` and `phone_number` (normalised, as stored); KeyError for any other. `identifications` (type,
    id) and `external_keys` (communication system, remote object) are blocks too: one of each must fit. None that was
    merged is found, but its master, which has its addresses, numbers and identifications, and is meant by its keys.
    """
    wanted = search(tx, caller, selections, identifications=identifications, external_keys=external_keys)
    return finding.page(tx, wanted, limit=limit, after=after)


def search(
    tx: Transaction,
    caller: Caller,
    selections: Mapping[str, Sequence[Interval]],
    *,
    identifications: Collection[tuple[str, str]] = (),
    external_keys: Collection[tuple[str, str]] = (),
) -> Search:
    """What `find` looks for, and the ways to it."""
    rule = rule_of(caller)
    parameters: dict[str, Any] = who(caller)
    blocks = [_readable(rule), Block(_partner.c.merged_into_internal_id.is_(None))]
    for key, block in selections.items():
        blocks.append(_named(tx, folded(block)) if key == "name" else _reached(tx, _COMMUNICATION_KINDS[key], block))
    if identifications:
        pair = (_identification.c.party_identifier_type_code, _identification.c.business_partner_id)
        identified = select(_identification.c.internal_id).where(tuple_one_of(pair, "identifications"))
        blocks.append(Block(_partner.c.internal_id.in_(identified), [Collected(identified)]))
        parameters["identifications"] = identifications
    if external_keys:
        meant = select(_master_id).where(_meant(rule, "external_keys"))
        blocks.append(Block(_partner.c.internal_id.in_(meant), [Collected(meant)]))
        parameters["external_keys"] = external_keys
    return Search(_partner, _partner.c.internal_id, parameters, blocks)


_COMMUNICATION_KINDS: Mapping[str, Sequence[str]] = {
    "email_uri": ("email",),
    "phone_number": ("phone", "mobile"),
}


_SOUGHT = select(_partner.c.internal_id).where(one_of(_partner.c.internal_id, finding.SOUGHT))


def _readable(rule: Visibility) -> Block:
    if rule is Visibility.ALL:
        return Block(may_read_partner(rule))
    readable = readable_partners(rule)
    return Block(
        may_read_partner(rule),
        [Collected(readable)],
        finding.one_of_list(_partner.c.internal_id, readable),
    )


def _named(tx: Transaction, block: Sequence[Interval]) -> Block:
    """A block over the whole name and the last one."""
    columns = (_partner.c.name_folded, _partner.c.last_name_folded)
    return Block(
        selected(columns, block),
        finding.by_interval(tx, columns, block, ids=_partner.c.internal_id),
        sought=finding.by_search(columns, block, keys=select(_partner.c.internal_id), way=_SOUGHT),
    )


def _reached(tx: Transaction, kinds: Sequence[str], block: Sequence[Interval]) -> Block:
    """A block over the communications."""
    values, reached = _communication.c.normalised, select(_communication.c.internal_id)
    reached = reached.where(_communication.c.kind.in_(kinds))
    return Block(
        selected_among(_partner.c.internal_id, values, reached, block),
        finding.by_interval(tx, [values], block, ids=reached, reversible=True),
        finding.by_list(tx, _partner.c.internal_id, reached, values, block),
        finding.by_search([values], block, keys=reached, way=_SOUGHT),
    )


# ------------------------------------------------------------------------------------------------- open leads


@cache
def _open_leads(rule: Visibility) -> Select[Any]:
    prospect = _lead.c.prospect_internal_id
    ranked = (
        select(
            _lead.c.prospect_internal_id,
            _lead.c.id,
            _lead.c.name,
            _lead.c.life_cycle_status_code,
            func.count().over(partition_by=prospect).label("total"),
            func.row_number().over(partition_by=prospect, order_by=_lead.c.id.desc()).label("place"),
        )
        .where(
            one_of(_lead.c.prospect_internal_id, "internal_ids"),
            _lead.c.life_cycle_status_code.in_(_OPEN_STATUSES),
            _lead.c.test_data.is_(False),
            may_see_lead(rule),
        )
        .subquery()
    )
    shown = or_(ranked.c.place <= bindparam("per_partner"), ranked.c.place == 1)
    return select(ranked).where(shown).order_by(ranked.c.prospect_internal_id, ranked.c.place)


def open_leads(
    tx: Transaction, caller: Caller, internal_ids: Collection[str], *, per_partner: int
) -> tuple[dict[str, int], dict[str, list[Row]]]:
    """How many visible open leads each partner is the prospect of, and the newest `per_partner` of them.

    Open is a lead in status 1 to 4; test data does not count. Rows are {id, name, life_cycle_status_code}. Every id
    asked for is a key of both answers.
    """
    counts = dict.fromkeys(internal_ids, 0)
    leads: dict[str, list[Row]] = {internal_id: [] for internal_id in counts}
    if not counts:
        return counts, leads
    parameters = {**who(caller), "internal_ids": counts, "per_partner": per_partner}
    for row in fetch(tx, _open_leads(rule_of(caller)), parameters):
        prospect, total, place = row.pop("prospect_internal_id"), row.pop("total"), row.pop("place")
        counts[prospect] = total
        if place <= per_partner:
            leads[prospect].append(row)
    return counts, leads
