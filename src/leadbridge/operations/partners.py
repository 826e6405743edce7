"""The business partners one batch of calls speaks of: found, linked to, or drafted to be created.

CreateBusinessPartner and CreateLead share this. A `PartnerBook` is opened with everything the batch needs to
know, in a few statements; then each call asks it in turn, so that a partner drafted for one call is found by
the next; at the end the drafts are written together.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from leadbridge import matching
from leadbridge.businesspartner import (
    DuplicateCheck,
    Match,
    Proceeding,
    formatted_name,
    match,
    verdict,
)
from leadbridge.caller import Caller, Visibility
from leadbridge.messages import BusinessPartner, ExternalKey
from leadbridge.operations.call import Call, Policy, by_caller, new_uuid
from leadbridge.operations.identifying import Key, pair
from leadbridge.operations.logitems import LogBuilder, LogItemType
from leadbridge.operations.partner_rows import Rows, rows_of
from leadbridge.store import businesspartners
from leadbridge.store.database import Transaction
from leadbridge.store.inserts import Row


@dataclass(slots=True)
class Profile:
    """What of a new business partner is compared with others, normalised once.

    `communications` are (kind, value as sent, value normalised or None); what cannot be normalised is not compared.
    """

    category_code: str
    match_name: str
    communications: list[tuple[str, str, str | None]]
    identifications: list[tuple[str, str]]
    values: Collection[str]  # the normalised e-mail addresses and numbers, each once


def profile(partner: BusinessPartner, policy: Policy) -> Profile:
    """The profile of a partner as sent."""
    reach, region = partner.communication, policy.default_phone_region
    communications: list[tuple[str, str, str | None]] = []
    if reach:
        communications += [("email", uri, matching.normalise_email(uri)) for uri in reach.email_uri]
        for kind, numbers in (("phone", reach.phone_number), ("mobile", reach.mobile_number)):
            communications += [(kind, number, matching.normalise_phone(number, region)) for number in numbers]
    return Profile(
        category_code=partner.category_code.value,
        match_name=matching.normalise_name(name_of(partner)),
        communications=communications,
        identifications=[(one.party_identifier_type_code, one.business_partner_id) for one in partner.identification],
        values=dict.fromkeys([normalised for _, _, normalised in communications if normalised]),
    )


def name_of(partner: BusinessPartner) -> str:
    """The name of a partner as sent, as people read it."""
    if partner.person:
        return formatted_name(given_name=partner.person.given_name, family_name=partner.person.family_name)
    organisation = partner.organisation
    assert organisation is not None  # the contract's choice
    return formatted_name(first_line_name=organisation.first_line_name, second_line_name=organisation.second_line_name)


@dataclass(slots=True)
class Entry:
    """A business partner that exists or is about to: who it is, and what the duplicate check compares.

    `internal_id` is None for a draft of a mere check, which uses no number.
    """

    internal_id: str | None
    uuid: str
    change_number: int
    category_code: str
    match_name: str
    test_data: bool
    contact_allowed_code: str | None
    draft: BusinessPartner | None = None
    drafted_by: str | None = None  # the caller of a draft


@dataclass(slots=True)
class Request:
    """A new business partner one call brings: who sends it, its profile, its rows, and its path for the Log.

    All of it is made before anything is asked of the store, where nobody waits for it.
    """

    caller: Caller
    partner: BusinessPartner
    profile: Profile
    rows: Rows
    path: str

    def lock_keys(self) -> list[str]:
        """Names under which creating this partner and one like it are one at a time."""
        new = self.profile
        keys = [f"partner/{value}" for value in new.values]
        keys += [f"partner/{kind}/{number}" for kind, number in new.identifications]
        if self.partner.external_key:
            keys.append(external_lock_key("partner-key", self.caller, self.partner.external_key))
        return keys


def request(call: Call, partner: BusinessPartner, path: str, policy: Policy) -> Request:
    """The new business partner that `call` brings at `path`."""
    found = profile(partner, policy)
    rows = rows_of(call, partner, match_name=found.match_name, communications=found.communications)
    return Request(caller=call.caller, partner=partner, profile=found, rows=rows, path=path)


@dataclass(frozen=True, slots=True)
class References:
    """The existing business partners one caller refers to."""

    caller: Caller
    internal_ids: frozenset[str]
    uuids: frozenset[str]
    external_keys: frozenset[tuple[str, str]]


def references_of(calls: Sequence[Call]) -> list[References]:
    """The existing business partners that calls with a lead, new or changed, refer to, caller by caller."""
    found = []
    for group in by_caller(calls):
        prospects = [party for call in group if (party := call.message.lead.prospect_party) is not None]
        contacts = {one.business_partner_internal_id for call in group for one in call.message.lead.contact_party}
        references = References(
            caller=group[0].caller,
            internal_ids=frozenset(contacts)
            | {one.business_partner_internal_id for one in prospects if one.business_partner_internal_id},
            uuids=frozenset(one.business_partner_uuid.lower() for one in prospects if one.business_partner_uuid),
            external_keys=frozenset(pair(one.external_key) for one in prospects if one.external_key),
        )
        if references.internal_ids or references.uuids or references.external_keys:
            found.append(references)
    return found


def hold(tx: Transaction, references: Sequence[References]) -> Sequence[Row]:
    """Keep merges off the business partners referred to, all in one statement; see `businesspartners.hold`."""
    return businesspartners.hold(
        tx,
        internal_ids=frozenset().union(*(one.internal_ids for one in references)),
        uuids=frozenset().union(*(one.uuids for one in references)),
        external_keys=frozenset().union(*(one.external_keys for one in references)),
    )


def external_lock_key(kind: str, caller: Caller, external_key: ExternalKey) -> str:
    """The name under which one caller's objects with one external key are created one at a time."""
    system, remote_object = pair(external_key)
    return f"{kind}/{caller.id}/{system}/{remote_object}"


