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
from leadbridge.contract import codec
from leadbridge.messages import BusinessPartner, Extension, ExternalKey
from leadbridge.operations.call import Call, Policy, new_uuid
from leadbridge.operations.identifying import Key, pair
from leadbridge.operations.logitems import LogBuilder, LogItemType
from leadbridge.operations.selecting import day
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
    draft: BusinessPartner | None = None
    drafted_by: str | None = None  # the caller of a draft


@dataclass(slots=True)
class Rows:
    """A new business partner as rows: the partner, its identifications, addresses and communications.

    Its InternalID and its UUID come when it is written.
    """

    head: Row
    identifications: list[Row]
    addresses: list[Row]
    communications: list[Row]

    def parts(self) -> Iterable[Row]:
        """Every row that belongs to the partner."""
        yield from self.identifications
        yield from self.addresses
        yield from self.communications


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
    return Request(caller=call.caller, partner=partner, profile=found, rows=_rows(call, partner, found), path=path)


@dataclass(frozen=True, slots=True)
class References:
    """The existing business partners one caller refers to."""

    caller: Caller
    internal_ids: frozenset[str]
    uuids: frozenset[str]
    external_keys: frozenset[tuple[str, str]]


def external_lock_key(kind: str, caller: Caller, external_key: ExternalKey) -> str:
    """The name under which one caller's objects with one external key are created one at a time."""
    system, remote_object = pair(external_key)
    return f"{kind}/{caller.id}/{system}/{remote_object}"


_Owned: TypeAlias = tuple[str, str, str]  # caller, communication system, remote object


def _entry(row: Row) -> Entry:
    return Entry(
        internal_id=row["internal_id"],
        uuid=row["uuid"],
        change_number=row["change_number"],
        category_code=row["category_code"],
        match_name=row["match_name"] or "",
    )


