"""A batch of changes of leads: new absolute values of fields, changes of lists, and moves of the life cycle.

Of several changes of one lead each starts from the state the one before left.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from leadbridge.businesspartner import DuplicateCheck
from leadbridge.lead import (
    FINAL,
    TRANSITIONS,
    ForwardingEvent,
    LifeCycleStatus,
    caller_may_move,
    change_state_id,
    forwarding_event,
)
from leadbridge.messages import ContactPartyChange, LeadChange, LeadIdentification
from leadbridge.operations import lead_lists, lead_scoring, partner_loop, qualified, referring, suspension
from leadbridge.operations.businesspartner import created_row
from leadbridge.operations.call import Call, Policy, by_caller
from leadbridge.operations.identifying import by_key, external_keys, key_of, pair, uuids
from leadbridge.operations.lead_checks import check_code, check_contact_party, check_dates, check_shown, find_prospect
from leadbridge.operations.logitems import LogBuilder, LogItemType
from leadbridge.operations.partner_rows import extension_bytes
from leadbridge.operations.partners import (
    PartnerBook,
    References,
    Request,
    external_lock_key,
    hold,
    references_of,
    request,
)
from leadbridge.operations.selecting import day
from leadbridge.store import feed, journal, leads, outbox
from leadbridge.store.database import Transaction
from leadbridge.store.feed import HeadChange
from leadbridge.store.inserts import Row
from leadbridge.store.leads import LeadParts

_ROOT = "/lbl:LeadChangeRequest_sync/lbl:Lead"

_BOOKKEEPING = {"change_number", "changed_at", "forwarding_sequence", "partner_decision_due_at"}


@dataclass(slots=True)
class Change:
    """One call's change of one lead: the lead as it will be, what of it differs, and what is said about it."""

    call: Call
    log: LogBuilder
    head: Row
    parts: LeadParts
    columns: Row = field(default_factory=dict)
    lists: dict[str, list[Row]] = field(default_factory=dict)
    created_partner_id: str | None = None

    def set(self, **columns: object) -> None:
        """Give columns of the head new values; equal ones are no change."""
        for name, value in columns.items():
            if self.head[name] != value:
                self.columns[name] = value

    def set_sent(self, **columns: object) -> None:
        """The same for values of which those that were not sent are None."""
        self.set(**{name: value for name, value in columns.items() if value is not None})

    def value(self, name: str) -> Any:
        """A column as it will be."""
        return self.columns.get(name, self.head[name])

    def changed_elements(self) -> str:
        """Names of what differs, for the journal; never values."""
        return " ".join(sorted({*self.columns, *self.lists} - _BOOKKEEPING))


class ChangeBatch:
    """See the module."""

    def __init__(self, calls: Sequence[Call], policy: Policy, *, operation: str = "ChangeLead") -> None:
        self._calls = calls
        self._policy = policy
        self._operation = operation
        self._requests = {id(call): _request(call, policy) for call in calls}

    def lock_keys(self) -> list[str]:
        """What the batch must have to itself; the leads themselves are locked when they are read."""
        keys = [key for request in self._requests.values() if request for key in request.lock_keys()]
        keys += [
            external_lock_key("lead-key", call.caller, call.message.lead.external_key)
            for call in self._calls
            if call.message.lead.external_key
        ]
        return keys

    def references(self) -> list[References]:
        """The existing business partners the batch refers to."""
        return references_of(self._calls)

    def write(self, tx: Transaction, fresh: Sequence[Call]) -> list[tuple[Change | None, LogBuilder]]:
        """Make and write those changes of the batch that are new; of one that failed the Log says why."""
        hold(tx, references_of(fresh))  # before any lead is locked, as a merge does
        done: dict[int, tuple[Change | None, LogBuilder]] = {}
        waiting = list(fresh)
        while waiting:
            waiting = self._round(tx, waiting, done)
        return [done[id(call)] for call in fresh]

    def _round(
        self, tx: Transaction, calls: Sequence[Call], done: dict[int, tuple[Change | None, LogBuilder]]
    ) -> list[Call]:
        """Make and write the first change of each lead; returns the calls left for the next round."""
        heads = locked_heads(tx, calls)
        now_due: list[Call] = []
        later: list[Call] = []
        taken: set[str] = set()
        for call in calls:
            head = heads.get(id(call))
            if head is not None and head["id"] in taken:
                later.append(call)
            else:
                now_due.append(call)
                taken.update([head["id"]] if head is not None else ())
        parts = leads.parts(tx, taken, items=True, notes=True, contacts=True, answers=True)
        plan = _Plan(tx, now_due, self._requests, self._policy, referring.forbidding(tx, now_due, heads))
        changes: list[Change] = []
        for call in now_due:
            log = LogBuilder(call.message.lead.object_node_sender_technical_id)
            head = heads.get(id(call))
            change = None
            if head is None:
                log.error(LogItemType.LEAD_UNKNOWN, "There is no such lead.", f"{_ROOT}/lbl:LeadIdentification")
            else:
                change = Change(call, log, head, parts[head["id"]])
                plan.apply(change)
                if not log.failed:
                    _settle(change)
                    changes.append(change)
            done[id(call)] = change, log
        _write(tx, plan, changes, self._policy, self._operation)
        return later