def lock_keys_of(row: Row) -> list[str]:
    """The names under which a new partner finds a stored one (`Request.lock_keys`), as far as the row has them."""
    keys = [f"partner/{one['normalised']}" for one in row.get("communications", ()) if one["normalised"]]
    numbers = row.get("identifications", ())
    keys += [f"partner/{one['party_identifier_type_code']}/{one['business_partner_id']}" for one in numbers]
    if row["remote_object_id"] is not None:
        key = f"{row['communication_system_id']}/{row['remote_object_id']}"
        keys.append(f"partner-key/{row['created_by']}/{key}")
    return keys


_Owned: TypeAlias = tuple[str, str, str]  # caller, communication system, remote object


def _entry(row: Row) -> Entry:
    return Entry(
        internal_id=row["internal_id"],
        uuid=row["uuid"],
        change_number=row["change_number"],
        category_code=row["category_code"],
        match_name=row["match_name"] or "",
        test_data=bool(row["test_data"]),
        contact_allowed_code=row["contact_allowed_code"],
    )


class PartnerBook:
    """See the module. `numbers` gives InternalIDs to drafts, and may be set until the first is made; without it, for a
    check, they get none. It `holds` the partners referred to, unless nothing is to be written.

    What is stored is asked for at once and looked at when the first call asks.
    """

    def __init__(
        self,
        tx: Transaction,
        *,
        requests: Sequence[Request],
        references: Iterable[References] = (),
        numbers: Iterator[str] | None = None,
        holds: bool = True,
    ) -> None:
        self._tx = tx
        self.numbers = numbers
        self._requests = requests
        self._entries: dict[str, Entry] = {}
        self._by_value: dict[str, list[Entry]] = {}
        self._by_identification: dict[tuple[str, str], list[Entry]] = {}
        self._drafts: list[tuple[Request, Entry]] = []
        self._known_to: dict[str, set[str]] = {}
        self._owned: dict[_Owned, Entry] = {}
        self._asked_candidates = businesspartners.candidates(
            tx,
            normalised={value for one in requests for value in one.profile.values},
            identifications={each for one in requests for each in one.profile.identifications},
        )
        self._asked_owned = self._ask_owned(tx, requests)
        self._references = list(references)
        self._held: set[str] = set()
        self._holds = holds
        self._asked_held = hold(tx, self._references) if holds else ()
        self._asked_references = self._ask_references(self._references)
        self._referred: dict[str, Mapping[Key, Row]] = {}
        self._loaded = False

    def _load(self) -> None:
        """Look at what was asked for."""
        self._loaded = True
        self._load_candidates()
        self._known_to = self._load_known(self._tx, self._requests)
        self._load_owned()
        self._load_references()

    def _load_references(self) -> None:
        asked = self._asked_references
        if self._holds:
            self._held = {row["internal_id"] for row in self._asked_held}
            # What was merged after its row was held and before it was resolved is another one's now: that is held too.
            while missing := {row["internal_id"] for rows in asked.values() for row in rows} - self._held:
                self._held |= {row["internal_id"] for row in businesspartners.hold(self._tx, internal_ids=missing)}
                asked = self._ask_references(self._references)
        self._referred = {caller_id: _by_every_key(rows) for caller_id, rows in asked.items()}

    def _load_candidates(self) -> None:
        compared: dict[str, Entry] = {}  # one that was merged is compared under its own name
        for row in self._asked_candidates:
            entry = compared.get(row["named_internal_id"])
            if entry is None:
                entry = compared[row["named_internal_id"]] = _entry(row)
                self._entries.setdefault(row["internal_id"], entry)
            if row["normalised"] is not None:
                self._by_value.setdefault(row["normalised"], []).append(entry)
            else:
                identification = (row["party_identifier_type_code"], row["business_partner_id"])
                self._by_identification.setdefault(identification, []).append(entry)

    def _load_known(self, tx: Transaction, requests: Sequence[Request]) -> dict[str, set[str]]:
        """Which of the candidates exist for each caller that does not see everything.

        A duplicate is looked for only among the business partners that a caller may refer to. Otherwise the check
        would tell a partner who the others' customers are, and a link would open their data to it.
        """
        restricted = {one.caller.id: one.caller for one in requests if one.caller.visibility is not Visibility.ALL}
        if not self._entries or not restricted:
            return {caller_id: set() for caller_id in restricted}
        return {
            caller.id: {row["internal_id"] for row in businesspartners.resolve(tx, caller, internal_ids=self._entries)}
            for caller in restricted.values()
        }

    def _exists_for(self, request: Request, entry: Entry) -> bool:
        """Whether a new partner is compared with an entry: both or neither are test data, and the caller knows it."""
        known, alike = self._known_to.get(request.caller.id), entry.test_data == request.rows.head["test_data"]
        return alike and (known is None or entry.drafted_by == request.caller.id or entry.internal_id in known)

    @staticmethod
    def _ask_owned(tx: Transaction, requests: Sequence[Request]) -> dict[str, Sequence[Row]]:
        """The partners that the callers have under the external keys of their new ones, caller by caller."""
        keys: dict[str, tuple[Caller, set[tuple[str, str]]]] = {}
        for one in requests:
            if one.partner.external_key:
                keys.setdefault(one.caller.id, (one.caller, set()))[1].add(pair(one.partner.external_key))
        return {caller.id: businesspartners.resolve(tx, caller, external_keys=pairs) for caller, pairs in keys.values()}

    def _load_owned(self) -> None:
        for caller_id, rows in self._asked_owned.items():
            for row in rows:
                if row["named_created_by"] == caller_id:  # who sees all is given other callers' partners as well
                    key = (caller_id, row["named_communication_system_id"], row["named_remote_object_id"])
                    self._owned[key] = self._entries.setdefault(row["internal_id"], _entry(row))

    def _ask_references(self, references: Sequence[References]) -> dict[str, Sequence[Row]]:
        return {
            one.caller.id: businesspartners.resolve(
                self._tx, one.caller, internal_ids=one.internal_ids, uuids=one.uuids, external_keys=one.external_keys
            )
            for one in references
        }

    def referred(self, caller: Caller, key: Key) -> Row | None:
        """The partner a caller refers to by InternalID, UUID or external key; None when it may not or there is none.

        Of one that was merged it is the master.
        """
        if not self._loaded:
            self._load()
        found = self._referred.get(caller.id)
        return found.get(key) if found else None

    def stored_ids(self) -> set[str]:
        """The partners in the store that a new one of the batch may turn out to be."""
        if not self._loaded:
            self._load()
        return {one.internal_id for one in self._entries.values() if one.draft is None and one.internal_id is not None}

    def master(self, internal_id: str) -> str:
        """What a business partner has become part of, whoever asks; itself where it was not merged."""
        return businesspartners.masters(self._tx, {internal_id}).get(internal_id, internal_id)

    def reads(self, caller: Caller, internal_id: str) -> bool:
        """Whether a caller may read a business partner that it refers to; one that is drafted is its own."""
        return self.drafted(internal_id) is not None or bool(businesspartners.load(self._tx, caller, {internal_id}))

    def drafted(self, internal_id: str) -> BusinessPartner | None:
        """The partner of this number as it was sent, if it is one that is drafted here."""
        entry = self._entries.get(internal_id)
        return entry.draft if entry else None

    def find_or_draft(self, request: Request, code: DuplicateCheck, log: LogBuilder) -> Entry | None:
        """The entry a new partner becomes: an existing one, a draft, or None when it is refused (the Log says why)."""
        if not self._loaded:
            self._load()
        self._check(request, log)
        key = request.partner.external_key
        owned = self._owned.get((request.caller.id, *pair(key))) if key else None
        if owned is not None:
            return self._same_key(owned, request, code, log)
        decision = verdict(code, self._matches(request))
        found = decision.match
        if found is not None:
            note = f"rule {found.rule.value}, score {found.score} of 100"
            if decision.proceeding is Proceeding.REJECT:
                log.error(
                    LogItemType.BUSINESS_PARTNER_DUPLICATE,
                    f"Business partner {found.internal_id} seems to be the same: {note}. "
                    "DuplicateCheckCode LINK answers it, CREATE creates another one.",
                    request.path,
                )
                return None
            if decision.proceeding is Proceeding.LINK:
                log.information(
                    LogItemType.BUSINESS_PARTNER_LINKED,
                    f"Business partner {found.internal_id} is taken: {note}.",
                    request.path,
                )
                return None if log.failed else self._entries[found.internal_id]
            log.warning(
                LogItemType.BUSINESS_PARTNER_DUPLICATE,
                f"Business partner {found.internal_id} seems to be the same: {note}. Created all the same.",
                request.path,
            )
        return None if log.failed else self._draft(request)

    def _check(self, request: Request, log: LogBuilder) -> None:
        partner = request.partner
        if (partner.category_code.value == "1") != (partner.person is not None):
            log.error(
                LogItemType.BUSINESS_PARTNER_CATEGORY_MISMATCH,
                "CategoryCode 1 needs Person, 2 needs Organisation.",
                f"{request.path}/lbc:CategoryCode",
            )
        roles = [role.value for role in partner.role_code]
        if len(set(roles)) != len(roles):
            log.error(
                LogItemType.BUSINESS_PARTNER_ROLE_REPEATED,
                "Each RoleCode may stand once.",
                f"{request.path}/lbc:RoleCode",
            )

    @staticmethod
    def _same_key(owned: Entry, request: Request, code: DuplicateCheck, log: LogBuilder) -> Entry | None:
        """What becomes of a new partner whose sender has one with its ExternalKey: no doubt which one is meant."""
        path = f"{request.path}/lbc:ExternalKey"
        if owned.test_data != request.rows.head["test_data"]:
            note = (
                f"Business partner {owned.internal_id} has this ExternalKey of yours, and one of the two is test data."
            )
            log.error(LogItemType.BUSINESS_PARTNER_EXTERNAL_KEY_TAKEN, note, path)
            return None
        if code is DuplicateCheck.LINK:
            note = f"Business partner {owned.internal_id} is taken: rule EXTERNAL_KEY, score 100 of 100."
            log.information(LogItemType.BUSINESS_PARTNER_LINKED, note, path)
            return None if log.failed else owned
        note = f"Business partner {owned.internal_id} has this ExternalKey of yours; DuplicateCheckCode LINK answers it"
        note += ", unless one of the two is test data."
        log.error(LogItemType.BUSINESS_PARTNER_EXTERNAL_KEY_TAKEN, note, path)
        return None

    def _matches(self, request: Request) -> list[Match]:
        new = request.profile
        seen: dict[int, Entry] = {}
        equal: dict[int, set[str]] = {}
        for kind, _, value in new.communications:
            for entry in self._by_value.get(value, ()) if value else ():
                seen[id(entry)] = entry
                equal.setdefault(id(entry), set()).add("email" if kind == "email" else "phone")
        for one in new.identifications:
            for entry in self._by_identification.get(one, ()):
                seen[id(entry)] = entry
                equal.setdefault(id(entry), set()).add("identification")
        if not seen:
            return []
        judged = (
            match(
                internal_id=entry.internal_id or "",
                same_category=entry.category_code == new.category_code,
                identification_equal="identification" in equal[key],
                email_equal="email" in equal[key],
                phone_equal="phone" in equal[key],
                name_score=matching.name_score(entry.match_name, new.match_name),
            )
            for key, entry in seen.items()
            if self._exists_for(request, entry)
        )
        return [one for one in judged if one is not None]

    def _draft(self, request: Request) -> Entry:
        new = request.profile
        entry = Entry(
            internal_id=next(self.numbers) if self.numbers else None,
            uuid=new_uuid(),
            change_number=1,
            category_code=new.category_code,
            match_name=new.match_name,
            test_data=request.rows.head["test_data"],
            contact_allowed_code=request.rows.head["contact_allowed_code"],
            draft=request.partner,
            drafted_by=request.caller.id,
        )
        if entry.internal_id is not None:
            self._entries[entry.internal_id] = entry
        for value in new.values:
            self._by_value.setdefault(value, []).append(entry)
        for one in new.identifications:
            self._by_identification.setdefault(one, []).append(entry)
        if request.partner.external_key:
            self._owned[(request.caller.id, *pair(request.partner.external_key))] = entry
        self._drafts.append((request, entry))
        return entry

    def write(self) -> dict[str, Row]:
        """Insert all drafts; they are returned as `businesspartners.load` would give them, by InternalID."""
        for request, entry in self._drafts:
            rows, internal_id = request.rows, entry.internal_id
            rows.head["internal_id"], rows.head["uuid"] = internal_id, entry.uuid
            for part in rows.parts():
                part["internal_id"] = internal_id
        written = [request.rows for request, _ in self._drafts]
        businesspartners.insert(
            self._tx,
            partners=[one.head for one in written],
            identifications=[row for one in written for row in one.identifications],
            addresses=[row for one in written for row in one.addresses],
            communications=[row for one in written for row in one.communications],
        )
        return {
            one.head["internal_id"]: {
                **one.head,
                "identifications": one.identifications,
                "addresses": one.addresses,
                "communications": one.communications,
            }
            for one in written
        }


def _by_every_key(rows: Iterable[Row]) -> Mapping[Key, Row]:
    """Partners by the InternalID, UUID and external key they were named by."""
    found: dict[Key, Row] = {}
    for row in rows:
        found[row["named_internal_id"]] = found[row["named_uuid"]] = row
        if row["named_remote_object_id"] is not None:
            found[row["named_communication_system_id"], row["named_remote_object_id"]] = row
    return found
