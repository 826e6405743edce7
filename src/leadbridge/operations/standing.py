"""Where a stored record of the core CRM is on its way."""

from leadbridge.crm.casetypes import CaseTypes, Kept, Standing, place
from leadbridge.crm.combo import RecordType, StatusName
from leadbridge.store.inserts import Row


def standing_of(row: Row, kept: Kept, case_types: CaseTypes) -> Standing:
    """Where the record of this row is, by what is stored of its stage and the case types in force."""
    case_type = case_types.of(RecordType(row["record_type_code"]), row["selling_mode_code"])
    converted = row.get("converted_to_record_id") is not None
    return place(case_type, kept, StatusName(row["status_name"]), converted=converted)