def _settle(change: Change) -> None:
    """Number the change, so that its answer and its row cannot differ."""
    if change.columns or change.lists:
        change.columns["change_number"] = change.head["change_number"] + 1
        change.columns["changed_at"] = change.call.received_at
        change.log.information(LogItemType.LEAD_CHANGED, f"Lead {change.head['id']} was changed.")
    else:
        change.log.information(LogItemType.LEAD_UNCHANGED, "Nothing differs from what the lead was.")


def _request(call: Call, policy: Policy) -> Request | None:
    party = call.message.lead.prospect_party
    if party is None or party.new_business_partner is None:
        return None
    return request(call, party.new_business_partner, f"{_ROOT}/lbl:ProspectParty/lbl:NewBusinessPartner", policy)


def locked_heads(tx: Transaction, calls: Sequence[Call]) -> dict[int, Row]:
    """The lead each call names, locked, if its caller may see it; by the call's identity."""
    heads: dict[int, Row] = {}
    for group in by_caller(calls):
        named: list[LeadIdentification] = [call.message.lead.lead_identification for call in group]
        rows = leads.resolve(
            tx,
            group[0].caller,
            ids={one.id for one in named if one.id is not None},
            uuids=uuids(named),
            external_keys=external_keys(named),
            lock=True,
        )
        found = by_key(rows, "id")
        for call, one in zip(group, named, strict=True):
            meant = found.get(key_of(one.id, one), [])
            own = [row for row in meant if row["created_by"] == call.caller.id]
            if len(meant) == 1 or own:
                heads[id(call)] = (own or meant)[0]
    return heads


