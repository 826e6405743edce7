"""How a change's lists meet the lists a lead has: items, notes, contacts, questionnaire answers.

Pure functions over rows. A list sent as complete transmission takes the place of the old one; otherwise each
part does what its actionCode says. Source: the contract's ChangeLead and its code list actionCode.
"""

from collections.abc import Sequence
from datetime import datetime

from leadbridge.lead import next_item_id
from leadbridge.messages import (
    ActionCode,
    ContactPartyChange,
    Document,
    LeadItemChange,
    NoteChange,
    QuestionnaireAnswer,
)
from leadbridge.operations.logitems import LogBuilder, LogItemType
from leadbridge.store.inserts import Row

# What LeadDetails can give back; a list never grows beyond it.
MOST_ITEMS = 100
MOST_CONTACTS = 10
MOST_ANSWERS = 50
MOST_NOTES = 1000

_CREATE, _UPDATE, _DELETE = ActionCode.VALUE_01, ActionCode.VALUE_02, ActionCode.VALUE_03


def changed_items(
    old: Sequence[Row], changes: Sequence[LeadItemChange], *, complete: bool, path: str, log: LogBuilder
) -> list[Row]:
    """The items after the change; an item is found by ID, else by ObjectNodeSenderTechnicalID."""
    rows = [dict(row) for row in old]
    touched: list[Row] = []
    deleted: list[Row] = []
    used = [row["item_id"] for row in rows] + [change.id for change in changes if change.id]
    for position, change in enumerate(changes, 1):
        here = f"{path}[{position}]"
        row = _item(rows, change)
        if row is not None and any(row is other for other in (*touched, *deleted)):
            log.error(LogItemType.LEAD_ITEM_REPEATED, "The same Item is named twice.", here)
        elif not _allowed(change.action_code, row is not None, log, here, "Item"):
            continue
        elif change.action_code is _DELETE:
            assert row is not None  # _allowed
            deleted.append(row)
        elif row is not None:
            _update_item(row, change)
            touched.append(row)
        elif change.product_id is None:
            log.error(
                LogItemType.LEAD_ITEM_PRODUCT_MISSING,
                "A new Item needs a ProductID.",
                f"{here}/lbl:ProductID",
            )
        else:
            row = _new_item(change, used)
            if change.id is None:
                log.follows(LogItemType.LEAD_ITEM_NUMBERED, f"The Item was numbered {row['item_id']}.", here)
            rows.append(row)
            touched.append(row)
    kept = touched if complete else [row for row in rows if not any(row is other for other in deleted)]
    return _numbered(kept, MOST_ITEMS, path, log)


def _item(rows: Sequence[Row], change: LeadItemChange) -> Row | None:
    if change.id is not None:
        return next((row for row in rows if row["item_id"] == change.id), None)
    key = change.object_node_sender_technical_id
    return next((row for row in rows if key is not None and row["sender_technical_id"] == key), None)


def _allowed(action: ActionCode | None, exists: bool, log: LogBuilder, path: str, part: str) -> bool:
    """Whether an actionCode fits: 01 wants nothing to be there, 02 and 03 something; 04 and none want nothing."""
    if action is _CREATE and exists:
        types = {"Item": LogItemType.LEAD_ITEM_EXISTS, "ContactParty": LogItemType.LEAD_CONTACT_EXISTS}
        log.error(types[part], f"actionCode 01, but this {part} exists; 02 or 04 changes it.", path)
        return False
    if action in (_UPDATE, _DELETE) and not exists:
        types = {"Item": LogItemType.LEAD_ITEM_UNKNOWN, "ContactParty": LogItemType.LEAD_CONTACT_UNKNOWN}
        log.error(types[part], f"The lead has no such {part}; 01 or 04 creates it.", path)
        return False
    return True


def _update_item(row: Row, change: LeadItemChange) -> None:
    if change.object_node_sender_technical_id is not None:
        row["sender_technical_id"] = change.object_node_sender_technical_id
    if change.product_id is not None:
        row["product_id"] = change.product_id
    if change.description is not None:
        row["description"] = change.description
    if change.quantity is not None:
        row["quantity"], row["unit_code"] = change.quantity.value, change.quantity.unit_code


def _new_item(change: LeadItemChange, used: list[str]) -> Row:
    item_id = change.id
    if item_id is None:
        item_id = next_item_id(used)
        used.append(item_id)
    return {
        "item_id": item_id,
        "sender_technical_id": change.object_node_sender_technical_id,
        "product_id": change.product_id,
        "description": change.description,
        "quantity": change.quantity.value if change.quantity else None,
        "unit_code": change.quantity.unit_code if change.quantity else None,
    }


