"""MergeBusinessPartner: several business partners become one, with everything that points to them.

What must not happen meanwhile is that a lead comes to point to one that is merged. Whoever writes a lead has either
named its business partner, and holds it (`businesspartners.hold`), or has found it by a value or a key, under a lock
that carries its name (`Request.lock_keys`). A merge takes all of these, then the partners, then the leads; and all the
merges are one at a time, so that what it has read before stays true.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from leadbridge.businesspartner import (
    MOST_ADDRESSES,
    MOST_IDENTIFICATIONS,
    MOST_OF_A_KIND,
    merged_columns,
    merged_list,
)
from leadbridge.caller import CORE_CRM, Visibility
from leadbridge.lead import change_state_id
from leadbridge.messages import (
    BusinessPartnerConfirmation,
    BusinessPartnerMergeConfirmationSync,
    BusinessPartnerSelectionById,
)
from leadbridge.operations.businesspartner import created_row
from leadbridge.operations.call import Answer, Call, Policy, answer_header
from leadbridge.operations.identifying import by_key, external_keys, key_of, uuids
from leadbridge.operations.logitems import LogBuilder, LogItemType
from leadbridge.operations.partners import lock_keys_of
from leadbridge.operations.replay import ANSWERS, header_keys, once
from leadbridge.store import businesspartners, journal, merges
from leadbridge.store.database import Transaction
from leadbridge.store.inserts import Row

_OPERATION = "MergeBusinessPartner"
_ROOT = "/lbp:BusinessPartnerMergeRequest_sync"
_ONE_AT_A_TIME = "business-partner-merge"


def merge_business_partners(tx: Transaction, calls: Sequence[Call], _policy: Policy) -> list[Answer | Exception]:
    """Let business partners become part of another, with their leads; each call as a whole, or not at all."""

    def act(fresh: Sequence[Call]) -> list[Answer]:
        _hold(tx, fresh)
        return [_merge(tx, call) for call in fresh]

    return once(
        tx,
        calls,
        keys=header_keys(calls),
        operation=_OPERATION,
        lock_keys=[_ONE_AT_A_TIME],
        act=act,
        memory=ANSWERS,
    )


def _named(call: Call) -> list[tuple[str, BusinessPartnerSelectionById]]:
    """The business partners a call names, with their paths; the master is the first."""
    message = call.message
    others = enumerate(message.merged_business_partner, 1)
    return [
        (f"{_ROOT}/lbp:MasterBusinessPartner", message.master_business_partner),
        *((f"{_ROOT}/lbp:MergedBusinessPartner[{position}]", one) for position, one in others),
    ]


def _resolved(tx: Transaction, call: Call) -> Sequence[Row]:
    named = [one for _, one in _named(call)]
    return businesspartners.resolve(
        tx,
        call.caller,
        internal_ids={one.internal_id for one in named if one.internal_id is not None},
        uuids=uuids(named),
        external_keys=external_keys(named),
    )


def _hold(tx: Transaction, calls: Sequence[Call]) -> None:
    """Keep everybody off the partners of all calls who could come to point to them; see the module."""
    asked = [_resolved(tx, call) for call in calls]
    internal_ids = {row["internal_id"] for rows in asked for row in rows}
    full = businesspartners.load(tx, CORE_CRM, internal_ids)
    tx.lock(chain.from_iterable(lock_keys_of(row) for row in [*full, *merges.family(tx, internal_ids)]))
    list(businesspartners.hold(tx, internal_ids=internal_ids))


@dataclass(frozen=True, slots=True)
class _Found:
    """A business partner named in a call: where, and its row."""

    path: str
    row: Row


def _merge(tx: Transaction, call: Call) -> Answer:
    log = LogBuilder()
    found = _found(call, _resolved(tx, call), log)
    if not log.failed:
        _check(call, found, log)
    confirmation = BusinessPartnerMergeConfirmationSync(
        basic_message_header=answer_header(call.message.basic_message_header, call.received_at),
        replayed_indicator=False,
        log=log.log(),
    )
    if not log.failed:
        master, *others = found
        changed, moved = _become_one(tx, call, [one.row["internal_id"] for one in found], log)
        confirmation.business_partner = BusinessPartnerConfirmation(
            internal_id=master.row["internal_id"],
            uuid=master.row["uuid"],
            change_state_id=change_state_id(master.row["uuid"], changed["change_number"]),
        )
        confirmation.merged_business_partner_internal_id = [one.row["internal_id"] for one in others]
        confirmation.moved_lead_number_value = moved
        confirmation.log = log.log()
    return Answer(confirmation)


def _found(call: Call, rows: Sequence[Row], log: LogBuilder) -> list[_Found]:
    """The partners a call names, in its order; who sees all may mean several by one ExternalKey, its own goes first."""
    by_name = by_key(rows, "internal_id", prefix="named_")
    restricted = call.caller.visibility is not Visibility.ALL
    found = []
    for path, one in _named(call):
        meant = by_name.get(key_of(one.internal_id, one), [])
        own = [row for row in meant if row["named_created_by"] == call.caller.id]
        if not own and len(meant) != 1:
            note = "There is no such business partner, or the ExternalKey is one of several callers."
            log.error(LogItemType.BUSINESS_PARTNER_UNKNOWN, note, path)
        elif restricted and not own:
            note = "Only business partners that you created can be merged."
            log.error(LogItemType.BUSINESS_PARTNER_MERGE_NOT_ALLOWED, note, path)
        else:
            found.append(_Found(path, (own or meant)[0]))
    return found


def _check(call: Call, found: Sequence[_Found], log: LogBuilder) -> None:
    """Refuse what cannot become one."""
    master = found[0].row
    seen: set[str] = set()
    test_data = bool(call.message.basic_message_header.test_data_indicator)
    for one in found:
        row = one.row
        if row["named_internal_id"] != row["internal_id"]:
            note = f"It was merged into business partner {row['internal_id']} already."
            log.error(LogItemType.BUSINESS_PARTNER_MERGED_ALREADY, note, one.path)
        elif row["internal_id"] in seen:
            note = "The same business partner is named twice."
            log.error(LogItemType.BUSINESS_PARTNER_NAMED_TWICE, note, one.path)
        elif row["category_code"] != master["category_code"]:
            note = "A person and an organisation cannot become one: CategoryCode differs from the master's."
            log.error(LogItemType.BUSINESS_PARTNER_CATEGORY_MISMATCH, note, one.path)
        elif row["test_data"] != master["test_data"] or (test_data and not row["test_data"]):
            note = "Test data and real data cannot become one, and a test cannot merge real data."
            log.error(LogItemType.BUSINESS_PARTNER_TEST_DATA_MIXED, note, one.path)
        seen.add(row["internal_id"])


# The lists of a business partner: what makes two parts the same.
_LISTS: Mapping[str, Sequence[str]] = {
    "identifications": ("party_identifier_type_code", "business_partner_id"),
    "addresses": ("country_code", "region_code", "street_postal_code", "city_name", "street_name", "house_id"),
    "communications": ("kind", "normalised"),
}


def _become_one(tx: Transaction, call: Call, internal_ids: Sequence[str], log: LogBuilder) -> tuple[Row, int]:
    """Write the merge; the master's changed columns, and how many leads have it as their prospect now."""
    full = {row["internal_id"]: row for row in businesspartners.load(tx, CORE_CRM, internal_ids)}
    master, *others = (full[internal_id] for internal_id in internal_ids)
    merged_ids = list(internal_ids[1:])
    columns = merged_columns(master, others)
    added = {
        name: merged_list(master[name], (part for other in others for part in other[name]), identity)
        for name, identity in _LISTS.items()
    }
    for rows in added.values():
        for row in rows:
            row["internal_id"] = master["internal_id"]
    names = " ".join(sorted({*columns, *(name for name, rows in added.items() if rows)}))
    changed = {
        **columns,
        "internal_id": master["internal_id"],
        "change_number": master["change_number"] + 1,
        "changed_at": call.received_at,
    }
    merges.merge(tx, changed, merged_ids, **added, now=call.received_at, by=call.caller.id)
    moved, with_contacts = merges.move_leads(tx, master["internal_id"], merged_ids, now=call.received_at)
    _say_what_does_not_fit({name: [*master[name], *rows] for name, rows in added.items()}, log)
    log.information(
        LogItemType.BUSINESS_PARTNER_MERGED,
        f"Business partner {master['internal_id']} is what {len(merged_ids)} others have become part of.",
    )
    _journal(tx, call, internal_ids, names, moved, with_contacts)
    return changed, len(moved)


