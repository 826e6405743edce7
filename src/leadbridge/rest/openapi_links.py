"""Links of our OpenAPI document: what may be asked next about the record that an answer names.

Source: OpenAPI 3.1, section "Link Object".
"""

from typing import Any

# By their path: operations about a record, whatever it is.
_ABOUT_A_RECORD = ("ReadOpportunity", "ReadStageHistory", "AdvanceOpportunityStage")
_NAMED_IN: dict[str, tuple[str, ...]] = {
    "ComboCreateLeadOpportunity": ("leadId", "opportunityId"),
    "ComboUpdateLeadOpportunity": ("opportunityId", "convertedLeadId"),
    "UpdateOpportunityStatus": ("opportunityId",),
    "UpdateLeadStatus": ("leadId",),
    "AdvanceOpportunityStage": ("id",),
}
# By their body: from a combo create, with the field of its answer that they take.
_NEXT = (
    ("ComboUpdateLeadOpportunity", "leadId", "Close Won"),
    ("ComboUpdateLeadOpportunity", "opportunityId", "Close Won"),
    ("UpdateLeadStatus", "leadId", "Close Lost"),
    ("UpdateOpportunityStatus", "opportunityId", "Close Lost"),
)


def add_links(document: dict[str, Any]) -> None:
    """Add the links to the answers of the operations that this document has."""
    answers = {
        one["operationId"]: one["responses"]["200"]
        for methods in document["paths"].values()
        for one in methods.values()
        if "operationId" in one
    }
    for operation, fields in _NAMED_IN.items():
        links: dict[str, Any] = {}
        for field in fields:
            for following in _ABOUT_A_RECORD:
                if following in answers:
                    links[f"{following}-{field}"] = {"operationId": following, "parameters": {"id": _pointer(field)}}
        if operation == "ComboCreateLeadOpportunity":
            for following, field, status in _NEXT:
                body = {field: _pointer(field), "status": status}
                links[f"{following}-{field}"] = {"operationId": following, "requestBody": body}
        if operation in answers and links:
            answers[operation]["links"] = links


def _pointer(field: str) -> str:
    return f"$response.body#/{field}"
