"""Takes in one chunk of a bulk file: its leads are looked at, and in one transaction stored and given their verdicts.

The chunk is validated as a whole, in one call of libxml2; only where that refuses it are leads looked at one by one,
and those that are wrong explained. A lead that is wrong in any way, even in one that nobody foresaw, is a rejection:
the others are taken.
"""

import binascii
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import cast

from lxml import etree

from leadbridge.bulk.assignment import Job, LeadLimits
from leadbridge.bulk.crowds import crowded, may_be_crowded
from leadbridge.bulk.heading import read_heading
from leadbridge.bulk.splitting import Chunk, split
from leadbridge.contract import codec
from leadbridge.contract.files import NAMESPACES
from leadbridge.contract.hashing import RelativeNamespace
from leadbridge.contract.parsing import MalformedXml, attributes_of, parse
from leadbridge.contract.schema import ContractViolation, Violation, children_in_question, conforms, explainer, validate
from leadbridge.log import get_logger, new_correlation_id
from leadbridge.messages import BasicMessageHeader, LeadBulkRecord, LeadCreateRequestSync, LogItem
from leadbridge.operations.call import Call, Policy
from leadbridge.operations.lead_intake import LeadIntake, RecordOutcome, Verdict
from leadbridge.operations.logitems import LogBuilder, LogItemType
from leadbridge.operations.rejections import log_items_text
from leadbridge.operations.replay import record_key
from leadbridge.store import bulk
from leadbridge.store.database import Database
from leadbridge.store.dialects import is_transient
from leadbridge.store.errors import DatabaseUnreachable

log = get_logger(__name__)

ROOT = "/lbb:LeadBulk/lbb:Lead"
"""The path of a record in its file, for the Log."""

_LEAD = f"{{{NAMESPACES['lbb']}}}Lead"
_LOG_ITEM = f"{{{NAMESPACES['lbb']}}}LogItem"
_OTHER_AT = "/lbb:LeadBulk/*"
_OTHER = f"{_OTHER_AT}[2]"
_LEAD_NAMESPACE = NAMESPACES["lbl"]
_TECHNICAL_ID = f"{{{_LEAD_NAMESPACE}}}ObjectNodeSenderTechnicalID"
_EXTERNAL_KEY = f"{{{_LEAD_NAMESPACE}}}ExternalKey"
_BY_CONTENT = "c0a1f3de-6f0c-5d7e-9a53-2f0b7c41d8e6"  # in place of the UUID that a file does not have; never changes
_LONGEST_TECHNICAL_ID = 40  # the contract's maxLength
_LONGEST_PATH = 1_000  # characters, the contract's maxLength
_LONGEST_KEY = 1_000  # bytes of XML, with its namespaces
_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 2.0  # seconds between attempts, doubling
_MOST_TO_BLAME = 10  # records of a chunk that may fail unforeseen, each for a reason of its own
_MOST_ITEMS = 100  # LogItems of a lead, maxOccurs
_LONGEST_NAMESPACE = 1_000  # characters before the name of an element in Clark notation


@dataclass(slots=True)
class _Records:
    """A chunk's records: all elements, what is refused of them by their place, and the calls of the others."""

    elements: list[etree._Element]
    refused: dict[int, list[LogItem]] = field(default_factory=dict)
    calls: dict[int, Call] = field(default_factory=dict)

    def refuse(self, place: int, items: list[LogItem]) -> None:
        self.refused[place] = items[:_MOST_ITEMS]
        self.calls.pop(place, None)

    def refuse_as(self, place: int, type_id: LogItemType, note: str) -> None:
        builder = LogBuilder(_technical_id(self.elements[place]))
        builder.error(type_id, note, ROOT)
        self.refuse(place, builder.log().item)


