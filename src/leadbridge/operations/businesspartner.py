"""CreateBusinessPartner, ReadBusinessPartner, FindBusinessPartner."""

from collections.abc import Sequence

from leadbridge import matching
from leadbridge.businesspartner import MOST_ADDRESSES, MOST_IDENTIFICATIONS, MOST_OF_A_KIND, DuplicateCheck
from leadbridge.caller import Caller
from leadbridge.contract import codec
from leadbridge.contract.parsing import parse
from leadbridge.lead import change_state_id
from leadbridge.messages import (
    Address,
    BusinessPartnerByElementsResponseSync,
    BusinessPartnerByIdresponseSync,
    BusinessPartnerConfirmation,
    BusinessPartnerCreateConfirmationSync,
    BusinessPartnerDetails,
    BusinessPartnerHit,
    BusinessPartnerSelectionById,
    Communication,
    ContactAllowedCode,
    Extension,
    ExternalKey,
    GenderCode,
    Identification,
    LeadLifeCycleStatusCode,
    MergedBusinessPartner,
    OpenLead,
    Organisation,
    PartyCategoryCode,
    Person,
    PersonNames,
    RoleCode,
    SystemAdministrativeData,
)
from leadbridge.operations.call import Answer, Call, Policy, answer_header, zoned
from leadbridge.operations.identifying import by_key, external_keys, key_of, pair, uuids
from leadbridge.operations.logitems import LogBuilder, LogItemType
from leadbridge.operations.partners import PartnerBook, Request, request
from leadbridge.operations.replay import ANSWERS, header_keys, once
from leadbridge.operations.selecting import Hits, intervals, response_conditions
from leadbridge.store import businesspartners, journal, merges
from leadbridge.store.database import Transaction
from leadbridge.store.inserts import Row

_ROOT = "/lbp:BusinessPartnerCreateRequest_sync"
_FIND = "/lbp:BusinessPartnerByElementsQuery_sync/lbp:BusinessPartnerSelectionByElements"
_OPEN_LEADS_LISTED = 20  # BusinessPartnerHit.OpenLead, maxOccurs
_MERGED_LISTED = 1000  # BusinessPartnerDetails.MergedBusinessPartner, maxOccurs
_KINDS = ("email", "phone", "mobile")


def create_business_partners(tx: Transaction, calls: Sequence[Call], policy: Policy) -> list[Answer | Exception]:
    """Create business partners, or answer or refuse by DuplicateCheckCode where they exist already."""
    path = f"{_ROOT}/lbp:BusinessPartner"
    requests = {id(call): request(call, call.message.business_partner, path, policy) for call in calls}
    lock_keys = [key for brought in requests.values() for key in brought.lock_keys()]

    def act(fresh: Sequence[Call]) -> list[Answer]:
        numbers = iter(tx.next_numbers("business_partner", len(fresh)))
        book = PartnerBook(tx, requests=[requests[id(call)] for call in fresh], numbers=numbers)
        journal_rows: list[Row] = []
        answers = [_create(book, call, requests[id(call)], journal_rows) for call in fresh]
        book.write()
        journal.append(tx, journal_rows)
        return answers

    return once(
        tx,
        calls,
        keys=header_keys(calls),
        operation="CreateBusinessPartner",
        lock_keys=lock_keys,
        act=act,
        memory=ANSWERS,
    )


def _create(book: PartnerBook, call: Call, brought: Request, journal_rows: list[Row]) -> Answer:
    message = call.message
    reference = brought.partner.object_node_sender_technical_id
    log = LogBuilder(reference)
    asked = message.duplicate_check_code
    entry = book.find_or_draft(brought, DuplicateCheck(asked.value) if asked else DuplicateCheck.REJECT, log)
    confirmation = None
    if entry is not None:
        assert entry.internal_id is not None  # numbers were drawn
        if entry.draft is brought.partner:
            log.information(LogItemType.BUSINESS_PARTNER_CREATED, f"Business partner {entry.internal_id} was created.")
            journal_rows.append(created_row(call, "CreateBusinessPartner", entry.internal_id))
        confirmation = BusinessPartnerConfirmation(
            reference_object_node_sender_technical_id=reference,
            internal_id=entry.internal_id,
            uuid=entry.uuid,
            change_state_id=change_state_id(entry.uuid, entry.change_number),
        )
    return Answer(
        BusinessPartnerCreateConfirmationSync(
            basic_message_header=answer_header(message.basic_message_header, call.received_at),
            business_partner=confirmation,
            replayed_indicator=False,
            log=log.log(),
        )
    )


