"""DuplicateCheckCode MERGE: an existing lead gets what it lacks from a new one that is the same."""

import re
from dataclasses import replace

from leadbridge.lead import FINAL, LifeCycleStatus, change_state_id
from leadbridge.messages import (
    ActionCode,
    ContactPartyChange,
    Lead,
    LeadChange,
    LeadChangeRequestSync,
    LeadIdentification,
    LeadItemChange,
    NoteChange,
    SalesPartnerPartyChange,
)
from leadbridge.operations.call import Call, Policy
from leadbridge.operations.change_batch import ChangeBatch
from leadbridge.operations.logitems import LogBuilder
from leadbridge.store import leads
from leadbridge.store.database import Transaction
from leadbridge.store.inserts import Row
from leadbridge.store.leads import LeadParts

_ADD = ActionCode.VALUE_01

# Elements of a lead that are filled where the column is blank.
_BLANKS = {
    "qualification_level_code": "qualification_level_code",
    "origin_type_code": "origin_type_code",
    "group_code": "group_code",
    "priority_code": "priority_code",
    "campaign_id": "campaign_id",
    "start_date": "start_date",
    "end_date": "end_date",
    "sales_responsible_party": "sales_responsible_party_id",
    "expected_revenue_amount": "expected_revenue_amount",
    "extension": "extension",
}


def fill_blanks(tx: Transaction, call: Call, existing: Row, policy: Policy, *, root: str, log: LogBuilder) -> Row:
    """Change the lead, under the rules of ChangeLead, and answer its head as it then is. `root` is the path of the new
    one in its message, for the Log.

    What the lead has stays. Items, notes, contacts and answers that it does not have yet are added. One that is closed
    stays as it is.
    """
    (head,) = leads.resolve(tx, call.caller, ids={existing["id"]}, lock=True)
    if LifeCycleStatus(head["life_cycle_status_code"]) in FINAL:
        return head
    parts = leads.parts(tx, [head["id"]], items=True, notes=True, contacts=True, answers=True, documents=True)
    change = _change(call, head, parts[head["id"]])
    header = replace(call.message.basic_message_header, uuid=None)
    changing = replace(call, message=LeadChangeRequestSync(basic_message_header=header, lead=change))
    ((changed, said),) = ChangeBatch([changing], policy).write(tx, [changing])
    log.take(said, lambda path: _placed(path, root))
    return {**changed.head, **changed.columns} if changed else head


def _placed(path: str, root: str) -> str:
    """A path of the change as one of the new lead; of a list, some entries of which are left out, the list's."""
    return re.sub(r"\[\d+\].*", "", path.replace("/lbl:LeadChangeRequest_sync/lbl:Lead", root, 1))


def gives_key(call: Call, existing: Row) -> bool:
    """Whether the lead gets the ExternalKey of the new one: it has none, and a key belongs to the lead's creator."""
    brought = call.message.lead.external_key is not None
    return brought and existing["remote_object_id"] is None and existing["created_by"] == call.caller.id


def _change(call: Call, head: Row, parts: LeadParts) -> LeadChange:
    lead: Lead = call.message.lead
    products = {row["product_id"] for row in parts.items}
    known = [row["sender_technical_id"] for row in parts.items]  # a key that another item has would change that one
    texts = {row["text"] for row in parts.notes}
    contacts = {row["internal_id"] for row in parts.contacts}
    questions = {row["question_id"] for row in parts.answers}
    return LeadChange(
        lead_identification=LeadIdentification(id=head["id"]),
        change_state_id=change_state_id(head["uuid"], head["change_number"]),
        **{name: getattr(lead, name) for name, column in _BLANKS.items() if head[column] is None},
        external_key=lead.external_key if gives_key(call, head) else None,
        sales_partner_party=(
            SalesPartnerPartyChange(party_id=lead.sales_partner_party.party_id)
            if lead.sales_partner_party and head["sales_partner_party_id"] is None
            else None
        ),
        item=[
            LeadItemChange(
                object_node_sender_technical_id=_unused(one.object_node_sender_technical_id, known),
                product_id=one.product_id,
                description=one.description,
                quantity=one.quantity,
                action_code=_ADD,
            )
            for one in lead.item
            if one.product_id not in products
        ],
        note=[
            NoteChange(value=one.value, language_code=one.language_code, type_code=one.type_code, action_code=_ADD)
            for one in lead.note
            if one.value not in texts
        ],
        contact_party=[
            ContactPartyChange(business_partner_internal_id=one.business_partner_internal_id)
            for one in lead.contact_party
            if one.business_partner_internal_id not in contacts
        ],
        questionnaire_answer=[one for one in lead.questionnaire_answer if one.question_id not in questions],
        attachment_folder=None if parts.documents else lead.attachment_folder,
    )


def _unused(key: str | None, known: list[str | None]) -> str | None:
    """The key, unless it is known already; it is from now on."""
    if key in known:
        return None
    known.append(key)
    return key