class Intake:
    """Takes the chunks of one job in. `patience` is how many seconds it waits for a database that does not answer.

    Chunks come from one file, in any order, also several times; each is taken once.
    """

    def __init__(
        self,
        database: Database,
        job: Job,
        *,
        policy: Policy,
        limits: LeadLimits,
        patience: float,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._job = job
        self._policy = policy
        self._limits = limits
        self._patience = patience
        self._clock = clock

    def take(self, chunk: Chunk) -> dict[str, int] | None:
        """Store the chunk's leads; how many got which verdict. None where there is nothing to do: the chunk has been
        taken before, or the job is not running any more.

        Raises DatabaseUnreachable when patience is at its end; whatever else it raises no record is to blame for.
        """
        records = self._records(chunk)
        try:
            return self._commit(chunk, records)
        except DatabaseUnreachable:
            raise
        except Exception:
            if not self._refuse_what_fails(chunk, records):
                raise
        return self._commit(chunk, records)

    # ---------------------------------------------------------------------------------------- from bytes to calls

    def _records(self, chunk: Chunk) -> _Records:
        root, unreadable = _parsed(chunk, self._limits)
        elements = list(root)[1:]
        records = _Records(elements)
        for place, (kind, note) in unreadable.items():
            records.refuse_as(place, kind, note)
        for place, damage in chunk.damaged.items():
            records.refuse_as(place, LogItemType.BULK_RECORD_DAMAGED, damage)
        if not conforms(root):
            for place, violations in _violations(root, elements).items():
                if place not in records.refused:
                    records.refuse(place, _items(elements[place], violations))
        header = codec.decode_part(root[0], BasicMessageHeader)
        now = self._clock()
        for place, element in enumerate(elements):
            if place not in records.refused:
                self._add_call(records, place, element, header, now)
        return records

    def _add_call(
        self, records: _Records, place: int, element: etree._Element, header: BasicMessageHeader, now: datetime
    ) -> None:
        if element[-1].tag == _LOG_ITEM:  # it comes from a file of rejections
            for item in element.findall(_LOG_ITEM):
                element.remove(item)
        try:
            lead, content = codec.decode_part_hashed(element, LeadBulkRecord)
        except binascii.Error:  # base64 that is none; libxml2 lets it pass
            root = element.getparent()
            assert root is not None  # its file
            shell = _shell(root)
            shell.append(element)
            records.refuse(place, _items(element, explainer().explain(shell)))
            return
        except RelativeNamespace:
            note = "A namespace of the record is a relative address. Use an absolute one, such as urn:name."
            records.refuse_as(place, LogItemType.BULK_RECORD_DAMAGED, note)
            return
        partner = lead.prospect_party.new_business_partner
        if (lead.extension or (partner and partner.extension)) and (beyond := _beyond(element, self._limits)):
            records.refuse_as(place, LogItemType.BULK_RECORD_TOO_LARGE, beyond)
            return
        records.calls[place] = Call(
            caller=self._job.caller,
            message=LeadCreateRequestSync(basic_message_header=header, lead=lead),
            content_hash=content,
            received_at=now,
            correlation_id=self._job.correlation_id,
        )

    # ------------------------------------------------------------------------------------------------ into the store

    def _commit(self, chunk: Chunk, records: _Records) -> dict[str, int] | None:
        """One transaction, tried again while the database is away or other transactions are in the way."""
        until = time.monotonic() + self._patience
        pause = _FIRST_PAUSE
        while True:
            intake = self._intake(records.calls)
            try:
                return self._write(chunk, records, intake)
            except Exception as error:
                worth_a_try = isinstance(error, DatabaseUnreachable) or is_transient(error)
                if not worth_a_try or time.monotonic() > until:
                    raise
                log.warning(
                    "chunk is tried again", job_id=self._job.id, chunk=chunk.number, reason=type(error).__name__
                )
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _intake(self, calls: dict[int, Call]) -> LeadIntake:
        file_uuid = self._job.file_uuid
        return LeadIntake(
            list(calls.values()),
            record_keys=[_record_key(call, by_content=file_uuid is None) for call in calls.values()],
            file_uuid=file_uuid or _BY_CONTENT,
            policy=self._policy,
            root=ROOT,
        )

    def _write(self, chunk: Chunk, records: _Records, intake: LeadIntake) -> dict[str, int] | None:
        with self._database.write() as tx:
            if not bulk.begin_chunk(tx, self._job.id, chunk.number):
                return None
            outcomes = {place: RecordOutcome(Verdict.REJECTED, items) for place, items in records.refused.items()}
            if records.calls:
                outcomes.update(zip(records.calls, intake.write(tx), strict=True))
            counts = Counter(outcome.verdict.value for outcome in outcomes.values())
            rejections = [
                _rejection(chunk.first + place, records.elements[place], outcomes[place])
                for place in sorted(outcomes)
                if outcomes[place].verdict in (Verdict.DUPLICATE, Verdict.REJECTED)
            ]
            bulk.finish_chunk(tx, self._job.id, chunk.number, counts, rejections, self._clock())
        return {name: counts[name] for name in Verdict}

    def _refuse_what_fails(self, chunk: Chunk, records: _Records) -> bool:
        """Refuse the records that cannot be stored even alone; whether they were to blame. What is tried is not kept.

        Where many fail, it is something else that ails, and no lead may be turned away for it.
        """
        failed = 0
        for place, call in list(records.calls.items()):
            try:
                with self._database.write() as tx:
                    self._intake({place: call}).write(tx)
                    tx.flush()
                    raise _NotKept
            except _NotKept:
                continue
            except DatabaseUnreachable:
                raise
            except Exception:
                reference = new_correlation_id()
                record = chunk.first + place
                log.exception("record failed", job_id=self._job.id, record=record, correlation_id=reference)
                note = f"An unforeseen error. It is logged as {reference}."
                records.refuse_as(place, LogItemType.BULK_RECORD_FAILED, note)
                failed += 1
                if failed > _MOST_TO_BLAME:
                    return False
        return failed > 0


class _NotKept(Exception):
    """Rolls a trial back."""


_UNREADABLE = (
    LogItemType.BULK_RECORD_DAMAGED,
    "The record cannot be read: names, nesting or texts are beyond what XML parsers take. Only its keys are kept.",
)


def _parsed(chunk: Chunk, limits: LeadLimits) -> tuple[etree._Element, dict[int, tuple[LogItemType, str]]]:
    """The chunk's document, and the places of records that are not taken as they are; they are empty there.

    Those are records that libxml2 does not take, and those with more attributes on one element than are allowed:
    whatever looks at these afterwards takes the square of their number.
    """
    if not may_be_crowded(chunk.document, limits):
        try:
            return parse(chunk.document), {}
        except MalformedXml:
            pass
    heading = read_heading(chunk.document)
    assert heading is not None  # every chunk begins with one
    root = parse(heading.opening + heading.closing)
    unreadable: dict[int, tuple[LogItemType, str]] = {}
    for place, alone in enumerate(split([chunk.document], chunk_records=1)):
        if (crowd := crowded(alone.document, limits)) is not None:
            unreadable[place] = LogItemType.BULK_RECORD_TOO_LARGE, f"{crowd} Only its keys are kept."
        else:
            try:
                root.append(parse(alone.document)[1])
                continue
            except MalformedXml:
                unreadable[place] = _UNREADABLE
        root.append(_keys_only(alone.document))
    return root, unreadable


def _keys_only(document: bytes) -> etree._Element:
    """A Lead with no more than the keys of the one in this file, by which its sender knows it again.

    It could not be given back whole: whoever reads the rejections would not get past it either.
    """
    lead = etree.Element(_LEAD)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True, recover=True, remove_comments=True
    )
    found = etree.fromstring(document, parser)
    for name in (_TECHNICAL_ID, _EXTERNAL_KEY):
        key = found[1].find(name)
        if key is not None and len(text := _alone(key)) <= _LONGEST_KEY:
            with suppress(MalformedXml):
                lead.append(parse(text))
    return lead