class PartnerBook:
    """See the module. `numbers` gives InternalIDs to drafts, and may be set until the first is made; without it, for a
    check, they get none.

    What is stored is asked for at once and looked at when the first call asks.
    """

    def __init__(
        self,
        tx: Transaction,
        *,
        requests: Sequence[Request],
        references: Iterable[References] = (),
        numbers: Iterator[str] | None = None,
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
        self._asked_references = {one.caller.id: self._ask_references(tx, one) for one in references}
        self._referred: dict[str, Mapping[Key, Row]] = {}
        self._loaded = False

    def _load(self) -> None:
        """Look at what was asked for."""
        self._loaded = True
        self._load_candidates()
        self._known_to = self._load_known(self._tx, self._requests)
        self._load_owned()
        self._referred = {caller_id: _by_every_key(rows) for caller_id, rows in self._asked_references.items()}

    def _load_candidates(self) -> None:
        for row in self._asked_candidates:
            entry = self._entries.get(row["internal_id"])
            if entry is None:
                entry = self._entries[row["internal_id"]] = _entry(row)
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

    def _exists_for(self, caller: Caller, entry: Entry) -> bool:
        known = self._known_to.get(caller.id)
        return known is None or entry.drafted_by == caller.id or entry.internal_id in known

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
                if row["created_by"] == caller_id:  # who sees all is given other callers' partners as well
                    key = (caller_id, row["communication_system_id"], row["remote_object_id"])
                    self._owned[key] = self._entries.setdefault(row["internal_id"], _entry(row))

    @staticmethod
    def _ask_references(tx: Transaction, one: References) -> Sequence[Row]:
        return businesspartners.resolve(
            tx, one.caller, internal_ids=one.internal_ids, uuids=one.uuids, external_keys=one.external_keys
        )

    def referred(self, caller: Caller, key: Key) -> Row | None:
        """The partner a caller refers to by InternalID, UUID or external key; None when it may not or there is none."""
        if not self._loaded:
            self._load()
        found = self._referred.get(caller.id)
        return found.get(key) if found else None

    def find_or_draft(self, request: Request, code: DuplicateCheck, log: LogBuilder) -> Entry | None:
        """The entry a new partner becomes: an existing one, a draft, or None when it is refused (the Log says why)."""
        if not self._loaded:
            self._load()
        self._check(request, log)
        key = request.partner.external_key
        owned = self._owned.get((request.caller.id, *pair(key))) if key else None
        if owned is not None:
            return self._same_key(owned, request, code, log)
        decision = verdict(code, self._matches(request.caller, request.profile))
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
        if code is DuplicateCheck.LINK:
            note = f"Business partner {owned.internal_id} is taken: rule EXTERNAL_KEY, score 100 of 100."
            log.information(LogItemType.BUSINESS_PARTNER_LINKED, note, path)
            return None if log.failed else owned
        note = (
            f"Business partner {owned.internal_id} has this ExternalKey of yours; DuplicateCheckCode LINK answers it."
        )
        log.error(LogItemType.BUSINESS_PARTNER_EXTERNAL_KEY_TAKEN, note, path)
        return None

    def _matches(self, caller: Caller, new: Profile) -> list[Match]:
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
            if self._exists_for(caller, entry)
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
    """Partners by InternalID, UUID and external key."""
    found: dict[Key, Row] = {}
    for row in rows:
        found[row["internal_id"]] = found[row["uuid"]] = row
        if row["remote_object_id"] is not None:
            found[row["communication_system_id"], row["remote_object_id"]] = row
    return found


def _rows(call: Call, partner: BusinessPartner, profile: Profile) -> Rows:
    person, organisation = partner.person, partner.organisation
    reach, key = partner.communication, partner.external_key
    head: Row = {
        "change_number": 1,
        "created_by": call.caller.id,
        "created_at": call.received_at,
        "changed_at": call.received_at,
        "test_data": bool(call.message.basic_message_header.test_data_indicator),
        "sender_technical_id": partner.object_node_sender_technical_id,
        "communication_system_id": key.communication_system_id if key else None,
        "remote_object_id": key.remote_object_id if key else None,
        "category_code": partner.category_code.value,
        "role_codes": " ".join([role.value for role in partner.role_code]),
        "given_name": person.given_name if person else None,
        "family_name": person.family_name if person else None,
        "academic_title_code": person.academic_title_code if person else None,
        "gender_code": person.gender_code.value if person and person.gender_code else None,
        "birth_date": day(person.birth_date) if person and person.birth_date else None,
        "first_line_name": organisation.first_line_name if organisation else None,
        "second_line_name": organisation.second_line_name if organisation else None,
        "match_name": profile.match_name,
        "correspondence_language_code": reach.correspondence_language_code if reach else None,
        "contact_allowed_code": partner.contact_allowed_code.value if partner.contact_allowed_code else None,
        "extension": extension_bytes(partner.extension),
    }
    identifications: list[Row] = [
        {
            "position": position,
            "party_identifier_type_code": one.party_identifier_type_code,
            "business_partner_id": one.business_partner_id,
        }
        for position, one in enumerate(partner.identification)
    ]
    addresses: list[Row] = [
        {
            "position": position,
            "country_code": one.country_code,
            "region_code": one.region_code,
            "street_postal_code": one.street_postal_code,
            "city_name": one.city_name,
            "street_name": one.street_name,
            "house_id": one.house_id,
        }
        for position, one in enumerate(partner.address)
    ]
    communications: list[Row] = [
        {"position": position, "kind": kind, "value": value, "normalised": normalised}
        for position, (kind, value, normalised) in enumerate(profile.communications)
    ]
    return Rows(head, identifications, addresses, communications)


_EXTENSION = "{urn:leadbridge:common:1}Extension"


def extension_bytes(extension: Extension | None) -> bytes | None:
    """An Extension as it is stored: its XML, or nothing for an empty one."""
    if extension is None or not extension.other_element:
        return None
    return codec.encode_part(extension, _EXTENSION)
