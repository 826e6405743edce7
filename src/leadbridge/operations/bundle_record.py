"""One record of a bundle: what its sender calls it, what is asked for, and that as a call of its own.

A record is done as CreateLead or ChangeLead would do it, by the same code: it becomes the call that its sender could
have made instead, and its Log speaks of that until the bundle places it (`placed`).
"""

from collections.abc import Iterable
from dataclasses import fields, replace
from enum import Enum, auto

from leadbridge.messages import (
    ActionCode,
    Lead,
    LeadBundleMaintainCheckQuerySync,
    LeadBundleMaintainRequestSync,
    LeadBundleRecord,
    LeadChange,
    LeadChangeRequestSync,
    LeadCreateRequestSync,
    LeadIdentification,
)
from leadbridge.operations.call import Call, Policy
from leadbridge.operations.identifying import pair
from leadbridge.operations.logitems import LogBuilder, LogItemType
from leadbridge.operations.partners import external_lock_key, request
from leadbridge.operations.replay import record_key
from leadbridge.store.inserts import Row

CREATE_ROOT = "/lbl:LeadCreateRequest_sync/lbl:Lead"
_CREATE, _CHANGE, _DELETE = ActionCode.VALUE_01, ActionCode.VALUE_02, ActionCode.VALUE_03
_LEAD = tuple(one.name for one in fields(Lead))
_LEAD_CHANGE = tuple(one.name for one in fields(LeadChange))
_OF_THE_MESSAGE = ("lbl:BasicMessageHeader", "lbl:DuplicateCheckCode")


class Action(Enum):
    """What is done with a record's lead."""

    CREATE = auto()
    CHANGE = auto()
    DELETE = auto()


class Record:
    """See the module.

    `call` stands for the record alone: its `content_hash` is the record's. `creating` and `changing` are the calls that
    would create and change its lead, as far as it says enough for that. `brought` names the business partners that it
    may create, `referred` the one it names by its sender's key.
    """

    def __init__(self, bundle: Call, place: int, policy: Policy) -> None:
        message: LeadBundleMaintainRequestSync | LeadBundleMaintainCheckQuerySync = bundle.message
        lead = self.lead = message.lead[place]
        self.call = replace(bundle, message=lead, content_hash=bundle.record_hashes[place], record_hashes=())
        self.key = record_key(
            lead.object_node_sender_technical_id,
            lead.external_key,
            self.call.content_hash,
            test_data=bool(message.basic_message_header.test_data_indicator),
        )
        self.named = lead.lead_identification or (
            LeadIdentification(external_key=lead.external_key) if lead.external_key else None
        )
        self.creating = self._creating(message)
        self.changing = self._changing(message)
        self.brought: frozenset[str] = frozenset()
        self.referred: frozenset[str] = frozenset()
        party = lead.prospect_party
        if party is not None and party.new_business_partner is not None:
            call = replace(bundle, record_hashes=())
            self.brought = frozenset(request(call, party.new_business_partner, "", policy).lock_keys())
        elif party is not None and party.external_key is not None:
            self.referred = frozenset([external_lock_key("partner-key", bundle.caller, party.external_key)])

    def _creating(self, message: LeadBundleMaintainRequestSync | LeadBundleMaintainCheckQuerySync) -> Call | None:
        sent = self.lead
        if sent.action_code in (_CHANGE, _DELETE) or sent.name is None or sent.prospect_party is None:
            return None
        # Parts of a change have all that the parts of a new lead have.
        lead = Lead(**{name: getattr(sent, name) for name in _LEAD})
        if lead.external_key is None and sent.lead_identification is not None:
            lead.external_key = sent.lead_identification.external_key
        created = LeadCreateRequestSync(
            basic_message_header=message.basic_message_header,
            duplicate_check_code=message.duplicate_check_code,
            lead=lead,
        )
        return replace(self.call, message=created)

    def _changing(self, message: LeadBundleMaintainRequestSync | LeadBundleMaintainCheckQuerySync) -> Call | None:
        sent = self.lead
        if sent.action_code is _CREATE or self.named is None:
            return None
        lead = LeadChange(**{**{name: getattr(sent, name) for name in _LEAD_CHANGE}, "lead_identification": self.named})
        if sent.lead_identification is None:
            lead.external_key = None  # it says which lead is meant, and stays as it is
        changed = LeadChangeRequestSync(
            basic_message_header=message.basic_message_header,
            lead=lead,
            reason_code=sent.reason_code,
            partner_decision_code=sent.partner_decision_code,
        )
        return replace(self.call, message=changed)

    def lock_keys(self) -> list[str]:
        """What the record must have to itself beside what its calls must: the external keys of leads."""
        keys = [self.lead.external_key, self.named.external_key if self.named else None]
        return [external_lock_key("lead-key", self.call.caller, key) for key in keys if key]

    def leads(self, head: Row | None) -> set[object]:
        """Everything by which this or another record may name the lead, whose head this is if there is one."""
        names: set[object] = {pair(self.lead.external_key)} if self.lead.external_key else set()
        if self.named is not None:
            key = self.named.external_key
            names.update([self.named.id, (self.named.uuid or "").lower(), pair(key) if key else None])
        if head is not None:
            names.update([head["id"], head["uuid"], (head["communication_system_id"], head["remote_object_id"])])
        return names - {None, "", (None, None)}

    def meant(self, head: Row | None) -> Row | None:
        """The lead that was found under the record's name, if it is meant: a sender saves its own by its ExternalKey,
        also where it sees others that another sender calls the same.
        """
        saves = self.lead.action_code not in (_CHANGE, _DELETE) and self.lead.lead_identification is None
        return None if saves and head is not None and head["created_by"] != self.call.caller.id else head

    def action(self, head: Row | None, log: LogBuilder) -> Action | None:
        """What is done, with the lead there is; None where nothing can be, and the Log says why."""
        code = self.lead.action_code
        if code is _CREATE or (code not in (_CHANGE, _DELETE) and head is None and self._may_be_new()):
            _check_new(self.lead, log)
            return None if log.failed else Action.CREATE
        if self.named is None:
            note = "Which lead is meant: LeadIdentification or ExternalKey says it."
            log.error(LogItemType.LEAD_IDENTIFICATION_MISSING, note, f"{CREATE_ROOT}/lbl:LeadIdentification")
            return None
        if head is None:
            log.error(LogItemType.LEAD_UNKNOWN, "There is no such lead.", f"{CREATE_ROOT}/lbl:LeadIdentification")
            return None
        return Action.DELETE if code is _DELETE else Action.CHANGE

    def _may_be_new(self) -> bool:
        """Whether a record that is saved may create its lead: one with our number, or in a state, has existed."""
        by_number = self.named is not None and self.named.external_key is None
        return not by_number and self.lead.change_state_id is None

    def placed(self, path: str | None, root: str) -> str:
        """A path of the record's Log as one of the bundle's, whose record is at `root`."""
        if path is None:
            return root
        _, _, *steps = path.split("/")
        if steps[:1] == ["lbl:Lead"]:
            steps = steps[1:]
        elif steps[:1] and steps[0] in _OF_THE_MESSAGE:
            root = root.rpartition("/")[0]
        if steps == ["lbl:LeadIdentification"] and self.lead.lead_identification is None and self.named is not None:
            steps = ["lbl:ExternalKey"]
        return "/".join((root, *steps))