def _shell(root: etree._Element) -> etree._Element:
    """A file like this one, without records."""
    shell = etree.Element(root.tag, nsmap=cast("dict[str, str]", root.nsmap))  # the stub has no default namespace
    shell.append(parse(etree.tostring(root[0], with_tail=False)))
    return shell


def _violations(root: etree._Element, elements: list[etree._Element]) -> dict[int, list[Violation]]:
    """What is wrong with the records of a file that does not conform, by their place; they are taken out of it.

    First those are looked at that libxml2 points to; nearly always the others are right, which it then says at once.
    """
    shell = _shell(root)
    found: dict[int, list[Violation]] = {}

    def look_at(places: Iterable[int]) -> None:
        for place in places:
            if violations := _violations_alone(shell, elements[place]):
                found[place] = violations

    questionable = children_in_question(root)
    look_at([place for place, element in enumerate(elements) if element in questionable])
    if len(found) < len(elements) and not conforms(root):
        look_at([place for place in range(len(elements)) if place not in found])
    return found


def _violations_alone(shell: etree._Element, element: etree._Element) -> list[Violation]:
    """What is wrong with one record; a right one goes back to where it stood."""
    root = element.getparent()
    assert root is not None  # its file
    place = root.index(element)
    shell.append(element)
    try:
        validate(shell)
    except ContractViolation as violation:
        return violation.violations
    else:
        root.insert(place, element)
        return []
    finally:
        if element.getparent() is shell:
            shell.remove(element)


