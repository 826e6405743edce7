"""Receive twice, act once: the same message again gets the answer of the first.

The key is the caller and the header's UUID; a content hash tells a retry from another message under the same
key. The remembered answer is written in the transaction of what it answers, so either both exist or neither.
A message without a UUID has no key and is acted on each time. Source: the design's decision "Idempotency".
"""

from collections.abc import Callable, Iterable, Sequence

from leadbridge.contract import codec
from leadbridge.contract.parsing import parse
from leadbridge.operations.call import Answer, Call, IdempotencyConflict
from leadbridge.store import received
from leadbridge.store.database import Transaction
from leadbridge.store.inserts import Row

_Key = tuple[str, str]


def once(
    tx: Transaction,
    calls: Sequence[Call],
    *,
    operation: str,
    lock_keys: Iterable[str],
    act: Callable[[Sequence[Call]], list[Answer]],
) -> list[Answer | Exception]:
    """Act on the calls that are new and answer the others from memory; outcomes in the order of the calls.

    `lock_keys` name what `act` must have to itself; they are taken together with the keys of the messages, in
    one statement, so that two transactions never wait for each other. Of two equal messages in one batch the
    first is acted on and the second is a replay of it.
    """
    keys = [_key(call) for call in calls]
    tx.lock([*lock_keys, *(f"received/{caller}/{uuid}" for caller, uuid in filter(None, keys))])
    known = received.find(tx, {key for key in keys if key})
    first_of: dict[_Key, int] = {}
    fresh: list[int] = []
    for index, key in enumerate(keys):
        if key is None or (key not in known and key not in first_of):
            fresh.append(index)
            if key:
                first_of[key] = index
    outcomes: list[Answer | Exception | None] = [None] * len(calls)
    for index, answer in zip(fresh, act([calls[index] for index in fresh]) if fresh else (), strict=True):
        outcomes[index] = answer
    received.remember(tx, [_row(calls[index], key, operation, outcomes[index]) for key, index in first_of.items()])
    for index, key in enumerate(keys):
        if outcomes[index] is None:
            assert key is not None  # without a key the call was fresh
            outcomes[index] = _again(calls, index, known.get(key), first_of.get(key), outcomes)
    return [outcome for outcome in outcomes if outcome is not None]


def _key(call: Call) -> _Key | None:
    uuid = call.message.basic_message_header.uuid
    return (call.caller.id, uuid.lower()) if uuid else None


def _row(call: Call, key: _Key, operation: str, outcome: Answer | Exception | None) -> dict[str, object]:
    assert isinstance(outcome, Answer)
    return {
        "caller_id": key[0],
        "message_uuid": key[1],
        "operation": operation,
        "content_hash": call.content_hash,
        "answer": outcome.encoded,
        "received_at": call.received_at,
    }


def _again(
    calls: Sequence[Call],
    index: int,
    remembered: Row | None,
    first: int | None,
    outcomes: Sequence[Answer | Exception | None],
) -> Answer | Exception:
    if remembered is not None:
        content_hash, encoded = remembered["content_hash"], remembered["answer"]
    else:
        assert first is not None
        answer = outcomes[first]
        assert isinstance(answer, Answer)
        content_hash, encoded = calls[first].content_hash, answer.encoded
    if content_hash != calls[index].content_hash:
        return IdempotencyConflict()
    message = codec.decode(parse(encoded))
    message.replayed_indicator = True
    return Answer(message)