class _Plan:
    """Applies changes to leads in memory; nothing is written."""

    def __init__(
        self,
        tx: Transaction,
        calls: Sequence[Call],
        requests: dict[int, Request | None],
        policy: Policy,
        forbidding: frozenset[str],
    ) -> None:
        self._policy = policy
        self._forbidding = forbidding
        self._requests = requests
        brought = [request for call in calls if (request := requests[id(call)]) is not None]
        self.book = PartnerBook(
            tx,
            requests=brought,
            references=references_of(calls),
            numbers=iter(tx.next_numbers("business_partner", len(brought))),
        )
        keys = {
            (call.caller.id, *pair(call.message.lead.external_key)) for call in calls if call.message.lead.external_key
        }
        self._taken = {
            (row["created_by"], row["communication_system_id"], row["remote_object_id"])
            for row in leads.external_keys_taken(tx, keys)
        }

    def apply(self, change: Change) -> None:
        """Work out one change; what forbids it goes into its Log."""
        lead: LeadChange = change.call.message.lead
        if LifeCycleStatus(change.head["life_cycle_status_code"]) in FINAL:
            change.log.error(
                LogItemType.LEAD_FINAL,
                "The lead is closed; nothing of it changes any more.",
                f"{_ROOT}/lbl:LeadIdentification",
            )
            return
        check_state(change.head, lead.change_state_id, change.log)
        referring.check_message(
            change.call, test_data=change.head["test_data"], path=f"{_ROOT}/lbl:LeadIdentification", log=change.log
        )
        self._fields(change, lead)
        self._status(change, lead)
        change.set(**partner_loop.decided(change.call, change.head, change.log))
        self._lists(change, lead)
        change.set(
            **lead_scoring.qualified_change(
                change.head,
                lead,
                change.lists.get("answers"),
                self._policy.questionnaire,
                path=_ROOT,
                log=change.log,
            )
        )
        self._prospect(change, lead)
        prospect_id = change.columns.get("prospect_internal_id")
        check_shown(self.book, change.call, change.head, prospect_id, f"{_ROOT}/lbl:ProspectParty", change.log)
        change.set(
            partner_decision_due_at=partner_loop.due_at(
                {**change.head, **change.columns}, change.head, self._policy, change.call.received_at
            )
        )

    def _fields(self, change: Change, lead: LeadChange) -> None:
        log, policy = change.log, self._policy
        check_code(lead.origin_type_code, policy.origin_type_codes, f"{_ROOT}/lbl:OriginTypeCode", log)
        check_code(lead.group_code, policy.group_codes, f"{_ROOT}/lbl:GroupCode", log)
        change.set_sent(
            sender_technical_id=lead.object_node_sender_technical_id,
            name=lead.name,
            origin_type_code=lead.origin_type_code,
            group_code=lead.group_code,
            priority_code=lead.priority_code and lead.priority_code.value,
            campaign_id=lead.campaign_id,
            start_date=lead.start_date and day(lead.start_date),
            end_date=lead.end_date and day(lead.end_date),
            sales_responsible_party_id=lead.sales_responsible_party and lead.sales_responsible_party.party_id,
        )
        check_dates(change.value("start_date"), change.value("end_date"), f"{_ROOT}/lbl:EndDate", log)
        if lead.sales_partner_party is not None:
            change.set(**partner_loop.given(lead.sales_partner_party, change.call.caller, change.head, log))
            if "partner_decision_code" in change.columns:
                note = "The decision of the partner that had the lead was taken away with it."
                log.follows(LogItemType.LEAD_PARTNER_DECISION_RESET, note, f"{_ROOT}/lbl:SalesPartnerParty")
        if lead.expected_revenue_amount is not None:
            change.set(
                expected_revenue_amount=lead.expected_revenue_amount.value,
                expected_revenue_currency_code=lead.expected_revenue_amount.currency_code,
            )
        if lead.extension is not None:
            change.set(extension=extension_bytes(lead.extension))
        if lead.external_key is not None:
            self._external_key(change, lead)

    def _external_key(self, change: Change, lead: LeadChange) -> None:
        """An external key belongs to the lead's creator; nobody else may give or take it."""
        assert lead.external_key is not None
        system, remote_object = pair(lead.external_key)
        owner = change.head["created_by"]
        key = (owner, system, remote_object)
        change.set(communication_system_id=system, remote_object_id=remote_object)
        changes = "remote_object_id" in change.columns or "communication_system_id" in change.columns
        if changes and (key in self._taken or owner != change.call.caller.id):
            change.log.error(
                LogItemType.LEAD_EXTERNAL_KEY_TAKEN,
                "Another lead has this ExternalKey, or the lead was created by another caller.",
                f"{_ROOT}/lbl:ExternalKey",
            )
        self._taken.add(key)

    def _status(self, change: Change, lead: LeadChange) -> None:
        log, reason = change.log, change.call.message.reason_code
        check_code(reason, self._policy.reason_codes, "/lbl:LeadChangeRequest_sync/lbl:ReasonCode", log)
        if reason is not None:
            change.set(reason_code=reason)
        if lead.life_cycle_status_code is None:
            return
        old = LifeCycleStatus(change.head["life_cycle_status_code"])
        new = LifeCycleStatus(lead.life_cycle_status_code.value)
        if new is not old and not caller_may_move(old, new):
            allowed = ", ".join(sorted(one.value for one in TRANSITIONS[old] if caller_may_move(old, one)))
            log.error(
                LogItemType.LEAD_STATUS_NOT_ALLOWED,
                f"From {old.value} a caller may go to {allowed or 'no other status'}.",
                f"{_ROOT}/lbl:LifeCycleStatusCode",
            )
        elif new is not old:
            change.set(life_cycle_status_code=new.value, reason_code=reason)
            if lead.prospect_party is None and change.head["prospect_internal_id"] in self._forbidding:
                referring.refuse_call(f"{_ROOT}/lbl:LifeCycleStatusCode", log)
            if reason is None and "reason_code" in change.columns:
                log.follows(LogItemType.LEAD_REASON_CLEARED, "The reason of the status before was taken away.")

    def _lists(self, change: Change, lead: LeadChange) -> None:
        log, old, now = change.log, change.parts, change.call.received_at
        complete = bool(lead.item_list_complete_transmission_indicator)
        if lead.item or complete:
            new = lead_lists.changed_items(old.items, lead.item, complete=complete, path=f"{_ROOT}/lbl:Item", log=log)
            _keep(change, "items", old.items, new)
        complete = bool(lead.note_list_complete_transmission_indicator)
        if lead.note or complete:
            new = lead_lists.changed_notes(
                old.notes, lead.note, complete=complete, now=now, path=f"{_ROOT}/lbl:Note", log=log
            )
            _keep(change, "notes", old.notes, new)
        complete = bool(lead.contact_party_list_complete_transmission_indicator)
        if lead.contact_party or complete:
            contacts = self._contacts(change, lead)
            new = lead_lists.changed_contacts(
                old.contacts, contacts, complete=complete, path=f"{_ROOT}/lbl:ContactParty", log=log
            )
            _keep(change, "contacts", old.contacts, new)
        complete = bool(lead.questionnaire_answer_list_complete_transmission_indicator)
        if lead.questionnaire_answer or complete:
            new = lead_lists.changed_answers(
                old.answers,
                lead.questionnaire_answer,
                complete=complete,
                path=f"{_ROOT}/lbl:QuestionnaireAnswer",
                log=log,
            )
            _keep(change, "answers", old.answers, new)
        if lead.attachment_folder is not None:
            change.lists["documents"] = lead_lists.documents(lead.attachment_folder.document)

    def _contacts(self, change: Change, lead: LeadChange) -> list[ContactPartyChange]:
        """The contacts as sent, each that was merged under its master's number. The lead's own may always be named."""
        known = {row["internal_id"] for row in change.parts.contacts}
        contacts, call, test_data = [], change.call, change.head["test_data"]
        for position, party in enumerate(lead.contact_party, 1):
            internal_id = party.business_partner_internal_id
            path = f"{_ROOT}/lbl:ContactParty[{position}]/lbl:BusinessPartnerInternalID"
            if internal_id not in known:
                partner = self.book.referred(call.caller, internal_id)
                master = partner["internal_id"] if partner else self.book.master(internal_id)
                if master not in known:
                    check_contact_party(
                        self.book, change.call, internal_id, test_data=test_data, path=path, log=change.log
                    )
                    check_shown(self.book, call, change.head, master, path, change.log)
                internal_id = master
            contacts.append(replace(party, business_partner_internal_id=internal_id))
        return contacts

    def _prospect(self, change: Change, lead: LeadChange) -> None:
        """The prospect comes last: a new business partner is drafted only for a change that is not refused."""
        party, call = lead.prospect_party, change.call
        if party is None:
            return
        request, path, test_data = self._requests[id(call)], f"{_ROOT}/lbl:ProspectParty", change.head["test_data"]
        if request is not None:
            if not referring.check_test_data(
                partner=request.rows.head["test_data"], lead=test_data, path=path, log=change.log
            ):
                return
            self._check_call(change, request.rows.head["contact_allowed_code"], path)
            entry = self.book.find_or_draft(request, DuplicateCheck.LINK, change.log)
            if entry is not None:
                self._check_call(change, entry.contact_allowed_code, path)
                change.set(prospect_internal_id=entry.internal_id)
                change.created_partner_id = entry.internal_id if entry.draft is request.partner else None
            return
        row = find_prospect(self.book, call, party)
        if row is None:
            change.log.error(LogItemType.BUSINESS_PARTNER_UNKNOWN, "There is no such business partner.", path)
        elif referring.check_test_data(partner=row["test_data"], lead=test_data, path=path, log=change.log):
            self._check_call(change, row["contact_allowed_code"], path)
            change.set(prospect_internal_id=row["internal_id"])

    @staticmethod
    def _check_call(change: Change, contact_allowed_code: str | None, path: str) -> None:
        if referring.is_call(change.call.caller, LifeCycleStatus(change.value("life_cycle_status_code"))):
            referring.check_call(contact_allowed_code, path, change.log)


