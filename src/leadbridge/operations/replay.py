"""Receive twice, act once: the same message again gets the answer of the first.

The key is the caller and the header's UUID, in bulk files and bundles with the record's key behind it; a content hash
tells a retry from another message under the same key. The remembered answer is written in the transaction of what it
answers, so either both exist or neither. A message without a UUID has no key and is acted on each time. Source: the
design's decision "Idempotency".
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Generic, TypeAlias, TypeVar

from leadbridge.contract import codec
from leadbridge.contract.parsing import parse
from leadbridge.messages import ExternalKey
from leadbridge.operations.call import Answer, Call, IdempotencyConflict
from leadbridge.store import received
from leadbridge.store.database import Transaction

Outcome = TypeVar("Outcome")
Key: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Memory(Generic[Outcome]):
    """How outcomes are remembered: as which bytes (None: not at all), and what those become when they are recalled."""

    keep: Callable[[Outcome], bytes | None]
    recall: Callable[[bytes], Outcome]


def _replayed(encoded: bytes) -> Answer:
    message = codec.decode(parse(encoded))
    message.replayed_indicator = True
    return Answer(message)


ANSWERS: Memory[Answer] = Memory(keep=lambda answer: answer.encoded, recall=_replayed)


def header_keys(calls: Iterable[Call]) -> list[Key | None]:
    """The key of each call: its caller and the UUID of its header."""
    return [
        (call.caller.id, uuid.lower()) if (uuid := call.message.basic_message_header.uuid) else None for call in calls
    ]


def record_key(
    technical_id: str | None, external_key: ExternalKey | None, content_hash: bytes, *, test_data: bool
) -> str:
    """What tells a record from the others of its file or bundle, in at most 60 characters: never its place, which
    changes when they are mended. What was sent as a test is another record than the same in earnest.
    """
    kind = "t" if test_data else ""
    if technical_id:
        return f"{kind}id/{technical_id}"
    if external_key:
        system, remote = external_key.communication_system_id, external_key.remote_object_id
        return f"{kind}key/{blake2b(f'{len(system)}/{system}{remote}'.encode(), digest_size=24).hexdigest()}"
    return f"{kind}content/{content_hash.hex()[:48]}"


def _is_test(call: Call) -> bool:
    return bool(call.message.basic_message_header.test_data_indicator)


def once(
    tx: Transaction,
    calls: Sequence[Call],
    *,
    keys: Sequence[Key | None],
    operation: str,
    lock_keys: Iterable[str],
    act: Callable[[Sequence[Call]], list[Outcome]],
    memory: Memory[Outcome],
    ask: Callable[[], None] = lambda: None,
    is_test: Callable[[Outcome], bool] | None = None,
) -> list[Outcome | Exception]:
    """Act on the calls that are new and answer the others from memory; outcomes in the order of the calls.

    `lock_keys` name what `act` must have to itself; they are taken together with the keys of the messages, in
    one statement, so that two transactions never wait for each other. `ask` asks the store for what `act` will look
    at, so that it comes in one round trip with what is remembered. Of two equal messages in one batch the first is
    acted on and the second is a replay of it. `is_test` says which outcomes are of test data, where
    a call has no header of its own.
    """
    tx.lock([*lock_keys, *(f"received/{caller}/{uuid}" for caller, uuid in filter(None, keys))])
    remembered = received.find(tx, {key for key in keys if key})
    ask()
    known = {(row["caller_id"], row["message_uuid"]): (row["content_hash"], row["answer"]) for row in remembered}
    first_of: dict[Key, int] = {}
    fresh: list[int] = []
    for index, key in enumerate(keys):
        if key is None or (key not in known and key not in first_of):
            fresh.append(index)
            if key:
                first_of[key] = index
    outcomes: dict[int, Outcome | Exception] = {}
    new = dict(zip(fresh, act([calls[index] for index in fresh]) if fresh else (), strict=True))
    outcomes.update(new)
    rows = []
    for key, index in first_of.items():
        answer = memory.keep(new[index])
        if answer is not None:
            known[key] = (calls[index].content_hash, answer)
            rows.append(
                {
                    "caller_id": key[0],
                    "message_uuid": key[1],
                    "operation": operation,
                    "content_hash": calls[index].content_hash,
                    "answer": answer,
                    "received_at": calls[index].received_at,
                    # None and not False: a column that is null in every row costs nothing.
                    "test_data": (_is_test(calls[index]) if is_test is None else is_test(new[index])) or None,
                }
            )
    received.remember(tx, rows)
    for index, key in enumerate(keys):
        if index in outcomes:
            continue
        assert key is not None  # without a key the call was fresh
        content_hash = known[key][0] if key in known else calls[first_of[key]].content_hash
        if content_hash != calls[index].content_hash:
            outcomes[index] = IdempotencyConflict()
        elif key not in known:
            outcomes[index] = new[first_of[key]]  # the first of two equal ones was not remembered: nor is this one
        else:
            outcomes[index] = memory.recall(known[key][1])
    return [outcomes[index] for index in range(len(calls))]