def _items(element: etree._Element, violations: Iterable[Violation]) -> list[LogItem]:
    builder = LogBuilder(_technical_id(element))
    found = list(violations)
    # That the file lacks a Lead says nothing of a record that is none.
    for violation in [one for one in found if one.path.startswith("/lbb:LeadBulk/")] or found:
        note = f"{violation.rule}: expected {violation.expected}"
        builder.error(LogItemType.BULK_CONTRACT_VIOLATION, note, violation.path)
    return builder.log().item


def _technical_id(element: etree._Element) -> str | None:
    """The sender's own key of a lead, where it has one that may stand in a Log."""
    found = element.findtext(_TECHNICAL_ID)
    return found if found and len(found) <= _LONGEST_TECHNICAL_ID else None


def _record_key(call: Call, *, by_content: bool) -> str:
    """What tells a record from the others of its file."""
    lead: LeadBulkRecord = call.message.lead
    test_data = bool(call.message.basic_message_header.test_data_indicator)
    if by_content:
        return record_key(None, None, call.content_hash, test_data=test_data)
    return record_key(lead.object_node_sender_technical_id, lead.external_key, call.content_hash, test_data=test_data)


def _rejection(record: int, element: etree._Element, outcome: RecordOutcome) -> dict[str, object]:
    return {
        "record": record,
        "verdict": outcome.verdict.value,
        "lead": _alone(element),
        "log_items": log_items_text(_located(item, record) for item in outcome.items),
    }


def _alone(element: etree._Element) -> bytes:
    """A record with the namespaces it uses: its file may declare a thousand, which must not be kept for each record.

    A prefix that only a value uses, such as that of xsi:type, stays declared only where the record declares it.
    """
    copy = deepcopy(element)  # takes along what names use
    return etree.tostring(copy, with_tail=False, encoding="utf-8")


def _located(item: LogItem, record: int) -> LogItem:
    """A log item of a record that was looked at alone, with the record's place in the file in its path."""
    path = item.reference_message_element_name or ROOT
    if path.startswith(ROOT):
        path = f"{ROOT}[{record}]{path.removeprefix(ROOT)}"
    elif path.startswith(_OTHER):  # no Lead; the header is the first child of the root
        path = f"{_OTHER_AT}[{record + 1}]{path.removeprefix(_OTHER)}"
    return replace(item, reference_message_element_name=path[:_LONGEST_PATH])


def _beyond(lead: etree._Element, limits: LeadLimits) -> str | None:
    """Which limit a lead with an Extension goes beyond."""
    elements = list(lead.iter("*"))
    if len(elements) > limits.most_elements:
        return f"The lead has more than {limits.most_elements:,} elements."
    for element in elements:
        if len(element.tag) > limits.longest_name + _LONGEST_NAMESPACE:
            return f"A name has more than {limits.longest_name:,} characters."
        if len(element.text or "") > limits.longest_text or len(element.tail or "") > limits.longest_text:
            return f"A text has more than {limits.longest_text:,} characters."
        if any(len(name) + len(value) > limits.longest_attribute_value for name, value in attributes_of(element)):
            return f"An attribute has more than {limits.longest_attribute_value:,} characters."
    if _deeper_than(limits.deepest_element)(lead):
        return f"The lead has elements more than {limits.deepest_element:,} levels deep."
    return None


@lru_cache
def _deeper_than(levels: int) -> etree.XPath:
    """Whether an element, itself level 1, has some below this level."""
    return etree.XPath(f"boolean({'/'.join('*' * levels)})")