def _check_new(lead: LeadBundleRecord, log: LogBuilder) -> None:
    """Refuse what no new lead can have."""
    if lead.action_code is _CREATE:
        for name, sent in (("LeadIdentification", lead.lead_identification), ("ChangeStateID", lead.change_state_id)):
            if sent is not None:
                note = "A lead that is created has none yet; actionCode 02 or 04 changes one."
                log.error(LogItemType.LEAD_IDENTIFICATION_NOT_ALLOWED, note, f"{CREATE_ROOT}/lbl:{name}")
    for name, missing in (("Name", lead.name is None), ("ProspectParty", lead.prospect_party is None)):
        if missing:
            log.error(LogItemType.LEAD_ELEMENT_MISSING, f"A new lead needs a {name}.", f"{CREATE_ROOT}/lbl:{name}")
    if lead.partner_decision_code is not None:
        log.error(
            LogItemType.LEAD_PARTNER_DECISION_NOT_ALLOWED,
            "Only the partner a lead is given to (SalesPartnerParty) accepts or declines it.",
            f"{CREATE_ROOT}/lbl:PartnerDecisionCode",
        )
    if lead.reason_code is not None:
        note = "A reason is kept with a change of status; a new lead has none."
        log.warning(LogItemType.LEAD_REASON_NOT_KEPT, note, f"{CREATE_ROOT}/lbl:ReasonCode")
    _check_new_parts("Item", [one.action_code for one in lead.item], LogItemType.LEAD_ITEM_UNKNOWN, log)
    _check_new_parts("Note", [one.action_code for one in lead.note], LogItemType.LEAD_NOTE_UNKNOWN, log)
    contacts = [one.action_code for one in lead.contact_party]
    _check_new_parts("ContactParty", contacts, LogItemType.LEAD_CONTACT_UNKNOWN, log)
    for position, item in enumerate(lead.item, 1):
        if item.product_id is None:
            path = f"{CREATE_ROOT}/lbl:Item[{position}]/lbl:ProductID"
            log.error(LogItemType.LEAD_ITEM_PRODUCT_MISSING, "A new Item needs a ProductID.", path)


def _check_new_parts(part: str, actions: Iterable[ActionCode | None], unknown: LogItemType, log: LogBuilder) -> None:
    for position, action in enumerate(actions, 1):
        if action in (_CHANGE, _DELETE):
            note = f"The lead has no such {part}; 01 or 04 creates it."
            log.error(unknown, note, f"{CREATE_ROOT}/lbl:{part}[{position}]")