def check_state(head: Row, change_state_id_sent: str | None, log: LogBuilder) -> None:
    """Refuse what starts from another state of the lead than the one it has; warn where none is named."""
    if change_state_id_sent is None:
        log.warning(
            LogItemType.LEAD_CHANGE_STATE_MISSING,
            "No ChangeStateID was sent: changes made since you read the lead are not noticed.",
            f"{_ROOT}/lbl:ChangeStateID",
        )
    elif change_state_id_sent != change_state_id(head["uuid"], head["change_number"]):
        log.error(
            LogItemType.LEAD_CHANGE_STATE_CONFLICT,
            "The lead was changed since you read it; read it again and repeat the change.",
            f"{_ROOT}/lbl:ChangeStateID",
        )


def _keep(change: Change, name: str, old: Sequence[Row], new: list[Row]) -> None:
    """Note a list as changed if it is."""
    bare = [{key: value for key, value in row.items() if key != "lead_id"} for row in old]
    if bare != [{key: value for key, value in row.items() if key != "lead_id"} for row in new]:
        change.lists[name] = new


_REPLACE: dict[str, Callable[[Transaction, Collection[str], Sequence[Row]], None]] = {
    "items": leads.replace_items,
    "notes": leads.replace_notes,
    "contacts": leads.replace_contacts,
    "answers": leads.replace_answers,
    "documents": leads.replace_documents,
}


