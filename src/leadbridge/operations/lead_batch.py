"""A batch of new leads on its way into the store: CreateLead, CheckLead and bulk files share it.

What needs no transaction is done when the batch is made, because others may wait for the transaction: names, addresses
and numbers are normalised, and rows are made. Then `ask` asks the store for everything the batch must know, in one
round trip, and each call becomes a draft, in order, so that a business partner drafted for one call is found by the
next; `write` writes the drafts together.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from leadbridge.businesspartner import DuplicateCheck
from leadbridge.lead import ForwardingEvent, LifeCycleStatus, forwarding_event, may_start, next_item_id
from leadbridge.messages import Lead, ProspectParty
from leadbridge.operations import lead_lists, lead_scoring, partner_loop, qualified, referring
from leadbridge.operations.businesspartner import created_row
from leadbridge.operations.call import Call, Policy, new_uuid
from leadbridge.operations.identifying import pair
from leadbridge.operations.lead_assignment import LeadAssignment
from leadbridge.operations.lead_checks import check_code, check_contact_party, check_dates, find_prospect
from leadbridge.operations.lead_duplicates import Duplicate, LeadDuplicates
from leadbridge.operations.lead_filling import fill_blanks, gives_key
from leadbridge.operations.logitems import LogBuilder, LogItemType
from leadbridge.operations.partner_rows import extension_bytes
from leadbridge.operations.partners import (
    PartnerBook,
    References,
    Request,
    external_lock_key,
    references_of,
    request,
)
from leadbridge.operations.selecting import day
from leadbridge.store import feed, journal, leads, outbox
from leadbridge.store.database import Transaction
from leadbridge.store.feed import HeadChange
from leadbridge.store.inserts import Row


@dataclass(slots=True)
class Draft:
    """A lead about to be written: its head and the rows of its lists, and the business partner it creates.

    Not `created` is what a call is answered with instead: a lead that exists already, or that an earlier call creates.

    Its number, its prospect and that partner come last, in the transaction.
    """

    status: LifeCycleStatus
    head: Row
    items: list[Row]
    contacts: list[Row]
    answers: list[Row]
    notes: list[Row]
    documents: list[Row]
    created_partner_id: str | None = None
    created: bool = True

    def lists(self) -> Iterable[Row]:
        """Every row that belongs to the lead."""
        yield from self.items
        yield from self.contacts
        yield from self.answers
        yield from self.notes
        yield from self.documents


class LeadBatch:
    """See the module. `root` is the path of a lead in its message, for the Log."""

    def __init__(self, calls: Sequence[Call], policy: Policy, root: str, *, operation: str = "CreateLead") -> None:
        self._calls = calls
        self._policy = policy
        self._root = root
        self._operation = operation
        path = f"{root}/lbl:ProspectParty/lbl:NewBusinessPartner"
        self._requests: dict[int, Request | None] = {}
        self._drafts = {id(call): _draft(call) for call in calls}
        for call in calls:
            partner = call.message.lead.prospect_party.new_business_partner
            self._requests[id(call)] = request(call, partner, path, policy) if partner is not None else None
        self._bulk = operation == "SubmitLeadBulk"
        self._assignment = LeadAssignment(calls, policy.assignment_rules, root)

    def lock_keys(self) -> list[str]:
        """What the batch must have to itself while it is drafted and written."""
        keys = [
            external_lock_key("lead-key", call.caller, call.message.lead.external_key)
            for call in self._calls
            if call.message.lead.external_key
        ]
        keys += [key for brought in self._requests.values() if brought for key in brought.lock_keys()]
        return keys + self._assignment.lock_keys()

    def references(self) -> list[References]:
        """The existing business partners the batch refers to."""
        return references_of(self._calls)

    def ask(self, tx: Transaction, *, writes: bool = True) -> None:
        """Ask the store for what drafting needs. A check, which does not write, uses no number."""
        brought = [request for request in self._requests.values() if request is not None]
        self._tx = tx
        self._writes = writes
        self._duplicates: LeadDuplicates | None = None  # not asked for until a prospect turns out to exist
        self._about: dict[str, list[tuple[Call, Draft]]] = {}  # what is drafted, by its prospect
        self._told: list[tuple[Call, Duplicate, Draft, LogBuilder]] = []
        self._book = PartnerBook(tx, requests=brought, references=self.references(), holds=writes)
        self._asked_keys = leads.external_keys_taken(
            tx,
            {
                (call.caller.id, *pair(call.message.lead.external_key))
                for call in self._calls
                if call.message.lead.external_key
            },
        )
        self._taken: set[tuple[str, str, str]] | None = None
        self._assignment.ask(tx)
        if writes:
            tx.foresee_numbers("business_partner", len(brought))
            tx.foresee_numbers("lead", len(self._calls))

    def create(self, fresh: Sequence[Call]) -> list[tuple[Draft | None, LogBuilder]]:
        """Draft and write those calls of the batch that are new; without a draft the Log says why."""
        self._book.numbers = _numbers(self._tx, sum(self._requests[id(call)] is not None for call in fresh))
        drafted = [self._drafted(call) for call in fresh]
        self._assign(fresh, drafted)
        self._write([(call, draft) for call, (draft, _) in zip(fresh, drafted, strict=True) if draft and draft.created])
        self._tell()
        return [(None if log.failed else draft, log) for draft, log in drafted]

    def check(self, call: Call) -> tuple[Draft | None, LogBuilder]:
        """The draft of one call, as it would be written; None when it would be refused, and the Log says why."""
        draft, log = self._drafted(call)
        self._assign([call], [(draft, log)])
        self._tell()
        return (None if log.failed else draft), log

    def _assign(self, calls: Sequence[Call], drafted: Sequence[tuple[Draft | None, LogBuilder]]) -> None:
        both = zip(calls, drafted, strict=True)
        new = [(call, draft.head, log) for call, (draft, log) in both if draft and draft.created]
        self._assignment.assign(self._tx, new, self._book.drafted)

    def _drafted(self, call: Call) -> tuple[Draft | None, LogBuilder]:
        lead: Lead = call.message.lead
        log = LogBuilder(lead.object_node_sender_technical_id)
        draft = self._drafts[id(call)]
        self._check(call, lead, draft, log)
        self._check_contacts(call, lead, draft, log)
        status = LifeCycleStatus(draft.head["life_cycle_status_code"])
        prospect = self._prospect(call, lead.prospect_party, status, log)
        if log.failed or prospect is None:
            return None, log
        internal_id, created = prospect
        draft.head["prospect_internal_id"] = internal_id
        draft.created_partner_id = internal_id if created else None
        if not created:
            draft = self._unless_duplicate(call, draft, log)
        if draft.created:
            if lead.external_key:
                self._keys_taken().add((call.caller.id, *pair(lead.external_key)))
            if internal_id is not None:
                self._about.setdefault(internal_id, []).append((call, draft))
            given = [row["item_id"] for item, row in zip(lead.item, draft.items, strict=True) if not item.id]
            if given:
                note = f"Items without an ID were numbered {', '.join(given)}."
                log.follows(LogItemType.LEAD_ITEM_NUMBERED, note, f"{self._root}/lbl:Item")
            draft.head.update(lead_scoring.qualified_new(lead, self._policy.questionnaire, self._root, log))
        return draft, log

    def _unless_duplicate(self, call: Call, draft: Draft, log: LogBuilder) -> Draft:
        """The draft; or what the call is answered with where it is the same as another lead about its prospect."""
        if self._duplicates is None:
            prospects = self._book.stored_ids()
            for one in self._calls:
                if self._requests[id(one)] is None:
                    row = find_prospect(self._book, one, one.message.lead.prospect_party)
                    prospects.update([row["internal_id"]] if row else ())
            callers = [one.caller for one in self._calls]
            self._duplicates = LeadDuplicates(
                self._tx, self._policy.lead_duplicates, prospects, callers, bulk=self._bulk, holds=self._writes
            )
        before = [
            (one.caller, other.head, other.items)
            for one, other in self._about.get(draft.head["prospect_internal_id"], ())
        ]
        found = self._duplicates.found(call, draft.head, draft.items, before)
        if found is None:
            return draft
        if not found.creates:
            head = found.existing.head
            if found.fills and gives_key(call, head):
                self._keys_taken().add((call.caller.id, *pair(call.message.lead.external_key)))
            draft = Draft(LifeCycleStatus(head["life_cycle_status_code"]), head, [], [], [], [], [], created=False)
        self._told.append((call, found, draft, log))
        return draft

    def _tell(self) -> None:
        """Say what is the same as what, now that every lead has its number, and fill what MERGE asks to be filled."""
        for call, found, draft, log in self._told:
            found.say(log, self._root)
            if found.fills and self._writes:
                draft.head = fill_blanks(self._tx, call, draft.head, self._policy, root=self._root, log=log)
        self._told.clear()

    def _keys_taken(self) -> set[tuple[str, str, str]]:
        if self._taken is None:
            self._taken = {
                (row["created_by"], row["communication_system_id"], row["remote_object_id"]) for row in self._asked_keys
            }
        return self._taken

    def _check(self, call: Call, lead: Lead, draft: Draft, log: LogBuilder) -> None:
        root, policy = self._root, self._policy
        if not may_start(draft.status):
            log.error(
                LogItemType.LEAD_STATUS_NOT_ALLOWED,
                "A lead starts as 1 open, 2 in process or 3 qualified.",
                f"{root}/lbl:LifeCycleStatusCode",
            )
        check_code(lead.origin_type_code, policy.origin_type_codes, f"{root}/lbl:OriginTypeCode", log)
        check_code(lead.group_code, policy.group_codes, f"{root}/lbl:GroupCode", log)
        check_dates(draft.head["start_date"], draft.head["end_date"], f"{root}/lbl:EndDate", log)
        if lead.external_key and (call.caller.id, *pair(lead.external_key)) in self._keys_taken():
            log.error(
                LogItemType.LEAD_EXTERNAL_KEY_TAKEN,
                "You have a lead with this ExternalKey already; change it instead.",
                f"{root}/lbl:ExternalKey",
            )
        _check_once(
            [item.id for item in lead.item if item.id],
            LogItemType.LEAD_ITEM_REPEATED,
            "Two Items have the same ID.",
            f"{root}/lbl:Item",
            log,
        )
        _check_once(
            [answer.question_id for answer in lead.questionnaire_answer],
            LogItemType.LEAD_QUESTION_REPEATED,
            "A question is answered twice.",
            f"{root}/lbl:QuestionnaireAnswer",
            log,
        )

    def _check_contacts(self, call: Call, lead: Lead, draft: Draft, log: LogBuilder) -> None:
        """Refuse contacts the lead may not name; one that was merged becomes its master."""
        test_data = draft.head["test_data"]
        for position, (party, row) in enumerate(zip(lead.contact_party, draft.contacts, strict=True), 1):
            path = f"{self._root}/lbl:ContactParty[{position}]/lbl:BusinessPartnerInternalID"
            named = party.business_partner_internal_id
            check_contact_party(self._book, call, named, test_data=test_data, path=path, log=log)
            partner = self._book.referred(call.caller, named)
            row["internal_id"] = partner["internal_id"] if partner else named
        _check_once(
            [row["internal_id"] for row in draft.contacts],
            LogItemType.LEAD_CONTACT_REPEATED,
            "A business partner is named as contact twice.",
            f"{self._root}/lbl:ContactParty",
            log,
        )

    def _prospect(
        self, call: Call, party: ProspectParty, status: LifeCycleStatus, log: LogBuilder
    ) -> tuple[str | None, bool] | None:
        """InternalID of the prospect and whether it is created with this lead; None when there is none.

        A new business partner that seems to exist already is linked to: the lead is what matters, and its
        own DuplicateCheckCode is about leads.
        """
        request, path = self._requests[id(call)], f"{self._root}/lbl:ProspectParty"
        if request is not None:
            if referring.is_call(call.caller, status):
                referring.check_call(request.rows.head["contact_allowed_code"], path, log)
            entry = self._book.find_or_draft(request, DuplicateCheck.LINK, log)
            if entry is not None and entry.draft is not request.partner and referring.is_call(call.caller, status):
                referring.check_call(entry.contact_allowed_code, path, log)
            return None if entry is None else (entry.internal_id, entry.draft is request.partner)
        row = find_prospect(self._book, call, party)
        if row is None:
            log.error(
                LogItemType.BUSINESS_PARTNER_UNKNOWN,
                "There is no such business partner; NewBusinessPartner creates one with the lead.",
                path,
            )
            return None
        test_data = bool(call.message.basic_message_header.test_data_indicator)
        referring.check_test_data(partner=row["test_data"], lead=test_data, path=path, log=log)
        if referring.is_call(call.caller, status):
            referring.check_call(row["contact_allowed_code"], path, log)
        return row["internal_id"], False

    def _write(self, drafts: Sequence[tuple[Call, Draft]]) -> None:
        """Number the drafts and write everything that belongs to them: one statement a table."""
        tx = self._tx
        for (_, draft), number in zip(drafts, tx.next_numbers("lead", len(drafts)), strict=True):
            draft.head["id"] = number
            for row in draft.lists():
                row["lead_id"] = number
        prospects = self._book.write()
        to_forward: list[tuple[qualified.Subject, ForwardingEvent]] = []
        for call, draft in drafts:
            head, now = draft.head, call.received_at
            if head["sales_partner_party_id"]:
                head["partner_decision_due_at"] = partner_loop.due_at(head, None, self._policy, now)
            event = forwarding_event(None, draft.status)
            if event is not None:
                subject = qualified.Subject(draft.head, draft.items, draft.notes, call.received_at)
                to_forward.append((subject, event))
        messages = qualified.messages(tx, to_forward, self._policy, known=prospects)
        leads.insert(
            tx,
            leads=[draft.head for _, draft in drafts],
            items=[row for _, draft in drafts for row in draft.items],
            contacts=[row for _, draft in drafts for row in draft.contacts],
            answers=[row for _, draft in drafts for row in draft.answers],
            notes=[row for _, draft in drafts for row in draft.notes],
            documents=[row for _, draft in drafts for row in draft.documents],
        )
        outbox.enqueue(tx, messages)
        journal.append(
            tx,
            [
                *(
                    created_row(call, self._operation, draft.created_partner_id)
                    for call, draft in drafts
                    if draft.created_partner_id
                ),
                *(_journal_row(call, self._operation, draft.head) for call, draft in drafts),
                *(
                    row
                    for call, draft in drafts
                    for row in self._assignment.journal_rows(call, self._operation, draft.head["id"])
                ),
            ],
        )
        feed.tell(tx, [HeadChange(None, draft.head) for _, draft in drafts if draft.head["sales_partner_party_id"]])


def _numbers(tx: Transaction, most: int) -> Iterator[str]:
    """Numbers for business partners, drawn when the first is needed.

    No method: an iterator that holds the batch, which holds it, would keep both until somebody looks for cycles.
    """
    yield from tx.next_numbers("business_partner", most)


def _check_once(keys: list[str], type_id: LogItemType, note: str, path: str, log: LogBuilder) -> None:
    if len(set(keys)) != len(keys):
        log.error(type_id, note, path)


def _draft(call: Call) -> Draft:
    """The lead of a call, but for what only the transaction tells."""
    lead: Lead = call.message.lead
    status = LifeCycleStatus(lead.life_cycle_status_code.value if lead.life_cycle_status_code else "1")
    return Draft(
        status=status,
        head=_head(call, lead, status),
        items=_items(lead),
        contacts=[
            {
                "internal_id": one.business_partner_internal_id,
                "position": position,
                "main_indicator": one.main_indicator,
            }
            for position, one in enumerate(lead.contact_party)
        ],
        answers=[
            {"question_id": one.question_id, "position": position, "answer_code": one.answer_code}
            for position, one in enumerate(lead.questionnaire_answer)
        ],
        notes=[
            {
                "position": position,
                "text": one.value,
                "language_code": one.language_code,
                "type_code": one.type_code,
                "created_at": call.received_at,
            }
            for position, one in enumerate(lead.note)
        ],
        documents=lead_lists.documents(lead.attachment_folder.document if lead.attachment_folder else ()),
    )


def _head(call: Call, lead: Lead, status: LifeCycleStatus) -> Row:
    """The head row of a new lead, without its number and its prospect."""
    now, key, amount = call.received_at, lead.external_key, lead.expected_revenue_amount
    return {
        "uuid": new_uuid(),
        "change_number": 1,
        "created_by": call.caller.id,
        "created_at": now,
        "changed_at": now,
        "test_data": bool(call.message.basic_message_header.test_data_indicator),
        "sender_technical_id": lead.object_node_sender_technical_id,
        "communication_system_id": key.communication_system_id if key else None,
        "remote_object_id": key.remote_object_id if key else None,
        "name": lead.name,
        "life_cycle_status_code": status.value,
        "origin_type_code": lead.origin_type_code,
        "group_code": lead.group_code,
        "priority_code": lead.priority_code.value if lead.priority_code else None,
        "campaign_id": lead.campaign_id,
        "start_date": day(lead.start_date) if lead.start_date else None,
        "end_date": day(lead.end_date) if lead.end_date else None,
        "sales_responsible_party_id": lead.sales_responsible_party.party_id if lead.sales_responsible_party else None,
        "sales_partner_party_id": lead.sales_partner_party.party_id if lead.sales_partner_party else None,
        "expected_revenue_amount": amount.value if amount else None,
        "expected_revenue_currency_code": amount.currency_code if amount else None,
        "partner_decision_code": None,
        "reason_code": None,
        "core_lead_id": None,
        "core_opportunity_id": None,
        "forwarding_sequence": 0,
        "extension": extension_bytes(lead.extension),
    }


def _items(lead: Lead) -> list[Row]:
    """The items' rows; one without an ID gets the next multiple of ten."""
    used = [item.id for item in lead.item if item.id]
    rows: list[Row] = []
    for position, item in enumerate(lead.item):
        item_id = item.id
        if not item_id:
            item_id = next_item_id(used)
            used.append(item_id)
        rows.append(
            {
                "item_id": item_id,
                "position": position,
                "sender_technical_id": item.object_node_sender_technical_id,
                "product_id": item.product_id,
                "description": item.description,
                "quantity": item.quantity.value if item.quantity else None,
                "unit_code": item.quantity.unit_code if item.quantity else None,
            }
        )
    return rows


def _journal_row(call: Call, operation: str, head: Row) -> Row:
    return {
        **created_row(call, operation, head["id"]),
        "object_type": "lead",
        "new_status": head["life_cycle_status_code"],
    }