def changed_notes(
    old: Sequence[Row],
    changes: Sequence[NoteChange],
    *,
    complete: bool,
    now: datetime,
    path: str,
    log: LogBuilder,
) -> list[Row]:
    """The notes after the change.

    A note has no number of its own: typed ones are known by typeCode and languageCode, untyped ones by their
    text. 01 always adds one. 04 replaces the latest note of the same type and language, and adds an untyped
    one. 02 replaces the latest typed one, 03 deletes all that are meant; both want one to be there.
    """
    rows = [] if complete else [dict(row) for row in old]
    for position, change in enumerate(changes, 1):
        if complete and change.action_code is _DELETE:
            continue
        meant = [row for row in rows if _is_note(row, change)]
        if change.action_code in (_UPDATE, _DELETE) and not meant:
            log.error(
                LogItemType.LEAD_NOTE_UNKNOWN,
                "The lead has no such Note (same typeCode and languageCode; untyped: same text).",
                f"{path}[{position}]",
            )
        elif change.action_code is _DELETE:
            rows = [row for row in rows if not any(row is other for other in meant)]
        elif meant and change.type_code is not None and change.action_code is not _CREATE and not complete:
            if meant[-1]["text"] != change.value:
                meant[-1].update(text=change.value, created_at=now)
        else:
            rows.append(
                {
                    "text": change.value,
                    "language_code": change.language_code,
                    "type_code": change.type_code,
                    "created_at": now,
                }
            )
    return _numbered(rows, MOST_NOTES, path, log)


def _is_note(row: Row, change: NoteChange) -> bool:
    same_kind = row["type_code"] == change.type_code and row["language_code"] == change.language_code
    return bool(same_kind and (change.type_code is not None or row["text"] == change.value))


def changed_contacts(
    old: Sequence[Row], changes: Sequence[ContactPartyChange], *, complete: bool, path: str, log: LogBuilder
) -> list[Row]:
    """The contacts after the change, each known by its BusinessPartnerInternalID."""
    rows = {row["internal_id"]: dict(row) for row in old}
    touched: dict[str, Row] = {}
    seen: set[str] = set()
    for position, change in enumerate(changes, 1):
        here, key = f"{path}[{position}]", change.business_partner_internal_id
        if key in seen:
            log.error(LogItemType.LEAD_CONTACT_REPEATED, "The same ContactParty is named twice.", here)
            continue
        seen.add(key)
        if not _allowed(change.action_code, key in rows, log, here, "ContactParty"):
            continue
        if change.action_code is _DELETE:
            del rows[key]
            continue
        row = rows.setdefault(key, {"internal_id": key, "main_indicator": None})
        if change.main_indicator is not None:
            row["main_indicator"] = change.main_indicator
        touched[key] = row
    kept = touched if complete else rows
    return _numbered(list(kept.values()), MOST_CONTACTS, path, log)


def changed_answers(
    old: Sequence[Row], changes: Sequence[QuestionnaireAnswer], *, complete: bool, path: str, log: LogBuilder
) -> list[Row]:
    """The questionnaire answers after the change: the new answer to a question takes the place of the old."""
    questions = [change.question_id for change in changes]
    if len(set(questions)) != len(questions):
        log.error(LogItemType.LEAD_QUESTION_REPEATED, "A question is answered twice.", path)
    rows = {} if complete else {row["question_id"]: dict(row) for row in old}
    for change in changes:
        rows[change.question_id] = {"question_id": change.question_id, "answer_code": change.answer_code}
    return _numbered(list(rows.values()), MOST_ANSWERS, path, log)


def documents(new: Sequence[Document]) -> list[Row]:
    """An attachment folder's rows."""
    return [
        {
            "position": position,
            "name": one.name,
            "mime_code": one.mimecode,
            "content": one.file_content_binary_object,
        }
        for position, one in enumerate(new)
    ]


def _numbered(rows: list[Row], most: int, path: str, log: LogBuilder) -> list[Row]:
    if len(rows) > most:
        log.error(
            LogItemType.LEAD_LIST_TOO_LONG,
            f"The list may have {most} entries; complete transmission replaces it.",
            path,
        )
    for position, row in enumerate(rows):
        row["position"] = position
    return rows
