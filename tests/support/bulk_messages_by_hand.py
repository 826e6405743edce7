"""Requests to the bulk service, written by hand like those in `messages_by_hand`."""

from collections.abc import Sequence

from tests.support.messages_by_hand import Xml, conditions, element, header, lead_fields, message, new_prospect, person


def submit_lead_bulk(*leads: Xml, uuid: str | None = None, test: bool = False) -> bytes:
    """LeadBulkSubmitRequest_async; each lead as `lead_fields` gives it, without any one about a new person."""
    return message(
        "lbb:LeadBulkSubmitRequest_async",
        header("lbb", uuid, test=test),
        *(element("lbb:Lead", fields) for fields in leads or [lead_fields(prospect=new_prospect(person()))]),
    )


def read_lead_bulk(*ids: str, uuids: Sequence[str] = ()) -> bytes:
    """LeadBulkByIDQuery_sync."""
    return message(
        "lbb:LeadBulkByIDQuery_sync",
        header("lbb", None),
        *(element("lbb:LeadBulkSelectionByID", element("lbb:ID", one)) for one in ids),
        *(element("lbb:LeadBulkSelectionByID", element("lbb:UUID", one)) for one in uuids),
    )


def read_rejections(
    job_id: str, *, most: int | None = None, after: str | None = None, unlimited: bool = False
) -> bytes:
    """LeadBulkRejectionsQuery_sync."""
    return message(
        "lbb:LeadBulkRejectionsQuery_sync",
        header("lbb", None),
        element("lbb:LeadBulkID", job_id),
        conditions("lbb", most, after, unlimited),
    )


def cancel_lead_bulk(job_id: str, *, uuid: str | None = None, message_id: str | None = None) -> bytes:
    """LeadBulkCancelRequest_sync."""
    return message(
        "lbb:LeadBulkCancelRequest_sync",
        header("lbb", uuid, message_id=message_id),
        element("lbb:LeadBulkID", job_id),
    )