def _write(tx: Transaction, plan: _Plan, changes: Sequence[Change], policy: Policy, operation: str) -> None:
    real = [change for change in changes if change.columns or change.lists]
    prospects = plan.book.write()
    suspension.end(tx, real)
    to_forward: list[tuple[qualified.Subject, ForwardingEvent]] = []
    journal_rows: list[Row] = []
    withdrawn: list[str] = []
    handed_over: list[str] = []
    for change in real:
        head = {**change.head, **change.columns}
        old, new = (
            LifeCycleStatus(change.head["life_cycle_status_code"]),
            LifeCycleStatus(head["life_cycle_status_code"]),
        )
        if old is LifeCycleStatus.QUALIFIED and new is not old:
            # Withdrawn before the core CRM heard of it; what a relay holds already is seen to when it settles.
            withdrawn.append(head["id"])
        event = forwarding_event(old, new, in_core=bool(head["core_lead_id"] or head["core_opportunity_id"]))
        if event is ForwardingEvent.CREATE:
            # What was parked, say because the core CRM declined the lead, would hold up the new attempt.
            handed_over.append(head["id"])
        if event is not None:
            items = change.lists.get("items", change.parts.items)
            notes = change.lists.get("notes", change.parts.notes)
            to_forward.append((qualified.Subject(head, items, notes, change.call.received_at), event))
        if change.created_partner_id:
            journal_rows.append(created_row(change.call, operation, change.created_partner_id))
        journal_rows.append(_journal_row(change, operation, old, new))
    if real:
        now = real[0].call.received_at
        cancelled = {*outbox.cancel_waiting(tx, withdrawn, now), *outbox.cancel_parked(tx, handed_over, now)}
        referring.say_cancelled(change.log for change in real if change.head["id"] in cancelled)
    messages = qualified.messages(tx, to_forward, policy, known=prospects)
    columns = {change.head["id"]: change.columns for change in real}
    for subject, _ in to_forward:
        columns[subject.head["id"]]["forwarding_sequence"] = subject.head["forwarding_sequence"]
    leads.update(tx, [{"id": change.head["id"], **change.columns} for change in real])
    for name, put_in_place in _REPLACE.items():
        lists = {change.head["id"]: change.lists[name] for change in real if name in change.lists}
        put_in_place(tx, lists, [{**row, "lead_id": lead_id} for lead_id, rows in lists.items() for row in rows])
    outbox.enqueue(tx, messages)
    journal.append(tx, journal_rows)
    feed.tell(
        tx,
        [
            HeadChange(change.head, {**change.head, **change.columns}, change.call.message.reason_code)
            for change in real
        ],
    )


def _journal_row(change: Change, operation: str, old: LifeCycleStatus, new: LifeCycleStatus) -> Row:
    moved = new is not old
    return {
        **created_row(change.call, operation, change.head["id"]),
        "object_type": "lead",
        "event": "changed",
        "old_status": old.value if moved else None,
        "new_status": new.value if moved else None,
        "reason_code": change.call.message.reason_code if moved else None,
        "changed_elements": change.changed_elements(),
    }