def created_row(call: Call, operation: str, internal_id: str) -> Row:
    """The journal's row for a business partner that was created."""
    return {
        "recorded_at": call.received_at,
        "caller_id": call.caller.id,
        "operation": operation,
        "correlation_id": call.correlation_id,
        "object_type": "business_partner",
        "object_id": internal_id,
        "event": "created",
        "old_status": None,
        "new_status": None,
        "reason_code": None,
        "changed_elements": None,
    }


def read_business_partners(tx: Transaction, calls: Sequence[Call], _policy: Policy) -> list[Answer | Exception]:
    """Read business partners in full, in the order of the selection; what may not be seen is unknown."""
    return [_read(tx, call) for call in calls]


def _read(tx: Transaction, call: Call) -> Answer:
    message = call.message
    selections: list[BusinessPartnerSelectionById] = message.business_partner_selection_by_id
    log = LogBuilder()
    rows = businesspartners.resolve(
        tx,
        call.caller,
        internal_ids={one.internal_id for one in selections if one.internal_id is not None},
        uuids=uuids(selections),
        external_keys=external_keys(selections),
    )
    named = by_key(rows, "internal_id", prefix="named_")
    full = {
        row["internal_id"]: row for row in businesspartners.load(tx, call.caller, {row["internal_id"] for row in rows})
    }
    merged = merges.merged_into(tx, full)
    found: list[str] = []
    for position, one in enumerate(selections, 1):
        meant = (row["internal_id"] for row in named.get(key_of(one.internal_id, one), ()))
        readable = [internal_id for internal_id in meant if internal_id in full]
        found += readable
        if not readable:
            log.error(
                LogItemType.BUSINESS_PARTNER_UNKNOWN,
                "There is no such business partner.",
                f"/lbp:BusinessPartnerByIDQuery_sync/lbp:BusinessPartnerSelectionByID[{position}]",
            )
    partners = [details(full[internal_id], merged.get(internal_id, ())) for internal_id in dict.fromkeys(found)]
    return Answer(
        BusinessPartnerByIdresponseSync(
            basic_message_header=answer_header(message.basic_message_header, call.received_at),
            business_partner=partners,
            log=log.log(partly=bool(partners)),
        )
    )


def details(row: Row, merged: Sequence[Row] = ()) -> BusinessPartnerDetails:
    """A stored business partner with its lists, and those merged into it, as the message in full.

    One that others were merged into may have more than the message has room for: that is only there to be found by.
    """
    reach = row["communications"]
    emails, phones, mobiles = ([one["value"] for one in reach if one["kind"] == kind] for kind in _KINDS)
    return BusinessPartnerDetails(
        internal_id=row["internal_id"],
        uuid=row["uuid"],
        change_state_id=change_state_id(row["uuid"], row["change_number"]),
        object_node_sender_technical_id=row["sender_technical_id"],
        external_key=external_key(row),
        category_code=PartyCategoryCode(row["category_code"]),
        role_code=[RoleCode(code) for code in row["role_codes"].split()],
        person=_person(row),
        organisation=_organisation(row),
        identification=[
            Identification(
                party_identifier_type_code=one["party_identifier_type_code"],
                business_partner_id=one["business_partner_id"],
            )
            for one in row["identifications"][:MOST_IDENTIFICATIONS]
        ],
        address=[
            Address(
                country_code=one["country_code"],
                region_code=one["region_code"],
                street_postal_code=one["street_postal_code"],
                city_name=one["city_name"],
                street_name=one["street_name"],
                house_id=one["house_id"],
            )
            for one in row["addresses"][:MOST_ADDRESSES]
        ],
        communication=(
            Communication(
                email_uri=emails[:MOST_OF_A_KIND],
                phone_number=phones[:MOST_OF_A_KIND],
                mobile_number=mobiles[:MOST_OF_A_KIND],
                correspondence_language_code=row["correspondence_language_code"],
            )
            if reach or row["correspondence_language_code"]
            else None
        ),
        contact_allowed_code=(ContactAllowedCode(row["contact_allowed_code"]) if row["contact_allowed_code"] else None),
        merged_business_partner=[
            MergedBusinessPartner(
                internal_id=one["internal_id"],
                uuid=one["uuid"],
                merge_date_time=zoned(one["merged_at"]),
                merge_party_id=one["merged_by"],
            )
            for one in merged[:_MERGED_LISTED]
        ],
        system_administrative_data=administrative_data(row),
        extension=extension_of(row["extension"]),
    )


