"""Use cases out: what became of a message to the core CRM, what happens next, and the relay that does it.

claim → call → settle. A message of the outbox is claimed in one short transaction, the core CRM is called
with no transaction open, and what came of it is settled in a second one. Which outcomes there are and what
follows from each: `outcomes`. When calls pause: `breaker`. What an outcome does to the lead: `settling`. The
loop: `relay`. Source: the design's section "The two flows", Out.
"""

from leadbridge.forwarding.breaker import Breaker
from leadbridge.forwarding.outcomes import (
    STATE_MEANINGS,
    Decision,
    Defect,
    Delivered,
    ForwardingPolicy,
    Misconfigured,
    Outcome,
    OutcomeName,
    Refused,
    Unavailable,
    Unclear,
    decide,
    printable,
)
from leadbridge.forwarding.relay import CoreCrmDoor, Relay
from leadbridge.forwarding.settling import Enqueue
from leadbridge.store.outbox import MessageState

__all__ = [
    "STATE_MEANINGS",
    "Breaker",
    "CoreCrmDoor",
    "Decision",
    "Defect",
    "Delivered",
    "Enqueue",
    "ForwardingPolicy",
    "MessageState",
    "Misconfigured",
    "Outcome",
    "OutcomeName",
    "Refused",
    "Relay",
    "Unavailable",
    "Unclear",
    "decide",
    "printable",
]
