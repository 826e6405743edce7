"""A lead that was not taken: how it is kept with the reasons, and how it goes back to its sender."""

import json
from collections.abc import Iterable
from dataclasses import fields
from enum import Enum

from lxml import etree

from leadbridge.contract import codec
from leadbridge.contract.files import NAMESPACES
from leadbridge.contract.parsing import parse
from leadbridge.messages import LogItem, LogItemSeverityCode
from leadbridge.store.inserts import Row

_LOG_ITEM = f"{{{NAMESPACES['lbb']}}}LogItem"
_MOST = 100  # LeadBulkRecord.LogItem, maxOccurs

# Each field of a LogItem by its name in the contract, under which it is kept.
_FIELDS = {str(field.metadata["name"]): field.name for field in fields(LogItem)}


def log_items_text(items: Iterable[LogItem]) -> str:
    """Log items as they are kept: a JSON list of objects with the contract's names and what is set of each."""
    return json.dumps(
        [
            {name: _plain(value) for name, field in _FIELDS.items() if (value := getattr(item, field)) is not None}
            for item in items
        ],
        ensure_ascii=False,
        separators=(",", ":"),
    )


def _plain(value: object) -> object:
    return value.value if isinstance(value, Enum) else value


def log_items(text: str) -> list[LogItem]:
    """The log items that are kept in `text`."""
    return [_log_item({_FIELDS[name]: value for name, value in kept.items()}) for kept in json.loads(text)]


def _log_item(values: dict[str, str]) -> LogItem:
    severity = LogItemSeverityCode(values.pop("severity_code"))
    return LogItem(severity_code=severity, **values)


def returned_lead(rejection: Row) -> etree._Element:
    """The Lead of a kept rejection as its sender gets it back: as it was sent, and the reasons at its end.

    Reasons that it brought along, because it was sent back before, are left out.
    """
    lead = parse(rejection["lead"])
    for old in lead.findall(_LOG_ITEM):
        lead.remove(old)
    lead.extend(parse(codec.encode_part(item, _LOG_ITEM)) for item in log_items(rejection["log_items"])[:_MOST])
    return lead
