"""What creating and changing a lead check alike."""

from leadbridge.caller import Visibility
from leadbridge.messages import ProspectParty
from leadbridge.operations import referring
from leadbridge.operations.call import Call
from leadbridge.operations.identifying import pair
from leadbridge.operations.logitems import LogBuilder, LogItemType
from leadbridge.operations.partners import PartnerBook
from leadbridge.store.inserts import Row


def find_prospect(book: PartnerBook, call: Call, party: ProspectParty) -> Row | None:
    """The existing business partner a ProspectParty names, if the caller may refer to it."""
    if party.business_partner_internal_id:
        return book.referred(call.caller, party.business_partner_internal_id)
    if party.business_partner_uuid:
        return book.referred(call.caller, party.business_partner_uuid.lower())
    assert party.external_key is not None  # the contract's choice
    return book.referred(call.caller, pair(party.external_key))


def check_contact_party(
    book: PartnerBook, call: Call, internal_id: str, *, test_data: bool, path: str, log: LogBuilder
) -> None:
    """Refuse a ContactParty the caller may not name, that forbids contact, or that is test data and the lead is not."""
    row = book.referred(call.caller, internal_id)
    if row is None:
        log.error(LogItemType.BUSINESS_PARTNER_UNKNOWN, "There is no such business partner.", path)
    elif referring.check_test_data(partner=row["test_data"], lead=test_data, path=path, log=log):
        referring.check_contact(row, path, log)


def check_shown(book: PartnerBook, call: Call, head: Row, internal_id: str | None, path: str, log: LogBuilder) -> None:
    """Refuse a business partner that a restricted caller may not read in a lead that another one gave it: whoever is
    given a lead reads whom it names, so the caller would open the business partner to itself.
    """
    if internal_id is None or call.caller.visibility is Visibility.ALL or head["created_by"] == call.caller.id:
        return
    if not book.reads(call.caller, internal_id):
        note = "A lead that you were given names only business partners that you may read; ReadBusinessPartner tells."
        log.error(LogItemType.BUSINESS_PARTNER_UNKNOWN, note, path)


def check_code(code: str | None, known: frozenset[str], path: str, log: LogBuilder) -> None:
    """Refuse a code that the site's list does not have; a site without a list takes every code of the form."""
    if code is not None and known and code not in known:
        log.error(LogItemType.LEAD_CODE_UNKNOWN, "The code is not in this site's list.", path)


def check_dates(start: object, end: object, path: str, log: LogBuilder) -> None:
    """Refuse an end before the start."""
    if start is not None and end is not None and end < start:  # type: ignore[operator]  # both are dates
        log.error(LogItemType.LEAD_DATES_REVERSED, "EndDate lies before StartDate.", path)