def _say_what_does_not_fit(lists: Mapping[str, Sequence[Row]], log: LogBuilder) -> None:
    reach = lists["communications"]
    counted = (
        ("Identification", len(lists["identifications"]), MOST_IDENTIFICATIONS),
        ("Address", len(lists["addresses"]), MOST_ADDRESSES),
        *(
            (element, sum(row["kind"] == kind for row in reach), MOST_OF_A_KIND)
            for element, kind in (("EmailURI", "email"), ("PhoneNumber", "phone"), ("MobileNumber", "mobile"))
        ),
    )
    for element, count, most in counted:
        if count > most:
            log.warning(
                LogItemType.BUSINESS_PARTNER_LIST_TOO_LONG,
                f"{count - most} of {element} do not fit: a business partner shows {most}. It is still found by them.",
                f"{_ROOT}/lbp:MergedBusinessPartner",
            )


def _journal(
    tx: Transaction, call: Call, internal_ids: Sequence[str], names: str, moved: Iterable[str], with_contacts: set[str]
) -> None:
    master_id, *merged_ids = internal_ids
    leads = {lead_id: ["prospect_internal_id"] for lead_id in moved}
    for lead_id in with_contacts:
        leads.setdefault(lead_id, []).append("contacts")

    def row(object_type: str, object_id: str, event: str, elements: str) -> Row:
        return {
            **created_row(call, _OPERATION, object_id),
            "object_type": object_type,
            "event": event,
            "changed_elements": elements,
        }

    journal.append(
        tx,
        [
            row("business_partner", master_id, "merged", names),
            *(row("business_partner", one, "merged", "merged_into_internal_id") for one in merged_ids),
            *(row("lead", one, "changed", " ".join(sorted(names))) for one, names in sorted(leads.items())),
        ],
    )
