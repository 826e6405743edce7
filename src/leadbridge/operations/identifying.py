"""How messages name what is stored: by our number, by UUID, or by the sender's external key."""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol, TypeAlias

from leadbridge.messages import ExternalKey
from leadbridge.store.inserts import Row

# A number or a UUID in lower case, or an external key as system and object; none can be taken for another.
Key: TypeAlias = str | tuple[str, str]


class NamesByChoice(Protocol):
    """The contract's choice of ways to name an object; exactly one is set."""

    uuid: str | None
    external_key: ExternalKey | None


def pair(external_key: ExternalKey) -> tuple[str, str]:
    """An external key as system and object."""
    return external_key.communication_system_id, external_key.remote_object_id


def key_of(number: str | None, named: NamesByChoice) -> Key:
    """The key by which one object is named; `number` is its ID or InternalID, where that is the way chosen."""
    if number is not None:
        return number
    if named.uuid is not None:
        return named.uuid.lower()
    assert named.external_key is not None  # the contract's choice
    return pair(named.external_key)


def uuids(named: Iterable[NamesByChoice]) -> set[str]:
    """The UUIDs among the names."""
    return {one.uuid.lower() for one in named if one.uuid is not None}


def external_keys(named: Iterable[NamesByChoice]) -> set[tuple[str, str]]:
    """The external keys among the names."""
    return {pair(one.external_key) for one in named if one.external_key is not None}


def by_key(rows: Sequence[Row], number_column: str, *, prefix: str = "") -> dict[Key, list[Row]]:
    """Stored rows under each key that names them. An external key may name several: each caller has its own.

    `prefix` begins the columns of the keys, where those of the row itself are others.
    """
    found: dict[Any, list[Row]] = {}
    for row in rows:
        external_key = row[f"{prefix}communication_system_id"], row[f"{prefix}remote_object_id"]
        for key in (row[f"{prefix}{number_column}"], row[f"{prefix}uuid"], external_key):
            found.setdefault(key, []).append(row)
    return found
