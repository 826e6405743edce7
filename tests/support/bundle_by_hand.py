"""Requests of bundles, written by hand like those in `messages_by_hand`."""

from collections.abc import Sequence

from tests.support.calls import Answered
from tests.support.messages_by_hand import (
    Xml,
    element,
    external_key,
    header,
    joined,
    lead_fields,
    message,
    new_prospect,
    optional,
    person,
)

CREATE, CHANGE, DELETE, SAVE = "01", "02", "03", "04"


def record(
    action: str | None,
    fields: Xml | None = None,
    *,
    lead_id: str | None = None,
    lead_uuid: str | None = None,
    named: tuple[str, str] | None = None,
    state: str | None = None,
    reason: str | None = None,
    decision: str | None = None,
    complete: Sequence[str] = (),
) -> Xml:
    """A record; `lead_id`, `lead_uuid` or `named` is its LeadIdentification."""
    name = joined(
        [optional("lbl:ID", lead_id), optional("lbl:UUID", lead_uuid), external_key("lbl:ExternalKey", named)]
    )
    return element(
        "lbl:Lead",
        element("lbl:LeadIdentification", name) if name else None,
        optional("lbl:ChangeStateID", state),
        fields,
        optional("lbl:ReasonCode", reason),
        optional("lbl:PartnerDecisionCode", decision),
        actionCode=action,
        **{f"{one}ListCompleteTransmissionIndicator": "true" for one in complete},
    )


def new(number: int, *, action: str | None = CREATE, prospect: Xml | None = None, name: str | None = "Loan") -> Xml:
    """A record that creates a lead with a technical ID and an external key of this number."""
    who = prospect or new_prospect(person(family=f"Muster{number}", emails=[f"person{number}@example.org"]))
    return record(action, lead_fields(technical_id=f"R-{number}", key=key(number), name=name, prospect=who))


def key(number: int) -> tuple[str, str]:
    """The external key of `new` with this number."""
    return "EXPORT", f"L-{number}"


def maintain(
    *records: Xml, uuid: str | None = None, all_or_none: bool = False, test: bool = False, check: bool = False
) -> bytes:
    """LeadBundleMaintainRequest_sync, or the query that only asks what it would do."""
    body = message(
        "lbl:LeadBundleMaintainCheckQuery_sync" if check else "lbl:LeadBundleMaintainRequest_sync",
        header("lbl", uuid, test=test),
        *records,
    )
    return body.replace(b"_sync ", b'_sync allOrNoneIndicator="true" ', 1) if all_or_none else body


def verdicts(answered: Answered) -> str:
    """The records' result codes, one digit each."""
    return "".join(answered.all("Lead/BusinessDocumentProcessingResultCode"))


def refusals(answered: Answered) -> dict[str, list[tuple[str, str]]]:
    """TypeID and path of the Log's errors, by the key of the record that they are about."""
    found: dict[str, list[tuple[str, str]]] = {}
    for item in answered.parts("Log/Item"):
        if item.one("SeverityCode") == "3":
            reason = item.one("TypeID"), item.one("ReferenceMessageElementName")
            found.setdefault("".join(item.all("ReferenceObjectNodeSenderTechnicalID")), []).append(reason)
    return found