def external_key(row: Row) -> ExternalKey | None:
    """The external key columns of a lead or business partner as an element."""
    if row["remote_object_id"] is None:
        return None
    return ExternalKey(communication_system_id=row["communication_system_id"], remote_object_id=row["remote_object_id"])


def administrative_data(row: Row) -> SystemAdministrativeData:
    """Who created a stored object and when, and when it was last changed."""
    return SystemAdministrativeData(
        creation_date_time=zoned(row["created_at"]),
        last_change_date_time=zoned(row["changed_at"]),
        creation_party_id=row["created_by"],
    )


def extension_of(stored: bytes | None) -> Extension | None:
    """A stored Extension as the element it was."""
    return codec.decode_part(parse(stored), Extension) if stored else None


def _person(row: Row) -> Person | None:
    if row["family_name"] is None:
        return None
    return Person(
        given_name=row["given_name"],
        family_name=row["family_name"],
        academic_title_code=row["academic_title_code"],
        gender_code=GenderCode(row["gender_code"]) if row["gender_code"] else None,
        birth_date=row["birth_date"].isoformat() if row["birth_date"] else None,
    )


def _organisation(row: Row) -> Organisation | None:
    if row["first_line_name"] is None:
        return None
    return Organisation(first_line_name=row["first_line_name"], second_line_name=row["second_line_name"])


def find_business_partners(tx: Transaction, calls: Sequence[Call], policy: Policy) -> list[Answer | Exception]:
    """Find business partners this caller may read, with their open leads, ordered by InternalID."""
    return [_find(tx, call, policy) for call in calls]


def _find(tx: Transaction, call: Call, policy: Policy) -> Answer:
    message = call.message
    wanted = message.business_partner_selection_by_elements
    log = LogBuilder()
    region = policy.default_phone_region
    selections = {
        "name": intervals(wanted.selection_by_name, log, f"{_FIND}/lbp:SelectionByName"),
        "email_uri": intervals(
            wanted.selection_by_email_uri,
            log,
            f"{_FIND}/lbp:SelectionByEmailURI",
            fold=matching.email_pattern,
        ),
        "phone_number": intervals(
            wanted.selection_by_phone_number,
            log,
            f"{_FIND}/lbp:SelectionByPhoneNumber",
            fold=lambda text: matching.phone_pattern(text, region),
        ),
    }
    hits = Hits.wanted(message.processing_conditions, log)
    rows: list[Row] = []
    more = False
    if not log.failed:
        rows, more = businesspartners.find(
            tx,
            call.caller,
            selections,
            identifications=[
                (one.party_identifier_type_code, one.business_partner_id) for one in wanted.selection_by_identification
            ],
            external_keys=[pair(one) for one in wanted.selection_by_external_key],
            limit=hits.limit,
            after=hits.after,
        )
    return Answer(
        BusinessPartnerByElementsResponseSync(
            basic_message_header=answer_header(message.basic_message_header, call.received_at),
            business_partner=_hits(tx, call.caller, rows),
            processing_conditions=response_conditions([row["internal_id"] for row in rows], more),
            log=log.log(),
        )
    )


def _hits(tx: Transaction, caller: Caller, rows: Sequence[Row]) -> list[BusinessPartnerHit]:
    ids = [row["internal_id"] for row in rows]
    counts, listed = businesspartners.open_leads(tx, caller, ids, per_partner=_OPEN_LEADS_LISTED)
    return [
        BusinessPartnerHit(
            internal_id=row["internal_id"],
            uuid=row["uuid"],
            person=(
                PersonNames(given_name=row["given_name"], family_name=row["family_name"])
                if row["family_name"] is not None
                else None
            ),
            organisation=_organisation(row),
            role_code=[RoleCode(code) for code in row["role_codes"].split()],
            contact_allowed_code=(
                ContactAllowedCode(row["contact_allowed_code"]) if row["contact_allowed_code"] else None
            ),
            open_lead_number_value=counts.get(row["internal_id"], 0),
            open_lead=[
                OpenLead(
                    id=lead["id"],
                    name=lead["name"],
                    life_cycle_status_code=LeadLifeCycleStatusCode(lead["life_cycle_status_code"]),
                )
                for lead in listed.get(row["internal_id"], ())
            ],
        )
        for row in rows
    ]
